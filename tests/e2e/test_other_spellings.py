"""An API that spells everything differently with the same meaning: a plan after an apply is empty."""

from __future__ import annotations

import json
from typing import Any, get_args

from campaignctl.sandbox.switches import Spelling
from tests.e2e.harness import FAR_MONTH, World

HTML = '<p>It\'s "new" &amp; <a href="https://example.com/?a=1&b=2">caf\u00e9</a></p>\n<p>Bye</p>'
EMAIL = {
    "sender_name": " Shop ",
    "sender_email": "News@Example.com",
    "subject": "Caf\u00e9 it's",
    "preheader": " Soon ",
    "html": {"en": HTML},
}
PUSH = {
    "title": {"en": " Hi\n", "de": "Caf\u00e9"},
    "body": {"en": "It's on"},
    "landing_url": "https://example.com",
    "ttl": 30,
    "silent": 1,
    "actions": [{"title": {"en": "Go "}, "url": "https://example.com"}],
}
WEEKLY: dict[str, Any] = {
    "name": " Weekly ",
    "description": "One\nTwo ",
    "labels": ["a", "b"],
    "messages": [{"name": "m", "channel": "email", "integration_id": "7", "priority": 3, "email": EMAIL}],
    "recurrence": {"cron": f"0 12 * {FAR_MONTH} MON,7"},
    "targeting": {
        "countries": {"items": ["DE", "AT"], "op": "include"},
        "profile_age": {"from": 1, "to": 3},
    },
    "metadata": {"n": 1},
    "utm_tracking": {"enabled": 1, "utm_source": " mail "},
}
OTHER_PUSH = {**PUSH, "title": {"en": "Hello"}}
SPLIT = {
    "name": "Split",
    "messages": [
        {"name": " one", "channel": "push", "push": PUSH},
        {"name": "two", "channel": "push", "push": OTHER_PUSH},
    ],
    "ab_test": {
        "test_split": 30,
        "winning_metric": "click_rate",
        "evaluation_window": "1D",
        "winner_delivery_mode": "manual",
    },
    "recurrence": {"pattern": {"hour": 7, "minute": 0, "weekdays": [1, 7], "months": [FAR_MONTH]}},
    "callbacks": {"push": {"click": ["https://a.example/1", "https://b.example"]}},
}


def test_all_spellings_at_once_leave_nothing_to_do(world: World) -> None:
    world.control.switch(spelling=list(get_args(Spelling)))
    world.write("weekly.yaml", json.dumps({"spec": WEEKLY}))
    world.write("split.yaml", json.dumps({"spec": SPLIT}))
    created = world.apply()
    assert created.outcomes() == {"weekly": "done", "split": "done"}
    world.assert_settled()

    world.write("weekly.yaml", json.dumps({"spec": {**WEEKLY, "description": "Three\nFour "}}))
    assert world.apply().outcomes() == {"weekly": "done"}
    world.assert_settled()
    stored = {campaign["stored"]["name"]: campaign["stored"] for campaign in world.control.campaigns()}
    assert stored[" Weekly "]["messages"][0]["email"] == EMAIL
    assert [message["push"] for message in stored["Split"]["messages"]] == [PUSH, OTHER_PUSH]
