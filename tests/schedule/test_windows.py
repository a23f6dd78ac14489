"""Windows: what they cover on the clocks of their zone, and which of several refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaignctl.schedule.sends import Sends, instants, runs_of, sends_of
from campaignctl.schedule.times import zone_of
from campaignctl.schedule.windows import Refusal, Window, refusal

ZONES = ("UTC", "Europe/Belgrade", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
YEARS = 2 * 366 * 24 * 60 * 60
MOMENTS = st.integers(0, YEARS).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
HOLIDAYS = Window(start=datetime(2026, 12, 20, tzinfo=UTC), end=datetime(2027, 1, 2, tzinfo=UTC))
NIGHTS = Window(cron="0 22 * * *", length=timedelta(hours=10), tz="Europe/Belgrade")
OFFICE = Window(kind="allow", cron="0 9 * * 1-5", length=timedelta(hours=8), tz="Europe/Belgrade")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("2026-12-19T23:59:59Z", False),
        ("2026-12-20T00:00:00Z", True),
        ("2027-01-01T23:59:59Z", True),
        ("2027-01-02T00:00:00Z", False),
    ],
)
def test_a_window_includes_its_start_and_excludes_its_end(text: str, covered: bool) -> None:
    assert HOLIDAYS.covers(_at(text)) is covered


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("2026-11-24T21:59:59+01:00", False),
        ("2026-11-24T22:00:00+01:00", True),
        ("2026-11-25T07:59:59.999+01:00", True),
        ("2026-11-25T08:00:00+01:00", False),
        # The clocks go forward in the night to 2027-03-28, and back in that to 2026-10-25.
        ("2027-03-28T07:59:00+02:00", True),
        ("2027-03-28T08:00:00+02:00", False),
        ("2026-10-25T07:59:00+01:00", True),
        ("2026-10-25T08:00:00+01:00", False),
    ],
)
def test_a_night_ends_by_the_clocks_of_its_zone(text: str, covered: bool) -> None:
    assert NIGHTS.covers(_at(text)) is covered


def test_a_doubled_time_is_covered_twice() -> None:
    window = Window(cron="30 2 * * *", length=timedelta(minutes=20), tz="Europe/Belgrade")
    covered = [window.covers(_at(f"2026-10-25T02:40:00+0{offset}:00")) for offset in (2, 1)]
    assert covered == [True, True]
    assert not window.covers(_at("2026-10-25T02:10:00+01:00"))


def test_a_skipped_time_is_never_covered() -> None:
    window = Window(cron="30 2 * * *", length=timedelta(minutes=20), tz="Europe/Belgrade")
    minutes = [_at("2027-03-28T01:00:00+01:00") + timedelta(minutes=one) for one in range(180)]
    assert not any(map(window.covers, minutes))


def test_a_window_handles_the_ends_of_the_calendar() -> None:
    for window in (OFFICE, HOLIDAYS):
        for instant in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
            assert not window.covers(instant)


@given(
    st.sampled_from(ZONES),
    MOMENTS,
    st.integers(1, 60 * 30),
    st.integers(0, 23),
    st.sampled_from(("*", "1-5", "0", "6,0")),
)
@example("Europe/Belgrade", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 90, 2, "*")
@example("Europe/Belgrade", datetime(2027, 3, 28, 1, 0, tzinfo=UTC), 60, 2, "*")
def test_a_window_covers_what_the_clocks_show_in_it(
    zone: str, moment: datetime, minutes: int, hour: int, weekdays: str
) -> None:
    window = Window(cron=f"15 {hour} * * {weekdays}", length=timedelta(minutes=minutes), tz=zone)
    clock = moment.astimezone(zone_of(zone)).replace(tzinfo=None)
    days = {"*": range(7), "1-5": range(5), "0": (6,), "6,0": (5, 6)}[weekdays]
    quarter = clock.replace(hour=hour, minute=15, second=0)
    openings = [day for day in (quarter - timedelta(days=back) for back in range(3)) if day.weekday() in days]
    shown = any(opened <= clock < opened + window.length for opened in openings)
    assert window.covers(moment) is shown


NOW = _at("2026-11-24T10:00:00+01:00")  # a Tuesday, in office hours
NIGHT = _at("2026-11-25T03:00:00+01:00")


def test_without_windows_nothing_is_refused() -> None:
    assert refusal((), at=NOW, sends=[NIGHT], now=NOW) is None


def test_a_denying_window_refuses_a_change_and_a_send() -> None:
    assert refusal([NIGHTS], at=NIGHT, sends=[], now=NOW) == Refusal(NIGHTS, "change", NIGHT)
    assert refusal([NIGHTS], at=NOW, sends=[NOW, NIGHT], now=NOW) == Refusal(NIGHTS, "send", NIGHT)
    assert refusal([NIGHTS], at=NOW, sends=[NOW], now=NOW) is None


@pytest.mark.parametrize("at", [NOW - timedelta(days=9999), NOW - timedelta(minutes=1)])
def test_a_window_with_an_end_alone_covers_everything_before_it(at: datetime) -> None:
    until = Window(end=NOW)
    assert refusal([until], at=at, sends=[NOW], now=at) == Refusal(until, "change", at)
    assert refusal([until], at=None, sends=[at], now=at) == Refusal(until, "send", at)
    assert refusal([until], at=NOW, sends=[NOW, NIGHT], now=NOW) is None


def test_a_window_with_an_end_alone_covers_the_runs_before_it() -> None:
    until = Window(end=_at("2026-11-26T09:00:00Z"))
    assert refused_run(until, cron="0 9 * * *") == Refusal(until, "send", _at("2026-11-25T09:00:00Z"))
    assert refused_run(until, cron="0 9 * * *", now=_at("2026-11-25T09:00:30Z")) is None
    assert until.words == "to 2026-11-26T09:00:00Z"


def test_a_scope_restricts_only_its_own_times() -> None:
    changes = Window(scope="changes", cron=NIGHTS.cron, length=NIGHTS.length, tz=NIGHTS.tz)
    sends = Window(scope="sends", cron=NIGHTS.cron, length=NIGHTS.length, tz=NIGHTS.tz)
    assert refusal([changes], at=NOW, sends=[NIGHT], now=NOW) is None
    assert refusal([sends], at=NIGHT, sends=[NOW], now=NOW) is None
    assert refusal([changes], at=NIGHT, sends=[NOW], now=NOW)
    assert refusal([sends], at=NOW, sends=[NIGHT], now=NOW)


def test_an_allowing_window_refuses_everything_outside() -> None:
    weekend = Window(kind="allow", cron="0 0 * * 6", length=timedelta(days=2))
    assert refusal([OFFICE, weekend], at=NOW, sends=[_at("2026-11-28T03:00:00Z")], now=NOW) is None
    assert refusal([OFFICE, weekend], at=NIGHT, sends=[], now=NOW) == Refusal(OFFICE, "change", NIGHT)
    assert refusal([OFFICE, weekend], at=NOW, sends=[NIGHT], now=NOW) == Refusal(OFFICE, "send", NIGHT)


def test_an_allowing_window_for_changes_does_not_restrict_sends() -> None:
    office = Window(kind="allow", scope="changes", cron=OFFICE.cron, length=OFFICE.length, tz=OFFICE.tz)
    assert refusal([office], at=NOW, sends=[NIGHT], now=NOW) is None


@given(st.sampled_from(ZONES), MOMENTS)
def test_deny_wins(zone: str, instant: datetime) -> None:
    allow = Window(kind="allow", cron="0 0 * * *", length=timedelta(days=1), tz=zone)
    deny = Window(start=instant, end=instant + timedelta(seconds=1))
    assert refusal([allow], at=instant, sends=[instant], now=NOW) is None
    assert refusal([allow, deny], at=instant, sends=[], now=NOW) == Refusal(deny, "change", instant)


def test_a_campaign_that_sends_at_once_sends_when_armed() -> None:
    assert instants(Sends("immediately"), NOW) == (NOW,)


def test_sends_in_profile_zones_have_an_instant_in_every_zone() -> None:
    spec = {"scheduled_time": "2026-11-24 12:00:00", "send_in_profile_time_zone": True}
    found = instants(sends_of(spec, NOW), NOW)
    assert found[0] == _at("2026-11-24T12:00:00+14:00")
    assert found[-1] == _at("2026-11-24T12:00:00-12:00")
    assert _at("2026-11-24T12:00:00+05:45") in found


def refused_run(
    *windows: Window, now: datetime = NOW, zoned: bool = False, **recurrence: object
) -> Refusal | None:
    """The refusal of a campaign that recurs, because of its runs."""
    runs = runs_of({"recurrence": recurrence, "send_in_profile_time_zone": zoned})
    assert runs
    return refusal(windows, at=None, sends=runs, now=now)


def test_a_run_in_a_window_far_ahead_is_found() -> None:
    assert refused_run(HOLIDAYS, cron="0 9 * * *") == Refusal(HOLIDAYS, "send", _at("2026-12-20T09:00:00Z"))
    later = Window(start=_at("2031-05-01T00:00:00Z"), end=_at("2031-05-02T00:00:00Z"))
    assert refused_run(later, cron="30 6 * * *") == Refusal(later, "send", _at("2031-05-01T06:30:00Z"))
    assert refused_run(later, cron="30 6 2 * *") is None


def test_the_first_run_in_any_window_is_named() -> None:
    assert refused_run(HOLIDAYS, NIGHTS, cron="0 3 1 * *") == Refusal(
        NIGHTS, "send", _at("2026-12-01T03:00:00Z")
    )


@pytest.mark.parametrize(
    ("cron", "at"),
    [
        ("0 12 * * *", None),
        ("59 6 * * *", "2026-11-25T06:59:00Z"),
        # In summer the night ends at 06:00 GMT.
        ("0 7 * * *", None),
        ("0 6 1 7 *", None),
        ("59 5 1 7 *", "2027-07-01T05:59:00Z"),
        # On the days of the clock changes it ends by the clock too.
        ("0 6 28 3 *", None),
        ("59 6 31 10 *", "2027-10-31T06:59:00Z"),
    ],
)
def test_a_run_is_compared_with_the_clocks_of_the_window(cron: str, at: str | None) -> None:
    found = refused_run(NIGHTS, cron=cron)
    assert (found and found.instant) == (_at(at) if at else None)


def test_a_run_in_profile_zones_sends_in_every_zone() -> None:
    noon = Window(start=_at("2026-12-20T21:45:00Z"), end=_at("2026-12-20T22:00:00Z"))
    assert refused_run(noon, cron="0 12 21 12 *") is None
    assert refused_run(noon, cron="0 12 21 12 *", zoned=True) is None
    first = Window(start=_at("2026-12-20T22:00:00Z"), end=_at("2026-12-20T22:01:00Z"))
    assert refused_run(first, cron="0 12 21 12 *", zoned=True) == Refusal(first, "send", first.start or NOW)
    last = Window(start=_at("2026-12-22T00:00:00Z"), end=_at("2026-12-22T00:01:00Z"))
    assert refused_run(last, cron="0 12 21 12 *", zoned=True) == Refusal(last, "send", last.start or NOW)


def test_every_run_must_lie_in_an_allowing_window() -> None:
    assert refused_run(OFFICE, cron="0 9 * * 1-5") is None
    assert refused_run(OFFICE, cron="0 9 * * *") == Refusal(OFFICE, "send", _at("2026-11-28T09:00:00Z"))
    autumn = Window(kind="allow", start=NOW, end=_at("2027-01-01T00:00:00Z"))
    assert refused_run(autumn, cron="0 9 * * *") == Refusal(autumn, "send", _at("2027-01-01T09:00:00Z"))
    assert refused_run(autumn, OFFICE, cron="0 9 * * 1-5") is None


def test_a_weekday_whose_number_is_open_counts_on_each_of_its_days() -> None:
    tuesday = Window(start=_at("2026-12-01T00:00:00Z"), end=_at("2026-12-02T00:00:00Z"))
    pattern = {"hour": 9, "minute": 0, "weekdays": [1], "months": None}
    assert refused_run(tuesday, pattern=pattern) == Refusal(tuesday, "send", _at("2026-12-01T09:00:00Z"))


def test_the_ends_of_the_calendar_are_no_obstacle() -> None:
    end = Window(start=_at("9999-12-30T00:00:00Z"), end=_at("9999-12-31T00:00:00Z"))
    assert refused_run(end, cron="0 9 * * *") is None
    assert refused_run(Window(), cron="0 9 * * *") is not None


lines = st.builds(
    "{} {} {} * {}".format,
    st.sampled_from(["0", "30", "*/7", "1,59"]),
    st.sampled_from(["*", "0", "3", "22-23", "*/5"]),
    st.sampled_from(["*", "1", "28-31"]),
    st.sampled_from(["*", "1-5", "0"]),
)
spans = st.sampled_from([timedelta(seconds=30), timedelta(minutes=1), timedelta(hours=3), timedelta(days=2)])


@given(
    lines, lines, spans, st.sampled_from(ZONES), st.sampled_from(["deny", "allow"]), MOMENTS, st.booleans()
)
def test_the_first_refused_run_is_the_same_as_run_by_run(
    cron: str,
    opens: str,
    length: timedelta,
    zone: str,
    kind: Literal["deny", "allow"],
    now: datetime,
    zoned: bool,
) -> None:
    window = Window(kind=kind, cron=opens, length=length, tz=zone)
    spec = {"recurrence": {"cron": cron}, "send_in_profile_time_zone": zoned}
    listed = sends_of(spec, now, 40)
    begun = sends_of(spec, now - timedelta(hours=26), 40) if zoned else listed
    every = sorted(at for at in {*instants(listed, now), *instants(begun, now)} if at > now)
    complete = [at for at in every if not listed.at or at <= listed.at[-1]]
    expected = next((at for at in complete if window.covers(at) is (kind == "deny")), None)
    found = refused_run(window, now=now, zoned=zoned, cron=cron)
    if expected:
        assert found
        assert found.instant == expected
    elif found and complete:
        assert found.instant > complete[-1]
        assert window.covers(found.instant) is (kind == "deny")


def test_a_window_describes_itself() -> None:
    assert HOLIDAYS.words == "from 2026-12-20T00:00:00Z to 2027-01-02T00:00:00Z"
    assert NIGHTS.words == "cron '0 22 * * *' for 10h, Europe/Belgrade"
