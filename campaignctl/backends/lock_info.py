"""What a lock says of its holder, and how messages describe it."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from campaignctl.errors import Command, LockError, LockHeld, LockLost, Sentence
from campaignctl.state.model import LockInfo

UNKNOWN = LockInfo("unknown", "unknown", "unknown", 0, "unknown", "unknown")
"""The holder of a lock that cannot be read."""


def claim(
    operation: str, now: Callable[[], datetime], new_id: Callable[[], str], lease: timedelta = timedelta()
) -> LockInfo:
    """A claim on a lock by this process, which renews it within each `lease`; zero: it does not run out."""
    return LockInfo(
        id=new_id(),
        holder=_user(),
        host=socket.gethostname(),
        process=os.getpid(),
        operation=operation,
        since=now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        run=_run(os.environ),
        lease=int(lease.total_seconds()),
    )


def is_here(info: LockInfo) -> bool:
    """Whether a lock was taken on this host, whose kernel knows about its holder."""
    return info.host == socket.gethostname()


def describe(info: LockInfo) -> str:
    """The holder of a lock, in one line."""
    run = f" in {info.run}" if info.run else ""
    process = f", process {info.process}," if info.process else ""
    return (
        f"held by {info.holder} on {info.host}{process} for `{info.operation}`{run} since {info.since}"
        f" (lock {info.id})"
    )


def waiting(location: str, info: LockInfo, until: datetime) -> str:
    """For whom a run waits, and until when at the latest."""
    end = until.astimezone(UTC).strftime("%H:%M:%S")
    return (
        f"Waiting for the lock of {location} until {end} UTC at the latest: {describe(info)}{ended_by(info)}"
    )


def ended_by(info: LockInfo) -> str:
    """When a lock may be taken over at the latest, if its holder has died; else nothing."""
    return f"; it runs out if its holder gives no sign of life for {info.lease} s" if info.lease else ""


def held(info: LockInfo) -> LockHeld:
    """The error for a lock that is still held."""
    gone = "once its CI run has ended" if info.run else "if that process has exited"
    wait = f"a --lock-timeout above {info.lease}s" if info.lease else "a longer --lock-timeout"
    return LockHeld(
        "the state is locked",
        detail=describe(info) + ended_by(info),
        hint=Sentence(f"wait, or set {wait}; {gone}: ", Command("state", "unlock", info.id)),
    )


def other_id(location: str, found: LockInfo) -> LockError:
    """The error for breaking a lock by an id that is not its own."""
    return LockError(
        f"{location} has another id: {found.id}",
        detail=describe(found),
        hint=Sentence("to break that one: ", Command("state", "unlock", found.id)),
    )


def released() -> LockLost:
    """The error for using a lock after its release."""
    return LockLost("the lock was released already", hint="run the command again")


def lost(location: str, why: str, info: LockInfo) -> LockLost:
    """The error for a lock of ours that was broken or taken over."""
    return LockLost(
        f"{location} is no longer ours",
        detail=f"{why}; ours was {info.id}, held since {info.since}",
        hint="this run sends and saves nothing more; the next apply settles what was under way",
    )


def _run(environ: Mapping[str, str]) -> str:
    """The address of the CI run that this process is part of, as GitHub or GitLab tell it; else nothing."""
    if number := environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{number}"
    return environ.get("CI_JOB_URL", "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
