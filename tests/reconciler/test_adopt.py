"""What an adoption records: the campaign, and in the ledger what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Options
from campaignctl.reconciler.apply import apply
from campaignctl.review.outcome import Outcome
from tests.plan.planning import Spec, wanted
from tests.reconciler.account import Account, campaign, yes

NOW = campaign("Now", run_immediately=True)
LATER = campaign("Later", scheduled_time="2036-01-01 10:00:00")
DAILY = campaign("Daily", recurrence={"cron": "0 9 * * *"})
MANUAL = campaign("Manual")


def adopted(account: Account, spec: Spec, campaign_id: str, key: str = "mine", **others: Spec) -> Outcome:
    """Apply a manifest that adopts a campaign, and others that do not."""
    campaigns = {key: wanted(spec, key, adopt=campaign_id)}
    campaigns |= {name: wanted(other, name) for name, other in others.items()}
    desired = DesiredState(account.project, campaigns, "sha256:project")
    return apply(account.wiring, desired, Options(), yes)


def made(account: Account, spec: Spec, **asked: Any) -> str:
    """A campaign that somebody made in the dashboard."""
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
