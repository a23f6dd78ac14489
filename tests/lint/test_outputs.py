"""Findings of lint in each output: SARIF with its rules, annotations, text that counts remarks."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped] # it ships no types

from campaignctl.lint.registry import RULES
from campaignctl.render.errors import findings_github, findings_json, findings_text
from campaignctl.render.sarif import findings_sarif
from tests.lint.cases import push
from tests.lint.checking import findings

_SCHEMA = json.loads(
    (Path(__file__).parents[1] / "render" / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")
)


def test_each_output_has_the_severity_and_the_rule(tmp_path: Path) -> None:
    body = "".join(f"  {line}\n" for line in push("icon: http://a.example/a.png").splitlines())
    files = {
        "campaignctl.yaml": "metadata: {name: shop}\nlint: {severity: {SMS999: off}}\n",
        "a.yaml": f"spec:\n  name: Sale\n{body}",
    }
    found = findings(tmp_path, files)
    levels = {one.code: one.severity for one in found}
    assert levels == {"YML001": "info", "LNK001": "warning", "YML008": "error"}

    log = findings_sarif(found, tool_version="0.2.0")
    Draft4Validator(_SCHEMA, format_checker=FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"]: result["level"] for result in run["results"]} == {
        "YML001": "note",
        "LNK001": "warning",
        "YML008": "error",
    }
    for code in levels:
        assert "helpUri" not in rules[code]
        assert all(RULES[code].fix in rules[code]["help"][form] for form in ("text", "markdown"))
        assert rules[code]["shortDescription"]["text"] == RULES[code].sentence

    words = [line.split(" ")[0] for line in findings_github(found).splitlines()]
    assert sorted(words) == ["::error", "::notice", "::warning"]
    assert findings_text(found, color=False).endswith("1 error, 1 warning.\n1 info; -v shows it.\n")
    assert findings_text(found, color=False, info=True).endswith("1 error, 1 warning, 1 info.\n")
    counts = findings_json(found)
    assert (counts["errors"], counts["warnings"], counts["infos"]) == (1, 1, 1)
