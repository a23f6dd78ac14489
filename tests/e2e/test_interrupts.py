"""An apply that is interrupted, gently or not, on laptops, terminals and CI runners."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.e2e.harness import PROJECT, World, sms, until
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
NAMES = [f"C{number}" for number in range(12)]

# Makes the terminal on standard input the controlling one, as a terminal window does, then runs argv.
ON_A_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    " os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def slow(world: World) -> World:
    """Twelve campaigns to create. The server takes long for all but two: time for a signal, also for a
    machine that has no time for this test."""
    for name in NAMES:
        world.write(f"{name}.yaml", sms(name, scheduled_time=FAR))
    for times, seconds in ((2, 0.2), (10, 3)):
        rule = {"method": "POST", "times": times}
        world.control.fault(rule, {"kind": "delay", "seconds": seconds, "when": "after"})
    return world


def assert_clean_stop(world: World) -> None:
    """Requests in flight are recorded, the others were never sent, and the lock is free."""
    recorded = world.state
    assert recorded["pending"] == {}
    assert {r["id"] for r in recorded["campaigns"].values()} == {c["id"] for c in world.campaigns().values()}
    assert len(recorded["campaigns"]) < len(NAMES)
    assert not (world.folder / ".campaignctl" / "state.json.lock").exists()


def assert_once(world: World, *names: str) -> None:
    assert sorted(world.campaigns()) == sorted(names)
    assert len(set(world.sends())) == len(world.sends())
    world.assert_settled()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_requests_in_flight_finish_and_records_them(
    slow: World, number: signal.Signals
) -> None:
    process = slow.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(slow.control.campaigns()) >= 2)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert_clean_stop(slow)
    slow.control.clear_faults()
    slow.apply()
    assert_once(slow, *NAMES)


def test_a_closed_terminal_stops_an_apply_like_an_interrupt(slow: World) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", ON_A_TERMINAL, *slow.command("apply", "--auto-approve")]
    process = subprocess.Popen(
        [*command, "--parallelism", "1"], env=slow.env(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    reader = threading.Thread(
        target=_drain, args=(ours, lambda: len(slow.control.campaigns()) >= 2), daemon=True
    )
    reader.start()
    reader.join(60)
    os.close(ours)
    # Its last message cannot be written, so only the state shows the result.
    assert process.wait(60) in (1, 130)
    assert_clean_stop(slow)
    slow.control.clear_faults()
    slow.apply()
    assert_once(slow, *NAMES)


def _drain(terminal: int, enough: Callable[[], bool]) -> None:
    while not enough():
        os.read(terminal, 65536)


def test_an_apply_under_nohup_continues(slow: World) -> None:
    slow.control.clear_faults()
    slow.control.fault({"method": "POST", "times": 12}, {"kind": "delay", "seconds": 0.5, "when": "after"})
    command = ["nohup", *slow.command("apply", "--auto-approve")]
    with subprocess.Popen(
        command, env=slow.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        until(lambda: len(slow.control.campaigns()) >= 1)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert_once(slow, *NAMES)


def test_a_second_interrupt_exits_at_once_and_the_next_apply_settles(slow: World, golden: Golden) -> None:
    slow.control.clear_faults()
    slow.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 1.7, "when": "after"})
    process = slow.start("apply", "--auto-approve", "--parallelism", "1")
    until(slow.control.campaigns)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    golden("second interrupt", err)
    assert len(slow.state["pending"]) >= 1
    slow.apply()
    assert_once(slow, *NAMES)


@pytest.mark.parametrize(
    ("delay", "status"), [(0.5, 0), (11.0, 130)], ids=["a server that answers", "a server that hangs"]
)
def test_a_cancelled_job_leaves_nothing_that_the_next_one_cannot_settle(
    world: World, delay: float, status: int
) -> None:
    """SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL: as hosted runners cancel a job."""
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 12s"))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.apply("--target", "draft")
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": delay})
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["used"])
    for number, pause in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 0.0)):
        process.send_signal(number)
        try:
            process.wait(pause)
        except subprocess.TimeoutExpired:
            continue
    process.communicate(timeout=60)
    assert process.returncode == status
    world.apply()
    assert_once(world, "Draft", "Now")
    assert world.sends() == ["Now"]


def test_the_same_job_run_twice_does_nothing_the_second_time(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    mark = world.mark()
    assert world.apply().json["changes"] == []
    assert world.writes(mark) == []
    assert_once(world, "Now", "Far")
