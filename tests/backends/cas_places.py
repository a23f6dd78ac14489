"""What the places of the generic backend share: short waits, and files that tests read and change."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend, Patience
from campaignctl.backends.cas.place import Home

PAUSE = timedelta(milliseconds=5)
NONE = timedelta()


def at_most(longest: timedelta) -> Callable[[timedelta], None]:
    """A wait that is over by then, however long it was to be."""
    return lambda duration: time.sleep(min(duration, longest).total_seconds())


pause_shortly = at_most(PAUSE)


def utc_now() -> datetime:
    return datetime.now(UTC)


def cas_backend(
    home: Home,
    *,
    pause: Callable[[timedelta], None] = pause_shortly,
    trust: timedelta = NONE,
    wait: Callable[[timedelta], None] = pause_shortly,
    now: Callable[[], datetime] = utc_now,
    at_rest: AtRest = IN_CLEAR,
) -> CasBackend:
    """A backend that nothing interrupts."""
    return CasBackend(
        replace(home, at_rest=at_rest),
        now=now,
        new_id=lambda: uuid4().hex,
        wait=wait,
        interrupted=lambda: False,
        patience=Patience(pause, trust=trust),
    )


class CasFiles(ABC):
    """The files of a state, behind the back of its backend."""

    def at_rest(self) -> AtRest:
        """How they are stored."""
        return IN_CLEAR

    @abstractmethod
    def files(self) -> Mapping[str, bytes]:
        """All that is stored now."""

    @abstractmethod
    def put(self, changed: Mapping[str, bytes]) -> None:
        """Change files without the lock."""

    def document(self) -> bytes | None:
        return self.files().get("state.json")

    def journal(self) -> bytes | None:
        pieces = [data for name, data in sorted(self.files().items()) if name.startswith("journal/")]
        return b"".join(pieces) or None

    def put_document(self, data: bytes) -> None:
        self.put({"state.json": data})

    def put_journal(self, data: bytes) -> None:
        self.put({"journal/00000": data})
