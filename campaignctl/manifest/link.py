"""Links the results of all files to the desired state: all checks that concern more than one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from campaignctl.campaign.keys import named
from campaignctl.errors import Finding, Source
from campaignctl.manifest.model import Claim, Declared, DesiredCampaign, DesiredState, FileResult, Removed
from campaignctl.project.model import Project
from campaignctl.schedule.times import iso
from campaignctl.yamlio.findings import in_order

#: Guardrails that also concern campaigns that are no longer declared.
_BEYOND_MANIFESTS = frozenset({"max_destroy_percent", "unknown_status"})


def link(
    project: Project, results: Sequence[FileResult], defaults_findings: Iterable[Finding] = ()
) -> DesiredState:
    """The desired state of files, and every finding; usable only without errors.

    `defaults_findings` are those about the defaults files: one that a manifest repeats is reported once.
    """
    declared = [one for result in results for one in result.campaigns]
    gone = [one for result in results for one in result.removed]
    first: dict[str, Declared] = {}
    for each in declared:
        first.setdefault(each.key.casefold(), each)
    removed: dict[str, Removed] = {}
    for one in gone:
        removed.setdefault(one.key, one)
    findings = [
        *_once([*defaults_findings, *(found for result in results for found in result.findings)]),
        *_same_keys(declared, first),
        *(_twice_removed(one, removed[one.key]) for one in gone if one is not removed[one.key]),
        *_cross_checks(declared, removed, {one.key: one.place for one in first.values()}),
    ]
    campaigns = {one.key: one.campaign for one in declared if one.campaign is not None}
    campaigns = {key: campaigns[key] for key in sorted(campaigns)}
    removed = dict(sorted(removed.items()))
    digest = _digest(project, campaigns, removed)
    return DesiredState(project, campaigns, digest, in_order(findings), removed)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding once. If several campaigns of a matrix have it, its key is the one before the bracket."""
    keys: dict[Finding, list[str | None]] = {}
    for found in findings:
        keys.setdefault(replace(found, key=None), []).append(found.key)
    for found, (first, *others) in keys.items():
        if first is None or all(other == first for other in others):
            yield replace(found, key=first)
        else:
            bases = {key and key.partition("[")[0] for key in (first, *others)}
            yield replace(found, key=bases.pop() if len(bases) == 1 else None)


def _same_keys(declared: Iterable[Declared], first: Mapping[str, Declared]) -> Iterator[Finding]:
    """Refuse a key that is declared twice, or differs from another one only in case."""
    for one in declared:
        other = first[one.key.casefold()]
        if other.place != one.place:
            message = (
                f"the key {one.key} is also at {other.place}"
                if other.key == one.key
                else f"the key {one.key} and {other.key} at {other.place} differ only in case"
            )
            hint = "set another `metadata.key`"
            yield Finding("error", "duplicate-campaign", message, one.place, hint, one.key)


def _twice_removed(one: Removed, other: Removed) -> Finding:
    message = f"the key {one.key} is also declared Removed at {other.source}"
    return Finding("error", "duplicate-campaign", message, one.source, "keep one", one.key)


def _cross_checks(
    declared: Sequence[Declared], removed: Mapping[str, Removed], places: Mapping[str, Source]
) -> Iterator[Finding]:
    """Contradictions among moves, adoptions and Removed documents."""
    moves = [move for one in declared for move in one.moves]
    adoptions = [one.adoption for one in declared if one.adoption]
    by_value = "as in `from: old[country=${matrix.country}]`"
    yield from _twice(moves, ("is moved from", "are moved from", "so is"), by_value, code="moved")
    by_value = "as in `adopt: ${matrix.id}`"
    yield from _twice(adoptions, ("adopts", "adopt", "so does"), by_value, code="adopt")
    for key, one in removed.items():
        if key in places:
            message = f"the key {key} is declared Removed, and also as a campaign at {places[key]}"
            hint = "keep one; to stop a campaign from sending, set `lifecycle.phase`"
            yield Finding("error", "removed", message, one.source, hint, key)
    moved_away = {move.key for move in moves}
    for move in moves:
        old = move.name
        if old in removed:
            message = f"moved from {old}, which is declared Removed at {removed[old].source}"
            hint = "the move is enough; delete the Removed document"
            yield Finding("error", "moved", message, move.place, hint, move.key)
        if old in places and old not in moved_away:
            message = f"moved from {old}, which is still declared at {places[old]}"
            hint = f"remove {old}, or use `moved` there to name its own record"
            yield Finding("error", "moved", message, move.place, hint, move.key)


def _twice(
    claims: Iterable[Claim], words: tuple[str, str, str], by_value: str, *, code: str
) -> Iterator[Finding]:
    """Refuse keys and ids that several campaigns claim; `words`: the verb for one and several, `so does`."""
    one_does, several_do, so_does = words
    first: dict[str, Claim] = {}
    for claim in claims:
        other = first.setdefault(claim.name, claim)
        if other is claim:
            continue
        if other.place == claim.place:
            message = f"several campaigns of one matrix {several_do} {claim.name}"
            yield Finding("error", code, message, claim.place, f"make each different, {by_value}")
        else:
            message = f"{claim.key} {one_does} {claim.name}, and {so_does} {other.key} at {other.place}"
            yield Finding("error", code, message, claim.place, "keep one of them", claim.key)


def _digest(
    project: Project, campaigns: Mapping[str, DesiredCampaign], removed: Mapping[str, Removed]
) -> str:
    content: list[Any] = [project.name, project.environment]
    content += [asdict(project.guardrails), [asdict(one) for one in project.overrides]]
    content += [(key, one.digest) for key, one in campaigns.items()]
    content += [(key, one.on_destroy) for key, one in removed.items()]
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def override_doubts(desired: DesiredState, now: datetime | None) -> Iterator[Finding]:
    """A warning for each override that has ended at `now`, and for each key that matches no campaign."""
    known = {*desired.campaigns, *desired.removed}
    known.update(key for one in desired.campaigns.values() for key in one.moved_from)
    project = desired.project
    for one, (until, *places) in zip(project.overrides, project.override_sources, strict=True):
        if now is not None and one.until <= now:
            message = f"the override of {one.guardrail} ended at {iso(one.until)}"
            yield Finding("warning", "override", message, until, "remove it, or extend it with a review")
        elif one.guardrail not in _BEYOND_MANIFESTS:
            for key, place in zip(one.keys, places, strict=True):
                if not named(key, known):
                    message = f"the override of {one.guardrail} names {key}, but no manifest has such a key"
                    yield Finding("warning", "override", message, place, "correct it, or remove it")
