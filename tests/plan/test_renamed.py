"""Which removed and new manifests seem to be one campaign under another key."""

from __future__ import annotations

from typing import Any

import pytest

from campaignctl.manifest.model import DesiredState, Removed
from campaignctl.plan.moves import Moves, renamed, resolve
from campaignctl.state.model import Record
from tests.plan.planning import PROJECT, SCHEDULED, Spec, record, wanted

#: Ten fields.
OLD: Spec = {
    **{name: name for name in ("name", "a", "b", "c", "d", "e")},
    "scheduled_time": "2036-12-24 10:00:00",
    "messages": [{"channel": "push", "push": {"title": {"en": "Hello"}, "body": {"en": "World"}}}],
}
GERMANY: dict[str, Any] = {"targeting": {"countries": {"items": ["DE"], "op": "in"}}}


def other(*names: str, text: str = "Moon", **fields: Any) -> Spec:
    """The campaign with other values of these fields, and another text."""
    messages = [{"channel": "push", "push": {"title": {"en": "Hello"}, "body": {"en": text}}}]
    return {**OLD, "messages": messages, **{name: f"new {name}" for name in names}, **fields}


def of(
    fresh: dict[str, Spec], gone: dict[str, Record], moves: Moves | None = None, **more: Any
) -> dict[str, str]:
    """The new keys that seem to be renamed, each with its old one."""
    campaigns = {key: wanted(spec, key) for key, spec in fresh.items()}
    return renamed(DesiredState(PROJECT, campaigns, "sha256:p", **more), gone, moves or Moves())


@pytest.mark.parametrize(
    ("spec", "is_renamed"),
    [
        (OLD, True),
        ({**OLD, "name": "New", "scheduled_time": "2036-01-01 10:00:00", "x": 1, "y": 2}, True),
        (other(), True),
        (other("a", "b", "c", "d"), True),
        (other("a", "b", "c", "d", "e"), False),
        (other("name"), True),
        (other("name", "a"), False),
        (other(**GERMANY), False),
    ],
)
def test_the_same_content_or_most_of_the_fields_are_a_rename(spec: Spec, is_renamed: bool) -> None:
    assert of({"new": spec}, {"old": record(OLD)}) == ({"new": "old"} if is_renamed else {})


@pytest.mark.parametrize(
    ("status", "is_renamed"),
    [("scheduled", True), ("paused", True), ("sent", False), ("canceled", False), ("draft", False)],
)
def test_an_edited_rename_is_one_of_a_campaign_that_can_still_send(status: str, is_renamed: bool) -> None:
    assert of({"new": other()}, {"old": record(OLD, status)}) == ({"new": "old"} if is_renamed else {})
    assert of({"new": OLD}, {"old": record(OLD, status)}) == {"new": "old"}


def test_what_is_declared_recorded_claimed_or_adopted_is_no_rename() -> None:
    gone = {"old": record(OLD)}
    assert of({"new": OLD, "old": SCHEDULED}, gone) == {}
    assert of({"new": OLD}, {**gone, "new": record(SCHEDULED, campaign_id="9")}) == {}
    claimed = Moves(heirs={"old": "third"})
    assert of({"new": OLD}, gone, claimed) == {}
    assert of({"new": OLD}, gone, Moves(heirs={"another": "new"})) == {}
    adopting = DesiredState(PROJECT, {"new": wanted(OLD, "new", adopt="7")}, "sha256:p")
    assert renamed(adopting, gone, Moves()) == {}
    assert of({}, gone) == {}


def test_a_removed_document_is_no_edited_rename() -> None:
    removed = {"old": Removed("old", "cancel", wanted(OLD).source)}
    assert of({"new": other()}, {"old": record(OLD)}, removed=removed) == {}


def test_the_most_alike_are_paired_and_each_once() -> None:
    gone = {"old-1": record(OLD), "old-2": record(other("a", "b"), campaign_id="9")}
    near = other("a", "b", "c", text="Sun")
    assert of({"new-1": near}, gone) == {"new-1": "old-2"}
    both = of({"new-1": near, "new-2": other("e", text="Mars")}, gone)
    assert both == {"new-1": "old-2", "new-2": "old-1"}


def test_content_that_stands_twice_names_no_rename() -> None:
    gone = {"old-1": record(OLD), "old-2": record(OLD, campaign_id="9")}
    assert of({"new": OLD}, gone) == {}
    assert of({"new-1": OLD, "new-2": OLD}, {"old": record(OLD)}) == {}


def test_content_that_stands_twice_is_no_edit_of_another_either() -> None:
    twice = {"old-1": record(OLD), "old-2": record(OLD, campaign_id="9")}
    assert of({"new": OLD, "edited": other("a")}, twice) == {}
    near = {"old": record(OLD), "near": record(other("a"), campaign_id="9")}
    assert of({"new-1": OLD, "new-2": OLD}, near) == {}


def test_one_is_the_rename_of_one_alone() -> None:
    assert of({"new-1": other("a"), "new-2": other("a", "b")}, {"old": record(OLD)}) == {"new-1": "old"}


def test_moves_that_are_made_take_both_ends_together() -> None:
    campaigns = {
        "b": wanted(SCHEDULED, "b", moved_from=("a",)),
        "c": wanted(SCHEDULED, "c", moved_from=("b",)),
    }
    moves = resolve(campaigns, {"a": record(SCHEDULED), "b": record(SCHEDULED, campaign_id="9")}, ())
    assert dict(moves.origin) == {"b": "a", "c": "b"}
    assert moves.left == {"a", "b"}
    assert moves.together(["a"]) == moves.together(["c"]) == {"a", "b", "c"}
    assert moves.together(["x"]) == {"x"}
