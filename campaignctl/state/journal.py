"""The journal of a state: one JSON line for each step since the whole state was last written.

Each line has a number and ends with a checksum of the rest of the line. Line 0 names the state that the steps
continue: its lineage, its serial and the fingerprint of its document. The serial alone is not enough, because
steps that only observe do not raise it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Protocol

from campaignctl import __version__
from campaignctl.state.codec import decode, fingerprint, format_version
from campaignctl.state.model import FORMAT_VERSION, Entry, State, in_format
from campaignctl.state.strict import damaged, parse, read, to_json
from campaignctl.state.versions import read_of


class Decode(Protocol):
    """Makes a state of its document, as `codec.decode` does."""

    def __call__(self, text: bytes, *, where: str) -> State:
        """The state. Raises StateError."""
        ...


@dataclass(frozen=True, slots=True)
class _Header:
    """The first line; `state` is the fingerprint of the state's document, which another version may have
    written."""

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

    `base` is the fingerprint of the document alone, None if there is none. `steps` is the number of steps
    from the journal, `journal` whether there is one, even if it is empty or was folded in before.
    """

    state: State | None
    base: str | None = None
    steps: int = 0
    journal: bool = False


def first_line(state: State, base: str) -> bytes:
    """The line that begins a journal of steps after `state`, whose document has the fingerprint `base`."""
    header = _Header(state.format_version, __version__, state.lineage, state.serial, base)
    return _line(0, "header", header)


def entry_line(entry: Entry, number: int, version: int = FORMAT_VERSION) -> bytes:
    """The line of one step, in the format of its state; the first one is number 1.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    held = {key: one and in_format(one, version) for key, one in entry.intents.items()}
    intents = {key: one for key, one in held.items() if one or entry.intents[key] is None}
    return _line(number, "entry", replace(entry, intents=intents), version)


def read_journal(data: bytes, *, where: str = "the journal") -> Journal | None:
    """The journal in `data`, or None if its first line is incomplete.

    A last line without a newline was never reported as written, and is ignored. Any other deviation is
    damage: a step that is ignored could cause a second send.

    Raises:
        StateDamaged: a line is damaged, missing or out of order.
        StateTooNew: written by a newer campaignctl.
    """
    lines = data.split(b"\n")[:-1]
    if not lines:
        return None
    content = read(dict[str, Any], _content(lines[0], 0, "header", where), where, "header")
    format_version(content, where)
    writer = content.get("tool_version")
    header = read_of(writer, _Header, content, where, "header")
    return Journal(
        lineage=header.lineage,
        serial=header.serial,
        base=header.state,
        entries=tuple(
            read_of(
                writer,
                Entry,
                _content(line, number, "entry", where),
                f"{where}, line {number + 1}",
                "entry",
            )
            for number, line in enumerate(lines[1:], start=1)
        ),
    )


def continues(journal: Journal, state: State) -> bool:
    """Whether the journal continues this state."""
    return (journal.lineage, journal.serial) == (state.lineage, state.serial)


def outrun(journal: Journal, state: State) -> bool:
    """Whether the state is a later one of the same lineage, at least as far as the journal's end."""
    return journal.lineage == state.lineage and journal.serial < state.serial and journal.end <= state.serial


def fold(state: State, journal: Journal) -> State:
    """The state after all steps of its journal.

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
    decoded: Decode = decode,
) -> Loaded:
    """The state of a document and a journal that were read together; `where` and `journal_where` are their
    places. `decoded` makes the state of the document.

    `previous` returns the fingerprint of the previous document: a journal that continues that one was folded
    in before.

    Raises:
        StateDamaged: the document or the journal is damaged.
        StateTooNew: written by a newer campaignctl.
        StateMoved: the state was moved to another place.
    """
    state = decoded(document, where=where) if document is not None else None
    base = fingerprint(document) if document is not None else None
    found = read_journal(journal, where=journal_where) if journal is not None else None
    if found is None:
        return Loaded(state, base, journal=journal is not None)
    if state is None:
        raise damaged(journal_where, f"the state that it continues is missing; it belongs in {where}")
    if found.base == base and continues(found, state):
        return Loaded(fold(state, found), base, len(found.entries), journal=True)
    if outrun(found, state) or found.base == previous():
        return Loaded(state, base, journal=True)
    raise damaged(journal_where, f"it continues another state than the one in {where}")


def _line(number: int, kind: str, value: Any, version: int = FORMAT_VERSION) -> bytes:
    head = to_json({"seq": number, kind: value}, version=version)[:-1].encode()
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
