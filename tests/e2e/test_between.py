"""`diff --between`: what is on one environment and not on the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.harness import PROJECT, World, sms

FAR = "2036-03-22 10:00:00"
ENVIRONMENTS = """\
variables: {where: here}
environments:
  staging: {variables: {where: staging}}
  production: {variables: {where: production}}
"""
BETWEEN = ("diff", "--between", "staging", "production")


@pytest.fixture(autouse=True)
def _environments(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + ENVIRONMENTS)


def found(world: World, *words: str, status: int = 0) -> list[dict[str, Any]]:
    document = world.run(*BETWEEN, *words, "--format", "json", status=status).json
    assert document["between"] == ["staging", "production"]
    campaigns: list[dict[str, Any]] = document["campaigns"]
    return campaigns


def apply(world: World, environment: str) -> None:
    world.run("-e", environment, "state", "init")
    world.run("-e", environment, "apply", "--auto-approve", "--override", "resend", status=0)


def test_what_is_on_one_environment_only_is_shown_until_it_is_on_both(world: World) -> None:
    assert found(world, "--detailed-exitcode") == []
    world.write("spring.yaml", sms("Spring ${var.where}", scheduled_time=FAR))
    apply(world, "staging")
    (campaign,) = found(world, "--detailed-exitcode", status=2)
    assert (campaign["key"], campaign["on"]) == ("spring", ["staging"])
    assert campaign["status"] == {"staging": "scheduled", "production": None}
    assert found(world) == [campaign]
    apply(world, "production")
    # Its name differs by a variable, which is no difference.
    assert found(world, "--detailed-exitcode") == []
    world.write("spring.yaml", sms("Spring ${var.where}", scheduled_time=FAR, description="better"))
    apply(world, "staging")
    (campaign,) = found(world, "--detailed-exitcode", status=2)
    assert campaign["on"] == ["staging", "production"]
    assert campaign["diff"] == [{"path": "description", "before": "better", "after": None}]
    text = world.run(*BETWEEN, status=0).out
    assert '~ spring "Spring staging": on staging and production\n' in text
    assert text.endswith("1 campaign differs between staging and production.\n")


def test_what_only_the_second_has_is_shown_too(world: World) -> None:
    manifest = json.loads(sms("Spring", scheduled_time=FAR))
    world.write("spring.yaml", json.dumps({"environments": ["production"], **manifest}))
    apply(world, "production")
    (campaign,) = found(world)
    assert campaign["on"] == ["production"]
    assert '+ spring "Spring": on production\n' in world.run(*BETWEEN, status=0).out


@pytest.mark.parametrize(
    "words",
    [
        ("diff",),
        ("diff", "--between", "staging"),
        ("diff", "--between", "staging", "staging"),
        ("diff", "--between", "staging", "test"),
    ],
)
def test_two_declared_environments_are_needed(world: World, words: tuple[str, ...]) -> None:
    world.run(*words, status=64)


def test_no_token_is_needed(world: World) -> None:
    world.environ["OCAMBA_TOKEN"] = ""
    assert found(world) == []
