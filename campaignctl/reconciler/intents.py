"""Intents: what is recorded durably before a write leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock

from campaignctl.diff import EVENT
from campaignctl.plan.model import Action, Change, Request
from campaignctl.plan.runs import first_possible
from campaignctl.schedule.times import iso
from campaignctl.state.model import AT_ONCE, Entry, Intent, IntentOperation, Record, Watermark

CREATING = (Action.CREATE, Action.REPLACE)

_NOTHING = Watermark((), None)
_SECOND = timedelta(seconds=1)
# How many ordinary writes are recorded in one step. They leave within seconds.
_TOGETHER = 50


def first_send(change: Change, now: datetime) -> str | None:
    """When a change can first send: a time, AT_ONCE, or None."""
    if change.sends.when == "immediately":
        return AT_ONCE
    first = first_possible(change, now)
    return iso(first) if first else None


def planned(change: Change, watermark: Watermark, now: datetime, known: Intent | None = None) -> Intent:
    """The intent of a create or a replacement, recorded before anything is sent.

    One intent covers both halves of a replacement that cancels its campaign first; `known` is that of one
    that is half done. The POST of a two-step create does not arm: its spec has no `run_immediately`, and it
    cannot send.
    """
    two_step = change.requests[-1].operation != "create"
    spec = change.spec or {}
    if two_step:
        spec = {name: value for name, value in spec.items() if name != EVENT}
    half = known if known is not None and known.half_done else None
    replaces = half is not None or change.action is Action.REPLACE
    return Intent(
        operation="replace" if replaces else "create",
        intent=change.intent or "",
        phase="planned",
        spec=spec,
        digest=change.digest,
        watermark=watermark,
        first_send=None if two_step else first_send(change, now),
        id=half.id if half else change.id,
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
        ended=replaces and change.requests[0].operation != "cancel",
    )


def written(change: Change, request: Request, now: datetime) -> Intent:
    """The intent of a write to a recorded campaign, without the time at which it leaves.

    `set-winner` sends at once, whatever its change says.
    """
    decides = request.operation == "set-winner"
    winner = {"name": change.lifecycle.winner, "id": request.message, "run": _run_of(change)}
    return Intent(
        operation=_operation(request),
        intent=change.intent or "",
        phase="started",
        spec=change.spec or {},
        digest=change.digest,
        watermark=_NOTHING,
        first_send=AT_ONCE if decides else first_send(change, now),
        id=request.id,
        patch=winner if decides else request.body,
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
    )


def _run_of(change: Change) -> int | None:
    """The run whose winner a change sets; None for a campaign that has only one."""
    recurs = bool((change.spec or {}).get("recurrence"))
    return (change.lifecycle.winner_run or 1) if recurs else None


def _operation(request: Request) -> IntentOperation:
    match request.operation:
        case "set-winner":
            return "winner"
        case "update" | "pause" | "resume" | "cancel" as same:
            return same
    raise AssertionError(f"a {request.operation} makes a campaign and has an intent of its own")


def marking(record: Record, request: Request, now: datetime) -> Intent:
    """The intent of the write that puts our marker on a campaign."""
    return Intent(
        operation="mark",
        intent=record.intent or "",
        phase="started",
        spec=record.applied,
        digest=record.digest,
        watermark=_NOTHING,
        first_send=None,
        at=iso(now),
        id=record.id,
        patch=request.body,
        source_digest=record.source_digest,
        lifecycle=record.lifecycle,
    )


def is_ordinary(change: Change) -> bool:
    """Whether a change is one write to a recorded campaign that does not send at once."""
    other = (*CREATING, Action.ADOPT)
    return bool(change.requests) and change.action not in other and not change.sends_at_once


@dataclass
class Writes:
    """The intents of ordinary writes. Those of the next few changes are recorded in one step, directly before
    the first of them leaves, so that N writes cost a few steps more.

    The `at` of each is the latest moment at which it may leave, `slack` after that step; one that waits
    longer is recorded again. Safe to use from several threads.
    """

    record: Callable[[Entry], None]
    now: Callable[[], datetime]
    slack: timedelta
    _lock: Lock = field(default_factory=Lock)
    _waiting: dict[str, Intent] = field(default_factory=dict)
    _until: dict[str, datetime] = field(default_factory=dict)

    def expect(self, changes: Iterable[Change]) -> None:
        """The changes of a stage, in their order."""
        self._waiting = {
            one.key: written(one, one.requests[0], self.now()) for one in changes if is_ordinary(one)
        }
        self._until = {}

    def leaving(self, key: str, intent: Intent) -> None:
        """Record the intent of a write that leaves now, unless it is on record already.

        Raises LockLost or StateNotSaved; then nothing may be sent.
        """
        with self._lock:
            if key not in self._until or self.now() > self._until[key]:
                self._record(key, intent)
            self._waiting.pop(key, None)

    def _record(self, key: str, intent: Intent) -> None:
        until = self.now() + self.slack
        next_ones = islice(self._waiting.items(), _TOGETHER)
        at = iso(until + _SECOND)
        lot = {other: replace(one, at=at) for other, one in (*next_ones, (key, intent))}
        self.record(Entry(intents=lot))
        self._until.update(dict.fromkeys(lot, until))

    def not_sent(self, key: str, intent: Intent) -> None:
        """Nothing of this write was sent."""
        with self._lock:
            self._waiting[key] = intent

    def end(self) -> None:
        """Drop the intents of writes that never left. Raises LockLost or StateNotSaved."""
        left_over = [key for key in self._waiting if key in self._until]
        self._waiting, self._until = {}, {}
        if left_over:
            self.record(Entry(intents=dict.fromkeys(left_over)))
