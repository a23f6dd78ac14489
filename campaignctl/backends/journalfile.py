"""The journal of a local state while it is being written: one durable line at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from campaignctl.backends import durable


class JournalFile:
    """A journal that begins with its first step.

    Not safe for threads by itself. After a failure nothing more is taken: what is behind the last
    whole line is unknown then, and a line that continued it would be damage instead of a torn end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._length = 0
        self._failure: OSError | None = None
        self.steps = 0

    def add(self, first_line: bytes, line: bytes) -> None:
        """Write one line durably, after `first_line` where it is the first.

        Raises OSError, also when the file is there already: those steps are somebody else's.
        """
        if self._failure is not None:
            raise self._failure
        try:
            self._write(line if self.steps else first_line + line)
        except OSError as error:
            self._failure = error
            self._cut_back()
            raise
        self.steps += 1

    def fail(self, error: OSError) -> None:
        """Take nothing more, because of `error`."""
        self._failure = error

    def close(self) -> None:
        """Close the file; it stays where it is."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = durable.create(self._path, os.O_APPEND)
            durable.sync_directory(self._path.parent)
        durable.write_all(self._descriptor, data)
        durable.sync(self._descriptor)
        self._length += len(data)

    def _cut_back(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
                durable.sync(self._descriptor)
