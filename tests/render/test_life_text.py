"""The text of lifecycle changes: pauses, resumes, moves and adoptions, as the planner makes them."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from campaignctl.render.plan import plan_text
from campaignctl.review.review import review_of
from tests.golden import Golden
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    live,
    plan_of,
    record,
    state,
    wanted,
)

PAUSED = Lifecycle(phase="paused")


def text(plan: Plan) -> str:
    """The plan as a person reads it."""
    return plan_text(review_of(replace(plan, time_zone="Europe/Belgrade")), color=False, now=NOW)


def test_a_pause_comes_before_the_update_which_does_not_send(golden: Golden) -> None:
    plan = plan_of(
        wanted({**SCHEDULED, "name": "New"}, lifecycle=PAUSED), known=state({KEY: record(SCHEDULED)})
    )
    shown = text(plan)
    assert shown.index("   = pause push/welcome") < shown.index("   ~ update push/welcome")
    assert "[arms]" not in shown
    golden("pause and update", shown)


def test_a_resume_shows_its_time_in_gmt_in_the_zone_and_in_words(golden: Golden) -> None:
    known = record(RECURRING, "paused", lifecycle=PAUSED, paused_by_us=True)
    shown = text(plan_of(wanted(RECURRING), known=state({KEY: known})))
    assert '   ^ resume push/welcome "Welcome" (1030978) [arms]\n' in shown
    golden("resume", shown)


def test_a_move_names_both_keys(golden: Golden) -> None:
    shown = text(
        plan_of(wanted(SCHEDULED, "new", moved_from=("old",)), known=state({"old": record(SCHEDULED)}))
    )
    assert '   > move new "Welcome" (1030978)\n' in shown
    golden("move", shown)


def test_an_adoption_names_its_id_and_the_update_follows(golden: Golden) -> None:
    hand_made = live({**SCHEDULED, "name": "By hand"})
    shown = text(
        plan_of(wanted(SCHEDULED, adopt="1030978"), reading=Reading(adoptable={"1030978": hand_made}))
    )
    assert '   < adopt push/welcome "By hand" (1030978)\n' in shown
    assert shown.index("   < adopt") < shown.index("   ~ update")
    golden("adopt and update", shown)


def test_drift_shows_the_time_of_the_change(golden: Golden) -> None:
    shown = text(
        plan_of(
            wanted(SCHEDULED),
            known=state({KEY: record(SCHEDULED)}),
            reading=Reading(live={KEY: live(SCHEDULED, "paused", update_time="2026-11-24 10:00:00")}),
            project=PROJECT,
        )
    )
    golden("drift", shown)


def test_an_edit_of_a_paused_run_sends_nothing_while_paused(golden: Golden) -> None:
    plan = plan_of(
        wanted({**IMMEDIATE, "name": "New"}, lifecycle=PAUSED),
        known=state({KEY: record(IMMEDIATE, "running")}),
        reading=Reading(live={KEY: live(IMMEDIATE, "running")}),
    )
    golden("edit of what is paused", text(plan))


def test_drift_that_the_manifest_changed_too_is_overwritten(golden: Golden) -> None:
    theirs = live({**SCHEDULED, "name": "Theirs", "description": "Theirs"})
    known = state({KEY: record(SCHEDULED)})
    reading = Reading(live={KEY: theirs})
    both = text(plan_of(wanted({**SCHEDULED, "name": "Ours"}), known=known, reading=reading))
    golden("overwritten", both)
    theirs_alone = text(plan_of(wanted(SCHEDULED), known=known, reading=reading))
    golden("put back", theirs_alone)


def test_drift_that_the_manifest_asks_for_is_not_called_corrected(golden: Golden) -> None:
    known = state({KEY: record({**SCHEDULED, "description": "Old", "tags": ["a"]})})
    ours = wanted({**SCHEDULED, "description": "Both of us", "tags": ["a"], "name": "Ours"})
    shared = {**SCHEDULED, "description": "Both of us"}
    theirs = text(plan_of(ours, known=known, reading=Reading(live={KEY: live({**shared, "tags": ["a"]})})))
    assert "Drift" not in theirs
    golden("asked for by both", theirs)
    more = text(plan_of(ours, known=known, reading=Reading(live={KEY: live({**shared, "tags": ["b"]})})))
    assert "description" not in more
    golden("one more field than asked for", more)
