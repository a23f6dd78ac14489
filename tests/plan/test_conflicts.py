"""Conflicts: fields that the manifest and the dashboard changed to different values."""

from __future__ import annotations

import pytest

from campaignctl.plan.context import Reading
from campaignctl.plan.model import Conflict
from campaignctl.plan.update_rules import conflicts
from tests.plan.planning import KEY, SCHEDULED, Spec, live, message, only, plan_of, record, state, wanted


def of(spec: Spec, shown: Spec, applied: Spec = SCHEDULED) -> tuple[Conflict, ...]:
    """The conflicts of the update of a recorded campaign."""
    plan = plan_of(
        wanted(spec, manifest="sha256:new"),
        known=state({KEY: record(applied)}),
        reading=Reading(live={KEY: live(shown)}),
    )
    return only(plan).conflicts


def named(name: str) -> Spec:
    """The campaign with another name."""
    return {**SCHEDULED, "name": name}


def test_different_values_on_both_sides_are_a_conflict() -> None:
    assert of(named("Ours"), named("Theirs")) == (Conflict("name", "Welcome", "Theirs", "Ours"),)


def test_drift_alone_is_no_conflict() -> None:
    assert of(SCHEDULED, named("Theirs")) == ()


def test_an_edit_alone_is_no_conflict() -> None:
    assert of(named("Ours"), SCHEDULED) == ()


def test_different_fields_are_no_conflict() -> None:
    assert of({**SCHEDULED, "description": "ours"}, named("Theirs")) == ()


def test_the_same_change_is_no_conflict() -> None:
    both = {**named("Same"), "description": "ours"}
    assert of(both, named("Same")) == ()


def test_a_conflict_inside_an_object_names_the_field() -> None:
    applied = {**SCHEDULED, "messages": [message(push={"title": {"en": "Hello"}})]}
    ours = {**SCHEDULED, "messages": [message(push={"title": {"en": "Ours"}})]}
    theirs = {**SCHEDULED, "messages": [message(push={"title": {"en": "Theirs"}})]}
    assert [one.path for one in of(ours, theirs, applied)] == ["messages/0/push/title/en"]


@pytest.mark.parametrize("gone", [{}, {"targeting": None}])
def test_a_removal_and_a_change_are_a_conflict(gone: Spec) -> None:
    aim = {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}
    other = {"targeting": {"countries": {"items": ["FR"], "op": "in"}}}
    shown = {**SCHEDULED, **gone}
    (found,) = of({**SCHEDULED, **other}, shown, {**SCHEDULED, **aim})
    assert found.live is None
    assert found.manifest == ["FR"]


def test_ignored_drift_is_no_conflict() -> None:
    assert conflicts({"name": "a"}, (), {"name": "b"}, {"name": "c"}) == ()
