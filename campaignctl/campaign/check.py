"""The one gate for a campaign's body: the models, the rules between members, and advice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from campaignctl.campaign import advice, rules
from campaignctl.campaign.problem import Path, Problem, error
from campaignctl.campaign.spec import CampaignSpec

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def check(body: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful in a body of the create call; nothing means it may be sent."""
    found = tuple(model_problems(CampaignSpec, body))
    if any(problem.code == "type" for problem in found):
        return found
    return (*found, *cross_checks(body))


def cross_checks(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What the models cannot see. The members of `body` have their types; some may be missing."""
    yield from rules.problems(body)
    yield from advice.problems(body)


def model_problems(model: type[BaseModel], value: Mapping[str, Any]) -> Iterator[Problem]:
    """What a model refuses in a JSON object."""
    try:
        model.__pydantic_validator__.validate_python(value)
    except ValidationError as refused:
        for details in refused.errors(include_url=False, include_context=True):
            yield _problem(details)


def _problem(details: ErrorDetails) -> Problem:
    """One of pydantic's errors in our words."""
    path: Path = details["loc"]
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return error("missing-member", path, f"`{path[-1]}` is missing")
        case "extra_forbidden":
            return error("unknown-member", path, f"unknown member `{path[-1]}`")
        case "literal_error":
            return _choice(path, str(details["input"]), str(context["expected"]))
        case "string_too_long":
            count = len(details["input"])
            return error(
                "too-long", path, f"{count:,} characters, and at most {context['max_length']:,} are allowed"
            )
        case "string_too_short" | "too_short":
            return error("empty", path, "must not be empty")
        case "greater_than_equal":
            return error("range", path, f"{details['input']} is below {context['ge']}")
        case "less_than_equal":
            return error("range", path, f"{details['input']} is above {context['le']}")
        case "string_pattern_mismatch":
            return error("form", path, f"{_cut(details['input'])} does not have the form that is asked for")
        case "value_error":
            return error("value", path, str(context["error"]))
        case _:
            return error("type", path, details["msg"])


def _choice(path: Path, given: str, expected: str) -> Problem:
    words = expected.replace("'", "")
    near = difflib.get_close_matches(given.lower(), words.replace(" or ", ", ").split(", "), 1)
    hint = f"did you mean {near[0]}?" if near else f"write {words}"
    return error("choice", path, f"{_cut(given)} is not one of: {words.replace(' or ', ', ')}", hint)


def _cut(text: str) -> str:
    """A value for a message: bounded, and quoted so that nothing in it acts."""
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - a line of a terminal
