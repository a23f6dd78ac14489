"""Tokens, companies, rate limit windows and concurrent requests."""

import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from campaignctl.sandbox import Control, Sandbox, Switches
from tests.e2e.harness import until
from tests.sandbox.sandbox_account import CAMPAIGNS, Account, push


@pytest.fixture
def limited() -> Iterator[Account]:
    """An account with the documented limits, whose windows follow a stopped clock."""
    with Sandbox(switches=Switches(rate_clock="sandbox")) as sandbox:
        account = Account(sandbox.url)
        account.control.freeze()
        account.control.set_clock("2036-01-01 00:00:30")
        yield account


def test_the_eleventh_request_of_a_second_is_refused(limited: Account) -> None:
    answers = [limited.call("GET", CAMPAIGNS) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == "150"
    assert answers[0].headers["x-ratelimit-remaining"] == "149"
    assert answers[0].headers["x-ratelimit-reset"] == "30"
    assert answers[10].headers["retry-after"] == "1"
    assert not [name for name in answers[10].headers if name.startswith("x-ratelimit")]
    limited.control.advance(1)
    assert limited.call("GET", CAMPAIGNS).status == 200


def test_the_minute_is_limited_too(limited: Account) -> None:
    limited.control.switch(rate_per_second=0, rate_per_minute=3, rate_headers="second")
    assert [limited.call("GET", CAMPAIGNS).status for _ in range(4)] == [200] * 3 + [429]
    refused = limited.call("POST", CAMPAIGNS, push())
    assert refused.headers["retry-after"] == "30"
    assert limited.control.campaigns() == []
    limited.control.switch(retry_after="none")
    assert "retry-after" not in limited.call("GET", CAMPAIGNS).headers


def test_rate_headers_describe_the_second_or_are_missing(limited: Account) -> None:
    limited.control.switch(rate_headers="second")
    assert limited.call("GET", CAMPAIGNS).headers["x-ratelimit-limit"] == "10"
    limited.control.switch(rate_headers="none")
    assert "x-ratelimit-limit" not in limited.call("GET", CAMPAIGNS).headers


def test_companies_have_separate_budgets_and_campaigns(limited: Account) -> None:
    limited.control.token("t1", "1")
    limited.control.token("t2", "2")
    limited.control.switch(rate_per_second=2)
    one, two = Account(limited.url, "t1"), Account(limited.url, "t2")
    campaign_id = one.create(push())
    assert one.read(campaign_id)["company_id"] == "1"
    assert one.call("GET", CAMPAIGNS).status == 429
    assert two.list()["total"] == 0
    assert two.call("GET", f"{CAMPAIGNS}/{campaign_id}").status == 404


@pytest.mark.parametrize("token", [None, "", "stranger"])
def test_an_invalid_token_is_refused(account: Account, control: Control, token: str | None) -> None:
    control.token("known", "1")
    reply = Account(account.url, token).call("POST", CAMPAIGNS, push())
    assert reply.status == 401
    assert set(reply.body) == {"code", "title", "message", "trace_id"}
    assert control.campaigns() == []


def test_too_many_concurrent_requests_are_refused(account: Account, control: Control) -> None:
    control.switch(parallel_cap=1)
    control.fault({"method": "GET"}, {"kind": "delay", "seconds": 0.5})
    slow = threading.Thread(target=account.list)
    slow.start()
    until(lambda: control.faults()[0]["used"])
    refused = account.call("GET", CAMPAIGNS)
    slow.join()
    assert (refused.status, refused.headers["retry-after"]) == (429, "-1")
    assert account.call("GET", CAMPAIGNS).status == 200


def test_the_date_header_follows_its_switch(account: Account, control: Control) -> None:
    control.switch(date_header="sandbox", date_skew=90)
    date = parsedate_to_datetime(account.call("GET", CAMPAIGNS).headers["date"])
    assert date.strftime("%Y-%m-%d %H:%M:%S") == "2036-01-01 00:01:30"
