"""Switches and fault rules as words of a command line: `labels=comma`, `POST /campaigns$ lost_answer`."""

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from campaignctl.sandbox import faults
from campaignctl.sandbox.checks import Invalid
from campaignctl.sandbox.faults import KINDS, MATCHED, Rule
from campaignctl.sandbox.switches import BadSwitch, Switches

_METHOD = re.compile(r"[A-Z]+\Z")
_FORM = "[METHOD] [PATH] KIND [MEMBER=VALUE]..."


class BadWords(ValueError):
    """Words that are no switch or no rule: which, and why."""


def switched(words: Iterable[str]) -> dict[str, Any]:
    """Return the values of switches that are written NAME=VALUE; BadWords for what cannot be set so.

    A value is JSON, or a text as it is, or a list of texts between commas, whichever the switch takes.
    """
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadWords(f"{word!r} is not of the form NAME=VALUE")
        values |= _set(name.strip(), text.strip())
    return values


def _set(name: str, text: str) -> dict[str, Any]:
    problem = ""
    for value in (_plain(text), text, [part.strip() for part in text.split(",") if part.strip()]):
        try:
            Switches().changed({name: value})
        except BadSwitch as error:
            problem = problem or str(error)
        else:
            return {name: value}
    raise BadWords(f"{problem}, not {text!r}" if " takes " in problem else problem)


def rule(text: str) -> Rule:
    """Read a rule `[METHOD] [PATH] KIND [MEMBER=VALUE]...`; BadWords when it is none.

    `skip`, `times` and `body` belong to the request that is met, the other members to the fault.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadWords(f"{text!r}: {error}") from error
    place = next((number for number, word in enumerate(words) if word in KINDS), None)
    if place is None:
        raise BadWords(f"{text!r} names no kind of fault{_kinds(words)}")
    match = _target(text, words[:place])
    fault: dict[str, Any] = {"kind": words[place]}
    for word in words[place + 1 :]:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadWords(f"{text!r}: {word!r} is not of the form MEMBER=VALUE")
        _check_member(text, words[place], name)
        (match if name in MATCHED else fault)[name] = value if name == "body" else _plain(value)
    try:
        return faults.rule_from({"match": match, "fault": fault})
    except Invalid as error:
        raise BadWords(f"{text!r}: {error}") from error


def _target(text: str, words: list[str]) -> dict[str, Any]:
    """The method and the path before the kind, each of which may be left out."""
    found: dict[str, Any] = {}
    for word in words:
        part = "method" if _METHOD.match(word) else "path"
        if part in found or (part == "method" and "path" in found):
            raise BadWords(f"{text!r} is not of the form {_FORM}")
        found[part] = word
    return found


def _check_member(text: str, kind: str, name: str) -> None:
    known = sorted({*MATCHED, *KINDS[kind]} - {"method", "path"})
    if name not in known:
        raise BadWords(f"{text!r}: {kind} has no member {name!r}{nearest(name, known)}")


def _kinds(words: list[str]) -> str:
    meant = next((near for word in words if (near := nearest(word, KINDS))), "")
    return meant or f"; there are {', '.join(KINDS)}"


def nearest(name: str, known: Iterable[str] | Mapping[str, Any]) -> str:
    """Return `; did you mean ...?` for a name that is nearly one of those known, else nothing."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
