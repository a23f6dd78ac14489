"""Which test runs which line, so that a mutation is tried with the tests that can notice it."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from collections.abc import Generator, Mapping
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
    """For each test what it took, in seconds of the processor and on the clock, and the tests that run each
    line of each file. Tests that start a process may run any line."""

    took: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[int, frozenset[str]]] = field(default_factory=dict)
    anywhere: frozenset[str] = frozenset()

    def tests(self, file: str, text: str, line: int) -> frozenset[str]:
        """The tests that may notice a change in a line."""
        reached = self.lines.get(file, {})
        found = [reached.get(one, frozenset()) for one in _together(text, line) or reached]
        return self.anywhere.union(*found)

    def limits(self, tests: frozenset[str]) -> Limits:
        """What these tests may take with a mutation."""
        processor, clock = (sum(self.took[test][at] for test in tests) for at in (0, 1))
        return Limits(3 * processor + 20, 10 * clock + 300)

    @staticmethod
    def read(path: Path) -> Reached:
        """What a recorder wrote."""
        if not path.exists():
            return Reached()
        took, lines, anywhere = json.loads(path.read_text(encoding="utf-8"))
        names = list(took)
        return Reached(
            {name: tuple(seconds) for name, seconds in took.items()},
            {
                file: {int(line): frozenset(names[index] for index in found) for line, found in each.items()}
                for file, each in lines.items()
            },
            frozenset(anywhere),
        )


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
        if self._running and (forks or event in _STARTS_A_PROCESS):
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
        numbers = {name: number for number, name in enumerate(self._took)}
        data = self._coverage.get_data()
        lines = {
            str(Path(file).relative_to(self._place)): {
                line: [numbers[name] for name in names if name in numbers]
                for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        path.write_text(json.dumps([self._took, lines, sorted(self._anywhere)]), encoding="utf-8")


class Selector:
    """A plugin of pytest that runs these tests alone."""

    def __init__(self, tests: frozenset[str]) -> None:
        self._tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self._tests]


def _used() -> float:
    """The seconds of the processor that this process and its children used."""
    return sum(os.times()[:4])
