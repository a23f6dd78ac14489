"""A plan lists the rules that were lifted with effect, once or by an override of the project."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Override
from campaignctl.state.ledger import Overridden, Sent
from tests.plan.planning import IMMEDIATE, NOW, PROJECT, SCHEDULED, live, own, plan_of, record, state, wanted

TOMORROW = NOW + timedelta(days=1)


def of(*overrides: Override, once: tuple[str, ...] = ()) -> Plan:
    """A plan with a foreign pause, an unknown status, and a body that was sent before."""
    thawing = own(SCHEDULED, "Thawing")
    known = state(
        {"paused": record(SCHEDULED, campaign_id="1"), "thawing": record(thawing, campaign_id="2")},
        sent=(Sent(body_digest(IMMEDIATE), "old", "9", "2026-11-01T00:00:00Z"),),
    )
    lives = {"paused": live(SCHEDULED, "paused", "1"), "thawing": live(thawing, "thawing", "2")}
    return plan_of(
        wanted(SCHEDULED, "paused"),
        wanted({**thawing, "name": "New"}, "thawing"),
        wanted(IMMEDIATE, "again"),
        known=known,
        reading=Reading(live=lives),
        project=replace(PROJECT, overrides=overrides),
        options=Options(overrides=once),
    )


RULES = [("foreign_pause", "paused"), ("resend", "again"), ("unknown_status", "thawing")]


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_each_rule_is_listed_with_the_keys_it_was_lifted_for(rule: str, key: str) -> None:
    plan = of(once=(rule,))
    assert [change.key for change in plan.changes] == [key]
    assert plan.lifted == (Overridden(rule, (key,)),)


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_an_override_of_the_project_lifts_it_for_its_keys(rule: str, key: str) -> None:
    plan = of(Override(rule, (f"{key[:3]}*",), TOMORROW, "agreed"))
    assert [change.key for change in plan.changes] == [key]
    assert plan.lifted == (Overridden(rule, (key,), "agreed", "2026-11-25T12:00:00Z"),)


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_an_expired_or_unrelated_override_lifts_nothing(rule: str, key: str) -> None:
    for override in (Override(rule, ("sms/*",), TOMORROW, "x"), Override(rule, ("*",), NOW, "x")):
        plan = of(override)
        assert plan.empty
        assert plan.lifted == ()


def test_an_override_without_effect_is_not_listed() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), options=Options(overrides=("resend", "foreign_pause")))
    assert plan.lifted == ()


def test_a_lifted_plan_age_is_listed() -> None:
    plan = plan_of(
        wanted(IMMEDIATE, "now"), wanted(SCHEDULED, "far"), options=Options(overrides=("max_plan_age",))
    )
    assert plan.lifted == (Overridden("max_plan_age", ("now",)),)
    assert plan_of(wanted(SCHEDULED, "far"), options=Options(overrides=("max_plan_age",))).lifted == ()
