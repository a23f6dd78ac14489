"""Trouble with accounts, plans and campaigns: each scene returns the printed message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from campaignctl.plan import codec
from tests.backends.git_place import git
from tests.docs.acting import (
    ENVIRONMENTS,
    FAR,
    PAST,
    blocked,
    drift,
    failed,
    far,
    objection,
    refused,
    said,
)
from tests.e2e.harness import PROJECT, TOKEN, World, sms


def no_token(world: World) -> str:
    far(world)
    world.environ = {"OCAMBA_TOKEN": ""}
    return refused(world)


def token_expired(world: World) -> str:
    far(world)
    world.control.token("another", "6197120")
    return refused(world)


def other_account(world: World) -> str:
    world.control.token(TOKEN, "6197120")
    far(world)
    world.control.token("theirs", "700")
    world.environ = {"OCAMBA_TOKEN": "theirs"}
    world.control.create(json.loads(sms("Theirs", is_draft=True))["spec"], company_id="700")
    return refused(world)


def empty_account(world: World) -> str:
    world.control.token(TOKEN, "6197120")
    far(world)
    world.control.token("theirs", "700")
    world.environ = {"OCAMBA_TOKEN": "theirs"}
    return refused(world)


def wrong_clock(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.control.switch(date_skew=600)
    return said(world, "apply", "--auto-approve", containing="clock")


def other_host(world: World) -> str:
    world.write("campaignctl.yaml", "metadata: {name: shop}\napi: {url: https://gateway.example.com}\n")
    world.environ = {"OCAMBA_API_URL": ""}
    return said(world, "plan", containing="gateway").partition("error: ")[2]


def bare_repository(world: World) -> str:
    for folder in ("objects", "refs"):
        (world.folder / folder).mkdir()
    world.write("HEAD", "ref: refs/heads/main\n")
    return refused(world, "plan")


def no_project(world: World) -> str:
    (world.folder / "campaignctl.yaml").unlink()
    return refused(world, "plan")


def no_environment(world: World) -> str:
    world.write("campaignctl.yaml", ENVIRONMENTS)
    return refused(world, "plan")


def no_terminal(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return said(world, "apply")


# A saved plan


def plan_outdated(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.run("plan", "-o", "plan.json", status=0)
    world.apply()
    return refused(world, "apply", "plan.json")


def plan_edited(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.run("plan", "-o", "plan.json", status=0)
    path = world.folder / "plan.json"
    plan = codec.decode(path.read_text("utf-8"))
    world.write("plan.json", codec.dumps(replace(plan, changes=(replace(plan.changes[0], arms=False),))))
    return refused(world, "apply", "plan.json")


_LOOSE = PROJECT + "guardrails: {max_immediate_sends: 99}\n"


def settings_not_reviewed(world: World) -> str:
    far(world)
    world.run("plan", "-o", "plan.json", status=0)
    world.write("campaignctl.yaml", _LOOSE)
    return refused(world, "apply", "--reviewed", "plan.json")


def settings_of_another_checkout(world: World) -> str:
    far(world)
    world.run("plan", "-o", "plan.json", status=0)
    world.write("campaignctl.yaml", _LOOSE)
    return refused(world, "apply", "plan.json")


def nothing_to_compare_with(world: World) -> str:
    git(world.folder, "init", "--quiet")
    return refused(world, "plan", "--against", "origin/main")


def live_changed(world: World) -> str:
    identifier = far(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, description="new"))
    world.run("plan", "-o", "plan.json", status=0)
    world.control.edit(identifier, scheduled_time="2036-04-01 10:00:00")
    return refused(world, "apply", "plan.json")


def started_by_others(world: World) -> str:
    yearly = {"recurrence": {"cron": "0 0 1 1 *"}}
    world.write("push/spring.yaml", sms("Spring", **yearly))
    world.apply()
    world.write("push/spring.yaml", sms("Spring", **yearly, description="new"))
    world.run("plan", "-o", "plan.json", status=0)
    world.control.start(world.campaigns()["Spring"]["id"])
    return refused(world, "apply", "plan.json")


# Guardrails


def many_destroyed(world: World) -> str:
    for name in ("spring", "summer", "winter"):
        world.write(f"push/{name}.yaml", sms(name.title(), scheduled_time=FAR))
    world.apply()
    return objection(world, "--destroy")


def many_immediate(world: World) -> str:
    for name in "abcd":
        world.write(f"sms/{name}.yaml", sms(name, run_immediately=True))
    return objection(world)


def too_soon(world: World) -> str:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    world.write("sms/soon.yaml", sms("Soon", scheduled_time=f"{soon:%Y-%m-%d %H:%M:%S}"))
    return objection(world)


# Campaigns


def not_as_asked(world: World) -> str:
    far(world)
    world.control.switch(patch_ignores=["scheduled_time"])
    world.write("push/spring.yaml", sms("Spring", scheduled_time="2036-04-01 10:00:00"))
    return failed(world)


def missing(world: World) -> str:
    far(world)
    far(world, "summer")
    state = world.state
    state["campaigns"]["push/spring"]["id"] = "9999999"
    world.write(".campaignctl/state.json", json.dumps(state))
    return blocked(world, "push/spring")


def odd_status(world: World) -> str:
    world.control.edit(far(world), status="archived")
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, description="new"))
    return blocked(world, "push/spring")


def comes_back(world: World) -> str:
    far(world)
    done = world.run("destroy", "--target", "push/spring", "--auto-approve", "--format", "json", status=0)
    return str(done.json["notes"][0]).partition("; ")[0]


def paused_by_others(world: World) -> str:
    world.control.edit(far(world), status="paused")
    return said(world, "plan", containing="paused")


def canceled_by_others(world: World) -> str:
    world.control.edit(far(world), status="canceled")
    return drift(world)


def sent_by_hand(world: World) -> str:
    world.control.edit(far(world), status="sent")
    return drift(world)


def run_by_others(world: World) -> str:
    world.write("push/yearly.yaml", sms("Yearly", recurrence={"cron": "0 0 1 1 *"}))
    world.apply()
    world.control.start(world.campaigns()["Yearly"]["id"])
    return drift(world)


def drafted_by_others(world: World) -> str:
    world.control.edit(far(world), status="draft")
    return drift(world)


def no_draft_again(world: World) -> str:
    far(world)
    far_again = sms("Spring", scheduled_time=FAR, is_draft=True)
    world.write("push/spring.yaml", far_again)
    return blocked(world, "push/spring")


def time_passed(world: World) -> str:
    far(world)
    spec = json.loads(sms("Spring", scheduled_time=FAR))["spec"]
    world.write("push/spring.yaml", json.dumps({"lifecycle": {"phase": "paused"}, "spec": spec}))
    world.apply()
    world.write("push/spring.yaml", sms("Spring", scheduled_time=PAST))
    return blocked(world, "push/spring")


def already_sent(world: World) -> str:
    world.control.edit(far(world), status="sent")
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, description="new"))
    return blocked(world, "push/spring")


def began(world: World) -> str:
    world.control.edit(far(world), status="running")
    spec = json.loads(sms("Spring", scheduled_time=FAR))["spec"]
    world.write("push/spring.yaml", json.dumps({"lifecycle": {"phase": "paused"}, "spec": spec}))
    world.apply()
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return blocked(world, "push/spring")


def runs_again_soon(world: World) -> str:
    now = datetime.now(UTC)
    earlier, later = now - timedelta(minutes=30), now + timedelta(minutes=90)
    ran, runs = (f"{time.minute} {time.hour} * * *" for time in (earlier, later))
    world.write("push/daily.yaml", sms("Daily", recurrence={"cron": ran}))
    world.apply()
    world.since_last_month("push/daily")
    world.write("push/daily.yaml", sms("Daily", recurrence={"cron": runs}))
    return blocked(world, "push/daily")


def sent_already(world: World) -> str:
    world.write("sms/flash.yaml", sms("Flash", run_immediately=True))
    world.apply()
    world.write(
        "sms/flash.yaml",
        json.dumps({"metadata": {"key": "sms/again"}, **json.loads(sms("Flash", run_immediately=True))}),
    )
    return blocked(world, "sms/again")


def sent_before(world: World) -> str:
    far(world)
    world.run("state", "rm", "push/spring", status=0)
    return blocked(world, "push/spring")


def canceled_for_good(world: World) -> str:
    far(world)
    spec = json.loads(sms("Spring", scheduled_time=FAR))["spec"]
    world.write("push/spring.yaml", json.dumps({"lifecycle": {"phase": "canceled"}, "spec": spec}))
    world.apply()
    world.write("push/spring.yaml", json.dumps({"spec": spec}))
    return blocked(world, "push/spring")


def running(world: World) -> str:
    world.control.edit(far(world), status="running")
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, description="new"))
    return blocked(world, "push/spring")


def protected(world: World) -> str:
    far(world)
    body = json.loads(sms("Spring", scheduled_time=FAR))
    world.write("push/spring.yaml", json.dumps({**body, "lifecycle": {"prevent_destroy": True}}))
    world.apply()
    return blocked(world, "push/spring", "--replace", "push/spring")


def not_removed(world: World) -> str:
    world.control.switch(patch_ignores=["quiet_hours"])
    far(world, quiet_hours={"from": "22:00"})
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return failed(world)


def in_a_freeze(world: World) -> str:
    world.write(
        "campaignctl.yaml",
        "metadata: {name: shop}\nguardrails: {freeze: [{scope: sends, from: 2036-03-22, to: 2036-03-22}]}\n",
    )
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return objection(world)


def time_over(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=PAST))
    return blocked(world, "push/spring")


def decision(world: World) -> str:
    body = json.loads(sms("Spring", scheduled_time=FAR))
    first = body["spec"]["messages"][0]
    body["spec"]["messages"].append({**first, "name": "n", "sms": {"content": {"en": "Hello"}}})
    body["spec"]["ab_test"] = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    }
    world.write("push/spring.yaml", json.dumps(body))
    world.apply()
    world.control.edit(world.state["campaigns"]["push/spring"]["id"], status="needs_decision")
    return str(world.plan()["notes"][0])


def both_recorded(world: World) -> str:
    far(world)
    far(world, "summer", description="other")
    spec = json.loads(sms("Summer", scheduled_time=FAR, description="other"))["spec"]
    world.remove("push/spring.yaml")
    world.write("push/summer.yaml", json.dumps({"moved": {"from": "push/spring"}, "spec": spec}))
    return blocked(world, "push/summer")


def set_outside(world: World) -> str:
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, is_draft=True))
    world.apply()
    world.control.edit(world.campaigns()["Spring"]["id"], quiet_hours={"from": "22:00"})
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return blocked(world, "push/spring")


def winner_differs(world: World) -> str:
    decision(world)
    campaign = world.campaigns()["Spring"]
    first, second = campaign["live"]["messages"]
    second = {**second, "sms": {"content": {"en": "Changed"}}}
    world.control.edit(campaign["id"], messages=[first, second])
    manifest = json.loads((world.folder / "push/spring.yaml").read_text(encoding="utf-8"))
    world.write("push/spring.yaml", json.dumps({**manifest, "lifecycle": {"winner": "n"}}))
    return blocked(world, "push/spring")


def stored_differently(world: World) -> str:
    world.control.switch(respell={"Hi from Spring": "Hi from Sp"})
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return failed(world)


def not_shown(world: World) -> str:
    world.control.switch(never_echoed=["scheduled_time"])
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    return failed(world)


def unconfirmed(world: World) -> str:
    world.control.switch(never_echoed=["deal_id"])
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, deal_id="7"))
    return said(world, "apply", "--auto-approve", containing="unconfirmed")


def lost(world: World) -> None:
    """A create without an answer that did not take effect either."""
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 300ms"))
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    world.apply(status=1)


def lost_and_changed(world: World) -> str:
    lost(world)
    world.write("push/spring.yaml", sms("Spring", scheduled_time=FAR, description="new"))
    return blocked(world, "push/spring")


def unmatched_messages(world: World) -> str:
    spec = json.loads(sms("Spring", scheduled_time=FAR))["spec"]
    del spec["messages"][0]["name"]
    lifecycle = {"ignore_changes": ["messages/0/sms/content"]}
    world.write("push/spring.yaml", json.dumps({"lifecycle": lifecycle, "spec": spec}))
    world.apply()
    extra = {
        **spec["messages"][0],
        "channel": "push",
        "push": {"title": {"en": "Hi"}, "landing_url": "https://a.example"},
    }
    del extra["sms"]
    spec["messages"] = [extra, *spec["messages"]]
    world.write("push/spring.yaml", json.dumps({"lifecycle": lifecycle, "spec": spec}))
    return blocked(world, "push/spring")
