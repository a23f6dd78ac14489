"""Whose a campaign is: environments that come and go, adopted campaigns, accounts, and project names."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, PROJECT_ID, STRICT, World, sms

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
    (blocked,) = on_git.plan(status=1)["blocked"]
    assert "has this content" in blocked["reason"], "should the environment not be new after all"
    on_git.write("far.yaml", sms("Other", scheduled_time=FAR))
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


def test_a_pinned_account_is_proven_before_anything_is_sent(world: World) -> None:
    world.write("campaignctl.yaml", STRICT + 'account: {company_id: "7000000"}\n')
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("now.yaml", sms("Now", run_immediately=True))
    stopped = world.apply(status=1)
    assert stopped.outcomes() == {"far": "failed", "now": "not_started"}
    assert "was created in company 6197120, not in 7000000" in stopped.json["notes"][0]
    assert [campaign["live"]["status"] for campaign in world.control.campaigns()] == ["canceled"]
    assert world.sends() == []
    assert "this token belongs to company 6197120" in world.run("plan", status=1).err


def test_what_sends_at_once_needs_a_proof_of_an_account_without_campaigns(world: World) -> None:
    world.write("campaignctl.yaml", STRICT)
    world.write("now.yaml", sms("Now", run_immediately=True))
    (blocked,) = world.plan(status=1)["blocked"]
    assert blocked["status"] == "unproven account"
    assert world.apply(status=1).json["next"] == ["campaignctl apply --override unproven_account"]
    assert world.sends() == []
    world.apply("--override", "unproven_account")
    assert world.sends() == ["Now"]


def test_adopted_campaigns_and_a_lost_state_are_not_created_again(world: World) -> None:
    body = json.loads(sms("Theirs", scheduled_time=FAR))["spec"]
    theirs = world.control.create(body)["id"]
    world.write("theirs.yaml", json.dumps({"adopt": theirs, "spec": body}))
    world.apply()
    world.write("theirs.yaml", json.dumps({"spec": body}))
    shutil.rmtree(world.folder / ".campaignctl")
    mark = world.mark()
    held = world.apply(status=1).json
    assert (held["changes"], held["next"]) == ([], ["campaignctl state recover --write"])
    assert world.writes(mark) == []


def test_an_account_without_markers_is_said_in_every_plan_that_creates(world: World) -> None:
    world.control.switch(metadata="dropped")
    world.write("draft.yaml", sms("Draft", is_draft=True))
    assert "does not return markers" in world.run("apply", "--auto-approve", status=0).err
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    assert any("does not return markers" in note for note in world.plan()["notes"])
    world.apply()
    assert not any("markers" in note for note in world.plan()["notes"])
    assert checks(world, 0)["markers"]["verdict"] == "warning"
