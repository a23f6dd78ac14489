"""`explain`, and `--var` on the command line."""

from __future__ import annotations

import pytest

from tests.cli.cli_process import Cli

MANIFEST = """\
matrix: {country: [DE, FR]}
spec:
  name: ${var.brand} in ${matrix.country}
  description: "one\\u202etwo\\x85"
  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]
"""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    (cli.cwd / "campaignctl.yaml").write_text("metadata: {name: t}\nvariables: {brand: Acme}\n")
    (cli.cwd / "a.yaml").write_text(MANIFEST)
    return cli


def test_every_line_names_its_origin(shop: Cli) -> None:
    done = shop("explain", "a[country=DE]")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "a[country=DE]"
    assert lines[1].split("  # ") == [
        'name: "Acme in DE"               ',
        "variable brand campaignctl.yaml:2:20, matrix country a.yaml:1:20, manifest a.yaml:3:9",
    ]
    assert len({line.index("  # ") for line in lines if "  # " in line}) == 1


def test_the_document_has_the_body_and_the_origins(shop: Cli) -> None:
    document = shop("explain", "a[country=FR]", "--format", "json").document
    assert (document["format_version"], document["key"]) == (1, "a[country=FR]")
    assert document["spec"]["name"] == "Acme in FR"
    assert document["origins"][0] == {
        "path": "name",
        "file": "campaignctl.yaml",
        "line": 2,
        "column": 20,
        "from": "variable",
        "name": "brand",
    }


LIFE = """\
matrix: {country: [DE, FR], include: [{country: DE, id: 103}]}
moved: {from: old}
adopt: ${matrix.id}
lifecycle: {phase: paused, ignore_changes: [score]}
spec:
  name: N
  description: ${matrix.country}
  messages: [{name: M, channel: sms, integration_id: 1, sms: {content: {en: Hi}}}]
"""


def test_fields_outside_the_body_are_shown_before_it(shop: Cli) -> None:
    (shop.cwd / "_defaults.yaml").write_text("lifecycle: {prevent_destroy: true}\n")
    (shop.cwd / "a.yaml").write_text(LIFE)
    done = shop("explain", "a[country=DE]")
    assert [" ".join(line.split()) for line in done.out.splitlines()[1:12]] == [
        "moved:",
        "from: # manifest a.yaml:2:15",
        '- "old[country=DE]"',
        'adopt: "103" # matrix id a.yaml:1:57, manifest a.yaml:3:8',
        "lifecycle:",
        "prevent_destroy: true # defaults _defaults.yaml:1:30",
        "ignore_changes:",
        '- "score" # manifest a.yaml:4:45',
        'phase: "paused" # manifest a.yaml:4:20',
        "",
        'name: "N" # manifest a.yaml:6:9',
    ]


def test_the_document_has_the_fields_outside_the_body(shop: Cli) -> None:
    (shop.cwd / "a.yaml").write_text(LIFE)
    document = shop("explain", "a[country=FR]", "--format", "json").document
    assert document["beside"] == {
        "moved": {"from": ["old[country=FR]"]},
        "lifecycle": {"ignore_changes": ["score"], "phase": "paused"},
    }
    assert [one["path"] for one in document["beside_origins"]] == [
        "moved/from",
        "lifecycle/phase",
        "lifecycle/ignore_changes/0",
    ]
    assert [one["path"] for one in document["origins"]][:2] == ["name", "description"]


def test_foreign_text_reaches_no_terminal_raw_and_colour_only_a_terminal(shop: Cli) -> None:
    shown = shop.on_terminal("explain", "a[country=DE]")
    assert shown.status == 0
    assert "\x1b[2m# manifest a.yaml" in shown.out
    plain = shop("explain", "a[country=DE]").out
    assert "\x1b" not in plain
    for text in (shown.out, plain):
        assert "one\\u202etwo\\u0085" in text


def test_an_unknown_key_is_wrong_usage(shop: Cli) -> None:
    done = shop("explain", "b")
    assert done.status == 64
    assert done.out == ""
    assert "no manifest has the key b" in done.err


def test_a_variable_of_the_command_line_wins(shop: Cli) -> None:
    done = shop("--var", "brand=first", "--var", "brand=a=b", "explain", "a[country=DE]", "--format", "json")
    assert done.document["spec"]["name"] == "a=b in DE"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("brand", "'brand' is not NAME=VALUE"),
        ("=x", "'=x' is not NAME=VALUE"),
        ("brand=\x1b[2J", "has control characters"),
        ("brnd=x", "did you mean brand?"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_an_invalid_variable_is_wrong_usage(given: str, said: str, command: str, shop: Cli) -> None:
    options = ["--no-refresh"] if command == "plan" else []
    done = shop("--var", given, command, *options)
    assert done.status == 64, done.err
    assert said in done.err
