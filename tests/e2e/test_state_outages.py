"""A shared place that goes away while an apply sends: nothing new is sent, and what was done is not lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import World, sms, until
from tests.e2e.storages import SHARED, Storage, project, storage

pytestmark = pytest.mark.slow
FAR = "2036-03-22 10:00:00"
KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
_SHORT = 2.0
_ENOUGH = 120


@pytest.fixture(params=SHARED)
def place(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Storage]:
    """A project with one campaign in an encrypted state, and three to create: the answer to the second of
    them takes some seconds."""
    with storage(request.param, world, request.getfixturevalue) as place:
        project(world, place, ", encryption: {method: aes_gcm}")
        (tmp_path / "rescued").mkdir()
        world.environ |= {"CAMPAIGNCTL_STATE_KEY": KEY, "TMPDIR": str(tmp_path / "rescued")}
        world.write("first.yaml", sms("First", scheduled_time=FAR))
        world.apply()
        for name in ("second", "third", "fourth"):
            world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
        slow = {"kind": "delay", "seconds": 1.5, "when": "after"}
        world.control.fault({"method": "POST", "skip": 1, "times": 1}, slow)
        yield place


def test_results_are_rescued_and_the_printed_command_brings_them_back(
    place: Storage, world: World, tmp_path: Path
) -> None:
    applying = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.campaigns()) == 3)
    with place.away():
        out, err = applying.communicate(timeout=_ENOUGH)
        assert applying.returncode == 1, out + err
        at = world.mark()
        assert world.run("apply", "--auto-approve", status=1).err
        assert world.writes(at) == []
    assert len(world.campaigns()) == 3
    (rescue,) = (tmp_path / "rescued").glob("campaignctl-state-*.json")
    assert rescue.read_bytes().startswith(b'{"encryption"')
    assert b"third" not in rescue.read_bytes()

    printed = re.search(r"^\s*campaignctl (state push \S+)$", out + err, re.MULTILINE)
    assert printed, out + err
    world.run(*printed[1].split(), status=0)
    assert len(world.run("state", "list", status=0).out.split()) == 3
    world.apply()
    assert len(world.campaigns()) == 4
    plan = world.plan()
    assert (plan["changes"], plan["blocked"]) == ([], [])
    assert [method for method, *_ in world.writes()] == ["POST"] * 4


def test_a_short_outage_is_waited_out(place: Storage, world: World) -> None:
    applying = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.campaigns()) == 3)
    with place.away():
        time.sleep(_SHORT)
    out, err = applying.communicate(timeout=_ENOUGH)
    assert applying.returncode == 0, out + err
    assert len(world.campaigns()) == 4
    plan = world.plan()
    assert (plan["changes"], plan["blocked"]) == ([], [])
