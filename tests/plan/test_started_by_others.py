"""A recurring campaign that others start after a plan: its changes are not what was reviewed any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.plan import runs
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options, Plan, Ran
from campaignctl.plan.reviewed import as_planned, started_since
from campaignctl.schedule.times import format_gmt, iso
from tests.plan.planning import (
    DRAFT,
    KEY,
    NOW,
    SCHEDULED,
    Spec,
    body,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

DAILY = body(recurrence={"cron": "0 11 * * *"})
NEW = {**DRAFT, "messages": [message(push={"title": {"en": "New"}})]}
TWO_DAYS = NOW + timedelta(days=2)


def shown(count: int | None = 3, spec: Spec = DAILY, status: str = "scheduled", **fields: Any) -> Live:
    counted = {} if count is None else {"run_counter": count}
    return live(spec, status, **{**counted, **fields})


def at(instant: datetime) -> dict[str, Any]:
    """A read that shows a run at a time."""
    return {"scheduled_run_times": [{"time": format_gmt(instant), "skip": False}]}


def of(shows: Live, *, spec: Spec | None = None, applied: Spec = DAILY, **more: Any) -> Plan:
    """The plan for one campaign, whose text is edited if nothing else is wanted."""
    now, status, replaced = more.pop("now", NOW), more.pop("recorded", "scheduled"), more.pop("replace", ())
    ours = spec or {**applied, "messages": NEW["messages"]}
    return plan_of(
        wanted(ours, manifest="sha256:new"),
        known=state({KEY: record(applied, status)}),
        reading=Reading(live={KEY: shows}),
        options=Options(replace=replaced, **more),
        now=now,
    )


STARTED: dict[str, tuple[Live, datetime]] = {
    "at once": (shown(4), NOW + timedelta(minutes=1)),
    "more often than by itself": (shown(6), TWO_DAYS),
    "at a time of its own choice": (shown(None, **at(NOW + timedelta(hours=1))), TWO_DAYS),
}
BY_ITSELF: dict[str, tuple[Live, datetime]] = {
    "no run": (shown(3), NOW + timedelta(minutes=1)),
    "its own runs": (shown(5), TWO_DAYS),
    "a run fewer": (shown(4), TWO_DAYS),
    "not shown": (shown(None), TWO_DAYS),
    "a run time of its own": (shown(None, **at(NOW + timedelta(hours=23))), TWO_DAYS),
    "the run before the plan": (shown(None, **at(NOW - timedelta(minutes=7))), TWO_DAYS),
}


@pytest.mark.parametrize(("later", "now"), STARTED.values(), ids=STARTED)
def test_a_start_by_others_voids_a_saved_and_a_reviewed_change(later: Live, now: datetime) -> None:
    saved = of(shown())
    change = only(saved)
    how = started_since(saved, change, record(DAILY), later, now)
    assert how
    assert "was started outside of campaignctl since the plan was made" in how
    (blocked,) = of(later, now=now, reviewed=(saved,)).blocked
    assert blocked.reason == how
    assert "plan -o FILE" in blocked.hint


@pytest.mark.parametrize(("later", "now"), BY_ITSELF.values(), ids=BY_ITSELF)
def test_its_own_runs_void_nothing(later: Live, now: datetime) -> None:
    saved = of(shown())
    assert started_since(saved, only(saved), record(DAILY), later, now) is None
    assert only(of(later, now=now, reviewed=(saved,))).action is Action.UPDATE


def test_a_count_of_an_unknown_time_proves_nothing() -> None:
    assert drift_of(shown(6), now=TWO_DAYS, run_counter=3, counted_at=None)[0] == ()


def test_a_campaign_that_was_not_read_was_not_started() -> None:
    saved = of(shown())
    assert only(saved).ran is not None
    assert started_since(saved, only(saved), record(DAILY), None, TWO_DAYS) is None


def test_a_count_that_was_not_shown_to_the_plan_proves_nothing() -> None:
    saved = of(shown(None))
    assert started_since(saved, only(saved), record(DAILY), shown(9), TWO_DAYS) is None


def test_one_reviewed_plan_that_was_made_after_the_start_is_enough() -> None:
    early, later = of(shown()), NOW + timedelta(minutes=5)
    late = of(shown(4), now=later)
    assert of(shown(4), now=later, reviewed=(early, late)).changes
    assert of(shown(4), now=later, reviewed=(early,)).blocked


def test_a_paused_campaign_has_no_runs_of_its_own() -> None:
    """Its resume was reviewed, and two days later others have started it once and paused it again."""
    saved = of(shown(status="paused"), recorded="paused", overrides=("foreign_pause",))
    assert [change.ran for change in saved.changes] == [Ran(3)] * 2
    later = shown(4, status="paused")
    assert started_since(saved, saved.changes[0], record(DAILY, "paused"), later, TWO_DAYS)
    own = shown(None, status="paused", **at(NOW + timedelta(hours=23)))
    assert started_since(saved, saved.changes[0], record(DAILY, "paused"), own, TWO_DAYS)


def test_a_replacement_counts_as_a_change_and_a_cancel_or_a_pause_does_not() -> None:
    (replaced,) = of(shown(), replace=(KEY,), spec=DAILY).changes
    assert replaced.ran == Ran(3)
    gone = plan_of(known=state({KEY: record(DAILY)}), reading=Reading(live={KEY: shown()}))
    assert only(gone).ran is None


def test_a_one_off_campaign_and_a_plan_of_the_version_before_are_not_asked() -> None:
    assert only(of(live(SCHEDULED, run_counter=0), applied=SCHEDULED)).ran is None
    assert runs.ran(live(DAILY, run_counter="3"), NOW) == Ran(None, None)


EDITS: dict[str, dict[str, Any]] = {
    "quiet hours": {"quiet_hours": {"from": "20:00"}},
    "text": {"messages": [message(push={"title": {"en": "Theirs"}})]},
}


@pytest.mark.parametrize("theirs", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("applied", [DAILY, SCHEDULED], ids=["recurring", "one-off"])
def test_an_edit_since_then_leaves_out_the_reviewed_change(applied: Spec, theirs: dict[str, Any]) -> None:
    """Its patch is the same, and the campaign is not."""
    spec = {**applied, "messages": NEW["messages"]}
    saved = of(live(applied), spec=spec, applied=applied)
    later = live(applied, **{"status": "scheduled", **theirs})
    assert not as_planned(only(saved), record(applied), later)
    plan = of(later, spec=spec, applied=applied, reviewed=(saved,))
    assert not plan.changes
    assert "was changed in the account since the reviewed plan was made" in plan.blocked[0].reason
    assert of(live(applied), spec=spec, applied=applied, reviewed=(saved,)).changes


@pytest.mark.parametrize("applied", [DAILY, SCHEDULED], ids=["recurring", "one-off"])
def test_a_pause_since_then_leaves_out_the_reviewed_change(applied: Spec) -> None:
    """Its patch is the same, and does not send any more."""
    spec = {**applied, "messages": NEW["messages"]}
    saved = of(live(applied), spec=spec, applied=applied)
    later = live(applied, "paused")
    assert not as_planned(only(saved), record(applied), later)
    plan = of(later, spec=spec, applied=applied, reviewed=(saved,))
    assert not plan.changes
    assert plan.blocked[0].reason == f"this update of {KEY} differs from the reviewed plans"


def test_an_edit_keeps_no_reviewed_cancel_from_being_applied() -> None:
    known = state({KEY: record(SCHEDULED)})
    plans = [
        plan_of(known=known, reading=Reading(live={KEY: live(SCHEDULED, **theirs)}))
        for theirs in ({}, EDITS["quiet hours"])
    ]
    reviewed = plan_of(
        known=known,
        reading=Reading(live={KEY: live(SCHEDULED, **EDITS["quiet hours"])}),
        options=Options(reviewed=(plans[0],)),
    )
    assert only(reviewed).action is Action.CANCEL


LATER = NOW + timedelta(days=2)
EVENING = LATER + timedelta(hours=8)
MORNING = datetime(LATER.year, LATER.month, LATER.day, 11, tzinfo=LATER.tzinfo)


def drift_of(shows: Live, *, now: datetime, applied: Spec = DAILY, **ours: Any) -> list[Any]:
    """The drift of an unchanged campaign, and its record once an apply has noted what it saw."""
    known = replace(record(applied, "scheduled"), **ours)
    plan = plan_of(
        wanted(applied),
        known=state({KEY: known}),
        reading=Reading(live={KEY: shows}),
        options=Options(),
        now=now,
    )
    return [plan.drift, plan.observed.get(KEY, known)]


def test_a_plan_tells_once_that_others_started_a_recurring_campaign() -> None:
    shows = shown(**at(EVENING))
    (drift,), noted = drift_of(shows, now=EVENING + timedelta(hours=1))
    assert drift.once
    assert [(one.path, one.after) for one in drift.diff] == [("last_run", iso(EVENING))]
    assert "started outside of campaignctl: " in drift.reason
    seen = {name: getattr(noted, name) for name in ("began", "run_counter", "counted_at")}
    assert drift_of(shows, now=EVENING + timedelta(hours=1), **seen)[0] == ()


OF_ITS_OWN: dict[str, tuple[Live, Spec]] = {
    "at its time": (shown(**at(MORNING)), DAILY),
    "a little late": (shown(**at(MORNING + timedelta(minutes=9))), DAILY),
    "skipped": (shown(scheduled_run_times=[{"time": format_gmt(EVENING), "skip": True}]), DAILY),
    "in each recipient's zone": (shown(**at(EVENING)), {**DAILY, "send_in_profile_time_zone": True}),
    "soon after a write of ours": (shown(**at(NOW + timedelta(minutes=3))), DAILY),
    "at the time that live has": (
        shown(spec={**DAILY, "recurrence": {"cron": f"{EVENING:%-M %-H} * * *"}}, **at(EVENING)),
        {**DAILY, "recurrence": {"cron": f"{EVENING:%-M %-H} * * *"}},
    ),
}


@pytest.mark.parametrize(("shows", "applied"), OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_its_own_runs_are_no_drift(shows: Live, applied: Spec) -> None:
    found, _ = drift_of(shows, now=EVENING + timedelta(hours=1), applied=applied, updated_at=iso(NOW))
    assert [one for one in found if one.once] == []


COUNTED: dict[str, Any] = {"run_counter": 3, "counted_at": iso(NOW)}


@pytest.mark.parametrize(
    ("count", "told"),
    [(6, True), (5, False), (3, False), (None, False)],
    ids=["more", "own", "none", "not shown"],
)
def test_runs_beyond_its_own_since_the_last_count_are_told_once(count: int | None, told: bool) -> None:
    now = NOW + timedelta(days=2)
    found, noted = drift_of(shown(count), now=now, **COUNTED)
    assert [one.diff[0].path for one in found] == ["run_counter"] * told
    again, _ = drift_of(shown(count), now=now, run_counter=noted.run_counter, counted_at=noted.counted_at)
    assert again == ()


def test_a_run_that_was_recorded_before_is_not_shown_as_the_one_of_others() -> None:
    now, began = NOW + timedelta(days=2), iso(MORNING)
    (drift,), _ = drift_of(shown(6, **at(MORNING)), now=now, began=began, **COUNTED)
    assert [(one.path, one.before, one.after) for one in drift.diff] == [("run_counter", 3, 6)]


@pytest.mark.parametrize(
    ("status", "replace", "actions", "told"),
    [
        ("paused", (), [], ["status", "run_counter"]),
        ("canceled", (), [], ["status", "run_counter"]),
        ("draft", (), [], ["status", "run_counter"]),
        ("scheduled", (KEY,), ["replace"], ["run_counter"]),
        ("scheduled", None, ["cancel"], ["run_counter"]),
    ],
)
def test_a_start_is_told_whatever_was_done_afterwards_and_whatever_is_planned(
    status: str, replace: tuple[str, ...] | None, actions: list[str], told: list[str]
) -> None:
    """Stopped by those who started it, replaced, or removed from the manifests."""
    plan = plan_of(
        *([] if replace is None else [wanted(DAILY)]),
        known=state({KEY: record(DAILY, "scheduled", **COUNTED)}),
        reading=Reading(live={KEY: shown(6, status=status)}),
        options=Options(replace=replace or ()),
        now=NOW + timedelta(days=2),
    )
    assert [change.action for change in plan.changes] == actions
    assert [each.path for drift in plan.drift for each in drift.diff] == told


def test_what_was_counted_before_is_kept_while_live_counts_the_same() -> None:
    _, noted = drift_of(shown(3), now=NOW + timedelta(minutes=5), **COUNTED)
    assert (noted.run_counter, noted.counted_at) == (3, iso(NOW))
