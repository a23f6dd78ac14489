"""Several checkouts with one account: what their projects see of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaignctl.campaign import marker
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler import recover
from campaignctl.reconciler.plan import plan
from campaignctl.review.reports import Recovery
from tests.reconciler.account import Account, campaign

ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
OTHER_ID = "00000000-8d5d-4c43-9f1e-1b2c3d4e5f60"
FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")

Repository = Callable[..., Account]

#: What may happen to a request.
FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "status", "status": 400},
    "dropped": {"kind": "drop"},
    "done without an answer": {"kind": "lost_answer"},
}


def planned(one: Account) -> Plan:
    """The plan, without applying it."""
    return plan(one.wiring, one.desired, Options())


def recovered(one: Account, *, write: bool = False) -> Recovery:
    """What `state recover` finds."""
    return recover.recover(one.wiring, one.desired, write=write)


def marker_of(one: Account, key: str) -> marker.Marker:
    """The marker of a recorded campaign in the account."""
    found = marker.read(one.control.campaign(one.id_of(key))["live"])
    assert found is not None
    return found


def notes(one: Account) -> str:
    """The notes of its runs."""
    return "\n".join(event.text for event in one.events if event.kind == "note")
