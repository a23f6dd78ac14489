"""The interface for scripts: commands, options, codes, exit statuses, and the fields of every JSON document.

`python -m tests.e2e.interface_record` records it in `interface.json`, which a test compares. Wording is free.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from campaignctl.cli.main import root
from campaignctl.sandbox import Control, Sandbox, Switches
from tests.docs.codes import codes
from tests.e2e.harness import PROJECT, World, sms

RECORD = Path(__file__).with_name("interface.json")
_FAR = "2036-03-22 10:00:00"
_IN_WORDS = ("$comment", "description", "title", "Description", "Message", "examples")
#: Fields whose names are data: one stands for all.
_OPEN = {
    "campaigns": "KEY",
    "pending": "KEY",
    "missed": "KEY",
    "neighbours": "KEY",
    "hints": "KEY",
    "environments": "NAME",
    "settings": "PATH",
}


def record() -> dict[str, Any]:
    """The interface of the imported campaignctl."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)) as sandbox,
    ):
        world = World(Path(folder) / "project", sandbox.url, Control(sandbox.url))
        world.write("campaignctl.yaml", PROJECT)
        script = _Script(world)
        _changes(script)
        _proofs(script)
        _refusals_and_reads(script)
        schemas = {
            kind: _digest(world.run("schema", kind, status=0).json) for kind in ("Campaign", "Project")
        }
    return {
        "commands": dict(_commands(root, "campaignctl")),
        "codes": sorted(codes()),
        "statuses": script.statuses,
        "documents": script.kinds(),
        "schemas": schemas,
    }


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every command by its path, with the type of each option and argument."""
    yield path, {"/".join(param.opts): _parameter(param) for param in command.params}
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, f"{path} {name}")


def _parameter(param: click.Parameter) -> str:
    kind = param.type
    words = [kind.name]
    if isinstance(kind, click.Choice):
        words.append("|".join(map(str, kind.choices)))
    if isinstance(kind, click.IntRange):
        words.append(f"{kind.min}..{kind.max}")
    if param.required:
        words.append("required")
    if param.nargs != 1 or getattr(param, "multiple", False):
        words.append("several")
    return " ".join([*words, *param.secondary_opts])


@dataclass
class _Script:
    """Commands run in a project: their exit statuses, and the fields of their documents."""

    world: World
    statuses: list[str] = field(default_factory=list)
    documents: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def run(self, command: str, document: str = "") -> None:
        ended = self.world.run(*command.split(" "))
        self.statuses.append(f"{ended.status} {command}")
        if document:
            self.keep(document, ended.out)

    def save_plan(self, name: str) -> None:
        self.run(f"plan -o {name}")
        self.keep("saved plan", (self.world.folder / name).read_text(encoding="utf-8"))

    def keep(self, document: str, text: str) -> None:
        known = self.documents.setdefault(document, {})
        for path, kind in _fields(json.loads(text), ""):
            known.setdefault(path, set()).add(kind)

    def kinds(self) -> dict[str, dict[str, str]]:
        return {
            name: {path: " or ".join(sorted(found)) for path, found in fields.items()}
            for name, fields in self.documents.items()
        }


def _changes(script: _Script) -> None:
    """Create two campaigns; then drift, an update, a failed create and a missed one."""
    world = script.world
    world.write("far.yaml", sms("Far", scheduled_time=_FAR))
    world.write("daily.yaml", sms("Daily", recurrence={"cron": "30 12 * * *"}))
    script.run("plan --detailed-exitcode")
    script.save_plan("plan.json")
    script.run("show plan.json --format json", "plan")
    script.run("apply plan.json --format json", "outcome")
    script.run("plan --detailed-exitcode")
    world.control.edit(world.campaigns()["Far"]["id"], name="By hand", score=3)
    world.write("far.yaml", sms("Far", scheduled_time=_FAR, labels=["x", "x"], description="new"))
    world.write("new.yaml", sms("New", scheduled_time="2036-04-22 10:00:00"))
    world.write("late.yaml", sms("Late", scheduled_time="2020-03-22 10:00:00"))
    script.run("validate --format json", "validate")
    script.run("plan --format json", "plan")
    script.save_plan("later.json")
    script.run("status --format json", "status")
    script.run("calendar --days 366 --format json", "calendar")
    script.run("explain far --format json", "explain")
    script.run("preview --format json", "preview")
    script.run("preview --plan later.json --format json", "preview of a plan")
    world.control.fault({"method": "POST", "path": "/campaigns$"}, {"kind": "status", "status": 400})
    script.run("apply --auto-approve --format json", "outcome")
    script.run("apply --auto-approve --format json", "outcome")


def _proofs(script: _Script) -> None:
    """A plan that needs a proof, and the proof; its folder is another project's."""
    world = script.world
    seeds = "proofs: {team: {targeting: {custom_properties: {seed: {items: [team], op: in}}}}}\n"
    world.write("campaignctl.yaml", f"{PROJECT}{seeds}guardrails: {{require_proof: true}}\n")
    world.write("spring.yaml", sms("Spring", scheduled_time="2036-05-22 10:00:00", deal_id="7"))
    script.run("plan --format json", "plan")
    script.run("proof spring --dry-run --format json", "proof")
    script.run("proof spring --format json", "proof")
    script.run("plan --format json", "plan")
    script.run("state pull", "state")
    world.write("campaignctl.yaml", PROJECT)
    world.remove("spring.yaml")


def _refusals_and_reads(script: _Script) -> None:
    """Refusals, a halt and its lift, and the commands that read."""
    script.run("apply plan.json --format json", "refusal")
    script.run("destroy --auto-approve --format json", "refusal")
    script.run("halt --all --reason stop --format json", "halt")
    script.run("status --format json", "status")
    script.run("halt --lift --reason over --format json", "lift")
    script.run("doctor --format json", "doctor")
    script.run("show --format json", "show")
    script.run("state history --format json", "history")
    script.run("status --since 2016-01-01 --format json", "status since")
    script.run("state pull", "state")
    script.run("state show no-such-key")
    script.run("plan --no-such-option")
    script.world.write("bad.yaml", "spec: {nam: x}\n")
    script.run("validate --format json", "validate")


_KINDS: Mapping[type, str] = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "boolean",
    type(None): "null",
}


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The path of every field in a JSON value, with the type of its value."""
    kind = {dict: "object", list: "list", str: "text", bool: "boolean", type(None): "null"}.get(
        type(value), "number"
    )
    yield path or ".", kind
    if isinstance(value, Mapping):
        open_name = _OPEN.get(path.rpartition(".")[2])
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{open_name or name}")
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, f"{path}[]")


def _digest(schema: Any) -> str:
    """The digest of a schema without its texts."""
    return hashlib.sha256(json.dumps(_without_words(schema), sort_keys=True).encode()).hexdigest()


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_words(inner)
            for name, inner in value.items()
            if not (name.endswith(_IN_WORDS) and isinstance(inner, str | list))
        }
    return [_without_words(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    RECORD.write_text(json.dumps(record(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
