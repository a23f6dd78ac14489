"""Second copies of creates that were posted twice, or given up and made again: seen, said, and canceled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.errors import StateError
from campaignctl.reconciler import copies
from campaignctl.reconciler.status import status
from campaignctl.schedule.times import iso
from campaignctl.state.model import Dropped, Record, State
from tests.plan.planning import NOW, SCHEDULED, record, state
from tests.reconciler.account import Account, campaign

FAR = campaign("Far", scheduled_time="2036-06-01 10:00:00")
HOUR = timedelta(hours=1)


def wait(account: Account, hours: float) -> None:
    account.clock.time.sleep(hours * 3600)


def lagging(account: Account) -> None:
    """A create whose answer is lost, in an account whose list shows it six hours later."""
    for number in range(4):
        account.control.create(campaign(str(number), is_draft=True), company_id="6197120")
    account.specs = {"first": campaign("First", is_draft=True)}
    account.apply()
    account.control.switch(list_lag=6 * 3600)
    account.specs |= {"far": FAR}
    account.wire.lose("create", effect=0.0)
    assert account.outcomes() == {"far": "unknown"}


@pytest.fixture
def twice(late: Account) -> Account:
    """Two campaigns of one create: the second POST was answered, the first is not in the list yet."""
    lagging(late)
    mark = late.mark
    assert late.apply().changes == (), "the run that follows at once posts nothing"
    assert late.writes(mark) == []
    wait(late, 1.1)
    assert late.outcomes() == {"far": "done"}
    assert len(scheduled(late)) == 2
    return late


def scheduled(account: Account) -> list[str]:
    campaigns = account.control.campaigns()
    return [each["id"] for each in campaigns if each["live"]["status"] == "scheduled"]


def copy_of(account: Account) -> str:
    (other,) = set(scheduled(account)) - {account.id_of("far")}
    return other


def test_what_can_send_is_created_again_by_a_later_run_alone(twice: Account) -> None:
    record = twice.state.campaigns["far"]
    assert record.reposted
    first, last = record.posts
    assert last > first


@pytest.mark.parametrize("apply_between", [True, False])
def test_a_copy_that_the_list_shows_late_is_shown_and_canceled(
    twice: Account, *, apply_between: bool
) -> None:
    if apply_between:
        assert twice.apply().changes == ()
        assert not twice.plan().refused
    wait(twice, 6)
    other = copy_of(twice)
    for options in ({}, {"refresh_only": True}):
        plan = twice.plan(**options)
        (block,) = plan.blocked
        assert (block.key, block.id, block.status) == ("far", other, "scheduled")
        assert block.hint == "`campaignctl apply` cancels it"
        assert plan.refused
        assert not any(drift.diff[0].path == "clone" for drift in plan.drift)
    report = status(twice.wiring, twice.desired)
    assert report.second_copies
    assert any(f"{other} is a second copy" in note for note in report.notes)
    assert twice.apply().result == "done"
    assert any(f"{other} is a second copy of it" in event.text for event in twice.events)
    assert scheduled(twice) == [twice.id_of("far")]
    assert not twice.plan().refused
    assert not status(twice.wiring, twice.desired).second_copies


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 422}, {"kind": "status", "status": 204}, {"kind": "drop"}], ids=str
)
def test_a_copy_that_could_not_be_canceled_is_said_again(twice: Account, fault: dict[str, Any]) -> None:
    wait(twice, 6)
    other = copy_of(twice)
    twice.control.fault({"path": "cancel$", "times": 9}, fault)
    outcome = twice.apply()
    assert outcome.result == "incomplete"
    assert any(f"its second copy {other} could not be canceled" in note for note in outcome.notes)
    twice.control.clear_faults()
    assert twice.plan().refused
    assert twice.apply().result == "done"


def test_the_mark_stays_while_a_copy_may_be_older_than_the_newest_page(twice: Account) -> None:
    seen = twice.state.seen
    twice.control.create(campaign("Other", is_draft=True), company_id="6197120")
    twice.control.switch(list_lag=0)
    twice.apply()
    assert twice.state.seen == seen


def test_the_whole_list_is_read_once_and_then_what_was_created_since(twice: Account) -> None:
    wait(twice, 2)
    twice.control.switch(page_size_fixed=1)
    mark = twice.mark
    twice.apply()
    pages = [each for each in twice.control.requests(mark) if each["path"].endswith("/campaigns")]
    assert len(pages) >= 5
    mark, after = twice.mark, twice.state
    assert not after.campaigns["far"].reposted
    assert len(after.campaigns["far"].posts) == 2
    twice.plan()
    pages = [each for each in twice.control.requests(mark) if each["path"].endswith("/campaigns")]
    assert len(pages) <= 4, "a plan reads no more than down to the time of its POSTs"
    wait(twice, 4)
    assert copy_of(twice) == twice.plan().blocked[0].id, "looked for among the times of its POSTs"
    assert twice.apply().result == "done"
    assert len(scheduled(twice)) == 1


@pytest.mark.parametrize("then", ["removed", "renamed", "replaced", "sent"])
def test_a_copy_is_canceled_whatever_became_of_the_other_meanwhile(twice: Account, then: str) -> None:
    first = twice.id_of("far")
    other = copy_of(twice)
    if then == "sent":
        twice.control.start(first)
        wait(twice, 0.1)
        twice.apply()
        assert twice.state.campaigns["far"].began
    elif then == "replaced":
        twice.apply(replace=("far",), overrides=("resend",))
    else:
        del twice.specs["far"]
        twice.specs |= {"other": FAR} if then == "renamed" else {}
        assert twice.apply().result == "done"
    wait(twice, 6)
    assert other in [block.id for block in twice.plan().blocked]
    twice.apply()
    kept = {key: record.id for key, record in twice.state.campaigns.items() if key != "first"}
    assert other not in scheduled(twice)
    assert set(scheduled(twice)) == (set() if then == "sent" else set(kept.values()))
    assert other not in kept.values()


def test_a_clone_that_was_made_later_is_no_copy(twice: Account) -> None:
    wait(twice, 6)
    twice.apply()
    clone = str(twice.control.clone(twice.id_of("far"), status="scheduled")["id"])
    wait(twice, 6)
    assert not twice.plan().blocked
    assert [drift.diff[0].after for drift in twice.plan().drift] == [clone]
    twice.apply()
    assert twice.plan().drift == (), "an apply has recorded it"
    twice.apply()
    assert clone in scheduled(twice)


def given_up(account: Account) -> None:
    """A create that a person gave up, though its campaign is there."""
    lagging(account)
    account.resolve("far", "retry")
    (dropped,) = account.state.dropped
    assert (dropped.key, len(dropped.posts)) == ("far", 1)
    assert account.outcomes(overrides=("resend",)) == {"far": "done"}


def test_the_campaign_of_a_create_that_was_given_up_is_a_copy_of_the_next_one(late: Account) -> None:
    given_up(late)
    wait(late, 6)
    other = copy_of(late)
    plan = late.plan()
    assert [(block.key, block.id) for block in plan.blocked] == [("far", other)]
    assert late.apply().result == "done"
    assert scheduled(late) == [late.id_of("far")]
    assert late.state.dropped[0].scanned
    assert not late.plan().refused


def test_it_is_unknown_to_the_state_as_long_as_there_is_no_other(late: Account) -> None:
    lagging(late)
    late.resolve("far", "retry")
    wait(late, 7)
    assert [behind.hint for behind in late.plan().blocked] == ["campaignctl state recover --write"]


def test_one_that_was_given_up_without_a_post_leaves_no_trace(late: Account) -> None:
    late.specs = {"first": campaign("First", is_draft=True)}
    late.apply()
    with pytest.raises(StateError, match="nothing to resolve"):
        late.resolve("first", "retry")
    assert late.state.dropped == ()


# ------------------------------------------------------------------------------------------ what is watched


POSTS = (iso(NOW - 3 * HOUR), iso(NOW - 2 * HOUR))


def of(**fields: Any) -> dict[str, copies.Watched]:
    base: dict[str, Any] = {"posts": POSTS, "reposted": True}
    return copies.watched(state({"k": record(SCHEDULED, **{**base, **fields})}), NOW)


def test_a_record_is_watched_until_its_first_send_and_until_the_whole_list_was_read() -> None:
    (one,) = of().values()
    assert (one.key, one.id, one.scanned) == ("k", "1030978", False)
    assert one.since <= NOW - 3 * HOUR
    assert one.until == NOW - HOUR
    assert of(reposted=False)["intent-of-old"].scanned
    for fields in ({"began": POSTS[0]}, {"status": "canceled"}):
        assert of(**fields)
        assert of(**fields, reposted=False) == {}
    assert of(reposted=False, posts=POSTS[:1]) == {}
    assert of(status="draft")
    assert of(status="draft", reposted=False) == {}


def test_a_record_of_an_older_state_is_watched_from_long_before() -> None:
    (one,) = of(posts=(), created_at=iso(NOW)).values()
    assert one.since < NOW - timedelta(days=20)


def dropped(known: Record | None, **fields: Any) -> State:
    one = replace(Dropped("k", "lost", "d", POSTS), **fields)
    return state({"k": known} if known else {}, dropped=(one,))


def test_a_create_that_was_given_up_is_watched_for_a_month_once_it_was_made_again() -> None:
    assert set(copies.watched(dropped(record(SCHEDULED)), NOW)) == {"lost"}
    assert copies.watched(dropped(None), NOW) == {}
    assert copies.watched(dropped(record(SCHEDULED, intent="lost")), NOW) == {}
    assert copies.watched(dropped(record(SCHEDULED), posts=("2026-10-01T00:00:00Z",)), NOW) == {}


def test_the_whole_list_is_needed_once_no_copy_can_be_created_any_more() -> None:
    assert copies.needs_scan(of(), NOW)
    assert not copies.needs_scan(of(), NOW - 2 * HOUR)
    assert not copies.needs_scan(of(reposted=False), NOW)
    known = state({"k": record(SCHEDULED, posts=POSTS, reposted=True)}, dropped=dropped(None).dropped)
    entry = copies.scanned(known, NOW)
    assert [each.reposted for each in entry.records.values() if each] == [False]
    assert [each.scanned for each in entry.dropped] == [True]
    assert copies.scanned(known, NOW - 2 * HOUR).records == {}
