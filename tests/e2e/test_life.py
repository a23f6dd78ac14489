"""The life of a campaign through the command line: created once, updated by its changes, ended for good."""

from __future__ import annotations

from tests.e2e.harness import World, sms

FAR = "2036-03-22 10:00:00"


def test_an_applied_change_is_not_planned_again(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("hand.yaml", sms("Hand"))

    assert world.plan()["summary"]["create"] == 4
    done = world.apply()

    assert set(done.outcomes().values()) == {"done"}
    assert sorted(world.campaigns()) == ["Draft", "Far", "Hand", "Now"]
    assert world.sends() == ["Now"]
    world.assert_settled()


def test_an_edit_sends_only_the_changed_fields(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="one", labels=["a", "b"]))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="two", labels=["b", "a"]))
    mark = world.mark()

    plan = world.plan()
    world.apply()

    (change,) = plan["changes"]
    assert change["diff"] == [{"path": "description", "before": "one", "after": "two"}]
    assert [r["body"] for r in world.requests("PATCH", mark)] == [{"description": "two"}]
    world.assert_settled()


def test_a_removed_field_is_set_to_its_default_or_to_null(world: World) -> None:
    world.write(
        "far.yaml", sms("Far", scheduled_time=FAR, description="one", send_if_profile_time_passed=True)
    )
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    mark = world.mark()
    world.apply()
    assert [r["body"] for r in world.requests("PATCH", mark)] == [
        {"description": None, "send_if_profile_time_passed": False}
    ]
    world.assert_settled()


def test_a_removed_manifest_cancels_or_forgets_its_campaign(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.remove("far.yaml")
    world.remove("draft.yaml")

    plan = world.plan()
    world.apply()

    assert {change["key"]: change["action"] for change in plan["changes"]} == {
        "far": "cancel",
        "draft": "forget",
    }
    live = {c["live"]["name"]: c["live"]["status"] for c in world.control.campaigns()}
    assert live == {"Far": "canceled", "Draft": "draft"}
    assert {entry["key"]: entry["status"] for entry in world.state["released"]} == {
        "far": "canceled",
        "draft": "draft",
    }
    world.assert_settled()


def test_leaving_draft_is_an_arming_update(world: World) -> None:
    world.write("a.yaml", sms("A", is_draft=True))
    world.apply()
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    mark = world.mark()

    (change,) = world.plan()["changes"]
    world.apply()

    assert change["arms"] is True
    assert change["request"]["body"] == {"is_draft": False, "scheduled_time": FAR}
    assert len(world.requests("PATCH", mark)) == 1
    assert world.campaigns()["A"]["live"]["status"] == "scheduled"
    world.assert_settled()


def test_nothing_returns_to_a_draft(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.write("a.yaml", sms("A", is_draft=True))
    plan = world.plan(status=1)
    assert plan["changes"] == []
    assert "draft" in plan["blocked"][0]["reason"]


def test_a_manual_campaign_is_sent_at_once_only_once(world: World) -> None:
    world.write("a.yaml", sms("A"))
    world.apply()
    world.write("a.yaml", sms("A", run_immediately=True))
    (change,) = world.plan()["changes"]
    assert (change["sends"]["when"], change["undo"], change["arms"]) == ("immediately", "never", True)
    world.apply()
    world.assert_settled()
    world.write("a.yaml", sms("A"))
    world.assert_settled()
    world.write("a.yaml", sms("A", run_immediately=True))
    world.assert_settled()
    assert world.sends() == ["A"]


def test_drift_is_shown_and_corrected(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], scheduled_time="2036-04-01 00:00:00")

    plan = world.plan()
    assert plan["drift"][0]["diff"] == [
        {"path": "scheduled_time", "before": FAR, "after": "2036-04-01 00:00:00"}
    ]
    assert plan["changes"][0]["request"]["body"] == {"scheduled_time": FAR}
    only = world.plan("--refresh-only")
    assert only["changes"] == []
    assert len(only["drift"]) == 1
    world.apply()
    world.assert_settled()


def test_ignored_changes_are_no_drift(world: World) -> None:
    import json

    manifest = json.loads(sms("Far", scheduled_time=FAR, description="ours"))
    manifest["lifecycle"] = {"ignore_changes": ["description"]}
    world.write("far.yaml", json.dumps(manifest))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], description="theirs")
    world.assert_settled()


def test_replace_cancels_confirms_and_creates(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    old = world.campaigns()["Far"]["id"]
    mark = world.mark()
    world.apply("--replace", "far")
    methods = [(r["method"], r["path"].rsplit("/", 1)[-1]) for r in world.requests(after=mark)]
    assert (
        methods.index(("POST", "cancel")) < methods.index(("GET", old)) < methods.index(("POST", "campaigns"))
    )
    assert world.campaigns()["Far"]["id"] != old
    world.assert_settled()


def test_a_sent_campaign_is_not_changed_and_not_sent_again(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.control.advance(3600)
    world.write("now.yaml", sms("Now", run_immediately=True, description="new"))
    plan = world.plan(status=1)
    assert "--replace now" in plan["blocked"][0]["hint"]

    world.remove("now.yaml")
    world.write("moved/now.yaml", sms("Now", run_immediately=True))
    plan = world.plan(status=1)
    assert [change["action"] for change in plan["changes"]] == ["forget"]
    assert "resend" in plan["blocked"][0]["hint"]
    world.apply(status=1)
    assert world.sends() == ["Now"]


def test_a_past_time_is_missed_once_and_then_quiet(world: World) -> None:
    world.write("late.yaml", sms("Late", scheduled_time="2020-01-01 10:00:00"))
    assert world.plan(status=1)["blocked"][0]["status"] == "missed"
    world.apply(status=1)
    plan = world.plan()
    assert plan["changes"] == []
    assert world.control.campaigns() == []


def test_a_guardrail_stops_the_whole_apply_until_it_is_lifted_by_name(world: World) -> None:
    for number in range(4):
        world.write(f"now{number}.yaml", sms(f"Now {number}", run_immediately=True))
    plan = world.plan(status=1)
    assert plan["objections"][0]["guardrail"] == "max_immediate_sends"
    refused = world.apply(status=1)
    assert refused.json["result"] == "refused"
    assert world.control.campaigns() == []
    world.apply("--override", "max_immediate_sends")
    assert len(world.sends()) == 4


def test_destroying_most_campaigns_needs_an_override(world: World) -> None:
    for number in range(3):
        world.write(f"c{number}.yaml", sms(f"C{number}", scheduled_time=FAR))
    world.apply()
    world.run("destroy", "--auto-approve", status=1)
    assert len(world.campaigns()) == 3
    world.run("destroy", "--auto-approve", "--override", "max_destroy_percent", status=0)
    assert world.campaigns() == {}
