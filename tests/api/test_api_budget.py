"""The two windows: as fast as allowed, and never faster, whatever the server's alignment."""

from __future__ import annotations

import math
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.api.budget import Budget, Limits, Report, report

DOCUMENTED = Limits(per_second=10, per_minute=150, reserve_per_minute=15)


def starts(budget: Budget, number: int, *, reserve: bool = False, now: float = 0.0) -> list[float]:
    """When that many requests start, each as early as the budget allows."""
    times = []
    for _ in range(number):
        now = max(now, budget.free_at(now, reserve=reserve))
        send(budget, now, reserve=reserve)
        times.append(now)
    return times


def send(budget: Budget, now: float, *, reserve: bool = False) -> None:
    """A request that leaves as soon as it is granted."""
    budget.grant(now, reserve=reserve)
    budget.depart(reserve=reserve)
    budget.sent(now, reserve=reserve)


def fullest(times: list[float], span: float) -> int:
    """The most requests that any window of that length holds: one that begins with a request."""
    return max(bisect_left(times, start + span) - index for index, start in enumerate(times))


def test_six_hundred_requests_end_within_three_percent_of_the_bound() -> None:
    bound = (600 // 135) * 60 + (600 % 135 - 1) // 10
    assert bound <= starts(Budget(DOCUMENTED), 600)[-1] <= bound * 1.03


def test_a_hundred_requests_end_within_five_percent_of_the_bound() -> None:
    assert 9 <= starts(Budget(DOCUMENTED), 100)[-1] <= 9 * 1.05


def test_the_reserve_is_there_when_normal_traffic_has_used_its_share() -> None:
    budget = Budget(DOCUMENTED)
    busy_until = starts(budget, 135)[-1]
    assert budget.free_at(busy_until + 2, reserve=False) > 60
    reserved = starts(budget, 15, reserve=True, now=busy_until + 2)
    assert reserved[-1] < busy_until + 4
    assert budget.free_at(reserved[-1] + 2, reserve=True) > 60


@given(
    per_second=st.integers(1, 20),
    per_minute=st.integers(2, 200),
    waits=st.lists(st.tuples(st.floats(0, 20), st.booleans(), st.floats(0, 0.5)), max_size=300),
)
def test_no_window_of_any_alignment_is_ever_exceeded(
    per_second: int, per_minute: int, waits: list[tuple[float, bool, float]]
) -> None:
    budget = Budget(Limits(per_second, per_minute, per_minute // 10))
    now, times = 0.0, []
    for idle, reserve, connecting in waits:
        now = max(now + idle, budget.free_at(now + idle, reserve=reserve))
        budget.grant(now, reserve=reserve)
        now = max(now, budget.departs_at(now, reserve=reserve))
        budget.depart(reserve=reserve)
        now += connecting
        budget.sent(now, reserve=reserve)
        times.append(now)
    if times:
        assert fullest(times, 1.0) <= per_second
        assert fullest(times, 60.0) <= per_minute


def test_a_slow_first_connection_does_not_push_one_burst_into_the_next() -> None:
    budget = Budget(Limits(2, 150, 0))
    for _ in range(2):
        budget.grant(0.0, reserve=False)
        budget.depart(reserve=False)
    assert budget.free_at(5.0, reserve=False) > 5.0
    budget.sent(5.0, reserve=False)
    budget.returned(0.0, departing=True, reserve=False)
    assert budget.free_at(5.1, reserve=False) <= 5.1
    send(budget, 5.1)
    assert budget.departs_at(5.2, reserve=False) == pytest.approx(6.02)


@given(
    per_second=st.integers(1, 10),
    preparing=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_slow_preparations_overlap_and_exceed_no_window(per_second: int, preparing: list[float]) -> None:
    budget, now, granted = Budget(Limits(per_second, 1000, 0)), 0.0, []
    for _ in preparing:
        now = max(now, budget.free_at(now, reserve=False))
        budget.grant(now, reserve=False)
        granted.append(now)
    times, now = [], 0.0
    for ready in sorted(moment + lasts for moment, lasts in zip(granted, preparing, strict=True)):
        now = max(now, ready)
        now = max(now, budget.departs_at(now, reserve=False))
        budget.depart(reserve=False)
        budget.sent(now, reserve=False)
        times.append(now)
    assert fullest(times, 1.0) <= per_second
    # As many are granted as if each left at once.
    assert granted[-1] <= (len(preparing) - 1) // per_second * 1.02 + 1e-6


def test_a_grant_that_is_returned_unsent_frees_its_place() -> None:
    budget = Budget(Limits(1, 150, 0))
    budget.grant(0.0, reserve=False)
    assert budget.free_at(0.1, reserve=False) == pytest.approx(1.02)
    budget.returned(0.0, departing=False, reserve=False)
    assert budget.free_at(0.1, reserve=False) <= 0.1


def test_a_request_waits_for_the_budget_that_others_used_up() -> None:
    budget = Budget(DOCUMENTED)
    starts(budget, 3)
    budget.observe(1.0, Report(limit=150, remaining=20, reset=30))
    assert starts(budget, 5, now=1.5)[-1] == 1.5
    assert budget.free_at(3.0, reserve=False) == pytest.approx(31.02)
    assert budget.free_at(3.0, reserve=True) <= 3.0


@given(
    alignment=st.floats(0, 60),
    used_before=st.integers(0, 150),
    others=st.lists(st.integers(0, 3), min_size=1, max_size=20),
)
def test_with_others_on_the_same_budget_normal_traffic_stays_within_the_minute(
    alignment: float, used_before: int, others: list[int]
) -> None:
    budget, now, window, used = Budget(DOCUMENTED), 0.0, 0.0, 0
    for number in range(300):
        now = max(now, budget.free_at(now, reserve=False))
        send(budget, now)
        if number == 0 or (now + alignment) // 60 != window:
            window, used = (now + alignment) // 60, used_before if number == 0 else 0
        used += 1
        # Only the first request, which knows nothing of the others yet, may find the budget used up.
        assert used <= 150 or number == 0
        reset = math.ceil((window + 1) * 60 - alignment - now) or 1
        budget.observe(now, Report(limit=150, remaining=max(150 - used, 0), reset=reset))
        used += others[number % len(others)]


def test_our_own_use_alone_never_waits_for_the_end_of_the_servers_window() -> None:
    budget = Budget(DOCUMENTED)
    starts(budget, 100)
    budget.observe(20.0, Report(limit=150, remaining=50, reset=59))
    assert budget.free_at(20.0, reserve=False) <= 20.0


def test_a_budget_that_shrinks_is_kept_and_one_that_grows_is_not_used() -> None:
    budget = Budget(DOCUMENTED)
    budget.observe(0.0, Report(limit=60, remaining=60, reset=60))
    assert fullest(starts(budget, 200), 60.0) == 54
    larger = Budget(DOCUMENTED)
    larger.observe(0.0, Report(limit=350, remaining=350, reset=60))
    assert fullest(starts(larger, 300), 60.0) == 135


def test_refusals_that_say_nothing_else_halve_the_second_and_calm_answers_bring_it_back() -> None:
    budget = Budget(DOCUMENTED)
    for _ in range(6):  # of one burst
        budget.refuse(0.0, 1.0)
    assert fullest(starts(budget, 50, now=1.0), 1.0) == 5
    for _ in range(20):
        budget.calm()
    assert fullest(starts(budget, 50, now=100.0), 1.0) == 6
    for _ in range(200):
        budget.calm()
    assert fullest(starts(budget, 50, now=200.0), 1.0) == 10


def test_refusals_go_on_halving_down_to_one_a_second() -> None:
    budget = Budget(DOCUMENTED)
    for second in range(9):
        budget.refuse(float(second), 1.0)
    assert fullest(starts(budget, 20, now=10.0), 1.0) == 1


def test_a_refusal_that_asks_for_a_longer_wait_is_of_the_minute_and_changes_no_second() -> None:
    budget = Budget(DOCUMENTED)
    budget.refuse(0.0, 30.0)
    times = starts(budget, 50)
    assert times[0] == 30.0
    assert fullest(times, 1.0) == 10


def test_the_figures_tell_which_window_the_headers_describe() -> None:
    budget = Budget(DOCUMENTED)
    budget.observe(0.0, Report(limit=5, remaining=5, reset=1))
    assert fullest(starts(budget, 50), 1.0) == 5
    budget.observe(100.0, Report(limit=10, remaining=10, reset=1))
    assert fullest(starts(budget, 50, now=100.0), 1.0) == 10


def test_a_tiny_budget_still_lets_normal_traffic_through() -> None:
    budget = Budget(Limits(10, 150, 149))
    budget.observe(0.0, Report(limit=1, remaining=1, reset=60))
    assert starts(budget, 2)[-1] == pytest.approx(60.02)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "1"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "nan"},
        {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"},
        {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "-1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "61"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1796068871"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1e300"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "inf"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "-1"},
    ],
)
def test_invalid_headers_are_ignored(headers: dict[str, str]) -> None:
    assert report(headers) is None


@given(done=st.integers(0, 200), more=st.integers(1, 300))
def test_the_estimate_comes_true(done: int, more: int) -> None:
    budget = Budget(DOCUMENTED)
    now = starts(budget, done)[-1] if done else 0.0
    estimated = budget.estimate(more, now)
    assert starts(budget, more, now=now)[-1] - now == pytest.approx(estimated)
