"""The documents of an archive: what left a state, one for each year."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaignctl.errors import StateDamaged
from campaignctl.state.archive import Archive, Document
from campaignctl.state.codec import format_version
from campaignctl.state.ledger import HistoryEntry, Released, Sent, Year
from campaignctl.state.model import State
from campaignctl.state.strict import damaged, parse, read, to_json

#: The format of these documents.
ARCHIVE_FORMAT = 1
_HINT = "nothing was changed; put a copy of that file back, then run the command again"


@dataclass(frozen=True, slots=True)
class _Document:
    format_version: int
    tool_version: str
    lineage: str
    year: int
    sent: tuple[Sent, ...]
    released: tuple[Released, ...]
    history: tuple[HistoryEntry, ...]


def encode_year(number: int, year: Year, state: State) -> bytes:
    """The document of a year of a state, ending with a newline. Raises StateNotSaved."""
    head = (ARCHIVE_FORMAT, state.tool_version, state.lineage, number)
    document = _Document(*head, year.sent, year.released, year.history)
    return f"{to_json(document, indent=1)}\n".encode()


def decode_year(data: bytes, where: str) -> Year:
    """The content of a document; `where` is its place, for messages.

    Raises:
        StateDamaged: not such a document.
        StateTooNew: a newer campaignctl wrote it.
    """
    raw = read(dict[str, Any], parse(data, where), where)
    format_version(raw, where, ARCHIVE_FORMAT)
    found = read(_Document, raw, where)
    return Year(found.sent, found.released, found.history)


def _seen(number: int, data: bytes, where: str) -> Document:
    """A document whose entries are decoded when they are found. Raises as `decode_year`."""
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise damaged(where, f"not a JSON document in UTF-8 ({error})", hint=_HINT) from error
    format_version(read(dict[str, Any], raw, where), where, ARCHIVE_FORMAT)
    sent, released = raw.get("sent"), raw.get("released")
    for entries in (sent, released):
        if not (isinstance(entries, list) and all(isinstance(one, dict) for one in entries)):
            raise damaged(where, "sent and released are not lists of objects", hint=_HINT)
    return Document(number, where, tuple(sent), tuple(released), lambda: decode_year(data, where))


def with_archive(state: State, documents: Callable[[], Mapping[int, bytes]], where: str) -> State:
    """A state that reads its archive from these documents, by year, when it is asked for."""

    def load() -> tuple[Document, ...]:
        found = documents()
        for year in state.archives:
            if year not in found:
                raise StateDamaged(
                    f"the archive of {year} next to {where} is missing",
                    detail="without it, what was sent that year could be sent again",
                    hint=_HINT,
                )
        return tuple(
            _seen(year, found[year], f"the archive of {year} next to {where}") for year in state.archives
        )

    return replace(state, archive=Archive(load)) if state.archives else state
