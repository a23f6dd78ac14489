"""Options and settings, and their effects on a plan and an apply."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, kill, sms, with_lifecycle
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s")
TWO_STEP = QUICK + "  immediate: two_step\n"


def stamp(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).strftime("%Y-%m-%d %H:%M:%S")


def keys(plan: dict[str, Any]) -> list[str]:
    return sorted(change["key"] for change in plan["changes"])


def test_targets_select_by_key_and_by_pattern(world: World) -> None:
    for key in ("a/one", "a/two", "b/one", "a[x]"):
        name = "x" if key == "a[x]" else key
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    assert keys(world.plan("--target", "a/one")) == ["a/one"]
    assert keys(world.plan("--target", "a/*")) == ["a/one", "a/two"]
    assert keys(world.plan("--target", "?/one", "--target", "x")) == ["a/one", "b/one", "x"]
    for missing in ("c", "[ab]/one", "A/one"):
        assert "no such key" in world.run("plan", "--target", missing, status=64).err
    world.apply("--target", "*/one")
    assert sorted(world.campaigns()) == ["a/one", "b/one"]


def test_a_target_leaves_everything_else_alone(world: World) -> None:
    for name in ("gone", "kept"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    world.remove("gone.yaml")
    world.write("kept.yaml", sms("kept", scheduled_time=FAR, description="new"))
    world.apply("--target", "kept")
    assert {c["live"]["status"] for c in world.control.campaigns()} == {"scheduled"}
    world.run("destroy", "--auto-approve", "--target", "gone", status=0)
    world.assert_settled()


def test_a_plan_says_the_same_with_a_cache_and_without(world: World) -> None:
    for name in ("one", "two"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    world.write("two.yaml", sms("zwei", scheduled_time=FAR))
    world.remove("one.yaml")
    cached, fresh = world.run("plan", "--full"), world.run("--no-cache", "plan", "--full")
    assert (cached.out, cached.status) == (fresh.out, fresh.status)
    assert "zwei" in cached.out
    (database,) = Path(world.env()["XDG_CACHE_HOME"]).rglob("*.sqlite3")
    database.unlink()
    world.run("--no-cache", "plan", status=0)
    assert not database.exists()


def test_a_plan_from_the_state_says_the_same_after_others_and_without_them(world: World) -> None:
    """Edits, a halt, an apply: what earlier plans left alone is looked at where something speaks for it."""

    def same(*options: str) -> str:
        plan = ("plan", "--no-refresh", "--full", *options)
        world.run(*plan)
        cached, fresh = world.run(*plan), world.run("--no-cache", *plan)
        assert (cached.out, cached.status) == (fresh.out, fresh.status)
        return cached.out

    for name in ("one", "two", "three"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    assert "No changes" in same()
    world.write("two.yaml", sms("zwei", scheduled_time=FAR))
    assert "1 to update; 2 unchanged" in same()
    assert "1 to replace" in same("--replace", "one", "--target", "one")
    world.write("one.yaml", with_lifecycle(sms("one", scheduled_time=FAR), phase="paused"))
    assert "1 to pause" in same()
    world.run("halt", "three", "--reason", "stop", status=0)
    assert "halted" in same()
    world.apply()
    same()
    world.remove("two.yaml")
    assert "1 to cancel" in same()


def test_a_sent_campaign_is_replaced_as_a_deliberate_second_send(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    (blocked,) = world.plan("--replace", "now", status=1)["blocked"]
    assert blocked["hint"] == "campaignctl apply --replace now --override resend"
    again = ("--replace", "now", "--override", "resend")
    (change,) = world.plan(*again)["changes"]
    assert change["action"] == "replace"
    assert "second send" in change["warnings"][0]
    world.apply(*again)
    assert world.sends() == ["Now", "Now"]
    world.assert_settled()
    assert "no such key" in world.run("plan", "--replace", "never", status=64).err


def test_a_replaced_draft_is_left_behind_and_named(world: World, golden: Golden) -> None:
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    old = world.campaigns()["Draft"]["id"]
    world.write("draft.yaml", sms("Second", is_draft=True))
    golden("draft left behind", world.plan("--replace", "draft")["changes"][0]["warnings"][0], old=old)
    world.apply("--replace", "draft")
    assert sorted(world.campaigns()) == ["Draft", "Second"]
    assert [(r["id"], r["status"]) for r in world.state["released"]] == [(old, "draft")]
    world.assert_settled()


def test_refresh_only_records_drift_and_writes_nothing(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="ours"))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], description="theirs")
    world.write("new.yaml", sms("New", is_draft=True))
    mark = world.mark()
    assert world.run("plan", "--refresh-only", "--detailed-exitcode", status=2).out
    (note,) = world.apply("--refresh-only").json["notes"]
    golden("drift on record", note)
    assert world.writes(mark) == []
    assert world.state["campaigns"]["far"]["applied"]["description"] == "theirs"
    world.remove("new.yaml")
    (change,) = world.plan()["changes"]
    assert change["diff"] == [{"path": "description", "before": "theirs", "after": "ours"}]


def test_without_a_refresh_drift_is_not_seen(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], name="Renamed")
    mark = world.mark()
    assert world.plan("--no-refresh")["changes"] == []
    assert world.requests(after=mark) == []
    world.apply("--no-refresh")
    assert world.writes(mark) == []
    assert keys(world.plan()) == ["far"]


def test_exit_statuses_of_a_plan(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.run("plan", status=0)
    world.run("plan", "--detailed-exitcode", status=2)
    world.apply()
    world.run("plan", "--detailed-exitcode", status=0)
    world.write("late.yaml", sms("Late", scheduled_time="2020-01-01 10:00:00"))
    world.run("plan", "--detailed-exitcode", status=1)
    world.write("broken.yaml", "spec: {nmae: x}\n")
    world.run("plan", "--detailed-exitcode", status=1)
    world.run("plan", "--detailed-exitcod", status=64)


@pytest.mark.parametrize("parallelism", ["1", "16"])
def test_parallelism_limits_concurrent_requests(world: World, parallelism: str) -> None:
    for number in range(7):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 9}, {"kind": "delay", "seconds": 0.2, "when": "before"})
    world.apply("--parallelism", parallelism)
    times = [request["real_time"] for request in world.requests("POST")]
    # The first create of an account goes alone.
    spread = max(times[1:]) - min(times[1:])
    assert (spread > 0.9) if parallelism == "1" else (spread < 0.8)
    world.assert_settled()
    for wrong in ("0", "x", "101"):
        world.run("apply", "--parallelism", wrong, status=64)


def test_the_destroy_guardrail_is_lifted_only_by_its_name(world: World) -> None:
    for number in range(3):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR))
    world.apply()
    for number in range(3):
        world.remove(f"c{number}.yaml")
    assert world.plan(status=1)["objections"][0]["guardrail"] == "max_destroy_percent"
    world.apply("--override", "max_immediate_sends", status=1)
    assert len(world.campaigns()) == 3
    world.apply("--override", "max_destroy_percent")
    assert world.campaigns() == {}
    assert "Did you mean" in world.run("plan", "--override", "max_destroy_percentage", status=64).err


def test_a_destroy_of_a_declared_campaign_says_that_it_comes_back(world: World) -> None:
    for name in "ab":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR, description=name))
    world.apply()
    (note,) = world.run("destroy", "--target", "a", "--auto-approve", "--format", "json", status=0).json[
        "notes"
    ]
    assert note.startswith("a: still declared, so the next apply creates it again")
    world.write("a.yaml", with_lifecycle(sms("A", scheduled_time=FAR, description="a"), phase="canceled"))
    assert "phase: canceled" in note
    assert world.plan()["changes"] == []


def test_the_lead_time_guardrail_is_lifted_by_its_name(world: World) -> None:
    world.write("soon.yaml", sms("Soon", scheduled_time=stamp(minutes=5)))
    objection = world.plan(status=1)["objections"][0]
    assert (objection["guardrail"], objection["keys"]) == ("min_lead_time", ["soon"])
    assert world.apply(status=1).json["result"] == "refused"
    world.apply("--override", "min_lead_time")
    assert list(world.campaigns()) == ["Soon"]


def test_the_age_guardrail_is_lifted_by_its_name(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "guardrails: {max_plan_age: 1s}\n")
    world.write("now.yaml", sms("Now", run_immediately=True))
    path = str(world.folder.parent / "plan.json")
    assert world.plan("-o", path, "--override", "max_plan_age")["valid_until"] is None
    time.sleep(1.1)
    world.run("apply", path, status=0)
    assert world.sends() == ["Now"]


def test_a_resend_is_blocked_until_it_is_named(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.write("same.yaml", sms("Now", run_immediately=True))
    blocked = world.plan(status=1)["blocked"][0]
    assert blocked["hint"] == "campaignctl apply --target same --override resend"
    world.apply("--target", "same", "--override", "resend")
    assert len(world.control.sends()) == 2
    assert world.plan()["changes"] == []


def test_an_unknown_status_is_blocked_until_it_is_named(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], effective_status="halted_by_ops")
    assert world.plan()["changes"] == []
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="new"))
    blocked = world.plan(status=1)["blocked"][0]
    assert "halted_by_ops" in blocked["reason"]
    assert blocked["hint"] == "campaignctl apply --target far --override unknown_status"
    world.apply("--override", "unknown_status")
    world.assert_settled()


def test_environments_have_their_own_state_and_variables(world: World, golden: Golden) -> None:
    environments = """
    variables: {brand: none, sender: "1996"}
    default_environment: staging
    environments:
      staging: {variables: {brand: Trial}}
      live: {variables: {brand: Real}, guardrails: {max_immediate_sends: 0}}
    """
    world.write("campaignctl.yaml", PROJECT + environments.replace("\n    ", "\n"))
    world.write("now.yaml", sms("${var.brand}", run_immediately=True))
    world.apply()
    assert world.sends() == ["Trial"]
    world.environ = {"CAMPAIGNCTL_ENV": "live"}
    world.run("state", "init", status=0)
    assert world.apply(status=1).json["result"] == "refused"
    world.apply("--override", "max_immediate_sends")
    assert world.sends() == ["Trial", "Real"]
    live, staging = world.state_at(".campaignctl/live.json"), world.state_at(".campaignctl/staging.json")
    assert (live["environment"], staging["environment"]) == ("live", "staging")
    assert live["campaigns"]["now"]["id"] != staging["campaigns"]["now"]["id"]
    assert world.plan()["changes"] == [], "markers of another environment are not ours"
    world.environ = {"CAMPAIGNCTL_ENV": "lvie"}
    golden("environment is missing", world.run("plan", status=64).err)


def test_two_step_creates_arm_in_the_second_step(world: World) -> None:
    world.write("campaignctl.yaml", TWO_STEP)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    create, arm = world.writes()
    assert (create[0], "run_immediately" in create[2]) == ("POST", False)
    assert (arm[0], arm[2]) == ("PATCH", {"run_immediately": True})
    assert world.sends() == ["Now"]
    world.assert_settled()


@pytest.mark.parametrize(("kind", "sent"), [("lost_answer", 1), ("drop", 0)])
def test_a_lost_answer_of_the_arming_patch_is_read_and_never_repeated_blindly(
    world: World, kind: str, sent: int
) -> None:
    world.write("campaignctl.yaml", TWO_STEP)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.control.fault({"method": "PATCH", "times": 1}, {"kind": kind})
    first = world.run("apply", "--auto-approve", "--format", "json")
    assert len(world.requests("PATCH")) == 1
    assert len(world.control.sends()) == sent
    assert first.outcomes() == {"now": "done" if sent else "unknown"}
    if not sent:
        world.apply(status=1)
        assert world.sends() == []
        world.run("state", "resolve", "now", "--retry", status=0)
        world.apply()
    assert len(world.requests("POST")) == 1
    assert world.sends() == ["Now"]
    world.assert_settled()


def test_a_kill_between_the_two_steps_sends_once(world: World) -> None:
    """The dead process's PATCH may still arrive: the run waits for it and does not send a second one."""
    world.write("campaignctl.yaml", TWO_STEP)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.control.fault({"method": "PATCH", "times": 1}, {"kind": "delay", "seconds": 0.8, "when": "before"})
    process = world.start("apply", "--auto-approve")
    # Once it has left: no read can prove of one that never left that it will not arrive.
    while not world.control.faults()[0]["used"]:
        assert process.poll() is None
        time.sleep(0.01)
    kill(process)
    assert world.sends() == []

    world.apply()
    assert world.sends() == ["Now"]
    assert [method for method, _, _ in world.writes()] == ["POST", "PATCH"]
    world.assert_settled()


def recorded(world: World) -> list[str]:
    if not (world.folder / ".campaignctl" / "state.json").exists():
        return []
    return list(world.state["campaigns"])


def test_without_markers_nothing_of_ours_is_in_a_request(world: World) -> None:
    world.write("campaignctl.yaml", QUICK + "  markers: off\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"mine": "1"}))
    world.apply()
    assert world.writes()[0][2]["metadata"] == {"mine": "1"}
    assert world.state["account"]["markers"] is False
    world.assert_settled()
    world.write("new.yaml", sms("New", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    world.apply(status=1)
    world.apply(status=1)
    assert sorted(world.campaigns()) == ["Far", "New"]


def test_a_protected_campaign_is_not_destroyed(world: World) -> None:
    world.write("far.yaml", with_lifecycle(sms("Far", scheduled_time=FAR), prevent_destroy=True))
    world.write("kept.yaml", with_lifecycle(sms("Kept", scheduled_time=FAR), on_destroy="forget"))
    world.apply()
    blocked = world.plan("--destroy", status=1)["blocked"]
    assert [(b["key"], "prevent_destroy" in b["hint"]) for b in blocked] == [("far", True)]
    world.remove("far.yaml")
    world.remove("kept.yaml")
    mark = world.mark()
    assert world.apply(status=1).actions() == {"kept": "forget"}
    assert world.writes(mark) == []
    assert sorted(world.campaigns()) == ["Far", "Kept"]

    world.write("far.yaml", with_lifecycle(sms("Far", scheduled_time=FAR), prevent_destroy=False))
    world.apply()
    world.remove("far.yaml")
    assert world.apply().actions() == {"far": "cancel"}


def test_the_lead_time_is_checked_again_before_each_request(world: World, golden: Golden) -> None:
    """A slow request makes the next one too late, though the plan was in time."""
    world.write("campaignctl.yaml", PROJECT.replace("2s", "30s") + "guardrails: {min_lead_time: 1m}\n")
    world.write("a.yaml", sms("A", is_draft=True))
    world.apply()
    world.write("a.yaml", sms("A", is_draft=True, description="slow"))
    world.control.fault({"method": "PATCH"}, {"kind": "delay", "seconds": 6.0, "when": "after"})
    mark = world.mark()
    # A few seconds more than the lead time are enough to plan, and have passed after the slow request.
    world.write("b.yaml", sms("B", scheduled_time=stamp(minutes=1, seconds=6)))
    done = world.apply(status=1)
    results = {change["key"]: change for change in done.json["changes"]}
    assert results["a"]["outcome"] == "done"
    assert results["b"]["outcome"] == "failed"
    golden("lead time", results["b"]["error"]["summary"])
    assert "--override min_lead_time" in results["b"]["error"]["hint"]
    assert [method for method, _, _ in world.writes(mark)] == ["PATCH"]
    assert world.state["pending"] == {}
