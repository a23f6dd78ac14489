"""A reviewed plan with two changes of one campaign, and a run that dies between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from tests.reconciler.account import Account, Killed, campaign

KEY = "push/welcome"
SPEC = campaign("Welcome", description="Old", score=1, scheduled_time="2036-06-01 10:00:00")


def pause_and_update(account: Account) -> None:
    account.lifecycles[KEY] = Lifecycle(phase="paused")


def update_and_resume(account: Account) -> None:
    account.lifecycles[KEY] = Lifecycle(phase="paused")
    account.apply()
    account.active()


def killed(account: Account, name: str, when: str) -> None:
    """The process dies before a write leaves, or once it has taken effect and is not recorded yet."""

    def die(write: str) -> None:
        if write == name:
            account.wire.on_write = account.wire.after_write = lambda _name: None
            raise Killed

    setattr(account.wire, when, die)


@pytest.mark.parametrize(
    ("declare", "first", "second"),
    [(pause_and_update, "pause", "update"), (update_and_resume, "update", "resume")],
)
@pytest.mark.parametrize("is_recorded", [True, False])
@pytest.mark.parametrize(
    "edit", [{}, {"messages/0/push/title/en": "By another hand"}, {"quiet_hours": {"begin": "22:00"}}]
)
def test_it_goes_on_unless_others_edited_it_since(
    late: Account,
    declare: Callable[[Account], None],
    first: str,
    second: str,
    is_recorded: bool,
    edit: dict[str, Any],
) -> None:
    late.specs[KEY] = SPEC
    late.apply()
    declare(late)
    late.specs[KEY] = {**SPEC, "description": "New"}
    # The review shows an edit, which the update undoes.
    late.control.edit(late.id_of(KEY), description="By hand")
    reviewed = late.plan()
    assert [change.action for change in reviewed.changes] == [first, second]
    killed(late, *((second, "on_write") if is_recorded else (first, "after_write")))
    with pytest.raises(Killed):
        late.apply(reviewed=(reviewed,))
    if edit:
        late.control.edit(late.id_of(KEY), edit)
    outcome = late.apply(reviewed=(reviewed,))
    if edit:
        assert ([each.key for each in outcome.blocked], outcome.changes) == ([KEY], ())
    else:
        assert [(each.action, each.outcome) for each in outcome.changes] == [(second, "done")]
        assert late.live(KEY)["description"] == "New"
        assert late.plan().changes == ()
