"""What others did to a campaign: drift, until it is undone or an apply has recorded what nothing undoes."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Clone, Drift, Options, Plan
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Foreign
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    live,
    plan_of,
    record,
    state,
    wanted,
)

ALARM = Options(refresh_only=True)
BEFORE = body(scheduled_time="2026-11-24 11:00:00")
LATER_TODAY = body(scheduled_time="2026-11-24 18:00:00")
IN_EACH_ZONE = {**LATER_TODAY, "send_in_profile_time_zone": True}
NEVER_YET = body(recurrence={"cron": "0 9 1 1 *"})


def of(
    spec: Spec,
    shown: Live | None,
    *,
    was: str = "scheduled",
    options: Options | None = None,
    phase: Any = "active",
    halts: Halts | None = None,
    **known: Any,
) -> Plan:
    """The plan for a recorded campaign that is declared as it was applied."""
    lifecycle = Lifecycle(phase=phase)
    return plan_of(
        wanted(spec, lifecycle=lifecycle),
        known=state({KEY: record(spec, was, lifecycle=lifecycle, **known)}),
        reading=Reading(live={KEY: shown}, halts=halts or Halts()),
        options=options,
    )


def drift_in(plan: Plan, field: str) -> list[Drift]:
    return [drift for drift in plan.drift if drift.diff and drift.diff[0].path == field]


def status_drift(plan: Plan) -> list[Drift]:
    return drift_in(plan, "status")


def clone_drift(plan: Plan) -> list[Drift]:
    return drift_in(plan, "clone")


def recorded(spec: Spec, plan: Plan, **more: Any) -> Plan:
    """The alarm after an apply of that plan."""
    live_now = more.pop("live_now")
    return plan_of(
        wanted(spec),
        known=state({KEY: plan.observed[KEY]}),
        reading=Reading(live={KEY: live_now}),
        options=more.pop("options", ALARM),
    )


LASTING: dict[str, tuple[Spec, Live | None, str]] = {
    "canceled": (SCHEDULED, live(SCHEDULED, "canceled"), "it sends nothing more"),
    "canceled recurring": (RECURRING, live(RECURRING, "canceled"), "it sends nothing more"),
    "deleted": (SCHEDULED, None, "deleted"),
    "sent before its time": (SCHEDULED, live(SCHEDULED, "sent"), "sent by hand"),
    "running before its time": (LATER_TODAY, live(LATER_TODAY, "running"), "sent by hand"),
    "a test before its time": (SCHEDULED, live(SCHEDULED, "needs_decision"), "sent by hand"),
    "manual": (MANUAL, live(MANUAL, "sent"), "sent by hand"),
    "draft": (DRAFT, live(MANUAL, "sent"), "sent by hand"),
    "recurring before its first run": (NEVER_YET, live(NEVER_YET, "running"), "sent by hand"),
}


@pytest.mark.parametrize("options", [None, ALARM], ids=["plan", "alarm"])
@pytest.mark.parametrize(("spec", "shown", "says"), LASTING.values(), ids=LASTING)
def test_what_nothing_undoes_is_drift_until_it_is_recorded(
    spec: Spec, shown: Live | None, says: str, options: Options | None
) -> None:
    was = "draft" if spec is DRAFT else "manual" if spec is MANUAL else "scheduled"
    plan = of(spec, shown, was=was, options=options)
    (drift,) = status_drift(plan)
    assert says in drift.reason
    assert drift.once
    assert not drift.corrected
    assert plan.empty
    again = recorded(spec, plan, live_now=shown)
    assert not status_drift(again)


OF_ITS_OWN: dict[str, tuple[Spec, Live]] = {
    "sent at its time": (BEFORE, live(BEFORE, "sent")),
    "running at its time": (BEFORE, live(BEFORE, "running")),
    "a test at its time": (BEFORE, live(BEFORE, "needs_decision")),
    "in the first zone": (IN_EACH_ZONE, live(IN_EACH_ZONE, "running")),
    "by its event": (IMMEDIATE, live(IMMEDIATE, "sent")),
    "a run of a recurrence": (RECURRING, live(RECURRING, "running")),
    "a recurrence between two runs": (RECURRING, live(RECURRING, "sent")),
    "a test of a recurrence": (RECURRING, live(RECURRING, "needs_decision")),
}


@pytest.mark.parametrize("options", [None, ALARM], ids=["plan", "alarm"])
@pytest.mark.parametrize(("spec", "shown"), OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_what_a_campaign_does_by_itself_is_no_drift(spec: Spec, shown: Live, options: Options | None) -> None:
    plan = of(spec, shown, options=options)
    assert not plan.drift
    assert not any("sent by hand" in note for note in plan.notes)


def test_clocks_that_differ_a_little_make_no_drift() -> None:
    soon = body(scheduled_time="2026-11-24 12:01:00")
    assert not of(soon, live(soon, "running")).drift


def test_a_campaign_that_runs_and_then_is_sent_is_drift_once() -> None:
    running = of(SCHEDULED, live(SCHEDULED, "running"))
    assert status_drift(running)
    assert not status_drift(recorded(SCHEDULED, running, live_now=live(SCHEDULED, "sent")))


@pytest.mark.parametrize("status", ["running", "sent"])
def test_a_winner_set_by_others_is_drift_and_ours_is_not(status: str) -> None:
    (drift,) = status_drift(of(BEFORE, live(BEFORE, status), was="needs_decision"))
    assert drift.reason == "its winner was set outside of campaignctl"
    assert drift.once
    assert not of(BEFORE, live(BEFORE, status), was="needs_decision", winner="A").drift


@pytest.mark.parametrize("status", ["running", "scheduled"])
@pytest.mark.parametrize(
    ("counted", "winner", "run", "by_others"),
    [
        (2, "A", 1, True),
        (2, "A", 2, False),
        (2, "A", 3, False),
        (2, "A", None, False),
        (None, "A", 1, False),
        (None, None, None, True),
    ],
)
def test_the_winner_of_a_run_is_ours_if_we_set_that_of_the_last_one(
    counted: int | None, winner: str | None, run: int | None, by_others: bool, status: str
) -> None:
    fields: Spec = {"run_counter": counted} if counted else {}
    shown = live(RECURRING, status, **fields)
    plan = of(RECURRING, shown, was="needs_decision", winner=winner, winner_run=run)
    reasons = [drift.reason for drift in status_drift(plan)]
    assert ("its winner was set outside of campaignctl" in reasons) is by_others


def test_a_campaign_that_we_paused_and_that_was_sent_was_sent_by_hand() -> None:
    (drift,) = status_drift(of(BEFORE, live(BEFORE, "sent"), was="paused", phase="paused", paused_by_us=True))
    assert drift.reason.startswith("sent by hand")


def test_a_cancel_of_a_campaign_that_is_declared_paused_is_drift_and_of_a_canceled_one_is_not() -> None:
    shown = live(SCHEDULED, "canceled")
    assert status_drift(of(SCHEDULED, shown, was="paused", phase="paused", paused_by_us=True))
    assert not of(SCHEDULED, shown, phase="canceled").drift


def test_a_cancel_by_a_halt_says_so() -> None:
    halts = Halts((Halt("h", None, "wrong price", "ann", "laptop", "2026-11-24T10:00:00Z"),))
    (drift,) = status_drift(of(SCHEDULED, live(SCHEDULED, "canceled"), halts=halts))
    assert drift.reason.startswith("canceled by a halt")


@pytest.mark.parametrize("spec", [SCHEDULED, MANUAL], ids=["canceled", "sent by hand"])
def test_once_it_is_recorded_one_line_names_the_campaigns(spec: Spec) -> None:
    status = "canceled" if spec is SCHEDULED else "sent"
    keys = ("a", "b")
    plan = plan_of(
        *(wanted(spec, key) for key in keys),
        known=state({key: record(spec, status, key) for key in keys}),
        reading=Reading(),
    )
    (note,) = plan.notes
    assert note.startswith("a, b: ")
    lifted = "" if spec is SCHEDULED else " --override resend"
    assert f"apply --replace KEY{lifted}` makes it again" in note
    assert not plan.drift


UNDONE: dict[str, tuple[Spec, str]] = {
    "paused": (SCHEDULED, "paused"),
    "paused recurring": (RECURRING, "paused"),
    "drafted": (SCHEDULED, "draft"),
    "drafted recurring": (RECURRING, "draft"),
}


@pytest.mark.parametrize("options", [None, ALARM], ids=["plan", "alarm"])
@pytest.mark.parametrize(("spec", "status"), UNDONE.values(), ids=UNDONE)
def test_what_can_be_undone_is_drift_until_it_is(spec: Spec, status: str, options: Options | None) -> None:
    shown = live(spec, status)
    plan = of(spec, shown, options=options)
    (drift,) = status_drift(plan)
    assert not drift.once
    for _ in range(2):
        plan = recorded(spec, plan, live_now=shown, options=options) if KEY in plan.observed else plan
        (drift,) = status_drift(plan)
        assert [(field.before, field.after) for field in drift.diff] == [("scheduled", status)]
    assert not recorded(spec, of(spec, shown), live_now=live(spec, "scheduled")).drift


def test_a_draft_by_others_is_no_drift_once_the_manifest_says_so() -> None:
    known = state({KEY: record(SCHEDULED, "scheduled")})
    reading = Reading(live={KEY: live({**SCHEDULED, "is_draft": True}, "draft")})
    plan = plan_of(wanted({**SCHEDULED, "is_draft": True}), known=known, reading=reading)
    assert not plan.drift
    assert not plan.blocked


def test_a_draft_by_others_names_the_line_that_arms_it_again() -> None:
    shown = live({**SCHEDULED, "is_draft": True}, "draft")
    (drift,) = status_drift(of(SCHEDULED, shown))
    assert f"`is_draft: false` in {KEY}" in drift.reason
    plan = plan_of(
        wanted({**SCHEDULED, "is_draft": False}),
        known=state({KEY: record(SCHEDULED, "draft")}),
        reading=Reading(live={KEY: shown}),
    )
    (change,) = plan.changes
    assert change.action is Action.UPDATE
    assert change.arms
    assert [one.path for one in change.conflicts] == ["is_draft"]


CLONE = Clone("1030999", KEY, "draft")


@pytest.mark.parametrize("options", [None, ALARM], ids=["plan", "alarm"])
@pytest.mark.parametrize("status", ["scheduled", "paused", "draft", "running", "sent", "canceled"])
def test_a_clone_is_drift_of_the_original_until_it_is_recorded(status: str, options: Options | None) -> None:
    known = state({KEY: record(BEFORE, status)})
    reading = Reading(live={KEY: live(BEFORE, status)}, clones=(CLONE,))
    plan = plan_of(wanted(BEFORE), known=known, reading=reading, options=options)
    (drift,) = clone_drift(plan)
    assert (drift.key, drift.id, drift.diff[0].after, drift.once) == (KEY, ID, "1030999", True)
    assert "1030999 is a clone of it" in drift.reason
    seen = {"1030999": Foreign("draft", "2026-11-24T12:00:00Z")}
    known = state({KEY: record(BEFORE, status)}, foreign=seen)
    again = plan_of(wanted(BEFORE), known=known, reading=reading, options=options)
    assert not clone_drift(again)


def test_a_clone_of_another_key_is_not_shown_with_a_target() -> None:
    known = state({KEY: record(SCHEDULED), "other": record(SCHEDULED, campaign_id="2")})
    reading = Reading(live={KEY: live(SCHEDULED), "other": live(SCHEDULED, campaign_id="2")}, clones=(CLONE,))
    plan = plan_of(
        wanted(SCHEDULED),
        wanted(SCHEDULED, "other"),
        known=known,
        reading=reading,
        options=Options(targets=("other",)),
    )
    assert not plan.drift


def test_an_adopted_campaign_that_was_sent_before_is_not_called_sent_by_hand() -> None:
    known = state({KEY: record(MANUAL, "sent", origin="adopt")})
    assert not plan_of(wanted(MANUAL), known=known, reading=Reading()).notes
