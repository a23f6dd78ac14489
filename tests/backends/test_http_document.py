"""A version as one JSON document."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from gzip import decompress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.backends import durable
from campaignctl.backends.cas.place import Note, PlaceError
from campaignctl.backends.http import document
from campaignctl.backends.http.document import decode, encode, unpack
from campaignctl.backends.http.place import _told_holder
from campaignctl.state.model import LockInfo

BY = LockInfo("lock-1", "mira", "laptop", 42, "apply", "2036-01-01T00:00:00Z")
NOTE = Note(BY, "a step")


def written(files: dict[str, bytes], before: str | None = None) -> tuple[str, bytes]:
    return encode("state", before, files, NOTE)


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=3000), max_size=4))
def test_files_come_back_as_they_were(files: dict[str, bytes]) -> None:
    tip, body = written(files)
    found, packed = decode("state", body, "here")
    assert (found, unpack(packed, "here")) == (tip, files)


def test_serials_count_and_no_two_versions_have_one_name() -> None:
    first, body = written({})
    assert first.startswith("1-")
    assert json.loads(body)["serial"] == 1
    second, other = written({}, first)[0], written({}, first)[0]
    assert second.startswith("2-")
    assert other.startswith("2-")
    assert second != other


@pytest.mark.parametrize("length", [2, 2000])
def test_a_person_reads_who_holds_the_lock_and_unpacks_the_rest(length: int) -> None:
    state = json.dumps({"campaigns": ["x" * length]}).encode()
    files = {"lock.json": b'{"holder": "mira"}', "state.json": state}
    shown = json.loads(written(files)[1])
    assert shown["note"] == "apply: a step, by mira on laptop"
    assert shown["files"]["lock.json"] == '{"holder": "mira"}'
    assert decompress(b64decode(shown["files"]["state.json"]["gzip"])) == state


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"version": 4, "serial": 3, "lineage": "x", "terraform_version": "1.9"}',
        b'{"serial": "3", "id": "0123456789abcdef", "campaignctl": "state", "files": {}}',
        b'{"serial": true, "id": "0123456789abcdef", "campaignctl": "state", "files": {}}',
        b'{"serial": 0, "id": "0123456789abcdef", "campaignctl": "state", "files": {}}',
        b'{"serial": 3, "id": "../../etc", "campaignctl": "state", "files": {}}',
        b'{"serial": 3, "id": "0123456789abcdef", "campaignctl": "state", "files": []}',
        b'{"serial": 3, "id": "0123456789abcdef", "campaignctl": "stop", "files": {}}',
        b"<html>Sign in</html>",
        b"\xff\xfe",
    ],
)
def test_what_is_no_version_of_a_state_is_refused_and_never_taken_for_nothing(body: bytes) -> None:
    with pytest.raises(PlaceError, match="holds something else") as refused:
        decode("state", body, "https://h/crm")
    assert refused.value.kind == "refused"


@pytest.mark.parametrize(
    "packed",
    [7, None, [], {}, {"gzip": 7}, {"gzip": "?"}, {"gzip": "AAAA"}, {"zip": "x"}, {"gzip": "H4sIAA=="}],
)
def test_a_file_that_cannot_be_unpacked_is_refused(packed: object) -> None:
    with pytest.raises(PlaceError, match="cannot be read"):
        unpack({"state.json": packed}, "here")


def test_files_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LARGEST", 100_000)
    packed = document._packed(bytes(60_000))
    assert unpack({"a": packed}, "here") == {"a": bytes(60_000)}
    rest, more = document._packed(bytes(40_000)), document._packed(bytes(40_001))
    assert unpack({"a": packed, "b": rest}, "here") == {"a": bytes(60_000), "b": bytes(40_000)}
    for files in (
        {"a": packed, "b": packed},
        {"a": packed, "b": more},
        {"a": packed, "b": rest, "c": packed},
    ):
        with pytest.raises(PlaceError, match="cannot be read"):
            unpack(files, "here")
    assert durable.LARGEST > 100_000


def test_a_state_is_smaller_on_the_way() -> None:
    words = [f"word{number}" for number in range(300)]
    text = json.dumps([random.Random(1).choices(words, k=8) for _ in range(2000)]).encode()
    assert len(written({"state.json": text})[1]) < len(text) / 2


@pytest.mark.parametrize("body", [b"Locked", b"", b"[]", b"\xff", b"[" * 100_000])
def test_a_lock_whose_holder_is_not_told_is_that_of_another_run(body: bytes) -> None:
    assert (_told_holder(body).id, _told_holder(body).holder) == ("", "another run")
