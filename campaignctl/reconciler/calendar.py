"""The calendar: manifests, state and stop mark, and the account if there is a token. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from campaignctl.campaign.live import Live
from campaignctl.errors import CampaignctlError, Sentence
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import records
from campaignctl.reconciler import stop_mark
from campaignctl.reconciler.opening import (
    check_company,
    check_environment,
    check_url,
    company_of,
    company_of_records,
    newest,
)
from campaignctl.reconciler.refresh import read_records
from campaignctl.reconciler.run import Wiring
from campaignctl.review.calendar import Calendar
from campaignctl.review.calendar_build import calendar
from campaignctl.review.calendar_campaigns import campaigns_of, strangers
from campaignctl.schedule.agenda import Days
from campaignctl.state.halts import Halts
from campaignctl.state.model import State

NOT_READ = (
    "The account was not read (no OCAMBA_TOKEN): pauses, changes and campaigns of others are not shown."
)


def calendar_of_project(wiring: Wiring, desired: DesiredState, count: int) -> Calendar:
    """The calendar of the next `count` days, today among them. Takes no lock.

    Without an API it is made of the manifests and, as far as it can be read, the state. Raises what reading
    the state or the account raises.
    """
    project, notes = desired.project, []
    state, halts = None, Halts()
    try:
        state = wiring.backend.read()
        halts = stop_mark.to_plan_with(wiring.backend, state)
    except CampaignctlError as error:
        if wiring.api is not None:
            raise
        notes.append(f"The state was not read, so halts are not shown: {error.summary}.")
    check_environment(state, project)
    live, seen = _account(wiring, state) if wiring.api else ({}, {})
    now = wiring.now()
    notes = [*([] if wiring.api else [NOT_READ]), *notes, *wiring.clock_notes(), *_mark(halts)]
    shown = [
        *campaigns_of(desired, state, live, halts, now),
        *strangers(seen, desired, state, now),
    ]
    days = Days.ahead(now, project.time_zone, count)
    return calendar(shown, days, project, notes=tuple(notes), account_read=wiring.api is not None)


def _mark(halts: Halts) -> list[str]:
    mark = halts.unreadable
    return [Sentence(f"{mark.reason}: ", mark.hint)] if mark else []


def _account(wiring: Wiring, state: State | None) -> tuple[Mapping[str, Live | None], dict[str, Live]]:
    """The recorded campaigns that are not final, by key, and every campaign that can send, by id."""
    api = wiring.need_api()
    check_url(state, api.url)
    lives = {live.id: live for live in newest(api, (), live_only=True).lives}
    company = company_of(lives.values()) or company_of_records(api, state)
    check_company(company, state, wiring.project)
    alive = {
        key: record
        for key, record in (state.campaigns.items() if state else ())
        if not records.final(record, wiring.now())
    }
    found, seen = read_records(api, alive, parallelism=wiring.parallelism, at_hand=lives)
    return found, seen
