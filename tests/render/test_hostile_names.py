"""Every renderer with hostile names and messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from campaignctl.diff import FieldChange
from campaignctl.errors import CampaignctlError, Command, Finding, ManifestError, Source
from campaignctl.plan.model import Action
from campaignctl.render.errors import error_text, findings_text
from campaignctl.render.markdown import plan_markdown
from campaignctl.render.outcome import outcome_text
from campaignctl.render.overview import status_text
from campaignctl.render.plan import plan_text
from campaignctl.render.status import state_text
from campaignctl.review.outcome import ChangeResult, Failure, Outcome
from campaignctl.review.reports import StatusReport, StatusRow
from campaignctl.review.review import review_of
from campaignctl.state.model import Account, Intent, Record, State, Watermark
from tests.render.sample_plans import NOW, hostile_plan, reviewed

HOSTILE = "x\x1b]0;owned\x07\n+ create push/fake\r\x9b2J\u202e\u2066\u2028\u0085\x0b\x0c\ud800\U000e0041\x00"
HARMLESS = "x" * 100
_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e0fff]"
)


def _plan(name: str) -> str:
    return plan_text(review_of(hostile_plan(name)), color=False, now=NOW, width=10_000)


def _markdown(name: str) -> str:
    return plan_markdown(reviewed(hostile_plan(name)))


def _outcome(name: str) -> str:
    failure = Failure(name, name, name, name)
    result = ChangeResult(name, Action.CREATE, name, "failed", failure, name)
    return outcome_text(
        Outcome("incomplete", (result,), next=(Command("plan", name),), notes=(name,)), color=False
    )


def _findings(name: str) -> str:
    return findings_text((Finding("error", name, name, Source(name, 1, 2, name), name, name),), color=False)


def _error(name: str) -> str:
    error = CampaignctlError(
        name, detail="x", hint=name, key=name, source=Source(name, 1, 3, name), trace_id=name
    )
    return error_text(error, color=False)


def _manifest_error(name: str) -> str:
    return error_text(ManifestError((Finding("warning", "x", name, Source(name, 1, 1, name)),)), color=False)


def _status(name: str) -> str:
    row = StatusRow(name, name, name, name, False, name, (FieldChange(name, name, None),), name)
    return status_text(StatusReport((row,), NOW), color=False)


def _state(name: str) -> str:
    record = Record(name, name, {}, name, name, name, name, next_run_time=name)
    intent = Intent("create", name, "planned", {}, name, Watermark((), None), None, id=name)
    state = State(name, 1, name, Account(name, name), name, campaigns={name: record}, pending={name: intent})
    return state_text(state, color=False, now=datetime.now(UTC))


def _own_lines(text: str) -> int:
    """The number of our own lines, those without a bar in front."""
    return sum(not re.match(r"\s*[-+]? *\| ", line) for line in text.split("\n"))


@pytest.mark.parametrize(
    "render",
    [_plan, _markdown, _outcome, _findings, _error, _manifest_error, _status, _state],
    ids=lambda render: render.__name__,
)
def test_foreign_text_stays_on_its_line_and_moves_no_cursor(render: Callable[[str], str]) -> None:
    text = render(HOSTILE)
    assert not _UNSAFE.search(text)
    assert not re.search(r"^\s*\+ create push/fake", text, re.MULTILINE)
    assert _own_lines(text) == _own_lines(render(HARMLESS))


def test_an_explanation_of_several_lines_is_quoted() -> None:
    text = error_text(CampaignctlError("x", detail=HOSTILE), color=False)
    assert not _UNSAFE.search(text)
    assert all(line.startswith(("error: x", "  | ")) for line in text.splitlines())


def test_a_long_name_is_cut() -> None:
    assert len(_status("x" * 100_000)) < 10_000
