"""One account in the sandbox, one state on disk, and how an apply changes both; waiting takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from campaignctl.api.client import OcambaApi
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import codec, shape
from campaignctl.plan.model import Options, Plan
from campaignctl.project.model import Project
from campaignctl.reconciler.apply import apply, apply_saved
from campaignctl.reconciler.halt import halt
from campaignctl.reconciler.halt_targets import Order
from campaignctl.reconciler.lift import lift
from campaignctl.reconciler.plan import plan
from campaignctl.reconciler.ports import Backend, Elsewhere
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.state_ops import Answer, resolve
from campaignctl.review.halt import HaltOutcome, LiftOutcome
from campaignctl.review.outcome import ChangeResult, Event, Outcome
from campaignctl.sandbox import Control
from campaignctl.state.model import State
from tests.api.simulated import SimulatedTime, client
from tests.backends.local_place import LocalPlace
from tests.plan.planning import Spec, wanted
from tests.reconciler.wire import Wire

Approve = Callable[[Plan], bool]

PUSH = {
    "channel": "push",
    "name": "m",
    "push": {"title": {"en": "Hi"}, "body": {"en": "There"}, "landing_url": "https://example.com"},
}


def campaign(name: str, **fields: Any) -> Spec:
    """A manual campaign as the API takes it, with these fields set."""
    content = {"title": {"en": "Hi"}, "body": {"en": name}, "landing_url": "https://example.com"}
    return {"name": name, "messages": [{**PUSH, "push": content}], **fields}


AB_TEST = {
    "test_split": 30,
    "winning_metric": "click_rate",
    "evaluation_window": "1D",
    "winner_delivery_mode": "manual",
}
TWO_MESSAGES = [{**PUSH, "name": "one"}, {**PUSH, "name": "two"}]


def split_test(name: str = "Test", **fields: Any) -> Spec:
    """An A/B test of two messages whose winner a person sets."""
    return campaign(name, **{"messages": TWO_MESSAGES, "ab_test": AB_TEST, **fields})


class Killed(BaseException):
    """The process ends here."""


def only(outcome: Outcome) -> ChangeResult:
    """The result of the only change."""
    (result,) = outcome.changes
    return result


def yes(_plan: Plan) -> bool:
    """Approve every plan."""
    return True


@dataclass(frozen=True)
class Clock:
    """The clock of a run, in simulated time; `wrong` is by how much this machine's differs."""

    time: SimulatedTime
    wrong: timedelta = timedelta(0)
    numbers: count[int] = field(default_factory=count)

    def now(self) -> datetime:
        return self.time.now() + self.wrong

    def new_id(self) -> str:
        return f"{next(self.numbers):016x}"

    def wait(self, duration: timedelta) -> None:
        self.time.sleep(duration.total_seconds())

    def breakable(self) -> AbstractContextManager[None]:
        return nullcontext()

    @property
    def interrupted(self) -> bool:
        return self.time.is_interrupted()


@dataclass
class Account:
    """What a test declares and applies, and what it finds afterwards."""

    api: OcambaApi
    control: Control
    place: LocalPlace
    clock: Clock
    project: Project
    specs: dict[str, Spec] = field(default_factory=dict)
    lifecycles: dict[str, Lifecycle] = field(default_factory=dict)
    adopts: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    on_event: Callable[[Event], None] | None = None
    on_wire: Wire | None = None
    backend: Backend | None = None
    elsewhere: Elsewhere = lambda _remote: {}
    moved: dict[str, str] = field(default_factory=dict)
    broken: bool = False

    @property
    def wire(self) -> Wire:
        """The network, if this account has one of its own."""
        assert self.on_wire is not None
        return self.on_wire

    @contextmanager
    def on_another_machine(self, wrong: timedelta) -> Iterator[Account]:
        """The same on another machine, whose clock is wrong by this much; it has had no answer yet."""
        time = SimulatedTime(start=self.clock.now() + wrong)
        with client(self.project.api.url, time) as api:
            yield replace(self, api=api, clock=Clock(time), events=[])

    @property
    def wiring(self) -> Wiring:
        backend = self.backend or self.place.backend()
        events = self.on_event or self.events.append
        return Wiring(
            self.project,
            backend,
            self.api,
            self.clock,
            events,
            "0.1.0",
            elsewhere=self.elsewhere,
            parallelism=1,
        )

    @property
    def desired(self) -> DesiredState:
        campaigns = {
            key: wanted(
                spec,
                key,
                lifecycle=self.lifecycles.get(key),
                adopt=self.adopts.get(key),
                moved_from=tuple(filter(None, [self.moved.get(key)])),
            )
            for key, spec in self.specs.items()
        }
        return DesiredState(self.project, campaigns, "sha256:project")

    @property
    def state(self) -> State:
        state = self.place.backend().read()
        assert state is not None
        return state

    def apply(self, approve: Approve = yes, **options: Any) -> Outcome:
        return apply(self.wiring, self.desired, Options(**options), approve)

    def outcomes(self, approve: Approve = yes, **options: Any) -> dict[str, str]:
        """The outcome of each key."""
        return {result.key: result.outcome for result in self.apply(approve, **options).changes}

    def halt(
        self, *keys: str, reason: str = "wrong price", account: bool = False, cancel: bool = False
    ) -> HaltOutcome:
        """Halt these keys or patterns, or everything."""
        order = Order(keys or None, reason, account, cancel)
        return halt(self.wiring, order, lambda: self.declared)

    def lift(self, *keys: str) -> LiftOutcome:
        """Lift the halt of these keys or patterns, or of everything."""
        return lift(self.wiring, keys or None, "fixed", lambda: self.declared)

    @property
    def declared(self) -> Mapping[str, DesiredCampaign] | None:
        """What a halt reads of the manifests."""
        return None if self.broken else self.desired.campaigns

    def status_of(self, key: str) -> str:
        """The live status of a recorded campaign."""
        return str(self.control.campaign(self.id_of(key))["live"]["status"])

    def writes(self, after: int = 0) -> list[str]:
        """Each write by the last word of its path, creates by their name."""
        return [
            request["body"]["name"] if request["path"].endswith("/campaigns") else _operation(request)
            for request in self.control.requests(after)
            if request["method"] != "GET"
        ]

    @property
    def mark(self) -> int:
        """The number of the last request."""
        return max((request["n"] for request in self.control.requests()), default=0)

    def live(self, key: str) -> dict[str, Any]:
        """The campaign of a key as a read by id shows it."""
        live: dict[str, Any] = self.control.campaign(self.id_of(key))["live"]
        return live

    def resolve(self, key: str, answer: Answer, **more: Any) -> str:
        return resolve(self.wiring, key, answer, **more)

    def active(self) -> None:
        """Declare everything active."""
        self.lifecycles.clear()

    def apply_saved(self, plan: Plan) -> Outcome:
        """Apply a plan as its file holds it."""
        return apply_saved(self.wiring, codec.decode(codec.dumps(plan)))

    def plan(self, **options: Any) -> Plan:
        """The plan, whose changes agree with their own requests."""
        made = plan(self.wiring, self.desired, Options(**options))
        shape.check(codec.decode(codec.dumps(made)), self.project)
        return made

    def id_of(self, key: str) -> str:
        return self.state.campaigns[key].id

    def guarded(self, **settings: Any) -> None:
        """Set guardrails of the project."""
        self.project = replace(self.project, guardrails=replace(self.project.guardrails, **settings))

    def settled_by(self, **settings: Any) -> None:
        """Set how unknown outcomes are settled."""
        settle = replace(self.project.api.settle, **settings)
        self.project = replace(self.project, api=replace(self.project.api, settle=settle))


def _operation(request: dict[str, Any]) -> str:
    return "update" if request["method"] == "PATCH" else str(request["path"]).rsplit("/", 1)[-1]
