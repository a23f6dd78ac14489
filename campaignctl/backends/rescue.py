"""The way out when a state cannot be saved where it belongs."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from campaignctl.backends import durable
from campaignctl.errors import Command, Sentence


class Rescue:
    """Where one session saves a state that cannot be saved in its place: always the same file, so that the
    last one, which knows the most, is the only one."""

    def __init__(self) -> None:
        self._path: Path | None = None

    def save(self, data: bytes, first: str) -> str:
        """Save a state document somewhere else, and say where, and what to do with it after `first`."""
        self._path = self._saved(data)
        if self._path is None:
            lost = "it could not be saved anywhere else either"
            return f"{lost}; {first}, and the next apply settles what is open"
        return Sentence(
            f"the state is in {self._path}; {first}, then run ", Command("state", "push", str(self._path))
        )

    def _saved(self, data: bytes) -> Path | None:
        if self._path is not None:
            with suppress(OSError):
                durable.replace(self._path, data)
                return self._path
        for folder in (tempfile.gettempdir, Path.cwd):
            with suppress(OSError):
                descriptor, name = tempfile.mkstemp(".json", "campaignctl-state-", folder())
                try:
                    durable.write_all(descriptor, data)
                    durable.sync(descriptor)
                except OSError:
                    Path(name).unlink()
                    raise
                finally:
                    os.close(descriptor)
                return Path(name)
        return None
