"""The reads of a plan, and its report of drift."""

from __future__ import annotations

import json
from math import ceil
from pathlib import Path
from typing import Any

from tests.e2e.harness import Run, World, sms, with_lifecycle

FAR, FARTHER = "2036-03-22 10:00:00", "2036-04-22 10:00:00"
# How many campaigns are still to be sent, and how many are canceled.
LIVE, OVER = 45, 12
# How the server limits pages, and their resulting size.
GRANTED: tuple[tuple[dict[str, Any], int], ...] = (
    ({}, 100),
    ({"page_cap": 20}, 20),
    ({"page_size_fixed": 10}, 10),
)


def test_a_plan_reads_pages_of_campaigns_that_are_not_final(world: World) -> None:
    for number in range(LIVE + OVER):
        world.write(f"c{number:02}.yaml", sms(f"C {number}", scheduled_time=FAR))
    world.apply()
    over = [world.state["campaigns"][f"c{LIVE + number}"]["id"] for number in range(OVER)]
    for campaign in over:
        world.control.edit(campaign, status="canceled")
    world.apply()
    for switches, size in GRANTED:
        world.control.switch(**switches)
        mark = world.mark()
        assert world.plan()["changes"] == []
        reads = world.requests(after=mark)
        assert len(reads) <= ceil(LIVE / size) + 2
        assert not {read["path"].rsplit("/", 1)[-1] for read in reads} & set(over)


def test_final_campaigns_are_not_read(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.apply()
    mark = world.mark()
    assert world.plan()["changes"] == []
    assert world.requests(after=mark) == []


def test_the_alarm_of_a_pipeline_sees_two_plans_in_one_reading(world: World, tmp_path: Path) -> None:
    """It finds what `plan --refresh-only` and `plan` find, with the requests of one of them."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("kept.yaml", with_lifecycle(sms("Kept", scheduled_time=FAR), prevent_destroy=True))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], name="By hand")
    world.remove("kept.yaml")

    def reading(*words: str, status: int) -> tuple[Run, list[tuple[str, str]]]:
        mark = world.mark()
        done = world.run(*words, status=status)
        return done, [(each["method"], each["path"]) for each in world.requests(after=mark)]

    drift, reads = reading("plan", "--refresh-only", "--format", "json", status=0)
    whole, _ = reading("plan", "--format", "json", status=1)
    world.environ |= {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop"}
    assert reading("ci", "gather", str(tmp_path / "found"), "--alarm", status=0)[1] == reads
    found = {
        name: json.loads((tmp_path / "found" / name).read_text()) for name in ("plan.json", "blocked.json")
    }
    assert [one["key"] for one in found["plan.json"]["drift"]] == ["far"]
    assert found["plan.json"]["drift"] == drift.json["drift"]
    assert found["plan.json"]["blocked"] == []
    assert found["blocked.json"]["blocked"] == whole.json["blocked"]
    assert "By hand" in (tmp_path / "found" / "plan.md").read_text()


def test_the_alarm_for_drift_rings_until_it_is_accepted_or_undone(world: World) -> None:
    alarm = ("plan", "--refresh-only", "--detailed-exitcode")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("new.yaml", sms("New", scheduled_time=FAR))
    world.run(*alarm, status=0)
    world.control.edit(world.campaigns()["Far"]["id"], scheduled_time=FARTHER)
    assert FARTHER in world.run(*alarm, status=2).out
    world.run(*alarm, status=2)
    world.apply("--refresh-only")
    world.run(*alarm, status=0)
    assert world.state["campaigns"]["far"]["applied"]["scheduled_time"] == FARTHER


def test_the_alarm_rings_for_a_pause_and_says_so_without_a_token(world: World) -> None:
    alarm = ("plan", "--refresh-only", "--detailed-exitcode")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], status="paused")
    world.run(*alarm, status=2)
    world.apply("--refresh-only")
    world.run(*alarm, status=2)
    world.apply("--override", "foreign_pause")
    world.run(*alarm, status=0)
    world.control.fault({"method": "GET"}, {"kind": "status", "status": 403})
    world.run(*alarm, status=1)


def test_a_field_changed_on_both_sides_is_shown_as_a_conflict(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="old"))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], description="theirs")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="ours"))
    said = world.run("plan", status=0).out
    assert 'conflict: description was "old", changed live to "theirs"; this plan sets "ours"' in said
    assert "this plan overwrites it: see the conflict" in said
    assert "reverts it" not in said
    world.apply()
    world.assert_settled()
