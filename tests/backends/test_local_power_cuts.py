"""What was said to be durable survives a power cut, wherever it comes and whatever it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.actors import Actor
from tests.backends.crashes import stages
from tests.backends.local_place import LocalPlace
from tests.backends.power import MARKS, cut_at_every_call, mark_cut_at_every_call
from tests.torture.medium import Loss


@pytest.fixture
def place(tmp_path: Path) -> LocalPlace:
    return LocalPlace(tmp_path)


@pytest.fixture
def actor(place: LocalPlace) -> Iterator[Actor]:
    made = Actor(place)
    yield made
    made.kill()


@pytest.mark.parametrize("loss", ["names", "content"])
def test_a_power_cut_before_any_call_leaves_what_was_reported_as_saved(
    place: LocalPlace, actor: Actor, loss: Loss
) -> None:
    known = stages()
    cuts = actor.ask("call", cut_at_every_call, place, loss)
    assert {cut.reported for cut in cuts} == set(range(len(known)))
    for cut in cuts:
        assert cut.read in known[cut.reported : cut.reported + 2], f"cut before call {cut.call}"


@pytest.mark.parametrize("loss", ["names", "content"])
def test_a_power_cut_leaves_the_stop_mark_that_was_said_to_be_set(
    place: LocalPlace, actor: Actor, loss: Loss
) -> None:
    cuts = actor.ask("call", mark_cut_at_every_call, place, loss)
    assert {reported for _, reported, _ in cuts} == {0, 1, 2}
    for call, reported, mark in cuts:
        assert mark in MARKS[reported : reported + 2], f"cut before call {call}"
