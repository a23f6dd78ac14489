"""`python -m tests.ci.hour`: an hour of a team of four on a stand-in of its host, as a seed decides.

Requests are opened, updated and merged; somebody pushes directly, edits in the dashboard or plans on a
laptop; runners are killed and the API fails. After each run of a pipeline everything in the account must have
been approved, nothing may be there twice, and who did nothing wrong must not see a red run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.ci import github_api
from tests.ci.conftest import started
from tests.ci.github_host import GitHub
from tests.ci.gitlab_api import TOKEN, Api, served
from tests.ci.gitlab_host import GitLab
from tests.ci.runner import SECONDS, Ran, processes_on_the_runner
from tests.e2e.harness import sms

FAR = "2036-03-22 10:00:00"
PEOPLE = ("Anna", "Boris", "Ceca", "Dan")
_JOBS = {
    "github": {"plan": "plan", "apply": "apply", "by hand": "apply-this-plan"},
    "gitlab": {"plan": "campaigns:plan", "apply": "campaigns:apply", "by hand": "campaigns:apply-this-plan"},
}
# A red run says what is wrong, and names a command, a job or a setting that goes on from there.
_CAUSE = re.compile(
    r"::error|^error: |^### Outcome: (?:Incomplete|Refused|Interrupted)|Blocked|Guardrail|Drift", re.MULTILINE
)
_WAY_OUT = re.compile(r"hint: |campaignctl |Run workflow|Run pipeline|Show them in one|again")


@dataclass(frozen=True)
class Red:
    """A red run: what ran, whose it was, whether they did something wrong, and its log."""

    what: str
    who: str
    innocent: bool
    log: str


@dataclass
class Open:
    """An open request and what it makes of its campaigns: texts by name; None removes one."""

    request: Any
    who: str
    texts: Mapping[str, str | None]


@dataclass
class Hour:
    """The team's book: what was approved, what is on the branch, and what went wrong."""

    team: Any
    host: str
    rng: random.Random
    said: Callable[[str], None] = lambda text: None
    declared: dict[str, str] = field(default_factory=dict)
    approved: set[tuple[str, str]] = field(default_factory=set)
    pushed: dict[str, str] = field(default_factory=dict)
    open: list[Open] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    reds: list[Red] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    number: int = 0
    edited: bool = False

    def spend(self, requests: int) -> None:
        """Work until so many requests were opened, and then until everything is applied."""
        while self.done["opened"] < requests:
            self._step()
        for each in list(self.open):
            self._merge(each)
        self._run_waiting()
        self._by_hand()
        self._check("the end", at_the_end=True)

    # ------------------------------------------------------------------------------- what people do

    def _step(self) -> None:
        does = self.rng.choices(
            (self._opens, self._merges, self._pushes, self._edits, self._laptop, self._by_hand),
            weights=(50, 30, 5, 5, 6, 4),
        )[0]
        does()

    def _opens(self) -> None:
        who, name, text = self.rng.choice(PEOPLE), *self._wish()
        self.number += 1
        faulty = self.rng.random() < 0.1
        if faulty:
            self.team.control.fault({"method": "GET", "times": 1}, {"kind": "status", "status": 503})
        request = self.team.open(
            f"request-{self.number}", {f"campaigns/{name}.yaml": text and _text(name, text)}
        )
        self.team.control.clear_faults()
        self.done["opened"] += 1
        self.said(f"#{self.number} of {who}: {name}, {text or 'removed'}")
        self._judge("plan", who, request.jobs[self._job("plan")], innocent=True)
        one = Open(request, who, {name: text})
        self.open.append(one)
        if text and self.rng.random() < 0.3:
            one.texts = {name: f"{text}, better"}
            self.team.update(request, {f"campaigns/{name}.yaml": _text(name, f"{text}, better")})
            self._judge("plan", who, request.jobs[self._job("plan")], innocent=True)

    def _wish(self) -> tuple[str, str | None]:
        """A campaign that no open request touches, and its new text."""
        free = sorted(
            self.declared.keys() - {name for each in self.open for name in each.texts} - self.pushed.keys()
        )
        kind = self.rng.choices(("new", "edited", "removed"), weights=(60, 28, 12))[0]
        if kind == "new" or not free:
            return f"c{self.number:03}", f"text {self.number}"
        name = self.rng.choice(free)
        return name, f"text {self.number}" if kind == "edited" else None

    def _merges(self) -> None:
        if self.open:
            self._merge(self.rng.choice(self.open))
        if self.rng.random() < 0.8:
            self._run_waiting()

    def _merge(self, one: Open) -> None:
        how = self.rng.choice(("merge", "squash", "rebase"))
        self.team.approve(one.request)
        tip = self.team.merge(one.request, how)
        self.open.remove(one)
        self.done[how] += 1
        self.said(f"{how} of {one.request.branch}: {one.texts}")
        for name, text in one.texts.items():
            if text is None:
                del self.declared[name]
            else:
                self.declared[name] = text
                self.approved.add((name, text))
        self.waiting.append((tip, one.who))

    def _run_waiting(self) -> None:
        """The runs of the merges so far, in their order; some runners die, and their runs are repeated."""
        for tip, who in self.waiting:
            if self.rng.random() < 0.12:
                self.team.control.clear_requests()
                killed = self.team.pushed(tip, watch=self._killed())[self._job("apply")]
                self.done["killed"] += 1
                self._judge("killed apply", who, killed, innocent=False, says_why=False)
                self._unlocked(who, tip)
            if self.rng.random() < 0.12:
                # A create of unknown outcome that can send is never repeated by the run that lost it.
                self.team.control.fault({"method": "POST", "times": 2}, {"kind": "status", "status": 503})
                self.done["API faults"] += 1
                self._judge("apply with faults", who, self._apply(tip), innocent=False)
                self.team.control.clear_faults()
            self._judge("apply", who, self._apply(tip), innocent=True)
            self._check(f"the apply of {who}")
        self.waiting.clear()

    def _apply(self, tip: str) -> Ran:
        jobs: dict[str, Ran] = self.team.pushed(tip)
        return jobs[self._job("apply")]

    def _killed(self) -> Callable[[str, subprocess.Popen[str]], None]:
        """The runner disappears with every process of the step, a moment after its first write."""

        def watch(step: str, process: subprocess.Popen[str]) -> None:
            if step not in ("Apply", self._job("apply")):
                return
            deadline = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < deadline:
                if any(each["method"] == "POST" for each in self.team.control.requests()):
                    break
                time.sleep(0.02)
            for each in processes_on_the_runner(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)

        return watch

    def _unlocked(self, who: str, tip: str) -> None:
        """The next run names the lock that a killed runner left, and how to break it."""
        told = self._apply(tip)
        if lock := re.search(r"campaignctl (?:-C \S+ )?state unlock (\S+?)`?$", told.log, re.MULTILINE):
            self._judge("apply after a kill", who, told, innocent=False)
            self.team.campaignctl("-C", "campaigns", "state", "unlock", lock[1].strip("`"))

    def _pushes(self) -> None:
        """Somebody pushes to the applied branch, without a review."""
        self.number += 1
        name, text = f"c{self.number:03}", "not reviewed"
        self._run_waiting()
        self.team.push({f"campaigns/{name}.yaml": _text(name, text)})
        jobs = self.team.pushed()
        self.declared[name] = self.pushed[name] = text
        self.done["direct pushes"] += 1
        self._judge("apply of a direct push", "Dan", jobs[self._job("apply")], innocent=False)
        self._check("a direct push")

    def _edits(self) -> None:
        """Somebody edits a campaign in the dashboard."""
        live = [each for each in self.team.control.campaigns() if each["live"]["status"] == "scheduled"]
        if live:
            one = self.rng.choice(live)
            self.team.control.edit(one["id"], description="by hand")
            self.said(f"edit of {one['live']['name']}")
            self.edited = True
            self.done["edits"] += 1

    def _laptop(self) -> None:
        self.team.git("checkout", "--quiet", self.team.main)
        self.team.campaignctl(
            "-C", "campaigns", *self.rng.choice((["plan"], ["status"], ["validate"])), status=None
        )
        self.done["laptop"] += 1

    def _by_hand(self) -> None:
        """A manual run, whose plan a person reads and approves: everything that is on the branch."""
        self._run_waiting()
        jobs = self.team.dispatched() if isinstance(self.team, GitHub) else self.team.by_hand()
        self.done["by hand"] += 1
        self.approved |= set(self.declared.items())
        self.pushed.clear()
        self.edited = False
        for job in ("plan", "by hand"):
            if self._job(job) in jobs:
                self._judge(f"manual {job}", "Anna", jobs[self._job(job)], innocent=True)
        self._check("a manual run")

    # ------------------------------------------------------------------------------- what must hold

    def _job(self, which: str) -> str:
        return _JOBS[self.host][which]

    def _judge(self, what: str, who: str, ran: Ran, *, innocent: bool, says_why: bool = True) -> None:
        self.done["runs"] += 1
        self.said(f"{what} of {who}: {ran.result}")
        if ran.result in ("success", "skipped"):
            return
        text = f"{ran.log}\n{ran.summary}"
        self.reds.append(Red(what, who, innocent, text))
        if innocent:
            self.wrong.append(f"red for {who}, who did nothing wrong: {what}\n{text[-3000:]}")
        if says_why and not (_CAUSE.search(text) and _WAY_OUT.search(text)):
            self.wrong.append(f"a red run without a cause or a way out: {what} of {who}\n{text[-3000:]}")

    def _check(self, after: str, *, at_the_end: bool = False) -> None:
        alive = [
            each["live"] for each in self.team.control.campaigns() if each["live"]["status"] != "canceled"
        ]
        names = Counter(each["name"] for each in alive)
        self.wrong += [f"after {after}: {name} is there {n} times" for name, n in names.items() if n > 1]
        for live in alive:
            text = live.get("description")
            if text != "by hand" and (live["name"], text) not in self.approved:
                self.wrong.append(f"after {after}: {live['name']} ({text}) was not approved")
        if at_the_end:
            if sorted(names) != sorted(self.declared):
                self.wrong.append(f"declared {sorted(self.declared)}, live {sorted(names)}")
            plan = json.loads(
                self.team.campaignctl("-C", "campaigns", "plan", "--format", "json", status=None)
            )
            if plan["changes"] or plan["blocked"] or plan["drift"]:
                self.wrong.append(
                    f"state and account do not agree: {plan['changes']} {plan['blocked']} {plan['drift']}"
                )


def _text(name: str, text: str) -> str:
    return sms(name, scheduled_time=FAR, description=text)


@contextmanager
def hour(
    host: str, folder: Path, seed: int, said: Callable[[str], None] = lambda text: None
) -> Iterator[Hour]:
    """A team that is about to begin."""
    with ExitStack() as ends:
        sandbox = ends.enter_context(Sandbox(switches=Switches(rate_per_second=0, rate_per_minute=0)))
        control = Control(sandbox.url)
        team: GitHub | GitLab
        if host == "github":
            team = GitHub(folder, control, sandbox.url)
            rules = [{"type": "required_reviewers", "reviewers": [{"type": "User"}]}]
            team.save({**team.load(), "environments": {"campaigns": {"protection_rules": rules}}})
        else:
            team = GitLab(folder, control, sandbox.url)
            team.secrets["CAMPAIGNS_TOKEN"] = TOKEN
            team.api = Api(team.hub / "artifacts")
        started(team, host)
        team.address = ends.enter_context(
            served(team.api) if isinstance(team, GitLab) else github_api.served(team.api)
        )
        yield Hour(team, host, random.Random(seed), said)


def main() -> int:
    """Spend an hour, and print what happened; 1 if anything that must hold did not."""
    parser = argparse.ArgumentParser("python -m tests.ci.hour", description=__doc__)
    parser.add_argument("--host", choices=sorted(_JOBS), default="github")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        hour(asked.host, Path(folder), asked.seed, lambda text: _say(text, sys.stderr)) as one,
    ):
        one.spend(asked.requests)
    took = time.monotonic() - began
    _say(f"{asked.host}, seed {asked.seed}: {dict(one.done)}, {len(one.reds)} red, {took:.0f} s")
    for red in one.reds:
        _say(f"  red: {red.what} of {red.who}")
    _say("\n".join(one.wrong))
    return bool(one.wrong)


def _say(text: str, to: TextIO = sys.stdout) -> None:
    print(text, file=to, flush=True)


if __name__ == "__main__":
    sys.exit(main())
