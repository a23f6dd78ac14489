"""Which test runs which line, so that a mutation is tried with the tests that can notice it."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import coverage
import pytest

_STARTS_A_PROCESS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn")


@dataclass(frozen=True)
class Limits:
    """What tests may take, in seconds: of the processor, and on the clock."""

    processor: float = 0
    clock: float = 0


UNLIMITED: Final = Limits(3600, 3600)


@dataclass(frozen=True)
class Reached:
    """For each test what it took, in seconds of the processor and on the clock; the tests that run each line
    of each file, where the empty name stands for what runs outside of tests; and the tests that start a
    process, which may run any line."""

    took: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[int, frozenset[str]]] = field(default_factory=dict)
    anywhere: frozenset[str] = frozenset()

    def tests(self, file: str, text: str, line: int, files: Collection[str]) -> dict[str, Limits]:
        """The tests of these files and folders that may notice a change in a line, the shortest first, and
        what each may take with a mutation."""
        found = self.anywhere.union(*self._running(file, text, line))
        ours = [test for test in found & self.took.keys() if _below(test, files)]
        return {
            test: Limits(3 * self.took[test][0] + 3, 10 * self.took[test][1] + 60)
            for test in sorted(ours, key=lambda test: (self.took[test], test))
        }

    def only_in_tests(self, file: str, text: str, line: int) -> bool:
        """Whether a statement runs in tests alone, so that nothing that an import left depends on it."""
        outside = any("" in names for names in self._running(file, text, line))
        return bool(_together(text, line)) and not outside

    def _running(self, file: str, text: str, line: int) -> list[frozenset[str]]:
        reached = self.lines.get(file, {})
        return [reached.get(one, frozenset()) for one in _together(text, line) or reached]

    def __or__(self, other: Reached) -> Reached:
        """What both have found."""
        none: frozenset[str] = frozenset()
        lines = {
            file: {line: one.get(line, none) | two.get(line, none) for line in one.keys() | two.keys()}
            for file in self.lines.keys() | other.lines.keys()
            for one, two in [(self.lines.get(file, {}), other.lines.get(file, {}))]
        }
        return Reached({**self.took, **other.took}, lines, self.anywhere | other.anywhere)

    @staticmethod
    def read(path: Path) -> Reached:
        """What a recorder wrote."""
        took, lines, anywhere = json.loads(path.read_text(encoding="utf-8"))
        names = [*took, ""]
        return Reached(
            {name: tuple(seconds) for name, seconds in took.items()},
            {
                file: {int(line): frozenset(names[index] for index in found) for line, found in each.items()}
                for file, each in lines.items()
            },
            frozenset(anywhere),
        )


def kept_at(path: str, root: Path) -> Path:
    """Where is kept what the tests of a path run: the same while the code, these tests and what all tests
    share are the same."""
    found = hashlib.sha256(sys.version.encode())
    files = [*root.glob("campaignctl/**/*.py"), *root.glob("tests/**/*.py"), root / "pyproject.toml"]
    for file in sorted(files):
        name = str(file.relative_to(root))
        if not file.name.startswith("test_") or _below(name, (path,)):
            found.update(f"{name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return Path(sys.prefix, "mutants", f"{path.replace('/', '.')}-{found.hexdigest()[:16]}.json")


def keep(found: Path, kept: Path) -> None:
    """Keep what a recorder wrote, instead of what was kept before."""
    kept.parent.mkdir(exist_ok=True)
    for old in kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*.json"):
        old.unlink()
    new = kept.with_suffix(f".{os.getpid()}")
    shutil.copy(found, new)
    new.replace(kept)


def _together(text: str, line: int) -> range:
    """The lines of the statement at a line, without those of statements in it; none if it runs at import."""
    within: ast.stmt | None = None
    in_function = False
    body: list[ast.AST] = list(ast.parse(text).body)
    while body:
        node = body.pop()
        if not (getattr(node, "lineno", line) <= line <= getattr(node, "end_lineno", line)):
            continue
        if isinstance(node, ast.stmt):
            in_function = in_function or isinstance(within, ast.FunctionDef)
            within = node
            body = list(ast.iter_child_nodes(node))
        elif isinstance(node, ast.excepthandler | ast.match_case):
            body += ast.iter_child_nodes(node)
    if within is None or not in_function:
        return range(0)
    inner = [one.lineno for one in ast.walk(within) if isinstance(one, ast.stmt) and one is not within]
    return range(within.lineno, min([*inner, (within.end_lineno or line) + 1]))


class Recorder:
    """A plugin of pytest that finds out which test runs which line."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._took: dict[str, tuple[float, float]] = {}
        self._anywhere: set[str] = set()
        self._running = ""
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, source=[str(place / "campaignctl")], messages=False
        )
        sys.addaudithook(self._audited)
        self._coverage.start()

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A server of forks is asked over a socket that has a path.
        forks = event == "socket.connect" and not isinstance(arguments[1], tuple)
        starts = event in _STARTS_A_PROCESS and not (event == "subprocess.Popen" and _is_git(arguments))
        if self._running and (forks or starts):
            self._anywhere.add(self._running)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began = _used(), time.monotonic()
        self._running = item.nodeid
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")
            self._running = ""
            self._took[item.nodeid] = _used() - began[0], time.monotonic() - began[1]

    def write(self, path: Path) -> None:
        """Write what was found, for `Reached.read`."""
        self._coverage.stop()
        numbers = {name: number for number, name in enumerate([*self._took, ""])}
        data = self._coverage.get_data()
        lines = {
            str(Path(file).relative_to(self._place)): {
                line: [numbers[name] for name in names if name in numbers]
                for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        path.write_text(json.dumps([self._took, lines, sorted(self._anywhere)]), encoding="utf-8")


def _is_git(started: tuple[Any, ...]) -> bool:
    """Whether a program that is started runs nothing of ours."""
    program, arguments, *_ = started
    return Path(os.fsdecode(program or arguments[0])).name == "git"


def _below(test: str, paths: Collection[str]) -> bool:
    """Whether a test is in one of these files or folders."""
    file = test.partition("::")[0]
    return any(file == path or file.startswith(f"{path}/") for path in paths)


def _used() -> float:
    """The seconds of the processor that this process and its children used."""
    return sum(os.times()[:4])
