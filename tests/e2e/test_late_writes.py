"""Writes whose effect is late or whose answer is lost, through the command line; see issue 12."""

from __future__ import annotations

import shlex

from tests.e2e.harness import PROJECT, World, kill, sms, until

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
