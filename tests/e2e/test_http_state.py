"""A state on a server: as GitLab's jobs and a person at a laptop use it, through the command line."""

from __future__ import annotations

import json
import os
import signal
from base64 import b64decode
from gzip import decompress
from pathlib import Path

import pytest

from tests.backends.http_place import ServerPlace
from tests.backends.http_server import Client
from tests.backends.http_store import Fault
from tests.e2e.harness import PROJECT, World, kill, sms, until

FAR = "2036-03-22 10:00:00"
JOB = "j0b-t0ken-1234"


@pytest.fixture
def place(state_server: Client, tmp_path: Path) -> ServerPlace:
    return ServerPlace(state_server, tmp_path / "reader")


@pytest.fixture
def job(world: World, place: ServerPlace) -> World:
    """A job of GitLab, whose state is on its GitLab; nobody else gets in."""
    place.client.switch(place.project, users={"gitlab-ci-token": JOB, "mira": "s3cr3t-of-mira"})
    world.environ |= {"CI_API_V4_URL": place.client.api, "CI_JOB_TOKEN": JOB}
    world.environ["CI_JOB_URL"] = "https://gitlab.example.com/crm/-/jobs/42"
    world.write("campaignctl.yaml", at(place.address))
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    return world


def at(address: str) -> str:
    return f"{PROJECT}state: {{backend: http, address: {address}}}\n"


def laptop(world: World, folder: Path, **environ: str) -> World:
    """Another machine with the same files, which is no job."""
    other = World(folder, world.url, world.control, dict(environ))
    for path in world.folder.glob("*.yaml"):
        other.write(path.name, path.read_text(encoding="utf-8"))
    return other


def nothing_to_do(world: World) -> bool:
    plan = world.plan()
    return not plan["changes"] and not plan["blocked"]


def test_a_job_and_a_laptop_share_the_state_with_their_own_logins(
    job: World, place: ServerPlace, tmp_path: Path
) -> None:
    job.apply()
    assert nothing_to_do(job)
    mira = {"CAMPAIGNCTL_HTTP_USERNAME": "mira", "CAMPAIGNCTL_HTTP_PASSWORD": "s3cr3t-of-mira"}
    other = laptop(job, tmp_path / "laptop", **mira)
    assert nothing_to_do(other)
    other.write("near.yaml", sms("Near", is_draft=True))
    other.apply()
    assert job.run("state", "list", status=0).out == "far\nnear\n"
    assert len(job.campaigns()) == 2
    assert place.lock() is None
    stored = b"".join(path.read_bytes() for path in (place.client.root / place.project).rglob("*.json"))
    for secret in (JOB, "s3cr3t-of-mira"):
        assert secret.encode() not in stored
        for folder in (job.folder, other.folder):
            texts = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
            assert not any(secret.encode() in text for text in texts)


@pytest.mark.slow
def test_without_a_login_nothing_is_read_and_the_variables_are_named(job: World, tmp_path: Path) -> None:
    job.apply()
    other = laptop(job, tmp_path / "laptop")
    refused = other.run("plan", status=1)
    assert "401" in refused.err
    assert "CAMPAIGNCTL_HTTP_USERNAME" in refused.err


def test_a_checkout_cannot_send_the_job_token_elsewhere(job: World, state_server: Client) -> None:
    job.write("campaignctl.yaml", at("https://evil.example/api/v4/projects/7/terraform/state/crm"))
    refused = job.run("plan", status=1)
    assert "nothing is sent to https://evil.example" in refused.err
    assert "export CAMPAIGNCTL_HTTP_ADDRESS=https://evil.example" in refused.err
    assert JOB not in refused.out + refused.err


def test_a_state_moves_to_a_server_and_back(job: World, place: ServerPlace) -> None:
    job.write("campaignctl.yaml", PROJECT)
    job.apply()
    serial = job.state["serial"]
    moved = job.run("state", "migrate", "--to", "http", "--address", place.address, status=0)
    assert moved.out.endswith(f"state:\n  backend: http\n  address: {place.address}\n")
    assert "was migrated from" in job.run("plan", status=1).err
    job.write("campaignctl.yaml", at(place.address))
    assert nothing_to_do(job)
    assert job.run("state", "pull", status=0).json["serial"] == serial
    job.run("state", "migrate", "--to", "local", status=0)
    assert "was migrated from" in job.run("plan", status=1).err
    job.write("campaignctl.yaml", PROJECT)
    job.assert_settled()
    assert job.state["serial"] == serial


@pytest.mark.slow
def test_a_killed_job_leaves_a_lock_that_names_it_and_a_halt_works_past_it(
    job: World, place: ServerPlace, tmp_path: Path
) -> None:
    job.apply()
    job.write("near.yaml", sms("Near", scheduled_time=FAR))
    job.control.fault({"method": "POST"}, {"kind": "delay", "seconds": 60, "when": "before"})
    running = job.start("apply", "--auto-approve")
    until(place.lock)
    until(lambda: job.run("state", "pull").json["pending"])
    kill(running)
    job.control.clear_faults()
    other = laptop(job, tmp_path / "other", **job.environ)
    held = other.run("apply", "--auto-approve", "--lock-timeout", "0s", status=1).err
    assert "the state is locked" in held
    assert "https://gitlab.example.com/crm/-/jobs/42" in held
    lock = place.lock()
    assert lock is not None
    assert f"campaignctl state unlock {lock}" in held
    assert other.run("halt", "far", "--reason", "wrong text").status == 0
    assert job.campaigns()["Far"]["live"]["status"] == "paused"
    other.run("state", "unlock", "another", status=1)
    other.run("state", "unlock", lock, status=0)
    assert place.lock() is None
    other.run("halt", "--lift", "--reason", "fine", status=0)
    other.apply()
    assert place.lock() is None
    assert nothing_to_do(other)


@pytest.mark.slow
def test_a_killed_process_is_taken_over_on_its_own_machine(job: World, place: ServerPlace) -> None:
    job.apply()
    job.write("near.yaml", sms("Near", scheduled_time=FAR))
    job.control.fault({"method": "POST"}, {"kind": "delay", "seconds": 60, "when": "before"})
    running = job.start("apply", "--auto-approve")
    until(place.lock)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    job.control.clear_faults()
    job.apply()
    assert place.lock() is None
    assert nothing_to_do(job)


@pytest.mark.slow
def test_a_server_that_is_away_stops_what_would_start(job: World, place: ServerPlace) -> None:
    job.apply()
    job.write("near.yaml", sms("Near", scheduled_time=FAR))
    users = {"users": {"gitlab-ci-token": JOB}}
    place.client.switch(place.project, Fault("GET", "503", times=99), **users)
    mark = job.mark()
    refused = job.run("apply", "--auto-approve", status=1)
    assert "503" in refused.err
    assert job.writes(mark) == []
    place.client.switch(place.project, **users)
    job.apply()
    assert nothing_to_do(job)


@pytest.mark.slow
def test_a_state_that_is_damaged_is_put_back_from_a_version_of_gitlab(job: World, place: ServerPlace) -> None:
    job.apply()
    good = json.loads(place.client.store.current(place.project, "crm") or b"")["serial"]
    place.put_document(b"{")
    said = job.run("plan", status=1).err
    assert f"{place.address}/versions/SERIAL" in said
    assert "base64 -d | gunzip > good.json" in said
    version = json.loads(place.client.store.version(place.project, "crm", good) or b"")
    job.write("good.json", decompress(b64decode(version["files"]["state.json"]["gzip"])).decode())
    job.run("state", "push", "good.json", status=0)
    assert nothing_to_do(job)


def test_doctor_says_what_the_server_does(job: World, place: ServerPlace) -> None:
    found = json.loads(job.run("doctor", "--format", "json").out)
    checks = {each["name"]: each for each in found["checks"]}
    assert checks["server"]["verdict"] == "ok"
    assert "its lock keeps others out" in checks["server"]["found"]
    place.client.switch(place.project, no_lock=405, users={"gitlab-ci-token": JOB})
    found = json.loads(job.run("doctor", "--format", "json", status=1).out)
    checks = {each["name"]: each for each in found["checks"]}
    assert checks["server"]["verdict"] == "problem"
    assert f"{place.address} has no lock" in checks["server"]["found"]


@pytest.mark.slow
def test_environments_have_places_next_to_the_project_s(job: World, place: ServerPlace) -> None:
    job.write("campaignctl.yaml", at(place.address) + "environments: {staging: {}, production: {}}\n")
    job.run("-e", "staging", "apply", "--auto-approve", status=0)
    assert place.client.store.current(place.project, "crm-staging")
    assert place.client.store.current(place.project, "crm") is None
    assert "crm-staging" in job.run("-e", "staging", "plan", status=0).out


def test_an_environment_that_is_declared_later_creates_nothing_again(job: World, place: ServerPlace) -> None:
    job.apply()
    job.write("campaignctl.yaml", at(place.address) + "environments: {live: {}}\n")
    mark = job.mark()
    refused = job.run("-e", "live", "plan", "--no-refresh", status=1).err
    assert f"state rebind --from {place.address}" in refused
    job.environ["CAMPAIGNCTL_ENV"] = "live"
    job.run("state", "rebind", "--from", place.address, "--auto-approve", status=0)
    assert nothing_to_do(job)
    assert job.writes(mark) == []
