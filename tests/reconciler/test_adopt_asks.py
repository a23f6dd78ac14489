"""What taking a campaign over asks of the API and records, by an adoption and by an import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.errors import (
    CampaignctlError,
    Interrupted,
    LockLost,
    StateError,
    StateNotSaved,
    TokenRejected,
)
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.changes import marking
from campaignctl.plan.model import Change, Request
from campaignctl.reconciler.adopt import adopt, check_new_key, check_unrecorded, import_campaign, take_over
from campaignctl.state.model import Account, Record, State
from campaignctl.state.proofs import Proof
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    SCHEDULED,
    Spec,
    intent,
    only,
    plan_of,
    record,
    state,
    wanted,
)
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Script, Shown, direct
from tests.state.documents import filled

COMPANY = "6197120"
MARK = {"campaignctl": str(PROJECT.owner.marker(KEY, "intent-0001"))}


def item(status: str = "scheduled", spec: Spec = SCHEDULED, **fields: Any) -> Item:
    shown = {name: value for name, value in spec.items() if name != "run_immediately"}
    return {**shown, "id": ID, "status": status, "company_id": COMPANY, **fields}


MARKED = item(metadata=MARK)
ANOTHERS = item(metadata={"campaignctl": str(PROJECT.owner.marker(KEY, "intent-0002"))})
REQUEST = Request("update", ID, {"metadata": MARK})
TAKEN = record(SCHEDULED, intent="intent-0001", origin="adopt")


def here(**fields: Any) -> State:
    return replace(
        state(), **{"account": Account(URL, COMPANY, markers=True), "project_id": PROJECT.id, **fields}
    )


@pytest.fixture
def known() -> Iterator[Direct]:
    with direct(here(missed={KEY: "d"})) as one:
        yield one


# ------------------------------------------------------------------------------------------- the marker


def test_it_is_unmarked_on_record_until_a_read_shows_the_marker(known: Direct) -> None:
    known.script.by_id = {ID: MARKED}
    assert take_over(known.run(), KEY, TAKEN, [REQUEST]) == ()
    first, started, over = known.kept.steps
    assert first.records == {KEY: replace(TAKEN, unmarked=True)}
    assert (first.missed, first.sent, first.intents) == ({KEY: None}, (), {})
    left = started.intents[KEY]
    assert left is not None
    assert (left.operation, left.id, left.patch) == ("mark", ID, {"metadata": MARK})
    assert (over.records, over.intents) == ({KEY: TAKEN}, {KEY: None})
    assert known.script.asked == ["update", ID]


@pytest.mark.parametrize("unmarked", [True, False])
def test_without_a_request_it_is_recorded_as_it_is(known: Direct, unmarked: bool) -> None:
    assert take_over(known.run(), KEY, replace(TAKEN, unmarked=unmarked), []) == ()
    (step,) = known.kept.steps
    assert step.records == {KEY: replace(TAKEN, unmarked=unmarked)}
    assert known.script.asked == []


def test_what_was_sent_is_in_the_ledger_with_its_record(known: Direct) -> None:
    take_over(known.run(), KEY, record(IMMEDIATE, "sent"), [])
    assert [(one.key, one.id) for one in known.kept.steps[0].sent] == [(KEY, ID)]


NOT_SHOWN = "its metadata does not show our marker"


@pytest.mark.parametrize(
    ("refuses", "shown", "warning", "is_open", "markers", "steps"),
    [
        ({}, item(), NOT_SHOWN, False, False, 4),
        ({}, ANOTHERS, NOT_SHOWN, False, True, 4),
        ({}, None, NOT_SHOWN, False, None, 3),
        ({}, [item(), item(), MARKED], None, False, True, 4),
        ({}, [item(), 403], "", False, None, 3),
        ({"update": 422}, MARKED, "", False, None, 3),
        ({}, 403, "", False, None, 3),
        ({}, 500, "", True, None, 2),
        ({"update": 500}, MARKED, None, False, True, 4),
        ({"update": 500}, item(), NOT_SHOWN, False, None, 3),
    ],
)
def test_a_marker_that_no_read_shows_is_said(
    refuses: Mapping[str, int],
    shown: Shown | list[Shown],
    warning: str | None,
    is_open: bool,
    markers: bool | None,
    steps: int,
) -> None:
    script = Script([], {ID: shown}, refuses)
    with direct(here(account=Account(URL, COMPANY)), script) as known:
        told = take_over(known.run(), KEY, TAKEN, [REQUEST])
    assert (ID in script.asked) is (refuses != {"update": 422})
    if warning is None:
        assert told == ()
    else:
        (said,) = told
        assert said.startswith(f"{ID} is not marked, so a lost state would not find it again: ")
        assert said.endswith(warning)
    assert known.state.campaigns[KEY].unmarked is (warning is not None)
    assert (set(known.state.pending) == {KEY}) is is_open
    assert known.state.account.markers is markers
    assert len(known.kept.steps) == steps


def test_where_no_marker_comes_back_each_further_one_is_looked_for_once() -> None:
    with direct(here(account=Account(URL, COMPANY, markers=False)), Script([], {ID: item()})) as known:
        (said,) = take_over(known.run(), KEY, TAKEN, [REQUEST])
    assert said.endswith(NOT_SHOWN)
    assert known.script.asked == ["update", ID]


def test_a_lost_answer_is_looked_for_only_once_it_can_no_longer_be_under_way(known: Direct) -> None:
    known.script.refuses, known.script.by_id = {"update": 500}, {ID: MARKED}
    take_over(known.run(), KEY, TAKEN, [REQUEST])
    assert known.script.time.seconds >= known.wiring.project.api.timeout.total_seconds()


def test_nothing_leaves_without_the_lock(known: Direct) -> None:
    known.kept.lost = LockLost("gone")
    with pytest.raises(LockLost):
        take_over(known.run(), KEY, TAKEN, [REQUEST])
    assert (known.script.asked, known.state.pending) == ([], {})


# ----------------------------------------------------------------------------------------------- adopt


def adoption(spec: Spec = SCHEDULED) -> Change:
    change = only(plan_of(wanted(spec, adopt=None)))
    return replace(change, record=TAKEN, requests=(REQUEST,))


def test_an_adoption_is_done_with_what_could_not_be_marked(known: Direct) -> None:
    known.script.refuses = {"update": 422}
    result = adopt(known.run(), adoption())
    assert (result.outcome, result.id, len(result.warnings)) == ("done", ID, 1)
    assert known.state.campaigns[KEY].id == ID


def test_an_adoption_without_the_lock_records_nothing(known: Direct) -> None:
    known.kept.lost = Interrupted("stop")
    with pytest.raises(Interrupted):
        adopt(known.run(), adoption())
    assert known.kept.steps == []


def test_an_adoption_carries_its_record(known: Direct) -> None:
    with pytest.raises(AssertionError):
        adopt(known.run(), replace(adoption(), record=None))


def test_a_campaign_that_was_recorded_meanwhile_is_not_adopted(known: Direct) -> None:
    known.kept.state = here(campaigns={"other": record(SCHEDULED)})
    with pytest.raises(StateError, match="recorded already, as other"):
        adopt(known.run(), adoption())
    assert known.kept.steps == []


@pytest.mark.parametrize(
    ("campaigns", "pending", "says", "hint"),
    [
        ({}, False, None, ""),
        ({"x": "7"}, False, None, ""),
        (
            {"x": "7", "other": ID},
            False,
            f"{ID} is recorded already, as other",
            f"campaignctl state mv other {KEY}",
        ),
        ({"other": ID, KEY: "7"}, False, f"{ID} is recorded already, as other", ""),
        ({KEY: ID}, False, f"{KEY} is recorded already, as {ID}", f"campaignctl state rm {KEY}"),
        ({KEY: "7"}, False, f"{KEY} is recorded already, as 7", f"campaignctl state rm {KEY}"),
        ({KEY: "7"}, True, None, ""),
        ({KEY: ID}, True, f"{KEY} is recorded already, as {ID}", f"campaignctl state rm {KEY}"),
    ],
)
def test_a_campaign_and_a_key_are_recorded_once(
    campaigns: dict[str, str], *, pending: bool, says: str | None, hint: str
) -> None:
    known = state({key: record(SCHEDULED, campaign_id=each) for key, each in campaigns.items()})
    if says is None:
        check_unrecorded(known, KEY, ID, pending=pending)
        return
    with pytest.raises(StateError, match=says) as refused:
        check_unrecorded(known, KEY, ID, pending=pending)
    assert refused.value.key == KEY
    assert hint in refused.value.hint if hint else not refused.value.hint


@pytest.mark.parametrize("pending", [True, False])
def test_a_proof_is_taken_over_under_no_key_even_if_its_marker_was_left_out(*, pending: bool) -> None:
    known = state(proofs=(replace(filled(Proof), key=KEY, id=ID),))
    with pytest.raises(StateError, match=f"{ID} is a proof of {KEY}") as refused:
        check_unrecorded(known, "other", ID, pending=pending)
    assert refused.value.hint == f"campaignctl proof {KEY}"
    check_unrecorded(known, "other", "7", pending=pending)


@pytest.mark.parametrize(
    ("recorded", "key", "says"),
    [
        ((), "no key", "is not a valid key"),
        (("push/Welcome", "x"), KEY, "differs only in case from push/Welcome"),
        (("x", "y"), KEY, None),
    ],
)
def test_a_new_key_is_valid_and_differs_in_more_than_case(
    recorded: tuple[str, ...], key: str, says: str | None
) -> None:
    if says is None:
        check_new_key(recorded, key)
        return
    with pytest.raises(StateError, match=says):
        check_new_key(recorded, key)


# ---------------------------------------------------------------------------------------------- import


def imported(
    before: State | None, script: Script, *, declared: bool = True, forget: bool = False
) -> tuple[str, Direct]:
    manifests = {KEY: wanted(SCHEDULED, lifecycle=Lifecycle(prevent_destroy=True))} if declared else {}
    with direct(before, script) as one:
        desired = DesiredState(one.wiring.project, manifests, "d")
        return import_campaign(one.wiring, desired, KEY, ID, forget=forget), one


def test_a_token_that_is_rejected_meanwhile_ends_the_run() -> None:
    with direct(here(account=Account(URL, COMPANY)), Script([], {ID: item()}, {"update": 401})) as known:
        run = known.run()
        (said,) = take_over(run, KEY, TAKEN, [REQUEST])
        assert isinstance(run.broken_off, TokenRejected)
    assert said.startswith(f"{ID} is not marked")
    assert (known.state.campaigns[KEY].unmarked, known.state.pending) == (True, {})


FIRST = here(campaigns={"first": record(DRAFT, "draft", "7")}, seen=("7",))
OTHER = {**item("draft", DRAFT), "id": "7"}


def seen(shown: Shown | list[Shown], **more: Any) -> Script:
    return Script([OTHER], {ID: shown}, **more)


def test_an_import_whose_steps_no_journal_takes_is_saved_as_a_whole() -> None:
    script = seen([item(), MARKED])
    with direct(FIRST, script) as one:
        kept = one.kept

        def refused() -> None:
            raise StateNotSaved("the journal cannot be written")

        kept.on_step = refused
        desired = DesiredState(one.wiring.project, {KEY: wanted(SCHEDULED)}, "d")
        told = import_campaign(one.wiring, desired, KEY, ID)
        assert told.startswith(f"{KEY} is now {ID} (scheduled)")
        assert one.state.campaigns[KEY].id == ID


def test_an_import_that_could_not_be_marked_for_its_token_is_recorded_and_fails() -> None:
    script = seen(item(), refuses={"update": 401})
    with pytest.raises(StateError, match=f"{KEY} is now {ID}; {ID} is not marked") as refused:
        imported(FIRST, script)
    assert "OCAMBA_TOKEN" in str(refused.value.hint)
    assert script.asked.count("update") == 1


@pytest.mark.parametrize("declared", [True, False])
def test_an_import_is_recorded_and_marked(declared: bool) -> None:
    new = item(metadata={"campaignctl": str(PROJECT.owner.marker(KEY, f"{0:016x}"))})
    told, one = imported(FIRST, seen([item(), new]), declared=declared, forget=True)
    kept = one.state.campaigns[KEY]
    assert (kept.id, kept.origin, kept.unmarked, kept.intent) == (ID, "import", False, f"{0:016x}")
    forgets = f"without a manifest of {KEY} the next apply forgets it"
    then = "`campaignctl plan` shows what differs" if declared else forgets
    assert told == f"{KEY} is now {ID} (scheduled); {then}."
    if declared:
        assert kept.lifecycle == Lifecycle(prevent_destroy=True)
    else:
        assert (
            told == f"{KEY} is now {ID} (scheduled); without a manifest of {KEY} the next apply forgets it."
        )
        assert (kept.lifecycle.on_destroy, kept.lifecycle.says_destroy) == ("forget", True)
    assert one.script.asked == ["page 1", ID, "update", ID]
    assert one.kept.locks == ["import", "released"]


def test_what_could_not_be_marked_is_said() -> None:
    told, one = imported(FIRST, seen(item(), refuses={"update": 422}))
    assert told.count("is not marked") == 1
    assert one.state.campaigns[KEY].unmarked


def test_one_that_cannot_be_marked_is_recorded_as_such() -> None:
    told, one = imported(FIRST, seen(item("sent")))
    assert told.endswith("shows what differs.")
    assert (one.state.campaigns[KEY].unmarked, one.script.asked) == (True, ["page 1", ID])


def test_a_state_is_made_for_the_first_import() -> None:
    _, one = imported(None, Script([OTHER], {ID: item("sent")}))
    assert (one.state.account, set(one.state.campaigns)) == (Account(URL, COMPANY), {KEY})


@pytest.mark.parametrize(
    ("before", "script", "more", "says"),
    [
        (FIRST, seen(None), {}, f"there is no campaign {ID}"),
        (FIRST, seen(item(company_id="9")), {}, "belongs to company 9"),
        (None, Script([], {ID: item(company_id="9")}), {"pinned": COMPANY}, "belongs to company 9"),
        (FIRST, seen(item()), {"declared": False}, f"no manifest declares {KEY}"),
        (FIRST, seen(item()), {"key": "no key", "forget": True}, "not a valid key"),
        (None, seen(item()), {"key": "no key", "forget": True}, "not a valid key"),
        (FIRST, seen(item()), {"key": "FIRST", "forget": True}, "differs only in case"),
        (FIRST, seen(item()), {"key": "first", "forget": True}, "first is recorded already"),
        (here(pending={KEY: intent(SCHEDULED)}), seen(item()), {}, f"{KEY} is not settled"),
        (replace(FIRST, environment="old"), seen(item()), {}, "environment"),
    ],
)
def test_an_import_that_is_refused_records_nothing(
    before: State | None, script: Script, more: dict[str, Any], says: str
) -> None:
    options = dict(more)
    project = replace(PROJECT, company_id=options.pop("pinned", None))
    with direct(before, script, project) as one:
        declared = options.pop("declared", True)
        manifests = {KEY: wanted(SCHEDULED)} if declared else {}
        desired = DesiredState(one.wiring.project, manifests, "d")
        with pytest.raises(CampaignctlError, match=says):
            import_campaign(one.wiring, desired, options.pop("key", KEY), ID, **options)
        assert (one.kept.state, one.kept.steps) == (before, [])
        assert "update" not in script.asked


def test_the_record_of_an_import_is_what_marking_makes_of_it() -> None:
    """The plan of an adoption and an import mark in the same way."""
    made: Record = replace(record(SCHEDULED), intent=None)
    after, request = marking(PROJECT, True, KEY, made, Live(ID, item(), complete=True), lambda: "intent-0001")
    assert request == REQUEST
    found = marker.read(request.body or {})
    assert found is not None
    assert after.intent == found.intent == "intent-0001"
