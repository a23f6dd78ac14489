"""SIGTERM and SIGINT end every command at once, wherever it is: each would go on for minutes otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.backends.postgres_place import VARIABLE
from tests.backends.postgres_server import NEEDED, binaries, shared_server
from tests.backends.wire import wire_to
from tests.e2e.harness import PROJECT, Process, World, sms, until

FAR = "2036-03-22 10:00:00"
# The harness waits at most so long; a test that fails meets it, as everything here takes longer.
GUARD = 15
PATIENT = PROJECT.replace("timeout: 2s", "timeout: 2m")
HANGS = {"kind": "delay", "seconds": 120}


@pytest.fixture(params=[signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def number(request: pytest.FixtureRequest) -> signal.Signals:
    found: signal.Signals = request.param
    return found


@pytest.fixture
def patient(world: World) -> World:
    """A project that waits two minutes for an answer."""
    world.write("campaignctl.yaml", PATIENT)
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    return world


def ended(process: Process, number: signal.Signals, when: Callable[[], object]) -> str:
    """Send a signal once something is true; what the process says."""
    until(when)
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=GUARD)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail("it did not end")
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    return err


def busy(process: Process) -> Callable[[], bool]:
    """Whether a process has computed for a while."""
    seconds = os.sysconf("SC_CLK_TCK")

    def computes() -> bool:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) / seconds > 0.4

    return computes


def hanging(world: World) -> Callable[[], bool]:
    return lambda: bool(world.control.faults()[0]["used"])


@pytest.mark.slow
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_compiling(patient: World, number: signal.Signals, command: str) -> None:
    values = ", ".join(map(str, range(1_000)))
    for index in range(20):
        patient.write(f"big{index}.yaml", f"matrix: {{d: [{values}]}}\n" + sms("N${matrix.d}")[1:-1])
    process = patient.start(command)
    ended(process, number, busy(process))


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor compiles alone")
@pytest.mark.parametrize("killed", [False, True], ids=["Ctrl-C", "SIGKILL"])
def test_compiling_on_several_processors(patient: World, killed: bool) -> None:
    for index in range(6_000):
        patient.write(f"far{index}.yaml", sms(f"Far {index}"))
    process = patient.start("plan", "--no-refresh")
    until(lambda: len(children_of(process)) > 1)
    children = children_of(process)
    if killed:
        process.kill()
        process.communicate(timeout=GUARD)
    else:
        for pid in children:  # a terminal tells each of them
            os.kill(pid, signal.SIGINT)
        assert ended(process, signal.SIGINT, lambda: True).count("\n") <= 2
    until(lambda: not any(map(runs, children)))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(process: Process) -> list[int]:
    found = []
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            if one.read_text().rpartition(")")[2].split()[1] == str(process.pid):
                found.append(int(one.parent.name))
    return found


@pytest.mark.slow
def test_planning_under_the_lock(patient: World, number: signal.Signals) -> None:
    values = ", ".join(map(str, range(1_000)))
    text = sms("N${matrix.d}", scheduled_time=FAR)[1:-1]
    for index in range(3):
        patient.write(f"big{index}.yaml", f"matrix: {{d: [{values}]}}\n{text}")
    lock = patient.folder / ".campaignctl" / "state.json.lock"
    process = patient.start("apply", "--auto-approve")
    # The opening read is over and nothing is sent: it decides.
    ended(process, number, lambda: lock.exists() and patient.requests("GET"))
    assert not lock.exists()
    assert patient.state_or_none is None or patient.state["pending"] == {}


@pytest.mark.parametrize("command", [["plan"], ["status"], ["apply", "--auto-approve"]])
def test_a_read_of_a_server_that_hangs(patient: World, number: signal.Signals, command: list[str]) -> None:
    patient.apply()
    patient.control.fault({"method": "GET", "times": 9}, HANGS)
    ended(patient.start(*command), number, hanging(patient))
    assert not (patient.folder / ".campaignctl" / "state.json.lock").exists()


def test_a_wait_for_the_rate_limit(patient: World, number: signal.Signals) -> None:
    patient.control.fault({"method": "GET", "times": 9}, {"kind": "rate_limit", "retry_after": 100})
    ended(patient.start("plan"), number, hanging(patient))


def test_a_write_to_a_server_that_hangs_stays_open_and_the_lock_is_free(
    patient: World, number: signal.Signals
) -> None:
    patient.control.fault({"method": "POST", "times": 1}, HANGS)
    ended(patient.start("apply", "--auto-approve"), number, hanging(patient))
    assert patient.state["pending"]["far"]["phase"] == "started"
    assert not (patient.folder / ".campaignctl" / "state.json.lock").exists()


@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"], ["state", "list"]])
def test_a_git_that_hangs_is_ended_too(patient: World, number: signal.Signals, command: list[str]) -> None:
    told = patient.folder / "pid"
    git = ["git", "-C", str(patient.folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "remote", "add", "origin", "ssh://nowhere.example/campaigns"], check=True)
    patient.write("campaignctl.yaml", f"{PATIENT}state: {{backend: git}}\n")
    patient.environ["GIT_SSH_COMMAND"] = f"echo $$ > {told}; exec sleep 100; :"
    process = patient.start(*command)
    ended(process, number, lambda: told.exists() and told.read_text().strip())
    child = Path("/proc", told.read_text().strip())
    until(lambda: not child.exists() or ") Z " in (child / "stat").read_text(), seconds=GUARD)


@pytest.mark.skipif(binaries() is None, reason=NEEDED)
@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"]])
def test_a_database_that_hangs_is_left_too(
    patient: World, number: signal.Signals, command: list[str]
) -> None:
    server = shared_server()
    database = server.new_database()
    with wire_to(server.port) as wire:
        patient.write("campaignctl.yaml", f"{PATIENT}state: {{backend: postgres}}\n")
        patient.environ[VARIABLE] = server.address(database, port=wire.port)
        patient.run("state", "init", status=0)
        wire.deaf_at = b"left join"  # the look at the state
        process = patient.start(*command)
        ended(process, number, lambda: wire.deaf)
    server.drop(database)
