"""`apply --reviewed`: a fresh plan, of which only reviewed changes are applied."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from campaignctl.plan import codec
from tests.e2e.harness import PROJECT, Run, World, sms, weekly
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def review(world: World, name: str = "plan.json", *options: str, status: int | None = 0) -> Path:
    path = world.folder.parent / name
    world.run("plan", "-o", str(path), *options, status=status)
    return path


def apply_reviewed(world: World, *plans: Path, status: int) -> Run:
    named = [word for plan in plans for word in ("--reviewed", str(plan))]
    return world.run("apply", *named, "--format", "json", status=status)


def aged(path: Path) -> None:
    """The same plan, long expired, with what it sends at once."""
    plan, over = codec.decode(path.read_text()), datetime(2026, 1, 1, tzinfo=UTC)
    changes = (replace(one, valid_until=over) if one.sends_at_once else one for one in plan.changes)
    path.write_text(codec.dumps(replace(plan, valid_until=over, changes=tuple(changes))))


def test_reviewed_changes_are_applied_without_a_question(world: World) -> None:
    for name in ("gone", "edited"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    world.remove("gone.yaml")
    world.write("edited.yaml", sms("edited", scheduled_time=FAR, description="new"))
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.write("weekly.yaml", sms("weekly", recurrence={"cron": weekly()}))
    plan = review(world)
    # Another branch was merged and applied meanwhile: the serial, the commit and every intent id differ.
    world.write("draft.yaml", sms("draft", is_draft=True))
    world.apply("--target", "draft")

    done = apply_reviewed(world, plan, status=0)

    assert done.outcomes() == dict.fromkeys(("gone", "edited", "far", "weekly"), "done")
    world.assert_settled()


def test_changes_of_no_reviewed_plan_are_listed_and_left_alone(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    world.write("other.yaml", sms("other", scheduled_time=FAR))
    mark = world.mark()

    done = apply_reviewed(world, plan, status=1)

    assert done.outcomes() == {"far": "done"}
    assert [body["name"] for _, _, body in world.writes(mark)] == ["far"]
    assert "other" in done.err
    golden("create not reviewed", done.json["blocked"][0]["reason"])


def test_a_body_that_was_edited_after_the_review_is_not_sent(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    world.write("far.yaml", sms("far", scheduled_time=FAR, description="slipped in"))

    done = apply_reviewed(world, plan, status=1)

    assert done.outcomes() == {}
    golden("body not reviewed", done.json["blocked"][0]["reason"])
    assert world.writes() == []


@pytest.mark.parametrize(
    "later",
    [
        {"scheduled_time": "2036-03-22 11:00:00"},
        {"run_immediately": True},
        {"scheduled_time": FAR, "targeting": {"countries": {"items": ["DE"], "op": "in"}}},
    ],
    ids=["another time", "at once", "another audience"],
)
def test_another_time_or_audience_is_another_change(world: World, later: dict[str, Any]) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    world.write("far.yaml", sms("far", **later))
    assert apply_reviewed(world, plan, status=1).outcomes() == {}
    assert world.writes() == []


def test_unreviewed_drift_is_not_corrected(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR, description="ours"))
    world.apply()
    world.write("new.yaml", sms("new", scheduled_time=FAR))
    plan = review(world)
    campaign = world.campaigns()["far"]["id"]
    world.control.edit(campaign, description="from the dashboard")
    mark = world.mark()

    done = apply_reviewed(world, plan, status=1)

    assert done.outcomes() == {"new": "done"}
    assert [method for method, _, _ in world.writes(mark)] == ["POST"]
    golden("update not reviewed", done.json["blocked"][0]["reason"])


def test_a_change_that_is_already_applied_is_accepted(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    apply_reviewed(world, plan, status=0)
    mark = world.mark()
    assert apply_reviewed(world, plan, status=0).outcomes() == {}
    assert world.writes(mark) == []


def test_two_merges_in_one_run_need_both_plans(world: World) -> None:
    world.write("first.yaml", sms("first", scheduled_time=FAR))
    first = review(world, "first.json")
    world.remove("first.yaml")
    world.write("second.yaml", sms("second", scheduled_time=FAR))
    second = review(world, "second.json")
    world.write("first.yaml", sms("first", scheduled_time=FAR))

    assert apply_reviewed(world, first, second, status=0).outcomes() == {"first": "done", "second": "done"}


def test_two_edits_of_one_campaign_are_applied_merge_by_merge(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("far", scheduled_time=FAR, description="one"))
    first = review(world, "first.json")
    world.write("far.yaml", sms("far", scheduled_time=FAR, labels=["two"]))
    second = review(world, "second.json")

    world.write("far.yaml", sms("far", scheduled_time=FAR, description="one", labels=["two"]))
    both = apply_reviewed(world, first, second, status=1)
    assert both.outcomes() == {}, "the combined change was not reviewed"

    world.write("far.yaml", sms("far", scheduled_time=FAR, description="one"))
    assert apply_reviewed(world, first, status=0).outcomes() == {"far": "done"}
    world.write("far.yaml", sms("far", scheduled_time=FAR, description="one", labels=["two"]))
    assert apply_reviewed(world, first, second, status=0).outcomes() == {"far": "done"}


def test_a_review_of_an_immediate_send_expires_with_its_plan(world: World, golden: Golden) -> None:
    world.write("now.yaml", sms("now", run_immediately=True))
    plan = review(world)
    aged(plan)
    done = apply_reviewed(world, plan, status=1)
    assert done.outcomes() == {}
    golden("expired", done.json["blocked"][0]["reason"])
    assert world.sends() == []
    done = world.run(
        "apply", "--reviewed", str(plan), "--override", "max_plan_age", "--format", "json", status=0
    )
    assert done.outcomes() == {"now": "done"}


def test_a_scheduled_campaign_may_wait_for_its_merge(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    aged(plan)
    assert apply_reviewed(world, plan, status=0).outcomes() == {"far": "done"}


def test_a_reviewed_plan_of_another_environment_is_refused(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {staging: {}, production: {}}\n")
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    path = world.folder.parent / "plan.json"
    world.run("-e", "staging", "plan", "-o", str(path), status=0)
    done = world.run("-e", "production", "apply", "--reviewed", str(path), "--format", "json", status=1)
    golden("another environment", done.json["error"]["summary"])
    assert world.writes() == []


def test_a_damaged_reviewed_plan_is_refused(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = review(world)
    document = json.loads(plan.read_text())
    document["changes"][0]["key"] = "another"
    plan.write_text(json.dumps(document))
    done = apply_reviewed(world, plan, status=1)
    assert "damaged" in done.json["error"]["summary"]
    assert world.writes() == []


def test_an_empty_name_is_not_the_folder_of_work(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.run("plan", "-o", str(world.folder / "mine.json"), status=0)
    refused = world.run("apply", "--reviewed", "", status=64)
    assert "--reviewed names no file" in refused.err
    assert world.writes() == []


def test_a_saved_plan_and_a_reviewed_one_cannot_be_combined(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plan = str(review(world))
    world.run("apply", plan, "--reviewed", plan, status=64)
