"""A halt while others go on: what it reads again, what it asks for, and what it says of each campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from campaignctl.errors import Interrupted
from campaignctl.plan.model import Action
from campaignctl.reconciler.halt import halt
from campaignctl.reconciler.halt_targets import Order
from campaignctl.review.halt import HINTS, UNMARKED, HaltOutcome
from campaignctl.state.codec import encode
from campaignctl.state.halts import Halts
from campaignctl.state.model import Entry
from tests.reconciler.account import Account, campaign
from tests.reconciler.test_halting import FAR, lose, mark, text, when, words


def halted_by(account: Account, who: str, reason: str = "wrong price") -> HaltOutcome:
    """Someone halts everything."""
    return halt(replace(account.wiring, who=who), Order(None, reason), lambda: account.declared)


def paused_after(account: Account, mark: int) -> list[str]:
    """The ids of the campaigns that a pause was asked for, in order."""
    asked = [each["path"].split("/") for each in account.control.requests(mark)]
    return [path[-2] for path in asked if path[-1] == "pause"]


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
    assert [each.total for each in account.events if (each.kind, each.text) == ("phase", "halt")] == [1]
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
    assert paused_after(account, mark) == [account.id_of("a"), account.id_of("b")]


def test_what_is_sending_now_is_paused_first_whatever_the_state_says_of_it(account: Account) -> None:
    for key in ("a", "b", "running"):
        account.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    account.apply()
    running = account.id_of("running")
    account.control.edit(running, status="running", next_run_time=None, scheduled_time=None)
    lose(account)
    mark = account.mark
    account.halt()
    assert paused_after(account, mark)[0] == running


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


def test_a_pause_that_takes_effect_late_is_waited_for_before_it_is_repeated_again(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    mark = late.mark
    late.wire.lose("pause", effect=None, answer=0, times=5)
    late.wire.lose("pause", effect=0.9, answer=0)
    assert words(late.halt()) == {"a": "stopped"}
    assert [write.name for write in late.wire.sent[1:]] == ["pause"] * 6
    assert late.writes(mark) == ["pause"]


@pytest.mark.parametrize(
    ("who", "reason", "sent"),
    [
        ("anna", "wrong price", "campaignctl halt: wrong price (by anna)"),
        ("", "wrong price", "campaignctl halt: wrong price"),
        ("anna", "x" * 300, f"campaignctl halt: {'x' * 182} (by anna)"),
    ],
)
def test_a_pause_says_by_whom_and_why(account: Account, who: str, reason: str, sent: str) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    outcome = halted_by(account, who, reason)
    (body,) = [each["body"] for each in account.control.requests() if each["path"].endswith("/pause")]
    assert body == {"reason": sent}
    (recorded,) = mark(account).halts
    assert [(one.key, one.id, one.how) for one in recorded.stopped] == [("a", account.id_of("a"), "paused")]
    assert outcome.halt.stopped == recorded.stopped
    assert (outcome.halt.who, outcome.halt.reason, recorded.under_way) == (who, reason, None)


def test_without_a_token_only_the_mark_is_set(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    before = account.mark
    outcome = halt(replace(account.wiring, api=None), Order(None, "why"), lambda: account.declared)
    assert outcome.marked
    assert outcome.notes == ("there is no token, so nothing was paused: set OCAMBA_TOKEN and run this again",)
    assert words(outcome) == {"a": "unproven"}
    assert account.control.requests(before) == []
    (recorded,) = mark(account).halts
    assert (recorded.under_way, [one.key for one in recorded.held]) == (None, ["a"])


def test_an_interrupted_halt_leaves_its_mark(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    when(account, "looking once more", lambda: setattr(account.clock.time, "interrupted", True))
    with pytest.raises(Interrupted) as stopped:
        account.halt()
    assert (stopped.value.detail, stopped.value.hint) == (
        "the stop mark stays",
        "run the same command again to finish",
    )
    assert mark(account).in_force
    assert account.status_of("a") == "paused"


def test_a_mark_that_cannot_be_set_stops_no_pause(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    path = account.place.sibling("halts")
    path.mkdir()
    (path / "file").write_text("x", encoding="utf-8")
    outcome = account.halt()
    assert (outcome.marked, words(outcome)) == (False, {"a": "stopped"})
    (note,) = outcome.notes
    assert note.startswith("the stop mark could not be set: ")
    assert str(UNMARKED) in note


def test_what_is_over_is_not_read(account: Account) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "ab"}
    account.apply()
    account.control.edit(account.id_of("b"), status="canceled")
    account.apply()
    before = account.mark
    assert words(account.halt()) == {"a": "stopped", "b": "over"}
    asked = [each["path"] for each in account.control.requests(before)]
    assert not [path for path in asked if account.id_of("b") in path]


def test_a_campaign_of_a_key_that_was_not_named_goes_on(account: Account) -> None:
    """Without a state its marker shows that it is ours, and not of which key."""
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in ("x/a", "y/b")}
    account.apply()
    ids = {key: account.id_of(key) for key in account.specs}
    lose(account)
    account.specs = {"x/a": campaign("x/a", scheduled_time=FAR, **text("changed"))}
    outcome = account.halt("x/*")
    assert words(outcome) == {"x/a": "stopped"}
    assert account.control.campaign(ids["y/b"])["live"]["status"] == "scheduled"


def test_what_others_paused_is_neither_ours_nor_canceled(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    campaign_id, before = late.id_of("a"), late.mark

    def others(name: str) -> None:
        if name == "pause":
            late.control.pause(campaign_id)
            late.control.fault({"path": "/pause$", "times": 1}, {"kind": "status", "status": 422})

    late.wire.on_write = others
    outcome = late.halt(cancel=True)
    assert late.writes(before) == ["pause"]
    assert words(outcome) == {"a": "stopped"}
    assert mark(late).halts[0].stopped == outcome.halt.stopped == ()


def test_what_others_paused_and_resumed_during_a_halt_is_its_own_once_it_pauses_that(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    campaign_id = late.id_of("a")

    def others(name: str) -> None:
        if name == "pause":
            late.wire.on_write = lambda _: None
            late.control.pause(campaign_id)
            late.control.fault({"path": "/pause$", "times": 1}, {"kind": "status", "status": 422})

    late.wire.on_write = others
    when(late, "looking once more", lambda: late.control.resume(campaign_id, FAR))
    assert words(late.halt()) == {"a": "stopped"}
    assert [(one.key, one.id) for one in mark(late).halts[0].stopped] == [("a", campaign_id)]
    late.lift()
    late.apply()
    assert late.status_of("a") == "scheduled"


def test_what_a_first_request_paused_late_is_ours(late: Account) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    late.wire.lose("pause", effect=5, answer=1)
    asked = 0

    def again(name: str) -> None:
        nonlocal asked
        asked += name == "pause"
        if asked == 2:
            late.clock.time.sleep(5)
            late.wire.arrive()
            late.control.fault({"path": "/pause$", "times": 1}, {"kind": "status", "status": 422})

    late.wire.on_write = again
    assert words(late.halt()) == {"a": "stopped"}
    assert asked == 2
    assert [one.key for one in mark(late).halts[0].stopped] == ["a"]


@pytest.mark.parametrize("held", [True, False])
def test_only_a_held_lock_is_waited_for_before_the_first_pause(late: Account, held: bool) -> None:
    late.specs = {"a": campaign("A", scheduled_time=FAR)}
    late.apply()
    session = late.place.backend().acquire("apply", timedelta()) if held else None
    began = late.clock.time.monotonic()
    late.halt()
    (pause,) = [write for write in late.wire.sent if write.name == "pause"]
    assert (pause.at - began > 1) is held
    if session:
        session.release()


def test_a_halt_lists_what_can_send_alone(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    before = account.mark
    account.halt()
    lists = [each["query"] for each in account.control.requests(before) if each["path"].endswith("campaigns")]
    assert lists
    assert all("status" in query for query in lists)


def test_a_second_halt_keeps_what_the_first_one_stopped(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt()
    account.specs["b"] = campaign("B", scheduled_time=FAR, **text("b"))
    account.lift("b")
    account.halt(reason="another")
    assert isinstance(mark(account), Halts)
    assert [[one.key for one in each.stopped] for each in mark(account).halts] == [["a"], []]


def test_a_token_that_is_refused_is_not_tried_again(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    before = account.mark
    account.control.fault({"path": "/pause$", "times": 9}, {"kind": "status", "status": 401})
    outcome = account.halt()
    assert account.writes(before) == ["pause"]
    assert (outcome.marked, outcome.stopped) == (True, False)
    assert any("token" in note for note in outcome.notes)


def test_a_token_that_is_unknown_from_the_first_read_on_asks_for_nothing_else(account: Account) -> None:
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "abc"}
    account.apply()
    before = account.mark
    account.control.fault({"times": 99}, {"kind": "status", "status": 401})
    outcome = account.halt()
    assert [each["method"] for each in account.control.requests(before)] == ["GET", "GET"]
    assert any("OCAMBA_TOKEN" in note for note in outcome.notes)
    assert {row.outcome for row in outcome.rows} == {"unproven"}


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("path", ["", "/pause", "(/pause)?"])
def test_a_campaign_that_is_forbidden_keeps_no_other_from_being_paused(
    account: Account, path: str, cancel: bool
) -> None:
    for key in ("a", "b", "stray"):
        account.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
        account.apply()
    (a, b, stray), known = map(account.id_of, account.specs), account.state
    account.place.put_document(encode(known.after(Entry(records={"stray": None}))).encode())
    before = account.mark
    account.control.fault({"path": f"/{a}{path}$", "times": 999}, {"kind": "status", "status": 403})
    outcome = account.halt(cancel=cancel)
    statuses = {each: account.control.campaign(each)["live"]["status"] for each in (a, b, stray)}
    assert statuses == {a: "paused" if path == "" else "scheduled", b: "paused", stray: "paused"}
    assert (outcome.stopped, account.writes(before)) == (path == "", ["pause"] * 3)
    if path == "":
        return
    (row,) = [each for each in outcome.rows if not each.proven]
    assert (row.id, row.outcome, row.hint) == (a, "going", HINTS["going"])
    assert "403 " in row.detail
    assert "the token in OCAMBA_TOKEN is not allowed to do this" in row.detail


@pytest.mark.parametrize("recorded", [True, False])
def test_one_campaign_that_cannot_be_read_keeps_no_other_from_being_paused(
    account: Account, recorded: bool
) -> None:
    """A recorded one that the list lacks, and one whose list item is too short to tell whose it is."""
    for key in ("stray", "a"):
        account.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    account.apply()
    stray, known = account.id_of("stray"), account.state
    gone = Entry(records={"stray": None, **({} if recorded else {"a": None})})
    account.place.put_document(encode(known.after(gone)).encode())
    unread = known.campaigns["a"].id
    if recorded:
        account.control.edit(unread, status="sent")
    else:
        account.control.switch(never_listed=["metadata", "messages"])
    account.control.fault(
        {"method": "GET", "path": f"/{unread}$", "times": 999}, {"kind": "status", "status": 500}
    )
    outcome = account.halt()
    assert account.control.campaign(stray)["live"]["status"] == "paused"
    assert not outcome.stopped


def test_what_a_later_look_can_read_is_no_longer_unknown(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    made, known = account.id_of("a"), account.state
    account.place.put_document(encode(known.after(Entry(records={"a": None}))).encode())
    account.control.switch(never_listed=["metadata", "messages"])
    account.control.fault(
        {"method": "GET", "path": f"/{made}$", "times": 4}, {"kind": "status", "status": 500}
    )
    assert account.halt().stopped
    assert account.control.campaign(made)["live"]["status"] == "paused"


def test_what_an_earlier_look_showed_proves_nothing_once_a_read_fails(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    made = account.id_of("a")

    def lost() -> None:
        account.control.edit(made, status="sent")
        match = {"method": "GET", "path": f"/{made}$", "times": 999}
        account.control.fault(match, {"kind": "status", "status": 500})

    when(account, "looking once more", lost)
    assert words(account.halt()) == {"a": "unproven"}


def test_a_halt_that_is_continued_keeps_the_time_of_its_order(account: Account) -> None:
    account.specs = {"a": campaign("A", scheduled_time=FAR)}
    account.apply()
    account.halt()
    (first,) = mark(account).halts
    with account.on_another_machine(timedelta(hours=1)) as other:
        other.halt()
    assert [each.at for each in mark(account).halts] == [first.at]


@pytest.mark.parametrize("recorded", [True, False])
def test_a_list_that_lags_does_not_call_going_what_was_stopped(late: Account, recorded: bool) -> None:
    """Its hint would have a person cancel what is paused already, which is final."""
    for key in "abc":
        late.specs[key] = campaign(key, scheduled_time=FAR, **text(key))
    late.apply()
    if not recorded:
        lose(late)
    late.clock.time.sleep(2 * 3600)
    late.wire.arrive()
    late.control.switch(list_lag=3600)
    before = late.mark
    outcome = late.halt()
    assert {row.outcome for row in outcome.rows} == {"stopped"}
    assert outcome.stopped
    assert late.writes(before) == ["pause"] * 3
    assert {each.key for each in mark(late).halts[0].stopped} == set("abc")


@pytest.mark.parametrize("recorded", [True, False])
def test_what_a_list_shows_is_not_read_by_id(account: Account, recorded: bool) -> None:
    """Neither before the first pause, when every second may count, nor once the list shows it paused."""
    account.specs = {key: campaign(key, scheduled_time=FAR, **text(key)) for key in "abc"}
    account.apply()
    if not recorded:
        lose(account)
    before = account.mark
    assert account.halt().stopped
    asked = [each for each in account.control.requests(before) if each["method"] == "GET"]
    by_id = [each["path"].rsplit("/", 1)[-1] for each in asked if not each["path"].endswith("/campaigns")]
    assert len(by_id) == recorded, "one recorded campaign proves the account"
