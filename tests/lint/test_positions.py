"""Where a finding is: in the manifest, in a side file, also where variables have changed the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.cases import FROM_FILE, push
from tests.lint.checking import findings, place, unmarked

_PROJECT = "metadata: {name: shop}\nvariables: {brand: A very long brand name, macro: '${MY_OWN}'}\n"


def in_spec(body: str) -> str:
    return "spec:\n  name: Sale\n" + "".join(f"  {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        'body: {en: "§{{name}} a"}',
        "body: {en: 'Hi §{{name}} and §{{ other }}'}",
        "body:\n  en: |\n    one\n    two §{{name}}\n    three §{{name}}",
        "body:\n  en: >-\n    one\n    two §{{name}}",
        "body:\n  en: ${var.brand} §{{name}}",
        "body: {en: '${var.brand} $${x §{{name}}'}",
        "body:\n  en: plain text of\n    two lines §{{name}}",
    ],
)
def test_a_place_within_a_text_of_the_manifest(text: str, tmp_path: Path) -> None:
    files, places = unmarked({"campaignctl.yaml": _PROJECT, "a.yaml": in_spec(push(text))})
    found = [place(one, tmp_path) for one in findings(tmp_path, files) if one.code == "TXT006"]
    assert sorted(found) == places


@pytest.mark.parametrize(
    "html",
    [
        "<p>§{{name}}</p>",
        "<p>a</p>\r\n<p>§{{name}}</p>\r\n",
        "<p>${var.brand}</p>\n${var.brand} <b>§{{name}}</b> ${OCMH_APP_NAME} §{{name}}",
        "\u200b\u00a0<p>\u00ad §{{name}}",
        f"<p>{'x' * 5000}§{{{{name}}}}",
        "a\u2028b\n§{{name}}",
    ],
)
def test_a_place_within_a_side_file(html: str, tmp_path: Path) -> None:
    files, places = unmarked({"campaignctl.yaml": _PROJECT, "a.yaml": in_spec(FROM_FILE), "mail.html": html})
    found = [place(one, tmp_path) for one in findings(tmp_path, files) if one.code == "TXT006"]
    assert sorted(found) == places


def test_a_place_within_the_file_of_a_language(tmp_path: Path) -> None:
    manifest = in_spec(FROM_FILE.replace("{en: {$file: mail.html}}", "{$file: 'mail.{lang}.html'}"))
    files = {"a.yaml": manifest, "mail.en.html": "<p>Hi", "mail.de.html": "\n §{{name}}"}
    plain, places = unmarked(files)
    found = [place(one, tmp_path) for one in findings(tmp_path, plain) if one.code == "TXT006"]
    assert found == places


def test_a_text_that_is_a_variable_is_at_the_variable(tmp_path: Path) -> None:
    files = {"campaignctl.yaml": _PROJECT, "a.yaml": in_spec(push("body: {en: '${var.macro}'}"))}
    found = [place(one, tmp_path) for one in findings(tmp_path, files) if one.code == "TXT005"]
    assert found == ["campaignctl.yaml:2:51"]


def test_a_value_of_defaults_is_in_their_file(tmp_path: Path) -> None:
    files, places = unmarked(
        {
            "_defaults.yaml": "message:\n  push: {push: {icon: '§http://a.example/a.png'}}\n".replace(
                "'§", "§'"
            ),
            "a.yaml": in_spec(push()),
        }
    )
    found = [place(one, tmp_path) for one in findings(tmp_path, files) if one.code == "LNK001"]
    assert found == places
