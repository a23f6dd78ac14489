"""`python -m tests.torture.mutations`: break campaignctl on purpose, and see which test notices.

Slow, and not part of the tests: each broken build is a copy of the tree in a temporary directory.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.torture.mutants import MUTANTS, Mutant
from tests.torture.mutants_of_bookkeeping import OF_BOOKKEEPING
from tests.torture.mutants_of_content import OF_CONTENT
from tests.torture.mutants_of_halts import OF_HALTS
from tests.torture.mutants_of_identity import OF_IDENTITY
from tests.torture.mutants_of_lint import OF_LINT
from tests.torture.mutants_of_live import OF_LIVE
from tests.torture.mutants_of_manifests import OF_MANIFESTS
from tests.torture.mutants_of_pipelines import OF_PIPELINES
from tests.torture.mutants_of_places import OF_PLACES
from tests.torture.mutants_of_previews import OF_PREVIEWS
from tests.torture.mutants_of_proofs import OF_PROOFS
from tests.torture.mutants_of_settings import OF_SETTINGS
from tests.torture.mutants_of_trust import OF_TRUST
from tests.torture.mutants_of_work import OF_WORK
from tests.torture.mutants_of_writes import OF_WRITES

ALL = (
    *MUTANTS,
    *OF_LIVE,
    *OF_BOOKKEEPING,
    *OF_HALTS,
    *OF_IDENTITY,
    *OF_WRITES,
    *OF_CONTENT,
    *OF_TRUST,
    *OF_WORK,
    *OF_PIPELINES,
    *OF_SETTINGS,
    *OF_PREVIEWS,
    *OF_LINT,
    *OF_MANIFESTS,
    *OF_PROOFS,
    *OF_PLACES,
)
_ROOT = Path(__file__).resolve().parents[2]
_COPIED = (
    "campaignctl",
    "campaigns",
    "docs",
    "tests",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "tools",
)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_TRIAL = re.compile(r"^(\w[^|\n]* \| .*)$", re.MULTILINE)
_LONGEST = 900


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a broken build was not noticed."""
    parser = argparse.ArgumentParser("python -m tests.torture.mutations", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="mutants whose name has it")
    parser.add_argument("--without-trials", action="store_true", help="with tests of the suite alone")
    options = parser.parse_args(arguments)
    missed = 0
    for mutant in ALL:
        if options.only in mutant.name:
            seen = list(_noticed(replace(mutant, torture="") if options.without_trials else mutant))
            missed += not seen
            print(f"| {mutant.name} | {'; '.join(seen) or 'NOTHING'} |", flush=True)  # noqa: T201
    return bool(missed)


def _noticed(mutant: Mutant) -> Iterator[str]:
    """What fails with a mutant: a trial, and a test of the suite."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        tree = Path(name)
        copy_to(tree, compiled=True)
        _break(tree, mutant)
        if mutant.torture:
            words = ["tests.torture", "--all", "--only", mutant.torture, "--first", "--seed", "1"]
            if found := _TRIAL.search(_said(tree, words)):
                # A bar would end the cell of the table.
                yield f"trial `{found[1].replace(' | ', ' / ')}`"
        tests = ["pytest", "-x", "-q", "-n", "2", "-p", "no:cacheprovider", *mutant.tests]
        if found := _FAILED.search(_said(tree, tests)):
            yield f"`{found[1]}`"


def copy_to(tree: Path, *, compiled: bool = False) -> None:
    """Copy what the tests need into a directory, perhaps with what is compiled of it: a file that is changed
    there is compiled again."""
    left_out = shutil.ignore_patterns(".*") if compiled else shutil.ignore_patterns("__pycache__", ".*")
    for name in _COPIED:
        source = _ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=left_out)
        elif source.exists():
            shutil.copy(source, tree / name)


def _break(tree: Path, mutant: Mutant) -> None:
    for edit in mutant.edits:
        path = tree / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise SystemExit(f"{mutant.name}: {edit.file} does not have once:\n{edit.old}")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def _said(tree: Path, module: Sequence[str]) -> str:
    """The output of a module, run in a tree with that tree's campaignctl."""
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", *module]
    done = subprocess.run(
        command, cwd=tree, env=environ, capture_output=True, text=True, timeout=_LONGEST, check=False
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
