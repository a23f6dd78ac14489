"""The results of a halt, proven for each campaign, and of lifting one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignctl.campaign.status import Status
from campaignctl.errors import Command, Sentence
from campaignctl.state.halts import Halt

#: The result of the read after a halt. The first four cannot send by themselves: `stopped` is paused,
#: `canceled` was canceled by the halt, `over` was sent or canceled before, `idle` is a draft or has to be
#: started by hand. `undecided` waits for the winner of its A/B test, `going` can still send, `unproven` could
#: not be read.
HaltWord = Literal["stopped", "canceled", "over", "idle", "undecided", "going", "unproven"]
#: The outcome of a campaign that cannot send, by status.
WORDS: dict[Status, HaltWord] = {
    Status.PAUSED: "stopped",
    Status.CANCELED: "over",
    Status.SENT: "over",
    Status.MISSING: "over",
    Status.DRAFT: "idle",
    Status.MANUAL: "idle",
    Status.NEEDS_DECISION: "undecided",
}
#: The hint on an outcome.
HINTS: dict[HaltWord, str] = {
    "stopped": "",
    "canceled": "",
    "over": "",
    "idle": "",
    "undecided": "do not choose its winner in the dashboard: that would send it",
    "going": "cancel it in the dashboard, then run this again",
    "unproven": "run this again, or look at it in the dashboard",
}
#: The limits of a halt without a stop mark.
UNMARKED = Sentence(
    "Campaigns are paused, but an apply may still arm others, and these pauses count as someone else's: after"
    " the halt is lifted, ",
    Command("apply", "--override", "foreign_pause"),
    " resumes them",
)
PROVEN: tuple[HaltWord, ...] = ("stopped", "canceled", "over", "idle")


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One campaign that a halt names. `key` is None if unknown; `status` is that of the last read, or, unless
    it was `read`, the recorded one; `detail` is the error, if any, and `hint` the remedy."""

    key: str | None
    id: str | None
    name: str
    outcome: HaltWord
    status: str
    detail: str = ""
    hint: str = ""
    read: bool = True

    @property
    def proven(self) -> bool:
        """Whether a read proves that it cannot send by itself."""
        return self.outcome in PROVEN


@dataclass(frozen=True, slots=True)
class HaltOutcome:
    """A whole halt. `marked`: the stop mark is set, so no apply arms a campaign that it names. `notes` are
    reasons why there may be more campaigns to stop; with a note, the halt is not proven. `left` are campaigns
    that can send and that were left alone, because without a state nothing shows that they are ours."""

    halt: Halt
    marked: bool
    rows: tuple[HaltRow, ...] = ()
    notes: tuple[str, ...] = ()
    left: tuple[HaltRow, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether all its campaigns are proven to be stopped, and none was left alone."""
        return self.marked and not (self.notes or self.left) and all(row.proven for row in self.rows)


@dataclass(frozen=True, slots=True)
class LiftOutcome:
    """A lift: its keys (None: all), the halts that it changed, as they were before, and the halts still in
    force."""

    keys: tuple[str, ...] | None
    lifted: tuple[Halt, ...]
    left: tuple[Halt, ...]

    @property
    def ended(self) -> tuple[Halt, ...]:
        """The halts that are lifted as a whole, as they were before."""
        left = {halt.id for halt in self.left}
        return tuple(halt for halt in self.lifted if halt.id not in left)
