"""Our hooks in someone else's repository: the real pre-commit, a real git, a real commit.

The network is out: pip installs the hooks' environment from wheels of what is installed here.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hooks.installed_wheels import pack

ROOT = Path(__file__).resolve().parents[2]
_BUILT_FROM = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "requirements.lock",
    ".pre-commit-hooks.yaml",
    "campaignctl",
    "campaigns",
)
_SECONDS = 600

_PROJECT = "apiVersion: campaignctl/v1\nkind: Project\nmetadata:\n  name: shop\n"
_MANIFEST = """\
spec:
  name: Welcome
  messages:
    - name: Hello
      channel: push
      push:
        title:
          en: Hi
        body:
          en: Good to have you
        landing_url: https://example.com
"""


@dataclass(frozen=True)
class Repository:
    """A git repository and the environment that its commands run in."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *words: str | Path, status: int = 0) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def git(self, *words: str, status: int = 0) -> str:
        return self.run("git", *words, status=status)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.git("add", name)

    def commit(self, subject: str, status: int = 0) -> str:
        return self.git("commit", "-m", subject, status=status)

    def start_with_a_campaign(self) -> None:
        """A first commit. That the hooks pass it is another test."""
        self.git("commit", "--no-verify", "-m", "a campaign")

    @property
    def subjects(self) -> list[str]:
        return self.git("log", "--format=%s").splitlines()


def _environ(folder: Path) -> dict[str, str]:
    own = ("CAMPAIGNCTL_", "OCAMBA_", "GIT_", "PIP_", "PRE_COMMIT", "PYTHON", "VIRTUAL", "SKIP")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {
        **kept,
        **who,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder / "wheels"),
        "PIP_NO_CACHE_DIR": "1",
        "PIP_COMPILE": "0",  # as `--no-compile`; PIP_NO_COMPILE=1 would compile
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        # What virtualenv unpacks once and keeps, as it does for everyone.
        "VIRTUALENV_OVERRIDE_APP_DATA": str(Path(sys.prefix) / "virtualenv"),
    }


def _needed() -> Sequence[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [*project["project"]["dependencies"], *project["build-system"]["requires"]]


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """This repository as others clone it, at a tag. Workers share it, and the environment made from it."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "hooks"
    folder.mkdir(exist_ok=True)
    repository = Repository(folder / "campaignctl", _environ(folder))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not repository.folder.exists():
            _make(repository, folder / "wheels")
    return repository


def _make(repository: Repository, wheels: Path) -> None:
    wheels.mkdir()
    pack(_needed(), wheels)
    repository.folder.mkdir()
    for name in _BUILT_FROM:
        source, target = ROOT / name, repository.folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".campaignctl"))
        else:
            shutil.copy(source, target)
    repository.git("init", "-q")
    repository.git("add", "-A")
    repository.commit("all")
    repository.git("tag", "v0.1.0")


@pytest.fixture
def theirs(tmp_path: Path, hooks: Repository) -> Repository:
    """Someone's repository with a project in `campaigns`, and our hooks set up in it."""
    repository = Repository(tmp_path, hooks.environ)
    repository.git("init", "-q")
    repository.write("campaigns/campaignctl.yaml", _PROJECT)
    repository.write("campaigns/push/welcome.yaml", _MANIFEST)
    repository.write(".pre-commit-config.yaml", _config(hooks, ""))
    repository.run(sys.executable, "-m", "pre_commit", "install")
    return repository


def _config(hooks: Repository, options: str) -> str:
    ids = "".join(f"      - id: {name}\n{options}" for name in ("campaignctl-validate", "campaignctl-fmt"))
    return f"repos:\n  - repo: {hooks.folder}\n    rev: v0.1.0\n    hooks:\n{ids}"


def test_a_commit_passes_both_hooks(theirs: Repository) -> None:
    said = theirs.commit("a campaign")
    assert [line.split(".")[0] for line in said.splitlines() if line.endswith("Passed")] == [
        "campaignctl validate",
        "campaignctl fmt",
    ]
    assert theirs.subjects == ["a campaign"]


def test_a_mistake_is_refused_at_its_line(theirs: Repository) -> None:
    theirs.start_with_a_campaign()
    theirs.write("campaigns/push/welcome.yaml", _MANIFEST.replace("title", "tilte"))
    said = theirs.commit("a mistake", status=1)
    assert "push/welcome.yaml:7:9" in said
    assert "title" in said
    assert theirs.subjects == ["a campaign"]


@pytest.mark.slow
def test_a_mistake_in_a_text_that_a_manifest_reads_is_found_too(theirs: Repository) -> None:
    theirs.write("campaigns/push/title.txt", "Hi ${OCMH_NOSUCH${")
    theirs.write("campaigns/push/welcome.yaml", _MANIFEST.replace("en: Hi", "en: {$file: title.txt}"))
    assert "title.txt" in theirs.commit("a mistake", status=1)


def test_another_form_is_written_and_passes_once_it_is_added(theirs: Repository) -> None:
    loose = _MANIFEST.replace("  name", "   name").replace("  messages", "   messages")
    theirs.write("campaigns/push/welcome.yaml", loose + "# kept\n")
    said = theirs.commit("a campaign", status=1)
    assert "files were modified by this hook" in said
    written = (theirs.folder / "campaigns/push/welcome.yaml").read_text()
    assert written == _MANIFEST + "# kept\n"
    theirs.git("add", "-u")
    theirs.commit("a campaign")


@pytest.mark.slow
def test_what_is_no_manifest_waits_for_no_formatter(theirs: Repository) -> None:
    theirs.start_with_a_campaign()
    theirs.write("notes.txt", "nothing of ours\n")
    said = theirs.commit("notes")
    assert "campaignctl validate" in said
    assert any(line.startswith("campaignctl fmt") and "Skipped" in line for line in said.splitlines())


@pytest.mark.slow
def test_a_project_in_another_place_is_named_in_args(theirs: Repository, hooks: Repository) -> None:
    theirs.git("mv", "campaigns", "crm")
    theirs.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {hooks.folder}\n    rev: v0.1.0\n    hooks:\n"
        "      - id: campaignctl-validate\n        args: [-C, crm, validate, --fail-severity, warning]\n",
    )
    theirs.commit("a campaign")
    theirs.write("crm/push/welcome.yaml", _MANIFEST.replace("title", "tilte"))
    assert "push/welcome.yaml:7:9" in theirs.commit("a mistake", status=1)
