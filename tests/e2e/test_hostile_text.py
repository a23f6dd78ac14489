"""Text from manifests, file names and API answers cannot control the terminal."""

from __future__ import annotations

import json

import pytest

from tests.e2e.harness import PROJECT, World, sms

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


RUNNER = (
    "##[add-mask]x",
    "##[stop-commands]x",
    "see ##[group]x",
    "##vso[task.setvariable variable=x]y",
    "::stop-commands::x",
    "::add-mask::x",
)


def assert_no_command(text: str) -> None:
    """No line of a log that the runner of GitHub or Azure takes for a command."""
    for line in text.splitlines():
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line, line
        assert "##vso[" not in line.lower(), line


def test_no_output_commands_the_runner_of_a_pipeline(world: World) -> None:
    every = "\n".join(RUNNER)
    for number, text in enumerate(RUNNER):
        world.write(f"far{number}.yaml", sms(text, scheduled_time=FAR, description=text, labels=[text]))
    world.write("far.yaml", sms("Far", scheduled_time=FAR, description=every))
    world.run("plan", "-o", "plan.json", status=0)
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], description=f"edited\n{every}")
    for command in (*COMMANDS, ("plan", "-o", "-"), ("state", "show", "far")):
        said = world.run(*command)
        assert_no_command(said.out + said.err)
    assert json.loads(world.run("state", "pull").out)["campaigns"]["far"]["applied"]["description"] == every
    assert world.plan()["drift"], "the document is the same"
    for number, text in enumerate(RUNNER):
        world.write(f"bad{number}.yaml", f"spec:\n  {text}: [\n{text}\n")
    for form in ("text", "json", "sarif"):
        said = world.run("validate", "--format", form, status=1)
        assert_no_command(said.out + said.err)
    said = world.run("validate", "--format", "github", status=1)
    assert all(line.startswith(("::error ", "::warning ")) for line in said.out.splitlines())
    assert "##[" not in said.out


def test_no_error_commands_the_runner_of_a_pipeline(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    for text in (RUNNER[0], RUNNER[-1]):
        body = json.dumps({"code": 400, "title": text, "message": text, "trace_id": text})
        fault = {"kind": "status", "status": 400, "effect": False, "body": body}
        world.control.fault({"method": "POST", "times": 1}, fault)
        said = world.run("-v", "apply", "--auto-approve", status=1)
        assert_no_command(said.out + said.err)


def test_a_name_like_a_command_stays_as_it_is(world: World) -> None:
    """Only our own commands get the options of the project: `-C DIR`."""
    name = "campaignctl plan; campaignctl -e x apply"
    world.write("campaignctl.yaml", PROJECT.replace("shop", "campaignctl"))
    world.write("far.yaml", sms(name, scheduled_time=FAR, description="run `campaignctl apply`"))
    away = World(world.folder.parent, world.url, world.control)
    place = ("-C", str(world.folder))
    said = away.run(*place, "plan", status=0)
    assert name in said.out
    assert "run `campaignctl apply`" in said.out
    plan = away.run(*place, "plan", "--format", "json", status=0).json
    assert plan["changes"][0]["name"] == name
    assert away.run(*place, "apply", "--auto-approve", status=0).out.count(str(world.folder)) == 0
    world.control.edit(world.campaigns()[name]["id"], name=f"{name} edited")
    for command in (("plan",), ("status",), ("plan", "--format", "markdown")):
        shown = away.run(*place, *command).out
        assert f"campaignctl -C {world.folder} plan; " not in shown
        assert f"campaignctl -C {world.folder} -e x apply" not in shown
        assert name in shown
