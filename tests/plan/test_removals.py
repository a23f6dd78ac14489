"""A field that is taken out of a manifest is taken out of live, at any depth, or it is said that it stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.diff import alike, refused
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from tests.diff.json_values import specs, unhurried
from tests.diff.test_merge_patch import comparable, patched
from tests.plan.planning import ID, KEY, SCHEDULED, Spec, live, message, only, plan_of, record, state, wanted

MARKER = "v1 0123456789ab 0123456789ab intent-of-old"
TEST = {"test_split": 30, "winning_metric": "click_rate", "winner_delivery_mode": "manual"}
TWO = [message(name="a"), message(name="b")]


def of(before: Spec, after: Spec, shown: Live | None = None, **fields: Any) -> Plan:
    """The plan that edits one recorded campaign."""
    return plan_of(
        wanted(after, manifest="sha256:edited"),
        known=state({KEY: record(before, **fields)}),
        reading=Reading(live={KEY: shown or marked(before)}),
    )


def marked(spec: Spec) -> Live:
    """The campaign as live, with our marker."""
    return live(spec, metadata={**spec.get("metadata", {}), "campaignctl": MARKER})


def applied_to(shown: Live, plan: Plan) -> Spec:
    """The fields of live after the merge patch of the plan (RFC 7386), without our marker."""
    (request,) = plan.changes[-1].requests
    found = patched(dict(shown.fields), request.body)
    metadata = {name: value for name, value in found.get("metadata", {}).items() if name != "campaignctl"}
    return {name: value for name, value in found.items() if name not in ("id", "status", "metadata")} | (
        {"metadata": metadata} if metadata else {}
    )


REMOVALS: dict[str, tuple[Spec, Spec]] = {
    "inside metadata": ({"metadata": {"a": {"b": 1, "c": 2}}}, {"metadata": {"a": {"b": 1}}}),
    "deep inside metadata": (
        {"metadata": {"a": {"b": {"c": {"d": 1, "e": 2}}}, "z": 1}},
        {"metadata": {"a": {"b": {"c": {"d": 3}}}, "z": 1}},
    ),
    "all inside an object of metadata": ({"metadata": {"a": {"b": 1}}}, {"metadata": {"a": {}}}),
    "an object of metadata": ({"metadata": {"a": {"b": 1}, "c": "2"}}, {"metadata": {"c": "2"}}),
    "metadata": ({"metadata": {"a": {"b": 1}}}, {}),
    "inside quiet hours": ({"quiet_hours": {"a": {"b": 1, "c": 2}}}, {"quiet_hours": {"a": {"b": 1}}}),
    "quiet hours": ({"quiet_hours": {"a": 1}}, {}),
    "an event of callbacks": (
        {"callbacks": {"push": {"on_click": ["https://a.example"], "on_wokenup": ["https://b.example"]}}},
        {"callbacks": {"push": {"on_click": ["https://a.example"]}}},
    ),
    "a channel of callbacks": (
        {"callbacks": {"push": {"on_click": ["https://a.example"]}, "sms": {"on_click": []}}},
        {"callbacks": {"push": {"on_click": ["https://a.example"]}}},
    ),
    "a URL of callbacks": (
        {"callbacks": {"push": {"on_click": ["https://a.example", "https://b.example"]}}},
        {"callbacks": {"push": {"on_click": ["https://a.example"]}}},
    ),
    "a parameter of tracking": (
        {"utm_tracking": {"utm_source": "x", "utm_medium": "y"}},
        {"utm_tracking": {"utm_medium": "y"}},
    ),
    "tracking": ({"utm_tracking": {"enabled": 0, "utm_source": "x"}}, {}),
    "a condition of targeting": (
        {"targeting": {"countries": {"items": ["DE"], "op": "in"}, "profile_age": {"from": 1, "to": 2}}},
        {"targeting": {"profile_age": {"from": 1, "to": 2}}},
    ),
    "an end of an age": (
        {"targeting": {"profile_age": {"from": 1, "to": 2}}},
        {"targeting": {"profile_age": {"from": 1}}},
    ),
    "a property": (
        {"targeting": {"custom_properties": {"a": {"items": ["1"], "op": "in"}, "b": {}}}},
        {"targeting": {"custom_properties": {"b": {}}}},
    ),
    "every condition": ({"targeting": {"languages": {"items": ["de"], "op": "in"}}}, {"targeting": {}}),
    "targeting": ({"targeting": {"languages": {"items": ["de"], "op": "in"}}}, {}),
    "a field of the test": (
        {"messages": TWO, "ab_test": {**TEST, "name": "t"}},
        {"messages": TWO, "ab_test": TEST},
    ),
    "months of a pattern": (
        {"recurrence": {"pattern": {"hour": 1, "minute": 2, "months": [1]}}},
        {"recurrence": {"pattern": {"hour": 1, "minute": 2}}},
    ),
    "a pattern for a line": (
        {"recurrence": {"pattern": {"hour": 1, "minute": 2}}},
        {"recurrence": {"cron": "2 1 * * *"}},
    ),
    "a language": (
        {"messages": [{"channel": "sms", "sms": {"content": {"en": "a", "de": "b"}}}]},
        {"messages": [{"channel": "sms", "sms": {"content": {"en": "a"}}}]},
    ),
    "a field of a message": (
        {"messages": [message(priority=3, primary_lang="de")]},
        {"messages": [message(priority=3)]},
    ),
    "a message": ({"messages": TWO}, {"messages": TWO[:1]}),
    "a plain field": ({"description": "d", "deal_id": "1", "score": 3, "labels": ["a"]}, {"labels": ["a"]}),
    "labels": ({"labels": ["a"]}, {}),
    "a flag": ({"send_in_profile_time_zone": True, "send_if_profile_time_passed": True}, {}),
}


def pair(name: str) -> tuple[Spec, Spec]:
    """A campaign before and after a removal; one with a recurrence has no other time."""
    return tuple(
        {**SCHEDULED, **({"scheduled_time": None} if "recurrence" in fields else {}), **fields}
        for fields in REMOVALS[name]
    )  # type: ignore[return-value]


@pytest.mark.parametrize("name", REMOVALS)
def test_what_is_removed_is_removed_from_live(name: str) -> None:
    before, after = pair(name)
    plan = of(before, after)
    assert alike(applied_to(marked(before), plan), after)
    assert plan.changes[-1].diff


@pytest.mark.parametrize("name", REMOVALS)
def test_what_stays_is_reported_as_not_removed(name: str) -> None:
    before, after = pair(name)
    plan = of(before, after)
    assert refused(before, after, marked(before)), plan.changes


@settings(unhurried, max_examples=40)
@given(specs, specs)
def test_the_patch_with_our_marker_turns_one_spec_into_the_other(before: Spec, after: Spec) -> None:
    plan = of(before, after)
    if plan.blocked or not plan.changes:
        return
    expected = {**comparable(after), "run_immediately": None}
    assert alike({**comparable(applied_to(marked(before), plan)), "run_immediately": None}, expected)


@pytest.mark.parametrize("name", ["quiet_hours", "targeting", "callbacks"])
@pytest.mark.parametrize("complete", [True, False])
def test_a_field_that_an_answer_does_not_show_is_removed_all_the_same(name: str, complete: bool) -> None:
    """A list item may leave it out, and an account may never show it."""
    before = {**SCHEDULED, name: {"a": {"items": ["1"], "op": "in"}}}
    shown = Live(ID, dict(live(SCHEDULED).fields), complete=complete)
    echo: Spec = {f"{name}/a/items": [], f"{name}/a/op": []} if complete else {}
    change = only(of(before, SCHEDULED, shown, echo=echo))
    assert change.requests[0].body == {name: None}


def test_a_field_that_a_whole_answer_no_longer_shows_needs_no_patch() -> None:
    plan = of({**SCHEDULED, "quiet_hours": {"a": 1}}, SCHEDULED, live(SCHEDULED))
    assert plan.empty
    assert plan.observed[KEY].applied == SCHEDULED


@pytest.mark.parametrize(
    "filled",
    [
        {"utm_tracking": {"enabled": 1, "utm_source": "${OCMH_UTM_SOURCE}"}},
        {"send_in_profile_time_zone": False},
        {"score": 0},
        {"messages": [message(primary_lang="en", integration_id="0")]},
    ],
)
def test_what_the_server_fills_in_counts_as_removed(filled: Spec) -> None:
    assert refused({**SCHEDULED, **filled}, SCHEDULED, live({**SCHEDULED, **filled})) == ()


def test_an_object_that_is_ignored_as_a_whole_stays_when_the_manifest_drops_it() -> None:
    before = {**SCHEDULED, "quiet_hours": {"a": {"b": 1}}}
    lifecycle = Lifecycle(ignore_changes=("quiet_hours",))
    plan = plan_of(
        wanted({**SCHEDULED, "description": "d"}, manifest="sha256:edited", lifecycle=lifecycle),
        known=state({KEY: record(before)}),
    )
    assert only(plan).requests[0].body == {"description": "d"}


def test_what_stays_is_named_by_the_largest_object_that_was_removed() -> None:
    before = {**SCHEDULED, "quiet_hours": {"a": {"b": 1, "c": 2}}, "metadata": {"a": {"b": 1, "c": 2}}}
    after = {**SCHEDULED, "metadata": {"a": {"b": 1}}}
    found = refused(before, after, live(before))
    assert [(each.path, each.after) for each in found] == [
        ("quiet_hours", {"a": {"b": 1, "c": 2}}),
        ("metadata/a/c", 2),
    ]
