"""`python -m tests.ci.hour`: an hour of a team of four on a stand-in of its host, as a seed decides.

Requests are opened, updated and merged; someone pushes directly, edits in the dashboard or applies on a
laptop; runners are killed and the API fails. After each run of a pipeline everything in the account must have
been approved, nothing may be there twice, and who did nothing wrong must not see a red run.
"""

from __future__ import annotations

import argparse
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from campaignctl.sandbox import Sandbox, Switches
from campaignctl.sandbox.control import Control
from tests.ci import github_api
from tests.ci.book import BY_HAND, HOSTS, Book, Open
from tests.ci.conftest import started
from tests.ci.github_host import GitHub
from tests.ci.gitlab_api import TOKEN, Api, served
from tests.ci.gitlab_host import GitLab
from tests.ci.runner import SECONDS, Ran, processes_on_the_runner
from tests.e2e.harness import sms

FAR = "2036-03-22 10:00:00"
PEOPLE = ("Anna", "Boris", "Ceca", "Dan")
_WAYS = {
    "github": ("merge", "squash", "rebase", "queue"),
    "gitlab": ("merge", "squash", "rebase", "fast-forward", "train"),
}


@dataclass
class Hour(Book):
    """A team at work. `waiting` are the tips whose apply has not run yet, with their requests."""

    open: list[Open] = field(default_factory=list)
    waiting: list[tuple[str, list[Open]]] = field(default_factory=list)
    number: int = 0

    def spend(self, requests: int) -> None:
        """Work until so many requests were opened, and then until everything is applied."""
        while self.done["opened"] < requests:
            self._step()
        while self.open:
            self._merge(self.open[0])
        self._run_waiting()
        self._by_hand()
        self.check_the_end()

    def _step(self) -> None:
        does = self.rng.choices(
            (self._opens, self._merges, self._pushes, self._edits, self._laptop, self._by_hand),
            weights=(50, 30, 5, 5, 6, 4),
        )[0]
        does()

    # ------------------------------------------------------------------------------- requests

    def _opens(self) -> None:
        who, name, text = self.rng.choice(PEOPLE), *self._wish()
        self.number += 1
        if self.rng.random() < 0.1:
            self.team.control.fault({"method": "GET", "times": 1}, {"kind": "status", "status": 503})
        request = self.team.open(f"request-{self.number}", _file(name, text))
        self.team.control.clear_faults()
        self.done["opened"] += 1
        self.said(f"#{self.number} of {who}: {name}, {text or 'removed'}")
        one = Open(request, who, {name: text})
        self.open.append(one)
        self._planned(one)
        if text and self.rng.random() < 0.3:
            one.texts = {name: f"{text}, better"}
            self.team.update(request, _file(name, f"{text}, better"))
            self._planned(one)

    def _planned(self, one: Open) -> None:
        """Its plan was made: whoever reads the comment sees what is in there, whoever wrote it."""
        self.judge("plan", one.who, one.request.jobs[self.job("plan")])
        comment = self.shown(one.request)
        one.shows = tuple(name for name in self.pushed if f"`{name}`" in comment)
        one.edited = frozenset()

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
        how = self.rng.choice(_WAYS[self.host])
        if how == "fast-forward" and self.team.rebase(one.request):
            self._planned(one)
        merged = [one]
        if how == "queue" and len(self.open) > 1:
            merged.append(self.rng.choice([each for each in self.open if each is not one]))
        for each in merged:
            self.team.approve(each.request)
        tip = self._merged(merged, how)
        self.said(f"{how} of {' and '.join(f'{each.request.branch} ({each.texts})' for each in merged)}")
        for each in merged:
            self.done[how] += 1
            self.open.remove(each)
            self.approve({**each.texts, **{name: self.pushed.pop(name, None) for name in each.shows}})
            self.declared |= {name: text for name, text in each.texts.items() if text is not None}
            for name in (name for name, text in each.texts.items() if text is None):
                del self.declared[name]
        self.waiting.append((tip, merged))

    def _merged(self, merged: list[Open], how: str) -> str:
        one = merged[0]
        if how == "queue":
            jobs = self.team.queue(*(each.request for each in merged))
            self.judge("plan in the queue", one.who, jobs[self.job("plan")])
            return str(self.team.merge_queued())
        if how == "train":
            self.team.plan(one.request, train=True)
            self.judge("plan in the train", one.who, one.request.jobs[self.job("plan")])
        return str(self.team.merge(one.request, "merge" if how == "train" else how))

    # ------------------------------------------------------------------------------- applies

    def _run_waiting(self) -> None:
        """The runs of the merges so far, in their order; some runners die, and their runs are repeated."""
        for tip, merged in self.waiting:
            who = merged[0].who
            if self.rng.random() < 0.12:
                self.team.control.clear_requests()
                killed = self.team.pushed(tip, watch=self._killed())[self.job("apply")]
                self.judge("killed apply", who, killed, cause="killed", says_why=False)
                self._unlocked(who, tip)
            if self.rng.random() < 0.12:
                # A create of unknown outcome that can send is never repeated by the run that lost it.
                self.team.control.fault({"method": "POST", "times": 2}, {"kind": "status", "status": 503})
                self.done["API faults"] += 1
                failed = self._apply(tip)
                self.judge("apply with faults", who, failed, cause="API faults")
                self.team.control.clear_faults()
                self._resolved(failed)
            edited = any(each.edited for each in merged)
            cause = "edited in the dashboard" if edited else ""
            self.judge("apply", who, self._apply(tip), cause=cause)
            self.check(f"the apply of {who}")
        self.waiting.clear()

    def _apply(self, tip: str) -> Ran:
        jobs: dict[str, Ran] = self.team.pushed(tip)
        return jobs[self.job("apply")]

    def _killed(self) -> Callable[[str, subprocess.Popen[str]], None]:
        """The runner disappears with every process of the step, a moment after its first write."""

        def watch(step: str, process: subprocess.Popen[str]) -> None:
            if step not in ("Apply", self.job("apply")):
                return
            deadline = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < deadline:
                if any(each["method"] != "GET" for each in self.team.control.requests()):
                    self.done["killed"] += 1
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
            self.judge("apply after a kill", who, told, cause="locked by the killed one")
            self.team.campaignctl("-C", "campaigns", "state", "unlock", lock[1].strip("`"))
        else:
            self._resolved(told)

    def _resolved(self, told: Ran) -> None:
        """Someone looks in the dashboard for creates whose outcome is unknown, and says what is there."""
        for key in sorted(set(re.findall(r"state resolve (\S+) --retry", told.log))):
            there = [each["id"] for each in self.live() if each["live"]["name"] == key]
            what = ("--adopt", str(there[0])) if there else ("--retry",)
            self.said(f"state resolve {key} {' '.join(what)}")
            self.team.campaignctl("-C", "campaigns", "state", "resolve", key, *what)
            self.done["resolved"] += 1

    # ------------------------------------------------------------------------------- past the requests

    def _pushes(self) -> None:
        """Someone pushes to the applied branch, without a review."""
        name, text = f"c{self.number:03}", "not reviewed"
        self.number += 1
        self._run_waiting()
        self.team.push(_file(name, text))
        jobs = self.team.pushed()
        self.declared[name] = self.pushed[name] = text
        self.done["direct pushes"] += 1
        self.judge("apply of a direct push", "Dan", jobs[self.job("apply")], cause="a direct push")
        self.check("a direct push")

    def _edits(self) -> None:
        """Someone edits a campaign in the dashboard: no change of it that was planned before fits."""
        live = [each for each in self.live() if each["live"]["status"] == "scheduled"]
        if not live:
            return
        one = self.rng.choice(live)
        name = one["live"]["name"]
        self.team.control.edit(one["id"], description=BY_HAND)
        self.done["edits"] += 1
        self.said(f"edit of {name}")
        for each in [*self.open, *(each for _, merged in self.waiting for each in merged)]:
            each.edited |= {name for known, text in each.texts.items() if known == name and text}

    def _laptop(self) -> None:
        """Someone looks at the branch on a laptop, or applies it after reading the plan."""
        words = self.rng.choice((["plan"], ["status"], ["validate"], ["apply", "--auto-approve"]))
        self.team.git("checkout", "--quiet", self.team.main)
        if words[0] == "apply":
            self._run_waiting()
            self.approve_all()
        self.team.campaignctl("-C", "campaigns", *words, status=None)
        self.said(f"{words[0]} on a laptop")
        self.done["laptop"] += 1
        self.check("a laptop")

    def _by_hand(self) -> None:
        """A manual run, whose plan a person reads and approves: everything that is on the branch."""
        self._run_waiting()
        jobs = self.team.dispatched() if isinstance(self.team, GitHub) else self.team.by_hand()
        self.done["by hand"] += 1
        self.approve_all()
        for job in ("plan", "by hand"):
            if self.job(job) in jobs:
                self.judge(f"manual {job}", "Anna", jobs[self.job(job)])
        self.check("a manual run")


def _file(name: str, text: str | None) -> dict[str, str | None]:
    """The manifest of a campaign with this text; None removes it."""
    return {f"campaigns/{name}.yaml": text and sms(name, scheduled_time=FAR, description=text)}


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
    parser.add_argument("--host", choices=HOSTS, default="github")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        hour(asked.host, Path(folder), asked.seed, lambda text: _say(text, sys.stderr)) as one,
    ):
        one.spend(asked.requests)
    took = f"{time.monotonic() - began:.0f} s, {sum(os.times()[:4]):.0f} s of CPU time"
    _say(f"{asked.host}, seed {asked.seed}: {dict(one.done)}, {len(one.reds)} red, {took}")
    for (what, cause), count in sorted(Counter((red.what, red.cause) for red in one.reds).items()):
        _say(f"  red: {what} ({cause or 'nothing wrong'}): {count}")
    _say("\n".join(one.wrong))
    return bool(one.wrong)


def _say(text: str, to: TextIO = sys.stdout) -> None:
    print(text, file=to, flush=True)


if __name__ == "__main__":
    sys.exit(main())
