"""Severities and waivers: of the project, of defaults and of a manifest; and what each is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.cases import email, push
from tests.lint.checking import NOW, findings

_HTTP = "icon: http://a.example/a.png"


def severities(folder: Path, files: dict[str, str], code: str = "LNK001") -> dict[str | None, str]:
    """The severity of the findings of a code, by key."""
    return {one.key: one.severity for one in findings(folder, files) if one.code == code}


def manifest(lint: str = "") -> str:
    body = "".join(f"  {line}\n" for line in push(_HTTP).splitlines())
    return f"{lint}spec:\n  name: Sale\n{body}"


def project(lint: str) -> str:
    return f"metadata: {{name: shop}}\nlint: {lint}\n"


@pytest.mark.parametrize(
    ("of_project", "of_manifest", "expected"),
    [
        ("{}", "", "warning"),
        ("{severity: {LNK001: error}}", "", "error"),
        ("{severity: {LNK: info}}", "", "info"),
        ("{severity: {LNK: off, LNK001: info}}", "", "info"),
        ("{severity: {LNK001: off}}", "lint: {severity: {LNK: error}}\n", "error"),
        ("{severity: {LNK001: error}}", "lint: {severity: {LNK001: off}}\n", None),
        ("{severity: {LNK001: off}}", "", None),
    ],
)
def test_the_nearest_setting_wins_and_in_one_the_longest_code(
    of_project: str, of_manifest: str, expected: str | None, tmp_path: Path
) -> None:
    found = severities(tmp_path, {"campaignctl.yaml": project(of_project), "a.yaml": manifest(of_manifest)})
    assert found.get("a") == expected


def test_defaults_of_a_folder_have_settings_too(tmp_path: Path) -> None:
    files = {
        "_defaults.yaml": "lint: {severity: {LNK001: error}}\n",
        "a.yaml": manifest(),
        "b.yaml": manifest("lint: {severity: {LNK001: info}}\n"),
    }
    assert severities(tmp_path, files) == {"a": "error", "b": "info"}


@pytest.mark.parametrize(
    ("waiver", "left"),
    [
        ("{code: LNK001, until: 2026-12-01, reason: x}", {"push/b"}),
        ("{code: LNK, until: 2026-11-30, reason: x}", {"push/b"}),
        ("{code: LNK001, until: 2026-11-29, reason: x}", {"push/a", "push/b"}),
        ("{code: SMS, until: 2026-12-01, reason: x}", {"push/a", "push/b"}),
    ],
)
def test_a_waiver_accepts_findings_of_its_code_and_keys_until_it_ends(
    waiver: str, left: set[str], tmp_path: Path
) -> None:
    lint = f"{{waivers: [{waiver.replace('code', 'keys: [push/a], code')}]}}"
    files = {
        "campaignctl.yaml": project(lint),
        "push/a.yaml": manifest(),
        "push/b.yaml": manifest(),
    }
    assert set(severities(tmp_path, files)) == left


def test_a_waiver_of_a_manifest_is_about_its_own_campaigns(tmp_path: Path) -> None:
    waiver = "lint:\n  waivers:\n    - {code: LNK001, until: 2026-12-01, reason: x}\n"
    files = {"a.yaml": manifest(waiver), "b.yaml": manifest()}
    assert set(severities(tmp_path, files)) == {"b"}
    lapsed = manifest(waiver.replace("2026-12-01", "2026-11-01"))
    found = [one for one in findings(tmp_path, {"a.yaml": lapsed}) if one.code == "YML009"]
    assert [(one.source.line, one.source.text.strip()[:7]) for one in found] == [(3, "- {code")]


def test_a_rule_may_be_an_error_and_the_campaigns_are_read_all_the_same(tmp_path: Path) -> None:
    from campaignctl.lint.inspect import inspect
    from campaignctl.manifest.load import check

    findings(tmp_path, {"campaignctl.yaml": project("{severity: {LNK: error}}"), "a.yaml": manifest()})
    desired, found = check(
        tmp_path,
        environment=None,
        environ={},
        tool_version="0.2.0",
        now=NOW,
        inspect=lambda state: inspect(state, NOW),
    )
    assert desired is not None
    assert "error" in {one.severity for one in found}


def test_a_newsletter_of_66_kilobytes_is_a_warning_and_no_error(tmp_path: Path) -> None:
    body = "".join(f"  {line}\n" for line in email("a" * 67_000).splitlines())
    found = findings(tmp_path, {"mail.yaml": f"spec:\n  name: News\n{body}"})
    assert {(one.code, one.severity) for one in found if one.severity != "info"} == {("EML003", "warning")}


def test_findings_of_a_sound_campaign_are_shown_next_to_the_errors_of_another(tmp_path: Path) -> None:
    found = findings(tmp_path, {"a.yaml": manifest(), "b.yaml": "spec: {nam: x}\n"})
    assert {"LNK001", "unknown-member"} <= {one.code for one in found}


def test_many_campaigns_of_a_matrix_share_a_finding(tmp_path: Path) -> None:
    matrix = f"matrix: {{n: [{', '.join(map(str, range(30)))}]}}\n"
    text = matrix + manifest().replace("name: Sale", "name: Sale ${matrix.n}")
    found = [one for one in findings(tmp_path, {"a.yaml": text}) if one.code == "LNK001"]
    assert [one.key for one in found] == ["a"]


def test_one_long_text_is_judged_in_each_language(tmp_path: Path) -> None:
    text = email().replace("en: |\n          <p>Hi</p>", "{en: {$file: a.html}, ru: {$file: a.html}}")
    text = text.replace("html:\n        {", "html: {")
    body = "".join(f"  {line}\n" for line in text.splitlines())
    files = {"a.html": "<p>Some words in English. " * 100, "mail.yaml": f"spec:\n  name: News\n{body}"}
    assert [one.message for one in findings(tmp_path, files) if one.code == "TXT010"] == [
        "the text for ru is written in Latin, and no letter of it is Cyrillic"
    ]
