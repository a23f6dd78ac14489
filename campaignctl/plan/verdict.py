"""The decision on one key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from campaignctl.plan.model import Blocked, Change, Drift
from campaignctl.state.model import Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one key: changes, a block or neither, with drift and notes.

    `changes` are in execution order, each with a different action. `drift` has more than one item if a change
    corrects only part of it. `note` is a line about this key; `none` is the reason for doing nothing (printed
    once for all keys with that reason); `quiet` names a counter, printed as one line. `observed` is a record
    that only has to be saved; `lifted` names the rules that were lifted for this decision. `quietly_set` are
    paths of the team's own fields that were set outside of the manifests; `first_seen`: the fields that its
    manifest does not set were never recorded. `unconfirmed` are paths that no read has shown.
    """

    changes: tuple[Change, ...] = ()
    blocked: Blocked | None = None
    drift: tuple[Drift, ...] = ()
    note: str | None = None
    none: str | None = None
    quiet: str | None = None
    missed: str | None = None
    observed: Record | None = None
    lifted: tuple[str, ...] = ()
    quietly_set: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    first_seen: bool = False

    def having(self, **values: Any) -> Verdict:
        """The same with other values of these fields; itself if they are the same, as for most keys."""
        if all(getattr(self, name) == value for name, value in values.items()):
            return self
        return replace(self, **values)

    def changing(self, index: int, change: Change) -> Verdict:
        """The same with another change at an index."""
        return replace(self, changes=(*self.changes[:index], change, *self.changes[index + 1 :]))

    def up_to(self, index: int, blocked: Blocked) -> Verdict:
        """Only the changes before an index; the change at the index is blocked, so no drift is corrected."""
        drift = tuple(replace(shown, corrected=False) for shown in self.drift)
        return replace(self, changes=self.changes[:index], blocked=blocked, drift=drift)

    def without_sends(self, key: str, status: str, reason: str, hint: str) -> Verdict:
        """The same with its first change that may send blocked, and the changes after it left out."""
        for index, change in enumerate(self.changes):
            if change.may_send:
                return self.up_to(index, Blocked(key, change.id, status, reason, hint))
        return self
