"""A checkout without what was applied last: its plan takes back what others have added or changed since."""

from __future__ import annotations

from collections.abc import Iterable

from campaignctl.plan.model import Action
from campaignctl.plan.question import Question
from campaignctl.schedule.times import parse_iso
from campaignctl.schedule.words import instant
from campaignctl.state.model import HistoryEntry

_TAKES_BACK = frozenset({Action.CANCEL, Action.FORGET, Action.UPDATE, Action.REPLACE, Action.PAUSE})
_SHOWN = 12


def warning(question: Question, actions: Iterable[Action]) -> str | None:
    """A line for whoever is about to take back what they have not seen; None where nothing speaks for that.

    An older checkout may be meant (to go back), and what it takes away is shown as every change is; so it
    is a warning, and no objection.
    """
    if question.options.destroy or question.options.refresh_only or not _TAKES_BACK & set(actions):
        return None
    last = _last_applied(question)
    if last is None or last.commit in (None, question.commit) or not question.lacks(str(last.commit)):
        return None
    at = instant(parse_iso(last.at), question.desired.project.time_zone)
    return (
        f"this checkout does not have commit {str(last.commit)[:_SHOWN]}, which {last.who} applied on {at}."
        " What was added or changed there is taken back here; if that is not meant, `git pull` and plan again"
    )


def _last_applied(question: Question) -> HistoryEntry | None:
    """The last apply that did anything, or may have."""
    history = question.state.history if question.state else ()
    return next(
        (one for one in reversed(history) if one.outcome == "started" or one.outcomes.get("done")), None
    )
