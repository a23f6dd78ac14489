"""Claims on a lock: what one says of its holder, and how that is told."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime

from campaignctl.errors import LockHeld
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
    )


def is_here(info: LockInfo) -> bool:
    """Whether a lock is of this host, whose kernel can be asked about its holder."""
    return info.host == socket.gethostname()


def describe(info: LockInfo) -> str:
    """Who holds a lock, in one line."""
    return (
        f"held by {info.holder} on {info.host}, process {info.process},"
        f" for `{info.operation}` since {info.since} (lock {info.id})"
    )


def held(info: LockInfo) -> LockHeld:
    """The error for a lock that somebody else has, still."""
    return LockHeld(
        "the state is locked",
        detail=describe(info),
        hint="wait for it, or let --lock-timeout wait; if that process is gone for good:"
        f" `campaignctl state unlock {info.id}`",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
