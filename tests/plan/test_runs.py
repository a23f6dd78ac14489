"""A campaign that began to send does not send again without `--override resend`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.plan import runs
from campaignctl.plan.arming import known_sends
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.schedule.times import iso
from campaignctl.state.model import Record
from tests.effort import calls
from tests.plan.planning import KEY, NOW, Spec, body, live, only, plan_of, record, state, wanted

OURS: dict[str, Any] = {"status": "paused", "paused_by_us": True, "lifecycle": Lifecycle(phase="paused")}
TODAY = "2026-11-24 11:00:00"
LATER = "2036-12-24 10:00:00"
ONE_OFF = body(scheduled_time=TODAY)
MOVED = body(scheduled_time=LATER)
#: What of a read says that it began: NOW is an hour after its time.
EVIDENCE: dict[str, dict[str, Any]] = {
    "its time, while it was seen scheduled": {},
    "runs": {"run_counter": 1, "was_launched": False},
    "a run time that was not skipped": {
        "scheduled_run_times": [{"time": TODAY, "skip": False}],
        "was_launched": False,
    },
    "launched": {"was_launched": True},
}


def at(hour: int, minute: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute)


def daily(hour: int, **fields: Any) -> Spec:
    return body(recurrence={"cron": f"0 {hour} * * *"}, **fields)


def of(
    spec: Spec,
    applied: Spec,
    shown: Live | None,
    known: Record | None = None,
    *overrides: str,
    now: datetime = NOW,
    **options: Any,
) -> Plan:
    """The plan for one campaign that is declared active."""
    return plan_of(
        wanted(spec, manifest="sha256:new"),
        known=state({KEY: known or record(applied)}),
        reading=Reading(live={KEY: shown}),
        options=Options(overrides=overrides, **options),
        now=now,
    )


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE)
@pytest.mark.parametrize("status", ["scheduled", "paused", "thawing"])
def test_a_one_off_that_began_is_not_moved(status: str, evidence: dict[str, Any]) -> None:
    shown = live(ONE_OFF, status, **evidence)
    overrides = ("unknown_status", "foreign_pause")
    (blocked,) = of(MOVED, ONE_OFF, shown, None, *overrides).blocked
    assert "began to send" in blocked.reason
    assert blocked.hint == f"campaignctl apply --target {KEY} --override resend"
    lifted = of(MOVED, ONE_OFF, shown, None, *overrides, "resend")
    assert not lifted.blocked
    assert lifted.changes[-1].deliberate_resend
    assert any("second send" in warning for warning in lifted.changes[-1].warnings)
    assert [one.name for one in lifted.lifted if one.name == "resend"] == ["resend"]


@pytest.mark.parametrize("field", ["recurrence", "run_immediately"])
def test_a_one_off_that_began_gets_no_other_kind_of_time(field: str) -> None:
    value: Any = {"cron": "0 9 * * *"} if field == "recurrence" else True
    shown = live(ONE_OFF, "scheduled")
    (blocked,) = of(body(**{field: value}), ONE_OFF, shown).blocked
    assert "--override resend" in blocked.hint


def test_a_pause_in_the_middle_of_a_run_is_resumed_only_as_a_second_send() -> None:
    """It was seen running, or its run was recorded when it was paused."""
    known = record(ONE_OFF, began="2026-11-24T11:00:00Z", **OURS)
    (blocked,) = of(ONE_OFF, ONE_OFF, live(ONE_OFF, "paused"), known).blocked
    assert "began to send" in blocked.reason
    assert "new scheduled_time" in blocked.hint
    assert "--override resend" in blocked.hint
    plan = of(MOVED, ONE_OFF, live(ONE_OFF, "paused"), known)
    assert "--override resend" in plan.blocked[0].hint
    assert not any(change.arms for change in plan.changes)
    lifted = of(MOVED, ONE_OFF, live(ONE_OFF, "paused"), known, "resend")
    assert [str(change.action) for change in lifted.changes] == ["update", "resume"]
    assert lifted.changes[1].deliberate_resend


def test_a_pause_before_the_time_is_resumed_at_a_new_one() -> None:
    known = record(ONE_OFF, **OURS)
    for shown in (live(ONE_OFF, "paused"), live(ONE_OFF, "paused", run_counter=0, was_launched=False)):
        plan = of(MOVED, ONE_OFF, shown, known)
        assert [str(change.action) for change in plan.changes] == ["update", "resume"]


def test_the_run_that_is_paused_is_recorded() -> None:
    plan = plan_of(
        wanted(ONE_OFF, lifecycle=Lifecycle(phase="paused")),
        known=state({KEY: record(ONE_OFF)}),
        reading=Reading(live={KEY: live(ONE_OFF, "running")}),
    )
    change = only(plan)
    assert "the rest of this run is not sent" in change.warnings[0]
    assert "--override resend" in change.warnings[0]
    assert plan.observed[KEY].began == "2026-11-24T11:00:00Z"


def test_a_profile_zone_began_fourteen_hours_before_its_time() -> None:
    zoned = body(scheduled_time="2026-11-25 01:00:00", send_in_profile_time_zone=True)
    moved = {**zoned, "scheduled_time": "2026-11-28 01:00:00"}
    (blocked,) = of(moved, zoned, live(zoned)).blocked
    assert "began to send at 2026-11-24T11:00:00Z" in blocked.reason
    assert not of(moved, zoned, live(zoned), now=at(10, 59)).blocked
    assert not of({**zoned, "name": "New"}, zoned, live(zoned)).blocked
    plain = {**zoned, "send_in_profile_time_zone": False}
    assert of({**plain, "scheduled_time": "2026-11-28 01:00:00"}, zoned, live(zoned)).blocked


def test_a_recurring_campaign_that_is_removed_in_its_run_says_what_is_lost() -> None:
    plan = plan_of(
        known=state({KEY: record(daily(11))}), reading=Reading(live={KEY: live(daily(11), "running")})
    )
    assert only(plan).warnings == ("running: the rest of this run is not sent",)


@pytest.mark.parametrize("spec", [daily(14), body(scheduled_time="2026-11-24 14:00:00")])
def test_a_recurrence_moved_past_its_run_ends_at_that_run(spec: Spec) -> None:
    plan = of(spec, daily(12), live(daily(12)), now=at(11))
    assert only(plan).valid_until == at(12)
    assert plan.valid_until == at(12)


@pytest.mark.parametrize(
    ("spec", "applied"),
    [
        (daily(14), daily(14)),
        (daily(12, description="New"), daily(12)),
        (daily(1), daily(12)),
        (body(recurrence={"cron": "0 9 * * 1"}), daily(12)),
        (
            body(recurrence={"cron": "0 9,14 * * 1"}, description="New"),
            body(recurrence={"cron": "0 9,14 * * 1"}),
        ),
    ],
)
def test_a_change_with_no_new_run_soon_after_the_last_has_no_end(spec: Spec, applied: Spec) -> None:
    assert of(spec, applied, live(applied), now=at(11)).valid_until is None


@pytest.mark.parametrize(
    "spec",
    [
        body(recurrence={"cron": "0 14 * * 1"}),
        body(recurrence={"cron": "0 14,16 * * 1"}),
        body(recurrence={"pattern": {"hour": 14, "minute": 0}}),
    ],
)
def test_a_weekly_campaign_ends_at_the_run_that_another_one_follows(spec: Spec) -> None:
    weekly = body(recurrence={"cron": "0 12 * * 1"})
    assert of(spec, weekly, live(weekly), now=at(11)).valid_until == at(12).replace(day=30)


@pytest.mark.parametrize("spec", [daily(14), body(scheduled_time="2026-11-24 14:00:00")])
def test_a_new_run_soon_after_the_last_one_is_blocked(spec: Spec) -> None:
    shown = live(daily(12))
    (blocked,) = of(spec, daily(12), shown, now=at(12, 30)).blocked
    assert "it ran at 2026-11-24T12:00:00Z" in blocked.reason
    assert "run again at 2026-11-24T14:00:00Z" in blocked.reason
    assert not of(spec, daily(12), shown, None, "resend", now=at(12, 30)).blocked


def test_a_recurrence_is_moved_again_once_the_next_run_is_far() -> None:
    assert not of(daily(14), daily(12), live(daily(12)), now=at(14, 1)).blocked


def test_a_recurrence_that_was_moved_after_a_run_remembers_that_run() -> None:
    known = record(daily(14), began="2026-11-24T12:00:00Z", updated_at="2026-11-24T13:00:00Z")
    (blocked,) = of(daily(15), daily(14), live(daily(14)), known, now=at(13, 30)).blocked
    assert "it ran at 2026-11-24T12:00:00Z" in blocked.reason


@pytest.mark.parametrize(
    ("cron", "last"),
    [
        ("* * 20-21 11 *", "2026-11-21T23:59:00Z"),
        ("*/5 * * 1 *", "2026-01-31T23:55:00Z"),
        ("* * * * *", "2026-11-24T12:00:00Z"),
    ],
)
def test_the_last_of_many_runs_is_recorded(cron: str, last: str) -> None:
    spec = body(recurrence={"cron": cron})
    known = record(spec, created_at="2025-01-01T00:00:00Z", updated_at="2025-01-01T00:00:00Z")
    assert of(spec, spec, live(spec), known).observed[KEY].began == last


def test_the_last_run_in_profile_zones_began_fourteen_hours_before_its_time() -> None:
    spec = body(recurrence={"cron": "0 2 * * *"}, send_in_profile_time_zone=True)
    assert of(spec, spec, live(spec)).observed[KEY].began == "2026-11-24T12:00:00Z"


def test_of_hundreds_of_recurring_campaigns_not_every_minute_is_looked_at() -> None:
    specs = {
        f"push/{n}": body(name=f"n{n}", recurrence={"cron": f"{n % 60} {n // 60} * * 1"}) for n in range(300)
    }
    known = state({key: record(spec, campaign_id=key) for key, spec in specs.items()})
    desired = [wanted(spec, key) for key, spec in specs.items()]
    made = []
    assert calls(lambda: made.append(plan_of(*desired, known=known))) < 1_000_000
    assert not made[0].changes


@pytest.mark.parametrize("replaced", [True, False])
def test_a_recurring_campaign_that_was_paused_in_its_run(replaced: bool) -> None:
    known = record(daily(11), began="2026-11-24T11:00:00Z", **OURS)
    shown = live(daily(11), "paused")
    options: dict[str, Any] = {"replace": (KEY,)} if replaced else {}
    assert not of(daily(11), daily(11), shown, known, **options).blocked
    (blocked,) = of(daily(14), daily(11), shown, known, **options).blocked
    assert "--override resend" in blocked.hint


def test_a_campaign_created_after_todays_time_has_had_no_run() -> None:
    known = record(daily(11), created_at="2026-11-24T11:30:00Z", updated_at="2026-11-24T11:30:00Z")
    assert not of(daily(14), daily(11), live(daily(11)), known).blocked


def test_a_reviewed_change_ends_alone() -> None:
    """The rest of the reviewed plan is applied."""
    other = "push/other"
    known = state({KEY: record(daily(12)), other: record(MOVED, campaign_id="2")})
    edited = {**MOVED, "description": "New"}
    desired = (wanted(daily(15), manifest="a"), wanted(edited, other, manifest="b"))

    def made(hour: int, **options: Any) -> Plan:
        reading = Reading(live={KEY: live(daily(12)), other: live(MOVED, campaign_id="2")})
        return plan_of(*desired, known=known, reading=reading, options=Options(**options), now=at(hour, 30))

    reviewed = (made(11),)
    late = made(12, reviewed=reviewed, overrides=("max_plan_age",))
    assert [change.key for change in late.changes] == [other]
    assert [blocked.key for blocked in late.blocked] == [KEY]
    assert len(made(11, reviewed=reviewed).changes) == 2


def test_what_sends_at_once_ends_with_a_plan_of_the_version_before() -> None:
    at_once = wanted(body(run_immediately=True))
    made = plan_of(at_once, now=at(9))
    old = replace(made, changes=(replace(only(made), valid_until=None),))
    for reviewed in (made, old):
        options = Options(reviewed=(reviewed,))
        assert plan_of(at_once, options=options, now=at(9, 59)).changes
        (blocked,) = plan_of(at_once, options=options, now=at(10, 1)).blocked
        assert "valid until 2026-11-24T10:00:00Z" in blocked.reason


AFTER_LAST = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "soon"),
    [
        (daily(9), daily(20), at(20)),
        (daily(9), daily(22), None),
        (daily(9), daily(9), None),
        (daily(9), body(scheduled_time="2026-11-24 20:00:00"), at(20)),
        (daily(9), body(scheduled_time="2026-11-25 20:00:00"), None),
        (daily(9), body(run_immediately=True), NOW),
        (daily(9), body(), None),
        (body(recurrence={"cron": "soon"}), body(scheduled_time="2026-11-24 20:00:00"), None),
    ],
)
def test_a_run_follows_soon_within_half_of_the_interval(
    before: Spec, after: Spec, soon: datetime | None
) -> None:
    sends = known_sends(after, NOW)
    assert runs.follows_soon(before, sends, AFTER_LAST, after, NOW) == soon


RAN_AT = "2026-11-24T11:00:00Z"
ONCE = body(scheduled_time="2026-11-24 11:00:00")


@pytest.mark.parametrize(
    ("status", "spec", "shown", "since"),
    [
        ("scheduled", ONCE, "scheduled", RAN_AT),
        ("running", ONCE, "scheduled", RAN_AT),
        ("paused", ONCE, "scheduled", None),
        ("draft", ONCE, "scheduled", None),
        ("scheduled", ONCE, "paused", RAN_AT),
        ("paused", ONCE, "paused", None),
        ("scheduled", None, "scheduled", RAN_AT),
        ("paused", None, "scheduled", RAN_AT),
        ("scheduled", None, "draft", None),
        ("scheduled", None, "running", RAN_AT),
    ],
)
def test_a_run_began_if_its_time_came_while_the_campaign_was_going(
    status: str, spec: Spec | None, shown: str, since: str | None
) -> None:
    """`spec` decided its times until a write of ours: one that set it going did not begin before that."""
    assert runs.began(record(ONCE, status), live(ONCE, shown), NOW, spec) == since


def test_a_recurrence_that_is_missing_and_had_no_run_has_not_begun() -> None:
    never = record({"recurrence": {"cron": "0 9 30 2 *"}})
    assert runs.may_have_begun(never, NOW) is None
    assert runs.may_have_begun(replace(never, began=iso(at(9))), NOW) == iso(at(9))


def test_a_run_that_is_known_stays_the_last_one_until_another_one() -> None:
    known = record(ONCE, "scheduled", began="2026-11-24T11:30:00Z")
    assert runs.began(known, live(ONCE), NOW) == "2026-11-24T11:30:00Z"
    assert runs.began(record(ONCE, began="2026-11-23T11:00:00Z"), live(ONCE), NOW) == RAN_AT
    later = body(scheduled_time="2036-12-24 10:00:00")
    assert runs.began(record(later, began=RAN_AT), live(later), NOW) == RAN_AT
    assert runs.began(record(later), live(later), NOW) is None


@pytest.mark.parametrize(
    ("times", "last"),
    [
        (["2026-11-24 12:00:00"], "2026-11-24T12:00:00Z"),
        (["2026-11-24 12:00:01"], None),
        (["2026-11-24 11:00:00", "2026-11-24 10:00:00"], "2026-11-24T11:00:00Z"),
    ],
)
def test_the_last_run_is_at_the_latest_now(times: list[str], last: str | None) -> None:
    assert iso(NOW) == "2026-11-24T12:00:00Z"
    shown = live(ONE_OFF, scheduled_run_times=[{"time": time} for time in times])
    assert runs.ran(shown, NOW).last == last
