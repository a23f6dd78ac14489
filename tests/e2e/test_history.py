"""`state history`: past applies, and how each ended."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import Any

import pytest

from campaignctl.plan import codec
from tests.e2e.harness import World, kill, sms, until, with_lifecycle

FAR = "2036-03-22 10:00:00"


def history(world: World) -> list[dict[str, Any]]:
    document = world.run("state", "history", "--format", "json", status=0).json
    assert document["format_version"] == 1
    entries: list[dict[str, Any]] = document["history"]
    return entries


def test_an_entry_has_time_user_changes_and_result(world: World) -> None:
    world.environ["GITHUB_ACTOR"] = "kim"
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    (entry,) = history(world)
    assert (entry["operation"], entry["who"], entry["outcome"]) == ("apply", "kim", "done")
    assert (entry["actions"], entry["outcomes"]) == ({"create": 1}, {"done": 1})
    assert entry["at"] <= entry["ended"]


def test_the_newest_entry_is_first_and_an_empty_apply_has_none(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    world.apply()
    world.remove("far.yaml")
    world.run("destroy", "--auto-approve", status=0)
    assert [(entry["operation"], entry["actions"]) for entry in history(world)] == [
        ("destroy", {"cancel": 1}),
        ("apply", {"create": 1}),
    ]


def test_a_saved_plan_is_named_by_its_digest(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    path = world.folder.parent / "plan.json"
    world.run("plan", "-o", str(path), status=0)
    world.run("apply", str(path), status=0)
    (entry,) = history(world)
    assert entry["operation"] == "apply of a saved plan"
    assert entry["plan"] == codec.digest_of(codec.decode(path.read_text()))


def test_the_commit_is_the_checked_out_one(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    git = ["git", "-C", str(world.folder), "-c", "user.name=k", "-c", "user.email=k@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    world.apply()
    assert history(world)[0]["commit"] == head.stdout.strip()


def test_a_dead_apply_is_listed(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("far", scheduled_time=FAR, labels=["new"]))
    world.control.fault({"method": "PATCH"}, {"kind": "delay", "seconds": 30})
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["seen"])
    kill(process)
    assert history(world)[0]["outcome"] == "started"
    died, ended = world.run("state", "history", status=0).out.split("\n\n")
    assert "1 update" in died
    assert "done" in ended
    assert "done" not in died


def test_a_failed_apply_is_incomplete(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.control.switch(metadata="refused")
    world.apply(status=1)
    entry = history(world)[0]
    assert entry["outcome"] == "incomplete"
    assert entry["outcomes"]["failed"] >= 1


def test_without_an_apply_there_is_no_history(world: World) -> None:
    assert history(world) == []
    assert "Nothing has been applied yet" in world.run("state", "history", status=0).err


def test_what_was_blocked_is_left_and_counts_as_not_done(world: World) -> None:
    world.write("kept.yaml", with_lifecycle(sms("kept", scheduled_time=FAR), prevent_destroy=True))
    world.apply()
    world.remove("kept.yaml")
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.run("apply", "--auto-approve", status=1)
    entry = history(world)[0]
    assert (entry["outcomes"], entry["left"]) == ({"done": 1, "blocked": 1}, ["kept"])


def test_what_was_not_selected_is_left(world: World) -> None:
    for name in ("far", "near"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.run("apply", "--auto-approve", "--target", "far", status=0)
    assert history(world)[0]["left"] == ["*"]
    world.apply()
    assert history(world)[0]["left"] == []


@pytest.mark.parametrize(("targets", "left"), [(("--target", "far"), ["*"]), ((), [])])
def test_a_saved_plan_of_selected_campaigns_is_no_whole_apply(
    world: World, targets: tuple[str, ...], left: list[str]
) -> None:
    for name in ("far", "near"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    path = str(world.folder.parent / "plan.json")
    world.run("plan", "-o", path, *targets, status=0)
    world.run("apply", path, status=0)
    assert history(world)[0]["left"] == left


def test_a_saved_plan_of_the_version_before_does_not_say_what_was_selected(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    path = world.folder.parent / "plan.json"
    world.run("plan", "-o", str(path), status=0)
    plan = json.loads(path.read_text())
    for name in ("targets", "project_id", "digest"):
        del plan[name]
    for change in plan["changes"]:
        del change["formerly"]
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    plan["digest"] = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    path.write_text(json.dumps(plan))
    world.run("apply", str(path), status=0)
    assert history(world)[0]["left"] == ["*"]


def test_an_apply_of_reviewed_plans_names_their_requests_and_who_approved_them(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plans = world.folder.parent / "plans"
    plans.mkdir()
    world.run("plan", "-o", str(plans / "12.json"), status=0)
    requests = [
        {"request": "acme/shop#12", "approved_by": "kim"},
        {"request": "acme/shop#13", "approved_by": None},
    ]
    (plans / "requests.json").write_text(json.dumps(requests))
    outcome = world.run("apply", "--reviewed", str(plans), "--format", "json", status=0).json
    assert outcome["requests"] == requests
    assert history(world)[0]["requests"] == requests
    shown = world.run("state", "history", status=0).out
    assert "  request:  acme/shop#12, approved by kim\n" in shown
    assert "  request:  acme/shop#13, merged without an approval\n" in shown


def test_an_apply_without_requests_says_none(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    assert world.apply().json["requests"] == []
    assert history(world)[0]["requests"] == []
    assert "request:" not in world.run("state", "history", status=0).out


def test_a_list_of_requests_that_is_damaged_stops_the_apply(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    plans = world.folder.parent / "plans"
    plans.mkdir()
    (plans / "requests.json").write_text('[{"number": 1}]')
    done = world.run("apply", "--reviewed", str(plans), "--format", "json", status=1)
    assert "requests.json" in done.json["error"]["summary"]
    assert done.json["requests"] == []


def test_an_apply_of_a_plan_that_was_approved_in_a_manual_run_names_who_approved_it(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    folder = world.folder.parent / "plan"
    folder.mkdir()
    world.run("plan", "-o", str(folder / "plan.json"), status=0)
    approval = [{"request": "https://github.example/acme/shop/actions/runs/7", "approved_by": "kim"}]
    (folder / "requests.json").write_text(json.dumps(approval))
    # Only a folder of a pipeline says who approved.
    (folder / "about.json").write_text("{}")
    outcome = world.run("apply", str(folder / "plan.json"), "--format", "json", status=0).json
    assert outcome["requests"] == history(world)[0]["requests"] == approval
    shown = world.run("state", "history", status=0).out
    assert "  request:  https://github.example/acme/shop/actions/runs/7, approved by kim\n" in shown


def test_a_file_next_to_a_saved_plan_of_a_laptop_says_nothing(world: World) -> None:
    world.write("far.yaml", sms("far", scheduled_time=FAR))
    world.run("plan", "-o", str(world.folder.parent / "plan.json"), status=0)
    (world.folder.parent / "requests.json").write_text("mine")
    outcome = world.run("apply", str(world.folder.parent / "plan.json"), "--format", "json", status=0).json
    assert outcome["requests"] == []
