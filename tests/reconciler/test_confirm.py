"""What the outcome of a write says of the fields that are stored in another way."""

from __future__ import annotations

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from tests.reconciler.account import PUSH, Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")


def text(words: str) -> dict[str, object]:
    """A message with this text."""
    return {**PUSH, "push": {**PUSH["push"], "body": {"en": words}}}  # type: ignore[dict-item]


@pytest.fixture
def known(late: Account) -> Account:
    """An account in which something was created before."""
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    return late


@pytest.mark.parametrize("update", [False, True])
def test_another_spelling_is_no_warning_and_another_value_is_one(known: Account, update: bool) -> None:
    known.specs["far"] = campaign("Far", scheduled_time="2036-06-01 10:00:00", description="x")
    if update:
        known.apply()
    known.control.switch(spelling=["set_order", "number_texts"], respell={"new words": "other words"})
    wanted = {**FAR, "labels": ["b", "a"], "description": "new words"}
    known.specs["far"] = wanted
    (result,) = known.apply().changes
    assert result.outcome == "done"
    assert result.warnings == ("description is stored as 'other words'",)
    assert known.apply().changes == ()


def test_a_field_that_matters_and_is_not_shown_is_unconfirmed(known: Account) -> None:
    known.control.switch(never_echoed=["deal_id"])
    known.specs["far"] = {**FAR, "deal_id": "7"}
    (result,) = known.apply().changes
    assert (result.outcome, result.warnings, result.unconfirmed) == ("done", (), ("deal_id",))
    assert known.state.campaigns["far"].unconfirmed == ("deal_id",)
    known.control.switch(never_echoed=[])
    known.apply()
    assert not known.state.campaigns["far"].unconfirmed


def test_a_text_that_is_cut_is_a_failed_write_of_which_a_halt_is_the_way_out(known: Account) -> None:
    known.control.switch(cut={"messages/*/push/body/*": 5})
    known.specs["far"] = {**FAR, "messages": [text("Today only")]}
    (result,) = known.apply().changes
    assert (result.outcome, result.id) == ("failed", known.id_of("far"))
    assert result.error is not None
    assert "messages/0/push/body/en is 'Today', not 'Today only'" in result.error.summary
    assert "campaignctl halt far" in result.error.hint
    assert "accept_stored: [messages/0/push/body/en]" in result.error.detail


def test_a_text_that_may_be_stored_in_its_own_way_or_differ_is_not_a_failure(known: Account) -> None:
    known.control.switch(cut={"messages/*/push/body/*": 5})
    known.specs["far"] = {**FAR, "messages": [text("Today only")]}
    known.lifecycles = {"far": Lifecycle(ignore_changes=("messages/*/push/body",))}
    (result,) = known.apply().changes
    assert result.outcome == "done"


def test_what_nobody_asked_for_and_decides_when_it_sends_is_a_failure(known: Account) -> None:
    known.control.switch(unasked={"quiet_hours": {"begin": "22:00", "end": "08:00"}})
    known.specs["far"] = FAR
    (result,) = known.apply().changes
    assert result.outcome == "failed"
    assert result.error is not None
    assert "quiet_hours is " in result.error.summary
    assert "which was not asked for" in result.error.summary
    assert (
        result.error.detail == "as stored, it would send at another time, to other people, or something else"
    )


def test_three_fields_are_named(known: Account) -> None:
    unasked = {
        "quiet_hours": {"begin": "22:00"},
        "send_in_profile_time_zone": True,
        "targeting": {"x": {"op": "in"}},
    }
    known.control.switch(unasked=unasked, cut={"messages/*/push/body/*": 1})
    known.specs["far"] = FAR
    (result,) = known.apply().changes
    assert result.error is not None
    assert result.error.summary.count("which was not asked for") + result.error.summary.count(", not ") == 3
