"""`preview --serve`: the page follows the files, says what is wrong, and ends at once."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.cli.cli_process import Cli

SALE = """\
spec:
  name: Sale
  messages:
    - {name: Text, channel: sms, integration_id: 1, sms: {content: {en: Hello, de: Hallo}}}
    - name: Letter
      channel: email
      integration_id: 1
      email: {sender_name: A, sender_email: a@shop.example, subject: S, html: {en: {$file: body.html}}}
"""

#: It ends within a second; a busy machine takes its time to notice.
SOON = 3


class Served:
    """The command as a process, and the address that it prints."""

    def __init__(self, folder: Path, *words: str) -> None:
        (folder / "campaignctl.yaml").write_text("metadata: {name: shop}\n")
        (folder / "sale.yaml").write_text(SALE)
        (folder / "body.html").write_text("<p>First</p>")
        self.folder = folder
        self.process = Cli(folder).start(
            "preview",
            "--serve",
            *words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout
        found = re.fullmatch(
            r"The preview is at (http://127\.0\.0\.1:\d+/[\w-]{22}/)\n", self.process.stdout.readline()
        )
        assert found
        self.url = found[1]

    def end(self, number: int = signal.SIGINT) -> tuple[int, float, str]:
        """End it; its status, the seconds it took, and what it said on standard error."""
        start = time.monotonic()
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - start, err


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "shop"
    folder.mkdir()
    served = Served(folder)
    yield served
    if served.process.poll() is None:
        served.end(signal.SIGKILL)


def test_the_page_follows_the_files_and_says_what_is_wrong(served: Served, opened: Opener) -> None:
    tab = opened(at=served.url)
    page, manifest = tab.page, served.folder / "sale.yaml"
    page.locator("label[for=m1-1-2]").click()
    manifest.write_text(SALE.replace("Hallo", "Servus"))
    expect(page.locator(".bubble:visible")).to_have_text("Servus")
    manifest.write_text("spec: [")
    expect(page.locator(".problems pre")).to_contain_text("not YAML")
    assert tab.said == []
    assert all(address.startswith(served.url) for address in tab.asked)

    status, seconds, err = served.end()
    assert (status, err.strip()) == (0, "The preview has ended.")
    assert seconds < SOON
    expect(page.locator("#live")).to_have_text("The preview has ended")


@pytest.mark.slow
def test_every_file_is_followed(served: Served, opened: Opener) -> None:
    tab = opened(at=served.url)
    page, manifest = tab.page, served.folder / "sale.yaml"
    (served.folder / "body.html").write_text("<p>Second</p>")
    expect(page.frame_locator("iframe").first.locator("p")).to_have_text("Second")
    manifest.write_text(SALE.replace("content:", "contentz:"))
    expect(page.locator(".problems pre")).to_contain_text("contentz")
    manifest.write_text(SALE)
    expect(page.locator(".problems")).to_have_count(0)
    (served.folder / "more.yaml").write_text(SALE.replace("body.html", "no.html"))
    expect(page.locator(".problems pre")).to_contain_text("no.html: there is no such file")
    expect(page.locator("h2").filter(has_text="sale")).to_be_visible()
    (served.folder / "more.yaml").unlink()
    (served.folder / "campaignctl.yaml").write_text("metadata: {name: other}\n")
    expect(page.locator("h1")).to_have_text("Preview other")
    (served.folder / "campaignctl.yaml").write_text("metadata: {nam: other}\n")
    expect(page.locator(".problems pre")).to_contain_text("nam")
    (served.folder / "campaignctl.yaml").write_text("metadata: {name: again}\n")
    expect(page.locator("h1")).to_have_text("Preview again")
    assert tab.said == []
    assert served.end(signal.SIGTERM)[0] == 0


@pytest.mark.slow
def test_it_ends_while_it_draws(served: Served) -> None:
    for number in range(1_000):
        (served.folder / f"{number}.yaml").write_text(SALE)
    time.sleep(1.5)
    status, seconds, _ = served.end()
    assert status in (0, 130)
    assert seconds < SOON
