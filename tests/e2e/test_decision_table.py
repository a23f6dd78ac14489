"""The decision table for recorded campaigns, through the command line: manifest side x live status.

There is one project for each manifest side, with a campaign of every status. The requests of its plan and
apply are compared, whole and in order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.harness import World, sms
from tests.e2e.request_log import ALIVE, NEWEST, Line, create, log, patch, read, stop

FAR = "2036-03-22 10:00:00"
STATUSES = (
    *("canceled", "draft", "manual", "missing", "needs_decision"),
    *("paused", "running", "scheduled", "sent", "thawing"),
)
PATCHED = {"description": "new"}


@dataclass(frozen=True)
class Side:
    """The final manifests: how each differs from the applied one, or that it is gone.

    `own`: an edit stands in the manifest itself, and not in its defaults.
    """

    done: str
    lifecycle: dict[str, Any] = field(default_factory=dict)
    edited: bool = False
    own: bool = True
    gone: bool = False
    args: tuple[str, ...] = ()
    why: str = ""


EACH = tuple(word for status in STATUSES for word in ("--replace", status))
#                  canceled draft   manual  missing  needs_d. paused  running scheduled sent    thawing
SIDES = {
    "gone": Side(
        "         forget   forget  forget  forget   blocked  cancel  cancel  cancel    forget  blocked",
        gone=True,
        why="no longer declared",
    ),
    "destroyed": Side(
        "         forget   forget  forget  forget   blocked  cancel  cancel  cancel    forget  blocked",
        args=("--destroy",),
        why="destroyed",
    ),
    "same": Side(
        "         -        -       -       blocked  -        -       -       -         -       -",
    ),
    "edited": Side(
        "         blocked  update  update  blocked  blocked  update  blocked update    blocked blocked",
        edited=True,
    ),
    "by defaults": Side(
        "         -        update  update  blocked  -        update  blocked update    -       blocked",
        edited=True,
        own=False,
    ),
    "replaced": Side(
        "         replace  replace replace blocked  blocked  replace blocked replace   blocked blocked",
        args=EACH,
        why="replaced",
    ),
    "replaced, second sends lifted": Side(
        "         replace  replace replace replace  blocked  replace replace replace   replace blocked",
        args=(*EACH, "--override", "resend"),
        why="replaced",
    ),
    "paused": Side(
        "         -        -       -       blocked  -        -       pause   pause     -       blocked",
        lifecycle={"phase": "paused"},
        why="declared paused",
    ),
    "paused, edited": Side(
        "         -        -       -       blocked  -        update  pause+  pause+    -       blocked",
        lifecycle={"phase": "paused"},
        edited=True,
        why="declared paused",
    ),
    "canceled": Side(
        "         -        -       -       blocked  -        cancel  cancel  cancel    -       blocked",
        lifecycle={"phase": "canceled"},
        why="declared canceled",
    ),
    "canceled, edited": Side(
        "         -        -       -       blocked  -        cancel  cancel  cancel    -       blocked",
        lifecycle={"phase": "canceled"},
        edited=True,
        why="declared canceled",
    ),
    "unknown status lifted": Side(
        "         blocked  update  update  blocked  blocked  update  blocked update    blocked update",
        edited=True,
        args=("--override", "unknown_status"),
    ),
}


def spec(status: str) -> dict[str, Any]:
    """The body of the campaign that will have a status."""
    options: dict[str, dict[str, Any]] = {"draft": {"is_draft": True}, "manual": {}}
    return dict(json.loads(sms(status, **options.get(status, {"scheduled_time": FAR})))["spec"])


def write(world: World, side: Side) -> None:
    """The final manifests."""
    for status in STATUSES:
        if side.gone:
            world.remove(f"{status}.yaml")
            continue
        edit = PATCHED if side.edited and side.own else {}
        world.write(
            f"{status}.yaml", json.dumps({"lifecycle": side.lifecycle, "spec": {**spec(status), **edit}})
        )
    if side.edited and not side.own:
        world.write("_defaults.yaml", json.dumps({"spec": PATCHED}))


def recorded(world: World) -> dict[str, str]:
    """One campaign of each status, applied and then brought into it; their ids by status."""
    world.environ["GITHUB_ACTOR"] = "kim"
    for status in STATUSES:
        world.write(f"{status}.yaml", json.dumps({"spec": spec(status)}))
    world.apply("--parallelism", "1")
    state = world.state
    ids = {status: state["campaigns"][status]["id"] for status in STATUSES}
    for status in ("canceled", "needs_decision", "paused", "running", "sent"):
        world.control.edit(ids[status], status=status)
    world.control.edit(ids["thawing"], effective_status="thawing")
    state["campaigns"]["missing"]["id"] = "999"
    world.run("state", "push", "-", status=0, stdin=json.dumps(state))
    return {**ids, "missing": "999"}


def cells(side: Side) -> dict[str, str]:
    """The expected actions, by status."""
    return dict(zip(STATUSES, side.done.split(), strict=True))


def done(plan: dict[str, Any]) -> dict[str, str]:
    """The same of a plan."""
    found = dict.fromkeys(STATUSES, "-")
    found.update({each["key"]: "blocked" for each in plan["blocked"]})
    for change in plan["changes"]:
        twice = found[change["key"]] != "-"
        found[change["key"]] = f"{found[change['key']]}+" if twice else change["action"]
    return found


def requests(world: World, side: Side, ids: dict[str, str]) -> list[Line]:
    """Every request of the apply: stops first, then updates, then creates, each soonest first."""
    words = cells(side)
    stopped = [status for status in STATUSES if words[status].rstrip("+") in ("pause", "cancel")]
    edited = [status for status in STATUSES if words[status] in ("update", "pause+")]
    if side.lifecycle.get("phase") != "paused":
        # What others paused sends nothing, so its edit is not among the soonest.
        edited.sort(key=lambda status: "scheduled_time" not in spec(status) or status == "paused")
    replaced = [status for status in STATUSES if words[status] == "replace"]
    replaced.sort(key=lambda status: "scheduled_time" not in spec(status))
    return [
        NEWEST,
        # The account has ten campaigns: a total of 10 may count that page alone.
        NEWEST,
        read("missing"),
        *astray(world, side, ids),
        *(stop(status, words[status].rstrip("+"), side.why) for status in stopped),
        *seen(stopped, ended="cancel" in words.values()),
        *(patch(status, **PATCHED) for status in edited),
        *seen(edited),
        *(line for status in replaced for line in replacement(status)),
    ]


def reads(world: World, side: Side, ids: dict[str, str]) -> list[Line]:
    """Every request of the plan. With manifests it reads the newest page, which shows what was sent too."""
    if side.gone:
        return [ALIVE, read("canceled"), read("sent"), read("missing")]
    return [NEWEST, read("missing"), *astray(world, side, ids)]


def astray(world: World, side: Side, ids: dict[str, str]) -> list[Line]:
    """The read of the campaign that is recorded under a wrong id: an edit would repeat its content."""
    known = ids.values()
    return [read(each["id"]) for each in world.control.campaigns() if side.edited and each["id"] not in known]


def seen(written: list[str], *, ended: bool = False) -> list[Line]:
    """The read-back of writes: three are cheaper by a page, which includes ended campaigns if needed."""
    if len(written) > 2:
        return [NEWEST if ended else ALIVE]
    return [read(status) for status in written]


def replacement(status: str) -> list[Line]:
    """A create, after a confirmed cancel if the old campaign can still be cancelled."""
    before = [stop(status, "cancel", "replaced"), read(status)]
    return [*(before if status in ("paused", "running", "scheduled") else []), create(spec(status))]


@pytest.mark.parametrize("name", SIDES)
def test_a_side_of_the_table(world: World, name: str) -> None:
    side = SIDES[name]
    ids = recorded(world)
    write(world, side)
    args = (*side.args, "--override", "max_destroy_percent")

    mark = world.mark()
    plan = world.plan(*args, status=1)
    assert done(plan) == cells(side)
    assert sorted(log(world, mark, ids)) == sorted(reads(world, side, ids))

    mark, expected = world.mark(), requests(world, side, ids)
    world.apply(*args, "--parallelism", "1", status=1)
    assert log(world, mark, ids) == expected
    if side.why not in ("destroyed", "replaced"):
        assert world.plan(*args, status=1)["changes"] == []
