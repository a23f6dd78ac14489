"""The JSON Schemas for editors agree with the tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types

from campaignctl.manifest.build import Builder
from campaignctl.manifest.reader import read
from campaignctl.manifest.schema import campaign_schema, project_schema
from campaignctl.manifest.shape import Leaf

SAMPLES = Path(__file__).parents[2] / "campaigns"
CAMPAIGN = Draft202012Validator(campaign_schema())
PROJECT = Draft202012Validator(project_schema())


def loaded(text: str) -> list[Any]:
    """The values as an editor sees them: by the JSON schema of YAML 1.2, nothing filled in."""
    file, findings = read("a.yaml", "a.yaml", text.encode())
    assert not findings
    return [Builder(file, None).build(_opaque(root), Leaf.JSON) for root in file.documents]


def _opaque(root: Any) -> Any:
    """`$file` is an object to an editor, so it must not be taken for a file here."""
    for key, child in getattr(root, "pairs", ()):
        key.text = key.text.replace("$file", "$ file")
        _opaque(child)
    for child in getattr(root, "items", ()):
        _opaque(child)
    return root


def restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.replace("$ file", "$file"): restored(member) for name, member in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_samples_are_valid(path: Path) -> None:
    schema = PROJECT if path.name == "campaignctl.yaml" else CAMPAIGN
    for document in loaded(path.read_text()):
        assert [error.message for error in schema.iter_errors(restored(document))] == []


@pytest.mark.parametrize("schema", [campaign_schema(), project_schema()])
def test_the_schemas_are_schemas(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:campaignctl:")


def body(**members: Any) -> dict[str, Any]:
    message = {"name": "M", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}}
    return {"spec": {"name": "N", "messages": [message], **members}}


@pytest.mark.parametrize(
    "document",
    [
        body(),
        body(name="${var.name}"),
        body(description={"$file": "a.txt"}),
        body(scheduled_time="2036-01-01 00:00:00"),
        body(scheduled_time={"at": "2036-01-01 00:00:00", "tz": "Europe/Belgrade"}),
        body(metadata={"any": [1, True, {"thing": "x"}]}),
        body(targeting={"segments": {"items": ["1"], "op": "in"}}),
        body(ab_test={"evaluation_window": "${var.window}"}),
        body(utm_tracking={"enabled": 0}),
        {**body(), "extra": {"new": 1}, "lifecycle": {"on_destroy": "forget"}, "metadata": {"key": "a/b"}},
    ],
)
def test_taken(document: dict[str, Any]) -> None:
    assert CAMPAIGN.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**body(), "matrix": {}},
        body(lables=["a"]),
        body(status="draft"),
        body(is_draft="yes"),
        body(description=None),
        body(name="x" * 101),
        body(scheduled_time={"at": "2036-01-01 00:00:00"}),
        body(ab_test={"evaluation_window": "a day"}),
        body(description={"$file": "a", "x": "b"}),
        {**body(), "metadata": {"key": "a b"}},
    ],
)
def test_refused(document: dict[str, Any]) -> None:
    assert not CAMPAIGN.is_valid(document)


def test_every_member_says_what_it_is() -> None:
    for schema in (campaign_schema(), project_schema()):
        for name, part in [("document", schema), *schema["$defs"].items()]:
            for member, described in part.get("properties", {}).items():
                # A part that is named by reference is described where it is defined.
                assert name == "file" or {"description", "$ref"} & described.keys(), (name, member)
