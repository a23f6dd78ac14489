"""The places where a state can be: set up for a world, searched, put back by a stranger, and taken away."""

from __future__ import annotations

import json
import os
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import decompress
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from campaignctl.backends.cas.place import Files, Note, Place
from campaignctl.backends.git.place import git_home
from campaignctl.backends.http.place import http_home
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.backends.object_store.place import object_home
from campaignctl.backends.postgres.place import postgres_home
from campaignctl.project.http_address import http_address
from campaignctl.project.model import StateSettings
from tests.backends.git_place import git
from tests.backends.http_server import Client
from tests.backends.postgres_place import VARIABLE
from tests.backends.postgres_server import NEEDED, Server, binaries, shared_server
from tests.backends.s3_server import BUCKET, Account, environ_of
from tests.backends.s3_server import shared_server as s3_server
from tests.backends.wire import Wire, wire_to
from tests.e2e.harness import PROJECT, World

REF = "refs/campaignctl/default"
SHARED = ("git", "http", "object_store", "postgres")


@dataclass(frozen=True)
class Storage:
    """Where the state of a world is. `settings` are the fields of `state` in its project file.

    `held` has every file, row and object of it, as they lie there, by name. A stranger who can write it and
    has no key keeps a copy (`kept`) and puts it back (`put_back`). `away` takes it away for a while.
    """

    kind: str
    settings: str
    environ: Mapping[str, str]
    held: Callable[[], dict[str, bytes]]
    kept: Callable[[], Files]
    put_back: Callable[[Files], None]
    away: Callable[[], AbstractContextManager[None]]


@contextmanager
def storage(kind: str, world: World, fixture: Callable[[str], Any]) -> Iterator[Storage]:
    """A place of this kind with nothing in it, which the runs of the world find."""
    with _KINDS[kind](world, fixture) as storage:
        world.environ |= storage.environ
        project(world, storage)
        yield storage


def project(world: World, storage: Storage, more: str = "", settings: str = "") -> None:
    """Write the project file; `more` fields of `state`, and further `settings`."""
    world.write("campaignctl.yaml", f"{PROJECT}{settings}state: {{{storage.settings}{more}}}\n")


def _shared(
    settings: str,
    environ: Mapping[str, str],
    place: Callable[[], Place],
    held: Callable[[], dict[str, bytes]],
    away: Callable[[], AbstractContextManager[None]],
) -> Storage:
    def kept() -> Files:
        with patch.dict(os.environ, environ):
            return place().look().files

    def put_back(files: Files) -> None:
        with patch.dict(os.environ, environ):
            there = place()
            seen = there.look()
            assert there.put(seen, there.draft(seen, files, Note(UNKNOWN, "by a stranger", under_lock=False)))

    kind = settings.removeprefix("backend: ").partition(",")[0]
    return Storage(kind, settings, environ, held, kept, put_back, away)


@contextmanager
def _local(world: World, _: Callable[[str], Any]) -> Iterator[Storage]:
    folder = world.folder / ".campaignctl"

    def held() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}

    def put_back(files: Files) -> None:
        for path in folder.iterdir():
            path.unlink()
        for name, data in files.items():
            (folder / name).write_bytes(data)

    def away() -> AbstractContextManager[None]:
        raise AssertionError("the disk of this machine is never away")

    yield Storage("local", "backend: local", {}, held, held, put_back, away)


@contextmanager
def _git(world: World, _: Callable[[str], Any]) -> Iterator[Storage]:
    remote = world.folder.with_name("remote.git")
    git(remote.parent, "init", "--quiet", "--bare", remote.name)
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{remote}")

    def held() -> dict[str, bytes]:
        files = {}
        for path in (remote / "objects").glob("??/*"):
            files[str(path)] = zlib.decompress(path.read_bytes())
        for pack in (remote / "objects/pack").glob("*.idx"):
            names = git(remote, "show-index", given=pack.read_bytes()).decode().split("\n")
            for name in (line.split()[1] for line in names if line):
                type_ = git(remote, "cat-file", "-t", name).decode().strip()
                files[f"{pack}/{name}"] = git(remote, "cat-file", type_, name)
        return files

    @contextmanager
    def away() -> Iterator[None]:
        elsewhere = remote.rename(remote.with_name("elsewhere.git"))
        yield
        elsewhere.rename(remote)

    def place() -> Place:
        return git_home(world.folder, "shop", "origin", REF, now=_now).place

    yield _shared("backend: git", {}, place, held, away)


@contextmanager
def _http(world: World, fixture: Callable[[str], Any]) -> Iterator[Storage]:
    client: Client = fixture("state_server")
    name = uuid4().hex
    with wire_to(client.port) as wire:
        api = client.api.replace(str(client.port), str(wire.port))
        address = f"{api}/projects/{name}/terraform/state/crm"

        def held() -> dict[str, bytes]:
            files = {}
            for path in filter(Path.is_file, (client.root / name).rglob("*")):
                files[str(path)] = path.read_bytes()
                for inner, packed in json.loads(files[str(path)]).get("files", {}).items():
                    if isinstance(packed, dict):
                        files[f"{path}/{inner}"] = decompress(b64decode(packed["gzip"]))
            return files

        def place() -> Place:
            settings = StateSettings(backend="http", address=address)
            return http_home(world.folder, "shop", http_address(settings), {}, now=_now).place

        environ = {"CI_API_V4_URL": api}
        yield _shared(f"backend: http, address: {address}", environ, place, held, lambda: _cut(wire))


@contextmanager
def _object_store(world: World, _: Callable[[str], Any]) -> Iterator[Storage]:
    there = s3_server()
    with wire_to(urlsplit(there).port or 0) as wire:
        # A key of twelve digits is an account of its own at the server.
        environ = environ_of(f"http://127.0.0.1:{wire.port}") | {
            "AWS_ACCESS_KEY_ID": f"{uuid4().int % 10**12:012}"
        }
        account = Account({**environ, "AWS_ENDPOINT_URL": there})
        copy = world.folder.with_name("bucket")
        copy.mkdir()
        account.upload(copy)

        def held() -> dict[str, bytes]:
            account.download(copy)
            return {str(path): path.read_bytes() for path in copy.rglob("*") if path.is_file()}

        url = f"s3://{BUCKET}/crm"

        def place() -> Place:
            return object_home(world.folder, "shop", url, environ).place

        yield _shared(f"backend: object_store, url: {url}", environ, place, held, lambda: _cut(wire))


@contextmanager
def _postgres(world: World, _: Callable[[str], Any]) -> Iterator[Storage]:
    if binaries() is None:
        pytest.skip(NEEDED)
    server = shared_server()
    database = server.new_database()
    try:
        with wire_to(server.port) as wire:
            address = server.address(database, port=wire.port)

            def place() -> Place:
                return postgres_home(world.folder, "shop", VARIABLE, "campaignctl", "default").place

            yield _shared(
                "backend: postgres",
                {VARIABLE: address},
                place,
                lambda: _rows(server, database),
                lambda: _cut(wire),
            )
    finally:
        server.drop(database)


def _rows(server: Server, database: str) -> dict[str, bytes]:
    """Every row of our tables, and the data of each file as it is."""
    if not server.run("select from pg_namespace where nspname = 'campaignctl'", database=database):
        return {}
    rows = {}
    for table in ("format", "states", "versions", "files", "holders"):
        found = server.run(
            "select to_jsonb(each)::text from campaignctl.{t} each", t=table, database=database
        )
        rows[table] = "\n".join(row for (row,) in found).encode()
    for name, path, since, data in server.run(
        "select name, path, since, data from campaignctl.files", database=database
    ):
        rows[f"{name} {path} {since}"] = bytes(data)
    return rows


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _cut(wire: Wire) -> Iterator[None]:
    wire.closed = True
    wire.cut()
    yield
    wire.closed = False


_KINDS = {"local": _local, "git": _git, "http": _http, "object_store": _object_store, "postgres": _postgres}
