"""Calendars of declared, recorded and live campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.project.model import Collisions, Guardrails
from campaignctl.review.calendar import Calendar
from campaignctl.review.calendar_build import calendar
from campaignctl.review.calendar_campaigns import campaigns_of, strangers
from campaignctl.schedule.agenda import Days
from campaignctl.schedule.windows import Window
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import State
from tests.plan.planning import PROJECT, Spec, body, wanted

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
GERMANY = {"countries": {"items": ["DE"], "op": "in"}}


def at(time: str, **fields: Any) -> Spec:
    return body(scheduled_time=time, **fields)


def cron(line: str, **fields: Any) -> Spec:
    return body(recurrence={"cron": line}, **fields)


def declared(specs: Mapping[str, Spec]) -> list[DesiredCampaign]:
    return [wanted(spec, key) for key, spec in specs.items()]


def drawn(
    desired: Iterable[DesiredCampaign],
    *,
    known: State | None = None,
    lives: Mapping[str, Live | None] | None = None,
    others: Iterable[Live] = (),
    halts: Halts = Halts(),
    days: int = 14,
    zone: str = "Europe/Belgrade",
    now: datetime = NOW,
    within: timedelta | None = None,
    most: int | None = None,
    freeze: tuple[Window, ...] = (),
    **more: Any,
) -> Calendar:
    """The calendar of these campaigns; `lives` are those that were read, `others` more of the account."""
    limits = Guardrails(collisions=Collisions(within, most), freeze=freeze)
    project = replace(PROJECT, time_zone=zone, guardrails=limits)
    state = DesiredState(project, {one.key: one for one in desired}, "sha256:project")
    live = dict(lives or {})
    seen = {each.id: each for each in (*filter(None, live.values()), *others)}
    shown = [*campaigns_of(state, known, live, halts, now), *strangers(seen, state, known, now)]
    return calendar(shown, Days.ahead(now, zone, days), project, **more)


def halt(*keys: str) -> Halts:
    return Halts((Halt("h1", keys, "wrong price", "ana", "laptop", "2026-10-20T11:00:00Z"),))


def sends(found: Calendar) -> list[tuple[str, str, str]]:
    """Each entry: its campaign, its first instant, and what holds it back or its standing."""
    return [
        (
            entry.campaign.label,
            entry.slot.first.strftime("%d %H:%M"),
            entry.held or ("" if entry.campaign.standing == "applied" else entry.campaign.standing),
        )
        for entry in found.entries
    ]
