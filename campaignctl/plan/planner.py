"""Plan: every key through the decision table, in the order of an apply, with the guardrails' word.

A pure function of what is desired, recorded and live, and of the present.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.manifest.desired import DesiredCampaign, DesiredState
from campaignctl.plan import build, guardrails, records, table
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.model import Action, Blocked, Change, Plan
from campaignctl.plan.options import Lifts, Options
from campaignctl.plan.reading import RECOVER, Reading, ids_of
from campaignctl.plan.reviewed import admitted
from campaignctl.plan.select import select
from campaignctl.schedule.sends import is_past, sends_of
from campaignctl.state.model import Entry, Intent, Record, Released, State

_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a plan is made of. `new_id` gives intents their ids."""

    desired: DesiredState
    state: State | None
    reading: Reading
    options: Options
    now: datetime
    new_id: Callable[[], str]
    tool_version: str
    commit: str | None = None

    @property
    def records(self) -> dict[str, Record]:
        """Recorded campaigns, with those that were found for a pending create."""
        if self.state is None:
            return {}
        found = {
            key: records.created(self.state.pending[key], live, self.now)
            for key, live in self.reading.settled.items()
        }
        return {**self.state.campaigns, **found}


def decide(question: Question) -> Plan:
    """The plan. Raises UsageError when a target or a key to replace does not exist."""
    keys = _chosen(question)
    site = build.Site(question.desired.project, question.now, question.new_id, question.commit)
    recorded = question.records
    replacing = _replacing(question, keys)
    verdicts = {key: _verdict(question, site, key, recorded.get(key), key in replacing) for key in keys}
    if question.options.reviewed is not None:
        lifts = Lifts.at(question.now, question.options.overrides, question.desired.project.overrides)
        verdicts = admitted(verdicts, question.options.reviewed, lifts, question.now)
    verdicts = _without_twins(_held_back(question, verdicts), question.options)
    return _assemble(question, verdicts)


def _chosen(question: Question) -> list[str]:
    """The keys to decide, in a stable order."""
    state = question.state
    recorded = {*state.campaigns, *state.pending} if state else set()
    keys = sorted({*question.desired.campaigns, *recorded})
    if not question.options.targets:
        return keys
    wanted = select(question.options.targets, keys, "--target")
    return [key for key in keys if key in wanted]


def _replacing(question: Question, keys: list[str]) -> frozenset[str]:
    """The keys to replace: of those to decide, those that are declared."""
    declared = [key for key in keys if key in question.desired.campaigns]
    return select(question.options.replace, declared, "--replace")


def _verdict(
    question: Question, site: build.Site, key: str, record: Record | None, replacing: bool
) -> Verdict:
    reading = question.reading
    wanted = question.desired.campaigns.get(key)
    intent = question.state.pending.get(key) if question.state else None
    if intent and intent.phase != "planned" and key not in reading.settled:
        return _unsettled(question, key, intent)
    if record is None:
        if wanted is None or question.options.destroy or question.options.refresh_only:
            return Verdict()
        return _missing_record(question, site, wanted, deliberate=replacing)
    live = reading.settled.get(key) or reading.live.get(key)
    read = key in reading.live or key in reading.settled
    case = Case(key, record, live, read, wanted, frozenset(question.options.overrides))
    if question.options.refresh_only:
        return _refresh_only(case)
    if wanted is None or question.options.destroy:
        return table.undeclared(site, case)
    return _not_twice(question, case, table.declared(site, case, replacing=replacing))


def _not_twice(question: Question, case: Case, verdict: Verdict) -> Verdict:
    """What goes for a create goes for all that sets a campaign off: the ledger for an update that sends
    at once, the releases that were read for a replacement."""
    blocked = None
    for change in verdict.changes:
        if change.action is Action.REPLACE:
            for release in _releases(question, case.key, change.digest):
                if release.id in question.reading.released and release.id != case.record.id:
                    blocked = blocked or _released(question, case.key, release, lifted=True)[0]
        elif change.sends_at_once and "resend" not in question.options.overrides:
            sent = _sent_before(question, change.digest)
            blocked = _resend(case.key, sent, case.record.id) if sent else None
    return replace(verdict, changes=(), blocked=blocked.blocked, drift=case.drifts()) if blocked else verdict


def _unsettled(question: Question, key: str, intent: Intent) -> Verdict:
    """A write whose outcome nobody knows yet."""
    known = question.reading.unsettled.get(key)
    reason = known.reason if known else f"unsettled: nobody knows whether its {intent.operation} happened"
    hint = known.hint if known else "campaignctl apply"
    return Verdict(blocked=Blocked(key, intent.id, "unsettled", reason, hint))


def _refresh_only(case: Case) -> Verdict:
    """Live is taken over as it is; a pause that is on record already is no news."""
    drift = case.drifts()
    if case.record.status == Status.PAUSED:
        drift = tuple(shown for shown in drift if shown not in case.pause())
    if case.live and case.drift:
        return Verdict(drift=drift, observed=records.accepted(case.record, case.drift, case.live))
    return Verdict(drift=drift, observed=case.bookkeeping(None))


def _missing_record(
    question: Question, site: build.Site, wanted: DesiredCampaign, *, deliberate: bool
) -> Verdict:
    """Declared and not recorded: create it, unless its time is past or it was sent before."""
    key, body = wanted.key, body_digest(wanted.spec)
    sends = sends_of(wanted.spec, question.now)
    if sends.when == "scheduled" and is_past(sends, question.now):
        return _missed(question, key, body)
    lifted = deliberate or "resend" in question.options.overrides
    sent = _sent_before(question, body)
    if sent and not lifted:
        return _resend(key, sent)
    warnings: tuple[str, ...] = ()
    for release in _releases(question, key, body):
        verdict, warning = _released(question, key, release, lifted=lifted)
        if verdict:
            return verdict
        warnings += warning
    reason = "a deliberate second send" if sent else "not created yet"
    change = build.create(site, wanted, reason=reason, warnings=warnings, deliberate=bool(sent))
    return Verdict(changes=(change,))


def _missed(question: Question, key: str, body: str) -> Verdict:
    if question.state and question.state.missed.get(key) == body:
        return Verdict(quiet="missed")
    hint = f"set a new scheduled_time in {key}, or let one apply take note of it"
    blocked = Blocked(key, None, "missed", "its scheduled_time is past and it was never created", hint)
    return Verdict(blocked=blocked, missed=body)


def _sent_before(question: Question, body: str) -> str | None:
    """Who sent this very body before, over all keys."""
    state = question.state
    if state is None:
        return None
    for entry in state.sent:
        if entry.digest == body:
            return f"{entry.key} ({entry.id or 'id not known'}) at {entry.at}"
    return None


def _resend(key: str, sent: str, campaign_id: str | None = None) -> Verdict:
    hint = f"campaignctl apply --target {key} --override resend"
    return Verdict(blocked=Blocked(key, campaign_id, "sent", f"the same body was sent as {sent}", hint))


def _releases(question: Question, key: str, body: str) -> Iterable[Released]:
    if question.state is None:
        return ()
    return [entry for entry in question.state.released if key == entry.key or body == entry.digest]


def _released(
    question: Question, key: str, release: Released, *, lifted: bool
) -> tuple[Verdict | None, tuple[str, ...]]:
    """A campaign of the same key or body that left the state: it may still be able to send."""
    wanted = question.desired.campaigns[key].spec
    again = release.digest == body_digest(wanted)
    status, shown = _status_now(question, release, wanted if again else None)
    if status is Status.UNKNOWN and "unknown_status" in question.options.overrides:
        return None, (f"{release.id}, once {release.key}, is {shown!r} and may still send",)
    if status.can_send:
        hint = f"cancel {release.id} in the dashboard, then plan again"
        reason = f"{release.id}, once {release.key}, is {shown} and can still send"
        return Verdict(blocked=Blocked(key, release.id, shown, reason, hint)), ()
    if status is Status.SENT and again and not lifted:
        return _resend(key, f"{release.key} ({release.id})"), ()
    if status in (Status.DRAFT, Status.MANUAL):
        return None, (f"{release.id}, once {release.key}, is still there as {shown}",)
    return None, ()


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


def _held_back(question: Question, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """An unsettled intent that may have set a campaign off, and a state that is behind, stop creates and
    arming, and nothing else."""
    at_once = [known for known in question.reading.unsettled.values() if known.at_once]
    if at_once:
        reason = f"{at_once[0].key} may have been set off and is not settled"
        return _without_arming(verdicts, reason, at_once[0].hint)
    behind = question.reading.behind
    if behind:
        reason = f"the state is behind: it does not know {ids_of(behind)} of this project"
        return _without_arming(verdicts, reason, RECOVER)
    return verdicts


def _without_arming(verdicts: dict[str, Verdict], reason: str, hint: str) -> dict[str, Verdict]:
    held = dict(verdicts)
    for key, verdict in verdicts.items():
        kept = tuple(takewhile(lambda change: not _may_send(change), verdict.changes))
        if kept != verdict.changes:
            change = verdict.changes[len(kept)]
            blocked = Blocked(key, change.id, "held back", reason, hint)
            drift = tuple(replace(shown, corrected=False) for shown in verdict.drift)
            held[key] = replace(verdict, changes=kept, blocked=blocked, drift=drift)
    return held


def _may_send(change: Change) -> bool:
    return change.arms or change.action in (Action.CREATE, Action.REPLACE)


def _without_twins(verdicts: dict[str, Verdict], options: Options) -> dict[str, Verdict]:
    """Of several campaigns with one body that a plan sets off at once only the first goes out, but for
    those that `--replace` sends again deliberately."""
    first: dict[str, str] = {}
    kept = dict(verdicts)
    for key, verdict in verdicts.items():
        change = next((change for change in verdict.changes if change.sends_at_once), None)
        if change is None or "resend" in options.overrides:
            continue
        if first.setdefault(change.digest, key) != key and change.action is not Action.REPLACE:
            twin = _resend(key, f"{first[change.digest]}, in this very plan", change.id)
            kept[key] = replace(verdict, changes=(), blocked=twin.blocked)
    return kept


# The stages of an apply: what stops sending first, what sends at once last. Moves and adoptions cost no
# request and come before all, because what follows is put on record under their keys. A resume follows the
# update of its key.
_RECORD, _STOP, _FORGET, _CHANGE, _RESUME, _CREATE, _SEND = range(7)


_STAGES = {
    Action.MOVE: _RECORD,
    Action.ADOPT: _RECORD,
    Action.FORGET: _FORGET,
    Action.UPDATE: _CHANGE,
    Action.RESUME: _RESUME,
}


def _stage(change: Change) -> int:
    """The stage in which a change is carried out."""
    if change.action in (Action.CANCEL, Action.PAUSE):
        return _STOP
    if change.sends_at_once:
        return _SEND
    return _STAGES.get(change.action, _CREATE)


def order(change: Change) -> tuple[int, bool, datetime, str]:
    """The place of a change in an apply; within a stage what arms comes last, and soonest first."""
    stage = _stage(change)
    return stage, change.arms and stage == _CHANGE, change.sends.first or _LATEST, change.key


def stages(changes: Iterable[Change]) -> list[tuple[Change, ...]]:
    """The changes of a plan by stage, each in order; empty stages left out."""
    by_stage: dict[int, list[Change]] = {}
    for change in sorted(changes, key=order):
        by_stage.setdefault(_stage(change), []).append(change)
    return [tuple(by_stage[stage]) for stage in sorted(by_stage)]


def _notes(question: Question, verdicts: dict[str, Verdict]) -> tuple[str, ...]:
    counts = Counter(verdict.quiet for verdict in verdicts.values() if verdict.quiet)
    notes = [verdict.note for verdict in verdicts.values() if verdict.note]
    if final := counts["final"]:
        differ = "campaigns differ" if final > 1 else "campaign differs"
        notes.append(f"{final} final {differ} only through defaults, variables or a newer version")
    if missed := counts["missed"]:
        were = "campaigns missed their time and were" if missed > 1 else "campaign missed its time and was"
        notes.append(f"{missed} {were} never created")
    return (*question.reading.notes, *notes)


def _assemble(question: Question, verdicts: dict[str, Verdict]) -> Plan:
    project, options = question.desired.project, question.options
    changes = tuple(
        sorted((change for verdict in verdicts.values() for change in verdict.changes), key=order)
    )
    limits = project.guardrails
    observed = {key: verdict.observed for key, verdict in verdicts.items() if verdict.observed}
    seen = question.state.after(Entry(records=observed, decision=False)) if question.state else None
    blocked = tuple(verdict.blocked for verdict in verdicts.values() if verdict.blocked)
    unchanged = sum(1 for verdict in verdicts.values() if not verdict.changes and not verdict.blocked)
    return Plan(
        created_at=question.now,
        project=project.name,
        environment=project.environment,
        tool_version=question.tool_version,
        manifests_digest=question.desired.digest,
        lineage=question.state.lineage if question.state else None,
        serial=question.state.serial if question.state else 0,
        changes=changes,
        objections=guardrails.objections(changes, seen, limits, question.now, options.overrides),
        blocked=blocked,
        drift=tuple(drift for verdict in verdicts.values() for drift in verdict.drift),
        valid_until=guardrails.valid_until(changes, limits, question.now, options.overrides),
        commit=question.commit,
        url=project.api.url,
        company_id=question.reading.company_id or project.company_id,
        time_zone=project.time_zone,
        unchanged=unchanged,
        refreshed=question.reading.refreshed,
        overrides=tuple(sorted(set(options.overrides))),
        notes=_notes(question, verdicts),
        missed={key: verdict.missed for key, verdict in verdicts.items() if verdict.missed},
        observed=observed,
    )
