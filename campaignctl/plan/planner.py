"""Make a plan: select the keys, decide each one, hold back what must not be sent, and order the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from campaignctl.campaign.keys import key_hint, named
from campaignctl.campaign.status import Status
from campaignctl.diff import content, holds_arming_back, is_unasked, split
from campaignctl.errors import Command, Names, Sentence, UsageError, counted, listed
from campaignctl.plan import guardrails, halted, moves, proofing, runs, twin_rules, update_rules
from campaignctl.plan.against import compared
from campaignctl.plan.checkout import checked
from campaignctl.plan.context import (
    LIFT_UNPROVEN,
    UNPROVEN,
    PlanContext,
    behind_hint,
    behind_reason,
    without_markers,
)
from campaignctl.plan.decide import judged
from campaignctl.plan.model import Action, Blocked, Change, Plan
from campaignctl.plan.neighbours import neighbours
from campaignctl.plan.reviewed import admitted
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.project import settings
from campaignctl.state.model import FORMAT_VERSION, Entry, Record


def select(
    patterns: Iterable[str],
    keys: Collection[str],
    option: str,
    elsewhere: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> frozenset[str]:
    """The keys that the patterns name. Raises UsageError for a pattern that names none.

    `elsewhere` has keys that cannot be selected, by the reason.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = named(pattern, keys)
        if not found:
            reason = next((why for why, others in elsewhere.items() if named(pattern, others)), "no such key")
            shown = (
                "",
                Command("state", "list"),
                " and ",
                Command("validate"),
                " show the keys of this project",
            )
            hint = Sentence(key_hint(pattern, keys) if reason == "no such key" else "") or Sentence(*shown)
            raise UsageError(f"{option} {pattern}: {reason}", hint=hint)
        chosen |= found
    return frozenset(chosen)


_LATEST = datetime.max.replace(tzinfo=UTC)
_CREATING = frozenset({Action.CREATE, Action.REPLACE})

# The stages of an apply: changes that stop sending first, changes that send at once last. Moves need no
# request and come before all others, which are recorded under the new keys; then what is halted and goes all
# the same is paused. A resume follows its key's update.
_RECORD, _HALT, _STOP, _FORGET, _CHANGE, _RESUME, _CREATE, _SEND = range(8)

_STAGES = {
    Action.MOVE: _RECORD,
    Action.FORGET: _FORGET,
    Action.UPDATE: _CHANGE,
    Action.RESUME: _RESUME,
}


def _stage(change: Change) -> int:
    """The stage of a change."""
    if change.action in (Action.CANCEL, Action.PAUSE):
        return _HALT if change.halts else _STOP
    if change.sends_at_once:
        return _SEND
    if change.action is Action.ADOPT:
        # A campaign that is stopped in the same plan has to be recorded before.
        return _FORGET if change.requests and change.lifecycle.phase == "active" else _RECORD
    return _STAGES.get(change.action, _CREATE)


def order(change: Change) -> tuple[int, bool, datetime, str]:
    """The sort key of a change in an apply: within a stage, updates that arm come last, the soonest first."""
    stage = _stage(change)
    return stage, change.arms and stage == _CHANGE, change.sends.first or _LATEST, change.key


def stages(changes: Iterable[Change]) -> list[tuple[Change, ...]]:
    """The changes of a plan by stage, each in order; empty stages left out."""
    by_stage: dict[int, list[Change]] = {}
    for change in sorted(changes, key=order):
        by_stage.setdefault(_stage(change), []).append(change)
    return [tuple(by_stage[stage]) for stage in sorted(by_stage)]


# A campaign of such a status has runs without a change of ours.
_RUNNING_BY_ITSELF = (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)

# The verdict on a campaign that agrees with its record.
_ALONE = Verdict()

# How many keys a note names.
_KEYS_NAMED = 5


def decide(ctx: PlanContext) -> Plan:
    """The plan. Raises UsageError if a target or a key to replace does not exist."""
    keys = _chosen(ctx)
    replacing = _replacing(ctx, keys)
    verdicts = _verdicts(ctx, keys, replacing)
    if ctx.options.reviewed is not None:
        verdicts = admitted(ctx, verdicts, ctx.options.reviewed)
    verdicts = twin_rules.apart(ctx, _unproven(ctx, _held_back(ctx, verdicts)))
    moved = {old for new, old in ctx.moves.origin.items() if new in verdicts}
    verdicts |= _halted_again(ctx, ctx.records.keys() - verdicts.keys() - moved)
    if not ctx.only_looks:
        verdicts = _with_renames(ctx, verdicts)
    return _compared(ctx, _assemble(ctx, verdicts))


def _verdicts(ctx: PlanContext, keys: list[str], replacing: Collection[str]) -> dict[str, Verdict]:
    """The verdict on each key. What was left alone before is left alone again where nothing else can speak
    for a change, without a look at its record."""
    notes, declared, moves = ctx.notes, ctx.desired.campaigns, ctx.moves
    special = {*ctx.unsettled, *moves.origin, *moves.blocked, *moves.left, *moves.heirs.values(), *replacing}
    verdicts = {}
    for key in keys:
        wanted = declared.get(key) if ctx.plain and key not in special and key in ctx.records else None
        if wanted is not None and notes.leaves(wanted, ctx.now):
            verdicts[key] = _ALONE
            continue
        one = halted.to_decide(ctx.subject(key, replacing=key in replacing))
        verdict = _ending(ctx, one, halted.decided(ctx, one, _current(ctx, one, judged(ctx, one))))
        verdicts[key] = verdict
        if wanted is not None and verdict == _ALONE:
            notes.left(wanted, ctx.now)
    return verdicts


def _compared(ctx: PlanContext, plan: Plan) -> Plan:
    """The plan compared with that of the other commit, if there is one."""
    if ctx.against is None:
        return plan
    try:
        desired = ctx.against.desired
        then = decide(replace(ctx, desired=desired, against=None, noted=None)) if desired else None
    except UsageError:  # it lacks a key that is selected
        return replace(plan, against=ctx.against.commit)
    return compared(ctx, plan, ctx.against, then)


def pauses(ctx: PlanContext) -> Plan:
    """The plan that only pauses what can send although it is halted; its keys are those of the records."""
    return _assemble(ctx, _halted_again(ctx, ctx.records))


def _halted_again(ctx: PlanContext, keys: Iterable[str]) -> dict[str, Verdict]:
    """The verdicts on the recorded campaigns of these keys that can send although they are halted."""
    if not ctx.reading.halts.in_force:
        return {}
    unmoved = replace(ctx, options=replace(ctx.options, refresh_only=True))
    found = (unmoved.subject(key, replacing=False) for key in sorted(keys))
    return {one.key: halted.paused_again(ctx, one, Verdict()) for one in found if halted.goes(one)}


def _current(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict without what a stale checkout would undo, what was set outside and would be sent, or what
    needs a proof first."""
    return proofing.required(ctx, one, _with_unmanaged(ctx, one, checked(ctx, one, verdict)))


def _chosen(ctx: PlanContext) -> list[str]:
    """The keys to decide, in a stable order: without keys whose record moves to another key, and with all
    keys of a chain of moves."""
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
    """The keys to replace, all of them declared keys among those to decide."""
    wanted = ctx.desired.campaigns
    elsewhere = {"--target leaves it out": wanted.keys(), "no manifest declares it": keys}
    return select(ctx.options.replace, [key for key in keys if key in wanted], "--replace", elsewhere)


def _with_unmanaged(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict with what was set outside of the manifests and would be sent; what arms is blocked by it.

    `--override unmanaged` accepts it into the baseline.
    """
    if one.recorded is None:
        return verdict
    unasked = tuple(each for each in one.outside if is_unasked(each.path))
    told = [
        replace(change, unmanaged=unasked) if unasked and change.action is Action.UPDATE else change
        for change in verdict.changes
    ]
    verdict = verdict.having(changes=tuple(told))
    arming = [index for index, change in enumerate(told) if change.arms]
    if not arming:
        return verdict
    index = arming[0]
    if unseen := (verdict.observed or one.record).unconfirmed:
        verdict = _warned(verdict, index, Sentence("unconfirmed: no read has shown ", Names.of(unseen)))
    holding = tuple(each for each in one.outside if holds_arming_back(each.path))
    accepted = ctx.lifts.lifts("unmanaged", one.key)
    if holding and not accepted and verdict.changes[index].action is not Action.REPLACE:
        what = listed([each.path for each in holding], _KEYS_NAMED)
        reason = f"set outside of the manifests, and this change would send it: {what}"
        blocked = Blocked(
            one.key, one.record.id, str(one.status), reason, update_rules.accepting(one), unmanaged=holding
        )
        return verdict.up_to(index, blocked)
    if one.outside:
        verdict = verdict.changing(index, replace(verdict.changes[index], unmanaged=one.outside))
    if not (holding and accepted) or one.live is None:
        return verdict
    record = replace(verdict.observed or one.record, baseline=one.beyond)
    return replace(verdict, observed=record, lifted=(*verdict.lifted, "unmanaged"))


def _warned(verdict: Verdict, index: int, warning: str) -> Verdict:
    """A verdict with one more warning of one of its changes."""
    change = verdict.changes[index]
    return verdict.changing(index, replace(change, warnings=(*change.warnings, warning)))


# After a change with one of these actions, a recorded campaign sends or may send.
_KEEPS_SENDING = (Action.UPDATE, Action.RESUME, Action.REPLACE)


def _ending(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict with the end of each of its changes, and the runs of a recurring campaign so far."""
    declared = one.recorded and one.wanted
    recurs = declared and ("recurrence" in one.record.applied or "recurrence" in one.beyond)
    before = update_rules.target(one)[0] if recurs and one.status in _RUNNING_BY_ITSELF else None
    limits, ran = ctx.project.guardrails, runs.ran(one.live, ctx.now) if recurs and one.live else None
    told = tuple(
        replace(
            change,
            valid_until=guardrails.valid_until(change, before, limits, ctx.now, ctx.lifts),
            ran=ran if change.action in _KEEPS_SENDING else None,
            formerly=one.wanted.moved_from if one.wanted else (),
        )
        for change in verdict.changes
    )
    return verdict.having(changes=told)


def _held_back(ctx: PlanContext, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts without creates and arming changes if a campaign may have been sent with an unknown
    outcome, or the state is behind."""
    reading = ctx.reading
    at_once = [known for known in reading.unsettled.values() if known.at_once]
    if at_once:
        reason, hint = f"{at_once[0].key} may have been sent; its outcome is unknown", at_once[0].hint
    elif reading.behind:
        reason, hint = behind_reason(reading.behind), behind_hint(reading.behind, ctx.state)
    else:
        return verdicts
    return {key: verdict.without_sends(key, "held back", reason, hint) for key, verdict in verdicts.items()}


def _unproven(ctx: PlanContext, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts without creates that send at once, if no read shows whose account it is and no answer to
    another create would before."""
    planned = [change for verdict in verdicts.values() for change in verdict.changes]
    made = [change for change in planned if change.action in _CREATING]
    if ctx.reading.proven or any(not change.creates_at_once for change in made):
        return verdicts
    kept = dict(verdicts)
    for change in made:
        verdict = verdicts[change.key]
        if ctx.lifts.lifts("unproven_account", change.key):
            kept[change.key] = replace(verdict, lifted=(*verdict.lifted, "unproven_account"))
        else:
            kept[change.key] = verdict.without_sends(change.key, "unproven account", UNPROVEN, LIFT_UNPROVEN)
    return kept


def _notes(ctx: PlanContext, verdicts: dict[str, Verdict]) -> tuple[str, ...]:
    """The notes: those on single keys, counts, then one line for each reason for doing nothing."""
    counts = Counter(verdict.quiet for verdict in verdicts.values() if verdict.quiet)
    notes = [verdict.note for verdict in verdicts.values() if verdict.note]
    if final := counts["final"]:
        changed = counted(final, "final campaign")
        notes.append(f"{changed} changed only by defaults, variables or a newer version")
    if missed := counts["missed"]:
        notes.append(f"{counted(missed, 'campaign')} never created: the scheduled time was missed")
    if archived := counts["archived"]:
        notes.append(f"{counted(archived, 'declared campaign')} archived: final, and never created again")
    notes += _nothing_done(verdicts)
    if gone := [key for key in ctx.desired.removed if key not in ctx.records]:
        over = ": declared Removed and not recorded; the document can be deleted"
        notes.append(Sentence(Names.of(gone), over))
    changes = [change for verdict in verdicts.values() for change in verdict.changes]
    if any(change.action in _CREATING for change in changes):
        notes += filter(None, [without_markers(ctx.project, ctx.state)])
    again = filter(None, [created_again(ctx, changes)])
    return (*ctx.reading.notes, *again, *notes, *_seen(ctx, verdicts))


def created_again(ctx: PlanContext, changes: Iterable[Change]) -> str | None:
    """A line on what `destroy` ends and the next apply creates again, because its manifest stays."""
    forgets = {change.key for change in changes if change.action is Action.FORGET and change.warnings}
    ended = forgets | {change.key for change in changes if change.action is Action.CANCEL}
    keys = [
        key
        for key, wanted in ctx.desired.campaigns.items()
        if ctx.options.destroy and key in ended and wanted.lifecycle.phase == "active"
    ]
    if not keys:
        return None
    manifests = "its manifest" if len(keys) == 1 else "their manifests"
    again = f"still declared, so the next apply creates {'it' if len(keys) == 1 else 'them'} again"
    kept = f"to keep that from happening, write `phase: canceled` in {manifests}, or remove {manifests}"
    return Sentence(Names.of(keys), f": {again}; {kept}")


def _seen(ctx: PlanContext, verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """Lines about fields that no manifest sets: those of the team alone, and those that are seen first."""
    quiet = {key: verdict.quietly_set for key, verdict in verdicts.items() if verdict.quietly_set}
    if quiet:
        names = sorted({split(path)[0] for paths in quiet.values() for path in paths})
        where = f" set outside of the manifests in {counted(len(quiet), 'campaign')}: "
        yield Sentence(", ".join(names), where, Names.of(quiet))
    unseen = {key: verdict.unconfirmed for key, verdict in verdicts.items() if verdict.unconfirmed}
    if unseen:
        paths = Names.of(sorted({path for paths in unseen.values() for path in paths}))
        where = f"unconfirmed in {counted(len(unseen), 'campaign')}: no read has shown "
        yield Sentence(where, paths, ": ", Names.of(unseen))
    if ctx.everywhere:
        paths = Names.of(sorted(ctx.everywhere.values()))
        yield Sentence(paths, ": one value in every campaign, so the server set it")
    first = sum(verdict.first_seen for verdict in verdicts.values())
    old = ctx.state is not None and ctx.state.format_version < FORMAT_VERSION
    if first and ctx.state and old and ctx.project.state.backend != "local":
        yield Sentence(
            f"the state has format {ctx.state.format_version}, which keeps no record of what the manifests do"
            " not set: ",
            Command("state", "migrate", "--format", str(FORMAT_VERSION)),
        )
    elif first:
        seen = "fields that no manifest sets are seen first; an apply records them"
        yield f"{counted(first, 'campaign')}: {seen}"


def _nothing_done(verdicts: dict[str, Verdict]) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for key, verdict in verdicts.items():
        if verdict.none:
            by_reason.setdefault(verdict.none, []).append(key)
    for reason, keys in by_reason.items():
        yield Sentence(Names.of(keys), ": ", reason)


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
    blocked += tuple(copy.blocked for copy in ctx.reading.copies)
    unchanged = sum(1 for verdict in verdicts.values() if not verdict.changes and not verdict.blocked)
    # --refresh-only applies no settings, as it applies no manifests.
    with_settings = None if options.refresh_only else settings.recorded(project)
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
        valid_until=min(filter(None, (change.valid_until for change in changes)), default=None),
        commit=ctx.commit,
        url=project.api.url,
        company_id=ctx.company_id,
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
        settings=with_settings,
        settings_changed=settings.changed(ctx.state.settings if ctx.state else None, with_settings),
        state=settings.place_of(project.state),
        project_id=project.id,
        targets=options.targets,
        neighbours=neighbours(changes, afterwards),
    )


def _with_renames(ctx: PlanContext, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts, with a note and warnings on each campaign that seems to be renamed: they propose the
    `moved` that would keep it. Nothing is blocked."""
    marked = dict(verdicts)
    for new, old in moves.renamed(ctx.desired, ctx.records, ctx.moves).items():
        if old not in verdicts or new not in verdicts or not verdicts[old].changes:
            continue
        block = f"`moved: {{from: {old}}}`"
        same = content(ctx.desired.campaigns[new].spec) == content(ctx.records[old].applied)
        like = "has the content of" if same else "is much like"
        said = f"{new} {like} {old}; if it was renamed, write {block} in {new}"
        for key in (old, new):
            if marked[key].changes:
                first, *others = marked[key].changes
                warned = replace(first, warnings=(*first.warnings, said))
                marked[key] = replace(marked[key], changes=(warned, *others))
        marked[new] = replace(marked[new], note="; ".join(filter(None, (marked[new].note, said))))
    return marked
