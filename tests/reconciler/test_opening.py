"""What the opening read sees of the account, and when account and state do not belong together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.errors import AccountMismatch
from campaignctl.project.model import Project
from campaignctl.reconciler import copies
from campaignctl.reconciler.opening import (
    MARK_SIZE,
    Opening,
    check_environment,
    check_url,
    clock_note,
    newest,
    opening_read,
)
from campaignctl.state.codec import encode
from campaignctl.state.model import Entry, State
from tests.api.simulated import TOKEN
from tests.plan.planning import PROJECT, state
from tests.reconciler.account import Account, campaign

NOW = datetime(2036, 1, 1, tzinfo=UTC)
FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")


def made(account: Account, *seconds: int) -> list[str]:
    """Campaigns that were created so long after one another; their ids, newest first."""
    ids = []
    for number, pause in enumerate(seconds):
        account.clock.time.sleep(pause)
        account.wire.arrive()
        ids.append(str(account.control.create(campaign(f"n{number}"))["id"]))
    return ids[::-1]


def pages(account: Account) -> list[str]:
    """The pages of the list that were read."""
    asked = [
        request["query"] for request in account.control.requests() if request["path"].endswith("campaigns")
    ]
    return [query.get("page", "1") for query in asked]


def opening(account: Account, known: State | None = None, *keys: str, **project: Any) -> Opening:
    """The opening read of a run."""
    wanted = replace(account.project, **project)
    return opening_read(account.api, known, wanted, keys)


def put_back(account: Account, known: State) -> None:
    """Someone restores an older state."""
    account.place.put_document(encode(known).encode())


# ------------------------------------------------------------------------------------------ how far it reads


@pytest.mark.parametrize(
    ("marked", "seconds", "number"),
    [
        (None, (1,) * 7, 3),
        (0, (1,) * 7, 1),
        (1, (1,) * 7, 1),
        (2, (1,) * 7, 2),
        (3, (1,) * 7, 2),
        (6, (1,) * 7, 3),
        (0, (0,) * 7, 2),
        (3, (0,) * 7, 3),
    ],
)
def test_it_reads_down_to_the_mark_and_past_campaigns_of_the_same_second(
    late: Account, marked: int | None, seconds: tuple[int, ...], number: int
) -> None:
    late.control.switch(page_cap=3)
    ids = made(late, *seconds)
    late.control.clear_requests()
    scan = newest(late.api, () if marked is None else (ids[marked],))
    assert len(pages(late)) == number
    assert [live.id for live in scan.lives] == ids[: 3 * number]
    assert scan.mark == tuple(ids[: 3 * number])
    assert scan.server_time == late.clock.now()


COUNTS_THE_PAGE = pytest.mark.parametrize(
    ("switches", "number", "read"),
    [
        ({"page_size_fixed": 10}, 25, 3),
        ({"page_size_fixed": 10}, 20, 3),
        ({"page_size_fixed": 25}, 27, 2),
        ({"page_cap": 20}, 41, 3),
        ({}, 100, 2),
        ({}, 7, 1),
    ],
)


@COUNTS_THE_PAGE
def test_a_total_of_one_page_alone_ends_no_read(
    late: Account, switches: dict[str, Any], number: int, read: int
) -> None:
    ids = made(late, *(0,) * number)
    late.control.switch(total="page", **switches)
    late.control.clear_requests()
    assert sorted(live.id for live in newest(late.api, ("unknown",)).lives) == sorted(ids)
    assert len(pages(late)) == read


@COUNTS_THE_PAGE
def test_copies_are_looked_for_below_a_page_that_is_counted_alone(
    late: Account, switches: dict[str, Any], number: int, read: int
) -> None:
    ids = made(late, *(0,) * number)
    late.control.switch(total="page", **switches)
    late.control.clear_requests()
    watched = {"x": copies.Watched("a", "1", NOW - timedelta(days=1), NOW, scanned=False)}
    assert {live.id for live in copies.look(late.api, watched)} == set(ids)
    assert len(pages(late)) == read


def test_a_plan_reads_one_page_where_that_shows_everything(late: Account) -> None:
    late.specs = {"far": FAR, "hand": campaign("Hand")}
    late.apply()
    late.specs["new"] = campaign("New", scheduled_time="2036-09-01 10:00:00")
    late.control.clear_requests()
    late.plan()
    assert len(late.control.requests()) == 1


def test_a_list_that_repeats_its_page_ends_the_read(late: Account) -> None:
    ids = made(late, 1, 1)
    assert [live.id for live in newest(late.api, ("unknown",)).lives] == ids


def test_the_mark_has_the_newest_campaigns(late: Account) -> None:
    ids = made(late, *(1,) * (MARK_SIZE + 3))
    found = opening(late)
    assert found.scan.mark == tuple(ids[:MARK_SIZE])
    assert found.watermark.ids == tuple(ids[:MARK_SIZE])
    assert found.watermark.server_time == f"{late.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert set(found.lives) == set(ids)
    late.specs = {"far": FAR}
    late.apply()
    assert late.state.seen == tuple(ids[:MARK_SIZE])


# ---------------------------------------------------------------------------------- account and state


@pytest.mark.parametrize(
    ("recorded", "pinned", "fits"),
    [
        (None, None, True),
        ("6197120", "6197120", True),
        ("6197120", None, True),
        (None, "6197120", True),
        ("7", None, False),
        (None, "7", False),
        ("6197120", "7", False),
    ],
)
def test_the_company_is_that_of_the_state_and_of_the_project(
    late: Account, recorded: str | None, pinned: str | None, fits: bool
) -> None:
    made(late, 1)
    known = replace(state(), account=replace(state().account, url=late.api.url, company_id=recorded))
    if fits:
        assert opening(late, known, company_id=pinned).company_id == "6197120"
    else:
        with pytest.raises(AccountMismatch, match="this token belongs to company 6197120"):
            opening(late, known, company_id=pinned)


def test_a_list_that_shows_nothing_yet_is_no_proof_and_a_recorded_campaign_is(late: Account) -> None:
    late.control.switch(list_lag=3600)
    late.specs = {"far": FAR}
    late.apply()
    assert opening(late, late.state).company_id == "6197120"
    with pytest.raises(AccountMismatch, match="this token belongs to company 6197120"):
        opening(late, late.state, company_id="7")
    late.control.token(TOKEN, "999")
    with pytest.raises(AccountMismatch, match="none of the campaigns that the state records"):
        opening(late, late.state)


@pytest.mark.parametrize("age", range(4))
def test_one_of_the_three_newest_records_proves_the_account(late: Account, age: int) -> None:
    late.control.switch(list_lag=3600)
    late.specs = {name: campaign(name) for name in ("a", "b", "c", "d")}
    late.apply()
    known = late.state
    aged = {
        key: replace(known.campaigns[key], created_at=f"2035-12-0{9 - number}T00:00:00Z")
        for number, key in enumerate(["b", "d", "a", "c"])
    }
    for number, record in enumerate(aged.values()):
        if number != age:
            late.control.delete(record.id)
    late.control.clear_requests()
    known = replace(known, campaigns={key: aged[key] for key in sorted(aged)})
    if age < 3:
        assert opening(late, known).company_id == "6197120"
        assert len(late.control.requests()) == 1 + age + 1
    else:
        with pytest.raises(AccountMismatch, match="none of the campaigns") as caught:
            opening(late, known)
        assert str(caught.value.hint).endswith("`campaignctl state rm b`")


def test_only_a_read_proves_the_account_of_a_plan(late: Account) -> None:
    late.specs = {"far": FAR}
    late.apply()
    late.control.switch(never_echoed=["company_id"])
    late.specs["now"] = campaign("Now", run_immediately=True)
    assert late.plan().blocked == ()
    late.control.cancel(late.id_of("far"))
    late.apply(targets=("far",))
    assert late.state.campaigns["far"].status == "canceled"
    late.control.clear_requests()
    assert late.plan().blocked == ()
    assert [str(one["path"]).rsplit("/", 1)[1] for one in late.control.requests()][1:] == [late.id_of("far")]
    del late.specs["far"]
    late.apply(targets=("far",))
    assert late.state.campaigns == {}
    assert [one.status for one in late.plan().blocked] == ["unproven account"]


@pytest.mark.parametrize(
    ("recorded", "url", "fits"),
    [
        ("https://api.ocamba.com", "https://api.ocamba.com", True),
        ("http://127.0.0.1:1", "http://localhost:2", True),
        ("http://[::1]:1", "http://127.0.0.1:2", True),
        ("https://api.ocamba.com", "http://127.0.0.1:1", False),
        ("http://127.0.0.1:1", "https://api.ocamba.com", False),
        ("https://api.ocamba.com", "https://eu.ocamba.com", False),
    ],
)
def test_a_state_belongs_to_one_api(recorded: str, url: str, fits: bool) -> None:
    known = replace(state(), account=replace(state().account, url=recorded))
    check_url(None, url)
    if fits:
        check_url(known, url)
    else:
        with pytest.raises(AccountMismatch, match="this state belongs to") as refused:
            check_url(known, url)
        assert refused.value.summary == f"this state belongs to {recorded}, not to {url}"
        assert refused.value.hint.startswith("set OCAMBA_API_URL or `api.url` to the state's, ")
        assert "campaignctl state rebind" in refused.value.hint


@pytest.mark.parametrize(
    ("recorded", "project", "problem"),
    [
        ((None, None), PROJECT, None),
        (("id-1", None), replace(PROJECT, id="id-1"), None),
        ((None, None), replace(PROJECT, id="id-1"), None),
        ((None, "live"), replace(PROJECT, environment="live"), None),
        (("id-1", None), replace(PROJECT, id="id-2"), "belongs to the project id-1"),
        (("id-1", None), PROJECT, "belongs to the project id-1"),
        ((None, "live"), PROJECT, "the environment live, not to the one without a name"),
        ((None, None), replace(PROJECT, environment="live"), "the environment without a name, not to live"),
        ((None, "test"), replace(PROJECT, environment="live"), "the environment test, not to live"),
    ],
)
def test_a_state_belongs_to_one_project_and_environment(
    recorded: tuple[str | None, str | None], project: Project, problem: str | None
) -> None:
    check_environment(None, project)
    known = replace(state(), project_id=recorded[0], environment=recorded[1])
    if problem is None:
        check_environment(known, project)
    else:
        with pytest.raises(AccountMismatch, match=problem) as refused:
            check_environment(known, project)
        same = recorded[0] is None
        first = "choose the environment with -e, or" if same else "write `id: id-1` under `metadata` in"
        assert refused.value.hint.startswith(first)
        assert "campaignctl state rebind" in refused.value.hint


# ------------------------------------------------------------------------------- what the state does not know


def test_a_campaign_that_an_older_state_does_not_know_holds_creates_back(late: Account) -> None:
    late.specs = {"first": campaign("First")}
    late.apply()
    older = late.state
    late.specs["far"] = FAR
    late.apply()
    lost = late.id_of("far")
    put_back(late, older)
    late.specs["new"] = campaign("New")
    before = late.mark
    outcome = late.apply()
    assert {each.key for each in outcome.blocked} == {"far", "new"}
    assert late.writes(before) == []
    (behind,) = opening(late, older, "far", "new").behind
    assert (behind.id, behind.name, behind.key) == (lost, "Far", "far")
    assert opening(late, older, "far").mark(older, NOW) == older.seen


@pytest.mark.parametrize(("status", "is_behind"), [("paused", True), ("sent", True), ("canceled", False)])
def test_of_what_it_does_not_know_only_canceled_ones_do_not_matter(
    late: Account, status: str, is_behind: bool
) -> None:
    late.specs = {"first": campaign("First")}
    late.apply()
    older = late.state
    late.specs["far"] = FAR
    late.apply()
    late.control.edit(late.id_of("far"), status=status)
    assert bool(opening(late, older, "far").behind) is is_behind


@pytest.mark.parametrize("known_by", ["record", "release", "started", "planned", "other project"])
def test_what_a_record_a_release_or_a_sent_intent_knows_is_not_behind(late: Account, known_by: str) -> None:
    late.specs = {"first": campaign("First"), "far": FAR}
    late.wire.on_write = lambda _: None
    late.apply()
    (under_way,) = [
        write.state.pending["far"]
        for write in late.wire.sent
        if write.state and write.state.pending.get("far") and write.state.pending["far"].phase == "started"
    ]
    whole, project = late.state, late.project
    without = whole.after(Entry(records={"far": None}))
    match known_by:
        case "record":
            known = whole
        case "release":
            late.specs.pop("far")
            late.control.switch(list_lag=0)
            late.apply()
            late.control.edit(whole.campaigns["far"].id, status="scheduled")
            known = late.state
        case "started":
            known = without.after(Entry(intents={"far": under_way}))
        case "planned":
            known = without.after(Entry(intents={"far": replace(under_way, phase="planned", at=None)}))
        case _:
            known, project = without, replace(project, name="another")
    found = opening_read(late.api, known, project, ["far"])
    assert [each.key for each in found.behind] == (["far"] if known_by == "planned" else [])


@pytest.mark.parametrize("reposted", [True, False])
def test_a_second_campaign_with_one_marker_is_a_copy_if_it_was_posted_twice_else_a_clone(
    late: Account, reposted: bool
) -> None:
    late.specs = {"far": FAR}
    late.apply()
    record = late.state.campaigns["far"]
    known = late.state.after(Entry(records={"far": replace(record, reposted=reposted)}))
    copy = str(late.control.clone(record.id, status="scheduled")["id"])
    found = opening(late, known, "far")
    assert [(key, live.id) for key, live in found.copies] == ([("far", copy)] if reposted else [])
    assert [(each.id, each.key) for each in found.clones] == ([] if reposted else [(copy, "far")])
    assert found.behind == ()
    assert found.mark(known, NOW) == (known.seen if reposted else found.scan.mark)
    late.control.edit(copy, status="canceled")
    after = opening(late, known, "far")
    assert (after.copies, after.clones) == ((), ())


def test_a_copy_that_cannot_send_is_only_said(late: Account) -> None:
    late.specs = {"idle": campaign("Idle")}
    late.apply()
    record = late.state.campaigns["idle"]
    known = late.state.after(Entry(records={"idle": replace(record, reposted=True)}))
    copy = str(late.control.clone(record.id)["id"])
    found = opening(late, known, "idle")
    assert found.copies == ()
    (note,) = found.notes
    assert note.startswith(f"{copy} is a second copy of idle")


@pytest.mark.parametrize("seconds", [0, 120, -120, 121, -121])
def test_clocks_may_differ_by_two_minutes(seconds: int) -> None:
    assert clock_note(None, NOW) == ()
    said = clock_note(NOW + timedelta(seconds=seconds), NOW)
    assert len(said) == int(abs(seconds) > 120)
    assert all(line.startswith("this machine's clock says 2036-01-01T00:00:00Z") for line in said)
