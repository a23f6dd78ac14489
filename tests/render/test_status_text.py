"""The live status: counts, the table by next send, remarks, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from campaignctl.campaign.status import Status
from campaignctl.diff import FieldChange
from campaignctl.errors import Command, Sentence
from campaignctl.plan.model import Unmanaged
from campaignctl.render.escape import columns, middle
from campaignctl.render.overview import status_text, status_verdict
from campaignctl.render.table import Screen
from campaignctl.review.reports import StatusReport, StatusRow, Stop
from campaignctl.schedule.times import iso
from tests.golden import Golden

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ZONE = "Europe/Belgrade"
TERMINAL = Screen(80, 24)
HALT = Stop("push/halted", "kim", "2026-11-24T11:00:00Z", "wrong price", ("push/*",))
DRIFT = (FieldChange("name", "a", "b"),)


def row(key: str, status: str = "scheduled", number: int = 0, **facts: Any) -> StatusRow:
    """A campaign that sends in so many hours; never if it cannot."""
    at = iso(NOW + timedelta(hours=number + 1)) if status == "scheduled" else None
    return replace(StatusRow(key, str(1030978 + number), key.title(), status, True, at), **facts)


def many(count: int) -> tuple[StatusRow, ...]:
    return tuple(row(f"email/newsletter-{number:05}[country=DE]", number=number) for number in range(count))


MIXED = (
    row("sms/sent", "sent", read=False),
    row("push/b", number=30),
    row("push/a", number=2, drift=DRIFT, changed_at="2026-11-24T10:00:00Z"),
    row("push/test", "needs_decision", decide=("red", "blue")),
    row("push/halted", "paused", halt=HALT, paused_by="halt"),
    row("push/new", "not created", id=None, read=False),
    row("push/theirs", "paused", paused_by="someone else", may_resume=True),
)


def text(rows: Sequence[StatusRow], screen: Screen | None = None, **how: Any) -> str:
    return status_text(StatusReport(tuple(rows), NOW), color=False, zone=ZONE, screen=screen, **how)


def keys_of(shown: str) -> list[str]:
    """The keys of the table, in its order."""
    return re.findall(r"^(?:[! ]  )?(?:-|\d{4}-|[A-Z][a-z]{2} ).* ([a-z]+/\S+)$", shown, re.MULTILINE)


def test_the_soonest_is_first_and_the_verdict_last(golden: Golden) -> None:
    golden("piped", text(MIXED))
    golden("80 columns", text(MIXED, TERMINAL))
    golden("60 columns", text(MIXED, Screen(60, 24)))
    golden("one chosen", text(MIXED[2:3], TERMINAL, chosen=True))
    order = ["push/a", "push/b", "push/test", "push/theirs", "push/halted", "push/new", "sms/sent"]
    assert keys_of(text(MIXED)) == order


def test_nothing() -> None:
    assert text(()) == "Nothing is recorded yet.\n"


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("count", [1, 36, 300])
def test_the_table_fits_the_screen_and_is_bounded(width: int, count: int) -> None:
    drifting = tuple(replace(each, drift=(FieldChange("name", "a", each.key),)) for each in many(count))
    for rows in (many(count), drifting):
        shown = text(rows, Screen(width, 24)).splitlines()
        assert len(shown) <= 36
        assert max(columns(line) for line in shown[:-1]) <= width
        assert shown[0] == f"{count} campaign{'s' * (count > 1)}: {count} scheduled."


def test_ten_thousand_campaigns_are_bounded_counted_and_shown_on_request() -> None:
    rows = many(10_000)
    shown = text(rows, TERMINAL)
    assert len(shown.splitlines()) <= 36
    left = 10_000 - len(keys_of(shown))
    assert f"{left:,} more campaigns. To see everything:\n  campaignctl status --full\n" in shown
    for whole in (text(rows), text(rows, TERMINAL, full=True)):
        assert keys_of(whole) == [each.key for each in rows]
        assert "more campaigns" not in whole


def test_a_long_key_is_cut_in_its_middle_and_nothing_is_lost() -> None:
    long = row("push/" + "x" * 118 + "[a=b]")
    shown = text((long, row("push/a")), TERMINAL)
    (cut,) = (key for key in keys_of(shown) if "..." in key)
    assert cut.startswith("push/xx")
    assert cut.endswith("xx[a=b]")
    for whole in (
        text((long,), TERMINAL, chosen=True),
        text((long,), TERMINAL, full=True),
        text((long, row("push/a"))),
    ):
        assert long.key in whole


@pytest.mark.parametrize("name", ["x" * 50, "日" * 50, "x日" * 25])
def test_a_name_is_cut_to_a_width(name: str) -> None:
    for width in range(5, 60):
        assert columns(middle(name, width)) <= width
    assert middle(name, 200) == name


def test_what_drifts_alike_is_told_once_and_named_with_full() -> None:
    rows = tuple(replace(each, drift=DRIFT) for each in many(36))
    shown = text(rows, TERMINAL)
    assert shown.count('~ name "a" -> "b"') == 1
    assert "and 33 more: applied -> live" in shown
    assert all(each.key in text(rows, TERMINAL, full=True) for each in rows)


def test_a_long_remark_is_cut_and_whole_with_full() -> None:
    longs = tuple(FieldChange(f"messages/{number}/name", "a", "b") for number in range(60))
    shown = text((row("push/a", drift=longs),), TERMINAL)
    assert len(shown.splitlines()) <= 36
    assert re.search(r"^  \.\.\. \d+ more lines$", shown, re.MULTILINE)
    assert "messages/59/name" in text((row("push/a", drift=longs),), TERMINAL, full=True)


def test_a_taller_screen_shows_more() -> None:
    assert len(keys_of(text(many(60), Screen(80, 60)))) == 60
    wide = text(many(2), Screen(160, 24))
    assert "Tue 24 Nov 2026 13:00 GMT (14:00 Europe/Belgrade)" in wide


def test_the_verdict_counts_what_needs_a_decision() -> None:
    report = StatusReport(MIXED, NOW, second_copies=True)
    verdict = status_verdict(report, color=False)
    assert verdict == (
        "7 campaigns: some are in the account a second time, 1 waits for a decision, 1 is paused by others,"
        " 1 drifts, 1 is halted. Next: Tue 24 Nov 2026 15:00 GMT, in 3 hours: push/a."
    )
    quiet = StatusReport((row("push/a"),), NOW)
    assert status_verdict(quiet, color=False).startswith("1 campaign: nothing to decide, no drift. Next: ")
    assert status_text(quiet, color=False).endswith(f"\n\n{status_verdict(quiet, color=False)}\n")
    never = StatusReport((row("push/a", "draft"),), NOW)
    assert status_verdict(never, color=False).endswith(" None sends by itself.")


def test_what_a_lifted_halt_paused_waits_for_an_apply() -> None:
    rows = [row(f"push/{number}", "paused", paused_by="halt") for number in range(3)]
    shown = text([*rows, row("push/gone", "paused", paused_by="halt", declared=False)])
    assert "push/0, push/1, push/2: paused by a halt that is lifted; an apply resumes" in shown
    assert "\n    campaignctl plan\n" in shown
    assert "4 campaigns: 3 are paused by a lifted halt." in shown
    assert "lifted" not in text([replace(one, halt=HALT) for one in rows])
    assert "lifted" not in text([replace(one, phase="paused") for one in rows])


@pytest.mark.parametrize("status", [*Status, "not created", "on_hold"])
def test_every_hint_fits_the_status(status: str) -> None:
    """For each live status, halted or not, declared or not, in every phase."""
    able = status in ("scheduled", "running", "unknown", "on_hold")
    halts = [(None, False), (HALT, False), *([(HALT, True)] if able else [])]
    pauses = [None, "manifest", "halt", "someone else"] if status == "paused" else [None]
    phases = ["active", "paused", "canceled"]
    for (halt, goes), declared, phase, by in product(halts, [True, False], phases, pauses):
        one = row("push/a", status, halt=halt, goes=goes, declared=declared, phase=phase, paused_by=by)
        shown = text((replace(one, decide=("red",) if status == "needs_decision" else ()),))
        over = status in ("sent", "canceled", "missing")
        assert ("to pause again:" in shown) is goes
        assert ("to lift:" in shown) is (halt is not None and not over)
        foreign = by == "someone else" and halt is None and phase == "active"
        assert ("--override foreign_pause" in shown) is (foreign and declared)
        assert ("lifecycle: {winner: red}" in shown) is (status == "needs_decision" and declared)
        if status == "needs_decision" and declared:
            assert ("once the halt is lifted" in shown) is (halt is not None)
            assert ("with `phase: active`" in shown) is (halt is None and phase != "active")
        if over and status != "missing":
            assert "campaignctl" not in shown


def test_fields_that_ring_no_alarm_are_no_drift() -> None:
    quiet = row("push/a", unmanaged=(Unmanaged("labels", ["x"]),))
    loud = row("push/b", unmanaged=(Unmanaged("quiet_hours", {"from": 1}),))
    assert "1 has fields set by others. Next" in text((quiet,))
    assert "\n! " not in text((quiet,))
    assert "1 drifts. Next" in text((loud,))
    assert "\n! " in text((loud,))


def test_notes_come_before_the_table() -> None:
    note = Sentence("push/a: is there twice; ", Command("state", "resolve", "push/a", "--adopt", "7"))
    shown = status_text(StatusReport(many(2), NOW, (note,)), color=False)
    assert shown.index("Note: push/a: is there twice") < shown.index("NEXT SEND")


def test_a_send_that_is_due_is_not_said_to_come() -> None:
    late = row("push/a", next_run=iso(NOW - timedelta(minutes=2)))
    assert "Next: Tue 24 Nov 2026 11:58 GMT, due 2 minutes ago: push/a." in text((late,))


def test_color_only_on_request() -> None:
    report = StatusReport(MIXED, NOW)
    assert "\x1b" not in status_text(report, color=False)
    assert "\x1b[33m!  " in status_text(report, color=True)
