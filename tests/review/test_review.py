"""What a review puts together, and what it keeps apart."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.content.model import PushPreview
from campaignctl.diff import FieldChange
from campaignctl.errors import Finding, Source
from campaignctl.plan.model import Action, Change, Conflict, Unmanaged
from campaignctl.review.review import Group, groups_of, outline_of, review_of, with_previews
from tests.render.sample_plans import created, plan, updated

_TITLE = FieldChange("messages/0/push/title/en", "Old", "New")


def _country(code: str, **more: Any) -> Change:
    spec = {
        "name": f"Spring {code}",
        "scheduled_time": "2036-03-22 10:00:00",
        "targeting": {"countries": {"items": [code], "op": "in"}},
        "messages": [{"push": {"title": {"en": "Sale"}, "landing_url": f"https://shop.example/{code}"}}],
        **more,
    }
    return created(f"push/spring-{code.lower()}", spec)


def _keys(groups: tuple[Group, ...]) -> list[tuple[str, ...]]:
    return [group.keys for group in groups]


def test_creates_that_differ_in_names_audiences_and_links_are_one_group() -> None:
    (group,) = groups_of([_country("FR"), _country("DE")])
    assert group.keys == ("push/spring-de", "push/spring-fr")
    assert set(group.varying) == {"name", "targeting/countries/items", "messages/0/push/landing_url"}
    assert [each.path for each in group.common] == [
        "scheduled_time",
        "targeting/countries/op",
        "messages/0/push/title/en",
    ]
    assert [each.after for each in group.own(group.changes[1]) if each.path == "name"] == ["Spring FR"]


def test_each_text_that_recipients_see_is_read_by_itself() -> None:
    message = {"push": {"title": {"en": "Another"}, "landing_url": "https://shop.example/AT"}}
    groups = groups_of([_country("DE"), _country("AT", messages=[message])])
    assert _keys(groups) == [("push/spring-at",), ("push/spring-de",)]


def _texts(*titles: str, body: str = "Today") -> list[Change]:
    return [
        updated(
            f"push/{number}",
            FieldChange(_TITLE.path, f"Was {title}", title),
            FieldChange("messages/0/push/body/en", None, f"{title}: {body}"),
        )
        for number, title in enumerate(titles)
    ]


def test_texts_that_differ_in_a_few_words_are_one_group_that_tells_them() -> None:
    (group,) = groups_of(_texts("Sale in Austria", "Sale in the Czech Republic", "Sale in Peru, too"))
    first, second, third = group.keys
    mark = "\u20391\u203a"
    assert group.wording.words == {mark: {first: "Austria", second: "the Czech Republic", third: "Peru, too"}}
    assert {path: (each.before, each.after) for path, each in group.wording.fields.items()} == {
        _TITLE.path: (f"Was Sale in {mark}", f"Sale in {mark}"),
        "messages/0/push/body/en": (None, f"Sale in {mark}: Today"),
    }
    assert group.common == ()
    assert [each.path for each in group.shared] == [each.path for each in group.first.diff]
    assert list(group.own(group.changes[1])) == list(group.changes[1].diff)
    assert list(group.own(group.changes[1], worded=False)) == []


@pytest.mark.parametrize(
    "titles",
    [
        ("Sale", "Gone"),
        ("Sale in \u20391\u203a", "Sale in \u20392\u203a"),
        ("A sale in Austria", "A farewell from all of us who ever were in Austria and liked it a lot"),
        ("Sale a, here b, now c, all d of it", "Sale e, here f, now g, all h of it"),
        ("Sale in Austria", "Sale in\nAustria"),
        ("Sale in Austria, " + "x" * 50, "Sale in Austria, " + "y" * 50),
    ],
)
def test_texts_that_differ_in_more_are_read_by_themselves(titles: tuple[str, str]) -> None:
    assert len(groups_of(_texts(*titles))) == 2


def test_texts_of_which_too_many_words_differ_in_all_are_read_by_themselves() -> None:
    title = "{} sale and {} days of {} rest until {} Sunday"
    titles = [title.format(*letters) for letters in ("aaaa", "baaa", "abaa", "aaba", "aaab")]
    assert len(groups_of(_texts(*titles[:4]))) == 1
    assert len(groups_of(_texts(*titles))) == 5


def test_an_example_has_marks_in_its_spec_as_in_its_fields() -> None:
    (group,) = groups_of([_country(code, messages=[_in(code)]) for code in ("DE", "FR")])
    assert group.example.spec is not None
    assert group.example.spec["messages"][0]["push"]["title"] == {"en": "Sale in \u20391\u203a"}
    assert group.first.spec is not None
    assert group.first.spec["messages"][0]["push"]["title"] == {"en": "Sale in DE"}
    seen = with_previews(review_of(plan(*group.changes)), {})
    (like,) = seen.messages_like(seen.groups[0])
    assert like.after
    assert isinstance(like.after.content, PushPreview)
    assert like.after.content.title == "Sale in \u20391\u203a"


def _in(code: str) -> dict[str, Any]:
    push = {"title": {"en": f"Sale in {code}"}, "body": {"en": "Now"}, "landing_url": "https://shop.example"}
    return {"channel": "push", "push": push}


def test_a_changed_price_is_one_group() -> None:
    price = FieldChange("messages/0/push/body/en", "From 19.90", "From 24.90")
    (group,) = groups_of([updated(f"push/{number}", price) for number in range(36)])
    assert len(group.changes) == 36
    assert group.common == (price,)
    assert group.varying == ()


def test_a_long_value_outside_of_the_messages_is_not_folded() -> None:
    long = [updated(f"push/{each}", FieldChange("metadata/note", None, each * 300)) for each in "ab"]
    assert len(groups_of(long)) == 2


def test_more_than_four_differences_are_told_campaign_by_campaign() -> None:
    fields = [[FieldChange(f"metadata/{path}", None, each) for path in "abcde"] for each in "xyx"]
    groups = groups_of([updated(f"push/{at}", *diff) for at, diff in enumerate(fields)])
    assert _keys(groups) == [("push/0", "push/2"), ("push/1",)]


_BASE = updated("push/a", _TITLE)


def test_changes_with_another_effect_are_never_together() -> None:
    others = (
        replace(_BASE, action=Action.REPLACE),
        replace(_BASE, arms=True),
        replace(_BASE, changes_sends=True),
        replace(_BASE, halts=True),
        replace(_BASE, deliberate_resend=True),
        replace(_BASE, reason="live was changed outside of campaignctl"),
        replace(_BASE, undo="never"),
        replace(_BASE, audience={"os": "ios"}),
        replace(_BASE, lifecycle=Lifecycle(phase="paused")),
        replace(_BASE, conflicts=(Conflict("name", "a", "b", "c"),)),
        replace(_BASE, unmanaged=(Unmanaged("score", 1),)),
        replace(_BASE, diff=(replace(_TITLE, after="Newer"),)),
        replace(_BASE, diff=(replace(_TITLE, after=None),)),
        replace(_BASE, diff=(replace(_TITLE, path="messages/0/push/body/en"),)),
        replace(_BASE, diff=(FieldChange("is_draft", True, False),)),
        replace(_BASE, diff=(FieldChange("is_draft", 1, 0),)),
    )
    changes = [replace(each, key=f"push/{number}") for number, each in enumerate((_BASE, *others))]
    # A flag may differ within a group, which shows both.
    assert sorted(map(len, _keys(groups_of(changes)))) == [1] * (len(changes) - 2) + [2]


def test_one_and_true_are_not_the_same_value() -> None:
    one, true = (updated(f"push/{each}", FieldChange("score", None, each)) for each in (1, True))
    assert groups_of([one, true])[0].varying == ("score",)


def test_what_sends_soonest_to_most_people_comes_first() -> None:
    everyone: dict[str, Any] = {"targeting": None, "messages": []}
    soon = {"scheduled_time": "2036-03-01 10:00:00", "send_in_profile_time_zone": True}
    flash = created("z/flash", {"name": "Flash", "run_immediately": True})
    groups = groups_of(
        [
            Change("a/cancel", Action.CANCEL, "1", "A", "removed from the manifests", undo="never"),
            _country("DE", messages=[]),
            replace(_country("AT", **everyone), key="push/all"),
            _country("FR", messages=[], **soon),
            flash,
        ]
    )
    assert _keys(groups) == [
        ("z/flash",),
        ("push/spring-fr",),
        ("push/all",),
        ("push/spring-de",),
        ("a/cancel",),
    ]


def test_changes_of_one_campaign_stay_in_their_order_and_next_to_each_other() -> None:
    steps = [
        (Change(key, Action.PAUSE, "1", "A", "declared paused"), updated(key, _TITLE)) for key in ("a", "b")
    ]
    groups = groups_of([*(change for both in steps for change in both), updated("c", _TITLE), _country("DE")])
    assert [(group.first.action, *group.keys) for group in groups] == [
        ("create", "push/spring-de"),
        ("pause", "a", "b"),
        ("update", "a", "b"),
        ("update", "c"),
    ]


def test_a_list_of_messages_as_a_whole_is_a_text_too() -> None:
    groups = groups_of([_country("DE", messages=["one"]), _country("AT", messages=["two"])])
    assert len(groups) == 2


def test_moves_to_different_keys_are_one_group() -> None:
    moves = [Change(f"b/{n}", Action.MOVE, str(n), "", f"was a/{n}", moved_from=f"a/{n}") for n in "12"]
    assert _keys(groups_of(moves)) == [("b/1", "b/2")]


def test_a_warning_names_the_campaigns_it_is_about() -> None:
    changes = (replace(_country("DE"), warnings=("mind",)), _country("FR"))
    (group,) = groups_of(changes)
    assert group.warnings == {"mind": ("push/spring-de",)}


def test_an_outline_joins_what_differs_in_texts_alone() -> None:
    title, score = (FieldChange(path, None, "x") for path in ("messages/0/push/title/en", "score"))
    texts = [replace(title, after=text) for text in ("New", "Today", "Ends on Sunday")]
    groups = groups_of(
        [*(updated(f"push/{number}", text) for number, text in enumerate(texts)), updated("z", score)]
    )
    assert len(groups) == 4
    assert _keys(outline_of(groups)) == [("push/0", "push/1", "push/2"), ("z",)]


def test_lint_says_each_sentence_once_and_errors_first() -> None:
    found = [
        Finding("warning", "LNK004", "twice", Source("a.yaml", 1, 1), key="a"),
        Finding("error", "PSH001", "too long", Source("a.yaml", 2, 1), key="a"),
        Finding("warning", "LNK004", "twice", Source("b.yaml", 1, 1), key="b"),
    ]
    remarks = review_of(plan(lint=tuple(found))).lint
    assert [(each.first.code, len(each.places)) for each in remarks] == [("PSH001", 1), ("LNK004", 2)]


_WORDED = [f"A sale in {place}, {until}" for place in ("AT", "the Alps") for until in ("now", "until Sunday")]
_VALUES = st.sampled_from([None, 0, 1, True, "a", "https://a.example", "x" * 300, ["DE"], *_WORDED])
_PATHS = st.sampled_from(["name", "score", "messages/0/push/title/en", "messages/0/push/landing_url"])


@given(st.lists(st.dictionaries(_PATHS, st.tuples(_VALUES, _VALUES), max_size=4), max_size=8))
def test_every_field_of_every_change_is_in_exactly_one_group(diffs: list[dict[str, tuple[Any, Any]]]) -> None:
    changes = [
        updated(f"push/{number}", *(FieldChange(path, *values) for path, values in diff.items()))
        for number, diff in enumerate(diffs)
    ]
    groups = groups_of(changes)
    assert sorted(key for group in groups for key in group.keys) == sorted(each.key for each in changes)
    for group in groups:
        for change in group.changes:
            told = {
                each.path: repr((each.before, each.after)) for each in (*group.common, *group.own(change))
            }
            assert told == {each.path: repr((each.before, each.after)) for each in change.diff}
            assert _as_told(group, change) == {
                each.path: repr((each.before, each.after)) for each in change.diff
            }


def _as_told(group: Group, change: Change) -> dict[str, str]:
    """The fields of a change as a reader puts them together: what is shared, with its own words."""
    found = {each.path: each for each in (*group.shared, *group.own(change, worded=False))}
    told = {}
    for path, each in found.items():
        values = [each.before, each.after]
        if path in group.wording.fields:
            for mark, words in group.wording.words.items():
                values = [value and value.replace(mark, words[change.key]) for value in values]
        told[path] = repr(tuple(values))
    return told


_SENTENCES = st.lists(
    st.sampled_from(["Sale", "in", "AT", "Peru", "now", ",", "\n", "ab", "ver\u00e4"]), max_size=9
)


@given(st.lists(_SENTENCES.map(" ".join), max_size=6))
def test_the_words_of_a_campaign_put_into_the_shared_text_are_its_text(titles: list[str]) -> None:
    changes = [updated(f"push/{number}", replace(_TITLE, after=title)) for number, title in enumerate(titles)]
    for group in groups_of(changes):
        assert all(len(words) <= 40 for of in group.wording.words.values() for words in of.values())
        for change in group.changes:
            assert _as_told(group, change)[_TITLE.path] == repr((_TITLE.before, change.diff[0].after))


_PUSH: dict[str, Any] = {"channel": "push", "push": {"title": {"en": "New"}, "body": {"en": "Today"}}}


def test_a_pause_before_an_update_shows_no_text_of_it() -> None:
    update = replace(updated("push/a", _TITLE), spec={"messages": [_PUSH]})
    pause = replace(update, action=Action.PAUSE, diff=())
    for every in (False, True):
        review = with_previews(review_of(plan(pause, update)), {}, every=every)
        assert review.messages_of(pause) == ()
        assert [each.change for each in review.messages_of(update)] == ["changed"]


@pytest.mark.parametrize("messages", [1, "x", {"en": 1}, True, [None], [1], [[]]])
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_what_is_no_list_of_messages_has_no_preview(messages: Any, action: Action) -> None:
    change = replace(updated("k", _TITLE), action=action, spec={"messages": messages})
    assert with_previews(review_of(plan(change)), {}).messages_of(change) == ()


_ODD = st.sampled_from(["", "messages", "messages/0", "messages/7/sms", "messages/x", _TITLE.path])
_ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from([None, 1, "x", [], [{}], {"en": "x"}, [_PUSH], _PUSH])


@given(st.lists(st.builds(FieldChange, _ODD, _ODD_VALUES, _ODD_VALUES), max_size=3))
def test_previews_of_fields_that_do_not_fit_the_spec_neither_fail_nor_change_the_plan(
    diff: list[FieldChange],
) -> None:
    shown = plan(replace(updated("k", *diff), spec={"messages": [_PUSH]}))
    before = json.dumps([[each.path, each.before, each.after] for each in diff])
    with_previews(review_of(shown), {})
    assert json.dumps([[each.path, each.before, each.after] for each in diff]) == before
