"""The journal of a state: one JSON line for each step since the state was last written whole.

Each line ends with a checksum of what stands before it and carries its number, from 0 for the first one,
which names the state that the steps continue: its lineage, its serial and the fingerprint of its
document. The serial alone would not do, because steps that only observe do not raise it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from campaignctl.state.codec import (
    MIGRATIONS,
    Migration,
    Migrations,
    decode,
    fingerprint,
    format_version,
    steps,
)
from campaignctl.state.model import FORMAT_VERSION, Entry, State
from campaignctl.state.strict import damaged, parse, read, to_json


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line; `state` is the fingerprint of the document."""

    format_version: int
    tool_version: str
    lineage: str
    serial: int
    state: str


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state with its journal folded in.

    `base` is the fingerprint of the document alone, None where there is none. `steps` says how many
    steps came from the journal, `journal` whether there is one, be it empty or folded in already.
    """

    state: State | None
    base: str | None = None
    steps: int = 0
    journal: bool = False


def first_line(state: State, base: str) -> bytes:
    """The line that begins a journal of steps after `state`, whose document has the fingerprint `base`."""
    header = _Header(FORMAT_VERSION, state.tool_version, state.lineage, state.serial, base)
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
    content = read(dict[str, Any], _content(lines[0], 0, "header", where), where, "header")
    path = steps(format_version(content, where), where, migrations)
    header = read(_Header, content, where, "header")
    return Journal(
        lineage=header.lineage,
        serial=header.serial,
        base=header.state,
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


def replay(
    document: bytes | None,
    journal: bytes | None,
    *,
    previous: Callable[[], str | None],
    where: str,
    journal_where: str,
) -> Loaded:
    """The state of a document and a journal of one moment; `where` and `journal_where` are their places.

    `previous` gives the fingerprint of the document before this one: a journal that continues that one is
    folded in already.

    Raises:
        StateDamaged: it, or its journal, is not what was written.
        StateTooNew: a newer campaignctl wrote it.
        StateMoved: it was taken to another place.
    """
    state = decode(document, where=where) if document is not None else None
    base = fingerprint(document) if document is not None else None
    found = read_journal(journal, where=journal_where) if journal is not None else None
    if found is None:
        return Loaded(state, base, journal=journal is not None)
    if state is None:
        raise damaged(journal_where, f"the state that it continues is not there; it belongs in {where}")
    if found.base == base and continues(found, state):
        return Loaded(fold(state, found), base, len(found.entries), journal=True)
    if outrun(found, state) or found.base == previous():
        return Loaded(state, base, journal=True)
    raise damaged(journal_where, f"it continues another state than the one in {where}")


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
    at = f"line {number + 1}"
    found = read(dict[str, Any], parse(line, where), where, at)
    if found.keys() != {"seq", kind, "check"} or read(int, found["seq"], where, at, "seq") != number:
        raise damaged(where, f"{at} is not {kind} number {number}")
    return found[kind]


def _entry(content: Any, path: tuple[Migration, ...], where: str) -> Entry:
    document = read(dict[str, Any], content, where, "entry")
    for step in path:
        document = step.entry(document)
    return read(Entry, document, where, "entry")
