"""`fmt`: rewrite the project's files in the canonical form; comments are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaignctl import __version__
from campaignctl.cli.completion_values import files
from campaignctl.cli.narrowed import chosen_by
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import ManifestError, counted

if TYPE_CHECKING:
    from campaignctl.manifest.fmt import Rewrite


@click.command(name="fmt")
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=files)
@click.option("--check", is_flag=True, help="Write nothing; exit with status 1 if a file would change.")
@click.pass_obj
def command(app: App, *, paths: tuple[str, ...], check: bool) -> int:
    """Rewrite the project's files, or those at PATH, in the canonical form, and list those that change.

    Fields are put in the order of the documentation, and each level is indented by two more spaces. Comments,
    quotes, texts and the meaning stay as they are. A file with an error is left alone. With --check, -v shows
    what would change.
    """
    from campaignctl.manifest.fmt import rewrites, write
    from campaignctl.render.escape import escape

    directory = project_directory(app.settings)
    found = rewrites(directory, __version__, chosen_by(paths, directory))
    console = app.console
    for rewrite in found.rewrites:
        if not check:
            write(rewrite)
        console.say(escape(rewrite.name))
        if check and console.verbosity == "verbose":
            console.say("\n".join(_diff(app, rewrite)))
    if console.verbosity != "quiet":
        changed, total = len(found.rewrites), counted(found.files, "file")
        verb = "would change" if check else "changed"
        console.say(f"{changed} of {total} {verb}." if changed else f"{total}, nothing to change.")
    if found.findings:
        raise ManifestError(found.findings)
    return int(check and bool(found.rewrites))


def _diff(app: App, rewrite: Rewrite) -> list[str]:
    """What would change, as `diff -u` shows it."""
    import difflib

    from campaignctl.render.escape import escape

    before, after = (data.decode(errors="replace").split("\n") for data in (rewrite.before, rewrite.after))
    shown = [f"  {escape(line, None)}" for line in difflib.unified_diff(before, after, lineterm="", n=1)][2:]
    if not app.console.colored(app.console.out):
        return shown
    colors = {"-": "red", "+": "green"}
    return [click.style(line, fg=colors.get(line[2:3])) for line in shown]
