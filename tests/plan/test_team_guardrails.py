"""The optional guardrails, and how each is lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.plan import guardrails
from campaignctl.plan.model import Lifts, Objection, Options, Plan
from campaignctl.project.model import Guardrails, Override
from campaignctl.schedule.windows import Window
from tests.golden import Golden
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
    only,
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
    desired = [wanted(spec, key) for key, spec in zip(keys, specs, strict=True)]
    return plan_of(*desired, project=project(*overrides, **limits), options=options)


def objection(plan: Plan) -> Objection:
    (found,) = plan.objections
    return found


def override(guardrail: str, *keys: str, until: datetime = NOW + timedelta(days=1)) -> Override:
    return Override(guardrail, keys, until, "agreed with legal")


def named(name: str, number: int = 0, **fields: Any) -> Spec:
    return {**body(**fields), "name": f"{name} {number}"}


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


def test_guardrails_that_depend_on_the_time_are_checked_at_the_request() -> None:
    limits = Guardrails(freeze=(BLACK_FRIDAY,))
    change = only(plan(SCHEDULED))
    refused = guardrails.at_request(change, limits, NOW, Lifts())
    assert refused is not None
    assert refused[0].startswith("frozen: it is armed at")
    assert guardrails.at_request(change, limits, NOW + timedelta(days=2), Lifts()) is None
    assert guardrails.at_request(change, limits, NOW, Lifts(frozenset({"freeze"}))) is None
