"""An unsettled intent and a state that is behind hold back creates and arming, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.plan.context import Behind, Reading, Unsettled
from campaignctl.plan.model import Action, Plan
from campaignctl.state.model import State
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    SCHEDULED,
    intent,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

BEHIND = Behind("99", "Unknown to us", "new", "i99")
AT_ONCE = Unsettled("flash", "intent-pending", True, "unsettled", "campaignctl state resolve flash --retry")
LATER = Unsettled("flash", "intent-pending", False, "unsettled", "campaignctl apply")


def of(**reading: Any) -> Plan:
    """A plan with a create, an arming and a harmless update, and a cancel."""
    known = state(
        {
            "arming": record(DRAFT, "draft", "1"),
            "edited": record(SCHEDULED, campaign_id="2"),
            "gone": record(SCHEDULED, campaign_id="3"),
        },
        pending={"flash": intent(IMMEDIATE, first_send="immediately")},
    )
    lives = {"arming": live(DRAFT, "draft", "1"), "edited": live(SCHEDULED), "gone": live(SCHEDULED)}
    return plan_of(
        wanted(MANUAL, "new"),
        wanted(MANUAL, "arming"),
        wanted({**SCHEDULED, "name": "New"}, "edited"),
        wanted(IMMEDIATE, "flash"),
        known=known,
        reading=Reading(live=lives, **reading),
    )


@pytest.mark.parametrize(
    ("reading", "hint"),
    [
        ({"behind": (BEHIND,)}, "campaignctl state recover --write"),
        ({"unsettled": {"flash": AT_ONCE}}, "resolve flash --retry"),
    ],
)
def test_creates_and_arming_wait(reading: dict[str, Any], hint: str) -> None:
    plan = of(**reading)
    assert [(change.key, change.action) for change in plan.changes] == [
        ("gone", Action.CANCEL),
        ("edited", Action.UPDATE),
    ]
    held = {blocked.key: blocked for blocked in plan.blocked if blocked.status == "held back"}
    assert set(held) == {"new", "arming"}
    assert hint in held["new"].hint


def test_an_intent_that_cannot_have_sent_holds_nothing_back() -> None:
    plan = of(unsettled={"flash": LATER})
    assert {change.key for change in plan.changes} == {"gone", "edited", "new", "arming"}
    (blocked,) = plan.blocked
    assert (blocked.key, blocked.status, blocked.hint) == ("flash", "unsettled", "campaignctl apply")


def test_an_unsettled_intent_is_not_created_again_without_a_refresh() -> None:
    known = state(pending={"flash": intent(SCHEDULED)})
    (blocked,) = plan_of(wanted(SCHEDULED, "flash"), known=known).blocked
    assert blocked.status == "unsettled"
    assert plan_of(known=known).blocked[0].key == "flash"


def test_a_planned_intent_was_never_sent() -> None:
    known = state(pending={"flash": intent(SCHEDULED, phase="planned")})
    assert only(plan_of(wanted(SCHEDULED, "flash"), known=known)).action is Action.CREATE


def test_a_settled_intent_counts_as_recorded() -> None:
    known: State = state(pending={"flash": intent(SCHEDULED)})
    reading = Reading(settled={"flash": live(SCHEDULED, "scheduled", "55")})
    plan = plan_of(wanted({**SCHEDULED, "name": "New"}, "flash"), known=known, reading=reading)
    assert (only(plan).action, only(plan).id) == (Action.UPDATE, "55")
    gone = plan_of(known=known, reading=reading)
    assert only(gone).action is Action.CANCEL


def test_drift_that_is_held_back_is_not_called_corrected() -> None:
    drafted = {**SCHEDULED, "is_draft": True}
    plan = plan_of(
        wanted(SCHEDULED, "a"),
        known=state({"a": record(drafted, "draft")}),
        reading=Reading(live={"a": live(drafted, "draft", name="Changed")}, behind=(BEHIND,)),
    )
    assert plan.empty
    assert [drift.corrected for drift in plan.drift] == [False]


def test_a_state_that_is_behind_names_unknown_campaigns_and_one_command(golden: Golden) -> None:
    unknown = tuple(Behind(str(number), "x", "b" if number == 1 else None, "i") for number in range(1, 8))
    (blocked,) = plan_of(wanted(MANUAL, "a"), reading=Reading(behind=unknown)).blocked
    golden("state is behind", blocked.reason)
    assert blocked.hint == "campaignctl state recover --write"
