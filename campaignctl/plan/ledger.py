"""The ledger of what was sent, and released campaigns: nothing is sent twice without a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of, to_end
from campaignctl.diff import content, split
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes, runs, update_rules
from campaignctl.plan.arming import SENDING, has_fired, runs_left
from campaignctl.plan.context import PlanContext, Unsettled
from campaignctl.plan.model import Action, Blocked, Change
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.project.model import Project
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Intent, State


def sent_before(ctx: PlanContext, spec: Mapping[str, Any], body: str) -> Sent | None:
    """The ledger's entry of this body, or of its content if both send at once, under any key."""
    entries = ctx.state.sent if ctx.state else ()
    shown = content(spec) if has_fired(spec) else None
    found = next(
        (one for one in entries if one.digest == body or (one.at_once and one.content == shown)), None
    )
    return found or (ctx.state.archive.sent_as(body, shown) if ctx.state else None)


def is_resend(ctx: PlanContext, one: Subject) -> bool:
    """Whether its content was sent before and may not be sent again."""
    sent = sent_before(ctx, one.manifest.spec, one.body)
    return sent is not None and not may_resend(ctx, one)


def missed(ctx: PlanContext, key: str) -> str | None:
    """The digest of the body that is recorded as missed for a key."""
    return ctx.state.missed.get(key) if ctx.state else None


def _sent_as(key: str, entry: Sent, campaign_id: str | None = None) -> Blocked:
    """The block of a key whose content is in the ledger."""
    said = f"{entry.key} ({entry.id or 'id not known'}) at {entry.at}"
    lost = entry.id if entry.key == key and campaign_id is None else None
    return resend(key, said, campaign_id, lost=lost)


def resend(key: str, sent: str, campaign_id: str | None = None, *, lost: str | None = None) -> Blocked:
    """The block of a content that was sent already. `lost` is the id of the campaign that had the same key:
    it was probably lost from the state, so the hint is to import it rather than to send again."""
    again = Command("apply", "--target", key, "--override", "resend")
    hint = Sentence(again)
    if lost is not None:
        hint = Sentence(Command("import", key, lost), ", or ", again, " to send it a second time")
    return Blocked(key, campaign_id, "sent", f"the same content was sent as {sent}", hint)


def _releases(ctx: PlanContext, key: str, body: str) -> Iterable[Released]:
    """The released campaigns that had this key or this body."""
    if ctx.state is None:
        return []
    found = [entry for entry in ctx.state.released if key == entry.key or body == entry.digest]
    return [*found, *ctx.state.archive.releases(key, body)]


def archived_as(ctx: PlanContext, key: str) -> Released | None:
    """The campaign of a key that was archived; None if none was."""
    return ctx.archived.get(key) or (ctx.state.archive.of_key(key) if ctx.state else None)


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
    status, shown = status_now(ctx, release, spec if same_body else None)
    once = f"{release.id}, once {release.key}, is"
    if status is Status.UNKNOWN and ctx.lifts.lifts("unknown_status", key):
        return _Check(warnings=(f"{once} {shown!r} and may still send",), lifted=("unknown_status",))
    if may_send(ctx, release, status):
        over = f'take it over with `adopt: "{release.id}"` in {key}'
        hint = f"{over}, or {to_end(status)} it in the dashboard"
        return _Check(Blocked(key, release.id, shown, f"{once} {shown} and can still send", hint))
    if status is Status.SENT and same_body and not again:
        lost = release.id if release.key == key else None
        return _Check(resend(key, f"{release.key} ({release.id})", lost=lost))
    if status in (Status.DRAFT, Status.MANUAL):
        return _Check(warnings=(f"{once} still there as {shown}",))
    return _Check()


def status_now(
    ctx: PlanContext, release: Released, spec: Mapping[str, Any] | None = None
) -> tuple[Status, str]:
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


def may_send(ctx: PlanContext, release: Released, status: Status) -> bool:
    """Whether a released campaign can still send; what is sent can, while its recurrence has runs left."""
    if status is not Status.SENT:
        return status.can_send
    live = ctx.reading.released.get(release.id)
    return runs_left(live.fields, ctx.now) if live else not release.ended


def not_twice(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict after the checks of a create, for other changes that start a campaign: an update that sends
    at once is checked against the ledger, a replacement against the released campaigns that were read, and
    each new time against the runs that the campaign had."""
    told = list(verdict.changes)
    lifted = list(verdict.lifted)
    for index, change in enumerate(verdict.changes):
        for check in _checks(ctx, one, change):
            if check.blocked is not None:
                return replace(verdict, lifted=tuple(lifted)).up_to(index, check.blocked)
            lifted += check.lifted
            again = told[index].deliberate_resend or "resend" in check.lifted
            warnings = (*told[index].warnings, *check.warnings)
            told[index] = replace(told[index], warnings=warnings, deliberate_resend=again)
    return verdict.having(changes=tuple(told), lifted=tuple(lifted))


def _checks(ctx: PlanContext, one: Subject, change: Change) -> Iterator[_Check]:
    if change.action is Action.REPLACE:
        for release in _releases(ctx, one.key, change.digest):
            if release.id in ctx.reading.released and release.id != one.record.id:
                yield _released(ctx, one.key, release, again=True)
    elif change.sends_at_once and not change.sets_winner and change.action is not Action.CREATE:
        sent = sent_before(ctx, change.spec or {}, change.digest)
        if sent and ctx.lifts.lifts("resend", one.key):
            yield _Check(lifted=("resend",))
        elif sent:
            yield _Check(_sent_as(one.key, sent, one.record.id))
    yield from _second_run(ctx, one, change)


def _second_run(ctx: PlanContext, one: Subject, change: Change) -> Iterator[_Check]:
    """Check a change that lets a campaign send again to the people it reached."""
    if not (why := _why_second(ctx, one, change)):
        return
    if ctx.lifts.lifts("resend", one.key):
        yield _Check(warnings=(f"a deliberate second send: {why}",), lifted=("resend",))
        return
    select = "--replace" if change.action is Action.REPLACE else "--target"
    again = Command("apply", select, one.key, "--override", "resend")
    yield _Check(Blocked(one.key, one.record.id, str(one.status), why, Sentence(again)))


def _why_second(ctx: PlanContext, one: Subject, change: Change) -> str | None:
    """Which run a change would repeat, or None: any run of a one-off campaign, the last one of a recurring
    one if the next follows soon."""
    seen = one.seen
    replaces = change.action is Action.REPLACE
    if replaces and one.status in (Status.SENT, Status.MISSING):
        return f"{one.record.id} is {one.status}, and may have reached the same people"
    if seen.began is None or not (replaces or change.action is Action.RESUME or _new_time(change)):
        return None
    before, spec = update_rules.target(one)[0], change.spec or {}
    if not before.get("recurrence"):
        return f"it began to send at {seen.began}; this sends to the same people again"
    soon = runs.follows_soon(before, change.sends, parse_iso(seen.began), spec, ctx.now)
    return f"it ran at {seen.began} and would run again at {iso(soon)}" if soon else None


def _new_time(change: Change) -> bool:
    """Whether an update lets a campaign send at another time."""
    moved = any(split(one.path)[0] in runs.TIMES for one in change.diff)
    return change.action is Action.UPDATE and moved and change.sends.when in SENDING


def may_resend(ctx: PlanContext, one: Subject) -> bool:
    """Whether a body that was sent may be sent again."""
    return one.replacing or ctx.lifts.lifts("resend", one.key)


def again_from(state: State, project: Project, intent: Intent, now: datetime) -> datetime | None:
    """From when on a create that was looked for and not found may be posted again; None if only a person can
    decide that.

    The marker has to reveal a second copy. What can send must neither have sent nor send within
    `api.settle.horizon`, and `api.settle.repost_after` must have passed since it was posted last.
    """
    if state.account.markers is not True or not project.api.markers or intent.at_once:
        return None
    posted = parse_iso(intent.at) if intent.at else now
    if intent.first_send is None:
        return min(posted, now)
    again = posted + project.api.settle.repost_after
    far = parse_iso(intent.first_send) - max(again, now) > project.api.settle.horizon
    return again if far else None


def undecided(key: str, again: datetime | None) -> Sentence:
    """What to do about a create that was not found: wait until it may be posted again, or decide."""
    retry = Command("state", "resolve", key, "--retry")
    if again is not None:
        later = f" from {iso(again)} on posts it again; sooner, if the dashboard shows none: "
        return Sentence(Command("apply"), later, retry)
    adopt = Command("state", "resolve", key, "--adopt", "ID")
    return Sentence(adopt, ", or ", retry, " if the dashboard shows none")


def two_campaigns(key: str, lives: Iterable[Live]) -> tuple[str, Sentence]:
    """The reason and the hint of a create with several campaigns: only a person can tell which one counts."""
    found = sorted(lives, key=lambda live: (live.create_time or "", live.id))
    made = [f"{one.id} (created {one.create_time or 'unknown'}, {status_of(one)})" for one in found]
    first, *rest = [Command("state", "resolve", key, "--adopt", one.id) for one in found]
    or_else = [part for each in rest for part in (" keeps that one and cancels the other; or ", each)]
    return f"{len(made)} campaigns carry its marker: {' and '.join(made)}", Sentence(first, *or_else)


def why_not_again(ctx: PlanContext, one: Subject, known: Unsettled) -> tuple[str, str] | None:
    """Why a create that was looked for and not found is not posted again by this plan, and what to do; None
    if it is. `known` says it where only a person can decide."""
    if asks := _asks_no_more(ctx, one):
        return f"its create was not found, and {asks}", undecided(one.key, None)
    intent, state = ctx.unsettled[one.key], ctx.state
    if state is None or (again := again_from(state, ctx.project, intent, ctx.now)) is None:
        return known.reason, known.hint
    if again <= ctx.now:
        return None
    return f"its create was not found; posted again from {iso(again)} on", undecided(one.key, again)


def _asks_no_more(ctx: PlanContext, one: Subject) -> str | None:
    """Why today's manifest does not ask for a lost create; None if it does."""
    if one.desired == "gone" or one.manifest.adopt is not None:
        return "it is no longer asked for by a manifest"
    if one.desired not in ("active", "replaced"):
        return f"it is declared {one.desired}"
    return "its manifest has changed since" if one.body != ctx.unsettled[one.key].digest else None


def may_repeat(ctx: PlanContext, one: Subject) -> bool:
    """Whether a create was looked for and not found, and this plan posts it again."""
    known = ctx.reading.unsettled.get(one.key)
    if known is None or not known.not_found or ctx.only_looks or one.key in ctx.moves.blocked:
        return False
    return why_not_again(ctx, one, known) is None


def archived(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: its key was archived, and its manifest has changed since."""
    entry = archived_as(ctx, one.key)
    if entry is None:
        raise AssertionError(f"{one.key} was archived")
    again = Command("apply", "--target", one.key, "--override", "resend")
    hint = Sentence("give it a new key (rename its file); or, to create it under this one: ", again)
    reason = f"this key was archived with {entry.id}, {entry.status}: its change reaches nobody"
    return Verdict(blocked=Blocked(one.key, entry.id, "archived", reason, hint))


def sent_already(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: the same content was already sent."""
    sent = sent_before(ctx, one.manifest.spec, one.body)
    return Verdict(blocked=_sent_as(one.key, sent) if sent else None)


def create(ctx: PlanContext, one: Subject) -> Verdict:
    """`create`; **blocked** if a released campaign of this key or body can still send."""
    return _create(ctx, one, None)


def posted_again(ctx: PlanContext, one: Subject) -> Verdict:
    """`create` once more, under the same intent; **blocked** as any create."""
    # A key that is still recorded is being replaced: its second send was asked for.
    if one.recorded is None and is_resend(ctx, one):
        return sent_already(ctx, one)
    return _create(ctx, one, ctx.unsettled[one.key])


def sends_again(ctx: PlanContext, one: Subject) -> bool:
    """Whether the campaign that its half done replacement canceled had begun to send."""
    half = ctx.half_done(one.key)
    sent = half is not None and ctx.state and any(entry.id == half.id for entry in ctx.state.sent)
    return bool(sent) and not may_resend(ctx, one)


def half_sent(ctx: PlanContext, one: Subject) -> Verdict:
    """**Blocked**: the replaced campaign had begun to send before it was canceled."""
    half = ctx.half_done(one.key)
    gone = half.id if half else None
    reason = (
        f"replace, half done: {gone} is canceled, and had begun to send; this sends to the same people again"
    )
    again = Command("apply", "--target", one.key, "--override", "resend")
    return Verdict(blocked=Blocked(one.key, gone, "half done", reason, Sentence(again)))


def _create(ctx: PlanContext, one: Subject, lost: Intent | None) -> Verdict:
    half = ctx.half_done(one.key)
    sent = sent_before(ctx, one.manifest.spec, one.body)
    again = may_resend(ctx, one)
    checks = [_released(ctx, one.key, each, again=again) for each in _releases(ctx, one.key, one.body)]
    if blocked := next((check.blocked for check in checks if check.blocked), None):
        return Verdict(blocked=blocked)
    reason = "a deliberate second send" if sent else "not created yet"
    if half is not None:
        reason = f"replace, half done: {half.id} is canceled"
    warnings = [warning for check in checks for warning in check.warnings]
    if lost is not None:
        reason = "posted again: not found"
        warnings.append(f"posted at {lost.at} with an unknown outcome, and not found since")
    if sent and (lost or half):
        warnings.append("a deliberate second send")
    known = lost or half
    change = changes.create(
        ctx,
        one.manifest,
        reason=reason,
        warnings=tuple(warnings),
        deliberate=bool(sent),
        intent=known.intent if known else None,
    )
    lifted = ["resend"] if sent and not one.replacing else []
    return Verdict(changes=(change,), lifted=(*lifted, *(name for check in checks for name in check.lifted)))
