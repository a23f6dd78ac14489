"""What a person has lifted: guardrails and rules of the decision table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from campaignctl.campaign.keys import fits
from campaignctl.project.model import Override


@dataclass(frozen=True, slots=True)
class Lifts:
    """The lifted guardrails and rules: `once` by the command line, for every key, and `standing` by the
    project file."""

    once: frozenset[str] = frozenset()
    standing: tuple[Override, ...] = ()

    @classmethod
    def at(cls, now: datetime, once: Iterable[str], standing: Iterable[Override]) -> Lifts:
        """The overrides in force at an instant."""
        return cls(frozenset(once), tuple(each for each in standing if now < each.until))

    def lifts(self, name: str, key: str) -> bool:
        """Whether this guardrail or rule is lifted for this key."""
        return name in self.once or self.override(name, key) is not None

    def override(self, name: str, key: str, against: str | None = None) -> Override | None:
        """The override in the project file that lifts it for this key, if any: always, or `against` this
        environment."""
        return next(
            (
                each
                for each in self.standing
                if each.guardrail == name
                and each.against in (None, against)
                and any(fits(pattern, key) for pattern in each.keys)
            ),
            None,
        )
