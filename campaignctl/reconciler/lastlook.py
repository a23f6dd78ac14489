"""The last look: what is asked once more directly before the bytes of a request leave."""

from __future__ import annotations

from campaignctl.errors import Refused
from campaignctl.plan import guardrails
from campaignctl.plan.holding import may_send
from campaignctl.plan.model import Action, Change
from campaignctl.plan.options import Lifts
from campaignctl.reconciler.run import Run

CREATING = (Action.CREATE, Action.REPLACE)


def last_look(run: Run, change: Change) -> None:
    """The lock, the wish to stop, the stop mark, and the guardrails that depend on the present.

    Raises LockLost, Interrupted, Halted, or Refused for a guardrail; then nothing may be sent.
    """
    run.may_send()
    if may_send(change):
        run.not_halted(change.key, change.id)
    now = run.wiring.clock.now()
    lifts = Lifts.at(now, run.overrides, run.project.overrides)
    found = guardrails.at_request(change, run.project.guardrails, now, lifts)
    if found is not None:
        raise Refused(found[0], hint=found[1])
