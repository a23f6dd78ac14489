"""Previews on a terminal: boxes with what recipients see, and below them what it costs or lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any

from campaignctl.content.facts import DEVICES, FCM_PAYLOAD, GSM_ALONE, GSM_PART, UCS2_ALONE, UCS2_PART
from campaignctl.content.model import (
    EmailPreview,
    InboxView,
    Line,
    Preview,
    PushPreview,
    PushView,
    SmsPreview,
)
from campaignctl.content.push import views as push_views
from campaignctl.content.text import cut, width, wrap
from campaignctl.errors import counted, first_of
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, Tone

if TYPE_CHECKING:
    from campaignctl.review.preview import Compared

#: Columns of a box at most: of one alone, and of one of several next to each other.
_WIDE = 62
_CARD = 39
_NARROWEST = 20
_GAP = "  "
_MOST_LINES = 12
_MOST_NAMED = 8
#: The sides of a box, with a space on each.
_BORDERS = 4
_LINES = {True: "╭─╮│╰╯", False: "+-+|++"}

_Tones = tuple[Tone, ...]
#: Safe lines of a box, each in its tones.
_Lines = list[tuple[str, _Tones]]


@dataclass(frozen=True, slots=True)
class Look:
    """How text is laid out: the columns of the terminal, and whether it can show the lines of boxes."""

    columns: int = 80
    boxes: bool = True


@dataclass(frozen=True, slots=True)
class _Row:
    """One safe line, in pieces of one tone each."""

    pieces: tuple[tuple[str, _Tones], ...] = ()

    @classmethod
    def of(cls, text: str, *tones: Tone) -> _Row:
        return cls(((text, tones),))

    @property
    def width(self) -> int:
        return sum(width(text) for text, _ in self.pieces)

    def painted(self, style: Style) -> str:
        return "".join(style(text, *tones) for text, tones in self.pieces)

    def before(self, other: _Row, at: int) -> _Row:
        """This row and another one that starts at a column."""
        return _Row((*self.pieces, (" " * max(0, at - self.width), ()), *other.pieces))


# ----------------------------------------------------------------------------------------- documents


def previews_text(previews: Sequence[Preview], *, look: Look, color: bool) -> str:
    """Previews of campaigns, one below the other."""
    rows: list[_Row] = []
    for key, group in groupby(previews, key=lambda preview: preview.key):
        rows += [*([_Row()] if rows else []), *_heading(key, look)]
        for preview in group:
            rows += [_Row(), *_rows(_title(preview), look, "bold", "cyan"), *_body(preview, look)]
    return _text(rows, color)


def compared_text(compared: Sequence[Compared], *, look: Look, color: bool) -> str:
    """What recipients see before and after a plan, side by side where there is room."""
    rows: list[_Row] = []
    for key, group in groupby(compared, key=lambda one: one.key):
        rows += [*([_Row()] if rows else []), *_heading(key, look)]
        for one in group:
            rows += [_Row(), *_compared(one, look)]
    return _text(rows, color)


def preview_json(preview: Preview) -> dict[str, Any]:
    """A preview as an object: the fields of its content next to those of the message.

    The html of an email is left out: it is long, and in the manifest.
    """
    fields = _plain(preview)
    content = fields.pop("content")
    content.pop("html", None)
    if isinstance(preview.content, PushPreview):
        content["views"] = _plain(push_views(preview.content))
    return {**fields, **content}


def _plain(value: Any) -> Any:
    """A value of previews as JSON has it; `asdict` would copy every text."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    names = getattr(value, "__slots__", None)
    return value if names is None else {name: _plain(getattr(value, name)) for name in names}


def compared_json(one: Compared) -> dict[str, Any]:
    """A message before and after a plan as an object."""
    return {
        "key": one.key,
        "message": one.message,
        "channel": one.channel,
        "lang": one.lang,
        "change": one.change,
        "changed": list(one.changed),
        "before": preview_json(one.before) if one.before else None,
        "after": preview_json(one.after) if one.after else None,
    }


def _text(rows: Sequence[_Row], color: bool) -> str:
    style = Style(color)
    return "\n".join(row.painted(style).rstrip() for row in rows) + "\n"


def _heading(key: str, look: Look) -> list[_Row]:
    rows = list(_rows(key_text := escape(key), look, "bold"))
    rule = "─" if look.boxes else "-"
    return [*rows, _Row.of(rule * min(look.columns, width(key_text)), "dim")]


def _title(shown: Preview | Compared) -> str:
    return f"{escape(shown.message)}, {shown.channel}, {escape(shown.lang)}"


def _compared(one: Compared, look: Look) -> Iterator[_Row]:
    yield from _rows(f"{_title(one)}: {one.change}", look, "bold", "cyan")
    if one.changed:
        yield from _rows(f"changed: {', '.join(one.changed)}", look, "yellow")
    half = Look((look.columns - len(_GAP)) // 2, look.boxes)
    if one.before and one.after and half.columns >= _CARD - 1:
        sides = ([_Row.of(name, "bold"), *_body(side, half)] for name, side in _sides(one))
        for left, right in zip_longest(*sides, fillvalue=_Row()):
            yield left.before(right, half.columns + len(_GAP))
        return
    for name, side in _sides(one):
        yield _Row.of(name, "bold")
        yield from _body(side, look)


def _sides(one: Compared) -> list[tuple[str, Preview]]:
    return [(name, side) for name, side in (("before", one.before), ("after", one.after)) if side]


def _body(preview: Preview, look: Look) -> Iterator[_Row]:
    if preview.missing:
        yield from _rows(f"no text: {', '.join(map(escape, preview.missing))}", look, "red")
    if preview.fallback and preview.lang != preview.primary_lang:
        fields = ", ".join(map(escape, preview.fallback))
        yield from _rows(
            f"not in {escape(preview.lang)}, shown in {escape(preview.primary_lang)}: {fields}",
            look,
            "yellow",
        )
    match preview.content:
        case PushPreview():
            yield from _push(preview.content, look)
        case EmailPreview():
            yield from _email(preview.content, look)
        case SmsPreview():
            yield from _sms(preview.content, look)
    yield from _macros(preview, look)


def _macros(preview: Preview, look: Look) -> Iterator[_Row]:
    known = [f"{each.name} = {escape(each.value, 40)}" for each in preview.macros if each.value is not None]
    if known:
        yield from _rows(f"macros, with sample values: {', '.join(known)}", look, "dim")
    if unknown := [each.name for each in preview.macros if each.value is None]:
        yield from _rows(f"macros without a sample value: {', '.join(unknown)}", look, "yellow")


# --------------------------------------------------------------------------------------------- push


def _push(push: PushPreview, look: Look) -> Iterator[_Row]:
    alike: dict[tuple[Line, Line], list[PushView]] = {}
    views = push_views(push)
    for view in views:
        alike.setdefault((view.title, view.body), []).append(view)
    cards = [_card(push, same, len(same) == len(views), look) for same in alike.values()]
    yield from _grid(cards, look)
    if push.image:
        yield from _rows(_exceptions(views, "image", lambda view: view.image), look, "dim")
    if push.buttons:
        yield from _rows(_exceptions(views, "buttons", lambda view: view.buttons > 0), look, "dim")
    opens = [("", push.landing_url)] if push.landing_url else []
    opens += [(f"[ {escape(each.title)} ] ", each.url) for each in push.buttons]
    for name, url in opens:
        yield from _rows(f"{name}opens {escape(url) or 'nothing'}", look)
    over = push.payload > push.payload_limit
    size = f"payload: {push.payload:,} of {push.payload_limit:,} bytes"
    more = f" (web push; Android and iOS take {FCM_PAYLOAD.value:,})"
    yield from _rows(size + (": more does not arrive" if over else "") + more, look, *_if(over, "red"))


def _card(push: PushPreview, views: Sequence[PushView], every: bool, look: Look) -> list[_Row]:
    """The box of devices that cut the texts alike, below their names; with as much as any of them shows."""
    columns = _fitting(_CARD, look)
    room = columns - _BORDERS
    lines: _Lines = [*_lines(views[0].title.shown, room, "bold"), *_lines(views[0].body.shown, room)]
    if any(view.image for view in views):
        lines.append((cut(f"[image] {escape(push.image)}", room).shown, ("dim",)))
    if buttons := max(view.buttons for view in views):
        named = "  ".join(f"[ {escape(each.title)} ]" for each in push.buttons[:buttons])
        lines += [(each, ("bold",)) for each in wrap(named, room)]
    head = _rows("every device" if every else _devices(views), Look(columns), "dim")
    return [*head, *_box(lines, columns, look)]


def _devices(views: Sequence[PushView]) -> str:
    """The devices of some views, each with its form unless both are there."""
    forms: dict[str, list[PushView]] = {}
    for view in views:
        forms.setdefault(view.device, []).append(view)
    named = (device if len(seen) > 1 else f"{device} ({_form(seen[0])})" for device, seen in forms.items())
    return ", ".join(named)


def _form(view: PushView) -> str:
    device = next((each for each in DEVICES if each.name == view.device), None)
    named = getattr(device, view.form).name if device else ""
    return named or view.form


def _exceptions(views: Sequence[PushView], name: str, has: Callable[[PushView], bool]) -> str:
    """Which devices show a picture or buttons in which form."""
    closed = [view.device for view in views if view.form == "collapsed" and has(view)]
    without = [view.device for view in views if view.form == "expanded" and not has(view)]
    said = f"{name}: when expanded"
    said += f"; on {', '.join(closed)} also when collapsed" if closed else ""
    return said + (f"; not on {', '.join(without)}" if without else "")


# ---------------------------------------------------------------------------------------------- SMS


def _sms(sms: SmsPreview, look: Look) -> Iterator[_Row]:
    columns = _fitting(_CARD, look)
    bubbles = [
        list(_box(_lines(bubble, columns - _BORDERS), columns, look, f"part {number} of {len(sms.bubbles)}"))
        for number, bubble in enumerate(sms.bubbles, 1)
    ]
    yield from _grid(bubbles, look)
    alone, part = (GSM_ALONE, GSM_PART) if sms.encoding == "GSM-7" else (UCS2_ALONE, UCS2_PART)
    parts, units = _range(sms.parts, sms.parts_max, "part"), _range(sms.units, sms.units_max, "unit")
    limits = f"1 part has {alone.value}, each of several {part.value}"
    yield from _rows(f"{parts}: {sms.encoding}, {units} ({limits})", look, *_if(sms.parts_max > 1, "yellow"))
    if sms.encoding != sms.encoding_max:
        yield from _rows("UCS-2 if a macro or link has a letter outside of GSM-7", look, "dim")
    if sms.links:
        yield from _rows(f"{counted(sms.links, 'link')}: shortened when sent", look, "dim")
    if sms.costly:
        yield from _costly(sms, look)


def _costly(sms: SmsPreview, look: Look) -> Iterator[_Row]:
    if len(sms.costly) > _MOST_NAMED and all(each.instead is None for each in sms.costly):
        yield from _rows("its script is not in GSM-7", look, "dim")
        return
    yield from _rows("not in GSM-7, so all of it is UCS-2:", look, "yellow")
    for each in sms.costly[:_MOST_NAMED]:
        times = f", {each.count} times" if each.count > 1 else ""
        instead = "" if each.instead is None else f": write {escape(each.instead)}"
        if each.instead == "":
            instead = ": leave it out"
        yield from _rows(f"  {escape(each.character)} {each.name}{times}{instead}", look)
    if (rest := len(sms.costly) - _MOST_NAMED) > 0:
        yield from _rows(f"  and {rest:,} more", look)
    if sms.parts_plain is not None:
        yield from _rows(f"with these changes: {counted(sms.parts_plain, 'part')}", look, "green")


# -------------------------------------------------------------------------------------------- email


def _email(email: EmailPreview, look: Look) -> Iterator[_Row]:
    yield from _rows(f"from {escape(email.sender_name)} <{escape(email.sender_email)}>", look)
    alike: dict[tuple[Line, Line], list[InboxView]] = {}
    for inbox in email.inboxes:
        alike.setdefault((inbox.subject, inbox.preheader), []).append(inbox)
    yield from _grid([_inbox(email, views, look) for views in alike.values()], look)
    origin = {"html": "preheader: from the first words of the body", "none": "no preheader", "preheader": ""}
    if said := origin[email.preheader_from]:
        yield from _rows(said, look, "dim")
    columns = _fitting(_WIDE, look)
    lines = _lines(email.text, columns - _BORDERS)
    rest = len(lines) - _MOST_LINES
    yield from _rows("text, without styles and pictures", look, "dim")
    yield from _box(lines[:_MOST_LINES], columns, look, counted(rest, "more line") if rest > 0 else "")
    yield from _facts(email, look)


def _inbox(email: EmailPreview, views: Sequence[InboxView], look: Look) -> list[_Row]:
    columns = _fitting(_CARD, look)
    room = columns - _BORDERS
    lines = _lines(email.sender_name, room)
    lines += _lines(views[0].subject.shown, room, "bold")
    lines += _lines(views[0].preheader.shown, room, "dim")
    every = len(views) == len(email.inboxes)
    head = "every inbox" if every else ", ".join(view.client for view in views)
    return [*_rows(head, Look(columns), "dim"), *_box(lines, columns, look)]


def _facts(email: EmailPreview, look: Look) -> Iterator[_Row]:
    without = sum(image.alt is None for image in email.images)
    images = counted(len(email.images), "image") + (f" ({without:,} without alt)" if without else "")
    yield from _rows(f"{counted(email.size, 'byte')}, {counted(len(email.links), 'link')}, {images}", look)
    urls = list(dict.fromkeys(escape(link.url, 60) or "(empty)" for link in email.links))
    if urls:
        yield from _rows(f"links to {first_of(urls, _MOST_NAMED)}", look, "dim")


# --------------------------------------------------------------------------------------------- boxes


def _fitting(columns: int, look: Look) -> int:
    return max(_NARROWEST, min(columns, look.columns))


def _lines(text: str, room: int, *tones: Tone) -> _Lines:
    """The safe lines of a text within a box; none of an empty one."""
    parts = text.split("\n") if text else []
    return [(line, tones) for part in parts for line in wrap(escape(part, None), room)]


def _box(lines: _Lines, columns: int, look: Look, foot: str = "") -> Iterator[_Row]:
    left, rule, right, side, low_left, low_right = tuple(_LINES[look.boxes])
    room = columns - _BORDERS
    yield _Row.of(f"{left}{rule * (room + 2)}{right}", "dim")
    for text, tones in lines or [("(nothing)", _if(True, "red"))]:
        pad = " " * (room - width(text))
        yield _Row(((f"{side} ", ("dim",)), (text, tones), (f"{pad} {side}", ("dim",))))
    end = cut(f"{rule} {foot} ", room).shown if foot else ""
    yield _Row.of(f"{low_left}{end}{rule * (room + 2 - width(end))}{low_right}", "dim")


def _grid(cards: Sequence[Sequence[_Row]], look: Look) -> Iterator[_Row]:
    """Boxes next to each other, as many as there is room for."""
    step = _fitting(_CARD, look) + len(_GAP)
    across = max(1, (look.columns + len(_GAP)) // step)
    for start in range(0, len(cards), across):
        row = cards[start : start + across]
        # Below the captions, so that the boxes begin on one line.
        captions = max(_caption(card) for card in row)
        level = [[*[_Row()] * (captions - _caption(card)), *card] for card in row]
        for pieces in zip_longest(*level, fillvalue=_Row()):
            line = pieces[0]
            for number, piece in enumerate(pieces[1:], 1):
                line = line.before(piece, number * step)
            yield line


def _caption(card: Sequence[_Row]) -> int:
    """How many rows stand above a box."""
    corners = (_LINES[True][0], _LINES[False][:2])
    return next(at for at, row in enumerate(card) if row.pieces and row.pieces[0][0].startswith(corners))


def _rows(text: str, look: Look, *tones: Tone) -> Iterator[_Row]:
    """A sentence within the columns; its further lines are indented."""
    indent = text[: len(text) - len(text.lstrip())]
    first, *rest = wrap(text.strip(), max(_NARROWEST, look.columns - len(indent) - len(_GAP)))
    yield _Row.of(indent + first, *tones)
    for line in rest:
        yield _Row.of(indent + _GAP + line, *tones)


def _range(least: int, most: int, what: str) -> str:
    return counted(least, what) if least == most else f"{least:,} to {counted(most, what)}"


def _if(wrong: bool, *tones: Tone) -> _Tones:
    return tones if wrong else ()
