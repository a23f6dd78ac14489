"""The id of a project: its markers, its state, and another repository with its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.errors import AccountMismatch, StateError
from campaignctl.reconciler import adopt, rebind, state_ops
from campaignctl.reconciler.created import created
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.run import opened
from campaignctl.state.model import Entry
from tests.reconciler.account import Account, campaign
from tests.reconciler.repositories import (
    FAR,
    ID,
    OTHER_ID,
    Repository,
    marker_of,
    notes,
    planned,
    recovered,
)


def test_the_id_is_in_every_marker_and_in_the_state(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR, "hand": campaign("Hand")}
    ours.apply()
    assert ours.state.project_id == ID
    for key, record in ours.state.campaigns.items():
        assert marker_of(ours, key) == ours.project.owner.marker(key, str(record.intent))
        assert str(marker_of(ours, key)).startswith("v2 ")


def test_a_project_without_an_id_goes_on_with_version_1_and_is_told_the_line_once(
    repository: Repository,
) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    assert str(marker_of(ours, "far")).startswith("v1 ")
    assert "`metadata` in campaignctl.yaml has no id" in notes(ours)
    assert "id: " in notes(ours)
    ours.events.clear()
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    assert "id" not in notes(ours)


@pytest.mark.parametrize("first_id", [OTHER_ID, None])
def test_a_repository_with_the_same_project_name_sees_no_campaign_of_the_other(
    repository: Repository, first_id: str | None
) -> None:
    theirs, ours = repository("theirs", id=first_id), repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    theirs.specs, ours.specs["far"] = {"far": FAR}, campaign("Ours", scheduled_time="2036-07-01 10:00:00")
    theirs.apply()
    assert ours.outcomes() == {"far": "done"}
    assert recovered(ours).found == ()
    assert not planned(theirs).refused
    assert theirs.control.campaign(theirs.id_of("far"))["live"]["status"] == "scheduled"


def test_unknown_campaigns_of_the_project_name_alone_are_taken_over_only_if_a_person_says_so(
    repository: Repository,
) -> None:
    theirs, ours = repository("theirs"), repository("ours", id=ID)
    theirs.specs = {"far": FAR}
    theirs.apply()
    ours.specs = {"far": FAR}
    (blocked,) = planned(ours).blocked
    assert "of this project before it had an id or of another one" in blocked.reason
    assert "campaignctl state init" in blocked.hint
    assert ours.apply().changes == ()
    shown = recovered(ours)
    assert [found.id for found in shown.found] == [theirs.id_of("far")]
    assert "another repository" in shown.doubt
    assert "campaignctl state init" in shown.doubt


def test_an_id_that_was_added_later_loses_none_of_the_campaigns(repository: Repository) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    ours.project = replace(ours.project, id=ID)
    ours.specs["hand"] = campaign("Hand")
    assert ours.outcomes() == {"hand": "done"}
    assert ours.state.project_id == ID
    assert (str(marker_of(ours, "far"))[:2], str(marker_of(ours, "hand"))[:2]) == ("v1", "v2")
    clone = ours.control.clone(ours.id_of("far"), name="Far again")
    assert [found.id for found in planned(ours).drift] == [ours.id_of("far")], f"{clone} is a clone of it"


def test_a_lost_state_is_recovered_with_markers_of_both_versions(repository: Repository) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    ours.project = replace(ours.project, id=ID)
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    before = {key: record.id for key, record in ours.state.campaigns.items()}
    ours.place.path.unlink()
    mark = ours.mark
    assert ours.apply().changes == ()
    recovered(ours, write=True)
    assert {key: record.id for key, record in ours.state.campaigns.items()} == before
    assert ours.writes(mark) == []
    assert planned(ours).empty


def test_the_state_of_another_project_is_refused_until_it_is_rebound(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR}
    ours.apply()
    for other in (OTHER_ID, None):
        ours.project = replace(ours.project, id=other)
        for attempt in (planned, Account.apply, recovered):
            with pytest.raises(AccountMismatch, match=ID) as refused:
                attempt(ours)
            assert "campaignctl state rebind" in refused.value.hint
            assert f"id: {ID}" in refused.value.hint
    ours.project = replace(ours.project, id=OTHER_ID)
    assert rebind.rebind(ours.wiring, lambda asked: asked.after.project_id == OTHER_ID)
    assert planned(ours).empty
    ours.specs["hand"] = campaign("Hand")
    assert ours.outcomes() == {"hand": "done"}


# One key for each campaign


@pytest.fixture
def doubled(repository: Repository) -> Account:
    """A state that points two keys at one campaign, next to a sound record."""
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR, "hand": campaign("Hand")}
    ours.apply()
    ours.specs["b"] = FAR
    session = ours.place.backend().acquire("by hand", timedelta())
    session.append(Entry(records={"b": ours.state.campaigns["a"]}))
    session.release()
    return ours


def pushed(one: Account) -> str:
    return state_ops.push(one.wiring, one.state, True)


@pytest.mark.parametrize("attempt", [planned, Account.apply, recovered, pushed])
def test_a_state_with_two_keys_for_one_campaign_is_refused(
    doubled: Account, attempt: Callable[[Account], object]
) -> None:
    mark = doubled.mark
    with pytest.raises(StateError, match="a and b record one campaign") as refused:
        attempt(doubled)
    assert refused.value.hint.endswith("`campaignctl state rm b`")
    assert doubled.writes(mark) == []
    (check,) = [check for check in examine(doubled.wiring) if check.name == "state"]
    assert (check.verdict, "campaignctl state rm b" in check.fix) == ("problem", True)
    state_ops.remove(doubled.wiring, "b")
    assert [blocked.key for blocked in planned(doubled).blocked] == ["b"], "it would repeat what was released"


def test_a_halt_still_stops_a_campaign_with_two_keys(doubled: Account) -> None:
    doubled.halt()
    assert doubled.control.campaign(doubled.id_of("a"))["live"]["status"] == "paused"


def test_no_command_gives_a_campaign_a_second_key(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR, "hand": campaign("Hand")}
    ours.apply()
    made, before = ours.id_of("a"), ours.state.campaigns
    ours.specs["b"] = FAR
    attempts: tuple[Callable[[], object], ...] = (
        lambda: adopt.import_campaign(ours.wiring, ours.desired, "b", made),
        lambda: state_ops.resolve(ours.wiring, "b", "adopt", made, force=True),
        lambda: state_ops.move(ours.wiring, "a", "hand"),
    )
    for attempt in attempts:
        with pytest.raises(StateError):
            attempt()
    ours.adopts["b"] = made
    assert [blocked.status for blocked in planned(ours).blocked] == ["recorded"]
    ours.apply()
    assert ours.state.campaigns == before


def test_a_create_that_is_answered_with_a_known_campaign_is_not_recorded_twice(
    repository: Repository,
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR}
    ours.apply()
    live = ours.api.read(ours.id_of("a"))
    assert live is not None
    with ours.wiring.locked("test") as session:
        run = opened(ours.wiring, session, [])
        with pytest.raises(StateError, match="recorded as a"):
            created(run, "b", state_ops.intent_of(live), live)
    assert set(ours.state.campaigns) == {"a"}
