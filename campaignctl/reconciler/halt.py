"""Halt: set a lasting stop mark, then stop every named campaign, soonest first, whoever holds the lock.

The mark comes first, so that no apply arms a campaign again. Recorded campaigns that can send are paused
without a read, because every second may count; then the account is read, further campaigns are paused, and
a last read proves the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Command,
    Interrupted,
    OutcomeUnknown,
    Refused,
    Sentence,
    StateError,
    TokenRejected,
)
from campaignctl.plan.model import Action, Request
from campaignctl.reconciler import halt_targets
from campaignctl.reconciler.halt_targets import Declared, Named
from campaignctl.reconciler.opening import (
    check_company,
    clock_note,
    company_of,
    hides_marker,
    newest,
    spread,
)
from campaignctl.reconciler.run import READ_WAITS, Wiring
from campaignctl.review.halt import (
    HINTS,
    UNMARKED,
    WORDS,
    HaltOutcome,
    HaltRow,
    HaltWord,
    LiftOutcome,
)
from campaignctl.review.outcome import Event
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.halts import Halt, Halts, How, Lift, Stopped
from campaignctl.state.model import State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# Added to `api.timeout`: after its last look a request may wait a second for its window, and clocks are known
# to the second.
_MARGIN = timedelta(seconds=2)
# An apply that did not see the mark yet may have used up the account's second: a request right after it would
# be refused, and would have to wait longer.
_WINDOW = timedelta(seconds=1.05)
# How often a pause with an unknown outcome is sent.
_TRIES = 3
# Refusals that say nothing about the campaign: no connection, or too many requests.
_UNHEARD = (None, 429)
# The API documents no limit; people read the reason.
_LONGEST_REASON = 200


def halt(wiring: Wiring, keys: tuple[str, ...] | None, reason: str, declared: Declared) -> HaltOutcome:
    """Stop the campaigns that these keys or patterns name (None: all) until the halt is lifted.

    `declared` reads the keys of the manifests; None if they cannot be read. Raises UsageError for an unknown
    key, before anything is done, and Interrupted.
    """
    state, notes = (None, ()) if keys is None else halt_targets.readable_state(wiring)
    if not notes:
        halt_targets.check_keys(keys, state, declared)
    now = iso(wiring.clock.now())
    work = _Halting(wiring, Halt(wiring.clock.new_id(), keys, reason, wiring.who, wiring.host, now))
    work.mark()
    work.carry_out()
    return work.outcome()


def lift(wiring: Wiring, keys: tuple[str, ...] | None, reason: str) -> LiftOutcome:
    """Let the campaigns that these keys or patterns name (None: all) send again. Raises CampaignctlError if
    none of them is halted."""
    asked = Lift(keys, reason, wiring.who, iso(wiring.clock.now()))
    before = wiring.backend.halts()
    if keys is not None:
        for key in keys:
            if not before.touched_by(replace(asked, keys=(key,))):
                raise CampaignctlError(
                    f"nothing halts {key}",
                    hint=Sentence("to list the halts in force: ", Command("status")),
                )
    touched = before.touched_by(asked)
    if not touched:
        raise CampaignctlError("nothing is halted")
    after = wiring.backend.change_halts(lambda halts: halts.with_lift(asked))
    return LiftOutcome(keys, touched, after.in_force)


def _told(error: CampaignctlError) -> str:
    """Everything that an error says, on one line."""
    return ". ".join(part.rstrip(".") for part in (error.summary, error.detail, error.hint) if part)


@dataclass
class _Halting:
    """A halt in progress. `campaigns` are those that it names, `troubles` the errors, both by id.

    `ours` is what this run has recorded in the halt, by id; other runs of the same halt record their own.
    `busy`: the lock was held when the mark was set, at `since`. `intents` are those whose campaign was seen.
    `early` is what it put down before an answer told the server's time.
    `lock` guards what the threads change.
    """

    wiring: Wiring
    halt: Halt
    api: OcambaApi = field(init=False)
    marked: bool = False
    since: datetime = field(init=False)
    state: State | None = None
    campaigns: dict[str, Named] = field(default_factory=dict)
    ours: dict[str, Stopped] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    troubles: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    intents: set[str] = field(default_factory=set)
    read: bool = False
    early: list[Stopped] = field(default_factory=list)
    corrected: bool = False
    account_proven: bool = False
    busy: bool = False
    lock: Lock = field(default_factory=Lock)

    def mark(self) -> None:
        """Set the stop mark. The same order given again continues its own."""
        self.busy = self._apply_may_run()
        asked = (self.halt.keys, self.halt.reason)

        def set_mark(halts: Halts) -> Halts:
            given = (each for each in halts.in_force if (each.keys, each.reason) == asked and not each.lifted)
            self.halt = next(given, self.halt)
            return halts.with_halt(self.halt)

        self.marked = self._change(set_mark)
        self.since = self.wiring.clock.now()
        if self.marked:
            self.wiring.on_event(Event("note", "the stop mark is set: no apply can arm what it names"))

    def _change(self, change: Callable[[Halts], Halts]) -> bool:
        """Change the stop mark. If that fails, the campaigns are paused all the same."""
        try:
            self.wiring.backend.change_halts(change)
        except StateError as error:
            self.notes.append(Sentence(f"the stop mark could not be set: {_told(error)}. ", UNMARKED))
            return False
        return True

    def carry_out(self) -> None:
        """Stop recorded campaigns, read, stop the rest; read again if an apply was running."""
        self._learn()
        if self.wiring.api is None:
            self.notes.append("there is no token, so nothing was paused: set OCAMBA_TOKEN and run this again")
            return
        self.api = self.wiring.api
        try:
            if self.busy:
                self._wait_until(self.since + _WINDOW)
                self._learn()
            self._stop(self._due())
            self._look_and_stop()
            # A request that was decided before the mark may still be in flight.
            if self.busy or halt_targets.unsettled(self.state, self.halt, self.intents):
                self._await_others()
                self._look_and_stop()
        except Interrupted as error:
            raise Interrupted(
                "interrupted", detail="the stop mark stays", hint="run the same command again to finish"
            ) from error
        except CampaignctlError as error:
            self.notes.append(_told(error))

    def _learn(self) -> None:
        """Read the state again."""
        self.state, notes = halt_targets.readable_state(self.wiring)
        self.notes += notes
        known = halt_targets.recorded(self.state, self.halt, self._now())
        for campaign_id, campaign in known.items():
            before = self.campaigns.get(campaign_id)
            self.campaigns[campaign_id] = campaign.seen(before.live) if before and before.live else campaign

    def _due(self) -> list[Named]:
        """The campaigns that can send, soonest first."""
        able = [campaign for campaign in self.campaigns.values() if campaign.can_send]
        return sorted(able, key=lambda campaign: (campaign.first, campaign.key or "", campaign.id))

    def _look_and_stop(self) -> None:
        """Read and stop, a few times, until nothing can send any more."""
        for wait in READ_WAITS:
            self.wiring.clock.wait(wait)
            self._look()
            due = self._due()
            if not due:
                return
            self._stop(due)
        self._look()

    def _look(self) -> None:
        """Read every named campaign, and find unrecorded ones by their marker."""
        seen = newest(self.api, (), live_only=True, reserve=True).lives
        self._correct()
        self._learn()
        lives = {live.id: self._whole(live) for live in seen}
        company = company_of(lives.values())
        check_company(company, self.state, self.wiring.project)
        self.account_proven = company is not None
        self.intents |= {found.intent for live in lives.values() if (found := marker.read(live.members))}
        strange = halt_targets.marked(
            lives.values(), self.state, self.wiring, self.halt, self.halt.keys or ()
        )
        self.campaigns = {**strange, **self.campaigns}
        absent = [each.id for each in self.campaigns.values() if each.id not in lives and not each.over]
        reads = spread(lambda wanted: self.api.read(wanted, reserve=True), absent, self.wiring.parallelism)
        shown: dict[str, Live | None] = {**lives, **dict(zip(absent, reads, strict=True))}
        self.campaigns = {
            each.id: each if each.over else each.seen(shown[each.id]) for each in self.campaigns.values()
        }
        self.read = True

    def _whole(self, live: Live) -> Live:
        """The campaign read by id if its list item is too short to show a marker."""
        if not hides_marker(live) or live.id in self.campaigns:
            return live
        return self.api.read(live.id, reserve=True) or live

    def _stop(self, due: list[Named]) -> None:
        """Pause these campaigns; recorded in the halt before the first request leaves."""
        if not due:
            return
        self.wiring.on_event(Event("phase", "halt", total=len(due)))
        before = {each.id for each in self.halt.stopped}
        self._put_down([each for each in due if each.id not in self.ours], "paused")
        threads = self.wiring.parallelism
        spread(lambda each: self._stop_one(each, fresh=each.id not in before), due, threads)
        self._correct()

    def _now(self) -> datetime:
        """The server's time, which decides; this machine's before the first answer."""
        server = self.wiring.api.server_time if self.wiring.api else None
        return server or self.wiring.clock.now()

    def _correct(self) -> None:
        """Correct the times that were put down before the first answer, if this machine's clock is wrong: by
        them a later plan knows a pause by this halt from one by others."""
        server, local = self.api.server_time, self.wiring.clock.now()
        said = clock_note(server, local)
        if server is None or not said or self.corrected:
            return
        self.corrected = True
        self.notes += said
        early = tuple(self.early)
        moved = tuple(replace(each, at=iso(parse_iso(each.at) + (server - local))) for each in early)

        def retimed(halts: Halts) -> Halts:
            for each in early:
                halts = halts.without_stopped(self.halt.id, each)
            return halts.with_stopped(self.halt.id, moved)

        self.halt = retimed(Halts((self.halt,))).halts[0]
        renewed = zip(early, moved, strict=True)
        self.ours |= {new.id: new for old, new in renewed if self.ours[old.id] == old}
        if self.marked and early:
            self._change(retimed)

    def _put_down(self, due: Iterable[Named], how: How) -> None:
        now = iso(self._now())
        stopped = tuple(Stopped(each.key or "", each.id, how, now) for each in due)
        with self.lock:
            if stopped:
                self.early += stopped if self.api.server_time is None else ()
                self.ours |= {each.id: each for each in stopped}
                self.halt = replace(self.halt, stopped=(*self.halt.stopped, *stopped))
                if self.marked:
                    self._change(lambda halts: halts.with_stopped(self.halt.id, stopped))

    def _stop_one(self, due: Named, *, fresh: bool) -> None:
        """Pause one campaign; cancel it if it cannot be paused and could still send."""
        how: How = "paused"
        for attempt in range(_TRIES):
            try:
                self._ask(due, how)
            except TokenRejected:
                raise
            except Refused as error:
                self.troubles[due.id] = error.summary
                now = self._read_one(due)
                if fresh and attempt == 0 and now is not None and now.status is Status.PAUSED:
                    self._not_ours(due)
                if now is None or not now.can_send:
                    return
                if error.status not in _UNHEARD and how == "paused":
                    how = "canceled"
                    self._put_down([due], how)
            except OutcomeUnknown as error:
                self.troubles[due.id] = error.summary
                now = self._read_one(due)
                if now is not None and not now.can_send:
                    return
            else:
                self.troubles.pop(due.id, None)
                action = Action.PAUSE if how == "paused" else Action.CANCEL
                self.wiring.on_event(Event("finished", "done", due.key or due.id, action, "done"))
                return

    def _ask(self, due: Named, how: How) -> None:
        by = f" (by {self.halt.who})" if self.halt.who else ""
        reason = {"reason": f"campaignctl halt: {self.halt.reason}"[:_LONGEST_REASON] + by}
        self.api.send(Request("pause" if how == "paused" else "cancel", due.id, reason), reserve=True)
        if how == "canceled":
            self.canceled.add(due.id)

    def _read_one(self, due: Named) -> Named | None:
        """The campaign as it is now; None if it cannot be read."""
        try:
            return due.seen(self.api.read(due.id, reserve=True))
        except ApiError:
            return None

    def _not_ours(self, due: Named) -> None:
        """Remove a campaign that was paused before our request from the halt: by others, so that no lift may
        resume it, or by another run of this halt, which records it itself."""
        with self.lock:
            ours = self.ours[due.id]
            self.halt = Halts((self.halt,)).without_stopped(self.halt.id, ours).halts[0]
            if self.marked:
                self._change(lambda halts: halts.without_stopped(self.halt.id, ours))

    def _apply_may_run(self) -> bool:
        """Whether the lock is held or cannot be read; even a dead holder may have a request in flight."""
        try:
            return self.wiring.backend.keeping().lock is not None
        except CampaignctlError:
            return True

    def _await_others(self) -> None:
        until = self.since + self.wiring.project.api.timeout + _MARGIN
        left = until - self.wiring.clock.now()
        if left > timedelta(0):
            said = "an apply is running or was killed; looking once more when its requests are over, in"
            self.wiring.on_event(Event("note", f"{said} {left.total_seconds():.0f} s"))
        self._wait_until(until)

    def _wait_until(self, until: datetime) -> None:
        clock = self.wiring.clock
        while (left := until - clock.now()) > timedelta(0):
            if clock.interrupted:
                raise Interrupted("interrupted")
            clock.wait(left)

    def outcome(self) -> HaltOutcome:
        """The result, unproven campaigns first."""
        rows = [self._row(each) for each in self.campaigns.values()]
        for key, name in halt_targets.unsettled(self.state, self.halt, self.intents).items():
            rows.append(
                HaltRow(
                    key,
                    None,
                    name,
                    "unproven",
                    "unsettled",
                    "not known whether its create happened",
                    Sentence(
                        f"look in the dashboard for {name!r} and cancel it there; ",
                        Command("apply"),
                        " settles it",
                    ),
                )
            )
        rows.sort(key=lambda row: (row.proven, row.key or "", row.id or ""))
        return HaltOutcome(self.halt, self.marked, tuple(rows), tuple(dict.fromkeys(self.notes)))

    def _row(self, each: Named) -> HaltRow:
        word = self._word(each)
        shown = "missing" if each.missing else each.live.status if each.live else None
        detail = "" if word in ("stopped", "canceled", "over", "idle") else self.troubles.get(each.id, "")
        return HaltRow(
            each.key,
            each.id,
            each.name,
            word,
            shown or str(each.status),
            detail,
            HINTS[word].format(each.id),
        )

    def _word(self, each: Named) -> HaltWord:
        if each.over or (each.missing and self.account_proven):
            return "over"
        if each.live is None or not self.read:
            return "unproven"
        if each.can_send:
            return "going"
        if each.status is Status.CANCELED and each.id in self.canceled:
            return "canceled"
        return WORDS[each.status]
