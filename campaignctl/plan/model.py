"""A plan as an inert value: everything an apply will do, and the reasons why it will not do the rest.

A request here is exactly the request that is sent: no other module builds paths of the API's writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, cast, get_args
from urllib.parse import quote, unquote

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.errors import Command, Finding, Sentence
from campaignctl.project.settings import SettingChange
from campaignctl.schedule.sends import Sends
from campaignctl.state.ledger import Overridden
from campaignctl.state.model import Record

FORMAT_VERSION = 1


class Action(StrEnum):
    """The action of a change. A plan's summary counts every action, also those that do not occur."""

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


CAMPAIGNS: Final = "/v1/hood/campaigns"

Operation = Literal["create", "update", "pause", "resume", "cancel", "set-winner"]

# The placeholder in a path for the id of the campaign that the create before it makes.
_NEW_ID: Final = "{id}"
_PATH: Final = re.compile(rf"{CAMPAIGNS}(?:/([^/]+)(?:/messages/([^/]+))?(?:/([a-z-]+))?)?")


def path_of(campaign_id: str) -> str:
    """The path of a campaign. The id is quoted, so that it cannot lead elsewhere."""
    return f"{CAMPAIGNS}/{quote(campaign_id, safe='')}"


@dataclass(frozen=True, slots=True)
class Request:
    """One write, exactly as it is reviewed and sent.

    `id` is None for a create, and for the update that follows a create in the same change. `message` is the
    id of the message that `set-winner` chooses.
    """

    operation: Operation
    id: str | None = None
    body: Mapping[str, Any] | None = None
    message: str | None = None

    @classmethod
    def read(cls, method: str, path: str, body: Mapping[str, Any] | None) -> Request:
        """The request in a saved plan. Raises ValueError for a request that this version does not make."""
        found = _PATH.fullmatch(path)
        campaign_id, message, operation = found.groups() if found else (None, None, "")
        if operation is None:
            operation = "create" if campaign_id is None else "update"
        request = cls(
            cast("Operation", operation),
            None if campaign_id in (None, _NEW_ID) else unquote(campaign_id),
            body,
            message and unquote(message),
        )
        if operation not in get_args(Operation) or (request.method, request.path) != (method, path):
            raise ValueError(f"{method} {path} is not a request of this version")
        return request

    @property
    def method(self) -> Literal["POST", "PATCH"]:
        """The HTTP method."""
        return "PATCH" if self.operation == "update" else "POST"

    @property
    def path(self) -> str:
        """The path, relative to the API's base URL."""
        if self.operation == "create":
            return CAMPAIGNS
        campaign = f"{CAMPAIGNS}/{_NEW_ID}" if self.id is None else path_of(self.id)
        if self.operation == "update":
            return campaign
        message = f"/messages/{quote(self.message, safe='')}" if self.message else ""
        return f"{campaign}{message}/{self.operation}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both the manifest and the dashboard changed, to different values.

    A value is None if the field is not set.
    """

    path: str
    applied: Any
    live: Any
    manifest: Any


# A field of plans that are made now; a saved plan of the version before lacks it.
_NEW: Mapping[str, Any] = {"since": 2, "always": True}


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A field that the manifest does not set, and that was set outside of the manifests.

    `value` is live's (None where it was taken out), `baseline` what it was when it was last accepted.
    """

    path: str
    value: Any
    baseline: Any = None


@dataclass(frozen=True, slots=True)
class Proofed:
    """A message in one language, and its proof: who sent it, when (`YYYY-MM-DDTHH:MM:SSZ`), and to which seed
    list; there is none without an `id`."""

    message: str
    lang: str
    id: str | None = None
    who: str = ""
    at: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """The runs of a recurring campaign as live showed them; None for what it does not show.

    `count` is their number, `last` the time of the last one (`YYYY-MM-DDTHH:MM:SSZ`).
    """

    count: int | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one campaign. A key may have several, such as a pause and an update; each needs the
    previous one.

    `requests` are its writes in order; none if it touches only the state. `spec` is the applied spec of the
    record afterwards (None if the record is removed; a cancel with a spec comes from `phase: canceled` and
    keeps the record). `arms`: the campaign can send afterwards what it could not before. `changes_sends`:
    it does not arm, but changes what an armed campaign sends, when, or to whom. `undo`: "free", "never", or
    "until <time>". `audience` is "everyone" or the conditions of the targeting that certainly narrow.
    `live_digest` is the digest of the live campaign at the time of the plan; a saved plan is refused if it
    differs by then. `intent` is the id under which a create, or an update that sends at once, is recorded
    before it is sent. `moved_from` is the key that a move takes the record from, `record` the record of an
    adopt. `conflicts` are fields that someone else set and this change overwrites. `unmanaged` are
    fields that the manifest does not set, that were set outside of the manifests, and that are sent all the
    same. `halts`: it pauses a campaign that can send although it is halted, which needs no approval.
    `valid_until` is the end of this change (None: no end): after it, it would send too soon, long after
    its review, or soon after another run. `waits_for` are campaigns with this content that this plan cancels:
    the change is made only once a read has shown them as canceled. `ran` are the runs of a recurring campaign
    so far; one that others start after the plan voids the change. `formerly` are the keys that the manifest
    moves: a halt of one of them holds a create of this key too. `zone` is the zone in which the manifest
    writes its time, if it names one. `proofs` tell which of its messages seeds have seen, in each language.
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
    unmanaged: tuple[Unmanaged, ...] = field(default=(), metadata=_NEW)
    changes_sends: bool = field(default=False, metadata=_NEW)
    halts: bool = field(default=False, metadata=_NEW)
    valid_until: datetime | None = field(default=None, metadata=_NEW)
    waits_for: tuple[str, ...] = field(default=(), metadata=_NEW)
    ran: Ran | None = field(default=None, metadata=_NEW)
    formerly: tuple[str, ...] = field(default=(), metadata=_NEW)
    zone: str = field(default="", metadata=_NEW)
    proofs: tuple[Proofed, ...] = field(default=(), metadata=_NEW)

    @property
    def sends_at_once(self) -> bool:
        """Whether the campaign starts to send as soon as this change is applied."""
        return self.arms and self.sends.when == "immediately"

    @property
    def creates_at_once(self) -> bool:
        """Whether it is a create that sends as soon as it arrives, and not armed by a second request."""
        return self.sends_at_once and bool(self.requests) and self.requests[-1].operation == "create"

    @property
    def moves_sends(self) -> bool:
        """Whether it arms, or moves the sends of an armed campaign."""
        times = ("scheduled_time", "recurrence", "send_in_profile_time_zone", "run_immediately")
        return self.arms or (
            self.changes_sends and any(each.path.split("/")[0] in times for each in self.diff)
        )

    @property
    def may_send(self) -> bool:
        """Whether it arms or creates a campaign."""
        return self.arms or self.action in (Action.CREATE, Action.REPLACE)

    @property
    def ends(self) -> bool:
        """Whether the recorded campaign is over afterwards, or no longer managed."""
        return self.action in (Action.CANCEL, Action.FORGET, Action.REPLACE)

    @property
    def sets_winner(self) -> bool:
        """Whether it ends an A/B test with the message that `lifecycle.winner` names."""
        return any(request.operation == "set-winner" for request in self.requests)


@dataclass(frozen=True, slots=True)
class Blocked:
    """One key that this plan does not change, the reason, and the one command that lifts the block.

    `diff` and `unmanaged` are live's differences, if they are the reason. `before`: the commit that the plan
    was compared with is blocked in the same way, and its campaign is the same.
    """

    key: str
    id: str | None
    status: str
    reason: str
    hint: str
    diff: tuple[FieldChange, ...] = field(default=(), metadata=_NEW)
    unmanaged: tuple[Unmanaged, ...] = field(default=(), metadata=_NEW)
    before: bool = field(default=False, metadata=_NEW)


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between live and the applied spec. `corrected`: a change of this plan undoes it.

    `unmanaged` are fields that the manifest does not set and that were set outside of the manifests.

    `at` is when the campaign was last changed, if the API says so (`YYYY-MM-DDTHH:MM:SSZ`); the author is not
    known. `reason` says what a status means. `once`: nothing undoes it, and it is shown until an apply has
    recorded it: canceled, deleted, sent by hand, run by others (`last_run` or `run_counter` in the diff), or
    cloned (`clone`).
    """

    key: str
    id: str
    diff: tuple[FieldChange, ...]
    corrected: bool = False
    at: str | None = None
    unmanaged: tuple[Unmanaged, ...] = field(default=(), metadata=_NEW)
    reason: str = field(default="", metadata=_NEW)
    once: bool = field(default=False, metadata=_NEW)


@dataclass(frozen=True, slots=True)
class Clone:
    """A campaign with the marker of a recorded one, of this key, made in the dashboard."""

    id: str
    key: str
    status: str

    @property
    def reason(self) -> str:
        """What it is, in words."""
        return f"{self.id} is a clone of it, made in the dashboard; it is {self.status}"


@dataclass(frozen=True, slots=True)
class Copy:
    """A second campaign of a create of this key that was posted twice, or given up and made again."""

    id: str
    key: str
    status: str

    @property
    def blocked(self) -> Blocked:
        """The block that shows it: an apply cancels it."""
        reason = f"{self.id} is a second copy of it and can still send"
        return Blocked(self.key, self.id, self.status, reason, Sentence(Command("apply"), " cancels it"))


@dataclass(frozen=True, slots=True)
class Objection:
    """A guardrail that this plan would break: the finding, the limit, and the keys that break it."""

    guardrail: str
    found: str
    limit: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Exactly what an apply will do.

    `changes` are in execution order, without `none`. `lineage` and `serial` are those of the state it was
    made against (None and 0 without a state). `valid_until` is None if there is no limit. `url` and
    `company_id` are the account, as far as known. `overrides` are the guardrails and rules that the command
    line lifted; `lifted` are those that would have objected, with the keys that they were lifted for. `notes`
    are lines for people. `missed` (key -> digest) and `observed` (records whose status or applied spec only
    has to be saved) are bookkeeping that an apply does without a request.

    `settings` are those that it was made with, by path (None in a plan of the version before), and
    `settings_changed` how they differ from the ones of the last apply. `state` is the place of the state in
    words. `against` is the commit that it was compared with, and `withdrawn` (key -> digest) the campaigns
    that it would create and that are no longer declared, paused or canceled. `project_id` is the id of the
    project, if it has one. `targets` are the keys or patterns that were selected, none for everything; None:
    a plan of the version before, which does not say. `lint` is what lint says of its changes. `neighbours`
    are recorded campaigns that it does not touch and that send in the week of its first send, at most 100: by
    key, the fields of their specs that decide when and to whom they send.
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
    settings: Mapping[str, Any] | None = field(default=None, metadata=_NEW)
    settings_changed: tuple[SettingChange, ...] = field(default=(), metadata=_NEW)
    state: str = field(default="", metadata=_NEW)
    against: str | None = field(default=None, metadata=_NEW)
    withdrawn: Mapping[str, str] = field(default_factory=dict, metadata=_NEW)
    project_id: str | None = field(default=None, metadata=_NEW)
    targets: tuple[str, ...] | None = field(default=None, metadata=_NEW)
    lint: tuple[Finding, ...] = field(default=(), metadata=_NEW)
    neighbours: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, metadata=_NEW)

    def expired(self, now: datetime) -> bool:
        """Whether it has changes that can no longer be applied."""
        return self.valid_until is not None and bool(self.changes) and now > self.valid_until

    @property
    def summary(self) -> dict[str, int]:
        """The number of changes by action, including zeros."""
        counts = {str(action): 0 for action in Action}
        for change in self.changes:
            counts[str(change.action)] += 1
        counts[str(Action.NONE)] = self.unchanged
        return counts

    @property
    def empty(self) -> bool:
        """Whether there are no changes to campaigns."""
        return not self.changes

    @property
    def decides(self) -> bool:
        """Whether an apply of it needs approval: it changes campaigns or settings."""
        return bool(self.changes or self.settings_changed)

    @property
    def refused(self) -> bool:
        """Whether `plan` ends with 1: a guardrail objects, or a change is blocked that was not before."""
        return bool(self.objections) or not all(one.before for one in self.blocked)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `plan` and `apply` that select and refresh.

    `targets` and `replace` are keys or patterns with `*` and `?`; an exact key wins over a pattern. With
    `reviewed` plans, only changes that one of them contains are planned; `how_to_review` is the way out for
    the others, if there is a better one than the commands. `against` names the commit that is compared with.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    destroy: bool = False
    refresh: bool = True
    refresh_only: bool = False
    overrides: tuple[str, ...] = ()
    reviewed: tuple[Plan, ...] | None = None
    how_to_review: str | None = None
    against: str | None = None
