"""The manifests of another commit, which tell what was blocked before from what a change blocks."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import isabs, normpath
from typing import TYPE_CHECKING

from campaignctl.backends.git.command import Git, GitTrouble, enclosing
from campaignctl.cli.settings import CACHE_VARIABLE, App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import CampaignctlError, Sentence, Shell

if TYPE_CHECKING:
    from campaignctl.plan.context import Against

# A larger file is an error wherever a project uses it.
_LARGEST = 1 << 20
_LINK = "120000"
_FILES = ("100644", "100755", _LINK)


def against(app: App, ref: str) -> Against:
    """Read and compile the manifests of a commit.

    The files come out of git's objects as they are: nothing is checked out, no filter runs, nothing is
    fetched. Raises CampaignctlError if git does not know the commit.
    """
    from campaignctl.manifest.load import load
    from campaignctl.plan.context import Against

    directory = project_directory(app.settings)
    try:
        git = enclosing(directory, os.environ)
        commit = _commit(git, ref)
        files = list(_files(git, commit, directory))
    except GitTrouble as error:
        raise CampaignctlError(f"--against {ref}: {error}", hint=error.hint) from error
    # Where the files are now is nowhere the next time: nothing of it is worth keeping.
    inputs = replace(app.settings, environ={**app.settings.environ, CACHE_VARIABLE: "off"}).inputs
    with tempfile.TemporaryDirectory(prefix="campaignctl-") as folder:
        for path, mode, content in files:
            _put(Path(folder), PurePosixPath(path), mode, content)
        try:
            return Against(commit, load(Path(folder), **inputs, now=app.console.now()))
        except CampaignctlError:
            return Against(commit, None)


def _commit(git: Git, ref: str) -> str:
    known = None if ref.startswith("-") else git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if known is None or known.status != 0:
        raise CampaignctlError(
            f"--against {ref}: git does not know this commit",
            hint=Sentence("fetch it; in a shallow clone with --unshallow: ", Shell("git fetch origin")),
        )
    return known.out.decode("ascii").strip()


def _files(git: Git, commit: str, directory: Path) -> Iterator[tuple[str, str, bytes]]:
    """The path, mode and content of each file of the project in a commit; none if it was not there."""
    place = directory.resolve().relative_to(git.directory).as_posix()
    tree = git.ask("ls-tree", "-r", "-z", "-l", f"{commit}:{'' if place == '.' else place}")
    entries = (entry.partition(b"\t") for entry in tree.out.split(b"\0") if entry)
    listed = [(*head.decode("ascii").split(), os.fsdecode(path)) for head, _, path in entries]
    wanted = [
        (path, mode, name) for mode, _, name, size, path in listed if mode in _FILES and int(size) <= _LARGEST
    ]
    out = git.run("cat-file", "--batch", given="".join(f"{name}\n" for _, _, name in wanted).encode())
    at = 0
    for path, mode, _ in wanted:
        begin = out.index(b"\n", at) + 1
        at = begin + int(out[at:begin].split()[2])
        yield path, mode, out[begin:at]
        at += 1


def _put(folder: Path, path: PurePosixPath, mode: str, content: bytes) -> None:
    """Write a file of the commit. A link that leads outside is left out: a project may not use it."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode != _LINK:
        target.write_bytes(content)
        return
    to = os.fsdecode(content)
    inside = normpath(path.parent / to)
    if not isabs(inside) and inside.partition("/")[0] != "..":
        with suppress(OSError):
            target.symlink_to(to)
