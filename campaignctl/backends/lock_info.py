"""Claims on a lock: what one says of its holder, and how that is told."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from campaignctl.errors import Command, LockHeld, Sentence
from campaignctl.state.model import LockInfo

UNKNOWN = LockInfo("unknown", "unknown", "unknown", 0, "unknown", "unknown")
"""The holder of a lock that cannot be read."""


def claim(operation: str, now: Callable[[], datetime], new_id: Callable[[], str]) -> LockInfo:
    """What this process says of itself in a lock."""
    return LockInfo(
        id=new_id(),
        holder=_user(),
        host=socket.gethostname(),
        process=os.getpid(),
        operation=operation,
        since=now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        run=_run(os.environ),
    )


def is_here(info: LockInfo) -> bool:
    """Whether a lock is of this host, whose kernel can be asked about its holder."""
    return info.host == socket.gethostname()


def describe(info: LockInfo) -> str:
    """Who holds a lock, in one line."""
    run = f" in {info.run}" if info.run else ""
    return (
        f"held by {info.holder} on {info.host}, process {info.process},"
        f" for `{info.operation}`{run} since {info.since} (lock {info.id})"
    )


def held(info: LockInfo) -> LockHeld:
    """The error for a lock that somebody else has, still."""
    gone = "once its CI run has ended" if info.run else "if that process is gone for good"
    return LockHeld(
        "the state is locked",
        detail=describe(info),
        hint=Sentence(
            f"wait for it, or let --lock-timeout wait; {gone}: ", Command("state", "unlock", info.id)
        ),
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
