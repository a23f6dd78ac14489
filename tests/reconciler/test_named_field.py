"""Which field an answer of the API names."""

from __future__ import annotations

import pytest

from campaignctl.review.outcome import named_field

BODY = {"name": "N", "messages": [{"push": {"title": {"en": " "}}}], "ab_test": {}}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("messages[0].push.title.en: must not be blank", ("messages", 0, "push", "title", "en")),
        ("Invalid value at messages/0/push/title.", ("messages", 0, "push", "title")),
        ("the field 'messages.0.push.body' is required", ("messages", 0, "push", "body")),
        ("name: too long", ("name",)),
        ("`ab_test` is not valid", ("ab_test",)),
        ('"name" is not valid', ("name",)),
        ("ab_test.test_split: is required", ("ab_test", "test_split")),
        ("messages[0].push.title.en.x.y: no", ()),
        ("messages[3].push: no", ()),
        ("a campaign of that name exists", ()),
        ("The request is not valid.", ()),
        ("unknown_field: no", ()),
        ("", ()),
    ],
)
def test_a_field_is_named_only_by_a_path_that_the_body_has(said: str, path: tuple[str | int, ...]) -> None:
    assert named_field(said, BODY) == path
