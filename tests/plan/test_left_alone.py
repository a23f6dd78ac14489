"""What a plan notes as left alone, so that later plans do not look at it: nothing where more was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan.context import Against, Reading
from campaignctl.plan.model import Clone, Options
from campaignctl.plan.noted import Noted
from campaignctl.project.model import Override
from campaignctl.state.halts import Halt, Halts, UnreadableMark
from tests.plan.planning import (
    ID,
    KEY,
    MANUAL,
    NOW,
    PROJECT,
    SCHEDULED,
    intent,
    live,
    own,
    plan_of,
    record,
    state,
    wanted,
)

UNREAD = Reading(refreshed=False)
HALT = Halt("halt-1", ("other",), "wrong price", "anna", "desk", "2026-11-24T11:00:00Z")
LIFT = Override("resend", ("other",), NOW + timedelta(days=1), "both are wanted")
KNOWN = state({KEY: record(SCHEDULED)})
OPEN = {"other": intent(own(MANUAL, "Other"))}


def noted(*desired: Any, **asked: Any) -> Noted:
    """What a plan notes that knows the digest of the record."""
    found = Noted({KEY: "digest-of-the-record"}, NOW)
    plan_of(*(desired or [wanted(SCHEDULED)]), noted=found, **{"known": KNOWN, "reading": UNREAD, **asked})
    return found


def test_a_plan_from_the_state_alone_notes_what_it_leaves_alone() -> None:
    found = noted()
    assert (list(found.alone), found.more) == (["digest-of-the-record"], True)


@pytest.mark.parametrize(
    "asked",
    [
        {"options": Options(overrides=("resend",))},
        {"options": Options(reviewed=())},
        {"options": Options(refresh_only=True)},
        {"options": Options(replace=(KEY,))},
        {"project": replace(PROJECT, overrides=(LIFT,))},
        {"reading": replace(UNREAD, halts=Halts((HALT,)))},
        {"reading": replace(UNREAD, halts=Halts(unreadable=UnreadableMark("it is damaged", "look at it")))},
        {"reading": Reading()},
        {"reading": replace(UNREAD, live={KEY: live(SCHEDULED)})},
        {"reading": replace(UNREAD, clones=(Clone("9", "other", "draft"),))},
        {"reading": replace(UNREAD, settled={"other": live(MANUAL)}), "known": replace(KNOWN, pending=OPEN)},
    ],
    ids=[
        "an override",
        "a review",
        "only a look",
        "a replacement",
        "an override of the project",
        "a halt",
        "a stop mark that cannot be read",
        "a read",
        "a campaign that was read",
        "a clone",
        "a create that was found",
    ],
)
def test_a_plan_that_was_asked_for_more_notes_nothing(asked: dict[str, Any]) -> None:
    assert noted(**asked).alone == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"options": Options(replace=(KEY,))},
        {"known": replace(KNOWN, pending={KEY: replace(intent(SCHEDULED), operation="update", id=ID)})},
        {"known": state({**KNOWN.campaigns, "old": record(MANUAL, "manual", "2")})},
    ],
    ids=["a replacement", "a write of unknown outcome", "another record that it was moved from"],
)
def test_what_was_left_alone_is_looked_at_if_it_is_asked_for_or_open(asked: dict[str, Any]) -> None:
    asked = {"known": KNOWN, "reading": UNREAD, **asked}
    manifest = wanted(SCHEDULED, moved_from=("old",))
    made = plan_of(manifest, noted=noted(manifest), **asked)
    assert made == plan_of(manifest, **asked)
    assert KEY in [*(change.key for change in made.changes), *(blocked.key for blocked in made.blocked)]


@pytest.mark.parametrize(
    "manifest",
    [
        wanted({**SCHEDULED, "name": "New"}, manifest="sha256:new"),
        wanted(SCHEDULED, manifest="sha256:new"),
        wanted(SCHEDULED, lifecycle=Lifecycle(phase="paused")),
    ],
    ids=["an edit", "another manifest", "another phase"],
)
def test_what_is_changed_or_observed_is_not_noted_as_left_alone(manifest: DesiredCampaign) -> None:
    assert noted(manifest).alone == {}


def test_what_another_commit_declares_is_not_noted() -> None:
    other = replace(wanted(SCHEDULED), digest="sha256:other")
    before = DesiredState(PROJECT, {KEY: other}, "sha256:before")
    assert noted(other).alone.keys() == noted().alone.keys()
    assert noted(other).alone != noted().alone
    assert noted(against=Against("c" * 40, before)).alone == noted().alone


def test_records_whose_digest_is_not_known_have_a_sketch_each() -> None:
    records = {KEY: record(SCHEDULED), "other": record(own(SCHEDULED, "Other"), campaign_id="7")}
    found = Noted({}, NOW)
    assert found.sketch(records, KEY) != found.sketch(records, "other")
    assert not found.more
