"""A lost or old state takes our campaigns over again: under which key, with what in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.errors import StateError
from campaignctl.reconciler.recover import ORPHANS, recover
from campaignctl.review.reports import Recovery
from campaignctl.state.codec import encode
from campaignctl.state.halts import Halt, Stopped
from campaignctl.state.model import Entry, State
from tests.e2e.harness import weekly
from tests.plan.planning import intent
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
AT_ONCE = campaign("Now", run_immediately=True)
DAILY = campaign("Daily", recurrence={"cron": weekly()})


@pytest.fixture
def lost(late: Account) -> Account:
    """An account whose state is older than its last campaigns; `first` is recorded."""
    late.specs = {"first": campaign("First", is_draft=True)}
    late.apply()
    return late


def forget(account: Account, older: State) -> None:
    """An older state is back."""
    account.place.put_document(encode(older).encode())


def created(account: Account, **specs: dict[str, object]) -> dict[str, str]:
    """Create campaigns, then lose what the state knows of them; their ids."""
    older = account.state
    account.specs |= specs
    account.apply()
    ids = {key: account.id_of(key) for key in specs}
    forget(account, older)
    return ids


def found(account: Account, *, write: bool = True) -> Recovery:
    return recover(account.wiring, account.desired, write=write)


def test_without_write_they_are_only_shown(lost: Account) -> None:
    ids = created(lost, far=FAR)
    before, mark = lost.state, lost.mark
    shown = found(lost, write=False)
    (one,) = shown.found
    assert (one.id, one.name, one.key, one.status, one.can_send, one.into) == (
        (ids["far"], "Far", "far", "scheduled", True, "far")
    )
    assert not shown.written
    assert (lost.state, lost.writes(mark)) == (before, [])


def test_a_campaign_is_recorded_as_its_create_would_have_been(lost: Account) -> None:
    older = lost.state
    lost.specs["far"] = FAR
    lost.apply()
    was = lost.state.campaigns["far"]
    forget(lost, older)
    mark = lost.mark
    assert found(lost).written
    record = lost.state.campaigns["far"]
    assert (record.id, record.intent, record.digest, dict(record.applied)) == (
        (was.id, was.intent, was.digest, FAR)
    )
    assert (record.source_digest, record.lifecycle) == (was.source_digest, was.lifecycle)
    assert lost.writes(mark) == []
    assert lost.apply().changes == ()


def test_the_whole_list_is_read_whatever_was_seen_before(lost: Account) -> None:
    ids = created(lost, far=FAR)
    forget(lost, replace(lost.state, seen=(str(lost.control.create(campaign("Later"))["id"]),)))
    assert [one.id for one in found(lost).found] == [ids["far"]]


def test_what_was_edited_since_is_recorded_as_it_is(lost: Account) -> None:
    ids = created(lost, far=FAR)
    lost.control.edit(ids["far"], name="Renamed")
    found(lost)
    record = lost.state.campaigns["far"]
    assert (record.id, record.applied["name"], record.source_digest) == (ids["far"], "Renamed", "")
    assert lost.outcomes() == {"far": "done"}
    assert lost.live("far")["name"] == "Far"


@pytest.mark.parametrize(
    ("spec", "status", "in_ledger"),
    [
        (AT_ONCE, None, True),
        (FAR, None, False),
        (FAR, "sent", True),
        (FAR, "running", True),
        (FAR, "needs_decision", True),
        (FAR, "canceled", False),
        (DAILY, "running", False),
        (DAILY, None, False),
    ],
)
def test_what_was_sent_is_in_the_ledger_again(
    lost: Account, spec: dict[str, object], status: str | None, in_ledger: bool
) -> None:
    ids = created(lost, one=spec)
    if status:
        lost.control.edit(ids["one"], status=status)
    found(lost)
    assert [each.digest for each in lost.state.sent] == ([body_digest(spec)] if in_ledger else [])
    assert [(each.key, each.id) for each in lost.state.sent] == ([("one", ids["one"])] if in_ledger else [])


def test_a_manifest_that_was_moved_meanwhile_is_in_the_ledger_too(lost: Account) -> None:
    created(lost, one=AT_ONCE)
    del lost.specs["one"]
    lost.specs["two"] = {**AT_ONCE, "labels": []}
    found(lost)
    digests = {each.digest for each in lost.state.sent}
    assert body_digest(AT_ONCE) in digests
    assert body_digest(lost.specs["two"]) in digests
    assert "two" not in lost.outcomes()


def test_a_key_that_is_not_known_any_more_gets_a_place_in_sight(lost: Account) -> None:
    ids = created(lost, gone=FAR)
    del lost.specs["gone"]
    forget(lost, replace(lost.state, released=()))
    (one,) = found(lost).found
    assert (one.key, one.into) == (None, f"{ORPHANS}/{ids['gone']}")
    assert set(lost.state.campaigns) == {"first", one.into}


@pytest.mark.parametrize("status", ["sent", "canceled"])
def test_what_is_over_and_has_no_key_is_only_a_trace(lost: Account, status: str) -> None:
    ids = created(lost, gone=FAR)
    del lost.specs["gone"]
    lost.control.edit(ids["gone"], status=status)
    (one,) = found(lost).found
    assert one.into is None
    assert set(lost.state.campaigns) == {"first"}
    (gone,) = lost.state.released
    assert (gone.id, gone.status) == (ids["gone"], status)


@pytest.mark.parametrize(
    ("older", "newer", "head"),
    [
        ("scheduled", "scheduled", "newer"),
        ("scheduled", "canceled", "older"),
        ("scheduled", "sent", "older"),
        ("sent", "canceled", "older"),
        ("canceled", "sent", "newer"),
        ("sent", "sent", "newer"),
        ("canceled", "canceled", None),
    ],
)
def test_of_two_for_one_key_the_newest_that_is_not_over_gets_it(
    lost: Account, older: str, newer: str, head: str | None
) -> None:
    ids = created(lost, far=FAR)
    lost.clock.time.sleep(1)
    lost.wire.arrive()
    other = str(lost.control.clone(ids["far"])["id"])
    for campaign_id, status in ((ids["far"], older), (other, newer)):
        lost.control.edit(campaign_id, status=status)
    into = {one.id: one.into for one in found(lost).found}
    kept = {"older": ids["far"], "newer": other, None: ""}[head]
    assert [one for one, key in into.items() if key == "far"] == [kept] * bool(head)
    assert ("far" in lost.state.campaigns) is bool(head)
    for campaign_id, status in ((ids["far"], older), (other, newer)):
        if campaign_id != kept:
            over = status in ("sent", "canceled")
            assert into[campaign_id] == (None if over else f"{ORPHANS}/{campaign_id}")


def test_a_recorded_campaign_keeps_its_key_against_one_that_is_over(lost: Account) -> None:
    ids = created(lost, far=FAR)
    forget(lost, lost.state.after(Entry(records={"far": None})))
    found(lost)
    record = lost.state.campaigns["far"]
    newer = str(lost.control.clone(record.id, status="canceled")["id"])
    with_other = replace(record, intent="0123456789abcdef")
    forget(lost, lost.state.after(Entry(records={"far": with_other})))
    found(lost)
    assert lost.id_of("far") == ids["far"]
    assert newer not in {one.id for one in lost.state.campaigns.values()}


def test_a_recorded_campaign_makes_room_for_a_newer_one(lost: Account) -> None:
    created(lost, far=FAR)
    found(lost)
    record = lost.state.campaigns["far"]
    lost.clock.time.sleep(1)
    lost.wire.arrive()
    newer = str(lost.control.clone(record.id, status="scheduled")["id"])
    forget(lost, lost.state.after(Entry(records={"far": replace(record, intent="0123456789abcdef")})))
    found(lost)
    assert lost.id_of("far") == newer
    assert lost.id_of(f"{ORPHANS}/{record.id}") == record.id


def test_a_state_is_made_where_there_was_none(late: Account) -> None:
    late.specs = {"far": FAR}
    late.apply()
    campaign_id = late.id_of("far")
    for each in late.place.path.parent.iterdir():
        if each.is_file() and each.name.startswith("state.json"):
            each.unlink()
    assert found(late).written
    assert late.id_of("far") == campaign_id
    assert late.state.account.company_id == "6197120"


def test_nothing_to_take_over_writes_nothing(lost: Account) -> None:
    before = lost.state
    assert not found(lost).written
    assert lost.state == before


def test_an_open_create_may_be_one_of_them(lost: Account) -> None:
    created(lost, far=FAR)
    under_way = replace(intent(AT_ONCE, first_send="immediately"), at="2036-01-01T00:00:00Z")
    forget(lost, lost.state.after(Entry(intents={"now": under_way})))
    with pytest.raises(StateError, match="now is not settled"):
        found(lost)
    assert set(lost.state.campaigns) == {"first"}
    forget(lost, lost.state.after(Entry(intents={"now": replace(under_way, phase="planned")})))
    assert found(lost).written
    assert set(lost.state.campaigns) == {"first", "far"}
    assert lost.state.pending == {}


def test_a_campaign_that_a_halt_paused_is_ours_to_resume(lost: Account) -> None:
    ids = created(lost, far=FAR)
    lost.control.pause(ids["far"])
    stopped = (Stopped("far", ids["far"], "paused", "2036-01-01T00:00:00Z"),)
    halt = Halt("h-1", ("far",), "wrong price", "ana", "laptop", "2036-01-01T00:00:00Z", stopped)
    lost.place.backend().change_halts(lambda halts: halts.with_halt(halt))
    found(lost)
    assert lost.state.campaigns["far"].paused_by_us


def test_a_pause_of_others_is_not(lost: Account) -> None:
    ids = created(lost, far=FAR)
    lost.control.pause(ids["far"])
    found(lost)
    assert not lost.state.campaigns["far"].paused_by_us


def test_what_began_to_send_before_it_was_canceled_is_not_sent_again(lost: Account) -> None:
    ids = created(lost, far=FAR)
    lost.control.edit(ids["far"], status="canceled", run_counter=1)
    found(lost)
    lost.clock.time.sleep(3 * 24 * 3600)
    mark = lost.mark
    assert [one.status for one in lost.plan().blocked] == ["sent"]
    lost.apply()
    assert lost.writes(mark) == []
