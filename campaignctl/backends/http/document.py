"""A version of a place as one JSON document, as servers of this protocol store it.

    {"serial": 12, "id": "...", "campaignctl": "state", "note": "apply: 2 steps, by mira on laptop",
     "files": {"lock.json": "{...}", "state.json": {"gzip": "..."}}}

GitLab wants the serial, an integer, and keeps a version for each. `id` tells apart two of one serial. A
short file is a text that people can read; a longer one is packed, as the document is sent whole, and a state
always, as the command that unpacks an earlier one expects it.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from campaignctl.backends.at_rest import STATE
from campaignctl.backends.cas.place import Note, PlaceError
from campaignctl.backends.durable import LARGEST

Content = Literal["state", "stop", "archive"]

_SHORT = 1024
_GZIP = 31
_LEVEL = 6
_ID = re.compile(r"[0-9a-f]{16}")


def encode(content: Content, before: str | None, files: Mapping[str, bytes], note: Note) -> tuple[str, bytes]:
    """The version that follows the one named `before`: its name, and its document."""
    serial = 1 + (int(before.partition("-")[0]) if before else 0)
    made = secrets.token_hex(8)
    by = " ".join(f"{note.by.operation}: {note.subject}, by {note.by.holder} on {note.by.host}".split())
    document = {
        "serial": serial,
        "id": made,
        "campaignctl": content,
        "note": by,
        "files": {path: _packed(data, text=path != STATE) for path, data in files.items()},
    }
    return f"{serial}-{made}", json.dumps(document, indent=1).encode() + b"\n"


def decode(content: Content, body: bytes, location: str) -> tuple[str, Mapping[str, Any]]:
    """The name of the version in a document, and its files, packed. Raises PlaceError for any other."""
    try:
        document = json.loads(body)
        serial, made, found = (document[name] for name in ("serial", "id", "campaignctl"))
        files = document["files"]
        if type(serial) is int and serial > 0 and _ID.fullmatch(made) and isinstance(files, dict):
            if found == content:
                return f"{serial}-{made}", files
            raise _stranger(location, f"it is the {found} of a project")
    except (ValueError, TypeError, LookupError, RecursionError):
        pass
    raise _stranger(location, "it is no document of campaignctl")


def unpack(files: Mapping[str, Any], location: str) -> dict[str, bytes]:
    """The files of a version. Raises PlaceError."""
    left, unpacked = LARGEST, {}
    try:
        for path, packed in files.items():
            unpacked[path] = _unpacked(packed, left)
            left -= len(unpacked[path])
    except (ValueError, TypeError, LookupError, AttributeError, zlib.error) as error:
        raise _stranger(location, f"its files cannot be read: {error}") from error
    return unpacked


@lru_cache(128)  # a step changes one file alone, and the others are packed again for each put
def _packed(data: bytes, *, text: bool = True) -> str | dict[str, str]:
    if text and len(data) <= _SHORT:
        try:
            return data.decode()
        except UnicodeDecodeError:
            pass
    return {"gzip": b64encode(gzip.compress(data, _LEVEL, mtime=0)).decode("ascii")}


def _unpacked(packed: str | Mapping[str, str], most: int) -> bytes:
    if isinstance(packed, str):
        return packed.encode()
    stream = zlib.decompressobj(_GZIP)
    data = stream.decompress(b64decode(packed["gzip"], validate=True), most + 1)
    if len(data) > most or not stream.eof:
        raise ValueError(f"more than {LARGEST // 1024 // 1024} MiB, or not whole")
    return data


def _stranger(location: str, why: str) -> PlaceError:
    return PlaceError(
        "refused",
        f"{location} holds something else",
        detail=f"{why}; it was left as it is",
        hint="give the state another `address`, or put an earlier version back on the server",
    )
