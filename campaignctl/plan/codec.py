"""The plan document that `plan --format json` prints and `plan -o` saves: encoding and decoding.

The digest in a saved plan detects accidents (a truncated file, an edited line); it is no signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from campaignctl.campaign.json_text import object_of
from campaignctl.errors import Command, Names, PlanRefused, ProjectPlace, Sentence, at
from campaignctl.plan.model import FORMAT_VERSION, Action, Change, Plan, Request
from campaignctl.schedule.times import iso, zone_of
from campaignctl.state.strict import fit, plain
from campaignctl.state.versions import is_later, upgrade

AGAIN: Final = Sentence("make a new one with ", Command("plan", "-o", "FILE"))


def encode(plan: Plan) -> dict[str, Any]:
    """The plan document, with a digest of all its other fields."""
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in members(plan)}


def members(plan: Plan) -> Iterator[tuple[str, Any]]:
    """The members of the plan document in order. The changes, most of its text, are an iterator: they are
    hashed one by one as they are written, and have to be used up before the digest is asked for."""
    document = _without_changes(plan)
    texts = {name: _one_line(value) for name, value in document.items()}
    hashed = hashlib.sha256()

    def fed(changes: Iterable[Change]) -> Iterator[dict[str, Any]]:
        before = [f"{_one_line(name)}:{texts[name]}," for name in sorted(texts) if name < "changes"]
        hashed.update(("{" + "".join(before) + '"changes":[').encode())
        for number, change in enumerate(changes):
            encoded = _change(change)
            hashed.update((f"{',' if number else ''}{_one_line(encoded)}").encode())
            yield encoded
        after = [f",{_one_line(name)}:{texts[name]}" for name in sorted(texts) if name > "changes"]
        hashed.update(("]" + "".join(after) + "}").encode())

    for name, value in document.items():
        yield name, fed(plan.changes) if name == "changes" else value
    yield "digest", f"sha256:{hashed.hexdigest()}"


def _without_changes(plan: Plan) -> dict[str, Any]:
    """The document of a plan with its changes still to be filled in, and without its digest."""
    place = ProjectPlace(environment=plan.environment)
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "created_at": iso(plan.created_at),
        "project": plan.project,
        "project_id": plan.project_id,
        "environment": plan.environment,
        "commit": plan.commit,
        "manifests_digest": plan.manifests_digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "account": {"url": plan.url, "company_id": plan.company_id},
        "state": plan.state,
        "settings": plain(plan.settings),
        "settings_changed": plain(plan.settings_changed),
        "time_zone": plan.time_zone,
        "refreshed": plan.refreshed,
        "overrides": plain(plan.overrides),
        "lifted": plain(plan.lifted),
        "summary": plan.summary,
        "changes": [],
        "valid_until": _time(plan.valid_until),
        "objections": plain(plan.objections),
        "against": plan.against,
        "withdrawn": plain(plan.withdrawn),
        "targets": plain(plan.targets),
        "blocked": [plain(one) | {"hint": at(one.hint, place)} for one in plan.blocked],
        "drift": plain(plan.drift),
        "missed": plain(plan.missed),
        "notes": [at(note, place) for note in plan.notes],
        "lint": plain(plan.lint),
        "neighbours": plain(plan.neighbours),
    }


def digest_of(plan: Plan) -> str:
    """The digest in the document of a plan."""
    return str(encode(plan)["digest"])


def _digest(document: Mapping[str, Any]) -> str:
    """A digest of every value as written; different spellings of a value give different digests."""
    return "sha256:" + hashlib.sha256(_one_line(document).encode()).hexdigest()


_one_line = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def dumps(plan: Plan) -> str:
    """The text of a saved plan, ending with a newline.

    It is the document, plus `hints` if something is blocked: the parts of each hint, with commands as lists;
    and `lists` of names that a page may cut: how many it shows, and the names.
    """
    document = encode(plan)
    if lists := list(dict.fromkeys(_lists(plan))):
        document["lists"] = [{"most": each.most, "names": list(each.names)} for each in lists]
    if plan.blocked:
        parts = (
            [
                list(part.words) if isinstance(part, Command) else str(part)
                for part in Sentence(one.hint).parts
            ]
            for one in plan.blocked
        )
        document["hints"] = dict(zip(_names((one.key, one.id) for one in plan.blocked), parts, strict=True))
    return "".join(object_of(document.items(), 1)) + "\n"


def _names(blocked: Iterable[tuple[str, str | None]]) -> list[str]:
    """The names of their hints: their keys, and with the id where a key is blocked twice."""
    found: dict[str, None] = {}
    for key, campaign_id in blocked:
        found[key if key not in found else f"{key} {campaign_id}"] = None
    return list(found)


def _lists(plan: Plan) -> Iterator[Names]:
    """The lists of names in a plan that are longer than a page shows."""
    told = (text for change in plan.changes for text in (change.reason, *change.warnings))
    for text in (*plan.notes, *told):
        for part in text.parts if isinstance(text, Sentence) else ():
            if isinstance(part, Names) and len(part.names) > part.most:
                yield part


def _relisted(text: str, lists: Iterable[Names]) -> str:
    """A text of a saved plan with its lists of names as such."""
    parts: list[str | Names] = [text]
    for each in lists:
        for index, part in enumerate(parts):
            if isinstance(part, str) and str(each) in part:
                before, _, after = part.partition(str(each))
                parts[index : index + 1] = [before, each, after]
                break
    return Sentence(*parts)


def _time(value: datetime | None) -> str | None:
    return iso(value) if value else None


def _change(change: Change) -> dict[str, Any]:
    """The fields of a change, and `request`, the last of its requests."""
    values: dict[str, Any] = plain(change)
    first = ("key", "action", "id", "name", "reason", "diff")
    requests = [_request(one) for one in change.requests]
    sends = {
        "when": change.sends.when,
        "at": [iso(instant) for instant in change.sends.at],
        "last": _time(change.sends.last),
        "profile_time_zone": change.sends.profile_zone,
        "local": change.sends.local,
    }
    return (
        {name: values[name] for name in first}
        | {"request": requests[-1] if requests else None}
        | values
        | {"action": str(change.action), "requests": requests, "sends": sends}
        | {"valid_until": _time(change.valid_until)}
    )


def _request(one: Request) -> dict[str, Any]:
    return {"method": one.method, "path": one.path, "body": plain(one.body)}


def decode(text: str, *, where: str = "the saved plan") -> Plan:
    """The plan in a saved file. Raises PlanRefused unless it is an undamaged plan of this format."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanRefused(f"{where} is not a plan", detail=f"not JSON: {error}", hint=AGAIN) from error
    if not isinstance(document, dict) or not isinstance(document.get("format_version"), int):
        raise PlanRefused(f"{where} is not a plan", detail="it has no format_version", hint=AGAIN)
    writer = document.get("tool_version")
    if document["format_version"] != FORMAT_VERSION:
        why = f"{where} has format {document['format_version']}, this version reads {FORMAT_VERSION}"
        raise _of_another(why, writer)
    try:
        hints = document.pop("hints", {})
        lists = [Names(tuple(map(str, each["names"])), each["most"]) for each in document.pop("lists", [])]
        if document.pop("digest", None) != _digest(document):
            raise PlanRefused(
                f"{where} is damaged", detail="its digest does not match its content", hint=AGAIN
            )
        plan = _plan(document, hints)
        for zone in {plan.time_zone, *(change.zone for change in plan.changes if change.zone)}:
            zone_of(zone)
        return _with_lists(plan, lists)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if is_later(writer):
            raise _of_another(f"{where} was made by campaignctl {writer}", writer, str(error)) from error
        raise PlanRefused(f"{where} is damaged", detail=f"unusable field: {error}", hint=AGAIN) from error


def _of_another(summary: str, writer: Any, detail: str = "") -> PlanRefused:
    """The error for a plan of another version."""
    again = upgrade(writer, "plan again with this version, or upgrade: ")
    return PlanRefused(summary, detail=detail, hint=again if is_later(writer) else AGAIN)


def _with_lists(plan: Plan, lists: Sequence[Names]) -> Plan:
    if not lists:
        return plan
    longest = sorted(lists, key=lambda each: -len(str(each)))
    return replace(
        plan,
        notes=tuple(_relisted(note, longest) for note in plan.notes),
        changes=tuple(
            replace(
                change,
                reason=_relisted(change.reason, longest),
                warnings=tuple(_relisted(warning, longest) for warning in change.warnings),
            )
            for change in plan.changes
        ),
    )


def _plan(document: dict[str, Any], hints: Mapping[str, Any]) -> Plan:
    """The plan in a document, which this changes: the document has some fields in other places, or twice.

    A plan of the previous version has no `hints`; the commands in its hints are text.
    """
    place = ProjectPlace(environment=document["environment"])
    names = _names((blocked["key"], blocked["id"]) for blocked in document["blocked"])
    for blocked, name in zip(document["blocked"], names, strict=True):
        parts = hints.get(name, [blocked["hint"]])
        hint = Sentence(*(part if isinstance(part, str) else Command(*part) for part in parts))
        if hint.at(place) != blocked["hint"]:
            raise ValueError(f"the hint of {blocked['key']} was changed")
        blocked["hint"] = hint
    last = [change.pop("request") for change in document["changes"]]
    for change in document["changes"]:
        change["requests"] = [plain(Request.read(**request)) for request in change["requests"]]
        change["sends"]["profile_zone"] = change["sends"].pop("profile_time_zone")
    summary = document.pop("summary")
    del document["format_version"]
    values = document.pop("account") | document
    plan = fit(Plan, values | {"unchanged": summary[str(Action.NONE)], "observed": {}})
    if plan.summary != summary:
        raise ValueError("summary does not count the changes")
    for each, request in zip(plan.changes, last, strict=True):
        if request != (_request(each.requests[-1]) if each.requests else None):
            raise ValueError(f"request of {each.key} is not the last of its requests")
    return plan
