"""A replacement whose old campaign is canceled and whose create was not sent: the next plan creates it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.errors import Sentence
from campaignctl.plan.context import Reading, Unsettled
from campaignctl.plan.ledger import two_campaigns, undecided
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Intent
from tests.plan.planning import KEY, NOW, SCHEDULED, intent, live, only, plan_of, record, state, wanted

HALF = replace(intent(SCHEDULED, phase="planned"), operation="replace", id="77", ended=True)
AT = "2026-11-24T11:00:00Z"
BEGUN = Sent("sha256:other", KEY, "77", AT)
SAME = Sent(body_digest(SCHEDULED), KEY, "77", AT)


def of(half: Intent = HALF, *sent: Sent, **options: object) -> Plan:
    """The plan for a key with that intent."""
    known = state(pending={KEY: half}, sent=sent)
    return plan_of(wanted(SCHEDULED), known=known, options=Options(**options))  # type: ignore[arg-type]


def test_it_is_created_under_its_intent() -> None:
    change = only(of())
    assert (change.action, change.intent, change.deliberate_resend) == (Action.CREATE, HALF.intent, False)
    assert change.reason == "replace, half done: 77 is canceled"
    assert change.warnings == ()


def test_one_that_had_begun_to_send_needs_a_second_send() -> None:
    plan = of(HALF, BEGUN)
    (blocked,) = plan.blocked
    assert (plan.changes, blocked.id, blocked.status) == ((), "77", "half done")
    assert "77 is canceled, and had begun to send" in blocked.reason
    assert blocked.hint == f"campaignctl apply --target {KEY} --override resend"
    assert only(of(HALF, BEGUN, overrides=("resend",))).action is Action.CREATE
    assert only(of(HALF, replace(BEGUN, id="78"))).action is Action.CREATE


def test_a_second_send_of_the_same_body_says_so() -> None:
    change = only(of(HALF, SAME, overrides=("resend",)))
    assert (change.deliberate_resend, change.intent) == (True, HALF.intent)
    assert change.reason == "replace, half done: 77 is canceled"
    assert change.warnings == ("a deliberate second send",)
    assert of(HALF, SAME).blocked


@pytest.mark.parametrize("other", [replace(HALF, ended=False), intent(SCHEDULED, phase="planned")])
def test_another_intent_that_was_never_sent_is_no_half(other: Intent) -> None:
    change = only(of(other, BEGUN))
    assert (change.reason, change.intent) == ("not created yet", "intent-0001")


def test_a_key_that_is_recorded_again_has_no_half() -> None:
    known = state({KEY: record(SCHEDULED)}, pending={KEY: HALF}, sent=(BEGUN,))
    plan = plan_of(wanted(SCHEDULED), known=known)
    assert (plan.changes, plan.blocked) == ((), ())


def test_a_lost_create_of_what_was_sent_meanwhile_is_not_posted_again() -> None:
    posted = replace(intent(SCHEDULED, first_send="2036-12-24T10:00:00Z"), at="2026-11-24T10:00:00Z")
    missing = Unsettled(KEY, posted.intent, False, "may have sent", Sentence("look"), not_found=True)
    reading = Reading(unsettled={KEY: missing})
    known = state(pending={KEY: posted}, sent=(replace(SAME, key="other"),))
    (blocked,) = plan_of(wanted(SCHEDULED), known=known, reading=reading).blocked
    assert (blocked.status, blocked.reason) == ("sent", f"the same content was sent as other (77) at {AT}")
    lifted = plan_of(wanted(SCHEDULED), known=known, reading=reading, options=Options(overrides=("resend",)))
    change = only(lifted)
    assert (change.intent, change.deliberate_resend) == (posted.intent, True)
    assert change.warnings == (
        f"posted at {posted.at} with an unknown outcome, and not found since",
        "a deliberate second send",
    )


# ------------------------------------------------------------------------- what a person has to decide


def test_several_campaigns_of_one_create_are_named_oldest_first() -> None:
    lives = [
        live(SCHEDULED, "scheduled", "9", create_time="2026-11-24 10:00:02"),
        live(SCHEDULED, "paused", "8", create_time="2026-11-24 10:00:01"),
        live(SCHEDULED, "scheduled", "7"),
    ]
    reason, hint = two_campaigns(KEY, lives)
    assert reason == (
        "3 campaigns carry its marker: 7 (created unknown, scheduled) and"
        " 8 (created 2026-11-24 10:00:01, paused) and 9 (created 2026-11-24 10:00:02, scheduled)"
    )
    adopt = f"campaignctl state resolve {KEY} --adopt"
    keeps = "keeps that one and cancels the other; or"
    assert hint == f"`{adopt} 7` {keeps} `{adopt} 8` {keeps} `{adopt} 9`"


def test_a_create_that_was_not_found_waits_or_is_decided() -> None:
    retry = f"campaignctl state resolve {KEY} --retry"
    later = undecided(KEY, NOW)
    assert later.startswith("`campaignctl apply` from 2026-11-24T12:00:00Z on posts it again; sooner, ")
    assert later.endswith(f"`{retry}`")
    assert undecided(KEY, None) == (
        f"`campaignctl state resolve {KEY} --adopt ID`, or `{retry}` if the dashboard shows none"
    )
