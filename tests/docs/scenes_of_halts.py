"""Trouble with halts: each scene returns the printed message."""

from __future__ import annotations

import json

from tests.docs.acting import FAR, blocked, drift, far, flash, line, said
from tests.e2e.harness import PROJECT, World, kill, sms, until
from tests.forks import Started


def quickly_halted(world: World) -> str:
    """A campaign of a project whose halts look again soon; returns its id."""
    world.write("campaignctl.yaml", PROJECT.replace("timeout: 2s", "timeout: 500ms"))
    return far(world)


def halted(world: World) -> str:
    quickly_halted(world)
    world.run("halt", "push/*", "--reason", "wrong price", status=0)
    world.write("push/new.yaml", sms("New", scheduled_time=FAR))
    return blocked(world, "push/new")


def halts_unreadable(world: World) -> str:
    quickly_halted(world)
    world.run("halt", "push/*", "--reason", "wrong price", status=0)
    (world.folder / ".campaignctl/state.json.halts").write_text("{")
    world.write("push/new.yaml", sms("New", scheduled_time=FAR))
    return blocked(world, "push/new")


def not_stopped(world: World) -> str:
    quickly_halted(world)
    world.control.fault({"method": "POST", "times": 99}, {"kind": "status", "status": 500})
    return said(world, "halt", "--all", "--reason", "wrong price", containing="push/spring")


def not_pausable(world: World) -> str:
    quickly_halted(world)
    world.control.fault({"path": "/pause$", "times": 99}, {"kind": "status", "status": 400})
    return said(
        world, "halt", "--all", "--reason", "wrong price", containing="cannot be paused"
    ).removeprefix("hint: ")


def left_alone_without_a_state(world: World) -> str:
    quickly_halted(world)
    for path in (world.folder / ".campaignctl").glob("*"):
        path.unlink()
    world.control.create(json.loads(sms("Theirs", scheduled_time=FAR))["spec"])
    return said(world, "halt", "--all", "--reason", "wrong price", containing="LEFT ALONE")


def mistyped_and_broken(world: World) -> str:
    quickly_halted(world)
    world.write("push/broken.yaml", "spec: [")
    typed = ("halt", "push/sprin", "--reason", "wrong price")
    return said(world, *typed, containing="no such key").removeprefix("Not proven: ").partition("; ")[0]


def resumed_while_halted(world: World) -> str:
    campaign = quickly_halted(world)
    world.run("halt", "push/*", "--reason", "wrong price", status=0)
    world.control.resume(campaign)
    return drift(world)


def mark_deleted(world: World) -> str:
    quickly_halted(world)
    world.run("halt", "push/*", "--reason", "wrong price", status=0)
    world.apply()
    (world.folder / ".campaignctl/state.json.halts").unlink()
    world.write("push/new.yaml", sms("New", scheduled_time=FAR))
    return blocked(world, "push/new")


def gives_way(world: World) -> str:
    far(world)
    world.environ = {"OCAMBA_TOKEN": ""}
    world.run("halt", "push/spring", "--reason", "wrong price", status=1)
    world.environ = {}
    path = world.folder / ".campaignctl/state.json.halts"
    mark = json.loads(path.read_text(encoding="utf-8"))
    mark["halts"][0]["under_way"] = mark["halts"][0]["at"]
    path.write_text(json.dumps(mark), encoding="utf-8")
    world.write("push/summer.yaml", sms("Summer", scheduled_time=FAR))
    process = Started(("apply", "--auto-approve"), world.env(), world.folder)
    try:
        until(lambda: "a halt is being" in process.err())
        return line(process.err(), "a halt is being").strip()
    finally:
        kill(process)


def not_proven(world: World) -> str:
    flash(world)
    return said(world, "halt", "--all", "--reason", "wrong price", containing="PROVEN")


def halt_decision(world: World) -> str:
    world.control.edit(quickly_halted(world), status="needs_decision")
    return said(world, "halt", "--all", "--reason", "wrong price", containing="push/spring")
