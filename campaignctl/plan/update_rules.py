"""Updates: the patch that makes a live campaign agree with its manifest, its conflicts and its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.diff import (
    EVENT,
    OF_THE_API,
    FieldChange,
    agree,
    aligned,
    field_changes,
    in_order_of,
    is_default,
    join,
    leaves,
    lookup,
    matched,
    matches,
    means,
    merge_patch,
    overlay,
    same,
    split,
)
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes, runs
from campaignctl.plan.arming import known_sends, without_event
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Conflict
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.sends import is_past
from campaignctl.state.model import Record

Spec = Mapping[str, Any]


def conflicts(applied: Spec, drift: Iterable[FieldChange], live: Spec, spec: Spec) -> tuple[Conflict, ...]:
    """The fields that someone else set and this update overwrites with another value.

    `drift` is the difference from `applied` to live, `live` the live spec as far as known, `spec` the spec
    after the update. If one path contains the other, the shorter one is reported.
    """
    theirs = list(drift)
    ours = [(change.path, split(change.path)) for change in field_changes(applied, spec)] if theirs else []
    found: dict[str, Conflict] = {}
    for change in theirs:
        parts = split(change.path)
        for own_path, own in ours:
            shorter = min(len(parts), len(own))
            if parts[:shorter] != own[:shorter]:
                continue
            path = change.path if len(parts) <= len(own) else own_path
            values = [(*lookup(source, path), None)[0] for source in (applied, live, spec)]
            if not same(path, values[1], values[2]):
                found[path] = Conflict(path, *values)
    return tuple(found.values())


def live_has(one: Subject) -> bool:
    """Whether live already agrees with the manifest, so that only the record is out of date.

    An event cannot be read: with `run_immediately` newly set, live never agrees.
    """
    spec, record = one.spec, one.record
    if one.live is None or bool(spec.get(EVENT)) != bool(record.applied.get(EVENT)):
        return False
    kept = {
        path: echo
        for path, echo in record.echo.items()
        if (now := lookup(spec, path))
        and (was := lookup(record.applied, path))
        and same(path, now[0], was[0])
    }
    if not agree(spec, kept, one.live):
        return False
    live, own = aligned(spec, one.live), leaves(spec)
    removed = ((path, one.path_in(spec, path)) for path in leaves(record.applied))
    return not any(_may_stay(record, live, path, at) for path, at in removed if at not in own)


def _may_stay(record: Record, live: Live, path: str, at: str) -> bool:
    """Whether live may still have a field that the manifest no longer sets, and shows `at` another path."""
    if path == EVENT:
        return False
    applied = lookup(record.applied, path)[0]
    if shown := lookup(live.fields, at):
        # Some answers show as empty what others took off.
        empty = shown[0] in ({}, []) or means(path, shown[0], None)
        return not (is_default(path, shown[0]) or (empty and not means(path, shown[0], applied)))
    # An answer that does not show the field, now or ever, does not prove that it is gone.
    hidden = record.echo.get(path) == [] or not (live.complete or split(path)[0] in live.fields)
    return hidden and not is_default(path, applied)


def target(one: Subject) -> tuple[Spec, Spec]:
    """The live spec as far as known, and the spec after the update; ignored fields keep their live values."""
    current = overlay(one.record.applied, (*one.comparison.changes, *_met(one)))
    goal = one.with_ignored(one.spec, current)
    return current, overlay(goal, tuple(_added(one, goal)))


def _added(one: Subject, goal: Spec) -> Iterator[FieldChange]:
    """The ignored messages that only live has: after those of the manifest, unless that has them."""
    shown = goal.get("messages")
    ours = shown if isinstance(shown, list | tuple) else ()  # ignored, they are as live has them
    number = len(ours)
    for change in one.comparison.changes:
        added = list(split(change.path)[:-1]) == ["messages"] and matches(change.path, one.ignored)
        if added and matched([change.after], ours) in (None, (None,)) and change.after not in ours:
            yield FieldChange(join(["messages", number]), None, change.after)
            number += 1


def accepting(one: Subject) -> Sentence:
    """What to do about a live campaign that differs from its manifest and would be sent as it is."""
    return Sentence(
        f"set it in {one.key}, take it out in the dashboard, or list it in `ignore_changes`;"
        " to send it as it is: ",
        Command("apply", "--target", one.key, "--override", "unmanaged"),
    )


def _met(one: Subject) -> tuple[FieldChange, ...]:
    """What live has already of fields that the manifest sets now and did not set before."""
    return tuple(
        FieldChange(path, None, value)
        for path, value in one.beyond.items()
        if lookup(one.spec, one.path_in(one.spec, path))
    )


def _overwritten(one: Subject, goal: Spec) -> Iterator[Conflict]:
    """Those of them that are not the baseline: someone set them, and this update sets another value."""
    for met in one.set_outside:
        wanted = lookup(goal, one.path_in(goal, met.path))
        if wanted and not means(met.path, met.after, wanted[0]):
            yield Conflict(met.path, met.before, met.after, wanted[0])


def edit(ctx: PlanContext, one: Subject) -> Verdict:
    """The update that makes a live campaign agree with its manifest, or a block."""
    current, goal = target(one)
    patch = merge_patch(current, goal)
    if kept := _kept(one, patch, goal):
        goal = overlay(goal, kept)
        patch = merge_patch(current, goal)
    if "messages" in patch and one.unmatched(current):
        return one.blocked(
            "`ignore_changes` leads into messages that cannot be matched by name",
            f"take that path out of `ignore_changes` in {one.key} for this change; name each message",
        )
    patch = _marked(ctx, one, patch, goal)
    if not patch:
        return Verdict(drift=(*one.status_drift(), *one.unmanaged_drift()), observed=one.noted(manifest=True))
    reason = "the manifest changed" if one.edited else "live was changed outside of campaignctl"
    met = (*conflicts(one.record.applied, one.drift, current, goal), *_overwritten(one, goal))
    change = changes.update(ctx, one, current, goal, patch, reason=reason, conflicts=met)
    starts = "run_immediately" if patch.get(EVENT) else "is_draft: false" if _leaves_draft(patch) else None
    if starts and one.held:
        # The API does not document whether either makes a paused campaign send, which it must not.
        instead = f"set a scheduled_time in {one.key} instead, or " if patch.get(EVENT) else ""
        return one.blocked(
            f"paused, and {starts} would start it",
            f"{instead}`--replace {one.key}` to create it again, active",
        )
    sends = known_sends(without_event(goal), ctx.now) if one.held else change.sends
    if ("scheduled_time" in patch or change.arms) and is_past(sends, ctx.now):
        return too_late(one, "its scheduled_time is past")
    # The pause by a halt is noted now: after the update it would look like someone else's.
    return Verdict(changes=(change,), drift=one.drifts(spec=goal), observed=one.noted())


def _leaves_draft(patch: Spec) -> bool:
    return "is_draft" in patch and not patch["is_draft"]


def too_late(one: Subject, reason: str) -> Verdict:
    """The block of a campaign without a time to come; one that began to send needs more than a new time."""
    new_time = f"set a new scheduled_time in {one.key}, then "
    if not runs.is_begun(one.seen):
        return one.blocked(reason, new_time + "plan again")
    again = Command("apply", "--target", one.key, "--override", "resend")
    reason = f"it began to send at {one.seen.began}; a new time sends to the same people again"
    return one.blocked(reason, Sentence(new_time, again))


def _kept(one: Subject, patch: Spec, goal: Spec) -> tuple[FieldChange, ...]:
    """Ignored fields that only live has, inside arrays that have to be sent whole."""
    if one.live is None or not one.ignored:
        return ()
    shown = in_order_of(goal, one.live.fields)
    lists = {
        name: shown[name]
        for name, value in patch.items()
        if isinstance(value, list) and isinstance(shown.get(name), list)
    }
    own = leaves(goal)
    return tuple(
        FieldChange(path, None, value)
        for path, value in leaves(lists).items()
        if path not in own and matches(path, one.ignored) and split(path)[-1] not in OF_THE_API
    )


def _marked(ctx: PlanContext, one: Subject, patch: dict[str, Any], goal: Spec) -> dict[str, Any]:
    """The patch; if it changes metadata, with all of its fields and the marker, in case the API replaces the
    object instead of merging it."""
    project, intent = ctx.project, one.record.intent
    if "metadata" not in patch or not project.api.markers or not intent:
        return patch
    shown = marker.read(one.live.fields) if one.live else None
    ours = shown or project.owner.marker(one.key, intent)
    fields = _whole(patch["metadata"] or {}, goal.get("metadata") or {})
    return {**patch, "metadata": {**fields, marker.FIELD: str(ours)}}


def _whole(patch: Spec, goal: Spec) -> dict[str, Any]:
    """A patch with every field of the object that it leads to; removed fields stay null, at any depth."""
    fields = {**patch, **goal}
    for name, value in patch.items():
        if isinstance(value, Mapping):
            fields[name] = _whole(value, fields[name])
    return fields
