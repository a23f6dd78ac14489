"""A halt while others go on: what it reads again, what it asks for, and what it says of each campaign."""

from __future__ import annotations

from dataclasses import replace

from campaignctl.plan.model import Action
from campaignctl.state.codec import encode
from campaignctl.state.model import Entry
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_halting import FAR, lose, text, when, words


def test_what_is_missing_is_over_once_a_read_has_shown_whose_account_it_is(account: Account) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.apply()
    account.control.delete(account.id_of("b"))
    assert words(account.halt()) == {"a": "stopped", "b": "over"}


def test_nothing_is_over_in_an_account_that_shows_no_campaign(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.control.delete(account.id_of("a"))
    assert words(account.halt()) == {"a": "unproven"}


def test_what_others_record_meanwhile_is_stopped_too(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    theirs = str(account.control.create(campaign("B", scheduled_time=FAR, **text("b")))["id"])

    def recorded() -> None:
        known = account.state
        other = replace(known.campaigns["a"], id=theirs, intent=None)
        after = known.after(Entry(records={"b": other}))
        account.place.put_document(encode(after).encode())

    when(account, "the stop mark is set", recorded)
    assert words(account.halt()) == {"a": "stopped", "b": "stopped"}
    assert account.control.campaign(theirs)["live"]["status"] == "paused"


def test_each_pause_is_told_by_key_or_by_id(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.events.clear()
    account.halt()
    told = [event for event in account.events if event.kind == "finished"]
    assert [(each.key, each.action, each.outcome) for each in told] == [("a", Action.PAUSE, "done")]
    campaign_id = account.id_of("a")
    lose(account)
    account.specs = {}
    account.control.resume(campaign_id, FAR)
    account.events.clear()
    account.halt()
    assert [event.key for event in account.events if event.kind == "finished"] == [campaign_id]


def test_what_sends_at_the_same_time_is_paused_in_the_order_of_the_keys(account: Account) -> None:
    for key in "ba":
        account.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
        account.apply()
    mark = account.mark
    account.halt()
    paused = [
        each["path"].split("/")[-2] for each in account.control.requests(mark) if "pause" in each["path"]
    ]
    assert paused == [account.id_of("a"), account.id_of("b")]


def test_a_create_of_unknown_outcome_is_stopped_under_its_key(late: Account) -> None:
    late.specs = {"hand": campaign("Hand")}
    late.apply()
    late.specs["push/new"] = campaign("New", scheduled_time=FAR)
    late.wire.lose("create", effect=300)
    late.apply()
    late.clock.time.sleep(400)
    late.wire.arrive()
    assert set(late.state.pending) == {"push/new"}
    outcome = late.halt("push/*")
    assert [(row.key, row.outcome) for row in outcome.rows] == [("push/new", "stopped")]


def test_a_state_of_another_api_is_not_used(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    other = replace(account.state, account=replace(account.state.account, url="https://other.example"))
    account.place.put_document(encode(other).encode())
    outcome = account.halt()
    assert any("is not used: this state belongs to https://other.example" in each for each in outcome.notes)
    assert [row.outcome for row in outcome.rows] == ["stopped"], "its marker shows that it is ours"


def test_a_pause_whose_answer_is_lost_is_not_repeated_once_a_read_shows_it(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    mark = late.mark
    late.wire.lose("pause", effect=0, answer=1)
    assert words(late.halt()) == {"a": "stopped"}
    assert late.writes(mark) == ["pause"]


def test_a_pause_without_effect_is_repeated(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    late.wire.lose("pause", effect=None, answer=1, times=2)
    assert words(late.halt()) == {"a": "stopped"}
    assert [write.name for write in late.wire.sent[1:]] == ["pause"] * 3
