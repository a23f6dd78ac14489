"""What the sessions of all backends share: lock, state, and the way out when the state cannot be saved."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from campaignctl.backends import durable
from campaignctl.backends.at_rest import IN_CLEAR, STATE, AtRest
from campaignctl.errors import Command, Sentence, StateError, StateNotSaved
from campaignctl.state.model import LockInfo, State


class LockedState:
    """A state whose lock we hold.

    A state that cannot be read does not keep a session from opening, because `write` is the way to repair
    it; `state` then raises its `_problem`. What is saved elsewhere is stored as `at_rest` says.
    """

    def __init__(
        self, location: str, lock: LockInfo, taken_over: LockInfo | None, at_rest: AtRest = IN_CLEAR
    ) -> None:
        self._at_rest = at_rest
        self._location = location
        self._info = lock
        self._taken_over = taken_over
        self._state: State | None = None
        self._problem: StateError | None = None
        self._rescue: Path | None = None

    @property
    def lock(self) -> LockInfo:
        """Our lock."""
        return self._info

    @property
    def taken_over(self) -> LockInfo | None:
        """The dead process whose lock we took over, if there was one."""
        return self._taken_over

    @property
    def state(self) -> State | None:
        """The state with every step so far, also with one that could not be saved.

        Raises:
            StateDamaged: the state cannot be read; it is as it was.
            StateMoved: it was moved to another place.
        """
        if self._problem is not None:
            raise self._problem
        return self._state

    def _existing(self, use: str) -> State:
        """The state. Raises StateNotSaved if there is none."""
        if self.state is None:
            raise StateNotSaved(f"there is no state in {self._location} to {use}")
        return self.state

    @staticmethod
    def _not_saved(location: str, error: Exception, hint: str) -> StateNotSaved:
        return StateNotSaved(f"{location} could not be written", detail=str(error), hint=hint)

    def _rescued(self, data: bytes, first: str) -> str:
        """Save a state document elsewhere; return a hint that says where, and what to do after `first`.

        A session always uses the same file, so that only the last document, which is the most complete, is
        found.
        """
        self._rescue = self._saved_elsewhere(self._at_rest.close(STATE, data))
        if self._rescue is None:
            lost = "it could not be saved anywhere else either"
            return f"{lost}; {first}, and the next apply settles the open writes"
        push = Command("state", "push", str(self._rescue))
        return Sentence(f"the state is in {self._rescue}; {first}, then run ", push)

    def _saved_elsewhere(self, data: bytes) -> Path | None:
        if self._rescue is not None:
            with suppress(OSError):
                durable.replace(self._rescue, data)
                return self._rescue
        for folder in (tempfile.gettempdir, Path.cwd):
            with suppress(OSError):
                descriptor, name = tempfile.mkstemp(".json", "campaignctl-state-", folder())
                try:
                    durable.write_all(descriptor, data)
                    durable.sync(descriptor)
                except OSError:
                    Path(name).unlink()
                    raise
                finally:
                    os.close(descriptor)
                return Path(name)
        return None
