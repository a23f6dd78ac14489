"""Places whose files are encrypted. Tests see the documents in clear and put them so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaignctl.backends.at_rest import STATE, AtRest, Key, Keys, Owner
from tests.backends.git_place import REF, GitPlace
from tests.backends.local_place import LocalPlace

KEY = Key(bytes(range(32)), "CAMPAIGNCTL_STATE_KEY")
OLD_KEY = Key(bytes(range(32, 64)), "CAMPAIGNCTL_STATE_KEY_FALLBACK")
OWNER = Owner("5f0c", "production")


def encrypted(keys: Keys | None = None, load: Callable[[], Keys] | None = None, **more: Any) -> AtRest:
    """How documents are stored with these keys; `more` are arguments of AtRest."""
    return AtRest(load or (lambda: keys or Keys(KEY)), **{"encrypts": True, "owner": OWNER, **more})


@dataclass(frozen=True)
class SealedLocalPlace(LocalPlace):
    """A local state that is encrypted."""

    def at_rest(self) -> AtRest:
        return encrypted()

    def document(self) -> bytes | None:
        stored = super().document()
        return stored and encrypted().open(STATE, stored, "")

    def journal(self) -> bytes | None:
        stored = super().journal()
        return stored and encrypted().open_lines(stored, "")

    def put_document(self, data: bytes) -> None:
        super().put_document(encrypted().close(STATE, data))

    def put_journal(self, data: bytes) -> None:
        close = encrypted().lines()
        *lines, torn = data.split(b"\n")
        stored = b"".join(close(line + b"\n") for line in lines)
        super().put_journal(stored + (close(torn)[:-7] if torn else b""))

    def another(self, name: str) -> SealedLocalPlace:
        return SealedLocalPlace(self.root / name)


@dataclass(frozen=True)
class SealedGitPlace(GitPlace):
    """A state on a ref, whose files are encrypted."""

    def at_rest(self) -> AtRest:
        return encrypted()

    def file(self, path: str) -> bytes | None:
        stored = super().file(path)
        return stored and encrypted().open(path, stored, "")

    def journal(self) -> bytes | None:
        pieces: list[bytes] = []
        while piece := self.file(f"journal/{len(pieces):05}"):
            pieces.append(piece)
        return b"".join(pieces) if pieces else None

    def put(self, files: dict[str, bytes | None], ref: str = REF) -> None:
        super().put(
            {path: None if data is None else encrypted().close(path, data) for path, data in files.items()},
            ref,
        )

    def another(self, name: str) -> SealedGitPlace:
        return SealedGitPlace(self.root / name)
