"""What became of one change, put together: done, failed, not started, or unknown."""

from __future__ import annotations

from shlex import quote

from campaignctl.errors import ApiError, CampaignctlError
from campaignctl.plan.model import Action, Change
from campaignctl.reconciler.outcome import ChangeResult, Failure

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


def unknown(change: Change, error: ApiError, campaign_id: str | None = None) -> ChangeResult:
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


def halt_hint(change: Change) -> str:
    """The command that stops a campaign which is not what was asked for."""
    return f'campaignctl halt {quote(change.key)} --reason "not what was asked for"'
