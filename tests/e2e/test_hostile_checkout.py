"""A hostile checkout: its files cannot make a program run or get the token."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.api.raw_server import RawServer, whole
from tests.e2e.harness import PROJECT, TOKEN, World, sms
from tests.foreign_hosts import FOREIGN_HOSTS

FAR = "2036-12-24 10:00:00"
IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.com")
COMMANDS = (
    ("plan",),
    ("plan", "--no-refresh"),
    ("apply", "--auto-approve"),
    ("destroy", "--auto-approve"),
    ("status",),
    ("doctor",),
    ("validate", "--format", "github"),
    ("validate", "--format", "sarif"),
    ("state", "list"),
    ("state", "pull"),
    ("state", "unlock", "1"),
    ("halt", "--all", "--reason", "x"),
    ("init", "--ci", "github"),
)
#: Those that remain.
OTHERS = (
    ("explain", "far"),
    ("fmt", "--check"),
    ("show",),
    ("import", "far", "1"),
    ("new", "other", "--from", "sms"),
    ("halt", "--lift", "far", "--reason", "x"),
    ("state", "show", "far"),
    ("state", "history"),
    ("state", "recover"),
    ("state", "init"),
    ("state", "rebind", "--auto-approve"),
    ("state", "rebind", "--from", "other.json", "--auto-approve"),
    ("state", "mv", "far", "near"),
    ("state", "rm", "far"),
    ("state", "resolve", "far", "--retry"),
    ("state", "migrate", "--to", "git"),
    ("state", "migrate", "--format", "2"),
)
GIT_STATE = PROJECT + "state: {backend: git}\n"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True, env=plain()
    )
    return done.stdout.strip()


def plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def committed(folder: Path) -> str:
    """A new repository with one commit of a folder's content."""
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, *IDENTITY, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


class Trap:
    """A program that leaves a file when it runs, and a git configuration that names it wherever possible."""

    def __init__(self, folder: Path) -> None:
        self.sprung = folder / "sprung"
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.sprung}\nexit 1\n', encoding="utf-8")
        self.program.chmod(0o755)
        (folder / "hooks").mkdir()
        for hook in ("post-index-change", "reference-transaction", "pre-push", "post-checkout", "fsmonitor"):
            (folder / "hooks" / hook).symlink_to(self.program)
        self.settings = {
            "core.fsmonitor": str(self.program),
            "core.hooksPath": str(folder / "hooks"),
            "core.pager": str(self.program),
            "core.sshCommand": str(self.program),
            "core.askPass": str(self.program),
            "core.editor": str(self.program),
            "diff.external": str(self.program),
            "diff.x.textconv": str(self.program),
            "filter.x.clean": str(self.program),
            "filter.x.process": str(self.program),
            "filter.x.required": "true",
            "gpg.program": str(self.program),
            "credential.helper": str(self.program),
            "remote.origin.url": "ssh://host.invalid/shop.git",
            "remote.origin.uploadpack": str(self.program),
            "alias.status": f"!{self.program}",
        }

    def bare_repository(self, folder: Path) -> None:
        """Files, as in a commit, that make a folder a bare repository with the configuration."""
        for name in ("objects", "refs/heads"):
            (folder / name).mkdir(parents=True)
            (folder / name / ".keep").touch()
        (folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
        git_config = ["git", "config", "-f", str(folder / "config")]
        for key, value in {
            "core.repositoryformatversion": "1",
            "extensions.worktreeConfig": "true",
            "core.worktree": str(folder),
            **self.settings,
        }.items():
            subprocess.run([*git_config, key, value], check=True)
        (folder / ".gitattributes").write_text("* filter=x diff=x\n", encoding="utf-8")

    def assert_works(self, folder: Path) -> None:
        """Plain git in the folder runs the program."""
        subprocess.run(["git", "-C", str(folder), "status"], check=False, capture_output=True, env=plain())
        assert self.sprung.exists()
        self.sprung.unlink()


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    folder = tmp_path / "trap"
    folder.mkdir()
    return Trap(folder)


def completed(world: World, *words: str) -> str:
    line = "\n".join(("campaignctl", *words, ""))
    world.environ |= {
        "_CAMPAIGNCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) + 1),
    }
    out = world.run().out
    for name in ("_CAMPAIGNCTL_COMPLETE", "COMP_WORDS", "COMP_CWORD"):
        del world.environ[name]
    return out


@pytest.mark.parametrize("state", ["local", "git"])
def test_a_project_folder_that_is_a_bare_repository_is_refused_by_every_command(
    state: str, world: World, trap: Trap
) -> None:
    world.write("campaignctl.yaml", GIT_STATE if state == "git" else PROJECT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    trap.bare_repository(world.folder)
    trap.assert_works(world.folder)
    for command in COMMANDS + (OTHERS if state == "local" else ()):
        refused = world.run(*command, status=1)
        assert (
            "looks like a bare git repository" in refused.out + refused.err
            or "is not in a git repository" in refused.err
        )
        assert not trap.sprung.exists(), command
    assert completed(world, "state", "show") == ""
    assert not trap.sprung.exists()
    assert world.requests() == []


def test_a_folder_with_its_objects_elsewhere_is_refused_too(world: World, trap: Trap) -> None:
    """`commondir` points git to another folder, anywhere in the checkout."""
    trap.bare_repository(world.folder / "push")
    (world.folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (world.folder / "commondir").write_text("push\n", encoding="utf-8")
    (world.folder / "config.worktree").write_text(f"[core]\nworktree = {world.folder}\n", encoding="utf-8")
    trap.assert_works(world.folder)
    assert "looks like a bare git repository" in world.run("plan", status=1).err
    assert not trap.sprung.exists()


def test_init_refuses_a_bare_repository(world: World, trap: Trap) -> None:
    trap.bare_repository(world.folder / "new")
    assert "looks like a bare git repository" in world.run("init", "new", status=1).err
    assert not (world.folder / "new" / "campaignctl.yaml").exists()


@pytest.mark.parametrize("enclosed", [True, False])
def test_a_project_in_an_embedded_bare_repository_sees_only_the_enclosing_one(
    enclosed: bool, world: World, trap: Trap
) -> None:
    outer = world.folder
    inner = World(outer / "embedded" / "shop", world.url, world.control)
    inner.write("campaignctl.yaml", PROJECT)
    inner.write("far.yaml", sms("Far", scheduled_time=FAR))
    (outer / "campaignctl.yaml").unlink()
    trap.bare_repository(outer / "embedded")
    trap.assert_works(inner.folder)
    commit = committed(outer) if enclosed else ""
    trap.sprung.unlink(missing_ok=True)
    for command in COMMANDS:
        inner.run(*command)
        assert not trap.sprung.exists(), command
    checks = {check["name"]: check for check in inner.run("doctor", "--format", "json").json["checks"]}
    assert (f"commit {commit[:12]}" if enclosed else "no commit") in checks["git"]["found"]


@pytest.mark.parametrize("state", ["local", "git"])
def test_files_of_a_checkout_do_not_run_programs_of_the_enclosing_repository(
    state: str, world: World, trap: Trap
) -> None:
    """The configuration is the user's own; the attributes that select from it are the checkout's."""
    world.write("campaignctl.yaml", GIT_STATE if state == "git" else PROJECT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    commit = committed(world.folder)
    git(world.folder, "init", "-q", "--bare", str(world.folder.parent / "origin.git"))
    reached = {
        "remote.origin.url": str(world.folder.parent / "origin.git"),
        "remote.origin.uploadpack": "git-upload-pack",
    }
    for key, value in (trap.settings | reached).items():
        git(world.folder, "config", key, value)
    world.write(".gitattributes", "* filter=x diff=x\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="changed"))
    trap.assert_works(world.folder)
    others = (("state", "recover"), ("state", "init"), ("state", "rebind", "--auto-approve"), OTHERS[3])
    for command in COMMANDS + (others if state == "git" else ()):
        world.run(*command)
        assert not trap.sprung.exists(), (command, trap.sprung.read_text())
    completed(world, "state", "show")
    completed(world, "plan", "--target")
    assert not trap.sprung.exists()
    checks = {check["name"]: check for check in world.run("doctor", "--format", "json").json["checks"]}
    assert f"commit {commit[:12]}, with uncommitted changes" in checks["git"]["found"]


def found_by_git(world: World) -> str:
    checks = {check["name"]: check for check in world.run("doctor", "--format", "json").json["checks"]}
    return str(checks["git"]["found"])


def test_worktrees_and_submodules_have_their_own_commit(world: World, tmp_path: Path) -> None:
    first = committed(world.folder)
    linked = tmp_path / "linked"
    git(world.folder, "worktree", "add", "-q", str(linked), "-b", "side")
    git(linked, *IDENTITY, "commit", "-q", "--allow-empty", "-m", "y")
    second = git(linked, "rev-parse", "HEAD")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "--quiet", "add", str(world.folder), "mod")
    third = git(outer / "mod", "rev-parse", "HEAD")
    git(outer, *IDENTITY, "commit", "-qm", "z")
    for folder, commit in ((world.folder, first), (linked, second), (outer / "mod", third)):
        here = World(folder, world.url, world.control)
        assert found_by_git(here) == f"commit {commit[:12]}", folder
        (folder / "new.yaml").write_text(sms("New", scheduled_time=FAR), encoding="utf-8")
        assert "uncommitted" in found_by_git(here)


def test_a_hook_that_sets_the_variables_of_git_changes_nothing(world: World, tmp_path: Path) -> None:
    """git sets them for a hook in a worktree, or for `commit -a`; they redirect only git."""
    project = World(world.folder / "crm" / "shop", world.url, world.control)
    project.write("campaignctl.yaml", PROJECT)
    project.write("wrong.yaml", "spec: {}\n")
    commit = committed(world.folder)
    other = tmp_path / "other"
    other.mkdir()
    committed_elsewhere = {
        "GIT_DIR": ".git",
        "GIT_WORK_TREE": ".",
        "GIT_INDEX_FILE": ".git/index.lock",
        "GIT_PREFIX": "x/",
    }
    for environ in (committed_elsewhere, {"GIT_DIR": str(other / ".git")}, {"GIT_COMMON_DIR": str(other)}):
        project.environ = environ
        said = project.run("validate", "--format", "github", status=1).out
        assert "file=crm/shop/wrong.yaml" in said, environ
        assert f"commit {commit[:12]}" in found_by_git(project)


def test_a_repository_of_another_user_is_still_not_trusted(world: World) -> None:
    committed(world.folder)
    world.environ = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    assert "git cannot read this checkout" in found_by_git(world)


@pytest.mark.parametrize("state", ["local", "git"])
def test_git_gets_the_environment_without_the_token(state: str, world: World, tmp_path: Path) -> None:
    world.write("campaignctl.yaml", GIT_STATE if state == "git" else PROJECT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    committed(world.folder)
    seen = tmp_path / "seen"
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\nenv >> {seen}\nexec {real} "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    aliases = {"OCAMBA_READ_TOKEN": "r3ad-t0ken-4c1b", "INPUT_TOKEN": TOKEN, "HEADER": f"Bearer {TOKEN}"}
    aliases |= {"CAMPAIGNCTL_STATE_KEY": "a2V5", "CAMPAIGNCTL_STATE_KEY_FALLBACK_FILE": "/key"}
    world.environ = {"PATH": f"{fake.parent}:{os.environ['PATH']}", **aliases}
    for command in COMMANDS:
        seen.unlink(missing_ok=True)
        world.run(*command)
        if command[0] in ("plan", "doctor", "validate", "init"):
            assert seen.exists(), command
        if seen.exists():
            assert TOKEN not in seen.read_text("utf-8"), command
            for name in ("OCAMBA_TOKEN", *aliases):
                assert f"{name}=" not in seen.read_text("utf-8"), command


def test_a_program_named_git_in_the_checkout_is_not_found_by_a_relative_path(
    world: World, trap: Trap
) -> None:
    (world.folder / "git").symlink_to(trap.program)
    commit = committed(world.folder)
    for path in (f".:{os.environ['PATH']}", f":{os.environ['PATH']}", f"push/..:{os.environ['PATH']}"):
        world.environ = {"PATH": path}
        assert f"commit {commit[:12]}" in found_by_git(world)
        assert not trap.sprung.exists()
    world.environ = {"PATH": "."}
    found_by_git(world)
    assert not trap.sprung.exists()


@pytest.mark.parametrize("place", ["project", "environment"])
@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_host_only_in_the_project_file_is_an_error_at_its_line(place: str, host: str, world: World) -> None:
    url = json.dumps(f"https://{host}")
    layer = f"api: {{url: {url}}}"
    text = layer if place == "project" else f"environments: {{live: {{{layer}}}}}"
    world.write("campaignctl.yaml", f"metadata: {{name: shop}}\n{text}\n")
    world.environ = {"OCAMBA_API_URL": "", "CAMPAIGNCTL_ENV": "" if place == "project" else "live"}
    (found,) = world.run("validate", "--format", "json", status=1).json["findings"]
    assert found["code"] in ("api-host", "value")
    assert (found["line"], found["column"]) == (2, text.index(url) + 1)


def test_no_command_connects_to_a_host_only_in_the_project_file(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "  url: https://ocamba.com.evil.example/v1;id\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    with RawServer([whole(200)] * 50) as proxy:
        world.environ = {
            "OCAMBA_API_URL": "",
            "HTTPS_PROXY": proxy.url,
            "https_proxy": proxy.url,
            "NO_PROXY": "",
        }
        for command in COMMANDS:
            world.run(*command)
            assert proxy.requests == [], command
        said = world.run("plan", status=1).err
    assert "campaignctl.yaml:8:8: error: the API token is not sent to ocamba.com.evil.example;" in said
    assert "export OCAMBA_API_URL='https://ocamba.com.evil.example/v1;id'\n" in said
    assert world.requests() == []


def test_a_lookalike_host_is_shown_in_ascii(world: World) -> None:
    world.write("campaignctl.yaml", "metadata: {name: shop}\napi: {url: https://api.ocamb\u0430.com}\n")
    world.environ = {"OCAMBA_API_URL": ""}
    (found,) = world.run("validate", "--format", "json", status=1).json["findings"]
    assert "api.ocamb\\u0430.com;" in found["message"]
    assert (found["message"] + found["hint"]).isascii()


def test_any_host_of_the_environment_may_be_in_the_project_file(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "  url: https://gateway.example\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.run("validate", "--fail-severity", "warning", status=0)
    world.apply()
    assert list(world.campaigns()) == ["Far"]
