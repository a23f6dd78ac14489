"""The same content twice: renames, twins, foreign campaigns and second copies, one test for each."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, sms

FAR, FARTHER = "2036-03-22 10:00:00", "2036-06-22 10:00:00"
BROKEN_CANCELS: dict[str, dict[str, Any]] = {
    "422": {"kind": "status", "status": 422},
    "500": {"kind": "status", "status": 500},
    "204": {"kind": "status", "status": 204},
    "drop": {"kind": "drop"},
}


def said(name: str, text: str = "Hi", **spec: Any) -> str:
    """A manifest whose text does not depend on its name."""
    document = json.loads(sms(name, **spec))
    document["spec"]["messages"][0]["sms"]["content"]["en"] = text
    return json.dumps(document)


def alive(world: World) -> list[str]:
    """The names of the live campaigns that are not canceled."""
    campaigns = [each for each in world.control.campaigns() if not each["deleted"]]
    return sorted(each["live"]["name"] for each in campaigns if each["live"]["status"] != "canceled")


# Each cancel of unknown outcome is waited for, so that a second and a third one take long.
@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ("422", "bcd"),
        ("204", "bcd"),
        ("500", "b"),
        ("drop", "b"),
        pytest.param("500", "bcd", marks=pytest.mark.slow),
        pytest.param("drop", "bcd", marks=pytest.mark.slow),
    ],
)
def test_renamed_manifest_is_not_created_while_its_cancel_is_not_shown(
    world: World, fault: str, names: str
) -> None:
    """Item 13: after three renames there were four copies."""
    world.write("a.yaml", said("A", scheduled_time=FAR))
    world.apply()
    before = "a"
    for name in names:
        world.remove(f"{before}.yaml")
        world.write(f"{name}.yaml", said(name.upper(), scheduled_time=FAR, labels=[name]))
        world.control.fault({"method": "POST", "path": "/cancel$", "times": 99}, BROKEN_CANCELS[fault])
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
    assert alive(world) == [names[-1].upper()]
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
    def market(language: str) -> str:
        document = json.loads(said("Market", run_immediately=True))
        document["spec"]["targeting"] = {"languages": {"items": ["${matrix.language}"], "op": "in"}}
        return json.dumps({"matrix": {"language": [language]}, **document})

    world.write("m.yaml", market("de"))
    world.apply()
    world.write("m.yaml", market("DE"))
    (block,) = world.apply(status=1).json["blocked"]
    assert "m[language=de]" in block["reason"]
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


QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s")


def test_campaign_of_others_with_this_content_stops_a_lost_state(world: World) -> None:
    """Foreign campaigns: without markers, a lost state would send everything again."""
    world.write("campaignctl.yaml", PROJECT + "  markers: off\n")
    world.write("draft.yaml", said("Draft", "A draft", is_draft=True))
    world.write("far.yaml", said("Far", scheduled_time=FAR))
    world.write("now.yaml", said("Now", "Now", run_immediately=True))
    world.apply()
    for left in (world.folder / ".campaignctl").iterdir():
        left.unlink()
    blocked = {each["key"]: each for each in world.plan(status=1)["blocked"]}
    assert set(blocked) == {"far", "now"}
    assert f'`adopt: "{blocked["far"]["id"]}"` in far' in blocked["far"]["hint"]
    world.apply(status=1)
    assert world.sends() == ["Now"]
    assert alive(world).count("Far") == 1
    for key in blocked:
        document = json.loads((world.folder / f"{key}.yaml").read_text())
        world.write(f"{key}.yaml", json.dumps({"adopt": blocked[key]["id"], **document}))
    world.apply()
    world.assert_settled()


def test_second_copy_of_a_lost_create_is_shown_until_an_apply_cancels_it(world: World) -> None:
    """Item 11: the list lags longer than settling waits."""
    world.write("campaignctl.yaml", QUICK)
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.control.switch(list_lag=3600)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    world.apply(status=1)
    time.sleep(1.2)
    world.apply()
    assert alive(world) == ["Draft", "Far", "Far"]
    kept = world.state["campaigns"]["far"]["id"]
    world.control.advance(7200)
    (block,) = world.plan(status=1)["blocked"]
    assert block["id"] != kept
    assert (
        "is a second copy of it" in world.run("plan", "--refresh-only", "--detailed-exitcode", status=1).out
    )
    assert "is a second copy of it" in world.run("status", status=1).out
    assert "second copy" in world.apply().err
    assert world.campaigns()["Far"]["id"] == kept
    world.run("status", status=0)
    world.assert_settled()


def test_two_campaigns_of_an_open_create_are_left_to_a_person(world: World) -> None:
    """Item 5: the newer one is a clone, and the older one has been sent."""
    world.write("campaignctl.yaml", QUICK)
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.switch(list_lag=3600)
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    world.apply(status=1)
    first = world.campaigns()["Far"]["id"]
    second = world.control.clone(first, status="scheduled")["id"]
    world.control.edit(first, status="sent")
    world.control.advance(7200)
    for shown in (world.plan(status=1), world.apply(status=1).json):
        (block,) = shown["blocked"]
        created = world.control.campaign(first)["live"]["create_time"]
        assert f"{first} (created {created}, sent) and {second} (created " in block["reason"]
        assert block["hint"] == (
            f"`campaignctl state resolve far --adopt {first}` keeps that one and cancels the other; or"
            f" `campaignctl state resolve far --adopt {second}`"
        )
    other = world.control.create(json.loads(sms("Other", scheduled_time=FAR))["spec"])["id"]
    assert "does not carry the marker" in world.run("state", "resolve", "far", "--adopt", other, status=1).err
    world.run("state", "resolve", "far", "--adopt", first, status=0)
    assert world.control.campaign(second)["live"]["status"] == "canceled"
    assert world.state["campaigns"]["far"]["id"] == first
