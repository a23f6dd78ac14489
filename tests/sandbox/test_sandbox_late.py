"""Effects that come late, answers that say done without doing, and lists that lag behind."""

import http.client
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from campaignctl.sandbox import Control, Sandbox
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push

REASON = {"reason": "r"}
EARLIER = "2036-02-02 02:02:02"

Write = tuple[str, str, Any]
Seen = Callable[[Control, str], object]


def _scheduled(account: Account) -> str:
    return account.create(push(scheduled_time=FUTURE))


def _draft(account: Account) -> str:
    return account.create(push(is_draft=True))


def _paused(account: Account) -> str:
    campaign_id = _scheduled(account)
    account.act(campaign_id, "pause", REASON)
    return campaign_id


def _undecided(account: Account) -> str:
    campaign_id = account.create(ab_test(scheduled_time="2036-01-01 10:00:00"))
    account.control.set_clock("2036-01-02 10:00:00")
    return campaign_id


def _of(control: Control, campaign_id: str) -> dict[str, Any]:
    return dict(control.campaign(campaign_id)["live"])


def _status(control: Control, campaign_id: str) -> object:
    return _of(control, campaign_id)["status"]


def _sends(control: Control, _campaign_id: str) -> object:
    return [send["trigger"] for send in control.sends()]


#: Every write: what is there before, the request, how its effect is seen, and before and after it.
WRITES: dict[str, tuple[Callable[[Account], str], Callable[[Account, str], Write], Seen, object, object]] = {
    "create": (
        _draft,
        lambda _account, _id: ("POST", CAMPAIGNS, push("New")),
        lambda control, _id: len(control.campaigns()),
        1,
        2,
    ),
    "create that sends": (
        _draft,
        lambda _account, _id: ("POST", CAMPAIGNS, push("New", run_immediately=True)),
        _sends,
        [],
        ["run_immediately"],
    ),
    "patch": (
        _scheduled,
        lambda _account, key: ("PATCH", f"{CAMPAIGNS}/{key}", {"name": "New"}),
        lambda control, key: _of(control, key)["name"],
        "Welcome",
        "New",
    ),
    "arm": (
        _draft,
        lambda _account, key: (
            "PATCH",
            f"{CAMPAIGNS}/{key}",
            {"is_draft": False, "scheduled_time": FUTURE},
        ),
        _status,
        "draft",
        "scheduled",
    ),
    "send at once": (
        _scheduled,
        lambda _account, key: ("PATCH", f"{CAMPAIGNS}/{key}", {"run_immediately": True}),
        _sends,
        [],
        ["run_immediately"],
    ),
    "pause": (
        _scheduled,
        lambda _account, key: ("POST", f"{CAMPAIGNS}/{key}/pause", REASON),
        _status,
        "scheduled",
        "paused",
    ),
    "resume": (
        _paused,
        lambda _account, key: ("POST", f"{CAMPAIGNS}/{key}/resume", {"scheduled_time": EARLIER}),
        lambda control, key: _of(control, key).get("next_run_time"),
        None,
        EARLIER,
    ),
    "cancel": (
        _paused,
        lambda _account, key: ("POST", f"{CAMPAIGNS}/{key}/cancel", REASON),
        _status,
        "paused",
        "canceled",
    ),
    "set winner": (
        _undecided,
        lambda account, key: (
            "POST",
            f"{CAMPAIGNS}/{key}/messages/{account.read(key)['messages'][0]['id']}/set-winner",
            None,
        ),
        _sends,
        ["scheduled_time"],
        ["scheduled_time", "winner"],
    ),
}
every_write = pytest.mark.parametrize("name", WRITES)


@every_write
def test_the_effect_of_any_write_may_come_late(account: Account, control: Control, name: str) -> None:
    setting, of, seen, before, after = WRITES[name]
    campaign_id = setting(account)
    request = of(account, campaign_id)
    control.fault({"path": request[1]}, {"kind": "late", "seconds": 20})
    with pytest.raises(http.client.RemoteDisconnected):
        account.call(*request)
    control.advance(19)
    assert seen(control, campaign_id) == before
    (waiting,) = control.late()
    control.advance(1)
    assert seen(control, campaign_id) == after
    assert control.late() == []
    entry = next(entry for entry in control.requests() if entry["n"] == waiting["n"])
    assert (entry["status"], entry["effect"], entry["fault"]) == (None, True, "late")
    assert entry["arrived"]["status"] in (201, 204)


@every_write
def test_an_answer_may_say_done_without_doing(account: Account, control: Control, name: str) -> None:
    setting, of, seen, before, after = WRITES[name]
    campaign_id = setting(account)
    request = of(account, campaign_id)
    control.fault({"path": request[1]}, {"kind": "not_done"})
    reply = account.call(*request)
    assert reply.status in (201, 204)
    assert seen(control, campaign_id) == before
    assert control.requests()[-1]["effect"] is False
    account.call(*request)
    assert seen(control, campaign_id) == after


def test_an_id_of_a_create_that_was_not_done_is_of_no_campaign(account: Account, control: Control) -> None:
    control.fault({"method": "POST"}, {"kind": "not_done"})
    lost = account.create(push())
    assert account.call("GET", f"{CAMPAIGNS}/{lost}").status == 404
    assert account.create(push()) != lost


def test_a_refused_write_stays_refused_when_nothing_is_done(account: Account, control: Control) -> None:
    control.fault({"method": "POST"}, {"kind": "not_done"})
    assert account.call("POST", CAMPAIGNS, {"name": "n"}).status == 400


def test_a_late_request_is_judged_when_it_arrives(account: Account, control: Control) -> None:
    campaign_id = _scheduled(account)
    control.fault({"method": "POST"}, {"kind": "late", "seconds": 20})
    with pytest.raises(http.client.RemoteDisconnected):
        account.act(campaign_id, "pause", REASON)
    account.act(campaign_id, "cancel", REASON)
    control.arrive()
    assert _status(control, campaign_id) == "canceled"
    entry = next(entry for entry in control.requests() if entry["fault"] == "late")
    assert (entry["effect"], entry["arrived"]["status"]) == (False, 400)


def test_late_requests_and_runs_come_in_the_order_of_their_times(account: Account, control: Control) -> None:
    first, second = (account.create(push(scheduled_time="2036-01-01 10:00:00")) for _ in range(2))
    for campaign_id, seconds in ((first, 36_001), (second, 35_999)):
        control.fault({"path": campaign_id}, {"kind": "late", "seconds": seconds})
        with pytest.raises(http.client.RemoteDisconnected):
            account.patch(campaign_id, {"description": "late"})
    control.set_clock("2036-01-01 12:00:00")
    descriptions = {send["campaign_id"]: send["body"].get("description") for send in control.sends()}
    assert descriptions == {first: None, second: "late"}


def test_a_late_effect_may_follow_a_gateways_answer(account: Account, control: Control) -> None:
    control.fault({}, {"kind": "late", "seconds": 20, "status": 504})
    assert account.call("POST", CAMPAIGNS, push()).status == 504
    control.fault({}, {"kind": "late", "seconds": 20, "status": 202})
    assert account.call("POST", CAMPAIGNS, push()).body is None
    assert control.campaigns() == []
    control.arrive()
    assert len(control.campaigns()) == 2


def test_a_held_request_is_not_answered_at_all(account: Account, control: Control) -> None:
    control.fault({}, {"kind": "late", "seconds": 20, "held": True})
    connection = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=0.2)
    connection.request("POST", CAMPAIGNS, b"{}", {"Authorization": "Bearer t"})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert len(control.late()) == 1


def test_a_held_request_does_not_keep_the_sandbox_from_closing() -> None:
    with Sandbox() as sandbox:
        account = Account(sandbox.url)
        account.control.fault({}, {"kind": "late", "seconds": 20, "held": True})
        caller = Thread(target=_ignored, args=(account,))
        caller.start()
        while not account.control.late():
            time.sleep(0.01)
    caller.join(5)
    assert not caller.is_alive()


def _ignored(account: Account) -> None:
    try:
        account.call("POST", CAMPAIGNS, push())
    except OSError:
        return


def test_a_late_request_survives_the_sandbox(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    with Sandbox(data) as sandbox:
        account = Account(sandbox.url)
        account.control.freeze()
        account.control.fault({}, {"kind": "late", "seconds": 20})
        with pytest.raises(http.client.RemoteDisconnected):
            account.create(push())
    with Sandbox(data) as sandbox:
        control = Control(sandbox.url)
        control.advance(20)
        assert len(control.campaigns()) == 1


def test_a_late_request_arrives_while_the_clock_runs(account: Account, control: Control) -> None:
    control.freeze(on=False)
    control.fault({}, {"kind": "late", "seconds": 0.2})
    with pytest.raises(http.client.RemoteDisconnected):
        account.create(push())
    assert account.list()["total"] == 0
    time.sleep(0.25)
    assert account.list()["total"] == 1


def test_a_request_with_an_invalid_token_never_arrives(account: Account, control: Control) -> None:
    control.token("theirs", "7")
    control.fault({}, {"kind": "late", "seconds": 20})
    with pytest.raises(http.client.RemoteDisconnected):
        account.create(push())
    assert control.late() == []


def _listed(account: Account) -> list[tuple[str, str]]:
    return [(item["status"], item.get("description", "")) for item in account.list()["items"]]


def test_a_lagging_list_shows_earlier_statuses_and_fields(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE, description="one"))
    control.switch(list_lag=30)
    account.patch(campaign_id, {"description": "two"})
    control.advance(10)
    account.act(campaign_id, "pause", REASON)
    assert _listed(account) == [("scheduled", "one")]
    assert account.read(campaign_id)["status"] == "paused"
    control.advance(20)
    assert _listed(account) == [("scheduled", "two")]
    control.advance(10)
    assert _listed(account) == [("paused", "two")]


def test_a_lagging_list_is_late_with_sends_and_deletions(account: Account, control: Control) -> None:
    campaign_id = account.create(push(scheduled_time=FUTURE))
    control.switch(list_lag=30)
    control.set_clock(FUTURE)
    assert [status for status, _ in _listed(account)] == ["scheduled"]
    control.advance(30)
    assert [status for status, _ in _listed(account)] == ["sent"]
    control.delete(campaign_id)
    assert [status for status, _ in _listed(account)] == ["sent"]
    control.advance(30)
    assert _listed(account) == []


def test_a_lagging_list_survives_the_sandbox(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    with Sandbox(data) as sandbox:
        account = Account(sandbox.url)
        account.control.freeze()
        campaign_id = account.create(push(scheduled_time=FUTURE))
        account.control.switch(list_lag=30)
        account.act(campaign_id, "pause", REASON)
    with Sandbox(data) as sandbox:
        account = Account(sandbox.url)
        assert [status for status, _ in _listed(account)] == ["scheduled"]
        account.control.advance(30)
        assert [status for status, _ in _listed(account)] == ["paused"]
