"""What recipients see before and after a plan, message by message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from campaignctl.content.model import Preview
from campaignctl.content.previews import previews
from campaignctl.diff import messages_before
from campaignctl.plan.model import Action, Change


@dataclass(frozen=True, slots=True)
class Compared:
    """One message in one language before and after a plan; one of the two may be missing.

    `changed` names the fields of its content that differ: `title`, `payload`.
    """

    key: str
    message: str
    channel: Literal["push", "email", "sms"]
    lang: str
    change: str
    before: Preview | None
    after: Preview | None
    changed: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        """Which message of a campaign it is, and in which language."""
        return self.message, self.channel, self.lang


def compared(
    change: Change, *, samples: Mapping[str, str], langs: Sequence[str] | None = None
) -> tuple[Compared, ...]:
    """The messages that a change adds, removes or changes; none if its spec has no list of them."""
    messages = (change.spec or {}).get("messages")
    if change.spec is None or not isinstance(messages, list | tuple):
        return ()
    return tuple(_of_change(change, change.spec, samples, langs))


def _of_change(
    change: Change, spec: Mapping[str, Any], samples: Mapping[str, str], langs: Sequence[str] | None
) -> list[Compared]:
    after = previews(change.key, spec, samples=samples, langs=langs)
    if any(request.operation == "set-winner" for request in change.requests):
        # Its diff names the text that goes to everyone else, which is the same as before.
        chosen = {path[1] for each in change.diff if (path := each.path.split("/"))[-1:] == ["winner"]}
        names = {_name(spec, int(index)) for index in chosen if index.isdecimal()}
        return [_one(None, each, "sent to the rest") for each in after if each.message in names]
    if change.action is Action.CREATE:
        return [_one(None, each, "new") for each in after]
    before_spec = {**spec, "messages": messages_before(spec, change.diff)}
    for each in change.diff:
        if each.path == "name":
            before_spec["name"] = each.before
    before = previews(change.key, before_spec, samples=samples, langs=langs)
    return _paired(before, after)


def _name(spec: Mapping[str, Any], index: int) -> str:
    messages = spec["messages"]
    return str(messages[index].get("name") or f"messages/{index}") if index < len(messages) else ""


def _paired(before: Sequence[Preview], after: Sequence[Preview]) -> list[Compared]:
    """Pairs of the same message and language that differ, and those without the other."""
    old, new = ({(each.message, each.channel, each.lang): each for each in side} for side in (before, after))
    found: list[Compared] = []
    for place in dict.fromkeys([*old, *new]):
        one, other = old.get(place), new.get(place)
        if one and other and one.content == other.content and one.missing == other.missing:
            continue
        said = "changed" if one and other else "new" if other else "removed"
        found.append(_one(one, other, said))
    return found


def _one(before: Preview | None, after: Preview | None, said: str) -> Compared:
    shown = after or before
    if shown is None:
        raise ValueError("a comparison has at least one side")
    changed: tuple[str, ...] = ()
    if before and after:
        names = [each.name for each in fields(after.content)]
        changed = tuple(
            name
            for name in names
            if name not in _FOLLOWS and getattr(before.content, name, None) != getattr(after.content, name)
        )
    return Compared(shown.key, shown.message, shown.channel, shown.lang, said, before, after, changed)


#: Fields that follow from others.
_FOLLOWS = frozenset({"inboxes", "bubbles", "units", "units_max", "costly", "hidden"})
