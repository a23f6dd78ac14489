"""Renames that nobody declared: a key that is gone and a new one with the very same content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from campaignctl.campaign.canonical import body_digest
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan.case import Verdict
from campaignctl.plan.moves import Moves
from campaignctl.state.model import Record


def renamed(
    campaigns: Mapping[str, DesiredCampaign], recorded: Mapping[str, Record], moves: Moves
) -> dict[str, str]:
    """The recorded keys that seem to have become others: old to new, where content tells them apart."""
    claimed = {*moves.heirs, *moves.heirs.values()}
    left = {key: record.digest for key, record in recorded.items() if key not in campaigns}
    gone = _by_body({key: body for key, body in left.items() if key not in claimed})
    if not gone:
        return {}
    fresh = (key for key in campaigns if key not in recorded and key not in claimed)
    new = _by_body({key: body_digest(campaigns[key].spec) for key in fresh})
    return {
        keys[0]: new[body][0] for body, keys in gone.items() if len(keys) == 1 and len(new.get(body, ())) == 1
    }


def _by_body(digests: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, body in digests.items():
        found.setdefault(body, []).append(key)
    return found


def proposed(verdicts: Mapping[str, Verdict], pairs: Mapping[str, str]) -> dict[str, Verdict]:
    """The verdicts, with the `moved` that would keep the campaign proposed as a note and as a warning of both
    changes. Nothing is blocked by it."""
    told = dict(verdicts)
    for old, new in pairs.items():
        if old not in verdicts or new not in verdicts or not verdicts[old].changes:
            continue
        block = f"`moved: {{from: {old}}}`"
        said = f"{new} has the content of {old}; if it was renamed, write {block} in {new}"
        for key in (old, new):
            told[key] = _warned(told[key], said)
        told[new] = replace(told[new], note=_joined((told[new].note, said)))
    return told


def _warned(verdict: Verdict, warning: str) -> Verdict:
    if not verdict.changes:
        return verdict
    first, *others = verdict.changes
    return replace(verdict, changes=(replace(first, warnings=(*first.warnings, warning)), *others))


def _joined(notes: Iterable[str | None]) -> str:
    return "; ".join(note for note in notes if note)
