"""A checkout without a state, or with an old one, and a state in the wrong place: `recover` and `rebind`."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from tests.e2e.harness import PROJECT, TOKEN, World, sms, until
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


@pytest.fixture
def applied(world: World) -> World:
    """One campaign of each kind, applied."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.write("hand.yaml", sms("Hand"))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    return world


def folder(world: World) -> Path:
    return world.folder / ".campaignctl"


def kept(world: World) -> str:
    """The present state, to be restored later as an old one."""
    return json.dumps(world.state)


def put_back(world: World, text: str) -> None:
    (folder(world) / "state.json").write_text(text)


def rows(world: World, *words: str) -> dict[str, list[str]]:
    """The table of `state recover`, by id."""
    said = world.run("state", "recover", *words, status=0).out
    table = said.partition("\n\n")[0].splitlines()[1:]
    return {line.split()[0]: line.split() for line in table}


def assert_same_campaigns(world: World, ids: dict[str, str]) -> None:
    """Every key has its campaign again, and nothing was sent twice."""
    assert {key: record["id"] for key, record in world.state["campaigns"].items()} == ids
    assert world.sends() == ["Now"]
    world.assert_settled()


def test_without_a_state_nothing_is_created_again_and_all_is_taken_over(
    applied: World, golden: Golden
) -> None:
    ids = {key: record["id"] for key, record in applied.state["campaigns"].items()}
    shutil.rmtree(folder(applied))
    mark = applied.mark()
    held = applied.apply(status=1)
    assert held.json["changes"] == []
    assert held.json["next"] == ["campaignctl state recover --write"]
    found = rows(applied)
    assert set(found) == set(ids.values())
    golden("nothing was written", applied.run("state", "recover", status=0).out.split("\n\n")[-1])
    assert not (folder(applied) / "state.json").exists()

    rows(applied, "--write")
    assert applied.writes(mark) == [], "the account is not touched"
    assert_same_campaigns(applied, ids)
    golden("knows every campaign", applied.run("state", "recover", status=0).out)


def test_the_next_command_names_the_environment(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {a: {}, b: {}}\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.environ = {"CAMPAIGNCTL_ENV": "a"}
    world.apply()
    shutil.rmtree(folder(world))
    held = world.apply(status=1)
    (command,) = held.json["next"]
    assert f"to lift:\n        {command}\n" in held.err, "the plan names it as well"
    world.environ = {}
    world.run(*shlex.split(command)[1:], status=0)
    world.run("-e", "a", "plan", "--detailed-exitcode", status=0)
    refused = world.run("-e", "a", "state", "rm", "unknown", status=1)
    assert "\n    campaignctl -e a state list\n" in refused.err


def test_an_old_state_is_recovered_in_the_same_way(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("over.yaml", sms("Over", scheduled_time=FAR))
    world.apply()
    old = kept(world)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("more.yaml", sms("More", scheduled_time=FAR))
    world.apply("--replace", "over")
    ids = {key: record["id"] for key, record in world.state["campaigns"].items()}
    put_back(world, old)
    world.write("new.yaml", sms("New", scheduled_time=FAR))
    world.apply(status=1)
    assert "New" not in world.campaigns()
    world.run("state", "recover", "--write", status=0)
    assert {key: record["id"] for key, record in world.state["campaigns"].items()} == ids
    world.apply()
    assert world.sends() == ["Now"]
    world.assert_settled()


@pytest.fixture
def old(world: World) -> World:
    """Three campaigns in an old state, two more in the account, and one that is only declared."""
    for name in ("a", "b", "c"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    before = kept(world)
    for name in ("d", "e"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    put_back(world, before)
    world.write("a.yaml", sms("a", scheduled_time=FAR, description="edited"))
    world.write("new.yaml", sms("new", scheduled_time=FAR))
    return world


def test_a_plan_that_reads_pages_reports_an_outdated_state_without_further_reads(old: World) -> None:
    mark = old.mark()
    plan = old.plan(status=1)
    assert len(old.requests(after=mark)) == 1, "one page, which was read anyway"
    assert [change["key"] for change in plan["changes"]] == ["a"]
    blocked = {blocked["key"]: blocked for blocked in plan["blocked"]}
    assert set(blocked) == {"d", "e", "new"}
    assert "(d)" in blocked["new"]["reason"]
    assert "(e)" in blocked["new"]["reason"]
    assert old.apply(status=1).outcomes() == {"a": "done"}, "apply does what the plan showed"
    old.run(*shlex.split(blocked["new"]["hint"])[1:], status=0)
    assert [change["key"] for change in old.plan()["changes"]] == ["new"]


def test_a_plan_of_two_recorded_campaigns_notices_an_outdated_state(old: World) -> None:
    state = json.loads(kept(old))
    del state["campaigns"]["c"]
    put_back(old, json.dumps(state))
    assert {"d", "new"} <= {blocked["key"] for blocked in old.plan(status=1)["blocked"]}
    old.apply(status=1)
    assert sorted(old.campaigns()) == ["a", "b", "c", "d", "e"]


def test_a_campaign_created_during_a_plan_is_no_outdated_state(world: World) -> None:
    for name in ("a", "b", "c"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    world.write("d.yaml", sms("d", scheduled_time=FAR))
    world.control.fault({"method": "GET", "times": 1}, {"kind": "delay", "seconds": 1.5})
    process = world.start("plan", "--format", "json")
    until(lambda: world.control.faults()[0]["used"])
    world.apply()
    out, _ = process.communicate(timeout=30)
    assert len(world.campaigns()) == 4
    assert json.loads(out)["blocked"] == []


def test_sent_content_is_not_sent_again_from_another_folder(applied: World) -> None:
    shutil.rmtree(folder(applied))
    (applied.folder / "push").mkdir()
    (applied.folder / "now.yaml").rename(applied.folder / "push" / "now.yaml")
    applied.run("state", "recover", "--write", status=0)
    plan = applied.plan(status=1)
    assert [(b["key"], b["status"]) for b in plan["blocked"]] == [("push/now", "sent")]
    applied.apply(status=1)
    assert applied.sends() == ["Now"]


def test_undeclared_campaigns_are_recovered_and_then_ended_by_a_plan(applied: World) -> None:
    far = applied.campaigns()["Far"]["id"]
    shutil.rmtree(folder(applied))
    applied.remove("far.yaml")
    assert "manifest)" in rows(applied)[far]
    applied.run("state", "recover", "--write", status=0)
    plan = applied.plan()
    assert [(c["key"], c["action"], c["id"]) for c in plan["changes"]] == [
        (f"recovered/{far}", "cancel", far)
    ]
    applied.apply()
    assert "Far" not in applied.campaigns()
    applied.assert_settled()


def test_the_newer_of_two_live_campaigns_gets_the_key_and_the_other_a_way_to_end_it(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    first = kept(world)
    shutil.rmtree(folder(world))
    older = world.campaigns()["Far"]["id"]
    world.control.edit(older, status="canceled")
    world.apply()
    world.control.edit(older, status="scheduled")
    newer = world.state["campaigns"]["far"]["id"]
    put_back(world, first)
    world.run("state", "recover", "--write", status=0)
    assert {key: record["id"] for key, record in world.state["campaigns"].items()} == {
        "far": newer,
        f"recovered/{older}": older,
    }
    world.apply()
    assert world.campaigns()["Far"]["id"] == newer
    world.assert_settled()


def test_an_outdated_state_is_noticed_below_the_newest_page_too(applied: World) -> None:
    shutil.rmtree(folder(applied))
    applied.control.switch(page_size_fixed=10)
    for number in range(25):
        applied.control.create(json.loads(sms(f"Theirs {number}", is_draft=True))["spec"])
    applied.write("late.yaml", sms("Late", scheduled_time="2020-01-01 10:00:00"))
    for _ in range(3):
        held = applied.apply(status=1)
        assert "campaignctl state recover --write" in held.json["next"]
    assert applied.sends() == ["Now"]
    assert len(applied.control.campaigns()) == 29


def test_a_list_that_hides_metadata_hides_no_campaign_of_ours(applied: World) -> None:
    ids = {key: record["id"] for key, record in applied.state["campaigns"].items()}
    shutil.rmtree(folder(applied))
    applied.control.switch(view_ignored=True, default_view="lean")
    assert applied.apply(status=1).json["next"] == ["campaignctl state recover --write"]
    applied.run("state", "recover", "--write", status=0)
    assert {key: record["id"] for key, record in applied.state["campaigns"].items()} == ids
    assert applied.sends() == ["Now"]


def test_nothing_is_recovered_over_an_unsettled_write(applied: World, golden: Golden) -> None:
    applied.write("flash.yaml", sms("Flash", run_immediately=True))
    applied.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    applied.apply(status=1)
    state = json.loads(kept(applied))
    del state["campaigns"]["far"]
    put_back(applied, json.dumps(state))
    refused = applied.run("state", "recover", "--write", status=1)
    golden("not settled", refused.err)
    assert "campaignctl apply" in refused.err
    applied.run("state", "recover", status=0)


# ----------------------------------------------------------------------------------------------- rebind


@pytest.fixture
def elsewhere() -> Iterator[Sandbox]:
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        yield sandbox


def test_a_state_is_bound_to_its_intended_environment(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {a: {}, b: {}}\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.environ = {"CAMPAIGNCTL_ENV": "a"}
    world.apply()
    (folder(world) / "a.json").rename(folder(world) / "b.json")
    world.environ = {"CAMPAIGNCTL_ENV": "b"}
    assert "campaignctl -e b state rebind" in world.run("plan", status=1).err
    unasked = world.run("state", "rebind", status=64)
    assert "state rebind --auto-approve" in unasked.err
    serial = world.state_at(".campaignctl/b.json")["serial"]
    said = world.run("state", "rebind", "--auto-approve", status=0).out
    assert "environment a\n" in said
    assert "environment b\n" in said
    bound = world.state_at(".campaignctl/b.json")
    assert (bound["environment"], bound["serial"]) == ("b", serial + 1)
    assert world.plan()["changes"] == []
    golden("bound already", world.run("state", "rebind", "--auto-approve", status=1).err)


def test_a_state_is_not_bound_to_an_account_without_its_campaigns(
    applied: World, elsewhere: Sandbox, golden: Golden
) -> None:
    before = kept(applied)
    moved = elsewhere.url.replace("127.0.0.1", "localhost")
    applied.environ = {"OCAMBA_API_URL": moved}
    refused = applied.run("state", "rebind", "--auto-approve", status=1)
    golden("none of its campaigns", re.sub(r"\d{7}", "ID", refused.err), url=moved)
    assert kept(applied) == before


def test_a_state_is_bound_to_the_new_address_of_its_api(applied: World) -> None:
    far = applied.campaigns()["Far"]["id"]
    state = json.loads(kept(applied))
    state["account"] |= {"url": "https://old.example", "company_id": "6197120"}
    put_back(applied, json.dumps(state))
    assert "campaignctl state rebind" in applied.run("plan", status=1).err
    applied.run("state", "rebind", "--auto-approve", status=0)
    assert applied.state["account"]["url"] == applied.url
    assert applied.state["campaigns"]["far"]["id"] == far
    applied.assert_settled()


def test_a_rebind_is_refused_with_unsettled_writes(applied: World, golden: Golden) -> None:
    applied.write("flash.yaml", sms("Flash", run_immediately=True))
    applied.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    applied.apply(status=1)
    state = json.loads(kept(applied))
    state["account"]["url"] = "https://old.example"
    put_back(applied, json.dumps(state))
    refused = applied.run("state", "rebind", "--auto-approve", status=1)
    golden("rebind, not settled", refused.err)


def test_a_rebind_without_a_state_is_refused(world: World, golden: Golden) -> None:
    golden("no state", world.run("state", "rebind", "--auto-approve", status=1).err)


@pytest.mark.parametrize(("answer", "bound"), [("yes", True), ("no", False)])
def test_a_rebind_asks_for_approval(applied: World, answer: str, *, bound: bool) -> None:
    state = json.loads(kept(applied))
    state["account"]["url"] = "https://old.example"
    put_back(applied, json.dumps(state))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        applied.command("state", "rebind"),
        env=applied.env(),
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        shown = ""
        while "Enter a value" not in shown:
            shown += os.read(ours, 4096).decode()
        os.write(ours, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert "https://old.example" in out
    assert TOKEN not in out + shown
    assert process.returncode == (0 if bound else 1)
    assert (applied.state["account"]["url"] == applied.url) is bound


def test_campaigns_halted_without_a_state_are_resumed_after_the_lift(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl/state.json").unlink()
    world.run("halt", "--all", "--reason", "x", status=0)
    world.run("state", "recover", "--write", status=0)
    assert [change["action"] for change in world.plan()["changes"]] == []
    world.run("halt", "--lift", "--reason", "x", status=0)
    assert [change["action"] for change in world.plan()["changes"]] == ["resume"]
