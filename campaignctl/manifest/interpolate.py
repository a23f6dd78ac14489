"""`${var.NAME}` and `${env.NAME}` in texts; the API's macros pass through, everything else is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from campaignctl.campaign.macros import MACRO

#: The one variable of the environment that no text may carry.
TOKEN_VARIABLE = "OCAMBA_TOKEN"  # noqa: S105 - the name of the variable, not its value

_ESCAPE = "$${"
_PLACE = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one `${`: the offset in the text, and what to do."""

    offset: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Values:
    """What may be put into texts. `environ` holds only what the project allows."""

    variables: Mapping[str, str]
    environ: Mapping[str, str]
    allowed: tuple[str, ...] = ()


def fill(text: str, values: Values) -> tuple[str, tuple[Fault, ...]]:
    """A text with its places filled in, and what is wrong with it; then the text is not to be used."""
    faults: list[Fault] = []
    pieces: list[str] = []
    end = 0
    for place in _PLACE.finditer(text):
        pieces.append(text[end : place.start()])
        end = place.end()
        if place[0] == _ESCAPE:
            pieces.append("${")
        else:
            filled = _value(place, values)
            if isinstance(filled, Fault):
                faults.append(filled)
            else:
                pieces.append(filled)
    pieces.append(text[end:])
    return "".join(pieces), tuple(faults)


def macros(text: str) -> Iterator[tuple[str, int]]:
    """The names of the API's macros in a text before it is filled, each with its offset."""
    for place in _PLACE.finditer(text):
        if place[0] != _ESCAPE and MACRO.fullmatch(place[0]):
            yield place[1], place.start()


def _value(place: re.Match[str], values: Values) -> str | Fault:
    inner = place[1]
    if inner is None:
        return Fault(place.start(), "`${` is not closed", "close it with `}`, or write `$${` for the signs")
    if MACRO.fullmatch(place[0]):
        return place[0]
    space, dot, name = inner.partition(".")
    if dot and _NAME.fullmatch(name):
        if space == "var":
            return _known(place, name, values.variables, "add it to `variables` of the project file")
        if space == "env":
            return _from_environment(place, name, values)
        if space == "matrix":
            return Fault(place.start(), "this version of campaignctl does not know `${matrix.NAME}`", "")
    return Fault(place.start(), f"`{place[0]}` is neither a variable nor a macro", _nearest(inner, values))


def _from_environment(place: re.Match[str], name: str, values: Values) -> str | Fault:
    if name == TOKEN_VARIABLE:
        return Fault(place.start(), f"{name} is never put into a text", "take it out")
    if name not in values.allowed:
        hint = f"add {name} to `allow_env` of the project file"
        return Fault(place.start(), f"the project does not allow the environment variable {name}", hint)
    if name not in values.environ:
        return Fault(place.start(), f"the environment variable {name} is not set", f"export {name}=...")
    return _known(place, name, values.environ, "")


def _known(place: re.Match[str], name: str, known: Mapping[str, str], hint: str) -> str | Fault:
    value = known.get(name)
    if value is None:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else hint
        return Fault(place.start(), f"no variable `{name}`", hint)
    if "${" in MACRO.sub("", value):
        hint = "a value is put in as it is: only macros of the API, as in ${OCMH_APP_NAME}, may stand in it"
        return Fault(place.start(), f"the value of `{name}` contains `${{`", hint)
    return value


def _nearest(inner: str, values: Values) -> str:
    known = [f"var.{name}" for name in values.variables] + [f"env.{name}" for name in values.allowed]
    near = difflib.get_close_matches(inner.strip(), known, 1, 0.5)
    if near:
        return f"did you mean ${{{near[0]}}}? For the signs themselves write `$${{`"
    upper = inner.strip().upper()
    if MACRO.fullmatch(f"${{{upper}}}"):
        return f"a macro of the API has capitals: ${{{upper}}}. For the signs themselves write `$${{`"
    return "write ${var.NAME} or ${env.NAME}; for the signs themselves write `$${`"
