"""A command in a message can be pasted: it acts on the chosen environment."""

from __future__ import annotations

import re

import pytest

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"


@pytest.fixture
def two(world: World) -> World:
    """A campaign in `staging`, of a project whose other environment is the default."""
    world.write(
        "campaignctl.yaml", PROJECT + "default_environment: live\nenvironments: {live: {}, staging: {}}\n"
    )
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.run("-e", "staging", "apply", "--auto-approve", status=0)
    return world


def bare(said: str) -> list[str]:
    """The commands in a text that leave the environment to the default."""
    return re.findall(r"campaignctl (?!-e staging )(?:apply|halt|plan|state|status)[^\n]*", said)


def test_status_of_a_halt(two: World) -> None:
    two.run("-e", "staging", "halt", "--all", "--reason", "x", status=0)
    said = two.run("-e", "staging", "status", status=0).out
    assert "campaignctl -e staging halt --lift far --reason TEXT" in said
    assert bare(said) == []


def test_status_of_a_pause_in_the_dashboard(two: World) -> None:
    two.control.edit(two.campaigns()["Far"]["id"], status="paused")
    said = two.run("-e", "staging", "status", status=0).out
    assert "campaignctl -e staging apply --target far --override foreign_pause" in said


def test_the_notes_of_a_plan(two: World) -> None:
    two.run("-e", "staging", "halt", "--all", "--reason", "x", status=0)
    (note,) = two.run("-e", "staging", "plan", "--format", "json").json["notes"]
    assert "campaignctl -e staging halt --lift" in note


def test_the_next_command_after_a_saved_plan(two: World) -> None:
    file = str(two.folder / "plan.json")
    assert (
        f"campaignctl -e staging apply {file}" in two.run("-e", "staging", "plan", "-o", file, status=0).err
    )
    assert "campaignctl -e staging ..." in two.run("apply", file, status=1).err


def test_the_commands_for_a_destroy_without_a_terminal(two: World) -> None:
    said = two.run("-e", "staging", "destroy", status=64).err
    assert "campaignctl -e staging plan --destroy -o plan.json" in said
    assert bare(said) == []


def test_the_next_command_after_a_recovery(two: World) -> None:
    (two.folder / ".campaignctl/staging.json").unlink()
    said = two.run("-e", "staging", "state", "recover", status=0).out
    assert "campaignctl -e staging state recover --write" in said


def test_an_incomplete_destroy_names_destroy(world: World) -> None:
    for name in ("a1", "a2"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    words = ("destroy", "--auto-approve", "--parallelism", "1", "--target", "a*", "--format", "json")
    world.control.fault({"path": "/cancel", "times": 1}, {"kind": "status", "status": 401})
    assert world.run(*words, status=1).json["next"] == ["campaignctl destroy --target 'a*'"]
    world.control.fault({"path": "/cancel", "times": 9}, {"kind": "status", "status": 500})
    (first, _) = world.run(*words, status=1).json["changes"]
    assert first["error"]["hint"] == "campaignctl plan --destroy --target 'a*'"


def test_an_incomplete_saved_destroy_names_destroy(world: World) -> None:
    for name in ("a1", "a2", "a3"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    plan = str(world.folder / "plan.out")
    world.run("plan", "--destroy", "--override", "max_destroy_percent", "-o", plan, status=0)
    world.control.fault({"path": "/cancel", "skip": 1, "times": 9}, {"kind": "status", "status": 401})
    said = world.run("apply", plan, "--parallelism", "1", "--format", "json", status=1).json
    one, other = [change["key"] for change in said["changes"] if change["outcome"] != "done"]
    assert said["next"] == [
        f"campaignctl destroy --target {one} --target {other} --override max_destroy_percent"
    ]
