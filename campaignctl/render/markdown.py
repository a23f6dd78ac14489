"""A plan as the comment of a pull request: tables, with the field changes in folded diffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from campaignctl.diff import EVERYONE, FieldChange
from campaignctl.errors import Command, ProjectPlace, at, counted
from campaignctl.plan.model import Blocked, Change, Plan
from campaignctl.project.settings import SettingChange
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import code_span, comment_word, fenced, html_code, prose
from campaignctl.render.fitting import (
    GITHUB_LIMIT,
    LEAST_LIMIT,
    Section,
    fitting,
    joined,
    section_of,
    section_of_rows,
    table_head,
    table_row,
)
from campaignctl.render.lint import lint_section
from campaignctl.render.status import next_run_text
from campaignctl.render.summary import (
    CHANGES_SENDS,
    REACHING,
    blocked_alike,
    fate_text,
    keys_text,
    sends_lines,
    settings_text,
    summary_text,
    undo_text,
)
from campaignctl.render.values import audience_text, compared, set_outside, value_text, whole
from campaignctl.schedule import humanize
from campaignctl.schedule.times import iso

_ONE_LINE = 120


def folded(summary: str, inside: Iterable[str]) -> str:
    """A summary in HTML, and parts in Markdown that a click shows."""
    parts = "\n\n".join(part for part in inside if part)
    return f"<details><summary>{summary}</summary>\n\n{parts}\n\n</details>"


def diff_block(changes: Iterable[FieldChange], most: int, cuts: Cuts) -> str:
    """Every field, in a block of at most about `most` characters; empty for no change.

    Lines of foreign text come after a bar, so that none passes for a field.
    """
    lines = [line for change in changes for line in _field(change, cuts)]
    if not lines:
        return ""
    return fenced(list(_first(lines, most, cuts)), "diff")


def _first(lines: list[str], most: int, cuts: Cuts) -> Iterator[str]:
    for number, line in enumerate(lines):
        most -= len(line) + 1
        if most < 0:
            rest = "\n".join(lines[number:])
            yield f"@@ {counted(len(lines) - number, 'more line')}, {cuts.remark(rest)} @@"
            return
        yield line


def _field(change: FieldChange, cuts: Cuts) -> Iterator[str]:
    path = cuts.text(change.path)
    if change.before is None or change.after is None:
        symbol, value = ("+", change.after) if change.before is None else ("-", change.before)
        head, lines = whole(path, value, cuts)
        yield f"{symbol} {head}"
        yield from (f"{symbol} | {line}" for line in lines)
        return
    old, new = value_text(change.before, None), value_text(change.after, None)
    if max(len(old), len(new)) <= _ONE_LINE and not _has_lines(change):
        yield f"- {path} {old}"
        yield f"+ {path} {new}"
        return
    yield f"! {path}"
    for line in compared(change.before, change.after, cuts):
        yield f"@@ {line[2:]} @@" if line.startswith("@") else f"{line[0]} | {line[2:]}"


def _has_lines(change: FieldChange) -> bool:
    values = (change.before, change.after)
    return all(isinstance(value, str) for value in values) and any("\n" in value for value in values)


CHANGES = "### Changes"

_COLUMNS = ("Action", "Campaign", "Sends", "Reaches", "Can be undone")
_NAME_SHOWN = 80
_AUDIENCE_SHOWN = 300
_LINE_SHOWN = 300
_SETTING_SHOWN = 300
_NOTHING = "-"


def settings_section(plan: Plan, cuts: Cuts) -> Section:
    """Every setting that changed, in bold if the change loosens: a reviewer must see it."""
    changes = plan.settings_changed
    rows = [
        tuple(f"**{cell}**" if one.loosens and cell != _NOTHING else cell for cell in _setting(one, cuts))
        for one in changes
    ]
    return Section(
        "### Settings changed since the last apply",
        list(map(table_row, rows)),
        lambda shown: f"**Not shown: {settings_text(changes[shown:])}**",
        share=0.15,
        opening=table_head(("Setting", "Before", "After", "Effect")),
    )


def _setting(one: SettingChange, cuts: Cuts) -> tuple[str, ...]:
    values = (
        _NOTHING if value is None else cuts.code(value, _SETTING_SHOWN) for value in (one.before, one.after)
    )
    return code_span(one.path), *values, "loosens" if one.loosens else _NOTHING


def changes_section(plan: Plan, cuts: Cuts) -> Section:
    """A row for each change. Those that arm, or change what is armed, come first and are bold: a
    reviewer must see them."""
    changes = _arming_first(plan)
    return Section(
        CHANGES,
        [table_row(_cells(change, plan, cuts)) for change in changes],
        lambda shown: _not_shown(changes[shown:]),
        share=0.4,
        opening=table_head(_COLUMNS),
    )


def fields_section(plan: Plan, most: int, cuts: Cuts) -> Section:
    """The fields of each change, folded; one takes at most about `most` characters."""
    changes = _arming_first(plan)
    items = []
    for change in changes:
        count = f": {counted(len(change.diff), 'field')}" if change.diff else ""
        summary = f"<b>{change.action}</b> {html_code(change.key)}{count}"
        parts = [f"Why: {prose(change.reason)}", diff_block(change.diff, most, cuts)]
        if change.unmanaged:
            parts += [
                "Also sent, set outside of the manifests:",
                diff_block(set_outside(change.unmanaged), most, cuts),
            ]
        items.append(folded(summary, parts))
    return Section(
        "### Field by field",
        items,
        lambda shown: f"_{counted(len(changes) - shown, 'more change')} not shown field by field._",
        share=0,
    )


def _arming_first(plan: Plan) -> list[Change]:
    return sorted(
        plan.changes, key=lambda change: (not change.sends_at_once, not change.arms, not change.changes_sends)
    )


def _not_shown(changes: Sequence[Change]) -> str:
    arming = sum(change.arms for change in changes)
    sends = f", of which {arming} can send afterwards" if arming else ""
    if changing := sum(change.changes_sends for change in changes):
        sends += f"{' and' if sends else ', of which'} {changing} change what an armed campaign sends"
    return f"**{counted(len(changes), 'more change')} not shown{sends}.**"


def _cells(change: Change, plan: Plan, cuts: Cuts) -> tuple[str, ...]:
    key = code_span(change.key)
    action = str(change.action)
    if change.arms or change.changes_sends:
        action, key = f"**{action}, {'arms' if change.arms else CHANGES_SENDS}**", f"**{key}**"
    known_as = [
        cuts.prose(change.name, _NAME_SHOWN) if change.name else "",
        code_span(change.id) if change.id else "",
        f"was {code_span(change.moved_from)}" if change.moved_from else "",
    ]
    if any(known_as):
        key += f"<br>{', '.join(filter(None, known_as))}"
    # The next run of a recurrence is enough: the text before it describes the others.
    brief = replace(change, sends=replace(change.sends, at=change.sends.at[:1]))
    lines = sends_lines(brief, plan.time_zone, plan.created_at, distances=False)
    sends = "<br>".join(cuts.prose(line, _LINE_SHOWN) for line in lines) or _NOTHING
    reaches = _reaches(change, cuts) if change.action in REACHING else _NOTHING
    return action, key, f"**{sends}**" if change.sends_at_once else sends, reaches, _undo(change, plan)


def _reaches(change: Change, cuts: Cuts) -> str:
    audience = audience_text(change.audience, Cuts(full=True))
    if audience == EVERYONE:
        return f"**{EVERYONE}**"
    return cuts.prose(audience, _AUDIENCE_SHOWN, of=change.audience) or _NOTHING


def _undo(change: Change, plan: Plan) -> str:
    first = change.sends.first
    # If it is the time of the send, that is already shown in the project's zone.
    said_before = first is not None and change.undo == f"until {iso(first)}"
    shown = prose(undo_text(change.undo, "UTC" if said_before else plan.time_zone))
    return f"**{shown}**" if change.undo == "never" else shown


_VALUE_SHOWN = 100
_TEXT_SHOWN = 500
_LIFTED = (
    "To lift one for some campaigns and a limited time, add an entry with `guardrail`, `keys`, `until` and"
    " `reason` under `overrides` in `campaignctl.yaml`; it is reviewed like any other change. To lift one"
    " once, make the plan with the option.\n\n"
)


def objections_section(plan: Plan, cuts: Cuts) -> Section:
    """Every guardrail that objects, and how to lift it."""
    rows = [
        (
            f"**{code_span(one.guardrail)}**",
            cuts.prose(one.found, _TEXT_SHOWN),
            cuts.prose(one.limit, _TEXT_SHOWN),
            keys_text(one.keys, cuts, code_span),
            code_span(f"--override {one.guardrail}"),
        )
        for one in plan.objections
    ]
    columns = ("Guardrail", "Found", "Limit", "By", "To lift it once")
    return section_of_rows("### Objections", columns, "objection", rows, share=0.15, before=_LIFTED)


def blocked_section(plan: Plan, cuts: Cuts, *, before: bool) -> Section:
    """Every campaign that is left alone, why, and how to lift that; those that were `before` this change, or
    the others."""
    place = ProjectPlace(environment=plan.environment)
    rows = [
        (
            keys_text([each.key for each in (one, *others)], cuts, code_span)
            + (f"<br>{code_span(one.id)}" if one.id and not others else ""),
            prose(one.status),
            "<br>".join((cuts.prose(one.reason, _TEXT_SHOWN), *_values(one, cuts))),
            cuts.prose(at(one.hint, place), _TEXT_SHOWN),
        )
        for one, *others in blocked_alike(one for one in plan.blocked if one.before == before)
    ]
    title = "### Blocked: skipped, all other changes go ahead"
    if before:
        title = f"### Blocked before this change, as of {_short((plan.against or '')[:12])}"
    return section_of_rows(title, ("Campaign", "Status", "Why", "To lift it"), "block", rows, share=0.2)


def _values(one: Blocked, cuts: Cuts) -> Iterator[str]:
    """What live has instead, or besides."""
    for change in (*one.diff, *set_outside(one.unmanaged)):
        yield f"{code_span(change.path)} is {cuts.code(change.after, _VALUE_SHOWN)}"


def conflicts_section(plan: Plan, cuts: Cuts) -> Section:
    """Fields that were changed in the account meanwhile, and that this plan overwrites."""
    rows = [
        (
            f"**{code_span(change.key)}**",
            code_span(one.path),
            *(cuts.code(value, _VALUE_SHOWN) for value in (one.applied, one.live, one.manifest)),
        )
        for change in plan.changes
        for one in change.conflicts
    ]
    title = "### Conflicts: changed in the account too, and overwritten by this plan"
    columns = ("Campaign", "Field", "Applied", "Live", "Will be")
    return section_of_rows(title, columns, "conflict", rows, share=0.1)


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
    for one in plan.drift:
        told = (*one.diff, *set_outside(one.unmanaged))
        outside = " set outside of the manifests" if one.unmanaged else ""
        said = html_code(one.reason) if one.reason else counted(len(told), "field")
        what = f"{html_code(one.key)} ({html_code(one.id)}): {said}{outside}"
        when = f", last changed {html_code(next_run_text(one.at, plan.time_zone))}" if one.at else ""
        items.append(folded(f"{what}{when}; {fate_text(plan, one)}", (diff_block(told, most, cuts),)))
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


def plan_markdown(plan: Plan, *, limit: int = GITHUB_LIMIT, cuts: Cuts | None = None) -> str:
    """The comment, of at most `limit` characters and a final newline.

    Long values are cut, and what does not fit is left out item by item; both are said. With `cuts.full` that
    is so only if the whole does not fit. The last line is an HTML comment with project and environment, which
    identifies the comment to replace.

    Raises `TimeError` if the plan's zone does not exist, ValueError for a limit below `LEAST_LIMIT`.
    """
    if limit < LEAST_LIMIT:
        raise ValueError(f"a comment needs {LEAST_LIMIT} characters")
    cuts = cuts or Cuts()
    if cuts.full:
        text, whole = _comment(plan, limit, cuts, limit)
        if whole:
            return text
    return _comment(plan, limit, Cuts(cuts.command), limit // 8)[0]


def _comment(plan: Plan, limit: int, cuts: Cuts, most: int) -> tuple[str, bool]:
    """The comment, with at most `most` characters for the fields of a change; and whether nothing is cut."""
    head, mark = joined(list(_head(plan))), mark_of(plan)
    sections = _sections(plan, most, cuts)
    longest = _cut(plan, len(plan.changes), cuts)
    shown = fitting(sections, limit - len(joined([head, longest, mark])) - 1)
    pairs = list(zip(sections, shown, strict=True))
    whole = not cuts.count and all(number == len(section.items) for section, number in pairs)
    missing = sum(len(section.items) - number for section, number in pairs if section.title == CHANGES)
    cut = "" if whole else _cut(plan, missing, cuts)
    return joined([head, cut, *(section.text(number) for section, number in pairs), mark]) + "\n", whole


def mark_of(plan: Plan) -> str:
    """The line that identifies the comment of this project and environment."""
    environment = comment_word(plan.environment) if plan.environment else ""
    return f"<!-- campaignctl plan: project={comment_word(plan.project)} environment={environment} -->"


def _cut(plan: Plan, missing: int, cuts: Cuts) -> str:
    what = f"{missing} of {len(plan.changes)} changes do" if missing else "some details do"
    shows = cuts.command.at(ProjectPlace(environment=plan.environment))
    if len(shows) > _COMMAND_SHOWN:
        shows = str(Command("show", "PLANFILE", "--full"))
    return (
        f"**This comment is cut: {what} not fit.** It says of each cut how long the whole is;"
        f" {code_span(shows, _COMMAND_SHOWN)} shows everything."
    )


def _sections(plan: Plan, most: int, cuts: Cuts) -> Sequence[Section]:
    return (
        objections_section(plan, cuts),
        settings_section(plan, cuts),
        changes_section(plan, cuts),
        conflicts_section(plan, cuts),
        warnings_section(plan, cuts),
        lint_section(plan),
        blocked_section(plan, cuts, before=False),
        blocked_section(plan, cuts, before=True),
        drift_section(plan, most // 2, cuts),
        lifted_section(plan, cuts),
        notes_section(plan, cuts),
        fields_section(plan, most, cuts),
    )


def _head(plan: Plan) -> Iterator[str]:
    if not plan.refreshed:
        yield (
            "**The account was not read.** This plan was made from the state alone: it does not show what was"
            " changed in the account since the last apply."
        )
    environment = f" ({_short(plan.environment)})" if plan.environment else ""
    yield f"### campaignctl: plan for {_short(plan.project)}{environment}"
    yield f"**{summary_text(plan)}**"
    if plan.objections:
        yield "**Nothing in this plan is applied while a guardrail objects.**"
    yield " ".join(_context(plan))


def _context(plan: Plan) -> Iterator[str]:
    company = f"Company {_short(plan.company_id)}" if plan.company_id else "Company not known yet,"
    state = f", state in {_short(plan.state)}" if plan.state else ""
    yield f"{company} at {_short(plan.url)}{state}."
    commit = f" at commit {_short(plan.commit)}" if plan.commit else ""
    serial = f"from state {plan.serial}" if plan.lineage else "without a state"
    yield f"Made {humanize.instant(plan.created_at, plan.time_zone)}{commit}, {serial}."
    if plan.overrides:
        yield f"Lifted on the command line: {', '.join(map(_short, plan.overrides))}."
    if plan.valid_until is not None and plan.changes:
        yield f"**Valid until {humanize.instant(plan.valid_until, plan.time_zone)}.**"


def _short(text: str) -> str:
    return code_span(text, _HEAD_SHOWN)
