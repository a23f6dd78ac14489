"""Every request as a line of the log: method, address and status, never a header or a body."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from campaignctl.render.escape import escape

_SOURCE = "httpx"


class _Lines(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the line that the HTTP library writes of each answer; its reason phrase is foreign."""
        self._write(escape(record.getMessage()))


@contextmanager
def requests_logged(write: Callable[[str], None]) -> Iterator[None]:
    """Hand a line for every answered request to `write` while the block runs, from any thread."""
    source, lines = logging.getLogger(_SOURCE), _Lines(write)
    before = source.level
    source.setLevel(logging.INFO)
    source.addHandler(lines)
    try:
        yield
    finally:
        source.removeHandler(lines)
        source.setLevel(before)
