"""Plan without a lock and without a write: read access is all it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from campaignctl.errors import CampaignctlError, StateDamaged, StateTooNew
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import records
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.plan.planner import decide
from campaignctl.reconciler.opening import check_environment, check_url, still_behind
from campaignctl.reconciler.refresh import look, observe, open_intents
from campaignctl.reconciler.run import Wiring
from campaignctl.state.halts import Halts, Unreadable
from campaignctl.state.model import State


def plan(wiring: Wiring, desired: DesiredState, options: Options) -> Plan:
    """The plan for the present moment.

    Raises what reading the state or the account raises, and an error when a refresh is wanted without a
    token.
    """
    state = wiring.backend.read()
    check_environment(state, desired.project)
    now = wiring.clock.now()
    if options.refresh:
        reading = _refreshed(wiring, state, desired, now)
    else:
        reading = Reading(refreshed=False, unsettled=open_intents(state) if state else {})
    reading = replace(reading, halts=stop_mark(wiring))
    return decide(question(wiring, desired, options, state, reading, now))


def stop_mark(wiring: Wiring) -> Halts:
    """The halts to plan with. A mark that is damaged stops all that can send, and no cancel and no pause.

    Raises StateError when it cannot be asked for at all.
    """
    try:
        return wiring.backend.halts()
    except (StateDamaged, StateTooNew) as error:
        return Halts(unreadable=Unreadable(f"it may be halted: {error.summary}", error.hint))


def question(
    wiring: Wiring,
    desired: DesiredState,
    options: Options,
    state: State | None,
    reading: Reading,
    now: datetime,
) -> PlanContext:
    """Everything a plan is made of."""
    return PlanContext(
        desired,
        state,
        reading,
        options,
        now,
        wiring.clock.new_id,
        wiring.tool_version,
        wiring.commit,
        wiring.who,
        wiring.lacks,
    )


def needs_reading(state: State | None, desired: DesiredState, now: datetime) -> bool:
    """Whether there is anything in the account that a plan has to look at."""
    recorded = state.campaigns if state else {}
    if any(wanted.adopt and key not in recorded for key, wanted in desired.campaigns.items()):
        return True
    if state is None:
        return False
    alive = any(not records.final(record, now) for record in state.campaigns.values())
    return alive or bool(state.pending or state.released)


def _refreshed(wiring: Wiring, state: State | None, desired: DesiredState, now: datetime) -> Reading:
    if not needs_reading(state, desired, now):
        return Reading()
    if wiring.api is None:
        raise CampaignctlError(
            "a plan reads the recorded campaigns, and there is no token for that",
            hint="set OCAMBA_TOKEN, or plan from the state alone with --no-refresh",
        )
    check_url(state, wiring.api.url)
    reading = observe(wiring.api, state, desired, now, parallelism=wiring.parallelism)
    if state is None:
        return reading
    settled, unsettled = look(wiring.api, state)
    # Without a lock an apply may create meanwhile; an intent is in the state before its campaign is there.
    unknown = still_behind(reading.behind, wiring.backend.read()) if reading.behind else ()
    return replace(reading, settled=settled, unsettled=unsettled, behind=unknown)
