"""What an apply records around its changes, and when a plan is refused as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.errors import PlanRefused
from campaignctl.plan.context import Against
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler.apply import apply
from campaignctl.state.codec import encode
from campaignctl.state.model import State
from tests.reconciler.account import Account, campaign, yes

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
NEW = campaign("New", scheduled_time="2036-07-01 10:00:00")
AT_ONCE = campaign("Now", run_immediately=True)


@pytest.fixture
def far(late: Account) -> Account:
    """An account with one recorded campaign that is scheduled, and one that is not."""
    late.specs = {"far": FAR, "hand": campaign("Hand")}
    late.apply()
    return late


def no(_plan: Plan) -> bool:
    return False


def at_writes(account: Account, after: int) -> list[State]:
    """The state as it was on disk when each write left."""
    return [write.state for write in account.wire.sent[after:] if write.state is not None]


# -------------------------------------------------------------------------------------------- history


def test_an_apply_is_in_the_history_before_its_first_request_and_with_its_end(far: Account) -> None:
    before = len(far.wire.sent)
    far.specs |= {"new": NEW, "hand": campaign("Hand", description="New")}
    far.control.fault({"method": "POST", "body": '"New"'}, {"kind": "status", "status": 422})
    far.apply()
    first = at_writes(far, before)[0].history[-1]
    assert (first.outcome, first.operation, first.ended, dict(first.outcomes)) == (
        "started",
        "apply",
        None,
        {},
    )
    assert dict(first.actions) == {"create": 1, "update": 1}
    last = far.state.history[-1]
    assert last == replace(
        first, outcome="incomplete", outcomes={"done": 1, "failed": 1}, ended=last.ended, left=("new",)
    )
    assert last.ended is not None
    assert last.ended >= last.at


def test_the_history_tells_which_kind_of_apply_it_was(far: Account) -> None:
    far.specs["new"] = NEW
    far.apply(reviewed=(far.plan(),))
    far.specs["new"] = {**NEW, "description": "New"}
    far.apply_saved(far.plan())
    far.apply(destroy=True, targets=("new",))
    assert [entry.operation for entry in far.state.history] == [
        "apply",
        "apply of reviewed plans",
        "apply of a saved plan",
        "destroy",
    ]


def test_what_was_blocked_is_in_the_history_as_left(far: Account) -> None:
    far.control.edit(far.id_of("far"), status="running")
    far.specs |= {
        "far": {**far.specs["far"], "description": "New"},
        "hand": campaign("Hand", description="x"),
    }
    far.apply()
    last = far.state.history[-1]
    assert dict(last.outcomes) == {"done": 1, "blocked": 1}
    assert last.left == ("far",)


@pytest.mark.parametrize("approve", [True, False])
def test_an_apply_that_changes_nothing_is_in_no_history(far: Account, approve: bool) -> None:
    before, mark = far.state, far.mark
    if not approve:
        far.specs["new"] = NEW
    outcome = far.apply(no)
    assert outcome.result == ("refused" if not approve else "done")
    assert [each.outcome for each in outcome.changes] == ["not_started"] * (not approve)
    assert far.writes(mark) == []
    assert replace(far.state, seen=before.seen) == before


def test_an_answer_after_the_plan_has_expired_is_no_approval(far: Account) -> None:
    soon = far.clock.now() + timedelta(hours=1)
    far.specs["new"] = campaign("New", scheduled_time=f"{soon:%Y-%m-%d %H:%M:%S}")

    def late_answer(_plan: Plan) -> bool:
        far.clock.time.sleep(55 * 60)
        far.wire.arrive()
        far.api.list_page(1)
        return True

    mark = far.mark
    with pytest.raises(PlanRefused, match="and the answer came later"):
        far.apply(late_answer)
    assert far.writes(mark) == []
    assert set(far.state.campaigns) == {"far", "hand"}


# --------------------------------------------------------------------------------- what is only seen


def test_a_first_apply_of_chosen_keys_records_nothing_of_others(late: Account) -> None:
    late.specs = {"new": NEW, "other": campaign("Other", description="other")}
    outcome = late.apply(targets=("new",))
    assert ([each.key for each in outcome.changes], outcome.notes) == (["new"], ())


def test_what_a_read_shows_is_recorded_and_voids_no_plan(far: Account) -> None:
    before = far.state
    far.control.pause(far.id_of("far"))
    far.apply()
    after = far.state
    assert after.serial == before.serial
    assert (before.campaigns["far"].status, after.campaigns["far"].status) == ("scheduled", "paused")
    assert not after.campaigns["far"].paused_by_us
    assert after.campaigns["far"].applied == before.campaigns["far"].applied


def test_what_was_sent_meanwhile_is_in_the_ledger_from_then_on(far: Account) -> None:
    far.control.edit(far.id_of("far"), status="sent")
    far.apply()
    (sent,) = far.state.sent
    assert (sent.key, sent.id, sent.digest) == ("far", far.id_of("far"), far.state.campaigns["far"].digest)
    far.apply()
    assert len(far.state.sent) == 1


def test_live_changes_are_accepted_by_refresh_only(far: Account) -> None:
    far.control.edit(far.id_of("hand"), {"description": "by hand"}, name="Renamed")
    mark = far.mark
    outcome = far.apply(refresh_only=True)
    assert any("live changes were accepted into the state: hand" in note for note in outcome.notes)
    assert far.state.campaigns["hand"].applied["name"] == "Renamed"
    assert far.writes(mark) == []
    assert not any("accepted" in note for note in far.apply(refresh_only=True).notes)


def test_fields_set_outside_of_the_manifests_are_accepted_with_a_note_of_their_own(far: Account) -> None:
    far.control.edit(far.id_of("hand"), quiet_hours={"from": "20:00"})
    shown = far.plan(refresh_only=True).drift
    assert [field.path for one in shown for field in one.unmanaged] == ["quiet_hours"]
    said = "fields set outside of the manifests were accepted: hand"
    once = f"{said}; later plans show them only if they change again"
    assert far.apply(refresh_only=True).notes == (once,)
    assert far.plan(refresh_only=True).drift == ()
    assert far.apply(refresh_only=True).notes == ()
    far.control.edit(far.id_of("hand"), name="Renamed", quiet_hours={"from": "21:00"})
    taken, beyond = far.apply(refresh_only=True).notes
    assert taken.startswith("live changes were accepted into the state: hand;")
    assert beyond == once


# ----------------------------------------------------------------------------------------------- moves


def test_keys_are_swapped_in_one_step(far: Account) -> None:
    before, mark = far.state, far.mark
    far.specs = {"hand": FAR, "far": campaign("Hand")}
    far.moved = {"hand": "far", "far": "hand"}
    assert far.outcomes() == {"hand": "done", "far": "done"}
    assert far.writes(mark) == []
    for old, new in (("far", "hand"), ("hand", "far")):
        assert far.state.campaigns[new] == replace(before.campaigns[old], moved_from=old)
    assert far.apply().changes == ()


def test_a_move_records_what_was_read_of_the_campaign(far: Account) -> None:
    far.control.pause(far.id_of("far"))
    far.specs = {"new": FAR, "hand": campaign("Hand")}
    far.moved = {"new": "far"}
    far.apply()
    assert set(far.state.campaigns) == {"new", "hand"}
    assert far.state.campaigns["new"].status == "paused"


@pytest.mark.parametrize("project_id", [None, "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"])
def test_an_apply_that_changes_nothing_writes_nothing(far: Account, project_id: str | None) -> None:
    far.project = replace(far.project, id=project_id)
    far.apply()
    before = far.place.path.stat().st_mtime_ns, far.place.document()
    assert far.apply().result == "done"
    assert (far.place.path.stat().st_mtime_ns, far.place.document()) == before


def test_what_was_blocked_before_leaves_the_result_done(account: Account) -> None:
    account.specs = {"late": campaign("Late", scheduled_time="2020-01-01 10:00:00")}
    before = Against("c" * 40, account.desired)
    account.specs["new"] = campaign("New")
    outcome = apply(account.wiring, account.desired, Options(), yes, before)
    assert outcome.result == "done"
    assert [(one.key, one.before) for one in outcome.blocked] == [("late", True)]
    account.specs["later"] = campaign("Later", scheduled_time="2020-01-01 10:00:00")
    outcome = apply(account.wiring, account.desired, Options(), yes, before)
    assert outcome.result == "incomplete"
    assert [(one.key, one.before) for one in outcome.blocked] == [("later", False)]


def test_a_plan_without_a_refresh_names_the_company_of_the_account(late: Account) -> None:
    late.control.create(campaign("Theirs", is_draft=True))
    late.specs = {"hand": campaign("Hand")}
    companies: list[str | None] = []

    def seen(plan: Plan) -> bool:
        companies.append(plan.company_id)
        return False

    outcome = late.apply(seen, refresh=False)
    assert companies == ["6197120"]
    assert (outcome.result, outcome.lineage, outcome.serial) == ("refused", None, 0)
    assert late.place.document() is None


def test_statuses_alone_are_no_live_changes_that_were_accepted(far: Account) -> None:
    far.control.pause(far.id_of("far"))
    assert not any("accepted" in note for note in far.apply(refresh_only=True).notes)
    assert far.state.campaigns["far"].status == "paused"


def test_what_was_not_selected_counts_as_left(far: Account) -> None:
    far.specs["new"] = NEW
    far.apply(targets=("new",))
    assert far.state.history[-1].left == ("*",)


def test_what_is_not_applied_names_what_is_blocked_and_what_objects(far: Account) -> None:
    far.guarded(max_immediate_sends=0)
    far.specs |= {"late": campaign("Late", scheduled_time="2020-01-01 10:00:00"), "now": AT_ONCE}
    plan, mark = far.plan(), far.mark
    outcome = far.apply()
    assert (outcome.result, outcome.lineage, outcome.serial) == (
        "refused",
        far.state.lineage,
        far.state.serial,
    )
    assert ([one.key for one in outcome.blocked], outcome.objections) == (["late"], plan.objections)
    assert [(one.key, one.outcome) for one in outcome.changes] == [("now", "not_started")]
    assert far.writes(mark) == []


def test_an_apply_without_changes_records_the_newest_campaigns_and_voids_no_plan(far: Account) -> None:
    before = far.state
    theirs = str(far.control.create(campaign("Theirs", is_draft=True))["id"])
    assert far.apply().changes == ()
    assert far.state.seen[0] == theirs
    assert far.state == replace(before, seen=far.state.seen)


def test_a_create_is_planned_then_started_before_it_leaves(far: Account) -> None:
    before, mark = far.state, len(far.wire.sent)
    far.specs["new"] = NEW
    far.apply()
    (first,) = at_writes(far, mark)
    assert first.serial == before.serial + 2
    assert {key: one.phase for key, one in first.pending.items()} == {"new": "started"}


def test_the_state_goes_on_under_the_address_that_was_used(far: Account) -> None:
    """Ports of this machine may change."""
    url = far.state.account.url
    known = replace(far.state, account=replace(far.state.account, url="http://localhost:1"))
    far.place.put_document(encode(known).encode())
    far.specs["new"] = NEW
    assert far.outcomes() == {"new": "done"}
    assert far.state.account.url == url


def test_only_what_lasts_is_told_as_recorded(far: Account) -> None:
    """A change of a field is undone or accepted, and the next plan shows it again until then."""
    far.control.edit(far.id_of("hand"), name="Renamed")
    far.control.cancel(far.id_of("far"))
    recorded = [note for note in far.apply().notes if note.startswith("recorded: ")]
    assert [note.split(":")[1] for note in recorded] == [" far"]


def test_a_clone_that_no_plan_showed_is_told_as_recorded(far: Account) -> None:
    far.specs["new"] = NEW
    plan = far.plan()
    clone = str(far.control.clone(far.id_of("far"), status="scheduled")["id"])
    note = f"recorded: far: {clone} is a clone of it, made in the dashboard; it is scheduled"
    assert note in far.apply_saved(plan).notes
    assert note not in far.apply().notes, "once"


def test_a_plan_that_is_too_late_from_the_start_is_refused_for_what_it_breaks(far: Account) -> None:
    first = far.clock.now() + timedelta(minutes=5)
    far.specs["new"] = campaign("New", scheduled_time=f"{first:%Y-%m-%d %H:%M:%S}")

    def slow(_plan: Plan) -> bool:
        far.clock.time.sleep(1)
        return True

    outcome = far.apply(slow)
    assert (outcome.result, [one.guardrail for one in outcome.objections]) == ("refused", ["min_lead_time"])


def test_runs_of_others_alone_are_no_live_changes_that_were_accepted(far: Account) -> None:
    far.specs["daily"] = campaign("Daily", recurrence={"cron": "0 9 * * *"})
    far.apply()
    far.control.edit(far.id_of("daily"), run_counter=5)
    outcome = far.apply(refresh_only=True)
    assert any(note.startswith("recorded: daily: started ") for note in outcome.notes)
    assert not any("accepted" in note for note in outcome.notes)
