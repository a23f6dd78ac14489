"""What an author meets in an editor: the schemas in a real YAML language server."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from campaignctl.manifest.schema import Kind, modeline
from tests.editor.language_server import LanguageServer


class Editor:
    """Opens texts as files of the project. `|` in a text is where the cursor stands."""

    def __init__(self, server: LanguageServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._count = 0

    def diagnostics(self, text: str, kind: Kind = "Campaign") -> list[tuple[str, str]]:
        """The marked text and the message of everything that the editor underlines."""
        path, content = self._written(text, kind)
        lines = content.splitlines()
        return [(_marked(lines, each["range"]), each["message"]) for each in self._server.open(path)]

    def completions(self, text: str, kind: Kind = "Campaign") -> dict[str, dict[str, Any]]:
        """What the editor offers at the cursor."""
        path, line, column = self._at_cursor(text, kind)
        return self._server.completions(path, line, column)

    def hover(self, text: str, kind: Kind = "Campaign") -> str:
        """What the editor shows for the word at the cursor."""
        return self._server.hover(*self._at_cursor(text, kind))

    def _at_cursor(self, text: str, kind: Kind) -> tuple[Path, int, int]:
        path, content = self._written(text, kind)
        before, _, after = content.partition("|")
        path.write_text(before + after)
        self._server.open(path)
        return path, before.count("\n"), len(before.rpartition("\n")[2])

    def _written(self, text: str, kind: Kind) -> tuple[Path, str]:
        self._count += 1
        name = f"push/{kind}-{self._count}.yaml"
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(modeline(name, kind) + textwrap.dedent(text).lstrip("\n"))
        return path, path.read_text()


def _marked(lines: list[str], place: dict[str, Any]) -> str:
    start, end = place["start"], place["end"]
    line: str = lines[start["line"]]
    last: int = end["character"] if end["line"] == start["line"] else len(line)
    return line[start["character"] : last]


@pytest.fixture(scope="module")
def editor(server: LanguageServer, folder: Path) -> Editor:
    return Editor(server, folder)


SOUND = """
    apiVersion: campaignctl/v1
    kind: Campaign
    metadata: {key: push/welcome}
    matrix: {country: [DE, FR]}
    spec:
      name: Welcome to ${matrix.country}
      scheduled_time: {at: 2036-12-24 10:00:00, tz: Europe/Belgrade}
      description: {$file: about.txt}
      deal_id: 1000251
      targeting: {countries: {items: [NO, DE], op: in}}
      messages:
        - name: First
          channel: push
          push: {title: {en: Hello, de: Hallo}, landing_url: https://example.com}
    """


def test_a_sound_manifest_has_nothing_underlined(editor: Editor) -> None:
    assert editor.diagnostics(SOUND) == []


def test_a_misspelt_member_is_underlined(editor: Editor) -> None:
    found = editor.diagnostics(SOUND.replace("deal_id", "deal"))
    assert found == [("deal", "Property deal is not allowed.")]


@pytest.mark.parametrize(
    ("right", "wrong", "marked", "message"),
    [
        ("channel: push", "channel: pusch", "pusch", '"push", "email", "sms", "adex"'),
        ("deal_id: 1000251", "is_draft: yes", "yes", '"boolean"'),
        ("deal_id: 1000251", "ab_test: {test_split: ten}", "ten", '"integer"'),
        ("deal_id: 1000251", "recurrence: {pattern: {hour: 25, minute: 0}}", "25", "maximum of 23"),
        ("{country: [DE, FR]}", "{country: DE}", "DE", '"array"'),
    ],
)
def test_a_wrong_value_is_underlined(
    editor: Editor, right: str, wrong: str, marked: str, message: str
) -> None:
    ((where, what),) = editor.diagnostics(SOUND.replace(right, wrong))
    assert where == marked
    assert message in what


def test_a_refused_member_says_what_to_write_instead(editor: Editor) -> None:
    found = editor.diagnostics(SOUND.replace("deal_id: 1000251", "status: draft"))
    assert any("is_draft: true" in message for _, message in found)


def test_members_are_offered_that_are_not_there_yet(editor: Editor) -> None:
    offered = editor.completions("""
        spec:
          name: Welcome
          |
        """)
    assert {"scheduled_time", "recurrence", "targeting", "messages", "is_draft"} <= offered.keys()
    assert not {"name", "status", "end_time"} & offered.keys()
    assert "Send time of a one-off campaign." in str(offered["scheduled_time"]["documentation"])


def test_nothing_is_written_for_the_author_that_could_be_sent(editor: Editor) -> None:
    offered = editor.completions("""
        spec:
          messages:
            - channel: push
              push:
                |
        """)
    assert {"title", "landing_url"} <= offered.keys()
    for name, item in offered.items():
        assert "example" not in item["insertText"], name
        assert "$" not in item["insertText"], name


def test_channels_are_offered(editor: Editor) -> None:
    offered = editor.completions("""
        spec:
          messages:
            - name: First
              channel: |
        """)
    assert offered.keys() == {"push", "email", "sms", "adex"}


def test_the_spellings_of_a_time_are_shown(editor: Editor) -> None:
    shown = editor.hover("""
        spec:
          sched|uled_time: 2036-12-24 10:00:00
        """)
    for words in ("one-off campaign.", "in GMT", "2036-12-24T10:00:00+01:00", "tz: Europe/Belgrade"):
        assert words in shown.replace("\\", "")


def test_defaults_are_partial_and_closed(editor: Editor) -> None:
    text = """
        spec:
          utm_tracking: {utm_source: crm}
        message:
          push:
            push: {icon: https://example.com/icon.png}
          email:
            integration_id: ${var.email_integration}
        """
    assert editor.diagnostics(text, "Defaults") == []
    (found,) = editor.diagnostics(text.replace("email:", "mail:"), "Defaults")
    assert found == ("mail", "Property mail is not allowed.")


def test_the_project_file_is_completed(editor: Editor) -> None:
    offered = editor.completions("metadata: {name: shop}\nguardrails:\n  |\n", "Project")
    assert {"max_destroy_percent", "max_plan_age"} <= offered.keys()


REMOVED = """
    kind: Removed
    metadata: {key: "push/old[country=DE]"}
    lifecycle: {on_destroy: forget}
    """


@pytest.mark.parametrize("kind", ["Campaign", "Removed"])
def test_a_removed_document_may_stand_in_the_file_of_a_manifest(editor: Editor, kind: Kind) -> None:
    assert editor.diagnostics(REMOVED, kind) == []
    assert editor.diagnostics(REMOVED.replace("on_destroy: forget", "phase: paused"), kind)


def test_the_phases_are_offered(editor: Editor) -> None:
    offered = editor.completions("lifecycle:\n  phase: |\n")
    assert {"active", "paused", "canceled"} <= offered.keys()


def test_what_a_window_may_speak_of_is_offered(editor: Editor) -> None:
    text = "metadata: {name: shop}\nguardrails:\n  freeze:\n    - scope: |\n"
    assert {"changes", "sends", "both"} <= editor.completions(text, "Project").keys()


@pytest.mark.parametrize("text", ["lint:\n  severity:\n    |\n", "lint:\n  waivers:\n    - code: |\n"])
def test_the_rules_of_lint_are_offered(editor: Editor, text: str) -> None:
    assert {"PSH", "PSH003"} <= editor.completions(text, "Project").keys()
    wrong = text.replace("|", "PSH0031: off" if "severity" in text else "PSH0031")
    assert editor.diagnostics("metadata: {name: shop}\n" + wrong, "Project")
