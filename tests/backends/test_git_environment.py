"""What of the environment of a run reaches git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from campaignctl.backends.git.command import enclosing

GIVEN = {"GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.com", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def ident(checkout: Path, **environ: Any) -> str:
    """The committer, as git finds it."""
    git = enclosing(checkout, {"HOME": str(checkout), **GIVEN, **environ})
    return git.run("var", "GIT_COMMITTER_IDENT").decode()


def test_git_gets_the_environment_of_the_run(checkout: Path) -> None:
    assert ident(checkout).startswith("Ana <ana@example.com>")


def test_a_variable_that_holds_the_token_is_left_out(checkout: Path) -> None:
    token = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
    (checkout / ".gitconfig").write_text("[user]\n\tname = Configured\n")
    found = ident(checkout, GIT_COMMITTER_NAME=f"x{token}", OCAMBA_TOKEN=token)
    assert found.startswith("Configured <ana@example.com>")


def test_no_variable_leads_git_elsewhere(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", "--bare", other], check=True)
    git = enclosing(checkout, {**GIVEN, "GIT_DIR": str(other), "GIT_WORK_TREE": str(other)})
    assert git.run("rev-parse", "--absolute-git-dir").decode().strip() == str(checkout / ".git")


def test_a_program_of_the_checkout_is_not_found(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    (checkout / "git-mine").write_text("#!/bin/sh\necho ours\n")
    (checkout / "git-mine").chmod(0o755)
    told = {path: enclosing(checkout, {**GIVEN, "PATH": path}).ask("mine").status for path in (".", "")}
    assert all(status != 0 for status in told.values())
    absolute = f"{checkout}:/usr/bin:/bin"
    assert enclosing(checkout, {**GIVEN, "PATH": absolute}).ask("mine").status == 0
