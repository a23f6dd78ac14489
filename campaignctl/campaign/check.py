"""Checks the body of a create call: the models, and the rules across fields.

`check` is the one gate for a whole body. The rules across fields are those of the API contract, section 2.
They take a body whose fields have their types; a missing field is the models' concern.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from campaignctl.campaign import contract, marker, refused
from campaignctl.campaign.problem import KeyPath, Problem, error, warning
from campaignctl.campaign.spec import CHANNELS, CampaignSpec, execution_options, languages_of
from campaignctl.errors import counted, did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Body = Mapping[str, Any]

#: Code and message by pydantic's type of error.
_WORDS = {
    "missing": ("missing-member", "`{name}` is missing"),
    "extra_forbidden": ("unknown-member", "unknown field `{name}`"),
    "string_too_long": ("too-long", "{length:,} characters; at most {max_length:,} are allowed"),
    "string_too_short": ("empty", "must not be empty"),
    "too_short": ("empty", "must not be empty"),
    "too_long": ("too-long", "{actual_length} items; at most {max_length} are allowed"),
    "greater_than_equal": ("range", "{given} is below {ge}"),
    "less_than_equal": ("range", "{given} is above {le}"),
    "string_pattern_mismatch": ("form", "{given} does not have the form required here"),
}
_KEY = "letters, digits, `.`, `_` and `-` in parts joined by `/`, as in push/welcome"
#: What to write instead, by the last name of the path, where the message alone does not tell.
_HINTS = {
    "adopt": 'the id of the live campaign: digits, as in "1030978"',
    "channel": "write one of push, email, sms",
    "evaluation_window": "days, hours and minutes, as in 1D or 5D 20H 30M",
    "from": f"{_KEY} or push/welcome[country=DE]",
    "key": _KEY,
    "op": "write op: in",
}
_QUARTZ_FIELDS = (6, 7)
_CRON_FIELD = re.compile(r"[0-9A-Za-z*,/\-#?]+")
_CRON = re.compile(r"[0-9A-Za-z*,/\-#]+( [0-9A-Za-z*,/\-#]+){4}")


def check(body: Body) -> tuple[Problem, ...]:
    """Every error and warning in the body of a create call. Without an error it may be sent."""
    found = tuple(model_problems(CampaignSpec, body))
    if any(problem.code == "type" for problem in found):
        return found
    return (*found, *cross_checks(body))


def cross_checks(body: Body) -> Iterator[Problem]:
    """Problems that the models cannot see. The fields of `body` have their types; some may be missing."""
    yield from _execution(body)
    yield from _labels(body.get("labels", ()))
    if marker.FIELD in body.get("metadata", {}):
        yield error(
            "metadata-marker",
            ("metadata", marker.FIELD),
            f"`{marker.FIELD}` in metadata is reserved: campaignctl finds its own campaigns by it",
            "rename it; in a body copied from an answer of the API, remove it",
        )
    yield from _recurrence(body.get("recurrence"))
    yield from _test(body)
    for index, message in enumerate(body.get("messages", ())):
        yield from _message(message, ("messages", index), draft=body.get("is_draft") is True)
    yield from refused.problems(body)


def model_problems(model: type[BaseModel], value: Body) -> Iterator[Problem]:
    """The problems that a model finds in a JSON object."""
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
        "given": _quoted(given) if isinstance(given, str) else given,
        "length": len(given) if isinstance(given, str) else 0,
        "message": details["msg"],
    }
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    hint = _HINTS.get(name, "") if code in {"missing-member", "form"} else ""
    return error(code, path, words.format(**{**context, **said}), hint)


def _choice(path: KeyPath, given: str, expected: str) -> Problem:
    words = expected.replace("'", "")
    choices = words.replace(" or ", ", ")
    hint = did_you_mean(given.lower(), choices.split(", "), f"write {words}")
    return error("choice", path, f"{_quoted(given)} is not one of: {choices}", hint)


def _quoted(text: str) -> str:
    """A value for a message: cut, and quoted so that control characters cannot act."""
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004 - a line of a terminal


def _execution(body: Body) -> Iterator[Problem]:
    options = execution_options(body)
    for name in options[1:]:
        yield error(
            "execution-option",
            (name,),
            f"`{name}` and `{options[0]}` exclude each other",
            "keep one of run_immediately, scheduled_time, recurrence; without any, it is started by hand",
        )
    if body.get("is_draft") is True and "run_immediately" in options:
        yield error(
            "draft-sends",
            ("run_immediately",),
            "a draft sends nothing, but `run_immediately` sends at once",
            "remove one of them",
        )


def _labels(labels: Sequence[str]) -> Iterator[Problem]:
    for index, label in enumerate(labels):
        if "," in label:
            yield error(
                "label",
                ("labels", index),
                "a label must not contain a comma: some answers of the API join labels with one",
                "split it into two labels, or use another character",
            )
        elif not label.strip():
            yield error("label", ("labels", index), "empty label", "remove it")


def _recurrence(recurrence: Body | None) -> Iterator[Problem]:
    if recurrence is None:
        return
    if ("pattern" in recurrence) == ("cron" in recurrence):
        both = "pattern" in recurrence
        yield error(
            "recurrence",
            ("recurrence", "cron") if both else ("recurrence",),
            "`pattern` and `cron` exclude each other" if both else "`pattern` or `cron` is missing",
            "a recurrence has exactly one of the two",
        )
    cron = recurrence.get("cron", "")
    if quartz := _quartz(cron):
        yield error("cron", ("recurrence", "cron"), *quartz)
    elif "cron" in recurrence and not _CRON.fullmatch(cron):
        yield error(
            "cron",
            ("recurrence", "cron"),
            "not a cron expression: five fields separated by single spaces",
            "minute, hour, day of the month, month, weekday, as in `30 12 * * 1`",
        )


def _quartz(cron: str) -> tuple[str, str] | None:
    """What is wrong with a line in the form of Quartz or Spring, and the line to write; None for others."""
    fields = cron.split()
    seconds = len(fields) in _QUARTZ_FIELDS and all(_CRON_FIELD.fullmatch(field) for field in fields)
    if "?" not in cron and not seconds:
        return None
    line = " ".join(fields[1:6] if seconds else fields).replace("?", "*")
    if seconds:
        message = (
            f"{counted(len(fields), 'field')}: a cron line has five fields; one of Quartz begins with seconds"
        )
        return message, f"write `{line}`"
    return "`?` is not known here: it is written in lines of Quartz", f"write `*` instead: `{line[:60]}`"


def _test(body: Body) -> Iterator[Problem]:
    messages = body.get("messages", ())
    counts = Counter(message.get("channel") for message in messages)
    counts.pop(None, None)
    for channel, count in counts.items():
        if count > contract.MESSAGES_PER_CHANNEL:
            yield error(
                "messages-per-channel",
                ("messages", _nth(messages, channel, contract.MESSAGES_PER_CHANNEL)),
                f"{count} {channel} messages; at most {contract.MESSAGES_PER_CHANNEL} are allowed",
            )
    shared = [channel for channel, count in counts.items() if count > 1]
    if shared and "ab_test" not in body:
        yield error(
            "ab-test-missing",
            ("messages", _nth(messages, shared[0], 1)),
            f"two {shared[0]} messages make an A/B test, but `ab_test` is missing",
            "add `ab_test` to spec, or split it into two campaigns",
        )
    if "ab_test" in body and messages and not shared:
        yield warning(
            "ab-test-unused",
            ("ab_test",),
            "`ab_test` has nothing to test: no channel has two messages",
            "add a second message of the same channel, or remove `ab_test`",
        )


def _nth(messages: Sequence[Body], channel: str, number: int) -> int:
    """The index of the message of a channel, counted from 0."""
    return [i for i, message in enumerate(messages) if message.get("channel") == channel][number]


def _message(message: Body, path: KeyPath, *, draft: bool) -> Iterator[Problem]:
    channel = message.get("channel")
    if channel not in CHANNELS:
        return
    yield from _content(message, path, channel)
    # For a message without one, the API's answers show "0".
    if channel in {"sms", "email"} and message.get("integration_id", "0") == "0":
        report = warning if draft else error
        yield report(
            "integration-missing",
            (*path, "integration_id"),
            f"{channel} messages need an `integration_id`",
            "use the id of one of this workspace's integrations, in quotes",
        )
    languages = languages_of(message, channel)
    primary = message.get("primary_lang")
    if primary is not None and languages and primary not in languages:
        yield error(
            "primary-lang",
            (*path, "primary_lang"),
            f"`primary_lang` is {primary}, but the content has only: {', '.join(languages)}",
            "name one of these languages, or add content in that language",
        )


def _content(message: Body, path: KeyPath, channel: str) -> Iterator[Problem]:
    for other in CHANNELS:
        if other != channel and other in message:
            yield error(
                "channel-content",
                (*path, other),
                f"`{other}` does not belong in a message whose channel is {channel}",
                f"put the content into `{channel}`; another channel needs its own message",
            )
    if channel in message:
        return
    if "template_id" in message:
        yield warning(
            "template",
            (*path, "template_id"),
            f"`template_id` instead of `{channel}` is not documented for requests",
            f"write the content in `{channel}`",
        )
        return
    yield error(
        "channel-content",
        (*path, channel),
        f"`{channel}` is missing: it holds the content of a message whose channel is {channel}",
        f"add `{channel}`",
    )
