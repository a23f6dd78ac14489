"""Streams: text, documents, colour, errors, and a pipe that is closed early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cli_process import SECONDS, Cli
from tests.golden import Golden

BROKEN = "spec:\n  name: x\n  scheduled_tim: 2036-01-01 00:00:00\n  messages: []\n"


@pytest.fixture
def broken(project: Cli) -> Cli:
    (project.cwd / "push" / "broken.yaml").write_text(BROKEN)
    return project


def test_findings_have_a_place_and_the_nearest_name(broken: Cli) -> None:
    done = broken("validate")
    assert done.status == 1
    assert "push/broken.yaml:3:3" in done.out
    assert "scheduled_time" in done.out


def test_findings_are_one_document(broken: Cli) -> None:
    done = broken("validate", "--format", "json")
    assert done.status == 1
    assert done.document["errors"] >= 1
    assert {"file", "line", "column", "code", "message"} <= set(done.document["findings"][0])


def test_warnings_fail_only_with_fail_severity_warning(project: Cli) -> None:
    manifest = project.cwd / "push" / "welcome.yaml"
    manifest.write_text(manifest.read_text() + "extra:\n  unheard_of: 1\n")
    document = project("validate", "--format", "json").document
    assert document["errors"] == 0
    status = project("validate", "--fail-severity", "warning").status
    assert status == (1 if document["warnings"] else 0)


@pytest.mark.parametrize(
    "words",
    [["plan", "--no-refresh"], ["plan"], ["status"], ["show", "missing.json"], ["apply", "missing.json"]],
)
def test_a_failure_is_one_document_too(broken: Cli, words: list[str]) -> None:
    done = broken(*words, "--format", "json")
    assert done.status == 1
    assert done.document["format_version"] == 1
    assert done.document["error"]["summary"]


@pytest.mark.parametrize(
    "words", [["apply"], ["destroy"], ["apply", "--auto-approve"], ["apply", "nothing.json"]]
)
def test_a_failed_apply_answers_with_an_outcome(project: Cli, words: list[str]) -> None:
    document = project(*words, "--format", "json").document
    assert document["result"] == "refused"
    assert document["changes"] == []
    assert document["error"]["summary"]


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (["plan"], "--no-refresh"),
        (["apply", "--auto-approve"], ""),
        (["destroy", "--auto-approve"], ""),
        (["status"], "campaignctl show"),
        (["state", "resolve", "push/welcome", "--retry"], ""),
    ],
)
def test_without_a_token_the_variable_is_named(project: Cli, words: list[str], instead: str) -> None:
    done = project(*words)
    assert (done.status, done.out) == (1, "")
    assert "OCAMBA_TOKEN" in done.err.splitlines()[0]
    assert "export OCAMBA_TOKEN=" in done.err
    assert instead in done.err


def test_a_plan_without_reading_works_without_a_token(project: Cli) -> None:
    done = project("plan", "--no-refresh", "--detailed-exitcode")
    assert (done.status, done.err) == (2, "")
    assert "push/welcome" in done.out


def test_a_saved_plan_is_private_and_can_be_shown(project: Cli) -> None:
    saved = project("plan", "--no-refresh", "-o", "plan.json")
    assert saved.status == 0
    assert "campaignctl apply plan.json" in saved.err
    assert (project.cwd / "plan.json").stat().st_mode & 0o777 == 0o600
    assert project("show", "plan.json").out == saved.out
    assert project("show", "-", stdin=(project.cwd / "plan.json").read_text()).out == saved.out
    shown = project("show", "plan.json", "--format", "json").document
    assert shown == json.loads((project.cwd / "plan.json").read_text())


@pytest.mark.parametrize("name", ["campaignctl.yaml", "push/welcome.yaml", "schemas/Campaign.json"])
def test_a_plan_is_not_saved_over_another_kind_of_file(project: Cli, name: str) -> None:
    before = (project.cwd / name).read_bytes()
    done = project("plan", "--no-refresh", "-o", name)
    assert (done.status, "is not a saved plan" in done.err) == (1, True)
    assert (project.cwd / name).read_bytes() == before


def test_a_plan_is_saved_over_an_older_one_and_an_empty_file(project: Cli) -> None:
    (project.cwd / "plan.json").touch()
    for _ in range(2):
        assert project("plan", "--no-refresh", "-o", "plan.json").status == 0


def test_one_run_writes_the_comment_and_the_file(project: Cli) -> None:
    done = project("plan", "--no-refresh", "-o", "plan.json", "--format", "markdown")
    assert done.status == 0
    assert done.out.startswith("**The account was not read.**")
    assert done.out.endswith("<!-- campaignctl plan: project=shop environment= -->\n")
    shown = project("show", "plan.json", "--format", "markdown", "--markdown-limit", "20000")
    assert shown.out == done.out


def test_the_state_is_not_shown_as_markdown(project: Cli, golden: Golden) -> None:
    done = project("show", "--format", "markdown")
    assert (done.status, done.out) == (64, "")
    golden("state as markdown", done.err)


def test_a_plan_to_standard_output_is_the_file_and_nothing_else(project: Cli) -> None:
    done = project("plan", "--no-refresh", "-o", "-")
    assert done.document["changes"][0]["key"] == "push/welcome"
    assert "push/welcome" in done.err


def test_a_damaged_plan_is_refused(project: Cli) -> None:
    done = project("show", "-", stdin="{}")
    assert (done.status, done.out) == (1, "")
    assert "Traceback" not in done.err


def test_a_missing_state_is_reported(project: Cli, golden: Golden) -> None:
    golden("no state", project("show").out)
    document = project("show", "--format", "json").document
    assert (document["lineage"], document["serial"], document["campaigns"]) == (None, 0, {})
    assert project("state", "list").out == ""
    for words in (["state", "pull"], ["state", "show", "push/welcome"]):
        done = project(*words)
        assert (done.status, done.out) == (1, "")


def test_a_missing_project_names_the_searched_places(cli: Cli) -> None:
    done = cli("validate")
    assert (done.status, done.out) == (64, "")
    assert "campaignctl.yaml" in done.err


def test_the_project_is_found_in_each_of_its_places(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", "campaigns").status == 0
    assert cli("validate").status == 0
    assert Cli(tmp_path / "campaigns" / "push")("-C", "..", "validate").status == 0
    away = Cli(Path("/"), {"CAMPAIGNCTL_PROJECT": str(tmp_path / "campaigns")})
    assert away("validate").status == 0


def test_an_undeclared_environment_is_refused(project: Cli) -> None:
    assert project("-e", "staging", "validate").status != 0
    assert project.with_env(CAMPAIGNCTL_ENV="staging")("validate").status != 0


@pytest.mark.parametrize("kind", ["Campaign", "Project", "Defaults"])
def test_the_schema_is_one_document(cli: Cli, kind: str) -> None:
    done = cli("schema", kind)
    assert done.status == 0
    assert isinstance(done.document, dict)


def test_colour_only_on_terminals(project: Cli) -> None:
    words = ("plan", "--no-refresh")
    assert "\x1b[" not in project(*words).out
    assert "\x1b[" in project("--color", "always", *words).out
    assert "\x1b[" in project.on_terminal(*words).out
    assert "\x1b[" not in project.with_env(NO_COLOR="1").on_terminal(*words).out
    assert "\x1b[" not in project.on_terminal("--color", "never", *words).out


def test_errors_are_objects_with_a_json_log(project: Cli) -> None:
    done = project("--log-format", "json", "plan")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert lines[-1]["level"] == "error"
    assert lines[-1]["error"]["hint"]


def test_a_closed_pipe_prints_no_error(project: Cli) -> None:
    with project.start("schema", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_full_disk_is_an_error(project: Cli) -> None:
    with (
        Path("/dev/full").open("w") as full,
        project.start("schema", stdout=full, stderr=subprocess.PIPE) as process,
    ):
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "Cannot write the output" in err


def test_a_closed_standard_input_has_no_plan(project: Cli) -> None:
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *project.command("show", "-")]
    done = subprocess.run(
        closed, env=project.environ, cwd=project.cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "- is not a plan" in done.stderr


@pytest.fixture
def hears_interrupts() -> Iterator[None]:
    """A background job ignores SIGINT, and so do its children unless it handles the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupt_ends_with_130(project: Cli) -> None:
    with project.start("show", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(" " * 1_000_000)  # more than a pipe holds: once it is written, the command reads
        process.stdin.flush()
        time.sleep(0.2)  # by then it waits for more
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(SECONDS) == 130
        assert process.stderr is not None
        assert "Interrupted" in process.stderr.read()


_WRITTEN = """spec:
  name: Summer
  scheduled_time: {at: 2036-07-22 10:00:00, tz: %s}
  messages: [{name: m, channel: sms, integration_id: "1", sms: {content: {en: Hi}}}]
"""


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("EST", "10:00 EST"),
        ("Etc/GMT+5", "10:00 Etc/GMT+5"),
        ("Asia/Tokyo", "10:00 Asia/Tokyo"),
        ("UTC", None),
    ],
)
def test_a_plan_shows_the_clock_that_the_author_wrote(project: Cli, zone: str, clock: str | None) -> None:
    (project.cwd / "push" / "summer.yaml").write_text(_WRITTEN % zone)
    for form in ("text", "markdown"):
        shown = project("plan", "--no-refresh", "--format", form).out.replace("`", "")
        assert ("written as" in shown) == (clock is not None)
        assert f"Tue 22 Jul 2036 {clock or '10:00 GMT'}" in shown
