"""What `archive` does with files: those that go along, that stay, that it deletes; and with other runs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaignctl.backends.local import LocalBackend
from campaignctl.backends.localsession import LocalSession
from tests.backends.git_place import git
from tests.cli.cli_process import Cli
from tests.e2e.harness import PROJECT, World, sms
from tests.e2e.test_archive import LONG_AGO

ENVIRONMENTS = "default_environment: live\nenvironments: {live: {}, staging: {}}\n"


def sent(world: World, *keys: str) -> None:
    """Campaigns that were sent, each from a manifest of its own."""
    for key in keys:
        world.write(f"{key}.yaml", sms(key, run_immediately=True))
    seen_as_sent(world)


def seen_as_sent(world: World) -> None:
    world.apply("--override", "max_immediate_sends")
    world.control.advance(60)
    world.apply()


def with_text(name: str, text: str) -> str:
    """A campaign whose text is in a file."""
    document = json.loads(sms(name, run_immediately=True))
    document["spec"]["messages"][0]["sms"]["content"] = {"en": {"$file": text}}
    return json.dumps(document)


def commit(world: World) -> None:
    if not (world.folder / ".git").exists():
        git(world.folder, "init", "--quiet")
    git(world.folder, "add", "--all")
    git(world.folder, "commit", "--quiet", "--message", "campaigns")


def files(world: World) -> set[str]:
    found = (path.relative_to(world.folder) for path in world.folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] not in (".git", ".campaignctl", "campaignctl.yaml")}


def left(world: World, *words: str) -> dict[str, str]:
    """The keys that are left alone, with the reason."""
    shown = world.run("archive", *words, "--format", "json", status=0).json
    return {one["key"]: one["reason"] for one in shown["left"]}


def test_texts_go_along_unless_something_else_names_them(world: World) -> None:
    world.write("news/own.txt", "Of one alone")
    world.write("news/both.txt", "Of two")
    world.write("news/one.yaml", with_text("One", "own.txt"))
    world.write("news/two.yaml", with_text("Two", "both.txt"))
    later = json.loads(with_text("Later", "both.txt"))
    later["spec"] |= {"scheduled_time": "2036-01-01 10:00:00", "run_immediately": False}
    world.write("news/later.yaml", json.dumps(later))
    seen_as_sent(world)
    world.run("archive", status=0)
    assert files(world) == {
        "news/_archive/one.yaml",
        "news/_archive/own.txt",
        "news/_archive/two.yaml",
        "news/both.txt",
        "news/later.yaml",
    }
    world.assert_settled()


def test_a_file_stays_while_another_environment_has_a_campaign_in_it(world: World) -> None:
    """Also one that this environment does not declare: there the next plan would cancel it."""
    world.write("campaignctl.yaml", PROJECT + ENVIRONMENTS)
    here = json.loads(sms("Here", run_immediately=True)) | {"metadata": {"key": "here"}}
    there = json.loads(sms("There", scheduled_time="2036-01-01 10:00:00")) | {"metadata": {"key": "there"}}
    documents = (here | {"environments": ["live"]}, there | {"environments": ["staging"]})
    world.write("both.yaml", "\n---\n".join(map(json.dumps, documents)))
    seen_as_sent(world)
    assert left(world) == {"here": "both.yaml declares 1 campaign that cannot go yet too"}
    assert files(world) == {"both.yaml"}


def test_manifests_that_the_state_alone_has_archived_are_put_away_later(world: World) -> None:
    sent(world, "one", "two")
    world.run("state", "archive", status=0)
    assert files(world) == {"one.yaml", "two.yaml"}
    world.write("two.yaml", sms("two", run_immediately=True, description="edited"))
    serial = world.state["serial"]
    done = world.run("archive", "--format", "json", status=0).json
    assert (done["result"], done["campaigns"]) == ("done", [])
    assert files(world) == {"_archive/one.yaml", "two.yaml"}
    assert world.state["serial"] == serial
    assert world.run("archive", "--format", "json", status=0).json["result"] == "nothing"


def test_one_that_cannot_be_moved_keeps_no_other_back(world: World) -> None:
    sent(world, "one", "two")
    world.write("_archive/one.yaml", "of last year")
    assert left(world) == {"one": "_archive/one.yaml exists already"}
    assert files(world) == {"one.yaml", "_archive/one.yaml", "_archive/two.yaml"}
    assert list(world.state["campaigns"]) == ["one"]
    assert (world.folder / "_archive/one.yaml").read_text() == "of last year"


def test_files_are_deleted_only_if_git_has_them_as_they_are(world: World) -> None:
    world.write("text.txt", "A text")
    world.write("texted.yaml", with_text("texted", "text.txt"))
    sent(world, "kept", "edited", "new")
    words = ("--delete", "--auto-approve")
    assert set(left(world, *words)) == {"texted", "kept", "edited", "new"}  # there is no repository
    commit(world)
    git(world.folder, "rm", "--quiet", "--cached", "new.yaml", "text.txt")
    git(world.folder, "commit", "--quiet", "--message", "these are not known")
    edited = world.folder / "edited.yaml"
    edited.write_text(f"{edited.read_text()}\n", encoding="utf-8")
    reasons = left(world, *words)
    assert {key: why.split()[0] for key, why in reasons.items()} == {
        "edited": "edited.yaml",
        "new": "new.yaml",
        "texted": "text.txt",
    }
    assert "not committed" in reasons["new"]
    assert files(world) == {"edited.yaml", "new.yaml", "texted.yaml", "text.txt"}
    assert sorted(world.state["campaigns"]) == ["edited", "new", "texted"]
    # Moving loses nothing.
    assert left(world) == {}
    git(world.folder, "checkout", "--quiet", "HEAD", "--", "kept.yaml")
    assert "kept.yaml" in files(world)


def test_below_the_top_of_a_repository_files_are_known_too(world: World, tmp_path: Path) -> None:
    sent(world, "one")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    assert world.folder.is_relative_to(tmp_path)
    world.run("archive", "--delete", "--auto-approve", status=0)
    assert files(world) == set()


def test_deleting_is_approved_by_a_person(world: World) -> None:
    sent(world, "one")
    commit(world)
    refused = world.run("archive", "--delete", status=64)
    assert "campaignctl archive --delete --auto-approve" in refused.err
    cli = Cli(world.folder, world.env())
    before = world.state
    for typed, status in (("no\n", 1), ("y\nno\n", 1), ("yes\n", 0)):
        assert (files(world), world.state) == ({"one.yaml"}, before)
        done = cli.on_terminal("archive", "--delete", typed=typed)
        assert done.status == status
        assert "Deletes:" in done.out
        assert "delete 1 file?" in done.out
    assert files(world) == set()
    assert world.state["campaigns"] == {}
    world.assert_settled()


def test_what_deletes_nothing_asks_nothing(world: World) -> None:
    sent(world, "one")
    commit(world)
    cli = Cli(world.folder, world.env())
    assert "Enter a value" not in cli.on_terminal("archive", "--delete", "--dry-run").out
    assert "Enter a value" not in cli.on_terminal("archive", "--delete", "--before", "2020-01-01").out
    assert files(world) == {"one.yaml"}


def held(world: World) -> LocalSession:
    """The state, held by another run."""
    backend = LocalBackend(
        world.folder / ".campaignctl/state.json",
        now=lambda: datetime.now(UTC),
        new_id=lambda: "another-run",
        wait=lambda _: None,
        interrupted=lambda: False,
    )
    return backend.acquire("apply", timedelta())


def test_while_another_run_holds_the_state_nothing_is_archived(world: World) -> None:
    sent(world, "one")
    session = held(world)
    locked = world.run("archive", "--lock-timeout", "0s", status=1)
    assert "another-run" in locked.err
    assert files(world) == {"one.yaml"}
    session.release()
    world.run("archive", "--lock-timeout", "0s", status=0)
    assert files(world) == {"_archive/one.yaml"}


def test_manifests_count_as_they_are_when_the_other_run_is_over(world: World) -> None:
    """A campaign that was added to a file meanwhile is not put away with it."""
    sent(world, "one")
    session = held(world)
    archiving = world.start("-v", "archive", "--lock-timeout", "60s")
    time.sleep(2)  # it has read all that it reads before it waits
    one = {"metadata": {"key": "one"}, **json.loads((world.folder / "one.yaml").read_text())}
    more = {"metadata": {"key": "more"}, **json.loads(sms("More", scheduled_time="2036-02-01 10:00:00"))}
    world.write("one.yaml", f"{json.dumps(one)}\n---\n{json.dumps(more)}")
    assert archiving.poll() is None
    session.release()
    out, err = archiving.communicate(timeout=60)
    assert archiving.returncode == 0, err
    assert "one.yaml declares 1 campaign that cannot go yet too" in out
    assert files(world) == {"one.yaml"}


def test_a_shared_state_is_archived_for_everybody(world: World, tmp_path: Path) -> None:
    """On git: the archive is a ref of its own, which only a plan that may send fetches."""
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{tmp_path}/remote.git")
    world.write("campaignctl.yaml", f"{PROJECT}state: {{backend: git}}\n")
    sent(world, "one")
    of_january(world)
    other = World(tmp_path / "other", world.url, world.control)
    git(tmp_path, "clone", "--quiet", "remote.git", "other")
    for path in world.folder.glob("*.yaml"):
        other.write(path.name, path.read_text(encoding="utf-8"))

    done = world.run("archive", "--format", "json", status=0).json
    assert (done["sent"], done["released"], done["years"]) == (1, 1, [2026])
    refs = git(tmp_path / "remote.git", "for-each-ref", "--format=%(refname)").decode().split()
    assert refs == ["refs/campaignctl/default", "refs/campaignctl/default.archive"]

    # A checkout that has the manifest still: nothing is created, and a copy of it is not sent.
    assert other.plan()["changes"] == []
    assert not list((other.folder / ".campaignctl").rglob("*archive*"))
    other.write("december.yaml", sms("one", run_immediately=True))
    blocked = other.plan(status=1)
    assert [(one["key"], one["status"]) for one in blocked["blocked"]] == [("december", "sent")]
    other.apply(status=1)
    assert world.sends() == ["one"]

    # Without the ref nothing can be known of it, and nothing is created.
    git(tmp_path / "remote.git", "update-ref", "-d", "refs/campaignctl/default.archive")
    assert "the archive of 2026" in other.run("plan", status=1).err
    assert other.run("apply", "--auto-approve", status=1).err
    assert world.sends() == ["one"]


def of_january(world: World) -> None:
    """Let what was sent be of January, in a state that is not a file here."""
    document = world.run("state", "pull", status=0).json
    for record in document["campaigns"].values():
        record |= {"created_at": LONG_AGO, "updated_at": LONG_AGO, "began": LONG_AGO}
    for entry in document["sent"]:
        entry |= {"at": LONG_AGO, "sends": [LONG_AGO]}
    pushed = world.folder.with_name("aged.json")
    pushed.write_text(json.dumps(document | {"serial": document["serial"] + 1}), encoding="utf-8")
    world.run("state", "push", str(pushed), status=0)
