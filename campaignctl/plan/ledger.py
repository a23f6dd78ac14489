"""What was sent, and what left the state: no body goes out twice by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import build
from campaignctl.plan.context import Case, Question, Verdict
from campaignctl.plan.model import Action, Blocked, Change, Lifts
from campaignctl.schedule.sends import is_past, sends_of
from campaignctl.state.model import Released, Sent


def sent_before(question: Question, body: str) -> Sent | None:
    """Who sent this very body before, over all keys."""
    entries = question.state.sent if question.state else ()
    return next((entry for entry in entries if entry.digest == body), None)


def sent_as(key: str, entry: Sent, campaign_id: str | None = None) -> Blocked:
    """The block of what the ledger has."""
    said = f"{entry.key} ({entry.id or 'id not known'}) at {entry.at}"
    lost = entry.id if entry.key == key and campaign_id is None else None
    return resend(key, said, campaign_id, lost=lost)


def resend(key: str, sent: str, campaign_id: str | None = None, *, lost: str | None = None) -> Blocked:
    """The block of what was sent already. `lost` is the campaign that had this very key: what is meant is
    rather to have it on record again than to send it twice."""
    again = Command("apply", "--target", key, "--override", "resend")
    hint = Sentence(again)
    if lost is not None:
        hint = Sentence(Command("import", key, lost), ", or ", again, " to send it a second time")
    return Blocked(key, campaign_id, "sent", f"the same body was sent as {sent}", hint)


def releases(question: Question, key: str, body: str) -> Iterable[Released]:
    """What left the state and had this key or this body."""
    if question.state is None:
        return ()
    return [entry for entry in question.state.released if key == entry.key or body == entry.digest]


@dataclass(frozen=True, slots=True)
class Look:
    """What a campaign that left the state means for a create: a block, or warnings, and what was lifted."""

    blocked: Blocked | None = None
    warnings: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()


def released(question: Question, lifts: Lifts, key: str, release: Released, *, again: bool) -> Look:
    """A campaign of the same key or body that left the state: it may still be able to send.

    `again`: a body that was sent may be sent again.
    """
    wanted = question.desired.campaigns[key].spec
    same_body = release.digest == body_digest(wanted)
    status, shown = _status_now(question, release, wanted if same_body else None)
    once = f"{release.id}, once {release.key}, is"
    if status is Status.UNKNOWN and lifts.lifts("unknown_status", key):
        return Look(warnings=(f"{once} {shown!r} and may still send",), lifted=("unknown_status",))
    if status.can_send:
        hint = f'take it over with `adopt: "{release.id}"` in {key}, or cancel it in the dashboard'
        return Look(Blocked(key, release.id, shown, f"{once} {shown} and can still send", hint))
    if status is Status.SENT and same_body and not again:
        lost = release.id if release.key == key else None
        return Look(resend(key, f"{release.key} ({release.id})", lost=lost))
    if status in (Status.DRAFT, Status.MANUAL):
        return Look(warnings=(f"{once} still there as {shown}",))
    return Look()


def _status_now(question: Question, release: Released, spec: Mapping[str, Any] | None) -> tuple[Status, str]:
    """The status of a released campaign and its word: as it was read, else as it was when it left."""
    if release.id not in question.reading.released:
        known = release.status in tuple(Status)
        return Status(release.status) if known else Status.UNKNOWN, release.status
    live: Live | None = question.reading.released[release.id]
    if live is None:
        return Status.MISSING, str(Status.MISSING)
    status = status_of(live, spec)
    if status is Status.UNKNOWN and release.status == Status.MANUAL:
        status = Status.MANUAL
    return status, str(status) if status is not Status.UNKNOWN else live.status or str(status)


def not_twice(question: Question, case: Case, verdict: Verdict) -> Verdict:
    """What goes for a create goes for all that sets a campaign off: the ledger for an update that sends
    at once, the releases that were read for a replacement."""
    looks = [look for change in verdict.changes for look in _looks(question, case, change)]
    blocked = next((look.blocked for look in looks if look.blocked), None)
    if blocked is None:
        return replace(verdict, lifted=(*verdict.lifted, *(name for look in looks for name in look.lifted)))
    return replace(verdict, changes=(), blocked=blocked, drift=case.drifts())


def _looks(question: Question, case: Case, change: Change) -> Iterator[Look]:
    if change.action is Action.REPLACE:
        for release in releases(question, case.key, change.digest):
            if release.id in question.reading.released and release.id != case.record.id:
                yield released(question, case.lifts, case.key, release, again=True)
    elif change.sends_at_once and not change.sets_winner:
        sent = sent_before(question, change.digest)
        if sent and case.lifted("resend"):
            yield Look(lifted=("resend",))
        elif sent:
            yield Look(sent_as(case.key, sent, case.record.id))


def created(question: Question, site: build.Site, wanted: DesiredCampaign, *, deliberate: bool) -> Verdict:
    """Create it, unless it is not active, its time is past, or it was sent before."""
    key, body = wanted.key, body_digest(wanted.spec)
    if wanted.lifecycle.phase != "active":
        # Creating and then pausing would leave a moment in which it sends.
        return Verdict(none=f"declared {wanted.lifecycle.phase}; created when active")
    sends = sends_of(wanted.spec, question.now)
    if sends.when == "scheduled" and is_past(sends, question.now):
        return _missed(question, key, body)
    sent = sent_before(question, body)
    lifted = site.lifts.lifts("resend", key)
    if sent and not (deliberate or lifted):
        return Verdict(blocked=sent_as(key, sent))
    looks = [
        released(question, site.lifts, key, release, again=deliberate or lifted)
        for release in releases(question, key, body)
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
