"""Plan: every key through the decision table, in the order of an apply, with the guardrails' word.

A pure function of what is desired, recorded and live, and of the present.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from campaignctl.campaign.status import Status
from campaignctl.plan import build, guardrails, ledger, records, table
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.creation import created
from campaignctl.plan.holding import halted, held_back, without_twins
from campaignctl.plan.model import Blocked, Plan
from campaignctl.plan.order import order
from campaignctl.plan.question import Question
from campaignctl.plan.reviewed import admitted
from campaignctl.plan.select import select
from campaignctl.state.model import Entry, Intent, Record

# How many keys a quiet line names.
_KEYS_NAMED = 5


def decide(question: Question) -> Plan:
    """The plan. Raises UsageError when a target or a key to replace does not exist."""
    keys = _chosen(question)
    site = question.site()
    recorded = question.records
    replacing = _replacing(question, keys)
    verdicts = {key: _judged(question, site, key, recorded.get(key), key in replacing) for key in keys}
    if question.options.reviewed is not None:
        verdicts = admitted(verdicts, question.options.reviewed, site.lifts, question.now)
    verdicts = without_twins(site, held_back(question.reading, verdicts))
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


def _judged(
    question: Question, site: build.Site, key: str, record: Record | None, replacing: bool
) -> Verdict:
    """What becomes of one key, without what a halt stops."""
    former = [record.moved_from] if record and record.moved_from else []
    return halted(site, key, former, record, _verdict(question, site, key, record, replacing))


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
        return created(question, site, wanted, deliberate=replacing)
    live = reading.settled.get(key) or reading.live.get(key)
    read = key in reading.live or key in reading.settled
    case = Case(key, record, live, read, wanted, site.lifts, site.halts)
    if question.options.refresh_only:
        return _refresh_only(case)
    if wanted is None or question.options.destroy:
        return table.undeclared(site, case)
    return ledger.not_twice(question, case, table.declared(site, case, replacing=replacing))


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
        drift = tuple(shown for shown in drift if shown not in case.status_drift())
    if case.live and case.drift:
        return Verdict(drift=drift, observed=records.accepted(case.record, case.drift, case.live))
    return Verdict(drift=drift, observed=case.bookkeeping(None))


def _notes(question: Question, verdicts: dict[str, Verdict]) -> tuple[str, ...]:
    """Quiet lines: those of single keys, then one for every reason why nothing is done."""
    counts = Counter(verdict.quiet for verdict in verdicts.values() if verdict.quiet)
    notes = [verdict.note for verdict in verdicts.values() if verdict.note]
    if final := counts["final"]:
        differ = "campaigns differ" if final > 1 else "campaign differs"
        notes.append(f"{final} final {differ} only through defaults, variables or a newer version")
    if missed := counts["missed"]:
        were = "campaigns missed their time and were" if missed > 1 else "campaign missed its time and was"
        notes.append(f"{missed} {were} never created")
    return (*question.reading.notes, *notes, *_nothing_done(verdicts))


def _nothing_done(verdicts: dict[str, Verdict]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for key, verdict in verdicts.items():
        if verdict.none:
            by_reason.setdefault(verdict.none, []).append(key)
    for reason, keys in by_reason.items():
        more = f" and {len(keys) - _KEYS_NAMED} more" if len(keys) > _KEYS_NAMED else ""
        yield f"{', '.join(keys[:_KEYS_NAMED])}{more}: {reason}"


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
