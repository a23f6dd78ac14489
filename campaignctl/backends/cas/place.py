"""A place that holds a few files: looked at whole, and replaced in one step or not at all.

A new kind of backend is a `Place` and the `Home` that is made of two of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.cas.liveness import Signs
from campaignctl.backends.lock_info import describe
from campaignctl.errors import StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo

LONGEST = 30.0
"""Seconds that one look or put may take."""

BRISK = 10.0
"""Seconds for a last attempt at a place that is known not to answer."""

Files = Mapping[str, bytes]
Kind = Literal["away", "refused", "setup", "locked"]

_T = TypeVar("_T")
# A mere look fails soon.
_LOOKS = 2


class PlaceError(Exception):
    """A place did not do what was asked.

    `away`: no usable answer, perhaps later; what was asked may have been done. `refused`: it will refuse
    again. `setup`: this machine has to be set up first. `locked`: see `Guarded`.
    """

    def __init__(self, kind: Kind, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(": ".join(filter(None, (summary, detail))))
        self.kind = kind
        self.hint = hint


class Guarded(PlaceError):
    """The place has a lock of its own, which another run holds; nothing was changed."""

    def __init__(self, holder: LockInfo, hint: str) -> None:
        super().__init__("locked", "it is locked there", detail=describe(holder), hint=hint)
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of a place: its name and its files by path; None and no files before the first.

    `problem` is why a file cannot be opened, which is as it is stored then. `current`: every file is stored
    as it would be now.
    """

    tip: str | None
    files: Files
    problem: StateError | None = None
    current: bool = True

    def usable(self) -> Seen:
        """The same. Raises StateError if a file cannot be opened."""
        if self.problem is not None:
            raise self.problem
        return self


@dataclass(frozen=True, slots=True)
class Note:
    """The record of a version: what was done, who did it, and whether under their lock."""

    by: LockInfo
    subject: str
    under_lock: bool = True


@dataclass(frozen=True, slots=True)
class Texts:
    """How messages speak of a place: where it is, where its earlier versions are (None if nowhere), how a
    damaged state is replaced, and how another project gets a place of its own."""

    location: str
    history: str | None
    repair: str
    apart: str


class Place(Protocol):
    """Where a few files lie. Used by several threads at once; everything raises PlaceError."""

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        ...

    def tip(self) -> str | None:
        """The name of the present version: cheap, and another one after each put."""
        ...

    def look(self, seconds: float = LONGEST) -> Seen:
        """The present version, all of one moment."""
        ...

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        """The version to put after `before`, under a name that no other version has; not visible yet."""
        ...

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Replace `before` by `draft` durably if it is still there; False if another version is.

        After an error of the kind `away` it may have been done: the same draft may come again.
        """
        ...

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a put whose answer was lost has arrived, judging by the version found afterwards."""
        ...

    def access(self, by: LockInfo) -> Access:
        """Whether it accepts writes from here, as far as can be told without one."""
        ...

    def free(self, lock_id: str) -> LockInfo | None:  # noqa: ARG002 - places with a lock override it
        """Break the place's own lock if it has exactly this id; returns the holder found, of any id."""
        return None


class Moved(Exception):
    """Another writer has changed the place; `seen` is what it holds now."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("the place holds another version")
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Persistent:
    """A place that is asked again while it does not answer.

    `pauses` lie between the attempts; `pause` waits for so long.
    """

    place: Place
    pause: Callable[[timedelta], None]
    pauses: tuple[timedelta, ...]

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        return self.place.texts.location

    def tip(self) -> str | None:
        """The name of the present version. Raises PlaceError."""
        return self._persistently(self.place.tip)

    def look(self) -> Seen:
        """The present version. Raises PlaceError."""
        return self._persistently(self.place.look)

    def put(
        self,
        before: Seen,
        after: Files,
        note: Note,
        *,
        brisk: bool = False,
        exactly: bool = False,
        waits: bool = True,
    ) -> Seen:
        """Replace `before` with `after` if it is still there.

        When an answer is lost, a look tells whether the put arrived. A version with the same files under
        another name (a shortened history, a renewed lock) is continued, unless it is to replace `exactly`
        this version. `brisk` tries once and briefly. With `waits` a lock of the place's own is waited for, as
        others hold one for a single put too.

        Raises:
            Guarded: another run holds the place's own lock.
            Moved: it holds something else, and nothing was changed.
            PlaceError: it is unknown whether it was changed, or the place refused.
        """
        seconds = BRISK if brisk else LONGEST
        draft = self.place.draft(before, after, note)
        for pause in (*(() if brisk else self.pauses), None):
            try:
                if self.place.put(before, draft, seconds):
                    return draft
                found = self.place.look(seconds)
                if self.place.holds(found, draft):
                    return draft
            except PlaceError as error:
                if error.kind not in (("away", "locked") if waits else ("away",)) or pause is None:
                    raise
                self.pause(jittered(pause))
                continue
            if found.files != before.files or (exactly and found.tip != before.tip):
                raise Moved(found)
            if found.tip != before.tip:
                before, draft = found, self.place.draft(found, after, note)
            elif pause is not None:
                self.pause(jittered(pause))
        raise PlaceError("away", f"{self.location} did not accept the write", hint="run the command again")

    def _persistently(self, look: Callable[[], _T]) -> _T:
        for pause in self.pauses[:_LOOKS]:
            try:
                return look()
            except PlaceError as error:
                if error.kind != "away":
                    raise
            self.pause(jittered(pause))
        return look()


@dataclass(frozen=True, slots=True)
class Home:
    """Where the state of a project lives: its place, that of its stop mark, which needs no lock, and that of
    its archive, which is seldom read.

    `mirror` is a file below the project that shows the state to people. `signs` are those of the holders of
    its lock; without them, they are files next to the mirror. A lock that its holder does not renew for
    `lease` may be taken over; zero: never. `at_rest` says how files are stored. `whole`: each put sends all
    of them, so that a long journal only adds to it.
    """

    project: str
    place: Place
    stop: Place
    archive: Place
    mirror: Path
    signs: Signs | None = None
    lease: timedelta = timedelta()
    at_rest: AtRest = IN_CLEAR
    whole: bool = False


def jittered(pause: timedelta) -> timedelta:
    """Half to one and a half times a pause, so that concurrent writers get out of step."""
    return pause * random.SystemRandom().uniform(0.5, 1.5)
