"""Bad lifecycle, moves and project settings: each mistake is one finding, at its place, with a hint."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.manifest.checking import Check
from tests.manifest.test_bad_manifests import PUSH

TEST = """\
spec:
  name: Welcome
  ab_test: {test_split: 30, winning_metric: click_rate, evaluation_window: 1D, winner_delivery_mode: manual}
  messages:
    - {name: First, channel: push, push: {title: {en: Hi}, landing_url: https://example.com}}
    - {name: Second, channel: push, push: {title: {en: Ho}, landing_url: https://example.com}}
"""
MARKETS = "matrix: {country: [DE, FR]}\n"
IN_MARKETS = PUSH.replace("Welcome", "Welcome ${matrix.country}")
REMOVED = "kind: Removed\n"


class Case(NamedTuple):
    """A text, and its one error: the place, and parts of the message."""

    text: str
    place: str
    message: str
    hint: str = ""


PHASES = [
    Case("lifecycle: {phase: pause}\n" + PUSH, "1:20", "not one of: active, paused", "did you mean paused?"),
    Case("lifecycle: {phase: Active}\n" + PUSH, "1:20", "'Active' is not one of", "did you mean active?"),
    Case("lifecycle: {phase: true}\n" + PUSH, "1:20", "'true' is not one of", "write active, paused"),
    Case("lifecycle: {phase: }\n" + PUSH, "1:20", "null is not allowed"),
    Case("lifecycle: {phase: [paused]}\n" + PUSH, "1:20", "expected a string, found a list"),
    Case("lifecycle: {phases: paused}\n" + PUSH, "1:13", "unknown field `phases`", "did you mean phase?"),
    Case("phase: paused\n" + PUSH, "1:1", "unknown field `phase`"),
]
WINNERS = [
    Case("lifecycle: {winner: First}\n" + PUSH, "1:21", "no `ab_test` to win"),
    Case("lifecycle: {winner: Frist}\n" + TEST, "1:21", "has the name 'Frist'", "did you mean First?"),
    Case("lifecycle: {winner: Zebra}\n" + TEST, "1:21", "has the name 'Zebra'", "are: First, Second"),
    Case("lifecycle: {winner: First}\n" + TEST.replace("Second", "First"), "1:21", "2 messages have"),
    Case('lifecycle: {winner: ""}\n' + TEST, "1:21", "must not be empty"),
    Case("lifecycle: {winner: [First]}\n" + TEST, "1:21", "expected a string, found a list"),
    Case("lifecycle: {winner: {$file: a.txt}}\n" + TEST, "1:21", "expected a string, found an object"),
    Case("lifecycle: {winner: {message: Frist}}\n" + TEST, "1:31", "has the name 'Frist'"),
    Case('lifecycle: {winner: {message: ""}}\n' + TEST, "1:31", "must not be empty"),
    Case("lifecycle: {winner: {run: 1}}\n" + TEST, "1:13", "`message` is missing"),
    Case("lifecycle: {winner: {message: First, run: 0}}\n" + TEST, "1:43", "1"),
    Case("lifecycle: {winner: {message: First, run: two}}\n" + TEST, "1:43", "whole number"),
    Case("lifecycle: {winner: {message: First, runs: 2}}\n" + TEST, "1:38", "unknown field `runs`"),
    Case("lifecycle: {winner: {message: First, run: 2}}\n" + TEST, "1:43", "no `recurrence`"),
    Case('lifecycle: {winner: "${vars.w}"}\n' + TEST, "1:21", "neither a variable nor a macro"),
]
MOVES = [
    Case("moved: old\n" + PUSH, "1:8", "expected an object, found `old`"),
    Case("moved: {}\n" + PUSH, "1:1", "`from` is missing", "as in push/welcome"),
    Case("moved: {from: }\n" + PUSH, "1:15", "null is not allowed"),
    Case("moved: {from: []}\n" + PUSH, "1:9", "must not be empty"),
    Case("moved: {from: a b}\n" + PUSH, "1:15", "'a b' does not have the form", "push/welcome[country=DE]"),
    Case("moved: {from: [b, c d]}\n" + PUSH, "1:19", "'c d' does not have the form"),
    Case("moved: {from: 'b/*'}\n" + PUSH, "1:15", "'b/*' does not have the form"),
    Case("moved: {from: 'b[x=]'}\n" + PUSH, "1:15", "'b[x=]' does not have the form"),
    Case("moved: {from: 'b[x=y]z'}\n" + PUSH, "1:15", "'b[x=y]z' does not have the form"),
    Case(f"moved: {{from: {'x' * 129}}}\n" + PUSH, "1:15", "129 characters"),
    Case("moved: {from: a}\n" + PUSH, "1:15", "the campaign's own key"),
    Case("moved: {from: [b, a]}\n" + PUSH, "1:19", "the campaign's own key"),
    Case("moved: {from: [b, b]}\n" + PUSH, "1:19", "b appears twice"),
    Case("moved: {form: b}\n" + PUSH, "1:9", "unknown field `form`", "did you mean from?"),
    Case("moved: {from: b, to: c}\n" + PUSH, "1:18", "unknown field `to`"),
    Case("moved: {from: {key: b}}\n" + PUSH, "1:15", "expected a string, found an object"),
    Case("moved: {from: '${matrix.was}'}\n" + PUSH, "1:15", "a campaign without a matrix"),
    Case(MARKETS + "moved: {from: a}\n" + IN_MARKETS, "2:15", "the campaign's own key"),
    Case(
        MARKETS + "moved: {from: 'b[country=DE]'}\n" + IN_MARKETS, "2:15", "several campaigns of one matrix"
    ),
    Case(MARKETS + f"moved: {{from: {'x' * 120}}}\n" + IN_MARKETS, "2:15", "more than 128 characters"),
    Case(
        MARKETS + "moved: {from: 'b[market=${matrix.contry}]'}\n" + IN_MARKETS,
        "2:15",
        "has no `contry`",
        "did you mean country?",
    ),
]
ADOPTIONS = [
    Case("adopt: first\n" + PUSH, "1:8", "'first' does not have the form", "digits"),
    Case("adopt: 1.5\n" + PUSH, "1:8", "'1.5' does not have the form"),
    Case("adopt: https://example.com/campaigns/103\n" + PUSH, "1:8", "does not have the form"),
    Case("adopt:\n" + PUSH, "1:7", "null is not allowed"),
    Case('adopt: ["1", "2"]\n' + PUSH, "1:8", "expected a string, found a list"),
    Case('adopt: {id: "1"}\n' + PUSH, "1:8", "expected a string, found an object"),
    Case("adopt: ${var.id}\n" + PUSH, "1:8", "no variable `id`"),
    Case(
        MARKETS + "adopt: 1\n" + IN_MARKETS,
        "2:8",
        "several campaigns of one matrix adopt 1",
        "${matrix.id}",
    ),
    Case(MARKETS + "adopt: ${matrix.id}\n" + IN_MARKETS, "2:8", "has no `id`"),
    Case(
        "matrix: {country: [DE], include: [{country: DE, id: x}]}\nadopt: ${matrix.id}\n" + IN_MARKETS,
        "1:53",
        "'x' does not have the form",
        "is used at",
    ),
]
REMOVALS = [
    Case(REMOVED, "1:1", "`metadata` is missing"),
    Case(REMOVED + "metadata: {}\n", "2:1", "`key` is missing"),
    Case(REMOVED + "metadata: {key: a b}\n", "2:17", "'a b' does not have the form"),
    Case(REMOVED + "metadata: {key: 'old/*'}\n", "2:17", "'old/*' does not have the form"),
    Case(REMOVED + "metadata: {key: '${var.old}'}\n", "2:17", "does not have the form"),
    Case(REMOVED + "metadata: {key: [old]}\n", "2:17", "expected a string, found a list"),
    Case(REMOVED + "metadata: {key: old, name: x}\n", "2:22", "unknown field `name`"),
    Case(REMOVED + "metadata: {key: old}\nspec: {}\n", "3:1", "`spec` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\nextra: {}\n", "3:1", "`extra` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\nmatrix: {a: [b]}\n", "3:1", "`matrix` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\nmoved: {from: b}\n", "3:1", "`moved` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\nadopt: '1'\n", "3:1", "`adopt` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\non_destroy: forget\n", "3:1", "unknown field `on_destroy`"),
    Case(REMOVED + "metadata: {key: old}\nlifecycle: forget\n", "3:12", "expected an object, found `forget`"),
    Case(REMOVED + "metadata: {key: old}\nlifecycle: {phase: paused}\n", "3:13", "`phase` is not allowed"),
    Case(REMOVED + "metadata: {key: old}\nlifecycle: {on_destroy: delete}\n", "3:25", "not one of: cancel"),
    Case("kind: removed\nmetadata: {key: old}\n", "1:7", "'removed' is not one of: Removed", "did you mean"),
    Case("kind: Remove\n" + PUSH, "1:7", "not one of: Campaign, Removed", "did you mean Removed?"),
]


@pytest.mark.parametrize(
    "case", [*PHASES, *WINNERS, *MOVES, *ADOPTIONS, *REMOVALS], ids=lambda case: case.text
)
def test_a_bad_manifest_has_one_error_at_its_place(case: Case, project: Check) -> None:
    _one_error(project, {"a.yaml": case.text}, "a.yaml", case)


OVERRIDE = "overrides: [{guardrail: resend, keys: [a], until: 2036-01-01, reason: why}]\n"
OVERRIDES = [
    Case(OVERRIDE.replace("resend", "resends"), "2:25", "'resends' is not one of", "did you mean resend?"),
    Case(OVERRIDE.replace("guardrail: resend, ", ""), "2:13", "`guardrail` is missing"),
    Case(OVERRIDE.replace("keys: [a], ", ""), "2:13", "`keys` is missing"),
    Case(OVERRIDE.replace("until: 2036-01-01, ", ""), "2:13", "`until` is missing"),
    Case(OVERRIDE.replace(", reason: why", ""), "2:13", "`reason` is missing"),
    Case(OVERRIDE.replace("why", "' '"), "2:71", "must not be blank"),
    Case(OVERRIDE.replace("[a]", "[]"), "2:33", "must not be empty"),
    Case(OVERRIDE.replace("[a]", "['']"), "2:40", "must not be empty"),
    Case(OVERRIDE.replace("[a]", "a"), "2:39", "expected a list, found `a`", "[a]"),
    Case(OVERRIDE.replace("2036-01-01", "2036-02-30"), "2:51", "is not a calendar date"),
    Case(OVERRIDE.replace("2036-01-01", "next week"), "2:51", "is not a time"),
    Case(OVERRIDE.replace("2036-01-01", "2036-01-01T10:00:00"), "2:51", "has no offset"),
    Case(OVERRIDE.replace("2036-01-01", "9999-12-31"), "2:51", "outside the years 1 to 9999"),
    Case(OVERRIDE.replace("2036-01-01", "{at: 2036-01-01 10:00:00}"), "2:51", "needs `at` and `tz`"),
    Case(
        OVERRIDE.replace("2036-01-01", "{at: 2036-03-30 02:30:00, tz: Europe/Belgrade}"), "2:56", "is skipped"
    ),
    Case("overrides: {resend: [a]}\n", "2:12", "expected a list, found an object"),
    Case("overrides: [resend]\n", "2:13", "expected an object, found `resend`"),
    Case("environments: {live: {overrides: [{}]}}\ndefault_environment: live\n", "2:35", "is missing"),
]
FIGURES = [
    Case("guardrails: {max_sends_per_day: -1}\n", "2:33", "-1 is below 0"),
    Case("guardrails: {max_sends_per_day: ten}\n", "2:33", "expected a whole number, found `ten`"),
    Case("guardrails: {max_arming_changes: 1.5}\n", "2:34", "expected a whole number, found `1.5`"),
    Case("guardrails: {require_targeting: yes}\n", "2:33", "true or false", "write true"),
    Case("guardrails: {forbid_immediate: 1}\n", "2:32", "true or false"),
    Case("guardrails: {require_labels: team}\n", "2:30", "expected a list", "[team]"),
    Case("guardrails: {require_labels: ['']}\n", "2:31", "must not be empty"),
    Case("guardrails: {max_send_per_day: 3}\n", "2:14", "unknown field", "did you mean max_sends_per_day?"),
    Case("guardrails: {collisions: {within: 4}}\n", "2:35", "is not a duration"),
    Case("guardrails: {collisions: {within: 0s}}\n", "2:35", "must be above zero"),
    Case("guardrails: {collisions: {max_per_day: -1}}\n", "2:40", "-1 is below 0"),
    Case("guardrails: {freeze: {from: 2036-12-24}}\n", "2:22", "expected a list, found an object"),
]


def _window(fields: str) -> str:
    return f"guardrails: {{freeze: [{{{fields}}}]}}\n"


NIGHT = "cron: 0 22 * * *, duration: 10h"
DAYS = "from: 2036-12-24, to: 2036-12-26"
WINDOWS = [
    Case(_window(""), "2:23", "this window has no time", "`from` and `to`, or `cron` and `duration`"),
    Case(_window("from: 2036-12-24"), "2:23", "`from` without `to`"),
    Case(_window("to: 2036-12-24"), "2:23", "`to` without `from`"),
    Case(_window("cron: 0 22 * * *"), "2:23", "`cron` without `duration`"),
    Case(_window("duration: 10h"), "2:23", "`duration` without `cron`"),
    Case(_window(f"{DAYS}, {NIGHT}"), "2:64", "`cron` next to `from`"),
    Case(_window("from: 2036-12-24, duration: 10h"), "2:52", "`duration` next to `from`"),
    Case(_window("from: 2036-12-26, to: 2036-12-24"), "2:46", "ends (2036-12-24) before it begins"),
    Case(_window("from: 2036-12-24T10:00:00Z, to: 2036-12-24T11:00:00+01:00"), "2:56", "before it begins"),
    Case(_window("from: 2036-13-24, to: 2037-01-01"), "2:30", "is not a calendar date"),
    Case(_window("from: 24.12.2036, to: 2037-01-01"), "2:30", "is not a time"),
    Case(_window("from: 2036-03-30 02:30:00, to: 2036-04-01, tz: Europe/Belgrade"), "2:30", "is skipped"),
    Case(_window("from: 2036-10-26 02:30:00, to: 2036-11-01, tz: Europe/Belgrade"), "2:30", "occurs twice"),
    Case(_window("from: 2036-12-24, until: 2036-12-26"), "2:42", "unknown field `until`"),
    Case(_window(f"{DAYS}, tz: Europe/Belgrad"), "2:62", "no time zone", "did you mean Europe/Belgrade?"),
    Case(_window("cron: 0 25 * * *, duration: 1h"), "2:30", "hour 25 is not in 0 to 23"),
    Case(_window("cron: 0 22 * *, duration: 1h"), "2:30", "five fields"),
    Case(_window("cron: 0 22 1 * 1, duration: 1h"), "2:30", "day of month and weekday", "for each"),
    Case(_window("cron: 0 0 31 2 *, duration: 1h"), "2:30", "it never matches"),
    Case(_window("cron: 0 22 * * *, duration: 0h"), "2:52", "must be above zero"),
    Case(_window("cron: 0 22 * * *, duration: 10"), "2:52", "'10' is not a duration"),
    Case(_window(f"{NIGHT}, kind: forbid"), "2:63", "not one of: deny, allow"),
    Case(_window(f"{NIGHT}, scope: send"), "2:64", "not one of: changes", "did you mean sends?"),
    Case(_window(f"{NIGHT}, reason: ''"), "2:65", "must not be blank"),
    Case(
        "environments: {live: {guardrails: {freeze: [{from: 2036-12-24}]}}}\ndefault_environment: live\n",
        "2:45",
        "`from` without `to`",
    ),
]


@pytest.mark.parametrize("case", [*OVERRIDES, *FIGURES, *WINDOWS], ids=lambda case: case.text)
def test_a_bad_project_file_has_its_error_at_its_place(case: Case, project: Check) -> None:
    files = {"campaignctl.yaml": "metadata: {name: tests}\n" + case.text, "a.yaml": PUSH}
    _one_error(project, files, "campaignctl.yaml", case)


TWO = [
    (
        {"a.yaml": "moved: {from: x}\n" + PUSH, "b.yaml": "moved: {from: [y, x]}\n" + PUSH},
        Case("b.yaml", "1:19", "b is moved from x, and so is a at", "keep one"),
    ),
    (
        {"a.yaml": "moved: {from: b}\n" + PUSH, "b.yaml": PUSH},
        Case("a.yaml", "1:15", "moved from b, which is still declared at", "remove b"),
    ),
    (
        {"a.yaml": "adopt: 103\n" + PUSH, "b.yaml": "adopt: '103'\n" + PUSH},
        Case("b.yaml", "1:8", "b adopts 103, and so does a at", "keep one"),
    ),
    (
        {"a.yaml": PUSH, "b.yaml": REMOVED + "metadata: {key: a}\n"},
        Case("b.yaml", "2:17", "declared Removed, and also as a campaign at", "keep one"),
    ),
    (
        {"a.yaml": REMOVED + "metadata: {key: x}\n", "b.yaml": REMOVED + "metadata: {key: x}\n"},
        Case("b.yaml", "2:17", "the key x is also declared Removed at", "keep one"),
    ),
    (
        {"a.yaml": "moved: {from: x}\n" + PUSH, "b.yaml": REMOVED + "metadata: {key: x}\n"},
        Case("a.yaml", "1:15", "moved from x, which is declared Removed at", "the move is enough"),
    ),
    (
        {"_defaults.yaml": "moved: {from: b}\n", "a.yaml": PUSH},
        Case("_defaults.yaml", "1:1", "`moved` is not allowed: it concerns one campaign only"),
    ),
    (
        {"_defaults.yaml": "adopt: 1\n", "a.yaml": PUSH},
        Case("_defaults.yaml", "1:1", "`adopt` is not allowed: it concerns one campaign only"),
    ),
    (
        {"_defaults.yaml": "lifecycle: {winner: First}\n", "a.yaml": PUSH},
        Case("_defaults.yaml", "1:13", "`winner` is not allowed: it concerns one campaign only"),
    ),
    (
        {"_defaults.yaml": "lifecycle: {phase: stopped}\n"},
        Case("_defaults.yaml", "1:20", "'stopped' is not one of: active, paused, canceled"),
    ),
    (
        {"_defaults.yaml": "kind: Removed\n", "a.yaml": PUSH},
        Case("_defaults.yaml", "1:7", "'Removed' is not one of: Campaign"),
    ),
]


@pytest.mark.parametrize(("files", "case"), TWO, ids=lambda part: getattr(part, "message", None))
def test_contradicting_files_are_refused(files: dict[str, str], case: Case, project: Check) -> None:
    _one_error(project, files, case.text, case)


def _one_error(project: Check, files: dict[str, str], name: str, case: Case) -> None:
    """The errors of a project are all at one place, and the first has the message of the case."""
    errors = [found for found in project(files).findings if found.severity == "error"]
    places = {
        (found.source.file.rpartition("/")[2], found.source.line, found.source.column) for found in errors
    }
    line, column = map(int, case.place.split(":"))
    assert places == {(name, line, column)}, errors
    assert case.message in errors[0].message
    assert case.hint in errors[0].hint
    assert len(errors) == 1 or "missing" in case.message
