"""What the API refuses is an error before it is sent, and the sandbox, which shares no code, agrees."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaignctl.campaign.check import check
from campaignctl.sandbox.model import Rejected
from campaignctl.sandbox.switches import Switches
from campaignctl.sandbox.validate import definition
from tests.campaign.test_body_rules import TEST, body, email, push, sms

PUSH = {"title": {"en": "Hi"}, "body": {"en": "There"}, "landing_url": "https://example.com"}
BUTTON = {"title": {"en": "Go"}, "url": "https://example.com"}
AT = ("messages", 0)


def pushed(**content: Any) -> dict[str, Any]:
    return body(push(push={**PUSH, **content}))


def without(name: str, content: dict[str, Any], **around: Any) -> dict[str, Any]:
    return {**around, **{key: value for key, value in content.items() if key != name}}


def trial(**fields: Any) -> dict[str, Any]:
    return body(push(), push(), ab_test={**TEST, **fields})


def audience(**fields: Any) -> dict[str, Any]:
    return body(targeting=fields)


def sandbox_refuses(value: dict[str, Any]) -> bool:
    try:
        definition(copy.deepcopy(value), Switches())
    except Rejected:
        return True
    return False


def errors(value: dict[str, Any]) -> list[tuple[str, tuple[Any, ...]]]:
    return [(one.code, one.path) for one in check(value) if one.severity == "error"]


REFUSED = [
    *[(pushed(title={"en": text}), "empty", (*AT, "push", "title", "en")) for text in ("", " ", "\u00a0\n")],
    *[
        (pushed(body={"en": "x", "de": text}), "empty", (*AT, "push", "body", "de"))
        for text in ("", "\u200b")
    ],
    (pushed(title={}), "empty", (*AT, "push", "title")),
    (body(push(push=without("title", PUSH))), "missing-member", (*AT, "push", "title")),
    (body(push(push=without("landing_url", PUSH))), "missing-member", (*AT, "push", "landing_url")),
    (body(sms(sms={"content": {"en": "\ufeff"}})), "empty", (*AT, "sms", "content", "en")),
    (body(sms(sms={})), "missing-member", (*AT, "sms", "content")),
    *[
        (
            body(without("email", email(), email=without(name, email()["email"]))),
            "missing-member",
            (*AT, "email", name),
        )
        for name in ("sender_name", "sender_email", "subject", "html")
    ],
    *[
        (body(email(**{name: " \t"})), "empty", (*AT, "email", name))
        for name in ("sender_name", "sender_email", "subject", "preheader")
    ],
    (body(email(html={"en": "\n"})), "empty", (*AT, "email", "html", "en")),
    (body(email(sender_email="news")), "address", (*AT, "email", "sender_email")),
    *[
        (pushed(landing_url=url), "address", (*AT, "push", "landing_url"))
        for url in (
            "example.com",
            "//example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "",
            "https://",
            "/x",
        )
    ],
    (pushed(landing_url="https://a.example/a b"), "address", (*AT, "push", "landing_url")),
    (pushed(icon="icon.png"), "address", (*AT, "push", "icon")),
    (pushed(badge="data:image/png,x"), "address", (*AT, "push", "badge")),
    (pushed(image={"en": "x.png"}), "address", (*AT, "push", "image", "en")),
    (pushed(actions=[{**BUTTON, "url": "x"}]), "address", (*AT, "push", "actions", 0, "url")),
    (pushed(actions=[BUTTON] * 4), "many-items", (*AT, "push", "actions")),
    (pushed(actions=[{"url": "https://a.example"}]), "missing-member", (*AT, "push", "actions", 0, "title")),
    (body(callbacks={"push": {"on_click": ["x"]}}), "address", ("callbacks", "push", "on_click", 0)),
    (pushed(title={"today only": "x"}), "language", (*AT, "push", "title", "today only")),
    *[
        (trial(evaluation_window=window), "form", ("ab_test", "evaluation_window"))
        for window in (
            "0D",
            "0D 0H 0M",
            "1D 1D",
            "1H 2D 3H",
            "D",
            "1d",
            "",
            "1W",
            "1.5D",
            "1234567D",
            "9" * 5_000 + "H",
        )
    ],
    *[(trial(test_split=split), "test-split", ("ab_test", "test_split")) for split in (0, 101, -5)],
    (audience(profile_age={"from": -1}), "range", ("targeting", "profile_age", "from")),
    (audience(profile_age={"from": 0, "to": -3}), "range", ("targeting", "profile_age", "to")),
    (audience(profile_age={"from": 9, "to": 1}), "range", ("targeting", "profile_age")),
    *[
        (
            audience(countries={"items": ["FR", code], "op": "in"}),
            "audience-code",
            ("targeting", "countries", "items", 1),
        )
        for code in ("de", "DEU", "Germany", "", "D", "ДЕ")
    ],
    (body(sms(integration_id="acme")), "form", (*AT, "integration_id")),
    (body(deal_id="x"), "form", ("deal_id",)),
]


@pytest.mark.parametrize(("value", "code", "path"), REFUSED)
def test_what_the_api_refuses_is_one_error_and_the_sandbox_agrees(value: Any, code: str, path: Any) -> None:
    found = errors(value)
    if path[-1:] == ("to",):
        found = [one for one in found if one[1] != ("targeting", "profile_age")]
    assert found == [(code, path)]
    assert sandbox_refuses(value)


@pytest.mark.parametrize(
    "value",
    [
        pushed(body={"en": "x\u200dy"}, title={"en": "👩\u200d🚀"}),
        body(push(push=without("body", PUSH))),
        *[
            pushed(landing_url=url)
            for url in ("http://a.example", "HTTPS://a.example", "${LANDING}", "${A}/x", "https://${H}/")
        ],
        body(email(sender_email="${SENDER}"), email(subject="${SUBJECT}"), ab_test=TEST),
        pushed(title={"en": "${OCMH_APP_NAME}"}),
        pushed(actions=[BUTTON] * 3),
        pushed(title={"pt-BR": "x", "zh-Hant": "x", "sr-Latn": "x", "es-419": "x"}, body={})
        | {
            "messages": [
                push(primary_lang="pt-BR", push={"title": {"pt-BR": "x"}, "landing_url": "https://a.example"})
            ]
        },
        *[
            trial(evaluation_window=window)
            for window in ("1D", "5D 20H 30M", "1H 1D", "0D 1M", "90M", "999999M")
        ],
        *[trial(test_split=split) for split in (1, 100)],
        audience(profile_age={"from": 0, "to": 0}),
        audience(profile_age={"to": 5}),
        audience(countries={"items": ["UK", "XX"], "op": "in"}),
    ],
)
def test_what_the_api_takes_has_no_error_and_the_sandbox_agrees(value: Any) -> None:
    assert errors(value) == []
    assert not sandbox_refuses(value)


@pytest.mark.parametrize("content", [{"push": {}}, {"push": {"title": {"en": "Hi"}}}])
def test_a_draft_may_still_lack_fields_but_not_have_a_blank_one(content: Any) -> None:
    draft = body({"name": "M", "channel": "push", **content}, is_draft=True)
    assert errors(draft) == []
    assert {one.code for one in check(draft)} >= {"missing-member"}
    assert not sandbox_refuses(draft)
    blank = body({"name": "M", "channel": "push", "push": {"title": {"en": " "}}}, is_draft=True)
    assert errors(blank) == [("empty", (*AT, "push", "title", "en"))]
    assert sandbox_refuses(blank)
    assert errors({**draft, "is_draft": False})


EXAMPLES = [
    json.loads(path.read_text("utf-8").replace("[email\u00a0protected]", "crm@example.com"))
    for path in sorted((Path(__file__).parents[1] / "sandbox" / "examples").glob("[01]*.json"))
]
VALUES = [
    *(
        "",
        " ",
        "\u200b",
        "x",
        "de",
        "DEU",
        "https://a.example",
        "a b",
        "x:y",
        "${M}",
        "12",
        "0D",
        "1D 1D",
        "7D 0H",
    ),
    *(
        0,
        1,
        -1,
        100,
        101,
        7,
        [],
        {},
        ["DE"],
        [1],
        {"en": "x"},
        {"en": ""},
        {"today only": "x"},
        {"pt-BR": "x"},
    ),
    *({"items": [], "op": "in"}, {"items": ["x"], "op": ""}, {"from": 3, "to": 1}, {"to": -1}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in children:
        yield from places(child, (*path, name))


def altered(value: Any, chance: random.Random) -> Any:
    """A body with one value replaced or removed."""
    path = chance.choice(
        [one for one in places(value) if one[-1] not in {"channel", "cron", "scheduled_time"}]
    )
    inside = value
    for name in path[:-1]:
        inside = inside[name]
    if chance.random() < 0.25:
        del inside[path[-1]]
    else:
        inside[path[-1]] = copy.deepcopy(chance.choice(VALUES))
    return value


def test_what_passes_the_check_is_taken_by_the_sandbox() -> None:
    chance = random.Random(14)
    passed = 0
    for _ in range(3_000):
        value = altered(copy.deepcopy(chance.choice(EXAMPLES)), chance)
        if not errors(value):
            passed += 1
            assert not sandbox_refuses(value), value
    assert passed > 500
