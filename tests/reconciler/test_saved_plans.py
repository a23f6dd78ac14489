"""A saved plan is applied exactly, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import PlanRefused
from campaignctl.project.model import Guardrails
from campaignctl.reconciler.state_ops import remove
from campaignctl.state.codec import encode
from campaignctl.state.model import Entry
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_apply import AT_ONCE, FAR, NEW, at_writes


@pytest.fixture
def far(late: Account) -> Account:
    """An account with one recorded campaign that is scheduled, and one that is not."""
    late.specs = {"far": FAR, "hand": campaign("Hand")}
    late.apply()
    return late


def test_a_saved_plan_is_applied_as_it_is(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    far.specs["other"] = campaign("Other")
    outcome = far.apply_saved(plan)
    assert [(each.key, each.outcome) for each in outcome.changes] == [("new", "done")]
    assert far.state.history[-1].operation == "apply of a saved plan"


def test_a_saved_plan_records_the_statuses_that_it_showed(far: Account) -> None:
    """Nothing undoes a cancel of others, so that no read is needed to record it."""
    far.lifecycles["far"] = Lifecycle(phase="paused")
    far.apply()
    assert far.state.campaigns["far"].paused_by_us
    far.control.edit(far.id_of("far"), status="canceled")
    far.specs["hand"] = campaign("Hand", description="New")
    outcome = far.apply_saved(far.plan())
    assert {each.key: each.outcome for each in outcome.changes} == {"hand": "done"}
    assert any(note.startswith("recorded: far: canceled outside of campaignctl") for note in outcome.notes)
    record = far.state.campaigns["far"]
    assert (record.status, record.paused_by_us) == ("canceled", False)


def test_a_saved_plan_is_not_refused_for_a_send_that_was_paused_since_the_last_apply(far: Account) -> None:
    far.project = replace(far.project, guardrails=Guardrails(max_sends_per_day=1))
    far.specs["new"] = {**NEW, "scheduled_time": FAR["scheduled_time"]}
    assert far.plan().objections
    far.control.edit(far.id_of("far"), status="paused")
    plan = far.plan()
    assert not plan.objections
    assert {each.key: each.outcome for each in far.apply_saved(plan).changes} == {"new": "done"}


def test_a_saved_plan_is_refused_once_the_state_went_on(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    far.specs = {"far": FAR, "hand": campaign("Hand"), "other": campaign("Other")}
    far.apply()
    mark = far.mark
    with pytest.raises(PlanRefused):
        far.apply_saved(plan)
    assert far.writes(mark) == []


def test_a_saved_plan_is_refused_if_a_campaign_of_it_was_changed(far: Account) -> None:
    far.specs["far"] = {**FAR, "description": "New"}
    plan = far.plan()
    far.control.edit(far.id_of("far"), quiet_hours={"begin": "22:00", "end": "08:00"})
    mark = far.mark
    with pytest.raises(PlanRefused, match="was changed in the account since this plan was made"):
        far.apply_saved(plan)
    assert far.writes(mark) == []


def test_a_saved_plan_is_applied_if_only_another_campaign_was_changed(far: Account) -> None:
    far.specs["hand"] = campaign("Hand", description="New")
    plan = far.plan()
    far.control.edit(far.id_of("far"), quiet_hours={"begin": "22:00", "end": "08:00"})
    assert [each.outcome for each in far.apply_saved(plan).changes] == ["done"]


@pytest.mark.parametrize(("key", "name"), [("hand", "Hand"), ("renamed", "Hand"), ("hand", "Other")])
def test_a_saved_create_is_refused_if_what_it_repeats_can_send_again(
    far: Account, key: str, name: str
) -> None:
    campaign_id = far.id_of("hand")
    remove(far.wiring, "hand")
    far.specs = {"far": FAR, key: campaign(name)}
    plan = far.plan()
    assert [change.key for change in plan.changes] == [key]
    far.control.edit(campaign_id, status="scheduled", scheduled_time="2036-06-01 10:00:00")
    mark = far.mark
    with pytest.raises(PlanRefused, match=f"{campaign_id}, formerly hand, can send again"):
        far.apply_saved(plan)
    assert far.writes(mark) == []
    far.control.edit(campaign_id, status="canceled")
    assert [each.outcome for each in far.apply_saved(plan).changes] == ["done"]


def test_a_saved_plan_that_arms_waits_for_what_may_have_been_sent(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    far.specs["now"] = AT_ONCE
    far.wire.lose("create", effect=None)
    far.apply(targets=("now",))
    mark = far.mark
    with pytest.raises(PlanRefused):
        far.apply_saved(replace(plan, serial=far.state.serial))
    assert far.writes(mark) == []


def test_a_saved_plan_that_creates_is_refused_while_the_state_is_behind(far: Account) -> None:
    before, far.specs["new"] = far.state, campaign("New")
    creates = far.plan()
    far.specs = {"far": FAR, "hand": campaign("Hand", description="New")}
    edits = far.plan()
    far.specs["other"] = campaign("Other", scheduled_time="2036-08-01 10:00:00")
    far.apply(targets=("other",))
    lost = far.id_of("other")
    far.place.put_document(encode(before).encode())
    mark = far.mark
    with pytest.raises(PlanRefused, match=lost) as refused:
        far.apply_saved(creates)
    assert "campaignctl state recover" in refused.value.hint
    assert far.writes(mark) == []
    assert [each.outcome for each in far.apply_saved(edits).changes] == ["done"], "it arms nothing"


def test_a_saved_create_is_not_posted_again_before_its_time(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    far.wire.lose("create", effect=None)
    assert far.outcomes() == {"new": "unknown"}
    mark = far.mark
    saved = replace(plan, serial=far.state.serial)
    with pytest.raises(PlanRefused, match="new: its create cannot be posted again now") as refused:
        far.apply_saved(saved)
    assert "apply" in refused.value.hint
    assert far.writes(mark) == []


def test_a_saved_create_that_was_found_since_is_refused(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    far.apply_saved(plan)
    mark = far.mark
    with pytest.raises(PlanRefused, match=f"new: its create has been found since, as {far.id_of('new')}"):
        far.apply_saved(replace(plan, serial=far.state.serial))
    assert far.writes(mark) == []


def gone(account: Account, key: str) -> str:
    """A released campaign that can send again since the plan: its id."""
    campaign_id = account.id_of(key)
    remove(account.wiring, key)
    del account.specs[key]
    return campaign_id


def test_a_released_campaign_that_no_create_repeats_refuses_no_saved_plan(far: Account) -> None:
    campaign_id = gone(far, "hand")
    far.specs |= {"new": NEW, "deleted": campaign("Deleted")}
    plan = far.plan()
    far.control.edit(campaign_id, status="scheduled", scheduled_time="2036-06-01 10:00:00")
    assert {each.outcome for each in far.apply_saved(plan).changes} == {"done"}
    deleted = gone(far, "deleted")
    far.specs["deleted"] = campaign("Deleted")
    plan = far.plan()
    far.control.delete(deleted)
    assert [each.outcome for each in far.apply_saved(plan).changes] == ["done"]


def test_a_saved_update_asks_for_no_released_campaign(far: Account) -> None:
    """What the draft was replaced by has its key and its body."""
    far.specs["draft"] = campaign("Draft", is_draft=True)
    far.apply()
    old = far.id_of("draft")
    assert far.outcomes(replace=("draft",)) == {"draft": "done"}
    far.specs["draft"] = campaign("Draft", is_draft=True, metadata={"team": "new"})
    plan = far.plan()
    far.control.edit(old, status="scheduled", scheduled_time="2036-06-01 10:00:00")
    assert [each.outcome for each in far.apply_saved(plan).changes] == ["done"]


def test_a_saved_plan_reads_the_newest_page_and_no_more_than_what_it_touches(far: Account) -> None:
    far.specs["over"] = campaign("Over", scheduled_time="2036-08-01 10:00:00")
    far.apply()
    far.control.edit(far.id_of("over"), status="canceled")
    far.apply()
    far.specs = {"far": FAR, "hand": campaign("Hand", description="New")}
    far.control.switch(page_cap=3)
    plan, mark = far.plan(), far.mark
    assert {(change.key, str(change.action)) for change in plan.changes} == {
        ("hand", "update"),
        ("over", "forget"),
    }
    assert far.apply_saved(plan).result == "done"
    asked = [(each["method"], each["path"].rsplit("/", 1)[-1]) for each in far.control.requests(mark)]
    assert asked[: len(asked) - 1] == [("GET", "campaigns"), ("PATCH", far.id_of("hand"))]
    assert asked[-1][0] == "GET"


def test_a_saved_plan_may_begin_a_state(late: Account) -> None:
    late.specs = {"new": NEW}
    plan = late.plan()
    assert [each.outcome for each in late.apply_saved(plan).changes] == ["done"]
    with pytest.raises(PlanRefused):
        late.apply_saved(plan)
    assert len(late.control.campaigns()) == 1


def test_a_saved_plan_is_refused_once_it_has_expired(far: Account) -> None:
    soon = far.clock.now() + timedelta(hours=2)
    far.specs["new"] = campaign("New", scheduled_time=f"{soon:%Y-%m-%d %H:%M:%S}")
    plan = far.plan()
    assert plan.valid_until is not None
    far.clock.time.sleep((plan.valid_until - far.clock.now()).total_seconds() + 1)
    mark = far.mark
    with pytest.raises(PlanRefused, match="this plan was valid until"):
        far.apply_saved(plan)
    assert far.writes(mark) == []


def test_a_saved_plan_records_what_it_reads(far: Account) -> None:
    """Statuses of what it touches, campaigns of others, and clones; not what someone may undo elsewhere."""
    far.specs["else"] = campaign("Else", scheduled_time="2036-08-01 10:00:00")
    far.apply()
    far.specs["far"] = {**FAR, "description": "New"}
    for key in ("far", "else"):
        far.control.pause(far.id_of(key))
    theirs = str(far.control.create(campaign("Theirs", scheduled_time="2036-09-01 10:00:00"))["id"])
    clone = str(far.control.clone(far.id_of("far"), status="scheduled")["id"])
    before = len(far.wire.sent)
    assert far.apply_saved(far.plan()).result == "done"
    assert at_writes(far, before)[0].campaigns["far"].status == "paused", "before the first request"
    assert {key: one.status for key, one in far.state.campaigns.items()} == {
        "far": "paused",
        "hand": "manual",
        "else": "scheduled",
    }
    assert {theirs, clone} <= set(far.state.foreign)


def test_only_a_saved_plan_that_arms_waits_for_what_may_have_been_sent(far: Account) -> None:
    far.specs["draft"] = campaign("Draft", is_draft=True)
    far.apply()
    far.specs["draft"] = campaign("Draft", scheduled_time="2036-08-01 10:00:00")
    arms = far.plan()
    far.specs["draft"] = campaign("Draft", is_draft=True, description="New")
    edits = far.plan()
    far.specs["now"] = AT_ONCE
    far.wire.lose("create", effect=None)
    far.apply(targets=("now",))
    with pytest.raises(PlanRefused, match="now: ") as refused:
        far.apply_saved(replace(arms, serial=far.state.serial))
    assert "state resolve now" in refused.value.hint
    assert [each.outcome for each in far.apply_saved(replace(edits, serial=far.state.serial)).changes] == [
        "done"
    ]


def test_a_saved_update_is_no_create_of_an_intent(far: Account) -> None:
    """Records of imported campaigns have no intent, and neither has an update."""
    imported = replace(far.state.campaigns["far"], intent=None)
    far.place.put_document(encode(far.state.after(Entry(records={"far": imported}))).encode())
    far.specs["hand"] = campaign("Hand", description="New")
    assert [each.outcome for each in far.apply_saved(far.plan()).changes] == ["done"]


def test_a_saved_plan_goes_on_with_half_a_replacement(far: Account) -> None:
    far.control.fault({"method": "POST", "body": '"Far"', "times": 1}, {"kind": "status", "status": 422})
    far.apply(replace=("far",))
    assert far.state.pending["far"].half_done
    assert [(each.key, each.outcome) for each in far.apply_saved(far.plan()).changes] == [("far", "done")]
    assert far.state.pending == {}


def test_a_saved_create_is_posted_again_once_it_may(far: Account) -> None:
    far.specs["new"] = NEW
    far.wire.lose("create", effect=None)
    assert far.outcomes() == {"new": "unknown"}
    far.clock.time.sleep(4000)
    plan = far.plan()
    assert [(each.key, each.outcome) for each in far.apply_saved(plan).changes] == [("new", "done")]
    assert far.state.campaigns["new"].reposted


def test_a_saved_create_that_is_found_twice_is_refused(far: Account) -> None:
    far.specs["new"] = NEW
    far.wire.lose("create", effect=6000)
    assert far.outcomes() == {"new": "unknown"}
    far.clock.time.sleep(4000)
    plan = far.plan()
    assert [change.key for change in plan.changes] == ["new"]
    far.clock.time.sleep(2000)
    far.wire.arrive()
    far.control.clone(str(far.control.campaigns()[-1]["id"]), status="scheduled")
    mark = far.mark
    with pytest.raises(PlanRefused, match="new: ") as refused:
        far.apply_saved(plan)
    assert "state resolve new --adopt" in refused.value.hint
    assert far.writes(mark) == []
