"""The state of a small project, and the steps of an apply."""

from __future__ import annotations

from campaignctl.state.ledger import Sent
from campaignctl.state.model import Account, Entry, Intent, Record, State, Watermark


def sample_record(identifier: str = "1030978") -> Record:
    return Record(
        id=identifier,
        status="scheduled",
        applied={"name": "Добро дошли", "scheduled_time": "2036-12-24 10:00:00"},
        digest="sha256:aa",
        intent="6f1c2d3e",
        created_at="2036-01-01T00:00:00Z",
        updated_at="2036-01-01T00:00:00Z",
    )


def sample_intent() -> Intent:
    return Intent(
        operation="create",
        intent="6f1c2d3e",
        phase="planned",
        spec={"name": "Flash"},
        digest="sha256:bb",
        watermark=Watermark(ids=("1030977",), server_time="2036-01-01T00:00:00Z"),
        first_send="immediately",
    )


def sample_state(serial: int = 1, lineage: str = "5b0c8c60") -> State:
    return State(
        lineage=lineage,
        serial=serial,
        environment="production",
        account=Account("https://api.ocamba.com", company_id="6197120"),
        tool_version="0.1.0",
        campaigns={"push/welcome": sample_record()},
        pending={"sms/flash": sample_intent()},
    )


def decision(name: str) -> Entry:
    """A step that raises the serial."""
    return Entry(records={f"push/{name}": sample_record(name)}, intents={f"push/{name}": None})


def observation(name: str) -> Entry:
    """A step that does not raise it, and whose repetition would be visible."""
    return Entry(sent=(Sent("sha256:cc", f"push/{name}", name, "2036-01-01T00:00:00Z"),), decision=False)
