"""The documents of a state: the state itself, its lock, its stop mark, and the note that it was moved.

Fields are in the order of the interface, campaigns sorted by key; specs keep the order in which they were
applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

from campaignctl import __version__
from campaignctl.errors import Command, Sentence, StateDamaged, StateMoved
from campaignctl.state import halts as stop_mark
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import FORMAT_VERSION, LockInfo, State, in_format
from campaignctl.state.strict import damaged, parse, read, to_json
from campaignctl.state.versions import read_of, too_new

_FIX_HALTS = Sentence(
    "fix it, or remove it and repeat the halts that are still needed; if none is: ",
    Command("halt", "--lift", "--reason", "TEXT"),
)
# The field that distinguishes the note that a state was moved from a state.
_MOVED = "moved_to"


@dataclass(frozen=True, slots=True)
class _MovedNote:
    """The note in the old place of a state that was moved."""

    format_version: int
    tool_version: str
    lineage: str
    serial: int
    moved_to: str


@dataclass(frozen=True, slots=True)
class _StopMark:
    """`tool_version` is the version that wrote it, empty if it does not say."""

    format_version: int
    halts: tuple[Halt, ...]
    tool_version: str = field(default="", metadata=stop_mark.SINCE_2)


# ------------------------------------------------------------------------------------------- encoding


def encode(state: State) -> str:
    """The state document, ending with a newline; it names this version as the one that wrote it.

    Raises:
        StateNotSaved: a value that JSON cannot hold.
    """
    version = state.format_version
    in_order = replace(
        state,
        tool_version=__version__,
        campaigns=dict(sorted(state.campaigns.items())),
        pending={
            key: kept for key, one in sorted(state.pending.items()) if (kept := in_format(one, version))
        },
        missed=dict(sorted(state.missed.items())),
    )
    head = {"format_version": state.format_version, "tool_version": __version__}
    return to_json(in_order, indent=1, version=state.format_version, head=head) + "\n"


def encode_moved(state: State, place: str) -> str:
    """The note that a state was moved to `place` (for messages), ending with a newline.

    It prevents applies in the old place; a version that does not know the note refuses it as damaged.
    """
    note = _MovedNote(state.format_version, __version__, state.lineage, state.serial, place)
    return to_json(note, indent=1) + "\n"


def encode_lock(info: LockInfo) -> str:
    """The content of a lock, ending with a newline."""
    return to_json(info, indent=1) + "\n"


def encode_halts(halts: Halts) -> str:
    """The document of the stop mark, ending with a newline. Raises StateNotSaved."""
    version = halts.format_version
    mark = _StopMark(version, halts.halts, __version__)
    names = ("format_version", "tool_version")[:version]  # format 1 does not have the second
    head = {name: getattr(mark, name) for name in names}
    return to_json(mark, indent=1, version=version, head=head) + "\n"


def fingerprint(data: bytes) -> str:
    """`sha256:<hex>` of the bytes of a stored state document."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------------------------------- decoding


def decode(text: str | bytes, *, where: str = "the state") -> State:
    """The state in a document, in its own format. `where` is its place, for messages.

    Raises:
        StateDamaged: not a state document; names the wrong field and what to do.
        StateTooNew: written by a newer campaignctl.
        StateMoved: it was moved to another place.
    """
    document = read(dict[str, Any], parse(text, where), where)
    format_version(document, where)
    if _MOVED in document:
        note = read_of(document.get("tool_version"), _MovedNote, document, where)
        raise StateMoved(
            f"the state was migrated from {where} to {note.moved_to}",
            hint=Sentence(
                "set `state` in campaignctl.yaml to the new place; ",
                Command("state", "migrate"),
                " printed the lines",
            ),
            lineage=note.lineage,
            serial=note.serial,
        )
    return read_of(document.get("tool_version"), State, document, where)


def format_version(document: Mapping[str, Any], where: str, newest: int = FORMAT_VERSION) -> int:
    """The format of a document or journal, which this version can read.

    Raises:
        StateDamaged: it has no format_version.
        StateTooNew: it is newer; names the campaignctl that wrote it.
    """
    version = document.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise damaged(where, "format_version is not a whole number")
    if version < 1:
        raise damaged(where, f"format_version {version} was never written by campaignctl")
    if version > newest:
        why = f"its format_version is {version}, and this version reads up to {newest}"
        raise too_new(where, document.get("tool_version"), why)
    return version


def decode_lock(text: str | bytes) -> LockInfo | None:
    """The content of a lock, or None if it cannot be read. Without a `run` it is not of a CI run.

    What a later version says more of its holder is ignored: a lock is never written back, only replaced.
    """
    try:
        found = {"run": ""} | read(dict[str, Any], parse(text, "the lock"), "the lock")
        known = {each.name: found[each.name] for each in fields(LockInfo) if each.name in found}
        return read(LockInfo, known, "the lock")
    except StateDamaged:
        return None


@lru_cache(4)  # read before every request that can send, and seldom another
def decode_halts(text: str | bytes, *, where: str = "the stop mark") -> Halts:
    """The halts in a document.

    Raises:
        StateDamaged: not a stop mark. Then nothing may be sent, because campaigns may be halted.
        StateTooNew: written by a newer campaignctl.
    """
    try:
        document = read(dict[str, Any], parse(text, where), where)
        version = format_version(document, where, stop_mark.FORMAT_VERSION)
        mark = read_of(document.get("tool_version"), _StopMark, document, where)
        return Halts(mark.halts, format_version=version)
    except StateDamaged as error:
        raise unreadable(error) from error


def unreadable(error: StateDamaged) -> StateDamaged:
    """The error for a stop mark that cannot be read. Then nothing may be sent."""
    return StateDamaged(error.summary, detail=error.detail, hint=_FIX_HALTS)
