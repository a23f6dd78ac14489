"""A state on a server of this machine, with locks and versions as GitLab has them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from campaignctl.backends.cas.backend import CasBackend
from campaignctl.backends.http.document import _packed, unpack
from campaignctl.backends.http.place import http_home
from campaignctl.project.http_address import http_address
from campaignctl.project.model import StateSettings
from campaignctl.state.halts import Halt, Halts
from tests.backends.cas_places import NONE, PAUSE, CasFiles, at_most, cas_backend, utc_now
from tests.backends.http_server import Client

HALT = Halt("h1", None, "wrong text", "mira", "laptop", "2036-01-01T00:00:00Z")
#: A server that compares the lock's id only while a lock is held, and accepts a serial that exists.
LENIENT = {"ids": "held", "serials": False}


def http_backend(
    directory: Path,
    settings: StateSettings,
    *,
    name: str = "acme-crm",
    environ: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = utc_now,
    **how: Any,
) -> CasBackend:
    """A backend for a state on a server; `how` it waits and stores: arguments of `cas_backend`."""
    home = http_home(directory, name, http_address(settings), environ or {}, now=now)
    return cas_backend(home, now=now, **how)


@dataclass(frozen=True)
class ServerPlace(CasFiles):
    """A state of one project on a server. `gitlab`: with the addresses and methods of GitLab."""

    client: Client
    directory: Path
    project: str = field(default_factory=lambda: secrets.token_hex(4))
    gitlab: bool = True
    changes: frozenset[str] = frozenset({"send", "recv", "connect"})
    looks: frozenset[str] = frozenset({"send", "recv", "connect"})
    trust: timedelta = NONE
    longest_wait: timedelta = PAUSE

    @property
    def address(self) -> str:
        return self.client.address(self.project, gitlab=self.gitlab)

    @property
    def settings(self) -> StateSettings:
        return StateSettings(backend="http", address=self.address)

    def backend(self) -> CasBackend:
        return http_backend(
            self.directory,
            self.settings,
            trust=self.trust,
            wait=at_most(self.longest_wait),
            at_rest=self.at_rest(),
        )

    def settled(self) -> None:
        self.client.control("/_settled")

    def lock(self) -> str | None:
        """The id of the server's lock."""
        lock = self.client.store.lock(self.project, "crm")
        return str(lock["ID"]) if lock else None

    def files(self) -> dict[str, bytes]:
        """The files of the present version, as the server has it."""
        body = self.client.store.current(self.project, "crm")
        return unpack(json.loads(body)["files"], "") if body else {}

    def put(self, changed: Mapping[str, bytes]) -> None:
        files = {**self.files(), **changed}
        document = json.loads(self.client.store.current(self.project, "crm") or b"")
        document |= {"serial": document["serial"] + 1, "id": secrets.token_hex(8)}
        document["files"] = {path: _packed(data) for path, data in files.items()}
        self.client.store.put(self.project, "crm", json.dumps(document).encode(), document["serial"])

    def another(self, name: str) -> ServerPlace:
        return replace(self, directory=self.directory / name, project=f"{self.project}-{name}")


def asked(place: ServerPlace) -> list[str]:
    """What the server was asked since the last time."""
    found = place.client.control("/_forget")["asked"]
    assert isinstance(found, list)
    return found


def halted(halts: Halts) -> Halts:
    return replace(halts, halts=(*halts.halts, HALT))
