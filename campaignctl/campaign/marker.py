"""The marker: a string in a campaign's metadata by which a create with an unknown outcome is found again.

Version 2: `v2 <tag of project id> <tag of environment> <tag of key> <intent id>`. Version 1, of projects
without an id: `v1 <tag of project name and environment> <tag of key> <intent id>`. A tag is the first 12 hex
digits of a SHA-256: metadata may be visible to others, so nothing in it is clear text.

A proof carries `proof ` before the same text: a kind of its own, which no version of this tool takes for the
marker of a manifest's campaign.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIELD = "campaignctl"
_TAG = "([0-9a-f]{12})"
_INTENT = "([0-9a-zA-Z-]{8,64})"
_PROOF = "proof "
_FORMS = (
    re.compile(f"v1 {_TAG} {_TAG} {_INTENT}"),
    re.compile(f"v2 {_TAG} {_TAG} {_TAG} {_INTENT}"),
)


def _tag(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def key_tag(key: str) -> str:
    """The tag of a key."""
    return _tag(key)


@dataclass(frozen=True, slots=True)
class Marker:
    """What created a campaign: the tags of its owner and key, and the intent id of the create.

    `scope` has one tag, of project name and environment (version 1), or two, of project id and environment
    (version 2).
    """

    scope: tuple[str, ...]
    key: str
    intent: str

    def __str__(self) -> str:
        return " ".join((f"v{len(self.scope)}", *self.scope, self.key, self.intent))


@dataclass(frozen=True, slots=True)
class Owner:
    """A project in one of its environments, which creates campaigns. `id` is its random id, if it has one.

    Two repositories may have one project name, so a marker of version 1 proves less.
    """

    name: str
    id: str | None = None
    environment: str | None = None

    @property
    def scope(self) -> tuple[str, ...]:
        """The tags in its markers."""
        if self.id is None:
            return self.scope_by_name
        return _tag(self.id), _tag(f"{self.id}\0{self.environment or ''}")

    @property
    def scope_by_name(self) -> tuple[str, ...]:
        """The tag in its markers as long as it had no id."""
        return (_tag(f"{self.name}\0{self.environment or ''}"),)

    def marker(self, key: str, intent: str) -> Marker:
        """The marker of one create."""
        return Marker(self.scope, _tag(key), intent)

    def made(self, marker: Marker) -> bool:
        """Whether a marker is its own, of either version."""
        return marker.scope in (self.scope, self.scope_by_name)

    def made_elsewhere(self, marker: Marker, environments: Iterable[str | None]) -> bool:
        """Whether a marker is of this project in another environment. Those of a marker without a project id
        are only known by their names: `environments`, and none."""
        if self.made(marker):
            return False
        if self.id is not None and marker.scope[0] == self.scope[0]:
            return True
        others = (Owner(self.name, None, name) for name in {None, *environments})
        return any(other.made(marker) for other in others)

    def made_by_name(self, marker: Marker) -> bool:
        """Whether a marker is its own by the project name alone, although it has an id."""
        return self.id is not None and marker.scope == self.scope_by_name


def read(campaign: Mapping[str, Any]) -> Marker | None:
    """The marker in a campaign object of the API, or None if there is no readable one."""
    return _marker(_value(campaign))


def read_proof(campaign: Mapping[str, Any]) -> Marker | None:
    """The marker in a proof, as the API shows it; None for any other campaign."""
    value = _value(campaign)
    return _marker(value.removeprefix(_PROOF)) if value.startswith(_PROOF) else None


def _value(campaign: Mapping[str, Any]) -> str:
    metadata = campaign.get("metadata")
    value = metadata.get(FIELD) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""


def _marker(value: str) -> Marker | None:
    for form in _FORMS:
        if found := form.fullmatch(value):
            *scope, key, intent = found.groups()
            return Marker(tuple(scope), key, intent)
    return None


def of_proof(marker: Marker) -> dict[str, str]:
    """The metadata of a proof."""
    return {FIELD: f"{_PROOF}{marker}"}


def stamp(spec: Mapping[str, Any], marker: Marker) -> dict[str, Any]:
    """The body of a create: the author's spec with the marker in its metadata."""
    return {**spec, "metadata": {**(spec.get("metadata") or {}), FIELD: str(marker)}}
