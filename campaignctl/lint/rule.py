"""A rule of lint, and what it reports.

A rule is a generator with facts about itself: its code, its sentence, where it comes from and how sure that
is. Certainty decides the severity: a guess is never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, get_args

from campaignctl.campaign.problem import KeyPath
from campaignctl.errors import Severity

#: How sure a rule is. `fact`: a standard, or the sender's own documentation. `measured`: a published
#: measurement. `sibling`: documented for a neighbouring resource or in an older edition of the API's pages.
#: `hint`: advice of vendors that differs.
Certainty = Literal["fact", "measured", "sibling", "hint"]
#: The worst severity that a rule may have by itself.
WORST: dict[Certainty, Severity] = {
    "fact": "error",
    "measured": "warning",
    "sibling": "warning",
    "hint": "info",
}
#: What a rule looks at: a campaign, each message (of a channel), each text, each html text, all campaigns
#: together, or the settings of lint.
Scope = Literal["campaign", "message", "push", "email", "sms", "text", "html", "project", "settings"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

FAMILIES = {
    "PSH": "Push",
    "SMS": "SMS",
    "EML": "Email",
    "LNK": "Links",
    "TXT": "Texts and languages",
    "TIM": "Times",
    "AUD": "Audience",
    "YML": "Manifest and settings",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule found at `path` of the body, or of the document if it begins with `lint`.

    In a long text `offset` is where, in characters of the text that is sent; None: the whole text.
    """

    path: KeyPath
    message: str
    hint: str = ""
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a rule comes from, and how sure that is."""

    certainty: Certainty
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the registry.

    `sentence` says what is right, `fix` what to do, `basis` where the rule comes from. `formerly` are the
    codes that the version before gave to the same findings. `check` yields a fault for each place; what it is
    called with depends on `scope`.
    """

    code: str
    severity: Severity
    sentence: str
    basis: Basis
    fix: str
    scope: Scope
    check: Callable[[Any], Iterator[Any]]
    formerly: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The letters that its code begins with."""
        return self.code[:3]


def rule(
    code: str,
    severity: Severity,
    sentence: str,
    *,
    on: Scope,
    basis: Basis,
    fix: str,
    formerly: tuple[str, ...] = (),
) -> Callable[[Callable[[Any], Iterator[Any]]], Rule]:
    """Make a rule of a generator."""

    def made(check: Callable[[Any], Iterator[Any]]) -> Rule:
        return Rule(code, severity, sentence, basis, fix, on, check, formerly)

    return made


def rules_of(module: ModuleType) -> list[Rule]:
    """The rules that a module defines, by code."""
    return sorted((one for one in vars(module).values() if isinstance(one, Rule)), key=lambda one: one.code)
