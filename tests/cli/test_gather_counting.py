"""Which of a request's plans counts: the newest that was made before the approval, else before the merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaignctl.cli.hosts.gather import counting
from campaignctl.cli.hosts.model import Approvals, Made, Request, Words

WORDS = Words("GitHub", "pull request", "#", "Run workflow", "approve it again")
DAY = datetime(2036, 3, 22, tzinfo=UTC)


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


def counted(
    *hours: int, approved: int | None = None, known: bool = True, merged: int = 20, rerun: bool = False
) -> str | list[int]:
    """The hours of the plans that count, or the reason why none does; the plans are the newest first."""
    made = [Made(at(hour), f"run {hour}", "") for hour in hours]
    given = Approvals(None if approved is None else at(approved), "rita", known)
    found = counting(WORDS, made, Request(1, "head", False, at(merged)), given, lambda: rerun)
    return found[0] if isinstance(found, tuple) else [each.at.hour for each in found]


def test_the_newest_plan_from_before_the_approval_counts() -> None:
    assert counted(14, 12, 10, approved=13) == [12, 10]


def test_a_plan_of_the_approvals_second_counts() -> None:
    assert counted(13, approved=13) == [13]


@pytest.mark.parametrize("rerun", [False, True])
def test_a_plan_from_after_the_approval_never_counts(rerun: bool) -> None:
    assert counted(14, approved=13, rerun=rerun) == "late"


def test_without_an_approval_the_merge_is_one() -> None:
    assert counted(21, 19) == [19]
    assert counted(21) == "unseen"


def test_a_person_who_runs_the_job_again_has_seen_the_plan() -> None:
    assert counted(21, rerun=True) == [21]


def test_where_the_host_does_not_say_when_a_person_runs_the_job_again() -> None:
    assert counted(10, known=False) == "unknown"
    assert counted(10, known=False, rerun=True) == [10]
