"""How lost writes and released campaigns are looked for, against an API that a test scripts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.live import Live
from campaignctl.diff import content
from campaignctl.errors import AccountMismatch
from campaignctl.manifest.model import DesiredState
from campaignctl.plan.context import Reading
from campaignctl.reconciler.refresh import find, look, observe, open_intents, read_records, read_written
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released
from campaignctl.state.model import Account, Intent, IntentOperation, State, Watermark
from tests.plan.planning import NOW, SCHEDULED, intent, own, record, wanted
from tests.reconciler.scripted import PROJECT, URL, Item, Script
from tests.reconciler.test_opening_asks import COMPANY, HOUR, LOST, item, known, ours, short

OTHER = "fedcba9876543210"
CREATE = replace(intent(SCHEDULED), intent=LOST, watermark=Watermark(("1",), None))


def pending(**intents: Intent) -> State:
    """A state with record 1 and these writes."""
    return known(pending=intents)


def found(script: Script, before: State) -> dict[str, list[str]]:
    with script.api() as api:
        return {key: [live.id for live in lives] for key, lives in find(api, before).items()}


# ------------------------------------------------------------------------------------------- lost creates


def test_a_lost_create_is_found_by_its_marker_above_its_mark() -> None:
    items = [
        item("9"),
        ours("8"),
        ours("7", OTHER),
        short("6"),
        ours("5"),
        item("1"),
        item("0", age=9 * HOUR),
    ]
    script = Script(items, {"6": ours("6", OTHER)}, size=7)
    before = pending(a=CREATE, b=replace(CREATE, intent=OTHER), c=replace(CREATE, operation="update", id="1"))
    before = replace(before, released=(Released("x", "5", None, "d", "canceled", iso(NOW)),))
    assert found(script, before) == {"a": ["8"], "b": ["7", "6"]}
    assert script.asked == ["page 1", "6"]


def test_without_a_create_that_was_sent_nothing_is_looked_for() -> None:
    script = Script([ours("8")])
    before = pending(a=replace(CREATE, phase="planned"), c=replace(CREATE, operation="update", id="1"))
    assert found(script, before) == {}
    assert script.asked == []


def test_what_is_gone_or_carries_no_marker_is_not_found() -> None:
    script = Script([short("8"), item("7"), short("6")], {"8": None, "6": item("6")})
    assert found(script, pending(a=CREATE)) == {}


@pytest.mark.parametrize(
    ("marks", "asked"),
    [
        ((("7", "5"), ("7", "5")), ["page 1", "page 2"]),
        ((("7", "5"), ("5", "3")), ["page 1", "page 2", "page 3"]),
        ((("7",), ("3",)), ["page 1", "page 2", "page 3", "page 4"]),
    ],
)
def test_it_looks_down_to_the_deepest_mark(marks: tuple[tuple[str, ...], ...], asked: list[str]) -> None:
    script = Script([item(str(8 - each), age=each * HOUR) for each in range(8)], size=2)
    one, other = (replace(CREATE, watermark=Watermark(mark, None)) for mark in marks)
    found(script, pending(a=one, b=replace(other, intent=OTHER)))
    assert script.asked == asked


def test_one_look_tells_what_is_settled_and_what_is_not() -> None:
    before = pending(
        one=CREATE,
        two=replace(CREATE, intent=OTHER),
        none=replace(CREATE, intent="1111111111111111"),
        write=replace(CREATE, operation="update", id="1"),
        planned=replace(CREATE, phase="planned"),
    )
    script = Script([ours("9"), ours("8", OTHER), ours("7", OTHER), item("1")])
    with script.api() as api:
        settled, left = look(api, before)
    assert {key: live.id for key, live in settled.items()} == {"one": "9"}
    assert {key: one.not_found for key, one in left.items()} == {"two": False, "none": True}
    assert "8" in left["two"].reason
    assert "7" in left["two"].reason
    assert "state resolve two --adopt" in left["two"].hint
    assert set(open_intents(before)) == {"one", "two", "none", "write"}


# ------------------------------------------------------------------------------------------- open writes


def written(script: Script, before: State) -> dict[str, str | None]:
    with script.api() as api:
        lives = read_written(api, before, PROJECT, NOW, 1)
    return {key: live.id if live else None for key, live in lives.items()}


PAUSE = replace(CREATE, operation="pause", id="1")


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        (item("1", "paused"), ["1"]),
        (item("1"), ["1"]),
        (None, ["1"]),
    ],
)
def test_an_open_write_is_settled_by_a_read_of_its_campaign(shown: Item | None, asked: list[str]) -> None:
    script = Script([], {"1": shown})
    assert written(script, pending(a=PAUSE)) == {"a": "1" if shown else None}
    assert script.asked == asked


def test_a_list_page_proves_only_what_it_shows() -> None:
    campaigns = {key: record(SCHEDULED, campaign_id=key) for key in "1234"}
    intents = {key: replace(PAUSE, operation="cancel", id=key) for key in "1234"}
    script = Script([short("4", "canceled"), item("3"), item("2", "canceled"), item("1", "canceled")])
    assert written(script, known(campaigns=campaigns, pending=intents)) == {key: key for key in "1234"}
    assert script.asked == ["page 1", "3"]


@pytest.mark.parametrize("operation", ["pause", "resume", "update", "winner", "mark"])
def test_a_write_without_an_answer_that_is_not_final_is_read_by_id(operation: IntentOperation) -> None:
    """A list may show what was before, as its text or status may have been that of the write before."""
    campaigns = {key: record(SCHEDULED, campaign_id=key) for key in "1234"}
    intents = {key: replace(PAUSE, operation=operation, id=key) for key in "1234"}
    script = Script([item(key) for key in "4321"])
    assert written(script, known(campaigns=campaigns, pending=intents)) == {key: key for key in "1234"}
    assert script.asked == ["1", "2", "3", "4"]


def test_a_write_whose_record_is_another_by_now_is_read_by_its_own_id() -> None:
    script = Script([item("8"), item("1")])
    assert written(script, pending(a=replace(PAUSE, id="8"), gone=replace(PAUSE, id="7"))) == {
        "a": "8",
        "gone": None,
    }
    assert script.asked == ["8", "7"]


# ---------------------------------------------------------------------------------------- what a plan needs


def reading(script: Script, before: State | None, *declared: Any, **how: Any) -> Reading:
    project = replace(PROJECT, api=replace(PROJECT.api, url=URL))
    desired = DesiredState(project, {one.key: one for one in declared}, "d")
    with script.api() as api:
        return observe(api, before, desired, NOW, parallelism=1, **how)


@pytest.mark.parametrize(
    ("size", "total", "more"), [(2, True, False), (1, True, True), (1, False, False), (2, False, False)]
)
def test_the_newest_page_is_enough_if_it_is_the_only_one(size: int, total: bool, more: bool) -> None:
    script = Script([item("9"), item("8")], {"1": item("1")}, size=size, total=total)
    reading(script, known(), wanted(own(SCHEDULED, "New"), "new"), list_page=True)
    assert script.asked[0] == "page 1"
    assert ("live page 1" in script.asked) is more


def released(campaign_id: str, key: str = "x", status: str = "scheduled", **fields: Any) -> Released:
    return replace(Released(key, campaign_id, None, "d", status, iso(NOW)), **fields)


def test_released_campaigns_are_read_that_a_create_could_repeat() -> None:
    new = own(SCHEDULED, "New")
    entries = (
        released("2", key="new"),
        released("3", digest=body_digest(new)),
        released("4", content=content(new)),
        released("5"),
        released("6", key="new", status="sent"),
        released("7", key="new", status="canceled"),
        released("8", key="a"),
        released("9", key="new", status="sent", sends=(iso(NOW + timedelta(days=1)),)),
    )
    script = Script([item("1")], {each: item(each, "draft") for each in "23456789"})
    found = reading(script, known(released=entries), wanted(new, "new"), wanted(SCHEDULED, "a"))
    assert set(found.released) == {"2", "3", "4", "9"}
    assert script.asked == ["1", "2", "3", "4", "9"]


def test_what_a_manifest_adopts_is_read_once() -> None:
    new = own(SCHEDULED, "New")
    before = known(released=(released("2", key="new"),))
    script = Script([item("1"), item("2")])
    found = reading(script, before, wanted(new, "new", adopt="2"), wanted(SCHEDULED, "a", adopt="1"))
    assert (set(found.adoptable), set(found.released)) == ({"2"}, {"2"})
    assert sorted(script.asked) == ["1", "2"]


def test_a_reading_as_a_whole() -> None:
    script = Script([item("1")])
    found = reading(script, known())
    assert (found.proven, found.company_id, set(found.live)) == (True, COMPANY, {"a"})
    assert (found.behind, found.clones, found.released, found.adoptable) == ((), (), {}, {})
    over = known(campaigns={"a": record(SCHEDULED, "sent", "1")})
    none = reading(script, over)
    assert (none.live, none.proven, none.company_id) == ({}, False, COMPANY)


def test_what_a_list_shows_besides() -> None:
    new = wanted(own(SCHEDULED, "New"), "new")
    before = known(campaigns={"a": record(SCHEDULED, campaign_id="1", intent=LOST)}, seen=("1",))
    script = Script([ours("9"), ours("8", OTHER), item("1")])
    found = reading(script, before, new, list_page=True)
    assert [one.id for one in found.clones] == ["9"]
    assert [one.id for one in found.behind] == ["8"]
    assert set(found.foreign) == {"9"}, "what is behind holds creates back already"


def test_a_missing_campaign_is_missing_once_the_account_is_proven() -> None:
    script = Script([item("9")], {"1": None})
    found = reading(script, known())
    assert found.live == {"a": None}
    assert script.asked == ["1", "page 1"]
    other = Script([item("9", company_id="7")], {"1": None})
    with pytest.raises(AccountMismatch, match="company 7"):
        reading(other, known())
    nothing = Script([], {"1": None})
    with pytest.raises(AccountMismatch, match="no recorded campaign was found"):
        reading(nothing, known())


def test_another_company_is_refused_whichever_read_shows_it() -> None:
    with pytest.raises(AccountMismatch, match="company 7"):
        reading(Script([item("1", company_id="7")]), known())
    entries = (released("2", key="new"),)
    script = Script([item("1")], {"2": item("2", company_id="7"), "1": {**item("1"), "company_id": None}})
    with pytest.raises(AccountMismatch, match="company 7"):
        reading(script, known(released=entries), wanted(own(SCHEDULED, "New"), "new"))


def test_without_a_state_only_what_was_read_counts() -> None:
    new = wanted(own(SCHEDULED, "New"), "new")
    assert reading(Script([item("9")]), None, new) == Reading(proven=False)
    with_page = Script([item("9")])
    with with_page.api() as api:
        lives = {live.id: live for live in api.list_page(1).items}
    found = reading(with_page, None, new, at_hand=lives)
    assert (found.company_id, found.proven, set(found.foreign)) == (COMPANY, True, {"9"})
    assert with_page.asked == ["page 1"]


def at_hand(*items: Item) -> dict[str, Live]:
    """Campaigns that a page has shown."""
    return {str(each["id"]): Live(str(each["id"]), dict(each), complete=False) for each in items}


def test_what_a_page_showed_is_read_again_only_if_it_is_too_short() -> None:
    whole, brief = Script([item("1")]), Script([item("1")])
    assert set(reading(whole, known(), at_hand=at_hand(item("1"), item("9"))).live) == {"a"}
    assert whole.asked == []
    found = reading(brief, known(), at_hand=at_hand(short("1")))
    assert brief.asked == ["1"]
    assert found.live["a"] is not None
    assert found.live["a"].complete


def test_campaigns_of_others_are_compared_where_a_page_was_read() -> None:
    spec = own(SCHEDULED, "New")
    theirs = item("9", messages=spec["messages"])
    script = Script([theirs, item("1")])
    reading(script, known(seen=("1",)), wanted(spec, "new"), at_hand=at_hand(theirs, item("1")))
    assert script.asked == ["9"], "what has the same content is read before it counts"
    script.asked.clear()
    reading(script, known(seen=("1",)), wanted(spec, "new"), list_page=True)
    assert script.asked == ["page 1", "9"]
    script.asked.clear()
    reading(script, known(seen=("1",)), wanted(spec, "new"))
    assert script.asked == ["1"]


@pytest.mark.parametrize(
    ("items", "seen", "asked"),
    [
        ([item("9"), item("1")], ("1",), ["page 1"]),
        ([item("9"), item("8"), item("7"), item("1")], ("7",), ["page 1", "live page 1", "live page 2"]),
        ([item("9"), item("8"), item("1")], ("9",), ["page 1", "1"]),
    ],
)
def test_a_plan_that_starts_something_reads_what_others_sent_lately(
    items: list[Item], seen: tuple[str, ...], asked: list[str]
) -> None:
    script = Script(items, size=2)
    reading(script, known(seen=seen), wanted(own(SCHEDULED, "New"), "new"), list_page=True)
    assert script.asked == asked


def test_a_plan_that_starts_nothing_reads_what_is_not_over() -> None:
    script = Script([item("9"), item("8"), item("1")], size=2)
    reading(script, known(), wanted(SCHEDULED, "a"), list_page=True)
    assert script.asked == ["live page 1", "live page 2"]


def test_a_campaign_that_is_found_proves_the_account_without_a_company() -> None:
    script = Script([{**item("1"), "company_id": None}])
    found = reading(script, known())
    assert (found.proven, found.company_id, script.asked) == (True, COMPANY, ["1"])
    fresh = known(account=Account(URL, None), campaigns={})
    page = reading(Script([]), fresh, at_hand=at_hand(item("9")))
    assert (page.proven, page.company_id, page.live) == (True, COMPANY, {})
    nothing = reading(Script([]), fresh)
    assert (nothing.proven, nothing.company_id) == (False, None)


@pytest.mark.parametrize("before", [None, known(seen=("1",))])
def test_what_could_not_be_compared_is_noted(before: State | None) -> None:
    many = [{**short(str(each)), "name": "Welcome"} for each in range(100, 122)]
    script = Script([item("1")], {str(each["id"]): item(str(each["id"]), "draft") for each in many})
    found = reading(script, before, wanted(own(SCHEDULED, "New"), "new"), at_hand=at_hand(*many, item("1")))
    assert found.notes == ("2 campaigns of the account not compared: the list shows no messages",)


@pytest.mark.parametrize("repeats", [True, False])
def test_a_list_that_claims_more_than_it_has_ends(repeats: bool) -> None:
    script = Script([item(str(each)) for each in range(30)], claims=100, repeats=repeats)
    wanted = {str(each): record(SCHEDULED, campaign_id=str(each)) for each in range(60)}
    with script.api() as api:
        lives, _ = read_records(api, wanted, parallelism=1)
    assert [live is None for live in lives.values()] == [False] * 30 + [True] * 30
    assert [one for one in script.asked if "page" in one] == ["live page 1", "live page 2"]
