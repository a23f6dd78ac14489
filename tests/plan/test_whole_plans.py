"""What the plan of each situation holds, value by value; its words are the matter of other tests.

One line for each change, block, difference and record of a plan. A situation is what is declared, what was
applied, and what live shows. A line that changes is a change of what is sent, shown or recorded: read it
against the decision table before you accept it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from campaignctl.campaign.canonical import body_digest
from campaignctl.campaign.lifecycle import Lifecycle
from campaignctl.campaign.live import Live
from campaignctl.campaign.marker import FIELD
from campaignctl.plan.context import Reading
from campaignctl.plan.model import Change, Options, Plan, Unmanaged
from campaignctl.schedule.times import iso
from campaignctl.state.ledger import Sent
from campaignctl.state.model import Record
from tests.golden import Golden
from tests.plan.planning import (
    DRAFT,
    IMMEDIATE,
    KEY,
    MANUAL,
    NOW,
    RECURRING,
    SCHEDULED,
    Spec,
    body,
    live,
    message,
    plan_of,
    record,
    state,
    wanted,
)

DE = {"countries": {"items": ["DE"], "op": "in"}}
QUIET = {"quiet_hours": {"begin": "22:00", "end": "07:00"}}
TEST = body(
    messages=[message(name="A"), message(name="B", push={"title": {"en": "Hi"}})],
    ab_test={"test_split": 20, "evaluation_window": "1D", "winner_delivery_mode": "auto"},
    scheduled_time="2036-12-24 10:00:00",
)
ABROAD = {**SCHEDULED, "send_in_profile_time_zone": True}
RAN: Spec = {"run_counter": 1, "scheduled_run_times": [{"time": "2026-11-24 09:00:00"}]}
SPECS: dict[str, tuple[Spec, str]] = {
    "draft": (DRAFT, "draft"),
    "manual": (MANUAL, "manual"),
    "scheduled": (SCHEDULED, "scheduled"),
    "recurring": (RECURRING, "scheduled"),
    "at once": (IMMEDIATE, "sent"),
    "test": (TEST, "scheduled"),
    "abroad": (ABROAD, "scheduled"),
}
STATUSES = ("draft", "manual", "scheduled", "running", "paused", "sent", "canceled", "needs_decision", "idle")
EDITS: dict[str, Spec] = {
    "name": {"name": "New"},
    "text": {"messages": [message(push={"title": {"en": "New"}})]},
    "audience": {"targeting": DE},
    "quiet": QUIET,
    "later": {"scheduled_time": "2036-12-25 10:00:00"},
    "earlier": {"scheduled_time": "2036-12-20 10:00:00"},
    "past": {"scheduled_time": "2026-11-24 11:00:00"},
    "daily": {"recurrence": {"cron": "0 18 * * *"}, "scheduled_time": None},
    "at once": {"run_immediately": True, "scheduled_time": None, "recurrence": None},
    "manual": {"scheduled_time": None, "recurrence": None, "run_immediately": None},
    "draft": {"is_draft": True},
    "armed": {"is_draft": None, "scheduled_time": "2036-12-24 10:00:00"},
    "abroad": {"send_in_profile_time_zone": True},
    "metadata": {"metadata": {"team": "crm"}},
    "labels": {"labels": ["b", "a"]},
    "untested": {"ab_test": None},
}
OUTSIDE: dict[str, Spec] = {
    "name": {"name": "Theirs"},
    "time": {"scheduled_time": "2036-12-20 10:00:00"},
    "text": {"messages": [message(push={"title": {"en": "Theirs"}})]},
    "quiet": QUIET,
    "audience": {"targeting": DE},
    "labels": {"labels": ["x"]},
    "draft": {"is_draft": True},
}


def without_none(spec: Spec) -> Spec:
    return {name: value for name, value in spec.items() if value is not None}


def told(value: Any) -> Any:
    """A value of a plan as it is compared: times and sizes as text, nothing that is a sentence."""
    if isinstance(value, Mapping):
        return {str(name): told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def short(value: Any) -> str:
    text = json.dumps(told(value), ensure_ascii=False, sort_keys=True)
    return text.replace(json.dumps(told(MANUAL["messages"]), sort_keys=True), "MESSAGES")


def of_change(change: Change, applied: Mapping[str, Spec]) -> Iterator[str]:
    """The values of a change; `applied` are the specs that it may apply, by what they are called."""
    sends = change.sends
    times = [iso(at) for at in sends.at] + (
        [f"{sends.local} until {sends.last}"] if sends.profile_zone else []
    )
    flags = [name for name in ("arms", "changes_sends", "deliberate_resend") if getattr(change, name)]
    more = {
        "to": change.audience if change.audience != "everyone" else None,
        "warnings": len(change.warnings),
        "intent": change.intent,
        "from": change.moved_from,
        "valid_until": change.valid_until and iso(change.valid_until),
        "waits_for": change.waits_for,
        "ran": change.ran and (change.ran.count, change.ran.last),
        "diff": [each.path for each in change.diff],
        "conflicts": [(one.path, one.applied, one.live, one.manifest) for one in change.conflicts],
    }
    spec = change.spec if change.spec is None else dict(change.spec)
    name = next((name for name, one in applied.items() if one == spec), short(spec))
    kept = "" if spec is None or change.digest == body_digest(spec) else ", kept"
    yield (
        f"{change.action} {change.id or '-'} {sends.when} {' '.join([*times, *flags])}; undo {change.undo};"
        f" {short({name: value for name, value in more.items() if value})}; {change.source_digest}"
        f" applies {name}{kept}"
    )
    for request in change.requests:
        sent = f"{short(_unmarked(request.body))}{_mark(request.body)}"
        yield f"  {request.operation} {request.id or '-'} {sent}"
    yield from map(of_unmanaged, change.unmanaged)
    if change.record is not None:
        yield from _of_record("  adopts", change.record, record({}))


def _unmarked(sent: Spec | Mapping[str, Any] | None) -> Any:
    """A request's body without our marker, whose tags are digests."""
    metadata = (sent or {}).get("metadata")
    if not isinstance(metadata, Mapping) or FIELD not in metadata:
        return sent
    return {**(sent or {}), "metadata": {name: value for name, value in metadata.items() if name != FIELD}}


def _mark(sent: Mapping[str, Any] | None) -> str:
    return " marked" if _unmarked(sent) != sent else ""


def of_unmanaged(one: Unmanaged) -> str:
    return f"  set outside: {one.path} {short(one.baseline)} -> {short(one.value)}"


def _of_record(what: str, after: Record, before: Record) -> Iterator[str]:
    changed = {
        each.name: getattr(after, each.name)
        for each in fields(Record)
        if getattr(after, each.name) != getattr(before, each.name)
    }
    if lifecycle := changed.pop("lifecycle", None):
        changed["lifecycle"] = {
            each.name: getattr(lifecycle, each.name)
            for each in fields(Lifecycle)
            if getattr(lifecycle, each.name) != getattr(Lifecycle(), each.name)
        }
    yield f"{what} {short(changed)}"


def lines(plan: Plan, known: Record | None, specs: Mapping[str, Spec]) -> Iterator[str]:
    """The values of a plan."""
    for change in plan.changes:
        yield from of_change(change, specs)
    for one in plan.blocked:
        yield f"blocked {one.id or '-'}: {one.status}; {[each.path for each in one.diff]}"
        yield from map(of_unmanaged, one.unmanaged)
    for drift in plan.drift:
        how = ("corrected " if drift.corrected else "") + ("once" if drift.once else "")
        shown = [f"{one.path} {short(one.before)} -> {short(one.after)}" for one in drift.diff]
        yield f"drift {drift.id} at {drift.at}: {how}{shown}"
        yield from map(of_unmanaged, drift.unmanaged)
    for noted in plan.observed.values():
        yield from _of_record("records", noted, known or noted)
    rest = {
        "lifted": [(one.name, one.keys) for one in plan.lifted],
        "objections": [(one.guardrail, one.keys) for one in plan.objections],
        "missed": plan.missed,
        "notes": len(plan.notes),
    }
    if said := {name: value for name, value in rest.items() if value}:
        yield short(said)


@dataclass(frozen=True)
class Situation:
    """One plan, the record that it was made with, and what is declared."""

    name: str
    plan: Plan
    spec: Spec | None = None
    known: Record | None = None

    @property
    def text(self) -> str:
        """Its values."""
        specs = {
            "the manifest": self.spec or {},
            "what was applied": dict(self.known.applied) if self.known else {},
        }
        return "\n".join(lines(self.plan, self.known, {**specs, "nothing": {}}))


def table(situations: Iterable[Situation]) -> str:
    """All situations; those with one plan together."""
    found: dict[str, list[str]] = {}
    for one in situations:
        found.setdefault(one.text, []).append(one.name)
    return "\n".join(f"## {' · '.join(names)}\n{text}" for text, names in found.items())


def planned(
    name: str,
    known: Record,
    shown: Live | None,
    spec: Spec | None,
    phase: Any = "active",
    lifecycle: Lifecycle | None = None,
    **options: Any,
) -> Situation:
    """The plan of one recorded campaign."""
    lifecycle = lifecycle or Lifecycle(phase=phase)
    declared = [] if spec is None else [wanted(spec, manifest="sha256:new", lifecycle=lifecycle)]
    plan = plan_of(
        *declared, known=state({KEY: known}), reading=Reading(live={KEY: shown}), options=Options(**options)
    )
    return Situation(name, plan, spec, known)


ALL = ("resend", "unknown_status", "foreign_pause", "unmanaged")


@pytest.mark.parametrize("name", ["draft", "scheduled", "recurring"])
def test_each_status(name: str, golden: Golden) -> None:
    spec, recorded = SPECS[name]
    known = record(spec, recorded)
    edited = {**spec, "name": "New"}
    shown = {status: live(spec, status, update_time="2026-11-24 11:30:00") for status in STATUSES}
    asked: dict[str, dict[str, Any]] = {
        "same": {"spec": spec},
        "edited": {"spec": edited},
        "edited, lifted": {"spec": edited, "overrides": ALL},
        "gone": {"spec": None},
        "paused": {"spec": edited, "phase": "paused"},
        "canceled": {"spec": edited, "phase": "canceled"},
        "replaced": {"spec": edited, "replace": (KEY,)},
        "replaced, lifted": {"spec": edited, "replace": (KEY,), "overrides": ALL},
        "refreshed": {"spec": edited, "refresh_only": True},
    }
    golden(
        f"status: {name}",
        table(
            planned(f"{how} / {status}", known, each, **more)
            for how, more in asked.items()
            for status, each in (*shown.items(), ("missing", None))
        ),
    )


@pytest.mark.parametrize("name", ["draft", "scheduled", "recurring", "test"])
def test_each_edit(name: str, golden: Golden) -> None:
    spec, recorded = SPECS[name]
    situations = []
    for edit, fields_ in EDITS.items():
        new = without_none({**spec, **fields_})
        for status in (recorded, "paused"):
            known = record(spec, status, paused_by_us=status == "paused")
            situations.append(planned(f"{edit} / {status}", known, live(spec, status), new))
            back = record(new, status)
            situations.append(planned(f"{edit}, taken out / {status}", back, live(new, status), spec))
    golden(f"edit: {name}", table(situations))


@pytest.mark.parametrize("name", ["scheduled", "test"])
def test_each_difference_of_live(name: str, golden: Golden) -> None:
    spec, recorded = SPECS[name]
    known, new = record(spec, recorded), {**spec, "description": "New"}
    ignoring = Lifecycle(ignore_changes=("name", "messages/*/push/title", "quiet_hours", "labels"))
    situations = []
    for what, fields_ in OUTSIDE.items():
        shown = live({**spec, **fields_}, recorded, update_time="2026-11-24 11:30:00")
        ways: dict[str, dict[str, Any]] = {
            "same": {"spec": spec},
            "edited": {"spec": new},
            "agreeing": {"spec": {**spec, **fields_}},
            "ignored": {"spec": new, "lifecycle": ignoring},
            "gone": {"spec": None},
            "refreshed": {"spec": spec, "refresh_only": True},
        }
        for how, more in ways.items():
            situations.append(planned(f"{what} / {how}", known, shown, **more))
        first = replace(known, baseline=None)
        situations.append(planned(f"{what} / first seen", first, shown, new))
        item = Live(shown.id, {"id": shown.id, "status": recorded, **fields_}, complete=False)
        situations.append(planned(f"{what} / list item", known, item, new))
    golden(f"live: {name}", table(situations))


@pytest.mark.parametrize("name", ["scheduled", "recurring"])
def test_one_that_had_a_run(name: str, golden: Golden) -> None:
    spec, _ = SPECS[name]
    moved = {"scheduled_time": "2036-12-26 10:00:00"} if name != "recurring" else EDITS["daily"]
    situations = []
    for status in ("scheduled", "running", "paused", "canceled", "sent"):
        known = record(spec, status, paused_by_us=status == "paused", began="2026-11-24T09:00:00Z")
        shown = live({**spec, **RAN}, status)
        ways: dict[str, dict[str, Any]] = {
            "same": {"spec": spec},
            "moved": {"spec": without_none({**spec, **moved})},
            "moved, lifted": {"spec": without_none({**spec, **moved}), "overrides": ALL},
            "replaced": {"spec": spec, "replace": (KEY,)},
            "replaced, lifted": {"spec": spec, "replace": (KEY,), "overrides": ALL},
            "gone": {"spec": None},
        }
        for how, more in ways.items():
            situations.append(planned(f"{how} / {status}", known, shown, **more))
    golden(f"run: {name}", table(situations))


@pytest.mark.parametrize("name", SPECS)
def test_a_create(name: str, golden: Golden) -> None:
    spec, _ = SPECS[name]
    ledger = Sent(body_digest(spec), "old", "77", iso(NOW))
    situations = []
    for edit in ("name", "past", "quiet", "audience", "metadata"):
        new = without_none({**spec, **EDITS[edit]})
        situations.append(Situation(edit, plan_of(wanted(new)), new))
    for how, options in (("sent", Options()), ("sent, lifted", Options(overrides=ALL))):
        plan = plan_of(wanted(spec), known=state(sent=(ledger,)), options=options)
        situations.append(Situation(how, plan, spec))
    theirs = live(spec, SPECS[name][1], "77")
    for how, new in (("adopted", spec), ("adopted, edited", {**spec, "name": "New"})):
        plan = plan_of(wanted(new, adopt="77"), known=state(), reading=Reading(adoptable={"77": theirs}))
        situations.append(Situation(how, plan, new))
    old = state({"old": record(spec, SPECS[name][1])})
    situations.append(Situation("moved", plan_of(wanted(spec, moved_from=("old",)), known=old), spec))
    golden(f"create: {name}", table(situations))
