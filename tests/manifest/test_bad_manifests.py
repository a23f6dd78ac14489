"""Every kind of bad manifest: the place and message of its error, and that there is no other."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.manifest.checking import Check

PUSH = """\
spec:
  name: Welcome
  messages:
    - name: First
      channel: push
      push: {title: {en: Hi}, landing_url: https://example.com}
"""
EMAIL = """\
spec:
  name: Welcome
  messages:
    - name: First
      channel: email
      integration_id: "1830"
      email: {sender_name: A, sender_email: a@example.com, subject: Hi, html: {en: <p>}}
"""


class Case(NamedTuple):
    """A manifest, the place of its one error, and a part of the message."""

    name: str
    text: str
    place: str
    message: str
    hint: str = ""


def push(tail: str) -> str:
    """A good manifest with fields added to its spec."""
    return PUSH + tail


def message(lines: str) -> str:
    """A manifest with one message."""
    return f"spec:\n  name: N\n  messages:\n    - name: M\n{lines}"


CASES = [
    # YAML itself
    Case("empty file", "", "1:1", "empty"),
    Case("only a comment", "# nothing\n", "1:1", "empty"),
    Case("empty document", "---\n...\n", "2:1", "document is empty"),
    Case("a list", "- a\n", "1:1", "a manifest must be an object"),
    Case("a scalar", "hello\n", "1:1", "a manifest must be an object"),
    Case("tab", "spec:\n\tname: x\n", "2:1", "not YAML", "tabs"),
    Case("colon in text", "spec:\n  name: a: b\n", "2:10", "not YAML", "quotes"),
    Case("control character", push("  description: a\x07b\n"), "7:17", "U+0007"),
    Case("escaped control character", push('  description: "a\\x00b"\n'), "7:16", "control character"),
    Case("half a surrogate pair", push('  description: "\\ud83d"\n'), "7:19", "not YAML", "character itself"),
    Case("tag", push("  description: !!str x\n"), "7:16", "the tag"),
    Case("own tag", push("  description: !secret x\n"), "7:16", "the tag !secret"),
    Case("unknown alias", push("  description: *nobody\n"), "7:16", "no anchor &nobody"),
    Case("alias in its anchor", "spec: &a\n  metadata: {x: *a}\n", "2:17", "inside its own anchor"),
    Case(
        "merge key", push("  utm_tracking:\n    <<: {enabled: 1}\n"), "8:5", "merge key", "write the fields"
    ),
    Case("list as key", push("  metadata:\n    ? [a]\n    : b\n"), "8:7", "as a key"),
    Case("null as key", push("  metadata:\n    ~: b\n"), "8:5", "null as a name"),
    Case("duplicate key", push("  name: Again\n"), "7:3", "`name` appears twice"),
    Case("duplicate key deep", push("  metadata: {a: 1, b: {c: 1, c: 2}}\n"), "7:30", "`c` appears twice"),
    Case("deep nesting", push("  metadata: {a: " + "[" * 60 + "]" * 60 + "}\n"), "7:64", "levels of nesting"),
    # The form of the document
    Case("unknown top field", "specs: {}\n" + PUSH, "1:1", "unknown field `specs`", "did you mean spec?"),
    Case("no spec", "metadata: {key: a}\n", "1:1", "`spec` is missing"),
    Case("a bare body", "name: x\nmessages: []\n", "1:1", "a body without `spec:`", "indent"),
    Case("a field next to spec", PUSH + "targeting: {}\n", "7:1", "unknown field", "under `spec:`"),
    Case("no space after the colon", "spec:\n  name:x\n", "2:3", "expected an object", "`name: ...`"),
    Case(
        "a channel left out", message("      push: {title: {en: x}}\n"), "4:7", "`channel` is missing", "push"
    ),
    Case("labels as a text", push("  labels: sale\n"), "7:11", "expected a list", "[sale]"),
    Case("metadata as a text", push("  metadata: x\n"), "7:13", "expected an object, found `x`"),
    Case("quiet hours as a number", push("  quiet_hours: 22\n"), "7:16", "expected an object, found `22`"),
    Case(
        "one text for all languages",
        PUSH.replace("{en: Hi}", "Hi"),
        "6:21",
        "expected an object, found `Hi`",
        "{en: Hello}",
    ),
    Case("spec is a text", "spec: hello\n", "1:7", "expected an object, found `hello`"),
    Case("spec is null", "spec:\n", "1:6", "null is not allowed"),
    Case("wrong apiVersion", "apiVersion: campaignctl/v2\n" + PUSH, "1:13", "not one of: campaignctl/v1"),
    Case(
        "wrong kind", "kind: campaign\n" + PUSH, "1:7", "'campaign' is not one of: Campaign", "did you mean"
    ),
    Case("matrix that is a list", "matrix: [b]\n" + PUSH, "1:9", "a matrix must be an object"),
    Case(
        "on_destroy",
        "lifecycle: {on_destroy: delete}\n" + PUSH,
        "1:25",
        "'delete' is not one of: cancel, forget",
    ),
    Case(
        "prevent_destroy", "lifecycle: {prevent_destroy: yes}\n" + PUSH, "1:30", "true or false", "write true"
    ),
    Case("ignored path", "lifecycle: {ignore_changes: [scor]}\n" + PUSH, "1:30", "does not exist", ""),
    Case("ignored index", "lifecycle: {ignore_changes: [messages/x]}\n" + PUSH, "1:30", "not a list index"),
    Case("bad key", "metadata: {key: a//b}\n" + PUSH, "1:17", "does not have the form"),
    Case("key with blank", "metadata: {key: a b}\n" + PUSH, "1:17", "does not have the form"),
    Case("long key", f"metadata: {{key: {'a' * 129}}}\n" + PUSH, "1:17", "129 characters"),
    Case("key from a variable", "metadata: {key: '${var.a}'}\n" + PUSH, "1:17", "does not have the form"),
    # Fields of the body
    Case("unknown field", push("  lables: [a]\n"), "7:3", "unknown field `lables`", "did you mean labels?"),
    Case(
        "unknown in message",
        message("      channel: sms\n      sms: {content: {en: Hi}}\n      integration: 1\n"),
        "7:7",
        "unknown field",
        "integration_id",
    ),
    Case("misspelt required", PUSH.replace("messages", "mesages"), "3:3", "unknown field", "messages"),
    Case("status", push("  status: draft\n"), "7:3", "`status` is not allowed: write `is_draft: true`"),
    Case("end_time", push("  end_time: 2036-01-01 00:00:00\n"), "7:3", "no end time"),
    Case("a field of answers", push('  id: "103"\n'), "7:3", "the API fills it in"),
    Case("null", push("  description: null\n"), "7:16", "null is not allowed", "leave the field out"),
    Case("nothing", push("  description:\n"), "7:15", "null is not allowed"),
    Case("null inside opaque", push("  quiet_hours: {a: [1, ~]}\n"), "7:24", "null is not allowed"),
    Case("no name", PUSH.replace("  name: Welcome\n", ""), "1:1", "`name` is missing"),
    Case("empty name", PUSH.replace("Welcome", '""'), "2:9", "must not be empty"),
    Case("long name", PUSH.replace("Welcome", "x" * 101), "2:9", "101 characters; at most 100"),
    Case("name is a list", PUSH.replace("Welcome", "[a]"), "2:9", "expected a string, found a list"),
    Case("name is an object", PUSH.replace("Welcome", "{a: b}"), "2:9", "expected a string, found an object"),
    Case("no messages", "spec:\n  name: x\n  messages: []\n", "3:3", "must not be empty"),
    Case("messages is an object", "spec:\n  name: x\n  messages: {a: b}\n", "3:13", "expected a list"),
    Case(
        "boolean as yes",
        push("  is_draft: yes\n"),
        "7:13",
        "expected true or false, found `yes`",
        "write true",
    ),
    Case("boolean in quotes", push('  is_draft: "true"\n'), "7:13", "a quoted string", "remove the quotes"),
    Case("boolean as 1", push("  is_draft: 1\n"), "7:13", "true or false"),
    Case("targeting commented out", push("  targeting:\n  #  countries: x\n"), "7:13", "null", "everyone"),
    Case(
        "countries commented out", push("  targeting:\n    countries:\n    # x\n"), "8:15", "null", "everyone"
    ),
    Case(
        "property commented out",
        push("  targeting: {custom_properties: {plan: }}\n"),
        "7:41",
        "null",
        "everyone",
    ),
    Case("unknown group commented out", push("  targeting: {segments: }\n"), "7:25", "null", "everyone"),
    Case(
        "recurrence commented out",
        push("  recurrence:\n  #  cron: x\n"),
        "7:14",
        "null",
        "`pattern` or `cron`",
    ),
    Case(
        "pattern commented out", push("  recurrence:\n    pattern:\n"), "8:13", "null", "`pattern` or `cron`"
    ),
    Case("null elsewhere", push("  callbacks:\n"), "7:13", "null", "leave the field out"),
    Case("switch as 2", push("  run_immediately: 2\n"), "7:20", "true or false"),
    Case("switch in quotes", push('  run_immediately: "1"\n'), "7:20", "1 or 0"),
    Case("flag as 2", push("  utm_tracking: {enabled: 2}\n"), "7:27", "1 or 0"),
    Case("number in quotes", push('  score: "3"\n'), "7:10", "a whole number", "remove the quotes"),
    Case("number with zeros", push("  score: 03\n"), "7:10", "expected a whole number, found `03`"),
    Case("fraction", push("  score: 3.5\n"), "7:10", "a whole number"),
    Case(
        "number from a variable",
        push("  score: ${var.a}\n"),
        "7:10",
        "a whole number",
        "variables are strings",
    ),
    Case("huge number", push("  score: 1234567890123456789\n"), "7:10", "too many digits"),
    Case("infinite number", push("  metadata: {a: 1e999}\n"), "7:17", "too large"),
    Case("unknown channel", message("      channel: whatsapp\n"), "5:16", "'whatsapp' is not one of"),
    Case("misspelt channel", message("      channel: Push\n"), "5:16", "not one of", "did you mean push?"),
    Case("long name", PUSH.replace("Welcome", "x" * 101), "2:9", "at most 100"),
    Case("empty html", EMAIL.replace("<p>", '""'), "7:84", "must not be empty"),
    # Rules between fields
    Case(
        "two options",
        push("  run_immediately: true\n  recurrence: {cron: 0 9 * * 1}\n"),
        "8:3",
        "exclude each other",
    ),
    Case(
        "sending draft", push("  is_draft: true\n  run_immediately: true\n"), "8:20", "a draft sends nothing"
    ),
    Case(
        "both recurrences",
        push("  recurrence: {cron: 0 9 * * 1, pattern: {hour: 1, minute: 1, weekdays: [1], months: [1]}}\n"),
        "7:22",
        "exclude each other",
    ),
    Case("no recurrence", push("  recurrence: {}\n"), "7:3", "`pattern` or `cron` is missing"),
    Case("cron of six", push("  recurrence: {cron: 0 9 * * 1 2}\n"), "7:22", "five fields"),
    Case("cron out of range", push("  recurrence: {cron: 61 9 * * 1}\n"), "7:22", "minute"),
    Case(
        "hour",
        push("  recurrence: {pattern: {hour: 24, minute: 0, weekdays: [1], months: [1]}}\n"),
        "7:32",
        "24 is above 23",
    ),
    Case(
        "no hour",
        push("  recurrence: {pattern: {minute: 0, weekdays: [1], months: [1]}}\n"),
        "7:16",
        "`hour` is missing",
    ),
    Case(
        "month 13",
        push("  recurrence: {pattern: {hour: 0, minute: 0, weekdays: [1], months: [13]}}\n"),
        "7:70",
        "13 is above 12",
    ),
    Case("comma in label", push('  labels: ["a,b"]\n'), "7:12", "comma"),
    Case("marker", push("  metadata: {campaignctl: x}\n"), "7:27", "is reserved"),
    Case(
        "window",
        push(
            "  ab_test: {evaluation_window: 1 day, test_split: 1, winning_metric: click_rate,"
            " winner_delivery_mode: manual}\n"
        ),
        "7:32",
        "form",
    ),
    Case(
        "no integration",
        message("      channel: sms\n      sms: {content: {en: Hi}}\n"),
        "4:7",
        "need an `integration_id`",
    ),
    Case(
        "the integration that is none",
        message('      channel: sms\n      integration_id: "0"\n      sms: {content: {en: Hi}}\n'),
        "6:23",
        "need an `integration_id`",
    ),
    Case(
        "no content",
        message("      channel: sms\n      integration_id: 1\n"),
        "4:7",
        "`sms` is missing",
    ),
    Case(
        "other content",
        message(
            "      channel: sms\n      integration_id: 1\n      sms: {content: {en: Hi}}\n"
            "      push: {title: {en: x}, landing_url: https://a.example}\n"
        ),
        "8:7",
        "`push` does not belong in a message whose channel is sms",
    ),
    Case(
        "primary_lang",
        message(
            "      channel: sms\n      integration_id: 1\n"
            "      primary_lang: de\n      sms: {content: {en: Hi}}\n"
        ),
        "7:21",
        "the content has only: en",
    ),
    # Times
    Case("no time", push("  scheduled_time: tomorrow\n"), "7:19", "not a time"),
    Case("no such day", push("  scheduled_time: 2036-02-30 10:00:00\n"), "7:19", "is not a calendar date"),
    Case(
        "skipped time",
        push("  scheduled_time: {at: 2036-03-30 02:30:00, tz: Europe/Belgrade}\n"),
        "7:24",
        "skipped",
        "write",
    ),
    Case(
        "doubled time",
        push("  scheduled_time: {at: 2036-10-26 02:30:00, tz: Europe/Belgrade}\n"),
        "7:24",
        "twice",
    ),
    Case(
        "unknown zone",
        push("  scheduled_time: {at: 2036-10-26 02:30:00, tz: Europe/Belgrad}\n"),
        "7:49",
        "no time zone",
        "Belgrade",
    ),
    Case("half a time", push("  scheduled_time: {at: 2036-10-26 02:30:00}\n"), "7:19", "needs `at` and `tz`"),
    Case(
        "offset in profile time",
        push("  scheduled_time: 2036-10-26T02:30:00Z\n  send_in_profile_time_zone: true\n"),
        "7:19",
        "clock time",
    ),
    # Filling in
    Case("unknown variable", push("  description: ${var.brand}\n"), "7:16", "no variable `brand`"),
    Case("misspelt space", push("  description: ${vars.brand}\n"), "7:16", "neither a variable nor a macro"),
    Case("small macro", push("  description: ${ocmh_app_name}\n"), "7:16", "neither", "${OCMH_APP_NAME}"),
    Case("open", push("  description: 'a ${ b'\n"), "7:16", "not closed"),
    Case("matrix value", push("  description: ${matrix.a}\n"), "7:16", "in a campaign without a matrix"),
    Case("forbidden environment", push("  description: ${env.HOME}\n"), "7:16", "does not allow"),
    Case("token", push("  description: ${env.OCAMBA_TOKEN}\n"), "7:16", "must not be used in texts"),
    Case("in a name", push("  metadata: {'${var.a}': b}\n"), "7:14", "`${` in a name"),
    Case("missing file", push("  description: {$file: no.txt}\n"), "7:24", "no such file"),
    Case("file outside", push("  description: {$file: ../../etc/passwd}\n"), "7:24", "leads outside"),
    Case("absolute file", push("  description: {$file: /etc/passwd}\n"), "7:24", "leads outside"),
    Case("folder as file", push("  description: {$file: .}\n"), "7:24", "not a file path"),
    Case(
        "file path filled in", push("  description: {$file: '${var.a}.txt'}\n"), "7:24", "cannot be expanded"
    ),
    Case("file is no path", push("  description: {$file: [a]}\n"), "7:16", "needs a file path"),
    # extra
    Case("extra replaces", push("extra: {name: Other}\n"), "7:15", "`name` is a known field"),
    Case(
        "extra sets a known part",
        push("extra: {recurrence: {until: x}}\n"),
        "7:9",
        "`recurrence` is a known field",
    ),
    Case("extra sets a refused field", push("extra: {status: sent}\n"), "7:17", "`status` is not allowed"),
    Case("extra marker", push("extra: {metadata: {campaignctl: x}}\n"), "7:9", "`metadata` is a known field"),
    Case("extra as a list", push("extra: []\n"), "7:8", "expected an object, found a list"),
    Case(
        "extra as a text", push("extra: x\n"), "7:8", "expected an object, found `x`", "each as `name: value`"
    ),
    Case("extra as a file", push("extra: {$file: a.txt}\n"), "7:8", "expected an object, found a file"),
    Case("extra null", push("extra: {new: null}\n"), "7:14", "null is not allowed"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_error_at_its_place(case: Case, project: Check) -> None:
    desired, findings = project({"bad.yaml": case.text})
    errors = [found for found in findings if found.severity == "error"]
    assert len(errors) == 1, errors
    assert case.message in errors[0].message
    assert f"{errors[0].source.line}:{errors[0].source.column}" == case.place
    assert case.hint in errors[0].hint
    assert desired is None


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        pytest.param(b"spec:\n  name: \xe9\n", "2:9", "not UTF-8", id="latin-1"),
        pytest.param("spec: {}\n".encode("utf-16"), "1:1", "not UTF-8", id="utf-16"),
        pytest.param(b"#" * (1 << 20) + b"\n", "1:1", "1,048,577 bytes", id="more than 1 MiB"),
    ],
)
def test_unreadable_bytes_are_refused_at_their_place(
    data: bytes, place: str, message: str, project: Check
) -> None:
    _, (found,) = project({"bad.yaml": data})
    assert (f"{found.source.line}:{found.source.column}", message in found.message) == (place, True)


def test_a_place_includes_the_text_of_its_line(project: Check) -> None:
    _, (found,) = project({"a/b.yaml": push("  lables: [a]\n")})
    assert found.source.file.endswith("a/b.yaml")
    assert found.source.text == "  lables: [a]"
    assert found.key == "a/b"


def test_all_findings_of_all_files_at_once_in_order(project: Check) -> None:
    checked = project(
        {
            "b.yaml": push("  lables: [a]\n  score: x\n"),
            "a.yaml": "spec: [1\n",
            "c.yaml": message("      channel: sms\n      sms: {content: {en: 'a ${b'}}\n"),
        }
    )
    places = [
        (found.source.file[-6:], found.source.line) for found in checked.findings if found.severity == "error"
    ]
    assert places == [("a.yaml", 1), ("b.yaml", 7), ("b.yaml", 8), ("c.yaml", 4), ("c.yaml", 6)]


def test_an_alias_replaces_a_whole_value(project: Check) -> None:
    text = push("  metadata: {a: &x [1, 2], b: *x}\n")
    desired = project({"a.yaml": text}).sound
    assert desired.campaigns["a"].spec["metadata"] == {"a": [1, 2], "b": [1, 2]}


def test_an_alias_bomb_is_refused_at_the_alias(project: Check) -> None:
    lines = ["  metadata:", "    a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    (error,) = project({"a.yaml": PUSH + "\n".join(lines) + "\n"}).errors
    assert "10,000 nodes" in error


def test_several_documents_each_name_their_key(project: Check) -> None:
    two = f"metadata: {{key: one}}\n{PUSH}---\nmetadata: {{key: two}}\n{PUSH}"
    assert sorted(project({"a.yaml": two}).sound.campaigns) == ["one", "two"]
    checked = project({"a.yaml": f"metadata: {{key: one}}\n{PUSH}---\n{PUSH}"})
    assert checked.errors == ["in a file with several documents, each needs `metadata.key`"]
    assert checked.findings[0].source.line == 9


@pytest.mark.parametrize(
    ("second", "said"), [("one", "the key one is also at"), ("ONE", "differ only in case")]
)
def test_a_key_is_declared_once(second: str, said: str, project: Check) -> None:
    files = {"a.yaml": f"metadata: {{key: one}}\n{PUSH}", "b.yaml": f"metadata: {{key: {second}}}\n{PUSH}"}
    (error,) = project(files).errors
    assert said in error
    assert "a.yaml:1:17" in error


def test_a_path_that_is_not_a_valid_key_is_refused(project: Check) -> None:
    checked = project({"my campaigns/a.yaml": PUSH})
    assert "is not a valid key" in checked.errors[0]
    assert "metadata.key" in checked.findings[0].hint


def test_an_unreadable_field_is_not_also_missing(project: Check) -> None:
    text = message(
        "      channel: push\n      primary_lang: de\n      push: {title: {de: [x]}, landing_url: https://a.example}\n"
    )
    assert len(project({"a.yaml": text}).findings) == 1
