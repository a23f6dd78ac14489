"""The calendar as a file of RFC 5545, read by a second library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import vobject

from campaignctl.render.calendar_ics import calendar_ics
from campaignctl.review.calendar import Calendar
from tests.render.test_calendar_text import HOSTILE, busy, hostile
from tests.review.calendars import NOW, at, cron, declared, drawn


def read(calendar: Calendar) -> list[Any]:
    """The events of the file as vobject reads them."""
    return list(vobject.readOne(calendar_ics(calendar).decode()).contents.get("vevent", []))


def uids(calendar: Calendar) -> dict[str, str]:
    """The UID of each event by its begin and title."""
    return {f"{one.dtstart.value:%d %H:%M} {one.summary.value}": one.uid.value for one in read(calendar)}


def test_each_send_is_an_event_in_gmt() -> None:
    found = {one.summary.value: one for one in read(busy())}
    flash = found["push/flash to countries DE"]
    assert flash.dtstart.value.utcoffset() == timedelta(0)
    assert flash.status.value == "TENTATIVE"
    assert found["email/news to everyone"].status.value == "CONFIRMED"
    own = found["push/own-zone to everyone"]
    assert own.dtend.value - own.dtstart.value == timedelta(hours=26)
    assert found["HALTED: sms/stopped to everyone"].transp.value == "TRANSPARENT"
    assert "wrong price" in found["HALTED: sms/stopped to everyone"].description.value
    assert sum(title.startswith(("Freeze: ", "Collision: ", "Clock change: ")) for title in found) == 5
    assert not any(hasattr(one, "rrule") for one in found.values())


def test_a_send_keeps_its_uid_and_no_two_share_one() -> None:
    first = uids(busy())
    assert len(set(first.values())) == len(first)
    later = replace(busy(), now=NOW + timedelta(minutes=5))
    assert uids(later) == first
    specs = {"daily": cron("0 9 * * *"), "once": at("2026-10-24 10:00:00")}
    moved = {**specs, "once": at("2026-10-25 10:00:00")}
    before = uids(drawn(declared(specs), days=8))
    after = uids(drawn(declared(moved), now=NOW + timedelta(days=1), days=8))
    assert before["24 10:00 once to everyone"] == after["25 10:00 once to everyone"]
    shared = {title for title in before if title.endswith("daily to everyone")} & set(after)
    assert len(shared) == 6
    assert all(before[title] == after[title] for title in shared)


def test_lines_end_in_crlf_and_are_folded_at_75_octets() -> None:
    data = calendar_ics(drawn(declared({"k": at("2026-10-24 10:00:00", name="ü€😀" * 60)})))
    lines = data.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # no character is split


def test_hostile_names_stay_text() -> None:
    calendar = hostile()
    data = calendar_ics(replace(calendar, project=HOSTILE, environment="##[group]x"))
    assert not {"\x1b", "\u202e", "\x00"} & set(data.decode())
    assert data.count(b"\r\nEND:VCALENDAR") == 1
    assert data.count(b"\r\nBEGIN:VEVENT") == len(read(calendar))
    file = vobject.readOne(data.decode())
    assert "END:VCALENDAR" in file.contents["x-wr-calname"][0].value
    assert "##[" not in data.decode()


def test_an_empty_calendar_is_a_file_all_the_same() -> None:
    assert read(drawn([])) != []  # the clocks change
    assert read(drawn([], now=datetime(2026, 12, 1, tzinfo=UTC))) == []
