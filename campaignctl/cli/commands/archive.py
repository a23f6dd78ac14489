"""`archive` and `state archive`: final campaigns leave the manifests and the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import click

from campaignctl.cli.backends import backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.group import format_option
from campaignctl.cli.options import lock_timeout_option, time_given
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory, read_desired, wired

if TYPE_CHECKING:
    from campaignctl.manifest.model import DesiredState
    from campaignctl.reconciler.archive import Environment, Order
    from campaignctl.review.archiving import ArchiveReport

_F = TypeVar("_F", bound=Callable[..., object])


def _options(command: _F) -> _F:
    """The options that both commands have."""
    for option in (
        format_option,
        lock_timeout_option,
        click.option("--dry-run", is_flag=True, help="Show what would be archived, and write nothing."),
        click.option(
            "--before",
            metavar="DATE",
            help="Only campaigns whose last send was before DATE, as 2026-11-01; it is GMT.",
        ),
    ):
        command = option(command)
    return command


@click.command(name="archive")
@_options
@click.option("--delete", is_flag=True, help="Delete the manifests instead of moving them.")
@click.pass_obj
def command(
    app: App,
    /,
    *,
    before: str | None,
    dry_run: bool,
    lock_timeout: timedelta,
    form: str,
    delete: bool,
) -> int:
    """Put final campaigns away: those that were sent or canceled, and whose recurrence has no run left.

    Their manifests, with texts that nothing else names, go to the folder _archive next to them, which is
    never read. Their records leave the state; what they sent is kept in a file for each year and still stops
    the same content from being sent again. Nothing in the account changes, and no plan cancels anything.

    A file stays as it is while one of its campaigns is not final, in any environment.
    """
    from campaignctl.manifest.files import ProjectFiles
    from campaignctl.reconciler.archive import Order

    desired = read_desired(app)
    files = ProjectFiles(desired.project, project_directory(app.settings), app.settings.environ)
    order = Order(time_given(before), files, delete, tuple(_others(app, desired)), dry_run)
    return _archived(app, desired, order, lock_timeout, form)


@click.command(name="archive")
@_options
@click.pass_obj
def of_state(app: App, /, *, before: str | None, dry_run: bool, lock_timeout: timedelta, form: str) -> int:
    """Move final campaigns, and what was sent long ago, out of the state into a file for each year.

    The manifests stay; a plan counts those that were archived in one line. What was sent is still known, and
    stops the same content from being sent again.
    """
    from campaignctl.reconciler.archive import Order

    return _archived(app, read_desired(app), Order(time_given(before), dry_run=dry_run), lock_timeout, form)


def _archived(app: App, desired: DesiredState, order: Order, lock_timeout: timedelta, form: str) -> int:
    from campaignctl.reconciler.archive import archive

    with wired(app, desired.project, token=None, lock_timeout=lock_timeout, writes=not order.dry_run) as run:
        report = archive(run.wiring, desired, order)
    return _said(app, report, form)


def _said(app: App, report: ArchiveReport, form: str) -> int:
    from campaignctl.render.archiving import archive_json, archive_text, archive_verdict

    console = app.console
    if form == "json":
        console.document(archive_json(report))
    elif console.verbosity == "quiet":
        console.say(archive_verdict(report))
    else:
        console.say(archive_text(report, app.settings.place(), full=console.verbosity == "verbose"))
    return 0


def _others(app: App, desired: DesiredState) -> Iterator[Environment]:
    """The other environments of the project, with the keys that they declare."""
    from campaignctl.manifest.load import load
    from campaignctl.reconciler.archive import Environment

    directory, clock = project_directory(app.settings), SystemClock()
    for name in desired.project.environment_names:
        if name != desired.project.environment:
            inputs = app.settings.inputs
            inputs["environment"] = name
            there = load(directory, **inputs)
            yield Environment(name, there.campaigns.keys(), backend_of(there.project, clock))
