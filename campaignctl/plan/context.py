"""What a plan is decided from: what every key shares, and one key under decision."""

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
from campaignctl.errors import Command, Sentence
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
    """What becomes of one key: changes, a block or neither, and what is shown with it.

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

    def up_to(self, index: int, blocked: Blocked) -> Verdict:
        """Only the changes before an index; that one is blocked, so no drift is corrected."""
        drift = tuple(replace(shown, corrected=False) for shown in self.drift)
        return replace(self, changes=self.changes[:index], blocked=blocked, drift=drift)


Spec = Mapping[str, Any]

#: What is desired of a key: no campaign, one in a phase, or a new one in the place of the old.
Desired = Literal["gone", "active", "paused", "canceled", "replaced"]


@dataclass(frozen=True)
class Subject:
    """One key under decision: its record, what live shows and what its manifest wants.

    `live` is None when it was not read (`read` is false) or is missing. `moved_from` is the key that its
    record still has, `removed` the document that says how it goes. `destroyed`: it goes although it is
    declared. `held`: it is paused while it is edited, because the plan pauses it or the pause is ours.

    Without slots, so that what is asked many times is worked out once.
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
        """Its record; only asked where it has one."""
        if self.recorded is None:
            raise AssertionError(f"{self.key} is not recorded")
        return self.recorded

    @property
    def manifest(self) -> DesiredCampaign:
        """What its manifest wants; only asked where it is declared."""
        if self.wanted is None:
            raise AssertionError(f"{self.key} is not declared")
        return self.wanted

    @property
    def desired(self) -> Desired:
        """What is desired of it."""
        if self.wanted is None or self.destroyed:
            return "gone"
        return "replaced" if self.replacing and self.recorded else self.wanted.lifecycle.phase

    @cached_property
    def status(self) -> Status:
        """The status that decides: live's, else the recorded one."""
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
        """The paths whose changes are ignored."""
        return (self.wanted or self.record).lifecycle.ignore_changes

    @cached_property
    def body(self) -> str:
        """The digest of what its manifest wants."""
        return body_digest(self.manifest.spec)

    @cached_property
    def spec(self) -> Spec:
        """What its manifest asks of a campaign that exists: an event that was applied stays applied, and what
        is ignored stays as it was applied."""
        applied, spec = self.record.applied, self.manifest.spec
        if EVENT in applied and (has_fired(applied) or not spec.get(EVENT)):
            spec = {**spec, EVENT: applied[EVENT] if has_fired(applied) else False}
        elif not spec.get(EVENT):
            spec = without_event(spec)
        return self.with_ignored(spec, applied)

    def with_ignored(self, spec: Spec, source: Spec) -> Spec:
        """A spec with the ignored fields of another one."""
        if not self.ignored:
            return spec
        paths = [path for path in {**leaves(spec), **leaves(source)} if matches(path, self.ignored)]
        changes = (FieldChange(path, None, (*lookup(source, path), None)[0]) for path in paths)
        return overlay(spec, tuple(changes))

    @cached_property
    def edited(self) -> bool:
        """Whether its manifest asks for something else than was applied."""
        return not equal(self.spec, self.record.applied)

    @cached_property
    def comparison(self) -> Comparison:
        """Live against what was applied, all of it."""
        return compare(self.record.applied, self.record.echo, self.live) if self.live else Comparison()

    @cached_property
    def drift(self) -> tuple[FieldChange, ...]:
        """Where live differs from what was applied, except for what is ignored."""
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
        keys = (self.key, self.moved_from, self.recorded.moved_from if self.recorded else None)
        return self.halts.stopping(filter(None, keys), self.recorded.id if self.recorded else None)

    @property
    def declared_paused(self) -> bool:
        """Whether its manifest wants it paused."""
        return self.wanted is not None and self.wanted.lifecycle.phase == "paused"

    @property
    def paused_by_us(self) -> bool:
        """Whether it was paused by its manifest or by a halt, and not by someone else.

        A halt leaves no word in the state. A pause of it counts until the campaign is written to: then
        either this was noted, or the pause that is seen is another one.
        """
        if self.status is not Status.PAUSED:
            return False
        if self.record.paused_by_us or self.declared_paused:
            return True
        return self.halts.paused(self.record.id, since=self.record.updated_at)

    @property
    def at(self) -> str | None:
        """When live was last changed, as far as the API says."""
        text = self.live.text("update_time") if self.live else None
        try:
            return iso(parse_gmt(text)) if text else None
        except TimeError:
            return None

    def status_drift(self) -> tuple[Drift, ...]:
        """A pause that is not ours, or a resume of one that is: shown, and never undone unasked."""
        record, status = self.record, self.status
        if status is Status.PAUSED and not self.declared_paused and (self.halt or not self.paused_by_us):
            before = record.status if record.status != Status.PAUSED else str(Status.SCHEDULED)
        elif status in _GOING and record.paused_by_us and self.declared_paused:
            before = str(Status.PAUSED)
        else:
            return ()
        change = FieldChange("status", before, str(status))
        return (Drift(self.key, record.id, (change,), at=self.at),)

    def drifts(self, *, spec: Spec | None = None) -> tuple[Drift, ...]:
        """The drift to show. With `spec`, an update to that spec is planned: it corrects the drift, and a
        field that live has as the spec wants it is no drift."""
        shown = self.drift
        if spec is not None:
            shown = tuple(change for change in shown if not _is_in(spec, change))
        fields = (Drift(self.key, self.record.id, shown, spec is not None, self.at),) if shown else ()
        return (*self.status_drift(), *fields)

    def noted(self, *, manifest: bool = False) -> Record | None:
        """The record with what was merely seen and, of the `manifest`, what has no effect; None where nothing
        differs."""
        record = records.observed(self.record, self.live) if self.live else self.record
        if self.live and self.paused_by_us:
            record = replace(record, paused_by_us=True)
        if manifest:
            wanted = self.manifest
            record = replace(record, source_digest=wanted.source_digest, lifecycle=wanted.lifecycle)
        return record if record != self.record else None

    def blocked(self, reason: str, hint: str | Command) -> Verdict:
        """This key is left alone."""
        found = Blocked(self.key, self.record.id, str(self.status), reason, Sentence(hint))
        return Verdict(blocked=found, drift=self.drifts(), observed=self.noted())


_GOING = (Status.SCHEDULED, Status.RUNNING)


def _is_in(spec: Spec, change: FieldChange) -> bool:
    """Whether a spec has just what live has at the path of a change."""
    found = lookup(spec, change.path)
    if change.after is None or not found:
        return change.after is None and not found
    return same(change.path, found[0], change.after)


@dataclass(frozen=True)
class PlanContext:
    """What every key of a plan is decided with: what is desired, recorded and live, and the present.

    `new_id` gives intents their ids; `who` is named, with the commit, in the reasons of cancels and pauses.
    `lacks` says whether the manifests come from a checkout that certainly does not have a commit.
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
        """Recorded campaigns, with those that were found for a pending create."""
        if self.state is None:
            return {}
        found = {
            key: records.created(self.state.pending[key], live, self.now)
            for key, live in self.reading.settled.items()
        }
        return {**self.state.campaigns, **found}

    @cached_property
    def unsettled(self) -> dict[str, Intent]:
        """The writes whose outcome is not known, by key."""
        pending = self.state.pending if self.state else {}
        return {
            key: intent
            for key, intent in pending.items()
            if intent.phase != "planned" and key not in self.reading.settled
        }

    @property
    def only_looks(self) -> bool:
        """Whether nothing that manifests declare is brought about: `destroy` and `--refresh-only`."""
        return self.options.destroy or self.options.refresh_only

    @cached_property
    def moves(self) -> Moves:
        """The records that get other keys; none where nothing that is declared is brought about."""
        found = resolve(self.desired.campaigns, self.records, self.unsettled)
        return Moves(heirs=found.heirs) if self.only_looks else found

    def subject(self, key: str, *, replacing: bool) -> Subject:
        """What a key is decided by. Where nothing is moved, the campaign that claims its record speaks for
        it."""
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
        """The reason of a cancel or pause, which the dashboard shows: with commit and user, where known."""
        commit = f"commit {self.commit[:12]}" if self.commit else ""
        by = f"by {self.who}" if self.who else ""
        signature = ", ".join(filter(None, (commit, by)))
        return f"campaignctl: {why}" + (f" ({signature})" if signature else "")
