"""A ref of ours at a remote: looked at, and changed in one step or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import TypeVar

from campaignctl.backends.git.command import LONGEST
from campaignctl.backends.git.git_errors import GitTrouble
from campaignctl.backends.git.remote import Remote
from campaignctl.errors import Command, Sentence
from campaignctl.state.model import LockInfo

Files = Mapping[str, bytes]

_T = TypeVar("_T")
_BRISK = 10.0
# Who only wants to look is told soon that there is nobody.
_LOOKS = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A commit of the ref and its files by path; None and no files where there is no ref yet."""

    tip: str | None
    files: Files


class Moved(Exception):
    """Somebody else has changed what the ref leads to; `seen` is what is there now."""

    def __init__(self, seen: Seen) -> None:
        super().__init__("the ref has moved")
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Place:
    """A ref of a remote.

    `pauses` lie between the attempts at a remote that does not answer; `pause` waits for so long.
    """

    remote: Remote
    ref: str
    now: Callable[[], datetime]
    pause: Callable[[timedelta], None]
    pauses: tuple[timedelta, ...]

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        return f"{self.ref} of {self.remote.name}"

    @property
    def mend(self) -> str:
        """How a damaged state is replaced by an older version of it."""
        return Sentence(
            f"nothing was overwritten; `git fetch {quote(self.remote.name)} {quote(self.ref)}`, then"
            " `git log --oneline FETCH_HEAD -- state.json` names its versions; put a good one back with"
            " `git show COMMIT:state.json > good.json` and ",
            Command("state", "push", "good.json"),
        )

    def tip(self) -> str | None:
        """What the ref leads to. Raises GitTrouble."""
        return self._persistently(lambda: self.remote.tips(self.ref).get(self.ref))

    def look(self) -> Seen:
        """What the ref leads to, and its files. Raises GitTrouble."""
        return self._persistently(self._seen)

    def put(self, before: Seen, after: Files, message: str, by: LockInfo, *, brisk: bool = False) -> Seen:
        """Let the ref hold `after` if it still holds what was seen before.

        When an answer is lost, the ref itself tells what became of the push. A ref that holds the same
        under another commit (a history that was shortened) is gone on from. `brisk` tries once and briefly.

        Raises:
            Moved: it holds something else, and nothing was changed.
            GitTrouble: nobody can say whether it was changed, or the remote refused.
        """
        seconds = _BRISK if brisk else LONGEST
        commit = self._commit(before, after, message, by)
        for pause in (*(() if brisk else self.pauses), None):
            try:
                if self.remote.push(self.ref, commit, before.tip, seconds=seconds):
                    return Seen(commit, after)
                found = self._seen(seconds)
                if found.tip == commit or (found.tip and self.remote.contains(self.ref, commit)):
                    return Seen(commit, after)
            except GitTrouble as error:
                if error.kind != "away" or pause is None:
                    raise
                self._rest(pause)
                continue
            if found.files != before.files:
                raise Moved(found)
            if found.tip != before.tip:
                before, commit = found, self._commit(found, after, message, by)
            elif pause is not None:
                self._rest(pause)
        raise GitTrouble("away", f"{self.location} took no push", hint="run the command again")

    def dry_run(self, by: LockInfo) -> None:
        """Ask the remote whether a push to the ref would be taken, as far as it tells. Raises GitTrouble."""
        tip = self.remote.fetch(self.ref)
        commit = tip or self._commit(Seen(None, {}), {"dry-run": b""}, "dry run", by)
        self.remote.push(self.ref, commit, tip, dry=True)

    def _seen(self, seconds: float = LONGEST) -> Seen:
        tip = self.remote.fetch(self.ref, seconds=seconds)
        return Seen(tip, self.remote.files(tip) if tip else {})

    def _commit(self, before: Seen, after: Files, message: str, by: LockInfo) -> str:
        old = before.files
        changes = {
            path: after.get(path) for path in old.keys() | after.keys() if old.get(path) != after.get(path)
        }
        signature = self.remote.signature(by.holder, by.host, self.now())
        return self.remote.commit(before.tip, message, changes, signature)

    def _persistently(self, look: Callable[[], _T]) -> _T:
        for pause in self.pauses[:_LOOKS]:
            try:
                return look()
            except GitTrouble as error:
                if error.kind != "away":
                    raise
            self._rest(pause)
        return look()

    def _rest(self, pause: timedelta) -> None:
        self.pause(jittered(pause))


def jittered(pause: timedelta) -> timedelta:
    """Half of a pause to one and a half, so that those who do the same do not meet again."""
    return pause * random.SystemRandom().uniform(0.5, 1.5)


def message(by: LockInfo, subject: str, *, lock: bool = False) -> str:
    """What a commit says: what was done, by whom, and under which lock."""
    lines = [f"{_line(by.operation)}: {subject}", "", f"Holder: {_line(by.holder)} on {_line(by.host)}"]
    return "\n".join([*lines, f"Process: {by.process}", *([f"Lock: {_line(by.id)}"] if lock else []), ""])


def _line(text: str) -> str:
    return " ".join(text.split())
