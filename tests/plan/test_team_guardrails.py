"""The optional guardrails, and how each is lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.plan import guardrails
from campaignctl.plan.context import Reading
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Objection, Options, Plan
from campaignctl.project.model import Collisions, Guardrails, Override
from campaignctl.schedule.windows import Window
from tests.effort import calls
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    decided,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)

GERMANY = {"countries": {"items": ["DE"], "op": "in"}}
LATER = datetime(2036, 12, 24, 10, 0, tzinfo=UTC)


def project(*overrides: Override, **limits: Any) -> Any:
    zone = limits.pop("time_zone", "UTC")
    return replace(PROJECT, guardrails=Guardrails(**limits), overrides=overrides, time_zone=zone)


def plan(
    *specs: Spec, overrides: tuple[Override, ...] = (), options: Options | None = None, **limits: Any
) -> Plan:
    keys = [f"k{number}" for number in range(len(specs))]
    desired = [wanted(own(spec, key), key) for key, spec in zip(keys, specs, strict=True)]
    return plan_of(*desired, project=project(*overrides, **limits), options=options)


def objection(plan: Plan) -> Objection:
    (found,) = plan.objections
    return found


def override(guardrail: str, *keys: str, until: datetime = NOW + timedelta(days=1)) -> Override:
    return Override(guardrail, keys, until, "agreed with legal")


def named(name: str, number: int = 0, **fields: Any) -> Spec:
    return {**own(body(**fields), f"{name} {number}"), "name": f"{name} {number}"}


def test_immediate_sends_may_be_forbidden() -> None:
    found = objection(plan(IMMEDIATE, SCHEDULED, forbid_immediate=True))
    assert (found.guardrail, found.keys) == ("forbid_immediate", ("k0",))


def test_arming_changes_are_counted_and_drafts_are_not() -> None:
    assert plan(SCHEDULED, RECURRING, DRAFT, MANUAL, max_arming_changes=2).objections == ()
    found = objection(plan(SCHEDULED, RECURRING, DRAFT, max_arming_changes=1))
    assert (found.guardrail, found.keys, found.limit) == (
        "max_arming_changes",
        ("k1", "k0"),
        "1 in one apply",
    )


@pytest.mark.parametrize(
    ("spec", "objects"),
    [
        (SCHEDULED, True),
        (MANUAL, True),
        (DRAFT, False),
        ({**SCHEDULED, "targeting": GERMANY}, False),
    ],
    ids=["scheduled", "by hand", "draft", "targeted"],
)
def test_an_audience_is_required_if_the_campaign_may_send(spec: Spec, objects: bool) -> None:
    assert bool(plan(spec, require_targeting=True).objections) is objects


def test_an_edit_that_does_not_arm_needs_no_audience() -> None:
    known = state({"k0": record(SCHEDULED)})
    edited = wanted({**SCHEDULED, "description": "new"}, "k0", manifest="sha256:edited")
    assert only(plan_of(edited, known=known, project=project(require_targeting=True))).action == "update"


def test_labels_are_required_by_pattern(golden: Golden) -> None:
    spec = {**SCHEDULED, "labels": ["team:crm", "brand-a"]}
    assert plan(spec, require_labels=("team:*", "brand-?")).objections == ()
    found = objection(plan(spec, SCHEDULED, require_labels=("team:*", "legal")))
    assert found.guardrail == "require_labels"
    assert found.keys == ("k0", "k1")
    golden("label missing", found.found)


def test_the_sends_of_all_campaigns_on_a_day_are_limited() -> None:
    known = state({f"old{n}": record(SCHEDULED, campaign_id=str(n)) for n in range(2)})
    olds = [wanted(SCHEDULED, f"old{n}") for n in range(2)]
    new = wanted(named("new", scheduled_time="2036-12-24 18:00:00"), "new")
    allowed = plan_of(*olds, new, known=known, project=project(max_sends_per_day=3))
    assert allowed.objections == ()
    found = objection(plan_of(*olds, new, known=known, project=project(max_sends_per_day=2)))
    assert (found.guardrail, found.found, found.keys) == (
        "max_sends_per_day",
        "3 sends on 2036-12-24",
        ("new",),
    )


FULL = named("old", scheduled_time="2036-12-24 10:00:00")
MOVED = {**FULL, "scheduled_time": "2036-12-25 10:00:00"}
DAILY = named("old", recurrence={"cron": "0 10 * * *"})


@pytest.mark.parametrize(
    ("applied", "recorded", "shown", "now_is", "objects"),
    [
        (FULL, "paused", FULL, "scheduled", True),
        (FULL, "scheduled", FULL, "paused", False),
        (MOVED, "scheduled", FULL, "scheduled", True),
        (FULL, "scheduled", MOVED, "scheduled", False),
        (FULL, "thawing", FULL, "thawing", True),
        (DAILY, "sent", DAILY, "sent", True),
        (FULL, "sent", FULL, "sent", False),
        (FULL, "scheduled", None, "", False),
    ],
)
def test_a_send_counts_as_it_was_read_and_not_as_it_was_recorded(
    applied: Spec, recorded: str, shown: Spec | None, now_is: str, objects: bool
) -> None:
    """Also for a key that the plan leaves out, of which nothing is recorded."""
    new = wanted(named("new", scheduled_time="2036-12-24 18:00:00"), "new")
    plan = plan_of(
        wanted(applied, "old"),
        new,
        known=state({"old": record(applied, recorded, "1")}),
        reading=Reading(live={"old": live(shown, now_is, "1") if shown else None}),
        options=Options(targets=("new",)),
        project=project(max_sends_per_day=1),
    )
    assert [one.keys for one in plan.objections] == ([("new",)] if objects else [])


@pytest.mark.parametrize("targets", [("new",), ("new", "moved")])
def test_a_send_under_a_new_key_counts_as_it_was_read(targets: tuple[str, ...]) -> None:
    ignoring = Lifecycle(ignore_changes=("scheduled_time",))
    plan = plan_of(
        wanted(MOVED, "moved", moved_from=("old",), lifecycle=ignoring),
        wanted(named("new", scheduled_time="2036-12-24 18:00:00"), "new"),
        known=state({"old": record(MOVED, campaign_id="1", lifecycle=ignoring)}),
        reading=Reading(live={"old": live(FULL, "scheduled", "1")}),
        options=Options(targets=targets),
        project=project(max_sends_per_day=1),
    )
    assert [one.keys for one in plan.objections] == [("new",)]


def test_a_full_day_does_not_object_to_other_changes() -> None:
    known = state({f"old{n}": record(SCHEDULED, campaign_id=str(n)) for n in range(3)})
    olds = [wanted(SCHEDULED, f"old{n}") for n in range(3)]
    new = wanted(named("new", scheduled_time="2036-12-25 18:00:00"), "new")
    assert plan_of(*olds, new, known=known, project=project(max_sends_per_day=1)).objections == ()


def test_a_day_is_in_the_zone_of_the_project() -> None:
    late = named("late", scheduled_time="2036-12-24 23:30:00")
    early = named("early", scheduled_time="2036-12-25 00:30:00")
    assert plan(late, early, max_sends_per_day=1).objections == ()
    assert objection(plan(late, early, max_sends_per_day=1, time_zone="Europe/Belgrade")).keys == ("k0", "k1")


def test_a_cancel_frees_its_day() -> None:
    known = state({"old": record(SCHEDULED)})
    new = wanted(named("new", scheduled_time="2036-12-24 18:00:00"), "new")
    assert plan_of(new, known=known, project=project(max_sends_per_day=1)).objections == ()


def test_every_run_counts_and_an_immediate_send_counts_today() -> None:
    daily = named("daily", recurrence={"cron": "0 9 * * *"})
    on_a_run = named("later", scheduled_time="2026-12-20 18:00:00")
    assert objection(plan(daily, on_a_run, max_sends_per_day=1)).found == "2 sends on 2026-12-20"
    today = named("today", scheduled_time="2026-11-24 18:00:00")
    assert objection(plan(IMMEDIATE, today, max_sends_per_day=1)).found == "2 sends on 2026-11-24"


def moved(applied: Spec, spec: Spec, *others: Spec, **limits: Any) -> Plan:
    """The plan that changes one recorded campaign, next to other recorded ones."""
    specs = {f"old{number}": each for number, each in enumerate(others)}
    known = state(
        {"k0": record(applied)}
        | {key: record(each, campaign_id=str(number)) for number, (key, each) in enumerate(specs.items())}
    )
    declared = [wanted(each, key) for key, each in specs.items()]
    changed = wanted(spec, "k0", manifest="sha256:edited")
    return plan_of(changed, *declared, known=known, project=project(**limits))


def test_runs_far_ahead_count() -> None:
    hourly, monthly = named("hourly", recurrence={"cron": "0 * * * *"}), "0 9 1 10 *"
    found = objection(plan(hourly, named("m", recurrence={"cron": monthly}), max_sends_per_day=24))
    assert (found.found, found.keys) == ("25 sends on 2027-10-01", ("k0", "k1"))
    assert plan(hourly, max_sends_per_day=24).objections == ()


def test_a_single_send_far_ahead_meets_the_runs_of_its_day() -> None:
    weekly = named("weekly", recurrence={"cron": "0 9 * * 3"})
    found = objection(plan(weekly, SCHEDULED, max_sends_per_day=1))
    assert (found.found, found.keys) == ("2 sends on 2036-12-24", ("k0", "k1"))
    on_thursday = named("later", scheduled_time="2036-12-25 10:00:00")
    assert plan(weekly, on_thursday, max_sends_per_day=1).objections == ()


def test_runs_of_recorded_campaigns_count() -> None:
    daily = named("daily", recurrence={"cron": "0 9 * * *"})
    found = objection(
        moved(MANUAL, named("new", scheduled_time="2027-12-20 18:00:00"), daily, max_sends_per_day=1)
    )
    assert (found.found, found.keys) == ("2 sends on 2027-12-20", ("k0",))


def test_a_day_has_the_runs_between_its_midnights() -> None:
    """The clocks of Belgrade go back in the night to 31 October 2027, which has 25 hours."""
    hourly = named("hourly", recurrence={"cron": "0 * 30,31 10 *"})
    found = objection(plan(hourly, max_sends_per_day=24, time_zone="Europe/Belgrade"))
    assert found.found == "25 sends on 2027-10-31"


def test_only_the_rest_of_today_counts() -> None:
    hourly = named("hourly", recurrence={"cron": "0 * 24 11 *"})
    found = objection(plan(hourly, max_sends_per_day=0))
    assert found.found == "12 sends on 2026-11-24"


def test_a_weekday_whose_number_is_open_counts_once_on_each_of_its_days() -> None:
    pattern = {"hour": 9, "minute": 0, "weekdays": [1], "months": [12]}
    assert plan(named("m", recurrence={"pattern": pattern}), max_sends_per_day=1).objections == ()
    found = objection(plan(named("m", recurrence={"pattern": pattern}), max_sends_per_day=0))
    assert found.found == "1 send on 2026-12-01"


def test_a_send_that_is_moved_later_counts_on_its_new_day() -> None:
    christmas = named("other", scheduled_time="2036-12-25 18:00:00")
    later = {**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"}
    made = moved(SCHEDULED, later, christmas, max_sends_per_day=1)
    assert (objection(made).found, only_change(made).arms) == ("2 sends on 2036-12-25", False)
    text = {**SCHEDULED, "messages": body(messages=[])["messages"]}
    assert moved(SCHEDULED, text, own(SCHEDULED, "other"), max_sends_per_day=1).objections == ()


def only_change(plan: Plan) -> Any:
    """The only change of a plan."""
    (change,) = plan.changes
    return change


CHRISTMAS = Window(
    scope="sends",
    start=datetime(2027, 12, 24, tzinfo=UTC),
    end=datetime(2027, 12, 26, tzinfo=UTC),
    reason="legal",
)


@pytest.mark.parametrize("cron", ["* * * * *", "0 9 * * *", "0 9 25 12 *"])
def test_every_run_in_a_freeze_objects(cron: str) -> None:
    spec = named("r", recurrence={"cron": cron})
    limits: dict[str, Any] = {"freeze": (CHRISTMAS,), "min_lead_time": timedelta(0)}
    found = objection(plan(spec, **limits))
    assert (found.guardrail, found.keys) == ("freeze", ("k0",))
    assert found.found.startswith("it sends at 2027-12-2")
    assert plan(spec, options=Options(overrides=("freeze",)), **limits).objections == ()
    refused = guardrails.at_request(only_change(plan(spec)), Guardrails(**limits), NOW, Lifts())
    assert refused
    assert refused[0].startswith("frozen: it sends at 2027-12-2")


def test_runs_beside_a_freeze_do_not_object() -> None:
    nights = Window(scope="sends", cron="0 22 * * *", length=timedelta(hours=10))
    assert plan(named("r", recurrence={"cron": "0 9 * * *"}), freeze=(nights,)).objections == ()
    assert plan(named("r", recurrence={"cron": "0 9 24 10 *"}), freeze=(CHRISTMAS,)).objections == ()


@pytest.mark.parametrize("scope", ["sends", "both"])
def test_a_send_that_is_moved_later_into_a_freeze_objects(scope: Any) -> None:
    window = replace(CHRISTMAS, scope=scope)
    later = named("k", scheduled_time="2027-12-24 10:00:00")
    applied = {**later, "scheduled_time": "2027-12-20 10:00:00"}
    made = moved(applied, later, freeze=(window,))
    assert (objection(made).found, only_change(made).arms) == ("it sends at 2027-12-24T10:00:00Z", False)


def test_a_send_that_is_moved_later_during_a_freeze_of_changes_does_not_object() -> None:
    later = {**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"}
    assert moved(SCHEDULED, later, freeze=(BLACK_FRIDAY,)).objections == ()


def test_of_two_hundred_recurrences_of_every_minute_not_every_run_is_looked_at() -> None:
    specs = [named("r", number, recurrence={"cron": "* * * * *"}) for number in range(200)]
    nights = Window(scope="sends", cron="*/2 * * * *", length=timedelta(seconds=30))
    limits: dict[str, Any] = {"freeze": (nights, CHRISTMAS), "min_lead_time": timedelta(0)}
    every = project(max_sends_per_day=10**9, **limits)
    made = []

    def make() -> None:
        desired = (wanted(own(spec, spec["name"]), spec["name"]) for spec in specs)
        made.append(decided(*desired, project=every))

    # One recurrence has 576,000 runs in 400 days.
    assert calls(make) < 1_000_000
    assert [found.guardrail for found in made[0].objections] == ["freeze"]


BLACK_FRIDAY = Window(start=NOW - timedelta(days=1), end=NOW + timedelta(days=1), reason="black friday")


def test_nothing_is_armed_during_a_freeze() -> None:
    found = objection(plan(SCHEDULED, DRAFT, freeze=(BLACK_FRIDAY,)))
    assert (found.guardrail, found.keys) == ("freeze", ("k0",))
    assert found.limit.endswith("(black friday)")


def test_nothing_is_armed_that_sends_in_a_freeze(golden: Golden) -> None:
    christmas = Window(scope="sends", start=LATER - timedelta(hours=1), end=LATER + timedelta(hours=1))
    golden("freeze", objection(plan(SCHEDULED, freeze=(christmas,))).found)
    assert plan(IMMEDIATE, freeze=(christmas,)).objections == ()


def test_cancels_and_edits_are_allowed_in_a_freeze() -> None:
    known = state({"gone": record(SCHEDULED), "kept": record(SCHEDULED, campaign_id="2")})
    edited = wanted({**SCHEDULED, "description": "new"}, "kept", manifest="sha256:edited")
    made = plan_of(edited, known=known, project=project(freeze=(BLACK_FRIDAY,)))
    assert (made.objections, [str(change.action) for change in made.changes]) == ((), ["cancel", "update"])


@pytest.mark.parametrize(
    ("limits", "specs"),
    [
        ({"max_immediate_sends": 0}, (IMMEDIATE,)),
        ({"forbid_immediate": True}, (IMMEDIATE,)),
        ({"max_arming_changes": 0}, (SCHEDULED,)),
        ({"max_sends_per_day": 0}, (SCHEDULED,)),
        ({"min_lead_time": timedelta(days=9999)}, (SCHEDULED,)),
        ({"require_targeting": True}, (SCHEDULED,)),
        ({"require_labels": ("x",)}, (SCHEDULED,)),
        ({"freeze": (BLACK_FRIDAY,)}, (SCHEDULED,)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_each_guardrail_is_lifted_by_its_own_name(limits: dict[str, Any], specs: tuple[Spec, ...]) -> None:
    name = objection(plan(*specs, **limits)).guardrail
    once = plan(*specs, options=Options(overrides=(name,)), **limits)
    assert once.objections == ()
    assert [(each.name, each.keys, each.reason) for each in once.lifted] == [(name, ("k0",), None)]
    standing = plan(*specs, overrides=(override(name, "k*"),), **limits)
    assert standing.objections == ()
    assert [(each.name, each.keys, each.reason) for each in standing.lifted] == [
        (name, ("k0",), "agreed with legal")
    ]
    others = [each for each in ("resend", "freeze", "max_arming_changes") if each != name]
    assert plan(*specs, options=Options(overrides=tuple(others)), **limits).objections != ()


def test_an_override_is_valid_for_its_keys_until_its_end() -> None:
    mine, over = override("forbid_immediate", "k0"), override("forbid_immediate", "*", until=NOW)
    at_once = [named(name, run_immediately=True) for name in "ab"]
    found = objection(plan(*at_once, overrides=(mine, over), forbid_immediate=True))
    assert found.keys == ("k1",)


def test_a_guardrail_that_would_not_object_is_not_listed_as_lifted() -> None:
    assert (
        plan(SCHEDULED, options=Options(overrides=("forbid_immediate",)), forbid_immediate=True).lifted == ()
    )


@pytest.mark.parametrize(("earlier", "is_refused"), [(9, True), (10, False), (11, False)])
def test_the_lead_time_is_checked_at_the_request(earlier: int, is_refused: bool) -> None:
    change = replace(only(plan(SCHEDULED)), valid_until=None)
    limits = Guardrails(min_lead_time=timedelta(minutes=10))
    now = LATER - timedelta(minutes=earlier)
    refused = guardrails.at_request(change, limits, now, Lifts())
    assert bool(refused and "less than 10m away" in refused[0]) is is_refused
    assert guardrails.at_request(change, limits, now, Lifts(frozenset({"min_lead_time"}))) is None


def test_what_is_armed_already_has_no_lead_time_at_the_request() -> None:
    known = state({KEY: record(SCHEDULED)})
    edited = {**SCHEDULED, "description": "New"}
    change = only(plan_of(wanted(edited, manifest="sha256:new"), known=known))
    assert guardrails.at_request(change, Guardrails(), LATER - timedelta(minutes=1), Lifts()) is None


def test_guardrails_that_depend_on_the_time_are_checked_at_the_request() -> None:
    limits = Guardrails(freeze=(BLACK_FRIDAY,))
    change = only(plan(SCHEDULED))
    refused = guardrails.at_request(change, limits, NOW, Lifts())
    assert refused is not None
    assert refused[0].startswith("frozen: it is armed at")
    assert guardrails.at_request(change, limits, NOW + timedelta(days=2), Lifts()) is None
    assert guardrails.at_request(change, limits, NOW, Lifts(frozenset({"freeze"}))) is None


@pytest.mark.parametrize(("seconds", "refused"), [(-1, False), (0, False), (1, True)])
def test_a_change_that_ended_is_not_sent(seconds: int, refused: bool) -> None:
    change = replace(only(plan(SCHEDULED)), valid_until=NOW)
    found = guardrails.at_request(change, Guardrails(), NOW + timedelta(seconds=seconds), Lifts())
    assert found == (("it was valid until 2026-11-24T12:00:00Z", "campaignctl apply") if refused else None)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Belgrade", "America/New_York"])
@pytest.mark.parametrize("time", ["9998-01-02 00:00:00", "9999-12-31 23:59:59"])
@pytest.mark.parametrize("local", [False, True])
def test_a_send_at_the_end_of_the_calendar_is_planned(zone: str, time: str, local: bool) -> None:
    """As what is meant to be set later. Such sends are not compared with each other."""
    specs = [named(name, scheduled_time=time, send_in_profile_time_zone=local) for name in "ab"]
    daily = named("daily", recurrence={"cron": "0 9 * * *"})
    limits = Guardrails(
        max_sends_per_day=1,
        collisions=Collisions(timedelta(hours=4), 1),
        freeze=(Window(cron="0 9 * * *"),),
    )
    plan = plan_of(
        *(wanted(spec, f"k{number}") for number, spec in enumerate(specs)),
        wanted(daily, "daily"),
        known=state({"daily": record(daily)}),
        project=replace(PROJECT, guardrails=limits, time_zone=zone),
    )
    assert sorted(change.key for change in plan.changes) == ["k0", "k1"]
    assert plan.objections == ()
    assert plan.neighbours == {}
