"""What the members of a body ask of each other (API contract, section 2): the errors.

Every rule takes a body whose members have their types and yields what breaks it. Members may be missing:
whether they must be there is the models' matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from campaignctl.campaign import limits, marker
from campaignctl.campaign.content import CHANNELS
from campaignctl.campaign.problem import KeyPath, Problem, error, warning

Body = Mapping[str, Any]

#: Members of each channel's content that are told by language, the one that has to be there first.
LOCALISED = {"push": ("title", "body", "image"), "email": ("html",), "sms": ("content",), "adex": ()}

_OPTIONS = ("run_immediately", "scheduled_time", "recurrence")
_CRON = re.compile(r"[0-9A-Za-z*,/\-#]+( [0-9A-Za-z*,/\-#]+){4}")


def problems(body: Body) -> Iterator[Problem]:
    """Everything that breaks a rule between members."""
    yield from _execution(body)
    yield from _labels(body.get("labels", ()))
    yield from _metadata(body.get("metadata", {}))
    yield from _recurrence(body.get("recurrence"))
    yield from _test(body)
    for index, message in enumerate(body.get("messages", ())):
        yield from _message(message, ("messages", index), draft=body.get("is_draft") is True)


def execution_options(body: Body) -> list[str]:
    """The execution options that are set; none of them means a manual campaign (section 2.1, rule 1)."""
    return [name for name in _OPTIONS if body.get(name, False) is not False]


def _execution(body: Body) -> Iterator[Problem]:
    options = execution_options(body)
    for name in options[1:]:
        yield error(
            "execution-option",
            (name,),
            f"`{name}` and `{options[0]}` exclude each other",
            "keep one of run_immediately, scheduled_time and recurrence; none of them is a manual campaign",
        )
    if body.get("is_draft") is True and "run_immediately" in options:
        yield error(
            "draft-sends",
            ("run_immediately",),
            "a draft sends nothing, and `run_immediately` sends at once",
            "leave one of them out",
        )


def _labels(labels: Sequence[str]) -> Iterator[Problem]:
    for index, label in enumerate(labels):
        if "," in label:
            yield error(
                "label",
                ("labels", index),
                "a label must not contain a comma: some answers of the API join labels with one",
                "make it two labels, or use another sign",
            )
        elif not label.strip():
            yield error("label", ("labels", index), "a label is empty", "leave it out")


def _metadata(metadata: Body) -> Iterator[Problem]:
    if marker.MEMBER in metadata:
        yield error(
            "metadata-marker",
            ("metadata", marker.MEMBER),
            f"`{marker.MEMBER}` in metadata is taken: the tool finds its own campaigns by it",
            "use another name, or leave it out of a body that was copied from an answer",
        )


def _recurrence(recurrence: Body | None) -> Iterator[Problem]:
    if recurrence is None:
        return
    if ("pattern" in recurrence) == ("cron" in recurrence):
        both = "pattern" in recurrence
        yield error(
            "recurrence",
            ("recurrence", "cron") if both else ("recurrence",),
            "`pattern` and `cron` exclude each other" if both else "neither `pattern` nor `cron` is there",
            "a recurrence is one of the two",
        )
    if "cron" in recurrence and not _CRON.fullmatch(recurrence["cron"]):
        yield error(
            "cron",
            ("recurrence", "cron"),
            "not a cron line: five fields and one blank between them",
            "minute, hour, day of the month, month, weekday, as in `30 12 * * 1`",
        )


def _test(body: Body) -> Iterator[Problem]:
    messages = body.get("messages", ())
    counts = Counter(message.get("channel") for message in messages)
    counts.pop(None, None)
    for channel, count in counts.items():
        if count > limits.MESSAGES_PER_CHANNEL:
            yield error(
                "messages-per-channel",
                ("messages", _nth(messages, channel, limits.MESSAGES_PER_CHANNEL)),
                f"{count} messages of the channel {channel}, and at most "
                f"{limits.MESSAGES_PER_CHANNEL} are allowed",
            )
    shared = [channel for channel, count in counts.items() if count > 1]
    if shared and "ab_test" not in body:
        yield error(
            "ab-test-missing",
            ("messages", _nth(messages, shared[0], 1)),
            f"two messages of the channel {shared[0]} are a test, and `ab_test` is missing",
            "add `ab_test` to spec, or make it two campaigns",
        )
    if "ab_test" in body and messages and not shared:
        yield warning(
            "ab-test-unused",
            ("ab_test",),
            "`ab_test` without two messages of one channel: there is nothing to test",
            "add a second message of the same channel, or leave `ab_test` out",
        )


def _nth(messages: Sequence[Body], channel: str, number: int) -> int:
    """The index of the message of a channel, counted from 0."""
    return [i for i, message in enumerate(messages) if message.get("channel") == channel][number]


def _message(message: Body, path: KeyPath, *, draft: bool) -> Iterator[Problem]:
    channel = message.get("channel")
    if channel not in CHANNELS:
        return
    yield from _content_member(message, path, channel)
    # What the API shows of a message that has none is "0".
    if channel in {"sms", "email"} and message.get("integration_id", "0") == "0":
        report = warning if draft else error
        yield report(
            "integration-missing",
            (*path, "integration_id"),
            f"a message of the channel {channel} needs the `integration_id` of an integration",
            "take the id of one of this workspace, in quotes",
        )
    languages = languages_of(message, channel)
    primary = message.get("primary_lang")
    if primary is not None and languages and primary not in languages:
        yield error(
            "primary-lang",
            (*path, "primary_lang"),
            f"`primary_lang` is {primary}, and the content has only: {', '.join(languages)}",
            "name one of the languages given, or add the content in this one",
        )


def languages_of(message: Body, channel: str) -> list[str]:
    """Every language in which something of a message's content is given, in the order of appearance."""
    content = message.get(channel, {})
    return list(dict.fromkeys(lang for member in LOCALISED[channel] for lang in content.get(member, ())))


def _content_member(message: Body, path: KeyPath, channel: str) -> Iterator[Problem]:
    for other in CHANNELS:
        if other != channel and other in message:
            yield error(
                "channel-content",
                (*path, other),
                f"`{other}` in a message of the channel {channel}",
                f"the content stands in `{channel}`; another channel is another message",
            )
    if channel in message:
        return
    if "template_id" in message:
        yield warning(
            "template",
            (*path, "template_id"),
            f"`template_id` instead of `{channel}`: whether a request may do that is not documented",
            f"write the content in `{channel}`",
        )
        return
    yield error(
        "channel-content",
        (*path, channel),
        f"a message of the channel {channel} has its content in `{channel}`, which is missing",
        f"add `{channel}`",
    )
