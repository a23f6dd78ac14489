"""The `state` commands, as used for repairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.harness import PROJECT, World, kill, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def state_file(world: World) -> Path:
    return world.folder / ".campaignctl" / "state.json"


@pytest.fixture
def two(world: World) -> World:
    """Two campaigns, applied."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    return world


def test_list_and_show_print_the_records(two: World, golden: Golden) -> None:
    assert two.run("state", "list", status=0).out == "draft\nfar\n"
    record = two.run("state", "show", "far", status=0).json
    assert record["id"] == two.campaigns()["Far"]["id"]
    assert record["applied"]["scheduled_time"] == FAR
    golden("similar key", two.run("state", "show", "fat", status=1).err)
    pulled = json.loads(two.run("state", "pull", status=0).out)
    assert pulled == two.run("show", "--format", "json", status=0).json == two.state


def test_without_a_state_the_commands_say_so(world: World) -> None:
    listed = world.run("state", "list", status=0)
    assert (listed.out, "Nothing is recorded" in listed.err) == ("", True)
    for command in (["show", "far"], ["pull"], ["mv", "far", "near"], ["rm", "far"]):
        assert "no state yet" in world.run("state", *command, status=1).err
    assert "no lock" in world.run("state", "unlock", "abc", status=1).err
    assert not state_file(world).exists()


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["lst"],
        ["show"],
        ["mv", "far"],
        ["rm"],
        ["push"],
        ["unlock"],
        ["resolve", "far"],
        ["resolve", "far", "--adopt", "1", "--retry"],
        ["list", "--format", "json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_64(world: World, args: list[str]) -> None:
    assert world.run("state", *args, status=64).err


def test_a_moved_record_keeps_its_campaign(two: World, golden: Golden) -> None:
    campaign = two.campaigns()["Far"]["id"]
    mark, serial = two.mark(), two.state["serial"]
    golden("moved", two.run("state", "mv", "far", "push/far", status=0).out, campaign=campaign)
    assert two.requests(after=mark) == []
    assert two.state["serial"] == serial + 1
    (two.folder / "push").mkdir()
    (two.folder / "far.yaml").rename(two.folder / "push" / "far.yaml")
    two.assert_settled()
    golden("not in the state", two.run("state", "mv", "far", "other", status=1).err)
    taken = two.run("state", "mv", "push/far", "draft", status=1).err
    golden("in the state already", taken, draft=two.state["campaigns"]["draft"]["id"])
    assert two.state["campaigns"]["push/far"]["id"] == campaign


def test_a_record_is_not_moved_to_an_invalid_key(two: World) -> None:
    for wrong in ("a b", "/far", "x" * 129, "../far"):
        assert two.run("state", "mv", "far", wrong, status=1).err
    assert "differ" in two.run("state", "mv", "far", "DRAFT", status=1).err
    assert sorted(two.state["campaigns"]) == ["draft", "far"]


def test_a_removed_record_is_released_and_not_created_again(two: World, golden: Golden) -> None:
    campaign = two.campaigns()["Far"]["id"]
    said = two.run("state", "rm", "far", status=0).out
    assert campaign in said
    assert [(r["key"], r["id"], r["status"]) for r in two.state["released"]] == [
        ("far", campaign, "scheduled")
    ]
    plan = two.plan(status=1)
    assert plan["changes"] == []
    golden("released", plan["blocked"][0]["reason"], campaign=campaign)
    two.apply(status=1)
    assert list(two.campaigns()) == ["Draft", "Far"]

    two.control.edit(campaign, status="canceled")
    two.apply()
    assert two.campaigns()["Far"]["id"] != campaign
    two.assert_settled()


def test_an_older_state_is_pushed_only_by_force_and_voids_later_plans(two: World, golden: Golden) -> None:
    old = two.folder.parent / "old.json"
    old.write_text(two.run("state", "pull", status=0).out)
    two.write("more.yaml", sms("More", scheduled_time=FAR))
    two.apply()
    serial = two.state["serial"]
    refused = two.run("state", "push", str(old), status=1)
    golden("older state", refused.err)
    assert "--force" in refused.err
    assert two.state["serial"] == serial

    golden("pushed by force", two.run("state", "push", "--force", str(old), status=0).out)
    two.write("new.yaml", sms("New", scheduled_time=FAR))
    held = two.apply(status=1)
    assert "More" in two.campaigns()
    assert "New" not in two.campaigns(), "a state that is behind stops creates"
    recover = "campaignctl state recover --write"
    assert recover in held.json["next"]
    two.run(*recover.split()[1:], status=0)
    two.apply()
    two.assert_settled()


def test_a_state_of_another_lineage_is_pushed_only_by_force(two: World) -> None:
    other: dict[str, Any] = {**two.state, "lineage": "other", "campaigns": {}}
    refused = two.run("state", "push", "-", status=1, stdin=json.dumps(other))
    assert "another lineage" in refused.err
    assert two.state["lineage"] != "other"
    two.run("state", "push", "--force", "-", status=0, stdin=json.dumps(other))
    assert (two.state["lineage"], two.state["campaigns"]) == ("other", {})


def test_a_pulled_state_is_pushed_back_unchanged(two: World) -> None:
    before = two.state
    two.run("state", "push", "-", status=0, stdin=two.run("state", "pull", status=0).out)
    assert two.state == {**before, "serial": before["serial"] + 1}
    two.assert_settled()


def test_a_state_of_another_environment_is_refused(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {a: {}, b: {}}\n")
    world.environ = {"CAMPAIGNCTL_ENV": "a"}
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    folder = world.folder / ".campaignctl"
    text = (folder / "a.json").read_text()
    world.environ = {"CAMPAIGNCTL_ENV": "b"}
    refused = world.run("state", "push", str(folder / "a.json"), status=1)
    golden("another environment", refused.err)
    (folder / "b.json").write_text(text)
    mark = world.mark()
    for command in (["plan"], ["apply", "--auto-approve"], ["status"], ["state", "rm", "far"]):
        assert "belongs to the environment a" in world.run(*command, status=1).err, command
    assert world.writes(mark) == []
    assert (folder / "b.json").read_text() == text


def test_a_damaged_state_is_left_as_it_is_until_one_is_pushed(two: World) -> None:
    good = two.run("state", "pull", status=0).out
    state_file(two).write_text(good[: len(good) // 2])
    mark = two.mark()
    for command in (
        ["plan"],
        ["apply", "--auto-approve"],
        ["state", "list"],
        ["state", "rm", "far"],
        ["show"],
    ):
        refused = two.run(*command, status=1).err
        assert "state.json" in refused, command
        assert "backup" in refused or "state push" in refused, command
    assert two.requests(after=mark) == []
    assert state_file(two).read_text() == good[: len(good) // 2]

    two.run("state", "push", "-", status=0, stdin=good)
    two.assert_settled()
    assert "is not" in two.run("state", "push", "-", status=1, stdin="{}").err
    two.assert_settled()


def test_a_newer_state_is_refused_and_kept(two: World) -> None:
    text = json.dumps({**two.state, "format_version": 99})
    state_file(two).write_text(text)
    for command in (["plan"], ["apply", "--auto-approve"], ["state", "rm", "far"]):
        assert "99" in two.run(*command, status=1).err
    assert state_file(two).read_text() == text


def test_a_held_lock_is_broken_only_by_its_id(two: World, golden: Golden) -> None:
    lock = two.folder / ".campaignctl" / "state.json.lock"
    fields = {"holder": "eve", "host": "elsewhere", "process": 7, "operation": "apply"}
    lock.write_text(json.dumps({"id": "l0ck1d", **fields, "since": "2026-01-01T00:00:00Z"}))
    held = two.run("apply", "--auto-approve", "--lock-timeout", "0s", status=1)
    assert "eve on elsewhere" in held.err
    assert "campaignctl state unlock l0ck1d" in held.err
    assert two.run("state", "list", status=0).out == "draft\nfar\n", "reading takes no lock"
    golden("another lock", two.run("state", "unlock", "other", status=1).err, folder=two.folder)
    assert "eve" in two.run("state", "unlock", "l0ck1d", status=0).out
    two.apply("--lock-timeout", "0s")


def test_resolve_without_anything_open_says_so(two: World, golden: Golden) -> None:
    golden("nothing to resolve", two.run("state", "resolve", "far", "--retry", status=1).err)
    other = two.campaigns()["Draft"]["id"]
    taken = two.run("state", "resolve", "far", "--adopt", other, status=1).err
    golden("recorded already", taken, draft=other)
    golden("no campaign", two.run("state", "resolve", "new", "--adopt", "999", status=1).err)


def test_resolve_keeps_one_of_two_and_cancels_the_other(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 1s"))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 0.9, "when": "after"})
    process = world.start("apply", "--auto-approve")
    while len(world.control.campaigns()) < 2:
        assert process.poll() is None
    kill(process)
    first = world.campaigns()["Far"]["id"]
    second = world.control.clone(first, name="Far again")["id"]
    refused = world.apply(status=1)
    assert refused.json["changes"] == []
    blocked = world.plan(status=1)["blocked"][0]
    assert blocked["status"] == "unsettled"
    said = world.run("state", "resolve", "far", "--adopt", first, status=0).out
    golden("second copy", said, first=first, second=second)
    assert world.control.campaign(second)["live"]["status"] == "canceled"
    world.assert_settled()


def test_a_lineage_is_a_uuid(world: World) -> None:
    world.write("far.yaml", sms("Far", is_draft=True))
    lineage = world.apply().json["lineage"]
    assert str(UUID(lineage)) == lineage
    assert world.state["lineage"] == lineage


def test_a_campaign_of_a_matrix_can_be_moved_and_imported(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    campaign_id = world.campaigns()["Far"]["id"]
    world.run("state", "mv", "far", "far[country=DE]", status=0)
    assert list(world.state["campaigns"]) == ["far[country=DE]"]
    world.run("state", "rm", "far[country=DE]", status=0)
    world.run("import", "far[country=FR]", campaign_id, "--forget-on-destroy", status=0)
    assert list(world.state["campaigns"]) == ["far[country=FR]"]
    golden("no key", world.run("state", "mv", "far[country=FR]", "far[FR]", status=1).err)
