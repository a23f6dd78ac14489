"""Helpers of the tests of what is not sent unseen."""

from __future__ import annotations

import re
import shlex
from typing import Any

from tests.e2e.harness import FAR_MONTH, World

FAR = "2036-03-22 10:00:00"
AB_TEST = {
    "test_split": 30,
    "winning_metric": "click_rate",
    "evaluation_window": "1D",
    "winner_delivery_mode": "manual",
}
EVERYONE_BUT = {"countries": {"items": ["DE"], "op": "in"}}
WEEKLY: dict[str, Any] = {"recurrence": {"cron": f"0 9 * {FAR_MONTH} 7"}}


def only(plan: dict[str, Any], of: str = "blocked") -> dict[str, Any]:
    """The one item of a list of a plan."""
    (found,) = plan[of]
    assert isinstance(found, dict)
    return found


def live(world: World, name: str) -> dict[str, Any]:
    """A campaign as the account has it."""
    found = world.campaigns()[name]["live"]
    assert isinstance(found, dict)
    return found


def run_hint(world: World, hint: str) -> None:
    """Run the command that a hint ends with."""
    command = re.search(r"campaignctl ([^`]*)", hint)
    assert command, hint
    words = shlex.split(command[1])
    world.run(*words, *(["--auto-approve"] if words[0] == "apply" else []), status=0)


def edit(world: World, name: str, fields: dict[str, Any]) -> None:
    """Edit a campaign in the dashboard; a path into its first message changes that."""
    campaign = world.campaigns()[name]
    changed = dict(fields)
    if language := changed.pop("messages/0/sms/content/de", None):
        message = {**campaign["live"]["messages"][0]}
        message["sms"] = {"content": {**message["sms"]["content"], "de": language}}
        changed["messages"] = [message, *campaign["live"]["messages"][1:]]
    world.control.edit(campaign["id"], **changed)
