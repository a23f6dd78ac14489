"""Recover: record our campaigns that the state does not know. Nothing in the account changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import Marker
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import EVENT, compare
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import records, runs
from campaignctl.plan.arming import runs_left
from campaignctl.plan.context import not_ours
from campaignctl.project.model import Project
from campaignctl.reconciler import settle, stop_mark
from campaignctl.reconciler.created import created
from campaignctl.reconciler.opening import (
    Opening,
    check_company,
    check_environment,
    check_records,
    opening_read,
    ours,
    spread,
    tags_of,
    unknown_to,
)
from campaignctl.reconciler.run import Run, Wiring, new_state
from campaignctl.reconciler.state_ops import check_settled, intent_of
from campaignctl.review.reports import Found, Recovery
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Entry, Intent, Record, State

if TYPE_CHECKING:
    from campaignctl.api.client import OcambaApi

# The folder for campaigns without a key of their own. No manifest declares it, so the next plan shows their
# end.
ORPHANS = "recovered"

_OVER = (Status.SENT, Status.CANCELED)


@dataclass(frozen=True, slots=True)
class _Stray:
    """An unknown campaign, its marker and key, and the key to record it under."""

    live: Live
    made_by: Marker
    key: str | None
    into: str | None = None


def recover(wiring: Wiring, desired: DesiredState, *, write: bool) -> Recovery:
    """Find our campaigns that the state does not know; with `write`, record them under the lock.

    Raises what stops an apply, and StateError if a write of an earlier run is unsettled.
    """
    api = wiring.need_api()
    if not write:
        state = wiring.backend.read()
        opening = _opened(wiring, api, desired, state)
        strays = _decided(opening, desired, state, api)
        doubt = _doubt(desired.project, strays, state)
        return Recovery(_shown(strays), len(opening.scan.lives), written=False, doubt=doubt)
    with wiring.locked("state recover") as session:
        opening = _opened(wiring, api, desired, session.state)
        run = Run(wiring, session, opening)
        strays = _decided(opening, desired, session.state, api)
        if strays:
            check_settled(session.state, "its campaign may be one of the unknown ones", Command("apply"))
            _take_over(run, desired, strays)
        newest = wiring.newest.serial(session.state) if wiring.newest else 0
        if session.state and session.state.serial < newest:
            session.write(replace(session.state, serial=newest + 1))  # above that of every machine
    return Recovery(_shown(strays), len(opening.scan.lives), written=bool(strays))


def _doubt(project: Project, strays: Iterable[_Stray], state: State | None) -> str:
    """What to do if campaigns that only name the project's name are another repository's."""
    if not any(stray.made_by.scope == project.owner.scope_by_name for stray in strays):
        return ""
    whose = f"If another repository, whose project is named {project.name} too, created them, do not write"
    if project.id is None:
        return Sentence(f"{whose}: give this project an id; ", Command("doctor"), " prints the line")
    return Sentence(f"{whose}: ", not_ours(state))


def _opened(wiring: Wiring, api: OcambaApi, desired: DesiredState, state: State | None) -> Opening:
    """The opening read of the whole list: a missing campaign may be older than the newest page."""
    check_environment(state, desired.project)
    check_records(state)
    whole = replace(state, seen=()) if state else None
    keys = _keys(desired, state)
    opening = opening_read(api, whole, desired.project, keys)
    wiring.note_clock()
    return opening


def _keys(desired: DesiredState, state: State | None) -> set[str]:
    """Every key that a campaign may have been created under, as far as known."""
    before = {key for wanted in desired.campaigns.values() for key in wanted.moved_from}
    known = {*state.campaigns, *state.pending} if state else set()
    released = {entry.key for entry in (*state.released, *state.archive.released)} if state else set()
    return {*desired.campaigns, *desired.removed, *before, *known, *released}


# --------------------------------------------------------------------------------------- one key for each


def _decided(
    opening: Opening, desired: DesiredState, state: State | None, api: OcambaApi
) -> tuple[_Stray, ...]:
    """Every unknown campaign, newest first, with the key to record it under."""
    tags = tags_of(_keys(desired, state))
    unknown = unknown_to(state, ours(opening.scan.lives, desired.project, state))
    strays = [_Stray(live, made_by, tags.get(made_by.key)) for live, made_by in unknown]
    place = {live.id: number for number, live in enumerate(opening.scan.lives)}
    heads = _heads(strays, state, opening.lives, place, api)
    return tuple(replace(stray, into=_into(stray, heads)) for stray in strays)


def _heads(
    strays: Iterable[_Stray],
    state: State | None,
    lives: Mapping[str, Live],
    place: Mapping[str, int],
    api: OcambaApi,
) -> dict[str, str]:
    """The campaign that each key gets: the newest that is not final, else the newest that was sent."""
    contenders: dict[str, list[Live]] = {}
    for stray in strays:
        if stray.key is not None:
            contenders.setdefault(stray.key, []).append(stray.live)
    for key in set(contenders) & set(state.campaigns if state else ()):
        recorded = state.campaigns[key].id if state else ""
        if (live := lives.get(recorded) or api.read(recorded)) is not None:
            contenders[key].append(live)
    heads = {}
    for key, candidates in contenders.items():
        ranked = sorted(candidates, key=lambda live: (_rank(live), place.get(live.id, len(place))))
        if _rank(ranked[0]) < _RANKS[Status.CANCELED]:
            heads[key] = ranked[0].id
    return heads


_RANKS = {Status.SENT: 1, Status.CANCELED: 2}


def _rank(live: Live) -> int:
    return _RANKS.get(status_of(live), 0)


def _into(stray: _Stray, heads: Mapping[str, str]) -> str | None:
    """The key to record it under. A live campaign without a key must stay in sight."""
    if stray.key is not None and heads.get(stray.key) == stray.live.id:
        return stray.key
    return None if status_of(stray.live) in _OVER else f"{ORPHANS}/{stray.live.id}"


def _shown(strays: Iterable[_Stray]) -> tuple[Found, ...]:
    return tuple(
        Found(
            stray.live.id,
            stray.live.name,
            stray.key,
            stray.live.status or str(status_of(stray.live)),
            status_of(stray.live).can_send,
            stray.into,
        )
        for stray in strays
    )


# --------------------------------------------------------------------------------------------- taking over


def _take_over(run: Run, desired: DesiredState, strays: tuple[_Stray, ...]) -> None:
    """Record each campaign, oldest first, like an answered create. Raises AccountMismatch."""
    whole = spread(lambda stray: run.api.read(stray.live.id), strays, run.wiring.parallelism)
    for shown in filter(None, whole):  # a list may leave out whose account it is
        check_company(shown.company_id, run.session.state, run.project)
    if run.session.state is None:
        run.session.write(new_state(run))
    settle.drop_planned(run)
    for stray, live in reversed(list(zip(strays, whole, strict=True))):
        _record(run, desired, stray, live or stray.live)
    _note_halts(run, strays)


def _note_halts(run: Run, strays: tuple[_Stray, ...]) -> None:
    """Record which of these a halt in force has paused, so that lifting it resumes them."""
    halts = stop_mark.to_plan_with(run.wiring.backend, run.session.state)
    for key in filter(None, (stray.into for stray in strays)):
        record = run.state.campaigns[key]
        if halts.stopping([key], record.id) and halts.paused(record.id) and record.status == Status.PAUSED:
            run.record(Entry(records={key: replace(record, paused_by_us=True)}))


def _record(run: Run, desired: DesiredState, stray: _Stray, live: Live) -> None:
    wanted = desired.campaigns.get(stray.key) if stray.key else None
    intent = _intent(stray, live, wanted)
    if stray.into is not None:
        _make_room(run, stray.into)
        record = created(run, stray.into, intent, live)
    else:
        record = records.created(intent, live, run.now(), run.project.api.hidden)
        key = stray.key or f"{ORPHANS}/{live.id}"
        run.record(Entry(released=(records.released(key, record, record.status, run.now()),)))
    sent = tuple(_ledger(run, desired, intent, live, record))
    if sent:
        run.record(Entry(sent=sent))


def _make_room(run: Run, key: str) -> None:
    """Move a campaign that has the key and is not final to a key whose end the next plan shows."""
    old = run.state.campaigns.get(key)
    if old is None or old.status in _OVER:
        return
    # One that the list shows is there, whatever a read by its id says.
    if (live := run.api.read(old.id) or run.opening.lives.get(old.id)) is None:
        return
    if status_of(live, old.applied) in _OVER:
        run.record(Entry(records={key: records.observed(old, live, run.now())}))
        return
    run.record(Entry(records={key: None, f"{ORPHANS}/{old.id}": records.observed(old, live, run.now())}))


def _intent(stray: _Stray, live: Live, wanted: DesiredCampaign | None) -> Intent:
    """The create that it must have come from: its manifest's, if live matches that; with `run_immediately`
    only if that happened."""
    seen = replace(intent_of(live), intent=stray.made_by.intent)
    if wanted is None:
        return seen
    spec = {name: value for name, value in wanted.spec.items() if name != EVENT}
    if seen.at_once:
        spec[EVENT] = True
    if compare(spec, {}, live).changes:
        return replace(seen, lifecycle=wanted.lifecycle)
    return replace(
        seen,
        spec=spec,
        digest=body_digest(spec),
        source_digest=wanted.source_digest,
        lifecycle=wanted.lifecycle,
    )


def _ledger(run: Run, desired: DesiredState, intent: Intent, live: Live, record: Record) -> Iterator[Sent]:
    """New ledger entries of what was sent or began to be: its own body, and that of every manifest that it
    matches, under any key. A folder that was moved meanwhile must not send again."""
    status = status_of(live, intent.spec)
    over = status in _HAVE_SENT and not runs_left(intent.spec, run.now())
    if not (intent.at_once or over or runs.is_begun(record)):
        return
    known, old = {entry.digest for entry in run.state.sent}, run.state.archive
    bodies = [intent.digest, *_asked_by(desired, live, fired=intent.at_once)]
    for digest in dict.fromkeys(bodies):
        if digest not in known and not old.sent_as(digest, None):
            key = _key_of(run.state, live.id)
            yield records.sent(key, live.id, intent.spec, digest, run.now(), record.began)


_HAVE_SENT = (Status.RUNNING, Status.SENT, Status.NEEDS_DECISION)


def _asked_by(desired: DesiredState, live: Live, *, fired: bool) -> Iterator[str]:
    for wanted in desired.campaigns.values():
        alike = str(wanted.spec.get("name", "")).strip() == live.name.strip()
        if alike and bool(wanted.spec.get(EVENT)) == fired and not compare(wanted.spec, {}, live).changes:
            yield wanted.body_digest


def _key_of(state: State, campaign_id: str) -> str:
    held: Mapping[str, Record] = state.campaigns
    recorded = next((key for key, record in held.items() if record.id == campaign_id), None)
    released = next((entry.key for entry in state.released if entry.id == campaign_id), None)
    return recorded or released or f"{ORPHANS}/{campaign_id}"
