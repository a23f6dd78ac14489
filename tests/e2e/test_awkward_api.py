"""An awkward API: one test for each point on which its documents are silent or contradict each other.

The life of a few campaigns must go on: created once, edited by their changes, then nothing to do.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, get_args

import pytest

from campaignctl.sandbox.switches import Spelling, Switches
from tests.e2e.harness import PROJECT, TOKEN, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
QUICK = PROJECT.replace("timeout: 2s", "timeout: 1s\n  rate_limit: {per_second: 1000, per_minute: 10000}")
KEYS = {"ab", "draft", "far", "hand", "now", "week"}

AWKWARD: dict[str, dict[str, Any]] = {
    "metadata comes back as strings": {"metadata": "stringified"},
    "a PATCH replaces metadata": {"metadata": "replaced_on_patch"},
    "names are trimmed": {"names_trimmed": True},
    "create_time is absent": {"create_time": "absent"},
    "q, filters and view are ignored": {
        "q_ignored": True,
        "filters_ignored": True,
        "view_ignored": True,
        "default_view": "lean",
    },
    "unknown filters are refused": {"unknown_filters": "refused"},
    "the default view is lean": {"default_view": "lean"},
    "pages are fixed at 10": {"page_size_fixed": 10},
    "the total is that of the page": {"page_size_fixed": 10, "total": "page"},
    "large pages are refused": {"page_cap": 50, "page_over_cap": "refused"},
    "the list lags behind": {"list_lag": 3600},
    "texts are respelt": {"respell": {"1D": "1D 0H 0M", "one": "One.", "two": "Two."}},
    "the same is spelt in other ways": {"spelling": list(get_args(Spelling))},
    "lists hide contents and times": {"never_listed": ["messages/*/sms", "scheduled_time", "metadata"]},
    "fields are never echoed": {"never_echoed": ["description", "labels", "deal_id", "recurrence"]},
    "labels are one string": {"labels": "comma"},
    "ids are numbers": {"ids": "numbers", "total": "string"},
    "a read by id is bare": {"by_id": "bare"},
    "a draft has another name": {"draft_status": "new"},
    "a manual campaign has another name": {"manual_status": "idle"},
    "writes are answered 200": {"create_success": 200, "times_in_201": True, "patch_success": 200},
    "more comes back than was asked": {"run_immediately_echoed": True, "keep_message_ids": True},
    "strategies have other names": {"scheduled_strategy": "later", "recurring_strategy": "often"},
}
#: What an API may well do at once. `make slow` has one at a time.
TOGETHER = {
    "all is spelt in other ways": (
        "metadata comes back as strings",
        "names are trimmed",
        "texts are respelt",
        "the same is spelt in other ways",
        "labels are one string",
        "ids are numbers",
        "a read by id is bare",
        "a draft has another name",
        "a manual campaign has another name",
        "writes are answered 200",
        "strategies have other names",
    ),
    "lists are short and cannot be asked for less": (
        "q, filters and view are ignored",
        "pages are fixed at 10",
        "the total is that of the page",
        "lists hide contents and times",
    ),
    "what is not documented is refused": (
        "unknown filters are refused",
        "large pages are refused",
        "the default view is lean",
        "a PATCH replaces metadata",
    ),
    "the list lags behind": ("the list lags behind",),
    "little comes back": ("create_time is absent", "fields are never echoed"),
    "more comes back than was asked": ("more comes back than was asked",),
}


def merged(names: tuple[str, ...]) -> dict[str, Any]:
    """The switches of several rows."""
    return {switch: value for name in names for switch, value in AWKWARD[name].items()}


def test_each_row_is_part_of_an_account() -> None:
    assert sorted(name for names in TOGETHER.values() for name in names) == sorted(AWKWARD)


def write_campaigns(world: World, description: str) -> None:
    """One campaign of each kind; the far ones with fields that an API may respell."""
    labels = ["spring", "de", "vip"]
    world.write(
        "far.yaml",
        sms(" Far ", scheduled_time=FAR, labels=labels, metadata={"n": "7"}, description=description),
    )
    world.write("draft.yaml", sms("Draft", is_draft=True, labels=labels, description=description))
    world.write("hand.yaml", sms("Hand", deal_id="77"))
    world.write("now.yaml", sms("Now", run_immediately=True))
    weekly = {"pattern": {"hour": 7, "minute": 0, "weekdays": [1], "months": [1, 6]}}
    world.write("week.yaml", sms("Week", recurrence=weekly))
    world.write("ab.yaml", split_test("Test"))


def split_test(name: str) -> str:
    spec = json.loads(sms(name, scheduled_time=FAR))["spec"]
    message = spec["messages"][0]
    spec["messages"] = [{**message, "name": "one"}, {**message, "name": "two"}]
    spec["ab_test"] = {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "automatic",
    }
    # An undocumented field, which the API accepts and never shows.
    return json.dumps({"spec": spec, "extra": {"brand_new": {"on": True}}})


def assert_hints_lead_on(plan: dict[str, Any]) -> None:
    for blocked in plan["blocked"]:
        assert "`" in blocked["hint"] or "campaignctl " in blocked["hint"], blocked


@pytest.mark.parametrize(
    "switches",
    [
        *(pytest.param(merged(names), id=name) for name, names in TOGETHER.items()),
        *(pytest.param(row, id=f"only {name}", marks=pytest.mark.slow) for name, row in AWKWARD.items()),
    ],
)
def test_campaigns_live_on_when(world: World, switches: dict[str, Any]) -> None:
    default = Switches()
    assert all(getattr(default, name) != value for name, value in switches.items())
    hidden = [f"  hidden: [{path}]\n" for path in switches.get("never_echoed", ()) if path == "recurrence"]
    world.write("campaignctl.yaml", QUICK + "".join(hidden))
    for number in range(12):
        theirs = sms(f"Theirs {number}", is_draft=True, metadata={"by": "hand"})
        world.control.create(json.loads(theirs)["spec"])
    world.control.switch(**switches)
    write_campaigns(world, "one")
    created = world.apply()
    assert created.outcomes() == dict.fromkeys(KEYS, "done")

    write_campaigns(world, "two")
    mark = world.mark()
    edited = world.apply()
    assert edited.outcomes() == {"draft": "done", "far": "done"}
    assert sorted(body["description"] for _, _, body in world.writes(mark)) == ["two", "two"]
    world.assert_settled()

    lose_two_answers(world)
    brought_to_an_end(world)
    assert sorted(world.sends()) == ["Flash", "Now"]
    ids = {record["id"] for record in world.state["campaigns"].values()}
    assert ids == {c["id"] for c in world.campaigns().values() if not c["live"]["name"].startswith("Theirs")}
    assert len(ids) == len(KEYS) + 2
    assert world.state["account"]["markers"] is True


def lose_two_answers(world: World) -> None:
    """A create that may be repeated, and one that must not be: both take effect without an answer."""
    world.write("lost.yaml", sms("Lost", scheduled_time=FAR))
    world.write("flash.yaml", sms("Flash", run_immediately=True))
    world.control.fault({"method": "POST", "path": "/campaigns$", "times": 2}, {"kind": "lost_answer"})


def brought_to_an_end(world: World) -> None:
    """Apply, and run the commands that it names, until nothing is left to do and the list is up to date."""
    for _ in range(4):
        done = world.apply(status=None)
        for command in done.json["next"]:
            as_a_person(world, command)
        if done.status == 0:
            break
    world.control.advance(7200)
    world.apply()
    world.assert_settled()


def as_a_person(world: World, command: str) -> None:
    """Run a command that the tool has named; choose the campaign where it leaves that to a person."""
    words = shlex.split(command)[1:]
    if words[:2] != ["state", "resolve"]:
        world.run(*words)
        return
    known = {record["id"] for record in world.state["campaigns"].values()}
    name = words[2].capitalize()
    there = [c["id"] for c in world.control.campaigns() if c["live"]["name"] == name and c["id"] not in known]
    if there and words[3] == "--adopt":
        force = () if world.state["account"]["markers"] else ("--force",)
        world.run("state", "resolve", words[2], "--adopt", there[0], *force, status=0)
    elif not there and words[3] == "--retry" and words[2] in world.state["pending"]:
        world.run(*words, status=0)


@pytest.mark.parametrize("way_out", ["created again", "forgotten"])
@pytest.mark.parametrize("answer", ["404", "400", "empty"])
def test_a_missing_campaign_blocks_only_itself(world: World, answer: str, way_out: str) -> None:
    world.control.switch(unknown_id=answer)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    state = world.state
    world.control.delete(state["campaigns"]["far"]["id"])
    state["campaigns"]["far"]["id"] = "999"
    world.run("state", "push", "-", status=0, stdin=json.dumps(state))
    world.write("draft.yaml", sms("Draft", is_draft=True, description="edited"))
    plan = world.plan(status=1)
    assert [change["key"] for change in plan["changes"]] == ["draft"]
    (blocked,) = plan["blocked"]
    assert (blocked["key"], blocked["status"]) == ("far", "missing")
    named = re.findall("`([^`]+)`", blocked["hint"])
    assert named == ["campaignctl apply --replace far --override resend", "campaignctl state rm far"]
    if way_out == "created again":
        world.run(*shlex.split(named[0])[1:], "--auto-approve", status=0)
    else:
        world.run(*shlex.split(named[1])[1:], status=0)
        world.apply()
    assert world.state["campaigns"]["far"]["id"] != "999"
    world.assert_settled()


@pytest.mark.parametrize("status", ["archived", "on_hold"])
def test_an_unknown_status_is_blocked_until_overridden(world: World, status: str) -> None:
    far = in_odd_status(world, status)
    world.control.switch(odd_statuses="accepted")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="edited"))
    world.write("draft.yaml", sms("Draft", is_draft=True, description="edited"))
    held = world.apply(status=1)
    assert held.outcomes() == {"draft": "done"}
    (command,) = held.json["next"]
    assert "--override unknown_status" in command
    world.run(*shlex.split(command)[1:], "--auto-approve", status=0)
    assert world.control.campaign(far)["live"]["description"] == "edited"
    assert [c["id"] for c in world.control.campaigns() if c["live"]["name"] == "Far"] == [far]
    world.assert_settled()


@pytest.mark.parametrize("answer", ["accepted", "refused"])
def test_a_campaign_with_an_unknown_status_is_ended_only_by_name(world: World, answer: str) -> None:
    far = in_odd_status(world, "on_hold")
    world.control.switch(odd_statuses=answer)
    world.remove("far.yaml")
    ended, let_be = world.apply(status=1).json["next"]
    done = world.run(*shlex.split(ended)[1:], "--auto-approve", status=0 if answer == "accepted" else 1)
    if answer == "refused":
        assert "cannot be canceled" in done.out
        world.run(*shlex.split(let_be)[1:], status=0)
    assert world.control.campaign(far)["live"]["status"] == {"accepted": "canceled"}.get(answer, "on_hold")
    assert "far" not in world.state["campaigns"]
    world.assert_settled()


def in_odd_status(world: World, status: str) -> str:
    """A draft, and a scheduled campaign with a status set in the dashboard; returns its id."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    far: str = world.campaigns()["Far"]["id"]
    world.control.edit(far, status=status)
    return far


def test_an_edit_of_metadata_keeps_the_marker_if_a_patch_replaces_it(world: World) -> None:
    world.control.switch(metadata="replaced_on_patch")
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": "1", "b": "2"}))
    world.apply()
    made = world.campaigns()["Far"]["live"]["metadata"]
    world.write("far.yaml", sms("Far", scheduled_time=FAR, metadata={"a": "1", "b": "3"}))
    world.apply()
    assert world.campaigns()["Far"]["live"]["metadata"] == {**made, "b": "3"}
    world.assert_settled()


def test_an_immediate_create_is_not_repeated_if_metadata_is_dropped(world: World) -> None:
    world.write("campaignctl.yaml", QUICK)
    world.control.switch(metadata="dropped")
    world.write("draft.yaml", sms("Draft", is_draft=True, metadata={"ours": "1"}))
    world.apply()
    assert world.state["account"]["markers"] is False
    world.assert_settled()

    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    mark = world.mark()
    world.run("apply", "--auto-approve", status=1)
    done = world.run("apply", "--auto-approve", "--format", "json", status=1)
    plan = world.plan(status=1)
    assert [method for method, _, _ in world.writes(mark)] == ["POST"], "asked once, and never again"
    assert "campaignctl state resolve far --adopt ID" in plan["blocked"][0]["hint"] + " ".join(
        done.json["next"]
    )
    assert_hints_lead_on(plan)
    world.run("state", "resolve", "far", "--retry", status=0)
    world.apply()
    world.assert_settled()


@pytest.mark.parametrize("row", ["dropped", "refused"])
def test_without_markers_a_person_resolves_lost_creates_and_nothing_is_sent_twice(
    world: World, row: str
) -> None:
    world.write("campaignctl.yaml", QUICK + ("  markers: off\n" if row == "refused" else ""))
    world.control.switch(metadata=row)
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    lose_two_answers(world)
    brought_to_an_end(world)
    assert world.sends() == ["Flash"]
    assert sorted(world.campaigns()) == ["Draft", "Flash", "Lost"]
    assert world.state["account"]["markers"] is False


def test_a_lost_far_create_without_markers_is_adopted_by_id(world: World) -> None:
    world.write("campaignctl.yaml", QUICK)
    world.control.switch(metadata="dropped")
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "lost_answer"})
    world.apply(status=1)
    real = world.campaigns()["Far"]["id"]
    refused = world.run("state", "resolve", "far", "--adopt", real, status=1)
    assert f"state resolve far --adopt {real} --force" in refused.err
    world.run("state", "resolve", "far", "--adopt", real, "--force", status=0)
    world.assert_settled()


def test_refused_metadata_is_reported_and_markers_can_be_switched_off(world: World) -> None:
    world.control.switch(metadata="refused")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    refused = world.apply(status=1)
    error = refused.json["changes"][0]["error"]
    assert "metadata" in error["summary"] + error["detail"]
    assert "api.markers: off" in error["hint"]
    world.write("campaignctl.yaml", PROJECT + "  markers: off\n")
    world.apply()
    assert world.state["account"]["markers"] is False
    world.assert_settled()


def test_a_field_that_a_patch_ignores_fails_and_is_planned_again(world: World, golden: Golden) -> None:
    world.control.switch(patch_ignores=["description"])
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="one"))
    world.apply()
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="two"))
    failed = world.apply(status=1).json["changes"][0]
    assert failed["outcome"] == "failed"
    golden("patch without effect", failed["error"]["summary"])
    assert failed["error"]["hint"].startswith("campaignctl ")
    assert world.plan()["changes"][0]["diff"][0]["after"] == "two"


def test_two_projects_of_one_name_share_an_account_and_leave_each_other_alone(world: World) -> None:
    theirs = World(world.folder.parent / "theirs", world.url, world.control)
    theirs.write("campaignctl.yaml", PROJECT)
    for mine, name in ((world, "Ours"), (theirs, "Theirs")):
        mine.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    world.apply()
    mark, before = world.mark(), world.campaigns()["Ours"]
    theirs.apply(status=None)
    assert [path for _, path, _ in world.writes(mark) if before["id"] in path] == []
    assert world.campaigns()["Ours"] == before
    world.assert_settled()


def test_a_clone_made_in_the_dashboard_is_reported_and_left_alone(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    original = world.campaigns()["Far"]["id"]
    copy = world.control.clone(original, name="Copy of Far")["id"]
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description="two"))
    done = world.apply()
    golden("clone", *[note for note in done.json["notes"] if copy in note], copy=copy)
    assert world.control.campaign(copy)["live"]["status"] == "scheduled"
    assert world.state["campaigns"]["far"]["id"] == original
    world.assert_settled()


def test_another_companys_token_stops_everything(world: World, golden: Golden) -> None:
    write_campaigns(world, "one")
    world.apply()
    world.control.token(TOKEN, "999")
    mark = world.mark()
    for command in (["plan"], ["apply", "--auto-approve"], ["status"]):
        assert "account" in world.run(*command, status=1).err
    world.control.create(json.loads(sms("Theirs", is_draft=True))["spec"], company_id="999")
    refused = world.run("apply", "--auto-approve", status=1)
    golden("token of another company", refused.err)
    assert world.writes(mark) == []
    world.control.token(TOKEN, "6197120")
    world.assert_settled()
    assert world.sends() == ["Now"]


def test_an_account_other_than_the_pinned_one_is_refused(world: World, golden: Golden) -> None:
    world.write("campaignctl.yaml", PROJECT + 'account: {company_id: "1"}\n')
    world.control.create(json.loads(sms("Theirs", is_draft=True))["spec"])
    world.write("draft.yaml", sms("Draft", is_draft=True))
    golden("pinned account", world.run("apply", "--auto-approve", status=1).err)
    assert world.writes() == []
