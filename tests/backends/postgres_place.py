"""A state in a schema of its own, in the database of a real server."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend, Patience
from campaignctl.backends.cas.place import Note
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres.place import PostgresPlace, postgres_home

VARIABLE = "CAMPAIGNCTL_POSTGRES_URL"
_PAUSE = timedelta(milliseconds=5)
_NOW = timedelta()


def _pause(duration: timedelta) -> None:
    time.sleep(min(duration, _PAUSE).total_seconds())


def postgres_backend(
    root: Path,
    address: str,
    *,
    project: str = "acme-crm",
    schema: str = "campaignctl",
    name: str = "production",
    pause: Callable[[timedelta], None] = _pause,
    trust: timedelta = _NOW,
    wait: Callable[[timedelta], None] = _pause,
    at_rest: AtRest = IN_CLEAR,
) -> CasBackend:
    """A backend of a project in this directory; the last address of a process counts."""
    os.environ[VARIABLE] = address
    return CasBackend(
        replace(postgres_home(root, project, VARIABLE, schema, name), at_rest=at_rest),
        now=lambda: datetime.now(UTC),
        new_id=lambda: uuid4().hex,
        wait=wait,
        interrupted=lambda: False,
        patience=Patience(pause, trust=trust),
    )


@dataclass(frozen=True)
class PostgresState:
    """A state of a project in `root`, in a schema that is made at its first use.

    Each statement has a watch over it, so that the start of a thread is where a process can be killed before
    it, and so after the last one.
    """

    root: Path
    address: str
    changes: frozenset[str] = frozenset({"start_new_thread", "flock", "unlink"})
    looks: frozenset[str] = frozenset({"start_new_thread"})
    trust: timedelta = _NOW
    longest_wait: timedelta = _PAUSE

    @property
    def schema(self) -> str:
        return f"s{hashlib.sha256(str(self.root).encode()).hexdigest()[:20]}"

    @property
    def place(self) -> PostgresPlace:
        os.environ[VARIABLE] = self.address
        place = postgres_home(self.root, "acme-crm", VARIABLE, self.schema, "production").place
        assert isinstance(place, PostgresPlace)
        return place

    def backend(self) -> CasBackend:
        def wait(pause: timedelta) -> None:
            time.sleep(min(pause, self.longest_wait).total_seconds())

        return postgres_backend(
            self.root,
            self.address,
            schema=self.schema,
            trust=self.trust,
            wait=wait,
            at_rest=self.at_rest(),
        )

    def at_rest(self) -> AtRest:
        """How its files are stored."""
        return IN_CLEAR

    def settled(self) -> None:
        """What a killed process asked for is done before anything that is asked later sees its rows."""

    def document(self) -> bytes | None:
        return self.place.look().files.get("state.json")

    def journal(self) -> bytes | None:
        files = self.place.look().files
        pieces = [files[name] for name in sorted(files) if name.startswith("journal/")]
        return b"".join(pieces) if pieces else None

    def put_document(self, data: bytes) -> None:
        self.put({"state.json": data})

    def put_journal(self, data: bytes) -> None:
        self.put({"journal/00000": data})

    def put(self, files: dict[str, bytes]) -> None:
        """Change files without the lock."""
        place = self.place
        seen = place.look()
        draft = place.draft(seen, {**seen.files, **files}, Note(UNKNOWN, "by hand", under_lock=False))
        assert place.put(seen, draft)

    def another(self, name: str) -> PostgresState:
        return replace(self, root=self.root / name)
