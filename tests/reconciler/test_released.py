"""A released campaign that may still send is read before its key or content is created again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import PlanRefused
from campaignctl.state.codec import encode
from tests.plan.planning import Spec
from tests.reconciler.account import Account, campaign

FAR = "2036-03-22 10:00:00"
OLD = campaign("Old", scheduled_time=FAR)
NEWS = {
    "its key": ("old", campaign("New", scheduled_time=FAR)),
    "its content": ("new", OLD),
    "its content at another time": ("new", {**OLD, "scheduled_time": "2036-09-22 10:00:00"}),
}


@pytest.fixture
def left(account: Account) -> Account:
    """An account with a campaign that the state has forgotten, and that can send."""
    account.specs, account.lifecycles = {"old": OLD}, {"old": Lifecycle(on_destroy="forget")}
    account.apply()
    account.specs = {"hand": campaign("Hand")}
    account.apply()
    account.lifecycles = {}
    (release,) = account.state.released
    assert (release.key, release.status) == ("old", "scheduled")
    return account


def reads(account: Account, after: int) -> int:
    """How often the forgotten campaign was read by id."""
    (release,) = account.state.released
    return sum(
        request["method"] == "GET" and request["path"].endswith(f"/{release.id}")
        for request in account.control.requests(after)
    )


@pytest.mark.parametrize("news", NEWS)
def test_it_blocks_as_long_as_it_can_send_and_no_longer(left: Account, news: str) -> None:
    key, spec = NEWS[news]
    left.specs[key] = spec
    (release,) = left.state.released
    (blocked,) = left.plan().blocked
    assert (blocked.key, blocked.id) == (key, release.id)
    left.control.edit(release.id, status="canceled")
    mark = left.mark
    plan = left.plan()
    assert (plan.blocked, [change.key for change in plan.changes]) == ((), [key])
    assert reads(left, mark) == 1
    assert left.outcomes() == {key: "done"}


def test_one_of_an_older_state_is_known_by_its_body(left: Account) -> None:
    """Its release has no digest of the content yet."""
    (release,) = left.state.released
    older = replace(left.state, released=(replace(release, content=""),))
    left.place.put_document(encode(older).encode())
    left.specs["new"] = OLD
    assert [one.key for one in left.plan().blocked] == ["new"]
    left.control.edit(release.id, status="canceled")
    assert left.plan().blocked == ()


def test_an_update_that_sends_at_once_is_no_create_of_it(left: Account) -> None:
    (release,) = left.state.released
    left.control.edit(release.id, status="canceled")
    left.specs["old"] = campaign("Another")
    assert left.outcomes() == {"old": "done"}
    left.control.edit(release.id, status="scheduled")
    left.specs["old"] = {**left.specs["old"], "run_immediately": True}
    plan = left.plan()
    mark = left.mark
    assert [each.outcome for each in left.apply_saved(plan).changes] == ["done"]
    assert [each.id for each in left.state.released] == [release.id]
    assert reads(left, mark) == 0


@pytest.mark.parametrize(
    ("key", "spec"), [("hand", campaign("Hand", description="New")), ("other", campaign("Other"))]
)
def test_it_is_not_read_for_anything_else(left: Account, key: str, spec: Spec) -> None:
    left.specs[key] = spec
    mark = left.mark
    assert [change.key for change in left.plan().changes] == [key]
    assert reads(left, mark) == 0


@pytest.mark.parametrize("news", ["its key", "its content"])
def test_a_saved_create_is_refused_once_it_can_send(left: Account, news: str) -> None:
    key, spec = NEWS[news]
    (release,) = left.state.released
    left.specs[key] = spec
    left.control.edit(release.id, status="canceled")
    plan = left.plan()
    left.control.edit(release.id, status="scheduled")
    mark = left.mark
    with pytest.raises(PlanRefused, match=f"{release.id}, formerly old, can send again"):
        left.apply_saved(plan)
    assert left.writes(mark) == []
    left.control.edit(release.id, status="canceled")
    assert left.apply_saved(plan).result == "done"


def test_a_saved_plan_of_something_else_does_not_read_it(left: Account) -> None:
    left.specs["other"] = campaign("Other")
    plan, mark = left.plan(), left.mark
    assert left.apply_saved(plan).result == "done"
    assert reads(left, mark) == 0


@pytest.mark.parametrize("status", ["sent", "canceled"])
def test_one_that_was_over_when_it_was_released_is_not_read(account: Account, status: str) -> None:
    account.specs = {"old": OLD, "hand": campaign("Hand")}
    account.apply()
    account.control.edit(account.id_of("old"), status=status)
    del account.specs["old"]
    account.apply()
    account.specs["new"] = campaign("New", scheduled_time=FAR)
    mark = account.mark
    account.plan()
    assert reads(account, mark) == 0
