"""An object in pieces is what the library writes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from campaignctl.campaign.json_text import object_of


def _values(*more: Any) -> Any:
    return st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), *more),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=12,
    )


@given(st.dictionaries(st.text(), _values()))
@example({"half a pair": "\ud83d", "controls": "\x00\x1b\x7f\x9b\u2028"})
def test_an_object_in_pieces(value: dict[str, Any]) -> None:
    lazily = ((name, iter(each) if isinstance(each, list) else each) for name, each in value.items())
    assert "".join(object_of(value.items(), 2)) == json.dumps(value, indent=2)
    assert "".join(object_of(lazily, 2)) == json.dumps(value, indent=2)


@given(st.dictionaries(st.text(), _values(st.floats(allow_nan=False))))
@example({"small": 1e-07, "large": 1e300, "below zero": -0.0})
def test_floats_keep_their_value(value: dict[str, Any]) -> None:
    text = "".join(object_of(value.items(), 2))
    assert json.dumps(json.loads(text)) == json.dumps(value)


def test_the_pieces_of_a_long_object_end_with_a_line() -> None:
    items = ["x" * 1_000 for _ in range(200)]
    pieces = list(object_of([("items", iter(items)), ("last", 1)], 2))
    assert len(pieces) > 2
    assert all(piece.startswith(("{", ",")) for piece in pieces)
    assert "".join(pieces) == json.dumps({"items": items, "last": 1}, indent=2)
