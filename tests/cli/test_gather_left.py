"""Of a plan that was applied once, only what it does of the keys that were left is gathered again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.backends.at_rest import IN_CLEAR
from campaignctl.cli.hosts.gather import _only
from campaignctl.errors import PlanRefused
from campaignctl.plan import codec
from campaignctl.plan.model import Plan
from campaignctl.project.settings import SettingChange
from tests.plan.planning import SCHEDULED, own, plan_of, wanted

LOOSER = SettingChange("guardrails.max_immediate_sends", 3, 30, loosens=True)


def reviewed() -> Plan:
    """A plan with two creates, two campaigns that it withdraws, and a change of settings."""
    plan = plan_of(wanted(SCHEDULED, "left"), wanted(own(SCHEDULED, "Other"), "other"))
    return replace(plan, withdrawn={"left": "sha256:1", "gone": "sha256:2"}, settings_changed=(LOOSER,))


def rest(*keys: str) -> Plan | None:
    text = _only(codec.dumps(reviewed()), frozenset(keys), IN_CLEAR)
    return codec.decode(text) if text else None


def test_only_what_was_left_is_approved_again() -> None:
    plan = rest("left")
    assert plan is not None
    assert [change.key for change in plan.changes] == ["left"]
    assert dict(plan.withdrawn) == {"left": "sha256:1"}


def test_a_setting_that_was_applied_with_it_is_not_approved_again() -> None:
    plan = rest("left")
    assert plan is not None
    assert plan.settings_changed == ()


def test_a_key_that_it_only_withdraws_is_left_too() -> None:
    plan = rest("gone")
    assert plan is not None
    assert (plan.changes, dict(plan.withdrawn)) == ((), {"gone": "sha256:2"})


def test_nothing_is_left_of_a_plan_without_the_key() -> None:
    assert rest("strange") is None


def test_a_damaged_plan_is_refused() -> None:
    with pytest.raises(PlanRefused, match="damaged"):
        _only(codec.dumps(reviewed()).replace("Other", "Mine"), frozenset(), IN_CLEAR)
