"""Whose a campaign is: environments that come and go, adopted campaigns, accounts, and project names."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, PROJECT_ID, World, sms

FAR = "2036-03-22 10:00:00"
ENVIRONMENTS = "environments: {production: {}}\ndefault_environment: production\n"


def do(world: World, hint: str, *more: str) -> None:
    """Run the first command that a message names."""
    lines = (line.strip() for line in hint.splitlines())
    line = next(line for line in lines if line.startswith("campaignctl "))
    world.run(*shlex.split(line)[1:], *more, status=0)


def checks(world: World, status: int) -> dict[str, dict[str, Any]]:
    found = world.run("doctor", "--format", "json", status=status).json["checks"]
    return {check["name"]: check for check in found}


def test_an_environment_that_is_declared_later_creates_nothing_again(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    ids = {key: record["id"] for key, record in world.state["campaigns"].items()}
    world.write("campaignctl.yaml", PROJECT + ENVIRONMENTS)
    mark = world.mark()
    refused = world.run("plan", status=1).err
    assert refused in world.run("apply", "--auto-approve", status=1).err
    assert checks(world, 1)["identity"]["verdict"] == "problem"
    do(world, refused, "--auto-approve")
    bound = world.state_at(".campaignctl/production.json")
    assert ({key: record["id"] for key, record in bound["campaigns"].items()}, bound["environment"]) == (
        ids,
        "production",
    )
    assert world.plan()["changes"] == []
    assert world.writes(mark) == []


@pytest.fixture
def on_git(world: World, tmp_path: Path) -> World:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
    world.write("campaignctl.yaml", f"{PROJECT}state: {{backend: git}}\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    return world


def test_an_environment_that_is_declared_later_on_git_creates_nothing_again(on_git: World) -> None:
    on_git.write("campaignctl.yaml", f"{PROJECT}state: {{backend: git}}\n{ENVIRONMENTS}")
    mark = on_git.mark()
    refused = on_git.run("plan", status=1).err
    assert "campaignctl -e production state init" in refused
    do(on_git, refused, "--auto-approve")
    assert on_git.plan()["changes"] == []
    on_git.write("campaignctl.yaml", f"{PROJECT}state: {{backend: git}}\nenvironments: {{live: {{}}}}\n")
    refused = on_git.run("-e", "live", "plan", "--no-refresh", status=1).err
    assert "state rebind --from refs/campaignctl/production" in refused
    on_git.environ = {"CAMPAIGNCTL_ENV": "live"}
    on_git.run("state", "init", status=0)
    assert [change["action"] for change in on_git.plan()["changes"]] == ["create"]
    assert on_git.writes(mark) == []


def test_two_repositories_with_one_project_name_leave_each_other_alone(world: World, tmp_path: Path) -> None:
    world.write("far.yaml", sms("Theirs", scheduled_time=FAR))
    world.apply()
    ours = World(tmp_path / "ours", world.url, world.control)
    ours.write("campaignctl.yaml", PROJECT.replace(PROJECT_ID[:8], "00000000"))
    ours.write("far.yaml", sms("Ours", scheduled_time=FAR))
    assert ours.apply().outcomes() == {"far": "done"}
    shutil.rmtree(ours.folder / ".campaignctl")
    assert ours.apply(status=1).json["next"] == ["campaignctl state recover --write"]
    ours.run("state", "recover", "--write", status=0)
    assert ours.plan()["changes"] == []
    world.assert_settled()
    assert sorted(world.campaigns()) == ["Ours", "Theirs"]
    shutil.copytree(world.folder / ".campaignctl", ours.folder / ".campaignctl", dirs_exist_ok=True)
    assert PROJECT_ID in ours.run("plan", status=1).err, "its own state is refused by name"
