"""The remote: what its refs lead to, and moving one of them if it still leads to where we saw it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaignctl.backends.git.command import LONGEST
from campaignctl.backends.git.git_errors import rejected, shown, trouble
from campaignctl.backends.git.store import Store, open_store

_RECENT = 200
_NO_SUCH_REF = "couldn't find remote ref"
# The ref is not where we saw it: seen by us (a lease), or by the remote when it took its own lock.
_MOVED = re.compile(
    r"stale info|fetch first|non-fast-forward|needs force|cannot lock ref|failed to (update|lock)"
    r"|reference already exists|incorrect old value|but expected",
    re.IGNORECASE,
)
# `refs/campaignctl/shop` and `refs/campaignctl/shop/staging` exclude each other.
_NO_ROOM = "exists; cannot create"
_UNFIT = re.compile(r"[<>\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who makes a commit, and when."""

    name: str
    email: str
    at: datetime

    @property
    def line(self) -> str:
        """As a commit has it."""
        name, email = (_UNFIT.sub(" ", text).strip() for text in (self.name, self.email))
        return f"{name} <{email}> {int(self.at.timestamp())} +0000"


class Remote:
    """A remote of the repository that a project lies in. Opened at its first use; safe for threads."""

    def __init__(self, project: Path, name: str) -> None:
        self._project = project
        self._name = name
        self._opening = threading.Lock()
        self._opened: Store | None = None

    @property
    def name(self) -> str:
        """As git knows it."""
        return self._name

    @property
    def shown_address(self) -> str:
        """Its name and where it is, without credentials. Raises GitTrouble."""
        return f"{self._name} ({shown(self._store.value(f'remote.{self._name}.url') or '')})"

    def signature(self, name: str, host: str, at: datetime) -> Signature:
        """The user as git knows them, else as this machine does. Raises GitTrouble."""
        store = self._store
        return Signature(store.value("user.name") or name, store.value("user.email") or f"{name}@{host}", at)

    def tips(self, *refs: str, seconds: float = LONGEST) -> dict[str, str]:
        """What these refs lead to, without those that are not there. Raises GitTrouble."""
        listed = self._store.git.run("ls-remote", "--quiet", self._name, *refs, seconds=seconds).decode()
        pairs = (line.split("\t", 1) for line in listed.splitlines())
        return {ref: tip for tip, ref in pairs if ref in refs}

    def fetch(self, ref: str, *, seconds: float = LONGEST) -> str | None:
        """Bring the commit here that a ref leads to; None where there is no such ref. Raises GitTrouble."""
        store = self._store
        words = ("fetch", "--quiet", "--no-tags", "--depth=1", self._name, f"+{ref}:refs/seen/{ref}")
        answer = store.git.ask(*words, seconds=seconds)
        if answer.status == 0:
            return store.git.run("rev-parse", "--verify", f"refs/seen/{ref}").decode().strip()
        if _NO_SUCH_REF in answer.told:
            return None
        raise trouble("fetch", answer.told)

    def contains(self, ref: str, commit: str) -> bool:
        """Whether a commit that is here is among the last ones of a ref. Raises GitTrouble."""
        store = self._store
        words = ("fetch", "--quiet", "--no-tags", f"--depth={_RECENT}", self._name, f"+{ref}:refs/seen/{ref}")
        store.git.run(*words)
        return store.git.ask("merge-base", "--is-ancestor", commit, f"refs/seen/{ref}").status == 0

    def files(self, commit: str) -> dict[str, bytes]:
        """The files of a commit that is here, by path. Raises GitTrouble."""
        git = self._store.git
        listed = git.run("ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape")
        entries = [entry.split("\t", 1) for entry in listed.split("\0") if entry]
        names = [head.split(" ")[2] for head, _ in entries]
        content = git.run("cat-file", "--batch", given="".join(f"{name}\n" for name in names).encode())
        files, at = {}, 0
        for _, path in entries:
            head, _, _ = content[at:].partition(b"\n")
            start = at + len(head) + 1
            length = int(head.rsplit(b" ", 1)[1])
            files[path] = content[start : start + length]
            at = start + length + 1
        return files

    def commit(
        self, parent: str | None, message: str, changes: Mapping[str, bytes | None], by: Signature
    ) -> str:
        """Make a commit here: the parent's files with these changed, or taken out. Raises GitTrouble."""
        ours = f"refs/made/{threading.get_ident()}"
        parts = [f"commit {ours}\nmark :1\ncommitter {by.line}\n".encode(), _data(message.encode())]
        parts += [f"from {parent}\n".encode()] if parent else []
        for path, content in sorted(changes.items()):
            parts += [f"D {path}\n".encode()] if content is None else _inline(path, content)
        parts += [f"get-mark :1\nreset {ours}\ndone\n".encode()]
        words = ("fast-import", "--quiet", "--force", "--done")
        return self._store.git.run(*words, given=b"".join(parts)).decode().strip()

    def push(
        self, ref: str, commit: str, expected: str | None, *, dry: bool = False, seconds: float = LONGEST
    ) -> bool:
        """Let a ref lead to a commit if it leads to `expected` (None: if there is no such ref).

        False when it leads elsewhere, perhaps to this very commit already. With `dry` nothing is changed.

        Raises:
            GitTrouble: it was refused, or nobody can say what became of it.
        """
        lease = f"--force-with-lease={ref}:{expected or ''}"
        words = ("push", "--porcelain", "--no-verify", *(["--dry-run"] if dry else []), lease, self._name)
        answer = self._store.git.ask(*words, f"{commit}:{ref}", seconds=seconds)
        if answer.status == 0:
            return True
        for line in answer.out.decode("utf-8", "replace").splitlines():
            if not line.startswith("!\t"):
                continue
            reason = line.rpartition("\t")[2]
            if _MOVED.search(reason) and _NO_ROOM not in answer.told:
                return False
            raise rejected(ref, reason, answer.told)
        raise trouble("push", answer.told)

    @property
    def _store(self) -> Store:
        with self._opening:
            if self._opened is None:
                self._opened = open_store(self._project, self._name, self)
            return self._opened


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _inline(path: str, content: bytes) -> list[bytes]:
    return [f"M 100644 inline {path}\n".encode(), _data(content)]
