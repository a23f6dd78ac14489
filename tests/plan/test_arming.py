"""Arming: after a change the campaign can send what it could not before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.plan.arming import sends_after, update_arms, widened
from tests.plan.planning import DRAFT, IMMEDIATE, MANUAL, NOW, RECURRING, SCHEDULED, Spec, message


def arms(before: Spec, after: Spec) -> bool:
    """Whether the update from one spec to the other arms."""
    return update_arms(before, after, sends_after(before, after, NOW), NOW)


def aimed(**targeting: Any) -> Spec:
    """A scheduled campaign with a targeting."""
    return {**SCHEDULED, "targeting": targeting}


def at(time: str, **fields: Any) -> Spec:
    """A campaign scheduled on Christmas Eve."""
    return {**SCHEDULED, "scheduled_time": f"2036-12-24 {time}:00", **fields}


def runs(cron: str) -> Spec:
    """A recurring campaign."""
    return {**MANUAL, "recurrence": {"cron": cron}}


GERMANY = {"items": ["DE"], "op": "in"}
BOTH = {"items": ["DE", "FR"], "op": "in"}
SMS = message("sms", integration_id="1")
LOCAL = {"send_in_profile_time_zone": True}

ARMS = {
    "out of draft": (DRAFT, MANUAL),
    "out of draft with a time": ({**SCHEDULED, "is_draft": True}, SCHEDULED),
    "a time added": (MANUAL, SCHEDULED),
    "a recurrence added": (MANUAL, RECURRING),
    "the event added": (MANUAL, IMMEDIATE),
    "the event instead of a time": (SCHEDULED, IMMEDIATE),
    "a time after the event": (IMMEDIATE, {**SCHEDULED, "run_immediately": True}),
    "a time moved earlier": (at("10:00"), at("09:59")),
    "a time turned into clock time": (at("10:00"), at("10:00", **LOCAL)),
    "a recurrence for a time": (SCHEDULED, RECURRING),
    "another recurrence": (runs("0 9 * * *"), runs("0 8 * * *")),
    "later first but more often": (runs("0 9 * * *"), runs("0 */10 * * *")),
    "targeting removed": (aimed(countries=GERMANY), SCHEDULED),
    "a condition removed": (aimed(countries=GERMANY, languages=GERMANY), aimed(countries=GERMANY)),
    "a country added": (aimed(countries=GERMANY), aimed(countries=BOTH)),
    "no country left": (aimed(countries=GERMANY), aimed(countries={"items": [], "op": "in"})),
    "an unknown operator": (aimed(countries=GERMANY), aimed(countries={**GERMANY, "op": "nin"})),
    "an older profile": (aimed(profile_age={"from": 0, "to": 5}), aimed(profile_age={"from": 0, "to": 6})),
    "no upper bound": (aimed(profile_age={"from": 0, "to": 5}), aimed(profile_age={"from": 0})),
    "bounds that are no numbers": (aimed(profile_age={"from": "a"}), aimed(profile_age={"from": 1})),
    "a property widened": (
        aimed(custom_properties={"tier": GERMANY}),
        aimed(custom_properties={"tier": BOTH}),
    ),
    "a message added": (SCHEDULED, {**SCHEDULED, "messages": [message(), SMS]}),
    "a message of another channel": (SCHEDULED, {**SCHEDULED, "messages": [SMS]}),
    "a message replaced by a second one of a channel": (
        {**SCHEDULED, "messages": [message(), SMS]},
        {**SCHEDULED, "messages": [SMS, SMS]},
    ),
    "profiles whose time has passed": (
        at("10:00", **LOCAL),
        at("10:00", **LOCAL, send_if_profile_time_passed=True),
    ),
}
DOES_NOT = {
    "into draft": (SCHEDULED, {**SCHEDULED, "is_draft": True}),
    "a draft edited": (DRAFT, {**DRAFT, "targeting": {"countries": GERMANY}, "name": "New"}),
    "a name": (SCHEDULED, {**SCHEDULED, "name": "New"}),
    "a time moved later": (at("10:00"), at("10:01")),
    "clock time turned into a time": (at("10:00", **LOCAL), at("10:00")),
    "an execution option removed": (SCHEDULED, MANUAL),
    "targeting added": (SCHEDULED, aimed(countries=GERMANY)),
    "a condition added": (aimed(countries=GERMANY), aimed(countries=GERMANY, languages=GERMANY)),
    "a country removed": (aimed(countries=BOTH), aimed(countries=GERMANY)),
    "an upper bound": (aimed(profile_age={"from": 0}), aimed(profile_age={"from": 0, "to": 5})),
    "a message removed": ({**SCHEDULED, "messages": [message(), SMS]}, SCHEDULED),
    "a wider manual campaign": ({**MANUAL, "targeting": {"countries": GERMANY}}, MANUAL),
    "after the event": (IMMEDIATE, {**IMMEDIATE, "name": "New"}),
    "the event removed": (IMMEDIATE, MANUAL),
}


@pytest.mark.parametrize("name", ARMS)
def test_arms(name: str) -> None:
    assert arms(*ARMS[name])


@pytest.mark.parametrize("name", DOES_NOT)
def test_does_not_arm(name: str) -> None:
    assert not arms(*DOES_NOT[name])


words = st.sampled_from(["DE", "FR", "NO", "IT"])
choices = st.fixed_dictionaries({"items": st.lists(words, min_size=1, max_size=3), "op": st.just("in")})
spans = st.fixed_dictionaries({"from": st.integers(0, 50), "to": st.integers(0, 50)})
targetings = st.fixed_dictionaries(
    {},
    optional={
        "countries": choices,
        "languages": choices,
        "profile_age": spans,
        "custom_properties": st.dictionaries(words, choices, max_size=2),
        "unknown": st.recursive(
            st.integers() | words, lambda inner: st.dictionaries(words, inner, max_size=2)
        ),
    },
)
options = st.sampled_from([MANUAL, DRAFT, SCHEDULED, RECURRING, IMMEDIATE, at("10:00", **LOCAL)])
specs = st.builds(lambda spec, targeting: {**spec, "targeting": targeting}, options, targetings)


@given(specs)
def test_an_unchanged_spec_never_arms(spec: Spec) -> None:
    assert not arms(spec, spec)


def narrowed(targeting: Spec, draw: Any) -> Spec:
    """A targeting that reaches at most the people of this one."""
    narrow: Spec = {"added": {"items": ["x"], "op": "in"}} if draw(st.booleans()) else {}
    for name, value in targeting.items():
        if name == "profile_age":
            low = draw(st.integers(0, 9))
            narrow[name] = {"from": value["from"] + low, "to": value["to"] - draw(st.integers(0, 9))}
        elif name == "custom_properties":
            narrow[name] = narrowed(value, draw)
        elif name == "unknown":
            narrow[name] = value
        else:
            narrow[name] = _fewer(value, draw)
    return narrow


def _fewer(choice: Any, draw: Any) -> Any:
    if not isinstance(choice, dict) or "items" not in choice:
        return choice
    kept = draw(st.lists(st.sampled_from(choice["items"]), min_size=1, max_size=3))
    return {**choice, "items": kept}


@given(options, targetings, st.data())
def test_narrowing_never_arms(spec: Spec, targeting: Spec, data: st.DataObject) -> None:
    narrow = narrowed(targeting, data.draw)
    assert not arms({**spec, "targeting": targeting}, {**spec, "targeting": narrow})


@given(targetings, targetings)
def test_everyone_is_wider_than_any_widened_targeting(one: Spec, other: Spec) -> None:
    assert not widened(None, one)
    if widened(one, other):
        assert widened(one, None)
