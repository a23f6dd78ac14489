"""The same content twice: which changes are blocked, wait or are only named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.diff import content
from campaignctl.plan import twins
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Copy, Options
from campaignctl.project.model import Guardrails
from campaignctl.schedule.collisions import send_times
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released, Sent, Year
from campaignctl.state.model import State
from campaignctl.state.years import encode_year, with_archive
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    live,
    message,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.plan.twin_plans import DE, at, blocked, did, next_to, renamed

AT = "2026-11-01T00:00:00Z"
TOMORROW = body(scheduled_time="2026-11-25 12:00:00")


# ------------------------------------------------------------------------------------- two of one plan


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SCHEDULED, renamed(SCHEDULED)),
        (SCHEDULED, renamed(at(1))),
        (RECURRING, renamed(RECURRING)),
        (RECURRING, renamed(SCHEDULED)),
        (IMMEDIATE, renamed(IMMEDIATE)),
        (IMMEDIATE, renamed(TOMORROW)),
        (
            {**SCHEDULED, "targeting": DE},
            {**SCHEDULED, "targeting": {"countries": {"items": ["de"], "op": "in"}}},
        ),
        ({**SCHEDULED, "send_in_profile_time_zone": True}, body(scheduled_time="2036-12-25 22:00:00")),
        (SCHEDULED, {**SCHEDULED, "messages": [message(name="Another", priority=2)]}),
    ],
)
def test_the_second_create_of_one_content_near_the_first_is_blocked(one: Spec, other: Spec) -> None:
    plan = plan_of(wanted(one, "a"), wanted(other, "b"))
    assert did(plan) == {"a": "create"}
    (block,) = plan.blocked
    assert block.key == "b"
    assert "a, in this plan" in block.reason
    assert "`campaignctl apply --target b --override resend`" in block.hint
    both = plan_of(wanted(one, "a"), wanted(other, "b"), options=Options(overrides=("resend",)))
    assert [change.deliberate_resend for change in both.changes if change.key == "b"] == [True]
    assert [(each.name, each.keys) for each in both.lifted if each.name == "resend"] == [("resend", ("b",))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SCHEDULED, own(SCHEDULED, "another")),
        (SCHEDULED, {**SCHEDULED, "targeting": DE}),
        (SCHEDULED, {**SCHEDULED, "is_draft": True}),
        (DRAFT, DRAFT),
        (MANUAL, MANUAL),
        (IMMEDIATE, MANUAL),
    ],
)
def test_creates_that_differ_or_cannot_send_go_together(one: Spec, other: Spec) -> None:
    plan = plan_of(wanted(one, "a"), wanted(other, "b"))
    assert did(plan) == {"a": "create", "b": "create"}
    assert not any("repeats" in warning for change in plan.changes for warning in change.warnings)


def test_one_content_days_apart_is_named_and_created() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(at(2), "b"))
    assert did(plan) == {"a": "create", "b": "create"}
    assert [change.warnings for change in plan.changes if change.key == "b"] == [
        ("repeats a, in this plan: the same content to the same audience",)
    ]


def test_the_window_is_a_setting() -> None:
    wide = replace(PROJECT, guardrails=Guardrails(twin_window=timedelta(days=3)))
    assert blocked(plan_of(wanted(SCHEDULED, "a"), wanted(at(3), "b"), project=wide))
    narrow = replace(PROJECT, guardrails=Guardrails(twin_window=timedelta(hours=1)))
    assert not blocked(plan_of(wanted(SCHEDULED, "a"), wanted(at(1), "b"), project=narrow))


# ------------------------------------------------------------------------- recorded, and still declared


@pytest.mark.parametrize("status", ["scheduled", "running", "paused", "needs_decision", "thawing"])
def test_a_create_next_to_one_that_can_send_is_blocked(status: str) -> None:
    plan = next_to(record(SCHEDULED, status), renamed(SCHEDULED))
    assert "new" not in did(plan)
    assert "old (1030978) has this content and sends within 1d of it" in blocked(plan)["new"]


@pytest.mark.parametrize(("spec", "status"), [(DRAFT, "draft"), (MANUAL, "manual"), (SCHEDULED, "canceled")])
def test_a_create_next_to_one_that_cannot_send_goes_ahead(spec: Spec, status: str) -> None:
    assert did(next_to(record(spec, status), renamed(SCHEDULED)))["new"] == "create"


@pytest.mark.parametrize(("hours", "blocks"), [(20, True), (30, False)])
def test_a_send_of_the_last_day_counts(hours: int, blocks: bool) -> None:
    began = f"{NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
    sent = record({**SCHEDULED, "scheduled_time": began.replace("T", " ")[:19]}, "sent", began=began)
    assert bool(blocked(next_to(sent, renamed(IMMEDIATE)))) is blocks
    by_hand = record(MANUAL, "sent", began=began)
    assert bool(blocked(next_to(by_hand, renamed(IMMEDIATE)))) is blocks


def test_one_that_was_sent_at_once_counts_at_any_age() -> None:
    sent = record(IMMEDIATE, "sent", began="2025-01-01T00:00:00Z")
    plan = next_to(sent, renamed(IMMEDIATE))
    assert "was sent at 2025-01-01T00:00:00Z" in blocked(plan)["new"]
    assert "repeats old (1030978)" in str(next_to(sent, renamed(SCHEDULED)).changes[0].warnings)


def test_a_campaign_that_was_canceled_after_it_began_counts_as_sent() -> None:
    began = record(
        {**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}, "canceled", began="2026-11-24T11:00:00Z"
    )
    assert blocked(next_to(began, renamed(IMMEDIATE)))


def test_the_time_that_live_has_counts() -> None:
    moved_by_others = {**SCHEDULED, "scheduled_time": "2036-06-01 10:00:00"}
    reading = Reading(live={"old": live(moved_by_others)})
    spec = renamed(SCHEDULED, scheduled_time="2036-06-01 12:00:00")
    assert "new" in blocked(next_to(record(SCHEDULED), spec, reading=reading))
    assert "new" not in blocked(next_to(record(SCHEDULED), spec))


# ------------------------------------------------------------------------------ updates and other changes


def test_an_update_that_arms_is_blocked_next_to_one_that_sends_the_same() -> None:
    known = state({"old": record(SCHEDULED), "draft": record({**SCHEDULED, "is_draft": True}, "draft", "2")})
    plan = plan_of(wanted(SCHEDULED, "old"), wanted(renamed(SCHEDULED), "draft"), known=known)
    assert did(plan) == {}
    assert "old (1030978)" in blocked(plan)["draft"]


def test_an_edit_that_makes_a_twin_is_blocked_and_one_of_a_known_twin_is_not() -> None:
    other = own(SCHEDULED, "other")
    known = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(other, campaign_id="2")})
    assert list(blocked(plan_of(wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b"), known=known))) == ["b"]
    assert list(blocked(plan_of(wanted(other, "a"), wanted(own(other, "new"), "b"), known=known))) == ["a"]
    twice = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(SCHEDULED, campaign_id="2")})
    both = plan_of(wanted(other, "a"), wanted(other, "b"), known=twice)
    assert did(both) == {"a": "update", "b": "update"}


def test_two_updates_that_arm_twins_are_apart() -> None:
    waiting = {**SCHEDULED, "is_draft": True}
    known = state({key: record(waiting, "draft", key) for key in "ab"})
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(renamed(SCHEDULED), "b"), known=known)
    assert (did(plan), list(blocked(plan))) == ({"a": "update"}, ["b"])


def test_a_replacement_is_compared_with_others_and_not_with_itself() -> None:
    options = Options(replace=("old",))
    assert did(plan_of(wanted(SCHEDULED, "old"), known=state({"old": record(SCHEDULED)}), options=options))
    known = state({"old": record(own(SCHEDULED, "x")), "b": record(SCHEDULED, campaign_id="2")})
    plan = plan_of(wanted(SCHEDULED, "old"), wanted(SCHEDULED, "b"), known=known, options=options)
    (block,) = plan.blocked
    assert (did(plan), block.key) == ({}, "old")
    assert "`campaignctl apply --replace old --override resend`" in block.hint


def test_a_resume_next_to_a_twin_is_blocked() -> None:
    known = state(
        {"a": record(SCHEDULED, campaign_id="1"), "b": record(SCHEDULED, "paused", "2", paused_by_us=True)}
    )
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b"), known=known)
    assert list(blocked(plan)) == ["b"]
    lifted = plan_of(
        wanted(SCHEDULED, "a"), wanted(SCHEDULED, "b"), known=known, options=Options(overrides=("resend",))
    )
    assert did(lifted) == {"b": "resume"}


def test_an_adoption_counts_for_creates_of_the_same_plan() -> None:
    theirs = live(SCHEDULED, "scheduled", "77")
    plan = plan_of(
        wanted(renamed(SCHEDULED), "a"),
        wanted(SCHEDULED, "b", adopt="77"),
        reading=Reading(adoptable={"77": theirs}),
    )
    assert (did(plan), list(blocked(plan))) == ({"b": "adopt"}, ["a"])


# ------------------------------------------------------------------------------------- ledger and releases


def sent(spec: Spec, when: str = AT, **more: Any) -> Sent:
    return Sent(
        body_digest(spec),
        "old",
        "77",
        when,
        content(spec),
        (when,),
        bool(spec.get("run_immediately")),
        **more,
    )


def test_a_sent_immediate_moved_to_a_new_key_with_another_label_is_blocked() -> None:
    plan = plan_of(wanted(renamed(IMMEDIATE), "new"), known=state(sent=(sent(IMMEDIATE),)))
    (block,) = plan.blocked
    assert (did(plan), block.key) == ({}, "new")
    assert "the same content was sent as old (77)" in block.reason


def test_an_entry_of_an_older_state_counts_by_its_digest() -> None:
    known = state(sent=(Sent(body_digest(IMMEDIATE), "old", "77", AT),))
    assert blocked(plan_of(wanted(IMMEDIATE, "new"), known=known))
    assert not blocked(plan_of(wanted(renamed(IMMEDIATE), "new"), known=known))


def test_what_was_sent_at_its_time_counts_within_the_window() -> None:
    soon = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    assert blocked(plan_of(wanted(renamed(IMMEDIATE), "new"), known=state(sent=(sent(SCHEDULED, soon),))))
    old = plan_of(wanted(renamed(IMMEDIATE), "new"), known=state(sent=(sent(SCHEDULED),)))
    assert "repeats old (77)" in str(old.changes[0].warnings)


def test_the_ledger_counts_for_an_update_that_sends_at_once() -> None:
    known = state({"k": record(own(MANUAL, "x"), "manual")}, sent=(sent(IMMEDIATE),))
    assert list(blocked(plan_of(wanted(renamed(IMMEDIATE), "k"), known=known))) == ["k"]


SENT = sent(IMMEDIATE)
SOON = iso(NOW - timedelta(hours=3))
ENDED = Released("old", "77", "i", body_digest(SCHEDULED), "canceled", SOON, content(SCHEDULED), (SOON,))


@pytest.mark.parametrize(
    ("year", "spec", "blocks"),
    [
        (Year(sent=(SENT,)), renamed(IMMEDIATE), True),
        (Year(sent=(sent(SCHEDULED, SOON),)), renamed(IMMEDIATE), True),
        (Year(sent=(sent(SCHEDULED),)), renamed(IMMEDIATE), False),
        (Year(released=(ENDED,)), renamed(IMMEDIATE), True),
        (Year(released=(replace(ENDED, sends=()),)), renamed(IMMEDIATE), False),
    ],
)
def test_what_was_archived_counts_as_what_the_state_still_has(year: Year, spec: Spec, blocks: bool) -> None:
    known = state()
    document = encode_year(2026, year, known)
    archived = with_archive(replace(known, archives=(2026,)), lambda: {2026: document}, "there")
    hot = replace(known, sent=year.sent, released=year.released)
    plans = [plan_of(wanted(spec, "new"), known=each) for each in (hot, archived)]
    assert [bool(blocked(plan)) for plan in plans] == [blocks, blocks]
    assert plans[0].blocked == plans[1].blocked


def released(spec: Spec, status: str = "scheduled", **more: Any) -> State:
    entry = Released("old", "77", "i", body_digest(spec), status, AT, content(spec), **more)
    return state(released=(entry,))


@pytest.mark.parametrize("spec", [renamed(SCHEDULED), at(7), RECURRING, IMMEDIATE])
def test_a_released_campaign_that_can_send_blocks_its_content_at_any_time(spec: Spec) -> None:
    (block,) = plan_of(wanted(spec, "new"), known=released(SCHEDULED)).blocked
    assert "old (77) has this content, is scheduled and can still send" in block.reason
    assert '`adopt: "77"` in new' in block.hint
    gone = Reading(released={"77": live(SCHEDULED, "canceled", "77")})
    assert not blocked(plan_of(wanted(spec, "new"), known=released(SCHEDULED), reading=gone))


def test_a_release_of_unknown_status_is_lifted_for_its_own_key() -> None:
    reading = Reading(released={"77": live(SCHEDULED, "thawing", "77")})
    known = released(SCHEDULED, "thawing")
    for overrides, names in (((), ["new"]), (("unknown_status",), [])):
        options = Options(overrides=overrides)
        plan = plan_of(wanted(renamed(SCHEDULED), "new"), known=known, reading=reading, options=options)
        assert list(blocked(plan)) == names


def test_a_recurrence_restored_after_its_end_runs_on() -> None:
    """Its next run is one that it would have had anyway."""
    ran, due = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}", "2026-11-25T09:00:00Z"
    entry = Released(
        "old", "77", "i", "x", "canceled", f"{NOW:%Y-%m-%dT%H:%M:%SZ}", content(RECURRING), (ran, due)
    )
    known = state(released=(entry,))
    assert did(plan_of(wanted(renamed(RECURRING), "new"), known=known)) == {"new": "create"}
    sooner = renamed(RECURRING, recurrence={"cron": "0 15 * * *"})
    assert blocked(plan_of(wanted(sooner, "new"), known=known))


def gone(spec: Spec, status: str, *sends: timedelta) -> State:
    """A state that released a campaign five hours ago, when it had these sends behind or before it."""
    times = tuple(iso(NOW + each) for each in sends)
    at_five = iso(NOW - timedelta(hours=5))
    return state(
        released=(Released("old", "77", "i", body_digest(spec), status, at_five, content(spec), times),)
    )


HOUR = timedelta(hours=1)
RAN = {"scheduled_run_times": [{"time": "2026-11-24 11:00:00", "skip": False}]}
PAST = {**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}
TONIGHT = {**SCHEDULED, "scheduled_time": "2026-11-24 20:00:00"}


@pytest.mark.parametrize(
    ("known", "shown", "blocks"),
    [
        (gone(PAST, "scheduled", -HOUR), live(PAST, "sent", "77"), True),
        (gone(PAST, "scheduled", -HOUR), live(PAST, "canceled", "77"), True),
        (gone(PAST, "scheduled", -HOUR), live(PAST, "canceled", "77", was_launched=False), False),
        (gone(PAST, "paused", -HOUR), live(PAST, "canceled", "77"), False),
        (gone(PAST, "scheduled", -HOUR), None, True),
        (gone(PAST, "paused", -HOUR), None, True),
        (gone(PAST, "canceled", -HOUR), None, False),
        (gone(TONIGHT, "scheduled", 8 * HOUR), None, False),
        (gone(TONIGHT, "scheduled", 7 * HOUR), None, False),
        (gone(TONIGHT, "scheduled", 0 * HOUR), None, True),
        (gone(TONIGHT, "scheduled", 0 * HOUR), live(TONIGHT, "canceled", "77"), True),
        (gone(MANUAL, "manual"), live(MANUAL, "sent", "77", **RAN), True),
        (gone(MANUAL, "manual"), live(MANUAL, "sent", "77"), True),
        (gone(TONIGHT, "scheduled", 8 * HOUR), live(TONIGHT, "sent", "77", **RAN), True),
        (gone(TONIGHT, "scheduled", 8 * HOUR), live(TONIGHT, "canceled", "77"), False),
        (gone(PAST, "paused", -HOUR), live(PAST, "canceled", "77", **RAN), True),
    ],
)
def test_what_a_released_campaign_sent_since_counts(known: State, shown: Live | None, blocks: bool) -> None:
    plan = plan_of(
        wanted(renamed(TONIGHT), "new"), known=known, reading=Reading(released={"77": shown}, proven=True)
    )
    assert bool(blocked(plan)) is blocks


@pytest.mark.parametrize(("hours", "blocks"), [(8, False), (10, True)])
def test_one_paused_when_it_was_released_and_sent_since_counts_at_its_time(hours: int, blocks: bool) -> None:
    """The new one is sent nine hours after it, and thirteen after the release."""
    plan = plan_of(
        wanted(renamed(TONIGHT), "new"),
        known=gone(PAST, "paused", -HOUR),
        reading=Reading(released={"77": live(PAST, "sent", "77")}),
        project=replace(PROJECT, guardrails=Guardrails(twin_window=timedelta(hours=hours))),
    )
    assert bool(blocked(plan)) is blocks


@pytest.mark.parametrize(("cron", "blocks"), [("0 9 * * *", False), ("0 15 * * *", True)])
def test_a_recurrence_canceled_since_it_was_released_may_run_on(cron: str, blocks: bool) -> None:
    known = gone(RECURRING, "scheduled", -27 * HOUR, -3 * HOUR, 21 * HOUR)
    reading = Reading(released={"77": live(RECURRING, "canceled", "77")})
    spec = renamed(RECURRING, recurrence={"cron": cron})
    assert bool(blocked(plan_of(wanted(spec, "new"), known=known, reading=reading))) is blocks


def test_the_time_of_a_release_stands_for_a_send_that_is_not_known() -> None:
    (entry,) = gone(PAST, "scheduled", -HOUR).released
    for sends, at_time in ((entry.sends, NOW - HOUR), ((), NOW - 5 * HOUR)):
        known = replace(entry, sends=sends)
        found = twins.of_release(twins.of_entry(known), known, live(PAST, "sent", "77"), NOW, goes=False)
        assert found.times.spans == ((at_time, at_time),)


@pytest.mark.parametrize(("key", "spec"), [("new", renamed(RECURRING)), ("old", own(RECURRING, "other"))])
@pytest.mark.parametrize(
    ("shown", "blocks"),
    [
        ({}, True),
        ({"77": live(RECURRING, "sent", "77")}, True),
        ({"77": live(RECURRING, "canceled", "77")}, False),
        ({"77": None}, False),
    ],
)
def test_a_released_recurrence_that_is_sent_with_runs_left_can_still_send(
    key: str, spec: Spec, shown: dict[str, Live | None], blocks: bool
) -> None:
    known = gone(RECURRING, "sent", -27 * HOUR, 21 * HOUR)
    plan = plan_of(wanted(spec, key), known=known, reading=Reading(released=shown))
    assert [one.id for one in plan.blocked] == (["77"] if blocks else [])
    assert all("can still send" in one.reason for one in plan.blocked)


# ------------------------------------------------------------------------------------- one function


specs = st.sampled_from([SCHEDULED, at(1), at(2), RECURRING, IMMEDIATE, MANUAL, DRAFT, own(SCHEDULED, "x")])


@given(specs, specs, st.integers(0, 60), st.integers(0, 60))
def test_collide_is_symmetric(one: Spec, other: Spec, days: int, more: int) -> None:
    pair = [
        twins.Campaign(key, key, content(spec), send_times(spec, at_once=started, since=started))
        for key, spec, started in (
            ("a", one, NOW - timedelta(days=days)),
            ("b", other, NOW - timedelta(days=more)),
        )
    ]
    window = timedelta(hours=24)
    for mine, theirs in (pair, [replace(each, key=None) for each in pair]):
        assert twins.collide(mine, theirs, window) is twins.collide(theirs, mine, window)


def test_what_sends_at_once_collides_with_others_of_the_account_for_a_month() -> None:
    def sent_at_once(key: str | None, days: int) -> twins.Campaign:
        at_once = NOW - timedelta(days=days)
        return twins.Campaign(key, "1", "c", send_times(IMMEDIATE, at_once=at_once, since=at_once))

    window = timedelta(hours=24)
    assert twins.collide(sent_at_once("a", 0), sent_at_once(None, 30), window)
    assert not twins.collide(sent_at_once("a", 0), sent_at_once(None, 31), window)
    assert not twins.collide(sent_at_once(None, 0), sent_at_once("a", 31), window)
    assert twins.collide(sent_at_once("a", 0), sent_at_once("b", 31), window)


@pytest.mark.parametrize(
    ("spec", "near"),
    [(IMMEDIATE, "was sent at 2026-11-24T11:00:00Z"), (TOMORROW, "sends within 2d of it")],
)
def test_a_block_says_whether_both_send_at_once(spec: Spec, near: str) -> None:
    wide = replace(PROJECT, guardrails=Guardrails(twin_window=timedelta(days=2)))
    known = record(IMMEDIATE, "sent", began="2026-11-24T11:00:00Z")
    (reason,) = blocked(next_to(known, renamed(spec), project=wide)).values()
    assert reason == f"old (1030978) has this content and {near}"
    assert "sends at once too" in blocked(plan_of(wanted(IMMEDIATE, "a"), wanted(IMMEDIATE, "b")))["b"]


def test_actions_that_start_nothing_are_left_alone() -> None:
    known = state({"a": record(SCHEDULED, campaign_id="1"), "b": record(SCHEDULED, campaign_id="2")})
    plan = plan_of(wanted(SCHEDULED, "a"), wanted({**SCHEDULED, "description": "x"}, "b"), known=known)
    assert [change.action for change in plan.changes] == [Action.UPDATE]
    assert isinstance(live(SCHEDULED), Live)


def test_a_second_copy_is_blocked_until_an_apply_cancels_it() -> None:
    reading = Reading(live={"old": live(SCHEDULED)}, copies=(Copy("78", "old", "scheduled"),))
    plan = plan_of(wanted(SCHEDULED, "old"), known=state({"old": record(SCHEDULED)}), reading=reading)
    (block,) = plan.blocked
    assert (block.key, block.id, block.status) == ("old", "78", "scheduled")
    assert block.hint == "`campaignctl apply` cancels it"
