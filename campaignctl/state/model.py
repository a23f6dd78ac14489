"""The state as values. A state changes only through `State.after(entry)`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.state.archive import NO_ARCHIVE, Archive
from campaignctl.state.ledger import SINCE_2 as _SINCE_2
from campaignctl.state.ledger import HistoryEntry, Released, Sent
from campaignctl.state.proofs import Proof, with_proofs

#: The format of new states. Format 1 is read, and written back as it is until it is migrated.
FORMAT_VERSION = 2

_T = TypeVar("_T")

IntentPhase = Literal["planned", "started", "reposted"]
# `winner` ends an A/B test, which sends the winning message to all other recipients; `mark` puts our marker
# on a campaign that was taken over.
IntentOperation = Literal["create", "update", "winner", "pause", "resume", "cancel", "replace", "mark"]
# How a campaign came into the state.
Origin = Literal["create", "adopt", "import"]

# The `first_send` of an intent that sends as soon as it arrives.
AT_ONCE = "immediately"

# How many applies the history keeps; the oldest are dropped.
HISTORY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a state belongs to.

    `markers` is None until the first create of the account has shown whether the API returns metadata.
    """

    url: str
    company_id: str | None = None
    markers: bool | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One created campaign.

    `applied` is the last applied spec without our marker. `echo` is the API's answer right after the last
    write in fields that differ from `applied`: path -> a list of that one value, empty for a field that it
    does not return. `source_digest` is the digest of the manifest itself, before defaults and variables.
    `status` is the last status seen. `reposted`: a second copy of this campaign may still turn up, and the
    whole list was not read for it since.
    `paused_by_us`: a request of an apply or a halt paused it, so that it may be resumed when the manifest
    says so.
    `winner` is the name of the message that was set as the winner of its A/B test. `moved_from` is the key
    from which its record was last moved, so that the move is made once. Times are `YYYY-MM-DDTHH:MM:SSZ`.

    Since format 2: `baseline` has the fields that the manifest does not set, by path, as the answer to the
    create or a person's consent left them; None until they were first seen. `unconfirmed` are paths that were
    written and that no read has shown yet. `unmarked`: it has no marker of ours. `began` is when its last run
    was seen to begin, `posts` are the times of every POST that may have created it. `winner_run` is the run
    of a recurring campaign whose winner was set last. `named_before` is the winner that its manifest named
    when it took the place of another campaign: that one's, so that it decides nothing here. `run_counter` is
    the number of runs that live counted when it was read at `counted_at`.
    """

    id: str
    status: str
    applied: Mapping[str, Any]
    digest: str
    intent: str | None
    created_at: str
    updated_at: str
    source_digest: str = ""
    echo: Mapping[str, Any] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    send_strategy: str | None = None
    next_run_time: str | None = None
    reposted: bool = False
    paused_by_us: bool = False
    winner: str | None = None
    moved_from: str | None = None
    baseline: Mapping[str, Any] | None = field(default=None, metadata=_SINCE_2)
    unconfirmed: tuple[str, ...] = field(default=(), metadata=_SINCE_2)
    origin: Origin = field(default="create", metadata=_SINCE_2)
    unmarked: bool = field(default=False, metadata=_SINCE_2)
    began: str | None = field(default=None, metadata=_SINCE_2)
    posts: tuple[str, ...] = field(default=(), metadata=_SINCE_2)
    winner_run: int | None = field(default=None, metadata=_SINCE_2)
    named_before: tuple[str, ...] = field(default=(), metadata=_SINCE_2)
    run_counter: int | None = field(default=None, metadata=_SINCE_2)
    counted_at: str | None = field(default=None, metadata=_SINCE_2)


@dataclass(frozen=True, slots=True)
class Watermark:
    """Where settling stops: a campaign with one of these ids, or older than this server time, existed before.

    `ids` are the newest campaigns of the account at the opening read (newest first), `server_time` is the
    server's clock at that time.
    """

    ids: tuple[str, ...]
    server_time: str | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that cannot be repeated blindly, recorded before it is sent.

    `planned`: not sent. `started`: may have been sent, once. `reposted`: sent a second time after settling
    found nothing. `spec` is the spec that it applies (without the marker). `first_send` is the first time at
    which it can send: a time, AT_ONCE, or None if it cannot send by itself. `at` is the server's time when it
    was started. `id` is the campaign of an `update`, whose request body is `patch`, or of a `winner`, whose
    message `patch` names as `{"name": ..., "id": ...}`, with the `run` of a recurring campaign.

    Since format 2: `posts` are the times of every POST of a create. A `replace` has the `id` of the campaign
    that it replaces; `ended`: that is canceled, or is not to be, and only the create is left.
    """

    operation: IntentOperation
    intent: str
    phase: IntentPhase
    spec: Mapping[str, Any]
    digest: str
    watermark: Watermark
    first_send: str | None
    at: str | None = None
    id: str | None = None
    patch: Mapping[str, Any] | None = None
    source_digest: str = ""
    lifecycle: Lifecycle = Lifecycle()
    posts: tuple[str, ...] = field(default=(), metadata=_SINCE_2)
    ended: bool = field(default=False, metadata=_SINCE_2)

    @property
    def at_once(self) -> bool:
        """Whether its campaign sends as soon as it arrives."""
        return self.first_send == AT_ONCE

    @property
    def creates(self) -> bool:
        """Whether its next request, or the one that may be under way, is a create."""
        return self.operation == "create" or self.ended

    @property
    def half_done(self) -> bool:
        """Whether it is a replacement that no longer needs a cancel, and whose create was not sent."""
        return self.ended and self.phase == "planned"


def in_format(intent: Intent, version: int) -> Intent | None:
    """An intent as documents of a format hold it; None if they do not.

    Format 1 has creates and writes that send at once; a version that reads only that would leave any other to
    a person. A replacement is its create there, which is not sent before the cancel is proven.
    """
    if version >= _SINCE_2["since"] or intent.operation == "create":
        return intent
    if intent.operation == "replace":
        phase = intent.phase if intent.ended else "planned"
        return replace(intent, operation="create", phase=phase, id=None)
    return intent if intent.operation in ("update", "winner") and intent.at_once else None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A campaign of the account that is not of this state, as an opening read saw it.

    `content` is None where the list did not show its messages, `sends` are its next sends, `recurs`: there
    are more of them. `at` is when it was seen so first.
    """

    status: str
    at: str
    content: str | None = None
    sends: tuple[str, ...] = ()
    recurs: bool = field(default=False, metadata=_SINCE_2)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A create that was given up, or one posted twice whose record has left; `posts` are the times of its
    POSTs, of which a campaign may still turn up.

    `scanned`: the whole list was read for it, later than that.
    """

    key: str
    intent: str
    digest: str
    posts: tuple[str, ...]
    scanned: bool = field(default=False, metadata=_SINCE_2)


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of a state, and one line of the journal. A value of None removes that key.

    `history` has applies that begin, or known ones that have ended. `decision` is false for a step that only
    observes: it does not raise the serial, so that reviewed plans stay valid.
    """

    records: Mapping[str, Record | None] = field(default_factory=dict)
    intents: Mapping[str, Intent | None] = field(default_factory=dict)
    missed: Mapping[str, str | None] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    released: tuple[Released, ...] = ()
    account: Account | None = None
    seen: tuple[str, ...] | None = None
    history: tuple[HistoryEntry, ...] = ()
    decision: bool = True
    foreign: Mapping[str, Foreign | None] = field(default_factory=dict, metadata=_SINCE_2)
    dropped: tuple[Dropped, ...] = field(default=(), metadata=_SINCE_2)
    settings: Mapping[str, Any] | None = field(default=None, metadata=_SINCE_2)
    project_id: str | None = field(default=None, metadata=_SINCE_2)
    stop_mark: bool | None = field(default=None, metadata=_SINCE_2)
    proofs: tuple[Proof, ...] = field(default=(), metadata=_SINCE_2)


@dataclass(frozen=True, slots=True)
class State:
    """The state of one environment of one project.

    `serial` counts decisions. `tool_version` is the version that wrote its document, or began it. `seen` has
    the ids of the newest campaigns of the account at the last opening read: older ones were checked then.
    `history` has the last applies, oldest first.

    `format_version` is the format in which it is written: a state of format 1 keeps nothing that format 2
    brought. Since format 2: `foreign` has campaigns of the account that are not ours, by id; `dropped` the
    creates that were given up; `settings` those of the last apply; `project_id` the id of the project;
    `stop_mark`: there was a stop mark; `proofs` are those sent to seeds, oldest first. `archives` are the
    years that have a document next to the state, which the backend gives to `archive`.
    """

    lineage: str
    serial: int
    environment: str | None
    account: Account
    tool_version: str
    seen: tuple[str, ...] = ()
    campaigns: Mapping[str, Record] = field(default_factory=dict)
    pending: Mapping[str, Intent] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    released: tuple[Released, ...] = ()
    missed: Mapping[str, str] = field(default_factory=dict)
    history: tuple[HistoryEntry, ...] = ()
    foreign: Mapping[str, Foreign] = field(default_factory=dict, metadata=_SINCE_2)
    dropped: tuple[Dropped, ...] = field(default=(), metadata=_SINCE_2)
    settings: Mapping[str, Any] | None = field(default=None, metadata=_SINCE_2)
    project_id: str | None = field(default=None, metadata=_SINCE_2)
    stop_mark: bool = field(default=False, metadata=_SINCE_2)
    proofs: tuple[Proof, ...] = field(default=(), metadata=_SINCE_2)
    archives: tuple[int, ...] = field(default=(), metadata=_SINCE_2)
    format_version: int = FORMAT_VERSION
    archive: Archive = field(default=NO_ARCHIVE, compare=False, repr=False, metadata={"outside": True})

    def after(self, entry: Entry) -> State:
        """This state after one step."""
        left = _posted_twice(self.campaigns, entry.records)
        return replace(
            self,
            serial=self.serial + int(entry.decision),
            campaigns=_merged(self.campaigns, entry.records),
            pending=_merged(self.pending, entry.intents),
            missed=_merged(self.missed, entry.missed),
            sent=self.sent + entry.sent,
            released=self.released + entry.released,
            account=entry.account or self.account,
            seen=self.seen if entry.seen is None else entry.seen,
            history=_remembered(self.history, entry.history),
            foreign=_merged(self.foreign, entry.foreign),
            dropped=tuple({one.intent: one for one in (*self.dropped, *left, *entry.dropped)}.values()),
            settings=self.settings if entry.settings is None else entry.settings,
            project_id=entry.project_id or self.project_id,
            stop_mark=self.stop_mark if entry.stop_mark is None else entry.stop_mark,
            proofs=with_proofs(self.proofs, entry.proofs) if entry.proofs else self.proofs,
        )


def _posted_twice(old: Mapping[str, Record], step: Mapping[str, Record | None]) -> Iterator[Dropped]:
    """The traces of records that leave while a second copy of their campaign may still turn up."""
    kept = {record.intent for record in step.values() if record is not None}
    for key in step:
        one = old.get(key)
        if one is not None and one.reposted and one.posts and one.intent and one.intent not in kept:
            yield Dropped(key, one.intent, one.digest, one.posts)


def _remembered(old: tuple[HistoryEntry, ...], step: tuple[HistoryEntry, ...]) -> tuple[HistoryEntry, ...]:
    if not step:
        return old
    applies = {each.id: each for each in (*old, *step)}
    return tuple(applies.values())[-HISTORY_LENGTH:]


def _merged(old: Mapping[str, _T], step: Mapping[str, _T | None]) -> Mapping[str, _T]:
    if not step:
        return old
    # A plain copy costs microseconds for a thousand records; a comprehension would make N steps slow.
    merged = dict(old)
    for key, value in step.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


@dataclass(frozen=True, slots=True)
class LockInfo:
    """The holder of the lock of a state. `since` is `YYYY-MM-DDTHH:MM:SSZ`.

    `run` is the URL of the CI run that holds it, empty for a command in a terminal. `lease`: it may be taken
    over after so many seconds without a sign of life; 0: never.
    """

    id: str
    holder: str
    host: str
    process: int
    operation: str
    since: str
    run: str = ""
    lease: int = field(default=0, metadata=_SINCE_2)
