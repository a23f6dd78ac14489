"""What an opening read makes of the campaigns that it saw, by values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import StateError
from campaignctl.plan.context import Behind
from campaignctl.plan.model import Clone
from campaignctl.project.model import Project
from campaignctl.reconciler.opening import (
    Opening,
    Scan,
    behind,
    check_records,
    clones,
    company_of,
    hides_marker,
    left_behind,
    none_found,
    ours,
    still_behind,
)
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released
from campaignctl.state.model import Dropped, State
from tests.plan.planning import NOW, SCHEDULED, intent, live, record, state
from tests.reconciler.scripted import PROJECT

BY_NAME = replace(PROJECT, id=None)
THEIRS = replace(PROJECT, id="00000000-8d5d-4c43-9f1e-1b2c3d4e5f60")
LOST = "0123456789abcdef"
HOUR = timedelta(hours=1)


def made(
    campaign_id: str, intent_id: str = LOST, by: Project = PROJECT, key: str = "a", **fields: Any
) -> Live:
    """A campaign with the marker of a create."""
    status = fields.pop("status", "scheduled")
    marker = str(by.owner.marker(key, intent_id))
    return live({**SCHEDULED, "metadata": {"campaignctl": marker}}, status, campaign_id, **fields)


def with_id(**fields: Any) -> State:
    """A state that has the id of the project."""
    return replace(state({"a": record(SCHEDULED)}), **{"project_id": PROJECT.id, **fields})


@pytest.mark.parametrize(
    ("known", "keys", "key"),
    [(None, (), None), (None, ("a",), "a"), (with_id(), (), "a"), (with_id(campaigns={}), ("b",), None)],
)
def test_what_the_state_does_not_know_is_named_by_its_key(
    known: State | None, keys: tuple[str, ...], key: str | None
) -> None:
    assert behind([made("7")], known, PROJECT, keys) == (Behind("7", "Welcome", key, LOST),)


@pytest.mark.parametrize(
    "known",
    [
        with_id(campaigns={"a": record(SCHEDULED, intent=LOST)}),
        with_id(campaigns={"a": record(SCHEDULED, campaign_id="7")}),
        with_id(released=(Released("a", "9", LOST, "d", "canceled", iso(NOW)),)),
        with_id(pending={"b": replace(intent(SCHEDULED), intent=LOST)}),
        with_id(dropped=(Dropped("a", LOST, "d", (iso(NOW),)),)),
    ],
)
def test_what_the_state_knows_is_not_behind(known: State) -> None:
    assert behind([made("7")], known, PROJECT, ()) == ()


@pytest.mark.parametrize(
    "known",
    [
        with_id(pending={"b": replace(intent(SCHEDULED, phase="planned"), intent=LOST)}),
        with_id(dropped=(Dropped("gone", LOST, "d", (iso(NOW),)),)),
    ],
)
def test_what_was_never_sent_or_whose_key_is_gone_is(known: State) -> None:
    assert [one.id for one in behind([made("7")], known, PROJECT, ())] == ["7"]


def test_a_canceled_one_does_not_matter() -> None:
    lives = [made("7", status="canceled"), made("8", "fedcba9876543210", status="draft")]
    assert [one.id for one in behind(lives, with_id(), PROJECT, ())] == ["8"]


def test_a_state_that_was_read_later_may_know_it() -> None:
    seen = (Behind("7", "Welcome", "a", LOST),)
    assert still_behind(seen, with_id()) == seen
    assert still_behind(seen, None) == seen
    assert still_behind(seen, with_id(campaigns={"a": record(SCHEDULED, intent=LOST)})) == ()
    assert still_behind(seen, with_id(campaigns={"a": record(SCHEDULED, campaign_id="7")})) == ()


@pytest.mark.parametrize(
    ("known", "project", "ids"),
    [
        (None, PROJECT, ["1", "2"]),
        (with_id(project_id=None), PROJECT, ["1", "2"]),
        (with_id(), PROJECT, ["1"]),
        (with_id(campaigns={"a": record(SCHEDULED, campaign_id="2")}), PROJECT, ["1", "2"]),
        (with_id(project_id=None), BY_NAME, ["2"]),
    ],
)
def test_a_marker_by_name_alone_counts_until_the_state_has_the_id(
    known: State | None, project: Project, ids: list[str]
) -> None:
    lives = [made("1"), made("2", "fedcba9876543210", BY_NAME), made("3", by=THEIRS), live(SCHEDULED)]
    assert [one.id for one, _ in ours(lives, project, known)] == ids


def test_a_clone_has_the_marker_of_a_record_and_another_id() -> None:
    known = with_id(campaigns={"a": record(SCHEDULED, intent=LOST, campaign_id="1")})
    lives = [made("1"), made("2"), made("3", status="canceled"), made("4", "fedcba9876543210")]
    assert clones(lives, known, PROJECT, NOW) == (Clone("2", "a", "scheduled"),)
    assert clones(lives, None, PROJECT, NOW) == ()
    posts = (iso(NOW - 2 * HOUR), iso(NOW - HOUR))
    twice = with_id(campaigns={"a": record(SCHEDULED, intent=LOST, campaign_id="1", posts=posts)})
    assert clones(lives, twice, PROJECT, NOW) == (), "the campaign of a second POST is a copy"


def test_copies_that_cannot_send_are_left_behind() -> None:
    second = [("a", made("7", status="draft")), ("b", made("8"))]
    assert left_behind(second) == ("7 is a second copy of a, draft; it is left behind",)


def test_the_company_is_the_first_that_is_shown() -> None:
    lives = [live(SCHEDULED), live(SCHEDULED, company_id="5"), live(SCHEDULED, company_id="6")]
    assert company_of(lives) == "5"
    assert company_of(lives[:1]) is None


def test_the_newest_record_is_named_where_none_was_found() -> None:
    campaigns = {
        "old": record(SCHEDULED, campaign_id="1"),
        "new": record(SCHEDULED, campaign_id="2", created_at="2026-11-02T00:00:00Z"),
    }
    error = none_found("nothing was found", state(campaigns))
    assert error.summary == "nothing was found"
    assert "`campaignctl state rm new`" in error.hint
    assert "`campaignctl state rm KEY`" in none_found("nothing", state()).hint


def test_two_keys_with_one_campaign_are_refused() -> None:
    check_records(None)
    check_records(state({"a": record(SCHEDULED, campaign_id="1"), "b": record(SCHEDULED, campaign_id="2")}))
    with pytest.raises(StateError, match="a and b record one campaign, 1") as refused:
        check_records(
            state({"b": record(SCHEDULED, campaign_id="1"), "a": record(SCHEDULED, campaign_id="1")})
        )
    assert "`campaignctl state rm b`" in refused.value.hint


@pytest.mark.parametrize(
    ("members", "hides"),
    [
        ({}, True),
        ({"messages": []}, False),
        ({"metadata": {}}, False),
        ({"messages": [], "metadata": {}}, False),
    ],
)
def test_a_short_list_item_may_leave_out_its_marker(members: dict[str, Any], hides: bool) -> None:
    assert hides_marker(Live("7", {"id": "7", **members}, complete=False)) is hides


POSTS = (iso(NOW - 3 * HOUR), iso(NOW - 2 * HOUR))


@pytest.mark.parametrize(
    ("known", "whole", "moves"),
    [
        (None, False, True),
        (with_id(), False, True),
        (with_id(campaigns={"a": record(SCHEDULED, reposted=True, posts=POSTS)}), False, False),
        (with_id(campaigns={"a": record(SCHEDULED, reposted=True, posts=POSTS)}), True, True),
        (with_id(campaigns={"a": record(SCHEDULED, reposted=True, posts=(iso(NOW),) * 2)}), True, False),
        (with_id(campaigns={"a": record(SCHEDULED, posts=POSTS)}), False, True),
        (with_id(pending={"b": intent(SCHEDULED)}), False, False),
        (with_id(pending={"b": intent(SCHEDULED, phase="planned")}), False, True),
        (with_id(pending={"a": replace(intent(SCHEDULED), operation="update", id="1")}), False, True),
    ],
)
def test_the_mark_stays_while_a_campaign_of_ours_may_turn_up_below_it(
    known: State | None, whole: bool, moves: bool
) -> None:
    scan = Scan((live(SCHEDULED, campaign_id="9"),), NOW)
    before = replace(known, seen=("1",)) if known else None
    assert Opening(scan, None, whole=whole).mark(before, NOW) == (("9",) if moves else ("1",))
    lost = (Behind("7", "Welcome", "a", LOST),)
    assert Opening(scan, None, lost, whole=whole).mark(before, NOW) == (("1",) if known else ())


def test_the_watermark_has_the_time_of_the_server_if_it_was_shown() -> None:
    assert Opening(Scan((), NOW), None).watermark.server_time == iso(NOW)
    assert Opening(Scan((), None), None).watermark.server_time is None
