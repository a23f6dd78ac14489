"""Rules that were lifted, once or by a reviewed override, stand in the plan; what had no effect does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Override
from campaignctl.state.model import Overridden, Sent
from tests.plan.planning import IMMEDIATE, NOW, PROJECT, SCHEDULED, live, plan_of, record, state, wanted

TOMORROW = NOW + timedelta(days=1)


def of(*overrides: Override, once: tuple[str, ...] = ()) -> Plan:
    """A plan with a foreign pause, a status that nobody knows, and a body that was sent before."""
    known = state(
        {"paused": record(SCHEDULED, campaign_id="1"), "thawing": record(SCHEDULED, campaign_id="2")},
        sent=(Sent(body_digest(IMMEDIATE), "old", "9", "2026-11-01T00:00:00Z"),),
    )
    lives = {"paused": live(SCHEDULED, "paused", "1"), "thawing": live(SCHEDULED, "thawing", "2")}
    return plan_of(
        wanted(SCHEDULED, "paused"),
        wanted({**SCHEDULED, "name": "New"}, "thawing"),
        wanted(IMMEDIATE, "again"),
        known=known,
        reading=Reading(live=lives),
        project=replace(PROJECT, overrides=overrides),
        options=Options(overrides=once),
    )


RULES = [("foreign_pause", "paused"), ("resend", "again"), ("unknown_status", "thawing")]


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_each_is_lifted_once_for_the_keys_where_it_counted(rule: str, key: str) -> None:
    plan = of(once=(rule,))
    assert [change.key for change in plan.changes] == [key]
    assert plan.lifted == (Overridden(rule, (key,)),)


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_a_reviewed_override_lifts_it_for_its_keys(rule: str, key: str) -> None:
    plan = of(Override(rule, (f"{key[:3]}*",), TOMORROW, "agreed"))
    assert [change.key for change in plan.changes] == [key]
    assert plan.lifted == (Overridden(rule, (key,), "agreed", "2026-11-25T12:00:00Z"),)


@pytest.mark.parametrize(("rule", "key"), RULES)
def test_one_for_other_keys_or_that_is_over_lifts_nothing(rule: str, key: str) -> None:
    for override in (Override(rule, ("sms/*",), TOMORROW, "x"), Override(rule, ("*",), NOW, "x")):
        plan = of(override)
        assert plan.empty
        assert plan.lifted == ()


def test_nothing_is_called_lifted_that_was_in_nobodys_way() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), options=Options(overrides=("resend", "foreign_pause")))
    assert plan.lifted == ()


def test_the_age_of_a_plan_that_sends_at_once_may_be_lifted_and_that_is_said() -> None:
    plan = plan_of(
        wanted(IMMEDIATE, "now"), wanted(SCHEDULED, "far"), options=Options(overrides=("max_plan_age",))
    )
    assert plan.lifted == (Overridden("max_plan_age", ("now",)),)
    assert plan_of(wanted(SCHEDULED, "far"), options=Options(overrides=("max_plan_age",))).lifted == ()
