"""What of the environment of a run reaches git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from campaignctl.backends.git.command import enclosing, with_configuration, without_programs

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


# `git rev-parse --local-env-vars`, which differs by version, and what a push sets for a hook.
ELSEWHERE = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE"),
    *("GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"),
    *("GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE"),
)


@pytest.mark.parametrize("name", [*ELSEWHERE, "LANGUAGE", "OCAMBA_TOKEN", "OCAMBA_READ_TOKEN_STAGING"])
def test_what_belongs_to_another_repository_is_left_out(checkout: Path, name: str) -> None:
    git = enclosing(checkout, {"HOME": str(checkout), **GIVEN, name: "elsewhere", "KEPT": "x"})
    found = git.run("-c", "alias.environment=!env", "environment").decode().splitlines()
    assert "KEPT=x" in found
    assert f"{name}=elsewhere" not in found


def test_a_program_of_the_checkout_is_not_found(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    (checkout / "git-mine").write_text("#!/bin/sh\necho ours\n")
    (checkout / "git-mine").chmod(0o755)
    told = {path: enclosing(checkout, {**GIVEN, "PATH": path}).ask("mine").status for path in (".", "")}
    assert all(status != 0 for status in told.values())
    absolute = f"{checkout}:/usr/bin:/bin"
    assert enclosing(checkout, {**GIVEN, "PATH": absolute}).ask("mine").status == 0


def test_a_driver_that_a_checkout_chooses_is_not_run_and_its_file_conflicts(checkout: Path) -> None:
    """One that did nothing and ended well would have merged, for git."""
    environ = {"HOME": str(checkout), **GIVEN}
    author = (("user.name", "Mira"), ("user.email", "mira@example.com"))
    git = enclosing(checkout, with_configuration(environ, author))
    for key in ("merge.mine.driver", "filter.mine.clean", "filter.mine.smudge"):
        git.run("config", key, "touch ran; cat")
    git.run("config", "filter.mine.required", "true")
    (checkout / ".git" / "info" / "attributes").write_text("* merge=mine filter=mine\n")
    bare = without_programs(git)
    for branch, base, text in (("first", "", "one"), ("theirs", "first", "two"), ("ours", "first", "three")):
        bare.run("checkout", "-q", "-b", branch, *filter(None, [base]))
        (checkout / "a.yaml").write_text(f"{text}\n")
        bare.run("add", "a.yaml")
        bare.run("commit", "-q", "-m", text)
    assert bare.ask("merge", "--quiet", "--no-edit", "theirs").status == 1
    assert bare.run("diff", "--name-only", "--diff-filter=U").decode() == "a.yaml\n"
    assert bare.run("log", "-1", "--format=%an").decode() == "Mira\n"
    assert not (checkout / "ran").exists()
