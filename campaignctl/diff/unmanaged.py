"""Fields of a live campaign that its manifest does not set: they are sent too.

A baseline holds them by path, as the answer to the create or a person's consent left them ("What we see of
live" in the decision rules). A field is told at the place nearest to the root that the spec does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.diff.drift import aligned, matched
from campaignctl.diff.fields import EVENT, FieldChange, join, lookup, split
from campaignctl.diff.meanings import means
from campaignctl.diff.requested import requested
from campaignctl.diff.verdicts import LANGUAGE_DEPTHS, Weight, weight

_QUIET = frozenset({"labels", "description", "score", "deal_id", "metadata"})


def unmanaged(spec: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """What live shows beyond a spec, by path; documented defaults and what the server adds are left out.

    Messages are matched by name; the index in a path is that of the spec's message.
    """
    shown = {name: value for name, value in requested(aligned(spec, live)).items() if name != EVENT}
    return dict(_beyond(spec, shown, ""))


def baseline_of(spec: Mapping[str, Any], live: Live) -> dict[str, Any]:
    """The baseline that the answer to a create leaves: without what may not come unasked."""
    return {path: value for path, value in unmanaged(spec, live).items() if not is_unasked(path)}


def is_unasked(path: str) -> bool:
    """Whether a field decides whether, when or to whom a campaign sends, or is a language of a text: it is
    wrong right after a write that did not ask for it."""
    parts = split(path)
    return (parts[0] != "messages" and weight(path) is Weight.AIM) or len(parts) in LANGUAGE_DEPTHS


def holds_arming_back(path: str) -> bool:
    """Whether a campaign is not armed while the field was set outside of the manifests."""
    return weight(path) is Weight.AIM or (
        weight(path) is Weight.CONTENT and split(path)[0] in ("messages", "ab_test")
    )


def is_quiet(path: str) -> bool:
    """Whether it is seen by the team alone, so that its change rings no alarm."""
    return split(path)[0] in _QUIET


def _beyond(spec: Any, shown: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if shown == spec:
        return
    if isinstance(shown, (dict, Mapping)) and isinstance(spec, (dict, Mapping)):
        for name, value in shown.items():
            if name in spec and spec[name] == value:
                continue
            path = f"{prefix}{join([name])}"
            if name in spec:
                yield from _beyond(spec[name], value, f"{path}/")
            elif not means(path, None, value):
                yield path, value
    elif _is_object_list(shown) and _is_object_list(spec):
        # A message more or less is a difference of the list, which is set as a whole.
        for index, (ours, theirs) in enumerate(zip(spec, shown, strict=False)):
            yield from _beyond(ours, theirs, f"{prefix}{index}/")


def _is_object_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)


def kept(baseline: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """A baseline without what a spec sets now."""
    left: dict[str, Any] = {}
    for path, value in baseline.items():
        found = lookup(spec, path)
        if not found:
            left[path] = value
        else:
            left.update(_beyond(found[0], value, f"{path}/"))
    return left


def following(
    baseline: Mapping[str, Any], applied: Mapping[str, Any], spec: Mapping[str, Any]
) -> dict[str, Any]:
    """A baseline of the applied spec as that of another one: what belongs to a message keeps its message, or
    is gone with it."""
    where = matched(spec.get("messages"), applied.get("messages"))
    if where is None:
        return dict(baseline)
    found: dict[str, Any] = {}
    for path, value in baseline.items():
        parts = split(path)
        if parts[0] == "messages" and len(parts) > 1:
            if int(parts[1]) not in where:
                continue
            parts[1] = str(where.index(int(parts[1])))
        found[join(parts)] = value
    return found


def set_outside(
    baseline: Mapping[str, Any],
    spec: Mapping[str, Any],
    live: Live,
    beyond: Mapping[str, Any] | None = None,
) -> tuple[FieldChange, ...]:
    """Where live differs from a baseline in what the spec does not set (before: the baseline's value).

    What a list item does not show is not told. `beyond` is `unmanaged` of the two, if that is known.
    """
    now = unmanaged(spec, live) if beyond is None else beyond
    was = kept(baseline, spec)
    told = [
        FieldChange(path, _at(was, path), value)
        for path, value in now.items()
        if not means(path, _at(was, path), value)
    ]
    told += [
        FieldChange(path, value, None)
        for path, value in was.items()
        if not _covered(now, path) and (live.complete or split(path)[0] in live.fields)
    ]
    return tuple(told)


def _at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a path of a baseline, which may hold it as a part of a larger one."""
    if path in values:
        return values[path]
    parts = split(path)
    for length in range(len(parts) - 1, 0, -1):
        if (above := join(parts[:length])) in values:
            return (*lookup(values[above], join(parts[length:])), None)[0]
    return None


def _covered(values: Mapping[str, Any], path: str) -> bool:
    """Whether one of the values stands at, above or below a path, so that the difference is told there."""
    return any(_meet(path, other) for other in values)


def _meet(one: str, other: str) -> bool:
    shorter, longer = sorted((split(one), split(other)), key=len)
    return longer[: len(shorter)] == shorter
