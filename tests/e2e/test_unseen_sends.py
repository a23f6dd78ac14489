"""Sends: lost creates, runs in a freeze, second runs, and clocks that stood still."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.schedule.times import iso, parse_iso
from tests.e2e.harness import PROJECT, World, sms, until
from tests.e2e.unseen import FAR, WEEKLY, live, only, run_hint


def test_a_lost_create_is_posted_again_only_as_a_change_that_todays_manifest_asks_for(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 300ms"))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "body": "Far", "times": 1}, {"kind": "drop"})
    assert world.apply(status=1).outcomes() == {"far": "unknown"}
    mark = world.mark()

    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="corrected"))
    time.sleep(1.3)
    assert "its manifest has changed since" in only(world.plan("-o", "plan.json", status=1))["reason"]
    world.apply("plan.json", status=1)
    world.apply(status=1)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply("--target", "draft")
    assert world.writes(mark) == []

    assert only(world.plan("-o", "plan.json"), "changes")["reason"] == "posted again: not found"
    assert world.run("apply", "plan.json", "--format", "json", status=0).outcomes() == {"far": "done"}
    assert [method for method, _, _ in world.writes(mark)] == ["POST"]
    assert world.state["campaigns"]["far"]["reposted"] is True
    assert len(world.state["campaigns"]["far"]["posts"]) == 2
    world.assert_settled()


def test_a_run_of_next_year_meets_the_freeze_and_the_limit_of_its_day(world: World) -> None:
    now = datetime.now(UTC)
    year, hour = now.year + 1, (now.hour + 12) % 24
    window = f"{{scope: sends, from: {year}-11-24, to: {year}-11-26, reason: holidays}}"
    world.write("campaignctl.yaml", PROJECT + f"guardrails: {{freeze: [{window}], max_sends_per_day: 1}}\n")
    world.write("daily.yaml", sms("Daily", recurrence={"cron": f"30 {hour} * * *"}))
    world.write("once.yaml", sms("Once", scheduled_time=f"{year}-11-20 10:00:00"))
    found = {one["guardrail"]: one for one in world.plan(status=1)["objections"]}
    assert found["freeze"]["keys"] == ["daily"]
    assert found["freeze"]["found"].startswith(f"it sends at {year}-11-2")
    assert found["max_sends_per_day"]["found"] == f"2 sends on {year}-11-20"
    world.apply(status=1)
    assert world.campaigns() == {}
    world.apply("--override", "freeze", "--override", "max_sends_per_day")
    world.assert_settled()


def daily(ahead: timedelta) -> dict[str, Any]:
    """A recurrence that runs every day, and next after some time (before now: that long ago)."""
    run = datetime.now(UTC) + ahead
    return {"recurrence": {"cron": f"{run.minute} {run.hour} * * *"}}


def test_a_recurrence_is_not_moved_from_a_run_to_another_one_soon_after(world: World) -> None:
    minutes = timedelta(minutes=1)
    world.write("soon.yaml", sms("Soon", **daily(30 * minutes)))
    world.write("ran.yaml", sms("Ran", **daily(-30 * minutes)))
    world.apply()
    world.since_last_month("ran")
    run = parse_iso(str(world.state["campaigns"]["soon"]["next_run_time"]))
    world.write("soon.yaml", sms("Soon", **daily(150 * minutes)))
    world.run("plan", "-o", "plan.json", "--target", "soon", status=0)
    saved = json.loads((world.folder / "plan.json").read_text())
    assert saved["valid_until"] == only(saved, "changes")["valid_until"] == iso(run)

    world.write("ran.yaml", sms("Ran", **daily(90 * minutes)))
    before = live(world, "Ran")["recurrence"]
    done = world.apply(status=1)
    assert done.outcomes() == {"soon": "done"}
    blocked = only(world.plan(status=1))
    assert "it ran at" in blocked["reason"]
    assert live(world, "Ran")["recurrence"] == before
    run_hint(world, blocked["hint"])
    assert live(world, "Ran")["recurrence"] != before
    world.assert_settled()


def test_a_campaign_paused_in_its_run_is_resumed_only_as_a_second_send(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    campaign = world.campaigns()["Far"]["id"]
    world.control.edit(campaign, status="running")
    paused = json.loads(sms("Far", scheduled_time=FAR)) | {"lifecycle": {"phase": "paused"}}
    world.write("far.yaml", json.dumps(paused))
    (change,) = world.plan()["changes"]
    assert any("the rest of this run is not sent" in warning for warning in change["warnings"])
    world.apply()

    world.write("far.yaml", sms("Far", scheduled_time="2036-04-22 10:00:00"))
    assert world.apply(status=1).outcomes() == {"far": "done"}
    assert live(world, "Far")["status"] == "paused"
    blocked = only(world.plan(status=1))
    assert "it began to send at" in blocked["reason"]
    run_hint(world, blocked["hint"])
    assert live(world, "Far")["status"] == "scheduled"
    world.assert_settled()


def test_a_campaign_that_began_in_the_first_zones_is_not_moved(world: World) -> None:
    """Fourteen hours before its time in GMT."""
    world.control.switch(profile_zone_lead_hours=0)
    zoned = {"send_in_profile_time_zone": True}
    in_ten_hours = f"{datetime.now(UTC) + timedelta(hours=10):%Y-%m-%d %H:%M:%S}"
    world.write("zoned.yaml", sms("Zoned", scheduled_time=in_ten_hours, **zoned))
    world.apply("--override", "min_lead_time")
    world.write("zoned.yaml", sms("Zoned", scheduled_time=FAR, **zoned))
    blocked = only(world.plan(status=1))
    world.apply(status=1)
    assert live(world, "Zoned")["scheduled_time"] == in_ten_hours
    run_hint(world, blocked["hint"])
    assert live(world, "Zoned")["scheduled_time"] == FAR


def test_a_campaign_renamed_in_its_run_says_that_the_rest_is_lost(world: World) -> None:
    world.write("old.yaml", sms("Weekly", **WEEKLY))
    world.apply()
    world.control.edit(world.campaigns()["Weekly"]["id"], status="running")
    world.remove("old.yaml")
    world.write("new.yaml", sms("Weekly", **WEEKLY))
    cancel = next(change for change in world.plan()["changes"] if change["action"] == "cancel")
    assert "running: the rest of this run is not sent" in cancel["warnings"]


def test_a_run_that_stood_still_sends_nothing_late(world: World) -> None:
    """The machine was stopped as a whole: its clocks say nothing, and the answers' dates do."""
    world.control.switch(date_header="sandbox", past_times="accepted")
    hour = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    for name in "abcde":
        world.write(f"{name}.yaml", sms(name, scheduled_time=hour))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 0.5, "when": "after"})
    process = world.start("apply", "--auto-approve", "--format", "json", "--parallelism", "1")
    until(world.control.campaigns)
    process.send_signal(signal.SIGSTOP)
    world.control.advance(7200)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert len(world.control.campaigns()) == 1
    assert [one["outcome"] for one in json.loads(out)["changes"]].count("done") <= 1
    assert world.state["pending"] == {}


def test_a_recurring_campaign_that_others_started_is_drift_until_an_apply_has_recorded_it(
    world: World,
) -> None:
    world.write("daily.yaml", sms("Daily", **daily(timedelta(hours=20))))
    world.apply()
    world.control.advance(3600)
    world.control.start(world.campaigns()["Daily"]["id"])
    alarm = ("plan", "--refresh-only", "--detailed-exitcode")
    shown = world.run(*alarm, status=2).out
    assert "started outside of campaignctl: " in shown
    world.run("apply", "--auto-approve", status=0)
    world.run(*alarm, status=0)


@pytest.mark.parametrize("way", ["saved plan", "--reviewed"])
def test_a_recurring_campaign_that_others_started_since_the_plan_is_not_changed(
    world: World, way: str
) -> None:
    in_a_day = daily(timedelta(hours=20))
    world.write("daily.yaml", sms("Daily", **in_a_day))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    messages = json.loads(sms("Other"))["spec"]["messages"]
    world.write("daily.yaml", sms("Daily", messages=messages, **in_a_day))
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="new"))
    world.run("plan", "-o", "plan.json", status=0)
    world.control.start(world.campaigns()["Daily"]["id"])
    assert (live(world, "Daily")["status"], len(world.sends())) == ("scheduled", 1)

    mark, started = world.mark(), "was started outside of campaignctl since the plan was made"
    if way == "saved plan":
        assert started in world.run("apply", "plan.json", status=1).err
        assert world.writes(mark) == []
    else:
        done = world.run("apply", "--reviewed", "plan.json", "--format", "json", status=1)
        assert done.outcomes() == {"far": "done"}
        assert started in only(done.json)["reason"]
        assert "Hi from Daily" in str(live(world, "Daily")["messages"])
    world.run("plan", "-o", "plan.json", status=0)
    world.run("apply", *(["--reviewed"] if way == "--reviewed" else []), "plan.json", status=0)
    world.assert_settled()
