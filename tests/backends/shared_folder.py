"""A shared folder as a place of the generic backend, to show that it needs no git.

State and stop mark are a file each, replaced by a rename while a lock of the kernel keeps others out.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend, Patience
from campaignctl.backends.cas.place import LONGEST, Files, Home, Note, Place, Seen, Texts
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo
from tests.backends.cas_places import NONE, CasFiles, pause_shortly

_CHANGES = frozenset({"flock", "fsync", "mkdir", "open", "replace", "unlink", "write"})
_LOOKS = frozenset({"open", "read", "close"})


@dataclass(frozen=True)
class Shelf(Place):
    """One file: the name of its version, and the files in it."""

    path: Path

    @property
    def texts(self) -> Texts:
        return Texts(f"the shelf {self.path}", None, "put a good copy there", "take another folder")

    def tip(self) -> str | None:
        return self.look().tip

    def look(self, seconds: float = LONGEST) -> Seen:
        try:
            stored = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return Seen(None, {})
        return Seen(stored["tip"], {name: b64decode(data) for name, data in stored["files"].items()})

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        return Seen(uuid4().hex, dict(after))

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".guard").open("a") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if self.tip() != before.tip:
                return False
            files = {name: b64encode(data).decode() for name, data in draft.files.items()}
            new = self.path.with_suffix(".new")
            with new.open("w") as file:
                file.write(json.dumps({"tip": draft.tip, "files": files}))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        return True

    def holds(self, found: Seen, draft: Seen) -> bool:
        return found.tip == draft.tip

    def access(self, by: LockInfo) -> Access:
        return Access(True, "anybody may write there")


def shelf_backend(
    root: Path,
    place: Place,
    stop: Place,
    *,
    pause: Callable[[timedelta], None] = lambda _: None,
    wait: Callable[[timedelta], None] = pause_shortly,
    trust: timedelta = NONE,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    interrupted: Callable[[], bool] = lambda: False,
    lease: timedelta = NONE,
    tell: Callable[[str], None] = lambda _: None,
    at_rest: AtRest = IN_CLEAR,
) -> CasBackend:
    """A backend over these places."""
    return CasBackend(
        Home(
            "acme-crm",
            place,
            stop,
            Shelf(root / "shared" / "archive"),
            root / "project" / "mirror" / "state.json",
            lease=lease,
            at_rest=at_rest,
        ),
        now=now,
        new_id=lambda: uuid4().hex,
        wait=wait,
        interrupted=interrupted,
        patience=Patience(pause, trust=trust, tell=tell),
    )


@dataclass(frozen=True)
class SharedFolder(CasFiles):
    """A state in a folder below `root`."""

    root: Path
    changes: frozenset[str] = _CHANGES
    looks: frozenset[str] = _LOOKS

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.root / "shared" / "state")

    @property
    def stop(self) -> Shelf:
        return Shelf(self.root / "shared" / "stop")

    def backend(self) -> CasBackend:
        return shelf_backend(self.root, self.shelf, self.stop)

    def settled(self) -> None:
        """Nothing goes on without the process that began it."""

    def files(self) -> Files:
        return self.shelf.look().files

    def another(self, name: str) -> SharedFolder:
        return SharedFolder(self.root / name)

    def put(self, changed: Files) -> None:
        seen = self.shelf.look()
        self.shelf.put(seen, Seen(uuid4().hex, {**seen.files, **changed}))
