"""Updates, asked directly: conflicts, what live has already, what is kept, the marker, the blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.diff import FieldChange
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Conflict, Options, Plan
from campaignctl.plan.subject import Subject
from campaignctl.plan.update_rules import conflicts, edit, live_has, target
from campaignctl.plan.verdict import Verdict
from campaignctl.project.model import ApiSettings
from tests.plan.planning import (
    DRAFT,
    ID,
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
    plan_of,
    record,
    state,
    wanted,
)

A, B = message(name="A", priority=1), message("sms", name="B", priority=2)
TWO = {**SCHEDULED, "messages": [A, B]}
ONE = {**SCHEDULED, "messages": [A]}


def of(
    applied: Spec,
    shown: Spec | Live | None,
    spec: Spec,
    *ignored: str,
    status: str = "scheduled",
    known: dict[str, Any] | None = None,
    **more: Any,
) -> Subject:
    """A recorded campaign, what live shows of it, and its manifest."""
    read = shown if isinstance(shown, Live) or shown is None else live(shown, status)
    manifest = wanted(spec, lifecycle=Lifecycle(ignore_changes=ignored))
    return Subject(KEY, record(applied, status, **(known or {})), read, True, manifest, now=NOW, **more)


def context(project: Any = PROJECT) -> PlanContext:
    return PlanContext(DesiredState(project, {}, "d"), state(), Reading(), Options(), NOW)


def edited(*args: Any, project: Any = PROJECT, **more: Any) -> Verdict:
    return edit(context(project), of(*args, **more))


def patch(verdict: Verdict) -> Any:
    """The body of the update."""
    (change,) = verdict.changes
    return change.requests[0].body


# ----------------------------------------------------------------------------------------------- conflicts


AIM = {"countries": {"items": ["DE"], "op": "in"}}
OTHER_AIM = {"countries": {"items": ["FR"], "op": "in"}}


@pytest.mark.parametrize(
    ("drift", "live_", "spec", "found"),
    [
        ((), {"a": 2}, {"a": 3}, ()),
        ((FieldChange("a", 1, 2),), {"a": 2}, {"a": 3}, (Conflict("a", 1, 2, 3),)),
        ((FieldChange("a", 1, 2),), {"a": 2}, {"a": 2}, ()),
        ((FieldChange("a", 1, 2),), {"a": 2}, {"a": 1, "b": 1}, ()),
    ],
)
def test_another_value_than_both_is_a_conflict(
    drift: tuple[FieldChange, ...], live_: Spec, spec: Spec, found: tuple[Conflict, ...]
) -> None:
    assert conflicts({"a": 1}, drift, live_, spec) == found


def test_of_a_field_and_what_is_in_it_the_shorter_path_is_told() -> None:
    applied = {"targeting": AIM, "x": {"y": {"z": 1, "w": 1}}}
    whole = FieldChange("x", applied["x"], None)
    inner = FieldChange("x/y/z", 1, 2)
    ours = {"targeting": AIM, "x": {"y": {"z": 3, "w": 1}}}
    without = {"targeting": AIM}
    assert [one.path for one in conflicts(applied, (whole,), without, ours)] == ["x"]
    assert [one.path for one in conflicts(applied, (inner,), {"x": {"y": {"z": 2, "w": 1}}}, ours)] == [
        "x/y/z"
    ]
    theirs = {"x": {"y": {"z": 2, "w": 1}}}
    taken_out = conflicts(applied, (inner,), theirs, {"targeting": AIM})
    assert [one.path for one in taken_out] == ["x/y/z"]
    replaced = conflicts(applied, (inner,), theirs, {"targeting": AIM, "x": {"q": {"n": 1}}})
    assert [one.path for one in replaced] == ["x"]
    beside = FieldChange("x/y/w", 1, 2)
    assert conflicts(applied, (beside,), {"x": {"y": {"z": 1, "w": 2}}}, ours) == ()


# ------------------------------------------------------------------------------------ what live has already


DESCRIBED = {**SCHEDULED, "description": "old"}
LABELED = {**SCHEDULED, "labels": ["a"]}
AIMED = {**SCHEDULED, "targeting": {"countries": {"items": ["DE"]}}}
UNFIRED = {**SCHEDULED, "run_immediately": False}
#: As an API echoes an event that it has not taken.
FIRED = Live(ID, {**SCHEDULED, "run_immediately": True}, complete=True)
TRACKED = {**SCHEDULED, "utm_tracking": {"enabled": 0}}
DEFAULT = {**SCHEDULED, "utm_tracking": {"enabled": 1}}
PAGE = Live(ID, {name: value for name, value in SCHEDULED.items() if name != "name"}, complete=False)


@pytest.mark.parametrize(
    ("applied", "shown", "spec", "known", "has"),
    [
        (SCHEDULED, SCHEDULED, SCHEDULED, {}, True),
        (SCHEDULED, None, SCHEDULED, {}, False),
        (SCHEDULED, DESCRIBED, SCHEDULED, {}, True),
        (SCHEDULED, SCHEDULED, DESCRIBED, {}, False),
        (SCHEDULED, DESCRIBED, DESCRIBED, {}, True),
        (SCHEDULED, PAGE, SCHEDULED, {}, False),
        (MANUAL, MANUAL, IMMEDIATE, {}, False),
        (IMMEDIATE, MANUAL, MANUAL, {}, True),
        (IMMEDIATE, MANUAL, IMMEDIATE, {}, True),
        (DESCRIBED, SCHEDULED, SCHEDULED, {}, True),
        (DESCRIBED, DESCRIBED, SCHEDULED, {}, False),
        (LABELED, {**SCHEDULED, "labels": []}, SCHEDULED, {}, True),
        (LABELED, {**SCHEDULED, "labels": ""}, SCHEDULED, {}, True),
        (LABELED, {**SCHEDULED, "labels": None}, SCHEDULED, {}, True),
        (LABELED, LABELED, SCHEDULED, {}, False),
        ({**SCHEDULED, "labels": []}, {**SCHEDULED, "labels": []}, SCHEDULED, {}, False),
        (AIMED, {**SCHEDULED, "targeting": {"countries": {"items": []}}}, SCHEDULED, {}, True),
        ({**SCHEDULED, "deal_id": "7"}, {**SCHEDULED, "deal_id": 0}, SCHEDULED, {}, False),
        (TRACKED, {**SCHEDULED, "utm_tracking": {"enabled": 1}}, SCHEDULED, {}, True),
        (TRACKED, TRACKED, SCHEDULED, {}, False),
        (DESCRIBED, SCHEDULED, SCHEDULED, {"echo": {"description": []}}, False),
        (DEFAULT, SCHEDULED, SCHEDULED, {"echo": {"utm_tracking/enabled": []}}, True),
        (UNFIRED, SCHEDULED, SCHEDULED, {}, True),
        (UNFIRED, FIRED, SCHEDULED, {}, True),
    ],
)
def test_live_has_it_already(
    applied: Spec, shown: Spec | Live | None, spec: Spec, known: dict[str, Any], *, has: bool
) -> None:
    assert live_has(of(applied, shown, spec, known=known)) is has


@pytest.mark.parametrize(
    ("fields", "complete", "has"),
    [
        ({}, False, False),
        ({}, True, True),
    ],
)
def test_a_list_item_that_does_not_show_a_field_proves_nothing(
    fields: dict[str, Any], *, complete: bool, has: bool
) -> None:
    shown = Live(ID, {**SCHEDULED, "id": ID, "status": "scheduled", **fields}, complete=complete)
    assert live_has(of(DESCRIBED, shown, SCHEDULED)) is has


def test_an_object_that_a_list_item_shows_shows_what_is_gone_from_it() -> None:
    applied = {**SCHEDULED, "quiet_hours": {"begin": "22:00", "end": "08:00"}}
    spec = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    shown = Live(ID, {**spec, "id": ID, "status": "scheduled"}, complete=False)
    assert live_has(of(applied, shown, spec))


def test_an_echo_counts_only_for_what_did_not_change() -> None:
    quiet = {**SCHEDULED, "quiet_hours": {"begin": "22:00"}}
    shown = {**SCHEDULED, "quiet_hours": {"begin": "22:00:00"}}
    echo = {"echo": {"quiet_hours/begin": ["22:00:00"]}}
    assert live_has(of(quiet, shown, quiet, known=echo))
    assert not live_has(of(quiet, shown, quiet))
    assert not live_has(of({**SCHEDULED, "quiet_hours": {"begin": "21:00"}}, shown, quiet, known=echo))


# --------------------------------------------------------------------------------- what only live has


EXTRA = message("email", name="C")


@pytest.mark.parametrize(
    ("applied", "shown", "spec", "ignored", "messages"),
    [
        (ONE, TWO, ONE, "messages/*", [A, B]),
        (ONE, TWO, ONE, "description", [A]),
        (ONE, {**SCHEDULED, "messages": [A, B, EXTRA]}, ONE, "messages/*", [A, B, EXTRA]),
        (ONE, TWO, TWO, "messages/*", [A, B]),
        (ONE, TWO, {**SCHEDULED, "messages": [B, A]}, "messages/*", [B, A]),
    ],
)
def test_a_message_that_only_live_has_stays_where_it_is_ignored(
    applied: Spec, shown: Spec, spec: Spec, ignored: str, messages: list[Spec]
) -> None:
    _, goal = target(of(applied, shown, spec, ignored))
    assert [each["name"] for each in goal["messages"]] == [each["name"] for each in messages]


def test_a_message_without_a_name_that_only_live_has_stays() -> None:
    ours = [message(priority=1), message("sms", priority=2)]
    spec, shown = {**SCHEDULED, "messages": ours}, {**SCHEDULED, "messages": [*ours, message("email")]}
    _, goal = target(of(spec, shown, spec, "messages/*"))
    assert [each["channel"] for each in goal["messages"]] == ["push", "sms", "email"]
    assert patch(edited(spec, shown, {**spec, "name": "New"}, "messages/*")) == {"name": "New"}


@pytest.mark.parametrize("shown", [True, 1, "m"])
def test_ignored_messages_stay_as_live_has_them_in_whatever_form(shown: Any) -> None:
    _, goal = target(of(ONE, {**ONE, "messages": shown}, ONE, "messages"))
    assert goal["messages"] == shown


def test_another_field_that_only_live_has_stays_where_it_is_ignored() -> None:
    before = {**SCHEDULED, "description": None}
    shown = {**SCHEDULED, "description": "theirs"}
    spec = {**SCHEDULED, "name": "New"}
    assert target(of(before, shown, spec, "description"))[1]["description"] == "theirs"
    assert "description" not in target(of(before, shown, spec))[1]


TEXT = message(name="A", push={"title": {"en": "Hello"}})
BADGE = message(name="A", push={"title": {"en": "Hello"}, "badge": 3})
EDITED = message(name="A", push={"title": {"en": "Edited"}})


@pytest.mark.parametrize(
    ("ignored", "shown", "kept"),
    [
        ("messages/*/push/badge", BADGE, {"title": {"en": "Edited"}, "badge": 3}),
        ("messages/*/push/ttl", BADGE, {"title": {"en": "Edited"}}),
        ("", BADGE, {"title": {"en": "Edited"}}),
        ("messages/*/push/badge", TEXT, {"title": {"en": "Edited"}}),
    ],
)
def test_an_ignored_field_inside_a_list_keeps_lives_value(ignored: str, shown: Spec, kept: Spec) -> None:
    before = {**SCHEDULED, "messages": [TEXT]}
    found = edited(
        before,
        {**SCHEDULED, "messages": [shown]},
        {**SCHEDULED, "messages": [EDITED]},
        *filter(None, [ignored]),
    )
    assert patch(found)["messages"][0]["push"] == kept


def test_an_update_from_the_state_alone_keeps_nothing_of_live() -> None:
    found = edited(TWO, None, {**TWO, "messages": [EDITED, B]}, "messages/*/push/badge")
    assert [each["channel"] for each in patch(found)["messages"]] == ["push", "sms"]


def test_an_ignored_text_that_the_api_spells_otherwise_is_sent_as_it_was_written() -> None:
    ours = message(name="A", push={"title": {"en": "A & B"}})
    shown = message(name="A", push={"title": {"en": "A &amp; B"}})
    new = message(name="A", push={"title": {"en": "A & B"}, "badge": 3})
    found = edited(
        *({**SCHEDULED, "messages": [each]} for each in (ours, shown, new)),
        "messages/*/push/title",
        known={"echo": {"messages/0/push/title/en": ["A &amp; B"]}},
    )
    assert patch(found)["messages"][0]["push"] == {"title": {"en": "A & B"}, "badge": 3}


def test_a_list_that_live_does_not_have_has_nothing_to_keep() -> None:
    assert patch(edited(SCHEDULED, SCHEDULED, {**SCHEDULED, "labels": ["a"]}, "description")) == {
        "labels": ["a"]
    }


def test_what_the_api_adds_to_a_message_is_not_sent_back() -> None:
    shown = {**TWO, "messages": [{**A, "id": "81", "priority": 9}, {**B, "id": "82"}]}
    new = {**TWO, "messages": [A, {**B, "priority": 7}]}
    sent = patch(edited(TWO, shown, new, "messages/0"))["messages"]
    assert [(each["priority"], "id" in each) for each in sent] == [(9, False), (7, False)]


def test_messages_that_cannot_be_matched_block_what_is_ignored_in_them() -> None:
    unnamed = [message("sms", priority=2), message(priority=1)]
    shown = {**SCHEDULED, "messages": unnamed}
    new = {**SCHEDULED, "messages": [{**A, "priority": 7}, B]}
    verdict = edited(TWO, shown, new, "messages/*/priority")
    assert verdict.blocked is not None
    assert "cannot be matched by name" in verdict.blocked.reason
    named = edited(TWO, shown, {**TWO, "name": "New"}, "messages")
    assert named.blocked is None


# ------------------------------------------------------------------------------------------- the marker


MARKED = {**SCHEDULED, "metadata": {"team": "a", "deep": {"x": 1}}}
RETAGGED = {**SCHEDULED, "metadata": {"team": "b", "deep": {"x": 1}}}
OURS = str(PROJECT.owner.marker(KEY, "intent-of-old"))
THEIRS = str(PROJECT.owner.marker(KEY, "another-intent"))


@pytest.mark.parametrize(
    ("applied", "spec", "metadata"),
    [
        (MARKED, RETAGGED, {"team": "b", "deep": {"x": 1}, "campaignctl": OURS}),
        (MARKED, {**SCHEDULED, "metadata": {"team": "a"}}, {"team": "a", "deep": None, "campaignctl": OURS}),
        (
            MARKED,
            {**SCHEDULED, "metadata": {"team": "a", "deep": {"y": 2}}},
            {"team": "a", "deep": {"x": None, "y": 2}, "campaignctl": OURS},
        ),
        (
            MARKED,
            {**SCHEDULED, "metadata": {"team": "a", "deep": 1}},
            {"team": "a", "deep": 1, "campaignctl": OURS},
        ),
        (SCHEDULED, MARKED, {"team": "a", "deep": {"x": 1}, "campaignctl": OURS}),
    ],
)
def test_a_patch_of_metadata_names_every_field_and_the_marker(
    applied: Spec, spec: Spec, metadata: Spec
) -> None:
    assert patch(edited(applied, applied, spec))["metadata"] == metadata


def test_the_marker_that_live_shows_is_repeated() -> None:
    shown = {**MARKED, "metadata": {**MARKED["metadata"], "campaignctl": THEIRS}}
    made = edited(MARKED, shown, RETAGGED)
    assert patch(made)["metadata"]["campaignctl"] == THEIRS
    assert [each.path for each in made.changes[0].diff] == ["metadata/team"]


@pytest.mark.parametrize(
    ("project", "known"),
    [
        (PROJECT, {"intent": None}),
        (replace(PROJECT, api=ApiSettings(markers=False)), {}),
    ],
)
def test_without_a_marker_of_ours_metadata_is_patched_as_any_object(
    project: Any, known: dict[str, Any]
) -> None:
    assert patch(edited(MARKED, MARKED, RETAGGED, project=project, known=known)) == {
        "metadata": {"team": "b"}
    }


def test_other_patches_do_not_mention_the_marker() -> None:
    assert patch(edited(MARKED, MARKED, {**MARKED, "name": "New"})) == {"name": "New"}


def test_what_only_live_shows_is_written_as_a_conflict() -> None:
    shown = {**SCHEDULED, "description": "theirs"}
    spec = {**SCHEDULED, "description": "ours"}
    (change,) = edited(SCHEDULED, shown, spec).changes
    assert change.conflicts == (Conflict("description", None, "theirs", "ours"),)
    (change,) = edited(SCHEDULED, shown, spec, known={"baseline": {"description": "theirs"}}).changes
    assert change.conflicts == ()
    assert change.diff == (FieldChange("description", "theirs", "ours"),)
    (change,) = edited(SCHEDULED, shown, {**shown, "name": "New"}).changes
    assert change.conflicts == ()


# --------------------------------------------------------------------------------------------- the verdict


def test_the_reason_is_whose_change_it_is() -> None:
    theirs = edited(SCHEDULED, {**SCHEDULED, "name": "Theirs"}, SCHEDULED)
    assert theirs.changes[0].reason == "live was changed outside of campaignctl"
    ours = edited(SCHEDULED, SCHEDULED, {**SCHEDULED, "name": "Ours"})
    assert ours.changes[0].reason == "the manifest changed"
    assert (theirs.drift[0].corrected, ours.drift) == (True, ())


def test_what_was_seen_is_recorded_with_the_update() -> None:
    verdict = edited(SCHEDULED, live(SCHEDULED, "paused"), {**SCHEDULED, "name": "New"}, status="scheduled")
    assert verdict.observed is not None
    assert verdict.observed.status == "paused"


def test_without_a_difference_only_the_manifest_is_recorded() -> None:
    shown = live({**SCHEDULED, "quiet_hours": {"begin": "22:00"}}, "paused")
    verdict = edited(SCHEDULED, shown, SCHEDULED, known={"source_digest": "old"})
    assert verdict.changes == ()
    assert verdict.observed is not None
    assert (verdict.observed.source_digest, verdict.observed.status) == ("sha256:manifest", "paused")
    assert [bool(one.diff) for one in verdict.drift] == [True, False]


@pytest.mark.parametrize(
    ("applied", "spec", "starts", "instead"),
    [
        (MANUAL, IMMEDIATE, "run_immediately", True),
        (DRAFT, {**DRAFT, "is_draft": False}, "is_draft: false", False),
        (DRAFT, MANUAL, "is_draft: false", False),
        (MANUAL, DRAFT, None, False),
        (MANUAL, {**MANUAL, "name": "New"}, None, False),
    ],
)
def test_what_would_start_a_paused_campaign_is_blocked(
    applied: Spec, spec: Spec, starts: str | None, *, instead: bool
) -> None:
    verdict = edited(applied, live(applied, "paused"), spec, held=True)
    if starts is None:
        assert verdict.blocked is None
        return
    assert verdict.blocked is not None
    assert verdict.blocked.reason == f"paused, and {starts} would start it"
    assert ("set a scheduled_time" in verdict.blocked.hint) is instead
    assert f"--replace {KEY}" in verdict.blocked.hint
    assert edited(applied, live(applied, "manual"), spec, status="manual").blocked is None


PAST = {**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}


@pytest.mark.parametrize(
    ("applied", "spec", "held", "blocked"),
    [
        (SCHEDULED, PAST, False, True),
        (SCHEDULED, PAST, True, True),
        (PAST, {**PAST, "name": "New"}, False, False),
        (PAST, {**PAST, "name": "New"}, True, False),
        (MANUAL, PAST, False, True),
        ({**PAST, "is_draft": True}, PAST, False, True),
        (SCHEDULED, {**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"}, True, False),
    ],
)
def test_a_time_that_is_past_is_not_set(applied: Spec, spec: Spec, *, held: bool, blocked: bool) -> None:
    status = "paused" if held else "scheduled"
    verdict = edited(applied, live(applied, status), spec, held=held)
    assert (verdict.blocked is not None) is blocked
    if verdict.blocked:
        assert verdict.blocked.reason.startswith(("its scheduled_time is past", "it began to send at"))


def test_one_that_began_needs_more_than_a_new_time() -> None:
    began = {"began": "2026-11-24T10:00:00Z"}
    verdict = edited(SCHEDULED, live(SCHEDULED, "paused"), PAST, held=True, known=began)
    assert verdict.blocked is not None
    assert verdict.blocked.reason.startswith("it began to send at 2026-11-24T10:00:00Z")
    assert f"campaignctl apply --target {KEY} --override resend" in verdict.blocked.hint


@pytest.mark.parametrize("lifted", [True, False])
def test_a_plan_makes_the_update(*, lifted: bool) -> None:
    """The table's own way to these rules."""
    plan: Plan = plan_of(
        wanted({**SCHEDULED, "name": "New"}, manifest="new"),
        known=state({KEY: record(SCHEDULED)}),
        options=Options(overrides=("unmanaged",) if lifted else ()),
    )
    assert only(plan).requests[0].body == {"name": "New"}


@pytest.mark.parametrize("phase", ["active", "paused"])
def test_a_time_that_is_past_is_blocked_whether_it_is_paused_or_not(phase: Any) -> None:
    paused = phase == "paused"
    status, lifecycle = "paused" if paused else "scheduled", Lifecycle(phase=phase)
    past = {**SCHEDULED, "scheduled_time": "2020-01-01 10:00:00"}
    plan = plan_of(
        wanted(past, manifest="sha256:new", lifecycle=lifecycle),
        known=state({KEY: record(SCHEDULED, status, paused_by_us=paused, lifecycle=lifecycle)}),
        reading=Reading(live={KEY: live(SCHEDULED, status)}),
    )
    assert plan.changes == ()
    assert [each.reason for each in plan.blocked] == ["its scheduled_time is past"]


def test_our_marker_is_no_part_of_what_an_update_shows() -> None:
    known = {**SCHEDULED, "metadata": {"team": "crm"}}
    shown = {**SCHEDULED, "metadata": {"team": "crm", FIELD: "another"}}
    plan = plan_of(
        wanted({**SCHEDULED, "metadata": {"team": "ads"}}, manifest="sha256:new"),
        known=state({KEY: record(known)}),
        reading=Reading(live={KEY: live(shown)}),
    )
    change = only(plan)
    assert [(each.path, each.before, each.after) for each in change.diff] == [("metadata/team", "crm", "ads")]
    assert FIELD in (change.requests[0].body or {})["metadata"]
