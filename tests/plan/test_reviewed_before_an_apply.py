"""A plan made before an earlier merge was applied: what that left of a reviewed change is reviewed too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle, Phase
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.codec import decode, dumps
from campaignctl.plan.context import Against, Reading
from campaignctl.plan.model import Action, Options, Plan
from campaignctl.state.model import Record
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    SCHEDULED,
    Spec,
    live,
    message,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)


def update(spec: Spec, shown: Spec = SCHEDULED) -> Plan:
    """The plan for an edited manifest."""
    known, reading = state({KEY: record(shown)}), Reading(live={KEY: live(shown)})
    return plan_of(wanted(spec, manifest="sha256:new"), known=known, reading=reading)


def create(spec: Spec, **asked: Any) -> Plan:
    """The plan for a new campaign."""
    return plan_of(wanted(spec), **asked)


NEW: Spec = {**SCHEDULED, "description": "New"}
RENAMED: Spec = {**SCHEDULED, "name": "Hello"}
BOTH: Spec = {**NEW, "name": "Hello"}
# Reviewed while the merge that makes SCHEDULED, or the new name, was not applied yet.
OF_BOTH = partial(update, BOTH)
OF_ALL = partial(create, BOTH)


def applied_since(
    spec: Spec,
    reviewed: Callable[[], Plan],
    *,
    then: Spec = BOTH,
    shown: Spec | None = None,
    status: str = "scheduled",
) -> Plan:
    """The plan of an apply for `then` after another merge has applied `spec`."""
    return plan_of(
        wanted(then, manifest="sha256:new"),
        known=state({KEY: record(spec)}),
        reading=Reading(live={KEY: live(shown or spec, status)}),
        options=Options(reviewed=(reviewed(),)),
    )


@pytest.mark.parametrize(
    ("spec", "reviewed", "left"),
    [
        (SCHEDULED, OF_ALL, {"description": "New", "name": "Hello"}),
        (RENAMED, OF_ALL, {"description": "New"}),
        ({**BOTH, "score": 7}, OF_ALL, {"score": None}),
        (RENAMED, OF_BOTH, {"description": "New"}),
    ],
)
def test_what_an_earlier_merge_left_of_a_reviewed_change_is_reviewed(
    spec: Spec, reviewed: Callable[[], Plan], left: Spec
) -> None:
    made = applied_since(spec, reviewed)
    assert made.blocked == ()
    body = dict(only(made).requests[0].body or {})
    body.pop("metadata", None)
    assert (only(made).action, body) == (Action.UPDATE, left)


@pytest.mark.parametrize(
    ("shown", "is_undone", "is_admitted"),
    [
        ({"name": "By hand"}, True, True),
        ({"name": "By hand"}, False, False),
        # Whoever approved has seen that it sends with it.
        ({"quiet_hours": {"begin": "22:00"}}, True, False),
        ({"quiet_hours": {"begin": "22:00"}}, False, False),
    ],
)
def test_an_edit_that_the_review_showed_may_have_been_undone_since(
    shown: Spec, is_undone: bool, is_admitted: bool
) -> None:
    edited = {**SCHEDULED, **shown}
    known, reading = state({KEY: record(SCHEDULED)}), Reading(live={KEY: live(edited)})
    seen = partial(plan_of, wanted(BOTH, manifest="sha256:new"), known=known, reading=reading)
    again = {**edited, "description": "By another hand"}
    made = applied_since(SCHEDULED, seen, shown=SCHEDULED if is_undone else again)
    assert [change.action for change in made.changes] == ([Action.UPDATE] if is_admitted else [])


def otherwise(made: Callable[[], Plan], **fields: Any) -> Plan:
    """The plan with one change, or the first one, that has other fields."""
    plan = made()
    first, *others = plan.changes
    return replace(plan, changes=(replace(first, **fields), *others))


LATER: Spec = {**BOTH, "scheduled_time": "2036-12-25 10:00:00"}
QUIET: Spec = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("another end", partial(applied_since, SCHEDULED, OF_ALL, then=LATER)),
        ("another time", partial(applied_since, SCHEDULED, partial(create, LATER))),
        ("another campaign", partial(applied_since, SCHEDULED, partial(otherwise, OF_BOTH, id="9"))),
        ("an edit in the account", partial(applied_since, SCHEDULED, OF_ALL, shown=RENAMED)),
        ("a field from elsewhere", partial(applied_since, SCHEDULED, OF_ALL, shown=QUIET)),
        ("a pause in the account", partial(applied_since, SCHEDULED, OF_ALL, status="paused")),
        ("more than was shown", partial(applied_since, {**RENAMED, "score": 7}, OF_BOTH)),
        (
            "an older value",
            partial(applied_since, {**SCHEDULED, "name": "Other"}, partial(update, BOTH, RENAMED)),
        ),
        ("a stop", partial(applied_since, SCHEDULED, partial(otherwise, OF_ALL, action=Action.CANCEL))),
    ],
)
def test_nothing_else_is_left_of_a_reviewed_change(name: str, made: Callable[[], Plan]) -> None:
    plan = made()
    assert plan.changes == (), name
    assert {one.status for one in plan.blocked} == {"not reviewed"}
    assert "differs from the reviewed plans" in plan.blocked[0].reason


@pytest.mark.parametrize("arms", [True, False])
def test_what_is_left_arms_only_if_the_review_says_so(arms: bool) -> None:
    waits = {**SCHEDULED, "is_draft": True}
    reviewed = create(BOTH)
    made = plan_of(
        wanted(BOTH, manifest="sha256:new"),
        known=state({KEY: record(waits, "draft")}),
        reading=Reading(live={KEY: live(waits, "draft")}),
        options=Options(reviewed=(replace(reviewed, changes=(replace(only(reviewed), arms=arms),)),)),
    )
    assert [change.arms for change in made.changes] == ([True] if arms else [])


def test_what_is_left_sends_at_once_only_as_long_as_the_review_is_valid() -> None:
    reviewed = create(IMMEDIATE)
    waits = state({KEY: record({**IMMEDIATE, "is_draft": True}, status="draft")})

    def made(minutes: int) -> Plan:
        return plan_of(
            wanted(IMMEDIATE, manifest="sha256:new"),
            known=waits,
            reading=Reading(live={KEY: live({**IMMEDIATE, "is_draft": True}, "draft")}),
            options=Options(reviewed=(reviewed,)),
            now=NOW + timedelta(minutes=minutes),
        )

    assert made(60).changes
    assert "valid until" in made(61).blocked[0].reason


# ----------------------------------------------------- the second of two changes of a run that died between

BY_HAND: Spec = {**SCHEDULED, "name": "By hand"}
PAUSES, RESUMES = Lifecycle(phase="paused"), Lifecycle()
TEXT: Spec = {**SCHEDULED, "messages": [message(push={"title": {"en": "New"}})]}
OTHER_TEXT: Spec = {**SCHEDULED, "messages": [message(push={"title": {"en": "By another hand"}})]}


def half(
    phase: Lifecycle,
    then: Record,
    shown: Spec,
    status: str = "paused",
    *reviewed: Callable[[], Plan],
    spec: Spec = TEXT,
) -> Plan:
    """The plan for this text and phase, when the campaign is recorded and shown so."""
    return plan_of(
        wanted(spec, manifest="sha256:new", lifecycle=phase),
        known=state({KEY: then}),
        reading=Reading(live={KEY: live(shown, status)}),
        options=Options(reviewed=tuple(each() for each in reviewed)) if reviewed else None,
    )


PAUSED = record(SCHEDULED, "paused", paused_by_us=True)
UPDATED = record(TEXT, "paused", paused_by_us=True)
OF_PAUSE = partial(half, PAUSES, record(SCHEDULED), BY_HAND, "scheduled")
OF_RUN = partial(half, PAUSES, record(SCHEDULED, "running"), BY_HAND, "running")
OF_UNKNOWN = partial(
    plan_of,
    wanted(TEXT, manifest="sha256:new", lifecycle=PAUSES),
    known=state({KEY: record(SCHEDULED)}),
    reading=Reading(live={KEY: live(BY_HAND, "thawing")}),
    options=Options(overrides=("unknown_status",)),
)
OF_RESUME = partial(half, RESUMES, PAUSED, BY_HAND)


def without_first(plan: Plan) -> Plan:
    """The plan without its first change."""
    return replace(plan, changes=plan.changes[1:])


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (partial(half, PAUSES, PAUSED, BY_HAND, "paused", OF_PAUSE), Action.UPDATE),
        (partial(half, PAUSES, PAUSED, BY_HAND, "paused", OF_RUN), Action.UPDATE),
        (partial(half, PAUSES, PAUSED, BY_HAND, "paused", OF_UNKNOWN), Action.UPDATE),
        (partial(half, RESUMES, UPDATED, TEXT, "paused", OF_RESUME), Action.RESUME),
    ],
)
def test_the_second_half_goes_on(made: Callable[[], Plan], left: Action) -> None:
    assert [len(plan().changes) for plan in (OF_PAUSE, OF_RUN, OF_UNKNOWN, OF_RESUME)] == [2] * 4
    assert only(made()).action is left


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("paused by others", partial(half, PAUSES, record(SCHEDULED, "paused"), BY_HAND, "paused", OF_PAUSE)),
        # The patch is the reviewed one all the same: a list is sent whole, and what is unmanaged is not sent.
        (
            "edited since",
            partial(half, PAUSES, PAUSED, {**OTHER_TEXT, "name": "By hand"}, "paused", OF_PAUSE),
        ),
        ("set since", partial(half, PAUSES, PAUSED, {**QUIET, "name": "By hand"}, "paused", OF_PAUSE)),
        ("no pause", partial(half, PAUSES, PAUSED, BY_HAND, "paused", lambda: without_first(OF_PAUSE()))),
        (
            "another campaign",
            partial(half, PAUSES, PAUSED, BY_HAND, "paused", partial(otherwise, OF_PAUSE, id="9")),
        ),
        (
            "another update",
            partial(
                half,
                RESUMES,
                record(OTHER_TEXT, "paused", paused_by_us=True),
                OTHER_TEXT,
                "paused",
                OF_RESUME,
                spec=OTHER_TEXT,
            ),
        ),
        (
            "edited after the update",
            partial(
                half, RESUMES, UPDATED, {**TEXT, "quiet_hours": QUIET["quiet_hours"]}, "paused", OF_RESUME
            ),
        ),
        (
            "the update is not done",
            partial(half, RESUMES, PAUSED, SCHEDULED, "paused", OF_RESUME, spec=SCHEDULED),
        ),
    ],
)
def test_no_other_second_half_goes_on(name: str, made: Callable[[], Plan]) -> None:
    plan = made()
    assert plan.changes == (), name
    assert [one.key for one in plan.blocked] == [KEY]


def test_what_was_set_after_the_update_was_not_reviewed_even_if_it_is_accepted() -> None:
    made = plan_of(
        wanted(TEXT, manifest="sha256:new", lifecycle=RESUMES),
        known=state({KEY: UPDATED}),
        reading=Reading(live={KEY: live({**TEXT, "quiet_hours": QUIET["quiet_hours"]}, "paused")}),
        options=Options(reviewed=(OF_RESUME(),), overrides=("unmanaged",)),
    )
    assert (made.changes, [one.status for one in made.blocked]) == ((), ["not reviewed"])


# ------------------------------------------------------------------------------------ a cancel that was done

CANCELS = partial(
    plan_of, known=state({KEY: record(SCHEDULED)}), reading=Reading(live={KEY: live(SCHEDULED)})
)
KEPT = Lifecycle(on_destroy="forget")


def forgets(then: Record, status: str | None, reviewed: Callable[[], Plan] = CANCELS) -> Plan:
    """The plan of an apply of the removal, when the campaign has this status, or is missing."""
    reading = Reading(live={KEY: live(SCHEDULED, status) if status else None})
    return plan_of(known=state({KEY: then}), reading=reading, options=Options(reviewed=(reviewed(),)))


@pytest.mark.parametrize("status", ["canceled", "sent", None])
def test_what_was_canceled_by_a_run_that_died_is_forgotten(status: str | None) -> None:
    made = forgets(record(SCHEDULED), status)
    assert [(change.action, change.requests) for change in made.changes] == [(Action.FORGET, ())]
    assert made.blocked == ()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("another campaign", partial(forgets, record(SCHEDULED, campaign_id="9"), "canceled")),
        ("it can still send", partial(forgets, record(SCHEDULED, lifecycle=KEPT), "scheduled")),
        ("it was to be kept", partial(forgets, record(SCHEDULED), "canceled", OF_BOTH)),
        (
            "canceled, and still declared",
            partial(
                forgets,
                record(SCHEDULED),
                "canceled",
                partial(
                    plan_of,
                    wanted(SCHEDULED, lifecycle=Lifecycle(phase="canceled")),
                    known=state({KEY: record(SCHEDULED)}),
                    reading=Reading(live={KEY: live(SCHEDULED)}),
                ),
            ),
        ),
    ],
)
def test_nothing_else_is_forgotten(name: str, made: Callable[[], Plan]) -> None:
    plan = made()
    assert plan.changes == (), name
    assert [one.status for one in plan.blocked] == ["not reviewed"]


# --------------------------------------------------------------------- a removal of what was not created yet

OTHER: Spec = own(MANUAL, "Other")
BEFORE = Against("c" * 40, DesiredState(PROJECT, {KEY: wanted(SCHEDULED)}, "sha256:before"))
REMOVES = partial(plan_of, wanted(OTHER, "other"), against=BEFORE)


def created_since(
    spec: Spec = SCHEDULED, reviewed: Callable[[], Plan] = REMOVES, lifecycle: Lifecycle = RESUMES
) -> Plan:
    """The plan of an apply of the removal, after another merge has created the campaign."""
    known = state({KEY: record(spec, lifecycle=lifecycle), "other": record(OTHER, "manual", "2")})
    reading = Reading(live={KEY: live(spec)})
    options = Options(reviewed=(reviewed(),))
    return plan_of(wanted(OTHER, "other"), known=known, reading=reading, options=options)


def test_a_plan_names_what_it_removes_before_it_is_created() -> None:
    plan = REMOVES()
    assert list(plan.withdrawn) == [KEY]
    assert "push/welcome: removed, and not created yet; if an apply of cccccccccccc creates" in plan.notes[-1]
    assert decode(dumps(plan)).withdrawn == plan.withdrawn


@pytest.mark.parametrize(("end", "does"), [(Lifecycle(), Action.CANCEL), (KEPT, Action.FORGET)])
def test_what_was_created_since_is_ended_as_it_was_to_be(end: Lifecycle, does: Action) -> None:
    made = created_since(lifecycle=end)
    assert [(change.key, change.action) for change in made.changes] == [(KEY, does)]
    assert made.blocked == ()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("another content", partial(created_since, BOTH)),
        ("a plan without it", partial(created_since, reviewed=partial(plan_of, wanted(OTHER, "other")))),
    ],
)
def test_nothing_else_is_canceled(name: str, made: Callable[[], Plan]) -> None:
    plan = made()
    assert plan.changes == (), name
    assert [(one.key, one.status) for one in plan.blocked] == [(KEY, "not reviewed")]


@pytest.mark.parametrize(("phase", "does"), [("paused", Action.PAUSE), ("canceled", Action.CANCEL)])
def test_what_stops_before_it_is_created_is_stopped_once_it_is(phase: Phase, does: Action) -> None:
    stopped = wanted(SCHEDULED, lifecycle=Lifecycle(phase=phase))
    reviewed = plan_of(stopped, against=BEFORE)
    assert reviewed.changes == ()
    assert f"push/welcome: {phase}, and not created yet; if an apply of cccccccccccc" in reviewed.notes[-1]
    known, reading = state({KEY: record(SCHEDULED)}), Reading(live={KEY: live(SCHEDULED)})
    made = plan_of(stopped, known=known, reading=reading, options=Options(reviewed=(reviewed,)))
    assert [change.action for change in made.changes] == [does]
    assert made.blocked == ()


# ------------------------------------------------------------------------- a move of what was not created yet


def moving(spec: Spec, *, origin: str = KEY, **asked: Any) -> Plan:
    """The plan for a campaign that is moved to another key."""
    return plan_of(wanted(spec, "new", moved_from=(origin,)), against=BEFORE, **asked)


def moved_since(reviewed: Callable[[], Plan], then: Spec, shown: Spec = SCHEDULED, origin: str = KEY) -> Plan:
    """The plan of an apply of the move, after another merge has created the campaign."""
    known, reading = state({origin: record(SCHEDULED)}), Reading(live={origin: live(shown)})
    return moving(then, origin=origin, known=known, reading=reading, options=Options(reviewed=(reviewed(),)))


def test_a_plan_names_what_it_moves_before_it_is_created() -> None:
    reviewed = moving(SCHEDULED)
    assert only(reviewed).action is Action.CREATE
    assert (
        "new: moved from push/welcome, which is not created yet; if an apply of cccccccccccc creates"
        " it first, the apply of this moves it"
    ) in reviewed.notes[-1]


@pytest.mark.parametrize(("spec", "rest"), [(SCHEDULED, []), (NEW, [Action.UPDATE])])
def test_what_was_created_since_is_moved_and_not_created_again(spec: Spec, rest: list[Action]) -> None:
    made = moved_since(partial(moving, spec), spec)
    assert made.blocked == ()
    assert [change.action for change in made.changes] == [Action.MOVE, *rest]


@pytest.mark.parametrize(
    ("name", "made", "admitted"),
    [
        (
            "a move from another key",
            partial(moved_since, partial(moving, SCHEDULED), SCHEDULED, origin="other"),
            [],
        ),
        ("a create without a move", partial(moved_since, partial(create, SCHEDULED), SCHEDULED), []),
        ("another content", partial(moved_since, partial(moving, SCHEDULED), NEW), [Action.MOVE]),
        ("edited by hand", partial(moved_since, partial(moving, NEW), NEW, shown=RENAMED), [Action.MOVE]),
    ],
)
def test_no_other_move_or_change_is_reviewed_with_it(
    name: str, made: Callable[[], Plan], admitted: list[Action]
) -> None:
    plan = made()
    assert [change.action for change in plan.changes] == admitted, name
    assert "not reviewed" in [one.status for one in plan.blocked]


def test_only_an_end_is_reviewed_with_it() -> None:
    known, reading = state({KEY: record(SCHEDULED)}), Reading(live={KEY: live(SCHEDULED)})
    made = plan_of(wanted(NEW), known=known, reading=reading, options=Options(reviewed=(REMOVES(),)))
    assert [one.status for one in made.blocked] == ["not reviewed"]


@pytest.mark.parametrize(
    "plan",
    [
        # Kept, moved, or created before.
        partial(plan_of, wanted(SCHEDULED), against=BEFORE),
        partial(plan_of, wanted(SCHEDULED, "new", moved_from=(KEY,)), against=BEFORE),
        partial(plan_of, known=state({KEY: record(SCHEDULED)}), against=BEFORE),
    ],
)
def test_nothing_else_is_withdrawn(plan: Callable[[], Plan]) -> None:
    assert plan().withdrawn == {}


def test_a_move_from_another_key_of_a_manifest_is_another_move() -> None:
    manifest = wanted(SCHEDULED, "new", moved_from=("older", KEY))

    def from_key(origin: str, campaign_id: str, options: Options | None = None) -> Plan:
        known = state({origin: record(SCHEDULED, campaign_id=campaign_id)})
        return plan_of(manifest, known=known, options=options)

    reviewed = from_key("older", "9")
    assert only(reviewed).action is Action.MOVE
    made = from_key(KEY, "1", Options(reviewed=(reviewed,)))
    assert (made.changes, [one.status for one in made.blocked]) == ((), ["not reviewed"])
    assert only(from_key("older", "9", Options(reviewed=(reviewed,)))).action is Action.MOVE
