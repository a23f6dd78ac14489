"""The canonical form, by example: order, indentation, and where comments go."""

from __future__ import annotations

from textwrap import dedent

import pytest

from campaignctl.campaign.spec import CampaignSpec, Message
from campaignctl.manifest.fmt import canonical


def form(text: str | bytes, path: str = "push/a.yaml") -> str:
    data = text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode()
    outcome = canonical(path, path, data)
    assert isinstance(outcome, bytes), outcome
    return outcome.decode()


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_fields_are_in_the_order_of_the_documentation() -> None:
    known = "".join(f"  {name}: 1\n" for name in CampaignSpec.model_fields)
    backwards = "".join(f"  {name}: 1\n" for name in reversed(CampaignSpec.model_fields))
    around = "apiVersion: campaignctl/v1\nkind: Campaign\nmetadata: {}\nlifecycle: {}\nmatrix: {}\n"
    written = f"extra: {{}}\nspec:\n{backwards}" + "".join(reversed(around.splitlines(keepends=True)))
    assert form(written) == f"{around}spec:\n{known}extra: {{}}\n"


def test_messages_have_their_own_order() -> None:
    names = list(Message.model_fields)
    written = "spec:\n  messages:\n" + "".join(
        f"    {'-' if name is names[-1] else ' '} {name}: x\n" for name in reversed(names)
    )
    assert [line.strip(" -")[:-3] for line in form(written).splitlines()[2:]] == names


def test_unknown_fields_keep_their_order_at_the_end() -> None:
    assert form("spec: {}\nzeta: 1\nkind: x\nalpha: 2\n") == "kind: x\nspec: {}\nzeta: 1\nalpha: 2\n"


def test_freely_chosen_names_keep_their_order() -> None:
    text = "spec:\n  metadata:\n    z: 1\n    name: 2\n    a: 3\n  targeting:\n    zz: 1\n    aa: 2\n"
    assert form(text) == text


def test_a_project_file_and_defaults_have_an_order_of_their_own() -> None:
    project = (
        "environments:\n  staging:\n    variables: {}\n    account: {}\nmetadata: {name: x}\nkind: Project\n"
    )
    assert form(project, "campaignctl.yaml") == (
        "kind: Project\nmetadata: {name: x}\nenvironments:\n  staging:\n    account: {}\n    variables: {}\n"
    )
    defaults = "message:\n  push:\n    push: {}\n    integration_id: '1'\nspec: {}\n"
    assert form(defaults, "push/_defaults.yaml") == (
        "spec: {}\nmessage:\n  push:\n    integration_id: '1'\n    push: {}\n"
    )


def test_blocks_are_indented_by_two_spaces() -> None:
    written = """
        spec:
            messages:
            -   channel:   push
                push:
                 title:
                      en: Hi
            labels:
            - - a
              -    b
            -
                - c
    """
    assert form(written) == lines("""
        spec:
          labels:
            - - a
              - b
            - - c
          messages:
            - channel: push
              push:
                title:
                  en: Hi
    """)


def test_comments_move_with_their_fields() -> None:
    written = """
        # yaml-language-server: $schema=x
        # Of the file.

        spec:  # the body
            # Of the messages.
            messages:   # beside
                        # and below
              # Of the first.
              - # of its channel
                channel: sms
                # Of its name.
                name: x
                # End of the first.
            # Of the name.
            name: y  # beside the name
            # End of the body.

        # Of the kind.
        kind: Campaign
        # End of the file.
    """
    assert form(written) == lines("""
        # yaml-language-server: $schema=x
        # Of the file.

        # Of the kind.
        kind: Campaign
        spec:  # the body
          # Of the name.
          name: y  # beside the name
          # Of the messages.
          messages:   # beside
                      # and below
            # Of the first.
            # of its channel
            # Of its name.
            - name: x
              channel: sms
              # End of the first.
          # End of the body.
        # End of the file.
    """)


@pytest.mark.parametrize(
    "value",
    [
        *("NO", "on", "0123", "1.10", "12:30", "1_000", "2036-03-22 10:00:00", "~", "'1830'", '"\\u00e9"'),
        *("${OCMH_APP_NAME}", "a  b", "'it''s'", "[a,b]", "{a:  b}", "{$file: a.html}", "&x a", "x#y"),
        "long " * 60 + "end",
        '"in quotes\n    over\n\n     lines"',
        "[\n    a,  # of a\n    b\n  ]",
        "plain\n    over\n\n    lines",
        *(
            "|\n    a\n      b\n\n    c",
            ">-\n    a\n    b",
            "|2-\n      in\n    out",
            "|+\n    a\n",
            "|  # why\n    a",
        ),
    ],
)
def test_values_stay_as_written(value: str) -> None:
    text = f"spec:\n  name: {value}\n  zz: 1\n"
    assert form(text) == text


def test_a_block_text_moves_as_a_whole() -> None:
    written = "spec:\n      name: |1\n         two in\n        one in\n\n\n      labels: []\n"
    assert form(written) == "spec:\n  name: |2\n      two in\n     one in\n\n  labels: []\n"


def test_a_block_at_the_end_of_the_file_keeps_its_meaning_when_moved() -> None:
    assert form("spec:\n  messages: []\n  name: |\n    x") == "spec:\n  name: |-\n    x\n  messages: []\n"


def test_an_alias_stays_after_its_anchor() -> None:
    free = "spec:\n  zz: &a {b: c}\n  extra: *a\nkind: Campaign\n"
    assert form(free) == "kind: Campaign\nspec:\n  zz: &a {b: c}\n  extra: *a\n"
    tied = "spec:\n  messages: &a []\n  labels: *a\n"
    assert form(tied) == tied
    block = "zz: &a   # why\n   b: 1\nyy:\n- &b\n  c: *a\n"
    assert form(block) == "zz: &a   # why\n  b: 1\nyy:\n  - &b\n    c: *a\n"


def test_documents_stay_separate() -> None:
    written = """
        # first
        ---
        spec: {}
        kind: Campaign
        # end of the first

        --- # second
        spec: {}
        ...
        # between
        ---
        # third
        spec: {}
    """
    assert form(written) == lines("""
        # first
        ---
        kind: Campaign
        spec: {}
        # end of the first
        --- # second
        spec: {}
        ...
        # between
        ---
        # third
        spec: {}
    """)


def test_blank_lines_are_kept_one_by_one() -> None:
    assert form("\n\nkind: x\n\n\n\nspec:\n\n  name: x\n\n  labels: []\n\n\n") == (
        "kind: x\n\nspec:\n  name: x\n\n  labels: []\n"
    )


def test_line_ends_of_windows_are_kept_and_a_byte_order_mark_is_not() -> None:
    assert form(b"\xef\xbb\xbfspec: |\r\n a\r\nkind: x\r\n") == "kind: x\r\nspec: |\r\n  a\r\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("spec:\n  ? name\n  : x\n", "a.yaml:2:5", "`?`"),
        ("spec:\n  name: [a\n", "a.yaml:2:9", "not YAML"),
        ("spec: !x {}\n", "a.yaml:1:7", "tag"),
        ("a: &x 1\nb: *y\n", "a.yaml:2:4", "anchor"),
    ],
)
def test_an_unformattable_text_is_reported_at_its_place(text: str, place: str, message: str) -> None:
    findings = canonical("a.yaml", "a.yaml", text.encode())
    assert not isinstance(findings, bytes)
    assert str(findings[0].source) == place
    assert message in findings[0].message


@pytest.mark.parametrize("end", ["---\n", "---", "---\n---\n", "--- # c\n", "---\n# c\n", "...\n---\n"])
def test_an_empty_document_adds_no_line(end: str) -> None:
    text = f"spec:\n  name: x\n{end}"
    assert form(text) == text.removesuffix("\n") + "\n"


def test_a_block_that_keeps_blank_lines_gains_none_when_moved() -> None:
    written = "name: NO\nmessages: |+\n  a\nspec: NO\n\nchannel: NO\n"
    assert form(written) == "spec: NO\nname: NO\nmessages: |+\n  a\nchannel: NO\n"
