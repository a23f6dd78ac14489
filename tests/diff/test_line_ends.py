"""A checkout with other line ends changes nothing."""

from __future__ import annotations

from typing import Any

from campaignctl.diff.fields import equal, same

LF: dict[str, Any] = {"name": "N", "messages": [{"email": {"html": {"en": "<p>\na\n</p>\n"}}}]}
CRLF: dict[str, Any] = {"name": "N", "messages": [{"email": {"html": {"en": "<p>\r\na\r\n</p>\r\n"}}}]}


def test_texts_that_differ_in_line_ends_alone_are_the_same() -> None:
    assert equal(LF, CRLF)
    assert equal(CRLF, LF)
    assert same("messages/0/email/html/en", "a\nb", "a\r\nb")


def test_other_white_space_is_a_difference() -> None:
    html = {"en": "<p>\na\n</p>"}
    assert not equal(LF, {"name": "N", "messages": [{"email": {"html": html}}]})
    assert not same("name", "a\rb", "a\nb")
    assert not same("name", "a b", "a\nb")
