"""`guardrails.collisions`: campaigns that reach the same people too near each other, or too often a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.plan.context import Reading
from campaignctl.plan.model import Objection, Options, Plan
from campaignctl.project.model import Collisions, Guardrails, Override
from campaignctl.schedule.times import format_gmt
from tests.effort import calls
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    NOW,
    PROJECT,
    Spec,
    body,
    live,
    own,
    plan_of,
    record,
    state,
    wanted,
)

HOURS = timedelta(hours=1)
GERMANY = {"countries": {"items": ["DE"], "op": "in"}}
FRANCE = {"countries": {"items": ["FR"], "op": "in"}}


def project(within: timedelta | None = None, most: int | None = None, **more: Any) -> Any:
    return replace(PROJECT, guardrails=Guardrails(collisions=Collisions(within, most)), **more)


def plan(*specs: Spec, options: Options | None = None, **limits: Any) -> Plan:
    desired = [wanted(own(spec, f"k{number}"), f"k{number}") for number, spec in enumerate(specs)]
    return plan_of(*desired, project=project(**limits), options=options)


def objection(plan: Plan) -> Objection:
    (found,) = plan.objections
    return found


def at(time: str, **fields: Any) -> Spec:
    return body(scheduled_time=time, **fields)


def cron(line: str, **fields: Any) -> Spec:
    return body(recurrence={"cron": line}, **fields)


MORNING, NOON = "2036-12-24 10:00:00", "2036-12-24 14:00:00"
LOCAL = {"send_in_profile_time_zone": True}


def test_nothing_objects_unless_it_is_set() -> None:
    assert plan(at(MORNING), at(MORNING)).objections == ()


def test_sends_within_the_time_object_with_both_keys_and_the_first_send() -> None:
    found = objection(plan(at(NOON), at(MORNING), within=4 * HOURS))
    assert (found.guardrail, sorted(found.keys)) == ("collisions", ["k0", "k1"])
    assert "2036-12-24T10:00:00Z" in found.found
    assert found.limit.startswith("4h ")
    assert plan(at(NOON), at(MORNING), within=4 * HOURS - timedelta(minutes=1)).objections == ()


def test_sends_of_years_ahead_are_compared_as_well_as_many_near_ones() -> None:
    near = [at(format_gmt(NOW + timedelta(days=day)), targeting=GERMANY) for day in range(3, 12)]
    far = [at(time, targeting=FRANCE) for time in (MORNING, NOON)]
    found = objection(plan(*near, *far, within=4 * HOURS))
    assert sorted(found.keys) == ["k10", "k9"]


def test_an_override_lifts_it() -> None:
    lifted = plan(at(NOON), at(MORNING), within=4 * HOURS, options=Options(overrides=("collisions",)))
    assert lifted.objections == ()
    assert {one.name for one in lifted.lifted} == {"collisions"}
    standing = Override("collisions", ("k*",), NOW + HOURS, "agreed")
    assert plan(at(NOON), at(MORNING), within=4 * HOURS, overrides=(standing,)).objections == ()


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (at(MORNING, targeting=GERMANY), at(NOON, targeting=FRANCE), False),
        (at(MORNING, targeting=GERMANY), at(NOON, targeting=GERMANY), True),
        (at(MORNING, targeting=GERMANY), at(NOON), True),
        (at(MORNING), at(NOON, targeting=GERMANY), True),
        (cron("0 9 * * *"), cron("0 13 * * *"), True),
        (cron("0 9 * * *"), cron("0 14 * * *"), False),
        (cron("0 9 * * 1"), cron("0 9 * * 2"), False),
        (cron("* * * * *"), cron("0 4 1 10 *"), True),
        (cron("0 12 * * *"), at(MORNING), True),
        (cron("0 15 * * *"), at(MORNING), False),
        # Clock times are compared as such: each recipient gets them a day apart.
        (at(MORNING, **LOCAL), at("2036-12-25 10:00:00", **LOCAL), False),
        (at(MORNING, **LOCAL), at(NOON, **LOCAL), True),
        (cron("0 9 * * *", **LOCAL), cron("0 12 * * *", **LOCAL), True),
        # In some zone they are near each other.
        (at(MORNING, **LOCAL), at("2036-12-23 17:00:00"), True),
        (at(MORNING, **LOCAL), at("2036-12-25 02:00:00"), True),
        (at(MORNING, **LOCAL), at("2036-12-23 15:00:00"), False),
        (at(MORNING, **LOCAL), at("2036-12-25 03:00:00"), False),
        (IMMEDIATE, at("2026-11-24 15:00:00"), True),
        (IMMEDIATE, at("2026-11-24 17:00:00"), False),
        (DRAFT, at(MORNING), False),
    ],
)
def test_whom_and_when(one: Spec, other: Spec, meet: bool) -> None:
    assert bool(plan(one, other, within=4 * HOURS).objections) is meet


def test_a_campaign_does_not_collide_with_itself() -> None:
    assert plan(cron("*/20 * * * *"), within=4 * HOURS).objections == ()


def test_recorded_campaigns_count_only_next_to_what_the_plan_moves() -> None:
    known = state({"old": record(at(MORNING)), "older": record(at(NOON), campaign_id="2")})
    olds = [wanted(at(MORNING), "old"), wanted(at(NOON), "older")]
    limits = project(within=4 * HOURS)
    later = wanted(own(at("2036-12-30 10:00:00"), "new"), "new")
    assert plan_of(*olds, later, known=known, project=limits).objections == ()
    near = wanted(own(at("2036-12-24 18:00:00"), "new"), "new")
    assert objection(plan_of(*olds, near, known=known, project=limits)).keys == ("new",)


def test_a_send_that_has_just_begun_counts_and_a_canceled_one_to_come_does_not() -> None:
    sent = record(at("2026-11-24 11:00:00"), "sent", began="2026-11-24T11:00:00Z")
    soon = wanted(own(at("2026-11-24 14:00:00"), "new"), "new")
    old = wanted(at("2026-11-24 11:00:00"), "old")
    limits = project(within=4 * HOURS)
    assert plan_of(old, soon, known=state({"old": sent}), project=limits).objections
    assert plan_of(old, soon, known=state({"old": sent}), project=project(within=2 * HOURS)).objections == ()
    gone = state({"gone": record(at("2026-11-24 15:00:00"))})
    assert plan_of(soon, known=gone, project=limits).objections == ()


def test_a_send_that_only_this_run_has_seen_begin_counts() -> None:
    eleven = at("2026-11-24 11:00:00")
    plan = plan_of(
        wanted(eleven, "old"),
        wanted(own(at("2026-11-24 14:00:00"), "new"), "new"),
        known=state({"old": record(eleven)}),
        reading=Reading(live={"old": live(eleven, "sent")}),
        options=Options(targets=("new",)),
        project=project(within=4 * HOURS),
    )
    assert objection(plan).keys == ("new",)


def test_sends_to_the_same_people_are_limited_per_day() -> None:
    germans = [at(f"2036-12-24 1{hour}:00:00", targeting=GERMANY) for hour in range(2)]
    french = at(MORNING, targeting=FRANCE)
    assert plan(*germans, french, most=2).objections == ()
    found = objection(plan(*germans, french, at("2036-12-24 20:00:00"), most=2))
    assert (found.found, found.keys) == ("3 sends to the same people on 2036-12-24", ("k0", "k1", "k3"))
    assert objection(plan(cron("0 9,15 * * *"), most=1)).found.endswith("on 2026-11-25")


def test_a_send_for_everyone_counts_for_the_people_of_recorded_campaigns() -> None:
    known = state({"old": record(at(MORNING, targeting=GERMANY))})
    old, new = wanted(at(MORNING, targeting=GERMANY), "old"), wanted(own(at(NOON), "new"), "new")
    found = objection(plan_of(old, new, known=known, project=project(most=1)))
    assert (found.found, found.keys) == ("2 sends to the same people on 2036-12-24", ("new",))


def test_of_dozens_of_recurrences_a_year_is_not_looked_at_run_by_run() -> None:
    specs = [
        cron(
            f"{number % 60} {number % 24} * * *",
            targeting={"languages": {"items": [str(number)], "op": "in"}},
        )
        for number in range(40)
    ]
    far = [at(f"{2040 + number}-01-01 10:00:00") for number in range(20)]
    sends = (*specs, cron("*/20 * * * *"), *far)
    assert calls(lambda: plan(*sends, within=400 * 24 * HOURS, most=1)) < 1_000_000
