"""What was reviewed: of a fresh plan only those changes go on that some reviewed plan holds.

A reviewed plan was made on a branch, perhaps days ago and before other branches were merged. So it is not
applied itself: a fresh plan is made, and a change of it counts as reviewed when one of the reviewed plans
holds the same key, action, requests, sends and audience. What differs by nature between two plans of the same
thing is left aside: intent ids, reasons of cancels, the commit, the clock, the serial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import digest
from campaignctl.errors import Command, Sentence
from campaignctl.plan.context import Verdict
from campaignctl.plan.model import Blocked, Change, Lifts, Plan
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
        metadata = {name: value for name, value in metadata.items() if name != marker.MEMBER}
    return {"method": request.method, "path": request.path, "body": body, "metadata": metadata or None}


def admitted(
    verdicts: Mapping[str, Verdict], reviewed: Iterable[Plan], lifts: Lifts, now: datetime
) -> dict[str, Verdict]:
    """The verdicts with those changes alone that were reviewed; the others are blocked.

    A change that sends at once is reviewed for as long as its plan is valid, unless `max_plan_age` is lifted
    for its key. Of several changes of a key the first that was not reviewed stops those after it.
    """
    known = _Known(tuple(reviewed), lifts, now)
    return {key: _judged(key, verdict, known) for key, verdict in verdicts.items()}


class _Known:
    """The substance of every reviewed change, with the plan that holds it."""

    def __init__(self, plans: tuple[Plan, ...], lifts: Lifts, now: datetime) -> None:
        self._lifts = lifts
        self._now = now
        self._held: dict[str, list[Plan]] = {}
        self._keys: set[str] = set()
        for plan in plans:
            for change in plan.changes:
                self._keys.add(change.key)
                self._held.setdefault(substance(change), []).append(plan)

    def why_not(self, change: Change) -> str | None:
        """Why this change does not count as reviewed; None if it does."""
        plans = self._held.get(substance(change))
        if plans is None:
            if change.key in self._keys:
                return f"this {change.action} is not what the reviewed plans hold for {change.key}"
            return f"no reviewed plan holds this {change.action}"
        if not change.sends_at_once or self._lifts.lifts("max_plan_age", change.key):
            return None
        latest = max(plan.valid_until or _NO_END for plan in plans)
        if self._now <= latest:
            return None
        return f"it sends at once, and the plan that was reviewed was valid until {iso(latest)}"


def _judged(key: str, verdict: Verdict, known: _Known) -> Verdict:
    kept: list[Change] = []
    for change in verdict.changes:
        wrong = known.why_not(change)
        if wrong is not None:
            blocked = Blocked(key, change.id, "not reviewed", wrong, _AGAIN)
            drift = tuple(replace(shown, corrected=False) for shown in verdict.drift)
            return replace(verdict, changes=tuple(kept), blocked=verdict.blocked or blocked, drift=drift)
        kept.append(change)
    return verdict


def overrides_of(reviewed: Iterable[Plan]) -> Iterator[Override]:
    """What the reviewed plans lifted once, for the keys that they change: the review was of that too."""
    for plan in reviewed:
        keys = tuple(dict.fromkeys(change.key for change in plan.changes))
        for name in plan.overrides:
            if keys:
                yield Override(name, keys, _NO_END, "lifted in the reviewed plan")
