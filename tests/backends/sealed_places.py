"""Places whose files are encrypted. Tests see the documents in clear and put them so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaignctl.backends.at_rest import STATE, AtRest, Key, Keys, Owner
from tests.backends.git_place import GitPlace
from tests.backends.http_place import ServerPlace
from tests.backends.local_place import LocalPlace
from tests.backends.object_place import Objects
from tests.backends.postgres_place import PostgresState

KEY = Key(bytes(range(32)), "CAMPAIGNCTL_STATE_KEY")
OLD_KEY = Key(bytes(range(32, 64)), "CAMPAIGNCTL_STATE_KEY_FALLBACK")
OWNER = Owner("5f0c", "production")
_KEYS = Keys(KEY)


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


@dataclass(frozen=True)
class Sealed:
    """What all shared places have in common. A piece of a journal is stored as one line.

    `super()` is the place that it is mixed into, which a type checker cannot know here.
    """

    keys: Keys = _KEYS

    def at_rest(self) -> AtRest:
        return encrypted(self.keys)

    def document(self) -> bytes | None:
        stored: bytes | None = super().document()  # type: ignore[misc]
        return stored and self.at_rest().open(STATE, stored, "")

    def journal(self) -> bytes | None:
        stored: bytes | None = super().journal()  # type: ignore[misc]
        pieces = enumerate((stored or b"").splitlines(keepends=True))
        return stored and b"".join(self.at_rest().open(f"journal/{n:05}", piece, "") for n, piece in pieces)

    def put_document(self, data: bytes) -> None:
        super().put_document(self.at_rest().close(STATE, data))  # type: ignore[misc]

    def put_journal(self, data: bytes) -> None:
        self.store_journal(self.at_rest().close("journal/00000", data))

    def stored(self) -> tuple[bytes | None, bytes | None]:
        """Document and journal as the place has them."""
        return super().document(), super().journal()  # type: ignore[misc]

    def store_journal(self, stored: bytes) -> None:
        """Give the place these bytes for its journal."""
        super().put_journal(stored)  # type: ignore[misc]


@dataclass(frozen=True)
class SealedGitPlace(Sealed, GitPlace):
    """A state on a ref, whose files are encrypted."""


@dataclass(frozen=True)
class SealedServerPlace(Sealed, ServerPlace):
    """A state on a server, whose files are encrypted."""


@dataclass(frozen=True)
class SealedPostgresState(Sealed, PostgresState):
    """A state in rows that are encrypted."""


@dataclass(frozen=True)
class SealedObjects(Sealed, Objects):
    """A state in a bucket, whose files are encrypted."""
