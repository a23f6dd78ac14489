"""Recorded, declared and not over: draft, manual, scheduled, paused, running, or a status unknown to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.status import Status, is_draft
from campaignctl.diff import equal, matches
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import build, update_rules
from campaignctl.plan.arming import runs_left, sends_after
from campaignctl.plan.context import Case, Verdict
from campaignctl.plan.model import Drift
from campaignctl.schedule.sends import Sends, is_past
from campaignctl.schedule.times import format_gmt


def alive(site: build.Site, case: Case, wanted: DesiredCampaign, *, held: bool = False) -> Verdict:
    """What its manifest asks of a campaign that may still be changed, whatever its phase.

    `held`: it is paused meanwhile, so that one that is running now can be edited, and none is armed.
    """
    spec = update_rules.effective(wanted.spec, case)
    edited = not equal(spec, case.record.applied)
    if not edited and not case.drift:
        return Verdict(drift=case.status_drift(), observed=case.bookkeeping(wanted))
    if update_rules.live_has(case, spec):
        return Verdict(drift=case.status_drift(), observed=update_rules.taken_over(site, case, wanted, spec))
    if case.status is Status.RUNNING and not held:
        return _running(case, edited=edited)
    if spec.get("is_draft") and _left_draft(case):
        return _no_way_back(case, edited=edited)
    return _known(case, update_rules.edit(site, case, wanted, spec, edited=edited, held=held))


def _known(case: Case, verdict: Verdict) -> Verdict:
    """The verdict, where the status is known or that is lifted."""
    if case.status is not Status.UNKNOWN:
        return verdict
    if not case.lifted("unknown_status"):
        return case.unknown("apply", "--target")
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
    return update_rules.target(case, update_rules.effective(wanted.spec, case))[1]


_GOING = (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)


def inactive(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Declared paused or canceled, recorded and not missing."""
    status, phase = case.status, wanted.lifecycle.phase
    if status is Status.UNKNOWN and not case.lifted("unknown_status"):
        return case.unknown("apply", "--target")
    if status is Status.SENT and runs_left(case.record.applied, site.now):
        hint = f"pause or cancel {case.record.id} in the dashboard"
        return case.blocked(f"declared {phase}, and sent with runs left: it may still send", hint)
    if phase == "canceled" and status in (*_GOING, Status.PAUSED):
        verdict = _canceled(site, case, wanted)
    elif status in (*_GOING, Status.PAUSED):
        verdict = _paused(site, case, wanted)
    else:
        return _left(case, wanted)
    return replace(verdict, lifted=("unknown_status",)) if status is Status.UNKNOWN else verdict


def _canceled(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Cancelled, without an update."""
    change = build.cancel_for_good(site, wanted, case.record, case.live_digest)
    return Verdict(changes=(change,), drift=case.drifts(), observed=case.bookkeeping(None))


def _paused(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Paused where it is going, then the update if there is one."""
    verdict = alive(site, case, wanted, held=True)
    if case.status is Status.PAUSED:
        return verdict
    pause = build.pause(site, wanted, case.record, case.live_digest)
    return replace(verdict, changes=(pause, *verdict.changes), drift=_set_right(case, verdict))


def _set_right(case: Case, verdict: Verdict) -> tuple[Drift, ...]:
    """The drift to show where a change of the plan undoes that of the status."""
    status = case.status_drift()
    return tuple(replace(one, corrected=one.corrected or one in status) for one in verdict.drift)


def _left(case: Case, wanted: DesiredCampaign) -> Verdict:
    """Draft, manual, sent, canceled, or waiting for a decision: there is nothing that could be stopped.

    What the manifest says beside its phase is not put on record, as it was not looked at.
    """
    seen = case.bookkeeping(None) or case.record
    noted = replace(seen, lifecycle=wanted.lifecycle)
    observed = noted if noted != case.record else None
    if case.status is Status.CANCELED:
        return Verdict(note=case.canceled_by_others(), observed=observed)
    why = f"declared {wanted.lifecycle.phase}, and {_LEFT[case.status]}"
    return Verdict(none=why, drift=case.drifts(), observed=observed)


_LEFT = {
    Status.SENT: "sent already",
    Status.NEEDS_DECISION: "waiting for a decision, which it does not send without",
    Status.DRAFT: "a draft, which sends nothing; its edits wait until it is active",
    Status.MANUAL: "started by hand, so that it sends nothing by itself; its edits wait until it is active",
}


def active(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Declared active and not over: the update if there is one, and then a paused one is resumed where it is
    ours to resume."""
    why = _why_resumed(case)
    verdict = alive(site, case, wanted, held=why is not None)
    if why is None or verdict.blocked:
        return verdict
    resumed = _resumed(site, case, wanted, verdict, why)
    foreign = why == _FOREIGN
    return replace(resumed, lifted=(*resumed.lifted, "foreign_pause")) if foreign else resumed


_LIFTED = "the halt that paused it is lifted"
_FOREIGN = "foreign_pause is lifted"


def _why_resumed(case: Case) -> str | None:
    """Why a paused campaign may be resumed; None if it may not."""
    if case.status is not Status.PAUSED or case.halt is not None:
        return None
    if case.paused_by_us:
        return _LIFTED if case.halts.paused(case.record.id) else "declared active again"
    return _FOREIGN if case.lifted("foreign_pause") else None


def _resumed(site: build.Site, case: Case, wanted: DesiredCampaign, verdict: Verdict, why: str) -> Verdict:
    """The verdict with a resume at exactly one time behind its changes."""
    spec = spec_after(case, wanted, verdict)
    sends = sends_after(case.record.applied, spec, site.now)
    time = _time(spec, sends)
    if time is None or is_past(sends, site.now):
        blocked = case.blocked(
            "paused, and " + _no_time(sends), f"set a new scheduled_time in {case.key}, then plan again"
        )
        return replace(verdict, blocked=blocked.blocked)
    again = build.Resumption(wanted, case.record, spec, sends, time, case.live_digest)
    changes = (*verdict.changes, build.resume(again, reason=why))
    return replace(verdict, changes=changes, drift=_set_right(case, verdict))


def _time(spec: Mapping[str, Any], sends: Sends) -> str | None:
    """The time at which it goes on: that of the manifest, or the next run of a recurrence."""
    if sends.when == "scheduled" and sends.first:
        return str(spec["scheduled_time"])
    if sends.when == "recurring" and sends.first:
        return sends.local if sends.profile_zone else format_gmt(sends.first)
    return None


def _no_time(sends: Sends) -> str:
    match sends.when:
        case "scheduled":
            return "its scheduled_time is past"
        case "recurring":
            return "its recurrence has no run left"
    return "it has no time at which it could go on"
