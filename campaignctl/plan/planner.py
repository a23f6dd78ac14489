"""Plan: every key through the decision table, in the order of an apply, with the guardrails' word.

A pure function of what is desired, recorded and live, and of the present.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from campaignctl.errors import in_environment
from campaignctl.plan import checkout, guardrails
from campaignctl.plan.case import Verdict
from campaignctl.plan.checks import Ground
from campaignctl.plan.holding import held_back, without_twins
from campaignctl.plan.judging import Bench, judged
from campaignctl.plan.model import Plan
from campaignctl.plan.moves import Moves, resolve
from campaignctl.plan.order import order
from campaignctl.plan.question import Question
from campaignctl.plan.renames import proposed, renamed
from campaignctl.plan.reviewed import admitted
from campaignctl.plan.select import select
from campaignctl.state.model import Entry, Record

# How many keys a quiet line names.
_KEYS_NAMED = 5


def decide(question: Question) -> Plan:
    """The plan. Raises UsageError when a target or a key to replace does not exist."""
    site, recorded = question.site(), question.records
    moves = _moves(question, recorded)
    keys = _chosen(question, moves)
    bench = Bench(question, site, recorded, moves, _replacing(question, keys))
    verdicts = {key: judged(bench, key) for key in keys}
    if question.options.reviewed is not None:
        verdicts = admitted(verdicts, question.options.reviewed, site.lifts, question.now)
    verdicts = without_twins(site, held_back(question.reading, verdicts))
    if not bench.only_looks:
        verdicts = proposed(verdicts, renamed(question.desired.campaigns, recorded, moves))
    return _assemble(question, verdicts)


def _moves(question: Question, recorded: dict[str, Record]) -> Moves:
    """The records that get other keys; none where nothing that is declared is brought about."""
    state, settled = question.state, question.reading.settled
    pending = state.pending if state else {}
    unsettled = [key for key, intent in pending.items() if intent.phase != "planned" and key not in settled]
    moves = resolve(question.desired.campaigns, recorded, unsettled)
    looks = question.options.destroy or question.options.refresh_only
    return Moves(heirs=moves.heirs) if looks else moves


def _chosen(question: Question, moves: Moves) -> list[str]:
    """The keys to decide, in a stable order: without those whose record goes to another key, and with all
    that are moved together."""
    state = question.state
    recorded = {*state.campaigns, *state.pending} if state else set()
    declared = question.desired.campaigns
    keys = sorted({*declared, *recorded})
    if question.options.targets:
        wanted = moves.together(select(question.options.targets, keys, "--target"))
        keys = [key for key in keys if key in wanted]
    left = moves.left
    return [key for key in keys if key in declared or key not in left]


def _replacing(question: Question, keys: list[str]) -> frozenset[str]:
    """The keys to replace: of those to decide, those that are declared."""
    wanted = question.desired.campaigns
    elsewhere = {"--target leaves it out": wanted.keys(), "no manifest declares it": keys}
    return select(question.options.replace, [key for key in keys if key in wanted], "--replace", elsewhere)


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
    actions = [change.action for verdict in verdicts.values() for change in verdict.changes]
    behind = filter(None, [checkout.warning(question, actions)])
    return (*behind, *question.reading.notes, *notes, *_nothing_done(verdicts), *_removed(question))


def _removed(question: Question) -> Iterator[str]:
    """A line about Removed documents that have nothing to remove any more."""
    recorded = question.records
    gone = [key for key in question.desired.removed if key not in recorded]
    if gone:
        yield f"{_named(gone)}: declared Removed and not recorded; the document can go"


def _nothing_done(verdicts: dict[str, Verdict]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for key, verdict in verdicts.items():
        if verdict.none:
            by_reason.setdefault(verdict.none, []).append(key)
    for reason, keys in by_reason.items():
        yield f"{_named(keys)}: {reason}"


def _named(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _KEYS_NAMED} more" if len(keys) > _KEYS_NAMED else ""
    return ", ".join(keys[:_KEYS_NAMED]) + more


def _assemble(question: Question, verdicts: dict[str, Verdict]) -> Plan:
    project, options = question.desired.project, question.options
    changes = tuple(
        sorted((change for verdict in verdicts.values() for change in verdict.changes), key=order)
    )
    observed = {key: verdict.observed for key, verdict in verdicts.items() if verdict.observed}
    left: dict[str, Record | None] = {change.moved_from: None for change in changes if change.moved_from}
    entry = Entry(records={**left, **observed}, decision=False)
    seen = question.state.after(entry) if question.state else None
    ground = Ground(project, seen, question.now)
    lifts = question.site().lifts
    blocked = tuple(
        replace(found, hint=in_environment(found.hint, project.environment))
        for verdict in verdicts.values()
        if (found := verdict.blocked)
    )
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
        objections=guardrails.objections(changes, ground, lifts),
        blocked=blocked,
        drift=tuple(drift for verdict in verdicts.values() for drift in verdict.drift),
        valid_until=guardrails.valid_until(changes, project.guardrails, question.now, lifts),
        commit=question.commit,
        url=project.api.url,
        company_id=question.reading.company_id or project.company_id,
        time_zone=project.time_zone,
        unchanged=unchanged,
        refreshed=question.reading.refreshed,
        overrides=tuple(sorted(set(options.overrides))),
        lifted=(
            *guardrails.lifted(changes, ground, lifts),
            *guardrails.rules_lifted({key: verdict.lifted for key, verdict in verdicts.items()}, lifts),
        ),
        notes=tuple(in_environment(note, project.environment) for note in _notes(question, verdicts)),
        missed={key: verdict.missed for key, verdict in verdicts.items() if verdict.missed},
        observed=observed,
    )
