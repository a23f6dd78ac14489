"""The result of a halt, campaign by campaign, with the proof, and that of a lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignctl.campaign.status import Status
from campaignctl.errors import Command, Sentence
from campaignctl.state.halts import Halt

#: What a read shows after a halt. The first four can send nothing by themselves: `stopped` is paused,
#: `canceled` was canceled by the halt, `over` was sent or canceled before, `idle` is a draft or waits to be
#: started by hand. `undecided` waits for the winner of its A/B test, `going` can still send, `unproven` could
#: not be read.
HaltWord = Literal["stopped", "canceled", "over", "idle", "undecided", "going", "unproven"]
#: The word for a campaign that cannot send, by status.
WORDS: dict[Status, HaltWord] = {
    Status.PAUSED: "stopped",
    Status.CANCELED: "over",
    Status.SENT: "over",
    Status.MISSING: "over",
    Status.DRAFT: "idle",
    Status.MANUAL: "idle",
    Status.NEEDS_DECISION: "undecided",
}
#: What to do about it; `{}` is the campaign's id.
HINTS: dict[HaltWord, str] = {
    "stopped": "",
    "canceled": "",
    "over": "",
    "idle": "",
    "undecided": "do not choose a winner of {} in the dashboard: that would send",
    "going": "cancel {} in the dashboard, then run this again",
    "unproven": "run this again, or look at {} in the dashboard",
}
#: What a halt without a stop mark does not do.
UNMARKED = Sentence(
    "Campaigns are paused all the same, but an apply may still arm others, and these pauses count as someone"
    " else's: after the halt is lifted, ",
    Command("apply", "--override", "foreign_pause"),
    " resumes them",
)
PROVEN: tuple[HaltWord, ...] = ("stopped", "canceled", "over", "idle")


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One campaign that a halt names. `key` is None if not known, `status` is what the last read showed.
    `detail` says what went wrong, `hint` what to do."""

    key: str | None
    id: str | None
    name: str
    outcome: HaltWord
    status: str
    detail: str = ""
    hint: str = ""

    @property
    def proven(self) -> bool:
        """Whether a read proves that it sends nothing by itself."""
        return self.outcome in PROVEN


@dataclass(frozen=True, slots=True)
class HaltOutcome:
    """A whole halt. `marked`: the stop mark is set, so no apply arms what it names. `notes` say why there may
    be more to stop than was found; with any of them nothing is proven."""

    halt: Halt
    marked: bool
    rows: tuple[HaltRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether everything named is proven to be stopped."""
        return self.marked and not self.notes and all(row.proven for row in self.rows)


@dataclass(frozen=True, slots=True)
class LiftOutcome:
    """A lift: what it named (None: everything), the halts that it changed, as they were before, and those
    still in force."""

    keys: tuple[str, ...] | None
    lifted: tuple[Halt, ...]
    left: tuple[Halt, ...]
