"""Settings of an apply: recorded with it, approved with it, and never taken unseen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaignctl.errors import PlanRefused
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Guardrails, Project
from campaignctl.project.settings import recorded
from campaignctl.reconciler.apply import apply_saved
from campaignctl.reconciler.plan import plan
from campaignctl.state.model import State
from tests.backends.shared_folder import SharedFolder
from tests.reconciler.account import Account, campaign


def loose(project: Project) -> Project:
    """The project with looser settings."""
    return replace(project, guardrails=Guardrails(max_immediate_sends=9), allow_env=("BRAND",))


def planned(account: Account, **options: Any) -> Plan:
    return plan(account.wiring, account.desired, Options(**options))


def loosened(account: Account) -> Account:
    """The account after a first apply, with looser settings since."""
    account.specs["a"] = campaign("A")
    assert account.outcomes() == {"a": "done"}
    return replace(account, project=loose(account.project))


def stored(account: Account) -> State:
    state = account.wiring.backend.read()
    assert state is not None
    return state


def put(account: Account, state: State) -> None:
    with account.wiring.locked("test") as session:
        session.write(state)


def test_the_first_apply_records_the_settings(account: Account) -> None:
    account.specs["a"] = campaign("A")
    account.apply()
    assert account.state.settings == recorded(account.project)
    assert planned(account).settings_changed == ()


def test_an_apply_records_settings_with_its_changes(account: Account) -> None:
    later = loosened(account)
    later.specs["b"] = campaign("B")
    outcome = later.apply()
    assert later.state.settings == recorded(later.project)
    assert "recorded: setting guardrails.max_immediate_sends" in outcome.notes
    assert planned(later).settings_changed == ()


def test_an_apply_without_another_change_records_settings_as_a_decision(account: Account) -> None:
    later = loosened(account)
    before = later.state.serial
    asked: list[Plan] = []

    def approve(plan: Plan) -> bool:
        asked.append(plan)
        return True

    later.apply(approve)
    assert [one.path for one in asked[0].settings_changed] == ["guardrails.max_immediate_sends", "allow_env"]
    assert (later.state.serial, later.state.settings) == (before + 1, recorded(later.project))
    later.apply()
    assert later.state.serial == before + 1


def test_settings_that_are_not_approved_are_not_recorded(account: Account) -> None:
    later = loosened(account)
    assert later.apply(lambda _: False).result == "refused"
    assert later.state.settings == recorded(account.project)


def test_an_apply_that_a_guardrail_stops_records_no_settings(account: Account) -> None:
    later = loosened(account)
    later.specs |= {f"now/{number}": campaign(str(number), run_immediately=True) for number in range(10)}
    assert later.apply().objections
    assert later.state.settings == recorded(account.project)


def test_accepting_live_changes_takes_no_settings(account: Account) -> None:
    later = loosened(account)
    later.apply(refresh_only=True)
    assert later.state.settings == recorded(account.project)


def test_a_state_without_settings_gets_them_once_and_without_a_decision(account: Account) -> None:
    later = loosened(account)
    put(later, replace(later.state, settings=None))
    seen = planned(later)
    assert seen.settings_changed == ()
    assert [note for note in seen.notes if "no settings yet" in note]
    serial = later.state.serial
    later.apply()
    assert (later.state.serial, later.state.settings) == (serial, recorded(later.project))
    assert not [note for note in planned(later).notes if "no settings yet" in note]


def test_a_shared_state_of_format_1_keeps_no_settings(account: Account, tmp_path: Path) -> None:
    account.backend = SharedFolder(tmp_path).backend()
    later = loosened(account)
    put(later, replace(stored(later), settings=None, format_version=1, project_id=None))
    later.specs["b"] = campaign("B")
    later.apply()
    assert (stored(later).settings, stored(later).format_version) == (None, 1)
    assert not [note for note in planned(later).notes if "no settings yet" in note]


def test_reviewed_settings_are_applied(account: Account) -> None:
    later = loosened(account)
    assert later.apply(reviewed=(planned(later),)).result == "done"
    assert later.state.settings == recorded(later.project)


def test_an_unreviewed_setting_stops_the_whole_apply_before_any_request(account: Account) -> None:
    later = loosened(account)
    later.specs["b"] = campaign("B")
    seen = replace(planned(later), settings_changed=())
    requests = len(account.control.requests())
    with pytest.raises(PlanRefused, match="allow_env"):
        later.apply(reviewed=(seen,))
    assert len(account.control.requests()) == requests
    assert later.state.settings == recorded(account.project)
    assert later.place.backend().holder() is None


def test_a_setting_that_another_merge_applied_meanwhile_needs_no_second_review(account: Account) -> None:
    account.specs["a"] = campaign("A")
    account.apply()
    account.specs["b"] = campaign("B")
    seen = planned(account)  # of a branch without the looser settings
    later = replace(account, project=loose(account.project))
    later.specs.pop("b")
    later.apply(reviewed=(planned(later),))
    later.specs["b"] = campaign("B")
    assert later.outcomes(reviewed=(seen,)) == {"b": "done"}


def test_what_a_reviewed_plan_lifted_does_not_lift_it_in_the_apply(account: Account) -> None:
    strict = replace(account, project=replace(account.project, guardrails=Guardrails(max_immediate_sends=0)))
    strict.specs["a"] = campaign("A", run_immediately=True)
    seen = planned(strict, overrides=("max_immediate_sends", "unproven_account"))
    assert not seen.objections
    stopped = strict.apply(reviewed=(seen,), overrides=("unproven_account",))
    assert [one.guardrail for one in stopped.objections] == ["max_immediate_sends"]
    both = ("max_immediate_sends", "unproven_account")
    assert strict.outcomes(reviewed=(seen,), overrides=both) == {"a": "done"}


def test_a_saved_plan_records_the_settings_that_it_was_made_with(account: Account) -> None:
    later = loosened(account)
    later.specs["b"] = campaign("B")
    seen = planned(later)
    with pytest.raises(PlanRefused, match="made with other settings"):
        apply_saved(account.wiring, seen)
    assert apply_saved(later.wiring, seen).result == "done"
    assert later.state.settings == recorded(later.project)


def test_a_plan_saved_before_other_settings_were_applied_is_refused(account: Account) -> None:
    later = loosened(account)
    later.specs["b"] = campaign("B")
    seen = planned(replace(later, project=account.project))
    later.specs.pop("b")
    later.apply()
    with pytest.raises(PlanRefused, match="the state has moved on"):
        apply_saved(account.wiring, seen)


def test_agreement_is_said_only_of_an_account_that_was_read(account: Account) -> None:
    account.specs["a"] = campaign("A")
    account.apply()
    assert planned(account).refreshed
    assert not planned(account, refresh=False).refreshed
    account.specs.clear()
    put(account, replace(account.state, campaigns={}))
    assert not planned(account).refreshed  # nothing is recorded that could have changed
