"""What differs between environments: the manifests, and `phase` and `is_draft` by variables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaignctl.errors import ManifestError
from campaignctl.manifest.load import load
from campaignctl.manifest.model import DesiredState

NOW = datetime(2026, 12, 1, tzinfo=UTC)
PROJECT = """\
metadata: {name: shop}
variables: {phase: active, draft: "false"}
environments:
  staging: {variables: {phase: paused, draft: "true"}}
  production: {}
"""
BODY = "spec: {name: A, messages: [{name: m, channel: sms, integration_id: '1', sms: {content: {en: Hi}}}]"
EVERYWHERE = f"{BODY}}}\n"


def loaded(folder: Path, environment: str | None, **files: str) -> DesiredState:
    (folder / "campaignctl.yaml").write_text(PROJECT)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load(folder, environment=environment, environ={}, tool_version="0.1.0", now=NOW)


@pytest.mark.parametrize(
    ("environment", "keys"),
    [("staging", ["both", "everywhere", "trial"]), ("production", ["both", "everywhere"])],
)
def test_a_manifest_is_declared_only_in_its_environments(
    tmp_path: Path, environment: str, keys: list[str]
) -> None:
    found = loaded(
        tmp_path,
        environment,
        everywhere=EVERYWHERE,
        both=f"environments: [production, staging]\n{EVERYWHERE}",
        # What another environment does not have, it does not need.
        trial="environments: [staging]\n" + EVERYWHERE.replace("name: A", "name: 'A ${var.phase}'"),
    )
    assert list(found.campaigns) == keys


def test_one_key_may_have_a_manifest_for_each_environment(tmp_path: Path) -> None:
    head = "environments: [{0}]\nmetadata: {{key: a}}\n".format
    texts = {
        name: head(name) + EVERYWHERE.replace("name: A", f"name: {name}")
        for name in ("staging", "production")
    }
    assert loaded(tmp_path, "staging", **texts).campaigns["a"].spec["name"] == "staging"
    assert loaded(tmp_path, "production", **texts).campaigns["a"].spec["name"] == "production"


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("[stagin]", "there is no environment 'stagin'", "staging"),
        ("[staging, test]", "there is no environment 'test'", "declared: staging, production"),
        ("staging", "expected a list", ""),
        ("[]", "", ""),
        ("[[staging]]", "expected a string", ""),
    ],
)
def test_a_wrong_environment_is_an_error_in_every_one(
    tmp_path: Path, environment: str, written: str, message: str, hint: str
) -> None:
    with pytest.raises(ManifestError) as refused:
        loaded(tmp_path, environment, a=f"environments: {written}\n{EVERYWHERE}")
    (found, *_) = refused.value.findings
    assert message in found.message
    assert hint in found.hint
    assert "/a.yaml:1:" in str(found.source)


def test_defaults_are_for_every_environment(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as refused:
        loaded(tmp_path, "staging", _defaults="environments: [staging]\n", a=EVERYWHERE)
    assert refused.value.findings[0].code == "refused-member"


@pytest.mark.parametrize(
    ("environment", "phase", "draft"), [("staging", "paused", True), ("production", "active", False)]
)
def test_phase_and_draft_come_from_variables(
    tmp_path: Path, environment: str, phase: str, draft: bool
) -> None:
    manifest = f"lifecycle: {{phase: '${{var.phase}}'}}\n{BODY}, is_draft: '${{var.draft}}'}}\n"
    found = loaded(tmp_path, environment, a=manifest).campaigns["a"]
    assert (found.lifecycle.phase, found.spec["is_draft"]) == (phase, draft)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("phase", "stopped", "is not one of: active, paused, canceled"),
        ("draft", "yes", "expected true or false"),
    ],
)
def test_a_variable_with_another_value_is_an_error(
    tmp_path: Path, field: str, value: str, message: str
) -> None:
    manifest = f"lifecycle: {{phase: '${{var.phase}}'}}\n{BODY}, is_draft: '${{var.draft}}'}}\n"
    (tmp_path / "a.yaml").write_text(manifest)
    (tmp_path / "campaignctl.yaml").write_text(PROJECT)
    with pytest.raises(ManifestError) as refused:
        load(
            tmp_path,
            environment="production",
            environ={},
            tool_version="0.1.0",
            now=NOW,
            variables={field: value},
        )
    assert any(message in found.message for found in refused.value.findings)


@pytest.mark.parametrize("text", ["${var.drafts}", "x${var.draft}", "${env.DRAFT}"])
def test_another_text_is_no_draft(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError):
        loaded(tmp_path, "production", a=f"{BODY}, is_draft: '{text}'}}\n")
