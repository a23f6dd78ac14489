"""The outcome of an apply, as text and as a document."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.errors import Command, Names, Sentence
from campaignctl.plan.model import Action, Blocked
from campaignctl.render.outcome import outcome_json, outcome_text, outcome_verdict
from campaignctl.review.outcome import ChangeResult, Failure, Outcome
from tests.golden import Golden
from tests.render.sample_plans import BLOCKED

FAILURE = Failure("The API refused the create", "Bad request.: x", "fix the manifest", "0f-1")
LEFT = Blocked("push/late", "7", "sent", "already sent", "campaignctl apply --replace push/late")
MIXED = Outcome(
    "incomplete",
    (
        ChangeResult("push/a", Action.CREATE, "101", "done"),
        ChangeResult("push/b", Action.CREATE, None, "failed", FAILURE),
        ChangeResult("push/c", Action.UPDATE, "103", "not_started"),
        ChangeResult("sms/flash", Action.CREATE, None, "unknown", Failure("No answer")),
    ),
    lineage="l",
    serial=4,
    next=(Command("state", "resolve", "sms/flash", "--adopt", "104"),),
    notes=("a second copy was canceled",),
    blocked=(LEFT, LEFT),
)


def test_what_is_not_done_comes_first_with_its_reason_and_the_verdict_last(golden: Golden) -> None:
    golden("outcome", outcome_text(MIXED, color=False))


def created(count: int) -> tuple[ChangeResult, ...]:
    return tuple(ChangeResult(f"push/{n}", Action.CREATE, str(100 + n), "done") for n in range(count))


def failed(count: int) -> tuple[ChangeResult, ...]:
    def why(key: str) -> Failure:
        said = f"create of {key}: the API refused it"
        return Failure(said, "", Sentence(Command("apply", "--target", key)), f"trace of {key}")

    keys = [f"sms/{n}" for n in range(count)]
    return tuple(ChangeResult(key, Action.CREATE, None, "failed", why(key)) for key in keys)


def test_many_changes_that_are_done_are_counted_and_listed_on_request() -> None:
    many = Outcome("done", created(36))
    assert outcome_text(many, color=False) == "Done: 36 created.\n"
    listed = outcome_text(many, color=False, every=True)
    assert all(f"{result.id}  {result.key}\n" in listed for result in many.changes)
    assert outcome_text(Outcome("done", created(5)), color=False).count("created  10") == 5


def test_thousands_of_failures_for_one_cause_are_a_screen_and_none_is_merged_with_another() -> None:
    odd = ChangeResult("sms/odd", Action.CREATE, None, "failed", Failure("create of sms/odd: no answer"))
    next_ = tuple(Command("state", "resolve", result.key, "--retry") for result in failed(3000))
    many = Outcome("incomplete", (*created(40), *failed(3000), odd), next=next_)
    text = outcome_text(many, color=False)
    assert text.splitlines()[0] == text.splitlines()[-1] == "Incomplete: 3,001 failed, 40 created."
    assert len(text.splitlines()) < 50
    for said in (
        "and 2,981 more: FAILED; -v lists each",
        "create of sms/0: the API refused it",
        "    and 2,999 more like this; -v lists each",
        "create of sms/odd: no answer",
        "  and 2,990 more commands; -v lists each",
    ):
        assert text.count(f"{said}\n") == 1, said
    every = outcome_text(many, color=False, every=True)
    assert all(f"create of {result.key}: the API refused it\n" in every for result in failed(3000))


def test_a_remark_that_many_share_is_said_once() -> None:
    many = tuple(replace(each, unconfirmed=("deal_id",)) for each in created(36))
    text = outcome_text(Outcome("done", many), color=False)
    assert text == (
        "push/0: unconfirmed: no read shows deal_id\n    and 35 more like this; -v lists each\n\n"
        "Done: 36 created.\n"
    )


def test_the_verdict_is_one_line() -> None:
    assert outcome_verdict(MIXED, color=False).count("\n") == 0
    assert outcome_text(MIXED, color=False).endswith(f"\n\n{outcome_verdict(MIXED, color=False)}\n")


def test_an_apply_without_changes() -> None:
    assert outcome_text(Outcome("done"), color=False) == "Done: nothing was changed.\n"


def test_an_apply_of_which_nothing_was_done_says_so() -> None:
    left = ChangeResult("push/a", Action.CREATE, None, "not_started")
    for changes, counts in (((), ""), ((left,), "1 not started, ")):
        text = outcome_text(Outcome("incomplete", changes, blocked=BLOCKED), color=False)
        blocked = "3 blocked and left alone, 2 of them before this change"
        assert f"Incomplete: nothing was changed, {counts}{blocked}." in text
    made = ChangeResult("push/b", Action.CREATE, "1", "done")
    assert "nothing was changed" not in outcome_text(Outcome("incomplete", (left, made)), color=False)


def test_a_refusal_lists_no_changes_and_its_notes_are_short() -> None:
    keys = [f"push/{number:02}" for number in range(38)]
    left = tuple(ChangeResult(key, Action.CANCEL, None, "not_started") for key in keys)
    refused = Outcome("refused", left, notes=(Sentence(Names.of(keys), ": still declared"),))
    text = outcome_text(refused, color=False)
    assert text.startswith("Refused: nothing was changed, 38 not started.\n\n-v lists the 38 changes\n")
    assert "push/05" not in text
    listed = outcome_text(refused, color=False, every=True)
    assert [listed.count(key) for key in keys] == [2] * 38


def test_color_only_on_request() -> None:
    assert "\x1b" not in outcome_text(MIXED, color=False)
    assert "\x1b[31mcreate FAILED " in outcome_text(MIXED, color=True)


def test_the_document_is_the_public_one() -> None:
    document = outcome_json(MIXED)
    assert list(document) == [
        "format_version",
        "lineage",
        "serial",
        "result",
        "changes",
        "blocked",
        "objections",
        "next",
        "notes",
        "requests",
    ]
    assert document["changes"][0] == {
        "key": "push/a",
        "action": "create",
        "id": "101",
        "outcome": "done",
        "error": None,
        "warnings": [],
        "unconfirmed": [],
    }
    assert document["changes"][1]["error"] == {
        "summary": "The API refused the create",
        "detail": "Bad request.: x",
        "hint": "fix the manifest",
        "trace_id": "0f-1",
    }
