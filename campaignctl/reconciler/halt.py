"""Halt: set a lasting stop mark, then stop every named campaign, soonest first, whoever holds the lock.

The mark comes first, so that no apply arms a campaign again, and applies give way. One read proves the
account; then recorded campaigns that can send are paused, because every second may count. Then the account is
read, further campaigns are paused, and a last read proves the result when no request of others is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Interrupted,
    OutcomeUnknown,
    Refused,
    Sentence,
    StateError,
)
from campaignctl.plan.model import Action, Request
from campaignctl.reconciler import halt_report, halt_targets
from campaignctl.reconciler.halt_targets import Declared, Named, Order
from campaignctl.reconciler.opening import check_company, company_of, hides_marker, spread
from campaignctl.reconciler.run import READ_WAITS, Wiring
from campaignctl.review.halt import UNMARKED, HaltOutcome
from campaignctl.review.outcome import Event
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts, How, Stopped
from campaignctl.state.model import State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# Added to `api.timeout`: after its last look a request may wait a second for its window, and it may have read
# the stop mark just before that was set.
_MARGIN = timedelta(seconds=1.5)
# An apply that did not see the mark yet may have used up the account's second: a request right after it would
# be refused, and would have to wait longer.
_WINDOW = timedelta(seconds=1.05)
# How often a pause with an unknown outcome is sent.
_TRIES = 3
# Refusals that say nothing about the campaign: no connection, or too many requests.
_UNHEARD = (None, 429)
# Of an unknown token nothing else is answered either; a forbidden campaign may be the only one.
_UNKNOWN_TOKEN = 401
# The API documents no limit; people read the reason.
_LONGEST_REASON = 200
# The server's clock is known to the second, rounded down.
_SECOND = timedelta(seconds=1)


def halt(wiring: Wiring, order: Order, declared: Declared) -> HaltOutcome:
    """Stop the campaigns that an order names until the halt is lifted.

    `declared` reads the manifests, by key; None if they cannot be read. Raises UsageError for an unknown key,
    before anything is done, and Interrupted.
    """
    state, notes = (None, ()) if order.keys is None else halt_targets.readable_state(wiring)
    unknown = () if notes else halt_targets.check_keys(order.keys, state, declared)
    now = iso(wiring.clock.now())
    given = Halt(
        wiring.clock.new_id(),
        order.keys,
        order.reason,
        wiring.who,
        wiring.host,
        now,
        account=order.account,
    )
    work = _Halting(wiring, order, given, declared, notes=[*unknown])
    work.mark()
    work.carry_out()
    return halt_report.outcome(order, work.halt, work.seen())


@dataclass
class _Halting:
    """A halt in progress. `campaigns` are those that it names, `troubles` the errors, both by id.

    `ours` is what this run has recorded in the halt, by id; other runs of the same halt record their own.
    `given` is the id of a new halt. `busy`: the lock was held when the mark was set, at `since`. `intents`
    are those whose campaign was seen. `asked` are the campaigns that this run asked to stop, `refused` those
    that the API does not pause, `forbidden` those that this token may not pause. `left` can send and are not
    named. `unread` says of which the last look could not tell whose they are, `short` that its list hid some.
    `lock` guards what the threads change.
    """

    wiring: Wiring
    order: Order
    halt: Halt
    declared: Declared
    notes: list[str]
    given: str = field(init=False)
    api: OcambaApi = field(init=False)
    marked: bool = False
    since: datetime = field(init=False)
    state: State | None = None
    campaigns: dict[str, Named] = field(default_factory=dict)
    left: tuple[Named, ...] = ()
    ours: dict[str, Stopped] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    canceled: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    troubles: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    short: tuple[str, ...] = ()
    intents: set[str] = field(default_factory=set)
    corrected: bool = False
    account_proven: bool = False
    busy: bool = False
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.given = self.halt.id

    def mark(self) -> None:
        """Set the stop mark. The same order given again continues its own."""
        self.busy = self._apply_may_run()
        self._learn()
        asked = (self.halt.keys, self.halt.reason, self.halt.account)
        held = halt_targets.held(self.campaigns.values(), self.state, self.halt)

        def set_mark(halts: Halts) -> Halts:
            in_force = (each for each in halts.in_force if not each.lifted)
            same = (each for each in in_force if (each.keys, each.reason, each.account) == asked)
            self.halt = replace(next(same, self.halt), under_way=iso(self.wiring.clock.now()))
            self.halt = replace(self.halt, held=tuple(dict.fromkeys((*self.halt.held, *held))))
            known = self.state.format_version if self.state else halts.format_version
            version = max(known, halts.format_version) if halts.halts else known
            return replace(halts.with_halt(self.halt), format_version=version)

        self.marked = self._change(set_mark)
        self.since = self.wiring.clock.now()
        if self.marked:
            self.wiring.on_event(Event("note", "the stop mark is set: no apply can arm what it names"))

    def _change(self, change: Callable[[Halts], Halts]) -> bool:
        """Change the stop mark. If that fails, the campaigns are paused all the same."""
        try:
            self.wiring.backend.change_halts(change)
        except StateError as error:
            self.notes.append(Sentence("the stop mark could not be set: ", error.told, ". ", UNMARKED))
            return False
        return True

    def carry_out(self) -> None:
        """Stop recorded campaigns, read, stop the rest; and once more when requests of others are over."""
        if self.wiring.api is None:
            self.notes.append("there is no token, so nothing was paused: set OCAMBA_TOKEN and run this again")
            self._done()
            return
        self.api = self.wiring.api
        try:
            self._at_once()
            # A request that was decided before the mark may still be in flight, of whichever run.
            self._await_others()
            self._look_and_stop()
        except Interrupted as error:
            raise Interrupted(
                "interrupted", detail="the stop mark stays", hint="run the same command again to finish"
            ) from error
        except CampaignctlError as error:
            self.notes.append(error.told)

    def _at_once(self) -> None:
        """The first round; applies go on after it."""
        try:
            if self.busy:
                self._wait_until(self.since + _WINDOW)
                self._learn()
            if due := self._due():
                self._prove_account(due[0])
                self._stop(due)
            self._look_and_stop()
        finally:
            self._done()

    def _done(self) -> None:
        """Let applies go on, and hold everything that was found, and what is only declared."""
        if self.marked:
            held = (
                *halt_targets.held(self.campaigns.values(), self.state, self.halt),
                *halt_targets.only_declared(self.halt, self.state, self.declared),
            )
            self._change(lambda halts: halts.carried_out(self.halt, held))

    def _prove_account(self, first: Named) -> None:
        """Read one campaign before any is paused: another account may know the same ids. Raises
        AccountMismatch, or ReadFailed or TokenRejected if nothing could be read."""
        found = self._tried(first.id)
        live = found[0] if found else None
        company = live.company_id if live else None
        if company is None:
            company = company_of(self.api.list_page(1, live_only=True, reserve=True).items)
        check_company(company, self.state, self.wiring.project)
        self.troubles.pop(first.id, None)
        self._correct_time()

    def _correct_time(self) -> None:
        """Correct the time in the stop mark, once, if the first answer shows that this machine's clock is
        wrong: applies give way to a halt that is minutes old."""
        if self.corrected:
            return
        self.corrected, said = True, self.wiring.clock_notes()
        self.notes += said
        if self.marked and said:
            now = iso(self.wiring.now())
            at = now if self.halt.id == self.given else self.halt.at
            self.halt = replace(self.halt, at=at, under_way=now)
            self._change(lambda halts: halts.begun_at(self.halt))

    def _learn(self) -> None:
        """Read the state again."""
        self.state, notes = halt_targets.readable_state(self.wiring)
        self.notes += notes
        known = halt_targets.recorded(self.state, self.halt, self.wiring.now())
        for campaign_id, campaign in known.items():
            before = self.campaigns.get(campaign_id)
            self.campaigns[campaign_id] = campaign.seen(before.live) if before and before.live else campaign

    def _due(self) -> list[Named]:
        """The campaigns that can send, soonest first."""
        able = [campaign for campaign in self.campaigns.values() if campaign.can_send]
        return sorted(able, key=lambda campaign: (campaign.first, campaign.key or "", campaign.id))

    def _look_and_stop(self) -> None:
        """Read and stop, a few times, until nothing can send."""
        for wait in READ_WAITS:
            self.wiring.clock.wait(wait)
            self._look()
            done = self.forbidden | (set() if self.order.cancel else self.refused)
            due = [each for each in self._due() if each.id not in done]
            if not due:
                return
            self._stop(due)
        self._look()

    def _look(self) -> None:
        """Read every named campaign, and find unrecorded ones by their marker or content."""
        seen, self.short = halt_targets.everything(self.api)
        self._correct_time()
        self._learn()
        self.unread = {}
        lives = {live.id: self._whole(live) for live in seen}
        company = company_of(lives.values())
        check_company(company, self.state, self.wiring.project)
        self.account_proven = company is not None
        self.intents |= {found.intent for live in lives.values() if (found := marker.read(live.fields))}
        view = halt_targets.View(self.wiring, self.halt, self.state, self.declared)
        strange, self.left = halt_targets.unrecorded(view, tuple(lives.values()))
        self.campaigns = {**strange, **self.campaigns}
        if self.state is None and not self.order.account and self.declared() is None:
            self.notes.append("without a state or readable manifests, only our marker shows what is ours")
        known = [each for each in self.campaigns.values() if not each.over]
        doubted = {*self.troubles, *halt_targets.unanswered(self.state)}
        vague = [each.id for each in known if not self._tells(each, lives.get(each.id), doubted)]
        reads = dict(zip(vague, spread(self._tried, vague, self.wiring.parallelism), strict=True))
        shown = {**lives, **{each: found[0] for each, found in reads.items() if found}}
        for each in known:
            unread = replace(each, live=None, missing=False)
            self.campaigns[each.id] = each.seen(shown[each.id]) if each.id in shown else unread

    def _tells(self, each: Named, item: Live | None, doubted: Collection[str]) -> bool:
        """Whether a list shows how a campaign is: it may still show what was before our request, or, of these
        that are `doubted`, before a pause that was refused or a write that may have armed it."""
        if item is None:
            return False
        return each.id not in (self.asked if each.seen(item).can_send else doubted)

    def _whole(self, live: Live) -> Live:
        """The campaign read by id if its list item is too short to tell whether it is ours."""
        if live.id in self.campaigns:
            return live
        lacks_content = self.state is None and "messages" not in live.fields
        if not (hides_marker(live) or lacks_content):
            return live
        if (found := self._tried(live.id)) is None:
            self.unread[live.id] = f"not known whether {live.id} is ours: {self.troubles[live.id]}"
        return (found and found[0]) or live

    def _tried(self, campaign_id: str) -> tuple[Live | None] | None:
        """What a read of one campaign shows; None if it fails, which keeps no other from being stopped."""
        try:
            return (self.api.read(campaign_id, reserve=True),)
        except ApiError as error:
            self.troubles[campaign_id] = _told(error)
            return None

    def _stop(self, due: list[Named]) -> None:
        """Pause these campaigns; recorded in the halt before the first request leaves."""
        self.wiring.on_event(Event("phase", "halt", total=len(due)))
        before = {each.id for each in self.halt.stopped}
        self._put_down([each for each in due if each.id not in self.ours], "paused")
        threads = self.wiring.parallelism
        spread(lambda each: self._stop_one(each, fresh=each.id not in before), due, threads)

    def _put_down(self, due: Iterable[Named], how: How) -> None:
        """Record what is stopped now, at the server's time: it is compared with the times of the state."""
        now = self.wiring.now() + _SECOND
        stopped = tuple(Stopped(each.key or "", each.id, how, iso(now)) for each in due)
        with self.lock:
            if stopped:
                self.ours |= {each.id: each for each in stopped}
                self.halt = replace(self.halt, stopped=(*self.halt.stopped, *stopped))
                if self.marked:
                    self._change(lambda halts: halts.with_stopped(self.halt, stopped))

    def _stop_one(self, due: Named, *, fresh: bool) -> None:
        """Pause one campaign; with `--cancel`, cancel it if it cannot be paused and could still send."""
        how: How | None = "paused"
        for attempt in range(_TRIES):
            if how is None:
                return
            try:
                self._ask(due, how)
            except (Refused, OutcomeUnknown) as error:
                if error.status == _UNKNOWN_TOKEN:
                    raise
                self.troubles[due.id] = _told(error)
                now = self._read_one(due)
                if isinstance(error, OutcomeUnknown):
                    how = how if now is None or now.can_send else None
                else:
                    how = self._instead(due, now, error, how, first=fresh and attempt == 0)
            else:
                self.troubles.pop(due.id, None)
                action = Action.PAUSE if how == "paused" else Action.CANCEL
                self.wiring.on_event(Event("finished", "done", due.key or due.id, action, "done"))
                return

    def _instead(self, due: Named, now: Named | None, error: Refused, how: How, *, first: bool) -> How | None:
        """What to ask for after a refusal, of a campaign that is `now` so; None for nothing."""
        if first and now is not None and now.status is Status.PAUSED:
            self._not_ours(due)
        if error.forbidden:
            self.forbidden.add(due.id)
            return None
        if now is None or not now.can_send:
            return None
        if error.status in _UNHEARD or how == "canceled":
            return how
        self.refused.add(due.id)
        if not self.order.cancel:
            return None
        self._put_down([due], "canceled")
        return "canceled"

    def _ask(self, due: Named, how: How) -> None:
        by = f" (by {self.halt.who})" if self.halt.who else ""
        reason = {"reason": f"campaignctl halt: {self.halt.reason}"[:_LONGEST_REASON] + by}
        # What an earlier read showed is out of date from now on.
        self.asked.add(due.id)
        self.campaigns[due.id] = replace(self.campaigns[due.id], live=None)
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
        resume it, or by another run of this halt, which records it itself. If it goes on and is paused again,
        it is recorded again."""
        with self.lock:
            ours = self.ours.pop(due.id)
            self.halt = Halts((self.halt,)).without_stopped(self.halt, ours).halts[0]
            if self.marked:
                self._change(lambda halts: halts.without_stopped(self.halt, ours))

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
            said = "looking once more when every request of others has arrived, in"
            self.wiring.on_event(Event("note", f"{said} {ceil(left.total_seconds())} s"))
        self._wait_until(until)

    def _wait_until(self, until: datetime) -> None:
        clock = self.wiring.clock
        while (left := until - clock.now()) > timedelta(0):
            if clock.interrupted:
                raise Interrupted("interrupted")
            clock.wait(left)

    def seen(self) -> halt_report.Seen:
        """What this run saw and could not do."""
        return halt_report.Seen(
            campaigns=tuple(self.campaigns.values()),
            left=self.left,
            unsettled=halt_targets.unsettled(self.state, self.halt, self.intents),
            troubles=self.troubles,
            canceled=frozenset(self.canceled),
            refused=frozenset(self.refused),
            marked=self.marked,
            account_proven=self.account_proven,
            notes=tuple(dict.fromkeys((*self.notes, *self.short, *self.unread.values()))),
        )


def _told(error: ApiError) -> str:
    """What went wrong with one campaign; if it is forbidden, what to do about that too."""
    return error.told if error.forbidden else error.summary
