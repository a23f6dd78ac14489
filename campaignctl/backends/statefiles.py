"""The files of one local state, read consistently without a lock and replaced durably under one.

    state.json            the state, whole
    state.json.journal    the steps since; belongs to exactly the document that its first line names
    state.json.backup     the previous state, whole
    state.json.lock       the one writer
    state.json.halts      the stop mark; written without the lock
    state.json.archive-2026   what was archived that year; written before the state that names it
    state.json.damaged    an unreadable state that was replaced; state.json.damaged.journal: its journal

When a state with its steps folded in has been put in place, its journal is removed. In between, the journal
continues the document that is the backup now, which shows that it is folded in already.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import BinaryIO

from campaignctl.backends import durable
from campaignctl.backends.at_rest import HALTS, IN_CLEAR, STATE, AtRest
from campaignctl.errors import Command, Sentence, StateDamaged, StateError
from campaignctl.state.codec import decode, fingerprint
from campaignctl.state.journal import Decode, Loaded, replay
from campaignctl.state.years import with_archive


def followed(path: Path, within: Path | None, *, mirrored: bool = False) -> Path:
    """The path of a state, or `mirrored` one, without links.

    Raises StateError if it leads out of the folder `within`, or into a `.git`.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:  # a loop of symbolic links is a RuntimeError up to 3.12
        raise StateError(f"{path} leads nowhere", detail=str(error)) from error
    top = real if within is None else within.resolve()
    if not real.is_relative_to(top) or ".git" in real.relative_to(top).parts:
        move = Sentence(
            "; if this project's state is there, then move it: ",
            Command("state", "rebind", "--from", str(real)),
        )
        raise StateError(
            f"{path} leads out of the project, or into its .git",
            detail=f"it is a link to {real}; a checkout does not decide which files are written",
            hint=Sentence("remove the link", *(() if mirrored else (move,))),
        )
    return real


@dataclass(frozen=True, slots=True)
class StateFiles:
    """The files next to `path`, which is not a symbolic link; `at_rest` says how they are stored."""

    path: Path
    at_rest: AtRest = IN_CLEAR

    def sibling(self, suffix: str) -> Path:
        """The file of this state that `suffix` names."""
        return self.path.with_name(f"{self.path.name}.{suffix}")

    def every(self) -> tuple[Path, ...]:
        """The files that exist."""
        names = ("journal", "backup", "lock", "halts", "damaged", "damaged.journal")
        there = tuple(path for path in (self.path, *map(self.sibling, names)) if path.exists())
        return (*there, *self._archives().values())

    def archives(self) -> dict[int, bytes]:
        """What was archived, by year. Raises StateDamaged, StateSealed."""
        try:
            stored = {year: path.read_bytes() for year, path in self._archives().items()}
        except OSError as error:
            raise StateDamaged(
                f"the archive next to {self.path} cannot be read",
                detail=str(error),
                hint="nothing was changed; make its files readable for this user",
            ) from error
        return {
            year: self.at_rest.open(_archive(year), data, f"the archive of {year} next to {self.path}")
            for year, data in stored.items()
        }

    def put_archives(self, documents: Mapping[int, bytes]) -> None:
        """Replace the documents of these years. Raises OSError."""
        for year, data in documents.items():
            durable.replace(self.sibling(f"archive-{year}"), self.at_rest.close(_archive(year), data))

    def rewrite(self) -> None:
        """Store every file as the project says now; those that are so already are left as they are.

        Raises OSError, and StateError if one cannot be opened. The journal has ended before.
        """
        named = {self.path: STATE, self.sibling("backup"): STATE, self.sibling("halts"): HALTS}
        named |= {path: _archive(year) for year, path in self._archives().items()}
        for path, name in named.items():
            stored = durable.read_optional(path)
            if stored is not None and not self.at_rest.is_current(name, stored):
                document = self.at_rest.open(name, stored, str(path))
                durable.replace(path, self.at_rest.close(name, document))

    def _archives(self) -> dict[int, Path]:
        first = f"{self.path.name}.archive-"
        named = ((path.name.removeprefix(first), path) for path in self.path.parent.glob(f"{escape(first)}*"))
        return {int(year): path for year, path in named if year.isdecimal()}

    def load(self, decoded: Decode = decode) -> Loaded:
        """The state as it is at one moment, also while another process writes it.

        `decoded` makes it of its document.

        Raises:
            StateDamaged: it, or its journal, cannot be read or is not what was written.
            StateTooNew: a newer campaignctl wrote it.
            StateSealed: it is encrypted or in clear, and must not be; or there is no key.
        """
        try:
            stored, lines, backup = self._snapshot()
        except OSError as error:
            large = error.errno == errno.EFBIG
            hint = Sentence(
                "that is no state of campaignctl: move it and its journal away, and put a good one back: ",
                Command("state", "push", "FILE"),
            )
            raise StateDamaged(
                f"{self.path} cannot be read",
                detail=str(error.strerror if large else error),
                hint=hint
                if large
                else "nothing was changed; make the file and its journal readable for this user",
            ) from error
        where = str(self.path)
        journal_where = str(self.sibling("journal"))
        loaded = replay(
            None if stored is None else self.at_rest.open(STATE, stored, where),
            None if lines is None else self.at_rest.open_lines(lines, journal_where),
            previous=lambda: self._fingerprint(backup),
            where=where,
            journal_where=journal_where,
            decoded=decoded,
        )
        if loaded.state is None:
            return loaded
        return replace(loaded, state=with_archive(loaded.state, self.archives, str(self.path)))

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes when another process writes the state: cheap, not certain. None without a state."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def replace(self, data: bytes, *, readable: bool = True) -> None:
        """Put a new document in place, keep the previous one, and end its journal.

        `readable` says whether the previous one could be read: only then may it replace the backup.
        Raises OSError; until the very last step the old state and its journal stay as they are.
        """
        previous = durable.read_optional(self.path)
        same = self._fingerprint(previous) == fingerprint(data)
        # A backup that equals the state could not tell which of them a journal continues.
        if previous is not None and not same:
            durable.keep(self.path, self.sibling("backup" if readable else "damaged"))
        if previous is None or not same or not self.at_rest.is_current(STATE, previous):
            durable.replace(self.path, self.at_rest.close(STATE, data))
        journal = self.sibling("journal")
        if not readable and journal.exists():
            journal.replace(self.sibling("damaged.journal"))
        self.end_journal()

    def present(self) -> str | None:
        """The fingerprint of the document in its place; None if there is none, empty if it cannot be opened.
        Raises OSError."""
        return self._fingerprint(durable.read_optional(self.path))

    def _fingerprint(self, stored: bytes | None) -> str | None:
        if stored is None:
            return None
        try:
            return fingerprint(self.at_rest.open(STATE, stored, str(self.path)))
        except StateError:
            return ""

    def end_journal(self) -> None:
        """Remove a journal whose steps are in the state. Raises OSError."""
        durable.remove(self.sibling("journal"))

    def _snapshot(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """State, journal and backup of one moment.

        A writer replaces backup, state and journal in this order. So while the state and the journal
        that we read are still those at their names, the backup is the one that belongs to them.
        """
        while True:
            with _opened(self.path) as state, _opened(self.sibling("journal")) as journal:
                backup = self.sibling("backup")
                found = _read(state), _read(journal), durable.read_optional(backup)
                if _still(self.path, state) and (journal is None or _still(self.sibling("journal"), journal)):
                    return found


def _archive(year: int) -> str:
    return f"archive/{year}.json"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    with ExitStack() as stack:
        file = None
        with suppress(FileNotFoundError):
            file = stack.enter_context(durable.opened(path))
        yield file


def _read(file: BinaryIO | None) -> bytes | None:
    return None if file is None else durable.read_whole(file)


def _still(path: Path, file: BinaryIO | None) -> bool:
    """Whether the name leads to the file that we have open, or to none if we found none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return file is None
    return file is not None and os.path.samestat(found, os.fstat(file.fileno()))
