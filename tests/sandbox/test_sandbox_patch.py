"""PATCH is a JSON Merge Patch."""

from typing import Any

import pytest

from campaignctl.sandbox import Control
from tests.sandbox.sandbox_account import FUTURE, Account, push

LATER = "2036-05-01 08:00:00"


def test_fields_merge_and_null_removes(account: Account) -> None:
    campaign_id = account.create(
        push(description="old", metadata={"a": "1", "b": "2"}, scheduled_time=FUTURE)
    )
    reply = account.patch(campaign_id, {"description": None, "metadata": {"a": None, "c": "3"}})
    assert (reply.status, reply.body) == (204, None)
    live = account.read(campaign_id)
    assert "description" not in live
    assert live["metadata"] == {"b": "2", "c": "3"}
    assert live["scheduled_time"] == FUTURE


def test_messages_are_replaced_with_new_ids(account: Account) -> None:
    campaign_id = account.create(push())
    before = account.read(campaign_id)["messages"]
    account.patch(
        campaign_id, {"messages": [{**push()["messages"][0], "id": before[0]["id"], "name": "Two"}]}
    )
    after = account.read(campaign_id)["messages"]
    assert after[0]["name"] == "Two"
    assert after[0]["id"] != before[0]["id"]
    account.patch(campaign_id, {"description": "d"})
    assert account.read(campaign_id)["messages"] == after


def test_a_message_keeps_its_id_when_switched(account: Account, control: Control) -> None:
    control.switch(keep_message_ids=True)
    campaign_id = account.create(push())
    message = account.read(campaign_id)["messages"][0]
    account.patch(campaign_id, {"messages": [{**push()["messages"][0], "id": message["id"]}]})
    assert account.read(campaign_id)["messages"] == [message]


@pytest.mark.parametrize(
    "patch",
    [
        {"name": None},
        {"messages": None},
        {"scheduled_time": "2035-01-01 00:00:00"},
        {"is_draft": True},
        {"labels": 3},
    ],
)
def test_a_patch_with_an_invalid_result_changes_nothing(account: Account, patch: dict[str, Any]) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    before = account.read(campaign_id)
    assert account.patch(campaign_id, {"description": "new", **patch}).status == 400
    assert account.read(campaign_id) == before


@pytest.mark.parametrize("patch", [{"run_immediately": True}, {"run_immediately": "yes"}])
def test_a_patch_does_not_start_a_paused_campaign(
    account: Account, control: Control, patch: dict[str, Any]
) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    account.act(campaign_id, "pause", {"reason": "r"})
    assert account.patch(campaign_id, patch).status == 400
    assert account.patch(campaign_id, {"description": "d"}).status == 204
    assert account.read(campaign_id)["status"] == "paused"
    assert control.sends() == []


def test_a_patch_has_one_execution_option(account: Account) -> None:
    campaign_id = account.create(push())
    both = {"run_immediately": True, "scheduled_time": FUTURE}
    assert account.patch(campaign_id, both).status == 400
    account.patch(campaign_id, {"scheduled_time": FUTURE})
    assert account.patch(campaign_id, {"recurrence": {"cron": "1 1 * * *"}}).status == 400
    moved = {"scheduled_time": None, "recurrence": {"cron": "1 1 * * *"}}
    assert account.patch(campaign_id, moved).status == 204


@pytest.mark.parametrize("patch", [[], 1, "name"])
def test_a_patch_must_be_an_object(account: Account, patch: Any) -> None:
    assert account.call("PATCH", f"/v1/hood/campaigns/{account.create(push())}", patch).status == 400


def test_a_draft_remembers_run_immediately(account: Account, control: Control) -> None:
    campaign_id = account.create(push(is_draft=True, run_immediately=True))
    control.advance(3600)
    assert control.sends() == []
    account.patch(campaign_id, {"is_draft": False})
    assert len(control.sends()) == 1


def test_only_is_draft_false_arms_a_draft(account: Account) -> None:
    campaign_id = account.create(push(is_draft=True))
    account.patch(campaign_id, {"scheduled_time": FUTURE})
    assert account.read(campaign_id)["status"] == "draft"
    account.patch(campaign_id, {"is_draft": False})
    live = account.read(campaign_id)
    assert (live["status"], live["is_draft"], live["next_run_time"]) == ("scheduled", False, FUTURE)


def test_a_draft_with_a_past_time_cannot_be_armed(account: Account, control: Control) -> None:
    campaign_id = account.create(push(is_draft=True, scheduled_time=FUTURE))
    control.set_clock("2037-01-01 00:00:00")
    assert account.patch(campaign_id, {"description": "d"}).status == 204
    assert account.patch(campaign_id, {"is_draft": False}).status == 400


@pytest.mark.parametrize("fields", [{}, {"is_draft": True}, {"scheduled_time": FUTURE}])
def test_run_immediately_sends_once(account: Account, control: Control, fields: dict[str, Any]) -> None:
    campaign_id = account.create(push(**fields))
    assert account.patch(campaign_id, {"run_immediately": True}).status == 204
    assert account.read(campaign_id)["status"] == "sent"
    assert [send["trigger"] for send in control.sends()] == ["run_immediately"]


def test_a_recurring_campaign_sent_by_hand_keeps_recurring(account: Account, control: Control) -> None:
    campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
    account.patch(campaign_id, {"run_immediately": True})
    live = account.read(campaign_id)
    assert (live["status"], live["next_run_time"]) == ("scheduled", "2036-01-01 12:00:00")
    assert len(control.sends()) == 1


def test_a_patch_moves_and_removes_a_schedule(account: Account) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    account.patch(campaign_id, {"scheduled_time": LATER})
    assert account.read(campaign_id)["next_run_time"] == LATER
    account.patch(campaign_id, {"scheduled_time": None})
    assert account.read(campaign_id)["status"] == "manual"


def test_a_patch_ignores_switched_fields(account: Account, control: Control) -> None:
    control.switch(patch_ignores=["name"], patch_success=200)
    campaign_id = account.create(push("before"))
    reply = account.patch(campaign_id, {"name": "after", "description": "d"})
    assert reply.status == 200
    assert (reply.body["name"], reply.body["description"]) == ("before", "d")
