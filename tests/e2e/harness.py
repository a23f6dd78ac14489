"""A project in a folder, an Ocamba of our own on a free port, and the command line as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaignctl.backends.local import LocalBackend
from campaignctl.sandbox.control import Control
from campaignctl.state import codec
from tests import forks

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "s3cr3t-t0ken-9f27"

PROJECT_ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
#: An account of a test is empty at first, and shows its company to nothing that sends at once.
_EMPTY = 'overrides: [{guardrail: unproven_account, keys: ["*"], until: 2099-01-01, reason: empty}]\n'
PROJECT = f"""
apiVersion: campaignctl/v1
kind: Project
metadata: {{name: shop, id: {PROJECT_ID}}}
{_EMPTY}api:
  timeout: 2s
  settle: {{waits: [100ms, 200ms], horizon: 24h, repost_after: 1s}}
"""
#: With this one, what sends at once needs a proof of the account.
STRICT = PROJECT.replace(_EMPTY, "")


#: The number of the month in half a year, for what may not run soon on any day of the week.
FAR_MONTH = (datetime.now(UTC).month + 5) % 12 + 1


def weekly() -> str:
    """A cron line that runs once a week, and next in three days: a run that is near meets guardrails."""
    return f"0 10 * * {(datetime.now(UTC).isoweekday() + 3) % 7}"


Process = forks.Started | subprocess.Popen[str]


@dataclass
class Run:
    """The output of a finished command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def outcomes(self) -> dict[str, str]:
        return {change["key"]: change["outcome"] for change in self.json["changes"]}

    def actions(self) -> dict[str, str]:
        return {change["key"]: change["action"] for change in self.json["changes"]}


@dataclass
class World:
    """One project and one account."""

    folder: Path
    url: str
    control: Control
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def env(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OCAMBA", "CAMPAIGNCTL"))
        }
        own = {
            "OCAMBA_TOKEN": TOKEN,
            "OCAMBA_API_URL": self.url,
            "XDG_STATE_HOME": str(self.folder.with_name(f"{self.folder.name}-home")),
            "XDG_CACHE_HOME": str(self.folder.with_name(f"{self.folder.name}-cache")),
        }
        return {**kept, **own, **self.environ}

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "campaignctl", "-C", str(self.folder), *args]

    def start(self, *args: str) -> Process:
        """Start a command that is to get signals, or that others are to meet."""
        return forks.Started(args, self.env(), self.folder)

    def run(self, *args: str, status: int | None = None, stdin: str | None = None) -> Run:
        ended = forks.run(args, self.env(), self.folder, stdin or "")
        out, err = ended.out, ended.err
        result = Run(ended.status, out, err)
        assert "Traceback" not in err, err
        assert TOKEN not in out + err
        if status is not None:
            assert result.status == status, f"exit {result.status}, not {status}\n{out}\n{err}"
        return result

    def plan(self, *args: str, status: int | None = 0) -> dict[str, Any]:
        return self.run("plan", "--format", "json", *args, status=status).json

    def apply(self, *args: str, status: int | None = 0) -> Run:
        return self.run("apply", "--auto-approve", "--format", "json", *args, status=status)

    def assert_settled(self) -> None:
        """The run-twice oracle: nothing to do, nothing open, one live campaign per key."""
        plan = self.plan()
        assert plan["changes"] == [], plan["changes"]
        assert plan["blocked"] == []
        assert self.state["pending"] == {}

    @property
    def state(self) -> dict[str, Any]:
        """The state document, its journal folded in."""
        return self.state_at(".campaignctl/state.json")

    @property
    def state_or_none(self) -> dict[str, Any] | None:
        """The state document, or None while there is none."""
        exists = (self.folder / ".campaignctl/state.json").exists()
        return self.state if exists else None

    def state_at(self, path: str) -> dict[str, Any]:
        """The state document of the file at `path`, read as the tool itself reads it."""
        backend = LocalBackend(
            self.folder / path,
            now=lambda: datetime.now(UTC),
            new_id=lambda: "reader",
            wait=lambda _: None,
            interrupted=lambda: False,
        )
        state = backend.read()
        assert state is not None, f"there is no state at {path}"
        document = json.loads(codec.encode(state))
        assert isinstance(document, dict)
        return document

    def since_last_month(self, key: str) -> None:
        """Let a campaign be recorded long ago, so that it had runs that a test cannot wait for."""
        old, then = self.state, "2026-01-01T00:00:00Z"
        old["campaigns"][key] |= {"created_at": then, "updated_at": then}
        (self.folder / ".campaignctl/state.json").write_text(json.dumps(old), encoding="utf-8")

    def requests(self, method: str = "", after: int = 0) -> list[dict[str, Any]]:
        return [entry for entry in self.control.requests(after) if method in ("", entry["method"])]

    def writes(self, after: int = 0) -> list[tuple[str, str, Any]]:
        """Every write that was sent to the API: method, path, body."""
        log = self.requests(after=after)
        return [(entry["method"], entry["path"], entry["body"]) for entry in log if entry["method"] != "GET"]

    def mark(self) -> int:
        log = self.control.requests()
        return int(log[-1]["n"]) if log else 0

    def campaigns(self) -> dict[str, dict[str, Any]]:
        """Live campaigns that are not canceled or deleted, by name; names must be unique."""
        campaigns = [c for c in self.control.campaigns() if not c["deleted"]]
        alive = [c for c in campaigns if c["live"]["status"] != "canceled"]
        named = {c["live"]["name"]: c for c in alive}
        assert len(named) == len(alive), f"twice: {sorted(c['live']['name'] for c in alive)}"
        return named

    def sends(self) -> list[str]:
        """The name of the campaign of every send, in order."""
        names = {c["id"]: c["live"]["name"] for c in self.control.campaigns()}
        return [names[send["campaign_id"]] for send in self.control.sends()]


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for an effect of another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def kill(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def sms(name: str, **spec: Any) -> str:
    """A small manifest, as YAML (JSON is YAML)."""
    body = {
        "name": name,
        "messages": [
            {
                "name": "m",
                "channel": "sms",
                "integration_id": "1996",
                "sms": {"content": {"en": f"Hi from {name}"}},
            }
        ],
        **spec,
    }
    return json.dumps({"spec": body})


def with_lifecycle(manifest: str, **lifecycle: Any) -> str:
    return json.dumps({**json.loads(manifest), "lifecycle": lifecycle})
