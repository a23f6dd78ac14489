"""Without a token nothing that needs the account begins: no lock is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from campaignctl.errors import CampaignctlError
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Options
from campaignctl.reconciler.adopt import import_campaign
from campaignctl.reconciler.apply import apply, apply_saved
from campaignctl.reconciler.rebind import rebind
from campaignctl.reconciler.recover import recover
from campaignctl.reconciler.run import Wiring
from campaignctl.reconciler.state_ops import resolve
from tests.plan.planning import ID, KEY, SCHEDULED, intent, plan_of, state, wanted
from tests.reconciler.account import yes
from tests.reconciler.scripted import PROJECT, direct

DESIRED = DesiredState(PROJECT, {KEY: wanted(SCHEDULED)}, "d")


@pytest.mark.parametrize(
    "ask",
    [
        lambda wiring: apply(wiring, DESIRED, Options(), yes),
        lambda wiring: apply_saved(wiring, plan_of()),
        lambda wiring: import_campaign(wiring, DESIRED, KEY, ID),
        lambda wiring: rebind(wiring, lambda _: True),
        lambda wiring: recover(wiring, DESIRED, write=True),
        lambda wiring: resolve(wiring, KEY, "retry"),
    ],
    ids=["apply", "apply_saved", "import", "rebind", "recover", "resolve"],
)
def test_no_lock_is_taken(ask: Callable[[Wiring], object]) -> None:
    with direct(state(pending={KEY: intent(SCHEDULED)})) as one:
        with pytest.raises(CampaignctlError, match="there is no token") as refused:
            ask(replace(one.wiring, api=None))
        assert "OCAMBA_TOKEN" in refused.value.hint
        assert (one.kept.locks, one.kept.steps) == ([], [])
