"""The stop mark: what was stopped, by whom, when and why, until it is lifted.

It is stored next to the state and needs neither its lock nor the state itself: whoever is on call must be
able to set it while an apply runs, and when the state is damaged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from campaignctl.campaign.keys import fits

# The pattern that names every key there can be.
_EVERY = "*"

How = Literal["paused", "canceled"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A campaign that a halt set out to stop, and how. Put on record before its request leaves."""

    key: str
    id: str
    how: How
    at: str


@dataclass(frozen=True, slots=True)
class Lift:
    """The end of a halt for these keys or patterns, None for all that it named."""

    keys: tuple[str, ...] | None
    reason: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Halt:
    """One order to stop. `keys` are keys or patterns, None for everything.

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
        """Whether it still stops something: it was neither lifted whole nor in each of its keys."""
        if any(lift.keys is None or _EVERY in lift.keys for lift in self.lifted):
            return False
        return self.keys is None or any(self.names(key) for key in self.keys)

    def names(self, key: str) -> bool:
        """Whether it still stops this key."""
        return _among(self.keys, key) and not any(_among(lift.keys, key) for lift in self.lifted)

    def touched_by(self, lift: Lift) -> bool:
        """Whether it still stops something that a lift names."""
        if not self.in_force or lift.keys is None:
            return self.in_force
        return any(self.names(key) or any(fits(key, own) for own in self.keys or ()) for key in lift.keys)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stop mark that tells nothing: why, and what to do."""

    reason: str
    hint: str


@dataclass(frozen=True)
class Halts:
    """Every halt, oldest first. `unreadable` says why they are unknown, and what to do: then everything that
    can send may be stopped.

    Without slots, so that what is asked for every campaign of a plan is worked out once.
    """

    halts: tuple[Halt, ...] = ()
    unreadable: Unreadable | None = None

    @cached_property
    def _by_id(self) -> dict[str, list[tuple[Halt, Stopped]]]:
        """What halts stopped, by the id of the campaign."""
        found: dict[str, list[tuple[Halt, Stopped]]] = {}
        for halt in self.halts:
            for each in halt.stopped:
                found.setdefault(each.id, []).append((halt, each))
        return found

    def on(self, key: str) -> Halt | None:
        """The halt that stops this key, if one does."""
        return next((halt for halt in self.halts if halt.names(key)), None)

    @property
    def in_force(self) -> tuple[Halt, ...]:
        """Halts that still stop something."""
        return tuple(halt for halt in self.halts if halt.in_force)

    def stopping(self, keys: Iterable[str], campaign_id: str | None = None) -> tuple[Halt, str] | None:
        """The halt that stops a campaign, if one does, and the key by which it is lifted.

        `keys` are those that it has or had. A halt that stopped this very campaign goes on to, whatever its
        key has become.
        """
        for key in keys:
            if (halt := self.on(key)) is not None:
                return halt, key
        for halt, each in self._by_id.get(campaign_id or "", ()):
            if halt.names(each.key):
                return halt, each.key
        return None

    def paused(self, campaign_id: str, *, since: str = "") -> bool:
        """Whether this campaign was paused by a halt, lifted or not: then it is not a foreign
        pause. `since`: not before this time."""
        stopped = self._by_id.get(campaign_id, ())
        return any(each.how == "paused" and each.at >= since for _, each in stopped)

    def with_halt(self, halt: Halt) -> Halts:
        """These with one more, or with a newer form of one that is among them."""
        known = {each.id: each for each in self.halts}
        return Halts(tuple({**known, halt.id: halt}.values()))

    def with_stopped(self, halt_id: str, stopped: tuple[Stopped, ...]) -> Halts:
        """These with more campaigns on the record of one halt."""
        found = next(halt for halt in self.halts if halt.id == halt_id)
        return self.with_halt(replace(found, stopped=found.stopped + stopped))

    def without_stopped(self, halt_id: str, stopped: Stopped) -> Halts:
        """These without one entry on the record of a halt, whose campaign turned out to be stopped before.

        One alone: of two runs of the same halt each has an entry of its own, perhaps equal ones.
        """
        found = next(halt for halt in self.halts if halt.id == halt_id)
        kept = list(found.stopped)
        if stopped in kept:
            kept.remove(stopped)
        return self.with_halt(replace(found, stopped=tuple(kept)))

    def touched_by(self, lift: Lift) -> tuple[Halt, ...]:
        """Those that still stop something which a lift names."""
        return tuple(halt for halt in self.halts if halt.touched_by(lift))

    def with_lift(self, lift: Lift) -> Halts:
        """These with a lift on every halt that still stops something it names."""
        return Halts(
            tuple(
                replace(halt, lifted=(*halt.lifted, lift)) if halt.touched_by(lift) else halt
                for halt in self.halts
            )
        )


def _among(keys: tuple[str, ...] | None, key: str) -> bool:
    return keys is None or any(fits(pattern, key) for pattern in keys)
