"""`pull`: manifests for live campaigns; writes files alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl.cli.group import NearestChoice
from campaignctl.cli.options import time_given
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import need_token, project_directory, read_desired, wired
from campaignctl.errors import Command, Source, UsageError

if TYPE_CHECKING:
    from campaignctl.manifest.changed_files import FileChange
    from campaignctl.manifest.load import Shown
    from campaignctl.manifest.pulled import LayoutOfKeys
    from campaignctl.project.model import Project
    from campaignctl.reconciler.pull import Made, Seen
    from campaignctl.reconciler.pull_again import Again
    from campaignctl.review.reports import PullReport

_LAYOUTS = ("channel", "label", "flat")


@click.command(name="pull")
@click.option("--id", "ids", multiple=True, metavar="ID", help="A campaign to write. Repeatable.")
@click.option(
    "--all", "every", is_flag=True, help="Every campaign of the account that may still send, or be sent."
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    help="With --all: only campaigns of this status, also sent or canceled ones. Repeatable.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="With --all: only campaigns with this label. Repeatable.",
)
@click.option(
    "--since", metavar="DATE", help="With --all: only campaigns created since that day or time, in GMT."
)
@click.option(
    "--out", metavar="DIR", help="The folder of the project to write to; default: the project itself."
)
@click.option(
    "--layout",
    type=NearestChoice(_LAYOUTS),
    default="channel",
    show_default=True,
    help="Folders below it: by channel, by first label, or none.",
)
@click.option(
    "--factor",
    is_flag=True,
    help="Say once what many share: defaults of their folder, variables, a matrix of markets.",
)
@click.option(
    "--diff", "as_patch", is_flag=True, help="Print what would be written as a patch, and write nothing."
)
@click.pass_obj
def command(  # noqa: PLR0913 - click hands over each option by its name
    app: App,
    *,
    ids: tuple[str, ...],
    every: bool,
    statuses: tuple[str, ...],
    labels: tuple[str, ...],
    since: str | None,
    out: str | None,
    layout: LayoutOfKeys,
    factor: bool,
    as_patch: bool,
) -> int:
    """Write manifests for live campaigns, each with `adopt: "ID"`.

    A manifest has only what differs from the API's defaults; long texts are files next to it, one for each
    language. Nothing is sent and nothing is recorded: the next plan shows the adoptions, and an apply makes
    them. No file is overwritten. A campaign that the state records or a manifest adopts is not written twice.

    Of recorded campaigns, what changed in the account since the last apply is written where the manifest has
    it; comments, order and layout stay. A manifest that was edited too is a conflict: it is shown with what
    was applied and what is live, and not written.

    Exits with status 1 if a campaign that was asked for could not be written, or is in conflict.
    """
    from campaignctl.reconciler.pull import Asked, made, seen
    from campaignctl.reconciler.pull_again import pulled_again, read_again

    _check(ids, every, (*statuses, *labels, *filter(None, [since])))
    asked = Asked(ids, statuses, labels, time_given(since))
    directory = project_directory(app.settings)
    folder = _folder(app, directory, out)
    desired = read_desired(app)
    token = need_token(app.settings, "A pull reads campaigns from the API.")
    with wired(app, desired.project, token=token, writes=False) as run:
        found = seen(run.wiring, desired, asked)
        lives, now = read_again(run.wiring, desired, found), run.wiring.now()
    files = _Files(app, directory, desired.project)
    new = made(found, desired, folder, layout, files, factor=factor)
    again = pulled_again(desired, found, lives, files, now)
    if as_patch:
        _show(app, [*new.changes, *again.changes])
    else:
        new, again = new.written(found, files), again.written(files)
    return _outcome(app, desired.project, _report(found, new, again, written=not as_patch))


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of the project on disk."""

    app: App
    directory: Path
    project: Project

    def modeline(self, path: str) -> str:
        from campaignctl.manifest.schema import modeline_if_served

        return modeline_if_served(self.directory, path)

    def in_the_way(self, change: FileChange) -> str:
        from campaignctl.manifest.changed_files import in_the_way

        return in_the_way(self.directory, change, self.project.private)

    def put(self, change: FileChange) -> str:
        from campaignctl.manifest.changed_files import write

        return write(self.directory, change)

    def shown_with(self, changes: Iterable[FileChange]) -> Shown:
        from campaignctl.manifest.changed_files import shown_with

        return shown_with(self.directory, changes, **self.app.settings.inputs)

    def path_of(self, source: Source) -> str:
        from campaignctl.yamlio.files import shown

        return source.file.removeprefix(shown(self.directory)).replace(os.sep, "/")

    def text(self, path: str) -> str:
        return (self.before(path) or b"").decode().removeprefix("\ufeff")

    def before(self, path: str) -> bytes | None:
        from campaignctl.yamlio.files import content

        data = content(self.directory / path)
        return data if isinstance(data, bytes) else None


def _show(app: App, changes: Iterable[FileChange]) -> None:
    """Print files as a patch."""
    from campaignctl.manifest.changed_files import patch
    from campaignctl.render.escape import escape

    for change in changes:
        if lines := list(patch(change)):
            # A patch is for git, so a line of it stays as it is, unless a terminal shows it.
            shown = (escape(line, None) for line in lines) if app.console.out.isatty() else lines
            app.console.say("\n".join(shown))


def _report(found: Seen, new: Made, again: Again, *, written: bool) -> PullReport:
    from campaignctl.review.reports import PulledFile, PullReport

    names = {one.id: str(one.request.get("name", "")) for one in found.fresh}
    lines = [
        PulledFile(one.path, each, names[each], tuple(path for path in one.files if path != one.path))
        for each, one in new.files.items()
    ]
    left = (*found.left, *new.left, *again.left)
    shared = tuple(change.path for change in new.shared)
    return PullReport(tuple(lines), left, again.updated, again.conflicts, written=written, shared=shared)


def _outcome(app: App, project: Project, report: PullReport) -> int:
    from campaignctl.render.pull import pull_text, pull_verdict

    console = app.console
    said = pull_text(report, app.settings.place(project.environment), full=console.verbosity == "verbose")
    said = pull_verdict(report) if console.verbosity == "quiet" else said
    if report.written:
        console.say(said)
    else:
        console.log("info", said.rstrip("\n"))
    return int(not report.complete)


def _check(ids: Sequence[str], every: bool, narrowing: Sequence[str]) -> None:
    """Raise UsageError for options that do not go together."""
    if bool(ids) == every:
        problem = "--id and --all cannot be combined" if every else "Nothing to pull: neither --id nor --all"
        raise UsageError(problem, hint=Command("pull", "--all"))
    if ids and narrowing:
        raise UsageError("--status, --label and --since narrow --all", hint=Command("pull", "--all"))


def _folder(app: App, directory: Path, out: str | None) -> str:
    """The path of a folder in the project, with `/`; empty for the project itself. Raises UsageError."""
    from campaignctl.manifest.document import KEY

    if out is None:
        return ""
    top, real = directory.resolve(), Path(os.path.realpath(app.settings.cwd / out))
    if not real.is_relative_to(top):
        real = Path(os.path.realpath(directory / out))
    if not real.is_relative_to(top):
        raise UsageError(f"{out} is not in the project at {directory}", hint="choose a folder inside it")
    folder = real.relative_to(top).as_posix()
    if any(not KEY.fullmatch(part) for part in folder.split("/") if folder != "."):
        raise UsageError(
            f"{folder} cannot be part of a key", hint="letters, digits, `.`, `_` and `-`, as in crm/spring"
        )
    return "" if folder == "." else folder
