"""An API that is slow, away or refuses: clocks, rate limits, failed reads, redirects, expired tokens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"
QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s\n  rate_limit: {per_second: 1000, per_minute: 10000}")


@pytest.mark.parametrize("skew", [-300, 300])
def test_a_clock_that_is_minutes_wrong_is_corrected_by_the_servers(world: World, skew: int) -> None:
    world.control.switch(date_skew=skew)
    soon = datetime.now(UTC) + timedelta(minutes=12)
    world.write("soon.yaml", sms("Soon", scheduled_time=f"{soon:%Y-%m-%d %H:%M:%S}"))
    plan = world.plan(status=int(skew > 0))
    assert ["the API's time counts" in note for note in plan["notes"]] == [True]
    assert [one["guardrail"] for one in plan["objections"]] == (["min_lead_time"] if skew > 0 else [])
    done = world.run("apply", "--auto-approve", status=int(skew > 0))
    assert "the API's time counts" in done.err
    assert len(world.control.campaigns()) == int(skew < 0)


@pytest.mark.parametrize("retry_after", [1, -1, None])
def test_a_rate_limit_is_waited_for(world: World, retry_after: int | None) -> None:
    fault: dict[str, Any] = {"kind": "rate_limit"}
    if retry_after is not None:
        fault["retry_after"] = retry_after
    world.control.fault({"method": "POST", "times": 2}, fault)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    assert [r["status"] for r in world.requests("POST")].count(429) == 2
    assert sorted(world.campaigns()) == ["Far", "Now"]
    assert world.sends() == ["Now"]


def test_too_many_concurrent_requests_reduce_the_parallelism(world: World) -> None:
    world.control.switch(parallel_cap=2)
    for number in range(8):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR))
    world.apply("--parallelism", "16")
    assert len(world.campaigns()) == 8


def test_failed_reads_are_repeated_and_finally_stop_the_run(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "GET", "times": 2}, {"kind": "status", "status": 500})
    world.apply()
    world.write("more.yaml", sms("More", scheduled_time=FAR))
    world.control.fault({"method": "GET", "times": 9}, {"kind": "status", "status": 503})
    mark = world.mark()
    failed = world.run("plan", status=1)
    assert "503" in failed.err
    world.control.clear_faults()
    world.control.fault({"method": "GET", "times": 9}, {"kind": "status", "status": 500})
    world.run("apply", "--auto-approve", status=1)
    assert world.writes(mark) == []
    world.control.clear_faults()
    world.apply()
    world.assert_settled()


def test_a_redirected_write_is_not_followed_and_settled(world: World) -> None:
    world.write("campaignctl.yaml", QUICK)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    elsewhere = {"kind": "redirect", "location": f"{world.url}/v1/hood/elsewhere"}
    world.control.fault({"method": "POST", "body": '"Far"', "times": 1}, elsewhere)
    world.apply(status=1)
    world.apply()
    assert sorted(world.campaigns()) == ["Draft", "Far"]
    assert not [r for r in world.requests() if "elsewhere" in r["path"]]
    world.assert_settled()


def test_a_token_that_expires_halfway_leaves_no_unknown_outcome(world: World) -> None:
    world.write("draft.yaml", sms("Draft", is_draft=True))
    for number in range(3):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR))
    world.control.fault({"method": "POST", "skip": 2, "times": 9}, {"kind": "status", "status": 401})
    failed = world.apply("--parallelism", "1", status=1)
    outcomes = list(failed.outcomes().values())
    assert outcomes.count("done") == 2
    assert "unknown" not in outcomes
    error = next(change["error"] for change in failed.json["changes"] if change["error"])
    assert "OCAMBA_TOKEN" in error["hint"]
    assert len([r for r in world.requests("POST") if r["status"] == 401]) == 1, "one refusal says it for all"
    assert world.state["pending"] == {}
    world.control.clear_faults()
    started = time.monotonic()
    world.apply()
    assert time.monotonic() - started < 10
    world.assert_settled()
    assert len(world.campaigns()) == 4
