"""A manifest that was changed to what live has already needs no request, only a record.

Echo memory counts for fields that the manifest has not changed since, and for no others.
"""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from tests.plan.planning import IMMEDIATE, KEY, MANUAL, SCHEDULED, Spec, live, plan_of, record, state, wanted

QUIET = {"quiet_hours": {"begin": "22:00"}}
SHOWN = {"quiet_hours": {"begin": "22:00:00"}}
ECHO = {"quiet_hours/begin": ["22:00:00"]}


def of(spec: Spec, shown: Spec, applied: Spec, **recorded: Any) -> Plan:
    """The plan for a manifest that was changed since it was applied."""
    return plan_of(
        wanted(spec, manifest="sha256:new"),
        known=state({KEY: record(applied, **recorded)}),
        reading=Reading(live={KEY: live(shown)}),
    )


def did(plan: Plan) -> list[str]:
    """The actions and the paths that they write."""
    return [f"{change.action} {','.join(each.path for each in change.diff)}" for change in plan.changes]


NEW = {"description": "New"}


def test_what_live_has_already_needs_no_request() -> None:
    assert did(of({**SCHEDULED, **NEW}, {**SCHEDULED, **NEW}, SCHEDULED)) == []


def test_an_echo_of_a_field_that_did_not_change_still_counts() -> None:
    plan = of({**SCHEDULED, **QUIET, **NEW}, {**SCHEDULED, **SHOWN, **NEW}, {**SCHEDULED, **QUIET}, echo=ECHO)
    assert did(plan) == []


def test_without_an_echo_another_spelling_is_a_difference() -> None:
    plan = of({**SCHEDULED, **QUIET, **NEW}, {**SCHEDULED, **SHOWN, **NEW}, {**SCHEDULED, **QUIET})
    assert did(plan) != []


@pytest.mark.parametrize("echo", [["Old"], []])
def test_an_echo_of_a_field_that_changed_does_not_count(echo: list[str]) -> None:
    """Live shows what it showed before, or still nothing: the new value was not written."""
    shown = {**SCHEDULED, **({"description": "Old"} if echo else {})}
    before = {**SCHEDULED, "description": "old"}
    assert did(of({**SCHEDULED, **NEW}, shown, before, echo={"description": echo})) == ["update description"]


@pytest.mark.parametrize(("spec", "applied"), [(IMMEDIATE, MANUAL), (MANUAL, IMMEDIATE)])
def test_an_event_that_is_newly_set_is_never_there_already(spec: Spec, applied: Spec) -> None:
    writes = spec is IMMEDIATE
    plan = of({**spec, **NEW}, {**applied, **NEW}, applied)
    assert [change.sends_at_once for change in plan.changes] == [True] * writes
