"""`sandbox`: runs until it is interrupted, and says what to set."""

from __future__ import annotations

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.cli_process import SECONDS, Cli


@contextmanager
def _running(cli: Cli, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A sandbox process and the variables that it says to set."""
    process = cli.start("sandbox", "--port", "0", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        exports: dict[str, str] = {}
        while "OCAMBA_TOKEN" not in exports:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                exports[name] = value
        yield process, exports
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def _list(exports: dict[str, str]) -> int:
    request = urllib.request.Request(
        exports["OCAMBA_API_URL"] + "/v1/hood/campaigns",
        headers={"Authorization": f"Bearer {exports['OCAMBA_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return int(answer.status)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_interrupted_and_ends_cleanly(cli: Cli, number: signal.Signals) -> None:
    with _running(cli) as (process, exports):
        assert _list(exports) == 200
        os.kill(process.pid, number)
        assert process.wait(SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "The sandbox has stopped.\n"


def test_a_port_in_use_is_a_clear_error(cli: Cli) -> None:
    with _running(cli) as (_, exports):
        port = exports["OCAMBA_API_URL"].rpartition(":")[2]
        done = cli("sandbox", "--port", port)
    assert (done.status, done.out) == (1, "")
    assert f"Port {port} of 127.0.0.1 is in use" in done.err
    assert "--port 0" in done.err


def test_a_data_file_that_cannot_be_one_is_a_clear_error(cli: Cli) -> None:
    (cli.cwd / "text").write_text("not a database, and longer than the header of one " * 50)
    done = cli("sandbox", "--port", "0", "--data", "text")
    assert done.status == 1
    assert "Cannot keep the sandbox in text" in done.err


def test_data_is_kept(cli: Cli, tmp_path: Path) -> None:
    with _running(cli, "--data", "kept.db") as (process, _):
        os.kill(process.pid, signal.SIGINT)
        process.wait(SECONDS)
    assert (tmp_path / "kept.db").stat().st_size > 0
