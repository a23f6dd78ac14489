"""The rows of the decision table, each with the text of a plan that it decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle, Phase
from campaignctl.campaign.live import Live
from campaignctl.campaign.status import Status
from campaignctl.errors import Source
from campaignctl.manifest.model import DesiredCampaign, DesiredState
from campaignctl.plan.context import PlanContext, Reading, Unsettled
from campaignctl.plan.decide import EDITS, TABLE, Row
from campaignctl.plan.model import Options
from campaignctl.plan.verdict import Verdict
from campaignctl.project.model import Project
from campaignctl.state.ledger import Released, Sent
from campaignctl.state.model import Account, Intent, Record, State, Watermark

_KEY, _OLD_KEY, _ID, _AT = "push/welcome", "push/hello", "1030978", "2036-01-01T00:00:00Z"
_NOW = datetime(2036, 1, 1, tzinfo=UTC)
_PHASES: tuple[Phase | None, ...] = (None, "active", "paused", "canceled")
_OVER = (Status.SENT, Status.CANCELED, Status.NEEDS_DECISION, Status.MISSING)
#: Example words of the API for statuses that its documents do not name.
_SPELT = {Status.UNKNOWN: "thawing", Status.MANUAL: "waiting"}
#: Special cases of a campaign; the first one that leads to a row is its example.
_SPECIAL = (
    *("", "edited", "edited by defaults", "drift", "edited as live is", "draft again", "draft again, edited"),
    *("protected", "forgotten", "winner", "recurring", "canceled before", "paused by us", "adopted"),
    *("archived", "archived, edited"),
    *("past", "past, noted", "sent before", "unsettled", "not found", "refresh only", "wrong move"),
    *("half done, began", "replaced", "protected, replaced"),
)


def decisions() -> str:
    """The decision table."""
    return "\n".join(_table(TABLE))


def edits() -> str:
    """The table of edits."""
    return "\n".join(_table(EDITS))


def _table(rows: tuple[Row, ...]) -> Iterator[str]:
    said = _said()
    yield "| desired | recorded | live | when | decision | says |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        desired, live = ", ".join(row.desired) or "any", ", ".join(row.live) or "any"
        recorded = {None: "any", True: "yes", False: "no"}[row.recorded]
        when = "; ".join(condition.words for condition in row.when)
        decision = " ".join(str(row.decide.__doc__).split())
        yield f"| {desired} | {recorded} | {live} | {when} | {decision} | {said[id(row)]} |"


def _said() -> dict[int, str]:
    """The plan's text for the first campaign that each row decides, by the row's identity."""
    said: dict[int, str] = {}
    for special, phase, status in product(_SPECIAL, _PHASES, (None, *Status)):
        ctx = _context(special, phase, status)
        one = ctx.subject(_KEY, replacing="replaced" in special)
        rows = [next(row for row in TABLE if row.fits(ctx, one))]
        if one.recorded and one.desired == "active" and status not in _OVER:
            rows.append(next(row for row in EDITS if row.fits(ctx, one)))
        for row in rows:
            said.setdefault(id(row), _words(row.decide(ctx, one)))
    return said


def _words(verdict: Verdict) -> str:
    """The text of a plan: why a key is blocked, the reasons and warnings of its changes, or its note."""
    if verdict.blocked:
        return f"“{verdict.blocked.reason}”"
    changes = [
        f"{change.action} “{'”, “'.join((change.reason, *change.warnings))}”" for change in verdict.changes
    ]
    note = verdict.none or verdict.note
    return "; ".join([*changes, *([f"“{note}”"] if note else [])])


def _context(special: str, phase: Phase | None, status: Status | None) -> PlanContext:
    """A plan of one campaign: in a phase (None: not declared), with a live status (None: not recorded)."""
    lifecycle = Lifecycle(
        prevent_destroy="protected" in special,
        on_destroy="forget" if special == "forgotten" else "cancel",
        phase=phase or "active",
        winner="A" if special == "winner" else None,
    )
    applied = _spec(special, manual=status is Status.MANUAL)
    wanted = DesiredCampaign(
        _KEY,
        {**applied, "name": "Hello"} if "edited" in special else applied,
        Source(f"{_KEY}.yaml", 1, 1),
        "old" if special == "edited by defaults" else "new",
        lifecycle,
        adopt="77" if special == "adopted" else None,
        moved_from=(_OLD_KEY,) if special == "wrong move" else (),
    )
    record = Record(
        *(_ID, str(status), applied, body_digest(applied), None, _AT, _AT, "old"),
        lifecycle=replace(lifecycle, phase="canceled") if special == "canceled before" else lifecycle,
        paused_by_us=special == "paused by us",
    )
    recorded = {_KEY: record} if status else {}
    if special == "wrong move":
        recorded[_OLD_KEY] = replace(record, id="1030977")
    body = body_digest(wanted.spec)
    intent = Intent("create", "intent", "started", applied, body, Watermark((), None), None, at=_AT)
    lost = {_KEY: Unsettled(_KEY, "intent", False, "", "", not_found=True)} if special == "not found" else {}
    state = State(
        *("lineage", 1, None, Account("https://api.ocamba.com", markers=True), "0.1.0"),
        campaigns=recorded,
        pending={_KEY: _left(special, intent)} if special in _LEFT else {},
        sent=(Sent(body, _KEY, _ID, _AT),) if special in ("sent before", "half done, began") else (),
        released=_ARCHIVED.get(special, ()),
        missed={_KEY: body} if special == "past, noted" else {},
    )
    adoptable = Live("77", {"status": "scheduled", **applied}, complete=True)
    return PlanContext(
        DesiredState(Project("acme-crm", ""), {_KEY: wanted} if phase else {}, ""),
        state,
        Reading(
            live={_KEY: _live(special, status, applied)} if status else {},
            unsettled=lost,
            adoptable={"77": adoptable},
        ),
        Options(refresh_only=special == "refresh only"),
        _NOW,
    )


# The manifest of an archived campaign, by the digest that those above have, and an earlier one.
_ARCHIVED = {
    special: (Released(_KEY, _ID, None, "sha256:old", "sent", _AT, archived=digest),)
    for special, digest in (("archived", "new"), ("archived, edited", "old"))
}
_LEFT = ("unsettled", "not found", "half done, began")


def _left(special: str, intent: Intent) -> Intent:
    """What an earlier run left: a create without an answer, or a replacement that is half done."""
    if special != "half done, began":
        return intent
    return replace(intent, operation="replace", phase="planned", id=_ID, ended=True)


def _spec(special: str, *, manual: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": "Welcome", "messages": [{"name": "A", "channel": "sms"}]}
    if special.startswith("draft again"):
        spec["is_draft"] = True
    if special == "recurring":
        return {**spec, "recurrence": {"cron": "0 9 * * *"}}
    year = 2035 if special.startswith("past") else 2037
    return spec if manual else {**spec, "scheduled_time": f"{year}-01-01 10:00:00"}


def _live(special: str, status: Status, applied: dict[str, Any]) -> Live | None:
    fields = {**applied, "messages": [{**message, "id": "8146"} for message in applied["messages"]]}
    if special in ("drift", "edited as live is"):
        fields["name"] = "Hello"
    fields.pop("is_draft", None)
    fields["status"] = _SPELT.get(status, str(status))
    return None if status is Status.MISSING else Live(_ID, fields, complete=True)
