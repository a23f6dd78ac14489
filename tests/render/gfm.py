"""Markdown as GitHub's own parser reads it, and the links that the host would add to its HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

_VOID = {"br", "hr", "img", "input", "wbr"}
_LITERAL = {"code", "pre"}

# What a host turns into links outside of code: people, issues, merge requests, commits, trackers, addresses.
_REFERENCES = re.compile(
    r"@\w|[#!$&%~^]\w|\b[A-Za-z]+-\d|\b[0-9a-fA-F]{7,40}\b|://|www\.|\w@\w|:[a-z_]+:|\[\[|\$`"
)


@dataclass
class Page(HTMLParser):
    """The HTML of a comment, taken apart.

    `tags` are all that begin, in order; `said` is the text outside of code, `code` that inside of it, piece
    by piece; `rows` is the number of cells of each row of each table.
    """

    tags: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "code":
            self.code.append("")
        if tag == "table":
            self.rows.append([])
        if tag == "tr":
            self.rows[-1].append(0)
        if tag in ("td", "th"):
            self.rows[-1][-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} ends what it did not begin"

    def handle_data(self, data: str) -> None:
        if _LITERAL & set(self._open):
            self.code[-1] += data
        else:
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def skeleton(self) -> list[str]:
        """The tags except those of code, the number of which may vary."""
        return [tag for tag in self.tags if tag not in ("code", "wbr")]

    @property
    def references(self) -> list[str]:
        """The texts that a host would turn into links or mentions."""
        return [text for text in self.said if _REFERENCES.search(text)]


def html_of(markdown: str) -> str:
    """The HTML of GitHub's parser, with raw HTML kept, as GitHub does before it sanitises."""
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def page_of(markdown: str) -> Page:
    """The comment taken apart; asserts that the tags are balanced."""
    page = Page()
    page.feed(html_of(markdown))
    page.close()
    assert not page._open, page._open
    return page
