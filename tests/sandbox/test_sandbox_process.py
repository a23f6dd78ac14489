"""The sandbox as a process: it prints its URL, keeps its data and stops on a signal."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campaignctl.sandbox import Sandbox, Switches
from tests.e2e.harness import until
from tests.sandbox.sandbox_account import FUTURE, Account, push

ROOT = Path(__file__).parents[2]


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox process and its URL; killed at the end if it still runs."""
    command = [sys.executable, "-m", "campaignctl.sandbox", "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_prints_its_url_and_stops_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    with process("--ready-file", str(ready), "--switch", "labels=comma") as (running, url):
        until(ready.exists)
        account = Account(url)
        account.create(push())
        assert account.control.switches()["labels"] == "comma"
        running.send_signal(number)
        assert running.wait(10) == 0
    assert ready.read_text("utf-8").strip() == url


def test_answered_requests_survive_a_kill(tmp_path: Path) -> None:
    data = str(tmp_path / "account.db")
    with process("--data", data) as (running, url):
        account = Account(url)
        account.control.freeze()
        account.control.set_clock("2036-01-01 00:00:00")
        account.control.token("secret-token", "7")
        account.control.switch(by_id="bare")
        account.control.fault(
            {"method": "PATCH"},
            {
                "kind": "drop",
            },
        )
        campaign_id = account.create(push(scheduled_time=FUTURE))
        before, log = account.control.campaigns(), account.control.requests()
        running.kill()
        running.wait(10)
    with process("--data", data) as (_, url):
        account = Account(url)
        control = account.control
        assert (control.campaigns(), control.requests()) == (before, log)
        assert control.clock()["now"] == "2036-01-01 00:00:00"
        assert control.switches()["by_id"] == "bare"
        assert len(control.faults()) == 1
        assert Account(url, "other").call("GET", "/v1/hood/campaigns").status == 401
        control.set_clock(FUTURE)
        assert [send["campaign_id"] for send in control.sends()] == [campaign_id]
        assert account.create(push()) != campaign_id


def test_the_log_of_sends_survives_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "account.db") as sandbox:
        account = Account(sandbox.url)
        account.control.freeze()
        account.control.set_clock("2036-01-01 00:00:00")
        campaign_id = account.create(push(recurrence={"cron": "0 12 * * *"}))
        account.control.set_clock("2036-01-02 13:00:00")
        account.control.edit(campaign_id, {"messages/0/push/title/en": "Edited"})
        account.control.set_clock("2036-01-04 13:00:00")
        account.control.delete(campaign_id)
        before = account.control.sends()
    with Sandbox(tmp_path / "account.db") as sandbox:
        after = Account(sandbox.url).control.sends()
    titles = [send["body"]["messages"][0]["push"]["title"]["en"] for send in after]
    assert (after, titles) == (before, ["Hello", "Hello", "Edited", "Edited"])


def test_a_file_that_is_not_a_database_is_named(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    data.write_text("not a database, but long enough to be taken for one" * 10, encoding="utf-8")
    with process("--data", str(data)) as (running, url):
        assert url == ""
        assert running.wait(10) == 1
        assert running.stderr is not None
        assert "database" in running.stderr.read()


def test_a_file_serves_one_sandbox(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    with Sandbox(data), pytest.raises(sqlite3.OperationalError, match="locked"):
        Sandbox(data)


def test_an_invalid_switch_ends_the_process() -> None:
    with process("--switch", "colour=red") as (running, _):
        assert running.wait(10) == 1
        assert running.stderr is not None
        assert "colour" in running.stderr.read()


def test_a_closed_sandbox_leaves_its_file(tmp_path: Path) -> None:
    data = tmp_path / "account.db"
    with Sandbox(data, switches=Switches(ids="numbers")) as sandbox:
        Account(sandbox.url).create(push())
        url = sandbox.url
    sandbox.close()
    with pytest.raises(ConnectionRefusedError):
        Account(url).list()
    with Sandbox(data) as again:
        assert Account(again.url).list()["items"][0]["name"] == "Welcome"
