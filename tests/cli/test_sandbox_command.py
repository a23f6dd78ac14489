"""`sandbox`: runs until it is interrupted, and names the variables to set."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_process import SECONDS, Cli


@contextmanager
def _running(cli: Cli, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A sandbox process and the variables that it names."""
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


def test_an_unusable_data_file_is_a_clear_error(cli: Cli) -> None:
    (cli.cwd / "text").write_text("not a database, and longer than the header of one " * 50)
    done = cli("sandbox", "--port", "0", "--data", "text")
    assert done.status == 1
    assert "Cannot keep the sandbox in text" in done.err


def test_data_is_kept(cli: Cli, tmp_path: Path) -> None:
    with _running(cli, "--data", "kept.db") as (process, _):
        os.kill(process.pid, signal.SIGINT)
        process.wait(SECONDS)
    assert (tmp_path / "kept.db").stat().st_size > 0


def _asked(exports: dict[str, str], path: str) -> Any:
    with urllib.request.urlopen(exports["OCAMBA_API_URL"] + path, timeout=SECONDS) as answer:
        return json.load(answer)


def test_switches_and_faults_are_there_from_the_first_request_on(cli: Cli) -> None:
    words = ["--switch", "labels=comma", "--switch", "rate_per_minute=0", "--switch", "unknown_id=400"]
    words += ["--switch", "never_echoed=description, labels", "--switch", 'respell={"1D": "1D 0H"}']
    words += ["--fault", "GET /campaigns$ status status=503 skip=1 times=2", "--fault", "lost_answer"]
    with _running(cli, *words) as (_, exports):
        switches = _asked(exports, "/_sandbox/switches")
        assert {name: switches[name] for name in ("labels", "rate_per_minute", "unknown_id")} == {
            "labels": "comma",
            "rate_per_minute": 0,
            "unknown_id": "400",
        }
        assert (switches["never_echoed"], switches["respell"]) == (["description", "labels"], {"1D": "1D 0H"})
        assert [(rule["match"], rule["fault"]) for rule in _asked(exports, "/_sandbox/faults")["items"]] == [
            (
                {"method": "GET", "path": "/campaigns$", "skip": 1, "times": 2},
                {"kind": "status", "status": 503},
            ),
            ({}, {"kind": "lost_answer"}),
        ]


def test_options_override_stored_switches(cli: Cli) -> None:
    for labels in ("comma", "array"):
        words = ["--data", "kept.db", "--switch", f"labels={labels}", "--fault", f"drop body={labels}"]
        with _running(cli, *words) as (process, exports):
            assert _asked(exports, "/_sandbox/switches")["labels"] == labels
            (rule,) = _asked(exports, "/_sandbox/faults")["items"]
            assert rule["match"] == {"body": labels}
            os.kill(process.pid, signal.SIGINT)
            process.wait(SECONDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--switch", "label=comma"], "unknown switch 'label'; did you mean 'labels'?"),
        (["--switch", "labels=list"], "switch 'labels' takes one of array, comma, not 'list'"),
        (["--switch", "names_trimmed=yes"], "switch 'names_trimmed' takes true or false, not 'yes'"),
        (["--switch", "labels"], "'labels' is not of the form NAME=VALUE"),
        (["--fault", "POST lost_anser"], "names no kind of fault; did you mean 'lost_answer'?"),
        (["--fault", "POST"], "names no kind of fault; there are lost_answer, drop,"),
        (["--fault", "drop time=2"], "drop has no field 'time'; did you mean 'times'?"),
        (["--fault", "delay times=2"], "fault.seconds: is required"),
        (["--fault", "drop times"], "'times' is not of the form NAME=VALUE"),
        (["--fault", "POST /a /b drop"], "is not of the form [METHOD] [PATH] KIND [NAME=VALUE]..."),
        (["--fault", "POST ( drop"], "match.path: is no regular expression"),
        (["--fault", 'drop "times'], "No closing quotation"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_invalid_switch_or_fault_is_a_clear_error(cli: Cli, words: list[str], said: str) -> None:
    done = cli("sandbox", "--port", "0", *words)
    assert (done.status, done.out) == (64, "")
    assert said in done.err
    assert "docs/internals.md" in done.err
