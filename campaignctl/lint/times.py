"""Rules about when a campaign sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from campaignctl.lint.rule import Basis, Fault, rule
from campaignctl.lint.subject import Campaign
from campaignctl.schedule.countries import zones_of
from campaignctl.schedule.cron import occurrences, readings
from campaignctl.schedule.sends import is_past, sends_of
from campaignctl.schedule.times import iso

_CONTRACT = Basis("fact", "API contract, section 2.1")
_CRON = Basis("sibling", "API page of push tasks (API contract, section 2.4)")
_FIELDS = 5
#: Runs a day from which on recipients hear from a campaign all day long.
MANY = 6
#: The night by the recipient's clock: from the first on, before the second.
EVENING, MORNING = "22:00", "07:00"
#: The first zone in which a clock time comes is ahead of UTC by this.
_EARLIEST = timedelta(hours=14)
_LENGTHS = {"D": timedelta(days=1), "H": timedelta(hours=1), "M": timedelta(minutes=1)}
_PART = re.compile(r"(?<![0-9])([0-9]+)([DHM])")
_RUNS = 8


@rule(
    "TIM001",
    "warning",
    "A scheduled time is not over.",
    on="campaign",
    basis=Basis("fact", "the clock of the run; an apply records such a campaign as missed"),
    fix="Write a later time; archive or remove a campaign that was sent.",
)
def past(campaign: Campaign) -> Iterator[Fault]:
    """A one-off campaign whose last possible send is over."""
    sends = sends_of(campaign.body, campaign.now)
    if is_past(sends, campaign.now) and sends.last:
        yield Fault(
            ("scheduled_time",),
            f"the time is over since {iso(sends.last)}",
            "write a later time; a campaign that was sent may be removed",
        )


@rule(
    "TIM002",
    "warning",
    "An A/B test ends before the next run.",
    on="campaign",
    basis=Basis("fact", "API contract, section 2.5, and the recurrence"),
    fix="Shorten `evaluation_window`, or let the campaign recur less often.",
)
def late_evaluation(campaign: Campaign) -> Iterator[Fault]:
    """A test that is still evaluated when the next run begins."""
    text = (campaign.body.get("ab_test") or {}).get("evaluation_window")
    recurrence = campaign.body.get("recurrence")
    if not text or not recurrence:
        return
    window = sum((int(count) * _LENGTHS[unit] for count, unit in _PART.findall(text)), timedelta())
    runs = occurrences(recurrence, campaign.now, _RUNS)
    gap = min((later - run for run, later in pairwise(runs)), default=None)
    if gap is not None and window >= gap:
        yield Fault(
            ("ab_test", "evaluation_window"),
            f"the test is evaluated for {text}, but the next run comes after {_length(gap)}",
            "write a shorter window",
        )


def _length(gap: timedelta) -> str:
    minutes = gap // timedelta(minutes=1)
    parts = ((minutes // 1440, "D"), (minutes // 60 % 24, "H"), (minutes % 60, "M"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0M"


def _runs_a_day(campaign: Campaign) -> int:
    recurrence = campaign.body.get("recurrence")
    return (
        max((len(one.hours) * len(one.minutes) for one in readings(recurrence)), default=0)
        if recurrence
        else 0
    )


@rule(
    "TIM003",
    "warning",
    "A campaign recurs at most a few times a day.",
    on="campaign",
    basis=Basis("fact", "the recurrence"),
    fix="Name the hours; `*` in the hour field of a cron line is every hour.",
)
def often(campaign: Campaign) -> Iterator[Fault]:
    """A recurrence that sends hourly or so."""
    count = _runs_a_day(campaign)
    if count >= MANY:
        place = ("recurrence", "cron") if "cron" in campaign.body["recurrence"] else ("recurrence",)
        yield Fault(place, f"each recipient gets it {count:,} times a day", "name one hour and one minute")


@rule(
    "TIM004",
    "warning",
    "A campaign arrives in the daytime of the targeted countries.",
    on="campaign",
    basis=Basis("fact", "IANA time zone database; night is 22:00 to 7:00 by the recipient's clock"),
    fix="Write a time of the day there, or set `send_in_profile_time_zone: true`.",
)
def night(campaign: Campaign) -> Iterator[Fault]:
    """A send at night in every time zone of a targeted country, or by every recipient's own clock."""
    field = next((name for name in ("scheduled_time", "recurrence") if campaign.body.get(name)), None)
    if field is None or (field == "recurrence" and _runs_a_day(campaign) >= MANY):
        return
    sends = sends_of(campaign.body, campaign.now, 1)
    if sends.first is None:
        return
    if sends.profile_zone:
        clock = f"{sends.first + _EARLIEST:%H:%M}"
        if _at_night(clock):
            yield Fault((field,), f"it arrives at {clock} by each recipient's clock, at night")
        return
    for country in campaign.chosen("countries"):
        zones = zones_of(country)
        # Most countries have one zone in which it is day.
        if zones and all(_at_night(_clock(sends.first, zone)) for zone in zones):
            clocks = sorted(_clock(sends.first, zone) for zone in zones)
            span = clocks[0] if clocks[0] == clocks[-1] else f"{clocks[0]} to {clocks[-1]}"
            yield Fault((field,), f"it arrives at {span} in {country}, at night")
            return


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _at_night(clock: str) -> bool:
    return not MORNING <= clock < EVENING


@rule(
    "TIM005",
    "warning",
    "`send_in_profile_time_zone` has a clock time, and `send_if_profile_time_passed` has it.",
    on="campaign",
    basis=_CONTRACT,
    fix="Remove the field, or set a time.",
    formerly=("profile-time",),
)
def profile_time(campaign: Campaign) -> Iterator[Fault]:
    """A field about the recipient's clock that has no effect."""
    body = campaign.body
    zoned = body.get("send_in_profile_time_zone") is True
    if zoned and body.get("run_immediately"):
        yield Fault(
            ("send_in_profile_time_zone",),
            "`send_in_profile_time_zone` has no effect: with `run_immediately` there is no clock time",
        )
    if body.get("send_if_profile_time_passed") is True and not zoned:
        yield Fault(
            ("send_if_profile_time_passed",),
            "`send_if_profile_time_passed` has no effect without `send_in_profile_time_zone: true`",
        )


def _cron_fields(campaign: Campaign) -> list[str]:
    cron = (campaign.body.get("recurrence") or {}).get("cron") or ""
    fields: list[str] = cron.split(" ")
    return fields if len(fields) == _FIELDS else []


@rule(
    "TIM006",
    "warning",
    "The minute of a cron line is one number.",
    on="campaign",
    basis=_CRON,
    fix="Write one number, as in `30 9 * * 1`.",
    formerly=("cron",),
)
def cron_minute(campaign: Campaign) -> Iterator[Fault]:
    """A minute that a sibling resource refuses."""
    fields = _cron_fields(campaign)
    if fields and not fields[0].isdecimal():
        said = "the minute is not a single number; a sibling resource of the API refuses that"
        yield Fault(("recurrence", "cron"), said)


@rule(
    "TIM007",
    "warning",
    "A cron line sets the day of the month or the weekday, not both.",
    on="campaign",
    basis=Basis("fact", "API contract, section 2.4: whether both must match is not documented"),
    fix="Write `*` for one of them.",
    formerly=("cron",),
)
def cron_days(campaign: Campaign) -> Iterator[Fault]:
    """A line with two meanings."""
    fields = _cron_fields(campaign)
    if fields and fields[2] != "*" and fields[4] != "*":
        said = "both day of the month and weekday are set; whether both must match is not documented"
        yield Fault(("recurrence", "cron"), said, "write `*` for one of them")


@rule(
    "TIM008",
    "warning",
    "A pattern names its weekdays and months.",
    on="campaign",
    basis=Basis("fact", "API contract, section 2.4: every documented pattern has them"),
    fix="Name all of them: weekdays 1 to 7, months 1 to 12.",
    formerly=("expected",),
)
def pattern(campaign: Campaign) -> Iterator[Fault]:
    """A pattern with a field missing or empty."""
    found = (campaign.body.get("recurrence") or {}).get("pattern")
    for name in ("weekdays", "months"):
        if found is not None and not found.get(name):
            said = f"`{name}` is missing or empty; every documented pattern has it"
            yield Fault(("recurrence", "pattern", name), said)
