"""The one way to run git: in a repository that no checkout chose, without programs that a repository names;
and what its failures mean.

git gets no terminal, speaks English, has limited time, and has ended when a call returns.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from campaignctl.backends.cas.place import Kind, PlaceError
from campaignctl.errors import Interrupted
from campaignctl.yamlio.interpolate import TOKEN_VARIABLE, holds_token

LONGEST = 30.0
"""Seconds that one command may take."""

# These override every file and variable. A bare repository can be committed as ordinary files, its
# configuration too: it counts only where it is named (git 2.38; for an older one see `enclosing`).
_ALWAYS = (
    "safe.bareRepository=explicit",
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "diff.external=",
)
# Variables that lead git elsewhere, as hooks and wrappers set them (`git rev-parse --local-env-vars`), and
# our tokens.
_LEFT_OUT = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
        "LANGUAGE",
        TOKEN_VARIABLE,
    }
)
#: Pipelines have a token for each environment; a key of the state has several variables.
_SECRETS = ("OCAMBA_READ_TOKEN", "CAMPAIGNCTL_STATE_KEY")
_CONFIG = "GIT_CONFIG_"
_COUNT = f"{_CONFIG}COUNT"
_CEILINGS = "GIT_CEILING_DIRECTORIES"


@dataclass(frozen=True, slots=True)
class Answer:
    """The output of a command, and its exit status."""

    status: int
    out: bytes
    told: str


@dataclass(frozen=True, slots=True)
class Git:
    """git in a directory, with this environment."""

    directory: Path
    environ: Mapping[str, str]

    def ask(self, *words: str, given: bytes = b"", seconds: float = LONGEST) -> Answer:
        """Run a command to its end, whatever its exit status.

        Raises:
            GitTrouble: there is no git, or it takes longer than `seconds` and was ended.
            Interrupted: the run was interrupted, and the command ended.
        """
        settings = (word for setting in _ALWAYS for word in ("-c", setting))
        command = ["git", "--no-optional-locks", "--no-pager", *settings, *words]
        try:
            process = subprocess.Popen(  # noqa: S603 - git from PATH, as its user has it
                command,
                cwd=self.directory,
                env=dict(self.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal for questions, and Ctrl-C is ours to handle
            )
        except OSError as error:
            raise _no_git(error) from error
        _CHILDREN[process] = words[0]
        try:
            out, told = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise GitTrouble(
                "away", f"git {words[0]} did not end within {seconds:.0f} s", hint="check the network"
            ) from error
        finally:
            _end(process)
            ended = not _CHILDREN.pop(process, "")
        if ended:
            raise Interrupted("interrupted; git was ended")
        return Answer(process.returncode, out, told.decode("utf-8", "replace"))

    def run(self, *words: str, given: bytes = b"", seconds: float = LONGEST) -> bytes:
        """The output of a command.

        Raises:
            GitTrouble: it failed.
        """
        answer = self.ask(*words, given=given, seconds=seconds)
        if answer.status != 0:
            raise trouble(words[0], answer.told)
        return answer.out


def enclosing(directory: Path, environ: Mapping[str, str]) -> Git:
    """Git at the top of the repository that encloses a directory: the nearest one that has a `.git`.

    git refuses to check out anything named `.git`, so no commit can choose the repository. Started next to
    the `.git`, git finds it first, whatever lies around, and still checks who owns it.

    Raises:
        GitTrouble: the directory does not lie in a repository.
    """
    for top in _upwards(directory, environ):
        if (top / ".git").is_file() or os.path.lexists(top / ".git" / "HEAD"):
            return Git(top, surroundings(environ))
    place = directory.resolve()
    raise trouble("rev-parse", f"not a git repository (or any of the parent directories): {place}")


def has_metadata(directory: Path, environ: Mapping[str, str]) -> bool:
    """Whether a `.git` lies around a directory, even one that git cannot read; an empty one is none."""
    return any(_is_metadata(top / ".git") for top in _upwards(directory, environ))


def _is_metadata(place: Path) -> bool:
    if not place.is_dir():
        return place.is_file()
    try:
        return any(place.iterdir())
    except OSError:
        return True


def _upwards(directory: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """A directory and those above it in which git looks for a `.git`."""
    place = directory.resolve()
    ceilings = {os.path.realpath(path) for path in environ.get(_CEILINGS, "").split(os.pathsep) if path}
    yield place
    yield from takewhile(lambda above: str(above) not in ceilings, place.parents)


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for git in the user's own repository, and for another program.

    A relative entry of PATH would be looked up in the checkout. A variable of any name that holds the token
    is left out.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _LEFT_OUT and not name.startswith(_SECRETS) and not holds_token(value, environ)
    }
    path = os.pathsep.join(filter(os.path.isabs, kept.get("PATH", "").split(os.pathsep)))
    return kept | {"PATH": path or os.defpath, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def without_configuration(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without the configuration that it carries; the files of user and system count."""
    files = {f"{_CONFIG}GLOBAL", f"{_CONFIG}SYSTEM", f"{_CONFIG}NOSYSTEM"}
    return {name: value for name, value in environ.items() if name in files or not name.startswith(_CONFIG)}


def with_configuration(environ: Mapping[str, str], pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """An environment that carries this configuration in addition to the files of user and system."""
    return without_configuration(environ) | _carried(pairs)


def _carried(pairs: Sequence[tuple[str, str]], after: int = 0) -> dict[str, str]:
    """The variables that carry this configuration, after so many other pairs."""
    carried = {_COUNT: str(after + len(pairs))}
    for number, (key, value) in enumerate(pairs, after):
        carried |= {f"{_CONFIG}KEY_{number}": key, f"{_CONFIG}VALUE_{number}": value}
    return carried


# Programs that git runs on files. A checkout cannot configure them, but its attributes choose among them.
_ON_FILES = r"^(filter\..*\.(clean|smudge|process|required)|merge\..*\.driver)$"


def without_programs(git: Git, *, seconds: float = LONGEST) -> Git:
    """The same git, which runs neither filters nor merge drivers; where a file needs a driver, it conflicts.

    Raises GitTrouble.
    """
    found = git.ask("config", "-z", "--name-only", "--get-regexp", _ON_FILES, seconds=seconds).out
    keys = dict.fromkeys(filter(None, found.decode("utf-8", "surrogateescape").split("\0")))
    pairs = [(key, "exit 1" if key.endswith(".driver") else "") for key in keys]
    return replace(git, environ={**git.environ, **_carried(pairs, int(git.environ.get(_COUNT) or 0))})


_CHILDREN: dict[subprocess.Popen[bytes], str] = {}
"""The commands that run, each with its first word."""

_WRITES = ("push", "update-ref", "fast-import")


def end_children(*, reads_only: bool) -> None:
    """End the commands that run, from any thread; their calls raise Interrupted."""
    for process, word in tuple(_CHILDREN.items()):
        if not (reads_only and word in _WRITES) and _CHILDREN.pop(process, ""):
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs, with all that it started."""
    if process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _no_git(error: OSError) -> GitTrouble:
    return GitTrouble(
        "setup", "git could not be started", detail=str(error), hint="install git, 2.31 or newer"
    )


_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LONGEST_TEXT = 600


class GitTrouble(PlaceError):
    """git did not do what was asked."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A message of git and its meaning."""

    pattern: str
    kind: Kind
    summary: str
    hint: str


_LOGIN_HINT = "`git ls-remote REMOTE` must work here without a prompt; a CI job needs a token for it"
_WRITE_HINT = (
    "it needs write access to the repository (in GitHub Actions: `permissions: contents: write`; in GitLab"
    " CI: Settings > CI/CD > Job token permissions > Allow Git push requests, or CAMPAIGNS_PUSH_TOKEN)"
)

_KNOWN = (
    _Known(
        r"detected dubious ownership",
        "setup",
        "git does not trust the repository of this project: another user owns it",
        "git config --global --add safe.directory DIRECTORY, with the directory that git names",
    ),
    _Known(
        r"not a git repository",
        "setup",
        "the project is not in a git repository, but its state is kept on a remote of one",
        "clone the repository of the project, or write `state: {backend: local}` in campaignctl.yaml",
    ),
    _Known(
        r"could not read (username|password)|authentication failed|terminal prompts disabled"
        r"|http basic: access denied|returned error: 401|permission denied \(|invalid credentials",
        "refused",
        "the remote rejects this login",
        _LOGIN_HINT,
    ),
    _Known(
        r"returned error: 403|permission to .* denied|write access .* not granted|not allowed to push"
        r"|you are not allowed|read.only",
        "refused",
        "this login lacks a permission at the remote",
        _WRITE_HINT,
    ),
    _Known(
        r"host key verification failed",
        "refused",
        "the ssh host key of the remote is not known here",
        "add it to known_hosts, then try again",
    ),
    _Known(
        r"repository .*not found|does not appear to be a git repository|returned error: 404",
        "away",
        "there is no repository at the remote's address, or not for this login",
        "check the address with `git remote -v`, and the login",
    ),
    _Known(
        r"could not resolve host|connection refused|connection timed out|network is unreachable|no route",
        "away",
        "the remote cannot be reached",
        "check the network, then run the command again",
    ),
)


# What a repository says that was moved or put back while it took a push.
_HALF_THERE = "missing necessary objects"


def trouble(words: str, message: str) -> GitTrouble:
    """The error for a failed `git WORDS`."""
    said = shown(message)
    for known in _KNOWN:
        if re.search(known.pattern, message, re.IGNORECASE):
            return GitTrouble(known.kind, known.summary, detail=said, hint=known.hint)
    return GitTrouble("away", f"git {words} failed", detail=said, hint="run the command again")


def rejected(ref: str, reason: str, message: str) -> GitTrouble:
    """The error for a push that the remote refused, though the ref had not moved."""
    if _HALF_THERE in reason:
        return GitTrouble(
            "away", "the remote lost what it had", detail=shown(reason), hint="run the command again"
        )
    known = trouble("push", f"{reason}\n{message}")
    hint = known.hint if known.kind == "refused" else "allow pushes to refs/campaignctl/* at the remote"
    return GitTrouble("refused", f"the remote refuses pushes to {ref}", detail=shown(reason), hint=hint)


def shown(message: str) -> str:
    """What git said, in one short line without the credentials of an address."""
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
    return _CREDENTIALS.sub("***", line)[:_LONGEST_TEXT]
