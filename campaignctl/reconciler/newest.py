"""The newest version of a state that this machine has seen, so that an older one put back is noticed.

Only of encrypted states: whoever can write the place of one in clear can give it any serial. The memory is
not in that place; a machine that sees a state for the first time has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from campaignctl.errors import Command, Sentence, StateError
from campaignctl.reconciler.ports import Memory
from campaignctl.state.model import State

_NEVER = (-1, "")
#: Operations by which a person puts a state back, or takes over what it lacks.
RESTORING = frozenset({"state push", "state recover"})


@dataclass(frozen=True, slots=True)
class Newest:
    """What is remembered of the states of one project. `memory` keeps it by lineage."""

    memory: Memory
    location: Callable[[], str]

    def serial(self, state: State | None) -> int:
        """The newest serial of the lineage of a state; below any if it was never seen here."""
        return self._known(state)[0] if state else -1

    def check(self, state: State | None) -> None:
        """Raise StateError for a state that is older than, or another one with the serial of, the newest."""
        if state is None:
            return
        serial, digest = self._known(state)
        if (state.serial, _digest(state)) == (serial, digest) or state.serial > serial:
            return
        older = state.serial < serial
        raise StateError(
            f"the state in {self.location()} is {'older than' if older else 'not'} the one last seen here",
            detail=f"its serial is {state.serial}, and was {serial}: someone has put an older one back"
            if older
            else f"both have serial {serial}, with other campaigns: an older one was put back and continued",
            hint=Sentence(
                "put the newest one back; or, to go on with this one, take over what it lacks: ",
                Command("state", "recover", "--write"),
            ),
        )

    def note(self, state: State | None, *, restored: bool = False) -> None:
        """Remember a state if it is newer, or if it was `restored` on purpose."""
        if state is not None and (restored or state.serial > self._known(state)[0]):
            self.memory.remember(_name(state), json.dumps([state.serial, _digest(state)]).encode())

    def _known(self, state: State) -> tuple[int, str]:
        try:
            serial, digest = json.loads(self.memory.recall(_name(state)) or "null") or _NEVER
            return int(serial), str(digest)
        except (ValueError, TypeError):
            return _NEVER


def _name(state: State) -> bytes:
    return state.lineage.encode("utf-8", "surrogatepass")


def _digest(state: State) -> str:
    """A digest of which campaigns a state records: no mere observation changes it."""
    known = sorted((key, record.id) for key, record in state.campaigns.items())
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()
