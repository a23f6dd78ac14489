"""The newest campaigns of the account, down to a mark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from campaignctl.campaign.live import Live, Page
from campaignctl.reconciler.ports import CampaignApi

_In = TypeVar("_In")
_Out = TypeVar("_Out")

# How many ids of the newest page make a mark: enough that one of them is found again.
MARK_SIZE = 20


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan saw, newest first and each campaign once. `server_time` is that of its first page."""

    lives: tuple[Live, ...]
    server_time: datetime | None

    @property
    def mark(self) -> tuple[str, ...]:
        """The ids by which a later scan knows where this one began."""
        return tuple(live.id for live in self.lives[:MARK_SIZE])


def newest(api: CampaignApi, mark: Collection[str], *, reserve: bool = False) -> Scan:
    """Every campaign down to one of the mark; without a mark, the whole list.

    The page that holds the mark is read whole, and so is the next one as long as it may hold campaigns
    of the same second. A page without a new id ends the scan, whatever the API claims.
    """
    lives: dict[str, Live] = {}
    server_time: datetime | None = None
    number, beyond = 0, False
    while True:
        number += 1
        page = api.list_page(number, reserve=reserve)
        server_time = server_time or page.server_time
        fresh = [live for live in page.items if live.id not in lives]
        lives.update({live.id: live for live in fresh})
        if not fresh or (page.total is not None and len(lives) >= page.total):
            break
        if beyond or _passes(page, mark):
            break
        beyond = any(live.id in mark for live in page.items)
    return Scan(tuple(lives.values()), server_time)


def _passes(page: Page, mark: Collection[str]) -> bool:
    """Whether a page holds the mark and ends with something surely older."""
    marked = [live for live in page.items if live.id in mark]
    last = page.items[-1].create_time
    return bool(marked and last and marked[0].create_time and last < marked[0].create_time)


def spread(work: Callable[[_In], _Out], items: Iterable[_In], parallelism: int) -> list[_Out]:
    """The results of some work on each item, in order, on a few threads."""
    todo = list(items)
    if parallelism <= 1 or len(todo) <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(min(parallelism, len(todo))) as pool:
        return list(pool.map(work, todo))
