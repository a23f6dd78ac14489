"""Fields that the API ignores, adds, cuts, respells or hides."""

import unicodedata
from typing import Any

import pytest

from campaignctl.sandbox import Control, ControlError
from tests.sandbox.sandbox_account import CAMPAIGNS, FUTURE, Account, ab_test, push

COUNTRIES = {"items": ["DE", "AT"], "op": "include"}
LANGUAGES = {"items": ["en", "de"], "op": "include"}
TITLES = {"en": "Hello", "de": "Hallo"}
CALLBACKS = {"push": {"click": ["https://example.com/click"]}}
HTML = '<style>a > b { c: "x" }</style><a href="https://e.com/?a=1&b=2">It\'s "new"</a>'


def localised(**fields: Any) -> dict[str, Any]:
    """Return a push campaign with a German title."""
    body = push(**fields)
    body["messages"][0]["push"]["title"] = TITLES
    return body


def email(html: str = HTML, **fields: Any) -> dict[str, Any]:
    content = {
        "sender_name": "Shop",
        "sender_email": "News@Example.com",
        "subject": "News",
        "html": {"en": html},
    }
    message = {"name": "One", "channel": "email", "integration_id": "7", "email": content}
    return push(messages=[message], **fields)


def at(value: Any, path: str) -> Any:
    """Return the value at a path, or None."""
    for part in path.split("/"):
        value = value[int(part)] if isinstance(value, list) else (value or {}).get(part)
    return value


def answers(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Create a campaign and return how the create, a read by id and a list show it."""
    created = account.call("POST", CAMPAIGNS, body).body
    (listed,) = account.list("view=full")["items"]
    return {"create": created, "read": account.read(created["id"]), "list": listed}


@pytest.mark.parametrize(
    "path",
    ["callbacks", "targeting/languages", "messages/0/push/title/de", "status", "messages/0/integration_id"],
)
def test_a_field_is_stored_and_never_shown(account: Account, control: Control, path: str) -> None:
    control.switch(never_echoed=[path.replace("/0/", "/*/")])
    body = localised(callbacks=CALLBACKS, targeting={"languages": LANGUAGES, "countries": COUNTRIES})
    body["messages"][0]["integration_id"] = "0"
    shown = answers(account, body)
    assert [at(answer, path) for answer in shown.values()] == [None, None, None]
    assert {at(answer, "messages/0/push/title/en") for answer in shown.values()} == {"Hello"}
    control.switch(never_echoed=[])
    assert at(account.read(shown["read"]["id"]), path) == ("manual" if path == "status" else at(body, path))


def test_a_hidden_time_still_sends(account: Account, control: Control) -> None:
    control.switch(never_echoed=["scheduled_time", "next_run_time"])
    account.create(push(scheduled_time=FUTURE))
    control.set_clock(FUTURE)
    assert [send["time"] for send in control.sends()] == [FUTURE]


def test_a_field_is_missing_from_lists_alone(account: Account, control: Control) -> None:
    control.switch(never_listed=["messages/*/push", "targeting"])
    shown = answers(account, localised(targeting={"countries": COUNTRIES}))
    seen = {name: (at(a, "messages/0/push/title"), at(a, "targeting/countries")) for name, a in shown.items()}
    assert seen == {"create": (TITLES, COUNTRIES), "read": (TITLES, COUNTRIES), "list": (None, None)}


def test_a_create_ignores_fields(account: Account, control: Control) -> None:
    paths = ["targeting/countries", "messages/*/push/title/de", "scheduled_time", "is_draft"]
    control.switch(create_ignores=paths)
    targeting = {"countries": COUNTRIES, "languages": LANGUAGES}
    shown = answers(account, localised(targeting=targeting, scheduled_time=FUTURE, is_draft=True))
    for answer in shown.values():
        assert answer["targeting"] == {"languages": LANGUAGES}
        assert answer["messages"][0]["push"]["title"] == {"en": "Hello"}
        assert (answer["status"], answer.get("scheduled_time")) == ("manual", None)
    account.patch(shown["read"]["id"], {"targeting": {"countries": COUNTRIES}})
    assert account.read(shown["read"]["id"])["targeting"] == targeting


def test_a_create_keeps_name_and_messages_whatever_it_ignores(account: Account, control: Control) -> None:
    control.switch(create_ignores=["*", "messages/*"])
    live = account.read(account.create(push(labels=["a"])))
    assert (live["name"], len(live["messages"]), live.get("labels")) == ("Welcome", 1, None)


def test_a_patch_ignores_parts_of_fields(account: Account, control: Control) -> None:
    campaign_id = account.create(localised(targeting={"languages": LANGUAGES}))
    control.switch(patch_ignores=["targeting/countries", "messages/*/push/title/de", "scheduled_time"])
    changed = localised()["messages"]
    changed[0]["push"] = {**changed[0]["push"], "title": {"en": "Hi", "de": "Na"}}
    patch = {"targeting": {"countries": COUNTRIES}, "messages": changed, "scheduled_time": FUTURE}
    assert account.patch(campaign_id, patch).status == 204
    live = account.read(campaign_id)
    assert live["targeting"] == {"languages": LANGUAGES}
    assert live["messages"][0]["push"]["title"] == {"en": "Hi", "de": "Hallo"}
    assert live["status"] == "manual"


def test_a_removal_is_ignored_too(account: Account, control: Control) -> None:
    targeting = {"languages": LANGUAGES, "countries": COUNTRIES}
    campaign_id = account.create(push(targeting=targeting))
    control.switch(patch_ignores=["targeting/countries"])
    account.patch(campaign_id, {"targeting": {"countries": None, "languages": None}})
    assert account.read(campaign_id)["targeting"] == {"countries": COUNTRIES}


@pytest.mark.parametrize(
    ("unasked", "body", "status", "sends"),
    [
        ({"is_draft": True}, push(scheduled_time=FUTURE), "draft", []),
        ({"run_immediately": True}, push(), "sent", ["2036-01-01 00:00:00"]),
        ({"scheduled_time": FUTURE}, push(), "scheduled", [FUTURE]),
        (
            {"recurrence": {"cron": "0 12 20-22 3 *"}},
            push(scheduled_time="2036-03-21 09:00:00"),
            "scheduled",
            ["2036-03-21 09:00:00", "2036-03-21 12:00:00"],
        ),
        (
            {"send_in_profile_time_zone": True},
            push(scheduled_time=FUTURE),
            "scheduled",
            ["2036-03-21 20:00:00"],
        ),
    ],
    ids=["draft", "at once", "time", "recurrence", "profile zone"],
)
def test_a_create_stores_what_nobody_asked_for(
    account: Account,
    control: Control,
    unasked: dict[str, Any],
    body: dict[str, Any],
    status: str,
    sends: list[str],
) -> None:
    control.switch(unasked=unasked)
    campaign_id = account.create(body)
    assert account.read(campaign_id)["status"] == status
    control.set_clock(FUTURE)
    assert [send["time"] for send in control.sends()] == sends


def test_unasked_fields_are_merged_and_shown(account: Account, control: Control) -> None:
    control.switch(unasked={"targeting": {"countries": COUNTRIES}, "quiet_hours": {"from": "22:00"}})
    shown = answers(account, push(targeting={"languages": LANGUAGES}))
    for answer in shown.values():
        assert answer["targeting"] == {"languages": LANGUAGES, "countries": COUNTRIES}
        assert answer["quiet_hours"] == {"from": "22:00"}
    assert control.campaign(shown["read"]["id"])["requested"] == push(targeting={"languages": LANGUAGES})
    control.switch(unasked={"recurrence": {"cron": "never"}})
    assert account.call("POST", CAMPAIGNS, push()).status == 400


def test_new_texts_are_cut(account: Account, control: Control) -> None:
    campaign_id = account.create(localised())
    control.switch(cut={"messages/*/push/title/*": 2, "description": 3})
    account.patch(campaign_id, {"description": "longer"})
    live = account.read(campaign_id)
    assert (live["description"], live["messages"][0]["push"]["title"]) == ("lon", TITLES)
    shown = account.call("POST", CAMPAIGNS, localised()).body
    assert shown["messages"][0]["push"]["title"] == {"en": "He", "de": "Ha"}
    messages = localised()["messages"]
    messages[0]["push"]["title"] = {"en": "Hello", "de": "Servus"}
    account.patch(campaign_id, {"messages": messages})
    assert account.read(campaign_id)["messages"][0]["push"]["title"] == {"en": "Hello", "de": "Se"}


def test_characters_of_messages_are_replaced(account: Account, control: Control) -> None:
    control.switch(replaced={"[\U00010000-\U0010ffff]": "?", "ß": "\\1"})
    body = push("Sale \U0001f389")
    body["messages"][0]["push"]["title"] = {"en": "Sale \U0001f389\U0001f389", "de": "Spaß"}
    for answer in answers(account, body).values():
        assert answer["name"] == "Sale \U0001f389"
        assert answer["messages"][0]["push"]["title"] == {"en": "Sale ??", "de": "Spa\\1"}


@pytest.mark.parametrize(
    ("how", "html", "expected"),
    [
        ("query", '<a href="https://e.com/a">', '<a href="https://e.com/a?track=1">'),
        ("query", "<a href='https://e.com/?b=1'>", "<a href='https://e.com/?b=1&amp;track=1'>"),
        ("query", '<a href="${URL}">', '<a href="${URL}">'),
        ("pixel", "<body>Hi</body></html>", "<body>Hi<img></body></html>"),
        ("pixel", "Hi", "Hi<img>"),
    ],
)
def test_tracking_is_added_to_html_once(
    account: Account, control: Control, how: str, html: str, expected: str
) -> None:
    control.switch(tracked_html=how)
    campaign_id = account.create(email(html))

    def stored() -> str:
        found: str = account.read(campaign_id)["messages"][0]["email"]["html"]["en"]
        start = found.find("<img ")
        return found if start < 0 else f"{found[:start]}<img>{found[found.index('>', start) + 1 :]}"

    assert stored() == expected
    account.patch(campaign_id, {"messages": account.read(campaign_id)["messages"], "description": "d"})
    assert stored() == expected
    account.patch(campaign_id, {"messages": email(html)["messages"]})
    assert stored() == expected


def two_messages() -> dict[str, Any]:
    """Return an A/B test between messages of two names."""
    body = ab_test()
    return {**body, "messages": [body["messages"][0], {**body["messages"][1], "name": "Two"}]}


SPELLINGS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("trimmed", push(" Sale\n"), "name", "Sale"),
    ("line_ends", push(description="a\nb"), "description", "a\r\nb"),
    ("line_ends", push(description="a\r\nb"), "description", "a\nb"),
    ("composition", push("Caf\u00e9"), "name", "Cafe\u0301"),
    ("composition", push("Cafe\u0301"), "name", "Caf\u00e9"),
    (
        "escapes",
        email(),
        "messages/0/email/html/en",
        '<style>a > b { c: "x" }</style><a href="https://e.com/?a=1&amp;b=2">It&#39;s &quot;new&quot;</a>',
    ),
    ("escapes", email("&lt; &#38; <!-- & --> &"), "messages/0/email/html/en", "&lt; &#38; <!-- & --> &amp;"),
    ("lower_addresses", email(), "messages/0/email/sender_email", "news@example.com"),
    ("cron", push(recurrence={"cron": "0 12 * * Mon-FRI,7"}), "recurrence/cron", "0 12 * * 1-5,0"),
    ("cron", push(recurrence={"cron": "0 12 * * 5-7"}), "recurrence/cron", "0 12 * * 5-7"),
    ("durations", ab_test(), "ab_test/evaluation_window", "1D 0H 0M"),
    ("set_order", push(labels=["a", "b"]), "labels", ["b", "a"]),
    ("set_order", push(targeting={"countries": COUNTRIES}), "targeting/countries/items", ["AT", "DE"]),
    ("number_texts", ab_test(), "ab_test/test_split", "30"),
    ("message_order", two_messages(), "messages/0/name", "Two"),
    ("number_texts", ab_test(send_if_profile_time_passed=True), "send_if_profile_time_passed", True),
    ("flag_words", ab_test(send_if_profile_time_passed=True), "send_if_profile_time_passed", "true"),
]


@pytest.mark.parametrize(("kind", "body", "path", "expected"), SPELLINGS, ids=lambda value: str(value)[:30])
def test_answers_spell_the_same_differently(
    account: Account, control: Control, kind: str, body: dict[str, Any], path: str, expected: Any
) -> None:
    plain = at(account.read(account.create(body)), path)
    assert plain == at(body, path)
    control.reset()
    control.switch(spelling=[kind])
    assert [at(answer, path) for answer in answers(account, body).values()] == [expected] * 3


def test_messages_in_another_order_keep_their_ids(account: Account, control: Control) -> None:
    campaign_id = account.create(two_messages())
    ids = {one["name"]: one["id"] for one in account.read(campaign_id)["messages"]}
    control.switch(spelling=["message_order"])
    assert [(one["name"], one["id"]) for one in account.read(campaign_id)["messages"]] == [
        ("Two", ids["Two"]),
        ("One", ids["One"]),
    ]


def test_all_spellings_at_once_leave_the_meaning_and_metadata(account: Account, control: Control) -> None:
    kinds = {kind for kind, *_ in SPELLINGS}
    control.switch(spelling=sorted(kinds))
    mark = {"mark": " It's\n1 ", "n": 1}
    body = email(
        " Caf\u00e9\n<b>it's</b> ", labels=["a", "b"], recurrence={"cron": "0 12 * * SUN"}, metadata=mark
    )
    campaign_id = account.create(body)
    shown = account.read(campaign_id)
    html = shown["messages"][0]["email"]["html"]["en"]
    assert unicodedata.normalize("NFC", html) == "Caf\u00e9\r\n<b>it&#39;s</b>"
    assert (shown["labels"], shown["recurrence"], shown["metadata"]) == (
        ["b", "a"],
        {"cron": "0 12 * * 0"},
        mark,
    )
    assert account.patch(campaign_id, {"description": "d"}).status == 204
    control.set_clock("2036-01-06 12:00:00")
    assert len(control.sends()) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"spelling": ["trimed"]},
        {"unasked": ["is_draft"]},
        {"cut": {"name": 0}},
        {"cut": {"name": True}},
        {"replaced": {"(": "?"}},
        {"replaced": {"a": 1}},
        {"never_listed": "name"},
        {"tracked_html": "yes"},
    ],
    ids=str,
)
def test_an_invalid_value_is_named(control: Control, values: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match=next(iter(values))):
        control.switch(**values)


def test_switches_are_shown_as_they_were_set(control: Control) -> None:
    values = {"cut": {"name": 3}, "unasked": {"targeting": {"countries": COUNTRIES}}, "spelling": ["cron"]}
    shown = control.switch(**values)
    assert {name: shown[name] for name in values} == values
