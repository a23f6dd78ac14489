"""The stop mark: all halts, each with the stopped campaigns, user, time, reason and lifts.

It is stored next to the state and needs neither its lock nor the state itself: the person on call must be
able to set it while an apply runs, and when the state is damaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from campaignctl.campaign.keys import covers, fits
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso

#: The format of new stop marks. Format 1 is read, and written back as it is while the state has format 1.
FORMAT_VERSION = 2
#: A field of format 2: absent in documents where it has its default, and in every document of format 1.
SINCE_2: Mapping[str, Any] = {"since": 2}

# The pattern that names every key.
_EVERY = "*"

How = Literal["paused", "canceled"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A campaign that a halt stops, and how. Recorded before its request is sent; `at` is the server's time,
    rounded up."""

    key: str
    id: str
    how: How
    at: str


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign that a halt named, stopped or not: the halt holds it under any key, and its content too.

    `key` is the key by which it was named, empty if unknown; `id` is empty if it was only declared; `content`
    is the digest of its content, empty if that was not read.
    """

    key: str
    id: str
    content: str


@dataclass(frozen=True, slots=True)
class Lift:
    """The end of a halt for these keys or patterns, None for all of its keys."""

    keys: tuple[str, ...] | None
    reason: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Halt:
    """One order to stop campaigns. `keys` are keys or patterns, None for all campaigns.

    Times are `YYYY-MM-DDTHH:MM:SSZ`. Since format 2: `held` are the campaigns that it named. `account`: it
    stops every campaign of the account. `under_way` is since when its first pauses are being sent, so that
    applies give way; None if they are not.
    """

    id: str
    keys: tuple[str, ...] | None
    reason: str
    who: str
    host: str
    at: str
    stopped: tuple[Stopped, ...] = ()
    lifted: tuple[Lift, ...] = ()
    held: tuple[Held, ...] = field(default=(), metadata=SINCE_2)
    account: bool = field(default=False, metadata=SINCE_2)
    under_way: str | None = field(default=None, metadata=SINCE_2)

    @property
    def in_force(self) -> bool:
        """Whether it still stops a key: neither all of it nor each of its keys was lifted."""
        if any(lift.keys is None or _EVERY in lift.keys for lift in self.lifted):
            return False
        return self.keys is None or any(self._holds)

    @property
    def summary(self) -> str:
        """One line that says who ordered it, when and why."""
        by = f" by {self.who}" if self.who else ""
        return f"halted{by}, {self.when}: {self.reason}"

    @property
    def when(self) -> str:
        """The time of the order in words; as it is if it is no time."""
        try:
            return humanize.instant(parse_iso(self.at))
        except TimeError:
            return self.at

    def names(self, key: str) -> bool:
        """Whether it still stops this key."""
        return _among(self.keys, key) and not any(_among(lift.keys, key) for lift in self.lifted)

    def touched_by(self, lift: Lift) -> bool:
        """Whether it still stops a key that a lift names."""
        if lift.keys is None:
            return self.in_force
        return any(self.names(key) or any(fits(key, own) for own in self._holds) for key in lift.keys)

    @property
    def _holds(self) -> list[str]:
        """Its keys and patterns of which something may still be stopped."""
        lifts = [key for lift in self.lifted for key in (lift.keys or (_EVERY,))]
        return [own for own in self.keys or () if not any(covers(key, own) for key in lifts)]


@dataclass(frozen=True, slots=True)
class UnreadableMark:
    """A stop mark that cannot be read: the reason, and a hint."""

    reason: str
    hint: str


@dataclass(frozen=True)
class Halts:
    """All halts, oldest first. `unreadable`: they are unknown, so every campaign may be halted.

    No slots, because `cached_property` needs `__dict__`.
    """

    halts: tuple[Halt, ...] = ()
    unreadable: UnreadableMark | None = None
    format_version: int = FORMAT_VERSION

    @cached_property
    def _held(self) -> dict[str, list[tuple[Halt, str]]]:
        """The halts that hold a campaign and the key by which each named it, by its id and by its content."""
        found: dict[str, list[tuple[Halt, str]]] = {}
        for halt in self.halts:
            for one in halt.stopped:
                found.setdefault(one.id, []).append((halt, one.key))
            for each in halt.held:
                for mark in filter(None, (each.id, each.content)):
                    found.setdefault(mark, []).append((halt, each.key))
        return found

    @cached_property
    def _stopped(self) -> dict[str, list[Stopped]]:
        """What was done to a campaign, by its id."""
        found: dict[str, list[Stopped]] = {}
        for each in (each for halt in self.halts for each in halt.stopped):
            found.setdefault(each.id, []).append(each)
        return found

    def on(self, key: str) -> Halt | None:
        """The halt that stops this key, if any."""
        return next((halt for halt in self.halts if halt.names(key)), None)

    @property
    def in_force(self) -> tuple[Halt, ...]:
        """The halts that still stop a key."""
        return tuple(halt for halt in self.halts if halt.in_force)

    def stopping(
        self, keys: Iterable[str], campaign_id: str | None = None, content: str = ""
    ) -> tuple[Halt, str] | None:
        """The first halt that stops a campaign, if any, and the key to lift it by; as `all_stopping`."""
        return next(self.all_stopping(keys, campaign_id, content), None)

    def all_stopping(
        self, keys: Iterable[str], campaign_id: str | None = None, content: str = ""
    ) -> Iterator[tuple[Halt, str]]:
        """Every halt that stops a campaign, and the key to lift it by.

        `keys` are its present and former keys. A halt that named this campaign stays in force for it, by its
        id, under any key; with `content`, the digest of what would be created, for a copy of it too.
        """
        for key in keys:
            yield from ((halt, key) for halt in self.halts if halt.names(key))
        for mark in filter(None, (campaign_id, content)):
            yield from ((halt, key) for halt, key in self._held.get(mark, ()) if halt.names(key))

    @cached_property
    def holds_content(self) -> bool:
        """Whether a halt in force holds the content of a campaign."""
        return any(each.content for halt in self.in_force for each in halt.held)

    def paused(self, campaign_id: str, *, since: str = "") -> bool:
        """Whether a halt, lifted or not, paused this campaign, so that it is not a foreign pause. `since`: at
        this time or later, by the server's clock."""
        stopped = self._stopped.get(campaign_id, ())
        return any(each.how == "paused" and each.at >= since for each in stopped)

    def with_halt(self, halt: Halt) -> Halts:
        """These halts with one added, or replaced if its id is known."""
        known = {each.id: each for each in self.halts}
        return replace(self, halts=tuple({**known, halt.id: halt}.values()))

    def begun_at(self, halt: Halt) -> Halts:
        """These halts with the times of one of them corrected."""
        return self.with_halt(replace(self._of(halt), at=halt.at, under_way=halt.under_way))

    def with_stopped(self, halt: Halt, stopped: tuple[Stopped, ...]) -> Halts:
        """These halts with more stopped campaigns recorded for one of them."""
        found = self._of(halt)
        return self.with_halt(replace(found, stopped=found.stopped + stopped))

    def carried_out(self, halt: Halt, held: Iterable[Held]) -> Halts:
        """These halts with one of them carried out, as far as its campaigns were found: these are `held`."""
        found = self._of(halt)
        known = tuple(dict.fromkeys((*found.held, *held)))
        return self.with_halt(replace(found, held=known, under_way=None))

    def _of(self, halt: Halt) -> Halt:
        """A halt as it is recorded here; as it is given, if its stop mark was deleted meanwhile."""
        return next((each for each in self.halts if each.id == halt.id), halt)

    def without_stopped(self, halt: Halt, stopped: Stopped) -> Halts:
        """These halts with one stopped campaign removed from one of them, because it was stopped before.

        Only one entry is removed: each run of the same halt has its own, and they may be equal.
        """
        found = self._of(halt)
        kept = list(found.stopped)
        if stopped in kept:
            kept.remove(stopped)
        return self.with_halt(replace(found, stopped=tuple(kept)))

    def touched_by(self, lift: Lift) -> tuple[Halt, ...]:
        """The halts that still stop a key that a lift names."""
        return tuple(halt for halt in self.halts if halt.touched_by(lift))

    def with_lift(self, lift: Lift) -> Halts:
        """These halts with a lift added to each that still stops a key that it names."""
        return replace(
            self,
            halts=tuple(
                replace(halt, lifted=(*halt.lifted, lift)) if halt.touched_by(lift) else halt
                for halt in self.halts
            ),
        )


def _among(keys: tuple[str, ...] | None, key: str) -> bool:
    return keys is None or any(fits(pattern, key) for pattern in keys)
