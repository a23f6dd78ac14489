"""What a halt names and what it says of each campaign, by values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import content
from campaignctl.errors import UsageError
from campaignctl.reconciler.halt_report import Seen, outcome
from campaignctl.reconciler.halt_targets import (
    Named,
    Order,
    check_keys,
    held,
    only_declared,
    recorded,
    unsettled,
)
from campaignctl.schedule.times import iso, parse_iso
from campaignctl.state.halts import Halt, Held
from campaignctl.state.model import Record
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    intent,
    live,
    record,
    state,
    wanted,
)

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
CHRISTMAS = parse_iso("2036-12-24T10:00:00Z")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ALL = Halt("halt-1", None, "wrong price", "anna", "desk", iso(NOW))
SOME = replace(ALL, keys=("push/*",))
ORDER = Order(None, "wrong price")
CREATE = intent(IMMEDIATE)


def one(status: str = "scheduled", **fields: Any) -> Named:
    """A campaign that a halt names, as a read showed it."""
    shown = {"live": live(SCHEDULED, status), **fields}
    return replace(Named(KEY, ID, "Welcome", Status(status), NOW), **shown)


def seen(*campaigns: Named, **fields: Any) -> Seen:
    """What a halt saw."""
    plain: dict[str, Any] = {
        "left": (),
        "unsettled": {},
        "troubles": {},
        "canceled": (),
        "refused": (),
        "marked": True,
        "account_proven": False,
        "notes": (),
    }
    return Seen(campaigns, **{**plain, **fields})


# --------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize(
    ("campaign", "more", "word"),
    [
        (one("paused"), {}, "stopped"),
        (one("canceled"), {}, "over"),
        (one("canceled"), {"canceled": (ID,)}, "canceled"),
        (one("paused"), {"canceled": (ID,)}, "stopped"),
        (one("canceled"), {"canceled": ("another",)}, "over"),
        (one("sent"), {}, "over"),
        (one("sent", recurs=True), {}, "going"),
        (one("draft"), {}, "idle"),
        (one("manual"), {}, "idle"),
        (one("needs_decision"), {}, "undecided"),
        (one("scheduled"), {}, "going"),
        (one("running"), {}, "going"),
        (one("unknown"), {}, "going"),
        (one("paused", live=None), {}, "unproven"),
        (one("scheduled", live=None, over=True), {}, "over"),
        (one("scheduled", live=None, missing=True), {}, "unproven"),
        (one("scheduled", live=None, missing=True), {"account_proven": True}, "over"),
        (one("paused", live=None), {"account_proven": True}, "unproven"),
    ],
)
def test_the_word_for_each_campaign(campaign: Named, more: dict[str, Any], word: str) -> None:
    (row,) = outcome(ORDER, ALL, seen(campaign, **more)).rows
    assert row.outcome == word
    assert (row.key, row.id, row.name) == (KEY, ID, "Welcome")
    assert row.read is (campaign.live is not None or campaign.missing)


@pytest.mark.parametrize(
    ("campaign", "status"),
    [
        (one("scheduled", live=live(SCHEDULED, "thawing")), "thawing"),
        (one("paused", live=Live(ID, {"id": ID}, complete=False)), "paused"),
        (one("paused", live=None), "paused"),
        (one("paused", missing=True), "missing"),
    ],
)
def test_the_status_is_the_one_that_a_read_showed_else_the_recorded_one(campaign: Named, status: str) -> None:
    assert [row.status for row in outcome(ORDER, ALL, seen(campaign)).rows] == [status]
    left = outcome(ORDER, ALL, seen(left=(campaign,))).left
    assert [(row.status, row.outcome, row.read) for row in left] == [(status, "going", True)]


@pytest.mark.parametrize(
    ("campaign", "told"),
    [
        (one("scheduled"), True),
        (one("paused", live=None), True),
        (one("needs_decision"), True),
        (one("paused"), False),
        (one("draft"), False),
        (one("sent"), False),
    ],
)
def test_an_error_is_told_of_what_it_left_unproven_alone(campaign: Named, told: bool) -> None:
    (row,) = outcome(ORDER, ALL, seen(campaign, troubles={ID: "the API answered 500"})).rows
    assert row.detail == ("the API answered 500" if told else "")
    (other,) = outcome(ORDER, ALL, seen(campaign, troubles={"another": "the API answered 500"})).rows
    assert other.detail == ""


CANCEL = "campaignctl halt --all --cancel --reason 'wrong price'"


@pytest.mark.parametrize(
    ("campaign", "refused", "cancel", "hint"),
    [
        (one(), (ID,), False, f"it cannot be paused; to cancel it, which is final: `{CANCEL}`"),
        (one(), (ID,), True, "cancel it in the dashboard, then run this again"),
        (one(), (), False, "cancel it in the dashboard, then run this again"),
        (one("needs_decision"), (ID,), False, "do not choose its winner in the dashboard: "),
        (one("paused"), (ID,), False, ""),
    ],
)
def test_the_hint_names_the_command_that_stops_what_goes_on(
    campaign: Named, refused: tuple[str, ...], cancel: bool, hint: str
) -> None:
    order = replace(ORDER, cancel=cancel)
    (row,) = outcome(order, ALL, seen(campaign, refused=refused)).rows
    assert row.hint.startswith(hint)
    assert bool(row.hint) is bool(hint)


def test_a_create_of_unknown_outcome_says_where_to_look() -> None:
    first, other = outcome(ORDER, ALL, seen(one("paused"), unsettled={"b": "B", "a": "A"})).rows[:2]
    assert (first.key, other.key) == ("a", "b")
    assert (first.id, first.name, first.outcome, first.status) == (None, "A", "unproven", "unsettled")
    assert (first.detail, first.read) == ("not known whether its create happened", False)
    assert first.hint == "look in the dashboard for 'A' and cancel it there; `campaignctl apply` settles it"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (ORDER, ("--all",)),
        (replace(ORDER, account=True), ("--account",)),
        (replace(ORDER, keys=("a", "b")), ("a", "b")),
    ],
)
def test_the_words_that_say_what_to_stop(order: Order, words: tuple[str, ...]) -> None:
    assert order.words == words


def test_unproven_campaigns_come_first_then_the_soonest() -> None:
    given = (
        one("paused", key="b", id="1"),
        one("paused", key="a", id="3"),
        one("paused", key="a", id="2"),
        one("paused", key=None, id="9"),
        one("scheduled", key="c", id="4", first=NOW + timedelta(hours=1)),
        one("scheduled", key="e", id="5"),
    )
    found = outcome(ORDER, ALL, seen(*given, unsettled={"d": "Flash"}))
    assert [(row.key, row.id) for row in found.rows] == (
        [("d", None), ("e", "5"), ("c", "4"), (None, "9"), ("a", "2"), ("a", "3"), ("b", "1")]
    )
    flash = found.rows[0]
    assert (flash.outcome, flash.status, flash.read, flash.name) == ("unproven", "unsettled", False, "Flash")
    assert "'Flash'" in flash.hint
    assert "`campaignctl apply`" in flash.hint


def test_what_was_left_alone_is_told_in_the_order_of_its_sends() -> None:
    later = one(id="1", first=NOW + timedelta(hours=1))
    given = (later, one(id="3"), one(id="2"))
    found = outcome(ORDER, ALL, seen(left=given, notes=("a note",), marked=False))
    assert [row.id for row in found.left] == ["2", "3", "1"]
    assert (found.notes, found.marked, found.halt) == (("a note",), False, ALL)


# --------------------------------------------------------------------------------- what it names


@pytest.mark.parametrize(
    ("known", "first", "over", "recurs"),
    [
        (record(SCHEDULED), CHRISTMAS, False, False),
        (
            record(SCHEDULED, next_run_time="2036-12-20T10:00:00Z"),
            CHRISTMAS - timedelta(days=4),
            False,
            False,
        ),
        (record(SCHEDULED, next_run_time="2020-12-20T10:00:00Z"), CHRISTMAS, False, False),
        (record(SCHEDULED, next_run_time=iso(NOW)), NOW, False, False),
        (record(SCHEDULED, "running"), EARLIEST, False, False),
        (record(IMMEDIATE, "scheduled"), EARLIEST, False, False),
        (record({**SCHEDULED, "scheduled_time": "2026-11-24 11:59:00"}), NOW + MINUTE, False, False),
        (record({**SCHEDULED, "scheduled_time": "2026-11-20 11:59:00"}), LATEST, False, False),
        (record(RECURRING, next_run_time=iso(NOW - MINUTE)), NOW + MINUTE, False, True),
        (record(MANUAL, "manual"), LATEST, False, False),
        (record(MANUAL, next_run_time=iso(NOW - 2 * DAY)), LATEST, False, False),
        (record(MANUAL, next_run_time=iso(NOW - 2 * DAY + MINUTE)), NOW + 2 * DAY - MINUTE, False, False),
        (record(SCHEDULED, "sent"), CHRISTMAS, True, False),
        (record(SCHEDULED, "canceled"), CHRISTMAS, True, False),
        (record(RECURRING, "sent"), parse_iso("2026-11-25T09:00:00Z"), False, True),
    ],
)
def test_a_recorded_campaign_by_its_first_send(
    known: Record, first: datetime, over: bool, recurs: bool
) -> None:
    (found,) = recorded(state({KEY: known}), ALL, NOW).values()
    assert (found.first, found.over, found.recurs) == (first, over, recurs)
    assert (found.key, found.id, found.name, found.status) == (KEY, ID, "Welcome", known.status)
    assert (found.record, found.live, found.missing) == (known, None, False)


def test_a_status_that_is_not_known_can_send() -> None:
    (found,) = recorded(state({KEY: record(SCHEDULED, "thawing")}), ALL, NOW).values()
    assert (found.status, found.can_send) == (Status.UNKNOWN, True)


def test_a_halt_of_keys_names_these_alone() -> None:
    known = state({KEY: record(SCHEDULED), "sms/a": record(SCHEDULED, campaign_id="2")})
    assert set(recorded(known, ALL, NOW)) == {ID, "2"}
    assert set(recorded(known, SOME, NOW)) == {ID}
    assert recorded(None, ALL, NOW) == {}


@pytest.mark.parametrize(
    ("asked", "declared", "refused", "noted"),
    [
        (None, None, None, []),
        ((KEY,), None, None, []),
        (("sms/lost",), None, None, []),
        (("sms/*", "push/*"), None, None, []),
        (("email/new",), {"email/new"}, None, []),
        (("email/*", KEY), {"email/new"}, None, []),
        (("email/new",), None, None, ["email/new: no such key is recorded"]),
        ((KEY, "email/new"), None, None, ["email/new: no such key is recorded"]),
        (("sms/los",), set(), "did you mean sms/lost?", []),
        (("email/ne",), {"email/new"}, "did you mean email/new?", []),
        (("zzz",), set(), "--all", []),
    ],
)
def test_a_key_is_known_if_it_is_recorded_under_way_or_declared(
    asked: tuple[str, ...] | None, declared: set[str] | None, refused: str | None, noted: list[str]
) -> None:
    known = state({KEY: record(SCHEDULED)}, pending={"sms/lost": CREATE})
    manifests = None if declared is None else {key: wanted(SCHEDULED, key) for key in declared}
    if refused:
        with pytest.raises(UsageError, match="no such key, and nothing was stopped") as error:
            check_keys(asked, known, lambda: manifests)
        assert refused in str(error.value.hint)
        return
    notes = check_keys(asked, known, lambda: manifests)
    assert [note.partition(", and")[0] for note in notes] == noted


@pytest.mark.parametrize(
    ("key", "near"), [("sms/los", "did you mean sms/lost?"), ("zzz", "check the spelling.")]
)
def test_a_key_that_manifests_that_cannot_be_read_may_declare_is_noted(key: str, near: str) -> None:
    known = state(pending={"sms/lost": CREATE})
    (note,) = check_keys((key,), known, lambda: None)
    assert note == (
        f"{key}: no such key is recorded, and the manifests cannot be read; {near}"
        " `campaignctl validate` shows their errors"
    )
    with pytest.raises(UsageError) as error:
        check_keys(("zzz",), known, dict)
    assert error.value.hint == "to stop everything: `campaignctl halt --all --reason TEXT`"


@pytest.mark.parametrize(
    ("campaign", "can_send"),
    [(one(status), status in ("scheduled", "running", "unknown")) for status in Status]
    + [
        (one("sent", recurs=True), True),
        (one("paused", recurs=True), False),
        (one(over=True), False),
        (one(missing=True), False),
    ],
)
def test_what_can_send_by_itself(campaign: Named, can_send: bool) -> None:
    assert campaign.can_send is can_send


def test_a_read_replaces_what_was_recorded() -> None:
    known = one(live=None, record=record(MANUAL))
    after = known.seen(live(MANUAL, "thawing", name="New"))
    assert (after.status, after.name, after.missing) == (Status.MANUAL, "New", False)
    unknown = replace(known, record=None, missing=True).seen(Live(ID, {"status": "thawing"}, complete=True))
    assert (unknown.status, unknown.name, unknown.missing) == (Status.UNKNOWN, "Welcome", False)
    assert (after.first, known.seen(live(MANUAL, "running")).first) == (NOW, EARLIEST)
    gone = after.seen(None)
    assert (gone.live, gone.missing, gone.status) == (None, True, Status.MANUAL)


# --------------------------------------------------------------------------------- what it holds


def test_it_holds_each_campaign_by_id_and_content() -> None:
    short = Live("7", {"id": "7"}, complete=False)
    found = (
        one(record=record(DRAFT)),
        one(key=None, id="8"),
        one(key=None, id="7", live=short),
        one(id="6", live=None),
        one(id="9", over=True),
    )
    assert held(found, None, ALL) == [
        Held(KEY, ID, content(DRAFT)),
        Held("", "8", content(SCHEDULED)),
        Held("", "7", ""),
        Held(KEY, "6", ""),
    ]


def test_it_holds_a_create_of_unknown_outcome_by_its_content() -> None:
    pending = {KEY: CREATE, "push/b": replace(CREATE, id="5"), "sms/a": CREATE}
    known = state(pending=pending)
    assert held((), known, SOME) == [
        Held(KEY, "", content(IMMEDIATE)),
        Held("push/b", "5", content(IMMEDIATE)),
    ]
    assert len(held((), known, ALL)) == 3


def test_it_holds_what_is_only_declared_by_its_content() -> None:
    campaigns = {key: wanted(SCHEDULED, key, lifecycle=Lifecycle()) for key in (KEY, "push/new", "sms/a")}
    known = state({KEY: record(SCHEDULED)})
    assert only_declared(SOME, known, lambda: campaigns) == [Held("push/new", "", content(SCHEDULED))]
    assert {each.key for each in only_declared(SOME, None, lambda: campaigns)} == {KEY, "push/new"}
    assert only_declared(ALL, known, lambda: campaigns) == []
    assert only_declared(SOME, known, lambda: None) == []


def test_texts_that_the_api_rewrites_are_no_part_of_the_content_that_it_holds() -> None:
    paths = ("messages/*/push/title",)
    accepting, kept = Lifecycle(accept_stored=paths), content(SCHEDULED, paths)
    assert kept != content(SCHEDULED)
    found = (one(record=record(SCHEDULED, lifecycle=accepting)),)
    lost = replace(intent(SCHEDULED), lifecycle=accepting)
    declared = {"push/new": wanted(SCHEDULED, "push/new", lifecycle=accepting)}
    assert [each.content for each in held(found, state(pending={KEY: lost}), ALL)] == [kept, kept]
    assert [each.content for each in only_declared(SOME, None, lambda: declared)] == [kept]


def test_creates_of_unknown_outcome_are_named_unless_their_campaign_was_seen() -> None:
    pending = {
        KEY: CREATE,
        "push/planned": intent(SCHEDULED, phase="planned"),
        "push/paused": replace(CREATE, operation="pause"),
        "push/found": replace(CREATE, intent="found"),
        "sms/a": replace(CREATE, spec={}),
    }
    known = state(pending=pending)
    assert unsettled(known, ALL, ("found",)) == {KEY: "Welcome", "sms/a": ""}
    assert unsettled(known, SOME, ()) == {KEY: "Welcome", "push/found": "Welcome"}
    assert unsettled(None, ALL, ()) == {}
