"""A compiled campaign with the origin of every field: lines like YAML's, or a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from campaignctl.manifest.model import DesiredCampaign
from campaignctl.manifest.origins import Origin, outside_body
from campaignctl.render import FORMAT_VERSION
from campaignctl.render.escape import columns, escape, pad
from campaignctl.render.table import Style
from campaignctl.render.values import value_text

_VALUE_SHOWN = 60
#: The last column at which comments are aligned; longer lines push theirs to the right.
_WIDEST = 76

#: Names of fields and indices of items.
_Path = tuple[str | int, ...]
_Origins = Mapping[_Path, Sequence[Origin]]


def explain_text(campaign: DesiredCampaign, origins: Sequence[Origin], *, color: bool) -> str:
    """The body line by line, each with the origin of its value; before it the settings outside the body."""
    style = Style(color)
    around = list(_commented(outside_body(campaign, origins), origins, outside=True))
    body = list(_commented(campaign.spec, origins, outside=False))
    lines = [*around, ("", ""), *body] if around else body
    width = min(max((columns(text) for text, comment in lines if comment), default=0), _WIDEST)
    shown = [
        f"{pad(text, width)}  {style(f'# {comment}', 'dim')}" if comment else text for text, comment in lines
    ]
    return "\n".join([style(escape(campaign.key), "bold"), *shown]) + "\n"


def explain_json(campaign: DesiredCampaign, origins: Sequence[Origin]) -> dict[str, Any]:
    """The document; lines and columns count from 1, a path is like `messages/0/priority`.

    The paths of `origins` lead into the body, those of `beside_origins` into `beside`.
    """
    return {
        "format_version": FORMAT_VERSION,
        "key": campaign.key,
        "beside": outside_body(campaign, origins),
        "beside_origins": [_origin_json(origin) for origin in origins if origin.outside],
        "spec": campaign.spec,
        "origins": [_origin_json(origin) for origin in origins if not origin.outside],
    }


def _commented(value: Any, origins: Iterable[Origin], *, outside: bool) -> Iterator[tuple[str, str]]:
    """The lines of the body, or of the settings outside it, each with its origins in words."""
    known: defaultdict[_Path, list[Origin]] = defaultdict(list)
    for origin in origins:
        if origin.outside == outside:
            known[origin.path].append(origin)
    for text, path in _lines(value, ()):
        yield text, ", ".join(map(_origin, known.get(path, ())))


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


def _origin(origin: Origin) -> str:
    name = f" {escape(origin.name)}" if origin.name else ""
    place = f" {escape(str(origin.source), None)}" if origin.source else ""
    return f"{origin.kind}{name}{place}"


def _lines(value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    """The lines of a non-empty object or list, each with its path."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _field(f"{_name(name)}:", child, (*path, name))
    else:
        for index, child in enumerate(value):
            yield from _item(child, (*path, index))


def _field(head: str, value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    if not _has_lines(value):
        yield f"{head} {value_text(value, _VALUE_SHOWN)}", path
        return
    yield head, path
    for text, inner in _lines(value, path):
        yield f"  {text}", inner


def _item(value: Any, path: _Path) -> Iterator[tuple[str, _Path]]:
    if not _has_lines(value):
        yield f"- {value_text(value, _VALUE_SHOWN)}", path
        return
    for number, (text, inner) in enumerate(_lines(value, path)):
        yield f"{'  ' if number else '- '}{text}", inner


def _has_lines(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _name(name: str) -> str:
    return escape(name) if name.replace("_", "a").isalnum() else value_text(name, None)
