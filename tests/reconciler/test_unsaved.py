"""What took effect in the account while the state could not be saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import Command
from campaignctl.reconciler import state_ops
from campaignctl.review.outcome import Event, Outcome
from campaignctl.state.codec import decode
from tests.reconciler.account import Account, campaign, only, split_test

KEY = "push/welcome"
FAR = "2036-06-01 10:00:00"
SPEC = campaign("Welcome", scheduled_time=FAR)
TEST = split_test(scheduled_time=FAR)


def created(account: Account) -> None:
    account.specs[KEY] = campaign("New", scheduled_time=FAR)


def created_at_once(account: Account) -> None:
    account.specs[KEY] = campaign("Now", run_immediately=True)


def edited(account: Account) -> None:
    applied(account)
    account.specs[KEY] = {**SPEC, "description": "New"}


def paused(account: Account) -> None:
    applied(account)
    account.lifecycles[KEY] = Lifecycle(phase="paused")


def canceled(account: Account) -> None:
    applied(account)
    account.lifecycles[KEY] = Lifecycle(phase="canceled")


def removed(account: Account) -> None:
    applied(account)
    del account.specs[KEY]


def applied(account: Account) -> None:
    account.specs[KEY] = SPEC
    account.apply()


def at_once(account: Account) -> None:
    account.specs[KEY] = campaign("Now", is_draft=True)
    account.apply()
    account.specs[KEY] = campaign("Now", run_immediately=True)


def decided(account: Account) -> None:
    account.specs[KEY] = TEST
    account.apply()
    account.control.edit(account.id_of(KEY), status="needs_decision")
    account.lifecycles[KEY] = Lifecycle(winner="two")


@dataclass(frozen=True)
class Kind:
    """A write, what makes it the next one, and what the outcome says of it."""

    declare: Callable[[Account], None]
    write: str
    says: str


KINDS = {
    "create": Kind(created, "create", "was created"),
    "create at once": Kind(created_at_once, "create", "was created"),
    "update": Kind(edited, "update", "was updated"),
    "pause": Kind(paused, "pause", "was paused"),
    "cancel": Kind(canceled, "cancel", "was canceled"),
    "removal": Kind(removed, "cancel", "was canceled"),
    "send at once": Kind(at_once, "update", "started sending"),
    "winner": Kind(decided, "set-winner", "was set"),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@pytest.fixture
def proven(late: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account that is known; rescued states go into a folder of the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    late.specs = {"proof": campaign("Proof", is_draft=True)}
    late.apply()
    return late


def replaced_after(account: Account, name: str) -> list[bytes]:
    """Once the next write of that kind has left, another program puts an old state in place of ours.

    Returns the bytes that it replaces, once it has."""
    before: list[bytes] = []

    def put(write: str) -> None:
        if write == name:
            before.append(account.place.path.read_bytes())
            account.place.path.write_text(json.dumps({**json.loads(before[-1]), "serial": 0}))

    account.wire.after_write = put
    return before


def run(account: Account, outcome: Outcome) -> None:
    """Run the first of the next commands, which saves the state."""
    words = outcome.next[0].words
    assert words[:2] == ("state", "push")
    state_ops.push(account.wiring, decode(Path(words[2]).read_bytes()), force=False)


@every_kind
def test_it_is_not_called_failed_and_the_command_that_saves_it_comes_first(
    proven: Account, kind: Kind
) -> None:
    kind.declare(proven)
    replaced_after(proven, kind.write)
    outcome = proven.apply()
    result = only(outcome)
    made = proven.control.campaigns()[-1]["id"]
    assert (result.outcome, outcome.result, result.id) == ("done", "incomplete", made)
    assert result.error is not None
    assert result.error.unrecorded
    assert made in result.error.summary
    assert f"{kind.says}, and the state does not have it" in result.error.summary
    assert outcome.next[1:] == (Command("apply"),)
    assert str(outcome.next[0]) in result.error.hint
    assert outcome.notes == tuple(dict.fromkeys(outcome.notes))
    proven.wire.after_write = lambda _name: None
    run(proven, outcome)
    before = len(proven.wire.sent)
    assert proven.apply().changes == ()
    assert len(proven.wire.sent) == before
    assert proven.state.pending == {}


@every_kind
def test_what_is_saved_at_the_end_after_all_is_done(proven: Account, kind: Kind) -> None:
    kind.declare(proven)
    before = replaced_after(proven, kind.write)

    def put_back(event: Event) -> None:
        if event.kind == "finished":
            proven.place.path.write_bytes(before[-1])

    proven.on_event = put_back
    outcome = proven.apply()
    assert (only(outcome).outcome, only(outcome).error) == ("done", None)
    proven.on_event, proven.wire.after_write = None, lambda _name: None
    assert proven.apply().changes == ()


@every_kind
def test_a_lock_that_is_lost_after_the_request_leaves_it_to_the_next_apply(
    proven: Account, kind: Kind
) -> None:
    kind.declare(proven)

    def broken(write: str) -> None:
        if write == kind.write and (holder := proven.place.backend().holder()):
            proven.place.backend().unlock(holder.id)

    proven.wire.after_write = broken
    outcome = proven.apply()
    assert (only(outcome).outcome, str(outcome.next[0])) == ("done", "campaignctl apply")
    error = only(outcome).error
    assert (error and error.hint, outcome.result) == ("campaignctl apply", "incomplete")
    proven.wire.after_write = lambda _name: None
    before = len(proven.wire.sent)
    assert proven.apply().result == "done"
    assert len(proven.wire.sent) == before
    assert proven.state.pending == {}


@every_kind
def test_what_cannot_be_put_on_record_is_not_sent(proven: Account, kind: Kind) -> None:
    kind.declare(proven)
    before = len(proven.wire.sent)

    def gone(event: Event) -> None:
        if event.kind == "started" and (holder := proven.place.backend().holder()):
            proven.place.backend().unlock(holder.id)

    proven.on_event = gone
    assert only(proven.apply()).outcome == "failed"
    assert len(proven.wire.sent) == before


def test_a_cancel_that_could_not_be_recorded_creates_nothing_in_its_place(proven: Account) -> None:
    applied(proven)
    old = proven.id_of(KEY)
    replaced_after(proven, "cancel")
    outcome = proven.apply(replace=(KEY,))
    error = only(outcome).error
    assert error is not None
    assert (only(outcome).outcome, error.unrecorded) == ("failed", True)
    assert f"{old} was canceled, nothing was created" in error.summary
    proven.wire.after_write = lambda _name: None
    run(proven, outcome)
    assert only(proven.apply()).outcome == "done"
    assert [each["status"] for each in proven.control.campaigns()] == ["draft", "canceled", "scheduled"]


@pytest.mark.parametrize("gone", ["lock", "state"])
@pytest.mark.parametrize(
    ("ignored", "outcome"), [([], "done"), (["description"], "unknown")], ids=["taken", "ignored"]
)
def test_what_was_answered_before_the_next_one_could_not_be_recorded_is_read_back(
    proven: Account, gone: str, ignored: list[str], outcome: str
) -> None:
    proven.specs = {key: campaign(key, scheduled_time=FAR, description="Old") for key in "ab"}
    proven.apply()
    proven.specs = {key: {**spec, "description": "New"} for key, spec in proven.specs.items()}
    proven.control.switch(patch_ignores=ignored)
    if gone == "state":
        replaced_after(proven, "update")
    replace_state = proven.wire.after_write

    def late(write: str) -> None:
        """The intent of the next write has to be recorded again."""
        replace_state(write)
        if gone == "lock" and (holder := proven.place.backend().holder()):
            proven.place.backend().unlock(holder.id)
        proven.clock.wait(proven.project.api.timeout)

    proven.wire.after_write = late
    results = {result.key: result for result in proven.apply().changes}
    assert {key: result.outcome for key, result in results.items()} == {"a": outcome, "b": "failed"}
    error = results["a"].error
    assert error is not None
    assert error.unrecorded is (outcome == "done")
