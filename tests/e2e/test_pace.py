"""The pace of an apply in the sandbox's log, and the announced duration."""

from __future__ import annotations

import pytest

from tests.e2e.harness import World, sms


# A busy machine may keep one of sixteen threads from running between its look at the clock and its request.
# In simulated time they are in tests/api/test_api_pace_at_the_server.py.
@pytest.mark.parametrize("parallelism", ["1", pytest.param("16", marks=pytest.mark.slow)])
def test_a_single_apply_gets_no_429_even_if_requests_arrive_unevenly(world: World, parallelism: str) -> None:
    world.control.switch(rate_per_second=10, jitter=0.02)
    for number in range(35):
        world.write(f"c{number}.yaml", sms(f"C{number}", is_draft=True))
    world.apply("--parallelism", parallelism)
    assert {request["status"] for request in world.requests()} == {200, 201}
    assert len(world.campaigns()) == 35


def test_the_duration_of_an_apply_is_announced(world: World) -> None:
    for number in range(25):
        world.write(f"c{number}.yaml", sms(f"C{number}", is_draft=True))
    said = world.apply().err
    assert "Apply (25), about 2 s" in said or "Apply (25), about 3 s" in said
