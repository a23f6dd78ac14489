"""The plan document: what `plan --format json` prints and `plan -o` saves, and the way back.

The digest in a saved plan finds accidents (a cut file, an edited line); it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import FieldChange
from campaignctl.errors import Command, Place, PlanRefused, Sentence, StateDamaged, at
from campaignctl.plan.model import (
    FORMAT_VERSION,
    Action,
    Blocked,
    Change,
    Conflict,
    Drift,
    Objection,
    Plan,
)
from campaignctl.plan.request import Request
from campaignctl.schedule.sends import Sends
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.codec import decode_record, to_json
from campaignctl.state.model import Overridden
from campaignctl.state.strict import Node

_AGAIN = Sentence("make it again with ", Command("plan", "-o", "FILE"))


def encode(plan: Plan) -> dict[str, Any]:
    """The plan document, with the digest of everything else in it."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created_at": iso(plan.created_at),
        "project": plan.project,
        "environment": plan.environment,
        "commit": plan.commit,
        "manifests_digest": plan.manifests_digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "account": {"url": plan.url, "company_id": plan.company_id},
        "time_zone": plan.time_zone,
        "refreshed": plan.refreshed,
        "overrides": list(plan.overrides),
        "lifted": [asdict(lifted) for lifted in plan.lifted],
        "summary": plan.summary,
        "changes": [_change(change) for change in plan.changes],
        "valid_until": _time(plan.valid_until),
        "objections": [
            {
                "guardrail": found.guardrail,
                "found": found.found,
                "limit": found.limit,
                "keys": list(found.keys),
            }
            for found in plan.objections
        ],
        "blocked": [_blocked(blocked, Place(environment=plan.environment)) for blocked in plan.blocked],
        "drift": [_drift(drift) for drift in plan.drift],
        "missed": dict(plan.missed),
        "notes": [at(note, Place(environment=plan.environment)) for note in plan.notes],
    }
    return {**document, "digest": _digest(document)}


def digest_of(plan: Plan) -> str:
    """The digest that stands in the document of a plan."""
    return str(encode(plan)["digest"])


def _digest(document: Mapping[str, Any]) -> str:
    """Of every value as it is written: no two spellings count as the same here."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def dumps(plan: Plan) -> str:
    """The text of a saved plan, ending with a newline.

    It is the document, and `hints` where something is blocked: a hint's parts, whose commands are values.
    """
    hints = {one.key: _parts(one.hint) for one in plan.blocked}
    return json.dumps(encode(plan) | ({"hints": hints} if hints else {}), ensure_ascii=True, indent=1) + "\n"


def _time(value: datetime | None) -> str | None:
    return iso(value) if value else None


def _change(change: Change) -> dict[str, Any]:
    requests = [_request(request) for request in change.requests]
    return {
        "key": change.key,
        "action": str(change.action),
        "id": change.id,
        "name": change.name,
        "reason": change.reason,
        "diff": _diff(change.diff),
        "request": requests[-1] if requests else None,
        "requests": requests,
        "sends": _sends(change.sends),
        "arms": change.arms,
        "audience": change.audience,
        "undo": change.undo,
        "live_digest": change.live_digest,
        "warnings": list(change.warnings),
        "spec": change.spec,
        "digest": change.digest,
        "intent": change.intent,
        "source_digest": change.source_digest,
        "lifecycle": {
            "prevent_destroy": change.lifecycle.prevent_destroy,
            "on_destroy": change.lifecycle.on_destroy,
            "ignore_changes": list(change.lifecycle.ignore_changes),
            "phase": change.lifecycle.phase,
            "winner": change.lifecycle.winner,
        },
        "source": change.source,
        "deliberate_resend": change.deliberate_resend,
        "moved_from": change.moved_from,
        "record": json.loads(to_json(change.record)) if change.record else None,
        "conflicts": [asdict(conflict) for conflict in change.conflicts],
    }


def _request(request: Request) -> dict[str, Any]:
    return {"method": request.method, "path": request.path, "body": request.body}


def _sends(sends: Sends) -> dict[str, Any]:
    return {
        "when": sends.when,
        "at": [iso(instant) for instant in sends.at],
        "last": _time(sends.last),
        "profile_time_zone": sends.profile_zone,
        "local": sends.local,
    }


def _diff(changes: tuple[FieldChange, ...]) -> list[dict[str, Any]]:
    return [{"path": change.path, "before": change.before, "after": change.after} for change in changes]


def _parts(hint: str) -> list[str | list[str]]:
    """The parts of a hint, each command as its words."""
    return [list(part.words) if isinstance(part, Command) else part for part in Sentence(hint).parts]


def _read_blocked(document: dict[str, Any], hints: Mapping[str, Any], place: Place) -> Blocked:
    """A block. A plan of the version before has no `hints`, and the commands of its blocks are text."""
    parts = hints.get(document["key"], [document["hint"]])
    hint = Sentence(*(part if isinstance(part, str) else Command(*part) for part in parts))
    if hint.at(place) != document["hint"]:
        raise ValueError(f"the hint of {document['key']} is not what it was")
    return Blocked(**document | {"hint": hint})


def _blocked(blocked: Blocked, place: Place) -> dict[str, Any]:
    return {
        "key": blocked.key,
        "id": blocked.id,
        "status": blocked.status,
        "reason": blocked.reason,
        "hint": at(blocked.hint, place),
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "key": drift.key,
        "id": drift.id,
        "diff": _diff(drift.diff),
        "corrected": drift.corrected,
        "at": drift.at,
    }


def decode(text: str, *, where: str = "the saved plan") -> Plan:
    """The plan of a saved file. Raises PlanRefused for anything but an undamaged plan of this format."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanRefused(f"{where} is not a plan", detail=f"not JSON: {error}", hint=_AGAIN) from error
    if not isinstance(document, dict) or not isinstance(document.get("format_version"), int):
        raise PlanRefused(f"{where} is not a plan", detail="it has no format_version", hint=_AGAIN)
    if document["format_version"] != FORMAT_VERSION:
        raise PlanRefused(
            f"{where} has format {document['format_version']}, this version reads {FORMAT_VERSION}",
            hint=Sentence("apply it with the version that made it, or ", _AGAIN),
        )
    try:
        hints = document.pop("hints", {})
        if document.pop("digest", None) != _digest(document):
            raise PlanRefused(
                f"{where} is damaged", detail="its digest does not fit its content", hint=_AGAIN
            )
        return _plan(document, hints)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, StateDamaged) as error:
        raise PlanRefused(f"{where} is damaged", detail=f"unusable member: {error}", hint=_AGAIN) from error


def _plan(document: Mapping[str, Any], hints: Mapping[str, Any]) -> Plan:
    place = Place(environment=document["environment"])
    return Plan(
        created_at=parse_iso(document["created_at"]),
        project=document["project"],
        environment=document["environment"],
        tool_version=document["tool_version"],
        manifests_digest=document["manifests_digest"],
        lineage=document["lineage"],
        serial=document["serial"],
        changes=tuple(_read_change(change) for change in document["changes"]),
        objections=tuple(
            Objection(found["guardrail"], found["found"], found["limit"], tuple(found["keys"]))
            for found in document["objections"]
        ),
        blocked=tuple(_read_blocked(blocked, hints, place) for blocked in document["blocked"]),
        drift=tuple(
            Drift(drift["key"], drift["id"], _read_diff(drift["diff"]), drift["corrected"], drift["at"])
            for drift in document["drift"]
        ),
        valid_until=_read_time(document["valid_until"]),
        commit=document["commit"],
        url=document["account"]["url"],
        company_id=document["account"]["company_id"],
        time_zone=document["time_zone"],
        unchanged=document["summary"][str(Action.NONE)],
        refreshed=document["refreshed"],
        overrides=tuple(document["overrides"]),
        lifted=tuple(Overridden(**{**each, "keys": tuple(each["keys"])}) for each in document["lifted"]),
        notes=tuple(document["notes"]),
        missed=dict(document["missed"]),
    )


def _read_time(text: str | None) -> datetime | None:
    return parse_iso(text) if text else None


def _read_change(document: Mapping[str, Any]) -> Change:
    lifecycle, sends = document["lifecycle"], document["sends"]
    plain = ("key", "id", "name", "reason", "arms", "audience", "undo", "live_digest", "spec", "digest")
    more = ("intent", "source_digest", "source", "deliberate_resend", "moved_from")
    return Change(
        **{name: document[name] for name in plain + more},
        action=Action(document["action"]),
        requests=tuple(Request.read(**request) for request in document["requests"]),
        diff=_read_diff(document["diff"]),
        sends=Sends(
            when=sends["when"],
            at=tuple(parse_iso(instant) for instant in sends["at"]),
            last=_read_time(sends["last"]),
            profile_zone=sends["profile_time_zone"],
            local=sends["local"],
        ),
        warnings=tuple(document["warnings"]),
        lifecycle=Lifecycle(
            prevent_destroy=lifecycle["prevent_destroy"],
            on_destroy=lifecycle["on_destroy"],
            ignore_changes=tuple(lifecycle["ignore_changes"]),
            phase=lifecycle["phase"],
            winner=lifecycle["winner"],
        ),
        record=decode_record(Node(document["record"], "the saved plan")) if document["record"] else None,
        conflicts=tuple(Conflict(**conflict) for conflict in document["conflicts"]),
    )


def _read_diff(changes: list[dict[str, Any]]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(change["path"], change["before"], change["after"]) for change in changes)
