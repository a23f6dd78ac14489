"""The canonical form of a project's files: found out, proven to say the same, and written in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from campaignctl.errors import CampaignctlError, Finding, ManifestError, Source
from campaignctl.manifest import settings
from campaignctl.manifest.desired import Project
from campaignctl.manifest.discover import Discovery
from campaignctl.manifest.files import content, shown
from campaignctl.manifest.findings import in_order
from campaignctl.manifest.format import formatted
from campaignctl.manifest.nodes import Mapping, Node, Scalar, Sequence, SourceFile
from campaignctl.manifest.order import order_of
from campaignctl.manifest.project import PROJECT_FILE, read_project_file
from campaignctl.manifest.reader import read
from campaignctl.manifest.writer import Unreadable


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that is not in its canonical form: its name to show, what it says and how it should say it."""

    path: Path
    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Rewrites:
    """What a project needs to be in its canonical form; files with findings are among none of the others."""

    rewrites: tuple[Rewrite, ...]
    findings: tuple[Finding, ...]
    files: int


def rewrites(directory: Path, tool_version: str) -> Rewrites:
    """Look at the project file, the defaults and the manifests of a project. Nothing is written.

    Raises ManifestError when the project file cannot be used: it says which files are manifests.
    """
    prefix = shown(directory)
    project = _project(directory, prefix, tool_version)
    discovery = Discovery(project, directory, prefix)
    manifests = discovery.manifests()
    found: list[Rewrite] = []
    findings = list(discovery.findings)
    paths = [PROJECT_FILE, *sorted(discovery.defaults), *manifests]
    for path in paths:
        outcome = _rewrite(directory, path, _named(prefix, path))
        if isinstance(outcome, Rewrite):
            found.append(outcome)
        else:
            findings += outcome
    return Rewrites(tuple(found), in_order(findings), len(paths))


def write(rewrite: Rewrite) -> None:
    """Give a file its canonical form, in one step and with its mode. Raises CampaignctlError."""
    path = Path(os.path.realpath(rewrite.path))
    try:
        if path.read_bytes() != rewrite.before:
            raise CampaignctlError(f"{rewrite.name} was changed meanwhile", hint="run it again")
        _replace(path, rewrite.after)
    except OSError as wrong:
        raise CampaignctlError(
            f"Cannot write {rewrite.name}", detail=f"{wrong.strerror or wrong}."
        ) from wrong


def canonical(name: str, path: str, data: bytes) -> bytes | tuple[Finding, ...]:
    """The canonical form of a file, or what is in its way.

    `name` is what findings call the file, `path` its path in the project. The form is read again, and only
    good when it says what the file said. It keeps the line ends of the file, and no byte order mark.
    """
    file, findings = read(name, path, data)
    if findings:
        return findings
    try:
        text = formatted(file.text, order_of(path))
    except Unreadable as wrong:
        plain = SourceFile(name, path, file.text.replace("\r\n", "\n").replace("\r", "\n"))
        source = plain.at_offset(wrong.offset)
        hint = "write it in another way, as in the documentation"
        return (Finding("error", "format", f"fmt cannot read this: {wrong.problem}", source, hint),)
    again, findings = read(name, path, text.encode())
    if findings or not _same(file, again):
        message = "the canonical form of this file would not say the same"
        hint = "the file is left alone; a report with it helps to mend fmt"
        return (Finding("error", "format", message, file.source(), hint),)
    return (text.replace("\n", "\r\n") if _windows(file.text) else text).encode()


def _windows(text: str) -> bool:
    """Whether the lines of a text end as they do on Windows: the first one tells."""
    return text.partition("\n")[0].endswith("\r")


def _project(directory: Path, prefix: str, tool_version: str) -> Project:
    """The project without an environment: which files belong to it is the same in all of them."""
    data = content(directory / PROJECT_FILE)
    name = _named(prefix, PROJECT_FILE)
    if isinstance(data, str):
        raise ManifestError((Finding("error", "project", data, Source(name, 1, 1)),))
    file, findings = read(name, PROJECT_FILE, data)
    value = None
    if not findings:
        value, findings = read_project_file(file, tool_version)
    if value is None:
        raise ManifestError(findings)
    return settings.project(settings.layered(value, None), str(directory.resolve()), None)


def _named(prefix: str, path: str) -> str:
    """A path as people see it. A name that is not UTF-8 must not break the output that shows it."""
    return (prefix + path).encode("utf-8", "backslashreplace").decode()


def _rewrite(directory: Path, path: str, name: str) -> Rewrite | tuple[Finding, ...]:
    """The rewrite of a file; else what is in its way, which is nothing where there is nothing to do."""
    place = directory / path
    data = content(place)
    if isinstance(data, str):
        return (Finding("error", "file", data, Source(name, 1, 1)),)
    after = canonical(name, path, data)
    if not isinstance(after, bytes):
        return after
    if after == data:
        return ()
    if not place.resolve().is_relative_to(directory.resolve()):
        message = "a link to a file outside of the project: it is not in its canonical form, and left alone"
        return (Finding("error", "file", message, Source(name, 1, 1)),)
    return Rewrite(place, name, data, after)


def _same(one: SourceFile, other: SourceFile) -> bool:
    return all(_equal(*pair) for pair in zip_longest(one.documents, other.documents))


def _equal(one: Node | None, other: Node | None) -> bool:
    """Whether two trees say the same, in whatever order their members stand."""
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return (one.text, one.plain) == (other.text, other.plain)
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        pairs = zip_longest(one.items, other.items)
        return all(_equal(*pair) for pair in pairs)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = zip_longest(_by_name(one), _by_name(other))
        return all(a and b and _equal(a[0], b[0]) and _equal(a[1], b[1]) for a, b in both)
    return False


def _by_name(node: Mapping) -> list[tuple[Scalar, Node]]:
    return sorted(node.pairs, key=lambda pair: pair[0].text)


def _replace(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
            os.fsync(descriptor)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
