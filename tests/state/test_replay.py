"""A document and its journal, read together: what is folded in, what was before, and what is damage."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from campaignctl.errors import StateDamaged
from campaignctl.state.codec import encode, fingerprint
from campaignctl.state.journal import Loaded, continues, entry_line, first_line, outrun, read_journal, replay
from campaignctl.state.model import Entry, State
from tests.state.samples import decision, observation, sample_state

STATE = sample_state()
STEPS = (observation("a"), decision("b"))
AFTER = STATE.after(STEPS[0]).after(STEPS[1])


def document(state: State) -> bytes:
    return encode(state).encode()


def journal(state: State, *steps: Entry, base: str | None = None) -> bytes:
    """A journal that continues a state."""
    lines = [entry_line(step, number) for number, step in enumerate(steps, start=1)]
    return b"".join([first_line(state, base or fingerprint(document(state))), *lines])


def read(before: bytes | None, lines: bytes | None, previous: str | None = None) -> Loaded:
    return replay(before, lines, previous=lambda: previous, where="the state", journal_where="the journal")


BASE = fingerprint(document(STATE))


@pytest.mark.parametrize(
    ("before", "lines", "found"),
    [
        (None, None, Loaded(None)),
        (document(STATE), None, Loaded(STATE, BASE)),
        (document(STATE), b"", Loaded(STATE, BASE, journal=True)),
        (None, b"", Loaded(None, journal=True)),
        (document(STATE), b"torn", Loaded(STATE, BASE, journal=True)),
        (document(STATE), journal(STATE), Loaded(STATE, BASE, 0, journal=True)),
        (document(STATE), journal(STATE, *STEPS), Loaded(AFTER, BASE, 2, journal=True)),
    ],
)
def test_a_journal_is_folded_into_the_document_that_it_continues(
    before: bytes | None, lines: bytes | None, found: Loaded
) -> None:
    assert read(before, lines) == found


@pytest.mark.parametrize(
    ("now", "previous", "is_old"),
    [
        (AFTER, None, True),
        (replace(AFTER, serial=AFTER.serial + 1), None, True),
        (STATE.after(STEPS[0]), BASE, True),
        (STATE.after(STEPS[0]), "sha256:other", False),
        (STATE.after(STEPS[0]), None, False),
        (replace(AFTER, lineage="other"), None, False),
        (replace(STATE, serial=0), None, False),
    ],
)
def test_a_journal_that_was_folded_in_before_is_passed_over(
    now: State, previous: str | None, is_old: bool
) -> None:
    lines = journal(STATE, *STEPS)
    if is_old:
        found = read(document(now), lines, previous)
        assert found == Loaded(now, fingerprint(document(now)), journal=True)
    else:
        with pytest.raises(StateDamaged, match="it continues another state than the one in the state"):
            read(document(now), lines, previous)


def test_a_journal_without_its_document_is_damage() -> None:
    with pytest.raises(StateDamaged, match="the state that it continues is missing; it belongs in the state"):
        read(None, journal(STATE, *STEPS))


def test_the_same_serial_in_another_document_is_not_continued() -> None:
    with pytest.raises(StateDamaged, match="it continues another state"):
        read(document(STATE), journal(STATE, *STEPS, base="sha256:other"))


@pytest.mark.parametrize(
    ("state", "is_continued", "is_outrun"),
    [
        (STATE, True, False),
        (replace(STATE, lineage="other"), False, False),
        (replace(STATE, serial=2), False, True),
        (replace(STATE, serial=3), False, True),
        (replace(STATE, serial=0), False, False),
        (replace(STATE, serial=3, lineage="other"), False, False),
    ],
)
def test_a_state_is_continued_or_has_outrun_its_journal(
    state: State, is_continued: bool, is_outrun: bool
) -> None:
    found = read_journal(journal(STATE, *STEPS))
    assert found is not None
    assert (found.serial, found.end) == (1, 2)
    assert (continues(found, state), outrun(found, state)) == (is_continued, is_outrun)


def test_a_state_between_two_decisions_of_a_journal_has_not_outrun_it() -> None:
    found = read_journal(journal(STATE, decision("a"), decision("b")))
    assert found is not None
    assert [outrun(found, replace(STATE, serial=serial)) for serial in (1, 2, 3)] == [False, False, True]


def test_a_line_has_its_own_number() -> None:
    lines = journal(STATE, STEPS[0])
    first, second, _ = lines.split(b"\n")
    with pytest.raises(StateDamaged):
        read(document(STATE), b"\n".join([first, second.replace(b'"seq":1', b'"seq":2'), b""]))
    assert read(document(STATE), lines).steps == 1


@pytest.mark.parametrize(
    ("before", "lines", "where"), [(b"{", None, "state.json"), (document(STATE), b"?\n", "its journal")]
)
def test_what_is_damaged_is_named_by_its_place(before: bytes, lines: bytes | None, where: str) -> None:
    with pytest.raises(StateDamaged, match=f"^{where} is damaged"):
        replay(before, lines, previous=lambda: None, where="state.json", journal_where="its journal")


@pytest.mark.parametrize("more", [b"", b',"colour":"red"'])
def test_a_line_with_more_than_a_step_is_refused(more: bytes) -> None:
    """What it says is unknown, whatever its checksum."""
    first, second, _ = journal(STATE, STEPS[0]).split(b"\n")
    head = second.rpartition(b',"check"')[0] + more
    check = hashlib.sha256(head).hexdigest()[:16].encode()
    lines = b"".join([first, b"\n", head, b',"check":"', check, b'"}\n'])
    if more:
        with pytest.raises(StateDamaged, match="line 2 is not entry number 1"):
            read(document(STATE), lines)
    else:
        assert read(document(STATE), lines).steps == 1
