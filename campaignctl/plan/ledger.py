"""The ledger of sent bodies and released campaigns: no body is sent twice without a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Blocked, Change
from campaignctl.plan.subject import Subject, Verdict
from campaignctl.state.model import Released, Sent


def sent_before(ctx: PlanContext, body: str) -> Sent | None:
    """The ledger's entry of this body, under any key."""
    entries = ctx.state.sent if ctx.state else ()
    return next((entry for entry in entries if entry.digest == body), None)


def is_resend(ctx: PlanContext, one: Subject) -> bool:
    """Whether its body was sent before and may not be sent again."""
    sent = sent_before(ctx, one.body)
    return sent is not None and not may_resend(ctx, one)


def missed(ctx: PlanContext, key: str) -> str | None:
    """The digest of the body that is recorded as missed for a key."""
    return ctx.state.missed.get(key) if ctx.state else None


def _sent_as(key: str, entry: Sent, campaign_id: str | None = None) -> Blocked:
    """The block of a key whose body is in the ledger."""
    said = f"{entry.key} ({entry.id or 'id not known'}) at {entry.at}"
    lost = entry.id if entry.key == key and campaign_id is None else None
    return resend(key, said, campaign_id, lost=lost)


def resend(key: str, sent: str, campaign_id: str | None = None, *, lost: str | None = None) -> Blocked:
    """The block of a body that was already sent. `lost` is the id of the campaign that had the same key: it
    was probably lost from the state, so the hint is to import it rather than to send again."""
    again = Command("apply", "--target", key, "--override", "resend")
    hint = Sentence(again)
    if lost is not None:
        hint = Sentence(Command("import", key, lost), ", or ", again, " to send it a second time")
    return Blocked(key, campaign_id, "sent", f"the same body was sent as {sent}", hint)


def _releases(ctx: PlanContext, key: str, body: str) -> Iterable[Released]:
    """The released campaigns that had this key or this body."""
    entries = ctx.state.released if ctx.state else ()
    return [entry for entry in entries if key == entry.key or body == entry.digest]


@dataclass(frozen=True, slots=True)
class _Check:
    """The result of checking a change against the ledger: a block, or warnings, and the lifted rules."""

    blocked: Blocked | None = None
    warnings: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()


def _released(ctx: PlanContext, key: str, release: Released, *, again: bool) -> _Check:
    """Check a create against a released campaign of the same key or body, which may still be able to send.

    `again`: a body that was sent may be sent again.
    """
    spec = ctx.desired.campaigns[key].spec
    same_body = release.digest == body_digest(spec)
    status, shown = _status_now(ctx, release, spec if same_body else None)
    once = f"{release.id}, once {release.key}, is"
    if status is Status.UNKNOWN and ctx.lifts.lifts("unknown_status", key):
        return _Check(warnings=(f"{once} {shown!r} and may still send",), lifted=("unknown_status",))
    if status.can_send:
        hint = f'take it over with `adopt: "{release.id}"` in {key}, or cancel it in the dashboard'
        return _Check(Blocked(key, release.id, shown, f"{once} {shown} and can still send", hint))
    if status is Status.SENT and same_body and not again:
        lost = release.id if release.key == key else None
        return _Check(resend(key, f"{release.key} ({release.id})", lost=lost))
    if status in (Status.DRAFT, Status.MANUAL):
        return _Check(warnings=(f"{once} still there as {shown}",))
    return _Check()


def _status_now(ctx: PlanContext, release: Released, spec: Mapping[str, Any] | None) -> tuple[Status, str]:
    """The status of a released campaign, and the word to show: as read now, else as when it was released."""
    if release.id not in ctx.reading.released:
        known = release.status in tuple(Status)
        return Status(release.status) if known else Status.UNKNOWN, release.status
    live = ctx.reading.released[release.id]
    if live is None:
        return Status.MISSING, str(Status.MISSING)
    status = status_of(live, spec)
    if status is Status.UNKNOWN and release.status == Status.MANUAL:
        status = Status.MANUAL
    return status, str(status) if status is not Status.UNKNOWN else live.status or str(status)


def not_twice(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict after the checks of a create, for other changes that start a campaign: an update that sends
    at once is checked against the ledger, a replacement against the released campaigns that were read."""
    checks = [check for change in verdict.changes for check in _checks(ctx, one, change)]
    blocked = next((check.blocked for check in checks if check.blocked), None)
    if blocked is None:
        return replace(
            verdict, lifted=(*verdict.lifted, *(name for check in checks for name in check.lifted))
        )
    return replace(verdict, changes=(), blocked=blocked, drift=one.drifts())


def _checks(ctx: PlanContext, one: Subject, change: Change) -> Iterator[_Check]:
    if change.action is Action.REPLACE:
        for release in _releases(ctx, one.key, change.digest):
            if release.id in ctx.reading.released and release.id != one.record.id:
                yield _released(ctx, one.key, release, again=True)
    elif change.sends_at_once and not change.sets_winner:
        sent = sent_before(ctx, change.digest)
        if sent and ctx.lifts.lifts("resend", one.key):
            yield _Check(lifted=("resend",))
        elif sent:
            yield _Check(_sent_as(one.key, sent, one.record.id))


def may_resend(ctx: PlanContext, one: Subject) -> bool:
    """Whether a body that was sent may be sent again."""
    return one.replacing or ctx.lifts.lifts("resend", one.key)


def sent_already(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: the same body was already sent."""
    sent = sent_before(ctx, one.body)
    return Verdict(blocked=_sent_as(one.key, sent) if sent else None)


def create(ctx: PlanContext, one: Subject) -> Verdict:
    """`create`; **blocked** if a released campaign of this key or body can still send."""
    sent = sent_before(ctx, one.body)
    again = may_resend(ctx, one)
    checks = [_released(ctx, one.key, each, again=again) for each in _releases(ctx, one.key, one.body)]
    if blocked := next((check.blocked for check in checks if check.blocked), None):
        return Verdict(blocked=blocked)
    reason = "a deliberate second send" if sent else "not created yet"
    warnings = tuple(warning for check in checks for warning in check.warnings)
    change = changes.create(ctx, one.manifest, reason=reason, warnings=warnings, deliberate=bool(sent))
    lifted = ["resend"] if sent and not one.replacing else []
    return Verdict(changes=(change,), lifted=(*lifted, *(name for check in checks for name in check.lifted)))
