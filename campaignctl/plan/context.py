"""The input of the decision table: the context that all keys share, and the subject, one key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from campaignctl.campaign.live import Live
from campaignctl.diff import (
    Weight,
    is_unasked,
    set_outside,
    weight,
)
from campaignctl.errors import Command, Sentence, listed
from campaignctl.manifest.model import DesiredState
from campaignctl.plan import records
from campaignctl.plan.lifts import Lifts
from campaignctl.plan.model import Clone, Copy, Options
from campaignctl.plan.moves import Moves, resolve
from campaignctl.plan.noted import Noted
from campaignctl.plan.subject import Subject, said
from campaignctl.project.model import Project
from campaignctl.state.halts import Halts
from campaignctl.state.ledger import HistoryEntry, Released
from campaignctl.state.model import FORMAT_VERSION, Intent, Record, State
from campaignctl.state.proofs import Proof, by_digest


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An intent whose outcome is still unknown. `at_once`: it may have started a campaign. `not_found`: the
    account was searched for the campaign of this create, and none carries its marker."""

    key: str
    intent: str
    at_once: bool
    reason: str
    hint: str
    not_found: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """A campaign of this project and environment, not canceled, that the state does not know.

    `key` is the declared key that fits the marker's tag, if any; `intent` is the intent id in the marker.
    `by_name`: its marker names only the project's name, and the project has an id.
    """

    id: str
    name: str
    key: str | None
    intent: str
    by_name: bool = False


# Lifts the hold of a state that is behind; without --write it only shows what it would do.
RECOVER = Command("state", "recover", "--write")
_NAMED = 5


def behind_reason(behind: Sequence[Behind]) -> str:
    """The reason of a hold, with the first few campaigns that the state does not know."""
    unknown = listed([f"{each.id} ({each.key})" if each.key else each.id for each in behind], _NAMED)
    if any(each.by_name for each in behind):
        return f"the state does not know {unknown}, of this project before it had an id or of another one"
    return f"the state is behind: it does not know {unknown} of this project"


def behind_hint(behind: Sequence[Behind], state: State | None) -> Sentence:
    """The commands that lift the hold: take the campaigns over, or say that they are another repository's."""
    if not any(each.by_name for each in behind):
        return Sentence(RECOVER)
    why = " if this project created them before it had an id; if another repository did: "
    return Sentence(RECOVER, why, not_ours(state))


def not_ours(state: State | None) -> Command:
    """The command that says that unknown campaigns with the project's name are another repository's."""
    if state is None:
        return Command("state", "init")
    if state.format_version < FORMAT_VERSION:  # it cannot hold the project's id
        return Command("state", "migrate", "--format", str(FORMAT_VERSION))
    return Command("state", "rebind")


#: What may send although no read shows whose account it is, and the command that lets it.
UNPROVEN = "no read has shown whose account this is, and nothing that cannot send is created first"
LIFT_UNPROVEN = Sentence(
    Command("apply", "--override", "unproven_account"),
    " if OCAMBA_TOKEN belongs to the right account; or apply a draft first, whose answer proves it",
)


def without_markers(project: Project, state: State | None) -> str | None:
    """What it costs that campaigns carry no marker, or that the account returns none; None if they work."""
    if project.api.markers and not (state and state.account.markers is False):
        return None
    why = "this account does not return markers" if project.api.markers else "`api.markers` is off"
    return f"{why}: a create without an answer needs a person, and a lost or old state is not noticed"


@dataclass(frozen=True, slots=True)
class Reading:
    """The campaigns of the account as they were read, by key of the record; None is a missing campaign.

    A key that is not in `live` was not read: its campaign is final, or nothing was refreshed
    (`refreshed` is false). `settled` holds campaigns found for pending creates; `released` (by id) released
    campaigns that a create must check first; `adoptable` (by id) the campaigns that manifests adopt. `clones`
    are clones of recorded campaigns. `foreign` (by id) are campaigns that the state does not know, as far as
    they were seen; `copies` are second copies that can send. `proven`: a read showed whose account it is.
    `halts` is the stop mark.
    """

    live: Mapping[str, Live | None] = field(default_factory=dict)
    settled: Mapping[str, Live] = field(default_factory=dict)
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    released: Mapping[str, Live | None] = field(default_factory=dict)
    adoptable: Mapping[str, Live | None] = field(default_factory=dict)
    behind: tuple[Behind, ...] = ()
    clones: tuple[Clone, ...] = ()
    notes: tuple[str, ...] = ()
    company_id: str | None = None
    proven: bool = True
    refreshed: bool = True
    halts: Halts = Halts()
    foreign: Mapping[str, Live | None] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """What another commit declares, to tell what was blocked before this change; None if that cannot be read.

    Its manifests count with its own project file.
    """

    commit: str
    desired: DesiredState | None


#: How a checkout stands to a commit: it has it, is behind it (an ancestor), its history cannot tell, or git
#: cannot read it.
Standing = Literal["has", "behind", "unclear", "unreadable"]

# From this number of campaigns on, a value that all of them got was set by the server.
_ALL = 3


@dataclass(frozen=True)
class PlanContext:
    """The context that all keys of a plan share: manifests, state, live campaigns, options and time.

    `new_id` makes ids of intents; `who` and the commit are named in the reasons of cancels and pauses.
    `stands_to` says how the checkout of the manifests stands to a commit. `against` is the commit that is
    compared with. `noted` is what earlier plans noted about the records of `state`.
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
    stands_to: Callable[[str], Standing] = lambda _commit: "has"
    against: Against | None = None
    noted: Noted | None = None

    @property
    def project(self) -> Project:
        """The project."""
        return self.desired.project

    @cached_property
    def lifts(self) -> Lifts:
        """The guardrails and rules that are lifted."""
        return Lifts.at(self.now, self.options.overrides, self.project.overrides)

    @cached_property
    def proofed(self) -> Mapping[str, Proof]:
        """What seeds have seen: the last proof of each content."""
        return by_digest(self.state.proofs) if self.state else {}

    @cached_property
    def archived(self) -> Mapping[str, Released]:
        """The campaigns that were archived lately, which the state itself still has, by key."""
        released = self.state.released if self.state else ()
        return {one.key: one for one in released if one.archived is not None}

    @cached_property
    def records(self) -> Mapping[str, Record]:
        """The recorded campaigns, and those found for pending creates."""
        if self.state is None:
            return {}
        if not self.reading.settled:
            return self.state.campaigns
        found = {
            key: records.created(self.state.pending[key], live, self.now, self.project.api.hidden)
            for key, live in self.reading.settled.items()
        }
        return {**self.state.campaigns, **found}

    @property
    def notes(self) -> Noted:
        """The notes on `records`."""
        return self.noted if self.noted and not self.reading.settled else Noted({}, self.now)

    @cached_property
    def plain(self) -> bool:
        """Whether nothing but a manifest and its record can speak for a change of what is declared: no live
        campaign, halt, override or special option."""
        options, reading = self.options, self.reading
        special = self.only_looks or options.reviewed is not None
        lifted = options.overrides or self.project.overrides
        halted = reading.halts.halts or reading.halts.unreadable
        return not (special or lifted or halted or reading.refreshed or reading.live or reading.clones)

    @cached_property
    def unsettled(self) -> dict[str, Intent]:
        """The writes with an unknown outcome, by key."""
        pending = self.state.pending if self.state else {}
        return {
            key: intent
            for key, intent in pending.items()
            if intent.phase != "planned" and key not in self.reading.settled
        }

    @cached_property
    def applied_last(self) -> HistoryEntry | None:
        """The last apply that may have changed something, if it was made from another commit."""
        history = reversed(self.state.history if self.state else ())
        # An apply that was started and never ended may have changed something.
        last = next((one for one in history if one.outcome == "started" or one.outcomes.get("done")), None)
        return None if last is None or last.commit in (None, self.commit) else last

    @cached_property
    def stands(self) -> Standing:
        """How the checkout stands to the commit that was applied last."""
        return self.stands_to(str(self.applied_last.commit)) if self.applied_last else "has"

    def half_done(self, key: str) -> Intent | None:
        """The replacement of a key whose campaign is canceled, and whose create was not sent."""
        intent = self.state.pending.get(key) if self.state else None
        return intent if intent and intent.half_done and key not in self.records else None

    @property
    def company_id(self) -> str | None:
        """The company of the account: as it was read, recorded, or pinned."""
        recorded = self.state.account.company_id if self.state else None
        return self.reading.company_id or recorded or self.project.company_id

    @property
    def only_looks(self) -> bool:
        """Whether the manifests are not applied: with `destroy` and `--refresh-only`."""
        return self.options.destroy or self.options.refresh_only

    @cached_property
    def moves(self) -> Moves:
        """The records that get other keys; none if the manifests are not applied."""
        found = resolve(self.desired.campaigns, self.records, self.unsettled)
        return Moves(heirs=found.heirs) if self.only_looks else found

    @cached_property
    def everywhere(self) -> Mapping[str, str]:
        """The paths of values that every campaign has that was read, by the value: the server's doing, unless
        they decide whether, when or to whom it sends, or are a language of a text."""
        read = [
            (record, live)
            for key, live in self.reading.live.items()
            if live and (record := self.records.get(key)) and record.baseline is not None
        ]
        if len(read) < _ALL:
            return {}
        common: dict[str, str] | None = None
        for record, live in read:
            told = {
                said(one.path, one.after): one.path
                for one in set_outside(record.baseline or {}, record.applied, live)
                if weight(one.path) is not Weight.AIM and not is_unasked(one.path)
            }
            common = told if common is None else {one: common[one] for one in common if one in told}
            if not common:
                break  # of most accounts, after the first campaign
        return common or {}

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
            everywhere=self.everywhere,
            now=self.now,
            clones=tuple(clone for clone in self.unseen_clones if clone.key == at),
        )

    def seen(self, key: str, record: Record) -> Subject:
        """A recorded campaign as it was read in this run, without its manifest; also under the key that its
        record moves to."""
        reading = self.reading
        for at in (key, record.moved_from or key):
            live = reading.settled.get(at) or reading.live.get(at)
            if live is not None and live.id == record.id:
                return Subject(key, record, live, True, None, now=self.now)
        return Subject(key, record, None, key in reading.live, None, now=self.now)

    @property
    def unseen_clones(self) -> tuple[Clone, ...]:
        """The clones of recorded campaigns that no apply has recorded yet."""
        known = self.state.foreign if self.state else {}
        return tuple(clone for clone in self.reading.clones if clone.id not in known)

    def signed(self, why: str) -> str:
        """The reason of a cancel or pause that the dashboard shows, with commit and user if known."""
        commit = f"commit {self.commit[:12]}" if self.commit else ""
        by = f"by {self.who}" if self.who else ""
        signature = ", ".join(filter(None, (commit, by)))
        return f"campaignctl: {why}" + (f" ({signature})" if signature else "")
