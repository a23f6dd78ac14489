"""The source of an html mail as tags with their offsets, and the text that is read.

A parser's tree has no offsets. This is HTML's own tokenization, in time linear in the source: a tag ends at
the first `>` outside of quotes; comments and the content of `<style>` and the like are no tags.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from html import unescape
from typing import NamedTuple

#: A tag; possessive, so that a quote without an end costs one look. Without a `>` it never ends.
_TAG = re.compile(r"""</?([a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+>""")
_ATTRIBUTE = re.compile(
    r"""([^\s"'>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?+""",
)
_RAW = frozenset({"script", "style", "textarea", "title", "xmp"})
_CLOSES = {name: re.compile(f"</{name}", re.IGNORECASE) for name in _RAW}
_CODE = ("style>", "style ", "script")
#: What stands in for markup in the text that is read; a tag ends a word.
_BLANK = " "
#: Elements that end nothing, so that a word goes on through them.
_INLINE = frozenset(
    {"a", "abbr", "b", "big", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "u", "wbr"}
)


class Attribute(NamedTuple):
    """The value of an attribute, with entities resolved, and where it begins in the source."""

    value: str
    offset: int


class Tag(NamedTuple):
    """A tag: its name in small letters, and its part of the source; `ends`: it is an end tag."""

    name: str
    start: int
    end: int
    ends: bool


class Markup:
    """The source of an html text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tags: list[Tag] = []
        #: Parts of the source that are not read: markup, comments, styles.
        self._unread: list[tuple[int, int, str]] = []
        self._attributes: dict[int, dict[str, Attribute]] = {}
        self._tokenize()

    def _tokenize(self) -> None:
        source, at = self.source, 0
        while (at := source.find("<", at)) >= 0:
            if source.startswith("<!", at) or source.startswith("<?", at):
                mark, skip = ("-->", 2) if source.startswith("<!--", at) else (">", 2)
                end = source.find(mark, at + skip)
                end = len(source) if end < 0 else end + len(mark)
                self._unread.append((at, end, ""))
                at = end
            elif found := _TAG.match(source, at):
                at = self._tag(found)
            elif source[at + 1 : at + 2].isalpha():  # it never ends: all the rest is in it
                self._unread.append((at, len(source), ""))
                return
            else:
                at += 1

    def _tag(self, found: re.Match[str]) -> int:
        """Take over a tag, and return where the next one may begin."""
        (start, end), name = found.span(), found[1].lower()
        ends = self.source[start + 1] == "/"
        self.tags.append(Tag(name, start, end, ends))
        if name in _RAW and not ends:
            close = _CLOSES[name].search(self.source, end)
            inner = close.start() if close else len(self.source)
            self._unread.append((start, inner, ""))
            return inner
        self._unread.append((start, end, "" if name in _INLINE else " "))
        return end

    def attributes(self, tag: Tag) -> Mapping[str, Attribute]:
        """The attributes of a tag by name in small letters; of a repeated one the first, as HTML has it."""
        if tag.start not in self._attributes:
            begin = tag.start + 1 + len(tag.name)
            found: dict[str, Attribute] = {}
            for one in _ATTRIBUTE.finditer(self.source, begin, tag.end - 1):
                group = one.lastindex or 1
                value = unescape(one[group]) if group > 1 else ""
                found.setdefault(one[1].lower(), Attribute(value, one.start(group)))
            self._attributes[tag.start] = found
        return self._attributes[tag.start]

    def named(self, *names: str) -> Iterator[tuple[Tag, Mapping[str, Attribute]]]:
        """Each start tag of these names, with its attributes."""
        for tag in self.tags:
            if tag.name in names and not tag.ends:
                yield tag, self.attributes(tag)

    @cached_property
    def text(self) -> str:
        """The text that is read, in its places: all else is blank, and offsets are those of the source."""
        pieces, end = [], 0
        for start, stop, _ in self._unread:
            pieces += [self.source[end:start], _BLANK * (stop - start)]
            end = stop
        return "".join([*pieces, self.source[end:]])

    @cached_property
    def outside_of_code(self) -> str:
        """The source with comments and the content of styles and scripts blank."""
        return self._blanked(code=True)

    @cached_property
    def outside_of_comments(self) -> str:
        """The source with comments blank."""
        return self._blanked(code=False)

    def _blanked(self, *, code: bool) -> str:
        pieces, end = [], 0
        for start, stop, _ in self._unread:
            own = code and self.source[start + 1 : start + 7].lower() in _CODE
            if own or self.source.startswith("<!--", start):
                pieces += [self.source[end:start], _BLANK * (stop - start)]
                end = stop
        return "".join([*pieces, self.source[end:]])

    def words(self, start: int, end: int) -> str:
        """The text that is read in a part of the source, with entities resolved and blanks joined."""
        pieces = []
        first = bisect_right(self._unread, (start, 0, "")) - 1
        for begin, stop, gap in self._unread[max(first, 0) :]:
            if begin >= end:
                break
            if stop > start:
                pieces += [self.source[start : max(begin, start)], gap]
                start = max(stop, start)
        pieces.append(self.source[start:end])
        return " ".join(unescape("".join(pieces)).split())

    def closing(self, tag: Tag) -> int:
        """Where the next end tag of the same name begins; the end of the source without one."""
        after = bisect_right(self.tags, tag.start, key=lambda one: one.start)
        for other in self.tags[after:]:
            if other.name == tag.name and (other.ends or tag.name == "a"):
                return other.start
        return len(self.source)


@lru_cache(64)
def markup_of(source: str) -> Markup:
    """The markup of a text; a thousand campaigns of a matrix may share it."""
    return Markup(source)
