"""A state is written in a newer format, and back in the one before; what that could lose is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaignctl.errors import StateError
from campaignctl.reconciler.formats import migrate_format
from campaignctl.schedule.times import iso
from campaignctl.state import downgrade, model
from campaignctl.state.codec import decode_halts, encode, encode_halts
from campaignctl.state.halts import Halt, Halts, Held, Lift
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Dropped, Entry, State
from campaignctl.state.proofs import Proof
from tests.backends.shared_folder import SharedFolder
from tests.reconciler.account import Account, campaign
from tests.state.documents import filled
from tests.state.samples import sample_intent

HALT = Halt("h-1", ("far",), "wrong price", "ana", "laptop", "2036-01-01T00:00:00Z")
HELD = replace(HALT, held=(Held("far", "1", "sha256:c"),))


@pytest.fixture(params=["local", "shared"])
def two(request: pytest.FixtureRequest, late: Account, tmp_path: Path) -> Account:
    """Two recorded campaigns."""
    if request.param == "shared":
        late.backend = SharedFolder(tmp_path / "shared").backend()
    far = campaign("Far", scheduled_time="2036-06-01 10:00:00")
    late.specs = {"far": far, "draft": campaign("Draft", is_draft=True)}
    late.apply()
    return late


def change(account: Account, **values: Any) -> None:
    """Write the state with other values."""
    with account.wiring.locked("apply") as session:
        assert session.state is not None
        session.write(replace(session.state, **values))


def read(account: Account) -> State:
    state = account.wiring.backend.read()
    assert state is not None
    return state


def bare(account: Account) -> None:
    """Leave nothing in the state that format 1 cannot hold."""
    state = read(account)
    older = {
        key: replace(one, baseline=None, unconfirmed=(), began=None, posts=())
        for key, one in state.campaigns.items()
    }
    change(account, campaigns=older, settings=None, foreign={}, project_id=None, history=())


def refused(account: Account, match: str) -> StateError:
    """The way back is refused, also if losses are allowed; nothing is changed."""
    before, halts = read(account), account.wiring.backend.halts()
    with pytest.raises(StateError, match=match) as error:
        migrate_format(account.wiring, 1, allow_loss=True)
    assert read(account) == before
    assert account.wiring.backend.halts() == halts
    return error.value


def test_there_has_to_be_a_state(late: Account) -> None:
    with pytest.raises(StateError, match="there is no state in"):
        migrate_format(late.wiring, 2)


def test_a_state_without_anything_new_goes_back_and_forth(two: Account) -> None:
    bare(two)
    before = read(two)
    said = migrate_format(two.wiring, 1)
    assert "versions of campaignctl that read only that can use it" in said
    assert "It no longer holds" not in said
    assert read(two) == replace(before, format_version=1, seen=())
    assert "has format 1 already" in migrate_format(two.wiring, 1)
    assert "has format 2 now; older versions cannot read it" in migrate_format(two.wiring, 2)
    assert read(two) == replace(before, seen=()), "the next apply reads the whole list"
    assert "has format 2 already" in migrate_format(two.wiring, 2)


def test_a_journal_is_folded_before_the_way_back(two: Account) -> None:
    bare(two)
    two.wiring.backend.acquire("apply", timedelta()).append(Entry(missed={"far": "sha256:m"}))  # and it died
    holder = two.wiring.backend.holder()
    if holder:
        two.wiring.backend.unlock(holder.id)
    migrate_format(two.wiring, 1)
    assert (read(two).missed, read(two).format_version) == ({"far": "sha256:m"}, 1)


def test_protections_are_named_and_lost_only_if_that_is_allowed(two: Account) -> None:
    bare(two)
    sent = Sent("sha256:d", "push/old", "9", "2036-01-01T00:00:00Z", content="sha256:c", at_once=True)
    change(two, sent=(sent,), project_id="p", settings={"a": 1})
    before = read(two)
    with pytest.raises(StateError, match="format 1 cannot hold all protections") as error:
        migrate_format(two.wiring, 1)
    assert read(two) == before
    assert error.value.detail.splitlines() == [
        "1 sent content: the same text for the same people is stopped only in an equal body",
        "1 sent content: that it was sent at once is forgotten",
        "1 record: of the last settings: the next plan does not show which were loosened",
        "1 id: of the project, which tells its campaigns from another repository's",
    ]
    assert str(error.value.hint).endswith("`campaignctl state migrate --format 1 --allow-loss`")
    said = migrate_format(two.wiring, 1, allow_loss=True)
    assert error.value.detail.splitlines() == [
        line.strip() for line in said.split("\n\n")[1].splitlines()[1:]
    ]
    assert read(two).sent == (replace(sent, content="", at_once=False),)


def test_what_only_informs_is_told_and_stops_nothing(two: Account) -> None:
    bare(two)
    gone = Released("push/old", "9", None, "sha256:d", "sent", "2036-01-01T00:00:00Z", sends=("x",))
    change(two, released=(gone,))
    assert "  1 former campaign: the times of its sends" in migrate_format(two.wiring, 1)


def test_protections_are_named_before_what_only_informs(two: Account) -> None:
    bare(two)
    gone = Released("push/old", "9", None, "sha256:d", "sent", "2036-01-01T00:00:00Z", sends=("x",))
    change(two, released=(gone,), project_id="p")
    with pytest.raises(StateError, match="cannot hold all protections") as error:
        migrate_format(two.wiring, 1)
    assert error.value.detail == str(downgrade.Loss("State.project_id", 1, True))
    said = migrate_format(two.wiring, 1, allow_loss=True).split("\n\n")[1]
    lost = [line.strip().partition(": ")[0] for line in said.splitlines()[1:]]
    assert lost == ["1 id", "1 former campaign"]


@pytest.mark.parametrize("operation", ["create", "update", "pause"])
@pytest.mark.parametrize("phase", ["planned", "started"])
def test_an_unsettled_write_is_never_lost(two: Account, operation: Any, phase: Any) -> None:
    bare(two)
    change(two, pending={"sms/flash": replace(sample_intent(), operation=operation, phase=phase, id="9")})
    assert str(refused(two, "sms/flash is not settled").hint) == "campaignctl apply"


@pytest.mark.parametrize("phase", ["started", "created", "arming"])
def test_an_open_proof_is_never_lost(two: Account, phase: Any) -> None:
    bare(two)
    change(two, proofs=(replace(filled(Proof), phase=phase),))
    refused(two, "a proof of key is not settled")


def test_a_create_that_was_given_up_is_looked_for_until_no_copy_can_turn_up(two: Account) -> None:
    bare(two)
    recent, long_ago = (iso(two.wiring.clock.now() - timedelta(days=days)) for days in (1, 31))
    change(two, dropped=(Dropped("far", "i-1", "sha256:d", (recent,)),))
    refused(two, "far was created more than once")
    change(two, dropped=(Dropped("far", "i-1", "sha256:d", (long_ago,)),))
    migrate_format(two.wiring, 1, allow_loss=True)


def test_a_record_that_was_posted_twice_is_looked_for_until_it_sends(two: Account) -> None:
    bare(two)
    far = read(two).campaigns["far"]
    posts = ("2036-01-01T00:00:00Z", "2036-01-01T00:01:00Z")
    change(two, campaigns={"far": replace(far, posts=posts)})
    refused(two, "far was created more than once")
    change(two, campaigns={"far": replace(far, posts=posts, reposted=True)})  # which format 1 knows
    migrate_format(two.wiring, 1, allow_loss=True)


def test_a_halt_in_force_goes_back_only_if_its_loss_is_allowed(two: Account) -> None:
    bare(two)
    two.wiring.backend.change_halts(lambda halts: halts.with_halt(HELD))
    with pytest.raises(StateError) as error:
        migrate_format(two.wiring, 1)
    assert error.value.detail == "1 halt: in force: the content is not held under another key"
    assert two.wiring.backend.halts() == Halts((HELD,))
    migrate_format(two.wiring, 1, allow_loss=True)
    assert two.wiring.backend.halts() == Halts((HALT,), format_version=1)
    assert read(two).format_version == 1


def test_a_lifted_halt_stops_no_way_back_and_one_under_way_always_does(two: Account) -> None:
    bare(two)
    lift = Lift(None, "fixed", "ana", "2036-01-01T00:00:01Z")
    two.wiring.backend.change_halts(lambda halts: halts.with_halt(replace(HELD, lifted=(lift,))))
    assert "has format 1 now" in migrate_format(two.wiring, 1)
    migrate_format(two.wiring, 2)
    running = Halts((replace(HALT, under_way="2036-01-01T00:00:00Z"),))
    two.wiring.backend.change_halts(lambda _: running)
    refused(two, "a halt is being carried out")


def test_after_the_way_back_an_apply_creates_nothing_again(two: Account) -> None:
    before = {key: record.id for key, record in read(two).campaigns.items()}
    migrate_format(two.wiring, 1, allow_loss=True)
    outcome = two.apply()
    assert outcome.result == "done", outcome
    assert {key: record.id for key, record in read(two).campaigns.items()} == before


def test_every_field_of_the_newest_format_has_its_loss() -> None:
    """What a filled state loses is what writing it in format 1 drops; each has words of its own."""
    state = replace(filled(State), format_version=2)
    found = downgrade.losses(state, Halts((replace(filled(Halt), lifted=()),)), 1)
    known = {**downgrade._PROTECTS, **downgrade._INFORMS}
    # Never lost: a state with unsettled writes or a halt under way does not go back.
    never = {"Intent.posts", "Intent.ended", "Halt.under_way"}
    assert {one.field for one in found} - never == known.keys()
    later = [each.name for each in fields(model.Record) if each.metadata.get("since") == 2]
    assert {f"Record.{name}" for name in later} <= known.keys()
    older = json.loads(encode(replace(state, format_version=1)))
    newer = json.loads(encode(state))
    dropped = {name for name in newer if name not in older}
    assert dropped == {one.field.removeprefix("State.") for one in found if one.field.startswith("State.")}
    text = encode_halts(Halts((filled(Halt),), format_version=1))
    assert decode_halts(text).format_version == 1


def test_the_one_that_would_not_be_looked_for_any_more_is_named(two: Account) -> None:
    bare(two)
    known = read(two).campaigns
    posts = ("2036-01-01T00:00:00Z", "2036-01-01T00:01:00Z")
    watched = {
        "draft": replace(known["far"], intent="i-2", posts=posts, reposted=True),
        "far": replace(known["far"], posts=posts),
    }
    change(two, campaigns=watched)
    assert refused(two, "far was created more than once").key == "far"
    change(two, campaigns={**watched, "again": replace(known["far"], intent="i-3", posts=posts)})
    assert refused(two, "again was created more than once").key == "again"
