"""What is recorded of a created campaign, and what its answer tells of the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import AccountMismatch, Interrupted, StateError
from campaignctl.plan import records
from campaignctl.reconciler.created import created, learn_markers
from campaignctl.state.model import AT_ONCE, Account, Entry, Intent, Record
from tests.plan.planning import ID, IMMEDIATE, KEY, NOW, SCHEDULED, Spec, intent, record, state
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Shown, direct

COMPANY = "6197120"
MARK = {"campaignctl": str(PROJECT.owner.marker(KEY, "intent-pending"))}
LATER = intent(SCHEDULED, first_send="2036-12-24T10:00:00Z")
NOW_SENT = intent(IMMEDIATE, first_send=AT_ONCE)


def answer(spec: Spec = SCHEDULED, company: str | None = COMPANY, **fields: Any) -> Item:
    shown = {name: value for name, value in spec.items() if name != "run_immediately"}
    whole = {**shown, "id": ID, "status": "scheduled", "metadata": MARK, "company_id": company, **fields}
    return {name: value for name, value in whole.items() if value is not None}


def live(*args: Any, **fields: Any) -> Live:
    return Live(ID, answer(*args, **fields), complete=True)


@pytest.fixture
def known() -> Iterator[Direct]:
    """An account whose company and markers are known, and an open create."""
    account = Account(URL, COMPANY, markers=True)
    with direct(replace(state(pending={KEY: LATER}, missed={KEY: "d"}), account=account)) as one:
        yield one


def learnt(one: Direct, company: str | None, markers: bool | None, **project: Any) -> None:
    """The account is known so far."""
    one.kept.state = replace(one.state, account=Account(URL, company, markers))
    one.wiring = replace(one.wiring, project=replace(one.wiring.project, **project))


def test_it_is_recorded_in_one_step_without_its_intent(known: Direct) -> None:
    made = created(known.run(company=COMPANY), KEY, LATER, live())
    (step,) = known.kept.steps
    assert step.records == {KEY: made}
    assert (step.intents, step.missed, step.account) == ({KEY: None}, {KEY: None}, None)
    assert (step.sent, step.released) == ((), ())
    assert (made.id, made.intent, dict(made.applied)) == (ID, "intent-pending", SCHEDULED)
    assert (known.script.asked, known.said) == ([], [])


def test_what_sends_at_once_is_in_the_ledger_in_the_same_step(known: Direct) -> None:
    created(known.run(company=COMPANY), KEY, NOW_SENT, live(IMMEDIATE))
    (step,) = known.kept.steps
    (sent,) = step.sent
    assert (sent.key, sent.id, sent.digest, sent.at_once) == (KEY, ID, NOW_SENT.digest, True)


@pytest.mark.parametrize(("old", "released"), [("7", ["7"]), (ID, [])])
def test_an_earlier_campaign_of_the_key_is_released(known: Direct, old: str, released: list[str]) -> None:
    known.kept.state = replace(known.state, campaigns={KEY: record(SCHEDULED, "sent", old)})
    created(known.run(company=COMPANY), KEY, LATER, live())
    (step,) = known.kept.steps
    assert [(one.key, one.id, one.status) for one in step.released] == [
        (KEY, one, "sent") for one in released
    ]
    assert known.state.campaigns[KEY].id == ID


@pytest.mark.parametrize("other", ["other", KEY])
def test_the_campaign_of_another_key_is_not_recorded_again(known: Direct, other: str) -> None:
    known.kept.state = replace(
        known.state, campaigns={"x": record(SCHEDULED, "x", "x"), other: record(SCHEDULED)}
    )
    if other == KEY:
        assert created(known.run(company=COMPANY), KEY, LATER, live()).id == ID
        return
    with pytest.raises(StateError, match=f"{ID}, which is recorded as other") as refused:
        created(known.run(company=COMPANY), KEY, LATER, live())
    assert f"state resolve {KEY} --retry" in refused.value.hint
    assert known.kept.steps == []


# ------------------------------------------------------------------------- what it tells of the account


@pytest.mark.parametrize(
    ("before", "markers", "shown", "after", "reads", "steps"),
    [
        ((None, None), True, (COMPANY, MARK), (COMPANY, True), 0, 1),
        ((COMPANY, None), True, (None, MARK), (COMPANY, True), 1, 1),
        ((COMPANY, None), True, (COMPANY, None), (COMPANY, False), 1, 2),
        ((None, None), True, (None, None), (None, False), 1, 2),
        ((None, None), False, (COMPANY, None), (COMPANY, False), 0, 1),
        ((None, None), False, (COMPANY, MARK), (COMPANY, False), 0, 1),
        ((COMPANY, False), True, (COMPANY, MARK), (COMPANY, False), 0, 1),
        ((COMPANY, True), False, (COMPANY, None), (COMPANY, True), 0, 1),
    ],
)
def test_an_answer_tells_the_company_and_whether_markers_come_back(
    known: Direct,
    before: tuple[str | None, bool | None],
    markers: bool,
    shown: tuple[str | None, Item | None],
    after: tuple[str | None, bool | None],
    reads: int,
    steps: int,
) -> None:
    learnt(known, *before, api=replace(known.wiring.project.api, markers=markers))
    company, metadata = shown
    known.script.by_id = {ID: answer(company=company, metadata=metadata)}
    created(known.run(), KEY, LATER, live(company=company, metadata=metadata))
    assert (known.state.account.company_id, known.state.account.markers) == after
    assert known.script.asked == [ID] * reads
    assert len(known.kept.steps) == steps


@pytest.mark.parametrize(("markers", "notes"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("in_answer", [True, False])
def test_markers_that_do_not_come_back_are_said_once(
    known: Direct, markers: bool, in_answer: bool, notes: int
) -> None:
    metadata = MARK if markers else None
    learnt(known, COMPANY, None, api=replace(known.wiring.project.api, markers=markers or not in_answer))
    known.script.by_id = {ID: answer(metadata=metadata)}
    created(known.run(company=COMPANY), KEY, LATER, live(metadata=metadata if in_answer else None))
    assert len(known.said) == notes
    created(known.run(company=COMPANY), KEY, LATER, live(metadata=metadata))
    learn_markers(known.run(), shows=False)
    assert (len(known.said), known.state.account.markers) == (notes, markers)


def test_what_an_answer_left_out_is_read_by_id_and_observed(known: Direct) -> None:
    learnt(known, None, None)
    known.script.by_id = {ID: answer()}
    serial = known.state.serial
    run = known.run()
    created(run, KEY, LATER, live(company=None, metadata=None))
    assert (known.state.account, run.proven) == (Account(URL, COMPANY, markers=True), True)
    assert known.state.serial == serial + 1, "the create; what was read voids no saved plan"


@pytest.mark.parametrize("shown", [None, 403])
def test_a_read_that_fails_leaves_it_to_the_next_create(known: Direct, shown: Shown) -> None:
    learnt(known, None, None)
    known.script.by_id = {ID: shown}
    created(known.run(), KEY, LATER, live(company=None, metadata=None))
    assert known.state.account == Account(URL)
    assert known.state.campaigns[KEY].id == ID


def test_an_account_that_a_read_has_proven_is_not_read_again(known: Direct) -> None:
    created(known.run(company=COMPANY), KEY, LATER, live(company=None))
    assert known.script.asked == []
    known.script.by_id = {ID: answer()}
    run = known.run()
    created(run, KEY, LATER, live(company=None))
    assert (known.script.asked, run.proven) == ([ID], True)


# ------------------------------------------------------------------------------------------- another company


Prepared = Callable[[Direct], None]
GONE = answer(status="canceled")


def wrong(one: Direct, status: str = "scheduled", lost: Intent = LATER, **fields: Any) -> AccountMismatch:
    """What is said of a create that landed in company 7."""
    with pytest.raises(AccountMismatch) as refused:
        created(one.run(), KEY, lost, live(lost.spec, "7", status=status, **fields))
    assert "created in company 7, not in 6197120" in str(refused.value)
    return refused.value


@pytest.mark.parametrize(
    ("status", "after", "asked", "recorded", "hint"),
    [
        ("scheduled", GONE, ["cancel", ID], "canceled", "set the right OCAMBA_TOKEN"),
        ("scheduled", [answer(), answer(), GONE], ["cancel", ID, ID, ID], "canceled", "set the right"),
        (
            "scheduled",
            answer(),
            ["cancel", ID, ID, ID],
            "scheduled",
            f"cancel {ID} in the dashboard of company 7",
        ),
        ("scheduled", None, ["cancel", ID], "scheduled", f"cancel {ID} in the dashboard of company 7"),
        ("draft", None, [], "draft", f"look at {ID} in the dashboard of company 7"),
        ("sent", None, [], "sent", f"look at {ID} in the dashboard of company 7"),
    ],
)
def test_a_create_in_another_company_is_canceled_and_not_recorded(
    known: Direct, status: str, after: Shown | list[Shown], asked: list[str], recorded: str, hint: str
) -> None:
    known.script.by_id = {ID: after}
    error = wrong(known, status)
    assert known.script.asked == asked
    (step,) = known.kept.steps
    assert (step.records, step.intents, step.sent) == ({}, {KEY: None}, ())
    (gone,) = step.released
    assert (gone.key, gone.id, gone.intent, gone.digest, gone.status) == (
        (KEY, ID, LATER.intent, LATER.digest, recorded)
    )
    assert error.hint.startswith(hint)
    assert error.hint.endswith("set the right OCAMBA_TOKEN, then apply again")
    assert error.detail == f"it is {recorded} there, and nothing else was sent"


def test_one_that_was_sent_there_is_in_the_ledger(known: Direct) -> None:
    wrong(known, "sent", NOW_SENT)
    assert [one.id for one in known.kept.steps[0].sent] == [ID]


@pytest.mark.parametrize(("status", "read"), [(422, answer()), (None, 403)])
def test_a_cancel_that_cannot_be_made_or_read_is_left_to_a_person(
    known: Direct, status: int | None, read: Shown
) -> None:
    known.script.refuses = {"cancel": status} if status else {}
    known.script.by_id = {ID: read}
    assert f"cancel {ID}" in wrong(known).hint
    assert known.kept.steps[0].released[0].status == "scheduled"


@pytest.mark.parametrize("status", [422, 500])
def test_a_cancel_that_took_effect_whatever_its_answer_is_known_as_such(known: Direct, status: int) -> None:
    known.script.refuses = {"cancel": status}
    known.script.by_id = {ID: [answer(), GONE]}
    assert wrong(known).hint.startswith("set the right OCAMBA_TOKEN")
    assert known.kept.steps[0].released[0].status == "canceled"


def test_without_the_lock_it_is_not_canceled(known: Direct) -> None:
    known.kept.lost = Interrupted("stop")
    assert f"cancel {ID}" in wrong(known).hint
    assert known.script.asked == []


@pytest.mark.parametrize("pinned", [True, False])
def test_the_company_is_that_of_the_state_else_the_pinned_one(known: Direct, pinned: bool) -> None:
    known.script.by_id = {ID: answer(status="canceled")}
    if pinned:
        learnt(known, None, True, company_id=COMPANY)
    else:
        learnt(known, COMPANY, True, company_id="7")
    wrong(known)
    learnt(known, None, True, company_id=None)
    run = known.run()
    created(run, KEY, LATER, live(company="7"))
    assert (known.state.account.company_id, run.proven) == ("7", True)


def test_a_read_that_shows_another_company_takes_the_record_back(known: Direct) -> None:
    known.script.by_id = {ID: [answer(company="7"), answer(status="canceled", company="7")]}
    with pytest.raises(AccountMismatch):
        created(known.run(), KEY, LATER, live(company=None))
    assert known.script.asked == [ID, "cancel", ID]
    assert known.state.campaigns == {}
    assert [one.status for one in known.state.released] == ["canceled"]


def test_an_older_record_of_the_key_stays(known: Direct) -> None:
    old: Record = record(SCHEDULED, "sent", "7")
    known.kept.state = replace(known.state, campaigns={KEY: old})
    known.script.by_id = {ID: answer(status="canceled")}
    wrong(known)
    assert known.state.campaigns == {KEY: old}


def test_the_record_is_what_the_answer_shows(known: Direct) -> None:
    hidden = ("deal_id",)
    project = known.wiring.project
    known.wiring = replace(known.wiring, project=replace(project, api=replace(project.api, hidden=hidden)))
    run = known.run(company=COMPANY)
    made = created(run, KEY, LATER, live())
    assert made == records.created(LATER, live(), run.now(), hidden)
    assert known.kept.steps == [Entry(records={KEY: made}, intents={KEY: None}, missed={KEY: None})]
    assert made.created_at == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
