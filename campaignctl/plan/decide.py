"""The decision table: what becomes of one recorded key, from what is desired, recorded and live.

Each row of the table is one small function; `undeclared` and `declared` pick the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import alike, equal, requested
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import build, ledger, liveness, records, update_rules, winner
from campaignctl.plan.arming import runs_left
from campaignctl.plan.context import Case, Question, Verdict
from campaignctl.plan.holds import halted
from campaignctl.plan.ledger import created
from campaignctl.plan.model import Blocked
from campaignctl.plan.moves import Moves
from campaignctl.project.model import Project
from campaignctl.schedule.times import iso
from campaignctl.state.model import Intent, Record

DESTROYED = "destroyed"
"""Why a campaign goes that is declared all the same."""


def undeclared(site: build.Site, case: Case) -> Verdict:
    """Recorded and no longer declared: cancel what can send, forget the rest, never guess."""
    return replace(_undeclared(site, case), observed=case.bookkeeping(None))


def _undeclared(site: build.Site, case: Case) -> Verdict:
    status, record = case.status, case.record
    lifecycle = case.wanted.lifecycle if case.wanted else record.lifecycle
    reason = DESTROYED if case.wanted else "declared Removed" if case.removed else "no longer declared"
    if status not in (Status.SENT, Status.CANCELED) and (
        lifecycle.prevent_destroy or record.lifecycle.prevent_destroy
    ):
        return case.blocked("protected by prevent_destroy", _lift_protection(case))
    if (case.removed.on_destroy if case.removed else lifecycle.on_destroy) == "forget":
        warnings = (f"{record.id} stays {status} in the account",) if status.can_send else ()
        return Verdict(
            changes=(build.forget(case.key, record, case.live_digest, reason=reason, warnings=warnings),)
        )
    if status is Status.UNKNOWN and not case.lifted("unknown_status"):
        return case.unknown("destroy" if case.wanted else "apply", "--target")
    if status is Status.NEEDS_DECISION or _sent_but_recurring(site, case):
        return case.blocked(
            f"{status}: it may still send",
            f"decide or pause {record.id} in the dashboard, or declare {case.key} by a document of"
            " `kind: Removed` with `on_destroy: forget`",
        )
    if status in (Status.SCHEDULED, Status.RUNNING, Status.PAUSED, Status.UNKNOWN):
        change = build.cancel(site, case.key, record, case.live_digest, reason=reason)
        return Verdict(changes=(change,), lifted=("unknown_status",) if status is Status.UNKNOWN else ())
    warnings = ()
    if status in (Status.DRAFT, Status.MANUAL):
        warnings = (f"the API cannot delete a {status} campaign: {record.id} is left behind",)
    why = f"{reason}; {status}"
    return Verdict(changes=(build.forget(case.key, record, case.live_digest, reason=why, warnings=warnings),))


def _sent_but_recurring(site: build.Site, case: Case) -> bool:
    return case.status is Status.SENT and runs_left(case.record.applied, site.now)


def _lift_protection(case: Case) -> str:
    if case.wanted:
        return f"apply {case.key} with `prevent_destroy: false` first, then destroy it"
    return f"put {case.key} back, apply it with `prevent_destroy: false`, then remove it"


def declared(site: build.Site, case: Case, *, replacing: bool) -> Verdict:
    """Recorded and declared."""
    wanted = case.wanted
    if wanted is None:
        raise AssertionError("declared() is for declared keys")
    if replacing:
        return _replacement(site, case, wanted)
    if case.status is Status.MISSING:
        return _missing(case, wanted)
    if wanted.lifecycle.phase != "active":
        return liveness.inactive(site, case, wanted)
    if case.status in (Status.SENT, Status.CANCELED, Status.NEEDS_DECISION):
        return _final(site, case, wanted)
    return liveness.active(site, case, wanted)


def _replacement(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    if wanted.lifecycle.phase != "active":
        return case.blocked(
            f"declared {wanted.lifecycle.phase}, and a replacement would be active",
            f"set `phase: active` in {case.key}, or plan without `--replace {case.key}`",
        )
    unknown = case.status is Status.UNKNOWN
    if unknown and not case.lifted("unknown_status"):
        return case.unknown("apply", "--replace")
    change = build.replace(site, wanted, case.record, case.status, case.live_digest)
    return Verdict(changes=(change,), lifted=("unknown_status",) if unknown else ())


def _missing(case: Case, wanted: DesiredCampaign) -> Verdict:
    again = ("", Command("apply", "--replace", case.key), " creates it again, ")
    forgotten = ("", Command("state", "rm", case.key), " forgets it")
    return case.blocked(
        f"not found under {case.record.id} in this account",
        Sentence(*(again if wanted.lifecycle.phase == "active" else ()), *forgotten),
    )


def _final(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict:
    """Sent, canceled, or waiting for a decision: nothing can be changed any more."""
    if case.status is Status.CANCELED and case.record.lifecycle.phase == "canceled":
        return case.blocked("canceled, which is final, and declared active again", _create_again(case))
    if case.status is Status.NEEDS_DECISION and (decided := winner.undecided(site, case, wanted)):
        return decided
    verdict = _ended(case, wanted)
    return replace(verdict, note=winner.waits(case)) if case.status is Status.NEEDS_DECISION else verdict


def _ended(case: Case, wanted: DesiredCampaign) -> Verdict:
    spec = update_rules.effective(wanted.spec, case)
    if equal(spec, case.record.applied) or alike(spec, case.record.applied):
        return Verdict(note=case.canceled_by_others(), observed=case.bookkeeping(wanted))
    if wanted.source_digest == case.record.source_digest:
        return Verdict(quiet="final", observed=case.bookkeeping(wanted))
    known_as = case.status if case.status is not Status.SENT else "already sent"
    return case.blocked(f"{known_as}; it cannot be changed", _create_again(case))


def _create_again(case: Case) -> Sentence:
    again = Command("apply", "--replace", case.key)
    return Sentence("give the change a new key, or ", again, " to create it again")


def record_of(live: Live, project: Project, now: datetime, lifecycle: Lifecycle | None = None) -> Record:
    """The record of a campaign that somebody else made: applied is what live shows of its spec, so that every
    difference to a manifest is an update that is shown."""
    spec = requested(live)
    found = marker.read(live.members)
    ours = found is not None and found.scope == marker.scope_tag(project.name, project.environment)
    record = Record(
        id=live.id,
        status="",
        applied=spec,
        digest=body_digest(spec),
        intent=found.intent if found and ours else None,
        created_at=iso(now),
        updated_at=iso(now),
        lifecycle=lifecycle or Lifecycle(),
    )
    return records.observed(record, live)


def why_not(live: Live, project: Project, company_id: str | None) -> tuple[str, str] | None:
    """Why a live campaign may not be taken over, with what lifts that; None if it may."""
    if company_id and live.company_id and live.company_id != company_id:
        reason = f"{live.id} belongs to company {live.company_id}, this state to {company_id}"
        return reason, "set OCAMBA_TOKEN for the right account, or adopt a campaign of this one"
    found = marker.read(live.members)
    if found and found.scope != marker.scope_tag(project.name, project.environment):
        reason = f"{live.id} is managed by another project or environment, whose marker it carries"
        hint = Sentence(
            "let it go there (",
            Command("state", "rm", "KEY"),
            f"), take `{marker.MEMBER}` out of the metadata of {live.id} in the dashboard, then plan again",
        )
        return reason, hint
    return None


def adopted(
    question: Question, site: build.Site, wanted: DesiredCampaign, campaign_id: str, *, replacing: bool
) -> Verdict:
    """Declared, not recorded, and to take over a live campaign."""
    live = question.reading.adoptable.get(campaign_id)
    blocked = _blocked(question, wanted, campaign_id, live)
    if blocked or live is None:
        return Verdict(blocked=blocked)
    record = record_of(live, site.project, site.now, wanted.lifecycle)
    case = Case(wanted.key, record, live, True, wanted, site.lifts, site.halts)
    rest = ledger.not_twice(question, case, declared(site, case, replacing=replacing))
    change = build.adopt(wanted, rest.observed or record, case.live_digest)
    return replace(rest, changes=(change, *rest.changes), observed=None)


def _blocked(
    question: Question, wanted: DesiredCampaign, campaign_id: str, live: Live | None
) -> Blocked | None:
    def block(status: str, reason: str, hint: str) -> Blocked:
        return Blocked(wanted.key, campaign_id, status, reason, hint)

    owner = next((key for key, record in question.records.items() if record.id == campaign_id), None)
    if owner is not None:
        reason = f"{campaign_id} is recorded already, as {owner}"
        return block(
            "recorded", reason, f"write `moved: {{from: {owner}}}` in {wanted.key} instead of `adopt`"
        )
    if campaign_id not in question.reading.adoptable:
        return block("not read", f"{campaign_id} was not read", Sentence(Command("plan", "--refresh")))
    if live is None:
        hint = f"set the right id as `adopt` in {wanted.key}, or take it out to create the campaign"
        return block("missing", f"there is no campaign {campaign_id} in this account", hint)
    project, state = question.desired.project, question.state
    company = (state.account.company_id if state else None) or project.company_id
    wrong = why_not(live, project, company)
    return block(live.status or "unknown", *wrong) if wrong else None


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
        return undeclared(bench.site, case)
    verdict = ledger.not_twice(bench.question, case, declared(bench.site, case, replacing=replacing))
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
    hint = known.hint if known else Sentence(Command("apply"))
    return Verdict(blocked=Blocked(key, intent.id, "unsettled", reason, hint))


def _refresh_only(case: Case) -> Verdict:
    """Live is taken over as it is; a pause that is on record already is no news."""
    drift = case.drifts()
    if case.record.status == Status.PAUSED:
        drift = tuple(shown for shown in drift if shown not in case.status_drift())
    if case.live and case.drift:
        return Verdict(drift=drift, observed=records.accepted(case.record, case.drift, case.live))
    return Verdict(drift=drift, observed=case.bookkeeping(None))
