"""An API that answers what a test sets: pages of a list, campaigns by id; a state in memory; and what was
asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import httpx

from campaignctl.api.client import OcambaApi
from campaignctl.errors import CampaignctlError, LockLost, StateNotSaved
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import Opening, Scan
from campaignctl.reconciler.ports import Backend, Session
from campaignctl.reconciler.run import Run, Wiring
from campaignctl.review.outcome import Event
from campaignctl.state.halts import Halts
from campaignctl.state.model import Entry, LockInfo, State
from tests.api.simulated import SimulatedTime, client
from tests.plan.planning import NOW
from tests.reconciler.account import Clock

URL = "https://api.ocamba.com"

PROJECT = Project("acme", "/project", id="5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60")

Item = Mapping[str, Any]
Shown = Item | int | None


@dataclass
class Script:
    """The list, newest first, in pages; what reads by id show, if not the items of the list; None is gone,
    a status is refused, and of several each read shows the next, and the last one again and again.

    `repeats`: pages past the end are the last one again. `claims`: how many campaigns the list says it has.
    `dated`: answers have the time, a second later each. Writes are answered with nothing, a create with the
    campaign `created`, of several with the next one, or refused with the status in `refuses`; the API `says`
    why.
    """

    items: Sequence[Item] = ()
    by_id: Mapping[str, Shown | list[Shown]] = field(default_factory=dict)
    refuses: Mapping[str, int] = field(default_factory=dict)
    created: Item | list[Item] = field(default_factory=dict)
    says: str = ""
    size: int = 100
    total: bool = True
    claims: int = 0
    repeats: bool = False
    dated: bool = True
    asked: list[str] = field(default_factory=list)
    time: SimulatedTime = field(default_factory=lambda: SimulatedTime(start=NOW))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        word = request.url.path.rsplit("/", 1)[-1]
        if request.method != "GET":
            name = "update" if request.method == "PATCH" else "create" if word == "campaigns" else word
            self.asked.append(name)
            if name in self.refuses:
                return httpx.Response(self.refuses[name], json={"message": self.says} if self.says else {})
            if name == "create":
                made = self.created.pop(0) if isinstance(self.created, list) else self.created
                return httpx.Response(201, json=made)
            return httpx.Response(204)
        if word != "campaigns":
            self.asked.append(word)
            found = self._shown(word)
            status = found if isinstance(found, int) else 200 if found else 404
            return httpx.Response(status, json=found if status == 200 else {})
        number = int(request.url.params["page"].partition(",")[0])
        live = "live " if "status" in request.url.params else ""
        self.asked.append(f"{live}page {number}")
        if self.repeats:
            number = min(number, -(-len(self.items) // self.size))
        page = self.items[(number - 1) * self.size : number * self.size]
        shown = {"items": page, **({"total": self.claims or len(self.items)} if self.total else {})}
        time = NOW + timedelta(seconds=len(self.asked) - 1)
        dated = {"date": f"{time:%a, %d %b %Y %H:%M:%S} GMT"} if self.dated else {}
        return httpx.Response(200, json=shown, headers=dated)

    def _shown(self, campaign_id: str) -> Shown:
        known: Mapping[str, Item] = {str(each["id"]): each for each in self.items}
        found = self.by_id.get(campaign_id, known.get(campaign_id))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    @contextmanager
    def api(self) -> Iterator[OcambaApi]:
        """A client of it."""
        transport = httpx.MockTransport(self.answer)
        with client(URL, self.time, trusted_url=URL, transport=transport) as found:
            yield found


@dataclass
class Kept:
    """A state in memory, with its lock and stop mark, and each step that was recorded. `fails` is raised by
    every step, `lost` by whatever checks the lock; `full_after` this many steps none can be saved any more.
    `on_step` is called after each, `unreleased` raised by the first release of the lock."""

    state: State | None = None
    mark: Halts = field(default_factory=Halts)
    location: str = "here"
    steps: list[Entry] = field(default_factory=list)
    fails: CampaignctlError | None = None
    lost: CampaignctlError | None = None
    full_after: int | None = None
    on_step: Callable[[], object] = lambda: None
    unreleased: CampaignctlError | None = None
    place: str | None = None
    locks: list[str] = field(default_factory=list)
    companions: int = 1
    taken_over: LockInfo | None = None

    def read(self) -> State | None:
        return self.state

    def halts(self) -> Halts:
        return self.mark

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        self.mark = change(self.mark)
        return self.mark

    def acquire(self, operation: str, _timeout: timedelta) -> Session:
        self.locks.append(operation)
        return cast(Session, self)

    def release(self) -> None:
        self.locks.append("released")
        why, self.unreleased = self.unreleased, None
        if why is not None:
            raise why

    def check(self) -> None:
        if self.lost is not None:
            raise self.lost

    def retire(self, place: str) -> None:
        self.place = place

    def write(self, state: State) -> None:
        self._check_saved()
        self.state = state

    def convert(self, state: State) -> None:
        self.write(state)

    def _check_saved(self) -> None:
        if isinstance(self.lost, LockLost):
            raise self.lost
        if self.full_after is not None and len(self.steps) >= self.full_after:
            raise StateNotSaved("the disk is full")
        if self.fails is not None:
            raise self.fails

    def append(self, entry: Entry) -> None:
        self._check_saved()
        assert self.state is not None
        self.steps.append(entry)
        self.state = self.state.after(entry)
        self.on_step()


@dataclass
class Direct:
    """What a function of the reconciler works with, without an apply around it."""

    script: Script
    kept: Kept
    wiring: Wiring
    said: list[str]
    heard: list[Event]

    def run(self, *opening: Any, company: str | None = None) -> Run:
        """A run whose opening read saw these campaigns."""
        return Run(self.wiring, cast(Session, self.kept), Opening(Scan(tuple(opening), None), company))

    @property
    def state(self) -> State:
        assert self.kept.state is not None
        return self.kept.state


@contextmanager
def direct(
    state: State | None, script: Script | None = None, project: Project = PROJECT, **wiring: Any
) -> Iterator[Direct]:
    """A wiring with a scripted API and this state in memory."""
    script, said, heard = script or Script(), list[str](), list[Event]()

    def hear(event: Event) -> None:
        said.append(event.text)
        heard.append(event)

    kept = Kept(state)
    project = replace(project, api=replace(project.api, url=URL))
    with script.api() as api:
        yield Direct(
            script,
            kept,
            Wiring(
                project,
                cast(Backend, kept),
                **{"parallelism": 1, "tool_version": "1", **wiring},
                api=api,
                clock=Clock(script.time),
                on_event=hear,
            ),
            said,
            heard,
        )
