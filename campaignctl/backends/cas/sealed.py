"""A place whose files are stored as the project says: in clear or encrypted.

The lock is always in clear: it names its holder, and can be broken without a key. What others left in the
place is none of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from campaignctl.backends.at_rest import AtRest
from campaignctl.backends.cas.place import LONGEST, Files, Note, Place, Seen, Texts
from campaignctl.errors import StateError
from campaignctl.review.reports import Access
from campaignctl.state.model import LockInfo

_OURS = re.compile(r"state\.json|about\.json|halts\.json|journal/.+|\d+\.json")
_NOTHING = Seen(None, {})


@dataclass(frozen=True, slots=True)
class _Opened(Seen):
    """A version with its files opened; `stored` is the same as the place has it."""

    stored: Seen = field(default=_NOTHING)


@dataclass(frozen=True, slots=True)
class SealedPlace(Place):
    """A place around another one, which sees what is stored. `folder` is a part of the names of its files."""

    place: Place
    at_rest: AtRest
    folder: str = ""

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        return self.place.texts

    def tip(self) -> str | None:
        """The name of the present version."""
        return self.place.tip()

    def look(self, seconds: float = LONGEST) -> Seen:
        """The present version; a file that cannot be opened is in it as it is stored."""
        stored = self.place.look(seconds)
        files: dict[str, bytes] = {}
        problem: StateError | None = None
        for path, data in stored.files.items():
            files[path] = data
            if _OURS.fullmatch(path):
                try:
                    files[path] = self.at_rest.open(
                        self.folder + path, data, f"{path} in {self.texts.location}"
                    )
                except StateError as error:
                    problem = problem or error
        current = all(self._is_current(path, data) for path, data in stored.files.items())
        return _Opened(stored.tip, files, problem, current, stored)

    def draft(self, before: Seen, after: Files, note: Note) -> Seen:
        """The version to put: what did not change stays as it is stored, unless that was done with an older
        key or in another form."""
        there = before.stored if isinstance(before, _Opened) else before
        files = {path: self._stored(path, data, before, there) for path, data in after.items()}
        draft = self.place.draft(there, files, note)
        return _Opened(draft.tip, after, stored=draft)

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Replace `before` by `draft`."""
        return self.place.put(_stored(before), _stored(draft), seconds)

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a put has arrived."""
        return self.place.holds(_stored(found), _stored(draft))

    def access(self, by: LockInfo) -> Access:
        """Whether it accepts writes from here."""
        return self.place.access(by)

    def free(self, lock_id: str) -> LockInfo | None:
        """Break the place's own lock."""
        return self.place.free(lock_id)

    def _is_current(self, path: str, stored: bytes) -> bool:
        return not _OURS.fullmatch(path) or self.at_rest.is_current(self.folder + path, stored)

    def _stored(self, path: str, data: bytes, before: Seen, there: Seen) -> bytes:
        if not _OURS.fullmatch(path):
            return data
        old = there.files.get(path)
        if old is None or before.files.get(path) != data:
            return self.at_rest.close(self.folder + path, data)
        # What could not be opened is the same in both, and stays as it is.
        if (before.problem is not None and old == data) or self._is_current(path, old):
            return old
        return self.at_rest.close(self.folder + path, data)


def _stored(seen: Seen) -> Seen:
    return seen.stored if isinstance(seen, _Opened) else seen
