"""Faults: what the client sees, and whether the request takes effect."""

import http.client
import time
from typing import Any

import pytest

from campaignctl.sandbox import Control, ControlError
from tests.sandbox.sandbox_account import CAMPAIGNS, Account, push

STATUSES = {
    "status": ({"kind": "status", "status": 500}, 500, 0),
    "status with effect": (
        {"kind": "status", "status": 503, "effect": True, "headers": {"Retry-After": "2"}},
        503,
        1,
    ),
    "rate limit": ({"kind": "rate_limit", "retry_after": -1}, 429, 0),
    "redirect": ({"kind": "redirect", "location": "https://elsewhere.example/"}, 307, 0),
    "no id": ({"kind": "no_id"}, 201, 1),
    "echo": ({"kind": "echo_token"}, 400, 0),
}
BROKEN = {
    "lost": ({"kind": "lost_answer"}, http.client.RemoteDisconnected, 1),
    "drop": ({"kind": "drop"}, http.client.RemoteDisconnected, 0),
    "truncate": ({"kind": "truncate"}, http.client.IncompleteRead, 1),
    "garble": ({"kind": "garble"}, ValueError, 1),
}


@pytest.mark.parametrize(("fault", "status", "made"), STATUSES.values(), ids=STATUSES)
def test_a_fault_changes_the_reply(
    account: Account, control: Control, fault: dict[str, Any], status: int, made: int
) -> None:
    control.fault({"method": "POST"}, fault)
    assert account.call("POST", CAMPAIGNS, push()).status == status
    assert len(control.campaigns()) == made
    entry = control.requests()[0]
    assert (entry["status"], entry["effect"], entry["fault"]) == (status, bool(made), fault["kind"])


@pytest.mark.parametrize(("fault", "error", "made"), BROKEN.values(), ids=BROKEN)
def test_a_fault_breaks_the_reply(
    account: Account, control: Control, fault: dict[str, Any], error: type[Exception], made: int
) -> None:
    control.fault({"method": "POST"}, fault)
    with pytest.raises(error):
        account.call("POST", CAMPAIGNS, push())
    assert len(control.campaigns()) == made
    assert control.requests()[0]["effect"] is bool(made)


def test_a_fault_sets_headers_and_body(account: Account, control: Control) -> None:
    control.fault({}, {"kind": "rate_limit", "retry_after": 7})
    control.fault({}, {"kind": "rate_limit", "retry_after": None})
    control.fault({}, {"kind": "no_id"})
    control.fault({}, {"kind": "echo_token"})
    assert account.call("GET", CAMPAIGNS).headers["retry-after"] == "7"
    assert "retry-after" not in account.call("GET", CAMPAIGNS).headers
    assert "id" not in account.call("POST", CAMPAIGNS, push()).body
    assert "secret-token" in account.call("GET", CAMPAIGNS).body["message"]
    assert "secret-token" not in str(control.requests())


def test_a_rule_selects_its_requests(account: Account, control: Control) -> None:
    match = {"method": "POST", "path": "campaigns$", "body": "Second", "skip": 1, "times": 2}
    control.fault(match, {"kind": "status", "status": 500})
    sent = ["First", "Second", "Second", "First", "Second", "Second"]
    statuses = [account.call("POST", CAMPAIGNS, push(name)).status for name in sent]
    assert statuses == [201, 201, 500, 201, 500, 201]
    assert control.faults()[0]["used"] == 2
    control.clear_faults()
    assert control.faults() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay_waits_before_or_after_the_effect(account: Account, control: Control, when: str) -> None:
    control.fault({"method": "POST"}, {"kind": "delay", "seconds": 0.2, "when": when})
    begun = time.monotonic()
    account.create(push())
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "smoke"},
        {"kind": "status"},
        {"kind": "drop", "seconds": 1},
        {"kind": "delay", "seconds": "1"},
    ],
)
def test_an_invalid_fault_is_refused(control: Control, fault: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="fault"):
        control.fault({}, fault)


def test_a_match_with_a_bad_expression_is_refused(control: Control) -> None:
    with pytest.raises(ControlError, match="regular expression"):
        control.fault({"path": "("}, {"kind": "drop"})
