"""The commands on the pages for users work and print the quoted output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from campaignctl import __version__
from campaignctl.manifest.load import check
from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.docs.walkthrough import Command, File, Shell, steps
from tests.e2e.harness import World, sms

MADE_BY_HAND = json.loads(sms("Made by hand", recurrence={"cron": "0 9 * * 1"}))["spec"]
DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def recipes() -> list[tuple[str, str]]:
    """Every recipe of the guide by its title, preceded by the shared project file."""
    shared, *parts = re.split(
        r"^### (.+)$", page("guide.md").partition("## Recipes\n")[2], flags=re.MULTILINE
    )
    return [(title, shared + text) for title, text in zip(parts[::2], parts[1::2], strict=True)]


def walk(text: str, shell: Shell) -> int:
    commands = 0
    for step in steps(text):
        shell.do(_soon(step))
        commands += isinstance(step, Command)
    return commands


def _soon(step: Command | File) -> Command | File:
    """Do a step; allow applies just before a run, as some recurrence is always near."""
    if isinstance(step, File) and step.path == "campaignctl.yaml" and "guardrails" not in step.text:
        return File(step.path, f"{step.text}guardrails: {{min_lead_time: 0m}}\n")
    return step


def test_the_first_campaign_of_the_guide(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with Shell(tmp_path / "home", {}) as shell:
        assert walk(page("guide.md").partition("## Recipes\n")[0], shell) > 10


def test_the_first_apply_of_the_readme(tmp_path: Path) -> None:
    (section,) = re.findall(r"^## First plan.*?(?=^## )", page("../README.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "home").mkdir()
    with Sandbox() as sandbox:
        shell = Shell(tmp_path / "home", {"OCAMBA_API_URL": sandbox.url, "OCAMBA_TOKEN": "sandbox"})
        assert walk(section, shell) == 7
        shell.do(Command("campaignctl validate", ("2 campaigns, no findings.",)))


def test_the_halt_of_the_on_call_page(tmp_path: Path) -> None:
    (section,) = re.findall(r"^## Halt\n.*?(?=^## )", page("on-call.md"), re.MULTILINE | re.DOTALL)
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        world = World(tmp_path / "home", sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", "metadata: {name: shop}\napi: {timeout: 500ms}\n")
        for key in ("push/spring", "push/welcome", "sms/parcel"):
            world.write(f"{key}.yaml", sms(key.split("/")[1].title(), scheduled_time="2036-03-22 10:00:00"))
        world.apply()
        shell = Shell(world.folder, {"OCAMBA_API_URL": sandbox.url, "OCAMBA_TOKEN": "sandbox"})
        assert walk(section, shell) == 4
        assert world.campaigns()["Parcel"]["live"]["status"] == "scheduled"
        world.apply()
        world.assert_settled()


@pytest.mark.parametrize(("title", "text"), recipes(), ids=[title for title, _ in recipes()])
def test_a_recipe_of_the_guide(title: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    # Other tests cover the rate limit.
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        # One campaign was created by hand, with the id that a recipe adopts.
        made = Control(sandbox.url).create(MADE_BY_HAND)
        assert made["id"] == "1030978"
        shell = Shell(folder, {"OCAMBA_API_URL": sandbox.url, "OCAMBA_TOKEN": "sandbox"})
        assert walk(text, shell) > 0
        desired, findings = check(folder, environment=None, environ={}, tool_version=__version__)
        assert desired
        assert findings == ()
        world = World(folder, sandbox.url, Control(sandbox.url))
        world.apply()
        plan = world.plan()
        assert (plan["changes"], plan["blocked"]) == ([], [])


def test_files_of_a_page_are_recognised() -> None:
    text = "```yaml\n# push/a.yaml\nspec: {}\n```\n```yaml\nno: file\n```\n```console\n$ ls  # all\na\n```\n"
    assert list(steps(text)) == [File("push/a.yaml", "spec: {}\n"), Command("ls", ("a",))]
