"""The rooms whose code is mutated, and the tests that should notice, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

#: The tests of the files below a path, of which those are run that run the mutated line; the longest path
#: that fits counts.
TESTS: Final[dict[str, tuple[str, ...]]] = {
    "campaignctl/diff": ("tests/diff", "tests/plan"),
    "campaignctl/state": ("tests/state", "tests/backends/test_local_files.py"),
    "campaignctl/plan": ("tests/plan", "tests/render", "tests/reconciler/test_plan_asks.py"),
    "campaignctl/plan/context.py": ("tests/plan", "tests/reconciler/test_recall.py"),
    "campaignctl/plan/noted.py": ("tests/plan", "tests/reconciler/test_recall.py"),
    "campaignctl/state/downgrade.py": ("tests/state", "tests/reconciler/test_formats.py"),
    "campaignctl/state/kept.py": ("tests/state", "tests/reconciler/test_recall.py"),
    "campaignctl/backends": ("tests/backends/test_lo*.py", "tests/backends/test_cas_*.py"),
    "campaignctl/backends/cas": ("tests/backends/test_cas_[!c]*", "tests/backends/test_cas_conformance.py"),
    "campaignctl/backends/cas/sealed.py": ("tests/backends/test_sealed_*", "tests/backends/test_cas_[!c]*"),
    "campaignctl/backends/at_rest.py": ("tests/backends/test_at_rest.py", "tests/backends/test_sealed_*"),
    "campaignctl/backends/statefiles.py": ("tests/backends/test_lo*.py", "tests/backends/test_sealed_*"),
    "campaignctl/backends/git": ("tests/backends/test_git_[!c]*", "tests/backends/test_git_conformance.py"),
    "campaignctl/backends/http": ("tests/backends/test_http_[!c]*", "tests/backends/test_http_c*"),
    "campaignctl/backends/postgres": ("tests/backends/test_postgres_*",),
    "campaignctl/backends/object_store": ("tests/backends/test_object_*",),
    "campaignctl/reconciler": ("tests/reconciler",),
    "campaignctl/reconciler/doctor.py": ("tests/reconciler/test_health*.py", "tests/cli/test_doctor.py"),
    "campaignctl/reconciler/status.py": (
        "tests/reconciler/test_status.py",
        "tests/reconciler/test_copies.py",
        "tests/reconciler/test_held.py",
        "tests/e2e/test_status.py",
    ),
    "campaignctl/reconciler/pull.py": ("tests/reconciler/test_pull*.py", "tests/e2e/test_pull.py"),
    "campaignctl/reconciler/pull_again.py": (
        "tests/reconciler/test_pull*.py",
        "tests/e2e/test_pull_again.py",
    ),
    "campaignctl/manifest/pulled.py": ("tests/manifest/test_pulled.py", "tests/e2e/test_pull.py"),
    "campaignctl/manifest/edited.py": ("tests/manifest/test_edited.py", "tests/e2e/test_pull_again.py"),
    "campaignctl/manifest/factor.py": ("tests/manifest/test_factor.py", "tests/e2e/test_pull.py"),
}
#: What takes seconds and notices nothing that the tests before it do not.
LEFT_OUT: Final = "not a_kill_before_any_call and not overtaken_at_any_point and not many_processes"


def room_of(file: str) -> str:
    """The room of a file."""
    return file.split("/")[1]


def selected(file: str, root: Path) -> tuple[str, ...]:
    """The tests that are run for a mutation in a file, as arguments of pytest."""
    return tuple(_found(TESTS[_fitting(file)], root))


def all_selected(root: Path) -> tuple[str, ...]:
    """All tests that are run for some mutation."""
    return outer(path for patterns in TESTS.values() for path in _found(patterns, root))


def outer(paths: Iterable[str]) -> tuple[str, ...]:
    """These files and folders, each once, without those that are in another one."""
    found = dict.fromkeys(paths)
    return tuple(path for path in found if not any(path.startswith(f"{other}/") for other in found))


def files(root: Path) -> list[str]:
    """Every file that may be mutated."""
    found = (path for name in TESTS for path in [root / name, *(root / name).rglob("*.py")])
    return sorted({str(path.relative_to(root)) for path in found if path.is_file()})


def _fitting(file: str) -> str:
    return max((path for path in TESTS if file == path or file.startswith(f"{path}/")), key=len)


def _found(patterns: tuple[str, ...], root: Path) -> Iterator[str]:
    found = (sorted(root.glob(pattern)) for pattern in patterns)
    yield from dict.fromkeys(str(path.relative_to(root)) for paths in found for path in paths)
