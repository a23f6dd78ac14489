"""A mutation is put into a process that has imported the module, or it is said that it cannot be."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.swap import Functions

# They are about a tool that only `make mutants` uses.
pytestmark = pytest.mark.slow

SOURCE = """\
from functools import cache, wraps

LIMIT = 1

def plain(a, b=1):
    return a < b

def twice(function):
    @wraps(function)
    def inner(*words):
        return function(*words) or 2
    return inner

@twice
def decorated(a):
    return a + 1

@cache
def kept():
    return 1

def lazily():
    yield from (each for each in (1, 2) if each > 1)

def made():
    return lambda a: a + 1

KEEPS = made()

def forgotten():
    return 1

forgotten = 3

class C:
    limit = 1

    @property
    def name(self):
        return self.limit + 1

    def parent(self):
        return super().__repr__() + "1"
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = tmp_path / "swapped.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("swapped", path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "swapped", made)
    spec.loader.exec_module(made)
    return made


def swap(module: ModuleType, before: str, after: str) -> bool:
    assert SOURCE.count(before) == 1
    file = str(module.__file__)
    functions = Functions.below(str(Path(file).parent))
    return functions.swap(file, SOURCE, SOURCE.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "call", "value"),
    [
        ("a < b", "a >= b", "plain(3)", True),
        ("return a < b", "pass", "plain(0)", None),
        ("a < b", "(a\n < b) + 1\n", "plain(0)", 2),
        ("return a + 1", "return a - 1", "decorated(3)", 2),
        ("or 2", "and 2", "decorated(3)", 2),
        ("kept():\n    return 1", "kept():\n    return 2", "kept()", 2),
        ("if each > 1", "if True", "list(lazily())", [1, 2]),
        ("yield from (each for each in (1, 2) if each > 1)", "yield from ()", "list(lazily())", []),
        ("lambda a: a + 1", "lambda a: a - 1", "KEEPS(1)", 0),
        ("self.limit + 1", "self.limit - 1", "C().name", 0),
        ('+ "1"', '+ "2"', "C().parent()[-1]", "2"),
    ],
)
def test_functions_run_the_mutated_code(
    module: ModuleType, before: str, after: str, call: str, value: object
) -> None:
    assert swap(module, before, after) is True
    assert eval(call, vars(module)) == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 1", "LIMIT = 2"),
        ("b=1", "b=2"),
        ("    limit = 1", "    limit = 2"),
        ("    @property\n", ""),
        ("@twice\n", ""),
        ("KEEPS = made()", "KEEPS = None"),
        ("return lambda a: a + 1", "pass"),
        ("return function(*words) or 2", "return 5"),
        ("forgotten():\n    return 1", "forgotten():\n    return 2"),
        ("        return super().__repr__()", "        return self.__repr__()"),
    ],
)
def test_what_takes_more_than_that_is_told(module: ModuleType, before: str, after: str) -> None:
    assert swap(module, before, after) is False


def test_a_module_that_is_not_imported_is_read_from_its_file(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "swapped")
    assert swap(module, "a < b", "a >= b") is True
    assert module.plain(0) is True
