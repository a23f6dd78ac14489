"""What an apply did, change by change, and what it says while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from campaignctl.errors import CampaignctlError, Command, Sentence
from campaignctl.plan.model import Action, Blocked, Change, Objection

Result = Literal["done", "incomplete", "refused", "interrupted"]
ChangeOutcome = Literal["done", "failed", "not_started", "unknown"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a change is not done, for people."""

    summary: str
    detail: str = ""
    hint: str = ""
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """One change after an apply."""

    key: str
    action: Action
    id: str | None
    outcome: ChangeOutcome
    error: Failure | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole apply. `next` holds the commands that come next in their order; `blocked` is what the plan
    left alone, and `objections` are the guardrails that stopped it as a whole."""

    result: Result
    changes: tuple[ChangeResult, ...] = ()
    lineage: str | None = None
    serial: int = 0
    next: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened under way, for progress.

    `kind`: "phase" (text says what begins; total how many steps it has if known), "started", "answered" (the
    request of one change is over, and a read is still to show what came of it, for many changes together)
    and "finished" (one change; outcome set when finished), "note" (a line worth showing). `remaining` is how
    long the requests that are still to come take at the pace of the account, where that is known.
    """

    kind: Literal["phase", "started", "answered", "finished", "note"]
    text: str
    key: str | None = None
    action: Action | None = None
    outcome: ChangeOutcome | None = None
    total: int | None = None
    remaining: timedelta | None = None


OnEvent = Callable[[Event], None]


Place = tuple[str, Action]


def place(of: Change | ChangeResult) -> Place:
    """By what a change and its result find each other: a key may have several changes, each of another
    action."""
    return of.key, of.action


def done(change: Change, campaign_id: str | None) -> ChangeResult:
    """A change that happened and is recorded."""
    return ChangeResult(change.key, change.action, campaign_id, "done", None, change.name)


def failed(change: Change, error: Failure, campaign_id: str | None = None) -> ChangeResult:
    """A change that certainly did not happen, or went wrong."""
    return ChangeResult(change.key, change.action, campaign_id or change.id, "failed", error, change.name)


def unknown(change: Change, error: CampaignctlError, campaign_id: str | None = None) -> ChangeResult:
    """A change of which nobody can say whether it happened."""
    return ChangeResult(
        change.key, change.action, campaign_id or change.id, "unknown", failure(change, error), change.name
    )


def not_started(change: Change, why: Failure | None = None) -> ChangeResult:
    """A change of which nothing was sent."""
    return ChangeResult(change.key, change.action, change.id, "not_started", why, change.name)


def failure(change: Change, error: CampaignctlError) -> Failure:
    """An error in terms of the change that met it."""
    verb = f"{change.action} of {change.key}"
    place = f" ({change.source})" if change.source else ""
    return Failure(f"{verb}{place}: {error.summary}", error.detail, error.hint, error.trace_id)


def halt_hint(change: Change) -> Sentence:
    """The command that stops a campaign which is not what was asked for."""
    return Sentence(Command("halt", change.key, "--reason", "not what was asked for"))
