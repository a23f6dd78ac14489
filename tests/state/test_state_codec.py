"""The state document: it is decoded unchanged, and an error names the wrong field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from campaignctl import __version__
from campaignctl.errors import StateDamaged, StateNotSaved, StateTooNew
from campaignctl.state.codec import decode, decode_lock, encode, encode_lock
from campaignctl.state.journal import entry_line
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import (
    FORMAT_VERSION,
    Account,
    Entry,
    Foreign,
    Intent,
    IntentPhase,
    LockInfo,
    Record,
    State,
)
from tests.state.samples import sample_intent, sample_record, sample_state
from tests.state.strategies import states, unhurried


def document(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(encode(sample_state()))
    return fields | changes


@unhurried
@given(states)
def test_every_state_is_decoded_unchanged(state: State) -> None:
    assert decode(encode(state).encode()) == replace(state, tool_version=__version__)


@unhurried
@given(states)
def test_the_text_of_a_state_is_stable(state: State) -> None:
    assert encode(decode(encode(state))) == encode(state)


def test_the_top_level_fields_are_in_the_order_of_the_interface() -> None:
    empty = State("lineage", 0, None, Account("https://api.ocamba.com"), "0.1.0")
    assert list(json.loads(encode(empty))) == [
        "format_version",
        "tool_version",
        "lineage",
        "serial",
        "environment",
        "account",
        "seen",
        "campaigns",
        "pending",
        "sent",
        "released",
        "missed",
        "history",
    ]


def test_the_document_is_readable_and_sorted_by_key() -> None:
    records = {key: sample_record() for key in ("push/b", "email/z", "push/a")}
    text = encode(State("l", 1, None, Account("u"), "0.1.0", campaigns=records))
    assert list(json.loads(text)["campaigns"]) == ["email/z", "push/a", "push/b"]
    assert '\n  "push/a": {\n' in text
    assert "Добро дошли" in text
    assert text.endswith("}\n")


def test_specs_keep_their_order() -> None:
    applied = json.loads(encode(sample_state()))["campaigns"]["push/welcome"]["applied"]
    assert list(applied) == ["name", "scheduled_time"]


def test_a_lone_surrogate_survives_utf_8() -> None:
    state = State("\ud800", 1, None, Account("u"), "0.1.0")
    assert decode(encode(state).encode("utf-8")).lineage == "\ud800"


def test_a_surrogate_pair_is_decoded_as_its_character() -> None:
    state = State("\ud83d\ude00", 1, None, Account("u"), "0.1.0")
    assert decode(encode(state)).lineage == "\U0001f600"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1: "one"}, {"x": b"y"}])
def test_a_value_that_json_cannot_hold_is_not_written(value: Any) -> None:
    record = replace(sample_record(), applied={"field": value})
    with pytest.raises(StateNotSaved, match="JSON cannot hold"):
        encode(sample_state().after(Entry(records={"push/x": record})))


@pytest.mark.parametrize("name", sorted(document()))
def test_a_missing_field_is_named(name: str) -> None:
    fields = document()
    del fields[name]
    with pytest.raises(StateDamaged, match=name) as refused:
        decode(json.dumps(fields))
    assert "campaignctl state push FILE" in refused.value.hint


@pytest.mark.parametrize("name", sorted(document()))
def test_a_field_of_the_wrong_type_is_named(name: str) -> None:
    with pytest.raises(StateDamaged, match=name):
        decode(json.dumps(document(**{name: 1.5})))


@pytest.mark.parametrize("name", sorted(document()["campaigns"]["push/welcome"]))
def test_a_wrong_field_of_a_record_is_named_with_its_path(name: str) -> None:
    fields = document()
    fields["campaigns"]["push/welcome"][name] = 1.5
    with pytest.raises(StateDamaged) as refused:
        decode(json.dumps(fields), where="state.json")
    assert refused.value.summary.startswith(f'state.json is damaged: campaigns["push/welcome"].{name} ')


@pytest.mark.parametrize("name", sorted(document()["pending"]["sms/flash"]))
def test_a_missing_field_of_an_intent_is_named_with_its_path(name: str) -> None:
    fields = document()
    del fields["pending"]["sms/flash"][name]
    with pytest.raises(StateDamaged) as refused:
        decode(json.dumps(fields))
    assert f'pending["sms/flash"].{name} is missing' in refused.value.summary


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(StateDamaged, match="colour is not a field that this version knows"):
        decode(json.dumps(document(colour="red")))


@pytest.mark.parametrize(("name", "value"), [("serial", -1), ("serial", True), ("format_version", "1")])
def test_a_wrong_number_is_named(name: str, value: Any) -> None:
    with pytest.raises(StateDamaged, match=name):
        decode(json.dumps(document(**{name: value})))


def test_an_unknown_phase_is_refused() -> None:
    fields = document()
    fields["pending"]["sms/flash"]["phase"] = "finished"
    with pytest.raises(StateDamaged, match="is not one of planned, started, reposted"):
        decode(json.dumps(fields))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b"{} {}",
        b'{"serial": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"serial": ' + b"9" * 5000 + b"}",
    ],
)
def test_other_documents_are_refused(text: bytes) -> None:
    with pytest.raises(StateDamaged, match="the state is damaged"):
        decode(text)


def test_a_truncated_text_is_refused() -> None:
    text = encode(sample_state())
    for length in range(len(text) - 1):
        with pytest.raises(StateDamaged):
            decode(text[:length])


def test_a_newer_format_is_refused_with_its_writer() -> None:
    newer = document(format_version=FORMAT_VERSION + 1, tool_version="3.4.5", campaigns="unheard of")
    with pytest.raises(StateTooNew, match=r"campaignctl 3\.4\.5") as refused:
        decode(json.dumps(newer))
    assert "3.4.5" in refused.value.hint


def full_record() -> Record:
    return replace(sample_record(), baseline={"labels": ["x"]}, unconfirmed=("deal_id",), origin="adopt")


def test_a_state_of_format_1_is_read_and_stays_one() -> None:
    old = decode(json.dumps(document(format_version=1)))
    assert old == replace(sample_state(), format_version=1)
    assert json.loads(encode(old)) == document(format_version=1)


def test_a_state_of_format_1_keeps_nothing_that_format_2_brought() -> None:
    step = Entry(records={"a": full_record()}, settings={"x": 1}, foreign={"7": Foreign("scheduled", "t")})
    old = replace(sample_state(), format_version=1).after(step)
    assert (
        json.loads(encode(old))["campaigns"]["a"]
        == json.loads(encode(sample_state()))["campaigns"]["push/welcome"]
    )
    assert decode(encode(old)) == replace(sample_state(2), format_version=1, campaigns=old_records(old))


def test_format_1_has_of_the_ledger_what_its_readers_know() -> None:
    sends = ("2036-01-01T00:00:00Z",)
    sent = Sent("sha256:b", "push/b", "9", sends[0], "sha256:c", sends, at_once=True)
    gone = Released("sms/c", "8", None, "sha256:d", "sent", sends[0], "sha256:c", sends, True, "sha256:e")
    old = replace(sample_state(), format_version=1, sent=(sent,), released=(gone,))
    written = json.loads(encode(old))
    assert written["sent"][-1].keys() == {"digest", "key", "id", "at"}
    assert written["released"][-1].keys() == {"key", "id", "intent", "digest", "status", "at"}
    assert decode(encode(replace(old, format_version=2))) == replace(old, format_version=2)


@pytest.mark.parametrize(
    ("intent", "kept"),
    [
        (sample_intent(), True),
        (replace(sample_intent(), operation="update"), True),
        (replace(sample_intent(), operation="winner"), True),
        (replace(sample_intent(), operation="update", first_send="2036-01-01T00:00:00Z"), False),
        (replace(sample_intent(), operation="pause", first_send=None), False),
        (replace(sample_intent(), operation="resume", first_send=None), False),
        (replace(sample_intent(), operation="cancel", first_send=None), False),
        (replace(sample_intent(), operation="mark", first_send=None), False),
    ],
    ids=lambda value: getattr(value, "operation", value),
)
def test_format_1_has_only_intents_that_its_readers_settle(intent: Intent, kept: bool) -> None:
    step = Entry(intents={"a": intent})
    old = replace(sample_state(), format_version=1)
    assert ("a" in json.loads(encode(old.after(step)))["pending"]) is kept
    assert ("a" in json.loads(entry_line(step, 1, 1))["entry"]["intents"]) is kept
    assert "a" in json.loads(encode(sample_state().after(step)))["pending"]
    assert json.loads(entry_line(Entry(intents={"a": None}), 1, 1))["entry"]["intents"] == {"a": None}


@pytest.mark.parametrize(
    ("phase", "ended", "written"),
    [
        ("planned", False, "planned"),
        ("started", False, "planned"),
        ("planned", True, "planned"),
        ("started", True, "started"),
        ("reposted", True, "reposted"),
    ],
)
def test_format_1_has_a_replacement_as_its_create(phase: IntentPhase, ended: bool, written: str) -> None:
    """Before the cancel is proven, no create was sent."""
    half = replace(sample_intent(), operation="replace", phase=phase, id="7", ended=ended)
    old = replace(sample_state(), format_version=1).after(Entry(intents={"a": half}))
    kept = json.loads(encode(old))["pending"]["a"]
    assert (kept["operation"], kept["phase"], kept["id"]) == ("create", written, None)
    assert decode(encode(replace(old, format_version=2))).pending["a"] == half


def old_records(state: State) -> dict[str, Record]:
    return {**state.campaigns, "a": sample_record()}


def test_a_field_of_format_2_is_absent_where_it_has_its_default() -> None:
    state = sample_state().after(Entry(records={"a": full_record()}))
    members = json.loads(encode(state))["campaigns"]
    assert members["a"].keys() - members["push/welcome"].keys() == {"baseline", "unconfirmed", "origin"}
    assert decode(encode(state)) == state


def test_a_format_that_was_never_written_is_refused() -> None:
    with pytest.raises(StateDamaged, match="was never written by campaignctl"):
        decode(json.dumps(document(format_version=0)))


def test_a_lock_is_decoded_unchanged() -> None:
    info = LockInfo("id", "mira", "host", 42, "apply", "2036-01-01T00:00:00Z", "https://ci.example/run/7")
    assert decode_lock(encode_lock(info)) == info


def test_a_lock_that_names_no_run_is_read() -> None:
    names = ("id", "holder", "host", "operation", "since")
    found = decode_lock(json.dumps({**dict.fromkeys(names, "x"), "process": 42}))
    assert found == LockInfo("x", "x", "x", 42, "x", "x")
    assert found.lease == 0, "a lock of a version without leases is kept"


@pytest.mark.parametrize("text", ["", "{}", "null", '{"id": "x"}'])
def test_a_lock_that_cannot_be_read_is_none(text: str) -> None:
    assert decode_lock(text) is None
