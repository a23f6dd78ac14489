"""What documents and intents mean at their edges."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, Literal

import pytest

from campaignctl.errors import NOWHERE, StateDamaged, StateNotSaved, StateTooNew, hint_lines
from campaignctl.state import strict
from campaignctl.state.codec import decode, encode, fingerprint
from campaignctl.state.halts import Halt, Halts, Lift
from campaignctl.state.journal import entry_line, first_line, read_journal, replay
from campaignctl.state.model import AT_ONCE, Record, in_format
from campaignctl.state.proofs import Proof, ProofPhase
from tests.state.samples import decision, sample_intent, sample_record, sample_state

STATE = sample_state()
DOCUMENT: dict[str, Any] = json.loads(encode(STATE))


@pytest.mark.parametrize(
    ("operation", "phase", "ended", "creates", "half_done"),
    [
        ("create", "planned", False, True, False),
        ("create", "started", False, True, False),
        ("replace", "planned", False, False, False),
        ("replace", "started", False, False, False),
        ("replace", "planned", True, True, True),
        ("replace", "started", True, True, False),
        ("update", "started", False, False, False),
    ],
)
def test_an_intent_says_whether_its_next_request_is_a_create(
    operation: Any, phase: Any, *, ended: bool, creates: bool, half_done: bool
) -> None:
    one = replace(sample_intent(), operation=operation, phase=phase, ended=ended)
    assert (one.creates, one.half_done) == (creates, half_done)


@pytest.mark.parametrize(
    ("operation", "first_send", "kept"),
    [
        ("update", AT_ONCE, True),
        ("winner", AT_ONCE, True),
        ("resume", AT_ONCE, False),
        ("pause", AT_ONCE, False),
        ("update", None, False),
    ],
)
def test_format_1_has_of_other_writes_those_that_send_at_once(
    operation: Any, first_send: str | None, *, kept: bool
) -> None:
    one = replace(sample_intent(), operation=operation, first_send=first_send)
    assert in_format(one, 1) == (one if kept else None)
    assert in_format(one, 2) == one


# ------------------------------------------------------------------------------------------- the stop mark


def halt(*keys: str, **more: Any) -> Halt:
    return Halt("h-1", keys or None, "wrong price", "kim", "host", "2036-03-01T10:00:00Z", **more)


def lift(*keys: str) -> Lift:
    return Lift(keys or None, "fixed", "kim", "2036-03-01T11:00:00Z")


@pytest.mark.parametrize(
    ("one", "by", "touched"),
    [
        (halt("a", "b"), lift("a*"), True),
        (halt("a", "b"), lift("c*"), False),
        (halt("a", "b"), lift("b"), True),
        (halt("a*"), lift("ab"), True),
        (halt(), lift("a"), True),
        (halt("a"), lift(), True),
        (halt("a", lifted=(lift(),)), lift(), False),
        (halt("a", lifted=(lift(),)), lift("a*"), False),
        (halt("a", "b", lifted=(lift("a"),)), lift("a"), False),
        (halt("a", "b", lifted=(lift("a"),)), lift("*"), True),
        (halt("a*", lifted=(lift("ab"),)), lift("ac"), True),
    ],
)
def test_a_lift_touches_a_halt_in_force_that_stops_what_it_names(
    one: Halt, by: Lift, *, touched: bool
) -> None:
    assert one.touched_by(by) is touched


def test_the_times_of_a_halt_are_corrected_and_nothing_else() -> None:
    known = halt("a", lifted=(lift("x"),))
    later = replace(halt("b"), at="2036-03-01T10:00:09Z", under_way="2036-03-01T10:00:09Z")
    (found,) = Halts((known,)).begun_at(later).halts
    assert found == replace(known, at=later.at, under_way=later.under_way)


# ------------------------------------------------------------------------------------------------ documents


def test_every_object_by_key_is_sorted() -> None:
    records, intents = {key: sample_record() for key in "ba"}, dict.fromkeys("ba", sample_intent())
    known = replace(STATE, campaigns=records, pending=intents, missed=dict.fromkeys("ba", "d"))
    whole = json.loads(encode(known))
    assert [list(whole[name]) for name in ("campaigns", "pending", "missed")] == [["a", "b"]] * 3


@pytest.mark.parametrize("version", [True, "2", 2.0, None])
def test_a_format_is_a_whole_number(version: Any) -> None:
    with pytest.raises(StateDamaged, match="format_version is not a whole number"):
        decode(json.dumps({**DOCUMENT, "format_version": version}))


@pytest.mark.parametrize(
    ("writer", "named", "wanted"),
    [
        ("9.9", "campaignctl 9.9", "'campaignctl>=9.9'"),
        ("0.0.1", "campaignctl 0.0.1", "campaignctl"),
        ("9; rm", "campaignctl 9; rm", "campaignctl"),
        (None, "a newer campaignctl", "campaignctl"),
        (9, "a newer campaignctl", "campaignctl"),
    ],
)
def test_a_newer_format_names_its_writer_if_it_can(writer: Any, named: str, wanted: str) -> None:
    with pytest.raises(StateTooNew, match=f"was written by {named}") as refused:
        decode(json.dumps({**DOCUMENT, "format_version": 9, "tool_version": writer}))
    assert refused.value.hint == f"upgrade, then run this again: `pip install --upgrade {wanted}`"
    assert hint_lines(refused.value.hint, NOWHERE)[-1] == (f"pip install --upgrade {wanted}", True)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"a": -Infinity}',
        '{"a": 1, "a": 2}',
        "{",
        "[" * 100_000,
        '{"a": 1}'.encode("utf-16"),
    ],
    ids=range(7),
)
def test_what_is_no_strict_json_in_utf_8_is_damaged(text: str | bytes) -> None:
    with pytest.raises(StateDamaged, match="here is damaged: not a JSON document in UTF-8"):
        strict.parse(text, "here")


def test_the_field_that_is_there_twice_is_named() -> None:
    with pytest.raises(StateDamaged, match='"b" is there twice'):
        strict.parse('{"a": 1, "b": 2, "c": 3, "b": 4}', "here")


def test_a_value_that_is_nested_too_deep_is_not_written() -> None:
    deep: Any = []
    for _ in range(9_999):
        deep = [deep]
    with pytest.raises(StateNotSaved):
        strict.to_json({"deep": deep})


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Literal["a", "b"], []), (Literal["a", "b"], 1), (int | str, None), (int | str, [])],
)
def test_a_value_of_no_choice_does_not_fit(kind: Any, value: Any) -> None:
    with pytest.raises(strict.Unfit):
        strict.fit(kind, value)


def test_a_field_of_format_2_is_not_in_format_1() -> None:
    record = replace(sample_record(), began="2036-01-01T00:00:00Z")
    assert "began" not in strict.plain(record, 1)
    assert strict.plain(record, 2)["began"] == record.began
    with pytest.raises(strict.Unfit, match="status is missing"):
        strict.fit(Record, {name: value for name, value in strict.plain(record).items() if name != "status"})


# -------------------------------------------------------------------------------------------------- journals


def lines(*more: bytes) -> bytes:
    return b"".join([first_line(STATE, fingerprint(encode(STATE).encode())), *more])


def test_a_line_with_another_field_is_not_a_step() -> None:
    step = entry_line(decision("a"), 1)
    assert read_journal(lines(step), where="the journal") is not None
    found = json.loads(step)
    del found["check"]
    head = json.dumps({**found, "more": 1}, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
    line = head + f',"check":"{hashlib.sha256(head).hexdigest()[:16]}"}}'.encode() + b"\n"
    with pytest.raises(StateDamaged, match="line 2 is not"):
        read_journal(lines(line), where="the journal")


@pytest.mark.parametrize(
    ("document", "journal", "place"),
    [(b"{", None, "the state"), (encode(STATE).encode(), b"{}\n{}\n", "the journal")],
)
def test_what_is_damaged_is_named_by_its_place(document: bytes, journal: bytes | None, place: str) -> None:
    with pytest.raises(StateDamaged, match=f"^{place} is damaged"):
        replay(document, journal, previous=lambda: None, where="the state", journal_where="the journal")


@pytest.mark.parametrize(
    ("phase", "is_open", "sent"),
    [
        ("started", True, False),
        ("created", True, False),
        ("arming", True, True),
        ("sent", False, True),
        ("dropped", False, False),
    ],
)
def test_a_proof_may_have_sent_once_it_was_to_be_armed(
    phase: ProofPhase, *, is_open: bool, sent: bool
) -> None:
    one = Proof(
        "push/a", "m", "en", "sha256:p", "team", "sha256:s", "mira", "i", phase, "2036-01-01T00:00:00Z"
    )
    assert (one.open, one.may_have_sent) == (is_open, sent)
