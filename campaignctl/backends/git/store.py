"""A store of git objects of our own, which speaks to the remote as the user's repository does.

Nothing of the user's repository is touched: no ref, index, working tree or object, no hook of it runs, and
a fetch of depth 1 makes no shallow clone of it. The store lies in a temporary directory; everything that
lasts is at the remote.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from campaignctl.backends.git.command import (
    Git,
    GitTrouble,
    enclosing,
    trouble,
    with_configuration,
    without_configuration,
)

# The part of the configuration that says how to reach a remote, without additions to a fetch or push of the
# user's: fetch, mirror, promisor, push, tagOpt.
_HOW = re.compile(
    r"(?:url|credential|http|ssh|protocol|transfer)\."
    r"|core\.(?:sshcommand|gitproxy|askpass)$"
    r"|remote\..*\.(?:url|pushurl|proxy|proxyauthmethod|receivepack|uploadpack|vcs|serveroption)$"
    r"|user\.(?:name|email)$"
)
# Signatures are the user's, for the user's own commits; nothing here outlives the process.
_OURS = (
    ("core.fsync", "none"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("push.gpgSign", "false"),
    ("push.followTags", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "no"),
    ("fetch.writeCommitGraph", "false"),
    ("advice.pushUpdateRejected", "false"),
)
_OLDEST = (2, 31)


@dataclass(frozen=True, slots=True)
class Store:
    """An open store: `git` works in it, `configuration` is what the user's repository says of `remote`."""

    git: Git
    path: Path
    remote: str
    configuration: tuple[tuple[str, str], ...]

    def value(self, key: str) -> str | None:
        """The last value that the user's configuration has for a key, in lower case."""
        return next((value for name, value in reversed(self.configuration) if name == key), None)


def open_store(project: Path, remote: str, owner: object) -> Store:
    """A store for the repository that a project lies in; it is removed when `owner` is gone.

    Raises:
        GitTrouble: there is no git, no repository, or no remote of this name.
    """
    outside = enclosing(project, os.environ)
    environ = outside.environ
    top, form = _repository(outside)
    path = Path(tempfile.mkdtemp(prefix="campaignctl-git-"))
    weakref.finalize(owner, shutil.rmtree, path, ignore_errors=True)
    bare = {**without_configuration(environ), "GIT_DIR": str(path)}
    inside = Git(top, bare)
    inside.run("init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(path))
    all_of_it = list(_configuration(outside))
    added = Counter(all_of_it) - Counter(_configuration(inside))
    carried = [pair for pair in added.elements() if _HOW.match(pair[0])]
    _check_remote(remote, dict(all_of_it))
    git = Git(top, with_configuration(bare, [*carried, *_OURS]))
    return Store(git, path, remote, tuple(all_of_it))


def _repository(outside: Git) -> tuple[Path, str]:
    """The top of the repository, and the form of its object names. An old git does not know the option."""
    answer = outside.ask("rev-parse", "--show-toplevel", "--show-object-format")
    if answer.status != 0:
        _check_version(outside)
        raise trouble("rev-parse", answer.told)
    top, form = answer.out.decode("utf-8", "surrogateescape").splitlines()
    return Path(top), form


def _check_version(outside: Git) -> None:
    told = outside.run("version").decode("utf-8", "replace")
    found = re.search(r"(\d+)\.(\d+)", told)
    if found and (int(found[1]), int(found[2])) < _OLDEST:
        raise GitTrouble("setup", f"this git is too old: {told.strip()}", hint="install git 2.31 or newer")


def _configuration(git: Git) -> Iterator[tuple[str, str]]:
    """Every key with its value; one without a value means true."""
    for item in git.run("config", "--list", "-z").decode("utf-8", "surrogateescape").split("\0"):
        key, line, value = item.partition("\n")
        if key:
            yield key, value if line else "true"


def _check_remote(remote: str, configuration: Mapping[str, str]) -> None:
    if f"remote.{remote}.url" in configuration:
        return
    names = (re.fullmatch(r"remote\.(.+)\.url", key) for key in configuration)
    there = ", ".join(found[1] for found in names if found)
    raise GitTrouble(
        "setup",
        f"the repository of this project has no remote {remote}",
        detail=f"it has: {there}" if there else "it has none",
        hint=f"`git remote add {remote} URL`, or name another one as `state.remote` in campaignctl.yaml",
    )
