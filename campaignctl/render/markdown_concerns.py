"""What a reviewer has to weigh beside the changes: objections, conflicts, warnings, blocks, drift."""

from __future__ import annotations

from campaignctl.plan.model import Blocked, Change, Conflict, Drift, Objection, Plan
from campaignctl.render.escape import code_span, html_code, prose
from campaignctl.render.fitting import Section
from campaignctl.render.markdown_changes import table_head, table_row
from campaignctl.render.markdown_fields import diff_block, folded
from campaignctl.render.status import next_run_text
from campaignctl.render.summary import fate_text, keys_text
from campaignctl.render.values import counted, value_text
from campaignctl.state.model import Overridden

_VALUE_SHOWN = 100
_TEXT_SHOWN = 500
_LIFTED = (
    "Each is lifted by its own name. For some campaigns and a while: by an entry under `overrides` in"
    " `campaignctl.yaml` with `guardrail`, `keys`, `until` and `reason`, which is reviewed like every other"
    " change. Once, for one plan: by whoever makes it with the option.\n\n"
)


def objections_section(plan: Plan) -> Section:
    """Every guardrail that objects, and how it is lifted."""
    return _table(
        "### Objections",
        ("Guardrail", "Found", "Limit", "By", "To lift it once"),
        "objection",
        [_objection(one) for one in plan.objections],
        share=0.15,
        before=_LIFTED,
    )


def _objection(one: Objection) -> tuple[str, ...]:
    return (
        f"**{code_span(one.guardrail)}**",
        prose(one.found, _TEXT_SHOWN),
        prose(one.limit, _TEXT_SHOWN),
        keys_text(one.keys, code_span),
        code_span(f"--override {one.guardrail}"),
    )


def blocked_section(plan: Plan) -> Section:
    """Every campaign that is left alone, why, and what lifts that."""
    return _table(
        "### Blocked: left alone, everything else goes on",
        ("Campaign", "Status", "Why", "To lift it"),
        "blocked campaign",
        [_blocked(one) for one in plan.blocked],
        share=0.2,
    )


def _blocked(one: Blocked) -> tuple[str, ...]:
    campaign_id = f"<br>{code_span(one.id)}" if one.id else ""
    why, hint = prose(one.reason, _TEXT_SHOWN), prose(one.hint, _TEXT_SHOWN)
    return f"{code_span(one.key)}{campaign_id}", prose(one.status), why, hint


def conflicts_section(plan: Plan) -> Section:
    """Members that somebody else set meanwhile, and that this plan overwrites."""
    return _table(
        "### Conflicts: changed in the account too, and overwritten by this plan",
        ("Campaign", "Member", "Was applied", "Is live", "Will be"),
        "conflict",
        [_conflict(change, one) for change in plan.changes for one in change.conflicts],
        share=0.1,
    )


def _conflict(change: Change, one: Conflict) -> tuple[str, ...]:
    values = [code_span(value_text(value, _VALUE_SHOWN)) for value in (one.applied, one.live, one.manifest)]
    return f"**{code_span(change.key)}**", code_span(one.path), *values


def warnings_section(plan: Plan) -> Section:
    """Every warning once, with the campaigns that it is about."""
    about: dict[str, list[str]] = {}
    for change in plan.changes:
        for warning in change.warnings:
            about.setdefault(warning, []).append(change.key)
    lines = [
        f"- {keys_text(keys, code_span)}: {prose(warning, _TEXT_SHOWN)}" for warning, keys in about.items()
    ]
    return _listed("### Warnings", "warning", lines, share=0.1)


def drift_section(plan: Plan, most: int) -> Section:
    """What differs live from what was applied, folded; `most` is about how many characters one may take."""
    title = "### Drift: changed outside of the manifests"
    return _listed(title, "drift", [_drift(one, plan, most) for one in plan.drift], share=0.1)


def _drift(one: Drift, plan: Plan, most: int) -> str:
    at = f", last changed {html_code(next_run_text(one.at, plan.time_zone))}" if one.at else ""
    what = fate_text(plan, one)
    summary = f"{html_code(one.key)} ({html_code(one.id)}): {counted(len(one.diff), 'field')}{at}; {what}"
    return folded(summary, (diff_block(one.diff, most),))


def lifted_section(plan: Plan) -> Section:
    """What would have objected and was lifted, by whom and why."""
    return _listed(
        "### Lifted", "override", [_lifted(one, plan.time_zone) for one in plan.lifted], share=0.05
    )


def _lifted(one: Overridden, zone: str) -> str:
    how = f"until {prose(next_run_text(one.until, zone))}" if one.until else "once, on the command line"
    reason = f": {prose(one.reason, _TEXT_SHOWN)}" if one.reason else ""
    return f"- {code_span(one.name)} for {keys_text(one.keys, code_span)}, {how}{reason}"


def notes_section(plan: Plan) -> Section:
    """Quiet lines for people."""
    return _listed(
        "### Notes", "note", [f"- Note: {prose(note, _TEXT_SHOWN)}" for note in plan.notes], share=0.05
    )


def _table(
    title: str,
    columns: tuple[str, ...],
    what: str,
    rows: list[tuple[str, ...]],
    *,
    share: float,
    before: str = "",
) -> Section:
    return _section(title, what, list(map(table_row, rows)), share, before + table_head(columns))


def _listed(title: str, what: str, lines: list[str], *, share: float) -> Section:
    return _section(title, what, lines, share, "")


def _section(title: str, what: str, items: list[str], share: float, opening: str) -> Section:
    return Section(
        title,
        items,
        lambda shown: f"**{counted(len(items) - shown, f'more {what}')} not shown.**",
        share,
        opening,
    )
