"""Mutations change one thing, are shown as they are run, and leave texts and types alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.operators import mutations
from tests.mutants.rooms import TESTS, files, room_of, selected

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


@pytest.mark.parametrize("patterns", TESTS.values(), ids=TESTS)
def test_every_pattern_fits_a_test(patterns: tuple[str, ...]) -> None:
    assert all(list(ROOT.glob(pattern)) for pattern in patterns)
