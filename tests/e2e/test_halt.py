"""Halt through the command line: campaigns are stopped, proven so, and stay stopped until it is lifted."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.harness import PROJECT, World, kill, sms, until
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
FARTHER = "2036-04-22 10:00:00"


def halt(world: World, *words: str, status: int = 0) -> dict[str, object]:
    document = world.run("halt", *words, "--reason", "wrong price", "--format", "json", status=status).json
    assert isinstance(document, dict)
    return document


def outcomes(document: dict[str, object]) -> dict[str, str]:
    rows = document["campaigns"]
    assert isinstance(rows, list)
    return {row["key"] or row["name"]: row["outcome"] for row in rows}


def status(world: World, name: str) -> str:
    found = [c["live"]["status"] for c in world.control.campaigns() if c["live"]["name"] == name]
    assert len(found) == 1
    return str(found[0])


def written(world: World, mark: int) -> list[str]:
    """Every write since, as the operation and the name of its campaign."""
    names = {c["id"]: c["live"]["name"] for c in world.control.campaigns()}
    found = []
    for method, path, _ in world.writes(mark):
        campaign = re.search(r"/campaigns/(\w+)(?:/(\S+))?", path)
        found.append(f"{campaign[2] or method} {names[campaign[1]]}" if campaign else f"{method}")
    return found


def test_everything_is_paused_soonest_first_and_proven(world: World) -> None:
    world.write("later.yaml", sms("Later", scheduled_time=FARTHER))
    world.write("sooner.yaml", sms("Sooner", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.plan()
    mark = world.mark()

    document = halt(world, "--all", "--parallelism", "1")

    assert document["result"] == "stopped"
    assert outcomes(document) == {"later": "stopped", "sooner": "stopped", "draft": "idle", "now": "over"}
    assert [line for line in written(world, mark) if "Now" not in line] == ["pause Sooner", "pause Later"]
    (body,) = {json.dumps(body) for _, path, body in world.writes(mark) if path.endswith("/pause")}
    assert "campaignctl halt: wrong price (by " in body


def test_one_key_is_stopped_and_the_others_go_on(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    document = halt(world, "a")
    assert outcomes(document) == {"a": "stopped"}
    assert (status(world, "A"), status(world, "B")) == ("paused", "scheduled")


def test_a_typo_stops_nothing_and_names_the_nearest(world: World) -> None:
    world.write("push/welcome.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    mark = world.mark()
    run = world.run("halt", "push/welcom", "--reason", "x", status=64)
    assert "push/welcome" in run.err
    assert world.writes(mark) == []
    assert not (world.folder / ".campaignctl/state.json.halts").exists()


def test_a_declared_key_that_is_not_created_yet_may_be_halted(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    halt(world, "a")
    world.apply(status=1)
    assert world.control.campaigns() == []


@pytest.mark.parametrize("harm", ["state", "manifest"])
def test_it_works_with_a_broken_project(world: World, harm: str) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    if harm == "state":
        (world.folder / ".campaignctl/state.json").write_text("{", encoding="utf-8")
    else:
        world.write("broken.yaml", "spec: [")
    document = halt(world, "a", status=1 if harm == "state" else 0)
    assert status(world, "A") == "paused"
    assert outcomes(document) == {"a": "stopped"}


def test_without_a_state_markers_identify_our_campaigns(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.control.create(json.loads(sms("Foreign", scheduled_time=FAR))["spec"])
    for path in (world.folder / ".campaignctl").glob("*"):
        path.unlink()
    document = halt(world, "--all")
    assert outcomes(document) == {"A": "stopped"}
    assert status(world, "Foreign") == "scheduled"


def test_a_campaign_that_cannot_be_paused_is_canceled(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.control.fault({"method": "POST", "path": "/pause$"}, {"kind": "status", "status": 400})
    document = halt(world, "--all")
    assert outcomes(document) == {"a": "canceled"}


def test_without_a_token_only_the_mark_is_set_and_it_says_so(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.environ["OCAMBA_TOKEN"] = ""
    document = halt(world, "--all", status=1)
    assert document["marked"] is True
    assert "OCAMBA_TOKEN" in str(document["notes"])
    del world.environ["OCAMBA_TOKEN"]
    assert outcomes(halt(world, "--all")) == {"a": "stopped"}


def test_an_unreadable_mark_stops_everything_that_can_send_and_no_cancel(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl/state.json.halts").write_text("{", encoding="utf-8")
    world.remove("b.yaml")
    world.write("c.yaml", sms("C", scheduled_time=FAR))
    mark = world.mark()
    assert world.apply(status=1).outcomes() == {"b": "done"}
    assert [path.rsplit("/", 1)[-1] for _, path, _ in world.writes(mark)] == ["cancel"]
    (blocked,) = world.plan(status=1)["blocked"]
    assert (blocked["key"], blocked["status"]) == ("c", "halted")
    assert "state.json.halts" in blocked["reason"]
    assert "fix it" in blocked["hint"]
    document = halt(world, "--all", status=1)
    assert status(world, "A") == "paused"
    assert "state.json.halts" in str(document["notes"])


def test_an_apply_skips_halted_campaigns_and_applies_the_others(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    halt(world, "a")
    world.write("new/b.yaml", sms("B", scheduled_time=FAR))
    halt(world, "new/*")
    world.write("c.yaml", sms("C", scheduled_time=FAR))

    done = world.apply(status=1)

    assert done.outcomes() == {"c": "done"}
    assert status(world, "A") == "paused"
    (blocked,) = [each for each in world.plan(status=1)["blocked"] if each["key"] == "new/b"]
    assert blocked["hint"] == "campaignctl halt --lift new/b --reason TEXT"
    assert "wrong price" in blocked["reason"]


def test_a_halted_campaign_is_resumed_only_after_the_lift(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    halt(world, "--all")
    world.apply(status=None)
    assert status(world, "A") == "paused"
    world.run("halt", "--lift", "a", "--reason", "mended", status=0)
    mark = world.mark()
    world.apply()
    assert status(world, "A") == "scheduled"
    assert [body for _, _, body in world.writes(mark)] == [{"scheduled_time": FAR}]
    world.assert_settled()


def test_a_pause_in_the_dashboard_is_not_resumed_by_a_lift(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["A"]["id"], status="paused")
    assert outcomes(halt(world, "a")) == {"a": "stopped"}
    world.run("halt", "--lift", "--reason", "mended", status=0)
    world.apply(status=None)
    assert status(world, "A") == "paused"


@pytest.mark.parametrize("kind", ["lost_answer", "drop"])
def test_a_pause_of_unknown_outcome_is_read_and_repeated(world: World, kind: str) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.control.fault({"method": "POST", "path": "/pause$", "times": 1}, {"kind": kind})
    assert outcomes(halt(world, "--all")) == {"a": "stopped"}
    world.run("halt", "--lift", "--reason", "mended", status=0)
    world.apply()
    assert status(world, "A") == "scheduled"


def test_a_halt_that_was_killed_is_finished_by_the_same_command(world: World) -> None:
    for name in "abcd":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR))
    world.apply()
    slow = {"kind": "delay", "seconds": 1.0, "when": "after"}
    world.control.fault({"method": "POST", "path": "/pause$", "skip": 1, "times": 1}, slow)
    process = world.start("halt", "--all", "--reason", "wrong price", "--parallelism", "1")
    until(lambda: len([1 for c in world.control.campaigns() if c["live"]["status"] == "paused"]) == 2)
    kill(process)
    assert set(outcomes(halt(world, "--all")).values()) == {"stopped"}
    world.run("halt", "--lift", "--reason", "mended", status=0)
    world.apply()
    assert {c["live"]["status"] for c in world.control.campaigns()} == {"scheduled"}


def test_the_command_that_lifts_it_can_be_pasted(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "default_environment: live\nenvironments: {live: {}}\n")
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    said = world.run("-e", "live", "halt", "a*", "--reason", "wrong price", status=0).out
    assert "campaignctl -e live halt --lift 'a*' --reason TEXT" in said


def test_a_partial_lift_names_the_remaining_keys(world: World, golden: Golden) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    world.run("halt", "--all", "--reason", "x", status=0)
    said = world.run("halt", "--lift", "a", "--reason", "y", status=0).out
    lifted, still = (line.split(", halted ")[0] for line in said.splitlines() if "halted by" in line)
    golden("lift of a part", f"{lifted}\n{still}")
    everything = world.run("halt", "--lift", "*", "--reason", "y", status=0).out
    assert still.split(":")[0] not in everything
