"""What one proof on its way asks of the account, and what is recorded of it, with a scripted API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.errors import CampaignctlError, Interrupted, LockLost, StateError, StateNotSaved
from campaignctl.plan import proofing
from campaignctl.reconciler.proof_sending import Sending, Wanted, resolve, settle, stopped
from campaignctl.review.proofing import ProofResult
from campaignctl.schedule.windows import Window
from campaignctl.state.ledger import Released, Year
from campaignctl.state.model import Account, Foreign, State
from campaignctl.state.proofs import Proof
from campaignctl.state.years import encode_year
from tests.plan.planning import KEY, NOW, SCHEDULED, record, state, wanted
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Script, Shown, direct
from tests.state.documents import filled
from tests.state.test_archive import of

COMPANY = "6197120"
SEEDS = {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}
PIECE = proofing.pieces(SCHEDULED)[0]
ORDER = Wanted(wanted(SCHEDULED), "team", SEEDS, (PIECE,))
BODY = proofing.body_of(SCHEDULED, PIECE, SEEDS)
DRAFT: Item = {**BODY, "id": "9", "status": "draft", "company_id": COMPANY}
GOING: Item = {**DRAFT, "status": "sent", "is_draft": False, "send_strategy": "immediate"}
NAMELESS = {name: value for name, value in DRAFT.items() if name != "company_id"}
AT = "2026-11-01T00:00:00Z"
GONE = Released("a", "9", None, "d", "sent", AT)


def known(**fields: Any) -> State:
    return replace(state(), **{"account": Account(URL, COMPANY, markers=True), **fields})


def scripted(*reads: Shown, **more: Any) -> Script:
    """The proof is made as 9; what reads of it show."""
    return Script(**{"created": DRAFT, "by_id": {"9": [*reads]}, **more})


def sending(one: Direct, *opening: Any, company: str | None = COMPANY) -> Sending:
    return Sending(one.run(*opening, company=company), ORDER, PIECE)


def said(result: ProofResult) -> str:
    assert result.error is not None
    assert not result.error.detail.startswith(".")
    return f"{result.error.summary} {result.error.detail}"


def phases(one: Direct) -> list[str]:
    return [each.phase for step in one.kept.steps for each in step.proofs]


def test_it_is_read_before_and_after_the_request_that_sends_it() -> None:
    with direct(known(), scripted(DRAFT, DRAFT, GOING)) as one:
        assert sending(one).send().outcome == "done"
    assert one.script.asked == ["create", "9", "9", "update", "9"]
    assert phases(one) == ["started", "created", "arming", "sent"]
    assert not any(step.account for step in one.kept.steps), "its company is known"


def test_an_interrupt_before_its_create_leaves_no_trace() -> None:
    with direct(known(), scripted(DRAFT)) as one:
        one.kept.lost = Interrupted("interrupted")
        assert sending(one).send().outcome == "not_started"
    assert (one.script.asked, one.kept.steps) == ([], [])


@pytest.mark.parametrize(
    "fields",
    [
        {"foreign": {"9": Foreign("scheduled", AT)}},
        {"campaigns": {"a": record(SCHEDULED, campaign_id="9")}},
        {"released": (GONE,)},
        {"proofs": (replace(filled(Proof), id="9", phase="sent"),)},
        {"archive": of(encode_year(2026, Year((), (GONE,), ()), state()))},
    ],
)
def test_an_answer_with_an_id_that_the_state_knows_is_never_armed(fields: Mapping[str, Any]) -> None:
    with direct(known(**fields), scripted(DRAFT)) as one:
        assert "9, which was there before" in said(sending(one).send())
    assert one.script.asked == ["create"]
    assert phases(one) == ["started", "dropped"]


def test_nor_one_with_an_id_that_the_list_shows() -> None:
    with direct(known(), scripted(DRAFT)) as one:
        assert "9, which was there before" in said(sending(one, Live("9", GOING, complete=True)).send())
    assert one.script.asked == ["create"]


def test_nothing_is_armed_while_no_read_shows_whose_account_it_is() -> None:
    with direct(known(), scripted(NAMELESS)) as one:
        assert "no read has shown whose account this is" in said(sending(one, company=None).send())
    assert "update" not in one.script.asked


def test_one_read_that_shows_the_company_proves_the_account_and_is_recorded_once() -> None:
    before = known(account=Account(URL, None, markers=True))
    with direct(before, scripted(DRAFT, NAMELESS, GOING)) as one:
        assert sending(one, company=None).send().outcome == "done"
    learnt = [step for step in one.kept.steps if step.account]
    assert [step.account for step in learnt] == [replace(before.account, company_id=COMPANY)]
    assert one.state.serial == before.serial


def test_a_freeze_that_begins_meanwhile_holds_the_request_that_sends_it() -> None:
    window = Window(start=NOW + timedelta(seconds=1), end=NOW + timedelta(days=1), reason="incident")
    with direct(known(), scripted(None, DRAFT)) as one:
        project = one.wiring.project
        guarded = replace(project, guardrails=replace(project.guardrails, freeze=(window,)))
        one.wiring = replace(one.wiring, project=guarded)
        result = sending(one).send()
    assert result.error is not None
    assert result.error.summary.startswith("frozen: ")
    assert result.error.detail == "9 is draft, and sends nothing"
    assert result.error.hint == (
        f"wait until the window ends, or lift `freeze` for {KEY} in `overrides` of campaignctl.yaml"
    )
    assert "update" not in one.script.asked
    assert phases(one) == ["started", "created", "arming", "dropped"]


def test_a_create_that_is_refused_leaves_nothing_to_look_for() -> None:
    with direct(known(), scripted(refuses={"create": 422})) as one:
        assert sending(one).send().outcome == "failed"
    assert one.script.asked == ["create"]
    assert phases(one) == ["started", "dropped"]


@pytest.mark.parametrize("error", [LockLost("the lock is lost"), StateNotSaved("the disk is full")])
def test_without_the_lock_or_a_record_the_run_ends(error: CampaignctlError) -> None:
    with direct(known(), scripted(DRAFT)) as one:
        one.kept.lost = one.kept.fails = error
        with pytest.raises(type(error)):
            sending(one).send()
    assert one.script.asked == []


def test_a_lost_answer_is_told_as_such_and_left_to_a_person() -> None:
    with direct(known(), scripted(DRAFT, refuses={"update": 500})) as one:
        result = sending(one).send()
    assert result.outcome == "unknown"
    assert "500" in said(result)
    assert "no read shows it" in said(result)
    assert result.error is not None
    resolve = f"`campaignctl state resolve {KEY}"
    assert result.error.hint == f"{resolve} --done` if seeds got it, or {resolve} --retry` if not"
    assert phases(one)[-1] == "arming"


def test_a_create_without_an_answer_sends_nothing_and_may_be_repeated() -> None:
    with direct(known(), scripted(refuses={"create": 500})) as one:
        result = sending(one).send()
    assert result.error is not None
    assert result.error.detail.endswith("what it may have created is never armed, and sends nothing")
    assert result.error.hint == f"campaignctl proof {KEY} --lang en --to team"
    assert (result.outcome, result.id, one.script.asked) == ("failed", None, ["create"])
    assert phases(one) == ["started"]


def test_one_that_is_stored_otherwise_says_what_it_would_do_and_what_to_check() -> None:
    with direct(known(), scripted({**DRAFT, "targeting": None})) as one:
        result = sending(one).send()
    assert result.error is not None
    assert result.error.summary.startswith("9 is not what was asked for, and was not armed: ")
    assert result.error.detail == (
        "as the account shows it, it would send something else, or to other people than the seeds."
        " 9 is draft, and sends nothing"
    )
    assert result.error.hint == (
        "check in the dashboard what this account stores; then: "
        f"`campaignctl proof {KEY} --lang en --to team`"
    )


def test_five_differences_are_named() -> None:
    other = {
        "name": "x",
        "labels": ["x"],
        "messages": [],
        "targeting": None,
        "quiet_hours": {"from": 22},
        "send_in_profile_time_zone": True,
        "recurrence": {"cron": "0 9 * * *"},
        "status": "scheduled",
    }
    with direct(known(), scripted({**DRAFT, **other})) as one:
        assert "and 1 more" in said(sending(one).send())


@pytest.mark.parametrize(
    ("after", "outcome", "phase"),
    [(GOING, "done", "sent"), (DRAFT, "failed", "dropped"), (503, "failed", "created")],
)
def test_a_refusal_of_the_request_that_sends_it_is_not_believed_if_a_read_shows_it_sent(
    after: Shown, outcome: str, phase: str
) -> None:
    with direct(known(), scripted(DRAFT, DRAFT, after, refuses={"update": 422})) as one:
        assert sending(one).send().outcome == outcome
        assert phases(one) == ["started", "created", "arming", phase]
    assert "cancel" not in one.script.asked


OWNER = PROJECT.owner
THEIRS: Item = {**DRAFT, "status": "scheduled", "is_draft": False, "targeting": None}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Theirs"},
        {"metadata": {"campaignctl": str(OWNER.marker(KEY, "0123456789abcdef"))}},
        {"metadata": marker.of_proof(OWNER.marker(KEY, "0123456789abcdef"))},
    ],
    ids=["name", "marker", "marker of another proof"],
)
def test_an_answer_to_its_create_that_shows_a_new_campaign_of_others_leaves_that_one_alone(
    fields: Mapping[str, Any],
) -> None:
    theirs = {**THEIRS, **fields}
    with direct(known(), scripted(theirs, created=theirs)) as one:
        assert "was answered with 9, another campaign" in said(sending(one).send())
        assert [(each.phase, each.id) for each in one.state.proofs] == [("dropped", None)]
    assert one.script.asked == ["create"]


# ------------------------------------------------------------------------------------- after another run

ARMING = Proof(
    KEY, "m", "en", PIECE.digest, "team", proofing.seeds_digest(SEEDS), "ana", "i", "arming", AT, "9"
)


ARMED: Item = {**GOING, "status": "scheduled"}


def test_a_cancel_that_takes_effect_late_is_waited_for() -> None:
    with direct(known(), scripted(ARMED, ARMED, ARMED, {**GOING, "status": "canceled"})) as one:
        assert stopped(one.run(), ARMING) == (True, "9 is canceled, and sends nothing")
    assert one.script.asked == ["9", "cancel", "9", "9", "9"]


@pytest.mark.parametrize(
    ("after", "over", "left"),
    [
        ({**GOING, "status": "canceled"}, True, "9 is canceled, and sends nothing"),
        (None, False, "9 is scheduled"),
        (503, False, "9 could not be canceled: "),
    ],
)
def test_a_proof_that_was_canceled_is_read_again(after: Shown, over: bool, left: str) -> None:
    with direct(known(), scripted(ARMED, after)) as one:
        is_over, said = stopped(one.run(), ARMING)
        assert (is_over, said[: len(left)]) == (over, left)


@pytest.mark.parametrize(
    ("shown", "phase"), [(None, "arming"), (503, "arming"), (DRAFT, "arming"), (GOING, "sent")]
)
def test_one_that_may_have_been_sent_is_settled_by_a_read_that_shows_it(shown: Shown, phase: str) -> None:
    before = known(proofs=(ARMING,))
    with direct(before, scripted(shown)) as one:
        assert settle(one.run()) == ({(PIECE.digest, ARMING.seeds): "9"} if phase == "sent" else {})
        assert [each.phase for each in one.state.proofs] == [phase]
        assert one.state.serial == before.serial
        assert one.said == [f"{KEY}: its proof 9 in en: was sent"] * (phase == "sent")


def test_a_person_is_told_that_the_account_shows_it_sent() -> None:
    with direct(known(proofs=(ARMING,)), scripted(GOING)) as one:
        with pytest.raises(StateError, match="the proof 9 was sent: the account shows it") as refused:
            resolve(one.run(), KEY, done=False)
        assert (refused.value.hint, refused.value.key) == (f"campaignctl state resolve {KEY} --done", KEY)
        assert [each.phase for each in one.state.proofs] == ["arming"]


@pytest.mark.parametrize("shown", [None, DRAFT])
def test_a_person_decides_about_the_open_proofs_of_one_key_alone(shown: Shown) -> None:
    over = replace(ARMING, intent="j", phase="sent", id="8")
    others = replace(ARMING, intent="k", key="other", id="7")
    with direct(known(proofs=(over, others, ARMING)), scripted(shown)) as one:
        assert resolve(one.run(), KEY, done=False) == f"{KEY}: recorded as not sent: its proof 9."
        assert [each.phase for each in one.state.proofs] == ["sent", "arming", "dropped"]
    assert one.script.asked == ["9"]


def test_what_a_person_says_was_sent_needs_no_read() -> None:
    with direct(known(proofs=(ARMING,)), scripted(503)) as one:
        assert resolve(one.run(), KEY, done=True) == f"{KEY}: recorded as sent: its proof 9."
        assert [each.phase for each in one.state.proofs] == ["sent"]
    assert one.script.asked == []


WIDER: Item = {**GOING, "status": "scheduled", "targeting": None}


def test_one_with_another_audience_that_could_not_be_canceled_is_canceled_by_a_later_run() -> None:
    with direct(known(proofs=(ARMING,)), scripted(WIDER, refuses={"cancel": 503})) as one:
        settle(one.run())
        assert [each.open for each in one.state.proofs] == [True]
        one.script.refuses, one.script.by_id = {}, {"9": [WIDER, {**WIDER, "status": "canceled"}]}
        settle(one.run())
        assert [each.phase for each in one.state.proofs] == ["dropped"]
        settle(one.run())
    assert one.script.asked.count("cancel") == 2


def test_nor_is_one_forgotten_that_was_armed_for_others_by_this_run() -> None:
    with direct(known(), scripted(DRAFT, DRAFT, WIDER, refuses={"cancel": 503})) as one:
        assert "could not be canceled" in said(sending(one).send())
        assert [each.open for each in one.state.proofs] == [True]


def test_nor_one_that_could_send_before_it_was_armed() -> None:
    with direct(known(), scripted(WIDER, refuses={"cancel": 503})) as one:
        assert "could not be canceled" in said(sending(one).send())
        assert [each.open for each in one.state.proofs] == [True]


def test_one_in_another_account_is_not_looked_for_again() -> None:
    strange = {**WIDER, "company_id": "1"}
    with direct(known(), scripted(strange, refuses={"cancel": 503})) as one:
        assert "company 1" in said(sending(one).send())
        assert phases(one) == ["started", "created", "dropped"]
