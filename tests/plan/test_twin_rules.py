"""Which campaigns count as others, each once, and what is said of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.diff import content
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import twin_rules, twins
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Change, Options, Plan
from campaignctl.schedule.times import format_gmt, iso, parse_iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import State
from tests.plan.planning import (
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    Spec,
    intent,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.plan.twin_plans import at, blocked, did, renamed

PAST = {**SCHEDULED, "scheduled_time": "2026-11-01 10:00:00"}
AGO = "2026-11-01T10:00:00Z"
DUE = {**SCHEDULED, "scheduled_time": "2026-11-24 11:00:00"}
TONIGHT = {**SCHEDULED, "scheduled_time": "2026-11-24 20:00:00"}


def entry(key: str, campaign_id: str, spec: Spec = PAST) -> Sent:
    return Sent(body_digest(spec), key, campaign_id, AGO, content=content(spec), sends=(AGO,))


def released(key: str, campaign_id: str, spec: Spec = PAST) -> Released:
    return Released(
        key, campaign_id, "i", body_digest(spec), "sent", AGO, content=content(spec), sends=(AGO,)
    )


def repeats(plan: Plan) -> list[str]:
    """What the only change says that it repeats."""
    return [str(one) for one in only(plan).warnings if str(one).startswith("repeats")]


def test_a_campaign_that_is_known_in_several_ways_is_named_once() -> None:
    new = renamed(SCHEDULED)
    twice = state(sent=(entry("old", "7"), entry("older", "7")), released=(released("old", "7"),))
    (said,) = repeats(plan_of(wanted(new, "new"), known=twice))
    assert said.count("(7)") == 1
    both = state(sent=(entry("old", "7"), entry("older", "8")))
    (said,) = repeats(plan_of(wanted(new, "new"), known=both))
    assert (said.count("(7)"), said.count("(8)")) == (1, 1)
    over = {"old": record(PAST, "sent", "7")}
    recorded = state(over, sent=(entry("old", "7"), entry("former", "7")))
    (said,) = repeats(plan_of(wanted(PAST, "old"), wanted(new, "new"), known=recorded, reading=Reading()))
    assert said.count("(7)") == 1


def test_a_campaign_is_no_twin_of_itself_under_a_former_key() -> None:
    daily = {**RECURRING, "recurrence": {"cron": "0 10 * * *"}}
    known = state(
        {KEY: record(RECURRING)},
        sent=(
            replace(
                entry("former", ID, RECURRING), at="2026-11-24T09:00:00Z", sends=("2026-11-24T09:00:00Z",)
            ),
        ),
    )
    plan = plan_of(wanted(daily, manifest="new"), known=known, options=Options(overrides=()))
    assert "former" not in str(blocked(plan))


@pytest.mark.parametrize("number", [3, 4])
def test_many_blocks_by_recorded_campaigns_keep_their_own_reasons(number: int) -> None:
    specs = {f"k{each}": own(SCHEDULED, str(each)) for each in range(number)}
    records = {key: record(spec, campaign_id=key) for key, spec in specs.items()}
    olds = [wanted(spec, key) for key, spec in specs.items()]
    news = [wanted(renamed(spec), f"new-{key}") for key, spec in specs.items()]
    plan = plan_of(*olds, *news, known=state(records))
    reasons = blocked(plan)
    assert len(reasons) == number
    assert not any("may be lost" in reason for reason in reasons.values())


@pytest.mark.parametrize(("number", "together"), [(3, False), (4, True)])
def test_many_blocks_by_unknown_campaigns_have_one_reason(number: int, *, together: bool) -> None:
    specs = {f"k{each}": own(SCHEDULED, str(each)) for each in range(number)}
    reading = Reading(foreign={key: live(spec, "scheduled", key) for key, spec in specs.items()})
    plan = plan_of(*(wanted(spec, key) for key, spec in specs.items()), known=state(), reading=reading)
    assert [("may be lost" in reason) for reason in blocked(plan).values()] == [together] * number


def two(**options: Any) -> Plan:
    """An update that moves a send to the times of two others with the same content."""
    near = [at(3), {**at(3), "name": "Third"}]
    records = {"a": record(near[0], campaign_id="1"), "b": record(near[1], campaign_id="2")}
    records[KEY] = record(at(0, renamed(SCHEDULED)))
    desired = [wanted(near[0], "a"), wanted(near[1], "b"), wanted(at(3, renamed(SCHEDULED)), manifest="new")]
    return plan_of(*desired, known=state(records), options=Options(**options))


def test_of_two_others_the_first_is_told() -> None:
    (reason,) = blocked(two()).values()
    assert reason.startswith("a (1) has this content and sends within")
    change = only(two(overrides=("resend",)))
    assert change.deliberate_resend
    assert [str(one) for one in change.warnings if "deliberate" in str(one)] == [
        f"a deliberate second send: {reason}"
    ]
    assert [one.name for one in two(overrides=("resend",)).lifted] == ["resend"]


def test_an_update_and_a_create_at_one_time_are_twins() -> None:
    later = renamed(at(3))
    plan = plan_of(
        wanted(at(3), "a"), wanted(later, "b", manifest="new"), known=state({"b": record(renamed(at(0)))})
    )
    assert len(plan.blocked) == 1
    assert sorted([*did(plan), *blocked(plan)]) == ["a", "b"]
    assert "in this plan" in plan.blocked[0].reason


@pytest.mark.parametrize("spec", [SCHEDULED, at(30)])
def test_a_replacement_that_stays_near_the_same_campaign_is_no_news(spec: Spec) -> None:
    both = {"a": record(at(0), campaign_id="1"), KEY: record(renamed(at(0)))}
    moved = wanted(renamed(spec), manifest="new")
    plan = plan_of(wanted(at(0), "a"), moved, known=state(both), options=Options(replace=(KEY,)))
    assert (blocked(plan), did(plan)) == ({}, {KEY: "replace"})


def test_what_is_over_and_starts_again_near_another_is_news() -> None:
    over = {"a": record(at(0), campaign_id="1"), KEY: record(renamed(at(0)), "canceled")}
    plan = plan_of(
        wanted(at(0), "a"), wanted(renamed(at(0))), known=state(over), options=Options(replace=(KEY,))
    )
    assert set(blocked(plan)) == {KEY}


def test_a_campaign_that_was_found_for_a_lost_create_counts_as_it_is() -> None:
    lost = replace(intent(SCHEDULED), intent="lost")
    for status, is_blocked in (("scheduled", True), ("canceled", False)):
        plan = plan_of(
            wanted(SCHEDULED, "a"),
            wanted(renamed(SCHEDULED), "b"),
            known=state(pending={"a": lost}),
            reading=Reading(settled={"a": live(SCHEDULED, status, "9")}),
        )
        assert ("b" in blocked(plan)) is is_blocked
    moved = Reading(settled={"a": live(at(7), "scheduled", "9")})
    later = wanted(renamed(at(7)), "b")
    plan = plan_of(wanted(SCHEDULED, "a"), later, known=state(pending={"a": lost}), reading=moved)
    assert "b" in blocked(plan)


def test_an_override_that_was_not_needed_is_not_said() -> None:
    known = state({KEY: record(SCHEDULED)})
    plan = plan_of(wanted(SCHEDULED), known=known, options=Options(replace=(KEY,), overrides=("resend",)))
    assert (did(plan), plan.lifted) == ({KEY: "replace"}, ())


def test_a_campaign_that_is_gone_is_no_twin() -> None:
    known = state({"old": record(SCHEDULED, campaign_id="7")})
    plan = plan_of(wanted(renamed(SCHEDULED), "new"), known=known, reading=Reading(live={"old": None}))
    assert did(plan)["new"] == "create"
    there = plan_of(wanted(renamed(SCHEDULED), "new"), known=known, reading=Reading(refreshed=False))
    assert there.changes != plan.changes


def test_a_campaign_that_moves_to_another_key_is_still_asked_for() -> None:
    known = state({"old": record(SCHEDULED, campaign_id="7")})
    plan = plan_of(
        wanted(SCHEDULED, "moved", moved_from=("old",)), wanted(at(7, renamed(SCHEDULED)), "new"), known=known
    )
    assert (did(plan), blocked(plan)) == ({"moved": "move", "new": "create"}, {})


def test_a_write_that_is_not_settled_makes_no_second_campaign() -> None:
    lost = replace(intent(SCHEDULED), operation="update", id="7", patch={})
    known = state({"a": record(SCHEDULED, campaign_id="7")}, pending={"a": lost})
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(at(7, renamed(SCHEDULED)), "b"), known=known)
    told = [str(one) for change in plan.changes for one in change.warnings]
    assert not any("id not known" in one for one in told)


@pytest.mark.parametrize(("status", "is_blocked"), [("scheduled", True), ("strange", False)])
def test_a_lifted_unknown_status_lifts_no_other(status: str, *, is_blocked: bool) -> None:
    gone = replace(released("old", "7", SCHEDULED), status=status, sends=())
    plan = plan_of(
        wanted(renamed(SCHEDULED), "new"),
        known=state(released=(gone,)),
        options=Options(overrides=("unknown_status",)),
    )
    assert ("new" in blocked(plan)) is is_blocked


@pytest.mark.parametrize(("hours", "is_blocked"), [(20, False), (19, True)])
def test_a_run_that_the_other_would_have_had_is_no_second_one(hours: int, *, is_blocked: bool) -> None:
    last, due = iso(NOW - timedelta(hours=1)), iso(NOW + timedelta(hours=20))
    gone = replace(released("old", "7", SCHEDULED), status="canceled", sends=(last, due), at=iso(NOW))
    new = renamed({**SCHEDULED, "scheduled_time": format_gmt(NOW + timedelta(hours=hours))})
    plan = plan_of(wanted(new, "new"), known=state(released=(gone,)))
    assert ("new" in blocked(plan)) is is_blocked


def test_the_first_zone_of_a_local_send_is_the_run_that_the_other_would_have_had() -> None:
    last, due = iso(NOW - timedelta(hours=1)), iso(NOW + timedelta(hours=6))
    gone = replace(released("old", "7", SCHEDULED), status="canceled", sends=(last, due), at=iso(NOW))
    local = {"send_in_profile_time_zone": True, "scheduled_time": format_gmt(NOW + timedelta(hours=20))}
    assert did(plan_of(wanted(renamed(SCHEDULED, **local), "new"), known=state(released=(gone,)))) == {
        "new": "create"
    }


def test_a_winner_is_no_second_send() -> None:
    first, second = ({"channel": "push", "name": name, "push": {"title": {"en": name}}} for name in "AB")
    spec = {**SCHEDULED, "messages": [first, second], "ab_test": {"test_split": 30}}
    shown: dict[str, Any] = {"messages": [{**first, "id": "81"}, {**second, "id": "82"}]}
    sent = record({**spec, "name": "Twin"}, "sent", "7")
    plan = plan_of(
        wanted(spec, lifecycle=Lifecycle(winner="A")),
        wanted({**spec, "name": "Twin"}, "twin"),
        known=state({KEY: record(spec, "needs_decision"), "twin": sent}),
        reading=Reading(live={KEY: live(spec, "needs_decision", **shown)}),
    )
    assert (KEY in did(plan), blocked(plan)) == (True, {})


def test_two_creates_of_one_plan_are_told_to_differ() -> None:
    plan = plan_of(wanted(SCHEDULED, "a"), wanted(renamed(SCHEDULED), "b"))
    (one,) = plan.blocked
    assert (one.id, one.status) == (None, "planned")
    assert one.hint.startswith("give one of them another content, audience or time; ")
    known = state({"a": record(SCHEDULED, campaign_id="7"), KEY: record(at(7, renamed(SCHEDULED)))})
    near = plan_of(wanted(SCHEDULED, "a"), wanted(renamed(SCHEDULED), manifest="new"), known=known)
    (one,) = near.blocked
    assert (one.id, one.status) == ("7", "scheduled")
    assert one.hint.startswith("give one of them another content, audience or time; ")
    far = plan_of(wanted(SCHEDULED, "a"), wanted(at(5, renamed(SCHEDULED)), manifest="new"), known=known)
    assert not any("repeats" in str(one) for one in only(far).warnings)


# ------------------------------------------------------------------------------------- how one is compared


def test_a_change_of_one_that_was_started_sends_at_its_time_alone() -> None:
    spec = {**IMMEDIATE, "scheduled_time": SCHEDULED["scheduled_time"]}
    change = only(plan_of(wanted(SCHEDULED)))
    later = twins.of_change(replace(change, spec=spec), NOW)
    assert (later.times.at_once, len(later.times.spans)) == (None, 1)
    assert twins.of_change(only(plan_of(wanted(IMMEDIATE))), NOW).times.at_once == NOW


def test_an_unknown_campaign_is_compared_by_its_last_run_and_strictest_status() -> None:
    ran = [{"time": "2026-11-23 10:00:00", "skip": False}]
    shown = live(MANUAL, "running", send_strategy="immediate", scheduled_run_times=ran)
    found = twins.of_live(shown, NOW, "digest")
    assert found is not None
    assert found.times.at_once == parse_iso("2026-11-23T10:00:00Z")
    shown = live(SCHEDULED, "scheduled", effective_status="needs_decision")
    found = twins.of_live(shown, NOW, "digest")
    assert found is not None
    assert (found.status, found.times.unknown) == ("needs_decision", True)
    strange = twins.of_live(live(SCHEDULED, "strange"), NOW, "digest")
    assert strange is not None
    assert strange.status == "strange"


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("spec", "blocks"), [(DUE, True), ({**SCHEDULED, "is_draft": True}, False)])
def test_what_is_missing_may_have_been_sent_when_it_was_due(spec: Spec, declared: bool, blocks: bool) -> None:
    """Until somebody says that it was not, under whatever key."""
    known = state({"old": record(spec, campaign_id="77")})
    desired = [wanted(renamed(TONIGHT), "new"), *([wanted(spec, "old")] if declared else [])]
    reading = Reading(live={"old": None})
    plan = plan_of(*desired, known=known, reading=reading)
    assert [one.id for one in plan.blocked if one.key == "new"] == (["77"] if blocks else [])
    lifted = plan_of(*desired, known=known, reading=reading, options=Options(overrides=("resend",)))
    (made,) = [one for one in lifted.changes if one.key == "new"]
    assert made.deliberate_resend is blocks


# ------------------------------------------------------------------------ of a saved plan, when it is applied


def refused(changes: Iterable[Change], known: State) -> str | None:
    """Why a saved plan with these changes is not applied next to the recorded campaigns."""
    shown = {key: live(dict(one.applied), one.status, one.id) for key, one in known.campaigns.items()}
    ctx = PlanContext(DesiredState(PROJECT, {}, "sha256:p"), known, Reading(live=shown), Options(), NOW)
    found = twin_rules.repeated(ctx, changes)
    return None if found is None else str(found.reason)


def test_a_saved_plan_repeats_no_recorded_campaign() -> None:
    known = state({"old": record(SCHEDULED)})
    saved = plan_of(wanted(renamed(SCHEDULED), "new"), known=known).changes
    assert refused(saved, known) is None
    at_once = tuple(replace(one, waits_for=()) for one in saved)
    assert refused(at_once, known) == (f"it does not wait until {ID} is canceled, which has this content")
    assert refused(saved[1:], known) == f"old ({ID}) has this content and sends within 1d of it"
    assert refused(saved[:1], known) is None


def test_a_saved_plan_goes_far_from_what_it_repeats_and_from_what_is_not_recorded() -> None:
    (made,) = plan_of(wanted(renamed(SCHEDULED), "new"), known=state()).changes
    assert refused([made], state({"old": record(at(7))})) is None
    # Whether a released campaign can send is read before.
    gone = replace(released("old", "7", SCHEDULED), status="scheduled", sends=())
    assert refused([made], state(released=(gone,))) is None
