"""Settings are part of the plan: shown, reviewed, recorded."""

from __future__ import annotations

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"
LOOSE = PROJECT + "guardrails: {max_immediate_sends: 9999}\n"


def test_a_raised_guardrail_is_shown_reviewed_and_recorded_once(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    world.write("campaignctl.yaml", LOOSE)
    shown = {"path": "guardrails.max_immediate_sends", "before": 3, "after": 9999, "loosens": True}

    plan = world.folder.parent / "plan.json"
    text = world.run("plan", "--detailed-exitcode", "-o", str(plan), status=2).out
    assert "guardrails.max_immediate_sends [loosens]: 3 -> 9999" in text
    assert "No changes to campaigns." in text
    assert f"at {world.url}" in text
    assert "; state: .campaignctl/state.json\n" in text
    document = world.plan()
    assert document["settings_changed"] == [shown]
    assert document["account"] == {"url": world.url, "company_id": "6197120"}
    assert document["state"] == ".campaignctl/state.json"
    comment = world.run("plan", "--format", "markdown", status=0).out
    assert "- **`guardrails.max_immediate_sends` loosens**: `3` → `9999`" in comment

    # Nothing is done without a plan that shows it.
    other = world.folder.parent / "other.json"
    world.write("campaignctl.yaml", PROJECT)
    world.run("plan", "-o", str(other), status=0)
    world.write("campaignctl.yaml", LOOSE)
    world.write("near.yaml", sms("near", is_draft=True))
    mark = world.mark()
    refused = world.run("apply", "--reviewed", str(other), "--format", "json", status=1).json
    assert "guardrails.max_immediate_sends" in refused["error"]["summary"]
    assert world.writes(mark) == []
    assert world.state["settings"]["guardrails.max_immediate_sends"] == 3

    world.remove("near.yaml")
    world.run("apply", "--reviewed", str(plan), status=0)
    assert world.state["settings"]["guardrails.max_immediate_sends"] == 9999
    world.run("plan", "--detailed-exitcode", status=0)
