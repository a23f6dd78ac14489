"""What an answer proves: done, nothing happened, or unknown; and that no write is sent twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaignctl.api.client import OcambaApi
from campaignctl.errors import ApiError, Interrupted, OutcomeUnknown, ReadFailed, Refused, TokenRejected
from campaignctl.plan.model import Request
from tests.api.raw_server import RawServer, drip, raw, reset, silent, then_closed, whole
from tests.api.simulated import PAUSE, SimulatedTime, client

BODY = {"name": "Welcome", "messages": [{"name": "m", "channel": "push"}]}
CREATE = Request("create", body=BODY)
CREATED = json.dumps({"id": 1030978, "company_id": 6197120, "name": "Welcome", "status": "scheduled"})
PROBLEM = '{"code": 400, "title": "Bad request.", "message": "The request is not valid.", "trace_id": "t-1"}'
HALF = b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"id": "103'

Write = Callable[[OcambaApi], Any]
WRITES: list[Write] = [
    lambda api: api.send(CREATE),
    lambda api: api.send(Request("update", "7", {"name": None})),
    lambda api: api.send(PAUSE),
    lambda api: api.send(Request("resume", "7", {"run_immediately": 1})),
    lambda api: api.send(Request("cancel", "7", {"reason": "why"})),
]
ACTIONS = WRITES[1:]


@pytest.mark.parametrize("status", [200, 201])
def test_a_create_with_an_id_is_done(status: int) -> None:
    with RawServer([whole(status, CREATED)]) as server, client(server.url) as api:
        live = api.send(CREATE)
    assert (live.id, live.company_id, live.complete) == ("1030978", "6197120", True)
    assert server.requests[0].line == "POST /v1/hood/campaigns HTTP/1.1"
    assert json.loads(server.requests[0].body) == BODY
    assert server.requests[0].header("content-type") == "application/json"
    assert server.requests[0].header("user-agent") == "campaignctl/0.0 (campaigns as code)"


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("write", ACTIONS)
def test_an_action_is_done_whatever_its_answer_contains(write: Write, status: int) -> None:
    with RawServer([whole(status, "" if status == 204 else "no JSON")]) as server, client(server.url) as api:
        write(api)
    assert len(server.requests) == 1


def test_actions_go_where_the_documents_say() -> None:
    with RawServer([whole(204)]) as server, client(server.url) as api:
        for write in ACTIONS:
            write(api)
    assert [(request.line.rsplit(" ", 1)[0], json.loads(request.body)) for request in server.requests] == [
        ("PATCH /v1/hood/campaigns/7", {"name": None}),
        ("POST /v1/hood/campaigns/7/pause", {"reason": "why"}),
        ("POST /v1/hood/campaigns/7/resume", {"run_immediately": 1}),
        ("POST /v1/hood/campaigns/7/cancel", {"reason": "why"}),
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
@pytest.mark.parametrize("write", WRITES)
def test_a_refusal_proves_that_nothing_happened(write: Write, status: int) -> None:
    with (
        RawServer([whole(status, PROBLEM)]) as server,
        client(server.url) as api,
        pytest.raises(Refused) as caught,
    ):
        write(api)
    assert isinstance(caught.value, TokenRejected) == (status == 401)
    assert caught.value.summary.endswith(f": {status} Bad request")
    assert caught.value.detail == "The request is not valid."
    assert (caught.value.trace_id, caught.value.status) == ("t-1", status)
    assert caught.value.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "status", [202, 206, 301, 302, 307, 308, 402, 405, 408, 409, 410, 413, 415, 500, 502, 503]
)
@pytest.mark.parametrize("write", WRITES)
def test_any_other_status_proves_nothing_and_is_never_answered_by_a_second_write(
    write: Write, status: int
) -> None:
    with (
        RawServer([whole(status, PROBLEM)]) as server,
        client(server.url) as api,
        pytest.raises(OutcomeUnknown) as caught,
    ):
        write(api)
    assert caught.value.status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        reset(),
        reset(HALF),
        raw(HALF),
        raw(b""),
        raw(b"nonsense\r\n\r\n"),
        raw(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{"),
        raw(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
        raw(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}"),
        whole(201, ""),
        whole(201, "null"),
        whole(201, "{}"),
        whole(201, '{"name": "Welcome"}'),
        whole(201, '{"id": null}'),
        whole(201, '{"id": ""}'),
        whole(201, '{"id": true}'),
        whole(201, '{"id": "../7"}' + " " * 10 + "x"),
        whole(201, '{"id": "a b"}'),
        whole(201, '{"id": NaN}'),
        whole(201, '[{"id": "7"}]'),
        whole(201, '{"items": [{"id": "7"}, {"id": "8"}]}'),
        whole(201, "[" * 100_000),
        whole(204),
    ],
)
def test_a_create_without_a_readable_answer_is_unknown(behaviour: Any) -> None:
    with (
        RawServer([behaviour]) as server,
        client(server.url) as api,
        pytest.raises(OutcomeUnknown),
    ):
        api.send(CREATE)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [silent(), drip(b"HTTP/1.1 201 Created\r\nX: " + b"x" * 99, 0.02), drip(HALF + b" " * 99, 0.002)],
    ids=["silence", "dripping head", "dripping body"],
)
def test_the_time_holds_for_the_whole_request(behaviour: Any) -> None:
    with (
        RawServer([behaviour]) as server,
        client(server.url, timeout=0.12) as api,
        pytest.raises(OutcomeUnknown, match="no answer in time"),
    ):
        api.send(CREATE)
    assert len(server.requests) == 1


def test_an_answer_without_end_is_cut_off() -> None:
    mebibyte = b"x" * 1024 * 1024
    endless = raw(b"HTTP/1.1 200 OK\r\n\r\n" + mebibyte * 33)
    with (
        RawServer([endless]) as server,
        client(server.url, timeout=30) as api,
        pytest.raises(ReadFailed) as caught,
    ):
        api.read("7")
    assert caught.value.detail == "more than 32 MiB"


@pytest.mark.parametrize("write", WRITES)
def test_a_connection_that_never_opened_proves_that_nothing_happened(write: Write) -> None:
    with RawServer([silent()]) as gone:
        url = gone.url
    with client(url) as api, pytest.raises(Refused, match="no connection"):
        write(api)


def test_tls_that_fails_proves_that_nothing_happened() -> None:
    with (
        RawServer([silent()]) as plain,
        client(plain.url.replace("http:", "https:"), timeout=0.1) as api,
        pytest.raises(Refused, match="no connection"),
    ):
        api.send(CREATE)
    assert not plain.requests


def test_certificates_that_cannot_be_read_prove_that_nothing_happened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with client("https://localhost:9") as api, pytest.raises(Refused, match="no connection"):
        api.send(CREATE)


def test_a_closed_client_can_be_closed_again_and_reopens() -> None:
    with RawServer([whole(201, CREATED)]) as server, client(server.url) as api:
        api.send(CREATE)
        api.close()
        api.close()
        api.send(CREATE)
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_transport_can_take_the_place_of_the_network() -> None:
    time = SimulatedTime()
    transport = httpx.MockTransport(lambda _request: httpx.Response(204))
    with client("https://api.ocamba.com", time, transport=transport) as api:
        for _ in range(11):
            api.send(PAUSE)
    assert time.seconds == pytest.approx(1.02)


def test_a_body_that_is_not_json_is_refused_before_anything_is_sent() -> None:
    with RawServer([whole(201, CREATED)]) as server, client(server.url) as api:
        for body in ({"score": float("nan")}, {"name": object()}):
            with pytest.raises(Refused, match="cannot be written as JSON"):
                api.send(Request("create", body=body))
    assert not server.requests


def test_a_429_is_repeated_because_it_proves_that_nothing_happened() -> None:
    time = SimulatedTime()
    events: list[str] = []
    refusals = [whole(429, Retry_After="7"), whole(429), whole(429, Retry_After="-1"), whole(201, CREATED)]
    with RawServer(refusals) as server, client(server.url, time, on_event=events.append) as api:
        assert api.send(CREATE).id == "1030978"
    assert len(server.requests) == 4
    assert time.seconds == pytest.approx(7 + 1.5 + 0.6, abs=0.05)
    assert events[0] == "POST /v1/hood/campaigns: 429, again in 7.0 s"


@pytest.mark.parametrize("retry_after", ["1", "-1", "60", "soon"])
def test_a_429_that_never_ends_is_refused_after_ten_minutes(retry_after: str) -> None:
    time = SimulatedTime()
    with (
        RawServer([whole(429, PROBLEM, Retry_After=retry_after)]) as server,
        client(server.url, time) as api,
        pytest.raises(Refused) as caught,
    ):
        api.send(CREATE)
    assert caught.value.status == 429
    assert 500 < time.seconds <= 601
    assert len(server.requests) > 8


def test_a_429_that_is_waited_for_says_what_is_left() -> None:
    events: list[str] = []
    answers = [whole(429, Retry_After="40"), whole(201, CREATED)]
    with RawServer(answers) as server, client(server.url, SimulatedTime(), on_event=events.append) as api:
        api.send(CREATE)
    assert events == [
        "POST /v1/hood/campaigns: 429, again in 40.0 s",
        "waiting 25 s for the rate limit",
        "waiting 10 s for the rate limit",
    ]


@pytest.mark.parametrize("asked", ["121", "600", "86400", "999999999", "Tue, 01 Jan 2099 00:00:00 GMT"])
@pytest.mark.parametrize("call", [WRITES[0], lambda api: api.read("7"), lambda api: api.list_page(1)])
def test_a_429_that_asks_for_an_absurd_wait_is_refused_in_words(asked: str, call: Write) -> None:
    time = SimulatedTime()
    with RawServer([whole(429, Retry_After=asked)]) as server, client(server.url, time) as api:
        for number in (1, 2):
            with pytest.raises(ApiError) as caught:
                call(api)
            assert "it asks to wait " in caught.value.detail
            assert "no window of its rate limit is longer than a minute" in caught.value.detail
            # The next call does not wait for it either.
            assert (len(server.requests), time.seconds) == (number, 0)


def test_before_runs_ahead_of_every_attempt_and_its_error_stops_the_write() -> None:
    class TooLateError(Exception):
        pass

    time = SimulatedTime()

    def before() -> None:
        if time.seconds >= 7:
            raise TooLateError

    with (
        RawServer([whole(429, Retry_After="7"), whole(201, CREATED)]) as server,
        client(server.url, time) as api,
        pytest.raises(TooLateError),
    ):
        api.send(CREATE, before=before)
    assert len(server.requests) == 1


def test_a_connection_that_the_server_closed_while_idle_is_not_written_to() -> None:
    answers = [then_closed(200, '{"total": 0, "items": []}'), whole(201, CREATED)]
    with RawServer(answers) as server, client(server.url) as api:
        api.list_page(1)
        assert server.ended.acquire(timeout=5)
        assert api.send(CREATE).id == "1030978"
    assert [request.connection for request in server.requests] == [1, 2]


def test_a_connection_that_breaks_under_a_write_is_not_tried_again() -> None:
    answers = [whole(200, '{"total": 0, "items": []}'), reset(), whole(201, CREATED)]
    with RawServer(answers) as server, client(server.url) as api:
        api.list_page(1)
        with pytest.raises(OutcomeUnknown):
            api.send(CREATE)
    assert [request.connection for request in server.requests] == [1, 1]


@pytest.mark.parametrize("call", [*WRITES, lambda api: api.read("7"), lambda api: api.list_page(1)])
def test_redirects_are_never_followed_and_the_token_goes_nowhere_else(call: Write) -> None:
    with RawServer([whole(200, CREATED)]) as other:
        for status in (301, 302, 303, 307, 308):
            target = f"{other.url}/v1/hood/campaigns"
            with (
                RawServer([whole(status, Location=target)]) as server,
                client(server.url) as api,
                pytest.raises(ApiError) as caught,
            ):
                call(api)
            assert "redirects are never followed" in caught.value.hint
            assert other.url in caught.value.detail
    assert not other.requests


def test_an_interrupt_lets_no_new_request_start() -> None:
    with (
        RawServer([whole(201, CREATED)]) as server,
        client(server.url, SimulatedTime(interrupted=True)) as api,
        pytest.raises(Interrupted),
    ):
        api.send(CREATE)
    assert not server.requests


@pytest.mark.parametrize("campaign_id", ["", ".", "..", "a b", "é", "7\n", "x" * 129])
def test_an_invalid_id_is_never_sent(campaign_id: str) -> None:
    with RawServer([whole(200, CREATED)]) as server, client(server.url) as api:
        with pytest.raises(ReadFailed):
            api.read(campaign_id)
        with pytest.raises(Refused):
            api.send(Request("cancel", campaign_id, {"reason": "why"}))
        with pytest.raises(Refused):
            api.send(Request("set-winner", "7", message=campaign_id))
    assert not server.requests


def test_an_id_cannot_lead_out_of_its_path() -> None:
    with RawServer([whole(204)]) as server, client(server.url) as api:
        api.send(Request("cancel", "../../x?y#z%2f", {"reason": "why"}))
    assert server.requests[0].line == "POST /v1/hood/campaigns/..%2F..%2Fx%3Fy%23z%252f/cancel HTTP/1.1"


def test_the_second_step_of_a_create_is_not_sent_before_the_id_is_known() -> None:
    with RawServer([whole(204)]) as server, client(server.url) as api, pytest.raises(Refused):
        api.send(Request("update", body={"run_immediately": True}))
    assert not server.requests
