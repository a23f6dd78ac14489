"""The results of `status`, `doctor`, `state recover` and `state rebind`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignctl.diff import FieldChange
from campaignctl.errors import CampaignctlError
from campaignctl.state.model import LockInfo


@dataclass(frozen=True, slots=True)
class Stop:
    """The halt that stops a campaign: the key to lift it by, who ordered it, when and why."""

    key: str
    who: str
    at: str
    reason: str


PausedBy = Literal["manifest", "halt", "somebody else"]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One campaign now, recorded or only declared.

    `status` is the live one ("missing" if the API knows no such id, "not created" for what is only
    declared); `read` is false when it is only what the state remembers. `next_run` is
    `YYYY-MM-DDTHH:MM:SSZ` or None. `pending` is the phase of an unsettled intent. `phase` is what the
    manifest asks for. `halt` stops it; `paused_by` says whose pause it is. `decide` are the names of the
    messages between which its A/B test waits for a decision. `changed_at` is when live was last changed,
    as far as the API says and where it drifts.
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
    changed_at: str | None = None


Verdict = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    `found` says what was seen, in one line. `mend` is the command or setting that fixes it, empty if nothing
    is wrong. `skipped`: it could not be checked, for a reason that another check names.
    """

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


def refused(name: str, error: CampaignctlError) -> Check:
    """A check that failed with an error, which is a problem."""
    found = f"{error.summary}: {error.detail}" if error.detail else error.summary
    return Check(name, "problem", found, error.hint)


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the backend takes writes from here, as far as known; `mend` is empty if it does.

    `way` is how a write gets there: by `push`, or as a `file`.
    """

    allowed: bool
    found: str
    mend: str = ""
    way: str = "push"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What lies next to a state.

    `left_journal`: there are steps that no running process owns. `backup` is where the previous state is.
    `exposed` are files that other users can read or write; None if everyone who can read the backend can read
    the state. `holder_lives` is None without a lock, or if it cannot be told. `access` is None for files that
    can be written.
    """

    left_journal: bool
    backup: str | None
    exposed: tuple[str, ...] | None
    lock: LockInfo | None
    holder_lives: bool | None
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """Account and environment of a state. `company_id` is None until a campaign has shown it."""

    url: str
    company_id: str | None
    environment: str | None


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A change of account or environment; `found` of the `looked_for` newest campaigns are there."""

    before: Belonging
    after: Belonging
    campaigns: int
    looked_for: int
    found: int


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign that the state does not know.

    `key` is its key, None if no manifest or record has it. `into` is the key that a recovery records it
    under, None if only its trace is kept: it is final, or another campaign has its key.
    """

    id: str
    name: str
    key: str | None
    status: str
    can_send: bool
    into: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """The unknown campaigns, newest first, among how many; and whether they were recorded."""

    found: tuple[Found, ...]
    looked_at: int
    written: bool
