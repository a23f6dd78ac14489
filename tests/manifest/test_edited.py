"""New values of a campaign, each at the place where its manifest has the old one, in its files too."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.manifest.edited import changes_for
from campaignctl.yamlio.edits import ABSENT, EditError

MANIFEST = """\
spec:
  name: Sale   # ours
  messages:
    - name: m
      channel: sms
      sms: {content: {en: Soon}}
"""
IN_A_FILE = MANIFEST.replace("{en: Soon}", "{$file: 'texts/a.{lang}.txt'}")
EN = "messages/0/sms/content/en"
TEXT = "before\nuses ${var.x} and $${y}\nafter\n"
COMPILED = "before\nuses 1 and ${y}\nafter\n"


def changed(
    values: dict[str, Any],
    text: str = MANIFEST,
    before: dict[str, Any] | None = None,
    key: str = "sale",
    path: str = "sale.yaml",
    **files: str,
) -> dict[str, str]:
    known = {path: text, **{name.replace("__", "/").replace("_", "."): one for name, one in files.items()}}
    return changes_for(key, path, values, before or {}, lambda name: known.get(name, ""))


@pytest.mark.parametrize(
    ("values", "after"),
    [
        ({"name": "New"}, MANIFEST.replace("Sale ", "New ")),
        ({EN: "Now"}, MANIFEST.replace("Soon", "Now")),
        ({EN: "${x}"}, MANIFEST.replace("Soon", '"$${x}"')),
        ({"messages/0/name": ABSENT}, MANIFEST.replace("- name: m\n      channel", "- channel")),
        ({"lifecycle/phase": "paused"}, f"lifecycle:\n  phase: paused\n{MANIFEST}"),
        ({"deal_id": "7"}, f'{MANIFEST}  deal_id: "7"\n'),
        ({"labels": ["a"]}, MANIFEST.replace("  messages:", "  labels: [a]\n  messages:")),
    ],
)
def test_a_value_is_written_where_it_is(values: dict[str, Any], after: str) -> None:
    assert changed(values) == {"sale.yaml": after}


def test_nothing_to_write_writes_nothing() -> None:
    assert changed({}) == {}


def test_line_ends_stay() -> None:
    windows = MANIFEST.replace("\n", "\r\n")
    assert changed({"name": "New"}, windows) == {"sale.yaml": windows.replace("Sale ", "New ")}


def test_a_text_of_a_file_is_written_there_and_the_manifest_stays() -> None:
    files = {"texts__a_en_txt": TEXT}
    found = changed({EN: COMPILED.replace("after", "${z}")}, IN_A_FILE, {EN: COMPILED}, **files)
    assert found == {"texts/a.en.txt": TEXT.replace("after", "$${z}")}
    both = changed({EN: "x", "name": "New"}, IN_A_FILE, {EN: COMPILED}, **files)
    assert both == {"texts/a.en.txt": "x", "sale.yaml": IN_A_FILE.replace("Sale ", "New ")}


@pytest.mark.parametrize("before", [None, 3, "one line"])
def test_a_file_whose_lines_are_unknown_is_written_whole(before: object) -> None:
    found = changed({EN: "a\n${z}"}, IN_A_FILE, {EN: before}, texts__a_en_txt=TEXT)
    assert found == {"texts/a.en.txt": "a\n$${z}"}


def test_a_new_language_is_a_new_file() -> None:
    found = changed({"messages/0/sms/content/de": "Bald"}, IN_A_FILE, texts__a_en_txt=TEXT)
    assert found == {"texts/a.de.txt": "Bald"}


def test_a_file_of_one_language_is_next_to_its_manifest() -> None:
    text = MANIFEST.replace("en: Soon", "en: {$file: ../b.txt}")
    assert changed({EN: "New"}, text, path="sms/sale.yaml") == {"b.txt": "New"}


@pytest.mark.parametrize(
    ("values", "text", "key", "why"),
    [
        ({"name": "x"}, MANIFEST, "sale[n=1]", "it is one of a matrix"),
        ({"name": "x"}, "spec: {a: [}", "sale", "the file has errors"),
        ({"name": "x"}, f"{MANIFEST}---\n{MANIFEST}", "other", "its document was not found"),
        ({"messages/second/name": "x"}, MANIFEST, "sale", "a message is missing"),
        ({"messages/0/sms/content": {}}, IN_A_FILE, "sale", "the texts of several languages changed at once"),
        ({f"{EN}/x": "y"}, IN_A_FILE, "sale", "its text is a file"),
        ({"messages/0/sms/content/no-such/x": "y"}, IN_A_FILE, "sale", "its text is a file"),
        ({"messages/0/sms/content/..": "y"}, IN_A_FILE, "sale", "its text is a file"),
        ({EN: "x"}, IN_A_FILE.replace("{lang}", "${var.x}"), "sale", "the name of its file has variables"),
        ({EN: "x"}, IN_A_FILE.replace("{lang}", "en"), "sale", "its text is a file"),
        ({"messages/1": {"name": "n"}}, MANIFEST, "sale", "an item of a list is missing"),
        ({EN: ABSENT}, IN_A_FILE, "sale", "a file of a text would be removed"),
    ],
)
def test_what_a_person_has_to_write_is_said(values: dict[str, Any], text: str, key: str, why: str) -> None:
    with pytest.raises(EditError) as raised:
        changed(values, text, key=key)
    assert str(raised.value) == why


@pytest.mark.parametrize(("key", "first"), [("one", True), ("sale", False)])
def test_a_document_is_found_by_its_key_or_its_file(key: str, first: bool) -> None:
    named = f"metadata: {{key: one}}\n{MANIFEST}"
    text = f"{named}---\n{MANIFEST}"
    after = changed({"name": "New"}, text, key=key)["sale.yaml"].split("---\n")
    assert ["New " in each for each in after] == [first, not first]


def test_the_only_document_needs_no_key() -> None:
    assert "New " in changed({"name": "New"}, key="elsewhere")["sale.yaml"]


def test_names_with_slashes_are_found() -> None:
    text = f"{MANIFEST}  metadata: {{a/b: 1, c~d: 2}}\n"
    assert "a/b: x, c~d: y" in changed({"metadata/a~1b": "x", "metadata/c~0d": "y"}, text)["sale.yaml"]
