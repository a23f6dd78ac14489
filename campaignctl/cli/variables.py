"""`--var NAME=VALUE`: values of variables on the command line."""

from __future__ import annotations

import unicodedata

import click

_TAKEN = "\t\n\r"
_NOT_TEXT = frozenset({"Cc", "Cs"})


def assignments(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read each `NAME=VALUE`; of a name that is there twice the last one stands."""
    return dict(_assignment(text) for text in given)


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{text[:80]!r} is not of the form NAME=VALUE.")
    if any(unicodedata.category(letter) in _NOT_TEXT and letter not in _TAKEN for letter in value):
        raise click.BadParameter(f"The value of {name[:80]!r} has control characters, or is not UTF-8.")
    return name, value
