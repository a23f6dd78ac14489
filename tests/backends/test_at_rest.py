"""Documents at rest: what was closed opens, and nothing else does."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.backends.at_rest import IN_CLEAR, PLAN, STATE, Key, Keys, Owner
from campaignctl.errors import CampaignctlError, StateDamaged, StateError, StateSealed, StateTooNew
from campaignctl.plan import codec as plans
from campaignctl.state.codec import decode, decode_halts
from campaignctl.state.years import decode_year
from tests.backends.sealed_places import KEY, OLD_KEY, OWNER, encrypted

NAMES = st.sampled_from([STATE, "halts.json", "journal/00000", "archive/2026.json", PLAN])
LINES = st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"") + b"\n"), min_size=1)


@given(NAMES, st.binary())
def test_what_is_closed_opens(name: str, document: bytes) -> None:
    stored = encrypted().close(name, document)
    assert encrypted().open(name, stored, "") == document
    assert stored != encrypted().close(name, document)  # no nonce is used twice


@given(st.binary(max_size=60), st.data())
def test_any_changed_byte_is_refused(document: bytes, data: st.DataObject) -> None:
    stored = bytearray(encrypted().close(STATE, document))
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StateError):
        encrypted().open(STATE, bytes(stored), "")


@given(st.binary(max_size=60), st.data())
def test_any_cut_is_refused(document: bytes, data: st.DataObject) -> None:
    stored = encrypted().close(STATE, document)
    with pytest.raises(StateError):
        encrypted().open(STATE, stored[: data.draw(st.integers(0, len(stored) - 1))], "")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"name": "halts.json"}, id="file"),
        pytest.param({"owner": replace(OWNER, project="another")}, id="project"),
        pytest.param({"owner": replace(OWNER, environment="staging")}, id="environment"),
        pytest.param({"owner": replace(OWNER, environment=None)}, id="no environment"),
    ],
)
def test_a_document_of_another_file_project_or_environment_is_refused(other: dict[str, Any]) -> None:
    name = str(other.pop("name", STATE))
    with pytest.raises(StateDamaged) as refused:
        encrypted(**other).open(name, encrypted().close(STATE, b"{}"), "")
    if name == STATE:
        whose = f"project {OWNER.project}, environment {OWNER.environment}"
        assert refused.value.detail == f"it was encrypted for {whose}; nothing was overwritten"


def test_a_project_that_has_got_an_id_opens_what_it_encrypted_under_its_name() -> None:
    by_name = encrypted(owner=Owner("shop", "production"))
    with_id = encrypted(owner=Owner("5f0c", "production", formerly="shop"))
    stored = by_name.close(STATE, b"{}")
    assert with_id.open(STATE, stored, "") == b"{}"
    assert not with_id.is_current(STATE, stored)


def test_a_fallback_opens_and_only_the_new_key_closes() -> None:
    old, both = encrypted(Keys(OLD_KEY)), encrypted(Keys(KEY, OLD_KEY))
    stored = old.close(STATE, b"{}")
    assert both.open(STATE, stored, "") == b"{}"
    assert not both.is_current(STATE, stored)
    assert both.is_current(STATE, both.close(STATE, b"{}"))
    with pytest.raises(StateSealed, match=OLD_KEY.id) as other:
        encrypted().open(STATE, stored, "the state")
    assert other.value.summary == f"the state is encrypted with another key: {OLD_KEY.id}"
    assert f"{KEY.source} is the key {KEY.id}" in other.value.detail


@pytest.mark.parametrize("encrypts", [True, False])
def test_the_other_form_is_refused_unless_all_are_accepted(encrypts: bool) -> None:
    here, other = encrypted(encrypts=encrypts), encrypted(encrypts=not encrypts)
    stored = other.close(STATE, b"{}")
    with pytest.raises(StateSealed) as raised:
        here.open(STATE, stored, "")
    assert f"state {'encrypt' if encrypts else 'decrypt'}" in str(raised.value.hint)
    converting = encrypted(encrypts=encrypts, accepts="all")
    assert converting.open(STATE, stored, "") == b"{}"
    assert not converting.is_current(STATE, stored)
    assert here.open(STATE, converting.close(STATE, b"{}"), "") == b"{}"


def test_what_is_written_elsewhere_belongs_to_whom_it_belonged() -> None:
    staging = encrypted(owner=replace(OWNER, environment="staging"))
    elsewhere = encrypted(accepts="elsewhere")
    stored = staging.close(STATE, b"{}")
    assert elsewhere.open(STATE, stored, "") == b"{}"
    assert elsewhere.is_current(STATE, stored)
    assert staging.open(STATE, elsewhere.close(STATE, b"[]"), "") == b"[]"


def test_keys_are_asked_for_once_even_if_there_are_none() -> None:
    asked: list[str] = []

    def load() -> Keys:
        asked.append("")
        raise CampaignctlError("the key service is away")

    at_rest = encrypted(load=load)
    for _ in range(2):
        with pytest.raises(StateSealed, match="away"):
            at_rest.ready()
    assert asked == [""]


def test_a_key_is_not_shown() -> None:
    assert (
        base64.b64encode(KEY.secret).decode() not in repr(Keys(KEY)) + encrypted().close(STATE, b"").decode()
    )
    assert repr(KEY.secret) not in repr(Keys(KEY))
    assert Key(KEY.secret, "").id == KEY.id != OLD_KEY.id


@pytest.mark.parametrize(
    ("name", "encrypts", "summary", "command"),
    [
        (STATE, True, "F is in clear, and campaignctl.yaml says that it is encrypted", "state encrypt"),
        (STATE, False, "F is encrypted, and campaignctl.yaml does not say so", "state decrypt"),
        ("halts.json", True, "F is in clear, and campaignctl.yaml says that it is", "state encrypt"),
        (PLAN, True, "F is in clear, and campaignctl.yaml says that it is encrypted", "plan -o FILE"),
        (PLAN, False, "F is encrypted, and campaignctl.yaml does not say so", "plan -o FILE"),
    ],
)
def test_the_other_form_names_the_command_that_changes_it(
    name: str, encrypts: bool, summary: str, command: str
) -> None:
    stored = encrypted(encrypts=not encrypts).close(name, b"{}")
    with pytest.raises(StateSealed) as sealed:
        encrypted(encrypts=encrypts).open(name, stored, "F")
    assert sealed.value.summary.startswith(summary)
    assert sealed.value.detail == "nothing was overwritten"
    assert f"campaignctl {command}" in str(sealed.value.hint)
    other = "leave `encryption` out of campaignctl.yaml" if encrypts else "write `state: {encryption"
    assert str(sealed.value.hint).startswith(other)


@pytest.mark.parametrize(
    ("name", "command"),
    [(STATE, "state rebind"), (PLAN, "plan -o FILE"), ("halts.json", "state encrypt")],
)
@pytest.mark.parametrize(("environment", "whose"), [("staging", "environment staging"), (None, "no env")])
def test_a_document_of_another_environment_names_the_command_that_rebinds_it(
    name: str, command: str, environment: str | None, whose: str
) -> None:
    other = encrypted(owner=Owner("x", environment)).close(name, b"{}")
    with pytest.raises(StateDamaged, match="F belongs to another project or environment") as refused:
        encrypted().open(name, other, "F")
    assert f"it was encrypted for project x, {whose}" in refused.value.detail
    assert f"campaignctl {command}" in str(refused.value.hint)
    moved = encrypted(accepts="moved")
    assert moved.open(name, other, "F") == b"{}"
    assert moved.is_current(name, other)
    assert not encrypted().is_current(name, other)


def test_without_a_key_the_variable_is_named() -> None:
    sealed = encrypted().close(STATE, b"{}")
    no_key = encrypted(Keys())
    for asks, what in (
        (no_key.ready, "the state"),
        (lambda: no_key.close(STATE, b"{}"), "the state"),
        (lambda: no_key.open(STATE, sealed, "F"), "F"),
    ):
        with pytest.raises(StateSealed) as refused:
            asks()
        assert refused.value.summary == f"{what} is encrypted, and CAMPAIGNCTL_STATE_KEY is not set"
        assert "export CAMPAIGNCTL_STATE_KEY=" in str(refused.value.hint)
    assert not no_key.is_current(STATE, sealed)
    encrypted(Keys(), encrypts=False).ready()


def in_place_of_its_data(data: bytes) -> bytes:
    head, mark, _ = encrypted().close(STATE, b"{}").partition(b',"data":"')
    return head + mark + base64.b64encode(data) + b'"}\n'


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (in_place_of_its_data(bytes(27)), "its data is not as it was written"),
        (in_place_of_its_data(bytes(28)), "it is not what was encrypted there"),
        (in_place_of_its_data(bytes(28))[:-1], "its end is missing"),
        (b'{"encryption":{"method":"aes_gcm"}}\n', "its end is missing"),
        (b'{"encryption":{?,"data":"AAAA"}\n', "its beginning cannot be read"),
        (b'{"encryption":{},"encryption":7,"data":"AAAA"}\n', "its beginning cannot be read"),
        (b'{"encryption":{"a":' + b"[" * 100_000 + b',"data":"AAAA"}\n', "its beginning cannot be read"),
    ],
)
def test_damage_says_what_it_is(stored: bytes, why: str) -> None:
    with pytest.raises(StateDamaged) as damaged:
        encrypted().open(STATE, stored, "F")
    assert damaged.value.summary == "F was altered, cut or exchanged"
    assert damaged.value.detail == why
    assert "campaignctl state push FILE" in str(damaged.value.hint)
    if why.startswith("its beginning"):
        assert not encrypted().is_current(STATE, stored)


def test_a_line_of_a_journal_that_is_damaged_is_named() -> None:
    close = encrypted().lines()
    first, second, third = (close(line) for line in (b"1\n", b"2\n", b"3\n"))
    with pytest.raises(StateDamaged) as damaged:
        encrypted().open_lines(first + second + third[:-9] + third[-1:], "F")
    assert damaged.value.summary.startswith("line 3 of F")
    with pytest.raises(StateDamaged) as exchanged:
        encrypted().open_lines(first + third + second, "F")
    assert exchanged.value.summary.startswith("line 2 of F")
    assert encrypted().open_lines(b"", "F") == encrypted().open_lines(b"torn", "F") == b""
    with pytest.raises(StateSealed):
        encrypted().open_lines(b"1\n", "F")
    assert encrypted(encrypts=False).open_lines(b"1\ntorn", "F") == b"1\n"


# -------------------------------------------------------------------------------------------- journal


@given(LINES)
def test_the_lines_of_a_journal_open_in_their_order(lines: list[bytes]) -> None:
    close = encrypted().lines()
    assert encrypted().open_lines(b"".join(map(close, lines)), "") == b"".join(lines)


@given(LINES, st.data())
def test_a_torn_line_is_as_if_it_was_never_written(lines: list[bytes], data: st.DataObject) -> None:
    close = encrypted().lines()
    stored = [close(line) for line in lines]
    torn = stored[-1][: data.draw(st.integers(0, len(stored[-1]) - 1))]
    assert encrypted().open_lines(b"".join(stored[:-1]) + torn, "") == b"".join(lines[:-1])


@given(LINES, LINES, st.data())
def test_a_line_that_is_changed_moved_left_out_or_from_another_journal_is_refused(
    lines: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    close, close_other = encrypted().lines(), encrypted().lines()
    stored = [close(line) for line in [*lines, b"last but one\n", b"last\n"]]
    foreign = [close_other(line) for line in [*others, b"last but one\n", b"last\n"]]
    at = data.draw(st.integers(0, len(stored) - 2))
    changed = bytearray(stored[at])
    changed[data.draw(st.integers(0, len(changed) - 2))] ^= 1
    for wrong in (
        [*stored[:at], *stored[at + 1 :]],
        [*stored[:at], stored[at + 1], stored[at], *stored[at + 2 :]],
        [*stored[:at], bytes(changed), *stored[at + 1 :]],
        [*stored[: at + 1], foreign[-1]],
    ):
        with pytest.raises(StateError):
            encrypted().open_lines(b"".join(wrong), "")


# ---------------------------------------------------------------- versions that know no encryption


def test_a_version_that_does_not_know_encryption_says_so_and_takes_it_for_no_damage() -> None:
    """What `state push` and `apply` of such a version do with it: these functions read it there."""
    stored = {name: encrypted().close(name, b"{}") for name in (STATE, "halts.json", "archive/2026.json")}
    with pytest.raises(StateTooNew, match="campaignctl"):
        decode(stored[STATE], where="state.json")
    with pytest.raises(StateTooNew, match="campaignctl"):
        decode_halts(stored["halts.json"])
    with pytest.raises(StateTooNew, match="campaignctl"):
        decode_year(stored["archive/2026.json"], "2026")
    with pytest.raises(CampaignctlError, match="format 3"):
        plans.decode(encrypted().close(PLAN, b"{}").decode())
    assert json.loads(stored[STATE])["encryption"]["key"] == KEY.id


def test_what_is_in_clear_and_is_to_be_so_is_stored_as_it_would_be_now() -> None:
    assert IN_CLEAR.is_current("state.json", b"{}")
