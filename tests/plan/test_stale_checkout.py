"""A checkout that is behind the commit that was applied last: what it may not do, and what lifts that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import Removed
from campaignctl.plan.context import Standing
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.state.ledger import HistoryEntry
from campaignctl.state.model import Record, State
from tests.plan.planning import ID, KEY, SCHEDULED, body, only, plan_of, record, state, wanted

THEIRS, OURS = "a" * 40, "b" * 40
EDITED = body(scheduled_time="2036-12-24 10:00:00", description="new")
OVERRIDE = Options(overrides=("stale_checkout",))


def applied(known: State, *, outcome: Any = "done", commit: str | None = THEIRS) -> State:
    """The state after an apply of a commit by a colleague."""
    entry = HistoryEntry(
        "h1", "2026-11-24T10:00:00Z", "apply", "kim", "laptop", commit, "0.1.0", "sha256:p", {"update": 1},
        outcome=outcome, outcomes={"done": 1} if outcome == "done" else {},
    )  # fmt: skip
    return replace(known, history=(entry,))


def plan(*desired: Any, stands: Standing, known: State | None = None, **more: Any) -> Plan:
    recorded = applied(state({KEY: record(SCHEDULED)})) if known is None else known
    return plan_of(*desired, known=recorded, commit=OURS, stands_to=lambda _: stands, **more)


def blocked(found: Plan) -> str:
    assert not found.changes
    (block,) = found.blocked
    assert isinstance(block.hint, Sentence)
    assert block.hint.parts[-1] == Command("apply", "--target", block.key, "--override", "stale_checkout")
    return block.reason


def test_behind_an_update_is_blocked() -> None:
    reason = blocked(plan(wanted(EDITED), stands="behind"))
    assert "behind commit aaaaaaaaaaaa, applied by kim" in reason


def test_behind_a_cancel_is_blocked() -> None:
    blocked(plan(stands="behind"))


def test_behind_a_create_is_blocked_as_it_may_have_been_canceled() -> None:
    blocked(plan(wanted(SCHEDULED), stands="behind", known=applied(state())))


@pytest.mark.parametrize(
    ("known", "campaign"), [({KEY: record(SCHEDULED)}, (ID, "scheduled")), ({}, (None, "not created"))]
)
def test_what_is_blocked_is_named_by_its_id_and_status(
    known: dict[str, Record], campaign: tuple[str | None, str]
) -> None:
    (block,) = plan(wanted(EDITED), stands="behind", known=applied(state(known))).blocked
    assert (block.id, block.status) == campaign


def test_behind_what_agrees_is_not_blocked() -> None:
    assert plan(wanted(SCHEDULED), stands="behind").empty


CANNOT_TELL = pytest.mark.parametrize("stands", ["unclear", "unreadable"])


@CANNOT_TELL
@pytest.mark.parametrize("end", ["canceled", "forgotten"])
def test_where_history_cannot_tell_the_end_of_a_campaign_is_blocked(end: str, stands: Standing) -> None:
    known = applied(state({KEY: record(SCHEDULED, "scheduled" if end == "canceled" else "sent")}))
    reason = blocked(plan(stands=stands, known=known))
    assert "no manifest of it is here" in reason
    assert ("git cannot read this checkout" in reason) is (stands == "unreadable")


@CANNOT_TELL
def test_where_history_cannot_tell_other_changes_are_not_blocked(stands: Standing) -> None:
    assert only(plan(wanted(EDITED), stands=stands)).action is Action.UPDATE
    assert only(plan(wanted(SCHEDULED), stands=stands, known=applied(state()))).action is Action.CREATE


@CANNOT_TELL
def test_where_history_cannot_tell_a_removed_document_says_what_is_meant(stands: Standing) -> None:
    removed = {KEY: Removed(KEY, "cancel", wanted(SCHEDULED).source)}
    assert only(plan(stands=stands, removed=removed)).action is Action.CANCEL


@pytest.mark.parametrize("stands", ["behind", "unclear", "unreadable"])
def test_the_override_lifts_it_and_is_recorded(stands: Standing) -> None:
    found = plan(stands=stands, options=OVERRIDE)
    assert only(found).action is Action.CANCEL
    assert [(one.name, one.keys) for one in found.lifted] == [("stale_checkout", (KEY,))]


def test_a_checkout_that_has_the_commit_changes_everything() -> None:
    assert only(plan(stands="has")).action is Action.CANCEL


def test_a_destroy_does_not_apply_the_manifests() -> None:
    found = plan(wanted(SCHEDULED), stands="behind", options=Options(destroy=True))
    assert only(found).action is Action.CANCEL


def test_an_apply_that_never_ended_counts_and_one_that_did_nothing_does_not() -> None:
    known = state({KEY: record(SCHEDULED)})
    blocked(plan(wanted(EDITED), stands="behind", known=applied(known, outcome="started")))
    nothing = applied(known, outcome="incomplete")
    assert only(plan(wanted(EDITED), stands="behind", known=nothing)).action is Action.UPDATE


@pytest.mark.parametrize("commit", [OURS, None])
def test_the_same_commit_and_none_are_not_compared(commit: str | None) -> None:
    known = applied(state({KEY: record(SCHEDULED)}), commit=commit)
    assert only(plan(wanted(EDITED), stands="behind", known=known)).action is Action.UPDATE
