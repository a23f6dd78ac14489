"""The operations that each status allows (API contract, section 4.2)."""

from typing import Any

import pytest

from campaignctl.sandbox import Control
from tests.sandbox.sandbox_account import FUTURE, Account, ab_test, push

STATUSES = ("draft", "manual", "scheduled", "running", "paused", "needs_decision", "sent", "canceled")
POSSIBLE = {
    "patch": {"draft", "manual", "scheduled", "paused"},
    "pause": {"running", "scheduled"},
    "resume": {"paused"},
    "cancel": {"running", "scheduled", "paused"},
    "set-winner": {"needs_decision"},
}


def campaign_in(account: Account, status: str) -> str:
    campaign_id = account.create(ab_test(scheduled_time=FUTURE))
    account.control.edit(campaign_id, status=status)
    return campaign_id


def operate(account: Account, campaign_id: str, operation: str) -> int:
    if operation == "patch":
        return account.patch(campaign_id, {"description": "new"}).status
    if operation == "set-winner":
        message_id = account.read(campaign_id)["messages"][1]["id"]
        return account.act(campaign_id, f"messages/{message_id}/set-winner").status
    bodies: dict[str, Any] = {"resume": {"scheduled_time": FUTURE}}
    return account.act(campaign_id, operation, bodies.get(operation, {"reason": "test"})).status


@pytest.mark.parametrize("operation", POSSIBLE)
@pytest.mark.parametrize("status", STATUSES)
def test_an_operation_needs_one_of_its_statuses(account: Account, status: str, operation: str) -> None:
    campaign_id = account.create(ab_test()) if status == "manual" else campaign_in(account, status)
    before = account.read(campaign_id)
    assert before["status"] == status
    possible = status in POSSIBLE[operation]
    assert operate(account, campaign_id, operation) == (204 if possible else 400)
    assert (account.read(campaign_id) == before) is not possible


@pytest.mark.parametrize(("action", "status"), [("pause", "paused"), ("cancel", "canceled")])
def test_an_idle_manual_campaign_can_be_stopped_when_switched(
    account: Account, control: Control, action: str, status: str
) -> None:
    control.switch(manual_cancelable=True)
    campaign_id = account.create(push())
    assert account.act(campaign_id, action, {"reason": "r"}).status == 204
    assert account.read(campaign_id)["status"] == status


def test_a_missing_reason_is_refused_unless_switched_off(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    assert account.act(campaign_id, "pause").status == 400
    control.switch(reason_required=False)
    assert account.act(campaign_id, "pause").status == 204


@pytest.mark.parametrize(
    "body",
    [
        {"run_immediately": 1, "scheduled_time": FUTURE},
        {"scheduled_time": "2035-01-01 00:00:00"},
        {"run_immediately": 0},
        {"scheduled_time": "soon"},
    ],
)
def test_an_invalid_resume_is_refused(account: Account, body: dict[str, Any]) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    account.act(campaign_id, "pause", {"reason": "r"})
    assert account.act(campaign_id, "resume", body).status == 400
    assert account.read(campaign_id)["status"] == "paused"


def test_a_resume_without_a_body_returns_to_the_schedule(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    account.act(campaign_id, "pause", {"reason": "r"})
    control.switch(empty_resume="refused")
    assert account.act(campaign_id, "resume").status == 400
    control.switch(empty_resume="previous")
    assert account.act(campaign_id, "resume").status == 204
    assert account.read(campaign_id)["next_run_time"] == FUTURE


@pytest.mark.parametrize(("switch", "status"), [("404", 404), ("400", 400), ("empty", 200)])
def test_an_unknown_id_is_answered_as_switched(
    account: Account, control: Control, switch: str, status: int
) -> None:
    control.switch(unknown_id=switch)
    reply = account.call("GET", "/v1/hood/campaigns/1")
    assert reply.status == status
    assert status != 200 or reply.body == {"total": 0, "items": []}
    assert account.patch("1", {"name": "n"}).status == max(status, 400)
    assert account.act("1", "messages/2/set-winner").status == 400


def test_an_unknown_endpoint_is_refused(account: Account) -> None:
    campaign_id = account.create(push())
    assert account.call("DELETE", f"/v1/hood/campaigns/{campaign_id}").status == 405
    assert account.call("GET", "/v1/hood/segments").status == 404
