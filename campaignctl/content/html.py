"""The one door to the parser of HTML: what an email says, links to and shows, whatever markup it is made of.

Parsing is forgiving, as mail clients are: every text is HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from campaignctl.content.model import Image, Link

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

#: The parser takes quadratic time for elements inside each other; real emails have some dozens.
_DEEPEST = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
#: Elements that contain nothing, or that the next one of their kind ends.
_NOT_NESTED = re.compile(
    "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|p|li|dt|dd|tr|td|th|option"
)
_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|li"
    "|main|nav|ol|p|pre|section|table|tbody|tfoot|thead|tr|ul|br"
)
_NO_TEXT = re.compile("head|script|style|template|title|noscript|svg|math|object|iframe")
#: A size of 0 hides nothing: elements inside set their own.
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:max-height|opacity)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed email. Texts have their references resolved and their white space as it is shown.

    `text` is what a reader sees, `all_text` has the hidden texts in their places too.
    """

    lang: str | None
    text: str
    all_text: str
    hidden: tuple[str, ...]
    links: tuple[Link, ...]
    images: tuple[Image, ...]


def parse(html: str) -> Page:
    """Parse an email, in time linear in its length."""
    from selectolax.lexbor import LexborHTMLParser  # takes 12 ms

    root = LexborHTMLParser(shallow(html)).root
    if root is None:
        return Page(None, "", "", (), (), ())
    reading = _Reading()
    for node, leaving in _walk(root):
        reading.leave(node) if leaving else reading.enter(node)
    return reading.page(_attributes(root).get("lang"))


def shallow(html: str) -> str:
    """The text up to the first element that is nested too deep to be an email's."""
    depth = 0
    for found in _TAG.finditer(html):
        if not _NOT_NESTED.fullmatch(found[2].lower()):
            depth += -1 if found[1] else 1
            if depth > _DEEPEST:
                return html[: found.start()]
    return html


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node on the way in, and every element on the way out; without recursion, as depth is foreign."""
    open_nodes: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None:
        yield node, False
        if node.child is not None and not _NO_TEXT.fullmatch(node.tag or ""):
            open_nodes.append(node)
            node = node.child
            continue
        yield node, True
        while node.next is None or not open_nodes:
            if not open_nodes:
                return
            node = open_nodes.pop()
            yield node, True
        node = node.next


def _attributes(node: LexborNode) -> Mapping[str, str | None]:
    return node.attributes if node.is_element_node else {}


@dataclass(slots=True)
class _Reading:
    """What has been read of a page, node by node."""

    seen: list[str] = field(default_factory=list)
    everything: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    hiding: int = 0
    secret: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    anchors: list[tuple[str, list[str]]] = field(default_factory=list)

    def enter(self, node: LexborNode) -> None:
        if node.is_text_node:
            self._say(node.text_content or "")
        if not node.is_element_node:
            return
        attributes = _attributes(node)
        tag = node.tag or ""
        if self.hiding or _is_hidden(attributes):
            self.hiding += 1
        if _BLOCKS.fullmatch(tag):
            self._break()
        elif tag in ("td", "th"):
            self._say(" ")
        elif tag == "a" and "href" in attributes:
            self.anchors.append((attributes["href"] or "", []))
        elif tag == "img":
            self._image(attributes)

    def leave(self, node: LexborNode) -> None:
        if not node.is_element_node:
            return
        tag = node.tag or ""
        if _BLOCKS.fullmatch(tag):
            self._break()
        elif tag == "a" and self.anchors and "href" in _attributes(node):
            url, words = self.anchors.pop()
            self.links.append(Link(url, _flat("".join(words))))
        if self.hiding:
            self.hiding -= 1
            if not self.hiding:
                self._hide()

    def page(self, lang: str | None) -> Page:
        return Page(
            lang=lang,
            text=_lines(self.seen),
            all_text=_flat("".join(self.everything)),
            hidden=tuple(self.hidden),
            links=tuple(self.links),
            images=tuple(self.images),
        )

    def _say(self, text: str) -> None:
        text = _BLANKS.sub(" ", text)
        self.everything.append(text)
        (self.secret if self.hiding else self.seen).append(text)
        if self.anchors:
            self.anchors[-1][1].append(text)

    def _break(self) -> None:
        self.everything.append(" ")
        (self.secret if self.hiding else self.seen).append("\n")

    def _hide(self) -> None:
        if text := _flat("".join(self.secret)):
            self.hidden.append(text)
        self.secret.clear()

    def _image(self, attributes: Mapping[str, str | None]) -> None:
        alt = (attributes["alt"] or "") if "alt" in attributes else None
        self.images.append(Image(attributes.get("src") or "", alt))
        if alt and not self.hiding:
            self.seen.append(alt)
            if self.anchors:
                self.anchors[-1][1].append(alt)


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    return "hidden" in attributes or bool(_HIDING.search(attributes.get("style") or ""))


def _flat(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _lines(pieces: list[str]) -> str:
    """Lines without blank ones in a row, each without spaces around it."""
    lines = [_flat(line) for line in "".join(pieces).split("\n")]
    return "\n".join(line for line in lines if line)
