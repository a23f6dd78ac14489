"""Progress: plain lines, objects, or a bar that leaves the terminal as it found it."""

from __future__ import annotations

import io
import json
import os
import pty
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

import pytest

from campaignctl.cli.console import Console
from campaignctl.cli.progress import Bar, Lines, length_of, progress_on
from campaignctl.plan.model import Action
from campaignctl.review.outcome import Event

NOW = datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC)
EVENTS = (
    Event("phase", "apply", total=3),
    Event("started", "", "push/a", Action.CREATE),
    Event("finished", "", "push/a", Action.CREATE, "done"),
    Event("finished", "", "push/b", Action.CANCEL, "failed"),
    Event("note", "careful \x1b[31m"),
)


def _console(err: Any, **more: Any) -> Console:
    return Console(io.StringIO(), err, {}, lambda: NOW, **more)


def test_without_a_terminal_progress_is_plain_lines() -> None:
    err = io.StringIO()
    progress = progress_on(_console(err))
    assert isinstance(progress, Lines)
    for event in EVENTS:
        progress(event)
    assert err.getvalue().splitlines() == [
        "Apply (3)",
        "push/a: created",
        "push/b: cancel failed",
        r"careful \u001b[31m",
    ]


def test_lines_sometimes_estimate_the_remaining_time() -> None:
    err = io.StringIO()
    times = iter(NOW + timedelta(seconds=passed) for passed in (0, 5, 21, 30, 45))
    progress = progress_on(Console(io.StringIO(), err, {}, lambda: next(times)))
    progress(Event("phase", "apply", total=600, remaining=timedelta(seconds=4000)))
    for left in (3990, 250, 200, 3):
        progress(Event("finished", "", "a", Action.CREATE, "done", remaining=timedelta(seconds=left)))
    assert err.getvalue().splitlines() == [
        "Apply (600), about 1 h 6 min",
        "a: created",
        "a: created",
        "about 4 min 10 s left",
        "a: created",
        "a: created",
    ]


def test_a_json_log_has_the_fields_of_the_event() -> None:
    err = io.StringIO()
    progress = progress_on(_console(err, log_format="json"))
    progress(EVENTS[3])
    line = json.loads(err.getvalue())
    assert (line["event"], line["key"], line["action"], line["outcome"]) == (
        "finished",
        "push/b",
        "cancel",
        "failed",
    )
    assert line["level"] == "warning"


@contextmanager
def terminal() -> Iterator[tuple[TextIO, list[bytes]]]:
    """A terminal to write to, and its whole output once it is closed."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=lambda: shown.extend(iter(lambda: _read(ours), b"")))
    reader.start()
    with os.fdopen(theirs, "w") as stream:
        yield stream, shown
    reader.join()
    os.close(ours)


def test_a_bar_gives_the_terminal_back() -> None:
    with terminal() as (stream, shown):
        progress = progress_on(_console(stream))
        assert isinstance(progress, Bar)
        progress(EVENTS[0])
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(progress, EVENTS[1:]))
        progress.pause()
        progress.pause()
        progress(Event("finished", "", "push/c", Action.UPDATE, "done"))
    text = b"".join(shown).decode()
    assert "Apply (3)" in text
    assert r"careful \u001b[31m" in text
    assert "push/c" not in text
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")


def test_a_bar_counts_a_change_that_awaits_its_read_back_once() -> None:
    with terminal() as (stream, shown):
        progress = progress_on(_console(stream))
        progress(Event("phase", "apply", total=3))
        for _ in range(2):
            progress(Event("answered", "", "a", Action.CANCEL))
        progress(Event("answered", "", "b", Action.CANCEL))
        progress(Event("finished", "", "a", Action.CANCEL, "done"))
        progress.pause()
    text = b"".join(shown).decode()
    assert "2/3" in text
    assert "3/3" not in text


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says EIO when the other end of a terminal is closed
        return b""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "1 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (3661, "1 h 1 min")],
)
def test_a_duration_names_no_part_that_is_nothing(seconds: int, said: str) -> None:
    assert length_of(timedelta(seconds=seconds)) == f"about {said}"
