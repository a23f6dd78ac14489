"""`proof`: what is asked for, the rules for all of it, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaignctl.campaign.keys import key_hint
from campaignctl.errors import CampaignctlError, Command, Lines, Sentence, UsageError, counted
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import proofing
from campaignctl.project.model import Project
from campaignctl.reconciler.proof_sending import Sending, Wanted, check_time, decide, lifts, result_of, settle
from campaignctl.reconciler.run import Wiring, new_state, opened
from campaignctl.review.proofing import ProofReport, ProofResult
from campaignctl.schedule.times import parse_iso, zone_of
from campaignctl.state.model import FORMAT_VERSION, State

_EXAMPLE = Lines("proofs:", "  team:", "    targeting: {custom_properties: {seed: {items: [team], op: in}}}")


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: a key, languages (none: all), the seed list (none: the only one)."""

    key: str
    langs: tuple[str, ...] = ()
    to: str | None = None


def dry_run(wiring: Wiring, desired: DesiredState, order: Order) -> ProofReport:
    """What `proof` would send. Reads the state and no account, and sends nothing.

    Raises what `proof` raises before its first request.
    """
    wanted, state = _wanted(desired, order), wiring.backend.read()
    today = _check(wiring.project, state, wanted, wiring.clock.now())
    results = tuple(result_of(wanted, piece, "planned") for piece in wanted.pieces)
    return _report(wiring.project, state, wanted, results, today + len(results))


def proof(wiring: Wiring, desired: DesiredState, order: Order) -> ProofReport:
    """Send every piece of a campaign to a seed list, until one is not sent as asked for.

    Raises UsageError for a key, language or seed list that does not exist, and CampaignctlError where a rule
    refuses all of it; then nothing was sent.
    """
    wanted = _wanted(desired, order)
    seeds = proofing.seeds_digest(wanted.seeds)
    wiring.need_api()
    with wiring.locked("proof") as session:
        run = opened(wiring, session, desired.campaigns)
        if session.state is None:
            session.write(new_state(run))
        settled = settle(run)
        today = _check(wiring.project, run.state, wanted, run.now())
        results: list[ProofResult] = []
        for piece in wanted.pieces:
            # This order again, after a run that did not see the end of it.
            if found := settled.get((piece.digest, seeds)):
                results.append(result_of(wanted, piece, "done", found))
            elif all(each.outcome == "done" for each in results):
                results.append(Sending(run, wanted, piece).send())
            else:
                results.append(result_of(wanted, piece, "not_started"))
        done = sum(each.outcome in ("done", "unknown") for each in results)
        report = _report(wiring.project, run.state, wanted, tuple(results), today + done)
        return replace(report, interrupted=wiring.clock.interrupted and report.result != "done")


def _wanted(desired: DesiredState, order: Order) -> Wanted:
    campaign = desired.campaigns.get(order.key)
    if campaign is None:
        hint = key_hint(order.key, desired.campaigns) or Sentence(Command("validate"), " shows the keys")
        raise UsageError(f"{order.key}: no manifest declares it", hint=hint)
    to, seeds = _seeds(desired.project, order)
    found = proofing.pieces(campaign.spec)
    langs = list(dict.fromkeys(piece.lang for piece in found))
    if unknown := [lang for lang in order.langs if lang not in langs]:
        has = f"it has {', '.join(langs)}"
        raise UsageError(f"--lang {unknown[0]}: {order.key} has no text in that language", hint=has)
    chosen = tuple(piece for piece in found if not order.langs or piece.lang in order.langs)
    return Wanted(campaign, to, seeds, chosen)


def _seeds(project: Project, order: Order) -> tuple[str, Mapping[str, Any]]:
    names = list(project.proofs)
    if not names:
        raise UsageError(
            "the project has no seed list, so a proof would reach nobody",
            hint=Sentence("add one to campaignctl.yaml:", _EXAMPLE),
        )
    if order.to is None and len(names) > 1:
        raise UsageError(
            f"the project has {len(names)} seed lists: {', '.join(names)}",
            hint=Command("proof", order.key, "--to", names[0]),
        )
    name = order.to or names[0]
    if name not in project.proofs:
        raise UsageError(f"--to {name}: the project has no such seed list", hint=f"it has {', '.join(names)}")
    return name, project.proofs[name].targeting


def _check(project: Project, state: State | None, wanted: Wanted, now: datetime) -> int:
    """Raise CampaignctlError where a rule refuses the order as a whole. Returns how many proofs were sent
    today."""
    if why := proofing.too_wide(wanted.seeds):
        raise CampaignctlError(
            f"the seed list {wanted.to} is not certain to narrow, and nothing was sent",
            detail=why,
            hint=f"give each condition of `proofs: {{{wanted.to}: ...}}` the form {{items: [...], op: in}}",
        )
    if state is not None and state.format_version < FORMAT_VERSION:
        raise CampaignctlError(
            f"the state has format {state.format_version}, which keeps no proofs",
            hint=Command("state", "migrate", "--format", str(FORMAT_VERSION)),
        )
    known = state.proofs if state else ()
    for piece in wanted.pieces:
        left = next((each for each in known if each.digest == piece.digest and each.phase == "arming"), None)
        if left is not None:
            raise CampaignctlError(
                f"not known whether {left.id}, a proof of {left.key} in {left.lang}, was sent",
                hint=decide(left),
            )
    check_time(project, wanted.key, now)
    zone = zone_of(project.time_zone)
    day = now.astimezone(zone).date()
    sent = sum(each.may_have_sent and parse_iso(each.at).astimezone(zone).date() == day for each in known)
    limit, name = project.guardrails.max_proofs_per_day, "max_proofs_per_day"
    if sent + len(wanted.pieces) > limit and not lifts(project, now).lifts(name, wanted.key):
        raise CampaignctlError(
            f"{counted(len(wanted.pieces), 'proof')} and {sent} sent today are more than {limit} a day",
            hint=f"choose languages with --lang, or raise `guardrails.{name}`",
        )
    return sent


def _report(
    project: Project, state: State | None, wanted: Wanted, results: tuple[ProofResult, ...], today: int
) -> ProofReport:
    left_out = tuple(proofing.left_out(wanted.campaign.spec))
    known = (state.settings or {}).get("proofs", {}) if state else {}
    applied = known.get(wanted.to, {}).get("targeting") if isinstance(known, Mapping) else None
    notes = (f"the seed list {wanted.to} was changed since the last apply; it was {applied}",)
    limit = project.guardrails.max_proofs_per_day
    changed = applied is not None and applied != wanted.seeds
    return ProofReport(
        wanted.key, wanted.to, wanted.seeds, results, left_out, today, limit, notes=notes if changed else ()
    )
