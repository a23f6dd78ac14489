"""The decision table for `lifecycle.phase`: pauses, resumes, cancels, and campaigns left alone."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle, Phase
from campaignctl.campaign.live import Live
from campaignctl.errors import Names, Sentence
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.render.cuts import Cuts
from campaignctl.state.model import Record
from tests.golden import Golden
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
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

RENAMED = {"name": "Welcome back"}
PATH = f"/v1/hood/campaigns/{ID}"
OURS = Lifecycle(phase="paused")


def of(
    phase: Phase,
    shown: Live | None,
    *,
    applied: Spec = SCHEDULED,
    spec: Spec | None = None,
    known: Record | None = None,
    **options: Any,
) -> Plan:
    """The plan for one recorded campaign of a phase, with this live campaign."""
    recorded = known or record(applied, str(shown.fields["status"]) if shown else "scheduled")
    return plan_of(
        wanted(spec or applied, manifest="sha256:new", lifecycle=Lifecycle(phase=phase)),
        known=state({KEY: recorded}),
        reading=Reading(live={KEY: shown}),
        options=Options(**options),
    )


def did(plan: Plan) -> list[str]:
    """The actions, then `blocked`."""
    return [str(change.action) for change in plan.changes] + ["blocked"] * len(plan.blocked)


@pytest.mark.parametrize(
    ("phase", "status"),
    [("paused", "paused"), ("paused", "scheduled"), ("paused", "running"), ("active", "paused")],
)
def test_a_paused_campaign_does_not_leave_a_draft(phase: Phase, status: str) -> None:
    """`is_draft: false` arms, and whether it does so for a paused campaign is unknown."""
    plan = of(phase, live(DRAFT, status), applied=DRAFT, spec=MANUAL)
    assert did(plan) == (["blocked"] if status == "paused" else ["pause", "blocked"])
    assert [one.reason for one in plan.blocked] == ["paused, and is_draft: false would start it"]
    assert "--replace push/welcome" in str(plan.blocked[0].hint)


@pytest.mark.parametrize("phase", ["paused", "canceled"])
@pytest.mark.parametrize("spec", [SCHEDULED, RECURRING, IMMEDIATE, MANUAL, DRAFT])
def test_an_inactive_campaign_is_not_created(phase: Phase, spec: Spec, golden: Golden) -> None:
    plan = plan_of(wanted(spec, lifecycle=Lifecycle(phase=phase)))
    assert plan.empty
    assert not plan.refused
    golden("not created", "\n".join(plan.notes), phase=phase)
    assert plan.summary["none"] == 1


def test_a_time_that_passes_while_it_is_paused_is_not_missed() -> None:
    late = {**SCHEDULED, "scheduled_time": "2026-11-24 12:00:00"}
    assert not plan_of(wanted(late, lifecycle=OURS)).missed


def test_campaigns_that_are_not_created_make_one_note(golden: Golden) -> None:
    plan = plan_of(*(wanted(SCHEDULED, f"k{number}", lifecycle=OURS) for number in range(300)))
    (note,) = plan.notes
    assert isinstance(note, Sentence)
    (keys,) = (part.names for part in note.parts if isinstance(part, Names))
    assert sorted(keys) == sorted(f"k{number}" for number in range(300))
    golden("many not created", Cuts().named(note))


@pytest.mark.parametrize("status", ["scheduled", "running"])
@pytest.mark.parametrize("edit", [{}, RENAMED])
def test_a_scheduled_or_running_campaign_is_paused_and_then_edited(status: str, edit: Spec) -> None:
    plan = of("paused", live(SCHEDULED, status), spec={**SCHEDULED, **edit})
    assert did(plan) == (["pause", "update"] if edit else ["pause"])
    pause = plan.changes[0]
    assert [(request.method, request.path) for request in pause.requests] == [("POST", f"{PATH}/pause")]
    assert pause.requests[0].body == {"reason": "campaignctl: declared paused"}
    assert (pause.sends.when, pause.arms, pause.undo) == ("never", False, "free")
    assert pause.spec == SCHEDULED
    assert pause.live_digest is not None
    assert not any(change.arms for change in plan.changes)
    assert {change.live_digest for change in plan.changes} == {pause.live_digest}


def test_a_wider_audience_does_not_arm_a_paused_campaign() -> None:
    earlier = {**SCHEDULED, "scheduled_time": "2036-12-24 09:00:00"}
    plan = of("paused", live(SCHEDULED), spec=earlier)
    assert [(change.arms, change.sends.when) for change in plan.changes] == [(False, "never")] * 2


def test_the_event_is_blocked_on_a_campaign_that_is_paused(golden: Golden) -> None:
    for status, done in (("scheduled", ["pause", "blocked"]), ("paused", ["blocked"])):
        plan = of("paused", live(SCHEDULED, status), spec={**SCHEDULED, "run_immediately": True})
        assert did(plan) == done
        golden("event while paused", plan.blocked[0].reason)


@pytest.mark.parametrize("edit", [{}, RENAMED])
def test_a_declared_pause_is_met_whoever_paused_it_and_stays_theirs(edit: Spec) -> None:
    plan = of("paused", live(SCHEDULED, "paused"), spec={**SCHEDULED, **edit})
    assert did(plan) == (["update"] if edit else [])
    assert not plan.drift
    assert not any(seen.paused_by_us for seen in plan.observed.values())


def test_a_foreign_resume_is_shown_and_paused_again() -> None:
    known = record(SCHEDULED, "paused", lifecycle=OURS, paused_by_us=True)
    plan = of("paused", live(SCHEDULED, "scheduled", update_time="2026-11-24 11:00:00"), known=known)
    assert did(plan) == ["pause"]
    (drift,) = plan.drift
    assert [(one.path, one.before, one.after) for one in drift.diff] == [("status", "paused", "scheduled")]
    assert drift.corrected
    assert drift.at == "2026-11-24T11:00:00Z"


@pytest.mark.parametrize("phase", ["paused", "canceled"])
@pytest.mark.parametrize("edit", [{}, RENAMED])
@pytest.mark.parametrize(
    ("applied", "status"),
    [(DRAFT, "draft"), (MANUAL, "idle"), (SCHEDULED, "sent"), (SCHEDULED, "needs_decision")],
)
def test_a_campaign_that_cannot_send_by_itself_is_left_alone(
    phase: Phase, edit: Spec, applied: Spec, status: str
) -> None:
    plan = of(phase, live(applied, status), applied=applied, spec={**applied, **edit})
    assert did(plan) == []
    assert plan.notes[0].startswith(f"{KEY}: declared {phase}, and ")
    assert plan.observed[KEY].lifecycle.phase == phase
    assert plan.observed[KEY].source_digest == "sha256:manifest"


@pytest.mark.parametrize("phase", ["paused", "canceled"])
def test_a_canceled_campaign_needs_no_cancel(phase: Phase) -> None:
    plan = of(phase, live(SCHEDULED, "canceled"))
    assert did(plan) == []
    assert not plan.notes


@pytest.mark.parametrize("status", ["scheduled", "running", "paused"])
@pytest.mark.parametrize("edit", [{}, RENAMED])
def test_a_campaign_declared_canceled_is_cancelled_without_an_update(status: str, edit: Spec) -> None:
    plan = of("canceled", live(SCHEDULED, status), spec={**SCHEDULED, **edit})
    change = only(plan)
    assert str(change.action) == "cancel"
    assert change.requests[0].path == f"{PATH}/cancel"
    assert change.requests[0].body == {"reason": "campaignctl: declared canceled"}
    assert (change.spec, change.source_digest) == (SCHEDULED, "sha256:manifest")
    assert change.lifecycle.phase == "canceled"


def test_a_canceled_campaign_cannot_become_active_again() -> None:
    known = record(SCHEDULED, "canceled", lifecycle=Lifecycle(phase="canceled"))
    for edit in ({}, RENAMED):
        plan = plan_of(wanted({**SCHEDULED, **edit}), known=state({KEY: known}), reading=Reading())
        assert did(plan) == ["blocked"]
        assert "final" in plan.blocked[0].reason
        assert f"--replace {KEY}" in plan.blocked[0].hint
        assert not plan.observed
    again = plan_of(
        wanted(SCHEDULED), known=state({KEY: known}), reading=Reading(), options=Options(replace=(KEY,))
    )
    assert did(again) == ["replace"]


@pytest.mark.parametrize("phase", ["paused", "canceled"])
def test_a_missing_campaign_blocks_and_is_not_offered_a_replacement(phase: Phase, golden: Golden) -> None:
    (blocked,) = of(phase, None).blocked
    golden("missing", blocked.hint)


@pytest.mark.parametrize(("phase", "action"), [("paused", "pause"), ("canceled", "cancel")])
def test_an_unknown_status_blocks_until_it_is_lifted(phase: Phase, action: str) -> None:
    assert did(of(phase, live(SCHEDULED, "thawing"))) == ["blocked"]
    assert did(of(phase, live(SCHEDULED, "thawing"), overrides=("unknown_status",))) == [action]


@pytest.mark.parametrize("phase", ["paused", "canceled"])
def test_a_recurring_campaign_with_runs_left_does_not_count_as_sent(phase: Phase, golden: Golden) -> None:
    (blocked,) = of(phase, live(RECURRING, "sent"), applied=RECURRING).blocked
    golden("recurring with runs left", blocked.reason, phase=phase)


@pytest.mark.parametrize("phase", ["paused", "canceled"])
@pytest.mark.parametrize("status", ["scheduled", "paused", "sent", "canceled", "draft"])
def test_an_inactive_campaign_replaces_nothing(phase: Phase, status: str) -> None:
    plan = of(phase, live(SCHEDULED, status), replace=(KEY,))
    assert did(plan) == ["blocked"]
    assert "phase: active" in plan.blocked[0].hint


PAUSED_BY_US: Any = {"status": "paused", "lifecycle": OURS, "paused_by_us": True}


def again(applied: Spec = SCHEDULED, spec: Spec | None = None, **options: Any) -> Plan:
    """The plan for a campaign that its manifest paused and declares active again."""
    known = record(applied, **PAUSED_BY_US)
    return of("active", live(applied, "paused"), applied=applied, spec=spec, known=known, **options)


def test_a_one_off_is_resumed_at_exactly_its_time(golden: Golden) -> None:
    change = only(again())
    assert str(change.action) == "resume"
    assert change.requests[0].path == f"{PATH}/resume"
    assert change.requests[0].body == {"scheduled_time": "2036-12-24 10:00:00"}
    assert (change.arms, change.sends_at_once, change.sends.when) == (True, False, "scheduled")
    assert change.undo == "until 2036-12-24T10:00:00Z"
    assert change.audience == "everyone"
    golden("resumed", change.reason)


def test_a_recurring_campaign_is_resumed_at_its_next_run() -> None:
    plan = again(RECURRING)
    assert only(plan).requests[0].body == {"scheduled_time": "2026-11-25 09:00:00"}
    assert plan.valid_until == NOW.replace(day=25, hour=8, minute=50)
    local = {**RECURRING, "send_in_profile_time_zone": True}
    assert only(again(local)).requests[0].body == {"scheduled_time": "2026-11-25 09:00:00"}


def test_an_edit_comes_before_the_resume_and_sets_its_time() -> None:
    later = {**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"}
    plan = again(spec=later)
    assert did(plan) == ["update", "resume"]
    assert [change.arms for change in plan.changes] == [False, True]
    assert plan.changes[1].requests[0].body == {"scheduled_time": "2036-12-25 10:00:00"}
    assert plan.changes[1].spec == later


PAST = {**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}


@pytest.mark.parametrize(
    "applied", [PAST, IMMEDIATE, MANUAL, {**MANUAL, "recurrence": {"cron": "0 0 31 2 *"}}]
)
def test_without_a_future_time_nothing_is_resumed(applied: Spec, golden: Golden) -> None:
    plan = again(applied)
    assert did(plan) == ["blocked"]
    golden("no time to come", plan.blocked[0].hint)
    edited = again(applied, {**applied, **RENAMED})
    assert did(edited) == ["update", "blocked"]


def test_at_a_time_that_cannot_be_read_nothing_is_resumed() -> None:
    assert did(again({**SCHEDULED, "scheduled_time": "soon"})) == ["blocked"]


@pytest.mark.parametrize("applied", [PAST, IMMEDIATE, MANUAL])
def test_a_new_time_lifts_the_block(applied: Spec) -> None:
    plan = again(applied, {**applied, "scheduled_time": "2036-12-24 10:00:00"})
    assert did(plan) == ["update", "resume"]
    assert plan.changes[1].requests[0].body == {"scheduled_time": "2036-12-24 10:00:00"}
    assert not plan.changes[1].sends_at_once


def test_the_event_does_not_resume_a_paused_campaign() -> None:
    plan = again(SCHEDULED, {**SCHEDULED, "run_immediately": True})
    assert did(plan) == ["blocked"]
    assert f"--replace {KEY}" in plan.blocked[0].hint


def test_a_foreign_pause_is_resumed_only_with_an_override() -> None:
    shown = live(SCHEDULED, "paused")
    plan = of("active", shown, known=record(SCHEDULED))
    assert did(plan) == []
    assert [(one.before, one.after) for one in plan.drift[0].diff] == [("scheduled", "paused")]
    lifted = of("active", shown, known=record(SCHEDULED), overrides=("foreign_pause",))
    assert did(lifted) == ["resume"]
    assert lifted.drift[0].corrected


def test_a_foreign_pause_outlives_a_declared_one() -> None:
    shown = live(SCHEDULED, "paused")
    declared = of("paused", shown, known=record(SCHEDULED))
    active = of("active", shown, known=declared.observed[KEY])
    assert (did(declared), did(active)) == ([], [])
    assert active.drift


MOVED = {"scheduled_time": "2036-12-20 10:00:00"}


@pytest.mark.parametrize("edit", [MOVED, {**MOVED, "messages": [message(push={"title": {"en": "New"}})]}])
@pytest.mark.parametrize("applied", [SCHEDULED, RECURRING])
def test_an_edit_of_a_campaign_that_others_paused_says_that_it_does_not_send(
    edit: Spec, applied: Spec
) -> None:
    edited = {**applied, **edit} if applied is SCHEDULED else {**applied, "recurrence": {"cron": "0 7 * * *"}}
    change = only(of("active", live(applied, "paused"), known=record(applied), spec=edited))
    assert (str(change.action), change.sends.when) == ("update", "never")
    assert (change.arms, change.changes_sends) == (False, False)


def test_an_event_does_not_start_what_others_paused() -> None:
    edited = {**SCHEDULED, "run_immediately": True}
    plan = of("active", live(SCHEDULED, "paused"), known=record(SCHEDULED), spec=edited)
    assert did(plan) == ["blocked"]


def test_a_resumed_campaign_is_no_longer_recorded_as_paused_by_us() -> None:
    plan = of("active", live(SCHEDULED), known=record(SCHEDULED, **PAUSED_BY_US))
    assert did(plan) == []
    assert not plan.observed[KEY].paused_by_us


def test_the_reason_names_commit_and_user() -> None:
    known = state({KEY: record(SCHEDULED)})
    plan = plan_of(known=known, commit="3fe2590aabbccdd", who="anna")
    assert only(plan).requests[0].body == {
        "reason": "campaignctl: no longer declared (commit 3fe2590aabbc, by anna)"
    }


def test_a_resume_after_an_edit_applies_what_the_edit_applied() -> None:
    """Live's value of an ignored field stays in a message that is sent whole, and in the record."""
    ours = Lifecycle(ignore_changes=("messages/*/push/badge",))
    new = {**SCHEDULED, "messages": [message(push={"title": {"en": "Hi"}})]}
    shown = {**SCHEDULED, "messages": [message(push={"title": {"en": "Hello"}, "badge": "a.png"})]}
    plan = plan_of(
        wanted(new, lifecycle=ours),
        known=state({KEY: record(SCHEDULED, "paused", paused_by_us=True, lifecycle=ours)}),
        reading=Reading(live={KEY: live(shown, "paused")}),
    )
    update, resume = plan.changes
    kept = {**new, "messages": [message(push={"title": {"en": "Hi"}, "badge": "a.png"})]}
    assert (did(plan), update.spec, resume.spec) == (["update", "resume"], kept, kept)
