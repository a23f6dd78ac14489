"""An encrypted state through the command line, on every backend."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaignctl.backends.at_rest import AtRest, Key, Keys, Owner
from campaignctl.cli.hosts.gather import _only
from tests.e2e.harness import PROJECT, PROJECT_ID, World, kill, sms, until
from tests.e2e.storages import Storage, project, storage

KEY, NEW_KEY = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
VARIABLE, FALLBACK = "CAMPAIGNCTL_STATE_KEY", "CAMPAIGNCTL_STATE_KEY_FALLBACK"
ENCRYPTED = "encryption: {method: aes_gcm}"
TARGETING = json.dumps({"custom_properties": {"seed": {"items": ["team"], "op": "in"}}})
MORE = f"proofs: {{team: {{targeting: {TARGETING}}}}}\nguardrails: {{min_lead_time: 1m}}\n"
FAR = "2036-03-22 10:00:00"
#: What must nowhere be in clear: texts, keys of campaigns.
CONFIDENTIAL = ("Confidential", "launch-day")
SLOW = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("git", "object_store", "postgres")]
EVERYWHERE = pytest.mark.parametrize("place", ["local", "http", *SLOW], indirect=True)


def encrypted(world: World, place: Storage, settings: str = MORE) -> None:
    project(world, place, f", {ENCRYPTED}", settings)


@pytest.fixture(params=["local", pytest.param("http", marks=pytest.mark.slow), *SLOW])
def place(request: pytest.FixtureRequest, world: World) -> Iterator[Storage]:
    """A project with an encrypted state, at its first run."""
    with storage(request.param, world, request.getfixturevalue) as place:
        encrypted(world, place)
        world.environ[VARIABLE] = KEY
        yield place


def in_a_file(world: World) -> None:
    """A project whose encrypted state is a file."""
    world.write("campaignctl.yaml", f"{PROJECT}{MORE}state: {{{ENCRYPTED}}}\n")


def soon() -> str:
    return (datetime.now(UTC) + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S")


def stored(world: World, place: Storage | None = None) -> dict[str, bytes]:
    """Everything that was written, except the manifests: files, and what the place holds."""
    files = {
        str(path): path.read_bytes()
        for folder in (world.folder / ".campaignctl", world.folder / "plans", world.folder / "tmp")
        for path in folder.rglob("*")
        if path.is_file()
    }
    return files | (place.held() if place else {})


def in_clear(world: World, place: Storage | None = None, *more: str) -> list[str]:
    """The files that hold something confidential, or one of the words."""
    words = [word.encode() for word in (*CONFIDENTIAL, *more)]
    return [name for name, data in stored(world, place).items() if any(word in data for word in words)]


def pulled(world: World) -> dict[str, Any]:
    return world.run("state", "pull", status=0).json


@EVERYWHERE
def test_nothing_confidential_is_in_clear_through_the_life_of_a_campaign(
    place: Storage, world: World
) -> None:
    (world.folder / "plans").mkdir()
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=soon()))
    world.write("later/launch-day.yaml", sms("Confidential later", scheduled_time=FAR))
    world.run("proof", "launch-day", status=0)
    world.run("plan", "-o", "plans/plan.json", status=0)
    assert "Confidential later" in world.run("show", "plans/plan.json", status=0).out
    world.run("apply", "plans/plan.json", status=0)
    assert "Confidential later" in json.dumps(pulled(world))
    assert "2 create" in world.run("state", "history", status=0).out
    world.run("halt", "later/launch-day", "--reason", "Confidential reason", status=0)
    ids = [one["id"] for one in world.control.campaigns()]
    assert in_clear(world, place, *ids) == []

    # What was sent goes to the archive.
    world.run("halt", "--lift", "later/launch-day", "--reason", "over", status=0)
    world.control.advance(3600)
    world.apply()
    state = pulled(world)
    long_ago = "2026-01-10T09:00:00Z"
    state["campaigns"]["launch-day"] |= dict.fromkeys(("created_at", "updated_at", "began"), long_ago)
    for entry in state["sent"]:
        entry |= {"at": long_ago, "sends": [long_ago]}
    world.run("state", "push", "-", stdin=json.dumps(state), status=0)
    world.run("archive", status=0)
    assert pulled(world)["archives"] == [2026]
    assert in_clear(world, place, *ids) == []
    # The archive alone knows it now, and tells that it was sent.
    assert pulled(world)["released"] == []
    assert world.plan()["changes"] == []


def test_an_apply_that_was_killed_is_continued(place: Storage, world: World) -> None:
    for number in range(6):
        world.write(f"launch-day/{number}.yaml", sms(f"Confidential {number}", scheduled_time=FAR))
    world.control.fault({"method": "POST", "skip": 3, "times": 9}, {"kind": "delay", "seconds": 1.5})
    process = world.start("apply", "--auto-approve")
    until(lambda: len(world.control.campaigns()) >= 3)
    kill(process)
    if place.kind == "local":
        assert (world.folder / ".campaignctl/state.json.journal").exists()
    assert in_clear(world, place) == []
    world.control.clear_faults()
    world.apply()
    assert world.plan()["changes"] == []
    assert len(world.campaigns()) == 6


@EVERYWHERE
def test_a_key_is_changed_and_the_old_one_opens_nothing_any_more(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    world.run("halt", "launch-day", "--reason", "wait", status=0)
    world.environ |= {VARIABLE: NEW_KEY, FALLBACK: KEY}
    assert "launch-day" in world.run("state", "list", status=0).out
    world.run("state", "encrypt", status=0)
    del world.environ[FALLBACK]
    assert "launch-day" in world.run("status", status=0).out
    before = stored(world, place)

    world.environ[VARIABLE] = KEY
    at = world.mark()
    world.write("good.json", json.dumps({"format_version": 2}))
    for command in ("plan", "apply --auto-approve", "state encrypt", "state list", "state rm launch-day"):
        assert "another key" in world.run(*command.split(), status=1).err
    del world.environ[VARIABLE]
    assert f"{VARIABLE} is not set" in world.run("apply", "--auto-approve", status=1).err
    assert world.requests(after=at) == []
    assert stored(world, place) == before
    assert in_clear(world, place) == []


def test_a_lock_is_broken_without_a_key(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", is_draft=True))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 8})
    process = world.start("apply", "--auto-approve")
    until(lambda: "has another id" in world.run("state", "unlock", "none").err)
    del world.environ[VARIABLE]
    told = world.run("state", "unlock", "none", status=1).err
    lock = told.split("has another id: ")[1].split()[0]
    world.run("state", "unlock", lock, status=0)
    assert "there is no lock" in world.run("state", "unlock", lock, status=1).err
    process.communicate(timeout=60)


def test_a_project_file_alone_neither_decrypts_nor_encrypts(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    before = stored(world, place)
    project(world, place, settings=MORE)
    for command in ("plan", "apply --auto-approve", "state rm launch-day", "halt launch-day --reason x"):
        refused = world.run(*command.split(), status=1)
        assert "campaignctl state decrypt" in refused.err + refused.out
    assert stored(world, place) == before

    assert in_clear(world, place) == []
    world.run("state", "decrypt", status=0)
    assert in_clear(world, place) != []
    (changed,) = world.plan()["settings_changed"]
    assert changed == {"path": "state.encryption", "before": "aes_gcm", "after": "off", "loosens": True}
    encrypted(world, place)
    assert "campaignctl state encrypt" in world.run("plan", status=1).err
    world.run("state", "encrypt", status=0)
    assert world.plan()["changes"] == []


def test_a_plan_in_clear_is_not_applied(world: World) -> None:
    """Nor one of another key: a plan that was encrypted was made by who has the key."""
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.run("plan", "-o", "plan.json", status=0)
    in_a_file(world)
    world.environ[VARIABLE] = KEY
    for command in ("apply plan.json", "apply --reviewed plan.json"):
        refused = world.run(*command.split(), status=1)
        assert "plan.json is in clear" in refused.err
    world.run("plan", "-o", "plan.json", status=0)
    world.environ[VARIABLE] = NEW_KEY
    assert "another key" in world.run("apply", "plan.json", status=1).err
    assert "another key" in world.run("show", "plan.json", status=1).err
    assert world.writes() == []


def test_the_plans_that_jobs_of_a_pipeline_pass_on_are_encrypted(world: World) -> None:
    in_a_file(world)
    world.environ |= {VARIABLE: KEY, "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop"}
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["Confidential"]["id"], name="By hand")
    (world.folder / "plans").mkdir()
    world.run("ci", "gather", "plans", "--alarm", status=0)
    assert {Path(name).name for name in in_clear(world)} == {"plan.md"}
    assert "By hand" in world.run("show", "plans/plan.json", status=0).out
    world.run("ci", "report", "plans", "--status", "2", status=0)
    assert "By hand" in (world.folder / "plans/plan.html").read_text(encoding="utf-8")
    del world.environ[VARIABLE]
    assert f"{VARIABLE} is not set" in world.run("ci", "report", "plans", "--status", "2", status=1).err


def test_what_is_left_of_a_reviewed_plan_stays_encrypted(world: World) -> None:
    in_a_file(world)
    world.environ[VARIABLE] = KEY
    for key in ("launch-day", "second"):
        world.write(f"{key}.yaml", sms(f"Confidential {key}", scheduled_time=FAR))
    world.run("plan", "-o", "plan.json", status=0)
    secret = Key(base64.b64decode(KEY), VARIABLE)
    at_rest = AtRest(lambda: Keys(secret), encrypts=True, owner=Owner(PROJECT_ID, None))
    rest = _only((world.folder / "plan.json").read_text(), {"second"}, at_rest)
    assert "Confidential" not in rest
    world.write("rest.json", rest)
    assert list(world.run("apply", "--reviewed", "rest.json", "--format", "json").outcomes()) == ["second"]
    assert list(world.campaigns()) == ["Confidential second"]


@pytest.mark.parametrize("rebind", [True, False])
def test_a_new_name_of_the_environment(rebind: bool, world: World) -> None:
    """By `state rebind`, in place or from the old file, the state and its stop mark belong to the new one."""
    world.environ[VARIABLE] = KEY
    environments = "environments: {%s: {%s}}\n"
    at = "state: {path: .campaignctl/live.json}" if rebind else ""
    base = f"{PROJECT}{MORE}state: {{{ENCRYPTED}}}\n"
    world.write("campaignctl.yaml", base + environments % ("live", at))
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.environ["CAMPAIGNCTL_ENV"] = "live"
    world.apply()
    world.run("halt", "launch-day", "--reason", "wait", status=0)
    world.write("campaignctl.yaml", base + environments % ("prod", at))
    world.environ["CAMPAIGNCTL_ENV"] = "prod"
    assert "state rebind" in world.run("plan", status=1).err
    source = () if rebind else ("--from", ".campaignctl/live.json")
    world.run("state", "rebind", *source, "--auto-approve", status=0)
    assert world.plan()["changes"] == []
    assert "launch-day" in world.run("status", status=0).out
    assert in_clear(world) == []


def test_what_was_altered_cut_or_exchanged_is_refused_and_can_be_replaced(world: World) -> None:
    world.environ[VARIABLE] = KEY
    environments = "environments: {staging: {}, prod: {}}\n"
    world.write("campaignctl.yaml", f"{PROJECT}{MORE}state: {{{ENCRYPTED}}}\n{environments}")
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    folder = world.folder / ".campaignctl"
    for name in ("staging", "prod"):
        world.environ["CAMPAIGNCTL_ENV"] = name
        world.run("state", "init", status=0)
        world.run("halt", "launch-day", "--reason", "x")
        assert (folder / f"{name}.json.halts").exists()
    at = world.mark()
    for name in ("prod.json", "prod.json.halts"):
        path, taken = folder / name, folder / name.replace("prod", "staging")
        good = path.read_bytes()
        altered = good.replace(b'"data":"', b'"data":"AAAA')
        for bad in (taken.read_bytes(), b"{}", altered, good[:-9]):
            path.write_bytes(bad)
            said = world.run("apply", "--auto-approve", status=1)
            named = ("another project or environment", "altered, cut or exchanged", "is in clear")
            assert any(words in said.err + said.out for words in named), said.err + said.out
            assert path.read_bytes() == bad
        path.write_bytes(good)
    assert world.writes(at) == []

    whole = json.dumps(pulled(world))
    (folder / "prod.json").write_bytes((folder / "prod.json").read_bytes()[:-9])
    world.run("state", "push", "-", stdin=whole, status=0)
    assert pulled(world)["environment"] == "prod"


@pytest.mark.parametrize(
    "place",
    ["http", *SLOW],
    indirect=True,
)
def test_what_a_stranger_alters_in_a_shared_place_is_refused(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    good, whole = place.kept(), world.run("state", "pull", status=0).out
    document = good["state.json"]
    altered = document.replace(b'"data":"', b'"data":"AAAA')
    world.write("second.yaml", sms("Second", scheduled_time=FAR))
    at = world.mark()
    for bad in (altered, document[:-9], b"{}\n", whole.encode(), good["about.json"]):
        place.put_back({**good, "state.json": bad})
        for command in ("plan", "apply --auto-approve", "state rm launch-day"):
            said = world.run(*command.split()).err
            assert any(words in said for words in ("altered, cut or exchanged", "is in clear")), said
        assert place.kept()["state.json"] == bad
    assert world.writes(at) == []

    place.put_back({**good, "state.json": altered})
    world.run("state", "push", "-", stdin=whole, status=0)
    world.apply()
    assert sorted(world.campaigns()) == ["Confidential", "Second"]
    assert not any(b"Confidential" in data for data in place.kept().values())


# ------------------------------------------------------------------------------------- where keys come from


def test_a_key_comes_from_a_file_or_a_command_that_no_checkout_names(world: World, tmp_path: Path) -> None:
    in_a_file(world)
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    secret = tmp_path / "key"
    secret.write_text(f"{KEY}\n")
    shown = tmp_path / "environ"
    program = tmp_path / "get-key"
    program.write_text(f'#!/bin/sh\nenv > {shown}\ncat "$1"\n')
    program.chmod(0o755)
    world.environ[f"{VARIABLE}_FILE"] = str(secret)
    world.apply()
    del world.environ[f"{VARIABLE}_FILE"]
    world.environ[f"{VARIABLE}_COMMAND"] = f"{program} {secret}"
    assert world.plan()["changes"] == []
    assert "OCAMBA_TOKEN" not in shown.read_text()
    world.environ[VARIABLE] = KEY
    assert "are set" in world.run("plan", status=1).err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("", "c2hvcnQ=", "32 bytes in base64"),
        ("", "no base64 at all", "32 bytes in base64"),
        ("_FILE", "/nowhere/key", "cannot be read"),
        ("_FILE", "key", "outside of the project"),
        ("_FILE", "{project}/key", "outside of the project"),
        ("_COMMAND", "{project}/get-key", "outside of the project"),
        ("_COMMAND", "./get-key", "no program"),
        ("_COMMAND", "no-such-program-here", "no program"),
        ("_COMMAND", "false", "ended with status 1"),
        ("_COMMAND", "'", "is no command"),
    ],
)
def test_what_is_no_key_is_said_without_showing_it(
    variable: str, value: str, said: str, world: World
) -> None:
    in_a_file(world)
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    for name in ("key", "get-key"):
        world.write(name, f"#!/bin/sh\necho {KEY}\n").chmod(0o755)
    world.environ[VARIABLE + variable] = value.format(project=world.folder)
    refused = world.run("plan", status=1)
    assert said in refused.err
    assert "c2hvcnQ=" not in refused.err
    assert world.requests() == []


# ------------------------------------------------------------------------------- an older one is put back


@EVERYWHERE
def test_an_older_state_put_back_is_noticed_and_accepted_on_purpose(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    copy = place.kept()
    world.write("second.yaml", sms("Second", scheduled_time=FAR))
    world.apply()
    newest, at = pulled(world)["serial"], world.mark()

    place.put_back(copy)
    for command in ("plan", "apply --auto-approve", "state rm launch-day", "state encrypt", "archive"):
        refused = world.run(*command.split(), status=1)
        assert "is older than the one last seen here" in refused.err
        assert "campaignctl state recover --write" in refused.err
    assert world.requests(after=at) == []
    assert world.run("state", "list", status=0).out == "launch-day\n"

    world.run("state", "recover", "--write", status=0)
    assert pulled(world)["serial"] > newest
    assert world.run("state", "list", status=0).out == "launch-day\nsecond\n"
    assert world.plan()["changes"] == []
    assert world.apply().json["changes"] == []
    assert len(world.campaigns()) == 2


def test_a_state_that_was_put_back_and_continued_elsewhere_is_noticed(place: Storage, world: World) -> None:
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    copy, here = place.kept(), {"XDG_STATE_HOME": str(world.folder.parent / "here")}
    world.environ |= here
    world.run("state", "mv", "launch-day", "here", status=0)
    newest = pulled(world)["serial"]

    # Another machine knows nothing of it, and there the same number of decisions follows.
    place.put_back(copy)
    world.environ["XDG_STATE_HOME"] = str(world.folder.parent / "there")
    world.run("state", "mv", "launch-day", "there", status=0)
    assert pulled(world)["serial"] == newest
    world.environ |= here
    assert "is not the one last seen here" in world.run("plan", status=1).err


def test_without_a_home_nothing_is_remembered_and_nothing_fails(world: World) -> None:
    in_a_file(world)
    world.environ |= {VARIABLE: KEY, "HOME": "", "XDG_STATE_HOME": ""}
    world.write("launch-day.yaml", sms("Confidential", scheduled_time=FAR))
    world.apply()
    assert world.plan()["changes"] == []
