"""`doctor` against a real sandbox: every problem is named with its fix, and nothing changes."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from campaignctl.sandbox import Sandbox
from campaignctl.sandbox.control import Control
from tests.e2e.harness import PROJECT, PROJECT_ID, ROOT, TOKEN, Run, World, kill, sms, until

OF_THE_API = {"token", "api", "account", "clock", "rate"}
LOCAL = {
    "versions",
    "project",
    "environment",
    "git",
    "identity",
    "state",
    "pending",
    "markers",
    "permissions",
}
LOCAL |= {"lock", "halts"}
# Runs a command as an ordinary user: root gives up the right to write where the mode forbids it.
AS_ANYBODY = """\
import ctypes, os, sys
prctl = getattr(ctypes.CDLL(None), "prctl", None)
if prctl is not None:
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Sandbox() as sandbox:
        here = World(tmp_path / "project", sandbox.url, Control(sandbox.url))
        here.write("campaignctl.yaml", PROJECT)
        here.write("far.yaml", sms("Far", scheduled_time="2036-03-22 10:00:00"))
        here.apply()
        yield here


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def diagnosed(world: World, *options: str, status: int) -> dict[str, dict[str, Any]]:
    """The checks by name. Asserts that nothing was written, locally or in the account, and no token shown."""
    before, mark = files(world.folder), world.mark()
    run = world.run(*options, "doctor", "--format", "json", status=status)
    assert files(world.folder) == before
    assert world.writes(after=mark) == []
    return {check["name"]: check for check in run.json["checks"]}


def verdicts(checks: dict[str, dict[str, Any]], verdict: str) -> set[str]:
    return {name for name, check in checks.items() if check["verdict"] == verdict}


def test_a_sound_project_has_no_problem(world: World) -> None:
    checks = diagnosed(world, status=0)
    assert set(checks) == LOCAL | OF_THE_API
    assert verdicts(checks, "ok") == set(checks)
    assert "company 6197120, as in the state" in checks["account"]["found"]
    assert "median of 3 reads" in checks["api"]["found"]
    assert "of 150 requests left" in checks["rate"]["found"]
    assert "1 campaign" in checks["state"]["found"]


def test_the_text_says_the_same(world: World) -> None:
    run: Run = world.run("doctor", status=0)
    assert "Everything is in order." in run.out
    world.environ = {"OCAMBA_TOKEN": ""}
    text = world.run("doctor", status=1).out
    assert "problem  token" in text
    assert "fix:" in text
    assert "export OCAMBA_TOKEN=..." in map(str.strip, text.splitlines())
    assert text.endswith("\n1 problem.\n")


def test_before_the_first_apply_there_is_nothing_to_fix(world: World) -> None:
    for path in (world.folder / ".campaignctl").iterdir():
        path.unlink()
    world.control.edit(world.campaigns()["Far"]["id"], status="canceled")
    assert "none yet" in diagnosed(world, status=0)["state"]["found"]


def test_a_lost_state_is_a_problem(world: World) -> None:
    for path in (world.folder / ".campaignctl").iterdir():
        path.unlink()
    account = diagnosed(world, status=1)["account"]
    assert (account["verdict"], "campaignctl state recover" in account["mend"]) == ("problem", True)


def test_a_project_without_an_id_gets_the_line_to_add(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace(f", id: {PROJECT_ID}", ""))
    state = world.state
    del state["project_id"]
    (world.folder / ".campaignctl/state.json").write_text(json.dumps(state))
    check = diagnosed(world, status=0)["identity"]
    assert check["verdict"] == "warning"
    line = check["mend"].partition(": ")[2]
    world.write("campaignctl.yaml", PROJECT.replace(f"id: {PROJECT_ID}", line))
    assert diagnosed(world, status=0)["identity"]["verdict"] == "ok"


def test_without_a_token_the_other_checks_run(world: World) -> None:
    world.environ = {"OCAMBA_TOKEN": ""}
    mark = world.mark()
    checks = diagnosed(world, status=1)
    assert verdicts(checks, "ok") == LOCAL
    assert verdicts(checks, "problem") == {"token"}
    assert verdicts(checks, "skipped") == OF_THE_API - {"token"}
    assert "export OCAMBA_TOKEN=" in checks["token"]["mend"]
    assert world.requests(after=mark) == []


def test_a_refused_token_is_a_problem_of_the_token_only(world: World) -> None:
    world.control.fault({"method": "GET", "times": 9}, {"kind": "status", "status": 401})
    checks = diagnosed(world, status=1)
    assert verdicts(checks, "problem") == {"token"}
    assert checks["api"]["verdict"] == "ok"
    assert checks["clock"]["verdict"] == "ok"
    assert "OCAMBA_TOKEN" in checks["token"]["mend"]


@pytest.mark.parametrize("shape", ["{} x", '"{}"'])
def test_a_malformed_token_is_not_shown(world: World, shape: str) -> None:
    world.environ = {"OCAMBA_TOKEN": shape.format(TOKEN)}
    assert verdicts(diagnosed(world, status=1), "problem") == {"token"}


def test_without_a_network_the_other_checks_run(world: World) -> None:
    world.environ = {"OCAMBA_API_URL": "http://127.0.0.1:9"}
    checks = diagnosed(world, status=1)
    assert verdicts(checks, "ok") == LOCAL
    assert verdicts(checks, "problem") == {"api"}
    assert "http://127.0.0.1:9" in checks["api"]["mend"]


def test_an_address_that_may_not_get_the_token_is_a_problem(world: World) -> None:
    world.environ = {"OCAMBA_API_URL": "http://192.0.2.1"}
    checks = diagnosed(world, status=1)
    assert verdicts(checks, "problem") <= {"api", "project", "environment"}
    assert verdicts(checks, "problem")


@pytest.mark.parametrize(
    ("skew", "verdict"), [(3, "ok"), (60, "warning"), (-600, "warning"), (600, "warning")]
)
def test_the_clock_is_compared_with_the_server(world: World, skew: int, verdict: str) -> None:
    world.control.switch(date_skew=skew)
    clock = diagnosed(world, status=0)["clock"]
    assert clock["verdict"] == verdict
    assert ("NTP" in clock["mend"]) is (verdict != "ok")


def test_another_account_is_a_problem(world: World) -> None:
    world.control.token("an0ther-t0ken-8d1", "7000000")
    world.environ = {"OCAMBA_TOKEN": "an0ther-t0ken-8d1"}
    account = diagnosed(world, status=1)["account"]
    assert account["verdict"] == "problem"
    assert "OCAMBA_TOKEN" in account["mend"]


def test_an_account_other_than_the_pinned_one_is_a_problem(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + 'account: {company_id: "42"}\n')
    assert "42" in diagnosed(world, status=1)["account"]["found"]


def test_little_headroom_is_a_warning(world: World) -> None:
    world.control.freeze()
    world.control.switch(rate_clock="sandbox", rate_per_minute=6)
    rate = diagnosed(world, status=0)["rate"]
    assert (rate["verdict"], "of 6 requests left" in rate["found"]) == ("warning", True)


def test_an_api_without_rate_headers_is_no_problem(world: World) -> None:
    world.control.switch(rate_headers="none")
    assert "no figures" in diagnosed(world, status=0)["rate"]["found"]


def test_the_holder_of_the_lock_is_named(world: World) -> None:
    lock = world.folder / ".campaignctl" / "state.json.lock"
    holder = {"id": "0f0f", "holder": "ana", "host": "elsewhere", "process": 7, "operation": "apply"}
    lock.write_text(json.dumps(holder | {"since": "2036-01-01T00:00:00Z"}), encoding="utf-8")
    lock.chmod(0o600)
    found = diagnosed(world, status=0)["lock"]
    assert found["verdict"] == "warning"
    assert "ana on elsewhere" in found["found"]
    assert "since 2036-01-01T00:00:00Z" in found["found"]
    assert "campaignctl state unlock 0f0f" in found["mend"]
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "which is running" in diagnosed(world, status=0)["lock"]["found"]


def test_the_lock_and_journal_of_a_dead_run_are_named(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT.replace("2s", "60s"))
    world.write("now.yaml", sms("Now", is_draft=True))
    world.control.fault({"method": "POST"}, {"kind": "delay", "seconds": 2})
    mark = world.mark()
    process = world.start("apply", "--auto-approve")
    until(lambda: world.control.faults()[0]["used"])
    kill(process)
    until(lambda: world.writes(after=mark))  # the request under way is still carried out
    checks = diagnosed(world, status=0)
    assert verdicts(checks, "warning") == {"state", "pending", "lock"}
    assert "which has exited" in checks["lock"]["found"]
    assert "journal" in checks["state"]["found"]
    assert checks["lock"]["mend"] == "campaignctl apply"


def test_a_damaged_state_is_a_problem_with_its_fix(world: World) -> None:
    (world.folder / ".campaignctl" / "state.json").write_text("{", encoding="utf-8")
    checks = diagnosed(world, status=1)
    assert verdicts(checks, "problem") == {"state"}
    assert "campaignctl state push" in checks["state"]["mend"]
    assert checks["api"]["verdict"] == "ok"


def test_files_that_others_may_read_are_a_warning(world: World) -> None:
    state = world.folder / ".campaignctl" / "state.json"
    state.chmod(0o644)
    found = diagnosed(world, status=0)["permissions"]
    assert (found["verdict"], found["mend"]) == ("warning", f"chmod 600 {state}")


def test_an_unsettled_write_is_named_with_its_command(world: World) -> None:
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.control.switch(metadata="dropped")
    world.control.fault({"method": "POST", "times": 1}, {"kind": "drop"})
    world.apply(status=1)
    assert "now" in world.state["pending"]
    pending = diagnosed(world, status=0)["pending"]
    assert pending["verdict"] == "warning"
    assert "now (create sent at " in pending["found"]
    assert "campaignctl state resolve now" in pending["mend"]


def test_findings_are_counted_and_an_unusable_project_file_is_a_problem(world: World) -> None:
    world.write("wrong.yaml", "spec: {titel: x}\n")
    project = diagnosed(world, status=1)["project"]
    assert (project["verdict"], project["mend"]) == ("problem", "campaignctl validate")
    world.write("campaignctl.yaml", "metadata: [")
    checks = diagnosed(world, status=1)
    assert set(checks) == {"versions", "project", "git", "token"}


def test_an_unselected_environment_is_a_problem(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {staging: {}}\n")
    assert verdicts(diagnosed(world, status=1), "problem") == {"environment"}
    assert diagnosed(world, "-e", "staging", status=1)["environment"]["found"] == "staging"


def test_without_a_project_the_versions_are_shown(world: World, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    checks = diagnosed(World(empty, world.url, world.control), status=1)
    assert set(checks) == {"versions", "project", "token"}
    assert "campaignctl init" in checks["project"]["mend"]


def test_libraries_of_extras_are_named_where_they_are_installed(world: World) -> None:
    versions = diagnosed(world, status=0)["versions"]
    for library in ("cryptography", "obstore", "psycopg"):
        assert f", {library} {metadata.version(library)}" in versions["found"]


def test_libraries_that_the_state_needs_are_missed_with_their_extra(world: World, tmp_path: Path) -> None:
    """In an installation without extras: everything else that is installed here."""
    hidden = ("cryptography", "obstore", "psycopg")
    for path in Path(str(metadata.distribution("click").locate_file(""))).iterdir():
        if not path.name.startswith(hidden):
            (tmp_path / path.name).symlink_to(path)
    world.environ["PYTHONPATH"] = os.pathsep.join((str(tmp_path), str(ROOT)))
    state = "state: {backend: postgres, encryption: {method: aes_gcm}}\n"
    world.write("campaignctl.yaml", PROJECT + state)
    command = [
        sys.executable,
        "-S",
        "-m",
        "campaignctl",
        "-C",
        str(world.folder),
        "doctor",
        "--format",
        "json",
    ]
    done = subprocess.run(
        command, env=world.env(), cwd=world.folder, capture_output=True, text=True, check=False
    )
    versions = {check["name"]: check for check in json.loads(done.stdout)["checks"]}["versions"]
    assert versions["verdict"] == "problem"
    assert "not as required: cryptography is missing, psycopg is missing" in versions["found"]
    assert "obstore" not in versions["found"]
    assert versions["mend"] == "pip install 'campaignctl[encryption,postgres]'"


def test_the_commit_is_named(world: World) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (["init", "-q"], ["add", "far.yaml"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(world.folder), *words], check=True, capture_output=True)
    assert "uncommitted" in diagnosed(world, status=0)["git"]["found"]
    (world.folder / ".git" / "objects").rename(world.folder / ".git" / "lost")
    (world.folder / ".git" / "objects").mkdir()
    unread = diagnosed(world, status=0)["git"]
    assert (unread["verdict"], unread["found"].split(":")[0]) == ("warning", "git cannot read this checkout")


def test_a_fix_names_the_environment(world: World) -> None:
    world.write("campaignctl.yaml", PROJECT + "environments: {staging: {}}\n")
    world.write("wrong.yaml", "spec: {}\n")
    checks = diagnosed(world, "-e", "staging", status=1)
    assert checks["project"]["mend"] == "campaignctl -e staging validate"


def test_a_read_only_folder_is_a_problem(world: World) -> None:
    folder = world.folder / ".campaignctl"
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    command = [sys.executable, "-c", AS_ANYBODY, *world.command("doctor", "--format", "json")]
    done = subprocess.run(command, env=world.env(), capture_output=True, text=True, check=False)
    folder.chmod(stat.S_IRWXU)
    assert done.returncode == 1, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["file"]["mend"] == f"make {folder} writable for this user"
