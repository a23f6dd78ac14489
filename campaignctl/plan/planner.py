"""A plan: the keys that it is about, what each of them becomes, and in which order that is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.keys import named
from campaignctl.errors import Command, Sentence, UsageError
from campaignctl.plan import guardrails
from campaignctl.plan.context import PlanContext, Verdict
from campaignctl.plan.decide import judged
from campaignctl.plan.holds import held_back, without_twins
from campaignctl.plan.model import Action, Change, Plan
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


def warning(ctx: PlanContext, actions: Iterable[Action]) -> str | None:
    """A warning that this plan may revert changes that the checkout does not have; None otherwise.

    Going back may be intended, and every reverted change is shown; so it is no objection.
    """
    if ctx.options.destroy or ctx.options.refresh_only or not _TAKES_BACK & set(actions):
        return None
    last = _last_applied(ctx)
    if last is None or last.commit in (None, ctx.commit) or not ctx.lacks(str(last.commit)):
        return None
    at = instant(parse_iso(last.at), ctx.desired.project.time_zone)
    return (
        f"this checkout lacks commit {str(last.commit)[:_SHOWN]}, applied by {last.who} on {at}."
        " This plan reverts what that commit changed; if that is not intended, `git pull` and plan again"
    )


def _last_applied(ctx: PlanContext) -> HistoryEntry | None:
    """The last apply that did anything, or may have."""
    history = ctx.state.history if ctx.state else ()
    return next(
        (one for one in reversed(history) if one.outcome == "started" or one.outcomes.get("done")), None
    )


# How many keys a quiet line names.
_KEYS_NAMED = 5


def decide(ctx: PlanContext) -> Plan:
    """The plan. Raises UsageError when a target or a key to replace does not exist."""
    keys = _chosen(ctx)
    replacing = _replacing(ctx, keys)
    verdicts = {key: judged(ctx, key, replacing=key in replacing) for key in keys}
    if ctx.options.reviewed is not None:
        verdicts = admitted(ctx, verdicts, ctx.options.reviewed)
    verdicts = without_twins(ctx, held_back(ctx.reading, verdicts))
    if not ctx.only_looks:
        verdicts = _with_renames(ctx, verdicts)
    return _assemble(ctx, verdicts)


def _chosen(ctx: PlanContext) -> list[str]:
    """The keys to decide, in a stable order: without those whose record goes to another key, and with all
    that are moved together."""
    state = ctx.state
    recorded = {*state.campaigns, *state.pending} if state else set()
    declared = ctx.desired.campaigns
    keys = sorted({*declared, *recorded})
    if ctx.options.targets:
        wanted = ctx.moves.together(select(ctx.options.targets, keys, "--target"))
        keys = [key for key in keys if key in wanted]
    left = ctx.moves.left
    return [key for key in keys if key in declared or key not in left]


def _replacing(ctx: PlanContext, keys: list[str]) -> frozenset[str]:
    """The keys to replace: of those to decide, those that are declared."""
    wanted = ctx.desired.campaigns
    elsewhere = {"--target leaves it out": wanted.keys(), "no manifest declares it": keys}
    return select(ctx.options.replace, [key for key in keys if key in wanted], "--replace", elsewhere)


def _notes(ctx: PlanContext, verdicts: dict[str, Verdict]) -> tuple[str, ...]:
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
    behind = filter(None, [warning(ctx, actions)])
    return (*behind, *ctx.reading.notes, *notes, *_nothing_done(verdicts), *_removed(ctx))


def _removed(ctx: PlanContext) -> Iterator[str]:
    """A line about Removed documents that have nothing to remove any more."""
    recorded = ctx.records
    gone = [key for key in ctx.desired.removed if key not in recorded]
    if gone:
        yield f"{_named(gone)}: declared Removed and not recorded; the document can be deleted"


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


def _assemble(ctx: PlanContext, verdicts: dict[str, Verdict]) -> Plan:
    project, options = ctx.project, ctx.options
    changes = tuple(
        sorted((change for verdict in verdicts.values() for change in verdict.changes), key=order)
    )
    observed = {key: verdict.observed for key, verdict in verdicts.items() if verdict.observed}
    left: dict[str, Record | None] = {change.moved_from: None for change in changes if change.moved_from}
    entry = Entry(records={**left, **observed}, decision=False)
    seen = ctx.state.after(entry) if ctx.state else None
    afterwards, lifts = replace(ctx, state=seen), ctx.lifts
    blocked = tuple(verdict.blocked for verdict in verdicts.values() if verdict.blocked)
    unchanged = sum(1 for verdict in verdicts.values() if not verdict.changes and not verdict.blocked)
    return Plan(
        created_at=ctx.now,
        project=project.name,
        environment=project.environment,
        tool_version=ctx.tool_version,
        manifests_digest=ctx.desired.digest,
        lineage=ctx.state.lineage if ctx.state else None,
        serial=ctx.state.serial if ctx.state else 0,
        changes=changes,
        objections=guardrails.objections(changes, afterwards),
        blocked=blocked,
        drift=tuple(drift for verdict in verdicts.values() for drift in verdict.drift),
        valid_until=guardrails.valid_until(changes, project.guardrails, ctx.now, lifts),
        commit=ctx.commit,
        url=project.api.url,
        company_id=ctx.reading.company_id or project.company_id,
        time_zone=project.time_zone,
        unchanged=unchanged,
        refreshed=ctx.reading.refreshed,
        overrides=tuple(sorted(set(options.overrides))),
        lifted=(
            *guardrails.lifted(changes, afterwards),
            *guardrails.rules_lifted({key: verdict.lifted for key, verdict in verdicts.items()}, lifts),
        ),
        notes=tuple(_notes(ctx, verdicts)),
        missed={key: verdict.missed for key, verdict in verdicts.items() if verdict.missed},
        observed=observed,
    )


def _with_renames(ctx: PlanContext, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts, with the `moved` that would keep a campaign proposed as a note and as a warning of both
    changes. Nothing is blocked by it."""
    told = dict(verdicts)
    for old, new in _renamed(ctx).items():
        if old not in verdicts or new not in verdicts or not verdicts[old].changes:
            continue
        block = f"`moved: {{from: {old}}}`"
        said = f"{new} has the content of {old}; if it was renamed, write {block} in {new}"
        for key in (old, new):
            if told[key].changes:
                first, *others = told[key].changes
                warned = replace(first, warnings=(*first.warnings, said))
                told[key] = replace(told[key], changes=(warned, *others))
        told[new] = replace(told[new], note="; ".join(filter(None, (told[new].note, said))))
    return told


def _renamed(ctx: PlanContext) -> dict[str, str]:
    """The recorded keys that seem to have become others: old to new, where content tells them apart."""
    campaigns, recorded, heirs = ctx.desired.campaigns, ctx.records, ctx.moves.heirs
    claimed = {*heirs, *heirs.values()}
    left = [key for key in recorded if key not in campaigns and key not in claimed]
    if not left:
        return {}
    gone = _by_body({key: recorded[key].digest for key in left})
    fresh = (key for key in campaigns if key not in recorded and key not in claimed)
    new = _by_body({key: body_digest(campaigns[key].spec) for key in fresh})
    return {
        keys[0]: new[body][0] for body, keys in gone.items() if len(keys) == 1 and len(new.get(body, ())) == 1
    }


def _by_body(digests: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, body in digests.items():
        found.setdefault(body, []).append(key)
    return found
