"""What the API reported about a campaign, read tolerantly (API contract, sections 3 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Live:
    """One campaign as one answer of the API showed it.

    `fields` holds the fields of the answer's object, ids as strings and everything else as the API spelt it.
    `complete` is true for a read by id and for the answer to a create; in a list item a missing field is
    unknown, not unset.
    """

    id: str
    fields: Mapping[str, Any]
    complete: bool

    def text(self, name: str) -> str | None:
        """The field if it is a non-empty string, otherwise None."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    @property
    def name(self) -> str:
        """The name, or an empty string."""
        return self.text("name") or ""

    @property
    def company_id(self) -> str | None:
        """The company that owns the campaign, if the answer says so."""
        return self.text("company_id")

    @property
    def status(self) -> str | None:
        """The status as the API spells it."""
        return self.text("status")

    @property
    def winner(self) -> str | None:
        """The name of the message that won the A/B test, if the answer shows one (section 3)."""
        messages = self.fields.get("messages")
        for message in messages if isinstance(messages, list | tuple) else ():
            if isinstance(message, Mapping) and message.get("winner") in (1, True, "1"):
                return str(message.get("name"))
        return None

    @property
    def run(self) -> int | None:
        """The number of its last run, 1 for the first, if the answer counts runs."""
        runs = self.fields.get("run_counter")
        return runs if isinstance(runs, int) and not isinstance(runs, bool) and runs > 0 else None

    @property
    def create_time(self) -> str | None:
        """`YYYY-MM-DD HH:MM:SS` in GMT; the answer to a create may lack it."""
        return self.text("create_time")

    @property
    def shows_metadata(self) -> bool:
        """Whether this answer covers metadata; a list item may not."""
        return self.complete or "metadata" in self.fields


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list: the items, the total that the API claims, and the server's clock.

    `counts_itself`: it is full, and the total is the number of its items; another page may follow.
    """

    items: tuple[Live, ...]
    total: int | None
    server_time: datetime | None
    counts_itself: bool = False

    def ends(self, seen: int) -> bool:
        """Whether it is the last page of a list of which `seen` campaigns were shown with it.

        A total that may count the page alone proves nothing.
        """
        return self.total is not None and seen >= self.total and not self.counts_itself
