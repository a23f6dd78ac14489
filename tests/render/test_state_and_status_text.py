"""The state and the live status as tables."""

from __future__ import annotations

from datetime import UTC, datetime

from campaignctl.diff import FieldChange
from campaignctl.render.status import state_text, status_text
from campaignctl.review.reports import StatusReport, StatusRow
from campaignctl.state.model import Account, Intent, Record, Sent, State, Watermark
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


def test_status_is_a_table_with_drift_below(golden: Golden) -> None:
    rows = (
        StatusRow(
            "push/a", "1", "A", "scheduled", True, "2036-03-22T10:00:00Z", (FieldChange("name", "a", "b"),)
        ),
        StatusRow("push/b", "22", "B", "sent", False, declared=False),
        StatusRow("sms/c", None, "C", "unknown", False, "soon", pending="started"),
    )
    golden("status", status_text(StatusReport(tuple(rows)), color=False))


def test_status_of_nothing() -> None:
    assert status_text(StatusReport(()), color=False) == "Nothing is recorded yet.\n"


def test_color_only_on_request() -> None:
    row = StatusRow("push/a", "1", "A", "scheduled", True)
    assert "\x1b" not in status_text(StatusReport((row,)), color=False)
    assert "\x1b[1mKEY" in status_text(StatusReport((row,)), color=True)
