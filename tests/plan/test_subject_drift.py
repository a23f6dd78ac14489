"""What one key shows as drift, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.errors import Command
from campaignctl.plan.model import Clone, Drift
from campaignctl.plan.subject import Subject
from campaignctl.schedule.times import iso
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    record,
)
from tests.plan.test_subject import HOUR, PAUSE, QUIET, halted, subject

# ----------------------------------------------------------------------------------------------------- drift


@pytest.mark.parametrize(
    ("text", "at"),
    [("2026-11-24 11:00:00", "2026-11-24T11:00:00Z"), ("soon", None), ("", None), (None, None)],
)
def test_when_it_was_last_changed_is_told_if_the_api_says_so(text: str | None, at: str | None) -> None:
    assert subject(shown=live(SCHEDULED, update_time=text)).changed_at == at
    assert subject(shown=None).changed_at is None


OURS = {"paused_by_us": True}


@pytest.mark.parametrize(
    ("was", "now", "how", "reason", "once", "before"),
    [
        ("scheduled", "paused", {}, "", False, "scheduled"),
        ("paused", "paused", {}, "", False, "scheduled"),
        ("paused", "paused", {"known": OURS}, None, None, None),
        ("paused", "paused", {"known": OURS, "halts": halted(KEY)}, "", False, "scheduled"),
        ("paused", "paused", {"lifecycle": Lifecycle(phase="paused")}, None, None, None),
        ("paused", "scheduled", {"known": OURS, "lifecycle": Lifecycle(phase="paused")}, "", False, "paused"),
        ("paused", "scheduled", {"known": OURS}, None, None, None),
        ("paused", "running", {"known": OURS, "lifecycle": Lifecycle(phase="paused")}, "", False, "paused"),
        ("scheduled", "scheduled", {"lifecycle": Lifecycle(phase="paused")}, None, None, None),
        ("scheduled", "draft", {}, "made a draft", False, "scheduled"),
        ("draft", "draft", {"applied": DRAFT}, None, None, None),
        ("draft", "draft", {"spec": DRAFT}, None, None, None),
        ("scheduled", "canceled", {}, "canceled outside", True, "scheduled"),
        ("scheduled", "canceled", {"halts": halted(KEY)}, "canceled by a halt", True, "scheduled"),
        ("scheduled", "canceled", {"lifecycle": Lifecycle(phase="canceled")}, None, None, None),
        ("canceled", "canceled", {}, None, None, None),
        ("scheduled", "sent", {}, "sent by hand", True, "scheduled"),
        ("scheduled", "running", {}, "sent by hand", True, "scheduled"),
        ("running", "sent", {}, None, None, None),
        ("needs_decision", "sent", {}, "its winner was set", True, "needs_decision"),
        ("needs_decision", "sent", {"known": {"winner": "A"}}, None, None, None),
        ("needs_decision", "paused", {"known": OURS}, None, None, None),
    ],
)
def test_a_status_that_others_gave_it_is_drift(
    was: str, now: str, how: dict[str, Any], reason: str | None, once: bool | None, before: str | None
) -> None:
    given = dict(how)
    applied = given.pop("applied", SCHEDULED)
    found = subject(applied, live(applied, now), status=was, **given).status_drift()
    if reason is None:
        assert found == ()
        return
    (one,) = found
    assert one.reason.startswith(reason)
    assert bool(one.reason) is bool(reason)
    assert (one.once, one.corrected, one.diff) == (once, False, (FieldChange("status", before, now),))


def test_a_campaign_that_is_gone_is_drift_once() -> None:
    (one,) = subject(shown=None).status_drift()
    assert (one.once, one.diff) == (True, (FieldChange("status", "scheduled", "missing"),))
    assert subject(shown=None, status="missing").status_drift() == ()


@pytest.mark.parametrize(
    ("applied", "status", "was", "how", "by_hand"),
    [
        (SCHEDULED, "running", "scheduled", {}, True),
        (SCHEDULED, "scheduled", "scheduled", {}, False),
        (SCHEDULED, "running", "scheduled", {"now": NOW.replace(year=2037)}, False),
        ({**SCHEDULED, "scheduled_time": "2026-11-24 12:02:00"}, "running", "scheduled", {}, False),
        ({**SCHEDULED, "scheduled_time": "2026-11-24 12:02:01"}, "running", "scheduled", {}, True),
        (MANUAL, "sent", "manual", {}, True),
        (IMMEDIATE, "sent", "manual", {}, False),
        (IMMEDIATE, "sent", "paused", {"known": OURS}, True),
        (IMMEDIATE, "sent", "running", {"known": OURS}, False),
        (RECURRING, "running", "scheduled", {}, False),
        (RECURRING, "running", "scheduled", {"known": {"created_at": iso(NOW - HOUR)}}, True),
        (RECURRING, "running", "scheduled", {"known": {"created_at": "2026-11-24T09:01:59Z"}}, False),
        (RECURRING, "running", "scheduled", {"known": {"created_at": "2026-11-24T09:02:01Z"}}, True),
    ],
)
def test_it_was_started_by_hand_if_its_manifest_did_not(
    applied: Spec, status: str, was: str, how: dict[str, Any], *, by_hand: bool
) -> None:
    assert subject(applied, live(applied, status), status=was, **how).by_hand is by_hand


def test_without_a_time_nothing_was_started_by_hand() -> None:
    assert not Subject(KEY, record(SCHEDULED), live(SCHEDULED, "running"), True, None).by_hand


def test_a_clone_is_drift() -> None:
    clone = Clone("9", KEY, "scheduled")
    (one,) = subject(clones=(clone,)).clones_drift()
    assert (one.key, one.id, one.diff, one.reason, one.once) == (
        (KEY, ID, (FieldChange("clone", None, "9"),), clone.reason, True)
    )


def test_an_update_corrects_the_drift_that_it_writes() -> None:
    one = subject(shown=live({**SCHEDULED, "name": "Theirs", "description": "new"}))
    named, described = (
        FieldChange("name", "Welcome", "Theirs"),
        FieldChange("description", None, "new"),
    )
    assert one.drifts() == (
        Drift(KEY, ID, (named,), False),
        *one.unmanaged_drift(),
    )
    assert one.drifts(spec=SCHEDULED)[0] == Drift(KEY, ID, (named,), True)
    assert one.drifts(spec={**SCHEDULED, "name": "Theirs"}) == one.unmanaged_drift()
    assert described.path in {each.path for each in one.set_outside}


def test_a_field_that_live_lost_is_drift_unless_the_update_takes_it_out() -> None:
    applied = {**SCHEDULED, "description": "old"}
    one = subject(applied, live({**SCHEDULED, "description": None}), applied)
    lost = FieldChange("description", "old", None)
    assert one.drift == (lost,)
    assert [drift.diff for drift in one.drifts(spec=applied)] == [(lost,)]
    assert one.drifts(spec=SCHEDULED) == ()


def test_a_field_that_others_changed_is_drift_though_the_update_takes_it_out() -> None:
    one = subject({**SCHEDULED, "description": "old"}, live({**SCHEDULED, "description": "theirs"}))
    (drift,) = one.drifts(spec=SCHEDULED)
    assert drift.diff == (FieldChange("description", "old", "theirs"),)


def test_fields_of_the_team_alone_are_quiet() -> None:
    one = subject(
        shown=live({**SCHEDULED, "labels": ["x"], "quiet_hours": QUIET}, update_time="2026-11-24 11:00:00")
    )
    (drift,) = one.unmanaged_drift()
    assert {each.path for each in drift.unmanaged} == {"quiet_hours"}
    assert (drift.diff, drift.at) == ((), "2026-11-24T11:00:00Z")
    assert {each.path for each in one.outside} > {"quiet_hours"}
    assert subject(shown=live({**SCHEDULED, "labels": ["x"]})).unmanaged_drift() == ()


# ------------------------------------------------------------------------------------------ what is recorded


@pytest.mark.parametrize(
    ("how", "changed"),
    [
        ({}, {}),
        ({"shown": live(SCHEDULED, "paused")}, {"status": "paused"}),
        ({"shown": None}, {"status": "missing"}),
        ({"shown": None, "read": False}, {}),
        ({"known": {"baseline": None}}, {"baseline": {}}),
        (
            {"known": {"baseline": None}, "shown": live({**SCHEDULED, "deal_id": "7"})},
            {"baseline": {"deal_id": "7"}},
        ),
        ({"status": "paused", "halts": halted("x", stopped=(PAUSE,))}, {"paused_by_us": True}),
    ],
)
def test_what_was_observed_is_noted(how: dict[str, Any], changed: dict[str, Any]) -> None:
    one = subject(**how)
    noted = one.noted()
    assert noted == (replace(one.record, **changed) if changed else None)


def test_a_manifest_that_changes_nothing_is_noted_if_asked() -> None:
    lifecycle = Lifecycle(on_destroy="forget")
    one = subject(lifecycle=lifecycle, known={"source_digest": "old"})
    assert one.noted() is None
    noted = one.noted(manifest=True)
    assert noted is not None
    assert (noted.source_digest, noted.lifecycle) == ("sha256:manifest", lifecycle)


@pytest.mark.parametrize(
    ("how", "protected"),
    [
        ({}, True),
        ({"destroyed": True}, None),
        ({"replacing": True}, None),
        ({"spec": None}, None),
        ({"lifecycle": Lifecycle(phase="canceled", prevent_destroy=True)}, True),
    ],
)
def test_a_block_records_the_protection_all_the_same(how: dict[str, Any], protected: bool | None) -> None:
    one = subject(**{"lifecycle": Lifecycle(prevent_destroy=True), **how})
    verdict = one.blocked("because", Command("plan"), diff=(FieldChange("a", 1, 2),))
    assert verdict.blocked is not None
    assert (verdict.blocked.id, verdict.blocked.status, verdict.blocked.hint) == (
        ID,
        "scheduled",
        "campaignctl plan",
    )
    assert verdict.blocked.diff == (FieldChange("a", 1, 2),)
    assert (verdict.observed.lifecycle.prevent_destroy if verdict.observed else None) is protected
    assert subject(shown=live(SCHEDULED, "paused")).blocked("because", "hint").drift
