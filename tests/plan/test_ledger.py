"""The ledger and released campaigns, asked directly: what counts as sent, and what is blocked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import content
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import ledger
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Options
from campaignctl.state.ledger import Released, Sent, Year
from campaignctl.state.model import State
from campaignctl.state.years import encode_year, with_archive
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
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

AT = "2026-11-01T00:00:00Z"
RENAMED = {**IMMEDIATE, "name": "Renamed"}
HOUR = timedelta(hours=1)


def context(
    *desired: DesiredCampaign, known: State | None = None, reading: Reading | None = None, **more: Any
) -> PlanContext:
    declared = DesiredState(more.pop("project", PROJECT), {one.key: one for one in desired}, "d")
    options = more.pop("options", Options())
    return PlanContext(declared, known, reading or Reading(), options, NOW, **more)


def entry(spec: Spec, *, at_once: bool, key: str = "old", campaign_id: str | None = "7") -> Sent:
    return Sent(body_digest(spec), key, campaign_id, AT, content=content(spec), at_once=at_once)


# -------------------------------------------------------------------------------------------- what was sent


@pytest.mark.parametrize(
    ("sent", "spec", "found"),
    [
        ([], IMMEDIATE, None),
        ([entry(IMMEDIATE, at_once=True)], IMMEDIATE, 0),
        ([entry(SCHEDULED, at_once=False)], SCHEDULED, 0),
        ([entry(SCHEDULED, at_once=False)], {**SCHEDULED, "name": "Renamed"}, None),
        ([entry(IMMEDIATE, at_once=True)], RENAMED, 0),
        ([entry(SCHEDULED, at_once=False), entry(IMMEDIATE, at_once=True)], RENAMED, 1),
        ([entry(SCHEDULED, at_once=False)], RENAMED, None),
        ([entry(own(IMMEDIATE, "Other"), at_once=True)], RENAMED, None),
        ([entry(IMMEDIATE, at_once=True)], MANUAL, None),
        ([entry(IMMEDIATE, at_once=True)], {**RENAMED, "is_draft": True}, None),
    ],
)
def test_a_body_or_the_content_of_what_sends_at_once_was_sent_before(
    sent: list[Sent], spec: Spec, found: int | None
) -> None:
    known = state()
    document = encode_year(2026, Year(tuple(sent), (), ()), known)
    archived = with_archive(replace(known, archives=(2026,)), lambda: {2026: document}, "there")
    for each in (replace(known, sent=tuple(sent)), archived):
        before = ledger.sent_before(context(known=each), spec, body_digest(spec))
        assert before == (None if found is None else sent[found])


def test_without_a_state_nothing_was_sent_or_missed() -> None:
    ctx = context()
    assert ledger.sent_before(ctx, IMMEDIATE, "d") is None
    assert ledger.missed(ctx, KEY) is None
    assert ledger.missed(context(known=state(missed={KEY: "d"})), KEY) == "d"


@pytest.mark.parametrize(
    ("key", "campaign_id", "lost"), [(KEY, "7", True), ("old", "7", False), (KEY, None, False)]
)
def test_what_was_lost_from_the_state_is_imported_rather_than_sent_again(
    key: str, campaign_id: str | None, *, lost: bool
) -> None:
    sent = entry(IMMEDIATE, at_once=True, key=key, campaign_id=campaign_id)
    (block,) = plan_of(wanted(IMMEDIATE), known=state(sent=(sent,))).blocked
    assert block.reason == f"the same content was sent as {key} ({campaign_id or 'id not known'}) at {AT}"
    assert (f"campaignctl import {KEY} 7" in block.hint) is lost
    assert f"campaignctl apply --target {KEY} --override resend" in block.hint


def test_a_recorded_campaign_is_not_imported_again() -> None:
    sent = entry(IMMEDIATE, at_once=True, key=KEY)
    known = state({KEY: record(MANUAL, "manual")}, sent=(sent,))
    (block,) = plan_of(wanted(IMMEDIATE), known=known).blocked
    assert (block.id, "import" in block.hint) == (ID, False)


# --------------------------------------------------------------------------------------- released campaigns


def gone(status: str = "scheduled", spec: Spec = SCHEDULED, key: str = KEY, **more: Any) -> Released:
    return Released(key, "7", "i", body_digest(spec), status, AT, **more)


def with_released(release: Released, shown: Live | str | None = "unread", **options: Any) -> Any:
    reading = Reading(released={} if shown == "unread" else {"7": shown})  # type: ignore[dict-item]
    known = state(released=(release,))
    return plan_of(wanted(SCHEDULED), known=known, reading=reading, options=Options(**options))


@pytest.mark.parametrize(
    ("release", "shown", "status", "words"),
    [
        (gone("scheduled"), "unread", Status.SCHEDULED, "scheduled"),
        (gone("strange"), "unread", Status.UNKNOWN, "strange"),
        (gone("scheduled"), None, Status.MISSING, "missing"),
        (gone("scheduled"), live(SCHEDULED, "canceled", "7"), Status.CANCELED, "canceled"),
        (gone("scheduled"), live(SCHEDULED, "strange", "7"), Status.UNKNOWN, "strange"),
        (gone("manual"), live(SCHEDULED, "strange", "7"), Status.MANUAL, "manual"),
        (gone("manual"), live(SCHEDULED, "paused", "7"), Status.PAUSED, "paused"),
        (gone("scheduled"), Live("7", {"id": "7"}, complete=True), Status.UNKNOWN, "unknown"),
    ],
)
def test_the_status_of_a_released_campaign_is_as_read_else_as_it_was_released(
    release: Released, shown: Any, status: Status, words: str
) -> None:
    reading = Reading(released={} if shown == "unread" else {"7": shown})
    assert ledger.status_now(context(reading=reading), release) == (status, words)


def test_what_was_applied_tells_what_a_status_means() -> None:
    """A status that no document names is that of a manual campaign, if it has no time."""
    reading = Reading(released={"7": Live("7", {"id": "7", "status": "strange"}, complete=True)})
    ctx = context(reading=reading)
    assert ledger.status_now(ctx, gone(), MANUAL)[0] is Status.MANUAL
    assert ledger.status_now(ctx, gone(), SCHEDULED)[0] is Status.UNKNOWN
    assert ledger.status_now(ctx, gone())[0] is Status.UNKNOWN
    same = plan_of(
        wanted(MANUAL), known=state(released=(gone("scheduled", MANUAL),)), reading=replace(reading)
    )
    assert only(same).warnings == (f"7, once {KEY}, is still there as manual",)
    other = plan_of(
        wanted(MANUAL), known=state(released=(gone("scheduled", SCHEDULED),)), reading=replace(reading)
    )
    assert [one.status for one in other.blocked] == ["strange"]


@pytest.mark.parametrize("status", ["scheduled", "paused", "running", "needs_decision", "strange"])
def test_a_released_campaign_that_can_send_blocks_its_key(status: str) -> None:
    (block,) = with_released(gone(), live(SCHEDULED, status, "7")).blocked
    assert (block.key, block.id, block.status) == (KEY, "7", status)
    assert block.reason == f"7, once {KEY}, is {status} and can still send"
    assert f'take it over with `adopt: "7"` in {KEY}' in block.hint


def test_an_unknown_status_may_be_lifted() -> None:
    plan = with_released(gone(), live(SCHEDULED, "strange", "7"), overrides=("unknown_status",))
    assert only(plan).warnings == (f"7, once {KEY}, is 'strange' and may still send",)
    assert [(one.name, one.keys) for one in plan.lifted] == [("unknown_status", (KEY,))]
    for status in ("scheduled", "canceled"):
        plan = with_released(gone(), live(SCHEDULED, status, "7"), overrides=("unknown_status",))
        assert bool(plan.blocked) is (status == "scheduled")
        assert plan.lifted == ()


@pytest.mark.parametrize(
    ("status", "warnings"),
    [("draft", 1), ("canceled", 0)],
)
def test_a_released_campaign_that_stays_behind_is_named(status: str, warnings: int) -> None:
    shown = live({**SCHEDULED, "is_draft": True} if status == "draft" else SCHEDULED, status, "7")
    assert len(only(with_released(gone(), shown)).warnings) == warnings


@pytest.mark.parametrize(
    ("key", "spec", "lost", "blocked"),
    [(KEY, SCHEDULED, True, True), ("old", SCHEDULED, False, True), (KEY, DRAFT, False, False)],
)
def test_a_released_campaign_that_was_sent_counts_as_sent(
    key: str, spec: Spec, *, lost: bool, blocked: bool
) -> None:
    release = gone("sent", spec, key)
    plan = with_released(release, live(SCHEDULED, "sent", "7"))
    assert bool(plan.blocked) is blocked
    if blocked:
        (block,) = plan.blocked
        assert block.reason == f"the same content was sent as {key} (7)"
        assert (f"campaignctl import {KEY} 7" in block.hint) is lost
    again = with_released(release, live(SCHEDULED, "sent", "7"), overrides=("resend",))
    assert not again.blocked


@pytest.mark.parametrize(
    ("release", "blocked"),
    [
        (gone("scheduled"), True),
        (gone("sent", key="old"), True),
        (gone("sent", DRAFT, key="old"), False),
        (gone("canceled"), False),
    ],
)
def test_a_released_campaign_counts_in_the_archive_too(release: Released, *, blocked: bool) -> None:
    known = state()
    document = encode_year(2026, Year((), (release,), ()), known)
    archived = with_archive(replace(known, archives=(2026,)), lambda: {2026: document}, "there")
    for each in (replace(known, released=(release,)), archived):
        assert bool(plan_of(wanted(SCHEDULED), known=each).blocked) is blocked


def test_a_key_that_was_archived_is_not_created_with_a_changed_manifest() -> None:
    release, known = gone("sent", DRAFT, archived="before"), state()
    document = encode_year(2026, Year((), (release,), ()), known)
    archived = with_archive(replace(known, archives=(2026,)), lambda: {2026: document}, "there")
    for each in (replace(known, released=(release,)), archived):
        (block,) = plan_of(wanted(SCHEDULED), known=each).blocked
        assert (block.key, block.id, block.status) == (KEY, "7", "archived")


def test_the_first_block_counts_and_no_warning_is_one() -> None:
    releases = (gone("draft", DRAFT), replace(gone("scheduled"), id="8"), replace(gone("paused"), id="9"))
    reading = Reading(
        released={
            "7": live(DRAFT, "draft", "7"),
            "8": live(SCHEDULED, "scheduled", "8"),
            "9": live(SCHEDULED, "paused", "9"),
        }
    )
    (block,) = plan_of(wanted(SCHEDULED), known=state(released=releases), reading=reading).blocked
    assert block.id == "8"
