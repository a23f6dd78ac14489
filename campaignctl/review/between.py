"""What is on one environment and not on another: two states, less what their variables explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from campaignctl.diff.fields import FieldChange, field_changes
from campaignctl.state.model import State

Where = Literal["first", "second", "both"]


@dataclass(frozen=True, slots=True)
class Side:
    """An environment: its state, None before its first apply, and the bodies that its manifests declare."""

    environment: str
    state: State | None
    declared: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A campaign that is on one environment only, or on both with another body.

    `before` and `after` of `diff` are those of the first and the second environment. `status` has the last
    known status in each, None where the campaign is not recorded.
    """

    key: str
    on: Where
    name: str
    status: tuple[str | None, str | None]
    diff: tuple[FieldChange, ...] = ()


def between(first: Side, second: Side) -> tuple[Difference, ...]:
    """The differences by key. What differs in the same way between the manifests is no difference: the
    environments have other variables there."""
    one, other = (dict(side.state.campaigns) if side.state else {} for side in (first, second))
    found = []
    for key in sorted(one.keys() | other.keys()):
        here, there = one.get(key), other.get(key)
        status = (here.status if here else None, there.status if there else None)
        known = here or there
        name = str(known.applied.get("name", "")) if known else ""
        if here is None or there is None:
            found.append(Difference(key, "first" if here else "second", name, status))
            continue
        wanted = field_changes(first.declared.get(key, {}), second.declared.get(key, {}))
        explained = wanted if key in first.declared and key in second.declared else ()
        if diff := tuple(
            each for each in field_changes(here.applied, there.applied) if each not in explained
        ):
            found.append(Difference(key, "both", name, status, diff))
    return tuple(found)
