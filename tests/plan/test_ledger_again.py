"""Changes that start a campaign again, and creates that are posted again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.plan import ledger
from campaignctl.plan.context import Reading, Unsettled
from campaignctl.plan.model import Options
from campaignctl.project.model import ApiSettings, Project, Settle
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import AT_ONCE, Account, Intent, State
from tests.plan.planning import (
    DRAFT,
    ID,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    SCHEDULED,
    Spec,
    body,
    intent,
    live,
    only,
    own,
    plan_of,
    record,
    state,
    wanted,
)
from tests.plan.test_ledger import AT, HOUR, RENAMED, context, entry, gone, with_released

# ----------------------------------------------------------------------- other changes that start a campaign


def replacing(release: Released, shown: Any, *, sent: bool = False, **options: Any) -> Any:
    """A replacement of a recorded campaign, next to a released one."""
    released = {} if shown == "unread" else {release.id: shown}
    reading = Reading(live={KEY: live(SCHEDULED, "sent" if sent else "scheduled")}, released=released)
    known = state({KEY: record(SCHEDULED, "sent" if sent else "scheduled")}, released=(release,))
    return plan_of(
        wanted(SCHEDULED), known=known, reading=reading, options=Options(replace=(KEY,), **options)
    )


@pytest.mark.parametrize(
    ("release", "shown", "blocked"),
    [
        (gone(), live(SCHEDULED, "scheduled", "7"), True),
        (gone(key="old"), live(SCHEDULED, "scheduled", "7"), True),
        (gone(), "unread", False),
        (gone(), live(SCHEDULED, "sent", "7"), False),
        (replace(gone(), id=ID), live(SCHEDULED, "scheduled", ID), False),
    ],
)
def test_a_replacement_is_checked_against_the_released_campaigns_that_were_read(
    release: Released, shown: Any, *, blocked: bool
) -> None:
    plan = replacing(release, shown)
    assert bool(plan.blocked) is blocked
    assert bool(plan.changes) is not blocked


def test_what_was_lifted_before_a_block_is_said() -> None:
    strange = replace(gone(), id="6")
    known = state({KEY: record(SCHEDULED)}, released=(strange, gone()))
    released = {"6": live(SCHEDULED, "strange", "6"), "7": live(SCHEDULED, "paused", "7")}
    plan = plan_of(
        wanted(SCHEDULED),
        known=known,
        reading=Reading(live={KEY: live(SCHEDULED)}, released=released),
        options=Options(replace=(KEY,), overrides=("unknown_status",)),
    )
    assert [one.id for one in plan.blocked] == ["7"]
    assert [one.name for one in plan.lifted] == ["unknown_status"]


#: Of a state that did not keep contents.
OLDER = Sent(body_digest(IMMEDIATE), "old", "7", AT)


@pytest.mark.parametrize("sent", [OLDER, entry(RENAMED, at_once=True)], ids=["its body", "its content"])
@pytest.mark.parametrize("lifted", [True, False])
def test_an_update_that_sends_at_once_is_checked_against_the_ledger(sent: Sent, *, lifted: bool) -> None:
    known = state({KEY: record(MANUAL, "manual")}, sent=(sent,))
    plan = plan_of(wanted(IMMEDIATE), known=known, options=Options(overrides=("resend",) if lifted else ()))
    assert [one.status for one in plan.blocked] == ([] if lifted else ["sent"])
    assert [one.deliberate_resend for one in plan.changes] == ([True] if lifted else [])
    assert [one.name for one in plan.lifted] == (["resend"] if lifted else [])
    unsent = plan_of(
        wanted(IMMEDIATE),
        known=state({KEY: record(MANUAL, "manual")}),
        options=Options(overrides=("resend",)),
    )
    assert (only(unsent).deliberate_resend, unsent.lifted) == (False, ())


def test_other_changes_of_what_was_sent_are_not() -> None:
    later = {**SCHEDULED, "description": "new"}
    known = state({KEY: record(SCHEDULED)}, sent=(entry(later, at_once=False, key=KEY, campaign_id=ID),))
    assert [change.action for change in plan_of(wanted(later, manifest="new"), known=known).changes] == [
        "update"
    ]


def test_a_create_that_was_asked_for_twice_is_checked_once() -> None:
    known = state(sent=(OLDER,))
    change = only(plan_of(wanted(IMMEDIATE), known=known, options=Options(replace=(KEY,))))
    assert (change.action, change.deliberate_resend) == ("create", True)


def test_the_winner_of_a_test_that_was_sent_is_set() -> None:
    first, second = ({"channel": "push", "name": name, "push": {"title": {"en": name}}} for name in "AB")
    spec = {**IMMEDIATE, "messages": [first, second], "ab_test": {"test_split": 30}}
    shown: dict[str, Any] = {"messages": [{**first, "id": "81"}, {**second, "id": "82"}]}
    sent = entry(spec, at_once=True, key=KEY, campaign_id=ID)
    plan = plan_of(
        wanted(spec, lifecycle=Lifecycle(winner="A")),
        known=state({KEY: record(spec, "needs_decision", began=AT)}, sent=(sent,)),
        reading=Reading(live={KEY: live(spec, "needs_decision", **shown)}),
    )
    assert only(plan).sets_winner


def test_a_replacement_stays_deliberate_with_a_warning() -> None:
    change = only(replacing(gone("draft", DRAFT), live(DRAFT, "draft", "7")))
    assert (change.action, change.deliberate_resend) == ("replace", True)
    assert f"7, once {KEY}, is still there as draft" in change.warnings


def test_a_released_campaign_of_another_key_and_body_is_nothing_to_it() -> None:
    shown = live(own(SCHEDULED, "Other"), "scheduled", "7")
    assert only(with_released(gone(spec=own(SCHEDULED, "Other"), key="old"), shown)).action == "create"


BEGAN = "2026-11-20T00:00:00Z"


@pytest.mark.parametrize(
    ("after", "blocked"),
    [
        (SCHEDULED, True),
        ({**SCHEDULED, "description": "new"}, True),
        ({**MANUAL, "description": "new"}, False),
        ({**MANUAL, "send_in_profile_time_zone": True}, False),
    ],
)
def test_a_new_time_of_one_that_began_is_a_second_send(after: Spec, *, blocked: bool) -> None:
    known = state({KEY: record(MANUAL, "manual", began=BEGAN)})
    plan = plan_of(wanted(after, manifest="new"), known=known)
    assert [one.reason for one in plan.blocked] == (
        [f"it began to send at {BEGAN}; this sends to the same people again"] if blocked else []
    )
    lifted = plan_of(wanted(after, manifest="new"), known=known, options=Options(overrides=("resend",)))
    assert only(lifted).deliberate_resend is blocked
    assert any("a deliberate second send" in one for one in only(lifted).warnings) is blocked


@pytest.mark.parametrize("sent", [True, False])
def test_a_second_send_by_a_replacement_names_that_command(*, sent: bool) -> None:
    plan = replacing(gone("canceled"), "unread", sent=sent)
    assert bool(plan.blocked) is sent
    if sent:
        assert f"campaignctl apply --replace {KEY} --override resend" in plan.blocked[0].hint


# --------------------------------------------------------------------------------------- creates posted again


SETTLE = Settle(horizon=24 * HOUR, repost_after=HOUR)
AGAIN = replace(PROJECT, api=ApiSettings(settle=SETTLE))
POSTED = iso(NOW - 2 * HOUR)


def markers(known: bool | None = True) -> State:
    return replace(state(), account=Account("https://api.ocamba.com", "6197120", markers=known))


@pytest.mark.parametrize(
    ("first_send", "at", "known", "project", "again"),
    [
        (None, POSTED, True, AGAIN, NOW - 2 * HOUR),
        (None, None, True, AGAIN, NOW),
        (None, iso(NOW + 48 * HOUR), True, AGAIN, NOW),  # a wrong date of the server
        (iso(NOW + 48 * HOUR), POSTED, True, AGAIN, NOW - HOUR),
        (iso(NOW + 48 * HOUR), None, True, AGAIN, NOW + HOUR),
        (iso(NOW + 24 * HOUR), POSTED, True, AGAIN, None),
        (iso(NOW + 24 * HOUR + timedelta(seconds=1)), POSTED, True, AGAIN, NOW - HOUR),
        (iso(NOW + 25 * HOUR), iso(NOW), True, AGAIN, None),
        (iso(NOW - HOUR), POSTED, True, AGAIN, None),
        (AT_ONCE, POSTED, True, AGAIN, None),
        (None, POSTED, None, AGAIN, None),
        (None, POSTED, False, AGAIN, None),
        (None, POSTED, True, replace(PROJECT, api=ApiSettings(settle=SETTLE, markers=False)), None),
    ],
)
def test_a_create_that_was_not_found_is_posted_again_only_where_a_copy_would_be_seen_in_time(
    first_send: str | None, at: str | None, known: bool | None, project: Project, again: Any
) -> None:
    lost = replace(intent(SCHEDULED, first_send=first_send), at=at)
    assert ledger.again_from(markers(known), project, lost, NOW) == again


LOST = replace(intent(SCHEDULED, first_send="2036-12-24T10:00:00Z"), at=POSTED)
NOT_FOUND = Unsettled(KEY, "i", False, "no reason", "no hint", not_found=True)


def lost(
    spec: Spec = SCHEDULED, left: Unsettled | None = NOT_FOUND, open_: Intent = LOST, **more: Any
) -> Any:
    """The plan of a create whose answer was lost."""
    options = more.pop("options", Options())
    return plan_of(
        wanted(spec, **more),
        known=replace(markers(), pending={KEY: open_}),
        reading=Reading(unsettled={KEY: left} if left else {}),
        project=AGAIN,
        options=options,
    )


def test_it_is_posted_again_under_the_same_intent() -> None:
    change = only(lost())
    assert (change.intent, change.reason) == (LOST.intent, "posted again: not found")
    assert change.warnings == (f"posted at {POSTED} with an unknown outcome, and not found since",)
    assert not change.deliberate_resend


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"spec": {**SCHEDULED, "name": "New"}}, "its manifest has changed since"),
        ({"lifecycle": Lifecycle(phase="paused")}, "it is declared paused"),
        ({"adopt": "9"}, "it is no longer asked for by a manifest"),
        ({"left": replace(NOT_FOUND, not_found=False)}, "no reason"),
        ({"open_": replace(LOST, at=iso(NOW))}, "posted again from"),
        ({"open_": replace(LOST, first_send=AT_ONCE)}, "no reason"),
        ({"options": Options(refresh_only=True)}, ""),
        ({"options": Options(destroy=True)}, ""),
    ],
)
def test_it_is_not_where_nothing_asks_for_it_or_only_a_person_knows(how: dict[str, Any], says: str) -> None:
    plan = lost(**how)
    assert not any(change.action == "create" for change in plan.changes)
    assert any(says in one.reason for one in plan.blocked) or not says


def test_a_resend_that_is_posted_again_says_so() -> None:
    sent = entry(SCHEDULED, at_once=False)
    known = replace(markers(), pending={KEY: LOST}, sent=(sent,))
    reading = Reading(unsettled={KEY: NOT_FOUND})
    (block,) = plan_of(wanted(SCHEDULED), known=known, reading=reading, project=AGAIN).blocked
    assert block.status == "sent"
    options = Options(overrides=("resend",))
    plan = plan_of(wanted(SCHEDULED), known=known, reading=reading, project=AGAIN, options=options)
    assert "a deliberate second send" in only(plan).warnings
    assert only(plan).deliberate_resend
    assert [one.name for one in plan.lifted] == ["resend"]


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("lifted", [True, False])
def test_the_second_half_of_a_replacement_waits_if_the_first_had_begun(*, sent: bool, lifted: bool) -> None:
    half = replace(intent(SCHEDULED, phase="planned"), operation="replace", id="7", ended=True)
    known = replace(markers(), pending={KEY: half}, sent=(entry(IMMEDIATE, at_once=False),) if sent else ())
    options = Options(overrides=("resend",) if lifted else ())
    plan = plan_of(wanted(SCHEDULED), known=known, options=options)
    if sent and not lifted:
        (block,) = plan.blocked
        assert (block.id, block.status) == ("7", "half done")
        assert "7 is canceled, and had begun to send" in block.reason
    else:
        change = only(plan)
        assert (change.reason, change.intent) == ("replace, half done: 7 is canceled", half.intent)


def test_without_a_half_done_replacement_nothing_is_half_sent() -> None:
    one = context(wanted(SCHEDULED), known=markers())
    assert not ledger.sends_again(one, one.subject(KEY, replacing=False))


def test_two_campaigns_are_named_from_the_older_one_on() -> None:
    lives = [
        Live("8", {"id": "8", "status": "paused", "create_time": "2026-11-02 00:00:00"}, complete=True),
        Live("9", {"id": "9", "status": "scheduled", "create_time": "2026-11-01 00:00:00"}, complete=True),
        Live("7", {"id": "7", "status": "scheduled"}, complete=True),
    ]
    reason, hint = ledger.two_campaigns(KEY, lives)
    assert reason == (
        "3 campaigns carry its marker: 7 (created unknown, scheduled)"
        " and 9 (created 2026-11-01 00:00:00, scheduled) and 8 (created 2026-11-02 00:00:00, paused)"
    )
    assert [hint.index(f"--adopt {number}") for number in "798"] == sorted(
        hint.index(f"--adopt {number}") for number in "798"
    )


def test_a_late_manifest_says_what_was_sent() -> None:
    spec = body(run_immediately=True, name="Other")
    assert not plan_of(wanted(spec), known=state(sent=(entry(SCHEDULED, at_once=False),))).blocked
