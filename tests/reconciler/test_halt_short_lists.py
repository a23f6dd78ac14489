"""A halt whose list of the account shows fewer campaigns than it claims to have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from campaignctl.state.codec import encode
from campaignctl.state.model import Entry
from tests.api.simulated import client
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_halting import FAR, text, words

Alter = Callable[[dict[str, Any], bool], None]


@dataclass
class Listing(httpx.BaseTransport):
    """The network to the sandbox, on which `alter` changes every list, filtered by status or not."""

    alter: Alter
    pages: list[str] = field(default_factory=list)
    carrier: httpx.HTTPTransport = field(default_factory=lambda: httpx.HTTPTransport(verify=False))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.carrier.handle_request(request)
        if request.method != "GET" or not request.url.path.endswith("/campaigns"):
            return response
        filtered = "status" in request.url.params
        self.pages.append("filtered" if filtered else "whole")
        shown = json.loads(response.read())
        self.alter(shown, filtered)
        headers = {"date": response.headers["date"]}
        return httpx.Response(response.status_code, json=shown, headers=headers)

    def close(self) -> None:
        self.carrier.close()


@contextmanager
def listing(account: Account, alter: Alter) -> Iterator[tuple[Account, Listing]]:
    """The same account, with lists that are altered."""
    network = Listing(alter)
    with client(account.project.api.url, account.clock.time, transport=network) as api:
        yield replace(account, api=api), network


def without(campaign_id: str, *, always: bool) -> Alter:
    """Leave a campaign out of filtered lists, or of all, and count it."""

    def alter(shown: dict[str, Any], filtered: bool) -> None:
        if filtered or always:
            shown["items"] = [each for each in shown["items"] if str(each["id"]) != campaign_id]

    return alter


@pytest.fixture
def stray(account: Account) -> str:
    """The id of a campaign of ours that the state has lost; only a list shows it."""
    for key in ("a", "stray"):
        account.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    account.apply()
    known, lost = account.state, account.id_of("stray")
    account.place.put_document(encode(known.after(Entry(records={"stray": None}))).encode())
    return lost


def status_of(account: Account, campaign_id: str) -> str:
    return str(account.control.campaign(campaign_id)["live"]["status"])


def test_what_a_filtered_list_hides_is_stopped(account: Account, stray: str) -> None:
    with listing(account, without(stray, always=False)) as (ours, _):
        outcome = ours.halt()
    assert status_of(account, stray) == "paused"
    assert (outcome.stopped, outcome.notes) == (True, ())


def test_a_list_that_stays_short_proves_no_halt(account: Account, stray: str) -> None:
    with listing(account, without(stray, always=True)) as (ours, _):
        outcome = ours.halt()
    assert words(outcome) == {"a": "stopped"}
    assert not outcome.stopped
    shows = "the list of the account shows 1 of 2 campaigns"
    assert outcome.notes == (f"{shows}; others may still send: check the dashboard",)
    assert status_of(account, stray) == "scheduled"


def test_a_list_that_was_short_for_a_moment_proves_the_halt(account: Account, stray: str) -> None:
    looks = 0

    def alter(shown: dict[str, Any], filtered: bool) -> None:
        nonlocal looks
        looks += 1
        without(stray, always=looks <= 4)(shown, False)

    with listing(account, alter) as (ours, _):
        outcome = ours.halt()
    assert status_of(account, stray) == "paused"
    assert (outcome.stopped, outcome.notes) == (True, ())


def test_a_total_that_counts_final_campaigns_too_is_no_short_list(account: Account, stray: str) -> None:
    account.control.cancel(stray)

    def alter(shown: dict[str, Any], _filtered: bool) -> None:
        shown["total"] = 2

    with listing(account, alter) as (ours, _):
        outcome = ours.halt()
    assert outcome.stopped
    assert words(outcome) == {"a": "stopped"}


def test_a_list_that_ends_while_it_is_read_is_short(account: Account, stray: str) -> None:
    """A campaign of the first page is over when the second one is read, which begins one further on."""
    page = 0

    def alter(shown: dict[str, Any], filtered: bool) -> None:
        nonlocal page
        if not filtered:
            return
        page += 1
        first = [each for each in shown["items"] if str(each["id"]) != stray]
        shown["items"], shown["total"] = (first, 2) if page % 2 else ([], 1)

    with listing(account, alter) as (ours, _):
        assert ours.halt().stopped
    assert status_of(account, stray) == "paused"


@pytest.mark.usefixtures("stray")
def test_a_whole_list_is_not_read_again(account: Account) -> None:
    with listing(account, lambda _shown, _filtered: None) as (ours, network):
        assert ours.halt().stopped
    assert set(network.pages) == {"filtered"}
