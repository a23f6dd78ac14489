"""What a plan comes to: one sentence for the last line of a text and the first of a comment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from campaignctl.plan.model import Action, Drift, Plan
from campaignctl.render.escape import escape

#: What gives a campaign something to send, so that it matters whom it reaches.
REACHING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESUME)

_KEYS_SHOWN = 8


def summary_text(plan: Plan) -> str:
    """How many of each action, what is left alone, and how many can send; or why there is nothing to do."""
    if plan.empty:
        return _nothing(plan)
    counts = plan.summary
    done = ", ".join(
        f"{counts[action]} to {action}" for action in Action if action is not Action.NONE and counts[action]
    )
    left = [f"{plan.unchanged} unchanged" if plan.unchanged else "", _left(plan)]
    arms = sum(change.arms for change in plan.changes)
    at_once = sum(change.sends_at_once for change in plan.changes)
    sends = [f"{arms} can send afterwards" if arms else "", f"{at_once} AT ONCE" if at_once else ""]
    said = ["; ".join(filter(None, [done, *left])), ", ".join(filter(None, sends))]
    return f"Plan: {'. '.join(filter(None, said))}."


def _left(plan: Plan) -> str:
    return f"{len(plan.blocked)} blocked" if plan.blocked else ""


def _nothing(plan: Plan) -> str:
    if plan.blocked:
        return f"No changes that can be made: {len(plan.blocked)} blocked."
    if plan.drift:
        count = len(plan.drift)
        return (
            f"No changes. {count} campaign{'s' if count != 1 else ''} differ{'s' if count == 1 else ''} live."
        )
    if not plan.refreshed:
        return "No changes. The state agrees with the manifests; the account was not read."
    return "No changes. The account agrees with the manifests."


def fate_text(plan: Plan, drift: Drift) -> str:
    """What becomes of a drift."""
    if not drift.corrected:
        return "left as it is"
    ours = [one.path for change in plan.changes if change.key == drift.key for one in change.conflicts]
    if any(_meet(path, field.path) for path in ours for field in drift.diff):
        return "this plan overwrites it: see the conflict"
    return "this plan puts it back"


def _meet(one: str, other: str) -> bool:
    """Whether two paths are the same, or one lies inside the other."""
    shorter, longer = sorted((one, other), key=len)
    return longer == shorter or longer.startswith(f"{shorter}/")


def keys_text(keys: Sequence[str], show: Callable[[str], str] = escape) -> str:
    """The first keys of a list, and how many more there are; `show` makes a key safe."""
    shown = ", ".join(map(show, keys[:_KEYS_SHOWN]))
    rest = len(keys) - _KEYS_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
