"""Other states of a project: which there are, what each says of itself, when an absent state is not new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from campaignctl.campaign.live import Live
from campaignctl.errors import Command, StateError, StateMoved
from campaignctl.project.model import Project
from campaignctl.reconciler.other_states import (
    OtherState,
    check_left,
    check_new,
    of_no_environment,
    other_states,
)
from campaignctl.reconciler.ports import Backend, Elsewhere
from campaignctl.state.model import State
from tests.plan.planning import NOW, SCHEDULED, intent, live, record, state

ID = "5f0c2f1e-8d5d-4c43-9f1e-1b2c3d4e5f60"
OTHER_ID = "00000000-8d5d-4c43-9f1e-1b2c3d4e5f60"
PLAIN = Project("acme", "/project", id=ID)
TWO = replace(PLAIN, environment="live", environment_names=("live", "staging"))
GONE = ".campaignctl/old.json"
REF = "refs/campaignctl/old"


def known(environment: str | None = "old", **fields: Any) -> State:
    """A state of this project with one campaign that goes on."""
    given = {"environment": environment, "project_id": ID, "campaigns": {"a": record(SCHEDULED)}}
    return replace(state(), **{**given, **fields})


@dataclass(frozen=True)
class Place:
    """A place with a state, or with an error in its stead."""

    found: State | StateError | None

    def read(self) -> State | None:
        if isinstance(self.found, StateError):
            raise self.found
        return self.found


def places(local: Mapping[str, State | StateError | None], **remote: State) -> Elsewhere:
    """Finds these in files, and those on refs of the remote."""

    def find(asks: bool) -> Mapping[str, Backend]:
        refs = {f"refs/campaignctl/{name}": each for name, each in remote.items()} if asks else {}
        return {place: cast(Backend, Place(found)) for place, found in {**local, **refs}.items()}

    return find


def made(marker_of: Project, key: str = "a", campaign_id: str = "7", status: str = "scheduled") -> Live:
    """A campaign with a project's marker."""
    marker = str(marker_of.owner.marker(key, "6f1c2d3e"))
    return live({**SCHEDULED, "metadata": {"campaignctl": marker}}, status, campaign_id)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (OtherState(GONE, None), f"{GONE} (it cannot be read)"),
        (OtherState(GONE, known()), f"{GONE} (environment old, 1 campaign)"),
        (OtherState(GONE, known(None, campaigns={})), f"{GONE} (no environment, 0 campaigns)"),
        (OtherState(GONE, known(), OTHER_ID), f"{GONE} (environment old of project {OTHER_ID}, 1 campaign)"),
        (
            OtherState(GONE, known(None), OTHER_ID),
            f"{GONE} (no environment of project {OTHER_ID}, 1 campaign)",
        ),
    ],
)
def test_what_a_state_says_of_itself(other: OtherState, words: str) -> None:
    assert other.words == words
    assert other.rebind == Command("state", "rebind", "--from", GONE)


@pytest.mark.parametrize(
    ("other", "project", "left"),
    [
        (OtherState(GONE, known()), TWO, True),
        (OtherState(GONE, known("staging")), TWO, False),
        (OtherState(GONE, known(None)), TWO, True),
        (OtherState(GONE, known(None)), PLAIN, False),
        (OtherState(GONE, known()), PLAIN, True),
        (OtherState(GONE, known(), OTHER_ID), TWO, False),
        (OtherState(GONE, None), TWO, False),
    ],
)
def test_a_state_is_left_if_no_declared_environment_has_it(
    other: OtherState, project: Project, left: bool
) -> None:
    assert other.is_left(project) is left


@pytest.mark.parametrize(
    ("found", "alive"),
    [
        (None, True),
        (known(), True),
        (known(campaigns={"a": record(SCHEDULED, "sent")}), False),
        (known(campaigns={"a": record(SCHEDULED, "sent"), "b": record(SCHEDULED)}), True),
        (known(campaigns={}), False),
        (known(campaigns={}, pending={"a": intent(SCHEDULED)}), True),
    ],
)
def test_a_state_is_alive_while_something_of_it_is_not_over(found: State | None, alive: bool) -> None:
    assert OtherState(GONE, found).is_alive(NOW) is alive


MOVED = StateMoved("moved", hint="", lineage="lineage-1", serial=3)


def test_the_other_states_are_those_of_this_project_in_the_order_of_their_places() -> None:
    foreign = known(project_id=OTHER_ID)
    find = places(
        {
            ".campaignctl/b.json": known("b"),
            ".campaignctl/a.json": None,
            ".campaignctl/broken.json": StateError("damaged"),
            ".campaignctl/foreign.json": foreign,
            ".campaignctl/moved.json": MOVED,
            ".campaignctl/staging.json": known("staging"),
        },
        c=known("c"),
    )
    here = other_states(TWO, find, remote=False)
    assert here == (
        OtherState(".campaignctl/b.json", known("b")),
        OtherState(".campaignctl/broken.json", None),
        OtherState(".campaignctl/staging.json", known("staging")),
    )
    named = [one.place.rsplit("/", 1)[-1] for one in other_states(TWO, find, remote=False, declared=False)]
    assert named == ["b.json", "broken.json"]
    everywhere = other_states(TWO, find, remote=True, foreign=True)
    assert [(one.place.rsplit("/", 1)[-1], one.project) for one in everywhere] == [
        ("b.json", None),
        ("broken.json", None),
        ("foreign.json", OTHER_ID),
        ("staging.json", None),
        ("c", None),
    ]
    nameless = other_states(replace(TWO, id=None), find, remote=False)
    assert len(nameless) == 4, "a project without an id cannot tell its own states from others"


def test_a_state_that_is_left_stops_everything_until_it_is_dealt_with() -> None:
    with pytest.raises(StateError) as refused:
        check_left(TWO, places({GONE: known()}), NOW)
    assert refused.value.summary == f"{GONE} (environment old, 1 campaign) belongs to no declared environment"
    assert refused.value.detail == "campaignctl.yaml declares live, staging"
    assert refused.value.hint == (
        f"declare its environment again, or move {GONE} away; if live is its new name:"
        f" `campaignctl state rebind --from {GONE}`"
    )


@pytest.mark.parametrize(
    ("project", "local"),
    [
        (PLAIN, {GONE: known()}),
        (TWO, {}),
        (TWO, {GONE: known("staging")}),
        (TWO, {GONE: known(campaigns={})}),
        (TWO, {GONE: known(project_id=OTHER_ID)}),
        (TWO, {".campaignctl/staging.json": known()}),
    ],
)
def test_what_is_not_left_or_is_over_stops_nothing(project: Project, local: dict[str, State]) -> None:
    check_left(project, places(local), NOW)
    check_left(project, places({} if project is PLAIN else local, old=known()), NOW)


def refusal(project: Project, find: Elsewhere, *lives: Live, keys: tuple[str, ...] = ()) -> StateError:
    with pytest.raises(StateError) as refused:
        check_new(project, find, lives, keys)
    return refused.value


def test_an_absent_state_is_new_if_nothing_shows_an_older_one() -> None:
    check_new(TWO, places({}), (), ())
    strangers = [live(SCHEDULED), made(replace(TWO, id=OTHER_ID, name="b"))]
    check_new(TWO, places({GONE: None}), strangers, ("a",))
    check_new(TWO, places({}), [made(replace(TWO, environment="staging"), status="canceled")], ("a",))


INIT = "campaignctl state init"


def test_an_absent_state_may_be_that_of_a_renamed_environment() -> None:
    found = refusal(TWO, places({}, old=known()))
    assert (found.summary, found.detail) == (
        "there is no state of live, and this project was applied before",
        f"{REF} (environment old, 1 campaign)",
    )
    assert found.hint == (
        f"`campaignctl state rebind --from {REF}` if live is its new name; if it is new: `{INIT}`"
    )


def test_an_absent_state_next_to_declared_ones_is_new_or_lost() -> None:
    found = refusal(TWO, places({GONE: known("staging")}))
    assert found.hint == f"`{INIT}` if live is new; if its state was lost: `campaignctl state recover`"
    alone = refusal(PLAIN, places({GONE: known(None)}))
    assert alone.summary.startswith("there is no state of the project without environments, and")


def test_a_state_of_another_project_is_named() -> None:
    found = refusal(TWO, places({GONE: known(project_id=OTHER_ID)}))
    assert found.summary == "there is no state of live here, but one of another project"
    assert found.hint == (
        f"`{INIT}` if this project is new; if its `metadata.id` has changed: write the old one back"
    )
    both = places({GONE: known("staging"), ".campaignctl/foreign.json": known(project_id=OTHER_ID)})
    assert "this project was applied before" in refusal(TWO, both).summary


@pytest.mark.parametrize(
    ("project", "other"),
    [
        (TWO, known("staging", project_id=None)),
        (TWO, StateError("damaged")),
        (replace(TWO, id=None), known("staging")),
        (replace(TWO, id=None), known("staging", project_id=None)),
    ],
)
def test_a_state_of_an_unknown_project_does_not_show_that_this_one_was_applied(
    project: Project, other: State | StateError
) -> None:
    foreign = {".campaignctl/c.json": known(project_id=OTHER_ID)} if project.id else {}
    found = refusal(project, places({".campaignctl/b.json": other, **foreign}))
    assert found.summary == "there is no state of live here, but another one"
    assert found.hint == f"`{INIT}` if live is new; if its state was lost: `campaignctl state recover`"


def test_a_marker_of_another_environment_shows_that_it_is_not_new() -> None:
    theirs = replace(TWO, environment="staging")
    found = refusal(TWO, places({}), made(theirs), made(theirs, "b", "8"), keys=("a",))
    assert found.detail == (
        "7 (a) with a marker of another environment, 8 with a marker of another environment"
    )
    assert found.summary.endswith("and this project was applied before")
    nameless = replace(TWO, id=None)
    older = made(replace(nameless, environment="old"))
    find = places({GONE: known(project_id=None), ".campaignctl/broken.json": StateError("damaged")})
    assert "7 with a marker" in refusal(nameless, find, older).detail
    staging = made(replace(nameless, environment="staging"))
    assert refusal(nameless, places({}), staging).detail == "7 with a marker of another environment"


def test_campaigns_of_an_environment_that_is_no_longer_declared() -> None:
    nameless = replace(TWO, id=None)
    find = places({GONE: known(project_id=None), ".campaignctl/staging.json": known("staging")})
    lives = [
        made(replace(nameless, environment="old"), campaign_id="1"),
        made(replace(nameless, environment="staging"), campaign_id="2"),
        made(replace(nameless, environment="other"), campaign_id="3"),
        made(nameless, campaign_id="4"),
        live(SCHEDULED, campaign_id="5"),
        made(replace(nameless, environment=None), campaign_id="6"),
    ]
    found = list(of_no_environment(lives, nameless, find))
    assert [one.id for one, _ in found] == ["1", "6"]
    assert [made_by.intent for _, made_by in found] == ["6f1c2d3e"] * 2


def test_of_a_project_with_an_id_every_environment_is_known_by_it() -> None:
    lives = [
        made(replace(TWO, environment="old"), campaign_id="1"),
        made(replace(TWO, environment="staging"), campaign_id="2"),
        made(TWO, campaign_id="3"),
        made(replace(TWO, id=OTHER_ID, name="b"), campaign_id="4"),
    ]
    assert [one.id for one, _ in of_no_environment(lives, TWO, places({}))] == ["1"]
    lives = [made(PLAIN, campaign_id="1"), made(replace(PLAIN, environment="old"), campaign_id="2")]
    assert [one.id for one, _ in of_no_environment(lives, PLAIN, places({}))] == ["2"]
