"""Halt through the command line: campaigns are stopped, proven so, and stay stopped until it is lifted."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.harness import PROJECT, World, kill, sms, until
from tests.golden import Golden

FAR = "2036-03-22 10:00:00"
FARTHER = "2036-04-22 10:00:00"
QUICK = PROJECT.replace("timeout: 2s", "timeout: 500ms")


@pytest.fixture(autouse=True)
def _quick(world: World) -> None:
    """A halt looks once more after `api.timeout`."""
    world.write("campaignctl.yaml", QUICK)


def halt(world: World, *words: str, status: int = 0) -> dict[str, object]:
    document = world.run("halt", *words, "--reason", "wrong price", "--format", "json", status=status).json
    assert isinstance(document, dict)
    return document


def outcomes(document: dict[str, object]) -> dict[str, str]:
    rows = document["campaigns"]
    assert isinstance(rows, list)
    return {row["key"] or row["name"]: row["outcome"] for row in rows}


def status(world: World, name: str) -> str:
    found = [c["live"]["status"] for c in world.control.campaigns() if c["live"]["name"] == name]
    assert len(found) == 1
    return str(found[0])


def written(world: World, mark: int) -> list[str]:
    """Every write since, as the operation and the name of its campaign."""
    names = {c["id"]: c["live"]["name"] for c in world.control.campaigns()}
    found = []
    for method, path, _ in world.writes(mark):
        campaign = re.search(r"/campaigns/(\w+)(?:/(\S+))?", path)
        found.append(f"{campaign[2] or method} {names[campaign[1]]}" if campaign else f"{method}")
    return found


def test_everything_is_paused_soonest_first_and_proven(world: World) -> None:
    world.write("later.yaml", sms("Later", scheduled_time=FARTHER))
    world.write("sooner.yaml", sms("Sooner", scheduled_time=FAR))
    world.write("draft.yaml", sms("Draft", is_draft=True))
    world.write("now.yaml", sms("Now", run_immediately=True))
    world.apply()
    world.plan()
    mark = world.mark()

    document = halt(world, "--all", "--parallelism", "1")

    assert document["result"] == "stopped"
    assert outcomes(document) == {"later": "stopped", "sooner": "stopped", "draft": "idle", "now": "over"}
    assert [line for line in written(world, mark) if "Now" not in line] == ["pause Sooner", "pause Later"]
    (body,) = {json.dumps(body) for _, path, body in world.writes(mark) if path.endswith("/pause")}
    assert "campaignctl halt: wrong price (by " in body


@pytest.mark.parametrize("harm", ["state", "manifest"])
def test_it_works_with_a_broken_project(world: World, harm: str) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    if harm == "state":
        (world.folder / ".campaignctl/state.json").write_text("{", encoding="utf-8")
    else:
        world.write("broken.yaml", "spec: [")
    document = halt(world, "a", status=1 if harm == "state" else 0)
    assert status(world, "A") == "paused"
    assert outcomes(document) == {"a": "stopped"}


def test_without_a_token_only_the_mark_is_set_and_it_says_so(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.environ["OCAMBA_TOKEN"] = ""
    document = halt(world, "--all", status=1)
    assert document["marked"] is True
    assert "OCAMBA_TOKEN" in str(document["notes"])
    del world.environ["OCAMBA_TOKEN"]
    assert outcomes(halt(world, "--all")) == {"a": "stopped"}


def test_an_unreadable_mark_stops_everything_that_can_send_and_no_cancel(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    (world.folder / ".campaignctl/state.json.halts").write_text("{", encoding="utf-8")
    world.remove("b.yaml")
    world.write("c.yaml", sms("C", scheduled_time=FAR))
    mark = world.mark()
    assert world.apply(status=1).outcomes() == {"b": "done"}
    assert [path.rsplit("/", 1)[-1] for _, path, _ in world.writes(mark)] == ["cancel"]
    (blocked,) = world.plan(status=1)["blocked"]
    assert (blocked["key"], blocked["status"]) == ("c", "halted")
    assert "state.json.halts" in blocked["reason"]
    assert "fix it" in blocked["hint"]
    document = halt(world, "--all", status=1)
    assert status(world, "A") == "paused"
    assert "state.json.halts" in str(document["notes"])


def test_a_halt_that_was_killed_is_finished_by_the_same_command(world: World) -> None:
    for name in "abcd":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR))
    world.apply()
    slow = {"kind": "delay", "seconds": 1.0, "when": "after"}
    world.control.fault({"method": "POST", "path": "/pause$", "skip": 1, "times": 1}, slow)
    process = world.start("halt", "--all", "--reason", "wrong price", "--parallelism", "1")
    until(lambda: len([1 for c in world.control.campaigns() if c["live"]["status"] == "paused"]) == 2)
    kill(process)
    assert set(outcomes(halt(world, "--all")).values()) == {"stopped"}
    world.run("halt", "--lift", "--reason", "fixed", status=0)
    assert "4 are paused by a lifted halt" in world.run("-q", "status", status=0).out
    world.apply()
    assert {c["live"]["status"] for c in world.control.campaigns()} == {"scheduled"}


def test_the_command_that_lifts_it_can_be_pasted(world: World) -> None:
    world.write("campaignctl.yaml", QUICK + "default_environment: live\nenvironments: {live: {}}\n")
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    said = world.run("-e", "live", "halt", "a*", "--reason", "wrong price", status=0).out
    assert "campaignctl -e live halt --lift 'a*' --reason TEXT" in said


def test_a_partial_lift_names_the_remaining_keys(world: World, golden: Golden) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    world.run("halt", "--all", "--reason", "x", status=0)
    said = world.run("halt", "--lift", "a", "--reason", "y", status=0).out
    lifted, still = (line.split(", halted ")[0] for line in said.splitlines() if "halted by" in line)
    golden("lift of a part", f"{lifted}\n{still}")
    everything = world.run("halt", "--lift", "*", "--reason", "y", status=0).out
    assert still.split(":")[0] not in everything


def test_what_is_resumed_in_the_dashboard_is_drift_until_an_apply_pauses_it(world: World) -> None:
    for name in "ab":
        world.write(f"{name}.yaml", sms(name.upper(), scheduled_time=FAR))
    world.apply()
    halt(world, "a")
    world.run("plan", "--detailed-exitcode", status=0)
    world.control.resume(world.campaigns()["A"]["id"])

    world.run("plan", "--detailed-exitcode", status=2)
    world.run("plan", "--refresh-only", "--detailed-exitcode", status=2)
    said = world.run("status", status=0).out
    assert "(CAN STILL SEND)" in said
    assert "campaignctl halt a --reason 'wrong price'" in said
    mark = world.mark()
    world.write("c.yaml", sms("C", scheduled_time=FAR, description="new"))
    done = world.apply("--target", "c")
    assert done.outcomes() == {"a": "done", "c": "done"}
    assert [line.split()[0] for line in written(world, mark)] == ["pause", "POST"]
    world.run("plan", "--detailed-exitcode", status=0)

    world.run("halt", "--lift", "a", "--reason", "fixed", status=0)
    mark = world.mark()
    world.apply()
    assert [body for _, _, body in world.writes(mark)] == [{"scheduled_time": FAR}]
    world.assert_settled()


def test_a_renamed_folder_stays_halted(world: World) -> None:
    world.write("push/a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    halt(world, "push/*")
    world.remove("push/a.yaml")
    world.write("mail/a.yaml", sms("A", scheduled_time=FAR, labels=["moved"]))
    world.apply(status=1)
    assert {c["live"]["status"] for c in world.control.campaigns()} == {"canceled"}
    (blocked,) = world.plan(status=1)["blocked"]
    assert (blocked["key"], blocked["status"]) == ("mail/a", "halted")
    assert blocked["hint"] == "campaignctl halt --lift push/a --reason TEXT"
    world.run(*blocked["hint"].split()[1:], status=0)
    assert world.apply().outcomes() == {"mail/a": "done"}


def test_a_deleted_stop_mark_is_noticed_until_a_lift_settles_it(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    halt(world, "a")
    world.apply()
    (world.folder / ".campaignctl/state.json.halts").unlink()
    world.write("b.yaml", sms("B", scheduled_time=FAR, description="new"))
    world.apply(status=1)
    (lift,) = {each["hint"].split(" goes on")[0].strip("`") for each in world.plan(status=1)["blocked"]}
    assert lift == "campaignctl halt --lift --reason TEXT"
    for command in ("status", "doctor"):
        assert lift in world.run(command).out
    world.run(*lift.split()[1:], status=0)
    assert world.apply().outcomes() == {"a": "done", "b": "done"}
    world.assert_settled()


def test_a_pause_of_others_outlives_a_declared_one(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.control.pause(world.campaigns()["A"]["id"])
    spec = json.loads(sms("A", scheduled_time=FAR))["spec"]
    world.write("a.yaml", json.dumps({"lifecycle": {"phase": "paused"}, "spec": spec}))
    world.apply()
    world.write("a.yaml", sms("A", scheduled_time=FARTHER))
    (change,) = world.plan()["changes"]
    assert (change["action"], change["sends"]["when"], change["arms"]) == ("update", "never", False)
    world.apply()
    assert status(world, "A") == "paused"
    world.apply("--override", "foreign_pause")
    assert status(world, "A") == "scheduled"


def test_another_companys_token_and_an_api_that_is_away_stop_nothing_and_say_so(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    company = world.control.campaigns()[0]["company_id"]
    world.control.set_company("700")
    mark = world.mark()
    said = world.run("halt", "--all", "--reason", "x", status=1).out
    assert world.writes(mark) == []
    assert "belongs to company 700" in said
    world.control.set_company(company)
    world.environ["OCAMBA_API_URL"] = "http://127.0.0.1:9"
    away = world.run("halt", "--all", "--reason", "x", status=1).out
    for text in (said, away):
        assert "NOT PROVEN; not read; recorded as scheduled" in text
        assert "the API says" not in text


def test_a_mistyped_key_with_broken_manifests_is_not_stopped(world: World) -> None:
    world.write("push/welcome.yaml", sms("A", scheduled_time=FAR))
    world.apply()
    world.write("broken.yaml", "spec: [")
    document = halt(world, "push/welcom", status=1)
    assert (document["result"], document["marked"], document["campaigns"]) == ("incomplete", True, [])
    assert "push/welcom: no such key is recorded, and the manifests cannot be read" in str(document["notes"])
    assert status(world, "A") == "scheduled"


def test_without_a_state_what_is_left_alone_is_named_and_the_account_can_be_stopped(world: World) -> None:
    world.write("a.yaml", sms("A", scheduled_time=FAR))
    world.write("b.yaml", sms("B", scheduled_time=FAR))
    world.apply()
    world.control.edit(world.campaigns()["B"]["id"], metadata=None)
    world.control.create(json.loads(sms("Foreign", scheduled_time=FAR))["spec"])
    for path in (world.folder / ".campaignctl").glob("*"):
        path.unlink()
    said = world.run("halt", "--all", "--reason", "wrong price", status=1).out
    assert [status(world, name) for name in ("A", "B", "Foreign")] == ["paused", "paused", "scheduled"]
    assert "LEFT ALONE: 1 campaign that can send" in said
    (line,) = (line.strip() for line in said.splitlines() if "--account" in line)
    assert line == "campaignctl halt --account --reason 'wrong price'"
    halt(world, "--account")
    assert status(world, "Foreign") == "paused"
    lifted = world.run("halt", "--lift", "--reason", "fixed", status=0).out
    assert "stay paused: resume them in the dashboard" in lifted


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--all",), "halt --all --reason TEXT"),
        (("a*", "b"), "halt 'a*' b --reason TEXT"),
        (("--lift", "--reason", " "), "halt --lift --reason TEXT"),
        (("--reason", "wrong price"), "halt KEY --reason 'wrong price'"),
    ],
)
def test_a_halt_that_lacks_something_names_the_line_to_paste(
    world: World, words: tuple[str, ...], line: str
) -> None:
    told = world.run("halt", *words, status=64).err.splitlines()
    assert told[-1] == f"    campaignctl {line}"
    assert world.requests() == []
