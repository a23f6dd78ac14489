"""What a plan does not show is said with its length and digest, and the full text shows all of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.diff import FieldChange
from campaignctl.errors import Command, ProjectPlace
from campaignctl.plan.model import Conflict, Drift, Objection, Plan
from campaignctl.render.cuts import Cuts
from campaignctl.render.markdown import plan_markdown
from campaignctl.render.plan import plan_text
from campaignctl.review.review import review_of
from tests.render.sample_plans import NOW, created, plan, updated

_END = "the-very-end"
_LINES = "\n".join([f"line {number}" for number in range(900)] + [_END])
_LINE = "word " * 300 + _END
_MANY = [*(f"k{number:04}" for number in range(300)), _END]


def _targeted(**targeting: Any) -> Plan:
    change = updated("push/a", FieldChange("score", 1, 2))
    return plan(replace(change, audience=targeting))


def _field(before: Any, after: Any) -> Plan:
    return plan(updated("push/a", FieldChange("messages/m/email/html", before, after)))


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _text(shown: Plan, cuts: Cuts) -> str:
    return plan_text(review_of(shown), color=False, now=NOW, cuts=cuts)


def _markdown(shown: Plan, cuts: Cuts) -> str:
    return plan_markdown(review_of(shown), cuts=cuts)


_VALUES = {
    "a new text of many lines": (_field(None, _LINES), _LINES),
    "a new text on one line": (_field(None, _LINE), _LINE),
    "a text that is removed": (_field(_LINES, None), _LINES),
    "a new list": (_field(None, _MANY), _MANY),
    "a new object": (_field(None, {"a": _LINE}), {"a": _LINE}),
    "the lines of a long difference": (_field("old\n" * 600, _LINES), _LINES),
    "one line of a difference": (_field("a\nb", f"a\n{_LINE}"), _LINE),
    "a text that replaces another": (_field("x", _LINE), _LINE),
    "a difference too long to compare": (_field("x\n" * 5_000, "y\n" * 5_000 + _END), "y\n" * 5_000 + _END),
    "drift": (plan(drift=(Drift("push/a", "1", (FieldChange("html", None, _LINE),)),)), _LINE),
    "the keys of an objection": (
        plan(objections=(Objection("freeze", "31", "0", tuple(_MANY)),)),
        "\n".join(_MANY),
    ),
}
_IN_A_CELL = {
    "an audience of many items": (_targeted(countries={"items": _MANY, "op": "in"}), "\n".join(_MANY)),
    "a name": (plan(replace(created("push/a", {"name": "N"}), name=_LINE, diff=())), _LINE),
    "a conflict": (
        plan(replace(updated("push/a"), conflicts=(Conflict("name", "a", "b", _LINE),))),
        _LINE,
    ),
}


@pytest.mark.parametrize("render", [_text, _markdown])
@pytest.mark.parametrize("case", _VALUES)
def test_a_cut_names_length_and_digest_and_full_shows_the_rest(
    case: str, render: Callable[[Plan, Cuts], str]
) -> None:
    shown, value = _VALUES[case]
    _cut_and_full(shown, render, _digest(value))


@pytest.mark.parametrize("case", _IN_A_CELL)
def test_a_cut_in_one_line_names_length_and_digest(case: str) -> None:
    shown, value = _IN_A_CELL[case]
    _cut_and_full(shown, _text, _digest(value))
    _cut_and_full(shown, _markdown, "sha256")


def _cut_and_full(shown: Plan, render: Callable[[Plan, Cuts], str], digest: str) -> None:
    command = Command("show", "p.json", "--full")
    cut = render(shown, Cuts(command))
    assert _END not in cut
    assert digest in cut
    assert "campaignctl show p.json --full" in cut
    full = render(shown, Cuts(command, full=True))
    assert _END in full
    assert str(command) not in full


def test_the_full_text_shows_every_line_of_a_long_difference() -> None:
    new = "\n".join(f"new {number}" for number in range(6_000))
    full = _text(_field(new.replace("new 3\n", "old 3\n"), new), Cuts(full=True))
    assert [line.strip() for line in full.splitlines() if "new" in line or "old" in line] == [
        "| - old 3",
        "| + new 3",
    ]


def test_the_command_names_environment_and_folder() -> None:
    cuts, place = Cuts(), ProjectPlace("shop", "staging")
    text = plan_text(review_of(_field(None, _LINES)), color=False, now=NOW, place=place, cuts=cuts)
    assert cuts.count == 1
    assert "\n  campaignctl -C shop -e staging plan --full\n" in text


def test_a_comment_that_cannot_hold_everything_is_cut_and_says_so() -> None:
    shown = _field(None, "\n".join("x" * 900 for _ in range(1_000)))
    text = plan_markdown(review_of(shown), cuts=Cuts(Command("show", "p.json", "--full"), full=True))
    assert "**This comment is cut: some details do not fit.**" in text
    assert "`campaignctl show p.json --full`" in text


def test_changes_that_a_comment_leaves_out_have_a_length_and_a_digest() -> None:
    changes = [created(f"push/{number}", {"name": "N", "messages": [number]}) for number in range(900)]
    lines = [line for line in plan_markdown(review_of(plan(*changes))).splitlines() if " not shown" in line]
    assert len(lines) == 2
    assert all(re.search(r"[\d,]+ characters, sha256 `[0-9a-f]{12}`", line) for line in lines)


def test_a_short_plan_has_no_word_about_cuts() -> None:
    cuts = Cuts()
    for text in (_text(_field("a", "b"), cuts), _markdown(_field("a", "b"), cuts)):
        assert "--full" not in text
    assert cuts.count == 0
