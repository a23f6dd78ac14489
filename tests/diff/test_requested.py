"""The spec of a live campaign: what was requested, without what the server adds."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.diff import request_of, requested

MESSAGE = {"channel": "push", "push": {"title": {"en": "Hi", "de": "Hallo"}}}
EVERY: dict[str, Any] = {
    "name": "Welcome",
    "description": "d",
    "labels": ["a", "b"],
    "metadata": {"team": "crm"},
    "messages": [MESSAGE],
    "ab_test": {"test_split": 30},
    "scheduled_time": "2036-12-24 10:00:00",
    "send_in_profile_time_zone": True,
    "send_if_profile_time_passed": True,
    "quiet_hours": {"begin": "22:00"},
    "targeting": {"countries": {"items": ["DE"], "op": "in"}},
    "utm_tracking": {"utm_source": "crm"},
    "callbacks": {"push": {"on_click": ["https://x"]}},
    "deal_id": "7",
}


def of(status: str = "scheduled", **fields: Any) -> dict[str, Any]:
    """The spec of a live campaign that shows these fields."""
    return requested(Live("1", {"id": "1", "status": status, **fields}, complete=True))


@pytest.mark.parametrize(
    ("shown", "asked"),
    [("1", 1), ("0", 0), ("true", 1), ("false", 0), (1, 1), ("maybe", "maybe")],
)
def test_flags_are_read_in_every_spelling(shown: Any, asked: Any) -> None:
    live = Live("1", {"id": "1", "utm_tracking": {"enabled": shown}, "is_draft": shown}, complete=True)
    request = request_of(live)
    assert request.get("utm_tracking", {}).get("enabled", 1) == asked, "1 is the default"
    truth = {1: True, 0: False}.get(asked, asked)
    assert request.get("is_draft", False) == truth


@pytest.mark.parametrize("title", [None, "Hi", ["Hi"], 3])
def test_what_has_another_form_is_left_as_it_is(title: Any) -> None:
    shown = {"messages": [{"channel": "push", "push": {"title": title}}], "targeting": title}
    request = request_of(Live("1", {"id": "1", **shown}, complete=True))
    assert request["messages"][0].get("push", {}).get("title") == title
    narrowed = {"targeting": {"countries": {"items": title, "op": "in"}}}
    request = request_of(Live("1", {"id": "1", **narrowed}, complete=True))
    assert request["targeting"]["countries"].get("items") == title


@pytest.mark.parametrize("name", EVERY)
def test_every_field_of_a_request_is_taken_over(name: str) -> None:
    assert of(**EVERY) == EVERY
    assert of(**{name: EVERY[name]}) == {name: EVERY[name]}


def test_fields_of_the_server_are_not() -> None:
    assert of(score=3, company_id="1", next_run_time="2036-01-01 00:00:00", creator_id="2") == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"is_draft": False},
        {"send_in_profile_time_zone": False},
        {"send_if_profile_time_passed": False},
        {"send_if_profile_time_passed": 0},
        {"utm_tracking": {"enabled": True}},
        {"utm_tracking": {"enabled": 1, "utm_source": "${OCMH_UTM_SOURCE}"}},
        {"utm_tracking": {"utm_medium": "${OCMH_UTM_MEDIUM}", "utm_campaign": "${OCMH_CAMPAIGN_NAME}"}},
        {"labels": ""},
        {"targeting": {}},
        {"description": None},
        {"metadata": {"campaignctl": "v1 a b c"}},
    ],
)
def test_documented_defaults_and_nothing_are_left_out(fields: dict[str, Any]) -> None:
    assert of(**fields) == {}


def test_other_spellings_become_those_of_a_request() -> None:
    assert of(labels="b, a") == {"labels": ["a", "b"]}
    assert of(scheduled_time="2036-12-24T11:00:00+01:00") == {"scheduled_time": "2036-12-24 10:00:00"}
    assert of(metadata={"campaignctl": "v1 a b c", "team": "crm"}) == {"metadata": {"team": "crm"}}
    assert of(utm_tracking={"enabled": 0, "utm_medium": "x"}) == {
        "utm_tracking": {"enabled": 0, "utm_medium": "x"}
    }


@pytest.mark.parametrize(
    ("added", "kept"),
    [
        ({"id": "1", "company_id": "2", "campaign_id": "3", "winner": 0, "template_id": "4"}, {}),
        ({"integration_id": "0"}, {}),
        ({"integration_id": 0}, {}),
        ({"integration_id": "1830"}, {"integration_id": "1830"}),
        ({"primary_lang": "en"}, {}),
        ({"primary_lang": "de"}, {"primary_lang": "de"}),
        ({"priority": None, "name": "m"}, {"name": "m"}),
        ({"actions": []}, {}),
    ],
)
def test_messages_have_no_fields_of_the_server(added: dict[str, Any], kept: dict[str, Any]) -> None:
    assert of(messages=[{**MESSAGE, **added}]) == {"messages": [{**MESSAGE, **kept}]}


def test_the_only_language_is_the_primary_one() -> None:
    one = {"channel": "push", "push": {"title": {"de": "Hallo"}, "body": {"de": "Da"}}}
    assert of(messages=[{**one, "primary_lang": "de"}]) == {"messages": [one]}
    assert of(messages=[{**one, "primary_lang": "fr"}]) == {"messages": [{**one, "primary_lang": "fr"}]}
    odd = {"channel": "push", "push": "?", "primary_lang": "de"}
    assert of(messages=[odd, "?"]) == {"messages": [odd, "?"]}


@pytest.mark.parametrize(
    ("status", "fields", "is_event"),
    [
        ("scheduled", {}, False),
        ("scheduled", {"run_immediately": True}, True),
        ("scheduled", {"run_immediately": 1}, True),
        ("scheduled", {"run_immediately": False}, False),
        ("scheduled", {"send_strategy": "immediate"}, True),
        ("scheduled", {"send_strategy": "manual"}, False),
        ("running", {}, True),
        ("sent", {}, True),
        ("needs_decision", {}, True),
        ("canceled", {}, False),
        ("canceled", {"was_launched": True}, True),
        ("canceled", {"was_launched": 1}, True),
        ("canceled", {"was_launched": False}, False),
        ("sent", {"scheduled_time": "2036-12-24 10:00:00"}, False),
        ("sent", {"recurrence": {"cron": "0 9 * * *"}}, False),
        ("sent", {"is_draft": True}, False),
        ("idle", {}, False),
    ],
)
def test_a_campaign_that_was_sent_at_once_has_the_event(
    status: str, fields: dict[str, Any], is_event: bool
) -> None:
    assert ("run_immediately" in of(status, **fields)) is is_event


def test_a_time_that_the_server_fills_in_is_left_out() -> None:
    time = {"scheduled_time": "2036-12-24 10:00:00"}
    assert of(**time, recurrence={"cron": "0 9 * * *"}) == {"recurrence": {"cron": "0 9 * * *"}}
    assert of(**time, send_strategy="immediate") == {"run_immediately": True}
    assert of(**time, send_strategy="scheduled") == time


def test_both_spellings_of_a_draft_count() -> None:
    assert of("draft") == {"is_draft": True}
    assert of(is_draft=1) == {"is_draft": True}
