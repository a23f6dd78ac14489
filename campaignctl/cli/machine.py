"""What this machine remembers for its user from run to run, outside of every checkout."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from campaignctl.backends import durable


@dataclass(frozen=True, slots=True)
class Remembered:
    """Small files in the user's state directory, one for each name. Without a home, nothing is remembered."""

    environ: Mapping[str, str]

    def recall(self, name: bytes) -> bytes | None:
        """What was remembered under a name."""
        with suppress(OSError):
            return path.read_bytes() if (path := self._path(name)) else None
        return None

    def remember(self, name: bytes, body: bytes) -> None:
        """Remember something under a name, if that is possible."""
        with suppress(OSError):
            if path := self._path(name):
                durable.make_directory(path.parent)
                with durable.guarded(path.parent):
                    durable.replace(path, body)

    def _path(self, name: bytes) -> Path | None:
        places = (
            Path(self.environ.get("XDG_STATE_HOME", "")),
            Path(self.environ.get("HOME", ""), ".local", "state"),
        )
        folder = next((place / "campaignctl" for place in places if place.is_absolute()), None)
        return folder / f"newest-{hashlib.sha256(name).hexdigest()[:32]}.json" if folder else None
