"""A place on this machine's disk."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.local import LocalBackend

_CHANGES = frozenset(
    {"flock", "fsync", "ftruncate", "link", "mkdir", "open", "rename", "replace", "unlink", "write"}
)
_LOOKS = frozenset({"open", "read", "stat", "fstat", "close"})
_PAUSE = timedelta(milliseconds=5)


@dataclass(frozen=True)
class LocalPlace:
    """A state file below `root`, in a directory that does not exist before its first use."""

    root: Path

    @property
    def changes(self) -> frozenset[str]:
        return _CHANGES

    @property
    def looks(self) -> frozenset[str]:
        return _LOOKS

    def settled(self) -> None:
        """Nothing goes on without the process that began it."""

    @property
    def path(self) -> Path:
        return self.root / "project" / ".campaignctl" / "state.json"

    def backend(self) -> LocalBackend:
        return LocalBackend(
            self.path,
            now=lambda: datetime.now(UTC),
            new_id=lambda: uuid4().hex,
            wait=lambda pause: time.sleep(min(pause, _PAUSE).total_seconds()),
            interrupted=lambda: False,
            at_rest=self.at_rest(),
        )

    def at_rest(self) -> AtRest:
        """How its files are stored."""
        return IN_CLEAR

    def sibling(self, suffix: str) -> Path:
        return self.path.with_name(f"state.json.{suffix}")

    def document(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def journal(self) -> bytes | None:
        return self.sibling("journal").read_bytes() if self.sibling("journal").exists() else None

    def put_document(self, data: bytes) -> None:
        self.path.write_bytes(data)

    def put_journal(self, data: bytes) -> None:
        self.sibling("journal").write_bytes(data)

    def another(self, name: str) -> LocalPlace:
        return replace(self, root=self.root / name)
