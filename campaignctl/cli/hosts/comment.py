"""The comment of a request: the newest plan for the commit that its reviewer sees."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.cli.hosts.gather import Say
from campaignctl.cli.hosts.model import ABOUT, COMMENT, PAGE, Host, Job, when
from campaignctl.cli.hosts.report import blocked_before, blocked_table
from campaignctl.errors import CampaignctlError
from campaignctl.schedule.times import iso

_SHORT = 12


@dataclass(frozen=True, slots=True)
class _Mark:
    """The first line of our comments: an invisible one that says which plan is below."""

    name: str
    head: str
    at: str

    def __str__(self) -> str:
        return f"<!-- {self.name} head={self.head} at={self.at} -->"


def comment(host: Host, folder: Path, now: datetime, say: Say, at_rest: AtRest = IN_CLEAR) -> None:
    """Write the plan as the comment of a request, in place of the one before, and what was blocked before it
    as a status of its own.

    A plan of an older commit, or an older plan, never replaces a newer one.

    Raises CampaignctlError if the host refuses.
    """
    job, words = host.job, host.words
    if job.number is None or job.kind != "request":
        say(f"No {words.request} to comment on.")
        return
    if not host.comments_here:
        say(f"There is no token to comment with: the plan is in the log of {job.run}")
        return
    named = words.named(job.number)
    if (head := host.head_of(job.number)) != job.head:
        say(f"{named} has a newer commit, {head}: its comment is left to the run for that one.")
        return
    made = _about(folder, job, now)
    mark = _Mark(job.name, job.head, made["at"])
    mine = re.compile(rf"<!-- {re.escape(job.name)}(?: head=(\S+) at=(\S+))? -->")
    ours = [(each, known) for each in host.comments(job.number) if (known := mine.match(each.body))]
    if any(known[1] == job.head and (known[2] or "") > mark.at for _, known in ours):
        say(f"{named} shows a newer plan of this commit already.")
        return
    body = "\n\n".join((f"{mark}\n{_head(host, job, made, folder)}", _plan(folder, job)))
    host.write_comment(job.number, ours[0][0].id if ours else None, body)
    try:
        old = blocked_before(folder, at_rest)
        host.show_before(len(old), blocked_table(old) if old else "")
    except CampaignctlError as error:
        say(f"No status `{job.name}: blocked before`: {error.summary}. {error.hint}")


def _about(folder: Path, job: Job, now: datetime) -> dict[str, Any]:
    """What `gather` noted about the plan; a run may fail before."""
    path = folder / ABOUT
    about = dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
    if about and about.get("head") != job.head:
        raise CampaignctlError(f"The plan is of {about.get('head')}, and this job of {job.head}")
    return {"at": iso(now), "tip": None, **about}


def _head(host: Host, job: Job, made: dict[str, Any], folder: Path) -> str:
    """Which commit is planned, on which base, by which run; and whether that was after the approval."""
    tip = f", merged into `{job.base}` at `{made['tip'][:_SHORT]}`" if made["tip"] else ""
    at = when(made["at"]) if made["tip"] else None
    page = f"; the plan as a page is `{PAGE}` in its artifact" if (folder / PAGE).is_file() else ""
    run = f"[Run]({job.run}){f', {iso(at)}' if at else ''}{page}."
    lines = [f"Commit `{job.head[:_SHORT]}`{tip}. {run}"]
    approvals = host.approvals(job.number) if job.number else None
    if approvals and approvals.at and at and at >= approvals.at.replace(microsecond=0):
        when_made = "after the approval" if iso(at) > iso(approvals.at) else "in the second of the approval"
        lines.append(
            f"**This plan was made {when_made}** of {iso(approvals.at)}, so it does not count as"
            f" reviewed: approve the {host.words.request} again."
        )
    return "\n\n".join(lines)


def _plan(folder: Path, job: Job) -> str:
    path = folder / COMMENT
    text = path.read_text("utf-8") if path.is_file() else ""
    return text or f"**There is no plan for {job.head}.** [The run]({job.run}) says why.\n"
