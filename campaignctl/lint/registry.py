"""Every rule of lint, by code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from campaignctl.lint import audience, email, links, manifest, push, settings, sms, texts, times
from campaignctl.lint.rule import FAMILIES, Rule, rules_of

_MODULES = (push, sms, email, links, texts, times, audience, manifest, settings)


def _collected() -> dict[str, Rule]:
    order = list(FAMILIES)
    found = [one for module in _MODULES for one in rules_of(module)]
    return {one.code: one for one in sorted(found, key=lambda one: (order.index(one.family), one.code))}


RULES: Mapping[str, Rule] = _collected()
#: What settings may name: families, and codes.
NAMES: tuple[str, ...] = (*FAMILIES, *RULES)


def named(code: str) -> tuple[Rule, ...]:
    """The rules of a code, of the beginning of codes, or of a code of the version before; case is ignored."""
    upper, lower = code.upper(), code.lower()
    found = tuple(one for one in RULES.values() if one.code.startswith(upper)) if upper else ()
    return found or tuple(one for one in RULES.values() if lower in one.formerly)


def known_codes() -> Iterable[str]:
    """Every name that `named` knows: families, codes, and codes of the version before."""
    former = {code for one in RULES.values() for code in one.formerly}
    return (*NAMES, *sorted(former))
