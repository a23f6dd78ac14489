"""A project with one manifest, as lint sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from campaignctl.errors import Finding
from campaignctl.lint.inspect import inspect
from campaignctl.manifest.load import check

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
#: Stands in a text of a case before the character that a finding must point at.
MARK = "§"


def findings(folder: Path, files: Mapping[str, str], now: datetime = NOW) -> tuple[Finding, ...]:
    """The findings of a project with these files, of which the project file may be absent."""
    for name, text in {"campaignctl.yaml": "metadata: {name: shop}\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    _, found = check(
        folder,
        environment=None,
        environ={},
        tool_version="0.2.0",
        now=now,
        inspect=lambda desired: inspect(desired, now),
    )
    return found


def place(found: Finding, folder: Path) -> str:
    """Where a finding is, as FILE:LINE:COLUMN."""
    name = found.source.file.rpartition(f"{folder.name}/")[2]
    return f"{name}:{found.source.line}:{found.source.column}"


def unmarked(files: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Files without the marks, and the places of the marks."""
    plain, places = {}, []
    for name, text in files.items():
        pieces = text.split(MARK)
        plain[name] = "".join(pieces)
        before = ""
        for piece in pieces[:-1]:
            before += piece
            line = before.count("\n") + 1
            places.append(f"{name}:{line}:{len(before) - before.rfind(chr(10))}")
    return plain, sorted(places)
