"""Start-up: help and version are cheap and complete."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.cli.main import TABLE, root, unsupported
from tests.cli.cli_process import ROOT, Cli

NOT_FOR_VALIDATE = (
    *("httpx", "deepdiff", "rich", "ruamel.yaml", "cronsim", "socket", "subprocess", "asyncio"),
    *("campaignctl.plan.model", "campaignctl.state.model", "campaignctl.diff", "campaignctl.reconciler"),
    *("campaignctl.cli.options", "campaignctl.schedule.windows", "campaignctl.manifest.origins"),
    "campaignctl.render.errors",
)
SOURCES = ROOT / "campaignctl"
HEAVY = ("httpx", "pydantic", "deepdiff", "yaml", "rich")


def assert_not_loaded(words: list[str], names: tuple[str, ...]) -> None:
    """Run a command line, and fail if one of these modules was imported on the way."""
    program = (
        "import sys\nfrom campaignctl.cli.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        f"loaded = [name for name in {names!r} if name in sys.modules]\nassert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["plan", "--help"], ["state", "--help"]])
def test_help_and_version_import_nothing_heavy(words: list[str]) -> None:
    assert_not_loaded(words, HEAVY)


def test_validate_imports_only_what_it_needs(tmp_path: Path) -> None:
    """Each of these imports would slow down editors and hooks, which run it at every save and commit."""
    (tmp_path / "campaignctl.yaml").write_text("metadata: {name: x}\n")
    assert_not_loaded(["-C", str(tmp_path), "validate"], NOT_FOR_VALIDATE)


def imported_by(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """What a module imports when it is imported itself: not within functions, nor for types alone.

    Each as the names that it may have: `from a import b` imports `a.b` if that is a module, and `a` if not.
    """
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If(test=ast.Name("TYPE_CHECKING")):
                continue
            case ast.Import(names):
                yield from ((name.name,) for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((f"{module}.{name.name}", module) for name in names)
            case _:
                yield from imported_by(child)


def test_any_module_can_be_imported_first() -> None:
    """Commands import lazily; none may depend on an import of an earlier command.

    A module that fails when it is imported first imports, by way of others, itself.
    """
    files = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in SOURCES.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): file for name, file in files.items()}
    imports = {
        module: {
            next((name for name in names if name in modules), "others")
            for names in imported_by(ast.parse(file.read_bytes()))
        }
        for module, file in modules.items()
    }
    assert len(modules) > 300
    assert any("campaignctl.errors" in found for found in imports.values())
    graphlib.TopologicalSorter(imports).prepare()


@pytest.mark.parametrize("name", TABLE)
def test_every_command_starts_by_itself(cli: Cli, name: str) -> None:
    done = cli.spawned(name, "--help")
    assert (done.status, done.err) == (0, "")
    assert f"Usage: campaignctl {name}" in done.out


def test_version(cli: Cli) -> None:
    done = cli.spawned("--version")
    assert (done.status, done.out) == (0, "campaignctl 0.1.0\n")


def test_help_lists_every_command_and_nothing_else(cli: Cli) -> None:
    listed = cli("--help").out.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines() if line[2:3].strip()] == list(TABLE)


def test_every_command_of_the_table_exists_and_has_help() -> None:
    for name, lazy in TABLE.items():
        command = lazy.load()
        assert (command.name, bool(command.help)) == (name, True)


def test_without_a_command_the_help_is_an_error(cli: Cli) -> None:
    done = cli()
    assert (done.status, done.out) == (64, "")
    assert "Usage: campaignctl" in done.err


@pytest.mark.parametrize(("system", "runs"), [("posix", True), ("nt", False), ("java", False)])
def test_windows_is_refused_with_a_hint(system: str, runs: bool) -> None:
    refusal = unsupported(system)
    assert (refusal is None) is runs
    assert runs or "WSL" in str(refusal)


def test_the_usage_shows_the_program_name() -> None:
    assert root.name == "campaignctl"
