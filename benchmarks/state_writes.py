"""Bytes that an apply of N creates writes to the state: proportional to N, not to N squared."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from campaignctl.backends.local import LocalBackend
from campaignctl.state.model import Account, Entry, Intent, Record, State, Watermark

SIZES = (500, 1_000, 2_000)
MAX_GROWTH = 2.2
_SPEC = {
    "name": "Welcome",
    "scheduled_time": "2036-03-22 10:00:00",
    "messages": [{"name": "m", "channel": "sms", "sms": {"content": {"en": "Hello " * 20}}}],
}


def _intent(number: int) -> Intent:
    return Intent("create", f"intent-{number}", "planned", _SPEC, "sha256:0", Watermark((), None), None)


def _record(number: int) -> Record:
    now = "2036-01-01T00:00:00Z"
    return Record(f"{number}", "scheduled", _SPEC, "sha256:0", f"intent-{number}", now, now)


def measure(count: int) -> tuple[int, float]:
    """Bytes written to journal and state, and seconds, for an apply of `count` creates."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.json")
        backend = LocalBackend(
            path,
            now=lambda: datetime.now(UTC),
            new_id=lambda: uuid4().hex,
            wait=lambda _: None,
            interrupted=lambda: False,
        )
        session = backend.acquire("benchmark", timedelta(0))
        state = State("lineage", 0, None, Account("http://127.0.0.1"), "0")
        start = time.perf_counter()
        intents = {f"c{number}": _intent(number) for number in range(count)}
        session.write(state.after(Entry(intents=intents)))
        for number in range(count):
            session.append(Entry(intents={f"c{number}": _intent(number)}))
            session.append(Entry(records={f"c{number}": _record(number)}, intents={f"c{number}": None}))
        journal = sum(file.stat().st_size for file in Path(folder).iterdir())
        session.release()
        return journal + path.stat().st_size, time.perf_counter() - start


def main() -> int:
    """Measure, print the growth, and return 1 if it exceeds the bound."""
    written = {}
    for count in SIZES:
        written[count], seconds = measure(count)
        print(f"  {count:5} creates: {written[count] / 1e6:6.2f} MB written, {seconds:6.2f} s")
    growth = max(written[2 * count] / written[count] for count in SIZES[:-1])
    print(f"  twice the creates, {growth:.2f} times the bytes (bound {MAX_GROWTH})")
    return int(growth > MAX_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
