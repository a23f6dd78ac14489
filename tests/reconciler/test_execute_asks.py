"""How a plan is carried out: in which order, what is looked for again, and what its outcome says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import AccountMismatch, Command, LockLost, Sentence, StateError, StateNotSaved
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Change, Plan, Request
from campaignctl.reconciler.adopt import import_campaign
from campaignctl.reconciler.execute import execute
from campaignctl.reconciler.formats import migrate_format
from campaignctl.reconciler.intents import written
from campaignctl.reconciler.opening import Opening, Scan
from campaignctl.reconciler.settle import cancel_copies, settle
from campaignctl.reconciler.state_ops import resolve
from campaignctl.review.outcome import Outcome
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import format_gmt, iso
from campaignctl.state.ledger import Released, Year
from campaignctl.state.model import FORMAT_VERSION, Account, Foreign, State
from campaignctl.state.proofs import Proof
from campaignctl.state.years import encode_year
from tests.plan.planning import (
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    SCHEDULED,
    Spec,
    intent,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.reconciler.performing import (
    COMPANY,
    FIRE,
    PAUSE,
    UPDATE,
    create,
    here,
    item,
    pending,
    replacement,
)
from tests.reconciler.scripted import PROJECT, URL, Direct, Kept, Script, Shown, direct
from tests.state.documents import filled
from tests.state.test_archive import of

HOUR = timedelta(hours=1)


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here(), Script([{**item(), "id": "1"}])) as one:
        yield one


def plan(*changes: Change, **more: Any) -> Plan:
    return replace(plan_of(), changes=changes, **more)


def carried_out(one: Direct, wanted: Plan, known: State, company: str | None = COMPANY) -> Outcome:
    one.kept.state = known
    return execute(one.run(company=company), wanted)


# ----------------------------------------------------------------------------------------- which goes first


FAR = create(SCHEDULED, "far")
FARTHER = create(own({**SCHEDULED, "scheduled_time": "2037-12-24 10:00:00"}, "Farther"), "farther")
QUIET = create(own(MANUAL, "Quiet"), "quiet")


@pytest.mark.parametrize(
    ("account", "company", "order"),
    [
        (Account(URL, COMPANY, markers=True), COMPANY, ["far", "farther", "quiet"]),
        (Account(URL, COMPANY, markers=None), COMPANY, ["quiet", "far", "farther"]),
        (Account(URL, None, markers=True), COMPANY, ["quiet", "far", "farther"]),
        (Account(URL, COMPANY, markers=True), None, ["quiet", "far", "farther"]),
    ],
)
def test_what_cannot_send_proves_a_new_account(
    known: Direct, account: Account, company: str | None, order: list[str]
) -> None:
    changes = (FAR, FARTHER, QUIET)
    before = replace(here(pending={each.key: pending(each) for each in changes}), account=account)
    mark = {"campaignctl": str(PROJECT.owner.marker("x", "intent-0001"))}
    specs = {each.key: dict(each.spec or {}) for each in changes}
    known.script.created = [
        {**item(specs[key]), "id": str(number), "metadata": mark} for number, key in enumerate(order, 1)
    ]
    outcome = carried_out(known, plan(*changes), before, company)
    assert {each.outcome for each in outcome.changes} == {"done"}
    assert list(known.state.campaigns) == order
    assert [each.key for each in outcome.changes] == ["far", "farther", "quiet"]


def test_of_those_that_can_send_the_last_one_proves_it(known: Direct) -> None:
    before = replace(
        here(pending={each.key: pending(each) for each in (FAR, FARTHER)}), account=Account(URL, COMPANY)
    )
    known.script.refuses = {"create": 401}
    outcome = carried_out(known, plan(FAR, FARTHER), before)
    assert [each.outcome for each in outcome.changes] == ["not_started", "failed"]
    assert known.script.asked == ["create"]


# ------------------------------------------------------------------------------------------- what is repeated


@pytest.mark.parametrize("seen", ["paused", "scheduled"])
def test_a_lost_pause_that_no_read_shows_is_sent_once_more(known: Direct, seen: str) -> None:
    known.script.refuses = {"pause": 500}
    known.script.by_id = {ID: item(status=seen)}
    outcome = carried_out(known, plan(PAUSE), here({KEY: record(SCHEDULED)}))
    assert known.script.asked.count("pause") == (1 if seen == "paused" else 2)
    assert outcome.changes[0].outcome == ("done" if seen == "paused" else "failed")


def test_a_pause_that_was_answered_and_is_not_shown_is_not_repeated(known: Direct) -> None:
    known.script.by_id = {ID: item()}
    outcome = carried_out(known, plan(PAUSE), here({KEY: record(SCHEDULED)}))
    assert known.script.asked.count("pause") == 1
    assert outcome.changes[0].outcome == "failed"


def test_an_update_that_was_lost_is_not_repeated(known: Direct) -> None:
    known.script.refuses = {"update": 500}
    known.script.by_id = {ID: item()}
    outcome = carried_out(known, plan(UPDATE), here({KEY: record(SCHEDULED)}))
    assert known.script.asked.count("update") == 1
    assert (outcome.result, outcome.changes[0].outcome) == ("incomplete", "failed")
    assert [str(each) for each in outcome.next] == ["campaignctl apply"]


def test_a_replacement_that_did_not_happen_is_asked_for_again(known: Direct) -> None:
    change = replacement()
    known.script.refuses, known.script.by_id = {"cancel": 500}, {ID: item()}
    intents = {KEY: pending(change, operation="replace")}
    outcome = carried_out(known, plan(change), here({KEY: record(SCHEDULED)}, pending=intents))
    assert "create" not in known.script.asked
    assert outcome.changes[0].outcome == "failed"
    assert [str(each) for each in outcome.next] == [f"campaignctl apply --replace {KEY}"]


@pytest.mark.parametrize(
    ("sends", "held"),
    [
        (Sends("manual"), True),
        (Sends("immediately"), True),
        (Sends("scheduled", (NOW + timedelta(hours=1),)), True),
        (Sends("scheduled", (NOW + timedelta(days=9),)), False),
    ],
)
def test_after_a_failure_what_arms_soon_or_at_an_unknown_time_waits(
    known: Direct, sends: Sends, held: bool
) -> None:
    known.script.refuses, known.script.by_id = {"pause": 422}, {ID: item(), "2": item()}
    arming = replace(UPDATE, key="b", id="2", arms=True, sends=sends, requests=(Request("update", "2", {}),))
    records = {KEY: record(SCHEDULED), "b": record(SCHEDULED, campaign_id="2")}
    outcome = carried_out(known, plan(PAUSE, arming), here(records))
    found = {each.key: each.outcome for each in outcome.changes}
    assert found[KEY] == "failed"
    assert (found["b"] == "not_started") is held
    assert ("update" in known.script.asked) is not held


def lost_draft(one: Direct) -> Outcome:
    """A create that cannot send by itself, whose answer is lost each time and that no list shows."""
    one.script.refuses = {"create": 500}
    one.script.items = [{**item(), "id": "1"}]
    return carried_out(one, plan(QUIET), here(pending={"quiet": pending(QUIET)}))


def test_a_lost_create_that_cannot_send_is_posted_once_more(known: Direct) -> None:
    outcome = lost_draft(known)
    assert known.script.asked.count("create") == 2
    (only,) = outcome.changes
    assert (only.outcome, known.state.pending["quiet"].phase) == ("unknown", "reposted")
    assert only.error is not None
    assert "create of quiet" in only.error.summary


@pytest.mark.parametrize("spec", [SCHEDULED, IMMEDIATE])
def test_a_lost_create_that_can_send_is_not_posted_again(known: Direct, spec: Spec) -> None:
    change = create(spec, "new")
    known.script.refuses = {"create": 500}
    outcome = carried_out(known, plan(change), here(pending={"new": pending(change)}))
    assert known.script.asked.count("create") == 1
    (only,) = outcome.changes
    assert only.outcome == "unknown"
    assert only.error is not None
    assert "campaignctl state resolve new" in only.error.hint
    assert any("state resolve new" in str(each) for each in outcome.next)


@pytest.mark.parametrize(
    ("spec", "markers", "said"),
    [(MANUAL, False, "it was not found"), (MANUAL, True, None), (SCHEDULED, False, "it may have sent")],
)
def test_a_lost_create_says_whether_it_may_have_sent(
    known: Direct, spec: Spec, markers: bool, said: str | None
) -> None:
    """Without markers nothing is posted again."""
    change = create(own(spec, "New"), "new")
    state = here(pending={"new": pending(change, phase="started", at=iso(NOW - HOUR))})
    known.kept.state = replace(state, account=replace(state.account, markers=markers))
    left = settle(known.run(company=COMPANY))
    assert left["new"].reason == f"the outcome of its create is unknown, and {said or 'it was not found'}"


def test_a_campaign_that_is_recorded_is_not_found_for_a_second_key(known: Direct) -> None:
    """As one that was imported while the create that made it was not settled."""
    change = create(own(SCHEDULED, "New"), "new")
    lost = pending(change, phase="started", at=iso(NOW - HOUR))
    mark = {"campaignctl": str(PROJECT.owner.marker("new", lost.intent))}
    known.script.items = [{**item(own(SCHEDULED, "New")), "id": "9", "metadata": mark}]
    known.kept.state = here({"old": record(own(SCHEDULED, "New"), campaign_id="9")}, pending={"new": lost})
    assert list(settle(known.run(company=COMPANY))) == ["new"]
    assert {key: each.id for key, each in known.state.campaigns.items()} == {"old": "9"}


def test_what_is_left_to_a_person_is_no_step_of_the_state(known: Direct) -> None:
    """A step without anything in it would void the plans that were reviewed."""
    lost = replace(written(FIRE, FIRE.requests[0], NOW), at=iso(NOW - HOUR))
    known.kept.state = here({KEY: record(MANUAL, "manual")}, pending={KEY: lost})
    known.script.by_id = {ID: item(MANUAL, "manual")}
    assert list(settle(known.run(company=COMPANY))) == [KEY]
    assert known.kept.steps == []


@pytest.mark.parametrize(
    ("why", "steps"), [(None, 1), (LockLost("gone"), 0), (StateNotSaved("the disk is full"), 0)]
)
def test_what_was_never_sent_is_dropped_while_the_state_can_be_saved(
    known: Direct, why: LockLost | StateNotSaved | None, steps: int
) -> None:
    known.kept.state = here(pending={"far": pending(FAR)})
    run = known.run(company=COMPANY)
    run.broken_off = why
    execute(run, plan())
    assert len(known.kept.steps) == steps
    assert run.broken_off is why


def test_without_the_lock_nothing_is_settled(known: Direct) -> None:
    known.script.refuses = {"update": 500}
    known.script.by_id = {ID: item({**SCHEDULED, "description": "new"})}

    def lose() -> None:
        known.kept.fails = LockLost("gone")

    known.kept.on_step = lose
    outcome = carried_out(known, plan(UPDATE), here({KEY: record(SCHEDULED)}))
    assert known.script.asked == ["update", ID]
    assert (outcome.result, known.state.pending[KEY].operation) == ("incomplete", "update")
    assert any("gone" in note for note in outcome.notes)


# --------------------------------------------------------------------------------------------- the outcome


def test_what_was_done_is_not_all_while_the_state_cannot_be_saved(known: Direct) -> None:
    known.script.by_id = {ID: item({**SCHEDULED, "description": "new"})}
    left = pending(create(own(SCHEDULED, "Other"), "other"))
    known.kept.full_after = 2
    outcome = carried_out(known, plan(UPDATE), here({KEY: record(SCHEDULED)}, pending={"other": left}))
    assert [each.outcome for each in outcome.changes] == ["done"]
    assert outcome.result == "incomplete"
    assert any("the disk is full" in note for note in outcome.notes)
    assert (outcome.lineage, outcome.serial) == (known.state.lineage, known.state.serial)


def test_a_refusal_alone_needs_no_other_command(known: Direct) -> None:
    known.script.refuses = {"update": 422}
    outcome = carried_out(known, plan(UPDATE), here({KEY: record(SCHEDULED)}))
    assert (outcome.result, outcome.next, outcome.notes) == ("incomplete", (), ())
    assert known.state.pending == {}


def test_what_is_unknown_names_the_first_command(known: Direct) -> None:
    """Though something else failed before it. Without markers a person has to look for what was lost."""
    known.script.refuses = {"update": 500, "create": 500}
    known.script.by_id = {ID: item()}
    new = create(own(SCHEDULED, "New"), "new")
    before = here({KEY: record(SCHEDULED)}, pending={"new": pending(new)})
    outcome = carried_out(
        known, plan(UPDATE, new), replace(before, account=replace(before.account, markers=False))
    )
    assert [each.outcome for each in outcome.changes] == ["failed", "unknown"]
    assert [str(each) for each in outcome.next] == [
        "campaignctl state resolve new --adopt ID",
        "campaignctl state resolve new --retry",
        "campaignctl apply",
    ]


@pytest.mark.parametrize(("before", "result"), [(False, "incomplete"), (True, "done")])
def test_what_was_blocked_before_is_no_news(known: Direct, before: bool, result: str) -> None:
    blocked = plan_of(known=state({KEY: record(SCHEDULED, "needs_decision")})).blocked[0]
    outcome = carried_out(known, plan(blocked=(replace(blocked, before=before),)), here())
    assert (outcome.result, len(outcome.blocked)) == (result, 1)


def test_what_is_blocked_names_its_command_before_the_next_apply(known: Direct) -> None:
    blocked = plan_of(known=state({KEY: record(SCHEDULED, "needs_decision")})).blocked[0]
    blocked = replace(blocked, before=False, hint=Sentence(Command("status"), " shows it"))
    known.script.time.interrupted = True
    wanted = plan(UPDATE, blocked=(blocked,), overrides=("resend",))
    outcome = carried_out(known, wanted, here({KEY: record(SCHEDULED)}))
    assert [str(each) for each in outcome.next] == [
        "campaignctl status",
        "campaignctl apply --override resend",
    ]


def test_an_interrupt_starts_nothing_more(known: Direct) -> None:
    known.script.time.interrupted = True
    outcome = carried_out(known, plan(UPDATE), here({KEY: record(SCHEDULED)}))
    assert (outcome.result, [each.outcome for each in outcome.changes]) == ("interrupted", ["not_started"])
    assert [str(each) for each in outcome.next] == ["campaignctl apply"]


def test_what_sends_at_once_stops_at_the_first_that_does_not(known: Direct) -> None:
    other = replace(FIRE, key="other", id="7", requests=(replace(FIRE.requests[0], id="7"),))
    known.script.refuses = {"update": 422}
    known.script.by_id = {ID: item(MANUAL, "manual"), "7": {**item(MANUAL, "manual"), "id": "7"}}
    records = {KEY: record(MANUAL, "manual"), "other": record(MANUAL, "manual", "7")}
    outcome = carried_out(known, plan(other, FIRE), here(records))
    assert ID not in known.script.asked
    assert {each.key: each.outcome for each in outcome.changes} == {"other": "failed", KEY: "not_started"}
    assert str(outcome.next[-1]) == "campaignctl apply"


# ------------------------------------------------------------------------------------------- smaller ways in


def test_a_write_that_is_settled_is_said(known: Direct) -> None:
    lost = replace(written(UPDATE, UPDATE.requests[0], NOW), at="2026-11-24T11:00:00Z")
    known.kept.state = here({KEY: record(SCHEDULED)}, pending={KEY: lost})
    known.script.by_id = {ID: item({**SCHEDULED, "description": "new"})}
    assert settle(known.run()) == {}
    assert known.said == ["settling 1 write of unknown outcome", f"{KEY}: its update happened"]
    assert known.state.pending == {}


def test_what_settling_reads_counts_from_then_on_and_what_is_gone_did_not_happen(known: Direct) -> None:
    lost = replace(written(UPDATE, UPDATE.requests[0], NOW), at="2026-11-24T11:00:00Z")
    gone = replace(lost, id="7")
    records = {KEY: record(SCHEDULED), "gone": record(SCHEDULED, "scheduled", "7")}
    known.kept.state = here(records, pending={KEY: lost, "gone": gone})
    known.script.by_id = {ID: item({**SCHEDULED, "description": "new"}), "7": None}
    run = known.run(Live(ID, item(SCHEDULED), complete=False))
    assert settle(run) == {}
    assert {each.id: each.fields["description"] for each in run.lives.values()} == {ID: "new"}
    assert known.said[1:] == [f"{KEY}: its update happened", "gone: its update did not happen"]


@pytest.mark.parametrize(
    ("short", "shown", "asked", "baseline"),
    [
        (True, item(), ["page 1", "9"], {}),
        (True, {"id": "9", "status": "scheduled"}, ["page 1", "9"], None),
        (True, None, ["page 1", "9"], None),
        (True, 403, ["page 1", "9"], None),
        (False, 403, ["page 1", "9"], {}),
    ],
)
def test_a_create_that_a_list_shows_is_recorded_as_a_read_shows_it(
    known: Direct, short: bool, shown: Shown, asked: list[str], baseline: Spec | None
) -> None:
    change = create(own(SCHEDULED, "New"), "new")
    lost = pending(change, phase="started", at=iso(NOW - HOUR))
    known.kept.state = here(pending={"new": lost})
    mark = {"campaignctl": str(PROJECT.owner.marker("new", lost.intent))}
    listed = {**item(own(SCHEDULED, "New")), "id": "9", "metadata": mark}
    known.script.items = [{k: v for k, v in listed.items() if not short or k != "messages"}]
    found = {**shown, "id": "9", "name": "New"} if isinstance(shown, dict) else shown
    known.script.by_id = {"9": found}
    assert settle(known.run(company=COMPANY)) == {}
    assert known.script.asked == asked
    assert known.state.campaigns["new"].id == "9"
    assert known.state.campaigns["new"].baseline == baseline


@pytest.mark.parametrize("mark", ["none", "another", "its own"])
def test_a_create_is_not_taken_for_a_campaign_that_was_there_before(known: Direct, mark: str) -> None:
    change = create(own(SCHEDULED, "New"), "new")
    started = pending(change)
    intents = {"another": "0" * 10, "its own": started.intent}
    marks = {kind: str(PROJECT.owner.marker("new", one)) for kind, one in intents.items()}
    fields = {**item(own(SCHEDULED, "New")), "id": "9", "metadata": {"campaignctl": marks.get(mark, "")}}
    seen = Opening(Scan((Live("8", item(), complete=True), Live("9", fields, complete=True)), None), COMPANY)
    known.kept.state = here(pending={"new": started})
    known.script.created = fields
    found = execute(replace(known.run(company=COMPANY), opening=seen), plan(change))
    if mark == "its own":
        assert known.state.campaigns["new"].id == "9"
    else:
        assert known.state.campaigns == {}
        assert known.state.pending["new"].phase == "started"
        (one,) = found.changes
        assert (one.outcome, one.id) == ("unknown", None)
        assert "answered with 9, which was there before" in str(one.error)


def another(**changed: Any) -> Spec:
    """A campaign that somebody made, or what the API shows of ours; without its metadata."""
    return {**item(own(SCHEDULED, "New")), "id": "9", "metadata": None, **changed}


MARK_OF_ANOTHER = str(PROJECT.owner.marker("new", "0" * 10))
OTHER_TEXT = [{"channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Theirs"}}}]


@pytest.mark.parametrize(
    ("answer", "by_id", "ours", "asked"),
    [
        (another(), None, True, ["create"]),
        (another(name="Theirs"), None, True, ["create"]),
        (another(name="Welc", messages=OTHER_TEXT), None, True, ["create"]),
        (another(name="Welcome (1)", messages=OTHER_TEXT), None, True, ["create"]),
        (another(name="Theirs", messages=OTHER_TEXT), None, False, ["create"]),
        (another(metadata={"campaignctl": MARK_OF_ANOTHER}), None, False, ["create"]),
        ({"id": "9"}, another(), True, ["create", "9"]),
        ({"id": "9"}, another(name="Theirs", messages=OTHER_TEXT), False, ["create", "9"]),
        ({"id": "9"}, 404, True, ["create", "9"]),
    ],
)
def test_a_create_is_not_taken_for_one_that_somebody_else_just_made(
    known: Direct, answer: Spec, by_id: Any, ours: bool, asked: list[str]
) -> None:
    change = create(own(SCHEDULED, "New"), "new")
    known.kept.state = here(pending={"new": pending(change)})
    known.script.created, known.script.by_id = answer, {"9": by_id} if by_id else {}
    found = execute(known.run(company=COMPANY), plan(change))
    assert known.script.asked[: len(asked)] == asked
    assert ("new" in known.state.campaigns) is ours
    if not ours:
        assert known.script.asked.count("create") == 1
        assert known.state.pending["new"].phase == "started"
        (one,) = found.changes
        assert (one.outcome, one.id) == ("unknown", None)
        assert "answered with 9, the campaign of somebody else" in str(one.error)


OLD_ONE = Released("new", "9", "", "", "sent", iso(NOW))
KNOWN_TO_THE_STATE: list[dict[str, Any]] = [
    {"campaigns": {"other": record(SCHEDULED, campaign_id="9")}},
    {"campaigns": {"new": record(SCHEDULED, "sent", "9")}},
    {"released": (OLD_ONE,)},
    {"proofs": (replace(filled(Proof), id="9", phase="sent"),)},
    {"foreign": {"9": Foreign("scheduled", iso(NOW))}},
    {"archive": of(encode_year(2026, Year((), (OLD_ONE,), ()), state()))},
]


@pytest.mark.parametrize("fields", KNOWN_TO_THE_STATE)
@pytest.mark.parametrize("found", [True, False])
def test_a_create_that_is_answered_with_a_known_campaign_is_settled_as_a_lost_one(
    known: Direct, fields: Spec, found: bool
) -> None:
    change = create(own(SCHEDULED, "New"), "new")
    started = pending(change)
    mark = {"campaignctl": str(PROJECT.owner.marker("new", started.intent))}
    answer = {**item(own(SCHEDULED, "New")), "id": "9", "metadata": mark}
    known.script.created = answer
    known.script.items = [{**answer, "id": "10"}] if found else []
    before = replace(here(pending={"new": started}), **fields)
    outcome = carried_out(known, plan(change), before)
    assert known.script.asked.count("create") == 1
    (one,) = outcome.changes
    if found:
        assert (one.outcome, one.id, one.error) == ("done", "10", None)
        assert known.state.campaigns["new"].id == "10"
        return
    assert (one.outcome, outcome.result) == ("unknown", "incomplete")
    assert one.error is not None
    assert "answered with 9, which was there before" in one.error.summary
    assert known.state.campaigns == before.campaigns
    assert known.state.pending["new"].phase == "started"


def test_a_draft_that_is_answered_with_a_known_campaign_is_sent_once_more(known: Direct) -> None:
    change = create(own(MANUAL, "New"), "new")
    answer = {**item(own(MANUAL, "New"), "manual"), "id": "9"}
    known.script.created = [answer, {**answer, "id": "10"}]
    before = here({"other": record(SCHEDULED, campaign_id="9")}, pending={"new": pending(change)})
    outcome = carried_out(known, plan(change), before)
    assert known.script.asked.count("create") == 2
    assert [(each.outcome, each.id) for each in outcome.changes] == [("done", "10")]
    assert {key: each.id for key, each in known.state.campaigns.items()} == {"other": "9", "new": "10"}


def test_a_second_copy_is_canceled_under_the_lock_alone_and_named_if_it_goes_on(known: Direct) -> None:
    copy = Live("7", {**item(SCHEDULED), "id": "7"}, complete=False)
    run = replace(known.run(), opening=Opening(Scan((), None), COMPANY, copies=((KEY, copy),)))
    known.kept.lost = LockLost("another run has it")
    with pytest.raises(LockLost):
        cancel_copies(run)
    assert known.script.asked == []
    known.kept.lost = None
    known.script.by_id = {"7": copy.fields}
    left = f"{KEY}: its second copy 7 could not be canceled: it is not shown as canceled"
    assert cancel_copies(run) == [left]
    assert known.script.asked == ["cancel", "7", "7", "7"]
    assert known.said[-1] == left


def test_a_newer_format_reads_the_whole_list_once(known: Direct) -> None:
    known.kept.state = here(format_version=1, seen=("1", "2"), project_id=None)
    migrate_format(known.wiring, FORMAT_VERSION)
    assert (known.state.format_version, known.state.seen) == (FORMAT_VERSION, ())


def test_a_write_is_adopted_for_its_own_campaign_alone(known: Direct) -> None:
    lost = replace(written(FIRE, FIRE.requests[0], NOW), at="2026-11-24T11:00:00Z")
    known.kept.state = here({KEY: record(MANUAL, "manual")}, pending={KEY: lost})
    mark = {"campaignctl": str(PROJECT.owner.marker(KEY, lost.intent))}
    known.script.by_id = {"9": {**item(IMMEDIATE, "running"), "id": "9", "metadata": mark}}
    known.script.items = [item(MANUAL, "manual")]
    with pytest.raises(StateError, match=f"{KEY} is {ID}, not 9"):
        resolve(known.wiring, KEY, "adopt", "9", force=True)
    assert set(known.state.pending) == {KEY}


@pytest.mark.parametrize("shows", [True, False])
def test_a_campaign_that_a_person_picks_does_not_tell_that_no_markers_come_back(
    known: Direct, shows: bool
) -> None:
    lost = pending(create(own(SCHEDULED, "New"), "new"), phase="started", at=iso(NOW - HOUR))
    known.kept.state = replace(here(pending={"new": lost}), account=Account(URL, COMPANY))
    mark = {"metadata": {"campaignctl": str(PROJECT.owner.marker("new", lost.intent))}} if shows else {}
    known.script.items = [{**item(own(SCHEDULED, "New")), "id": "9", **mark}]
    resolve(known.wiring, "new", "adopt", "9", force=not shows)
    assert known.state.campaigns["new"].unmarked is not shows
    assert known.state.account.markers is (True if shows else None)


def test_a_create_is_adopted_in_place_of_a_recorded_campaign_only_if_it_is_open(known: Direct) -> None:
    """The record has what was asked for, whatever the account shows by then."""
    change = replacement()
    lost = pending(change, operation="replace", phase="started", at=iso(NOW - HOUR), ended=True, id=ID)
    new = {**item(SCHEDULED, description="by another hand"), "id": "9"}
    new["metadata"] = {"campaignctl": str(PROJECT.owner.marker(KEY, lost.intent))}
    known.script.by_id, known.script.items = {"9": new}, [item(status="canceled")]
    without = here({KEY: record(SCHEDULED, "canceled")})
    known.kept.state = without
    with pytest.raises(StateError, match=f"{KEY} is recorded already, as {ID}"):
        resolve(known.wiring, KEY, "adopt", "9", force=False)
    known.kept.state = replace(without, pending={KEY: lost})
    resolve(known.wiring, KEY, "adopt", "9", force=False)
    found = known.state.campaigns[KEY]
    assert (found.id, found.intent, found.digest) == ("9", lost.intent, lost.digest)
    assert "description" not in found.applied
    assert [(each.key, each.id) for each in known.state.released] == [(KEY, ID)]
    assert known.state.pending == {}


@pytest.mark.parametrize(
    ("found", "said"),
    [(0, None), (1, "9 carries its marker"), (2, "2 campaigns carry its marker: 8 .* and 9 ")],
)
def test_a_create_that_happened_is_not_retried(known: Direct, found: int, said: str | None) -> None:
    change = create(own(SCHEDULED, "New"), "new")
    lost = pending(change, phase="started", at=iso(NOW - HOUR))
    mark = {"campaignctl": str(PROJECT.owner.marker("new", lost.intent))}
    made = format_gmt(NOW - HOUR)
    items = [{**item(), "id": each, "metadata": mark, "create_time": made} for each in ("9", "8")]
    known.script.items = [*items[:found], {**item(), "id": "1", "create_time": "2026-01-01 00:00:00"}]
    known.kept.state = here(pending={"new": lost})
    if said is None:
        resolve(known.wiring, "new", "retry")
        assert known.state.pending == {}
        assert [each.intent for each in known.state.dropped] == [lost.intent]
        return
    with pytest.raises(StateError) as refused:
        resolve(known.wiring, "new", "retry")
    assert re.search(said, str(refused.value))
    assert set(known.state.pending) == {"new"}


def test_a_state_of_no_declared_environment_stops_an_import_too() -> None:
    project = replace(PROJECT, environment="production", environment_names=("production",))
    left = Kept(here({KEY: record(SCHEDULED)}), location=".campaignctl/state.json")
    script = Script([item()])
    with direct(None, script, project, elsewhere=lambda _remote: {left.location: left}) as one:
        desired = DesiredState(one.wiring.project, {KEY: wanted(SCHEDULED)}, "d")
        with pytest.raises(StateError, match="belongs to no declared environment"):
            import_campaign(one.wiring, desired, KEY, ID)
    assert script.asked == []


def test_a_lost_create_is_looked_for_and_no_write_is(known: Direct) -> None:
    lost = replace(intent(SCHEDULED), intent="intent-lost", at="2026-11-24T11:00:00Z")
    known.kept.state = here(pending={KEY: lost})
    mark = {"campaignctl": str(PROJECT.owner.marker(KEY, "intent-lost"))}
    known.script.items = [{**item(), "metadata": mark}]
    assert settle(known.run(company=COMPANY)) == {}
    assert known.state.campaigns[KEY].id == ID


@pytest.mark.parametrize("read", ["whole", "short", "gone", "refused"])
def test_a_lost_create_that_is_found_is_recorded_as_a_read_shows_it_whole(known: Direct, read: str) -> None:
    lost = replace(intent(SCHEDULED), intent="intent-lost", at="2026-11-24T11:00:00Z")
    known.kept.state = here(pending={KEY: lost})
    whole = {**item(), "metadata": {"campaignctl": str(PROJECT.owner.marker(KEY, "intent-lost"))}}
    short = {name: value for name, value in whole.items() if name != "messages"}
    other = {"id": ID, "status": "paused"}
    known.script.items = [short]
    reads: dict[str, Shown] = {"whole": {**whole, "status": "paused"}, "short": other, "gone": None}
    known.script.by_id = {ID: reads.get(read, 500)}
    assert settle(known.run(company=COMPANY)) == {}
    found = known.state.campaigns[KEY]
    assert (found.id, found.status) == (ID, "paused" if read == "whole" else "scheduled")


@pytest.mark.parametrize(
    ("ended", "recorded", "words"),
    [(True, False, ""), (True, True, f" --replace {KEY}"), (False, True, f" --replace {KEY}")],
)
def test_a_replacement_that_is_half_done_needs_no_word_to_go_on(
    known: Direct, ended: bool, recorded: bool, words: str
) -> None:
    """It is half done once its campaign is no longer recorded; before, it has to be asked for again."""
    known.script.time.interrupted = True
    change = replacement()
    intents = {KEY: pending(change, operation="replace", ended=ended)}
    records = {KEY: record(SCHEDULED)} if recorded else {}
    outcome = carried_out(known, plan(change), here(records, pending=intents))
    assert [each.outcome for each in outcome.changes] == ["not_started"]
    assert [str(each) for each in outcome.next] == [f"campaignctl apply{words}"]
    assert list(known.state.pending) == ([] if recorded else [KEY])


def test_a_replaced_campaign_that_a_read_does_not_find_is_looked_for_again(known: Direct) -> None:
    known.script.by_id = {ID: [404, item(), item(status="canceled")]}
    known.script.created = {**item(), "id": "9"}
    change = replacement()
    before = here({KEY: record(SCHEDULED)}, pending={KEY: pending(change, operation="replace")})
    outcome = carried_out(known, plan(change), before)
    assert [(each.outcome, each.id) for each in outcome.changes] == [("done", "9")]
    assert known.script.asked[:5] == ["cancel", ID, ID, ID, "create"]


@pytest.mark.parametrize("open_", [True, False])
def test_a_campaign_of_another_company_is_not_adopted(known: Direct, open_: bool) -> None:
    lost = pending(create(own(SCHEDULED, "New"), "new"), phase="started", at=iso(NOW - HOUR))
    known.kept.state = here(pending={"new": lost} if open_ else {})
    known.script.items = [item()]
    known.script.by_id = {"9": {**item(own(SCHEDULED, "New")), "id": "9", "company_id": "99"}}
    before = known.state
    with pytest.raises(AccountMismatch):
        resolve(known.wiring, "new", "adopt", "9", force=True)
    assert (known.state.campaigns, known.state.pending) == (before.campaigns, before.pending)


def test_an_override_that_nothing_left_needs_is_not_repeated(known: Direct) -> None:
    change = replacement()
    known.script.refuses = {"create": 422}
    known.script.by_id = {ID: [item(), item(status="canceled")]}
    before = here({KEY: record(SCHEDULED)}, pending={KEY: pending(change, operation="replace")})
    outcome = carried_out(known, plan(change, overrides=("resend",)), before)
    assert (outcome.changes[0].outcome, known.state.pending[KEY].half_done) == ("failed", True)
    assert [str(each) for each in outcome.next] == ["campaignctl apply"]
