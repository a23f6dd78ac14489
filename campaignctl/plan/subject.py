"""One key under decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from campaignctl.campaign.canonical import digest
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status, status_of
from campaignctl.diff import (
    EVENT,
    Comparison,
    FieldChange,
    Weight,
    compare,
    content,
    equal,
    form,
    is_quiet,
    lookup,
    matched,
    matches,
    meaning,
    path_in,
    same,
    set_outside,
    split,
    unmanaged,
    weight,
    with_ignored,
)
from campaignctl.errors import Command, Sentence
from campaignctl.manifest.model import DesiredCampaign, Removed
from campaignctl.plan import records, runs
from campaignctl.plan.arming import has_fired, has_had_a_run, without_event
from campaignctl.plan.model import Blocked, Clone, Drift, Ran, Unmanaged
from campaignctl.plan.verdict import Verdict
from campaignctl.schedule.times import TimeError, iso, parse_gmt, parse_iso
from campaignctl.state.halts import Halt, Halts
from campaignctl.state.model import Record

Spec = Mapping[str, Any]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


#: The desired campaign of a key: none, one in a phase, or a new one that replaces the recorded one.
Desired = Literal["gone", "active", "paused", "canceled", "replaced"]


@dataclass(frozen=True)
class Subject:
    """One key to decide: its record, its live campaign and its manifest (`wanted`).

    `live` is None if it was not read (`read` is false) or is missing. `moved_from` is the current key of its
    record, `removed` its `kind: Removed` document. `destroyed`: it is declared, but `destroy` removes it.
    `held`: it is paused while it is edited, because this plan or an earlier one paused it.
    `everywhere` are values that all campaigns got outside of the manifests (`said`). `written` is the spec of
    a saved plan, used instead of the manifest's. `now` decides which of its runs are past; `clones` are
    clones of its campaign that no apply has recorded.

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
    everywhere: Collection[str] = frozenset()
    written: Spec | None = None
    now: datetime = _LONG_AGO
    clones: tuple[Clone, ...] = ()

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

    @property
    def body(self) -> str:
        """The digest of its manifest's body."""
        return self.manifest.body_digest

    @cached_property
    def spec(self) -> Spec:
        """Its manifest's spec for a campaign that exists: an applied event stays applied, and ignored fields
        keep their applied values."""
        applied, spec = self.record.applied, self.manifest.spec
        if not spec.get(EVENT):
            # In a draft an event waits: one that has fired must not, unless the manifest asks for it.
            fired = has_fired(applied) and not spec.get("is_draft")
            spec = {**spec, EVENT: fired} if EVENT in applied else without_event(spec)
        return self.with_ignored(spec, applied)

    def with_ignored(self, spec: Spec, source: Spec) -> Spec:
        """A spec with its ignored fields taken from another spec, whose messages are matched by name."""
        return with_ignored(spec, source, self.ignored)

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
        return tuple(change for change in self.comparison.changes if not self.ignores(change.path))

    def ignores(self, path: str) -> bool:
        """Whether a path of the applied spec is ignored; an index in `ignore_changes` is the manifest's."""
        return matches(self.path_in(self.wanted.spec, path) if self.wanted else path, self.ignored)

    def path_in(self, spec: Spec, path: str) -> str:
        """A path of the applied spec in another spec, whose messages are matched by name."""
        return path_in(self.record.applied, spec, path)

    def unmatched(self, live: Spec) -> bool:
        """Whether `ignore_changes` leads into messages that are not the applied or live ones and cannot be
        matched with them by name."""
        ours = self.manifest.spec.get("messages")
        into = any(len(parts) > 1 and parts[0] in ("messages", "*") for parts in map(split, self.ignored))
        theirs = [source.get("messages") for source in (self.record.applied, live)]
        return into and any(each != ours and matched(ours, each) is None for each in theirs)

    @cached_property
    def beyond(self) -> Mapping[str, Any]:
        """The fields that live shows and that were not applied."""
        return unmanaged(self.record.applied, self.live) if self.live else {}

    @cached_property
    def set_outside(self) -> tuple[FieldChange, ...]:
        """Those that differ from the baseline, or all where there is none."""
        if self.live is None:
            return ()
        return set_outside(self.record.baseline or {}, self.record.applied, self.live, self.beyond)

    @cached_property
    def outside(self) -> tuple[Unmanaged, ...]:
        """The fields that were set outside of the manifests, and that its manifest does not set.

        Without those that are ignored or that the server set everywhere. None if they were never seen before.
        """
        if self.live is None or self.record.baseline is None:
            return ()
        wanted = self.wanted.spec if self.wanted else {}
        return tuple(
            Unmanaged(one.path, one.after, one.before)
            for one in self.set_outside
            if not lookup(wanted, self.path_in(wanted, one.path))
            and not self.ignores(one.path)
            and said(one.path, one.after) not in self.everywhere
        )

    @property
    def first_seen(self) -> bool:
        """Whether live was read, and what the manifest does not set was never recorded."""
        whole = self.live is not None and "messages" in self.live.fields
        return whole and self.recorded is not None and self.record.baseline is None

    @cached_property
    def live_digest(self) -> str | None:
        """A digest of the live campaign as this decision saw it: its status, its differences from applied,
        and the unmanaged fields that decide whether, when, to whom and what it sends, or are written now.

        A list item and a read by id give the same digest, so that an apply can check again.
        """
        return self.digest_with(self.status) if self.read else None

    def digest_with(self, status: Status) -> str:
        """The digest of the live campaign that was read, as if it had this status."""
        seen = [[change.path, meaning(change.path, change.after)] for change in self.comparison.changes]
        document = {"id": self.record.id, "status": str(status), "drift": seen}
        written = self.written if self.written is not None else self.wanted.spec if self.wanted else {}
        beyond = [
            [one.path, form(one.path, one.after)]
            for one in self.set_outside
            if weight(one.path) is not Weight.OTHER or lookup(written, self.path_in(written, one.path))
        ]
        return digest(document | ({"outside": beyond} if beyond else {}))

    @cached_property
    def halt(self) -> tuple[Halt, str] | None:
        """The halt that stops this campaign, if any, and the key to lift it by. What would be created is
        stopped by its content too, and by the keys that it takes over."""
        known, wanted = self.recorded, self.wanted
        creates = wanted is not None and (known is None or self.replacing)
        before = known.moved_from if known else None
        keys = [self.key, *filter(None, (self.moved_from, before))]
        if known is None and wanted is not None:
            keys += wanted.moved_from
        campaign_id = known.id if known else wanted.adopt if wanted else None
        held = self.content if creates and self.halts.holds_content else ""
        return self.halts.stopping(keys, campaign_id, held)

    @cached_property
    def content(self) -> str:
        """The digest of what its manifest sends, and to whom."""
        return content(self.manifest.spec, self.manifest.lifecycle.accept_stored)

    @property
    def declared_paused(self) -> bool:
        """Whether its manifest declares it paused."""
        return self.wanted is not None and self.wanted.lifecycle.phase == "paused"

    @property
    def paused_by_us(self) -> bool:
        """Whether a request of ours paused it, of an apply or of a halt: a manifest that says paused does not
        make another's pause ours.

        A halt is not recorded in the state. Its pause counts until the next write to the campaign: by then
        the pause was noted in the record, or the present pause is another one.
        """
        if self.status is not Status.PAUSED:
            return False
        if self.record.paused_by_us:
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
        """A status that others gave it: what can be undone until it is (a pause, a draft, a resume of our
        pause), all else until an apply has recorded it. A run that others started is one of those, whatever
        they did afterwards."""
        was, found = self.record.status, self._made_idle() or self._over_by_others()
        if found is None:
            return self.run_by_others()
        if was == self.status:
            was = str(Status.SCHEDULED)
        reason, once = found
        change = FieldChange("status", was, str(self.status))
        drift = Drift(self.key, self.record.id, (change,), False, self.changed_at, (), reason, once)
        return (drift, *self.run_by_others())

    def run_by_others(self) -> tuple[Drift, ...]:
        """Runs of a recurring campaign that others started and no apply has recorded yet."""
        how = runs.run_by_others(self.record, self.live, self.now) if self.live else None
        if how is None:
            return ()
        seen = runs.ran(self.live, self.now) if self.live else Ran()
        shown = FieldChange("run_counter", self.record.run_counter, seen.count)
        if seen.last is not None and seen.last > (self.record.began or ""):
            shown = FieldChange("last_run", self.record.began, seen.last)
        return (Drift(self.key, self.record.id, (shown,), reason=f"started {OUTSIDE}: {how}", once=True),)

    def _made_idle(self) -> tuple[str, bool] | None:
        """The drift of a status that can be undone, as its reason."""
        status, paused = self.status, self.declared_paused
        if status is Status.PAUSED and not paused and (self.halt or not self.paused_by_us):
            return "", False
        if status in _GOING and self.record.paused_by_us and paused:
            return "", False
        drafts = (self.record.applied, self.wanted.spec if self.wanted else {})
        if status is Status.DRAFT and not any(spec.get("is_draft") for spec in drafts):
            return f"made a draft {OUTSIDE}; `is_draft: false` in {self.key} arms it again", False
        return None

    def _over_by_others(self) -> tuple[str, bool] | None:
        """The drift of a status that nothing undoes and that is not recorded yet, as its reason."""
        was, status = self.record.status, self.status
        if was == status:
            return None
        if status is Status.MISSING:
            return "deleted: it is no longer in this account", True
        if status is Status.CANCELED and self.desired != "canceled":
            return f"canceled {'by a halt' if self.halt else OUTSIDE}; it sends nothing more", True
        decided = status in (*_BEGUN, Status.SCHEDULED)  # one that recurs waits for its next run then
        if was == Status.NEEDS_DECISION and decided and self._undecided:
            return f"its winner was set {OUTSIDE}", True
        return ("sent by hand, not at its own time", True) if was not in _BEGUN and self.by_hand else None

    @property
    def _undecided(self) -> bool:
        """Whether the winner of its last run was not set by us, as far as known."""
        run = self.live.run if self.live and self.record.applied.get("recurrence") else None
        return self.record.winner is None or (run is not None and run > (self.record.winner_run or run))

    @property
    def by_hand(self) -> bool:
        """Whether it began to send though its manifest did not make it: before its time, or as a draft, a
        manual or a paused campaign."""
        if self.status not in _BEGUN or self.now == _LONG_AGO:
            return False
        since = parse_iso(self.record.created_at) - _SKEW
        held = self.record.paused_by_us and self.record.status == Status.PAUSED
        return held or not has_had_a_run(self.record.applied, since, self.now + _SKEW)

    def clones_drift(self) -> tuple[Drift, ...]:
        """Clones of it that others made and no apply has recorded yet."""
        return tuple(
            Drift(
                self.key,
                self.record.id,
                (FieldChange("clone", None, clone.id),),
                reason=clone.reason,
                once=True,
            )
            for clone in self.clones
        )

    def drifts(self, *, spec: Spec | None = None) -> tuple[Drift, ...]:
        """The drift to show. With `spec`, an update to that spec is planned: it corrects the drift, and a
        field whose live value is already that of the spec is no drift."""
        shown = self.drift
        if spec is not None:
            shown = tuple(change for change in shown if not _is_in(spec, change))
        fields = (Drift(self.key, self.record.id, shown, spec is not None, self.changed_at),) if shown else ()
        return (*self.status_drift(), *fields, *self.unmanaged_drift())

    def unmanaged_drift(self) -> tuple[Drift, ...]:
        """The drift in fields that the manifest does not set, without those of the team alone."""
        loud = tuple(one for one in self.outside if not is_quiet(one.path))
        return (Drift(self.key, self.record.id, (), at=self.changed_at, unmanaged=loud),) if loud else ()

    @cached_property
    def seen(self) -> Record:
        """Its record with the status and the runs that were read."""
        return records.observed(self.record, self.live, self.now) if self.live else self.record

    def noted(self, *, manifest: bool = False) -> Record | None:
        """The record with the observed status and, with `manifest`, the manifest's digest and lifecycle; None
        if nothing differs."""
        record = self.seen
        if self.first_seen:
            record = replace(record, baseline=self.beyond)
        if self.live and self.paused_by_us:
            record = replace(record, paused_by_us=True)
        if self.status is Status.MISSING:
            record = replace(record, status=str(Status.MISSING))
        if manifest:
            wanted = self.manifest
            record = replace(
                record,
                source_digest=wanted.source_digest,
                lifecycle=wanted.lifecycle,
                named_before=records.still_named(record, wanted.lifecycle),
            )
        return record if record != self.record else None

    def blocked(self, reason: str, hint: str | Command, *, diff: tuple[FieldChange, ...] = ()) -> Verdict:
        """The verdict that blocks this key. Its `prevent_destroy` is recorded all the same."""
        found = Blocked(self.key, self.record.id, str(self.status), reason, Sentence(hint), diff)
        observed = self.noted() or self.record
        if self.wanted and self.desired in ("active", "paused", "canceled"):
            protection = self.wanted.lifecycle.prevent_destroy
            lifecycle = replace(observed.lifecycle, prevent_destroy=protection)
            observed = replace(observed, lifecycle=lifecycle)
        return Verdict(
            blocked=found, drift=self.drifts(), observed=observed if observed != self.record else None
        )


#: How a change that others made is called.
OUTSIDE = "outside of campaignctl"
_GOING = (Status.SCHEDULED, Status.RUNNING)
# A campaign of one of these statuses has begun to send.
_BEGUN = (Status.RUNNING, Status.SENT, Status.NEEDS_DECISION)
# As far as the times of the server's records may be off.
_SKEW = timedelta(minutes=2)


def said(path: str, value: Any) -> str:
    """A field and its value, as one that can be counted."""
    return digest([path, form(path, value)])


def _is_in(spec: Spec, change: FieldChange) -> bool:
    """Whether a spec has the live value at the path of a change."""
    found = lookup(spec, change.path)
    if change.after is None or not found:
        return change.after is None and not found
    return same(change.path, found[0], change.after)
