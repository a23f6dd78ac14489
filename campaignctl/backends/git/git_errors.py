"""What went wrong when git was asked, in words for the person who must act."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["away", "refused", "setup"]

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LONGEST = 600


class GitTrouble(Exception):
    """git did not do what was asked.

    `away`: the remote did not answer, or not understandably, and may do so later. `refused`: it answered,
    and will answer so again. `setup`: this machine or repository is not as it must be.
    """

    def __init__(self, kind: Kind, summary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(summary)
        self.kind = kind
        self.summary = summary
        self.detail = detail
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Known:
    """What a message of git means."""

    pattern: str
    kind: Kind
    summary: str
    hint: str


_LOGIN_HINT = "`git ls-remote REMOTE` must work here without asking anything; a CI job needs a token for it"
_WRITE_HINT = "it needs write access to the repository (in GitHub Actions: `permissions: contents: write`)"

_KNOWN = (
    _Known(
        r"detected dubious ownership",
        "setup",
        "git does not trust the repository of this project, because somebody else owns it",
        "git config --global --add safe.directory DIRECTORY, with the directory that git names",
    ),
    _Known(
        r"not a git repository",
        "setup",
        "the project does not lie in a git repository, and its state is to live on a remote of one",
        "clone the repository of the project, or write `state: {backend: local}` in campaignctl.yaml",
    ),
    _Known(
        r"could not read (username|password)|authentication failed|terminal prompts disabled"
        r"|http basic: access denied|returned error: 401|permission denied \(|invalid credentials",
        "refused",
        "the remote does not know this login",
        _LOGIN_HINT,
    ),
    _Known(
        r"returned error: 403|permission to .* denied|write access .* not granted|not allowed to push"
        r"|you are not allowed|read.only",
        "refused",
        "this login may not do that at the remote",
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
        "look at it with `git remote -v`, and check the login",
    ),
    _Known(
        r"could not resolve host|connection refused|connection timed out|network is unreachable|no route",
        "away",
        "the remote cannot be reached",
        "check the network, then run the command again",
    ),
)


def trouble(words: str, message: str) -> GitTrouble:
    """What git said when it was asked to do `words`."""
    said = shown(message)
    for known in _KNOWN:
        if re.search(known.pattern, message, re.IGNORECASE):
            return GitTrouble(known.kind, known.summary, detail=said, hint=known.hint)
    return GitTrouble("away", f"git {words} failed", detail=said, hint="run the command again")


def rejected(ref: str, reason: str, message: str) -> GitTrouble:
    """A push that the remote understood and did not take, for another reason than that the ref moved."""
    known = trouble("push", f"{reason}\n{message}")
    hint = known.hint if known.kind == "refused" else "let the remote take pushes to refs/campaignctl/*"
    return GitTrouble("refused", f"the remote does not take a push to {ref}", detail=shown(reason), hint=hint)


def shown(message: str) -> str:
    """What git said, in one short line and without the credentials that an address may hold."""
    line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
    return _CREDENTIALS.sub("***", line)[:_LONGEST]
