"""The decision table for declared and recorded campaigns, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options, Plan
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    KEY,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    live,
    only,
    plan_of,
    record,
    state,
    wanted,
)

ALIVE = ("scheduled", "paused")
FINAL = ("sent", "canceled", "needs_decision")
PAUSED = Lifecycle(phase="paused")
RENAMED = {**SCHEDULED, "name": "Welcome back"}


def of(
    spec: Spec, applied: Spec, shown: Live | None, *, recorded_as: str = "scheduled", **options: Any
) -> Plan:
    """The plan for one recorded campaign with this live campaign."""
    manifest, lifecycle = options.pop("manifest", "sha256:manifest"), options.pop("lifecycle", None)
    known = state({KEY: record(applied, recorded_as)})
    return plan_of(
        wanted(spec, manifest=manifest, lifecycle=lifecycle),
        known=known,
        reading=Reading(live={KEY: shown}),
        options=Options(**options),
    )


@pytest.mark.parametrize("status", [*ALIVE, *FINAL, "running", "draft", "thawing"])
def test_nothing_is_done_without_differences(status: str) -> None:
    plan = of(SCHEDULED, SCHEDULED, live(SCHEDULED, status))
    assert plan.empty
    assert not plan.blocked
    assert plan.summary["none"] == 1


@pytest.mark.parametrize(
    ("applied", "status"),
    [(SCHEDULED, "scheduled"), (SCHEDULED, "paused"), (MANUAL, "idle"), (DRAFT, "draft")],
)
def test_drift_is_corrected(applied: Spec, status: str) -> None:
    plan = of(applied, applied, live(applied, status, name="Changed by hand"))
    change = only(plan)
    assert change.action is Action.UPDATE
    assert change.requests[0].body == {"name": "Welcome"}
    assert change.requests[0].path == f"/v1/hood/campaigns/{ID}"
    assert not change.arms
    assert plan.drift[-1].corrected
    assert plan.drift[-1].diff[0].after == "Changed by hand"


def test_drift_of_a_running_campaign_is_only_shown() -> None:
    plan = of(SCHEDULED, SCHEDULED, live(SCHEDULED, "running", name="Changed"))
    assert plan.empty
    assert not plan.blocked
    assert not plan.drift[0].corrected


def test_drift_of_a_final_campaign_is_not_shown() -> None:
    plan = of(SCHEDULED, SCHEDULED, live(SCHEDULED, "sent", name="Changed"))
    assert plan.empty
    # Only that it was sent before its time.
    assert [field.path for drift in plan.drift for field in drift.diff] == ["status"]


@pytest.mark.parametrize(
    ("applied", "status"),
    [(SCHEDULED, "scheduled"), (SCHEDULED, "paused"), (MANUAL, "idle"), (DRAFT, "draft")],
)
def test_only_the_changed_field_is_sent(applied: Spec, status: str) -> None:
    change = only(of({**applied, "name": "New"}, applied, live(applied, status), manifest="sha256:new"))
    assert change.action is Action.UPDATE
    assert [request.method for request in change.requests] == ["PATCH"]
    assert change.requests[0].body == {"name": "New"}
    assert [(field.path, field.before, field.after) for field in change.diff] == [("name", "Welcome", "New")]
    assert change.live_digest is not None
    assert change.intent is None


def test_an_edit_that_live_already_has_is_only_recorded() -> None:
    plan = of(RENAMED, SCHEDULED, live(RENAMED), manifest="sha256:new")
    assert plan.empty
    assert plan.observed[KEY].applied == RENAMED
    assert plan.observed[KEY].source_digest == "sha256:new"


def test_a_running_campaign_is_not_edited() -> None:
    (blocked,) = of(RENAMED, SCHEDULED, live(SCHEDULED, "running")).blocked
    assert (blocked.key, blocked.id, blocked.status) == (KEY, ID, "running")
    assert "pause it" in blocked.hint
    assert "wait" in blocked.hint


@pytest.mark.parametrize("status", FINAL)
def test_a_final_campaign_changed_by_its_author_is_blocked(status: str) -> None:
    plan = of(RENAMED, SCHEDULED, live(SCHEDULED, status), manifest="sha256:new")
    (blocked,) = plan.blocked
    assert blocked.status == status
    assert f"--replace {KEY}" in blocked.hint
    assert plan.refused
    assert plan.observed[KEY].status == status


@pytest.mark.parametrize("status", FINAL)
def test_a_final_campaign_changed_only_by_variables_is_one_note(status: str, golden: Golden) -> None:
    plan = of(RENAMED, SCHEDULED, live(SCHEDULED, status))
    assert plan.empty
    assert not plan.refused
    golden("final through variables", plan.notes[-1])


@pytest.mark.parametrize("change", [{"is_draft": False}, {"run_immediately": False}])
def test_a_documented_default_does_not_change_a_final_campaign(change: Spec) -> None:
    plan = of({**SCHEDULED, **change}, SCHEDULED, live(SCHEDULED, "sent"), manifest="sha256:new")
    assert plan.empty
    assert not plan.refused
    assert plan.observed[KEY].source_digest == "sha256:new"


def test_final_campaigns_are_counted_in_one_line(golden: Golden) -> None:
    known = state({key: record(SCHEDULED, "sent", key) for key in ("a", "b", "c")})
    reading = Reading()
    plan = plan_of(*(wanted(RENAMED, key) for key in "abc"), known=known, reading=reading)
    golden("three final", "\n".join(plan.notes))


@pytest.mark.parametrize("after", [{"is_draft": False}, {}])
def test_leaving_draft_arms_and_sends_false_not_null(after: Spec) -> None:
    drafted = {**SCHEDULED, "is_draft": True}
    change = only(of({**SCHEDULED, **after}, drafted, live(drafted, "draft")))
    assert change.requests[0].body == {"is_draft": False}
    assert change.arms
    assert change.sends.when == "scheduled"


def test_leaving_draft_after_the_time_has_passed_is_blocked(golden: Golden) -> None:
    late = body(scheduled_time="2026-11-24 11:00:00")
    (blocked,) = of(late, {**late, "is_draft": True}, live({**late, "is_draft": True}, "draft")).blocked
    golden("leaving draft late", blocked.hint)


@pytest.mark.parametrize(
    ("applied", "status", "shown", "says"),
    [
        (SCHEDULED, "scheduled", {}, "it still sends on Wed 24 Dec 2036 10:00 GMT"),
        (SCHEDULED, "scheduled", {"next_run_time": "2036-12-25 10:00:00"}, "still sends on Thu 25 Dec 2036"),
        (SCHEDULED, "scheduled", {"scheduled_time": "2036-12-26 10:00:00"}, "still sends on Fri 26 Dec 2036"),
        (RECURRING, "scheduled", {}, "it still sends on Wed 25 Nov 2026 09:00 GMT"),
        (SCHEDULED, "running", {}, "it is sending now"),
        (SCHEDULED, "paused", {}, "it is paused"),
        (MANUAL, "idle", {}, "it sends when it is started by hand"),
    ],
)
def test_a_block_of_a_return_to_draft_says_when_it_sends_and_both_ways_out(
    applied: Spec, status: str, shown: Spec, says: str
) -> None:
    # A running campaign cannot be changed at all, but it can be paused.
    phase = PAUSED if status == "running" else None
    draft = {**applied, "is_draft": True}
    (blocked,) = of(draft, applied, live(applied, status, **shown), lifecycle=phase).blocked
    assert blocked.reason.startswith("nothing returns to a draft; ")
    assert says in blocked.reason
    paused = f"write `phase: paused` in {KEY} in place of `is_draft: true`"
    manual = f"take `is_draft: true` out of {KEY}"
    assert blocked.hint.startswith(manual if status == "idle" else paused)
    assert f"--replace {KEY}" in blocked.hint
    goes = status in ("scheduled", "running")
    assert blocked.hint.endswith(f"`campaignctl halt {KEY} --reason TEXT`") is goes


def test_a_campaign_that_is_paused_in_place_of_a_draft_is_not_blocked() -> None:
    plan = of(SCHEDULED, SCHEDULED, live(SCHEDULED, "scheduled"), lifecycle=PAUSED)
    assert only(plan).action is Action.PAUSE


def test_a_draft_launched_by_someone_else_is_only_shown(golden: Golden) -> None:
    plan = of(DRAFT, DRAFT, live(MANUAL, "scheduled"), recorded_as="draft")
    assert plan.empty
    assert not plan.blocked
    golden("draft launched elsewhere", plan.notes[0])
    assert plan.drift[0].diff[0].path == "is_draft"


def test_a_missing_campaign_is_blocked_with_two_commands(golden: Golden) -> None:
    (blocked,) = of(SCHEDULED, SCHEDULED, None).blocked
    golden("not found", blocked.reason)
    assert f"--replace {KEY}" in blocked.hint
    assert f"state rm {KEY}" in blocked.hint


@pytest.mark.parametrize("applied", [SCHEDULED, RECURRING])
def test_an_unknown_status_blocks_edits_until_it_is_lifted(applied: Spec) -> None:
    edited = {**applied, "name": "New"}
    (blocked,) = of(edited, applied, live(applied, "thawing")).blocked
    assert "'thawing'" in blocked.reason
    assert blocked.hint == f"campaignctl apply --target {KEY} --override unknown_status"
    lifted = of(edited, applied, live(applied, "thawing"), overrides=("unknown_status",))
    assert only(lifted).requests[0].body == {"name": "New"}


def test_an_unknown_status_of_a_campaign_known_to_be_manual_is_manual() -> None:
    for shown in (live(MANUAL, "thawing"), live(SCHEDULED, "thawing", send_strategy="manual")):
        applied = {name: shown.fields[name] for name in SCHEDULED if name in shown.fields}
        assert only(of({**applied, "name": "New"}, applied, shown)).action is Action.UPDATE


def test_the_stricter_of_the_two_statuses_counts() -> None:
    plan = of(RENAMED, SCHEDULED, live(SCHEDULED, "scheduled", effective_status="running"))
    assert plan.blocked[0].status == "running"


def test_a_foreign_pause_is_shown_and_edits_are_planned() -> None:
    shown = live(SCHEDULED, "paused")
    unchanged, edited = of(SCHEDULED, SCHEDULED, shown), of(RENAMED, SCHEDULED, shown)
    for plan in (unchanged, edited):
        assert [(f.path, f.before, f.after) for f in plan.drift[0].diff] == [
            ("status", "scheduled", "paused")
        ]
        assert not plan.drift[0].corrected
    assert unchanged.empty
    assert only(edited).requests[0].body == {"name": "Welcome back"}


def test_a_pause_and_drift_are_shown_separately() -> None:
    plan = of(SCHEDULED, SCHEDULED, live(SCHEDULED, "paused", name="Changed"))
    assert [(drift.diff[0].path, drift.corrected) for drift in plan.drift] == [
        ("status", False),
        ("name", True),
    ]


def test_without_a_reading_the_record_decides() -> None:
    known = state({KEY: record(SCHEDULED, "running"), "b": record(SCHEDULED, "scheduled", "2")})
    reading = Reading(refreshed=False)
    plan = plan_of(wanted(RENAMED), wanted(RENAMED, "b"), known=known, reading=reading)
    assert [blocked.key for blocked in plan.blocked] == [KEY]
    assert [change.key for change in plan.changes] == ["b"]
    assert plan.changes[0].live_digest is None
    assert not plan.refreshed


def test_a_time_that_is_past_is_not_patched(golden: Golden) -> None:
    late = {**SCHEDULED, "scheduled_time": "2026-11-24 11:59:59"}
    (blocked,) = of(late, SCHEDULED, live(SCHEDULED)).blocked
    golden("time is past", blocked.hint)


def test_a_patch_of_metadata_has_all_its_fields_and_the_marker() -> None:
    applied = {**SCHEDULED, "metadata": {"team": "crm", "gone": "1", "kept": "2"}}
    spec = {**SCHEDULED, "metadata": {"team": "growth", "kept": "2"}}
    marked = {**applied["metadata"], "campaignctl": "v1 0123456789ab 0123456789ab intent-of-old"}
    patch = only(of(spec, applied, live(applied, metadata=marked))).requests[0].body
    assert patch == {
        "metadata": {"team": "growth", "kept": "2", "gone": None, "campaignctl": marked["campaignctl"]}
    }


def test_metadata_removed_from_the_manifest_is_never_patched_to_null() -> None:
    applied = {**SCHEDULED, "metadata": {"team": "crm"}}
    patch = only(of(SCHEDULED, applied, live(applied))).requests[0].body
    assert patch is not None
    assert patch["metadata"]["team"] is None
    assert patch["metadata"]["campaignctl"].endswith("intent-of-old")


def test_a_changed_lifecycle_is_only_recorded() -> None:
    protected = Lifecycle(prevent_destroy=True)
    plan = plan_of(wanted(SCHEDULED, lifecycle=protected), known=state({KEY: record(SCHEDULED)}))
    assert plan.empty
    assert plan.observed[KEY].lifecycle == protected


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [
        ("sent", "already sent; it cannot be changed", "--replace push/welcome --override resend`"),
        ("canceled", "canceled; it cannot be changed", "--replace push/welcome`"),
        (
            "needs_decision",
            "needs_decision; it cannot be changed",
            "--replace push/welcome --override resend`",
        ),
    ],
)
def test_what_is_over_says_so_and_how_it_is_created_again(status: str, reason: str, hint: str) -> None:
    edited = wanted({**SCHEDULED, "name": "New"}, manifest="sha256:new")
    (blocked,) = plan_of(edited, known=state({KEY: record(SCHEDULED, status)})).blocked
    assert blocked.reason == reason
    assert hint in blocked.hint
