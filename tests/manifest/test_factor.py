"""What many manifests share: variables, defaults of a folder, and a matrix of markets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.manifest.factor import Factored, factored
from campaignctl.manifest.pulled import Draft


def draft(number: int, *, key: str = "", channel: str = "sms", messages: int = 1, **spec: Any) -> Draft:
    content = {"sms": {"content": {"en": "Hi"}}, "email": {"sender_name": "A", "subject": "S"}}[channel]
    message = {"name": "m", "channel": channel, "integration_id": "7", channel: content}
    made = {"name": f"N {number}", "messages": [message] * messages, **spec}
    return Draft(key or f"in/n-{number}", {"adopt": str(number), "spec": made}, {}, ("note",))


def market(code: str, number: int, **spec: Any) -> Draft:
    target = {"countries": {"items": [code], "op": "in"}}
    return draft(number, **{"name": f"Sale {code}", "description": "same", "targeting": target, **spec})


def of(*drafts: Draft, **options: Any) -> Factored:
    known = options.pop("known", {})
    return factored(
        {one.parts["adopt"]: one for one in drafts}, known, (), lambda folder: folder != "taken", **options
    )


def test_what_all_have_and_most_say_alike_is_a_default() -> None:
    ones = [
        draft(n, description="same", labels=["a"], utm_tracking={"enabled": 0}, deal_id=str(n))
        for n in range(3)
    ]
    other = draft(
        9, description="other", utm_tracking={"enabled": 0}, deal_id="9", send_in_profile_time_zone=True
    )
    found = of(*ones, other, markets=False)
    assert found.defaults == {
        "in/_defaults.yaml": "spec:\n  description: same\n  utm_tracking:\n    enabled: 0\n"
        "message:\n  sms:\n    integration_id: ${var.sms_integration}\n"
    }
    assert found.drafts["9"].parts["spec"]["description"] == "other"
    assert found.drafts["0"].parts["spec"].keys() == {"name", "messages", "labels", "deal_id"}
    assert found.variables == {"sms_integration": "7"}


@pytest.mark.parametrize("most", ["none", 0, []])
def test_an_empty_object_where_the_others_have_something_else_stays(most: Any) -> None:
    ones = [draft(n, quiet_hours=most) for n in range(3)]
    found = of(*ones, draft(9, quiet_hours={}), markets=False)
    assert "quiet_hours: " in found.defaults["in/_defaults.yaml"]
    assert "quiet_hours" not in found.drafts["0"].parts["spec"]
    assert found.drafts["9"].parts["spec"]["quiet_hours"] == {}


def test_defaults_are_of_a_folder_that_is_free_and_of_one_channel() -> None:
    taken = [draft(n, key=f"taken/n{n}", description="same") for n in range(3)]
    few = [draft(n, key=f"few/n{n}", description="same") for n in (4, 5)]
    mails = [draft(n, channel="email", key=f"mail/n{n}") for n in (6, 7, 8)]
    found = of(*taken, *few, *mails, markets=False)
    assert list(found.defaults) == ["mail/_defaults.yaml"]
    assert "subject" not in found.defaults["mail/_defaults.yaml"]
    assert "sender_name: A" in found.defaults["mail/_defaults.yaml"]


def test_a_variable_of_the_project_is_used_and_a_new_one_has_a_name_of_its_own() -> None:
    ones = [draft(n) for n in range(3)]
    assert of(*ones, known={"my_sms": "7"}).variables == {}
    used = of(*ones, known={"my_sms": "7"}, markets=False).defaults["in/_defaults.yaml"]
    assert "${var.my_sms}" in used
    assert of(*ones, known={"sms_integration": "8"}).variables == {"sms_integration_2": "7"}
    assert of(*ones[:2]).variables == {}


def test_campaigns_of_several_markets_are_one_manifest() -> None:
    found = of(
        market("DE", 1, deal_id="5"), market("FR", 2, deal_id="6"), market("NO", 3, deal_id="6"), draft(4)
    )
    assert [found.keys[str(n)] for n in (1, 2, 3, 4)] == [
        "in/sale[country=DE]",
        "in/sale[country=FR]",
        "in/sale[country=NO]",
        "in/n-4",
    ]
    parts = found.drafts["1"].parts
    assert found.drafts["2"].parts == parts
    assert parts["matrix"]["country"] == ["DE", "FR", "NO"]
    assert parts["matrix"]["include"][0] == {"country": "DE", "id": "1", "deal_id": "5"}
    assert (parts["adopt"], parts["spec"]["deal_id"]) == ("${matrix.id}", "${matrix.deal_id}")
    assert parts["spec"]["name"] == "Sale ${matrix.country}"


@pytest.mark.parametrize(
    "others",
    [
        [market("DE", 2), market("NO", 3)],
        [market("FR", 2)],
        [market("FR", 2), market("N O", 3)],
        [market("FR", 2), market("NO", 3, send_in_profile_time_zone=True)],
        [market("FR", 2), market("NO", 3, description="x" * 200)],
        [market("FR", 2), market("NO", 3, description="$${x}")],
        [market("FR", 2, is_draft=True), market("NO", 3)],
        [market("FR", 2, score=2), market("NO", 3, score=3)],
    ],
)
def test_what_differs_in_more_than_markets_stays_apart(others: list[Draft]) -> None:
    score = {"score": 1} if "score" in others[0].parts["spec"] else {}
    found = of(market("DE", 1, **score), *others)
    assert all("[" not in key for key in found.keys.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_immediately", True),
        ("scheduled_time", "2036-12-24 10:00:00"),
        ("recurrence", {"cron": "0 9 * * *"}),
        ("is_draft", True),
        ("metadata", {"team": "crm"}),
        ("ab_test", {"test_split": 30}),
    ],
)
def test_when_a_campaign_sends_and_what_it_is_are_its_own(name: str, value: Any) -> None:
    found = of(*(draft(n, description="same", **{name: value}) for n in range(3)), markets=False)
    assert name not in found.defaults["in/_defaults.yaml"]
    assert all(one.parts["spec"][name] == value for one in found.drafts.values())


def test_a_field_of_a_list_has_the_name_of_the_list() -> None:
    found = of(*(market(code, n, labels=[f"x{n}"]) for n, code in enumerate(("DE", "FR", "NO"), 1)))
    parts = found.drafts["1"].parts
    assert parts["spec"]["labels"] == ["${matrix.labels}"]
    assert parts["matrix"]["include"][0] == {"country": "DE", "id": "1", "labels": "x1"}


def test_two_manifests_of_markets_have_keys_of_their_own() -> None:
    first = [market(code, n) for n, code in enumerate(("DE", "FR", "NO"), 1)]
    second = [market(code, n, quiet_hours={"begin": "22:00"}) for n, code in enumerate(("DE", "FR", "NO"), 4)]
    found = of(*first, *second)
    assert sorted(found.keys.values()) == sorted(
        f"in/{stem}[country={code}]" for stem in ("sale", "sale-2") for code in ("DE", "FR", "NO")
    )


def test_keys_that_differ_in_capital_letters_alone_get_a_number() -> None:
    small, large = (
        [market(code, n, key=f"{folder}/{n}") for n, code in enumerate(("DE", "FR", "NO"), first)]
        for folder, first in (("in", 1), ("In", 4))
    )
    found = of(*small, *large)
    stems = {key.partition("[")[0].casefold() for key in found.keys.values()}
    assert stems == {"in/sale", "in/sale-2"}


def test_values_of_the_same_name_get_a_number() -> None:
    urls = {"DE": ("eins", "zwei"), "FR": ("un", "deux"), "NO": ("en", "to")}
    found = of(
        *(
            market(code, number, callbacks={"sent": {"url": one}, "clicked": {"url": two}})
            for number, (code, (one, two)) in enumerate(urls.items(), start=1)
        )
    )
    parts = found.drafts["1"].parts
    assert parts["matrix"]["include"][1] == {"country": "FR", "id": "2", "url": "un", "url_2": "deux"}
    assert parts["spec"]["callbacks"] == {
        "sent": {"url": "${matrix.url}"},
        "clicked": {"url": "${matrix.url_2}"},
    }


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("h1", "h1"),
        ("t", "t"),
        ("1st", "value_1st"),
        ("größe", "gr__e"),
        ("_x", "value__x"),
        ("include", "include_2"),
        ("exclude", "exclude_2"),
        ("country", "country_2"),
        ("id", "id_2"),
    ],
)
def test_a_value_of_a_market_has_a_name_that_a_manifest_may_have(field: str, name: str) -> None:
    found = of(*(market(code, n, callbacks={field: f"x{n}"}) for n, code in enumerate(("DE", "FR", "NO"), 1)))
    parts = found.drafts["1"].parts
    assert parts["spec"]["callbacks"] == {field: f"${{matrix.{name}}}"}
    assert parts["matrix"]["include"][0] == {"country": "DE", "id": "1", name: "x1"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("Sale {}", "in/sale"), ("{}", "in/de"), ("!", "in/markets")],
    ids=["a name around the market", "the market alone", "nothing that a key may have"],
)
def test_a_manifest_of_markets_has_the_key_of_a_name_without_its_market(name: str, key: str) -> None:
    found = of(*(market(code, n, name=name.format(code)) for n, code in enumerate(("DE", "FR", "NO"), 1)))
    assert set(found.keys.values()) == {f"{key}[country={code}]" for code in ("DE", "FR", "NO")}


def test_campaigns_of_markets_stay_apart_if_that_is_asked() -> None:
    found = of(*(market(code, n) for n, code in enumerate(("DE", "FR", "NO"), 1)), markets=False)
    assert found.keys == {"1": "in/n-1", "2": "in/n-2", "3": "in/n-3"}


@pytest.mark.parametrize("folder", ["", "in/", "taken/"])
def test_no_draft_is_lost_and_defaults_stand_in_the_folder_of_their_drafts(folder: str) -> None:
    found = of(*(draft(n, key=f"{folder}n-{n}", description="same") for n in range(3)), markets=False)
    assert list(found.drafts) == ["0", "1", "2"]
    is_free = folder != "taken/"
    assert list(found.defaults) == ([f"{folder}_defaults.yaml"] if is_free else [])
    assert [("description" in one.parts["spec"]) for one in found.drafts.values()] == [not is_free] * 3


def test_an_integration_has_the_variable_of_its_channel_and_a_message_may_have_none() -> None:
    found = of(*(draft(n) for n in range(3)), known={"email_team": "7"}, markets=False)
    assert found.variables == {"sms_integration": "7"}
    bare = [{"name": "m", "channel": "sms", "sms": {"content": {"en": "Hi"}}}]
    assert of(*(draft(n, messages=0) for n in range(3))).variables == {}
    ones = (
        Draft(f"in/n-{n}", {"spec": {"name": f"N {n}", "messages": bare}, "adopt": str(n)}) for n in range(3)
    )
    assert of(*ones).variables == {}


def test_a_default_is_what_most_say_and_not_what_the_first_says() -> None:
    nested = [{"begin": begin, "end": "08:00"} for begin in ("21:00", "22:00", "22:00", "22:00")]
    found = of(*(draft(n, quiet_hours=hours) for n, hours in enumerate(nested)), markets=False)
    assert "begin: 22:00" in found.defaults["in/_defaults.yaml"].replace("'", "").replace('"', "")
    assert found.drafts["0"].parts["spec"]["quiet_hours"] == {"begin": "21:00"}
    assert "quiet_hours" not in found.drafts["1"].parts["spec"]


def test_what_half_of_them_say_is_no_default() -> None:
    ones = [draft(n, description="same" if n < 3 else f"own {n}") for n in range(6)]
    found = of(*ones, markets=False)
    assert "description" not in found.defaults["in/_defaults.yaml"]
    assert [one.parts["spec"]["description"] for one in found.drafts.values()][:4] == [*["same"] * 3, "own 3"]


@pytest.mark.parametrize(
    "own",
    [{"files": {"in/text.txt": "Hi"}}, {"notes": ("note", "another")}, {"parts": {"extra": {"x": 1}}}],
    ids=["a file", "a comment", "fields of the API"],
)
def test_what_has_something_of_its_own_is_in_no_matrix(own: dict[str, Any]) -> None:
    ones = [market(code, n) for n, code in enumerate(("DE", "FR", "NO"), 1)]
    changed = [replace(one, **{**own, "parts": {**one.parts, **own.get("parts", {})}}) for one in ones]
    assert of(*changed).keys == {"1": "in/n-1", "2": "in/n-2", "3": "in/n-3"}


@pytest.mark.parametrize(("fields", "is_one"), [(3, True), (4, False)])
def test_markets_that_differ_in_few_other_fields_are_one_manifest(fields: int, is_one: bool) -> None:
    """Next to its market, which is in the name too."""
    codes = ("DE", "FR", "NO")
    hooks = [{f"f{field}": f"x{n}" for field in range(fields)} for n in range(3)]
    found = of(
        *(market(code, n, callbacks=hook) for n, (code, hook) in enumerate(zip(codes, hooks, strict=True)))
    )
    assert all(("[" in key) is is_one for key in found.keys.values())


@pytest.mark.parametrize(("length", "is_one"), [(120, True), (121, False)])
def test_a_value_of_a_market_is_short(length: int, is_one: bool) -> None:
    texts = [str(n) * length for n in range(3)]
    found = of(*(market(code, n, description=texts[n]) for n, code in enumerate(("DE", "FR", "NO"))))
    assert all(("[" in key) is is_one for key in found.keys.values())
