"""No change lets a campaign send what another one sends near it, unless that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from campaignctl.campaign.status import Status, to_end
from campaignctl.diff import content, sketch
from campaignctl.errors import Command, Names, Sentence
from campaignctl.plan import ledger, moves, twins
from campaignctl.plan.arming import SENDING
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Action, Blocked, Change
from campaignctl.plan.subject import Subject
from campaignctl.plan.twins import Campaign, collide
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.humanize import duration_text
from campaignctl.schedule.times import iso
from campaignctl.state.archive import NO_ARCHIVE
from campaignctl.state.ledger import Released
from campaignctl.state.model import Record

# How many campaigns a reason or a warning names.
_NAMED = 3


def apart(ctx: PlanContext, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts without changes that would send what another campaign sends near it, or what one that no
    manifest still asks for can send. What this plan cancels for that is waited for."""
    kept = dict(verdicts)
    if not any(starts(change) for verdict in verdicts.values() for change in verdict.changes):
        return kept
    others = _Others(ctx, [change for verdict in verdicts.values() for change in verdict.changes])
    for key, verdict in verdicts.items():
        for index, change in enumerate(verdict.changes):
            if not starts(change):
                continue
            checked = others.check(change)
            if isinstance(checked, Blocked):
                kept[key] = kept[key].up_to(index, checked)
                break
            if checked is not change:
                kept[key] = kept[key].changing(index, checked)
            if checked.deliberate_resend and not change.deliberate_resend:
                kept[key] = replace(kept[key], lifted=(*kept[key].lifted, "resend"))
    return kept | _said_alike({key: kept[key] for key in others.strange})


def _said_alike(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Creates that campaigns unknown to the state block: if there are many, the state may be lost, and all
    have one reason."""
    if len(verdicts) <= _NAMED:
        return {}
    reason = (
        f"{len(verdicts):,} campaigns of the account, unknown to this state, have the content of these: the"
        " state may be lost"
    )
    hint = Sentence(
        "the same campaigns: write `adopt: ID` in their manifests, with each id of ",
        Command("plan", "--format", "json"),
        "; to send one a second time: ",
        Command("apply", "--target", "KEY", "--override", "resend"),
    )
    return {
        key: replace(verdict, blocked=replace(verdict.blocked, reason=reason, hint=hint))
        for key, verdict in verdicts.items()
        if verdict.blocked
    }


def starts(change: Change) -> bool:
    """Whether a campaign then sends what it did not before, or at another time."""
    if change.sets_winner or change.spec is None or change.sends.when not in SENDING:
        return False
    made = change.action in (Action.CREATE, Action.REPLACE, Action.RESUME)
    return made or change.arms or change.changes_sends


def repeated(ctx: PlanContext, changes: Iterable[Change]) -> Blocked | None:
    """The block of the first saved change that would repeat a recorded campaign; None if none would.

    Whoever edits the file can take out the cancel of that campaign, or that a change waits for it. The file
    does not have the keys that are declared: as if all were.
    """
    saved = tuple(changes)
    if not any(map(starts, saved)):
        return None
    others = _Others(ctx, saved, recorded=True)
    for change in filter(starts, saved):
        checked = others.check(change)
        if isinstance(checked, Blocked):
            return checked
        if left := set(checked.waits_for) - set(change.waits_for):
            why = f"it does not wait until {min(left)} is canceled, which has this content"
            return Blocked(change.key, change.id, "", why, "")
    return None


class _Others:
    """The campaigns that a change may repeat, or the `recorded` ones alone. `strange` are the keys of creates
    that one unknown to the state blocks."""

    def __init__(self, ctx: PlanContext, changes: Collection[Change], *, recorded: bool = False) -> None:
        self._ctx, self._window = ctx, ctx.project.guardrails.twin_window
        self._declared = ctx.records if recorded else {**ctx.desired.campaigns, **ctx.moves.heirs}
        self._canceled = {change.id for change in changes if change.action is Action.CANCEL}
        self._renamed = moves.renamed(ctx.desired, ctx.records, ctx.moves)
        adopted = {change.key: change.record for change in changes if change.record is not None}
        # The records themselves are decoded when one of them is alike.
        self._keys: dict[str, list[str]] = {}
        for key in ctx.records:
            self._keys.setdefault(ctx.notes.sketch(ctx.records, key), []).append(key)
        self._records: dict[str, list[tuple[str, Record]]] = {}
        for key, record in adopted.items():
            self._records.setdefault(sketch(record.applied), []).append((key, record))
        self._by_content: dict[str, dict[str, list[tuple[str, Record]]]] = {}
        self.strange: list[str] = []
        # Of the changes of one key at most one starts.
        self._planned: dict[str | None, Change] = {}
        self._more: dict[str, list[Campaign]] = {}
        for each in () if recorded else self._left():
            self._more.setdefault(each.content, []).append(each)

    @cached_property
    def _by_id(self) -> Mapping[str | None, str]:
        return {record.id: key for key, record in reversed(list(self._ctx.records.items()))}

    def check(self, change: Change) -> Change | Blocked:
        """The change with what it repeats and waits for, or its block."""
        one = twins.of_change(change, self._ctx.now)
        waits, repeats, second = [], [], None
        same = self._recorded(one, sketch(change.spec or {}))
        for other in (*self._with(one, same), *_stored_as(self._ctx, change, one)):
            why = self._why_not(one, other)
            if why and not self._collided(change, other):
                if not _is_lifted(self._ctx, change, other):
                    self.strange += [change.key] if _is_strange(change, other) else []
                    return _blocked(change, other, why)
                second = second or why
            elif other.cancels:
                waits.append(str(other.id))
            elif other.content == one.content:
                repeats.append(other.name.rstrip(","))
        self._more.setdefault(one.content, []).append(one)
        self._planned[change.key] = change
        return _told(change, second, tuple(waits), repeats)

    def _why_not(self, one: Campaign, other: Campaign) -> str | None:
        """Why a campaign may not send next to another one; None if it may."""
        if other.goes and not other.cancels and not other.declared:
            what = "has this content" if other.content == one.content else f"seems to be renamed to {one.key}"
            return f"{other.name} {what}, is {other.status} and can still send"
        if not collide(one, other, self._window) or any(map(other.due, _first(one))):
            return None
        if one.times.at_once and other.times.at_once:
            when = "sends at once too" if other.planned else f"was sent at {iso(other.times.at_once)}"
            return f"{other.name} has this content and {when}"
        near = f"within {duration_text(self._window)} of it"
        if other.status == Status.MISSING:
            return f"{other.name} has this content, is missing and may have been sent {near}"
        return f"{other.name} has this content and sends {near}"

    def _recorded(self, one: Campaign, mark: str) -> list[tuple[str, Record]]:
        """The records with its content; all that share it have the `sketch` too."""
        if mark in self._keys:
            own = [(key, self._ctx.records[key]) for key in self._keys.pop(mark)]
            self._records[mark] = own + self._records.get(mark, [])
        alike = self._records.get(mark, ())
        if all(record.id == one.id for _, record in alike):
            return []
        if mark not in self._by_content:
            found = self._by_content[mark] = {}
            for key, record in alike:
                found.setdefault(content(record.applied), []).append((key, record))
        return list(self._by_content[mark].get(one.content, ()))

    def _with(self, one: Campaign, records: list[tuple[str, Record]]) -> Iterator[Campaign]:
        """The other campaigns with its content, `records` among them, and the one that it seems to be renamed
        from, each once."""
        known = {one.id} - {None}
        if old := self._renamed.get(str(one.key)):
            records.append((old, self._ctx.records[old]))
        for key, record in records:
            if record.id not in known:
                known.add(record.id)
                yield self._of_record(key, record)
        for other in (*self._more.get(one.content, ()), *self._archived(one.content)):
            if other.planned or other.id is None:
                if other.key != one.key:
                    yield other
            elif other.id not in known:
                known.add(other.id)
                yield other

    def _archived(self, shown: str) -> Iterator[Campaign]:
        """The archived campaigns with a content, and what was sent with it."""
        for entry in self._ctx.state.archive.alike(shown) if self._ctx.state else ():
            status = entry.status if isinstance(entry, Released) else Status.SENT
            yield twins.of_entry(entry, Status(status))

    def _collided(self, change: Change, other: Campaign) -> bool:
        """Whether the campaign of a change collides with another one as both are now: that is no news."""
        before, was = self._before(change), None
        if before is None:
            return False
        if other.planned:
            was = self._before(self._planned[other.key])
        return collide(before, was or other, self._window)

    def _before(self, change: Change) -> Campaign | None:
        """The campaign of an update or a replacement as it can send now."""
        key = self._by_id.get(str(change.id)) if change.action in (Action.UPDATE, Action.REPLACE) else None
        before = self._of_record(key, self._ctx.records[key]) if key is not None else None
        return before if before and before.goes else None

    def _of_record(self, key: str, record: Record) -> Campaign:
        ctx, reading = self._ctx, self._ctx.reading
        live = reading.settled.get(key) or reading.live.get(key)
        one = Subject(key, record, live, key in reading.live, None, now=ctx.now)
        return twins.of_record(one, declared=key in self._declared, cancels=record.id in self._canceled)

    def _left(self) -> Iterator[Campaign]:
        """The campaigns without a record: pending, released, sent, and those of others."""
        ctx = self._ctx
        yield from _of_others(ctx)
        for key, intent in ctx.unsettled.items():
            if key not in ctx.records:
                yield twins.of_intent(key, intent, ctx.now, declared=key in ctx.desired.campaigns)
        if ctx.state is None:
            return
        for release in ctx.state.released:
            status, shown = ledger.status_now(ctx, release)
            lifted = status is Status.UNKNOWN and ctx.lifts.lifts("unknown_status", release.key)
            if release.content and not lifted:
                goes, live = ledger.may_send(ctx, release, status), ctx.reading.released.get(release.id)
                yield twins.of_release(
                    twins.of_entry(release, status, shown), release, live, ctx.now, goes=goes
                )
        for entry in ctx.state.sent:
            if entry.content:
                yield twins.of_entry(entry)


def _of_others(ctx: PlanContext) -> Iterator[Campaign]:
    """The campaigns of the account that the state does not know."""
    seen = ctx.reading.foreign
    old = ctx.state.archive if ctx.state else NO_ARCHIVE
    for live in seen.values():
        if live is not None and "messages" in live.fields and not old.has_id(live.id):
            yield from filter(None, [twins.of_live(live, ctx.now, content(live.fields))])
    for campaign_id, entry in (ctx.state.foreign if ctx.state else {}).items():
        if entry.content and campaign_id not in seen:
            yield twins.of_foreign(campaign_id, entry)
        elif entry.content and seen[campaign_id] is None:
            yield twins.of_lost(campaign_id, entry, ctx.now)


def _stored_as(ctx: PlanContext, change: Change, one: Campaign) -> Iterator[Campaign]:
    """Those of them that have its content apart from texts that the API may rewrite."""
    for live in filter(None, ctx.reading.foreign.values() if change.lifecycle.accept_stored else ()):
        if live.id != change.id and twins.is_stored_as(live, change):
            yield from filter(None, [twins.of_live(live, ctx.now, one.content)])


def twin_of_others(ctx: PlanContext, change: Change) -> str | None:
    """Why a change may not be made next to campaigns that the state does not know; None if it may."""
    one, window = twins.of_change(change, ctx.now), ctx.project.guardrails.twin_window
    for other in (*_of_others(ctx), *_stored_as(ctx, change, one)):
        if other.id != change.id and collide(one, other, window):
            return f"{other.name} has this content and sends near it"
    return None


def _is_strange(change: Change, other: Campaign) -> bool:
    return change.action is Action.CREATE and other.key is None and other.status != Status.MISSING


def _is_lifted(ctx: PlanContext, change: Change, other: Campaign) -> bool:
    """Whether a second send is asked for: at all, or next to a campaign of that environment."""
    if ctx.lifts.lifts("resend", change.key):
        return True
    if (made_by := other.made_by) is None:
        return False
    names = {each.against for each in ctx.lifts.standing} - {None}
    against = [name for name in names if replace(ctx.project.owner, environment=name).made(made_by)]
    return any(ctx.lifts.override("resend", change.key, name) for name in against)


def _first(one: Campaign) -> Iterator[datetime]:
    """The first send of a campaign at a time of its own."""
    times = one.times
    if times.runs is not None:
        yield from times.runs.next(times.since)
    elif times.spans:
        yield min(times.spans)[0]


def _told(change: Change, second: str | None, waits: tuple[str, ...], repeats: list[str]) -> Change:
    """The change with what it repeats and waits for."""
    warnings, reason = list(change.warnings), change.reason
    if second is not None:
        warnings.append(f"a deliberate second send: {second}")
        return replace(change, warnings=tuple(warnings), deliberate_resend=True)
    if repeats and change.action is Action.CREATE:
        same = ": the same content to the same audience"
        warnings.append(Sentence("repeats ", Names(tuple(repeats), _NAMED), same))
    if waits:
        reason = Sentence(reason, "; once ", Names(waits, _NAMED), " is canceled")
    if not (repeats or waits):
        return change
    return replace(change, warnings=tuple(warnings), reason=reason, waits_for=waits)


def _blocked(change: Change, other: Campaign, why: str) -> Blocked:
    """The block of a change that would repeat another campaign, with the ways out."""
    select = "--replace" if change.action is Action.REPLACE else "--target"
    again = Command("apply", select, change.key, "--override", "resend")
    status = other.status or "planned"
    return Blocked(change.key, other.id or change.id, status, why, Sentence(*_instead(change, other), again))


def _instead(change: Change, other: Campaign) -> tuple[str | Command, ...]:
    """What to do instead of sending both."""
    if other.status == Status.MISSING:
        return ("if it was not sent, or to send it a second time: ",)
    if other.planned or (other.recorded and other.declared):
        return ("give one of them another content, audience or time; to send both: ",)
    if other.recorded:
        return (f"if it was renamed, write `moved: {{from: {other.key}}}` in {change.key}; to send both: ",)
    if other.id is None:
        return (f"{other.key} is settled by ", Command("apply"), "; to send both: ")
    if change.action is not Action.CREATE:
        end = f"{to_end(other.status)} that one in the dashboard; " if other.goes else ""
        return (f"{end}to send both: ",)
    return (f'if it is the same campaign, write `adopt: "{other.id}"` in {change.key}; to send both: ',)
