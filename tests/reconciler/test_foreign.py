"""Campaigns of the account that the state does not know: which stop a change, and what is kept of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Owner
from campaignctl.diff import content
from campaignctl.errors import PlanRefused
from campaignctl.plan.model import Clone
from campaignctl.project.model import Override
from campaignctl.reconciler import foreign
from campaignctl.reconciler.state_ops import remove
from campaignctl.state.codec import encode
from campaignctl.state.model import Foreign, State
from tests.plan.planning import NOW, SCHEDULED, live, record, state
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
NOW_SPEC = campaign("Now", run_immediately=True)


def theirs(account: Account, spec: dict[str, Any], **more: Any) -> str:
    """A campaign that someone makes in the dashboard."""
    made: str = account.control.create({**spec, "name": "Theirs", **more}, company_id="6197120")["id"]
    return made


def known(account: Account) -> None:
    """A first apply, so that there is a state."""
    account.specs = {"first": campaign("First", is_draft=True)}
    account.apply()


def blocked(account: Account, **options: Any) -> dict[str, str]:
    """What an apply leaves alone, after its plan has said the same."""
    said = {each.key: each.reason for each in account.plan(**options).blocked}
    did = {each.key: each.reason for each in account.apply(**options).blocked}
    assert said == did
    return did


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "needs_decision", "thawing", "sent"])
@pytest.mark.parametrize("first", [True, False])
def test_a_campaign_of_others_with_this_content_stops_a_create(
    account: Account, status: str, first: bool
) -> None:
    if not first:
        known(account)
    other = theirs(account, FAR)
    account.control.edit(other, status=status)
    account.specs |= {"far": FAR}
    assert blocked(account)["far"].startswith(f"{other}, unknown to this state, has this content")
    assert 'write `adopt: "' in account.plan().blocked[0].hint
    assert account.outcomes(overrides=("resend",)) == {"far": "done"}


@pytest.mark.parametrize("status", ["draft", "canceled"])
def test_one_that_cannot_send_does_not(account: Account, status: str) -> None:
    known(account)
    account.control.edit(theirs(account, FAR), status=status)
    account.specs |= {"far": FAR}
    assert account.outcomes() == {"far": "done"}


def test_one_with_another_time_is_named(account: Account) -> None:
    known(account)
    other = theirs(account, FAR, scheduled_time="2036-07-01 10:00:00")
    account.specs |= {"far": FAR}
    (change,) = account.plan().changes
    assert any(f"repeats {other}" in warning for warning in change.warnings)
    assert account.outcomes() == {"far": "done"}


def test_one_that_is_older_than_the_mark_is_known_from_the_state(account: Account) -> None:
    other = theirs(account, FAR)
    known(account)
    assert account.state.foreign[other].content == content(FAR)
    account.control.switch(page_size_fixed=10)
    for number in range(25):
        theirs(account, campaign(str(number), is_draft=True))
    account.apply()
    mark = account.mark
    account.specs |= {"far": FAR}
    assert "far" in blocked(account)
    reads = [each["path"] for each in account.control.requests(mark)]
    assert any(path.endswith(other) for path in reads), "it is read again before it blocks"
    account.control.edit(other, status="canceled")
    assert account.outcomes() == {"far": "done"}
    assert account.state.foreign[other].status == "canceled"


def test_a_campaign_without_our_marker_in_a_lost_state_is_found_by_its_content(account: Account) -> None:
    account.project = replace(account.project, api=replace(account.project.api, markers=False))
    account.specs = {"first": campaign("First", is_draft=True), "far": FAR, "now": NOW_SPEC}
    account.apply()
    account.place.path.unlink()
    assert set(blocked(account)) == {"far", "now"}


def test_an_update_that_arms_is_stopped_too(account: Account) -> None:
    account.specs = {"k": {**FAR, "is_draft": True}}
    account.apply()
    theirs(account, FAR)
    account.specs = {"k": FAR}
    assert set(blocked(account)) == {"k"}


def test_texts_that_the_api_rewrites_do_not_hide_it(account: Account) -> None:
    email = {
        "sender_name": "A",
        "sender_email": "a@example.com",
        "subject": "Hi",
        "html": {"en": "<p>Hi</p>"},
    }
    mail = {"name": "m", "channel": "email", "integration_id": "1830", "email": email}
    spec = {**FAR, "messages": [mail]}
    known(account)
    other = {**mail, "email": {**email, "html": {"en": '<p>A</p><img src="https://pixel">'}}}
    theirs(account, {**spec, "messages": [other]})
    account.specs |= {"far": spec}
    account.lifecycles = {"far": Lifecycle(accept_stored=("messages/*/email/html",))}
    assert set(blocked(account)) == {"far"}


@pytest.mark.parametrize(
    ("name", "at", "found"),
    [("Far", "2036-09-01", True), ("Other", "2036-06-01", True), ("Other", "2036-09-01", False)],
)
def test_without_messages_in_the_list_it_is_read_by_name_or_time(
    account: Account, name: str, at: str, found: bool
) -> None:
    account.project = replace(account.project, api=replace(account.project.api, markers=False))
    known(account)
    account.control.switch(never_listed=["messages"])
    other = theirs(account, FAR, name=name, scheduled_time=f"{at} 09:00:00")
    account.specs |= {"far": FAR}
    mark = account.mark
    account.plan()
    assert any(each["path"].endswith(other) for each in account.control.requests(mark)) is found


@pytest.mark.parametrize(
    ("spec", "ours", "found"),
    [
        ({"recurrence": {"cron": "0 9 1 1 *"}}, {"recurrence": {"cron": "0 9 1 7 *"}}, True),
        ({"scheduled_time": "2036-03-01 09:00:00"}, {"recurrence": {"cron": "0 9 1 7 *"}}, False),
        ({"scheduled_time": "2036-07-01 12:00:00"}, {"recurrence": {"cron": "0 9 1 7 *"}}, True),
        ({"recurrence": {"cron": "0 9 1 7 *"}}, {"scheduled_time": "2036-03-01 09:00:00"}, False),
    ],
)
def test_two_recurrences_may_always_meet(
    account: Account, spec: dict[str, Any], ours: dict[str, Any], found: bool
) -> None:
    account.project = replace(account.project, api=replace(account.project.api, markers=False))
    known(account)
    account.control.switch(never_listed=["messages"])
    plain = {name: value for name, value in FAR.items() if name != "scheduled_time"}
    other = theirs(account, {**plain, **spec}, name="Other")
    account.specs |= {"far": {**plain, **ours}}
    mark = account.mark
    account.plan()
    assert any(each["path"].endswith(other) for each in account.control.requests(mark)) is found


def test_reads_by_id_are_bounded_and_the_rest_is_named(account: Account) -> None:
    account.project = replace(account.project, api=replace(account.project.api, markers=False))
    known(account)
    account.control.switch(never_listed=["messages"])
    for _ in range(22):
        theirs(account, FAR)
    account.specs |= {"far": {**FAR, "name": "Theirs"}}
    mark = account.mark
    plan = account.plan()
    assert "2 campaigns of the account not compared: the list shows no messages" in plan.notes
    assert len(account.control.requests(mark)) <= 23


def test_a_saved_plan_is_refused_for_one_that_was_made_since(account: Account) -> None:
    known(account)
    account.specs |= {"far": FAR}
    plan = account.plan()
    theirs(account, FAR)
    with pytest.raises(PlanRefused, match="has this content"):
        account.apply_saved(plan)


def test_a_saved_plan_whose_second_send_was_asked_for_is_applied(account: Account) -> None:
    known(account)
    theirs(account, FAR)
    account.specs |= {"far": FAR}
    assert account.apply_saved(account.plan(overrides=("resend",))).result == "done"


def test_an_override_against_an_environment_lifts_its_campaigns_alone(account: Account) -> None:
    until = datetime(2036, 1, 1, tzinfo=UTC)
    staging = replace(account.project, environment="staging", environment_names=("staging",))
    made = Owner(staging.name, staging.id, "staging").marker("far", "0123456789abcdef")
    known(account)
    theirs(account, FAR, metadata={"campaignctl": str(made)})
    account.specs |= {"far": FAR}
    assert set(blocked(account)) == {"far"}
    entry = Override("resend", ("far",), until, "a copy", against="staging")
    account.project = replace(account.project, overrides=(entry,))
    plan = account.plan()
    assert [change.deliberate_resend for change in plan.changes] == [True]
    assert [(one.name, one.keys, one.reason) for one in plan.lifted] == [("resend", ("far",), "a copy")]
    for other in (theirs(account, FAR), theirs(account, FAR, metadata={"campaignctl": str(made)})):
        assert set(blocked(account)) == {"far"}, f"not all are campaigns of staging: {other}"


# ------------------------------------------------------------------------------------- what is kept of them


def at(days: int) -> str:
    return f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def seen(status: str, days: int, **more: Any) -> Live:
    """A campaign that sends so many days from now."""
    time = f"{NOW + timedelta(days=days):%Y-%m-%d %H:%M:%S}"
    return live({**SCHEDULED, "scheduled_time": time}, status, "9", **more)


def kept(lives: dict[str, Live | None], known: State | None = None) -> dict[str, Foreign | None]:
    return foreign.noted(lives, (), known or state(), NOW)


@pytest.mark.parametrize(
    ("status", "days", "keeps"),
    [
        ("scheduled", 5, True),
        ("paused", -40, True),
        ("sent", -29, True),
        ("sent", -31, False),
        ("canceled", 5, False),
    ],
)
def test_what_can_send_or_was_sent_within_a_month_is_kept(status: str, days: int, keeps: bool) -> None:
    found = kept({"9": seen(status, days)})
    expected = Foreign(status, at(0), content(SCHEDULED), (at(days),))
    assert found == ({"9": expected} if keeps else {})


def test_an_unchanged_entry_is_not_written_again() -> None:
    entry = Foreign("scheduled", at(-1), content(SCHEDULED), (at(5),))
    assert kept({"9": seen("scheduled", 5)}, state(foreign={"9": entry})) == {}
    assert kept({"9": seen("paused", 5)}, state(foreign={"9": entry}))["9"] == replace(
        entry, status="paused", at=at(0)
    )


def test_a_final_entry_goes_after_a_month_and_so_does_one_that_is_known_by_now() -> None:
    old = Foreign("sent", at(-31), "c", (at(-31),))
    assert kept({}, state(foreign={"9": old})) == {"9": None}
    assert kept({}, state(foreign={"9": replace(old, sends=(at(-3),))})) == {}
    mine = state({"k": record(SCHEDULED, campaign_id="9")}, foreign={"9": replace(old, status="scheduled")})
    assert kept({}, mine) == {"9": None}
    assert kept({"9": None}, state(foreign={"9": replace(old, status="scheduled")})) == {"9": None}


def test_one_that_is_gone_is_kept_for_a_month_if_it_was_due() -> None:
    entry = Foreign("scheduled", at(-5), "c", (at(-3), at(4)))
    lost = replace(entry, status="missing", sends=(at(-3),))
    assert kept({"9": None}, state(foreign={"9": entry})) == {"9": lost}
    assert kept({"9": None}, state(foreign={"9": lost})) == {"9": lost}
    assert kept({"9": None}, state(foreign={"9": replace(entry, sends=(at(4),))})) == {"9": None}
    assert kept({}, state(foreign={"9": replace(lost, sends=(at(-31),))})) == {"9": None}


def test_a_clone_stays_until_it_is_final_and_old() -> None:
    clone = Clone("9", "k", "draft")
    assert foreign.noted({}, (clone,), state(), NOW) == {"9": Foreign("draft", at(0))}
    draft = Foreign("draft", at(-90))
    assert (
        foreign.noted({"9": live(SCHEDULED, "draft", "9")}, (clone,), state(foreign={"9": draft}), NOW)["9"]
        is not None
    )
    assert kept({}, state(foreign={"9": Foreign("canceled", at(-31))})) == {"9": None}


def test_those_that_are_overdue_are_read_again_a_few_at_a_time() -> None:
    entry = Foreign("scheduled", at(-60), "c", (at(-31),))
    many = state(foreign={str(number): entry for number in range(9)})
    assert len(foreign.overdue(many, {}, NOW)) == 5
    for other in (
        replace(entry, recurs=True),
        replace(entry, status="sent"),
        replace(entry, at=at(-3)),
        replace(entry, sends=(at(-3),)),
    ):
        assert foreign.overdue(state(foreign={"9": other}), {}, NOW) == []
    assert foreign.overdue(many, dict.fromkeys(map(str, range(9))), NOW) == []


def test_an_apply_reads_what_is_overdue_and_forgets_what_is_gone(late: Account) -> None:
    known(late)
    old = f"{late.clock.now() - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"
    entry = Foreign("scheduled", old, "c", (old,))
    late.place.put_document(encode(replace(late.state, foreign={"999": entry})).encode())
    mark = late.mark
    late.apply()
    assert any(each["path"].endswith("/999") for each in late.control.requests(mark))
    assert late.state.foreign == {}


@pytest.mark.parametrize("hours", [-1, 1])
def test_what_was_forgotten_and_then_deleted_may_have_been_sent_in_between(late: Account, hours: int) -> None:
    """Nothing tells what it did; only a person knows, and says so."""
    due = late.clock.now() + timedelta(days=2)
    late.specs = {"a": campaign("Far", scheduled_time=f"{due:%Y-%m-%d %H:%M:%S}")}
    late.apply()
    campaign_id = late.id_of("a")
    remove(late.wiring, "a")
    late.clock.wait(due - timedelta(hours=hours) - late.clock.now())
    late.control.delete(campaign_id)
    tonight = f"{due + timedelta(hours=5):%Y-%m-%d %H:%M:%S}"
    late.specs = {"b": {**campaign("Far", scheduled_time=tonight), "name": "Again"}, "c": campaign("Other")}
    late.apply()
    mark = late.mark
    if hours > 0:
        assert blocked(late) == {}
        assert "b" in late.state.campaigns
        return
    assert list(blocked(late)) == ["b"]
    assert late.writes(mark) == []
    assert late.outcomes(overrides=("resend",)) == {"b": "done"}
