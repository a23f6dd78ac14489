"""Declared and not recorded: created, unless its time is past or its body was sent before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Owner
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Options
from campaignctl.project.model import ApiSettings
from campaignctl.state.ledger import Released, Sent
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

AT = "2026-11-01T00:00:00Z"
LATE = body(scheduled_time="2026-11-24 12:00:00")


@pytest.mark.parametrize(
    ("spec", "when", "arms", "undo"),
    [
        (IMMEDIATE, "immediately", True, "never"),
        (SCHEDULED, "scheduled", True, "until 2036-12-24T10:00:00Z"),
        (RECURRING, "recurring", True, "until 2026-11-25T09:00:00Z"),
        (MANUAL, "manual", False, "free"),
        (DRAFT, "never", False, "free"),
    ],
)
def test_a_campaign_is_created(spec: Spec, when: str, arms: bool, undo: str) -> None:
    change = only(plan_of(wanted(spec)))
    assert (change.action, change.sends.when, change.arms, change.undo) == (Action.CREATE, when, arms, undo)
    assert change.audience == "everyone"
    assert (change.id, change.live_digest, change.intent) == (None, None, "intent-0001")
    assert change.digest == body_digest(spec)


def test_a_create_carries_the_marker_and_the_rest_as_written() -> None:
    spec = body(metadata={"team": "crm"}, targeting={"countries": {"items": ["DE"], "op": "in"}})
    change = only(plan_of(wanted(spec)))
    (request,) = change.requests
    assert (request.method, request.path) == ("POST", "/v1/hood/campaigns")
    sent = dict(request.body or {})
    assert marker.read(sent) == Owner("acme-crm").marker(KEY, "intent-0001")
    assert sent.pop("metadata")["team"] == "crm"
    assert sent == {name: value for name, value in spec.items() if name != "metadata"}
    assert change.spec == spec
    assert change.audience == spec["targeting"]


def test_markers_can_be_left_out() -> None:
    project = replace(PROJECT, api=ApiSettings(markers=False))
    assert only(plan_of(wanted(MANUAL), project=project)).requests[0].body == MANUAL


@pytest.mark.parametrize("how", ["off", "lost"])
def test_a_plan_that_creates_says_what_missing_markers_cost(how: str) -> None:
    project = replace(PROJECT, api=ApiSettings(markers=how != "off"))
    account = replace(state().account, markers=how != "lost")
    known = replace(state({"old": record(SCHEDULED)}), account=account)
    old = wanted(SCHEDULED, "old")

    def said(*desired: DesiredCampaign, replacing: tuple[str, ...] = ()) -> list[str]:
        options = Options(replace=replacing, overrides=("resend",))
        notes = plan_of(*desired, known=known, project=project, options=options).notes
        return [note for note in notes if "a lost or old state is not noticed" in note]

    assert len(said(old, wanted(MANUAL), wanted(DRAFT, "draft"))) == 1, "once, for all creates"
    assert len(said(old, replacing=("old",))) == 1
    assert said(old) == []


def test_working_markers_are_not_mentioned() -> None:
    assert plan_of(wanted(MANUAL), known=state()).notes == ()
    assert plan_of(wanted(MANUAL)).notes == (), "nothing is known before the first create"


def test_a_two_step_create_sends_the_event_second() -> None:
    project = replace(PROJECT, api=ApiSettings(immediate="two_step", markers=False))
    change = only(plan_of(wanted(IMMEDIATE), project=project))
    assert [(request.method, request.body) for request in change.requests] == [
        ("POST", MANUAL),
        ("PATCH", {"run_immediately": True}),
    ]
    assert change.sends_at_once


@pytest.mark.parametrize("immediate", ["direct", "two_step"])
@pytest.mark.parametrize("spec", [SCHEDULED, IMMEDIATE, RECURRING, MANUAL, DRAFT])
def test_the_requests_of_a_create_hold_every_field_once(spec: Spec, immediate: str) -> None:
    project = replace(PROJECT, api=ApiSettings(immediate=immediate, markers=False))  # type: ignore[arg-type]
    requests = only(plan_of(wanted(spec), project=project)).requests
    assert [field for one in requests for field in (one.body or {}).items()] == list(spec.items())
    assert len(requests) == (2 if spec is IMMEDIATE and immediate == "two_step" else 1)


def test_unchecked_fields_are_named() -> None:
    change = only(plan_of(wanted(MANUAL, unchecked=("sound",))))
    assert change.warnings == ("sent unchecked, from `extra`: sound",)


def test_a_missed_time_blocks_until_an_apply_has_recorded_it(golden: Golden) -> None:
    plan = plan_of(wanted(LATE))
    (blocked,) = plan.blocked
    assert blocked.status == "missed"
    assert "scheduled_time" in blocked.hint
    assert plan.missed == {KEY: body_digest(LATE)}
    again = plan_of(wanted(LATE), known=state(missed=plan.missed))
    assert not again.refused
    golden("missed before", "\n".join(again.notes))
    edited = {**LATE, "name": "Later"}
    assert plan_of(wanted(edited), known=state(missed=plan.missed)).blocked[0].status == "missed"


def test_a_clock_time_is_past_only_when_it_is_past_in_the_last_zone() -> None:
    spec = {**LATE, "send_in_profile_time_zone": True}
    assert not plan_of(wanted(spec)).blocked
    spec["scheduled_time"] = "2026-11-24 00:00:00"
    assert plan_of(wanted(spec)).blocked[0].status == "missed"


def test_a_draft_whose_time_is_past_sends_nothing_and_is_created() -> None:
    assert only(plan_of(wanted({**LATE, "is_draft": True}))).action is Action.CREATE


def test_a_body_of_the_ledger_is_not_sent_again_under_another_key() -> None:
    known = state(sent=(Sent(body_digest(IMMEDIATE), "old/welcome", "77", AT),))
    tagged = {**IMMEDIATE, "metadata": {"note": "moved"}}
    (blocked,) = plan_of(wanted(tagged, "new/welcome"), known=known).blocked
    assert "old/welcome (77)" in blocked.reason
    assert blocked.hint == "campaignctl apply --target new/welcome --override resend"
    lifted = plan_of(wanted(tagged, "new/welcome"), known=known, options=Options(overrides=("resend",)))
    change = only(lifted)
    assert (change.deliberate_resend, change.reason, change.warnings) == (
        True,
        "a deliberate second send",
        (),
    )
    assert [(one.name, one.keys) for one in lifted.lifted] == [("resend", ("new/welcome",))]


def test_an_override_marks_only_second_sends() -> None:
    assert not only(plan_of(wanted(IMMEDIATE), options=Options(overrides=("resend",)))).deliberate_resend


def test_the_ledger_blocks_an_update_that_sends_at_once() -> None:
    known = state({KEY: record(MANUAL, "manual")}, sent=(Sent(body_digest(IMMEDIATE), "other", "77", AT),))
    reading = Reading(live={KEY: live(MANUAL, "idle")})
    plan = plan_of(wanted(IMMEDIATE), known=known, reading=reading)
    assert plan.empty
    assert "other (77)" in plan.blocked[0].reason
    assert (plan.blocked[0].id, plan.blocked[0].hint) == (
        (ID, f"campaignctl apply --target {KEY} --override resend")
    )
    options = Options(overrides=("resend",))
    lifted = plan_of(wanted(IMMEDIATE), known=known, reading=reading, options=options)
    assert only(lifted).deliberate_resend
    assert [(one.name, one.keys) for one in lifted.lifted] == [("resend", (KEY,))]


@pytest.mark.parametrize("spec", [SCHEDULED, MANUAL, RECURRING])
def test_an_update_that_does_not_send_at_once_is_not_one_of_the_ledger(spec: Spec) -> None:
    new = {**spec, "description": "New"}
    known = state({KEY: record(spec)}, sent=(Sent(body_digest(new), "other", "77", AT),))
    assert only(plan_of(wanted(new), known=known)).action is Action.UPDATE


def released(status: str, *, key: str = KEY, spec: Spec = SCHEDULED) -> Released:
    """A campaign that was released from the state."""
    return Released(key, "77", "intent-of-old", body_digest(spec), status, AT)


def after_release(release: Released, shown: Live | str | None, **options: Any) -> Any:
    """The plan for SCHEDULED after that release; `shown` is the live status, or "unread"."""
    reading = Reading() if isinstance(shown, str) else Reading(released={"77": shown})
    known = state(released=(release,))
    return plan_of(wanted(SCHEDULED), known=known, reading=reading, options=Options(**options))


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "needs_decision", "thawing"])
@pytest.mark.parametrize("release", [released("scheduled", spec=MANUAL), released("scheduled", key="old")])
def test_a_release_that_can_still_send_blocks(release: Released, status: str) -> None:
    (blocked,) = after_release(release, live(SCHEDULED, status, "77")).blocked
    assert blocked.id == "77"
    assert f"once {release.key}," in blocked.reason
    assert status in blocked.reason
    assert "77" in blocked.hint


@pytest.mark.parametrize("shown", [live(SCHEDULED, "canceled", "77"), None])
def test_a_final_release_does_not_block(shown: Live | None) -> None:
    assert only(after_release(released("scheduled"), shown)).action is Action.CREATE


def test_a_sent_release_blocks_like_the_ledger() -> None:
    shown = live(SCHEDULED, "sent", "77")
    (blocked,) = after_release(released("scheduled"), shown).blocked
    assert blocked.hint.startswith(f"`campaignctl import {KEY} 77`, or `campaignctl apply")
    assert only(after_release(released("scheduled"), shown, overrides=("resend",))).arms
    assert only(after_release(released("scheduled", spec=MANUAL), shown)).arms


def test_a_draft_that_was_left_behind_is_named() -> None:
    change = only(after_release(released("draft"), live(DRAFT, "draft", "77")))
    assert "77" in change.warnings[0]


@pytest.mark.parametrize(("status", "blocks"), [("scheduled", True), ("thawing", True), ("canceled", False)])
def test_a_release_that_was_not_read_counts_with_its_recorded_status(status: str, blocks: bool) -> None:
    assert bool(after_release(released(status), "unread").blocked) is blocks


def test_a_release_known_to_be_manual_stays_manual() -> None:
    assert not after_release(released("manual", spec=MANUAL), live(MANUAL, "thawing", "77")).blocked


def test_an_unknown_status_of_a_release_can_be_lifted(golden: Golden) -> None:
    plan = after_release(
        released("scheduled"), live(SCHEDULED, "thawing", "77"), overrides=("unknown_status",)
    )
    golden("release of unknown status", only(plan).warnings[0])


def test_only_the_first_of_equal_immediate_sends_is_planned(golden: Golden) -> None:
    plan = plan_of(wanted(IMMEDIATE, "a"), wanted(IMMEDIATE, "b"), wanted(own(IMMEDIATE, "C"), "c"))
    assert [change.key for change in plan.changes] == ["a", "c"]
    assert plan.blocked[0].key == "b"
    golden("twins", plan.blocked[0].reason)
    assert "`campaignctl apply --target b --override resend`" in plan.blocked[0].hint
    both = plan_of(wanted(IMMEDIATE, "a"), wanted(IMMEDIATE, "b"), options=Options(overrides=("resend",)))
    assert len(both.changes) == 2
