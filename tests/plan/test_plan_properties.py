"""Properties of every plan, for any declared, recorded, live and halted campaigns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Action, Change, Options, Plan
from campaignctl.plan.planner import order, stages
from campaignctl.state.halts import Halt, Halts, Stopped
from campaignctl.state.model import Record
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    RECURRING,
    SCHEDULED,
    Spec,
    live,
    plan_of,
    record,
    state,
    wanted,
)

KEYS = ("a", "b", "c", "d")
AT = "2026-11-24T11:00:00Z"
STATUSES = ("draft", "scheduled", "running", "paused", "sent", "canceled", "needs_decision", "thawing")

specs = st.builds(
    lambda spec, more: {**spec, **more},
    st.sampled_from([MANUAL, SCHEDULED, RECURRING, IMMEDIATE, DRAFT]),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["Welcome", "New", "Other"]),
            "description": st.sampled_from(["x", "y"]),
            "targeting": st.sampled_from([{"countries": {"items": ["DE"], "op": "in"}}]),
            "run_immediately": st.booleans(),
        },
    ),
)
lifecycles = st.builds(
    Lifecycle,
    prevent_destroy=st.booleans(),
    on_destroy=st.sampled_from(["cancel", "forget"]),
    phase=st.sampled_from(["active", "active", "paused", "canceled"]),
)


@dataclass(frozen=True)
class World:
    """One situation of a few keys."""

    desired: tuple[DesiredCampaign, ...]
    records: dict[str, Record]
    lives: dict[str, Live | None]
    halts: Halts
    options: Options

    def plan(self, **others: Any) -> Plan:
        """Its plan."""
        known = state(others.get("records", self.records))
        reading = Reading(live=others.get("lives", self.lives), halts=self.halts)
        return plan_of(*self.desired, known=known, reading=reading, options=self.options)

    def phase(self, key: str) -> str:
        """The declared phase of a key."""
        return next((one.lifecycle.phase for one in self.desired if one.key == key), "gone")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    desired, records, lives = [], {}, {}
    for number, key in enumerate(KEYS):
        if draw(st.booleans()):
            former = tuple(draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True)))
            moved = tuple(one for one in former if one != key)
            spec, lifecycle = draw(specs), draw(lifecycles)
            desired.append(wanted(spec, key, lifecycle=lifecycle, moved_from=moved))
        if draw(st.booleans()):
            records[key], lives[key] = _recorded(draw, f"{number}")
    halted = draw(st.none() | st.lists(st.sampled_from(KEYS), max_size=2))
    stopped = tuple(Stopped(key, one.id, "paused", AT) for key, one in records.items())
    halt = Halt("h", None if halted is None else tuple(halted), "stop", "anna", "desk", AT, stopped)
    names = draw(st.lists(st.sampled_from(["foreign_pause", "unknown_status", "resend"]), unique=True))
    options = Options(overrides=tuple(names), destroy=draw(st.integers(0, 9)) == 0)
    halts = Halts((halt,)) if draw(st.booleans()) else Halts()
    return World(tuple(desired), records, lives, halts, options)


def _recorded(draw: st.DrawFn, campaign_id: str) -> tuple[Record, Live | None]:
    applied = draw(specs)
    known = record(
        applied,
        draw(st.sampled_from(STATUSES)),
        campaign_id,
        paused_by_us=draw(st.booleans()),
        lifecycle=draw(lifecycles),
    )
    if draw(st.integers(0, 9)) == 0:
        return known, None
    edits: Spec = {"name": "By hand"} if draw(st.booleans()) else {}
    return known, live({**applied, **edits}, draw(st.sampled_from(STATUSES)), campaign_id)


def former_keys(world: World, key: str) -> set[str]:
    """The keys that a campaign has or had."""
    moved = next((one.moved_from for one in world.desired if one.key == key), ())
    return {key, *moved}


def no_halted_campaign_is_armed(world: World, plan: Plan) -> None:
    ids = {one.id: key for key, one in world.records.items()}
    for change in plan.changes:
        if change.may_send:
            assert world.halts.on(change.key) is None
            assert not change.id or world.halts.on(ids[change.id]) is None


def no_campaign_that_is_not_active_is_armed(world: World, plan: Plan) -> None:
    for change in plan.changes:
        if change.may_send:
            assert world.phase(change.key) == "active"


def a_resume_has_one_time_and_never_sends_at_once(plan: Plan) -> None:
    for change in plan.changes:
        if change.action is Action.RESUME:
            assert not change.sends_at_once
            assert [set(request.body or {}) for request in change.requests] == [{"scheduled_time"}]


def the_order_respects_the_stages(plan: Plan) -> None:
    assert list(plan.changes) == sorted(plan.changes, key=order)
    assert [change for stage in stages(plan.changes) for change in stage] == list(plan.changes)
    quiet = [not change.sends_at_once for change in plan.changes]
    assert quiet == sorted(quiet, reverse=True)


def a_key_has_each_action_once_and_its_move_first(plan: Plan) -> None:
    changes: dict[str, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.key, []).append(change)
    for mine in changes.values():
        actions = [change.action for change in mine]
        assert len(actions) == len(set(actions))
        assert Action.MOVE not in actions[1:]


def a_campaign_has_changes_under_one_key_only(plan: Plan) -> None:
    keys: dict[str, set[str]] = {}
    for change in plan.changes:
        if change.id:
            keys.setdefault(change.id, set()).add(change.key)
    assert all(len(known) == 1 for known in keys.values())


_DOES = {
    Action.PAUSE: "paused",
    Action.CANCEL: "canceled",
    Action.RESUME: "scheduled",
}


def afterwards(world: World, plan: Plan) -> tuple[dict[str, Record], dict[str, Live | None]]:
    """Records and live campaigns after every change of a plan without creates."""
    records, lives = dict(world.records), dict(world.lives)
    moves = [change for change in plan.changes if change.action is Action.MOVE]
    taken = [
        (change, records.pop(change.moved_from or ""), lives.pop(change.moved_from or "")) for change in moves
    ]
    for change, known, seen in taken:
        records[change.key] = replace(known, moved_from=change.moved_from, lifecycle=change.lifecycle)
        lives[change.key] = seen
    for change in plan.changes:
        if change.action is not Action.MOVE:
            _carry_out(change, records, lives)
    return records, lives


def _carry_out(change: Change, records: dict[str, Record], lives: dict[str, Live | None]) -> None:
    known, seen = records[change.key], lives[change.key]
    if change.spec is None:
        del records[change.key], lives[change.key]
        return
    status = _DOES.get(change.action) or str(seen.status if seen else "")
    if change.action is Action.UPDATE and change.requests[0].body == {"is_draft": False}:
        status = "scheduled"
    records[change.key] = replace(
        known,
        status=status,
        applied=change.spec,
        digest=change.digest,
        source_digest=change.source_digest,
        lifecycle=change.lifecycle,
        paused_by_us=change.action is Action.PAUSE or (known.paused_by_us and status == "paused"),
    )
    lives[change.key] = live(dict(change.spec), status, known.id)


def _is_unforeseen(world: World, change: Change) -> bool:
    """Whether live after a change depends on the API: whether it can pause what it calls sent is unknown."""
    if change.action in (Action.CREATE, Action.REPLACE) or change.sends_at_once:
        return True
    # Before a move in the same plan it was read under its old key.
    sent = [live.id for live in world.lives.values() if live and live.status == "sent"]
    return change.action is Action.PAUSE and change.id in sent


def a_second_plan_is_empty(world: World, plan: Plan) -> None:
    if any(_is_unforeseen(world, change) for change in plan.changes):
        return
    blocked = {one.key for one in plan.blocked}
    records, lives = afterwards(world, plan)
    again = world.plan(records=records, lives=lives)
    assert [(change.key, change.action) for change in again.changes if change.key not in blocked] == []


@given(worlds())
def test_every_plan_has_these_properties(world: World) -> None:
    """Of one plan for each world: to make it takes much longer than to look at it."""
    plan = world.plan()
    no_halted_campaign_is_armed(world, plan)
    no_campaign_that_is_not_active_is_armed(world, plan)
    a_resume_has_one_time_and_never_sends_at_once(plan)
    the_order_respects_the_stages(plan)
    a_key_has_each_action_once_and_its_move_first(plan)
    a_campaign_has_changes_under_one_key_only(plan)
    a_second_plan_is_empty(world, plan)
