"""The reader accepts every documented spelling; anything else is `Unreadable`, and no other error."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.api import wire
from campaignctl.api.wire import Unreadable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["id", "items", "total", "labels", "metadata", "messages"]) | st.text(), inner
        )
    ),
    max_leaves=20,
)


@given(value=JSON)
def test_every_json_value_is_readable_or_unreadable(value: Any) -> None:
    body = json.dumps(value).encode()
    for read in (lambda v: wire.page(v, None), lambda v: wire.by_id(v, "7"), wire.created):
        with suppress(Unreadable):
            read(wire.parse(body, str))
    wire.problem(body)


@given(body=st.binary())
def test_all_bytes_are_readable_or_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        wire.parse(body, str)
    wire.problem(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[" * 70 + b"]" * 70,
        b"1" * 5000,
        b"1e400",
        b"-Infinity",
        b"\xff\xfe",
        b'{"a": "\xed\xa0\x80"}',
    ],
)
def test_hostile_bodies_are_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.parse(body, str)


def test_a_lone_surrogate_is_replaced_so_that_it_can_be_written() -> None:
    assert wire.parse(b'{"name": "a\\ud800b \\ud83d\\ude00"}', str) == {"name": "a\ufffdb \U0001f600"}


def test_ids_become_strings_wherever_the_api_puts_them() -> None:
    value = wire.parse(
        b'{"id": 1, "deal_id": 2, "creator": {"id": 3, "status": 4}, "messages": [{"integration_id": 0}],'
        b' "targeting": {"custom_properties": {"id": 5}}, "winner": 1, "company_id": true}',
        str,
    )
    assert value == {
        "id": "1",
        "deal_id": "2",
        "creator": {"id": "3", "status": 4},
        "messages": [{"integration_id": "0"}],
        "targeting": {"custom_properties": {"id": 5}},
        "winner": 1,
        "company_id": True,
    }


@pytest.mark.parametrize(
    ("total", "read"),
    [
        (50, 50),
        ("50", 50),
        (0, 0),
        (None, None),
        (True, None),
        (-1, None),
        ("many", None),
        ([], None),
        (1.5, None),
    ],
)
def test_a_total_is_a_number_or_a_string_or_unknown(total: Any, read: int | None) -> None:
    assert wire.page({"total": total, "items": []}, None).total == read


def test_an_item_that_comes_twice_counts_once_in_its_place() -> None:
    page = wire.page({"items": [{"id": "1", "name": "first"}, {"id": "2"}, {"id": "1"}]}, None)
    assert [(live.id, live.name) for live in page.items] == [("1", "first"), ("2", "")]


@pytest.mark.parametrize(
    "items", [None, {}, "x", [None], [[]], [{}], [{"id": ""}], [{"id": 1.5}], [{"id": ["1"]}]]
)
def test_a_page_with_an_item_that_is_not_a_campaign_is_unreadable(items: Any) -> None:
    with pytest.raises(Unreadable):
        wire.page({"items": items}, None)


@pytest.mark.parametrize(
    ("labels", "read"),
    [(["a"], ["a"]), ("a,b", ["a", "b"]), (" a , ", ["a"]), ("", []), (None, None), (7, 7)],
)
def test_labels_are_a_list_or_a_text_with_commas(labels: Any, read: Any) -> None:
    assert wire.created({"id": "1", "labels": labels}).fields["labels"] == read


def test_unknown_fields_are_kept() -> None:
    assert wire.created({"id": "1", "new": {"x": [1]}}).fields["new"] == {"x": [1]}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "-1"}, -1),
        ({"retry-after": "-2"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "Tue, 01 Jan 2036 00:00:30 GMT"}, 30),
        ({"retry-after": "Tue, 01 Jan 2036 00:00:30 GMT", "date": "Tue, 01 Jan 2036 00:00:20 GMT"}, 10),
        ({"retry-after": "Mon, 01 Jan 1990 00:00:00 GMT"}, 0),
    ],
)
def test_retry_after_is_seconds_or_a_time(headers: dict[str, str], seconds: float | None) -> None:
    assert wire.retry_after(headers, datetime(2036, 1, 1, tzinfo=UTC)) == seconds


@given(text=st.text())
def test_every_date_header_is_a_date_or_none(text: str) -> None:
    moment = wire.date({"date": text})
    assert moment is None or moment.tzinfo is UTC


def test_a_date_is_in_utc_whatever_its_zone() -> None:
    assert wire.date({"date": "Tue, 01 Jan 2036 12:00:00 +0200"}) == datetime(2036, 1, 1, 10, tzinfo=UTC)
    assert wire.date({"date": "Tue, 01 Jan 2036 10:00:00 -0000"}) == datetime(2036, 1, 1, 10, tzinfo=UTC)
