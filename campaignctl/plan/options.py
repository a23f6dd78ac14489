"""What a plan is asked for beyond the manifests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaignctl.campaign.keys import fits

# The command line reads this module for every command: it brings no other values along.
if TYPE_CHECKING:
    from datetime import datetime

    from campaignctl.manifest.desired import Override
    from campaignctl.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Lifts:
    """What is lifted: `once` by the command line, for every key, and `standing` by the project file."""

    once: frozenset[str] = frozenset()
    standing: tuple[Override, ...] = ()

    @classmethod
    def at(cls, now: datetime, once: Iterable[str], standing: Iterable[Override]) -> Lifts:
        """Those in force at an instant."""
        return cls(frozenset(once), tuple(each for each in standing if now < each.until))

    def lifts(self, name: str, key: str) -> bool:
        """Whether this guardrail or rule is lifted for this key."""
        return name in self.once or self.override(name, key) is not None

    def override(self, name: str, key: str) -> Override | None:
        """The reviewed override that lifts it for this key, if one does."""
        return next(
            (
                each
                for each in self.standing
                if each.guardrail == name and any(fits(one, key) for one in each.keys)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """The selecting and refreshing options of `plan` and `apply`.

    `targets` and `replace` are keys or patterns with `*` and `?`; an exact key wins over a pattern. With
    `reviewed` plans only those changes are planned that one of them holds.
    """

    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    destroy: bool = False
    refresh: bool = True
    refresh_only: bool = False
    overrides: tuple[str, ...] = ()
    reviewed: tuple[Plan, ...] | None = None
