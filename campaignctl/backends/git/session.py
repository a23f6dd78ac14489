"""A state at a remote while we hold its lock: steps that share a push, whole writes, and the way out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from campaignctl.backends.git.alive import SignOfLife
from campaignctl.backends.git.batching import Bus
from campaignctl.backends.git.git_errors import GitTrouble
from campaignctl.backends.git.place import Moved, Place, Seen, message
from campaignctl.backends.git.snapshot import Snapshot
from campaignctl.backends.journal_replay import Loaded
from campaignctl.backends.rescue import Rescue
from campaignctl.errors import Command, LockLost, Sentence, StateError, StateNotSaved
from campaignctl.state.codec import encode, encode_moved, fingerprint
from campaignctl.state.journal import entry_line, first_line
from campaignctl.state.model import Entry, LockInfo, State

_COMPANIONS = 2
_RESCUED = "when the remote answers again"


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that we have: ours, the dead one that we took it from, and the commit that says so.

    `loaded` is the state in that commit, or why it cannot be used. `life` is the sign of our
    life, and `mirror` shows a state to people. A proof that the lock is ours counts for as long as `trust`.
    """

    place: Place
    project: str
    info: LockInfo
    taken_over: LockInfo | None
    seen: Seen
    loaded: Loaded | StateError
    life: SignOfLife
    mirror: Callable[[State], None]
    now: Callable[[], datetime]
    trust: timedelta


class GitSession:
    """A session of `GitBackend`.

    Several threads may append at once: what comes while a push is under way goes together with the next
    one, and each call returns when its own step is at the remote. Two locks: `_mutex` for what we know,
    held for moments, and `_pushing` for the one push at a time.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._rescue = Rescue()
        self._mutex = threading.Lock()
        self._pushing = threading.Lock()
        self._seen = held.seen
        self._proven = held.now()
        self._queue: list[Entry] = []
        self._bus = Bus()
        self._queued = self._saved = 0
        self._steps = 0
        self._failure: StateNotSaved | None = None
        self._lost: LockLost | None = None
        self._released = False
        self._problem = held.loaded if isinstance(held.loaded, StateError) else None
        self._state = None if isinstance(held.loaded, StateError) else held.loaded.state
        self._written = self._state
        self._show()

    @property
    def lock(self) -> LockInfo:
        """Our lock."""
        return self._held.info

    @property
    def taken_over(self) -> LockInfo | None:
        """The dead process whose lock we took over, if there was one."""
        return self._held.taken_over

    @property
    def state(self) -> State | None:
        """The state with every step so far, also with one that could not be saved.

        Raises:
            StateDamaged: the state cannot be read; it is as it was.
            StateTooNew: a newer campaignctl wrote it.
            StateMoved: it was taken to another place.
        """
        if self._problem is not None:
            raise self._problem
        return self._state

    @property
    def companions(self) -> int:
        """Two: while one step of a change is on its way, that of another may fill the next push."""
        return _COMPANIONS

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours, or was a moment ago.

        A push is proof as well, and for a few seconds a proof is enough: the time in which a request that
        was decided may leave is longer anyway. What is put on record before its request is fenced exactly.
        """
        self._check_known()
        if self._is_proven():
            return
        with self._pushing:
            self._check_known()
            if not self._is_proven():
                self._prove()

    def write(self, state: State) -> None:
        """Replace the whole state, keep the previous one in the history, and start a new journal.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: says where the state was saved instead.
        """
        with self._pushing:
            self._check_known()
            self._write(state, self._snapshot)
            self._show()

    def retire(self, place: str) -> None:
        """Leave in the place of the state only a note that it lives in `place` now.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the note could not be written; the state is where it was.
        """
        with self._pushing:
            self._check_known()
            state = self.state
            if state is None:
                raise StateNotSaved(f"there is no state in {self._place.location} that could be taken away")
            note = encode_moved(state, place).encode()
            after = self._snapshot.rewritten(note, self._held.project)
            try:
                self._put(after, f"the state lives in {place} now")
            except GitTrouble as error:
                raise self._not_saved(error, error.hint) from error
            self._state = self._written = None

    def append(self, entry: Entry) -> None:
        """Add one step; returns when it is at the remote. Safe to call from several threads.

        A step that could not be saved is kept in memory for the whole write of `release`, and the
        session takes no further one into its journal.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the step is not durable; what it announces must not be done.
        """
        self._check_known()
        with self._mutex:
            state = self.state
            if state is None:
                raise StateNotSaved(f"there is no state in {self._place.location} that a step could continue")
            entry_line(entry, 1)  # what JSON cannot hold is refused before it is part of the state
            self._state = state.after(entry)
            if self._failure is not None:
                raise self._failure
            self._queue.append(entry)
            self._queued += 1
            ticket = self._queued
        with self._pushing:
            if self._saved < ticket:
                self._push_queue()

    def release(self) -> None:
        """Fold the steps into the state and give the lock back, in one push. Safe to call twice.

        Raises:
            LockLost: the lock was no longer ours; what was appended before is in the journal.
            StateNotSaved: says where the state was saved instead. The lock is free for this machine then,
                and `state unlock` frees it for others.
        """
        with self._pushing:
            if self._released:
                return
            given_back = False
            try:
                self._check_known()
                self._give_back()
                given_back = True
            finally:
                self._released = True
                self._held.life.end(given_back=given_back or self._lost is not None)
            self._show()

    # ------------------------------------------------------------------------------------ one push each

    def _push_queue(self) -> None:
        self._bus.await_riders(lambda: len(self._queue))
        with self._mutex:
            self._check_known()
            if self._failure is not None:
                raise self._failure
            entries, upto = self._queue, self._queued
            self._queue = []
        try:
            with self._bus.riding(len(entries), lambda: len(self._queue)):
                self._put(self._continued(entries), _counted(len(entries)))
        except (GitTrouble, LockLost) as error:
            with self._mutex:
                self._queue = []
                if isinstance(error, LockLost):
                    raise
                self._failure = self._not_saved(error, error.hint)
            raise self._failure from error
        self._steps += len(entries)
        self._saved = upto

    def _continued(self, entries: list[Entry]) -> Snapshot:
        snapshot, written = self._snapshot, self._written
        if snapshot.document is None or written is None:
            raise AssertionError("a step continues a document")
        lines = [entry_line(entry, self._steps + number) for number, entry in enumerate(entries, start=1)]
        if not self._steps:
            lines.insert(0, first_line(written, fingerprint(snapshot.document)))
        return snapshot.continued(b"".join(lines))

    def _write(self, state: State, onto: Snapshot) -> None:
        """Put a whole state in place, on a snapshot that says whether the lock stays."""
        data = encode(state).encode()
        try:
            self._put(onto.rewritten(data, self._held.project), f"the state, serial {state.serial}")
        except GitTrouble as error:
            failure = self._not_saved(error, self._rescue.save(data, _RESCUED))
            with self._mutex:
                self._failure = failure
            raise failure from error
        with self._mutex:
            self._written = state
            # Steps that wait for their push come after what was written.
            self._state = reduce(State.after, self._queue, state)
            self._steps, self._failure, self._problem = 0, None, None

    def _give_back(self) -> None:
        free = self._snapshot.locked(None)
        if self._state is not None and self._state is not self._written:
            self._write(self._state, free)
            return
        try:
            self._put(free, "the lock is free")
        except GitTrouble as error:
            hint = Sentence("", Command("state", "unlock", self.lock.id), f" {_RESCUED}")
            raise StateNotSaved(
                f"the lock of {self._place.location} could not be given back",
                detail=_words(error),
                hint=hint,
            ) from error

    def _put(self, after: Snapshot, subject: str) -> None:
        """Raises LockLost, GitTrouble."""
        try:
            brisk = self._failure is not None
            told = message(self.lock, subject, lock=True)
            self._seen = self._place.put(self._seen, after.files, told, self.lock, brisk=brisk)
        except Moved as moved:
            raise self._lose(moved.seen) from moved
        self._proven = self._held.now()

    # ---------------------------------------------------------------------------------- is it still ours

    @property
    def _place(self) -> Place:
        return self._held.place

    @property
    def _snapshot(self) -> Snapshot:
        return Snapshot.of(self._seen.files)

    def _check_known(self) -> None:
        if self._released:
            raise LockLost("the lock was given back", hint="start the command again")
        if self._lost is not None:
            raise self._lost

    def _is_proven(self) -> bool:
        """By the clock of the wall, which goes on while a machine sleeps."""
        return timedelta() <= self._held.now() - self._proven < self._held.trust

    def _prove(self) -> None:
        try:
            if self._place.tip() != self._seen.tip:
                found = self._place.look()
                if found.files != self._seen.files:
                    raise self._lose(found)
                self._seen = found
        except GitTrouble as error:
            raise LockLost(
                f"nobody can say whether the lock of {self._place.location} is still ours",
                detail=_words(error),
                hint=error.hint,
            ) from error
        self._proven = self._held.now()

    def _lose(self, found: Seen) -> LockLost:
        holder = Snapshot.of(found.files).holder
        if holder == self.lock:
            why = "somebody wrote to it past the lock"
        else:
            why = (
                f"now it is {holder.holder}'s on {holder.host} (lock {holder.id})" if holder else "it is free"
            )
        self._lost = LockLost(
            f"the lock of {self._place.location} is no longer ours",
            detail=f"{why}; ours was {self.lock.id}, held since {self.lock.since}",
            hint="nothing more is sent or saved by this run; the next apply settles what was under way",
        )
        return self._lost

    def _not_saved(self, error: GitTrouble, hint: str) -> StateNotSaved:
        return StateNotSaved(f"{self._place.location} could not be written", detail=_words(error), hint=hint)

    def _show(self) -> None:
        if self._problem is None and self._state is not None:
            self._held.mirror(self._state)


def _counted(steps: int) -> str:
    return f"{steps} step{'s' if steps != 1 else ''}"


def _words(error: GitTrouble) -> str:
    return ": ".join(filter(None, (error.summary, error.detail)))
