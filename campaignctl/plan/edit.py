"""Updates: what has to be sent so that a live campaign is again what its manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.campaign import marker
from campaignctl.diff import (
    DEFAULTS,
    EVENT,
    FieldChange,
    compare,
    leaves,
    lookup,
    matches,
    merge_patch,
    overlay,
    same,
)
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, records
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.model import Drift
from campaignctl.schedule.sends import is_past
from campaignctl.state.model import Record

Spec = Mapping[str, Any]


def effective(spec: Spec, case: Case) -> Spec:
    """What the manifest asks of a campaign that exists: an event that was applied stays applied, and
    what is ignored stays as it was applied."""
    result = {name: value for name, value in spec.items() if name != EVENT or value}
    applied = case.record.applied
    if applied.get(EVENT):
        result[EVENT] = applied[EVENT]
    return _with(result, applied, case.ignored)


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
    if case.live is None or (spec.get(EVENT) and not case.record.applied.get(EVENT)):
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


def edit(site: build.Site, case: Case, wanted: DesiredCampaign, spec: Spec, *, edited: bool) -> Verdict:
    """The update that makes a live campaign what its manifest says, or why there is none."""
    current = overlay(case.record.applied, case.comparison.changes)
    target = _with(spec, current, case.ignored)
    patch = _marked(site, case, merge_patch(current, target), target)
    if not patch:
        return Verdict(observed=case.bookkeeping(wanted))
    reason = "the manifest changed" if edited else "live was changed outside of campaignctl"
    change = build.update(
        site, build.Edit(wanted, case.record, current, target, patch, case.live_digest), reason=reason
    )
    if "scheduled_time" in patch and is_past(change.sends, site.now):
        return case.blocked(
            "its scheduled_time is past", f"set a new scheduled_time in {case.key}, then plan again"
        )
    drift = Drift(case.key, case.record.id, case.drift, corrected=True) if case.drift else None
    return Verdict(change=change, drift=drift)


def _marked(site: build.Site, case: Case, patch: dict[str, Any], target: Spec) -> dict[str, Any]:
    """A patch that touches metadata names every member of it and repeats the marker, in case the API
    replaces the object instead of merging it."""
    if "metadata" not in patch or not site.project.api.markers or not case.record.intent:
        return patch
    shown = marker.read(case.live.members) if case.live else None
    ours = shown or marker.make(site.project.name, site.project.environment, case.key, case.record.intent)
    members = {**(patch["metadata"] or {}), **(target.get("metadata") or {}), marker.MEMBER: str(ours)}
    return {**patch, "metadata": members}
