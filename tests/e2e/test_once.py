"""Nothing is sent twice: lost answers, a SIGKILL and a second runner, once each.

After each of them every campaign exists once, is recorded, and the next plan is empty.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, kill, sms, until

FAR = "2036-03-22 10:00:00"


def assert_once(world: World, *names: str) -> None:
    assert sorted(world.campaigns()) == sorted(names)
    assert {r["id"] for r in world.state["campaigns"].values()} == {
        c["id"] for c in world.campaigns().values()
    }
    assert len(set(world.sends())) == len(world.sends())
    world.assert_settled()


@pytest.mark.parametrize("kind", ["lost_answer", "truncate", "garble", "no_id"])
def test_a_lost_answer_of_a_far_create_is_settled_in_the_same_run(world: World, kind: str) -> None:
    for name in "abc":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR))
    world.apply("--target", "a")
    world.control.fault({"method": "POST", "path": "/campaigns$", "times": 1}, {"kind": kind})
    done = world.apply()
    assert done.outcomes() == {"b": "done", "c": "done"}
    assert_once(world, "A", "B", "C")


@pytest.mark.parametrize("bare", [True, False], ids=["id alone", "shown"])
@pytest.mark.parametrize(
    "fields", [{"scheduled_time": FAR}, {"run_immediately": True}], ids=["far", "at once"]
)
def test_a_create_that_is_answered_with_what_somebody_else_just_made_finds_its_own(
    world: World, fields: dict[str, Any], *, bare: bool
) -> None:
    world.write("a.yaml", sms("A", is_draft=True))
    world.apply()
    world.write("b.yaml", sms("B", **fields))
    world.control.fault(
        {"method": "POST", "path": "/campaigns$", "times": 1}, {"kind": "another", "bare": bare}
    )
    assert world.apply().outcomes() == {"b": "done"}
    theirs = world.campaigns()["Made by somebody else"]
    assert theirs["id"] not in {record["id"] for record in world.state["campaigns"].values()}
    world.assert_settled()
    assert world.campaigns()["Made by somebody else"] == theirs
    assert [each["live"]["name"] for each in world.control.campaigns()].count("B") == 1


def test_a_far_create_without_effect_is_posted_again_by_a_later_run(world: World) -> None:
    for name in "abc":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR))
    world.apply("--target", "a")
    world.control.fault({"method": "POST", "path": "/campaigns$", "times": 1}, {"kind": "drop"})
    assert sorted(world.apply(status=1).outcomes().values()) == ["done", "unknown"]
    assert list(world.apply().outcomes().values()) == ["done"]
    assert_once(world, "A", "B", "C")


def test_a_lost_answer_of_an_immediate_create_with_effect_is_found(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.control.fault({"method": "POST", "body": '"Now"', "times": 1}, {"kind": "lost_answer"})
    world.apply()
    assert_once(world, "Draft", "Now")
    assert world.sends() == ["Now"]


def test_a_lost_answer_of_an_immediate_create_without_effect_waits_for_a_person(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.control.fault({"method": "POST", "body": '"Now"', "times": 1}, {"kind": "drop"})

    first = world.apply(status=1)
    assert first.outcomes() == {"draft": "done", "now": "unknown"}
    assert first.json["result"] == "incomplete"
    assert first.json["next"] == [
        "campaignctl state resolve now --adopt ID",
        "campaignctl state resolve now --retry",
    ]
    again = world.apply(status=1)
    assert again.outcomes() == {}
    assert "Now" not in world.campaigns()

    world.run("state", "resolve", "now", "--retry", status=0)
    world.apply()
    assert_once(world, "Draft", "Now")
    assert world.sends() == ["Now"]


def test_an_unsettled_immediate_create_stops_creates_and_nothing_else(world: World) -> None:
    world.write("old.yaml", sms("Old", scheduled_time=FAR))
    world.apply()
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.control.fault({"method": "POST", "body": '"Now"', "times": 1}, {"kind": "drop"})
    world.apply(status=1)
    world.write("new.yaml", sms("New", scheduled_time=FAR))
    world.write("old.yaml", sms("Old", scheduled_time=FAR, description="edited"))
    result = world.apply(status=1)
    assert result.outcomes() == {"old": "done"}
    assert sorted(world.campaigns()) == ["Old"]


def test_resolve_adopts_only_a_campaign_with_the_marker(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("other.yaml", sms("Other", is_draft=True))
    world.control.switch(list_lag=3600)
    world.control.fault({"method": "POST", "body": '"Now"', "times": 1}, {"kind": "lost_answer"})
    world.apply(status=1)
    real = world.campaigns()["Now"]["id"]
    other = world.campaigns()["Other"]["id"]
    world.run("state", "resolve", "now", "--adopt", other, status=1)
    world.run("state", "resolve", "now", "--adopt", real, status=0)
    assert_once(world, "Now", "Other")
    assert world.sends() == ["Now"]


def test_retry_is_refused_for_a_created_campaign(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 1.5, "when": "after"})
    process = world.start("apply", "--auto-approve")
    until(world.control.campaigns)
    kill(process)
    real = world.campaigns()["Now"]["id"]
    refused = world.run("state", "resolve", "now", "--retry", status=1)
    assert f"campaignctl state resolve now --adopt {real}" in refused.err
    world.run("state", "resolve", "now", "--adopt", real, status=0)
    assert_once(world, "Now")
    assert world.sends() == ["Now"]


def test_a_kill_in_the_middle_ends_with_every_campaign_created_once(world: World) -> None:
    names = [f"C{number}" for number in range(8)]
    for name in names:
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    delay = {"kind": "delay", "seconds": 1.0, "when": "after"}
    world.control.fault({"method": "POST", "skip": 3, "times": 3}, delay)
    process = world.start("apply", "--auto-approve")
    until(lambda: len(world.control.campaigns()) >= 4)
    kill(process)
    assert world.state["pending"]

    world.apply()
    assert_once(world, *names)


def test_a_create_that_is_still_on_its_way_is_waited_for(world: World) -> None:
    """Its sender is dead, and the server carries it out only during the next apply."""
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 1.2})
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["used"])
    kill(process)
    assert "Far" not in world.campaigns()
    world.apply()
    until(lambda: any(request["fault"] == "delay" for request in world.requests("POST")))
    assert_once(world, "Draft", "Far")


def test_a_second_runner_waits_for_the_lock_or_names_its_holder(world: World) -> None:
    names = [f"C{number}" for number in range(6)]
    for name in names:
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 30s"))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 6.0, "when": "before"})
    first = world.start("apply", "--auto-approve")
    until(lambda: (world.folder / ".campaignctl" / "state.json.lock").exists() or first.poll() is not None)
    refused = world.run("apply", "--auto-approve", "--lock-timeout", "0s", status=1)
    assert f"{first.pid}" in refused.err
    second = world.apply()
    assert second.json["changes"] == []
    assert first.wait(timeout=30) == 0
    first.communicate()
    assert_once(world, *names)


def test_an_interrupt_lets_requests_in_flight_finish_and_records_them(world: World) -> None:
    names = [f"C{number}" for number in range(6)]
    for name in names:
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 10}, {"kind": "delay", "seconds": 0.5, "when": "after"})
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.control.campaigns()) >= 2)
    process.send_signal(2)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    recorded = world.state
    assert recorded["pending"] == {}
    assert {r["id"] for r in recorded["campaigns"].values()} == {c["id"] for c in world.campaigns().values()}
    assert len(recorded["campaigns"]) < len(names)
    world.apply()
    assert_once(world, *names)
