"""What `status`, `doctor`, `state recover` and `state rebind` found, as values that every output prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignctl.diff import FieldChange
from campaignctl.errors import CampaignctlError
from campaignctl.state.model import LockInfo


@dataclass(frozen=True, slots=True)
class Stop:
    """The halt that stops a campaign: the key by which it is lifted, who ordered it, when and why."""

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
    """One thing that was looked at.

    `found` says what was seen, in one line. `mend` is the command or setting that puts it right, empty
    where nothing has to be. `skipped` means that it could not be looked at, for a reason named elsewhere.
    """

    name: str
    verdict: Verdict
    found: str
    mend: str = ""


def refused(name: str, error: CampaignctlError) -> Check:
    """A check that ended with an error is a problem, in the error's own words."""
    found = f"{error.summary}: {error.detail}" if error.detail else error.summary
    return Check(name, "problem", found, error.hint)


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the place takes writes from here, as far as that can be told; `mend` is empty where it does.

    `way` is how a write gets there: by `push`, or as a `file`.
    """

    allowed: bool
    found: str
    mend: str = ""
    way: str = "push"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What lies beside a state.

    `left_journal` says that there are steps no process works on, `backup` where the previous state is,
    `exposed` what others than its owner may read or write; None where whoever may read the place may read
    the state. `holder_lives` is None without a lock, and where it cannot be told. `access` is None for
    files that can be written.
    """

    left_journal: bool
    backup: str | None
    exposed: tuple[str, ...] | None
    lock: LockInfo | None
    holder_lives: bool | None
    access: Access | None = None


@dataclass(frozen=True, slots=True)
class Belonging:
    """What a state belongs to. `company_id` is None where no campaign has shown it yet."""

    url: str
    company_id: str | None
    environment: str | None


@dataclass(frozen=True, slots=True)
class Rebinding:
    """A change of a state's belonging; `found` of the `looked_for` newest campaigns were seen there."""

    before: Belonging
    after: Belonging
    campaigns: int
    looked_for: int
    found: int


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign that the state does not know.

    `key` is where it belongs, None when its key is declared and recorded nowhere. `into` is the key under
    which it is recorded by a recovery, None when only its trace is kept: it is over, or another one has its
    key.
    """

    id: str
    name: str
    key: str | None
    status: str
    can_send: bool
    into: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found, newest first, of how many campaigns; and whether it was taken over."""

    found: tuple[Found, ...]
    looked_at: int
    written: bool
