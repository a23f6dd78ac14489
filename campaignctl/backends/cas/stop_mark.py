"""The stop mark, in a place of its own: it can be set without the lock and without a state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from campaignctl.backends.cas.place import Moved, Note, Persistent, Seen
from campaignctl.state.codec import decode_halts, encode_halts
from campaignctl.state.halts import Halts
from campaignctl.state.model import LockInfo

_HALTS = "halts.json"


class StopMark:
    """The stop mark as it is in its place.

    A look costs a round trip or two. Threads that want one at the same time share it: one that began after
    it was asked for is as good as one's own.
    """

    def __init__(self, place: Persistent) -> None:
        self._place = place
        self._looking = threading.Lock()
        self._begun = 0
        self._seen: Seen | None = None

    def halts(self) -> Halts:
        """The halts, not older than this call. Raises PlaceError, StateDamaged, StateTooNew."""
        begun = self._begun
        with self._looking:
            if self._seen is None or self._begun == begun:
                self._begun += 1
                tip = self._place.tip()
                if self._seen is None or self._seen.tip != tip:
                    self._seen = self._place.look() if tip else Seen(None, {})
            return self._decoded(self._seen)

    def change(self, change: Callable[[Halts], Halts], by: LockInfo) -> Halts:
        """Replace them by what `change` makes of them. Raises PlaceError, StateDamaged, StateNotSaved."""
        while True:
            seen = self._place.look()
            halts = change(self._decoded(seen))
            files = {**seen.files, _HALTS: encode_halts(halts).encode()}
            with suppress(Moved):
                self._place.put(seen, files, Note(by, "the stop mark", under_lock=False))
                return halts

    def _decoded(self, seen: Seen) -> Halts:
        data = seen.files.get(_HALTS)
        where = f"{_HALTS} in {self._place.location}"
        return decode_halts(data, where=where) if data is not None else Halts()
