"""Fields that no manifest sets, or sets only now: what others put there is not sent unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.harness import World, sms
from tests.e2e.unseen import AB_TEST, EVERYONE_BUT, FAR, edit, live, only, run_hint


@pytest.mark.parametrize(
    ("field", "ours", "theirs"),
    [
        ("description", "Ours", "Theirs"),
        ("targeting", EVERYONE_BUT, {"languages": {"items": ["fr"], "op": "in"}}),
        ("quiet_hours", {"from": "22:00"}, {"from": "20:00"}),
        (
            "callbacks",
            {"sms": {"on_click": ["https://a.example"]}},
            {"sms": {"on_click": ["https://b.example"]}},
        ),
        ("labels", ["ours"], ["theirs"]),
        ("deal_id", "7", "8"),
    ],
)
def test_a_field_that_is_newly_set_is_shown_against_its_live_value(
    world: World, field: str, ours: Any, theirs: Any
) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, **{field: ours}))
    world.run("plan", "-o", "plan.bin", status=0)
    world.control.edit(world.campaigns()["Far"]["id"], **{field: theirs})

    refused = world.run("apply", "plan.bin", status=1)
    assert "was changed in the account since this plan was made" in refused.err
    change = only(world.plan(), "changes")
    assert [one["path"].split("/")[0] for one in change["conflicts"]] == [field]
    assert any(one["before"] is not None for one in change["diff"])
    world.apply()
    assert live(world, "Far")[field] == ours
    world.assert_settled()


@pytest.mark.parametrize(
    "theirs",
    [
        {"recurrence": {"cron": "0 9 * * *"}},
        {"send_in_profile_time_zone": True},
        {"targeting": {"languages": {"items": ["fr"], "op": "in"}}},
        {"quiet_hours": {"from": "20:00"}},
        {"messages/0/sms/content/de": "Hallo"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_draft_that_was_changed_outside_of_the_manifests_is_not_armed(
    world: World, theirs: dict[str, Any]
) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    edit(world, "Far", theirs)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))

    blocked = only(world.plan(status=1))
    assert [one["path"] for one in blocked["unmanaged"]] == list(theirs)
    world.apply(status=1)
    assert live(world, "Far")["is_draft"] is True
    drift = only(
        world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=2).json, "drift"
    )
    assert [one["path"] for one in drift["unmanaged"]] == list(theirs)
    (row,) = world.run("status", "--format", "json", status=0).json["campaigns"]
    assert row["unmanaged"] == drift["unmanaged"]

    if "recurrence" in theirs:
        return  # With a time of its own as well, the API does not take it.
    run_hint(world, blocked["hint"])
    assert live(world, "Far")["is_draft"] is False
    world.assert_settled()


def test_an_apply_with_refresh_only_accepts_what_was_set_outside(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    edit(world, "Far", {"quiet_hours": {"from": "20:00"}})
    world.run("plan", "--refresh-only", "--detailed-exitcode", status=2)
    world.apply("--refresh-only")
    assert world.state["campaigns"]["far"]["baseline"] == {"quiet_hours": {"from": "20:00"}}
    world.run("plan", "--refresh-only", "--detailed-exitcode", status=0)


def test_a_label_that_was_set_outside_rings_no_alarm_and_is_counted(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], labels=["vip"], description="Theirs")
    done = world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=0).json
    assert any("description, labels set outside" in note for note in done["notes"])


def test_a_state_of_the_version_before_takes_its_baseline_with_the_next_apply(world: World) -> None:
    world.write("far.yaml", sms("Far", is_draft=True, scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], quiet_hours={"from": "20:00"})
    old = world.state | {"format_version": 1}
    del old["campaigns"]["far"]["baseline"]
    (world.folder / ".campaignctl/state.json").write_text(json.dumps(old), encoding="utf-8")
    assert any("seen first" in note for note in world.plan()["notes"])
    world.apply()
    assert world.state["campaigns"]["far"]["baseline"] == {"quiet_hours": {"from": "20:00"}}
    assert not world.plan()["notes"]


UNASKED: dict[str, dict[str, Any]] = {
    "draft": {"is_draft": True},
    "profile time zone": {"send_in_profile_time_zone": True},
    "targeting": {"targeting": EVERYONE_BUT},
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
}


@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
def test_what_a_create_did_not_ask_for_is_not_done_and_stays_drift(
    world: World, unasked: dict[str, Any]
) -> None:
    world.control.switch(unasked=unasked)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    (failed,) = world.apply(status=1).json["changes"]
    assert failed["outcome"] == "failed"
    assert "which was not asked for" in failed["error"]["summary"]
    # A draft sends nothing that could be halted.
    way_out = "`campaignctl plan` shows" if "is_draft" in unasked else "campaignctl halt far"
    assert failed["error"]["hint"].startswith(way_out)
    for _ in range(2):
        plan = world.run("plan", "--refresh-only", "--format", "json", "--detailed-exitcode", status=2).json
        assert [one["path"] for drift in plan["drift"] for one in drift["unmanaged"]] == list(unasked)
        assert world.plan()["drift"]
        world.apply()


@pytest.mark.parametrize(
    "theirs", [{"quiet_hours": {"from": "20:00"}}, {"messages/0/sms/content/de": "Hallo"}]
)
def test_a_winner_is_not_set_while_the_campaign_was_changed(world: World, theirs: dict[str, Any]) -> None:
    """Setting a winner sends to everyone the test did not reach."""
    message = json.loads(sms("Test"))["spec"]["messages"][0]
    spec: dict[str, Any] = {"name": "Test", "scheduled_time": FAR, "ab_test": AB_TEST}
    spec["messages"] = [{**message, "name": "one"}, {**message, "name": "two"}]
    world.write("test.yaml", json.dumps({"spec": spec}))
    world.apply()
    edit(world, "Test", theirs)
    world.control.edit(world.campaigns()["Test"]["id"], status="needs_decision")
    world.write("test.yaml", json.dumps({"spec": spec, "lifecycle": {"winner": "two"}}))
    blocked = only(world.plan(status=1))
    assert [one["path"] for one in blocked["unmanaged"]] == list(theirs)


def test_a_field_inside_metadata_that_is_removed_is_gone_from_the_account(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": {"b": "1", "c": "2"}, "d": "3"}))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": {"b": "1"}, "d": "3"}))
    assert [one["path"] for one in only(world.plan(), "changes")["diff"]] == ["metadata/a/c"]
    world.apply()
    metadata = live(world, "Far")["metadata"]
    assert {name: value for name, value in metadata.items() if name != "campaignctl"} == {
        "a": {"b": "1"},
        "d": "3",
    }
    world.assert_settled()
