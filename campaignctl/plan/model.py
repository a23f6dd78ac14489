"""A plan as an inert value: everything an apply will do, and why it will not do the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from campaignctl.campaign.keys import fits
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.plan.request import Request
from campaignctl.schedule.sends import Sends
from campaignctl.state.model import Overridden, Record

if TYPE_CHECKING:
    from campaignctl.project.model import Override

FORMAT_VERSION = 1


class Action(StrEnum):
    """What a change does. Every action stands in the summary, also those with none."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both the manifest and someone in the dashboard changed, to different values.

    Each is None where the field is not set.
    """

    path: str
    applied: Any
    live: Any
    manifest: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one campaign. A key may have several, as in pause and then update; each needs the
    one before it.

    `requests` are its writes in order; none for what touches only the state. `spec` is what a record
    will hold as applied (None where the record goes away: a cancel with a spec is one by `phase: canceled`,
    and leaves the record, canceled). `arms`: after it the campaign can send what
    it could not before. `undo`: "free", "never", or "until <time>". `audience` is "everyone" or the
    targeting. `live_digest` is the digest of the live campaign that was planned against; a saved plan is
    refused when it differs. `intent` is the id under which a create, or an update that sends at once, is
    put on record before it is sent. `moved_from` is the key that a move takes the record from, `record`
    what an adopt puts on record. `conflicts` are fields that someone else set and this change
    overwrites.
    """

    key: str
    action: Action
    id: str | None
    name: str
    reason: str
    requests: tuple[Request, ...] = ()
    diff: tuple[FieldChange, ...] = ()
    sends: Sends = Sends("never")
    arms: bool = False
    audience: str | Mapping[str, Any] = "everyone"
    undo: str = "free"
    live_digest: str | None = None
    warnings: tuple[str, ...] = ()
    spec: Mapping[str, Any] | None = None
    digest: str = ""
    intent: str | None = None
    source_digest: str = ""
    lifecycle: Lifecycle = Lifecycle()
    source: str = ""
    deliberate_resend: bool = False
    moved_from: str | None = None
    record: Record | None = None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def sends_at_once(self) -> bool:
        """Whether doing this change sets the campaign off."""
        return self.arms and self.sends.when == "immediately"

    @property
    def sets_winner(self) -> bool:
        """Whether it ends an A/B test, with the message that `lifecycle.winner` names."""
        return any(request.operation == "set-winner" for request in self.requests)


@dataclass(frozen=True, slots=True)
class Blocked:
    """One key that this plan leaves alone, why, and the one command that lifts it."""

    key: str
    id: str | None
    status: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Drift:
    """Live differs from what was last applied. `corrected` is true if a change of this plan undoes it.

    `at` is when the campaign was last changed, as far as the API says (`YYYY-MM-DDTHH:MM:SSZ`); it does not
    say by whom.
    """

    key: str
    id: str
    diff: tuple[FieldChange, ...]
    corrected: bool = False
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """A guardrail that this plan would break: what was found, the limit, and by which keys."""

    guardrail: str
    found: str
    limit: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply will do, exactly.

    `changes` are in the order in which they are carried out and hold no `none`. `lineage` and `serial`
    are those of the state it was made against (None and 0 where there was none). `valid_until` is None
    where nothing bounds it. `account` is the API's URL and the company, as far as known. `overrides` are
    the guardrails and rules that the command line lifted, `lifted` all that would have objected, with the
    keys they were lifted for. `notes` are quiet lines for people. `missed` (key -> digest) and `observed`
    (records whose status or applied spec merely has to be saved) are bookkeeping that an apply does
    without a request.
    """

    created_at: datetime
    project: str
    environment: str | None
    tool_version: str
    manifests_digest: str
    lineage: str | None
    serial: int
    changes: tuple[Change, ...] = ()
    objections: tuple[Objection, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    drift: tuple[Drift, ...] = ()
    valid_until: datetime | None = None
    commit: str | None = None
    url: str = ""
    company_id: str | None = None
    time_zone: str = "UTC"
    unchanged: int = 0
    refreshed: bool = True
    overrides: tuple[str, ...] = ()
    lifted: tuple[Overridden, ...] = ()
    notes: tuple[str, ...] = ()
    missed: Mapping[str, str] = field(default_factory=dict)
    observed: Mapping[str, Record] = field(default_factory=dict)

    @property
    def summary(self) -> dict[str, int]:
        """How many of each action, every action named."""
        counts = {str(action): 0 for action in Action}
        for change in self.changes:
            counts[str(change.action)] += 1
        counts[str(Action.NONE)] = self.unchanged
        return counts

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes

    @property
    def refused(self) -> bool:
        """Whether `plan` ends with 1: a guardrail objects or a change is blocked."""
        return bool(self.objections or self.blocked)


# The command line reads this module for every command: it brings no other values along.


@dataclass(frozen=True, slots=True)
class Lifts:
    """What is lifted: `once` by the command line, for every key, and `standing` by the project file."""

    once: frozenset[str] = frozenset()
    standing: tuple[Override, ...] = ()

    @classmethod
    def at(cls, now: datetime, once: Iterable[str], standing: Iterable[Override]) -> Lifts:
        """Those in force at an instant."""
        return cls(frozenset(once), tuple(each for each in standing if now < each.until))

    def lifts(self, name: str, key: str) -> bool:
        """Whether this guardrail or rule is lifted for this key."""
        return name in self.once or self.override(name, key) is not None

    def override(self, name: str, key: str) -> Override | None:
        """The reviewed override that lifts it for this key, if one does."""
        return next(
            (
                each
                for each in self.standing
                if each.guardrail == name and any(fits(one, key) for one in each.keys)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """The selecting and refreshing options of `plan` and `apply`.

    `targets` and `replace` are keys or patterns with `*` and `?`; an exact key wins over a pattern. With
    `reviewed` plans only those changes are planned that one of them holds.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    destroy: bool = False
    refresh: bool = True
    refresh_only: bool = False
    overrides: tuple[str, ...] = ()
    reviewed: tuple[Plan, ...] | None = None
