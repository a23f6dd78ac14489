"""The content of a campaign: what its recipients get, from whom, and who they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from campaignctl.campaign.canonical import digest
from campaignctl.diff.audience import audience
from campaignctl.diff.fields import is_default, leaves, matches
from campaignctl.diff.meanings import form
from campaignctl.diff.requested import message_of

# Fields of a message that no recipient sees.
_UNSEEN = ("name", "priority")
#: A text of each channel.
_FIRST_TEXT = (("push", "title"), ("email", "subject"), ("sms", "content"))
_ABSENT: tuple[Any, ...] = (None, "", {}, [])


def content(spec: Mapping[str, Any], accepted: Collection[str] = ()) -> str:
    """A digest that two campaigns share if they send the same to the same people.

    It covers the messages, in any order, with integration and sender, and the conditions of the targeting
    that certainly narrow it. Not the names, and nothing that only decides when it sends. Spellings that mean
    the same, absent fields and documented defaults are equal. Texts at the paths in `accepted`
    (`lifecycle.accept_stored`) do not count, as the API rewrites them. `spec` may also be the members of a
    live campaign.
    """
    messages = spec.get("messages")
    listed = messages if isinstance(messages, list | tuple) else ()
    return digest(
        {
            "messages": sorted(digest(_message(index, each, accepted)) for index, each in enumerate(listed)),
            "audience": _audience(spec),
        }
    )


def sketch(spec: Mapping[str, Any]) -> str:
    """A digest that campaigns with the same `content` share, and few others; made in a fraction of its time.

    It covers one text of each message.
    """
    messages = spec.get("messages")
    listed = messages if isinstance(messages, list | tuple) else ()
    return digest(sorted(digest(_message(0, _with_first_text(each), ())) for each in listed))


def _with_first_text(message: Any) -> Any:
    """A message with one of its texts alone."""
    if not isinstance(message, Mapping):
        return message
    parts = ((channel, name, message.get(channel)) for channel, name in _FIRST_TEXT)
    return {
        channel: {name: part[name]}
        for channel, name, part in parts
        if isinstance(part, Mapping) and name in part
    }


def people(spec: Mapping[str, Any]) -> str:
    """A digest that two campaigns share if their audiences are equal; empty for everyone."""
    found = _audience(spec)
    return "" if isinstance(found, str) else digest(found)


def _message(index: int, message: Any, accepted: Collection[str]) -> Any:
    shown = message_of(message)
    if not isinstance(shown, Mapping):
        return shown
    fields = leaves({"messages": {str(index): {k: v for k, v in shown.items() if k not in _UNSEEN}}})
    return {
        path.split("/", 2)[-1]: form(path, value)
        for path, value in fields.items()
        if value not in _ABSENT and not is_default(path, value) and not (accepted and matches(path, accepted))
    }


def _audience(spec: Mapping[str, Any]) -> Any:
    """The conditions that narrow, with choices as sets whose case does not count: it decides no audience that
    the API documents, and a second send by a respelling would be one too many."""
    sure = audience(spec)
    if isinstance(sure, str):
        return sure
    return {path: _choice(value) for path, value in leaves(sure).items()}


def _choice(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted({str(item).strip().casefold() for item in value})
    return str(value)
