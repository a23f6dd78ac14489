"""The canonical form of any file means the same, keeps every comment, and is its own canonical form."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.manifest.fmt import canonical
from campaignctl.yamlio.layout import Layout, LayoutError, _layouts_of_ruamel, layouts
from campaignctl.yamlio.reader import read
from tests.manifest.test_mangled import mangled
from tests.manifest.yaml_texts import yaml_texts

MORE = settings(max_examples=settings().max_examples * 3 // 2)


@MORE
@given(yaml_texts(), st.booleans())
def test_sound_texts_are_formatted(drawn: tuple[str, list[str]], windows: bool) -> None:
    text, comments = drawn
    data = (text.replace("\n", "\r\n") if windows else text).encode()
    if read("a.yaml", "a.yaml", data)[1]:
        assert not isinstance(canonical("a.yaml", "a.yaml", data), bytes)
        return
    once = canonical("a.yaml", "a.yaml", data)
    assert isinstance(once, bytes), once
    assert canonical("a.yaml", "a.yaml", once) == once
    assert sorted(re.findall(rb"# c\d+\.", once)) == sorted(comment.encode() for comment in comments)


@MORE
@given(mangled() | st.binary(max_size=100))
def test_a_mangled_text_is_left_alone_or_formatted(data: bytes) -> None:
    once = canonical("a.yaml", "a.yaml", data)
    if isinstance(once, bytes):
        assert canonical("a.yaml", "a.yaml", once) == once
    else:
        assert all(found.source.line >= 1 and found.message for found in once)


def _placed(found: tuple[Layout, ...]) -> str:
    """Layouts without the columns of empty values, which no line depends on."""
    return re.sub(r"Verbatim\(start=(\d+), end=\1, column=\d+", r"Verbatim(start=\1, end=\1", repr(found))


@MORE
@given(yaml_texts().map(lambda drawn: drawn[0].encode()) | mangled())
def test_both_parsers_tell_the_same_places(data: bytes) -> None:
    file, findings = read("a.yaml", "a.yaml", data)
    if findings:
        return
    text = file.text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        slow = _layouts_of_ruamel(text)
    except LayoutError:
        return
    assert _placed(layouts(text)) == _placed(slow)
