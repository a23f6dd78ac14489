"""Three ways: members that the manifest and somebody in the dashboard changed to different values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign import marker
from campaignctl.campaign.status import Status
from campaignctl.diff import (
    DEFAULTS,
    EVENT,
    OF_THE_API,
    FieldChange,
    compare,
    field_changes,
    leaves,
    lookup,
    matches,
    merge_patch,
    overlay,
    same,
    split,
)
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import build, records
from campaignctl.plan.arming import has_fired, known_sends, without_event
from campaignctl.plan.context import Case, Verdict
from campaignctl.plan.model import Conflict
from campaignctl.schedule.sends import is_past
from campaignctl.state.model import Record


def conflicts(
    applied: Mapping[str, Any], drift: Iterable[FieldChange], live: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[Conflict, ...]:
    """The members of which an update overwrites what somebody else set.

    `drift` is what live changed of `applied`, `live` the whole of it as far as known, `spec` what the update
    makes of it. What both changed to the same is no conflict.
    """
    ours = [change.path for change in field_changes(applied, spec)]
    found: dict[str, Conflict] = {}
    for change in drift:
        for path in _shared(change.path, ours):
            values = [_at(source, path) for source in (applied, live, spec)]
            if not same(path, values[1], values[2]):
                found[path] = Conflict(path, *values)
    return tuple(found.values())


def _shared(theirs: str, ours: Iterable[str]) -> Iterator[str]:
    """Where a path of theirs meets some of ours: the one of both that is nearer to the root."""
    parts = split(theirs)
    for path in ours:
        own = split(path)
        shorter = min(len(parts), len(own))
        if parts[:shorter] == own[:shorter]:
            yield theirs if len(parts) <= len(own) else path


def _at(spec: Mapping[str, Any], path: str) -> Any:
    value = lookup(spec, path)
    return value[0] if value else None


Spec = Mapping[str, Any]


def effective(spec: Spec, case: Case) -> Spec:
    """What the manifest asks of a campaign that exists: an event that was applied stays applied, and
    what is ignored stays as it was applied."""
    applied = case.record.applied
    if EVENT in applied and (has_fired(applied) or not spec.get(EVENT)):
        spec = {**spec, EVENT: applied[EVENT] if has_fired(applied) else False}
    elif not spec.get(EVENT):
        spec = without_event(spec)
    return _with(spec, applied, case.ignored)


def _with(spec: Spec, source: Spec, patterns: tuple[str, ...]) -> Spec:
    """The spec with the ignored fields of another one."""
    if not patterns:
        return spec
    names = {**leaves(spec), **leaves(source)}
    changes = []
    for path in names:
        if not matches(path, patterns):
            continue
        value = lookup(source, path)
        changes.append(FieldChange(path, None, value[0] if value else None))
    return overlay(spec, tuple(changes))


def live_has(case: Case, spec: Spec) -> bool:
    """Whether live shows the whole spec already, so that only the record is behind.

    An event cannot be seen: a campaign that is still to be set off is not there yet.
    """
    if case.live is None or bool(spec.get(EVENT)) != bool(case.record.applied.get(EVENT)):
        return False
    applied, echo = leaves(case.record.applied), case.record.echo
    now = leaves(spec)
    kept = {
        path: echo[path]
        for path in echo
        if path in now and path in applied and same(path, now[path], applied[path])
    }
    comparison = compare(spec, kept, case.live)
    gone = (path for path in applied if path not in now)
    return not comparison.changes and not comparison.unknown and all(_is_unset(case, path) for path in gone)


def _is_unset(case: Case, path: str) -> bool:
    value = lookup(case.live.members, path) if case.live else ()
    return not value or (path in DEFAULTS and same(path, value[0], DEFAULTS[path]))


def taken_over(site: build.Site, case: Case, wanted: DesiredCampaign, spec: Spec) -> Record | None:
    """The record of a campaign that is already as wanted (a write whose answer was lost)."""
    return records.applied_over(case.record, spec, wanted, case.live, site.now) if case.live else None


def target(case: Case, spec: Spec) -> tuple[Spec, Spec]:
    """What is live as far as known, and what shall be once what is ignored stays as it is."""
    current = overlay(case.record.applied, case.comparison.changes)
    return current, overlay(_with(spec, current, case.ignored), _ignored_items(case))


def edit(
    site: build.Site, case: Case, wanted: DesiredCampaign, spec: Spec, *, edited: bool, held: bool = False
) -> Verdict:
    """The update that makes a live campaign what its manifest says, or why there is none.

    `held`: it is paused while it is edited, because the plan pauses it or because it is paused by us.
    """
    current, shall = target(case, spec)
    patch = merge_patch(current, shall)
    if (kept := _kept(case, patch)) and case.live:
        shall = _whole(shall, case.live.members, kept)
        patch = merge_patch(current, shall)
    patch = _marked(site, case, patch, shall)
    if not patch:
        return Verdict(drift=case.status_drift(), observed=case.bookkeeping(wanted))
    reason = "the manifest changed" if edited else "live was changed outside of campaignctl"
    making = build.Edit(wanted, case.record, current, shall, patch, case.live_digest, stays_paused=held)
    change = replace(
        build.update(site, making, reason=reason),
        conflicts=conflicts(case.record.applied, case.drift, current, shall),
    )
    if patch.get(EVENT) and (held or case.status is Status.PAUSED):
        return _not_set_off(case)
    sends = known_sends(without_event(shall), site.now) if held else change.sends
    if ("scheduled_time" in patch or change.arms) and is_past(sends, site.now):
        return case.blocked(
            "its scheduled_time is past", f"set a new scheduled_time in {case.key}, then plan again"
        )
    # That a halt paused it is noted now: the update would make the pause look like another one.
    return Verdict(changes=(change,), drift=case.drifts(shall=shall), observed=case.bookkeeping(None))


def _not_set_off(case: Case) -> Verdict:
    """Nothing says whether the event makes a paused campaign send; a paused one must not."""
    return case.blocked(
        "paused, and run_immediately would set it off",
        f"set a scheduled_time in {case.key} instead, or `--replace {case.key}` to create it again, active",
    )


def _ignored_items(case: Case) -> tuple[FieldChange, ...]:
    """Messages that live has beyond those that were set, where that is ignored."""
    return tuple(
        change
        for change in case.comparison.changes
        if change.before is None and matches(change.path, case.ignored)
    )


def _kept(case: Case, patch: Spec) -> list[str]:
    """The ignored members that live has inside arrays that have to be sent, and nobody ever set."""
    if case.live is None or not case.ignored:
        return []
    shown = {name: case.live.members.get(name) for name, value in patch.items() if isinstance(value, list)}
    lists = {name: value for name, value in shown.items() if isinstance(value, list)}
    paths = [path for path in leaves(lists) if matches(path, case.ignored)]
    return [path for path in paths if split(path)[-1] not in OF_THE_API]


def _whole(target: Spec, members: Spec, paths: list[str]) -> Spec:
    """The target with live's value of those that it does not have itself."""
    own = leaves(target)
    absent = [path for path in paths if path not in own]
    return overlay(target, tuple(FieldChange(path, None, lookup(members, path)[0]) for path in absent))


def _marked(site: build.Site, case: Case, patch: dict[str, Any], target: Spec) -> dict[str, Any]:
    """A patch that touches metadata names every member of it and repeats the marker, in case the API
    replaces the object instead of merging it."""
    if "metadata" not in patch or not site.project.api.markers or not case.record.intent:
        return patch
    shown = marker.read(case.live.members) if case.live else None
    ours = shown or marker.make(site.project.name, site.project.environment, case.key, case.record.intent)
    members = {**(patch["metadata"] or {}), **(target.get("metadata") or {}), marker.MEMBER: str(ours)}
    return {**patch, "metadata": members}
