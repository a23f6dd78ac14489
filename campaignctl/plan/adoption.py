"""Live campaigns that a manifest takes over: recorded as they are, then decided like any recorded one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.diff import requested
from campaignctl.manifest.desired import DesiredCampaign, Project
from campaignctl.plan import build, ledger, records, table
from campaignctl.plan.case import Case, Verdict
from campaignctl.plan.model import Blocked
from campaignctl.plan.question import Question
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record


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
        hint = (
            f"let it go there (`campaignctl state rm KEY`), take `{marker.MEMBER}` out of the metadata"
            f" of {live.id} in the dashboard, then plan again"
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
    rest = ledger.not_twice(question, case, table.declared(site, case, replacing=replacing))
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
        return block("not read", f"{campaign_id} was not read", "campaignctl plan --refresh")
    if live is None:
        hint = f"set the right id as `adopt` in {wanted.key}, or take it out to create the campaign"
        return block("missing", f"there is no campaign {campaign_id} in this account", hint)
    project, state = question.desired.project, question.state
    company = (state.account.company_id if state else None) or project.company_id
    wrong = why_not(live, project, company)
    return block(live.status or "unknown", *wrong) if wrong else None
