"""A state on a server of this machine, with locks and versions as GitLab has them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.backend import CasBackend, Patience
from campaignctl.backends.http.document import _packed, unpack
from campaignctl.backends.http.place import http_home
from campaignctl.project.http_address import http_address
from campaignctl.project.model import StateSettings
from tests.backends.http_server import Client

_PAUSE = timedelta(milliseconds=5)
_NOW = timedelta()


def _pause(duration: timedelta) -> None:
    time.sleep(min(duration, _PAUSE).total_seconds())


def _now() -> datetime:
    return datetime.now(UTC)


def http_backend(
    directory: Path,
    settings: StateSettings,
    *,
    name: str = "acme-crm",
    environ: Mapping[str, str] | None = None,
    pause: Callable[[timedelta], None] = _pause,
    trust: timedelta = _NOW,
    wait: Callable[[timedelta], None] = _pause,
    now: Callable[[], datetime] = _now,
    at_rest: AtRest = IN_CLEAR,
) -> CasBackend:
    """A backend for a state on a server."""
    return CasBackend(
        replace(http_home(directory, name, http_address(settings), environ or {}, now=now), at_rest=at_rest),
        now=now,
        new_id=lambda: uuid4().hex,
        wait=wait,
        interrupted=lambda: False,
        patience=Patience(pause, trust=trust),
    )


@dataclass(frozen=True)
class ServerPlace:
    """A state of one project on a server. `gitlab`: with the addresses and methods of GitLab."""

    client: Client
    directory: Path
    project: str = field(default_factory=lambda: secrets.token_hex(4))
    gitlab: bool = True
    changes: frozenset[str] = frozenset({"send", "recv", "connect"})
    looks: frozenset[str] = frozenset({"send", "recv", "connect"})
    trust: timedelta = _NOW
    longest_wait: timedelta = _PAUSE

    @property
    def address(self) -> str:
        return self.client.address(self.project, gitlab=self.gitlab)

    @property
    def settings(self) -> StateSettings:
        return StateSettings(backend="http", address=self.address)

    def backend(self) -> CasBackend:
        def wait(pause: timedelta) -> None:
            time.sleep(min(pause, self.longest_wait).total_seconds())

        return http_backend(
            self.directory, self.settings, trust=self.trust, wait=wait, at_rest=self.at_rest()
        )

    def at_rest(self) -> AtRest:
        """How its files are stored."""
        return IN_CLEAR

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

    def document(self) -> bytes | None:
        return self.files().get("state.json")

    def journal(self) -> bytes | None:
        pieces = [data for path, data in sorted(self.files().items()) if path.startswith("journal/")]
        return b"".join(pieces) or None

    def put_document(self, data: bytes) -> None:
        self._put({**self.files(), "state.json": data})

    def put_journal(self, data: bytes) -> None:
        files = {path: each for path, each in self.files().items() if not path.startswith("journal/")}
        self._put({**files, "journal/00000": data})

    def _put(self, files: Mapping[str, bytes]) -> None:
        document = json.loads(self.client.store.current(self.project, "crm") or b"")
        document |= {"serial": document["serial"] + 1, "id": secrets.token_hex(8)}
        document["files"] = {path: _packed(data) for path, data in files.items()}
        self.client.store.put(self.project, "crm", json.dumps(document).encode(), document["serial"])

    def another(self, name: str) -> ServerPlace:
        return replace(self, directory=self.directory / name, project=f"{self.project}-{name}")
