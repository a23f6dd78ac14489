"""What is archived, and a state that moves takes its archive along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaignctl.backends.local import LocalBackend
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.reconciler.archive import Manifests, Order, archive
from campaignctl.reconciler.state_ops import fill
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.ledger import Sent, Year
from campaignctl.state.years import encode_year
from tests.plan.planning import KEY, NOW, PROJECT, SCHEDULED, intent, record, state, wanted
from tests.state.samples import sample_state

HALT = Halt("h1", None, "wrong price", "ana", "laptop", iso(NOW))
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
    known = replace(sample_state(), archives=(2025,))
    session = source.acquire("archive", timedelta())
    year = encode_year(2025, Year(sent=(OLD,)), known)
    session.archive({2024: b"left over", 2025: year})
    session.write(known)
    session.release()
    read = source.read()
    assert read is not None
    wiring: Any = SimpleNamespace(lock_timeout=timedelta())
    fill(wiring, "state migrate", target, read, source)
    assert target.archives() == {2025: year}
    moved = target.read()
    assert moved is not None
    assert moved.archive.sent_as("sha256:old", None) == OLD


OVER = record(SCHEDULED, "canceled")
EDITED = {**SCHEDULED, "name": "B"}


@pytest.mark.parametrize(
    ("known", "desired", "halts", "reason"),
    [
        ({}, {}, Halts(), ""),
        ({"pending": {KEY: intent(SCHEDULED)}}, {}, Halts(), "a write to it is not settled"),
        ({"pending": {"other": intent(SCHEDULED)}}, {}, Halts(), ""),
        ({}, {}, Halts((HALT,)), "a halt holds it"),
        ({}, {}, Halts((replace(HALT, keys=("other",)),)), ""),
        ({}, {"new": wanted(SCHEDULED, "new", moved_from=(KEY,))}, Halts(), "it is to be moved to new"),
        ({}, {"new": wanted(SCHEDULED, "new", moved_from=("other",))}, Halts(), ""),
        ({}, {KEY: wanted(SCHEDULED)}, Halts(), ""),
        (
            {},
            {KEY: wanted({**SCHEDULED, "name": "B"}, manifest="sha256:b")},
            Halts(),
            "its manifest has changed",
        ),
    ],
)
def test_what_something_else_still_needs_is_left_alone(
    tmp_path: Path, known: dict[str, Any], desired: dict[str, DesiredCampaign], halts: Halts, reason: str
) -> None:
    here = backend(tmp_path / "state.json")
    session = here.acquire("apply", timedelta())
    session.write(state({KEY: OVER}, **known))
    session.release()
    here.change_halts(lambda _: halts)
    wiring: Any = SimpleNamespace(
        backend=here, project=PROJECT, clock=SimpleNamespace(now=lambda: NOW), now=lambda: NOW
    )
    manifests = Manifests(DesiredState(PROJECT, desired, "sha256:all"))
    report = archive(wiring, Order(dry_run=True), lambda: manifests, lambda _: True)
    assert [one.key for one in report.campaigns] == [KEY] * (not reason)
    assert [(one.key, one.reason.startswith(reason)) for one in report.left] == [(KEY, True)] * bool(reason)
