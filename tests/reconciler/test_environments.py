"""Environments that are declared later, renamed or new: nothing is created a second time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaignctl.errors import Command, StateError, StateMoved, commands_of
from campaignctl.reconciler import rebind
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.other_states import other_states
from tests.reconciler.account import Account, campaign
from tests.reconciler.repositories import (
    FAR,
    ID,
    OTHER_ID,
    Repository,
    planned,
)

OLD = ".campaignctl/state.json"


def renamed(one: Account, to: Account, place: str, project_id: str | None = ID) -> Account:
    """The same project with `production` as its only environment; its state is in another place."""
    project = replace(one.project, environment="production", environment_names=("production",), id=project_id)
    return replace(
        to, project=project, specs=one.specs, elsewhere=lambda remote: {place: one.place.backend()}
    )


@pytest.fixture(params=[(None, ID), ("staging", ID), (None, None), ("staging", None)])
def before(repository: Repository, request: pytest.FixtureRequest) -> Account:
    """A project that was applied in another environment, or in none."""
    environment, project_id = request.param
    names = (environment,) if environment else ()
    one = repository("before", id=project_id, environment=environment, environment_names=names)
    one.specs = {"far": FAR, "draft": campaign("Draft", is_draft=True)}
    one.apply()
    return one


def test_a_state_file_of_no_declared_environment_stops_whatever_would_create(
    before: Account, repository: Repository
) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    mark = now.mark
    for attempt in (planned, Account.apply, lambda one: rebind.init(one.wiring)):
        with pytest.raises(StateError, match="belongs to no declared environment") as refused:
            attempt(now)
        assert f"campaignctl state rebind --from {OLD}" in refused.value.hint
    (identity,) = [check for check in examine(now.wiring) if check.name == "identity"]
    assert (identity.verdict, "state rebind --from" in identity.fix) == ("problem", True)
    assert now.writes(mark) == []


def test_a_rebound_state_creates_nothing_again(before: Account, repository: Repository) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    was, mark = before.state, now.mark
    assert rebind.rebind(now.wiring, lambda _: True, before.place.backend())
    assert now.writes(mark) == []
    assert (now.state.environment, now.state.lineage) == ("production", was.lineage)
    assert now.state.serial > was.serial, "saved plans are void"
    assert now.state.campaigns == was.campaigns
    with pytest.raises(StateMoved):
        before.place.backend().read()
    assert planned(now).empty
    assert not planned(now).refused
    before.elsewhere = now.elsewhere
    with pytest.raises(StateMoved):
        before.apply()


def test_a_rebind_that_died_half_way_is_repeated(before: Account, repository: Repository) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    old = before.place.path.read_bytes()
    assert rebind.rebind(now.wiring, lambda _: True, before.place.backend())
    bound = now.state
    before.place.path.write_bytes(old)
    assert rebind.rebind(now.wiring, lambda _: True, before.place.backend())
    assert now.state == bound


def test_a_rebind_that_is_not_approved_moves_nothing(before: Account, repository: Repository) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    assert not rebind.rebind(now.wiring, lambda _: False, before.place.backend())
    assert now.place.backend().read() is None
    assert before.state.campaigns


def test_a_state_that_records_campaigns_is_not_replaced_by_a_rebind(
    before: Account, repository: Repository
) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    now.elsewhere = lambda remote: {}
    rebind.init(now.wiring)
    now.specs = {"own": campaign("Own")}
    now.apply()
    with pytest.raises(StateError, match="another state"):
        rebind.rebind(now.wiring, lambda _: True, before.place.backend())
    assert "own" in now.state.campaigns


def test_halts_move_with_a_rebound_state(before: Account, repository: Repository) -> None:
    before.halt("far")
    now = renamed(before, repository("now"), OLD, before.project.id)
    rebind.rebind(now.wiring, lambda _: True, before.place.backend())
    assert [halted.keys for halted in now.place.backend().halts().halts] == [("far",)]


def test_a_state_whose_campaigns_are_over_is_in_nobodys_way(repository: Repository) -> None:
    before = repository("before", id=ID)
    before.specs = {"far": FAR}
    before.apply()
    before.control.edit(before.id_of("far"), status="canceled")
    before.specs = {}
    before.apply()
    now = renamed(before, repository("now"), OLD)
    rebind.init(now.wiring)
    now.specs = {"new": campaign("New")}
    assert now.outcomes() == {"new": "done"}


REF = "refs/campaignctl/staging"


def test_an_absent_state_next_to_those_on_other_refs_is_new_only_by_init(
    before: Account, repository: Repository
) -> None:
    now = renamed(before, repository("now"), REF, before.project.id)
    other = now.elsewhere
    now.elsewhere = lambda remote: other(remote) if remote else {}
    mark = now.mark
    for attempt in (planned, Account.apply):
        with pytest.raises(StateError, match="there is no state of production") as refused:
            attempt(now)
        assert f"campaignctl state rebind --from {REF}" in refused.value.hint
        assert "campaignctl state init" in refused.value.hint
        assert REF in refused.value.detail
    (state,) = [check for check in examine(now.wiring) if check.name == "state"]
    assert (state.verdict, "state init" in state.fix) == ("problem", True)
    assert now.writes(mark) == []
    said = rebind.init(now.wiring)
    assert "environment production" in said
    assert now.state.campaigns == {}
    new = planned(now)
    assert {change.key for change in new.changes} == {"draft"}
    assert [blocked.key for blocked in new.blocked] == ["far"], "its content is in the account already"
    with pytest.raises(StateError, match="already"):
        rebind.init(now.wiring)


def test_a_new_environment_next_to_a_declared_one_is_new_only_by_init(repository: Repository) -> None:
    both = ("staging", "production")
    staging = repository("staging", id=ID, environment="staging", environment_names=both)
    staging.specs = {"far": FAR}
    staging.apply()
    place = ".campaignctl/staging.json"
    own = {"far": campaign("Of production", scheduled_time=FAR["scheduled_time"])}
    now = replace(renamed(staging, repository("now"), place), specs=own)
    now.project = replace(now.project, environment_names=both)
    with pytest.raises(StateError, match="there is no state of production") as refused:
        planned(now)
    assert "rebind" not in refused.value.hint, "staging is declared: it was not renamed"
    rebind.init(now.wiring)
    assert now.outcomes() == {"far": "done"}
    assert not planned(staging).refused, "a marker of production is ignored in staging"


@pytest.mark.parametrize("project_id", [ID, None])
def test_markers_alone_show_that_an_absent_state_is_not_new(
    repository: Repository, project_id: str | None
) -> None:
    before = repository("before", id=project_id)
    before.specs = {"far": FAR, "hand": campaign("Hand")}
    before.apply()
    now = renamed(before, repository("now"), OLD, project_id)
    now.elsewhere = lambda remote: {}
    for attempt in (planned, Account.apply):
        with pytest.raises(StateError, match="there is no state of production") as refused:
            attempt(now)
        assert f"{before.id_of('far')} (far)" in refused.value.detail
    (found,) = [check for check in examine(now.wiring) if check.name == "account"]
    assert (found.verdict, "state init" in found.fix) == ("problem", True)


def test_markers_of_another_project_declare_nothing_old(repository: Repository) -> None:
    theirs = repository("theirs", id=OTHER_ID, environment="staging", environment_names=("staging",))
    theirs.specs = {"far": FAR}
    theirs.apply()
    ours = repository("ours", id=ID, environment="production", environment_names=("production",))
    ours.specs = {"far": campaign("Ours", scheduled_time=FAR["scheduled_time"])}
    assert ours.outcomes() == {"far": "done"}


def test_a_state_of_another_project_is_named_as_an_id_may_have_changed(repository: Repository) -> None:
    theirs = repository("theirs", id=OTHER_ID)
    theirs.specs = {"far": FAR}
    theirs.apply()
    ours = repository("ours", id=ID)
    ours.elsewhere = lambda remote: {REF: theirs.place.backend()}
    ours.specs = {"far": campaign("Ours", scheduled_time=FAR["scheduled_time"])}
    for attempt in (planned, Account.apply):
        with pytest.raises(StateError, match="here, but one of another project") as refused:
            attempt(ours)
        assert refused.value.detail == f"{REF} (no environment of project {OTHER_ID}, 1 campaign)"
        assert commands_of(refused.value.hint) == (Command("state", "init"),)
    rebind.init(ours.wiring)
    assert ours.outcomes() == {"far": "done"}


@pytest.mark.parametrize("with_state", [True, False])
def test_halt_all_stops_the_copies_of_an_environment_that_was_renamed(
    before: Account, repository: Repository, *, with_state: bool
) -> None:
    now = renamed(before, repository("now"), OLD, before.project.id)
    if with_state:
        left = now.elsewhere
        now.elsewhere = lambda remote: {}
        rebind.init(now.wiring)
        now.specs = {"far": campaign("Second", scheduled_time="2036-07-01 10:00:00")}
        now.apply()
        now.elsewhere = left
    outcome = now.halt()
    assert before.id_of("far") in {row.id for row in outcome.rows}
    scheduled = [each for each in now.control.campaigns() if each["live"]["status"] == "scheduled"]
    assert scheduled == []


def test_halt_all_leaves_a_declared_environment_alone(repository: Repository) -> None:
    both = ("staging", "production")
    staging = repository("staging", id=ID, environment="staging", environment_names=both)
    staging.specs = {"far": FAR}
    staging.apply()
    now = repository("now", id=ID, environment="production", environment_names=both)
    assert now.halt().rows == ()
    assert now.control.campaign(staging.id_of("far"))["live"]["status"] == "scheduled"


def test_other_states_leave_out_those_of_declared_environments_where_that_is_asked(
    repository: Repository,
) -> None:
    one = repository("one", id=ID, environment="staging", environment_names=("staging", "production"))
    one.specs = {"far": FAR}
    one.apply()
    places = {".campaignctl/staging.json": one.place.backend(), ".campaignctl/old.json": one.place.backend()}

    def found(*, declared: bool) -> list[str]:
        states = other_states(one.project, lambda _remote: places, remote=False, declared=declared)
        return [each.place for each in states]

    assert found(declared=True) == [".campaignctl/old.json", ".campaignctl/staging.json"]
    assert found(declared=False) == [".campaignctl/old.json"]
