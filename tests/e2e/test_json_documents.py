"""The JSON documents have exactly the fields that docs/command-line.md lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"
PROOFS = "proofs: {team: {targeting: {custom_properties: {seed: {items: [team], op: in}}}}}\n"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")


def described(heading: str) -> set[str]:
    """The fields in the first column of the first table below a heading."""
    below = PAGE.partition(f"# {heading}\n")[2]
    table = re.search(r"^\| field \|.*\n\|.*\n((?:\|.*\n)+)", below, re.MULTILINE)
    assert table, heading
    return {name for row in table[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.fixture
def changing(world: World) -> World:
    """One applied campaign that is edited on both sides, and one that is only declared."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], name="By hand")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="new"))
    world.write("new.yaml", sms("New", scheduled_time=FAR))
    return world


def test_the_plan_and_its_changes(changing: World) -> None:
    plan = changing.plan()
    assert set(plan) == described("Plan")
    assert {name for change in plan["changes"] for name in change} == described("Change")
    assert set(plan["drift"][0]) == {"key", "id", "diff", "corrected", "at", "unmanaged", "reason", "once"}
    assert {"request", "requests"} <= set(plan["changes"][0])


def test_the_outcome(changing: World) -> None:
    changing.control.fault({"method": "POST"}, {"kind": "status", "status": 400})
    outcome = changing.apply(status=1).json
    assert set(outcome) | {"error"} == described("Outcome")
    assert set(outcome["changes"][0]) == {
        "key",
        "action",
        "id",
        "outcome",
        "error",
        "warnings",
        "unconfirmed",
    }
    (failed,) = (change["error"] for change in outcome["changes"] if change["error"])
    assert set(failed) == {"summary", "detail", "hint", "trace_id"}


def test_a_refused_apply_and_its_error(changing: World) -> None:
    changing.write("campaignctl.yaml", PROJECT + 'account: {company_id: "1"}\n')
    refused = changing.apply(status=1).json
    assert set(refused) | {"notes"} == described("Outcome")
    assert (refused["lineage"], refused["serial"]) == (changing.state["lineage"], changing.state["serial"])
    assert set(refused["error"]) == described("Error")


def test_the_status_and_its_campaigns(changing: World) -> None:
    status = changing.run("status", "--format", "json", status=0).json
    assert set(status) == described("Status")
    far, new = status["campaigns"]
    assert set(far) == set(new) == described("Campaign in the status")
    assert (far["status"], far["read"], far["declared"]) == ("scheduled", True, True)
    assert [(field["path"], field["after"]) for field in far["drift"]] == [("name", "By hand")]
    assert (new["status"], new["read"], new["id"]) == ("not created", False, None)


def test_the_status_since_a_time(changing: World) -> None:
    found = changing.run("status", "--since", "7d", "--format", "json", status=0).json
    assert set(found) == described("Status since a time")
    assert set(found["drift"][0]) == described("Campaign in the status")


def test_the_calendar(changing: World) -> None:
    found = changing.run("calendar", "--days", "366", "--format", "json", status=0).json
    assert set(found) == described("Calendar")
    assert {name for one in found["campaigns"] for name in one} == described("Campaign in the calendar")
    changing.write("soon.yaml", sms("Soon", recurrence={"cron": "0 10 * * *"}))
    soon = changing.run("calendar", "--format", "json", status=0).json["sends"][0]
    assert set(soon) == described("Send in the calendar")


def test_the_state(changing: World) -> None:
    shown = set(changing.run("show", "--format", "json", status=0).json)
    # These are absent where they say nothing.
    assert shown | {"dropped", "foreign", "proofs", "archives"} == described("State")


def test_a_proof(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + PROOFS)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    found = world.run("proof", "far", "--format", "json", status=0).json
    assert set(found) == described("Proof")
    assert set(found["proofs"][0]) == {"message", "lang", "outcome", "digest", "body", "id", "error"}
    (proof,) = world.run("show", "--format", "json", status=0).json["proofs"]
    assert (proof["phase"], proof["id"]) == ("sent", found["proofs"][0]["id"])


def test_an_archive(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.control.advance(60)
    world.apply()
    found = world.run("archive", "--format", "json", status=0).json
    assert set(found) == described("Archive")
    assert set(found["campaigns"][0]) == {"key", "id", "status", "ended", "file"}
    (entry,) = world.run("show", "--format", "json", status=0).json["released"]
    assert entry["archived"]


def test_an_incomplete_apply_lists_the_other_changes(world: World) -> None:
    world.write("late.yaml", sms("Late", scheduled_time="2020-03-22 10:00:00"))
    outcome = world.apply(status=1).json
    assert (outcome["result"], [left["key"] for left in outcome["blocked"]]) == ("incomplete", ["late"])
    assert set(outcome["blocked"][0]) == {
        "key",
        "id",
        "status",
        "reason",
        "hint",
        "diff",
        "unmanaged",
        "before",
    }


def test_an_apply_stopped_by_a_guardrail_names_it(world: World) -> None:
    for name in ("a", "b", "c"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    outcome = world.run("destroy", "--auto-approve", "--format", "json", status=1).json
    (objection,) = outcome["objections"]
    assert (objection["guardrail"], objection["keys"]) == ("max_destroy_percent", ["a", "b", "c"])
