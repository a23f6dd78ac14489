"""The order of an apply: changes that stop sending first, immediate sends last."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from campaignctl.plan.model import Action, Options, Request
from campaignctl.plan.planner import stages
from tests.plan.planning import DRAFT, IMMEDIATE, MANUAL, SCHEDULED, own, plan_of, record, state, wanted

SOON = {**SCHEDULED, "scheduled_time": "2036-12-23 10:00:00"}


def test_stages_and_the_order_inside_them() -> None:
    known = state(
        {
            "gone": record(SCHEDULED, campaign_id="1"),
            "left": record(DRAFT, "draft", "2"),
            "armed": record({**own(SOON, "A"), "is_draft": True}, "draft", "3"),
            "edited": record(own(SCHEDULED, "E"), campaign_id="4"),
            "replaced": record(own(SCHEDULED, "R"), campaign_id="5"),
            "fired": record({**own(MANUAL, "F"), "name": "F"}, "manual", "6"),
        }
    )
    plan = plan_of(
        wanted(own(SOON, "A"), "armed"),
        wanted({**own(SCHEDULED, "E"), "name": "New"}, "edited"),
        wanted(own(SCHEDULED, "R"), "replaced"),
        wanted({**own(IMMEDIATE, "F"), "name": "F"}, "fired"),
        wanted(IMMEDIATE, "flash"),
        wanted(MANUAL, "by-hand"),
        wanted(own(SOON, "S"), "soon"),
        known=known,
        options=Options(replace=("replaced",)),
    )
    assert [[change.key for change in stage] for stage in stages(plan.changes)] == [
        ["gone"],
        ["left"],
        ["edited", "armed"],
        ["soon", "replaced", "by-hand"],
        ["fired", "flash"],
    ]
    assert [change.key for stage in stages(reversed(plan.changes)) for change in stage] == [
        change.key for change in plan.changes
    ]
    assert plan.summary == {**dict.fromkeys(map(str, Action), 0), **_counted(plan.changes), "none": 0}


def _counted(changes: tuple[object, ...]) -> dict[str, int]:
    assert len(changes) == 9
    return {"cancel": 1, "forget": 1, "update": 3, "create": 3, "replace": 1}


def test_no_changes_have_no_stages() -> None:
    assert stages(()) == []


def test_what_is_adopted_without_a_request_is_recorded_before_anything_stops() -> None:
    known = state({"gone": record(own(SCHEDULED, "G"), campaign_id="1")})
    plan = plan_of(wanted(own(SCHEDULED, "A"), "adopted"), known=known)
    stopped = next(change for change in plan.changes if change.action is Action.CANCEL)
    adopted = replace(plan.changes[-1], key="adopted", action=Action.ADOPT, id="9", requests=())
    marked = replace(adopted, requests=(Request("update", "9", {}),))
    assert [change.key for change in chain(*stages([stopped, adopted]))] == ["adopted", "gone"]
    assert [change.key for change in chain(*stages([stopped, marked]))] == ["gone", "adopted"]
