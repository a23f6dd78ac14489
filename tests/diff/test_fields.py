"""The documented defaults, the paths of fields, and the smallest patch."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.diff import alike, field_changes, is_default, lookup, matches, merge_patch, same
from campaignctl.diff.fields import paired
from campaignctl.diff.meanings import means, without_tags

Spec = dict[str, Any]
DEFAULTS: Spec = {
    "is_draft": False,
    "run_immediately": False,
    "send_in_profile_time_zone": False,
    "send_if_profile_time_passed": False,
    "utm_tracking/enabled": 1,
    "utm_tracking/utm_source": "${OCMH_UTM_SOURCE}",
    "utm_tracking/utm_medium": "${OCMH_UTM_MEDIUM}",
    "utm_tracking/utm_campaign": "${OCMH_CAMPAIGN_NAME}",
}


def at(path: str, value: Any) -> Spec:
    """A spec with one field."""
    first, _, rest = path.partition("/")
    return {first: at(rest, value) if rest else value}


@pytest.mark.parametrize("path", DEFAULTS)
def test_a_default_means_the_same_as_no_field(path: str) -> None:
    default, other = DEFAULTS[path], "x" if isinstance(DEFAULTS[path], str) else 1 - int(DEFAULTS[path])
    assert is_default(path, default)
    assert not is_default(path, other)
    assert alike({}, at(path, default))
    assert not alike({}, at(path, other))


@pytest.mark.parametrize("path", [path for path in DEFAULTS if path != "run_immediately"])
def test_a_field_with_a_default_is_removed_by_setting_that(path: str) -> None:
    other = "x" if isinstance(DEFAULTS[path], str) else 1 - int(DEFAULTS[path])
    assert merge_patch(at(path, other), {}) == at(path, DEFAULTS[path])
    assert merge_patch(at(path, DEFAULTS[path]), {}) == {}


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"description": "d"}, {}, {"description": None}),
        ({"run_immediately": True}, {}, {}),
        ({"metadata": {"a": 1}}, {}, {"metadata": {"a": None}}),
        ({"metadata": {}}, {}, {}),
        ({"metadata": "?"}, {}, {"metadata": None}),
        ({"utm_tracking": {"enabled": 1, "x": 2}}, {}, {"utm_tracking": {"x": None}}),
        ({"utm_tracking": {"enabled": 1}}, {}, {}),
        ({"quiet_hours": {"a": 1}}, {}, {"quiet_hours": None}),
        ({"quiet_hours": {"a": 1, "b": 2}}, {"quiet_hours": {"a": 1}}, {"quiet_hours": {"b": None}}),
        ({"q": {"a": 1}}, {"q": {"a": 2, "b": 3}}, {"q": {"a": 2, "b": 3}}),
        ({"q": {"a": 1}}, {"q": {"a": 1}}, {}),
        ({"q": {"a": 1}}, {"q": "x"}, {"q": "x"}),
        ({"labels": ["a", "b"]}, {"labels": "b,a"}, {}),
        ({"x": [1]}, {"x": [1, 2]}, {"x": [1, 2]}),
        ({}, {"name": "n"}, {"name": "n"}),
    ],
)
def test_the_smallest_patch(before: Spec, after: Spec, patch: Spec) -> None:
    assert merge_patch(before, after) == patch


def changes(before: Spec, after: Spec) -> list[tuple[str, Any, Any]]:
    """The differences of two specs."""
    return [(one.path, one.before, one.after) for one in field_changes(before, after)]


def test_objects_that_share_few_names_are_one_change() -> None:
    assert changes({"q": {"a": 1}}, {"q": {"b": 1}}) == [("q", {"a": 1}, {"b": 1})]
    assert changes({"q": {"a": 1, "b": 2, "c": 3}}, {"q": {"a": 2, "d": 1}}) == [
        ("q", {"a": 1, "b": 2, "c": 3}, {"a": 2, "d": 1})
    ]
    assert changes({"q": {"a": 1, "b": 2}}, {"q": {"a": 2, "d": 1}}) == [
        ("q/a", 1, 2),
        ("q/b", 2, None),
        ("q/d", None, 1),
    ]
    assert changes({"q": {"a": 1}}, {"q": {"a": 2}}) == [("q/a", 1, 2)]
    assert changes({"q": {}}, {"q": {"a": 2}}) == [("q/a", None, 2)]


def test_kinds_that_differ_are_one_change() -> None:
    assert changes({"q": {"a": 1}}, {"q": [1]}) == [("q", {"a": 1}, [1])]
    assert changes({"q": [{"a": 1}]}, {"q": [1]}) == [("q", [{"a": 1}], [1])]
    assert changes({"q": [{"a": 1}]}, {"q": [{"a": 1}]}) == []
    assert changes({"q": [{"a": 1}, 2]}, {"q": [{"a": 3}, 2]}) == [("q", [{"a": 1}, 2], [{"a": 3}, 2])]
    assert changes({"q": []}, {"q": [{"a": 1}]}) == [("q", [], [{"a": 1}])]
    assert changes({"q": [{"a": 1}, {"a": 2}]}, {"q": [{"a": 2}]}) != []
    assert changes({"labels": ["a", "b"]}, {"labels": "b,a"}) == []


@pytest.mark.parametrize(
    ("spec", "path", "found"),
    [
        ({"a": 1}, "a", (1,)),
        ({"a": None}, "a", (None,)),
        ({"a": [1, 2]}, "a/1", (2,)),
        ({"a": [1, 2]}, "a/2", ()),
        ({"a": [1, 2]}, "a/-1", ()),
        ({"a": (1, 2)}, "a/0", (1,)),
        ({"a": {"b/c": 1, "~1": 2}}, "a/b~1c", (1,)),
        ({"a": {"b/c": 1, "~1": 2}}, "a/~01", (2,)),
        ({"a": "text"}, "a/0", ()),
        ({"a": "text"}, "a/t", ()),
        ({}, "a", ()),
    ],
)
def test_the_value_at_a_path(spec: Spec, path: str, found: tuple[Any, ...]) -> None:
    assert lookup(spec, path) == found


def test_a_spec_is_paired_with_another_one() -> None:
    ours = {"a": {"b": 1, "c~/": 2}, "m": [{"x": 1}, {"x": 2}], "e": {}, "l": [1], "t": "x"}
    theirs = {"a": {"b": 3}, "m": [{"x": 4}], "l": [2], "t": {"y": 1}}
    assert paired(ours, theirs) == [
        ("a/b", 1, 3),
        ("a/c~0~1", 2, None),
        ("m/0/x", 1, 4),
        ("m/1/x", 2, None),
        ("e", {}, None),
        ("l", [1], [2]),
        ("t", "x", {"y": 1}),
    ]
    assert paired({"a": {"b": {"c": 1}}}, {"a": "text"}) == [("a/b/c", 1, None)]
    assert paired({"m": [{"x": 1}]}, {"m": {"0": {"x": 2}}}) == [("m/0/x", 1, 2)]
    assert paired({"m": {"0": 1}}, {"m": "text"}) == [("m/0", 1, None)]
    assert paired({"m": {"x": 1}}, {"m": [2]}) == [("m/x", 1, None)]
    assert paired({"m": [{"x": 1}], "a": {"b": 1}}, {"m": [{"x": 1}], "a": {"b": 1}}) == []
    assert paired({"a~": {"b~": 1}}, {}) == [("a~0/b~0", 1, None)]
    assert paired({"m": [{"x": 1}, {"x": 2}], "t": 1}, {"m": [{"x": 1}, {"x": 3}], "t": 1}) == [
        ("m/1/x", 2, 3),
        ("t", 1, 1),
    ]


@pytest.mark.parametrize(
    ("path", "one", "other", "is_same"),
    [
        ("x/id", 7, "7", True),
        ("deal_id", True, "True", False),
        ("paid", 7, "7", False),
        ("start_time", "2036-12-24T10:00:00Z", "2036-12-24 10:00:00", True),
        ("start_time", 1, "1", False),
        ("labels", "a,,b ", ["b", "a"], True),
        ("labels", [1], ["1"], True),
        ("labels", ["a\r\nb\r\n"], ["a\nb"], True),
        ("labels", {"a": 1}, {"a": 2}, False),
        ("x/labels", ["a", "b"], ["b", "a"], True),
    ],
)
def test_values_of_a_field_that_mean_the_same(path: str, one: Any, other: Any, is_same: bool) -> None:
    assert same(path, one, other) is is_same
    assert same(path, other, one) is is_same


@pytest.mark.parametrize(
    ("path", "patterns", "fits"),
    [
        ("a", [], False),
        ("a", ["a"], True),
        ("a/b", ["*"], True),
        ("a/b", ["a/*"], True),
        ("a", ["a/*"], False),
    ],
)
def test_a_path_lies_at_or_below_a_pattern(path: str, patterns: list[str], fits: bool) -> None:
    assert matches(path, patterns) is fits


HTML = "messages/0/email/html/en"


@pytest.mark.parametrize(
    ("path", "one", "other", "is_same"),
    [
        *[
            (HTML, shown, escape, True)
            for shown, escapes in {
                "<": ("&lt;", "&LT;"),
                ">": ("&gt;",),
                '"': ("&quot;", "&#34;"),
                "'": ("&#39;", "&#x27;", "&#X27;", "&apos;"),
                "&": ("&amp;",),
            }.items()
            for escape in escapes
        ],
        (HTML, "<", "&gt;", False),
        (HTML, "<", None, False),
        (HTML, "<", True, False),
        ("messages/0/html", "<", "&lt;", True),
        ("metadata/0/html", "<", "&lt;", False),
        ("messages/html", "<", "&lt;", False),
        ("messages/0/push/title/en", "<", "&lt;", False),
        ("messages/0/push/title/en", "a\nb", "a\rb", True),
        ("messages/0/push/title/en", "a\n\nb", "a\nb", False),
        ("ab_test/evaluation_window", "1D", "24h", True),
        ("ab_test/evaluation_window", "1H", "60M", True),
        ("ab_test/evaluation_window", "1D 1H 1M", "1501M", True),
        ("ab_test/evaluation_window", "1D", "1H", False),
        ("ab_test/evaluation_window", "soon", "later", False),
        ("ab_test/evaluation_window", "1D", f"{'9' * 5_000}D", False),
        ("ab_test/test_split", 1.5, "1.5", True),
        ("ab_test/test_split", 1.5, "1", False),
        ("ab_test/test_split", 2.0, "2", True),
        ("ab_test/test_split", True, "1", False),
        ("recurrence/cron", "0  9 * * 1", "0 9 * * MON", True),
        ("x/cron", "0 9 * * 1", "0 9 * * MON", False),
        ("callbacks/on_click", ["b ", "a"], ["a", "b"], True),
        ("callbacks/on_click", [{"b": 1}, {"a": 1}], [{"a": 1}, {"b": 1}], False),
        ("callbacks/on_click", [["b"], ["a"]], [["a"], ["b"]], False),
        ("quiet_hours/days", ["b", "a"], ["a", "b"], False),
        ("targeting/ages", [2, 1], ["1", "2"], True),
    ],
)
def test_spellings(path: str, one: Any, other: Any, is_same: bool) -> None:
    assert means(path, one, other) is is_same
    assert means(path, other, one) is is_same


def test_the_text_of_html_has_no_tags_and_single_blanks() -> None:
    assert without_tags('<p class="a">Hi,<br/>\n  you &amp; <b>me</b></p>') == "Hi, you & me"
