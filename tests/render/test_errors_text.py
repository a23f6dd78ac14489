"""Errors and findings: the place, the line, the caret, and what to do."""

from __future__ import annotations

import pytest

from campaignctl.errors import (
    ApiError,
    CampaignctlError,
    Command,
    Finding,
    LockHeld,
    ManifestError,
    ProjectPlace,
    Sentence,
    Source,
)
from campaignctl.render.errors import error_text, findings_json, findings_text
from tests.golden import Golden

UNKNOWN = Finding(
    "error",
    "unknown-member",
    "unknown field 'titel'",
    Source("push/a.yaml", 12, 5, "    titel: Hi"),
    hint="did you mean title?",
    key="push/a",
)
DOUBTFUL = Finding("warning", "long-subject", "the subject is long", Source("email/b.yaml", 3, 1))


def test_findings_look_like_compiler_errors(golden: Golden) -> None:
    golden("findings", findings_text((UNKNOWN, DOUBTFUL), color=False))


def test_the_caret_is_below_the_column_after_any_text() -> None:
    finding = Finding("error", "x", "m", Source("a.yaml", 1, 6, "日本\t: x"))
    lines = findings_text((finding,), color=False).splitlines()
    assert lines[1] == r"    日本\t: x"
    assert lines[2] == "    " + " " * 8 + "^"


def test_a_long_line_is_cut_around_the_column() -> None:
    finding = Finding("error", "x", "m", Source("a.yaml", 1, 5_001, "a" * 5_000 + "HERE" + "b" * 5_000))
    lines = findings_text((finding,), color=False).splitlines()
    assert lines[1][lines[2].index("^") :].startswith("HEREbbb")
    assert len(lines[1]) < 120


def test_a_column_outside_of_the_line_does_no_harm() -> None:
    for column in (-3, 0, 99):
        assert "^" in findings_text((Finding("error", "x", "m", Source("a", 1, column, "ab")),), color=False)


def test_findings_are_counted() -> None:
    assert findings_text((), color=False) == "0 errors.\n"
    assert findings_text((UNKNOWN, UNKNOWN), color=False).endswith("\n2 errors.\n")
    assert findings_text((DOUBTFUL,), color=False).endswith("\n1 warning.\n")


def test_findings_as_a_document() -> None:
    document = findings_json((UNKNOWN, DOUBTFUL))
    assert (document["format_version"], document["errors"], document["warnings"]) == (1, 1, 1)
    assert document["findings"][0] == {
        "severity": "error",
        "code": "unknown-member",
        "message": "unknown field 'titel'",
        "hint": "did you mean title?",
        "file": "push/a.yaml",
        "line": 12,
        "column": 5,
        "key": "push/a",
    }


def test_an_error_says_what_where_why_and_what_to_do(golden: Golden) -> None:
    error = ApiError(
        "The API refused the update",
        detail="Bad request.",
        hint=Command("plan"),
        key="push/a",
        source=Source("push/a.yaml", 2, 3, "  name: x"),
        trace_id="0f-1",
        status=400,
    )
    golden("api error", error_text(error, color=False))


@pytest.mark.parametrize(
    ("hint", "lines"),
    [
        (Sentence("set the right id"), ["  hint: set the right id"]),
        (Sentence(Command("apply")), ["  hint:", "    campaignctl -e prod apply"]),
        (
            Sentence("see what is recorded: ", Command("state", "list")),
            ["  hint: see what is recorded:", "    campaignctl -e prod state list"],
        ),
        (
            Sentence(Command("plan"), ", or ", Command("state", "rm", "a"), " to let it be"),
            ["  hint:", "    campaignctl -e prod plan", "  or `campaignctl -e prod state rm a` to let it be"],
        ),
        (
            Sentence(Command("plan"), ", then ", Command("apply")),
            ["  hint:", "    campaignctl -e prod plan", "  then", "    campaignctl -e prod apply"],
        ),
        (Sentence("", Command("apply"), " makes it"), ["  hint: `campaignctl -e prod apply` makes it"]),
    ],
)
def test_a_command_to_paste_is_alone_on_its_line(hint: Sentence, lines: list[str]) -> None:
    text = error_text(CampaignctlError("No", hint=hint), color=False, place=ProjectPlace(environment="prod"))
    assert text.splitlines() == ["error: No", *lines]


def test_a_bare_error_is_one_line() -> None:
    assert error_text(LockHeld("Another run applies"), color=False) == "error: Another run applies\n"


def test_errors_in_the_manifests_show_every_finding() -> None:
    error = ManifestError((UNKNOWN, DOUBTFUL))
    assert error_text(error, color=False) == findings_text((UNKNOWN, DOUBTFUL), color=False)


def test_foreign_lines_cannot_pass_for_ours() -> None:
    text = error_text(CampaignctlError("x", detail="one\nhint: rm -rf /"), color=False)
    assert text == "error: x\n  | one\n  | hint: rm -rf /\n"


def test_color_only_on_request() -> None:
    assert "\x1b" not in findings_text((UNKNOWN, DOUBTFUL), color=False)
    assert "\x1b[1;31merror:\x1b[0m" in findings_text((UNKNOWN,), color=True)
    assert "\x1b[1;31merror:\x1b[0m" in error_text(LockHeld("x"), color=True)
