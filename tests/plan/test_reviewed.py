"""Saved and reviewed plans: what they admit, and what voids them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import PlanRefused
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Change, Options, Plan, Request
from campaignctl.plan.reviewed import (
    as_planned,
    check_in_time,
    check_saved,
    check_scope,
    substance,
    touched,
)
from campaignctl.project.model import Guardrails, Project
from campaignctl.schedule.sends import Sends
from campaignctl.state.model import Intent, State
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    intent,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

NEW: Spec = {**SCHEDULED, "description": "New"}
KNOWN = state({KEY: record(SCHEDULED)})


def update(spec: Spec = NEW, shown: Spec = SCHEDULED, **asked: Any) -> Plan:
    """The plan for an edited manifest."""
    reading = Reading(live={KEY: live(shown)})
    return plan_of(wanted(spec, manifest="sha256:new"), known=KNOWN, reading=reading, **asked)


def create(spec: Spec = SCHEDULED, **asked: Any) -> Plan:
    """The plan for a new campaign."""
    return plan_of(wanted(spec), **asked)


# ------------------------------------------------------------------------------- what was reviewed


ITS_TIME = Sends("scheduled", (datetime(2036, 12, 24, 10, tzinfo=UTC),))
CHANGED: dict[str, dict[str, Any]] = {
    "the key": {"key": "push/other"},
    "the action": {"action": Action.CANCEL},
    "the id": {"id": "9"},
    "where it was moved from": {"moved_from": "old"},
    "the body": {"requests": (Request("create", None, {**SCHEDULED, "name": "Other"}),)},
    "the method": {"requests": (Request("update", None, SCHEDULED),)},
    "the path": {"requests": (Request("pause", "9", SCHEDULED),)},
    "no request": {"requests": ()},
    "whether it arms": {"arms": False},
    "the time": {"sends": replace(ITS_TIME, at=(NOW,))},
    "the time in each zone": {"sends": replace(ITS_TIME, local="2036-12-24 10:00:00")},
    "the audience": {"audience": {"countries": {"items": ["DE"], "op": "in"}}},
}
ALIKE: dict[str, dict[str, Any]] = {
    "the reason": {"reason": "another"},
    "the intent": {"intent": "another"},
    "warnings": {"warnings": ("one",)},
    "the source": {"source": "elsewhere.yaml:1"},
    "the digest of live": {"live_digest": "sha256:other"},
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_a_reviewer_approves_makes_another_change(name: str) -> None:
    change = only(create())
    assert change.sends == replace(ITS_TIME, last=change.sends.last)
    assert substance(replace(change, **CHANGED[name])) != substance(change)


@pytest.mark.parametrize("name", ALIKE)
def test_what_differs_between_any_two_plans_does_not(name: str) -> None:
    change = only(create())
    assert substance(replace(change, **ALIKE[name])) == substance(change)


@pytest.mark.parametrize("other", [Request("update", "8", NEW), Request("pause", "9", NEW)])
def test_a_request_of_another_path_is_another_request(other: Request) -> None:
    change = only(create())
    these = [replace(change, requests=(request,)) for request in (Request("update", "9", NEW), other)]
    assert len(set(map(substance, these))) == 2


def asked(**body: Any) -> str:
    """What a reviewer approves of an update with this body."""
    change = replace(only(create()), requests=(Request("update", ID, body),))
    return substance(change)


def test_our_marker_and_the_reason_of_a_cancel_are_not_reviewed() -> None:
    assert asked(a=1, reason="x") == asked(a=1, reason="y") == asked(a=1)
    assert asked(a=1) != asked(a=2)
    assert asked(metadata={"campaignctl": "v1 a"}) == asked(metadata={"campaignctl": "v1 b"}) == asked()
    assert asked(metadata={"campaignctl": "v1 a", "team": "x"}) == asked(metadata={"team": "x"})
    assert asked(metadata={"team": "x"}) != asked(metadata={"team": "y"})
    assert asked(metadata="text") != asked()


def test_the_times_of_a_recurrence_are_its_rule() -> None:
    now, later = only(create(RECURRING)), only(create(RECURRING, now=NOW + timedelta(days=3)))
    assert now.sends != later.sends
    assert substance(now) == substance(later)
    other = only(create({**RECURRING, "recurrence": {"cron": "0 8 * * *"}}))
    assert substance(other) != substance(now)
    assert substance(replace(other, requests=now.requests)) != substance(now)
    local = {**SCHEDULED, "send_in_profile_time_zone": True}
    assert substance(only(create(local))) != substance(only(create()))


@pytest.mark.parametrize(
    ("fresh", "reviewed", "reason"),
    [
        (update, update, None),
        (create, create, None),
        (update, create, "differs from the reviewed plans"),
        (update, partial(update, {**NEW, "description": "Other"}), "this update of push/welcome differs"),
        (create, partial(plan_of, wanted(DRAFT, "other")), "no reviewed plan contains this create"),
    ],
)
def test_only_what_a_reviewed_plan_contains_is_admitted(
    fresh: Callable[..., Plan], reviewed: Callable[[], Plan], reason: str | None
) -> None:
    made = fresh(options=Options(reviewed=(reviewed(),)))
    if reason is None:
        assert [each.action for each in made.changes] == [each.action for each in fresh().changes]
        assert made.blocked == ()
    else:
        (blocked,) = made.blocked
        assert reason in blocked.reason
        assert (blocked.status, made.changes) == ("not reviewed", ())
        assert "campaignctl apply --reviewed FILE" in blocked.hint


def test_several_reviewed_plans_are_requests_of_their_own() -> None:
    made = plan_of(
        wanted(SCHEDULED, "a"),
        wanted(DRAFT, "b"),
        options=Options(reviewed=(plan_of(wanted(SCHEDULED, "a")), plan_of(wanted(DRAFT, "b")))),
    )
    assert [change.key for change in made.changes] == ["b", "a"] or {c.key for c in made.changes} == {
        "a",
        "b",
    }
    assert made.blocked == ()


@pytest.mark.parametrize(("minutes", "is_admitted"), [(0, True), (60, True), (61, False)])
def test_a_review_ends_with_its_change(minutes: int, is_admitted: bool) -> None:
    reviewed = create(IMMEDIATE)
    later = NOW + timedelta(minutes=minutes)
    made = create(IMMEDIATE, options=Options(reviewed=(reviewed,)), now=later)
    assert bool(made.changes) is is_admitted
    if not is_admitted:
        assert "it sends at once, and the reviewed plan was valid until" in made.blocked[0].reason
        lifted = Options(reviewed=(reviewed,), overrides=("max_plan_age",))
        assert create(IMMEDIATE, options=lifted, now=later).changes


def test_of_two_reviews_the_later_one_counts() -> None:
    early, late = create(IMMEDIATE), create(IMMEDIATE, now=NOW + timedelta(minutes=30))
    for reviewed in ((early, late), (late, early)):
        made = create(IMMEDIATE, options=Options(reviewed=reviewed), now=NOW + timedelta(minutes=80))
        assert len(made.changes) == 1


def test_a_plan_of_the_version_before_ends_what_sends_at_once_as_a_whole() -> None:
    old = create(IMMEDIATE)
    old = replace(old, changes=tuple(replace(each, valid_until=None) for each in old.changes))
    made = create(IMMEDIATE, options=Options(reviewed=(old,)), now=NOW + timedelta(minutes=61))
    assert made.changes == ()
    far = create(SCHEDULED)
    far = replace(
        far, changes=tuple(replace(each, valid_until=None) for each in far.changes), valid_until=NOW
    )
    later = create(SCHEDULED, options=Options(reviewed=(far,)), now=NOW + timedelta(days=1))
    assert len(later.changes) == 1


def test_a_change_without_an_end_has_none_where_others_have_one() -> None:
    both = [wanted(IMMEDIATE), wanted(own(IMMEDIATE, "Other"), "other")]
    seen = plan_of(*both)
    assert all(each.valid_until for each in seen.changes)
    endless = [replace(each, valid_until=None) if each.key == KEY else each for each in seen.changes]
    reviewed = replace(seen, changes=tuple(endless))
    made = plan_of(*both, options=Options(reviewed=(reviewed,)), now=NOW + timedelta(minutes=61))
    assert ([each.key for each in made.changes], [each.key for each in made.blocked]) == ([KEY], ["other"])


def test_an_edit_in_the_account_since_the_review_leaves_the_change_out() -> None:
    edited = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    made = update(shown=edited, options=Options(reviewed=(update(),)))
    assert made.changes == ()
    assert f"{ID} was changed in the account since the reviewed plan was made" in made.blocked[0].reason
    again = update(shown=edited, options=Options(reviewed=(update(), update(shown=edited))))
    assert len(again.changes) == 1


ADOPTED = wanted(SCHEDULED, adopt=ID)
FORGOTTEN = state({KEY: record(SCHEDULED, lifecycle=Lifecycle(on_destroy="forget"))})


@pytest.mark.parametrize(
    ("desired", "known", "does"),
    [
        (wanted(SCHEDULED, lifecycle=Lifecycle(phase="paused")), KNOWN, Action.PAUSE),
        (wanted(SCHEDULED, lifecycle=Lifecycle(phase="canceled")), KNOWN, Action.CANCEL),
        (wanted(SCHEDULED, "new", moved_from=(KEY,)), KNOWN, Action.MOVE),
        (None, FORGOTTEN, Action.FORGET),
        (ADOPTED, None, Action.ADOPT),
    ],
)
def test_an_edit_in_the_account_does_not_keep_a_campaign_from_being_stopped_or_left_alone(
    desired: DesiredCampaign | None, known: State | None, does: Action
) -> None:
    def plan(shown: Spec, **asked: Any) -> Plan:
        read = {KEY: live(shown)} if known else {}
        reading = Reading(live=read, adoptable={} if known else {ID: live(shown)})
        return plan_of(*([desired] if desired else []), known=known, reading=reading, **asked)

    edited = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    made = plan(edited, options=Options(reviewed=(plan(SCHEDULED),)))
    assert [change.action for change in made.changes] == [does]


@pytest.mark.parametrize("lifted_here", [False, True])
def test_what_a_reviewed_plan_lifted_is_lifted_only_if_this_run_lifts_it_too(lifted_here: bool) -> None:
    project = replace(PROJECT, guardrails=Guardrails(max_immediate_sends=0))
    asked = Options(overrides=("max_immediate_sends",))
    seen = plan_of(wanted(IMMEDIATE), project=project, options=asked)
    assert not seen.objections
    here = asked if lifted_here else Options()
    made = plan_of(wanted(IMMEDIATE), project=project, options=replace(here, reviewed=(seen,)))
    expected = [] if lifted_here else ["max_immediate_sends"]
    assert [one.guardrail for one in made.objections] == expected


# ------------------------------------------------------------------------------------- saved plans


@pytest.mark.parametrize("check", [check_scope, partial(check_saved, state=None)])
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"project": "shop"}, "this plan is for shop, environment without a name"),
        ({"environment": "live"}, "this plan is for acme-crm, environment live"),
        ({"url": "https://eu.ocamba.com"}, "this plan is for https://eu.ocamba.com, not for"),
        ({"project_id": "p-1"}, "this plan is for the project with the id p-1"),
    ],
)
def test_a_plan_is_for_one_project_environment_and_api(
    change: dict[str, Any], problem: str | None, check: Callable[[Plan, Project], None]
) -> None:
    plan = replace(create(), **change)
    if problem is None:
        check(plan, PROJECT)
    else:
        with pytest.raises(PlanRefused, match=problem) as refused:
            check(plan, PROJECT)
        assert ("campaignctl -e live" in refused.value.hint) is ("environment" in change)


@pytest.mark.parametrize(("made_with", "fits"), [(None, True), ("p-1", True), ("p-2", False)])
def test_a_project_with_an_id_takes_its_own_plans_and_those_without_an_id(
    made_with: str | None, fits: bool
) -> None:
    plan, project = replace(create(), project_id=made_with), replace(PROJECT, id="p-1")
    if fits:
        check_scope(plan, project)
    else:
        with pytest.raises(PlanRefused, match="the project with the id p-2"):
            check_scope(plan, project)


@pytest.mark.parametrize(
    "plan",
    [
        partial(replace, project="shop", environment="live"),
        partial(replace, environment=""),
    ],
    ids=["of another project", "without an environment"],
)
def test_a_plan_of_no_environment_of_this_project_names_none_to_choose(plan: Callable[[Plan], Plan]) -> None:
    with pytest.raises(PlanRefused) as refused:
        check_scope(plan(create()), replace(PROJECT, environment="staging"))
    assert refused.value.hint == "apply it in the project that made it"


@pytest.mark.parametrize(
    ("plan", "known", "problem"),
    [
        (create, None, None),
        (update, KNOWN, None),
        (update, None, "the state that this plan was made against no longer exists"),
        (create, KNOWN, "this plan was made before there was a state"),
        (update, replace(KNOWN, lineage="other"), "made against another state"),
        (update, replace(KNOWN, serial=8), "has moved on since this plan was made .serial 7, now 8"),
        (update, replace(KNOWN, serial=6), "has moved on since this plan was made .serial 7, now 6"),
    ],
)
def test_a_plan_fits_the_state_that_it_was_made_against(
    plan: Callable[[], Plan], known: Any, problem: str | None
) -> None:
    if problem is None:
        check_saved(plan(), PROJECT, known)
    else:
        with pytest.raises(PlanRefused, match=problem):
            check_saved(plan(), PROJECT, known)


@pytest.mark.parametrize(("seconds", "is_valid"), [(-1, True), (0, True), (1, False)])
def test_a_plan_ends(seconds: int, is_valid: bool) -> None:
    plan = create(IMMEDIATE)
    assert plan.valid_until is not None
    now = plan.valid_until + timedelta(seconds=seconds)
    if is_valid:
        check_in_time(plan, PROJECT, None, now)
    else:
        with pytest.raises(PlanRefused, match="this plan was valid until"):
            check_in_time(plan, PROJECT, None, now)


def test_a_plan_that_sends_nothing_has_no_end() -> None:
    plan = create(DRAFT)
    assert plan.valid_until is None
    check_in_time(plan, PROJECT, None, NOW + timedelta(days=3650))


def test_guardrails_of_today_hold_for_a_plan_of_yesterday() -> None:
    strict = replace(PROJECT, guardrails=Guardrails(forbid_immediate=True))
    plan = create(IMMEDIATE)
    with pytest.raises(PlanRefused, match="forbid_immediate: ") as refused:
        check_in_time(plan, strict, None, NOW)
    assert KEY in refused.value.detail
    many = tuple(replace(plan.changes[0], key=f"k{number}") for number in range(12))
    with pytest.raises(PlanRefused) as told:
        check_in_time(replace(plan, changes=many), strict, None, NOW)
    assert "k9 and 2 more (cut: 12 in all, sha256 " in told.value.detail
    assert "--override forbid_immediate" in refused.value.hint
    check_in_time(replace(plan, overrides=("forbid_immediate",)), strict, None, NOW)


@pytest.mark.parametrize(("status", "is_refused"), [("scheduled", True), ("paused", False)])
@pytest.mark.parametrize("recorded", ["scheduled", "paused"])
def test_a_saved_plan_is_checked_against_what_this_run_has_read(
    recorded: str, status: str, *, is_refused: bool
) -> None:
    strict = replace(PROJECT, guardrails=Guardrails(max_sends_per_day=1))
    other = own(SCHEDULED, "other")
    known = state({"other": record(other, recorded, "7")})
    shown = {"7": live(other, status, "7"), "8": live(other, "scheduled", "8")}
    plan = create(SCHEDULED)
    if is_refused:
        with pytest.raises(PlanRefused, match="max_sends_per_day: 2 sends on 2036-12-24"):
            check_in_time(plan, strict, known, NOW, shown)
    else:
        check_in_time(plan, strict, known, NOW, shown)


def test_the_records_of_a_plan_are_found_by_their_keys_after_it() -> None:
    assert touched(create(), None) == {}
    assert touched(update(), KNOWN) == KNOWN.campaigns
    moved = plan_of(wanted(SCHEDULED, "new", moved_from=(KEY,)), known=KNOWN)
    assert touched(moved, KNOWN) == {"new": KNOWN.campaigns[KEY]}


@pytest.mark.parametrize("known", [state({}), state({KEY: record(SCHEDULED, campaign_id="9")})])
def test_a_record_that_is_gone_refuses_a_plan(known: Any) -> None:
    with pytest.raises(PlanRefused, match="push/welcome is no longer in the state"):
        touched(update(), known)


def test_a_campaign_that_was_protected_since_is_not_ended() -> None:
    ending = plan_of(known=KNOWN)
    assert [change.action for change in ending.changes] == [Action.CANCEL]
    guarded = state({KEY: record(SCHEDULED, lifecycle=Lifecycle(prevent_destroy=True))})
    assert touched(ending, KNOWN) == KNOWN.campaigns
    with pytest.raises(PlanRefused, match="has been protected by prevent_destroy since"):
        touched(ending, guarded)
    assert touched(update(), guarded) == guarded.campaigns
    asked = tuple(replace(each, lifecycle=Lifecycle(prevent_destroy=True)) for each in ending.changes)
    assert touched(replace(ending, changes=asked), guarded) == guarded.campaigns


@pytest.mark.parametrize(
    ("known", "is_free"),
    [
        (None, True),
        (state({"other": record(SCHEDULED, campaign_id="9")}), True),
        (state({"other": record(SCHEDULED)}), False),
        (state({KEY: record(SCHEDULED, campaign_id="9")}), False),
    ],
)
def test_what_is_adopted_is_not_in_the_state(known: Any, is_free: bool) -> None:
    plan = plan_of(wanted(SCHEDULED, adopt=ID), reading=Reading(adoptable={ID: live(SCHEDULED)}))
    adopted = next(change.record for change in plan.changes if change.action is Action.ADOPT)
    if is_free:
        assert touched(plan, known)[KEY] == adopted
    else:
        with pytest.raises(PlanRefused, match=f"{ID} or its key is already in the state"):
            touched(plan, known)


@pytest.mark.parametrize(
    ("shown", "status", "is_planned"),
    [
        (SCHEDULED, "scheduled", True),
        ({**SCHEDULED, "name": "Other"}, "scheduled", False),
        (SCHEDULED, "paused", False),
        ({**SCHEDULED, "quiet_hours": {"begin": "22:00"}}, "scheduled", False),
        ({**SCHEDULED, "score": 3}, "scheduled", True),
        ({**SCHEDULED, "callbacks": {"push": {"on_click": ["x"]}}}, "scheduled", True),
    ],
)
def test_without_a_read_live_has_to_be_as_recorded(shown: Spec, status: str, is_planned: bool) -> None:
    change: Change = replace(only(update()), live_digest=None)
    assert as_planned(change, KNOWN.campaigns[KEY], live(shown, status)) is is_planned


def test_with_a_read_live_has_to_be_as_read() -> None:
    edited = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    seen = only(update(shown=edited))
    assert as_planned(seen, KNOWN.campaigns[KEY], live(edited))
    assert not as_planned(seen, KNOWN.campaigns[KEY], live(SCHEDULED))
    assert not as_planned(seen, KNOWN.campaigns[KEY], None)


def test_a_change_that_only_undoes_drift_says_so() -> None:
    made = update(SCHEDULED, {**SCHEDULED, "name": "By hand"}, options=Options(reviewed=()))
    (blocked,) = made.blocked
    assert "this undoes a change in the account" in blocked.reason
    for other in (update(options=Options(reviewed=())), create(options=Options(reviewed=()))):
        assert "undoes" not in other.blocked[0].reason


HALF = replace(intent(SCHEDULED, phase="planned"), operation="replace", id=ID, ended=True)


@pytest.mark.parametrize(
    ("half", "is_admitted"),
    [(HALF, True), (replace(HALF, id="9"), False), (replace(HALF, ended=False), False)],
)
def test_what_is_left_of_a_reviewed_replacement_is_reviewed(half: Intent, is_admitted: bool) -> None:
    reading = Reading(live={KEY: live(SCHEDULED)})
    reviewed = plan_of(wanted(SCHEDULED), known=KNOWN, reading=reading, options=Options(replace=(KEY,)))
    assert only(reviewed).action is Action.REPLACE
    known = state(pending={KEY: half})
    made = plan_of(wanted(SCHEDULED), known=known, options=Options(reviewed=(reviewed,)))
    assert [change.action for change in made.changes] == ([Action.CREATE] if is_admitted else [])
    assert [one.status for one in made.blocked] == ([] if is_admitted else ["not reviewed"])


def test_of_two_changes_of_a_campaign_that_no_one_reviewed_none_is_kept() -> None:
    paused = Lifecycle(phase="paused")
    known = state({KEY: record(SCHEDULED, "paused", paused_by_us=True, lifecycle=paused)})
    asked: dict[str, Any] = {"known": known, "reading": Reading(live={KEY: live(SCHEDULED, "paused")})}
    edited = wanted(NEW, manifest="sha256:new")
    assert [each.action for each in plan_of(edited, **asked).changes] == [Action.UPDATE, Action.RESUME]
    made = plan_of(edited, options=Options(reviewed=(plan_of(wanted(DRAFT, "other")),)), **asked)
    assert made.changes == ()
    assert [(each.key, each.status) for each in made.blocked] == [(KEY, "not reviewed")]


def test_what_blocks_a_campaign_anyway_is_told_before_that_no_one_reviewed_it() -> None:
    known = state({KEY: record(SCHEDULED, "paused", paused_by_us=True)})
    shown = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    asked: dict[str, Any] = {"known": known, "reading": Reading(live={KEY: live(shown, "paused")})}
    edited = wanted(NEW, manifest="sha256:new")
    here = plan_of(edited, **asked)
    assert [each.action for each in here.changes] == [Action.UPDATE]
    made = plan_of(edited, options=Options(reviewed=()), **asked)
    assert (made.changes, made.blocked) == ((), here.blocked)
    assert "set outside of the manifests" in made.blocked[0].reason


def test_the_hint_on_what_no_one_reviewed_is_that_of_the_caller() -> None:
    (blocked,) = create(options=Options(reviewed=(), how_to_review="ask the team")).blocked
    assert blocked.hint == "ask the team"


def test_a_review_of_a_send_that_is_near_ends_too() -> None:
    near = {**SCHEDULED, "scheduled_time": "2026-11-24 14:00:00"}
    reviewed = create(near)
    (change,) = reviewed.changes
    assert change.valid_until is not None
    later = create(near, options=Options(reviewed=(reviewed,)), now=change.valid_until + timedelta(seconds=1))
    assert later.changes == ()
    assert later.blocked[0].reason.startswith("the reviewed plan of it was valid until ")
