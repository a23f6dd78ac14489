"""One trial: the tests of a room in a fork, whose tree has one mutation.

A fork has the libraries imported, and imports campaignctl and its tests from a copy of the tree, so that
programs that the tests start run the mutated code too.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.operators import Mutation
from tests.mutants.reached import UNLIMITED, Limits, Reached, Recorder, Selector
from tests.mutants.rooms import LEFT_OUT

ROOT = Path(__file__).resolve().parents[2]
_QUIETLY = ("-x", "-q", "--tb=no", "--assert=plain", "-p", "no:xdist", "-p", "no:cacheprovider")
_LOOKED_EVERY = 0.02
_REACHED = "reached.json"
LATE = "time-out"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """A trial to run: these files with tests, or those of their tests alone, with a mutation; or without one,
    to learn what each test runs and takes."""

    mutation: Mutation | None
    files: tuple[str, ...]
    tests: frozenset[str] = frozenset()
    limits: Limits = UNLIMITED


@dataclass(frozen=True)
class Ended:
    """A trial that is over. `killed_by` names the test, or the file of tests that cannot be imported, or is
    `time-out`; None: no test noticed. `used` is what it took, `said` what the tests printed."""

    killed_by: str | None
    used: Limits = field(default_factory=Limits)
    said: str = ""
    reached: Reached = field(default_factory=Reached)

    @property
    def no_test_ran(self) -> bool:
        """Whether it was noticed when the tests were imported."""
        return self.killed_by not in (None, LATE) and "::" not in self.killed_by


class Tree:
    """A copy of the tree, in which one trial at a time runs."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._original: tuple[Path, str] | None = None
        self._times = int(time.time())
        self._began = 0.0
        self._limit = 0.0

    def start(self, job: Job) -> int:
        """Apply the mutation and start the tests. Returns the process id."""
        if job.mutation:
            path = self.place / job.mutation.file
            text = path.read_text(encoding="utf-8")
            self._original = path, text
            self._write(path, job.mutation.applied(text))
        (self.place / _REACHED).unlink(missing_ok=True)
        self._began, self._limit = time.monotonic(), job.limits.clock
        child = os.fork()
        if not child:
            _test(self.place, job)
        return child

    @property
    def overdue(self) -> bool:
        """Whether the trial takes longer than it may."""
        return time.monotonic() - self._began > self._limit

    def end(self, child: int, status: int, processor: float) -> Ended:
        """Stop what the tests left behind, and restore the tree."""
        _kill(child)
        if self._original:
            self._write(*self._original)
            self._original = None
        used = Limits(processor, time.monotonic() - self._began)
        said = (self.place / "said").read_text(encoding="utf-8", errors="replace")
        return Ended(killer(status, said), used, said, Reached.read(self.place / _REACHED))

    def _write(self, path: Path, text: str) -> None:
        """Compiled files are recognized as old by the second of their source."""
        path.write_text(text, encoding="utf-8")
        self._times += 1
        os.utime(path, (self._times, self._times))


def killer(status: int, said: str) -> str | None:
    """What noticed a mutation, as `Ended.killed_by`, by the status of the process and what pytest printed."""
    if os.WIFSIGNALED(status):
        return LATE
    # No test: its parameters, and so its name, are others.
    if os.WEXITSTATUS(status) in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return None
    found = _FAILED.search(said)
    return found[1] if found else f"status {os.WEXITSTATUS(status)}"


def _test(place: Path, job: Job) -> NoReturn:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(place)
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    seconds = int(job.limits.processor) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    os.environ["PYTHONPATH"] = str(place)
    sys.path[:] = [str(place), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("campaignctl", "tests")]:
        del sys.modules[name]
    status = 1
    try:
        plugin = Selector(job.tests) if job.mutation else Recorder(place)
        status = pytest.main(
            [*_QUIETLY, "--hypothesis-profile=mutants", "-k", LEFT_OUT, *job.files], [plugin]
        )
        if isinstance(plugin, Recorder):
            plugin.write(place / _REACHED)
    except BaseException:  # noqa: BLE001 - this fork does nothing else
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(jobs: Iterable[Job], trees: Sequence[Tree]) -> Iterator[tuple[Job, Ended]]:
    """Run trials, one in each tree at a time, as they end."""
    left = iter(jobs)
    free = list(trees)
    running: dict[int, tuple[Job, Tree]] = {}
    try:
        while True:
            for job in islice(left, len(free)):
                tree = free.pop()
                running[tree.start(job)] = job, tree
            if not running:
                return
            for child in [child for child, (_, tree) in running.items() if tree.overdue]:
                _kill(child)
            for child, status, processor in list(_ended(running)):
                job, tree = running.pop(child)
                free.append(tree)
                yield job, tree.end(child, status, processor)
            time.sleep(_LOOKED_EVERY)
    finally:
        for child in running:
            _kill(child)


def _ended(running: Iterable[int]) -> Iterator[tuple[int, int, float]]:
    for child in running:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            yield child, status, used.ru_utime + used.ru_stime


def _kill(child: int) -> None:
    """Kill a trial and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
