"""`preview` of a saved plan and of a live campaign (issue 14, item 2)."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.harness import TOKEN, World

FAR = "2036-03-22 10:00:00"


def manifest(text: str, *more: dict[str, Any]) -> str:
    message = {"name": "M", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": text}}}
    test = {"name": "T", "test_split": 20, "winning_metric": "click_rate", "evaluation_window": "1D"}
    spec: dict[str, Any] = {"name": "Flash", "scheduled_time": FAR, "messages": [message, *more]}
    if more:
        spec["ab_test"] = {**test, "winner_delivery_mode": "automatic"}
    return json.dumps({"spec": spec})


def test_a_saved_plan_is_shown_before_and_after(world: World) -> None:
    world.write("a.yaml", manifest("It is here"))
    world.write("b.yaml", manifest("Same text"))
    world.apply()
    second = {"name": "N", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Other"}}}
    world.write("a.yaml", manifest("It\u2019s here", second))
    world.write("b.yaml", manifest("Same text").replace(FAR, "2036-03-23 10:00:00"))
    world.write("c.yaml", manifest("New"))
    world.run("plan", "-o", "p.json", status=0)
    world.environ["OCAMBA_TOKEN"] = ""
    done = world.run("preview", "--plan", "p.json", "--format", "json", status=0)
    found = {(each["key"], each["message"]): each for each in json.loads(done.out)}
    assert {place: each["change"] for place, each in found.items()} == {
        ("a", "M"): "changed",
        ("a", "N"): "new",
        ("c", "M"): "new",
    }
    changed = found["a", "M"]
    assert (changed["before"]["text"], changed["after"]["text"]) == ("It is here", "It\u2019s here")
    assert changed["changed"] == ["text", "encoding", "encoding_max"]
    assert (found["c", "M"]["before"], found["c", "M"]["after"]["parts"]) == (None, 1)
    assert "1 campaign of the plan: no change in what recipients see" in done.err

    text = world.run("preview", "--plan", "p.json", "a", status=0)
    [row] = [line for line in text.out.splitlines() if "It is here" in line]
    assert "It\u2019s here" in row
    assert "changed: text" in text.out
    assert world.run("preview", "--plan", "p.json", "x", status=64).out == ""

    page = world.run("preview", "--plan", "p.json", "--format", "html", status=0).out
    assert "<h1>Changes <bdi>p.json</bdi></h1>" in page
    assert [page.count(word) for word in ("Changed: text", 'aria-label="Before"', ">New</p>")] == [1, 3, 2]


def test_a_live_campaign_is_shown(world: World) -> None:
    world.write("a.yaml", manifest("Hi ${FIRST_NAME}"))
    world.apply()
    campaign = world.state["campaigns"]["a"]["id"]
    [shown] = json.loads(world.run("preview", "--id", campaign, "--format", "json", status=0).out)
    assert (shown["key"], shown["text"], shown["parts"]) == (campaign, "Hi ${FIRST_NAME}", 1)
    assert "Hi ${FIRST_NAME}" in world.run("preview", "--id", campaign, status=0).out
    assert "Hi ${FIRST_NAME}" in world.run("preview", "--id", campaign, "--format", "html", status=0).out
    absent = world.run("preview", "--id", "999", status=1)
    assert "no campaign has the id 999" in absent.err
    world.environ["OCAMBA_TOKEN"] = ""
    assert "OCAMBA_TOKEN is not set" in world.run("preview", "--id", campaign, status=1).err
    assert TOKEN not in absent.err
