"""SMS: encoding, units, the text of each part, and the characters that make it dearer."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from campaignctl.campaign.contract import MACRO
from campaignctl.content import facts, macros
from campaignctl.content.model import Costly, Encoding, SmsPreview
from campaignctl.content.text import ELLIPSIS, graphemes

#: A character and its units. A filler has units and no character: what it stands for is not known.
_Atom = tuple[str, int]
_Atoms = list[_Atom]

_ALONE: Mapping[Encoding, int] = {"GSM-7": facts.GSM_ALONE.value, "UCS-2": facts.UCS2_ALONE.value}
_PART: Mapping[Encoding, int] = {"GSM-7": facts.GSM_PART.value, "UCS-2": facts.UCS2_PART.value}
_GSM = facts.GSM_BASIC | facts.GSM_EXTENDED
_BASIC_PLANE = 0xFFFF
_SHORT = facts.SHORT_LINK.value
#: A text without such a place has no link; the search for links takes long to load.
_LINK_AT = re.compile(r"://|\w\.\w")


def encoding_of(text: str) -> Encoding:
    """GSM-7 if it has every character of the text, else UCS-2."""
    return "GSM-7" if _GSM.issuperset(text) else "UCS-2"


def units_of(character: str, encoding: Encoding) -> int:
    """Septets or 16-bit units of a character."""
    if encoding == "GSM-7":
        return 2 if character in facts.GSM_EXTENDED else 1
    return 2 if ord(character) > _BASIC_PLANE else 1


def split(text: str) -> tuple[str, ...]:
    """The text of each part, macros and links as they stand. No escape or surrogate pair is split."""
    encoding = encoding_of(text)
    return _parts(_atoms(text, encoding), encoding)


def preview(text: str, samples: Mapping[str, str]) -> SmsPreview:
    """The preview of a text with macros and links; `samples` are the values of macros by name."""
    pieces = _pieces(text, samples)
    literal = "".join(piece.literal for piece in pieces)
    least, most = encoding_of(literal), _encoding_max(pieces)
    shown = encoding_of("".join(piece.shown for piece in pieces if not piece.long_link))
    low = [atom for piece in pieces for atom in piece.least(least)]
    high = [atom for piece in pieces for atom in piece.most(most)]
    bubbles = _parts([atom for piece in pieces for atom in piece.visible(shown)], shown)
    counts = (len(_parts(low, least)), len(bubbles), len(_parts(high, most)))
    costly = _costly(literal) if least == "UCS-2" else ()
    return SmsPreview(
        text=macros.fill(text, samples),
        encoding=least,
        encoding_max=most,
        units=_units(low),
        units_max=_units(high),
        parts=min(counts),
        parts_max=max(counts),
        bubbles=bubbles,
        costly=costly,
        parts_plain=_parts_plain(pieces, costly, min(counts)),
        links=sum(isinstance(piece, _Link) for piece in pieces),
    )


# ------------------------------------------------------------------------------------------- pieces


@dataclass(frozen=True, slots=True)
class _Text:
    """Words of the author; `shown` is what the recipient reads."""

    shown: str
    long_link = False

    @property
    def literal(self) -> str:
        """What decides the encoding whatever macros and links become."""
        return self.shown

    def least(self, encoding: Encoding) -> _Atoms:
        """The fewest units that it may take."""
        return _atoms(self.shown, encoding)

    most = visible = least


@dataclass(frozen=True, slots=True)
class _Macro:
    """A macro with its sample value, or its own text without one."""

    shown: str
    extent: macros.Extent
    literal = ""
    long_link = False

    def least(self, _encoding: Encoding) -> _Atoms:
        return _fillers(self.extent.least)

    def most(self, _encoding: Encoding) -> _Atoms:
        return _fillers(self.extent.most)

    def visible(self, encoding: Encoding) -> _Atoms:
        return _atoms(self.shown, encoding)


@dataclass(frozen=True, slots=True)
class _Link:
    """A link as written; `certain` is that the API takes it for one and shortens it."""

    shown: str
    certain: bool
    literal = ""

    @property
    def long_link(self) -> bool:
        """Whether it becomes shorter, so that its own characters do not count."""
        return len(self.shown) > _SHORT

    def least(self, _encoding: Encoding) -> _Atoms:
        return _fillers(_SHORT if self.certain else min(len(self.shown), _SHORT))

    def most(self, encoding: Encoding) -> _Atoms:
        return _atoms(self.shown, encoding) + _fillers(_SHORT - len(self.shown))

    def visible(self, encoding: Encoding) -> _Atoms:
        if self.long_link:
            return [(each, 1) for each in self.shown[: _SHORT - 1] + ELLIPSIS]
        return self.most(encoding)


_Piece = _Text | _Macro | _Link


def _pieces(text: str, samples: Mapping[str, str]) -> list[_Piece]:
    """A text as words, macros and links, in order; a macro within a link is part of it."""
    pieces: list[_Piece] = []
    end = 0
    for start, stop, certain in _links(text):
        pieces += _around_macros(text[end:start], samples)
        pieces.append(_Link(macros.fill(text[start:stop], samples), certain))
        end = stop
    return [*pieces, *_around_macros(text[end:], samples)]


def _around_macros(text: str, samples: Mapping[str, str]) -> Iterator[_Piece]:
    end = 0
    for found in MACRO.finditer(text):
        if found.start() > end:
            yield _Text(text[end : found.start()])
        yield _Macro(samples.get(found[1], found[0]), macros.extent(found[1], samples))
        end = found.end()
    if end < len(text):
        yield _Text(text[end:])


def _links(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each link, and whether it is certainly one: it has a scheme."""
    if not _LINK_AT.search(text):
        return
    # Letters of the same length in place of a macro, which would end a link.
    masked = MACRO.sub(lambda found: "m" * len(found[0]), text)
    for found in _finder().match(masked) or ():
        if found.schema in ("http:", "https:", ""):
            yield found.index, found.last_index, bool(found.schema)


@cache
def _finder() -> Any:
    from linkify_it import LinkifyIt  # its patterns take 0.1 s

    return LinkifyIt()


# -------------------------------------------------------------------------------------------- units


def _fillers(count: int) -> _Atoms:
    return [("", 1)] * count


def _atoms(text: str, encoding: Encoding) -> _Atoms:
    return [(each, units_of(each, encoding)) for each in text]


def _units(atoms: Sequence[_Atom]) -> int:
    return sum(units for _, units in atoms)


def _parts(atoms: Sequence[_Atom], encoding: Encoding) -> tuple[str, ...]:
    """The text of each part; a pair of units that does not fit goes to the next one whole."""
    if _units(atoms) <= _ALONE[encoding]:
        return ("".join(each for each, _ in atoms),)
    parts: list[list[str]] = [[]]
    room = _PART[encoding]
    for each, units in atoms:
        if units > room:
            parts.append([])
            room = _PART[encoding]
        parts[-1].append(each)
        room -= units
    return tuple(map("".join, parts))


def _encoding_max(pieces: Sequence[_Piece]) -> Encoding:
    if any(isinstance(piece, _Macro) and not piece.extent.ascii for piece in pieces):
        return "UCS-2"
    return encoding_of("".join(piece.shown for piece in pieces))


# ----------------------------------------------------------------------------------- what costs more


def _costly(text: str) -> tuple[Costly, ...]:
    """The characters that GSM-7 does not have, in the order in which they come."""
    counts = Counter(each for each in graphemes(text) if not _GSM.issuperset(each))
    return tuple(Costly(each, _name(each), count, _instead(each)) for each, count in counts.items())


def _name(cluster: str) -> str:
    first = next((each for each in cluster if each not in _GSM), cluster[0])
    composed = unicodedata.normalize("NFC", cluster)
    if len(composed) == 1:
        first = composed
    return unicodedata.name(first, f"U+{ord(first):04X}")


def _instead(cluster: str) -> str | None:
    """What GSM-7 has for a grapheme cluster: the same in one character, a plain sign, or its base letter."""
    composed = unicodedata.normalize("NFC", cluster)
    plain = [_plain(each) for each in composed]
    return None if None in plain else "".join(each or "" for each in plain)


def _plain(character: str) -> str | None:
    if character in _GSM:
        return character
    if character in facts.GSM_INSTEAD:
        return facts.GSM_INSTEAD[character]
    base = unicodedata.normalize("NFKD", character)
    bare = "".join(each for each in base if not unicodedata.combining(each))
    return bare if bare and _GSM.issuperset(bare) else None


def _parts_plain(pieces: Sequence[_Piece], costly: Sequence[Costly], parts: int) -> int | None:
    """How many parts it has with what `costly` says instead; None unless that is fewer."""
    instead = {each.character: each.instead for each in costly}
    if not costly or None in instead.values():
        return None
    atoms: _Atoms = []
    for piece in pieces:
        if isinstance(piece, _Text):
            plain = "".join(
                instead.get(each) or ("" if each in instead else each) for each in graphemes(piece.shown)
            )
            atoms += _atoms(plain, "GSM-7")
        else:
            atoms += piece.least("GSM-7")
    count = len(_parts(atoms, "GSM-7"))
    return count if count < parts else None
