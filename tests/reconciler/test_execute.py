"""What goes on after a failure, what does not, and what an outcome says to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.model import Action
from campaignctl.review.outcome import Event, Outcome
from tests.plan.planning import Spec
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
FIRST = campaign("First", run_immediately=True)
SECOND = campaign("Second", run_immediately=True, description="another")


@pytest.fixture
def known(late: Account) -> Account:
    """An account in which something was created before."""
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    return late


def soon(account: Account, name: str, hours: int = 1) -> Spec:
    """A campaign that sends within the horizon."""
    first = account.clock.now() + timedelta(hours=hours)
    return campaign(name, scheduled_time=f"{first:%Y-%m-%d %H:%M:%S}", description=name)


def refuse(account: Account, name: str) -> None:
    """Let the API refuse one create."""
    account.control.fault(
        {"method": "POST", "body": f'"{name}"', "times": 1}, {"kind": "status", "status": 422}
    )


def test_what_sends_at_once_goes_one_by_one_and_stops_at_the_first_failure(known: Account) -> None:
    known.specs |= {"a": FIRST, "b": SECOND}
    refuse(known, "First")
    mark = known.mark
    outcome = known.apply()
    assert {each.key: each.outcome for each in outcome.changes} == {"a": "failed", "b": "not_started"}
    assert known.writes(mark) == ["First"]
    assert known.state.pending == {}
    assert "campaignctl apply" in [str(command) for command in outcome.next]
    assert known.outcomes() == {"a": "done", "b": "done"}


def test_the_beginning_says_how_long_the_requests_take(known: Account) -> None:
    """A plan of many changes takes minutes at the account's pace."""
    known.specs |= {f"k{number}": campaign(f"K{number}", is_draft=True) for number in range(12)}
    known.events.clear()
    known.apply()
    (begin,) = (event for event in known.events if event.kind == "phase" and event.text == "apply")
    assert begin.total == 12
    assert begin.remaining == known.api.estimate(12) > timedelta(0)
    left = [event.remaining for event in known.events if event.kind == "finished"]
    assert left[-1] == timedelta(0)
    assert len(left) == 12


def test_a_refused_create_holds_back_what_arms_soon_and_nothing_else(known: Account) -> None:
    known.specs |= {"a": campaign("Bad"), "soon": soon(known, "Soon"), "far": FAR, "now": FIRST}
    refuse(known, "Bad")
    outcomes = known.outcomes()
    assert outcomes["a"] == "failed"
    assert outcomes["far"] == "done"
    assert outcomes["now"] == "not_started"
    assert known.state.pending == {}


def test_a_lost_answer_that_is_settled_holds_nothing_back(known: Account) -> None:
    known.specs |= {"a": soon(known, "A"), "b": soon(known, "B", 2), "now": FIRST}
    known.wire.lose("create", effect=1)
    assert known.outcomes() == {"a": "done", "b": "done", "now": "done"}
    assert sorted(each["live"]["name"] for each in known.control.campaigns()) == ["A", "B", "First", "Hand"]


@pytest.mark.parametrize("never", ["description", "labels", "deal_id"])
def test_what_an_account_never_shows_was_not_removed_by_others_after_a_lost_create(
    known: Account, never: str
) -> None:
    """A list shows less than a read by id: only that says what the account does not show."""
    value = {"description": "Spring", "labels": ["a"], "deal_id": "7"}[never]
    known.control.switch(never_echoed=[never])
    known.project = replace(known.project, api=replace(known.project.api, hidden=(never,)))
    known.specs |= {"a": campaign("A", **{never: value}), "b": campaign("B", **{never: value})}
    known.wire.lose("create", effect=1)
    assert known.outcomes() == {"a": "done", "b": "done"}
    records = known.state.campaigns
    assert records["a"].echo == records["b"].echo != {}
    assert known.plan().changes == ()


def test_what_was_done_stays_recorded_when_a_later_change_fails(known: Account) -> None:
    known.specs |= {"a": FAR, "now": FIRST}
    refuse(known, "First")
    outcome = known.apply()
    assert outcome.result == "incomplete"
    assert set(known.state.campaigns) == {"hand", "a"}


def test_an_interrupt_lets_what_is_under_way_finish_and_starts_nothing_more(known: Account) -> None:
    known.specs |= {"a": soon(known, "A"), "b": soon(known, "B", 2), "now": FIRST}

    def interrupt(_name: str) -> None:
        known.clock.time.interrupted = True

    known.wire.after_write = interrupt
    known.events.clear()
    mark = known.mark
    outcome = known.apply()
    assert outcome.result == "interrupted"
    assert [event.key for event in known.events if event.kind == "finished"] == ["a"]
    assert {each.key: each.outcome for each in outcome.changes} == {
        "a": "done",
        "b": "not_started",
        "now": "not_started",
    }
    assert known.writes(mark) == ["A"]
    assert set(known.state.campaigns) == {"hand", "a"}
    assert known.state.pending == {}


def test_a_run_whose_end_cannot_be_recorded_says_so_and_stays_open(known: Account) -> None:
    known.specs["a"] = campaign("A", is_draft=True)

    def unlock(event: Event) -> None:
        backend = known.place.backend()
        if event.kind == "finished" and (holder := backend.holder()) is not None:
            backend.unlock(holder.id)

    known.on_event = unlock
    outcome = known.apply()
    assert [(one.key, one.outcome) for one in outcome.changes] == [("a", "done")]
    assert outcome.result == "incomplete"
    assert any("no longer ours" in note for note in outcome.notes)
    assert known.state.history[-1].outcome == "started"
    known.on_event = None
    assert known.outcomes() == {}


def test_a_lost_lock_ends_the_run_before_the_next_request(known: Account) -> None:
    known.specs |= {"a": soon(known, "A"), "b": soon(known, "B", 2)}

    def unlock(_name: str) -> None:
        backend = known.place.backend()
        if (holder := backend.holder()) is not None:
            backend.unlock(holder.id)

    known.wire.after_write = unlock
    mark = known.mark
    outcome = known.apply()
    assert outcome.result == "incomplete"
    assert [(each.key, each.outcome) for each in outcome.changes] == [("a", "done"), ("b", "not_started")]
    assert known.writes(mark) == ["A"]
    assert any("no longer ours" in note for note in outcome.notes)
    assert known.state.pending["a"].phase == "started"
    known.wire.after_write = lambda _name: None
    assert known.outcomes() == {"b": "done"}
    assert [each["live"]["name"] for each in known.control.campaigns()].count("A") == 1


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 422}, {"kind": "not_done"}])
def test_a_replacement_is_not_created_before_the_old_one_is_shown_as_canceled(
    known: Account, fault: dict[str, object]
) -> None:
    known.specs["far"] = FAR
    known.apply()
    old, mark = known.id_of("far"), known.mark
    known.control.fault({"path": "cancel"}, dict(fault))
    outcome = known.apply(replace=("far",))
    assert [each.outcome for each in outcome.changes if each.key == "far"] == ["failed"]
    assert set(known.writes(mark)) == {"cancel"}
    assert known.id_of("far") == old
    known.control.clear_faults()
    assert known.outcomes(replace=("far",)) == {"far": "done"}
    assert known.id_of("far") != old
    assert known.control.campaign(old)["status"] == "canceled"
    assert [each.id for each in known.state.released] == [old]


def test_a_replacement_that_is_refused_leaves_no_record_and_a_trace(known: Account) -> None:
    known.specs["far"] = FAR
    known.apply()
    old = known.id_of("far")
    known.control.fault({"method": "POST", "body": '"Far"'}, {"kind": "status", "status": 422})
    outcome = known.apply(replace=("far",))
    (result,) = [each for each in outcome.changes if each.key == "far"]
    assert result.outcome == "failed"
    assert known.control.campaign(old)["status"] == "canceled"
    assert old in [each.id for each in known.state.released] or known.id_of("far") == old


def test_the_first_command_of_an_outcome_is_the_most_urgent_one(known: Account) -> None:
    known.specs |= {"now": FIRST, "bad": campaign("Bad"), "paused": FAR}
    known.lifecycles = {"paused": Lifecycle(phase="paused")}
    known.wire.lose("create", effect=None)
    outcome = known.apply(targets=("now",))
    assert [each.outcome for each in outcome.changes] == ["unknown"]
    first = str(outcome.next[0])
    assert first.startswith("campaignctl state resolve now")
    assert len(set(map(str, outcome.next))) == len(outcome.next)


def test_an_apply_of_nothing_writes_no_state(late: Account) -> None:
    assert late.apply() == Outcome("done")
    assert late.place.document() is None


def test_each_change_begins_is_answered_and_ends_in_this_order(known: Account) -> None:
    known.specs |= {"far": FAR, "held": {**FAR, "name": "Held", "score": 1}}
    known.apply(overrides=("resend",))
    known.specs |= {"hand": campaign("Hand", score=2), "far": {**FAR, "score": 3}, "now": FIRST}
    known.lifecycles = {"held": Lifecycle(phase="paused")}
    known.events.clear()
    known.apply(overrides=("resend",))
    told = [(each.kind, each.text, each.key, each.action, each.outcome) for each in known.events]
    told = [each for each in told if each[2]]
    assert told[:3] == [
        ("started", "held", "held", Action.PAUSE, None),
        ("answered", "", "held", Action.PAUSE, None),
        ("finished", "done", "held", Action.PAUSE, "done"),
    ]
    assert [each[0] for each in told[3:-2]] == ["started", "answered"] * 2 + ["finished"] * 2
    assert {each[2] for each in told[3:-2]} == {"hand", "far"}
    assert told[-2:] == [
        ("started", "now", "now", Action.CREATE, None),
        ("finished", "done", "now", Action.CREATE, "done"),
    ]


@pytest.mark.parametrize(("effect", "outcome"), [(1, "done"), (None, "failed")])
def test_an_update_that_could_not_be_read_back_is_settled_in_the_same_run(
    known: Account, effect: float | None, outcome: str
) -> None:
    """Its metadata alone change, which leaves the digest as it was."""
    known.specs["far"] = FAR
    known.apply()
    known.specs["far"] = {**FAR, "metadata": {"team": "new"}}
    known.wire.lose("update", effect=effect)
    refused = known.control.fault

    def unreadable(_name: str) -> None:
        refused({"method": "GET", "times": 6}, {"kind": "status", "status": 500})

    known.wire.after_write = unreadable
    result = known.apply()
    (only,) = result.changes
    assert (only.outcome, only.id) == (outcome, known.id_of("far"))
    assert known.state.pending == {}
    assert [str(each) for each in result.next] == ([] if effect else ["campaignctl apply"])
    known.wire.after_write = lambda _name: None
    assert known.outcomes() == ({} if effect else {"far": "done"})


def test_a_replacement_whose_cancel_could_not_be_read_is_half_done(known: Account) -> None:
    known.specs["far"] = FAR
    known.apply()
    old = known.id_of("far")
    known.wire.after_write = lambda _name: known.control.fault(
        {"method": "GET", "times": 6}, {"kind": "status", "status": 500}
    )
    mark = known.mark
    outcome = known.apply(replace=("far",))
    (only,) = outcome.changes
    assert (only.outcome, known.writes(mark)) == ("failed", ["cancel"])
    assert only.error is not None
    assert only.error.summary == "replace of far did not happen, or not all of it"
    assert [str(each) for each in outcome.next] == ["campaignctl apply"], "it goes on by itself"
    assert [(each.id, each.status) for each in known.state.released] == [(old, "canceled")]
    known.wire.after_write = lambda _name: None
    known.control.clear_faults()
    assert known.outcomes() == {"far": "done"}
    assert known.writes(mark) == ["cancel", "Far"]


def test_a_lost_create_that_is_found_twice_is_not_repeated(known: Account) -> None:
    known.specs["new"] = campaign("New")
    known.wire.lose("create", effect=1, answer=2)
    known.wire.after_write = lambda _name: None
    mark = known.mark
    twice: list[str] = []

    def note(event: Event) -> None:
        if event.kind == "note" and "settling" in event.text and not twice:
            known.wire.arrive()
            twice.append(str(known.control.clone(str(known.control.campaigns()[-1]["id"]))["id"]))

    known.on_event = note
    outcome = known.apply()
    assert [each.outcome for each in outcome.changes] == ["unknown"]
    assert known.writes(mark) == ["New"]
    assert str(outcome.next[0]).startswith("campaignctl state resolve new --adopt")
    assert len(known.control.campaigns()) == 3


def test_writes_that_never_left_stay_on_record_without_the_lock(known: Account) -> None:
    known.specs["far"] = FAR
    known.apply()
    known.specs = {"far": {**FAR, "score": 1}, "hand": campaign("Hand", score=1)}

    def ends(_name: str) -> None:
        backend = known.place.backend()
        if (holder := backend.holder()) is not None:
            backend.unlock(holder.id)
        known.clock.time.interrupted = True

    known.wire.after_write = ends
    mark = known.mark
    outcome = known.apply()
    assert known.writes(mark) == ["update"]
    assert set(known.state.pending) == {"far", "hand"}
    assert any("no longer ours" in note for note in outcome.notes)
