"""A saved plan is applied exactly as it was reviewed, or not at all."""

from __future__ import annotations

import json
import shlex
import shutil
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, PROJECT_ID, TOKEN, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s")


def saved(world: World, name: str = "plan.json", *options: str, status: int = 0) -> Path:
    path = world.folder.parent / name
    world.run("plan", "-o", str(path), *options, status=status)
    return path


def apply_file(world: World, path: Path, status: int) -> dict[str, Any]:
    return world.run("apply", str(path), "--parallelism", "1", "--format", "json", status=status).json


def assert_refused(world: World, path: Path, *said: str) -> None:
    """The plan is refused in these words, with a hint, without a write, and the state is unchanged."""
    mark, before = world.mark(), state_bytes(world)
    document = apply_file(world, path, status=1)
    assert (document["result"], document["changes"]) == ("refused", [])
    state = world.state_or_none or {"lineage": None, "serial": 0}
    assert (document["lineage"], document["serial"]) == (state["lineage"], state["serial"])
    error = document["error"]
    text = " ".join((error["summary"], error["detail"]))
    assert all(words in text for words in said), text
    assert error["hint"]
    assert world.writes(mark) == []
    assert state_bytes(world) == before


def state_bytes(world: World) -> bytes | None:
    path = world.folder / ".campaignctl" / "state.json"
    return path.read_bytes() if path.exists() else None


def edited_campaign(world: World) -> Path:
    """One campaign applied, then edited, and the plan of the edit saved."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="new"))
    return saved(world)


def test_a_saved_plan_is_applied_in_order_and_completely(world: World) -> None:
    for name in ("gone", "kept", "again"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.write("loose.yaml", sms("loose", is_draft=True))
    world.apply()
    world.remove("gone.yaml")
    world.remove("loose.yaml")
    world.write("kept.yaml", sms("kept", scheduled_time=FAR, description="new"))
    world.write("draft.yaml", sms("draft", is_draft=True))
    world.write("soon.yaml", sms("soon", scheduled_time="2036-03-21 10:00:00"))
    world.write("now.yaml", sms("now", run_immediately=True))
    path = saved(world, "plan.json", "--replace", "again")
    plan = json.loads(path.read_text())
    world.write("late.yaml", sms("written after the plan", is_draft=True))
    mark = world.mark()

    done = apply_file(world, path, status=0)

    keys = [change["key"] for change in plan["changes"]]
    assert keys == ["gone", "loose", "kept", "soon", "again", "draft", "now"]
    assert [(change["key"], change["outcome"]) for change in done["changes"]] == [
        (key, "done") for key in keys
    ]
    planned = [(r["method"], r["path"], r["body"]) for c in plan["changes"] for r in c["requests"]]
    assert world.writes(mark) == planned
    assert len(planned) == 7, "a cancel, an update, a cancel and a create, and three creates"
    reads = [r["path"].rsplit("/", 1)[-1] for r in world.requests("GET", mark)]
    gone, again = plan["changes"][0]["id"], plan["changes"][4]["id"]
    kept = plan["changes"][2]["id"]
    assert reads == ["campaigns", gone, kept, again], "the opening read, and the read-back"
    world.remove("late.yaml")
    world.assert_settled()


def planned_by(path: Path) -> list[tuple[str, str, Any]]:
    """Every request of a saved plan: method, path, body."""
    changes = json.loads(path.read_text())["changes"]
    return [(r["method"], r["path"], r["body"]) for change in changes for r in change["requests"]]


def three_creates_and_an_update(world: World) -> Path:
    world.write("campaignctl.yaml", QUICK)
    world.write("kept.yaml", sms("kept", scheduled_time=FAR))
    world.apply()
    world.write("kept.yaml", sms("kept", scheduled_time=FAR, description="new"))
    for name in ("one", "two"):
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.write("now.yaml", sms("now", run_immediately=True))
    return saved(world)


@pytest.mark.parametrize("lost", ["kept", "one", "now"])
def test_a_lost_answer_adds_no_write_to_the_saved_ones(world: World, lost: str) -> None:
    path = three_creates_and_an_update(world)
    mark = world.mark()
    match = {"method": "PATCH"} if lost == "kept" else {"method": "POST", "body": f'"{lost}"'}
    world.control.fault({**match, "times": 1}, {"kind": "lost_answer"})
    apply_file(world, path, status=0)
    assert world.writes(mark) == planned_by(path)
    reads = {read["path"].rsplit("/", 1)[-1] for read in world.requests("GET", mark)}
    written = {world.campaigns()[name]["id"] for name in ("kept", lost)}
    assert reads <= {"campaigns", *written}, "opening read, settling and read-back"
    world.assert_settled()


def test_a_create_without_effect_is_sent_again_as_saved_by_a_later_run(world: World) -> None:
    path = three_creates_and_an_update(world)
    mark = world.mark()
    world.control.fault({"method": "POST", "body": '"one"', "times": 1}, {"kind": "drop"})
    apply_file(world, path, status=1)
    world.apply()
    planned = next(request for request in planned_by(path) if request[2].get("name") == "one")
    assert [write for write in world.writes(mark) if write[2].get("name") == "one"] == [planned, planned]
    world.assert_settled()


@pytest.mark.parametrize("refused", ["kept", "one", "two"])
def test_a_refusal_does_not_change_the_other_saved_requests(world: World, refused: str) -> None:
    path = three_creates_and_an_update(world)
    mark = world.mark()
    match = {"method": "PATCH"} if refused == "kept" else {"method": "POST", "body": f'"{refused}"'}
    world.control.fault({**match, "times": 1}, {"kind": "status", "status": 400})
    done = apply_file(world, path, status=1)
    outcomes = {change["key"]: change["outcome"] for change in done["changes"]}
    assert outcomes == {"kept": "done", "one": "done", "two": "done", refused: "failed", "now": "not_started"}
    assert world.writes(mark) == planned_by(path)[:-1], "immediate sends wait until the trouble is over"
    world.apply()
    assert world.sends() == ["now"]
    world.assert_settled()


def test_an_applied_plan_is_refused(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    path = saved(world)
    apply_file(world, path, status=0)
    assert_refused(world, path, "before there was a state")
    assert world.sends() == ["Now"]


def test_a_plan_is_refused_when_the_state_moved_on(world: World) -> None:
    path = edited_campaign(world)
    serial = world.state["serial"]
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply("--target", "draft")
    assert_refused(world, path, "moved on", f"serial {serial}, now {world.state['serial']}")


def test_an_observed_status_does_not_invalidate_a_plan(world: World) -> None:
    world.write("near.yaml", sms("Near", scheduled_time="2036-01-01 10:00:00"))
    path = edited_campaign(world)
    world.control.edit(world.campaigns()["Near"]["id"], status="paused")
    world.apply("--target", "near")
    assert world.state["campaigns"]["near"]["status"] == "paused"
    assert apply_file(world, path, status=0)["result"] == "done"


def test_a_plan_is_refused_over_another_lineage_or_none(world: World) -> None:
    path = edited_campaign(world)
    folder = world.folder / ".campaignctl"
    state = json.loads((folder / "state.json").read_text())
    shutil.rmtree(folder)
    assert_refused(world, path, "no longer exists")
    world.write(".campaignctl/state.json", json.dumps({**state, "lineage": "of-someone-else"}))
    assert_refused(world, path, "another state", "of-someone-else")


def test_a_plan_is_refused_when_its_campaign_changed_in_the_dashboard(world: World) -> None:
    path = edited_campaign(world)
    campaign = world.campaigns()["Far"]["id"]
    world.control.edit(campaign, name="Renamed")
    assert_refused(world, path, f"far: {campaign} was changed in the account")
    world.control.edit(campaign, name="Far", status="paused")
    assert_refused(world, path, f"far: {campaign} was changed in the account")
    world.control.edit(campaign, status="scheduled")
    assert apply_file(world, path, status=0)["result"] == "done"


def test_an_unrelated_change_does_not_invalidate_a_plan(world: World) -> None:
    world.write("other.yaml", sms("Other", scheduled_time=FAR))
    path = edited_campaign(world)
    world.control.edit(world.campaigns()["Other"]["id"], description="theirs")
    assert apply_file(world, path, status=0)["result"] == "done"


def test_an_expired_plan_is_refused(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "guardrails: {max_plan_age: 1s}\n")
    world.write("now.yaml", sms("Now", run_immediately=True))
    path = saved(world)
    until = json.loads(path.read_text())["valid_until"]
    time.sleep(1.2)
    assert_refused(world, path, f"valid until {until}")
    assert world.control.campaigns() == []


def test_a_damaged_file_is_not_a_plan(world: World) -> None:
    path = edited_campaign(world)
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    assert_refused(world, path, "is not a plan", "not JSON")
    path.write_text(text.replace('"new"', '"newer"'))
    assert_refused(world, path, "is damaged", "digest")
    path.write_text(text.replace('"format_version": 1', '"format_version": 2'))
    assert_refused(world, path, "has format 2")
    path.write_text("[]")
    assert_refused(world, path, "is not a plan")
    assert "Cannot read" in world.run("apply", str(path) + ".old", status=1).err
    path.write_text(text)
    assert apply_file(world, path, status=0)["result"] == "done"


def test_a_plan_of_another_project_or_environment_is_refused(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {a: {}, b: {}}\n")
    world.environ = {"CAMPAIGNCTL_ENV": "a"}
    world.write("draft.yaml", sms("Draft", is_draft=True))
    path = saved(world)

    world.environ = {"CAMPAIGNCTL_ENV": "b"}
    assert_refused(world, path, "for shop, environment a")
    world.environ = {"CAMPAIGNCTL_ENV": "a", "OCAMBA_API_URL": world.url.replace("127.0.0.1", "localhost")}
    assert_refused(world, path, f"for {world.url}, not for http://localhost")
    world.environ = {"CAMPAIGNCTL_ENV": "a"}
    world.write("campaignctl.yaml", PROJECT.replace("shop", "bar") + "environments: {a: {}, b: {}}\n")
    assert_refused(world, path, "for shop, environment a")
    assert world.control.campaigns() == []


def test_a_plan_of_another_project_with_the_same_name_is_refused(world: World) -> None:
    world.write("draft.yaml", sms("Draft", is_draft=True))
    path = saved(world)
    other = "0" + PROJECT_ID[1:]
    world.write("campaignctl.yaml", PROJECT.replace(PROJECT_ID, other))
    assert_refused(world, path, f"the project with the id {PROJECT_ID}", f"its id is {other}")
    world.write("campaignctl.yaml", PROJECT.replace(f", id: {PROJECT_ID}", ""))
    assert_refused(world, path, f"the project with the id {PROJECT_ID}", "its id is not set")
    done = world.run("apply", "--reviewed", str(path), "--format", "json", status=1).json
    assert f"the project with the id {PROJECT_ID}" in done["error"]["summary"]
    assert world.control.campaigns() == []
    world.write("campaignctl.yaml", PROJECT)
    apply_file(world, path, status=0)


def test_a_plan_is_refused_with_the_token_of_another_account(world: World) -> None:
    path = edited_campaign(world)
    world.control.token(TOKEN, "999")
    world.control.create(json.loads(sms("Theirs", is_draft=True))["spec"], company_id="999")
    assert_refused(world, path, "belongs to company 999, this state to 6197120")
    world.control.token(TOKEN, "6197120")
    assert apply_file(world, path, status=0)["result"] == "done"


def test_a_plan_that_creates_is_refused_with_an_outdated_state(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    old = state_bytes(world)
    world.write("more.yaml", sms("More", scheduled_time=FAR))
    world.apply()
    more = world.campaigns()["More"]["id"]
    (world.folder / ".campaignctl" / "state.json").write_bytes(old or b"")
    assert [blocked["key"] for blocked in world.plan(status=1)["blocked"]] == ["more"]
    path = saved(world, "unread.json", "--no-refresh")
    assert_refused(world, path, f"the state is behind: it does not know {more}")
    world.run("state", "recover", "--write", status=0)
    world.assert_settled()


def test_a_plan_that_creates_is_refused_while_a_create_that_sends_at_once_is_unsettled(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("campaignctl.yaml", QUICK)
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    world.control.switch(list_lag=3600)
    world.apply(status=1)
    world.control.advance(7200)
    world.control.switch(list_lag=0)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    path = saved(world)
    now = world.campaigns()["Now"]["id"]
    metadata = world.campaigns()["Now"]["live"]["metadata"]
    world.control.edit(now, metadata=None)
    assert_refused(world, path, "now: the outcome of its create is unknown")
    world.control.edit(now, metadata=metadata)
    assert apply_file(world, path, status=0)["result"] == "done"
    world.assert_settled()


def test_a_plan_is_refused_while_a_guardrail_objects(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "guardrails: {max_immediate_sends: 0}\n")
    world.write("now.yaml", sms("Now", run_immediately=True))
    assert_refused(world, saved(world, status=1), "max_immediate_sends")
    lifted = saved(world, "lifted.json", "--override", "max_immediate_sends")
    assert apply_file(world, lifted, status=0)["result"] == "done"
    assert world.sends() == ["Now"]


def test_blocked_keys_exit_with_1_and_the_others_are_applied(world: World) -> None:
    world.write("late.yaml", sms("Late", scheduled_time="2020-01-01 10:00:00"))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    path = saved(world, status=1)
    assert apply_file(world, path, status=1)["changes"][0]["outcome"] == "done"
    world.assert_settled()


@pytest.mark.parametrize(
    "options",
    [
        ["--target", "far"],
        ["--replace", "far"],
        ["--destroy"],
        ["--no-refresh"],
        ["--refresh"],
        ["--refresh-only"],
        ["--override", "resend"],
    ],
    ids=" ".join,
)
def test_a_saved_plan_takes_no_selection(world: World, options: list[str], golden: Golden) -> None:
    refused = world.run("apply", "plan.json", *options, status=64)
    golden("no selection", refused.err.partition("  hint:")[0], option=options[0])
    selecting = [] if options == ["--refresh"] else options  # which is the default
    assert f"\n    campaignctl {shlex.join(['plan', *selecting, '-o', 'plan.json'])}\n" in refused.err
    assert world.control.requests() == []


def test_a_saved_plan_is_private_and_can_be_shown_and_piped(world: World) -> None:
    world.write("draft.yaml", sms("Draft", is_draft=True))
    path = saved(world)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TOKEN not in path.read_text()
    world.environ = {"OCAMBA_TOKEN": ""}
    shown = world.run("show", str(path), status=0).out
    assert 'create draft "Draft"' in shown
    assert world.run("show", str(path), "--format", "json", status=0).json == json.loads(path.read_text())

    world.environ = {}
    piped = world.run("plan", "-o", "-", status=0)
    assert json.loads(piped.out)["changes"][0]["key"] == "draft"
    assert 'create draft "Draft"' in piped.err
    world.run("apply", "-", status=0, stdin=piped.out)
    world.assert_settled()


def test_a_plan_without_a_refresh_is_checked_against_the_state(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="new"))
    path = saved(world, "unread.json", "--no-refresh")
    campaign = world.campaigns()["Far"]["id"]
    world.control.edit(campaign, scheduled_time="2036-01-01 00:00:00")
    assert_refused(world, path, "far", "was changed in the account")
    world.control.edit(campaign, scheduled_time=FAR)
    apply_file(world, path, status=0)
    world.assert_settled()


def test_a_create_is_refused_if_its_content_can_still_send(world: World) -> None:
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    old = world.campaigns()["Draft"]["id"]
    world.run("state", "rm", "draft", status=0)
    path = saved(world)
    world.control.edit(old, status="scheduled", is_draft=False)
    assert_refused(world, path, old, "can send again")
