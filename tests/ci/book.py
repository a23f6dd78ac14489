"""The book of an hour: what was approved, what is on the branch, and what must hold after each run."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.ci.github_host import GitHub
from tests.ci.runner import Ran

#: What someone writes into a campaign in the dashboard.
BY_HAND = "by hand"
_JOBS = {
    "github": {"plan": "plan", "apply": "apply", "by hand": "apply-this-plan"},
    "gitlab": {"plan": "campaigns:plan", "apply": "campaigns:apply", "by hand": "campaigns:apply-this-plan"},
}
HOSTS = sorted(_JOBS)
# A red run says what is wrong, and names a command, a job or a setting that goes on from there.
_CAUSE = re.compile(
    r"::error|^error: |^### Outcome: (?:Incomplete|Refused|Interrupted)|Blocked|Guardrail|Drift", re.MULTILINE
)
_WAY_OUT = re.compile(r"hint: |campaignctl |Run workflow|Run pipeline|Show them in one|again")
_CHANGED = "was changed in the account since the reviewed plan was made"


@dataclass(frozen=True)
class Red:
    """A red run: what ran, whose it was, and its cause: nothing if who is red did nothing wrong."""

    what: str
    who: str
    cause: str
    log: str


@dataclass
class Open:
    """An open request and what it makes of its campaigns: texts by name; None removes one. `shows` are the
    campaigns of direct pushes in its plan, `edited` those of its own that someone edited since."""

    request: Any
    who: str
    texts: Mapping[str, str | None]
    shows: tuple[str, ...] = ()
    edited: frozenset[str] = frozenset()


@dataclass
class Book:
    """What was approved, what is declared on the branch, what was pushed to it without a review and not
    approved since, and what went wrong."""

    team: Any
    host: str
    rng: random.Random
    said: Callable[[str], None] = lambda text: None
    declared: dict[str, str] = field(default_factory=dict)
    approved: set[tuple[str, str]] = field(default_factory=set)
    pushed: dict[str, str] = field(default_factory=dict)
    reds: list[Red] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def job(self, which: str) -> str:
        """The name of a job on this host."""
        return _JOBS[self.host][which]

    def shown(self, request: Any) -> str:
        """The comment with the plan of a request."""
        texts = self.team.comments(request) if isinstance(self.team, GitHub) else self.team.notes(request)
        return str(texts[0])

    def judge(self, what: str, who: str, ran: Ran, *, cause: str = "", says_why: bool = True) -> None:
        """Take note of a run. `cause` is why it may be red, if it may; `says_why`: it lived to say so."""
        self.done["runs"] += 1
        self.said(f"{what} of {who}: {ran.result}")
        if ran.result in ("success", "skipped"):
            return
        text = f"{ran.log}\n{ran.summary}"
        self.reds.append(Red(what, who, cause, text))
        if not cause:
            self.wrong.append(f"red for {who}, who did nothing wrong: {what}\n{text[-3000:]}")
        if says_why and not (_CAUSE.search(text) and _WAY_OUT.search(text)):
            self.wrong.append(f"a red run without a cause or a way out: {what} of {who}\n{text[-3000:]}")
        if cause == "edited in the dashboard" and _CHANGED not in text:
            self.wrong.append(f"a red run that does not name the edit: {what} of {who}\n{text[-3000:]}")

    def approve(self, texts: Mapping[str, str | None]) -> None:
        """Someone has read these changes and agreed."""
        self.approved |= {(name, text) for name, text in texts.items() if text is not None}

    def approve_all(self) -> None:
        """Someone has read everything that is on the branch and agreed."""
        self.approve(self.declared)
        self.pushed.clear()

    def live(self) -> list[Mapping[str, Any]]:
        """The campaigns that are there, with their ids."""
        return [each for each in self.team.control.campaigns() if each["live"]["status"] != "canceled"]

    def check(self, after: str) -> None:
        """What must hold at any time: nothing is there twice, and everything that is there was approved."""
        alive = [each["live"] for each in self.live()]
        names = Counter(each["name"] for each in alive)
        self.wrong += [f"after {after}: {name} is there {n} times" for name, n in names.items() if n > 1]
        for live in alive:
            text = live.get("description")
            if text != BY_HAND and (live["name"], text) not in self.approved:
                self.wrong.append(f"after {after}: {live['name']} ({text}) was not approved")

    def check_the_end(self) -> None:
        """Branch, state and account agree."""
        self.check("the end")
        there = {each["live"]["name"]: each["live"].get("description") for each in self.live()}
        if there != self.declared:
            self.wrong.append(f"declared {self.declared}, live {there}")
        plan = json.loads(self.team.campaignctl("-C", "campaigns", "plan", "--format", "json", status=None))
        if plan["changes"] or plan["blocked"] or plan["drift"]:
            self.wrong.append(
                f"state and account do not agree: {plan['changes']} {plan['blocked']} {plan['drift']}"
            )
