"""Arming: whether a campaign can send, after a change, what it could not send before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaignctl.diff import EVENT
from campaignctl.schedule.sends import Sends, sends_of

Spec = Mapping[str, Any]

SENDING = ("immediately", "scheduled", "recurring")


def sends_after(before: Spec | None, after: Spec, now: datetime) -> Sends:
    """When the campaign sends once `after` is applied over `before` (None: it is created).

    `run_immediately` is an event: what was applied with it does not fire again.
    """
    if before is not None and before.get(EVENT) and after.get(EVENT):
        after = {name: value for name, value in after.items() if name != EVENT}
        fired = sends_of(after, now)
        return Sends("never") if fired.when == "manual" else fired
    return sends_of(after, now)


def creates_arm(sends: Sends) -> bool:
    """Whether creating a campaign with these sends arms it."""
    return sends.when in SENDING


def update_arms(before: Spec, after: Spec, sends: Sends, now: datetime) -> bool:
    """Whether an update arms: out of draft, an execution option added or earlier, targeting removed or
    widened, a message added. `sends` is `sends_after` of the two."""
    if after.get("is_draft"):
        return False
    if before.get("is_draft"):
        return True
    return sends.when in SENDING and (
        _earlier(before, after, sends, now)
        or widened(before.get("targeting"), after.get("targeting"))
        or _more_messages(before, after)
        or bool(after.get("send_if_profile_time_passed")) > bool(before.get("send_if_profile_time_passed"))
    )


def _earlier(before: Spec, after: Spec, sends: Sends, now: datetime) -> bool:
    old = sends_of({name: value for name, value in before.items() if name != EVENT}, now)
    if sends.when == "immediately" or old.when != sends.when:
        return True
    if sends.when == "recurring":
        return bool(before.get("recurrence") != after.get("recurrence")) or _sooner(sends, old)
    return _sooner(sends, old)


def _sooner(new: Sends, old: Sends) -> bool:
    return new.first is not None and (old.first is None or new.first < old.first)


def _more_messages(before: Spec, after: Spec) -> bool:
    old, new = before.get("messages") or (), after.get("messages") or ()
    channels = {message.get("channel") for message in old}
    return len(new) > len(old) or any(message.get("channel") not in channels for message in new)


def widened(before: Spec | None, after: Spec | None) -> bool:
    """Whether targeting may reach somebody whom it did not reach. What cannot be told counts as wider."""
    old, new = before or {}, after or {}
    return any(_reaches_more(old[name], new.get(name)) for name in old)


def _reaches_more(old: Any, new: Any) -> bool:
    if old == new:
        return False
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return True
    if old.get("op") == "in" == new.get("op"):
        return not set(map(str, new.get("items") or ())) <= set(map(str, old.get("items") or ()))
    if set(old) == set(new) == {"from", "to"}:
        return bool(new["from"] < old["from"] or new["to"] > old["to"])
    if all(isinstance(value, Mapping) for value in (*old.values(), *new.values())):
        return widened(old, new)
    return True
