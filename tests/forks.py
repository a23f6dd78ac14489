"""The command line as forks of one process that has everything imported.

A fork is a process like any other, with files, environment, signals and exit status of its own, and it
starts in milliseconds where an interpreter takes half a second. That the command line starts by itself,
whatever it imports first, is the matter of `tests/cli/test_startup.py`, which spawns interpreters.
"""

from __future__ import annotations

import atexit
import io
import multiprocessing
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, reduction
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import IO, Any

import campaignctl


@dataclass(frozen=True)
class Ended:
    """A process that is over: its exit status (negative: the signal that ended it) and what it said."""

    status: int
    out: str
    err: str


def run(
    words: Sequence[str], environ: Mapping[str, str], directory: Path, stdin: str = "", seconds: float = 120
) -> Ended:
    """Run `campaignctl` with these words in a fork. Raises TimeoutError after so many seconds.

    A fork runs a few commands, one after the other: the memory that the first one copies is most of the cost
    of a small command.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").write_text(stdin, encoding="utf-8")
        with _ONE:
            fork = _IDLE.pop() if _IDLE else _Fork()
        status = fork.run((tuple(words), dict(environ), folder, directory), seconds)
        if status is None:
            raise TimeoutError(f"campaignctl {' '.join(words)}: not over after {seconds} s")
        return Ended(status, *((folder / stream).read_text("utf-8") for stream in ("out", "err")))


_Job = tuple[tuple[str, ...], dict[str, str], Path, Path]
_COMMANDS_OF_A_FORK = 25


class _Fork:
    """A process for some commands; it ends with this one."""

    def __init__(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = _server().Process(target=_in_turn, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._left = _COMMANDS_OF_A_FORK

    def run(self, job: _Job, seconds: float) -> int | None:
        """The exit status of one command; None if it is not over in time."""
        self._left -= 1
        self._pipe.send(job)
        over = self._pipe.poll(seconds)
        try:
            status: int | None = self._pipe.recv() if over else None
        except EOFError:  # the command has ended its process itself
            with _ONE:
                self._process.join()
            return self._process.exitcode
        with _ONE:
            if over and self._left:
                _IDLE.append(self)
            else:
                self._pipe.close()
                self._process.kill()
                self._process.join()
        return status


_IDLE: list[_Fork] = []
# A start looks which other forks have ended: of two threads that read a status, one would get none.
_ONE = threading.Lock()


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    found = pkgutil.walk_packages(campaignctl.__path__, "campaignctl.")
    modules = [module.name for module in found if not module.name.endswith("__main__")]
    context.set_forkserver_preload([*modules, __name__, "tests.warmed"])
    return context


def _in_turn(pipe: connection.Connection) -> None:
    """Run the commands that come through a pipe, until it is closed."""
    with suppress(EOFError):
        while True:
            words, environ, folder, directory = pipe.recv()
            try:
                _with_files(words, environ, folder, directory)
                status: object = 0
            except SystemExit as error:
                status = error.code
            except BaseException:  # noqa: BLE001 - as the interpreter would
                traceback.print_exc()
                status = 1
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            if isinstance(status, str):
                os.write(2, f"{status}\n".encode())
            pipe.send(status if isinstance(status, int) else int(status is not None))


def _with_files(words: tuple[str, ...], environ: Mapping[str, str], folder: Path, directory: Path) -> None:
    written = os.O_WRONLY | os.O_CREAT
    streams = (("in", os.O_RDONLY), ("out", written), ("err", written))
    _command(words, environ, directory, [os.open(folder / name, flags, 0o600) for name, flags in streams])


def _command(
    words: tuple[str, ...], environ: Mapping[str, str], directory: Path, streams: Sequence[int]
) -> None:
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    tempfile.tempdir = None
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        if stream > 2:
            os.close(stream)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8")
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), "utf-8", errors="backslashreplace", line_buffering=True
    )

    from campaignctl.cli.main import main

    main(words)


# ----------------------------------------------------------------------------- commands under way


class Started:
    """A command under way in a fork of its own, as a `subprocess.Popen` of texts is: signals reach it.

    Its output is in files, so that nothing has to be read for it to go on; or its three streams are the
    terminal that is given.
    """

    def __init__(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        directory: Path,
        terminal: int | None = None,
    ) -> None:
        self._said = [_nameless() for _ in range(2)] if terminal is None else []
        nothing = os.open(os.devnull, os.O_RDONLY)
        files = (nothing, *(file.fileno() for file in self._said))
        streams = files if terminal is None else (terminal,) * 3
        arguments = (tuple(words), dict(environ), directory, Streams(streams), True)
        with _ONE:
            self._process = _server().Process(target=_with_streams, args=arguments, daemon=True)
            self._process.start()
        os.close(nothing)
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None while it goes on."""
        with _ONE:
            return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises subprocess.TimeoutExpired after so many seconds."""
        if not connection.wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired("campaignctl", timeout or 0)
        status = self.returncode
        assert status is not None
        return status

    def err(self) -> str:
        """What it has written to standard error so far."""
        file = self._said[1].fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; its standard output and error."""
        self.wait(timeout)
        texts = []
        for file in self._said:
            file.seek(0)
            texts.append(file.read().decode())
            file.close()
        self._said = []
        out, err = texts or ("", "")
        return out, err


def _nameless() -> IO[bytes]:
    return tempfile.TemporaryFile()


# ------------------------------------------------------------------------------- programs of scripts


@cache
def program() -> str:
    """A program for scripts: `campaignctl`, run in a fork that has its streams, directory and environment.

    It takes no signals: one that is to be stopped is a process of its own, not a fork.
    """
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    address, path = Path(folder.name, "socket"), Path(folder.name, "campaignctl")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(address))
    listening.listen()
    threading.Thread(target=_serve, args=(listening,), daemon=True).start()
    path.write_text(f"#!{sys.executable} -IS\n{_ASKING.format(address=str(address))}", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# Without a module that has to be imported, as an interpreter starts for it.
_ASKING = """\
import _socket, os, sys
asking = _socket.socket(_socket.AF_UNIX)
asking.connect({address!r})
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
asking.sendmsg([b"."], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
environ = [name + b"=" + text for name, text in os.environb.items()]
words = [os.getcwdb(), b"%d" % len(environ), *environ, *map(os.fsencode, sys.argv[1:])]
asking.sendall(b"\\0".join(words))
asking.shutdown(_socket.SHUT_WR)
sys.exit(asking.recv(1)[0])
"""


def _serve(listening: socket.socket) -> None:
    while True:
        asking, _ = listening.accept()
        with asking, suppress(OSError):  # whoever asked may be gone
            asking.sendall(bytes([_answer(asking) & 255]))


def _answer(asking: socket.socket) -> int:
    """Run what a program asks for; the exit status."""
    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    with asking.makefile("rb") as said:
        directory, count, *rest = map(os.fsdecode, said.read().split(b"\0"))
    environ = dict(each.split("=", 1) for each in rest[: int(count)])
    with _ONE:
        process = _server().Process(
            target=_with_streams, args=(tuple(rest[int(count) :]), environ, Path(directory), Streams(streams))
        )
        process.start()
        for stream in streams:
            os.close(stream)
        process.join()
    return process.exitcode or 0


class Streams:
    """Open files, sent along to a fork."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers

    def __getstate__(self) -> list[Any]:
        return [reduction.DupFd(number) for number in self._numbers]

    def __setstate__(self, sent: list[Any]) -> None:
        self._numbers = [each.detach() for each in sent]

    def numbers(self) -> Sequence[int]:
        """The numbers of the files in this process."""
        return self._numbers


def _with_streams(
    words: tuple[str, ...],
    environ: Mapping[str, str],
    directory: Path,
    streams: Streams,
    alone: bool = False,
) -> None:
    if alone:  # a signal to the group of the tests is none to it
        os.setsid()
    _command(words, environ, directory, streams.numbers())
