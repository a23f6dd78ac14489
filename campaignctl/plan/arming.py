"""When a campaign sends, and whether a change arms it, that is, lets it send what it could not before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from campaignctl.campaign.canonical import canonical
from campaignctl.diff import EVENT, Weight, field_changes, is_default, weight, widened
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


def has_had_a_run(applied: Spec, since: datetime, now: datetime) -> bool:
    """Whether a campaign has had a run of its own: its event, its time, or a run of its recurrence after
    `since`. True if its time or recurrence cannot be parsed."""
    if has_fired(applied):
        return True
    sends = known_sends(without_event(applied), since, occurrences=1)
    if sends.when not in ("scheduled", "recurring"):
        return False
    return sends.first is None or sends.first <= now


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
    widened, a message added, quiet hours removed or changed, an A/B test that reaches more people without a
    decision. `sends` is `sends_after` of the two."""
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
            or _loosened(before.get("quiet_hours"), after.get("quiet_hours"))
            or _tests_less(before.get("ab_test"), after.get("ab_test"))
        )
    )


def changes_sends(before: Spec, after: Spec, now: datetime) -> bool:
    """Whether an update changes what a campaign that is armed already sends, when, or to whom."""
    armed = has_fired(before) or known_sends(without_event(before), now).when in SENDING
    return armed and any(
        weight(change.path) is not Weight.OTHER
        # A documented default means the same as an absent field.
        and not all(one is None or is_default(change.path, one) for one in (change.before, change.after))
        for change in field_changes(before, after)
    )


def _loosened(before: Any, after: Any) -> bool:
    """Whether quiet hours were removed or changed. Their fields are not documented, so any change counts."""
    return bool(before) and canonical(before) != canonical(after)


def _tests_less(before: Any, after: Any) -> bool:
    """Whether an A/B test reaches more people, or earlier, without a decision."""
    if not before:
        return False
    if not (after and isinstance(before, Mapping) and isinstance(after, Mapping)):
        return bool(before != after)
    split, shall = before.get("test_split"), after.get("test_split")
    if shall != split and not (isinstance(split, int) and isinstance(shall, int) and shall < split):
        return True
    if after.get("winner_delivery_mode") == "manual":
        return False
    if before.get("winner_delivery_mode") != after.get("winner_delivery_mode"):
        return True
    window, new = _length(before.get("evaluation_window")), _length(after.get("evaluation_window"))
    return (
        new < window if window and new else before.get("evaluation_window") != after.get("evaluation_window")
    )


_UNITS = {"D": "days", "H": "hours", "M": "minutes"}


def _length(window: Any) -> timedelta | None:
    """The length of an evaluation window such as `1D 12H`; None if it cannot be read."""
    parts = re.findall(r"(\d{1,6})([DHM])", str(window))
    if " ".join(map("".join, parts)) != window:
        return None
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


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
    messages = spec.get("messages")
    if not isinstance(messages, list | tuple):
        return Counter()
    return Counter(str(message.get("channel")) for message in messages if isinstance(message, Mapping))
