"""The live status of every recorded campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from campaignctl.campaign.live import Live
from campaignctl.diff import FieldChange
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.desired import DesiredState
from campaignctl.plan import records
from campaignctl.plan.case import Case
from campaignctl.reconciler.observe import observe
from campaignctl.reconciler.opening import check_environment, check_url
from campaignctl.reconciler.wiring import Wiring
from campaignctl.state.model import Record, State


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One recorded campaign now.

    `status` is the live one ("missing" if the API knows no such id); `read` is false when it is only
    what the state remembers. `next_run` is `YYYY-MM-DDTHH:MM:SSZ` or None. `pending` is the phase of an
    unsettled intent.
    """

    key: str
    id: str | None
    name: str
    status: str
    read: bool
    next_run: str | None = None
    drift: tuple[FieldChange, ...] = ()
    pending: str | None = None
    declared: bool = True


def status(wiring: Wiring, desired: DesiredState) -> tuple[StatusRow, ...]:
    """What the account shows of every recorded campaign, without a lock and without a write.

    Raises what reading the state or the account raises, and an error when there is something to read and
    no token.
    """
    state = wiring.backend.read()
    check_environment(state, desired.project)
    if state is None:
        return ()
    now = wiring.clock.now()
    alive = any(not records.final(record, now) for record in state.campaigns.values())
    lives: Mapping[str, Live | None] = {}
    if alive:
        if wiring.api is None:
            raise CampaignctlError("the live status needs a token", hint="set OCAMBA_TOKEN")
        check_url(state, wiring.api.url)
        lives = observe(wiring.api, state, desired, now, parallelism=wiring.parallelism).live
    rows = [_row(key, record, lives, desired, state) for key, record in state.campaigns.items()]
    rows += [
        StatusRow(key, intent.id, str(intent.spec.get("name", "")), "unsettled", False, pending=intent.phase)
        for key, intent in state.pending.items()
        if key not in state.campaigns and intent.phase != "planned"
    ]
    return tuple(sorted(rows, key=lambda row: row.key))


def _row(
    key: str, record: Record, lives: Mapping[str, Live | None], desired: DesiredState, state: State
) -> StatusRow:
    case = Case(key, record, lives.get(key), key in lives, desired.campaigns.get(key))
    live = case.live
    intent = state.pending.get(key)
    return StatusRow(
        key=key,
        id=record.id,
        name=(live.name if live else "") or str(record.applied.get("name", "")),
        status=records.observed_status(live, record.applied) if live else str(case.status),
        read=case.read,
        next_run=(records.observed(record, live).next_run_time if live else record.next_run_time),
        drift=case.drift,
        pending=intent.phase if intent and intent.phase != "planned" else None,
        declared=key in desired.campaigns,
    )
