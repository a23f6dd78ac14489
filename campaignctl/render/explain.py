"""A compiled campaign with the origin of every member: lines like YAML's, or a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from campaignctl.manifest.origins import Origin
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.style import Style
from campaignctl.render.values import value_text

FORMAT_VERSION = 1

_VALUE_SHOWN = 60
#: How far to the right the comments may begin; longer lines push their own.
_WIDEST = 76

#: Names of members and indices of items.
_Path = tuple[str | int, ...]
_Origins = Mapping[_Path, Sequence[Origin]]


def explain_text(key: str, spec: Mapping[str, Any], origins: Iterable[Origin], *, color: bool) -> str:
    """The body line by line, each with where its value came from."""
    style = Style(color)
    known: defaultdict[_Path, list[Origin]] = defaultdict(list)
    for origin in origins:
        known[origin.path].append(origin)
    lines = [(text, _comment(known.get(path, ()))) for text, path in _lines(spec, ())]
    width = min(max((columns(text) for text, comment in lines if comment), default=0), _WIDEST)
    shown = [
        f"{pad(text, width)}  {style(f'# {comment}', 'dim')}" if comment else text for text, comment in lines
    ]
    return "\n".join([style(escape(key), "bold"), *shown]) + "\n"


def explain_json(key: str, spec: Mapping[str, Any], origins: Iterable[Origin]) -> dict[str, Any]:
    """The same as a document; lines and columns count from 1, paths are as in `messages/0/priority`."""
    return {
        "format_version": FORMAT_VERSION,
        "key": key,
        "spec": spec,
        "origins": [_origin_json(origin) for origin in origins],
    }


def _origin_json(origin: Origin) -> dict[str, Any]:
    source = origin.source
    return {
        "path": "/".join(map(str, origin.path)),
        "file": source.file if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
        "from": origin.kind,
        "name": origin.name,
    }


def _comment(origins: Sequence[Origin]) -> str:
    return ", ".join(_origin(origin) for origin in origins)


def _origin(origin: Origin) -> str:
    name = f" {escape(origin.name)}" if origin.name else ""
    place = f" {escape(str(origin.source), None)}" if origin.source else ""
    return f"{origin.kind}{name}{place}"


def _lines(value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    """The lines of an object or list that is not empty, each with the path of what stands on it."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _member(f"{_name(name)}:", child, (*path, name))
    else:
        for index, child in enumerate(value):
            yield from _item(child, (*path, index))


def _member(head: str, value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    if not _has_lines(value):
        yield f"{head} {_short(value)}", path
        return
    yield head, path
    for text, inner in _lines(value, path):
        yield f"  {text}", inner


def _item(value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    if not _has_lines(value):
        yield f"- {_short(value)}", path
        return
    for number, (text, inner) in enumerate(_lines(value, path)):
        yield f"{'  ' if number else '- '}{text}", inner


def _has_lines(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _name(name: str) -> str:
    return escape(name) if name.replace("_", "a").isalnum() else value_text(name)


def _short(value: Any) -> str:
    return value_text(value, _VALUE_SHOWN)
