"""State, journal and lock in a place that can replace what was seen, in one step or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaignctl.backends import durable
from campaignctl.backends.at_rest import STATE
from campaignctl.backends.cas.lease import Watched
from campaignctl.backends.cas.liveness import FileSigns, Sign
from campaignctl.backends.cas.place import (
    Guarded,
    Home,
    Moved,
    Note,
    Persistent,
    PlaceError,
    Seen,
    jittered,
)
from campaignctl.backends.cas.sealed import SealedPlace
from campaignctl.backends.cas.session import CasSession, Held
from campaignctl.backends.cas.snapshot import Snapshot, archived, found
from campaignctl.backends.lock_info import claim, held, other_id, waiting
from campaignctl.errors import (
    CampaignctlError,
    Interrupted,
    LockError,
    LockHeld,
    StateDamaged,
    StateError,
    StateNotSaved,
    StateSealed,
    StateTooNew,
)
from campaignctl.review.reports import Keeping
from campaignctl.state.codec import decode, decode_halts, encode, encode_halts, unreadable
from campaignctl.state.halts import Halts
from campaignctl.state.journal import Decode, Loaded
from campaignctl.state.model import LockInfo, State
from campaignctl.state.years import with_archive

_FIRST_POLL = timedelta(seconds=0.25)
_LONGEST_POLL = timedelta(seconds=3)
_GROWTH = 1.5
_HALTS = "halts.json"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to put up with a place that does not answer.

    `pause` waits between attempts for as long as `pauses` say, and is not interrupted. A proof that the lock
    is ours counts for as long as `trust`. `tell` says for whom a run waits, and until when.
    """

    pause: Callable[[timedelta], None]
    pauses: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4, 8, 15))
    trust: timedelta = timedelta(seconds=3)
    tell: Callable[[str], None] = lambda _: None


class _Waited(Interrupted):
    """Interrupted while waiting for a lock, which is not ours then."""


class CasBackend:
    """The state of one environment in a place, and its stop mark in another.

    Clock, ids, waiting and interruption come in as arguments; `wait` may return early once
    `interrupted` is true.
    """

    def __init__(
        self,
        home: Home,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        wait: Callable[[timedelta], None],
        interrupted: Callable[[], bool],
        patience: Patience,
        decoded: Decode = decode,
    ) -> None:
        self._home = home
        self._decoded = decoded
        self._at_rest = at_rest = home.at_rest
        self._place = Persistent(SealedPlace(home.place, at_rest), patience.pause, patience.pauses)
        self._stop = StopMark(replace(self._place, place=SealedPlace(home.stop, at_rest)))
        self._archive = replace(self._place, place=SealedPlace(home.archive, at_rest, "archive/"))
        self._signs = home.signs or FileSigns(home.mirror.parent)
        self._now = now
        self._new_id = new_id
        self._wait = wait
        self._interrupted = interrupted
        self._trust = patience.trust
        self._tell = patience.tell

    @property
    def location(self) -> str:
        """Where the state is, for messages."""
        return self._place.location

    def read(self) -> State | None:
        """The state with its journal folded in, as it is there now; writes nothing.

        Raises:
            StateDamaged: it cannot be read.
            StateTooNew: a newer campaignctl wrote it.
            StateMoved: it was moved to another place.
            StateSealed: it is encrypted or in clear, and must not be; or there is no key.
            StateError: the place cannot be read; an older copy would not do.
        """
        self._at_rest.ready()
        with _told_as(StateError, f"the state in {self.location} cannot be read"):
            seen = self._place.look().usable()
        state = (
            Snapshot.of(seen.files).folded(self._home.place.texts, self._home.project, self._decoded).state
        )
        return state and with_archive(state, self.archives, self.location)

    def archives(self) -> Mapping[int, bytes]:
        """The documents of the archive, by year.

        Raises:
            StateError: the place cannot be read.
        """
        with _told_as(StateError, f"the archive of {self.location} cannot be read"):
            return archived(self._archive.look().usable())

    def acquire(self, operation: str, timeout: timedelta) -> CasSession:
        """Take the lock, waiting up to `timeout`; fold in the journal that a dead run left.

        Raises:
            LockHeld: it is still held.
            Interrupted: while waiting.
            StateTooNew: a newer campaignctl wrote the state; the lock was not taken.
            StateSealed: it cannot be opened, or must not be as it is; the lock was not taken.
            StateNotSaved: the place cannot be reached, or refuses the write.
        """
        self._at_rest.ready()
        info = claim(operation, self._now, self._new_id, self._home.lease)
        until = self._now() + timeout
        with _told_as(StateNotSaved, f"the lock of {self.location} cannot be taken"):
            seen = self._place.look()  # a place that cannot be reached has no lock of ours
            life = self._signs.begin(info.id)
            try:
                return self._taken(seen, info, until, life)
            except BaseException as error:
                # After an error the place may hold our lock without our knowing.
                life.end(given_back=isinstance(error, LockHeld | _Waited | StateSealed | StateTooNew))
                raise

    def holder(self) -> LockInfo | None:
        """The current holder of the lock, if any; one that is known to be dead holds nothing.

        Raises:
            LockError: the place cannot be read.
        """
        found = Snapshot.of(self._look_at_lock().files).holder
        return None if found is None or self._is_dead(found) else found

    def keeping(self) -> Keeping:
        """What lies next to the state, and whether it may be written; changes nothing.

        Raises:
            LockError: the place cannot be read.
        """
        snapshot = Snapshot.of(self._look_at_lock().files)
        lock = snapshot.holder
        lives = self._signs.lives(lock) if lock else None
        return Keeping(
            left_journal=bool(snapshot.pieces) and (lock is None or lives is False),
            backup=self._home.place.texts.history if snapshot.document else None,
            exposed=None,
            lock=lock,
            holder_lives=lives,
            access=self._home.place.access(claim("doctor", self._now, self._new_id)),
        )

    def halts(self) -> Halts:
        """The stop mark, not older than this call.

        Raises:
            StateDamaged: it cannot be read. Something may be stopped then, and nothing may be sent.
            StateTooNew: a newer campaignctl wrote it.
            StateError: the place cannot be read.
        """
        with _told_as(StateError, f"the stop mark of {self.location} cannot be read"):
            return self._stop.halts()

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Apply `change` to the stop mark; it is called again after a concurrent change.

        Raises:
            StateDamaged: the present one cannot be read.
            StateSealed: there is no key, or it would be in clear next to an encrypted state.
            StateNotSaved: it could not be written, or that is not known.
        """
        by = claim("halt", self._now, self._new_id)
        self._check_form()
        with _told_as(StateNotSaved, f"the stop mark of {self.location} could not be written"):
            return self._stop.change(change, by)

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock with exactly this id.

        Raises:
            LockError: there is none, or it has another id, or the place refuses the write.
        """
        ours = claim("state unlock", self._now, self._new_id)
        while True:
            seen = self._look_at_lock()
            snapshot = Snapshot.of(seen.files)
            found = snapshot.holder
            if found is None or found.id != lock_id:
                return self._freed(lock_id, found)
            with _told_as(LockError, f"the lock of {self.location} cannot be broken"), suppress(Moved):
                note = Note(ours, f"broke the lock {lock_id}", under_lock=False)
                self._place.put(seen, snapshot.locked(None).files, note)
                self._signs.clean_up(found)
                return found

    def _freed(self, lock_id: str, found: LockInfo | None) -> LockInfo:
        """Break a lock of the place's own, if it has this id. Raises LockError."""
        with _told_as(LockError, f"the lock of {self.location} cannot be broken"):
            there = self._place.place.free(lock_id)
        if there is not None and there.id == lock_id:
            return there
        if (found := found or there) is None:
            raise LockError(f"there is no lock on {self.location} to break")
        raise other_id(f"the lock of {self.location}", found)

    def _check_form(self) -> None:
        """Raise StateSealed where a mark would be in clear and the state is encrypted. A mark is needed most
        when the place of the state is in trouble."""
        with suppress(PlaceError):
            if not self._at_rest.encrypts and self._stop.is_absent:
                problem = self._place.look().problem
                if isinstance(problem, StateSealed):
                    raise problem

    # ------------------------------------------------------------------------------------ taking the lock

    def _taken(self, seen: Seen, info: LockInfo, until: datetime, life: Sign) -> CasSession:
        polls, watched = _polls(), None
        while True:
            snapshot = Snapshot.of(seen.files)
            before = snapshot.holder
            if before is None or self._is_dead(before):
                watched = None
            elif watched is None or watched.tip != seen.tip:
                self._say(before, until, first=watched is None)
                watched = Watched(seen.tip, before)
            if watched and not watched.has_run_out and before:
                self._wait_for(before, watched, until, polls)
                seen = self._place.look()
                continue
            opened, loaded = self._opened(seen, snapshot)
            began, note = self._now(), Note(info, "took the lock")
            try:
                # A holder that was only slow renews its lock at any moment.
                seen = self._place.put(
                    seen, opened.locked(info).files, note, exactly=before is not None, waits=False
                )
            except Moved as moved:
                seen = moved.seen
                continue
            except Guarded as guarded:
                self._get_past(guarded.holder, until, polls)
                seen = self._place.look()
                continue
            if before is not None:
                self._signs.clean_up(before)
            return CasSession(
                Held(
                    place=self._place,
                    archive=self._archive,
                    stop=self._stop.place,
                    at_rest=self._at_rest,
                    project=self._home.project,
                    whole=self._home.whole,
                    info=info,
                    taken_over=before,
                    seen=seen,
                    began=began,
                    loaded=self._with_archive(loaded),
                    life=life,
                    show=self._show,
                    now=self._now,
                    trust=self._trust,
                )
            )

    def _opened(self, seen: Seen, snapshot: Snapshot) -> tuple[Snapshot, Loaded | StateError]:
        """What a version becomes when the lock is taken, and its state. Raises StateTooNew, StateSealed."""
        if isinstance(seen.problem, StateSealed):
            raise seen.problem
        if seen.problem is not None:
            return snapshot, seen.problem
        return snapshot.opened(self._home.place.texts, self._home.project)

    def _with_archive(self, loaded: Loaded | StateError) -> Loaded | StateError:
        if isinstance(loaded, StateError) or loaded.state is None:
            return loaded
        return replace(loaded, state=with_archive(loaded.state, self.archives, self.location))

    def _wait_for(
        self, holder: LockInfo, watched: Watched, until: datetime, polls: Iterator[timedelta]
    ) -> None:
        """Return when the place has changed, the holder has died or its lease has run out.

        Raises LockHeld, Interrupted.
        """
        while not self._is_dead(holder):
            self._bide(holder, until, polls)
            asked = time.monotonic()
            if self._place.tip() != watched.tip:
                return
            watched.still_there(asked)
            if watched.has_run_out:
                return

    def _say(self, holder: LockInfo, until: datetime, *, first: bool) -> None:
        """Say for whom we begin to wait, unless we do not."""
        if first and until > self._now():
            self._tell(waiting(self.location, holder, until))

    def _get_past(self, holder: LockInfo, until: datetime, polls: Iterator[timedelta]) -> None:
        """Wait a moment for a lock of the place's own, or free it of a holder that died. Raises as above."""
        if self._is_dead(holder) and (freed := self._place.place.free(holder.id)) and freed.id == holder.id:
            self._signs.clean_up(holder)
        else:
            self._bide(holder, until, polls)

    def _bide(self, holder: LockInfo, until: datetime, polls: Iterator[timedelta]) -> None:
        if self._interrupted():
            raise _Waited("interrupted while waiting for the lock of the state")
        left = until - self._now()
        if left <= timedelta():
            raise held(holder)
        self._wait(min(next(polls), left))

    # ------------------------------------------------------------------------------------------- looking

    def _look_at_lock(self) -> Seen:
        with _told_as(LockError, f"the lock of {self.location} cannot be read"):
            return self._place.look()

    def _is_dead(self, holder: LockInfo) -> bool:
        return self._signs.lives(holder) is False

    def _show(self, state: State) -> None:
        """Mirror a state for people and for completion; no decision rests on it, and it may be missing."""
        with suppress(OSError):
            directory = self._home.mirror.parent
            durable.make_directory(directory)
            with durable.guarded(directory):
                durable.replace(self._home.mirror, self._at_rest.close(STATE, encode(state).encode()))


class StopMark:
    """The stop mark, in a place of its own: it can be set without the lock and without a state.

    A look costs a round trip or two, so threads share it: a look that began after the call is as good as
    one of its own.
    """

    def __init__(self, place: Persistent) -> None:
        self.place = place
        self._looking = threading.Lock()
        self._begun = 0
        self._seen: Seen | None = None

    def halts(self) -> Halts:
        """The halts, not older than this call. Raises PlaceError, StateDamaged, StateTooNew."""
        begun = self._begun
        with self._looking:
            if self._seen is None or self._begun == begun:
                self._begun += 1
                before, self._seen = self._seen, None  # after a failure nobody is answered from before it
                tip = self.place.tip()
                if before is None or before.tip != tip:
                    before = self.place.look() if tip else Seen(None, {})
                self._seen = before
            return self._decoded(self._seen)

    @property
    def is_absent(self) -> bool:
        """Whether there never was one. Raises PlaceError."""
        return self.place.tip() is None

    def change(self, change: Callable[[Halts], Halts], by: LockInfo) -> Halts:
        """Apply `change` to them. Raises PlaceError, StateDamaged, StateNotSaved."""
        while True:
            seen = self.place.look()
            halts = change(self._decoded(seen))
            files = {**seen.files, _HALTS: encode_halts(halts).encode()}
            with suppress(Moved):
                self.place.put(seen, files, Note(by, "the stop mark", under_lock=False))
                return halts

    def _decoded(self, seen: Seen) -> Halts:
        if isinstance(seen.problem, StateDamaged):
            raise unreadable(seen.problem)
        data = found(seen.usable().files, _HALTS)
        where = f"{_HALTS} in {self.place.location}"
        return decode_halts(data, where=where) if data is not None else Halts()


def _polls() -> Iterator[timedelta]:
    """The pauses while waiting for the lock: short at first, and out of step with others that wait."""
    pause = _FIRST_POLL
    while True:
        yield jittered(pause)
        pause = min(pause * _GROWTH, _LONGEST_POLL)


@contextmanager
def _told_as(kind: type[CampaignctlError], summary: str) -> Iterator[None]:
    """Translate an error of a place."""
    try:
        yield
    except PlaceError as error:
        raise kind(summary, detail=str(error), hint=error.hint) from error
