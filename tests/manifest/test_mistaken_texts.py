"""Texts that YAML cuts or turns, escapes that leave a place, names and escapes as other tools write them."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from tests.manifest.checking import Check, Checked

PROJECT = 'metadata: {name: tests}\nvariables: {price: "49", dollar: "$", name: BALANCE}\n'


def manifest(title: str, head: str = "") -> str:
    return (
        f"{head}spec:\n  name: N\n  messages:\n  - name: M\n    channel: push\n    push:\n"
        f"      landing_url: https://example.com\n      title: {title}\n"
    )


def checked(project: Check, title: str) -> Checked:
    return project({"campaignctl.yaml": PROJECT, "a.yaml": manifest(title)})


def hints(found: Checked, severity: str = "error") -> list[str]:
    return [one.hint for one in found.findings if one.severity == severity]


def title_of(found: Checked) -> str:
    title = found.sound.campaigns["a"].spec["messages"][0]["push"]["title"]
    assert isinstance(title["en"], str)
    return title["en"]


@pytest.mark.parametrize(
    "text",
    [
        "only $${var.price}",
        "$${ var.price }",
        "$${var.unknown}",
        "$${matrix.x}",
        "$${env.HOME}",
        "balance $${BALANCE}",
        "$${${var.name}}",
        "${var.dollar}{BALANCE}",
        "${var.dollar}{var.price}",
    ],
)
def test_an_escape_that_leaves_a_place_is_an_error(text: str, project: Check) -> None:
    found = checked(project, f'{{en: "{text}"}}')
    (one,) = found.findings
    assert (one.severity, one.code, found.places) == ("error", "interpolation", ["8:19"])
    assert "for a dollar before a" in one.hint


def test_an_escape_in_a_file_that_leaves_a_place_is_an_error_in_the_file(project: Check) -> None:
    found = project({"a.yaml": manifest("{en: {$file: t.txt}}"), "t.txt": "a\nonly $${BALANCE}"})
    assert [one.source.line for one in found.findings if one.code == "interpolation"] == [2]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("only ${var.dollar}${var.price}", "only $49"),
        ("${var.dollar}${BALANCE}", "$${BALANCE}"),
        ("$$${BALANCE}", "$${BALANCE}"),
        ("$$$${BALANCE}", "$$${BALANCE}"),
        ("write $${name} or $${a-b}", "write ${name} or ${a-b}"),
        ("$${", "${"),
        ("a $$ b", "a $$ b"),
        ("${OCMH_APP_NAME}", "${OCMH_APP_NAME}"),
    ],
)
def test_other_escapes_and_dollars_are_taken(text: str, sent: str, project: Check) -> None:
    assert title_of(checked(project, f'{{en: "{text}"}}')) == sent


@pytest.mark.parametrize(
    "text",
    ["Half price #BlackFriday", "Half price\t#1 of the day", "Half\n          price #Sale", "Hi  #todo"],
)
def test_a_hashtag_that_yaml_takes_for_a_comment_is_a_warning(text: str, project: Check) -> None:
    found = checked(project, f"\n        en: {text}")
    assert [(one.severity, one.code) for one in found.findings] == [("warning", "comment")]
    assert "quotes" in found.findings[0].hint


@pytest.mark.parametrize("text", ["Hi # a comment", "'Hi #Sale'", "Hi#Sale", "|\n          Hi #Sale", "Hi #"])
def test_a_comment_and_a_hashtag_in_quotes_are_no_warning(text: str, project: Check) -> None:
    assert checked(project, f"\n        en: {text}").findings == ()


def test_a_comment_behind_an_id_or_in_the_name_of_a_file_is_no_warning(project: Check) -> None:
    text = manifest("{en: Hi}").replace("channel: push", "channel: push #nosound\n    template_id: '1' #x")
    assert "comment" not in [one.code for one in project({"a.yaml": text}).findings]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{en: Big sale, today only}", '{en: "Big sale, today only"}'),
        ("{en: Big sale, today only, de: Hallo}", '{en: "Big sale, today only"}'),
        ("{today only}", "needs quotes"),
    ],
)
def test_a_comma_that_ends_a_text_asks_for_quotes(text: str, said: str, project: Check) -> None:
    found = checked(project, text)
    assert any(said in hint for hint in hints(found))
    assert "null" in [one.code for one in found.findings]


def test_a_comma_in_an_url_asks_for_quotes(project: Check) -> None:
    push = "{title: {en: x}, landing_url: https://a.b/?c=1, d}"
    text = f"spec: {{name: N, messages: [{{name: M, channel: push, push: {push}}}]}}\n"
    assert any('"https://a.b/?c=1, d"' in hint for hint in hints(project({"a.yaml": text})))


@pytest.mark.parametrize(
    "text",
    [
        "[SALE] today",
        "[SALE]",
        "{SALE}",
        "{SALE} today",
        "!now on sale",
        "&Hot deals",
        "*Hot deals",
        "% off",
        "@you",
        "`x`",
        "> 50% off",
        "| x",
        "- 50%",
        "#now",
    ],
)
def test_a_text_that_begins_with_a_sign_of_yaml_asks_for_quotes(text: str, project: Check) -> None:
    found = checked(project, f"\n        en: {text}")
    assert found.desired is None
    assert any("quotes" in hint for hint in hints(found)), hints(found)


def test_an_anchor_that_is_used_is_taken(project: Check) -> None:
    assert title_of(checked(project, "{en: &a Hi, de: *a}")) == "Hi"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (r"\ud83d\ude00", "😀"),
        (r"a\uD83C\uDF38b", "a🌸b"),
        (r"\\ud83d\\ude00", r"\ud83d\ude00"),
        (r"\\\ud83d\ude00", "\\😀"),
        (r"\u0041\ud83d\ude00\ud83d\ude00", "A😀😀"),
    ],
)
def test_pairs_of_escapes_are_one_character_as_in_json(given: str, text: str, project: Check) -> None:
    found = checked(project, f'{{"en": "{given}"}}')
    assert title_of(found) == text


def test_without_double_quotes_an_escape_is_text(project: Check) -> None:
    found = checked(project, r"""{en: '\ud83d\ude00', de: "\ud83d\ude00"}""")
    assert title_of(found) == r"\ud83d\ude00"


def test_half_a_pair_is_an_error_and_places_stay_where_they_are(project: Check) -> None:
    assert checked(project, r'{en: "\ud83d"}').places == ["8:22"]
    assert checked(project, r'{en: "\ud83d\ude00", de: ""}').places == ["8:39"]


@pytest.mark.parametrize("composed", [True, False])
def test_a_file_is_found_by_its_name_in_either_unicode_form(composed: bool, project: Check) -> None:
    forms = normalize("NFC", "ponuda-š/š.html"), normalize("NFD", "ponuda-š/š.html")
    name, other = forms if composed else reversed(forms)
    found = project({"a.yaml": manifest(f"{{en: {{$file: {other}}}}}"), name: "Hi"})
    assert title_of(found) == "Hi"


def test_files_by_language_are_found_in_either_unicode_form(project: Check) -> None:
    name = normalize("NFD", "š/š.en.html")
    found = project({"a.yaml": manifest("{$file: 'š/š.{lang}.html'}"), name: "Hi"})
    assert title_of(found) == "Hi"


@pytest.mark.parametrize("language", ["pt-BR", "zh-Hant", "sr-Latn", "zh-Hant-TW", "es-419", "fil"])
def test_a_language_with_a_script_or_region_is_taken_in_file_names_as_in_a_map(
    language: str, project: Check
) -> None:
    found = project(
        {"a.yaml": manifest("{$file: 'b.{lang}.html'}"), f"b.{language}.html": "Hi", "b.en.html": "Hi"}
    )
    title = found.sound.campaigns["a"].spec["messages"][0]["push"]["title"]
    in_map = project({"a.yaml": manifest(f"{{en: Hi, {language}: Hi}}")})
    assert set(title) == {"en", language}
    assert found.errors == in_map.errors == []


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("Etc/GMT+5", "2036-07-22 10:00:00", "UTC-5"),
        ("Etc/GMT-3", "2036-07-22 10:00:00", "UTC+3"),
        ("EST", "2036-07-22 10:00:00", "America/New_York"),
        ("MST", "2036-07-22 10:00:00", "America/Denver"),
    ],
)
def test_a_zone_that_is_probably_another_is_a_warning(zone: str, at: str, said: str, project: Check) -> None:
    found = project({"a.yaml": manifest("{en: x}") + f"  scheduled_time: {{at: {at}, tz: {zone}}}\n"})
    (one,) = found.findings
    assert (one.severity, one.code) == ("warning", "time")
    assert said in one.message


@pytest.mark.parametrize(
    "zone", ["EST", "MST", "Etc/GMT", "GMT+0", "EST5EDT", "Europe/Belgrade", "UTC", "HST"]
)
def test_a_zone_that_is_right_is_no_warning(zone: str, project: Check) -> None:
    time = f"  scheduled_time: {{at: 2036-01-22 10:00:00, tz: {zone}}}\n"
    assert project({"a.yaml": manifest("{en: x}") + time}).findings == ()


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 * * SAT-SUN", "6-7"),
        ("0 9 * * FRI-MON", "5-6,0-1"),
        ("0 22-3 * * *", "22-23,0-3"),
        ("0 9 * * MONDAY", "MON"),
        ("0 9 ? * MON", "`0 9 * * MON`"),
        ("0 0 9 ? * MON", "`0 9 * * MON`"),
        ("0 0 9 ? * MON 2036", "`0 9 * * MON`"),
        ("0 0 9 * * 1", "`0 9 * * 1`"),
    ],
)
def test_a_cron_line_of_another_tool_is_one_error_with_the_line_to_write(
    cron: str, said: str, project: Check
) -> None:
    (one,) = project({"a.yaml": manifest("{en: x}") + f'  recurrence: {{cron: "{cron}"}}\n'}).findings
    assert (one.severity, one.code) == ("error", "cron")
    assert said in one.message + one.hint


@pytest.mark.parametrize(("given", "number"), [("08", "8"), ("00", "0"), ("-05", "-5"), ("0123", "123")])
def test_a_leading_zero_is_named(given: str, number: str, project: Check) -> None:
    (one,) = project({"a.yaml": manifest("{en: x}") + f"  score: {given}\n"}).findings[:1]
    assert one.hint == f"a number has no leading zero: write {number}"
