"""Declared and not recorded: what is created, and why it is not."""

from __future__ import annotations

from campaignctl.campaign.canonical import body_digest
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, ledger
from campaignctl.plan.case import Verdict
from campaignctl.plan.model import Blocked
from campaignctl.plan.question import Question
from campaignctl.schedule.sends import is_past, sends_of


def created(question: Question, site: build.Site, wanted: DesiredCampaign, *, deliberate: bool) -> Verdict:
    """Create it, unless it is not active, its time is past, or it was sent before."""
    key, body = wanted.key, body_digest(wanted.spec)
    if wanted.lifecycle.phase != "active":
        # Creating and then pausing would leave a moment in which it sends.
        return Verdict(none=f"declared {wanted.lifecycle.phase}; created when active")
    sends = sends_of(wanted.spec, question.now)
    if sends.when == "scheduled" and is_past(sends, question.now):
        return _missed(question, key, body)
    sent = ledger.sent_before(question, body)
    lifted = site.lifts.lifts("resend", key)
    if sent and not (deliberate or lifted):
        return Verdict(blocked=ledger.sent_as(key, sent))
    looks = [
        ledger.released(question, site.lifts, key, release, again=deliberate or lifted)
        for release in ledger.releases(question, key, body)
    ]
    if blocked := next((look.blocked for look in looks if look.blocked), None):
        return Verdict(blocked=blocked)
    reason = "a deliberate second send" if sent else "not created yet"
    warnings = tuple(warning for look in looks for warning in look.warnings)
    change = build.create(site, wanted, reason=reason, warnings=warnings, deliberate=bool(sent))
    names = [name for look in looks for name in look.lifted]
    return Verdict(changes=(change,), lifted=(*(["resend"] if sent and not deliberate else []), *names))


def _missed(question: Question, key: str, body: str) -> Verdict:
    if question.state and question.state.missed.get(key) == body:
        return Verdict(quiet="missed")
    hint = f"set a new scheduled_time in {key}, or let one apply take note of it"
    blocked = Blocked(key, None, "missed", "its scheduled_time is past and it was never created", hint)
    return Verdict(blocked=blocked, missed=body)
