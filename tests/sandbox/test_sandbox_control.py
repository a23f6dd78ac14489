"""The control API: dashboard edits, clones, the log, the clock and a reset."""

from typing import Any

import pytest

from campaignctl.sandbox import Control, ControlError
from tests.api.raw_server import RawServer, reset, whole
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push


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


def test_a_clone_may_leave_metadata_out_and_have_a_status(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE, metadata={"mark": "m"}))
    clone = account.read(control.clone(campaign_id, status="draft", metadata=None)["id"])
    assert (clone["status"], clone.get("metadata")) == ("draft", None)
    assert account.read(campaign_id)["metadata"] == {"mark": "m"}


def test_a_clone_of_a_sent_campaign_is_a_draft(account: Account, control: Control) -> None:
    campaign_id = account.create(push(run_immediately=True))
    assert control.clone(campaign_id)["live"]["status"] == "draft"


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        (
            {"messages/0/push/title/de": "Hallo"},
            ("messages", 0, "push", "title"),
            {"en": "Hello", "de": "Hallo"},
        ),
        ({"messages/0/push/title/en": None}, ("messages", 0, "push", "title"), {}),
        ({"messages/1/name": "Second"}, ("messages", 1, "name"), "Second"),
        ({"targeting/languages/items": ["de"]}, ("targeting", "languages", "items"), ["de"]),
        ({"targeting/languages/items/1": "fr"}, ("targeting", "languages", "items"), ["en", "fr"]),
        (
            {"callbacks/push/click": ["https://a.example"]},
            ("callbacks", "push", "click"),
            ["https://a.example"],
        ),
    ],
    ids=str,
)
def test_a_dashboard_edit_takes_paths(
    account: Account, control: Control, fields: dict[str, Any], path: tuple[Any, ...], expected: Any
) -> None:
    campaign_id = account.create(ab_test(targeting={"languages": {"items": ["en"], "op": "include"}}))
    ids = [message["id"] for message in account.read(campaign_id)["messages"]]
    control.edit(campaign_id, fields)
    value = account.read(campaign_id)
    assert [message["id"] for message in value["messages"]] == ids
    for part in path:
        value = value[part]
    assert value == expected


def test_a_dashboard_edit_adds_and_removes_messages(account: Account, control: Control) -> None:
    campaign_id = account.create(push())
    control.edit(campaign_id, {"messages/1": {**push()["messages"][0], "name": "Two"}})
    assert [message["name"] for message in account.read(campaign_id)["messages"]] == ["One", "Two"]
    control.edit(campaign_id, {"messages/0": None})
    assert [message["name"] for message in account.read(campaign_id)["messages"]] == ["Two"]


def test_an_edited_part_of_a_recurrence_moves_it(account: Account, control: Control) -> None:
    campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
    control.edit(campaign_id, {"recurrence/cron": "0 14 * * *"})
    assert account.read(campaign_id)["next_run_time"] == "2036-01-01 14:00:00"


@pytest.mark.parametrize("path", ["messages/2/name", "messages/x/name", "name/en", "status/x"])
def test_an_edit_of_a_place_that_cannot_be_is_refused(account: Account, control: Control, path: str) -> None:
    campaign_id = account.create(push())
    before = account.read(campaign_id)
    with pytest.raises(ControlError):
        control.edit(campaign_id, {path: "New"})
    assert account.read(campaign_id) == before


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        (["start"], "sent"),
        (["pause"], "paused"),
        (["pause", "resume"], "scheduled"),
        (["pause", "cancel"], "canceled"),
        (["draft"], "draft"),
        (["draft", "start"], "sent"),
    ],
    ids=str,
)
def test_a_person_acts_in_the_dashboard(
    account: Account, control: Control, actions: list[str], status: str
) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    told = [getattr(control, action)(campaign_id)["status"] for action in actions]
    assert account.read(campaign_id)["status"] == told[-1] == status
    assert [send["trigger"] for send in control.sends()] == ["run_immediately"] * (status == "sent")


def test_a_campaign_is_resumed_at_another_time(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    control.pause(campaign_id)
    control.resume(campaign_id, "2036-02-02 02:02:02")
    assert account.read(campaign_id)["next_run_time"] == "2036-02-02 02:02:02"


def test_an_action_without_sense_is_refused(account: Account, control: Control) -> None:
    campaign_id = account.create(push())
    for act in (control.pause, control.resume, control.cancel, control.swap_names):
        with pytest.raises(ControlError):
            act(campaign_id)
    assert account.read(campaign_id)["status"] == "manual"


def test_names_of_two_messages_are_swapped(account: Account, control: Control) -> None:
    body = ab_test()
    body["messages"] = [
        {**message, "name": name} for message, name in zip(body["messages"], "ab", strict=True)
    ]
    campaign_id = account.create(body)
    before = account.read(campaign_id)["messages"]
    control.swap_names(campaign_id)
    after = account.read(campaign_id)["messages"]
    assert [(m["id"], m["name"]) for m in after] == [(before[0]["id"], "b"), (before[1]["id"], "a")]


@pytest.mark.parametrize("unknown_id", ["404", "empty"])
def test_a_deleted_campaign_is_gone_and_its_sends_stay(
    account: Account, control: Control, unknown_id: str
) -> None:
    control.switch(unknown_id=unknown_id)
    campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
    control.advance(86400)
    assert control.delete(campaign_id)["deleted"] is True
    control.advance(86400)
    gone = account.call("GET", f"{CAMPAIGNS}/{campaign_id}")
    assert gone.status == 404 if unknown_id == "404" else gone.body["items"] == []
    assert account.list()["total"] == 0
    assert account.patch(campaign_id, {"description": "d"}).status in (400, 404)
    assert account.act(campaign_id, "cancel", {"reason": "r"}).status in (400, 404)
    assert [send["campaign_id"] for send in control.sends()] == [campaign_id]
    assert control.campaign(campaign_id)["deleted"] is True
    with pytest.raises(ControlError, match="no campaign"):
        control.start(campaign_id)


def test_the_log_of_sends_has_what_was_stored_at_each_moment(account: Account, control: Control) -> None:
    targeting = {"countries": {"items": ["DE"], "op": "include"}}
    control.switch(never_echoed=["messages", "targeting"], spelling=["trimmed"])
    campaign_id = account.create(push(" A ", recurrence={"cron": "0 12 * * *"}, targeting=targeting))
    control.set_clock("2036-01-02 13:00:00")
    control.edit(campaign_id, {"messages/0/push/title/en": "Edited"}, targeting=None)
    control.set_clock("2036-01-03 13:00:00")
    sends = control.sends()
    assert [send["time"] for send in sends] == [f"2036-01-0{day} 12:00:00" for day in (1, 2, 3)]
    titles = [send["body"]["messages"][0]["push"]["title"]["en"] for send in sends]
    assert titles == ["Hello", "Hello", "Edited"]
    assert [send["body"].get("targeting") for send in sends] == [targeting, targeting, None]
    assert {send["body"]["name"] for send in sends} == {" A "}
    assert control.campaign(campaign_id)["stored"] == sends[-1]["body"]


def test_the_log_of_sends_names_the_winning_message(account: Account, control: Control) -> None:
    campaign_id = account.create(ab_test(scheduled_time=FUTURE))
    control.set_clock("2036-03-24 10:00:00")
    second = account.read(campaign_id)["messages"][1]["id"]
    account.act(campaign_id, f"messages/{second}/set-winner")
    assert [(send["trigger"], send["message"]) for send in control.sends()] == [
        ("scheduled_time", None),
        ("winner", 1),
    ]


@pytest.mark.parametrize("token", [None, "secret-token"])
def test_an_account_becomes_another_companys(account: Account, control: Control, token: str | None) -> None:
    if token:
        control.token(token, "6197120")
        control.token("theirs", "5")
    campaign_id = account.create(push())
    control.set_company("7")
    live = account.read(campaign_id)
    assert (live["company_id"], live["messages"][0]["company_id"]) == ("7", "7")
    assert account.call("POST", CAMPAIGNS, push("New")).body["company_id"] == "7"
    control.set_company("8", campaigns=False)
    assert account.list()["total"] == 0
    assert account.call("POST", CAMPAIGNS, push("New")).body["company_id"] == "8"
    assert control.create(push())["company_id"] == "8"


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


def test_a_question_whose_connection_ends_without_an_answer_is_asked_again() -> None:
    clock = whole(200, '{"now": "2036-01-01 00:00:00"}')
    with RawServer([reset(), clock]) as server:
        assert Control(server.url).clock() == {"now": "2036-01-01 00:00:00"}
    with (
        RawServer([reset(), reset(), clock]) as server,
        pytest.raises(ControlError, match="no sandbox answers"),
    ):
        Control(server.url).clock()


def test_an_edit_whose_connection_ends_without_an_answer_is_not_made_twice() -> None:
    with RawServer([reset(), whole(200, "{}")]) as server:
        with pytest.raises(ControlError, match="no sandbox answers"):
            Control(server.url).clone("1")
        assert len(server.requests) == 1
