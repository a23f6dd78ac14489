"""Settings in a plan: what changed since the last apply, and what its head says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.plan.codec import decode, dumps, encode
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options
from campaignctl.project.model import Guardrails, Override, StateSettings
from campaignctl.project.settings import SettingChange, recorded
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
