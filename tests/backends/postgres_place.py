"""A state in a schema of its own, in the database of a real server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.cas.place import Note
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.postgres.place import PostgresPlace, postgres_home
from tests.backends.cas_places import NONE, PAUSE, CasFiles, at_most, cas_backend

VARIABLE = "CAMPAIGNCTL_POSTGRES_URL"


def postgres_backend(
    root: Path,
    address: str,
    *,
    project: str = "acme-crm",
    schema: str = "campaignctl",
    name: str = "production",
    **how: Any,
) -> CasBackend:
    """A backend of a project in this directory; the last address of a process counts.

    `how` it waits and stores: arguments of `cas_backend`.
    """
    os.environ[VARIABLE] = address
    return cas_backend(postgres_home(root, project, VARIABLE, schema, name), **how)


@dataclass(frozen=True)
class PostgresState(CasFiles):
    """A state of a project in `root`, in a schema that is made at its first use.

    Each statement has a watch over it, so that the start of a thread is where a process can be killed before
    it, and so after the last one.
    """

    root: Path
    address: str
    changes: frozenset[str] = frozenset({"start_new_thread", "flock", "unlink"})
    looks: frozenset[str] = frozenset({"start_new_thread"})
    trust: timedelta = NONE
    longest_wait: timedelta = PAUSE

    @property
    def schema(self) -> str:
        return f"s{hashlib.sha256(str(self.root).encode()).hexdigest()[:20]}"

    @property
    def place(self) -> PostgresPlace:
        os.environ[VARIABLE] = self.address
        place = postgres_home(self.root, "acme-crm", VARIABLE, self.schema, "production").place
        assert isinstance(place, PostgresPlace)
        return place

    def backend(self) -> CasBackend:
        return postgres_backend(
            self.root,
            self.address,
            schema=self.schema,
            trust=self.trust,
            wait=at_most(self.longest_wait),
            at_rest=self.at_rest(),
        )

    def settled(self) -> None:
        """What a killed process asked for is done before anything that is asked later sees its rows."""

    def files(self) -> Mapping[str, bytes]:
        return self.place.look().files

    def put(self, changed: Mapping[str, bytes]) -> None:
        place = self.place
        seen = place.look()
        draft = place.draft(seen, {**seen.files, **changed}, Note(UNKNOWN, "by hand", under_lock=False))
        assert place.put(seen, draft)

    def another(self, name: str) -> PostgresState:
        return replace(self, root=self.root / name)
