"""The same content twice: renames, twins, foreign campaigns and second copies, one test for each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.harness import World, sms

FAR, FARTHER = "2036-03-22 10:00:00", "2036-06-22 10:00:00"
BROKEN_CANCELS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 422},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 204},
    {"kind": "drop"},
)


def said(name: str, text: str = "Hi", **spec: Any) -> str:
    """A manifest whose text does not depend on its name."""
    document = json.loads(sms(name, **spec))
    document["spec"]["messages"][0]["sms"]["content"]["en"] = text
    return json.dumps(document)


def alive(world: World) -> list[str]:
    """The names of the live campaigns that are not canceled."""
    campaigns = [each for each in world.control.campaigns() if not each["deleted"]]
    return sorted(each["live"]["name"] for each in campaigns if each["live"]["status"] != "canceled")


@pytest.mark.parametrize("fault", BROKEN_CANCELS, ids=lambda fault: str(fault.get("status", fault["kind"])))
def test_renamed_manifest_is_not_created_while_its_cancel_is_not_shown(
    world: World, fault: dict[str, Any]
) -> None:
    """Item 13: after three renames there were four copies."""
    world.write("a.yaml", said("A", scheduled_time=FAR))
    world.apply()
    before = "a"
    for name in "bcd":
        world.remove(f"{before}.yaml")
        world.write(f"{name}.yaml", said(name.upper(), scheduled_time=FAR, labels=[name]))
        world.control.fault({"method": "POST", "path": "/cancel$", "times": 99}, fault)
        held = world.apply(status=1).json
        assert alive(world) == ["A"]
        (error,) = (each["error"] for each in held["changes"] if each["key"] == name)
        assert error["summary"].endswith(
            f"held: {world.state['campaigns']['a']['id']} is not shown as canceled"
        )
        assert error["hint"] == "campaignctl apply"
        before = name
    world.control.clear_faults()
    world.apply()
    assert alive(world) == ["D"]
    world.assert_settled()


@pytest.mark.parametrize("way", ["prevent_destroy", "forget", "target", "needs_decision", "edited"])
def test_moved_file_leaves_one_campaign(world: World, way: str) -> None:
    """Item 14: the old one stays able to send, for whatever reason."""
    lifecycle = {"prevent_destroy": {"prevent_destroy": True}, "forget": {"on_destroy": "forget"}}.get(
        way, {}
    )
    document = json.loads(said("A", scheduled_time=FAR))
    world.write("a.yaml", json.dumps(document | {"lifecycle": lifecycle}))
    world.apply()
    world.remove("a.yaml")
    text = "Hi there" if way == "edited" else "Hi"
    world.write("b.yaml", said("A" if way == "edited" else "B", text, scheduled_time=FAR))
    if way == "needs_decision":
        world.control.edit(world.state["campaigns"]["a"]["id"], status="needs_decision")
    target = ("--target", "b") if way in ("target", "edited") else ()
    (block,) = (each for each in world.plan(*target, status=1)["blocked"] if each["key"] == "b")
    assert "and can still send" in block["reason"]
    world.apply(*target, status=1)
    assert alive(world) == ["A"]
    world.apply(*target, "--override", "resend", status=None)
    assert len(alive(world)) == 2


def test_moved_block_keeps_the_one_campaign(world: World) -> None:
    world.write(
        "a.yaml",
        json.dumps({"lifecycle": {"prevent_destroy": True}, **json.loads(said("A", scheduled_time=FAR))}),
    )
    world.apply()
    world.remove("a.yaml")
    world.write("b.yaml", said("A", scheduled_time=FAR))
    assert "`moved: {from: a}` in b" in world.plan(status=1)["blocked"][-1]["hint"]
    world.write("b.yaml", json.dumps({"moved": {"from": "a"}, **json.loads(said("A", scheduled_time=FAR))}))
    world.apply()
    assert alive(world) == ["A"]
    world.assert_settled()


def test_unsettled_old_one_holds_its_new_name_back(world: World) -> None:
    """Item 14: a lost create, whose manifest was then renamed."""
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("a.yaml", said("A", scheduled_time=FAR))
    world.control.fault({"method": "POST", "body": '"A"', "times": 1}, {"kind": "drop"})
    world.apply(status=1)
    world.remove("a.yaml")
    world.write("b.yaml", said("B", scheduled_time=FAR))
    reasons = {each["key"]: each["reason"] for each in world.apply(status=1).json["blocked"]}
    assert "a (id not known) has this content, is unsettled" in reasons["b"]
    assert alive(world) == ["Draft"]
    world.run("state", "resolve", "a", "--retry", status=0)
    world.apply()
    assert alive(world) == ["B", "Draft"]


def test_second_of_two_equal_campaigns_is_blocked(world: World) -> None:
    """Item 15: a matrix dimension that the body does not use, and two manifests within a day."""
    twice = json.loads(said("Twice ${matrix.team}", scheduled_time=FAR))
    world.write("twice.yaml", json.dumps({"matrix": {"team": ["x", "y"]}, **twice}))
    world.write("other.yaml", said("Other", scheduled_time="2036-03-23 10:00:00"))
    shown = world.apply(status=1).json
    assert sorted(each["key"] for each in shown["blocked"]) == ["twice[team=x]", "twice[team=y]"]
    assert alive(world) == ["Other"]
    world.apply("--target", "twice*", "--override", "resend")
    assert alive(world) == ["Other", "Twice x", "Twice y"]
    world.assert_settled()


def test_respelt_matrix_value_sends_nothing_again(world: World) -> None:
    def market(country: str) -> str:
        document = json.loads(said("Market", run_immediately=True))
        document["spec"]["targeting"] = {"countries": {"items": ["${matrix.country}"], "op": "in"}}
        return json.dumps({"matrix": {"country": [country]}, **document})

    world.write("m.yaml", market("DE"))
    world.apply()
    world.write("m.yaml", market("de"))
    (block,) = world.apply(status=1).json["blocked"]
    assert "m[country=DE]" in block["reason"]
    assert world.sends() == ["Market"]


def test_sent_campaign_under_a_new_key_with_another_label_is_not_sent_again(world: World) -> None:
    """Item 19."""
    world.write("now.yaml", said("Now", run_immediately=True))
    world.apply()
    world.remove("now.yaml")
    world.write("later/now.yaml", said("Later", run_immediately=True, labels=["spring"], description="moved"))
    (block,) = world.apply(status=1).json["blocked"]
    assert block["reason"].startswith("the same content was sent as now (")
    world.apply(status=1)
    assert world.sends() == ["Now"]
    world.apply("--target", "later/now", "--override", "resend")
    assert world.sends() == ["Now", "Later"]
