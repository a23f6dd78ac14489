"""JSON Schemas for editors, from the models and what these do not know: expansion, times, the matrix."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from campaignctl.campaign.spec import CampaignSpec
from campaignctl.manifest.defaults_document import DefaultsDocument
from campaignctl.manifest.document import (
    Document,
    LifecycleDefaults,
    LifecycleMembers,
    MatrixMembers,
    Metadata,
    Moved,
    RemovedDocument,
    RemovedMetadata,
    WinnerMembers,
)
from campaignctl.manifest.schema_examples import EXAMPLES
from campaignctl.project.file import AccountPin, Environment, ProjectFile
from campaignctl.project.freeze import Freeze
from campaignctl.project.model import (
    ApiSettings,
    Guardrails,
    LintSettings,
    Override,
    RateLimit,
    Settle,
    StateSettings,
    Waiver,
)
from campaignctl.project.validators import api_url, duration, long_duration

Schema = dict[str, Any]

#: How a text may be written: an unquoted number, true or false is taken as its text.
TEXT_TYPES = ["string", "number", "boolean"]

FILLED: Schema = {
    "description": "A text that is expanded from `variables`, the matrix or the environment.",
    "type": "string",
    "pattern": r"\$\{(var|matrix|env)\.",
}
FILE: Schema = {
    "description": "The text of a UTF-8 file next to the manifest.",
    "type": "object",
    "properties": {
        "$file": {
            "description": "Path from the manifest's folder, inside the project.",
            "type": "string",
            "minLength": 1,
        }
    },
    "required": ["$file"],
    "additionalProperties": False,
}
#: A variable alone, where its text is read as true or false.
_VARIABLE = r"^\$\{var\.[A-Za-z0-9_-]+\}$"
#: The forms that expand to a text, as a schema has them under `$defs`.
FILLINGS: dict[str, Schema] = {"filled": FILLED, "file": FILE}
FILLED_IN: list[Schema] = [{"$ref": f"#/$defs/{name}"} for name in FILLINGS]

_CLOCK = r"\d{2}:\d{2}:\d{2}([.,]0{1,9})?"
_ZONES = ["Europe/Belgrade", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"]
TIME_FORMS = "`YYYY-MM-DD HH:MM:SS` in GMT, ISO 8601 with an offset, or {at: ..., tz: Europe/Belgrade}."
#: The two forms of an instant in one text: GMT, and ISO 8601 with an offset.
MOMENT: Schema = {
    "type": TEXT_TYPES,
    "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}( {_CLOCK}|[T ]{_CLOCK}(Z|[+-]\d{{2}}:?\d{{2}}))$",
}
IN_ZONE: Schema = {
    "type": "object",
    "properties": {
        "at": {
            "description": "The time that the clocks of the zone show, `YYYY-MM-DD HH:MM:SS`.",
            "anyOf": [
                {"type": TEXT_TYPES, "pattern": rf"^\d{{4}}-\d{{2}}-\d{{2}}[T ]{_CLOCK}$"},
                *FILLED_IN,
            ],
            "examples": ["2036-12-24 10:00:00"],
        },
        "tz": {
            "description": "The zone, by its IANA name.",
            "anyOf": [{"type": "string", "minLength": 1}, *FILLED_IN],
            "examples": _ZONES,
        },
    },
    "required": ["at", "tz"],
    "additionalProperties": False,
}

_DURATION: Schema = {"pattern": r"^([0-9]{1,6}(ms|s|m|h|d))+$"}
#: The form of texts that are parsed further, by the function that parses them.
FORMS: Mapping[Callable[[str], Any], Schema] = {
    duration: _DURATION,
    long_duration: _DURATION,
    api_url: {"pattern": "^https?://"},
}
#: Names of the project file's parts in its schema: they stay, whatever our classes are called.
_PARTS = {
    AccountPin: "Account",
    ApiSettings: "Api",
    Environment: "EnvironmentMembers",
    Freeze: "FreezeMembers",
    Guardrails: "GuardrailMembers",
    Override: "OverrideMembers",
    RateLimit: "RateLimitMembers",
    Settle: "SettleMembers",
    StateSettings: "StateMembers",
}


def not_taken(name: str, instead: str) -> Schema:
    """A known field that is refused, with what to do instead. Editors do not offer it, and say why."""
    return {"description": f"Not taken: {instead}.", "not": {}, "deprecationMessage": f"`{name}`: {instead}"}


Kind = Literal["Campaign", "Project", "Defaults", "Removed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: The folder of the schemas in a project. They are JSON, so no pattern takes them for manifests by default.
SCHEMA_FOLDER = "schemas"
_MARK = "# yaml-language-server: $schema="


def schema_file(kind: Kind) -> str:
    """Where the schema of a kind of document lies, relative to the project."""
    return f"{SCHEMA_FOLDER}/{kind}.json"


def modeline(path: str, kind: Kind = "Campaign") -> str:
    """The modeline of a file, with the newline that ends it. `path` is relative to the project, with `/`."""
    return f"{_MARK}{posixpath.relpath(schema_file(kind), posixpath.dirname(path) or '.')}\n"


def modeline_if_served(root: Path, path: str, kind: Kind = "Campaign") -> str:
    """The modeline of a file in the project at `root`, or nothing where the schema is not in the project.

    An editor complains about a schema that it cannot find.
    """
    return modeline(path, kind) if (root / schema_file(kind)).is_file() else ""


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


#: The source that a docstring cites, for readers of the code.
_SECTION = re.compile(r" \((?:API contract, )?sections? [0-9][^)]*\)")
#: Parts whose texts are not expanded.
_AROUND = frozenset(
    model.__name__
    for model in (Metadata, Moved, LifecycleDefaults, LifecycleMembers, WinnerMembers, MatrixMembers)
)


def schema(kind: Kind, codes: Collection[str] = ()) -> Schema:
    """The schema of a kind of document; `codes` are the rules of lint and their families, which it offers."""
    made = _SCHEMAS[kind]()
    parts = made["$defs"]
    if codes and LintSettings.__name__ in parts:
        severity = parts[LintSettings.__name__]["properties"]["severity"]
        severity["propertyNames"] = _code(codes)
        waiver = parts[Waiver.__name__]["properties"]
        waiver["code"] = {"description": waiver["code"]["description"], **_code(codes)}
    return made


def _code(codes: Collection[str]) -> Schema:
    """The code of a rule, or the beginning of codes."""
    begun = sorted({code[:length] for code in codes for length in range(1, len(code))} - {*codes})
    return {"anyOf": [{"enum": [*codes]}, {"type": "string", "pattern": f"^({'|'.join(begun)})$"}]}


def schema_text(kind: Kind, codes: Collection[str] = ()) -> str:
    """The file of a schema: JSON in lines, in ASCII, as `campaignctl schema` prints it."""
    return json.dumps(schema(kind, codes), indent=2) + "\n"


def campaign_schema() -> Schema:
    """The schema of a manifest, and of the Removed documents that its file may contain."""
    made = _filled_in(_schema(Document, "Campaign", "Campaign manifest of campaignctl"))
    parts = made["$defs"]
    winner = parts[WinnerMembers.__name__]["properties"]
    for fields, name in ((winner, "message"), (made["properties"], "adopt")):
        fields[name] = _fillable(fields[name])
    lifecycle = parts[LifecycleMembers.__name__]["properties"]
    told, whole = _told(lifecycle["winner"])
    lifecycle["winner"] = {**told, "anyOf": [*winner["message"]["anyOf"], whole]}
    lifecycle["phase"] = _fillable(lifecycle["phase"])
    spec = parts[CampaignSpec.__name__]["properties"]
    told, draft = _told(spec["is_draft"])
    forms = draft.get("anyOf", [draft])
    spec["is_draft"] = {**told, "anyOf": [*forms, {"type": "string", "pattern": _VARIABLE}]}
    moved = parts[Moved.__name__]["properties"]
    moved["from"] = _one_or_several(moved["from"])
    return _or_removed(made)


def removed_schema() -> Schema:
    """The schema of a Removed document."""
    made: Schema = _texts(_schema(RemovedDocument, "Removed", "Removed document of campaignctl"), [])
    return made


def defaults_schema() -> Schema:
    """The schema of `_defaults.yaml`: a partial campaign, and a part of every message of a channel."""
    made: Schema = _partial(_schema(DefaultsDocument, "Defaults", "Defaults of campaignctl"))
    return _filled_in(made)


def project_schema() -> Schema:
    """The schema of `campaignctl.yaml`."""
    made: Schema = _texts(_schema(ProjectFile, "Project", "Project file of campaignctl"), [])
    return made


_SCHEMAS: Mapping[Kind, Callable[[], Schema]] = {
    "Campaign": campaign_schema,
    "Project": project_schema,
    "Defaults": defaults_schema,
    "Removed": removed_schema,
}


class _Generator(GenerateJsonSchema):
    """Adds what pydantic does not know about our models: examples, refused fields, the form of some texts."""

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        return self._more(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Schema:
        return self._more(super().dataclass_schema(schema), schema["cls"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        """A field with a default may be left out, like one that may be None; its description says so."""
        inner = self.generate_inner(schema["schema"])
        return inner if "anyOf" in inner else {"anyOf": [inner, {"type": "null"}]}

    def _more(self, made: Schema, model: type) -> Schema:
        fields = made.get("properties", {})
        for name, examples in EXAMPLES.get(model, {}).items():
            fields[name]["examples"] = list(examples)
        refused: Mapping[str, str] = getattr(model, "REFUSED", {})
        fields.update({name: not_taken(name, instead) for name, instead in refused.items()})
        return made

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Schema:
        judge: Any = schema["function"]["function"]
        return {**super().function_after_schema(schema), **FORMS.get(judge, {})}


def _schema(model: type[BaseModel], kind: Kind, title: str) -> Schema:
    text = json.dumps(model.model_json_schema(schema_generator=_Generator))
    for part, called in _PARTS.items():
        text = re.sub(rf'"(#/\$defs/)?{part.__name__}"', rf'"\g<1>{called}"', text)
    made = _plain(json.loads(text))
    for part in (made, *made["$defs"].values()):
        for field in part.get("properties", {}).values():
            # pydantic leaves out a description that repeats the one of the part it refers to.
            if "$ref" in field:
                name = str(field["$ref"]).rpartition("/")[2]
                field.setdefault("description", made["$defs"][name]["description"])
    again = f"campaignctl schema {kind} > {schema_file(kind)}"
    return {
        "$schema": _DIALECT,
        "$id": f"urn:campaignctl:schema:v1:{kind.lower()}",
        "$comment": f"Made by campaignctl. After an upgrade, make it again: {again}",
        "title": title,
        **made,
    }


def _filled_in(made: Schema) -> Schema:
    """The schema of a document: texts of its body, and only those, may be expanded."""
    parts = {
        name: _texts(part, [] if name in _AROUND else FILLED_IN) for name, part in made.pop("$defs").items()
    }
    time = parts[CampaignSpec.__name__]["properties"]["scheduled_time"]
    time["anyOf"] = [MOMENT, *FILLED_IN, IN_ZONE]
    time["description"] += f" {TIME_FORMS}"
    if MatrixMembers.__name__ in parts:
        matrix = parts[MatrixMembers.__name__]
        matrix |= {
            "minProperties": 1,
            "additionalProperties": matrix["additionalProperties"] | {"minItems": 1},
        }
    return {**_texts(made, []), "$defs": {**parts, **FILLINGS}}


def _one_or_several(field: Schema) -> Schema:
    """A list of texts whose only item may be written without the list; each may be expanded."""
    told, several = _told(field)
    item = _fillable(several["items"])
    return {**told, "anyOf": [*item["anyOf"], several | {"items": item}]}


def _fillable(text: Schema) -> Schema:
    """A text that may be expanded, but not read from a file."""
    told, form = _told(text)
    return {**told, "anyOf": [form, FILLED_IN[0]]}


def _told(field: Schema) -> tuple[Schema, Schema]:
    """A field's schema in two parts: the annotations for people, and the constraints."""
    told: Schema = {key: field[key] for key in ("description", "examples") if key in field}
    return told, {key: value for key, value in field.items() if key not in told}


def _or_removed(made: Schema) -> Schema:
    """The schema of a manifest that also covers a document of the kind Removed.

    The fields of a manifest stay at the top, where editors look for fields to offer.
    """
    required = made.pop("required")
    removed = _texts(_plain(RemovedDocument.model_json_schema(schema_generator=_Generator)), [])
    parts = removed.pop("$defs")
    key = made["$defs"][Metadata.__name__]["properties"]["key"]
    own = {"metadata": {"properties": {"key": {"pattern": key["pattern"]}}}}
    key["pattern"] = parts[RemovedMetadata.__name__]["properties"]["key"]["pattern"]
    return {
        **made,
        "if": {"properties": {"kind": {"const": "Removed"}}, "required": ["kind"]},
        "then": {"$ref": f"#/$defs/{RemovedDocument.__name__}"},
        "else": {"properties": own, "required": required},
        "$defs": {**made["$defs"], **parts, RemovedDocument.__name__: removed},
    }


def _partial(schema: Any) -> Any:
    """A schema without required fields."""
    if isinstance(schema, list):
        return [_partial(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key == "examples" else _partial(value)
        for key, value in schema.items()
        if not (key == "required" and isinstance(value, list))
    }


def _plain(schema: Any) -> Any:
    """A schema without null, which manifests do not take, and without titles made from names."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: {name: _plain(field) for name, field in value.items()}
        if key in {"properties", "$defs"}
        else value
        if key == "examples"
        else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if "description" in plain:
        first = str(plain["description"]).partition("\n\n")[0]
        plain["description"] = _SECTION.sub("", first)
    if "anyOf" in plain:
        kinds = [kind for kind in plain.pop("anyOf") if kind != {"type": "null"}]
        plain |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return plain


def _texts(schema: Any, fillings: list[Schema]) -> Any:
    """A schema whose texts may be written as other scalars, or as one of `fillings`."""
    if isinstance(schema, list):
        return [_texts(item, fillings) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string":
        told, text = _told(schema)
        text["type"] = "string" if {"enum", "const"} & text.keys() else TEXT_TYPES
        return {**told, "anyOf": [text, *fillings]} if fillings else {**told, **text}
    return {key: value if key == "examples" else _texts(value, fillings) for key, value in schema.items()}
