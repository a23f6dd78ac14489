"""The whole decision table for recorded campaigns: manifest side x live status x how it is recorded.

Each cell says what is done: the actions in their order, `blocked` for a key that is left alone, `-` for
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from campaignctl.campaign.lifecycle import Lifecycle, Phase
from campaignctl.campaign.live import Live
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.state.model import Record
from tests.plan.planning import DRAFT, KEY, MANUAL, SCHEDULED, Spec, live, plan_of, record, state, wanted

STATUSES = (
    *("draft", "manual", "scheduled", "running", "paused"),
    *("sent", "canceled", "needs_decision", "thawing", "missing"),
)


@dataclass(frozen=True)
class Side:
    """The manifest side: nothing, or a phase, with or without an edit, in the manifest or its defaults."""

    declared: bool = True
    phase: Phase = "active"
    edited: bool = False
    own: bool = True
    replace: bool = False
    destroy: bool = False

    def campaign(self, spec: Spec) -> DesiredCampaign:
        """The declared campaign."""
        manifest = "sha256:new" if self.edited and self.own else "sha256:manifest"
        name = {"name": "New"} if self.edited else {}
        return wanted({**spec, **name}, manifest=manifest, lifecycle=Lifecycle(phase=self.phase))


SIDES = {
    "gone": Side(declared=False),
    "destroyed": Side(destroy=True),
    "same": Side(),
    "edited": Side(edited=True),
    "by defaults": Side(edited=True, own=False),
    "replaced": Side(replace=True),
    "paused": Side(phase="paused"),
    "paused, edited": Side(phase="paused", edited=True),
    "canceled": Side(phase="canceled"),
    "canceled, edited": Side(phase="canceled", edited=True),
    "paused, replaced": Side(phase="paused", replace=True),
}

#               draft    manual   scheduled  running  paused   sent     canceled needs_d. thawing  missing
TABLE = """
gone            forget   forget   cancel     cancel   cancel   forget   forget   blocked  blocked  forget
destroyed       forget   forget   cancel     cancel   cancel   forget   forget   blocked  blocked  forget
same            -        -        -          -        -        -        -        -        -        blocked
edited          update   update   update     blocked  update   blocked  blocked  blocked  blocked  blocked
by_defaults     update   update   update     blocked  update   -        -        -        blocked  blocked
replaced        replace  replace  replace    blocked  replace  blocked  replace  blocked  blocked  blocked
paused          -        -        pause      pause    -        -        -        -        blocked  blocked
paused,_edited  -        -        pause+upd  pause+upd update  -        -        -        blocked  blocked
canceled        -        -        cancel     cancel   cancel   -        -        -        blocked  blocked
canceled,_edited -       -        cancel     cancel   cancel   -        -        -        blocked  blocked
paused,_replaced blocked blocked  blocked    blocked  blocked  blocked  blocked  blocked  blocked  blocked
"""
# The cells that differ if the record says that we paused it.
PAUSED_BY_US = {("same", "paused"): "resume", ("edited", "paused"): "update+resume"}
PAUSED_BY_US[("by defaults", "paused")] = "update+resume"
# The cells that differ if a rule is lifted.
LIFTED = {
    ("gone", "thawing"): "cancel",
    ("destroyed", "thawing"): "cancel",
    ("edited", "thawing"): "update",
    ("by defaults", "thawing"): "update",
    ("replaced", "thawing"): "replace",
    ("replaced", "running"): "replace",
    ("replaced", "sent"): "replace",
    ("replaced", "missing"): "replace",
    ("paused", "thawing"): "pause",
    ("paused, edited", "thawing"): "pause+update",
    ("canceled", "thawing"): "cancel",
    ("canceled, edited", "thawing"): "cancel",
    **PAUSED_BY_US,
}


def cells() -> dict[tuple[str, str], str]:
    """The decisions, by manifest side and live status."""
    found = {}
    for line in TABLE.strip().splitlines():
        side, *done = line.split()
        for status, what in zip(STATUSES, done, strict=True):
            found[side.replace("_", " "), status] = what.replace("+upd", "+update")
    return found


CELLS = cells()
SPECS = {"draft": DRAFT, "manual": MANUAL}
WORDS = {"manual": "idle"}


def shown(status: str) -> Live | None:
    """The answer of a read."""
    spec = SPECS.get(status, SCHEDULED)
    return None if status == "missing" else live(spec, WORDS.get(status, status))


def of(side: str, status: str, known: Record, *overrides: str) -> Plan:
    """The plan of one cell."""
    said, spec = SIDES[side], SPECS.get(status, SCHEDULED)
    desired = [said.campaign(spec)] if said.declared else []
    replacing = (KEY,) if said.replace else ()
    return plan_of(
        *desired,
        known=state({KEY: known}),
        reading=Reading(live={KEY: shown(status)}),
        options=Options(replace=replacing, destroy=said.destroy, overrides=overrides),
    )


def done(plan: Plan) -> str:
    """A cell's word for a plan."""
    actions = [str(change.action) for change in plan.changes] + ["blocked"] * len(plan.blocked)
    return "+".join(actions) or "-"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("side", SIDES)
def test_a_cell_of_the_table(side: str, status: str) -> None:
    known = record(SPECS.get(status, SCHEDULED), "scheduled")
    assert done(of(side, status, known)) == CELLS[side, status]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("side", SIDES)
def test_a_cell_of_what_we_paused(side: str, status: str) -> None:
    known = record(SPECS.get(status, SCHEDULED), "paused", paused_by_us=True)
    expected = PAUSED_BY_US.get((side, status), CELLS[side, status])
    assert done(of(side, status, known)) == expected


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("side", SIDES)
def test_a_cell_with_the_rules_lifted(side: str, status: str) -> None:
    known = record(SPECS.get(status, SCHEDULED), "scheduled")
    plan = of(side, status, known, "unknown_status", "foreign_pause", "resend")
    assert done(plan) == LIFTED.get((side, status), CELLS[side, status])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("side", SIDES)
def test_every_block_says_how_it_is_lifted(side: str, status: str) -> None:
    known = record(SPECS.get(status, SCHEDULED), "scheduled")
    for blocked in of(side, status, known).blocked:
        assert blocked.hint
        assert blocked.key == KEY


@pytest.mark.parametrize("phase", ["active", "paused", "canceled"])
@pytest.mark.parametrize("spec", [SCHEDULED, MANUAL, DRAFT])
def test_only_an_active_campaign_is_created(phase: Phase, spec: Spec) -> None:
    plan = plan_of(Side(phase=phase).campaign(spec))
    assert done(plan) == ("create" if phase == "active" else "-")
