"""When a campaign sends as it is compared with others: recorded, live, unsettled, released or of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import content
from campaignctl.plan import twins
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options
from campaignctl.plan.subject import Subject
from campaignctl.schedule.collisions import SendTimes
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Foreign, Record
from tests.plan.planning import (
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    intent,
    live,
    message,
    plan_of,
    record,
    state,
    wanted,
)

TIME = parse_iso("2036-12-24T10:00:00Z")
MADE = parse_iso("2026-11-01T00:00:00Z")
HOUR = timedelta(hours=1)
AGO = NOW - HOUR
NINE = parse_iso("2026-11-24T09:00:00Z")
PAST = body(scheduled_time="2026-11-24 11:00:00")


def spans(*times: datetime) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((time, time) for time in times)


def of(known: Record, shown: Live | None = None, *, cancels: bool = False) -> twins.Campaign:
    """A recorded campaign as it is compared."""
    one = Subject(KEY, known, shown, shown is not None, None, now=NOW)
    return twins.of_record(one, declared=True, cancels=cancels)


@pytest.mark.parametrize(
    ("known", "times"),
    [
        (record(SCHEDULED), SendTimes(spans=spans(TIME))),
        (record(SCHEDULED, began=iso(AGO)), SendTimes(spans=spans(TIME, TIME, AGO))),
        (record(SCHEDULED, "needs_decision"), SendTimes(spans=spans(TIME), unknown=True)),
        (record(MANUAL, "running"), SendTimes(unknown=True)),
        (record(MANUAL, "running", began=iso(AGO)), SendTimes(spans=spans(AGO))),
        (record(MANUAL, "manual"), SendTimes()),
        (record(MANUAL, "sent", began=iso(AGO)), SendTimes(spans=spans(AGO))),
        (record(PAST, "sent", began=iso(AGO)), SendTimes(spans=spans(AGO, AGO))),
        (record(SCHEDULED, "canceled"), SendTimes()),
        (record(IMMEDIATE, "sent", began=iso(AGO)), SendTimes(at_once=AGO)),
        (record(IMMEDIATE, "running", began=iso(AGO)), SendTimes(at_once=AGO)),
        (record(IMMEDIATE, "running"), SendTimes(at_once=MADE)),
        (record(body(scheduled_time="soon"), "scheduled"), SendTimes(unknown=True)),
        (record(PAST, "missing"), SendTimes(spans=spans(AGO, AGO))),
        (record(SCHEDULED, "missing"), SendTimes()),
        (record(SCHEDULED, "missing", began=iso(AGO)), SendTimes(spans=spans(TIME, AGO))),
        (record(RECURRING, "missing"), SendTimes(spans=spans(NINE))),
        (record(RECURRING, "missing", updated_at=iso(NINE)), SendTimes()),
        (record(IMMEDIATE, "missing"), SendTimes(at_once=MADE)),
        (record({**IMMEDIATE, "is_draft": True}, "missing"), SendTimes()),
        (record(MANUAL, "missing"), SendTimes()),
    ],
)
def test_when_a_recorded_campaign_sends(known: Record, times: SendTimes) -> None:
    found = of(known)
    assert found.times == times
    assert (found.key, found.id, found.status, found.content) == (
        (KEY, known.id, known.status, content(known.applied))
    )
    assert (found.recorded, found.declared, found.cancels) == (True, True, False)


@pytest.mark.parametrize(
    ("known", "goes"),
    [
        (record(SCHEDULED), True),
        (record(SCHEDULED, "sent"), False),
        (record(RECURRING, "sent"), True),
        (record(RECURRING, "canceled"), False),
        (record(MANUAL, "manual"), False),
    ],
)
def test_one_that_cannot_send_is_not_waited_for(known: Record, goes: bool) -> None:
    assert of(known).goes is goes
    assert of(known, cancels=True).cancels is goes


@pytest.mark.parametrize(
    ("known", "times"),
    [
        (record(SCHEDULED), SendTimes()),
        (record(SCHEDULED, "running", began=iso(AGO)), SendTimes(spans=spans(TIME, AGO))),
        (record(RECURRING, "running", began=iso(AGO)), SendTimes(spans=spans(AGO))),
    ],
)
def test_one_that_is_canceled_has_its_past_sends_alone(known: Record, times: SendTimes) -> None:
    assert of(known, cancels=True).times == times


@pytest.mark.parametrize("known", [record(RECURRING, "canceled"), record(RECURRING)])
def test_a_run_that_a_canceled_recurrence_would_have_had_is_due(known: Record) -> None:
    found = of(known, cancels=True)
    nine = parse_iso("2026-11-25T09:00:00Z")
    assert (found.due(nine), found.due(nine + HOUR)) == (True, False)
    assert not of(record(RECURRING)).due(nine)
    assert not of(record(SCHEDULED, "canceled")).due(TIME)


def test_a_recurrence_runs_from_its_creation_on() -> None:
    times = of(record(RECURRING)).times
    assert (times.since, times.never, times.unknown) == (MADE, False, False)


def test_the_times_that_live_has_count() -> None:
    moved = live({**SCHEDULED, "scheduled_time": "2036-06-01 10:00:00"})
    assert of(record(SCHEDULED), moved).times.spans == spans(parse_iso("2036-06-01T10:00:00Z"))


# ------------------------------------------------------------------- unsettled, released, of the ledger


def test_an_unsettled_create_sends_at_its_time_or_when_it_was_posted() -> None:
    assert twins.of_intent("a", intent(SCHEDULED), NOW, declared=True).times.spans == spans(TIME)
    at_once = intent(IMMEDIATE)
    assert twins.of_intent("a", at_once, NOW, declared=True).times.at_once == NOW
    found = twins.of_intent("a", replace(at_once, at=iso(AGO)), NOW, declared=False)
    assert (found.times.at_once, found.status, found.declared, found.goes) == (AGO, "unsettled", False, True)
    assert (found.key, found.id, found.content) == ("a", None, content(IMMEDIATE))


LATER = iso(NOW + HOUR)
ENTRY = Sent("d", "old", "77", iso(NOW), "c", (iso(AGO), LATER))


def test_an_entry_of_the_ledger_counts_by_the_sends_that_it_had() -> None:
    found = twins.of_entry(ENTRY)
    assert found.times == SendTimes(spans=spans(AGO))
    assert (found.key, found.id, found.content, found.status) == ("old", "77", "c", "sent")
    assert (found.goes, found.declared, found.recorded) == (False, False, False)
    assert (found.due(NOW + HOUR), found.due(AGO), found.due(NOW)) == (True, False, False)
    assert twins.of_entry(replace(ENTRY, at=LATER)).times.spans == spans(AGO, NOW + HOUR)


def test_an_entry_that_was_sent_at_once_counts_by_its_last_send() -> None:
    assert twins.of_entry(replace(ENTRY, at_once=True)).times == SendTimes(at_once=AGO)
    twice = replace(ENTRY, at_once=True, sends=(iso(AGO), iso(NOW)))
    assert twins.of_entry(twice).times.at_once == NOW
    assert twins.of_entry(replace(ENTRY, at_once=True, sends=())).times.at_once == NOW


def test_a_release_goes_as_its_status_says() -> None:
    release = Released("old", "77", "i", "d", "paused", iso(NOW), "c")
    assert twins.of_entry(release, Status.PAUSED).goes
    unknown = twins.of_entry(release, Status.UNKNOWN, "thawing")
    assert (unknown.goes, unknown.status) == (True, "thawing")
    assert not twins.of_entry(release, Status.CANCELED).goes


# ------------------------------------------------------------------------------------- of others


@pytest.mark.parametrize(
    ("shown", "times"),
    [
        (live(SCHEDULED), SendTimes(spans=spans(TIME))),
        (live(SCHEDULED, "needs_decision"), SendTimes(spans=spans(TIME), unknown=True)),
        (live(MANUAL, "paused"), SendTimes(unknown=True)),
        (live(SCHEDULED, "sent"), SendTimes(spans=spans(TIME, NOW))),
        (live(PAST, "sent"), SendTimes(spans=spans(AGO, AGO))),
        (live(MANUAL, "sent", send_strategy="manual"), SendTimes(at_once=NOW)),
        (live(MANUAL, "sent", create_time="2026-11-24 11:00:00"), SendTimes(at_once=AGO)),
        (live(MANUAL, "running", create_time="2026-11-24 11:00:00"), SendTimes(at_once=AGO)),
        (
            live(
                MANUAL,
                "sent",
                create_time="2026-11-24 08:00:00",
                scheduled_run_times=["text", {"time": "soon"}, {"time": "2026-11-24 11:00:00"}],
            ),
            SendTimes(at_once=AGO),
        ),
    ],
)
def test_when_a_campaign_of_others_sends(shown: Live, times: SendTimes) -> None:
    found = twins.of_live(shown, NOW, "c")
    assert found is not None
    assert found.times == times
    assert (found.key, found.id, found.content, found.status) == (None, shown.id, "c", shown.status)
    assert found.goes is (shown.status != "sent")


@pytest.mark.parametrize("status", ["draft", "canceled", "manual"])
def test_one_of_others_that_cannot_send_and_has_not_is_none(status: str) -> None:
    assert twins.of_live(live(MANUAL, status, send_strategy="manual"), NOW, "c") is None


def test_one_of_others_is_named_by_the_status_that_the_api_shows() -> None:
    found = twins.of_live(live(SCHEDULED, "thawing"), NOW, "c")
    assert found is not None
    assert (found.status, found.goes) == ("thawing", True)
    nameless = twins.of_live(Live("1", dict(SCHEDULED), complete=False), NOW, "c")
    assert nameless is not None
    assert nameless.status == "unknown"


def test_one_of_others_that_an_earlier_read_saw() -> None:
    found = twins.of_foreign("9", Foreign("scheduled", iso(NOW), "c", (iso(NOW), LATER)))
    assert found.times == SendTimes(spans=spans(NOW, NOW + HOUR))
    assert (found.key, found.id, found.content, found.status, found.goes) == (
        (None, "9", "c", "scheduled", True)
    )
    ended = twins.of_foreign("9", Foreign("sent", iso(NOW)))
    assert (ended.times, ended.content, ended.goes) == (SendTimes(unknown=True), "", False)


# ---------------------------------------------------------------- texts that the API may rewrite

HTML = body(messages=[message("email", email={"subject": {"en": "Hi"}, "html": {"en": "<p>Hi</p>"}})])
REWRITTEN = body(
    messages=[message("email", email={"subject": {"en": "Hi"}, "html": {"en": "<p>Hi<img></p>"}})]
)
MINE = {**HTML, "scheduled_time": "2036-12-24 10:00:00"}
THEIRS = {**REWRITTEN, "scheduled_time": "2036-12-24 12:00:00"}
ACCEPTING = Lifecycle(accept_stored=("messages/*/email/html",))


@pytest.mark.parametrize(
    ("lifecycle", "theirs", "blocks"),
    [
        (ACCEPTING, THEIRS, True),
        (Lifecycle(), THEIRS, False),
        (ACCEPTING, {**THEIRS, "scheduled_time": "2036-12-30 12:00:00"}, False),
        (ACCEPTING, {**THEIRS, "targeting": {"countries": {"items": ["DE"], "op": "in"}}}, False),
    ],
)
def test_a_copy_whose_text_the_api_rewrote_is_the_same_content(
    lifecycle: Lifecycle, theirs: Spec, blocks: bool
) -> None:
    reading = Reading(foreign={"77": live(theirs, campaign_id="77"), "78": None})
    more: dict[str, Any] = {"known": state(), "reading": reading}
    plan = plan_of(wanted(MINE, "new", lifecycle=lifecycle), **more)
    assert [one.reason for one in plan.blocked] == (
        ["77, unknown to this state, has this content and sends within 1d of it"] if blocks else []
    )
    both = plan_of(wanted(MINE, "new", lifecycle=lifecycle), options=Options(overrides=("resend",)), **more)
    assert [change.deliberate_resend for change in both.changes] == [blocks]


def test_an_adopted_campaign_is_no_copy_of_itself() -> None:
    known = state({"old": record({**MINE, "is_draft": True}, "draft", "77")})
    reading = Reading(
        live={"old": live({**MINE, "is_draft": True}, "draft", "77")},
        foreign={"77": live(THEIRS, campaign_id="77")},
    )
    plan = plan_of(wanted(MINE, "old", lifecycle=ACCEPTING), known=known, reading=reading)
    assert not plan.blocked
