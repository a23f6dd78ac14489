"""What a later version wrote is never dropped: this one names that version and stops, before any request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from campaignctl.state.journal import entry_line
from campaignctl.state.model import Entry
from tests.backends.git_place import REF, GitPlace, git
from tests.e2e.harness import PROJECT, World, sms

FAR = "2099-12-24 10:00:00"
LATER = "9.9"
UPGRADE = f"    pip install --upgrade 'campaignctl>={LATER}'"


class Kept(Protocol):
    """Where the documents of a project are."""

    def read(self) -> dict[str, Any]:
        """The state's document."""

    def put(self, name: str, data: bytes) -> None:
        """Replace one of `state`, `journal`, `halts`."""

    def mark(self) -> Any:
        """The stop mark's document."""

    def all(self) -> object:
        """All of it, to compare."""


class OnDisk:
    def __init__(self, world: World) -> None:
        self._folder = world.folder / ".campaignctl"

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / "state.json").read_bytes())
        return found

    def put(self, name: str, data: bytes) -> None:
        suffix = "" if name == "state" else f".{name}"
        (self._folder / f"state.json{suffix}").write_bytes(data)

    def mark(self) -> Any:
        return json.loads((self._folder / "state.json.halts").read_bytes())

    def all(self) -> object:
        return {path.name: path.read_bytes() for path in self._folder.glob("state.json*")}


class OnGit:
    def __init__(self, place: GitPlace) -> None:
        self._place = place

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._place.document() or b"")
        return found

    def put(self, name: str, data: bytes) -> None:
        file = {"state": "state.json", "journal": "journal/00000", "halts": "halts.json"}.get(name, name)
        self._place.put({file: data}, f"{REF}.stop" if name == "halts" else REF)

    def mark(self) -> Any:
        return json.loads(git(self._place.remote, "show", f"{REF}.stop:halts.json"))

    def all(self) -> object:
        return git(self._place.remote, "for-each-ref")


@pytest.fixture(params=["local", "git"])
def applied(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> tuple[World, Kept]:
    """A project with one campaign, applied, and where its documents are."""
    kept: Kept = OnDisk(world)
    if request.param == "git":
        place = GitPlace(tmp_path / "git").made()
        world, kept = World(place.project, world.url, world.control), OnGit(place)
        world.write("campaignctl.yaml", f"{PROJECT}state: {{backend: git, ref: {REF}}}\n")
    world.write("far.yaml", sms("Far", scheduled_time=FAR))
    world.apply()
    world.write("near.yaml", sms("Near", is_draft=True))
    return world, kept


def with_field(state: dict[str, Any]) -> None:
    state["colour"] = 1


def with_field_of_a_record(state: dict[str, Any]) -> None:
    state["campaigns"]["far"]["colour"] = 1


def with_operation(state: dict[str, Any]) -> None:
    record = state["campaigns"]["far"]
    state["pending"]["far"] = {
        "operation": "split",
        "intent": "i",
        "phase": "started",
        "spec": {},
        "digest": "d",
        "watermark": {"ids": [], "server_time": None},
        "first_send": None,
        "at": None,
        "id": record["id"],
        "patch": None,
        "source_digest": "",
        "lifecycle": record["lifecycle"],
    }


def with_format(state: dict[str, Any]) -> None:
    state["format_version"] = 3


def line(number: int, kind: str, value: Any) -> bytes:
    head = json.dumps({"seq": number, kind: value}, separators=(",", ":"))[:-1]
    return f'{head},"check":"{hashlib.sha256(head.encode()).hexdigest()[:16]}"}}\n'.encode()


def journal(kept: Kept, document: bytes) -> bytes:
    """Of a later version, on the document that is there."""
    state = kept.read()
    header = {name: state[name] for name in ("format_version", "tool_version", "lineage", "serial")}
    header |= {"tool_version": LATER, "state": f"sha256:{hashlib.sha256(document).hexdigest()}"}
    step = json.loads(entry_line(Entry(), 1))["entry"]
    return line(0, "header", header) + line(1, "entry", step | {"colour": 1})


def stops(world: World, kept: Kept, what: str) -> None:
    """No command that reads the documents sends or changes anything."""
    before, mark = kept.all(), world.mark()
    for words in (("plan",), ("apply", "--auto-approve"), ("state", "mv", "far", "other")):
        ended = world.run(*words, status=1)
        assert f"was written by campaignctl {LATER}" in ended.err, ended.err
        assert what in ended.err
        assert UPGRADE in ended.err.splitlines()
    assert world.requests(after=mark) == []
    assert kept.all() == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (with_field, "colour is not a field that this version knows"),
        (with_field_of_a_record, "campaigns.far.colour is not a field that this version knows"),
        (with_operation, "pending.far.operation is not one of"),
        (with_format, "its format_version is 3, and this version reads up to 2"),
    ],
)
def test_a_state_of_a_later_version_stops_every_command(
    applied: tuple[World, Kept], change: Callable[[dict[str, Any]], None], what: str
) -> None:
    world, kept = applied
    state = kept.read() | {"tool_version": LATER}
    change(state)
    kept.put("state", json.dumps(state).encode())
    stops(world, kept, what)


def test_a_journal_of_a_later_version_stops_every_command(applied: tuple[World, Kept]) -> None:
    world, kept = applied
    document = json.dumps(kept.read()).encode()
    kept.put("state", document)
    kept.put("journal", journal(kept, document))
    stops(world, kept, "entry.colour is not a field that this version knows")


def test_a_stop_mark_of_a_later_version_stops_plan_and_apply(applied: tuple[World, Kept]) -> None:
    world, kept = applied
    mark = {"format_version": 2, "tool_version": LATER, "halts": [], "colour": 1}
    kept.put("halts", json.dumps(mark).encode())
    before, asked = kept.all(), world.mark()
    for words in (("plan",), ("apply", "--auto-approve")):
        ended = world.run(*words, status=1)
        assert f"was written by campaignctl {LATER}" in ended.err, ended.err
        assert UPGRADE in ended.err.splitlines()
    assert world.requests(after=asked) == []
    if isinstance(kept, OnDisk):  # on git the lock was taken and given back
        assert kept.all() == before
    # In an emergency what can be paused is paused all the same; the mark stays as it is.
    halt = world.run("halt", "--all", "--reason", "wrong price", status=1)
    assert f"was written by campaignctl {LATER}" in halt.out
    assert [method for method, _, _ in world.writes(after=asked)] == ["POST"]  # the pause
    assert kept.mark() == mark


@pytest.mark.parametrize("applied", ["git"], indirect=True)
def test_a_file_of_a_later_version_next_to_a_shared_state_stops_every_command(
    applied: tuple[World, Kept],
) -> None:
    world, kept = applied
    state = json.dumps(kept.read() | {"tool_version": LATER}).encode()
    kept.put("state", state)
    kept.put("archive/2026.json", b"{}\n")
    stops(world, kept, "it holds archive/2026.json, which this version does not know")


@pytest.mark.parametrize("applied", ["git"], indirect=True)
def test_a_field_about_a_shared_state_of_a_later_version_stops_every_command(
    applied: tuple[World, Kept],
) -> None:
    world, kept = applied
    kept.put("state", json.dumps(kept.read() | {"tool_version": LATER}).encode())
    kept.put("about.json", b'{"project": "shop", "previous": null, "colour": 1}\n')
    stops(world, kept, "colour is not a field that this version knows")
