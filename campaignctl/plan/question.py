"""Everything that a plan is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from campaignctl.manifest.desired import DesiredState
from campaignctl.plan import records
from campaignctl.plan.build import Site
from campaignctl.plan.options import Lifts, Options
from campaignctl.plan.reading import Reading
from campaignctl.state.model import Record, State


@dataclass(frozen=True, slots=True)
class Question:
    """What is desired, recorded and live, and the present. `new_id` gives intents their ids; `who` is named,
    with the commit, in the reasons of cancels and pauses. `lacks` says whether the manifests come from a
    checkout that certainly does not have a commit."""

    desired: DesiredState
    state: State | None
    reading: Reading
    options: Options
    now: datetime
    new_id: Callable[[], str]
    tool_version: str
    commit: str | None = None
    who: str = ""
    lacks: Callable[[str], bool] = lambda _commit: False

    @property
    def records(self) -> dict[str, Record]:
        """Recorded campaigns, with those that were found for a pending create."""
        if self.state is None:
            return {}
        found = {
            key: records.created(self.state.pending[key], live, self.now)
            for key, live in self.reading.settled.items()
        }
        return {**self.state.campaigns, **found}

    def site(self) -> Site:
        """What every change is built with."""
        project = self.desired.project
        return Site(
            project,
            self.now,
            self.new_id,
            self.commit,
            self.who,
            Lifts.at(self.now, self.options.overrides, project.overrides),
            self.reading.halts,
        )
