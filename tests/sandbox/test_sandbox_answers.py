"""Switches that change answers."""

from typing import Any

import pytest

from campaignctl.sandbox import Control, ControlError
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push

LONG = {"channel": "push", "push": {"title": {"en": "x"}, "landing_url": f"https://e.com/{'x' * 2048}"}}


@pytest.mark.parametrize(
    ("switches", "field", "expected"),
    [
        ({"labels": "comma"}, "labels", "x,y"),
        ({"metadata": "dropped"}, "metadata", None),
        ({"metadata": "stringified"}, "metadata", {"n": "1", "o": '{"p": true}'}),
        ({"metadata": "text"}, "metadata", '{"n": 1, "o": {"p": true}}'),
        ({"names_trimmed": True}, "name", "Welcome"),
        ({"create_time": "absent"}, "create_time", None),
        ({"run_immediately_echoed": True}, "run_immediately", True),
        ({"ids": "numbers"}, "id", 1030978),
        ({"respell": {"1D": "1D 0H 0M"}}, "ab_test", "1D 0H 0M"),
    ],
    ids=str,
)
def test_answers_follow_their_switches(
    account: Account, control: Control, switches: dict[str, Any], field: str, expected: Any
) -> None:
    control.switch(**switches)
    body = ab_test(
        name=" Welcome ", labels=["x", "y"], metadata={"n": 1, "o": {"p": True}}, run_immediately=True
    )
    account.create(body)
    found = account.list()["items"][0].get(field)
    assert (found["evaluation_window"] if field == "ab_test" else found) == expected


def test_metadata_may_be_refused_or_replaced(account: Account, control: Control) -> None:
    control.switch(metadata="replaced_on_patch")
    campaign_id = account.create(push(metadata={"a": "1"}))
    account.patch(campaign_id, {"metadata": {"b": "2"}})
    assert account.read(campaign_id)["metadata"] == {"b": "2"}
    control.switch(metadata="refused")
    assert account.call("POST", CAMPAIGNS, push(metadata={"a": "1"})).status == 400
    assert account.patch(campaign_id, {"metadata": {"a": "1"}}).status == 400
    assert account.patch(campaign_id, {"description": "new"}).status == 204
    assert account.read(campaign_id)["metadata"] == {"b": "2"}


def test_dropped_metadata_stays_dropped_in_a_patch(account: Account, control: Control) -> None:
    control.switch(metadata="dropped")
    campaign_id = account.create(push(metadata={"a": "1"}))
    assert account.patch(campaign_id, {"metadata": {"b": "2"}, "description": "new"}).status == 204
    shown = account.read(campaign_id)
    assert (shown.get("metadata"), shown["description"]) == (None, "new")


@pytest.mark.parametrize(
    ("body", "status", "strategy"),
    [
        (push(), "idle", "manual"),
        (push(is_draft=True), "sketch", "manual"),
        (push(scheduled_time=FUTURE), "scheduled", "later"),
        (push(recurrence={"cron": "1 1 * * *"}), "scheduled", "again"),
    ],
)
def test_statuses_and_strategies_are_spelt_as_switched(
    account: Account, control: Control, body: dict[str, Any], status: str, strategy: str
) -> None:
    control.switch(
        manual_status="idle", draft_status="sketch", scheduled_strategy="later", recurring_strategy="again"
    )
    live = account.read(account.create(body))
    assert (live["status"], live["effective_status"], live["send_strategy"]) == (status, status, strategy)


def test_envelopes_and_success_codes_are_switchable(account: Account, control: Control) -> None:
    control.switch(by_id="bare", total="string", create_success=200, times_in_201=True)
    created = account.call("POST", CAMPAIGNS, push())
    assert created.status == 200
    assert created.body["create_time"] == "2036-01-01 00:00:00"
    assert account.call("GET", f"{CAMPAIGNS}/{created.body['id']}").body["name"] == "Welcome"
    assert account.list()["total"] == "1"


@pytest.mark.parametrize(
    ("switches", "body"),
    [
        ({"integrations": ["7"]}, push(messages=[{**push()["messages"][0], "integration_id": "8"}])),
        (
            {"sms_max_chars": 1},
            push(messages=[{"channel": "sms", "integration_id": "7", "sms": {"content": {"en": "ab"}}}]),
        ),
        ({"cron_minute_literal": True}, push(recurrence={"cron": "*/5 1 * * *"})),
        ({"primary_lang_checked": True}, push(messages=[{**push()["messages"][0], "primary_lang": "de"}])),
        ({"long_names": "refused"}, push("n" * 101)),
        ({"text_limits": True}, push(messages=[LONG])),
        ({"drafts": "complete"}, push(is_draft=True, messages=[{"channel": "push", "push": {}}])),
    ],
    ids=[
        *("integrations", "sms_max_chars", "cron_minute_literal", "primary_lang_checked", "long_names"),
        *("text_limits", "drafts"),
    ],
)
def test_stricter_rules_refuse(
    account: Account, control: Control, switches: dict[str, Any], body: dict[str, Any]
) -> None:
    control.switch(**switches)
    assert account.call("POST", CAMPAIGNS, body).status == 400


@pytest.mark.parametrize(
    ("switches", "body"),
    [
        ({"extra_channels": ["adex"]}, push(messages=[{"channel": "adex", "adex": {"zone_id": 1}}])),
        ({"drafts": "partial"}, push(is_draft=True, messages=[{"channel": "push", "push": {}}])),
        ({"long_names": "cut"}, push("n" * 101)),
        ({"exclusive_execution": False}, push(run_immediately=True, scheduled_time=FUTURE)),
        ({"primary_lang_checked": False}, push(messages=[{**push()["messages"][0], "primary_lang": "de"}])),
    ],
    ids=["extra_channels", "drafts", "long_names", "exclusive_execution", "primary_lang_checked"],
)
def test_looser_rules_accept(
    account: Account, control: Control, switches: dict[str, Any], body: dict[str, Any]
) -> None:
    control.switch(drafts="complete")
    assert account.call("POST", CAMPAIGNS, body).status == 400
    control.switch(**switches)
    assert account.call("POST", CAMPAIGNS, body).status == 201


@pytest.mark.parametrize(
    "values",
    [{"colour": 1}, {"labels": "red"}, {"page_cap": 0}, {"ab_draw": 1}, {"respell": [1]}, {"list_lag": -1}],
)
def test_an_invalid_switch_is_named(control: Control, values: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match=next(iter(values))):
        control.switch(**values)
