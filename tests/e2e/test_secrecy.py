"""The token is shown only to the API, and only commands that need it ask for it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import TOKEN, World, sms
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"


def assert_in_no_file(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert TOKEN.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("options", [["-v"], ["-v", "--log-format", "json"]], ids=" ".join)
def test_the_token_is_in_no_file_and_no_output(world: World, options: list[str]) -> None:
    """Every run of the harness looks for the token in both streams; the API still received it."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.run(*options, "validate", status=0)
    world.run(*options, "plan", "-o", str(world.folder / "plan.json"), status=0)
    applied = world.run(*options, "apply", str(world.folder / "plan.json"), status=0)
    assert "create" in applied.err
    world.run(*options, "status", status=0)
    world.run(*options, "state", "pull", status=0)
    world.run(*options, "show", status=0)
    assert_in_no_file(world.folder)
    assert all("authorization" in request["headers"] for request in world.requests())
    if "json" in options:
        assert all("time" in json.loads(line) for line in applied.err.splitlines())


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_token_that_the_api_echoes_is_not_shown(world: World, status: int) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    echo = {"kind": "echo_token", "status": status}
    world.control.fault({"method": "POST", "times": 3}, echo)
    # 500 is an unknown outcome, settled and repeated in the same run; the others refuse.
    refused = world.run("-v", "apply", "--auto-approve", "--format", "json", status=1)
    assert refused.json["changes"][0]["outcome"] != "done"
    assert world.requests("POST")[0]["fault"] == "echo_token"
    world.control.clear_faults()
    world.control.fault({"method": "GET", "times": 9}, echo)
    world.run("-v", "--log-format", "json", "apply", "--auto-approve", status=1)
    assert_in_no_file(world.folder)


def test_a_campaign_that_holds_the_token_is_shown_without_it(world: World) -> None:
    """A token that was pasted into a campaign's name does not appear in plan and state."""
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Far"]["id"], name=f"Far {TOKEN}", description=f"Bearer {TOKEN}")
    plan = world.plan("--refresh-only")
    assert plan["drift"]
    world.run("status", status=0)
    world.run("apply", "--auto-approve", "--refresh-only", status=0)
    assert_in_no_file(world.folder)


def test_a_saved_plan_without_the_token_that_it_held_is_not_damaged(world: World) -> None:
    manifest = json.loads(sms("Far", scheduled_time=FAR))
    world.write(f"{TOKEN}/far.yaml", json.dumps(manifest | {"metadata": {"key": "far"}}))
    printed = world.write("printed.json", world.run("plan", "--format", "json", status=0).out)
    saved = str(world.folder / "plan.json")
    world.run("plan", "-o", saved, status=0)
    for path in (str(printed), saved):
        assert "1 to create" in world.run("show", path, status=0).out
    world.run("apply", saved, status=0)
    assert "[token]" in printed.read_text()


def test_commands_that_need_no_token_work_without_one(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("new.yaml", sms("New", is_draft=True))
    world.environ = {"OCAMBA_TOKEN": ""}
    mark = world.mark()
    world.run("validate", status=0)
    assert world.run("schema", status=0).json["type"] == "object"
    plan = world.plan("--no-refresh", "-o", str(world.folder / "plan.json"))
    assert [change["key"] for change in plan["changes"]] == ["new"]
    world.run("show", str(world.folder / "plan.json"), status=0)
    assert "far" in world.run("show", status=0).out
    assert world.run("state", "list", status=0).out == "far\n"
    world.run("state", "show", "far", status=0)
    assert world.requests(after=mark) == []


def test_commands_that_need_a_token_name_the_variable(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.environ = {"OCAMBA_TOKEN": ""}
    for command in (["apply", "--auto-approve"], ["plan"], ["status"], ["destroy", "--auto-approve"]):
        said = world.run(*command, status=1).err
        assert "OCAMBA_TOKEN" in said, command
        assert "export OCAMBA_TOKEN=" in said, command
    assert world.control.requests() == []
    assert not (world.folder / ".campaignctl").exists()


def test_a_malformed_token_is_refused_without_being_shown(world: World, golden: Golden) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    for shape in ("{}\n", "{} x", '"{}"', "\t"):
        world.environ = {"OCAMBA_TOKEN": shape.format(TOKEN)}
        refused = world.run("-v", "apply", "--auto-approve", status=1)
        assert "token" in refused.err
        golden("no token", refused.err)
    assert world.control.requests() == []


def test_the_token_is_not_sent_in_clear_over_a_network(world: World) -> None:
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    for url in (
        "http://api.ocamba.com",
        "http://192.0.2.1:8787",
        "ftp://127.0.0.1",
        "https://u:p@api.ocamba.com",
    ):
        world.environ = {"OCAMBA_API_URL": url}
        refused = world.run("apply", "--auto-approve", status=1).err
        assert "HTTPS" in refused or "OCAMBA_API_URL cannot be used" in refused, refused
        assert not (world.folder / ".campaignctl").exists()


def test_the_token_is_in_no_argument_of_a_process(world: World) -> None:
    """Arguments are visible to every user: no option takes the token."""
    run = subprocess.run(
        world.command("--token", TOKEN, "plan"), capture_output=True, text=True, check=False, env=world.env()
    )
    assert run.returncode == 64
    assert "No such option" in run.stderr
    assert world.control.requests() == []
