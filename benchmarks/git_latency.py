"""200 creates with the state on a git remote 100 ms away: time against the bound of the rate limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.creates import manifest
from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control
from tests.backends.git_place import git
from tests.backends.smart_http import far_away, smart_http

COUNT = 200
ROUND_TRIP = 0.1
PER_SECOND = 10
PER_MINUTE = 150 - 15
MINUTE = 60.0
MAX_RATIO = 1.2
_PROJECT = {"metadata": {"name": "benchmark"}, "state": {"backend": "git"}}


def bound(requests: int) -> float:
    """The least possible seconds from the first to the last of this many requests, by the rate limits."""
    minutes, rest = divmod(requests - 1, PER_MINUTE)
    return minutes * MINUTE + rest // PER_SECOND


def set_up(root: Path, port: int) -> Path:
    """A clone of the remote with the project in it."""
    git(root, "init", "--quiet", "--bare", "remote.git")
    git(root / "remote.git", "config", "http.receivepack", "true")
    git(root / "remote.git", "config", "receive.autogc", "false")  # the remote side is another machine
    project = root / "clone"
    git(root, "init", "--quiet", str(project))
    git(project, "remote", "add", "origin", f"http://127.0.0.1:{port}/remote.git")
    (project / "campaignctl.yaml").write_text(json.dumps(_PROJECT))
    for number in range(COUNT):
        (project / f"c{number:03}.yaml").write_text(manifest(number))
    return project


def main() -> int:
    """Measure, print the figures, and return 1 if one exceeds its bound."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox, smart_http(Path(folder)) as server:
        with far_away(server.server_port, ROUND_TRIP) as port:
            project = set_up(Path(folder), port)
            environ = {**os.environ, "OCAMBA_TOKEN": "benchmark", "OCAMBA_API_URL": sandbox.url}
            command = [
                sys.executable,
                "-m",
                "campaignctl",
                "-q",
                "-C",
                str(project),
                "apply",
                "--auto-approve",
            ]
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environ)
            wall = time.perf_counter() - start
        requests = Control(sandbox.url).requests()
        pushes = sum(1 for line in server.requests if line.startswith("POST") and "receive-pack" in line)
    refused = sum(1 for entry in requests if entry["status"] == 429)
    least = bound(len(requests) - refused)
    print(f"  {COUNT} creates: {len(requests)} requests, {refused} refused (429), {pushes} pushes")
    print(f"  {wall:.1f} s in total, bound {least:.1f} s, ratio {wall / least:.3f}")
    return int(wall / least > MAX_RATIO)


if __name__ == "__main__":
    sys.exit(main())
