"""A halt during an apply, in the sandbox's log: soonest first, and no new campaign after it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, sms, until
from tests.golden import Golden

QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s")
FIRST = datetime(2036, 3, 22, 10, tzinfo=UTC)
# The number of concurrent requests of a halt, which may overtake each other.
TOGETHER = 8
HALT = ("halt", "--all", "--reason", "wrong price", "--format", "json")


@dataclass(frozen=True)
class Scene:
    """How many are live, how many are being created, and after how many creates the halt begins."""

    live: int
    creates: int
    after: int


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).strftime("%Y-%m-%d %H:%M:%S")


def set_up(world: World, scene: Scene) -> None:
    """Live campaigns, each a day after the previous one, and manifests that are not created yet."""
    world.write("campaignctl.yaml", QUICK)
    for number in range(scene.live):
        world.write(f"live{number:03}.yaml", sms(f"Live {number:03}", scheduled_time=day(number)))
    world.apply()
    for number in range(scene.creates):
        world.write(f"new{number:03}.yaml", sms(f"New {number:03}", scheduled_time=day(1000 + number)))


def halted_under_way(world: World, scene: Scene) -> list[dict[str, Any]]:
    """Every request since the halt of an apply began."""
    with ThreadPoolExecutor(2) as pool:
        applying = pool.submit(world.apply, status=1)
        until(lambda: len(world.control.campaigns()) >= scene.live + scene.after)
        mark = world.mark()
        halting = pool.submit(world.run, *HALT, status=0)
        said = halting.result().json
        results = applying.result().json["changes"]
    assert {row["outcome"] for row in said["campaigns"]} == {"stopped"}
    assert {each["outcome"] for each in results} == {"done", "not_started"}
    halted = [each for each in results if each["outcome"] == "not_started"]
    assert all("wrong price" in each["error"]["summary"] for each in halted)
    return world.requests(after=mark)


def assert_stopped_in_order(world: World, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nothing new after the first pause, and soonest first, but for those that are on their way together.
    The pauses.

    A refusal by the rate limit has no effect: the apply and the halt are two processes, and neither sees what
    the other has on its way.
    """
    taken = [each for each in requests if each["status"] != 429]
    assert {each["status"] for each in taken} <= {200, 201, 204}
    writes = [each for each in taken if each["method"] != "GET"]
    pauses = [each for each in writes if each["path"].endswith("/pause")]
    assert writes[-len(pauses) :] == pauses
    due = {each["id"]: each["live"]["scheduled_time"] for each in world.control.campaigns()}
    paused = [due[each["path"].split("/")[-2]] for each in pauses]
    assert sorted(paused) == sorted(due.values())
    ranks = {time: rank for rank, time in enumerate(sorted(paused))}
    assert all(abs(ranks[time] - place) <= TOGETHER for place, time in enumerate(paused))
    return pauses


def assert_stays_stopped(world: World, scene: Scene, created: int) -> None:
    """The next apply creates nothing and resumes nothing."""
    mark = world.mark()
    plan = world.plan(status=1)
    assert plan["changes"] == []
    assert {each["status"] for each in plan["blocked"]} == {"halted"}
    assert len(plan["blocked"]) == scene.live + scene.creates - created
    world.apply(status=1)
    assert world.writes(mark) == []


def test_a_halt_stops_running_creates_and_all_further_ones(world: World) -> None:
    scene = Scene(live=8, creates=25, after=10)
    set_up(world, scene)
    world.control.switch(rate_per_second=10)
    requests = halted_under_way(world, scene)
    pauses = assert_stopped_in_order(world, requests)
    assert_stays_stopped(world, scene, len(pauses))


@pytest.mark.slow
def test_a_hundred_are_stopped_while_six_hundred_are_created(world: World) -> None:
    scene = Scene(live=100, creates=600, after=50)
    set_up(world, scene)
    world.control.switch(rate_per_second=10, rate_per_minute=150)
    requests = halted_under_way(world, scene)
    pauses = assert_stopped_in_order(world, requests)
    assert_stays_stopped(world, scene, len(pauses))


def marked_meanwhile(world: World, path: str, *args: str) -> dict[str, Any]:
    """The outcome of an apply's one change if a mark is set before the first request is answered.

    Without a token a halt only sets its mark, which is enough here.
    """
    world.control.fault({"method": "POST", "path": path}, {"kind": "delay", "seconds": 1.5, "when": "after"})
    world.plan(*args)
    process = world.start("apply", "--auto-approve", "--format", "json", *args)
    until(lambda: world.control.faults()[0]["used"])
    world.environ["OCAMBA_TOKEN"] = ""
    world.run(*HALT, status=1)
    del world.environ["OCAMBA_TOKEN"]
    world.control.clear_faults()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    (change,) = json.loads(out)["changes"]
    assert isinstance(change, dict)
    return change


def test_a_mark_between_the_two_steps_of_a_create_prevents_the_send(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT + "  immediate: two_step\n")
    world.write("now.yaml", sms("Now", run_immediately=True))
    change = marked_meanwhile(world, "/campaigns$")
    assert (change["outcome"], change["error"]["hint"]) == (
        "failed",
        "campaignctl halt --lift now --reason TEXT",
    )
    golden("created and not sent", change["error"]["summary"].rpartition("; ")[2])
    assert [method for method, _, _ in world.writes()] == ["POST"]
    world.run("halt", "--lift", "--reason", "fixed", status=0)
    world.apply()
    assert world.sends() == ["Now"]
    world.assert_settled()


def test_a_mark_between_the_two_steps_of_a_replace_creates_nothing(world: World, golden: Golden) -> None:
    world.write("a.yaml", sms("A", scheduled_time=day(0)))
    world.apply()
    mark = world.mark()
    change = marked_meanwhile(world, "/cancel$", "--replace", "a")
    assert (change["outcome"], change["error"]["hint"]) == (
        "failed",
        "campaignctl halt --lift a --reason TEXT",
    )
    golden("canceled and not created", change["error"]["summary"].rpartition("; ")[2])
    assert [path.rsplit("/", 1)[-1] for _, path, _ in world.writes(mark)] == ["cancel"]
    assert world.plan(status=1)["blocked"][0]["status"] == "halted"
    world.run("halt", "--lift", "--reason", "fixed", status=0)
    assert world.apply().actions() == {"a": "create"}
    world.assert_settled()
