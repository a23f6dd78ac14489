"""`notify`: where it posts to, what it says, and that it neither delays nor fails anything."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from campaignctl.cli.console import Console
from campaignctl.cli.notify import SECONDS, notify
from campaignctl.cli.settings import App, Settings
from campaignctl.project.model import Notify, Project
from tests.cli.webhook import Webhook, webhook

TOKEN = "token-of-the-account"
DONE: Mapping[str, Any] = {"format_version": 1, "result": "done", "changes": [], "blocked": []}
HALF = {
    **DONE,
    "result": "incomplete",
    "changes": [{"key": f"a {TOKEN}", "outcome": "not_started"}],
    "blocked": [{}],
}


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


def project(on: Literal["failures", "all"] = "failures") -> Project:
    return Project("shop", "/", environment="staging", notify=Notify("HOOK", on))


def app(**environ: str) -> App:
    given = {"OCAMBA_TOKEN": TOKEN, **environ}
    now = lambda: datetime(2036, 1, 1, tzinfo=UTC)  # noqa: E731 - the clock
    console = Console(out=io.StringIO(), err=io.StringIO(), environ=given, now=now)
    console.secret = TOKEN
    return App(Settings(None, None, given, Path("/")), console)


def said(app: App) -> str:
    assert isinstance(app.console.err, io.StringIO)
    return app.console.err.getvalue()


def test_a_failure_is_posted_without_the_token(hook: Webhook) -> None:
    notify(app(HOOK=hook.url), project(), "apply", HALF, failed=True)
    ((path, raw, body),) = zip(hook.paths, hook.raw, hook.bodies, strict=True)
    assert path == "/hook?key=1234567890secret"
    assert TOKEN not in raw
    assert (body["event"], body["project"], body["environment"]) == ("apply", "shop", "staging")
    assert body["text"] == "campaignctl apply of shop (staging): incomplete: 1 not started, 1 blocked"
    assert {name: body[name] for name in DONE}.keys() == HALF.keys()


@pytest.mark.parametrize(
    ("on", "failed", "posted"), [("failures", False, 0), ("all", False, 1), ("all", True, 1)]
)
def test_what_succeeded_is_posted_only_if_all_is(
    hook: Webhook, on: Literal["failures", "all"], failed: bool, posted: int
) -> None:
    notify(app(HOOK=hook.url), project(on), "apply", DONE, failed=failed)
    assert len(hook.bodies) == posted


def test_the_address_comes_only_from_the_environment(hook: Webhook) -> None:
    here = app()
    notify(here, project(), "apply", HALF, failed=True)
    notify(app(OTHER=hook.url), project(), "apply", HALF, failed=True)
    notify(app(HOOK=hook.url), Project("shop", "/"), "apply", HALF, failed=True)
    assert (hook.bodies, said(here)) == ([], "")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/secret-part",
        "file:///etc/secret-part",
        "secret-part",
        "https://",
        "http://[secret-part",
        f"https://hooks.example/{TOKEN}",
    ],
)
def test_an_address_that_is_not_safe_is_not_used_and_not_shown(url: str) -> None:
    here = app(HOOK=url)
    notify(here, project(), "apply", HALF, failed=True)
    assert said(here).startswith("no notification: HOOK ")
    assert "secret-part" not in said(here)


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_refusal_is_a_warning_and_no_redirect_is_followed(hook: Webhook, status: int) -> None:
    hook.status = status
    here = app(HOOK=hook.url)
    notify(here, project(), "apply", HALF, failed=True)
    assert said(here) == f"no notification: the address in HOOK gave status {status}\n"
    assert len(hook.bodies) == 1


def test_nobody_at_the_address_is_a_warning() -> None:
    here = app(HOOK="http://127.0.0.1:9/secret-part")
    notify(here, project(), "apply", HALF, failed=True)
    assert said(here) == "no notification: the address in HOOK gave ConnectionRefusedError\n"


def test_an_interrupted_run_does_not_wait_for_a_slow_answer(hook: Webhook) -> None:
    hook.wait = 2.5
    here, began = app(HOOK=hook.url), time.monotonic()
    notify(here, project(), "apply", {**HALF, "result": "interrupted"}, failed=True)
    assert time.monotonic() - began < hook.wait < SECONDS
    assert len(hook.bodies) == 1
    assert "no notification" in said(here)


@pytest.mark.slow
def test_a_slow_answer_is_waited_for_a_few_seconds(hook: Webhook) -> None:
    hook.wait = 6
    here, began = app(HOOK=hook.url), time.monotonic()
    notify(here, project(), "apply", HALF, failed=True)
    assert time.monotonic() - began < SECONDS + 1
    assert "no notification" in said(here)
