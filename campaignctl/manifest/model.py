"""The results of compilation: the declarations of one file, and the desired state of a project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle, OnDestroy
from campaignctl.errors import Finding, Source
from campaignctl.project.model import Project
from campaignctl.yamlio.positions import Positions

_ANYWHERE = Source("", 0, 0)


@dataclass(frozen=True, slots=True)
class Later:
    """A body that is made when it is first asked for: of most campaigns of a large project, nobody does."""

    make: Callable[[], Mapping[str, Any]]


class _Body:
    """The field of a body, given as it is or as `Later`."""

    def __get__(self, one: DesiredCampaign, _: type) -> Mapping[str, Any]:
        found: Mapping[str, Any] | Later = one.__dict__["spec"]
        if isinstance(found, Later):
            found = one.__dict__["spec"] = found.make()
        return found

    def __set__(self, one: DesiredCampaign, value: Mapping[str, Any]) -> None:
        one.__dict__["spec"] = value


@dataclass(frozen=True)
class DesiredCampaign:
    """One campaign that the manifests declare.

    `spec` is the body of the create call: plain JSON values, interpolated, times in GMT, `extra` merged in,
    without our marker. `source_digest` is the digest of the manifest itself before interpolation (with the
    texts of its `{$file:}` and its values of the matrix), so that a change made only by defaults, variables
    or a newer tool can be told from one made in the manifest. `digest` is that of all that is declared: the
    body, `lifecycle`, `adopt` and `moved`. `unchecked` names the fields that came from `extra`. `adopt` is
    the id of a live campaign to take over, `moved_from` are keys under which the campaign may still be
    recorded, the latest first. `zone` is the zone of its `scheduled_time`, if the manifest names one. `lint`
    are its own settings of lint, as in the project file; `likeness` is that of its messages. `positions`
    tell where its values were written. `whole`: it has no errors; what has is never part of a `DesiredState`
    that is planned from, and its `spec` is only what could be read.
    """

    key: str
    spec: Mapping[str, Any]
    source: Source
    source_digest: str
    lifecycle: Lifecycle = Lifecycle()
    unchecked: tuple[str, ...] = ()
    adopt: str | None = None
    moved_from: tuple[str, ...] = ()
    zone: str = ""
    lint: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    likeness: str = ""
    positions: Positions | None = field(default=None, compare=False, repr=False)
    whole: bool = True

    @cached_property
    def body_digest(self) -> str:
        """The digest of its body."""
        return body_digest(self.spec)


DesiredCampaign.spec = _Body()  # type: ignore[assignment]  # a descriptor: no type of a field, but its access


def likeness(spec: Mapping[str, Any]) -> str:
    """A digest that bodies share whose messages say the same, and few others: that of their texts."""
    texts: list[str] = []
    for message in spec.get("messages", ()):
        own: list[str] = []
        _gather(message.get(message.get("channel")), own)
        texts += (*sorted(own), "")
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _gather(value: Any, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for each in value.values():
            _gather(each, texts)
    elif isinstance(value, list | tuple):
        for each in value:
            _gather(each, texts)


@dataclass(frozen=True, slots=True)
class Removed:
    """A `kind: Removed` document: a key that is no longer declared, and what happens to its campaign.

    `says_destroy`: its `on_destroy` is written out, here or in the defaults.
    """

    key: str
    on_destroy: OnDestroy
    source: Source
    says_destroy: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that the campaign of `key` is moved from, or an id that it adopts, and where that is written."""

    name: str
    key: str
    place: Source


@dataclass(frozen=True, slots=True)
class Declared:
    """A key that a manifest declares, and where; `campaign` is None if it has errors, and `rest` is then what
    could be read of it, if anything."""

    key: str
    place: Source
    campaign: DesiredCampaign | None
    moves: tuple[Claim, ...] = ()
    adoption: Claim | None = None
    rest: DesiredCampaign | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """The declarations of one file, and its findings, each with the key that it concerns.

    `path` is relative to the project. `references` are the `{$file: PATH}` of the file and its defaults, each
    as the folder and the path from there; `variables` are the variables that these and the texts name, as
    (`var` or `env`, NAME): the result depends on their texts and values.
    """

    path: str
    campaigns: tuple[Declared, ...]
    removed: tuple[Removed, ...]
    findings: tuple[Finding, ...]
    references: frozenset[tuple[str, str]]
    variables: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Everything that the manifests of a project declare. `digest` changes when any of it does."""

    project: Project
    campaigns: Mapping[str, DesiredCampaign]
    digest: str
    findings: tuple[Finding, ...] = ()
    removed: Mapping[str, Removed] = field(default_factory=dict)

    def declares_same(self, other: DesiredState, key: str) -> bool:
        """Whether both declare the same of a key, wherever it is written."""
        return self._declared(key) == other._declared(key)

    def _declared(self, key: str) -> tuple[DesiredCampaign | None, Removed | None]:
        campaign, removed = self.campaigns.get(key), self.removed.get(key)
        return (
            campaign and replace(campaign, source=_ANYWHERE),
            removed and replace(removed, source=_ANYWHERE),
        )
