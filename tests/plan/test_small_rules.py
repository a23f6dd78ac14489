"""Rules that a change, a write or a campaign passes or not, by their values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import PlanRefused
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import guardrails, proof, reviewed, rows, twin_rules, twins
from campaignctl.plan.context import PlanContext, Reading, without_markers
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Action, Change, Options, Request
from campaignctl.plan.subject import Subject
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import format_gmt, parse_iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import AT_ONCE
from tests.plan.planning import (
    ID,
    KEY,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    body,
    intent,
    live,
    own,
    plan_of,
    record,
    state,
    wanted,
)

SECOND = timedelta(seconds=1)
LATER = Change(KEY, Action.UPDATE, ID, "m", "r", sends=Sends("scheduled", (NOW,)), spec=SCHEDULED)
NOW_AT_ONCE = replace(LATER, sends=Sends("immediately"), arms=True)


@pytest.mark.parametrize(
    ("change", "lifted", "expires"),
    [
        (LATER, (), True),
        (LATER, ("resend",), False),
        (LATER, ("min_lead_time",), False),
        (LATER, ("max_plan_age",), True),
        (NOW_AT_ONCE, (), True),
        (NOW_AT_ONCE, ("resend", "min_lead_time"), True),
        (NOW_AT_ONCE, ("max_plan_age",), False),
    ],
)
def test_a_reviewed_change_expires_unless_its_rule_is_lifted(
    change: Change, lifted: tuple[str, ...], expires: bool
) -> None:
    lifts = Lifts(frozenset(lifted))
    assert guardrails.expired(change, NOW - SECOND, NOW, lifts) is expires
    assert not guardrails.expired(change, NOW, NOW, lifts)
    assert not guardrails.expired(change, None, NOW, lifts)


@pytest.mark.parametrize(
    ("fields", "starts"),
    [
        ({"action": Action.CREATE}, True),
        ({"action": Action.REPLACE}, True),
        ({"action": Action.RESUME}, True),
        ({"action": Action.UPDATE}, False),
        ({"action": Action.UPDATE, "arms": True}, True),
        ({"action": Action.UPDATE, "changes_sends": True}, True),
        ({"action": Action.CREATE, "spec": None}, False),
        ({"action": Action.CREATE, "sends": Sends("manual")}, False),
        ({"action": Action.CREATE, "sends": Sends("never")}, False),
        ({"action": Action.CREATE, "sends": Sends("recurring")}, True),
        ({"action": Action.UPDATE, "arms": True, "requests": (Request("set-winner", ID, {}),)}, False),
    ],
)
def test_a_change_starts_what_it_lets_send_anew(fields: dict[str, Any], starts: bool) -> None:
    assert twin_rules.starts(replace(LATER, **fields)) is starts


@pytest.mark.parametrize(
    ("fields", "at_once"),
    [
        ({"operation": "create"}, True),
        ({"operation": "update", "id": ID}, True),
        ({"operation": "winner", "id": ID}, True),
        ({"operation": "replace", "id": ID}, False),
        ({"operation": "replace", "id": ID, "ended": True}, True),
        ({"operation": "create", "first_send": None}, False),
    ],
)
def test_an_unsettled_write_sends_at_once_once_it_can(fields: dict[str, Any], at_once: bool) -> None:
    write = replace(intent(SCHEDULED, first_send=AT_ONCE), **fields)
    found = proof.unknown("a", write)
    assert (found.key, found.intent, found.at_once) == ("a", write.intent, at_once)
    assert found.reason.startswith(f"unsettled: the outcome of its {write.operation} is unknown")
    assert found.hint == "campaignctl apply"


def test_a_text_that_the_api_rewrites_hides_no_content() -> None:
    stored = live({**SCHEDULED, "messages": [{"channel": "push", "push": {"title": {"en": "Hello!"}}}]})
    accepts = Lifecycle(accept_stored=("messages/*/push/title",))
    assert twins.is_stored_as(stored, wanted(SCHEDULED, lifecycle=accepts))
    assert not twins.is_stored_as(stored, wanted(SCHEDULED))
    assert not twins.is_stored_as(live(SCHEDULED), wanted(SCHEDULED)), "compared as it is elsewhere"


@pytest.mark.parametrize(
    ("markers", "shown", "says"),
    [
        (True, True, None),
        (True, None, None),
        (True, False, "this account does not return markers: "),
        (False, True, "`api.markers` is off: "),
        (False, False, "`api.markers` is off: "),
    ],
)
def test_what_it_costs_that_markers_do_not_work(markers: bool, shown: bool | None, says: str | None) -> None:
    project = replace(PROJECT, api=replace(PROJECT.api, markers=markers))
    known = state()
    told = without_markers(project, replace(known, account=replace(known.account, markers=shown)))
    assert (told or "").startswith(says or "")
    assert bool(told) is bool(says)
    assert bool(without_markers(project, None)) is not markers


def test_of_two_creates_with_one_content_one_has_to_change() -> None:
    found = plan_of(wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b")).blocked
    assert found
    assert all(one.hint.startswith("give one of them another content, audience or time") for one in found)


def test_a_send_that_is_too_soon_is_told_by_how_far_it_is_away() -> None:
    soon = body(scheduled_time=f"{NOW + timedelta(hours=3):%Y-%m-%d %H:%M:%S}")
    limits = replace(PROJECT.guardrails, min_lead_time=timedelta(hours=5))
    (objection,) = plan_of(wanted(soon), project=replace(PROJECT, guardrails=limits)).objections
    assert "3 hours from now" in objection.found


@pytest.mark.parametrize(
    ("status", "halted", "why"),
    [("paused", False, "declared active again"), ("scheduled", False, None), ("paused", True, None)],
)
def test_only_what_is_paused_and_not_halted_is_resumed(status: str, halted: bool, why: str | None) -> None:
    mark = Halts(
        (Halt("h", (KEY,), "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z"),) if halted else ()
    )
    known = record(SCHEDULED, status, paused_by_us=True)
    one = Subject(KEY, known, live(SCHEDULED, status), True, wanted(SCHEDULED), halts=mark, now=NOW)
    ctx = PlanContext(DesiredState(PROJECT, {}, "d"), state(), Reading(), Options(), NOW)
    assert rows.why_resumed(ctx, one) == why


@pytest.mark.parametrize(("mine", "theirs", "fits"), [("a", "a", True), ("a", "b", False), ("a", None, True)])
def test_a_saved_plan_is_for_the_project_of_its_id(mine: str, theirs: str | None, fits: bool) -> None:
    plan, project = replace(plan_of(), project_id=theirs), replace(PROJECT, id=mine)
    if fits:
        reviewed.check_scope(plan, project)
        return
    with pytest.raises(PlanRefused, match="the project with the id b"):
        reviewed.check_scope(plan, project)


def test_what_a_change_writes_counts_when_it_is_checked_again() -> None:
    known, shown = record(SCHEDULED, baseline={}), live({**SCHEDULED, "labels": ["theirs"]})
    reading = Reading(live={KEY: shown})
    desired = wanted({**SCHEDULED, "labels": ["ours"]}, manifest="new")
    (change,) = plan_of(desired, known=state({KEY: known}), reading=reading).changes
    assert reviewed.as_planned(change, known, shown)
    assert not reviewed.as_planned(change, known, live(SCHEDULED))


@pytest.mark.parametrize("touched", ["canceled", "replaced", "moved", "text", "left"])
def test_what_a_plan_stops_or_moves_is_no_neighbour(touched: str) -> None:
    other = own(SCHEDULED, "Other")
    moved = {**other, "scheduled_time": "2036-12-25 10:00:00"}
    wants = {"moved": moved, "text": own(SCHEDULED, "Another")}.get(touched, other)
    others = [] if touched == "canceled" else [wanted(wants, "other", manifest=f"sha256:{touched}")]
    options = Options(replace=("other",) if touched == "replaced" else ())
    known = state({"other": record(other, "scheduled", "7")})
    plan = plan_of(wanted(SCHEDULED), *others, known=known, options=options)
    told = {"name": other["name"], "scheduled_time": other["scheduled_time"]}
    assert plan.neighbours == ({"other": told} if touched in ("text", "left") else {})


def test_of_many_neighbours_a_hundred_are_kept() -> None:
    specs = {f"k{n:03}": own(SCHEDULED, f"{n}") for n in range(102)}
    known = {key: record(spec, "scheduled", key) for key, spec in specs.items()}
    others = (wanted(spec, key) for key, spec in specs.items())
    plan = plan_of(wanted(SCHEDULED), *others, known=state(known))
    assert sorted(plan.neighbours) == [f"k{n:03}" for n in range(100)]


@pytest.mark.parametrize(
    ("status", "days", "near"),
    [("scheduled", 1, True), ("running", 1, True), ("paused", 1, False), ("scheduled", 60, False)],
)
def test_campaigns_that_send_near_a_change_are_kept_with_the_plan(status: str, days: int, near: bool) -> None:
    at = format_gmt(parse_iso("2036-12-24T10:00:00Z") + timedelta(days=days))
    other = {**own(SCHEDULED, "Other"), "scheduled_time": at}
    plan = plan_of(
        wanted(SCHEDULED), wanted(other, "other"), known=state({"other": record(other, status, "7")})
    )
    assert set(plan.neighbours) == ({"other"} if near else set())


@pytest.mark.parametrize("days", [1, 3, 6, 8, 400])
def test_a_send_that_is_past_has_neighbours_only_in_the_rest_of_its_week(days: int) -> None:
    past = own({**SCHEDULED, "scheduled_time": format_gmt(NOW - timedelta(days=days))}, "Past")
    known = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(RECURRING, campaign_id="2")})
    reading, again = Reading(refreshed=False), Options(refresh=False, replace=("a",))
    # It runs at nine: of the last day of that week, which is today, no run is left.
    plan = plan_of(wanted(past, "a"), wanted(RECURRING, "b"), known=known, reading=reading, options=again)
    assert [change.key for change in plan.changes] == ["a"]
    assert set(plan.neighbours) == ({"b"} if days < 6 else set())


@pytest.mark.parametrize(
    ("read", "known", "company"),
    [("7", True, "7"), (None, True, "6197120"), (None, False, "8"), ("7", False, "7")],
)
def test_the_company_is_that_of_the_read_else_the_recorded_else_the_pinned_one(
    read: str | None, known: bool, company: str
) -> None:
    plan = plan_of(
        known=state() if known else None,
        reading=Reading(company_id=read),
        project=replace(PROJECT, company_id="8"),
    )
    assert plan.company_id == company
