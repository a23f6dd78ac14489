"""A state in the bucket of a server that runs on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.place import Note, Seen
from campaignctl.backends.object_store.place import ObjectPlace, object_home
from campaignctl.backends.object_store.store import Bucket
from campaignctl.state.model import LockInfo
from tests.backends.cas_places import NONE, PAUSE, CasFiles, at_most, cas_backend

BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")


def object_backend(
    project: Path,
    url: str,
    environ: Mapping[str, str],
    *,
    name: str = "acme-crm",
    lease: timedelta | None = None,
    **how: Any,
) -> CasBackend:
    """A backend of the project in this directory; `how` it waits and stores: arguments of `cas_backend`."""
    home = object_home(project, name, url, environ)
    return cas_backend(home if lease is None else replace(home, lease=lease), **how)


@dataclass(frozen=True)
class Objects(CasFiles):
    """A state at an address; what each machine has of it lies below `root`."""

    root: Path
    url: str
    environ: Mapping[str, str] = field(repr=False)
    changes: frozenset[str] = frozenset({"put", "delete", "unlink", "flock"})
    looks: frozenset[str] = frozenset({"get", "list"})
    trust: timedelta = NONE
    longest_wait: timedelta = PAUSE
    lease: timedelta | None = None

    @property
    def place(self) -> ObjectPlace:
        os.environ.update(self.environ)
        return ObjectPlace(Bucket.at(self.url), self.environ)

    def backend(self) -> CasBackend:
        os.environ.update(self.environ)  # of an actor's process
        project = self.root / "project"
        return object_backend(
            project,
            self.url,
            self.environ,
            trust=self.trust,
            wait=at_most(self.longest_wait),
            lease=self.lease,
            at_rest=self.at_rest(),
        )

    def settled(self) -> None:
        """Nothing goes on without the process that began it, but what the server has in hand."""
        time.sleep(PAUSE.total_seconds())

    def files(self) -> Mapping[str, bytes]:
        return self.place.look().files

    def another(self, name: str) -> Objects:
        return replace(self, root=self.root / name, url=f"{self.url}/{name}")

    def put(self, changed: Mapping[str, bytes]) -> None:
        place = self.place
        seen: Seen = place.look()
        assert place.put(seen, place.draft(seen, {**seen.files, **changed}, Note(BY, "by a test")))
