"""The record after a write was read back, and after live was accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Owner
from campaignctl.campaign.status import Status
from campaignctl.diff import FieldChange, content
from campaignctl.plan import records
from campaignctl.plan.arming import runs_left
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record
from tests.plan.planning import (
    ID,
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    intent,
    live,
    message,
    record,
    state,
    wanted,
)

NEW: Spec = {**SCHEDULED, "description": "New"}
QUIET = {"quiet_hours": {"begin": "22:00"}}
RESPELT = {"quiet_hours": {"begin": "22:00:00"}}
ECHO = {"quiet_hours/begin": ["22:00:00"]}


def applied(known: Record, spec: Spec, shown: Live, **desired: Any) -> Record:
    """The record after a spec was applied."""
    return records.applied_over(known, spec, wanted(spec, manifest="sha256:new", **desired), shown, NOW, ())


def test_what_was_applied_is_recorded_whole() -> None:
    known = record(SCHEDULED)
    after = applied(known, NEW, live(NEW, "paused"), lifecycle=Lifecycle(prevent_destroy=True))
    assert after == replace(
        known,
        status="paused",
        applied=NEW,
        digest=body_digest(NEW),
        updated_at=iso(NOW),
        source_digest="sha256:new",
        lifecycle=Lifecycle(prevent_destroy=True),
    )


@pytest.mark.parametrize(
    ("spec", "shown", "complete", "echo"),
    [
        ({**NEW, "name": "A"}, {"name": "a", "description": "New"}, True, {"name": ["a"]}),
        ({**NEW, **QUIET}, {**QUIET, "description": "New"}, True, {}),
        ({**NEW, **QUIET}, {"description": "New"}, False, ECHO),
        ({**NEW, **QUIET}, {**QUIET, "description": "New"}, False, {}),
        ({**NEW, "quiet_hours": {"begin": "21:00"}}, {"description": "New"}, False, {}),
        (NEW, {"description": "New"}, False, {}),
    ],
)
def test_the_echo_of_what_an_answer_does_not_show_stays_if_it_was_not_changed(
    spec: Spec, shown: Spec, complete: bool, echo: Spec
) -> None:
    known = record({**SCHEDULED, **QUIET}, echo=ECHO)
    members = {"id": ID, "status": "scheduled", **({**SCHEDULED, **shown} if complete else shown)}
    assert applied(known, spec, Live(ID, members, complete)).echo == echo


def test_a_baseline_stays_in_what_the_spec_does_not_set() -> None:
    known = record(SCHEDULED, baseline={"description": "d", "deal_id": "7"})
    assert applied(known, NEW, live(NEW)).baseline == {"deal_id": "7"}
    assert applied(replace(known, baseline=None), NEW, live(NEW)).baseline is None


def test_the_record_of_a_create_has_what_its_answer_spells_otherwise() -> None:
    asked = replace(intent(NEW, phase="reposted"), lifecycle=Lifecycle(prevent_destroy=True))
    shown = live(
        {**NEW, "description": "New!"}, send_strategy="scheduled", next_run_time="2036-12-24 10:00:00"
    )
    made = records.created(asked, shown, NOW, ())
    assert made.echo == {"description": ["New!"]}
    assert (made.id, made.status, made.intent) == (ID, "scheduled", asked.intent)
    assert (made.applied, made.digest, made.reposted) == (asked.spec, asked.digest, True)
    assert made.lifecycle == Lifecycle(prevent_destroy=True)
    assert (made.send_strategy, made.next_run_time) == ("scheduled", "2036-12-24T10:00:00Z")
    assert (made.run_counter, made.counted_at, made.unconfirmed) == (None, None, ())
    again = records.created(intent(RECURRING), live(RECURRING), NOW, ())
    assert (again.run_counter, again.counted_at, again.reposted) == (0, iso(NOW), False)


def test_a_create_answered_whole_leaves_the_baseline_of_what_it_showed() -> None:
    made = records.created(intent(SCHEDULED), live(SCHEDULED, deal_id="7"), NOW, ())
    assert (made.id, made.baseline) == (ID, {"deal_id": "7"})
    again = records.read_after_create(made, live(SCHEDULED, deal_id="8"), NOW, ())
    assert again.baseline == {"deal_id": "8"}
    short = Live(ID, {"id": ID, "status": "scheduled"}, complete=True)
    assert records.created(intent(SCHEDULED), short, NOW, ()).baseline is None
    assert records.read_after_create(made, short, NOW, ()).baseline is None


def test_what_no_read_shows_is_unconfirmed() -> None:
    spec = {**SCHEDULED, "deal_id": "7"}
    after = applied(record(SCHEDULED), spec, live(SCHEDULED))
    assert after.unconfirmed == ("deal_id",)
    shown = records.observed(after, live(spec), NOW)
    assert shown.unconfirmed == ()
    assert records.observed(after, live(SCHEDULED), NOW).unconfirmed == ("deal_id",)
    assert records.observed(after, live({**spec, "deal_id": "8"}), NOW).unconfirmed == ("deal_id",)


@pytest.mark.parametrize("names", [("a", "b"), ("a",), ()])
def test_messages_stay_unconfirmed_until_a_read_shows_each(names: tuple[str, ...]) -> None:
    two = {**SCHEDULED, "messages": [{**message(), "name": name} for name in ("a", "b")]}
    shown = [{**message(), "name": name, "id": "7", "winner": 0} for name in names]
    fields = {"id": ID, "status": "scheduled"} | ({"messages": shown} if names else {})
    known = record(two, unconfirmed=("messages",))
    seen = records.observed(known, Live(ID, fields, complete=False), NOW)
    assert seen.unconfirmed == (() if len(names) == 2 else ("messages",))


def test_a_write_counts_the_runs_anew_and_a_count_is_a_number() -> None:
    known = record(RECURRING, run_counter=3, counted_at="2026-11-20T00:00:00Z")
    after = applied(known, {**RECURRING, "name": "New"}, live({**RECURRING, "name": "New"}, run_counter=3))
    assert (after.run_counter, after.counted_at) == (3, iso(NOW))
    odd = records.observed(record(RECURRING), live(RECURRING, run_counter=True), NOW)
    assert (odd.run_counter, odd.counted_at) == (None, None)


def test_a_winner_that_was_named_before_a_replacement_is_kept_until_the_manifest_changes_it() -> None:
    named = Lifecycle(winner="A")
    kept: dict[Any, Any] = {"create": (), "replace": named.named}
    for operation, names in kept.items():
        asked = replace(intent(SCHEDULED), operation=operation, lifecycle=named)
        assert records.created(asked, live(SCHEDULED), NOW, ()).named_before == names
    known = record(SCHEDULED, named_before=named.named)
    assert applied(known, NEW, live(NEW), lifecycle=named).named_before == named.named
    assert applied(known, NEW, live(NEW)).named_before == ()


@pytest.mark.parametrize(
    ("paused_by_us", "status", "stays"),
    [(True, "paused", True), (True, "scheduled", False), (False, "paused", False)],
)
def test_a_pause_is_ours_until_it_ends(paused_by_us: bool, status: str, stays: bool) -> None:
    known = record(SCHEDULED, "paused", paused_by_us=paused_by_us)
    assert records.observed(known, live(SCHEDULED, status), NOW).paused_by_us is stays


def test_a_list_item_keeps_what_it_does_not_show() -> None:
    known = record(SCHEDULED, next_run_time="2036-12-24T10:00:00Z", send_strategy="scheduled")
    item = Live(ID, {"id": ID, "status": "scheduled"}, complete=False)
    seen = records.observed(known, item, NOW)
    assert (seen.next_run_time, seen.send_strategy) == ("2036-12-24T10:00:00Z", "scheduled")
    moved = replace(item, fields={**item.fields, "next_run_time": "2036-12-26 10:00:00"})
    assert records.observed(known, moved, NOW).next_run_time == "2036-12-26T10:00:00Z"
    whole = records.observed(known, live(SCHEDULED), NOW)
    assert (whole.next_run_time, whole.send_strategy) == (None, "scheduled")
    shown = live(SCHEDULED, next_run_time="2036-12-25 10:00:00", send_strategy="immediate")
    later = records.observed(known, shown, NOW)
    assert (later.next_run_time, later.send_strategy) == ("2036-12-25T10:00:00Z", "immediate")


def test_live_is_accepted_as_if_it_had_been_applied() -> None:
    known = record({**SCHEDULED, **QUIET}, echo=ECHO, baseline={})
    shown = live({**SCHEDULED, **RESPELT, "name": "Theirs", "description": "d"})
    after = records.accepted(known, (FieldChange("name", "Welcome", "Theirs"),), shown, NOW)
    spec = {**SCHEDULED, **QUIET, "name": "Theirs"}
    assert dict(after.applied) == spec
    assert after.digest == body_digest(spec)
    assert after.baseline == {"description": "d"}
    item = Live(ID, {"id": ID, "status": "scheduled", "name": "Theirs"}, complete=False)
    assert records.accepted(known, (), item, NOW).baseline == {}
    old = replace(known, baseline={"deal_id": "7"})
    assert records.accepted(old, (), item, NOW).baseline == {"deal_id": "7"}


@pytest.mark.parametrize(
    ("status", "when", "due"),
    [
        ("scheduled", "2036-12-24T10:00:00Z", "2036-12-24T10:00:00Z"),
        ("running", "2036-12-24T10:00:00Z", "2036-12-24T10:00:00Z"),
        ("scheduled", None, None),
        ("paused", "2036-12-24T10:00:00Z", None),
        ("canceled", "2036-12-24T10:00:00Z", None),
        ("sent", "2036-12-24T10:00:00Z", "2036-12-24T10:00:00Z"),
        ("sent", iso(NOW), None),
        ("sent", "2020-01-01T00:00:00Z", None),
        ("scheduled", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ],
)
def test_when_a_record_sends_next(status: str, when: str | None, due: str | None) -> None:
    assert records.next_send(record(SCHEDULED, status, next_run_time=when), NOW) == due


def test_a_release_keeps_what_may_still_be_sent() -> None:
    known = record({**SCHEDULED, "messages": [message()]})
    gone = records.released("push/a", known, "canceled", NOW)
    assert (gone.key, gone.id, gone.intent, gone.digest, gone.status, gone.at) == (
        ("push/a", ID, known.intent, known.digest, "canceled", iso(NOW))
    )
    assert gone.sends == ("2036-12-24T10:00:00Z",)
    assert (gone.content, gone.at_once) == (content(known.applied), False)
    fired = records.released("push/a", record(IMMEDIATE, began="2026-11-24T11:00:00Z"), "sent", NOW)
    assert (fired.at_once, fired.sends) == (True, ("2026-11-24T11:00:00Z",))
    by_hand = records.released("push/a", replace(known, began="2026-11-24T11:00:00Z"), "sent", NOW)
    assert (by_hand.sends, by_hand.ended) == (("2026-11-24T11:00:00Z",), True)
    assert replace(by_hand, at=by_hand.sends[0]).ended
    daily = records.released("push/b", record({"recurrence": {"cron": "0 9 * * *"}}), "paused", NOW)
    assert len(daily.sends) == 3
    on = records.released("push/b", record({"recurrence": {"cron": "0 9 * * *"}}), "sent", NOW)
    assert not on.ended


def test_a_release_of_one_that_is_missing_keeps_what_was_due() -> None:
    eleven, nine = "2026-11-24T11:00:00Z", "2026-11-24T09:00:00Z"
    once = record({**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"})
    assert records.released("push/a", once, "missing", NOW).sends == (eleven,)
    daily = record({"recurrence": {"cron": "0 9 * * *"}})
    for status, first in (("missing", nine), ("paused", "2026-11-25T09:00:00Z")):
        assert records.released("push/b", daily, status, NOW).sends[0] == first
    written = replace(daily, updated_at=nine, began="2026-11-23T09:00:00Z")
    assert records.released("push/b", written, "missing", NOW).sends[0] == written.began


@pytest.mark.parametrize(
    ("spec", "began", "at", "at_once"),
    [(IMMEDIATE, None, iso(NOW), True), (SCHEDULED, "2026-11-24T11:00:00Z", "2026-11-24T11:00:00Z", False)],
)
def test_an_entry_of_the_ledger_has_its_content_and_when_it_was_sent(
    spec: Spec, began: str | None, at: str, at_once: bool
) -> None:
    entry = records.sent("push/a", ID, spec, "sha256:d", NOW, began)
    assert (entry.digest, entry.key, entry.id, entry.at) == ("sha256:d", "push/a", ID, iso(NOW))
    assert (entry.content, entry.sends, entry.at_once) == (content(spec), (at,), at_once)


@pytest.mark.parametrize(
    ("created", "began"),
    [
        ("2026-11-24 08:00:00", "2026-11-24T09:00:00Z"),
        ("2026-11-24 10:00:00", None),
        (None, None),
    ],
)
def test_an_adopted_recurrence_had_the_runs_since_it_was_created(
    created: str | None, began: str | None
) -> None:
    shown = live(RECURRING, **({"create_time": created} if created else {}))
    found = records.record_of(shown, None, PROJECT, NOW, Lifecycle(), "import")
    assert (found.began, found.created_at, found.updated_at) == (began, iso(NOW), iso(NOW))
    assert (found.status, found.applied, found.digest) == ("scheduled", RECURRING, body_digest(RECURRING))
    assert (found.origin, found.baseline, found.intent) == ("import", {}, None)


@pytest.mark.parametrize(
    ("known", "ours"),
    [
        ({}, True),
        ({"a": record(MANUAL, intent="other")}, True),
        ({"a": record(MANUAL, intent="intent-7")}, False),
    ],
)
def test_an_adopted_campaign_keeps_our_marker_unless_it_is_a_clone(
    known: dict[str, Record], ours: bool
) -> None:
    text = str(PROJECT.owner.marker("push/a", "intent-7"))
    shown = live({**SCHEDULED, "metadata": {"campaignctl": text}})
    found = records.record_of(shown, state(known), PROJECT, NOW, Lifecycle(prevent_destroy=True))
    assert (found.intent, found.origin) == ("intent-7" if ours else None, "adopt")
    assert found.lifecycle == Lifecycle(prevent_destroy=True)
    strange = live(
        {**SCHEDULED, "metadata": {"campaignctl": str(Owner("other").marker("push/a", "intent-7"))}}
    )
    assert records.record_of(strange, None, PROJECT, NOW, Lifecycle()).intent is None


@pytest.mark.parametrize(
    ("text", "time"),
    [("2026-11-24 12:00:00", "2026-11-24T12:00:00Z"), ("soon", None), ("", None), (None, None)],
)
def test_a_time_of_the_api_that_cannot_be_read_is_none(text: str | None, time: str | None) -> None:
    assert records.gmt(text) == time


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        ({"recurrence": {"cron": "0 9 * * *"}}, True),
        ({"recurrence": {"cron": "soon"}}, True),
        ({"scheduled_time": "2036-12-24 10:00:00"}, False),
        ({"scheduled_time": "soon"}, False),
        ({"run_immediately": True}, False),
        ({}, False),
    ],
)
def test_runs_are_left_unless_the_recurrence_says_otherwise(spec: Spec, left: bool) -> None:
    assert runs_left(spec, NOW) is left


@pytest.mark.parametrize(
    ("status", "can", "goes", "is_final"),
    [
        ("draft", False, False, False),
        ("manual", False, False, False),
        ("scheduled", True, True, False),
        ("running", True, True, False),
        ("paused", True, False, False),
        ("needs_decision", True, False, False),
        ("sent", False, False, True),
        ("canceled", False, False, True),
        ("missing", False, False, False),
        ("thawing", True, True, False),
    ],
)
def test_what_a_status_means(status: str, can: bool, goes: bool, is_final: bool) -> None:
    known = Status(status) if status in tuple(Status) else Status.UNKNOWN
    assert records.can_send(status) is can
    assert records.goes(known, SCHEDULED, NOW) is goes
    assert records.final(record(SCHEDULED, status), NOW) is is_final
    if status == "sent":
        assert records.goes(known, RECURRING, NOW)
        assert not records.final(record(RECURRING, status), NOW)


@pytest.mark.parametrize("complete", [True, False])
def test_an_echo_stays_only_where_an_answer_says_nothing_of_the_field(*, complete: bool) -> None:
    known = record({**SCHEDULED, **QUIET}, echo=ECHO)
    shown = Live(ID, {**NEW, "id": ID, "status": "scheduled"}, complete=complete)
    after = applied(known, {**NEW, **QUIET}, shown)
    assert after.echo == ({} if complete else ECHO)
