"""Which campaigns of others a plan compares and reads by id, against an API that a test scripts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.diff import content
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.model import Clone
from campaignctl.reconciler import foreign
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released, Year
from campaignctl.state.model import Foreign, State
from campaignctl.state.years import encode_year, with_archive
from tests.plan.planning import NOW, RECURRING, SCHEDULED, live, message, own, record, wanted
from tests.reconciler.scripted import PROJECT, Item, Script
from tests.reconciler.test_opening_asks import LOST, item, known, ours

NEW = own({**SCHEDULED, "name": "New"}, "New")
DAY = timedelta(days=1)


def seen(*items: Item) -> list[Live]:
    """Campaigns as a list shows them."""
    return [Live(str(each["id"]), dict(each), complete=False) for each in items]


def theirs(campaign_id: str, status: str = "scheduled", **fields: Any) -> Item:
    """A campaign of others with the content of the new one."""
    return item(campaign_id, status, **{"messages": NEW["messages"], **fields})


def brief(campaign_id: str, status: str = "scheduled", **fields: Any) -> Item:
    """One whose list item has no messages."""
    shown = item(campaign_id, status, **{"name": "Theirs", "scheduled_time": "2030-01-01 10:00:00", **fields})
    return {name: value for name, value in shown.items() if name != "messages"}


def looked(
    *items: Item,
    before: State | None = None,
    script: Script | None = None,
    declared: dict[str, Any] | None = NEW,
) -> tuple[set[str], list[str], tuple[str, ...]]:
    """The ids that are compared, what was read by id, and the notes."""
    asks = script or Script(list(items))
    asked = [wanted(declared, "new")] if declared else []
    with asks.api() as api:
        lives, notes = foreign.look(api, seen(*items), before, asked, PROJECT, NOW)
    return set(lives), asks.asked, notes


# --------------------------------------------------------------------------------------- what may start


@pytest.mark.parametrize(
    ("recorded", "starts"),
    [
        (None, True),
        (record(NEW), False),
        (record(NEW, "paused"), True),
        (record(NEW, "draft"), True),
        (record(NEW, "manual"), True),
        (record(NEW, "sent"), False),
        (record({**NEW, "scheduled_time": "2030-01-01 10:00:00"}), True),
        (record(own(NEW, "Older")), True),
    ],
)
def test_what_a_plan_may_let_send_anew(recorded: Any, starts: bool) -> None:
    desired = DesiredState(PROJECT, {"new": wanted(NEW, "new")}, "d")
    state = known(campaigns={"new": recorded} if recorded else {})
    assert [one.key for one in foreign.starting(desired, state)] == (["new"] if starts else [])
    assert [one.key for one in foreign.starting(desired, None)] == ["new"]


def test_what_is_over_or_adopted_or_marked_is_not_told_as_unmanaged() -> None:
    desired = DesiredState(PROJECT, {"a": wanted(NEW, "a", adopt="6")}, "d")
    shown = seen(
        item("9"), item("8", "sent"), item("7", "canceled"), item("6"), ours("5"), item("4", "draft")
    )
    assert [row.id for row in foreign.unmanaged(shown, None, desired)] == ["9", "4"]
    said = [str(one) for one in foreign.unmanaged_note(shown, None, desired)]
    assert [one.startswith("1 campaign of the account can send and is in no state") for one in said] == [True]
    (both,) = foreign.unmanaged_note([*shown, *seen(item("3"))], None, desired)
    assert str(both).startswith("2 campaigns of the account can send and are in no state")
    assert list(foreign.unmanaged_note(seen(item("4", "draft")), None, desired)) == []


# ---------------------------------------------------------------------------------------- what is compared


def test_what_the_state_knows_is_no_stranger() -> None:
    released = (Released("x", "2", None, "d", "scheduled", iso(NOW)),)
    state = known(released=released)
    assert set(foreign.strangers(seen(item("1"), item("2"), item("3")), state)) == {"3"}
    assert set(foreign.strangers(seen(item("1")), None)) == {"1"}


def test_what_was_archived_is_no_stranger() -> None:
    gone = Released("x", "4", None, "d", "canceled", iso(NOW), archived=iso(NOW))
    document = encode_year(2026, Year(released=(gone,)), known())
    state = with_archive(known(archives=(2026,)), lambda: {2026: document}, "there")
    assert set(foreign.strangers(seen(ours("3"), ours("4")), state)) == {"3"}


@pytest.mark.parametrize(
    ("status", "read"),
    [("scheduled", True), ("paused", True), ("sent", True), ("draft", False), ("canceled", False)],
)
def test_what_has_the_same_content_and_may_have_sent_is_read(status: str, read: bool) -> None:
    assert looked(theirs("9", status), before=known()) == ({"9"}, ["9"] if read else [], ())


def test_a_text_that_the_api_rewrote_hides_no_campaign_of_one_of_several() -> None:
    path = "messages/*/push/title"
    accepting = wanted(NEW, "new", lifecycle=Lifecycle(accept_stored=(path,)))
    script = Script([item("9", messages=[message(push={"title": {"en": "<b>New</b>"}})])])
    asked = [wanted(own(SCHEDULED, "Another"), "a"), accepting]
    with script.api() as api:
        foreign.look(api, seen(*script.items), known(), asked, PROJECT, NOW)
    assert script.asked == ["9"]


def test_other_contents_are_not_read() -> None:
    assert looked(item("9"), item("8", messages=[]), before=known()) == ({"9", "8"}, [], ())


def test_where_nothing_starts_nothing_is_read() -> None:
    before = known(foreign={"7": Foreign("scheduled", iso(NOW), content(NEW))})
    assert looked(theirs("9"), brief("8"), before=before, declared=None) == ({"9", "8"}, [], ())


def test_what_is_behind_holds_creates_back_already() -> None:
    lost = ours("9")
    assert looked({**lost, "messages": NEW["messages"]}, before=known()) == (set(), [], ())
    mine = known(campaigns={"a": record(SCHEDULED, campaign_id="1", intent=LOST)})
    assert looked({**lost, "messages": NEW["messages"]}, before=mine) == ({"9"}, ["9"], ())


def test_what_is_known_from_the_state_is_read_again_if_it_has_this_content() -> None:
    entries = {
        "7": Foreign("scheduled", iso(NOW), content(NEW)),
        "8": Foreign("scheduled", iso(NOW), "another"),
        "9": Foreign("scheduled", iso(NOW), content(NEW)),
        "6": Foreign("scheduled", iso(NOW), content(NEW)),
    }
    script = Script([theirs("7")], {"6": None})
    found, asked, _ = looked(item("9"), before=known(foreign=entries), script=script)
    assert (found, sorted(asked)) == ({"9", "7", "6"}, ["6", "7"])


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        (brief("9"), False),
        (brief("9", name="New"), True),
        (brief("9", "draft", name="New"), False),
        (brief("9", "sent", name="New"), True),
        (brief("9", scheduled_time=SCHEDULED["scheduled_time"]), True),
        (brief("9", scheduled_time="2036-12-25 09:59:59"), True),
        (brief("9", scheduled_time="2036-12-25 10:00:01"), False),
        (brief("9", recurrence=RECURRING["recurrence"], scheduled_time=None), True),
    ],
)
def test_without_messages_its_name_or_time_decides(shown: Item, read: bool) -> None:
    assert looked(shown, before=known())[1] == (["9"] if read else [])


def test_two_recurrences_may_always_meet() -> None:
    spec = {**own(RECURRING, "New"), "name": "New"}
    other = brief("9", recurrence={"cron": "0 21 1 1 *"}, scheduled_time=None)
    assert looked(other, before=known(), declared=spec)[1] == ["9"]
    assert looked(brief("9", scheduled_time=None), before=known(), declared=spec)[1] == []


@pytest.mark.parametrize(("number", "notes"), [(20, 0), (21, 1), (23, 3)])
def test_at_most_twenty_are_read_and_the_rest_is_counted(number: int, notes: int) -> None:
    many = [brief(str(100 + each), name="New") for each in range(number)]
    _, asked, said = looked(*many, before=known())
    assert len(asked) == 20
    counted = "1 campaign" if notes == 1 else f"{notes} campaigns"
    told = f"{counted} of the account not compared: the list shows no messages"
    assert said == ((told,) if notes else ())


def test_one_that_is_gone_by_now_is_none() -> None:
    script = Script([], {"9": None})
    with script.api() as api:
        lives, _ = foreign.look(api, seen(theirs("9")), known(), [wanted(NEW, "new")], PROJECT, NOW)
    assert lives == {"9": None}


# --------------------------------------------------------------------------------------------- what is kept


def at(days: int) -> str:
    return iso(NOW + days * DAY)


def noted(
    lives: dict[str, Live | None], clones: tuple[Clone, ...] = (), **fields: Any
) -> dict[str, Foreign | None]:
    return foreign.noted(lives, clones, known(**fields), NOW)


def test_an_entry_keeps_the_content_that_a_short_list_item_hides() -> None:
    old = Foreign("scheduled", at(-1), "c", ("2036-12-24T10:00:00Z",))
    shown = Live(
        "9", {"id": "9", "status": "paused", "scheduled_time": "2036-12-24 10:00:00"}, complete=False
    )
    assert noted({"9": shown}, foreign={"9": old}) == {"9": replace(old, status="paused", at=at(0))}
    assert noted({"9": shown}) == {"9": replace(old, status="paused", at=at(0), content=None)}


def test_an_entry_is_written_again_once_a_month() -> None:
    shown = live(SCHEDULED, campaign_id="9")
    entry = Foreign("scheduled", at(-29), content(SCHEDULED), ("2036-12-24T10:00:00Z",))
    assert noted({"9": shown}, foreign={"9": entry}) == {}
    assert noted({"9": shown}, foreign={"9": replace(entry, at=at(-30))}) == {}
    assert noted({"9": shown}, foreign={"9": replace(entry, at=at(-31))}) == {"9": replace(entry, at=at(0))}


def test_what_is_gone_is_dropped_and_what_never_mattered_is_not_kept() -> None:
    entry = Foreign("scheduled", at(-1), "c")
    assert noted({"9": None}, foreign={"9": entry}) == {"9": None}
    assert noted({"9": None, "8": live(SCHEDULED, "draft", "8")}) == {}


def test_a_recurrence_is_kept_as_one() -> None:
    entry = noted({"9": live(RECURRING, campaign_id="9")})["9"]
    assert entry is not None
    assert entry.recurs
    first, *_ = entry.sends
    assert first == "2026-11-25T09:00:00Z"


def test_what_started_at_once_has_the_time_of_it() -> None:
    sent = {"name": "Now", "messages": NEW["messages"]}
    shown = live(sent, "sent", "9", create_time="2026-11-20 08:00:00")
    assert noted({"9": shown}) == {"9": Foreign("sent", at(0), content(sent), ("2026-11-20T08:00:00Z",))}


def test_what_is_over_is_forgotten_after_more_than_thirty_days() -> None:
    entry = Foreign("sent", at(-60), "c", (at(-30), at(-40)))
    assert noted({}, foreign={"9": entry}) == {}
    assert noted({}, foreign={"9": replace(entry, sends=(iso(NOW - 30 * DAY - timedelta(seconds=1)),))}) == {
        "9": None
    }
    assert noted({}, foreign={"9": replace(entry, sends=(), at=at(-30))}) == {}
    assert noted({}, foreign={"9": replace(entry, status="scheduled", sends=(at(-90),))}) == {}


def test_a_clone_is_kept_unless_it_is_known() -> None:
    clone = Clone("9", "a", "draft")
    assert noted({}, (clone,)) == {"9": Foreign("draft", at(0))}
    assert noted({}, (clone,), foreign={"9": Foreign("draft", at(-5))}) == {}
    released = (Released("x", "9", None, "d", "draft", at(-1)),)
    assert noted({}, (clone,), released=released) == {"9": None}


@pytest.mark.parametrize(
    ("entry", "is_overdue"),
    [
        (Foreign("scheduled", at(-31), "c"), True),
        (Foreign("scheduled", at(-30), "c"), False),
        (Foreign("scheduled", at(-60), "c", (at(-31), at(-40))), True),
        (Foreign("scheduled", at(-60), "c", (at(-40), at(-1))), False),
        (Foreign("scheduled", at(-1), "c", (at(-40),)), False),
        (Foreign("canceled", at(-60), "c"), False),
        (Foreign("sent", at(-60), "c"), False),
        (Foreign("missing", at(-60), "c"), False),
        (Foreign("scheduled", at(-60), "c", recurs=True), False),
    ],
)
def test_what_should_have_been_sent_long_ago_is_overdue(entry: Foreign, is_overdue: bool) -> None:
    state = known(foreign={"9": entry})
    assert foreign.overdue(state, {}, NOW) == (["9"] if is_overdue else [])
    assert foreign.overdue(state, {"9": None}, NOW) == []


def test_an_unmanaged_campaign_is_told_with_the_status_that_the_account_says() -> None:
    shown = seen(item("1"), item("2", "thawing"), item("3", ""))
    found = foreign.unmanaged(shown, None, DesiredState(PROJECT, {}, "d"))
    assert {row.id: row.status for row in found}["2"] == "thawing"
    assert {row.id: row.status for row in found}["1"] == "scheduled"
    assert {row.id: row.status for row in found}["3"] == "unknown"


def test_unmanaged_campaigns_that_send_come_first_the_soonest_before_the_others() -> None:
    shown = seen(
        item("4", "draft"),
        item("2"),
        item("1", create_time="2026-11-20 08:00:00", next_run_time="2036-12-24 10:00:00"),
        item("5", next_run_time="2036-12-23 10:00:00"),
        item("0"),
    )
    desired = DesiredState(PROJECT, {}, "d")
    found = foreign.unmanaged(shown, None, desired)
    assert [row.id for row in found] == ["5", "1", "0", "2", "4"]
    assert [row.can_send for row in found] == [True, True, True, True, False]
    second = found[1]
    assert (second.next_run, second.created) == ("2036-12-24T10:00:00Z", "2026-11-20T08:00:00Z")
    (said,) = foreign.unmanaged_note(shown, None, desired)
    assert "4 campaigns of the account can send and are in no state of ours, the next on" in str(said)
    assert "23 Dec 2036 10:00" in str(said)
    assert str(said).endswith(": `campaignctl status --unmanaged`")
