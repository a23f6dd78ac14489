"""What was asked of the API, as far as a live campaign shows it: its spec, without what the server adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.campaign.status import is_draft
from campaignctl.diff.fields import DEFAULTS, EVENT, OF_THE_API, join, meaning, same

# The fields of a request (API contract, section 2.1); a response has more (section 3).
_MEMBERS = (
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
_OF_MESSAGES = OF_THE_API | {"template_id"}
_LANGUAGE = "en"
_NO_INTEGRATION = "0"
_UNSET: tuple[Any, ...] = (None, {}, [])
_STARTED = ("running", "sent", "needs_decision")


def requested(live: Live) -> dict[str, Any]:
    """The spec of a live campaign, without ids and what the server fills in where a request is silent
    (API contract, sections 2.8 and 3).

    The event is part of it where it has set the campaign off, which the API does not echo: it must not do so
    again.
    """
    members = live.members
    spec = {name: _plain(name, members[name]) for name in _MEMBERS if members.get(name) not in _UNSET}
    if is_draft(members):
        spec["is_draft"] = True
    if "recurrence" in spec or members.get("send_strategy") == "immediate":
        # A first or next run of it, filled in by the server.
        spec.pop("scheduled_time", None)
    if _set_off(live, spec):
        spec[EVENT] = True
    return {name: value for name, value in spec.items() if value not in _UNSET and not _default(name, value)}


def _plain(name: str, value: Any) -> Any:
    match name:
        case "labels" | "scheduled_time":
            return meaning(name, value)
        case "messages" if isinstance(value, list | tuple):
            return [_message(message) for message in value]
        case "metadata" if isinstance(value, Mapping):
            return {key: item for key, item in value.items() if key != FIELD}
        case "utm_tracking" if isinstance(value, Mapping):
            return {key: item for key, item in value.items() if not _default(join([name, key]), item)}
    return value


def _default(path: str, value: Any) -> bool:
    return path in DEFAULTS and same(path, value, DEFAULTS[path])


def _message(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    kept = {
        name: value for name, value in message.items() if name not in _OF_MESSAGES and value not in _UNSET
    }
    if str(kept.get("integration_id")) == _NO_INTEGRATION:
        del kept["integration_id"]
    if kept.get("primary_lang") in (_LANGUAGE, _only_language(kept)):
        kept.pop("primary_lang", None)
    return kept


def _only_language(message: Mapping[str, Any]) -> str | None:
    """The language of a message that has but one, which the server takes for its primary one."""
    content = message.get(str(message.get("channel")))
    texts = content.values() if isinstance(content, Mapping) else ()
    languages = {language for text in texts if isinstance(text, Mapping) for language in text}
    return str(next(iter(languages))) if len(languages) == 1 else None


def _set_off(live: Live, spec: Mapping[str, Any]) -> bool:
    """Whether the campaign was set off at once, or waits as a draft to be."""
    members = live.members
    if members.get(EVENT) in (True, 1) or members.get("send_strategy") == "immediate":
        return True
    timed = any(spec.get(name) for name in ("scheduled_time", "recurrence", "is_draft"))
    started = live.status in _STARTED or members.get("was_launched") in (True, 1)
    return started and not timed
