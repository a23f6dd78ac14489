"""A compiled campaign with the origin of every member: lines like YAML's, or a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from campaignctl.manifest.model import DesiredCampaign
from campaignctl.manifest.origins import Origin, beside
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style
from campaignctl.render.values import value_text

FORMAT_VERSION = 1

_VALUE_SHOWN = 60
#: How far to the right the comments may begin; longer lines push their own.
_WIDEST = 76

#: Names of members and indices of items.
_Path = tuple[str | int, ...]
_Origins = Mapping[_Path, Sequence[Origin]]


def explain_text(campaign: DesiredCampaign, origins: Sequence[Origin], *, color: bool) -> str:
    """The body line by line, each with where its value came from; before it what is said beside it."""
    style = Style(color)
    around = list(_commented(beside(campaign, origins), origins, beside=True))
    body = list(_commented(campaign.spec, origins, beside=False))
    lines = [*around, ("", ""), *body] if around else body
    width = min(max((columns(text) for text, comment in lines if comment), default=0), _WIDEST)
    shown = [
        f"{pad(text, width)}  {style(f'# {comment}', 'dim')}" if comment else text for text, comment in lines
    ]
    return "\n".join([style(escape(campaign.key), "bold"), *shown]) + "\n"


def explain_json(campaign: DesiredCampaign, origins: Sequence[Origin]) -> dict[str, Any]:
    """The same as a document; lines and columns count from 1, paths are as in `messages/0/priority`.

    Paths of `origins` lead into the body, those of `beside_origins` into `beside`.
    """
    return {
        "format_version": FORMAT_VERSION,
        "key": campaign.key,
        "beside": beside(campaign, origins),
        "beside_origins": [_origin_json(origin) for origin in origins if origin.beside],
        "spec": campaign.spec,
        "origins": [_origin_json(origin) for origin in origins if not origin.beside],
    }


def _commented(value: Any, origins: Iterable[Origin], *, beside: bool) -> Iterator[tuple[str, str]]:
    """The lines of the body, or of what stands beside it, each with its origins in words."""
    known: defaultdict[_Path, list[Origin]] = defaultdict(list)
    for origin in origins:
        if origin.beside == beside:
            known[origin.path].append(origin)
    yield from ((text, _comment(known.get(path, ()))) for text, path in _lines(value, ()))


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
