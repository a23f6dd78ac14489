"""Several requests at a time: what could send soon goes first, what a dead run settles by itself last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaignctl.plan.model import Options
from campaignctl.reconciler.apply import apply
from tests.backends.shared_folder import SharedFolder
from tests.reconciler.account import Account, campaign, yes

FAR = {key: campaign(key, scheduled_time="2036-06-01 10:00:00", description=key) for key in "abc"}


@pytest.fixture
def shared(account: Account, tmp_path: Path) -> Account:
    """An account whose state is in a place that writes many steps together."""
    return replace(account, backend=SharedFolder(tmp_path / "shared").backend())


def applied(account: Account, parallelism: int) -> dict[str, str]:
    wiring = replace(account.wiring, parallelism=parallelism)
    return {one.key: one.outcome for one in apply(wiring, account.desired, Options(), yes).changes}


@pytest.mark.parametrize("parallelism", [1, 4])
def test_creates_that_could_send_soon_go_before_those_that_cannot(shared: Account, parallelism: int) -> None:
    shared.specs = {"proof": campaign("Proof", is_draft=True)}
    assert applied(shared, parallelism) == {"proof": "done"}
    soon = shared.clock.now() + timedelta(hours=1)
    near = {
        key: campaign(key, scheduled_time=f"{soon:%Y-%m-%d %H:%M:%S}", description=key) for key in ("x", "y")
    }
    drafts = {key: campaign(key, is_draft=True) for key in ("d", "e")}
    shared.specs |= {**FAR, **near, **drafts}
    mark, order = shared.mark, [change.key for change in shared.plan().changes]
    assert applied(shared, parallelism) == dict.fromkeys([*FAR, *near, *drafts], "done")
    sent = shared.writes(mark)
    assert set(sent) == {*FAR, *near, *drafts}
    if parallelism > 1:
        assert set(sent[:2]) == {"x", "y"}
    else:
        assert sent == order, "one at a time they go in the order of the plan"
    assert applied(shared, parallelism) == {}
