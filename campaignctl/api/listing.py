"""How a page of the list is asked for, and what to leave out where the API refuses it.

The largest page size and the fields that can be filtered are not documented (API contract, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

LIVE: Final = "nin:sent,canceled"


@dataclass(frozen=True, slots=True)
class ListForm:
    """One way to ask: with the status filter or without, with a size or without."""

    filtered: bool
    sized: bool

    def parameters(self, number: int, size: int) -> dict[str, str]:
        """The query of page `number`, counted from 1; newest first, full view."""
        page = f"{number},{size}" if self.sized else str(number)
        parameters = {"page": page, "sort": "-create_time", "view": "full"}
        return {**parameters, "status": LIVE} if self.filtered else parameters


FILTERED: Final = ListForm(filtered=True, sized=True)
SIZED: Final = ListForm(filtered=False, sized=True)
PLAIN: Final = ListForm(filtered=False, sized=False)


class ListForms:
    """Remembers which forms the API accepts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms = {True: (FILTERED, SIZED, PLAIN), False: (SIZED, PLAIN)}

    def open_to(self, number: int, *, live_only: bool) -> tuple[ListForm, ...]:
        """The forms to try in turn.

        Only a first page has more than one: later pages in another form would begin at another item, and
        the scan would skip campaigns.
        """
        with self._lock:
            forms = self._forms[live_only]
        return forms if number == 1 else forms[:1]

    def works(self, form: ListForm, *, live_only: bool) -> None:
        """The API accepted this form: those before it are not tried again."""
        with self._lock:
            forms = self._forms[live_only]
            if form in forms:
                self._forms[live_only] = forms[forms.index(form) :]
