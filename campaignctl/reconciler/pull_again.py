"""Pull again: what changed in the account since the last apply is written where the manifests have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import (
    aligned,
    equal,
    field_changes,
    lookup,
    means,
    request_of,
)
from campaignctl.manifest.changed_files import FileChange
from campaignctl.manifest.edited import PHASE, changes_for
from campaignctl.manifest.load import Shown
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import records
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Options
from campaignctl.plan.subject import Subject
from campaignctl.reconciler.pull import ProjectFiles, Seen
from campaignctl.reconciler.refresh import read_records
from campaignctl.reconciler.run import Wiring
from campaignctl.review.reports import Conflict, ConflictField, LeftOut, UpdatedFile
from campaignctl.yamlio.edits import ABSENT, EditError

_OTHERS = "its defaults, matrix or other manifests would change"


@dataclass(frozen=True, slots=True)
class Again:
    """The changes of files, and what they are for; `conflicts` were edited here and in the account."""

    changes: tuple[FileChange, ...] = ()
    updated: tuple[UpdatedFile, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    left: tuple[LeftOut, ...] = ()

    def written(self, files: ProjectFiles) -> Again:
        """Write the files; the result is without the campaigns whose files cannot be written."""
        failed = {change.path: reason for change in self.changes if (reason := files.put(change))}
        updated, left = [], list(self.left)
        for one in self.updated:
            if reasons := [failed[path] for path in one.files if path in failed]:
                left.append(LeftOut(one.id, one.key, reasons[0], fault=True))
            else:
                updated.append(one)
        return replace(self, updated=tuple(updated), left=tuple(left))


@dataclass(frozen=True, slots=True)
class _Taken:
    """A campaign with what its manifest has to say of live: by path in the manifest, `ABSENT` for nothing."""

    one: Subject
    live: Mapping[str, Any]
    values: Mapping[str, Any]

    @property
    def before(self) -> dict[str, Any]:
        """What the manifest says now."""
        found = ((path, lookup(self.one.manifest.spec, path)) for path in self.values)
        return {path: value[0] for path, value in found if value}


def read_again(wiring: Wiring, desired: DesiredState, found: Seen) -> dict[str, Live]:
    """The recorded campaigns of a pull by key, without final ones, as far as a plan would read them."""
    state, now = found.state, wiring.now()
    known = {key: live for key, live in found.recorded.items() if not records.is_over(live, now)}
    if state is None or not known:
        return {}
    wanted = {key: state.campaigns[key] for key in known if key in desired.campaigns}
    at_hand = {live.id: live for live in known.values()}
    lives, _ = read_records(
        wiring.need_api(), wanted, parallelism=wiring.parallelism, at_hand=at_hand, live_only=False
    )
    return {key: live for key, live in lives.items() if live}


def pulled_again(
    desired: DesiredState, found: Seen, lives: Mapping[str, Live], files: ProjectFiles, now: datetime
) -> Again:
    """The changes of manifests and their texts that bring them to what is live.

    A manifest that was edited since its last apply is left as it is, and shown with what was applied and what
    is live. Each change is compiled: it makes the campaign what it is in the account, and no other differs.
    """
    ctx = PlanContext(desired, found.state, Reading(live=lives), Options(), now)
    taken: dict[str, _Taken] = {}
    conflicts: list[Conflict] = []
    for key in sorted(lives):
        one = ctx.subject(key, replacing=False)
        if not (values := dict(_values(one))):
            continue
        new = _Taken(one, _request(one), values)
        if one.edited or (PHASE in values and one.manifest.lifecycle.phase != one.record.lifecycle.phase):
            conflicts.append(_conflict(new))
        else:
            taken[key] = new
    edits, left = _edits(taken, files)
    if edits and _wrong(taken, edits, files.shown_with(_merged(edits.values())), desired):
        good: dict[str, _Taken] = {}
        for key in edits:
            # Edits of one file build on each other: each is made again, without those of other campaigns.
            alone = {key: taken[key]}
            edit, _ = _edits(alone, files)
            if why := _wrong(alone, edit, files.shown_with(edit[key]), desired):
                left.append(_by_hand(taken[key], why))
            else:
                good |= alone
        edits, _ = _edits(good, files)
    updated = tuple(_updated(taken[key], edit) for key, edit in edits.items())
    return Again(tuple(_merged(edits.values())), updated, tuple(conflicts), tuple(left))


def _values(one: Subject) -> Iterator[tuple[str, Any]]:
    """The fields that changed in the account and that the manifest says otherwise."""
    request, spec = _request(one), one.manifest.spec
    paths = [change.path for change in one.drift] + [each.path for each in one.outside]
    for path in dict.fromkeys(one.path_in(spec, path) for path in paths):
        now, then = lookup(request, path), lookup(spec, path)
        if now and then and means(path, now[0], then[0]):
            continue
        if now or then:
            yield path, now[0] if now else ABSENT
    if phase := _phase(one):
        yield PHASE, phase


def _phase(one: Subject) -> str:
    """The phase that a pause, or the end of one, by others asks for; empty if there was none."""
    if one.status is Status.PAUSED and one.desired == "active" and not one.paused_by_us:
        return "paused"
    going = one.status in (Status.SCHEDULED, Status.RUNNING)
    return "active" if going and one.declared_paused and one.record.paused_by_us else ""


def _request(one: Subject) -> dict[str, Any]:
    """The request that makes the live campaign, its messages in the order of the manifest's."""
    if one.live is None:
        raise AssertionError(f"{one.key} was read")
    return request_of(aligned(one.manifest.spec, one.live))


def _edits(
    taken: Mapping[str, _Taken], files: ProjectFiles
) -> tuple[dict[str, tuple[FileChange, ...]], list[LeftOut]]:
    edits: dict[str, tuple[FileChange, ...]] = {}
    left: list[LeftOut] = []
    texts: dict[str, str] = {}

    def text_of(path: str) -> str:
        return texts.get(path) or files.text(path)

    for key, new in taken.items():
        try:
            made = changes_for(key, files.path_of(new.one.manifest.source), new.values, new.before, text_of)
        except EditError as wrong:
            left.append(_by_hand(new, str(wrong)))
            continue
        edits[key] = tuple(FileChange(path, text, files.before(path)) for path, text in made.items())
        texts |= made
    return edits, left


def _merged(edits: Iterable[Iterable[FileChange]]) -> list[FileChange]:
    """The last change of each file: one of a file with several manifests has those before it too."""
    return list({change.path: change for edit in edits for change in edit}.values())


def _wrong(
    taken: Mapping[str, _Taken],
    edits: Mapping[str, Iterable[FileChange]],
    shown: Shown,
    desired: DesiredState,
) -> str:
    """Why these edits cannot be made; empty if the campaigns compile to what is live in what changed, and all
    others to what they were."""
    for key, known in desired.campaigns.items():
        campaign, new = shown.campaigns.get(key), taken[key] if key in edits else None
        if campaign is None:
            errors = [found.message for found in shown.findings if found.severity == "error"]
            return errors[0] if errors else _OTHERS
        if not (_is_right(campaign, known, new) if new else equal(campaign.spec, known.spec)):
            return _OTHERS
    return ""


def _is_right(campaign: DesiredCampaign, known: DesiredCampaign, new: _Taken) -> bool:
    changed = {change.path for change in field_changes(known.spec, campaign.spec)}
    paths = {*changed, *new.values} - {PHASE}
    phase = new.values.get(PHASE, known.lifecycle.phase)
    return campaign.lifecycle.phase == phase and all(
        _is_live(path, campaign.spec, new.live) for path in paths
    )


def _is_live(path: str, spec: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    ours, theirs = (*lookup(spec, path), None)[0], (*lookup(live, path), None)[0]
    return means(path, ours, theirs)


def _by_hand(new: _Taken, why: str) -> LeftOut:
    paths = ", ".join(new.values)
    record = new.one.record
    return LeftOut(
        record.id, new.one.key, f"{paths} changed, which has to be edited by hand: {why}", fault=True
    )


def _updated(new: _Taken, edit: Iterable[FileChange]) -> UpdatedFile:
    return UpdatedFile(new.one.key, new.one.record.id, tuple(one.path for one in edit), tuple(new.values))


def _conflict(new: _Taken) -> Conflict:
    """What was applied, what the manifest says and what is live, in every field in which they differ."""
    one, spec = new.one, new.one.manifest.spec
    edited = [one.path_in(spec, change.path) for change in field_changes(one.record.applied, one.spec)]
    applied = aligned(spec, Live(one.record.id, one.record.applied, complete=True)).fields
    phases = (one.record.lifecycle.phase, one.manifest.lifecycle.phase, new.values.get(PHASE))
    fields = tuple(
        ConflictField(path, *phases)
        if path == PHASE
        else ConflictField(path, *((*lookup(source, path), None)[0] for source in (applied, spec, new.live)))
        for path in dict.fromkeys((*new.values, *edited))
    )
    return Conflict(one.key, one.record.id, one.manifest.source.file, fields)
