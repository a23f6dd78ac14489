"""The outcome of an apply, for each change, and the events of its progress."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from campaignctl.campaign.problem import KeyPath
from campaignctl.campaign.status import Status
from campaignctl.errors import CampaignctlError, Command, Sentence
from campaignctl.plan.model import Action, Blocked, Change, Objection
from campaignctl.state.ledger import ReviewedRequest

Result = Literal["done", "incomplete", "refused", "interrupted"]
ChangeOutcome = Literal["done", "failed", "not_started", "unknown"]


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why a change is not done.

    `unrecorded`: it took effect in the account, and the state could not be saved.
    """

    summary: str
    detail: str = ""
    hint: str = ""
    trace_id: str | None = None
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """One change after an apply.

    A result that is `done` has an `error` only if it is not recorded. `warnings` tell which fields are stored
    in another way, `unconfirmed` are the paths of what was written and no read has shown.
    """

    key: str
    action: Action
    id: str | None
    outcome: ChangeOutcome
    error: Failure | None = None
    name: str = ""
    warnings: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a whole apply. `next` are the commands to run next, in order; `blocked` are the blocked
    keys of the plan, `objections` the guardrails that stopped it, `requests` those whose plans were reviewed.
    """

    result: Result
    changes: tuple[ChangeResult, ...] = ()
    lineage: str | None = None
    serial: int = 0
    next: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    objections: tuple[Objection, ...] = ()
    requests: tuple[ReviewedRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A step of progress.

    `kind`: "phase" (`text` names it, `total` is its number of steps, if known), "started", "answered" (the
    requests of a change were answered, and a read still has to confirm it), "finished" (a change, with its
    `outcome`), "note" (a line to show). `remaining` is the time that the remaining requests take at the
    account's pace, if known.
    """

    kind: Literal["phase", "started", "answered", "finished", "note"]
    text: str
    key: str | None = None
    action: Action | None = None
    outcome: ChangeOutcome | None = None
    total: int | None = None
    remaining: timedelta | None = None


OnEvent = Callable[[Event], None]


ChangeId = tuple[str, Action]


def change_id(of: Change | ChangeResult) -> ChangeId:
    """The identity of a change and its result: a key may have several changes, each with another action."""
    return of.key, of.action


def done(
    change: Change,
    campaign_id: str | None,
    *,
    warnings: tuple[str, ...] = (),
    unconfirmed: tuple[str, ...] = (),
) -> ChangeResult:
    """The result of a change that was done and recorded."""
    name = change.name
    return ChangeResult(change.key, change.action, campaign_id, "done", None, name, warnings, unconfirmed)


def unrecorded(result: ChangeResult, what: str, error: CampaignctlError) -> ChangeResult:
    """The result of a change that took effect, where the state could not be saved."""
    summary = f"{what}, and the state does not have it: {error.summary}"
    problem = Failure(summary, error.detail, error.hint, unrecorded=True)
    return replace(result, error=problem)


def failed(change: Change, error: Failure, campaign_id: str | None = None) -> ChangeResult:
    """The result of a change that failed."""
    return ChangeResult(change.key, change.action, campaign_id or change.id, "failed", error, change.name)


def unknown(change: Change, error: CampaignctlError, campaign_id: str | None = None) -> ChangeResult:
    """The result of a change with an unknown outcome."""
    return ChangeResult(
        change.key, change.action, campaign_id or change.id, "unknown", failure(change, error), change.name
    )


def not_started(change: Change, why: Failure | None = None) -> ChangeResult:
    """The result of a change for which nothing was sent."""
    return ChangeResult(change.key, change.action, change.id, "not_started", why, change.name)


def failure(change: Change, error: CampaignctlError) -> Failure:
    """An error, as the reason why a change is not done."""
    verb = f"{change.action} of {change.key}"
    place = f" ({change.source})" if change.source else ""
    return Failure(f"{verb}{place}: {error.summary}", error.detail, error.hint, error.trace_id)


#: A path that an answer names: `messages[0].push.title`, `messages/0/push/title`, `messages.0.push.title`.
_NAMED = re.compile(r"[a-z_]+(?:\[\d{1,3}\]|[./][A-Za-z0-9_-]{1,40}){0,12}", re.ASCII)
_STEP = re.compile(r"[^\[\]./]+")


def named_field(said: str, body: Mapping[str, Any]) -> KeyPath:
    """The field of a body that an answer of the API names; empty if it names none.

    A single word counts only at the beginning or in quotes: `name` may be any word of a sentence. A field
    that is missing counts if the object that lacks it is there.
    """
    for found in _NAMED.finditer(said):
        path = tuple(int(part) if part.isdecimal() else part for part in _STEP.findall(found[0].rstrip(".")))
        around = said[max(found.start() - 1, 0) : found.start()] + said[found.end() : found.end() + 1]
        alone = len(path) == 1 and not (found.start() == 0 and around == ":") and around not in _QUOTED
        if not alone and path[0] in body and (_has(body, path[:-1])):
            return path
    return ()


_QUOTED = ("``", "''", '""')


def _has(value: Any, path: KeyPath) -> bool:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def halt_hint(change: Change, status: Status) -> Sentence:
    """What to do about a campaign that is not as requested: halt it, unless its status sends nothing."""
    if status is Status.NEEDS_DECISION:
        return Sentence("compare both in the dashboard, before its winner is chosen: that sends it")
    if status in (Status.SENT, Status.CANCELED, Status.MISSING):
        return Sentence(f"it is {status}: compare both in the dashboard")
    if status in (Status.PAUSED, Status.DRAFT, Status.MANUAL):
        return Sentence(
            Command("plan"), f" shows the difference; it is {status}, and sends nothing by itself"
        )
    return Sentence(Command("halt", change.key, "--reason", "not as requested"))
