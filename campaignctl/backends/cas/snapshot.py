"""The content of one version of a place.

    state.json         the state, whole
    journal/00000 ...  the steps since, in pieces of the same length, so that a step rewrites one piece only
    lock.json          the one writer, if there is one
    about.json         whose state it is, and which document it had before

A version is written and read whole, so that no reader sees a state without its steps, or the steps twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campaignctl.backends.cas.place import Seen, Texts
from campaignctl.backends.lock_info import UNKNOWN
from campaignctl.errors import Command, Sentence, StateDamaged, StateError, StateTooNew
from campaignctl.state.codec import decode, decode_lock, encode, encode_lock, fingerprint
from campaignctl.state.journal import Decode, Loaded, replay
from campaignctl.state.model import LockInfo, State
from campaignctl.state.strict import parse, to_json
from campaignctl.state.versions import is_later, too_new

_STATE = "state.json"
_JOURNAL = "journal/"
_LOCK = "lock.json"
_ABOUT = "about.json"
_KNOWN = frozenset({_STATE, _JOURNAL.rstrip("/"), _LOCK, _ABOUT})
# A step rewrites one piece, and a head in a bucket names each: half as long costs less up to 5,000 creates.
_PIECE = 1 << 14


def found(files: Mapping[str, bytes], name: str) -> bytes | None:
    """The content of a file, or None; a folder in its place is a file that cannot be read."""
    return b"" if any(path.startswith(f"{name}/") for path in files) else files.get(name)


def archived(seen: Seen) -> dict[int, bytes]:
    """The documents of an archive by year, which are the files of its place: `2026.json`."""
    named = ((path.removesuffix(".json"), data) for path, data in seen.files.items())
    return {int(year): data for year, data in named if year.isdecimal()}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one version, as they are: `pieces` are those of the journal in their order, and `unknown`
    those of a later campaignctl, or of others."""

    document: bytes | None = None
    pieces: tuple[bytes, ...] = ()
    lock: bytes | None = None
    about: bytes | None = None
    unknown: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Snapshot:
        """The content of a version."""
        pieces = tuple(files[path] for path in sorted(files) if path.startswith(_JOURNAL))
        unknown = {path: files[path] for path in files if path.split("/")[0] not in _KNOWN}
        return cls(found(files, _STATE), pieces, found(files, _LOCK), found(files, _ABOUT), unknown)

    @property
    def files(self) -> dict[str, bytes]:
        """The files by path."""
        named = {_STATE: self.document, _LOCK: self.lock, _ABOUT: self.about}
        there = {path: content for path, content in named.items() if content is not None}
        return {**self.unknown, **there} | {
            f"{_JOURNAL}{number:05}": piece for number, piece in enumerate(self.pieces)
        }

    @property
    def journal(self) -> bytes | None:
        """The journal, if there is one."""
        return b"".join(self.pieces) if self.pieces else None

    @property
    def holder(self) -> LockInfo | None:
        """The holder that the lock names, if there is a lock."""
        return None if self.lock is None else decode_lock(self.lock) or UNKNOWN

    def locked(self, info: LockInfo | None) -> Snapshot:
        """The same with another lock, or without one."""
        return replace(self, lock=encode_lock(info).encode() if info else None)

    def continued(self, lines: bytes) -> Snapshot:
        """The same with more lines in the journal."""
        last = (self.pieces[-1] if self.pieces else b"") + lines
        cut = tuple(last[at : at + _PIECE] for at in range(0, len(last), _PIECE))
        return replace(self, pieces=self.pieces[:-1] + cut)

    def rewritten(self, document: bytes, project: str) -> Snapshot:
        """The same with another document and no journal."""
        previous = fingerprint(self.document) if self.document not in (None, document) else self._previous()
        about = to_json({"project": project, "previous": previous}, indent=1) + "\n"
        return replace(self, document=document, pieces=(), about=about.encode())

    def opened(self, texts: Texts, project: str) -> tuple[Snapshot, Loaded | StateError]:
        """The same with its journal folded in, and the state; an unusable one stays as it is.

        Raises StateTooNew: a newer campaignctl wrote it, and not even its lock may be taken.
        """
        try:
            loaded = self.folded(texts, project)
        except StateTooNew:
            raise
        except StateError as problem:
            return self, problem
        if loaded.state is None:
            return self, loaded
        ours = replace(self, unknown={})
        if loaded.steps:
            return ours.rewritten(encode(loaded.state).encode(), project), loaded
        return replace(ours, pieces=()), loaded

    def folded(self, texts: Texts, project: str, decoded: Decode = decode) -> Loaded:
        """The state of this version; `texts` are those of its place, `decoded` makes it of its document.

        Raises:
            StateError: it cannot be read, or is another project's.
            StateTooNew: a newer campaignctl wrote it, or something next to it.
        """
        owner = self._told("project") if self.document is not None else None
        if owner is not None and owner != project:
            raise StateError(
                f"{texts.location} holds the state of the project {owner}, and this is {project}",
                hint=Sentence(
                    f"{texts.apart}; if this one has a new name: ",
                    Command("state", "pull"),
                    " under the old one, ",
                    Command("state", "push", "FILE"),
                    " under the new",
                ),
            )
        try:
            loaded = replay(
                self.document,
                self.journal,
                previous=self._previous,
                where=f"{_STATE} in {texts.location}",
                journal_where=f"the journal in {texts.location}",
                decoded=decoded,
            )
            self._check_known(texts.location, loaded.state)
            return loaded
        except StateDamaged as error:
            error.hint = Sentence(texts.repair)
            raise

    def _check_known(self, location: str, state: State | None) -> None:
        """Raise StateTooNew for a file, or a field about the state, that a later version brought: what it
        protects is unknown. What others left next to a state of this version is no part of it."""
        writer = state.tool_version if state else None
        if not is_later(writer):
            return
        if self.unknown:
            raise too_new(location, writer, f"it holds {min(self.unknown)}, which this version does not know")
        if more := set(self._about()) - {"project", "previous"}:
            why = f"{min(more)} is not a field that this version knows"
            raise too_new(f"{_ABOUT} in {location}", writer, why)

    def _previous(self) -> str | None:
        return self._told("previous")

    def _told(self, name: str) -> str | None:
        """A field of `about.json`, if it is there and can be read."""
        value = self._about().get(name)
        return value if isinstance(value, str) else None

    def _about(self) -> dict[str, Any]:
        """The fields of `about.json`; none if it is not there or cannot be read."""
        try:
            about = parse(self.about or b"{}", _ABOUT)
        except StateDamaged:
            return {}
        return about if isinstance(about, dict) else {}
