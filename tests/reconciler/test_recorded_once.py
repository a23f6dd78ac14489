"""What an apply records next to its changes: missed times, what was sent meanwhile, the project's id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.reconciler.run import empty_state, new_uuid, used_up, without_id
from campaignctl.schedule.times import iso
from campaignctl.state.codec import encode
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Record
from tests.plan.planning import DRAFT, ID, IMMEDIATE, KEY, MANUAL, RECURRING, SCHEDULED, record, state
from tests.reconciler.account import Account, campaign

NOW = datetime(2036, 1, 1, tzinfo=UTC)
PAST = campaign("Past", scheduled_time="2035-12-31 10:00:00")
BEGAN = "2035-12-31T10:00:00Z"


def test_a_missed_time_is_recorded_once_and_forgotten_with_the_create(late: Account) -> None:
    late.specs = {"past": PAST}
    outcome = late.apply()
    assert [(one.key, one.status) for one in outcome.blocked] == [("past", "missed")]
    assert late.state.missed == {"past": body_digest(PAST)}, "also in a new state"
    assert late.state.campaigns == {}
    serial = late.state.serial
    assert late.apply().blocked == ()
    assert late.state.serial == serial
    late.specs["past"] = {**PAST, "scheduled_time": "2036-06-01 10:00:00"}
    assert late.outcomes() == {"past": "done"}
    assert late.state.missed == {}


def test_a_missed_time_alone_is_recorded_in_a_state_that_is_there(late: Account) -> None:
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    late.specs["past"] = PAST
    assert [(one.key, one.status) for one in late.apply().blocked] == [("past", "missed")]
    assert late.state.missed == {"past": body_digest(PAST)}
    assert set(late.state.campaigns) == {"hand"}
    assert late.apply().blocked == ()


@pytest.mark.parametrize(
    ("known", "counts"),
    [
        (record(IMMEDIATE, "scheduled"), True),
        (record(SCHEDULED, "scheduled"), False),
        (record(SCHEDULED, "running"), True),
        (record(SCHEDULED, "sent"), True),
        (record(MANUAL, "needs_decision"), True),
        (record(SCHEDULED, "paused"), False),
        (record(SCHEDULED, "canceled"), False),
        (record(SCHEDULED, "canceled", began=BEGAN), True),
        (record({**IMMEDIATE, "is_draft": True}, "draft"), False),
        (record(DRAFT, "draft"), False),
        (record(RECURRING, "sent", began=BEGAN), False),
        (record(RECURRING, "running"), False),
    ],
)
def test_one_off_campaigns_that_sent_or_began_are_in_the_ledger(known: Record, counts: bool) -> None:
    entries = used_up(state(), {KEY: known}, NOW)
    assert [(one.key, one.id, one.digest) for one in entries] == ([(KEY, ID, known.digest)] if counts else [])
    assert [one.sends for one in entries] == ([(known.began or iso(NOW),)] if counts else [])


def test_what_is_in_the_ledger_is_not_entered_again() -> None:
    sent = record(SCHEDULED, "sent")
    known = state(sent=(Sent(sent.digest, "other", "1", BEGAN),))
    assert used_up(known, {KEY: sent}, NOW) == ()


# --------------------------------------------------------------------------------- the project's id


@pytest.fixture(params=[None, "0123456789abcdef"])
def named(late: Account, request: pytest.FixtureRequest) -> Account:
    """A project with or without an id."""
    return replace(late, project=replace(late.project, id=request.param), events=[])


def said(account: Account) -> list[str]:
    return [event.text for event in account.events if "add this line to `metadata`" in event.text]


def test_a_new_state_has_the_id_of_its_project_or_says_what_to_add(named: Account) -> None:
    named.specs = {"hand": campaign("Hand")}
    named.apply()
    assert named.state.project_id == named.project.id
    assert len(said(named)) == (named.project.id is None)
    named.apply()
    assert len(said(named)) == (named.project.id is None), "once"


def test_a_state_learns_the_id_that_its_project_has_got(late: Account) -> None:
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    late.project = replace(late.project, id="0123456789abcdef")
    late.apply()
    assert late.state.project_id == "0123456789abcdef"


def test_a_state_that_is_behind_learns_no_id(late: Account) -> None:
    """The campaigns that it does not know may be another project's of the same name."""
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    older = encode(late.state)
    late.specs["new"] = campaign("New")
    late.apply()
    late.place.put_document(older.encode())
    late.project = replace(late.project, id="0123456789abcdef")
    late.apply()
    assert late.state.project_id is None


def test_an_empty_state_is_of_this_environment_and_account(late: Account) -> None:
    project = replace(late.project, environment="staging", id="0123456789abcdef")
    made = empty_state(replace(late.wiring, project=project))
    assert (made.environment, made.project_id, made.serial) == ("staging", "0123456789abcdef", 0)
    assert (made.account.url, made.account.company_id, made.stop_mark) == (late.api.url, None, False)
    assert made.tool_version == "0.1.0"
    late.halt()
    assert empty_state(late.wiring).stop_mark


def test_every_new_id_is_another_one(late: Account) -> None:
    ids = [new_uuid(late.wiring) for _ in range(3)]
    assert len({*ids}) == 3
    assert all(len(each) == 36 for each in ids)
    assert without_id(replace(late.wiring, project=replace(late.project, id="x"))) is None
    risk, line = without_id(late.wiring) or ("", "")
    assert late.project.name in risk
    assert line.startswith("add this line to `metadata` in campaignctl.yaml: id: ")
