"""What a failure of git means, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaignctl.backends.cas.place import Kind, PlaceError

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LONGEST = 600


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
_WRITE_HINT = "it needs write access to the repository (in GitHub Actions: `permissions: contents: write`)"

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


def trouble(words: str, message: str) -> GitTrouble:
    """The error for a failed `git WORDS`."""
    said = shown(message)
    for known in _KNOWN:
        if re.search(known.pattern, message, re.IGNORECASE):
            return GitTrouble(known.kind, known.summary, detail=said, hint=known.hint)
    return GitTrouble("away", f"git {words} failed", detail=said, hint="run the command again")


def rejected(ref: str, reason: str, message: str) -> GitTrouble:
    """The error for a push that the remote refused, though the ref had not moved."""
    known = trouble("push", f"{reason}\n{message}")
    hint = known.hint if known.kind == "refused" else "allow pushes to refs/campaignctl/* at the remote"
    return GitTrouble("refused", f"the remote refuses pushes to {ref}", detail=shown(reason), hint=hint)


def shown(message: str) -> str:
    """What git said, in one short line without the credentials of an address."""
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
    return _CREDENTIALS.sub("***", line)[:_LONGEST]
