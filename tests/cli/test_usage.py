"""Wrong usage: status 64, the nearest name, and no option accepted where it has no effect."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from campaignctl.sandbox import Sandbox
from tests.cli.cli_process import Cli
from tests.e2e.harness import sms
from tests.golden import Golden


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["plam"], "'plan'"),
        (["state", "lst"], "'list'"),
        (["plan", "--targets", "push/welcome"], "'--target'"),
        (["plan", "--format", "jsn"], "'json'"),
        (["plan", "--override", "max_destroy_percnt"], "'max_destroy_percent'"),
        (["--color", "alwys", "plan"], "'always'"),
        (["schema", "Campain"], "'Campaign'"),
    ],
)
def test_the_nearest_name_is_given(cli: Cli, words: list[str], named: str) -> None:
    done = cli(*words)
    assert (done.status, done.out) == (64, "")
    assert f"Did you mean {named}?" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["halt"],
        ["import", "push/welcome"],
        ["plan", "--var", "a=b"],
        ["plan", "--format", "html"],
        ["show", "--format", "html"],
        ["init", "--ci", "jenkins"],
        ["init", "--ci"],
        ["plan", "--override", "everything"],
    ],
)
def test_an_option_without_effect_is_refused(cli: Cli, words: list[str]) -> None:
    assert cli(*words).status == 64


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--detailed"],
        ["plan", "--no-ref"],
        ["apply", "--auto"],
        ["val"],
        ["apply", "--parallelism", "0"],
        ["apply", "--parallelism", "many"],
        ["apply", "--lock-timeout", "30"],
        ["apply", "--lock-timeout", "25h"],
        ["apply", "--lock-timeout", "-1s"],
        ["plan", "--refresh-only", "--no-refresh"],
        ["plan", "--refresh-only", "--destroy"],
        ["plan", "--refresh-only", "--replace", "push/welcome"],
        ["plan", "--destroy", "--replace", "push/welcome"],
        ["plan", "extra"],
        ["plan", "--markdown-limit", "20000"],
        ["plan", "--format", "markdown", "--markdown-limit", "100"],
        ["plan", "--format", "markdown", "-o", "-"],
        ["show", "--format", "markdown"],
        ["destroy", "--destroy"],
        ["destroy", "plan.json"],
        ["state", "mv", "push/welcome"],
        ["state", "resolve", "push/welcome"],
        ["state", "resolve", "push/welcome", "--adopt", "1", "--retry"],
        ["sandbox", "--port", "65536"],
        ["-q", "-v", "plan"],
        ["-C", "nowhere", "plan"],
        ["-C"],
        ["state"],
    ],
)
def test_wrong_usage_ends_with_64(cli: Cli, words: list[str]) -> None:
    done = cli(*words)
    assert (done.status, done.out) == (64, "")
    assert "Traceback" not in done.err


def test_a_global_option_after_the_command_gets_a_hint(cli: Cli) -> None:
    done = cli("plan", "-e", "staging")
    assert done.status == 64
    assert "before the command: campaignctl -e" in done.err


@pytest.mark.parametrize(
    "option",
    [
        ["--target", "a"],
        ["--replace", "a"],
        ["--destroy"],
        ["--no-refresh"],
        ["--refresh"],
        ["--refresh-only"],
    ],
)
def test_a_saved_plan_takes_no_selecting_option(cli: Cli, option: list[str]) -> None:
    done = cli("apply", "plan.json", *option)
    assert done.status == 64
    assert option[0] in done.err


def test_without_a_terminal_an_apply_needs_a_plan_or_approval(project: Cli) -> None:
    for command in ("apply", "destroy"):
        done = project(command)
        assert (done.status, done.out) == (64, "")
        assert "--auto-approve" in done.err


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["destroy", "--target", "push/*"], "campaignctl plan --destroy --target 'push/*' -o plan.json"),
        (
            ["apply", "--no-refresh", "--override", "freeze"],
            "plan --no-refresh --override freeze -o plan.json",
        ),
        (
            ["-e", "prod", "apply"],
            "campaignctl -e prod plan -o plan.json\n  then\n    campaignctl -e prod apply plan.json\n",
        ),
    ],
)
def test_the_command_for_a_saved_plan_plans_what_was_asked_for(
    project: Cli, words: list[str], command: str
) -> None:
    done = project(*words)
    assert done.status == 64
    assert command in done.err


@pytest.mark.parametrize(
    "words", [["new", "push/x", "--from", "curl"], ["show", "-"], ["state", "push", "-"]]
)
def test_a_closed_standard_input_is_empty(project: Cli, words: list[str]) -> None:
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *project.command(*words)]
    done = subprocess.run(
        closed, check=False, cwd=project.cwd, env=project.environ, capture_output=True, text=True
    )
    assert done.returncode in {1, 64}
    assert "hint: " in done.stderr
    assert "Unexpected" not in done.stderr


def test_a_lone_double_dash_is_wrong_usage(cli: Cli) -> None:
    done = cli("--")
    assert (done.status, done.out) == (64, "")
    assert done.err.startswith("error: Missing command\n")


def test_in_a_folder_of_a_project_the_project_is_named(project: Cli) -> None:
    done = Cli(project.cwd / "push")("validate")
    assert done.status == 64
    assert f"campaignctl -C {project.cwd} ..." in done.err


def test_a_command_line_that_cannot_be_parsed_still_answers_with_a_document(cli: Cli) -> None:
    done = cli("plan", "--targets", "a", "--format", "json")
    assert done.status == 64
    assert "--targets" in done.document["error"]["summary"]
    assert done.document["format_version"] == 1


def test_control_characters_of_an_argument_are_not_shown_raw(cli: Cli) -> None:
    assert "\x1b" not in cli("\x1b[31mplan").err


def test_standard_output_gets_one_document(cli: Cli) -> None:
    done = cli("plan", "-o", "-", "--format", "json")
    assert done.status == 64
    assert "standard output" in done.document["error"]["summary"]


@pytest.mark.parametrize("words", [["plan"], ["status"], ["apply", "--auto-approve"]])
def test_without_a_project_no_token_is_asked_for(cli: Cli, words: list[str], golden: Golden) -> None:
    done = cli.with_env(OCAMBA_TOKEN="")(*words)
    assert done.status == 64
    golden("no project", done.err, folder=cli.cwd)
    assert "OCAMBA_TOKEN" not in done.err


def test_the_hint_for_a_saved_plan_repeats_the_option_that_was_given(cli: Cli) -> None:
    assert "campaignctl plan --no-refresh -o plan.json" in cli("apply", "plan.json", "--no-refresh").err


def test_a_usage_error_is_one_line(cli: Cli, golden: Golden) -> None:
    golden("choices", cli("state", "migrate").err)


def test_a_file_that_cannot_be_replaced_says_why(project: Cli) -> None:
    said = project("plan", "--no-refresh", "--target", "push/welcome", "--replace", "push/welcom").err
    assert "--replace push/welcom: no such key" in said
    assert project("new", "push/other", "--from", "push").status == 0
    said = project("plan", "--no-refresh", "--target", "push/welcome", "--replace", "push/other").err
    assert "--replace push/other: --target leaves it out" in said


def test_an_option_without_its_argument_leads_to_the_help_of_its_command(cli: Cli) -> None:
    assert "campaignctl apply --help" in cli("apply", "--reviewed").err


def test_named_commands_work_from_the_current_directory(cli: Cli) -> None:
    with Sandbox() as sandbox:
        assert_that_they_do(cli, sandbox.url)


def assert_that_they_do(cli: Cli, url: str) -> None:
    there = cli.cwd / "the shop"
    there.mkdir()
    (there / "campaignctl.yaml").write_text("metadata: {name: shop}\n")
    (there / "near.yaml").write_text(sms("Near", is_draft=True))
    here = Cli(cli.cwd, {"OCAMBA_API_URL": url, "OCAMBA_TOKEN": "sandbox-token"})
    named = re.search(
        r"campaignctl (.*)$", here("-C", there.name, "plan", "-o", "plan.json").err, re.MULTILINE
    )
    assert named
    assert here(*shlex.split(named[1])).out.endswith("Done: 1 created.\n")
    asked = here("-C", there.name, "apply")
    assert (
        "  hint:\n    campaignctl -C 'the shop' plan -o plan.json\n"
        "  then\n    campaignctl -C 'the shop' apply plan.json\n"
    ) in asked.err
    # A variable of the shell keeps its value.
    set_there = Cli(cli.cwd, {**here.extra, "CAMPAIGNCTL_PROJECT": there.name})
    assert "To apply it:\n  campaignctl apply plan.json\n" in set_there("plan", "-o", "plan.json").err
