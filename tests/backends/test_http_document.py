"""A version as one JSON document."""

from __future__ import annotations

import json
import random
from base64 import b64decode, b64encode
from dataclasses import replace
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


@pytest.mark.parametrize(
    ("path", "data", "is_text"),
    [
        ("lock.json", b"x" * 1024, True),
        ("lock.json", b"x" * 1025, False),
        ("lock.json", b"", True),
        ("lock.json", b"\xff", False),
        ("state.json", b"{}", False),
    ],
)
def test_a_short_text_is_stored_as_one_and_all_else_packed(path: str, data: bytes, is_text: bool) -> None:
    packed = json.loads(written({path: data})[1])["files"][path]
    assert packed == data.decode() if is_text else packed.keys() == {"gzip"}
    assert unpack({path: packed}, "here") == {path: data}


def test_a_version_is_a_document_that_people_can_read() -> None:
    note = Note(replace(BY, holder=" mira \n b"), "two  words")
    tip, body = encode("stop", "41-0123456789abcdef", {}, note)
    found = json.loads(body)
    assert body.endswith(b"\n}\n")
    assert b'\n "serial": 42,\n' in body
    assert list(found) == ["serial", "id", "campaignctl", "note", "files"]
    assert tip == f"42-{found['id']}"
    assert len(found["id"]) == 16
    assert found["campaignctl"] == "stop"
    assert found["note"] == "apply: two words, by mira b on laptop"


_HINT = "give the state another `address`, or put an earlier version back on the server"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b'{"serial": 1, "id": "0123456789abcdef", "campaignctl": "stop", "files": {}}',
            "it is the stop of a project",
        ),
        (b'{"serial": 1, "id": "0123456789abcdef", "files": {}}', "it is no document of campaignctl"),
        (b'{"serial": 1, "id": "0123456789ABCDEF", "campaignctl": "state", "files": {}}', None),
        (b'{"serial": 1, "id": "0123456789abcdef0", "campaignctl": "state", "files": {}}', None),
        (b'{"serial": -1, "id": "0123456789abcdef", "campaignctl": "state", "files": {}}', None),
        (b'{"serial": 1.0, "id": "0123456789abcdef", "campaignctl": "state", "files": {}}', None),
        (b'{"serial": 1, "id": 7, "campaignctl": "state", "files": {}}', None),
    ],
)
def test_what_else_is_at_the_address_is_said(body: bytes, why: str | None) -> None:
    with pytest.raises(PlaceError) as refused:
        decode("state", body, "https://h/crm")
    because = why or "it is no document of campaignctl"
    assert str(refused.value) == f"https://h/crm holds something else: {because}; it was left as it is"
    assert (refused.value.kind, refused.value.hint) == ("refused", _HINT)


def test_the_first_version_is_one() -> None:
    body = b'{"serial": 1, "id": "0123456789abcdef", "campaignctl": "state", "files": {"a": "b"}}'
    assert decode("state", body, "here") == ("1-0123456789abcdef", {"a": "b"})


def test_a_file_that_is_not_whole_or_not_spelt_so_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LARGEST", 3 * 1024 * 1024)
    good = document._packed(b"x" * 2000)
    assert isinstance(good, dict)
    text = good["gzip"]
    for packed, why in (
        (b64encode(b64decode(text)[:-1]).decode(), ": more than 3 MiB, or not whole"),
        (f"{text[:8]}\n!{text[8:]}", ""),
    ):
        with pytest.raises(PlaceError, match="here holds something else") as refused:
            unpack({"a": {"gzip": packed}}, "here")
        assert f"its files cannot be read{why}" in str(refused.value)
        assert refused.value.hint == _HINT
