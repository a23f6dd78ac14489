"""When a campaign sends, and whether a change arms it, that is, lets it send what it could not before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaignctl.diff import EVENT
from campaignctl.schedule.cron import CronError
from campaignctl.schedule.sends import Sends, sends_of
from campaignctl.schedule.times import TimeError

Spec = Mapping[str, Any]


def known_sends(spec: Spec, now: datetime, occurrences: int = 3) -> Sends:
    """`sends_of`, without instants if the time or recurrence cannot be parsed (it may come from live)."""
    try:
        return sends_of(spec, now, occurrences)
    except (TimeError, CronError):
        return Sends("scheduled" if spec.get("scheduled_time") else "recurring")


def has_fired(applied: Spec) -> bool:
    """Whether `run_immediately` was applied and has started the campaign; in a draft it is still pending."""
    return bool(applied.get(EVENT)) and not applied.get("is_draft")


def without_event(spec: Spec) -> dict[str, Any]:
    """The spec without `run_immediately`, which is an event and not a property."""
    return {name: value for name, value in spec.items() if name != EVENT}


def runs_left(applied: Spec, now: datetime) -> bool:
    """Whether a campaign recurs and has an occurrence left; True if its recurrence cannot be parsed."""
    try:
        sends = sends_of(without_event(applied), now)
    except (TimeError, CronError):
        return bool(applied.get("recurrence"))
    return sends.when == "recurring" and bool(sends.at)


SENDING = ("immediately", "scheduled", "recurring")

_LATE = "send_if_profile_time_passed"


def sends_after(before: Spec | None, after: Spec, now: datetime) -> Sends:
    """When the campaign sends once `after` is applied over `before` (None: it is created).

    `run_immediately` is an event: a campaign that it has started is not started again.
    """
    if before is not None and has_fired(before) and after.get(EVENT):
        sends = known_sends(without_event(after), now)
        return Sends("never") if sends.when == "manual" else sends
    return known_sends(after, now)


def create_arms(sends: Sends) -> bool:
    """Whether creating a campaign with these sends arms it."""
    return sends.when in SENDING


def update_arms(before: Spec, after: Spec, sends: Sends, now: datetime) -> bool:
    """Whether an update arms: out of draft, an execution option added or earlier, targeting removed or
    widened, a message added. `sends` is `sends_after` of the two."""
    if after.get("is_draft"):
        return False
    if before.get("is_draft"):
        return True
    # A campaign that was started may still be sending, and then reaches its new audience.
    sending = has_fired(before)
    return (sends.when in SENDING and _earlier(before, sends, now)) or (
        (sends.when in SENDING or sending)
        and (
            widened(before.get("targeting"), after.get("targeting"))
            or bool(_channels(after) - _channels(before))
            or bool(after.get(_LATE)) > bool(before.get(_LATE))
        )
    )


def _earlier(before: Spec, sends: Sends, now: datetime) -> bool:
    """Whether an execution option was added or moved earlier; any new recurrence counts as earlier."""
    old = known_sends(without_event(before), now)
    if sends.when == "immediately" or old.when != sends.when:
        return True
    if sends.when == "recurring":
        return sends != old
    return sends.first is not None and (old.first is None or sends.first < old.first)


def _channels(spec: Spec) -> Counter[str]:
    """How many messages a spec has in each channel."""
    messages = spec.get("messages") or ()
    return Counter(str(message.get("channel")) for message in messages if isinstance(message, Mapping))


def widened(before: Spec | None, after: Spec | None) -> bool:
    """Whether targeting may reach more people than before. When in doubt, it counts as wider."""
    old, new = before or {}, after or {}
    return any(_reaches_more(old[name], new.get(name)) for name in old)


def _reaches_more(old: Any, new: Any) -> bool:
    if old == new:
        return False
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return True
    if old.get("op") == "in" == new.get("op"):
        items = _texts(new)
        # An empty list may mean no one or everyone.
        return not items or not items <= _texts(old)
    if _is_range(old) and _is_range(new):
        return _range_reaches_more(old, new)
    if all(isinstance(value, Mapping) for value in (*old.values(), *new.values())):
        return widened(old, new)
    return True


def _texts(condition: Spec) -> set[str]:
    items = condition.get("items")
    return set(map(str, items)) if isinstance(items, list | tuple) else set()


def _is_range(value: Spec) -> bool:
    return bool(value) and all(
        name in ("from", "to") and isinstance(end, int | float) for name, end in value.items()
    )


def _range_reaches_more(old: Spec, new: Spec) -> bool:
    lower = "from" in old and ("from" not in new or new["from"] < old["from"])
    upper = "to" in old and ("to" not in new or new["to"] > old["to"])
    return bool(lower or upper)
