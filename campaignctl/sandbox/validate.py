"""Validates the definition of a campaign (API contract, section 2).

Takes parsed JSON and returns the fields to keep; raises Invalid for values that the API refuses.
"""

import json
import re
from collections import Counter
from typing import Any

from campaignctl.sandbox import checks, clock
from campaignctl.sandbox.checks import Check, Invalid
from campaignctl.sandbox.model import DRAFT, JsonObject
from campaignctl.sandbox.switches import Switches

EXECUTION = ("run_immediately", "scheduled_time", "recurrence")
CHANNELS = ("push", "email", "sms")
_PER_CHANNEL = 4
_NAME = 100
_WINDOW_PART = re.compile(r"(\d{1,6})([DHM])\Z", re.ASCII)
_WINDOW_SECONDS = {"D": 86400, "H": 3600, "M": 60}


def definition(body: Any, switches: Switches) -> JsonObject:
    """Return the fields to keep of a whole definition (a create, or a body with a patch merged in).

    `run_immediately` and `is_draft` stay, as booleans; `status: draft` becomes `is_draft`.
    """
    kept: JsonObject = _campaign(switches, draft=_is_draft(body, switches))(_renamed(body, switches), "")
    if kept.pop("status", None) == DRAFT:
        kept["is_draft"] = True
    _check_execution(kept, switches)
    _check_messages(kept, switches, draft=_is_draft(kept, switches))
    return _with_metadata(kept, switches)


def _is_draft(body: Any, switches: Switches) -> bool:
    """Whether a body is stored as a draft that may still lack something."""
    stored = isinstance(body, dict) and (body.get("is_draft") is True or body.get("status") == DRAFT)
    return stored and not body.get("run_immediately") and switches.drafts == "partial"


def part(fields: Any, switches: Switches) -> JsonObject:
    """Return the fields to keep of a part of a definition, each checked by itself."""
    kept: JsonObject = _campaign(switches, ())(fields, "")
    return kept


def window_seconds(window: str) -> int:
    """Return the seconds of an evaluation window such as `5D 20H 30M`; ValueError for another form."""
    found = [_WINDOW_PART.match(part) for part in window.split(" ")]
    parts = [(part[2], int(part[1])) for part in found if part]
    total = sum(_WINDOW_SECONDS[unit] * amount for unit, amount in parts)
    if len(parts) != len(found) or len(dict(parts)) != len(parts) or not total:
        raise ValueError("must be a length such as 1D or 5D 20H 30M")
    return total


def reason(body: Any, switches: Switches) -> None:
    """Check the body of pause and cancel: `{"reason": text}`."""
    required = ("reason",) if switches.reason_required else ()
    fields = {"reason": checks.text(empty=not switches.reason_required)}
    checks.record(fields, required, strict=_strict(switches))({} if body is None else body, "")


def resumption(body: Any, switches: Switches) -> JsonObject:
    """Check the body of resume: at most one of `run_immediately` and `scheduled_time`."""
    fields: dict[str, Check] = {"run_immediately": checks.flag, "scheduled_time": checks.stamp}
    strict = _strict(switches)
    kept: JsonObject = checks.record(fields, strict=strict)({} if body is None else body, "")
    if len(kept) > 1:
        raise Invalid("", "only one of run_immediately and scheduled_time is allowed")
    if kept.get("run_immediately") is False:
        raise Invalid("run_immediately", "must be 1")
    if not kept and switches.empty_resume == "refused":
        raise Invalid("", "run_immediately or scheduled_time is required")
    return kept


def _renamed(body: Any, switches: Switches) -> Any:
    name = body.get("name") if isinstance(body, dict) else None
    if not isinstance(name, str):
        return body
    name = name.strip() if switches.names_trimmed else name
    name = name[:100] if switches.long_names == "cut" else name
    return {**body, "name": name}


def _campaign(
    switches: Switches, required: tuple[str, ...] = ("name", "messages"), *, draft: bool = False
) -> Check:
    word, addresses = checks.text(empty=True), checks.array(checks.url())
    fields: dict[str, Check] = {
        "name": checks.text(_NAME),
        "description": checks.text(empty=True),
        "labels": checks.array(checks.text()),
        "metadata": checks.record({}, open_=True),
        "messages": checks.array(_message(switches, draft=draft), low=1),
        "ab_test": _ab_test(switches),
        "run_immediately": checks.flag,
        "scheduled_time": checks.stamp,
        "recurrence": _recurrence(switches),
        "is_draft": checks.boolean,
        "send_in_profile_time_zone": checks.boolean,
        "send_if_profile_time_passed": checks.boolean,
        "quiet_hours": checks.record({}, open_=True),
        "targeting": _targeting(switches),
        "utm_tracking": _utm(switches),
        "callbacks": checks.mapping(word, checks.mapping(word, addresses, empty=True), empty=True),
        "deal_id": checks.identifier,
        "status": checks.choice(DRAFT),
    }
    return checks.record(fields, required, strict=_strict(switches))


def _strict(switches: Switches) -> bool:
    return switches.unknown_members == "refused"


def _message(switches: Switches, *, draft: bool) -> Check:
    contents = {
        "push": _push(switches, () if draft else ("title", "landing_url")),
        "email": _email(switches, () if draft else ("sender_name", "sender_email", "subject", "html")),
        "sms": _sms(switches, () if draft else ("content",)),
        **{name: checks.record({}, open_=True) for name in switches.extra_channels},
    }
    fields: dict[str, Check] = {
        "id": checks.identifier,
        "name": checks.text(empty=True),
        "channel": checks.choice(*CHANNELS, *switches.extra_channels),
        "integration_id": checks.identifier,
        "primary_lang": checks.language,
        "priority": checks.integer(),
        "template_id": checks.identifier,
    }

    def check(value: Any, path: str) -> Any:
        channel = value.get("channel") if isinstance(value, dict) else None
        own = {channel: contents[channel]} if isinstance(channel, str) and channel in contents else {}
        return checks.record({**fields, **own}, ("channel",), strict=_strict(switches))(value, path)

    return check


def _localised(item: Check) -> Check:
    return checks.mapping(checks.language, item)


def _push(switches: Switches, required: tuple[str, ...]) -> Check:
    link = checks.url(2048 if switches.text_limits else 0)
    actions = {"title": _localised(checks.visible()), "icon": checks.url(), "url": link}
    fields: dict[str, Check] = {
        "title": _localised(checks.visible()),
        "body": _localised(checks.visible()),
        "image": checks.mapping(checks.language, checks.url(), empty=True),
        "icon": checks.url(),
        "landing_url": link,
        "actions": checks.array(checks.record(actions, ("title",), strict=_strict(switches)), high=3),
        "badge": checks.url(),
        "tag": checks.text(empty=True),
        "vibration": checks.text(empty=True),
        "ttl": checks.integer(0),
        **dict.fromkeys(("renotify", "require_interaction", "silent"), checks.bit),
    }
    return checks.record(fields, required, strict=_strict(switches))


def _email(switches: Switches, required: tuple[str, ...]) -> Check:
    subject, html, preheader = (78, 65535, 100) if switches.text_limits else (0, 0, 0)
    fields: dict[str, Check] = {
        "sender_name": checks.visible(),
        "sender_email": checks.address,
        "subject": checks.visible(subject),
        "html": _localised(checks.visible(html)),
        "preheader": checks.visible(preheader),
    }
    return checks.record(fields, required, strict=_strict(switches))


def _sms(switches: Switches, required: tuple[str, ...]) -> Check:
    content = _localised(checks.visible(switches.sms_max_chars))
    return checks.record({"content": content}, required, strict=_strict(switches))


def _ab_test(switches: Switches) -> Check:
    def window(value: Any, path: str) -> str:
        word: str = checks.text()(value, path)
        try:
            window_seconds(word)
        except ValueError as error:
            raise Invalid(path, str(error)) from error
        return word

    fields: dict[str, Check] = {
        "name": checks.text(empty=True),
        "test_split": checks.integer(1, 100),
        "winning_metric": checks.visible(),
        "evaluation_window": window,
        "winner_delivery_mode": checks.choice("automatic", "manual"),
    }
    return checks.record(fields, strict=_strict(switches))


def _recurrence(switches: Switches) -> Check:
    weekday = checks.integer(0, 7 if switches.monday else 6)
    pattern: dict[str, Check] = {
        "hour": checks.integer(0, 23),
        "minute": checks.integer(0, 59),
        "weekdays": checks.array(weekday),
        "months": checks.array(checks.integer(1, 12)),
    }
    fields = {
        "pattern": checks.record(pattern, ("hour", "minute"), strict=_strict(switches)),
        "cron": checks.text(),
    }

    def check(value: Any, path: str) -> Any:
        kept = checks.record(fields, strict=_strict(switches))(value, path)
        if len(kept) != 1:
            raise Invalid(path, "must have exactly one of pattern and cron")
        _check_occurrence(kept, path, switches)
        return kept

    return check


def _check_occurrence(kept: JsonObject, path: str, switches: Switches) -> None:
    try:
        if "cron" in kept:
            clock.check_cron(kept["cron"], switches)
        found = clock.next_run(kept, "2000-01-01 00:00:00", switches)
    except ValueError as error:
        raise Invalid(f"{path}.cron", str(error)) from error
    if found is None:
        raise Invalid(path, "never happens")


def _targeting(switches: Switches) -> Check:
    strict = _strict(switches)

    def items(item: Check) -> Check:
        fields = {"items": checks.array(item), "op": checks.text()}
        return checks.record(fields, ("items", "op"), strict=strict)

    country = checks.text(2)

    def upper(value: Any, path: str) -> str:
        code: str = country(value, path)
        if not re.fullmatch("[A-Z]{2}", code):
            raise Invalid(path, "must be an upper-case country code")
        return code

    word = checks.text(empty=True)
    age = {"from": checks.integer(0), "to": checks.integer(0)}
    fields: dict[str, Check] = {
        "countries": items(upper),
        "languages": items(checks.language),
        "profile_age": _range(checks.record(age, strict=strict)),
        "custom_properties": checks.mapping(word, items(word), empty=True),
    }
    return checks.record(fields, open_=True)


def _range(bounds: Check) -> Check:
    def check(value: Any, path: str) -> Any:
        kept = bounds(value, path)
        if kept.get("from", 0) > kept.get("to", kept.get("from", 0)):
            raise Invalid(path, "from lies after to")
        return kept

    return check


def _utm(switches: Switches) -> Check:
    words = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign"), checks.text(empty=True))
    return checks.record({"enabled": checks.bit, **words}, strict=_strict(switches))


def _check_execution(kept: JsonObject, switches: Switches) -> None:
    if not kept.get("run_immediately"):
        kept.pop("run_immediately", None)
    chosen = [name for name in EXECUTION if name in kept]
    if len(chosen) > 1 and switches.exclusive_execution:
        raise Invalid("", f"{' and '.join(chosen)} exclude each other")
    for name in chosen[1:]:
        del kept[name]


def _check_messages(kept: JsonObject, switches: Switches, *, draft: bool) -> None:
    counts = Counter(message["channel"] for message in kept["messages"])
    channel, most = counts.most_common(1)[0]
    if most > _PER_CHANNEL:
        raise Invalid("messages", f"at most {_PER_CHANNEL} messages of channel {channel}")
    if most > 1 and "ab_test" not in kept:
        raise Invalid("ab_test", f"is required with {most} messages of channel {channel}")
    for index, message in enumerate(kept["messages"]):
        _check_message(message, f"messages[{index}]", switches, draft=draft)


def _check_message(message: JsonObject, path: str, switches: Switches, *, draft: bool) -> None:
    channel = message["channel"]
    if channel not in message and "template_id" not in message:
        raise Invalid(f"{path}.{channel}", "is required")
    integration = message.get("integration_id", "0")
    if channel in ("sms", "email") and integration == "0" and not draft:
        raise Invalid(f"{path}.integration_id", f"is required for {channel}")
    if integration != "0" and switches.integrations and integration not in switches.integrations:
        raise Invalid(f"{path}.integration_id", "is not known in this account")
    languages = _all_languages(message)
    if (
        switches.primary_lang_checked
        and languages
        and message.get("primary_lang", languages[0]) not in languages
    ):
        raise Invalid(f"{path}.primary_lang", "is no language of the content")


def _all_languages(message: JsonObject) -> list[str]:
    texts = (message.get(message["channel"]) or {}).values()
    return [language for text in texts if isinstance(text, dict) for language in text]


def languages_of(message: JsonObject) -> list[str]:
    """Return the languages of a message's main content, in order of appearance."""
    content = message.get(message["channel"]) or {}
    main = {"push": "title", "email": "html", "sms": "content"}.get(message["channel"], "")
    return list(content.get(main) or ())


def _with_metadata(kept: JsonObject, switches: Switches) -> JsonObject:
    if "metadata" not in kept:
        return kept
    if switches.metadata == "refused":
        raise Invalid("metadata", "is not known")
    if switches.metadata == "dropped":
        return {name: value for name, value in kept.items() if name != "metadata"}
    if switches.metadata == "stringified":
        return {**kept, "metadata": {key: _string(value) for key, value in kept["metadata"].items()}}
    return kept


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
