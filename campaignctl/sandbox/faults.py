"""Faults on request: the matching requests, and their effects.

Kinds and their fields:

* `lost_answer`: takes effect, but the connection is dropped without a reply.
* `drop`: no effect, the connection is dropped.
* `status`: `status`, `effect` (default false), `headers`, `body` (default: the standard error body).
* `rate_limit`: 429 without effect; `retry_after`: seconds, -1, or null for none.
* `truncate`: takes effect, but only half of the body is sent.
* `garble`: takes effect, but the body is not JSON.
* `no_id`: takes effect, but the reply has no id.
* `another`: takes effect, but the reply to a create shows a campaign that somebody else made meanwhile, with
  `bare` its id alone.
* `redirect`: no effect; `location`, `status` (default 307).
* `delay`: `seconds`, `when`: `before` (default) or `after` the effect.
* `late`: no answer now, and the effect `seconds` later by the sandbox's clock, whatever the client does
  meanwhile; `status`: answers with it instead; `held`: keeps the connection open until the client gives up.
* `not_done`: answers as if it had taken effect, and nothing changes; a create's id belongs to no campaign.
* `echo_token`: no effect; `status` (default 400), an error body that repeats the Authorization header.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.sandbox import checks
from campaignctl.sandbox.checks import Check
from campaignctl.sandbox.switches import json_or_text, nearest

_EFFECTIVE = ("lost_answer", "truncate", "garble", "no_id", "another", "delay", "not_done")
_NUMBER = checks.integer(0, 10**9)
_CODE = checks.integer(200, 599)


def _retry_after(value: Any, path: str) -> int:
    number: int = checks.integer(-1, 10**6)(value, path)
    return number


def _seconds(value: Any, path: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
        raise checks.Invalid(path, "must be a number of seconds")
    return value


def _pattern(value: Any, path: str) -> str:
    word: str = checks.text()(value, path)
    try:
        re.compile(word)
    except re.error as error:
        raise checks.Invalid(path, f"is no regular expression: {error}") from error
    return word


MATCHED: Mapping[str, Check] = {
    "method": checks.text(),
    "path": _pattern,
    "body": checks.text(),
    "skip": _NUMBER,
    "times": _NUMBER,
}
_HEADERS = checks.mapping(checks.text(), checks.text(empty=True), empty=True)
KINDS: Mapping[str, Mapping[str, Check]] = {
    "lost_answer": {},
    "drop": {},
    "status": {"status": _CODE, "effect": checks.boolean, "headers": _HEADERS, "body": checks.anything},
    "rate_limit": {"retry_after": _retry_after},
    "truncate": {},
    "garble": {},
    "no_id": {},
    "another": {"bare": checks.boolean},
    "redirect": {"location": checks.text(), "status": _CODE},
    "delay": {"seconds": _seconds, "when": checks.choice("before", "after")},
    "late": {"seconds": _seconds, "status": _CODE, "held": checks.boolean},
    "not_done": {},
    "echo_token": {"status": _CODE},
}
_NEEDED = {"status": ("status",), "redirect": ("location",), "delay": ("seconds",), "late": ("seconds",)}


class BadRule(ValueError):
    """Words that are not a valid fault rule: which, and why."""


@dataclass(frozen=True)
class Rule:
    """A fault and the requests that it applies to: after `skip` matching ones, the next `times`."""

    match: Mapping[str, Any]
    fault: Mapping[str, Any]
    seen: int = 0
    used: int = 0

    @property
    def kind(self) -> str:
        """The kind of the fault."""
        return str(self.fault["kind"])

    @property
    def takes_effect(self) -> bool:
        """Whether the request is carried out before the fault; `not_done` undoes that."""
        return self.kind in _EFFECTIVE or bool(self.fault.get("effect"))

    def as_json(self) -> dict[str, Any]:
        """Return the rule, with how often it matched (`seen`) and was applied (`used`)."""
        return {"match": dict(self.match), "fault": dict(self.fault), "seen": self.seen, "used": self.used}

    def matches(self, method: str, target: str, body: str) -> bool:
        """Return whether a request matches the rule."""
        return (
            self.match.get("method", method).upper() == method
            and re.search(self.match.get("path", ""), target) is not None
            and self.match.get("body", "") in body
        )


def rule_from(plain: Any) -> Rule:
    """Return the rule `{"match": {...}, "fault": {"kind": ...}}`; Invalid for an invalid one."""
    fields = {"match": checks.record(MATCHED, strict=True), "fault": _fault}
    kept = checks.record(fields, ("fault",), strict=True)(plain, "")
    return Rule(kept.get("match", {}), kept["fault"])


def _fault(value: Any, path: str) -> Any:
    kind = value.get("kind") if isinstance(value, dict) else None
    known = checks.choice(*KINDS)(kind, f"{path}.kind")
    fields = {"kind": checks.text(), **KINDS[known]}
    return checks.record(fields, _NEEDED.get(known, ()), strict=True)(value, path)


def rule_from_words(text: str) -> Rule:
    """Return the rule `[METHOD] [PATH] KIND [NAME=VALUE]...`; BadRule for an invalid one.

    `skip`, `times` and `body` select requests; the other fields belong to the fault.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BadRule(f"{text!r}: {error}") from error
    place = next((number for number, word in enumerate(words) if word in KINDS), None)
    if place is None:
        meant = next((near for word in words if (near := nearest(word, KINDS))), "")
        raise BadRule(f"{text!r} names no kind of fault{meant or '; there are ' + ', '.join(KINDS)}")
    kind = words[place]
    match = _target(text, words[:place])
    fault: dict[str, Any] = {"kind": kind}
    for word in words[place + 1 :]:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadRule(f"{text!r}: {word!r} is not of the form NAME=VALUE")
        known = sorted({*MATCHED, *KINDS[kind]} - {"method", "path"})
        if name not in known:
            raise BadRule(f"{text!r}: {kind} has no field {name!r}{nearest(name, known)}")
        (match if name in MATCHED else fault)[name] = value if name == "body" else json_or_text(value)
    try:
        return rule_from({"match": match, "fault": fault})
    except checks.Invalid as error:
        raise BadRule(f"{text!r}: {error}") from error


def _target(text: str, words: list[str]) -> dict[str, Any]:
    """Return the method and the path before the kind; either may be missing."""
    found: dict[str, Any] = {}
    for word in words:
        part = "method" if re.fullmatch("[A-Z]+", word) else "path"
        if part in found or (part == "method" and "path" in found):
            raise BadRule(f"{text!r} is not of the form [METHOD] [PATH] KIND [NAME=VALUE]...")
        found[part] = word
    return found


def pick(
    rules: tuple[Rule, ...], method: str, target: str, body: str
) -> tuple[Rule | None, tuple[Rule, ...]]:
    """Return the rule that applies to a request, if any, and all rules with updated counts."""
    chosen: Rule | None = None
    counted = []
    for rule in rules:
        after = rule
        if chosen is None and rule.matches(method, target, body):
            after = replace(rule, seen=rule.seen + 1)
            if after.seen > rule.match.get("skip", 0) and rule.used < rule.match.get("times", 1):
                after = chosen = replace(after, used=rule.used + 1)
        counted.append(after)
    return chosen, tuple(counted)
