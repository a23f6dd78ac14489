"""JSON Schema (2020-12) of manifests and the project file, for editors.

Wider than the tool in two places: what is filled in later (`${var.NAME}`, `{$file: PATH}`) is not judged,
and a text may look like a number or true, as the tool takes its signs as they stand. Rules between members
are the tool's alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from campaignctl.campaign.spec import CampaignSpec
from campaignctl.manifest.document import Document
from campaignctl.manifest.project_file import ProjectFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = ["string", "number", "boolean"]
_FILLED = {
    "description": "A text that is filled in from `variables` or the environment.",
    "type": "string",
    "pattern": r"\$\{(var|env)\.",
}
_FILE = {
    "description": "The text of a UTF-8 file beside the manifest.",
    "type": "object",
    "properties": {"$file": {"type": "string", "minLength": 1}},
    "required": ["$file"],
    "additionalProperties": False,
}
_IN_ZONE = {
    "description": "A clock time and the IANA time zone that it is read in.",
    "type": "object",
    "properties": {"at": {"type": "string"}, "tz": {"type": "string"}},
    "required": ["at", "tz"],
    "additionalProperties": False,
}
_TIME_FORMS = "`YYYY-MM-DD HH:MM:SS` in GMT, ISO 8601 with an offset, or {at: ..., tz: Europe/Belgrade}."
_FILLINGS = [{"$ref": "#/$defs/filled"}, {"$ref": "#/$defs/file"}]


def campaign_schema() -> dict[str, Any]:
    """The schema of a manifest: `metadata`, `lifecycle`, `spec` and `extra`."""
    schema = _schema(Document, "campaign", "Campaign manifest of campaignctl")
    body = CampaignSpec.model_json_schema()
    for name in {*body["$defs"], CampaignSpec.__name__}:
        schema["$defs"][name] = _texts(schema["$defs"][name], _FILLINGS)
    schema["$defs"] |= {"filled": _FILLED, "file": _FILE}
    time = schema["$defs"][CampaignSpec.__name__]["properties"]["scheduled_time"]
    time["anyOf"].append(_IN_ZONE)
    time["description"] += f" {_TIME_FORMS}"
    return schema


def project_schema() -> dict[str, Any]:
    """The schema of `campaignctl.yaml`."""
    schema: dict[str, Any] = _texts(_schema(ProjectFile, "project", "Project file of campaignctl"), [])
    return schema


def _schema(model: type[BaseModel], name: str, title: str) -> dict[str, Any]:
    members = _plain(model.model_json_schema())
    head = {"$schema": _DIALECT, "$id": f"urn:campaignctl:schema:v1:{name}", "title": title}
    return {**head, **{key: value for key, value in members.items() if key != "title"}}


def _plain(schema: Any) -> Any:
    """A schema without null, which manifests do not take, and without titles made from names."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: {name: _plain(member) for name, member in value.items()}
        if key in {"properties", "$defs"}
        else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if "description" in plain:
        plain["description"] = str(plain["description"]).partition("\n\n")[0]
    if "anyOf" in plain:
        kinds = [kind for kind in plain.pop("anyOf") if kind != {"type": "null"}]
        plain |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return plain


def _texts(schema: Any, fillings: list[dict[str, str]]) -> Any:
    """A schema in which every text may look like another scalar, or be what fills it in."""
    if isinstance(schema, list):
        return [_texts(item, fillings) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string":
        described = {key: schema[key] for key in ("description",) if key in schema}
        text = {key: value for key, value in schema.items() if key not in described}
        text["type"] = _TEXT
        return {**described, "anyOf": [text, *fillings]} if fillings else {**described, **text}
    return {key: _texts(value, fillings) for key, value in schema.items()}
