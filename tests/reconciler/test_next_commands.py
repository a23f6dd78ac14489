"""Our commands as values: which come next, and how they are printed."""

from __future__ import annotations

import copy

import pytest

from campaignctl.errors import Command, ProjectPlace, Sentence, at, commands_of

LOOK = Command("plan")
FORGET = Command("state", "rm", "a[c=DE]")


@pytest.mark.parametrize(
    ("hint", "commands"),
    [
        (Sentence(LOOK), (LOOK,)),
        (Sentence(LOOK, ", or ", FORGET, " to let it be"), (LOOK, FORGET)),
        (Sentence("set OCAMBA_TOKEN, then ", LOOK), ()),
        (Sentence(), ()),
        ("campaignctl plan", ()),
    ],
)
def test_a_hint_that_begins_with_a_command_gives_the_next_command(
    hint: str, commands: tuple[Command, ...]
) -> None:
    assert commands_of(hint) == commands


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (ProjectPlace(), "campaignctl state rm 'a[c=DE]'"),
        (ProjectPlace(environment="eu"), "campaignctl -e eu state rm 'a[c=DE]'"),
        (ProjectPlace("my campaigns", "eu"), "campaignctl -C 'my campaigns' -e eu state rm 'a[c=DE]'"),
        (
            ProjectPlace(variables=("brand=A B", "x=1")),
            "campaignctl --var 'brand=A B' --var x=1 state rm 'a[c=DE]'",
        ),
    ],
)
def test_a_command_is_completed_and_quoted_where_it_is_printed(place: ProjectPlace, line: str) -> None:
    assert FORGET.at(place) == line


def test_only_a_command_alone_stands_without_backticks() -> None:
    assert Sentence(LOOK, ", or ", FORGET) == "`campaignctl plan`, or `campaignctl state rm 'a[c=DE]'`"
    assert Sentence(LOOK) == "campaignctl plan"
    assert Sentence("", LOOK, " shows it") == "`campaignctl plan` shows it"


def test_a_command_that_makes_a_project_needs_none() -> None:
    assert Command("init", "crm").at(ProjectPlace("there", "eu")) == "campaignctl init crm"


def test_sentences_keep_their_commands_inside_others_and_in_copies() -> None:
    whole = Sentence("a: ", Sentence("run ", LOOK), ".")
    assert at(copy.deepcopy(whole), ProjectPlace(environment="eu")) == "a: run `campaignctl -e eu plan`."
    assert at("a: run `campaignctl plan`.", ProjectPlace(environment="eu")) == "a: run `campaignctl plan`."
