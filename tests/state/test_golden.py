"""Documents of version 0.1.0: each is still read, and written unchanged, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", ["state.json", "state-empty.json"])
def test_a_state_is_written_unchanged(name: str) -> None:
    assert encode(decode(golden(name))).encode() == golden(name)


def test_the_state_has_every_phase_of_every_operation() -> None:
    pending = decode(golden("state.json")).pending.values()
    assert len({(intent.operation, intent.phase) for intent in pending}) == 9


def test_a_journal_is_written_unchanged() -> None:
    state = decode(golden("state.json"))
    journal = read_journal(golden("state.json.journal"))
    assert journal is not None
    assert journal.base == fingerprint(golden("state.json"))
    lines = [
        entry_line(entry, number, state.format_version)
        for number, entry in enumerate(journal.entries, start=1)
    ]
    assert b"".join([first_line(state, journal.base), *lines]) == golden("state.json.journal")


def test_a_lock_is_written_unchanged() -> None:
    info = decode_lock(golden("state.json.lock"))
    assert info is not None
    assert encode_lock(info).encode() == golden("state.json.lock")


def test_a_stop_mark_is_written_unchanged() -> None:
    assert encode_halts(decode_halts(golden("state.json.halts"))).encode() == golden("state.json.halts")


def test_the_note_of_a_moved_state_is_written_unchanged() -> None:
    with pytest.raises(StateMoved, match="refs/campaignctl/production of origin") as moved:
        decode(golden("moved.json"))
    state = decode(golden("state.json"))
    assert (moved.value.lineage, moved.value.serial) == (state.lineage, state.serial)
    assert encode_moved(state, "refs/campaignctl/production of origin").encode() == golden("moved.json")


@pytest.mark.parametrize("name", ["plan.json", "plan-empty.json"])
def test_a_saved_plan_is_written_as_it_was_with_new_fields(name: str) -> None:
    old = json.loads(golden(name))
    new = json.loads(plan_codec.dumps(plan_codec.decode(golden(name).decode())))
    assert _without_new(new) == {**old, "digest": new["digest"]}


def test_a_saved_plan_with_hints_as_text_is_read() -> None:
    old = json.loads(golden("plan-without-hints.json"))
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
    document = json.loads(golden("plan.json"))
    assert {change["action"] for change in document["changes"]} == set(document["summary"]) - {"none"}
    assert {change["sends"]["when"] for change in document["changes"]} == (
        {"immediately", "scheduled", "recurring", "manual", "never"}
    )
