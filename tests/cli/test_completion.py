"""Shell completion, asked as the scripts of bash, zsh and fish ask, in real processes and a real bash."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from campaignctl.cli.completion_keys import keys_of
from campaignctl.project.liftable import OVERRIDES
from campaignctl.state import codec
from campaignctl.state.model import Account, State
from tests.cli.cli_process import ROOT, SECONDS, Cli, Done
from tests.state.samples import sample_intent, sample_record

VARIABLE = "_CAMPAIGNCTL_COMPLETE"
DRAFT = "  name: x\n  is_draft: true\n  messages: []\n"


def ask(cli: Cli, shell: str, words: str, word: str) -> Done:
    return cli.with_env(**{VARIABLE: f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": word})()


def answered(cli: Cli, *words: str) -> list[str]:
    """The completions of the last of the words, as bash gets them."""
    line = "\n".join(("campaignctl", *words))
    done = ask(cli, "bash", line, str(len(words)))
    assert done.err == ""
    return [value.partition(",")[2] for value in done.out.splitlines() if value]


@pytest.fixture
def shop(project: Cli) -> Cli:
    """A project with manifests, environments and a state."""
    with (project.cwd / "campaignctl.yaml").open("a", encoding="utf-8") as file:
        file.write("environments: {staging: {}, production: {}}\ndefault_environment: staging\n")
    (project.cwd / "push" / "named.yaml").write_text(
        f"metadata: {{key: sms/own-name}}\nspec:\n{DRAFT}", encoding="utf-8"
    )
    (project.cwd / "two.yaml").write_text(
        f"metadata: {{key: two/a}}\nspec:\n{DRAFT}---\nmetadata: {{key: two/b}}\nspec:\n{DRAFT}",
        encoding="utf-8",
    )
    state = State(
        "5b0c8c60",
        1,
        "staging",
        Account("https://api.ocamba.com"),
        "0.1.0",
        campaigns={"push/gone": sample_record(), "push/x[country=DE]": sample_record("2")},
        pending={"sms/flash": sample_intent()},
    )
    folder = project.cwd / ".campaignctl"
    folder.mkdir(mode=0o700)
    (folder / "staging.json").write_text(codec.encode(state), encoding="utf-8")
    (folder / "staging.json").chmod(0o600)
    return project


def test_commands_and_options_are_completed(cli: Cli) -> None:
    assert answered(cli, "pl") == ["plan"]
    assert answered(cli, "state", "pu") == ["pull", "push"]
    assert "--target" in answered(cli, "plan", "--")
    assert answered(cli, "--co") == ["--color"]


def test_fixed_values_are_completed(cli: Cli) -> None:
    assert answered(cli, "validate", "--format", "") == ["text", "json", "github", "sarif"]
    assert answered(cli, "validate", "--format", "=", "s") == ["sarif"]
    assert answered(cli, "validate", "--format", "=") == ["text", "json", "github", "sarif"]
    assert answered(cli, "plan", "--override", "") == list(OVERRIDES)
    assert answered(cli, "--color", "a") == ["auto", "always"]


def test_keys_are_those_of_manifests_and_state(shop: Cli) -> None:
    declared = ["push/welcome", "sms/own-name", "two/a", "two/b"]
    assert answered(shop, "plan", "--target", "") == sorted([*declared, "push/gone", "push/x[country=DE]"])
    assert answered(shop, "plan", "--replace", "two/") == ["two/a", "two/b"]
    assert answered(shop, "apply", "--target", "two/a", "--target", "two/b") == ["two/b"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("metadata:\n  key: push/a\nspec: {}\n", ["push/a"]),
        ("kind: Campaign\nmetadata:\n  key: push/a  \nspec: {}\n", ["push/a"]),
        ("metadata:\r\n    key: a.b-c\r\nspec: {}\r\n", ["a.b-c"]),
        ("metadata:\n  name: x\n  key: a\nspec: {}\n", ["a"]),
        ("metadata:\n  labels:\n    key: inner\nspec: {}\n", ["file"]),
        ("metadata:\n  # key: comment\n  key: a # more\nspec: {}\n", ["a"]),
        ("metadata:\n  key: 'quoted'\nspec: {}\n", ["quoted"]),
        ("metadata:\n  key: &x anchored\nspec: {}\n", ["anchored"]),
        ("metadata:\n  key:\n    below\nspec: {}\n", ["below"]),
        ("metadata:\n  key: folded\n   on\nspec: {}\n", ["folded on"]),
        ("spec:\n  description: |\n    metadata:\n      key: text\n", ["file"]),
        ("kind: Removed\nmetadata:\n  key: a\n", []),
        ("metadata:\n  key: a\nkind: Removed\n", []),
        ("metadata:\n  key: a\nmatrix: {country: [DE, FR]}\n", ["a[country=DE]", "a[country=FR]"]),
        ("metadata:\n  key: a\n---\nmetadata:\n  key: b\n", ["a", "b"]),
        ("metadata:\n  key: a\n'matrix': {country: [DE]}\n", ["a[country=DE]"]),
        ("{metadata: {key: a}}\n", ["a"]),
    ],
)
def test_a_key_is_found_however_it_is_written(text: str, keys: list[str], tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(text.encode())
    assert list(keys_of(tmp_path, "file.yaml")) == keys


def test_a_matrix_makes_several_keys(shop: Cli) -> None:
    (shop.cwd / "wide.yaml").write_text(
        f"matrix: {{country: [DE, FR], exclude: [{{country: FR}}]}}\nspec:\n{DRAFT}", encoding="utf-8"
    )
    assert answered(shop, "explain", "wide") == ["wide[country=DE]"]


def test_keys_of_an_environment_come_from_its_state(shop: Cli) -> None:
    assert "push/gone" not in answered(shop, "-e", "production", "plan", "--target", "")
    assert "push/gone" not in answered(shop.with_env(CAMPAIGNCTL_ENV="production"), "plan", "--target", "")


def test_a_project_elsewhere_is_found(shop: Cli) -> None:
    outside = Cli(shop.cwd.parent)
    assert answered(outside, "-C", "shop", "plan", "--target", "two") == ["two/a", "two/b"]
    assert answered(outside, "-C", "shop", "-e", "") == ["production", "staging"]


def test_state_commands_complete_recorded_keys(shop: Cli) -> None:
    assert answered(shop, "state", "show", "") == ["push/gone", "push/x[country=DE]"]
    assert answered(shop, "state", "mv", "push/g") == ["push/gone"]
    assert answered(shop, "state", "resolve", "") == ["sms/flash"]


def test_a_key_that_bash_splits_is_completed(shop: Cli) -> None:
    """`=` ends a word in bash, and a completion replaces only the text after it."""
    assert answered(shop, "state", "show", "push/x[country", "=", "D") == ["DE]"]
    assert answered(shop, "state", "show", "push/x[country", "=") == ["DE]"]
    assert answered(shop, "plan", "--target", "=", "push/x[country", "=", "D") == ["DE]"]


def test_plan_files_are_left_to_the_shell(cli: Cli) -> None:
    for words in (["apply", "pl"], ["show", "pl"], ["plan", "-o", "pl"], ["state", "push", "pl"]):
        done = ask(cli, "bash", "\n".join(("campaignctl", *words)), str(len(words)))
        assert done.out == "file,pl\n"


def test_zsh_gets_helps_with_its_completions(shop: Cli) -> None:
    lines = ask(shop, "zsh", "campaignctl val", "1").out.splitlines()
    assert lines == ["plain", "validate", "Check the manifests, offline."]
    assert ask(shop, "zsh", "campaignctl plan --target two/b", "3").out.splitlines() == [
        "plain",
        "two/b",
        "_",
    ]


def test_fish_gets_helps_with_its_completions(shop: Cli) -> None:
    assert (
        ask(shop, "fish", "campaignctl val", "val").out == "plain,validate\tCheck the manifests, offline.\n"
    )
    assert ask(shop, "fish", "campaignctl plan --target two/b", "two/b").out == "plain,two/b\n"


BROKEN = {
    "project file": ("campaignctl.yaml", "metadata: {name: [\n"),
    "unknown field": ("campaignctl.yaml", "apiVersion: 7\nfoo: bar\n"),
    "project file is binary": ("campaignctl.yaml", "\0\0"),
    "manifest": ("push/bad.yaml", "metadata: {key: [1\n"),
    "manifest is a list": ("push/bad.yaml", "- metadata\n"),
    "state": (".campaignctl/staging.json", "{"),
}


@pytest.mark.parametrize(("name", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_project_completes_what_it_can_without_an_error(shop: Cli, name: str, text: str) -> None:
    (shop.cwd / name).write_text(text, encoding="utf-8")
    assert "two/a" in answered(shop, "plan", "--target", "")
    answered(shop, "-e", "")
    answered(shop, "state", "show", "")


def test_without_a_project_there_are_no_completions_and_no_error(cli: Cli) -> None:
    for words in (
        ["plan", "--target", ""],
        ["-e", ""],
        ["state", "show", ""],
        ["nonsense", ""],
        ["-C", "no", "-e", ""],
    ):
        assert answered(cli, *words) == []


def test_a_key_with_control_characters_is_not_offered(shop: Cli) -> None:
    (shop.cwd / "two.yaml").write_text('metadata: {key: "two/\\e[2Ja"}\nspec: {}\n', encoding="utf-8")
    assert "\x1b" not in "".join(answered(shop, "plan", "--target", ""))


def test_the_help_says_how_to_enable_completion(cli: Cli) -> None:
    assert f'eval "$({VARIABLE}=bash_source campaignctl)"' in cli("--help").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(cli: Cli, shell: str) -> None:
    done = cli.with_env(**{VARIABLE: f"{shell}_source"})()
    assert (done.status, done.err) == (0, "")
    assert f"{VARIABLE}={shell}_complete" in done.out


@pytest.mark.parametrize("value", ["tcsh_source", "bash", "bash_everything", "1"])
def test_an_unknown_shell_names_the_known_ones(cli: Cli, value: str) -> None:
    done = cli.with_env(**{VARIABLE: value})("plan")
    assert (done.status, done.out) == (64, "")
    assert "zsh_source" in done.err


def test_completion_needs_no_network_and_no_token(shop: Cli) -> None:
    dead = shop.with_env(OCAMBA_API_URL="http://127.0.0.1:9", OCAMBA_TOKEN="s3cr3t-t0ken-9f27")
    assert "two/a" in answered(dead, "plan", "--target", "")


def test_completion_of_names_imports_nothing_heavy() -> None:
    asked = {VARIABLE: "bash_complete", "COMP_WORDS": "campaignctl pl", "COMP_CWORD": "1"}
    heavy = ("httpx", "pydantic", "yaml", "rich", "campaignctl.cli.commands.plan")
    program = (
        f"import os, sys\nos.environ.update({asked!r})\n"
        "from campaignctl.cli.main import main\n"
        "try:\n    main([])\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]\nassert not loaded, loaded\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=SECONDS
    )


@pytest.fixture
def bash(shop: Cli) -> Cli:
    """The command under its name, for a bash that has sourced the script."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    folder = shop.cwd.parent / "bin"
    folder.mkdir()
    program = folder / "campaignctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m campaignctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return shop.with_env(PATH=f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin")


def completed_by(bash: Cli, *words: str) -> list[str]:
    """The completions of a bash after `eval "$(_CAMPAIGNCTL_COMPLETE=bash_source campaignctl)"`."""
    line = ("campaignctl", *words)
    script = f"""
        eval "$({VARIABLE}=bash_source campaignctl)" || exit 9
        complete -p campaignctl >/dev/null || exit 8
        COMP_WORDS=({" ".join(json.dumps(word) for word in line)})
        COMP_CWORD={len(words)}
        _campaignctl_completion campaignctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=bash.cwd,
        env=bash.environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_a_real_bash_completes(bash: Cli) -> None:
    assert completed_by(bash, "va") == ["validate"]
    assert completed_by(bash, "plan", "--target", "two/") == ["two/a", "two/b"]
    assert completed_by(bash, "plan", "--target", "=", "two/a") == ["two/a"]
    assert completed_by(bash, "state", "show", "push/x[country", "=", "") == ["DE]"]
