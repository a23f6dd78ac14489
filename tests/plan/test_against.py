"""`--against`: what was blocked before a change is told from what the change blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import Source
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.plan.codec import decode, dumps, encode
from campaignctl.plan.context import Against, Reading, Unsettled
from campaignctl.plan.model import Copy, Options, Plan
from campaignctl.project.model import Guardrails, Project
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    SCHEDULED,
    own,
    plan_of,
    record,
    state,
    wanted,
)

COMMIT = "c" * 40
SENT = own(SCHEDULED, "Sent")
TYPO = {**SENT, "description": "fixed"}
#: A campaign that was sent, and another one.
KNOWN = state({"sent": record(SENT, "sent", "1"), "other": record(MANUAL, "manual", "2")})
FIXED = wanted(TYPO, "sent", manifest="sha256:fixed")
OTHER = wanted(MANUAL, "other")


def base(*campaigns: DesiredCampaign, project: Project = PROJECT, removed: Any = None) -> Against:
    """The commit before, with these campaigns."""
    declared = {one.key: one for one in campaigns}
    return Against(COMMIT, DesiredState(project, declared, "sha256:before", removed=removed or {}))


def blocked(plan: Plan) -> dict[str, bool]:
    """The blocked keys, and whether each was before."""
    return {one.key: one.before for one in plan.blocked}


def test_what_the_commit_before_blocks_too_does_not_refuse_the_plan() -> None:
    edited = wanted({**MANUAL, "description": "new"}, "other", manifest="sha256:new")
    plan = plan_of(FIXED, edited, known=KNOWN, against=base(FIXED, OTHER))
    assert blocked(plan) == {"sent": True}
    assert [change.key for change in plan.changes] == ["other"]
    assert not plan.refused
    assert plan.against == COMMIT


def test_what_this_change_blocks_refuses_the_plan() -> None:
    plan = plan_of(FIXED, OTHER, known=KNOWN, against=base(wanted(SENT, "sent"), OTHER))
    assert blocked(plan) == {"sent": False}
    assert plan.refused


def test_without_a_commit_to_compare_with_every_block_is_new() -> None:
    plan = plan_of(FIXED, OTHER, known=KNOWN)
    assert (blocked(plan), plan.refused, plan.against) == ({"sent": False}, True, None)


@pytest.mark.parametrize(
    "edited",
    [
        wanted({**TYPO, "description": "fixed again"}, "sent", manifest="sha256:fixed"),
        wanted(TYPO, "sent", manifest="sha256:again"),
        wanted(TYPO, "sent", manifest="sha256:fixed", lifecycle=Lifecycle(prevent_destroy=True)),
        wanted(TYPO, "sent", manifest="sha256:fixed", unchecked=("new",)),
    ],
)
def test_a_blocked_campaign_that_this_change_touches_counts(edited: DesiredCampaign) -> None:
    plan = plan_of(edited, OTHER, known=KNOWN, against=base(FIXED, OTHER))
    assert blocked(plan) == {"sent": False}


def test_a_manifest_that_only_moved_to_another_file_is_the_same() -> None:
    moved = replace(FIXED, source=Source("elsewhere.yaml", 9, 9))
    assert blocked(plan_of(moved, OTHER, known=KNOWN, against=base(FIXED, OTHER))) == {"sent": True}


def test_a_block_for_another_reason_counts() -> None:
    """It repeats another campaign than before."""
    one, two, late = (wanted(own(IMMEDIATE, "A"), key) for key in ("a", "b", "late"))
    before = plan_of(one, late, against=base(one, late))
    after = plan_of(two, late, against=base(one, late))
    assert blocked(before) == {"late": True}
    assert blocked(after) == {"late": False}
    assert after.refused


def test_what_holds_every_send_back_is_the_cause_of_no_change_but_new_creates_count() -> None:
    unsettled = {"x": Unsettled("x", "i", at_once=True, reason="may have been sent", hint="settle it")}
    reading = Reading(unsettled=unsettled)
    old, new = wanted(own(SCHEDULED, "Old"), "old"), wanted(own(SCHEDULED, "New"), "new")
    plan = plan_of(old, new, known=state(), reading=reading, against=base(old))
    assert blocked(plan) == {"old": True, "new": False}


def test_a_second_copy_was_there_before() -> None:
    reading = Reading(copies=(Copy("7", "sent", "scheduled"),))
    known = state({"sent": record(SENT, "sent", "1")})
    plan = plan_of(wanted(SENT, "sent"), known=known, reading=reading, against=base(wanted(SENT, "sent")))
    assert blocked(plan) == {"sent": True}


def test_the_commit_before_counts_with_its_own_settings() -> None:
    known = state({"a": record(DRAFT, "needs_decision", "1")})
    lifted = replace(PROJECT, time_zone="Europe/Belgrade")
    plan = plan_of(known=known, project=lifted, against=base())
    assert blocked(plan) == {"a": True}


def test_objections_always_refuse() -> None:
    project = replace(PROJECT, guardrails=Guardrails(max_immediate_sends=0))
    now = wanted(IMMEDIATE)
    plan = plan_of(now, project=project, against=base(now, project=project))
    assert plan.objections
    assert plan.refused


def test_a_removed_document_is_part_of_what_is_declared() -> None:
    known = state({"a": record(SCHEDULED, "needs_decision", "1")})
    source = Source("removed.yaml", 1, 1)
    cancel = {"a": Removed("a", "cancel", source)}
    same = plan_of(known=known, removed=cancel, against=base(removed=cancel))
    new = plan_of(known=known, removed=cancel, against=base())
    assert (blocked(same), blocked(new)) == ({"a": True}, {"a": False})


def test_a_commit_that_cannot_be_read_says_so_and_every_block_counts() -> None:
    plan = plan_of(FIXED, OTHER, known=KNOWN, against=Against(COMMIT, None))
    assert blocked(plan) == {"sent": False}
    assert [note for note in plan.notes if COMMIT[:12] in note]


def test_a_key_that_only_this_change_declares_can_be_selected() -> None:
    new = wanted(own(MANUAL, "New"), "new")
    plan = plan_of(new, known=state(), options=Options(targets=("new",)), against=base())
    assert [change.key for change in plan.changes] == ["new"]
    assert plan.against == COMMIT


def test_only_what_the_commit_before_creates_is_withdrawn() -> None:
    edited = wanted({**MANUAL, "description": "new"}, "other", manifest="sha256:new")
    plan = plan_of(known=KNOWN, against=base(edited, wanted(own(MANUAL, "New"), "new")))
    assert list(plan.withdrawn) == ["new"]
    assert [str(note) for note in plan.notes if "other" in str(note)] == []


def test_what_is_not_reviewed_in_an_apply_was_before_too() -> None:
    ours, theirs = wanted(own(MANUAL, "Ours"), "ours"), wanted(own(MANUAL, "Theirs"), "theirs")
    seen = plan_of(ours, known=state())
    options = Options(reviewed=(seen,))
    plan = plan_of(ours, theirs, known=state(), options=options, against=base(theirs))
    assert [change.key for change in plan.changes] == ["ours"]
    assert blocked(plan) == {"theirs": True}


def test_the_document_has_the_commit_and_the_blocks() -> None:
    plan = plan_of(FIXED, OTHER, known=KNOWN, against=base(FIXED, OTHER))
    document = encode(plan)
    assert document["against"] == COMMIT
    assert [one["before"] for one in document["blocked"]] == [True]
    assert blocked(decode(dumps(plan))) == {"sent": True}
    assert plan.created_at == NOW
