"""Documents as they are stored: in clear, or encrypted with AES-256-GCM.

An encrypted document is one line of JSON. A version that does not know it says that it cannot read it, and
overwrites nothing:

    {"encryption":{"method":"aes_gcm","key":ID,"file":NAME,"project":P,"environment":E},
     "format_version":3,"tool_version":V,"data":BASE64}

The data is a nonce and the compressed document. Everything before it is authenticated with it, so that no
document passes for one of another file, project or environment.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from campaignctl import __version__
from campaignctl.errors import (
    CampaignctlError,
    Command,
    Sentence,
    Shell,
    StateDamaged,
    StateError,
    StateSealed,
)

STATE = "state.json"
"""The name of a state document, wherever it is stored: a rescued one can be pushed."""

HALTS = "halts.json"
PLAN = "plan.json"
JOURNAL = "journal"

KEY_BYTES = 32
_HEAD, _DATA, _END = b'{"encryption":{', b',"data":"', b'"}\n'
# Newer than any document of a version that does not know encryption.
_FORMAT = 3
_NONCE = 12
_TAG = 16
_FAST = 1
_DAMAGED = Sentence(
    "nothing was overwritten; put a good copy back, and if it is a state then with ",
    Command("state", "push", "FILE"),
)
_IN_PROJECT = "`state: {encryption: {method: aes_gcm}}` in campaignctl.yaml"

_PLAN_AGAIN = Command("plan", "-o", "FILE")
_ENCRYPT = Command("state", "encrypt")

Accepts = Literal["own", "moved", "elsewhere", "all"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and the variable that it came from, for messages."""

    secret: bytes = field(repr=False)
    source: str

    @property
    def id(self) -> str:
        """Names the key in what it encrypted, and tells nothing of it."""
        return hashlib.sha256(b"campaignctl state key\0" + self.secret).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that encrypts, None without one, and one that only opens what was encrypted before."""

    current: Key | None = None
    fallback: Key | None = None

    @property
    def every(self) -> tuple[Key, ...]:
        """Those that open."""
        return tuple(key for key in (self.current, self.fallback) if key)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose documents they are: the project's id, or its name before it had one; and the environment."""

    project: str
    environment: str | None
    formerly: str = ""


def is_encrypted(data: bytes) -> bool:
    """Whether these are the bytes of an encrypted document, or of the journal of one."""
    return data.startswith(_HEAD)


class AtRest:
    """Opens what is stored and closes what will be. Safe for threads.

    `encrypts`: the project file says that documents are encrypted. `keys` are asked for when they are needed.
    What is opened has that form and belongs to `owner`. `accepts` widens that: `moved` documents belonged to
    another project or environment before; of `elsewhere`, they do so still, and what is written there too;
    `all` have any form and owner.
    """

    def __init__(
        self, keys: Callable[[], Keys], *, encrypts: bool, owner: Owner, accepts: Accepts = "own"
    ) -> None:
        self.encrypts = encrypts
        self._load = keys
        self._owner = self._writes_for = owner
        self._accepts = accepts
        self._asking = Lock()
        self._answer: Keys | StateSealed | None = None
        self._ciphers: dict[str, Any] = {}

    def ready(self) -> None:
        """Raise StateSealed unless what is written can be encrypted, if it has to be."""
        if self.encrypts:
            self._cipher(self._current)

    def open(self, name: str, stored: bytes, where: str) -> bytes:
        """The document of this name that is stored in `where`, a place for messages.

        Raises:
            StateSealed: it is encrypted or in clear, and the project file says otherwise; or no key opens it.
            StateDamaged: it was altered, cut, or belongs to another file, project or environment.
        """
        if not is_encrypted(stored):
            self._check_form(name, where, encrypted=False)
            return stored
        self._check_form(name, where, encrypted=True)
        head, about, data = _parted(stored, where)
        key = self._key_of(about.get("key"), where)
        document = self._decrypted(key, data, head, where)
        self._check_owner(name, about, where)
        try:
            return zlib.decompress(document)
        except zlib.error as error:
            raise _damaged(where, str(error)) from error

    def close(self, name: str, document: bytes) -> bytes:
        """What is stored for a document. Raises StateSealed without a key."""
        if not self.encrypts:
            return document
        about = {
            "method": "aes_gcm",
            "key": self._current.id,
            "file": name,
            "project": self._writes_for.project,
            "environment": self._writes_for.environment,
        }
        top = {"encryption": about, "format_version": _FORMAT, "tool_version": __version__}
        head = json.dumps(top, separators=(",", ":")).encode()[:-1]
        data = self._encrypted(zlib.compress(document, _FAST), head)
        return b"".join((head, _DATA, data, _END))

    def is_current(self, name: str, stored: bytes) -> bool:
        """Whether a document that was opened is stored as `close` would do it now: with this form, key and
        owner; whoever it belongs to if others are accepted for now."""
        if is_encrypted(stored) != self.encrypts:
            return False
        if not self.encrypts:
            return True
        try:
            about, key = _about(stored[: stored.find(_DATA)], name), self._current.id
        except StateError:
            return False
        owned = (about.get("project"), about.get("environment"))
        same = owned == (self._owner.project, self._owner.environment)
        return about.get("key") == key and (same or self._accepts in ("moved", "elsewhere"))

    # ------------------------------------------------------------------------------ lines of a journal

    def lines(self) -> Callable[[bytes], bytes]:
        """Closes the lines of one journal in their order. Each is bound to its number and the one before."""
        if not self.encrypts:
            return lambda line: line
        before: list[bytes] = []

        def closed(line: bytes) -> bytes:
            if not before:
                stored = self.close(JOURNAL, line)
            else:
                stored = self._encrypted(line, _chained(before)) + b"\n"
            before[:] = (b"%d" % (int(before[0]) + 1 if before else 0), hashlib.sha256(stored).digest())
            return stored

        return closed

    def open_lines(self, stored: bytes, where: str) -> bytes:
        """The lines of a journal. A last one without an end was never reported as written.

        Raises as `open`.
        """
        whole = stored[: stored.rfind(b"\n") + 1]
        if not whole:
            return b""
        if not is_encrypted(whole):
            self._check_form(JOURNAL, where, encrypted=False)
            return whole
        first, *rest = whole.split(b"\n")[:-1]
        lines = [self.open(JOURNAL, first + b"\n", where)]
        key = self._key_of(_parted(first + b"\n", where)[1].get("key"), where)
        before = [b"0", hashlib.sha256(first + b"\n").digest()]
        for number, line in enumerate(rest, start=1):
            at = f"line {number + 1} of {where}"
            lines.append(self._decrypted(key, _decoded(line, at), _chained(before), at))
            before = [b"%d" % number, hashlib.sha256(line + b"\n").digest()]
        return b"".join(lines)

    # ----------------------------------------------------------------------------------------- checks

    def _check_form(self, name: str, where: str, *, encrypted: bool) -> None:
        if encrypted is self.encrypts or self._accepts == "all":
            return
        what, again = ("encrypted", "decrypt") if encrypted else ("in clear", "encrypt")
        says = "does not say so" if encrypted else "says that it is encrypted"
        back = f"write {_IN_PROJECT}" if encrypted else "leave `encryption` out of campaignctl.yaml"
        command = _PLAN_AGAIN if name == PLAN else Command("state", again)
        raise StateSealed(
            f"{where} is {what}, and campaignctl.yaml {says}",
            detail="nothing was overwritten",
            hint=Sentence(f"{back}; or, if the project file is right: ", command),
        )

    def _check_owner(self, name: str, about: dict[str, Any], where: str) -> None:
        if about.get("file") != name:
            raise _damaged(where, f"it was written as {about.get('file')}, not as {name}")
        project, environment = about.get("project"), about.get("environment")
        if self._accepts == "elsewhere":
            self._writes_for = Owner(str(project), environment)
        if self._accepts != "own":
            return
        own = self._owner
        if project not in {own.project, own.formerly} or environment != own.environment:
            whose = f"environment {environment}" if environment else "no environment"
            raise StateDamaged(
                f"{where} belongs to another project or environment",
                detail=f"it was encrypted for project {project}, {whose}; nothing was overwritten",
                hint=Sentence(
                    "put the right one back; if the project or environment has a new name: ",
                    {STATE: Command("state", "rebind"), PLAN: _PLAN_AGAIN}.get(name, _ENCRYPT),
                ),
            )

    # ------------------------------------------------------------------------------------ the library

    def _keys(self) -> Keys:
        """The keys, for which is asked once."""
        with self._asking:
            if self._answer is None:
                try:
                    self._answer = self._load()
                except CampaignctlError as error:
                    self._answer = StateSealed(error.summary, detail=error.detail, hint=error.hint)
        if isinstance(self._answer, StateSealed):
            raise self._answer
        return self._answer

    @property
    def _current(self) -> Key:
        if (current := self._keys().current) is None:
            raise _no_key("the state is encrypted")
        return current

    def _key_of(self, name: Any, where: str) -> Key:
        there = self._keys().every
        if not there:
            raise _no_key(f"{where} is encrypted")
        for key in there:
            if key.id == name:
                return key
        listed = " and ".join(f"{key.source} is the key {key.id}" for key in there)
        raise StateSealed(
            f"{where} is encrypted with another key: {name}",
            detail=f"{listed}; nothing was overwritten",
            hint=Sentence(
                "set that key; if it is an old one, next to the new one: ",
                Shell("export CAMPAIGNCTL_STATE_KEY_FALLBACK=..."),
            ),
        )

    def _encrypted(self, document: bytes, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        data = nonce + self._cipher(self._current).encrypt(nonce, document, context)
        return binascii.b2a_base64(data, newline=False)

    def _decrypted(self, key: Key, data: bytes, context: bytes, where: str) -> bytes:
        cipher = self._cipher(key)
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(cipher.decrypt(data[:_NONCE], data[_NONCE:], context))
        except InvalidTag as error:
            raise _damaged(where, "it is not what was encrypted there") from error

    def _cipher(self, key: Key) -> Any:
        if key.id not in self._ciphers:
            try:
                from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            except ImportError as error:
                raise StateSealed(
                    "encryption needs the library cryptography, which is not installed",
                    hint=Sentence(Shell("pip install 'campaignctl[encryption]'")),
                ) from error
            self._ciphers[key.id] = AESGCM(key.secret)
        return self._ciphers[key.id]


IN_CLEAR = AtRest(Keys, encrypts=False, owner=Owner("", None))
"""Documents of a project that does not encrypt them."""


def _no_key(why: str) -> StateSealed:
    return StateSealed(
        f"{why}, and CAMPAIGNCTL_STATE_KEY is not set",
        hint=Sentence(
            Shell("export CAMPAIGNCTL_STATE_KEY=..."),
            ", or CAMPAIGNCTL_STATE_KEY_FILE, or CAMPAIGNCTL_STATE_KEY_COMMAND: the key of the team",
        ),
    )


def _damaged(where: str, why: str) -> StateDamaged:
    return StateDamaged(f"{where} was altered, cut or exchanged", detail=why, hint=_DAMAGED)


def _parted(stored: bytes, where: str) -> tuple[bytes, dict[str, Any], bytes]:
    """What stands before the data, what it says, and the data. Raises StateDamaged."""
    head, there, rest = stored.rpartition(_DATA)
    if not there or not rest.endswith(_END):
        raise _damaged(where, "its end is missing")
    return head, _about(head, where), _decoded(rest.removesuffix(_END), where)


def _about(head: bytes, where: str) -> dict[str, Any]:
    """What the beginning of an encrypted document says of it. Raises StateDamaged."""
    try:
        about = json.loads(head + b"}")["encryption"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(where, "its beginning cannot be read") from error
    if not isinstance(about, dict):
        raise _damaged(where, "its beginning cannot be read")
    return about


def _decoded(text: bytes, where: str) -> bytes:
    """The bytes of a text in base64, which has no other spelling. Raises StateDamaged."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise _damaged(where, str(error)) from error
    if binascii.b2a_base64(data, newline=False) != text or len(data) < _NONCE + _TAG:
        raise _damaged(where, "its data is not as it was written")
    return data


def _chained(before: list[bytes]) -> bytes:
    """What a line of a journal is authenticated with: the number and the digest of the one before."""
    return b"journal %b %b" % (before[0], before[1])
