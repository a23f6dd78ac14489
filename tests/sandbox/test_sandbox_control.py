"""The control API: dashboard edits, clones, the log, the clock and a reset."""

import pytest

from campaignctl.sandbox import Control, ControlError
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, push


def test_the_log_has_every_request_without_the_token(account: Account, control: Control) -> None:
    account.create(push())
    account.list("page=1,5")
    first, second = control.requests()
    assert (first["n"], first["method"], first["path"], first["status"]) == (1, "POST", CAMPAIGNS, 201)
    assert first["body"] == push()
    assert first["response"]["name"] == "Welcome"
    assert (first["effect"], first["fault"]) == (True, None)
    assert (second["query"], second["effect"]) == ({"page": "1,5"}, False)
    assert "secret-token" not in str([first, second])
    assert control.requests(after=1) == [second]
    control.clear_requests()
    account.list()
    assert [entry["n"] for entry in control.requests()] == [3]


def test_the_requested_body_is_kept_with_the_live_one(account: Account, control: Control) -> None:
    campaign_id = account.create(push(run_immediately=False, colour="red", labels=["a"]))
    account.patch(campaign_id, {"labels": None, "description": "d"})
    campaign = control.campaign(campaign_id)
    assert campaign["requested"] == push(run_immediately=False, colour="red", description="d")
    assert campaign["live"] == account.read(campaign_id)
    assert campaign["company_id"] == "6197120"


def test_a_dashboard_edit_ignores_the_apis_rules(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    control.edit(campaign_id, status="archived", name="Changed", scheduled_time=None, effective_status="odd")
    live = account.read(campaign_id)
    assert (live["status"], live["effective_status"], live["name"]) == ("archived", "odd", "Changed")
    assert "scheduled_time" not in live
    assert account.patch(campaign_id, {"name": "n"}).status == 400


def test_a_dashboard_edit_moves_the_schedule(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    control.edit(campaign_id, scheduled_time="2036-02-02 02:02:02")
    control.set_clock("2036-02-02 02:02:02")
    assert account.read(campaign_id)["status"] == "sent"


def test_a_clone_copies_metadata_and_sends(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE, metadata={"mark": "m"}))
    clone = control.clone(campaign_id, name="Copy")
    assert clone["requested"] is None
    assert clone["id"] != campaign_id
    live = account.read(clone["id"])
    assert (live["name"], live["metadata"], live["status"]) == ("Copy", {"mark": "m"}, "scheduled")
    assert live["messages"][0]["id"] != account.read(campaign_id)["messages"][0]["id"]
    control.set_clock(FUTURE)
    assert len(control.sends()) == 2


def test_a_clone_of_a_sent_campaign_is_a_draft(account: Account, control: Control) -> None:
    campaign_id = account.create(push(run_immediately=True))
    assert control.clone(campaign_id)["live"]["status"] == "draft"


def test_a_dashboard_campaign_belongs_to_its_company(account: Account, control: Control) -> None:
    mine = control.create(push("Mine"))
    control.create(push("Theirs"), company_id="1")
    assert mine["requested"] is None
    assert [item["name"] for item in account.list()["items"]] == ["Mine"]


def test_the_clock_stops_runs_and_jumps(control: Control) -> None:
    assert control.clock() == {
        "now": "2036-01-01 00:00:00",
        "offset": control.clock()["offset"],
        "frozen": True,
    }
    assert control.advance(90)["now"] == "2036-01-01 00:01:30"
    assert control.freeze(on=False)["frozen"] is False
    assert control.set_clock("2040-01-01 00:00:00")["now"] == "2040-01-01 00:00:00"
    for bad in ("2040-01-01", "2040-02-30 00:00:00"):
        with pytest.raises(ControlError, match="timestamp"):
            control.set_clock(bad)
    with pytest.raises(ControlError, match="cannot be set"):
        control.advance(1e15)


def test_a_reset_forgets_everything(account: Account, control: Control) -> None:
    account.create(push())
    control.token("t", "1")
    control.switch(labels="comma")
    control.fault({}, {"kind": "drop"})
    control.reset()
    assert (control.campaigns(), control.requests(), control.faults()) == ([], [], [])
    assert control.switches()["labels"] == "array"
    assert control.switches()["rate_per_second"] == 0
    assert control.clock()["frozen"] is False
    assert account.list()["total"] == 0


def test_an_unknown_request_is_refused_in_words(control: Control) -> None:
    with pytest.raises(ControlError, match="no campaign 1"):
        control.edit("1", name="n")
    with pytest.raises(ControlError, match="messages"):
        control.create({"name": "n"})
    with pytest.raises(ControlError, match="no sandbox answers"):
        Control("http://127.0.0.1:1").clock()
