"""Whole texts to compare with: one file for each test module, in the folder `golden/` next to it.

`pytest --update-golden` writes the texts as they are now. Read the difference before you commit it.
"""

from __future__ import annotations

import fcntl
import os
import re
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"^@@@ (.+)\n", re.MULTILINE)


def file_of(module: Path) -> Path:
    """The file with the texts of a test module."""
    return module.parent / "golden" / f"{module.stem.removeprefix('test_')}.txt"


def texts(file: Path) -> dict[str, str]:
    """The texts of a file by name. In the file each is followed by a line end that is not part of it."""
    parts = _MARK.split(file.read_text(encoding="utf-8")) if file.exists() else [""]
    return {name: text[:-1] for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@dataclass(frozen=True)
class Golden:
    """Compares texts with those in the file of one test module."""

    module: Path
    update: bool = False

    def __call__(self, name: str, text: str, **values: object) -> None:
        """Compare a text. Each value that differs from run to run is replaced by its name first."""
        for word, value in values.items():
            text = text.replace(str(value), f"<{word}>")
        if self.update:
            self._write(name, text)
            return
        assert text == texts(file_of(self.module)).get(name), f"{name}: see --update-golden"

    def _write(self, name: str, text: str) -> None:
        file = file_of(self.module)
        file.parent.mkdir(exist_ok=True)
        # Other processes of the same run write other texts of this file.
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            known = texts(file) | {name: text}
            file.write_text("".join(f"@@@ {key}\n{known[key]}\n" for key in sorted(known)), encoding="utf-8")
        finally:
            os.close(folder)
