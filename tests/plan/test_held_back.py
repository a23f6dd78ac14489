"""An unsettled intent and a state that is behind hold back creates and arming, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Behind, Reading, Unsettled
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Intent, State
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    SCHEDULED,
    Spec,
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


_RETRY = "campaignctl state resolve flash --retry"
MISSING = Unsettled("flash", "intent-pending", False, "may have sent", _RETRY, not_found=True)
FAR_OFF = "2036-12-24T10:00:00Z"


def lost(spec: Spec = SCHEDULED, first_send: str | None = FAR_OFF, hours_ago: float = 2) -> Intent:
    """A create of `flash` that was posted some time ago."""
    posted = iso(NOW - timedelta(hours=hours_ago))
    return replace(intent(spec, first_send=first_send), at=posted, posts=(posted,))


def looked_for(pending: Intent, *desired: DesiredCampaign, **more: Any) -> Plan:
    """The plan after the account was searched for a lost create and had none with its marker."""
    known = state(pending={"flash": pending})
    return plan_of(*desired, known=known, reading=Reading(unsettled={"flash": MISSING}), **more)


@pytest.mark.parametrize(
    ("spec", "first_send", "hours_ago"), [(SCHEDULED, FAR_OFF, 2), (DRAFT, None, 0), (MANUAL, None, 0)]
)
def test_a_lost_create_is_posted_again_as_a_change_under_the_same_intent(
    spec: Spec, first_send: str | None, hours_ago: float
) -> None:
    change = only(looked_for(lost(spec, first_send, hours_ago), wanted(spec, "flash")))
    assert (change.action, change.intent) == (Action.CREATE, "intent-pending")
    assert change.reason == "posted again: not found"
    assert "intent-pending" in str(change.requests[0].body)


def test_the_lost_create_of_a_replacement_is_posted_again_though_the_old_campaign_was_sent() -> None:
    two_step = replace(lost(IMMEDIATE, None), digest=body_digest(IMMEDIATE))
    old = record(IMMEDIATE, "sent")
    known = state({"flash": old}, pending={"flash": two_step}, sent=(Sent(old.digest, "flash", ID, "x"),))
    plan = plan_of(wanted(IMMEDIATE, "flash"), known=known, reading=Reading(unsettled={"flash": MISSING}))
    change = only(plan)
    assert (change.action, change.intent, change.deliberate_resend) == (Action.CREATE, "intent-pending", True)
    assert "a deliberate second send" in change.warnings


PAUSED, CANCELED = Lifecycle(phase="paused"), Lifecycle(phase="canceled")


@pytest.mark.parametrize(
    ("pending", "desired", "why"),
    [
        (lost(), wanted({**SCHEDULED, "name": "Corrected"}, "flash"), "its manifest has changed since"),
        (lost(), None, "it is no longer asked for by a manifest"),
        (lost(), wanted(SCHEDULED, "flash", lifecycle=PAUSED), "it is declared paused"),
        (lost(), wanted(SCHEDULED, "flash", lifecycle=CANCELED), "it is declared canceled"),
        (lost(), wanted(SCHEDULED, "flash", adopt="77"), "it is no longer asked for by a manifest"),
        (lost(DRAFT, None), wanted(SCHEDULED, "flash"), "its manifest has changed since"),
        (lost(IMMEDIATE, "immediately"), wanted(IMMEDIATE, "flash"), "may have sent"),
        (lost(first_send="2026-11-25T11:59:00Z"), wanted(SCHEDULED, "flash"), "may have sent"),
        (lost(hours_ago=0.5), wanted(SCHEDULED, "flash"), "posted again from 2026-11-24T12:30:00Z on"),
    ],
)
def test_a_lost_create_that_todays_manifest_does_not_ask_for_is_left_to_a_person(
    pending: Intent, desired: DesiredCampaign | None, why: str
) -> None:
    plan = looked_for(pending, *filter(None, [desired]))
    (blocked,) = plan.blocked
    assert (plan.changes, blocked.status) == ((), "unsettled")
    assert blocked.reason.endswith(why)
    assert "campaignctl state resolve flash --retry" in blocked.hint


def test_a_lost_create_waits_for_its_own_key_to_be_selected() -> None:
    plan = looked_for(
        lost(), wanted(SCHEDULED, "flash"), wanted(DRAFT, "other"), options=Options(targets=("other",))
    )
    assert [change.key for change in plan.changes] == ["other"]


@pytest.mark.parametrize("options", [Options(destroy=True), Options(refresh_only=True)])
def test_a_lost_create_is_not_posted_again_where_manifests_are_not_applied(options: Options) -> None:
    assert looked_for(lost(), wanted(SCHEDULED, "flash"), options=options).changes == ()


def test_without_markers_a_lost_create_is_never_posted_again() -> None:
    known = state(pending={"flash": lost()})
    known = replace(known, account=replace(known.account, markers=False))
    plan = plan_of(wanted(SCHEDULED, "flash"), known=known, reading=Reading(unsettled={"flash": MISSING}))
    assert (plan.changes, plan.blocked[0].reason) == ((), "may have sent")


def test_a_guardrail_objects_to_a_lost_create_as_to_any_other() -> None:
    frozen = replace(PROJECT, guardrails=replace(PROJECT.guardrails, require_targeting=True))
    plan = looked_for(lost(), wanted(SCHEDULED, "flash"), project=frozen)
    assert [objection.guardrail for objection in plan.objections] == ["require_targeting"]
