"""Which halts a lift ends: of a key, of its earlier keys, of its content, or of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from campaignctl.diff import content
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.reconciler.lift import lift
from campaignctl.reconciler.stop_mark import StopMarkGone
from campaignctl.review.halt import LiftOutcome
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt, Halts, Held
from campaignctl.state.model import State
from tests.plan.planning import ID, NOW, SCHEDULED, own, record, state, wanted
from tests.reconciler.scripted import Direct, direct

AT = "2026-11-24T11:00:00Z"


def halt(number: int, *keys: str, **more: Any) -> Halt:
    return Halt(f"h-{number}", keys or None, "wrong price", "ana", "laptop", AT, **more)


#: Of `old` by its key, its campaign and its content; of `sms/*`, which stopped nothing.
MARK = Halts((halt(1, "old", held=(Held("old", ID, content(SCHEDULED)),)), halt(2, "sms/*")))
WANTED = wanted(SCHEDULED, "new")
OTHER = wanted(own(SCHEDULED, "Other"), "other")


def lifted(
    *keys: str, known: State | None, declared: tuple[DesiredCampaign, ...] | None = (), mark: Halts = MARK
) -> tuple[LiftOutcome, Halts]:
    """What a lift of these keys says, and the stop mark after it."""
    with direct(known, who="bob") as one:
        one.kept.mark = mark
        manifests = None if declared is None else {each.key: each for each in declared}
        outcome = lift(one.wiring, keys or None, "fixed", lambda: manifests)
        return outcome, one.kept.mark


@pytest.mark.parametrize(
    ("keys", "known", "declared", "by"),
    [
        (("old",), None, (), ("old",)),
        (("old",), state(), None, ("old",)),
        (("new",), state({"new": record(SCHEDULED)}), (), ("new", "old")),
        (("new",), state({"new": record(SCHEDULED, campaign_id="7", moved_from="old")}), (), ("new", "old")),
        (("n*",), state({"new": record(SCHEDULED), "x": record(SCHEDULED)}), (), ("n*", "old")),
        (("new",), None, (WANTED, OTHER), ("new", "old")),
        (("new",), None, (wanted(own(SCHEDULED, "Other"), "new", moved_from=("old",)),), ("new", "old")),
        (("old", "sms/a"), None, (), ("old", "sms/a")),
        (("sms/*",), state({"sms/a": record(SCHEDULED, campaign_id="7")}), (), ("sms/*", "sms/a")),
    ],
)
def test_a_lift_of_a_key_ends_the_halt_of_its_campaign_under_any_key(
    keys: tuple[str, ...],
    known: State | None,
    declared: tuple[DesiredCampaign, ...] | None,
    by: tuple[str, ...],
) -> None:
    outcome, mark = lifted(*keys, known=known, declared=declared)
    lifts = {one.keys for each in mark.halts for one in each.lifted}
    assert lifts == {by}
    touched = {each.id for each in mark.halts if each.lifted}
    assert {each.id for each in outcome.lifted} == touched != set()
    assert outcome.keys == keys
    assert outcome.left == mark.in_force


@pytest.mark.parametrize(
    ("keys", "known", "declared"),
    [
        (("other",), None, None),
        (("other",), state({"new": record(SCHEDULED)}), (WANTED, OTHER)),
        (("old", "other"), state(), (WANTED, OTHER)),
    ],
)
def test_a_key_that_nothing_halts_is_an_error_and_lifts_nothing(
    keys: tuple[str, ...], known: State | None, declared: tuple[DesiredCampaign, ...] | None
) -> None:
    with direct(known) as one:
        one.kept.mark = MARK
        manifests = None if declared is None else {each.key: each for each in declared}
        with pytest.raises(CampaignctlError, match="nothing halts other") as refused:
            lift(one.wiring, keys, "fixed", lambda: manifests)
        assert refused.value.hint == "to list the halts in force: `campaignctl status`"
        assert one.kept.mark == MARK


def test_a_lift_of_all_ends_every_halt() -> None:
    outcome, mark = lifted(known=None)
    assert [each.id for each in outcome.lifted] == ["h-1", "h-2"]
    assert (mark.in_force, outcome.left, outcome.keys) == ((), (), None)
    ((ended,), _) = (each.lifted for each in mark.halts)
    assert (ended.keys, ended.reason, ended.who) == (None, "fixed", "bob")


def test_a_lift_without_a_halt_is_an_error() -> None:
    with pytest.raises(CampaignctlError, match="nothing is halted"):
        lifted(known=state(), mark=Halts())


@pytest.fixture
def gone() -> Iterator[Direct]:
    """A state that remembers a stop mark, and none."""
    with direct(state(stop_mark=True), who="bob", host="laptop") as one:
        yield one


def test_a_lift_of_all_replaces_a_stop_mark_that_was_deleted(gone: Direct) -> None:
    outcome = lift(gone.wiring, None, "fixed", dict)
    (made,) = gone.kept.mark.halts
    assert (made.reason, made.who, made.host) == ("the stop mark was deleted", "bob", "laptop")
    assert made.at == made.lifted[0].at == iso(NOW)
    assert (made.in_force, made.keys, [one.reason for one in made.lifted]) == (False, None, ["fixed"])
    assert (outcome.lifted, outcome.left, outcome.keys) == ((made,), (), None)


def test_a_lift_of_a_key_does_not_replace_it(gone: Direct) -> None:
    with pytest.raises(StopMarkGone):
        lift(gone.wiring, ("a",), "fixed", dict)
    assert gone.kept.mark.halts == ()
