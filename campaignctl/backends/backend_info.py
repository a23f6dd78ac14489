"""What a backend tells of itself without changing anything."""

from __future__ import annotations

from dataclasses import dataclass

from campaignctl.state.model import LockInfo


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the place takes writes from here, as far as that can be told; `mend` is empty where it does.

    `way` is how a write gets there: by `push`, or as a `file`.
    """

    allowed: bool
    found: str
    mend: str = ""
    way: str = "push"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What lies beside a state.

    `left_journal` says that there are steps no process works on, `backup` where the previous state is,
    `exposed` what others than its owner may read or write; None where whoever may read the place may read
    the state. `holder_lives` is None without a lock, and where it cannot be told. `access` is None for
    files that can be written.
    """

    left_journal: bool
    backup: str | None
    exposed: tuple[str, ...] | None
    lock: LockInfo | None
    holder_lives: bool | None
    access: Access | None = None
