"""Values to standard output: each as text for people, or as its document."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from campaignctl.cli.boundary import FORMAT_VERSION
from campaignctl.cli.settings import App, Settings
from campaignctl.errors import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaignctl.cli.options import Showing
    from campaignctl.plan.model import Plan
    from campaignctl.project.model import Project
    from campaignctl.review.outcome import Outcome
    from campaignctl.review.reports import StatusRow
    from campaignctl.state.model import HistoryEntry, State


def show_plan_as(app: App, plan: Plan, showing: Showing) -> None:
    """Show a plan in the form that was asked for, on standard output."""
    if showing.form == "json":
        from campaignctl.plan import codec

        app.console.document(codec.encode(plan))
    elif showing.form == "markdown":
        from campaignctl.render.markdown import plan_markdown

        app.console.say(plan_markdown(plan, limit=showing.limit))
    else:
        show_plan(app, plan)


def show_plan(app: App, plan: Plan, *, aside: bool = False) -> None:
    """Show a plan as text; `aside` to standard error, where standard output is needed for a document."""
    console = app.console
    from campaignctl.render.plan import plan_text

    stream = console.err if aside else console.out
    text = plan_text(
        _as_typed(plan, app.settings),
        color=console.colored(stream),
        now=console.now(),
        width=console.width,
    )
    if aside:
        console.tell(text)
    else:
        console.say(text)


def _as_typed(plan: Plan, settings: Settings) -> Plan:
    """The plan with every command that it names as it has to be typed from here."""
    return dataclasses.replace(
        plan,
        blocked=tuple(
            dataclasses.replace(one, hint=Sentence(settings.complete(one.hint, plan.environment)))
            for one in plan.blocked
        ),
        notes=tuple(settings.complete(note, plan.environment) for note in plan.notes),
    )


def show_outcome(app: App, outcome: Outcome, project: Project, *, as_json: bool) -> None:
    """Show what an apply did."""
    console, place = app.console, app.settings.place(project.environment)
    if as_json:
        from campaignctl.render.outcome import outcome_json

        console.document(outcome_json(outcome, place))
        return
    from campaignctl.render.outcome import outcome_text

    console.say(outcome_text(outcome, color=console.colored(console.out), place=place))


def show_status(app: App, rows: Sequence[StatusRow], project: Project, *, as_json: bool) -> None:
    """Show the live status of every recorded campaign."""
    console = app.console
    if as_json:
        console.document(
            {"format_version": FORMAT_VERSION, "campaigns": [dataclasses.asdict(row) for row in rows]}
        )
        return
    from campaignctl.render.status import status_text

    color = console.colored(console.out)
    text = status_text(
        rows,
        color=color,
        zone=project.time_zone,
        width=console.width,
        place=app.settings.place(project.environment),
    )
    console.say(text)


def show_history(app: App, entries: tuple[HistoryEntry, ...], project: Project, *, as_json: bool) -> None:
    """Show the applies that there were."""
    from campaignctl.render.status import history_json, history_text

    console = app.console
    if as_json:
        console.document(history_json(entries))
    elif entries:
        console.say(history_text(entries, color=console.colored(console.out), zone=project.time_zone))
    else:
        console.log("info", "Nothing has been applied yet.")


def show_state(app: App, state: State | None, project: Project, *, as_json: bool) -> None:
    """Show a whole state, or that there is none."""
    console = app.console
    if as_json:
        console.document(_state_document(state, project))
        return
    from campaignctl.render.status import state_text

    if state is None:
        console.say("There is no state yet: nothing has been applied.")
    else:
        console.say(
            state_text(state, color=console.colored(console.out), now=console.now(), zone=project.time_zone)
        )


def show_record(app: App, key: str, state: State) -> None:
    """Show one record of a state as its object in the state document."""
    from campaignctl.state import codec

    record = json.loads(codec.encode(state))["campaigns"][key]
    app.console.say(json.dumps(record, indent=2))


def _state_document(state: State | None, project: Project) -> Any:
    """Return the state document; where there is no state, one with all members and nothing in them."""
    from campaignctl.state import codec
    from campaignctl.state.model import Account, State

    if state is not None:
        return json.loads(codec.encode(state))
    empty = State("", 0, project.environment, Account(project.api.url, project.company_id), "")
    return json.loads(codec.encode(empty)) | {"lineage": None, "tool_version": None}
