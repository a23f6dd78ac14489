"""A plan as the comment of a pull request: what recipients will see and when, and the rest folded.

It is read on phones: lines instead of tables, and what sends soonest comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaignctl.errors import Command, ProjectPlace, at, counted
from campaignctl.plan.model import Blocked, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.render.calendar_markdown import calendar_markdown
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import code_span, comment_word, html_code, prose
from campaignctl.render.fitting import GITHUB_LIMIT, LEAST_LIMIT, Section, fitting, joined, section_of
from campaignctl.render.lint import lint_section
from campaignctl.render.markdown_changes import (
    CHANGES,
    Link,
    changes_section,
    diff_block,
    fields_section,
    folded,
)
from campaignctl.render.status import next_run_text
from campaignctl.render.summary import (
    blocked_alike,
    drift_alike,
    fate_text,
    keys_text,
    lift_command,
    settings_text,
    summary_text,
)
from campaignctl.render.values import set_outside
from campaignctl.review.calendar import Calendar
from campaignctl.review.review import Review
from campaignctl.schedule import humanize

_SETTING_SHOWN = 300


def settings_section(plan: Plan, cuts: Cuts) -> Section:
    """Every setting that changed, in bold if the change loosens: a reviewer must see it."""
    changes = plan.settings_changed
    return Section(
        "### Settings changed since the last apply",
        [_setting(one, cuts) for one in changes],
        lambda shown: f"**Not shown: {settings_text(changes[shown:])}**",
        share=0.15,
    )


def _setting(one: SettingChange, cuts: Cuts) -> str:
    values = [cuts.code(value, _SETTING_SHOWN) for value in (one.before, one.after) if value is not None]
    if one.before is None or one.after is None:
        values.insert(0, "new" if one.before is None else "removed, was")
        said = " ".join(values)
    else:
        said = " → ".join(values)
    path = code_span(one.path)
    return f"- **{path} loosens**: {said}" if one.loosens else f"- {path}: {said}"


_VALUE_SHOWN = 100
_TEXT_SHOWN = 500
_LIFTED = (
    "To lift one for some campaigns and a limited time, add an entry with `guardrail`, `keys`, `until` and"
    " `reason` under `overrides` in `campaignctl.yaml`; it is reviewed like any other change.\n\n"
)


def objections_section(plan: Plan, cuts: Cuts) -> Section:
    """Every guardrail that objects, and how to lift it."""
    place = ProjectPlace(environment=plan.environment)
    lines = [
        f"- **{code_span(one.guardrail)}**: {cuts.prose(one.found, _TEXT_SHOWN)}; the limit is"
        f" {cuts.prose(one.limit, _TEXT_SHOWN)}. By {keys_text(one.keys, cuts, code_span)}."
        f" To lift it once: {code_span(lift_command(plan, one.guardrail).at(place), _COMMAND_SHOWN)}"
        for one in plan.objections
    ]
    return section_of("### Objections", "objection", lines, share=0.15, opening=_LIFTED)


def blocked_section(plan: Plan, cuts: Cuts, *, before: bool) -> Section:
    """Every campaign that is left alone, why, and how to lift that; those that were `before` this change, or
    the others."""
    alike = blocked_alike(one for one in plan.blocked if one.before == before)
    title = "### Blocked: skipped, all other changes go ahead"
    if before:
        title = f"### Blocked before this change, as of {_short((plan.against or '')[:12])}"
    return section_of(title, "block", [_blocked(one, plan, cuts) for one in alike], share=0.2)


def _blocked(alike: Sequence[Blocked], plan: Plan, cuts: Cuts) -> str:
    one, *others = alike
    keys = keys_text([each.key for each in alike], cuts, code_span)
    known = f"{code_span(one.id)}, " if one.id and not others else ""
    said = [
        f"- {keys} ({known}{prose(one.status)}): {cuts.prose(one.reason, _TEXT_SHOWN)}",
        *(f"  {line}" for line in _values(one, cuts)),
        f"  To lift it: {cuts.prose(at(one.hint, ProjectPlace(environment=plan.environment)), _TEXT_SHOWN)}",
    ]
    return "<br>\n".join(said)


def _values(one: Blocked, cuts: Cuts) -> Iterator[str]:
    """What live has instead, or besides."""
    for change in (*one.diff, *set_outside(one.unmanaged)):
        yield f"{code_span(change.path)} is {cuts.code(change.after, _VALUE_SHOWN)}"


def calendar_section(calendar: Calendar | None) -> Section:
    """The week in which the changed campaigns first send, with those next to them; one send alone is told
    with its change."""
    crowded = calendar is not None and len(calendar.entries) + len(calendar.collisions) > 1
    opening, *lines = calendar_markdown(calendar) if calendar and crowded else [""]
    return section_of("### The week of these sends", "line", lines, share=0.05, opening=f"{opening}\n\n")


def conflicts_section(plan: Plan, cuts: Cuts) -> Section:
    """Fields that were changed in the account meanwhile, and that this plan overwrites."""
    lines = []
    for change in plan.changes:
        for one in change.conflicts:
            values = (cuts.code(value, _VALUE_SHOWN) for value in (one.applied, one.live, one.manifest))
            was, live, ours = values
            lines.append(
                f"- **{code_span(change.key)}**: {code_span(one.path)} was {was}, changed live to {live};"
                f" this plan sets {ours}"
            )
    title = "### Conflicts: changed in the account too, and overwritten by this plan"
    return section_of(title, "conflict", lines, share=0.1)


def warnings_section(plan: Plan, cuts: Cuts) -> Section:
    """Every warning once, with its campaigns."""
    about: dict[str, list[str]] = {}
    for change in plan.changes:
        for warning in change.warnings:
            about.setdefault(warning, []).append(change.key)
    lines = [
        f"- {keys_text(keys, cuts, code_span)}: {cuts.prose(cuts.named(warning), _TEXT_SHOWN)}"
        for warning, keys in about.items()
    ]
    return section_of("### Warnings", "warning", lines, share=0.1)


def drift_section(plan: Plan, most: int, cuts: Cuts) -> Section:
    """How live campaigns differ from what was applied, folded; one takes at most about `most` characters."""
    items = []
    for one, *others in drift_alike(plan):
        told = (*one.diff, *set_outside(one.unmanaged))
        outside = " set outside of the manifests" if one.unmanaged else ""
        said = html_code(one.reason) if one.reason else counted(len(told), "field")
        which = html_code(one.key) + (f" and {len(others):,} more" if others else f" ({html_code(one.id)})")
        when = f", last changed {html_code(next_run_text(one.at, plan.time_zone))}" if one.at else ""
        keys = keys_text([each.key for each in (one, *others)], cuts, code_span) if others else ""
        summary = f"{which}: {said}{outside}{when}; {fate_text(plan, one)}"
        items.append(folded(summary, (keys, diff_block(told, most, cuts))))
    return section_of("### Drift: changed outside the manifests", "drift", items, share=0.1)


def lifted_section(plan: Plan, cuts: Cuts) -> Section:
    """The guardrails that were lifted, and why."""
    lines = []
    for one in plan.lifted:
        until = prose(next_run_text(one.until, plan.time_zone)) if one.until else ""
        how = f"until {until}" if until else "once, on the command line"
        reason = f": {cuts.prose(one.reason, _TEXT_SHOWN)}" if one.reason else ""
        lines.append(f"- {code_span(one.name)} for {keys_text(one.keys, cuts, code_span)}, {how}{reason}")
    return section_of("### Lifted", "override", lines, share=0.05)


def notes_section(plan: Plan, cuts: Cuts) -> Section:
    """Quiet lines for people."""
    place = ProjectPlace(environment=plan.environment)
    lines = [f"- Note: {cuts.prose(at(cuts.named(note), place), _TEXT_SHOWN)}" for note in plan.notes]
    return section_of("### Notes", "note", lines, share=0.05)


_HEAD_SHOWN = 100
_COMMAND_SHOWN = 500


def _nowhere(_source: str) -> str:
    return ""


def plan_markdown(
    review: Review,
    *,
    limit: int = GITHUB_LIMIT,
    cuts: Cuts | None = None,
    link: Link = _nowhere,
    now: datetime | None = None,
) -> str:
    """The comment, of at most `limit` characters and a final newline; `link` leads to manifests,
    and at `now`, the time of the plan if it is not given, the plan may have expired.

    Long values are cut, and what does not fit is left out item by item; both are said. With `cuts.full` that
    is so only if the whole does not fit. The last line is an HTML comment with project and environment, which
    identifies the comment to replace.

    Raises `TimeError` if the plan's zone does not exist, ValueError for a limit below `LEAST_LIMIT`.
    """
    if limit < LEAST_LIMIT:
        raise ValueError(f"a comment needs {LEAST_LIMIT} characters")
    cuts, head = cuts or Cuts(), joined(list(_head(review.plan, now or review.plan.created_at)))
    if cuts.full:
        text, whole = _comment(review, head, limit, cuts, limit, link)
        if whole:
            return text
    return _comment(review, head, limit, Cuts(cuts.command), limit // 8, link)[0]


def _comment(review: Review, head: str, limit: int, cuts: Cuts, most: int, link: Link) -> tuple[str, bool]:
    """The comment that begins with `head`, with at most `most` characters for the fields of a group; and
    whether nothing is cut."""
    mark = mark_of(review.plan)
    sections = _sections(review, most, cuts, link)
    longest = _cut(review, len(review.groups), cuts)
    shown = fitting(sections, limit - len(joined([head, longest, mark])) - 1)
    pairs = list(zip(sections, shown, strict=True))
    whole = not cuts.count and all(number == len(section.items) for section, number in pairs)
    missing = sum(len(section.items) - number for section, number in pairs if section.title == CHANGES)
    cut = "" if whole else _cut(review, missing, cuts)
    return joined([head, cut, *(section.text(number) for section, number in pairs), mark]) + "\n", whole


def mark_of(plan: Plan) -> str:
    """The line that identifies the comment of this project and environment."""
    environment = comment_word(plan.environment) if plan.environment else ""
    return f"<!-- campaignctl plan: project={comment_word(plan.project)} environment={environment} -->"


def _cut(review: Review, missing: int, cuts: Cuts) -> str:
    number = sum(len(group.changes) for group in review.groups[len(review.groups) - missing :])
    of = counted(len(review.plan.changes), "change")
    what = f"{number} of {of} {'does' if number == 1 else 'do'}" if missing else "some details do"
    shows = cuts.command.at(ProjectPlace(environment=review.plan.environment))
    if len(shows) > _COMMAND_SHOWN:
        shows = str(Command("show", "PLANFILE", "--full"))
    return (
        f"**This comment is cut: {what} not fit.** It says of each cut how long the whole is;"
        f" {code_span(shows, _COMMAND_SHOWN)} shows everything."
    )


def _sections(review: Review, most: int, cuts: Cuts, link: Link) -> Sequence[Section]:
    plan = review.plan
    return (
        objections_section(plan, cuts),
        settings_section(plan, cuts),
        changes_section(review, cuts, link),
        calendar_section(review.calendar),
        conflicts_section(plan, cuts),
        warnings_section(plan, cuts),
        lint_section(review),
        blocked_section(plan, cuts, before=False),
        blocked_section(plan, cuts, before=True),
        drift_section(plan, most // 2, cuts),
        lifted_section(plan, cuts),
        notes_section(plan, cuts),
        fields_section(review, most, cuts),
    )


def _head(plan: Plan, now: datetime) -> Iterator[str]:
    if not plan.refreshed:
        yield (
            "**The account was not read.** This plan was made from the state alone: it does not show what was"
            " changed in the account since the last apply."
        )
    environment = f" ({_short(plan.environment)})" if plan.environment else ""
    yield f"### campaignctl: plan for {_short(plan.project)}{environment}"
    yield f"**{summary_text(plan)}**"
    if plan.expired(now):
        yield "**Expired: this plan cannot be applied.** Make a new one."
    yield " ".join(_context(plan, now))


def _context(plan: Plan, now: datetime) -> Iterator[str]:
    company = f"Company {_short(plan.company_id)}" if plan.company_id else "Company not known yet,"
    state = f", state in {_short(plan.state)}" if plan.state else ""
    yield f"{company} at {_short(plan.url)}{state}."
    commit = f" at commit {_short(plan.commit)}" if plan.commit else ""
    serial = f"from state {plan.serial}" if plan.lineage else "without a state"
    yield f"Made {humanize.instant(plan.created_at, plan.time_zone)}{commit}, {serial}."
    if plan.overrides:
        yield f"Lifted on the command line: {', '.join(map(_short, plan.overrides))}."
    if plan.valid_until is not None and plan.changes:
        said = "It was valid until" if plan.expired(now) else "Valid until"
        yield f"**{said} {humanize.instant(plan.valid_until, plan.time_zone)}.**"


def _short(text: str) -> str:
    return code_span(text, _HEAD_SHOWN)
