"""The stop mark: all halts, each with the stopped campaigns, user, time, reason and lifts.

It is stored next to the state and needs neither its lock nor the state itself: the person on call must be
able to set it while an apply runs, and when the state is damaged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from campaignctl.campaign.keys import fits

# The pattern that names every key.
_EVERY = "*"

How = Literal["paused", "canceled"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A campaign that a halt stops, and how. Recorded before its request is sent."""

    key: str
    id: str
    how: How
    at: str


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

    Times are `YYYY-MM-DDTHH:MM:SSZ`.
    """

    id: str
    keys: tuple[str, ...] | None
    reason: str
    who: str
    host: str
    at: str
    stopped: tuple[Stopped, ...] = ()
    lifted: tuple[Lift, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether it still stops a key: neither all of it nor each of its keys was lifted."""
        if any(lift.keys is None or _EVERY in lift.keys for lift in self.lifted):
            return False
        return self.keys is None or any(self.names(key) for key in self.keys)

    @property
    def summary(self) -> str:
        """One line that says who ordered it, when and why."""
        by = f" by {self.who}" if self.who else ""
        return f"halted{by} at {self.at}: {self.reason}"

    def names(self, key: str) -> bool:
        """Whether it still stops this key."""
        return _among(self.keys, key) and not any(_among(lift.keys, key) for lift in self.lifted)

    def touched_by(self, lift: Lift) -> bool:
        """Whether it still stops a key that a lift names."""
        if not self.in_force or lift.keys is None:
            return self.in_force
        return any(self.names(key) or any(fits(key, own) for own in self.keys or ()) for key in lift.keys)


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

    @cached_property
    def _by_id(self) -> dict[str, list[tuple[Halt, Stopped]]]:
        """The stopped campaigns and their halts, by the id of the campaign."""
        found: dict[str, list[tuple[Halt, Stopped]]] = {}
        for halt in self.halts:
            for each in halt.stopped:
                found.setdefault(each.id, []).append((halt, each))
        return found

    def on(self, key: str) -> Halt | None:
        """The halt that stops this key, if any."""
        return next((halt for halt in self.halts if halt.names(key)), None)

    @property
    def in_force(self) -> tuple[Halt, ...]:
        """The halts that still stop a key."""
        return tuple(halt for halt in self.halts if halt.in_force)

    def stopping(self, keys: Iterable[str], campaign_id: str | None = None) -> tuple[Halt, str] | None:
        """The halt that stops a campaign, if any, and the key to lift it by.

        `keys` are its present and former keys. A halt that stopped this campaign, by id, stays in force for
        it under any key.
        """
        for key in keys:
            if (halt := self.on(key)) is not None:
                return halt, key
        for halt, each in self._by_id.get(campaign_id or "", ()):
            if halt.names(each.key):
                return halt, each.key
        return None

    def paused(self, campaign_id: str, *, since: str = "") -> bool:
        """Whether a halt, lifted or not, paused this campaign, so that it is not a foreign pause. `since`: at
        this time or later."""
        stopped = self._by_id.get(campaign_id, ())
        return any(each.how == "paused" and each.at >= since for _, each in stopped)

    def with_halt(self, halt: Halt) -> Halts:
        """These halts with one added, or replaced if its id is known."""
        known = {each.id: each for each in self.halts}
        return Halts(tuple({**known, halt.id: halt}.values()))

    def with_stopped(self, halt_id: str, stopped: tuple[Stopped, ...]) -> Halts:
        """These halts with more stopped campaigns recorded for one of them."""
        found = next(halt for halt in self.halts if halt.id == halt_id)
        return self.with_halt(replace(found, stopped=found.stopped + stopped))

    def without_stopped(self, halt_id: str, stopped: Stopped) -> Halts:
        """These halts with one stopped campaign removed from one of them, because it was stopped before.

        Only one entry is removed: each run of the same halt has its own, and they may be equal.
        """
        found = next(halt for halt in self.halts if halt.id == halt_id)
        kept = list(found.stopped)
        if stopped in kept:
            kept.remove(stopped)
        return self.with_halt(replace(found, stopped=tuple(kept)))

    def touched_by(self, lift: Lift) -> tuple[Halt, ...]:
        """The halts that still stop a key that a lift names."""
        return tuple(halt for halt in self.halts if halt.touched_by(lift))

    def with_lift(self, lift: Lift) -> Halts:
        """These halts with a lift added to each that still stops a key that it names."""
        return Halts(
            tuple(
                replace(halt, lifted=(*halt.lifted, lift)) if halt.touched_by(lift) else halt
                for halt in self.halts
            )
        )


def _among(keys: tuple[str, ...] | None, key: str) -> bool:
    return keys is None or any(fits(pattern, key) for pattern in keys)
