"""`apply` and `destroy`: what a plan shows, done after a person or the command line said yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from campaignctl.cli.completion_values import files
from campaignctl.cli.files import read_text
from campaignctl.cli.group import format_option
from campaignctl.cli.options import (
    auto_approve_option,
    given,
    lock_timeout_option,
    parallelism_option,
    selecting,
    selecting_to_destroy,
    spelled,
)
from campaignctl.cli.output import show_outcome, show_plan
from campaignctl.cli.progress import length_of
from campaignctl.cli.question import said_yes
from campaignctl.cli.settings import TOKEN_VARIABLE, App
from campaignctl.cli.wiring import Wired, need_token, read_desired, read_project, wired
from campaignctl.errors import CampaignctlError, Command, Sentence, StateError, UsageError
from campaignctl.plan.model import Options

if TYPE_CHECKING:
    from campaignctl.plan.model import Plan
    from campaignctl.project.model import Project
    from campaignctl.reconciler.ports import Backend
    from campaignctl.review.outcome import Outcome

_NEEDS_TOKEN = "Applying reads and changes the account's campaigns, and the API lets in only who has a token."  # noqa: S105 - a sentence
_STATUS = {"done": 0, "incomplete": 1, "refused": 1, "interrupted": 130}


@dataclass(frozen=True, slots=True)
class Manner:
    """How an apply goes about it: the options that select nothing."""

    auto_approve: bool
    parallelism: int
    lock_timeout: timedelta
    form: str


@click.command(name="apply")
@click.argument("planfile", required=False, shell_complete=files)
@click.option(
    "--reviewed",
    multiple=True,
    metavar="PLANFILE",
    shell_complete=files,
    help="Plan afresh, and do only what this reviewed plan holds too. May be repeated.",
)
@selecting
@auto_approve_option
@parallelism_option
@lock_timeout_option
@format_option
@click.pass_context
def command(
    ctx: click.Context, /, planfile: str | None, reviewed: tuple[str, ...], options: Options, **manner: object
) -> int:
    """Do what a plan shows, after you said yes.

    With PLANFILE (of `plan -o`; - is standard input) exactly the saved plan is done, or nothing. Without
    it a plan is made, shown, and done if the answer is yes.

    With --reviewed a plan is made, and of it is done, without a question, what a reviewed plan holds as
    well: the same change of the same campaign, with the same body, send time and audience. Everything else
    is listed, left alone, and ends the run with status 1.
    """
    app = ctx.ensure_object(App)
    if planfile is None:
        return apply_manifests(app, _with_reviewed(options, reviewed), _manner(manner))
    if reviewed:
        raise UsageError(
            "PLANFILE is applied as it is, and --reviewed makes a new plan", hint="leave one of them out"
        )
    if chosen := given(ctx):
        raise UsageError(
            f"A saved plan is applied exactly as it was reviewed, so {', '.join(chosen)} cannot change it",
            hint=Command("plan", _as_typed(chosen[0], options), "...", "-o", planfile),
        )
    return _apply_saved(app, planfile, _manner(manner))


def _as_typed(option: str, options: Options) -> str:
    """An option that has two names as the one that was given."""
    yes, _, no = option.partition("/")
    return no if no and not options.refresh else yes


def _with_reviewed(options: Options, names: tuple[str, ...]) -> Options:
    """The options with the reviewed plans read. Raises PlanRefused for one that is damaged."""
    if not names:
        return options
    from campaignctl.plan import codec

    return replace(
        options, reviewed=tuple(codec.decode(read_text(name), where=name) for name in dict.fromkeys(names))
    )


@click.command(name="destroy")
@selecting_to_destroy
@auto_approve_option
@parallelism_option
@lock_timeout_option
@format_option
@click.pass_obj
def destroy(app: App, /, options: Options, **manner: object) -> int:
    """Take away every recorded campaign: the same as `apply --destroy`.

    What can be cancelled is cancelled; the API has no delete, so drafts and manual campaigns are left
    behind, named.
    """
    return apply_manifests(app, options, _manner(manner))


def apply_manifests(app: App, options: Options, manner: Manner) -> int:
    """Plan, show, ask, apply. Raises UsageError where nobody can be asked."""
    approved = manner.auto_approve or options.reviewed is not None
    if not approved and not app.console.interactive:
        raise _nobody_to_ask(app, options)
    from campaignctl.reconciler import apply

    desired = read_desired(app)
    token = need_token(app.settings, _NEEDS_TOKEN)
    with _at_work(app, desired.project, token, manner) as run:
        outcome = apply.apply(run.wiring, desired, options, _approver(app, run, options, manner))
    return _ended(app, outcome, desired.project, manner)


def _nobody_to_ask(app: App, options: Options) -> UsageError:
    needed = "" if app.settings.token else f"; both need {TOKEN_VARIABLE}, which is not set either"
    saved = Command("plan", *spelled(options), "-o", "plan.json")
    hint = Sentence(saved, ", then ", Command("apply", "plan.json"), needed)
    return UsageError(
        "There is no terminal, so nobody can be asked",
        detail="Without a terminal an apply needs a saved plan, --reviewed, or --auto-approve.",
        hint=hint,
    )


def _apply_saved(app: App, planfile: str, manner: Manner) -> int:
    from campaignctl.plan import codec
    from campaignctl.reconciler import apply

    token = need_token(app.settings, _NEEDS_TOKEN)
    text = read_text(planfile)
    project = read_project(app)
    with _at_work(app, project, token, manner) as run:
        plan = codec.decode(text, where=planfile)
        outcome = apply.apply_saved(run.wiring, project, plan)
    return _ended(app, outcome, project, manner)


@contextmanager
def _at_work(app: App, project: Project, token: str, manner: Manner) -> Iterator[Wired]:
    """The parts, put together. The document of a refusal tells over which state it was, if it can be read."""
    with wired(
        app, project, token=token, parallelism=manner.parallelism, lock_timeout=manner.lock_timeout
    ) as run:
        try:
            yield run
        except CampaignctlError as error:
            if manner.form == "json" and not isinstance(error, StateError):
                error.standing = _standing(run.wiring.backend)
            raise


def _standing(backend: Backend) -> tuple[str, int] | None:
    """Lineage and serial of the state as it is now, without the lock."""
    with suppress(CampaignctlError):
        if state := backend.read():
            return state.lineage, state.serial
    return None


def _approver(app: App, run: Wired, options: Options, manner: Manner) -> Callable[[Plan], bool]:
    """Return what shows a plan and says whether to go on."""

    def approve(plan: Plan) -> bool:
        run.progress.pause()
        show_plan(app, plan, aside=manner.form == "json")
        if plan.objections:
            return False
        approved = manner.auto_approve or options.reviewed is not None
        if plan.empty or approved:
            return True
        if run.wiring.api is not None:
            takes = run.wiring.api.estimate(sum(len(change.requests) for change in plan.changes))
            app.console.log("info", f"It takes {length_of(takes)} at the pace of the account.")
        return said_yes(app, run, "take these campaigns away" if options.destroy else "do this")

    return approve


def _manner(options: dict[str, object]) -> Manner:
    return Manner(**options)  # type: ignore[arg-type]  # click has converted each of them already


def _ended(app: App, outcome: Outcome, project: Project, manner: Manner) -> int:
    show_outcome(app, outcome, project, as_json=manner.form == "json")
    return _STATUS[outcome.result] or int(bool(outcome.blocked))
