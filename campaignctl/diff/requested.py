"""The spec of a live campaign: its fields without those that the server adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.canonical import truth
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.campaign.status import is_draft
from campaignctl.diff.fields import DEFAULTS, EVENT, OF_THE_API, join, meaning
from campaignctl.diff.meanings import means

# The fields of a request (API contract, section 2.1); a response has more (section 3).
_FIELDS = (
    "name",
    "description",
    "labels",
    "metadata",
    "messages",
    "ab_test",
    "scheduled_time",
    "recurrence",
    "is_draft",
    "send_in_profile_time_zone",
    "send_if_profile_time_passed",
    "quiet_hours",
    "targeting",
    "utm_tracking",
    "callbacks",
    "deal_id",
)
_MESSAGE_FIELDS_OF_THE_API = OF_THE_API | {"template_id"}
_LANGUAGE = "en"
_NO_INTEGRATION = "0"
_UNSET: tuple[Any, ...] = (None, {}, [])
_STARTED = ("running", "sent", "needs_decision")


def request_of(live: Live) -> dict[str, Any]:
    """The body of a create call that makes a live campaign: the spec that an adoption counts as applied.

    As `requested`, with each value of the type that the contract gives it, however the answer spells it:
    numbers and flags as texts, an object as a text of JSON (API contract, section 9). Lines end with a
    newline alone. Fields that no model knows stay as they are.
    """
    from campaignctl.diff.typed import typed  # the models take long to import, and a help text needs none

    return requested(replace(live, fields=typed(live.fields)))


def requested(live: Live) -> dict[str, Any]:
    """The spec of a live campaign, without ids and the server's defaults (API contract, sections 2.8 and 3).

    It contains `run_immediately`, which the API does not echo, if the campaign was started by it: so it is
    not started again.
    """
    shown = live.fields
    spec = {name: _plain(name, shown[name]) for name in _FIELDS if shown.get(name) not in _UNSET}
    if is_draft(shown):
        spec["is_draft"] = True
    if "recurrence" in spec or shown.get("send_strategy") == "immediate":
        # A first or next run, filled in by the server.
        spec.pop("scheduled_time", None)
    if _sends_at_once(live, spec):
        spec[EVENT] = True
    return {
        name: value for name, value in spec.items() if value not in _UNSET and not _is_default(name, value)
    }


def _plain(name: str, value: Any) -> Any:
    match name:
        case "labels" | "scheduled_time":
            return meaning(name, value)
        case "messages" if isinstance(value, list | tuple):
            return [message_of(message) for message in value]
        case "metadata" if isinstance(value, Mapping):
            return {key: item for key, item in value.items() if key != FIELD}
        case "utm_tracking" if isinstance(value, Mapping):
            return {key: item for key, item in value.items() if not _is_default(join([name, key]), item)}
    return value


def _is_default(path: str, value: Any) -> bool:
    """Whether a live value means the documented default, however the API spells it."""
    return path in DEFAULTS and means(path, value, DEFAULTS[path])


def message_of(message: Any) -> Any:
    """A message of a live campaign as a request would have it; anything but an object unchanged."""
    if not isinstance(message, Mapping):
        return message
    kept = {
        name: value
        for name, value in message.items()
        if name not in _MESSAGE_FIELDS_OF_THE_API and value not in _UNSET
    }
    if str(kept.get("integration_id")) == _NO_INTEGRATION:
        del kept["integration_id"]
    if kept.get("primary_lang") in (_LANGUAGE, _only_language(kept)):
        kept.pop("primary_lang", None)
    return kept


def _only_language(message: Mapping[str, Any]) -> str | None:
    """The only language of a message, which the server takes as the primary one; None if it has several."""
    content = message.get(str(message.get("channel")))
    texts = content.values() if isinstance(content, Mapping) else ()
    languages = {language for text in texts if isinstance(text, Mapping) for language in text}
    return str(next(iter(languages))) if len(languages) == 1 else None


def _sends_at_once(live: Live, spec: Mapping[str, Any]) -> bool:
    """Whether the campaign was sent at once, or is a draft that will be."""
    if truth(live.fields.get(EVENT)) or live.fields.get("send_strategy") == "immediate":
        return True
    timed = any(spec.get(name) for name in ("scheduled_time", "recurrence", "is_draft"))
    started = live.status in _STARTED or truth(live.fields.get("was_launched")) is True
    return started and not timed
