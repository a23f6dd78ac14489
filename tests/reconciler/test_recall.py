"""A plan that leaves alone what an earlier one left alone is the plan that looks at everything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.errors import CampaignctlError
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan import codec as plan_codec
from campaignctl.plan.context import PlanContext, Reading
from campaignctl.plan.model import Clone, Options
from campaignctl.plan.planner import decide
from campaignctl.project.model import Guardrails, Override, Project
from campaignctl.reconciler.recall import Recall
from campaignctl.state import codec
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.kept import Records, digests_of, places_of, with_places
from campaignctl.state.model import Intent, Record
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    MANUAL,
    NOW,
    PROJECT,
    RECURRING,
    SCHEDULED,
    intent,
    live,
    own,
    record,
    state,
    wanted,
)

KEYS = ("a", "b", "ü/c", 'd"[x=1]')
STATUSES = ("draft", "scheduled", "running", "paused", "sent", "canceled", "needs_decision", "thawing")
TIMES = (NOW - timedelta(days=40), NOW, NOW + timedelta(hours=1), NOW + timedelta(days=4000))
SPECS = (
    MANUAL,
    SCHEDULED,
    RECURRING,
    IMMEDIATE,
    DRAFT,
    own(SCHEDULED, "\ud800 \U0001f600"),
    own(DRAFT, "Hi"),
)
LIFECYCLES = (
    Lifecycle(),
    Lifecycle(),
    Lifecycle(phase="paused"),
    Lifecycle(phase="canceled"),
    Lifecycle(prevent_destroy=True, ignore_changes=("name",)),
)


@dataclass
class Shelf:
    """A memory that keeps everything."""

    kept: dict[bytes, bytes] = field(default_factory=dict)

    def recall(self, name: bytes) -> bytes | None:
        return self.kept.get(name)

    def remember(self, name: bytes, body: bytes) -> None:
        self.kept[name] = body


@dataclass(frozen=True)
class World:
    """What a plan depends on."""

    project: Project
    desired: Mapping[str, DesiredCampaign]
    records: Mapping[str, Record]
    pending: Mapping[str, Intent]
    reading: Reading
    options: Options
    now: datetime

    def plan(self, shelf: Shelf | None) -> object:
        """Its document and what it observed, or the error, with the memory of earlier plans or without."""
        text = codec.encode(replace(state(self.records, pending=self.pending), settings={})).encode()
        recall = Recall(shelf, self.project) if shelf is not None else None
        known = recall.decode(text, where="here") if recall else codec.decode(text)
        numbers = count()
        asked = PlanContext(
            DesiredState(self.project, self.desired, "sha256:all"),
            known,
            self.reading,
            self.options,
            self.now,
            lambda: f"intent-{next(numbers)}",
            noted=recall.noted(known, self.now) if recall else None,
        )
        try:
            made = decide(asked)
        except CampaignctlError as error:
            return str(error)
        if recall:
            recall.keep()
        return plan_codec.encode(made), made.observed


def declared(one: DesiredCampaign) -> DesiredCampaign:
    """With the digest of what it declares."""
    about = json.dumps([one.spec, asdict(one.lifecycle), one.adopt, one.moved_from], sort_keys=True)
    return replace(one, digest=hashlib.sha256(about.encode()).hexdigest())


def _declared(draw: st.DrawFn, key: str) -> dict[str, DesiredCampaign]:
    source = draw(st.sampled_from(["sha256:manifest", "sha256:other"]))
    former = (draw(st.sampled_from(KEYS)),) if draw(st.integers(0, 4)) == 0 else ()
    spec, lifecycle = draw(st.sampled_from(SPECS)), draw(st.sampled_from(LIFECYCLES))
    moved = tuple(one for one in former if one != key)
    return {key: declared(wanted(spec, key, manifest=source, lifecycle=lifecycle, moved_from=moved))}


def _recorded(draw: st.DrawFn, key: str) -> dict[str, Record]:
    made = record(
        draw(st.sampled_from(SPECS)),
        draw(st.sampled_from(STATUSES)),
        f"{KEYS.index(key)}",
        lifecycle=draw(st.sampled_from(LIFECYCLES)),
        paused_by_us=draw(st.booleans()),
        moved_from=draw(st.sampled_from([None, *KEYS])),
        began=draw(st.sampled_from([None, "2026-11-20T10:00:00Z"])),
        unconfirmed=draw(st.sampled_from([(), ("name",)])),
    )
    return {key: made}


def _agreeing(draw: st.DrawFn, key: str) -> tuple[dict[str, DesiredCampaign], dict[str, Record]]:
    """A manifest, and a record to which nothing is to do in most cases."""
    spec, status = draw(st.sampled_from(AGREEING))
    lifecycle = draw(st.sampled_from(LIFECYCLES)) if status == "paused" else Lifecycle()
    made = record(
        dict(spec), status, f"{KEYS.index(key)}", lifecycle=lifecycle, paused_by_us=status == "paused"
    )
    return {key: declared(wanted(spec, key, lifecycle=lifecycle))}, {key: made}


def _edited(draw: st.DrawFn, world: World) -> World:
    """The world after one thing has changed in it."""
    key, what = draw(st.sampled_from(KEYS)), draw(st.integers(0, 7))
    if what == 0:
        others = {one: wanted for one, wanted in world.desired.items() if one != key}
        return replace(world, desired=others | (_declared(draw, key) if draw(st.booleans()) else {}))
    if what == 1:
        records = {one: known for one, known in world.records.items() if one != key}
        return replace(world, records=records | (_recorded(draw, key) if draw(st.booleans()) else {}))
    if what == 2:
        return replace(world, options=draw(st.sampled_from(OPTIONS)))
    if what == 3:
        return replace(world, project=draw(st.sampled_from(PROJECTS)))
    if what == 4:
        return replace(world, pending={key: intent(SCHEDULED)})
    if what == 5:
        halts = Halts((replace(HALT, keys=draw(st.sampled_from([None, (key,)]))),))
        return replace(world, reading=replace(world.reading, halts=halts))
    if what == 6:
        named = {"name": "By hand"} if draw(st.booleans()) else {}
        status = draw(st.sampled_from(STATUSES))
        shown = {one: live({**each.applied, **named}, status, each.id) for one, each in world.records.items()}
        return replace(world, reading=Reading(live=shown))
    return replace(world, now=draw(st.sampled_from(TIMES)))


AGREEING = (
    (MANUAL, "manual"),
    (SCHEDULED, "scheduled"),
    (SCHEDULED, "sent"),
    (SCHEDULED, "paused"),
    (RECURRING, "running"),
    (IMMEDIATE, "sent"),
    (DRAFT, "draft"),
    (own(SCHEDULED, "\ud800 \U0001f600"), "scheduled"),
)
OPTIONS = (
    Options(refresh=False),
    Options(targets=("a",)),
    Options(replace=("a",)),
    Options(destroy=True),
    Options(refresh_only=True),
    Options(overrides=("foreign_pause",)),
)
HALT = Halt("h", ("a",), "stop", "anna", "desk", "2026-11-24T11:00:00Z")
ENDS = replace(
    PROJECT, overrides=(Override("unknown_status", ("*",), NOW + timedelta(minutes=5), "reviewed"),)
)
PROJECTS = (PROJECT, ENDS, replace(PROJECT, guardrails=Guardrails(50)))


@st.composite
def histories(draw: st.DrawFn) -> list[World]:
    """A world in which most agrees, and what became of it."""
    desired: dict[str, DesiredCampaign] = {}
    records: dict[str, Record] = {}
    for key in KEYS:
        one, known = _agreeing(draw, key)
        desired |= one
        records |= known
    now = draw(st.sampled_from(TIMES))
    found = [World(PROJECT, desired, records, {}, Reading(refreshed=False), Options(refresh=False), now)]
    for _ in range(draw(st.integers(1, 4))):
        found.append(_edited(draw, found[-1]))
    return found


@settings(deadline=None)
@given(histories())
def test_a_plan_with_a_memory_is_the_plan_without(history: list[World]) -> None:
    shelf = Shelf()
    for world in history:
        assert world.plan(shelf) == world.plan(None)
        assert world.plan(shelf) == world.plan(None)


def only(spec: Mapping[str, Any], status: str, **fields: Any) -> World:
    """A world of one campaign that agrees with its record."""
    desired = {"a": declared(wanted(dict(spec), "a"))}
    records = {"a": record(dict(spec), status, **fields)}
    return World(PROJECT, desired, records, {}, Reading(refreshed=False), Options(refresh=False), TIMES[-1])


OTHER = {"a": declared(wanted(SCHEDULED, "a", manifest="sha256:other"))}
CLONE = Clone("77", "a", "scheduled")
EDITED = live({**SCHEDULED, "name": "By hand"})


@pytest.mark.parametrize(
    ("before", "edits"),
    [
        (only(SCHEDULED, "sent"), {"now": NOW}),
        (only(SCHEDULED, "scheduled"), {"desired": OTHER}),
        (only(SCHEDULED, "scheduled"), {"reading": Reading(refreshed=False, halts=Halts((HALT,)))}),
        (only(SCHEDULED, "scheduled"), {"options": Options(replace=("a",))}),
        (only(SCHEDULED, "scheduled"), {"reading": Reading(live={"a": EDITED}, refreshed=False)}),
        (only(SCHEDULED, "scheduled"), {"reading": Reading(refreshed=False, clones=(CLONE,))}),
    ],
)
def test_what_speaks_for_a_change_is_heard(before: World, edits: dict[str, Any]) -> None:
    shelf, after = Shelf(), replace(before, **edits)
    assert before.plan(shelf) == before.plan(None)
    assert after.plan(shelf) == after.plan(None) != before.plan(None)


def test_a_record_that_was_left_alone_is_not_decoded() -> None:
    shelf, at = Shelf(), Lifecycle()
    desired = {key: declared(wanted(own(SCHEDULED, key), key, lifecycle=at)) for key in KEYS}
    records = {key: record(dict(one.spec), campaign_id=key) for key, one in desired.items()}
    reading, options = Reading(refreshed=False), Options(refresh=False)
    world = World(PROJECT, desired, records, {}, reading, options, NOW)
    assert world.plan(shelf) == world.plan(None)
    unread = replace(world, desired={key: Unread(**vars(one)) for key, one in desired.items()})
    assert unread.plan(shelf) == world.plan(None)
    with pytest.raises(AssertionError):
        unread.plan(Shelf())


class Unread(DesiredCampaign):
    """A campaign whose body must not be asked for."""

    def __getattribute__(self, name: str) -> object:
        assert name != "spec"
        return super().__getattribute__(name)


def test_what_is_decoded_later_is_what_is_decoded_at_once() -> None:
    records = {key: record(own(SCHEDULED, key), campaign_id=key) for key in reversed(KEYS)}
    known = replace(state(records, pending={"b": intent(SCHEDULED)}), settings={"campaigns": {"x": 1}})
    for text in (codec.encode(known), json.dumps(json.loads(codec.encode(known)), separators=(",", ":"))):
        places = places_of(text)
        assert places is not None
        later = with_places(text.encode("utf-8", "surrogatepass"), places, "here")
        assert isinstance(later.campaigns, Records)
        assert later == replace(codec.decode(text), campaigns=later.campaigns)
        assert dict(later.campaigns) == codec.decode(text).campaigns
        assert list(later.campaigns) == list(codec.decode(text).campaigns)
        assert digests_of(text, places).keys() == records.keys()
    assert places_of(codec.encode(state())) is None


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"[[0, 1], {}]", b'[[0, 5], {"a": [1, 2]}]', b"[7, 7, 7]"]
)
def test_a_memory_that_cannot_be_understood_is_not_used(body: bytes) -> None:
    shelf = Shelf()
    desired = {"a": declared(wanted(SCHEDULED, "a"))}
    world = World(PROJECT, desired, {"a": record(SCHEDULED)}, {}, Reading(refreshed=False), Options(), NOW)
    assert world.plan(shelf) == world.plan(None)
    shelf.kept = dict.fromkeys(shelf.kept, body)
    assert world.plan(shelf) == world.plan(None)


def test_without_a_state_there_are_no_notes() -> None:
    recall = Recall(Shelf(), PROJECT)
    assert recall.noted(None, NOW) is None
    assert recall.noted(state({"a": record(SCHEDULED)}), NOW) is None
    empty = recall.decode(codec.encode(state()).encode(), where="here")
    assert recall.noted(empty, NOW) is None
