"""Real html mails, as mail tools make them (`python -m tools.mails`)."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

ARCHIVE = Path(__file__).with_name("mails.zip")


@cache
def mails() -> dict[str, str]:
    """The text of each mail by FOLDER/NAME; `mails.md` says where they come from."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = [name for name in archive.namelist() if name.endswith(".html")]
        return {name: archive.read(name).decode() for name in names}
