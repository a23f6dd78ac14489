"""How a stop mark is read before a plan, before a request, and while a halt is being carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import content
from campaignctl.errors import Halted, Interrupted, StateDamaged, StateError, StateTooNew
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.ports import Backend, Clock
from campaignctl.reconciler.stop_mark import StopMarkGone, Watch, read, to_plan_with, under_way
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts, Held, Stopped
from campaignctl.state.model import State
from tests.plan.planning import ID, KEY, NOW, SCHEDULED, record, state

SECOND = timedelta(seconds=1)
HALT = Halt("h", (KEY,), "wrong price", "anna", "desk", iso(NOW))
BUSY = replace(HALT, keys=("other",), under_way=iso(NOW))
CREATE = Change(KEY, Action.CREATE, None, "m", "r", spec=SCHEDULED)
UPDATE = replace(CREATE, action=Action.UPDATE, id=ID)
TITLES = ("messages/*/push/title",)
REWRITTEN = Lifecycle(accept_stored=TITLES)
MARKED = replace(state({KEY: record(SCHEDULED)}), stop_mark=True)


@dataclass
class Place:
    """A backend with a stop mark, which may change with each look."""

    marks: list[Halts | StateError]
    looks: int = 0
    location: str = "the shelf"

    def halts(self) -> Halts:
        mark = self.marks[min(self.looks, len(self.marks) - 1)]
        self.looks += 1
        if isinstance(mark, StateError):
            raise mark
        return mark


@dataclass
class Time:
    """Time that passes while someone waits."""

    at: datetime = NOW
    interrupted: bool = False
    waits: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def wait(self, duration: timedelta) -> None:
        self.waits.append(duration)
        self.at += duration


@dataclass
class Watched:
    """A watch over these marks."""

    place: Place
    time: Time
    notes: list[str]
    watch: Watch


def watched(*marks: Halts | StateError, known: State | None = None, interrupted: bool = False) -> Watched:
    place, time, notes = Place(list(marks)), Time(interrupted=interrupted), list[str]()
    clock: Callable[[], datetime] = time.now
    watch = Watch(cast(Backend, place), cast(Clock, time), lambda: known, clock, notes.append)
    return Watched(place, time, notes, watch)


def mark(*halts: Halt) -> Halts:
    return Halts(halts)


@pytest.mark.parametrize("known", [None, replace(MARKED, stop_mark=False)])
def test_without_a_mark_nothing_is_halted_unless_there_was_one(known: State | None) -> None:
    place = cast(Backend, Place([mark()]))
    assert read(place, known) == to_plan_with(place, known) == mark()
    assert read(cast(Backend, Place([mark(HALT)])), MARKED) == mark(HALT)
    with pytest.raises(StopMarkGone, match="the stop mark of the shelf was deleted") as gone:
        read(place, MARKED)
    assert gone.value.hint == (
        "`campaignctl halt --lift --reason TEXT` goes on without it; to halt everything again:"
        " `campaignctl halt --all --reason TEXT`"
    )


def test_a_plan_is_made_with_a_mark_that_cannot_be_understood() -> None:
    error = StateDamaged("damaged", hint="fix it")
    found = to_plan_with(cast(Backend, Place([error])), None).unreadable
    assert found is not None
    assert (found.reason, found.hint) == (f"it may be halted: {error.summary}", error.hint)
    gone = to_plan_with(cast(Backend, Place([mark()])), MARKED).unreadable
    assert gone is not None
    assert gone.reason == "it may be halted: the stop mark of the shelf was deleted"


@pytest.mark.parametrize("error", [StateError("no network"), StateTooNew("written by campaignctl 9.9")])
def test_no_plan_is_made_with_a_mark_that_cannot_be_read_or_is_newer(error: StateError) -> None:
    with pytest.raises(type(error), match=error.summary):
        to_plan_with(cast(Backend, Place([error])), None)


@pytest.mark.parametrize(
    ("halts", "after", "is_under_way"),
    [
        ([HALT], 0, False),
        ([BUSY], 0, True),
        ([HALT, BUSY], 299, True),
        ([BUSY], 300, False),
        ([BUSY], -299, True),
        ([BUSY], -300, False),
        ([replace(BUSY, under_way="soon")], 0, False),
        ([replace(BUSY, under_way="soon"), BUSY], 0, True),
    ],
)
def test_a_halt_is_under_way_for_five_minutes_at_most(
    halts: list[Halt], after: int, is_under_way: bool
) -> None:
    assert under_way(mark(*halts), NOW + after * SECOND) is is_under_way


@pytest.mark.parametrize(
    ("change", "halts", "known"),
    [
        (UPDATE, mark(HALT), MARKED),
        (CREATE, mark(HALT), None),
        (UPDATE, mark(replace(HALT, keys=("old",))), state({KEY: record(SCHEDULED, moved_from="old")})),
        (replace(CREATE, formerly=("old",)), mark(replace(HALT, keys=("old",))), None),
        (CREATE, mark(replace(HALT, keys=("x",), held=(Held("x", "", content(SCHEDULED)),))), None),
        (
            replace(CREATE, action=Action.REPLACE, id=ID),
            mark(replace(HALT, keys=("x",), held=(Held("x", "", content(SCHEDULED)),))),
            MARKED,
        ),
        (UPDATE, mark(replace(HALT, keys=("x",), stopped=(Stopped("x", ID, "paused", iso(NOW)),))), MARKED),
        (
            replace(CREATE, lifecycle=REWRITTEN),
            mark(replace(HALT, keys=("x",), held=(Held("x", "", content(SCHEDULED, TITLES)),))),
            None,
        ),
    ],
)
def test_what_a_halt_names_or_holds_is_not_sent(change: Change, halts: Halts, known: State | None) -> None:
    with pytest.raises(Halted, match="halted by anna") as refused:
        watched(halts, known=known).watch.not_halted(change)
    assert "campaignctl halt --lift" in refused.value.hint


@pytest.mark.parametrize(
    ("change", "halts", "known"),
    [
        (UPDATE, mark(), None),
        (UPDATE, mark(replace(HALT, keys=("x",))), MARKED),
        (
            replace(UPDATE, formerly=("old",)),
            mark(replace(HALT, keys=("old",))),
            replace(MARKED, stop_mark=False),
        ),
        (UPDATE, mark(replace(HALT, keys=("x",), held=(Held("x", "", content(SCHEDULED)),))), MARKED),
    ],
)
def test_what_it_does_not_name_is(change: Change, halts: Halts, known: State | None) -> None:
    found = watched(halts, known=known)
    found.watch.not_halted(change)
    assert (found.place.looks, found.time.waits, found.notes) == (1, [], [])


@pytest.mark.parametrize(
    ("error", "known", "says"),
    [
        (StateError("no network", hint="look"), None, "the stop mark cannot be read: no network"),
        (None, MARKED, "the stop mark of the shelf was deleted"),
    ],
)
def test_nothing_is_sent_without_a_mark_that_was_read(
    error: StateError | None, known: State | None, says: str
) -> None:
    with pytest.raises(Halted) as refused:
        watched(error or mark(), known=known).watch.not_halted(UPDATE)
    assert (refused.value.summary, refused.value.detail) == (
        says,
        "campaigns may be halted, so nothing that can send is sent",
    )
    assert refused.value.hint


WAITING = "a halt is being carried out: waiting until it has sent its pauses"


def test_what_can_send_waits_while_a_halt_is_carried_out_and_looks_again() -> None:
    found = watched(mark(BUSY), mark(BUSY), mark(BUSY), mark(replace(BUSY, under_way=None)))
    found.watch.not_halted(UPDATE)
    assert (found.time.waits, found.notes) == ([SECOND] * 3, [WAITING])
    named = watched(mark(BUSY), mark(HALT))
    with pytest.raises(Halted):
        named.watch.not_halted(UPDATE)


def test_an_interrupt_ends_that_wait() -> None:
    with pytest.raises(Interrupted):
        watched(mark(BUSY), interrupted=True).watch.not_halted(UPDATE)
    with pytest.raises(Interrupted):
        watched(mark(BUSY), interrupted=True).watch.give_way()


def test_what_sends_nothing_looks_once_a_second_and_waits_too() -> None:
    found = watched(mark(BUSY), mark(), mark())
    assert found.watch.give_way()
    assert (found.place.looks, found.notes) == (2, [WAITING])
    assert not found.watch.give_way(), "a second has passed while it waited"
    assert found.place.looks == 3
    assert not found.watch.give_way()
    assert found.place.looks == 3
    found.time.at += SECOND
    found.watch.give_way()
    assert found.place.looks == 4


def test_a_mark_that_cannot_be_read_stops_nothing_that_sends_nothing() -> None:
    found = watched(StateError("no network"))
    assert not found.watch.give_way()
    assert found.place.looks == 1
