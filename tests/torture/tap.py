"""Counts the system calls whose effects others can see, and ends the process at one of them.

A tap is installed in a child before the command line starts: it wraps `os`, `fcntl`, `socket` and the
libraries of shared states, whose own sockets it does not see, and leaves campaignctl unchanged. `Call` is a
boundary, `Moment` how it is hit.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, Literal

import obstore
import psycopg

from tests.torture.medium import Loss, Medium

Moment = Literal["before", "torn", "answered", "half"]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_STATES = "/terraform/state/"
_PATIENCE = 5.0
_FEW_BYTES = 40
# What a statement is about: its first words, and the first table in it.
_STATEMENT = re.compile(r"\s*(\w+ \w+).*?(?:\.(\w+)|$)", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """One boundary: the name of the call and its subject (a file name, a request's first line)."""

    name: str
    about: str

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The ways to hit it.

        `before`: the call does not happen. `torn`: half of its bytes are written. `answered`: the server is
        done and its answer is in flight. `half`: the first bytes of the answer were read. A started program
        goes on by itself; `answered` is after it has ended, and after a store or a database was asked.
        """
        if self.name in ("write", "send"):
            return ("before", "torn")
        if self.name in ("ran", "asked"):
            return ("before", "answered")
        return ("before", "answered", "half") if self.name == "recv" else ("before",)

    @property
    def is_file(self) -> bool:
        """Whether it is a call on files, not on the network."""
        return self.name not in ("send", "recv", "connect", "start", "ran", "asked")

    @property
    def is_request(self) -> bool:
        """Whether a request to the API starts here; one to a server that keeps the state is none."""
        to_api = self.name == "send" and self.about.split(" ", 1)[0] in ("GET", "POST", "PATCH")
        return to_api and _STATES not in self.about


@dataclass(frozen=True)
class Stop:
    """Where to end or stop: at the `call`-th boundary, counted from 1.

    `loss` is what a power cut loses; None: only the process ends. With an `error` nothing ends: the call
    fails once with that error number.
    """

    call: int
    moment: Moment = "before"
    signal: int = signal.SIGKILL
    loss: Loss | None = None
    error: int | None = None


class Tap:
    """The counter of one process; `calls` are the boundaries that it has crossed."""

    def __init__(self, stop: Stop | None, directory: Path) -> None:
        self.calls: list[Call] = []
        self._stop = stop
        self._mutex = RLock()
        self._names: dict[int, str] = {}
        self._medium = Medium(directory)

    def install(self) -> None:
        """Count from now on. Once per process."""
        self._wrap_open()
        self._wrap_sync()
        for name in ("write", "ftruncate"):
            self._wrap(os, name, lambda fd, *_: self._name(fd))
        for name in ("unlink", "mkdir"):
            self._wrap(os, name, lambda path, *_a, **_k: Path(path).name)
        for name in ("rename", "replace", "link"):
            self._wrap(os, name, lambda _source, target, *_a, **_k: Path(target).name)
        self._wrap(fcntl, "flock", lambda fd, *_: self._name(fd))
        for name in ("send", "sendall"):
            self._wrap(socket.socket, name, _first_line, as_name="send")
        self._wrap(socket.socket, "recv", lambda *_: "")
        self._wrap(socket.socket, "connect", lambda *_: "")
        self._wrap(psycopg.Connection, "execute", _statement, as_name="asked")
        self._wrap(psycopg, "connect", lambda *_a, **_k: "database")
        self._wrap(subprocess.Popen, "__init__", _program, as_name="start")
        self._wrap(
            subprocess.Popen,
            "communicate",
            lambda popen, *_a, **_k: _program(popen, popen.args),
            as_name="ran",
        )
        for name in ("put", "get", "delete", "list"):
            self._wrap(obstore, name, partial(_object, name), as_name="asked")

    def write_to(self, path: Path) -> None:
        """Write the crossed boundaries, one per line."""
        path.write_text("".join(f"{call.name}\t{call.about}\n" for call in self.calls), encoding="utf-8")

    def _name(self, descriptor: int) -> str:
        return self._names.get(descriptor, "")

    def _wrap(self, place: Any, name: str, about: Callable[..., str], *, as_name: str | None = None) -> None:
        real: Callable[..., Any] = getattr(place, name)

        def tapped(*args: Any, **kwargs: Any) -> Any:
            if "dir_fd" in kwargs:  # the end of a temporary directory, which others do not see
                return real(*args, **kwargs)
            with self._mutex:
                call = Call(as_name or name, about(*args, **kwargs))
                self._reach(call, partial(real, **kwargs), args)
            return real(*args, **kwargs)

        setattr(place, name, tapped)

    def _wrap_open(self) -> None:
        real = os.open

        def tapped(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            name = os.path.basename(os.fspath(path))  # noqa: PTH119 - the path may be of bytes
            if flags & _WRITING:
                with self._mutex:
                    self._reach(Call("open", name), real, ())
            descriptor = real(path, flags, *args, **kwargs)
            self._names[descriptor] = "(directory)" if flags & os.O_DIRECTORY else str(name)
            return descriptor

        os.open = tapped

    def _wrap_sync(self) -> None:
        self._wrap(os, "fsync", self._name)
        counted = os.fsync

        def tapped(descriptor: int) -> None:
            counted(descriptor)
            with self._mutex:
                self._medium.synced(descriptor)

        os.fsync = tapped  # type: ignore[assignment]  # campaignctl gives it descriptors alone

    def _reach(self, call: Call, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
        # An answer arrives in different chunks each time: they are one boundary, which `half` divides.
        if call.name == "recv" and self.calls and self.calls[-1].name == "recv":
            return
        self.calls.append(call)
        if self._stop is None or len(self.calls) != self._stop.call:
            return
        # In another order of threads, a moment may not exist at this call.
        moment = self._stop.moment if self._stop.moment in call.moments else "before"
        if moment == "answered" and call.name in ("ran", "asked"):
            real(*args)
        elif moment == "torn":
            data = bytes(args[1])
            real(args[0], data[: len(data) // 2])
        elif moment == "answered":
            select.select([args[0]], [], [], _PATIENCE)
        elif moment == "half":
            real(args[0], _FEW_BYTES)
        if self._stop.error is not None and "database" in call.about:
            raise psycopg.OperationalError(os.strerror(self._stop.error))
        if self._stop.error is not None:
            raise OSError(self._stop.error, os.strerror(self._stop.error))
        if self._stop.loss is not None:
            self._medium.lose(self._stop.loss)
        os.kill(os.getpid(), self._stop.signal)


def read_calls(path: Path) -> list[Call]:
    """Read what `write_to` wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Call(*line.split("\t", 1)) for line in lines]


def _program(_popen: Any, command: Any, *_: Any, **_options: Any) -> str:
    """The name of a program, and its first argument that is neither an option nor a setting of git's `-c`."""
    name, *words = map(str, command)
    previous = (name, *words)
    free = (word for word, before in zip(words, previous, strict=False) if before != "-c" and word[0] != "-")
    return f"{name} {next(free, '')}"


def _statement(connection: psycopg.Connection[Any], query: Any, *_: Any, **_options: Any) -> str:
    found = _STATEMENT.match(query.as_string(connection))
    return f"database: {found[1]} {found[2] or ''}".strip() if found else "database"


def _object(name: str, _store: Any, paths: Any, *_: Any, **_options: Any) -> str:
    """What is asked of a store, without the random parts of names."""
    path = paths if isinstance(paths, str) else f"{len(paths)} objects"
    return f"{name} {re.sub(r'[0-9]{8}-[0-9a-f]{12}-', '', path)}"


def _first_line(_socket: Any, data: Any, *_: Any) -> str:
    line = bytes(data[:200]).split(b"\r\n", 1)[0].decode("latin-1")
    method = line.split(" ", 1)[0]
    return line.replace("\t", " ") if method in ("GET", "POST", "PATCH") else "(body)"
