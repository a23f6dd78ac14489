"""The summary of a plan, and the facts of each change in words."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from campaignctl.errors import Command, counted
from campaignctl.plan.model import Action, Blocked, Change, Drift, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.render.cuts import Cuts, json_text
from campaignctl.render.escape import escape
from campaignctl.review.review import Group
from campaignctl.schedule import humanize
from campaignctl.schedule.times import TimeError, parse_iso, zone_of

T = TypeVar("T", bound=Hashable)

_EPOCH = datetime.min.replace(tzinfo=UTC)

#: Actions after which a campaign can send, so that its audience matters.
REACHING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESUME)

#: The mark of a change that does not arm, but of which an armed campaign sends something else.
CHANGES_SENDS = "changes what it sends"

#: Of a campaign, or a language of it, that no seeds have seen.
NO_PROOF = "none"

_KEYS_SHOWN = 8


def summary_text(plan: Plan) -> str:
    """How many of each action, left alone, able to send and changed while armed, or why there is nothing to
    do; how many settings changed; and whether a guardrail stops it all."""
    said = (_campaigns(plan), settings_text(plan.settings_changed), _refused(plan))
    return " ".join(filter(None, said))


def _refused(plan: Plan) -> str:
    count = len(plan.objections)
    return f"Refused: {counted(count, 'guardrail')} {'objects' if count == 1 else 'object'}." if count else ""


def settings_text(changes: Sequence[SettingChange]) -> str:
    """How many settings changed, and how many of the changes loosen."""
    if not changes:
        return ""
    loosen = sum(change.loosens for change in changes)
    which = f", {loosen} {'loosens' if loosen == 1 else 'loosen'}" if loosen else ""
    return f"{counted(len(changes), 'setting')} changed{which}."


def _campaigns(plan: Plan) -> str:
    if plan.empty:
        return _nothing(plan)
    counts = plan.summary
    done = ", ".join(
        f"{counts[action]} to {action}" for action in Action if action is not Action.NONE and counts[action]
    )
    left = [f"{plan.unchanged} unchanged" if plan.unchanged else "", _blocked(plan)]
    arms = sum(change.arms for change in plan.changes)
    at_once = sum(change.sends_at_once for change in plan.changes)
    sends = [
        f"{arms} can send afterwards" if arms else "",
        f"{at_once} AT ONCE" if at_once else "",
        _changing_sends(plan),
    ]
    said = ["; ".join(filter(None, [done, *left])), ", ".join(filter(None, sends))]
    return f"Plan: {'. '.join(filter(None, said))}."


def _changing_sends(plan: Plan) -> str:
    count = sum(change.changes_sends for change in plan.changes)
    if count == 1:
        return "1 changes what an armed campaign sends"
    return f"{count} change what armed campaigns send" if count else ""


def _blocked(plan: Plan) -> str:
    """How many campaigns are blocked, and how many of them were before; empty for none."""
    if not plan.blocked:
        return ""
    before = sum(one.before for one in plan.blocked)
    if before == len(plan.blocked):
        return f"{before} blocked before this change"
    return f"{len(plan.blocked)} blocked" + (f", {before} of them before this change" if before else "")


def _nothing(plan: Plan) -> str:
    if plan.blocked:
        return f"No changes can be made: {_blocked(plan)}."
    none = "No changes to campaigns." if plan.settings_changed else "No changes."
    if plan.drift:
        return f"{none} Drift in {counted(len({drift.key for drift in plan.drift}), 'campaign')}."
    if not plan.refreshed:
        return f"{none} The state agrees with the manifests; the account was not read."
    return f"{none} The account agrees with the manifests."


def fate_text(plan: Plan, drift: Drift) -> str:
    """The plan's answer to a drift."""
    if not drift.corrected:
        return "shown until an apply has recorded it" if drift.once else "left as it is"
    ours = [one.path for change in plan.changes if change.key == drift.key for one in change.conflicts]
    if any(_meet(path, field.path) for path in ours for field in drift.diff):
        return "this plan overwrites it: see the conflict"
    return "this plan reverts it"


def _meet(one: str, other: str) -> bool:
    """Whether two paths are the same, or one is inside the other."""
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or longer.startswith(f"{shorter}/")


def keys_text(keys: Sequence[str], cuts: Cuts, show: Callable[[str], str] = escape) -> str:
    """The first keys of a list, and the number of all; `show` makes a key safe."""
    return cuts.items(keys, _KEYS_SHOWN, show)


def blocked_alike(blocked: Iterable[Blocked]) -> list[tuple[Blocked, ...]]:
    """The blocked keys, those together that are blocked for one reason and lifted by one command."""
    together: dict[object, list[Blocked]] = {}
    for one in blocked:
        own = one.key if one.diff or one.unmanaged else None
        together.setdefault((one.status, one.reason, one.hint, own), []).append(one)
    return [tuple(found) for found in together.values()]


def drift_alike(plan: Plan) -> list[tuple[Drift, ...]]:
    """The drifts of a plan, those together that are the same difference with the same fate."""
    together: dict[object, list[Drift]] = {}
    for one in plan.drift:
        told = json_text([[each.path, each.before, each.after] for each in one.diff])
        outside = json_text([[each.path, each.baseline, each.value] for each in one.unmanaged])
        same = told, outside, one.reason, one.once, one.at, fate_text(plan, one)
        together.setdefault(same, []).append(one)
    return [tuple(found) for found in together.values()]


# They leave the content alone or end a campaign: their `sends` is irrelevant.
_SILENT = (Action.CANCEL, Action.FORGET, Action.MOVE, Action.PAUSE, Action.ADOPT)


def sends_lines(change: Change, zone: str, now: datetime, *, distances: bool = True) -> list[str]:
    """When the campaign sends after the change; empty if that is irrelevant.

    `distances` adds how far away that is ("in 2 hours"), or that it is past, for text that is read at once.
    """
    sends = change.sends
    match sends.when:
        case "immediately":
            return ["AT ONCE, as soon as this is applied"]
        case "scheduled":
            return _scheduled(change, zone, now, distances)
        case "recurring":
            return _recurring(change, zone, now, distances)
        case "manual":
            return ["only when started manually"]
    if change.action in _SILENT:
        return []
    if change.spec is not None and change.spec.get("is_draft"):
        return ["never, while it is a draft"]
    if change.lifecycle.phase == "paused" or _has_a_time(change):
        return ["not while it is paused"]
    return ["not again by itself"]


def _has_a_time(change: Change) -> bool:
    """Whether the campaign would send by itself if it were not paused."""
    spec = change.spec or {}
    return not spec.get("run_immediately") and bool(spec.get("scheduled_time") or spec.get("recurrence"))


def _scheduled(change: Change, zone: str, now: datetime, distances: bool) -> list[str]:
    sends = change.sends
    if sends.first is None:
        return []
    first = humanize.instant(sends.first, zone) + _distance(sends.first, now, distances)
    if not sends.profile_zone:
        written = f"written as {humanize.clock_in(sends.first, change.zone)}" if change.zone else ""
        return [first, written] if change.zone not in ("", zone) else [first]
    lines = [f"at {escape(sends.local or '')} in each recipient's own zone", f"first {first}"]
    if sends.last is not None:
        lines.append(f"last  {humanize.instant(sends.last, zone)}")
    return lines


def _recurring(change: Change, zone: str, now: datetime, distances: bool) -> list[str]:
    sends = change.sends
    recurrence = (change.spec or {}).get("recurrence")
    lines = []
    if recurrence:
        lines.append(
            escape(humanize.recurrence(recurrence, zone, now, profile_zone=sends.profile_zone), None)
        )
    if not sends.at:
        return [*lines, "no further run"]
    first, *others = sends.at
    lines.append(f"next  {humanize.instant(first, zone)} at the earliest{_distance(first, now, distances)}")
    return [*lines, *(f"then  {humanize.instant(at, zone)}" for at in others)]


def _distance(at: datetime, now: datetime, distances: bool) -> str:
    if not distances:
        return ""
    return f", {humanize.distance(at, now)}" if at >= now else ", which is past"


def proof_lines(change: Change, zone: str) -> list[str]:
    """Who has sent which languages to which seeds, and on which day; empty where nothing is known of proofs.
    Of several messages, each is named."""
    several = len({one.message for one in change.proofs}) > 1
    said: dict[str, list[str]] = {}
    for one in change.proofs:
        by = f"by {escape(one.who)} " if one.who else ""
        told = f"proofed {by}on {_day(one.at, zone)}, to {escape(one.to)}" if one.id else NO_PROOF
        what = escape(one.lang) + (f" of {escape(one.message)}" if several else "")
        said.setdefault(told, []).append(what)
    return [f"{', '.join(what)}: {told}" for told, what in said.items()]


def _day(text: str, zone: str) -> str:
    """The day of a time, so that campaigns that were proofed one after the other read alike."""
    try:
        return humanize.day(parse_iso(text).astimezone(zone_of(zone)))
    except TimeError:
        return escape(text)


def by_text(group: Group, tell: Callable[[Change], T]) -> dict[T, list[str]]:
    """What is told of each campaign of a group, with the keys of which it is true; the soonest send first."""
    told: dict[T, list[str]] = {}
    for change in sorted(group.changes, key=lambda one: (one.sends.first is None, one.sends.first or _EPOCH)):
        told.setdefault(tell(change), []).append(change.key)
    return told


def told_in_words(change: Change) -> frozenset[str]:
    """The fields of a create that the words about it already tell: its name, time, audience and channels."""
    if change.action is not Action.CREATE or change.spec is None:
        return frozenset()
    targeting = change.spec.get("targeting")
    said = {
        "name": bool(change.name),
        "scheduled_time": change.sends.when == "scheduled",
        "run_immediately": change.sends_at_once,
        "send_in_profile_time_zone": change.sends.profile_zone,
        "targeting": isinstance(targeting, Mapping) and targeting == change.audience,
    }
    return frozenset(
        path
        for path in (each.path for each in change.diff)
        if said.get(path.split("/")[0]) or (path.startswith("messages/") and path.endswith("/channel"))
    )


def lift_command(plan: Plan, guardrail: str) -> Command:
    """The command that makes the plan again with one guardrail lifted."""
    targets = [word for key in plan.targets or () for word in ("--target", key)]
    lifted = [word for name in (*plan.overrides, guardrail) for word in ("--override", name)]
    return Command("plan", *targets, *lifted, "-o", "plan.json")


def undo_text(undo: str, zone: str) -> str:
    """`Change.undo` in words."""
    if undo == "free":
        return "at any time"
    until = undo.removeprefix("until ")
    if until == undo:
        return escape(undo)
    try:
        return f"until {humanize.instant(parse_iso(until), zone)}"
    except TimeError:
        return escape(undo)


def valid_text(change: Change, zone: str) -> str:
    """Until when a change can be applied."""
    return f"until {humanize.instant(change.valid_until, zone)}" if change.valid_until else "at any time"
