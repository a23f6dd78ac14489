"""What was reviewed: of a fresh plan only those changes go on that some reviewed plan holds.

A reviewed plan was made on a branch, perhaps days ago and before other branches were merged. So it is not
applied itself: a fresh plan is made, and a change of it counts as reviewed when one of the reviewed plans
holds the same key, action, requests, sends and audience. What differs by nature between two plans of the same
thing is left aside: intent ids, reasons of cancels, the commit, the clock, the serial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import digest
from campaignctl.errors import Command, Sentence
from campaignctl.plan.context import PlanContext, Verdict
from campaignctl.plan.model import Blocked, Change, Plan
from campaignctl.plan.request import Request
from campaignctl.project.model import Override
from campaignctl.schedule.times import iso

_NO_END = datetime.max.replace(tzinfo=UTC, microsecond=0)
_AGAIN = Sentence(
    "have its plan reviewed (",
    Command("plan", "-o", "FILE"),
    "), then ",
    Command("apply", "--reviewed", "FILE"),
)


def substance(change: Change) -> str:
    """A digest of all that a reviewer says yes to in a change."""
    return digest(
        {
            "key": change.key,
            "action": str(change.action),
            "id": change.id,
            "from": change.moved_from,
            "requests": [_asked(request) for request in change.requests],
            "sends": _times(change),
            "arms": change.arms,
            "audience": change.audience,
        }
    )


def _times(change: Change) -> Mapping[str, Any]:
    """When it sends, without what moves with the clock: of a recurrence its rule, not its next runs."""
    sends = change.sends
    if sends.when == "recurring":
        return {"when": sends.when, "recurrence": (change.spec or {}).get("recurrence")}
    return {"when": sends.when, "at": [iso(instant) for instant in sends.at], "local": sends.local}


def _asked(request: Request) -> Mapping[str, Any]:
    """A request without our marker, and without the reason that names a commit and a person."""
    body = {name: value for name, value in (request.body or {}).items() if name != "reason"}
    metadata = body.pop("metadata", None)
    if isinstance(metadata, Mapping):
        metadata = {name: value for name, value in metadata.items() if name != marker.FIELD}
    return {"method": request.method, "path": request.path, "body": body, "metadata": metadata or None}


def admitted(
    ctx: PlanContext, verdicts: Mapping[str, Verdict], reviewed: Iterable[Plan]
) -> dict[str, Verdict]:
    """The verdicts with only those changes that were reviewed; the others are blocked.

    A change that sends at once is reviewed for as long as its plan is valid, unless `max_plan_age` is lifted
    for its key. Of several changes of a key the first that was not reviewed stops those after it.
    """
    keys: set[str] = set()
    holding: dict[str, list[Plan]] = {}
    for plan in reviewed:
        for change in plan.changes:
            keys.add(change.key)
            holding.setdefault(substance(change), []).append(plan)

    def why_not(change: Change) -> str | None:
        plans = holding.get(substance(change))
        if plans is None:
            if change.key in keys:
                return f"this {change.action} is not what the reviewed plans hold for {change.key}"
            return f"no reviewed plan holds this {change.action}"
        latest = max(plan.valid_until or _NO_END for plan in plans)
        if not change.sends_at_once or ctx.now <= latest or ctx.lifts.lifts("max_plan_age", change.key):
            return None
        return f"it sends at once, and the plan that was reviewed was valid until {iso(latest)}"

    told = dict(verdicts)
    for key, verdict in verdicts.items():
        for index, change in enumerate(verdict.changes):
            if reason := why_not(change):
                blocked = Blocked(key, change.id, "not reviewed", reason, _AGAIN)
                told[key] = verdict.up_to(index, verdict.blocked or blocked)
                break
    return told


def overrides_of(reviewed: Iterable[Plan]) -> Iterator[Override]:
    """What the reviewed plans lifted once, for the keys that they change: the review was of that too."""
    for plan in reviewed:
        keys = tuple(dict.fromkeys(change.key for change in plan.changes))
        for name in plan.overrides:
            if keys:
                yield Override(name, keys, _NO_END, "lifted in the reviewed plan")
