"""An A/B test that waits for a decision: shown, and its declared winner set once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Guardrails
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.ledger import Sent
from tests.golden import Golden
from tests.plan.planning import (
    ID,
    KEY,
    PROJECT,
    SCHEDULED,
    Spec,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

A, B = message(name="A", push={"title": {"en": "Good day"}}), message(name="B")
TEST = {**SCHEDULED, "messages": [A, B], "ab_test": {"test_split": 30}}
SHOWN = [{**A, "id": "81", "winner": 0}, {**B, "id": "82", "winner": 0}]


def of(
    winner: str | None,
    *,
    status: str = "needs_decision",
    spec: Spec = TEST,
    messages: Any = SHOWN,
    recorded: str | None = None,
    **rest: Any,
) -> Plan:
    """The plan for a campaign with an A/B test."""
    phase, run = rest.pop("phase", "active"), rest.pop("run", None)
    halts = rest.pop("halts", Halts())
    known = record(rest.pop("applied", TEST), status, winner=recorded, **rest.pop("known", {}))
    shown = live(
        spec if "recurrence" in spec else TEST, status, **{"messages": messages, **rest.pop("shown", {})}
    )
    return plan_of(
        wanted(spec, manifest="sha256:new", lifecycle=Lifecycle(winner=winner, phase=phase, winner_run=run)),
        known=state({KEY: known}, sent=(Sent(known.digest, KEY, ID, "2026-11-20T00:00:00Z"),)),
        reading=Reading(live={KEY: shown}, halts=halts),
        **rest,
    )


def test_without_a_decision_a_note_says_what_to_write(golden: Golden) -> None:
    plan = of(None)
    assert plan.empty
    assert not plan.refused
    golden("undecided", "\n".join(plan.notes))


def test_the_declared_winner_is_set_and_sends_at_once() -> None:
    change = only(of("B"))
    assert (str(change.action), change.reason) == ("update", "B wins its A/B test")
    (request,) = change.requests
    assert (request.method, request.path) == ("POST", f"/v1/hood/campaigns/{ID}/messages/82/set-winner")
    assert request.body is None
    assert change.sets_winner
    assert change.sends_at_once
    assert change.undo == "never"
    assert change.intent
    assert change.spec == TEST
    assert change.warnings == ()
    winner, *text = change.diff
    assert winner == FieldChange("messages/1/winner", 0, 1)
    assert FieldChange("messages/1/push/title/en", None, "Hello") in text
    assert not [one for one in text if not one.path.startswith("messages/1/")]


@pytest.mark.parametrize(
    "theirs",
    [
        {"targeting": {"countries": {"items": ["DE"], "op": "in"}}},
        {"quiet_hours": {"from": "20:00"}},
        {"messages": [SHOWN[0], {**SHOWN[1], "push": {"title": {"en": "Changed"}}}]},
        {"messages": [{**SHOWN[0], "name": "B"}, {**SHOWN[1], "name": "A"}]},
    ],
    ids=["targeting", "quiet hours", "text", "names swapped"],
)
def test_a_winner_is_blocked_while_live_is_not_what_the_manifest_says(theirs: dict[str, Any]) -> None:
    (blocked,) = of("B", shown=theirs).blocked
    assert blocked.diff or blocked.unmanaged
    assert "--override unmanaged" in blocked.hint
    lifted = of("B", shown=theirs, options=Options(overrides=("unmanaged",)))
    assert only(lifted).sets_winner
    assert ("unmanaged", (KEY,)) in [(one.name, one.keys) for one in lifted.lifted]
    agreeing = of("B", options=Options(overrides=("unmanaged",)))
    assert "unmanaged" not in [one.name for one in agreeing.lifted]


def test_a_winner_is_not_sent_to_other_people_than_the_manifest_says() -> None:
    ours, theirs = ({"countries": {"items": [code], "op": "in"}} for code in ("DE", "FR"))
    test = {**TEST, "targeting": ours}
    asked: dict[str, Any] = {"spec": test, "applied": test}
    assert only(of("B", shown={"targeting": ours}, **asked)).audience == ours
    (blocked,) = of("B", shown={"targeting": theirs}, **asked).blocked
    assert "live is not what the manifest says: targeting/countries/items" in blocked.reason
    lifted = of("B", shown={"targeting": theirs}, options=Options(overrides=("unmanaged",)), **asked)
    assert only(lifted).audience == theirs


def test_a_winner_whose_message_has_another_priority_is_blocked() -> None:
    test = {**TEST, "messages": [A, {**B, "priority": 1}]}
    shown = {"messages": [SHOWN[0], {**SHOWN[1], "priority": 9}]}
    (blocked,) = of("B", spec=test, applied=test, shown=shown).blocked
    assert "live is not what the manifest says: messages/1/priority" in blocked.reason


@pytest.mark.parametrize("theirs", [{"scheduled_time": "2036-12-25 10:00:00"}, {"name": "Theirs"}])
def test_when_the_test_was_sent_does_not_block_its_winner(theirs: dict[str, Any]) -> None:
    assert only(of("B", shown=theirs)).sets_winner


def test_the_winner_is_found_by_name_in_another_order() -> None:
    change = only(of("B", messages=SHOWN[::-1]))
    assert change.requests[0].message == "82"
    assert FieldChange("messages/0/push/title/en", None, "Hello") in change.diff


def test_the_winner_is_set_once() -> None:
    assert of("B", recorded="B").empty
    assert not of("B", recorded="B").refused
    (blocked,) = of("A", recorded="B").blocked
    assert "final" in blocked.reason


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "sent", "canceled"])
def test_winner_has_no_effect_before_and_after_the_decision(status: str) -> None:
    plan = of("B", status=status)
    assert plan.empty
    assert not plan.refused


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (SHOWN[:1], "no message of 1030978 has the name B, only A"),
        ([SHOWN[1], SHOWN[1]], "2 messages of 1030978 have the name B"),
        ([message(name="B")], "the API shows no id for the message B"),
        (None, "the messages of 1030978 were not read"),
        (["?"], "the messages of 1030978 were not read"),
    ],
)
def test_a_winner_that_cannot_be_found_blocks(messages: Any, reason: str) -> None:
    assert [one.reason for one in of("B", messages=messages).blocked] == [reason]


def test_other_edits_are_a_warning(golden: Golden) -> None:
    change = only(of("B", spec={**TEST, "name": "Late"}))
    golden("other edits", "\n".join(change.warnings))
    assert change.spec == TEST


def test_a_paused_or_halted_test_is_not_decided() -> None:
    assert of("B", phase="paused").empty
    halt = Halt("h", None, "wrong price", "anna", "desk", "2026-11-24T11:00:00Z")
    plan = of("B", halts=Halts((halt,)))
    assert plan.empty
    assert plan.blocked[0].status == "halted"


def test_setting_a_winner_counts_as_an_immediate_send() -> None:
    limits = Guardrails(max_immediate_sends=0)
    plan = of("B", project=replace(PROJECT, guardrails=limits))
    assert [one.guardrail for one in plan.objections] == ["max_immediate_sends"]
    assert plan.valid_until is not None
    assert of("B", options=Options(overrides=("resend",))).changes


DAILY = {**TEST, "recurrence": {"cron": "0 9 * * *"}}
DAILY.pop("scheduled_time")


def daily(winner: str | None, run: int | None = None, *, waits: int | None = 2, **more: Any) -> Plan:
    """The plan for a recurring A/B test whose run waits for a decision."""
    shown = {"run_counter": waits} if waits is not None else {}
    return of(winner, run=run, spec=DAILY, applied=DAILY, shown=shown, **more)


def assert_inert(plan: Plan, *words: str) -> None:
    assert (plan.changes, plan.blocked) == ((), ())
    (note,) = plan.notes
    for word in words:
        assert word in note


@pytest.mark.parametrize(("run", "waits"), [(None, 1), (1, 1), (2, 2), (3, 3)])
def test_each_run_of_a_recurring_test_has_its_own_winner(run: int | None, waits: int) -> None:
    earlier: dict[str, Any] = {"known": {"winner_run": waits - 1}, "recorded": "A"} if waits > 1 else {}
    change = only(daily("B", run, waits=waits, **earlier))
    assert change.sets_winner
    assert change.reason == f"B wins its A/B test of run {waits}"
    assert (change.lifecycle.winner, change.lifecycle.winner_run) == ("B", run)


@pytest.mark.parametrize("run", [None, 1, 2])
@pytest.mark.parametrize("recorded", [None, "A"])
def test_the_winner_of_an_older_run_decides_nothing(run: int | None, recorded: str | None) -> None:
    plan = daily("A", run, waits=3, recorded=recorded, known={"winner_run": run})
    assert_inert(plan, "run 3 of its A/B test waits", f"names run {run or 1}", "{message: A, run: 3}")


def test_the_winner_of_a_later_run_waits_for_it() -> None:
    assert_inert(daily("A", 4, waits=3), "names run 4")


def test_a_run_that_the_api_does_not_show_is_decided_in_the_dashboard() -> None:
    assert_inert(daily("A", 2, waits=None), "does not show of which run", "set the winner in the dashboard")


def test_without_a_winner_the_note_names_the_run() -> None:
    assert_inert(daily(None), "run 2 of its A/B test waits", "{message: A, run: 2}")
    assert_inert(daily(None, waits=None), "push/welcome: its A/B test waits", "`lifecycle: {winner: A}`")


def test_the_winner_of_a_run_is_set_once() -> None:
    done: dict[str, Any] = {"recorded": "B", "known": {"winner_run": 2}}
    plan = daily("B", 2, **done)
    assert (plan.changes, plan.blocked) == ((), ())
    assert "was set as winner" in plan.notes[0]
    (blocked,) = daily("A", 2, **done).blocked
    assert "final" in blocked.reason
    assert "{message: B, run: 2}" in blocked.hint


def test_the_winner_of_the_first_run_is_set_once_though_the_api_does_not_show_the_run() -> None:
    plan = daily("B", 1, waits=None, recorded="B")
    assert_inert(plan, "B was set as winner; the API still shows needs_decision")


@pytest.mark.parametrize("recorded", ["A", "B"])
def test_what_an_older_version_set_counts_for_the_first_run(recorded: str) -> None:
    assert daily("B", 1, waits=1, recorded=recorded).changes == ()
    assert only(daily("B", 2, recorded=recorded)).sets_winner


@pytest.mark.parametrize(("named", "run"), [(("B",), None), (("B", "1"), 1)])
def test_a_winner_from_before_a_replacement_decides_nothing(named: tuple[str, ...], run: int | None) -> None:
    plan = of("B", run=run, known={"named_before": named})
    assert_inert(plan, "`winner: B` was written before this campaign was created")
    assert ("run: 1" in plan.notes[0]) is (run is None)
    assert ("take it out and apply, then write it again" in plan.notes[0]) is (run is not None)


@pytest.mark.parametrize(("winner", "run"), [("A", None), ("B", 1)])
def test_a_winner_that_was_written_since_is_set(winner: str, run: int | None) -> None:
    assert only(of(winner, run=run, known={"named_before": ("B",)})).sets_winner


def test_a_winner_that_was_taken_out_may_be_written_again() -> None:
    seen = of(None, known={"named_before": ("B",)}).observed[KEY]
    assert seen.named_before == ()
    assert of("B", known={"named_before": ("B",)}).observed[KEY].named_before == ("B",)


@pytest.mark.parametrize("messages", [[], [{"channel": "push"}]])
def test_a_test_whose_messages_are_not_shown_asks_for_a_message_by_that_word(messages: Any) -> None:
    (note,) = of(None, messages=messages).notes
    assert note == "push/welcome: its A/B test waits for a decision; write `lifecycle: {winner: MESSAGE}`"


@pytest.mark.parametrize(
    "plan",
    [
        partial(of, "B", recorded="B"),
        partial(of, "B", known={"named_before": ("B",)}),
        partial(daily, "A", 4, waits=3),
    ],
    ids=["set already", "written before", "of a later run"],
)
def test_an_apply_records_the_manifest_whose_winner_decides_nothing(plan: Callable[[], Plan]) -> None:
    assert plan().observed[KEY].source_digest == "sha256:new"


@pytest.mark.parametrize("spec", [TEST, DAILY], ids=["once", "recurring"])
def test_without_a_read_no_winner_is_set(spec: Spec) -> None:
    def unread(winner: str | None) -> Plan:
        return plan_of(
            wanted(spec, lifecycle=Lifecycle(winner=winner)),
            known=state({KEY: record(spec, "needs_decision")}),
            reading=Reading(refreshed=False),
        )

    assert_inert(unread(None), "waits for a decision; write `lifecycle: {winner: MESSAGE}`")
    plan = unread("B")
    assert plan.changes == ()
    told = [*plan.notes, *(one.reason for one in plan.blocked)]
    assert len(told) == 1
