"""What becomes of one key: the row of the decision table that fits, with its record brought to it first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaignctl.campaign.status import Status
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import build, ledger, records, table
from campaignctl.plan.adoption import adopted
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.creation import created
from campaignctl.plan.holding import halted
from campaignctl.plan.model import Blocked
from campaignctl.plan.moves import Moves
from campaignctl.plan.question import Question
from campaignctl.state.model import Intent, Record


@dataclass(frozen=True, slots=True)
class Bench:
    """What every key of one plan is judged with. `recorded`: the records by the keys that they have now."""

    question: Question
    site: build.Site
    recorded: dict[str, Record]
    moves: Moves
    replacing: frozenset[str]

    @property
    def only_looks(self) -> bool:
        """Whether nothing that manifests declare is brought about: `destroy` and `--refresh-only`."""
        options = self.question.options
        return options.destroy or options.refresh_only


def judged(bench: Bench, key: str) -> Verdict:
    """What becomes of one key, without what a halt stops."""
    origin = bench.moves.origin.get(key)
    record = bench.recorded.get(origin or key)
    former = filter(None, (origin, record.moved_from if record else None))
    return halted(bench.site, key, former, record, _verdict(bench, key, origin, record))


def _verdict(bench: Bench, key: str, origin: str | None, record: Record | None) -> Verdict:
    question, wanted = bench.question, _wanted(bench, key)
    intent = question.state.pending.get(key) if question.state else None
    if intent and intent.phase != "planned" and key not in question.reading.settled:
        return _unsettled(question, key, intent)
    if key in bench.moves.blocked:
        return Verdict(blocked=bench.moves.blocked[key])
    replacing = key in bench.replacing
    if record is not None:
        return _recorded(bench, _case(bench, key, origin, record, wanted), replacing=replacing)
    if wanted is None or bench.only_looks:
        return Verdict()
    if wanted.adopt is not None:
        return adopted(question, bench.site, wanted, wanted.adopt, replacing=replacing)
    return created(question, bench.site, wanted, deliberate=replacing)


def _wanted(bench: Bench, key: str) -> DesiredCampaign | None:
    """What is declared of a key; where nothing is moved, the one that claims its record speaks for it."""
    campaigns = bench.question.desired.campaigns
    heir = bench.moves.heirs.get(key) if bench.only_looks else None
    return campaigns.get(key) or (replace(campaigns[heir], key=key) if heir else None)


def _case(bench: Bench, key: str, origin: str | None, record: Record, wanted: DesiredCampaign | None) -> Case:
    reading, at = bench.question.reading, origin or key
    return Case(
        key,
        record,
        live=reading.settled.get(at) or reading.live.get(at),
        read=at in reading.live or at in reading.settled,
        wanted=wanted,
        lifts=bench.site.lifts,
        halts=bench.site.halts,
        moved_from=origin,
        removed=bench.question.desired.removed.get(key),
    )


def _recorded(bench: Bench, case: Case, *, replacing: bool) -> Verdict:
    options = bench.question.options
    if options.refresh_only:
        return _refresh_only(case)
    if case.wanted is None or options.destroy:
        return table.undeclared(bench.site, case)
    verdict = ledger.not_twice(bench.question, case, table.declared(bench.site, case, replacing=replacing))
    return _moved(case, case.wanted, verdict)


def _moved(case: Case, wanted: DesiredCampaign, verdict: Verdict) -> Verdict:
    """The verdict with the move of its record before it. What is observed is put on record with the move."""
    if case.moved_from is None:
        return verdict
    record = replace(verdict.observed or case.record, moved_from=case.moved_from)
    change = build.move(wanted, record, case.moved_from, case.live_digest)
    return replace(verdict, changes=(change, *verdict.changes), observed=record)


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
