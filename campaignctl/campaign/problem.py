"""What is wrong, or doubtful, in a campaign's body."""

from __future__ import annotations

from dataclasses import dataclass

from campaignctl.errors import Severity

#: Where in a JSON value: names of members and indices of items.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or doubtful at `path`; a missing member's path is where it should be.

    `code`, `message` and `hint` are as in `campaignctl.errors.Finding`.
    """

    severity: Severity
    code: str
    path: KeyPath
    message: str
    hint: str = ""


def error(code: str, path: KeyPath, message: str, hint: str = "") -> Problem:
    """A problem that keeps the campaign from being sent."""
    return Problem("error", code, path, message, hint)


def warning(code: str, path: KeyPath, message: str, hint: str = "") -> Problem:
    """A problem that a person should look at."""
    return Problem("warning", code, path, message, hint)
