"""Recorded, declared and not over: draft, manual, scheduled, paused, running, or a status unknown to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.status import Status, is_draft
from campaignctl.diff import equal, matches
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, edit
from campaignctl.plan.case import Case, Verdict


def alive(site: build.Site, case: Case, wanted: DesiredCampaign, *, held: bool = False) -> Verdict:
    """What its manifest asks of a campaign that may still be changed, whatever its phase.

    `held`: it is paused meanwhile, so that one that is running now can be edited, and none is armed.
    """
    spec = edit.effective(wanted.spec, case)
    edited = not equal(spec, case.record.applied)
    if not edited and not case.drift:
        return Verdict(drift=case.status_drift(), observed=case.bookkeeping(wanted))
    if edit.live_has(case, spec):
        return Verdict(drift=case.status_drift(), observed=edit.taken_over(site, case, wanted, spec))
    if case.status is Status.RUNNING and not held:
        return _running(case, edited=edited)
    if spec.get("is_draft") and _left_draft(case):
        return _no_way_back(case, edited=edited)
    return _known(case, edit.edit(site, case, wanted, spec, edited=edited, held=held))


def _known(case: Case, verdict: Verdict) -> Verdict:
    """The verdict, where the status is known or that is lifted."""
    if case.status is not Status.UNKNOWN:
        return verdict
    if not case.lifted("unknown_status"):
        return case.unknown("apply --target")
    return replace(verdict, lifted=("unknown_status",))


def _left_draft(case: Case) -> bool:
    """Whether the campaign is no draft any more, and that is not ignored."""
    if matches("is_draft", case.ignored):
        return False
    if case.live is not None:
        return not is_draft(case.live.members)
    return not case.record.applied.get("is_draft")


def _no_way_back(case: Case, *, edited: bool) -> Verdict:
    if not edited:
        return Verdict(
            drift=case.drifts(),
            note=f"{case.key}: launched outside of campaignctl; nothing returns to a draft",
            observed=case.bookkeeping(None),
        )
    return case.blocked(
        "nothing returns to a draft",
        f"take `is_draft` out of {case.key}, or `--replace {case.key}` to create it again as a draft",
    )


def _running(case: Case, *, edited: bool) -> Verdict:
    if edited:
        return case.blocked(
            "running",
            f"pause it (`phase: paused` in {case.key}), or wait until it has run, then plan again",
        )
    return Verdict(drift=case.drifts(), observed=case.bookkeeping(None))


def spec_after(case: Case, wanted: DesiredCampaign, verdict: Verdict) -> Mapping[str, Any]:
    """What will be live once the changes of a verdict are done."""
    if verdict.changes and verdict.changes[-1].spec is not None:
        return verdict.changes[-1].spec
    return edit.target(case, edit.effective(wanted.spec, case))[1]
