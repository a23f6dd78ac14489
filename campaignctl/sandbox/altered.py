"""What the API does to fields on their way in and out: it ignores, cuts, adds, respells and hides.

Which ones say the switches. A pattern is a path such as `messages/*/push/title/de`; `*` stands for one part.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from campaignctl.sandbox.model import JsonObject, Rejected
from campaignctl.sandbox.switches import Switches

Path = tuple[str, ...]
_Change = Callable[[Any, Path], Any]
_PIXEL = '<img src="https://track.example/open.gif" width="1" height="1" alt="">'
_HREF = re.compile(r"""(href\s*=\s*(["'])https?://(?:(?!\2).)*)(?=\2)""", re.IGNORECASE)
_NO_TEXT = re.compile(r"(?is)(<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->|<[^>]*>)")
_BARE_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SETS = ("labels", "items", "weekdays", "months")


def stored(kept: JsonObject, before: JsonObject, ignored: Iterable[str], switches: Switches) -> JsonObject:
    """Return what is stored of a valid definition: without what is ignored, its texts cut and replaced.

    What is the same as `before` (for a create nothing) stays as it is, and what is ignored goes back to it.
    A campaign always keeps a name and its messages.
    """
    patterns = _split(ignored)
    if patterns:
        kept = {"name": kept["name"], "messages": kept["messages"], **_undone(kept, before, patterns)}
    result: JsonObject = _rewritten(kept, before, (), switches)
    return result


def hidden(shown: JsonObject, patterns: Iterable[str]) -> JsonObject:
    """Return an answer without what the patterns name."""
    result: JsonObject = _without(shown, _split(patterns))
    return result


def respelt(body: JsonObject, kinds: Iterable[str]) -> JsonObject:
    """Return a definition spelt in other ways that mean the same; metadata stays as it is."""
    for kind in kinds:
        change = _SPELLINGS[kind]
        body = {
            name: value if name == "metadata" else _each(value, (name,), change)
            for name, value in body.items()
        }
    return body


def changed_at(value: Any, path: Sequence[str], new: Any) -> Any:
    """Return a JSON value with one place set, or removed if `new` is None.

    Missing objects on the way are made; a list takes items up to one past its end. Rejected for a place that
    cannot be.
    """
    name, *rest = path
    if isinstance(value, list):
        if not name.isdecimal() or int(name) > len(value):
            raise Rejected(f"{name}: there is no such item")
        index = int(name)
        inner = changed_at(value[index] if index < len(value) else None, rest, new) if rest else new
        return [*value[:index], *([] if inner is None else [inner]), *value[index + 1 :]]
    if value is not None and not isinstance(value, dict):
        raise Rejected(f"{name}: is inside of a value that is no object")
    inside = value or {}
    inner = changed_at(inside.get(name), rest, new) if rest else new
    kept = {other: item for other, item in inside.items() if other != name or inner is not None}
    return kept if inner is None else {**kept, name: inner}


def _split(patterns: Iterable[str]) -> list[Path]:
    return [tuple(pattern.split("/")) for pattern in patterns]


def _inside(patterns: Iterable[Path], name: str) -> list[Path]:
    """Return what is left of the patterns one part further in; an empty one names the value itself."""
    return [pattern[1:] for pattern in patterns if pattern[0] in (name, "*")]


def _matches(path: Path, pattern: str) -> bool:
    parts = pattern.split("/")
    return len(parts) == len(path) and all(p in (name, "*") for p, name in zip(parts, path, strict=True))


def _undone(value: Any, before: Any, patterns: list[Path]) -> Any:
    """Return a value with what the patterns name as it was before; list items stay where there were none."""
    if not patterns:
        return value
    if isinstance(value, list):
        old = dict(enumerate(before if isinstance(before, list) else ()))
        inner = [_inside(patterns, str(index)) for index in range(len(value))]
        return [
            old.get(index, item) if () in inner[index] else _undone(item, old.get(index), inner[index])
            for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    known = before if isinstance(before, dict) else {}
    undone: JsonObject = {}
    for name in {**value, **known}:
        inside = _inside(patterns, name)
        if () in inside:
            undone |= {name: known[name]} if name in known else {}
        elif name in value:
            undone[name] = _undone(value[name], known.get(name), inside)
    return undone


def _without(value: Any, patterns: list[Path]) -> Any:
    if not patterns or not isinstance(value, (dict, list)):
        return value
    pairs = value.items() if isinstance(value, dict) else ((str(n), item) for n, item in enumerate(value))
    inner = [(name, item, _inside(patterns, name)) for name, item in pairs]
    left = {name: _without(item, inside) for name, item, inside in inner if () not in inside}
    return left if isinstance(value, dict) else list(left.values())


def _rewritten(value: Any, before: Any, path: Path, switches: Switches) -> Any:
    """Return a value with its new texts as they are stored."""
    if value == before:
        return value
    if isinstance(value, dict):
        old = before if isinstance(before, dict) else {}
        return {
            name: _rewritten(item, old.get(name), (*path, name), switches) for name, item in value.items()
        }
    if isinstance(value, list):
        old = dict(enumerate(before if isinstance(before, list) else ()))
        return [_rewritten(item, old.get(n), (*path, str(n)), switches) for n, item in enumerate(value)]
    return _text(value, path, switches) if isinstance(value, str) else value


def _text(text: str, path: Path, switches: Switches) -> str:
    if path[0] == "messages":
        for expression, replacement in switches.replaced.items():
            text = re.sub(expression, replacement.replace("\\", r"\\"), text)
    for pattern, length in switches.cut.items():
        text = text[:length] if _matches(path, pattern) else text
    return _tracked(text, switches.tracked_html) if _is_html(path) else text


def _is_html(path: Path) -> bool:
    return path[0] == "messages" and path[2:4] == ("email", "html")


def _tracked(html: str, how: str) -> str:
    if how == "query":
        return _HREF.sub(lambda link: f"{link[1]}{'&amp;' if '?' in link[1] else '?'}track=1", html)
    if how == "pixel":
        head, end, tail = html.rpartition("</body>")
        return f"{head}{_PIXEL}{end}{tail}" if end else html + _PIXEL
    return html


def _each(value: Any, path: Path, change: _Change) -> Any:
    """Return a value with a change made to every value in it, from the inside out."""
    if isinstance(value, dict):
        value = {name: _each(item, (*path, name), change) for name, item in value.items()}
    elif isinstance(value, list):
        value = [_each(item, (*path, str(n)), change) for n, item in enumerate(value)]
    return change(value, path)


def _texts(change: Callable[[str], str], where: Callable[[Path], bool] = lambda _: True) -> _Change:
    return lambda value, path: change(value) if isinstance(value, str) and where(path) else value


def _other_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r\n" in text else text.replace("\n", "\r\n")


def _other_composition(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFD", text) if text == composed else composed


def _escaped(html: str) -> str:
    """Return html with the characters of its text as escapes, and with `&amp;` for every bare `&`."""
    parts = _NO_TEXT.split(html)
    parts[::2] = [part.replace("'", "&#39;").replace('"', "&quot;") for part in parts[::2]]
    return "".join(
        part if re.match("<(script|style|!--)", part, re.IGNORECASE) else _BARE_AMPERSAND.sub("&amp;", part)
        for part in parts
    )


def _in_numbers(cron: str) -> str:
    """Return a cron line with the days of its week as numbers, Sunday as 0."""
    *parts, days = cron.split(" ")
    for number, day in enumerate(_DAYS):
        days = re.sub(day, str(number), days, flags=re.IGNORECASE)
    return " ".join([*parts, ",".join("0" if day == "7" else day for day in days.split(","))])


def _whole_length(window: str) -> str:
    given = {part[-1:]: part for part in window.split(" ")}
    return " ".join(given.get(unit, f"0{unit}") for unit in "DHM")


def _other_order(value: Any, path: Path) -> Any:
    return value[::-1] if isinstance(value, list) and path[-1] in _SETS else value


def _other_message_order(value: Any, path: Path) -> Any:
    return value[::-1] if path == ("messages",) else value


def _in_words(value: Any, _path: Path) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_a_word(value: Any, _path: Path) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


_SPELLINGS: Mapping[str, _Change] = {
    "trimmed": _texts(str.strip),
    "line_ends": _texts(_other_line_ends),
    "composition": _texts(_other_composition),
    "escapes": _texts(_escaped, _is_html),
    "lower_addresses": _texts(str.lower, lambda path: path[-1] == "sender_email"),
    "cron": _texts(_in_numbers, lambda path: path == ("recurrence", "cron")),
    "durations": _texts(_whole_length, lambda path: path[-1] == "evaluation_window"),
    "set_order": _other_order,
    "number_texts": _in_words,
    "flag_words": _as_a_word,
    "message_order": _other_message_order,
}
