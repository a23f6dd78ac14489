"""Which campaigns that no record knows a halt names: by their marker, or by their content without a state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.reconciler.halt_targets import View, unrecorded
from campaignctl.schedule.times import iso
from campaignctl.state.halts import Halt
from campaignctl.state.model import State, Watermark
from campaignctl.state.proofs import Proof
from tests.plan.planning import NOW, SCHEDULED, message, own, wanted
from tests.reconciler.performing import create, pending
from tests.reconciler.scripted import PROJECT, Item, direct
from tests.reconciler.test_opening_asks import item, known
from tests.state.documents import filled

Declared = dict[str, DesiredCampaign] | None
ALL = Halt("h1", None, "wrong price", "ana", "laptop", iso(NOW))
OURS = replace(PROJECT, environment="production", environment_names=("production", "staging"))


def made_by(project: Any, campaign_id: str, key: str = "a", **fields: Any) -> Item:
    return item(campaign_id, metadata={"campaignctl": str(project.owner.marker(key, "0" * 16))}, **fields)


def named(
    *items: Item,
    halt: Halt = ALL,
    state: State | None = None,
    declared: dict[str, DesiredCampaign] | None = None,
) -> tuple[dict[str, str | None], list[str]]:
    """The campaigns that are named, with their keys, and those that are left alone."""
    lives = [Live(str(one["id"]), dict(one), complete=True) for one in items]
    with direct(state, project=OURS) as one:
        view = View(one.wiring, halt, state, lambda: declared)
        found, left = unrecorded(view, lives)
    return {each: one.key for each, one in found.items()}, [one.id for one in left]


def some(*keys: str, **more: Any) -> Halt:
    return replace(ALL, keys=keys, **more)


@pytest.mark.parametrize("with_state", [True, False])
def test_a_marker_of_another_environment_is_not_ours(with_state: bool) -> None:
    staging = replace(OURS, environment="staging")
    state = replace(known(), environment="production") if with_state else None
    items = (made_by(OURS, "9"), made_by(staging, "8"))
    assert named(*items, state=state, declared={"a": wanted(own(SCHEDULED, "A"), "a")}) == ({"9": "a"}, [])
    assert set(named(*items, state=state, halt=replace(ALL, account=True))[0]) == {"9", "8"}


def test_a_recorded_campaign_is_not_among_them() -> None:
    state = replace(known(), environment="production")
    assert named(made_by(OURS, "1"), item("7"), state=state) == ({}, [])
    assert named(item("7"), state=state, halt=replace(ALL, account=True)) == ({"7": None}, [])


@pytest.mark.parametrize(
    ("halt", "found"), [(ALL, {"9": "a"}), (some("a"), {"9": "a"}), (some("b"), {}), (some("*"), {"9": "a"})]
)
def test_a_key_is_known_by_its_marker(halt: Halt, found: dict[str, str]) -> None:
    assert named(made_by(OURS, "9"), halt=halt, declared={"a": wanted(own(SCHEDULED, "A"), "a")})[0] == found


@pytest.mark.parametrize(("halt", "found"), [(ALL, {"9": "a"}), (some("a"), {"9": "a"}), (some("b"), {})])
def test_a_recorded_proof_without_its_marker_is_stopped_with_its_campaign(
    halt: Halt, found: dict[str, str]
) -> None:
    one = replace(filled(Proof), key="a", id="9")
    state = replace(known(), environment="production", proofs=(one,))
    assert named(item("9"), state=state, halt=halt)[0] == found


def test_a_marker_of_a_key_that_nothing_names_is_ours_under_no_key() -> None:
    assert named(made_by(OURS, "9", "gone"), declared={}) == ({"9": None}, [])
    assert named(made_by(OURS, "9", "gone"), halt=some("gone"), declared={}) == ({"9": "gone"}, [])
    assert named(made_by(OURS, "9", "gone"), halt=some("a"), declared={}) == ({}, [])


@pytest.mark.parametrize(
    ("halt", "found", "left"),
    [(ALL, {"9": "a"}, ["8"]), (some("a"), {"9": "a"}, []), (some("b"), {}, [])],
)
def test_without_a_state_the_content_of_a_manifest_is_ours(
    halt: Halt, found: dict[str, str], left: list[str]
) -> None:
    declared = {"a": wanted(SCHEDULED, "a")}
    others = item("8", messages=[message(push={"title": {"en": "Theirs"}})])
    idle = item("7", "draft", messages=others["messages"])
    assert named(item("9"), others, idle, halt=halt, declared=declared) == (found, left)
    short = {name: value for name, value in item("9").items() if name != "messages"}
    assert named(short, halt=halt, declared=declared)[0] == {}, "its messages are not shown"


def test_a_text_that_the_api_rewrote_is_still_the_content_of_its_manifest() -> None:
    accepting = Lifecycle(accept_stored=("messages/*/push/title",))
    rewritten = item("9", messages=[message(push={"title": {"en": "<b>Hello</b>"}})])
    declared = {"a": wanted(SCHEDULED, "a", lifecycle=accepting)}
    declared |= {"b": wanted(own(SCHEDULED, "Other"), "b")}
    assert named(rewritten, declared=declared) == ({"9": "a"}, [])
    assert named(rewritten, declared={"a": wanted(SCHEDULED, "a")}) == ({}, ["9"])


def test_of_two_manifests_with_one_content_the_one_that_is_named_counts() -> None:
    both = {key: wanted(SCHEDULED, key) for key in "abc"}
    assert named(item("9"), halt=some("b"), declared=both) == ({"9": "b"}, [])


def test_with_a_state_contents_do_not_count() -> None:
    state = replace(known(), environment="production")
    assert named(item("9"), state=state, declared={"a": wanted(SCHEDULED, "a")}) == ({}, [])


@pytest.mark.parametrize(
    ("halt", "returned", "before", "found"),
    [
        (ALL, False, (), {"9": "new"}),
        (some("new"), False, (), {"9": "new"}),
        (some("a"), False, (), {}),
        (ALL, True, (), {}),
        (ALL, False, ("9",), {}),
    ],
)
def test_without_markers_the_content_of_a_create_without_an_answer_is_ours(
    halt: Halt, returned: bool, before: tuple[str, ...], found: dict[str, str]
) -> None:
    lost = pending(create(SCHEDULED, "new"), phase="started")
    lost = replace(lost, watermark=Watermark(before, None))
    state = replace(known(), environment="production", pending={"new": lost})
    state = replace(state, account=replace(state.account, markers=returned))
    others = item("8", messages=[message(push={"title": {"en": "Theirs"}})])
    assert named(item("9"), others, state=state, halt=halt) == (found, [])
