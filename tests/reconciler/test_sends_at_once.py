"""Writes that send at once and whose answer is lost: recorded before they leave, and never repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import StateError
from campaignctl.plan.model import Plan
from campaignctl.reconciler.state_ops import remove
from campaignctl.review.outcome import Outcome
from campaignctl.schedule.times import parse_iso
from tests.reconciler.account import Account, campaign, only, split_test

TEST = split_test(scheduled_time="2036-06-01 10:00:00")


def armed(account: Account) -> None:
    """A draft that will be sent at once."""
    account.specs |= {"now": campaign("Now", is_draft=True)}
    account.apply()
    account.specs |= {"now": campaign("Now", run_immediately=True)}


def two_steps(account: Account) -> None:
    """A new campaign that is created, then sent, in an account that is proven."""
    account.control.create(campaign("Theirs", is_draft=True))
    account.project = replace(account.project, api=replace(account.project.api, immediate="two_step"))
    account.specs |= {"now": campaign("Now", run_immediately=True)}


def rescheduled(account: Account) -> None:
    """A scheduled campaign that will be sent at once instead."""
    account.specs |= {"now": campaign("Now", scheduled_time="2036-06-01 10:00:00")}
    account.apply()
    account.specs |= {"now": campaign("Now", run_immediately=True)}


def decided(account: Account) -> None:
    """An A/B test that waits for the winner that its manifest names."""
    account.specs |= {"now": TEST}
    account.apply()
    account.control.edit(account.id_of("now"), status="needs_decision")
    account.lifecycles = {"now": Lifecycle(winner="two")}


@dataclass(frozen=True)
class Kind:
    """A write that sends at once: what makes it the next one, its name, and the operation on record."""

    declare: Callable[[Account], None]
    write: str = "update"
    operation: str = "update"


KINDS = {
    "armed": Kind(armed),
    "two steps": Kind(two_steps),
    "rescheduled": Kind(rescheduled),
    "winner": Kind(decided, "set-winner", "winner"),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def later(account: Account, seconds: float) -> None:
    """Time passes, and what is under way arrives."""
    account.clock.time.sleep(seconds)
    account.wire.arrive()


def lost(account: Account, kind: Kind, *, effect: float | None) -> Outcome:
    """Apply; the write has no answer, and its effect comes later or never."""
    kind.declare(account)
    account.wire.lose(kind.write, effect=effect)
    return account.apply()


@every_kind
def test_it_is_on_record_before_it_leaves_and_no_longer_once_it_is_done(late: Account, kind: Kind) -> None:
    kind.declare(late)
    assert only(late.apply()).outcome == "done"
    *_, write = late.wire.sent
    intent = write.intent("now")
    assert intent is not None
    assert (write.name, intent.operation, intent.phase) == (kind.write, kind.operation, "started")
    assert intent.at_once
    assert late.state.pending == {}


@every_kind
def test_what_takes_effect_after_the_timeout_is_set_off_once(late: Account, kind: Kind) -> None:
    outcome = lost(late, kind, effect=300)
    assert only(outcome).outcome == "unknown"
    assert [str(command) for command in outcome.next] == [
        "campaignctl state resolve now --done",
        "campaignctl state resolve now --retry",
    ]
    for _ in range(2):
        mark = late.mark
        (blocked,) = late.apply().blocked
        assert (blocked.status, late.writes(mark)) == ("unsettled", [])
        assert "--done" in blocked.hint
    later(late, 300)
    assert late.apply().result == "done"
    assert (late.state.pending, len(late.control.sends())) == ({}, 1)
    later(late, 600)
    assert late.apply().changes == ()
    assert [write.name for write in late.wire.sent].count(kind.write) == 1


def answered(account: Account, kind: Kind, fault: dict[str, object]) -> Outcome:
    """Apply; the write is answered as done, with a fault of the sandbox."""
    kind.declare(account)
    match = {"path": "set-winner"} if kind.operation == "winner" else {"method": "PATCH"}
    account.control.fault(match, fault)
    return account.apply()


@every_kind
def test_an_answer_that_says_done_without_doing_is_left_to_a_person(late: Account, kind: Kind) -> None:
    outcome = answered(late, kind, {"kind": "not_done"})
    assert only(outcome).outcome == "unknown"
    assert [str(command) for command in outcome.next] == [
        "campaignctl state resolve now --done",
        "campaignctl state resolve now --retry",
    ]
    mark = late.mark
    assert [each.status for each in late.apply().blocked] == ["unsettled"]
    assert late.writes(mark) == []
    late.resolve("now", "retry")
    assert only(late.apply()).outcome == "done"
    assert len(late.control.sends()) == 1


@every_kind
def test_an_answer_that_comes_before_its_effect_is_settled_by_that(late: Account, kind: Kind) -> None:
    outcome = answered(late, kind, {"kind": "late", "seconds": 300, "status": 204})
    assert only(outcome).outcome == "unknown"
    late.control.arrive()
    mark = late.mark
    assert late.apply().result == "done"
    assert (late.state.pending, late.writes(mark), len(late.control.sends())) == ({}, [], 1)


@every_kind
def test_what_was_reviewed_is_not_repeated_either(late: Account, kind: Kind) -> None:
    kind.declare(late)
    reviewed = late.plan()
    late.wire.lose(kind.write, effect=None)
    late.apply(reviewed=(reviewed,))
    mark = late.mark
    assert late.apply(reviewed=(reviewed,)).changes == ()
    assert late.writes(mark) == []


@every_kind
def test_a_plan_names_the_same_commands_as_an_apply(late: Account, kind: Kind) -> None:
    lost(late, kind, effect=None)
    (blocked,) = late.plan().blocked
    (again,) = late.apply().blocked
    assert (blocked.status, blocked.reason, blocked.hint) == (again.status, again.reason, again.hint)


@every_kind
def test_a_person_says_that_it_was_done(late: Account, kind: Kind) -> None:
    """The record is as if it had been applied, and its content counts as sent."""
    lost(late, kind, effect=None)
    digest = late.state.pending["now"].digest
    late.resolve("now", "done")
    record = late.state.campaigns["now"]
    assert late.state.pending == {}
    if kind.operation == "winner":
        assert record.winner == "two"
    else:
        assert record.applied["run_immediately"] is True
        assert digest in {entry.digest for entry in late.state.sent}
    assert late.apply().changes == ()


@every_kind
def test_a_person_says_that_it_was_not_and_a_later_apply_sends_it(late: Account, kind: Kind) -> None:
    lost(late, kind, effect=None)
    late.resolve("now", "retry")
    assert late.state.pending == {}
    assert only(late.apply()).outcome == "done"
    assert len(late.control.sends()) == 1


@every_kind
def test_retry_is_refused_once_the_account_shows_it(late: Account, kind: Kind) -> None:
    lost(late, kind, effect=60)
    later(late, 60)
    with pytest.raises(StateError) as refused:
        late.resolve("now", "retry")
    assert str(refused.value.hint) == "campaignctl state resolve now --done"
    late.resolve("now", "done")
    assert late.apply().changes == ()


@every_kind
def test_what_takes_effect_after_a_retry_and_before_the_next_request_is_not_sent_again(
    late: Account, kind: Kind
) -> None:
    lost(late, kind, effect=300)
    late.resolve("now", "retry")

    def arriving(_plan: Plan) -> bool:
        later(late, 300)
        return True

    before = len(late.wire.sent)
    error = only(late.apply(arriving)).error
    assert error is not None
    assert error.summary.endswith("already; nothing was sent")
    assert len(late.wire.sent) == before
    assert (len(late.control.sends()), late.state.pending) == (1, {})
    late.apply()
    assert late.plan().blocked == ()


@every_kind
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_proves_that_nothing_happened(late: Account, kind: Kind, status: int) -> None:
    kind.declare(late)
    path = "set-winner" if kind.operation == "winner" else r"/campaigns/\d+$"
    late.control.fault(
        {"path": path, "method": "PATCH" if kind.write == "update" else "POST"},
        {"kind": "status", "status": status},
    )
    assert only(late.apply()).outcome == "failed"
    assert late.state.pending == {}


@every_kind
def test_one_that_waits_before_it_leaves_is_on_record_with_the_time_at_which_it_left(
    late: Account, kind: Kind
) -> None:
    """Its time is what settling counts from."""
    kind.declare(late)
    method = "PATCH" if kind.write == "update" else "POST"
    path = "set-winner" if kind.operation == "winner" else r"/campaigns/\d+$"
    late.control.fault(
        {"method": method, "path": path, "times": 1}, {"kind": "rate_limit", "retry_after": 50}
    )
    assert only(late.apply()).outcome == "done"
    first, last = (each.intent("now") for each in late.wire.sent if each.name == kind.write)
    assert first is not None
    assert last is not None
    assert parse_iso(str(last.at)) - parse_iso(str(first.at)) >= timedelta(seconds=50)


@every_kind
def test_it_holds_back_what_could_send_and_nothing_else(late: Account, kind: Kind) -> None:
    late.specs = {"draft": campaign("Draft", is_draft=True)}
    late.apply()
    lost(late, kind, effect=None)
    late.specs["new"] = campaign("New", scheduled_time="2036-06-01 10:00:00")
    late.specs["draft"] = campaign("Draft", is_draft=True, description="New")
    late.guarded(min_lead_time=timedelta(0))
    outcome = late.apply()
    assert {each.key: each.status for each in outcome.blocked} == {"now": "unsettled", "new": "held back"}
    assert [result.key for result in outcome.changes] == ["draft"]


def test_done_names_what_a_create_needs_instead(late: Account) -> None:
    late.control.create(campaign("Theirs", is_draft=True))
    late.specs = {"now": campaign("Now", run_immediately=True)}
    late.wire.lose("create", effect=None)
    late.apply(overrides=("unproven_account",))
    with pytest.raises(StateError) as refused:
        late.resolve("now", "done")
    assert str(refused.value.hint) == "campaignctl state resolve now --adopt ID"


def test_done_of_what_is_no_longer_recorded_counts_it_as_sent(late: Account) -> None:
    lost(late, KINDS["armed"], effect=None)
    digest = late.state.pending["now"].digest
    remove(late.wiring, "now")
    late.resolve("now", "done")
    assert late.state.pending == {}
    assert digest in {entry.digest for entry in late.state.sent}
