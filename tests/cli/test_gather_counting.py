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


@pytest.mark.parametrize("approved", [None, 20])
@pytest.mark.parametrize("fraction", [0, 1, 999_999])
def test_a_plan_of_the_second_of_the_approval_or_merge_waits_for_a_person(
    approved: int | None, fraction: int
) -> None:
    plans = [Made(at(20).replace(microsecond=fraction), "run 20", "")]
    given = Approvals(None if approved is None else at(approved), "rita")
    request = Request(1, "head", False, at(20))
    found = counting(WORDS, plans, request, given, lambda: False)
    assert isinstance(found, tuple)
    assert found[0] == "unknown"
    assert "in the second in which its plan of run 20 was made: which came first is not known" in found[1]
    # Who runs the job again has read it.
    assert counting(WORDS, plans, request, given, lambda: True) == plans


def test_a_plan_of_an_earlier_second_counts_before_one_of_the_same() -> None:
    assert counted(13, 12, approved=13) == [12]
    assert counted(13, 12, approved=13, rerun=True) == [12]


def test_a_rerun_takes_no_plan_from_after_the_approvals_second() -> None:
    assert counted(14, 13, approved=13, rerun=True) == [13]


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
