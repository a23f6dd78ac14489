"""`archive` and `state archive`: final campaigns leave the manifests and the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from campaignctl.cli.backends import backend_of
from campaignctl.cli.clock import SystemClock
from campaignctl.cli.group import format_option
from campaignctl.cli.options import lock_timeout_option, time_given
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory, read_desired, read_project, wired
from campaignctl.errors import Command, Sentence, UsageError, counted

if TYPE_CHECKING:
    from pathlib import Path

    from campaignctl.manifest.model import DesiredState
    from campaignctl.reconciler.archive import Environment, Manifests, Order
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
@click.option("--delete", is_flag=True, help="Delete the manifests that git has, instead of moving them.")
@click.option(
    "--auto-approve",
    is_flag=True,
    help="Delete without a question. Without a terminal, --delete needs it.",
)
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
    auto_approve: bool,
) -> int:
    """Put final campaigns away: those that were sent or canceled, and whose recurrence has no run left.

    Their manifests, with texts that nothing else names, go to the folder _archive next to them, which is
    never read. Their records leave the state; what they sent is kept in a file for each year and still stops
    the same content from being sent again. Nothing in the account changes, and no plan cancels anything.

    A file stays as it is while one of its campaigns is not final, in any environment. With --delete, after
    you approve, also if it is not in the commit that is checked out: nothing could bring it back.
    """
    asks = delete and not (auto_approve or dry_run)
    if asks and not app.console.interactive:
        raise UsageError(
            "There is no terminal to ask for approval on",
            hint=Sentence(
                Command("archive", "--delete", "--auto-approve"),
                ", or move the manifests instead: ",
                Command("archive"),
            ),
        )
    from campaignctl.cli.repository import committed
    from campaignctl.manifest.files import ProjectFiles
    from campaignctl.reconciler.archive import Manifests, Order

    directory = project_directory(app.settings)

    def read() -> Manifests:
        desired = read_desired(app)
        files = ProjectFiles(desired.project, directory, app.settings.environ)
        others = tuple(_others(app, desired, directory))
        return Manifests(desired, files, others, partial(committed, directory))

    return _archived(app, Order(time_given(before), delete, dry_run), read, lock_timeout, form, asks=asks)


@click.command(name="archive")
@_options
@click.pass_obj
def of_state(app: App, /, *, before: str | None, dry_run: bool, lock_timeout: timedelta, form: str) -> int:
    """Move final campaigns, and what was sent long ago, out of the state into a file for each year.

    The manifests stay until `archive` puts them away; a plan counts them in one line. What was sent is still
    known, and stops the same content from being sent again.
    """
    from campaignctl.reconciler.archive import Manifests, Order

    order = Order(time_given(before), dry_run=dry_run)
    return _archived(app, order, lambda: Manifests(read_desired(app)), lock_timeout, form)


def _archived(
    app: App,
    order: Order,
    read: Callable[[], Manifests],
    lock_timeout: timedelta,
    form: str,
    *,
    asks: bool = False,
) -> int:
    from campaignctl.reconciler.archive import archive
    from campaignctl.render.archiving import archive_text

    project, console = read_project(app), app.console
    with wired(app, project, token=None, lock_timeout=lock_timeout, writes=not order.dry_run) as run:

        def approve(report: ArchiveReport) -> bool:
            if not (asks and report.files):
                return True
            run.progress.pause()
            text = archive_text(report, app.settings.place(), full=True)
            (console.tell if form == "json" else console.say)(text)
            return run.said_yes(app, f"delete {counted(len(report.files), 'file')}")

        report = archive(run.wiring, order, read, approve)
    return _said(app, report, form, refused=report.result == "planned" and not order.dry_run)


def _said(app: App, report: ArchiveReport, form: str, *, refused: bool) -> int:
    from campaignctl.render.archiving import archive_json, archive_text, archive_verdict

    console = app.console
    if form == "json":
        console.document(archive_json(report))
    elif refused:
        console.say("Nothing was changed.")
    elif console.verbosity == "quiet":
        console.say(archive_verdict(report))
    else:
        console.say(archive_text(report, app.settings.place(), full=console.verbosity == "verbose"))
    return int(refused)


def _others(app: App, desired: DesiredState, directory: Path) -> Iterator[Environment]:
    """The other environments of the project, and what they declare."""
    from campaignctl.manifest.load import load
    from campaignctl.reconciler.archive import Environment

    clock = SystemClock()
    for name in desired.project.environment_names:
        if name != desired.project.environment:
            inputs = app.settings.inputs
            inputs["environment"] = name
            there = load(directory, **inputs)
            yield Environment(name, there, backend_of(there.project, clock))
