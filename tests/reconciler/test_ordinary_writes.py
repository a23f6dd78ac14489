"""Writes that do not send at once: on record before they leave, and never followed blindly by another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Action
from campaignctl.review.outcome import Event
from tests.backends.git_place import REF, GitPlace, git
from tests.reconciler.account import Account, Killed, campaign, only

KEY = "push/welcome"
FAR = "2036-06-01 10:00:00"
SPEC = campaign("Welcome", description="Old", scheduled_time=FAR)


def edited(account: Account, text: str = "New") -> None:
    account.specs[KEY] = {**SPEC, "description": text}


def paused(account: Account) -> None:
    account.lifecycles[KEY] = Lifecycle(phase="paused")


def resumed(account: Account) -> None:
    """It was paused by its manifest, which declares it active again."""
    paused(account)
    account.apply()
    account.lifecycles.clear()


def canceled(account: Account) -> None:
    account.lifecycles[KEY] = Lifecycle(phase="canceled")


def removed(account: Account) -> None:
    del account.specs[KEY]


@dataclass(frozen=True)
class Kind:
    """An ordinary write: what makes it the next one, and what live is when it is done."""

    name: str
    declare: Callable[[Account], object]
    field: str
    done: str


KINDS = {
    "update": Kind("update", edited, "description", "New"),
    "pause": Kind("pause", paused, "status", "paused"),
    "resume": Kind("resume", resumed, "status", "scheduled"),
    "cancel": Kind("cancel", canceled, "status", "canceled"),
    "removal": Kind("cancel", removed, "status", "canceled"),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@pytest.fixture
def scheduled(late: Account) -> Account:
    late.specs[KEY] = SPEC
    late.apply()
    return late


def sent(account: Account, name: str) -> int:
    return [write.name for write in account.wire.sent].count(name)


def shown(account: Account, kind: Kind) -> object:
    (campaign,) = account.control.campaigns()
    return campaign["live"].get(kind.field)


def killed(account: Account, name: str, *, effect: float | None) -> None:
    """The process dies with its request under way, which takes effect later or never."""

    def die(write: str) -> None:
        if write == name:
            account.wire.after_write = lambda _name: None
            raise Killed

    account.wire.lose(name, effect=effect, answer=0)
    account.wire.after_write = die
    with pytest.raises(Killed):
        account.apply()


@every_kind
def test_it_is_on_record_before_it_leaves_and_no_longer_once_it_is_shown(
    scheduled: Account, kind: Kind
) -> None:
    kind.declare(scheduled)
    mark = scheduled.mark
    assert only(scheduled.apply()).outcome == "done"
    *_, write = scheduled.wire.sent
    intent = write.intent(KEY)
    assert intent is not None
    assert (write.name, intent.operation, intent.phase) == (kind.name, kind.name, "started")
    assert scheduled.state.pending == {}
    reads = [one for one in scheduled.control.requests(mark) if one["method"] == "GET"]
    assert len(reads) <= 3


@every_kind
@pytest.mark.parametrize("effect", [0, 14])
def test_an_effect_without_an_answer_is_seen_by_the_same_run(
    scheduled: Account, kind: Kind, effect: float
) -> None:
    kind.declare(scheduled)
    scheduled.wire.lose(kind.name, effect=effect, answer=0)
    before = sent(scheduled, kind.name)
    assert only(scheduled.apply()).outcome == "done"
    assert sent(scheduled, kind.name) == before + 1
    assert (shown(scheduled, kind), scheduled.state.pending) == (kind.done, {})
    assert scheduled.apply().changes == ()


@every_kind
def test_one_that_never_happened_is_not_called_done(scheduled: Account, kind: Kind) -> None:
    """A stop is sent again, once nothing can be under way any more. Anything else is planned again."""
    kind.declare(scheduled)
    scheduled.wire.lose(kind.name, effect=None, answer=0)
    before = sent(scheduled, kind.name)
    outcome = only(scheduled.apply())
    if kind.name in ("pause", "cancel"):
        first, second = [write for write in scheduled.wire.sent if write.name == kind.name][-2:]
        assert second.at - first.at > 30
    else:
        assert (outcome.outcome, sent(scheduled, kind.name)) == ("failed", before + 1)
        assert scheduled.state.pending == {}
        outcome = only(scheduled.apply())
    assert (outcome.outcome, shown(scheduled, kind)) == ("done", kind.done)
    assert (sent(scheduled, kind.name), scheduled.state.pending) == (before + 2, {})


@every_kind
@pytest.mark.parametrize("effect", [0, 14, None])
def test_what_a_dead_process_sent_is_settled_by_one_read_and_no_person(
    scheduled: Account, kind: Kind, effect: float | None
) -> None:
    kind.declare(scheduled)
    killed(scheduled, kind.name, effect=effect)
    intent = scheduled.state.pending[KEY]
    assert (intent.operation, intent.phase) == (kind.name, "started")
    before, began, mark = sent(scheduled, kind.name), scheduled.clock.time.monotonic(), scheduled.mark
    outcome = scheduled.apply()
    assert outcome.result == "done"
    assert sent(scheduled, kind.name) == before + (effect is None)
    assert scheduled.clock.time.monotonic() - began < 45
    assert (shown(scheduled, kind), scheduled.state.pending) == (kind.done, {})
    assert len([one for one in scheduled.control.requests(mark) if one["method"] == "GET"]) <= 5
    assert scheduled.apply().changes == ()


@pytest.mark.parametrize("reviewed", [False, True])
def test_an_old_text_does_not_land_over_a_newer_one(scheduled: Account, reviewed: bool) -> None:
    edited(scheduled, "Wrong")
    killed(scheduled, "update", effect=14)
    edited(scheduled, "Right")
    if reviewed:
        scheduled.clock.time.sleep(2)
        scheduled.wire.arrive()
        plan = scheduled.plan()
        assert [blocked.status for blocked in plan.blocked] == ["unsettled"]
    scheduled.apply()
    scheduled.clock.time.sleep(60)
    scheduled.wire.arrive()
    assert scheduled.live(KEY)["description"] == "Right"
    old, new = [write for write in scheduled.wire.sent if write.name == "update"]
    assert new.at - old.at > 30
    assert scheduled.apply().changes == ()


@pytest.mark.parametrize(
    ("before", "name", "then", "status"),
    [(resumed, "resume", paused, "paused"), (paused, "pause", Account.active, "scheduled")],
    ids=["late resume", "late pause"],
)
def test_a_late_write_does_not_undo_what_was_decided_since(
    scheduled: Account,
    before: Callable[[Account], object],
    name: str,
    then: Callable[[Account], object],
    status: str,
) -> None:
    before(scheduled)
    killed(scheduled, name, effect=14)
    then(scheduled)
    scheduled.apply()
    scheduled.clock.time.sleep(60)
    scheduled.wire.arrive()
    assert scheduled.live(KEY)["status"] == status
    assert scheduled.apply().changes == ()


def test_a_plan_says_what_an_apply_would(scheduled: Account) -> None:
    """While the request may be under way, and once it cannot be."""
    edited(scheduled)
    killed(scheduled, "update", effect=None)
    (blocked,) = scheduled.plan().blocked
    assert (blocked.status, str(blocked.hint)) == ("unsettled", "campaignctl apply")
    scheduled.clock.time.sleep(60)
    (change,) = scheduled.plan().changes
    assert (change.action, scheduled.plan().blocked) == (Action.UPDATE, ())
    assert KEY in scheduled.state.pending
    assert only(scheduled.apply()).outcome == "done"


def test_a_plan_shows_nothing_of_a_write_that_happened(scheduled: Account) -> None:
    edited(scheduled)
    killed(scheduled, "update", effect=0)
    plan = scheduled.plan()
    assert (plan.changes, plan.blocked, plan.drift) == ((), (), ())


def test_a_saved_plan_of_that_moment_is_applied(scheduled: Account) -> None:
    edited(scheduled)
    killed(scheduled, "update", effect=None)
    scheduled.clock.time.sleep(60)
    assert only(scheduled.apply_saved(scheduled.plan())).outcome == "done"
    assert scheduled.live(KEY)["description"] == "New"


def test_a_pause_without_an_answer_holds_its_own_edit_back(scheduled: Account) -> None:
    paused(scheduled)
    edited(scheduled)
    scheduled.wire.lose("pause", effect=None, answer=0, times=2)
    assert [result.outcome for result in scheduled.apply().changes] == ["failed", "not_started"]
    assert sent(scheduled, "update") == 0
    assert [result.outcome for result in scheduled.apply().changes] == ["done", "done"]


@every_kind
@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_leaves_nothing_to_settle(scheduled: Account, kind: Kind, status: int) -> None:
    kind.declare(scheduled)
    match = {"method": "PATCH"} if kind.name == "update" else {"path": f"/{kind.name}$"}
    scheduled.control.fault(match, {"kind": "status", "status": status})
    assert only(scheduled.apply()).outcome == "failed"
    assert scheduled.state.pending == {}


def many(account: Account, count: int) -> None:
    """Campaigns that all have to be updated."""
    account.specs = {str(n): {**SPEC, **campaign(str(n))} for n in range(count)}
    account.apply()
    account.specs = {key: {**spec, "description": "New"} for key, spec in account.specs.items()}


def test_updates_are_recorded_together(late: Account) -> None:
    many(late, 20)
    steps: list[int] = []

    def count(_name: str) -> None:
        steps.append((late.place.journal() or b"").count(b"\n"))

    late.wire.on_write = count
    late.on_event = lambda event: count("") if event.kind == "finished" else None
    before = late.mark
    assert {result.outcome for result in late.apply().changes} == {"done"}
    assert len([one for one in late.control.requests(before) if one["method"] == "GET"]) <= 6
    # The first line, what the opening read saw, the intents, the results.
    assert max(steps) <= 8


def test_updates_share_the_pushes_of_a_state_on_git(late: Account, tmp_path: Path) -> None:
    place = GitPlace(tmp_path)
    late.backend = place.backend()
    many(late, 10)

    def pushes() -> int:
        return len(git(place.remote, "log", "--format=%s", REF).splitlines())

    before = pushes()
    assert {result.outcome for result in late.apply().changes} == {"done"}
    # The lock, the opening read, the intents, the results, the end.
    assert pushes() - before <= 6


def test_what_did_not_leave_before_an_interrupt_is_not_on_record_afterwards(late: Account) -> None:
    many(late, 6)

    def interrupt(_name: str) -> None:
        if len(late.wire.sent) == 8:
            late.clock.time.interrupted = True

    late.wire.on_write = interrupt
    outcome = late.apply()
    assert outcome.result == "interrupted"
    assert "not_started" in {result.outcome for result in outcome.changes}
    done = {key for key, record in late.state.campaigns.items() if record.applied["description"] == "New"}
    unknown = {result.key for result in outcome.changes if result.outcome == "unknown"}
    assert set(late.state.pending) == unknown
    assert done | unknown == {str(number) for number in range(3)}
    late.clock.time.interrupted, late.wire.on_write = False, lambda _name: None
    assert late.apply().result == "done"
    assert late.state.pending == {}


def test_a_write_that_waits_longer_than_planned_is_recorded_again(late: Account) -> None:
    """Its time is what settling counts from."""
    many(late, 3)
    late.control.fault({"method": "PATCH", "skip": 1, "times": 1}, {"kind": "rate_limit", "retry_after": 50})
    late.apply()
    first, *_, last = [write for write in late.wire.sent if write.name == "update"]
    one, other = first.intent("0"), last.intent("2")
    assert one is not None
    assert other is not None
    assert str(other.at) > str(one.at)


def due(account: Account) -> None:
    """A resume at a time that comes before its outcome can be known."""
    account.guarded(min_lead_time=timedelta(0))
    first = account.clock.now() + timedelta(seconds=20)
    account.specs[KEY] = {**SPEC, "scheduled_time": f"{first:%Y-%m-%d %H:%M:%S}"}
    account.lifecycles.clear()


def test_a_resume_that_is_due_is_left_to_a_person(scheduled: Account) -> None:
    paused(scheduled)
    scheduled.apply()
    due(scheduled)
    scheduled.wire.lose("resume", effect=None, answer=0)
    *_, result = scheduled.apply().changes
    assert (result.action, result.outcome) == (Action.RESUME, "unknown")
    assert result.error is not None
    assert str(result.error.hint).startswith("`campaignctl state resolve push/welcome --done`")
    mark = scheduled.mark
    assert [blocked.status for blocked in scheduled.apply().blocked] == ["unsettled"]
    assert scheduled.writes(mark) == []
    scheduled.resolve(KEY, "retry")
    assert scheduled.state.pending == {}


def test_a_resume_that_is_due_is_read_again_before_it_leaves(scheduled: Account) -> None:
    paused(scheduled)
    scheduled.apply()
    due(scheduled)

    def going(event: Event) -> None:
        if event.kind == "started" and event.action is Action.RESUME:
            scheduled.control.resume(scheduled.id_of(KEY))

    scheduled.on_event = going
    *_, result = scheduled.apply().changes
    assert (result.action, result.outcome) == (Action.RESUME, "failed")
    assert sent(scheduled, "resume") == 0


def adopted(account: Account, **more: str) -> None:
    """A campaign of the dashboard that is taken over, with an edit."""
    made = account.control.create(SPEC)["id"]
    account.specs, account.adopts = {KEY: {**SPEC, **more}}, {KEY: str(made)}


def test_our_marker_is_on_record_before_it_leaves(late: Account) -> None:
    adopted(late)
    late.apply()
    (write,) = late.wire.sent
    intent = write.intent(KEY)
    assert intent is not None
    assert (intent.operation, intent.id) == ("mark", late.id_of(KEY))
    assert (late.state.pending, late.state.campaigns[KEY].unmarked) == ({}, False)


@pytest.mark.parametrize(("effect", "unmarked"), [(0, False), (14, False), (None, True)])
def test_an_edit_waits_for_a_marker_without_an_answer(
    late: Account, effect: float | None, unmarked: bool
) -> None:
    adopted(late, description="New")
    late.wire.lose("update", effect=effect, answer=0)
    assert [result.outcome for result in late.apply().changes] == ["done", "done"]
    mark, edit = late.wire.sent
    assert edit.at - mark.at > 30
    assert (late.state.pending, late.state.campaigns[KEY].unmarked) == ({}, unmarked)
    assert late.live(KEY)["description"] == "New"


@pytest.mark.parametrize(("effect", "unmarked"), [(0, False), (14, False), (None, True)])
def test_the_marker_of_a_dead_process_is_settled_by_a_read(
    late: Account, effect: float | None, unmarked: bool
) -> None:
    adopted(late)
    killed(late, "update", effect=effect)
    assert late.state.pending[KEY].operation == "mark"
    assert late.apply().result == "done"
    assert (late.state.pending, late.state.campaigns[KEY].unmarked) == ({}, unmarked)
