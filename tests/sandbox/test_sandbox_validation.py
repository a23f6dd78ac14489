"""The bodies that a create refuses with 400."""

from typing import Any

import pytest

from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push

MESSAGE = push()["messages"][0]
SMS = {"name": "S", "channel": "sms", "sms": {"content": {"en": "Hi"}}}
REFUSED = {
    "no name": {"messages": [MESSAGE]},
    "name no string": {**push(), "name": 7},
    "name too long": push("n" * 101),
    "no messages": {"name": "n"},
    "empty messages": push(messages=[]),
    "unknown channel": push(messages=[{**MESSAGE, "channel": "pigeon"}]),
    "content missing": push(messages=[{"name": "n", "channel": "push"}]),
    "five of a channel": {**ab_test(), "messages": [MESSAGE] * 5},
    "two of a channel without a test": push(messages=[MESSAGE] * 2),
    "sms without integration": push(messages=[SMS]),
    "integration no string": push(messages=[{**SMS, "integration_id": 7}]),
    "timestamp with T": push(scheduled_time="2036-01-01T00:00:00"),
    "impossible date": push(scheduled_time="2036-02-30 00:00:00"),
    "past": push(scheduled_time="2035-12-31 23:59:59"),
    "two execution options": push(run_immediately=True, scheduled_time=FUTURE),
    "two recurrences": push(recurrence={"cron": "1 1 * * *", "pattern": {"hour": 1, "minute": 1}}),
    "empty recurrence": push(recurrence={}),
    "cron of four fields": push(recurrence={"cron": "1 1 * *"}),
    "cron with two blanks": push(recurrence={"cron": "1  1 * * *"}),
    "cron that never happens": push(recurrence={"cron": "0 0 30 2 *"}),
    "hour 24": push(recurrence={"pattern": {"hour": 24, "minute": 0}}),
    "month 13": push(recurrence={"pattern": {"hour": 1, "minute": 0, "months": [13]}}),
    "true as a number": push(recurrence={"pattern": {"hour": True, "minute": 0}}),
    "priority no number": push(messages=[{**MESSAGE, "priority": "3"}]),
    "title no object": push(messages=[{**MESSAGE, "push": {"title": "x", "landing_url": "https://e.com"}}]),
    "title empty": push(messages=[{**MESSAGE, "push": {"title": {}, "landing_url": "https://e.com"}}]),
    "cron of letters": push(recurrence={"cron": "a b c d e"}),
    "labels no array": push(labels="a,b"),
    "targeting without op": push(targeting={"countries": {"items": ["DE"]}}),
    "lower-case country": push(targeting={"countries": {"items": ["de"], "op": "in"}}),
    "age reversed": push(targeting={"profile_age": {"from": 9, "to": 1}}),
    "status": push(status="sent"),
    "draft flag no boolean": push(is_draft="yes"),
    "callback no URL": push(callbacks={"push": {"on_click": ["nowhere"]}}),
    "utm enabled 2": push(utm_tracking={"enabled": 2}),
    "window": {**ab_test(), "ab_test": {**ab_test()["ab_test"], "evaluation_window": "soon"}},
    "window of nothing": {**ab_test(), "ab_test": {**ab_test()["ab_test"], "evaluation_window": "0D 0H"}},
    "window with a unit twice": {
        **ab_test(),
        "ab_test": {**ab_test()["ab_test"], "evaluation_window": "1D 1D"},
    },
    "split of 0": {**ab_test(), "ab_test": {**ab_test()["ab_test"], "test_split": 0}},
    "blank title": push(
        messages=[{**MESSAGE, "push": {"title": {"en": " \n"}, "landing_url": "https://e.com"}}]
    ),
    "empty body": push(messages=[{**MESSAGE, "push": {**MESSAGE["push"], "body": {"en": ""}}}]),
    "invisible sms": push(messages=[{**SMS, "integration_id": "1", "sms": {"content": {"en": "\u200b"}}}]),
    "four buttons": push(
        messages=[{**MESSAGE, "push": {**MESSAGE["push"], "actions": [{"title": {"en": "x"}}] * 4}}]
    ),
    "negative age": push(targeting={"profile_age": {"from": -1}}),
    "no object": [1],
}

ACCEPTED = {
    "a test with one message": {**ab_test(), "messages": [MESSAGE]},
    "a test without its window": {**ab_test(), "ab_test": {"test_split": 30}},
    "languages with a region or script": push(
        messages=[{**MESSAGE, "push": {**MESSAGE["push"], "title": {"pt-BR": "x", "zh-Hant": "x"}}}]
    ),
    "a macro as a URL": push(
        messages=[{**MESSAGE, "push": {**MESSAGE["push"], "landing_url": "${LANDING}"}}]
    ),
    "an unfinished draft": push(is_draft=True, messages=[{**SMS, "sms": {}}]),
    "a pattern of every day": push(
        recurrence={"pattern": {"hour": 1, "minute": 1, "weekdays": [], "months": []}}
    ),
    "no country": push(targeting={"countries": {"items": [], "op": "in"}}),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_an_invalid_body_is_refused_and_creates_nothing(account: Account, body: Any) -> None:
    reply = account.call("POST", CAMPAIGNS, body)
    assert reply.status == 400
    assert set(reply.body) == {"code", "title", "message", "trace_id"}
    assert account.list()["total"] == 0


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_contract_leaves_open_is_accepted(account: Account, body: Any) -> None:
    assert account.call("POST", CAMPAIGNS, body).status == 201


def test_an_unfinished_draft_cannot_leave_it(account: Account) -> None:
    campaign = account.create(ACCEPTED["an unfinished draft"])
    assert account.patch(campaign, {"is_draft": False}).status == 400
    assert account.read(campaign)["is_draft"] is True


@pytest.mark.parametrize(
    "raw", [b"{", b'{"name": NaN}', b"\xff", b""], ids=["cut", "nan", "bytes", "nothing"]
)
def test_a_body_that_is_not_json_is_refused(account: Account, raw: bytes) -> None:
    assert account.call("POST", CAMPAIGNS, raw=raw).status == 400


@pytest.mark.parametrize("value", [True, False, 0, 1, None])
def test_run_immediately_accepts_every_documented_form(account: Account, value: Any) -> None:
    sent_off = account.call("POST", CAMPAIGNS, push(run_immediately=value)).body["send_strategy"]
    assert sent_off == ("immediate" if value else "manual")


def test_unknown_fields_are_dropped_or_refused(account: Account) -> None:
    body = push(colour="red")
    assert "colour" not in account.call("POST", CAMPAIGNS, body).body
    account.control.switch(unknown_members="refused")
    assert account.call("POST", CAMPAIGNS, body).status == 400


def test_status_draft_means_is_draft(account: Account) -> None:
    assert account.call("POST", CAMPAIGNS, push(status="draft")).body["is_draft"] is True
