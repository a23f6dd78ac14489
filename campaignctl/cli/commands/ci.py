"""`ci`: what the pipelines of GitHub Actions and GitLab CI call."""

from __future__ import annotations

import os
from pathlib import Path

import click

from campaignctl.cli.backends import at_rest_of, backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.files import plan_text, read_plan, write_private
from campaignctl.cli.group import Lazy, LazyGroup
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import any_at_rest, read_project
from campaignctl.errors import CampaignctlError, Command
from campaignctl.render.cuts import Cuts

_HERE = "campaignctl.cli.commands.ci"
TABLE = {
    "gather": Lazy(f"{_HERE}:gather", "Fetch what a job works with: the newest base, or the reviewed plans."),
    "comment": Lazy(f"{_HERE}:comment", "Write the plan as the comment of the pull request."),
    "report": Lazy(f"{_HERE}:report", "Show a plan or an outcome in the summary of the run."),
}
_folder = click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))


@click.command(cls=LazyGroup, table=TABLE, name="ci", no_args_is_help=True)
def command() -> None:
    """What the pipelines of GitHub Actions and GitLab CI call. See docs/ci.md."""


@click.command(name="gather")
@_folder
@click.option(
    "--approved-in",
    "environment",
    metavar="ENVIRONMENT",
    help="Check that the host asks a reviewer before a job of this environment; note in DIR who approved.",
)
@click.option(
    "--alarm",
    is_flag=True,
    help="Read the account: write what differs from the last apply, and what an apply would leave alone.",
)
@click.pass_obj
def gather(app: App, *, folder: Path, environment: str | None, alarm: bool) -> int:
    """Fetch into DIR what the job works with.

    For a pull request it merges the newest commit of the base branch into the checkout, so that the plan is
    of what a merge would make now. For a push it fetches the plans that were reviewed since the last apply.
    """
    from campaignctl.backends.git.command import enclosing
    from campaignctl.cli.hosts.detect import host_of
    from campaignctl.cli.hosts.gather import Gathering, prepare, save_approval
    from campaignctl.cli.hosts.report import Page

    host = host_of(os.environ)
    kind = host.job.kind
    if alarm:
        _look(app, folder, host.issue_room)
        return 0

    def say(text: str) -> None:
        app.console.log("info", text)

    if environment is not None:
        say(save_approval(folder, host, environment))
        return 0
    if kind != "merge":
        prepare(host, enclosing(app.settings.cwd, os.environ), folder, app.console.now(), say)
        return 0
    project = read_project(app)
    git = enclosing(Path(project.directory), os.environ)
    inside = Path(project.directory).resolve().relative_to(git.directory).as_posix()
    state = backend_of(project, SystemClock()).read()
    found = Gathering(host, git, inside, folder, say, at_rest_of(project)).run(state.history if state else ())
    Page(say, os.environ, app.console.raw).output("newer", found.newer or "")
    return 0


def _look(app: App, folder: Path, room: int) -> None:
    """Write what the alarm reports: two plans of one reading, and the first one as a text of so many
    characters. Raises CampaignctlError."""
    from campaignctl.cli.commands.plan import made, markdown
    from campaignctl.cli.hosts.model import BLOCKED, COMMENT, PLAN
    from campaignctl.plan.model import Options

    (drift, whole), samples = made(app, Options(refresh_only=True), Options())
    folder.mkdir(parents=True, exist_ok=True)
    cuts = Cuts(Command("show", PLAN, "--full"))
    text = markdown(app, drift, cuts, app.console.now(), samples, room)
    at_rest, redacted = at_rest_of(read_project(app)), app.console.redacted
    texts = {COMMENT: redacted(text)}
    texts |= {name: plan_text(plan, at_rest, redacted) for name, plan in ((BLOCKED, whole), (PLAN, drift))}
    for name, content in texts.items():
        write_private(str(folder / name), content)


@click.command(name="comment")
@_folder
@click.pass_obj
def comment(app: App, *, folder: Path) -> int:
    """Write the plan in DIR as the comment of the pull request: one comment, kept up to date."""
    from campaignctl.cli.hosts import comment as comments
    from campaignctl.cli.hosts.detect import host_of

    host, console = host_of(os.environ), app.console
    comments.comment(host, folder, console.now(), lambda text: console.log("info", text), any_at_rest(app))
    return 0


@click.command(name="report")
@_folder
@click.option(
    "--status", type=int, help="The exit status of `plan`; without it DIR has the outcome of an apply."
)
@click.option(
    "--alarm",
    is_flag=True,
    help="DIR has what `gather --alarm` found: one issue says it until nothing is.",
)
@click.pass_obj
def report(app: App, *, folder: Path, status: int | None, alarm: bool) -> int:
    """Show the plan or the outcome in DIR in the summary of the run; end with the status of the check."""
    from campaignctl.cli.hosts.detect import host_of
    from campaignctl.cli.hosts.report import Page, report_outcome, report_plan

    page = Page(app.console.say, os.environ, app.console.raw)
    if alarm:
        from campaignctl.cli.hosts.alarm import report_alarm

        return report_alarm(host_of(os.environ), page, folder, any_at_rest(app))
    if status is not None:
        _keep_page(app, folder)
        return report_plan(host_of(os.environ), page, folder, status, any_at_rest(app))
    return report_outcome(host_of(os.environ), page, folder)


def _keep_page(app: App, folder: Path) -> None:
    """Write the plan in a folder as a page next to it; the check of the plan does not depend on that."""
    from campaignctl.cli.commands.plan import plan_page, without_token
    from campaignctl.cli.hosts.model import PAGE, PLAN

    saved = folder / PLAN
    if not saved.is_file():
        return
    try:
        plan = without_token(app, read_plan(str(saved), any_at_rest(app)))
        samples = read_project(app).preview.samples or {}
        page = plan_page(app, plan, Cuts(Command("show", PLAN, "--full")), plan.created_at, samples)
        write_private(str(folder / PAGE), page)
    except CampaignctlError as error:
        app.console.log("warning", f"There is no page of the plan: {error.summary}")
