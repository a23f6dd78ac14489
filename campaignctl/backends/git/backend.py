"""State, journal and lock on a ref of the remote that everybody shares already, and nothing to operate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from campaignctl.backends import durable
from campaignctl.backends.git import alive
from campaignctl.backends.git.git_errors import GitTrouble
from campaignctl.backends.git.place import Moved, Place, Seen, jittered, message
from campaignctl.backends.git.remote import Remote
from campaignctl.backends.git.session import GitSession, Held
from campaignctl.backends.git.snapshot import Snapshot
from campaignctl.backends.git.stop import SUFFIX, StopMark
from campaignctl.backends.journal_replay import Loaded
from campaignctl.backends.lock_info import claim, describe, held
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Interrupted,
    LockError,
    LockHeld,
    Sentence,
    StateError,
    StateNotSaved,
)
from campaignctl.review.reports import Access, Keeping
from campaignctl.state.codec import encode
from campaignctl.state.halts import Halts
from campaignctl.state.model import LockInfo, State

PREFIX = "refs/campaignctl/"
"""What the name of every ref of ours begins with, so that none can be a branch that people work on."""

_FIRST_POLL = timedelta(seconds=0.25)
_LONGEST_POLL = timedelta(seconds=3)
_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a state lives: the directory and the name of its project, and the ref at a remote."""

    project: Path
    name: str
    remote: str
    ref: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How a remote is borne with.

    `pause` waits between attempts at one that does not answer, for as long as `pauses` say, whatever is
    asked of us meanwhile. A proof that the lock is ours counts for as long as `trust`.
    """

    pause: Callable[[timedelta], None]
    pauses: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2, 4, 8, 15))
    trust: timedelta = timedelta(seconds=3)


class GitBackend:
    """The state of one environment on a ref of a remote of the repository that its project lies in.

    Clock, ids, waiting and the wish to stop come in as arguments; `wait` may return early once
    `interrupted` is true.
    """

    def __init__(
        self,
        address: Address,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        wait: Callable[[timedelta], None],
        interrupted: Callable[[], bool],
        patience: Patience,
    ) -> None:
        self._name = address.name
        remote = Remote(address.project, address.remote)
        self._place = Place(remote, address.ref, now, patience.pause, patience.pauses)
        self._stop = StopMark(replace(self._place, ref=address.ref + SUFFIX))
        self._mirror = mirror_path(address.project, address.ref)
        self._now = now
        self._new_id = new_id
        self._wait = wait
        self._interrupted = interrupted
        self._trust = patience.trust

    @property
    def location(self) -> str:
        """The ref and its remote."""
        return self._place.location

    def read(self) -> State | None:
        """The state with its journal folded in, as it is at the remote now; writes nothing.

        Raises:
            StateDamaged: it cannot be read.
            StateTooNew: a newer campaignctl wrote it.
            StateMoved: it was taken to another place.
            StateError: the remote cannot be asked; an older copy would not do.
        """
        with _told_as(StateError, f"the state in {self.location} cannot be read"):
            seen = self._place.look()
        return Snapshot.of(seen.files).folded(self.location, self._name, self._place.mend).state

    def acquire(self, operation: str, timeout: timedelta) -> GitSession:
        """Take the lock, waiting up to `timeout`; fold in what a run that died left in the journal.

        Raises:
            LockHeld: somebody else has it, still.
            Interrupted: while waiting.
            StateNotSaved: the remote cannot be reached, or takes no push.
        """
        info = claim(operation, self._now, self._new_id)
        life = alive.SignOfLife(self._mirror.parent, info.id)
        try:
            with _told_as(StateNotSaved, f"the lock of {self.location} cannot be taken"):
                return self._taken(info, self._now() + timeout, life)
        except BaseException as error:
            # After trouble with the remote the lock may be ours there without our knowing.
            life.end(given_back=isinstance(error, LockHeld | Interrupted))
            raise

    def holder(self) -> LockInfo | None:
        """Who holds the lock at the moment, if anybody; a process of this machine that died holds nothing.

        Raises:
            LockError: the remote cannot be asked.
        """
        found = Snapshot.of(self._look_at_lock().files).holder
        return None if found is None or self._is_dead(found) else found

    def keeping(self) -> Keeping:
        """What lies beside the state, and what may be done there, seen without changing anything.

        Raises:
            LockError: the remote cannot be asked.
        """
        snapshot = Snapshot.of(self._look_at_lock().files)
        lock = snapshot.holder
        lives = alive.lives(self._mirror.parent, lock) if lock else None
        return Keeping(
            left_journal=bool(snapshot.pieces) and (lock is None or lives is False),
            backup=f"the history of {self.location}" if snapshot.document else None,
            exposed=None,
            lock=lock,
            holder_lives=lives,
            access=self._access(),
        )

    def halts(self) -> Halts:
        """The stop mark, not older than this call.

        Raises:
            StateDamaged: it cannot be read. Something may be stopped then, and nothing may be sent.
            StateTooNew: a newer campaignctl wrote it.
            StateError: the remote cannot be asked.
        """
        with _told_as(StateError, f"the stop mark of {self.location} cannot be read"):
            return self._stop.halts()

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Replace the stop mark by what `change` makes of it; called again when somebody else was faster.

        Raises:
            StateDamaged: the present one cannot be read.
            StateNotSaved: it could not be written, as far as can be told.
        """
        by = claim("halt", self._now, self._new_id)
        with _told_as(StateNotSaved, f"the stop mark of {self.location} could not be written"):
            return self._stop.change(change, by)

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock with exactly this id.

        Raises:
            LockError: there is none, or it has another id, or the remote does not take it.
        """
        ours = claim("state unlock", self._now, self._new_id)
        while True:
            seen = self._look_at_lock()
            snapshot = Snapshot.of(seen.files)
            found = snapshot.holder
            if found is None:
                raise LockError(f"there is no lock on {self.location} to break")
            if found.id != lock_id:
                raise LockError(
                    f"the lock of {self.location} has another id: {found.id}",
                    detail=describe(found),
                    hint=Sentence("if that one is to be broken: ", Command("state", "unlock", found.id)),
                )
            with _told_as(LockError, f"the lock of {self.location} cannot be broken"), suppress(Moved):
                told = message(ours, f"broke the lock {lock_id}")
                self._place.put(seen, snapshot.locked(None).files, told, ours)
                alive.clean_up(self._mirror.parent, found)
                return found

    # ------------------------------------------------------------------------------------ taking the lock

    def _taken(self, info: LockInfo, until: datetime, life: alive.SignOfLife) -> GitSession:
        polls = _polls()
        seen = self._place.look()
        while True:
            snapshot = Snapshot.of(seen.files)
            before = snapshot.holder
            if before is not None and not self._is_dead(before):
                self._wait_for(before, seen.tip, until, polls)
                seen = self._place.look()
                continue
            loaded = self._loaded(snapshot)
            opened = self._opened(snapshot, loaded).locked(info)
            try:
                seen = self._place.put(seen, opened.files, message(info, "took the lock", lock=True), info)
            except Moved as moved:
                seen = moved.seen
                continue
            if before is not None:
                alive.clean_up(self._mirror.parent, before)
            return GitSession(self._held(info, before, seen, loaded, life))

    def _held(
        self,
        info: LockInfo,
        before: LockInfo | None,
        seen: Seen,
        loaded: Loaded | StateError,
        life: alive.SignOfLife,
    ) -> Held:
        return Held(
            place=self._place,
            project=self._name,
            info=info,
            taken_over=before,
            seen=seen,
            loaded=loaded,
            life=life,
            mirror=self._show,
            now=self._now,
            trust=self._trust,
        )

    def _wait_for(
        self, holder: LockInfo, tip: str | None, until: datetime, polls: Iterator[timedelta]
    ) -> None:
        """Return when the ref has moved or the holder has died. Raises LockHeld, Interrupted."""
        while not self._is_dead(holder):
            if self._interrupted():
                raise Interrupted("interrupted while waiting for the lock of the state")
            left = until - self._now()
            if left <= timedelta():
                raise held(holder)
            self._wait(min(next(polls), left))
            if self._place.tip() != tip:
                return

    def _loaded(self, snapshot: Snapshot) -> Loaded | StateError:
        try:
            return snapshot.folded(self.location, self._name, self._place.mend)
        except StateError as problem:
            return problem

    def _opened(self, snapshot: Snapshot, loaded: Loaded | StateError) -> Snapshot:
        """A snapshot with a left journal folded in; one that cannot be used stays as it is."""
        if isinstance(loaded, StateError) or loaded.state is None:
            return snapshot
        if loaded.steps:
            return snapshot.rewritten(encode(loaded.state).encode(), self._name)
        return replace(snapshot, pieces=())

    # ------------------------------------------------------------------------------------------- looking

    def _look_at_lock(self) -> Seen:
        with _told_as(LockError, f"the lock of {self.location} cannot be looked at"):
            return self._place.look()

    def _is_dead(self, holder: LockInfo) -> bool:
        return alive.lives(self._mirror.parent, holder) is False

    def _access(self) -> Access:
        try:
            self._place.dry_run(claim("doctor", self._now, self._new_id))
            address = self._place.remote.shown_address
        except GitTrouble as error:
            words = ": ".join(filter(None, (error.summary, error.detail)))
            return Access(False, f"{self._place.remote.name} takes no push: {words}", error.hint)
        return Access(True, f"{address} takes pushes to {self._place.ref}, as far as a dry run tells")

    def _show(self, state: State) -> None:
        """Mirror a state for people to read; nothing of ours reads it, and it may be missing."""
        with suppress(OSError):
            durable.make_directory(self._mirror.parent)
            with durable.guarded(self._mirror.parent):
                durable.replace(self._mirror, encode(state).encode())


def mirror_path(project: Path, ref: str) -> Path:
    """Where a ref is mirrored to, below the project."""
    return project / ".campaignctl" / "git" / f"{ref.removeprefix(PREFIX)}.json"


def _polls() -> Iterator[timedelta]:
    """The pauses of one who waits for the lock: short at first, and never in step with others who wait."""
    pause = _FIRST_POLL
    while True:
        yield jittered(pause)
        pause = min(pause * _GROWTH, _LONGEST_POLL)


@contextmanager
def _told_as(kind: type[CampaignctlError], summary: str) -> Iterator[None]:
    """Tell trouble with git as an error of ours."""
    try:
        yield
    except GitTrouble as error:
        detail = ": ".join(filter(None, (error.summary, error.detail)))
        raise kind(summary, detail=detail, hint=error.hint) from error
