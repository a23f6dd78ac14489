"""Trouble with what a checkout asks for: each scene returns the printed message."""

from __future__ import annotations

from pathlib import Path

from tests.docs.acting import FAR, line, on_git, refused
from tests.e2e.harness import PROJECT, PROJECT_ID, TOKEN, World, sms


def state_of_another_project(world: World) -> str:
    on_git(world)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    other = PROJECT.replace(PROJECT_ID, PROJECT_ID.replace(PROJECT_ID[:8], "00000000"))
    world.write("campaignctl.yaml", f"{other}state: {{backend: git, ref: refs/campaignctl/other}}\n")
    return refused(world)


def state_outside(world: World) -> str:
    world.write("campaignctl.yaml", f"{PROJECT}state: {{path: ../state.json}}\n")
    return _finding(world, "state.json")


def state_behind_a_link(world: World) -> str:
    (world.folder / ".campaignctl").symlink_to(world.folder.parent)
    message = refused(world)
    return message.replace(f"{world.folder}/", "")


def link_outside(world: World) -> str:
    (world.folder / "far.yaml").symlink_to(Path("/etc/passwd"))
    return _finding(world, "this link")


def name_of_a_secret(world: World) -> str:
    world.write("campaignctl.yaml", f"{PROJECT}allow_env: [CLIENT_KEY]\n")
    world.write("far.yaml", sms("Far ${env.CLIENT_KEY}", scheduled_time=FAR))
    world.environ = {"CLIENT_KEY": "x"}
    return _finding(world, "CLIENT_KEY looks")


def token_in_a_file(world: World) -> str:
    world.write("far.yaml", sms(f"Far {TOKEN}", scheduled_time=FAR))
    return _finding(world, "API token")


def _finding(world: World, containing: str) -> str:
    """The message of the error, without place and code."""
    return line(world.run("plan", status=1).err, containing).partition("error: ")[2].rpartition(" [")[0]
