"""The state as a table."""

from __future__ import annotations

from datetime import UTC, datetime

from campaignctl.render.status import state_text
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Account, Intent, Record, State, Watermark
from tests.golden import Golden

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = "2026-11-24T12:00:00Z"
RECORD = Record("1030978", "scheduled", {}, "sha256:0", "i", AT, AT, next_run_time="2036-03-22T10:00:00Z")
INTENT = Intent("create", "i", "started", {}, "sha256:0", Watermark((), None), None)


def test_a_state_shows_records_and_unsettled_writes(golden: Golden) -> None:
    state = State(
        "7f0c",
        7,
        "production",
        Account("https://api.ocamba.com", "6197120", markers=False),
        "0.1.0",
        campaigns={"push/b": Record("2", "draft", {}, "", None, AT, AT), "push/a": RECORD},
        pending={"sms/flash": INTENT},
        sent=(Sent("sha256:0", "push/a", "1", AT),),
    )
    golden("state", state_text(state, color=False, now=NOW, zone="Europe/Belgrade"))


def test_an_empty_state(golden: Golden) -> None:
    state = State("7f0c", 0, None, Account("https://api.ocamba.com"), "0.1.0")
    golden("empty state", state_text(state, color=False, now=NOW))
