"""The input of the decision table: the context that all keys share, and the subject, one key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from campaignctl.campaign.canonical import body_digest, digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import (
    EVENT,
    Comparison,
    FieldChange,
    compare,
    equal,
    leaves,
    lookup,
    matches,
    meaning,
    overlay,
    same,
)
from campaignctl.errors import Command, Sentence, listed
from campaignctl.manifest.model import DesiredCampaign, DesiredState, Removed
from campaignctl.plan import records
from campaignctl.plan.arming import has_fired, without_event
from campaignctl.plan.model import Blocked, Change, Drift, Lifts, Options
from campaignctl.plan.moves import Moves, resolve
from campaignctl.project.model import Project
from campaignctl.schedule.times import TimeError, iso, parse_gmt
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Intent, Record, State


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An intent whose outcome is still unknown. `at_once`: it may have started a campaign."""

    key: str
    intent: str
    at_once: bool
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A campaign of this project and environment, not canceled, that the state does not know.

    `key` is the declared key that fits the marker's tag, if any; `intent` is the intent id in the marker.
    """

    id: str
    name: str
    key: str | None
    intent: str


# Lifts the hold of a state that is behind; without --write it only shows what it would do.
RECOVER = Command("state", "recover", "--write")
_NAMED = 5


def behind_reason(behind: Sequence[Behind]) -> str:
    """The reason of a hold, with the first few campaigns that the state does not know."""
    unknown = listed([f"{each.id} ({each.key})" if each.key else each.id for each in behind], _NAMED)
    return f"the state is behind: it does not know {unknown} of this project"


@dataclass(frozen=True, slots=True)
class Reading:
    """The campaigns of the account as they were read, by key of the record; None is a missing campaign.

    A key that is not in `live` was not read: its campaign is final, or nothing was refreshed
    (`refreshed` is false). `settled` holds campaigns found for pending creates; `released` (by id) released
    campaigns that a create must check first; `adoptable` (by id) the campaigns that manifests adopt. `halts`
    is the stop mark.
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
    """The decision on one key: changes, a block or neither, with drift and notes.

    `changes` are in execution order, each with a different action. `drift` has more than one item if a change
    corrects only part of it. `note` is a line about this key; `none` is the reason for doing nothing (printed
    once for all keys with that reason); `quiet` names a counter, printed as one line. `observed` is a record
    that only has to be saved; `lifted` names the rules that were lifted for this decision.
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

    def up_to(self, index: int, blocked: Blocked) -> Verdict:
        """Only the changes before an index; the change at the index is blocked, so no drift is corrected."""
        drift = tuple(replace(shown, corrected=False) for shown in self.drift)
        return replace(self, changes=self.changes[:index], blocked=blocked, drift=drift)


Spec = Mapping[str, Any]

#: The desired campaign of a key: none, one in a phase, or a new one that replaces the recorded one.
Desired = Literal["gone", "active", "paused", "canceled", "replaced"]


@dataclass(frozen=True)
class Subject:
    """One key to decide: its record, its live campaign and its manifest (`wanted`).

    `live` is None if it was not read (`read` is false) or is missing. `moved_from` is the current key of its
    record, `removed` its `kind: Removed` document. `destroyed`: it is declared, but `destroy` removes it.
    `held`: it is paused while it is edited, because this plan or an earlier one paused it.

    No slots, because `cached_property` needs `__dict__`.
    """

    key: str
    recorded: Record | None
    live: Live | None
    read: bool
    wanted: DesiredCampaign | None
    halts: Halts = Halts()
    moved_from: str | None = None
    removed: Removed | None = None
    replacing: bool = False
    destroyed: bool = False
    held: bool = False

    @property
    def record(self) -> Record:
        """Its record; only used if it has one."""
        if self.recorded is None:
            raise AssertionError(f"{self.key} is not recorded")
        return self.recorded

    @property
    def manifest(self) -> DesiredCampaign:
        """Its manifest; only used if it is declared."""
        if self.wanted is None:
            raise AssertionError(f"{self.key} is not declared")
        return self.wanted

    @property
    def desired(self) -> Desired:
        """The phase that its manifest asks for, or "gone" or "replaced"."""
        if self.wanted is None or self.destroyed:
            return "gone"
        return "replaced" if self.replacing and self.recorded else self.wanted.lifecycle.phase

    @cached_property
    def status(self) -> Status:
        """The status to decide by: live's, else the recorded one."""
        if self.live is not None:
            return status_of(self.live, self.record.applied)
        if self.read:
            return Status.MISSING
        if self.record.status in (Status.MANUAL, Status.MISSING):
            return Status(self.record.status)
        remembered = {"status": self.record.status, "send_strategy": self.record.send_strategy}
        return status_of(Live(self.record.id, remembered, complete=False), self.record.applied)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The paths in `ignore_changes`."""
        return (self.wanted or self.record).lifecycle.ignore_changes

    @cached_property
    def body(self) -> str:
        """The digest of its manifest's body."""
        return body_digest(self.manifest.spec)

    @cached_property
    def spec(self) -> Spec:
        """Its manifest's spec for a campaign that exists: an applied event stays applied, and ignored fields
        keep their applied values."""
        applied, spec = self.record.applied, self.manifest.spec
        if EVENT in applied and (has_fired(applied) or not spec.get(EVENT)):
            spec = {**spec, EVENT: applied[EVENT] if has_fired(applied) else False}
        elif not spec.get(EVENT):
            spec = without_event(spec)
        return self.with_ignored(spec, applied)

    def with_ignored(self, spec: Spec, source: Spec) -> Spec:
        """A spec with its ignored fields taken from another spec."""
        if not self.ignored:
            return spec
        paths = [path for path in {**leaves(spec), **leaves(source)} if matches(path, self.ignored)]
        changes = (FieldChange(path, None, (*lookup(source, path), None)[0]) for path in paths)
        return overlay(spec, tuple(changes))

    @cached_property
    def edited(self) -> bool:
        """Whether its manifest differs from the applied spec."""
        return not equal(self.spec, self.record.applied)

    @cached_property
    def comparison(self) -> Comparison:
        """Live compared with the applied spec, in all fields."""
        return compare(self.record.applied, self.record.echo, self.live) if self.live else Comparison()

    @cached_property
    def drift(self) -> tuple[FieldChange, ...]:
        """Differences between live and the applied spec, without ignored fields."""
        return tuple(change for change in self.comparison.changes if not matches(change.path, self.ignored))

    @property
    def live_digest(self) -> str | None:
        """A digest of the live campaign as this decision saw it: its status and its differences from applied.

        A list item and a read by id give the same digest, so that an apply can check again.
        """
        if not self.read:
            return None
        seen = [[change.path, meaning(change.path, change.after)] for change in self.comparison.changes]
        return digest({"id": self.record.id, "status": str(self.status), "drift": seen})

    @cached_property
    def halt(self) -> tuple[Halt, str] | None:
        """The halt that stops this campaign, if any, and the key to lift it by."""
        keys = (self.key, self.moved_from, self.recorded.moved_from if self.recorded else None)
        return self.halts.stopping(filter(None, keys), self.recorded.id if self.recorded else None)

    @property
    def declared_paused(self) -> bool:
        """Whether its manifest declares it paused."""
        return self.wanted is not None and self.wanted.lifecycle.phase == "paused"

    @property
    def paused_by_us(self) -> bool:
        """Whether its manifest or a halt paused it, and not someone else.

        A halt is not recorded in the state. Its pause counts until the next write to the campaign: by then
        the pause was noted in the record, or the present pause is another one.
        """
        if self.status is not Status.PAUSED:
            return False
        if self.record.paused_by_us or self.declared_paused:
            return True
        return self.halts.paused(self.record.id, since=self.record.updated_at)

    @property
    def changed_at(self) -> str | None:
        """When the live campaign was last changed, if the API says so."""
        text = self.live.text("update_time") if self.live else None
        try:
            return iso(parse_gmt(text)) if text else None
        except TimeError:
            return None

    def status_drift(self) -> tuple[Drift, ...]:
        """A pause that is not ours, or a resume of our pause: shown, and not undone without a request."""
        record, status = self.record, self.status
        if status is Status.PAUSED and not self.declared_paused and (self.halt or not self.paused_by_us):
            before = record.status if record.status != Status.PAUSED else str(Status.SCHEDULED)
        elif status in _GOING and record.paused_by_us and self.declared_paused:
            before = str(Status.PAUSED)
        else:
            return ()
        change = FieldChange("status", before, str(status))
        return (Drift(self.key, record.id, (change,), at=self.changed_at),)

    def drifts(self, *, spec: Spec | None = None) -> tuple[Drift, ...]:
        """The drift to show. With `spec`, an update to that spec is planned: it corrects the drift, and a
        field whose live value is already that of the spec is no drift."""
        shown = self.drift
        if spec is not None:
            shown = tuple(change for change in shown if not _is_in(spec, change))
        fields = (Drift(self.key, self.record.id, shown, spec is not None, self.changed_at),) if shown else ()
        return (*self.status_drift(), *fields)

    def noted(self, *, manifest: bool = False) -> Record | None:
        """The record with the observed status and, with `manifest`, the manifest's digest and lifecycle; None
        if nothing differs."""
        record = records.observed(self.record, self.live) if self.live else self.record
        if self.live and self.paused_by_us:
            record = replace(record, paused_by_us=True)
        if manifest:
            wanted = self.manifest
            record = replace(record, source_digest=wanted.source_digest, lifecycle=wanted.lifecycle)
        return record if record != self.record else None

    def blocked(self, reason: str, hint: str | Command) -> Verdict:
        """The verdict that blocks this key."""
        found = Blocked(self.key, self.record.id, str(self.status), reason, Sentence(hint))
        return Verdict(blocked=found, drift=self.drifts(), observed=self.noted())


_GOING = (Status.SCHEDULED, Status.RUNNING)


def _is_in(spec: Spec, change: FieldChange) -> bool:
    """Whether a spec has the live value at the path of a change."""
    found = lookup(spec, change.path)
    if change.after is None or not found:
        return change.after is None and not found
    return same(change.path, found[0], change.after)


@dataclass(frozen=True)
class PlanContext:
    """The context that all keys of a plan share: manifests, state, live campaigns, options and time.

    `new_id` makes ids of intents; `who` and the commit are named in the reasons of cancels and pauses.
    `lacks` says whether the checkout of the manifests certainly does not contain a commit.
    """

    desired: DesiredState
    state: State | None
    reading: Reading
    options: Options
    now: datetime
    new_id: Callable[[], str] = lambda: ""
    tool_version: str = ""
    commit: str | None = None
    who: str = ""
    lacks: Callable[[str], bool] = lambda _commit: False

    @property
    def project(self) -> Project:
        """The project."""
        return self.desired.project

    @cached_property
    def lifts(self) -> Lifts:
        """The guardrails and rules that are lifted."""
        return Lifts.at(self.now, self.options.overrides, self.project.overrides)

    @cached_property
    def records(self) -> dict[str, Record]:
        """The recorded campaigns, and those found for pending creates."""
        if self.state is None:
            return {}
        found = {
            key: records.created(self.state.pending[key], live, self.now)
            for key, live in self.reading.settled.items()
        }
        return {**self.state.campaigns, **found}

    @cached_property
    def unsettled(self) -> dict[str, Intent]:
        """The writes with an unknown outcome, by key."""
        pending = self.state.pending if self.state else {}
        return {
            key: intent
            for key, intent in pending.items()
            if intent.phase != "planned" and key not in self.reading.settled
        }

    @property
    def only_looks(self) -> bool:
        """Whether the manifests are not applied: with `destroy` and `--refresh-only`."""
        return self.options.destroy or self.options.refresh_only

    @cached_property
    def moves(self) -> Moves:
        """The records that get other keys; none if the manifests are not applied."""
        found = resolve(self.desired.campaigns, self.records, self.unsettled)
        return Moves(heirs=found.heirs) if self.only_looks else found

    def subject(self, key: str, *, replacing: bool) -> Subject:
        """One key to decide. If nothing is moved, the campaign that claims its record stands in as its
        manifest."""
        campaigns, reading = self.desired.campaigns, self.reading
        heir = self.moves.heirs.get(key) if self.only_looks else None
        wanted = campaigns.get(key) or (replace(campaigns[heir], key=key) if heir else None)
        origin = self.moves.origin.get(key)
        at = origin or key
        return Subject(
            key,
            self.records.get(at),
            live=reading.settled.get(at) or reading.live.get(at),
            read=at in reading.live or at in reading.settled,
            wanted=wanted,
            halts=reading.halts,
            moved_from=origin,
            removed=self.desired.removed.get(key),
            replacing=replacing,
            destroyed=self.options.destroy,
        )

    def signed(self, why: str) -> str:
        """The reason of a cancel or pause that the dashboard shows, with commit and user if known."""
        commit = f"commit {self.commit[:12]}" if self.commit else ""
        by = f"by {self.who}" if self.who else ""
        signature = ", ".join(filter(None, (commit, by)))
        return f"campaignctl: {why}" + (f" ({signature})" if signature else "")
