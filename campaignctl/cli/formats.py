"""The option --format, which most commands have: by itself, as it is all that quick ones need of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from campaignctl.cli.group import NearestChoice

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
Decorator = Callable[[_Decorated], _Decorated]


def format_choice(*forms: str, help: str) -> Decorator[Any]:  # noqa: A002 - the name that click gives it
    """Return the option --format over these forms, of which the first is the default."""
    return click.option(
        "--format", "form", type=NearestChoice(forms), default=forms[0], show_default=True, help=help
    )


format_option = format_choice("text", "json", help="For people, or one JSON document on standard output.")
