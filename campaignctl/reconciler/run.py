"""The two contexts: the wiring that every operation is given, and what a run under the lock adds to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from campaignctl.campaign.live import Live
from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Interrupted,
    Refused,
    Sentence,
    StateError,
    StateNotSaved,
)
from campaignctl.plan import records, reviewed
from campaignctl.plan.arming import has_fired
from campaignctl.plan.context import Standing
from campaignctl.plan.model import Action, Change
from campaignctl.project.model import Project
from campaignctl.reconciler import foreign, stop_mark
from campaignctl.reconciler.intents import Writes
from campaignctl.reconciler.newest import RESTORING, Newest
from campaignctl.reconciler.opening import (
    Opening,
    check_environment,
    check_records,
    clock_note,
    opening_read,
)
from campaignctl.reconciler.other_states import check_left, check_new
from campaignctl.reconciler.ports import Backend, Clock, Elsewhere, Session
from campaignctl.reconciler.recall import Recall
from campaignctl.reconciler.stop_mark import Watch
from campaignctl.review.outcome import ChangeOutcome, ChangeResult, Event, OnEvent
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import ReviewedRequest, Sent
from campaignctl.state.model import Account, Entry, Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi


# The part of `api.timeout` by which an ordinary write may leave after its intent was recorded.
_SLACK = 6
# When to look whether a read shows a write that was answered.
READ_WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 1, 3))


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is given once: project, adapters and settings. `api` is None when nothing may be read or sent.

    `who` and `host` name user and machine in the history, the lock and the reasons of cancels. `stands_to`
    tells how the checkout stands to a commit. `elsewhere` finds the project's other states. `requests` are
    those whose reviewed plans are applied. `written_at` tells where a field of a campaign's body is written
    in the manifests, as FILE:LINE:COLUMN, or nothing if that is not known. `recall` is what earlier plans
    kept; an apply has none. `newest` is what this machine remembers of an encrypted state.
    """

    project: Project
    backend: Backend
    api: OcambaApi | None
    clock: Clock
    on_event: OnEvent
    tool_version: str
    commit: str | None = None
    stands_to: Callable[[str], Standing] = lambda _commit: "has"
    elsewhere: Elsewhere = lambda _remote: {}
    parallelism: int = 8
    lock_timeout: timedelta = timedelta(seconds=30)
    who: str = ""
    host: str = ""
    requests: tuple[ReviewedRequest, ...] = ()
    written_at: Callable[[str, KeyPath], str] = lambda _key, _path: ""
    recall: Recall | None = None
    newest: Newest | None = None

    def now(self) -> datetime:
        """The server's time, carried forward from its last answer; this machine's before the first."""
        return (self.api.server_time if self.api else None) or self.clock.now()

    def note_clock(self) -> None:
        """Report that this machine's clock is wrong, if it is."""
        for line in self.clock_notes():
            self.on_event(Event("note", line))

    def clock_notes(self) -> tuple[str, ...]:
        """A line if this machine's clock is wrong, as far as the last answer tells."""
        return clock_note(self.api.server_time if self.api else None, self.clock.now())

    def need_api(self) -> OcambaApi:
        """The API. Raises CampaignctlError without a token."""
        if self.api is None:
            raise CampaignctlError(
                "there is no token, and nothing can be applied without one",
                hint="set OCAMBA_TOKEN (in the dashboard: profile menu, API Tokens)",
            )
        return self.api

    @contextmanager
    def locked(self, operation: str) -> Iterator[Session]:
        """Hold the lock of the state; it is always released.

        Raises StateError for a state that is older than this machine saw it, unless it is put back.
        """
        session, restored = self.backend.acquire(operation, self.lock_timeout), False
        try:
            if self.newest and operation not in RESTORING:
                self.newest.check(_readable(session))
            yield session
            restored = operation in RESTORING
        finally:
            session.release()
            if self.newest:
                self.newest.note(_readable(session), restored=restored)


def _readable(session: Session) -> State | None:
    """The state of a session; None also if it cannot be read."""
    with suppress(StateError):
        return session.state
    return None


@dataclass
class Run:
    """A run that holds the lock, after its opening read, and what it accumulates.

    `broken_off` is the error after which nothing more may be sent. `troubled`: a change failed, so nothing
    that could send soon is armed. `overrides` are the guardrails that the command line lifted. `arriving`
    holds records as they were read, by the keys that pending moves and adoptions will give them. `ahead`
    counts the requests of unfinished changes. `planned` are the records as the plan saw them, by id.
    `settled` are campaigns that were read again after the opening read, by id: those of earlier writes, and
    of a halt that was waited for.
    `writes` records ordinary writes before they leave.
    `proven`: a read, or the answer to a create, showed that the account is the right one.
    `watch` looks at the stop mark; `paused_again` are the results of the pauses of what could send although
    it is halted.
    """

    wiring: Wiring
    session: Session
    opening: Opening
    broken_off: CampaignctlError | None = None
    troubled: bool = False
    ahead: dict[tuple[str, Action], int] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    arriving: dict[str, Record] = field(default_factory=dict)
    planned: dict[str, Record] = field(default_factory=dict)
    settled: dict[str, Live] = field(default_factory=dict)
    writes: Writes = field(init=False)
    proven: bool = field(init=False)
    watch: Watch = field(init=False)
    paused_again: list[ChangeResult] = field(default_factory=list)
    _under_way: BoundedSemaphore = field(init=False)
    _checked: dict[tuple[str, Action], int] = field(default_factory=dict)
    _planned_at: int = field(init=False)
    _read_at: int = field(init=False)
    _reading: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.proven = self.opening.company_id is not None
        self._read_at = self._planned_at = self.api.time_jumps
        self._under_way = BoundedSemaphore(self.wiring.parallelism)
        self.writes = Writes(self.record, self.now, self.project.api.timeout / _SLACK)
        self.watch = Watch(
            self.wiring.backend, self.wiring.clock, lambda: self.session.state, self.now, self.note
        )

    @property
    def api(self) -> OcambaApi:
        """The API. A run has a token."""
        return self.wiring.need_api()

    @property
    def project(self) -> Project:
        """The project of the wiring."""
        return self.wiring.project

    @property
    def lives(self) -> Mapping[str, Live]:
        """The campaigns that were read before the plan and not paused since, by id."""
        paused = {result.id for result in self.paused_again}
        opening = {each: live for each, live in self.opening.lives.items() if each not in paused}
        return {**opening, **self.settled}

    @contextmanager
    def flight(self) -> Iterator[Callable[[], None]]:
        """A function to call directly before a request: it waits while too many are in flight."""
        with ExitStack() as landing:

            def leave() -> None:
                landing.close()
                landing.enter_context(self._under_way)

            yield leave

    @property
    def state(self) -> State:
        """The state with every step so far. There must be one."""
        state = self.session.state
        if state is None:
            raise AssertionError("a run records nothing before the first write of its state")
        return state

    def now(self) -> datetime:
        """The server's clock, which bounds every later search; ours before its first answer."""
        return self.wiring.now()

    def slept(self, change: Change) -> bool:
        """Whether the time jumped since a change that may send was planned or checked again."""
        known = self._checked.get((change.key, change.action), self._planned_at)
        return change.may_send and self.api.time_jumps != known

    def check_again(self, change: Change) -> None:
        """Check a change again after the time jumped: read its campaign, or the server's time.

        Raises Refused if the campaign is not as planned, or what a read raises.
        """
        record = self.state.campaigns.get(change.key)
        if record is not None and record.id == change.id:
            live = self.api.read(record.id)
            if not self.as_planned(change, record, live):
                raise Refused(
                    f"{change.id} was changed in the account while this run stood still",
                    hint=Sentence(Command("apply")),
                )
        else:
            self._read_time()
        self._checked[change.key, change.action] = self.api.time_jumps

    def as_planned(self, change: Change, record: Record, live: Live | None) -> bool:
        """Whether a campaign is still as the plan saw it, or as an update of this plan left it."""
        planned = self.planned.get(record.id, record)
        if planned.applied != record.applied:
            return reviewed.as_planned(replace(change, live_digest=None), record, live)
        return reviewed.as_planned(change, planned, live)

    def _read_time(self) -> None:
        """One read after each jump is enough for the server's time."""
        with self._reading:
            if self.api.time_jumps != self._read_at:
                self.api.list_page(1, size=1)
                self._read_at = self.api.time_jumps
                self.note(f"the time jumped; the server's is {iso(self.now())} now")

    def record(self, entry: Entry) -> None:
        """Record one step durably. If the journal cannot be written, write the whole state instead.

        The session keeps a step that it could not append, so the whole state contains it. Raises LockLost
        or StateNotSaved.
        """
        try:
            self.session.append(entry)
        except StateNotSaved as error:
            self.broken_off = error
            self.session.write(self.state)

    def may_send(self) -> None:
        """Raise LockLost or Interrupted if no request may leave."""
        self.session.check()
        if self.wiring.clock.interrupted:
            raise Interrupted("interrupted")

    def note(self, text: str) -> None:
        """Report a line of progress."""
        self.wiring.on_event(Event("note", text))

    def answered(self, key: str, action: Action) -> None:
        """Report that the requests of a change were answered; a read still has to confirm it."""
        self.ahead[key, action] = 0
        self.wiring.on_event(Event("answered", "", key, action, remaining=self.remaining()))

    def finished(self, key: str, action: Action, outcome: ChangeOutcome) -> None:
        """Report that a change is finished."""
        self.ahead.pop((key, action), None)
        self.wiring.on_event(Event("finished", outcome, key, action, outcome, remaining=self.remaining()))

    def remaining(self) -> timedelta:
        """How long the requests of unfinished changes take at the account's pace."""
        return self.api.estimate(sum(list(self.ahead.values())))

    def release(self, key: str, record: Record, status: str) -> None:
        """Release a record; its trace stays under `released`."""
        self.record(Entry(records={key: None}, released=(records.released(key, record, status, self.now()),)))


def opened(wiring: Wiring, session: Session, keys: Iterable[str]) -> Run:
    """Make the opening read.

    Raises what `opening_read` raises, AccountMismatch, and StateError if another state is in the way, or a
    newer campaignctl wrote the stop mark.
    """
    project = wiring.project
    check_environment(session.state, project)
    check_records(session.state)
    check_left(project, wiring.elsewhere, wiring.clock.now())
    stop_mark.to_plan_with(wiring.backend, session.state)  # a later version's ends the run before a request
    wanted = tuple(keys)
    opening = opening_read(wiring.need_api(), session.state, project, wanted)
    wiring.note_clock()
    if session.state is None:
        check_new(project, wiring.elsewhere, opening.scan.lives, wanted)
    return Run(wiring, session, opening)


def new_state(run: Run) -> State:
    """An empty state for this account and environment."""
    account, now = Account(run.api.url, run.opening.company_id), run.now()
    state = replace(empty_state(run.wiring), account=account, seen=run.opening.mark(None, now))
    return state.after(Entry(foreign=foreign.noted(run.opening.lives, (), state, now), decision=False))


def empty_state(wiring: Wiring) -> State:
    """An empty state for this environment, whose account was not read yet."""
    project = wiring.project
    return State(
        lineage=new_uuid(wiring),
        serial=0,
        environment=project.environment,
        account=Account(project.api.url),
        tool_version=wiring.tool_version,
        project_id=project.id,
        stop_mark=bool(stop_mark.to_plan_with(wiring.backend, None).halts),
    )


def new_uuid(wiring: Wiring) -> str:
    """A random UUID. It needs two of our ids, which are half as long."""
    return str(uuid5(NAMESPACE_OID, wiring.clock.new_id() + wiring.clock.new_id()))


def without_id(wiring: Wiring) -> tuple[str, str] | None:
    """What a project without an id risks, and the line to add; None if it has one."""
    if wiring.project.id is not None:
        return None
    risk = (
        "`metadata` in campaignctl.yaml has no id: another repository whose project is named"
        f" {wiring.project.name} would take these campaigns for its own"
    )
    return risk, f"add this line to `metadata` in campaignctl.yaml: id: {new_uuid(wiring)}"


def used_up(state: State, seen: Mapping[str, Record], now: datetime) -> tuple[Sent, ...]:
    """New ledger entries for these records: one-off campaigns that were sent, are sending or were started."""
    ledger = {entry.digest for entry in state.sent}
    return tuple(
        records.sent(key, record.id, record.applied, record.digest, now, record.began)
        for key, record in seen.items()
        if _has_sent(record) and record.digest not in ledger
    )


def _has_sent(record: Record) -> bool:
    if record.applied.get("recurrence"):
        return False
    return (
        has_fired(record.applied)
        or record.began is not None
        or record.status in ("running", "sent", "needs_decision")
    )
