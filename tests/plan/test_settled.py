"""How reads settle open writes to recorded campaigns: done, did not happen, still open, or for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.plan.proof import open_writes, settled, settles_from, shows, together
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import AT_ONCE, Entry, Intent, Watermark
from tests.plan.planning import ID, IMMEDIATE, KEY, PROJECT, SCHEDULED, Spec, live, record, state

AT = parse_iso("2026-11-24T12:00:00Z")
#: `api.timeout` is 30 s, and the server's clock is known to the second.
OPEN_UNTIL = timedelta(seconds=31)
PAUSED = Lifecycle(phase="paused")
NEW: Spec = {**SCHEDULED, "description": "New"}


def intent(operation: Any, **fields: Any) -> Intent:
    """A write that left at 12:00."""
    base: dict[str, Any] = {"spec": NEW, "at": iso(AT), "id": ID, "first_send": None, "lifecycle": PAUSED}
    return Intent(
        operation,
        "intent-1",
        "started",
        digest="sha256:new",
        watermark=Watermark((), None),
        **{**base, **fields},
    )


WRITES = {
    "update": intent("update", patch={"description": "New"}),
    "at once": intent("update", spec=IMMEDIATE, patch={"run_immediately": True}, first_send=AT_ONCE),
    "winner": intent("winner", patch={"name": "one", "id": "7"}, first_send=AT_ONCE),
    "pause": intent("pause"),
    "resume": intent("resume", spec=SCHEDULED, first_send="2036-12-24T10:00:00Z"),
    "cancel": intent("cancel"),
    "replace": intent("replace"),
    "mark": intent("mark"),
}
MARKED = str(PROJECT.owner.marker(KEY, "intent-1"))
STATUSES = ["draft", "scheduled", "running", "paused", "canceled", "sent", "needs_decision"]
SHOWN = {
    "winner": {"scheduled", "running", "sent"},
    "pause": {"paused"},
    "cancel": {"canceled"},
    "replace": {"canceled"},
    "resume": {"scheduled", "running", "sent", "needs_decision"},
    "at once": {"running", "sent", "needs_decision"},
    "mark": set(),
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", SHOWN)
def test_the_status_that_shows_a_write(name: str, status: str) -> None:
    seen = live(SCHEDULED, status)
    assert shows(WRITES[name], record(SCHEDULED), seen, PROJECT, AT) is (status in SHOWN[name])


@pytest.mark.parametrize(
    ("text", "is_shown"), [(MARKED, True), (str(PROJECT.owner.marker(KEY, "intent-2")), False), ("x", False)]
)
def test_a_mark_is_shown_by_its_intent(text: str, is_shown: bool) -> None:
    seen = live({**SCHEDULED, "metadata": {"campaignctl": text}})
    assert shows(WRITES["mark"], record(SCHEDULED), seen, PROJECT, AT) is is_shown


@pytest.mark.parametrize(
    ("spec", "patch", "fields", "complete", "is_shown"),
    [
        (NEW, {"description": "New"}, {"description": "New"}, True, True),
        (NEW, {"description": "New"}, {"description": "Old"}, True, False),
        (NEW, {"description": "New"}, {}, True, False),
        (NEW, {"description": "New"}, {}, False, False),
        (NEW, {"description": "New"}, {"description": "New"}, False, True),
        (NEW, {"description": "New"}, {"description": "New", "name": "Other"}, True, True),
        (
            NEW,
            {"description": "New", "name": "Welcome"},
            {"description": "New", "name": "Other"},
            True,
            False,
        ),
        (SCHEDULED, {"deal_id": None}, {}, True, True),
        (SCHEDULED, {"deal_id": None}, {}, False, False),
        (SCHEDULED, {"deal_id": None}, {"deal_id": "7"}, True, False),
        (SCHEDULED, {"deal_id": None}, {"deal_id": "8"}, True, True),
    ],
)
def test_an_update_is_shown_by_every_field_that_it_wrote(
    spec: Spec, patch: Spec, fields: Spec, complete: bool, is_shown: bool
) -> None:
    known = record({**SCHEDULED, **({"deal_id": "7"} if "deal_id" in patch else {})})
    shown = {"id": ID, "status": "scheduled", **SCHEDULED, **fields}
    write = intent("update", spec=spec, patch=patch)
    assert shows(write, known, Live(ID, shown, complete), PROJECT, AT) is is_shown


@pytest.mark.parametrize("name", WRITES)
def test_what_a_read_shows_is_settled_at_once(name: str) -> None:
    write = WRITES[name]
    status = {"pause": "paused", "cancel": "canceled", "winner": "sent", "at once": "running"}
    fields: Spec = {"metadata": {"campaignctl": MARKED}} if name == "mark" else {}
    seen = live(dict(write.spec) if name != "mark" else SCHEDULED, status.get(name, "scheduled"), **fields)
    if name == "replace":
        return  # its second half is a create
    known = state({KEY: record(SCHEDULED)}, pending={KEY: write})
    found = settled(known, {KEY: seen}, PROJECT, AT)
    assert (found.left, dict(found.entry.intents)) == ({}, {KEY: None})
    after = found.entry.records[KEY]
    assert after is not None
    assert after.status == seen.status
    assert after.paused_by_us is (name == "pause")
    assert after.lifecycle == (Lifecycle() if name == "mark" else PAUSED)
    assert after.winner == ("one" if name == "winner" else None)
    assert dict(after.applied) == (write.spec if name in ("update", "at once", "resume") else SCHEDULED)
    assert [each.digest for each in found.entry.sent] == (["sha256:new"] if name == "at once" else [])
    assert after.updated_at == iso(AT)
    (said,) = found.said
    assert said == {
        "winner": f"{KEY}: the winner of {ID} is one",
        "at once": f"{KEY}: {ID} started sending",
    }.get(name, f"{KEY}: its {write.operation} happened")


@pytest.mark.parametrize(
    ("spec", "began", "counts"),
    [
        (SCHEDULED, None, False),
        (SCHEDULED, "2026-11-24T10:00:00Z", True),
        ({"recurrence": {"cron": "0 9 * * *"}}, "2026-11-24T10:00:00Z", False),
    ],
)
def test_the_first_half_of_a_replacement_leaves_its_create(
    spec: Spec, began: str | None, counts: bool
) -> None:
    """What had begun to send is in the ledger, so that the create is a second send."""
    write, old = WRITES["replace"], record(spec, began=began)
    known = state({KEY: old}, pending={KEY: write})
    found = settled(known, {KEY: live(spec, "canceled")}, PROJECT, AT)
    assert (dict(found.entry.records), found.left) == ({KEY: None}, {})
    assert found.entry.intents == {KEY: replace(write, phase="planned", at=None, ended=True)}
    (gone,) = found.entry.released
    assert (gone.key, gone.id, gone.intent, gone.status, gone.at) == (
        (KEY, ID, old.intent, "canceled", iso(AT))
    )
    assert [(one.key, one.id, one.digest, one.sends) for one in found.entry.sent] == (
        [(KEY, ID, old.digest, (began,))] if counts else []
    )
    assert found.said == (f"{KEY}: {ID} is canceled, and its replacement is not created yet",)


@pytest.mark.parametrize(("minutes", "until"), [(1, 1), (2, 2), (3, 0)])
def test_an_intent_of_a_wrong_date_says_nothing_of_its_time(minutes: int, until: int) -> None:
    late = iso(AT + timedelta(minutes=minutes))
    when = settles_from(intent("pause", at=late), PROJECT, AT)
    assert when == (AT + timedelta(minutes=until) + OPEN_UNTIL if until else AT)


@pytest.mark.parametrize("run", [None, 1, 3])
def test_a_winner_is_recorded_with_its_run(run: int | None) -> None:
    write = replace(WRITES["winner"], patch={"name": "one", "id": "7", "run": run})
    known = state({KEY: record(SCHEDULED, "needs_decision", winner_run=2)}, pending={KEY: write})
    after = settled(known, {KEY: live(SCHEDULED, "sent")}, PROJECT, AT).entry.records[KEY]
    assert after is not None
    assert (after.winner, after.winner_run) == ("one", run)


def test_the_winner_is_the_one_that_live_shows() -> None:
    messages = [{**each, "name": "two", "winner": 1} for each in SCHEDULED["messages"]]
    known = state({KEY: record(SCHEDULED, "needs_decision")}, pending={KEY: WRITES["winner"]})
    found = settled(known, {KEY: live({**SCHEDULED, "messages": messages}, "sent")}, PROJECT, AT)
    after = found.entry.records[KEY]
    assert after is not None
    assert after.winner == "two"


#: What each write leaves live in, if it has no effect.
BEFORE = {"winner": "needs_decision", "resume": "paused"}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("seconds", [0, 30, 31, 3600])
def test_what_no_read_shows_is_open_until_it_cannot_arrive_any_more(name: str, seconds: int) -> None:
    write, now = WRITES[name], AT + timedelta(seconds=seconds)
    known = state({KEY: record(SCHEDULED)}, pending={KEY: write})
    found = settled(known, {KEY: live(SCHEDULED, BEFORE.get(name, "scheduled"))}, PROJECT, now)
    assert found.entry.records == {}
    if timedelta(seconds=seconds) < OPEN_UNTIL:
        assert found.left[KEY].reason.startswith("unsettled: ")
        assert found.left[KEY].at_once is (name in ("winner", "at once"))
        assert found.said == ()
    elif name in ("winner", "at once"):
        assert "campaignctl state resolve push/welcome --done" in found.left[KEY].hint
        assert "campaignctl state resolve push/welcome --retry" in found.left[KEY].hint
        assert BEFORE.get(name, "scheduled") in found.left[KEY].reason
        assert found.entry.intents == {}
    else:
        assert (found.left, dict(found.entry.intents)) == ({}, {KEY: None})
        assert found.said == (f"{KEY}: its {write.operation} did not happen",)


@pytest.mark.parametrize(("first", "is_left"), [(-1, True), (0, True), (1, False)])
def test_a_resume_whose_time_has_come_is_left_to_a_person(first: int, is_left: bool) -> None:
    now = AT + timedelta(hours=1)
    write = intent("resume", first_send=iso(now + timedelta(seconds=first)))
    known = state({KEY: record(SCHEDULED)}, pending={KEY: write})
    found = settled(known, {KEY: live(SCHEDULED, "paused")}, PROJECT, now)
    assert bool(found.left) is is_left


def test_what_was_not_read_stays_open() -> None:
    late = AT + timedelta(hours=1)
    known = state({KEY: record(SCHEDULED)}, pending={KEY: WRITES["pause"]})
    assert set(settled(known, {}, PROJECT, late).left) == {KEY}
    gone = settled(known, {KEY: None}, PROJECT, late)
    assert (gone.left, gone.said) == ({}, (f"{KEY}: its pause did not happen",))
    at_once = state({KEY: record(SCHEDULED)}, pending={KEY: WRITES["at once"]})
    assert "it is missing" in settled(at_once, {KEY: None}, PROJECT, late).left[KEY].reason


def test_a_write_to_another_campaign_than_the_recorded_one_is_not_recorded() -> None:
    known = state({KEY: record(SCHEDULED, campaign_id="9")}, pending={KEY: WRITES["pause"]})
    found = settled(known, {KEY: live(SCHEDULED, "paused")}, PROJECT, AT)
    assert found.entry.records == {}
    none = settled(state({}, pending={KEY: WRITES["pause"]}), {KEY: live(SCHEDULED, "paused")}, PROJECT, AT)
    assert none.entry.records == {}


def test_creates_and_what_did_not_leave_are_no_open_writes() -> None:
    pending = {
        "a": WRITES["pause"],
        "b": intent("create"),
        "c": Intent("update", "i", "planned", {}, "d", Watermark((), None), None),
    }
    assert open_writes(state({}, pending=pending)) == {"a": WRITES["pause"]}
    assert open_writes(None) == {}


def test_an_intent_is_under_way_for_the_time_out_and_a_second() -> None:
    assert settles_from(WRITES["pause"], PROJECT, AT + timedelta(hours=1)) == AT + OPEN_UNTIL
    assert settles_from(intent("pause", at=None), PROJECT, AT) == AT + OPEN_UNTIL


def test_steps_on_several_keys_are_one() -> None:
    sent, gone = Sent("d", "a", "1", "t"), Released("b", "2", None, "d", "sent", "t")
    first = Entry(records={"a": record(SCHEDULED)}, intents={"a": None}, sent=(sent,))
    second = Entry(records={"b": None}, intents={"b": None}, released=(gone,))
    both = Entry({"a": record(SCHEDULED), "b": None}, {"a": None, "b": None}, sent=(sent,), released=(gone,))
    assert together([first, second]) == both
