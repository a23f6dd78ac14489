"""A state in a place while we hold its lock: steps that share a put, whole writes, and failed ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from campaignctl.backends.at_rest import AtRest
from campaignctl.backends.cas.lease import Heartbeat, is_trusted, needs_renewal
from campaignctl.backends.cas.liveness import Sign
from campaignctl.backends.cas.place import Files, Moved, Note, Persistent, PlaceError, Seen
from campaignctl.backends.cas.snapshot import Snapshot
from campaignctl.backends.lock_info import lost, released
from campaignctl.backends.session import LockedState
from campaignctl.errors import Command, Interrupted, LockLost, Sentence, StateError, StateNotSaved, counted
from campaignctl.state.codec import encode, encode_moved, fingerprint
from campaignctl.state.journal import Loaded, entry_line, first_line
from campaignctl.state.model import Entry, LockInfo, State

_COMPANIONS = 2
# The part of a put's time that it may wait for threads that the last one has just released.
_PATIENCE = 0.15
_POLL = 0.002
_RENEWED = "renewed the lock"


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that we hold: our claim, the dead holder before us, and the version that records it.

    `stop` and `archive` are the other places of the state, `at_rest` says how files are stored. `whole`: each
    put sends all files. `began`: the
    put of the lock began then. `loaded` is the state in it, or why that cannot be used. `life` is the sign of
    our life, and `show` mirrors a state for people. A proof that the lock is ours counts for as long as
    `trust`.
    """

    place: Persistent
    archive: Persistent
    stop: Persistent
    at_rest: AtRest
    project: str
    whole: bool
    info: LockInfo
    taken_over: LockInfo | None
    seen: Seen
    began: datetime
    loaded: Loaded | StateError
    life: Sign
    show: Callable[[State], None]
    now: Callable[[], datetime]
    trust: timedelta


class CasSession(LockedState):
    """A session of `CasBackend`.

    Several threads may append at once: steps that come during a put share the next one, and each call
    returns when its own step is in its place. Two locks: `_mutex` for what we know,
    held for moments, and `_putting` for the one put at a time.
    """

    def __init__(self, held: Held) -> None:
        super().__init__(held.place.location, held.info, held.taken_over, held.at_rest)
        self._held = held
        self._mutex = threading.Lock()
        self._putting = threading.Lock()
        self._seen = held.seen
        self._proven = held.now()
        self._renewed = held.began
        self._lease = timedelta(seconds=held.info.lease)
        self._queue: list[Entry] = []
        self._lasted, self._expected = 0.0, 0
        self._queued = self._saved = 0
        self._steps = 0
        self._failure: StateNotSaved | None = None
        self._unsure: Files | None = None  # of a put that failed, and may have arrived all the same
        self._lost: LockLost | None = None
        self._released = False
        self._problem = held.loaded if isinstance(held.loaded, StateError) else None
        self._state = None if isinstance(held.loaded, StateError) else held.loaded.state
        self._written = self._state
        self._show()
        self._heartbeat = Heartbeat(self._lease, self._renew)

    @property
    def companions(self) -> int:
        """Two: while one step of a change is on its way, that of another may fill the next put."""
        return _COMPANIONS

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours, or was a moment ago.

        A put is proof as well, and for a few seconds a proof is enough: the time in which a request that
        was decided may leave is longer anyway. A step recorded before its request is fenced exactly. A lock
        that may soon run out is renewed first.
        """
        self._check_known()
        if self._is_proven():
            return
        with self._putting:
            self._check_known()
            if not self._is_proven():
                self._prove()

    def write(self, state: State) -> None:
        """Replace the whole state, keep the previous one in the history, and start a new journal.

        Its format is kept: others share it.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: says where the state was saved instead.
        """
        with self._putting:
            self._check_known()
            self._write(state, self._snapshot)
            self._show()

    def convert(self, state: State) -> None:
        """As `write`: each write is in the format of its state."""
        self.write(state)

    def archive(self, documents: Mapping[int, bytes]) -> None:
        """Put documents of the archive in their place, by year; the state that names them is written later.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: they were not written, or that is not known.
        """
        with self._putting:
            self._check_known()
            self._prove()
            place = self._held.archive
            try:
                before = place.look().usable()
                after = {**before.files, **{f"{year}.json": data for year, data in documents.items()}}
                place.put(before, after, Note(self.lock, "the archive"))
            except Moved as moved:
                raise lost(f"the archive of {self._location}", "it was written to", self.lock) from moved
            except PlaceError as error:
                raise self._not_saved(f"the archive of {self._location}", error, error.hint) from error

    def retire(self, place: str) -> None:
        """Replace the state with a note that it is at `place` now.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the note was not written, or that is not known.
        """
        with self._putting:
            self._check_known()
            state = self._existing("move")
            note = encode_moved(state, place).encode()
            after = self._snapshot.rewritten(note, self._held.project)
            try:
                self._put(after, f"the state lives in {place} now")
            except PlaceError as error:
                raise self._not_saved(self._location, error, error.hint) from error
            self._state = self._written = None

    def rewrite(self) -> None:
        """Store every file as the project says now. Files that are so already are left as they are.

        Raises:
            LockLost: the lock is no longer ours, or another writer was faster; some may be as they were.
            StateNotSaved: not all were written, or that is not known.
            StateDamaged: one cannot be opened.
        """
        with self._putting:
            self._check_known()
            self._prove()
            for place in (self._place, self._held.archive, self._held.stop):
                try:
                    before = place.look().usable()
                    if not before.current:
                        after = place.put(before, before.files, Note(self.lock, "stored anew"))
                        self._seen = after if place is self._place else self._seen
                except Moved as moved:
                    raise lost(place.location, "it was written to", self.lock) from moved
                except PlaceError as error:
                    raise self._not_saved(place.location, error, error.hint) from error

    def append(self, entry: Entry) -> None:
        """Add one step; returns when it is in its place. Safe to call from several threads.

        A step that could not be saved is kept in memory for the whole write of `release`, and the
        session takes no further one into its journal.

        Raises:
            LockLost: the lock is no longer ours; nothing was written.
            StateNotSaved: the step is not durable; the action that it announces must not follow.
        """
        self._check_known()
        with self._mutex:
            state = self._existing("add a step to")
            entry_line(entry, 1)  # a step that JSON cannot hold is refused before it is part of the state
            self._state = state.after(entry)
            if self._failure is not None:
                raise self._failure
            self._queue.append(entry)
            self._queued += 1
            ticket = self._queued
        with self._putting:
            if self._saved < ticket:
                self._put_queue()

    def release(self) -> None:
        """Fold the steps into the state and release the lock, in one put. Safe to call twice.

        Raises:
            LockLost: the lock was no longer ours; earlier steps are in the journal.
            StateNotSaved: says where the state was saved instead. The lock is free for this machine then,
                and `state unlock` frees it for others.
        """
        self._heartbeat.stop()
        with self._putting:
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

    # ------------------------------------------------------------------------------------ one put each

    def _put_queue(self) -> None:
        """Put every step that waits, in one piece.

        Threads that shared the last put come back at once, with an answer to record or the next intent. A put
        right after it would miss them, and each put would carry half of the threads; waiting for a small part
        of a put's time lets it carry all.
        """
        until = time.monotonic() + self._lasted * _PATIENCE
        while len(self._queue) < self._expected and time.monotonic() < until:
            time.sleep(_POLL)
        with self._mutex:
            self._check_known()
            if self._failure is not None:
                raise self._failure
            entries, upto = self._queue, self._queued
            self._queue = []
            state = self._state
        count, folds = len(entries), self._held.whole and len(self._snapshot.pieces) > 1
        after = self._folded(state) if folds else self._continued(entries)
        began = time.monotonic()
        try:
            self._put(after, counted(count, "step"))
        except (PlaceError, LockLost, Interrupted) as error:
            with self._mutex:
                self._queue = []
                if isinstance(error, LockLost):
                    raise
                self._failure = self._not_saved(self._location, error, error.hint)
            raise self._failure from error
        self._lasted, self._expected = time.monotonic() - began, count + len(self._queue)
        if folds:
            self._steps, self._written = 0, state
        else:
            self._steps += count
        self._saved = upto

    def _continued(self, entries: Sequence[Entry]) -> Snapshot:
        """The present version with more steps in its journal."""
        snapshot, written = self._snapshot, self._written
        if snapshot.document is None or written is None:
            raise AssertionError("a step continues a document")
        lines = [
            entry_line(entry, self._steps + number, written.format_version)
            for number, entry in enumerate(entries, start=1)
        ]
        if not self._steps:
            lines.insert(0, first_line(written, fingerprint(snapshot.document)))
        return snapshot.continued(b"".join(lines))

    def _folded(self, state: State | None) -> Snapshot:
        """The present version with this state, in which its steps are, and without a journal."""
        if state is None:
            raise AssertionError("a step continues a state")
        return self._snapshot.rewritten(encode(state).encode(), self._held.project)

    def _write(self, state: State, onto: Snapshot) -> None:
        """Put a whole state in place, on a snapshot that says whether the lock stays."""
        data = encode(state).encode()
        try:
            self._put(onto.rewritten(data, self._held.project), f"the state, serial {state.serial}")
        except PlaceError as error:
            hint = self._rescued(data, f"wait until {self._location} answers again")
            failure = self._not_saved(self._location, error, hint)
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
        except PlaceError as error:
            unlock = Command("state", "unlock", self.lock.id)
            hint = Sentence(f"when {self._location} answers again: ", unlock)
            raise StateNotSaved(
                f"the lock of {self._location} could not be released",
                detail=str(error),
                hint=hint,
            ) from error

    def _put(self, after: Snapshot, subject: str, *, brisk: bool = False) -> None:
        """Raises LockLost, PlaceError."""
        began, brisk = self._held.now(), brisk or self._failure is not None
        for last in (False, True):
            try:
                self._seen = self._place.put(self._seen, after.files, Note(self.lock, subject), brisk=brisk)
                break
            except Moved as moved:
                if last or moved.seen.files != self._unsure:
                    raise self._lose(moved.seen) from moved
                if after.files == self._seen.files:  # to renew the lock takes no step back
                    after = Snapshot.of(moved.seen.files)
                self._seen = moved.seen
            except (PlaceError, Interrupted):
                self._unsure = after.files
                raise
        self._renewed, self._proven = began, self._held.now()

    def _renew(self) -> None:
        """Put a version if the last one is old, so that nobody takes the lock over."""
        with self._putting:
            if self._released or self._lost or not needs_renewal(self._lease, self._age):
                return
            with suppress(PlaceError, LockLost):  # the next check says it
                self._put(self._snapshot, _RENEWED, brisk=True)

    # ---------------------------------------------------------------------------------- is it still ours

    @property
    def _place(self) -> Persistent:
        return self._held.place

    @property
    def _snapshot(self) -> Snapshot:
        return Snapshot.of(self._seen.files)

    def _check_known(self) -> None:
        if self._released:
            raise released()
        if self._lost is not None:
            raise self._lost

    def _is_proven(self) -> bool:
        """By the wall clock, which runs on while a machine sleeps; others may believe a sign that is gone."""
        since = self._held.now() - self._proven
        fresh = timedelta() <= since < self._held.trust and is_trusted(self._lease, self._age)
        return fresh and self._held.life.stands()

    @property
    def _age(self) -> timedelta:
        """The time since the last renewal of the lock began."""
        return self._held.now() - self._renewed

    def _prove(self) -> None:
        try:
            if not is_trusted(self._lease, self._age):
                self._put(self._snapshot, _RENEWED)
            elif self._place.tip() != self._seen.tip:
                found = self._place.look()
                if found.files not in (self._seen.files, self._unsure):
                    raise self._lose(found)
                self._seen = found
        except PlaceError as error:
            raise LockLost(
                f"cannot tell whether the lock of {self._location} is still ours",
                detail=str(error),
                hint=error.hint,
            ) from error
        self._proven = self._held.now()

    def _lose(self, found: Seen) -> LockLost:
        holder = Snapshot.of(found.files).holder
        if holder == self.lock:
            why = "it was written to without the lock"
        else:
            why = (
                f"it is now held by {holder.holder} on {holder.host} (lock {holder.id})"
                if holder
                else "it is free now"
            )
        self._lost = lost(f"the lock of {self._location}", why, self.lock)
        return self._lost

    def _show(self) -> None:
        if self._problem is None and self._state is not None:
            self._held.show(self._state)
