"""Errors and warnings about a JSON value, before they have a place in a file."""

from __future__ import annotations

from dataclasses import dataclass

from campaignctl.errors import Severity

#: A path in a JSON value: names of fields and indices of items.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning at `path`; the path of a missing field is where it should be.

    `code`, `message` and `hint` are as in `campaignctl.errors.Finding`.
    """

    severity: Severity
    code: str
    path: KeyPath
    message: str
    hint: str = ""


def error(code: str, path: KeyPath, message: str, hint: str = "") -> Problem:
    """A problem that stops the campaign from being sent."""
    return Problem("error", code, path, message, hint)


def warning(code: str, path: KeyPath, message: str, hint: str = "") -> Problem:
    """A problem that a person should look at."""
    return Problem("warning", code, path, message, hint)
