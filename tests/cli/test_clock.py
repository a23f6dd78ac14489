"""The clock of a run: real time, new ids, and signals that first ask and then force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from campaignctl.cli.clock import SystemClock
from tests.cli.cli_process import ROOT
from tests.golden import Golden

_WAITING = """
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from campaignctl.cli.clock import SystemClock
clock = SystemClock()
with clock.listening(), ThreadPoolExecutor(4) as threads:
    waits = [threads.submit(clock.wait, timedelta(minutes=5)) for _ in range(4)]
    print("ready", flush=True)
    for wait in waits:
        wait.result()
    print("interrupted" if clock.interrupted else "not", flush=True)
"""
_STUBBORN = """
import time
from campaignctl.cli.clock import SystemClock
clock = SystemClock()
with clock.listening():
    print("ready", flush=True)
    for _ in range(3000):
        time.sleep(0.01)
        if clock.interrupted:
            print("asked", flush=True)
            break
    time.sleep(60)
"""
_ASKING = """
import sys
from campaignctl.cli.clock import SystemClock
clock = SystemClock()
with clock.listening():
    try:
        with clock.breakable():
            print("ready", flush=True)
            sys.stdin.readline()
    except KeyboardInterrupt:
        print("question ended", flush=True)
"""


def _start(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_clock_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_ids_are_16_hex_digits_and_fresh() -> None:
    clock = SystemClock()
    ids = {clock.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in ids)


def test_a_signal_ends_the_waits_of_all_threads() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        process = _start(_WAITING)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "interrupted\n")
        assert "Stopping" in err


def test_a_second_signal_exits_at_once_with_130(golden: Golden) -> None:
    process = _start(_STUBBORN)
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    golden("second signal", err)


def test_a_signal_ends_a_question() -> None:
    process = _start(_ASKING)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "question ended\n", "")


def test_a_wait_ends_by_itself() -> None:
    SystemClock().wait(timedelta(milliseconds=1))
    SystemClock().wait(timedelta(seconds=-1))
