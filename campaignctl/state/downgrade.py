"""What a state or its stop mark loses when it is written in an older format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from campaignctl.errors import counted
from campaignctl.state.halts import Halts
from campaignctl.state.model import State
from campaignctl.state.strict import default_of

# What is lost with a field that protects, after the number of things that have it.
_PROTECTS: Mapping[str, tuple[str, str]] = {
    "Record.baseline": ("campaign", "what others changed before now, in fields of no manifest, is not shown"),
    "Record.unconfirmed": ("campaign", "writes that no read has shown yet count as done"),
    "Record.unmarked": ("campaign", "that they have no marker of ours is forgotten"),
    "Record.began": ("campaign", "a new time may send to people who had it, as their last run is forgotten"),
    "Record.posts": ("campaign", "the times of their creates, by which a second copy is found"),
    "Record.winner_run": ("campaign", "the run whose winner was set last"),
    "Record.named_before": ("campaign", "the winner that their predecessor named"),
    "Record.run_counter": ("campaign", "runs that others started are not noticed"),
    "Sent.content": ("sent content", "the same text for the same people is stopped only in an equal body"),
    "Sent.at_once": ("sent content", "that it was sent at once is forgotten"),
    "Released.content": ("former campaign", "the same text for the same people is not stopped"),
    "Released.archived": ("former campaign", "that they are archived: a new one may take their key"),
    "Released.at_once": ("former campaign", "that it was sent at once is forgotten"),
    "State.foreign": (
        "campaign",
        "of others: a repeat of their content is not stopped before the next apply",
    ),
    "State.archives": ("year", "of the archive: what was sent then is not stopped"),
    "State.dropped": ("create", "given up: a campaign that turns up late is not told from one of others"),
    "State.settings": ("record", "of the last settings: the next plan does not show which were loosened"),
    "State.project_id": ("id", "of the project, which tells its campaigns from another repository's"),
    "State.stop_mark": ("note", "that there is a stop mark: it could be deleted unnoticed"),
    "State.proofs": ("proof", "`require_proof` wants them again, which format 1 cannot keep"),
    "Halt.held": ("halt", "in force: the content is not held under another key"),
    "Halt.account": ("halt", "of the whole account: only campaigns of this state stay halted"),
}
# Those that only inform, or that the next plan takes from the manifests.
_INFORMS: Mapping[str, tuple[str, str]] = {
    "Record.origin": ("campaign", "whether they were created, adopted or imported"),
    "Record.counted_at": ("campaign", "when their runs were counted"),
    "Sent.sends": ("sent content", "the times of its sends"),
    "Released.sends": ("former campaign", "the times of its sends"),
    "HistoryEntry.left": ("apply", "which changes it left alone"),
    "HistoryEntry.requests": ("apply", "whose reviewed plans were applied"),
    "Lifecycle.accept_stored": ("campaign", "which stored texts their manifest accepts"),
    "Lifecycle.says_destroy": ("campaign", "whether their manifest says what a destroy does"),
    "Lifecycle.winner_run": ("campaign", "the run that their manifest names"),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that an older format has no field for; `protects`: without it, something could be sent that
    is stopped now, or a change by others go unnoticed. `field` is its class and name."""

    field: str
    number: int
    protects: bool

    def __str__(self) -> str:
        thing, what = {**_PROTECTS, **_INFORMS}.get(self.field, ("value", f"of {self.field}"))
        number = f"{self.number} applies" if (thing, self.number > 1) == ("apply", True) else None
        return f"{number or counted(self.number, thing)}: {what}"


def losses(state: State, halts: Halts, version: int) -> tuple[Loss, ...]:
    """What a format of documents cannot hold of a state and its halts in force, protections first."""
    found: Counter[str] = Counter()
    for value in (state, *halts.in_force):
        found.update(_lost(value, version))
    each = [Loss(name, number, name not in _INFORMS) for name, number in found.items()]
    return tuple(sorted(each, key=lambda one: not one.protects))


def _lost(value: Any, version: int) -> Iterator[str]:
    """The fields with a value that came after a format, as often as they occur."""
    if is_dataclass(value):
        for each in fields(value):
            if each.metadata.get("outside"):
                continue
            item = getattr(value, each.name)
            if each.metadata.get("since", 0) <= version or each.metadata.get("always"):
                yield from _lost(item, version)
            elif item != default_of(each):
                many = (
                    isinstance(value, State) and each.name != "settings" and not isinstance(item, str | bool)
                )
                yield from [f"{type(value).__name__}.{each.name}"] * (len(item) if many else 1)
    elif isinstance(value, Mapping | tuple):
        items: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
        for item in items:
            if is_dataclass(item):
                yield from _lost(item, version)
