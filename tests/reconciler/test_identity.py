"""Whose a campaign is: the id of the project, its environments, the account, and markers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.errors import AccountMismatch
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler import recover
from campaignctl.reconciler.plan import plan
from campaignctl.review.reports import Recovery
from tests.backends.local_place import LocalPlace
from tests.reconciler.account import Account, campaign

ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
OTHER_ID = "00000000-8d5d-4c43-9f1e-1b2c3d4e5f60"
FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")

Repository = Callable[..., Account]


@pytest.fixture
def repository(account: Account, tmp_path: Path) -> Repository:
    """A checkout of its own with the same account and, unless it is said otherwise, the same project."""

    def made(folder: str, **project: Any) -> Account:
        (tmp_path / folder).mkdir()
        place = LocalPlace(tmp_path / folder)
        return replace(account, place=place, project=replace(account.project, **project), specs={})

    return made


def planned(one: Account) -> Plan:
    return plan(one.wiring, one.desired, Options())


def recovered(one: Account, *, write: bool = False) -> Recovery:
    return recover.recover(one.wiring, one.desired, write=write)


def marker_of(one: Account, key: str) -> marker.Marker:
    found = marker.read(one.control.campaign(one.id_of(key))["live"])
    assert found is not None
    return found


def notes(one: Account) -> str:
    return "\n".join(event.text for event in one.events if event.kind == "note")


# ------------------------------------------------------------------------------------ the project's id


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
    assert "with the name of this one and without an id" in blocked.reason
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
    assert recover.rebind(ours.wiring, lambda asked: asked.after.project_id == OTHER_ID)
    assert planned(ours).empty
    ours.specs["hand"] = campaign("Hand")
    assert ours.outcomes() == {"hand": "done"}
