"""What every backend must do when a process dies, or when something damaged what is stored."""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar

import pytest

from campaignctl.errors import StateDamaged, StateTooNew
from campaignctl.reconciler.ports import Backend
from campaignctl.state.model import State
from tests.backends.actors import Actor, Place
from tests.backends.conformance import NOW, Conformance, NewActor
from tests.backends.crashes import LIFE, SHORT, Step, crash_before_every_call, stages
from tests.state.samples import decision, observation, sample_state


class CrashConformance(Conformance):
    """Kills at every point, torn ends, and damage that no kill explains."""

    #: How many bytes lie between two tears of a journal; more than 1 where a read takes long.
    STRIDE: ClassVar[int] = 1

    @pytest.mark.parametrize(
        "life", [SHORT, pytest.param(LIFE, marks=pytest.mark.slow)], ids=["short", "whole"]
    )
    def test_a_kill_before_any_call_leaves_what_was_reported_as_saved(
        self, actor: NewActor, place: Place, life: tuple[Step, ...]
    ) -> None:
        known = stages(life)
        crashes = actor().ask("call", crash_before_every_call, place, life)
        assert {crash.reported for crash in crashes} == set(range(len(known)))
        for crash in crashes:
            expected = known[crash.reported : crash.reported + 2]
            assert crash.read in expected, f"killed before call {crash.call}"
            assert crash.reopened == crash.read, f"killed before call {crash.call}"

    def test_a_journal_torn_at_any_byte_keeps_its_finished_steps(
        self, backend: Backend, place: Place, died: State
    ) -> None:
        data = _journal(place)
        expected = [sample_state()]
        for step in (observation("a"), decision("b"), observation("c")):
            expected.append(expected[-1].after(step))
        for length in (*range(0, len(data), self.STRIDE), len(data)):
            place.put_journal(data[:length])
            finished = max(0, data.count(b"\n", 0, length) - 1)
            assert backend.read() == expected[finished], f"torn after {length} bytes"

    def test_steps_continue_after_a_torn_end(self, backend: Backend, place: Place, died: State) -> None:
        place.put_journal(_journal(place)[:-5])
        session = backend.acquire("apply", NOW)
        torn = sample_state().after(observation("a")).after(decision("b"))
        assert session.state == torn
        session.append(decision("d"))
        assert backend.read() == torn.after(decision("d"))
        session.release()
        assert backend.read() == torn.after(decision("d"))

    def test_a_folded_journal_is_not_folded_again(
        self, backend: Backend, place: Place, applying: Actor
    ) -> None:
        applying.append(observation("a"))  # the serial stays: it alone would not tell
        journal = _journal(place)
        applying.release()
        place.put_journal(journal)
        folded = sample_state().after(observation("a"))
        assert backend.read() == folded
        session = backend.acquire("apply", NOW)
        assert session.state == folded
        session.release()
        assert backend.read() == folded

    def test_a_journal_older_than_the_state_is_ignored(
        self, backend: Backend, place: Place, died: State
    ) -> None:
        journal = _journal(place)
        for serial in (4, 5, 6):
            session = backend.acquire("state push", NOW)
            session.write(sample_state(serial))
            session.release()
        place.put_journal(journal)
        assert backend.read() == sample_state(6)
        backend.acquire("apply", NOW).release()
        assert not place.journal()

    @pytest.mark.parametrize("lineage", ["5b0c8c60", "another"])
    def test_a_journal_of_another_state_is_refused(
        self, backend: Backend, place: Place, died: State, lineage: str
    ) -> None:
        journal = _journal(place)
        other = sample_state(1, lineage).after(observation("other"))
        session = backend.acquire("state push", NOW)
        session.write(other)
        session.write(other.after(observation("further")))
        session.release()
        place.put_journal(journal)
        _assert_untouched(backend, place, StateDamaged)

    def test_damage_in_a_journal_is_refused_and_kept(
        self, backend: Backend, place: Place, died: State
    ) -> None:
        data = _journal(place)
        lines = data.splitlines(keepends=True)
        flipped = data[:99] + bytes([data[99] ^ 1]) + data[100:]
        for damage in (flipped, b"".join(lines[:1] + lines[2:]), b"\n" + data, data + b"\n", b"?\n"):
            place.put_journal(damage)
            _assert_untouched(backend, place, StateDamaged)

    def test_a_damaged_document_is_refused_and_kept(
        self, backend: Backend, place: Place, died: State
    ) -> None:
        for damage in (b"", b"{}\n", (place.document() or b"")[:-3]):
            place.put_document(damage)
            _assert_untouched(backend, place, StateDamaged)

    def test_a_newer_format_is_refused_and_kept(self, backend: Backend, place: Place, died: State) -> None:
        document = place.document() or b""
        place.put_document(document.replace(b'"format_version": 2', b'"format_version": 3'))
        _assert_not_opened(backend, place)

    def test_a_field_of_a_later_version_is_refused_and_kept(
        self, backend: Backend, place: Place, died: State
    ) -> None:
        document, journal = place.document() or b"", _journal(place)
        written = json.loads(document) | {"tool_version": "9.9", "colour": 1}
        place.put_document(json.dumps(written).encode())
        _assert_not_opened(backend, place)
        place.put_document(document)
        place.put_journal(_of_later(journal))
        _assert_not_opened(backend, place)

    def test_a_write_repairs_a_damaged_state(self, backend: Backend, place: Place, died: State) -> None:
        place.put_document(b"{")
        session = backend.acquire("state push", NOW)
        session.write(died)
        assert session.state == died
        session.append(decision("d"))
        session.release()
        assert backend.read() == died.after(decision("d"))


def _journal(place: Place) -> bytes:
    data = place.journal()
    assert data
    return data


def _of_later(journal: bytes) -> bytes:
    """A journal that a later version wrote, with a field in each step that this one does not know."""
    lines = []
    for line in journal.splitlines():
        head = json.loads(line)
        del head["check"]
        if "header" in head:
            head["header"]["tool_version"] = "9.9"
        else:
            head["entry"]["colour"] = 1
        text = json.dumps(head, separators=(",", ":"))[:-1]
        check = hashlib.sha256(text.encode()).hexdigest()[:16]
        lines.append(f'{text},"check":"{check}"}}\n')
    return "".join(lines).encode()


def _assert_not_opened(backend: Backend, place: Place) -> None:
    """A later version's state is not opened, with or without its lock, and stays as it is."""
    before = place.document(), place.journal()
    with pytest.raises(StateTooNew):
        backend.read()
    for operation in ("apply", "state push"):
        with pytest.raises(StateTooNew):
            backend.acquire(operation, NOW)
    assert backend.holder() is None
    assert (place.document(), place.journal()) == before


def _assert_untouched(backend: Backend, place: Place, error: type[Exception]) -> None:
    """Neither a reader nor a holder of the lock uses the state, and both leave it as it is."""
    before = place.document(), place.journal()
    with pytest.raises(error):
        backend.read()
    session = backend.acquire("apply", NOW)
    with pytest.raises(error):
        _ = session.state
    with pytest.raises(error):
        session.append(decision("x"))
    session.release()
    assert (place.document(), place.journal()) == before
