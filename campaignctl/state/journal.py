"""The journal of a state: one JSON line for each step since the state was last written whole.

Each line ends with a checksum of what stands before it and carries its number, from 0 for the first one,
which names the state that the steps continue: its lineage, its serial and the fingerprint of its
document. The serial alone would not do, because steps that only observe do not raise it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import reduce
from typing import Any

from campaignctl.state.codec import (
    MIGRATIONS,
    Migration,
    Migrations,
    decode_entry,
    format_version,
    steps,
    to_json,
)
from campaignctl.state.model import FORMAT_VERSION, Entry, State
from campaignctl.state.strict import Node, damaged, parse

_HEADER = ("format_version", "tool_version", "lineage", "serial", "state")


@dataclass(frozen=True, slots=True)
class Journal:
    """Steps, oldest first, and the state that they continue; `base` is the fingerprint of its document."""

    lineage: str
    serial: int
    base: str
    entries: tuple[Entry, ...] = ()

    @property
    def end(self) -> int:
        """The serial after the last step."""
        return self.serial + sum(entry.decision for entry in self.entries)


def first_line(state: State, base: str) -> bytes:
    """The line that begins a journal of steps after `state`, whose document has the fingerprint `base`."""
    header = {
        "format_version": FORMAT_VERSION,
        "tool_version": state.tool_version,
        "lineage": state.lineage,
        "serial": state.serial,
        "state": base,
    }
    return _line(0, "header", header)


def entry_line(entry: Entry, number: int) -> bytes:
    """The line of one step; the first has the number 1.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    return _line(number, "entry", entry)


def read_journal(
    data: bytes, *, where: str = "the journal", migrations: Migrations = MIGRATIONS
) -> Journal | None:
    """The journal in `data`, or None when not even its first line was finished.

    A last line without its newline was never reported as written, and is left out. Anything else that
    is not exactly what was written is damage: a step that is passed over could be a second send.

    Raises:
        StateDamaged: a line is damaged, missing or out of its order.
        StateTooNew: a newer campaignctl wrote it.
    """
    lines = data.split(b"\n")[:-1]
    if not lines:
        return None
    header = Node(_content(lines[0], 0, "header", where), where, "header")
    version = format_version(header.object(), where)
    path = steps(version, where, migrations)
    read = header.members(_HEADER)
    return Journal(
        lineage=read["lineage"].text(),
        serial=read["serial"].count(),
        base=read["state"].text(),
        entries=tuple(
            _entry(_content(line, number, "entry", where), path, f"{where}, line {number + 1}")
            for number, line in enumerate(lines[1:], start=1)
        ),
    )


def continues(journal: Journal, state: State) -> bool:
    """Whether the journal names this state as the one it continues."""
    return (journal.lineage, journal.serial) == (state.lineage, state.serial)


def outrun(journal: Journal, state: State) -> bool:
    """Whether the state is a later one of the same lineage that has come at least as far as the journal."""
    return journal.lineage == state.lineage and journal.serial < state.serial and journal.end <= state.serial


def fold(state: State, journal: Journal) -> State:
    """The state after every step of its journal.

    Raises:
        StateDamaged: the journal continues another state.
    """
    if not continues(journal, state):
        raise damaged(
            "the journal",
            f"it continues serial {journal.serial} of lineage {journal.lineage},"
            f" and the state is serial {state.serial} of lineage {state.lineage}",
        )
    return reduce(State.after, journal.entries, state)


def _line(number: int, kind: str, value: Any) -> bytes:
    head = to_json({"seq": number, kind: value})[:-1].encode()
    return head + _tail(head) + b"\n"


def _tail(head: bytes) -> bytes:
    return f',"check":"{hashlib.sha256(head).hexdigest()[:16]}"}}'.encode()


_TAIL_LENGTH = len(_tail(b""))


def _content(line: bytes, number: int, kind: str, where: str) -> Any:
    head, tail = line[:-_TAIL_LENGTH], line[-_TAIL_LENGTH:]
    if tail != _tail(head):
        raise damaged(where, f"line {number + 1} does not match its checksum")
    read = Node(parse(line, where), where, f"line {number + 1}").members(("seq", kind, "check"))
    if read["seq"].integer() != number:
        raise damaged(where, f"line {number + 1} carries the number {read['seq'].value}")
    return read[kind].value


def _entry(content: Any, path: tuple[Migration, ...], where: str) -> Entry:
    document = Node(content, where, "entry").object()
    for step in path:
        document = step.entry(document)
    return decode_entry(Node(document, where, "entry"))
