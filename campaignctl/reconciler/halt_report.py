"""The result of a halt for each campaign: what a read proves, and what is left to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from campaignctl.campaign.status import Status
from campaignctl.errors import Command, Sentence
from campaignctl.reconciler.halt_targets import Named, Order
from campaignctl.review.halt import HINTS, WORDS, HaltOutcome, HaltRow, HaltWord
from campaignctl.state.halts import Halt

_DETAILED = ("going", "unproven", "undecided")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a halt saw, and what it could not do.

    `left` can send and are not named. `unsettled` are the names of creates with an unknown outcome, by key.
    By id: `troubles` are errors, `canceled` what this halt canceled, `refused` what the API does not pause.
    `marked`: the stop mark is set. `account_proven`: a campaign that was not found does not exist.
    """

    campaigns: tuple[Named, ...]
    left: tuple[Named, ...]
    unsettled: Mapping[str, str]
    troubles: Mapping[str, str]
    canceled: Collection[str]
    refused: Collection[str]
    marked: bool
    account_proven: bool
    notes: tuple[str, ...]


def outcome(order: Order, halt: Halt, seen: Seen) -> HaltOutcome:
    """The result: unproven campaigns first; of them those that may have been created, then the soonest."""
    soonest = sorted(seen.campaigns, key=lambda each: (each.first, each.key or "", each.id))
    rows = [_unsettled(key, name) for key, name in sorted(seen.unsettled.items())]
    rows += [_row(each, order, seen) for each in soonest]
    rows.sort(key=lambda row: row.proven)
    left = tuple(
        HaltRow(each.key, each.id, each.name, "going", _status(each), read=True)
        for each in sorted(seen.left, key=lambda each: (each.first, each.id))
    )
    return HaltOutcome(halt, seen.marked, tuple(rows), seen.notes, left)


def _row(each: Named, order: Order, seen: Seen) -> HaltRow:
    word = _word(each, seen)
    detail = seen.troubles.get(each.id, "") if word in _DETAILED else ""
    hint = HINTS[word]
    if word == "going" and each.id in seen.refused and not order.cancel:
        again = Command("halt", *order.words, "--cancel", "--reason", order.reason)
        hint = Sentence("it cannot be paused; to cancel it, which is final: ", again)
    read = each.live is not None or each.missing
    return HaltRow(each.key, each.id, each.name, word, _status(each), detail, hint, read)


def _status(each: Named) -> str:
    """The status that a read showed, else the recorded one."""
    if each.missing:
        return str(Status.MISSING)
    return (each.live.status if each.live else None) or str(each.status)


def _word(each: Named, seen: Seen) -> HaltWord:
    if each.over or (each.missing and seen.account_proven):
        return "over"
    if each.live is None:
        return "unproven"
    if each.can_send:
        return "going"
    if each.status is Status.CANCELED and each.id in seen.canceled:
        return "canceled"
    return WORDS[each.status]


def _unsettled(key: str, name: str) -> HaltRow:
    hint = Sentence(
        f"look in the dashboard for {name!r} and cancel it there; ", Command("apply"), " settles it"
    )
    return HaltRow(
        key, None, name, "unproven", "unsettled", "not known whether its create happened", hint, read=False
    )
