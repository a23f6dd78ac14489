"""Two specs, field by field, and what counts as the same.

Paths are written as in `messages/0/push/title/en`; a slash inside a name is
`~1` and a tilde `~0`. A list of objects has fields of its own, any other list is one field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from campaignctl.campaign.canonical import canonical
from campaignctl.schedule.times import TimeError, canonical_gmt

# What the API takes an absent member for (API contract, sections 2.1 and 2.8). A member that leaves a
# manifest is patched to this value; one without a documented default is patched to null.
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

# What the API adds to a message, and no request has (API contract, section 3).
OF_THE_API = frozenset({"id", "company_id", "campaign_id", "winner"})

# An event and not a property: compared with what was applied, never with live.
EVENT = "run_immediately"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One member that differs. `path` is as in `messages/0/push/title/en`; None stands for absent."""

    path: str
    before: Any
    after: Any


def join(parts: Iterable[str | int]) -> str:
    """The path of a member."""
    return "/".join([_escaped(part) for part in parts])


def _escaped(part: str | int) -> str:
    text = str(part)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def split(path: str) -> list[str]:
    """The parts of a path; an index stays text."""
    parts = path.split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts] if "~" in path else parts


def lookup(spec: Any, path: str) -> tuple[Any, ...]:
    """The value at a path as a tuple of one, or an empty tuple where there is none."""
    for part in split(path):
        if isinstance(spec, Mapping) and part in spec:
            spec = spec[part]
        elif isinstance(spec, list | tuple) and part.isdecimal() and int(part) < len(spec):
            spec = spec[int(part)]
        else:
            return ()
    return (spec,)


def leaves(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a spec by its path, in the spec's order."""
    found: dict[str, Any] = {}
    for name, member in spec.items():
        _collect(member, _escaped(name), found)
    return found


def _collect(value: Any, path: str, found: dict[str, Any]) -> None:
    if isinstance(value, Mapping) and value:
        for name, member in value.items():
            _collect(member, f"{path}/{_escaped(name)}", found)
    elif _is_object_list(value):
        for index, item in enumerate(value):
            _collect(item, f"{path}/{index}", found)
    else:
        found[path] = value


def _is_object_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(i, Mapping) for i in value)


def same(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same: labels as sets, times by instant, true as 1, ids as
    strings ("Drift" in the decision rules)."""
    if one == other:
        return True
    return bool(meaning(path, one) == meaning(path, other))


def meaning(path: str, value: Any) -> Any:
    """What a value of a field says, however it is spelt; equal for values that are the `same`."""
    name = split(path)[-1]
    if name == "labels":
        items = value.split(",") if isinstance(value, str) else value
        return sorted({str(item).strip() for item in items or ()} - {""})
    if name.endswith("_time") and isinstance(value, str):
        return _instant(value)
    if (name == "id" or name.endswith("_id")) and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return canonical(value, name)


def _instant(text: str) -> str:
    # A time of the API without an offset is GMT in every spelling (API contract, section 0).
    for spelling in (text, text.replace("T", " ")):
        try:
            return canonical_gmt(spelling)
        except TimeError:
            continue
    return text


def equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specs say the same, member for member."""
    return one == other or bool(canonical(one) == canonical(other))


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two specs ask the API for the same: equal once documented defaults are left out."""
    return equal(one, other) or equal(_without_defaults(one, ""), _without_defaults(other, ""))


def _without_defaults(spec: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    bare: dict[str, Any] = {}
    for name, value in spec.items():
        path = f"{prefix}{join([name])}"
        if path in DEFAULTS and same(path, value, DEFAULTS[path]):
            continue
        if path == "utm_tracking" and isinstance(value, Mapping):
            bare.update({name: rest} if (rest := _without_defaults(value, f"{path}/")) else {})
        else:
            bare[name] = value
    return bare


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path lies at or below one of the patterns, in which `*` stands for one whole part."""
    parts = split(path)
    return any(_matches(parts, split(pattern)) for pattern in patterns)


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if len(pattern) > len(parts):
        return False
    return all(wanted in ("*", part) for wanted, part in zip(pattern, parts, strict=False))


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Every field that differs, by path, in the order of the members.

    Only members that are unequal reach deepdiff, whose import and walk are slow.
    """
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    found: list[FieldChange] = []
    for name in names:
        if name in before and name in after:
            inside = _inside(name, before[name], after[name])
            unique = {change.path: change for change in inside}
            found += [one for one in unique.values() if not same(one.path, one.before, one.after)]
        elif name in before:
            found += [FieldChange(path, old, None) for path, old in leaves({name: before[name]}).items()]
        else:
            found += [FieldChange(path, None, new) for path, new in leaves({name: after[name]}).items()]
    return tuple(found)


def _inside(name: str, before: Any, after: Any) -> Iterable[FieldChange]:
    if not isinstance(before, Mapping | list | tuple) or type(before) is not type(after):
        yield FieldChange(join([name]), before, after)
        return
    # Imported late: it costs 140 ms, and most runs differ in nothing.
    from deepdiff import DeepDiff

    tree = DeepDiff(
        {name: before}, {name: after}, view="tree", zip_ordered_iterables=True, ignore_private_variables=False
    )
    nodes = [node for group in tree.values() for node in group]
    for node in sorted(nodes, key=lambda node: [str(part) for part in node.path(output_format="list")]):
        yield _coarse(node.path(output_format="list"), name, before, after)


def _coarse(parts: list[str | int], name: str, before: Any, after: Any) -> FieldChange:
    """The change at a path of deepdiff, or at the list that is one field and that the path leads into."""
    old, new = {name: before}, {name: after}
    lengths = range(1, len(parts) + 1)
    path = next((p for n in lengths if _is_plain_list(p := join(parts[:n]), old, new)), join(parts))
    one, other = lookup(old, path), lookup(new, path)
    return FieldChange(path, one[0] if one else None, other[0] if other else None)


def _is_plain_list(path: str, *specs: Mapping[str, Any]) -> bool:
    values = [value for spec in specs for value in lookup(spec, path)]
    return any(isinstance(value, list | tuple) and not _is_object_list(value) for value in values)
