"""What holds creates back, and the commands that let them go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.plan.context import Behind, Reading, behind_hint, behind_reason
from campaignctl.plan.model import Options
from campaignctl.state.model import State
from tests.plan.planning import DRAFT, IMMEDIATE, SCHEDULED, plan_of, state, wanted

OURS = Behind("7", "Far", "far", "intent-7", by_name=False)
BY_NAME = replace(OURS, by_name=True)


@pytest.mark.parametrize(
    ("known", "command"),
    [
        (None, "campaignctl state init"),
        (state(), "campaignctl state rebind"),
        (replace(state(), format_version=1), "campaignctl state migrate --format 2"),
    ],
)
def test_unknown_campaigns_of_the_project_name_may_be_said_to_be_another_repository_s(
    known: State | None, command: str
) -> None:
    hint = behind_hint([OURS, BY_NAME], known)
    assert "campaignctl state recover" in hint
    assert f"if another repository did: `{command}`" in hint


@pytest.mark.parametrize(
    ("behind", "reason"),
    [
        ([OURS], "the state is behind: it does not know 7 (far) of this project"),
        (
            [OURS, replace(OURS, id="8", key=None)],
            "the state is behind: it does not know 7 (far), 8 of this project",
        ),
        ([OURS, BY_NAME], "the state does not know 7 (far), 7 (far), of this project before it had an id"),
        ([BY_NAME], "the state does not know 7 (far), of this project before it had an id"),
    ],
)
def test_the_reason_says_whether_the_marker_has_the_project_s_id(behind: list[Behind], reason: str) -> None:
    assert behind_reason(behind).startswith(reason)


def test_unknown_campaigns_with_the_project_s_id_are_taken_over() -> None:
    assert "another repository" not in behind_hint([OURS], state())


def test_without_proof_of_the_account_nothing_is_sent_at_once_until_that_is_lifted() -> None:
    known, reading = state(), Reading(live={}, proven=False)
    made = plan_of(wanted(IMMEDIATE), known=known, reading=reading)
    (blocked,) = made.blocked
    assert (blocked.status, made.changes) == ("unproven account", ())
    assert "--override unproven_account" in blocked.hint
    lifted = plan_of(
        wanted(IMMEDIATE), known=known, reading=reading, options=Options(overrides=("unproven_account",))
    )
    assert [change.sends_at_once for change in lifted.changes] == [True]
    assert [each.name for each in lifted.lifted] == ["unproven_account"]
    proven = plan_of(wanted(IMMEDIATE), known=known, reading=Reading(live={}, proven=True))
    assert (len(proven.changes), proven.lifted) == (1, ())


@pytest.mark.parametrize("first", [DRAFT, SCHEDULED])
def test_another_create_proves_the_account_first(first: dict[str, object]) -> None:
    made = plan_of(
        wanted(IMMEDIATE), wanted(first, "other"), known=state(), reading=Reading(live={}, proven=False)
    )
    assert "unproven account" not in {one.status for one in made.blocked}
