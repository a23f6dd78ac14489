"""An A/B test that waits for a decision: its winner is declared, and set once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaignctl.campaign.live import Live
from campaignctl.diff import equal
from campaignctl.manifest.model import DesiredCampaign
from campaignctl.plan import build, update_rules
from campaignctl.plan.context import Case, Verdict


def undecided(site: build.Site, case: Case, wanted: DesiredCampaign) -> Verdict | None:
    """What is done about a test that waits for a decision; None where the manifest names no winner."""
    winner = wanted.lifecycle.winner
    if winner is None:
        return None
    if case.record.winner is not None:
        return _set_already(case, wanted, winner)
    messages = messages_of(case.live)
    found = [index for index, message in enumerate(messages) if message.get("name") == winner]
    if len(found) != 1 or not messages[found[0]].get("id"):
        return _nobody(case, winner, count=len(found))
    index = found[0]
    warnings = () if equal(update_rules.effective(wanted.spec, case), case.record.applied) else (_UNREACHED,)
    change = build.set_winner(
        site,
        build.Decision(wanted, case.record, index, str(messages[index]["id"]), case.live_digest),
        warnings=warnings,
    )
    return Verdict(changes=(change,))


_UNREACHED = "what else the manifest changes cannot reach this campaign any more"


def waits(case: Case) -> str:
    """The line that asks for a decision, with what to write."""
    names = [str(message["name"]) for message in messages_of(case.live) if message.get("name")]
    between = f" between {', '.join(names)}" if names else ""
    example = names[0] if names else "MESSAGE"
    return f"{case.key}: its A/B test waits for a decision{between}; write `lifecycle: {{winner: {example}}}`"


def messages_of(live: Live | None) -> list[Mapping[str, Any]]:
    """The messages that live shows."""
    messages = live.members.get("messages") if live else None
    if not isinstance(messages, list | tuple):
        return []
    return [message for message in messages if isinstance(message, Mapping)]


def _set_already(case: Case, wanted: DesiredCampaign, winner: str) -> Verdict:
    if winner == case.record.winner:
        note = f"{case.key}: {winner} was set as winner; the API still shows needs_decision"
        return Verdict(note=note, observed=case.bookkeeping(wanted))
    return case.blocked(
        f"{case.record.winner} was set as winner, which is final",
        f"write `winner: {case.record.winner}` in {case.key}",
    )


def _nobody(case: Case, winner: str, *, count: int) -> Verdict:
    names = ", ".join(str(message.get("name")) for message in messages_of(case.live))
    if count > 1:
        reason = f"{count} messages of {case.record.id} have the name {winner}"
    elif count == 1:
        reason = f"the API shows no id of the message {winner}"
    elif names:
        reason = f"no message of {case.record.id} has the name {winner}: there are {names}"
    else:
        reason = f"the messages of {case.record.id} were not read"
    return case.blocked(reason, f"name one as `winner` in {case.key}, or set the winner in the dashboard")
