"""Proofs in a sandbox: whatever the API answers, drops or does late, nothing is sent beyond the seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch, CampaignctlError, StateError, UsageError
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Plan
from campaignctl.project.model import Override, Seeds
from campaignctl.reconciler import foreign, state_ops
from campaignctl.reconciler.proof_sending import settle, stopped
from campaignctl.reconciler.proofing import Order, dry_run, proof
from campaignctl.review.proofing import ProofReport, ProofResult
from campaignctl.schedule.times import iso
from campaignctl.schedule.windows import Window
from campaignctl.state.model import State
from campaignctl.state.proofs import Proof
from tests.e2e.harness import weekly
from tests.plan.planning import NOW, PROJECT, wanted
from tests.plan.planning import record as a_record
from tests.plan.planning import state as recorded
from tests.reconciler.account import PUSH, Account, campaign, split_test
from tests.reconciler.scripted import Script, Shown, direct
from tests.state.documents import filled

KEY = "push/welcome"
FAR = "2036-06-01 10:00:00"
SEEDS = {"custom_properties": {"seed": {"items": ["team"], "op": "in"}}}
TEXTS = {"title": {"en": "Hi", "de": "Hallo"}, "body": {"en": "You"}, "landing_url": "https://example.com"}
GERMAN = {**PUSH, "primary_lang": "en", "push": TEXTS}
MANY = {"countries": {"items": ["DE"], "op": "in"}}
SPEC = campaign("Welcome", scheduled_time=FAR, messages=[GERMAN], quiet_hours={"from": 22}, targeting=MANY)


def seeded(account: Account, targeting: Any = SEEDS, **guardrails: Any) -> Account:
    account.project = replace(account.project, proofs={"team": Seeds(targeting)})
    account.guarded(**guardrails)
    account.specs[KEY] = SPEC
    return account


def send(account: Account, *langs: str, to: str | None = None) -> ProofReport:
    return proof(account.wiring, account.desired, Order(KEY, langs, to))


def only(report: ProofReport) -> ProofResult:
    (result,) = report.proofs
    return result


def sent(account: Account) -> list[Any]:
    """What was sent to whom, by the account's own log."""
    return [send["body"] for send in account.control.sends()]


def beyond(account: Account) -> list[Any]:
    """Every send that reached someone else than the seeds."""
    return [body for body in sent(account) if body.get("targeting") != SEEDS]


def phases(account: Account) -> list[str]:
    return [each.phase for each in account.state.proofs]


def writes(account: Account) -> list[str]:
    return [name for name in account.writes() if not name.startswith("[proof]")]


# ------------------------------------------------------------------------------------- what is sent


def test_each_language_is_sent_once_to_the_seeds_and_recorded(account: Account) -> None:
    seeded(account)
    report = send(account)
    assert report.result == "done"
    assert [(one.lang, one.outcome) for one in report.proofs] == [("en", "done"), ("de", "done")]
    assert [body["messages"][0]["push"]["title"] for body in sent(account)] == [{"en": "Hi"}, {"de": "Hallo"}]
    assert beyond(account) == []
    assert all(body["labels"] == ["proof"] and body["name"].startswith("[proof] ") for body in sent(account))
    assert not any(body.get(name) for body in sent(account) for name in ("quiet_hours", "scheduled_time"))
    first, second = account.state.proofs
    assert (first.phase, first.to, first.key, first.id) == ("sent", "team", KEY, report.proofs[0].id)
    assert (second.lang, first.digest != second.digest) == ("de", True)


def test_each_variant_of_a_test_is_sent_and_no_winner(account: Account) -> None:
    seeded(account)
    account.specs[KEY] = split_test(recurrence={"cron": weekly()}, send_in_profile_time_zone=True)
    report = send(account)
    assert [one.message for one in report.proofs] == ["one", "two"]
    assert [len(body["messages"]) for body in sent(account)] == [1, 1]
    assert not any(
        body.keys() & {"ab_test", "recurrence", "send_in_profile_time_zone"} for body in sent(account)
    )


def test_a_proof_is_no_decision_and_counts_as_no_send_of_the_campaign(account: Account) -> None:
    seeded(account, require_proof=True)
    send(account, "en")
    before = account.state.serial
    assert before == 0, "a new state, about which nobody has decided yet"
    send(account, "de")
    assert account.state.serial == before
    assert (account.state.sent, account.state.campaigns, account.state.pending) == ((), {}, {})
    plan = account.plan()
    assert [change.action for change in plan.changes] == ["create"]
    assert account.outcomes() == {KEY: "done"}


def test_a_proof_is_nobodys_campaign(account: Account) -> None:
    """Even where the campaign itself targets exactly the seeds."""
    seeded(account)
    account.specs[KEY] = campaign("Welcome", messages=[PUSH], targeting=SEEDS, scheduled_time=FAR)
    send(account)
    plan = account.plan()
    assert [(change.action, change.warnings) for change in plan.changes] == [("create", ())]
    assert (plan.blocked, plan.drift) == ((), ())
    account.apply()
    assert account.plan().changes == ()
    assert account.state.foreign == {}


def test_a_proof_whose_audience_someone_widened_is_told_again(account: Account) -> None:
    seeded(account)
    account.control.fault({"method": "PATCH"}, {"kind": "drop"})
    send(account, "en")
    left = account.state.proofs[0].id
    account.control.edit(str(left), {"targeting": None})
    account.control.start(str(left))
    found = foreign.strangers(account.api.list_page(1).items, account.state)
    assert list(found) == [left]


def test_nothing_of_the_account_is_asked_in_a_dry_run(account: Account) -> None:
    seeded(account)
    report = dry_run(account.wiring, account.desired, Order(KEY, ("de",)))
    assert (report.result, only(report).outcome, report.today) == ("planned", "planned", 1)
    assert only(report).body["targeting"] == SEEDS
    assert account.control.requests() == []
    assert account.place.backend().read() is None


# ------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("targeting", [{}, {"lists": {"items": ["1"], "op": "in"}}, {**SEEDS, "more": 1}])
def test_an_audience_that_may_not_narrow_is_refused_before_any_write(
    account: Account, targeting: Any
) -> None:
    seeded(account, targeting)
    with pytest.raises(CampaignctlError, match="not certain to narrow"):
        send(account)
    assert account.writes() == []


@pytest.mark.parametrize("markers", [True, False])
def test_a_proof_has_our_marker_where_the_project_has_markers(account: Account, markers: bool) -> None:
    account.project = replace(account.project, api=replace(account.project.api, markers=markers))
    seeded(account)
    assert send(account, "en").result == "done"
    (body,) = sent(account)
    assert bool(body.get("metadata")) is markers


@pytest.mark.parametrize(
    ("order", "said", "hint"),
    [
        (Order("push/welcom"), "no manifest declares it", KEY),
        (Order("zzz"), "no manifest declares it", "`campaignctl validate` shows the keys"),
        (Order(KEY, ("fr",)), "no text in that language", "it has "),
        (Order(KEY, to="agency"), "no such seed list", "team"),
    ],
)
def test_a_wrong_word_is_a_usage_error(account: Account, order: Order, said: str, hint: str) -> None:
    seeded(account)
    with pytest.raises(UsageError, match=said) as error:
        proof(account.wiring, account.desired, order)
    assert hint in str(error.value.hint)
    account.project = replace(account.project, proofs={})
    with pytest.raises(UsageError, match="no seed list"):
        proof(account.wiring, account.desired, Order(KEY))
    account.project = replace(account.project, proofs={"a": Seeds(SEEDS), "b": Seeds(SEEDS)})
    with pytest.raises(UsageError, match="2 seed lists"):
        proof(account.wiring, account.desired, Order(KEY))


def test_a_day_has_a_number_of_proofs(account: Account) -> None:
    seeded(account, max_proofs_per_day=3)
    assert send(account).today == 2
    with pytest.raises(CampaignctlError, match="2 proofs and 2 sent today are more than 3 a day"):
        send(account)
    assert send(account, "de").today == 3
    lifted = Override("max_proofs_per_day", ("push/*",), NOW.replace(year=2099), "a launch")
    account.project = replace(account.project, overrides=(lifted,))
    assert send(account, "de").today == 4


@pytest.mark.parametrize(
    ("phase", "at", "counts"),
    [
        ("sent", iso(NOW), True),
        ("arming", iso(NOW), True),
        ("dropped", iso(NOW), False),
        ("started", iso(NOW), False),
        ("sent", iso(NOW - timedelta(days=1)), False),
        ("sent", "2026-11-23T23:30:00Z", True),
        ("sent", "2026-11-23T22:30:00Z", False),
    ],
)
def test_what_may_have_been_sent_today_counts(phase: Any, at: str, counts: bool) -> None:
    """By the time of the project; that of another text is no reason to wait for a person."""
    project = replace(PROJECT, proofs={"team": Seeds(SEEDS)}, time_zone="Europe/Berlin")
    other = replace(filled(Proof), phase=phase, at=at, digest="sha256:another")
    with direct(recorded(proofs=(other,)), project=project) as given:
        report = dry_run(given.wiring, DesiredState(project, {KEY: wanted(SPEC)}, ""), Order(KEY, ("de",)))
    assert report.today == 1 + counts


def test_a_seed_list_that_changed_since_the_last_apply_is_noted(account: Account) -> None:
    seeded(account)
    order = Order(KEY, ("en",))
    assert dry_run(account.wiring, account.desired, order).notes == ()
    account.apply()
    assert dry_run(account.wiring, account.desired, order).notes == ()
    other = {"custom_properties": {"seed": {"items": ["agency"], "op": "in"}}}
    seeded(account, other)
    said = f"the seed list team was changed since the last apply; it was {SEEDS}"
    assert dry_run(account.wiring, account.desired, order).notes == (said,)
    assert send(account, "en").notes == (said,)
    account.project = replace(account.project, proofs={"agency": Seeds(other)})
    assert dry_run(account.wiring, account.desired, order).notes == (), "a new list"


def test_a_freeze_holds_proofs_too(account: Account) -> None:
    now = account.clock.now()
    window = Window(tz="UTC", start=now - timedelta(days=1), end=now + timedelta(days=1), reason="incident")
    seeded(account, freeze=(window,), min_lead_time=timedelta(days=9), max_immediate_sends=0)
    with pytest.raises(CampaignctlError, match="frozen"):
        send(account)
    lifted = Override("freeze", ("*",), NOW.replace(year=2099), "only a proof")
    account.project = replace(account.project, overrides=(lifted,))
    assert send(account).result == "done"


def test_a_state_of_the_first_format_keeps_no_proofs() -> None:
    project = replace(PROJECT, proofs={"team": Seeds(SEEDS)})
    desired = DesiredState(project, {KEY: wanted(SPEC)}, "")
    with (
        direct(recorded(format_version=1), project=project) as given,
        pytest.raises(CampaignctlError, match="keeps no proofs"),
    ):
        dry_run(given.wiring, desired, Order(KEY))


def test_an_answer_with_the_id_of_another_campaign_leaves_that_one_alone() -> None:
    project = replace(PROJECT, proofs={"team": Seeds(SEEDS)})
    desired = DesiredState(project, {KEY: wanted(SPEC)}, "")
    other = {"id": "1030978", "company_id": "6197120", "status": "scheduled", "name": "Other", "messages": []}
    script = Script(items=[other], created=other)
    known = recorded({"other": a_record(SPEC)}, project_id=None)
    with direct(known, script, project) as given:
        result = proof(given.wiring, desired, Order(KEY, ("en",))).proofs[0]
        assert result.outcome == "failed"
        assert result.error is not None
        assert "was there before" in result.error.summary
        assert [word for word in script.asked if word in ("create", "update", "cancel")] == ["create"]
        assert given.state.proofs[0].id is None


def test_a_halt_of_the_campaign_holds_its_proofs(account: Account) -> None:
    seeded(account)
    account.apply()
    account.halt(KEY)
    result = send(account).proofs[0]
    assert result.outcome == "failed"
    assert result.error is not None
    assert "halted" in result.error.summary
    assert sent(account) == []


def test_another_account_is_not_written_to(account: Account) -> None:
    seeded(account)
    account.project = replace(account.project, company_id="7")
    error = send(account).proofs[0].error
    assert error is not None
    assert "company 6197120" in error.summary
    with pytest.raises(AccountMismatch):
        send(account)
    assert writes(account) == []
    assert sent(account) == []


def test_a_proof_whose_company_is_not_shown_leaves_the_known_one(account: Account) -> None:
    seeded(account)
    account.apply()
    known = account.state.account
    account.control.switch(never_echoed=["company_id"])
    assert only(send(account, "en")).outcome == "done"
    assert account.state.account == known
    assert known.company_id == "6197120"


# ------------------------------------------------------------------------------------- unkind answers

UNKIND: list[dict[str, Any]] = [
    {"create_ignores": ["targeting"]},
    {"create_ignores": ["targeting/custom_properties"]},
    {"create_ignores": ["targeting/custom_properties/seed"]},
    {"create_ignores": ["targeting/custom_properties/seed/items"]},
    {"never_echoed": ["targeting"]},
    {"never_echoed": ["targeting/custom_properties/seed"]},
    {"unasked": {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}},
    {"unasked": {"targeting": {"custom_properties": {"seed": {"items": ["team", "all"], "op": "in"}}}}},
    {"unasked": {"recurrence": {"cron": "0 9 * * *"}}},
    {"unasked": {"scheduled_time": FAR}},
    {"unasked": {"is_draft": False, "scheduled_time": FAR}},
    {"unasked": {"is_draft": False, "recurrence": {"cron": "0 9 * * *"}}},
    {"unasked": {"send_in_profile_time_zone": True}},
    {"unasked": {"quiet_hours": {"from": 22}}},
    {"cut": {"messages/*/push/title/*": 1}},
    {"never_echoed": ["is_draft", "targeting"]},
    {"never_echoed": ["messages"]},
]


@pytest.mark.parametrize("switches", UNKIND, ids=str)
def test_what_is_not_shown_as_asked_is_never_armed(account: Account, switches: dict[str, Any]) -> None:
    seeded(account)
    account.control.switch(**switches)
    report = send(account)
    assert [one.outcome for one in report.proofs] == ["failed", "not_started"]
    error = report.proofs[0].error
    assert error is not None
    assert "was not armed" in error.summary
    assert error.hint
    assert sent(account) == []
    assert "update" not in writes(account)
    assert phases(account) == ["dropped"]
    # It cannot send any more, whatever it is.
    left = account.control.campaign(str(report.proofs[0].id))["live"]["status"]
    assert left in ("draft", "canceled")


@pytest.mark.parametrize(
    "switches",
    [
        {"create_ignores": ["is_draft"]},
        {"metadata": "dropped"},
        {"metadata": "stringified"},
        {"labels": "comma"},
        {"draft_status": "concept"},
        {"manual_status": "idle", "create_ignores": ["is_draft"]},
        {"by_id": "bare"},
        {"patch_success": 200},
        {"ids": "numbers"},
        {"patch_ignores": ["targeting"]},
        {"spelling": ["set_order", "number_texts", "trimmed"]},
        {"never_echoed": ["labels", "name"]},
        {"names_trimmed": True, "long_names": "cut"},
        {"running_seconds": 600},
    ],
    ids=str,
)
def test_what_means_the_same_is_sent(account: Account, switches: dict[str, Any]) -> None:
    seeded(account)
    account.control.switch(**switches)
    assert send(account).result == "done"
    assert len(sent(account)) == 2
    assert beyond(account) == []
    assert account.plan().blocked == ()


KINDS = ("lost_answer", "drop", "truncate", "garble", "no_id", "redirect")
STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 502, 503)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("kind", [*KINDS, *STATUSES, *(f"{code} done" for code in (500, 503))])
def test_a_fault_at_any_write_sends_nothing_beyond_the_seeds_and_nothing_twice(
    account: Account, method: str, kind: Any
) -> None:
    seeded(account)
    code, _, done = str(kind).partition(" ")
    fault = {"kind": kind} if kind in KINDS else {"kind": "status", "status": int(code), "effect": bool(done)}
    if kind == "redirect":
        fault["location"] = "/elsewhere"
    times = 1 if code != "429" else 2
    account.control.fault({"method": method, "times": times}, fault)
    first = send(account, "en")
    assert beyond(account) == []
    count = len(sent(account))
    assert count <= 1
    if only(first).outcome == "unknown":
        with pytest.raises(CampaignctlError, match="not known whether"):
            send(account, "en")
        account.resolve(KEY, "retry")
    again = only(send(account, "en"))
    assert again.outcome == "done"
    assert beyond(account) == []
    # An order that was carried out is repeated only because a person gives it again, knowing the outcome.
    assert len(sent(account)) == 1 + (count if only(first).outcome == "done" else 0)
    assert "arming" not in phases(account)


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize("kind", ["drop", "garble", "truncate"])
def test_a_read_that_fails_arms_nothing(account: Account, skip: int, kind: str) -> None:
    seeded(account)
    match = {"method": "GET", "path": r"/campaigns/\d+$", "skip": skip, "times": 50}
    account.control.fault(match, {"kind": kind})
    result = only(send(account, "en"))
    assert beyond(account) == []
    assert (result.outcome, len(sent(account))) == (("unknown", 1) if skip == 2 else ("failed", 0))
    account.control.clear_faults()
    # The outcome that was unknown is found out, and not sent once more.
    assert only(send(account, "en")).outcome == "done"
    assert len(sent(account)) == 1
    assert beyond(account) == []


def test_an_arming_that_is_answered_and_not_done_is_left_to_a_person(account: Account) -> None:
    seeded(account)
    account.control.fault({"method": "PATCH"}, {"kind": "not_done"})
    result = only(send(account, "en"))
    assert result.outcome == "unknown"
    assert result.error is not None
    assert f"campaignctl state resolve {KEY} --retry" in str(result.error.hint)
    assert phases(account) == ["arming"]
    account.apply()
    assert phases(account) == ["arming"]
    assert "recorded as not sent" in account.resolve(KEY, "retry")
    assert only(send(account, "en")).outcome == "done"
    assert len(sent(account)) == 1


def test_a_person_may_say_that_seeds_got_it(account: Account) -> None:
    seeded(account, require_proof=True)
    send(account, "de")
    account.control.fault({"method": "PATCH"}, {"kind": "not_done"})
    send(account, "en")
    assert account.plan().blocked
    account.resolve(KEY, "done")
    assert not account.plan().blocked


@pytest.mark.parametrize("effect", [1.0, 20.0, 40.0])
def test_an_arming_that_takes_effect_late_is_found_and_not_repeated(late: Account, effect: float) -> None:
    seeded(late)
    late.wire.lose("update", effect=effect, answer=5.0)
    first = only(send(late, "en"))
    late.clock.wait(timedelta(minutes=2))
    late.wire.arrive()
    if first.outcome == "unknown":
        assert only(send(late, "en")).outcome == "done"
    assert len(sent(late)) == 1
    assert beyond(late) == []
    assert phases(late) == ["sent"]


def test_a_person_cannot_repeat_what_the_account_shows_as_sent(late: Account) -> None:
    seeded(late)
    late.wire.lose("update", effect=20.0, answer=5.0)
    assert only(send(late, "en")).outcome == "unknown"
    late.clock.wait(timedelta(minutes=2))
    late.wire.arrive()
    serial = late.state.serial
    with pytest.raises(StateError, match="was sent"):
        late.resolve(KEY, "retry")
    assert "recorded as sent" in late.resolve(KEY, "done")
    assert late.state.serial == serial, "no reviewed plan is void"


def test_a_person_cannot_repeat_what_may_still_arrive(late: Account) -> None:
    seeded(late)
    late.wire.lose("update", effect=20.0, answer=5.0)
    assert only(send(late, "en")).outcome == "unknown"
    with pytest.raises(StateError, match="was sent"):
        late.resolve(KEY, "retry")
    assert only(send(late, "en")).outcome == "done"
    assert len(sent(late)) == 1


def test_a_proof_that_another_seed_list_got_is_not_called_sent_to_this_one(late: Account) -> None:
    seeded(late)
    agency = {"custom_properties": {"seed": {"items": ["agency"], "op": "in"}}}
    late.project = replace(late.project, proofs={"team": Seeds(SEEDS), "agency": Seeds(agency)})
    late.wire.lose("update", effect=20.0, answer=5.0)
    assert only(send(late, "en", to="team")).outcome == "unknown"
    late.clock.wait(timedelta(minutes=2))
    late.wire.arrive()
    assert only(send(late, "en", to="agency")).outcome == "done"
    assert [body["targeting"] for body in sent(late)] == [SEEDS, agency]


@pytest.mark.parametrize("phase", ["started", "created"])
def test_an_older_state_that_is_put_back_sends_no_proof_again(account: Account, phase: Any) -> None:
    seeded(account)
    send(account, "en")
    (proof,) = account.state.proofs
    older = replace(proof, phase=phase, id=None if phase == "started" else proof.id)
    state_ops.push(account.wiring, replace(account.state, proofs=(older,)), force=True)
    assert only(send(account, "en")).outcome == "done"
    assert (len(sent(account)), phases(account)) == (1, ["sent"])


def test_a_create_that_arrives_late_stays_a_draft(late: Account) -> None:
    seeded(late)
    late.wire.lose("create", effect=45.0, answer=5.0)
    assert only(send(late, "en")).outcome == "failed"
    assert only(send(late, "en")).outcome == "done"
    assert phases(late) == ["started", "sent"]
    late.clock.wait(timedelta(minutes=5))
    late.wire.arrive()
    send(late, "de")
    assert len(sent(late)) == 2
    assert [one["live"]["status"] for one in late.control.campaigns()].count("draft") == 1
    assert not any(each.open for each in late.state.proofs)


# ------------------------------------------------------------------------------------- others meanwhile

EDITS: list[dict[str, Any]] = [
    {"targeting": None},
    {"targeting/custom_properties/seed/items": ["team", "all"]},
    {"messages/0/push/title/en": "Other"},
    {"quiet_hours": {"from": 1}},
]


def at(late: Account, name: str, do: Callable[[], object]) -> None:
    """Do something directly before the first write of this name leaves."""
    done: list[str] = []

    def on_write(write: str) -> None:
        if write == name and not done:
            done.append(write)
            do()

    late.wire.on_write = on_write


def newest(account: Account) -> str:
    return str(max(account.control.campaigns(), key=lambda one: int(one["id"]))["id"])


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_an_edit_between_create_and_arming_is_not_armed(late: Account, edit: dict[str, Any]) -> None:
    seeded(late)
    late.wire.after_write = lambda name: late.control.edit(newest(late), edit) if name == "create" else None
    result = only(send(late, "en"))
    assert result.outcome == "failed"
    assert sent(late) == []


@pytest.mark.parametrize("edit", EDITS[:2], ids=str)
def test_an_audience_that_is_widened_as_the_arming_leaves_is_the_seeds_again(
    late: Account, edit: dict[str, Any]
) -> None:
    seeded(late)
    at(late, "update", lambda: late.control.edit(newest(late), edit))
    send(late, "en")
    assert len(sent(late)) == 1
    assert beyond(late) == []


def test_an_audience_that_is_lost_after_the_arming_is_canceled(late: Account) -> None:
    seeded(late)
    late.control.switch(running_seconds=600)

    def widen(name: str) -> None:
        if name == "update":
            late.control.edit(newest(late), {"targeting": None})

    late.wire.after_write = widen
    result = only(send(late, "en"))
    assert result.outcome == "failed"
    assert result.error is not None
    assert "halt" in str(result.error.hint)
    assert phases(late) == ["dropped"]
    assert late.control.campaign(str(result.id))["live"]["status"] == "canceled"


@pytest.mark.parametrize(("name", "ended"), [("create", ("not_started", 0)), ("update", ("unknown", 1))])
def test_an_interrupt_arms_nothing_more_and_leaves_nothing_open(
    late: Account, name: str, ended: tuple[str, int]
) -> None:
    seeded(late)

    def interrupt(write: str) -> None:
        late.clock.time.interrupted = late.clock.time.interrupted or write == name

    late.wire.after_write = interrupt
    report = send(late)
    assert report.result == "interrupted"
    assert [one.outcome for one in report.proofs] == [ended[0], "not_started"]
    assert len(sent(late)) == ended[1]
    late.clock.time.interrupted, late.wire.after_write = False, lambda _name: None
    assert send(late).result == "done"
    assert len(sent(late)) == 2
    assert "arming" not in phases(late)


# ------------------------------------------------------------------------------------- halt


@pytest.mark.parametrize("everything", [True, False])
def test_a_halt_stops_a_proof_that_is_not_sent_yet(account: Account, everything: bool) -> None:
    seeded(account)
    account.control.switch(running_seconds=600)
    left = only(send(account, "en")).id
    account.halt(*(() if everything else (KEY,)))
    assert account.control.campaign(str(left))["live"]["status"] == "paused"
    account.lift()
    account.apply()
    assert account.control.campaign(str(left))["live"]["status"] == "paused"


def test_a_halt_without_a_state_knows_proofs_by_their_marker(account: Account) -> None:
    seeded(account)
    account.control.switch(running_seconds=600)
    left = only(send(account, "en")).id
    account.place.path.unlink()
    account.broken = True
    account.halt()
    assert account.control.campaign(str(left))["live"]["status"] == "paused"


def test_a_plan_with_proofs_is_the_plan_without(account: Account) -> None:
    seeded(account)
    before = _bare(account.plan())
    send(account)
    assert _bare(account.plan()) == before


def _bare(plan: Plan) -> list[tuple[str, str, Any]]:
    return [(change.key, str(change.action), change.spec) for change in plan.changes]


def test_runs_that_died_at_any_step_leave_nothing_open(account: Account) -> None:
    seeded(account)
    send(account)
    done = account.state
    for phase in ("started", "created"):
        _rewritten(account, replace(done, proofs=(replace(done.proofs[0], phase=phase, id=None),)))
        account.clock.wait(timedelta(minutes=1))
        account.apply()
        assert phases(account) == ["sent"], "whatever is on record, the account shows it"
    _rewritten(account, replace(done, proofs=(replace(done.proofs[0], phase="arming"),)))
    account.apply()
    assert phases(account) == ["sent"]


@pytest.mark.parametrize(
    ("begun", "phase"),
    [
        (timedelta(seconds=-1), "started"),
        (timedelta(minutes=2), "started"),
        (timedelta(minutes=2, seconds=1), "dropped"),
        (timedelta(days=400), "dropped"),
        (-PROJECT.api.timeout, "started"),
        (timedelta(minutes=-10), "dropped"),
    ],
)
def test_a_create_without_an_answer_is_dropped_once_it_is_over_or_if_its_time_is_wrong(
    begun: timedelta, phase: str
) -> None:
    lost = replace(filled(Proof), phase="started", id=None, at=iso(NOW + begun))
    with direct(recorded(proofs=(lost,))) as given:
        assert settle(given.run()) == {}
        (left,) = given.state.proofs
    assert left.phase == phase
    words = "nothing is found of it; its create had no answer"
    assert given.said == [f"{lost.key}: its proof without an id in {lost.lang}: {words}"] * (
        phase == "dropped"
    )


def _rewritten(account: Account, state: State) -> None:
    session = account.place.backend().acquire("test", timedelta(0))
    session.write(replace(state, serial=account.state.serial))
    session.release()


NOT_CANCELED = "could not be canceled: it is not shown as canceled"


@pytest.mark.parametrize(
    ("shown", "writes", "left"),
    [
        (None, [], (True, "9 is not found")),
        ({"id": "9", "status": "draft"}, [], (True, "9 is draft, and sends nothing")),
        ({"id": "9", "status": "scheduled"}, ["cancel"], (False, f"9 {NOT_CANCELED}")),
    ],
)
def test_what_is_left_of_a_proof_that_is_not_sent_is_said(
    shown: Shown, writes: list[str], left: tuple[bool, str]
) -> None:
    script = Script(by_id={"9": shown})
    with direct(recorded(), script) as given:
        assert stopped(given.run(), replace(filled(Proof), id="9")) == left
    assert [word for word in script.asked if word != "9"] == writes
