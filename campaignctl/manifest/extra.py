"""`extra`: members of the body that this version does not know, merged last and shown as unchecked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaignctl.campaign.problem import Path, Problem, error, warning
from campaignctl.manifest.shape import Items, Members, Shape, bare


def unknown_members(
    extra: Mapping[str, Any], spec: Mapping[str, Any], shape: Shape, path: Path = ("extra",)
) -> Iterator[tuple[Path, Problem]]:
    """Every member of `extra`, merged or not, with its path in the body and what to say of it."""
    for name, value in extra.items():
        here = (*path, name)
        if isinstance(shape, Members) and name in shape.refused:
            yield here[1:], error("refused-member", here, f"`{name}` is not taken: {shape.refused[name]}")
        elif not isinstance(shape, Members) or name in shape.known or shape.rest is not None:
            inner = bare(shape.known.get(name)) if isinstance(shape, Members) else None
            yield from _known(value, spec.get(name), inner, here)
        else:
            message = f"`{'/'.join(map(str, here[1:]))}` is not known: it is sent unchecked"
            yield here[1:], warning("unchecked", here, message)


def _known(value: Any, given: Any, shape: Shape | None, path: Path) -> Iterator[tuple[Path, Problem]]:
    """A member that the tool knows: only what is unknown inside of it may be added to what is there."""
    if isinstance(shape, Members) and isinstance(value, dict) and isinstance(given, dict):
        yield from unknown_members(value, given, shape, path)
    elif (
        isinstance(shape, Items)
        and isinstance(value, list)
        and isinstance(given, list)
        and len(value) <= len(given)
        and all(isinstance(item, dict) for item in (*value, *given))
    ):
        for index, (item, there) in enumerate(zip(value, given, strict=False)):
            yield from _known(item, there, shape.item, (*path, index))
    else:
        yield (
            path[1:],
            error(
                "extra-known",
                path,
                f"`{path[-1]}` is known: `extra` cannot set it",
                "write it in `spec`; `extra` adds to it only what this version does not know",
            ),
        )


def merged(spec: Any, extra: Any) -> Any:
    """A body with the members of `extra` in it; lists item by item."""
    if isinstance(spec, dict) and isinstance(extra, dict):
        both = {name: merged(spec[name], extra[name]) for name in extra if name in spec}
        return {**spec, **extra, **both}
    if isinstance(spec, list) and isinstance(extra, list):
        return [merged(a, b) for a, b in zip(spec, extra, strict=False)] + spec[len(extra) :]
    return extra
