"""The results of `status`, `doctor`, `pull`, `state recover` and `state rebind`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from campaignctl.diff import FieldChange
from campaignctl.errors import CampaignctlError, Command
from campaignctl.plan.model import Unmanaged
from campaignctl.state.model import LockInfo
from campaignctl.state.proofs import Proof


@dataclass(frozen=True, slots=True)
class Stop:
    """The halt that stops a campaign: the key to lift it by, the user who ordered it, the time and reason.

    `keys` are the keys or patterns that it names, None for all.
    """

    key: str
    who: str
    at: str
    reason: str
    keys: tuple[str, ...] | None = None


PausedBy = Literal["manifest", "halt", "someone else"]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The present status of one campaign, recorded or only declared.

    `status` is the live one ("missing" if the API does not know the id, "not created" if it is only
    declared); `read` is false if it is only the recorded one. `next_run` is `YYYY-MM-DDTHH:MM:SSZ` or None.
    `pending` is the phase of an unsettled intent, `phase` that of the manifest. `halt` is the halt that stops
    it, `goes`: it can send all the same; `paused_by` is who paused it, `may_resume`: it has a time to come,
    and did not begin to send before. `decide` are the names of the messages
    if its A/B test waits for a decision, `decide_run` its run if it recurs. `changed_at` is when live was
    last changed, if it drifts and the API says so. `unmanaged` are fields that the manifest does not set and
    that were set outside of the manifests; `unconfirmed` are paths that were written and that no read has
    shown. `began` is when its last run was seen to begin.
    """

    key: str
    id: str | None
    name: str
    status: str
    read: bool
    next_run: str | None = None
    drift: tuple[FieldChange, ...] = ()
    pending: str | None = None
    declared: bool = True
    phase: str = "active"
    halt: Stop | None = None
    paused_by: PausedBy | None = None
    decide: tuple[str, ...] = ()
    decide_run: int | None = None
    changed_at: str | None = None
    unmanaged: tuple[Unmanaged, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    goes: bool = False
    may_resume: bool = False
    began: str | None = None


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The status of every campaign at `now`; `notes` are lines about all of them. `second_copies`: there are
    some. `behind`: the state does not know every campaign of the project."""

    rows: tuple[StatusRow, ...]
    now: datetime
    notes: tuple[str, ...] = ()
    second_copies: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class SentRow:
    """A campaign that was sent, or a run of it: `at` is the last time that is known, `YYYY-MM-DDTHH:MM:SSZ`.

    `name` and `status` are empty if it is no longer recorded.
    """

    key: str
    id: str | None
    at: str
    name: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """What happened since a time, and what is next: `sent` (the first of them first), `next` until `until`,
    as long again, and `drift`; `proofs` were sent to seeds. `status` is that of every campaign."""

    since: datetime
    until: datetime
    status: StatusReport
    sent: tuple[SentRow, ...]
    next: tuple[StatusRow, ...]
    drift: tuple[StatusRow, ...]
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class UnmanagedRow:
    """A live campaign that no state of ours knows. `next_run` is `YYYY-MM-DDTHH:MM:SSZ` or None, `can_send`
    whether it may still send by itself, `created` when it was made."""

    id: str
    name: str
    status: str
    can_send: bool
    next_run: str | None
    created: str | None


@dataclass(frozen=True, slots=True)
class UnmanagedReport:
    """The live campaigns that no state of ours knows, the next to send first; `looked_at` is how many were
    read, `elsewhere` how many of them carry a marker: a project of ours made or adopted them."""

    rows: tuple[UnmanagedRow, ...]
    now: datetime
    looked_at: int
    elsewhere: int = 0


CheckVerdict = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check of `doctor`.

    `found` is the finding, in one line. `fix` is the command or setting that fixes the problem, empty if
    there is none. `skipped`: it could not be checked, because another check failed.
    """

    name: str
    verdict: CheckVerdict
    found: str
    fix: str = ""


def refused(name: str, error: CampaignctlError) -> Check:
    """A check that failed with an error, which is a problem."""
    found = f"{error.summary}: {error.detail}" if error.detail else error.summary
    return Check(name, "problem", found, error.hint)


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the backend accepts writes from here, as far as known; `fix` is empty if it does.

    `way` is how it is written: by `push`, or as a `file`.
    """

    allowed: bool
    found: str
    fix: str = ""
    way: str = "push"


@dataclass(frozen=True, slots=True)
class Keeping:
    """The surroundings of a state: journal, backup, lock and access.

    `left_journal`: there are steps that no running process owns. `backup` is the place of the previous state.
    `exposed` are files that other users can read or write; None if everyone with access to the backend can
    read the state. `holder_lives` is None without a lock, or if it is unknown. `access` is None for files
    that can be written.
    """

    left_journal: bool
    backup: str | None
    exposed: tuple[str, ...] | None
    lock: LockInfo | None
    holder_lives: bool | None
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """The account, environment and project id of a state. `company_id` is None until a campaign has shown
    it."""

    url: str
    company_id: str | None
    environment: str | None
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A change of account or environment; `found` of the `looked_for` newest campaigns exist there."""

    before: Belonging
    after: Belonging
    campaigns: int
    looked_for: int
    found: int


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign that the state does not know.

    `key` is its key, None if no manifest or record has it. `into` is the key under which a recovery records
    it, None if it is only listed as released: it is final, or another campaign has its key.
    """

    id: str
    name: str
    key: str | None
    status: str
    can_send: bool
    into: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The unknown campaigns, newest first; `looked_at` is how many were read, `written` whether they were
    recorded. `doubt` says whose they may be if their markers hold no project id, and what to do then."""

    found: tuple[Found, ...]
    looked_at: int
    written: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A live campaign that a pull did not write, and why. `hint` is a command that does something about it.

    `fault`: it was asked for, so that the pull is not complete without it.
    """

    id: str
    name: str
    why: str
    hint: Command | None = None
    fault: bool = False


@dataclass(frozen=True, slots=True)
class PulledFile:
    """A manifest that a pull wrote, or would write: its campaign, and its other files."""

    path: str
    id: str
    name: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdatedFile:
    """A recorded campaign whose manifest a pull brought to what is live: its files, and the changed paths."""

    key: str
    id: str
    files: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConflictField:
    """A field as it was applied, as its manifest has it, and as it is live; None for an absent one."""

    path: str
    applied: Any
    manifest: Any
    live: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """A campaign that was edited both in its manifest, in `file`, and in the account."""

    key: str
    id: str
    file: str
    fields: tuple[ConflictField, ...]


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull wrote, or with `written` false would write, and what it left out. `shared` are files that
    new manifests need: defaults, and the project file with more variables."""

    new: tuple[PulledFile, ...]
    left: tuple[LeftOut, ...]
    updated: tuple[UpdatedFile, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    written: bool = True
    shared: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing that was asked for is missing."""
        return not (self.conflicts or any(one.fault for one in self.left))
