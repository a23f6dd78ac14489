"""A halt: what it asks of the account and records in the stop mark, and what it proves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.diff import content
from campaignctl.errors import UsageError
from campaignctl.review.halt import HaltOutcome
from campaignctl.review.outcome import Event
from campaignctl.state.codec import encode
from campaignctl.state.halts import Halts
from tests.e2e.harness import weekly
from tests.reconciler.account import PUSH, Account, campaign

FAR = "2036-03-22 10:00:00"
FARTHER = "2036-04-22 10:00:00"
RUNS = {"cron": weekly()}


def text(words: str) -> dict[str, Any]:
    """Messages with a text of their own."""
    push: dict[str, Any] = {"title": {"en": words}, "landing_url": "https://example.com"}
    return {"messages": [{**PUSH, "push": push}]}


def mark(account: Account) -> Halts:
    return account.place.backend().halts()


def words(outcome: HaltOutcome) -> dict[str, str]:
    return {row.key or row.name: row.outcome for row in outcome.rows}


def lose(account: Account) -> None:
    """Lose the state, and the stop mark with it."""
    for path in account.place.path.parent.glob("*"):
        path.unlink()


def when(account: Account, said: str, then: Callable[[], object]) -> None:
    """Do something as soon as a halt or an apply says this."""

    def heard(event: Event) -> None:
        account.events.append(event)
        if said in event.text:
            then()

    account.on_event = heard


# What is asked of the account.


def test_the_account_is_proven_by_one_read_then_the_soonest_is_paused_first(account: Account) -> None:
    account.specs = {
        "later": campaign("Later", scheduled_time=FARTHER),
        "sooner": campaign("Sooner", scheduled_time=FAR),
        "daily": campaign("Daily", recurrence=RUNS),
        "draft": campaign("Draft", is_draft=True),
        "now": campaign("Now", run_immediately=True),
    }
    account.apply()
    account.plan()
    before = account.mark
    outcome = account.halt()
    asked = [request for request in account.control.requests(before) if "now" not in request["path"]]
    first = [
        (request["method"], str(request["path"]).rsplit("/campaigns/", maxsplit=1)[-1]) for request in asked
    ]
    ids = {key: account.id_of(key) for key in account.specs}
    assert first[:2] == [("GET", ids["now"]), ("POST", f"{ids['now']}/pause")]
    assert [path for method, path in first if method == "POST"][1:] == [
        f"{ids[key]}/pause" for key in ("daily", "sooner", "later")
    ]
    assert outcome.stopped
    assert words(outcome) == {
        "later": "stopped",
        "sooner": "stopped",
        "daily": "stopped",
        "draft": "idle",
        "now": "over",
    }


@pytest.mark.parametrize("recorded", [True, False])
def test_another_companys_token_pauses_nothing(account: Account, recorded: bool) -> None:
    """The other account may know the ids too."""
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    if not recorded:
        lose(account)
        account.project = replace(account.project, company_id="6197120")
    account.control.set_company("700")
    before = account.mark
    outcome = account.halt()
    assert account.writes(before) == []
    assert (outcome.marked, outcome.stopped) == (True, False)
    assert any("belongs to company 700" in note for note in outcome.notes)
    assert all((row.outcome, row.read) == ("unproven", False) for row in outcome.rows)


def test_another_companys_token_pauses_nothing_if_the_first_campaign_is_gone(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR), "b": campaign("B", scheduled_time=FARTHER)}
    account.apply()
    account.control.set_company("700")
    account.control.delete(account.id_of("a"))
    before = account.mark
    outcome = account.halt()
    assert account.writes(before) == []
    assert any("belongs to company 700" in note for note in outcome.notes)


def test_a_list_that_fails_does_not_delay_the_pause_of_what_is_recorded(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    broken = {"kind": "status", "status": 500}
    account.control.fault({"method": "GET", "path": "/campaigns(\\?|$)", "times": 99}, broken)
    before = account.mark
    assert not account.halt().stopped
    assert (account.writes(before), account.status_of("a")) == (["pause"], "paused")


def test_what_was_not_read_is_said_to_be_recorded(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.control.fault({"times": 99}, {"kind": "status", "status": 503})
    (row,) = account.halt().rows
    assert (row.outcome, row.status, row.read) == ("unproven", "scheduled", False)


def test_a_read_from_before_the_pause_proves_nothing_about_it(account: Account) -> None:
    """Found by its marker, paused, and never read again."""
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    lose(account)
    fail = {"kind": "status", "status": 503}
    account.control.fault({"method": "GET", "skip": 1, "times": 99}, fail)
    (row,) = account.halt().rows
    assert (row.outcome, row.read) == ("unproven", False)


def test_it_looks_and_pauses_again_when_late_requests_have_arrived(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    campaign_id = account.id_of("a")
    when(account, "looking once more", lambda: account.control.resume(campaign_id))
    before, began = account.mark, account.clock.now()
    outcome = account.halt()
    assert account.writes(before) == ["pause", "pause"]
    assert (outcome.stopped, account.status_of("a")) == (True, "paused")
    assert account.clock.now() - began >= account.project.api.timeout


def test_a_create_that_lands_after_the_first_round_is_paused(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    made = account.control.campaign(account.id_of("a"))["requested"]
    when(account, "looking once more", lambda: account.control.create(made))
    assert [row.outcome for row in account.halt().rows] == ["stopped", "stopped"]


# What cannot be paused.


@pytest.mark.parametrize("cancel", [True, False])
def test_what_cannot_be_paused_is_canceled_only_on_demand(account: Account, cancel: bool) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR), "b": campaign("B", scheduled_time=FAR)}
    account.apply()
    refusal = {"kind": "status", "status": 400}
    account.control.fault({"path": f"/{account.id_of('a')}/pause$", "times": 99}, refusal)
    before = account.mark
    outcome = account.halt(cancel=cancel)
    assert words(outcome) == {"a": "canceled" if cancel else "going", "b": "stopped"}
    assert ("cancel" in account.writes(before)) is cancel
    assert outcome.stopped is cancel
    if not cancel:
        again = "campaignctl halt --all --cancel --reason 'wrong price'"
        assert again in str(outcome.rows[0].hint)
        assert account.halt(cancel=True).stopped


@pytest.mark.parametrize("kind", ["lost_answer", "drop"])
def test_a_pause_of_unknown_outcome_is_read_and_repeated(account: Account, kind: str) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.control.fault({"method": "POST", "path": "/pause$", "times": 1}, {"kind": kind})
    assert account.halt().stopped
    account.lift()
    account.apply()
    assert account.status_of("a") == "scheduled"


# Which campaigns.


def test_a_typo_stops_nothing_and_names_the_nearest(account: Account) -> None:
    account.specs = {"push/welcome": campaign("A", scheduled_time=FAR)}
    account.apply()
    before = account.mark
    with pytest.raises(UsageError) as refused:
        account.halt("push/welcom")
    assert "push/welcome" in refused.value.hint
    assert (account.writes(before), mark(account).halts) == ([], ())


def test_a_typo_with_broken_manifests_is_marked_and_said(account: Account) -> None:
    account.specs = {"push/welcome": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.broken = True
    outcome = account.halt("push/welcom", "push/welcome")
    assert (outcome.marked, outcome.stopped, words(outcome)) == (True, False, {"push/welcome": "stopped"})
    (note,) = outcome.notes
    assert note.startswith("push/welcom: no such key is recorded, and the manifests cannot be read")
    assert "push/welcome?" in note
    assert note.endswith("`campaignctl validate` shows their errors")
    assert mark(account).on("push/welcom")


def test_without_a_state_markers_and_contents_tell_what_is_ours(account: Account) -> None:
    account.specs = {
        "made": campaign("Made", scheduled_time=FAR),
        "adopted": campaign("Adopted", scheduled_time=FAR, **text("Adopted")),
    }
    account.apply()
    lose(account)
    account.control.edit(by_name(account)["Adopted"]["id"], metadata=None)
    account.control.create(campaign("Renamed", recurrence=RUNS, labels=["x"], **text("Adopted")))
    foreign = account.control.create(campaign("Foreign", scheduled_time=FAR, **text("Foreign")))
    account.control.create(campaign("Idle", is_draft=True, **text("Idle")))
    outcome = account.halt()
    assert sorted((row.name, row.outcome) for row in outcome.rows) == [
        ("Adopted", "stopped"),
        ("Made", "stopped"),
        ("Renamed", "stopped"),
    ]
    assert [(row.id, row.name) for row in outcome.left] == [(foreign["id"], "Foreign")]
    assert not outcome.stopped
    assert by_name(account)["Foreign"]["status"] == "scheduled"


def by_name(account: Account) -> dict[str, Any]:
    return {one["live"]["name"]: {"id": one["id"], **one["live"]} for one in account.control.campaigns()}


def test_without_a_state_nothing_that_is_left_alone_is_a_success(account: Account) -> None:
    account.specs = {"made": campaign("Made", scheduled_time=FAR)}
    account.apply()
    lose(account)
    assert account.halt().stopped


def test_without_a_state_and_manifests_only_the_marker_counts(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    lose(account)
    account.broken = True
    outcome = account.halt()
    assert words(outcome) == {"A": "stopped"}
    assert (outcome.stopped, len(outcome.notes)) == (False, 1)
    assert "only our marker" in outcome.notes[0]
    assert account.halt(account=True).notes == (), "all of them are to stop"


def test_one_key_is_stopped_and_the_others_go_on(account: Account) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.apply()
    assert words(account.halt("a")) == {"a": "stopped"}
    assert (account.status_of("a"), account.status_of("b")) == ("paused", "scheduled")


def test_a_declared_key_that_is_not_created_yet_may_be_halted(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.halt("a")
    assert account.outcomes() == {}
    assert account.control.campaigns() == []


def test_the_same_order_given_again_continues_its_halt(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt()
    account.control.resume(account.id_of("a"))
    seen: list[Halts] = []
    when(account, "the stop mark is set", lambda: seen.append(mark(account)))
    account.halt()
    assert seen[0].halts[0].under_way
    assert len(mark(account).halts) == 1
    assert account.status_of("a") == "paused"


@pytest.mark.parametrize(
    ("first", "keys", "more", "count"),
    [
        (("a",), ("a",), {}, 1),
        (("a",), ("b",), {}, 2),
        (("a",), ("a",), {"reason": "another"}, 2),
        (("a",), (), {}, 2),
        ((), (), {"account": True}, 2),
    ],
)
def test_another_order_is_a_halt_of_its_own(
    account: Account, first: tuple[str, ...], keys: tuple[str, ...], more: dict[str, Any], count: int
) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.apply()
    account.halt(*first)
    account.halt(*keys, **more)
    last = mark(account).halts[-1]
    assert (len(mark(account).halts), last.keys, last.account) == (count, keys or None, "account" in more)
    assert account.status_of("b") == ("scheduled" if keys == ("a",) else "paused")


def test_with_a_state_the_campaigns_of_others_are_their_own(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.control.create(campaign("Foreign", scheduled_time=FAR, **text("Foreign")))
    outcome = account.halt()
    assert (outcome.stopped, outcome.left) == (True, ())


def test_without_a_state_a_key_is_found_by_its_content(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR), "b": campaign("B", **text("B"))}
    account.control.create({**campaign("A", scheduled_time=FAR), "name": "Adopted"})
    account.control.create(campaign("Other", scheduled_time=FAR, **text("B")))
    assert words(account.halt("a")) == {"a": "stopped"}


@pytest.mark.parametrize("state", [True, False])
def test_the_whole_account_is_stopped_on_demand(account: Account, state: bool) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    if not state:
        lose(account)
    account.control.create(campaign("Foreign", scheduled_time=FAR, **text("Foreign")))
    account.control.create(campaign("Daily", recurrence=RUNS, **text("Daily")))
    outcome = account.halt(account=True)
    assert outcome.stopped
    assert {one["live"]["status"] for one in account.control.campaigns()} == {"paused"}
    assert len(outcome.rows) == len(account.control.campaigns())


# What the mark says.


def test_the_mark_holds_ids_and_contents_of_everything_that_it_named(account: Account) -> None:
    account.specs = {
        "push/a": campaign("A", scheduled_time=FAR),
        "push/draft": campaign("Draft", is_draft=True, **text("Draft")),
        "push/now": campaign("Now", run_immediately=True, **text("Now")),
        "sms/b": campaign("B", scheduled_time=FAR, **text("B")),
    }
    account.apply()
    account.plan()
    account.specs["push/new"] = campaign("New", scheduled_time=FAR, **text("New"))
    account.halt("push/*")
    (halt,) = mark(account).halts
    held = {each.key: (each.id, each.content) for each in halt.held}
    ids = {key: record.id for key, record in account.state.campaigns.items()} | {"push/new": ""}
    named = [key for key in account.specs if key.startswith("push/")]
    assert held == {key: (ids[key], content(account.specs[key])) for key in named}
    assert not halt.under_way


def test_contents_are_in_the_mark_before_anything_is_paused(account: Account) -> None:
    """An apply that is renaming the folder right now has to see them."""
    account.specs = {"push/a": campaign("A", scheduled_time=FAR)}
    account.apply()
    seen: list[Halts] = []
    when(account, "the stop mark is set", lambda: seen.append(mark(account)))
    account.halt("push/*")
    assert [each.content for each in seen[0].halts[0].held] == [content(account.specs["push/a"])]
    assert seen[0].halts[0].under_way


def test_a_state_of_format_1_keeps_a_mark_of_format_1(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    old = json.loads(account.place.path.read_text(encoding="utf-8"))
    old["format_version"] = 1
    for name in ("settings", "project_id", "stop_mark", "foreign", "dropped"):
        old.pop(name, None)
    for record in old["campaigns"].values():
        record.pop("baseline", None)
    account.place.path.write_text(json.dumps(old), encoding="utf-8")
    assert account.halt().stopped
    document = json.loads(account.place.sibling("halts").read_text(encoding="utf-8"))
    assert document["format_version"] == 1
    assert set(document["halts"][0]) == {"id", "keys", "reason", "who", "host", "at", "stopped", "lifted"}
    account.lift("a")
    account.apply()
    assert account.status_of("a") == "scheduled"


def test_a_mark_stays_in_the_format_that_it_has_though_the_state_is_older(account: Account) -> None:
    """An older format has no place for what it holds by content."""
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.apply()
    account.halt("a")
    before = mark(account)
    old = account.place.backend().read()
    assert old is not None
    account.place.put_document(encode(replace(old, format_version=1)).encode())
    account.halt("b")
    assert mark(account).format_version == before.format_version > 1
    assert [one.held != () for one in mark(account).halts] == [True, True]


@pytest.mark.parametrize("seconds", [-10, 0, 10, 90])
def test_a_machine_with_a_wrong_clock_halts_and_lifts_as_any_other(account: Account, seconds: int) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    right = account.clock
    account.clock = replace(right, wrong=timedelta(seconds=seconds))
    assert account.halt().stopped
    account.lift()
    account.clock = right
    assert account.outcomes() == {"a": "done"}
    assert account.status_of("a") == "scheduled"


@pytest.mark.parametrize("broken", [True, False])
@pytest.mark.parametrize("key", ["push/a", "mail/a", "mail/*", "push/*"])
def test_after_a_move_both_keys_lift_the_halt(account: Account, key: str, broken: bool) -> None:
    account.specs = {"push/a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt("push/*")
    account.specs, account.moved = {"mail/a": account.specs["push/a"]}, {"mail/a": "push/a"}
    assert account.outcomes() == {"mail/a": "done"}
    account.broken = broken
    account.lift(key)
    account.apply()
    assert account.status_of("mail/a") == "scheduled"


def test_a_key_that_is_held_by_its_content_alone_lifts_it_too(account: Account) -> None:
    account.specs = {"push/a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt("push/*")
    account.specs = {"mail/a": account.specs["push/a"]}
    assert account.outcomes() == {"push/a": "done"}
    account.lift("mail/a")
    assert account.outcomes() == {"mail/a": "done"}


def test_a_pause_in_the_dashboard_is_not_resumed_by_a_lift(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.control.pause(account.id_of("a"))
    assert account.halt().stopped
    account.lift()
    account.apply()
    assert account.status_of("a") == "paused"


def test_it_does_not_take_over_another_halt_that_was_lifted_in_part(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt()
    account.lift("a")
    account.halt()
    assert [halt.names("a") for halt in mark(account).halts] == [False, True]


def test_a_deleted_mark_is_set_again_by_the_halt_that_is_under_way(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    when(account, "the stop mark is set", account.place.sibling("halts").unlink)
    assert account.halt().stopped
    assert mark(account).on("a")
