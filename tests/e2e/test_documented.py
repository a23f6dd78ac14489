"""The documented campaigns end to end: each reaches the API field by field, then only its edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.documented_keys import KEYS
from tests.e2e.harness import World

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "campaigns"
BODIES = ROOT / "tests" / "campaigns" / "documented"
# The edits: a text in the manifest, its new form, and the resulting patch.
EDITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "push/spring-launch": (
        "2036-03-22 10:00:00\n",
        "2036-03-22 11:30:00\n",
        {"scheduled_time": "2036-03-22 11:30:00"},
    ),
    "push/headline-test": ("test_split: 30", "test_split: 25", {"ab_test": {"test_split": 25}}),
    "push/welcome-multilingual": (
        "name: Test Multilang Campaign",
        "name: Welcome",
        {"name": "Welcome"},
    ),
    "push/midday": ("hour: 12", "hour: 13", {"recurrence": {"pattern": {"hour": 13}}}),
    "email/new-year": (
        "spec:\n",
        "spec:\n  description: To all\n",
        {"description": "To all"},
    ),
    "email/greeting-multilingual": (
        "spec:\n",
        "spec:\n  labels: [greeting]\n",
        {"labels": ["greeting"]},
    ),
    "email/weekly-digest": ("enabled: 0", "enabled: 1", {"utm_tracking": {"enabled": 1}}),
    "sms/april-reminder": ("5 4 2 4 4", "5 4 2 5 4", {"recurrence": {"cron": "5 4 2 5 4"}}),
    "sms/welcome": ("spec:\n", "spec:\n  deal_id: '7'\n", {"deal_id": "7"}),
}


def documented(stem: str) -> dict[str, Any]:
    """The documented body, its date moved to 2036 and its masked address made usable."""
    text = (
        (BODIES / f"{stem}.json").read_text(encoding="utf-8").replace("[email protected]", "crm@example.com")
    )
    body: dict[str, Any] = json.loads(text)
    if "scheduled_time" in body:
        body["scheduled_time"] = body["scheduled_time"].replace("2026", "2036")
    return body


def without_marker(body: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in body["metadata"].items() if name != "campaignctl"}
    assert body["metadata"]["campaignctl"].startswith("v2 ")
    rest = {name: value for name, value in body.items() if name != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest


def exact(value: object) -> str:
    """JSON compared with its types: 1 is not true, and "1" is not 1."""
    return json.dumps(value, sort_keys=True)


@pytest.fixture
def samples(world: World) -> World:
    shutil.copytree(SAMPLES, world.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".campaignctl"))
    return world


def test_every_documented_body_reaches_the_api_and_an_edit_is_one_field(samples: World) -> None:
    world = samples
    done = world.apply()

    assert done.outcomes() == dict.fromkeys(KEYS.values(), "done")
    requested = {c["id"]: c["requested"] for c in world.control.campaigns()}
    recorded = {key: record["id"] for key, record in world.state["campaigns"].items()}
    assert sorted(recorded.values()) == sorted(requested)
    for stem, key in KEYS.items():
        assert exact(without_marker(requested[recorded[key]])) == exact(documented(stem)), stem
    assert len(world.sends()) == 2
    world.assert_settled()

    for key, (old, new, _) in EDITS.items():
        path = world.folder / f"{key}.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, key
        path.write_text(text.replace(old, new), encoding="utf-8")
    mark = world.mark()
    plan = world.plan()
    assert {change["key"]: change["action"] for change in plan["changes"]} == dict.fromkeys(EDITS, "update")
    edited = world.apply()

    assert edited.outcomes() == dict.fromkeys(EDITS, "done")
    patches = {
        path.rsplit("/", 1)[-1]: body for method, path, body in world.writes(mark) if method == "PATCH"
    }
    assert len(world.writes(mark)) == len(EDITS)
    for key, (_, _, patch) in EDITS.items():
        assert exact(patches[recorded[key]]) == exact(patch), key
    assert len(world.sends()) == 2
    world.assert_settled()


@pytest.mark.parametrize("stem", ["01-push-immediate", "03-push-targeting"])
def test_a_sent_immediate_campaign_is_edited_after_a_pause_in_the_dashboard(
    samples: World, stem: str
) -> None:
    world, key = samples, KEYS[stem]
    world.control.switch(running_seconds=3600)
    world.apply("--target", key, "--override", "unproven_account")
    path = world.folder / f"{key}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: Test Campaign", "name: Another"), encoding="utf-8")
    mark = world.mark()
    assert world.plan("--target", key, status=1)["blocked"][0]["reason"] == "running"
    world.control.edit(world.state["campaigns"][key]["id"], status="paused")
    world.apply("--target", key)
    assert [(method, body) for method, _, body in world.writes(mark)] == [("PATCH", {"name": "Another"})]
    assert world.plan("--target", key)["changes"] == []
    assert len(world.sends()) == 1


def test_a_message_edit_sends_the_messages_and_nothing_else(samples: World) -> None:
    world, key = samples, "sms/welcome"
    world.apply("--target", key)
    path = world.folder / f"{key}.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Welcome to Ocamba", "Welcome!"), encoding="utf-8"
    )
    mark = world.mark()
    world.apply("--target", key)
    (message,) = documented("11-sms-draft")["messages"]
    ((method, _, body),) = world.writes(mark)
    assert method == "PATCH"
    assert exact(body) == exact({"messages": [{**message, "sms": {"content": {"en": "Welcome!"}}}]})
    assert world.plan("--target", key)["changes"] == []
