"""`status`: status, next run and drift of every campaign."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.harness import PROJECT, PROJECT_ID, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def rows(world: World) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in world.run("status", "--format", "json", status=0).json["campaigns"]}


def phased(name: str, phase: str) -> str:
    return json.dumps({"lifecycle": {"phase": phase}, **json.loads(sms(name, scheduled_time=FAR))})


def test_a_declared_campaign_that_is_not_created_is_listed_too(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.write("later.yaml", phased("later", "paused"))
    shown = rows(world)
    assert (shown["far"]["status"], shown["far"]["id"]) == ("not created", None)
    assert shown["later"]["phase"] == "paused"
    golden("declared and not created", world.run("status", status=0).out)


def test_a_pause_in_the_dashboard_says_how_to_resume_it(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["far"]["id"], status="paused")
    assert rows(world)["far"]["paused_by"] == "someone else"
    assert "apply --target far --override foreign_pause" in world.run("status", status=0).out


def test_a_waiting_test_names_its_messages_and_the_field_to_add(world: World) -> None:
    body = json.loads(sms("test", scheduled_time=FAR))["spec"]
    body["messages"] = [{**body["messages"][0], "name": name} for name in ("red", "blue")]
    body["ab_test"] = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    }
    world.write("test.yaml", json.dumps({"spec": body}))
    world.apply()
    world.control.edit(world.campaigns()["test"]["id"], status="needs_decision")
    assert rows(world)["test"]["decide"] == ["red", "blue"]
    assert "lifecycle: {winner: red} in test" in world.run("status", status=0).out


def test_drift_shows_its_time(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR, description="ours"))
    world.apply()
    world.control.edit(world.campaigns()["far"]["id"], description="theirs")
    row = rows(world)["far"]
    assert [field["path"] for field in row["drift"]] == ["description"]
    assert row["changed_at"]


def test_the_next_run_is_in_the_future(world: World) -> None:
    world.write("far.yaml", phased("far", "active"))
    world.write("now.yaml", sms("now", run_immediately=True))
    world.write("out.yaml", phased("out", "active"))
    world.apply()
    assert rows(world)["far"]["next_run"] == "2036-03-22T10:00:00Z"
    world.write("far.yaml", phased("far", "paused"))
    world.write("out.yaml", phased("out", "canceled"))
    world.apply()
    assert [row["next_run"] for row in rows(world).values()] == [None, None, None]
    assert "2036" not in world.run("show", status=0).out


def test_a_lost_state_is_said_once_by_every_command(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 500ms"))
    for number in range(6):
        world.write(f"push/{number}.yaml", sms(f"Offer {number}", scheduled_time=FAR))
    world.apply()
    for path in (world.folder / ".campaignctl").glob("*"):
        path.unlink()
    lost = "the state is behind: it does not know"
    for words in (
        ("plan",),
        ("plan", "--format", "markdown"),
        ("apply", "--auto-approve"),
        ("status",),
    ):
        assert world.run(*words).out.count(lost) == 1, words
    assert "6 campaigns: the state is behind. " in world.run("-q", "status", status=0).out
    assert world.run("halt", "--all", "--reason", "lost", status=0).out.count("6 paused: ") == 1


def test_a_lost_state_of_another_project_is_said_once(world: World) -> None:
    for number in range(6):
        world.write(f"push/{number}.yaml", sms(f"Offer {number}", scheduled_time=FAR))
    world.apply()
    for path in (world.folder / ".campaignctl").glob("*"):
        path.unlink()
    world.write("campaignctl.yaml", PROJECT.replace(PROJECT_ID, PROJECT_ID[::-1]).replace("shop", "renamed"))
    lost = "unknown to this state, have the content of these: the state may be lost"
    for words in (("plan",), ("plan", "--format", "markdown"), ("apply", "--auto-approve")):
        assert world.run(*words, status=1).out.count(lost) == 1, words
