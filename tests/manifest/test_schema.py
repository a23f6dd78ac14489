"""The JSON Schemas for editors agree with the tool."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # it ships no types

from campaignctl.lint.registry import NAMES
from campaignctl.manifest.schema import KINDS, Kind, schema
from campaignctl.schedule.times import TimeError, canonical_gmt
from campaignctl.yamlio.reader import read
from campaignctl.yamlio.schema_types import Leaf
from campaignctl.yamlio.values import Builder

SAMPLES = Path(__file__).parents[2] / "campaigns"


@cache
def made_of(kind: Kind) -> dict[str, Any]:
    """The schema of a kind of document; making all of them takes longer than collecting the tests here."""
    return schema(kind, NAMES)


@cache
def judging(kind: Kind) -> Any:
    """What finds what is wrong with a document of a kind."""
    return Draft202012Validator(made_of(kind))


def loaded(text: str) -> list[Any]:
    """The values as an editor sees them: by the JSON schema of YAML 1.2, not expanded."""
    file, findings = read("a.yaml", "a.yaml", text.encode())
    assert not findings
    return [Builder(file, None).build(_opaque(root), Leaf.JSON) for root in file.documents]


def _opaque(root: Any) -> Any:
    """`$file` must be an object to an editor, so it must not be taken for a file here."""
    for key, child in getattr(root, "pairs", ()):
        key.text = key.text.replace("$file", "$ file")
        _opaque(child)
    for child in getattr(root, "items", ()):
        _opaque(child)
    return root


def restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.replace("$ file", "$file"): restored(field) for name, field in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_samples_are_valid(path: Path) -> None:
    judge = judging("Project") if path.name == "campaignctl.yaml" else judging("Campaign")
    for document in loaded(path.read_text()):
        assert [error.message for error in judge.iter_errors(restored(document))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_schemas(kind: Kind) -> None:
    made = made_of(kind)
    Draft202012Validator.check_schema(made)
    assert made["$id"].startswith("urn:campaignctl:")


def body(**fields: Any) -> dict[str, Any]:
    message = {"name": "M", "channel": "sms", "integration_id": "1", "sms": {"content": {"en": "Hi"}}}
    return {"spec": {"name": "N", "messages": [message], **fields}}


@pytest.mark.parametrize(
    "document",
    [
        body(),
        body(name="${var.name}"),
        body(name=2036),
        body(description={"$file": "a.txt"}),
        body(scheduled_time="${var.start}"),
        body(scheduled_time={"at": "2036-01-01 00:00:00", "tz": "Europe/Belgrade"}),
        body(scheduled_time={"at": "2036-01-01 ${matrix.hour}:00:00", "tz": "${matrix.zone}"}),
        body(metadata={"any": [1, True, {"thing": "x"}]}),
        body(targeting={"segments": {"items": ["1"], "op": "in"}}),
        body(ab_test={"evaluation_window": "${var.window}"}),
        body(utm_tracking={"enabled": 0}),
        {**body(), "extra": {"new": 1}, "lifecycle": {"on_destroy": "forget"}, "metadata": {"key": "a/b"}},
        {
            **body(name="${matrix.country}"),
            "matrix": {"country": ["DE", "FR"], "exclude": [{"country": "FR"}]},
        },
        {**body(), "matrix": {"week": [1, 2], "include": [{"week": 1, "hour": "09"}]}},
    ],
)
def test_a_valid_manifest_fits_the_schema(document: dict[str, Any]) -> None:
    assert [error.message for error in judging("Campaign").iter_errors(document)] == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**body(), "matrix": {}},
        {**body(), "matrix": ["DE"]},
        {**body(), "matrix": {"country": []}},
        {**body(), "matrix": {"country": "DE"}},
        {**body(), "adopt": "first"},
        {**body(), "kind": "Removed"},
        body(lables=["a"]),
        body(status="draft"),
        body(is_draft="yes"),
        body(description=None),
        body(name="x" * 101),
        body(scheduled_time="24.12.2036 10:00"),
        body(scheduled_time={"at": "2036-01-01 00:00:00"}),
        body(ab_test={"evaluation_window": "a day"}),
        body(description={"$file": "a", "x": "b"}),
        {**body(), "metadata": {"key": "a b"}},
    ],
)
def test_an_invalid_manifest_does_not_fit_the_schema(document: dict[str, Any]) -> None:
    assert not judging("Campaign").is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"spec": {"targeting": {"countries": {"op": "in"}}}},
        {"message": {"email": {"integration_id": "${var.email}", "email": {"sender_name": "Acme"}}}},
        {"message": {"push": {"push": {"icon": "https://example.com/icon.png"}}}, "lifecycle": {}},
    ],
)
def test_valid_defaults_fit_the_schema(document: dict[str, Any]) -> None:
    assert [error.message for error in judging("Defaults").iter_errors(document)] == []


@pytest.mark.parametrize(
    "document",
    [
        {"metadata": {"key": "a"}},
        {"matrix": {"country": ["DE"]}},
        {"message": {"push": {"icon": "https://example.com/icon.png"}}},
        {"message": {"push": {"channel": "push"}}},
        {"spec": {"nam": "x"}},
    ],
)
def test_invalid_defaults_do_not_fit_the_schema(document: dict[str, Any]) -> None:
    assert not judging("Defaults").is_valid(document)


@pytest.mark.parametrize("kind", ["Campaign", "Removed"])
def test_a_removed_document_fits_both_schemas(kind: Kind) -> None:
    judge = judging(kind)
    removed = {
        "kind": "Removed",
        "metadata": {"key": "old[country=DE]"},
        "lifecycle": {"on_destroy": "forget"},
    }
    assert judge.is_valid(removed)
    assert not judge.is_valid({**removed, "metadata": {}})
    assert not judge.is_valid({**removed, "lifecycle": {"phase": "paused"}})


@pytest.mark.parametrize(
    "around",
    [
        {"lifecycle": {"phase": "paused", "winner": "${matrix.winner}"}},
        {"moved": {"from": "old"}},
        {"moved": {"from": ["old[a=b]", "${matrix.was}"]}},
        {"adopt": "1030978"},
        {"adopt": 1030978},
        {"adopt": "${matrix.id}"},
    ],
)
def test_valid_fields_outside_the_body_fit_the_schema(around: dict[str, Any]) -> None:
    assert judging("Campaign").is_valid({**body(), **around})


@pytest.mark.parametrize(
    "around",
    [
        {"lifecycle": {"phase": "stopped"}},
        {"moved": {"from": []}},
        {"moved": {"from": ["a b"]}},
        {"moved": {"from": {"key": "old"}}},
        {"metadata": {"key": "a[b=c]"}},
        {"adopt": {"$file": "id.txt"}},
    ],
)
def test_invalid_fields_outside_the_body_do_not_fit_the_schema(around: dict[str, Any]) -> None:
    assert not judging("Campaign").is_valid({**body(), **around})


@pytest.mark.parametrize(
    "fields", [{"api": {"timeout": "30"}}, {"api": {"url": "api.ocamba.com"}}, {"overrides": {}}]
)
def test_an_invalid_project_file_does_not_fit_the_schema(fields: dict[str, Any]) -> None:
    project = {"metadata": {"name": "shop"}}
    assert judging("Project").is_valid(project)
    assert not judging("Project").is_valid({**project, **fields})


@pytest.mark.parametrize(
    "text",
    [
        "2036-12-24 10:00:00",
        "2036-12-24 10:00:00.000",
        "2036-12-24T10:00:00Z",
        "2036-12-24 10:00:00+0100",
        "2036-12-24T10:00:00,0+01:00",
        "2036-12-24T10:00:00",
        "2036-12-24 10:00",
        "2036-12-24",
        "2036-12-24 10:00:00.5",
        "tomorrow",
    ],
)
def test_the_schema_accepts_the_tools_forms_of_a_time(text: str) -> None:
    try:
        canonical_gmt(text)
    except TimeError:
        taken = False
    else:
        taken = True
    assert judging("Campaign").is_valid(body(scheduled_time=text)) is taken


def fields_of(made: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    parts = [("document", made), *made["$defs"].items()]
    return [(part, name, field) for part, each in parts for name, field in each.get("properties", {}).items()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_description(kind: Kind) -> None:
    made = made_of(kind)
    for part, name, field in fields_of(made):
        assert field.get("description"), (part, name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_is_valid(kind: Kind) -> None:
    made = made_of(kind)
    for part, name, field in fields_of(made):
        judge = Draft202012Validator({**field, "$defs": made["$defs"]})
        for example in field.get("examples", ()):
            assert [error.message for error in judge.iter_errors(example)] == [], (part, name)


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_has_a_single_example(kind: Kind) -> None:
    made = made_of(kind)
    for part, name, field in fields_of(made):
        assert len(field.get("examples", ())) != 1, (part, name)


def test_a_refused_field_says_what_to_write_instead() -> None:
    status = judging("Campaign").schema["$defs"]["CampaignSpec"]["properties"]["status"]
    assert "is_draft: true" in status["deprecationMessage"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_says_how_to_make_it_again(kind: Kind) -> None:
    assert f"campaignctl schema {kind} > schemas/{kind}.json" in made_of(kind)["$comment"]


def waived(code: str) -> dict[str, Any]:
    return {"severity": {code: "off"}, "waivers": [{"code": code, "until": "2036-01-01", "reason": "short"}]}


@pytest.mark.parametrize("code", ["PSH", "PSH003", "P", "PSH00", "YML010"])
def test_codes_of_lint_and_beginnings_of_them_fit_the_schema(code: str) -> None:
    assert judging("Campaign").is_valid(body() | {"lint": waived(code)})
    assert judging("Project").is_valid({"metadata": {"name": "t"}, "lint": waived(code)})
    assert judging("Defaults").is_valid({"lint": waived(code)})


@pytest.mark.parametrize("code", ["psh003", "PSH999", "PSH0031", "too-long", ""])
def test_what_no_rule_has_as_its_code_does_not_fit_the_schema(code: str) -> None:
    for part in ("severity", "waivers"):
        lint = {part: waived(code)[part]}
        assert not judging("Campaign").is_valid(body() | {"lint": lint})
        assert not judging("Project").is_valid({"metadata": {"name": "t"}, "lint": lint})


def test_codes_of_lint_are_offered_by_the_schemas() -> None:
    waivers = [made_of(kind)["$defs"]["Waiver"] for kind in KINDS if kind != "Removed"]
    offered = [waiver["properties"]["code"]["anyOf"][0]["enum"] for waiver in waivers]
    assert offered == [[*NAMES]] * 3
