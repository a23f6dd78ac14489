"""A state that moves takes its archive along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from campaignctl.backends.local import LocalBackend
from campaignctl.reconciler.state_ops import fill
from campaignctl.state.ledger import Sent, Year
from campaignctl.state.years import encode_year
from tests.state.samples import sample_state

OLD = Sent("sha256:old", "push/old", "7", "2025-01-10T09:00:00Z")


def backend(path: Path) -> LocalBackend:
    return LocalBackend(
        path,
        now=lambda: datetime.now(UTC),
        new_id=lambda: "lock",
        wait=lambda _: None,
        interrupted=lambda: False,
    )


def test_a_state_that_moves_takes_the_years_along_that_it_names(tmp_path: Path) -> None:
    source, target = backend(tmp_path / "here/state.json"), backend(tmp_path / "there/state.json")
    state = replace(sample_state(), archives=(2025,))
    session = source.acquire("archive", timedelta())
    year = encode_year(2025, Year(sent=(OLD,)), state)
    session.archive({2024: b"left over", 2025: year})
    session.write(state)
    session.release()
    read = source.read()
    assert read is not None
    wiring: Any = SimpleNamespace(lock_timeout=timedelta())
    fill(wiring, "state migrate", target, read, source)
    assert target.archives() == {2025: year}
    moved = target.read()
    assert moved is not None
    assert moved.archive.sent_as("sha256:old", None) == OLD
