"""The calendar of a plan's week, for the comment and the report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import cmarkgfm
import pytest

from campaignctl.errors import PlanRefused
from campaignctl.plan import codec
from campaignctl.plan.model import Plan
from campaignctl.project.model import Collisions, Guardrails
from campaignctl.render.calendar_html import calendar_fragment
from campaignctl.render.calendar_markdown import calendar_markdown
from campaignctl.review.calendar import Calendar
from campaignctl.review.week import calendar_of
from campaignctl.schedule.windows import Window
from tests.plan.planning import (
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    Spec,
    body,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.render.test_calendar_text import HOSTILE
from tests.review.calendars import at, cron, sends


def planned(*specs: Spec, known: Any = None, **limits: Any) -> Plan:
    desired = [wanted(own(spec, f"k{number}"), f"k{number}") for number, spec in enumerate(specs)]
    project = replace(PROJECT, time_zone="Europe/Belgrade", guardrails=Guardrails(**limits))
    return plan_of(*desired, known=known, project=project)


def week(plan: Plan, **neighbours: Spec) -> Calendar:
    found = calendar_of(replace(plan, neighbours=neighbours))
    assert found is not None
    return found


def test_the_week_begins_on_the_day_of_the_first_send() -> None:
    plan = planned(at("2036-12-24 10:00:00"), at("2036-12-23 23:00:00"), at("2037-02-01 10:00:00"))
    found = week(plan, daily=cron("0 9 * * *"), far=at("2037-03-01 10:00:00"))
    assert [day.date for day in found.days] == [date(2036, 12, 24) + timedelta(days=n) for n in range(7)]
    assert sends(found)[:3] == [
        ("k1", "23 23:00", "planned"),
        ("daily", "24 09:00", ""),
        ("k0", "24 10:00", "planned"),
    ]
    assert found.sends == 9


def test_of_today_only_what_comes_after_the_plan() -> None:
    found = week(planned(cron("0 * * * *")))
    assert sends(found)[0] == ("k0", "24 13:00", "planned")
    assert found.days[0].date == NOW.date()


@pytest.mark.parametrize("spec", [IMMEDIATE, MANUAL])
def test_without_a_send_to_come_there_is_no_week(spec: Spec) -> None:
    assert calendar_of(planned(spec)) is None


def test_a_send_that_is_moved_is_shown_where_it_was_and_where_it_will_be() -> None:
    spec = own(at("2036-12-24 10:00:00"), "k0")
    known = state({"k0": record({**spec, "scheduled_time": "2036-12-26 10:00:00"})})
    plan = planned(spec, known=known)
    assert sends(week(plan)) == [("k0", "24 10:00", "planned"), ("k0", "26 10:00", "outdated")]


def test_a_send_that_stays_where_it_is_is_not_called_new() -> None:
    spec = own(at("2036-12-24 10:00:00"), "k0")
    plan = planned(spec, known=state({"k0": record(own(spec, "old text"))}))
    assert sends(week(plan)) == [("k0", "24 10:00", "")]


def test_collisions_and_freezes_are_those_of_the_settings_also_of_a_saved_plan() -> None:
    start = datetime(2036, 12, 24, tzinfo=NOW.tzinfo)
    freeze = Window(start=start, end=start + timedelta(days=1), reason="feast")
    plan = planned(at("2036-12-24 10:00:00"), collisions=Collisions(timedelta(hours=4), 1), freeze=(freeze,))
    saved = codec.decode(json.dumps(codec.encode(plan)), where="plan")
    for each in (plan, saved):
        found = week(each, other=at("2036-12-24 12:00:00"))
        assert [one.kind for one in found.collisions] == ["many", "near"]
        assert found.freezes[0].reason == "feast"
        assert found.entries[0].frozen


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("guardrails.collisions.within", ["1d"]),
        ("guardrails.collisions.within", "often"),
        ("guardrails.collisions.max_per_day", {}),
        ("guardrails.collisions.max_per_day", ["x"]),
        ("guardrails.freeze", ["2036-12-24"]),
        ("guardrails.freeze", [None]),
        ("guardrails.freeze", 5),
        ("guardrails.freeze", [{"from": 5}]),
    ],
)
def test_settings_of_no_known_form_are_refused_in_words(name: str, value: object) -> None:
    plan = planned(at("2036-12-24 10:00:00"))
    with pytest.raises(PlanRefused, match="settings that cannot be shown"):
        calendar_of(replace(plan, settings={**(plan.settings or {}), name: value}))


def test_lines_of_a_comment() -> None:
    plan = planned(at("2036-12-24 10:00:00"), collisions=Collisions(timedelta(hours=4)))
    lines = calendar_markdown(week(plan, other=at("2036-12-24 12:00:00")))
    assert lines[1].startswith("- **Collision** Wed 24 Dec 2036: 2 campaigns to everyone within")
    assert lines[2].startswith(
        "- Wed 24 Dec 2036: 11:00 (10:00 GMT) `k0` to everyone, not applied yet; 13:00"
    )
    many = {f"n{number}": at("2036-12-24 12:00:00") for number in range(50)}
    assert "and 47 more" in calendar_markdown(week(plan, **many))[-1]


def test_hostile_neighbours_are_code() -> None:
    plan = planned(at("2036-12-24 10:00:00", name=HOSTILE), collisions=Collisions(timedelta(hours=4)))
    targeting = {"custom_properties": {HOSTILE: {"items": [HOSTILE], "op": "in"}}}
    found = week(plan, **{HOSTILE: body(scheduled_time="2036-12-24 11:00:00", targeting=targeting)})
    text = "\n".join(calendar_markdown(found))
    assert not {"\x1b", "\u202e", "\r"} & set(text)
    html = cmarkgfm.github_flavored_markdown_to_html(text)
    assert "<img" not in html
    assert "<a " not in html
    assert "<img" not in calendar_fragment(found)


def test_a_plan_names_the_recorded_campaigns_of_its_week() -> None:
    specs = {
        "daily": cron("0 9 * * *"),
        "same day": at("2036-12-24 01:00:00"),
        "later": at("2036-12-31 10:00:00"),
        "canceled": at("2036-12-24 10:00:00"),
    }
    known = state({key: record(spec, campaign_id=key) for key, spec in specs.items()})
    kept = [wanted(spec, key) for key, spec in specs.items() if key != "canceled"]
    plan = plan_of(*kept, wanted(own(at("2036-12-24 10:00:00"), "new"), "new"), known=known)
    assert set(plan.neighbours) == {"daily", "same day"}
    assert plan.neighbours["daily"] == {"name": "Welcome", "recurrence": {"cron": "0 9 * * *"}}
    saved = codec.decode(json.dumps(codec.encode(plan)), where="plan")
    assert saved.neighbours == plan.neighbours
    found = calendar_of(plan)
    assert found is not None
    assert [one for one in sends(found) if one[1].startswith("24")] == [
        ("same day", "24 01:00", ""),
        ("daily", "24 09:00", ""),
        ("new", "24 10:00", "planned"),
    ]
    assert plan_of(*kept, known=known).neighbours == {}
