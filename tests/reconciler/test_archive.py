"""What is archived, and a state that moves takes its archive along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaignctl.backends.local import LocalBackend
from campaignctl.manifest.files import ProjectFiles
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.reconciler.archive import RECENT_APPLIES, Environment, Manifests, Order, archive
from campaignctl.reconciler.copies import watched
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.state_ops import fill
from campaignctl.review.archiving import ArchiveReport
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.ledger import HistoryEntry, Released, Sent, Year
from campaignctl.state.model import Record, State
from campaignctl.state.years import encode_year
from tests.plan.planning import ID, KEY, NOW, PROJECT, SCHEDULED, intent, record, state, wanted
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
        ({}, {KEY: wanted(SCHEDULED, manifest="sha256:b")}, Halts(), ""),
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


FILE = f"campaigns/{KEY}.yaml"


def kept(path: Path, known: State | None) -> LocalBackend:
    """The place of a state."""
    here = backend(path)
    if known:
        session = here.acquire("apply", timedelta())
        session.write(known)
        session.release()
    return here


def over(tmp_path: Path) -> tuple[Wiring, Manifests]:
    """A project on disk with a manifest whose campaign is over."""
    manifest = tmp_path / FILE
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    project = replace(PROJECT, directory=str(tmp_path))
    here = kept(tmp_path / "state.json", state({KEY: OVER}))
    wiring = Wiring(
        project, here, None, SimpleNamespace(now=lambda: NOW, monotonic=lambda: 0.0), lambda _: None, "0.1.0"
    )
    desired = DesiredState(project, {KEY: wanted(SCHEDULED)}, "sha256:all")
    return wiring, Manifests(desired, ProjectFiles(project, tmp_path, {}))


def files(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yaml"))


def test_what_is_approved_leaves_the_manifests_and_the_state_as_one_decision(tmp_path: Path) -> None:
    wiring, manifests = over(tmp_path)
    report = archive(wiring, Order(), lambda: manifests, lambda _: True)
    known = wiring.backend.read()
    assert (report.result, files(tmp_path)) == ("done", [FILE.replace("welcome", "_archive/welcome")])
    assert known is not None
    assert (known.campaigns, [one.key for one in known.released]) == ({}, [KEY])
    assert known.serial == state().serial + 1


@pytest.mark.parametrize(
    ("status", "next_run", "stays"),
    [
        ("sent", "2025-03-01T09:00:00Z", True),
        ("sent", "2025-01-01T09:00:00Z", False),
        ("canceled", "2025-03-01T09:00:00Z", False),
        ("scheduled", "2025-03-01T09:00:00Z", True),
    ],
)
def test_a_released_campaign_that_can_still_send_stays_in_the_state(
    tmp_path: Path, status: str, next_run: str, stays: bool
) -> None:
    wiring, manifests = over(tmp_path)
    old = Released("old", "7", "i", "d", status, "2025-02-01T00:00:00Z", "c", (next_run,))
    kept(tmp_path / "state.json", state({KEY: OVER}, released=(old,)))
    archive(wiring, Order(), lambda: manifests, lambda _: True)
    known = wiring.backend.read()
    assert known is not None
    assert (old in known.released) is stays


@pytest.mark.parametrize(("archived", "stays"), [(None, True), ("sha256:manifest", False)])
def test_what_was_forgotten_lately_stays_and_what_was_archived_counts_by_its_last_send(
    tmp_path: Path, archived: str | None, stays: bool
) -> None:
    wiring, manifests = over(tmp_path)
    sends = ("2025-03-01T09:00:00Z",)
    old = Released("old", "7", "i", "d", "sent", iso(NOW), "c", sends, archived=archived)
    kept(tmp_path / "state.json", state({KEY: OVER}, released=(old,)))
    archive(wiring, Order(), lambda: manifests, lambda _: True)
    known = wiring.backend.read()
    assert known is not None
    assert (old in known.released) is stays


def test_a_second_copy_of_what_is_archived_is_still_looked_for(tmp_path: Path) -> None:
    """It was posted twice and canceled; the campaign of the other POST may still turn up."""
    wiring, manifests = over(tmp_path)
    posts = (iso(NOW - timedelta(hours=2)), iso(NOW - timedelta(minutes=30)))
    twice = replace(OVER, intent="i", reposted=True, posts=posts)
    kept(tmp_path / "state.json", state({KEY: twice}))
    archive(wiring, Order(), lambda: manifests, lambda _: True)
    known = wiring.backend.read()
    assert known is not None
    assert {key: one.id for key, one in watched(known, NOW).items()} == {"i": OVER.id}


def test_what_is_not_approved_changes_nothing(tmp_path: Path) -> None:
    wiring, manifests = over(tmp_path)
    before = wiring.backend.read()
    assert archive(wiring, Order(), lambda: manifests, lambda _: False).result == "planned"
    assert (wiring.backend.read(), files(tmp_path)) == (before, [FILE])


def test_of_nothing_to_archive_nobody_is_asked(tmp_path: Path) -> None:
    here = kept(tmp_path / "state.json", state({}))
    wiring = replace(over(tmp_path / "project")[0], backend=here)
    before = here.read()
    asked: list[ArchiveReport] = []

    def approve(report: ArchiveReport) -> bool:
        asked.append(report)
        return True

    manifests = Manifests(DesiredState(wiring.project, {}, "sha256:all"))
    assert archive(wiring, Order(), lambda: manifests, approve).result == "nothing"
    assert (asked, here.read()) == ([], before)


def test_of_many_applies_the_older_ones_are_archived_and_counted(tmp_path: Path) -> None:
    applies = tuple(
        HistoryEntry(f"h{number}", iso(NOW), "apply", "ana", "laptop", None, "0.1.0", "sha256:p", {})
        for number in range(RECENT_APPLIES + 3)
    )
    here = kept(tmp_path / "state.json", state({}, history=applies))
    wiring = replace(over(tmp_path / "project")[0], backend=here)
    manifests = Manifests(DesiredState(wiring.project, {}, "sha256:all"))
    report = archive(wiring, Order(), lambda: manifests, lambda _: True)
    assert (report.result, report.applies) == ("done", 3)
    known = here.read()
    assert known is not None
    assert known.history == applies[3:]
    assert [year.history for year in known.archive.years.values()] == [applies[:3]]


ARCHIVED = Released(KEY, ID, None, "sha256:body", "canceled", iso(NOW), archived="sha256:manifest")


@pytest.mark.parametrize(
    ("declared", "known", "goes"),
    [
        (False, None, True),
        (True, None, False),
        (True, state({}), False),
        (True, state({KEY: OVER}), True),
        (False, state({KEY: OVER}), True),
        (True, state({KEY: record(SCHEDULED)}), False),
        (False, state({KEY: record(SCHEDULED)}), False),
        (True, state({}, missed={KEY: iso(NOW)}), True),
        (True, state({}, released=(ARCHIVED,)), True),
        (True, state({}, released=(replace(ARCHIVED, archived=None),)), False),
        (False, state({}, pending={KEY: intent(SCHEDULED)}), False),
        (True, state({KEY: OVER}, pending={KEY: intent(SCHEDULED)}), False),
        (True, state({KEY: OVER}, pending={"other": intent(SCHEDULED)}), True),
    ],
)
def test_a_manifest_stays_until_its_campaign_is_over_in_each_environment(
    tmp_path: Path, declared: bool, known: State | None, goes: bool
) -> None:
    wiring, manifests = over(tmp_path)
    desired = replace(manifests.desired, campaigns=manifests.desired.campaigns if declared else {})
    other = Environment("staging", desired, kept(tmp_path / "staging.json", known))
    report = archive(wiring, Order(), lambda: replace(manifests, others=(other,)), lambda _: True)
    reasons = [] if goes else [(KEY, "it is not final in the environment staging")]
    assert [(one.key, one.reason) for one in report.left] == reasons
    assert (files(tmp_path) == [FILE]) is not goes


@pytest.mark.parametrize(
    ("entry", "before", "goes"),
    [
        (ARCHIVED, None, True),
        (record(SCHEDULED), None, False),
        (ARCHIVED, NOW, False),
        (ARCHIVED, NOW + timedelta(seconds=1), True),
        (replace(ARCHIVED, archived="sha256:other"), None, False),
        (replace(ARCHIVED, archived=None), None, False),
        (replace(ARCHIVED, sends=(iso(NOW - timedelta(days=1)),)), NOW, True),
        (replace(ARCHIVED, sends=(iso(NOW - timedelta(days=1)),)), NOW - timedelta(days=1), False),
    ],
)
def test_a_manifest_that_was_left_behind_goes_if_it_is_as_archived_and_old_enough(
    tmp_path: Path, entry: Released | Record, before: datetime | None, goes: bool
) -> None:
    """A key that is recorded again is not left behind."""
    wiring, manifests = over(tmp_path / "project")
    again = {KEY: entry} if isinstance(entry, Record) else {}
    known = state(again, released=(entry if isinstance(entry, Released) else ARCHIVED,))
    wiring = replace(wiring, backend=kept(tmp_path / "state.json", known))
    archive(wiring, Order(before=before), lambda: manifests, lambda _: True)
    assert (files(tmp_path / "project") == [FILE]) is not goes


@pytest.mark.parametrize(
    ("began", "updated", "goes"),
    [
        (None, NOW - timedelta(seconds=1), True),
        (None, NOW, False),
        (NOW - timedelta(seconds=1), NOW, True),
        (NOW, NOW - timedelta(days=1), False),
    ],
)
def test_a_campaign_ended_when_it_last_sent_else_when_it_was_last_written(
    tmp_path: Path, began: datetime | None, updated: datetime, goes: bool
) -> None:
    wiring, manifests = over(tmp_path / "project")
    one = replace(OVER, began=iso(began) if began else None, updated_at=iso(updated))
    wiring = replace(wiring, backend=kept(tmp_path / "state.json", state({KEY: one})))
    report = archive(wiring, Order(before=NOW, dry_run=True), lambda: manifests, lambda _: True)
    assert [each.key for each in report.campaigns] == [KEY] * goes
