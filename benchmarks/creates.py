"""300 creates against a sandbox with the documented rate limits: time against the bound, requests, 429s.

It takes two minutes, as the windows say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control

COUNT = 300
PER_SECOND = 10
#: What an apply may use of a minute: the rest is for a halt.
PER_MINUTE = 135
MAX_REQUESTS = COUNT + 6
MAX_RATIO = 1.02


def manifest(number: int) -> str:
    """A small campaign far in the future."""
    content = {"en": f"Hello {number}"}
    message = {"name": "m", "channel": "sms", "integration_id": "1", "sms": {"content": content}}
    spec = {"name": f"C{number}", "scheduled_time": "2036-01-01 10:00:00", "messages": [message]}
    return json.dumps({"spec": spec})


def main() -> int:
    """Measure, print the figures, and return 1 if one exceeds its bound."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        Path(folder, "campaignctl.yaml").write_text("metadata: {name: benchmark}\n")
        for number in range(COUNT):
            Path(folder, f"c{number:03}.yaml").write_text(manifest(number))
        environ = {**os.environ, "OCAMBA_TOKEN": "no-secret-token", "OCAMBA_API_URL": sandbox.url}
        command = [sys.executable, "-m", "campaignctl", "-q", "-C", folder, "apply", "--auto-approve"]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environ)
        wall = time.perf_counter() - start
        requests = Control(sandbox.url).requests()
    times = [entry["real_time"] for entry in requests if entry["method"] == "POST"]
    refused = sum(1 for entry in requests if entry["status"] == 429)
    # The first window opens with the first create; the last one leaves in the window that has room for it.
    minutes, rest = divmod(COUNT - 1, PER_MINUTE)
    bound = minutes * 60 + rest // PER_SECOND
    span = max(times) - min(times)
    print(f"  {COUNT} creates: {len(requests)} requests, {refused} refused (429), {wall:.1f} s in total")
    print(f"  first to last create {span:.2f} s, bound {bound:.2f} s, ratio {span / bound:.3f}")
    return int(refused > 0 or len(requests) > MAX_REQUESTS or span / bound > MAX_RATIO)


if __name__ == "__main__":
    sys.exit(main())
