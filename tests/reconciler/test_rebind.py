"""What a rebind asks of the account, what it shows, and what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch, CampaignctlError, StateError
from campaignctl.project.model import Project
from campaignctl.reconciler.rebind import init, rebind
from campaignctl.review.reports import Belonging, Rebinding
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Account, State
from tests.plan.planning import SCHEDULED, intent, record, state
from tests.reconciler.scripted import PROJECT, URL, Direct, Item, Kept, Script, direct

COMPANY = "6197120"
STAGING = replace(PROJECT, environment="staging", environment_names=("staging",))
HERE = Belonging(URL, COMPANY, None, PROJECT.id)


def known(*ids: str, **more: Any) -> State:
    """A state of this project with these campaigns, the first one the oldest."""
    campaigns = {
        f"k{each}": record(SCHEDULED, campaign_id=each, created_at=f"2026-11-{day:02}T00:00:00Z")
        for day, each in enumerate(ids, 1)
    }
    account = Account(URL, COMPANY, markers=True)
    return replace(state(campaigns), **{"project_id": PROJECT.id, "account": account, "seen": ("9",), **more})


def item(campaign_id: str, company: str | None = COMPANY) -> Item:
    return {**SCHEDULED, "id": campaign_id, "status": "scheduled", "company_id": company}


def asked(one: Direct, source: Kept | None = None, *, says: bool = True) -> list[Rebinding]:
    """What a rebind shows before it writes."""
    shown: list[Rebinding] = []

    def approve(found: Rebinding) -> bool:
        shown.append(found)
        return says

    assert rebind(one.wiring, approve, source) is says  # type: ignore[arg-type]
    return shown


def refused(
    one: Direct, error: type[CampaignctlError], says: str, source: Kept | None = None
) -> CampaignctlError:
    """It ends with this error, writes nothing and releases the lock."""
    before = one.kept.state
    with pytest.raises(error, match=says) as found:
        asked(one, source)
    assert one.kept.state == before
    assert (source or one.kept).locks == ["state rebind", "released"]
    return found.value


def test_five_of_the_newest_campaigns_are_looked_for() -> None:
    script = Script([item("x", None)], {each: item(each) for each in "34567"})
    with direct(known(*"1234567"), script, STAGING) as one:
        (found,) = asked(one)
    assert sorted(script.asked) == ["3", "4", "5", "6", "7", "page 1"]
    assert found == Rebinding(HERE, replace(HERE, environment="staging"), 7, 5, 5)


@pytest.mark.parametrize(
    ("script", "pinned", "recorded", "company"),
    [
        (Script([], {"1": item("1", "7")}), None, "7", "7"),
        (Script([], {"1": item("1", "7")}), None, None, "7"),
        (Script([item("5", "7")], {"1": item("1", None)}), None, None, "7"),
        (Script([], {"1": item("1", None)}), "8", None, "8"),
        (Script([], {"1": item("1", None)}), "8", COMPANY, "8"),
        (Script([], {"1": item("1", None)}), None, COMPANY, COMPANY),
        (Script([], {"1": item("1", None)}), None, None, None),
    ],
)
def test_the_company_is_what_a_read_shows_else_what_is_pinned_else_what_was_recorded(
    script: Script, pinned: str | None, recorded: str | None, company: str | None
) -> None:
    before = known("1", account=Account(URL, recorded))
    with direct(before, script, replace(STAGING, company_id=pinned)) as one:
        (found,) = asked(one)
        assert (found.before.company_id, found.after.company_id) == (recorded, company)
        assert one.state.account.company_id == company


def test_a_campaign_that_is_gone_is_counted() -> None:
    with direct(known("1", "2"), Script([], {"1": item("1")}), STAGING) as one:
        (found,) = asked(one)
    assert (found.campaigns, found.looked_for, found.found) == (2, 2, 1)


def test_a_state_without_campaigns_needs_no_proof() -> None:
    with direct(known(), Script(), STAGING) as one:
        (found,) = asked(one)
    assert (found.looked_for, found.found) == (0, 0)


def test_an_account_that_shows_none_of_them_is_refused() -> None:
    with direct(known("1", "2"), Script(), STAGING) as one:
        error = refused(one, AccountMismatch, "none of the campaigns")
    assert error.detail == f"looked for 2, 1 at {URL}"
    assert error.hint == "set the OCAMBA_TOKEN, or choose the environment, that these campaigns are in"


def test_a_company_that_is_not_the_pinned_one_is_refused() -> None:
    script = Script([], {"1": item("1", "7")})
    with direct(known("1"), script, replace(STAGING, company_id=COMPANY)) as one:
        error = refused(one, AccountMismatch, f"company 7, the project file names {COMPANY}")
    assert error.hint.endswith("or fix `account.company_id` in campaignctl.yaml")


def test_an_unsettled_write_keeps_its_account_and_no_more() -> None:
    before = known("1", pending={"new": intent(SCHEDULED)})
    with direct(before, Script([], {"1": item("1", "7")}), STAGING) as one:
        error = refused(one, StateError, "new is not settled, and can only be settled in the old account")
    assert error.hint == "first, with that account's token: `campaignctl apply`"
    with direct(before, Script([], {"1": item("1")}), STAGING) as one:
        asked(one)
        assert one.state.environment == "staging"
    for url in ("https://elsewhere.example", URL):
        before = replace(before, account=Account(url, COMPANY))
        with direct(before, Script([], {"1": item("1")}), STAGING) as one:
            if url == URL:
                asked(one)
            else:
                refused(one, StateError, "new is not settled")


@pytest.mark.parametrize(
    ("company", "markers", "seen"), [(COMPANY, True, ("9",)), ("7", None, ())], ids=["same", "another"]
)
def test_what_was_learnt_of_an_account_does_not_count_in_another(
    company: str, markers: bool | None, seen: tuple[str, ...]
) -> None:
    before = known("1")
    with direct(before, Script([], {"1": item("1", company)}), STAGING) as one:
        asked(one)
        assert one.state.account == Account(URL, company, markers)
        assert (one.state.seen, one.state.environment) == (seen, "staging")
        assert (one.state.campaigns, one.state.lineage) == (before.campaigns, before.lineage)
        assert one.state.serial > before.serial
        assert one.kept.locks == ["state rebind", "released"]


@pytest.mark.parametrize(("version", "project_id"), [(2, PROJECT.id), (1, None)])
def test_a_state_gets_the_id_of_its_project_where_its_format_has_one(
    version: int, project_id: str | None
) -> None:
    before = known("1", project_id=None, format_version=version)
    with direct(before, Script([], {"1": item("1")}), STAGING) as one:
        asked(one)
        assert one.state.project_id == project_id


def test_what_belongs_here_already_is_refused() -> None:
    with direct(known("1"), Script([], {"1": item("1")})) as one:
        assert refused(one, StateError, "already belongs").hint == "campaignctl plan"


def test_no_state_cannot_be_bound() -> None:
    with direct(None) as one:
        error = refused(one, StateError, "no state yet")
        assert error.hint == "the first apply creates it: `campaignctl apply`"
        assert one.script.asked == []


@pytest.mark.parametrize("project", [PROJECT, STAGING], ids=["same", "another environment"])
def test_a_state_of_another_place_comes_with_its_halts_and_leaves_a_note(project: Project) -> None:
    halt = Halt("h-1", ("k1",), "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z")
    source = Kept(known("1"), Halts((halt,)), location="there")
    with direct(None, Script([], {"1": item("1")}), project) as one:
        asked(one, source)
        assert (one.state.environment, set(one.state.campaigns)) == (project.environment, {"k1"})
        assert one.kept.mark.halts == (halt,)
        assert source.place == "here"
        assert source.locks == one.kept.locks == ["state rebind", "released"]


def test_what_is_not_approved_is_not_written() -> None:
    before, source = known("1"), Kept(known("1"), location="there")
    with direct(before, Script([], {"1": item("1")}), STAGING) as one:
        asked(one, says=False)
        assert one.kept.state == before
        assert one.kept.locks == ["state rebind", "released"]
    with direct(None, Script([], {"1": item("1")}), STAGING) as one:
        asked(one, source, says=False)
        assert (one.kept.state, source.place, source.locks) == (None, None, ["state rebind", "released"])


@pytest.fixture(params=[PROJECT, STAGING], ids=["no environment", "an environment"])
def new(request: pytest.FixtureRequest) -> Iterator[Direct]:
    with direct(None, Script(), request.param) as one:
        yield one


def test_a_new_state_is_empty_and_says_where_it_is(new: Direct) -> None:
    whose = " of environment staging" if new.wiring.project.environment else ""
    assert init(new.wiring) == f"A new, empty state{whose} is in here."
    assert (new.state.campaigns, new.state.environment) == ({}, new.wiring.project.environment)
    with pytest.raises(StateError, match="there is a state in here already") as refused:
        init(new.wiring)
    assert refused.value.hint == "campaignctl plan"
    assert new.kept.locks == ["state init", "released"] * 2
