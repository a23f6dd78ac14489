"""The one gate for a campaign's body: the models, the rules between members, and advice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from campaignctl.campaign import lint, rules
from campaignctl.campaign.problem import KeyPath, Problem, error
from campaignctl.campaign.spec import CampaignSpec

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDS = {
    "missing": ("missing-member", "`{name}` is missing"),
    "extra_forbidden": ("unknown-member", "unknown member `{name}`"),
    "string_too_long": ("too-long", "{length:,} characters, and at most {max_length:,} are allowed"),
    "string_too_short": ("empty", "must not be empty"),
    "too_short": ("empty", "must not be empty"),
    "too_long": ("too-long", "{actual_length} items, and at most {max_length} are allowed"),
    "greater_than_equal": ("range", "{given} is below {ge}"),
    "less_than_equal": ("range", "{given} is above {le}"),
    "string_pattern_mismatch": ("form", "{given} does not have the form that is asked for"),
}
_KEY = "letters, digits, `.`, `_` and `-` in parts joined by `/`, as in push/welcome"
#: What to write instead, by the last name of a path: where the words above do not tell.
_HINTS = {
    "adopt": 'the id of the live campaign: digits, as in "1030978"',
    "channel": "write one of push, email, sms",
    "evaluation_window": "days, hours and minutes, as in 1D or 5D 20H 30M",
    "from": f"{_KEY} or push/welcome[country=DE]",
    "key": _KEY,
    "op": "write op: in",
}


def check(body: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful in a body of the create call; nothing means it may be sent."""
    found = tuple(model_problems(CampaignSpec, body))
    if any(problem.code == "type" for problem in found):
        return found
    return (*found, *cross_checks(body))


def cross_checks(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What the models cannot see. The members of `body` have their types; some may be missing."""
    yield from rules.problems(body)
    yield from lint.problems(body)


def model_problems(model: type[BaseModel], value: Mapping[str, Any]) -> Iterator[Problem]:
    """What a model refuses in a JSON object."""
    try:
        model.__pydantic_validator__.validate_python(value)
    except ValidationError as refused:
        for details in refused.errors(include_url=False, include_context=True):
            yield _problem(details)


def _problem(details: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words."""
    path: KeyPath = details["loc"]
    kind, context, given = details["type"], details.get("ctx", {}), details["input"]
    if kind == "literal_error":
        return _choice(path, str(given), str(context["expected"]))
    if kind == "value_error":
        wrong = context["error"]
        return error("value", path, str(wrong), getattr(wrong, "hint", ""))
    code, words = _WORDS.get(kind, ("type", "{message}"))
    said = {
        "name": path[-1] if path else "",
        "given": _cut(given) if isinstance(given, str) else given,
        "length": len(given) if isinstance(given, str) else 0,
        "message": details["msg"],
    }
    member = next((name for name in reversed(path) if isinstance(name, str)), "")
    hint = _HINTS.get(member, "") if code in {"missing-member", "form"} else ""
    return error(code, path, words.format(**{**context, **said}), hint)


def _choice(path: KeyPath, given: str, expected: str) -> Problem:
    words = expected.replace("'", "")
    near = difflib.get_close_matches(given.lower(), words.replace(" or ", ", ").split(", "), 1)
    hint = f"did you mean {near[0]}?" if near else f"write {words}"
    return error("choice", path, f"{_cut(given)} is not one of: {words.replace(' or ', ', ')}", hint)


def _cut(text: str) -> str:
    """A value for a message: bounded, and quoted so that nothing in it acts."""
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - a line of a terminal
