"""`plan`: show and optionally save what an apply would do; changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from campaignctl.cli.backends import at_rest_of
from campaignctl.cli.completion_values import files
from campaignctl.cli.files import STANDARD, check_replaceable, plan_text, write_private
from campaignctl.cli.options import PlanForm, plan_format, selecting, spelled
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, read_desired, read_project, wired
from campaignctl.errors import Command, Sentence, UsageError
from campaignctl.plan.model import Options
from campaignctl.render.cuts import Cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from campaignctl.plan.context import Against
    from campaignctl.plan.model import Plan
    from campaignctl.review.review import Review

_CHANGES = 2


@click.command(name="plan")
@click.option(
    "-o",
    "out",
    metavar="FILE",
    shell_complete=files,
    help="Save the plan, to apply exactly this plan later.",
)
@selecting
@click.option("--detailed-exitcode", is_flag=True, help="Exit with status 2 if campaigns or settings change.")
@plan_format
@click.pass_obj
def command(app: App, *, options: Options, out: str | None, detailed_exitcode: bool, form: PlanForm) -> int:
    """Show what an apply would do, and change nothing.

    Exits with status 1 if a guardrail objects or a change is blocked; with --against, if a change is blocked
    that the other commit does not block in the same way.
    """
    if out == STANDARD and form.name != "text":
        raise UsageError(
            f"-o - and --format {form.name} both write to standard output", hint="use one of them"
        )
    if out is not None and form.name == "html" and out.endswith((".html", ".htm")):
        raise UsageError(
            f"-o saves the plan, and {out} looks like the page",
            hint=f"leave out -o; the page goes to standard output: > {out}",
        )
    if out is not None:
        check_replaceable(out)
    (plan,), samples = made(app, options)
    saved = out is not None and out != STANDARD
    whole = Command("show", str(out), "--full") if saved else Command("plan", *spelled(options), "--full")
    if out == STANDARD:
        show_plan(app, plan, Cuts(whole, form.full), plan.created_at, aside=True)
    else:
        show_plan_as(app, plan, form, whole, plan.created_at, samples)
    if out is not None:
        _save(app, plan, out)
    if plan.refused:
        return 1
    changes = plan.decides or (options.refresh_only and bool(plan.drift))
    return _CHANGES if detailed_exitcode and changes else 0


def made(app: App, options: Options, *more: Options) -> tuple[list[Plan], Mapping[str, str]]:
    """A plan, others of the same reading, and the project's samples of macros. Raises CampaignctlError.

    The plans are without the token, as their digests have to count what is written.
    """
    from campaignctl.reconciler.plan import plans

    desired = read_desired(app, options.targets)  # errors in the files are shown without a token too
    token = None
    if options.refresh:
        why = "A plan reads the live campaigns first, and the API requires a token."
        token = need_token(
            app.settings,
            why,
            instead=Sentence("plan from the state alone: ", Command("plan", "--no-refresh")),
        )
    other = compared(app, options)
    with wired(app, desired.project, token=token, writes=False, recalls=True) as run:
        made_now = plans(run.wiring, desired, (options, *more), other)
    return [without_token(app, one) for one in made_now], desired.project.preview.samples or {}


def without_token(app: App, plan: Plan) -> Plan:
    """The plan as it may be shown. It takes a look at every text, so it is done once for a plan."""
    from campaignctl.review.hidden import without_secret

    return without_secret(plan, app.console.redacted) if app.console.hides else plan


def compared(app: App, options: Options) -> Against | None:
    """Read the commit that a plan is compared with, if one is named. Raises CampaignctlError."""
    if options.against is None:
        return None
    from campaignctl.cli.against import against

    return against(app, options.against)


def _save(app: App, plan: Plan, out: str) -> None:
    text = plan_text(plan, at_rest_of(read_project(app)))
    if out == STANDARD:
        app.console.raw(text)
        return
    write_private(out, text)
    apply = Command("apply", out).at(app.settings.place(plan.environment))
    then = (
        "It cannot be applied while a guardrail objects." if plan.objections else f"To apply it:\n  {apply}"
    )
    app.console.log("info", f"Saved the plan to {out}. {then}")


def show_plan_as(
    app: App, plan: Plan, form: PlanForm, whole: Command, now: datetime, samples: Mapping[str, str]
) -> None:
    """Show a plan without the token in the form that was asked for, on standard output; `whole` is the
    command that cuts nothing, `samples` are values of macros."""
    cuts = Cuts(whole, form.full)
    if form.name == "json":
        from campaignctl.plan import codec

        app.console.document(codec.members(plan))
    elif form.name == "markdown":
        app.console.say(markdown(app, plan, cuts, now, samples, form.limit))
    elif form.name == "html":
        app.console.raw(plan_page(app, plan, cuts, now, samples))
    elif form.summary:
        _show_summary(app, plan, whole, now)
    else:
        show_plan(app, plan, cuts, now)


def markdown(app: App, plan: Plan, cuts: Cuts, now: datetime, samples: Mapping[str, str], limit: int) -> str:
    """A plan as a comment of so many characters, which may have expired by `now`."""
    from campaignctl.render.markdown import plan_markdown

    review = _with_previews(plan, samples)
    return plan_markdown(review, limit=limit, cuts=cuts, link=_links(app), now=now)


def _with_previews(plan: Plan, samples: Mapping[str, str], *, every: bool = False) -> Review:
    """A review with what recipients see and with its calendar."""
    from campaignctl.review.review import review_of, with_previews

    return with_previews(review_of(plan), samples, every=every)


def _links(app: App) -> Callable[[str], str]:
    """The address of a manifest, where a host shows it."""
    from campaignctl.cli.hosts.links import manifest_links

    return manifest_links(os.environ, app.settings.cwd)


def plan_page(app: App, plan: Plan, cuts: Cuts, now: datetime, samples: Mapping[str, str]) -> str:
    """A plan as a page, which may have expired by `now`."""
    from campaignctl.render.calendar_html import calendar_fragment
    from campaignctl.render.review_html import report

    review = _with_previews(plan, samples, every=True)
    calendar = calendar_fragment(review.calendar) if review.calendar else ""
    place = app.settings.place(plan.environment)
    page = report(review, place=place, cuts=cuts, calendar=calendar, link=_links(app), now=now)
    return app.console.redacted(page)


def _show_summary(app: App, plan: Plan, whole: Command, now: datetime) -> None:
    from campaignctl.render.plan import plan_summary
    from campaignctl.review.review import review_of

    console, place = app.console, app.settings.place(plan.environment)
    review, color = review_of(plan), console.colored(console.out)
    width, wrap = console.width, console.out.isatty()
    console.say(plan_summary(review, color=color, now=now, width=width, place=place, whole=whole, wrap=wrap))


def show_plan(
    app: App, plan: Plan, cuts: Cuts, now: datetime, *, aside: bool = False, asked: bool = False
) -> None:
    """Show a plan as text; `aside`, on standard error, if standard output gets a document.

    `now` is the time from which distances count: of a plan that was just made, its own, by the server's
    clock. With -q only the last line is shown, except where approval is `asked` for.
    """
    from campaignctl.render.plan import plan_text
    from campaignctl.render.summary import summary_text
    from campaignctl.review.review import review_of

    console = app.console
    brief = console.verbosity == "quiet" and not asked
    text = (
        f"{summary_text(plan)}\n"
        if brief
        else plan_text(
            review_of(plan),
            color=console.colored(console.err if aside else console.out),
            now=now,
            width=console.width,
            place=app.settings.place(plan.environment),
            cuts=cuts,
            wrap=(console.err if aside else console.out).isatty(),
        )
    )
    if aside:
        console.tell(text)
    else:
        console.say(text)
