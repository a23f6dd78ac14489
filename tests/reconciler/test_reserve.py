"""Halts and settling have a share of the account's rate that nothing else uses: they do not wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from campaignctl.reconciler.opening import Opening, Scan
from campaignctl.reconciler.proof_sending import stopped
from campaignctl.reconciler.refresh import find
from campaignctl.reconciler.run import Run
from campaignctl.state.model import AT_ONCE, Entry, Intent, Watermark
from campaignctl.state.proofs import Proof
from tests.api.simulated import client
from tests.reconciler.account import Account, campaign
from tests.state.documents import filled

FAR = "2036-06-01 10:00:00"
ORDINARY = 5


@pytest.fixture
def narrow(late: Account) -> Iterator[Account]:
    """An account of which a minute has five ordinary requests, and fifteen in reserve."""
    late.specs = {key: campaign(key, scheduled_time=FAR, description=key) for key in "abc"}
    late.apply()
    late.clock.time.sleep(120)
    with client(
        late.api.url, late.clock.time, timeout=30, per_minute=15 + ORDINARY, transport=late.wire
    ) as api:
        yield replace(late, api=api)


def use_up(account: Account) -> float:
    """Use all ordinary requests of this minute. Returns the time."""
    for _ in range(ORDINARY):
        account.api.list_page(1)
    return account.clock.time.monotonic()


def test_an_ordinary_read_waits_for_the_next_minute(narrow: Account) -> None:
    began = use_up(narrow)
    narrow.api.list_page(1)
    assert narrow.clock.time.monotonic() - began > 30


def test_a_halt_reads_and_pauses_at_once(narrow: Account) -> None:
    began, before = use_up(narrow), len(narrow.wire.sent)
    outcome = narrow.halt()
    assert [row.outcome for row in outcome.rows] == ["stopped"] * 3
    pauses = [write.at - began for write in narrow.wire.sent[before:] if write.name == "pause"]
    assert len(pauses) == 3
    assert max(pauses) < 5


def test_a_halt_without_a_state_reads_the_account_at_once(narrow: Account) -> None:
    for path in narrow.place.path.parent.glob("*"):
        path.unlink()
    began, before = use_up(narrow), len(narrow.wire.sent)
    narrow.halt()
    pauses = [write.at - began for write in narrow.wire.sent[before:] if write.name == "pause"]
    assert len(pauses) == 3
    assert max(pauses) < 5


def test_creates_of_unknown_outcome_are_looked_for_at_once(narrow: Account) -> None:
    narrow.control.switch(default_view="lean", view_ignored=True)
    lost = Intent("create", "intent-x", "started", {}, "d", Watermark((), None), AT_ONCE)
    known = narrow.state.after(Entry(records={"a": None}, intents={"x": lost}))
    began = use_up(narrow)
    assert find(narrow.api, replace(known, released=())) == {}
    assert narrow.clock.time.monotonic() - began < 5


def test_a_proof_that_is_not_as_asked_for_is_canceled_at_once(narrow: Account) -> None:
    campaign_id = narrow.id_of("a")
    began = use_up(narrow)
    with narrow.wiring.locked("proof") as session:
        run = Run(narrow.wiring, session, Opening(Scan((), None), None))
        left = stopped(run, replace(filled(Proof), id=campaign_id))
    assert left == (True, f"{campaign_id} is canceled, and sends nothing")
    assert narrow.clock.time.monotonic() - began < 5
    assert narrow.status_of("a") == "canceled"
