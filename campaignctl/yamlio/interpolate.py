"""Expands `${var.NAME}`, `${matrix.NAME}` and `${env.NAME}` in texts.

The API's own macros pass through; every other `${` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import NamedTuple

from campaignctl.campaign.contract import MACRO
from campaignctl.errors import Sentence, Shell, Source, did_you_mean, first_of, nearest

#: The one environment variable that is never expanded.
TOKEN_VARIABLE = "OCAMBA_TOKEN"  # noqa: S105 - the name of the variable, not its value

#: Names, apart by spaces or commas, of variables that may be used although they look like secrets.
ALLOW_VARIABLE = "CAMPAIGNCTL_ALLOW_ENV"

# Whoever knows the address of a webhook can post there.
_SECRET_NAME = re.compile("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL|WEBHOOK|JWT", re.IGNORECASE)
# As in https://user:password@host, which GitLab's CI_REPOSITORY_URL is with the token of the job, or as an
# address of a database also has it.
_LOGIN = re.compile(r"://[^/?#\s@]*:[^/?#\s@]+@|\b(?:ssl)?password\s*=", re.IGNORECASE)
_SHORTEST_SECRET = 8
_ESCAPE = "$${"
#: A dollar before a macro: of the three dollars, the last one begins the macro.
_DOLLAR = "$$"
_PLACE = re.compile(r"\$\$(?=\$\{[A-Z0-9_]+\})|\$\$\{|\$\{([^{}\n]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
#: What we or the API expand; after an escape also as an author may have spelt it.
_EXPANDED = re.compile(r"\$\{(?:[A-Z0-9_]+| *(?:var|matrix|env) *\.[^{}\n]*)\}")
_FILLED = re.compile(r"\$\{(var|matrix|env)\.([A-Za-z0-9_-]+)\}")
_NAMES_SHOWN = 20
_TOO_LONG = (
    "variables expand to more than 8 MiB in a campaign, or 256 MiB in its manifest",
    "use fewer variables, or shorter values",
)
WITH_TOKEN = "contains the API token"  # noqa: S105 - a message
REVOKE = "remove it, and revoke the token (Ocamba: profile menu, API Tokens)"
_OWN_VALUE = "a value is inserted as it is: only macros of the API, as in ${OCMH_APP_NAME}, are allowed in it"


@dataclass(frozen=True, slots=True)
class Fault:
    """An error at one `${`: its offset in the text, and what to do."""

    offset: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Values:
    """The values that texts are expanded with. `environ` holds only variables that the project allows.

    `withheld` has those that the project allows and the run does not: why, and what to do.
    `matrix` are the values of one combination, None without a matrix. `sources` tells where variables are
    defined. `later`: the matrix is not known yet, and `${matrix.NAME}` is left as it is.
    `token` is the API token, which no campaign may contain.
    """

    variables: Mapping[str, str]
    environ: Mapping[str, str]
    allowed: tuple[str, ...] = ()
    matrix: Mapping[str, str] | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    later: bool = False
    withheld: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    token: str = ""


class Room:
    """How many characters expansion may still produce: for a campaign, within the limit of its manifest.

    A place that is expanded counts as 64. No honest campaign comes near (API contract, section 2.3: 65,535
    characters a language). A variable of 1 MB in a thousand places is far above.
    """

    CAMPAIGN = 8 << 20
    MANIFEST = 256 << 20
    PLACE = 64

    def __init__(self, left: int = CAMPAIGN, around: Room | None = None) -> None:
        self._left = left
        self._around = around

    @property
    def left(self) -> int:
        """The number of characters left."""
        return min(self._left, self._around.left) if self._around else self._left

    def take(self, characters: int) -> None:
        """Use up some characters."""
        self._left -= characters
        if self._around:
            self._around.take(characters)


class Filled(NamedTuple):
    """A text with its places expanded, its faults, and how much room it took.

    With faults the text must not be used.
    """

    text: str
    faults: tuple[Fault, ...]
    room: int


def fill(text: str, values: Values, most: int = Room.CAMPAIGN) -> Filled:
    """Expand a text. Expansion stops where it would take more room than `most`."""
    faults: list[Fault] = []
    pieces: list[str] = []
    seams: list[tuple[int, int]] = []
    end, given, most, length = 0, most, most - len(text), 0
    for place in _PLACE.finditer(text):
        if most < 0:
            faults.append(Fault(place.start(), *_TOO_LONG))
            break
        pieces.append(text[end : place.start()])
        length += place.start() - end
        end = place.end()
        escape = place[0] == _ESCAPE
        filled = place[0][1:] if escape or place[0] == _DOLLAR else _value(place, values)
        if isinstance(filled, Fault):
            faults.append(filled)
            continue
        # An escape may leave a place, and a value may end with the dollar of one.
        if escape or (filled.endswith("$") and place[0] != _DOLLAR):
            seams.append((place.start(), length if escape else length + len(filled) - 1))
        pieces.append(filled)
        length += len(filled)
        most -= 0 if escape else len(filled) + Room.PLACE
    pieces.append(text[end:])
    made = "".join(pieces)
    if seams and not faults:
        faults += _left(made, seams)
    return Filled(made, tuple(faults), given - most)


def _left(made: str, seams: Sequence[tuple[int, int]]) -> Iterator[Fault]:
    """The faults of a filled text in which an escape or a value left a place that is expanded later, or that
    recipients would see; `seams` are the offsets in the text, and of what they left."""
    for offset, start in seams:
        if found := _EXPANDED.match(made, start):
            place = found[0][:40]
            hint = (
                f"for a dollar before a macro write `$${place}`"
                if MACRO.fullmatch(found[0])
                else 'for a dollar before a value, put it into the value, as in `price: "$49"`;'
                f' or define `dollar: "$"` in `variables` and write `${{var.dollar}}{place}`'
            )
            message = f"this leaves `{found[0][:60]}` in the text: it would be sent like that, or expanded"
            yield Fault(offset, message, hint)


def origin(text: str, values: Values, offset: int) -> int:
    """Where a character of the filled text comes from: its offset in the text before it was filled."""
    end = filled = 0
    for place in _PLACE.finditer(text):
        literal = place.start() - end
        if offset < filled + literal:
            break
        value = "${" if place[0] == _ESCAPE else _value(place, values)
        filled += literal
        length = len(value) if isinstance(value, str) else 0
        if offset < filled + length:
            return place.start()
        filled, end = filled + length, place.end()
    return end + offset - filled


def places(text: str) -> Iterator[tuple[str, str]]:
    """The places of a text that are expanded, as (`var`, `matrix` or `env`, NAME)."""
    for place in _PLACE.finditer(text):
        found = _FILLED.fullmatch(place[0])
        if found:
            yield found[1], found[2]


def whole(text: str) -> tuple[str, str] | None:
    """The place that is the whole text, as `places` gives it; None if there is other text."""
    found = _FILLED.fullmatch(text)
    return (found[1], found[2]) if found else None


def filled_path(path: str, matrix: Mapping[str, str]) -> str | None:
    """The path of a file with its `${matrix.NAME}` expanded; None if it has other places to expand."""
    if "${" not in path:
        return path
    filled, faults, _ = fill(path, Values({}, {}, matrix=matrix))
    return None if faults or "${" in filled else filled


def insertion_error(value: str) -> str:
    """Why a value cannot be inserted into texts, or an empty string."""
    return _OWN_VALUE if "${" in MACRO.sub("", value) else ""


def _value(place: re.Match[str], values: Values) -> str | Fault:
    inner = place[1]
    if inner is None:
        return Fault(
            place.start(), "`${` is not closed", "close it with `}`, or write `$${` for a literal `${`"
        )
    if MACRO.fullmatch(place[0]):
        return place[0]
    space, dot, name = inner.partition(".")
    if dot and _NAME.fullmatch(name):
        if space == "var":
            return _known(place, name, values.variables, "add it to `variables` of the project file")
        if space == "env":
            return _from_environment(place, name, values)
        if space == "matrix":
            return _from_matrix(place, name, values)
    return Fault(place.start(), f"`{place[0]}` is neither a variable nor a macro", _nearest(inner, values))


def _from_matrix(place: re.Match[str], name: str, values: Values) -> str | Fault:
    if values.later:
        return place[0]
    if values.matrix is None:
        hint = f"add `matrix: {{{name}: [...]}}` next to `spec`"
        return Fault(place.start(), f"`{place[0]}` in a campaign without a matrix", hint)
    value = values.matrix.get(name)
    if value is not None:
        return value
    names = first_of(tuple(values.matrix), _NAMES_SHOWN)
    hint = did_you_mean(name, values.matrix, f"add it to the matrix, which has: {names}")
    return Fault(place.start(), f"this combination of the matrix has no `{name}`", hint)


def holds_token(text: str, environ: Mapping[str, str]) -> bool:
    """Whether a text contains the API token, or is one that is too short to be a secret."""
    token = environ.get(TOKEN_VARIABLE)
    return token is not None and (text == token != "" or (len(token) >= _SHORTEST_SECRET and token in text))


def permitted(
    names: Iterable[str], environ: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The variables of these names that texts may use, and the others: why, and what to do.

    Whoever writes the project file and the manifests decides neither that a variable which looks like a
    secret or contains one is sent, nor that the token is, under any name.
    """
    given = set(re.split(r"[\s,]+", environ.get(ALLOW_VARIABLE, "")))
    withheld = {}
    for name in names:
        if holds_token(environ.get(name, ""), environ):
            withheld[name] = (f"{name} contains the API token, which must not be used in texts", "remove it")
        elif name not in given and (secret := _secret(name, environ, given)):
            allow = quote(" ".join(sorted({*given - {""}, name})))
            withheld[name] = (
                f"{name} {secret}; texts are shown in plans and sent",
                Sentence("if it is none: ", Shell(f"export {ALLOW_VARIABLE}={allow}")),
            )
    return {name: environ[name] for name in names if name in environ and name not in withheld}, withheld


def _secret(name: str, environ: Mapping[str, str], given: Container[str]) -> str | None:
    """How a variable looks like a secret or contains one: by its name, or by its value."""
    if _SECRET_NAME.search(name):
        return "looks like a secret"
    value = environ.get(name, "")
    if _LOGIN.search(value):
        return "contains a login"
    held = (
        other
        for other, text in sorted(environ.items())
        if _SECRET_NAME.search(other)
        and other not in given
        and len(text) >= _SHORTEST_SECRET
        and text in value
    )
    other = next(held, None)
    return other and f"contains the value of {other}, which looks like a secret"


def _from_environment(place: re.Match[str], name: str, values: Values) -> str | Fault:
    if name == TOKEN_VARIABLE:
        return Fault(place.start(), f"{name} must not be used in texts", "remove it")
    if name in values.withheld:
        return Fault(place.start(), *values.withheld[name])
    if name not in values.allowed:
        hint = f"add {name} to `allow_env` of the project file"
        return Fault(place.start(), f"the project does not allow the environment variable {name}", hint)
    if name not in values.environ:
        unset = f"the environment variable {name} is not set"
        return Fault(place.start(), unset, Sentence(Shell(f"export {name}=...")))
    return _known(place, name, values.environ, "")


def _known(place: re.Match[str], name: str, known: Mapping[str, str], hint: str) -> str | Fault:
    value = known.get(name)
    if value is None:
        return Fault(place.start(), f"no variable `{name}`", did_you_mean(name, known, hint))
    if reason := insertion_error(value):
        return Fault(place.start(), f"the value of `{name}` contains `${{`", reason)
    return value


def _nearest(inner: str, values: Values) -> str:
    spaces = {"var": values.variables, "env": values.allowed, "matrix": values.matrix or ()}
    known = (f"{space}.{name}" for space, names in spaces.items() for name in names)
    near = nearest(inner.strip(), known, 0.5)
    if near:
        return f"did you mean ${{{near}}}? For a literal `${{` write `$${{`"
    upper = inner.strip().upper()
    if MACRO.fullmatch(f"${{{upper}}}"):
        return f"a macro of the API has capitals: ${{{upper}}}. For a literal `${{` write `$${{`"
    return "write ${var.NAME} or ${env.NAME}; for a literal `${` write `$${`"
