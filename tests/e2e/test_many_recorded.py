"""A project with a long past: sent campaigns cost nothing, are not changed and not sent again."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.harness import World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def sent(world: World, number: int) -> None:
    """This many sent campaigns, declared by one manifest and recorded like the first of them."""
    manifest = json.loads(sms("Sent ${matrix.n}", scheduled_time=FAR))
    world.write("sent.yaml", json.dumps({**manifest, "matrix": {"n": [str(n) for n in range(number)]}}))
    world.apply("--target", "sent[n=0]")
    world.control.edit(world.campaigns()["Sent 0"]["id"], status="sent")
    world.apply("--target", "sent[n=0]")
    state = world.state
    first = state["campaigns"].pop("sent[n=0]")
    state["campaigns"] |= {f"sent[n={n}]": like(first, n) for n in range(number)}
    world.run("state", "push", "-", status=0, stdin=json.dumps(state))
    world.apply()


def like(first: dict[str, Any], number: int) -> dict[str, Any]:
    """A record of another campaign of the same manifest."""
    message = first["applied"]["messages"][0]
    messages = [{**message, "sms": {"content": {"en": f"Hi from Sent {number}"}}}]
    applied = {**first["applied"], "name": f"Sent {number}", "messages": messages}
    return {**first, "applied": applied, "id": str(9_000_000 + number), "echo": {}}


def test_defaults_that_change_under_sent_campaigns_are_one_line(world: World) -> None:
    sent(world, 300)
    world.assert_settled()
    world.write("_defaults.yaml", 'spec: {description: "from the defaults"}')
    mark = world.mark()
    plan = world.run("plan", status=0)
    assert "No changes" in plan.out
    assert plan.out.count("300 final campaigns changed only by defaults") == 1
    assert len(plan.out.splitlines()) < 10
    assert world.requests(after=mark) == []
    world.assert_settled()


def test_twenty_live_campaigns_are_not_destroyed_at_once(world: World, golden: Golden) -> None:
    sent(world, 980)
    for number in range(20):
        world.write(f"live/{number}.yaml", sms(f"Live {number}", scheduled_time=FAR))
    world.apply()
    for number in range(20):
        world.remove(f"live/{number}.yaml")
    mark = world.mark()
    (objection,) = world.plan(status=1)["objections"]
    assert objection["guardrail"] == "max_destroy_percent"
    golden("destroys all that is alive", objection["found"])
    assert world.apply(status=1).json["result"] == "refused"
    assert world.writes(mark) == []
    assert len(world.requests(after=mark)) <= 4


def test_a_folder_of_sent_campaigns_is_moved_and_nothing_is_sent(world: World) -> None:
    for number in range(3):
        world.write(f"old/{number}.yaml", sms(f"Now {number}", run_immediately=True))
    world.apply()
    moved = {number: json.loads(sms(f"Now {number}", run_immediately=True)) for number in range(3)}
    for number, manifest in moved.items():
        world.remove(f"old/{number}.yaml")
        world.write(f"new/{number}.yaml", json.dumps(manifest))

    plan = world.plan(status=1)
    assert {each["status"] for each in plan["blocked"]} == {"sent"}
    assert sum(plan["summary"][action] for action in ("create", "update", "replace")) == 0
    assert "write `moved: {from: old/0}` in new/0" in world.run("plan", status=1).out

    for number, manifest in moved.items():
        world.write(f"new/{number}.yaml", json.dumps({**manifest, "moved": {"from": f"old/{number}"}}))
    mark = world.mark()
    assert set(world.apply().actions().values()) == {"move"}
    assert world.writes(mark) == []
    assert len(world.sends()) == 3
    world.assert_settled()


def test_a_renamed_folder_of_sent_campaigns_sends_nothing_without_moved(world: World) -> None:
    for folder in ("old", "new"):
        for number in range(2):
            world.write(f"{folder}/{number}.yaml", sms(f"Now {number}", run_immediately=True))
        world.run("apply", "--auto-approve", status=int(folder == "new"))
        if folder == "old":
            for number in range(2):
                world.remove(f"old/{number}.yaml")
    assert sorted(world.sends()) == ["Now 0", "Now 1"]
