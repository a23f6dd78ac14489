"""What a job shows of a plan or an outcome: its summary, annotations, and the status of its check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaignctl.backends.at_rest import IN_CLEAR, AtRest
from campaignctl.backends.at_rest import PLAN as STORED_PLAN
from campaignctl.cli.hosts.gather import Found, Gathered, Say, read_gathered
from campaignctl.cli.hosts.model import BEFORE, COMMENT, NOT_JSON, PLAN, Host
from campaignctl.errors import CampaignctlError, counted, listed, of_all
from campaignctl.render.escape import code_span, escape, prose
from campaignctl.render.fitting import table_head, table_row

OUTCOME = "outcome.json"
_CHANGES = 2
_NAMED = 10
_NOT_REVIEWED = "not reviewed"
_LONG = 400
# An issue of GitHub holds 65,536 characters, and the plan in one is cut at 48,000.
_TABLE = 14_000
_RESULTS = {"done": "Done", "incomplete": "Incomplete", "refused": "Refused", "interrupted": "Interrupted"}
#: Why a request that was merged has no plan that counts.
_NOT_USED = ("fork", "no plan", "expired", "other", "late", "unseen", "unknown")


@dataclass(frozen=True, slots=True)
class Page:
    """Where a job shows things: its log, and on GitHub a summary, outputs and annotations, which are `raw`
    commands in the log."""

    say: Say
    environ: Mapping[str, str]
    raw: Say

    def summary(self, text: str) -> None:
        """Add to the summary of the run; without one, to the log."""
        if not self._append("GITHUB_STEP_SUMMARY", f"{text.rstrip()}\n"):
            self.say(text.rstrip())

    def output(self, name: str, value: str) -> None:
        """Set an output of the step."""
        self._append("GITHUB_OUTPUT", f"{name}={value}\n")

    def annotate(self, level: str, title: str, text: str) -> None:
        """An error or a warning: on GitHub as an annotation."""
        if self.environ.get("GITHUB_ACTIONS") == "true":
            safe = escape(text, None).replace("%", "%25")
            self.raw(f"::{level} title={title}::{safe}\n")
        else:
            self.say(f"{level.capitalize()}: {title}: {escape(text, None)}")

    def _append(self, variable: str, text: str) -> bool:
        path = self.environ.get(variable)
        if not path:
            return False
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(text)
        return True


def report_plan(host: Host, page: Page, folder: Path, status: int, at_rest: AtRest = IN_CLEAR) -> int:
    """Show a plan that ended with a status. Returns the status of the check."""
    path = folder / COMMENT
    if path.is_file() and (text := path.read_text("utf-8")):
        page.summary(text)
    plan = document(folder / PLAN, at_rest)
    if plan and (plan["changes"] or plan["settings_changed"]) and not plan["objections"]:
        page.output("changes", "true")
    if old := blocked_before(folder, at_rest):
        asked = host.job.kind in ("request", "queue")
        _annotate_before(page, old, f"not by this {host.words.request}" if asked else "")
        (folder / BEFORE).write_text(f"{blocked_table(old)}\n", "utf-8")
    return 0 if status == _CHANGES else status


def _annotate_before(page: Page, old: Sequence[Mapping[str, Any]], why: str = "") -> None:
    """A warning that names what was blocked before: no merge waits for a status of it."""
    keys = listed([one["key"] for one in old], _NAMED)
    page.annotate("warning", "Blocked before", f"{keys}: {why or 'left alone, as before'}.")


def blocked_before(folder: Path, at_rest: AtRest = IN_CLEAR) -> list[Mapping[str, Any]]:
    """What the plan in a folder says was blocked before its request. Raises StateSealed without its key."""
    plan = document(folder / PLAN, at_rest) or {"blocked": []}
    return [one for one in plan["blocked"] if one["before"]]


def report_outcome(host: Host, page: Page, folder: Path) -> int:
    """Show the outcome of an apply, and why something was not applied. Returns the status of the check."""
    gathered = read_gathered(folder) or Gathered()
    if gathered.newer:
        page.summary(f"### Nothing to do\n\nA newer commit has already been applied: {gathered.newer}.")
        return 0
    outcome = document(folder / OUTCOME)
    if outcome is None:
        page.annotate("error", "Not applied", "The apply did not end: the log says why. Run this job again.")
        return 1
    page.summary(text := "\n\n".join(_outcome(outcome)))
    _requests(page, gathered)
    _tell(host, page, gathered, text)
    for before, level in ((False, "error"), (True, "warning")):
        unreviewed = [
            one
            for one in outcome.get("blocked", [])
            if one["status"] == _NOT_REVIEWED and one["before"] is before
        ]
        if unreviewed:
            page.annotate(level, "Not reviewed", _not_reviewed(host, unreviewed, gathered))
    blocked = [one for one in outcome.get("blocked", []) if not one["before"]]
    if old := [one for one in outcome.get("blocked", []) if one["before"] and one["status"] != _NOT_REVIEWED]:
        _annotate_before(page, old)
    return 0 if outcome["result"] == "done" and not blocked else 1


def _requests(page: Page, gathered: Gathered) -> None:
    """What was found for each request; a warning for each whose plan does not count."""
    if gathered.requests:
        page.summary(
            "\n".join(("", "Reviewed plans:", "", *(f"- {each.text}" for each in gathered.requests)))
        )
    for each in _unused(gathered):
        page.annotate("warning", "Plan not used", each.text)


def _tell(host: Host, page: Page, gathered: Gathered, text: str) -> None:
    """The outcome on each merged request; an apply does not fail because a comment could not be written."""
    if not host.comments_here:
        return
    for number in sorted({each.number for each in gathered.requests}):
        try:
            _outcome_comment(host, number, text)
        except CampaignctlError as error:
            page.annotate("warning", "Outcome not posted", f"{error.summary}. {error.hint}")
            return


def _outcome_comment(host: Host, number: int, text: str) -> None:
    """Write the outcome of an apply as a comment of a merged request, in place of that of an earlier apply.

    Raises CampaignctlError if the host refuses.
    """
    mark = f"<!-- {host.job.name} outcome -->"
    ours = next((each.id for each in host.comments(number) if each.body.startswith(mark)), None)
    host.write_comment(number, ours, f"{mark}\n{text}\n\n[Run]({host.job.run})\n")


def _unused(gathered: Gathered) -> Iterator[Found]:
    return (each for each in gathered.requests if each.reason in _NOT_USED)


def _not_reviewed(host: Host, blocked: list[Mapping[str, Any]], gathered: Gathered) -> str:
    """Why changes were not applied, and the ways out."""
    words, unused = host.words, list(_unused(gathered))
    keys = [f"{one['key']} ({one['reason']})" if gathered.requests else one["key"] for one in blocked]
    what = f"{counted(len(keys), 'campaign')} left alone: {listed(keys, _NAMED)}."
    if unused:
        return f"{what} {' '.join(each.text for each in unused)}"
    why = f"No {words.request} showed these changes"
    if gathered.requests:
        why = f"No plan of a merged {words.request} shows them as they are now"
    return (
        f"{what} {why}. Open a {words.request} that touches the project, even a comment: its plan shows them;"
        f" or use {words.manual}."
    )


def _outcome(outcome: Mapping[str, Any]) -> Iterator[str]:
    yield f"### Outcome: {_RESULTS.get(outcome['result'], outcome['result'])}"
    if error := outcome.get("error"):
        yield f"{code_span(error['summary'])}\n\n{code_span(error['hint'] or '')}"
    rows = [_row(each) for each in outcome["changes"]]
    rows += [_left_alone(each, "", "left alone") for each in outcome.get("blocked", [])]
    if rows:
        yield table_head(("campaign", "action", "outcome", "")) + "\n".join(rows)
    elif not error:
        yield "There was nothing to change."
    if outcome.get("objections"):
        yield _list(
            f"{each['guardrail']}: {each['found']}, limit {each['limit']}" for each in outcome["objections"]
        )
    if outcome.get("next"):
        yield "Next:\n\n" + "\n".join(f"    {escape(line, None)}" for line in outcome["next"])
    if outcome.get("notes"):
        yield _list(outcome["notes"])


def _row(change: Mapping[str, Any]) -> str:
    error = change["error"] or {}
    why = " ".join(filter(None, (error.get("summary"), error.get("hint"))))
    said = change["outcome"].replace("_", " ")
    return table_row((code_span(change["key"]), change["action"], said, why and code_span(why, _LONG)))


def _left_alone(one: Mapping[str, Any], *between: str) -> str:
    """A row of a table: a key that is blocked, other cells, and why."""
    return table_row((code_span(one["key"]), *between, code_span(f"{one['reason']}: {one['hint']}", _LONG)))


def blocked_table(blocked: Sequence[Mapping[str, Any]]) -> str:
    """The keys that are blocked, and why: as many as an issue or a status has room for."""
    rows, room = [], _TABLE
    for one in blocked:
        rows.append(_left_alone(one))
        room -= len(rows[-1])
        if room < 0:
            rows.pop()
            break
    rest, every = len(blocked) - len(rows), [one["key"] for one in blocked]
    more = f"\n\nand {rest:,} more ({prose(of_all(every))})" if rest else ""
    return table_head(("campaign", "why")) + "\n".join(rows) + more


def _list(lines: Iterable[Any]) -> str:
    return "\n".join(f"- {code_span(str(line), _LONG)}" for line in lines)


def document(path: Path, at_rest: AtRest = IN_CLEAR) -> dict[str, Any] | None:
    """A document in JSON; None if there is none, or it is damaged. Raises StateSealed without its key."""
    try:
        return dict(json.loads(at_rest.open(STORED_PLAN, path.read_bytes(), path.name)))
    except (OSError, *NOT_JSON):
        return None
