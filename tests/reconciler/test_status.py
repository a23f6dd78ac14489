"""What the status says of each campaign, and of what it cannot know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import AccountMismatch, CampaignctlError
from campaignctl.manifest.model import DesiredState
from campaignctl.reconciler.status import since, status, unmanaged
from campaignctl.review.reports import StatusReport, StatusRow, Stop, UnmanagedReport
from campaignctl.schedule.times import iso
from campaignctl.state.codec import encode
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Account as Place
from campaignctl.state.model import Entry, State
from campaignctl.state.proofs import Proof
from tests.e2e.harness import weekly
from tests.plan.planning import intent
from tests.reconciler.account import PUSH, Account, campaign, split_test
from tests.reconciler.scripted import PROJECT, URL, Item, Script, direct
from tests.reconciler.test_opening_asks import item, known, ours

FAR = "2036-06-01 10:00:00"
FIRST = "2036-06-01T10:00:00Z"
RAN = {"last_run_time": "2036-01-01 00:00:00", "run_counter": 1}


def report(account: Account) -> StatusReport:
    return status(account.wiring, account.desired)


def row(account: Account, key: str) -> StatusRow:
    return next(row for row in report(account).rows if row.key == key)


def put(account: Account, entry: Entry) -> None:
    """The state after one more step."""
    account.place.put_document(encode(account.state.after(entry)).encode())


@pytest.fixture
def far(late: Account) -> Account:
    """A scheduled campaign."""
    late.specs = {"far": campaign("Far", scheduled_time=FAR)}
    late.apply()
    return late


def test_a_campaign_as_it_was_applied(far: Account) -> None:
    assert report(far).rows == (
        StatusRow(
            "far", far.id_of("far"), "Far", "scheduled", True, next_run=FIRST, phase="active", goes=False
        ),
    )


def test_rows_are_in_the_order_of_their_keys(far: Account) -> None:
    far.specs |= {"new": campaign("New"), "a": campaign("A", is_draft=True)}
    far.lifecycles["new"] = Lifecycle(phase="paused")
    put(far, Entry(intents={"b": replace(intent(campaign("B")), id="7"), "c": intent({}, phase="planned")}))
    rows = report(far).rows
    assert [(one.key, one.status, one.read) for one in rows] == [
        ("a", "not created", False),
        ("b", "unsettled", False),
        ("far", "scheduled", True),
        ("new", "not created", False),
    ]
    assert [(one.id, one.name, one.phase, one.pending) for one in rows] == [
        (None, "A", "active", None),
        ("7", "B", rows[1].phase, "started"),
        (far.id_of("far"), "Far", "active", None),
        (None, "New", "paused", None),
    ]


@pytest.mark.parametrize(("phase", "pending"), [("started", "started"), ("planned", None)])
def test_a_write_that_is_not_settled(far: Account, phase: Any, pending: str | None) -> None:
    left = replace(intent(campaign("Far"), phase=phase), operation="update", id=far.id_of("far"))
    put(far, Entry(intents={"far": left}))
    (found,) = report(far).rows
    assert found.pending == pending


def test_those_of_the_chosen_keys_alone(far: Account) -> None:
    far.specs |= {"far/b": campaign("B"), "other": campaign("Other")}
    for chosen, shown in (
        (["far"], ["far"]),
        (["other"], ["other"]),
        ((), ["far", "far/b", "other"]),
    ):
        assert [one.key for one in status(far.wiring, far.desired, chosen).rows] == shown


def test_what_was_sent_in_a_period(far: Account) -> None:
    now = report(far).now
    begin = now - timedelta(days=2)
    sent = [now - timedelta(days=days) for days in (3, 2, 1, 0)]
    ledger = tuple(
        Sent(f"sha256:{each.day}", f"k{each.day}", str(each.day), iso(each), sends=(iso(each),))
        for each in reversed(sent)
    )
    put(far, Entry(sent=ledger))
    found = since(far.wiring, far.desired, begin)
    assert [one.at for one in found.sent] == [iso(each) for each in sent[1:]]
    assert (found.since, found.until) == (begin, now + timedelta(days=2))


def test_proofs_that_were_sent_in_a_period(far: Account) -> None:
    begin = report(far).now - timedelta(days=2)
    first = Proof(
        "far", "m", "en", "sha256:p", "team", "sha256:s", "ana", "i-1", "sent", at=iso(begin), id="9"
    )
    before = replace(first, intent="i-2", at=iso(begin - timedelta(seconds=1)))
    put(far, Entry(proofs=(before, first, replace(first, intent="i-3", phase="dropped"))))
    assert since(far.wiring, far.desired, begin).proofs == (first,)


def test_what_is_not_declared_has_the_phase_of_its_record(far: Account) -> None:
    far.lifecycles["far"] = Lifecycle(phase="paused")
    far.apply()
    declared = row(far, "far")
    assert (declared.declared, declared.phase, declared.paused_by) == (True, "paused", "manifest")
    far.specs = {}
    gone = row(far, "far")
    assert (gone.declared, gone.phase) == (False, "paused")
    far.specs = {"far": campaign("Far", scheduled_time=FAR)}
    far.lifecycles["far"] = Lifecycle(phase="canceled")
    assert row(far, "far").phase == "canceled", "as declared, before an apply"


def test_what_its_manifest_pauses_is_paused_by_it_though_it_is_halted(far: Account) -> None:
    far.lifecycles["far"] = Lifecycle(phase="paused")
    far.apply()
    far.halt("far")
    assert row(far, "far").paused_by == "manifest"


def test_who_paused_it(far: Account) -> None:
    assert row(far, "far").paused_by is None
    far.control.pause(far.id_of("far"))
    assert row(far, "far").paused_by == "someone else"
    far.control.resume(far.id_of("far"), FAR)
    far.halt("far")
    found = row(far, "far")
    assert (found.paused_by, found.goes) == ("halt", False)
    assert isinstance(found.halt, Stop)
    assert (found.halt.key, found.halt.reason) == ("far", "wrong price")
    far.control.resume(far.id_of("far"), FAR)
    assert row(far, "far").goes
    far.control.pause(far.id_of("far"))
    far.lift("far")
    found = row(far, "far")
    assert (found.paused_by, found.halt) == ("halt", None)


def test_a_pause_of_others_may_be_resumed_while_its_time_is_to_come_and_it_is_declared(far: Account) -> None:
    far.control.pause(far.id_of("far"))
    assert row(far, "far").may_resume
    declared = far.specs
    far.specs = {}
    assert not row(far, "far").may_resume
    far.specs = declared
    far.clock.wait(datetime(2036, 6, 1, 10, tzinfo=UTC) - far.clock.now())
    assert not row(far, "far").may_resume


@pytest.mark.parametrize(
    ("when", "before", "may"),
    [
        ({"scheduled_time": FAR}, {}, True),
        ({"scheduled_time": FAR}, RAN, False),
        ({"recurrence": {"cron": weekly()}}, {}, True),
        ({"recurrence": {"cron": weekly()}}, RAN, True),
        ({}, {}, False),
    ],
)
def test_what_may_be_resumed_without_a_decision(
    late: Account, when: dict[str, Any], before: dict[str, Any], may: bool
) -> None:
    late.specs = {"one": campaign("One", **when)}
    late.apply()
    late.control.edit(late.id_of("one"), status="paused", **before)
    assert row(late, "one").may_resume is may


def test_what_a_halt_names_before_it_exists(far: Account) -> None:
    far.specs["new"] = campaign("New", scheduled_time=FAR, description="another")
    far.halt("new")
    found = row(far, "new").halt
    assert found is not None
    assert (found.key, found.reason) == ("new", "wrong price")
    assert row(far, "far").halt is None


def test_a_campaign_that_is_gone_has_its_recorded_name(far: Account) -> None:
    other = campaign("Other", scheduled_time=FAR, description="another")
    far.specs["other"] = {**other, "messages": [{**PUSH, "name": "x"}]}
    far.apply()
    far.control.delete(far.id_of("far"))
    found = row(far, "far")
    assert (found.status, found.name, found.read, found.next_run) == ("missing", "Far", True, None)


def test_what_others_changed_has_the_time_of_it(far: Account) -> None:
    assert row(far, "far").changed_at is None
    far.control.edit(far.id_of("far"), {"description": "theirs"})
    found = row(far, "far")
    assert (found.drift, [field.path for field in found.unmanaged]) == ((), ["description"])
    assert found.changed_at is not None


def test_what_differs_from_what_was_applied_is_drift(far: Account) -> None:
    far.control.edit(far.id_of("far"), name="Theirs", scheduled_time="2036-05-01 10:00:00")
    found = row(far, "far")
    assert sorted(field.path for field in found.drift) == ["name", "scheduled_time"]
    assert (found.name, found.next_run) == ("Theirs", "2036-05-01T10:00:00Z")
    assert found.changed_at is not None


def test_a_status_that_is_not_known_is_shown_as_it_is(far: Account) -> None:
    far.control.edit(far.id_of("far"), status="thawing")
    assert row(far, "far").status == "thawing"


def test_what_no_read_has_confirmed(far: Account) -> None:
    far.control.switch(never_echoed=["deal_id"])
    far.specs["far"] = campaign("Far", scheduled_time=FAR, deal_id="4")
    far.apply()
    assert row(far, "far").unconfirmed == ("deal_id",)


def test_a_clock_that_is_wrong_is_noted(far: Account) -> None:
    with far.on_another_machine(timedelta(minutes=5)) as other:
        (note,) = report(other).notes
    assert "this machine's clock says" in note


@pytest.mark.parametrize(
    "when", [{"scheduled_time": "2036-07-01 10:00:00"}, {"recurrence": {"cron": weekly()}}]
)
def test_a_test_that_waits_names_its_messages(far: Account, when: dict[str, Any]) -> None:
    far.specs["test"] = split_test(**when)
    far.apply()
    assert (row(far, "test").decide, row(far, "test").decide_run) == ((), None)
    far.control.edit(far.id_of("test"), status="needs_decision", run_counter=2)
    found = row(far, "test")
    assert found.decide == ("one", "two")
    assert found.decide_run == (2 if "recurrence" in when else None)


def test_what_is_over_is_not_read(far: Account) -> None:
    far.control.edit(far.id_of("far"), status="canceled")
    far.specs["other"] = campaign("Other", is_draft=True)
    far.apply()
    assert {one.key: one.read for one in report(far).rows} == {"far": False, "other": True}
    del far.specs["other"]
    far.apply()
    mark = far.mark
    wiring = replace(far.wiring, api=None)
    (found,) = status(wiring, far.desired).rows
    assert (found.status, found.read, found.next_run) == ("canceled", False, None)
    assert far.control.requests(mark) == []


def test_the_live_status_needs_a_token_and_the_right_api(far: Account) -> None:
    with pytest.raises(CampaignctlError, match="the live status needs a token"):
        status(replace(far.wiring, api=None), far.desired)
    other = replace(far.state, account=replace(far.state.account, url="https://other.example"))
    far.place.put_document(encode(other).encode())
    with pytest.raises(AccountMismatch, match=r"this state belongs to https://other\.example"):
        report(far)


def test_the_state_of_another_environment_is_refused(far: Account) -> None:
    far.project = replace(far.project, environment="staging")
    with pytest.raises(AccountMismatch):
        report(far)


def test_a_stop_mark_that_cannot_be_read_is_said_first(far: Account) -> None:
    far.halt("far")
    (path,) = far.place.path.parent.glob("*halts*")
    path.write_text("{", encoding="utf-8")
    (note,) = report(far).notes
    assert note.startswith("it may be halted: ")
    assert "campaignctl halt --lift" in note


def test_without_a_state_every_campaign_is_not_created(late: Account) -> None:
    late.specs = {"far": campaign("Far", scheduled_time=FAR)}
    assert [(one.key, one.status) for one in report(late).rows] == [("far", "not created")]


# -------------------------------------------------------------------------------- campaigns of no state


def unmanaged_of(state: State | None, *items: Item, **project: Any) -> UnmanagedReport:
    with direct(state, Script(items), replace(PROJECT, **project)) as one:
        return unmanaged(one.wiring, DesiredState(PROJECT, {}, "d"))


def test_campaigns_of_no_state_are_told_with_how_many_others_made() -> None:
    over = (item("8", "sent"), item("7", "canceled"))
    found = unmanaged_of(known(), item("9"), *over, item("1"), ours("6"), item("5", "draft"))
    assert [row.id for row in found.rows] == ["9", "5"]
    assert (found.looked_at, found.elsewhere) == (4, 1)
    assert unmanaged_of(None, item("9")).rows[0].can_send


@pytest.mark.parametrize(
    ("state", "project"),
    [
        (known(environment="staging"), {}),
        (known(account=Place("https://other.example", "6197120", markers=True)), {}),
        (known(account=Place(URL, "1", markers=True)), {}),
        (None, {"company_id": "1"}),
    ],
)
def test_campaigns_of_another_account_are_not_told(state: Any, project: dict[str, Any]) -> None:
    with pytest.raises(AccountMismatch):
        unmanaged_of(state, item("9"), **project)
