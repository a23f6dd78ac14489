"""A state on the remote of its project's repository: shared by laptops and CI, and migrated there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from campaignctl.state.halts import Halt
from tests.backends.git_place import git, git_backend
from tests.backends.local_place import LocalPlace
from tests.backends.smart_http import smart_http
from tests.e2e.harness import PROJECT, PROJECT_ID, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
ON_GIT = "state: {backend: git}\n"
REF = "refs/campaignctl/default"


@pytest.fixture
def cloned(world: World, tmp_path: Path) -> World:
    """A project with one campaign in a clone of an empty remote; its state is still local."""
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    return world


def elsewhere(world: World, folder: Path) -> World:
    """Another clone with the same files."""
    other = World(folder, world.url, world.control)
    for path in world.folder.glob("*.yaml"):
        other.write(path.name, path.read_text(encoding="utf-8"))
    git(folder, "init", "--quiet")
    url = git(world.folder, "remote", "get-url", "origin").decode().strip()
    git(folder, "remote", "add", "origin", url)
    return other


def nothing_to_do(world: World) -> bool:
    plan = world.plan()
    return not plan["changes"] and not plan["blocked"]


def test_two_clones_share_the_state(cloned: World, tmp_path: Path) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.apply()
    other = elsewhere(cloned, tmp_path / "other")
    assert nothing_to_do(other)
    other.write("near.yaml", sms("Near", is_draft=True))
    other.apply()
    assert cloned.run("state", "list", status=0).out == "far\nnear\n"
    assert len(cloned.campaigns()) == 2


def test_a_plan_needs_the_remote_and_takes_no_older_copy(
    cloned: World, tmp_path: Path, golden: Golden
) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.apply()
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    refused = cloned.run("plan", status=1)
    golden("no remote", refused.err.splitlines()[0])
    assert str(tmp_path / "remote.git") in refused.err


def test_a_damaged_state_is_replaced_as_the_error_says(cloned: World) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.apply()
    folder, ref, name = cloned.folder, REF, ("-c", "user.name=k", "-c", "user.email=k@example.com")
    git(folder, "fetch", "--quiet", "origin", ref)
    (folder / "bad").write_text("{", encoding="utf-8")
    blob = git(folder, "hash-object", "-w", "bad").decode().strip()
    git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},state.json")
    tree = git(folder, "write-tree").decode().strip()
    commit = git(folder, *name, "commit-tree", "-p", "FETCH_HEAD", "-m", "by hand", tree).decode().strip()
    git(folder, "push", "--quiet", "origin", f"{commit}:{ref}")

    said = cloned.run("apply", "--auto-approve", status=1).err
    assert f"git fetch origin {ref}" in said
    assert "git log --oneline FETCH_HEAD -- state.json" in said
    git(folder, "fetch", "--quiet", "origin", ref)
    versions = git(folder, "log", "--format=%h", "FETCH_HEAD", "--", "state.json").decode().split()
    (folder / "good.json").write_bytes(git(folder, "show", f"{versions[1]}:state.json"))
    cloned.run("state", "push", str(folder / "good.json"), status=0)
    assert nothing_to_do(cloned)


def test_a_state_moves_to_git_and_back(cloned: World, golden: Golden) -> None:
    cloned.apply()
    serial = cloned.state["serial"]
    moved = cloned.run("state", "migrate", "--to", "git", status=0)
    assert moved.out.endswith("state:\n  backend: git\n")
    golden("state has moved", cloned.run("plan", status=1).err, folder=cloned.folder)
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    assert nothing_to_do(cloned)
    assert cloned.run("state", "pull", status=0).json["serial"] == serial
    back = cloned.run("state", "migrate", "--to", "local", status=0)
    assert back.out.endswith("state:\n  backend: local\n")
    assert "was migrated from" in cloned.run("plan", status=1).err
    cloned.write("campaignctl.yaml", PROJECT)
    cloned.assert_settled()
    assert cloned.state["serial"] == serial


def test_a_shared_state_of_format_1_stays_one_until_it_is_migrated(cloned: World) -> None:
    cloned.apply()
    old = cloned.state
    old["format_version"] = 1
    for record in old["campaigns"].values():
        record.pop("baseline", None)
    (cloned.folder / "old.json").write_text(json.dumps(old), encoding="utf-8")
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.run("state", "push", str(cloned.folder / "old.json"), status=0)
    cloned.write("near.yaml", sms("Near", is_draft=True))
    cloned.apply()
    assert cloned.run("state", "pull", status=0).json["format_version"] == 1
    cloned.run("state", "migrate", "--format", "2", status=0)
    assert cloned.run("state", "pull", status=0).json["format_version"] == 2
    assert "already" in cloned.run("state", "migrate", "--format", "2", status=0).out
    assert nothing_to_do(cloned)


def test_an_older_copy_does_not_replace_a_later_state(cloned: World, golden: Golden) -> None:
    cloned.apply()
    path = cloned.folder / ".campaignctl/state.json"
    older = path.read_bytes()
    cloned.run("state", "migrate", "--to", "git", status=0)
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.write("near.yaml", sms("Near", is_draft=True))
    cloned.apply()
    later = git(cloned.folder, "ls-remote", "origin", REF)
    held = cloned.run("state", "pull", status=0).out
    path.write_bytes(older)
    cloned.write("campaignctl.yaml", PROJECT)
    refused = cloned.run("state", "migrate", "--to", "git", status=1)
    golden("older copy", refused.err)
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    assert cloned.run("state", "pull", status=0).out == held
    assert nothing_to_do(cloned)
    assert git(cloned.folder, "ls-remote", "origin", REF) != later  # the lock was taken and given back


def test_a_state_returns_to_the_place_that_it_left(cloned: World) -> None:
    cloned.apply()
    cloned.run("state", "migrate", "--to", "git", status=0)
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    cloned.write("near.yaml", sms("Near", is_draft=True))
    cloned.apply()
    cloned.run("state", "migrate", "--to", "local", status=0)
    cloned.write("campaignctl.yaml", PROJECT)
    cloned.assert_settled()
    assert sorted(cloned.state["campaigns"]) == ["far", "near"]
    # And the ref, which has only a note now, cannot be migrated a second time.
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    assert "was migrated from" in cloned.run("state", "migrate", "--to", "local", status=1).err


@pytest.mark.parametrize(("takes", "verdict"), [("true", "ok"), ("false", "problem")])
def test_doctor_in_a_job_checks_whether_its_token_may_push(cloned: World, takes: str, verdict: str) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    root = cloned.folder.parent
    git(root / "remote.git", "config", "http.receivepack", takes)
    with smart_http(root) as server:
        git(
            cloned.folder,
            "remote",
            "set-url",
            "origin",
            f"http://127.0.0.1:{server.server_port}/remote.git",
        )
        checks = cloned.run("doctor", "--format", "json").json["checks"]
    (pushes,) = (each for each in checks if each["name"] == "push")
    assert pushes["verdict"] == verdict, pushes
    if verdict == "problem":
        assert "contents: write" in pushes["mend"]


def test_the_lines_for_an_environment_name_it(cloned: World) -> None:
    cloned.write("campaignctl.yaml", f"{PROJECT}environments: {{staging: {{}}}}\n")
    cloned.environ["CAMPAIGNCTL_ENV"] = "staging"
    cloned.apply()
    ref = "refs/campaignctl/shop/staging"
    moved = cloned.run("state", "migrate", "--to", "git", "--ref", ref, status=0)
    lines = f"environments:\n  staging:\n    state:\n      backend: git\n      ref: {ref}\n"
    assert moved.out.endswith(lines)
    cloned.write("campaignctl.yaml", PROJECT + lines)
    assert nothing_to_do(cloned)


def test_a_state_is_not_migrated_over_another_one(cloned: World, tmp_path: Path, golden: Golden) -> None:
    cloned.apply()
    other = elsewhere(cloned, tmp_path / "other")
    other.write("campaignctl.yaml", PROJECT.replace("shop", "blog").replace(PROJECT_ID, "0" * 32) + ON_GIT)
    other.write("far.yaml", sms("Elsewhere", scheduled_time=FAR))
    other.apply()
    other.write("campaignctl.yaml", PROJECT + ON_GIT)
    refused = cloned.run("state", "migrate", "--to", "git", status=1)
    golden("state of another project", refused.err)
    cloned.assert_settled()


def test_the_stop_mark_moves_with_the_state(cloned: World) -> None:
    cloned.apply()
    halt = Halt("h1", None, "wrong price", "mira", "laptop", "2036-01-01T00:00:00Z")
    LocalPlace(cloned.folder.parent).backend().change_halts(lambda halts: halts.with_halt(halt))
    cloned.run("state", "migrate", "--to", "git", status=0)
    backend = git_backend(cloned.folder, name="shop", ref=REF)
    assert backend.halts().halts == (halt,)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "s3"), "'s3' is not one of 'local', 'git'"),
        (("--to", "local"), "is already on local"),
        (("--to", "git", "--path", "x.json"), "`path` needs `backend: local`"),
        (("--to", "git", "--ref", "refs/heads/main"), "is not a valid ref for a state"),
        (("--to", "git", "--remote", "--upload-pack=x"), "is not a valid name of a remote"),
    ],
)
def test_a_migration_that_does_not_fit_is_refused(cloned: World, words: tuple[str, ...], told: str) -> None:
    assert told in cloned.run("state", "migrate", *words, status=64).err


def committed(world: World, name: str) -> str:
    git(world.folder, "add", "--all")
    git(world.folder, "commit", "--quiet", "-m", name)
    return git(world.folder, "rev-parse", "HEAD").decode().strip()


def test_a_checkout_behind_the_last_applied_commit_undoes_nothing(cloned: World, tmp_path: Path) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    committed(cloned, "far")
    cloned.apply()
    git(cloned.folder, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    git(tmp_path, "clone", "--quiet", "--branch=main", f"file://{tmp_path}/remote.git", "behind")
    behind = World(tmp_path / "behind", cloned.url, cloned.control)
    behind.write("mine.yaml", sms("Mine", is_draft=True))
    assert "1 to create" in behind.run("plan", status=0).out
    cloned.write("near.yaml", sms("Near", scheduled_time=FAR))
    newest = committed(cloned, "near")
    cloned.apply()
    git(cloned.folder, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    unclear = behind.run("plan", status=1).out
    assert f"does not show commit {newest[:12]}" in unclear
    assert "git fetch" in unclear
    assert "1 to create" in unclear
    git(behind.folder, "fetch", "--quiet")
    certain = behind.run("plan", status=1).out
    assert f"behind commit {newest[:12]}" in certain
    assert "git pull" in certain
    assert "1 to create" not in certain
    behind.run("apply", "--auto-approve", status=1)
    assert [one["status"] for one in cloned.campaigns().values()] == ["scheduled", "scheduled"]
    git(behind.folder, "reset", "--quiet", "--hard", "origin/main")
    assert "1 to create" in behind.run("plan", status=0).out
    (behind.folder / "near.yaml").unlink()
    assert "1 to cancel" in behind.run("plan", status=0).out


def damage(folder: Path, how: str) -> None:
    """Damage the repository of a checkout."""
    place = folder / ".git"
    branch = place / "refs" / "heads" / git(folder, "branch", "--show-current").decode().strip()
    match how:
        case "HEAD is garbage":
            (place / "HEAD").write_text("garbage\n")
        case "HEAD is lost":
            (place / "HEAD").unlink()
        case "the branch is empty":
            branch.write_bytes(b"")
        case "the objects are lost":
            shutil.rmtree(place / "objects")
        case "the configuration is garbage":
            (place / "config").write_text("[[[\n")
        case "it leads nowhere":
            shutil.rmtree(place)
            place.write_text("gitdir: /nowhere\n")


DAMAGES = (
    "HEAD is garbage",
    "HEAD is lost",
    "the branch is empty",
    "the objects are lost",
    "the configuration is garbage",
    "it leads nowhere",
)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_repository_ends_no_campaign_and_changes_all_others(world: World, how: str) -> None:
    git(world.folder, "init", "--quiet")
    world.write("campaignctl.yaml", PROJECT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    newest = committed(world, "far")
    world.apply()
    (world.folder / "far.yaml").unlink()
    world.write("mine.yaml", sms("Mine", is_draft=True))
    damage(world.folder, how)
    said = world.run("plan", status=1).out
    assert f"git cannot read this checkout: it may lack commit {newest[:12]}" in said
    assert "1 to create" in said
    assert "cancel," not in said
    world.run("apply", "--auto-approve", status=1)
    assert [one["status"] for one in world.campaigns().values()] == ["scheduled", "draft"]
    checks = json.loads(world.run("doctor", "--format", "json").out)["checks"]
    (found,) = (each for each in checks if each["name"] == "git")
    assert found["verdict"] == "warning"
    lifted = world.run("plan", "--target", "far", "--override", "stale_checkout", status=0).out
    assert "1 to cancel" in lifted


def test_without_a_repository_or_a_commit_nothing_is_compared(world: World) -> None:
    git(world.folder, "init", "--quiet")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    committed(world, "far")
    world.apply()
    (world.folder / "far.yaml").unlink()
    shutil.rmtree(world.folder / ".git")
    assert "1 to cancel" in world.run("plan", status=0).out
    (world.folder / ".git").mkdir()
    assert "1 to cancel" in world.run("plan", status=0).out
    git(world.folder, "init", "--quiet")
    assert "1 to cancel" in world.run("plan", status=0).out


def test_an_amended_commit_is_not_missed(cloned: World) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    committed(cloned, "far")
    cloned.write("near.yaml", sms("Near", scheduled_time=FAR))
    committed(cloned, "near")
    cloned.apply()
    cloned.write("near.yaml", sms("Nearer", scheduled_time=FAR))
    git(cloned.folder, "commit", "--quiet", "--all", "--amend", "-m", "other words")
    said = cloned.run("plan", status=0).out
    assert "1 to update" in said
    assert "git pull" not in said


def test_a_shallow_clone_cancels_nothing_until_its_history_is_there(cloned: World, tmp_path: Path) -> None:
    cloned.write("campaignctl.yaml", PROJECT + ON_GIT)
    committed(cloned, "far")
    cloned.apply()
    (cloned.folder / "far.yaml").unlink()
    committed(cloned, "gone")
    git(cloned.folder, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=main", f"file://{tmp_path}/remote.git", "ci")
    shallow = World(tmp_path / "ci", cloned.url, cloned.control)
    assert "git fetch --unshallow" in shallow.run("plan", status=1).out
    lifted = shallow.run("plan", "--target", "far", "--override", "stale_checkout", status=0).out
    assert "1 to cancel" in lifted
    git(shallow.folder, "fetch", "--quiet", "--unshallow")
    assert "1 to cancel" in shallow.run("plan", status=0).out
