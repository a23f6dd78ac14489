"""Writes whose effect is late or whose answer is lost, through the command line; see issue 12."""

from __future__ import annotations

import json
import shlex
import urllib.request
from typing import Any

from tests.e2e.harness import PROJECT, TOKEN, World, sms

QUICK = PROJECT.replace("timeout: 2s", "timeout: 300ms")
FAR = "2036-03-22 10:00:00"


def arrive(world: World, request: dict[str, Any]) -> int:
    """Let a request of the log, which had no effect so far, take effect now. Returns its status."""
    late = urllib.request.Request(
        world.url + request["path"],
        json.dumps(request["body"]).encode(),
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        method=request["method"],
    )
    with urllib.request.urlopen(late, timeout=10) as answer:
        return int(answer.status)


def lose(world: World, method: str, path: str) -> None:
    """Let the next write there have no answer, and no effect so far."""
    world.control.fault({"method": method, "path": path, "times": 1}, {"kind": "drop"})


def test_a_campaign_that_is_set_off_after_the_timeout_is_set_off_once(world: World) -> None:
    """Item 9: a read that shows a draft proves nothing."""
    world.write("campaignctl.yaml", QUICK)
    world.write("now.yaml", sms("Now", is_draft=True))
    world.apply()
    world.write("now.yaml", sms("Now", run_immediately=True))
    lose(world, "PATCH", "/campaigns/")
    first = world.apply(status=1)
    assert first.outcomes() == {"now": "unknown"}
    *_, late = world.requests("PATCH")
    commands = [
        "campaignctl state resolve now --done",
        "campaignctl state resolve now --retry",
    ]
    assert first.json["next"] == commands
    assert world.plan(status=1)["blocked"][0]["status"] == "unsettled"
    again = world.apply(status=1)
    assert (again.outcomes(), again.json["next"]) == ({}, commands)

    assert arrive(world, late) == 204
    refused = world.run(*shlex.split(commands[1])[1:], status=1)
    assert commands[0] in refused.err
    world.run(*shlex.split(commands[0])[1:], status=0)
    world.assert_settled()
    assert world.sends() == ["Now"]
