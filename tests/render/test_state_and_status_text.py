"""The state and the live status as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

from campaignctl.diff import FieldChange
from campaignctl.render.status import state_text, status_text
from campaignctl.review.reports import StatusRow
from campaignctl.state.model import Account, Intent, Record, Sent, State, Watermark

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = "2026-11-24T12:00:00Z"
RECORD = Record("1030978", "scheduled", {}, "sha256:0", "i", AT, AT, next_run_time="2036-03-22T10:00:00Z")
INTENT = Intent("create", "i", "started", {}, "sha256:0", Watermark((), None), None)


def test_a_state_shows_what_is_recorded_and_what_is_unsettled() -> None:
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
    assert state_text(state, color=False, now=NOW, zone="Europe/Belgrade") == dedent(
        """\
        State of production: lineage 7f0c, serial 7
        Account: company 6197120 at https://api.ocamba.com
        This account does not give metadata back: an unknown create is never sent again.

        KEY     ID       STATUS     NEXT RUN                                           UPDATED
        push/a  1030978  scheduled  Sat 22 Mar 2036 10:00 GMT (11:00 Europe/Belgrade)  2026-11-24T12:00:00Z
        push/b  2        draft      -                                                  2026-11-24T12:00:00Z

        Unsettled; the next apply settles it:
          sms/flash: create, may have been sent

        Remembered: 1 sent.
        """
    )


def test_an_empty_state() -> None:
    state = State("7f0c", 0, None, Account("https://api.ocamba.com"), "0.1.0")
    assert state_text(state, color=False, now=NOW) == dedent(
        """\
        State: lineage 7f0c, serial 0
        Account: https://api.ocamba.com

        No campaign is recorded.
        """
    )


def test_status_is_a_table_with_drift_below() -> None:
    rows = (
        StatusRow(
            "push/a", "1", "A", "scheduled", True, "2036-03-22T10:00:00Z", (FieldChange("name", "a", "b"),)
        ),
        StatusRow("push/b", "22", "B", "sent", False, declared=False),
        StatusRow("sms/c", None, "C", "unknown", False, "soon", pending="started"),
    )
    assert status_text(rows, color=False) == dedent(
        """\
        KEY     ID  STATUS                                     NEXT RUN                   DRIFT
        push/a  1   scheduled                                  Sat 22 Mar 2036 10:00 GMT  1 field
        push/b  22  sent (as recorded, no manifest)            -                          -
        sms/c   -   unknown (as recorded, unsettled: started)  soon                       -

        push/a: applied -> live
          ~ name "a" -> "b"
        """
    )


def test_status_of_nothing() -> None:
    assert status_text((), color=False) == "Nothing is recorded yet.\n"


def test_color_only_where_it_was_asked_for() -> None:
    row = StatusRow("push/a", "1", "A", "scheduled", True)
    assert "\x1b" not in status_text((row,), color=False)
    assert "\x1b[1mKEY" in status_text((row,), color=True)
