"""A plan as Markdown for the comment of a pull request: what a reviewer decides by, then field by field.

Written for the dialect of GitHub, which GitLab and others read too. It depends on the plan alone, so that a
saved plan gives the same comment whenever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from campaignctl.plan.model import Plan
from campaignctl.render.escape import code_span, comment_word
from campaignctl.render.fitting import GITHUB_LIMIT, LEAST_LIMIT, Section, fitting, joined
from campaignctl.render.markdown_changes import CHANGES, changes_section, fields_section
from campaignctl.render.markdown_concerns import (
    blocked_section,
    conflicts_section,
    drift_section,
    lifted_section,
    notes_section,
    objections_section,
    warnings_section,
)
from campaignctl.render.summary import summary_text
from campaignctl.schedule import words

_HEAD_SHOWN = 100


def plan_markdown(plan: Plan, *, limit: int = GITHUB_LIMIT) -> str:
    """The comment, of at most `limit` characters and a newline at the end.

    What has no room is left out change by change, and counted. The last line is a comment of HTML that names
    project and environment: who finds it in a comment has found the one to replace.

    Raises `TimeError` if the plan's zone does not exist, ValueError for a limit below `LEAST_LIMIT`.
    """
    if limit < LEAST_LIMIT:
        raise ValueError(f"a comment needs {LEAST_LIMIT} characters")
    head, sections, mark = joined(list(_head(plan))), _sections(plan, limit), mark_of(plan)
    longest = _cut(len(plan.changes), len(plan.changes))
    shown = fitting(sections, limit - len(joined([head, longest, mark])) - 1)
    pairs = list(zip(sections, shown, strict=True))
    whole = all(number == len(section.items) for section, number in pairs)
    missing = sum(len(section.items) - number for section, number in pairs if section.title == CHANGES)
    cut = "" if whole else _cut(missing, len(plan.changes))
    return joined([head, cut, *(section.text(number) for section, number in pairs), mark]) + "\n"


def mark_of(plan: Plan) -> str:
    """The line by which the comment of this project and environment is known among others."""
    environment = comment_word(plan.environment) if plan.environment else ""
    return f"<!-- campaignctl plan: project={comment_word(plan.project)} environment={environment} -->"


def _cut(missing: int, changes: int) -> str:
    what = f"{missing} of {changes} changes have no" if missing else "not everything has"
    return (
        f"**This comment is cut: {what} room in it.** Each place says how much is left out;"
        " `campaignctl show PLANFILE` shows the whole of a saved plan."
    )


def _sections(plan: Plan, limit: int) -> Sequence[Section]:
    return (
        objections_section(plan),
        changes_section(plan),
        conflicts_section(plan),
        warnings_section(plan),
        blocked_section(plan),
        drift_section(plan, limit // 16),
        lifted_section(plan),
        notes_section(plan),
        fields_section(plan, limit // 8),
    )


def _head(plan: Plan) -> Iterator[str]:
    if not plan.refreshed:
        yield (
            "**Live was not read.** This plan was made from the state alone: what was changed in the account"
            " since the last apply does not show in it."
        )
    environment = f" ({_short(plan.environment)})" if plan.environment else ""
    yield f"### campaignctl: plan for {_short(plan.project)}{environment}"
    yield f"**{summary_text(plan)}**"
    if plan.objections:
        yield "**Nothing of this plan is applied as long as a guardrail objects.**"
    yield " ".join(_context(plan))


def _context(plan: Plan) -> Iterator[str]:
    if plan.company_id:
        yield f"Company {_short(plan.company_id)} at {_short(plan.url)}."
    commit = f" at commit {_short(plan.commit)}" if plan.commit else ""
    state = f"from state {plan.serial}" if plan.lineage else "before there is a state"
    yield f"Made {words.instant(plan.created_at, plan.time_zone)}{commit}, {state}."
    if plan.overrides:
        yield f"Lifted on the command line: {', '.join(map(_short, plan.overrides))}."
    if plan.valid_until is not None and plan.changes:
        yield f"**Valid until {words.instant(plan.valid_until, plan.time_zone)}.**"


def _short(text: str) -> str:
    return code_span(text, _HEAD_SHOWN)
