"""Plans whose state is shared: on git or on a server, by laptops and by runners."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from campaignctl.backends.at_rest import AtRest, Key, Keys, Owner
from campaignctl.backends.postgres.tables import STEPS
from campaignctl.project.model import StateSettings
from campaignctl.reconciler.ports import Backend
from campaignctl.state.model import State
from tests.backends.crashes import in_a_fork
from tests.backends.git_place import git_backend
from tests.backends.http_place import http_backend
from tests.backends.http_server import serve
from tests.backends.object_place import object_backend
from tests.backends.postgres_place import VARIABLE, postgres_backend
from tests.backends.postgres_server import Server
from tests.backends.postgres_server import shared_server as postgres_server
from tests.backends.s3_server import BUCKET, Account, environ_of
from tests.backends.s3_server import shared_server as s3_server
from tests.torture.processes import fork
from tests.torture.scenario import Scenario

_KIND, _RUNNER = "backend", "runner"
_KEY = Key(bytes(range(32)), "CAMPAIGNCTL_STATE_KEY")
_UNLOCK = re.compile(r"the state is locked.*?campaignctl state unlock (\S+)", re.DOTALL)


@dataclass(frozen=True)
class Shared(Scenario):
    """A plan with its state on a kind of backend that machines share.

    With a `runner` each apply has a fresh checkout, as pipeline jobs have: without the files of an earlier
    job, it cannot tell whether the holder of a lock is still running.
    """

    kind: str = "git"
    runner: bool = False

    @classmethod
    def of(cls, plan: Scenario, kind: str, *, runner: bool = False) -> Shared:
        """The same plan, with its state on this kind of backend."""
        values = {each.name: getattr(plan, each.name) for each in fields(plan)}
        name = f"{kind} runner {plan.name}" if runner else f"{kind} {plan.name}"
        return cls(**{**values, "name": name}, kind=kind, runner=runner)

    def write_project(self, folder: Path) -> None:
        """The project without manifests, and an empty place for its state."""
        super().write_project(folder)
        (folder.parent / _KIND).write_text(self.kind, "utf-8")
        REMOTES[_plain(self.kind)].create(folder.parent)
        if self.runner:
            (folder.parent / _RUNNER).touch()

    @property
    def more_settings(self) -> str:
        """Where the state is, and whether it is encrypted."""
        plain = _plain(self.kind)
        more = "" if plain == self.kind else ", encryption: {method: aes_gcm}"
        return f"state: {{{REMOTES[plain].settings}{more}}}\n"


@dataclass(frozen=True)
class Remote(ABC):
    """The place of the state of the project below `root`, as seen from outside of the runs.

    Trials are copies of `root`: what is kept elsewhere goes there and back when it is `opened`. `environ` is
    what the runs need to find it. What is stored there may be `encrypted`.
    """

    kind: ClassVar[str]
    """The backend's name."""

    settings: ClassVar[str]
    """The fields of `state` in the project file."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    encrypted: bool = False

    @property
    def at_rest(self) -> AtRest:
        """How what any project and environment has written there is stored."""
        keys, owner = Keys(_KEY if self.encrypted else None), Owner("", None)
        return AtRest(lambda: keys, encrypts=self.encrypted, owner=owner, accepts="elsewhere")

    @classmethod
    @abstractmethod
    def create(cls, root: Path) -> None:
        """Make an empty place."""

    @classmethod
    @abstractmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[Remote]:
        """The place with what the copy in `root` says; at the end, `root` holds what is there then."""
        yield from ()

    @abstractmethod
    def backend(self) -> Backend:
        """A backend that looks at the state."""

    def state(self) -> State | None:
        """The stored state, if there is one."""
        return self.backend().read()

    def lock_id(self) -> str | None:
        """The id of the lock, if it is held."""
        holder = self.backend().holder()
        return holder.id if holder else None

    def fresh_checkout(self) -> None:
        """Delete the traces of earlier runs if every run has its own machine."""
        if (self.root / _RUNNER).exists():
            shutil.rmtree(self.root / "project" / ".campaignctl", ignore_errors=True)

    def unlocking(self, told: str) -> Iterable[str]:
        """The ids of the locks that this message says to break, once the holder is known to be dead."""
        return _UNLOCK.findall(told)


class OnGit(Remote):
    """A bare repository next to the project, as its remote."""

    kind = "git"
    settings = "backend: git"

    @classmethod
    def create(cls, root: Path) -> None:
        """The project in its own repository, with an empty remote."""
        for words in (("--bare", str(root / "remote.git")), (str(root / "project"),)):
            subprocess.run(["git", "init", "--quiet", "--template=", *words], check=True)

    @classmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[OnGit]:
        """The remote of this copy: its URL is set again."""
        config, remote = root / "project" / ".git" / "config", root / "remote.git"
        config.write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = file://{remote}\n', "utf-8")
        yield cls(root)

    def backend(self) -> Backend:
        """A backend of this checkout."""
        project = self.root / "project"
        return git_backend(project, name="torture", ref="refs/campaignctl/default", at_rest=self.at_rest)


class OnServer(Remote):
    """A server with GitLab's locks, whose files are next to the project; each copy has one of its own."""

    kind = "http"
    settings = "backend: http, address: http://127.0.0.1:9/api/v4/projects/7/terraform/state/crm"

    @classmethod
    def create(cls, root: Path) -> None:
        """Nothing yet."""
        (root / "server").mkdir()

    @classmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[OnServer]:
        """A server for this copy, with another port: its address is set again."""
        told, tell = os.pipe()

        def listen() -> None:
            os.close(told)
            serve(root / "server", lambda port: print(port, file=os.fdopen(tell, "w"), flush=True))

        child = fork(listen, root / "server.log")
        os.close(tell)
        with os.fdopen(told) as line:
            api = f"http://127.0.0.1:{int(line.readline())}/api/v4"
        try:
            project = root / "project" / "campaignctl.yaml"
            project.write_text(
                re.sub(r"http://127\.0\.0\.1:\d+/api/v4", api, project.read_text("utf-8")), "utf-8"
            )
            yield cls(root, {"CI_API_V4_URL": api})
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()

    def backend(self) -> Backend:
        """A backend of this checkout."""
        address = f"{self.environ['CI_API_V4_URL']}/projects/7/terraform/state/crm"
        settings = StateSettings(backend="http", address=address)
        return http_backend(self.root / "project", settings, name="torture", at_rest=self.at_rest)


@dataclass(frozen=True)
class OnPostgres(Remote):
    """A database of its own for each trial; its rows go into a file of the trial, and come from there.

    The session of a process that was killed has ended when the next one asks: its lock needs no breaking.
    """

    kind = "postgres"
    settings = "backend: postgres"

    @classmethod
    def create(cls, root: Path) -> None:
        """No tables: the first apply makes them."""
        postgres_server()  # before the workers are forked, which then share it

    @classmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[OnPostgres]:
        """A database with the rows that the file of this copy has."""
        server, rows = postgres_server(), root / "rows.json"
        database = server.new_database()
        try:
            if rows.exists():
                _fill(server, database, json.loads(rows.read_text("utf-8")))
            yield cls(root, {VARIABLE: server.address(database)})
            rows.write_text(json.dumps(_rows(server, database)), "utf-8")
        finally:
            server.drop(database)

    def backend(self) -> Backend:
        """A backend of this checkout."""
        return postgres_backend(
            self.root / "project",
            self.environ[VARIABLE],
            project="torture",
            name="default",
            at_rest=self.at_rest,
        )


_URL = f"s3://{BUCKET}/torture"
_STORED = "stored"


class OnObjects(Remote):
    """A bucket of a server that all trials share; each has an account of its own there.

    The processes of the trials fork, and a process that forks cannot use the library: its forks do.
    """

    kind = "object_store"
    settings = f"backend: object_store, url: {_URL}"

    @classmethod
    def create(cls, root: Path) -> None:
        """A copy of what is in the bucket: nothing."""
        (root / _STORED).mkdir()

    @classmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[OnObjects]:
        """The objects of this copy in an account of their own."""
        environ = {**environ_of(s3_server()), "AWS_ACCESS_KEY_ID": f"{secrets.randbelow(10**12):012}"}
        account = Account(environ)
        account.upload(root / _STORED)
        yield cls(root, environ)
        account.download(root / _STORED)

    def backend(self) -> Backend:
        """A backend of this checkout."""
        os.environ.update(self.environ)
        project = self.root / "project"
        return object_backend(project, _URL, self.environ, name="torture", at_rest=self.at_rest)

    def state(self) -> State | None:
        """The stored state, read in a fork."""
        return in_a_fork(super().state)

    def lock_id(self) -> str | None:
        """The id of the lock, read in a fork."""
        return in_a_fork(super().lock_id)


REMOTES: Mapping[str, type[Remote]] = {each.kind: each for each in (OnGit, OnServer, OnObjects, OnPostgres)}
_ENCRYPTED = "-encrypted"
KINDS = sorted(kind + how for kind in REMOTES for how in ("", _ENCRYPTED))
"""The kinds of backend other than `local` that can be tortured, each also with an encrypted state."""


def _plain(kind: str) -> str:
    return kind.removesuffix(_ENCRYPTED)


_TABLES = ("format", "states", "versions", "files", "holders")


def _rows(server: Server, database: str) -> dict[str, Any]:
    """Every row of our tables, by table; nothing where there are none."""
    if not server.run("select from pg_namespace where nspname = 'campaignctl'", database=database):
        return {}
    query = "select coalesce(json_agg(each), '[]') from campaignctl.{table} as each"
    return {table: server.run(query, database=database, table=table)[0][0] for table in _TABLES}


def _fill(server: Server, database: str, rows: Mapping[str, Any]) -> None:
    """Make our tables, with these rows."""
    if not rows:
        return
    server.run("create schema campaignctl", database=database)
    server.run("".join(STEPS), database=database, s="campaignctl")
    server.run("delete from campaignctl.format", database=database)
    for table, each in rows.items():
        query = (
            "insert into campaignctl.{table}"
            " select (json_populate_recordset(null::campaignctl.{table}, %s::json)).*"
        )
        server.run(query, json.dumps(each), database=database, table=table)


@contextmanager
def remote_of(root: Path) -> Iterator[Remote | None]:
    """The place of the state, if machines share it."""
    kind = root / _KIND
    if not kind.exists():
        yield None
        return
    name = kind.read_text("utf-8")
    with REMOTES[_plain(name)].opened(root) as remote:
        if name == _plain(name):
            yield remote
            return
        key = base64.b64encode(_KEY.secret).decode()
        more = {_KEY.source: key, "XDG_STATE_HOME": str(root / "home")}
        yield replace(remote, environ={**remote.environ, **more}, encrypted=True)
