"""A plan as text: every change, field by field, and why other campaigns are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from campaignctl.diff import EVERYONE, FieldChange
from campaignctl.errors import NOWHERE, ProjectPlace, at, counted
from campaignctl.plan.model import Action, Blocked, Change, Conflict, Objection, Plan
from campaignctl.render.cuts import Cuts, cut_text
from campaignctl.render.errors import hint_text
from campaignctl.render.escape import LIMIT, escape
from campaignctl.render.lint import lint_lines
from campaignctl.render.status import next_run_text
from campaignctl.render.summary import (
    CHANGES_SENDS,
    REACHING,
    blocked_alike,
    fate_text,
    keys_text,
    sends_lines,
    summary_text,
    undo_text,
)
from campaignctl.render.table import Style, Tone
from campaignctl.render.values import audience_text, field_lines, set_outside
from campaignctl.schedule import humanize

_AT_ONCE = "!"
_LOOKS: dict[Action, tuple[str, Tone]] = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.PAUSE: ("=", "yellow"),
    Action.RESUME: ("^", "green"),
    Action.CANCEL: ("x", "red"),
    Action.ADOPT: ("<", "cyan"),
    Action.MOVE: (">", "cyan"),
    Action.FORGET: ("?", "red"),
}
_INDENT = "      "
_SETTING_SHOWN = 300


@dataclass(frozen=True, slots=True)
class _Page:
    """The context of every part of the text."""

    style: Style
    zone: str
    now: datetime
    width: int
    place: ProjectPlace
    cuts: Cuts


def plan_text(
    plan: Plan,
    *,
    color: bool,
    now: datetime,
    width: int = 100,
    place: ProjectPlace = NOWHERE,
    cuts: Cuts | None = None,
) -> str:
    """The plan, with commands as typed at `place`; `width` decides whether old and new share a line.

    Long values are cut; afterwards `cuts` has their number.

    Raises `TimeError` if the plan's zone does not exist.
    """
    page = _Page(Style(color), plan.time_zone, now, width, place, cuts or Cuts())
    parts = [
        _header(plan, page.style),
        *_section("Settings changed since the last apply", _settings(plan, page), page.style),
        *("\n".join(_change(change, page)) for change in plan.changes),
        *_section(
            "Lint: about the campaigns above; stops nothing",
            lint_lines(plan, page.style, page.place),
            page.style,
        ),
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
            _objections(plan.objections, page),
            page.style,
            "red",
        ),
        *_section("Lifted: would have objected", _lifted(plan, page), page.style),
        "\n".join(_footer(plan, page)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _header(plan: Plan, style: Style) -> str:
    environment = f" ({escape(plan.environment)})" if plan.environment else ""
    account = f"company {escape(plan.company_id)}" if plan.company_id else "company not known yet"
    at = f" at {escape(plan.url)}" if plan.url else ""
    lines = [f"Plan for {style(escape(plan.project), 'bold')}{environment}, {account}{at}"]
    if plan.state:
        lines.append(f"State: {escape(plan.state)}")
    if legend := _legend(plan.changes):
        lines.append(style(f"Symbols: {legend}", "dim"))
    if not plan.refreshed:
        lines.append("Made from the state alone: the account was not read.")
    if plan.overrides:
        lines.append(f"Lifted for this plan: {', '.join(map(escape, plan.overrides))}")
    return "\n".join(lines)


def _legend(changes: Iterable[Change]) -> str:
    used = {change.action for change in changes}
    said = [f"{symbol} {action}" for action, (symbol, _) in _LOOKS.items() if action in used]
    if any(change.sends_at_once for change in changes):
        said.append(f"{_AT_ONCE} sends at once")
    return ", ".join(said)


def _change(change: Change, page: _Page) -> Iterator[str]:
    style = page.style
    symbol, tone = _LOOKS[change.action]
    at_once = _AT_ONCE if change.sends_at_once else ""
    head = style(
        f"{at_once + symbol:>4} {change.action} {escape(change.key)}", "bold", "red" if at_once else tone
    )
    name = f" {page.cuts.value(change.name, LIMIT)}" if change.name else ""
    campaign_id = f" ({escape(change.id)})" if change.id else ""
    mark = " [arms]" if change.arms else f" [{CHANGES_SENDS}]" if change.changes_sends else ""
    yield f"{head}{name}{campaign_id}{style(mark, 'bold', 'yellow') if mark else ''}"
    for label, lines in _facts(change, page):
        for index, line in enumerate(lines):
            yield f"{_INDENT}{label + ':' if index == 0 else '':<9}{line}"
    yield from _fields(change.diff, page)
    if change.unmanaged:
        yield f"{_INDENT}{style('also sent, set outside of the manifests:', 'bold', 'yellow')}"
        yield from _fields(set_outside(change.unmanaged), page)


def _fields(changes: Iterable[FieldChange], page: _Page) -> Iterator[str]:
    for line in field_lines(changes, page.style, page.width - len(_INDENT), page.cuts):
        yield _INDENT + line


def _facts(change: Change, page: _Page) -> Iterator[tuple[str, list[str]]]:
    style = page.style
    yield "why", [escape(page.cuts.named(change.reason), None)]
    sends = sends_lines(change, page.zone, page.now)
    yield "sends", [style(line, "bold", "red") for line in sends] if change.sends_at_once else sends
    if change.action in REACHING:
        audience = audience_text(change.audience, page.cuts)
        if audience == EVERYONE:
            aimed = bool((change.spec or {}).get("targeting"))
            why = "no condition certainly narrows it" if aimed else "there is no targeting"
            audience = f"{style(EVERYONE, 'bold')} ({why})"
        yield "reaches", [audience]
    yield "undo", [undo_text(change.undo, page.zone)]
    yield "was", [escape(change.moved_from)] if change.moved_from else []
    conflicts = [_conflict(one, page.cuts) for one in change.conflicts]
    warnings = [*conflicts, *(escape(page.cuts.named(warning), None) for warning in change.warnings)]
    yield "warning", [style(warning, "yellow") for warning in warnings]


def _conflict(one: Conflict, cuts: Cuts) -> str:
    applied, live, manifest = (cuts.value(value, LIMIT) for value in (one.applied, one.live, one.manifest))
    return f"conflict: {cuts.text(one.path)} was {applied}, changed live to {live}; this plan sets {manifest}"


def _settings(plan: Plan, page: _Page) -> Iterator[str]:
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


def _drifts(plan: Plan, page: _Page) -> Iterator[str]:
    for drift in plan.drift:
        when = f", last changed {next_run_text(drift.at, page.zone)}" if drift.at else ""
        fate = fate_text(plan, drift)
        what = "set outside of the manifests" if drift.unmanaged else drift.reason or "applied -> live"
        yield f"  {escape(drift.key)} ({escape(drift.id)}): {escape(what, None)}{when}; {fate}"
        yield from _fields((*drift.diff, *set_outside(drift.unmanaged)), page)


def _blocked(blocked: Iterable[Blocked], page: _Page) -> Iterator[str]:
    style = page.style
    for one, *others in blocked_alike(blocked):
        campaign_id = f"{escape(one.id)}, " if one.id and not others else ""
        count = f"{counted(len(others) + 1, 'campaign')}, " if others else ""
        reason = escape(one.reason, None)
        keys = keys_text([each.key for each in (one, *others)], page.cuts)
        yield f"  {style(keys, 'bold')} ({campaign_id}{count}{escape(one.status)}): {reason}"
        yield from _fields((*one.diff, *set_outside(one.unmanaged)), page)
        yield from hint_text(one.hint, style, page.place, label="to lift:", indent=_INDENT)


def _objections(objections: Iterable[Objection], page: _Page) -> Iterator[str]:
    for one in objections:
        guardrail = escape(one.guardrail)
        yield f"  {guardrail}: {escape(one.found, None)}; the limit is {escape(one.limit, None)}"
        yield f"{_INDENT}by: {keys_text(one.keys, page.cuts)}"
        yield f"{_INDENT}to lift it once: --override {guardrail}"
        entry = f"{{guardrail: {guardrail}, keys: [...], until: ..., reason: ...}}"
        yield f"{_INDENT}longer: {entry} in `overrides`"


def _lifted(plan: Plan, page: _Page) -> Iterator[str]:
    for one in plan.lifted:
        until = f"until {next_run_text(one.until, page.zone)}" if one.until else "once, on the command line"
        reason = f": {escape(one.reason)}" if one.reason else ""
        yield f"  {escape(one.name)} for {keys_text(one.keys, page.cuts)}, {until}{reason}"


def _footer(plan: Plan, page: _Page) -> Iterator[str]:
    for note in plan.notes:
        yield page.style(f"Note: {escape(at(page.cuts.named(note), page.place), None)}", "dim")
    if page.cuts.count:
        yield page.style(cut_text(page.cuts), "bold", "yellow")
        yield f"  {escape(page.cuts.command.at(page.place), None)}"
    if plan.valid_until is not None and plan.changes:
        until = humanize.instant(plan.valid_until, page.zone)
        yield f"Valid until {until}, {humanize.distance(plan.valid_until, page.now)}."
    yield page.style(summary_text(plan), "bold")
