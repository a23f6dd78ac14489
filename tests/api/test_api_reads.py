"""Reads: repeated while that may help, tolerant, and None only where the API says so."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from campaignctl.api.client import MOST_PAGES
from campaignctl.errors import ReadFailed, TokenRejected
from tests.api.raw_server import RawServer, Request, raw, reset, whole
from tests.api.simulated import SimulatedTime, client

ONE = '{"total": "1", "items": [{"id": 7, "name": "Welcome", "labels": "a, b,,c"}]}'
NONE = '{"total": 0, "items": []}'


def query(request: Request) -> dict[str, str]:
    target = request.line.split(" ")[1]
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


@pytest.mark.parametrize("trouble", [reset(), whole(500), whole(503), raw(b"HTTP/1.1 200 OK\r\n")])
def test_a_read_is_repeated_until_it_works(trouble: Any) -> None:
    time = SimulatedTime()
    events: list[str] = []
    with (
        RawServer([trouble, trouble, trouble, whole(200, ONE)]) as server,
        client(server.url, time, on_event=events.append) as api,
    ):
        live = api.read("7")
    assert live is not None
    assert live.name == "Welcome"
    assert len(server.requests) == 4
    assert time.seconds == pytest.approx(0.75 * 3.5)
    assert len(events) == 3


@pytest.mark.parametrize("trouble", [reset(), whole(500, '{"title": "Internal server error."}')])
def test_a_read_gives_up_after_four_attempts(trouble: Any) -> None:
    with RawServer([trouble]) as server, client(server.url) as api, pytest.raises(ReadFailed):
        api.read("7")
    assert len(server.requests) == 4


def test_a_retry_waits_as_long_as_the_server_says() -> None:
    time = SimulatedTime()
    with (
        RawServer([whole(503, Retry_After="20"), whole(200, ONE)]) as server,
        client(server.url, time) as api,
    ):
        api.read("7")
    assert time.seconds == pytest.approx(20)


@pytest.mark.parametrize("answer", [whole(404), whole(400), whole(404, "<html>"), whole(200, NONE)])
def test_no_such_campaign_is_none(answer: Any) -> None:
    with RawServer([answer]) as server, client(server.url) as api:
        assert api.read("7") is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_says_what_to_set(status: int) -> None:
    with RawServer([whole(status)]) as server, client(server.url) as api:
        for call in (lambda: api.read("7"), lambda: api.list_page(1)):
            with pytest.raises(TokenRejected if status == 401 else ReadFailed, match=str(status)) as caught:
                call()
            assert "OCAMBA_TOKEN" in caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        whole(200, "{}"),
        whole(200, "null"),
        whole(200, '"text"'),
        whole(200, '{"items": null}'),
        whole(200, '{"items": [7]}'),
        whole(200, '{"id": "8"}'),
        whole(200, '{"items": [{"id": "8"}]}'),
        whole(200, "<html>"),
        whole(200, '{"id": 1e999}'),
        whole(204),
        whole(405),
        whole(410),
    ],
)
def test_an_answer_that_says_neither_is_a_failed_read(answer: Any) -> None:
    with RawServer([answer]) as server, client(server.url) as api, pytest.raises(ReadFailed):
        api.read("7")
    assert len(server.requests) == 1


def test_a_campaign_is_read_from_an_envelope_or_bare() -> None:
    bare = '{"id": "7", "messages": [{"id": 8146, "template_id": 5, "priority": 3}], "metadata": {"id": 7}}'
    with (
        RawServer([whole(200, bare), whole(200, f'{{"items": [{bare}]}}')]) as server,
        client(server.url) as api,
    ):
        first, second = api.read("7"), api.read("7")
    assert first == second
    assert first is not None
    assert first.complete
    assert first.fields["messages"] == [{"id": "8146", "template_id": "5", "priority": 3}]
    assert first.fields["metadata"] == {"id": 7}


def test_a_page_is_asked_for_newest_first_in_full() -> None:
    with RawServer([whole(200, ONE)]) as server, client(server.url) as api:
        page = api.list_page(3, size=50)
        api.list_page(1, live_only=True, reserve=True)
    assert (page.total, [live.id for live in page.items], page.items[0].complete) == (1, ["7"], False)
    assert page.items[0].fields["labels"] == ["a", "b", "c"]
    asked = [query(request) for request in server.requests]
    assert asked[0] == {"page": "3,50", "sort": "-create_time", "view": "full"}
    assert asked[1] == {**asked[0], "page": "1,100", "status": "nin:sent,canceled"}


def test_parameters_that_the_list_refuses_are_left_out_and_not_tried_again() -> None:
    with RawServer([whole(400), whole(400), whole(200, ONE)]) as server, client(server.url) as api:
        api.list_page(1, live_only=True)
        api.list_page(2, live_only=True)
    plain = {"sort": "-create_time", "view": "full"}
    assert [query(request) for request in server.requests] == [
        {**plain, "page": "1,100", "status": "nin:sent,canceled"},
        {**plain, "page": "1,100"},
        {**plain, "page": "1"},
        {**plain, "page": "2"},
    ]


def test_a_list_that_refuses_every_form_fails_and_nothing_is_remembered() -> None:
    with RawServer([whole(400), whole(400), whole(200, ONE)]) as server, client(server.url) as api:
        with pytest.raises(ReadFailed):
            api.list_page(1)
        api.list_page(1)
    assert query(server.requests[-1])["page"] == "1,100"


def test_a_later_page_never_changes_its_form() -> None:
    with RawServer([whole(400)]) as server, client(server.url) as api, pytest.raises(ReadFailed):
        api.list_page(2)
    assert len(server.requests) == 1


def test_the_servers_clock_is_carried_forward() -> None:
    time = SimulatedTime()
    answers = [whole(200, NONE, Date="Tue, 01 Jan 2036 10:00:00 GMT"), whole(200, NONE, Date="yesterday")]
    with RawServer(answers) as server, client(server.url, time) as api:
        assert api.server_time is None
        page = api.list_page(1)
        assert page.server_time == datetime(2036, 1, 1, 10, tzinfo=UTC)
        time.sleep(90)
        assert api.list_page(1).server_time is None
        assert api.server_time == datetime(2036, 1, 1, 10, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 31 Dec 1969 23:59:59 GMT"])
def test_a_time_at_an_end_of_the_calendar_is_no_clock(date: str) -> None:
    time = SimulatedTime()
    answer = whole(200, NONE, Date=date)
    with RawServer([answer, answer]) as server, client(server.url, time) as api:
        assert api.list_page(1).server_time is None
        time.sleep(90)
        api.list_page(1)
        assert api.server_time is None


def test_an_answer_cannot_leave_a_cookie() -> None:
    with RawServer([whole(200, NONE, Set_Cookie="a=b; Path=/")]) as server, client(server.url) as api:
        api.list_page(1)
        api.list_page(1)
    assert server.requests[1].header("cookie") is None


def test_a_gzipped_page_is_read() -> None:
    body = gzip.compress(ONE.encode())
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with RawServer([raw(head + body)]) as server, client(server.url) as api:
        assert len(api.list_page(1).items) == 1
    assert server.requests[0].header("accept-encoding") == "gzip"


def test_the_estimate_is_that_of_the_windows() -> None:
    with client("http://127.0.0.1:9") as api:
        assert timedelta(seconds=9) <= api.estimate(100) <= timedelta(seconds=9.45)


@pytest.mark.parametrize(
    ("byte", "number"), [(b"\0", 64 << 20), (b"[", 1_000_000)], ids=["64 MiB in 64 KiB", "a million levels"]
)
def test_a_body_that_grows_is_not_held(byte: bytes, number: int) -> None:
    body = gzip.compress(byte * number)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with RawServer([raw(head + body)]) as server, client(server.url) as api, pytest.raises(ReadFailed):
        api.read("7")


def test_a_list_that_does_not_end_is_not_read_for_ever() -> None:
    with RawServer([]) as server, client(server.url) as api, pytest.raises(ReadFailed, match="10,000 pages"):
        api.list_page(MOST_PAGES + 1)
    assert server.requests == []
