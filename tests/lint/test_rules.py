"""Each rule: what triggers it, at which place, and what nearly does."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaignctl.errors import SEVERITIES
from campaignctl.lint.registry import RULES, named
from campaignctl.lint.rule import FAMILIES, WORST
from tests.lint.cases import CASES, Case
from tests.lint.checking import findings, place, unmarked

_IDS = [f"{case.code}-{index}" for index, case in enumerate(CASES)]


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in CASES} == set(RULES)


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_a_rule_finds_its_case_at_its_place(case: Case, tmp_path: Path) -> None:
    files, places = unmarked(case.files(right=False))
    found = findings(tmp_path, files)
    assert [one for one in found if one.code not in RULES] == []
    own = [one for one in found if one.code == case.code]
    assert (sorted(place(one, tmp_path) for one in own), places != []) == (places, True)
    assert {one.severity for one in own} == {RULES[case.code].severity}


@pytest.mark.parametrize("case", CASES, ids=_IDS)
def test_a_rule_is_quiet_about_what_nearly_is_its_case(case: Case, tmp_path: Path) -> None:
    files, places = unmarked(case.files(right=True))
    found = findings(tmp_path, files)
    assert places == []
    assert [one for one in found if one.severity == "error" or one.code == case.code] == []


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_no_worse_than_its_certainty_allows(code: str) -> None:
    rule = RULES[code]
    assert SEVERITIES.index(rule.severity) >= SEVERITIES.index(WORST[rule.basis.certainty])
    assert code[:3] in FAMILIES
    assert code[3:].isdecimal()
    assert all(text.endswith(".") for text in (rule.sentence, rule.fix))
    assert rule.basis.source


@pytest.mark.parametrize("former", ["long-text", "expected", "language", "macro", "too-long"])
def test_a_code_of_the_version_before_names_its_rules(former: str) -> None:
    assert all(former in rule.formerly for rule in named(former))
    assert named(former)


_WAIVER = "waivers: [{code: AUD005, keys: [b], until: 2036-01-01, reason: meant}]"


def test_a_campaign_with_an_error_shows_what_lint_finds_in_the_rest(tmp_path: Path) -> None:
    files = {
        "campaignctl.yaml": f"metadata: {{name: shop}}\nlint: {{{_WAIVER}}}\n",
        "a.yaml": "spec:\n  name: Sale\n  labels: 7\n"
        '  messages: [{channel: push, push: {title: {en: "Hi {{name}}", de: null}, body: {en: TODO}}}]\n',
        "b.yaml": "lint: {severity: {TXT: off}}\nspec:\n  name: Sale\n"
        "  messages: [{channel: push, push: {title: {en: TODO}, landing_url: 7}}]\n",
    }
    found = findings(tmp_path, files)
    by_file = {name: {one.code for one in found if one.source.file.endswith(name)} for name in files}
    # Nothing is said of what may be missing only because it could not be read, nor of unused waivers.
    assert by_file["a.yaml"] == {"type", "null", "missing-member", "TXT006", "TXT007"}
    assert by_file["b.yaml"] == {"address"}
    assert by_file["campaignctl.yaml"] == set()
    assert [one.source.line for one in found if one.code == "TXT006"] == [4]


def test_a_leftover_place_is_called_what_it_is(tmp_path: Path) -> None:
    title = "{en: 'Hi {name}, Hi {{name}}, Hi *|NAME|*'}"
    manifest = f"spec: {{name: x, is_draft: true, messages: [{{channel: push, push: {{title: {title}}}}}]}}\n"
    said = [one.message for one in findings(tmp_path, {"a.yaml": manifest}) if one.code == "TXT006"]
    assert said == [
        "{name} is a placeholder in braces",
        "{{name}} is a placeholder of Handlebars or Liquid",
        "*|NAME|* is a placeholder of Mailchimp",
    ]


def test_a_long_text_is_looked_at_as_what_it_is_in_each_message(tmp_path: Path) -> None:
    """A form feed is white space in html, and a control character in a text message."""
    manifest = "spec: {name: x, is_draft: true, messages: [%s]}\n"
    mail = "{channel: email, integration_id: 1, email: {html: {en: {$file: long.txt}}}}"
    sms = "{channel: sms, integration_id: 1, sms: {content: {en: {$file: long.txt}}}}"
    files = {"a.yaml": manifest % mail, "b.yaml": manifest % sms, "long.txt": "word " * 500 + "\f end"}
    assert [one.key for one in findings(tmp_path, files) if one.code == "TXT013"] == ["b"]
