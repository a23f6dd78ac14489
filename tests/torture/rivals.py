"""Several applies at once, and a holder of the lock that is frozen while its lock is broken."""

from __future__ import annotations

import json

from tests.torture.place import Place
from tests.torture.tap import Stop

_APPLY = ("apply", "--auto-approve", "--lock-timeout", "60s")


def at_once(place: Place, number: int) -> bool:
    """So many applies that start together; True when none of them fell over."""
    children = [place.start(*_APPLY) for _ in range(number)]
    ends = [child.wait() for child in children]
    return all(ended.status in (0, 1) for ended in ends)


def frozen_holder(place: Place, words: list[str], stop: Stop | None) -> bool:
    """A holder stops at a boundary, its lock is broken by hand, somebody else applies, and it goes on.

    True when it did stop while it held the lock.
    """
    child = place.start(*_APPLY, "--parallelism", "1", *words, stop=stop)
    if not child.stopped():
        return False
    lock = place.state_directory / "state.json.lock"
    text = lock.read_text(encoding="utf-8") if lock.exists() else ""
    held = bool(text)
    if held:
        place.run("state", "unlock", str(json.loads(text)["id"]))
    place.apply()
    child.go_on()
    child.wait()
    return held
