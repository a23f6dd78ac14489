"""Every choice and default of the interface is read, and a value that does not fit is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from campaignctl.errors import StateDamaged, StateNotSaved
from campaignctl.state import strict
from campaignctl.state.codec import decode, decode_halts, encode
from campaignctl.state.halts import Halts
from campaignctl.state.model import State
from tests.state.samples import sample_intent, sample_record, sample_state

AT = "2036-01-01T00:00:00Z"
LINEAGE: dict[str, Any] = json.loads(encode(sample_state()))
APPLY: dict[str, Any] = {
    "id": "a1",
    "at": AT,
    "operation": "apply",
    "who": "mira",
    "host": "laptop",
    "commit": None,
    "tool_version": "0.1.0",
    "plan": "sha256:p",
    "actions": {"create": 1},
    "overrides": [],
    "outcome": "done",
    "outcomes": {"done": 1},
    "ended": AT,
}


def with_record(**fields: Any) -> State:
    """The state of a document whose record has these fields."""
    record = {**LINEAGE["campaigns"]["push/welcome"], **fields}
    return decode(json.dumps({**LINEAGE, "campaigns": {"push/welcome": record}}))


def with_intent(**fields: Any) -> State:
    """The state of a document whose intent has these fields."""
    intent = {**LINEAGE["pending"]["sms/flash"], **fields}
    return decode(json.dumps({**LINEAGE, "pending": {"sms/flash": intent}}))


@pytest.mark.parametrize(
    "operation", ["create", "update", "winner", "pause", "resume", "cancel", "replace", "mark"]
)
@pytest.mark.parametrize("phase", ["planned", "started", "reposted"])
def test_every_operation_and_phase_of_an_intent_is_read(operation: str, phase: str) -> None:
    state = with_intent(operation=operation, phase=phase)
    assert (state.pending["sms/flash"].operation, state.pending["sms/flash"].phase) == (operation, phase)
    assert decode(encode(state)) == state


@pytest.mark.parametrize("origin", ["create", "adopt", "import"])
def test_every_origin_of_a_record_is_read(origin: str) -> None:
    state = with_record(origin=origin)
    assert state.campaigns["push/welcome"].origin == origin
    assert decode(encode(state)) == state


@pytest.mark.parametrize("outcome", ["started", "done", "incomplete", "interrupted"])
def test_every_outcome_of_an_apply_is_read(outcome: str) -> None:
    document = {**LINEAGE, "history": [{**APPLY, "outcome": outcome}]}
    state = decode(json.dumps(document))
    assert state.history[0].outcome == outcome
    assert json.loads(encode(state)) == document


@pytest.mark.parametrize("how", ["paused", "canceled"])
def test_every_way_to_stop_a_campaign_is_read(how: str) -> None:
    stopped = {"key": "push/a", "id": "7", "how": how, "at": AT}
    halt: dict[str, Any] = {"id": "h1", "keys": None, "reason": "r", "who": "w", "host": "h", "at": AT}
    document = {"format_version": 1, "halts": [{**halt, "stopped": [stopped], "lifted": []}]}
    assert decode_halts(json.dumps(document)).halts[0].stopped[0].how == how


def test_what_came_with_format_2_is_absent_by_default() -> None:
    record, intent = with_record().campaigns["push/welcome"], with_intent().pending["sms/flash"]
    assert (record, intent) == (sample_record(), sample_intent())
    assert (record.baseline, record.began) == (None, None)
    assert (record.unconfirmed, record.origin, record.unmarked, record.posts) == ((), "create", False, ())
    assert (intent.posts, intent.ended) == ((), False)
    state = decode(json.dumps(LINEAGE))
    assert (state.foreign, state.dropped, state.settings, state.project_id, state.stop_mark) == (
        ({}, (), None, None, False)
    )


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "b": 3}', '{"x": {"a": 1, "b": 2, "b": 3}}'])
def test_a_field_that_is_there_twice_is_named(text: str) -> None:
    with pytest.raises(StateDamaged) as refused:
        decode(text)
    assert 'the field "b" is there twice' in refused.value.summary


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        (datetime, "soon", "is not a time"),
        (datetime, 7, "is not a string"),
        (int, True, "is not a whole number"),
        (int, -1, "is negative"),
        (bool, 1, "is neither true nor false"),
        (str, None, "is not a string"),
        (tuple[str, ...], {}, "is not an array"),
        (tuple[str, ...], ["a", 1], "[1] is not a string"),
        (dict[str, Any], [], "is not an object"),
        (dict[str, int], {"a": 1, "b": "x"}, "b is not a whole number"),
        (Literal["a", "b"], "c", "is not one of a, b"),
        (Literal["a", "b"], 1, "is not one of a, b"),
        (int | None, "x", "is not a whole number"),
        (int | str, 1.5, "is not a string"),
    ],
)
def test_a_value_that_does_not_fit_is_named(kind: Any, value: Any, what: str) -> None:
    with pytest.raises(strict.Unfit) as refused:
        strict.fit(kind, value)
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (datetime, AT, datetime(2036, 1, 1, tzinfo=UTC)),
        (int, 0, 0),
        (int | None, None, None),
        (int | str, "a", "a"),
        (int | str, 1, 1),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (Any, [None], [None]),
    ],
)
def test_a_value_that_fits_is_read(kind: Any, value: Any, found: Any) -> None:
    assert strict.fit(kind, value) == found


def test_the_whole_path_to_a_wrong_value_is_named() -> None:
    with pytest.raises(StateDamaged) as refused:
        strict.read(tuple[int, ...], [1, "x"], "the plan", "changes", 'push/a "b"')
    assert refused.value.summary == 'the plan is damaged: changes["push/a \\"b\\""][1] is not a whole number'


def test_no_document_holds_any_other_type() -> None:
    for kind in (complex, list[int]):
        with pytest.raises(TypeError, match="no document holds"):
            strict.fit(kind, 1)


def test_arrays_are_written_with_what_is_in_them() -> None:
    assert strict.to_json([1, (2, 3)]) == "[1,[2,3]]"
    assert json.loads(strict.to_json({"a": [sample_record()]}))["a"][0]["id"] == "1030978"
    assert strict.to_json({"a": 1}, head={"b": 2}) == '{"b":2,"a":1}'
    with pytest.raises(StateNotSaved, match="JSON cannot hold"):
        strict.to_json([[{1: "one"}]])


def test_a_stop_mark_that_is_damaged_says_how_to_go_on() -> None:
    with pytest.raises(StateDamaged) as refused:
        decode_halts('{"format_version": 1, "halts": [{"id": 1}]}')
    assert refused.value.summary.startswith("the stop mark is damaged: ")
    assert "repeat the halts" in refused.value.hint
    assert decode_halts('{"format_version": 1, "halts": []}').halts == Halts().halts
