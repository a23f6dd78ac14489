"""What the pages for users ask them to do works, and prints what they show."""

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
    parts = re.split(r"^## (.+)$", page("cookbook.md"), flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def walk(text: str, shell: Shell) -> int:
    commands = 0
    for step in steps(text):
        shell.do(_soon(step))
        commands += isinstance(step, Command)
    return commands


def _soon(step: Command | File) -> Command | File:
    """A step; its project may apply just before a run: whenever this is, something is about to recur."""
    if isinstance(step, File) and step.path == "campaignctl.yaml" and "guardrails" not in step.text:
        return File(step.path, f"{step.text}guardrails: {{min_lead_time: 0m}}\n")
    return step


def test_getting_started_is_done_as_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with Shell(tmp_path / "home", {}) as shell:
        assert walk(page("getting-started.md"), shell) > 10


@pytest.mark.parametrize(("title", "text"), recipes(), ids=[title for title, _ in recipes()])
def test_a_recipe_is_done_as_it_is_read(title: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    # What the account allows in a minute is the matter of other tests.
    with Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox:
        # One campaign was made by hand, with the id that a recipe adopts.
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


@pytest.mark.parametrize(
    "name",
    ["ci.md", "operations.md", "getting-started.md", "cookbook.md", "errors.md", "manifest-reference.md"],
)
def test_links_lead_somewhere(name: str) -> None:
    text = page(name)
    for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        path = (DOCS / target).resolve() if target else DOCS / name
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{target}#{anchor}"


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_files_of_a_page_are_told_from_its_other_blocks() -> None:
    text = "```yaml\n# push/a.yaml\nspec: {}\n```\n```yaml\nno: file\n```\n```console\n$ ls  # all\na\n```\n"
    assert list(steps(text)) == [File("push/a.yaml", "spec: {}\n"), Command("ls", ("a",))]
