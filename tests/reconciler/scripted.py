"""An API that answers what a test sets: pages of a list, campaigns by id; and what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from campaignctl.api.client import OcambaApi
from tests.api.simulated import SimulatedTime, client
from tests.plan.planning import NOW

URL = "https://api.ocamba.com"

Item = Mapping[str, Any]


@dataclass
class Script:
    """The list, newest first, in pages; what reads by id show, if not the items of the list; None is gone.

    `repeats`: pages past the end are the last one again. `dated`: answers have the time, a second later each.
    """

    items: Sequence[Item]
    by_id: Mapping[str, Item | None] = field(default_factory=dict)
    size: int = 100
    total: bool = True
    repeats: bool = False
    dated: bool = True
    asked: list[str] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a read."""
        word = request.url.path.rsplit("/", 1)[-1]
        if word != "campaigns":
            self.asked.append(word)
            known: Mapping[str, Item | None] = {str(each["id"]): each for each in self.items}
            found = {**known, **self.by_id}.get(word)
            return httpx.Response(200 if found else 404, json=found or {})
        number = int(request.url.params["page"].partition(",")[0])
        live = "live " if "status" in request.url.params else ""
        self.asked.append(f"{live}page {number}")
        if self.repeats:
            number = min(number, -(-len(self.items) // self.size))
        page = self.items[(number - 1) * self.size : number * self.size]
        shown = {"items": page, **({"total": len(self.items)} if self.total else {})}
        time = NOW + timedelta(seconds=len(self.asked) - 1)
        dated = {"date": f"{time:%a, %d %b %Y %H:%M:%S} GMT"} if self.dated else {}
        return httpx.Response(200, json=shown, headers=dated)

    @contextmanager
    def api(self) -> Iterator[OcambaApi]:
        """A client of it."""
        time, transport = SimulatedTime(start=NOW), httpx.MockTransport(self.answer)
        with client(URL, time, trusted_url=URL, transport=transport) as found:
            yield found
