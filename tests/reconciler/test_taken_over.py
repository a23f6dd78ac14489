"""Campaigns that were adopted or imported carry our marker, so that a lost state finds them."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.reconciler import adopt, state_ops
from campaignctl.reconciler.doctor import examine
from campaignctl.review.outcome import Event
from tests.reconciler.account import Account, campaign
from tests.reconciler.repositories import (
    FAR,
    FAULTS,
    ID,
    Repository,
    marker_of,
    notes,
    planned,
    recovered,
)


def taken_over(one: Account, way: str, spec: dict[str, Any], **fields: Any) -> str:
    """Take a campaign of the dashboard over, as `theirs`; `fields` are further ones that it has there."""
    made = str(one.control.create({**spec, **fields})["id"])
    one.specs["theirs"] = {**spec, **fields}
    if way == "adopt":
        one.adopts["theirs"] = made
        one.apply()
    else:
        adopt.import_campaign(one.wiring, one.desired, "theirs", made)
    return made


WAYS = pytest.mark.parametrize("way", ["adopt", "import"])


@WAYS
@pytest.mark.parametrize("metadata", [{}, {"metadata": {"team": "crm", "cost": {"center": 7}}}])
@pytest.mark.parametrize("spec", [FAR, campaign("Hand"), campaign("Draft", is_draft=True)])
def test_a_campaign_that_is_taken_over_carries_our_marker(
    repository: Repository, way: str, spec: dict[str, Any], metadata: dict[str, Any]
) -> None:
    ours = repository("ours", id=ID)
    made = taken_over(ours, way, spec, **metadata)
    record = ours.state.campaigns["theirs"]
    assert (record.id, record.unmarked, record.origin) == (made, False, way)
    assert marker_of(ours, "theirs") == ours.project.owner.marker("theirs", str(record.intent))
    shown = ours.control.campaign(made)["live"]["metadata"]
    assert {name: value for name, value in shown.items() if name != marker.FIELD} == metadata.get(
        "metadata", {}
    )
    assert planned(ours).empty
    assert not planned(ours).drift
    assert [check.verdict for check in examine(ours.wiring) if check.name == "markers"] == ["ok"]


@WAYS
def test_a_lost_state_of_campaigns_that_were_taken_over_sends_nothing_again(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    made = taken_over(ours, way, FAR)
    ours.adopts.clear()
    ours.place.path.unlink()
    (blocked,) = planned(ours).blocked
    assert made in blocked.reason
    assert ours.apply().changes == ()
    assert [found.id for found in recovered(ours).found] == [made]
    recovered(ours, write=True)
    assert ours.id_of("theirs") == made
    assert planned(ours).empty
    ours.place.path.unlink()
    ours.halt()
    assert ours.control.campaign(made)["live"]["status"] == "paused"


@WAYS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_campaign_is_recorded_whatever_happens_to_its_marker(
    repository: Repository, way: str, fault: str
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS[fault])
    made = taken_over(ours, way, FAR)
    record = ours.state.campaigns["theirs"]
    assert (record.id, record.unmarked) == (made, fault != "done without an answer")
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert (check.verdict, "theirs" in check.found) == (
        ("warning", True) if record.unmarked else ("ok", False)
    )
    assert planned(ours).empty


@WAYS
def test_a_marker_whose_request_was_lost_says_nothing_about_the_account(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS["dropped"])
    taken_over(ours, way, FAR)
    assert ours.state.account.markers is None
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    assert ours.state.account.markers is True


def test_an_adoption_that_cannot_be_marked_says_so(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made}
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS["refused"])
    (result,) = ours.apply().changes
    assert result.outcome == "done"
    assert f"{made} is not marked" in result.warnings[0]


def test_a_read_that_fails_after_the_marker_leaves_the_record_unmarked(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made}

    def fail_reads(event: Event) -> None:
        if event.kind == "started":
            ours.control.fault({"method": "GET", "times": 99}, {"kind": "status", "status": 404})

    ours.on_event = fail_reads
    ours.apply()
    assert ours.state.campaigns["theirs"].unmarked


@WAYS
def test_an_account_that_drops_metadata_is_known_after_the_first_marker(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    ours.control.switch(metadata="dropped")
    taken_over(ours, way, FAR)
    assert ours.state.account.markers is False
    assert ours.state.campaigns["theirs"].unmarked
    assert "does not return markers" in notes(ours)
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert check.verdict == "warning"


@WAYS
def test_a_running_campaign_is_taken_over_without_a_write(repository: Repository, way: str) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.control.edit(made, status="running")
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made} if way == "adopt" else {}
    mark = ours.mark
    if way == "adopt":
        ours.apply()
    else:
        adopt.import_campaign(ours.wiring, ours.desired, "theirs", made)
    assert ours.writes(mark) == []
    assert ours.state.campaigns["theirs"].unmarked
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert "1 campaign without ours: theirs" in check.found


def test_a_campaign_without_a_marker_that_a_person_adopts_counts_as_unmarked(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    made = str(ours.control.create(FAR)["id"])
    state_ops.resolve(ours.wiring, "far", "adopt", made, force=True)
    assert ours.state.campaigns["far"].unmarked
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert "1 campaign without ours: far" in check.found
