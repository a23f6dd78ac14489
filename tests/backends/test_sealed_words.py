"""What is said of a document that cannot be opened, and how one is stored to the byte."""

from __future__ import annotations

import binascii
import json
import sys
import zlib
from dataclasses import replace
from typing import Any

import pytest

from campaignctl import __version__
from campaignctl.backends.at_rest import HALTS, IN_CLEAR, JOURNAL, PLAN, STATE, Accepts, Key, Keys, Owner
from campaignctl.errors import CampaignctlError, StateDamaged, StateSealed
from tests.backends.sealed_places import KEY, OLD_KEY, OWNER, encrypted

_NO_KEY = (
    "`export CAMPAIGNCTL_STATE_KEY=...`, or CAMPAIGNCTL_STATE_KEY_FILE, or CAMPAIGNCTL_STATE_KEY_COMMAND:"
    " the key of the team"
)
_PUT_BACK = (
    "nothing was overwritten; put a good copy back, and if it is a state then with"
    " `campaignctl state push FILE`"
)
_DATA = b',"data":"'
Words = tuple[str, str, str]


def words(error: CampaignctlError) -> Words:
    return error.summary, error.detail, str(error.hint)


def damage(stored: bytes, **more: Any) -> str:
    """Why a document is damaged; the rest of the error is always the same."""
    with pytest.raises(StateDamaged) as refused:
        encrypted(**more).open(STATE, stored, "the state")
    summary, detail, hint = words(refused.value)
    assert (summary, hint) == ("the state was altered, cut or exchanged", _PUT_BACK)
    return detail


def test_a_document_is_stored_as_one_line_that_says_whose_it_is() -> None:
    stored = encrypted().close(STATE, b"{}")
    head, _, data = stored.rpartition(_DATA)
    assert head.startswith(b'{"encryption":{')
    assert b" " not in head
    assert data.endswith(b'"}\n')
    assert stored.count(b"\n") == 1
    assert len(binascii.a2b_base64(data.removesuffix(b'"}\n'))) == 12 + len(zlib.compress(b"{}", 1)) + 16
    document = json.loads(stored)
    del document["data"]
    assert document == {
        "encryption": {
            "method": "aes_gcm",
            "key": KEY.id,
            "file": STATE,
            "project": "5f0c",
            "environment": "production",
        },
        "format_version": 3,
        "tool_version": __version__,
    }
    assert len(KEY.id) == 16


# -------------------------------------------------------------------------------------------------- forms


_CLEAR = "it is in clear, and campaignctl.yaml says that it is encrypted"
_LEAVE = "leave `encryption` out of campaignctl.yaml"
_SEALED = "it is encrypted, and campaignctl.yaml does not say so"
_WRITE = "write `state: {encryption: {method: aes_gcm}}` in campaignctl.yaml"


@pytest.mark.parametrize(
    ("name", "encrypts", "summary", "back", "command"),
    [
        (STATE, True, _CLEAR, _LEAVE, "state encrypt"),
        (STATE, False, _SEALED, _WRITE, "state decrypt"),
        (PLAN, True, _CLEAR, _LEAVE, "plan -o FILE"),
        (PLAN, False, _SEALED, _WRITE, "plan -o FILE"),
    ],
)
@pytest.mark.parametrize("accepts", ["own", "moved", "elsewhere"])
def test_a_document_in_the_other_form_says_what_to_do(
    name: str, encrypts: bool, summary: str, back: str, command: str, accepts: Accepts
) -> None:
    stored = encrypted(encrypts=not encrypts).close(name, b"{}")
    with pytest.raises(StateSealed) as refused:
        encrypted(encrypts=encrypts, accepts=accepts).open(name, stored, "it")
    hint = f"{back}; or, if the project file is right: `campaignctl {command}`"
    assert words(refused.value) == (summary, "nothing was overwritten", hint)


@pytest.mark.parametrize("encrypts", [True, False])
def test_a_journal_in_the_other_form_is_refused_too(encrypts: bool) -> None:
    stored = encrypted(encrypts=not encrypts).lines()(b"a line\n")
    with pytest.raises(StateSealed, match="in clear" if encrypts else "is encrypted"):
        encrypted(encrypts=encrypts).open_lines(stored, "it")
    assert encrypted(encrypts=encrypts, accepts="all").open_lines(stored, "it") == b"a line\n"


# -------------------------------------------------------------------------------------------------- owners


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        (STATE, "`campaignctl state rebind`"),
        (PLAN, "`campaignctl plan -o FILE`"),
        (HALTS, "`campaignctl state encrypt`"),
        (JOURNAL, "`campaignctl state encrypt`"),
    ],
)
@pytest.mark.parametrize("environment", ["staging", None])
def test_a_document_of_another_owner_says_whose_it_is(
    name: str, next_step: str, environment: str | None
) -> None:
    stored = encrypted(owner=Owner("other", environment)).close(name, b"{}")
    with pytest.raises(StateDamaged) as refused:
        encrypted().open(name, stored, "it")
    whose = f"environment {environment}" if environment else "no environment"
    assert words(refused.value) == (
        "it belongs to another project or environment",
        f"it was encrypted for project other, {whose}; nothing was overwritten",
        f"put the right one back; if the project or environment has a new name: {next_step}",
    )
    for accepts in ("moved", "elsewhere", "all"):
        assert encrypted(accepts=accepts).open(name, stored, "it") == b"{}"


@pytest.mark.parametrize("accepts", ["own", "moved", "elsewhere", "all"])
def test_a_document_of_another_file_is_damage_whoever_is_accepted(accepts: Accepts) -> None:
    stored = encrypted().close(HALTS, b"{}")
    assert damage(stored, accepts=accepts) == "it was written as halts.json, not as state.json"


@pytest.mark.parametrize(
    ("accepts", "current", "writes_as"),
    [
        ("own", False, "production"),
        ("moved", True, "production"),
        ("elsewhere", True, "staging"),
        ("all", False, "production"),
    ],
)
def test_what_is_written_belongs_to_us_but_elsewhere(accepts: Accepts, current: bool, writes_as: str) -> None:
    theirs = encrypted(owner=replace(OWNER, environment="staging")).close(STATE, b"{}")
    here = encrypted(accepts=accepts)
    if accepts != "own":
        here.open(STATE, theirs, "it")
    assert here.is_current(STATE, theirs) is current
    assert json.loads(here.close(STATE, b"{}"))["encryption"]["environment"] == writes_as
    assert here.is_current(STATE, encrypted().close(STATE, b"{}"))


def test_what_is_not_stored_as_it_would_be_now_is_told() -> None:
    here, stored = encrypted(), encrypted().close(STATE, b"{}")
    assert here.is_current(STATE, stored)
    for other in (
        b"{}",
        stored.replace(b'"encryption":{', b'"encryption":{{'),
        encrypted(Keys(OLD_KEY)).close(STATE, b"{}"),
        encrypted(owner=replace(OWNER, project="other")).close(STATE, b"{}"),
        encrypted(owner=replace(OWNER, environment=None)).close(STATE, b"{}"),
    ):
        assert not here.is_current(STATE, other)
    assert not encrypted(Keys()).is_current(STATE, stored)
    assert not IN_CLEAR.is_current(STATE, stored)
    assert IN_CLEAR.is_current(STATE, b"{}")


# --------------------------------------------------------------------------------------------------- keys


def test_without_a_key_nothing_is_opened_or_closed() -> None:
    none, stored = encrypted(Keys()), encrypted().close(STATE, b"{}")
    encrypted(Keys(), encrypts=False).ready()
    encrypted().ready()
    for act, what in (
        (none.ready, "the state"),
        (lambda: none.close(STATE, b"{}"), "the state"),
        (lambda: encrypted(Keys(None, OLD_KEY)).close(STATE, b"{}"), "the state"),
        (lambda: none.open(STATE, stored, "it"), "it"),
    ):
        with pytest.raises(StateSealed) as refused:
            act()
        assert words(refused.value) == (
            f"{what} is encrypted, and CAMPAIGNCTL_STATE_KEY is not set",
            "",
            _NO_KEY,
        )


def test_another_key_is_named_with_those_that_are_there() -> None:
    third = Key(bytes(32), "A_FILE")
    stored = encrypted(Keys(third)).close(STATE, b"{}")
    with pytest.raises(StateSealed) as refused:
        encrypted(Keys(KEY, OLD_KEY)).open(STATE, stored, "it")
    summary, detail, hint = words(refused.value)
    assert summary == f"it is encrypted with another key: {third.id}"
    assert detail == (
        f"CAMPAIGNCTL_STATE_KEY is the key {KEY.id} and CAMPAIGNCTL_STATE_KEY_FALLBACK is the key"
        f" {OLD_KEY.id}; nothing was overwritten"
    )
    assert hint == (
        "set that key; if it is an old one, next to the new one: `export CAMPAIGNCTL_STATE_KEY_FALLBACK=...`"
    )
    assert encrypted(Keys(None, third)).open(STATE, stored, "it") == b"{}"
    assert Keys(KEY, third).every == (KEY, third)


def test_why_there_are_no_keys_is_told_whole() -> None:
    def load() -> Keys:
        raise CampaignctlError("the key service is away", detail="it hums", hint="wait")

    with pytest.raises(StateSealed) as refused:
        encrypted(load=load).close(STATE, b"{}")
    assert words(refused.value) == ("the key service is away", "it hums", "wait")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(StateSealed) as refused:
        encrypted().ready()
    assert words(refused.value) == (
        "encryption needs the library cryptography, which is not installed",
        "",
        "pip install 'campaignctl[encryption]'",
    )


# -------------------------------------------------------------------------------------------------- damage


def test_each_kind_of_damage_is_named() -> None:
    stored = encrypted().close(STATE, b"{}")
    head, _, data = stored.rpartition(_DATA)

    def with_data(other: bytes) -> bytes:
        return b"".join((head, _DATA, other, b'"}\n'))

    assert damage(stored.replace(_DATA, b',"dada":"')) == "its end is missing"
    assert damage(stored[:-1]) == "its end is missing"
    assert damage(stored + b"\n") == "its end is missing"
    for beginning in (b'{"encryption":{', b'{"encryption":{"a":' + b"[" * 100_000):
        assert damage(beginning + _DATA + data) == "its beginning cannot be read"
    assert damage(b'{"encryption":{},"encryption":[]' + _DATA + data) == "its beginning cannot be read"
    assert "base64" in damage(with_data(b"?")).lower()
    short, least = (binascii.b2a_base64(bytes(size), newline=False) for size in (27, 28))
    assert damage(with_data(short)) == "its data is not as it was written"
    assert damage(with_data(least)) == "it is not what was encrypted there"
    assert damage(with_data(binascii.b2a_base64(bytes(29), newline=False)[:-2] + b"B=")) == (
        "its data is not as it was written"
    )
    assert damage(with_data(binascii.b2a_base64(bytes(64), newline=False))) == (
        "it is not what was encrypted there"
    )
    assert damage(stored.replace(b"production", b"production2")) == "it is not what was encrypted there"


def test_a_line_of_a_journal_that_is_damaged_is_named_by_its_number() -> None:
    close = encrypted().lines()
    first, second, third = (close(b"%d\n" % number) for number in range(3))
    here = encrypted()
    assert here.open_lines(first + second + third, "it") == b"0\n1\n2\n"
    for stored, line in (
        (first + third, 2),
        (first + second + second, 3),
        (first + second + b"AAAA\n", 3),
        (first + b"\n", 2),
    ):
        with pytest.raises(StateDamaged) as refused:
            here.open_lines(stored, "it")
        assert refused.value.summary == f"line {line} of it was altered, cut or exchanged"
    with pytest.raises(StateDamaged, match=r"^it was altered"):
        here.open_lines(first.replace(_DATA, b',"dada":"') + second, "it")


def test_a_journal_without_a_whole_line_is_empty_in_either_form() -> None:
    for here in (encrypted(), IN_CLEAR):
        assert here.open_lines(b"", "it") == b""
        assert here.open_lines(b"torn", "it") == b""
    assert IN_CLEAR.open_lines(b"a\nb\ntorn", "it") == b"a\nb\n"
    assert IN_CLEAR.lines()(b"a\n") == b"a\n"
    assert IN_CLEAR.close(STATE, b"{}") == b"{}"


def test_a_journal_is_opened_with_the_key_of_its_first_line() -> None:
    close = encrypted(Keys(OLD_KEY)).lines()
    stored = b"".join(close(b"%d\n" % number) for number in range(3))
    assert encrypted(Keys(KEY, OLD_KEY)).open_lines(stored, "it") == b"0\n1\n2\n"
