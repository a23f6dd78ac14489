"""Fields of a spec by path, equal values, and the differences between two specs.

Paths are written as in `messages/0/push/title/en`; a slash inside a name is
`~1` and a tilde `~0`. A list of objects has fields of its own, any other list is one field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from campaignctl.campaign.canonical import canonical
from campaignctl.schedule.times import TimeError, canonical_gmt

# The API's defaults of absent fields (API contract, sections 2.1 and 2.8). A field that is removed from a
# manifest is patched to this value, or to null if it has no documented default.
DEFAULTS: Mapping[str, Any] = {
    "is_draft": False,
    "run_immediately": False,
    "send_in_profile_time_zone": False,
    "send_if_profile_time_passed": False,
    "utm_tracking/enabled": 1,
    "utm_tracking/utm_source": "${OCMH_UTM_SOURCE}",
    "utm_tracking/utm_medium": "${OCMH_UTM_MEDIUM}",
    "utm_tracking/utm_campaign": "${OCMH_CAMPAIGN_NAME}",
}

# Fields that the API adds to a message, and that no request has (API contract, section 3).
OF_THE_API = frozenset({"id", "company_id", "campaign_id", "winner"})

# An event and not a property: compared with the applied spec, never with live.
EVENT = "run_immediately"


# Two objects that share less than this part of their field names are shown as one change.
_RELATED = 0.33


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `path` is as in `messages/0/push/title/en`; None stands for absent."""

    path: str
    before: Any
    after: Any


def join(parts: Iterable[str | int]) -> str:
    """The path of a field."""
    return "/".join([_escaped(part) for part in parts])


def _escaped(part: str | int) -> str:
    text = str(part)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def split(path: str) -> list[str]:
    """The parts of a path; an index stays text."""
    parts = path.split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts] if "~" in path else parts


def lookup(spec: Any, path: str) -> tuple[Any, ...]:
    """The value at a path as a tuple of one, or an empty tuple if there is none."""
    for part in split(path):
        if isinstance(spec, (dict, Mapping)) and part in spec:
            spec = spec[part]
        elif isinstance(spec, list | tuple) and part.isdecimal() and int(part) < len(spec):
            spec = spec[int(part)]
        else:
            return ()
    return (spec,)


def leaves(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a spec by its path, in the spec's order."""
    return {path: value for path, value, _ in paired(spec, {})}


def paired(spec: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Every field of a spec: its path, its value, and the value in another spec (None if it has none).
    Without the fields of an object or list of objects that is equal in the other spec."""
    found: list[tuple[str, Any, Any]] = []
    for name, value in spec.items():
        _pair(_escaped(name), value, other.get(name), found)
    return found


def _pair(path: str, value: Any, other: Any, found: list[tuple[str, Any, Any]]) -> None:
    # Most values are strings or dicts, and `isinstance` with an abstract class alone is slow for them.
    if not isinstance(value, str) and value:
        if isinstance(value, (dict, Mapping)):
            if value != other:
                for name, item in value.items():
                    _pair(f"{path}/{_escaped(name)}", item, _below(other, name), found)
            return
        if _is_object_list(value):
            if value != other:
                for index, item in enumerate(value):
                    _pair(f"{path}/{index}", item, _below(other, str(index)), found)
            return
    found.append((path, value, other))


def _below(holder: Any, part: str) -> Any:
    if holder is None:
        return None
    if isinstance(holder, (dict, Mapping)):
        return holder.get(part)
    if isinstance(holder, list | tuple) and part.isdecimal() and int(part) < len(holder):
        return holder[int(part)]
    return None


def _is_object_list(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(item, (dict, Mapping)) for item in value)


def same(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same: labels as sets, times by instant, true as 1, ids as
    strings."""
    if one == other:
        return True
    return bool(meaning(path, one) == meaning(path, other))


def meaning(path: str, value: Any) -> Any:
    """The value of a field in a normal form: equal for values that are the `same`."""
    if isinstance(value, str) and not path.endswith(("labels", "_time")):
        return _lines(value)
    name = split(path)[-1]
    if name == "labels" and (not value or isinstance(value, str | list | tuple)):
        items = value.split(",") if isinstance(value, str) else value
        return sorted({_lines(str(item)).strip() for item in items or ()} - {""})
    if name.endswith("_time") and isinstance(value, str):
        return _instant(value)
    if (name == "id" or name.endswith("_id")) and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _lines(value) if isinstance(value, str) else canonical(value, name)


def _lines(value: Any) -> Any:
    """A value whose texts have lines that end as those of a file do that was checked out on Linux."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n") if "\r" in value else value
    if isinstance(value, Mapping):
        return {name: _lines(item) for name, item in value.items()}
    return [_lines(item) for item in value] if isinstance(value, list | tuple) else value


def _instant(text: str) -> str:
    # A time of the API without an offset is GMT in every spelling (API contract, section 0).
    for spelling in (text, text.replace("T", " ")):
        try:
            return canonical_gmt(spelling)
        except TimeError:
            continue
    return text


def equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specs have the same value in each field."""
    return _equal("", one, other)


def _equal(name: str, one: Any, other: Any) -> bool:
    """Whether two values of the field `name` have the same canonical form, whatever their lines end with."""
    if one == other:
        return True
    if isinstance(one, str) or isinstance(other, str):
        return bool(_lines(one) == _lines(other))
    if isinstance(one, (dict, Mapping)) and isinstance(other, (dict, Mapping)):
        if one.keys() != other.keys():
            return False
        return all(_equal(key, value, other[key]) for key, value in one.items() if value != other[key])
    if not (isinstance(one, list | tuple) and isinstance(other, list | tuple)):
        return False
    if name == "labels":
        return bool(canonical(_lines(one), name) == canonical(_lines(other), name))
    return len(one) == len(other) and all(_equal("", *both) for both in zip(one, other, strict=True))


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specs mean the same to the API: they are equal without documented defaults."""
    ours = {name: value for name, value in one.items() if name not in other or other[name] != value}
    theirs = {name: value for name, value in other.items() if name not in one or one[name] != value}
    return equal(ours, theirs) or equal(_without_defaults(ours, ""), _without_defaults(theirs, ""))


def is_default(path: str, value: Any) -> bool:
    """Whether a value means the same as the documented default of its field."""
    return path in DEFAULTS and same(path, value, DEFAULTS[path])


def _without_defaults(spec: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    bare: dict[str, Any] = {}
    for name, value in spec.items():
        path = f"{prefix}{join([name])}"
        if is_default(path, value):
            continue
        if path == "utm_tracking" and isinstance(value, Mapping):
            bare.update({name: rest} if (rest := _without_defaults(value, f"{path}/")) else {})
        else:
            bare[name] = value
    return bare


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path lies at or below one of the patterns, in which `*` stands for one whole part."""
    parts = split(path)
    return any(
        len(pattern) <= len(parts)
        and all(wanted in ("*", part) for wanted, part in zip(pattern, parts, strict=False))
        for pattern in map(split, patterns)
    )


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Every field that differs, by path, in the order of the specs' top-level fields."""
    found: list[FieldChange] = []
    for name in {**before, **after}:
        if before.get(name) == after.get(name):
            continue
        if name not in after:
            found += [FieldChange(path, old, None) for path, old in leaves({name: before[name]}).items()]
        elif name not in before:
            found += [FieldChange(path, None, new) for path, new in leaves({name: after[name]}).items()]
        else:
            found += _differing(_escaped(name), before[name], after[name])
    return tuple(found)


def _differing(path: str, one: Any, other: Any) -> Iterator[FieldChange]:
    """The differences at and below a path, sorted by the parts of their paths as text."""
    if one == other:
        return
    kindred = type(one) is type(other)
    if kindred and isinstance(one, Mapping) and not _unrelated(one, other):
        for name in sorted({**one, **other}):
            yield from _differing(f"{path}/{_escaped(name)}", one.get(name), other.get(name))
    elif kindred and _is_object_list(one) and _is_object_list(other):
        for index in sorted(_differing_items(one, other), key=str):
            items = [items[index] if index < len(items) else None for items in (one, other)]
            yield from _differing(f"{path}/{index}", *items)
    elif not same(path, one, other):
        yield FieldChange(path, one, other)


def _unrelated(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two objects share so few field names that they are shown as one change."""
    names = one.keys() | other.keys()
    return len(names) > 1 and len(one.keys() & other.keys()) / len(names) < _RELATED


def _differing_items(one: Sequence[Any], other: Sequence[Any]) -> Iterable[int]:
    """The indices at which two lists of objects differ."""
    if len(one) == len(other):
        return range(len(one))
    # Imported late: it takes 140 ms, and in most plans no list gets longer or shorter.
    from deepdiff import DeepDiff

    tree = DeepDiff(one, other, view="tree", zip_ordered_iterables=True, ignore_private_variables=False)
    return {node.path(output_format="list")[0] for nodes in tree.values() for node in nodes}


def messages_before(after: Mapping[str, Any], changes: Iterable[FieldChange]) -> list[Any]:
    """The messages of the spec from which these `field_changes` lead to `after`, which has some."""
    of_messages = (change for change in changes if split(change.path)[0] == "messages")
    messages = before({"messages": after["messages"]}, of_messages).get("messages")
    return messages if isinstance(messages, list) else []


def before(after: Mapping[str, Any], changes: Iterable[FieldChange]) -> dict[str, Any]:
    """The spec from which these `field_changes` lead to `after`."""
    lists = ((name, list(value) if isinstance(value, tuple) else value) for name, value in after.items())
    spec: dict[str, Any] = deepcopy(dict(lists))
    ordered = sorted(changes, key=lambda change: [_place(part) for part in split(change.path)])
    # Items are removed from the end of a list and added at it, so that the places of the others stay.
    for change in reversed(ordered):
        if change.before is None:
            _put(spec, split(change.path), None)
    for change in ordered:
        if change.before is not None:
            _put(spec, split(change.path), deepcopy(change.before))
    return spec


def _place(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdecimal() else (-1, part)


def _put(holder: Any, parts: Sequence[str], value: Any) -> None:
    """Set a value at a path, or remove it if it is None; objects on the way are made."""
    part, *rest = parts
    if isinstance(holder, list):
        index = int(part) if part.isdecimal() else len(holder)
        if rest and index < len(holder):
            _put(holder[index], rest, value)
        elif value is None:
            del holder[index : index + 1]
        else:
            holder[index : index + 1] = [value]
    elif isinstance(holder, dict):
        if rest:
            _put(holder.setdefault(part, {}), rest, value)
        elif value is None:
            holder.pop(part, None)
        else:
            holder[part] = value


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest JSON Merge Patch (RFC 7386) that turns `before` into `after`.

    Arrays are sent whole. A removed field is set to its documented default, else to null. `metadata` is never
    cleared as a whole, because it contains our marker.
    """
    return _patch(before, after, "")


def _patch(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for name in {**before, **after}:
        if name in before and name in after and before[name] == after[name]:
            continue
        path = f"{prefix}{_escaped(name)}"
        if name not in after:
            patch.update(_removal(name, path, before[name]))
        elif name not in before:
            patch[name] = after[name]
        elif isinstance(before[name], (dict, Mapping)) and isinstance(after[name], (dict, Mapping)):
            inner = _patch(before[name], after[name], f"{path}/")
            patch.update({name: inner} if inner else {})
        elif not same(path, before[name], after[name]):
            patch[name] = after[name]
    return patch


def _removal(name: str, path: str, value: Any) -> dict[str, Any]:
    if path == EVENT:
        return {}
    if path in DEFAULTS:
        return {} if is_default(path, value) else {name: DEFAULTS[path]}
    if path in ("metadata", "utm_tracking") and isinstance(value, Mapping):
        inner = _patch(value, {}, f"{path}/")
        return {name: inner} if inner else {}
    return {name: None}
