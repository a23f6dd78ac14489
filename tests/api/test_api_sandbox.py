"""The client against the sandbox, which was written from the API contract alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from campaignctl.errors import OutcomeUnknown, ReadFailed, Refused, TokenRejected
from campaignctl.plan.model import Request
from campaignctl.sandbox import Control, Sandbox
from tests.api.simulated import TOKEN, SimulatedTime, client

PUSH = {
    "channel": "push",
    "name": "m",
    "push": {"title": {"en": "Hi"}, "body": {"en": "There"}, "landing_url": "https://example.com"},
}
BODY = {"name": "Welcome", "messages": [PUSH], "scheduled_time": "2036-12-24 10:00:00"}
MADE = Request("create", body=BODY)
CREATE = {"method": "POST", "path": "/v1/hood/campaigns$"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def control(sandbox: Sandbox) -> Control:
    control = Control(sandbox.url)
    control.token(TOKEN, "6197120")
    return control


def test_a_campaign_lives_its_life(sandbox: Sandbox, control: Control) -> None:
    with client(sandbox.url) as api:
        live = api.send(Request("create", body={**BODY, "labels": ["a", "b"]}))
        api.send(Request("update", live.id, {"name": "Renamed"}))
        api.send(Request("pause", live.id, {"reason": "why"}))
        api.send(Request("resume", live.id, {"scheduled_time": "2036-12-25 10:00:00"}))
        read = api.read(live.id)
        assert read is not None
        assert (read.name, read.status, read.company_id) == ("Renamed", "scheduled", "6197120")
        api.send(Request("cancel", live.id, {"reason": "why"}))
        assert [item.status for item in api.list_page(1).items] == ["canceled"]
        assert api.list_page(1, live_only=True).items == ()
        assert api.server_time is not None
        with pytest.raises(Refused, match="400"):
            api.send(Request("cancel", live.id, {"reason": "again"}))
    assert control.campaign(live.id)["requested"]["labels"] == ["a", "b"]


@pytest.mark.parametrize("unknown_id", ["404", "400", "empty"])
def test_an_unknown_id_is_none_in_every_form(sandbox: Sandbox, control: Control, unknown_id: str) -> None:
    control.switch(unknown_id=unknown_id)
    with client(sandbox.url) as api:
        assert api.read("1") is None


def test_every_documented_spelling_reads_the_same(sandbox: Sandbox, control: Control) -> None:
    with client(sandbox.url) as api:
        plain = api.send(Request("create", body={**BODY, "labels": ["a", "b"]}))
        first = api.read(plain.id)
        control.switch(ids="numbers", labels="comma", total="string", by_id="bare", create_success=200)
        assert api.read(plain.id) == first
        assert api.list_page(1).total == 1
        assert api.send(MADE).id != plain.id


def test_a_page_size_that_is_refused_is_left_out(sandbox: Sandbox, control: Control) -> None:
    control.switch(page_cap=20, page_over_cap="refused")
    with client(sandbox.url) as api:
        api.send(MADE)
        assert len(api.list_page(1).items) == 1


def test_a_wrong_token_is_rejected(sandbox: Sandbox, control: Control) -> None:
    with client(sandbox.url, token="another-token") as api, pytest.raises(TokenRejected):
        api.list_page(1)


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        ({"kind": "lost_answer"}, 1),
        ({"kind": "truncate"}, 1),
        ({"kind": "garble"}, 1),
        ({"kind": "no_id"}, 1),
        ({"kind": "status", "status": 500, "effect": True}, 1),
        ({"kind": "drop"}, 0),
        ({"kind": "status", "status": 500}, 0),
        ({"kind": "redirect", "location": "http://127.0.0.1:9/"}, 0),
    ],
)
def test_an_answer_that_proves_nothing_is_unknown_and_sent_once(
    sandbox: Sandbox, control: Control, fault: dict[str, Any], made: int
) -> None:
    control.fault({**CREATE, "times": 9}, fault)
    with client(sandbox.url) as api, pytest.raises(OutcomeUnknown):
        api.send(MADE)
    assert len(control.campaigns()) == made
    assert control.faults()[0]["seen"] == 1


@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_echoed_token_is_not_shown(sandbox: Sandbox, control: Control, status: int) -> None:
    control.fault({"times": 9}, {"kind": "echo_token", "status": status})
    with client(sandbox.url) as api, pytest.raises((Refused, ReadFailed)) as caught:
        api.list_page(1)
    error = caught.value
    assert TOKEN not in error.summary + error.detail + error.hint + (error.trace_id or "")


@pytest.mark.parametrize("retry_after", [3, -1, None])
def test_a_refused_create_is_made_once_after_all(
    sandbox: Sandbox, control: Control, retry_after: int | None
) -> None:
    time = SimulatedTime()
    fault = {"kind": "rate_limit", **({} if retry_after is None else {"retry_after": retry_after})}
    control.fault({**CREATE, "times": 2}, fault)
    with client(sandbox.url, time) as api:
        api.send(MADE)
    assert len(control.campaigns()) == 1
    assert time.seconds > 0


def test_many_threads_make_each_campaign_once(sandbox: Sandbox, control: Control) -> None:
    control.switch(rate_per_second=0, rate_per_minute=0, parallel_cap=3)
    names = [f"Campaign {number}" for number in range(60)]
    with client(sandbox.url, per_second=1000, per_minute=1000) as api, ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda name: api.send(Request("create", body={**BODY, "name": name})), names))
    assert [live.name for live in made] == names
    assert sorted(campaign["requested"]["name"] for campaign in control.campaigns()) == sorted(names)
