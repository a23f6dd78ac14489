"""Real processes that work with a backend as a test tells them to, and that can be killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Protocol

from campaignctl.reconciler.ports import Backend, Session
from tests.state.samples import decision, observation

PATIENCE = 600.0
_PROCESSES = get_context("forkserver")
# Each of many actors would import them again.
_PROCESSES.set_forkserver_preload(["httpx", "tests.backends.git_place", "tests.backends.http_place"])


class Place(Protocol):
    """Where one state is kept, for one test. Goes to other processes by pickle."""

    @property
    def changes(self) -> frozenset[str]:
        """The built-in functions by which its backend changes what others see, or has it changed."""
        ...

    @property
    def looks(self) -> frozenset[str]:
        """The built-in functions by which its backend looks at what others change, or has it looked at."""
        ...

    def settled(self) -> None:
        """Wait until everything that a killed process began elsewhere has ended."""
        ...

    def backend(self) -> Backend:
        """A backend of this place. Its waits may be shorter than those that were asked for."""
        ...

    def document(self) -> bytes | None:
        """The stored document alone, without its journal."""
        ...

    def journal(self) -> bytes | None:
        """The stored journal."""
        ...

    def put_document(self, data: bytes) -> None:
        """Store a document behind the backend's back."""
        ...

    def put_journal(self, data: bytes) -> None:
        """Store a journal behind the backend's back."""
        ...

    def another(self, name: str) -> Place:
        """A place like this one, with nothing in it yet."""
        ...


class Worker:
    """What runs in an actor: one backend and at most one session."""

    def __init__(self, place: Place) -> None:
        self.backend = place.backend()
        self.session: Session | None = None

    def acquire(self, operation: str = "apply", timeout: timedelta = timedelta()) -> Any:
        self.session = self.backend.acquire(operation, timeout)
        return self.session.lock

    def with_session(self, method: str, *arguments: Any) -> Any:
        assert self.session is not None
        return getattr(self.session, method)(*arguments)

    def state(self) -> Any:
        assert self.session is not None
        return self.session.state

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def churn(self, rounds: int) -> None:
        """Steps, whole writes and releases in turn, each state with as many campaigns as its serial."""
        for number in range(rounds):
            session = self.session or self.backend.acquire("apply", timedelta())
            session.append(decision(f"c{number}"))
            session.append(observation(f"c{number}"))
            if number % 3 == 0 and session.state is not None:
                session.write(session.state)
            session.release()
            self.session = None

    def take_turns(self, name: str, turns: int, patience: float = PATIENCE) -> None:
        """One decision for each time that the lock could be had."""
        for turn in range(turns):
            session = self.backend.acquire("apply", timedelta(seconds=patience))
            session.append(decision(f"{name}-{turn}"))
            session.release()


class Actor:
    """A process with a `Worker`; `ask` makes it do something, and returns or raises the result."""

    def __init__(self, place: Place) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self.process = _PROCESSES.Process(target=_serve, args=(place, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def tell(self, method: str, *arguments: Any) -> None:
        self._pipe.send((method, arguments))

    def answer(self, patience: float = PATIENCE) -> Any:
        if not self._pipe.poll(patience):
            raise TimeoutError("the actor does not answer")
        done, value = self._pipe.recv()
        if not done:
            raise value
        return value

    def ready(self) -> bool:
        """Whether an answer is there."""
        return self._pipe.poll()

    def ask(self, method: str, *arguments: Any) -> Any:
        self.tell(method, *arguments)
        return self.answer()

    def write(self, state: Any) -> None:
        self.ask("with_session", "write", state)

    def append(self, entry: Any) -> None:
        self.ask("with_session", "append", entry)

    def release(self) -> None:
        self.ask("with_session", "release")

    def signal(self, number: int) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End the process as a power cut would: nothing of it runs any more."""
        self.process.kill()
        self.process.join(PATIENCE)
        self._pipe.close()


def _serve(place: Place, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker(place)
    with suppress(EOFError):
        while True:
            method, arguments = pipe.recv()
            try:
                pipe.send((True, getattr(worker, method)(*arguments)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
                pipe.send((False, error))
