"""`apply` and `destroy`: make the changes of a plan, once they are approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.backends import at_rest_of
from campaignctl.cli.boundary import refusal_document
from campaignctl.cli.commands.plan import compared, show_plan, without_token
from campaignctl.cli.completion_values import files
from campaignctl.cli.files import plan_of, read_bytes, read_plan
from campaignctl.cli.group import format_option
from campaignctl.cli.hosts.hints import to_review
from campaignctl.cli.notify import notify
from campaignctl.cli.options import (
    auto_approve_option,
    given,
    lock_timeout_option,
    parallelism_option,
    selecting,
    selecting_to_destroy,
    spelled,
)
from campaignctl.cli.progress import length_of
from campaignctl.cli.settings import TOKEN_VARIABLE, App
from campaignctl.cli.wiring import Wired, need_token, read_desired, read_project, wired
from campaignctl.errors import CampaignctlError, Command, Sentence, StateError, UsageError, counted
from campaignctl.plan.model import Options
from campaignctl.render.cuts import Cuts
from campaignctl.render.escape import escape

if TYPE_CHECKING:
    from campaignctl.plan.model import Plan
    from campaignctl.project.model import Project
    from campaignctl.reconciler.ports import Backend
    from campaignctl.review.outcome import Outcome
    from campaignctl.state.ledger import ReviewedRequest

_NEEDS_TOKEN = "An apply reads and changes the account's campaigns, and the API requires a token."  # noqa: S105 - a sentence
_STATUS = {"done": 0, "incomplete": 1, "refused": 1, "interrupted": 130}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to apply: the options that do not select changes."""

    auto_approve: bool
    parallelism: int
    lock_timeout: timedelta
    form: str
    requests: tuple[ReviewedRequest, ...] = ()


@click.command(name="apply")
@click.argument("planfile", required=False, shell_complete=files)
@click.option(
    "--reviewed",
    multiple=True,
    metavar="PLANFILE",
    shell_complete=files,
    help="Make a new plan and apply only changes that this reviewed plan contains. Repeatable; a folder"
    " stands for the plans in it, perhaps none.",
)
@selecting
@auto_approve_option
@parallelism_option
@lock_timeout_option
@format_option
@click.pass_context
def command(
    ctx: click.Context, /, planfile: str | None, reviewed: tuple[str, ...], options: Options, **params: Any
) -> int:
    """Make the changes of a plan, after you approve them.

    With PLANFILE (saved by `plan -o`; - is standard input), applies exactly that plan or nothing. Without it,
    makes a plan, shows it and asks.

    With --reviewed, makes a new plan and applies, without asking, only changes that a reviewed plan contains:
    the same change of the same campaign, with the same body, send time and audience. All other changes are
    listed and left alone, and the exit status is 1. If a setting has changed that no reviewed plan shows,
    nothing is applied.
    """
    app = ctx.ensure_object(App)
    if planfile is None:
        options = _with_reviewed(app, options, reviewed)
        return apply_manifests(app, options, RunOptions(**params, requests=_requests_of(reviewed)))
    if reviewed:
        raise UsageError(
            "PLANFILE and --reviewed cannot be combined",
            detail="PLANFILE is applied as it is; --reviewed makes a new plan.",
            hint="use one of them",
        )
    if chosen := given(ctx):
        raise UsageError(
            f"{', '.join(chosen)} cannot change a saved plan",
            detail="It is applied exactly as it was reviewed.",
            hint=Command("plan", *spelled(options), "-o", planfile),
        )
    return _apply_saved(app, planfile, RunOptions(**params, requests=_approval_of(planfile)))


def _with_reviewed(app: App, options: Options, names: tuple[str, ...]) -> Options:
    """The options with the reviewed plans read. Raises PlanRefused for a damaged one, UsageError for an empty
    name."""
    if not names:
        return options
    if not all(names):  # the folder of work, as a path, and no one has reviewed what is there
        raise UsageError("--reviewed names no file", hint="is the variable of its name set?")
    at_rest, how = at_rest_of(read_project(app)), to_review(app.settings.environ)
    files = dict.fromkeys(name for given in names for name in _plan_files(given))
    plans = tuple(read_plan(name, at_rest) for name in files)
    return replace(options, reviewed=plans, how_to_review=how)


def _plan_files(name: str) -> list[str]:
    """A plan file, or those in a folder, perhaps none: then no change was reviewed."""
    from campaignctl.cli.hosts.gather import REQUESTS

    if not Path(name).is_dir():
        return [name]
    return sorted(str(path) for path in Path(name).glob("*.json") if path.name != REQUESTS)


def _requests_of(names: tuple[str, ...]) -> tuple[ReviewedRequest, ...]:
    """Whose the plans in these folders are, as `ci gather` has found."""
    from campaignctl.cli.hosts.gather import read_requests

    folders = (Path(name) for name in dict.fromkeys(names))
    return tuple(each for folder in folders if folder.is_dir() for each in read_requests(folder))


def _approval_of(planfile: str) -> tuple[ReviewedRequest, ...]:
    """Who approved the plan of a manual run, as `ci gather` has noted next to it."""
    from campaignctl.cli.hosts.gather import read_requests
    from campaignctl.cli.hosts.model import ABOUT

    folder = Path(planfile).parent
    return read_requests(folder) if (folder / ABOUT).is_file() else ()


@click.command(name="destroy")
@selecting_to_destroy
@auto_approve_option
@parallelism_option
@lock_timeout_option
@format_option
@click.pass_obj
def destroy(app: App, /, options: Options, **params: Any) -> int:
    """Cancel every recorded campaign; the same as `apply --destroy`.

    The API cannot delete campaigns: drafts and manual campaigns cannot be canceled, so they stay in the
    account and are listed.
    """
    return apply_manifests(app, options, RunOptions(**params))


def apply_manifests(app: App, options: Options, how: RunOptions) -> int:
    """Plan, show, ask, apply. Raises UsageError without a terminal or an approval."""
    approved = how.auto_approve or options.reviewed is not None
    if not approved and not app.console.interactive:
        raise _no_terminal(app, options)
    from campaignctl.reconciler import apply

    desired = read_desired(app, options.targets)
    token = need_token(app.settings, _NEEDS_TOKEN)
    other = compared(app, options)
    with _at_work(app, desired.project, token, how) as run:
        approve = _approver(app, run, options, how)
        outcome = apply.apply(run.wiring, desired, options, approve, other)
    return _ended(app, outcome, desired.project, how)


def _no_terminal(app: App, options: Options) -> UsageError:
    needed = "" if app.settings.token else f" Both commands need {TOKEN_VARIABLE}, which is not set."
    return UsageError(
        "There is no terminal to ask for approval on",
        detail=f"Apply a saved plan, or use --reviewed or --auto-approve.{needed}",
        hint=Sentence(
            Command("plan", *spelled(options), "-o", "plan.json"), ", then ", Command("apply", "plan.json")
        ),
    )


def _apply_saved(app: App, planfile: str, how: RunOptions) -> int:
    from campaignctl.reconciler import apply

    token = need_token(app.settings, _NEEDS_TOKEN)
    stored = read_bytes(planfile)
    project = read_project(app)
    with _at_work(app, project, token, how) as run:
        plan = plan_of(planfile, stored, at_rest_of(project))
        outcome = apply.apply_saved(run.wiring, plan)
    return _ended(app, outcome, project, how)


@contextmanager
def _at_work(app: App, project: Project, token: str, how: RunOptions) -> Iterator[Wired]:
    """The parts of the run. The JSON document of a refusal names the state, if that can be read."""
    with wired(app, project, token=token, parallelism=how.parallelism, lock_timeout=how.lock_timeout) as run:
        try:
            yield replace(run, wiring=replace(run.wiring, requests=how.requests))
        except CampaignctlError as error:
            if how.form == "json" and not isinstance(error, StateError):
                error.standing = _standing(run.wiring.backend)
            document = refusal_document(error, "apply", app.settings.place(project.environment))
            notify(app, project, "apply", document, failed=True)
            raise


def _standing(backend: Backend) -> tuple[str, int] | None:
    """Lineage and serial of the state as it is now, without the lock."""
    with suppress(CampaignctlError):
        if state := backend.read():
            return state.lineage, state.serial
    return None


def _approver(app: App, run: Wired, options: Options, how: RunOptions) -> Callable[[Plan], bool]:
    """Return a function that shows a plan and says whether to apply it."""

    def approve(plan: Plan) -> bool:
        run.progress.pause()
        cuts = Cuts(Command("plan", *spelled(options), "--full"))
        approved = how.auto_approve or options.reviewed is not None
        if not (approved and app.console.verbosity == "quiet"):
            shown = without_token(app, plan)
            show_plan(app, shown, cuts, plan.created_at, aside=how.form == "json", asked=not approved)
        if plan.objections:
            return False
        if approved or not plan.decides:
            return True
        if run.wiring.api is not None:
            takes = run.wiring.api.estimate(sum(len(change.requests) for change in plan.changes))
            app.console.log("info", f"At the rate limit of the account it takes {length_of(takes)}.")
        what = "destroy these campaigns" if options.destroy else "apply this plan"
        return run.said_yes(app, what, _not_shown(app, plan, cuts))

    return approve


def _not_shown(app: App, plan: Plan, cuts: Cuts) -> str:
    """What the question says about values that were cut above; empty if none was."""
    if not cuts.count:
        return ""
    command = escape(cuts.command.at(app.settings.place(plan.environment)), None)
    these = f"{counted(cuts.count, 'value')} above {'is' if cuts.count == 1 else 'are'} not shown in full"
    return f"  {these}. To see everything, in another terminal:\n    {command}\n"


def _ended(app: App, outcome: Outcome, project: Project, how: RunOptions) -> int:
    from campaignctl.render.outcome import outcome_json, outcome_text, outcome_verdict

    console, place = app.console, app.settings.place(project.environment)
    outcome = replace(outcome, requests=how.requests)
    document, color = outcome_json(outcome, place), console.colored(console.out)
    if how.form == "json":
        console.document(document)
    elif console.verbosity == "quiet":
        console.say(outcome_verdict(outcome, color=color))
    else:
        console.say(outcome_text(outcome, color=color, place=place, every=console.verbosity == "verbose"))
    status = _STATUS[outcome.result] or int(not all(one.before for one in outcome.blocked))
    notify(app, project, "apply", document, failed=status != 0)
    return status
