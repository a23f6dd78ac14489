"""Manifests for live campaigns: their keys, and that each compiles to the request that makes its campaign."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from campaignctl.campaign.live import Live
from campaignctl.diff import equal, request_of
from campaignctl.manifest.fmt import canonical
from campaignctl.manifest.load import check
from campaignctl.manifest.pulled import LayoutOfKeys, Pulled, drafted, keys_for, slug, written
from tests.manifest.pulled_bodies import bodies
from tests.work import growth

SERVED: dict[str, Any] = {
    "id": "103",
    "company_id": "1",
    "status": "scheduled",
    "score": 0,
    "send_if_profile_time_passed": False,
    "utm_tracking": {
        "enabled": 1,
        "utm_source": "${OCMH_UTM_SOURCE}",
        "utm_campaign": "${OCMH_CAMPAIGN_NAME}",
    },
}


def live(body: dict[str, Any]) -> Live:
    """A campaign as the API shows it, with the server's fields."""
    utm = {**SERVED["utm_tracking"], **body.get("utm_tracking", {})}
    of_server = {"id": "9", "campaign_id": "103", "winner": 0}
    messages = [{"integration_id": "0", "primary_lang": "en", **one, **of_server} for one in body["messages"]]
    return Live("103", {**SERVED, **body, "utm_tracking": utm, "messages": messages}, complete=True)


@settings(max_examples=40)
@given(bodies())
def test_a_manifest_compiles_to_the_request_and_is_in_canonical_form(body: dict[str, Any]) -> None:
    one = Pulled("103", request_of(live(body)), None, ("a note",))
    made = written(drafted(one, "push/a"))
    with TemporaryDirectory() as folder:
        for path, text in {"campaignctl.yaml": "metadata: {name: tests}\n", **made.files}.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_bytes(text.encode())
        desired, findings = check(Path(folder), environment=None, environ={}, tool_version="0.1.0")
    errors = [found.message for found in findings if found.severity == "error"]
    assert desired is not None, (errors, made.files)
    assert equal(desired.campaigns["push/a"].spec, one.spec)
    assert desired.campaigns["push/a"].adopt == "103"
    manifest = made.files[made.path].encode()
    assert canonical(made.path, made.path, manifest) == manifest


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        ({"ab_test": {"test_split": "30"}}, {"ab_test": {"test_split": 30}}),
        ({"utm_tracking": {"enabled": "0"}}, {"utm_tracking": {"enabled": 0}}),
        ({"utm_tracking": {"enabled": "1", "utm_source": "${OCMH_UTM_SOURCE}"}}, {}),
        (
            {"recurrence": {"pattern": {"hour": "7", "weekdays": ["1", 2]}}},
            {"recurrence": {"pattern": {"hour": 7, "weekdays": [1, 2]}}},
        ),
        ({"send_in_profile_time_zone": 1, "is_draft": 0}, {"send_in_profile_time_zone": True}),
        ({"metadata": '{"team": "crm", "campaignctl": "v1 a b c"}'}, {"metadata": {"team": "crm"}}),
        ({"metadata": "[1]"}, {"metadata": "[1]"}),
        ({"description": "a\r\nb"}, {"description": "a\nb"}),
        ({"deal_id": 77, "labels": "b, a"}, {"deal_id": "77", "labels": ["a", "b"]}),
        ({"targeting": {"os": {"items": [1, "1"]}}}, {"targeting": {"os": {"items": [1, "1"]}}}),
        ({"brand_new": 1}, {}),
    ],
)
def test_values_have_the_types_of_the_contract(shown: dict[str, Any], asked: dict[str, Any]) -> None:
    assert request_of(Live("1", shown, complete=True)) == asked


def test_what_no_model_knows_stays_beside_the_spec() -> None:
    body: dict[str, Any] = {
        "name": "N",
        "messages": [
            {"name": "a", "channel": "push", "push": {"title": {"en": "a"}, "landing_url": "https://x.io"}},
            {"name": "b", "channel": "email", "revision": 3, "email": {"html": {"en": "b"}, "reply_to": "x"}},
        ],
    }
    text = written(drafted(Pulled("103", request_of(live(body))), "a")).files["a.yaml"]
    assert "extra:\n  messages:\n    - {}\n    - revision: 3\n      email:\n        reply_to: x\n" in text


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Spring sale: -20% (DE)", "spring-sale-20-de"),
        ("Straße Đoković", "strasse-dokovic"),
        ("Ünïcode", "unicode"),
        ("Привет", ""),
        ("x" * 99, "x" * 60),
        ("..", ""),
    ],
)
def test_a_name_becomes_part_of_a_key(name: str, part: str) -> None:
    assert slug(name) == part


@pytest.mark.parametrize(
    ("layout", "keys"),
    [
        ("channel", ["in/push/a", "in/push/a-3", "in/mixed/campaign-3"]),
        ("label", ["in/b/a", "in/unlabelled/a", "in/unlabelled/campaign-3"]),
        ("flat", ["in/a", "in/a-2", "in/campaign-3"]),
    ],
)
def test_keys_are_numbered_where_they_meet(layout: LayoutOfKeys, keys: list[str]) -> None:
    push, sms = {"channel": "push"}, {"channel": "sms"}
    ones = [
        Pulled("1", {"name": "A", "labels": ["B"], "messages": [push]}),
        Pulled("2", {"name": "a ", "messages": [push, push]}),
        Pulled("../3", {"name": "…", "messages": [push, sms]}),
    ]
    found = keys_for(ones, "in", layout, {"IN/push/A-2"})
    assert [found[one.id] for one in ones] == keys


@pytest.mark.parametrize("name", ["Campaignctl", "CON", "prn", "Aux", "nul", "com0", "LPT9"])
def test_reserved_file_names_are_numbered_in_any_folder(name: str) -> None:
    ones = [
        Pulled("1", {"name": name}),
        Pulled("2", {"name": f"{name}!"}),
        Pulled("3", {"name": f"{name} a"}),
    ]
    part = name.lower()
    for folder in ("", "in/"):
        found = keys_for(ones, folder.rstrip("/"), "flat", ())
        assert list(found.values()) == [f"{folder}{part}-2", f"{folder}{part}-3", f"{folder}{part}-a"]


@pytest.mark.parametrize(
    ("label", "folder"),
    [("CON", "con-2"), ("campaignctl", "campaignctl"), (".git", "git"), ("com10", "com10")],
)
def test_a_folder_of_a_label_has_a_name_that_windows_allows(label: str, folder: str) -> None:
    assert keys_for([Pulled("1", {"name": "A", "labels": [label]})], "", "label", ()) == {"1": f"{folder}/a"}


def test_as_many_campaigns_of_one_name_as_there_are_take_work_in_proportion() -> None:
    def numbered(count: int) -> None:
        ones = [Pulled(str(number), {"name": "Welcome"}) for number in range(count)]
        assert keys_for(ones, "in", "flat", {"in/welcome-2"})[ones[-1].id] == f"in/welcome-{count + 1}"

    assert growth(numbered, 100) < 2.5


@pytest.mark.parametrize(
    "message", [{"channel": "sms"}, {"channel": "sms", "sms": None}, {"channel": "fax"}, "text"]
)
def test_a_message_without_texts_has_no_files(message: Any) -> None:
    found = drafted(Pulled("1", {"name": "N", "messages": [message]}), "in/n")
    assert found.files == {}


def test_long_texts_are_files_by_language_and_message() -> None:
    html = {"en": "<p>x</p>" * 40, "de": "short"}
    letters = [
        {"name": name, "channel": "email", "email": {"html": html}} for name in ("A b", "a-B", "c", "…")
    ]
    files = written(drafted(Pulled("1", {"name": "N", "messages": letters}), "in/n")).files
    parts = ("a-b.1", "a-b.2", "c", "4")
    assert set(files) == {"in/n.yaml", *(f"in/n.{part}.{lang}.html" for part in parts for lang in html)}
    assert list(files)[-1] == "in/n.yaml"


def test_messages_without_a_name_and_with_a_number_as_one_have_texts_of_their_own() -> None:
    letters = [
        {"name": name, "channel": "sms", "sms": {"content": {"en": name * 701}}}
        for name in ("日", "1", "1.2", "2", "月", "5")
    ]
    files = written(drafted(Pulled("1", {"name": "N", "messages": letters}), "n")).files
    assert sorted(text[0] for path, text in files.items() if path != "n.yaml") == sorted("日112月5")


@pytest.mark.parametrize(
    ("texts", "moved"),
    [
        ({"en": "Hi\x07", "de": "Hi"}, True),
        ({"en": "Hi", "de": "Hi"}, False),
        ({"en": "Hi" * 400, "de": "\ufeffHi"}, False),
        ({"en": "Hi" * 400, "no language": "Hi"}, False),
        ({"en": "Hi" * 400, "de": 3}, False),
        ({"en": "x" * 700}, False),
        ({"en": "x" * 701}, True),
    ],
)
def test_texts_are_files_if_one_is_long_or_cannot_be_yaml_and_all_can_be_files(
    texts: dict[str, Any], moved: bool
) -> None:
    message = {"name": "m", "channel": "sms", "sms": {"content": texts}}
    found = drafted(Pulled("1", {"name": "N", "messages": [message]}), "in/n").files
    assert found == ({f"in/n.{lang}.txt": text for lang, text in texts.items()} if moved else {})
