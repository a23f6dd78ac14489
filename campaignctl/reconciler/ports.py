"""What the reconciler needs from the world: a keeper of the state, and the account's API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from campaignctl.campaign.live import Live, Page
from campaignctl.plan.request import Request
from campaignctl.state.halts import Halts
from campaignctl.state.model import Entry, LockInfo, State

Before = Callable[[], None]


def nothing() -> None:
    """What runs before a write that needs no last look."""


class Session(Protocol):
    """A state that we hold the lock of.

    Every write checks the lock first and raises `LockLost` when it is no longer ours, `StateNotSaved`
    when it could not be made durable. When a call returns, what it wrote survives a power cut.
    """

    @property
    def lock(self) -> LockInfo:
        """Our lock."""
        ...

    @property
    def taken_over(self) -> LockInfo | None:
        """The lock of a dead holder that we took over, if we did."""
        ...

    @property
    def state(self) -> State | None:
        """The state with every step so far, or None where there is none yet."""
        ...

    @property
    def companions(self) -> int:
        """How many steps had better be under way together for each request that is: 1 where a step is
        durable at once, more where each waits for a far place and many go there together."""
        ...

    def check(self) -> None:
        """Raise `LockLost` unless the lock is still ours. Cheap: called before every request."""
        ...

    def write(self, state: State) -> None:
        """Replace the whole state durably, keep the previous one as backup, and start a new journal."""
        ...

    def retire(self, place: str) -> None:
        """Leave only a note that the state lives in `place` now: whoever reads it gets `StateMoved`."""
        ...

    def append(self, entry: Entry) -> None:
        """Add one step to the journal durably. Safe to call from several threads."""
        ...

    def release(self) -> None:
        """Fold the journal into the state and give the lock back. Safe to call twice."""
        ...


class Access(Protocol):
    """Whether a place takes writes from here."""

    @property
    def allowed(self) -> bool:
        """Whether it does, as far as that can be told."""
        ...

    @property
    def way(self) -> str:
        """How a write gets there: `push` or `file`."""
        ...

    @property
    def found(self) -> str:
        """What was seen, in one line."""
        ...

    @property
    def mend(self) -> str:
        """What to do where it does not."""
        ...


class Keeping(Protocol):
    """What lies beside a state, seen without changing anything."""

    @property
    def left_journal(self) -> bool:
        """Whether there are steps that no process works on: the next write folds them in."""
        ...

    @property
    def backup(self) -> str | None:
        """Where the previous state is, if there is one."""
        ...

    @property
    def exposed(self) -> tuple[str, ...] | None:
        """What others than its owner may read or write; None where the state is as readable as its place."""
        ...

    @property
    def access(self) -> Access | None:
        """Whether the place takes writes from here; None where nothing but a write would tell."""
        ...

    @property
    def lock(self) -> LockInfo | None:
        """The lock, if there is one, whether its holder lives or not."""
        ...

    @property
    def holder_lives(self) -> bool | None:
        """Whether the lock's holder does; None where that cannot be told from here."""
        ...


class Backend(Protocol):
    """Where the state of one environment lives."""

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        ...

    def read(self) -> State | None:
        """The state with its journal folded in; takes no lock and writes nothing.

        Raises `StateDamaged` or `StateTooNew`.
        """
        ...

    def acquire(self, operation: str, timeout: timedelta) -> Session:
        """Take the lock, waiting up to `timeout`. Raises `LockHeld` naming the holder."""
        ...

    def holder(self) -> LockInfo | None:
        """Who holds the lock at the moment, if anybody."""
        ...

    def keeping(self) -> Keeping:
        """What lies beside the state. Raises `LockError` when the lock cannot be looked at."""
        ...

    def halts(self) -> Halts:
        """The stop mark, which lies beside the state and needs neither lock nor state.

        Cheap: looked at before every request that can send. Raises `StateError` when it cannot be read,
        because something may be stopped then.
        """
        ...

    def change_halts(self, change: Callable[[Halts], Halts]) -> Halts:
        """Replace the stop mark by what `change` makes of it, durably, and return that.

        Of two that change it at once, the second changes what the first made: `change` may be called
        again. Raises `StateNotSaved`.
        """
        ...

    def unlock(self, lock_id: str) -> LockInfo:
        """Break the lock with exactly this id. Raises `LockError` if it is not the one held."""
        ...


class RateLeft(Protocol):
    """What an answer says is left of one of the account's windows (API contract, section 6.2)."""

    @property
    def limit(self) -> int:
        """Requests that the window allows."""
        ...

    @property
    def remaining(self) -> int:
        """Requests that are left of them; an estimate."""
        ...

    @property
    def reset(self) -> float:
        """Seconds to the end of the window."""
        ...


class Pulse(Protocol):
    """One answer as a sign of life."""

    @property
    def latency(self) -> timedelta:
        """How long its request took, without any waiting for the pace."""
        ...

    @property
    def rate(self) -> RateLeft | None:
        """What it says of the rate limit, if it does."""
        ...


class CampaignApi(Protocol):
    """The campaign endpoints of one account.

    Reads repeat by themselves and raise `ReadFailed` in the end. A write is sent once (429 aside, which
    proves that nothing happened) and raises `Refused` or `OutcomeUnknown`. `before` runs directly before
    the bytes of a write leave, after any waiting for the pace (and again before a repeat after 429); what
    it raises comes out unchanged, with nothing sent. `reserve=True` may use the share of the budget that
    is kept for settling and halt.
    """

    @property
    def url(self) -> str:
        """The base URL."""
        ...

    @property
    def server_time(self) -> datetime | None:
        """The server's clock as its last answer showed it, carried forward; None before any answer."""
        ...

    @property
    def pulse(self) -> Pulse | None:
        """What the last answer said of the way to the API; None before any answer."""
        ...

    def estimate(self, requests: int) -> timedelta:
        """How long that many requests take to start under the rate limit, if nobody else uses it up."""
        ...

    def list_page(
        self, number: int, *, size: int = 100, live_only: bool = False, reserve: bool = False
    ) -> Page:
        """One page, newest first, full view. `live_only` asks to leave out sent and canceled ones; the
        API may ignore that, and the size."""
        ...

    def read(self, campaign_id: str, *, reserve: bool = False) -> Live | None:
        """The campaign, or None when the API says that there is none of this id (404, 400, or 200
        without an item)."""
        ...

    def send(self, request: Request, *, before: Before = nothing, reserve: bool = False) -> Live:
        """Send a write exactly as it was made; what its answer shows of the campaign: of a create all, else
        only the id."""
        ...


class Clock(Protocol):
    """Time and identity, so that neither is taken from the air."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...

    def new_id(self) -> str:
        """A fresh id that nobody else has made."""
        ...

    def wait(self, duration: timedelta) -> None:
        """Let time pass; returns early when an interrupt was asked for."""
        ...

    @property
    def interrupted(self) -> bool:
        """Whether the user or the system asked us to stop."""
        ...
