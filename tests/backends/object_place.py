"""A state in the bucket of a server that runs on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend, Patience
from campaignctl.backends.cas.place import Note, Seen
from campaignctl.backends.object_store.place import ObjectPlace, object_home
from campaignctl.backends.object_store.store import Bucket
from campaignctl.state.model import LockInfo

_PAUSE = timedelta(milliseconds=5)
_NOW = timedelta()
BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")


def _pause(duration: timedelta) -> None:
    time.sleep(min(duration, _PAUSE).total_seconds())


def object_backend(
    project: Path,
    url: str,
    environ: Mapping[str, str],
    *,
    name: str = "acme-crm",
    pause: Callable[[timedelta], None] = _pause,
    trust: timedelta = _NOW,
    wait: Callable[[timedelta], None] = _pause,
    lease: timedelta | None = None,
    at_rest: AtRest = IN_CLEAR,
) -> CasBackend:
    """A backend of the project in this directory."""
    home = replace(object_home(project, name, url, environ), at_rest=at_rest)
    return CasBackend(
        home if lease is None else replace(home, lease=lease),
        now=lambda: datetime.now(UTC),
        new_id=lambda: uuid4().hex,
        wait=wait,
        interrupted=lambda: False,
        patience=Patience(pause, trust=trust),
    )


@dataclass(frozen=True)
class Objects:
    """A state at an address; what each machine has of it lies below `root`."""

    root: Path
    url: str
    environ: Mapping[str, str] = field(repr=False)
    changes: frozenset[str] = frozenset({"put", "delete", "unlink", "flock"})
    looks: frozenset[str] = frozenset({"get", "list"})
    trust: timedelta = _NOW
    longest_wait: timedelta = _PAUSE
    lease: timedelta | None = None

    @property
    def place(self) -> ObjectPlace:
        os.environ.update(self.environ)
        return ObjectPlace(Bucket.at(self.url), self.environ)

    def backend(self) -> CasBackend:
        def wait(pause: timedelta) -> None:
            time.sleep(min(pause, self.longest_wait).total_seconds())

        os.environ.update(self.environ)  # of an actor's process
        project = self.root / "project"
        return object_backend(
            project,
            self.url,
            self.environ,
            trust=self.trust,
            wait=wait,
            lease=self.lease,
            at_rest=self.at_rest(),
        )

    def at_rest(self) -> AtRest:
        """How its files are stored."""
        return IN_CLEAR

    def settled(self) -> None:
        """Nothing goes on without the process that began it, but what the server has in hand."""
        time.sleep(_PAUSE.total_seconds())

    def document(self) -> bytes | None:
        return self.place.look().files.get("state.json")

    def journal(self) -> bytes | None:
        files = self.place.look().files
        pieces = [files[name] for name in sorted(files) if name.startswith("journal/")]
        return b"".join(pieces) if pieces else None

    def put_document(self, data: bytes) -> None:
        self._put({"state.json": data})

    def put_journal(self, data: bytes) -> None:
        self._put({"journal/00000": data})

    def another(self, name: str) -> Objects:
        return replace(self, root=self.root / name, url=f"{self.url}/{name}")

    def _put(self, changed: Mapping[str, bytes]) -> None:
        place = self.place
        seen: Seen = place.look()
        assert place.put(seen, place.draft(seen, {**seen.files, **changed}, Note(BY, "by a test")))
