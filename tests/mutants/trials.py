"""One trial: the tests of a room in a fork, whose tree has one mutation.

A tree has a process with the libraries imported, and that one has another, with campaignctl and all tests
imported. A trial is a fork of the second, in which the code of the mutated function is replaced; where that
does not express the mutation, it is a fork of the first and imports everything. In both, programs that the
tests start run the mutated code too, since the tree has it.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import Pipe, connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.operators import Mutation
from tests.mutants.reached import UNLIMITED, Limits, Recorder, keep
from tests.mutants.rooms import LEFT_OUT
from tests.mutants.swap import Functions
from tests.torture.mutations import copy_to

ROOT = Path(__file__).resolve().parents[2]
_QUIETLY = ("-x", "-q", "--tb=line", "--assert=plain", "-p", "no:xdist", "-p", "no:cacheprovider")
_LOOKED_EVERY = 0.005
_REACHED, _SAID, _KILLER = "reached.json", "said", "killer"
LATE = "time-out"
_COLD = 99
Texts = tuple[str, str]


@dataclass(frozen=True)
class Job:
    """A trial to run: these files with tests, or those of their tests alone, in this order and with what each
    may take, with a mutation; or without one, to learn what each test runs and takes.

    `swapped`: whether replacing the code of functions may express the mutation. `kept`: where what was learnt
    is written.
    """

    mutation: Mutation | None
    files: tuple[str, ...]
    tests: dict[str, Limits] = field(default_factory=dict, hash=False)
    swapped: bool = False
    kept: Path | None = None


@dataclass(frozen=True)
class Ended:
    """A trial that is over. `killed_by` names the test, or the file of tests that cannot be imported, or is
    `time-out`; None: no test noticed. `used` is what it took, `said` what the tests printed."""

    killed_by: str | None
    used: Limits = field(default_factory=Limits)
    said: str = ""
    swapped: bool = False

    @property
    def no_test_ran(self) -> bool:
        """Whether it was noticed when the tests were imported."""
        return self.killed_by not in (None, LATE) and "::" not in self.killed_by


class Watched:
    """A plugin of pytest: runs the tests of a job alone, in its order, none longer than it may; and keeps the
    name of the first that fails."""

    def __init__(self, job: Job, deadline: mmap.mmap) -> None:
        self._job = job
        self._deadline = deadline
        self._killer = Path.cwd() / _KILLER

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._job.mutation:
            found = {item.nodeid: item for item in items}
            items[:] = [found[name] for name in self._job.tests if name in found]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        limits = self._job.tests.get(item.nodeid, UNLIMITED)
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + limits.processor) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        self._deadline[:] = struct.pack("d", time.monotonic() + limits.clock)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            with self._killer.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


class _Serving:
    """A plugin of pytest: once all tests are collected, each trial is a fork that runs some of them."""

    def __init__(self, place: Path, asked: Connection) -> None:
        self._place = place
        self._asked = asked

    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        functions = Functions.below(str(self._place))
        self._asked.send(sorted(item.nodeid for item in session.items))
        with suppress(EOFError):
            while True:
                self._asked.send(_forked(partial(self._test, session, functions, *self._asked.recv())))
        os._exit(0)

    def _test(
        self, session: pytest.Session, functions: Functions, job: Job, texts: Texts, deadline: mmap.mmap
    ) -> int:
        assert job.mutation
        if not functions.swap(str(self._place / job.mutation.file), *texts):
            return _COLD
        return _run_tests(session, job, deadline)


def _run_tests(session: pytest.Session, job: Job, deadline: mmap.mmap) -> int:
    plugin = Watched(job, deadline)
    session.config.pluginmanager.register(plugin)
    plugin.pytest_collection_modifyitems(session.items)
    if not session.items:
        return pytest.ExitCode.NO_TESTS_COLLECTED
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            return pytest.ExitCode.TESTS_FAILED
    return pytest.ExitCode.OK


@dataclass
class _Children:
    """The trial that runs now, and the process with everything imported, to end them with this one."""

    trial: int = 0
    warm: int = 0

    def end(self, *_: object) -> NoReturn:
        _kill(self.trial)
        if self.warm:
            os.kill(self.warm, signal.SIGTERM)
        os._exit(1)


_CHILDREN = _Children()


def _forked(test: Callable[[mmap.mmap], int]) -> tuple[int, float]:
    """The status and the seconds of the processor of a fork that runs this; what it started ends with it."""
    deadline = mmap.mmap(-1, 8)
    deadline[:] = struct.pack("d", time.monotonic() + UNLIMITED.clock)
    child = os.fork()
    if not child:
        _ended_with(test, deadline)
    _CHILDREN.trial = child
    killed = False
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            _kill(child)
            _CHILDREN.trial = 0
            return status, used.ru_utime + used.ru_stime
        if not killed and time.monotonic() > struct.unpack("d", deadline[:])[0]:
            killed = True
            _kill(child)
        time.sleep(_LOOKED_EVERY)


def _ended_with(test: Callable[[mmap.mmap], int], deadline: mmap.mmap) -> NoReturn:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = 1
    try:
        status = test(deadline)
    except BaseException:  # noqa: BLE001 - this fork does nothing else
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _kill(child: int) -> None:
    """Kill a trial and what it started."""
    if child:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


class Tree:
    """A copy of the tree, in which one trial at a time runs, in forks of this process."""

    def __init__(self, place: Path, collected: Sequence[str]) -> None:
        self._place = place
        self._collected = collected
        self._times = int(time.time())
        self._warm: Connection | None = None

    def serve(self, asked: Connection) -> NoReturn:
        """Answer each job with how it ended, until there are no more."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _CHILDREN.end)
        _enter(self._place)
        with suppress(EOFError):
            while True:
                asked.send(self._ended(asked.recv()))
        os._exit(0)

    def _ended(self, job: Job) -> Ended:
        if job.mutation is None:
            return self._tried(job, None)
        path = self._place / job.mutation.file
        before = path.read_text(encoding="utf-8")
        if job.swapped and not self._warm:
            self._warm = self._warmed()
        self._write(path, job.mutation.applied(before))
        try:
            return self._tried(job, before)
        finally:
            self._write(path, before)

    def _tried(self, job: Job, before: str | None) -> Ended:
        began = time.monotonic()
        for name in (_KILLER, _REACHED):
            (self._place / name).unlink(missing_ok=True)
        os.truncate(self._place / _SAID, 0)
        tried = self._swapped(job, before) if job.swapped and before is not None else None
        status, used = tried or _forked(lambda deadline: _imported(job, deadline))
        killer = self._place / _KILLER
        failed = killer.read_text(encoding="utf-8").split("\n")[0] if killer.exists() else None
        said = (self._place / _SAID).read_text(encoding="utf-8", errors="replace")
        # All tests of a file may be slow ones: then none was run.
        if job.kept and killed_by(status, failed) is None:
            keep(self._place / _REACHED, job.kept)
        took = Limits(used, time.monotonic() - began)
        return Ended(killed_by(status, failed), took, said, swapped=tried is not None)

    def _swapped(self, job: Job, before: str) -> tuple[int, float] | None:
        """The status of a trial in the process that has everything imported; None if it cannot be one."""
        assert job.mutation
        assert self._warm
        self._warm.send((job, (before, job.mutation.applied(before))))
        status, used = self._warm.recv()
        return None if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _COLD else (status, used)

    def _warmed(self) -> Connection:
        ours, theirs = Pipe()
        _CHILDREN.warm = os.fork()
        if not _CHILDREN.warm:
            ours.close()
            pytest.main([*_options(), *self._collected], [_Serving(self._place, theirs)])
            os._exit(1)
        theirs.close()
        try:
            ours.recv()
        except EOFError:
            said = (self._place / _SAID).read_text(encoding="utf-8", errors="replace")
            raise SystemExit(f"the tests cannot be collected:\n{said}") from None
        return ours

    def _write(self, path: Path, text: str) -> None:
        """Compiled files are recognized as old by the second of their source."""
        path.write_text(text, encoding="utf-8")
        self._times += 1
        os.utime(path, (self._times, self._times))


def _enter(place: Path) -> None:
    """Make a copy of the tree the one that this process imports from."""
    temporary = place.with_name(f"t{place.name}")
    temporary.mkdir()
    os.chdir(place)
    said = os.open(_SAID, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    os.environ.update(PYTHONPATH=str(place), TMPDIR=str(temporary))
    tempfile.tempdir = None
    sys.path[:] = [str(place), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("campaignctl", "tests") and not name.startswith("tests.mutants."):
            del sys.modules[name]


def _options() -> list[str]:
    place = Path(os.environ["TMPDIR"], "pytest")
    return [*_QUIETLY, f"--basetemp={place}", "--hypothesis-profile=mutants", "-k", LEFT_OUT]


def _imported(job: Job, deadline: mmap.mmap) -> int:
    """The status of the tests of a job, which are imported now."""
    plugins: list[object] = [Watched(job, deadline)]
    if job.mutation:
        return pytest.main([*_options(), *job.files], plugins)
    recorder = Recorder(Path.cwd())
    status = pytest.main([*_options(), *job.files], [*plugins, recorder])
    recorder.write(Path(_REACHED))
    return status


def killed_by(status: int, failed: str | None) -> str | None:
    """What noticed a mutation, as `Ended.killed_by`, by the status of the process and what failed first."""
    if os.WIFSIGNALED(status):
        return LATE
    # No test: its parameters, and so its name, are others.
    if os.WEXITSTATUS(status) in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return None
    return failed or f"status {os.WEXITSTATUS(status)}"


@contextmanager
def trees(root: Path, number: int, collected: Sequence[str]) -> Iterator[list[Connection]]:
    """So many copies of the tree in a folder, each with a process that answers jobs."""
    children: list[int] = []
    served: list[Connection] = []
    try:
        for place in (root / str(each) for each in range(number)):
            place.mkdir()
            copy_to(place)
            ours, theirs = Pipe()
            child = os.fork()
            if not child:
                for other in (*served, ours):
                    other.close()
                Tree(place, collected).serve(theirs)
            children.append(child)
            theirs.close()
            served.append(ours)
        yield served
    finally:
        for child in children:
            os.kill(child, signal.SIGTERM)


def run(jobs: Iterable[Job], served: Sequence[Connection]) -> Iterator[tuple[Job, Ended]]:
    """Run trials, one in each tree at a time, as they end."""
    left = iter(jobs)
    free = list(served)
    running: dict[Connection, Job] = {}
    while True:
        for job in islice(left, len(free)):
            tree = free.pop()
            tree.send(job)
            running[tree] = job
        if not running:
            return
        ready = connection.wait([*running])
        for tree in [tree for tree in running if tree in ready]:
            free.append(tree)
            yield running.pop(tree), tree.recv()
