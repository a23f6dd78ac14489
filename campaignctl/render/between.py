"""The differences between two environments, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from campaignctl.errors import counted
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import escape
from campaignctl.render.table import Style
from campaignctl.render.values import field_lines
from campaignctl.review.between import Difference

Names = tuple[str, str]


def between_json(names: Names, found: Sequence[Difference]) -> dict[str, Any]:
    """The document of `diff --between`; `on` has the environments that the campaign is on."""
    return {
        "format_version": FORMAT_VERSION,
        "between": list(names),
        "campaigns": [
            {
                "key": each.key,
                "name": each.name,
                "on": _on(names, each),
                "status": dict(zip(names, each.status, strict=True)),
                "diff": [asdict(change) for change in each.diff],
            }
            for each in found
        ],
    }


def between_text(names: Names, found: Sequence[Difference], *, color: bool, width: int) -> str:
    """A paragraph for each campaign, and the count."""
    style, cuts = Style(color), Cuts()
    parts = ["\n".join(_campaign(names, each, style, width, cuts)) for each in found]
    first, second = names
    count = counted(len(found), "campaign")
    parts.append(
        f"{count} {'differs' if len(found) == 1 else 'differ'} between {first} and {second}."
        if found
        else f"No differences: what is on {first} is on {second}."
    )
    return "\n\n".join(parts) + "\n"


def _campaign(names: Names, each: Difference, style: Style, width: int, cuts: Cuts) -> Iterator[str]:
    symbol = {"first": "-", "second": "+", "both": "~"}[each.on]
    name = f' "{escape(each.name)}"' if each.name else ""
    yield f"{style(symbol, 'bold')} {escape(each.key)}{name}: on {' and '.join(_on(names, each))}"
    shown = (f"{name}: {escape(status)}" for name, status in zip(names, each.status, strict=True) if status)
    yield f"    {', '.join(shown)}"
    yield from (f"    {line}" for line in field_lines(each.diff, style, width - 4, cuts))


def _on(names: Names, each: Difference) -> list[str]:
    return [name for name, status in zip(names, each.status, strict=True) if status is not None]
