"""Helpers of the scenes in which something goes wrong."""

from __future__ import annotations

from collections.abc import Callable

from tests.backends.git_place import git
from tests.e2e.harness import PROJECT, World, kill, sms, until

FAR = "2036-03-22 10:00:00"
PAST = "2020-03-22 10:00:00"
REF = "refs/campaignctl/default"
AUTHOR = ("-c", "user.name=k", "-c", "user.email=k@example.com")
ENVIRONMENTS = PROJECT + "environments: {staging: {}, production: {}}\n"
#: A scene begins in a project without manifests and an account without campaigns.
Scene = Callable[[World], str]


def refused(world: World, *words: str) -> str:
    """The error of an apply, or of the command in `words`, that is refused as a whole."""
    done = world.run(*(words or ("apply", "--auto-approve")), "--format", "json")
    return str(done.json["error"]["summary"])


def failed(world: World, *words: str) -> str:
    """The error of the one change of an apply that failed."""
    (error,) = (
        change["error"] for change in world.apply(*words, status=1).json["changes"] if change["error"]
    )
    return str(error["summary"])


def blocked(world: World, key: str, *words: str) -> str:
    """The reason for which a plan blocks a campaign."""
    found = world.plan(*words, status=1)["blocked"]
    return str(next(each["reason"] for each in found if each["key"] == key))


def drift(world: World) -> str:
    """What a plan says of the one campaign that others changed."""
    (each,) = (each for each in world.plan()["drift"] if each["reason"])
    return str(each["reason"])


def left_alone(world: World) -> str:
    """The reason for which an apply blocks its one campaign."""
    (each,) = world.apply(status=1).json["blocked"]
    return str(each["reason"])


def objection(world: World, *words: str) -> str:
    """The guardrail's line in a plan."""
    said = world.run("plan", *words, status=1).out
    guardrail = world.plan(*words, status=1)["objections"][0]["guardrail"]
    return next(line.strip() for line in said.splitlines() if guardrail in line)


def said(world: World, *words: str, containing: str = "") -> str:
    """The first line of standard error, or the first line of all output with these words."""
    done = world.run(*words)
    lines = f"{done.out}\n{done.err}" if containing else done.err
    return next(line for line in lines.splitlines() if containing in line).removeprefix("error: ").strip()


def far(world: World, name: str = "spring", **spec: object) -> str:
    """A scheduled campaign, applied; returns its id."""
    world.write(f"push/{name}.yaml", sms(name.title(), **{"scheduled_time": FAR, **spec}))
    world.apply()
    return str(world.state["campaigns"][f"push/{name}"]["id"])


def flash(world: World) -> str:
    """An immediate campaign whose create had no answer; returns the error of the apply."""
    world.write("sms/flash.yaml", sms("Flash", run_immediately=True))
    world.write("sms/draft.yaml", sms("Draft", is_draft=True))
    world.control.fault({"method": "POST", "body": '"Flash"', "times": 1}, {"kind": "drop"})
    return failed(world)


def killed(world: World) -> None:
    """An apply that is killed after its request has reached the server."""
    far(world)
    world.write("push/summer.yaml", sms("Summer", scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 1}, {"kind": "delay", "seconds": 1.0, "when": "after"})
    process = world.start("apply", "--auto-approve")
    until(lambda: len(world.control.campaigns()) == 2)
    kill(process)


def under_way(world: World, then: Callable[[], object]) -> str:
    """The output of an apply that continues after `then` was done."""
    for name in ("summer", "winter", "new", "again"):
        world.write(f"push/{name}.yaml", sms(name.title(), scheduled_time=FAR))
    world.control.fault({"method": "POST", "times": 9}, {"kind": "delay", "seconds": 0.7, "when": "after"})
    before = len(world.control.campaigns())
    process = world.start("apply", "--auto-approve", "--parallelism", "1")
    until(lambda: len(world.control.campaigns()) >= before + 2)
    then()
    return "".join(process.communicate(timeout=60))


def line(text: str, containing: str) -> str:
    return next(each for each in text.splitlines() if containing in each).removeprefix("error: ").strip()


def on_git(world: World) -> str:
    """Keep the state on a new remote; returns the remote's folder."""
    remote = str(world.folder.parent / "remote.git")
    git(world.folder, "init", "--quiet", "--bare", remote)
    git(world.folder, "init", "--quiet")
    git(world.folder, "remote", "add", "origin", f"file://{remote}")
    world.write("campaignctl.yaml", PROJECT + "state: {backend: git}\n")
    return remote
