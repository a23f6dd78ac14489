"""The rows of the decision table that need more than a status, each with its exact requests.

A row has the applied manifests, an event in the account, the present manifests, and the expected result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.harness import World, sms, weekly
from tests.e2e.request_log import ALIVE, NEWEST, Line, create, ids_of, log, patch, read, resume, stop
from tests.reconciler.account import AB_TEST

FAR, FARTHER = "2036-03-22 10:00:00", "2036-04-22 10:00:00"
PAST = "2026-01-05 10:00:00"
EDIT = {"description": "new"}

Document = dict[str, Any]
Files = Mapping[str, Document]
# An event: an edit or the passage of time changes the campaign with this id.
Happens = Callable[[World, str], object]


def spec(name: str = "A", **options: Any) -> Document:
    """A body; scheduled unless an option says otherwise."""
    return dict(json.loads(sms(name, **(options or {"scheduled_time": FAR})))["spec"])


A, B, DRAFT, MANUAL = spec(), spec("B"), spec(is_draft=True), spec(description="by hand")
WEEKLY = spec(recurrence={"cron": weekly()})
LATER = {**A, "scheduled_time": FARTHER}
TEST = {
    **A,
    "messages": [{**A["messages"][0], "name": name} for name in ("red", "blue")],
    "ab_test": AB_TEST,
}


def of(body: Document, **around: Any) -> Files:
    """One manifest, with the fields around its spec."""
    return {"a.yaml": {**around, "spec": body}}


def lives(body: Document, **lifecycle: Any) -> Files:
    return of(body, lifecycle=lifecycle)


@dataclass(frozen=True)
class Row:
    """`first` is applied, then `happens`, then `now` is planned and applied with `args`.

    `done`: the actions by key, `blocked` with the start of its reason. `log`: every request of the apply.
    `reads`: those of the plan. `drift`: the paths shown as such.
    """

    now: Files
    done: tuple[str, ...] = ()
    log: tuple[Line, ...] = (NEWEST,)
    first: Files = field(default_factory=dict)
    happens: Happens | None = None
    args: tuple[str, ...] = ()
    reads: tuple[Line, ...] = (ALIVE,)
    drift: tuple[str, ...] = ()


def edited(**fields: Any) -> Happens:
    """The campaign is edited in the dashboard."""
    return lambda world, campaign: world.control.edit(campaign, **fields)


def switched(**switches: Any) -> Happens:
    """The campaign does not exist, and the API says so in one of its ways."""

    def happens(world: World, _: str) -> None:
        world.control.switch(**switches)
        renamed(world, id="999")

    return happens


def paused_by_its_manifest(body: Document = A) -> Happens:
    """An apply pauses it."""

    def happens(world: World, _: str) -> None:
        put(world, lives(body, phase="paused"), {})
        world.apply()

    return happens


def renamed(world: World, **fields: Any) -> None:
    """The record names another campaign."""
    state = world.state
    state["campaigns"]["a"] |= fields
    world.run("state", "push", "-", status=0, stdin=json.dumps(state))


def time_passes(world: World, campaign: str) -> None:
    """Its scheduled time has passed while its manifest paused it."""
    paused_by_its_manifest()(world, campaign)
    world.control.edit(campaign, scheduled_time=PAST, status="paused")
    renamed(world, applied={**A, "scheduled_time": PAST})


def set_going_again(world: World, campaign: str) -> None:
    paused_by_its_manifest()(world, campaign)
    world.control.edit(campaign, status="scheduled")


def halted(world: World, _: str) -> None:
    world.run("halt", "a", "--reason", "wrong price", status=0)


def halted_and_lifted(world: World, campaign: str) -> None:
    halted(world, campaign)
    world.run("halt", "--lift", "a", "--reason", "fixed", status=0)


def released(world: World, _: str) -> None:
    world.run("state", "rm", "a", status=0)


def next_run() -> str:
    """The next run of WEEKLY."""
    return f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d 10:00:00}"


PAUSED = lives(A, phase="paused")
NOTHING: Files = {}
ROWS = {
    "not recorded": Row(of(A), ("create a arms",), (NEWEST, create(A)), reads=(NEWEST,)),
    "not recorded, paused": Row(lives(A, phase="paused"), reads=(NEWEST,)),
    "not recorded, canceled": Row(lives(A, phase="canceled"), reads=(NEWEST,)),
    "not recorded, its time is past": Row(
        of({**A, "scheduled_time": PAST}), ("blocked a: its scheduled_time is past",), reads=(NEWEST,)
    ),
    "moved": Row({"b.yaml": {"moved": {"from": "a"}, "spec": A}}, ("move b",), first=of(A), reads=(NEWEST,)),
    "moved and edited": Row(
        {"b.yaml": {"moved": {"from": "a"}, "spec": {**A, **EDIT}}},
        ("move b", "update b"),
        (NEWEST, patch("a", **EDIT), read("a")),
        first=of(A),
        reads=(NEWEST,),
    ),
    "moved, and the target is recorded": Row(
        {"b.yaml": {"moved": {"from": "a"}, "spec": B}},
        ("blocked a: a ({a}) and b ", "blocked b: a ({a}) and b "),
        first={**of(A), "b.yaml": {"spec": B}},
        reads=(ALIVE,),
    ),
    "adopted": Row(
        {"b.yaml": {"adopt": "{a}", "spec": A}},
        ("adopt b",),
        (NEWEST, read("a")),
        of(A),
        released,
        reads=(NEWEST, read("a")),
    ),
    "adopted and brought into line": Row(
        {"b.yaml": {"adopt": "{a}", "spec": {**A, **EDIT}}},
        ("adopt b", "update b"),
        (NEWEST, read("a"), patch("a", **EDIT), read("a")),
        first=of(A),
        happens=released,
        reads=(NEWEST, read("a")),
    ),
    "created again while the released one can send": Row(
        of(A),
        ("blocked a: {a}, once a, is scheduled",),
        (NEWEST, read("a")),
        of(A),
        released,
        reads=(NEWEST, read("a")),
    ),
    "drift": Row(
        of(A),
        ("update a arms",),
        (NEWEST, patch("a", scheduled_time=FAR), read("a")),
        first=of(A),
        happens=edited(scheduled_time=FARTHER),
        drift=("scheduled_time",),
    ),
    "drift that is ignored": Row(
        lives(A, ignore_changes=["scheduled_time"]), first=of(A), happens=edited(scheduled_time=FARTHER)
    ),
    "drift, only looked at": Row(
        of(A),
        first=of(A),
        happens=edited(scheduled_time=FARTHER),
        args=("--refresh-only",),
        drift=("scheduled_time",),
    ),
    "a draft that is one no more": Row(
        of(A),
        ("update a arms",),
        (NEWEST, patch("a", is_draft=False, scheduled_time=FAR), read("a")),
        first=of(DRAFT),
        reads=(NEWEST,),
    ),
    "no draft becomes a draft": Row(
        of(DRAFT), ("blocked a: nothing returns to a draft",), first=of(A), reads=(NEWEST,)
    ),
    "an unknown status of a manual campaign": Row(
        of({**MANUAL, **EDIT}),
        ("update a",),
        (NEWEST, patch("a", **EDIT), read("a")),
        first=of(MANUAL),
        happens=edited(effective_status="thawing"),
        reads=(NEWEST,),
    ),
    "the stricter of two statuses": Row(
        of({**A, **EDIT}),
        ("blocked a: running",),
        first=of(A),
        happens=edited(effective_status="running"),
        drift=("status",),
        reads=(NEWEST,),
    ),
    "not there, 400": Row(
        of(A),
        ("blocked a: not found under 999",),
        (NEWEST, read("999")),
        first=of(A),
        happens=switched(unknown_id="400"),
        reads=(ALIVE, read("999")),
        drift=("status", "clone"),
    ),
    "not there, no item": Row(
        of(A),
        ("blocked a: not found under 999",),
        (NEWEST, read("999")),
        first=of(A),
        happens=switched(unknown_id="empty"),
        reads=(ALIVE, read("999")),
        drift=("status", "clone"),
    ),
    "paused by us": Row(
        of(A),
        ("resume a arms",),
        (NEWEST, resume("a", FAR), read("a")),
        first=of(A),
        happens=paused_by_its_manifest(),
        reads=(NEWEST,),
    ),
    "paused by us, recurring": Row(
        of(WEEKLY),
        ("resume a arms",),
        (NEWEST, resume("a", next_run()), read("a")),
        first=of(WEEKLY),
        happens=paused_by_its_manifest(WEEKLY),
        reads=(NEWEST,),
    ),
    "paused by us and edited": Row(
        of(LATER),
        ("update a", "resume a arms"),
        (NEWEST, patch("a", scheduled_time=FARTHER), read("a"), resume("a", FARTHER), read("a")),
        first=of(A),
        happens=paused_by_its_manifest(),
        reads=(NEWEST,),
    ),
    "paused by us, and its time has passed": Row(
        of({**A, "scheduled_time": PAST}),
        ("blocked a: paused, and its scheduled_time is past",),
        first=of(A),
        happens=time_passes,
        reads=(NEWEST,),
    ),
    "paused by us, and it has a new time": Row(
        of(A),
        ("update a", "resume a arms"),
        (NEWEST, patch("a", scheduled_time=FAR), read("a"), resume("a", FAR), read("a")),
        first=of(A),
        happens=time_passes,
        reads=(NEWEST,),
    ),
    "paused in the dashboard": Row(of(A), first=of(A), happens=edited(status="paused"), drift=("status",)),
    "paused in the dashboard, and edited": Row(
        of({**A, **EDIT}),
        ("update a",),
        (NEWEST, patch("a", **EDIT), read("a")),
        first=of(A),
        happens=edited(status="paused"),
        drift=("status",),
        reads=(NEWEST,),
    ),
    "paused in the dashboard, and resumed with an override": Row(
        of(A),
        ("resume a arms",),
        (NEWEST, resume("a", FAR), read("a")),
        first=of(A),
        happens=edited(status="paused"),
        args=("--override", "foreign_pause"),
        drift=("status",),
    ),
    "resumed in the dashboard": Row(
        PAUSED,
        ("pause a",),
        (NEWEST, stop("a", "pause", "declared paused"), read("a")),
        first=of(A),
        happens=set_going_again,
        drift=("status",),
        reads=(NEWEST,),
    ),
    "halted": Row(of(A), first=of(A), happens=halted, drift=("status",)),
    "halted, and edited": Row(
        of({**A, **EDIT}),
        ("update a",),
        (NEWEST, patch("a", **EDIT), read("a")),
        first=of(A),
        happens=halted,
        drift=("status",),
        reads=(NEWEST,),
    ),
    "halted, and that is lifted": Row(
        of(A),
        ("resume a arms",),
        (NEWEST, resume("a", FAR), read("a")),
        first=of(A),
        happens=halted_and_lifted,
    ),
    "a test without a decision": Row(
        of(TEST), first=of(TEST), happens=edited(status="needs_decision"), drift=("status",)
    ),
    "a test whose winner is declared": Row(
        lives(TEST, winner="blue"),
        ("update a arms",),
        (NEWEST, read("a"), ("POST", "a/messages/blue/set-winner", None), read("a")),
        first=of(TEST),
        happens=edited(status="needs_decision"),
    ),
    "gone, but only forgotten": Row(NOTHING, ("forget a",), first=lives(A, on_destroy="forget")),
    "gone, and protected": Row(
        NOTHING, ("blocked a: protected by prevent_destroy",), first=lives(A, prevent_destroy=True)
    ),
    "gone, protected, and over": Row(
        NOTHING,
        ("forget a",),
        first=lives(A, prevent_destroy=True),
        happens=edited(status="sent"),
        reads=(ALIVE, read("a")),
    ),
    "gone, sent with runs left": Row(
        NOTHING,
        ("blocked a: sent: it may still send",),
        first=of(WEEKLY),
        happens=edited(status="sent"),
        drift=("status",),
        reads=(ALIVE, read("a")),
    ),
    "Removed": Row(
        {"gone.yaml": {"kind": "Removed", "metadata": {"key": "a"}}},
        ("cancel a",),
        (NEWEST, stop("a", "cancel", "declared Removed"), read("a")),
        first=of(A),
    ),
    "Removed and forgotten, whatever its status": Row(
        {"gone.yaml": {"kind": "Removed", "metadata": {"key": "a"}, "lifecycle": {"on_destroy": "forget"}}},
        ("forget a",),
        first=of(TEST),
        happens=edited(status="needs_decision"),
    ),
    "Removed and not recorded": Row(
        {"gone.yaml": {"kind": "Removed", "metadata": {"key": "a"}}}, reads=(NEWEST,)
    ),
    "replaced and edited": Row(
        of({**A, **EDIT}),
        ("replace a arms",),
        (NEWEST, stop("a", "cancel", "replaced"), read("a"), create({**A, **EDIT})),
        first=of(A),
        args=("--replace", "a"),
        reads=(NEWEST,),
    ),
    "replaced and declared paused": Row(
        PAUSED, ("blocked a: declared paused",), first=of(A), args=("--replace", "a")
    ),
}


def put(world: World, files: Files, ids: Mapping[str, str]) -> None:
    """These manifests and no others."""
    for path in world.folder.glob("*.yaml"):
        if path.name != "campaignctl.yaml":
            path.unlink()
    for name, document in files.items():
        world.write(name, json.dumps(document).replace("{a}", ids.get("a", "")))


def done(plan: Mapping[str, Any], ids: Mapping[str, str]) -> list[str]:
    """A plan in the words of a row."""
    arms = {True: " arms", False: ""}
    changes = [f"{each['action']} {each['key']}{arms[each['arms']]}" for each in plan["changes"]]
    blocked = [f"blocked {each['key']}: {each['reason']}" for each in plan["blocked"]]
    return [line.replace(ids.get("a", "-"), "{a}") for line in changes + blocked]


def assert_done(found: list[str], expected: tuple[str, ...]) -> None:
    """Assert exactly this; reasons are compared by their beginning."""
    assert len(found) == len(expected), found
    for line, start in zip(found, expected, strict=True):
        assert line == start or (start.startswith("blocked") and line.startswith(start)), found


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_the_table(world: World, name: str) -> None:
    row = ROWS[name]
    world.environ["GITHUB_ACTOR"] = "kim"
    put(world, row.first, {})
    if row.first:
        world.apply()
    ids = ids_of(world)
    if row.happens:
        row.happens(world, ids["a"])
    put(world, row.now, ids)
    failing = any(line.startswith("blocked") for line in row.done)
    mark = world.mark()
    plan = world.plan(*row.args, status=int(failing))
    assert_done(done(plan, ids), row.done)
    assert sorted(log(world, mark, ids)) == sorted(row.reads)
    assert tuple(field["path"] for drift in plan["drift"] for field in drift["diff"]) == row.drift

    mark = world.mark()
    world.apply(*row.args, status=int(failing))
    assert log(world, mark, ids) == list(row.log)
