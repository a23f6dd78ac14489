"""One key under decision: what its record, its live campaign and its manifest say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.diff import content
from campaignctl.plan.model import Unmanaged
from campaignctl.plan.subject import Subject, said
from campaignctl.state.halts import Halt, Halts, Held, Stopped
from tests.plan.planning import (
    ID,
    KEY,
    MANUAL,
    NOW,
    SCHEDULED,
    Spec,
    live,
    message,
    record,
    wanted,
)

FIRED = {**MANUAL, "run_immediately": True}
UNFIRED = {**MANUAL, "run_immediately": False}
QUIET = {"begin": "22:00", "end": "08:00"}
HOUR = timedelta(hours=1)


def subject(
    applied: Spec | None = SCHEDULED,
    shown: Live | str | None = "as recorded",
    spec: Spec | None = SCHEDULED,
    *,
    status: str = "scheduled",
    known: dict[str, Any] | None = None,
    lifecycle: Lifecycle | None = None,
    adopt: str | None = None,
    moved: tuple[str, ...] = (),
    **more: Any,
) -> Subject:
    """A key with this record, this live campaign and this manifest."""
    recorded = None if applied is None else record(applied, status, **(known or {}))
    read = shown if isinstance(shown, Live) or shown is None else live(applied or SCHEDULED, status)
    manifest = None if spec is None else wanted(spec, lifecycle=lifecycle, adopt=adopt, moved_from=moved)
    return Subject(KEY, recorded, read, more.pop("read", True), manifest, **{"now": NOW, **more})


def test_a_record_and_a_manifest_are_asked_of_a_key_that_has_them() -> None:
    one = subject(None, None, None)
    for ask in (lambda: one.record, lambda: one.manifest):
        with pytest.raises(AssertionError, match=KEY):
            ask()


@pytest.mark.parametrize(
    ("how", "desired"),
    [
        ({}, "active"),
        ({"spec": None}, "gone"),
        ({"destroyed": True}, "gone"),
        ({"replacing": True}, "replaced"),
        ({"applied": None, "replacing": True}, "active"),
        ({"lifecycle": Lifecycle(phase="paused")}, "paused"),
    ],
)
def test_what_is_desired(how: dict[str, Any], desired: str) -> None:
    assert subject(**how).desired == desired


@pytest.mark.parametrize(
    ("applied", "status", "shown", "known", "found"),
    [
        (SCHEDULED, "scheduled", live(SCHEDULED, "paused"), {}, Status.PAUSED),
        (SCHEDULED, "scheduled", None, {}, Status.MISSING),
        (SCHEDULED, "paused", "unread", {}, Status.PAUSED),
        (SCHEDULED, "manual", "unread", {}, Status.MANUAL),
        (SCHEDULED, "missing", "unread", {}, Status.MISSING),
        (SCHEDULED, "strange", "unread", {}, Status.UNKNOWN),
        (SCHEDULED, "strange", "unread", {"send_strategy": "manual"}, Status.MANUAL),
        (MANUAL, "strange", "unread", {}, Status.MANUAL),
        (SCHEDULED, "strange", live(SCHEDULED, "strange"), {}, Status.UNKNOWN),
        (MANUAL, "strange", live(MANUAL, "strange"), {}, Status.MANUAL),
    ],
)
def test_the_status_is_as_read_else_as_recorded(
    applied: Spec, status: str, shown: Any, known: dict[str, Any], found: Status
) -> None:
    read = shown != "unread"
    one = subject(applied, shown if read else None, status=status, known=known, read=read)
    assert one.status is found


# ------------------------------------------------------------------------------------------------- the spec


@pytest.mark.parametrize(
    ("applied", "spec", "event"),
    [
        (FIRED, FIRED, True),
        (FIRED, MANUAL, True),
        (FIRED, UNFIRED, True),
        (FIRED, {**MANUAL, "is_draft": True}, False),
        (FIRED, {**FIRED, "is_draft": True}, True),
        ({**FIRED, "is_draft": True}, FIRED, True),
        ({**FIRED, "is_draft": True}, MANUAL, False),
        (UNFIRED, MANUAL, False),
        (UNFIRED, FIRED, True),
        (MANUAL, FIRED, True),
        (MANUAL, MANUAL, None),
        (MANUAL, UNFIRED, None),
    ],
)
def test_an_event_that_was_applied_stays_applied(applied: Spec, spec: Spec, event: bool | None) -> None:
    one = subject(applied, live(applied, "manual"), spec, status="manual")
    assert one.spec.get("run_immediately") is event
    assert ("run_immediately" in one.spec) is (event is not None)


A, B = message(name="A", priority=1), message("sms", name="B", priority=2)
TWO = {**SCHEDULED, "messages": [A, B]}
SWAPPED = {**SCHEDULED, "messages": [B, A]}


@pytest.mark.parametrize(
    ("spec", "ignored", "kept"),
    [
        (TWO, "messages/0/priority", "messages/0/priority"),
        (SWAPPED, "messages/0/priority", "messages/1/priority"),
        (SWAPPED, "messages/1/priority", "messages/0/priority"),
        (None, "messages/0/priority", "messages/0/priority"),
    ],
)
def test_an_index_of_what_is_ignored_is_the_manifests(spec: Spec | None, ignored: str, kept: str) -> None:
    rule = Lifecycle(ignore_changes=(ignored,))
    shown = {**SCHEDULED, "messages": [{**A, "priority": 8}, {**B, "priority": 9}]}
    one = subject(TWO, live(shown), spec, lifecycle=rule, known={"lifecycle": rule})
    paths = {"messages/0/priority", "messages/1/priority"}
    assert {path for path in paths if one.ignores(path)} == {kept}
    assert {change.path for change in one.drift} == paths - {kept}


OTHERS = {**SCHEDULED, "messages": [message("sms", priority=2), message(priority=1)]}


@pytest.mark.parametrize(
    ("ignored", "applied", "shown", "unmatched"),
    [
        ("messages/0/priority", TWO, TWO, False),
        ("messages/*/priority", TWO, OTHERS, True),
        ("*/0/priority", TWO, OTHERS, True),
        ("messages/0/priority", OTHERS, TWO, True),
        ("messages/0/priority", SWAPPED, SWAPPED, False),
        ("messages/0", TWO, OTHERS, True),
        ("messages", TWO, OTHERS, False),
        ("targeting/x", TWO, OTHERS, False),
        ("name", TWO, OTHERS, False),
    ],
)
def test_what_is_ignored_inside_messages_needs_their_names(
    ignored: str, applied: Spec, shown: Spec, *, unmatched: bool
) -> None:
    one = subject(applied, live(applied), TWO, lifecycle=Lifecycle(ignore_changes=("name", ignored)))
    assert one.unmatched(shown) is unmatched


def test_messages_without_names_that_are_the_same_need_none() -> None:
    rule = Lifecycle(ignore_changes=("messages/0/priority",))
    assert not subject(OTHERS, live(OTHERS), OTHERS, lifecycle=rule).unmatched(OTHERS)
    assert subject(OTHERS, live(OTHERS), OTHERS, lifecycle=rule).unmatched(TWO)


# ----------------------------------------------------------------------------------- what was set outside


SET = (Unmanaged("quiet_hours", QUIET, None), Unmanaged("deal_id", "7", None))


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({}, SET),
        ({"spec": None}, SET),
        ({"shown": None}, ()),
        ({"shown": None, "known": {"baseline": {"deal_id": "7"}}}, ()),
        ({"known": {"baseline": None}}, ()),
        ({"shown": None, "known": {"baseline": None}}, ()),
        ({"known": {"baseline": {"quiet_hours": QUIET}}}, SET[1:]),
        ({"known": {"baseline": {"deal_id": "6"}}}, (SET[0], replace(SET[1], baseline="6"))),
        ({"spec": {**SCHEDULED, "quiet_hours": QUIET}}, SET[1:]),
        ({"lifecycle": Lifecycle(ignore_changes=("quiet_hours",))}, SET[1:]),
        ({"everywhere": {said("deal_id", "7")}}, SET[:1]),
        ({"everywhere": {said("deal_id", "8")}}, SET),
    ],
)
def test_what_was_set_outside_and_no_manifest_sets(how: dict[str, Any], found: Any) -> None:
    given = {"shown": live({**SCHEDULED, "quiet_hours": QUIET, "deal_id": "7"}), **how}
    one = subject(**given)
    assert sorted(one.outside, key=lambda each: each.path, reverse=True) == list(found)


def test_without_a_live_campaign_nothing_was_set_outside() -> None:
    one = subject(shown=None, known={"baseline": {"deal_id": "7"}})
    assert (one.beyond, one.set_outside, one.drift) == ({}, (), ())


@pytest.mark.parametrize(
    ("how", "first"),
    [
        ({"known": {"baseline": None}}, True),
        ({}, False),
        ({"known": {"baseline": None}, "shown": None}, False),
        ({"known": {"baseline": None}, "shown": Live(ID, {"id": ID}, complete=False)}, False),
        ({"applied": None}, False),
    ],
)
def test_what_a_manifest_does_not_set_is_first_seen_in_a_whole_answer(
    how: dict[str, Any], *, first: bool
) -> None:
    assert subject(**how).first_seen is first


def digest(**how: Any) -> str | None:
    return subject(**how).live_digest


def test_the_digest_of_live_is_of_what_decides_and_of_what_is_written() -> None:
    same = digest()
    assert same is not None
    assert digest(shown=None, read=False) is None
    different = [
        digest(shown=live(SCHEDULED, "paused")),
        digest(shown=live({**SCHEDULED, "name": "x"})),
        digest(shown=live({**SCHEDULED, "name": "y"})),
        digest(shown=live({**SCHEDULED, "scheduled_time": "2036-12-25 10:00:00"})),
        digest(shown=live({**SCHEDULED, "quiet_hours": QUIET})),
        digest(shown=live({**SCHEDULED, "quiet_hours": {**QUIET, "end": "09:00"}})),
        digest(shown=live({**SCHEDULED, "quiet_hours": {"start": "22:00", "end": "08:00"}})),
        digest(shown=None),
    ]
    assert len({same, *different}) == len(different) + 1
    described = {**SCHEDULED, "description": "old"}
    theirs = [{**described, name: "theirs"} for name in ("name", "description")]
    assert len({digest(applied=described, shown=live(spec)) for spec in theirs}) == 2
    beyond = [{**SCHEDULED, name: {"begin": "22:00"}} for name in ("targeting", "quiet_hours")]
    assert len({digest(shown=live(spec)) for spec in beyond}) == 2
    labeled = live({**SCHEDULED, "labels": ["x"]})
    assert digest(shown=labeled) == same, "a field of the team that nothing writes"
    written = {**SCHEDULED, "labels": ["y"]}
    assert digest(shown=labeled, spec=written) != digest(spec=written)
    assert digest(shown=labeled, written=written) != same
    assert digest(shown=labeled, spec=written, written=SCHEDULED) == same
    assert digest(shown=labeled, spec=None) == digest(spec=None) == same


# ----------------------------------------------------------------------------------------------------- halts


def halted(*keys: str, **more: Any) -> Halts:
    return Halts((Halt("h-1", keys, "wrong price", "ana", "laptop", "2026-11-24T11:00:00Z", **more),))


BY_ID = halted("x", held=(Held("x", ID, ""),))
BY_CONTENT = halted("x", held=(Held("x", "", content(SCHEDULED)),))


@pytest.mark.parametrize(
    ("how", "halts", "by"),
    [
        ({}, halted(KEY), KEY),
        ({}, halted("x"), None),
        ({"moved_from": "x"}, halted("x"), "x"),
        ({"known": {"moved_from": "x"}}, halted("x"), "x"),
        ({"moved": ("x",)}, halted("x"), None),
        ({"applied": None, "moved": ("x",)}, halted("x"), "x"),
        ({"applied": None, "spec": None}, halted("x"), None),
        ({}, BY_ID, "x"),
        ({"applied": None}, BY_ID, None),
        ({"applied": None, "adopt": ID}, BY_ID, "x"),
        ({"applied": None, "spec": None}, BY_ID, None),
        ({}, BY_CONTENT, None),
        ({"applied": None}, BY_CONTENT, "x"),
        ({"replacing": True}, BY_CONTENT, "x"),
        ({"spec": None}, BY_CONTENT, None),
        ({"applied": None, "spec": None}, BY_CONTENT, None),
        ({"applied": None, "spec": MANUAL}, BY_CONTENT, "x"),
        ({"applied": None, "spec": TWO}, BY_CONTENT, None),
    ],
)
def test_a_halt_stops_a_campaign_under_any_key_and_a_create_by_its_content(
    how: dict[str, Any], halts: Halts, by: str | None
) -> None:
    found = subject(halts=halts, **how).halt
    assert (found[1] if found else None) == by


PAUSE = Stopped(KEY, ID, "paused", "2026-11-24T11:00:00Z")


@pytest.mark.parametrize(
    ("how", "ours"),
    [
        ({"status": "paused"}, False),
        ({"status": "paused", "known": {"paused_by_us": True}}, True),
        ({"status": "scheduled", "known": {"paused_by_us": True}}, False),
        ({"status": "paused", "halts": halted("x", stopped=(PAUSE,))}, True),
        ({"status": "scheduled", "halts": halted("x", stopped=(PAUSE,))}, False),
        (
            {
                "status": "paused",
                "halts": halted("x", stopped=(PAUSE,)),
                "known": {"updated_at": "2026-11-24T11:30:00Z"},
            },
            False,
        ),
    ],
)
def test_a_pause_is_ours_if_an_apply_or_a_halt_made_it(how: dict[str, Any], *, ours: bool) -> None:
    assert subject(**how).paused_by_us is ours
