"""The life of a campaign through the command line: phases, moves, adoptions; each plan after is empty."""

from __future__ import annotations

import json

from tests.e2e.harness import World, sms
from tests.e2e.test_halt import status

FAR = "2036-03-22 10:00:00"


def declared(name: str, **around: object) -> str:
    """A manifest of a scheduled campaign, with the fields around its spec."""
    return json.dumps({**json.loads(sms(name, scheduled_time=FAR)), **around})


def phased(name: str, phase: str) -> str:
    """A manifest with a phase."""
    return declared(name, lifecycle={"phase": phase})


def test_paused_edited_and_resumed(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.write("a.yaml", phased("B", "paused"))
    mark = world.mark()
    world.apply()
    assert [method for method, _, _ in world.writes(mark)] == ["POST", "PATCH"]
    assert status(world, "B") == "paused"
    world.assert_settled()
    world.write("a.yaml", phased("B", "active"))
    mark = world.mark()
    world.apply()
    assert [body for _, _, body in world.writes(mark)] == [{"scheduled_time": FAR}]
    assert status(world, "B") == "scheduled"
    world.assert_settled()


def test_a_campaign_declared_paused_is_not_created(world: World) -> None:
    world.write("a.yaml", phased("A", "paused"))
    mark = world.mark()
    world.apply()
    assert not world.writes(mark)


def test_phase_canceled_is_final(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.write("a.yaml", phased("A", "canceled"))
    world.apply()
    assert status(world, "A") == "canceled"
    world.assert_settled()
    world.write("a.yaml", phased("A", "active"))
    (blocked,) = world.plan(status=1)["blocked"]
    assert "final" in blocked["reason"]


def test_two_manifests_that_swap_their_keys_send_nothing(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    world.write("a.yaml", declared("B", moved={"from": "b"}))
    world.write("b.yaml", declared("A", moved={"from": "a"}))
    mark = world.mark()
    assert world.apply().actions() == {"a": "move", "b": "move"}
    assert not world.writes(mark)
    world.assert_settled()


def test_a_dashboard_campaign_is_adopted_and_updated(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    campaign_id = world.campaigns()["A"]["id"]
    world.run("state", "rm", "a", status=0)
    world.remove("a.yaml")
    world.write("b.yaml", declared("B", adopt=campaign_id))
    mark = world.mark()
    done = world.apply()
    assert [change["action"] for change in done.json["changes"]] == ["adopt", "update"]
    assert [method for method, _, _ in world.writes(mark)] == ["PATCH"]
    assert world.campaigns()["B"]["id"] == campaign_id
    world.assert_settled()
