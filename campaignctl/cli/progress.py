"""Progress on standard error: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from campaignctl.cli.console import Console, Level
    from campaignctl.plan.model import Action
    from campaignctl.review.outcome import Event

_DONE = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "pause": "paused",
    "resume": "resumed",
    "cancel": "canceled",
    "adopt": "adopted",
    "move": "moved",
    "forget": "forgotten",
}
_UNDONE = {"failed": "failed", "not_started": "not started", "unknown": "outcome unknown"}


# How often lines show the remaining time, and the shortest that they show.
_TOLD_EVERY = timedelta(seconds=20)
_WORTH_TELLING = timedelta(seconds=10)


def length_of(span: timedelta) -> str:
    """A duration in words."""
    seconds = round(span.total_seconds())
    if seconds < _MINUTE:
        return f"about {max(seconds, 1)} s"
    if seconds < _HOUR:
        return _of_two(seconds // _MINUTE, "min", seconds % _MINUTE, "s")
    return _of_two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")


def _of_two(large: int, unit: str, small: int, part: str) -> str:
    return f"about {large} {unit}" + (f" {small} {part}" if small else "")


_MINUTE = 60
_HOUR = 3600


def _left(remaining: timedelta | None) -> str:
    return f"{length_of(remaining)} left" if remaining else ""


class Progress(Protocol):
    """Takes events from any thread."""

    def __call__(self, event: Event) -> None:
        """Show the event."""
        ...

    def pause(self) -> None:
        """Stop drawing until the next event."""
        ...


def progress_on(console: Console) -> Progress:
    """Choose how to show progress on this console."""
    return Bar(console) if console.live else Lines(console)


class Lines:
    """One line for each phase, finished change and note."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: datetime | None = None

    def __call__(self, event: Event) -> None:
        """Write the event as a line, and from time to time the remaining time."""
        self._console.log(
            level_of(event),
            line_of(event),
            event=event.kind,
            key=event.key,
            action=event.action and str(event.action),
            outcome=event.outcome,
            total=event.total,
            remaining=None if event.remaining is None else event.remaining.total_seconds(),
        )
        if event.remaining is not None and self._console.log_format == "text":
            self._tell_remaining(event)

    def _tell_remaining(self, event: Event) -> None:
        now = self._console.now()
        if event.kind == "phase" or self._told is None:
            self._told = now
        elif now - self._told >= _TOLD_EVERY and event.remaining and event.remaining >= _WORTH_TELLING:
            self._told = now
            self._console.log("info", f"{length_of(event.remaining)} left")

    def pause(self) -> None:
        """Do nothing: lines need no pause."""


class Bar:
    """A bar that counts changes that are finished, or only need to be read back.

    Only notes are lines, as the outcome lists every change.
    """

    def __init__(self, console: Console) -> None:
        self._lines = Lines(console)
        self._console = console
        self._lock = threading.RLock()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._text = ""
        self._counted: set[tuple[str | None, Action | None]] = set()

    def __call__(self, event: Event) -> None:
        """Move the bar; a note goes above it."""
        with self._lock, self._while_there_is_a_terminal():
            if event.kind == "phase":
                self._begin(line_of(event), event)
            elif event.kind == "note":
                self._lines(event)
            elif self._bar is not None and self._task is not None:
                self._move(self._bar, self._task, event)

    def pause(self) -> None:
        """Remove the bar from the terminal."""
        with self._lock, self._while_there_is_a_terminal():
            if self._bar is not None:
                bar, self._bar, self._task = self._bar, None, None
                self._console.divert(None)
                bar.stop()

    @contextmanager
    def _while_there_is_a_terminal(self) -> Iterator[None]:
        """A closed terminal must not stop a running apply."""
        try:
            yield
        except OSError:
            self._console.divert(None)
            self._bar = self._task = None

    def _move(self, bar: RichProgress, task: TaskID, event: Event) -> None:
        if event.kind in ("answered", "finished"):
            change = event.key, event.action
            bar.update(task, advance=int(change not in self._counted), left=_left(event.remaining))
            self._counted.add(change)
        else:
            bar.update(task, description=f"{self._text}: {line_of(event)}")

    def _begin(self, text: str, event: Event) -> None:
        if self._bar is None:
            self._bar = _rich_bar(self._console.err, colored=self._console.colored(self._console.err))
            self._console.divert(partial(_print_above, self._bar))
            self._bar.start()
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._text = text
        self._counted.clear()
        self._task = self._bar.add_task(text, total=event.total, left=_left(event.remaining))


def _print_above(bar: RichProgress, text: str) -> None:
    from rich.text import Text

    bar.console.print(Text.from_ansi(text.rstrip("\n")), highlight=False, soft_wrap=True)


def _rich_bar(stream: TextIO, *, colored: bool) -> RichProgress:
    from rich.console import Console as RichConsole
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns: tuple[Any, ...] = (
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    screen = RichConsole(file=stream, no_color=not colored)
    return Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False)


def level_of(event: Event) -> Level:
    """The level of an event: a change that failed is a warning, one that started a detail."""
    if event.kind in ("started", "answered"):
        return "debug"
    return "warning" if event.outcome in _UNDONE else "info"


def line_of(event: Event) -> str:
    """Write an event as one line for people."""
    from campaignctl.render.escape import escape

    if event.kind == "phase":
        count = f" ({event.total})" if event.total else ""
        takes = f", {length_of(event.remaining)}" if event.remaining is not None else ""
        return f"{escape(event.text.capitalize())}{count}{takes}"
    if event.key is None or event.action is None:
        return escape(event.text)
    if event.kind == "started":
        return f"{event.key}: {event.action} ..."
    if event.kind == "answered":
        return f"{event.key}: {event.action} sent"
    if event.outcome in (None, "done"):
        return f"{event.key}: {_DONE.get(str(event.action), str(event.action))}"
    return f"{event.key}: {event.action} {_UNDONE[event.outcome]}"
