"""The canonical form of any file means the same, keeps every comment, and is its own canonical form."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.manifest.fmt import canonical
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
