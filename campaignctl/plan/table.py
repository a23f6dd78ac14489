"""The decision table: what becomes of one recorded key, from what is desired, recorded and live.

Each row of the table is one small function; `undeclared` and `declared` pick the row.
"""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

from campaignctl.campaign.status import Status
from campaignctl.diff import alike, equal
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, edit, phase, winner
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.sending import runs_left

DESTROYED = "destroyed"
"""Why a campaign goes that is declared all the same."""


def undeclared(site: build.Site, case: Case) -> Verdict:
    """Recorded and no longer declared: cancel what can send, forget the rest, never guess."""
    return replace(_undeclared(site, case), observed=case.bookkeeping(None))


def _undeclared(site: build.Site, case: Case) -> Verdict:
    status, record = case.status, case.record
    lifecycle = case.wanted.lifecycle if case.wanted else record.lifecycle
    reason = DESTROYED if case.wanted else "declared Removed" if case.removed else "no longer declared"
    if status not in (Status.SENT, Status.CANCELED) and (
        lifecycle.prevent_destroy or record.lifecycle.prevent_destroy
    ):
        return case.blocked("protected by prevent_destroy", _lift_protection(case))
    if (case.removed.on_destroy if case.removed else lifecycle.on_destroy) == "forget":
        warnings = (f"{record.id} stays {status} in the account",) if status.can_send else ()
        return Verdict(
            changes=(build.forget(case.key, record, case.live_digest, reason=reason, warnings=warnings),)
        )
    if status is Status.UNKNOWN and not case.lifted("unknown_status"):
        return case.unknown("destroy --target" if case.wanted else "apply --target")
    if status is Status.NEEDS_DECISION or _sent_but_recurring(site, case):
        return case.blocked(
            f"{status}: it may still send",
            f"decide or pause {record.id} in the dashboard, or declare {case.key} by a document of"
            " `kind: Removed` with `on_destroy: forget`",
        )
    if status in (Status.SCHEDULED, Status.RUNNING, Status.PAUSED, Status.UNKNOWN):
        change = build.cancel(site, case.key, record, case.live_digest, reason=reason)
        return Verdict(changes=(change,), lifted=("unknown_status",) if status is Status.UNKNOWN else ())
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


def declared(site: build.Site, case: Case, *, replacing: bool) -> Verdict:
    """Recorded and declared."""
    wanted = case.wanted
    if wanted is None:
        raise AssertionError("declared() is for declared keys")
    if replacing:
        return _replacement(site, case, wanted)
    if case.status is Status.MISSING:
        return _missing(case, wanted)
    if wanted.lifecycle.phase != "active":
        return phase.inactive(site, case, wanted)
    if case.status in (Status.SENT, Status.CANCELED, Status.NEEDS_DECISION):
        return _final(site, case, wanted)
    return phase.active(site, case, wanted)


def _replacement(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    if wanted.lifecycle.phase != "active":
        return case.blocked(
            f"declared {wanted.lifecycle.phase}, and a replacement would be active",
            f"set `phase: active` in {case.key}, or plan without `--replace {case.key}`",
        )
    unknown = case.status is Status.UNKNOWN
    if unknown and not case.lifted("unknown_status"):
        return case.unknown("apply --replace")
    change = build.replace(site, wanted, case.record, case.status, case.live_digest)
    return Verdict(changes=(change,), lifted=("unknown_status",) if unknown else ())


def _missing(case: Case, wanted: DesiredCampaign) -> Verdict:
    key = quote(case.key)
    replaced = f"`campaignctl apply --replace {key}` creates it again, "
    again = replaced if wanted.lifecycle.phase == "active" else ""
    return case.blocked(
        f"not found under {case.record.id} in this account",
        f"{again}`campaignctl state rm {key}` forgets it",
    )


def _final(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Sent, canceled, or waiting for a decision: nothing can be changed any more."""
    if case.status is Status.CANCELED and case.record.lifecycle.phase == "canceled":
        return case.blocked("canceled, which is final, and declared active again", _create_again(case))
    if case.status is Status.NEEDS_DECISION and (decided := winner.undecided(site, case, wanted)):
        return decided
    verdict = _ended(case, wanted)
    return replace(verdict, note=winner.waits(case)) if case.status is Status.NEEDS_DECISION else verdict


def _ended(case: Case, wanted: DesiredCampaign) -> Verdict:
    spec = edit.effective(wanted.spec, case)
    if equal(spec, case.record.applied) or alike(spec, case.record.applied):
        return Verdict(note=case.canceled_by_others(), observed=case.bookkeeping(wanted))
    if wanted.source_digest == case.record.source_digest:
        return Verdict(quiet="final", observed=case.bookkeeping(wanted))
    known_as = case.status if case.status is not Status.SENT else "already sent"
    return case.blocked(f"{known_as}; it cannot be changed", _create_again(case))


def _create_again(case: Case) -> str:
    again = f"campaignctl apply --replace {quote(case.key)}"
    return f"give the change a new key, or `{again}` to create it again"
