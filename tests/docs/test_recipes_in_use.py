"""Recipes about existing campaigns have the described effect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.docs.test_walkthroughs import recipes
from tests.docs.walkthrough import File, steps
from tests.e2e.harness import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        yield World(tmp_path / "project", sandbox.url, Control(sandbox.url))


def files(title: str) -> dict[str, str]:
    """The files of a recipe, by their paths."""
    text = dict(recipes())[title]
    return {step.path: step.text for step in steps(text) if isinstance(step, File)}


def without(text: str, *fields: str) -> str:
    """A manifest without these fields and the lines indented below them."""
    kept, inside = [], False
    for line in text.splitlines():
        inside = line.startswith(" ") and inside if line.startswith(" ") else line.startswith(fields)
        if not inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def written(world: World, found: dict[str, str]) -> None:
    for path, text in found.items():
        world.write(path, text)


def test_a_campaign_is_paused_and_resumed(world: World) -> None:
    recipe = files("Pause and resume")
    paused = recipe["sms/reminder.yaml"]
    written(world, {**recipe, "sms/reminder.yaml": paused.replace("phase: paused", "phase: active")})
    world.apply()
    for text, action in ((paused, "pause"), (paused.replace("phase: paused", "phase: active"), "resume")):
        world.write("sms/reminder.yaml", text)
        assert world.apply().actions() == {"sms/reminder": action}
        world.assert_settled()


def test_renamed_and_handed_over_campaigns_are_not_touched(world: World) -> None:
    recipe = files("Rename, move, hand over")
    welcome, markets = (recipe.pop(f"sms/{name}.yaml") for name in ("welcome", "markets"))
    handed_over = recipe.pop("sms/handed-over.yaml")
    written(world, recipe)
    partner = welcome.replace("name: Welcome", "name: Partner")
    before = {"welcome-sms.yaml": welcome, "sms/countries.yaml": markets, "sms/partner.yaml": partner}
    written(world, {path: without(text, "moved:") for path, text in before.items()})
    world.apply()
    for path in before:
        world.remove(path)
    written(world, {"sms/welcome.yaml": welcome, "sms/markets.yaml": markets})
    world.write("sms/handed-over.yaml", handed_over)
    mark = world.mark()
    assert world.apply().actions() == {
        "sms/welcome": "move",
        "sms/markets[country=DE]": "move",
        "sms/markets[country=FR]": "move",
        "sms/partner": "forget",
    }
    assert world.writes(mark) == []
    world.assert_settled()


def test_a_winner_is_set_when_the_test_waits_for_it(world: World) -> None:
    written(world, files("Choose the winner of an A/B test"))
    world.apply()
    world.assert_settled()
    world.control.edit(world.campaigns()["Headline test"]["id"], status="needs_decision")
    mark = world.mark()
    assert world.apply().actions() == {"push/headline": "update"}
    (write,) = world.writes(mark)
    assert write[1].endswith("/set-winner")
    world.assert_settled()
