"""Wheels of several versions on one shared git state: a laptop with one, a pipeline with another.

The next version does not exist yet. Its stand-in is the present commit with another number and a newer format
of state and stop mark; it has no other fields. The version before is a commit of this repository, the last
one that knows format 1 alone: no earlier version was released.
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, World, sms
from tools import release

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheels")]

NEXT = "0.2.0"
#: The last commit that knows format 1 alone, as long as this history has it.
BEFORE = "926b1bbf396fa0dc01560a8241850df228f17165"
REF = "refs/campaignctl/default"
FAR = "2036-03-22 10:00:00"
ON_GIT = "state: {backend: git}\n"
# A project file that the version before reads too.
PLAIN = "apiVersion: campaignctl/v1\nkind: Project\nmetadata: {name: shop}\n" + ON_GIT
_IDENTITY = ("-c", "user.name=Mira", "-c", "user.email=mira@example.com")
_RAISED = {
    "campaignctl/__init__.py": ('__version__ = "0.1.0"', f'__version__ = "{NEXT}"'),
    "campaignctl/state/model.py": ("FORMAT_VERSION = 2", "FORMAT_VERSION = 3"),
    "campaignctl/state/halts.py": ("FORMAT_VERSION = 2", "FORMAT_VERSION = 3"),
    "campaignctl/state/strict.py": ("_NEWEST = 2", "_NEWEST = 3"),
}


def installed(folder: Path, commit: str = "HEAD") -> Path:
    """The command of a commit's wheel, in an environment of the packages of that commit, by their hashes."""
    wheel = next(path for path in release.build(folder / "source", commit) if path.suffix == ".whl")
    venv.create(folder / "environment", with_pip=True)
    pip = (str(folder / "environment" / "bin" / "pip"), "--disable-pip-version-check", "-qq", "install")
    release._run(*pip, "--require-hashes", "--no-deps", "-r", str(folder / "source" / release.LOCK))
    release._run(*pip, "--no-index", str(wheel))
    return folder / "environment" / "bin" / "campaignctl"


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("present"))


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The stand-in of the next version."""
    folder = tmp_path_factory.mktemp("following")
    git(folder, "clone", "--quiet", str(release.ROOT), "raised")
    for name, (old, new) in _RAISED.items():
        path = folder / "raised" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, name
        path.write_text(text.replace(old, new), encoding="utf-8")
    git(folder / "raised", *_IDENTITY, "commit", "--quiet", "-am", "the next version")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "ROOT", folder / "raised")
        yield installed(folder)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{BEFORE}^{{commit}}"], cwd=release.ROOT, capture_output=True, check=False
    )
    if known.returncode:
        pytest.skip(f"this clone is shallow: it does not have {BEFORE}, the last commit of format 1")
    return installed(tmp_path_factory.mktemp("before"), BEFORE)


@dataclass
class Machine:
    """A clone with one version of campaignctl."""

    world: World
    program: Path

    def run(self, *words: str, status: int = 0) -> str:
        """What a command says. It knows nothing of this repository."""
        environ = {name: value for name, value in self.world.env().items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(self.program), *words],
            cwd=self.world.folder,
            env={**environ, "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def apply(self) -> None:
        self.run("apply", "--auto-approve")

    def changes(self) -> list[tuple[str, str]]:
        """What a plan would do."""
        plan = json.loads(self.run("plan", "--format", "json").partition("\n}\n")[0] + "\n}")
        assert plan["blocked"] == []
        return [(change["action"], change["key"]) for change in plan["changes"]]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("state", "pull"))
        return found

    def document(self) -> bytes:
        """The state's document at the remote."""
        return git(self.world.folder.parent / "remote.git", "cat-file", "blob", f"{REF}:state.json")

    def stops(self, *named: str) -> None:
        """It says which version it needs, sends no request, and leaves the state as it is.

        The version before takes the lock before it finds out.
        """
        mark, document = self.world.mark(), self.document()
        for words in (("plan",), ("apply", "--auto-approve"), ("state", "mv", "far", "other")):
            said = self.run(*words, status=1)
            for each in named:
                assert each in said
        assert self.world.requests(after=mark) == []
        assert self.document() == document


@dataclass
class Team:
    """A laptop and a pipeline that share a remote, a state and an account."""

    laptop: Machine
    pipeline: Machine

    def write(self, name: str, text: str) -> None:
        for one in (self.laptop, self.pipeline):
            one.world.write(name, text)

    def assert_once(self, sent: list[str], *names: str) -> None:
        """Every campaign was created once, and what was sent was sent once."""
        world = self.laptop.world
        assert sorted(world.campaigns()) == sorted(names)
        created = [body["name"] for method, path, body in world.writes() if path.endswith("/campaigns")]
        assert sorted(created) == sorted(names)
        assert sorted(world.sends()) == sorted(sent)


def team(tmp_path: Path, sandbox: Sandbox, project: str, laptop: Path, pipeline: Path) -> Team:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    machines = []
    for name, program in (("laptop", laptop), ("pipeline", pipeline)):
        world = World(tmp_path / name, sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", project)
        git(world.folder, "init", "--quiet")
        git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
        machines.append(Machine(world, program))
    return Team(*machines)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as running:
        yield running


def test_the_present_and_the_next_version_share_a_state(
    tmp_path: Path, sandbox: Sandbox, present: Path, following: Path
) -> None:
    both = team(tmp_path, sandbox, PROJECT + ON_GIT, present, following)
    old, new = both.laptop, both.pipeline
    both.write("far.yaml", sms("Far", scheduled_time=FAR))
    both.write("now.yaml", sms("Now", run_immediately=True))
    old.apply()
    # The new one reads the old one's state, keeps its format, and does nothing again.
    assert new.changes() == []
    both.write("near.yaml", sms("Near", run_immediately=True))
    new.apply()
    assert (old.changes(), old.state()["format_version"]) == ([], 2)
    # Upgraded: the old one stops.
    new.run("state", "migrate", "--format", "3")
    old.stops(f"was written by campaignctl {NEXT}", f"pip install --upgrade 'campaignctl>={NEXT}'")
    both.write("third.yaml", sms("Third", run_immediately=True))
    new.apply()
    old.stops(f"was written by campaignctl {NEXT}")
    # And back: the old one goes on where the new one was.
    new.run("state", "migrate", "--format", "2")
    assert old.changes() == new.changes() == []
    both.write("fourth.yaml", sms("Fourth", run_immediately=True))
    old.apply()
    assert old.changes() == new.changes() == []
    both.assert_once(["Now", "Near", "Third", "Fourth"], "Far", "Now", "Near", "Third", "Fourth")


def test_the_version_before_and_the_present_one_share_a_state(
    tmp_path: Path, sandbox: Sandbox, before: Path, present: Path
) -> None:
    both = team(tmp_path, sandbox, PLAIN, before, present)
    old, new = both.laptop, both.pipeline
    both.write("far.yaml", sms("Far", scheduled_time=FAR))
    old.apply()
    assert new.changes() == []
    both.write("near.yaml", sms("Near", scheduled_time=FAR))
    new.apply()
    assert (old.changes(), old.state()["format_version"]) == ([], 1)
    new.run("state", "migrate", "--format", "2")
    old.stops("its format_version is 2")
    both.write("third.yaml", sms("Third", scheduled_time=FAR))
    new.apply()
    assert "cannot hold all protections" in new.run("state", "migrate", "--format", "1", status=1)
    old.stops("its format_version is 2")
    new.run("state", "migrate", "--format", "1", "--allow-loss")
    assert old.changes() == new.changes() == []
    old.apply()
    both.assert_once([], "Far", "Near", "Third")
