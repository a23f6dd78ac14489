"""`--against REF`: one blocked campaign does not fail every request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.backends.git_place import git
from tests.docs.acting import AUTHOR
from tests.e2e.harness import PROJECT, World, sms

LATE = "2020-03-22 10:00:00"
FAR = "2036-03-22 10:00:00"


def commit(world: World) -> str:
    """Commit everything; returns the id."""
    git(world.folder, "add", "--all")
    git(world.folder, *AUTHOR, "commit", "--quiet", "--allow-empty", "-m", "next")
    return git(world.folder, "rev-parse", "HEAD").decode().strip()


@pytest.fixture
def repository(world: World) -> World:
    """A repository whose first commit has a campaign that is too late to be created."""
    git(world.folder, "init", "--quiet")
    world.write(".gitignore", ".campaignctl/\nplan.json\n")
    world.write("late.yaml", sms("Late", scheduled_time=LATE))
    commit(world)
    return world


def test_a_request_is_red_only_for_what_it_blocks_itself(repository: World) -> None:
    world, before = repository, commit(repository)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    commit(world)

    world.run("plan", status=1)
    document = world.plan("--against", "HEAD^")
    assert (document["against"], [one["before"] for one in document["blocked"]]) == (before, [True])
    text = world.run("plan", "--against", "HEAD^", "--detailed-exitcode", status=2).out
    assert text.count("  late (") == 1
    assert f"Blocked before this change, as of {before[:12]}" in text
    assert "1 blocked before this change" in text
    comment = world.run("plan", "--against", "HEAD^", "--format", "markdown", status=0).out
    assert "### Blocked before this change" in comment

    world.run("plan", "-o", "plan.json", "--against", "HEAD^", status=0)
    done = world.run("apply", "--reviewed", "plan.json", "--against", "HEAD^", "--format", "json", status=0)
    assert (done.json["result"], done.outcomes()) == ("done", {"far": "done"})
    assert [(one["key"], one["before"]) for one in done.json["blocked"]] == [("late", True)]

    world.write("later.yaml", sms("Later", scheduled_time=LATE))
    both = world.plan("--against", "HEAD", status=1)["blocked"]
    # The apply has recorded the first one, so that it is quiet by now.
    assert {one["key"]: one["before"] for one in both} == {"later": False}


@pytest.mark.parametrize("ref", ["nowhere", "-h", "--all", "0" * 40, "HEAD^{tree}"])
def test_a_commit_that_git_does_not_know_is_an_error_with_the_way_out(repository: World, ref: str) -> None:
    error = repository.run("plan", f"--against={ref}", "--format", "json", status=1).json["error"]
    assert error["summary"] == f"--against {ref}: git does not know this commit"
    assert "git fetch" in error["hint"]


def test_without_a_repository_nothing_can_be_compared(world: World) -> None:
    error = world.run("plan", "--against", "HEAD", "--format", "json", status=1).json["error"]
    assert "not in a git repository" in error["summary"]


def test_a_commit_without_a_readable_project_counts_every_block(repository: World) -> None:
    world = repository
    world.write("late.yaml", "spec: {name: 5\n")
    commit(world)
    world.write("late.yaml", sms("Late", scheduled_time=LATE))
    document = world.plan("--against", "HEAD", status=1)
    assert [one["before"] for one in document["blocked"]] == [False]
    assert any("every block counts as new" in note for note in document["notes"])


def test_a_project_in_a_folder_is_read_with_its_files_and_links(repository: World, tmp_path: Path) -> None:
    world = repository
    inner = World(world.folder / "crm", world.url, world.control)
    inner.write("campaignctl.yaml", PROJECT)
    spec = json.loads(sms("Inner", scheduled_time=LATE))
    spec["spec"]["messages"][0]["sms"]["content"]["en"] = {"$file": "text.txt"}
    inner.write("inner.yaml", json.dumps(spec))
    inner.write("real.txt", "Hello")
    (inner.folder / "text.txt").symlink_to("real.txt")
    (inner.folder / "out.txt").symlink_to(tmp_path / "elsewhere")
    (inner.folder / "up.txt").symlink_to("../late.yaml")
    commit(world)
    document = inner.plan("--against", "HEAD")
    assert [one["before"] for one in document["blocked"]] == [True]


def test_no_filter_and_no_attribute_of_the_commit_decides_what_is_read(
    repository: World, tmp_path: Path
) -> None:
    world, ran = repository, tmp_path / "ran"
    world.write(".gitattributes", "*.yaml filter=evil export-ignore diff=evil\n")
    commit(world)
    for name in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv"):
        git(world.folder, "config", name, f"touch {ran}; cat")
    assert [one["before"] for one in world.plan("--against", "HEAD")["blocked"]] == [True]
    assert not ran.exists()
