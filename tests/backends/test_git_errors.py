"""What a failure of git means, by its words; and in which repository a project lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from campaignctl.backends.cas.place import PlaceError
from campaignctl.backends.git.command import Git, enclosing, has_metadata, rejected, shown, trouble

LOGIN = "`git ls-remote REMOTE` must work here without a prompt; a CI job needs a token for it"
WRITE = "it needs write access to the repository (in GitHub Actions: `permissions: contents: write`; in"
REJECTS, LACKS = "the remote rejects this login", "this login lacks a permission at the remote"
NOWHERE, AWAY = "there is no repository at the remote's address", "the remote cannot be reached"
ADDRESS, NETWORK = "check the address with `git remote -v`", "check the network, then run the command again"


@pytest.mark.parametrize(
    ("message", "kind", "summary", "hint"),
    [
        (
            "fatal: detected dubious ownership in repository at '/x'",
            "setup",
            "git does not trust the repository of this project",
            "git config --global --add safe.directory DIRECTORY",
        ),
        ("fatal: not a git repository: /x", "setup", "the project is not in a git repository", "clone the"),
        ("fatal: could not read Username for 'https://h'", "refused", REJECTS, LOGIN),
        ("fatal: could not read Password for 'https://h'", "refused", REJECTS, LOGIN),
        ("fatal: Authentication failed for 'https://h'", "refused", REJECTS, LOGIN),
        ("fatal: terminal prompts disabled", "refused", REJECTS, LOGIN),
        ("remote: HTTP Basic: Access denied", "refused", REJECTS, LOGIN),
        ("The requested URL returned error: 401", "refused", REJECTS, LOGIN),
        ("git@h: Permission denied (publickey).", "refused", REJECTS, LOGIN),
        ("remote: Invalid credentials", "refused", REJECTS, LOGIN),
        ("The requested URL returned error: 403", "refused", LACKS, WRITE),
        ("remote: Permission to a/b.git denied to ci.", "refused", LACKS, WRITE),
        ("remote: Write access to repository not granted.", "refused", LACKS, WRITE),
        ("remote: You are not allowed to push code", "refused", LACKS, WRITE),
        ("remote: not allowed to push", "refused", LACKS, WRITE),
        ("remote: this is a read-only mirror", "refused", LACKS, WRITE),
        ("Host key verification failed.", "refused", "the ssh host key of the remote is not", "add it to"),
        ("remote: Repository a/b not found", "away", NOWHERE, ADDRESS),
        ("fatal: '/x' does not appear to be a git repository", "away", NOWHERE, ADDRESS),
        ("The requested URL returned error: 404", "away", NOWHERE, ADDRESS),
        ("ssh: Could not resolve hostname h", "away", AWAY, NETWORK),
        ("connect to h port 22: Connection refused", "away", AWAY, NETWORK),
        ("Failed to connect: Connection timed out", "away", AWAY, NETWORK),
        ("connect: Network is unreachable", "away", AWAY, NETWORK),
        ("connect: No route to host", "away", AWAY, NETWORK),
        ("fatal: something else", "away", "git fetch failed", "run the command again"),
    ],
)
def test_a_failure_of_git_says_what_it_is(message: str, kind: str, summary: str, hint: str) -> None:
    found = trouble("fetch", f"{message}\n")
    assert found.kind == kind
    assert str(found).startswith(summary)
    assert str(found).endswith(f": {message}")
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("reason", "told", "kind", "summary", "hint"),
    [
        ("(missing necessary objects)", "", "away", "the remote lost what it had", "run the command again"),
        ("(hook declined)", "error: no", "refused", "the remote refuses pushes to REF", "allow pushes to"),
        ("(hook declined)", "you are not allowed", "refused", "the remote refuses pushes to REF", WRITE),
        ("(not allowed to push)", "", "refused", "the remote refuses pushes to REF", WRITE),
        ("(no)", "Connection refused", "refused", "the remote refuses pushes to REF", "allow pushes to"),
    ],
)
def test_a_push_that_is_refused_says_why(reason: str, told: str, kind: str, summary: str, hint: str) -> None:
    found = rejected("REF", reason, told)
    assert found.kind == kind
    assert str(found) == f"{summary}: {reason}"
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (" one \n\n  two\n", "one; two"),
        (
            "fatal: https://mira:hush@h/a.git and https://t0ken@h",
            "fatal: https://***@h/a.git and https://***@h",
        ),
        ("mail mira@example.com", "mail mira@example.com"),
        ("x" * 601, "x" * 600),
    ],
)
def test_what_git_says_is_one_short_line_without_a_login(message: str, line: str) -> None:
    assert shown(message) == line


def test_without_git_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="git could not be started") as missing:
        Git(tmp_path, {"PATH": str(tmp_path)}).run("version")
    assert missing.value.kind == "setup"
    assert missing.value.hint == "install git, 2.31 or newer"


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    git = enclosing(tmp_path, os.environ)
    git.run("config", "alias.sleeping", "!sleep 20")
    with pytest.raises(PlaceError, match="git sleeping did not end within 0 s") as late:
        git.run("sleeping", seconds=0.2)
    assert (late.value.kind, late.value.hint) == ("away", "check the network")


@pytest.mark.parametrize(
    ("made", "is_top", "is_there"),
    [
        (None, False, False),
        ("empty folder", False, False),
        ("folder with a file", False, True),
        ("folder with a HEAD", True, True),
        ("folder with a HEAD that leads nowhere", True, True),
        ("file", True, True),
    ],
)
def test_a_project_lies_in_the_nearest_repository_that_no_ceiling_hides(
    tmp_path: Path, made: str | None, is_top: bool, is_there: bool
) -> None:
    top, project = tmp_path / "top", tmp_path / "top" / "sub" / "project"
    project.mkdir(parents=True)
    metadata = top / ".git"
    if made == "file":
        metadata.write_text("gitdir: elsewhere\n")
    elif made:
        metadata.mkdir()
    if made == "folder with a file":
        (metadata / "config").touch()
    if made == "folder with a HEAD":
        (metadata / "HEAD").touch()
    if made == "folder with a HEAD that leads nowhere":
        (metadata / "HEAD").symlink_to("refs/heads/main")
    ceiling = {"GIT_CEILING_DIRECTORIES": f":{tmp_path}", "PATH": "/usr/bin:/bin"}
    assert has_metadata(project, ceiling) is is_there
    if is_top:
        assert enclosing(project, ceiling).directory == top.resolve()
    else:
        with pytest.raises(PlaceError, match="the project is not in a git repository") as none:
            enclosing(project, ceiling)
        assert str(project.resolve()) in str(none.value)
    below = {"GIT_CEILING_DIRECTORIES": f"/nowhere{os.pathsep}{top}", "PATH": "/usr/bin:/bin"}
    assert not has_metadata(project, below)
    assert has_metadata(top, below) is is_there
