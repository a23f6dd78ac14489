"""One key under decision: what is recorded, live and wanted of it, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from campaignctl.campaign.canonical import digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import Comparison, FieldChange, compare, matches, meaning
from campaignctl.manifest.desired import DesiredCampaign
from campaignctl.plan import records
from campaignctl.plan.model import Blocked, Change, Drift
from campaignctl.state.model import Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one key: changes or a block or neither, and what is to be shown beside it.

    `changes` are in the order in which they are carried out, each with an action of its own. `drift` has
    more than one item where a change undoes only a part of it. `quiet` names a counter of one-line notes;
    `observed` is a record that merely has to be saved.
    """

    changes: tuple[Change, ...] = ()
    blocked: Blocked | None = None
    drift: tuple[Drift, ...] = ()
    note: str | None = None
    quiet: str | None = None
    missed: str | None = None
    observed: Record | None = None


@dataclass(frozen=True)
class Case:
    """One recorded key. `live` is None when it was not read (`read` false) or is missing.

    Without slots, so that what is asked many times is worked out once.
    """

    key: str
    record: Record
    live: Live | None
    read: bool
    wanted: DesiredCampaign | None
    lifted: frozenset[str] = frozenset()

    @cached_property
    def status(self) -> Status:
        """The status that decides: live's, else the recorded one."""
        if self.live is not None:
            return status_of(self.live, self.record.applied)
        if self.read:
            return Status.MISSING
        remembered = Live(
            self.record.id,
            {"status": self.record.status, "send_strategy": self.record.send_strategy},
            complete=False,
        )
        if self.record.status in (Status.MANUAL, Status.MISSING):
            return Status(self.record.status)
        return status_of(remembered, self.record.applied)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The paths whose changes are ignored."""
        lifecycle = self.wanted.lifecycle if self.wanted else self.record.lifecycle
        return lifecycle.ignore_changes

    @cached_property
    def comparison(self) -> Comparison:
        """Live against what was applied, all of it."""
        return compare(self.record.applied, self.record.echo, self.live) if self.live else Comparison()

    @cached_property
    def drift(self) -> tuple[FieldChange, ...]:
        """Where live differs from what was applied, but for what is ignored."""
        return tuple(change for change in self.comparison.changes if not matches(change.path, self.ignored))

    @property
    def live_digest(self) -> str | None:
        """A digest of what this decision saw of live: its status and all that differs from applied.

        The same whether it was seen in a list or by id, so that an apply can look again.
        """
        if not self.read:
            return None
        seen = [[change.path, meaning(change.path, change.after)] for change in self.comparison.changes]
        return digest({"id": self.record.id, "status": str(self.status), "drift": seen})

    def pause(self) -> tuple[Drift, ...]:
        """Paused by somebody else: shown, and resumed by nobody without being asked."""
        if self.status is not Status.PAUSED:
            return ()
        before = self.record.status if self.record.status != Status.PAUSED else str(Status.SCHEDULED)
        change = FieldChange("status", before, str(Status.PAUSED))
        return (Drift(self.key, self.record.id, (change,)),)

    def drifts(self, *, corrected: bool = False) -> tuple[Drift, ...]:
        """The drift to show; `corrected` if a change of the plan undoes that of the members."""
        if not self.drift:
            return self.pause()
        return (*self.pause(), Drift(self.key, self.record.id, self.drift, corrected))

    def blocked(self, reason: str, hint: str) -> Verdict:
        """This key is left alone."""
        return Verdict(
            blocked=Blocked(self.key, self.record.id, str(self.status), reason, hint),
            drift=self.drifts(),
            observed=self.bookkeeping(None),
        )

    def bookkeeping(self, wanted: DesiredCampaign | None) -> Record | None:
        """The record with what was merely seen, or rewritten in the manifest without effect; None where
        nothing differs."""
        record = records.observed(self.record, self.live) if self.live else self.record
        if wanted and (record.source_digest, record.lifecycle) != (wanted.source_digest, wanted.lifecycle):
            record = replace(record, source_digest=wanted.source_digest, lifecycle=wanted.lifecycle)
        return record if record != self.record else None
