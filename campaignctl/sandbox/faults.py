"""Faults that a test asks for: which request they meet, and what they do to it.

Kinds and their members:

* `lost_answer`: takes effect, the connection is dropped without an answer.
* `drop`: no effect, the connection is dropped.
* `status`: `status`, `effect` (default false), `headers`, `body` (default: the standard error body).
* `rate_limit`: 429 without effect; `retry_after`: seconds, -1, or null for none.
* `truncate`: takes effect, the body ends in the middle of its Content-Length.
* `garble`: takes effect, the body is no JSON.
* `no_id`: takes effect, the id is left out of the answer.
* `redirect`: no effect; `location`, `status` (default 307).
* `delay`: `seconds`, `when`: `before` (default) or `after` the effect.
* `echo_token`: no effect; `status` (default 400), an error body that repeats the Authorization header.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.sandbox import checks
from campaignctl.sandbox.checks import Check

_EFFECTIVE = ("lost_answer", "truncate", "garble", "no_id", "delay")
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
    "redirect": {"location": checks.text(), "status": _CODE},
    "delay": {"seconds": _seconds, "when": checks.choice("before", "after")},
    "echo_token": {"status": _CODE},
}
_NEEDED = {"status": ("status",), "redirect": ("location",), "delay": ("seconds",)}


@dataclass(frozen=True)
class Rule:
    """One fault and the requests it meets: after `skip` matching ones, the next `times`."""

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
        """Whether the request is carried out before the fault shows."""
        return self.kind in _EFFECTIVE or bool(self.fault.get("effect"))

    def as_json(self) -> dict[str, Any]:
        """Return the rule and how often it matched and was used."""
        return {"match": dict(self.match), "fault": dict(self.fault), "seen": self.seen, "used": self.used}

    def meets(self, method: str, target: str, body: str) -> bool:
        """Tell whether a request is of the kind this rule is about."""
        return (
            self.match.get("method", method).upper() == method
            and re.search(self.match.get("path", ""), target) is not None
            and self.match.get("body", "") in body
        )


def rule_from(plain: Any) -> Rule:
    """Read a rule `{"match": {...}, "fault": {"kind": ...}}`; Invalid when it is none."""
    members = {"match": checks.record(MATCHED, strict=True), "fault": _fault}
    kept = checks.record(members, ("fault",), strict=True)(plain, "")
    return Rule(kept.get("match", {}), kept["fault"])


def _fault(value: Any, path: str) -> Any:
    kind = value.get("kind") if isinstance(value, dict) else None
    known = checks.choice(*KINDS)(kind, f"{path}.kind")
    members = {"kind": checks.text(), **KINDS[known]}
    return checks.record(members, _NEEDED.get(known, ()), strict=True)(value, path)


def pick(
    rules: tuple[Rule, ...], method: str, target: str, body: str
) -> tuple[Rule | None, tuple[Rule, ...]]:
    """Return the rule that a request meets now, if any, and all rules with their counts brought up."""
    chosen: Rule | None = None
    counted = []
    for rule in rules:
        after = rule
        if chosen is None and rule.meets(method, target, body):
            after = replace(rule, seen=rule.seen + 1)
            if after.seen > rule.match.get("skip", 0) and rule.used < rule.match.get("times", 1):
                after = chosen = replace(after, used=rule.used + 1)
        counted.append(after)
    return chosen, tuple(counted)
