"""Concurrent applies, and a lock holder that is frozen while its lock is broken."""

from __future__ import annotations

from tests.torture.place import Place
from tests.torture.tap import Stop

_LONG = ("--lock-timeout", "60s")


def at_once(place: Place, words: tuple[str, ...], number: int) -> bool:
    """Start `number` runs at once; True if none of them crashed."""
    children = [place.start(*words, *(_LONG if words[0] == "apply" else ())) for _ in range(number)]
    ends = [child.wait() for child in children]
    return all(ended.status in (0, 1) for ended in ends)


def frozen_holder(place: Place, words: tuple[str, ...], stop: Stop | None) -> bool:
    """A lock holder stops at a boundary, its lock is broken by hand, another run applies, the holder goes on.

    True if it did stop while it held the lock.
    """
    child = place.start(*words, stop=stop)
    if not child.stopped():
        return False
    lock = place.lock_id()
    if lock is not None:
        place.run("state", "unlock", lock)
    _ = place.apply() if words[0] == "apply" else place.run(*words)
    child.go_on()
    child.wait()
    return lock is not None
