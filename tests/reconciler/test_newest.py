"""A state that is older than the one that was last seen here is noticed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from campaignctl.errors import StateError
from campaignctl.reconciler.newest import Newest
from campaignctl.state.model import State
from tests.plan.planning import SCHEDULED, record, state
from tests.reconciler.scripted import direct


@dataclass
class Shelf:
    """A memory that keeps everything."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def recall(self, name: bytes) -> bytes | None:
        return self.kept.get(name)

    def remember(self, name: bytes, body: bytes) -> None:
        self.kept[name] = body


def numbered(serial: int, campaign_id: str = "1") -> State:
    return replace(state({"a": record(SCHEDULED, campaign_id=campaign_id)}), serial=serial)


@pytest.fixture
def seen() -> Newest:
    """What a machine knows that has seen serial 7."""
    found = Newest(Shelf(), lambda: "the place")
    found.note(numbered(7))
    return found


@pytest.mark.parametrize(
    "there",
    [
        numbered(7),
        replace(numbered(7), seen=("9",)),
        numbered(8),
        numbered(8, "2"),
        replace(numbered(1), lineage="another"),
        None,
    ],
)
def test_what_is_the_same_or_newer_or_of_another_lineage_is_taken(seen: Newest, there: State | None) -> None:
    seen.check(there)


@pytest.mark.parametrize(
    ("there", "said", "why"),
    [
        (numbered(6), "is older than the one last seen here", "its serial is 6, and was 7"),
        (numbered(7, "2"), "is not the one last seen here", "both have serial 7"),
    ],
)
def test_an_older_one_or_another_with_its_serial_is_not(
    seen: Newest, there: State, said: str, why: str
) -> None:
    with pytest.raises(StateError, match=f"the state in the place {said}") as refused:
        seen.check(there)
    assert refused.value.detail.startswith(why)
    assert "campaignctl state recover --write" in refused.value.hint


def test_only_a_newer_one_is_remembered_unless_an_older_one_is_put_back_on_purpose(seen: Newest) -> None:
    seen.note(numbered(5))
    assert seen.serial(numbered(0)) == 7
    seen.note(numbered(5), restored=True)
    assert seen.serial(numbered(0)) == 5
    seen.check(numbered(5))
    assert (seen.serial(None), seen.serial(replace(numbered(0), lineage="another"))) == (-1, -1)


def test_a_state_that_is_older_than_it_was_seen_is_not_worked_with(seen: Newest) -> None:
    with direct(numbered(6)) as known:
        wiring = replace(known.wiring, newest=seen)
        with pytest.raises(StateError, match="older than the one last seen here"), wiring.locked("apply"):
            raise AssertionError
        with wiring.locked("state push"):
            pass
        assert seen.serial(numbered(0)) == 6, "it was put back on purpose"


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"7", b"[1]", b"null"])
def test_a_memory_that_cannot_be_read_knows_nothing(body: bytes) -> None:
    shelf = Shelf()
    found = Newest(shelf, lambda: "the place")
    found.note(numbered(7))
    shelf.kept = dict.fromkeys(shelf.kept, body)
    found.check(numbered(1))
    assert found.serial(numbered(1)) == -1
