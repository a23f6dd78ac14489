"""Random lives of a project: edits, the dashboard, time, halts and kills.

After each apply the account agrees with the manifests, nothing was sent twice, nothing was sent that no
manifest asked for, and the next plan is empty. A failure prints the steps that lead to it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaignctl.campaign import marker
from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.e2e.harness import PROJECT, World, kill, weekly

KEYS = ("a", "b", "c", "d")
KINDS = ("draft", "manual", "far", "soon", "weekly", "now")
GUARDRAILS = ("max_destroy_percent", "max_immediate_sends")
# A few runs by default; CAMPAIGNCTL_MACHINE_RUNS asks for more.
RUNS = int(os.environ.get("CAMPAIGNCTL_MACHINE_RUNS", "4"))

keys = st.sampled_from(KEYS)
kinds = st.sampled_from(KINDS)


def stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")


def execution(kind: str, now: datetime) -> dict[str, Any]:
    """The fields that make a campaign of this kind; `soon` is within the horizon, `far` beyond it."""
    options: dict[str, dict[str, Any]] = {
        "draft": {"is_draft": True},
        "manual": {},
        "far": {"scheduled_time": stamp(now + timedelta(days=60))},
        "soon": {"scheduled_time": stamp(now + timedelta(hours=6))},
        "weekly": {"recurrence": {"cron": weekly()}},
        "now": {"run_immediately": True},
    }
    return options[kind]


class Declared:
    """A manifest as last written. Its name contains the key and the revision."""

    def __init__(self, key: str, revision: int, kind: str, now: datetime) -> None:
        self.key = key
        self.revision = revision
        self.kind = kind
        self.options = execution(kind, now)
        self.phase = "active"
        self.moved_from: str | None = None

    @property
    def name(self) -> str:
        return f"{self.key} {self.revision}"

    def text(self) -> str:
        message = {
            "name": "m",
            "channel": "sms",
            "integration_id": "1996",
            "sms": {"content": {"en": f"Hi from {self.name}"}},
        }
        document: dict[str, Any] = {"spec": {"name": self.name, "messages": [message], **self.options}}
        if self.phase != "active":
            document["lifecycle"] = {"phase": self.phase}
        if self.moved_from:
            document["moved"] = {"from": self.moved_from}
        return json.dumps(document)


class Life(RuleBasedStateMachine):
    """A project of a few keys in an account of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.sandbox = Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0))
        self.sandbox.__enter__()
        self.world = World(self.folder / "project", self.sandbox.url, Control(self.sandbox.url))
        self.declared: dict[str, Declared] = {}
        self.asked_for: set[str] = set()
        self.recurring: set[str] = set()
        self.halted: dict[str, tuple[str, int]] = {}
        self.revision = 0

    def teardown(self) -> None:
        self.sandbox.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @initialize()
    def project(self) -> None:
        self.world.write("campaignctl.yaml", PROJECT)

    # ------------------------------------------------------------------------------ the manifest's side

    @rule(key=keys, kind=kinds)
    def write(self, key: str, kind: str) -> None:
        """A new manifest, or another body and another time for an old one."""
        self.revision += 1
        self.declared[key] = Declared(key, self.revision, kind, datetime.now(UTC))
        self._save(key)

    @rule(key=keys, phase=st.sampled_from(("active", "paused", "canceled")))
    def set_phase(self, key: str, phase: str) -> None:
        if key in self.declared:
            self.declared[key].phase = phase
            self._save(key)

    @rule(key=keys)
    def take_out(self, key: str) -> None:
        if self.declared.pop(key, None):
            self.world.remove(f"{key}.yaml")

    @rule(old=keys, new=keys)
    def move(self, old: str, new: str) -> None:
        """Give a manifest another key, as a refactoring does."""
        if {old, new} & self.halted.keys():
            return
        if old in self.declared and new not in self.declared and new not in self._recorded():
            manifest = self.declared.pop(old)
            self.world.remove(f"{old}.yaml")
            manifest.moved_from = old if old in self._recorded() else manifest.moved_from
            self.declared[new] = manifest
            self._save(new)

    def _save(self, key: str) -> None:
        manifest = self.declared[key]
        self.world.write(f"{key}.yaml", manifest.text())

    # ---------------------------------------------------------------------------------- the live side

    @rule(key=keys, status=st.sampled_from(("paused", "canceled", "scheduled")))
    def in_the_dashboard(self, key: str, status: str) -> None:
        """A person pauses, cancels or resumes a campaign that is still to be sent."""
        record = self._recorded().get(key)
        if record is None:
            return
        live = self.world.control.campaign(record["id"])["live"]
        resumable = live["status"] == "paused" and live.get("scheduled_time")
        if (live["status"] == "scheduled" and status != "scheduled") or (resumable and status == "scheduled"):
            self.world.control.edit(record["id"], status=status)

    @rule(key=keys)
    def edited_in_the_dashboard(self, key: str) -> None:
        record = self._recorded().get(key)
        if record and self.world.control.campaign(record["id"])["live"]["status"] in ("scheduled", "paused"):
            self.world.control.edit(record["id"], name="from the dashboard")

    @rule(hours=st.sampled_from((1, 12, 24 * 8)))
    def time_passes(self, hours: int) -> None:
        """Due campaigns are sent. Then the account's clock is ours again, as no other would be accepted."""
        self.world.control.advance(hours * 3600)
        self.world.control.set_clock(stamp(datetime.now(UTC)))

    # ----------------------------------------------------------------------------------- the commands

    @rule()
    def plan(self) -> None:
        """A plan writes nothing, neither to the account nor to the disk."""
        mark, before = self.world.mark(), self._files()
        self.world.run("plan", "--format", "json")
        assert self.world.writes(mark) == []
        assert self._files() == before

    @rule(at=st.floats(0.0, 0.6))
    def killed_apply(self, at: float) -> None:
        """A runner dies at a random point."""
        self._asked()
        process = self.world.start(*self._apply())
        time.sleep(at)
        kill(process)

    @rule(key=keys)
    def halt(self, key: str) -> None:
        if key in self.declared or key in self._recorded():
            self.world.run("halt", key, "--reason", "a wrong price")
            recorded = self._recorded().get(key)
            campaign = recorded["id"] if recorded else ""
            self.halted[key] = campaign, self._sends_of(campaign)

    @precondition(lambda self: self.halted)
    @rule()
    def lift(self) -> None:
        self.world.run("halt", "--lift", "--reason", "the price is right now", status=0)
        self.halted.clear()

    @rule()
    def apply(self) -> None:
        """The account agrees with the manifests afterwards, as far as nothing is blocked."""
        self._asked()
        done = self.world.run(*self._apply())
        while self._resolve():
            done = self.world.run(*self._apply())
        plan = self.world.plan(status=None)
        assert plan["changes"] == [], (plan["changes"], done.out)
        assert self.world.state_or_none is None or self.world.state["pending"] == {}
        blocked = {each["key"] for each in plan["blocked"]}
        self._agree(blocked)

    def _apply(self) -> list[str]:
        lifted = [word for name in GUARDRAILS for word in ("--override", name)]
        return ["apply", "--auto-approve", "--format", "json", *lifted]

    def _asked(self) -> None:
        """A campaign that is declared when an apply begins may be sent."""
        self.asked_for |= {each.name for each in self.declared.values()}
        self.recurring |= {each.name for each in self.declared.values() if each.kind == "weekly"}

    def _resolve(self) -> bool:
        """Resolve a create as a person would, by a look at the account; returns whether there was one."""
        pending = self.world.state["pending"] if self.world.state_or_none else {}
        for key, intent in pending.items():
            found = [
                each["id"]
                for each in self.world.control.campaigns()
                if (made := marker.read(each["live"])) and made.intent == intent["intent"]
            ]
            answer = ["--adopt", intent["id"] or found[0]] if found or intent["id"] else ["--retry"]
            self.world.run("state", "resolve", key, *answer)
        return bool(pending)

    # -------------------------------------------------------------------------------------- the oracle

    def _agree(self, blocked: set[str]) -> None:
        recorded = self._recorded()
        for key, manifest in self.declared.items():
            if key in blocked or key not in recorded:
                continue
            live = self.world.control.campaign(recorded[key]["id"])["live"]
            if live["status"] in ("draft", "scheduled", "paused", "manual", "idle"):
                assert live["name"] == manifest.name, (key, live)
            if manifest.phase != "active":
                assert live["status"] != "scheduled", (key, live)
        for key in recorded.keys() - self.declared.keys() - blocked:
            raise AssertionError(f"{key} is recorded and not declared")
        known = {record["id"] for record in recorded.values()}
        strays = [
            each["live"]
            for each in self.world.control.campaigns()
            if each["id"] not in known and each["live"]["status"] == "scheduled"
        ]
        assert not strays, strays

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        counts = Counter(self.world.sends())
        twice = {name: count for name, count in counts.items() if count > 1 and name not in self.recurring}
        assert not twice, twice

    @invariant()
    def nothing_is_sent_that_nobody_asked_for(self) -> None:
        foreign = set(self.world.sends()) - self.asked_for - {"from the dashboard"}
        assert not foreign, foreign

    def _sends_of(self, campaign: str) -> int:
        return sum(send["campaign_id"] == campaign for send in self.world.control.sends())

    @invariant()
    def what_is_halted_stays_halted(self) -> None:
        recorded = self._recorded()
        for key, (campaign, count) in self.halted.items():
            assert self._sends_of(campaign) == count, key
            now = recorded.get(key)
            assert now is None or now["id"] == campaign, f"{key} was created while it is halted"

    def _recorded(self) -> dict[str, Any]:
        state = self.world.state_or_none
        return dict(state["campaigns"]) if state else {}

    def _files(self) -> dict[str, bytes]:
        folder = self.world.folder / ".campaignctl"
        return {path.name: path.read_bytes() for path in folder.glob("*")} if folder.exists() else {}


def test_no_order_of_events_sends_twice_or_leaves_a_difference() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
