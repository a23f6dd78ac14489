"""Whose a campaign is: the id of the project, its environments, the account, and markers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaignctl.campaign import marker
from campaignctl.errors import AccountMismatch, Command, StateError, StateMoved, commands_of
from campaignctl.plan.model import Options, Plan
from campaignctl.reconciler import adopt, rebind, recover, state_ops
from campaignctl.reconciler.doctor import examine
from campaignctl.reconciler.plan import plan
from campaignctl.reconciler.run import opened
from campaignctl.review.outcome import Event
from campaignctl.review.reports import Recovery
from campaignctl.state.model import Entry
from tests.backends.local_place import LocalPlace
from tests.reconciler.account import Account, campaign

ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
OTHER_ID = "00000000-8d5d-4c43-9f1e-1b2c3d4e5f60"
FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")

Repository = Callable[..., Account]


@pytest.fixture
def repository(account: Account, tmp_path: Path) -> Repository:
    """A checkout of its own with the same account and, unless it is said otherwise, the same project."""

    def made(folder: str, **project: Any) -> Account:
        (tmp_path / folder).mkdir()
        place = LocalPlace(tmp_path / folder)
        ours = replace(account.project, **project)
        return replace(account, place=place, project=ours, specs={}, adopts={}, lifecycles={}, events=[])

    return made


def planned(one: Account) -> Plan:
    return plan(one.wiring, one.desired, Options())


def recovered(one: Account, *, write: bool = False) -> Recovery:
    return recover.recover(one.wiring, one.desired, write=write)


def marker_of(one: Account, key: str) -> marker.Marker:
    found = marker.read(one.control.campaign(one.id_of(key))["live"])
    assert found is not None
    return found


def notes(one: Account) -> str:
    return "\n".join(event.text for event in one.events if event.kind == "note")


# ------------------------------------------------------------------------------------ the project's id


def test_the_id_is_in_every_marker_and_in_the_state(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR, "hand": campaign("Hand")}
    ours.apply()
    assert ours.state.project_id == ID
    for key, record in ours.state.campaigns.items():
        assert marker_of(ours, key) == ours.project.owner.marker(key, str(record.intent))
        assert str(marker_of(ours, key)).startswith("v2 ")


def test_a_project_without_an_id_goes_on_with_version_1_and_is_told_the_line_once(
    repository: Repository,
) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    assert str(marker_of(ours, "far")).startswith("v1 ")
    assert "`metadata` in campaignctl.yaml has no id" in notes(ours)
    assert "id: " in notes(ours)
    ours.events.clear()
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    assert "id" not in notes(ours)


@pytest.mark.parametrize("first_id", [OTHER_ID, None])
def test_a_repository_with_the_same_project_name_sees_no_campaign_of_the_other(
    repository: Repository, first_id: str | None
) -> None:
    theirs, ours = repository("theirs", id=first_id), repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    theirs.specs, ours.specs["far"] = {"far": FAR}, campaign("Ours", scheduled_time="2036-07-01 10:00:00")
    theirs.apply()
    assert ours.outcomes() == {"far": "done"}
    assert recovered(ours).found == ()
    assert not planned(theirs).refused
    assert theirs.control.campaign(theirs.id_of("far"))["live"]["status"] == "scheduled"


def test_unknown_campaigns_of_the_project_name_alone_are_taken_over_only_if_a_person_says_so(
    repository: Repository,
) -> None:
    theirs, ours = repository("theirs"), repository("ours", id=ID)
    theirs.specs = {"far": FAR}
    theirs.apply()
    ours.specs = {"far": FAR}
    (blocked,) = planned(ours).blocked
    assert "of this project before it had an id or of another one" in blocked.reason
    assert "campaignctl state init" in blocked.hint
    assert ours.apply().changes == ()
    shown = recovered(ours)
    assert [found.id for found in shown.found] == [theirs.id_of("far")]
    assert "another repository" in shown.doubt
    assert "campaignctl state init" in shown.doubt


def test_an_id_that_was_added_later_loses_none_of_the_campaigns(repository: Repository) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    ours.project = replace(ours.project, id=ID)
    ours.specs["hand"] = campaign("Hand")
    assert ours.outcomes() == {"hand": "done"}
    assert ours.state.project_id == ID
    assert (str(marker_of(ours, "far"))[:2], str(marker_of(ours, "hand"))[:2]) == ("v1", "v2")
    clone = ours.control.clone(ours.id_of("far"), name="Far again")
    assert [found.id for found in planned(ours).drift] == [ours.id_of("far")], f"{clone} is a clone of it"


def test_a_lost_state_is_recovered_with_markers_of_both_versions(repository: Repository) -> None:
    ours = repository("ours")
    ours.specs = {"far": FAR}
    ours.apply()
    ours.project = replace(ours.project, id=ID)
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    before = {key: record.id for key, record in ours.state.campaigns.items()}
    ours.place.path.unlink()
    mark = ours.mark
    assert ours.apply().changes == ()
    recovered(ours, write=True)
    assert {key: record.id for key, record in ours.state.campaigns.items()} == before
    assert ours.writes(mark) == []
    assert planned(ours).empty


def test_the_state_of_another_project_is_refused_until_it_is_rebound(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR}
    ours.apply()
    for other in (OTHER_ID, None):
        ours.project = replace(ours.project, id=other)
        for attempt in (planned, Account.apply, recovered):
            with pytest.raises(AccountMismatch, match=ID) as refused:
                attempt(ours)
            assert "campaignctl state rebind" in refused.value.hint
            assert f"id: {ID}" in refused.value.hint
    ours.project = replace(ours.project, id=OTHER_ID)
    assert rebind.rebind(ours.wiring, lambda asked: asked.after.project_id == OTHER_ID)
    assert planned(ours).empty
    ours.specs["hand"] = campaign("Hand")
    assert ours.outcomes() == {"hand": "done"}


# ----------------------------------------------------------------------------------------- environments

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
    assert (identity.verdict, "state rebind --from" in identity.mend) == ("problem", True)
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
    assert (state.verdict, "state init" in state.mend) == ("problem", True)
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
    assert (found.verdict, "state init" in found.mend) == ("problem", True)


def test_markers_of_another_project_declare_nothing_old(repository: Repository) -> None:
    theirs = repository("theirs", id=OTHER_ID, environment="staging", environment_names=("staging",))
    theirs.specs = {"far": FAR}
    theirs.apply()
    ours = repository("ours", id=ID, environment="production", environment_names=("production",))
    ours.elsewhere = lambda remote: {REF: theirs.place.backend()}
    ours.specs = {"far": campaign("Ours", scheduled_time=FAR["scheduled_time"])}
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


# --------------------------------------------------------------------------- adopted and imported campaigns


def taken_over(one: Account, way: str, spec: dict[str, Any], **fields: Any) -> str:
    """Take a campaign of the dashboard over, as `theirs`; `fields` are further ones that it has there."""
    made = str(one.control.create({**spec, **fields})["id"])
    one.specs["theirs"] = {**spec, **fields}
    if way == "adopt":
        one.adopts["theirs"] = made
        one.apply()
    else:
        adopt.import_campaign(one.wiring, one.desired, "theirs", made)
    return made


WAYS = pytest.mark.parametrize("way", ["adopt", "import"])


@WAYS
@pytest.mark.parametrize("metadata", [{}, {"metadata": {"team": "crm", "cost": {"center": 7}}}])
@pytest.mark.parametrize("spec", [FAR, campaign("Hand"), campaign("Draft", is_draft=True)])
def test_a_campaign_that_is_taken_over_carries_our_marker(
    repository: Repository, way: str, spec: dict[str, Any], metadata: dict[str, Any]
) -> None:
    ours = repository("ours", id=ID)
    made = taken_over(ours, way, spec, **metadata)
    record = ours.state.campaigns["theirs"]
    assert (record.id, record.unmarked, record.origin) == (made, False, way)
    assert marker_of(ours, "theirs") == ours.project.owner.marker("theirs", str(record.intent))
    shown = ours.control.campaign(made)["live"]["metadata"]
    assert {name: value for name, value in shown.items() if name != marker.FIELD} == metadata.get(
        "metadata", {}
    )
    assert planned(ours).empty
    assert not planned(ours).drift
    assert [check.verdict for check in examine(ours.wiring) if check.name == "markers"] == ["ok"]


@WAYS
def test_a_lost_state_of_campaigns_that_were_taken_over_sends_nothing_again(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    made = taken_over(ours, way, FAR)
    ours.adopts.clear()
    ours.place.path.unlink()
    (blocked,) = planned(ours).blocked
    assert made in blocked.reason
    assert ours.apply().changes == ()
    assert [found.id for found in recovered(ours).found] == [made]
    recovered(ours, write=True)
    assert ours.id_of("theirs") == made
    assert planned(ours).empty
    ours.place.path.unlink()
    ours.halt()
    assert ours.control.campaign(made)["live"]["status"] == "paused"


FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "status", "status": 400},
    "dropped": {"kind": "drop"},
    "done without an answer": {"kind": "lost_answer"},
}


@WAYS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_campaign_is_recorded_whatever_happens_to_its_marker(
    repository: Repository, way: str, fault: str
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS[fault])
    made = taken_over(ours, way, FAR)
    record = ours.state.campaigns["theirs"]
    assert (record.id, record.unmarked) == (made, fault != "done without an answer")
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert (check.verdict, "theirs" in check.found) == (
        ("warning", True) if record.unmarked else ("ok", False)
    )
    assert planned(ours).empty


@WAYS
def test_a_marker_whose_request_was_lost_says_nothing_about_the_account(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS["dropped"])
    taken_over(ours, way, FAR)
    assert ours.state.account.markers is None
    ours.specs["hand"] = campaign("Hand")
    ours.apply()
    assert ours.state.account.markers is True


def test_an_adoption_that_cannot_be_marked_says_so(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made}
    ours.control.fault({"method": "PATCH", "times": 1}, FAULTS["refused"])
    (result,) = ours.apply().changes
    assert result.outcome == "done"
    assert f"{made} is not marked" in result.warnings[0]


def test_a_read_that_fails_after_the_marker_leaves_the_record_unmarked(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made}

    def fail_reads(event: Event) -> None:
        if event.kind == "started":
            ours.control.fault({"method": "GET", "times": 99}, {"kind": "status", "status": 404})

    ours.on_event = fail_reads
    ours.apply()
    assert ours.state.campaigns["theirs"].unmarked


@WAYS
def test_an_account_that_drops_metadata_is_known_after_the_first_marker(
    repository: Repository, way: str
) -> None:
    ours = repository("ours", id=ID)
    ours.control.switch(metadata="dropped")
    taken_over(ours, way, FAR)
    assert ours.state.account.markers is False
    assert ours.state.campaigns["theirs"].unmarked
    assert "does not return markers" in notes(ours)
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert check.verdict == "warning"


@WAYS
def test_a_running_campaign_is_taken_over_without_a_write(repository: Repository, way: str) -> None:
    ours = repository("ours", id=ID)
    made = str(ours.control.create(FAR)["id"])
    ours.control.edit(made, status="running")
    ours.specs, ours.adopts = {"theirs": FAR}, {"theirs": made} if way == "adopt" else {}
    mark = ours.mark
    if way == "adopt":
        ours.apply()
    else:
        adopt.import_campaign(ours.wiring, ours.desired, "theirs", made)
    assert ours.writes(mark) == []
    assert ours.state.campaigns["theirs"].unmarked
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert "1 campaign without ours: theirs" in check.found


def test_a_campaign_without_a_marker_that_a_person_adopts_counts_as_unmarked(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"hand": campaign("Hand")}
    ours.apply()
    made = str(ours.control.create(FAR)["id"])
    state_ops.resolve(ours.wiring, "far", "adopt", made, force=True)
    assert ours.state.campaigns["far"].unmarked
    (check,) = [check for check in examine(ours.wiring) if check.name == "markers"]
    assert "1 campaign without ours: far" in check.found


# --------------------------------------------------------------------------------- one key for each campaign


@pytest.fixture
def doubled(repository: Repository) -> Account:
    """A state that points two keys at one campaign, next to a sound record."""
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR, "hand": campaign("Hand")}
    ours.apply()
    ours.specs["b"] = FAR
    session = ours.place.backend().acquire("by hand", timedelta())
    session.append(Entry(records={"b": ours.state.campaigns["a"]}))
    session.release()
    return ours


def pushed(one: Account) -> str:
    return state_ops.push(one.wiring, one.state, True)


@pytest.mark.parametrize("attempt", [planned, Account.apply, recovered, pushed])
def test_a_state_with_two_keys_for_one_campaign_is_refused(
    doubled: Account, attempt: Callable[[Account], object]
) -> None:
    mark = doubled.mark
    with pytest.raises(StateError, match="a and b record one campaign") as refused:
        attempt(doubled)
    assert refused.value.hint.endswith("`campaignctl state rm b`")
    assert doubled.writes(mark) == []
    (check,) = [check for check in examine(doubled.wiring) if check.name == "state"]
    assert (check.verdict, "campaignctl state rm b" in check.mend) == ("problem", True)
    state_ops.remove(doubled.wiring, "b")
    assert [blocked.key for blocked in planned(doubled).blocked] == ["b"], "it would repeat what was released"


def test_a_halt_still_stops_a_campaign_with_two_keys(doubled: Account) -> None:
    doubled.halt()
    assert doubled.control.campaign(doubled.id_of("a"))["live"]["status"] == "paused"


def test_no_command_gives_a_campaign_a_second_key(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR, "hand": campaign("Hand")}
    ours.apply()
    made, before = ours.id_of("a"), ours.state.campaigns
    ours.specs["b"] = FAR
    attempts: tuple[Callable[[], object], ...] = (
        lambda: adopt.import_campaign(ours.wiring, ours.desired, "b", made),
        lambda: state_ops.resolve(ours.wiring, "b", "adopt", made, force=True),
        lambda: state_ops.move(ours.wiring, "a", "hand"),
    )
    for attempt in attempts:
        with pytest.raises(StateError):
            attempt()
    ours.adopts["b"] = made
    assert [blocked.status for blocked in planned(ours).blocked] == ["recorded"]
    ours.apply()
    assert ours.state.campaigns == before


def test_a_create_that_is_answered_with_a_known_campaign_is_not_recorded_twice(
    repository: Repository,
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"a": FAR}
    ours.apply()
    live = ours.api.read(ours.id_of("a"))
    assert live is not None
    with ours.wiring.locked("test") as session:
        run = opened(ours.wiring, session, [])
        with pytest.raises(StateError, match="recorded as a"):
            run.created("b", state_ops.intent_of(live), live)
    assert set(ours.state.campaigns) == {"a"}


# ----------------------------------------------------------------------------------------------- the account

COMPANY, OTHER_COMPANY = "6197120", "7000000"
NOW = campaign("Now", run_immediately=True)
NEAR = campaign("Near", scheduled_time="2036-05-01 10:00:00")
DRAFT = campaign("Draft", is_draft=True)


def in_another_company(one: Account, known: str) -> None:
    """The token belongs to a company without campaigns, another one than the pinned or recorded one."""
    if known == "pinned":
        one.project = replace(one.project, company_id=COMPANY)
    else:
        specs, one.specs = one.specs, {"first": DRAFT}
        one.apply()
        one.specs = {}
        one.apply()
        one.specs = specs
    one.control.set_company(OTHER_COMPANY, campaigns=False)


KNOWN = pytest.mark.parametrize("known", ["pinned", "recorded"])


@KNOWN
@pytest.mark.parametrize("first", ["draft", "far"])
def test_a_create_that_is_answered_by_another_company_is_the_last_request(
    repository: Repository, known: str, first: str
) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"now": NOW, "near": NEAR, "far": FAR}
    ours.specs |= {"draft": DRAFT} if first == "draft" else {}
    in_another_company(ours, known)
    mark = ours.mark
    outcome = ours.apply()
    assert ours.writes(mark) == (["Draft"] if first == "draft" else ["Far", "cancel"])
    assert {result.key: result.outcome for result in outcome.changes} == {
        key: "failed" if key == first else "not_started" for key in ours.specs
    }
    assert outcome.result == "incomplete"
    (note,) = outcome.notes
    (made,) = [each for each in ours.control.campaigns() if not each["deleted"]][-1:]
    assert f"{made['id']} was created in company {OTHER_COMPANY}, not in {COMPANY}" in note
    assert made["live"]["status"] == ("draft" if first == "draft" else "canceled")
    assert ("in the dashboard" in note) is (first == "draft"), "a draft cannot be cancelled"
    assert (ours.state.campaigns, ours.state.pending) == ({}, {})
    assert ours.state.released[-1].id == made["id"]
    assert ours.state.account.company_id in (None, COMPANY)
    assert ours.control.sends() == []


@KNOWN
def test_with_the_right_token_everything_is_created_afterwards(repository: Repository, known: str) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"now": NOW, "far": FAR}
    in_another_company(ours, known)
    ours.apply()
    ours.control.set_company(COMPANY, campaigns=False)
    assert ours.outcomes() == {"now": "done", "far": "done"}
    assert ours.state.account.company_id == COMPANY
    assert len(ours.control.sends()) == 1


def test_a_campaign_that_cannot_be_cancelled_there_is_named(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.specs = {"far": FAR}
    in_another_company(ours, "pinned")
    ours.control.fault({"path": "/cancel$", "times": 9}, {"kind": "status", "status": 400})
    (note,) = ours.apply().notes
    (made,) = ours.control.campaigns()
    assert f"cancel {made['id']} in the dashboard of company {OTHER_COMPANY}" in note
    assert ours.state.released[-1].status == "scheduled"


def test_a_pin_that_the_list_proves_lets_everything_be_sent(repository: Repository) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.control.create(DRAFT)
    ours.specs = {"now": NOW}
    assert ours.outcomes() == {"now": "done"}


@pytest.mark.parametrize("company_id", [None, COMPANY])
def test_what_sends_at_once_needs_a_proof_of_the_account(
    repository: Repository, company_id: str | None
) -> None:
    ours = repository("ours", id=ID, company_id=company_id)
    ours.specs = {"now": NOW}
    mark = ours.mark
    for blocked in (*planned(ours).blocked, *ours.apply().blocked):
        assert blocked.status == "unproven account"
        assert commands_of(blocked.hint) == (Command("apply", "--override", "unproven_account"),)
    assert ours.writes(mark) == []
    assert ours.outcomes(overrides=("unproven_account",)) == {"now": "done"}
    assert ours.state.history[-1].overrides[0].name == "unproven_account"


def test_a_create_in_two_steps_proves_the_account_before_it_is_armed(repository: Repository) -> None:
    ours = repository("ours", id=ID)
    ours.project = replace(ours.project, api=replace(ours.project.api, immediate="two_step"))
    ours.specs = {"now": NOW}
    in_another_company(ours, "pinned")
    mark = ours.mark
    assert ours.outcomes() == {"now": "failed"}
    assert ours.writes(mark) == ["Now"]
    ours.control.set_company(COMPANY, campaigns=False)
    assert ours.outcomes() == {"now": "done"}
    assert len(ours.control.sends()) == 1


def test_an_account_that_never_shows_its_company_sends_nothing_at_once(repository: Repository) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.control.switch(never_echoed=["company_id"])
    ours.specs = {"now": NOW, "near": NEAR, "far": FAR}
    outcome = ours.apply()
    results = {result.key: result for result in outcome.changes}
    assert [results[key].outcome for key in ("now", "near", "far")] == ["failed", "done", "done"]
    error = results["now"].error
    assert error is not None
    assert commands_of(error.hint) == (Command("apply", "--override", "unproven_account"),)
    assert ours.control.sends() == []
    assert ours.outcomes(overrides=("unproven_account",)) == {"now": "done"}


@pytest.mark.parametrize("failure", ["refused", "dropped"])
def test_a_create_without_an_answer_proves_nothing(repository: Repository, failure: str) -> None:
    ours = repository("ours", id=ID, company_id=COMPANY)
    ours.specs = {"now": NOW, "draft": DRAFT}
    ours.control.fault({"method": "POST", "times": 9}, FAULTS[failure])
    ours.apply()
    assert ours.control.sends() == []
