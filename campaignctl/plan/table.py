"""The decision table: what becomes of one recorded key, from what is desired, recorded and live.

Each row of the table is one small function; `undeclared` and `declared` pick the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaignctl.campaign.status import Status, is_draft
from campaignctl.diff import alike, equal, matches
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, edit
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.sending import runs_left


def undeclared(site: build.Site, case: Case) -> Verdict:
    """Recorded and no longer declared: cancel what can send, forget the rest, never guess."""
    return replace(_undeclared(site, case), observed=case.bookkeeping(None))


def _undeclared(site: build.Site, case: Case) -> Verdict:
    status, record = case.status, case.record
    lifecycle = case.wanted.lifecycle if case.wanted else record.lifecycle
    reason = "destroyed" if case.wanted else "no longer declared"
    if status not in (Status.SENT, Status.CANCELED) and (
        lifecycle.prevent_destroy or record.lifecycle.prevent_destroy
    ):
        return case.blocked("protected by prevent_destroy", _lift_protection(case))
    if lifecycle.on_destroy == "forget":
        warnings = (f"{record.id} stays {status} in the account",) if status.can_send else ()
        return Verdict(
            changes=(build.forget(case.key, record, case.live_digest, reason=reason, warnings=warnings),)
        )
    if status is Status.UNKNOWN and "unknown_status" not in case.lifted:
        command = "destroy" if case.wanted else "apply"
        return case.blocked(_unknown(case) + "; it may still send", _lift_unknown(case, command))
    if status is Status.NEEDS_DECISION or _sent_but_recurring(site, case):
        return case.blocked(
            f"{status}: it may still send",
            f"decide or pause {record.id} in the dashboard,"
            f" or apply {case.key} with `on_destroy: forget` before it goes",
        )
    if status in (Status.SCHEDULED, Status.RUNNING, Status.PAUSED, Status.UNKNOWN):
        return Verdict(changes=(build.cancel(site, case.key, record, case.live_digest, reason=reason),))
    warnings = ()
    if status in (Status.DRAFT, Status.MANUAL):
        warnings = (f"the API cannot delete a {status} campaign: {record.id} is left behind",)
    why = f"{reason}; {status}"
    return Verdict(changes=(build.forget(case.key, record, case.live_digest, reason=why, warnings=warnings),))


def _sent_but_recurring(site: build.Site, case: Case) -> bool:
    return case.status is Status.SENT and runs_left(case.record.applied, site.now)


def _lift_protection(case: Case) -> str:
    if case.wanted:
        return f"apply {case.key} with `prevent_destroy: false` first, then destroy it"
    return f"put {case.key} back, apply it with `prevent_destroy: false`, then remove it"


def _unknown(case: Case) -> str:
    live = case.live
    shown = [live.status, live.text("effective_status")] if live else [case.record.status]
    words = " and ".join(repr(word) for word in dict.fromkeys(filter(None, shown)))
    return f"the API reports the status {words}, which we do not know"


def _lift_unknown(case: Case, command: str = "apply") -> str:
    return f"campaignctl {command} --target {case.key} --override unknown_status"


def declared(site: build.Site, case: Case, *, replacing: bool) -> Verdict:
    """Recorded and declared."""
    wanted = case.wanted
    if wanted is None:
        raise AssertionError("declared() is for declared keys")
    status = case.status
    if replacing:
        return _replacement(site, case, wanted)
    if status is Status.MISSING:
        return case.blocked(
            f"not found under {case.record.id} in this account",
            f"`--replace {case.key}` creates it again, `campaignctl state rm {case.key}` forgets it",
        )
    spec = edit.effective(wanted.spec, case)
    edited = not equal(spec, case.record.applied)
    if status in (Status.SENT, Status.CANCELED, Status.NEEDS_DECISION):
        return _final(case, wanted, edited=edited and not alike(spec, case.record.applied))
    return _alive(site, case, wanted, spec, edited=edited)


def _replacement(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    if case.status is Status.UNKNOWN and "unknown_status" not in case.lifted:
        return case.blocked(
            _unknown(case), f"campaignctl apply --replace {case.key} --override unknown_status"
        )
    return Verdict(changes=(build.replace(site, wanted, case.record, case.status, case.live_digest),))


def _final(case: Case, wanted: DesiredCampaign, *, edited: bool) -> Verdict:
    """Sent, canceled, or waiting for a decision: nothing can be changed any more."""
    known_as = case.status if case.status is not Status.SENT else "already sent"
    if not edited:
        note = None
        if case.status is Status.CANCELED and case.record.status != Status.CANCELED:
            note = f"{case.key}: {case.record.id} was canceled outside of campaignctl"
        return Verdict(note=note, observed=case.bookkeeping(wanted))
    if wanted.source_digest == case.record.source_digest:
        return Verdict(quiet="final", observed=case.bookkeeping(wanted))
    return case.blocked(
        f"{known_as}; it cannot be changed",
        f"give the change a new key, or `--replace {case.key}` to create it again",
    )


def _alive(
    site: build.Site, case: Case, wanted: DesiredCampaign, spec: Mapping[str, Any], *, edited: bool
) -> Verdict:
    """Draft, manual, scheduled, paused, running, or a status that we do not know."""
    status = case.status
    if not edited and not case.drift:
        return Verdict(drift=case.drifts(), observed=case.bookkeeping(wanted))
    if edit.live_has(case, spec):
        observed = edit.taken_over(site, case, wanted, spec)
        return Verdict(drift=case.pause(), observed=observed)
    if status is Status.RUNNING:
        return _running(case, edited=edited)
    if status is Status.UNKNOWN and "unknown_status" not in case.lifted:
        return case.blocked(_unknown(case), _lift_unknown(case))
    if spec.get("is_draft") and _left_draft(case):
        return _no_way_back(case, edited=edited)
    return edit.edit(site, case, wanted, spec, edited=edited)


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
        return case.blocked("running", "pause it in the dashboard, or wait until it has run, then plan again")
    return Verdict(drift=case.drifts(), observed=case.bookkeeping(None))
