"""Windows of time in which nothing may be armed, or in which alone it may: freezes.

Deny wins: where an allowing and a denying window both hold, nothing is armed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["deny", "allow"]
Scope = Literal["changes", "sends", "both"]


@dataclass(frozen=True, slots=True)
class Window:
    """One window.

    Either `start` and `end` (aware; the end is outside), or `cron` (five fields, on the clock of `tz`) with
    the `length` of each. `scope`: whether it speaks of the moment at which something is changed, of the
    moments at which it sends, or of both.
    """

    kind: Kind = "deny"
    scope: Scope = "both"
    tz: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    cron: str | None = None
    length: timedelta = timedelta()
    reason: str = ""
