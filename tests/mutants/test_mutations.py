"""Mutations change one thing, are shown as they are run, and leave texts and types alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.operators import mutations
from tests.mutants.reached import Limits, Reached
from tests.mutants.rooms import TESTS, files, outer, room_of, selected
from tests.mutants.trials import Ended, killed_by

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "mutated"),
    [
        ("x = a == b", ["x = a != b"]),
        ("x = (a) < (b)", ["x = (a) <= (b)"]),
        ("x = a is not b", ["x = a is b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = not a", ["x =  a"]),
        ("x = a and b", ["x = True and b", "x = a or b", "x = a and True"]),
        ("x = a or (b and c)", None),
        ("x = a or {}", ["x = False or {}", "x = a and {}"]),
        ("x = a and {}", ["x = True and {}", "x = a or {}", "x = a and True"]),
        ("x = a - b", ["x = a + b"]),
        ("x = a | b", ["x = a", "x = b"]),
        ("isinstance(x, list | tuple)", ["pass"]),
        ("isinstance(x, Lost | Held)", ["isinstance(x, Held)", "isinstance(x, Lost)", "pass"]),
        ("x = True", ["x = False"]),
        ("x = 3", ["x = 4"]),
        ("x = any(y)", ["x = all(y)"]),
        ("x = f(a, b=c, d=e)", ["x = f(a, d=e)", "x = f(a, b=c)"]),
        ("x = zip(a, b, strict=True)", []),
        ("x = {a, b}", ["x = {b}", "x = {a}"]),
        ("x = {'a': b, 'c': d}", ["x = {'a': b}"]),
        ("f(a)", ["pass"]),
        ("raise Broken", ["pass"]),
        ("del a[b]", ["pass"]),
        ("a.b = c", ["pass"]),
        ("a[b] = c", ["pass"]),
        ("a += b", ["pass"]),
        ("if a:\n    'text'", ["if False:\n    'text'", "if True:\n    'text'"]),
        ("x = a if b else c", ["x = a if False else c", "x = a if True else c"]),
        ("x = [a for a in b if c]", ["x = [a for a in b if True]"]),
        ("def f():\n    yield a", ["def f():\n    yield from ()"]),
        ("x = 'text'", []),
        ("x = f'{a == b}'", []),
        ("x: A | B = c", []),
        ("x = Callable[[A, B], C]", []),
        ("x = Literal['a', 'b', 'c']", []),
        ("def f(a: B | None) -> C | None:\n    '''Text.'''\n    return a", []),
        ("@d(frozen=True)\nclass A:\n    a: B | C", []),
        ("if TYPE_CHECKING:\n    f()", []),
        ("x = 'ü' == b", ["x = 'ü' != b"]),
    ],
)
def test_each_mutation_of_a_text(text: str, mutated: list[str] | None) -> None:
    found = [mutation.applied(text) for mutation in mutations("a.py", text)]
    assert mutated is None or sorted(found) == sorted(mutated)
    assert all(ast.dump(ast.parse(each)) != ast.dump(ast.parse(text)) for each in found)


@pytest.mark.parametrize(
    ("file", "room", "first"),
    [
        ("campaignctl/diff/drift.py", "diff", "tests/diff"),
        ("campaignctl/backends/durable.py", "backends", "tests/backends/test_local_conformance.py"),
        ("campaignctl/backends/cas/session.py", "backends", "tests/backends/test_cas_faults.py"),
        ("campaignctl/reconciler/opening.py", "reconciler", "tests/reconciler"),
    ],
)
def test_a_file_has_a_room_and_tests_of_its_own(file: str, room: str, first: str) -> None:
    assert file in files(ROOT)
    assert room_of(file) == room
    assert selected(file, ROOT)[0] == first


def test_what_lies_in_a_folder_is_collected_once() -> None:
    assert outer(["b/c.py", "a", "b", "a/d.py", "ab/e.py", "a"]) == ("a", "b", "ab/e.py")


@pytest.mark.parametrize("patterns", TESTS.values(), ids=TESTS)
def test_every_pattern_fits_a_test(patterns: tuple[str, ...]) -> None:
    assert all(list(ROOT.glob(pattern)) for pattern in patterns)


SOURCE = """\
A = 1

def f(a, b=2):
    if (a and
            b):
        return g(
            a,
            1)
    return lambda: a

class C:
    d = 3

    def e(self):
        match self:
            case 1:
                return 2
"""
RAN = {1: "", 4: "one two", 5: "one", 6: "one", 8: "one", 9: "two", 15: "three", 17: "three"}
LINES = {line: frozenset(names.split()) or frozenset({""}) for line, names in RAN.items()}
TOOK = {"one": (1.0, 2.0), "two": (0.5, 1.0), "three": (2.0, 2.0), "program": (3.0, 3.0)}
REACHED = Reached(
    {f"t/{name}.py": took for name, took in TOOK.items()},
    {"a.py": {line: frozenset(name and f"t/{name}.py" for name in names) for line, names in LINES.items()}},
    frozenset({"t/program.py"}),
)


@pytest.mark.parametrize(
    ("line", "tests", "swapped"),
    [
        (4, "two one program", True),
        (5, "two one program", True),
        (7, "one program", True),
        (9, "two program", True),
        (15, "three program", True),
        (16, "three program", True),
        (17, "three program", True),
        (1, "two one three program", False),
        (3, "two one three program", False),
        (12, "two one three program", False),
        (14, "two one three program", False),
    ],
)
def test_a_mutation_is_tried_with_the_tests_that_run_its_statement(
    line: int, tests: str, swapped: bool
) -> None:
    """The shortest first. What runs at import may be noticed by every test that runs the file."""
    assert list(REACHED.tests("a.py", SOURCE, line, ["t"])) == [f"t/{name}.py" for name in tests.split()]
    assert list(REACHED.tests("b.py", SOURCE, line, ["t"])) == ["t/program.py"]
    assert list(REACHED.tests("a.py", SOURCE, line, ["t/program.py", "s"])) == ["t/program.py"]
    assert REACHED.only_in_tests("a.py", SOURCE, line) == swapped


def test_a_function_that_an_import_runs_is_not_swapped() -> None:
    found = REACHED | Reached({}, {"a.py": {9: frozenset({""})}, "b.py": {1: frozenset({"other"})}})
    assert [found.only_in_tests("a.py", SOURCE, line) for line in (4, 9)] == [True, False]
    assert found.lines["a.py"][9] == {"", "t/two.py"}
    assert found.lines["b.py"] == {1: {"other"}}


def test_a_test_may_take_a_few_times_as_long_as_without_a_mutation() -> None:
    limits = REACHED.tests("a.py", SOURCE, 9, ["t/two.py"])
    assert limits == {"t/two.py": Limits(3 * 0.5 + 3, 10 * 1.0 + 60)}


@pytest.mark.parametrize(
    ("status", "failed", "killer", "early"),
    [
        (0, None, None, False),
        (5 << 8, None, None, False),
        (1 << 8, "tests/a.py::test_b", "tests/a.py::test_b", False),
        (2 << 8, "tests/a.py", "tests/a.py", True),
        (3 << 8, None, "status 3", True),
        (9, "tests/a.py::test_b", "time-out", False),
    ],
)
def test_how_a_trial_ended(status: int, failed: str | None, killer: str | None, early: bool) -> None:
    """That no test was found, as its parameters changed, is no kill; one of an import is counted."""
    ended = Ended(killed_by(status, failed))
    assert (ended.killed_by, ended.no_test_ran) == (killer, early)
