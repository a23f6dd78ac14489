"""Settings in a plan: what changed since the last apply, and what its head says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.errors import Command, PlanRefused, Sentence
from campaignctl.plan.codec import decode, dumps, encode
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan
from campaignctl.plan.reviewed import check_saved, check_settings
from campaignctl.project.model import Guardrails, Override, Project, StateSettings
from campaignctl.project.settings import SettingChange, recorded
from campaignctl.state.model import State
from tests.plan.planning import NOW, PROJECT, plan_of, state

KNOWN = replace(state(), settings=recorded(PROJECT))
LOOSE = replace(PROJECT, guardrails=Guardrails(max_immediate_sends=9, max_arming_changes=5))


def test_a_plan_shows_what_changed_and_what_of_it_loosens() -> None:
    plan = plan_of(known=KNOWN, project=LOOSE)
    assert plan.settings_changed == (
        SettingChange("guardrails.max_immediate_sends", 3, 9, loosens=True),
        SettingChange("guardrails.max_arming_changes", None, 5, loosens=False),
    )
    assert plan.empty
    assert plan.decides
    assert not plan.refused


def test_a_plan_with_the_settings_of_the_last_apply_shows_none() -> None:
    assert not plan_of(known=KNOWN).decides


def test_without_recorded_settings_nothing_is_shown_as_changed() -> None:
    assert plan_of(known=state(), project=LOOSE).settings_changed == ()
    assert plan_of(project=LOOSE).settings_changed == ()


def test_an_override_of_the_command_line_is_no_setting() -> None:
    assert plan_of(known=KNOWN, options=Options(overrides=("resend",))).settings_changed == ()


def test_an_override_that_has_ended_is_no_change() -> None:
    override = Override("resend", ("*",), NOW, "week")
    project = replace(PROJECT, overrides=(override,))
    assert plan_of(known=replace(state(), settings=recorded(project)), project=project).settings_changed == ()


def test_a_destroy_shows_its_settings_and_a_look_at_the_account_none() -> None:
    destroy = plan_of(known=KNOWN, project=LOOSE, options=Options(destroy=True))
    look = plan_of(known=KNOWN, project=LOOSE, options=Options(refresh_only=True))
    assert len(destroy.settings_changed) == 2
    assert (look.settings, look.settings_changed) == (None, ())


def test_the_document_has_settings_and_the_place_of_the_state() -> None:
    project = replace(LOOSE, state=StateSettings("git", ref="refs/campaignctl/production"))
    document = encode(plan_of(known=KNOWN, project=project))
    assert document["account"] == {"url": "https://api.ocamba.com", "company_id": "6197120"}
    assert document["state"] == "refs/campaignctl/production of origin"
    assert document["settings"]["guardrails.max_immediate_sends"] == 9
    assert {"path": "guardrails.max_immediate_sends", "before": 3, "after": 9, "loosens": True} in document[
        "settings_changed"
    ]


def test_a_saved_plan_keeps_its_settings() -> None:
    plan = plan_of(known=KNOWN, project=LOOSE)
    read = decode(dumps(plan))
    assert (read.settings, read.settings_changed, read.state) == (
        plan.settings,
        plan.settings_changed,
        plan.state,
    )


@pytest.mark.parametrize(
    ("reading", "company"),
    [(Reading(company_id="1"), "1"), (Reading(), "6197120")],
)
def test_the_company_is_the_one_that_was_read_else_the_recorded_one(reading: Reading, company: str) -> None:
    assert plan_of(known=state(), reading=reading).company_id == company
    assert plan_of(project=replace(PROJECT, company_id="7")).company_id == "7"


# ------------------------------------------------------------------------------- reviewed and saved

LOOSER = replace(PROJECT, guardrails=Guardrails(max_immediate_sends=9, max_destroy_percent=90))


def seen_with(project: Project, known: State = KNOWN) -> Plan:
    """The plan of a branch with the settings of a project."""
    return plan_of(known=known, project=project)


def test_settings_that_a_reviewed_plan_shows_are_taken() -> None:
    check_settings(LOOSER, KNOWN, [plan_of(), seen_with(LOOSER)])


def test_settings_may_be_shown_by_several_reviewed_plans() -> None:
    each = [
        replace(PROJECT, guardrails=Guardrails(max_immediate_sends=9)),
        replace(PROJECT, guardrails=Guardrails(max_destroy_percent=90)),
    ]
    check_settings(LOOSER, KNOWN, map(seen_with, each))


@pytest.mark.parametrize(
    "seen",
    [
        [],
        [PROJECT],
        [replace(PROJECT, guardrails=Guardrails(max_immediate_sends=8, max_destroy_percent=90))],
        [replace(LOOSER, guardrails=Guardrails(max_destroy_percent=90))],
    ],
)
def test_a_setting_that_no_reviewed_plan_shows_is_refused_by_name(seen: list[Project]) -> None:
    with pytest.raises(PlanRefused, match="max_immediate_sends") as refused:
        check_settings(LOOSER, KNOWN, map(seen_with, seen))
    assert "guardrails.max_immediate_sends: 3 -> 9" in refused.value.detail
    assert Command("apply", "--reviewed", "FILE") in Sentence(refused.value.hint).parts


def test_the_way_out_is_that_of_the_pipeline_if_there_is_one() -> None:
    with pytest.raises(PlanRefused) as refused:
        check_settings(LOOSER, KNOWN, [], "open a merge request")
    assert refused.value.hint.startswith("open a merge request; or set them back")


def test_a_setting_that_there_was_not_is_told_as_nothing() -> None:
    with pytest.raises(PlanRefused) as refused:
        check_settings(LOOSE, KNOWN, [])
    assert "guardrails.max_arming_changes: nothing -> 5" in refused.value.detail


def test_a_stricter_setting_has_to_be_reviewed_too() -> None:
    with pytest.raises(PlanRefused, match="max_immediate_sends"):
        check_settings(PROJECT, replace(state(), settings=recorded(LOOSER)), [])


def test_a_setting_that_another_merge_has_applied_need_not_be_reviewed() -> None:
    check_settings(LOOSER, replace(state(), settings=recorded(LOOSER)), [plan_of()])


def test_a_setting_that_was_reviewed_from_another_value_is_taken() -> None:
    middle = replace(PROJECT, guardrails=Guardrails(max_immediate_sends=5, max_destroy_percent=90))
    check_settings(LOOSER, replace(state(), settings=recorded(middle)), [seen_with(LOOSER)])


@pytest.mark.parametrize("known", [None, state()])
def test_without_recorded_settings_there_is_nothing_to_review(known: State | None) -> None:
    check_settings(LOOSER, known, [])


def test_each_item_of_a_list_has_to_be_reviewed() -> None:
    two = replace(PROJECT, ignore=("drafts/*", "push/*"))
    seen = seen_with(replace(PROJECT, ignore=("drafts/*",)))
    with pytest.raises(PlanRefused, match="ignore") as refused:
        check_settings(two, KNOWN, [seen])
    assert "push/*" in refused.value.detail
    assert "drafts" not in refused.value.detail
    # Taken out again: another change of the same item.
    with pytest.raises(PlanRefused):
        check_settings(PROJECT, replace(state(), settings=recorded(two)), [seen_with(two)])


def test_a_reviewed_plan_of_the_version_before_shows_no_settings() -> None:
    old = replace(seen_with(LOOSER), settings=None, settings_changed=())
    with pytest.raises(PlanRefused):
        check_settings(LOOSER, KNOWN, [old])


def test_a_saved_plan_is_refused_with_other_settings_than_it_was_made_with() -> None:
    plan = plan_of(known=KNOWN)
    check_saved(plan, PROJECT, KNOWN)
    with pytest.raises(PlanRefused, match="made with other settings") as refused:
        check_saved(plan, LOOSER, KNOWN)
    assert "guardrails.max_destroy_percent: 30 -> 90" in refused.value.detail
    check_saved(replace(plan, settings=None), LOOSER, KNOWN)  # of the version before


def test_a_saved_plan_is_refused_if_it_does_not_show_how_its_settings_differ_from_the_states() -> None:
    """It was made while the state had none, and another apply has recorded others since."""
    plan = plan_of(known=state(), project=LOOSER)
    check_saved(plan, LOOSER, state())
    with pytest.raises(PlanRefused, match="does not show how the settings differ"):
        check_saved(plan, LOOSER, KNOWN)
    check_saved(seen_with(LOOSER), LOOSER, KNOWN)
