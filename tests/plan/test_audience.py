"""The audience of a plan: what does not certainly narrow is everyone, in every output and for guardrails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.diff.audience import widened
from campaignctl.plan import codec
from campaignctl.plan.model import Action, Plan
from campaignctl.project.model import Guardrails
from campaignctl.render.cuts import Cuts
from campaignctl.render.markdown import warnings_section
from campaignctl.render.markdown_changes import changes_section
from campaignctl.render.plan import plan_text
from campaignctl.review.review import review_of
from tests.plan.planning import (
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    only,
    plan_of,
    record,
    state,
    wanted,
)

GERMANY = {"items": ["DE"], "op": "in"}

EVERYONE: dict[str, dict[str, Any]] = {
    "no condition": {},
    "an unknown field": {"country": GERMANY},
    "a field of segments": {"os": GERMANY},
    "no items": {"countries": {"items": [], "op": "in"}},
    "blank items": {"languages": {"items": [" ", ""], "op": "in"}},
    "every value": {"countries": {"items": ["DE", "*"], "op": "in"}},
    "another operator": {"countries": {"items": ["DE"], "op": "nin"}},
    "no operator": {"countries": {"items": ["DE"]}},
    "an unknown field of a condition": {"countries": {**GERMANY, "any": True}},
    "an empty condition": {"countries": {}},
    "a bare list": {"countries": ["DE"]},
    "a bare value": {"countries": "DE"},
    "no property": {"custom_properties": {}},
    "a property without items": {"custom_properties": {"tier": {"items": [], "op": "in"}}},
    "an empty range": {"profile_age": {}},
    "every age": {"profile_age": {"from": 0}},
    "every age from before birth": {"profile_age": {"from": -1}},
    "an age alone": {"profile_age": 5},
    "a list of ages": {"profile_age": [1, 5]},
    "ages as text": {"profile_age": {"from": "1", "to": "5"}},
    "several that do not count": {"country": GERMANY, "profile_age": {}, "custom_properties": {}},
}
NARROWED: dict[str, dict[str, Any]] = {
    "a country": {"countries": GERMANY},
    "a language": {"languages": GERMANY},
    "a property": {"custom_properties": {"tier": GERMANY}},
    "an age": {"profile_age": {"from": 1}},
    "ages from 0 with an end": {"profile_age": {"from": 0, "to": 10}},
    "an end alone": {"profile_age": {"to": 10}},
}


def plan(targeting: Any, spec: Spec = SCHEDULED, **limits: Any) -> Plan:
    """The plan that creates one campaign with this targeting."""
    return plan_of(
        wanted({**spec, "targeting": targeting}), project=replace(PROJECT, guardrails=Guardrails(**limits))
    )


@pytest.mark.parametrize("spec", [SCHEDULED, RECURRING, MANUAL])
@pytest.mark.parametrize("name", EVERYONE)
def test_what_does_not_certainly_narrow_is_everyone(name: str, spec: Spec) -> None:
    made = plan(EVERYONE[name], spec, require_targeting=True)
    assert only(made).audience == "everyone"
    assert [each.guardrail for each in made.objections] == ["require_targeting"]


@pytest.mark.parametrize("name", NARROWED)
def test_a_documented_condition_narrows(name: str) -> None:
    made = plan(NARROWED[name], require_targeting=True)
    assert (only(made).audience, made.objections) == (NARROWED[name], ())
    assert only(made).warnings == ()


@pytest.mark.parametrize("name", list(EVERYONE)[1:])
def test_json_text_and_markdown_say_the_same(name: str) -> None:
    made = plan(EVERYONE[name])
    (change,) = codec.encode(made)["changes"]
    assert change["audience"] == "everyone"
    assert "reaches: everyone (no condition certainly narrows it)" in plan_text(
        review_of(made), color=False, now=NOW
    )
    assert "Reaches: **everyone**" in changes_section(review_of(made), Cuts(), lambda _: "").items[0]
    paths = only(made).warnings[0].removeprefix("may not narrow the audience, so not counted: ")
    assert all(path.startswith("targeting/") for path in paths.split(", "))
    assert "may not narrow the audience" in warnings_section(made, Cuts()).items[0]


def test_only_what_narrows_is_the_audience() -> None:
    change = only(
        plan({"country": GERMANY, "languages": GERMANY, "custom_properties": {"a": {}, "b": GERMANY}})
    )
    assert change.audience == {"languages": GERMANY, "custom_properties": {"b": GERMANY}}
    assert change.warnings == (
        "may not narrow the audience, so not counted: targeting/country, targeting/custom_properties/a",
    )


@pytest.mark.parametrize("name", EVERYONE)
@pytest.mark.parametrize("narrow", NARROWED)
def test_an_update_from_a_narrow_audience_to_everyone_arms(narrow: str, name: str) -> None:
    known = state({KEY: record({**SCHEDULED, "targeting": NARROWED[narrow]})})
    change = only(
        plan_of(wanted({**SCHEDULED, "targeting": EVERYONE[name]}, manifest="sha256:new"), known=known)
    )
    assert (change.action, change.arms, change.audience) == (Action.UPDATE, True, "everyone")


GEO: Spec = {"area": {"op": "in", "items": ["a"]}}


@pytest.mark.parametrize(
    ("after", "wider"),
    [
        ({**GEO}, False),
        ({**GEO, "city": {"op": "in", "items": ["b"]}}, False),
        ({**GEO, "km": 50}, True),
        ({"area": {"op": "in", "items": ["a", "b"]}}, True),
    ],
)
def test_a_condition_in_parts_that_gets_a_value_of_no_known_meaning_may_reach_more(
    after: Spec, *, wider: bool
) -> None:
    assert widened({"geo": GEO}, {"geo": after}) is wider


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        ("germany", GEO, True),
        ([GEO], GEO, True),
        (1.5, None, True),
        ([], GEO, False),
        (GEO, "germany", True),
        ("germany", "germany", False),
    ],
)
def test_of_a_targeting_that_is_no_object_every_change_may_reach_more(
    before: Any, after: Any, *, wider: bool
) -> None:
    assert widened(before, after) is wider
