"""Wheels of what is installed here, so that pip can install it elsewhere without a network.

The hook's environment is built by pre-commit itself, with pip, from requirements. All of them are installed
where the tests run; packed again, they are the package index that pip is given.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

_OF_THE_INSTALLER = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


def pack(requirements: Iterable[str], folder: Path) -> None:
    """Write a wheel of each requirement, and of all that these need, to the folder."""
    for package in _closure(requirements):
        _pack(package, folder)


def _closure(requirements: Iterable[str]) -> Iterator[Distribution]:
    seen: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in seen or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        package = distribution(name)
        waiting += map(Requirement, package.requires or ())
        yield package


def _pack(package: Distribution, folder: Path) -> None:
    name = canonicalize_name(package.name).replace("-", "_")
    wheel = folder / f"{name}-{package.version}-{_tag(package)}.whl"
    files = [file for file in package.files or () if _belongs(file.parts)]
    (record,) = (file for file in package.files or () if file.match("*.dist-info/RECORD"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in files:
            archive.write(Path(str(package.locate_file(file))), str(file))
        archive.writestr(str(record), "".join(f"{file},,\n" for file in [*files, record]))


def _belongs(parts: tuple[str, ...]) -> bool:
    """Whether a file was in the wheel that was installed, and is no script or cache made while installing."""
    return parts[0] != ".." and "__pycache__" not in parts and parts[-1] not in _OF_THE_INSTALLER


def _tag(package: Distribution) -> str:
    metadata = package.read_text("WHEEL") or ""
    tags = [line.removeprefix("Tag: ") for line in metadata.splitlines() if line.startswith("Tag: ")]
    supported = {str(tag) for tag in sys_tags()}
    found = next((tag for tag in tags if tag in supported), None)
    assert found, f"{package.name} fits no {sys.version}"
    return found
