"""What a calendar says: sends, what holds them back, collisions, freezes and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.schedule.windows import Window
from tests.effort import calls
from tests.plan.planning import DRAFT, IMMEDIATE, MANUAL, Spec, body, live, record, state, wanted
from tests.review.calendars import GERMANY, at, cron, declared, drawn, halt, sends

HOUR = timedelta(hours=1)


def test_single_sends_and_every_run_in_order() -> None:
    found = drawn(declared({"once": at("2026-10-22 10:00:00"), "weekly": cron("0 9 * * 4")}), days=10)
    assert sends(found) == [
        ("weekly", "22 09:00", "planned"),
        ("once", "22 10:00", "planned"),
        ("weekly", "29 09:00", "planned"),
    ]
    assert (found.sends, found.unlisted, found.nothing_applied) == (3, 0, True)


def test_what_is_past_or_after_the_last_day_is_left_out() -> None:
    """The last of two days ends at midnight in Belgrade, 22:00 in GMT."""
    specs = {
        f"k{number}": at(f"2026-10-2{time}")
        for number, time in enumerate(("0 12:00:00", "0 12:00:01", "1 21:59:59", "1 22:00:00"))
    }
    assert [label for label, _, _ in sends(drawn(declared(specs), days=2))] == ["k1", "k2"]


def test_a_send_in_the_recipients_zones_is_a_span_and_stays_until_its_end() -> None:
    local = {"send_in_profile_time_zone": True}
    found = drawn(
        declared(
            {
                "under way": at("2026-10-20 03:00:00", **local),
                "over": at("2026-10-20 00:00:00", **local),
                "daily": cron("0 9 * * *", **local),
            }
        ),
        days=2,
    )
    begun, today, *_ = found.entries
    assert (begun.campaign.key, begun.slot.local) == ("under way", "2026-10-20 03:00:00")
    assert begun.slot.last - begun.slot.first == 26 * HOUR
    assert (today.campaign.key, today.slot.local) == ("daily", "2026-10-20 09:00:00")
    assert [entry.slot.local for entry in found.entries if entry.campaign.key == "daily"] == [
        "2026-10-20 09:00:00",
        "2026-10-21 09:00:00",
        "2026-10-22 09:00:00",
    ]
    assert (found.days[0].sends, found.days[1].sends) == (3, 1)


def test_many_runs_of_a_day_are_one_entry() -> None:
    found = drawn(declared({"often": cron("* * * * *"), "hourly": cron("0 * * * *")}), days=2, zone="UTC")
    often = [entry.slot for entry in found.entries if entry.campaign.key == "often"]
    assert [slot.count for slot in often] == [719, 1440]
    assert often[1].last == datetime(2026, 10, 21, 23, 59, tzinfo=UTC)
    assert len(found.entries) == 2 + 11 + 24
    assert [day.sends for day in found.days] == [730, 1464]


def test_what_has_no_time_is_listed_with_the_reason() -> None:
    specs = {"now": IMMEDIATE, "hand": MANUAL, "draft": DRAFT}
    found = drawn(declared(specs))
    assert {one.key: one.undated for one in found.undated} == {
        "now": "at once",
        "hand": "by hand",
        "draft": "draft",
    }
    assert found.entries == ()


CHRISTMAS, EASTER = "2026-10-24 10:00:00", "2026-10-26 10:00:00"


def known(spec: Spec, status: str = "scheduled", **fields: Any) -> Any:
    return state({"k": record(spec, status, campaign_id="1", **fields)})


def test_an_applied_campaign_is_shown_once_and_a_changed_one_with_both_times() -> None:
    same = drawn([wanted(at(CHRISTMAS), "k")], known=known(at(CHRISTMAS)))
    assert sends(same) == [("k", "24 10:00", "")]
    moved = drawn([wanted(at(EASTER), "k")], known=known(at(CHRISTMAS)))
    assert sends(moved) == [("k", "24 10:00", "outdated"), ("k", "26 10:00", "planned")]
    assert (moved.sends, [day.held for day in moved.days if day.held]) == (1, [1])


def test_the_account_wins_over_the_record() -> None:
    spec = at(CHRISTMAS)
    shown = {"k": live(at(EASTER), campaign_id="1")}
    found = drawn([wanted(spec, "k")], known=known(spec), lives=shown)
    assert sends(found) == [("k", "24 10:00", "planned"), ("k", "26 10:00", "outdated")]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("active", [("k", "24 10:00", "")]),
        ("paused", [("k", "24 10:00", "paused")]),
        ("canceled", [("k", "24 10:00", "outdated")]),
    ],
)
def test_phases(phase: Any, expected: list[tuple[str, str, str]]) -> None:
    spec = at(CHRISTMAS)
    found = drawn([wanted(spec, "k", lifecycle=Lifecycle(phase=phase))], known=known(spec))
    assert sends(found) == expected


@pytest.mark.parametrize("status", ["sent", "canceled"])
def test_what_is_over_is_not_shown(status: str) -> None:
    spec = at(CHRISTMAS)
    assert drawn([wanted(spec, "k")], known=known(spec, status)).campaigns == ()
    gone = drawn([wanted(spec, "k")], known=known(spec), lives={"k": None})
    assert gone.campaigns == ()


def test_a_pause_of_others_and_a_halt_hold_sends_back() -> None:
    spec = at(CHRISTMAS)
    paused = drawn([wanted(spec, "k")], known=known(spec), lives={"k": live(spec, "paused", "1")})
    assert sends(paused) == [("k", "24 10:00", "paused")]
    halted = drawn([wanted(spec, "k")], known=known(spec, "paused"), halts=halt("k"))
    assert sends(halted) == [("k", "24 10:00", "halted")]
    assert (halted.sends, halted.held[0].halt) == (0, "halted by ana, Tue 20 Oct 2026 11:00 GMT: wrong price")
    goes = drawn(
        [wanted(spec, "k")], known=known(spec), lives={"k": live(spec, campaign_id="1")}, halts=halt("k")
    )
    assert (sends(goes), goes.sends, len(goes.held)) == ([("k", "24 10:00", "")], 1, 1)


def test_a_skipped_run_is_marked_and_not_counted() -> None:
    spec = cron("0 9 * * *")
    runs = [{"time": "2026-10-22 09:00:00", "skip": True}, {"time": "2026-10-23 09:00:00", "skip": 0}]
    shown = {"k": live(spec, campaign_id="1", scheduled_run_times=runs)}
    found = drawn([wanted(spec, "k")], known=known(spec), lives=shown, days=4)
    assert sends(found) == [("k", "21 09:00", ""), ("k", "22 09:00", "skipped"), ("k", "23 09:00", "")]
    assert [(day.sends, day.held) for day in found.days] == [(0, 0), (1, 0), (0, 1), (1, 0)]


def test_recorded_campaigns_without_a_manifest_and_campaigns_of_others() -> None:
    spec = at(CHRISTMAS)
    others = [
        live(at(EASTER, targeting=GERMANY), campaign_id="8", name="Flash"),
        live(at(EASTER), "paused", campaign_id="9"),
        live(at(EASTER), "sent", campaign_id="10"),
        live(body(), campaign_id="11", next_run_time="2026-12-01 10:00:00"),
    ]
    found = drawn([], known=known(spec), lives={"k": live(spec, campaign_id="1")}, others=others)
    assert sends(found) == [
        ("k", "24 10:00", "undeclared"),
        ("8", "26 10:00", "unmanaged"),
        ("9", "26 10:00", "paused"),
    ]
    assert [(one.id, one.undated, one.held) for one in found.unmanaged] == [
        ("8", None, ""),
        ("9", None, "paused"),
        ("11", "unknown", ""),
    ]
    assert found.unmanaged[2].next == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_a_campaign_that_a_manifest_adopts_or_moves_is_no_other_one() -> None:
    spec = at(CHRISTMAS)
    adopted = drawn([wanted(spec, "k", adopt="8")], others=[live(spec, campaign_id="8")])
    assert sends(adopted) == [("k", "24 10:00", "planned")]
    moved = drawn([wanted(spec, "new", moved_from=("k",))], known=known(spec))
    assert sends(moved) == [("new", "24 10:00", "")]


def test_a_test_that_waits_has_no_time_and_an_event_that_fired_none_either() -> None:
    spec = at(CHRISTMAS, ab_test={"name": "T"})
    waits = drawn([wanted(spec, "k")], known=known(spec, "needs_decision"))
    assert [one.undated for one in waits.campaigns] == ["decision"]
    fired = drawn([wanted(IMMEDIATE, "k")], known=known(IMMEDIATE, "running"))
    assert fired.campaigns == ()


def test_what_the_api_leaves_open_is_counted() -> None:
    pattern = {"pattern": {"hour": 9, "minute": 0, "weekdays": [1]}}
    specs = {
        "a": body(recurrence=pattern),
        "b": cron("0 9 1 * 1"),
        "c": at(CHRISTMAS, send_in_profile_time_zone=True, quiet_hours={"x": 1}, ab_test={"name": "T"}),
        "later": at("2027-10-24 10:00:00", quiet_hours={"x": 1}),
    }
    found = drawn(declared(specs))
    assert found.open == {
        "recurrence": 2,
        "weekdays": 1,
        "days": 1,
        "profile_zone": 1,
        "quiet_hours": 1,
        "ab_test": 1,
    }
    # Sunday, Monday and Tuesday: the API does not say which of them is 1.
    assert [time[:2] for label, time, _ in sends(found) if label == "a"] == [
        "25",
        "26",
        "27",
        "01",
        "02",
    ]


def test_freezes_and_clock_changes_of_the_days() -> None:
    """The clocks of Belgrade go back in the night to 25 October."""
    week = Window(
        start=datetime(2026, 10, 24, tzinfo=UTC), end=datetime(2026, 10, 26, tzinfo=UTC), reason="x"
    )
    nights = Window(cron="0 22 * * *", length=10 * HOUR, tz="UTC", scope="changes")
    found = drawn(declared({"in": at(CHRISTMAS), "after": at(EASTER)}), days=7, freeze=(week, nights))
    assert [(entry.campaign.key, entry.frozen) for entry in found.entries] == [("in", True), ("after", False)]
    assert [each.scope for each in found.freezes].count("changes") == 7
    [whole] = [each for each in found.freezes if each.scope == "both"]
    assert (whole.start, whole.end, whole.reason) == (week.start, week.end, "x")
    [change] = found.clock_changes
    assert (change.at, change.before, change.after) == (datetime(2026, 10, 25, 1, tzinfo=UTC), 120, 60)
    assert [day.date.day for day in found.days if day.clock_change] == [25]
    only = Window(
        "allow", "sends", start=datetime(2026, 10, 26, tzinfo=UTC), end=datetime(2026, 10, 27, tzinfo=UTC)
    )
    allowed = drawn(declared({"out": at(CHRISTMAS), "in": at(EASTER)}), freeze=(only,))
    assert [(entry.campaign.key, entry.frozen) for entry in allowed.entries] == [("out", True), ("in", False)]


def test_campaigns_near_each_other_collide_once_with_all_of_them() -> None:
    specs = {
        "a": at("2026-10-22 10:00:00"),
        "b": at("2026-10-22 13:00:00", targeting=GERMANY),
        "c": at("2026-10-22 16:00:00", targeting=GERMANY),
        "far": at("2026-10-24 10:00:00"),
    }
    [one] = drawn(declared(specs), within=3 * HOUR).collisions
    assert (one.kind, one.date, one.labels, one.count) == ("near", date(2026, 10, 22), ("a", "b", "c"), 3)
    assert one.audience == GERMANY
    assert drawn(declared(specs), within=2 * HOUR).collisions == ()
    assert drawn(declared(specs)).collisions == ()


def test_a_collision_over_midnight_is_one() -> None:
    specs = {"a": at("2026-10-22 21:50:00"), "b": at("2026-10-22 22:10:00")}
    found = drawn(declared(specs), within=HOUR)
    assert [one.labels for one in found.collisions] == [("a", "b")]
    assert [day.date.day for day in found.days if day.collisions] == [22, 23]


def test_too_many_sends_a_day_to_the_same_people() -> None:
    specs = {
        "a": cron("0 9 * * *", targeting=GERMANY),
        "b": at("2026-10-22 13:00:00"),
        "c": at("2026-10-22 13:00:00", targeting={"countries": {"items": ["FR"], "op": "in"}}),
    }
    found = drawn(declared(specs), most=1).collisions
    assert [(one.kind, one.labels, one.count) for one in found] == [
        ("many", ("a", "b"), 2),
        ("many", ("b", "c"), 2),
    ]


def test_held_and_outdated_sends_do_not_collide() -> None:
    spec = at(CHRISTMAS)
    other = wanted(at(CHRISTMAS, name="Other"), "other")
    assert drawn([wanted(spec, "k"), other], known=known(spec), within=HOUR).collisions
    assert not drawn([wanted(spec, "k"), other], known=known(spec), within=HOUR, halts=halt("k")).collisions
    assert not drawn([wanted(at(EASTER), "k"), other], known=known(spec), within=HOUR).collisions


def test_thousands_of_campaigns_are_bounded_and_counted() -> None:
    specs = {f"k{number}": cron(f"{number % 60} * * * *") for number in range(600)}
    specs |= {f"o{number}": at("2026-10-22 10:00:00") for number in range(400)}
    specs["often"] = cron("* * * * *")
    desired = declared(specs)
    drawings = []
    made = calls(
        lambda: drawings.append(drawn(desired, zone="UTC", within=HOUR, most=1, days=3, listed=1_000))
    )
    found = drawings[0]
    assert made < 1_000_000
    assert len(found.entries) == 1_000
    assert found.sends == found.unlisted + sum(entry.slot.count for entry in found.entries)
    # Of each hour, 600 runs; none at noon sharp, which is now.
    assert found.sends == 600 * 60 - 10 + 400 + 719 + 2 * 1440
    assert {one.kind for one in found.collisions} == {"near", "many"}
