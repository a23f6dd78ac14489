"""What no read has shown of a write: said in every plan until a read shows it, and before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.plan.context import Reading
from campaignctl.plan.model import Plan
from campaignctl.project.model import StateSettings
from tests.plan.planning import KEY, PROJECT, SCHEDULED, Spec, live, message, plan_of, record, state, wanted

DEAL: Spec = {**SCHEDULED, "deal_id": "7"}
DRAFT = {**DEAL, "is_draft": True}


def of(applied: Spec, shown: Spec, spec: Spec, status: str = "scheduled", **known: Any) -> Plan:
    """The plan of one campaign whose `deal_id` no read has shown."""
    recorded = record(applied, status, **{"unconfirmed": ("deal_id",), **known})
    return plan_of(
        wanted(spec), known=state({KEY: recorded}), reading=Reading(live={KEY: live(shown, status)})
    )


def said(plan: Plan) -> list[str]:
    return [note for note in plan.notes if "unconfirmed" in note]


def test_it_is_a_note_until_a_read_shows_it() -> None:
    (note,) = said(of(DEAL, SCHEDULED, DEAL))
    assert note == f"unconfirmed in 1 campaign: no read has shown deal_id: {KEY}"
    shown = of(DEAL, DEAL, DEAL)
    assert said(shown) == []
    assert shown.observed[KEY].unconfirmed == ()


def test_it_is_a_warning_of_the_change_that_arms() -> None:
    (change,) = of(DRAFT, {**SCHEDULED, "is_draft": True}, DEAL, "draft").changes
    assert change.arms
    assert change.warnings == ("unconfirmed: no read has shown deal_id",)
    (edit,) = of(DEAL, SCHEDULED, {**DEAL, "name": "New"}).changes
    assert (edit.arms, edit.warnings) == (False, ())
    (known,) = of(DRAFT, {**SCHEDULED, "is_draft": True}, DEAL, "draft", unconfirmed=()).changes
    assert known.warnings == ()
    (shown,) = of(DRAFT, DRAFT, DEAL, "draft").changes
    assert (shown.arms, shown.warnings) == (True, ()), "this read shows it"


@pytest.mark.parametrize(
    ("version", "backend", "baseline", "says"),
    [(1, "git", None, True), (1, "local", None, False), (2, "git", None, False), (1, "git", {}, False)],
)
def test_a_shared_state_of_the_version_before_keeps_no_baseline(
    version: int, backend: Any, baseline: Any, says: bool
) -> None:
    known = replace(state({KEY: record(SCHEDULED, baseline=baseline)}), format_version=version)
    project = replace(PROJECT, state=replace(StateSettings(), backend=backend))
    notes = plan_of(wanted(SCHEDULED), known=known, project=project).notes
    assert any("the state has format 1" in note for note in notes) is says


@pytest.mark.parametrize(("number", "is_shown"), [(2, True), (1, False)])
def test_messages_are_confirmed_by_a_list_that_has_them_all(number: int, is_shown: bool) -> None:
    two = {**SCHEDULED, "messages": [{**message(), "name": name} for name in ("a", "b")]}
    shown = {**two, "messages": two["messages"][:number]}
    recorded = state({KEY: record(two, unconfirmed=("messages",))})
    found = plan_of(wanted(two), known=recorded, reading=Reading(live={KEY: live(shown)}))
    assert ([note for note in said(found) if "messages" in note] == []) is is_shown
