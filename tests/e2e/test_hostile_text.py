"""Text from manifests, file names and API answers cannot control the terminal."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import World, sms

FAR = "2036-03-22 10:00:00"
ESCAPE, RIGHT_TO_LEFT, SEPARATOR, BACKSPACE = "\x1b[2J\x1b[31m", "\u202e", "\u2028", "\b\b"
HOSTILE = f"evil{ESCAPE}{RIGHT_TO_LEFT}{SEPARATOR}{BACKSPACE}end"
RAW = ("\x1b", "\u202e", "\u2028", "\b", "\x00", "\x9b")


def assert_clean(*texts: str) -> None:
    for text in texts:
        found = [sign for sign in RAW if sign in text]
        assert not found, (found, text[:400])


COMMANDS = [
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("status",),
    ("status", "--format", "json"),
    ("show",),
    ("show", "--format", "json"),
    ("state", "list"),
    ("state", "pull"),
    ("-v", "plan"),
    ("-v", "--log-format", "json", "plan"),
    ("doctor",),
    ("explain", "far"),
]


def test_names_of_the_account_and_of_manifests(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description=f"ours {RIGHT_TO_LEFT} {SEPARATOR}"))
    world.apply()
    live = world.campaigns()["Far"]["id"]
    world.control.edit(live, name=HOSTILE, description=HOSTILE, status_code=HOSTILE)
    for command in COMMANDS:
        said = world.run(*command)
        assert_clean(said.out, said.err)
    world.control.edit(live, status=HOSTILE)
    for command in COMMANDS:
        said = world.run(*command)
        assert_clean(said.out, said.err)


def test_errors_of_the_api(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    body = json.dumps({"code": 400, "title": HOSTILE, "message": HOSTILE * 1000, "trace_id": HOSTILE})
    world.control.fault(
        {"method": "POST", "times": 3}, {"kind": "status", "status": 400, "effect": False, "body": body}
    )
    for options in ((), ("--format", "json"), ("-v",)):
        before = [option for option in options if option == "-v"]
        after = [option for option in options if option != "-v"]
        said = world.run(*before, "apply", "--auto-approve", *after, status=1)
        assert_clean(said.out, said.err)
        assert len(said.err) < 20_000


@pytest.mark.parametrize("name", ["bad\x1b[31m.yaml", "bad\u202elmay.yaml", "bad\u2028.yaml", "bad\n.yaml"])
def test_names_of_files(world: World, name: str) -> None:
    world.write(name, "spec: {name: x, nmae: y}\n")
    for form in ("text", "json", "github", "sarif"):
        said = world.run("validate", "--format", form, status=1)
        assert_clean(said.out, said.err)


@pytest.mark.parametrize(
    "text",
    [
        '{"spec": {"name": "a\\u001b[31m", "nmae": 1}}',
        'spec: {name: "a\\u202e\\u2028", "x\\u001b]0;t\\u0007": 1}\n',
        "spec: {name: " + "n" * 900_000 + "}\n",
        "spec: {name: a\x00b}\n",
        "spec: {name: a\x1b[2Jb}\n",
    ],
)
def test_contents_of_manifests(world: World, text: str) -> None:
    world.write("bad.yaml", text)
    for form in ("text", "json", "github", "sarif"):
        said = world.run("validate", "--format", form, status=1)
        assert_clean(said.out, said.err)
        assert len(said.out) < 100_000
