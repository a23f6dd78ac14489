"""What an opening read asks of the API: as few pages as it can, and by id what a list does not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, get_ident
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import (
    Opening,
    check_environment,
    look_for_copies,
    opening_read,
    spread,
)
from campaignctl.schedule.times import iso
from campaignctl.state.model import Account, State
from tests.plan.planning import NOW, SCHEDULED, record, state
from tests.reconciler.scripted import PROJECT, URL, Item, Script

LOST = "0123456789abcdef"
COMPANY = "6197120"
HOUR = timedelta(hours=1)


def item(campaign_id: str, status: str = "scheduled", age: timedelta = HOUR, **fields: Any) -> Item:
    """A campaign as a list shows it."""
    made = f"{NOW - age:%Y-%m-%d %H:%M:%S}"
    shown = {**SCHEDULED, "metadata": {}, "company_id": COMPANY, "create_time": made}
    return {**shown, "id": campaign_id, "status": status, **fields}


def short(campaign_id: str, status: str = "scheduled") -> Item:
    """A list item without messages and metadata."""
    whole = item(campaign_id, status)
    return {name: value for name, value in whole.items() if name not in ("messages", "metadata")}


def ours(campaign_id: str, intent_id: str = LOST, **fields: Any) -> Item:
    """A campaign with our marker."""
    return item(campaign_id, metadata={"campaignctl": str(PROJECT.owner.marker("a", intent_id))}, **fields)


def known(**fields: Any) -> State:
    """A state with one record, 1."""
    given = {"campaigns": {"a": record(SCHEDULED, campaign_id="1")}, "project_id": PROJECT.id}
    return replace(state(), **{**given, "account": Account(URL, COMPANY, markers=True), **fields})


def opening(script: Script, before: State | None, project: Project = PROJECT, **how: Any) -> Opening:
    with script.api() as api:
        return opening_read(api, before, project, (), **how)


def test_what_a_list_shows_in_short_is_read_by_id() -> None:
    items = [short("4"), short("3", "canceled"), short("2"), short("1"), item("5")]
    script = Script(items, {"4": ours("4"), "2": None})
    found = opening(script, known())
    assert script.asked == ["page 1", "4", "2"], "neither what is recorded nor what is canceled"
    assert [one.id for one in found.behind] == ["4"]
    assert set(found.lives) == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize(
    ("before", "project"),
    [
        (known(account=Account(URL, COMPANY, markers=False)), PROJECT),
        (known(), replace(PROJECT, api=replace(PROJECT.api, markers=False))),
    ],
)
def test_where_markers_do_not_work_nothing_is_read_for_them(before: State, project: Project) -> None:
    script = Script([short("4"), short("1")])
    opening(script, before, project)
    assert script.asked == ["page 1"]


def test_the_first_opening_read_reads_markers_too() -> None:
    script = Script([short("4")], {"4": ours("4")})
    assert [one.id for one in opening(script, None).behind] == ["4"]


@pytest.mark.parametrize(("shown", "company"), [("7", "7"), (None, COMPANY)])
def test_a_record_shows_the_company_that_a_list_does_not(shown: str | None, company: str) -> None:
    fields = {"company_id": shown} if shown else {}
    whole = {name: value for name, value in item("1").items() if name != "company_id"}
    script = Script([], {"1": {**whole, **fields}})
    before = known(account=Account(URL, None if shown else company))
    assert opening(script, before).company_id == company
    assert script.asked == ["page 1", "1"]


def test_three_records_are_read_at_most_the_newest_first() -> None:
    made = {
        str(day): record(SCHEDULED, campaign_id=str(day), created_at=f"2026-11-0{day}T00:00:00Z")
        for day in range(1, 6)
    }
    script = Script([])
    with pytest.raises(AccountMismatch, match="none of the campaigns that the state records"):
        opening(script, known(campaigns=made))
    assert script.asked == ["page 1", "5", "4", "3"]
    assert opening(Script([]), known(campaigns={})).company_id is None


@pytest.mark.parametrize(
    ("number", "total", "asked"),
    [
        (2, True, ["page 1"]),
        (3, True, ["page 1"]),
        (4, True, ["page 1", "live page 1", "live page 2"]),
        (0, False, ["page 1"]),
        (2, False, ["page 1", "live page 1", "live page 2"]),
    ],
)
def test_a_plan_reads_the_newest_page_and_what_is_not_over(
    number: int, total: bool, asked: list[str]
) -> None:
    script = Script([item(str(9 - each)) for each in range(number)], size=3, total=total)
    found = opening(script, None, live_only=True)
    assert script.asked == asked
    assert len(found.lives) == number


POSTS = (iso(NOW - 3 * HOUR), iso(NOW - HOUR / 2))
TWICE = {"a": record(SCHEDULED, campaign_id="1", intent=LOST, posts=POSTS)}


def test_a_second_copy_may_be_below_the_mark() -> None:
    """Its first POST left three hours ago."""
    items = [
        item("9"),
        item("8"),
        item("7"),
        ours("2", age=2.5 * HOUR),
        ours("1", age=2 * HOUR),
        item("0", age=9 * HOUR),
    ]
    script = Script(items, size=2)
    found = opening(script, known(campaigns=TWICE, seen=("9",)))
    assert [(key, live.id) for key, live in found.copies] == [("a", "2")]
    assert (found.whole, found.clones, found.behind) == (False, (), ())
    assert script.asked[-1] == "2", "it is read before it counts"
    assert "page 3" in script.asked


@pytest.mark.parametrize(
    ("shown", "copies", "notes"),
    [
        (ours("2"), ["2"], []),
        (ours("2", status="draft"), [], ["2 is a second copy of a, draft; it is left behind"]),
        (ours("2", status="canceled"), [], []),
        (None, [], []),
    ],
)
def test_a_list_may_show_the_status_of_long_ago(
    shown: Item | None, copies: list[str], notes: list[str]
) -> None:
    before = known(campaigns=TWICE)
    found = opening(Script([ours("2"), ours("1")], {"2": shown}), before)
    assert ([live.id for _, live in found.copies], list(found.notes)) == (copies, notes)
    assert found.whole
    over = Script([ours("2", status="canceled"), ours("1")], {"2": shown})
    assert opening(over, before).copies == ()
    assert over.asked == ["page 1"]
    with Script([ours("2"), ours("1")], {"2": shown}).api() as api:
        looked = look_for_copies(api, before, PROJECT, NOW)
    assert [live.id for _, live in looked] == (copies or [note[0] for note in notes])


def test_without_a_second_post_there_is_nothing_to_look_for() -> None:
    script = Script([ours("2"), ours("1")])
    with script.api() as api:
        assert look_for_copies(api, known(), PROJECT, NOW) == []
    assert script.asked == []


def test_no_more_pages_are_read_than_the_first_post_asks_for() -> None:
    items = [ours("1", age=2 * HOUR), item("0", age=9 * HOUR)]
    script = Script([*items, item("00", age=10 * HOUR)], size=2)
    opening(script, known(campaigns=TWICE, seen=("1",)))
    assert script.asked == ["page 1"]


def test_without_the_servers_time_nothing_is_over() -> None:
    script = Script([ours("2"), ours("1")], dated=False)
    assert [live.id for _, live in opening(script, known(campaigns=TWICE)).copies] == ["2"]


def test_the_time_is_that_of_the_first_page() -> None:
    script = Script([item(str(9 - each)) for each in range(4)], size=2)
    assert opening(script, None).scan.server_time == NOW


@pytest.mark.parametrize("total", [True, False])
def test_a_page_without_a_new_campaign_ends_the_list(total: bool) -> None:
    script = Script([item("9"), item("8"), item("7")], size=2, total=total, repeats=True)
    assert set(opening(script, None).lives) == {"9", "8", "7"}
    assert script.asked == ["page 1", "page 2", *(["page 3"] if not total else [])]


def test_campaigns_without_a_time_may_be_of_the_same_second() -> None:
    items = [{**item(str(9 - each)), "create_time": None} for each in range(8)]
    script = Script(items, size=2)
    opening(script, known(campaigns={}, seen=("9",)))
    assert script.asked == ["page 1", "page 2"]


def test_the_state_of_another_api_is_refused() -> None:
    script = Script([item("1")])
    with pytest.raises(AccountMismatch, match=r"belongs to https://other\.example"):
        opening(script, known(account=Account("https://other.example", COMPANY)))
    assert script.asked == []


@pytest.mark.parametrize(("parallelism", "number", "threads"), [(1, 4, 0), (2, 1, 0), (2, 2, 2), (3, 9, 3)])
def test_work_is_spread_over_so_many_threads(parallelism: int, number: int, threads: int) -> None:
    together = Barrier(max(threads, 1))
    used: set[int] = set()

    def work(each: int) -> int:
        used.add(get_ident())
        together.wait(5)
        return each * 2

    assert spread(work, range(number), parallelism) == [each * 2 for each in range(number)]
    assert len(used - {get_ident()}) == threads


@pytest.mark.parametrize(
    ("project_id", "says"), [("a", "campaignctl.yaml has the id a"), (None, "has no `metadata.id`")]
)
def test_the_state_of_another_project_names_both(project_id: str | None, says: str) -> None:
    with pytest.raises(AccountMismatch, match=f"belongs to the project {PROJECT.id}") as refused:
        check_environment(known(), replace(PROJECT, id=project_id))
    assert says in refused.value.summary


def test_once_no_copy_can_be_created_any_more_the_whole_list_is_read() -> None:
    posts = (iso(NOW - 9 * HOUR), iso(NOW - 8 * HOUR))
    reposted = {"a": replace(TWICE["a"], posts=posts, reposted=True)}
    items = [item(str(9 - each), age=(each + 1) * HOUR) for each in range(8)]
    script = Script(items, size=3)
    assert opening(script, known(campaigns=reposted, seen=("9",))).whole
    assert script.asked == ["page 1", "page 1", "page 2", "page 3"]
    script.asked.clear()
    assert opening(script, known(campaigns=reposted)).whole
    assert script.asked == ["page 1", "page 2", "page 3"]
