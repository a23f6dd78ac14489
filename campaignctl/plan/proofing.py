"""Proofs: what a campaign would send, one message in one language each, as campaigns that reach seeds alone.

Not to be confused with `proof`, which is about what a read proves of a write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.campaign import contract
from campaignctl.campaign.canonical import digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import (
    EVENT,
    EVERYONE,
    audience,
    content,
    holds_arming_back,
    is_unasked,
    matches,
    people,
    request_of,
    set_outside,
    uncertain,
    verdicts,
    wrong,
)
from campaignctl.errors import Command, Sentence
from campaignctl.plan.context import PlanContext
from campaignctl.plan.model import Blocked, Change, Proofed, Request
from campaignctl.plan.subject import Subject
from campaignctl.plan.verdict import Verdict
from campaignctl.project.model import Project
from campaignctl.state.model import State
from campaignctl.state.proofs import Proof

MARK, LABEL = "[proof]", "proof"
_DEFAULT_LANG = "en"

Spec = Mapping[str, Any]

_AT_ONCE = "a proof is sent once, at once"
_NOT_COUNTED = "what seeds do is not counted"
#: The fields of a campaign that its proofs do not have, and why. Others are left out too.
_LEFT_OUT: Mapping[str, str] = {
    "targeting": "a proof reaches its seeds alone",
    "scheduled_time": _AT_ONCE,
    "recurrence": _AT_ONCE,
    EVENT: _AT_ONCE,
    "is_draft": _AT_ONCE,
    "send_in_profile_time_zone": f"{_AT_ONCE}, in every zone",
    "send_if_profile_time_passed": f"{_AT_ONCE}, in every zone",
    "quiet_hours": "whoever sends a proof wants it now",
    "ab_test": "each message is a proof of its own, and none of them wins",
    "callbacks": _NOT_COUNTED,
    "deal_id": _NOT_COUNTED,
    "labels": f"its only label is `{LABEL}`",
    "metadata": "it has the tool's marker alone",
}
_OTHERWISE = "no recipient sees it"
_KEPT = ("name", "messages", "utm_tracking")
_KEPT_OF_MESSAGES = ("name", "channel", "integration_id", "template_id", "primary_lang")
_IDLE = (Status.DRAFT, Status.MANUAL)
_ARMED = (
    Status.SCHEDULED,
    Status.RUNNING,
    Status.NEEDS_DECISION,
    Status.SENT,
    Status.PAUSED,
    Status.CANCELED,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of a campaign in one language: what one proof sends.

    `message` is its name, `body` the message with the texts of `lang` alone; `digest` is that of all that its
    recipients see, whoever they are.
    """

    message: str
    lang: str
    body: Mapping[str, Any]
    digest: str


def pieces(spec: Spec) -> tuple[Piece, ...]:
    """Every message of a campaign in every language that it has texts in.

    A message that live alone has, in a form that no manifest can have, is a piece that no proof shows.
    """
    from campaignctl.campaign.spec import (
        languages_of,
    )  # the models take long to import, and few plans need them

    found = []
    messages = spec.get("messages") or ()
    for index, message in enumerate(messages if isinstance(messages, list | tuple) else [messages]):
        if not _is_readable(message):
            found.append(Piece(f"messages/{index}", _DEFAULT_LANG, {}, digest(["unreadable", message])))
            continue
        channel = str(message.get("channel"))
        primary = str(message.get("primary_lang") or _DEFAULT_LANG)
        for lang in languages_of(message, channel) or [primary]:
            body = _in_language(message, channel, lang, primary)
            said = {"content": content({"messages": [body]}), "utm_tracking": spec.get("utm_tracking")}
            name = str(message.get("name") or f"messages/{index}")
            found.append(Piece(name, lang, body, digest(said)))
    return tuple(found)


def _is_readable(message: Any) -> bool:
    """Whether a message has a channel that is known, and texts by language."""
    from campaignctl.campaign.spec import LOCALISED

    channel = message.get("channel") if isinstance(message, Mapping) else None
    if not isinstance(channel, str) or channel not in LOCALISED:
        return False
    if not isinstance(parts := message.get(channel), Mapping):
        return False
    actions = parts.get("actions") or ()
    listed = isinstance(actions, list | tuple) and all(isinstance(each, Mapping) for each in actions)
    return listed and all(isinstance(parts.get(name, {}), Mapping) for name in LOCALISED[channel])


def _in_language(message: Spec, channel: str, lang: str, primary: str) -> dict[str, Any]:
    """A message with the texts that recipients of one language read: those of the primary language where it
    has none of its own."""
    from campaignctl.campaign.spec import LOCALISED

    def only(texts: Any) -> Any:
        if not isinstance(texts, Mapping):
            return texts
        found = texts.get(lang, texts.get(primary))
        return {} if found is None else {lang: found}

    parts = {
        name: only(value) if name in LOCALISED[channel] else value for name, value in message[channel].items()
    }
    if isinstance(actions := parts.get("actions"), list | tuple):
        parts["actions"] = [
            {name: only(value) if name == "title" else value for name, value in each.items()}
            for each in actions
        ]
    kept = {name: message[name] for name in _KEPT_OF_MESSAGES if name in message}
    shown = {name: value for name, value in parts.items() if value not in ({}, None)}
    return {**kept, "primary_lang": lang, channel: shown}


def body_of(spec: Spec, piece: Piece, seeds: Spec) -> dict[str, Any]:
    """The body of a proof without its marker: a draft without any time, whose audience is the seeds'.

    An account that ignores drafts makes it a manual campaign, which sends nothing by itself either.
    """
    name = f"{MARK} {piece.lang} {spec.get('name', '')}"[: contract.NAME].rstrip()
    tracking = {"utm_tracking": spec["utm_tracking"]} if "utm_tracking" in spec else {}
    return {
        "name": name,
        "labels": [LABEL],
        "messages": [piece.body],
        **tracking,
        "targeting": seeds,
        "is_draft": True,
    }


def arming(campaign_id: str, seeds: Spec) -> Request:
    """The request that sends a proof. It has the audience too, so that it is the seeds' whatever someone does
    to it before this arrives."""
    return Request("update", campaign_id, {"is_draft": False, EVENT: True, "targeting": seeds})


def left_out(spec: Spec) -> Iterator[tuple[str, str]]:
    """The paths of a campaign that its proofs do not have, each with the reason."""
    for name in spec:
        if name not in _KEPT:
            yield name, _LEFT_OUT.get(name, _OTHERWISE)
    for index, message in enumerate(spec.get("messages") or ()):
        for name in message:
            if name not in (*_KEPT_OF_MESSAGES, message.get("channel")):
                yield f"messages/{index}/{name}", _OTHERWISE


def too_wide(seeds: Spec) -> str:
    """Why an audience may not be that of a proof, or an empty string: as guardrails judge it, each of its
    conditions has to narrow for certain."""
    spec = {"targeting": seeds}
    if audience(spec) == EVERYONE:
        return "no condition certainly narrows it, so it may reach everyone"
    if unsure := uncertain(spec):
        return f"not certain to narrow: {', '.join(unsure)}"
    return ""


# ------------------------------------------------------------------------------------- what live shows


def is_armed(live: Live) -> bool:
    """Whether a proof was set off, whatever happened to it then."""
    return status_of(live, {EVENT: True}) in _ARMED


def seeds_digest(seeds: Spec) -> str:
    """A digest of who the seeds are."""
    return people({"targeting": seeds})


def other_audience(seeds: str, live: Live) -> str:
    """The audience that a proof is shown with, if it is not exactly the seeds'; else an empty string."""
    shown = request_of(live)
    if people(shown) != seeds or uncertain(shown):
        return f"its audience is {shown.get('targeting', EVERYONE)}, not the seeds"
    return ""


def without(state: State | None, lives: Iterable[Live]) -> Iterator[Live]:
    """These campaigns without the proofs of a state, which no manifest declares. A proof whose audience is no
    longer its seeds stays: it may reach those whom the campaign is for."""
    known = {each.id: each.seeds for each in state.proofs} if state else {}
    for live in lives:
        shown = live.complete or "messages" in live.fields
        if live.id not in known or (shown and other_audience(known[live.id], live)):
            yield live


def _is_going(live: Live) -> bool:
    """Whether live shows a next run, or that it was to be sent at once."""
    at_once = live.fields.get(EVENT) or live.text("send_strategy") == "immediate"
    return bool(at_once or live.text("next_run_time"))


def not_as_asked(
    body: Spec, seeds: str, live: Live, hidden: Collection[str], accepted: Collection[str]
) -> list[str]:
    """Why a proof must not be armed as a read shows it; empty if it is as asked for and cannot send yet.

    `seeds` is the digest of who may get it, whatever its body says. `hidden` are the paths of `api.hidden`,
    which cannot hide the audience; `accepted` those of `lifecycle.accept_stored`.
    """
    spec = {name: body[name] for name in body if name not in ("metadata", "is_draft", "targeting")}
    shown = {name: value for name, value in live.fields.items() if name != "targeting"}
    found = [each for each in (other_audience(seeds, live),) if each]
    if (status := status_of(live, spec)) not in _IDLE or _is_going(live):
        found.append(f"it is {status} and may send by itself already")
    rest = replace(live, fields=shown)
    for one in wrong(verdicts(spec, rest, hidden=hidden, accepted=accepted)):
        what = "not shown" if one.found is None else f"{one.found!r}, not {one.value!r}"
        found.append(f"{one.path} is {what}")
    for each in set_outside({}, spec, rest):
        unasked = is_unasked(each.path) or holds_arming_back(each.path)
        if unasked and each.path != "is_draft" and not matches(each.path, accepted):
            found.append(f"{each.path} is {each.after!r}, which was not asked for")
    return found


# ------------------------------------------------------------------------------------- in a plan


def required(ctx: PlanContext, one: Subject, verdict: Verdict) -> Verdict:
    """The verdict with the proofs of what its changes send; with `guardrails.require_proof` up to the first
    change that would send what no seeds have seen."""
    needed = ctx.project.guardrails.require_proof
    if not (needed or ctx.proofed):
        return verdict
    told = list(verdict.changes)
    for index, change in enumerate(told):
        if not (change.spec and (change.arms or _says_more(change))):
            continue
        proofs = tuple(_proofed(ctx.proofed, change.spec))
        missing = [each for each in proofs if each.id is None]
        if needed and missing and not ctx.lifts.lifts("require_proof", one.key):
            verdict = replace(verdict, changes=tuple(told))
            return verdict.up_to(index, _blocked(ctx.project, one, proofs, missing))
        told[index] = replace(change, proofs=proofs if needed or len(missing) < len(proofs) else ())
        if needed and missing:
            verdict = replace(verdict, lifted=(*verdict.lifted, "require_proof"))
    return verdict.having(changes=tuple(told))


def _says_more(change: Change) -> bool:
    """Whether it changes what an armed campaign says."""
    return change.changes_sends and any(
        each.path.split("/")[0] in ("messages", "utm_tracking") for each in change.diff
    )


def _proofed(known: Mapping[str, Proof], spec: Spec) -> Iterator[Proofed]:
    for piece in pieces(spec):
        proof = known.get(piece.digest)
        if proof is None:
            yield Proofed(piece.message, piece.lang)
        else:
            yield Proofed(piece.message, piece.lang, proof.id, proof.who, proof.at, proof.to)


def _blocked(
    project: Project, one: Subject, proofs: Collection[Proofed], missing: Iterable[Proofed]
) -> Blocked:
    langs = list(dict.fromkeys(each.lang for each in missing))
    every = len(langs) == len({each.lang for each in proofs})
    words = () if every else tuple(word for lang in langs for word in ("--lang", lang))
    to = ("--to", next(iter(project.proofs))) if len(project.proofs) > 1 else ()
    hint = Sentence(Command("proof", one.key, *words, *to))
    if not project.proofs:
        hint = Sentence("add a seed list to `proofs` in campaignctl.yaml, then: ", *hint.parts)
    record = one.record if one.recorded else None
    reason = f"no seeds have seen its present content in {', '.join(langs)} (guardrails.require_proof)"
    status = str(one.status) if record else "not proofed"
    return Blocked(one.key, record.id if record else None, status, reason, hint)
