"""What `archive` moved out of the manifests and the state, or would move."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchivedCampaign:
    """A final campaign that is archived; `ended` is when it was last seen to send, else last written. `file`
    is the path of its manifest, None if none declares it or the manifests stay."""

    key: str
    id: str
    status: str
    ended: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A final campaign that is not archived, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """`files` are paths with where they were moved, None for deleted ones. `sent`, `released` and `applies`
    count the entries that went to the documents of `years`."""

    campaigns: tuple[ArchivedCampaign, ...] = ()
    files: tuple[tuple[str, str | None], ...] = ()
    left: tuple[LeftAlone, ...] = ()
    sent: int = 0
    released: int = 0
    applies: int = 0
    years: tuple[int, ...] = ()
    recorded: int = 0
    written: bool = False

    @property
    def result(self) -> str:
        """`nothing`, `planned` or `done`."""
        if not (self.campaigns or self.files or self.sent or self.released or self.applies):
            return "nothing"
        return "done" if self.written else "planned"
