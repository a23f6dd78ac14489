"""Which creates are watched for a second copy, which campaigns are copies, and how far a list is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Marker
from campaignctl.reconciler import copies
from campaignctl.reconciler.copies import Watched
from campaignctl.schedule.times import iso
from campaignctl.state.model import Dropped, Record
from tests.plan.planning import ID, NOW, RECURRING, SCHEDULED, record, state
from tests.reconciler.scripted import Item, Script

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
MONTH = timedelta(days=30)
FIRST, LAST = NOW - 3 * HOUR, NOW - 2 * HOUR
POSTS = (iso(LAST), iso(FIRST))
ONE = Watched("k", ID, FIRST - MINUTE, LAST + HOUR, scanned=False)


def watched(*dropped: Dropped, **records: Record) -> Mapping[str, Watched]:
    return copies.watched(state(records, dropped=dropped), NOW)


def twice(**fields: Any) -> Record:
    """The record of a create that was posted twice."""
    return record(SCHEDULED, **{"posts": POSTS, "reposted": True, **fields})


def test_without_a_state_nothing_is_watched() -> None:
    assert copies.watched(None, NOW) == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ONE),
        ({"reposted": False}, replace(ONE, scanned=True)),
        ({"status": "sent", "applied": RECURRING}, ONE),
        ({"posts": (), "created_at": iso(LAST)}, replace(ONE, since=LAST - MONTH - MINUTE)),
        ({"posts": POSTS[:1]}, replace(ONE, since=LAST - MINUTE)),
        ({"intent": None}, None),
        ({"status": "sent"}, ONE),
        ({"status": "sent", "reposted": False}, None),
        ({"status": "sent", "reposted": False, "applied": RECURRING}, None),
        ({"began": iso(LAST)}, ONE),
        ({"began": iso(LAST), "reposted": False}, None),
        ({"posts": POSTS[:1], "reposted": False}, None),
    ],
)
def test_a_record_is_watched_while_a_copy_of_it_could_turn_up_or_send(
    fields: dict[str, Any], expected: Watched | None
) -> None:
    found = watched(k=replace(twice(), **fields))
    assert found == ({"intent-of-old": expected} if expected else {})


@pytest.mark.parametrize(
    ("posts", "is_watched"),
    [
        (POSTS, True),
        ((iso(NOW - MONTH),), False),
        ((iso(NOW - MONTH + SECOND),), True),
        ((iso(NOW - 2 * MONTH), iso(LAST)), True),
    ],
)
@pytest.mark.parametrize("scanned", [True, False])
def test_a_create_that_was_given_up_is_watched_for_a_month(
    posts: tuple[str, ...], *, is_watched: bool, scanned: bool
) -> None:
    one = Dropped("k", "lost", "d", posts, scanned=scanned)
    found = watched(one, k=record(SCHEDULED), other=record(SCHEDULED, campaign_id="7"))
    assert (set(found) == {"lost"}) is is_watched
    assert all((each.key, each.id, each.scanned) == ("k", ID, scanned) for each in found.values())


def made(campaign_id: str, at: datetime | None = LAST, intent: str = "lost") -> tuple[Live, Marker]:
    """A campaign of a create, and its marker."""
    time = {"create_time": f"{at:%Y-%m-%d %H:%M:%S}"} if at else {}
    return Live(campaign_id, {"id": campaign_id, **time}, complete=True), Marker(("p", "e"), "k", intent)


@pytest.mark.parametrize(
    ("seen", "is_copy"),
    [
        (made("7"), True),
        (made("7", None), True),
        (made("7", ONE.since), True),
        (made("7", ONE.since - SECOND), False),
        (made("7", ONE.until), True),
        (made("7", ONE.until + SECOND), False),
        (made(ID), False),
        (made("7", intent="other"), False),
    ],
)
def test_a_copy_has_the_marker_and_was_created_when_it_was_posted(
    seen: tuple[Live, Marker], *, is_copy: bool
) -> None:
    known = {"lost": ONE}
    assert list(copies.of([seen], known)) == ([("k", seen[0])] if is_copy else [])
    in_time = is_copy or seen[1].intent == "other" or seen[0].id == ID
    later = replace(ONE, since=NOW + 9 * HOUR, until=NOW + 10 * HOUR)
    assert copies.of_then([seen[0]], {"x": later, **known}) == ((seen[0],) if in_time else ())


OLDER = replace(ONE, since=ONE.since - HOUR)


@pytest.mark.parametrize(
    ("times", "known", "reached"),
    [
        ([], {}, True),
        ([], {"a": ONE}, False),
        ([LAST], {"a": ONE}, False),
        ([LAST, ONE.since], {"a": ONE}, False),
        ([LAST, ONE.since - SECOND], {"a": ONE}, True),
        ([ONE.since - SECOND, LAST], {"a": ONE}, False),
        ([ONE.since - SECOND], {"a": ONE, "b": OLDER}, False),
        ([LAST, None], {"a": ONE}, False),
    ],
)
def test_a_list_reaches_down_to_the_first_post(
    times: list[datetime | None], known: dict[str, Watched], *, reached: bool
) -> None:
    lives = [made(str(number), at)[0] for number, at in enumerate(times)]
    assert copies.reaches(lives, known) is reached


def item(campaign_id: str, at: datetime = LAST) -> Item:
    return {"id": campaign_id, "create_time": f"{at:%Y-%m-%d %H:%M:%S}", "status": "scheduled"}


RECENT = [item(number) for number in "987654"]


@pytest.mark.parametrize(
    ("script", "known", "pages", "ids"),
    [
        (Script(RECENT, size=2), {}, 0, "9"),
        (Script(RECENT, size=2), {"a": ONE}, 3, "987654"),
        (Script(RECENT, size=2, total=False), {"a": ONE}, 4, "987654"),
        (Script(RECENT, size=2, total=False, repeats=True), {"a": ONE}, 4, "987654"),
        (Script([*RECENT, item("3", ONE.since - SECOND), *RECENT], size=7), {"a": ONE}, 1, "9876543"),
        (Script([], size=2), {"a": ONE}, 1, "9"),
    ],
)
def test_pages_are_read_down_to_the_first_post_and_what_was_seen_is_kept(
    script: Script, known: dict[str, Watched], pages: int, ids: str
) -> None:
    seen = Live("9", {"id": "9", "name": "read by id"}, complete=True)
    with script.api() as api:
        found = copies.look(api, known, [seen])
    assert script.asked == [f"page {number}" for number in range(1, pages + 1)]
    assert "".join(live.id for live in found) == ids
    assert found[0] is seen


@pytest.mark.parametrize(
    ("known", "needs"),
    [
        ([], False),
        ([replace(ONE, until=NOW)], False),
        ([replace(ONE, until=NOW - SECOND)], True),
        ([replace(ONE, until=NOW - SECOND, scanned=True)], False),
        ([replace(ONE, until=NOW), replace(ONE, until=NOW - SECOND)], True),
        ([replace(ONE, until=NOW - SECOND, scanned=True), replace(ONE, until=NOW + HOUR)], False),
    ],
)
def test_the_whole_list_is_needed_once_no_copy_can_be_created(known: list[Watched], *, needs: bool) -> None:
    assert copies.needs_scan({str(number): one for number, one in enumerate(known)}, NOW) is needs


def test_the_whole_list_was_read_for_those_alone_of_which_no_copy_can_be_created() -> None:
    late = (iso(NOW - HOUR),)
    records = {
        "k": twice(),
        "just": twice(campaign_id="8", intent="just", posts=late),
        "scanned": twice(campaign_id="9", intent="scanned", reposted=False),
    }
    gone = [
        Dropped("k", "lost", "d", POSTS),
        Dropped("k", "now", "d", late),
        Dropped("none", "none", "d", POSTS),
    ]
    entry = copies.scanned(state(records, dropped=tuple(gone)), NOW)
    assert entry.records == {"k": replace(records["k"], reposted=False)}
    assert entry.dropped == (replace(gone[0], scanned=True),)
