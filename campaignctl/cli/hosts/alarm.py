"""The drift alarm: one issue, open as long as the account is not as applied or something is blocked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.campaign.canonical import digest
from campaignctl.cli.hosts.model import BLOCKED, COMMENT, PLAN, Host
from campaignctl.cli.hosts.report import Page, blocked_table, document
from campaignctl.errors import CampaignctlError, counted, listed

_NAMED = 10
_AGREES = "The account agrees with what was applied, and no campaign is blocked."
#: The mark of the comment that says so.
_NOTHING = "nothing"


def report_alarm(host: Host, page: Page, folder: Path, at_rest: AtRest = IN_CLEAR) -> int:
    """Show what `ci gather --alarm` found, and open, update or close the issue of the alarm.

    Returns the status of the job: 1 if the account differs or a campaign is blocked. A folder without a plan
    is that of a run without a token: there is no alarm.
    """
    plan = document(folder / PLAN, at_rest)
    if plan is None:
        return 0
    whole = document(folder / BLOCKED, at_rest) or {"blocked": []}
    drift = plan["drift"]
    left = list({(one["key"], one["reason"]): one for one in (*plan["blocked"], *whole["blocked"])}.values())
    parts = [(folder / COMMENT).read_text("utf-8")] if drift else []
    parts += [f"### Blocked\n\n{blocked_table(left)}"] if left else []
    page.summary("\n\n".join(parts) or _AGREES)
    if drift:
        keys = listed([one["key"] for one in drift], _NAMED)
        page.annotate("error", "Drift", f"The account differs from what was applied: {keys}.")
    if left:
        keys = listed([one["key"] for one in left], _NAMED)
        page.annotate("error", "Blocked", f"An apply leaves {keys} alone; the summary says why.")
    try:
        _keep_issue(host, drift, left, parts)
    except CampaignctlError as error:
        page.annotate("warning", "No issue", f"{error.summary}. {error.hint}")
    return int(bool(parts))


def _keep_issue(
    host: Host, drift: Sequence[Mapping[str, Any]], left: Sequence[Mapping[str, Any]], parts: Sequence[str]
) -> None:
    """Open the issue, or bring it up to date. Who follows it hears of it when what was found has changed, and
    when nothing is found.

    What was said last is the mark of our last comment, else that of the issue: a run that died after its
    comment leaves an issue that says something else, and the next run does not repeat the comment.
    """
    if not (parts or host.comments_here):
        return
    job = host.job
    ours = re.compile(rf"<!-- {re.escape(job.name)} alarm (\S+) -->")
    known = [(each.id, own[1]) for each in host.issues() if (own := ours.match(each.body))]
    found = digest([[{**each, "at": None} for each in drift], list(left)]) if parts else _NOTHING
    mark, counts = f"<!-- {job.name} alarm {found} -->", _counts(len(drift), len(left))
    news = f"What differs has changed: {counts}." if parts else _AGREES
    head = f"[This run]({job.run}) found it. A run that finds nothing closes this issue."
    body, title = "\n\n".join((f"{mark}\n{head}", *parts)), f"{job.name}: {counts}"
    for number, before in known[:1] if parts else known:
        last = [before, *(own[1] for each in host.said(number) if (own := ours.match(each.body)))][-1]
        said = f"{mark}\n{news} [Run]({job.run})" if last != found else ""
        host.write_issue(number, title, body, said=said, closed=not parts)
    if parts and not known:
        host.write_issue(None, title, body)


def _counts(drift: int, left: int) -> str:
    return ", ".join(
        f"{counted(count, 'campaign')} {what}"
        for count, what in ((drift, "not as applied"), (left, "blocked"))
        if count
    )
