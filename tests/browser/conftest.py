"""Chromium, started once a process, and tabs that record what a page says and asks for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.editor.npm_packages import npm_packages
from tests.serving import serving

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
PHONE, DESKTOP = 360, 1280
expect.set_options(timeout=30_000)  # a busy machine is no fault of a page


def chromium() -> str | None:
    """Chromium as the system has it."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    program = chromium()
    if program is None:
        pytest.skip("pages are tried in a browser: no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page in a browser: what its console said, and which addresses other than its own it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def shown(self, selector: str) -> list[str]:
        """The texts of the visible elements."""
        found = self.page.locator(selector).filter(visible=True).all_inner_texts()
        return [" ".join(text.split()) for text in found]


Opener = Callable[..., Tab]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Opens a page from a file, or at an address."""
    with ExitStack() as ends:

        def open_(
            html: str = "", *, at: str = "", width: int = DESKTOP, dark: bool = False, seconds: int = 30
        ) -> Tab:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
            )
            ends.callback(context.close)
            tab = Tab(context.new_page())
            file = tmp_path / "page.html"
            file.write_text(html, encoding="utf-8", errors="replace")
            address = at or file.as_uri()
            tab.page.on("console", lambda message: tab.said.append(message.text))
            tab.page.on("pageerror", lambda error: tab.said.append(str(error)))
            tab.page.on("dialog", lambda dialog: tab.said.append(dialog.message))
            tab.page.on("request", lambda request: tab.asked.append(request.url))
            tab.page.goto(address, timeout=seconds * 1000)
            tab.asked.remove(address)
            return tab

        yield open_


@pytest.fixture
def witness() -> Iterator[Any]:
    """A server on this machine that answers everything, and keeps the paths that it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        paths: list[str]

        @property
        def url(self) -> str:
            return f"http://127.0.0.1:{self.server_port}"

    server = Server(("127.0.0.1", 0), Handler)
    server.paths = []
    with serving(server):
        yield server


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return (npm_packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
