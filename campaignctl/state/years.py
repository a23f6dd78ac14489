"""The documents of an archive: what left a state, one for each year."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campaignctl import __version__
from campaignctl.errors import StateDamaged
from campaignctl.state.archive import Archive, Document, Raw, index_of
from campaignctl.state.codec import format_version
from campaignctl.state.kept import members
from campaignctl.state.ledger import SINCE_2, HistoryEntry, Released, Sent, Year
from campaignctl.state.model import State
from campaignctl.state.strict import damaged, parse, read, to_json
from campaignctl.state.versions import is_later, read_of

#: The format of these documents.
ARCHIVE_FORMAT = 1
_HINT = "nothing was changed; put a copy of that file back, then run the command again"


@dataclass(frozen=True, slots=True)
class _Index:
    """An index in base64, and a digest of it and of what follows it in the document."""

    digest: str
    parts: str


@dataclass(frozen=True, slots=True)
class _Document:
    format_version: int
    tool_version: str
    lineage: str
    year: int
    sent: tuple[Sent, ...]
    released: tuple[Released, ...]
    history: tuple[HistoryEntry, ...]
    index: _Index | None = field(default=None, metadata=SINCE_2)


def encode_year(number: int, year: Year, state: State) -> bytes:
    """The document of a year of a state, ending with a newline; it names this version as the one that wrote
    it. Raises StateNotSaved."""
    entries = f"{to_json(year, indent=1)[1:]}\n".encode()
    index = index_of(year)
    head = {
        "format_version": ARCHIVE_FORMAT,
        "tool_version": __version__,
        "lineage": state.lineage,
        "year": number,
        "index": _Index(_digest(index, entries[entries.index(b"[") :]), b64encode(index).decode()),
    }
    return b"%b,%b" % (to_json(head, indent=1)[:-2].encode(), entries)


def _digest(index: bytes, entries: bytes | memoryview) -> str:
    """The digest of an index and of what follows it, from the value of `sent` on."""
    made = hashlib.sha256(index)
    made.update(entries)
    return f"sha256:{made.hexdigest()}"


def decode_year(data: bytes, where: str) -> Year:
    """The content of a document; `where` is its place, for messages.

    Raises:
        StateDamaged: not such a document.
        StateTooNew: a newer campaignctl wrote it.
    """
    raw = read(dict[str, Any], parse(data, where), where)
    format_version(raw, where, ARCHIVE_FORMAT)
    found = read_of(raw.get("tool_version"), _Document, raw, where)
    return Year(found.sent, found.released, found.history)


def _index(data: bytes) -> bytes | None:
    """The index of a document that is as it was written; None for any other one."""
    try:
        text = data.decode()
        *head, (last, start, _) = members(text, "sent")
        found = {name: json.loads(text[begin:end]) for name, begin, end in head}
        index = b64decode(found["index"]["parts"], validate=True)
        rest = memoryview(data)[len(text[:start].encode()) :]
        as_written = found["index"]["digest"] == _digest(index, rest)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    known = last == "sent" and found.get("format_version") == ARCHIVE_FORMAT
    return index if as_written and known and not is_later(found.get("tool_version")) else None


def _seen(number: int, data: bytes, where: str) -> Document:
    """A document whose entries are decoded when they are found. Its methods raise as `decode_year`."""

    def entries() -> Mapping[Any, tuple[Raw, ...]]:
        try:
            raw = json.loads(data)
        except ValueError as error:
            raise damaged(where, f"not a JSON document in UTF-8 ({error})", hint=_HINT) from error
        format_version(read(dict[str, Any], raw, where), where, ARCHIVE_FORMAT)
        if is_later(raw.get("tool_version")):
            decode_year(data, where)  # it may have more than this version searches
        parts = {name: raw.get(name) for name in ("sent", "released")}
        for part in parts.values():
            if not (isinstance(part, list) and all(isinstance(one, dict) for one in part)):
                raise damaged(where, "sent and released are not lists of objects", hint=_HINT)
        return {name: tuple(part) for name, part in parts.items()}

    return Document(number, where, entries, lambda: decode_year(data, where), _index(data))


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
