"""The addresses of a state on an HTTP server: its own, its lock's, and those of what lies next to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from campaignctl.project.model import StateSettings

#: What the names of the stop mark and the archive of a state end with.
STOP, ARCHIVE = "-stop", "-archive"
# Where GitLab keeps states; its locks are below each, and have methods of their own.
_GITLAB = re.compile(r".+/api/v4/projects/[^/]+/terraform/state/[^/]+")


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Where a state is read and written, and how it is locked and unlocked there."""

    state: str
    lock: str
    unlock: str
    lock_method: str
    unlock_method: str

    @property
    def on_gitlab(self) -> bool:
        """Whether it is one of GitLab's own states."""
        return is_gitlab(self.state)

    def next_to(self, suffix: str) -> HttpAddress:
        """The same with another name: this one's with an ending."""
        lock, unlock = (next_to(self.state, each, suffix) for each in (self.lock, self.unlock))
        return HttpAddress(self.state + suffix, lock, unlock, self.lock_method, self.unlock_method)


def is_gitlab(address: str) -> bool:
    """Whether an address is one of GitLab's own states."""
    return _GITLAB.fullmatch(address) is not None


def http_address(state: StateSettings) -> HttpAddress:
    """The addresses of a state whose backend is `http`; GitLab's lock is found by its address."""
    gitlab = is_gitlab(state.address)
    lock = state.lock_address or (f"{state.address}/lock" if gitlab else state.address)
    return HttpAddress(
        state.address,
        lock,
        state.unlock_address or lock,
        state.lock_method or ("POST" if gitlab else "LOCK"),
        state.unlock_method or ("DELETE" if gitlab else "UNLOCK"),
    )


def next_to(state: str, lock: str, suffix: str) -> str:
    """The lock of another state, whose name is this one's with an ending."""
    return moved(state, lock, f"{state}{suffix}") or f"{lock}{suffix}"


def moved(state: str, lock: str, place: str) -> str:
    """The lock of the state at `place`, if it is below it as `lock` is below `state`; else no address."""
    below = lock.removeprefix(state)
    return f"{place}{below}" if below != lock and below[:1] in ("", "/") else ""


def not_a_state(address: str) -> str:
    """Why no state can be at an address of a server, or an empty string."""
    *folders, name = urlsplit(address).path.split("/")
    if not name:
        return "names no state: add a name at its end, without a slash after it"
    if {unquote(each) for each in (*folders, name)} & {".", ".."}:
        return "must not contain `.` or `..` as a folder"
    return ""
