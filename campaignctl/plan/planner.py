"""The keys that an option of the command line names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from campaignctl.campaign.keys import named
from campaignctl.errors import Command, Sentence, UsageError
from campaignctl.plan import guardrails
from campaignctl.plan.context import Question, Verdict
from campaignctl.plan.decide import Bench, judged
from campaignctl.plan.guardrails import Ground
from campaignctl.plan.holds import held_back, without_twins
from campaignctl.plan.model import Action, Change, Plan
from campaignctl.plan.moves import Moves, proposed, renamed, resolve
from campaignctl.plan.reviewed import admitted
from campaignctl.schedule.humanize import instant
from campaignctl.schedule.times import parse_iso
from campaignctl.state.model import Entry, HistoryEntry, Record


def select(
    patterns: Iterable[str],
    keys: Collection[str],
    option: str,
    elsewhere: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> frozenset[str]:
    """The keys that the patterns name. Raises UsageError for a pattern that names none.

    `elsewhere` holds keys that cannot be chosen, by the reason why.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = named(pattern, keys)
        if not found:
            reason = next((why for why, others in elsewhere.items() if named(pattern, others)), "no such key")
            raise UsageError(
                f"{option} {pattern}: {reason}",
                hint=Sentence(
                    "",
                    Command("state", "list"),
                    " and ",
                    Command("validate"),
                    " show the keys of this project",
                ),
            )
        chosen |= found
    return frozenset(chosen)


_LATEST = datetime.max.replace(tzinfo=UTC)

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


_TAKES_BACK = frozenset({Action.CANCEL, Action.FORGET, Action.UPDATE, Action.REPLACE, Action.PAUSE})
_SHOWN = 12


def warning(question: Question, actions: Iterable[Action]) -> str | None:
    """A line for whoever is about to take back what they have not seen; None where nothing speaks for that.

    An older checkout may be meant (to go back), and what it takes away is shown as every change is; so it
    is a warning, and no objection.
    """
    if question.options.destroy or question.options.refresh_only or not _TAKES_BACK & set(actions):
        return None
    last = _last_applied(question)
    if last is None or last.commit in (None, question.commit) or not question.lacks(str(last.commit)):
        return None
    at = instant(parse_iso(last.at), question.desired.project.time_zone)
    return (
        f"this checkout does not have commit {str(last.commit)[:_SHOWN]}, which {last.who} applied on {at}."
        " What was added or changed there is taken back here; if that is not meant, `git pull` and plan again"
    )


def _last_applied(question: Question) -> HistoryEntry | None:
    """The last apply that did anything, or may have."""
    history = question.state.history if question.state else ()
    return next(
        (one for one in reversed(history) if one.outcome == "started" or one.outcomes.get("done")), None
    )


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
    behind = filter(None, [warning(question, actions)])
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
        yield Sentence(f"{_named(keys)}: ", reason)


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
        notes=tuple(_notes(question, verdicts)),
        missed={key: verdict.missed for key, verdict in verdicts.items() if verdict.missed},
        observed=observed,
    )
