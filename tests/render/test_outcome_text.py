"""The outcome of an apply, as text and as a document."""

from __future__ import annotations

from campaignctl.errors import Command
from campaignctl.plan.model import Action, Blocked
from campaignctl.render.outcome import outcome_json, outcome_text
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


def test_every_change_has_its_line_and_its_reason(golden: Golden) -> None:
    golden("outcome", outcome_text(MIXED, color=False))


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


def test_color_only_on_request() -> None:
    assert "\x1b" not in outcome_text(MIXED, color=False)
    assert "\x1b[31mFAILED\x1b[0m" in outcome_text(MIXED, color=True)


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
