"""Plan without a lock and without writes: read access is enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import status_of
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import proof, records
from campaignctl.plan.context import Against, PlanContext, Reading
from campaignctl.plan.model import Action, Copy, Options, Plan
from campaignctl.plan.planner import decide
from campaignctl.reconciler import copies, foreign, stop_mark
from campaignctl.reconciler.opening import (
    check_environment,
    check_records,
    check_url,
    left_behind,
    look_for_copies,
    opening_read,
    still_behind,
)
from campaignctl.reconciler.other_states import check_left, check_new
from campaignctl.reconciler.refresh import look, observe, open_intents, read_written
from campaignctl.reconciler.run import Wiring
from campaignctl.state.model import FORMAT_VERSION, State

#: Actions after which recipients get what the manifest says.
_LINTED = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESUME, Action.ADOPT})


def plan(wiring: Wiring, desired: DesiredState, options: Options, against: Against | None = None) -> Plan:
    """The plan for the present moment; `against` another commit, it tells what was blocked before.

    Raises what `plans` raises.
    """
    return plans(wiring, desired, (options,), against)[0]


def plans(
    wiring: Wiring, desired: DesiredState, several: Sequence[Options], against: Against | None = None
) -> list[Plan]:
    """A plan for each of some options, of one reading of state and account. All of them read it, or none.

    Raises what reading the state or the account raises, StateError if another state is in the way, and
    CampaignctlError without a token if something has to be read.
    """
    state = wiring.backend.read()
    if wiring.newest:
        wiring.newest.check(state)
        wiring.newest.note(state)
    check_environment(state, wiring.project)
    check_records(state)
    now = wiring.clock.now()
    check_left(wiring.project, wiring.elsewhere, now)
    halts = stop_mark.to_plan_with(wiring.backend, state)
    if any(options.refresh for options in several):
        alarm = any(options.refresh_only for options in several)
        reading = _refreshed(wiring, state, desired, now, alarm=alarm)
        reading = replace(reading, notes=(*wiring.clock_notes(), *reading.notes))
        now = wiring.now()
        state, reading = _settled(wiring, state, reading, now)
    else:
        if state is None:
            check_new(wiring.project, wiring.elsewhere, (), desired.campaigns)
        reading = Reading(refreshed=False, unsettled=open_intents(state) if state else {})
    reading = replace(reading, halts=halts)
    noted = wiring.recall.noted(state, now) if wiring.recall else None

    def decided(options: Options) -> Plan:
        notes = (*reading.notes, *_unrecorded(state, options))
        if not (options.refresh_only or options.targets):
            others = (live for live in reading.foreign.values() if live)
            notes += tuple(foreign.unmanaged_note(others, state, desired))
        told = replace(reading, notes=notes)
        asked = question(wiring, desired, options, state, told, now, against)
        return linted(decide(replace(asked, noted=noted)), desired, now)

    made = [decided(options) for options in several]
    if wiring.recall:
        wiring.recall.keep()
    return made


def linted(plan: Plan, desired: DesiredState, now: datetime) -> Plan:
    """A plan with the errors and warnings of lint about the campaigns that it changes; they stop none."""
    keys = {change.key for change in plan.changes if change.action in _LINTED}
    if not keys:
        return plan
    from campaignctl.lint.inspect import inspect  # a plan without changes needs no rules

    found = inspect(desired, now, keys, remarks=False)
    return replace(plan, lint=found)


def _unrecorded(state: State | None, options: Options) -> Iterable[str]:
    """A line if the settings of the last apply are not known: what changed in them is not shown."""
    unknown = state and state.settings is None and state.format_version == FORMAT_VERSION
    if unknown and not options.refresh_only:
        yield "the state has no settings yet: the next apply records them, and later plans show their changes"


def _settled(
    wiring: Wiring, state: State | None, reading: Reading, now: datetime
) -> tuple[State | None, Reading]:
    """The state as an apply would settle it by one read of each open write, and the writes that stay open."""
    if state is None or wiring.api is None or not proof.open_writes(state):
        return state, reading
    lives = read_written(wiring.api, state, wiring.project, now, wiring.parallelism)
    found = proof.settled(state, lives, wiring.project, now)
    after = state.after(replace(found.entry, decision=False))
    fresh = {key: live for key, live in lives.items() if key in reading.live}
    return after, replace(
        reading, live={**reading.live, **fresh}, unsettled={**reading.unsettled, **found.left}
    )


def question(
    wiring: Wiring,
    desired: DesiredState,
    options: Options,
    state: State | None,
    reading: Reading,
    now: datetime,
    against: Against | None = None,
) -> PlanContext:
    """The input of a plan."""
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
        wiring.stands_to,
        against,
    )


def _needs_reading(state: State, desired: DesiredState, now: datetime) -> bool:
    """Whether a plan has to read the account."""
    if any(key not in state.campaigns for key in desired.campaigns):
        return True
    alive = any(not records.final(record, now) for record in state.campaigns.values())
    going = any(one.archived is None for one in state.released)
    return alive or bool(copies.watched(state, now)) or bool(state.pending) or going


def _refreshed(
    wiring: Wiring, state: State | None, desired: DesiredState, now: datetime, *, alarm: bool
) -> Reading:
    """The account as a plan needs it; an `alarm` looks for clones of final campaigns too."""
    if state is not None and not (_needs_reading(state, desired, now) or (alarm and state.campaigns)):
        return Reading(refreshed=False)
    if wiring.api is None:
        raise CampaignctlError(
            "a plan reads the account, and there is no token for that",
            hint="set OCAMBA_TOKEN, or plan from the state alone with --no-refresh",
        )
    read = partial(observe, wiring.api, state, desired, now, parallelism=wiring.parallelism)
    if state is None:
        # The same read as an apply makes: the state may be lost.
        opening = opening_read(wiring.api, None, wiring.project, desired.campaigns, live_only=True)
        check_new(wiring.project, wiring.elsewhere, opening.scan.lives, desired.campaigns)
        return replace(read(at_hand=opening.lives), behind=opening.behind)
    check_url(state, wiring.api.url)
    reading = read(list_page=True)
    settled, unsettled = look(wiring.api, state)
    # Without a lock an apply may create meanwhile; its intent is recorded before its campaign exists.
    unknown = still_behind(reading.behind, wiring.backend.read()) if reading.behind else ()
    second = look_for_copies(wiring.api, state, wiring.project, now)
    return replace(
        reading,
        settled=settled,
        unsettled=unsettled,
        behind=unknown,
        copies=copies_of(second),
        notes=(*reading.notes, *left_behind(second)),
    )


def copies_of(second: Iterable[tuple[str, Live]]) -> tuple[Copy, ...]:
    """The second copies that can send."""
    return tuple(Copy(live.id, key, str(status_of(live))) for key, live in second if status_of(live).can_send)
