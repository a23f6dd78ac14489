"""Fields of a live campaign that its manifest does not set: shown, and held back where they would be sent."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.plan.context import Reading
from campaignctl.plan.model import Options, Plan, Unmanaged
from tests.plan.planning import (
    DRAFT,
    KEY,
    SCHEDULED,
    Spec,
    live,
    message,
    only,
    plan_of,
    record,
    state,
    wanted,
)

QUIET = {"quiet_hours": {"from": "20:00"}}
AIM = {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}
GERMAN = {"messages": [{"channel": "push", "push": {"title": {"en": "Hello", "de": "Hallo"}}}]}
LABELS = {"labels": ["theirs"]}
PATHS = {
    "quiet hours": (QUIET, "quiet_hours"),
    "audience": (AIM, "targeting"),
    "language": (GERMAN, "messages/0/push/title/de"),
}


def of(spec: Spec, applied: Spec, theirs: Spec, *overrides: str) -> Plan:
    """The plan for a campaign of which live has more than was applied."""
    status = "draft" if applied.get("is_draft") else "scheduled"
    return plan_of(
        wanted(spec, manifest="sha256:new"),
        known=state({KEY: record(applied, status)}),
        reading=Reading(live={KEY: live({**applied, **theirs}, status)}),
        options=Options(overrides=overrides),
    )


@pytest.mark.parametrize(("theirs", "path"), PATHS.values(), ids=PATHS)
def test_a_change_that_arms_is_blocked_by_what_it_would_send_until_that_is_accepted(
    theirs: Spec, path: str
) -> None:
    (blocked,) = of(SCHEDULED, DRAFT, theirs).blocked
    assert [one.path for one in blocked.unmanaged] == [path]
    accepted = of(SCHEDULED, DRAFT, theirs, "unmanaged")
    assert [one.path for one in only(accepted).unmanaged] == [path]
    assert list(accepted.observed[KEY].baseline or {}) == [path]


@pytest.mark.parametrize(("theirs", "path"), PATHS.values(), ids=PATHS)
def test_an_update_that_does_not_arm_shows_it_and_goes_on(theirs: Spec, path: str) -> None:
    plan = of({**SCHEDULED, "description": "New"}, SCHEDULED, theirs)
    assert [one.path for one in only(plan).unmanaged] == [path]
    assert [one.path for drift in plan.drift for one in drift.unmanaged] == [path]


def test_a_label_holds_nothing_back() -> None:
    plan = of(SCHEDULED, DRAFT, LABELS)
    assert only(plan).unmanaged == (Unmanaged("labels", ["theirs"]),)
    assert not any(drift.unmanaged for drift in plan.drift)


@pytest.mark.parametrize("ours", [{"quiet_hours": {"from": "22:00"}}, {"labels": ["ours"]}])
def test_a_field_that_is_newly_set_is_shown_against_lives_value(ours: Spec) -> None:
    theirs = {name: (QUIET | LABELS)[name] for name in ours}
    change = only(of({**SCHEDULED, **ours}, SCHEDULED, theirs))
    assert all(one.before is not None for one in change.diff)
    assert [one.path.split("/")[0] for one in change.conflicts] == list(ours)


@pytest.mark.parametrize(("theirs", "path"), PATHS.values(), ids=PATHS)
def test_what_was_set_outside_is_part_of_the_digest_of_live(theirs: Spec, path: str) -> None:
    spec = {**SCHEDULED, "description": "New"}
    changes = [only(of(spec, SCHEDULED, more)) for more in ({}, theirs)]
    assert changes[0].live_digest != changes[1].live_digest, path


def test_a_label_is_part_of_the_digest_of_live_only_if_it_is_written() -> None:
    for ours, equal in (({"description": "New"}, True), ({"labels": ["ours"]}, False)):
        digests = [only(of({**SCHEDULED, **ours}, SCHEDULED, more)).live_digest for more in ({}, LABELS)]
        assert (digests[0] == digests[1]) is equal


def named(name: str, **titles: str) -> Spec:
    """A message with a name, and a title in these languages."""
    return message(name=name, push={"title": {"en": f"Title of {name}", **titles}})


A, B, NEW = named("a"), named("b"), named("new", de="Neu")
GERMAN_A = named("a", de="Hallo")


def of_messages(spec: list[Spec], applied: list[Spec], shown: list[Spec]) -> Plan:
    """The plan for a draft that is armed, with these messages in its manifest, applied, and live."""
    drafted, live_now = {**DRAFT, "messages": applied}, {"messages": shown}
    return of({**SCHEDULED, "messages": spec}, drafted, live_now)


@pytest.mark.parametrize("spec", [[A, B], [NEW, A]], ids=["as before", "a new one first"])
def test_a_language_that_was_set_outside_is_told_of_its_own_message(spec: list[Spec]) -> None:
    """The new message, first in the manifest, has German too."""
    (blocked,) = of_messages(spec, [A, B], [B, GERMAN_A]).blocked
    assert [(one.path, one.value) for one in blocked.unmanaged] == [("messages/0/push/title/de", "Hallo")]


def test_live_messages_in_another_order_hold_nothing_back_and_give_the_same_digest() -> None:
    changes = [only(of_messages([A, B], [A, B], shown)) for shown in ([A, B], [B, A])]
    assert changes[0].live_digest == changes[1].live_digest
    assert not changes[1].unmanaged


def test_what_is_removed_from_a_message_that_moved_is_not_taken_for_gone() -> None:
    spec, applied = {**SCHEDULED, "messages": [B, A]}, {**SCHEDULED, "messages": [GERMAN_A, B]}
    change = only(of(spec, applied, {"messages": [B, GERMAN_A]}))
    assert change.requests[0].body == {"messages": [B, A]}


def everywhere(theirs: Spec) -> Plan:
    """The plan for three campaigns that all got the same value."""
    keys = ("a", "b", "c")
    return plan_of(
        *(wanted(SCHEDULED, key) for key in keys),
        known=state({key: record(SCHEDULED, campaign_id=key) for key in keys}),
        reading=Reading(live={key: live({**SCHEDULED, **theirs}, campaign_id=key) for key in keys}),
    )


@pytest.mark.parametrize(("theirs", "path"), PATHS.values(), ids=PATHS)
def test_an_audience_or_a_language_in_every_campaign_is_not_the_servers_doing(
    theirs: Spec, path: str
) -> None:
    told = [one.path for drift in everywhere(theirs).drift for one in drift.unmanaged]
    assert told == [path] * 3


@pytest.mark.parametrize("theirs", [LABELS, {"callbacks": {"push": {"click": ["https://a.example"]}}}])
def test_another_value_in_every_campaign_is_told_once(theirs: dict[str, Any]) -> None:
    plan = everywhere(theirs)
    assert not plan.drift
    (note,) = plan.notes
    assert note == f"{next(iter(theirs))}: one value in every campaign, so the server set it"


def test_what_is_seen_first_is_recorded_and_not_called_set_outside() -> None:
    shown = live({**SCHEDULED, "quiet_hours": {"begin": "22:00"}})
    plan = plan_of(
        wanted(SCHEDULED),
        known=state({KEY: record(SCHEDULED, baseline=None)}),
        reading=Reading(live={KEY: shown}),
    )
    assert (plan.changes, plan.blocked, plan.drift) == ((), (), ())
    assert plan.observed[KEY].baseline == {"quiet_hours": {"begin": "22:00"}}
    assert any("are seen first; an apply records them" in note for note in plan.notes)
