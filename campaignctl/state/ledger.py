"""The ledger: what was sent, which campaigns the state no longer records, and the past applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: A field of format 2: absent in documents where it has its default, and in every document of format 1.
SINCE_2: Mapping[str, Any] = {"since": 2}


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry of the ledger: this body was sent, or may have been.

    `content` is the digest of what recipients see and of the audience, empty in entries of older states.
    `sends` are the times of its sends; `at_once`: it was sent as soon as it was started.
    """

    digest: str
    key: str
    id: str | None
    at: str
    content: str = field(default="", metadata=SINCE_2)
    sends: tuple[str, ...] = field(default=(), metadata=SINCE_2)
    at_once: bool = field(default=False, metadata=SINCE_2)


@dataclass(frozen=True, slots=True)
class Released:
    """The trace of a record that was removed from `campaigns`; `content` and `at_once` as in `Sent`.

    `sends` are its last send, if it had one, and the next ones that were due by then. `archived` is the
    `source_digest` of a record that was archived as final: its key is used up. None if it was released.
    """

    key: str
    id: str
    intent: str | None
    digest: str
    status: str
    at: str
    content: str = field(default="", metadata=SINCE_2)
    sends: tuple[str, ...] = field(default=(), metadata=SINCE_2)
    at_once: bool = field(default=False, metadata=SINCE_2)
    archived: str | None = field(default=None, metadata=SINCE_2)

    @property
    def ended(self) -> bool:
        """Whether it sends no more: canceled, or sent with no run left."""
        return self.status == "canceled" or (self.status == "sent" and max(self.sends, default="") <= self.at)


HistoryOutcome = Literal["started", "done", "incomplete", "interrupted"]


@dataclass(frozen=True, slots=True)
class Overridden:
    """A guardrail or rule that was lifted for these keys.

    `until` and `reason` are those of an override in the project file; without them it was lifted once, on the
    command line.
    """

    name: str
    keys: tuple[str, ...]
    reason: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewedRequest:
    """A pull request whose plan was applied, as `OWNER/REPO#12` or `GROUP/PROJECT!12`, or the URL of a manual
    run, and who approved it.

    `approved_by` is None where no approval was found: the merge was one.
    """

    request: str
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One apply with changes.

    It is recorded as `started` before its first request, so that an apply that died is listed too. `plan` is
    the digest of its plan, `actions` the number of planned changes by action, `outcomes` their number by
    outcome (done, failed, not_started, unknown; blocked: left alone). `left` are the keys whose changes were
    not done, `*` those that were not selected; None: not recorded. `requests` are those whose plans were
    applied. Times are `YYYY-MM-DDTHH:MM:SSZ`.
    """

    id: str
    at: str
    operation: str
    who: str
    host: str
    commit: str | None
    tool_version: str
    plan: str
    actions: Mapping[str, int]
    overrides: tuple[Overridden, ...] = ()
    outcome: HistoryOutcome = "started"
    outcomes: Mapping[str, int] = field(default_factory=dict)
    ended: str | None = None
    left: tuple[str, ...] | None = field(default=None, metadata=SINCE_2)
    requests: tuple[ReviewedRequest, ...] = field(default=(), metadata=SINCE_2)


@dataclass(frozen=True, slots=True)
class Year:
    """What left a state, oldest first: what was sent, campaigns that were released or archived, applies."""

    sent: tuple[Sent, ...] = ()
    released: tuple[Released, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    def joined(self, more: Year) -> Year:
        """Both, each entry once: after an interrupt the same is written again."""
        return Year(
            tuple(dict.fromkeys((*self.sent, *more.sent))),
            tuple({(one.key, one.id): one for one in (*self.released, *more.released)}.values()),
            tuple({one.id: one for one in (*self.history, *more.history)}.values()),
        )
