"""The project's directory as git and the CI runner see it."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from campaignctl.backends.git.command import GitTrouble, enclosing, has_metadata, without_programs
from campaignctl.errors import CampaignctlError

if TYPE_CHECKING:
    from campaignctl.plan.context import Standing

_SECONDS = 2.0
_SHA1 = 40
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Where GitHub Actions checks the repository out.
_WORKSPACE = "GITHUB_WORKSPACE"
# Who started a job of GitHub Actions or of GitLab CI.
_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")


def commit(directory: Path) -> str | None:
    """Return the commit that is checked out, or None without a commit or git."""
    return _git(directory, "rev-parse", "--verify", "--quiet", "HEAD")


def stands_to(directory: Path, other: str) -> Standing:
    """How the checkout stands to a commit: it has it, is behind it, or cannot tell: history does not show it,
    or git cannot read the checkout.

    A commit on another branch may be an amended or rebased one that is gone by now, if no remote has it; it
    counts as had. So does any commit in a directory without git.
    """
    if not _COMMIT.fullmatch(other):
        return "has"
    if is_unreadable(directory):
        return "unreadable"
    if (head := commit(directory)) is None:
        return "has"
    if _git(directory, "rev-parse", "--verify", "--quiet", f"{other}^{{commit}}") is None:
        return "unclear"
    base = _git(directory, "merge-base", other, "HEAD")
    if base in (other, head):
        return "has" if base == other else "behind"
    published = _git(directory, "for-each-ref", "--count=1", "--contains", other, "refs/remotes")
    shallow = _git(directory, "rev-parse", "--is-shallow-repository") != "false"
    return "unclear" if shallow or published is not None else "has"


def is_unreadable(directory: Path) -> bool:
    """Whether there is a repository that git cannot read: it is damaged, belongs to another user, or there is
    no git. One without a commit can be read."""
    if not has_metadata(directory, os.environ):
        return False
    if commit(directory) is None:
        return _git(directory, "symbolic-ref", "--quiet", "HEAD") is None
    return _git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None


def who(environ: Mapping[str, str]) -> str:
    """Return who runs this: the person who started the CI job, or the user."""
    for name in _ACTORS:
        if actor := environ.get(name):
            return actor
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def has_changes(directory: Path) -> bool:
    """Whether anything under the directory differs from the commit.

    Files are compared without git's filters, which are programs that the checkout chooses. For the same
    reason git does not look into submodules.
    """
    try:
        git = without_programs(enclosing(directory, os.environ), seconds=_SECONDS)
        place = f":(literal){directory.resolve().relative_to(git.directory)}"
        words = ("status", "--porcelain", "--ignore-submodules=dirty", "--", place)
        return bool(git.run(*words, seconds=_SECONDS))
    except GitTrouble:
        return False


def committed(directory: Path, paths: Collection[str]) -> frozenset[str]:
    """Those of the files, by path from the directory, whose bytes are in the commit that is checked out; none
    without git. What a filter of git's has changed counts as not committed."""
    try:
        git = enclosing(directory, os.environ)
        listed = git.run("ls-tree", "-r", "-z", "--full-tree", "HEAD", seconds=_SECONDS)
    except GitTrouble:
        return frozenset()
    place = directory.resolve().relative_to(git.directory)
    entries = (entry.split("\t", 1) for entry in os.fsdecode(listed).split("\0")[:-1])
    blobs = {name: about.split()[2] for about, name in entries}
    known = {path: blobs.get((place / path).as_posix(), "") for path in paths}
    return frozenset(path for path, blob in known.items() if blob and _is_blob(directory / path, blob))


def _is_blob(path: Path, blob: str) -> bool:
    """Whether git names the bytes of a file so."""
    data = path.read_bytes()
    made = hashlib.sha1(usedforsecurity=False) if len(blob) == _SHA1 else hashlib.sha256()
    made.update(b"blob %d\0%b" % (len(data), data))
    return made.hexdigest() == blob


def refuse_links(links: Iterable[Path], environ: Mapping[str, str]) -> None:
    """Raise CampaignctlError if a link to a project is in a commit, and leads out of its repository."""
    for link in links:
        with suppress(GitTrouble):
            git = enclosing(link.parent, environ)
            if link.resolve().is_relative_to(git.directory):
                continue
            name = (link.parent.resolve() / link.name).relative_to(git.directory)
            if git.run("ls-files", "-z", "--", f":(literal){name}", seconds=_SECONDS):
                raise CampaignctlError(
                    f"the project folder is a link that leads out of its repository: {link}",
                    detail="A commit made it, and could have any project of this machine read.",
                    hint="move the project into the repository, or name its folder: campaignctl -C DIR ...",
                )


def root_of(directory: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the root of the repository around a project: GITHUB_WORKSPACE, or git's top level.

    None if the project is in neither.
    """
    project = directory.resolve()
    workspace = environ.get(_WORKSPACE)
    if workspace and project.is_relative_to(root := Path(workspace).resolve()):
        return root
    top = _git(project, "rev-parse", "--show-toplevel")
    return Path(top).resolve() if top else None


def branch_of(root: Path) -> str:
    """Return the main branch: the remote's default, `main`, `master`, or the current one."""
    remote = _git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    if remote:
        return remote.partition("/")[2]
    there = (_git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads") or "").split()
    usual = [name for name in ("main", "master") if name in there]
    return usual[0] if usual else _git(root, "symbolic-ref", "--short", "HEAD") or "main"


def has_remote(root: Path, name: str) -> bool:
    """Whether the repository has a remote of this name."""
    return _git(root, "remote", "get-url", name) is not None


def from_root(file: str, root: Path | None) -> str:
    """Return the path of a file relative to `root`, with `/`; outside of it, the path as it is."""
    # `Path.resolve` raises for a link that leads to itself.
    real = Path(os.path.realpath(file))
    if root is not None and real.is_relative_to(root):
        return real.relative_to(root).as_posix()
    return Path(file).as_posix()


def _git(directory: Path, *words: str) -> str | None:
    """Return git's output, or None if it fails; git takes no lock and writes nothing."""
    try:
        out = enclosing(directory, os.environ).run(*words, seconds=_SECONDS)
    except GitTrouble:
        return None
    return out.decode("utf-8", "surrogateescape").strip() or None
