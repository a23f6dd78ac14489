"""The way out when a state cannot be saved where it belongs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from campaignctl.backends import durable


def rescue(data: bytes, first: str) -> str:
    """Save a state document somewhere else, and say where, and what to do with it after `first`."""
    for directory in _elsewhere():
        with suppress(OSError):
            descriptor, name = tempfile.mkstemp(".json", "campaignctl-state-", directory)
            try:
                durable.write_all(descriptor, data)
                durable.sync(descriptor)
            except OSError:
                Path(name).unlink()
                raise
            finally:
                os.close(descriptor)
            return f"the state is in {name}; {first}, then run `campaignctl state push {name}`"
    return f"it could not be saved anywhere else either; {first}, and the next apply settles what is open"


def _elsewhere() -> Iterator[Path]:
    for place in (tempfile.gettempdir, Path.cwd):
        with suppress(OSError):
            yield Path(place())
