"""Cancel what was never meant to be: a second copy, a campaign in another company, a proof to others."""

from __future__ import annotations

from collections.abc import Callable

from campaignctl.campaign.status import Status, status_of
from campaignctl.errors import OutcomeUnknown, ReadFailed, Refused
from campaignctl.plan.model import Request
from campaignctl.reconciler.run import READ_WAITS, Run


def canceled(run: Run, campaign_id: str, why: str, before: Callable[[], None]) -> tuple[Status | None, str]:
    """Cancel a campaign, and read it until it cannot send any more: a cancel may take effect late, and
    whatever its answer was.

    `before` runs directly before the request. Returns the status that the last read showed, None if it
    failed, and why the campaign is not canceled. Raises what `before` raises, and Interrupted.
    """
    problem, status = "it is not shown as canceled", None
    try:
        try:
            run.api.send(Request("cancel", campaign_id, {"reason": why}), before=before, reserve=True)
        except (OutcomeUnknown, Refused) as error:
            problem = error.summary
        for wait in READ_WAITS:
            run.wiring.clock.wait(wait)
            seen = run.api.read(campaign_id, reserve=True)
            status = status_of(seen) if seen else Status.MISSING
            if not status.can_send:
                return status, f"it is {status}"
    except (Refused, ReadFailed) as error:
        return None, error.summary
    return status, problem
