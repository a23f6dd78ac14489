"""Expansion of texts, and what is never expanded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from campaignctl.errors import NOWHERE, hint_lines
from tests.manifest.checking import Check, Checked

HEAD = """\
spec:
  name: N
  messages: [{name: M, channel: sms, integration_id: '${var.id}', sms: {content: {en: Hi}}}]
"""
PROJECT = """\
metadata: {name: tests}
variables: {id: "1830", brand: Acme, macro: "${OCMH_APP_NAME}"}
allow_env: [SEASON]
"""


def described(project: Check, text: str, **kwargs: Any) -> Checked:
    files = {
        "campaignctl.yaml": PROJECT,
        "push/a.yaml": f"{HEAD}  description: {text}\n",
        **kwargs.pop("files", {}),
    }
    return project(files, **kwargs)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${var.brand} and ${var.id}", "Acme and 1830"),
        ("${OCMH_APP_NAME}", "${OCMH_APP_NAME}"),
        ("$${vars.brand}", "${vars.brand}"),
        ("$$${OCMH_APP_NAME}", "$${OCMH_APP_NAME}"),
        ("$5 and $ {x} and {y}", "$5 and $ {x} and {y}"),
        ("${var.macro}", "${OCMH_APP_NAME}"),
        ("'${env.SEASON}'", "spring"),
    ],
)
def test_a_text_is_expanded(text: str, value: Any, project: Check) -> None:
    desired, findings = described(project, text, environ={"SEASON": "spring"})
    assert desired, findings
    assert desired.campaigns["push/a"].spec["description"] == value
    assert desired.campaigns["push/a"].spec["messages"][0]["integration_id"] == "1830"


def test_the_value_of_a_variable_is_not_expanded(project: Check) -> None:
    text = "metadata: {name: x}\nvariables: {id: '1830', nested: '${var.id}'}\n"
    checked = project({"campaignctl.yaml": text})
    assert checked.errors == ["the value of `nested` contains `${`"]
    assert checked.places == ["2:33"]


def test_an_allowed_variable_must_be_set(project: Check) -> None:
    (error,) = described(project, "${env.SEASON}").errors
    assert error == "the environment variable SEASON is not set"


TOKEN = "s3cr3t-t0ken-9f27"


def permitted_by(project: Check, name: str, **environ: str) -> list[str]:
    """The errors of a manifest that uses a variable of the environment which its project allows."""
    files = {"campaignctl.yaml": PROJECT.replace("SEASON", name)}
    checked = described(project, f"'${{env.{name}}}'", files=files, environ={name: "value", **environ})
    assert all(one.source.file.endswith("a.yaml") and one.source.line == 4 for one in checked.findings)
    assert TOKEN not in "".join(f"{one.message}{one.hint}" for one in checked.findings)
    return checked.errors


@pytest.mark.parametrize(
    "name",
    [
        "OCAMBA_READ_TOKEN",
        "GITHUB_TOKEN",
        "CI_JOB_TOKEN",
        "CLIENT_SECRET",
        "DB_PASSWORD",
        "AWS_ACCESS_KEY_ID",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "apikey",
        "npm_Token",
        "CAMPAIGNS_WEBHOOK",
        "CI_JOB_JWT",
    ],
)
def test_a_name_that_looks_like_a_secret_needs_the_permission_of_the_run(name: str, project: Check) -> None:
    (error,) = permitted_by(project, name)
    assert error == f"{name} looks like a secret; texts are shown in plans and sent"
    assert permitted_by(project, name, CAMPAIGNCTL_ALLOW_ENV="OTHER") == [error]
    assert permitted_by(project, name, CAMPAIGNCTL_ALLOW_ENV=f"{name}S X{name}") == [error]
    for permission in (name, f"OTHER,{name}", f" OTHER  {name} "):
        assert permitted_by(project, name, CAMPAIGNCTL_ALLOW_ENV=permission) == []


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("https://gitlab-ci-token:glcbt-64_x@gitlab.example/shop.git", "contains a login"),
        ("s3cr3t-of-the-job", "contains the value of CI_JOB_TOKEN, which looks like a secret"),
        ("Bearer s3cr3t-of-the-job.", "contains the value of CI_JOB_TOKEN, which looks like a secret"),
    ],
)
def test_a_secret_under_another_name_needs_the_permission_of_the_run(
    value: str, why: str, project: Check
) -> None:
    environ = {"BRAND": value, "CI_JOB_TOKEN": "s3cr3t-of-the-job"}
    assert permitted_by(project, "BRAND", **environ) == [f"BRAND {why}; texts are shown in plans and sent"]
    assert permitted_by(project, "BRAND", **environ, CAMPAIGNCTL_ALLOW_ENV="BRAND") == []


@pytest.mark.parametrize(
    ("value", "more"),
    [
        ("https://example.com/a:b@c", {}),
        ("mailto:a@example.com", {}),
        # Short values are in many texts, and what may be shown is no secret.
        ("false", {"TOKENIZERS_PARALLELISM": "false"}),
        ("autumn-of-joy", {"KEYWORDS": "autumn-of-joy", "CAMPAIGNCTL_ALLOW_ENV": "KEYWORDS"}),
    ],
)
def test_a_value_that_is_no_secret_needs_no_permission(
    value: str, more: dict[str, str], project: Check
) -> None:
    assert permitted_by(project, "BRAND", **{"BRAND": value, **more}) == []


def test_the_permission_that_is_missing_can_be_pasted(project: Check) -> None:
    files = {"campaignctl.yaml": PROJECT.replace("SEASON", "MY_KEY")}
    environ = {"MY_KEY": "x", "CAMPAIGNCTL_ALLOW_ENV": "OTHER"}
    (found,) = described(project, "'${env.MY_KEY}'", files=files, environ=environ).findings
    line = "export CAMPAIGNCTL_ALLOW_ENV='MY_KEY OTHER'"
    assert hint_lines(found.hint, NOWHERE) == [("if it is none:", False), (line, True)]


@pytest.mark.parametrize("value", [TOKEN, f"Bearer {TOKEN}", f"https://x:{TOKEN}@host/"])
def test_a_value_that_contains_the_token_is_never_inserted(value: str, project: Check) -> None:
    environ = {"OCAMBA_TOKEN": TOKEN, "BRAND": value, "CAMPAIGNCTL_ALLOW_ENV": "BRAND"}
    (error,) = permitted_by(project, "BRAND", **environ)
    assert error == "BRAND contains the API token, which must not be used in texts"


@pytest.mark.parametrize(
    "name",
    [
        "'${var.half}${env.SEASON}'",
        f'"{TOKEN[:4]}\\x{ord(TOKEN[4]):02x}{TOKEN[5:]}"',
        f'"{TOKEN[:4]}\\\n      {TOKEN[4:]}"',
        f'x\n  metadata: {{"{TOKEN[:4]}\\x{ord(TOKEN[4]):02x}{TOKEN[5:]}": x}}',
    ],
    ids=["two values", "an escape", "two lines", "the name of a field"],
)
def test_a_token_that_values_or_escapes_put_together_is_refused(name: str, project: Check) -> None:
    files = {"campaignctl.yaml": PROJECT.replace("brand:", f"half: {TOKEN[:4]}, brand:")}
    environ = {"OCAMBA_TOKEN": TOKEN, "SEASON": TOKEN[4:]}
    checked = described(project, name, files=files, environ=environ)
    assert "contains the API token" in checked.errors
    assert TOKEN[5:] not in "".join(f"{one.message}{one.hint}{one.source.text}" for one in checked.findings)


def test_the_permission_of_the_run_is_no_permission_of_the_project(project: Check) -> None:
    environ = {"OCAMBA_TOKEN": TOKEN, "OTHER": "x", "CAMPAIGNCTL_ALLOW_ENV": "OTHER OCAMBA_TOKEN"}
    (error,) = described(project, "'${env.OTHER}'", environ=environ).errors
    assert error == "the project does not allow the environment variable OTHER"
    (error,) = described(project, "'${env.OCAMBA_TOKEN}'", environ=environ).errors
    assert error == "OCAMBA_TOKEN must not be used in texts"
    files = {"campaignctl.yaml": PROJECT.replace("SEASON", "OCAMBA_TOKEN")}
    assert described(project, "x", files=files, environ=environ).errors


def test_a_short_token_is_no_part_of_words(project: Check) -> None:
    environ = {"OCAMBA_TOKEN": "spring", "SEASON": "springtime"}
    assert described(project, "'${env.SEASON}'", environ=environ).errors == []
    (error,) = described(project, "'${env.SEASON}'", environ={**environ, "SEASON": "spring"}).errors
    assert "contains the API token" in error


def test_opaque_fields_are_expanded(project: Check) -> None:
    files = {"b.yaml": HEAD + "  quiet_hours: {a: ['${var.brand}']}\nextra: {new: '${var.brand}'}\n"}
    spec = described(project, "x", files=files).sound.campaigns["b"].spec
    assert (spec["quiet_hours"], spec["new"]) == ({"a": ["Acme"]}, "Acme")


def test_a_file_is_read_to_the_last_byte_and_expanded(project: Check) -> None:
    files = {"push/a.txt": "Hi ${var.brand}\r\n\n", "shared.txt": "shared"}
    spec = described(project, "{$file: a.txt}", files=files).sound.campaigns["push/a"].spec
    assert spec["description"] == "Hi Acme\r\n\n"
    spec = described(project, "{$file: ../shared.txt}", files=files).sound.campaigns["push/a"].spec
    assert spec["description"] == "shared"


def test_an_error_in_a_text_file_points_into_the_file(project: Check) -> None:
    checked = described(project, "{$file: a.txt}", files={"push/a.txt": "one\n  ${vars.brand}\n"})
    places = [
        (found.source.file.rpartition("push/")[2], found.source.line, found.source.column)
        for found in checked.findings
    ]
    assert places == [("a.txt", 2, 3), ("a.yaml", 4, 24)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "not UTF-8"),
        (b"x" * ((1 << 20) + 1), "1 MiB"),
    ],
)
def test_an_unusable_file_is_refused(content: bytes, said: str, project: Check) -> None:
    (error,) = described(project, "{$file: a.txt}", files={"push/a.txt": content}).errors
    assert said in error


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        (b"a\nb\x00", (2, 2), "U+0000"),
        (b"\x1b[31m", (1, 1), "U+001B"),
        (b"\xef\xbb\xbfa\x01", (1, 2), "U+0001"),
        (b"a\r\n\tb\x7f", (2, 3), "U+007F"),
    ],
)
def test_a_control_character_in_a_file_has_its_place(
    content: bytes, place: tuple[int, int], said: str, project: Check
) -> None:
    first, second = described(project, "{$file: a.txt}", files={"push/a.txt": content}).findings
    assert (first.code, (first.source.line, first.source.column)) == ("control-character", place)
    assert said in first.message
    assert (second.code, second.source.file.rpartition("push/")[2]) == ("file", "a.yaml")


def test_white_space_in_a_file_is_sent_as_it_is(project: Check) -> None:
    text = "a\x0b\x0c\t\r\nb\x85\x92"
    checked = described(project, "{$file: a.txt}", files={"push/a.txt": text.encode()})
    assert checked.sound.campaigns["push/a"].spec["description"] == text


@pytest.mark.parametrize(("begins", "sent"), [("\ufeff", "Hi"), ("\ufeff\ufeff", "\ufeffHi")])
def test_a_byte_order_mark_is_no_part_of_a_file(begins: str, sent: str, project: Check) -> None:
    checked = described(project, "{$file: a.txt}", files={"push/a.txt": f"{begins}Hi".encode()})
    assert checked.sound.campaigns["push/a"].spec["description"] == sent


def test_a_place_in_a_file_does_not_count_the_byte_order_mark(project: Check) -> None:
    checked = described(project, "{$file: a.txt}", files={"push/a.txt": "\ufeff${vars.brand}".encode()})
    assert (checked.findings[0].source.line, checked.findings[0].source.column) == (1, 1)


@pytest.mark.parametrize(
    "sign",
    [
        "\u200b",
        "\u200c",
        "\u200d",
        "\xa0",
        "\ufeff",
        "\xad",
        "͏",
        "\u202a",
        "\u2066",
        "\u061c",
        "\x85",
        "\x92",
        "\u2028",
    ],
)
def test_what_mail_tools_pad_a_text_with_is_text(sign: str, project: Check) -> None:
    text = f"a{sign * 3}\tb\r\nc\x0c"
    checked = described(project, "{$file: a.txt}", files={"push/a.txt": text.encode()})
    assert checked.sound.campaigns["push/a"].spec["description"] == text


def test_a_link_does_not_lead_out_of_the_project(
    project: Check, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.txt"
    outside.write_text("secret")
    (tmp_path / "push").mkdir()
    (tmp_path / "push" / "a.txt").symlink_to(outside)
    (error,) = described(project, "{$file: a.txt}").errors
    assert "leads outside" in error


def test_the_source_digest_ignores_variables(project: Check) -> None:
    before = described(project, "${var.brand}").sound
    other = PROJECT.replace("Acme", "Emca")
    after = described(project, "${var.brand}   # said otherwise", files={"campaignctl.yaml": other}).sound
    assert before.campaigns["push/a"].source_digest == after.campaigns["push/a"].source_digest
    assert before.digest != after.digest
    changed = described(project, "'${var.brand}!'").sound
    assert before.campaigns["push/a"].source_digest != changed.campaigns["push/a"].source_digest


def test_the_source_digest_covers_the_texts_of_files(project: Check) -> None:
    first = described(project, "{$file: a.txt}", files={"push/a.txt": "one"}).sound
    second = described(project, "{$file: a.txt}", files={"push/a.txt": "two"}).sound
    assert first.campaigns["push/a"].source_digest != second.campaigns["push/a"].source_digest
