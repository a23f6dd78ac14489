"""A large apply that is disturbed again and again, in a project and an account of its own.

`storm` and `interrupted` use it: each keeps applying until nothing is left, and then counts in the account.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control

MOST_RUNS = 2000
_MOST_IN_VAIN = 10
_PROJECT = """\
metadata: {name: benchmark}
api:
  timeout: 1s
  rate_limit: {per_second: 10000, per_minute: 100000, reserve_per_minute: 100}
  settle: {waits: [100ms, 200ms], horizon: 24h, repost_after: 1s}
guardrails: {max_immediate_sends: 1000}
"""


def spec(number: int, **fields: Any) -> dict[str, Any]:
    """The body of a small campaign with a text of its own."""
    content = {"en": f"Hello {number}"}
    message = {"name": "m", "channel": "sms", "integration_id": "1", "sms": {"content": content}}
    return {"name": f"C{number}", "messages": [message], "targeting": {"countries": _DE}, **fields}


_DE = {"items": ["DE"], "op": "in"}


@dataclass
class Disturbed:
    """The project, its account, and what happened so far."""

    folder: Path
    url: str
    control: Control
    runs: int = 0
    persons: int = 0
    in_vain: int = 0
    requests: int = 0

    def write(self, specs: Mapping[str, Any]) -> None:
        """Write the manifests, by key."""
        for key, each in specs.items():
            (self.folder / f"{key}.yaml").write_text(json.dumps({"spec": each}), encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "campaignctl", "-q", "-C", str(self.folder), *words]

    @property
    def environ(self) -> dict[str, str]:
        """Its environment."""
        return {**os.environ, "OCAMBA_TOKEN": "no-secret-token", "OCAMBA_API_URL": self.url}

    @property
    def goes_on(self) -> bool:
        """Whether the runs still write something; call it once before each."""
        writes = sum(1 for one in self.control.requests(self.requests) if one["method"] != "GET")
        self.requests += len(self.control.requests(self.requests))
        self.in_vain = 0 if writes or not self.runs else self.in_vain + 1
        return self.in_vain < _MOST_IN_VAIN and self.runs < MOST_RUNS

    def start(self, parallelism: int) -> subprocess.Popen[str]:
        """Start the next apply; what it says goes into the file `said`, after what the others said."""
        self.runs += 1
        line = self.command("apply", "--auto-approve", "--parallelism", str(parallelism))
        with (self.folder / "said").open("a", encoding="utf-8") as said:
            return subprocess.Popen(line, env=self.environ, stdout=said, stderr=said, text=True)

    def resolved(self) -> None:
        """Answer, as a person would, for each create that may have sent and is not in the account."""
        names = {campaign["live"]["name"] for campaign in self.control.campaigns()}
        for blocked in self.plan()["blocked"]:
            if f"C{int(blocked['key'][1:])}" not in names:
                done = subprocess.run(
                    self.command("state", "resolve", blocked["key"], "--retry"),
                    env=self.environ,
                    capture_output=True,
                    check=False,
                )
                self.persons += done.returncode == 0

    def plan(self) -> dict[str, Any]:
        """What is left to do."""
        done = subprocess.run(
            self.command("plan", "--format", "json"), env=self.environ, capture_output=True, check=False
        )
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def wrong(self, specs: Mapping[str, Any]) -> list[str]:
        """What is not as it should be: each campaign once and recorded, sends once, and nothing left."""
        account = [c for c in self.control.campaigns() if c["live"]["status"] != "canceled"]
        copies = Counter(campaign["live"]["name"] for campaign in account)
        sends = Counter(campaign["live"]["name"] for campaign in account for _ in campaign["sends"])
        found = [f"{name}: {number} copies" for name, number in copies.items() if number > 1]
        for each in specs.values():
            if not copies[each["name"]]:
                found.append(f"{each['name']}: lost")
            if sends[each["name"]] != int(bool(each.get("run_immediately"))):
                found.append(f"{each['name']}: sent {sends[each['name']]} times")
        plan = self.plan()
        return [*found, *(f"left: {one['key']}" for part in ("changes", "blocked") for one in plan[part])]

    def figures(self, specs: Mapping[str, Any], began: float) -> list[str]:
        """Print the figures, and return what is wrong."""
        requests = self.control.requests()
        posts = sum(1 for one in requests if one["method"] == "POST" and one["path"].endswith("/campaigns"))
        refused = sum(1 for one in requests if one["status"] == 429)
        wrong = self.wrong(specs)
        print(f"  {len(specs)} creates in {self.runs} runs, {time.perf_counter() - began:.0f} s:")
        print(f"  {len(requests)} requests, {posts} of them creates, {refused} refused (429)")
        print(f"  {self.persons} decided by a person; {len(wrong)} duplicates, losses or left open")
        for line in wrong[:10]:
            print(f"    {line}")
        return wrong


@contextmanager
def disturbed() -> Iterator[Disturbed]:
    """An empty project and account."""
    switches = Switches(rate_per_second=0, rate_per_minute=0)
    with tempfile.TemporaryDirectory() as name, Sandbox(switches=switches) as sandbox:
        folder = Path(name)
        (folder / "campaignctl.yaml").write_text(_PROJECT, encoding="utf-8")
        yield Disturbed(folder, sandbox.url, Control(sandbox.url))
