"""Status: the live status, next run and drift of every campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from campaignctl.campaign import marker
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import is_quiet
from campaignctl.errors import CampaignctlError, Sentence
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import halted, records
from campaignctl.plan.arming import sends_after
from campaignctl.plan.context import behind_hint, behind_reason
from campaignctl.plan.model import Unmanaged
from campaignctl.plan.planner import select
from campaignctl.plan.runs import is_begun
from campaignctl.plan.subject import Subject
from campaignctl.plan.update_rules import target
from campaignctl.plan.winners import messages_of, recurs, waiting
from campaignctl.reconciler import foreign, stop_mark
from campaignctl.reconciler.opening import (
    Opening,
    check_company,
    check_environment,
    check_url,
    company_of,
    newest,
    opening_read,
    still_behind,
)
from campaignctl.reconciler.plan import copies_of
from campaignctl.reconciler.refresh import observe
from campaignctl.reconciler.run import Wiring
from campaignctl.review.reports import (
    PausedBy,
    PeriodReport,
    SentRow,
    StatusReport,
    StatusRow,
    Stop,
    UnmanagedReport,
)
from campaignctl.schedule.sends import is_past
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Record, State


def status(wiring: Wiring, desired: DesiredState, chosen: Collection[str] = ()) -> StatusReport:
    """Every recorded or declared campaign as the account shows it, or those of the chosen keys. Takes no lock
    and writes nothing.

    Raises what reading the state or the account raises, and CampaignctlError without a token if something
    has to be read.
    """
    state = wiring.backend.read()
    check_environment(state, wiring.project)
    halts = stop_mark.to_plan_with(wiring.backend, state)
    rows = _recorded(wiring, desired, state, halts) if state else []
    known = {row.key for row in rows}
    rows += [_declared(wanted, halts) for key, wanted in desired.campaigns.items() if key not in known]
    mark = halts.unreadable
    notes = [*wiring.clock_notes(), *([Sentence(f"{mark.reason}: ", mark.hint)] if mark else [])]
    opening = _opening(wiring, state, desired)
    behind = still_behind(opening.behind, wiring.backend.read()) if opening and opening.behind else ()
    lost = [Sentence(f"{behind_reason(behind)}: ", behind_hint(behind, state))] if behind else []
    found = [copy.blocked for copy in copies_of(opening.copies)] if opening else []
    notes += [Sentence(f"{each.key}: {each.reason}; ", each.hint) for each in found]
    if chosen:
        wanted = select(chosen, {row.key for row in rows}, "KEY")
        rows = [row for row in rows if row.key in wanted]
        notes = [note for note in notes if any(note.startswith(f"{row.key}: ") for row in rows)]
    in_order = tuple(sorted(rows, key=lambda row: row.key))
    told = (*lost, *notes)
    return StatusReport(in_order, wiring.now(), told, second_copies=bool(found), behind=bool(behind))


# The shortest period of a report that looks ahead.
_DAY = timedelta(days=1)


def since(wiring: Wiring, desired: DesiredState, begin: datetime) -> PeriodReport:
    """What was sent since a time, what is next for as long, and what differs. Raises as `status` does."""
    found, state = status(wiring, desired), wiring.backend.read()
    now, first = found.now, iso(begin)
    until = now + max(now - begin, _DAY)
    sent = {
        row.id: SentRow(row.key, row.id, row.began, row.name, row.status) for row in found.rows if row.began
    }
    for key, campaign_id, times in _sends_of(state):
        if times and campaign_id not in sent:
            sent[campaign_id] = SentRow(key, campaign_id, max(times))
    return PeriodReport(
        begin,
        until,
        found,
        tuple(sorted((one for one in sent.values() if first <= one.at <= iso(now)), key=lambda one: one.at)),
        tuple(sorted(_due(found.rows, iso(until)), key=lambda row: row.next_run or "")),
        tuple(row for row in found.rows if row.drift or not all(map(_is_quiet, row.unmanaged))),
        tuple(each for each in (state.proofs if state else ()) if each.phase == "sent" and each.at >= first),
    )


def _sends_of(state: State | None) -> Iterator[tuple[str, str | None, list[str]]]:
    """Key, id and times of what the ledger and the releases show as sent."""
    if state is None:
        return
    known: tuple[Sent | Released, ...] = (*state.sent, *state.released)
    for entry in (*known, *state.archive.sent, *state.archive.released):
        yield entry.key, entry.id, [at for at in entry.sends if at <= entry.at]


def _due(rows: Iterable[StatusRow], until: str) -> list[StatusRow]:
    return [row for row in rows if row.next_run and row.next_run <= until and (row.halt is None or row.goes)]


def _is_quiet(one: Unmanaged) -> bool:
    return is_quiet(one.path)


def unmanaged(wiring: Wiring, desired: DesiredState) -> UnmanagedReport:
    """The live campaigns that no state of ours knows. Reads the whole list, and writes nothing.

    Raises as `status` does.
    """
    api, state = wiring.need_api(), wiring.backend.read()
    check_environment(state, wiring.project)
    check_url(state, api.url)
    lives = [
        live
        for live in newest(api, (), live_only=True).lives
        if status_of(live) not in (Status.SENT, Status.CANCELED)
    ]
    check_company(company_of(lives), state, wiring.project)
    marked = [live for live in foreign.strangers(lives, state).values() if marker.read(live.fields)]
    rows = tuple(foreign.unmanaged(lives, state, desired))
    return UnmanagedReport(rows, wiring.now(), len(lives), len(marked))


def _opening(wiring: Wiring, state: State | None, desired: DesiredState) -> Opening | None:
    """The read that shows second copies, and whether the state knows every campaign of the project."""
    if wiring.api is None:
        return None
    return opening_read(wiring.api, state, wiring.project, desired.campaigns, live_only=True)


def _recorded(wiring: Wiring, desired: DesiredState, state: State, halts: Halts) -> list[StatusRow]:
    lives = _lives(wiring, desired, state, wiring.now())
    now = wiring.now()
    rows = [
        _row(
            Subject(
                key, record, lives.get(key), key in lives, desired.campaigns.get(key), halts=halts, now=now
            ),
            state,
            now,
        )
        for key, record in state.campaigns.items()
    ]
    rows += [
        StatusRow(key, intent.id, str(intent.spec.get("name", "")), "unsettled", False, pending=intent.phase)
        for key, intent in state.pending.items()
        if key not in state.campaigns and intent.phase != "planned"
    ]
    return rows


def _lives(wiring: Wiring, desired: DesiredState, state: State, now: datetime) -> Mapping[str, Live | None]:
    if all(records.final(record, now) for record in state.campaigns.values()):
        return {}
    if wiring.api is None:
        raise CampaignctlError("the live status needs a token", hint="set OCAMBA_TOKEN")
    check_url(state, wiring.api.url)
    return observe(wiring.api, state, desired, now, parallelism=wiring.parallelism).live


def _declared(wanted: DesiredCampaign, halts: Halts) -> StatusRow:
    """A declared campaign that does not exist yet."""
    return StatusRow(
        wanted.key,
        None,
        str(wanted.spec.get("name", "")),
        "not created",
        False,
        phase=wanted.lifecycle.phase,
        halt=_stop(Subject(wanted.key, None, None, False, wanted, halts=halts).halt),
    )


def _row(case: Subject, state: State, now: datetime) -> StatusRow:
    live, record = case.live, case.record
    seen = records.observed(record, live, now) if live else replace(record, status=str(case.status))
    intent = state.pending.get(case.key)
    return StatusRow(
        key=case.key,
        id=record.id,
        name=(live.name if live else "") or str(record.applied.get("name", "")),
        status=records.observed_status(live, record.applied) if live else str(case.status),
        read=case.read,
        next_run=records.next_send(seen, now),
        drift=case.drift,
        pending=intent.phase if intent and intent.phase != "planned" else None,
        declared=case.wanted is not None,
        phase=(case.wanted or record).lifecycle.phase,
        halt=_stop(case.halt),
        goes=halted.goes(case),
        paused_by=_paused_by(case),
        may_resume=_may_resume(case, seen),
        decide=_open_between(case),
        decide_run=waiting(case) if case.status is Status.NEEDS_DECISION and recurs(case) else None,
        changed_at=case.changed_at if case.drift or case.outside else None,
        unmanaged=case.outside,
        unconfirmed=seen.unconfirmed,
        began=seen.began,
    )


def _stop(found: tuple[Halt, str] | None) -> Stop | None:
    if found is None:
        return None
    halt, key = found
    return Stop(key, halt.who, halt.at, halt.reason, halt.keys)


def _paused_by(case: Subject) -> PausedBy | None:
    if case.status is not Status.PAUSED:
        return None
    if not case.paused_by_us:
        return "someone else"
    by_a_halt = case.halt or case.halts.paused(case.record.id)
    return "halt" if by_a_halt and not case.declared_paused else "manifest"


def _may_resume(case: Subject, seen: Record) -> bool:
    """Whether a resume of a paused campaign needs neither a new time nor another decision."""
    if case.status is not Status.PAUSED or case.wanted is None or is_begun(seen):
        return False
    sends = sends_after(case.record.applied, target(case)[1], case.now)
    return sends.first is not None and not is_past(sends, case.now)


def _open_between(case: Subject) -> tuple[str, ...]:
    if case.status is not Status.NEEDS_DECISION:
        return ()
    return tuple(str(message["name"]) for message in messages_of(case.live) if message.get("name"))
