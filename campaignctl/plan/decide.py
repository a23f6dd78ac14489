"""The decision table: the decision on one key, from its manifest, its record and its live campaign.

The first row that fits a key decides it. `docs/decision-table.md` is generated from these rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from campaignctl.campaign.status import Status, is_draft
from campaignctl.diff import alike, is_quiet, matches
from campaignctl.errors import Command, Sentence
from campaignctl.plan import changes, ledger, records, rows, update_rules, winners
from campaignctl.plan.arming import runs_left
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Blocked
from campaignctl.plan.subject import Desired, Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.sends import is_past, sends_of


@dataclass(frozen=True, slots=True)
class When:
    """A condition of a row: in words, and as a test."""

    words: str
    holds: Callable[[PlanContext, Subject], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: which keys it fits, and the function that decides them; its docstring is the
    text of the decision.

    `recorded` is None, and `desired` and `live` are empty, if they do not matter. Every condition in `when`
    has to hold.
    """

    desired: tuple[Desired, ...]
    recorded: bool | None
    live: tuple[Status, ...]
    when: tuple[When, ...]
    decide: Callable[[PlanContext, Subject], Verdict]

    def fits(self, ctx: PlanContext, one: Subject) -> bool:
        """Whether this row fits a key."""
        return (
            (not self.desired or one.desired in self.desired)
            and (self.recorded is None or self.recorded is (one.recorded is not None))
            and (not self.live or one.status in self.live)
            and all(condition.holds(ctx, one) for condition in self.when)
        )


class Rows(tuple[Row, ...]):
    """Rows in their order: the first that fits decides."""

    __slots__ = ()

    def decide(self, ctx: PlanContext, one: Subject) -> Verdict:
        """The decision of the first row that fits a key."""
        asked = self, one.desired, one.recorded is not None
        return next(row for row in _may_fit(*asked) if row.fits(ctx, one)).decide(ctx, one)

    __hash__ = object.__hash__
    __eq__ = object.__eq__


@cache
def _may_fit(rows: Rows, desired: Desired, recorded: bool) -> tuple[Row, ...]:
    """Those that a phase, and whether there is a record, do not rule out: few of them, for each key."""
    of_phase = (row for row in rows if not row.desired or desired in row.desired)
    return tuple(row for row in of_phase if row.recorded is None or row.recorded is recorded)


def judged(ctx: PlanContext, one: Subject) -> Verdict:
    """The decision on one key."""
    verdict = _decided(ctx, one)
    if one.moved_from is not None:
        # The observed record is saved with the move.
        record = replace(verdict.observed or one.record, moved_from=one.moved_from)
        verdict = replace(verdict, changes=(changes.move(one, record), *verdict.changes), observed=record)
    if one.recorded is None:
        return verdict
    unseen = (verdict.observed or one.record).unconfirmed
    quietly = tuple(found.path for found in one.outside if is_quiet(found.path))
    drift = (*verdict.drift, *one.clones_drift())
    return verdict.having(drift=drift, quietly_set=quietly, first_seen=one.first_seen, unconfirmed=unseen)


def _decided(ctx: PlanContext, one: Subject) -> Verdict:
    verdict = TABLE.decide(ctx, one)
    return ledger.not_twice(ctx, one, verdict) if one.recorded else verdict


def _is_protected(one: Subject) -> bool:
    return any(each.lifecycle.prevent_destroy for each in (one.record, one.wanted) if each)


def _is_forgotten(one: Subject) -> bool:
    said = one.removed or (one.wanted or one.record).lifecycle
    # Its author did not create it, so only a word of the author ends it.
    return said.on_destroy == "forget" or (one.record.origin != "create" and not said.says_destroy)


def _is_launched(one: Subject) -> bool:
    if not one.spec.get("is_draft") or matches("is_draft", one.ignored):
        return False
    if one.live is not None:
        return not is_draft(one.live.fields)
    return not one.record.applied.get("is_draft")


def _adopted(ctx: PlanContext, one: Subject) -> Verdict:
    """`adopt`, which marks it, then as if recorded; **blocked** if it is missing, already recorded, or not
    ours."""
    campaign_id, reading = str(one.manifest.adopt), ctx.reading

    def block(status: str, reason: str, hint: str) -> Verdict:
        return Verdict(blocked=Blocked(one.key, campaign_id, status, reason, hint))

    if owner := next((key for key, record in ctx.records.items() if record.id == campaign_id), None):
        hint = f"write `moved: {{from: {owner}}}` in {one.key} instead of `adopt`"
        return block("recorded", f"{campaign_id} is recorded already, as {owner}", hint)
    proofs = ctx.state.proofs if ctx.state else ()
    if proof := next((each for each in proofs if each.id == campaign_id), None):
        told = f"{campaign_id} is a proof of {proof.key}, which reaches seeds alone"
        return block("recorded", told, Sentence("send it again with ", Command("proof", proof.key)))
    if campaign_id not in reading.adoptable:
        return block("not read", f"{campaign_id} was not read", Sentence(Command("plan", "--refresh")))
    if (live := reading.adoptable[campaign_id]) is None:
        hint = f"fix the id of `adopt` in {one.key}, or remove `adopt` to create the campaign"
        return block("missing", f"there is no campaign {campaign_id} in this account", hint)
    company = (ctx.state.account.company_id if ctx.state else None) or ctx.project.company_id
    if wrong := records.why_not(live, ctx.project, company):
        return block(live.status or "unknown", *wrong)
    record = records.record_of(live, ctx.state, ctx.project, ctx.now, one.manifest.lifecycle)
    markers = ctx.state.account.markers if ctx.state else None
    record, request = changes.marking(ctx.project, markers, one.key, record, live, ctx.new_id)
    one = replace(one, recorded=record, live=live, read=True)
    rest = _decided(ctx, one)
    change = changes.adopt(one, rest.observed or record, request)
    return replace(rest, changes=(change, *rest.changes), observed=None)


def _edits(ctx: PlanContext, one: Subject) -> Verdict:
    """The edits."""
    return EDITS.decide(ctx, one)


def _held(ctx: PlanContext, one: Subject) -> Verdict:
    """The edits; it stays paused."""
    return EDITS.decide(ctx, replace(one, held=True))


def _paused(ctx: PlanContext, one: Subject) -> Verdict:
    """`pause`, then the edits."""
    verdict = _held(ctx, one)
    pause = changes.pause(ctx, one)
    undone = rows.status_undone(one, verdict)
    return rows.lifting(one, replace(verdict, changes=(pause, *verdict.changes), drift=undone))


def _resumed(ctx: PlanContext, one: Subject) -> Verdict:
    """The edits, then `resume` at exactly one time; **blocked** if there is none."""
    why = str(rows.why_resumed(ctx, one))
    return rows.resumed(ctx, one, _held(ctx, one), why)


# Further conditions of rows.

_UNSETTLED = When("a write has an unknown outcome", lambda ctx, one: one.key in ctx.unsettled)
_REPEATED = When("its create was not found and may be posted again", ledger.may_repeat)
_WRONG_MOVE = When("its `moved` cannot be carried out", lambda ctx, one: one.key in ctx.moves.blocked)
_REFRESH_ONLY = When("`--refresh-only`", lambda ctx, _: ctx.options.refresh_only)
_ADOPTS = When("`adopt: ID`", lambda _, one: one.manifest.adopt is not None)
_PAST = When(
    "its last possible send is past",
    lambda ctx, one: is_past(sends_of(one.manifest.spec, ctx.now), ctx.now),
)
_NOTED = When(
    "recorded as missed with this content", lambda ctx, one: ledger.missed(ctx, one.key) == one.body
)
_ARCHIVED = When("its key was archived", lambda ctx, one: ledger.archived_as(ctx, one.key) is not None)
_AS_ARCHIVED = When("declared as it was archived", rows.is_as_archived)
_NOT_RESENT = When("`resend` is not lifted", lambda ctx, one: not ledger.may_resend(ctx, one))
_SENT_BEFORE = When("its content was sent before", ledger.is_resend)
_HALF_SENT = When(
    "half of its replacement is done, and what it replaced had begun to send", ledger.sends_again
)
_PROTECTED = When("`prevent_destroy`", lambda _, one: _is_protected(one))
_FORGETS = When(
    "`on_destroy: forget`, or adopted or imported without `on_destroy`", lambda _, one: _is_forgotten(one)
)
_RUNS_LEFT = When("recurring, with runs left", lambda ctx, one: runs_left(one.record.applied, ctx.now))
_NOT_LIFTED = When(
    "without `--override unknown_status`", lambda ctx, one: not ctx.lifts.lifts("unknown_status", one.key)
)
_INACTIVE = When("declared paused or canceled", lambda _, one: one.manifest.lifecycle.phase != "active")
_WAS_CANCELED = When("canceled by `phase: canceled`", lambda _, one: one.record.lifecycle.phase == "canceled")
_WINNER = When("`winner` is declared", lambda _, one: one.manifest.lifecycle.winner is not None)
_SAME = When("equal to what was applied", lambda _, one: alike(one.spec, one.record.applied))
_INHERITED = When(
    "changed only by defaults, variables or a newer version",
    lambda _, one: one.manifest.source_digest == one.record.source_digest,
)
_RESUMABLE = When(
    "paused by an apply or by a halt that is lifted, or `--override foreign_pause`",
    lambda ctx, one: rows.why_resumed(ctx, one) is not None,
)
_EDITED = When("changed", lambda _, one: one.edited)
_UNTOUCHED = When("equal to what was applied, and live agrees", lambda _, one: not (one.edited or one.drift))
_LIVE_HAS = When("live already agrees with the manifest", lambda _, one: update_rules.live_has(one))
_NOT_HELD = When("not paused by this plan", lambda _, one: not one.held)
_BACK_TO_DRAFT = When("declared a draft, and live no longer is", lambda _, one: _is_launched(one))

_ANY: tuple[Desired, ...] = ()
_GONE: tuple[Desired, ...] = ("gone",)
_ACTIVE: tuple[Desired, ...] = ("active",)
_PAUSED: tuple[Desired, ...] = ("paused",)
_CANCELED: tuple[Desired, ...] = ("canceled",)
_STOPPED: tuple[Desired, ...] = ("paused", "canceled")
_DECLARED: tuple[Desired, ...] = ("active", "paused", "canceled")
_REPLACED: tuple[Desired, ...] = ("replaced",)
_ASKED_FOR: tuple[Desired, ...] = ("active", "replaced")
_YES, _NO = True, False

_GOING = (Status.SCHEDULED, Status.RUNNING, Status.UNKNOWN)
_STILL = (*_GOING, Status.PAUSED)
_IDLE = (Status.DRAFT, Status.MANUAL)
_OVER = (Status.SENT, Status.CANCELED, Status.NEEDS_DECISION)
_NOT_FINAL = tuple(status for status in Status if status not in (Status.SENT, Status.CANCELED))
# A missing campaign has ended already, so that replacing it ends nothing.
_NOT_ENDED = tuple(status for status in _NOT_FINAL if status is not Status.MISSING)

#: The rows, in order; the first that fits decides.
TABLE = Rows(
    (
        # desired, recorded, live status, and when, what decides
        Row(_ASKED_FOR, None, (), (_UNSETTLED, _REPEATED), ledger.posted_again),
        Row(_ANY, None, (), (_UNSETTLED,), rows.unsettled),
        Row(_ANY, None, (), (_WRONG_MOVE,), rows.wrong_move),
        Row(_ANY, _YES, (), (_REFRESH_ONLY,), rows.refresh_only),
        Row(_ANY, _NO, (), (_REFRESH_ONLY,), rows.nothing),
        # Not recorded.
        Row(_GONE, _NO, (), (), rows.nothing),
        Row(_DECLARED, _NO, (), (_AS_ARCHIVED, _NOT_RESENT), rows.archived_before),
        Row(_DECLARED, _NO, (), (_ADOPTS,), _adopted),
        Row(_ACTIVE, _NO, (), (_ARCHIVED, _NOT_RESENT), ledger.archived),
        Row(_STOPPED, _NO, (), (), rows.created_later),
        Row(_ACTIVE, _NO, (), (_PAST, _NOTED), rows.missed_before),
        Row(_ACTIVE, _NO, (), (_PAST,), rows.missed),
        Row(_ACTIVE, _NO, (), (_HALF_SENT,), ledger.half_sent),
        Row(_ACTIVE, _NO, (), (_SENT_BEFORE,), ledger.sent_already),
        Row(_ACTIVE, _NO, (), (), ledger.create),
        # Recorded, and no longer declared.
        Row(_GONE, _YES, _NOT_FINAL, (_PROTECTED,), rows.protected),
        Row(_GONE, _YES, (), (_FORGETS,), rows.forgotten_on_destroy),
        Row(_GONE, _YES, (Status.UNKNOWN,), (_NOT_LIFTED,), rows.unknown),
        Row(_GONE, _YES, (Status.NEEDS_DECISION,), (), rows.may_send),
        Row(_GONE, _YES, (Status.SENT,), (_RUNS_LEFT,), rows.may_send),
        Row(_GONE, _YES, _STILL, (), rows.canceled),
        Row(_GONE, _YES, _IDLE, (), rows.left_behind),
        Row(_GONE, _YES, (Status.SENT, Status.CANCELED, Status.MISSING), (), rows.forgotten),
        # Recorded, and to be replaced.
        Row(_REPLACED, _YES, _NOT_ENDED, (_PROTECTED,), rows.protected),
        Row(_REPLACED, _YES, (), (_INACTIVE,), rows.replaced_inactive),
        Row(_REPLACED, _YES, (Status.UNKNOWN,), (_NOT_LIFTED,), rows.unknown),
        Row(_REPLACED, _YES, (Status.NEEDS_DECISION,), (), rows.undecided),
        Row(_REPLACED, _YES, (), (), rows.replaced),
        # Recorded and declared.
        Row(_DECLARED, _YES, (Status.MISSING,), (), rows.missing),
        Row(_CANCELED, _YES, _STILL, (_PROTECTED,), rows.protected),
        Row(_STOPPED, _YES, (Status.UNKNOWN,), (_NOT_LIFTED,), rows.unknown),
        Row(_STOPPED, _YES, (Status.SENT,), (_RUNS_LEFT,), rows.sent_with_runs_left),
        Row(_CANCELED, _YES, _STILL, (), rows.canceled_for_good),
        Row(_PAUSED, _YES, _GOING, (), _paused),
        Row(_PAUSED, _YES, (Status.PAUSED,), (), _held),
        Row(_STOPPED, _YES, (*_IDLE, *_OVER), (), rows.left),
        Row(_ACTIVE, _YES, (Status.CANCELED,), (_WAS_CANCELED,), rows.active_again),
        Row(_ACTIVE, _YES, (Status.NEEDS_DECISION,), (_WINNER,), winners.winner),
        Row(_ACTIVE, _YES, _OVER, (_SAME,), rows.over),
        Row(_ACTIVE, _YES, _OVER, (_INHERITED,), rows.over_quietly),
        Row(_ACTIVE, _YES, _OVER, (), rows.too_late),
        Row(_ACTIVE, _YES, (Status.PAUSED,), (_RESUMABLE,), _resumed),
        Row(_ACTIVE, _YES, (Status.PAUSED,), (), _held),
        Row(_ACTIVE, _YES, (*_IDLE, *_STILL), (), _edits),
    )
)

#: The edits of a recorded campaign that can still be changed.
EDITS = Rows(
    (
        Row(_ANY, _YES, (), (_UNTOUCHED,), rows.agrees),
        Row(_ANY, _YES, (), (_LIVE_HAS,), rows.taken_over),
        Row(_ANY, _YES, (Status.RUNNING,), (_NOT_HELD, _EDITED), rows.running),
        Row(_ANY, _YES, (Status.RUNNING,), (_NOT_HELD,), rows.drift_alone),
        Row(_ANY, _YES, (), (_BACK_TO_DRAFT, _EDITED), rows.no_draft_again),
        Row(_ANY, _YES, (), (_BACK_TO_DRAFT,), rows.launched_by_others),
        Row(_ANY, _YES, (Status.UNKNOWN,), (_NOT_LIFTED,), rows.unknown),
        Row(_ANY, _YES, (), (), rows.updated),
    )
)
