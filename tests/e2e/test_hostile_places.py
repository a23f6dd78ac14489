"""A checkout that moves the state: nothing is taken for new, and nothing is read or written elsewhere."""

from __future__ import annotations

import json
import os
import shlex
import stat
from pathlib import Path

import pytest

from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, PROJECT_ID, TOKEN, World, sms

FAR = "2036-03-22 10:00:00"
ON_GIT = f"{PROJECT}state: {{backend: git}}\n"
OTHER_ID = PROJECT_ID.replace("5f0c", "0000")


def named(text: str) -> str:
    """The first command that a message names."""
    lines = (line.strip() for line in text.splitlines())
    return next(line for line in lines if line.startswith("campaignctl "))


def do(world: World, text: str, *more: str) -> None:
    world.run(*shlex.split(named(text))[1:], *more, status=0)


@pytest.fixture
def on_git(world: World, tmp_path: Path) -> World:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
    world.write("campaignctl.yaml", ON_GIT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Another text", scheduled_time=FAR))
    return world


MOVED = {
    "another ref": f"{PROJECT}state: {{backend: git, ref: refs/campaignctl/x}}\n",
    "another ref and id": f"{PROJECT}state: {{backend: git, ref: refs/campaignctl/x}}\n".replace(
        PROJECT_ID, OTHER_ID
    ),
    "another ref without an id": f"{PROJECT}state: {{backend: git, ref: refs/campaignctl/x}}\n".replace(
        f", id: {PROJECT_ID}", ""
    ),
    "another name and id": ON_GIT.replace(PROJECT_ID, OTHER_ID).replace("shop", "other")
    + "environments: {live: {}}\ndefault_environment: live\n",
    "a file": PROJECT,
    "a file and another id": PROJECT.replace(PROJECT_ID, OTHER_ID),
}


#: With the place, the id or both, and to both kinds of place.
TYPICAL = ("another ref", "another name and id", "a file and another id")


@pytest.mark.parametrize(
    "change",
    [*TYPICAL, *(pytest.param(each, marks=pytest.mark.slow) for each in MOVED if each not in TYPICAL)],
)
def test_a_state_on_git_that_was_moved_by_a_checkout_is_not_taken_for_new(change: str, on_git: World) -> None:
    on_git.write("campaignctl.yaml", MOVED[change])
    mark = on_git.mark()
    for words in (("plan",), ("plan", "--no-refresh"), ("apply", "--auto-approve")):
        said = on_git.run(*words, status=1).err
        assert "refs/campaignctl/default" in said, (words, said)
        assert "campaignctl" in named(said)
    assert on_git.writes(mark) == []
    on_git.run("state", "init", status=0)
    lifted = on_git.plan(status=None)
    if PROJECT_ID in MOVED[change]:
        assert lifted["blocked"][0]["hint"] == "campaignctl state recover --write", "its markers are known"
    else:
        assert [each["action"] for each in lifted["changes"]] == ["create"], "it is another project"


@pytest.mark.parametrize("identity", [PROJECT_ID, OTHER_ID])
def test_a_state_in_a_file_that_was_moved_by_a_checkout_is_not_taken_for_new(
    identity: str, world: World
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Another text", scheduled_time=FAR))
    moved = f"{PROJECT}state: {{path: ops/state.json}}\n".replace(PROJECT_ID, identity)
    world.write("campaignctl.yaml", moved)
    mark = world.mark()
    said = world.run("plan", "--no-refresh", status=1).err
    assert ".campaignctl/state.json" in said
    assert said in world.run("apply", "--auto-approve", status=1).err
    assert world.writes(mark) == []


def test_a_second_project_of_a_repository_is_declared_once(on_git: World) -> None:
    second = World(on_git.folder / "second", on_git.url, on_git.control)
    ref = "state: {backend: git, ref: refs/campaignctl/second}\n"
    second.write("campaignctl.yaml", (PROJECT + ref).replace(PROJECT_ID, OTHER_ID))
    second.write("new.yaml", sms("New", scheduled_time=FAR))
    said = second.run("plan", status=1).err
    assert f"refs/campaignctl/default (no environment of project {PROJECT_ID}, 1 campaign)" in said
    do(second, said)
    assert second.apply().outcomes() == {"new": "done"}


def test_a_project_with_a_file_needs_no_remote(world: World, tmp_path: Path) -> None:
    git(world.folder, "init", "--quiet")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.plan()
    git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/nowhere.git")
    assert world.apply().outcomes() == {"far": "done"}


@pytest.mark.parametrize("link", ["folder", "file", "git"])
def test_a_state_that_a_link_leads_away_is_neither_read_nor_written(
    link: str, world: World, tmp_path: Path
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    ours, away = world.folder / ".campaignctl", tmp_path / "away"
    if link == "git":
        away = world.folder / ".git"
    ours.rename(away)
    (away / "state.json").rename(away / "moved.json")
    if link == "folder":
        ours.symlink_to(away)
    else:
        ours.mkdir()
        (ours / "state.json").symlink_to(away / "moved.json")
    before = {path: path.read_bytes() for path in away.iterdir()}
    for words in (("plan",), ("apply", "--auto-approve"), ("state", "list"), ("state", "init"), ("doctor",)):
        ended = world.run(*words, status=1)
        assert "out of the project" in ended.out + ended.err, words
    assert {path: path.read_bytes() for path in away.iterdir()} == before
    said = world.run("plan", status=1).err
    if link != "folder":
        (ours / "state.json").unlink()
        do(world, said, "--auto-approve")
        world.assert_settled()


@pytest.mark.parametrize("link", [".campaignctl", ".campaignctl/git"])
def test_the_mirror_of_a_state_on_git_is_not_written_through_a_link(
    link: str, on_git: World, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (on_git.folder / ".campaignctl").rename(tmp_path / "before")
    (on_git.folder / link).parent.mkdir(exist_ok=True)
    (on_git.folder / link).symlink_to(away)
    for words in (("plan",), ("apply", "--auto-approve"), ("state", "list"), ("doctor",)):
        ended = on_git.run(*words, status=1)
        assert "leads out of the project" in ended.out + ended.err, words
    assert list(away.iterdir()) == []
    (on_git.folder / link).unlink()
    on_git.apply()


def test_the_command_of_a_state_path_outside_moves_the_state(world: World, tmp_path: Path) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl").rename(tmp_path / "kept")
    world.write("campaignctl.yaml", f"{PROJECT}state: {{path: ../kept/state.json}}\n")
    said = world.run("plan", status=1).err
    assert "campaignctl.yaml:8:15: error: '../kept/state.json' is not a file inside the project" in said
    world.write("campaignctl.yaml", PROJECT)
    do(world, said, "--auto-approve")
    world.assert_settled()


def test_no_excerpt_of_a_file_outside_is_shown(world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("password: hunter2\n- broken")
    (world.folder / "a.yaml").symlink_to(secret)
    (world.folder / "_defaults.yaml").symlink_to(secret)
    world.write("b.yaml", "spec: {name: B, description: {$file: c.txt}, messages: []}\n")
    (world.folder / "c.txt").symlink_to("a.yaml")
    for form in ("text", "json", "github", "sarif"):
        ended = world.run("validate", "--format", form, status=1)
        assert "hunter2" not in ended.out + ended.err
        assert "leads outside the project" in ended.out
    (world.folder / "campaignctl.yaml").unlink()
    (world.folder / "campaignctl.yaml").symlink_to(secret)
    for words in (("validate",), ("plan",), ("fmt",), ("doctor",), ("state", "list")):
        ended = world.run(*words, status=1)
        assert "hunter2" not in ended.out + ended.err


def test_what_is_written_is_for_its_owner(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    plan = world.write("old.json", json.dumps({"manifests_digest": ""}))
    plan.chmod(0o666)
    before = os.umask(0)
    try:
        world.run("plan", "-o", "plan.json", status=0)
        world.run("plan", "-o", "old.json", status=0)
        world.apply()
        world.write("far.yaml", sms("Further", scheduled_time=FAR))
        world.apply()
        world.run("halt", "far", "--reason", "x", status=0)
    finally:
        os.umask(before)
    written = [world.folder / "plan.json", plan, *(world.folder / ".campaignctl").iterdir()]
    assert len(written) > 4
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((world.folder / ".campaignctl").stat().st_mode) == 0o700


def test_a_plan_file_is_written_without_the_token(world: World) -> None:
    """However it came there: here by a variable that was exported before the token was."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.environ = {"BRAND": f"x{TOKEN}x"}
    text = PROJECT + "allow_env: [BRAND]\nvariables: {brand: Acme}\n"
    world.write("campaignctl.yaml", text)
    world.write("far.yaml", sms("${env.BRAND}", scheduled_time=FAR))
    said = world.run("plan", "-o", "plan.json", status=1).err
    assert "BRAND contains the API token" in said
    world.write("far.yaml", sms("${var.brand}", scheduled_time=FAR))
    said = world.run("--var", f"brand={TOKEN}", "plan", "-o", "plan.json", status=64).err
    assert "--var brand contains the API token" in said
    assert not (world.folder / "plan.json").exists()
    world.write("far.yaml", sms(f"pasted {TOKEN}", scheduled_time=FAR))
    assert "contains the API token" in world.run("plan", "-o", "plan.json", status=1).err
    assert not (world.folder / "plan.json").exists()
    assert world.requests() == []


@pytest.mark.parametrize("words", [("validate",), ("plan", "--no-refresh"), ("fmt", "--check"), ("doctor",)])
def test_a_commit_cannot_make_the_project_of_another_checkout_its_own(
    words: tuple[str, ...], world: World, tmp_path: Path
) -> None:
    """A runner may have the checkouts of other teams next to this one."""
    world.write("far.yaml", sms("Of another team", scheduled_time=FAR))
    git(tmp_path, "init", "--quiet", "theirs")
    link = tmp_path / "theirs" / "campaigns"
    link.symlink_to(world.folder)
    world.run("-C", str(link), "validate", status=0)  # someone's own link, on a laptop
    git(tmp_path / "theirs", "add", ".")
    for place in (link, link.parent.parent / "theirs" / "." / "campaigns"):
        done = world.run("-C", str(place), *words)
        assert done.status not in (0, 2)
        assert f"the project folder is a link that leads out of its repository: {link}" in done.out + done.err
        assert "Of another team" not in done.out + done.err


def test_a_link_to_another_folder_of_the_repository_is_followed(world: World) -> None:
    git(world.folder, "init", "--quiet")
    world.write("crm/campaignctl.yaml", PROJECT)
    (world.folder / "campaigns").symlink_to("crm")
    git(world.folder, "add", ".")
    world.run("-C", str(world.folder / "campaigns"), "validate", status=0)
