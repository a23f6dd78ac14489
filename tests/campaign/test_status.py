"""A live campaign's status, whatever the API calls it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, is_draft, is_manual, status_of

NAMED = ("draft", "scheduled", "running", "paused", "canceled", "sent", "needs_decision")
MANUAL: dict[str, Any] = {"name": "Welcome"}
SCHEDULED = {**MANUAL, "scheduled_time": "2036-12-24 10:00:00"}


def shown(applied: dict[str, Any] | None = None, **fields: Any) -> Status:
    """The status of an answer with these fields."""
    return status_of(Live("1", fields, complete=True), applied)


@pytest.mark.parametrize("name", NAMED)
def test_documented_statuses_count_as_they_are(name: str) -> None:
    assert shown(MANUAL, status=name) is Status(name)
    assert shown(SCHEDULED, status=name, effective_status=name) is Status(name)


@pytest.mark.parametrize(
    ("status", "effective", "counts"),
    [
        ("scheduled", "running", "running"),
        ("running", "scheduled", "running"),
        ("paused", "scheduled", "scheduled"),
        ("sent", "needs_decision", "needs_decision"),
        ("canceled", "sent", "sent"),
        ("draft", "scheduled", "scheduled"),
        ("sent", "thawing", "unknown"),
    ],
)
def test_the_stricter_of_two_statuses_counts(status: str, effective: str, counts: str) -> None:
    assert shown(SCHEDULED, status=status, effective_status=effective) == counts


@pytest.mark.parametrize("word", ["idle", "manual", "missing", "unknown", "Scheduled", "active"])
def test_an_undocumented_status_is_unknown_manual_or_draft(word: str) -> None:
    assert shown(SCHEDULED, status=word) is Status.UNKNOWN
    assert shown(None, status=word) is Status.UNKNOWN
    assert shown(MANUAL, status=word) is Status.MANUAL
    assert shown(SCHEDULED, status=word, send_strategy="manual") is Status.MANUAL
    assert shown(SCHEDULED, status=word, is_draft=True) is Status.DRAFT


def test_an_answer_without_a_status_is_unknown_manual_or_draft() -> None:
    assert shown(SCHEDULED) is Status.UNKNOWN
    assert shown(SCHEDULED, is_draft=1) is Status.DRAFT
    assert shown(MANUAL) is Status.MANUAL
    assert shown(SCHEDULED, status=None, effective_status="paused") is Status.PAUSED


@pytest.mark.parametrize(
    ("spec", "manual"),
    [
        (MANUAL, True),
        ({**MANUAL, "run_immediately": False}, True),
        (SCHEDULED, False),
        ({**MANUAL, "run_immediately": True}, False),
        ({**MANUAL, "recurrence": {"cron": "0 9 * * *"}}, False),
        ({**MANUAL, "is_draft": True}, False),
    ],
)
def test_a_spec_without_an_execution_option_is_manual(spec: dict[str, Any], manual: bool) -> None:
    assert is_manual(spec) is manual


def test_a_draft_has_two_spellings() -> None:
    assert all(is_draft(fields) for fields in ({"status": "draft"}, {"is_draft": True}, {"is_draft": 1}))
    assert not any(is_draft(fields) for fields in ({}, {"is_draft": False}, {"is_draft": 0}))


def test_five_statuses_can_send() -> None:
    assert {status for status in Status if status.can_send} == {
        "unknown",
        "running",
        "needs_decision",
        "scheduled",
        "paused",
    }


@given(
    st.dictionaries(
        st.sampled_from(["status", "effective_status", "send_strategy", "is_draft"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.text(max_size=1), max_size=1),
    )
)
def test_any_answer_has_a_status(fields: dict[str, Any]) -> None:
    assert shown(SCHEDULED, **fields) in Status
