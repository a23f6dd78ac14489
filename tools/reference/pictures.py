"""The pictures of plans: a small one in the terminal and as the comment of a pull request, and how large ones
begin."""

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
_ROWS = 40
# The sandbox sets no limit, and 36 creates should not take as long as real ones.
_UNHURRIED = "api: {rate_limit: {per_second: 1000, per_minute: 10000}}\n"
_MARKETS = """
matrix:
  country: [AT, BE, BG, CH, CY, CZ, DE, DK, EE, ES, FI, FR, GB, GR, HR, HU, IE, IT,
            LI, LT, LU, LV, MC, MT, NL, "NO", PL, PT, RO, RS, SE, SI, SK, SM, TR, UA]
spec:
  name: Price ${matrix.country}
  scheduled_time: 2036-03-22 09:00:00
  targeting: {countries: {items: ["${matrix.country}"], op: in}}
  messages:
    - name: First
      channel: push
      push:
        title: {en: "Now from ${var.price} EUR"}
        body: {en: "All of the new collection, until Sunday."}
        landing_url: https://example.com/spring
"""
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
        IMAGES / "plan-36.svg": _screen(_many("36"), "A changed price in 36 campaigns"),
        IMAGES / "plan-300.svg": _screen(_many("300"), "300 new campaigns with texts of their own"),
    }


def _screen(text: str, title: str) -> str:
    """The first screenful of a plan."""
    lines = re.sub(r", in \d+ (?:years?|months?|days?)", "", text).splitlines()
    return terminal("\n".join(("$ campaignctl plan", *lines[: _ROWS - 1])), title)


def _many(number: str) -> str:
    """The text of a plan of 36 campaigns whose price changes, or of 300 that are created."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        world = World(Path(folder) / "crm", sandbox.url, Control(sandbox.url), {"COLUMNS": "100"})
        project = f"{_PROJECT}{_UNHURRIED}variables: {{price: '%s'}}\n"
        world.write("campaignctl.yaml", project % "19.90")
        command = ["--color", "always", "plan"]
        if number == "36":
            world.write("push/price.yaml", _MARKETS)
            world.apply("--parallelism", "1")
            world.write("campaignctl.yaml", project % "17.90")
        else:
            command.append("--no-refresh")
            for one in range(int(number)):
                day, hour = 1 + one % 28, one // 28
                title = f"Offer {one + 1} of this spring"
                about = (f"Offer {one + 1}", f"{day:02} {hour:02}:00:00", title)
                world.write(f"push/offer-{one + 1:03}.yaml", _MANIFEST % about)
        return world.run(*command).out.replace(sandbox.url, "https://api.ocamba.com")


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
