"""20 processes with 50 increments each of one state on a git remote: all 1,000 must be kept."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.backends.actors import Actor
from tests.backends.git_place import REF, GitPlace, git
from tests.state.samples import sample_state

PROCESSES = 20
INCREMENTS = 50
LONGEST = 3600.0


def main() -> int:
    """Run them, print what is kept, and return 1 if an increment is missing."""
    with tempfile.TemporaryDirectory() as folder:
        place = GitPlace(Path(folder), longest_wait=timedelta(seconds=10))
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
        commits = git(place.remote, "rev-list", "--count", REF).decode().strip()
    kept = state.serial if state else 0
    recorded = len(state.campaigns) - 1 if state else 0
    total = PROCESSES * INCREMENTS
    print(f"  {kept} of {total} increments kept, {recorded} records, {commits} commits, {wall:.0f} s")
    return int((kept, recorded) != (total, total))


if __name__ == "__main__":
    sys.exit(main())
