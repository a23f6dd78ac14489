"""`import KEY ID`: a campaign created by hand is recorded, and nothing else happens."""

from __future__ import annotations

import json
import shlex
from typing import Any

from tests.e2e.harness import STRICT, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def body(name: str, **spec: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(sms(name, **spec))["spec"]
    return made


def made_by_hand(world: World, name: str = "theirs", **spec: Any) -> str:
    return str(world.control.create(body(name, **{"scheduled_time": FAR, **spec}))["id"])


def test_it_is_recorded_and_marked_and_nothing_else_changes(world: World, golden: Golden) -> None:
    campaign = made_by_hand(world)
    world.write("sms/taken.yaml", sms("theirs", scheduled_time=FAR))
    mark = world.mark()
    said = world.run("import", "sms/taken", campaign, status=0).out
    golden("imported", said, campaign=campaign)
    ((method, _, request),) = world.writes(mark)
    assert (method, list(request), list(request["metadata"])) == ("PATCH", ["metadata"], ["campaignctl"])
    assert world.state["campaigns"]["sms/taken"]["id"] == campaign
    world.assert_settled()


def test_every_difference_from_the_manifest_is_a_shown_update(world: World) -> None:
    campaign = made_by_hand(world, description="from the dashboard")
    world.write("taken.yaml", sms("ours", scheduled_time=FAR))
    world.run("import", "taken", campaign, status=0)
    (change,) = world.plan()["changes"]
    assert (change["action"], change["id"]) == ("update", campaign)
    assert {field["path"] for field in change["diff"]} >= {"name", "description"}
    world.apply()
    world.assert_settled()
    assert world.control.campaign(campaign)["live"]["name"] == "ours"


def test_without_a_manifest_it_is_refused_unless_it_may_be_forgotten(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", STRICT)
    campaign = made_by_hand(world)
    mark = world.mark()
    refused = world.run("import", "taken", campaign, status=1).err
    golden("no manifest", refused, campaign=campaign)
    assert world.writes(mark) == []
    assert world.state_or_none is None
    command = next(line for line in refused.splitlines() if "--forget-on-destroy" in line)
    said = world.run(*shlex.split(command)[1:], status=0).out
    golden("no manifest, to be forgotten", said, campaign=campaign)
    (change,) = world.plan()["changes"]
    assert (change["key"], change["action"]) == ("taken", "forget")
    mark = world.mark()
    world.apply()
    assert world.writes(mark) == []
    assert world.control.campaign(campaign)["live"]["status"] == "scheduled"


def test_a_recorded_campaign_is_refused(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    campaign = world.state["campaigns"]["far"]["id"]
    other = made_by_hand(world)
    golden("key is recorded", world.run("import", "far", other, status=1).err)
    refused = world.run("import", "near", campaign, status=1).err
    golden("campaign is recorded", refused, campaign=campaign)


def test_a_missing_campaign_or_one_managed_elsewhere_is_refused(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", STRICT)
    golden("no campaign", world.run("import", "a", "424242", status=1).err)
    elsewhere = made_by_hand(world, metadata={"campaignctl": f"v1 {'0' * 12} {'1' * 12} deadbeef01"})
    golden("managed elsewhere", world.run("import", "a", elsewhere, status=1).err, campaign=elsewhere)
    assert world.state_or_none is None or world.state["campaigns"] == {}


def test_an_invalid_key_is_refused(world: World, golden: Golden) -> None:
    campaign = made_by_hand(world)
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    golden("no key", world.run("import", "no key", campaign, status=1).err)
