"""What a server keeps, how it behaves, and what happens to its requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What happens to the next `times` requests of a method to a name (a pattern); `after` so many.

    `do`: `503` or another status; `cut`: closed before anything is done; `lost`: done, then closed; `half`:
    done, then half of the answer; `slow`: done after `seconds`; `late`: cut, and done after `seconds`.
    """

    method: str
    do: str
    name: str = ".*"
    times: int = 1
    seconds: float = 0.0
    after: int = 0


@dataclass(frozen=True)
class Switches:
    """How the states of one ID behave.

    `no_lock` is the status for a lock, 0 where there are locks. `serials`: a serial that exists is refused.
    `ids`: `strict` as GitLab, `held` refuses another id only while there is a lock, `ignored` never.
    `refused` is the status for a POST with another id. `echo`: the holder of a lock is told as GitLab does,
    without its own words. `users` are passwords by name; none: everyone. `most` bytes of a document, 0 for
    any number. `hidden`: the project is not shown. `twice`: a lock is given to whoever asks.
    """

    no_lock: int = 0
    serials: bool = True
    ids: str = "strict"
    refused: int = 409
    echo: bool = True
    most: int = 0
    hidden: bool = False
    twice: bool = False
    users: Mapping[str, str] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass
class Store:
    """What a server keeps, in a directory."""

    root: Path

    def current(self, project: str, name: str) -> bytes | None:
        """The present document."""
        path = self.root / project / name / "current.json"
        return path.read_bytes() if path.exists() else None

    def put(self, project: str, name: str, body: bytes, serial: int) -> None:
        """Another document."""
        folder = self.root / project / name
        (folder / "versions").mkdir(parents=True, exist_ok=True)
        (folder / "versions" / f"{serial}.json").write_bytes(body)
        new = folder / "new"
        new.write_bytes(body)
        new.replace(folder / "current.json")

    def version(self, project: str, name: str, serial: int) -> bytes | None:
        """An earlier document."""
        path = self.root / project / name / "versions" / f"{serial}.json"
        return path.read_bytes() if path.exists() else None

    def lock(self, project: str, name: str) -> dict[str, Any] | None:
        """What its holder told of the lock."""
        path = self.root / project / name / "lock.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def set_lock(self, project: str, name: str, info: Mapping[str, Any] | None) -> None:
        """Lock or unlock a name."""
        folder = self.root / project / name
        folder.mkdir(parents=True, exist_ok=True)
        if info is None:
            (folder / "lock.json").unlink(missing_ok=True)
        else:
            (folder / "lock.json").write_text(json.dumps(dict(info)))
