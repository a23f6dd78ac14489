"""The pictures of the README: one plan, in the terminal and as the comment of a pull request."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control
from tests.e2e.harness import World
from tools.reference.svg import comment, terminal

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_PROJECT = "metadata: {name: acme-crm}\ntime_zone: Europe/Belgrade\n"
_MANIFEST = """
spec:
  name: %s
  scheduled_time: 2036-03-%s
  targeting: {countries: {items: [DE, FR], op: in}}
  messages:
    - name: First
      channel: push
      push: {title: {en: %s}, landing_url: https://example.com/spring}
"""


def pictures() -> Mapping[Path, str]:
    """The pictures by their paths: of a plan with a cancel, an update and a create."""
    text, markdown = plan_by(("--color", "always", "plan"), ("plan", "--format", "markdown"))
    # Without the parts that vary between runs.
    text = re.sub(r", in \d+ (?:years?|months?|days?)", "", text)
    # What is folded is folded in a comment, too.
    markdown = re.sub(r" Made .*", "", markdown).partition("### Field by field")[0]
    return {
        IMAGES / "plan.svg": terminal(f"$ campaignctl plan\n{text}", "A plan in the terminal"),
        IMAGES / "plan-comment.svg": comment(markdown, "The same plan in a pull request"),
    }


def plan_by(*commands: tuple[str, ...], body: str = "") -> list[str]:
    """What these commands print of one plan; `body` is the text of its pushes in English."""
    sale, manifest = "push/spring-sale.yaml", _MANIFEST
    if body:
        manifest = manifest.replace("landing_url", f"body: {{en: {body}}}, landing_url")
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        wide = {"COLUMNS": "100"}
        world = World(Path(folder) / "crm", sandbox.url, Control(sandbox.url), wide)
        world.write("campaignctl.yaml", _PROJECT)
        world.write(sale, manifest % ("Spring sale", "22 10:00:00", "Sale begins on Saturday"))
        world.write("push/old-offer.yaml", manifest % ("Old offer", "20 09:00:00", "A fifth off"))
        world.apply()
        world.remove("push/old-offer.yaml")
        world.write(sale, manifest % ("Spring sale", "23 10:00:00", "Sale begins on Sunday"))
        world.write("push/last-call.yaml", manifest % ("Last call", "28 18:00:00", "Last day of the sale"))
        outputs = [world.run(*command).out for command in commands]
    return [output.replace(sandbox.url, "https://api.ocamba.com") for output in outputs]
