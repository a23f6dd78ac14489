"""What a power cut leaves of a directory: a model of a disk that keeps only synced data.

Content survives if its file was synced, names if their directory was. Unsynced data may be lost or not, so
that a cut comes in the two worst ways: `names` loses every rename since the last sync of the directory;
`content` keeps the names and loses every unsynced byte.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Literal

Loss = Literal["names", "content"]


class Medium:
    """The disk below the files of one directory, which need not exist yet."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._content: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._keep: dict[int, int] = {}
        if directory.is_dir():
            for path in directory.iterdir():
                self._hold(path)
                self._content[path.stat().st_ino] = path.read_bytes()
            self._names = self._present()

    def synced(self, descriptor: int) -> None:
        """Record that the open file or directory was synced."""
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):
            self._content[found.st_ino] = self._bytes_of(found.st_ino)
        elif self._directory.is_dir() and os.path.samestat(found, self._directory.stat()):
            for path in self._directory.iterdir():
                self._hold(path)
            self._names = self._present()

    def lose(self, loss: Loss) -> None:
        """Make the directory look as it does after the machine has restarted."""
        if not self._directory.is_dir():
            return
        names = self._names if loss == "names" else self._present()
        kept = {name: self._content.get(inode, b"") for name, inode in names.items()}
        for path in self._directory.iterdir():
            path.unlink()
        for name, content in kept.items():
            path = self._directory / name
            path.write_bytes(content)
            path.chmod(0o600)

    def _present(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self._directory.iterdir()}

    def _bytes_of(self, inode: int) -> bytes:
        """All bytes of a file, by inode: it may be open for writing only."""
        for path in self._directory.iterdir():
            if path.stat().st_ino == inode:
                return path.read_bytes()
        return b""

    def _hold(self, path: Path) -> None:
        """Keep a file open, so that its inode is not reused."""
        with suppress(OSError):
            inode = path.stat().st_ino
            if inode not in self._keep:
                self._keep[inode] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
