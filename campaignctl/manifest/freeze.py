"""What the members of a window of `freeze` ask of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.problem import Path, Problem, error
from campaignctl.schedule.cron import CronError, parse_cron
from campaignctl.schedule.times import TimeError, begin, end, is_known

_DATES = ("from", "to")
_AGAIN = ("cron", "duration")
_AS_IN = "write `from` and `to`, or `cron` and `duration`"


def problems(members: Mapping[str, Any], path: Path, zone: str) -> Iterator[Problem]:
    """Everything that keeps a window from being one; `zone` is the project's."""
    dates = [name for name in _DATES if name in members]
    again = [name for name in _AGAIN if name in members]
    if dates and again:
        message = f"`{again[0]}` beside `{dates[0]}`: a window has one of the two forms"
        yield error("freeze", (*path, again[0]), message, _AS_IN)
    elif not dates and not again:
        yield error("freeze", (*path, "from"), "a window without a time", _AS_IN)
    else:
        wanted, there = (_DATES, dates) if dates else (_AGAIN, again)
        for name in wanted:
            if name not in there:
                yield error("freeze", (*path, name), f"`{there[0]}` without `{name}`", _AS_IN)
    yield from _cron(members, (*path, "cron"))
    yield from _order(members, path, zone)


def _cron(members: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if "cron" not in members:
        return
    try:
        cron = parse_cron(members["cron"])
    except CronError as wrong:
        yield error("cron", path, str(wrong))
        return
    if cron.days is not None and cron.weekdays is not None:
        message = "days of the month and of the week in one expression: tools take either, or only both"
        yield error("cron", path, message, "write a window for each")


def _order(members: Mapping[str, Any], path: Path, zone: str) -> Iterator[Problem]:
    """What is wrong with the times of a window, each by itself and together."""
    own = members.get("tz")
    if not is_known(own or zone):
        return  # the models say so
    bounds = []
    for name, read in (("from", begin), ("to", end)):
        try:
            bounds += [read(members[name], own or zone, own)] if name in members else []
        except TimeError as wrong:
            yield error("time", (*path, name), str(wrong), wrong.hint)
            return
    if bounds != sorted(set(bounds)):
        message = f"the window ends ({members['to']}) before it begins ({members['from']})"
        yield error("freeze", (*path, "to"), message, "exchange the two, or correct one")
