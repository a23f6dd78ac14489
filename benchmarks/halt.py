"""`halt --all` of 100 campaigns while an apply of 600 runs: how soon the first and the last stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control

LIVE = 100
CREATES = 600
UNDER_WAY = 50
MAX_FIRST = 2.0
FIRST_SEND = datetime(2036, 3, 22, 10, tzinfo=UTC)


def manifest(number: int) -> str:
    """A small campaign, each one day after the previous one."""
    at = (FIRST_SEND + timedelta(days=number)).strftime("%Y-%m-%d %H:%M:%S")
    content = {"en": f"Hello {number}"}
    message = {"name": "m", "channel": "sms", "integration_id": "1", "sms": {"content": content}}
    return json.dumps({"spec": {"name": f"C{number}", "scheduled_time": at, "messages": [message]}})


def main() -> int:
    """Measure, print the figures, and return 1 if the first pause is late or a request was refused."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        control = Control(sandbox.url)
        Path(folder, "campaignctl.yaml").write_text("metadata: {name: benchmark}\napi: {timeout: 5s}\n")
        environ = {**os.environ, "OCAMBA_TOKEN": "no-secret-token", "OCAMBA_API_URL": sandbox.url}
        command = [sys.executable, "-m", "campaignctl", "-q", "-C", folder]
        _write(folder, range(LIVE))
        control.switch(rate_per_second=0, rate_per_minute=0)
        subprocess.run([*command, "apply", "--auto-approve"], check=True, capture_output=True, env=environ)
        control.switch(rate_per_second=10, rate_per_minute=150)
        _write(folder, range(LIVE, LIVE + CREATES))
        applying = subprocess.Popen(
            [*command, "apply", "--auto-approve"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while len(control.campaigns()) < LIVE + UNDER_WAY:
            time.sleep(0.05)
        began = time.time()
        halt = [*command, "halt", "--all", "--reason", "benchmark"]
        subprocess.run(halt, check=True, capture_output=True, env=environ)
        took = time.time() - began
        applying.wait()
        requests = [entry for entry in control.requests() if entry["real_time"] >= began]
    pauses = [entry["real_time"] - began for entry in requests if entry["path"].endswith("/pause")]
    refused = sum(1 for entry in requests if entry["status"] == 429)
    print(f"  {len(pauses)} paused: the first after {pauses[0]:.2f} s (bound {MAX_FIRST:.0f} s),")
    print(f"  the last after {pauses[-1]:.0f} s, proof after {took:.0f} s, {refused} refused (429)")
    return int(pauses[0] > MAX_FIRST or refused > 0)


def _write(folder: str, numbers: range) -> None:
    for number in numbers:
        Path(folder, f"c{number:03}.yaml").write_text(manifest(number))


if __name__ == "__main__":
    sys.exit(main())
