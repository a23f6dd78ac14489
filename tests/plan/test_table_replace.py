"""`--replace KEY`: a new campaign instead of a recorded one."""

from __future__ import annotations

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import UsageError
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.state.ledger import Released, Sent
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    SCHEDULED,
    Spec,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

CANCEL, CREATE = f"/v1/hood/campaigns/{ID}/cancel", "/v1/hood/campaigns"


def of(shown: Live | None, spec: Spec = SCHEDULED, *overrides: str) -> Plan:
    """The plan that replaces one campaign."""
    return plan_of(
        wanted(spec),
        known=state({KEY: record(spec)}),
        reading=Reading(live={KEY: shown}),
        options=Options(replace=(KEY,), overrides=overrides),
    )


@pytest.mark.parametrize("status", ["scheduled", "paused", "running"])
def test_a_campaign_that_can_send_is_cancelled_first(status: str) -> None:
    change = only(of(live(SCHEDULED, status), SCHEDULED, "resend"))
    assert change.action is Action.REPLACE
    assert [request.path for request in change.requests] == [CANCEL, CREATE]
    assert change.undo == "never"
    assert change.arms
    assert change.intent


@pytest.mark.parametrize(("spec", "status"), [(DRAFT, "draft"), (MANUAL, "idle")])
def test_a_campaign_that_cannot_be_cancelled_is_left_behind(spec: Spec, status: str, golden: Golden) -> None:
    change = only(of(live(spec, status), spec))
    assert [request.path for request in change.requests] == [CREATE]
    golden("left behind", change.warnings[0], status="draft" if status == "draft" else "manual")


@pytest.mark.parametrize("shown", [live(SCHEDULED, status) for status in ("sent", "canceled")] + [None])
def test_a_final_campaign_is_created_again_deliberately(shown: Live | None) -> None:
    change = only(of(shown, SCHEDULED, "resend"))
    assert [request.path for request in change.requests] == [CREATE]
    assert change.deliberate_resend


CANCELED_IN_ITS_RUN = live(SCHEDULED, "canceled", run_counter=1)


@pytest.mark.parametrize(
    "shown", [live(SCHEDULED, "sent"), live(SCHEDULED, "running"), CANCELED_IN_ITS_RUN, None]
)
def test_a_second_send_is_blocked_until_it_is_lifted(shown: Live | None) -> None:
    plan = of(shown)
    (blocked,) = plan.blocked
    assert blocked.hint == f"campaignctl apply --replace {KEY} --override resend"
    lifted = of(shown, SCHEDULED, "resend")
    assert "second send" in only(lifted).warnings[-1]
    assert [(one.name, one.keys) for one in lifted.lifted] == [("resend", (KEY,))]


def test_a_test_that_waits_for_its_winner_is_decided_and_not_replaced() -> None:
    (blocked,) = of(live(SCHEDULED, "needs_decision"), SCHEDULED, "resend").blocked
    assert "winner" in blocked.hint


def test_an_unknown_status_blocks_and_is_cancelled_when_lifted() -> None:
    (blocked,) = of(live(SCHEDULED, "thawing")).blocked
    assert blocked.hint == f"campaignctl apply --replace {KEY} --override unknown_status"
    change = only(of(live(SCHEDULED, "thawing"), SCHEDULED, "unknown_status"))
    assert [request.path for request in change.requests] == [CANCEL, CREATE]


def test_replace_lifts_the_ledger() -> None:
    spent = Sent(record(IMMEDIATE).digest, KEY, ID, "2026-11-01T00:00:00Z")
    known = state({KEY: record(IMMEDIATE, "sent")}, sent=(spent,))
    options = Options(replace=(KEY,), overrides=("resend",))
    assert only(plan_of(wanted(IMMEDIATE), known=known, options=options)).sends_at_once
    unrecorded = state(sent=(spent,))
    assert only(plan_of(wanted(IMMEDIATE), known=unrecorded, options=options)).action is Action.CREATE


def test_a_replacement_asks_for_what_the_ledger_has_under_any_key() -> None:
    spent = Sent(record(IMMEDIATE).digest, "other", "77", "2026-11-01T00:00:00Z")
    known = state({KEY: record(MANUAL, "manual")}, sent=(spent,))
    assert only(plan_of(wanted(IMMEDIATE), known=known, options=Options(replace=(KEY,)))).deliberate_resend
    assert plan_of(wanted(IMMEDIATE), known=known).blocked
    assert (
        plan_of(wanted(IMMEDIATE), known=state(sent=(spent,)), options=Options(replace=(KEY,))).blocked == ()
    )


def test_a_release_of_the_same_body_that_can_still_send_blocks(golden: Golden) -> None:
    left = Released("old/key", "77", None, record(SCHEDULED).digest, "scheduled", "2026-11-01T00:00:00Z")
    reading = Reading(
        live={KEY: live(SCHEDULED, "sent")}, released={"77": live(SCHEDULED, "scheduled", "77")}
    )
    plan = plan_of(
        wanted(SCHEDULED),
        known=state({KEY: record(SCHEDULED)}, released=(left,)),
        reading=reading,
        options=Options(replace=(KEY,)),
    )
    assert plan.empty
    golden("release can send", plan.blocked[0].reason)


def test_only_declared_and_targeted_keys_can_be_replaced() -> None:
    known = state({KEY: record(SCHEDULED), "b": record(SCHEDULED, campaign_id="2")})
    with pytest.raises(UsageError, match="--replace b"):
        plan_of(wanted(SCHEDULED), known=known, options=Options(replace=("b",)))
    with pytest.raises(UsageError, match="--replace b"):
        plan_of(
            wanted(SCHEDULED),
            wanted(SCHEDULED, "b"),
            known=known,
            options=Options(replace=("b",), targets=(KEY,)),
        )


def test_a_second_send_stays_one_when_a_draft_that_was_left_behind_is_named_too() -> None:
    spent = Sent(record(IMMEDIATE).digest, "other", "77", "2026-11-01T00:00:00Z")
    left = Released(KEY, "99", None, "sha256:x", "draft", "2026-11-01T00:00:00Z")
    plan = plan_of(
        wanted(IMMEDIATE),
        known=state({KEY: record(MANUAL, "manual")}, released=(left,), sent=(spent,)),
        reading=Reading(live={KEY: live(MANUAL, "manual")}, released={"99": live(DRAFT, "draft", "99")}),
        options=Options(replace=(KEY,), overrides=("resend",)),
    )
    change = only(plan)
    assert change.deliberate_resend
    assert f"99, once {KEY}, is still there as draft" in change.warnings


def test_a_release_that_was_not_read_holds_no_replacement_back() -> None:
    gone = Released(KEY, "99", None, record(SCHEDULED).digest, "canceled", "2026-11-01T00:00:00Z")
    plan = plan_of(
        wanted(SCHEDULED),
        known=state({KEY: record(SCHEDULED)}, released=(gone,)),
        options=Options(replace=(KEY,)),
    )
    assert only(plan).action is Action.REPLACE
