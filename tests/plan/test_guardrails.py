"""The four guardrails: their exact limits, and how they are lifted by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan import guardrails
from campaignctl.plan.context import Reading
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.project.model import Guardrails
from campaignctl.schedule.humanize import duration_text
from campaignctl.schedule.times import format_gmt
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

FORGET = Lifecycle(on_destroy="forget")


def found(plan: Plan) -> list[str]:
    """The guardrails that object."""
    return [objection.guardrail for objection in plan.objections]


def without(
    gone: int, of: int, *, applied: Spec = SCHEDULED, status: str = "scheduled", **options: Any
) -> Plan:
    """A plan in which some recorded campaigns are no longer declared."""
    lifecycle = options.pop("lifecycle", Lifecycle())
    keys = [f"k{number:02d}" for number in range(of)]
    known = state({key: record(applied, status, key, lifecycle=lifecycle) for key in keys})
    desired = [wanted(applied, key) for key in keys[gone:]]
    return plan_of(*desired, known=known, options=Options(**options))


@pytest.mark.parametrize(
    ("gone", "of", "objects"),
    [(2, 2, False), (3, 10, False), (3, 9, True), (4, 10, True), (30, 100, False), (31, 100, True)],
)
def test_destroying_counts_from_three_campaigns_above_the_limit(gone: int, of: int, objects: bool) -> None:
    assert found(without(gone, of)) == (["max_destroy_percent"] if objects else [])


def test_an_objection_names_the_finding_the_limit_and_the_keys(golden: Golden) -> None:
    plan = without(4, 10)
    (objection,) = plan.objections
    golden("found", objection.found)
    assert objection.limit == "30 %"
    assert objection.keys == ("k00", "k01", "k02", "k03")
    assert plan.refused
    assert len(plan.changes) == 4


def test_forgetting_counts_if_the_campaign_can_still_send() -> None:
    assert found(without(4, 4, lifecycle=FORGET)) == ["max_destroy_percent"]
    assert not found(without(4, 4, applied=DRAFT, status="draft"))
    assert not found(without(4, 4, applied=MANUAL, status="manual", lifecycle=FORGET))


def test_the_observed_status_counts_over_the_recorded_one() -> None:
    keys = ["a", "b", "c", "d"]
    known = state({key: record(SCHEDULED, "scheduled", key) for key in keys})
    sent = plan_of(known=known, reading=Reading(live={key: live(SCHEDULED, "sent", key) for key in keys}))
    assert not sent.objections
    drafts = state({key: record(DRAFT, "draft", key, lifecycle=FORGET) for key in keys})
    launched = Reading(live={key: live(SCHEDULED, "scheduled", key) for key in keys})
    assert found(plan_of(known=drafts, reading=launched)) == ["max_destroy_percent"]


def test_final_campaigns_do_not_count() -> None:
    over = {f"s{number}": record(SCHEDULED, "sent", f"s{number}") for number in range(20)}
    alive = {f"k{number}": record(SCHEDULED, campaign_id=f"k{number}") for number in range(3)}
    lives = {key: live(SCHEDULED, "scheduled", key) for key in alive}
    plan = plan_of(known=state({**over, **alive}), reading=Reading(live=lives))
    assert plan.objections[0].found.startswith("3 of 3 ")


@pytest.mark.parametrize(("count", "objects"), [(3, False), (4, True)])
def test_immediate_sends_are_counted(count: int, objects: bool) -> None:
    plan = plan_of(*(wanted(own(IMMEDIATE, f"{n}"), f"k{n}") for n in range(count)))
    assert found(plan) == (["max_immediate_sends"] if objects else [])


def test_immediate_sends_count_updates_too() -> None:
    known = state({f"k{n}": record({**MANUAL, "name": f"{n}"}, "manual", f"{n}") for n in range(4)})
    plan = plan_of(*(wanted(own(IMMEDIATE, f"{n}"), f"k{n}") for n in range(4)), known=known)
    assert found(plan) == ["max_immediate_sends"]


def soon(**ahead: float) -> Spec:
    """A campaign that is scheduled this long from now."""
    return {**SCHEDULED, "scheduled_time": format_gmt(NOW + timedelta(**ahead))}


@pytest.mark.parametrize(
    ("spec", "objects"),
    [
        (soon(minutes=10), False),
        (soon(minutes=10, seconds=-1), True),
        ({**soon(hours=14, minutes=10), "send_in_profile_time_zone": True}, False),
        ({**soon(hours=14, minutes=9), "send_in_profile_time_zone": True}, True),
        ({**soon(minutes=1), "is_draft": True}, False),
        ({**MANUAL, "recurrence": {"cron": "9 12 * * *"}}, True),
        ({**MANUAL, "recurrence": {"cron": "10 12 * * *"}}, False),
        (IMMEDIATE, False),
    ],
)
def test_lead_time_before_the_first_possible_send(spec: Spec, objects: bool) -> None:
    assert found(plan_of(wanted(spec))) == (["min_lead_time"] if objects else [])


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=9), "is possible at 2026-11-24T12:09:00Z, 9m from now"),
        (timedelta(seconds=1), "is possible at 2026-11-24T12:00:01Z, 1s from now"),
        (timedelta(), "is possible at 2026-11-24T12:00:00Z, less than a second from now"),
        (timedelta(seconds=-1), "was possible at 2026-11-24T11:59:59Z, 1s ago"),
        (timedelta(hours=-3), "was possible at 2026-11-24T09:00:00Z, 3 hours ago"),
    ],
)
def test_a_first_send_is_said_to_come_or_to_be_past(ahead: timedelta, said: str) -> None:
    at = format_gmt(NOW + ahead + timedelta(hours=14))
    plan = plan_of(wanted({**SCHEDULED, "scheduled_time": at, "send_in_profile_time_zone": True}))
    (objection,) = plan.objections
    assert objection.found == f"the first send {said}"


#: NOW is a Tuesday, 12:00: a run at 9 o'clock is under way in the zones from UTC-3 on.
ZONED: Spec = {**MANUAL, "recurrence": {"cron": "0 9 * * 2"}, "send_in_profile_time_zone": True}
PASSED = {"send_if_profile_time_passed": True}


@pytest.mark.parametrize(
    ("fields", "minutes", "objects"),
    [
        ({}, 15, False),
        ({}, 16, True),
        ({"is_draft": True}, 60, False),
        ({"send_in_profile_time_zone": False}, 60, False),
        ({"recurrence": {"cron": "0 9 * * 4"}}, 60, False),
        ({"recurrence": {"cron": "0 0 * * 2"}}, 60, False),
        ({"recurrence": {"cron": "0 2 * * 3"}}, 60, True),
        (PASSED, 1, True),
        ({**PASSED, "recurrence": {"cron": "0 9 * * 4"}}, 60, False),
        ({**PASSED, "recurrence": {"cron": "0 0 * * 2"}}, 60, False),
    ],
)
def test_the_lead_time_counts_from_a_run_that_is_under_way_in_the_zones(
    fields: Spec, minutes: int, *, objects: bool
) -> None:
    """It goes on in the next zone, at a quarter past; in those that it has passed at once, if asked for."""
    limits = replace(PROJECT, guardrails=Guardrails(min_lead_time=timedelta(minutes=minutes)))
    plan = plan_of(wanted({**ZONED, **fields}), project=limits)
    assert found(plan) == (["min_lead_time"] if objects else [])
    if objects:
        lifted = plan_of(
            wanted({**ZONED, **fields}), project=limits, options=Options(overrides=("min_lead_time",))
        )
        assert not lifted.objections


def test_a_run_under_way_counts_for_whom_a_change_adds() -> None:
    narrow = {**ZONED, "targeting": {"countries": {"items": ["DE"], "op": "in"}}}
    plan = plan_of(
        wanted(ZONED, "a", manifest="new"),
        known=state({"a": record(narrow)}),
        project=replace(PROJECT, guardrails=Guardrails(min_lead_time=timedelta(minutes=16))),
    )
    assert found(plan) == ["min_lead_time"]
    assert "2026-11-24T12:15:00Z" in plan.objections[0].found


def test_a_run_under_way_is_checked_again_directly_before_the_request() -> None:
    limits = Guardrails()
    change = only(plan_of(wanted(ZONED), now=NOW + timedelta(minutes=1)))
    assert guardrails.at_request(change, limits, NOW + timedelta(minutes=1), Lifts()) is None
    late = guardrails.at_request(change, limits, NOW + timedelta(minutes=6), Lifts())
    assert late
    assert "less than 10m away" in late[0]


def test_a_resume_sends_at_its_one_time() -> None:
    paused = record(ZONED, "paused", paused_by_us=True)
    plan = plan_of(
        wanted(ZONED, KEY),
        known=state({KEY: paused}),
        reading=Reading(live={KEY: live(ZONED, "paused")}),
        project=replace(PROJECT, guardrails=Guardrails(min_lead_time=timedelta(hours=1))),
    )
    assert only(plan).action is Action.RESUME
    assert not plan.objections


def test_the_lead_time_limits_only_arming_changes() -> None:
    spec = soon(minutes=1)
    known = state({"a": record(spec)})
    assert not plan_of(wanted({**spec, "name": "New"}, "a"), known=known).objections


def test_a_first_send_in_the_past_is_called_ago() -> None:
    plan = plan_of(wanted({**soon(hours=13), "send_in_profile_time_zone": True}))
    assert plan.objections[0].found.endswith("1h ago")


def test_a_first_send_long_ago_is_told_in_hours() -> None:
    plan = plan_of(wanted({**soon(hours=-4), "send_in_profile_time_zone": True}))
    assert plan.objections[0].found.endswith("18 hours ago")


@pytest.mark.parametrize(
    ("plan", "guardrail"),
    [
        (lambda lifted: without(4, 4, overrides=lifted), "max_destroy_percent"),
        (
            lambda lifted: plan_of(
                *(wanted(own(IMMEDIATE, f"{n}"), f"k{n}") for n in range(4)),
                options=Options(overrides=lifted),
            ),
            "max_immediate_sends",
        ),
        (
            lambda lifted: plan_of(wanted(soon(minutes=1)), options=Options(overrides=lifted)),
            "min_lead_time",
        ),
    ],
)
def test_each_is_lifted_by_its_own_name_only(plan: Any, guardrail: str) -> None:
    names = ("max_destroy_percent", "max_immediate_sends", "min_lead_time", "max_plan_age")
    assert not found(plan((guardrail,)))
    assert found(plan(tuple(name for name in names if name != guardrail))) == [guardrail]
    assert plan((guardrail,)).overrides == (guardrail,)


def until(*specs: Spec, lifted: tuple[str, ...] = (), **limits: Any) -> datetime | None:
    """The end of validity of a plan that creates these."""
    project = replace(PROJECT, guardrails=Guardrails(**limits))
    desired = (wanted(own(spec, f"{n}"), f"k{n}") for n, spec in enumerate(specs))
    return plan_of(*desired, project=project, options=Options(overrides=lifted)).valid_until


def test_valid_until_the_lead_time_before_the_earliest_one_off() -> None:
    assert until(soon(hours=5), soon(hours=3), MANUAL) == NOW + timedelta(hours=2, minutes=50)
    assert until(soon(hours=3), lifted=("min_lead_time",)) == NOW + timedelta(hours=3)
    assert until(soon(hours=3), min_lead_time=timedelta(hours=1)) == NOW + timedelta(hours=2)


def test_valid_until_the_maximum_age_if_a_change_sends_at_once() -> None:
    assert until(IMMEDIATE, soon(hours=5)) == NOW + timedelta(hours=1)
    assert until(IMMEDIATE, max_plan_age=timedelta(minutes=5)) == NOW + timedelta(minutes=5)
    assert until(IMMEDIATE, lifted=("max_plan_age",)) is None


def test_a_plan_that_sends_nothing_has_no_limit() -> None:
    assert until(MANUAL, {**soon(hours=1), "is_draft": True}) is None


def test_a_recurring_campaign_limits_by_its_first_run_only_after_a_create() -> None:
    assert until(RECURRING) == NOW.replace(day=25, hour=8, minute=50)
    known = state({"a": record(RECURRING)})
    edited = {**RECURRING, "recurrence": {"cron": "0 8 * * *"}}
    plan = plan_of(wanted(edited, "a"), known=known)
    assert plan.changes[0].arms
    assert plan.valid_until is None


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=45), "45s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=119), "119s"),
        (timedelta(seconds=120), "2m"),
        (timedelta(seconds=599), "9m"),
        (timedelta(minutes=10), "10m"),
        (timedelta(hours=2), "2h"),
        (timedelta(days=3), "3d"),
    ],
)
def test_durations_in_words(duration: timedelta, text: str) -> None:
    assert duration_text(duration) == text
