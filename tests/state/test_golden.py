"""Documents of every version, a folder for each: still read, and written unchanged, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from campaignctl import __version__
from campaignctl.errors import StateMoved
from campaignctl.plan import codec as plan_codec
from campaignctl.state.codec import (
    decode,
    decode_halts,
    decode_lock,
    encode,
    encode_halts,
    encode_lock,
    encode_moved,
    fingerprint,
)
from campaignctl.state.journal import entry_line, first_line, read_journal
from campaignctl.state.model import IntentOperation, IntentPhase
from campaignctl.state.years import decode_year, encode_year
from tests.state.documents import GOLDEN, documents

FOLDERS = sorted(path.parent for path in GOLDEN.glob("*/*/state.json"))
#: Made before version 0.1.0 was released, by plans of fewer fields.
EARLY = GOLDEN / "0.1.0" / "early"
MOVED_TO = "refs/campaignctl/production of origin"

folders = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: "-".join(path.parts[-2:]))


def now(data: bytes, folder: Path) -> bytes:
    """A document of a version as this one writes it: only the writer differs."""
    writer = f'"tool_version": "{folder.parent.name}"'
    return data.replace(writer.encode(), f'"tool_version": "{__version__}"'.encode(), 1)


@folders
@pytest.mark.parametrize("name", ["state.json", "state-empty.json"])
def test_a_state_is_written_unchanged(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    assert encode(decode(data)).encode() == now(data, folder)


def test_the_states_have_every_phase_of_every_operation() -> None:
    def found(folder: Path) -> set[tuple[str, str]]:
        pending = decode((folder / "state.json").read_bytes()).pending.values()
        return {(intent.operation, intent.phase) for intent in pending}

    known = {1: 9, 2: len(get_args(IntentOperation)) * len(get_args(IntentPhase))}
    for folder in FOLDERS:
        assert len(found(folder)) == known[int(folder.name.removeprefix("format-"))]


@folders
def test_a_journal_is_written_unchanged(folder: Path) -> None:
    document, data = ((folder / name).read_bytes() for name in ("state.json", "state.json.journal"))
    state, journal = decode(document), read_journal(data)
    assert journal is not None
    assert journal.base == fingerprint(document)
    first, *lines = data.splitlines(keepends=True)
    header = json.loads(first_line(state, journal.base))["header"]
    assert header == json.loads(first)["header"] | {"tool_version": __version__}
    assert [
        entry_line(entry, at, state.format_version) for at, entry in enumerate(journal.entries, 1)
    ] == lines


@folders
def test_a_lock_is_written_unchanged(folder: Path) -> None:
    data = (folder / "state.json.lock").read_bytes()
    info = decode_lock(data)
    assert info is not None
    assert encode_lock(info).encode() == data


@folders
def test_a_stop_mark_is_written_unchanged(folder: Path) -> None:
    data = (folder / "state.json.halts").read_bytes()
    assert encode_halts(decode_halts(data)).encode() == now(data, folder)


@folders
def test_the_note_of_a_moved_state_is_written_unchanged(folder: Path) -> None:
    data = (folder / "moved.json").read_bytes()
    with pytest.raises(StateMoved, match=MOVED_TO) as moved:
        decode(data)
    state = decode((folder / "state.json").read_bytes())
    assert (moved.value.lineage, moved.value.serial) == (state.lineage, state.serial)
    assert encode_moved(state, MOVED_TO).encode() == now(data, folder)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*/state-archive-*.json")), ids=str)
def test_a_year_of_the_archive_is_written_unchanged(path: Path) -> None:
    year = decode_year(path.read_bytes(), str(path))
    state = replace(decode((path.parent / "state.json").read_bytes()), tool_version=__version__)
    assert encode_year(2026, year, state) == now(path.read_bytes(), path.parent)


def test_this_version_has_its_folder_with_every_kind_of_document() -> None:
    """After a change of what is written: `python -m tests.state.documents`."""
    folder = GOLDEN / __version__
    assert {name: (folder / name).read_bytes() for name in documents()} == documents()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/plan.json")), ids=lambda path: path.parts[-2])
def test_a_saved_plan_of_each_version_is_read(path: Path) -> None:
    plan = plan_codec.decode(path.read_text())
    assert plan.tool_version == path.parent.name
    assert plan_codec.decode(plan_codec.dumps(plan)) == plan


@pytest.mark.parametrize("name", ["plan.json", "plan-empty.json"])
def test_a_saved_plan_is_written_as_it_was_with_new_fields(name: str) -> None:
    old = json.loads((EARLY / name).read_bytes())
    new = json.loads(plan_codec.dumps(plan_codec.decode((EARLY / name).read_text())))
    assert _without_new(new) == {**old, "digest": new["digest"]}


def test_a_saved_plan_with_hints_as_text_is_read() -> None:
    old = json.loads((EARLY / "plan-without-hints.json").read_bytes())
    new = _without_new(plan_codec.encode(plan_codec.decode(json.dumps(old))))
    assert {name: new[name] for name in old if name != "digest"} == (
        {name: old[name] for name in old if name != "digest"}
    )


def _without_new(document: dict[str, Any]) -> dict[str, Any]:
    """A plan without the fields that came after version 0.1.0, all of which are empty or false."""
    assert not any(change.pop("changes_sends") or change.pop("halts") for change in document["changes"])
    assert not any(blocked.pop("before") for blocked in document["blocked"])
    later = ["settings", "settings_changed", "state", "against", "withdrawn", "project_id", "targets", "lint"]
    later.append("neighbours")
    assert not any(document.pop(name) for name in later)
    new = {
        "changes": ("unmanaged", "valid_until", "waits_for", "ran", "formerly", "zone", "proofs"),
        "blocked": ("diff", "unmanaged"),
        "drift": ("unmanaged",),
    }
    for name, fields in new.items():
        for each in document[name]:
            assert not [empty for field in fields if (empty := each.pop(field))]
            if name == "drift":
                assert (each.pop("reason"), each.pop("once")) == ("", False)
            each.get("lifecycle", {}).pop("accept_stored", None)
    return document


def test_the_saved_plan_has_every_kind_of_change() -> None:
    document = json.loads((EARLY / "plan.json").read_bytes())
    assert {change["action"] for change in document["changes"]} == set(document["summary"]) - {"none"}
    assert {change["sends"]["when"] for change in document["changes"]} == (
        {"immediately", "scheduled", "recurring", "manual", "never"}
    )
