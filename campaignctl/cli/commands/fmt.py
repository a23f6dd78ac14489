"""`fmt`: the canonical form of the project's files, comments kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaignctl import __version__
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import ManifestError

if TYPE_CHECKING:
    from campaignctl.manifest.fmt import Rewrite, Rewrites


@click.command(name="fmt")
@click.option("--check", is_flag=True, help="Write nothing; status 1 if there is something to write.")
@click.pass_obj
def command(app: App, *, check: bool) -> int:
    """Write the project's files in their canonical form, and name those that change.

    Members stand in the order of the documentation, and every level two blanks further in. Comments, quotes
    and texts stay as they are, and so does what is declared. A file with an error is left alone. With
    --check, -v shows what would change.
    """
    from campaignctl.manifest.fmt import rewrites, write

    found = rewrites(project_directory(app.settings), __version__)
    for rewrite in found.rewrites:
        if not check:
            write(rewrite)
        _tell(app, rewrite, check)
    if app.console.verbosity != "quiet":
        app.console.say(_summary(found, check))
    if found.findings:
        raise ManifestError(found.findings)
    return int(check and bool(found.rewrites))


def _tell(app: App, rewrite: Rewrite, check: bool) -> None:
    from campaignctl.render.escape import escape

    app.console.say(escape(rewrite.name))
    if check and app.console.verbosity == "verbose":
        app.console.say("\n".join(_diff(app, rewrite)))


def _diff(app: App, rewrite: Rewrite) -> list[str]:
    """What would change, in the manner of `diff -u`."""
    import difflib

    from campaignctl.render.escape import escape

    before, after = (data.decode(errors="replace").split("\n") for data in (rewrite.before, rewrite.after))
    shown = [f"  {escape(line, None)}" for line in difflib.unified_diff(before, after, lineterm="", n=1)][2:]
    if not app.console.colored(app.console.out):
        return shown
    colors = {"-": "red", "+": "green"}
    return [click.style(line, fg=colors.get(line[2:3])) for line in shown]


def _summary(found: Rewrites, check: bool) -> str:
    changed = len(found.rewrites)
    plural = "s" if found.files != 1 else ""
    verb = "would change" if check else "changed"
    files = f"{found.files} file{plural}"
    return f"{changed} of {files} {verb}." if changed else f"{files}, nothing to change."
