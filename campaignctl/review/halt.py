"""What a halt is asked for, and what came of it, campaign by campaign, with the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from campaignctl.campaign.status import Status
from campaignctl.errors import Command, Sentence
from campaignctl.state.halts import Halt

#: What a read shows of a campaign that was to be stopped. The first four can send nothing by themselves:
#: `stopped` is paused, `canceled` is what the halt had to cancel, `over` sent or canceled before, `idle` a
#: draft, or one that waits to be started by hand. `undecided` waits for the winner of its A/B test, `going`
#: can still send, and of an `unproven` one nothing could be read.
HaltWord = Literal["stopped", "canceled", "over", "idle", "undecided", "going", "unproven"]
#: What a campaign that cannot send is called after a halt.
WORDS: dict[Status, HaltWord] = {
    Status.PAUSED: "stopped",
    Status.CANCELED: "over",
    Status.SENT: "over",
    Status.MISSING: "over",
    Status.DRAFT: "idle",
    Status.MANUAL: "idle",
    Status.NEEDS_DECISION: "undecided",
}
#: What to do about it; `{}` is the id of the campaign.
HINTS: dict[HaltWord, str] = {
    "stopped": "",
    "canceled": "",
    "over": "",
    "idle": "",
    "undecided": "let nobody choose the winner of {} in the dashboard: that would send",
    "going": "cancel {} in the dashboard, then run this again",
    "unproven": "run this again, or look at {} in the dashboard",
}
#: What a halt without its stop mark is not.
UNMARKED = Sentence(
    "Campaigns are paused all the same; but an apply may still arm others, and these pauses count as somebody"
    " else's: after a lift ",
    Command("apply", "--override", "foreign_pause"),
    " resumes them",
)
PROVEN: tuple[HaltWord, ...] = ("stopped", "canceled", "over", "idle")


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One campaign that a halt names. `key` is None for one of ours whose key nobody knows, `status` what the
    last read showed. `detail` says what went wrong, `hint` what to do."""

    key: str | None
    id: str | None
    name: str
    outcome: HaltWord
    status: str
    detail: str = ""
    hint: str = ""

    @property
    def proven(self) -> bool:
        """Whether a read shows that it sends nothing by itself."""
        return self.outcome in PROVEN


@dataclass(frozen=True, slots=True)
class HaltOutcome:
    """A whole halt. `marked`: the stop mark is in place, so that no apply arms what it names. `notes` are
    reasons why there may be more to stop than was found; with one of them nothing is proven."""

    halt: Halt
    marked: bool
    rows: tuple[HaltRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether everything that was named is proven to be stopped."""
        return self.marked and not self.notes and all(row.proven for row in self.rows)


@dataclass(frozen=True, slots=True)
class LiftOutcome:
    """A lift: what it named, None for everything; the halts that it touched, as they were before, and those
    that still stop something."""

    keys: tuple[str, ...] | None
    lifted: tuple[Halt, ...]
    left: tuple[Halt, ...]
