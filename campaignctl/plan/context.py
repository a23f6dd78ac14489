"""What was read of the account for a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from campaignctl.campaign.canonical import digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import Comparison, FieldChange, compare, lookup, matches, meaning, same
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.plan import records
from campaignctl.plan.build import Site
from campaignctl.plan.model import Blocked, Change, Drift, Lifts, Options
from campaignctl.schedule.times import TimeError, iso, parse_gmt
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Record, State


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An intent whose outcome is still not known. `at_once`: it may have set a campaign off."""

    key: str
    intent: str
    at_once: bool
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A campaign of this project and environment, not canceled, that the state does not know.

    `key` is its key where the marker's tag fits one that is declared; `intent` is the marker's.
    """

    id: str
    name: str
    key: str | None
    intent: str


# What lifts the hold of a state that is behind; without --write it only shows what it would do.
RECOVER = Command("state", "recover", "--write")
_NAMED = 5


def ids_of(behind: Sequence[Behind]) -> str:
    """The first few campaigns that the state does not know, by id and, where it is known, key."""
    more = f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else ""
    said = (f"{found.id} ({found.key})" if found.key else found.id for found in behind[:_NAMED])
    return ", ".join(said) + more


@dataclass(frozen=True, slots=True)
class Reading:
    """What the account showed, by key of the record; None stands for a campaign that is missing.

    A key that is not in `live` was not read: its campaign is final, or nothing was to be read
    (`refreshed` is false). `settled` holds campaigns found for pending creates; `released` the reads of
    ids that a create has to look at first, by id; `adoptable` the campaigns that manifests want to take over,
    by id. `halts` is the stop mark.
    """

    live: Mapping[str, Live | None] = field(default_factory=dict)
    settled: Mapping[str, Live] = field(default_factory=dict)
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    released: Mapping[str, Live | None] = field(default_factory=dict)
    adoptable: Mapping[str, Live | None] = field(default_factory=dict)
    behind: tuple[Behind, ...] = ()
    notes: tuple[str, ...] = ()
    company_id: str | None = None
    refreshed: bool = True
    halts: Halts = Halts()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one key: changes or a block or neither, and what is to be shown beside it.

    `changes` are in the order in which they are carried out, each with an action of its own. `drift` has
    more than one item where a change undoes only a part of it. `note` is a line about this key, `none` why
    nothing is done with it (said once for all keys of which it is true), and `quiet` names a counter of
    one-line notes. `observed` is a record that merely has to be saved; `lifted` names the rules that had
    to be lifted for this.
    """

    changes: tuple[Change, ...] = ()
    blocked: Blocked | None = None
    drift: tuple[Drift, ...] = ()
    note: str | None = None
    none: str | None = None
    quiet: str | None = None
    missed: str | None = None
    observed: Record | None = None
    lifted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One recorded key. `live` is None when it was not read (`read` false) or is missing. `moved_from` is the
    key that its record still has, `removed` the document that says how it goes.

    Without slots, so that what is asked many times is worked out once.
    """

    key: str
    record: Record
    live: Live | None
    read: bool
    wanted: DesiredCampaign | None
    lifts: Lifts = Lifts()
    halts: Halts = Halts()
    moved_from: str | None = None
    removed: Removed | None = None

    def lifted(self, name: str) -> bool:
        """Whether a rule is lifted for this key."""
        return self.lifts.lifts(name, self.key)

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

    @cached_property
    def halt(self) -> tuple[Halt, str] | None:
        """The halt that stops this campaign, if one does, and the key by which it is lifted."""
        keys = (self.key, self.moved_from, self.record.moved_from)
        return self.halts.stopping(filter(None, keys), self.record.id)

    @property
    def declared_paused(self) -> bool:
        """Whether its manifest says that it shall be paused."""
        return self.wanted is not None and self.wanted.lifecycle.phase == "paused"

    @property
    def paused_by_us(self) -> bool:
        """Whether it is paused because its manifest said so, or by a halt, and not by somebody else.

        A halt leaves no word in the state. A pause of it counts until the campaign is written to: then
        either this was noted, or the pause that is seen is another one.
        """
        if self.status is not Status.PAUSED:
            return False
        if self.record.paused_by_us or self.declared_paused:
            return True
        return self.halts.paused(self.record.id, since=self.record.updated_at)

    def status_drift(self, *, corrected: bool = False) -> tuple[Drift, ...]:
        """Paused, or set going again, by somebody else or by a halt: shown, and resumed by nobody without
        being asked."""
        change = self._paused_by_others() or self._resumed_by_others()
        return (Drift(self.key, self.record.id, (change,), corrected, self.at),) if change else ()

    def _paused_by_others(self) -> FieldChange | None:
        if self.status is not Status.PAUSED or self.declared_paused:
            return None
        if self.paused_by_us and self.halt is None:
            return None
        before = self.record.status if self.record.status != Status.PAUSED else str(Status.SCHEDULED)
        return FieldChange("status", before, str(Status.PAUSED))

    def _resumed_by_others(self) -> FieldChange | None:
        if not (self.record.paused_by_us and self.declared_paused):
            return None
        if self.status not in (Status.SCHEDULED, Status.RUNNING):
            return None
        return FieldChange("status", str(Status.PAUSED), str(self.status))

    def canceled_by_others(self) -> str | None:
        """A line that says so, once."""
        if self.status is not Status.CANCELED or self.record.status == Status.CANCELED:
            return None
        by = "by a halt" if self.halt else "outside of campaignctl"
        return f"{self.key}: {self.record.id} was canceled {by}"

    @property
    def at(self) -> str | None:
        """When live was last changed, as far as the API says."""
        text = self.live.text("update_time") if self.live else None
        try:
            return iso(parse_gmt(text)) if text else None
        except TimeError:
            return None

    def drifts(self, *, shall: Mapping[str, Any] | None = None, set_right: bool = False) -> tuple[Drift, ...]:
        """The drift to show. A change that makes of the campaign what it `shall` be undoes that of the
        members, but for what the manifest wants by now too; one that is `set_right` that of the status.
        """
        status = self.status_drift(corrected=set_right)
        shown = self.drift if shall is None else _unwanted(self.drift, shall)
        if not shown:
            return status
        return (*status, Drift(self.key, self.record.id, shown, shall is not None, self.at))

    def blocked(self, reason: str, hint: str | Command) -> Verdict:
        """This key is left alone."""
        return Verdict(
            blocked=Blocked(self.key, self.record.id, str(self.status), reason, Sentence(hint)),
            drift=self.drifts(),
            observed=self.bookkeeping(None),
        )

    def bookkeeping(self, wanted: DesiredCampaign | None) -> Record | None:
        """The record with what was merely seen, or rewritten in the manifest without effect; None where
        nothing differs."""
        record = records.observed(self.record, self.live) if self.live else self.record
        if self.live and self.paused_by_us:
            record = replace(record, paused_by_us=True)
        if wanted and (record.source_digest, record.lifecycle) != (wanted.source_digest, wanted.lifecycle):
            record = replace(record, source_digest=wanted.source_digest, lifecycle=wanted.lifecycle)
        return record if record != self.record else None

    def unknown(self, *command: str) -> Verdict:
        """Left alone because its status is one that we do not know; `command` is what was asked for."""
        shown = [self.live.status, self.live.text("effective_status")] if self.live else [self.record.status]
        words = " and ".join(repr(word) for word in dict.fromkeys(filter(None, shown)))
        # The API may refuse to end it; and what is forgotten while it is declared would be created again.
        given_up = () if self.wanted else (", or ", Command("state", "rm", self.key), " to let it be")
        return self.blocked(
            f"the API reports the status {words}, which we do not know; it may still send",
            Sentence(Command(*command, self.key, "--override", "unknown_status"), *given_up),
        )


def _unwanted(drift: tuple[FieldChange, ...], shall: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """The drift without what is by now just what the campaign shall be."""

    def is_wanted(change: FieldChange) -> bool:
        found = lookup(shall, change.path)
        if change.after is None or not found:
            return change.after is None and not found
        return same(change.path, found[0], change.after)

    return tuple(change for change in drift if not is_wanted(change))


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
