"""The two streams: colour, verbosity, and the token that is never shown."""

from __future__ import annotations

import io
import json
import os
import pty
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import pytest

from campaignctl.cli.console import Console

NOW = datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC)


def _console(out: TextIO | None = None, err: TextIO | None = None, **more: Any) -> Console:
    environ = more.pop("environ", {})
    return Console(out or io.StringIO(), err or io.StringIO(), environ, lambda: NOW, **more)


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


@pytest.mark.parametrize(
    ("choice", "environ", "on_terminal", "on_file"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("always", {"NO_COLOR": "1"}, True, True),
        ("never", {}, False, False),
    ],
)
def test_only_terminals_get_colour(
    terminal: TextIO, choice: Any, environ: dict[str, str], on_terminal: bool, on_file: bool
) -> None:
    console = _console(color=choice, environ=environ)
    assert console.colored(terminal) is on_terminal
    assert console.colored(io.StringIO()) is on_file


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [
        ("quiet", ["error"]),
        ("normal", ["info", "warning", "error"]),
        ("verbose", ["debug", "info", "warning", "error"]),
    ],
)
def test_each_verbosity_shows_its_levels(verbosity: Any, shown: list[str]) -> None:
    err = io.StringIO()
    console = _console(err=err, verbosity=verbosity)
    for level in ("debug", "info", "warning", "error"):
        console.log(level, level)
    assert err.getvalue().split() == shown


def test_a_json_log_is_an_object_a_line() -> None:
    err = io.StringIO()
    _console(err=err, log_format="json").log("info", "two\nlines", key="push/welcome", action=None)
    assert [json.loads(line) for line in err.getvalue().splitlines()] == [
        {"time": "2036-01-02T03:04:05.000Z", "level": "info", "text": "two\nlines", "key": "push/welcome"}
    ]


def test_the_token_is_never_written() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = _console(out, err, secret="0123456789abcdef")
    console.say("a 0123456789abcdef")
    console.log("error", "b 0123456789abcdef")
    assert "0123456789abcdef" not in out.getvalue() + err.getvalue()


def test_there_is_never_a_second_document() -> None:
    console = _console()
    console.document({})
    with pytest.raises(ValueError, match="one document"):
        console.document({})


def test_only_a_person_at_a_capable_terminal_gets_a_live_bar(terminal: TextIO) -> None:
    assert _console(err=terminal).live
    assert not _console(err=terminal, verbosity="quiet").live
    assert not _console(err=terminal, verbosity="verbose").live
    assert not _console(err=terminal, log_format="json").live
    assert not _console(err=terminal, environ={"TERM": "dumb"}).live
    assert not _console().live


def test_a_closed_log_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    err = os.fdopen(writing, "w")
    _console(err=err).log("info", "anybody there?")
    with pytest.raises(BrokenPipeError):
        err.close()
