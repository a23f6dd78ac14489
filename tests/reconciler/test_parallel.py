"""Several requests at a time: what could send soon goes first, what a dead run settles by itself last."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock

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


@pytest.mark.parametrize(("shares", "begins_with"), [(False, {"a", "b"}), (True, {"cancel"})])
def test_a_replacement_waits_for_no_create_that_is_settled_by_itself(
    account: Account, shared: Account, shares: bool, begins_with: set[str]
) -> None:
    """Where steps are written one by one, the order of the plan stays."""
    used = shared if shares else account
    used.specs = {"old": campaign("old", scheduled_time="2036-07-01 10:00:00")}
    applied(used, 1)
    used.specs |= FAR
    mark, options = used.mark, Options(replace=("old",))
    assert apply(replace(used.wiring, parallelism=2), used.desired, options, yes).result == "done"
    assert used.writes(mark)[0] in begins_with


def test_a_replacement_waits_for_what_could_send_soon(shared: Account) -> None:
    shared.specs = {"old": campaign("old", scheduled_time="2036-07-01 10:00:00")}
    applied(shared, 1)
    soon = f"{shared.clock.now() + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    shared.specs |= {key: campaign(key, scheduled_time=soon, description=key) for key in "xy"}
    mark, options = shared.mark, Options(replace=("old",))
    assert apply(replace(shared.wiring, parallelism=2), shared.desired, options, yes).result == "done"
    assert shared.writes(mark)[0] in {"x", "y"}


@pytest.mark.parametrize(("parallelism", "on_record"), [(1, 1), (2, 4)])
def test_more_creates_are_on_record_than_under_way(
    late: Account, tmp_path: Path, parallelism: int, on_record: int
) -> None:
    """Their steps are written together; one at a time means one on record."""
    folder = SharedFolder(tmp_path / "shared")
    used = replace(late, backend=folder.backend())
    used.specs = {"proof": campaign("Proof", is_draft=True)}
    applied(used, 1)
    used.specs |= {key: campaign(key, is_draft=True) for key in "abcdef"}
    most, going, counting = 0, [0], Lock()

    def leaves(_name: str) -> None:
        nonlocal most
        with counting:
            going.append(going[-1] + 1)
        until = time.monotonic() + (0.02 if parallelism == 1 else 2)
        while most < 4 and time.monotonic() < until:
            pending = getattr(folder.backend().read(), "pending", {})
            most = max(most, sum(intent.phase == "started" for intent in pending.values()))
            time.sleep(0.002)

    def arrived(_name: str) -> None:
        with counting:
            going.append(going[-1] - 1)

    used.wire.on_write, used.wire.after_write = leaves, arrived
    assert set(applied(used, parallelism).values()) == {"done"}
    assert (most, max(going)) == (on_record, parallelism)
