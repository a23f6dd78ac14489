"""How the recorded campaigns are read: by list pages where that is cheaper, else by id; no more than that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import httpx
import pytest

from campaignctl.errors import AccountMismatch
from campaignctl.reconciler.refresh import known_ids, observe, prove_account, read_records
from campaignctl.state.ledger import Released
from campaignctl.state.model import Foreign, Record
from tests.api.simulated import client
from tests.plan.planning import record, state
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_opening import made, pages


def recorded(account: Account, ids: Collection[str]) -> dict[str, Record]:
    """Records of campaigns as they are in the account, by key."""
    shown = {each: account.api.read(each) for each in ids}
    found = {
        f"key-{each}": record(dict(live.fields) if live else {}, "manual", each)
        for each, live in shown.items()
    }
    account.control.clear_requests()
    return found


def by_id(account: Account) -> list[str]:
    """The campaigns that were read by id."""
    return [
        request["path"].rsplit("/", 1)[-1]
        for request in account.control.requests()
        if not request["path"].endswith("campaigns")
    ]


def read(account: Account, wanted: dict[str, Record], **more: Any) -> dict[str, str | None]:
    """The ids that were found, by key."""
    lives, _ = read_records(account.api, wanted, parallelism=1, **more)
    return {key: live.id if live else None for key, live in lives.items()}


@pytest.mark.parametrize(
    ("number", "wanted", "cap", "read_pages", "singly"),
    [
        (9, (), 3, 0, 0),
        (9, (0, 1), 3, 0, 2),
        (9, (0, 1, 2), 3, 1, 0),
        (9, (0, 1, 8), 3, 1, 1),
        (9, (0, 4, 8), 3, 1, 2),
        (9, (0, 4, 7, 8), 3, 2, 2),
        (12, (0, 1, 2, 9, 10, 11), 3, 1, 3),
        (12, (0, 1, 2, 8, 9, 10, 11), 3, 4, 0),
        (9, tuple(range(9)), 3, 3, 0),
    ],
)
def test_pages_are_read_while_they_are_cheaper_than_single_reads(
    late: Account, number: int, wanted: tuple[int, ...], cap: int, read_pages: int, singly: int
) -> None:
    ids = made(late, *(1,) * number)
    known = recorded(late, [ids[each] for each in wanted])
    late.control.switch(page_cap=cap)
    assert read(late, known) == {key: one.id for key, one in known.items()}
    assert (len(pages(late)), len(by_id(late))) == (read_pages, singly)


def test_a_campaign_that_no_page_shows_is_read_by_id_and_may_be_missing(late: Account) -> None:
    known = recorded(late, made(late, 1, 1, 1))
    gone = replace(next(iter(known.values())), id="999")
    assert read(late, {**known, "gone": gone}) == {
        **{key: one.id for key, one in known.items()},
        "gone": None,
    }
    assert by_id(late) == ["999"]


def test_what_is_read_by_id_is_seen_too(late: Account) -> None:
    """A few reads may be all that shows whose account it is."""
    known = recorded(late, made(late, 1, 1))
    gone = replace(next(iter(known.values())), id="999")
    _, seen = read_records(late.api, {**known, "gone": gone}, parallelism=1)
    assert set(seen) == {one.id for one in known.values()}


def test_what_was_read_already_is_not_read_again(late: Account) -> None:
    ids = made(late, 1, 1, 1, 1)
    known = recorded(late, ids)
    at_hand = {live.id: live for live in late.api.list_page(1).items}
    late.control.clear_requests()
    lives, seen = read_records(late.api, known, parallelism=1, at_hand=at_hand)
    assert {live.id for live in lives.values() if live} == set(seen) == set(ids)
    assert late.control.requests() == []


@pytest.mark.parametrize(
    ("since", "number", "read_pages"),
    [
        ((0,), 9, 1),
        ((3,), 9, 2),
        ((8,), 9, 3),
        ((), 9, 3),
        ((), 24, 5),
        ((16,), 24, 5),
        ((4, 0), 24, 1),
    ],
)
def test_new_campaigns_are_looked_for_down_to_a_known_one_on_a_few_pages(
    late: Account, since: tuple[int, ...], number: int, read_pages: int
) -> None:
    ids = made(late, *(1,) * number)
    late.control.switch(page_cap=3)
    late.control.clear_requests()
    _, seen = read_records(late.api, {}, parallelism=1, since=[ids[each] for each in since])
    assert (len(pages(late)), by_id(late)) == (read_pages, [])
    assert list(seen) == ids[: 3 * read_pages]


@pytest.mark.parametrize(("size", "number", "read_pages"), [(10, 25, 3), (10, 20, 3), (25, 30, 2)])
def test_new_campaigns_are_looked_for_below_a_page_that_is_counted_alone(
    late: Account, size: int, number: int, read_pages: int
) -> None:
    ids = made(late, *(1,) * number)
    late.control.switch(page_size_fixed=size, total="page")
    late.control.clear_requests()
    _, seen = read_records(late.api, {}, parallelism=1, since=())
    assert (set(seen), len(pages(late))) == (set(ids), read_pages)


def test_records_below_a_page_that_is_counted_alone_are_read_by_id(late: Account) -> None:
    known = recorded(late, made(late, *(1,) * 25))
    late.control.switch(page_size_fixed=10, total="page")
    assert read(late, known) == {key: one.id for key, one in known.items()}
    assert (len(pages(late)), len(by_id(late))) == (1, 15)


class WithoutTotal(httpx.HTTPTransport):
    """An API whose list does not say how many campaigns there are."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        shown = answer.json()
        shown.pop("total", None)
        return httpx.Response(answer.status_code, json=shown, headers={"date": answer.headers["date"]})


def test_of_a_list_without_a_total_one_page_is_read(late: Account) -> None:
    """How many more there are is not known: what is left is read by id."""
    ids = made(late, *(1,) * 6)
    known = recorded(late, ids)
    late.control.switch(page_cap=3)
    with client(late.api.url, late.clock.time, transport=WithoutTotal(verify=False)) as api:
        assert read(replace(late, api=api), known) == {key: one.id for key, one in known.items()}
    assert (len(pages(late)), by_id(late)) == (1, sorted(ids[3:]))


def test_the_ids_that_a_state_knows_are_all_that_it_has_seen() -> None:
    known = state(
        {"a": record({}, campaign_id="1")},
        released=(Released("b", "2", None, "d", "sent", "2026-11-01T00:00:00Z"),),
        foreign={"3": Foreign("sent", "2026-11-01T00:00:00Z")},
        seen=("4",),
    )
    assert known_ids(known) == {"1", "2", "3", "4"}


# --------------------------------------------------------------------------------- whose account it is


def test_a_missing_campaign_is_missing_only_in_the_account_of_the_state(late: Account) -> None:
    made(late, 1)
    ours = replace(state().account, url=late.api.url)
    prove_account(late.api, state(), late.project, {})
    late.control.set_company("7")
    with pytest.raises(AccountMismatch, match="company 7"):
        prove_account(late.api, replace(state(), account=ours), late.project, {})


def test_an_account_that_shows_no_campaign_proves_nothing(late: Account) -> None:
    with pytest.raises(AccountMismatch, match="no recorded campaign was found"):
        prove_account(late.api, state({"a": record({})}), late.project, {})


def test_what_a_manifest_adopts_is_read_once_and_shows_whose_account_it_is(late: Account) -> None:
    (theirs,) = made(late, 1)
    late.specs, late.adopts = {"a": campaign("n0")}, {"a": theirs}
    late.control.clear_requests()
    reading = observe(late.api, None, late.desired, late.clock.now(), parallelism=1)
    assert (set(reading.adoptable), reading.company_id, reading.proven) == ({theirs}, "6197120", True)
    assert by_id(late) == [theirs]
    late.adopts = {}
    none = observe(late.api, None, late.desired, late.clock.now(), parallelism=1)
    assert (dict(none.adoptable), none.company_id, none.proven) == ({}, None, False)


@pytest.mark.parametrize(("newer", "read_pages"), [(0, ["1"]), (2, ["1"]), (3, ["1", "1", "2"])])
def test_a_plan_that_creates_reads_down_to_what_the_state_knows(
    late: Account, newer: int, read_pages: list[str]
) -> None:
    made(late, *(1,) * 5)
    late.specs = {"far": campaign("Far", scheduled_time="2036-06-01 10:00:00")}
    late.apply()
    made(late, *(1,) * newer)
    late.specs["new"] = campaign("New", scheduled_time="2036-09-01 10:00:00")
    late.control.switch(page_cap=3)
    late.control.clear_requests()
    observe(late.api, late.state, late.desired, late.clock.now(), parallelism=1, list_page=True)
    assert [page.partition(",")[0] for page in pages(late)] == read_pages
