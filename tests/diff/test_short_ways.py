"""What is decided without a look at everything is what that look would have decided."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.canonical import canonical
from campaignctl.campaign.live import Live
from campaignctl.diff import compare, equal, form, leaves, meaning, split
from campaignctl.diff.meanings import MEANINGS
from tests.diff.json_values import specs, unhurried, values

_TEXTS = st.text(st.sampled_from("aZ é\u030c&;<\r\n 0*/5"), max_size=8) | st.sampled_from(
    ["&amp;lt;", "A@B.de", "*/30 9 * * 1-5", "1D 2h", "2036-12-24T10:00:00Z", "a, b"]
)
_PATHS = st.sampled_from(
    [
        *("name", "labels", "metadata/mylabels", "scheduled_time", "metadata/my_time", "deal_id", "score"),
        *("messages/0/email/html/en", "messages/0/email/sender_email", "metadata/a~1cron", "recurrence/cron"),
        *("ab_test/evaluation_window", "targeting/countries/items", "metadata/a~1labels"),
    ]
)


def _respelt(value: Any, draw: st.DataObject) -> Any:
    """The same value with other line ends, lists as tuples, flags as numbers, and fields in another order."""
    if isinstance(value, dict):
        pairs = [(name, _respelt(item, draw)) for name, item in value.items()]
        return dict(draw.draw(st.permutations(pairs)))
    if isinstance(value, list):
        return tuple(_respelt(item, draw) for item in value)
    if isinstance(value, str):
        return value.replace("\n", "\r\n") if draw.draw(st.booleans()) else value
    return int(value) if isinstance(value, bool) and draw.draw(st.booleans()) else value


def _one_line_end(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _one_line_end(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_one_line_end(item) for item in value]
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


@unhurried
@given(specs, specs, _TEXTS, st.data())
def test_equal_specs_have_one_canonical_form(
    one: dict[str, Any], other: dict[str, Any], text: str, data: st.DataObject
) -> None:
    one = {**one, "description": text, "metadata": {"labels": ["b", text, "a"]}}
    for second in (other, _respelt(one, data), {**_respelt(one, data), **other}):
        forms = [canonical(_one_line_end(spec)) for spec in (one, second)]
        assert equal(one, second) is (forms[0] == forms[1])


@given(_PATHS, _TEXTS | values)
def test_a_form_is_what_all_rows_make(path: str, value: Any) -> None:
    said = meaning(path, value)
    for row in MEANINGS:
        if row.fits(split(path), said):
            said = row.form(said)
    assert form(path, value) == said


class _NeverEqual(dict[str, Any]):  # noqa: PLW1641  # no dict has a hash
    """An object whose fields have to be looked at one by one."""

    def __eq__(self, _: object) -> bool:
        return False

    def __ne__(self, _: object) -> bool:
        return True


def _never_equal(value: Any) -> Any:
    if isinstance(value, dict):
        return _NeverEqual({name: _never_equal(item) for name, item in value.items()})
    return type(value)(map(_never_equal, value)) if isinstance(value, list | tuple) else value


@unhurried
@given(specs, specs, st.booleans(), st.data())
def test_what_is_equal_as_a_whole_has_no_difference_inside(
    applied: dict[str, Any], other: dict[str, Any], complete: bool, data: st.DataObject
) -> None:
    fields = data.draw(st.lists(st.sampled_from(sorted({*applied, *other})), unique=True))
    shown = {**_respelt(applied, data), **{name: other.get(name) for name in fields}}
    shown["messages"] = data.draw(st.permutations(list(shown["messages"] or ())))
    echo: dict[str, Any] = {path: [] for path in data.draw(st.sets(st.sampled_from(sorted(leaves(applied)))))}
    found = compare(applied, echo, Live("1", shown, complete=complete))
    assert repr(found) == repr(compare(applied, echo, Live("1", _never_equal(shown), complete=complete)))
