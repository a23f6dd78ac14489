"""The pictures of pages in the documentation, taken with headless Chromium: `make pictures`.

A picture depends on the fonts of the machine, so none is compared with a new one; a test takes them all.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from campaignctl.cli.commands.sandbox import drawing
from campaignctl.content.previews import previews
from campaignctl.render.preview_html import page
from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control
from tests.browser.conftest import FLAGS, chromium
from tools.reference.pictures import IMAGES, plan_by

LARGEST = 150_000
# A gradient and a shadow take more bytes than everything else.
_FLAT = ".device, .thread { background: var(--wall-a) } .card { box-shadow: none }"
# Pixels: of the window, and below the last element.
_WIDTH, _HEIGHT, _EDGE = 960, 2_000, 8
_SAMPLES = {"FIRST_NAME": "Ana"}
_PUSH = {
    "title": {"en": "Spring is here: 20 % off the garden", "de": "Der Frühling ist da: 20 % auf den Garten"},
    "body": {
        "en": "Chairs, tables and everything green until Sunday night. Today with free delivery.",
        "de": "Stühle, Tische und alles Grüne bis Sonntagabend. Heute ohne Versandkosten.",
    },
    "landing_url": "https://shop.example/spring",
    "actions": [
        {"title": {"en": "See the garden", "de": "Zum Garten"}, "url": "https://shop.example/garden"},
    ],
}
_TEXT = (
    "Hi ${FIRST_NAME}, spring is here \N{EN DASH} 20 % off the garden until Sunday, today with free delivery."
    " Reply STOP to end."
)
_SPRING = {
    "name": "Spring sale",
    "scheduled_time": "2036-03-22 10:00:00",
    "messages": [
        {"name": "Flash", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": _TEXT}}},
        {"name": "Garden", "channel": "push", "push": _PUSH},
    ],
}


@dataclass(frozen=True)
class Shot:
    """A page, as html or at an address, from its top to the end of the last element that `until` selects."""

    until: str
    html: str = ""
    address: str = ""


def shots(account: Sandbox) -> Mapping[str, Shot]:
    """What is taken, by the name of its picture."""
    (review,) = plan_by(("plan", "--format", "html"), body="A fifth off everything for the garden")
    shown = previews("spring-sale", _SPRING, samples=_SAMPLES)
    return {
        "preview.png": Shot(".android", html=page(shown, title="acme-crm")),
        "report.png": Shot(".sides .facts >> nth=1", html=review),
        "sandbox.png": Shot("#campaigns", address=f"{_filled(account)}/"),
    }


def _filled(account: Sandbox) -> str:
    """An account in the middle of its work; its address."""
    control = Control(account.url)
    control.freeze()
    control.set_clock("2036-03-21 09:00:00")
    for name, fields in _CAMPAIGNS.items():
        control.create({**_SPRING, "scheduled_time": None, "name": name, **fields})
    control.set_clock("2036-03-22 10:30:00")
    return account.url


_CAMPAIGNS: Mapping[str, dict[str, Any]] = {
    "Spring sale": {"scheduled_time": "2036-03-22 10:00:00"},
    "Weekly digest": {"recurrence": {"cron": "0 6 * * 1"}},
    "Last call": {"scheduled_time": "2036-03-23 18:00:00"},
    "Cart reminder": {"recurrence": {"cron": "0 10 * * *"}},
    "Easter greeting": {"scheduled_time": "2036-04-13 08:00:00"},
    "Welcome": {},
}


def take(folder: Path) -> Iterator[Path]:
    """Take every picture into a folder, and yield its path. RuntimeError without Chromium."""
    program = chromium()
    if program is None:
        raise RuntimeError("there is no chromium on this machine")
    with sync_playwright() as playwright, Sandbox(draw=drawing(_SAMPLES)) as account:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        for name, shot in shots(account).items():
            yield _taken(browser, shot, folder / name)
        browser.close()


def _taken(browser: Browser, shot: Shot, path: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(shot.html, encoding="utf-8")
        window = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, bypass_csp=True)
        window.goto(shot.address or file.as_uri())
        window.add_style_tag(content=_FLAT)
        end = window.locator(shot.until).filter(visible=True).last.bounding_box()
        height = end["y"] + end["height"] + _EDGE if end else _HEIGHT
        window.screenshot(path=path, clip={"x": 0, "y": 0, "width": _WIDTH, "height": height})
        window.close()
    return path


def main() -> int:
    """Take the pictures of the documentation; status 1 if one is too large."""
    large = [path for path in take(IMAGES) if path.stat().st_size > LARGEST]
    for path in large:
        sys.stderr.write(f"{path} has more than {LARGEST:,} bytes\n")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
