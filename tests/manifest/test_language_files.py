"""`{$file: "welcome.{lang}.html"}` gives a text for each language that has a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.manifest.checking import Check, Checked


def email(path: str, matrix: str = "") -> str:
    return f"""\
{matrix}spec:
  name: N
  messages:
    - name: M
      channel: email
      integration_id: 1
      email: {{sender_name: A, sender_email: a@example.com, subject: Hi, html: {{$file: "{path}"}}}}
"""


def html(checked: Checked, key: str = "mail/a") -> Any:
    return checked.sound.campaigns[key].spec["messages"][0]["email"]["html"]


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("hi.{lang}.html", ["mail/hi.en.html", "mail/hi.de.html"]),
        ("../{lang}.html", ["en.html", "de.html"]),
        ("{lang}/hi.html", ["mail/en/hi.html", "mail/de/hi.html", "mail/fr/other.html"]),
        ("t/{lang}/hi-{lang}.html", ["mail/t/en/hi-en.html", "mail/t/de/hi-de.html"]),
        ("{lang}.{lang}.html", ["mail/en.en.html", "mail/de.de.html", "mail/de.en.html"]),
    ],
)
def test_each_language_with_a_file_has_a_text(path: str, files: list[str], project: Check) -> None:
    checked = project({"mail/a.yaml": email(path), **{name: f"<p>{name}" for name in files}})
    assert html(checked) == {"de": f"<p>{files[1]}", "en": f"<p>{files[0]}"}


def test_texts_by_language_are_expanded(project: Check) -> None:
    head = "metadata: {name: t}\nvariables: {brand: Acme}\n"
    files = {"campaignctl.yaml": head, "mail/a.yaml": email("{lang}.html"), "mail/en.html": "<p>${var.brand}"}
    assert html(project(files)) == {"en": "<p>Acme"}


def test_the_matrix_expands_in_a_path(project: Check) -> None:
    text = email("${matrix.country}/hi.{lang}.html", "matrix: {country: [DE, FR]}\n")
    files = {"mail/a.yaml": text, "mail/DE/hi.de.html": "<p>DE", "mail/FR/hi.fr.html": "<p>FR"}
    checked = project(files)
    assert html(checked, "mail/a[country=DE]") == {"de": "<p>DE"}
    assert html(checked, "mail/a[country=FR]") == {"fr": "<p>FR"}


def test_a_combination_without_files_is_an_error_of_that_campaign(project: Check) -> None:
    text = email("${matrix.country}/hi.{lang}.html", "matrix: {country: [DE, FR]}\n")
    checked = project({"mail/a.yaml": text, "mail/DE/hi.de.html": "<p>DE"})
    (found,) = [found for found in checked.findings if found.severity == "error"]
    assert found.message.startswith("there is no file ")
    assert found.message.endswith("mail/FR/hi.{lang}.html")
    assert found.key == "mail/a[country=FR]"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none.{lang}.html", "there is no file "),
        ("../../{lang}.html", "the path leads outside the project"),
        ("/etc/{lang}.html", "the path leads outside the project"),
        ("hi.html", "one file where texts by language are expected"),
        ("${var.x}.{lang}.html", "the path '${var.x}.{lang}.html' cannot be expanded"),
        ("${matrix.x}.{lang}.html", "the path '${matrix.x}.{lang}.html' cannot be expanded"),
    ],
)
def test_a_path_without_files_is_refused(path: str, said: str, project: Check) -> None:
    checked = project({"mail/a.yaml": email(path), "mail/hi.html": "<p>"})
    (error,) = checked.errors
    assert error.startswith(said)
    assert checked.places == ["7:87"]


def test_a_matrix_does_not_lead_out_of_the_project(project: Check, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.en.html").write_text("secret")
    matrix = "matrix: {country: [DE], include: [{country: DE, place: ../../secret}]}\n"
    checked = project({"mail/a.yaml": email("${matrix.place}.{lang}.html", matrix)})
    assert checked.errors == ["the path leads outside the project"]


def test_a_link_does_not_lead_out_of_the_project(project: Check, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.html").write_text("secret")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "en.html").symlink_to(tmp_path.parent / "secret.html")
    assert project({"mail/a.yaml": email("{lang}.html")}).errors == ["the path leads outside the project"]


@pytest.mark.parametrize("part", ["DE", "de-at", "pt_BR"])
def test_a_misspelt_language_is_refused(part: str, project: Check) -> None:
    files = {"mail/a.yaml": email("hi.{lang}.html"), "mail/hi.en.html": "<p>", f"mail/hi.{part}.html": "<p>"}
    (error,) = project(files).errors
    assert error.endswith(f"mail/hi.{part}.html: {part!r} is not a language code of two lower-case letters")


@pytest.mark.parametrize("part", ["draft", "old.en", "d"])
def test_a_stray_file_is_ignored_with_a_warning(part: str, project: Check) -> None:
    files = {"mail/a.yaml": email("hi.{lang}.html"), "mail/hi.en.html": "<p>", f"mail/hi.{part}.html": "<p>"}
    checked = project(files)
    assert html(checked) == {"en": "<p>"}
    (warning,) = checked.warnings
    assert warning.endswith(", so the file is ignored")


def test_a_path_by_language_is_refused_for_a_single_text(project: Check) -> None:
    text = email("hi.{lang}.html") + "  description: {$file: 'hi.{lang}.html'}\n"
    assert project({"mail/a.yaml": text, "mail/hi.en.html": "<p>"}).errors == [
        "`{lang}` is not allowed where one text is expected"
    ]


@pytest.mark.parametrize("text", ["", "\n", " \ufeff\u200b\n"])
def test_a_blank_text_is_reported_at_the_path(text: str, project: Check) -> None:
    checked = project({"mail/a.yaml": email("hi.{lang}.html"), "mail/hi.en.html": text})
    (found,) = checked.findings
    assert (found.severity, found.code, checked.places) == ("error", "empty", ["7:80"])
    assert found.hint.endswith("this is the text for `en`")


def test_a_new_language_is_a_change_of_the_manifest(project: Check) -> None:
    files = {"mail/a.yaml": email("hi.{lang}.html"), "mail/hi.en.html": "<p>"}
    before, after = project(files).sound, project({**files, "mail/hi.de.html": "<p>"}).sound
    assert before.campaigns["mail/a"].source_digest != after.campaigns["mail/a"].source_digest
