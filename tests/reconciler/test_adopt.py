"""What an adoption records: the campaign, and in the ledger what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import StateError
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Options
from campaignctl.reconciler.adopt import import_campaign
from campaignctl.reconciler.apply import apply
from campaignctl.review.outcome import Outcome
from tests.e2e.harness import weekly
from tests.plan.planning import Spec, wanted
from tests.reconciler.account import Account, campaign, yes

NOW = campaign("Now", run_immediately=True)
LATER = campaign("Later", scheduled_time="2036-01-01 10:00:00")
DAILY = campaign("Daily", recurrence={"cron": weekly()})
MANUAL = campaign("Manual")


def adopted(account: Account, spec: Spec, campaign_id: str, key: str = "mine", **others: Spec) -> Outcome:
    """Apply a manifest that adopts a campaign, and others that do not."""
    campaigns = {key: wanted(spec, key, adopt=campaign_id)}
    campaigns |= {name: wanted(other, name) for name, other in others.items()}
    desired = DesiredState(account.project, campaigns, "sha256:project")
    return apply(account.wiring, desired, Options(), yes)


def made(account: Account, spec: Spec, **asked: Any) -> str:
    """A campaign that someone made in the dashboard."""
    return str(account.control.create(spec, **asked)["id"])


@pytest.mark.parametrize("spec", [LATER, DAILY, MANUAL], ids=lambda spec: spec["name"])
def test_what_was_not_sent_is_recorded_and_not_in_the_ledger(account: Account, spec: Spec) -> None:
    campaign_id = made(account, spec)
    assert adopted(account, spec, campaign_id).result == "done"
    assert account.id_of("mine") == campaign_id
    assert account.state.campaigns["mine"].digest == body_digest(spec)
    assert account.state.sent == ()


def test_what_was_sent_is_in_the_ledger_and_not_sent_again_under_another_key(account: Account) -> None:
    campaign_id = made(account, NOW)
    assert adopted(account, NOW, campaign_id).result == "done"
    (sent,) = account.state.sent
    assert (sent.key, sent.id, sent.digest) == ("mine", campaign_id, body_digest(NOW))
    account.specs = {"other": NOW}
    assert "other" not in account.outcomes()
    assert [each["id"] for each in account.control.campaigns()] == [campaign_id]


def test_a_campaign_that_is_recorded_already_is_not_recorded_twice(account: Account) -> None:
    campaign_id = made(account, LATER)
    adopted(account, LATER, campaign_id)
    adopted(account, LATER, campaign_id, "second", mine=LATER)
    assert set(account.state.campaigns) == {"mine"}
    assert [each["id"] for each in account.control.campaigns()] == [campaign_id]


# ------------------------------------------------------------------------------------------- the marker


@pytest.fixture
def hand(late: Account) -> str:
    """A campaign that someone made in the dashboard of a known account; its id."""
    late.specs = {"first": campaign("First", is_draft=True)}
    late.apply()
    campaign_id = made(late, LATER)
    late.specs["mine"] = LATER
    late.adopts = {"mine": campaign_id}
    return campaign_id


def test_it_is_recorded_as_unmarked_before_the_marker_leaves(late: Account, hand: str) -> None:
    late.apply()
    state = late.wire.sent[-1].state
    assert late.wire.sent[-1].name == "update"
    assert state is not None
    assert (state.campaigns["mine"].id, state.campaigns["mine"].unmarked) == (hand, True)
    assert (state.pending["mine"].operation, state.pending["mine"].id) == ("mark", hand)
    after = late.state.campaigns["mine"]
    assert (after.unmarked, late.state.pending) == (False, {})
    shown = marker.read(late.live("mine"))
    assert shown is not None
    assert shown.intent == after.intent


def test_a_marker_that_is_refused_leaves_it_unmarked_and_says_so(late: Account, hand: str) -> None:
    late.control.fault({"method": "PATCH"}, {"kind": "status", "status": 422})
    (result,) = late.apply().changes
    assert result.outcome == "done"
    assert any(warning.startswith(f"{hand} is not marked") for warning in result.warnings)
    assert (late.state.campaigns["mine"].unmarked, late.state.pending) == (True, {})


def test_a_marker_that_the_api_drops_leaves_it_unmarked(late: Account, hand: str) -> None:
    late.control.switch(metadata="dropped")
    (result,) = late.apply().changes
    (warning,) = result.warnings
    assert warning.startswith(f"{hand} is not marked, so a lost state would not find it again: ")
    assert warning.endswith("its metadata does not show our marker")
    assert late.state.campaigns["mine"].unmarked
    assert late.state.pending == {}


@pytest.mark.parametrize(("effect", "is_marked"), [(1, True), (None, False)])
def test_a_marker_whose_answer_is_lost_is_looked_for(
    late: Account, hand: str, effect: float | None, is_marked: bool
) -> None:
    late.wire.lose("update", effect=effect)
    (result,) = late.apply().changes
    assert bool(result.warnings) is not is_marked
    assert late.state.campaigns["mine"].unmarked is not is_marked
    assert late.state.pending == {}


# ---------------------------------------------------------------------------------------------- import


def imported(account: Account, key: str, campaign_id: str, *, forget: bool = False) -> str:
    return import_campaign(account.wiring, account.desired, key, campaign_id, forget=forget)


def test_an_import_is_recorded_as_its_manifest_says(late: Account, hand: str) -> None:
    late.adopts, late.lifecycles = {}, {"mine": Lifecycle(prevent_destroy=True)}
    told = imported(late, "mine", hand)
    assert told.startswith(f"mine is now {hand} (scheduled); `campaignctl plan` shows what differs.")
    record = late.state.campaigns["mine"]
    assert (record.id, record.origin, record.unmarked) == (hand, "import", False)
    assert record.lifecycle == Lifecycle(prevent_destroy=True)
    assert late.apply().changes == ()


def test_an_import_without_a_manifest_needs_a_word(late: Account, hand: str) -> None:
    late.adopts, late.specs = {}, {"first": late.specs["first"]}
    mark = late.mark
    with pytest.raises(StateError, match="no manifest declares mine") as refused:
        imported(late, "mine", hand)
    assert f"campaignctl import mine {hand} --forget-on-destroy" in refused.value.hint
    assert "did you mean" not in refused.value.hint
    with pytest.raises(StateError, match="no manifest declares fist") as misspelt:
        imported(late, "fist", hand)
    assert misspelt.value.hint.startswith("did you mean first? Otherwise write the manifest of fist first;")
    assert (late.writes(mark), set(late.state.campaigns)) == ([], {"first"})
    assert "the next apply forgets it" in imported(late, "mine", hand, forget=True)
    assert late.state.campaigns["mine"].lifecycle.on_destroy == "forget"
    assert late.outcomes() == {"mine": "done"}
    assert late.control.campaign(hand)["status"] == "scheduled"


@pytest.mark.parametrize(
    ("key", "problem", "hint"),
    [
        ("no key", "'no key' is not a valid key", "letters, digits"),
        ("FIRST", "FIRST differs only in case from first", ""),
        ("first", "first is recorded already", "campaignctl state rm first"),
        ("lost", "lost is not settled", "campaignctl apply"),
    ],
)
def test_an_import_needs_a_key_of_its_own(
    late: Account, hand: str, key: str, problem: str, hint: str
) -> None:
    late.adopts = {}
    del late.specs["mine"]
    late.specs["lost"] = campaign("Lost", run_immediately=True)
    late.wire.lose("create", effect=None)
    late.apply()
    before = late.state
    with pytest.raises(StateError, match=problem) as refused:
        imported(late, key, hand)
    assert hint in refused.value.hint
    assert refused.value.key == (None if key == "no key" else key)
    assert late.state == before


def test_an_id_is_imported_once(late: Account, hand: str) -> None:
    late.adopts = {}
    imported(late, "mine", hand)
    with pytest.raises(StateError, match=f"{hand} is recorded already, as mine") as refused:
        imported(late, "other", hand)
    assert "campaignctl state mv mine other" in refused.value.hint
    with pytest.raises(StateError, match="there is no campaign 999 in this account") as unknown:
        imported(late, "other", "999")
    assert unknown.value.key == "other"


def test_a_state_is_made_for_the_first_import(late: Account) -> None:
    campaign_id = made(late, LATER)
    late.specs = {"mine": LATER}
    imported(late, "mine", campaign_id)
    assert (late.id_of("mine"), late.state.account.company_id) == (campaign_id, "6197120")
