"""What `state recover` and `state rebind` have to show before a person says yes."""

from __future__ import annotations

from campaignctl.errors import NOWHERE, Command, Place
from campaignctl.render.escape import escape
from campaignctl.render.table import Style, table_lines
from campaignctl.review.reports import Belonging, Rebinding, Recovery

_HEAD = ("ID", "KEY", "NAME", "STATUS", "CAN SEND", "TAKEN OVER AS")
_WRITE = Command("state", "recover", "--write")


def recovery_text(recovery: Recovery, *, color: bool, place: Place = NOWHERE) -> str:
    """Every campaign that the state does not know, and what is to become of it; what comes next is a command
    for the `environment`."""
    looked = f"{recovery.looked_at} campaigns were looked at"
    if not recovery.found:
        return f"The state knows every campaign of this project and environment; {looked}.\n"
    rows = [
        (
            escape(found.id),
            escape(found.key) if found.key else "(no manifest)",
            escape(found.name),
            escape(found.status),
            "yes" if found.can_send else "no",
            escape(found.into) if found.into else "(its trace alone)",
        )
        for found in recovery.found
    ]
    count = len(recovery.found)
    if recovery.written:
        end = f"{count} taken over; {looked}. Next:\n  {Command('plan').at(place)}"
    else:
        end = f"{count} unknown to the state; {looked}. Nothing was written. Next:\n  {_WRITE.at(place)}"
    table = table_lines(_HEAD, rows, Style(color))
    return "\n".join((*table, "", end)) + "\n"


def rebinding_text(rebinding: Rebinding, *, color: bool) -> str:
    """What the state belongs to now, and what it would belong to."""
    style = Style(color)
    proof = f"{rebinding.found} of the {rebinding.looked_for} newest were found there"
    return "\n".join(
        (
            f"The state records {rebinding.campaigns} campaigns; {proof}.",
            f"  it belongs to:       {_belonging(rebinding.before)}",
            f"  it would belong to:  {style(_belonging(rebinding.after), 'bold')}",
            "Plans that were saved against it are void afterwards.",
        )
    )


def _belonging(belonging: Belonging) -> str:
    company = f"company {escape(belonging.company_id)}" if belonging.company_id else "a company not known yet"
    environment = (
        f"environment {escape(belonging.environment)}" if belonging.environment else "no environment"
    )
    return f"{company} at {escape(belonging.url)}, {environment}"
