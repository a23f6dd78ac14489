"""`status --since`: a weekly report (issue 17, item 5)."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import PROJECT, World, sms, weekly

SEEDS = "proofs: {team: {targeting: {custom_properties: {seed: {items: [team], op: in}}}}}\n"
FAR = "2036-03-22 10:00:00"


@pytest.fixture
def week(world: World) -> World:
    """What was sent at once, what is next in this week and later, a proof, and an edit by hand."""
    world.write("campaignctl.yaml", PROJECT + SEEDS)
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("gone.yaml", sms("Gone", run_immediately=True))
    world.write("weekly.yaml", sms("Weekly", recurrence={"cron": weekly()}))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.remove("gone.yaml")
    world.apply()
    world.run("proof", "weekly", status=0)
    world.control.edit(world.state["campaigns"]["far"]["id"], name="By hand")
    return world


def test_a_week_is_reported_in_three_forms(week: World) -> None:
    found = week.run("status", "--since", "7d", "--format", "json", status=0).json
    # What no manifest declares any more was sent all the same.
    assert {row["key"]: row["status"] for row in found["sent"]} == {"now": "sent", "gone": ""}
    assert [row["key"] for row in found["next"]] == ["weekly"]
    assert [(row["key"], row["drift"][0]["path"]) for row in found["drift"]] == [("far", "name")]
    assert [(one["key"], one["lang"]) for one in found["proofs"]] == [("weekly", "en")]
    text = week.run("status", "--since", "7d", status=0).out
    assert "drift in 1, 1 proof." in text
    assert "Proofs: 1, by " in text
    quiet = week.run("-q", "status", "--since", "7d", status=0).out
    assert (quiet.count("\n"), quiet.startswith("Since ")) == (1, True)
    page = week.run("status", "--since", "7d", "--format", "markdown", status=0).out
    assert [line for line in page.splitlines() if line.startswith("#")] == [
        "### Sent",
        "### Next",
        "### Drift",
    ]
    assert "- `far`: `name`" in page


def test_a_longer_look_back_is_a_longer_look_ahead(week: World) -> None:
    found = week.run("status", "--since", "2016-01-01", "--format", "json", status=0).json
    assert [row["key"] for row in found["next"]] == ["weekly", "far"]
    assert len(found["sent"]) == 2
    soon = week.run("status", "--since", "1m", "--format", "json", status=0).json
    assert soon["next"] == []


def test_nothing_that_happened_before_is_told(week: World) -> None:
    old, then = week.state, "2026-01-01T00:00:00Z"
    old["campaigns"]["now"]["began"] = then
    for entry in (*old["sent"], *old["released"]):
        entry |= {"at": then, "sends": [then]}
    old["proofs"][0]["at"] = then
    (week.folder / ".campaignctl/state.json").write_text(json.dumps(old), encoding="utf-8")
    found = week.run("status", "--since", "7d", "--format", "json", status=0).json
    assert (found["sent"], found["proofs"]) == ([], [])
    empty = World(week.folder.parent / "empty", week.url, week.control, week.environ)
    empty.write("campaignctl.yaml", PROJECT.replace("shop", "empty"))
    empty.write("far.yaml", sms("Later", scheduled_time=FAR))
    text = empty.run("status", "--since", "7d", status=0).out
    assert "Nothing was sent." in text
    assert "Nothing is next." in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "neither a time nor a duration"),
        (("--since", "2099-01-01"), "still to come"),
        (("--since", "9999999999d"), "neither a time nor a duration"),
        (("--since", "7d", "--unmanaged"), "cannot be combined"),
        (("--since", "7d", "far"), "cannot be combined"),
        (("--since", "7d", "--full"), "cannot be combined"),
        (("--format", "markdown"), "needs --since"),
    ],
)
def test_options_that_make_no_sense_are_refused(world: World, words: tuple[str, ...], said: str) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    assert said in world.run("status", *words, status=64).err
