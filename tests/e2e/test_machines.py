"""Two machines with different clocks, and a process that stands still: nothing twice, nothing stuck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.harness import World, sms, until
from tests.e2e.machines import Machine, shifted, two_machines

pytestmark = pytest.mark.slow

FAR = "2036-03-22 10:00:00"
_SHIFTS = (30, -30)


@pytest.fixture(params=_SHIFTS)
def machines(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Machine, Machine]:
    """One with the right time, and one whose clock is half a minute off."""
    return two_machines(world, tmp_path, request.param)


def write(machines: tuple[Machine, ...], name: str, text: str) -> None:
    """The same manifest in every clone."""
    for machine in machines:
        machine.write(f"{name}.yaml", text)


def in_turns(machines: tuple[Machine, Machine], rounds: int) -> Iterator[tuple[Machine, Machine]]:
    """Who acts, and who looks on, in turn."""
    for number in range(rounds):
        yield machines[number % 2], machines[(number + 1) % 2]


def assert_settled(machines: tuple[Machine, ...]) -> None:
    for machine in machines:
        plan = machine.plan()
        assert (plan["changes"], plan["blocked"]) == ([], [])


@pytest.mark.parametrize("seconds", _SHIFTS)
def test_a_shifted_clock_is_shifted(tmp_path: Path, seconds: int) -> None:
    words = [sys.executable, "-c", "import datetime; print(datetime.datetime.now(datetime.UTC))"]
    environ = {**os.environ, **shifted(seconds, tmp_path)}
    told = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout
    assert abs((datetime.fromisoformat(told.strip()) - datetime.now(UTC)).total_seconds() - seconds) < 10


def test_lost_answers_of_one_machine_are_settled_by_the_other(machines: tuple[Machine, Machine]) -> None:

    def used() -> bool:
        return bool(machines[0].control.faults()[-1]["used"])

    for number, (lost, other) in enumerate(in_turns(machines, 4)):
        fields = {"run_immediately": True} if number >= 2 else {"scheduled_time": FAR}
        write(machines, f"c{number}", sms(f"C{number}", **fields))
        lost.control.fault({"method": "POST"}, {"kind": "lost_answer"})
        process = lost.start("apply", "--auto-approve")
        until(used)
        process.kill()
        process.communicate()
        ended = other.run("apply", "--auto-approve")
        if ended.status:
            lock = next(line.split()[-1] for line in ended.err.splitlines() if "state unlock" in line)
            other.run("state", "unlock", lock, status=0)
            other.apply()
        assert_settled(machines)
    assert len(machines[0].campaigns()) == 4
    assert sorted(machines[0].sends()) == ["C2", "C3"]


def test_a_late_effect_on_one_machine_is_waited_for_by_the_other(machines: tuple[Machine, Machine]) -> None:
    write(machines, "far", sms("Far", scheduled_time=FAR, description="zero"))
    machines[0].apply()
    for number, (late, other) in enumerate(in_turns(machines, 4)):
        write(machines, "far", sms("Far", scheduled_time=FAR, description=f"old {number}"))
        late.control.fault({"method": "PATCH"}, {"kind": "late", "seconds": 1.5})
        late.run("apply", "--auto-approve")
        write(machines, "far", sms("Far", scheduled_time=FAR, description=f"new {number}"))
        other.apply()
        time.sleep(1.6)
        assert other.campaigns()["Far"]["live"]["description"] == f"new {number}"
        assert_settled(machines)


def test_what_one_machine_halts_the_other_lifts_and_resumes(machines: tuple[Machine, Machine]) -> None:
    write(machines, "far", sms("Far", scheduled_time=FAR))
    machines[0].apply()
    for halting, lifting in in_turns(machines, 4):
        halting.run("halt", "--all", "--reason", "wrong price", status=0)
        lifting.apply(status=None)
        assert lifting.campaigns()["Far"]["live"]["status"] == "paused"
        lifting.run("halt", "--lift", "--reason", "right again", status=0)
        lifting.apply()
        assert halting.campaigns()["Far"]["live"]["status"] == "scheduled"
        assert_settled(machines)


def test_applies_at_once_of_both_create_everything_once(machines: tuple[Machine, Machine]) -> None:
    for number in range(12):
        fields = {"run_immediately": True} if number % 6 == 0 else {"scheduled_time": FAR}
        write(machines, f"c{number}", sms(f"C{number}", **fields))
    started = [machine.start("apply", "--auto-approve", "--lock-timeout", "60s") for machine in machines]
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode in (0, 1), err
    machines[1].apply()
    assert len(machines[0].campaigns()) == 12
    assert sorted(machines[0].sends()) == ["C0", "C6"]
    assert_settled(machines)


def test_a_process_that_slept_longer_than_its_lock_sends_nothing_twice(world: World, tmp_path: Path) -> None:
    """Its lock was broken and another machine applied meanwhile; then it wakes."""
    machines = two_machines(world, tmp_path, 0)
    for number in range(4):
        fields = {"run_immediately": True} if number > 1 else {"scheduled_time": FAR}
        write(machines, f"c{number}", sms(f"C{number}", **fields))
    sleeper = machines[0].start("apply", "--auto-approve", "--parallelism", "1")
    world.control.fault({"method": "POST", "skip": 1}, {"kind": "delay", "seconds": 1, "when": "after"})
    until(lambda: world.control.faults()[-1]["used"])
    sleeper.send_signal(signal.SIGSTOP)
    refused = machines[1].run("apply", "--auto-approve", "--lock-timeout", "1s", status=1)
    lock = next(line.split()[-1] for line in refused.err.splitlines() if "state unlock" in line)
    machines[1].run("state", "unlock", lock, status=0)
    machines[1].apply()
    sleeper.send_signal(signal.SIGCONT)
    out, err = sleeper.communicate(timeout=60)
    assert sleeper.returncode == 1, out + err
    machines[1].apply()
    assert len(world.campaigns()) == 4
    assert sorted(world.sends()) == ["C2", "C3"]
    assert_settled(machines)


def test_a_process_that_slept_through_the_lead_time_does_not_send(world: World, tmp_path: Path) -> None:
    """It wakes when the first send is nearer than `min_lead_time`: nothing more is created for it."""
    machines = two_machines(world, tmp_path, 0, "guardrails: {min_lead_time: 20s}\n")
    first = datetime.now(UTC) + timedelta(seconds=35)
    for name in ("one", "two"):
        write(machines, name, sms(name, scheduled_time=f"{first:%Y-%m-%d %H:%M:%S}"))
    world.control.fault({"method": "POST"}, {"kind": "delay", "seconds": 1, "when": "after"})
    process = machines[0].start("apply", "--auto-approve", "--format", "json", "--parallelism", "1")
    until(lambda: world.control.faults()[-1]["used"])
    process.send_signal(signal.SIGSTOP)
    time.sleep(max(0.0, (first - datetime.now(UTC)).total_seconds() - 15))
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    told = {change["key"]: change["outcome"] for change in json.loads(out)["changes"]}
    assert sorted(told.values()) == ["done", "failed"], out + err
    assert len(world.campaigns()) == 1
    machines[1].plan(status=None)
    assert world.sends() in ([], [next(iter(world.campaigns()))])
