"""A state on an HTTP server as a place: its lock, a look under it, and a POST that carries its id.

The protocol is that of Terraform's HTTP backend (its documents, and GitLab's). A POST has no condition, so a
put is a compare-and-swap by the server's lock: LOCK, GET, compare, `POST ?ID=`, UNLOCK. A run that holds our
lock keeps the server's as well, and its puts are one request each; the server refuses a POST with another id,
or with a serial that it has.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

from campaignctl import __version__
from campaignctl.backends.cas.liveness import ELSEWHERE
from campaignctl.backends.cas.place import LONGEST, Files, Guarded, Home, Note, Place, PlaceError, Seen, Texts
from campaignctl.backends.cas.snapshot import Snapshot
from campaignctl.backends.http.document import Content, decode, encode, unpack
from campaignctl.backends.http.server import Answer, Server
from campaignctl.backends.lock_info import describe
from campaignctl.errors import Command, Sentence
from campaignctl.project.http_address import ARCHIVE, STOP, HttpAddress
from campaignctl.review.reports import Access
from campaignctl.state.codec import decode_lock, encode_lock
from campaignctl.state.model import LockInfo

_NOTHING, _ABSENT = 204, 404
_HELD = frozenset({409, 423})
_SERIAL = frozenset({412, 422})
_NO_METHOD = frozenset({404, 405, 501})
_SURE = frozenset({502, 503, 504, 408, 429})
_NO_PROJECT = re.compile(r"project not found", re.IGNORECASE)
# How long a proof that the server's lock is ours counts. By the wall clock, which runs on while we sleep.
_TRUST = timedelta(seconds=3)
# A lock that is held for one put and lies there for longer was left by a run that died.
_LEFT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Seen):
    """A version to put, as a document, with the record of it."""

    body: bytes
    note: Note


class HttpPlace(Place):
    """One state of a server, or what lies next to one. Connects at its first use; safe for threads."""

    def __init__(
        self, server: Server, address: HttpAddress, content: Content, now: Callable[[], datetime]
    ) -> None:
        self._server = server
        self._address = address
        self._content: Content = content
        self._now = now
        self._putting = threading.Lock()
        # The lock of the server that is ours, and when that was proven last.
        self._ours = ""
        self._proven = now()
        # Another's lock, and since when we know it.
        self._met: tuple[str, datetime] | None = None

    @property
    def texts(self) -> Texts:
        """How messages speak of it."""
        location, versions = self._address.state, f"{self._address.state}/versions"
        earlier = "put an earlier version of it back on the server, or "
        if self._address.on_gitlab:
            unpacking = """jq -r '.files["state.json"].gzip' version.json | base64 -d | gunzip > good.json"""
            earlier = (
                f"on GitLab: `curl --user USER:TOKEN {quote(versions + '/SERIAL')} > version.json`"
                f", then `{unpacking}`, and "
            )
        return Texts(
            location=location,
            history=f"GitLab's versions of {location}" if self._address.on_gitlab else None,
            repair=Sentence(f"nothing was overwritten; {earlier}", Command("state", "push", "good.json")),
            apart="give each project a `state.address` of its own in campaignctl.yaml",
        )

    def tip(self) -> str | None:
        """Serial and id of the present version."""
        return self._version(LONGEST)[0]

    def look(self, seconds: float = LONGEST) -> Seen:
        """The present version, which one answer holds."""
        tip, packed = self._version(seconds)
        return Seen(tip, unpack(packed, self._address.state))

    def draft(self, before: Seen, after: Files, note: Note) -> Draft:
        """The next version as a document."""
        tip, body = encode(self._content, before.tip, after, note)
        return Draft(tip=tip, files=after, body=body, note=note)

    def put(self, before: Seen, draft: Seen, seconds: float = LONGEST) -> bool:
        """Post a version under the server's lock; False when it holds another one, perhaps this very one."""
        if not isinstance(draft, Draft):
            raise TypeError("only a draft can be put")
        with self._putting:
            try:
                return self._put(before, draft, seconds)
            except Guarded:
                if self._version(seconds)[0] != before.tip:
                    return False
                raise
            except PlaceError as error:
                self._ours = ""
                if error.kind != "away" and Snapshot.of(before.files).holder != draft.note.by:
                    with suppress(PlaceError):
                        self._unlock(draft.note.by, seconds)
                raise

    def holds(self, found: Seen, draft: Seen) -> bool:
        """Whether a version is this very one."""
        return found.tip == draft.tip

    def access(self, by: LockInfo) -> Access:
        """Whether it can be locked, by locking it, and whether a lock keeps others out."""
        try:
            with self._putting:
                try:
                    self._lock(by, frozenset(), LONGEST)
                except Guarded as held:
                    return self._while_held(held)
                try:
                    present = self._get(LONGEST).body
                    if present:
                        decode(self._content, present, self._address.state)
                    self._probe(by, present)
                finally:
                    self._unlock(by, LONGEST)
        except PlaceError as error:
            return Access(False, f"{self._address.state} cannot be written: {error}", error.hint, "server")
        return Access(
            True, f"{self._address.state} can be locked, and its lock keeps others out", way="server"
        )

    def free(self, lock_id: str) -> LockInfo | None:
        """Break the server's lock if it has exactly this id; returns the holder found, of any id."""
        ours = LockInfo(secrets.token_hex(16), "", "", 0, "state unlock", "")
        with self._putting:
            try:
                self._lock(ours, frozenset(), LONGEST)
            except Guarded as held:
                if held.holder.id == lock_id:
                    self._unlock(held.holder, LONGEST)
                return held.holder
            self._unlock(ours, LONGEST)
        return None

    # ------------------------------------------------------------------------------------------- a put

    def _put(self, before: Seen, draft: Draft, seconds: float) -> bool:
        by, first = draft.note.by, Snapshot.of(before.files).holder
        keeps = Snapshot.of(draft.files).holder == by
        compare = self._ours != by.id or not timedelta() <= self._now() - self._proven <= _TRUST
        if self._ours != by.id:
            replaced = {first.id} if first is not None and first != by else set()
            self._lock(by, frozenset(replaced), seconds)
        found = self._version(seconds)[0] if compare else before.tip
        if found == before.tip:
            if found is None and self._content == "state":
                self._probe(by)
            found = self._post(by, before, draft, seconds)
        arrived = found == draft.tip
        if not (arrived and keeps):
            self._unlock(by, seconds)
        return arrived

    def _post(self, by: LockInfo, before: Seen, draft: Draft, seconds: float) -> str | None:
        """Post a version; the name of the one that is there then. Raises PlaceError."""
        answer = self._server.ask("POST", self._address.state, seconds, draft.body, ID=by.id)
        if answer.done:
            self._proven = self._now()
            return draft.tip
        if answer.status in _HELD | _SERIAL and (found := self._version(seconds)[0]) != before.tip:
            return found
        if answer.status in _HELD:  # the server has forgotten our lock: the next try takes it again
            raise PlaceError(
                "away", f"{answer.request} was answered with {answer.status}", detail=answer.told
            )
        raise self._server.trouble(answer)

    def _version(self, seconds: float) -> tuple[str | None, Mapping[str, object]]:
        """The name of the present version and its packed files."""
        answer = self._get(seconds)
        if not answer.body:
            return None, {}
        return decode(self._content, answer.body, self._address.state)

    def _get(self, seconds: float) -> Answer:
        """The present document; an answer without a body if there is none."""
        answer = self._server.ask("GET", self._address.state, seconds)
        if answer.status == _NOTHING or (answer.status == _ABSENT and not _NO_PROJECT.search(answer.told)):
            return replace(answer, body=b"")
        if not answer.done:
            raise self._server.trouble(answer)
        return answer

    # ---------------------------------------------------------------------------------- the server's lock

    def _lock(self, by: LockInfo, replaced: frozenset[str], seconds: float) -> None:
        """Take the server's lock, in place of one that a run left. Raises Guarded, PlaceError."""
        answer = self._ask_lock(by, seconds)
        if (holder := self._holder(answer)) is not None and holder.id in replaced | self._left(holder.id):
            self._unlock(holder, seconds)
            holder = self._holder(self._ask_lock(by, seconds))
        if holder is not None and holder.id != by.id:
            raise Guarded(holder, self._way_past(holder))
        self._ours, self._met, self._proven = by.id, None, self._now()

    def _ask_lock(self, by: LockInfo, seconds: float) -> Answer:
        return self._server.ask(self._address.lock_method, self._address.lock, seconds, _lock_info(by))

    def _holder(self, answer: Answer) -> LockInfo | None:
        """Who holds the lock, if the server gave it to another. Raises PlaceError."""
        if answer.done:
            return None
        if answer.status not in _HELD:
            trouble = self._server.trouble(answer)
            if answer.status in _NO_METHOD and not _NO_PROJECT.search(answer.told):
                raise PlaceError(
                    "refused",
                    f"{self._address.state} has no lock",
                    detail=str(trouble),
                    hint="a state needs one: name it as `lock_address` and `lock_method` in campaignctl.yaml,"
                    " or keep the state elsewhere",
                )
            raise trouble
        return _told_holder(answer.body)

    def _left(self, lock_id: str) -> frozenset[str]:
        """A lock for a single put that its holder has left behind: nothing waits for a person to halt."""
        if self._content == "state":
            return frozenset()
        if self._met is None or self._met[0] != lock_id:
            self._met = lock_id, self._now()
        return frozenset({lock_id} if self._now() - self._met[1] > _LEFT else ())

    def _unlock(self, holder: LockInfo, seconds: float) -> None:
        """Give a lock back, or break it. One that is not there any more is given back already."""
        self._ours = ""
        # The id twice: without one GitLab breaks any lock, and a proxy may drop the body of a DELETE.
        answer = self._server.ask(
            self._address.unlock_method, self._address.unlock, seconds, _lock_info(holder), ID=holder.id
        )
        if not answer.done and answer.status not in _HELD:
            raise self._server.trouble(answer)

    def _probe(self, by: LockInfo, present: bytes = b"") -> None:
        """See that the lock that is ours keeps others out. Raises PlaceError if it does not.

        What is posted without it is the present version, or, before the first one, a version without files. A
        server may refuse it by its serial too.
        """
        other, note = replace(by, id=secrets.token_hex(16)), Note(by, "a version without files")
        if self._holder(self._ask_lock(other, LONGEST)) is None:
            self._unlock(other, LONGEST)
            raise self._useless("it gives its lock to two runs at a time")
        body = present or encode(self._content, None, {}, note)[1]
        for _ in range(1 if present else 2):
            answer = self._server.ask("POST", self._address.state, LONGEST, body, ID=other.id)
            if not answer.done:
                break
        else:
            raise self._useless("it accepts what is written without its lock")
        if answer.status in _SURE:
            raise self._server.trouble(answer)

    def _useless(self, why: str) -> PlaceError:
        return PlaceError(
            "refused",
            f"the lock of {self._address.state} keeps nobody out",
            detail=why,
            hint="keep the state elsewhere: two runs could send the same campaigns",
        )

    def _while_held(self, held: Guarded) -> Access:
        holder = Snapshot.of(self.look().files).holder
        if holder is not None and holder.id == held.holder.id:
            found = f"{self._address.state} can be locked; another run holds it now, so writing was not tried"
            return Access(True, found, way="server")
        found = f"{self._address.state} is locked by a run that the state does not know"
        return Access(False, f"{found}: {describe(held.holder)}", held.hint, "server")

    def _way_past(self, holder: LockInfo) -> str:
        if not holder.id:
            return f"unlock {self._address.state} on the server"
        return Sentence("once that run has ended: ", Command("state", "unlock", holder.id))


def http_home(
    directory: Path,
    project: str,
    address: HttpAddress,
    environ: Mapping[str, str],
    *,
    now: Callable[[], datetime],
) -> Home:
    """The home of a state on a server; the environment says who we are there."""
    server = Server(address.state, environ)
    place = HttpPlace(server, address, "state", now)
    stop = HttpPlace(server, address.next_to(STOP), "stop", now)
    archive = HttpPlace(server, address.next_to(ARCHIVE), "archive", now)
    return Home(project, place, stop, archive, mirror_path(directory, address), whole=True)


def mirror_path(directory: Path, address: HttpAddress) -> Path:
    """Where a state is mirrored to, below the directory of the project."""
    name = re.sub(r"[^\w.-]", "_", address.state.rpartition("/")[2], flags=re.ASCII)
    digest = hashlib.sha256(address.state.encode()).hexdigest()[:8]
    return directory / ".campaignctl" / "http" / f"{name}-{digest}.json"


def _lock_info(by: LockInfo) -> bytes:
    """A lock as Terraform writes one; GitLab wants every field."""
    info = {
        "ID": by.id,
        "Operation": f"campaignctl {by.operation}",
        "Info": encode_lock(by),
        "Who": f"{by.holder}@{by.host}",
        "Version": __version__,
        "Created": by.since,
        "Path": by.run,
    }
    return json.dumps(info).encode()


def _told_holder(body: bytes) -> LockInfo:
    """The holder that an answer names. GitLab tells its id, user and time; the rest is what we asked with."""
    try:
        told = {name: str(value) for name, value in json.loads(body).items()}
    except (ValueError, AttributeError, RecursionError):
        told = {}
    lock_id = told.get("ID", "")
    ours = decode_lock(told.get("Info", ""))
    if ours is not None and ours.id == lock_id:
        return ours
    who, since = (" ".join(told.get(name, "").split())[:80] for name in ("Who", "Created"))
    return LockInfo(
        lock_id, who or "another run", ELSEWHERE, 0, "another command", since or "an unknown time"
    )
