"""Writes whose effect is late or whose answer is lost, through the command line; see issue 12."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from tests.e2e.harness import PROJECT, World, kill, sms, until, weekly

QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s")
FAR = "2036-03-22 10:00:00"


def late(world: World, method: str, path: str, seconds: float = 3600) -> None:
    """Let the next write there have no answer; it takes effect so much later by the account's clock."""
    match = {"method": method, "path": path, "times": 1}
    world.control.fault(match, {"kind": "late", "seconds": seconds})


def test_a_campaign_that_is_set_off_after_the_timeout_is_set_off_once(world: World) -> None:
    """Item 9: a read that shows a draft proves nothing."""
    world.write("campaignctl.yaml", QUICK)
    world.write("now.yaml", sms("Now", is_draft=True))
    world.apply()
    world.write("now.yaml", sms("Now", run_immediately=True))
    late(world, "PATCH", "/campaigns/")
    first = world.apply(status=1)
    assert first.outcomes() == {"now": "unknown"}
    commands = [
        "campaignctl state resolve now --done",
        "campaignctl state resolve now --retry",
    ]
    assert first.json["next"] == commands
    assert world.plan(status=1)["blocked"][0]["status"] == "unsettled"
    again = world.apply(status=1)
    assert (again.outcomes(), again.json["next"]) == ({}, commands)

    world.control.advance(3600)
    refused = world.run(*shlex.split(commands[1])[1:], status=1)
    assert commands[0] in refused.err
    world.run(*shlex.split(commands[0])[1:], status=0)
    world.assert_settled()
    assert world.sends() == ["Now"]


def test_an_old_text_that_is_late_does_not_land_over_a_newer_one(world: World) -> None:
    """Item 10: the process that sent it is dead, and the next apply has no person to ask."""
    world.write("campaignctl.yaml", QUICK)
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.write("a.yaml", sms("A", scheduled_time=FAR, description="wrong"))
    world.control.fault({"method": "PATCH", "times": 1}, {"kind": "delay", "seconds": 0.8})
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["used"])
    kill(process)
    assert {key: intent["operation"] for key, intent in world.state["pending"].items()} == {"a": "update"}
    world.write("a.yaml", sms("A", scheduled_time=FAR, description="right"))
    assert world.plan(status=1)["blocked"][0]["hint"] == "campaignctl apply"
    world.apply()
    assert [body["description"] for _, _, body in world.writes() if "description" in body] == [
        "wrong",
        "right",
    ]
    assert world.campaigns()["A"]["live"]["description"] == "right"
    world.assert_settled()


def test_a_replacement_that_was_killed_between_its_halves_goes_on(world: World) -> None:
    """Item 12: its cancel took effect, and its create was never sent."""
    world.write("campaignctl.yaml", QUICK)
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    old = world.campaigns()["A"]["id"]
    world.control.fault({"path": "/cancel$", "times": 1}, {"kind": "delay", "seconds": 1.5, "when": "after"})
    process = world.start("apply", "--auto-approve", "--replace", "a")
    until(lambda: world.control.campaign(old)["status"] == "canceled")
    kill(process)
    (change,) = world.plan()["changes"]
    assert (change["action"], change["reason"]) == ("create", f"replace, half done: {old} is canceled")
    world.apply()
    assert world.campaigns()["A"]["id"] != old
    world.assert_settled()


def test_a_replacement_whose_cancel_did_nothing_is_not_done(world: World) -> None:
    """Item 12: the next command asks for it again."""
    world.write("campaignctl.yaml", QUICK)
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    old = world.campaigns()["A"]["id"]
    world.control.fault({"path": "/cancel$", "times": 1}, {"kind": "status", "status": 500})
    done = world.apply("--replace", "a", status=1)
    assert (done.outcomes(), done.json["next"]) == ({"a": "failed"}, ["campaignctl apply --replace a"])
    world.assert_settled()
    world.run(*shlex.split(done.json["next"][0])[1:], "--auto-approve", status=0)
    assert world.control.campaign(old)["status"] == "canceled"
    world.assert_settled()


def test_a_create_that_could_not_be_recorded_is_not_called_failed(world: World, tmp_path: Path) -> None:
    """Item 23: the campaign exists, and the command that saves it comes first."""
    world.environ = {"TMPDIR": str(tmp_path)}
    world.write("a.yaml", sms("A", is_draft=True))
    world.apply()
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    path = world.folder / ".campaignctl/state.json"
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 0.7, "when": "after"})
    process = world.start("apply", "--auto-approve", "--format", "json")
    until(lambda: "B" in world.campaigns())
    path.write_text(json.dumps({**json.loads(path.read_text()), "serial": 0}), encoding="utf-8")
    out, _ = process.communicate(timeout=60)
    made = world.campaigns()["B"]["id"]
    said = json.loads(out)
    (change,) = said["changes"]
    assert (process.returncode, said["result"], change["outcome"]) == (1, "incomplete", "done")
    assert f"{made} was created, and the state does not have it" in change["error"]["summary"]
    save, then = said["next"]
    assert save.startswith("campaignctl state push ")
    world.run(*shlex.split(save)[1:], status=0)
    mark = world.mark()
    world.run(*shlex.split(then)[1:], "--auto-approve", status=0)
    assert world.writes(mark) == []
    world.assert_settled()


AB_TEST = {
    "test_split": 30,
    "winning_metric": "click_rate",
    "evaluation_window": "1H",
    "winner_delivery_mode": "manual",
}


def test_each_run_of_a_recurring_test_is_decided_by_its_own_winner(world: World) -> None:
    """Item 24: the line that the note names for the second run sets its winner."""
    spec = json.loads(sms("Test", ab_test=AB_TEST, recurrence={"cron": weekly()}))["spec"]
    spec["messages"] = [
        {**spec["messages"][0], "name": name, "sms": {"content": {"en": name}}} for name in ("one", "two")
    ]

    def write(**manifest: Any) -> None:
        world.write("test.yaml", json.dumps({"spec": spec, **manifest}))

    write()
    world.apply()
    world.control.advance(4 * 86400)
    write(lifecycle={"winner": "two"})
    world.apply()
    world.control.advance(7 * 86400)
    (note,) = world.plan()["notes"]
    line = re.search(r"`(lifecycle: .*)`$", note)
    assert line
    assert line[1] == "lifecycle: {winner: {message: one, run: 2}}"
    write(lifecycle={"winner": {"message": "one", "run": 2}})
    world.apply()
    sends = [send["message"] for send in world.control.sends() if send["trigger"] == "winner"]
    assert sends == [1, 0]
    world.assert_settled()
