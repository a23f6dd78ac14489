"""Arming: after a change the campaign can send what it could not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import widened
from campaignctl.plan.arming import changes_sends, has_had_a_run, sends_after, update_arms
from campaignctl.plan.context import Reading
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)


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


def quiet(**fields: Any) -> Spec:
    """A scheduled campaign with quiet hours."""
    return {**SCHEDULED, "quiet_hours": fields}


def split_test(spec: Spec = SCHEDULED, **fields: Any) -> Spec:
    """A campaign with an A/B test that a person decides, of 30 % of the audience."""
    test = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
        **fields,
    }
    kept = {name: value for name, value in test.items() if value is not None}
    return {**spec, "messages": [message(name="a"), message(name="b")], "ab_test": kept}


def without(spec: Spec, *names: str) -> Spec:
    """A spec without some fields."""
    return {name: value for name, value in spec.items() if name not in names}


AUTOMATIC: Spec = {"winner_delivery_mode": "automatic"}
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
    "targeting of no known form": ({**SCHEDULED, "targeting": 1}, aimed(countries=GERMANY)),
    "messages of no known form": ({**SCHEDULED, "messages": 1}, SCHEDULED),
    "a test of no known form": ({**split_test(), "ab_test": 1}, split_test()),
    "a condition removed": (aimed(countries=GERMANY, languages=GERMANY), aimed(countries=GERMANY)),
    "a country added": (aimed(countries=GERMANY), aimed(countries=BOTH)),
    "no country left": (aimed(countries=GERMANY), aimed(countries={"items": [], "op": "in"})),
    "an unknown operator": (aimed(countries=GERMANY), aimed(countries={**GERMANY, "op": "nin"})),
    "an older profile": (aimed(profile_age={"from": 0, "to": 5}), aimed(profile_age={"from": 0, "to": 6})),
    "no upper bound": (aimed(profile_age={"from": 0, "to": 5}), aimed(profile_age={"from": 0})),
    "bounds that are no numbers": (aimed(profile_age={"from": "a"}), aimed(profile_age={"from": 1})),
    "numbers that are no range": (aimed(geo={"km": 5}), aimed(geo={"km": 50})),
    "fewer numbers that are no range": (aimed(geo={"km": 50}), aimed(geo={"km": 5})),
    "a range that becomes numbers": (aimed(geo={"to": 5}), aimed(geo={"km": 5})),
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
    "quiet hours removed": (quiet(begin="22:00"), SCHEDULED),
    "quiet hours emptied": (quiet(begin="22:00"), quiet()),
    "other quiet hours": (quiet(begin="22:00"), quiet(begin="23:00")),
    "more in the quiet hours": (quiet(begin="22:00"), quiet(begin="22:00", tz="UTC")),
    "quiet hours removed from a recurrence": ({**RECURRING, "quiet_hours": {"begin": 22}}, RECURRING),
    "quiet hours removed after the event": ({**IMMEDIATE, "quiet_hours": {"begin": 22}}, IMMEDIATE),
    "a winner that is delivered without a decision": (split_test(), split_test(**AUTOMATIC)),
    "no word on how the winner is delivered": (split_test(), split_test(winner_delivery_mode=None)),
    "a larger test": (split_test(), split_test(test_split=31)),
    "a test of all": (split_test(RECURRING), split_test(RECURRING, test_split=100)),
    "a test of unknown size": (split_test(), split_test(test_split=None)),
    "an automatic test decided earlier": (
        split_test(**AUTOMATIC),
        split_test(**AUTOMATIC, evaluation_window="23H 59M"),
    ),
    "an automatic test with a window that cannot be read": (
        split_test(**AUTOMATIC),
        split_test(**AUTOMATIC, evaluation_window="soon"),
    ),
    "no test any more": (split_test(), without(split_test(), "ab_test")),
}
DOES_NOT = {
    "quiet hours added": (SCHEDULED, quiet(begin="22:00")),
    "quiet hours of a manual campaign removed": ({**MANUAL, "quiet_hours": {"begin": 22}}, MANUAL),
    "a smaller test": (split_test(), split_test(test_split=29)),
    "a winner that a person decides": (split_test(**AUTOMATIC), split_test()),
    "an automatic test decided later": (
        split_test(**AUTOMATIC),
        split_test(**AUTOMATIC, evaluation_window="1D 1H"),
    ),
    "a manual test decided earlier": (split_test(), split_test(evaluation_window="1H")),
    "another metric": (split_test(**AUTOMATIC), split_test(**AUTOMATIC, winning_metric="open_rate")),
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


@pytest.mark.parametrize(
    ("spec", "has_had_one"),
    [
        (IMMEDIATE, True),
        ({**MANUAL, "scheduled_time": "2026-11-24 11:59:59"}, True),
        ({**MANUAL, "scheduled_time": "2026-11-24 12:00:00"}, True),
        ({**MANUAL, "scheduled_time": "2026-11-24 12:00:01"}, False),
        ({**MANUAL, "scheduled_time": "soon"}, True),
        (runs("0 12 * * *"), True),
        (runs("1 12 * * *"), False),
        (runs("0 11 24 11 *"), True),
        (runs("0 10 24 11 *"), False),
        (runs("no cron"), True),
        (MANUAL, False),
        (DRAFT, False),
    ],
)
def test_a_campaign_has_had_a_run_of_its_own(spec: Spec, has_had_one: bool) -> None:
    assert has_had_a_run(spec, NOW - timedelta(hours=2), NOW) is has_had_one


def push(**content: Any) -> Spec:
    """A message with this content."""
    return {"channel": "push", "push": {"title": {"en": "Hello"}, **content}}


def email(**content: Any) -> Spec:
    """A scheduled email."""
    return {**SCHEDULED, "messages": [{"channel": "email", "integration_id": "1", "email": content}]}


CHANGES_SENDS = {
    "a text": (SCHEDULED, {**SCHEDULED, "messages": [push(title={"en": "Hi"})]}),
    "a language added": (SCHEDULED, {**SCHEDULED, "messages": [push(title={"en": "Hello", "de": "Hallo"})]}),
    "a URL": (SCHEDULED, {**SCHEDULED, "messages": [push(landing_url="https://example.com")]}),
    "a button": (SCHEDULED, {**SCHEDULED, "messages": [push(actions=[{"url": "https://example.com"}])]}),
    "a sender": (email(sender_email="a@example.com"), email(sender_email="b@example.com")),
    "a subject": (email(subject="a"), email(subject="b")),
    "html": (email(html={"en": "a"}), email(html={"en": "b"})),
    "an integration": (
        {**SCHEDULED, "messages": [message("sms", integration_id="1")]},
        {**SCHEDULED, "messages": [message("sms", integration_id="2")]},
    ),
    "a text of a recurrence": (RECURRING, {**RECURRING, "messages": [push(title={"en": "Hi"})]}),
    "a text after the event": (IMMEDIATE, {**IMMEDIATE, "messages": [push(title={"en": "Hi"})]}),
    "tracking": (SCHEDULED, {**SCHEDULED, "utm_tracking": {"utm_source": "x"}}),
    "callbacks": (SCHEDULED, {**SCHEDULED, "callbacks": {"push": {"on_click": ["https://example.com"]}}}),
    "a deal": (SCHEDULED, {**SCHEDULED, "deal_id": "1"}),
    "a later time": (at("10:00"), at("11:00")),
    "no time any more": (SCHEDULED, MANUAL),
    "a narrower audience": (SCHEDULED, aimed(countries=GERMANY)),
    "quiet hours added": (SCHEDULED, quiet(begin="22:00")),
    "another metric": (split_test(**AUTOMATIC), split_test(**AUTOMATIC, winning_metric="open_rate")),
    "a field that we do not know": (SCHEDULED, {**SCHEDULED, "throttle": 5}),
}
SENDS_THE_SAME = {
    "nothing": (SCHEDULED, SCHEDULED),
    "names and notes": (
        SCHEDULED,
        {**SCHEDULED, "name": "New", "description": "d", "labels": ["a"], "metadata": {"a": "1"}, "score": 2},
    ),
    "the name of a message": (SCHEDULED, {**SCHEDULED, "messages": [message(name="m")]}),
    "a documented default": (
        SCHEDULED,
        {**SCHEDULED, "utm_tracking": {"enabled": 1}, "send_in_profile_time_zone": False},
    ),
    "a text of a draft": (DRAFT, {**DRAFT, "messages": [push(title={"en": "Hi"})]}),
    "a text of a manual campaign": (MANUAL, {**MANUAL, "messages": [push(title={"en": "Hi"})]}),
}


@pytest.mark.parametrize("name", CHANGES_SENDS)
def test_an_armed_campaign_sends_something_else(name: str) -> None:
    assert changes_sends(*CHANGES_SENDS[name], NOW)


@pytest.mark.parametrize("name", SENDS_THE_SAME)
def test_an_armed_campaign_sends_the_same(name: str) -> None:
    assert not changes_sends(*SENDS_THE_SAME[name], NOW)


def updated(spec: Spec, status: str = "scheduled", applied: Spec = SCHEDULED, **lifecycle: Any) -> Any:
    """The last change of the plan that updates one campaign."""
    plan = plan_of(
        wanted(spec, manifest="sha256:new", lifecycle=Lifecycle(**lifecycle)),
        known=state({KEY: record(applied, status)}),
        reading=Reading(live={KEY: live(applied, status)}),
    )
    return plan.changes[-1]


def test_a_change_arms_or_changes_what_is_armed_but_is_counted_once() -> None:
    both = updated({**at("09:00"), "messages": [push(title={"en": "Hi"})]})
    assert (both.arms, both.changes_sends) == (True, False)
    text = updated({**SCHEDULED, "messages": [push(title={"en": "Hi"})]})
    assert (text.arms, text.changes_sends) == (False, True)


def test_a_campaign_that_is_paused_by_the_plan_sends_nothing_that_could_change() -> None:
    change = updated({**SCHEDULED, "messages": [push(title={"en": "Hi"})]}, phase="paused")
    assert (change.action, change.arms, change.changes_sends) == ("update", False, False)


def test_an_edit_in_the_dashboard_that_is_reverted_changes_what_is_sent() -> None:
    edited = live(SCHEDULED, messages=[push(title={"en": "Hi"})])
    plan = plan_of(
        wanted(SCHEDULED), known=state({KEY: record(SCHEDULED)}), reading=Reading(live={KEY: edited})
    )
    assert only(plan).changes_sends


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


@pytest.mark.parametrize(
    ("before", "after", "when"),
    [
        (IMMEDIATE, IMMEDIATE, "never"),
        (IMMEDIATE, MANUAL, "manual"),
        (IMMEDIATE, {**IMMEDIATE, **SCHEDULED}, "scheduled"),
        (MANUAL, IMMEDIATE, "immediately"),
        (None, IMMEDIATE, "immediately"),
        ({**IMMEDIATE, "is_draft": True}, IMMEDIATE, "immediately"),
    ],
)
def test_an_event_that_has_fired_fires_no_more(before: Spec | None, after: Spec, when: str) -> None:
    assert sends_after(before, after, NOW).when == when


@pytest.mark.parametrize(
    ("name", "shown"), [("ab_test", "30%"), ("ab_test", [30]), ("messages", True), ("messages", "m")]
)
def test_a_field_of_live_that_has_no_known_form_arms_when_it_is_set_right(name: str, shown: Any) -> None:
    spec = split_test()
    assert arms({**spec, name: shown}, spec)
    assert arms(spec, spec) is False
