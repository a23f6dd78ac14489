"""What others did to a campaign or to the state: drift, the alarm, and plans that cannot be made."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import PROJECT, World, sms
from tests.e2e.unseen import FAR, live, only, run_hint

ALARM = ("plan", "--refresh-only", "--detailed-exitcode")


def test_a_campaign_canceled_by_someone_else_is_drift_until_an_apply_has_recorded_it(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], status="canceled")

    said = world.run("plan", status=0).out
    assert "canceled outside of campaignctl; it sends nothing more" in said
    assert "agrees" not in said
    (note,) = world.apply().json["notes"]
    assert note == "recorded: far: canceled outside of campaignctl; it sends nothing more"
    quiet = world.plan()
    assert quiet["drift"] == []
    (note,) = quiet["notes"]
    assert note.startswith("far: canceled, and sends nothing more")
    world.apply("--replace", "far")
    assert live(world, "Far")["status"] == "scheduled"
    world.assert_settled()


@pytest.mark.parametrize("saved", [False, True], ids=["apply", "saved plan"])
@pytest.mark.parametrize("done", ["canceled", "sent", "running", "cloned", "deleted"])
def test_the_alarm_rings_for_what_nothing_undoes_until_an_apply_has_recorded_it(
    world: World, done: str, *, saved: bool
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    campaign = world.campaigns()["Far"]["id"]
    if done == "cloned":
        world.control.clone(campaign, name="Clone")
    elif done == "deleted":
        # The sandbox deletes nothing: the state names an id that is not there.
        world.control.edit(campaign, metadata=None)
        file = world.folder / ".campaignctl/state.json"
        file.write_text(json.dumps(world.state).replace(campaign, "9999999"), encoding="utf-8")
    else:
        world.control.edit(campaign, status=done)
    mark = world.mark()

    drift = world.run(*ALARM, "--format", "json", status=2).json["drift"]
    (reason,) = [one["reason"] for one in drift if one["once"]]
    assert len(world.requests(after=mark)) <= 1 + 2
    if saved:
        world.run("plan", "--refresh-only", "-o", "plan.bin", status=0)
        notes = world.run("apply", "plan.bin", "--format", "json", status=0).json["notes"]
    else:
        notes = world.apply(status=1 if done == "deleted" else 0).json["notes"]
    assert f"recorded: far: {reason}" in notes
    world.run(*ALARM, status=0)
    assert world.writes(mark) == []


def test_the_alarm_rings_for_what_can_be_undone_until_it_is(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    far, near = (world.campaigns()[name]["id"] for name in ("Far", "Near"))
    world.control.edit(far, status="paused")
    world.control.edit(near, status="draft")
    for _ in range(2):
        drift = world.run(*ALARM, "--format", "json", status=2).json["drift"]
        assert {one["key"] for one in drift if one["diff"]} == {"far", "near"}
        world.apply()
        assert {one["key"] for one in world.plan()["drift"]} == {"far", "near"}
    world.apply("--refresh-only")
    world.run(*ALARM, status=2)

    world.apply("--target", "far", "--override", "foreign_pause")
    world.write("near.yaml", sms("Near", scheduled_time=FAR, is_draft=False))
    world.apply()
    world.run(*ALARM, status=0)
    assert {live(world, name)["status"] for name in ("Far", "Near")} == {"scheduled"}
    world.assert_settled()


def test_a_targeted_apply_says_what_it_records_of_others(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("near.yaml", sms("Near", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], status="canceled")
    (note,) = world.apply("--target", "near").json["notes"]
    assert note.startswith("recorded: far: canceled outside of campaignctl")


@pytest.mark.parametrize("way_out", ["halt", "paused"])
def test_a_revert_of_what_armed_a_draft_says_when_it_still_sends_and_how_to_stop_it(
    world: World, way_out: str
) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))

    blocked = only(world.plan(status=1))
    assert blocked["reason"] == "nothing returns to a draft; it still sends on Sat 22 Mar 2036 10:00 GMT"
    if way_out == "halt":
        run_hint(world, blocked["hint"])
    else:
        assert "write `phase: paused` in far in place of `is_draft: true`" in blocked["hint"]
        document = json.loads(sms("Far", scheduled_time=FAR))
        world.write("far.yaml", json.dumps({**document, "lifecycle": {"phase": "paused"}}))
        world.apply()
        world.assert_settled()
    assert live(world, "Far")["status"] == "paused"


def test_a_plan_without_the_state_says_once_what_apply_will_say(world: World) -> None:
    names = [f"C {number}" for number in range(5)]
    for number, name in enumerate(names):
        world.write(f"c{number}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl").rename(world.folder / "lost")

    mark = world.mark()
    said = world.run("plan", status=1).out
    assert len(world.requests(after=mark)) == 1
    assert said.count("the state is behind: it does not know") == 1
    assert "(5 campaigns, held back)" in said
    plan = world.plan(status=1)
    assert plan["changes"] == []
    applied = world.apply(status=1).json
    assert applied["blocked"] == plan["blocked"]
    assert len({one["reason"] for one in plan["blocked"]}) == 1

    run_hint(world, plan["blocked"][0]["hint"])
    world.assert_settled()


def test_a_plan_without_a_state_in_a_large_account_reads_what_can_still_send(world: World) -> None:
    world.control.switch(page_cap=10)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    ours = world.campaigns()["Far"]["id"]
    body = json.loads(sms("Other"))["spec"]
    for number in range(25):
        other = world.control.create({**body, "name": f"Other {number}", "run_immediately": True})
        world.control.edit(other["id"], status="sent")
    (world.folder / ".campaignctl").rename(world.folder / "lost")
    mark = world.mark()
    assert ours in only(world.plan(status=1))["reason"]
    assert len(world.requests(after=mark)) <= 1 + 2


@pytest.mark.parametrize("broken", ["token", "account", "manifest"])
def test_a_plan_that_cannot_be_made_is_a_document(world: World, broken: str) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    if broken == "token":
        world.control.fault({"method": "GET"}, {"kind": "status", "status": 401})
    elif broken == "account":
        world.write("campaignctl.yaml", PROJECT + "account: {company_id: '1'}\n")
        world.control.create(json.loads(sms("Theirs"))["spec"])
    else:
        world.write("far.yaml", "spec: {nmae: Far}\n")
    refused = world.run("plan", "--format", "json", status=1)
    assert refused.json["error"]["summary"]
    assert "changes" not in refused.json
