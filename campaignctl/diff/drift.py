"""Drift: live against the last applied spec, only in fields that the manifest sets, with echo memory.

Echo memory: right after a write we keep the API's answer for each field that it returns differently. An echo
is a list: empty for a field that the API does not return, else with the one value that it returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.campaign.status import is_draft
from campaignctl.diff.fields import (
    EVENT,
    OF_THE_API,
    FieldChange,
    is_default,
    join,
    leaves,
    lookup,
    matches,
    meaning,
    paired,
    same,
    split,
)
from campaignctl.diff.meanings import form, means
from campaignctl.diff.requested import requested

Echo = Mapping[str, Any]

#: Stands in a list of messages for one that is missing there.
LOST: Mapping[str, Any] = {}

# The event is no property, and the marker is not part of the manifest.
_UNWATCHED = (EVENT, join(["metadata", FIELD]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Live against applied: `changes` (before: applied, after: live), and `unknown`, the fields that this
    answer does not show, so that only a read by id can compare them."""

    changes: tuple[FieldChange, ...] = ()
    unknown: tuple[str, ...] = ()


def watched(applied: Mapping[str, Any], live: Live) -> Iterator[tuple[str, Any, Any]]:
    """The fields to compare: path, applied value and live value (None if absent). They are all fields of the
    applied spec except the event and our marker. Both spellings of a draft count.
    Those inside of objects that live shows unchanged are left out."""
    for path, value, found in paired(applied, live.fields):
        if path == "is_draft" and is_draft(live.fields):
            yield path, value, True
        elif path not in _UNWATCHED:
            yield path, value, found


def matched(ours: Any, theirs: Any) -> tuple[int | None, ...] | None:
    """For each message of a list the index of the one with its name in another list, None if it has none.

    None for lists that cannot be matched: not every message has a name of its own. A single message matches
    a single message.
    """
    names, others = _names(ours), _names(theirs)
    if names is not None and others is not None:
        return tuple(others.index(name) if name in others else None for name in names)
    both = isinstance(ours, list | tuple) and isinstance(theirs, list | tuple)
    return (0,) if both and len(ours) == len(theirs) == 1 else None


def _names(messages: Any) -> list[str] | None:
    if not isinstance(messages, list | tuple):
        return None
    names = [message.get("name") if isinstance(message, (dict, Mapping)) else None for message in messages]
    known = [form("messages/0/name", name) for name in names if isinstance(name, str) and name]
    return known if len(set(known)) == len(names) else None


def in_order_of(spec: Mapping[str, Any], source: Mapping[str, Any]) -> Mapping[str, Any]:
    """A spec with its messages in the order of another's, matched by name; a message that only the other has
    is that one. Unchanged if they cannot be matched."""
    ours, theirs = spec.get("messages"), source.get("messages")
    if ours is None or theirs is None or (where := matched(ours, theirs)) is None:
        return source
    pairs = zip(ours, where, strict=True)
    return {**source, "messages": [item if at is None else theirs[at] for item, at in pairs]}


def in_order(ours: Any, theirs: Any) -> list[Any] | None:
    """Messages in the order of ours, matched by name: LOST for one that is missing, additional ones last.

    If one is left on each side, it was renamed. None if they cannot be matched.
    """
    where = matched(ours, theirs)
    if where is None:
        return None
    rest = [index for index in range(len(theirs)) if index not in where]
    if None in where and rest:
        if len(rest) > 1 or where.count(None) > 1:
            return None
        where, rest = tuple(rest[0] if at is None else at for at in where), []
    return [LOST if at is None else theirs[at] for at in (*where, *rest)]


def aligned(applied: Mapping[str, Any], live: Live) -> Live:
    """Live with its messages in the order of the applied ones (`in_order`); as it is if they cannot be
    matched."""
    theirs = live.fields.get("messages")
    ordered = in_order(applied.get("messages"), theirs)
    if ordered is None or ordered == theirs:
        return live
    return replace(live, fields={**live.fields, "messages": ordered})


def compare(applied: Mapping[str, Any], echo: Echo, live: Live) -> Comparison:
    """The differences between live and the applied spec, allowing for the echo. Messages are matched by name;
    the index in a path is that of the applied message."""
    answer, live = live, aligned(applied, live)
    changes: list[FieldChange] = []
    unknown: dict[str, None] = {}
    for change in _differences(applied, echo, live):
        if change.after is None and not live.complete:
            unknown.setdefault(split(change.path)[0])
        else:
            changes.append(change)
    changes = _lists_whole(applied, live, answer, changes)
    changes.extend(added_messages(applied, live))
    return Comparison(tuple(changes), tuple(unknown))


def agree(applied: Mapping[str, Any], echo: Echo, live: Live) -> bool:
    """Whether `compare` finds nothing; told at the first difference."""
    live = aligned(applied, live)
    return not any(_differences(applied, echo, live)) and not added_messages(applied, live)


def _differences(applied: Mapping[str, Any], echo: Echo, live: Live) -> Iterator[FieldChange]:
    """The fields that differ in live, whose messages are in the order of ours."""
    for path, value, found in watched(_doubtful(applied, live), live):
        if _agrees(path, value, echo.get(path, [value]), found):
            continue
        if found is not None or not means_nothing(applied, live, path):
            yield FieldChange(path, value, found)


def _lists_whole(
    applied: Mapping[str, Any], live: Live, answer: Live, changes: list[FieldChange]
) -> list[FieldChange]:
    """The changes; those inside a list of objects with fewer items in live become one of the whole list, as
    the answer has it."""
    found: dict[str, FieldChange] = {}
    for change in changes:
        parts = split(change.path)
        above = (join(parts[:length]) for length in range(1, len(parts)))
        path = next((each for each in above if _is_shortened(applied, live, each)), None)
        if path is None:
            found[change.path] = change
        else:
            found[path] = FieldChange(path, lookup(applied, path)[0], lookup(answer.fields, path)[0])
    return list(found.values())


def _is_shortened(applied: Mapping[str, Any], live: Live, path: str) -> bool:
    """Whether the path has a list of objects of which live lacks an item."""
    ours, theirs = lookup(applied, path), lookup(live.fields, path)
    if not ours or not theirs or not isinstance(ours[0], list | tuple):
        return False
    return (
        not isinstance(theirs[0], list | tuple)
        or len(theirs[0]) < len(ours[0])
        or not all(isinstance(item, Mapping) and item is not LOST for item in theirs[0][: len(ours[0])])
    )


def _doubtful(applied: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """The top-level fields to compare in detail: those that live does not show unchanged."""
    shown = live.fields
    return {
        name: value
        for name, value in applied.items()
        if name == "is_draft" or name not in shown or shown[name] != value
    }


def means_nothing(applied: Mapping[str, Any], live: Live, path: str) -> bool:
    """Whether an object around a field that live lacks means the same as what live has in its place."""
    parts = split(path)
    above = (join(parts[:length]) for length in range(1, len(parts)))
    return any(means(each, *_both(applied, live.fields, each)) for each in above)


def _both(one: Mapping[str, Any], other: Mapping[str, Any], path: str) -> tuple[Any, Any]:
    """The values of a field in two specs, None where it is absent."""
    return (*lookup(one, path), None)[0], (*lookup(other, path), None)[0]


def _agrees(path: str, value: Any, expected: list[Any], found: Any) -> bool:
    if found is None:
        return not expected or is_default(path, value) or value in ({}, [])
    return means(path, value, found) or bool(expected and same(path, expected[0], found))


def added_messages(applied: Mapping[str, Any], live: Live) -> list[FieldChange]:
    """Additional messages in live: a list is set as a whole."""
    ours, theirs = applied.get("messages"), live.fields.get("messages")
    if not isinstance(ours, list | tuple) or not isinstance(theirs, list | tuple):
        return []
    return [
        FieldChange(join(["messages", index]), None, _as_requested(theirs[index]))
        for index in range(len(ours), len(theirs))
    ]


def _as_requested(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    return {name: value for name, value in message.items() if name not in OF_THE_API}


def refused(before: Mapping[str, Any], applied: Mapping[str, Any], live: Live) -> tuple[FieldChange, ...]:
    """Fields that a PATCH should have changed or removed and that still have their old values. The index in a
    path is that of the applied message, of a removed one that after them."""
    live = aligned(applied, live)
    ordered = in_order(applied.get("messages"), before.get("messages"))
    was = before if ordered is None else {**before, "messages": ordered}
    old = {path: value for path, value in leaves(was).items() if value is not LOST}
    kept = tuple(
        FieldChange(path, value, found)
        for path, value, found in watched(applied, live)
        if path in old
        and not same(path, old[path], value)
        and found is not None
        and same(path, old[path], found)
    )
    # Without what the server fills in for fields that are not set.
    stays, shown = leaves(applied), requested(live)
    still = leaves(shown)
    removed = [
        _highest_removed(path, applied)
        for path, value in old.items()
        if path in still and path not in stays and path not in _UNWATCHED and same(path, value, still[path])
    ]
    return kept + tuple(FieldChange(path, None, lookup(shown, path)[0]) for path in dict.fromkeys(removed))


def _highest_removed(path: str, spec: Mapping[str, Any]) -> str:
    """The path of the largest object around a field that the spec does not have."""
    parts = split(path)
    above = (join(parts[:length]) for length in range(1, len(parts)))
    return next((each for each in above if not lookup(spec, each)), path)


def overlay(applied: Mapping[str, Any], changes: tuple[FieldChange, ...]) -> dict[str, Any]:
    """The live spec as far as known: the applied spec with the drift laid over it.

    A field whose parent the spec does not have is left out; an object or list item that becomes empty is
    removed. Without drift it shares its fields with the applied spec.
    """
    if not changes:
        return dict(applied)
    spec: dict[str, Any] = _copy(applied)
    for change in changes:
        if change.after is not None:
            _put(spec, split(change.path), _readable(change.path, change.after))
    for change in reversed(changes):
        if change.after is None:
            _remove(spec, split(change.path))
    return spec


def with_ignored(
    spec: Mapping[str, Any], source: Mapping[str, Any], ignored: tuple[str, ...]
) -> Mapping[str, Any]:
    """A spec with the fields that match `ignored` taken from another spec; messages are matched by name."""
    if not ignored:
        return spec
    if not matches("messages", ignored):
        source = in_order_of(spec, source)
    paths = [path for path in {**leaves(spec), **leaves(source)} if matches(path, ignored)]
    whole = dict.fromkeys(_ignored_whole(path, ignored) for path in paths)
    return overlay(spec, tuple(FieldChange(path, None, (*lookup(source, path), None)[0]) for path in whole))


def _ignored_whole(path: str, ignored: tuple[str, ...]) -> str:
    """The path of the object around an ignored field that is ignored as a whole, else its own."""
    parts = split(path)
    above = (join(parts[:length]) for length in range(1, len(parts)))
    return next((each for each in above if matches(each, ignored)), path)


def path_in(applied: Mapping[str, Any], spec: Mapping[str, Any], path: str) -> str:
    """A path of the applied spec in another spec, whose messages are matched by name."""
    parts = split(path)
    if parts[0] != "messages" or len(parts) == 1:
        return path
    where = matched(applied.get("messages"), spec.get("messages"))
    if where is not None and parts[1].isdecimal() and int(parts[1]) < len(where):
        # No index names a message that the other spec does not have.
        at = where[int(parts[1])]
        parts[1] = "-" if at is None else str(at)
    return join(parts)


def _readable(path: str, value: Any) -> Any:
    """A copy of a live value; a time in the spelling of requests."""
    is_time = isinstance(value, str) and path.endswith("_time")
    return meaning(path, value) if is_time else _copy(value)


def _copy(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(item) for item in value]
    return value


def _holder(spec: Any, parts: list[str]) -> Any:
    """The object or list at a path, or None."""
    for part in parts:
        if isinstance(spec, list):
            spec = spec[int(part)] if part.isdecimal() and int(part) < len(spec) else None
        else:
            spec = spec.get(part) if isinstance(spec, dict) else None
    return spec


def _put(spec: dict[str, Any], parts: list[str], value: Any) -> None:
    """Set the value at a path; an index past the end of a list appends."""
    holder = _holder(spec, parts[:-1])
    if isinstance(holder, dict):
        holder[parts[-1]] = value
    elif isinstance(holder, list) and parts[-1].isdecimal():
        index = int(parts[-1])
        holder[index : index + 1] = [value]


def _remove(spec: dict[str, Any], parts: list[str]) -> None:
    """Remove the value at a path, and its parent if that becomes empty. Of a list only the last item is
    removed, because the others would move."""
    holder = _holder(spec, parts[:-1])
    if isinstance(holder, dict):
        holder.pop(parts[-1], None)
    elif isinstance(holder, list) and parts[-1] == str(len(holder) - 1):
        holder.pop()
    else:
        return
    if not holder and len(parts) > 1:
        _remove(spec, parts[:-1])
