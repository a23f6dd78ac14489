"""The journal: steps are decoded in order, a torn end is ignored, all other damage is refused."""

from __future__ import annotations

import hashlib
import json
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaignctl.errors import StateDamaged, StateTooNew
from campaignctl.state.journal import Journal, entry_line, first_line, fold, outrun, read_journal
from campaignctl.state.model import FORMAT_VERSION, Entry, State
from tests.state.samples import decision, observation, sample_state
from tests.state.strategies import entries, states, unhurried

STEPS = (decision("a"), observation("a"), decision("b"))


def journal(state: State, steps: tuple[Entry, ...] | list[Entry]) -> bytes:
    lines = [entry_line(entry, number) for number, entry in enumerate(steps, start=1)]
    return b"".join([first_line(state, "sha256:00"), *lines])


def parsed(data: bytes) -> Journal:
    found = read_journal(data)
    assert found is not None
    return found


@unhurried
@given(states, st.lists(entries, max_size=4))
def test_folding_a_journal_equals_the_steps_in_memory(state: State, steps: list[Entry]) -> None:
    assert fold(state, parsed(journal(state, steps))) == reduce(State.after, steps, state)


@unhurried
@given(entries)
def test_a_step_is_one_line_of_json(entry: Entry) -> None:
    line = entry_line(entry, 1)
    assert line.index(b"\n") == len(line) - 1
    assert sorted(json.loads(line)) == ["check", "entry", "seq"]


def test_the_first_line_names_format_lineage_serial_and_document() -> None:
    header = json.loads(first_line(sample_state(7), "sha256:00"))["header"]
    assert header == {
        "format_version": FORMAT_VERSION,
        "tool_version": "0.1.0",
        "lineage": "5b0c8c60",
        "serial": 7,
        "state": "sha256:00",
    }


def test_decisions_raise_the_serial_by_one_and_observations_do_not() -> None:
    found = parsed(journal(sample_state(7), STEPS))
    assert fold(sample_state(7), found).serial == found.end == 9


def test_a_truncated_journal_keeps_its_complete_lines() -> None:
    data = journal(sample_state(), STEPS)
    for length in range(len(data) + 1):
        finished = data.count(b"\n", 0, length)
        found = read_journal(data[:length])
        assert found is None if finished == 0 else found is not None
        assert found is None or found.entries == STEPS[: finished - 1]


def test_a_changed_byte_is_refused_anywhere() -> None:
    data = journal(sample_state(), STEPS)
    for position in range(len(data) - 1):  # without the last newline the last line is a torn one
        changed = bytearray(data)
        changed[position] ^= 1
        with pytest.raises(StateDamaged, match="the journal is damaged"):
            read_journal(bytes(changed))


@pytest.mark.parametrize("order", [(0, 2, 3), (0, 1, 1, 2, 3), (0, 2, 1, 3), (1, 2, 3), (0, 0, 1), (0, 1, 3)])
def test_missing_repeated_and_misplaced_lines_are_refused(order: tuple[int, ...]) -> None:
    lines = journal(sample_state(), STEPS).splitlines(keepends=True)
    with pytest.raises(StateDamaged):
        read_journal(b"".join(lines[number] for number in order))


def test_a_torn_line_in_the_middle_is_refused() -> None:
    lines = journal(sample_state(), STEPS).splitlines(keepends=True)
    with pytest.raises(StateDamaged, match="line 2"):
        read_journal(lines[0] + lines[1][:40] + b"\n" + lines[2])


def test_a_journal_of_another_state_is_not_folded() -> None:
    found = parsed(journal(sample_state(7), STEPS))
    for other in (sample_state(6), sample_state(8), sample_state(7, lineage="other")):
        with pytest.raises(StateDamaged, match="continues serial 7"):
            fold(other, found)


def test_only_a_later_state_of_the_same_lineage_has_outrun_a_journal() -> None:
    found = parsed(journal(sample_state(7), STEPS))
    assert outrun(found, sample_state(9))
    assert not outrun(found, sample_state(8))
    assert not outrun(found, sample_state(9, lineage="other"))
    assert not outrun(parsed(journal(sample_state(7), STEPS[1:2])), sample_state(7))


def test_a_journal_of_a_newer_format_is_refused() -> None:
    with pytest.raises(StateTooNew, match=r"campaignctl 0\.1\.0"):
        read_journal(_with_format(FORMAT_VERSION + 1))


def test_the_steps_of_format_1_are_read() -> None:
    assert parsed(_with_format(1)).entries == STEPS


def test_a_step_of_format_1_keeps_nothing_that_format_2_brought() -> None:
    step = Entry(settings={"x": 1})
    assert b"settings" in entry_line(step, 1)
    assert entry_line(step, 1, 1) == entry_line(Entry(), 1)


def _with_format(version: int) -> bytes:
    """The journal with another format version, with a valid checksum."""
    lines = journal(sample_state(), STEPS).splitlines(keepends=True)
    head, _, _ = lines[0].rpartition(b',"check"')
    head = head.replace(b'"format_version":2', b'"format_version":%d' % version)
    check = hashlib.sha256(head).hexdigest()[:16].encode()
    return b"".join([head, b',"check":"', check, b'"}\n', *lines[1:]])
