"""20 processes with 50 increments each of one state that machines share: all 1,000 must be kept.

`python -m benchmarks.turns --backend KIND`; without it, on every kind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from tests.backends.actors import Actor, Place
from tests.backends.git_place import GitPlace
from tests.backends.postgres_place import PostgresState
from tests.backends.postgres_server import shared_server
from tests.state.samples import sample_state

PROCESSES = 20
INCREMENTS = 50
LONGEST = 3600.0
_WAIT = timedelta(seconds=10)

PLACES: Mapping[str, Callable[[Path], Place]] = {
    "git": lambda folder: GitPlace(folder, longest_wait=_WAIT),
    "postgres": lambda folder: PostgresState(folder, shared_server().address(), longest_wait=_WAIT),
}
"""An empty place of each kind, whose waits are those of the command line."""


def kept_all(place: Place) -> bool:
    """Run the processes, print what is kept, and say whether it is everything."""
    session = place.backend().acquire("apply", timedelta())
    session.write(sample_state(serial=0))
    session.release()
    start = time.perf_counter()
    actors = [Actor(place) for _ in range(PROCESSES)]
    for number, actor in enumerate(actors):
        actor.tell("take_turns", f"p{number}", INCREMENTS, LONGEST)
    for actor in actors:
        actor.answer(LONGEST)
    wall = time.perf_counter() - start
    state = place.backend().read()
    kept = state.serial if state else 0
    recorded = len(state.campaigns) - 1 if state else 0
    total = PROCESSES * INCREMENTS
    print(f"{kept} of {total} increments kept, {recorded} records, {wall:.0f} s")
    return (kept, recorded) == (total, total)


def main(arguments: list[str] | None = None) -> int:
    """Measure each kind; return 1 if an increment is missing."""
    parser = argparse.ArgumentParser("python -m benchmarks.turns", description=__doc__)
    parser.add_argument("--backend", choices=sorted(PLACES), help="only this kind")
    chosen = parser.parse_args(arguments or []).backend
    lost = False
    for kind, made in PLACES.items():
        if chosen in (None, kind):
            with tempfile.TemporaryDirectory() as folder:
                print(f"  {kind:12}", end=" ", flush=True)
                lost |= not kept_all(made(Path(folder)))
    return int(lost)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
