"""Operations on the state: what they change, what they refuse, and the command that their refusal names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch, CampaignctlError, ReadFailed, StateError, StateMoved
from campaignctl.reconciler import state_ops
from campaignctl.reconciler.adopt import import_campaign
from campaignctl.state.halts import Halt
from campaignctl.state.model import Dropped, Entry, State
from campaignctl.state.proofs import Proof
from tests.backends.local_place import LocalPlace
from tests.backends.shared_folder import SharedFolder
from tests.plan.planning import intent
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
AT_ONCE = campaign("Now", run_immediately=True)
PROOF = Proof("far", "m", "en", "sha256:p", "team", "sha256:s", "ana", "i-2", "sent", "2036-01-01T00:00:00Z")
# A campaign of a list that is cut short.
OLD = {
    "id": "7",
    "name": "Old",
    "company_id": "6197120",
    "status": "sent",
    "create_time": "2020-01-01 10:00:00",
}
HALT = Halt("h-1", ("far",), "wrong price", "ana", "laptop", "2036-01-01T00:00:00Z")


@pytest.fixture
def two(late: Account) -> Account:
    """Two recorded campaigns."""
    late.specs = {"far": FAR, "draft": campaign("Draft", is_draft=True)}
    late.apply()
    return late


@pytest.fixture
def elsewhere(tmp_path: Path) -> LocalPlace:
    """Another place for a state."""
    return LocalPlace(tmp_path / "elsewhere")


def put(place: LocalPlace, state: State) -> None:
    """Write a state into a place."""
    session = place.backend().acquire("apply", timedelta())
    session.write(state)
    session.release()


def put_shared(account: Account, state: State) -> None:
    """Write a state into the place of an account, in its format."""
    with account.wiring.locked("apply") as session:
        session.write(state)


def refusal(error: pytest.ExceptionInfo[CampaignctlError]) -> str:
    return f"{error.value.summary} | {error.value.hint}"


# ------------------------------------------------------------------------------------------- migrate


def test_a_state_moves_with_its_halts_and_leaves_a_note(two: Account, elsewhere: LocalPlace) -> None:
    before, target = two.state, elsewhere.backend()
    two.place.backend().change_halts(lambda halts: halts.with_halt(HALT))
    told = state_ops.migrate(two.wiring, target)
    assert f"serial {before.serial}, 2 campaigns" in told
    assert target.read() == before
    assert target.halts().halts == (HALT,)
    assert (target.holder(), two.place.backend().holder()) == (None, None)
    with pytest.raises(StateMoved):
        two.place.backend().read()


def test_there_has_to_be_a_state_to_move(late: Account, elsewhere: LocalPlace) -> None:
    with pytest.raises(StateError, match="there is no state in") as refused:
        state_ops.migrate(late.wiring, elsewhere.backend())
    assert "name the new place as `state` in campaignctl.yaml" in refused.value.hint
    assert elsewhere.backend().read() is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"lineage": "other"}, "there is another state in"),
        ({"lineage": "other", "campaigns": {}, "sent": ()}, None),
        ({"serial": 99}, "is newer than this one"),
        ({"serial": 1}, None),
        ({}, None),
    ],
)
def test_a_place_with_another_or_a_newer_state_is_left_alone(
    two: Account, elsewhere: LocalPlace, change: dict[str, Any], problem: str | None
) -> None:
    before = two.state
    there = replace(before, **change)
    put(elsewhere, there)
    if problem is None:
        state_ops.migrate(two.wiring, elsewhere.backend())
        assert elsewhere.backend().read() == before
    else:
        with pytest.raises(StateError, match=problem) as refused:
            state_ops.migrate(two.wiring, elsewhere.backend())
        (name,) = change.keys() & {"lineage", "serial"}
        values = getattr(there, name), getattr(before, name)
        assert refused.value.detail == "its {} is {}, and this one's is {}".format(name, *values)
        assert "look at both with `campaignctl state pull`" in refused.value.hint
        assert (elsewhere.backend().read(), two.state) == (there, before)
    assert elsewhere.backend().holder() is None


@pytest.mark.parametrize("name", ["campaigns", "pending", "sent", "released"])
def test_any_trace_makes_a_place_one_of_another_state(two: Account, elsewhere: LocalPlace, name: str) -> None:
    two.specs["now"] = AT_ONCE
    two.apply()
    two.wire.lose("create", effect=None)
    two.specs["later"] = campaign("Later", run_immediately=True)
    two.apply()
    state_ops.remove(two.wiring, "draft")
    full = two.state
    empty: dict[str, Any] = {"campaigns": {}, "pending": {}, "sent": (), "released": ()}
    assert all(getattr(full, each) for each in empty)
    put(elsewhere, replace(full, lineage="other", **{**empty, name: getattr(full, name)}))
    with pytest.raises(StateError, match="there is another state in"):
        state_ops.migrate(two.wiring, elsewhere.backend())


@pytest.mark.parametrize(
    "trace",
    [
        {"archives": (2035,)},
        {"dropped": (Dropped("far", "i-1", "sha256:x", ("2036-01-01T00:00:00Z",)),)},
        {"proofs": (PROOF,)},
    ],
    ids=lambda trace: next(iter(trace)),
)
def test_what_is_archived_given_up_or_sent_to_seeds_is_a_trace_too(
    two: Account, elsewhere: LocalPlace, trace: dict[str, Any]
) -> None:
    empty = State("other", 1, None, two.state.account, two.state.tool_version)
    there = replace(empty, **trace)
    put(elsewhere, there)
    with pytest.raises(StateError, match="there is another state in"):
        state_ops.migrate(two.wiring, elsewhere.backend())
    assert elsewhere.backend().read() == there


def test_a_move_that_died_before_its_note_is_repeated(two: Account, elsewhere: LocalPlace) -> None:
    before = two.state
    put(elsewhere, before)
    state_ops.migrate(two.wiring, elsewhere.backend())
    assert elsewhere.backend().read() == before


def test_a_place_whose_state_was_moved_is_compared_by_its_note(
    two: Account, elsewhere: LocalPlace, tmp_path: Path
) -> None:
    third = LocalPlace(tmp_path / "third")
    put(elsewhere, replace(two.state, lineage="other"))
    session = elsewhere.backend().acquire("state migrate", timedelta())
    session.retire(str(third.path))
    session.release()
    with pytest.raises(StateError, match="there is another state in"):
        state_ops.migrate(two.wiring, elsewhere.backend())


# ----------------------------------------------------------------------------------------- mv and rm


def test_a_record_gets_another_key(two: Account) -> None:
    before, mark = two.state, two.mark
    state_ops.move(two.wiring, "far", "push/far")
    assert set(two.state.campaigns) == {"draft", "push/far"}
    assert two.state.campaigns["push/far"] == before.campaigns["far"]
    assert two.state.serial == before.serial + 1
    assert two.control.requests(mark) == []


def unsettled(account: Account, key: str) -> None:
    """A create that sends at once and whose answer was lost."""
    account.specs[key] = campaign("Lost", run_immediately=True)
    account.wire.lose("create", effect=None)
    account.apply()


@pytest.mark.parametrize(
    ("old", "new", "problem", "about"),
    [
        ("fat", "new", "fat is not in the state | did you mean far?", "fat"),
        (
            "zzz",
            "new",
            "zzz is not in the state | to list the recorded keys: `campaignctl state list`",
            "zzz",
        ),
        ("far", "draft", "draft is in the state already, as ", "draft"),
        ("far", "no key", "'no key' is not a valid key", None),
        ("far", "DRAFT", "DRAFT differs only in case from draft, which is recorded", "DRAFT"),
        ("far", "lost", "far or lost is not settled | campaignctl apply", None),
    ],
)
def test_a_move_that_is_refused_changes_nothing(
    two: Account, old: str, new: str, problem: str, about: str | None
) -> None:
    unsettled(two, "lost")
    before = two.state
    with pytest.raises(StateError) as refused:
        state_ops.move(two.wiring, old, new)
    assert problem in refusal(refused)
    assert refused.value.key == about
    assert two.state == before


def test_a_campaign_whose_write_is_open_is_not_moved(two: Account) -> None:
    put_shared(two, replace(two.state, pending={"far": intent(FAR)}))
    before = two.state
    with pytest.raises(StateError, match="far or new is not settled"):
        state_ops.move(two.wiring, "far", "new")
    assert two.state == before


def test_a_move_may_change_the_case_of_its_own_key(two: Account) -> None:
    state_ops.move(two.wiring, "far", "FAR")
    assert set(two.state.campaigns) == {"draft", "FAR"}


def test_what_is_forgotten_leaves_its_trace(two: Account) -> None:
    record, mark = two.state.campaigns["far"], two.mark
    assert f"Campaign {record.id} stays in the account as it is (scheduled)" in state_ops.remove(
        two.wiring, "far"
    )
    (gone,) = two.state.released
    assert (gone.key, gone.id, gone.intent, gone.digest, gone.status) == (
        ("far", record.id, record.intent, record.digest, "scheduled")
    )
    assert set(two.state.campaigns) == {"draft"}
    assert two.control.requests(mark) == []
    with pytest.raises(StateError, match="far is not in the state"):
        state_ops.remove(two.wiring, "far")


@pytest.mark.parametrize("work", [lambda w: state_ops.move(w, "a", "b"), lambda w: state_ops.remove(w, "a")])
def test_without_a_state_there_is_nothing_to_change(late: Account, work: Any) -> None:
    with pytest.raises(StateError, match="there is no state yet") as refused:
        work(late.wiring)
    assert "campaignctl apply" in refused.value.hint


@pytest.mark.parametrize(
    "work", [lambda w: state_ops.move(w, "far", "b"), lambda w: state_ops.remove(w, "far")]
)
def test_the_state_of_another_environment_is_not_changed(two: Account, work: Any) -> None:
    before = two.state
    two.project = replace(two.project, environment="staging", environment_names=("staging",))
    with pytest.raises(AccountMismatch):
        work(two.wiring)
    assert two.state == before


# ---------------------------------------------------------------------------------------------- push


@pytest.mark.parametrize(
    ("change", "force", "problem"),
    [
        ({}, False, None),
        ({"serial": 99}, False, None),
        ({"serial": 1}, False, "this file is older than the state (serial 1"),
        ({"serial": 1}, True, None),
        ({"lineage": "other"}, False, "of another lineage"),
        ({"lineage": "other"}, True, None),
        ({"environment": "live"}, True, "the environment live"),
    ],
)
def test_a_pushed_state_has_a_serial_of_its_own(
    two: Account, change: dict[str, Any], force: bool, problem: str | None
) -> None:
    before = two.state
    pushed = replace(before, **change, sent=(), released=())
    if problem:
        with pytest.raises(CampaignctlError) as refused:
            state_ops.push(two.wiring, pushed, force)
        assert problem in refused.value.summary
        assert force or "--force" in refused.value.hint
        assert force or refused.value.detail
        assert two.state == before
    else:
        serial = max(before.serial, pushed.serial) + 1
        assert f"its serial is now {serial}" in state_ops.push(two.wiring, pushed, force)
        assert two.state == replace(pushed, serial=serial)


@pytest.mark.parametrize("serial", [0, 7])
def test_an_unreadable_state_may_always_be_replaced(two: Account, serial: int) -> None:
    good = replace(two.state, serial=serial)
    two.place.put_document(b"{")
    state_ops.push(replace(two.wiring, newest=None), good, force=False)
    assert two.state == replace(good, serial=serial + 1)


def test_a_place_whose_state_was_moved_takes_another_one_only_by_force(
    two: Account, elsewhere: LocalPlace
) -> None:
    """Two places with one state would each create what the other one has."""
    old = two.state
    state_ops.migrate(two.wiring, elsewhere.backend())
    with pytest.raises(StateMoved, match=str(elsewhere.path)):
        state_ops.push(two.wiring, old, force=False)
    with pytest.raises(StateMoved):
        two.place.backend().read()
    state_ops.push(two.wiring, replace(old, serial=1), force=True)
    assert two.state == replace(old, serial=old.serial + 1), "no plan made in between fits"


@pytest.mark.parametrize(("here", "pushed", "after"), [(2, 1, 2), (1, 2, 2), (1, 1, 1), (None, 1, 1)])
def test_a_push_keeps_the_newer_format(
    two: Account, tmp_path: Path, here: int | None, pushed: int, after: int
) -> None:
    two.backend = SharedFolder(tmp_path / "shared").backend()
    if here is not None:
        put_shared(two, replace(two.state, format_version=here))
    state = replace(two.state, format_version=pushed)
    state_ops.push(two.wiring, state, force=False)
    found = two.backend.read()
    assert found
    assert (found.format_version, found.serial) == (after, state.serial + 1)


def test_the_first_state_of_a_place_has_serial_1(two: Account, elsewhere: LocalPlace) -> None:
    state_ops.push(
        replace(two, backend=elsewhere.backend()).wiring, replace(two.state, serial=0), force=False
    )
    assert elsewhere.backend().read() == replace(two.state, serial=1)


# ------------------------------------------------------------------------------------------- resolve


@pytest.fixture
def lost(two: Account) -> Account:
    """A create that sends at once and whose answer was lost; it did not happen."""
    unsettled(two, "lost")
    return two


def landed(account: Account, key: str = "lost", **changed: Any) -> str:
    """The create of an open intent takes effect late."""
    intent = account.state.pending[key]
    owner = account.project.owner
    marked = {**intent.spec, "metadata": {"campaignctl": str(owner.marker(key, intent.intent))}}
    return str(account.control.create({**marked, **changed})["id"])


def test_a_create_that_did_not_happen_may_be_retried(lost: Account) -> None:
    intent = lost.state.pending["lost"]
    told = lost.resolve("lost", "retry")
    assert told == "lost: recorded as not done; the next apply plans it again."
    assert lost.state.pending == {}
    assert lost.state.dropped == (Dropped("lost", intent.intent, intent.digest, intent.posts),)
    assert lost.state.sent == ()
    assert lost.outcomes() == {"lost": "done"}


def test_every_post_of_a_create_that_is_given_up_is_kept(lost: Account) -> None:
    """A campaign of any of them may still turn up."""
    first, posts = lost.state.pending["lost"], ("2035-12-31T23:00:00Z", "2035-12-31T23:30:00Z")
    with lost.wiring.locked("test") as session:
        session.append(Entry(intents={"lost": replace(first, at=posts[-1], posts=posts)}))
    lost.resolve("lost", "retry", force=True)
    assert [each.posts for each in lost.state.dropped] == [posts]


def test_a_retry_waits_until_the_request_cannot_arrive_any_more(lost: Account) -> None:
    at = lost.clock.now()
    lost.resolve("lost", "retry")
    started = lost.wire.sent[-1].at
    assert lost.clock.time.monotonic() - started >= lost.project.api.timeout.total_seconds()
    assert lost.clock.now() >= at


def test_a_create_that_happened_is_not_retried_unless_a_person_insists(lost: Account) -> None:
    campaign_id = landed(lost)
    with pytest.raises(StateError, match=f"lost was created: {campaign_id} carries its marker") as refused:
        lost.resolve("lost", "retry")
    assert refused.value.hint == f"campaignctl state resolve lost --adopt {campaign_id}"
    assert set(lost.state.pending) == {"lost"}
    lost.resolve("lost", "retry", force=True)
    assert lost.state.pending == {}


def test_an_empty_list_does_not_prove_that_a_create_did_not_happen(lost: Account) -> None:
    landed(lost)
    empty = {"kind": "status", "status": 200, "body": {"items": [], "total": 0}}
    lost.control.fault({"method": "GET", "path": r"campaigns\?", "times": 9}, empty)
    with pytest.raises(ReadFailed, match="the list of campaigns is empty") as refused:
        lost.resolve("lost", "retry")
    assert "campaignctl state resolve lost --retry --force" in str(refused.value.hint)
    assert set(lost.state.pending) == {"lost"}
    lost.resolve("lost", "retry", force=True)
    assert lost.state.pending == {}


@pytest.mark.parametrize(("items", "lacks"), [([], "is empty"), ([OLD], "lacks [0-9]+")])
def test_a_create_is_not_sent_again_because_a_list_is_short(
    two: Account, items: list[object], lacks: str
) -> None:
    two.specs["later"] = campaign("Later", scheduled_time="2036-06-02 10:00:00")
    two.wire.lose("create", effect=1.0)
    short = {"kind": "status", "status": 200, "body": {"items": items, "total": len(items)}}
    two.control.fault({"method": "GET", "path": r"campaigns\?", "skip": 1, "times": 99}, short)
    assert [each.outcome for each in two.apply().changes] == ["unknown"]
    two.clock.wait(timedelta(hours=2))
    with pytest.raises(ReadFailed, match=f"not known whether later .* list of campaigns {lacks}"):
        two.apply()
    two.control.clear_faults()
    two.apply()
    assert [each["live"]["name"] for each in two.control.campaigns()].count("Later") == 1


def test_a_list_may_hide_what_is_over(two: Account) -> None:
    two.specs["later"] = campaign("Later", scheduled_time="2036-06-02 10:00:00")
    two.wire.lose("create", effect=None)
    short = {"kind": "status", "status": 200, "body": {"items": [OLD], "total": 1}}
    two.control.fault({"method": "GET", "path": r"campaigns\?", "skip": 1, "times": 99}, short)
    two.apply()
    two.control.cancel(two.state.campaigns["far"].id)
    two.control.delete(two.state.campaigns["draft"].id)
    assert set(two.state.pending) == {"later"}
    assert two.resolve("later", "retry").endswith("the next apply plans it again.")


def test_a_create_is_adopted_by_its_id(lost: Account) -> None:
    campaign_id, intent = landed(lost), lost.state.pending["lost"]
    assert lost.resolve("lost", "adopt", campaign_id=campaign_id) == f"lost is now {campaign_id}."
    record = lost.state.campaigns["lost"]
    assert (record.id, record.intent, record.digest) == (campaign_id, intent.intent, intent.digest)
    assert lost.state.pending == {}
    (sent,) = [each for each in lost.state.sent if each.key == "lost"]
    assert (sent.id, sent.digest) == (campaign_id, intent.digest)


@pytest.mark.parametrize(
    ("status", "said", "after"),
    [
        ("scheduled", "Its second copy {} was canceled.", "canceled"),
        ("paused", "Its second copy {} was canceled.", "canceled"),
        ("running", "Its second copy {} was canceled.", "canceled"),
        ("sent", "{} carries the same marker and is sent; it is left as it is.", "sent"),
        ("draft", "{} carries the same marker and is draft; it is left as it is.", "draft"),
    ],
)
def test_the_other_campaign_with_its_marker_is_canceled_where_it_can_be(
    lost: Account, status: str, said: str, after: str
) -> None:
    kept = landed(lost)
    other = str(lost.control.clone(kept, status=status)["id"])
    unrelated = str(lost.control.create(FAR)["id"])
    told = lost.resolve("lost", "adopt", campaign_id=kept)
    assert told == f"lost is now {kept}. {said.format(other)}"
    assert lost.control.campaign(other)["status"] == after
    assert lost.control.campaign(unrelated)["status"] == "scheduled"
    assert lost.control.campaign(kept)["status"] != "canceled"


def test_a_copy_that_another_key_has_is_left_alone(lost: Account) -> None:
    kept = landed(lost)
    other = str(lost.control.clone(kept, status="scheduled")["id"])
    lost.specs["clone"] = campaign("Clone")
    import_campaign(lost.wiring, lost.desired, "clone", other)
    told = lost.resolve("lost", "adopt", campaign_id=kept)
    said = f"{other} carries the same marker and is recorded as clone; it is left as it is."
    assert told == f"lost is now {kept}. {said}"
    assert lost.control.campaign(other)["status"] == "scheduled"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"kind": "status", "status": 422}, "422"),
        ({"kind": "not_done"}, "it is not shown as canceled"),
    ],
)
def test_a_copy_that_cannot_be_canceled_is_named(lost: Account, fault: dict[str, Any], why: str) -> None:
    kept = landed(lost)
    other = str(lost.control.clone(kept, status="scheduled")["id"])
    lost.control.fault({"path": "cancel", "times": 9}, fault)
    with pytest.raises(CampaignctlError) as refused:
        lost.resolve("lost", "adopt", campaign_id=kept)
    assert f"its copy {other} could not be canceled" in refused.value.summary
    assert why in refused.value.summary
    assert refused.value.hint == f"cancel {other} in the dashboard"
    assert lost.id_of("lost") == kept


def test_one_that_cannot_be_canceled_keeps_no_other_from_it(lost: Account) -> None:
    kept = landed(lost)
    copies = [str(lost.control.clone(kept, status="scheduled")["id"]) for _ in range(2)]
    lost.control.fault({"path": "cancel", "times": 1}, {"kind": "status", "status": 422})
    with pytest.raises(CampaignctlError, match="could not be canceled"):
        lost.resolve("lost", "adopt", campaign_id=kept)
    after = sorted(lost.control.campaign(each)["status"] for each in copies)
    assert after == ["canceled", "scheduled"]


def test_a_copy_whose_cancel_had_no_answer_is_canceled_if_a_read_shows_it(lost: Account) -> None:
    kept = landed(lost)
    other = str(lost.control.clone(kept, status="scheduled")["id"])
    lost.control.fault({"path": "cancel"}, {"kind": "lost_answer"})
    assert f"Its second copy {other} was canceled." in lost.resolve("lost", "adopt", campaign_id=kept)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_copy_that_has_sent_before_its_cancel_arrived_is_not_called_canceled(
    lost: Account, accepted: bool
) -> None:
    kept = landed(lost)
    other = str(lost.control.clone(kept, status="scheduled")["id"])
    if accepted:
        lost.control.fault({"path": "cancel"}, {"kind": "not_done"})
        lost.wire.after_write = lambda _name: lost.control.edit(other, status="sent")
    else:
        lost.wire.on_write = lambda _name: lost.control.edit(other, status="sent")
    told = lost.resolve("lost", "adopt", campaign_id=kept)
    assert told == f"lost is now {kept}. {other} carries the same marker and is sent; it is left as it is."


def test_a_campaign_without_the_marker_is_adopted_only_by_force(lost: Account) -> None:
    other = str(lost.control.create(campaign("Lost"))["id"])
    with pytest.raises(StateError, match=f"{other} does not carry the marker of lost") as refused:
        lost.resolve("lost", "adopt", campaign_id=other)
    assert f"campaignctl state resolve lost --adopt {other} --force" in str(refused.value.hint)
    assert set(lost.state.pending) == {"lost"}
    lost.resolve("lost", "adopt", campaign_id=other, force=True)
    assert lost.id_of("lost") == other


def test_the_marker_has_to_be_that_of_the_intent(lost: Account) -> None:
    stale = landed(lost, metadata={"campaignctl": str(lost.project.owner.marker("lost", "0123456789abcdef"))})
    with pytest.raises(StateError, match="does not carry the marker of lost"):
        lost.resolve("lost", "adopt", campaign_id=stale)
    recorded = lost.id_of("far")
    with pytest.raises(StateError, match="far"):
        lost.resolve("lost", "adopt", campaign_id=recorded)
    with pytest.raises(StateError, match="there is no campaign 999 in this account"):
        lost.resolve("lost", "adopt", campaign_id="999")


def test_without_an_intent_a_campaign_with_the_key_s_marker_is_taken_over(two: Account) -> None:
    record = two.state.campaigns["far"]
    put(two.place, two.state.after(Entry(records={"far": None})))
    with pytest.raises(StateError, match="does not carry the marker of other"):
        two.resolve("other", "adopt", campaign_id=record.id)
    with pytest.raises(StateError, match="'no key' is not a valid key"):
        two.resolve("no key", "adopt", campaign_id=record.id)
    two.resolve("far", "adopt", campaign_id=record.id)
    taken = two.state.campaigns["far"]
    assert (taken.id, taken.intent, taken.digest) == (record.id, record.intent, record.digest)
    assert two.state.sent == ()


def test_there_has_to_be_something_to_resolve(two: Account) -> None:
    answers: tuple[state_ops.Answer, ...] = ("retry", "done")
    for answer in answers:
        with pytest.raises(StateError, match="far has nothing to resolve") as refused:
            two.resolve("far", answer)
        assert (refused.value.hint, refused.value.key) == ("campaignctl plan", "far")


def test_a_state_is_made_for_the_first_campaign_that_is_taken_over(late: Account) -> None:
    campaign_id = str(late.control.create(campaign("Hand"))["id"])
    late.resolve("hand", "adopt", campaign_id=campaign_id, force=True)
    assert (late.id_of("hand"), late.state.account.company_id) == (campaign_id, "6197120")
