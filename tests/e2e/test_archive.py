"""`archive` and `state archive`, through the command line (issue 17, item 2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.e2e.harness import PROJECT, World, sms

STATE = ".campaignctl/state.json"
LONG_AGO = "2026-01-10T09:00:00Z"


def sent_in_january(world: World, *keys: str) -> None:
    """Let one-off campaigns that were sent be sent in January: no test waits for that long."""
    document = world.state
    for key in keys:
        record = document["campaigns"][key]
        assert record["status"] == "sent"
        record |= {"created_at": LONG_AGO, "updated_at": LONG_AGO, "began": LONG_AGO}
    for entry in document["sent"]:
        if entry["key"] in keys:
            entry |= {"at": LONG_AGO, "sends": [LONG_AGO]}
    (world.folder / STATE).write_text(json.dumps(document), encoding="utf-8")


def soon() -> str:
    return (datetime.now(UTC) + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S")


def two_sent(world: World) -> None:
    """Two campaigns that were sent, and one that is still to come."""
    world.write("campaignctl.yaml", f"{PROJECT}guardrails: {{min_lead_time: 1m}}\n")
    world.write("news/one.yaml", sms("One", scheduled_time=soon()))
    world.write("news/now.yaml", sms("Now", run_immediately=True))
    world.write("later.yaml", sms("Later", scheduled_time="2036-01-01 10:00:00"))
    world.apply()
    world.control.advance(3600)
    world.apply()
    sent_in_january(world, "news/one", "news/now")


def test_final_campaigns_leave_manifests_and_state_without_a_request(world: World) -> None:
    two_sent(world)
    before = world.plan()
    assert before["changes"] == []

    shown = world.run("archive", "--dry-run", "--format", "json", status=0).json
    assert shown["result"] == "planned"
    assert [one["key"] for one in shown["campaigns"]] == ["news/now", "news/one"]
    assert (world.folder / "news/one.yaml").exists()
    assert world.state["serial"] == before["serial"]

    at = world.mark()
    done = world.run("archive", "--format", "json", status=0).json
    assert world.requests(after=at) == []
    assert done["result"] == "done"
    assert done["files"] == [
        {"path": "news/now.yaml", "to": "news/_archive/now.yaml"},
        {"path": "news/one.yaml", "to": "news/_archive/one.yaml"},
    ]
    # The time of one is still to come by this machine's clock; but it was sent, and has no other.
    assert (done["sent"], done["released"], done["years"]) == (2, 2, [2026])
    assert list(world.state["campaigns"]) == ["later"]
    assert (world.state["sent"], world.state["archives"]) == ([], [2026])
    assert world.state["released"] == []
    assert (world.folder / f"{STATE}.archive-2026").exists()
    assert (world.folder / "news/_archive/one.yaml").exists()
    world.assert_settled()
    assert world.plan("--no-refresh")["changes"] == []


def test_what_was_archived_is_never_sent_again(world: World) -> None:
    two_sent(world)
    world.run("archive", status=0)
    # The same content again: under another key, and by a checkout that still has the manifest.
    world.write("december.yaml", sms("Now", run_immediately=True))
    world.write("news/one.yaml", (world.folder / "news/_archive/one.yaml").read_text())
    blocked = world.plan(status=1)
    assert blocked["changes"] == []
    assert [(one["key"], one["status"]) for one in blocked["blocked"]] == [("december", "sent")]
    assert "news/now" in blocked["blocked"][0]["reason"]
    assert any("1 declared campaign archived" in note for note in blocked["notes"])
    world.apply(status=1)
    assert sorted(world.sends()) == ["Now", "One"]

    # An edit of an archived key reaches nobody either.
    world.remove("december.yaml")
    world.write("news/now.yaml", sms("Now", run_immediately=True, description="new"))
    edited = world.plan(status=1)
    assert [(one["key"], one["status"]) for one in edited["blocked"]] == [("news/now", "archived")]
    lifted = world.plan("--override", "resend", "--target", "news/now")
    assert [one["action"] for one in lifted["changes"]] == ["create"]


def test_nothing_is_planned_offline_once_everything_is_archived(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.control.advance(60)
    world.apply()
    text = world.run("archive", status=0).out
    assert "Archived 1 campaign, with 1 file" in text
    at = world.mark()
    assert world.plan()["changes"] == []
    assert world.requests(after=at) == []


def test_a_kill_before_the_state_is_written_cancels_and_sends_nothing(world: World) -> None:
    two_sent(world)
    before = (world.folder / STATE).read_bytes()
    world.run("archive", status=0)
    # The files are moved and the archive is written; the state is as it was.
    (world.folder / STATE).write_bytes(before)
    left = world.plan()
    assert {one["action"] for one in left["changes"]} == {"forget"}
    assert left["blocked"] == []
    world.write("copy.yaml", sms("Now", run_immediately=True))
    assert [one["status"] for one in world.plan(status=1)["blocked"]] == ["sent"]
    world.remove("copy.yaml")

    again = world.run("archive", "--format", "json", status=0).json
    assert [one["key"] for one in again["campaigns"]] == ["news/now", "news/one"]
    assert again["files"] == []
    document = json.loads((world.folder / f"{STATE}.archive-2026").read_text())
    assert [one["key"] for one in document["sent"]] == ["news/now", "news/one"]
    assert [one["key"] for one in document["released"]] == ["news/now", "news/one"]
    world.assert_settled()
    assert sorted(world.sends()) == ["Now", "One"]


def test_what_is_not_final_everywhere_is_left_alone_and_said(world: World) -> None:
    live = "default_environment: live\nenvironments: {live: {}, staging: {}}\n"
    world.write("campaignctl.yaml", PROJECT + live)
    later = sms("Later", scheduled_time="2036-01-01 10:00:00")
    documents = [json.loads(sms("A", run_immediately=True)), json.loads(later)]
    named = [
        one | {"metadata": {"key": f"k{n}"}, "environments": ["live"]} for n, one in enumerate(documents)
    ]
    world.write("both.yaml", "\n---\n".join(map(json.dumps, named)))
    world.write("halted.yaml", sms("Halted", run_immediately=True))
    world.write("edited.yaml", sms("Edited", run_immediately=True))
    world.write("staged.yaml", sms("Staged", run_immediately=True))
    world.apply("--override", "max_immediate_sends")
    world.control.advance(60)
    world.apply()
    world.run("halt", "halted", "--reason", "wrong")
    world.write("edited.yaml", sms("Edited", run_immediately=True, description="new"))
    shown = world.run("archive", "--dry-run", "--format", "json", status=0).json
    assert shown["result"] == "nothing"
    reasons = {one["key"]: one["reason"] for one in shown["left"]}
    assert reasons["halted"] == "a halt holds it"
    assert "has changed" in reasons["edited"]
    assert "the environment staging" in reasons["staged"]
    assert reasons["k0"] == "both.yaml declares 1 campaign that cannot go yet too"
    # The state alone can forget what staging still needs.
    alone = world.run("state", "archive", "--format", "json", status=0).json
    assert "staged" in [one["key"] for one in alone["campaigns"]]
    assert (world.folder / "staged.yaml").exists()
    plan = world.plan(status=None)
    assert not [one for one in plan["changes"] if one["key"] in ("staged", "k0")]
    assert not [one for one in plan["blocked"] if one["key"] in ("staged", "k0")]
