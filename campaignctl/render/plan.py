"""A plan as text: the verdict, equal changes together, and why other campaigns are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from campaignctl.errors import NOWHERE, Command, ProjectPlace, Sentence, at, counted
from campaignctl.plan.model import Blocked, Plan
from campaignctl.render.cuts import Cuts, cut_text
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import escape
from campaignctl.render.group import INDENT, Page, fields, group_line, group_lines
from campaignctl.render.lint import lint_counts, lint_lines, lint_title
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
from campaignctl.render.table import Style, Tone, wrapped
from campaignctl.render.values import set_outside
from campaignctl.review.review import Review, outline_of
from campaignctl.schedule import humanize

_SETTING_SHOWN = 300
# More groups than this are not read by anyone: the first ones in full, the next ones in one line each.
_GROUPS_IN_FULL = 30
_GROUPS_IN_A_LINE = 100


def plan_text(
    review: Review,
    *,
    color: bool,
    now: datetime,
    width: int = 100,
    place: ProjectPlace = NOWHERE,
    cuts: Cuts | None = None,
    wrap: bool = False,
) -> str:
    """The plan, with commands as typed at `place`; `width` decides whether old and new share a line, and with
    `wrap` no line is wider.

    Long values are cut; afterwards `cuts` has their number.

    Raises `TimeError` if the plan's zone does not exist.
    """
    plan = review.plan
    page = Page(Style(color), plan.time_zone, now, width, place, cuts or Cuts(), plan.valid_until)
    parts = [
        _header(plan, page),
        *_section("Settings changed since the last apply", _settings(plan, page), page.style),
        *_changes(review, page),
        *_section(lint_title(review), lint_lines(review, page.style, page.place), page.style),
        *_section("Drift: changed outside the manifests", _drifts(plan, page), page.style),
        *_section(
            "Blocked: skipped, all other changes go ahead",
            _blocked((one for one in plan.blocked if not one.before), page),
            page.style,
        ),
        *_section(
            f"Blocked before this change, as of {escape((plan.against or '')[:12])}",
            _blocked((one for one in plan.blocked if one.before), page),
            page.style,
            "dim",
        ),
        *_section(
            "Objections: nothing in this plan is applied",
            _objections(plan, page),
            page.style,
            "red",
        ),
        *_section("Lifted: would have objected", _lifted(plan, page), page.style),
        "\n".join(_footer(plan, page)),
    ]
    return _within("\n\n".join(part for part in parts if part) + "\n", width if wrap else None)


def _within(text: str, width: int | None) -> str:
    """The text with its lines broken at a width, if there is one."""
    if width is None:
        return text
    return "\n".join(each for line in text.split("\n") for each in wrapped(line, width))


_SUMMARY_GROUPS = 8


def plan_summary(
    review: Review,
    *,
    color: bool,
    now: datetime,
    width: int = 100,
    place: ProjectPlace = NOWHERE,
    whole: Command,
    wrap: bool = False,
) -> str:
    """The plan on one screen: the verdict, what it does in a line each, and what else there is; `whole` is
    the command that shows everything. With `wrap` no line is wider than `width`."""
    plan, style = review.plan, Style(color)
    page = Page(style, "UTC", now, width, place, Cuts())
    groups = review.groups
    if len(groups) > _SUMMARY_GROUPS:
        groups = outline_of(groups)
    rest = sum(len(group.changes) for group in groups[_SUMMARY_GROUPS:])
    lines = [
        _header(plan, page),
        *(group_line(group, page) for group in groups[:_SUMMARY_GROUPS]),
        *([f"{INDENT}... and {counted(rest, 'more change')}"] if rest else []),
        *(f"{style(label, 'bold')}: {told}" for label, told in _others(review) if told),
        "To see everything:",
        f"  {escape(whole.at(place), None)}",
        style(summary_text(plan), "bold"),
    ]
    return _within("\n".join(lines) + "\n", width if wrap else None)


def _others(review: Review) -> Iterator[tuple[str, str]]:
    """What is no change: a line each."""
    plan, cuts = review.plan, Cuts()
    yield "Settings", settings_text(plan.settings_changed)
    yield "Objections", ", ".join(escape(one.guardrail) for one in plan.objections)
    yield "Lint", lint_counts(plan.lint)
    yield "Blocked", keys_text([one.key for one in plan.blocked], cuts)
    yield "Drift", keys_text(list(dict.fromkeys(one.key for one in plan.drift)), cuts)
    yield "Conflicts", keys_text([one.key for one in plan.changes if one.conflicts], cuts)
    yield "Warnings", keys_text(list(dict.fromkeys(one.key for one in plan.changes if one.warnings)), cuts)
    yield "Lifted", ", ".join(escape(one.name) for one in plan.lifted)


def _header(plan: Plan, page: Page) -> str:
    style = page.style
    environment = f" ({escape(plan.environment)})" if plan.environment else ""
    account = f"company {escape(plan.company_id)}" if plan.company_id else "company not known yet"
    at = f" at {escape(plan.url)}" if plan.url else ""
    state = f"; state: {escape(plan.state)}" if plan.state else ""
    lines = [
        style(summary_text(plan), "bold"),
        f"For {style(escape(plan.project), 'bold')}{environment}, {account}{at}{state}",
    ]
    if plan.expired(page.now):
        lines.append(style("Expired: this plan cannot be applied.", "bold", "red"))
    if not plan.refreshed:
        lines.append("Made from the state alone: the account was not read.")
    if plan.overrides:
        lines.append(f"Lifted for this plan: {', '.join(map(escape, plan.overrides))}")
    return "\n".join(lines)


def _changes(review: Review, page: Page) -> Iterator[str]:
    groups, whole = review.groups, page.cuts.most(_GROUPS_IN_FULL)
    for group in groups[:whole]:
        yield "\n".join(group_lines(group, page))
    if briefly := groups[whole:]:
        keys = [key for group in briefly for key in group.keys]
        lines = [group_line(group, page) for group in briefly[:_GROUPS_IN_A_LINE]]
        if rest := sum(len(group.changes) for group in briefly[_GROUPS_IN_A_LINE:]):
            lines.append(f"{INDENT}... and {counted(rest, 'more change')}")
        yield "\n".join([f"{page.cuts.rest(keys, 'change')}, in short:", *lines])


def _settings(plan: Plan, page: Page) -> Iterator[str]:
    """A line for each setting, in bold with a mark if the change loosens."""
    for one in plan.settings_changed:
        before, after = (page.cuts.value(value, _SETTING_SHOWN) for value in (one.before, one.after))
        symbol, values = "~", f"{before} -> {after}"
        if one.before is None or one.after is None:
            symbol, values = ("+", after) if one.before is None else ("-", before)
        mark = " [loosens]" if one.loosens else ""
        head = f"  {symbol} {page.cuts.text(one.path)}{mark}:"
        yield f"{page.style(head, 'bold', 'yellow') if one.loosens else head} {values}"


def _section(title: str, lines: Iterable[str], style: Style, tone: Tone = "yellow") -> Iterator[str]:
    body = list(lines)
    if body:
        yield "\n".join([style(title, "bold", tone), *body])


def _drifts(plan: Plan, page: Page) -> Iterator[str]:
    for one, *others in drift_alike(plan):
        when = f", last changed {next_run_text(one.at, page.zone)}" if one.at else ""
        what = "set outside of the manifests" if one.unmanaged else one.reason or "applied -> live"
        keys = keys_text([each.key for each in (one, *others)], page.cuts)
        which = f"({counted(len(others) + 1, 'campaign')})" if others else f"({escape(one.id)})"
        yield f"  {keys} {which}: {escape(what, None)}{when}; {fate_text(plan, one)}"
        yield from fields((*one.diff, *set_outside(one.unmanaged)), page)


def _blocked(blocked: Iterable[Blocked], page: Page) -> Iterator[str]:
    style = page.style
    for one, *others in blocked_alike(blocked):
        campaign_id = f"{escape(one.id)}, " if one.id and not others else ""
        count = f"{counted(len(others) + 1, 'campaign')}, " if others else ""
        reason = escape(one.reason, None)
        keys = keys_text([each.key for each in (one, *others)], page.cuts)
        yield f"  {style(keys, 'bold')} ({campaign_id}{count}{escape(one.status)}): {reason}"
        yield from fields((*one.diff, *set_outside(one.unmanaged)), page)
        yield from hint_text(one.hint, style, page.place, label="to lift:", indent=INDENT)


def _objections(plan: Plan, page: Page) -> Iterator[str]:
    for one in plan.objections:
        guardrail = escape(one.guardrail)
        yield f"  {guardrail}: {escape(one.found, None)}; the limit is {escape(one.limit, None)}"
        yield f"{INDENT}by: {keys_text(one.keys, page.cuts)}"
        lift = Sentence(lift_command(plan, one.guardrail))
        yield from hint_text(lift, page.style, page.place, label="to lift it once:", indent=INDENT)
        entry = f"{{guardrail: {guardrail}, keys: [...], until: ..., reason: ...}}"
        yield f"{INDENT}longer: {entry} in `overrides`"


def _lifted(plan: Plan, page: Page) -> Iterator[str]:
    for one in plan.lifted:
        until = f"until {next_run_text(one.until, page.zone)}" if one.until else "once, on the command line"
        reason = f": {escape(one.reason)}" if one.reason else ""
        yield f"  {escape(one.name)} for {keys_text(one.keys, page.cuts)}, {until}{reason}"


def _footer(plan: Plan, page: Page) -> Iterator[str]:
    for note in plan.notes:
        yield page.style(f"Note: {escape(at(page.cuts.named(note), page.place), None)}", "dim")
    if page.cuts.count:
        yield page.style(cut_text(page.cuts), "bold", "yellow")
        yield f"  {escape(page.cuts.command.at(page.place), None)}"
    if plan.valid_until is not None and plan.changes:
        until = humanize.instant(plan.valid_until, page.zone)
        distance = humanize.distance(plan.valid_until, page.now)
        if plan.expired(page.now):
            yield page.style(f"Expired: it was valid until {until}, {distance}. Plan again:", "bold", "red")
            yield f"  {escape(Command('plan', '-o', 'FILE').at(page.place), None)}"
        else:
            yield f"Valid until {until}, {distance}."
    yield page.style(summary_text(plan), "bold")
