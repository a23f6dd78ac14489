"""The stop mark, on a ref of its own: it needs neither lock nor state, and whoever may push can set it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from campaignctl.backends.git.place import Moved, Place, Seen, message
from campaignctl.state.codec import decode_halts, encode_halts
from campaignctl.state.halts import Halts
from campaignctl.state.model import LockInfo

SUFFIX = ".stop"
"""What the name of the ref of a state is followed by; no name of an environment has a point in it."""

_HALTS = "halts.json"


class StopMark:
    """The stop mark as it is at the remote.

    A look costs a round trip or two. Threads that want one at the same time share it: one that began after
    it was asked for is as good as one's own.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._looking = threading.Lock()
        self._begun = 0
        self._seen: Seen | None = None

    def halts(self) -> Halts:
        """The halts, not older than this call. Raises GitTrouble, StateDamaged, StateTooNew."""
        begun = self._begun
        with self._looking:
            if self._seen is None or self._begun == begun:
                self._begun += 1
                self._look()
            return self._decoded(self._seen)

    def change(self, change: Callable[[Halts], Halts], by: LockInfo) -> Halts:
        """Replace them by what `change` makes of them. Raises GitTrouble, StateDamaged, StateNotSaved."""
        while True:
            seen = self._place.look()
            halts = change(self._decoded(seen))
            files = {**seen.files, _HALTS: encode_halts(halts).encode()}
            with suppress(Moved):
                self._place.put(seen, files, message(by, "the stop mark"), by)
                return halts

    def _look(self) -> None:
        tip = self._place.tip()
        if self._seen is None or self._seen.tip != tip:
            self._seen = self._place.look() if tip else Seen(None, {})

    def _decoded(self, seen: Seen | None) -> Halts:
        data = seen.files.get(_HALTS) if seen else None
        return (
            decode_halts(data, where=f"{_HALTS} in {self._place.location}") if data is not None else Halts()
        )
