"""The commands that an outcome names: complete, one or two of them, for the environment they are about."""

from __future__ import annotations

import pytest

from campaignctl.errors import in_environment
from campaignctl.reconciler.outcome import ways_out


@pytest.mark.parametrize(
    ("hint", "commands"),
    [
        ("campaignctl plan", ("campaignctl plan",)),
        (
            "campaignctl state resolve 'a[c=DE]' --adopt ID, or --retry if the dashboard shows none",
            ("campaignctl state resolve 'a[c=DE]' --adopt ID", "campaignctl state resolve 'a[c=DE]' --retry"),
        ),
        (
            "campaignctl apply --target a, or `campaignctl state rm a` to let it be",
            ("campaignctl apply --target a", "campaignctl state rm a"),
        ),
        ("set OCAMBA_TOKEN, then campaignctl apply", ()),
        ("", ()),
    ],
)
def test_a_hint_that_begins_with_a_command_is_what_comes_next(hint: str, commands: tuple[str, ...]) -> None:
    assert ways_out(hint) == commands


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("campaignctl apply", "campaignctl -e eu apply"),
        (
            "`campaignctl state rm a` or `campaignctl plan`",
            "`campaignctl -e eu state rm a` or `campaignctl -e eu plan`",
        ),
        ("campaignctl -e eu apply", "campaignctl -e eu apply"),
        (
            "mend campaignctl.yaml; a newer campaignctl wrote it",
            "mend campaignctl.yaml; a newer campaignctl wrote it",
        ),
    ],
)
def test_each_command_names_the_environment_once(text: str, complete: str) -> None:
    assert in_environment(text, "eu") == complete
    assert in_environment(text, None) == text
