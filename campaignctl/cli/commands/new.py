"""`new`: a manifest to begin with, from a template or from a request that somebody pastes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaignctl import __version__
from campaignctl.cli.group import NearestChoice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import project_directory
from campaignctl.errors import CampaignctlError, Command, Finding, Sentence, Source, UsageError

if TYPE_CHECKING:
    from campaignctl.manifest.model import DesiredState

_CURL = "curl"
_SOURCES = ("push", "email", "sms", _CURL)
_PASTE = "a curl command or a JSON body"
_SUFFIXES = (".yaml", ".yml")


@click.command(name="new")
@click.argument("key", metavar="KEY")
@click.option(
    "--from",
    "source",
    type=NearestChoice(_SOURCES),
    help="A template of a channel; or curl: a curl command or JSON body on standard input.",
)
@click.pass_obj
def command(app: App, *, key: str, source: str | None) -> int:
    """Make the manifest KEY.yaml, without overwriting anything.

    A template is a draft, which cannot send. With --from curl, the body of a pasted curl command (or the
    JSON alone) becomes the manifest as it is; credentials are dropped. On a terminal, what is missing is
    asked for. Ends with status 1 if the new manifest has an error.
    """
    directory = project_directory(app.settings)
    _check_key(key)
    before, _ = _checked(app, directory)
    path = _free_path(directory, key, before)
    asked = source is None
    source = source or _ask_source(app)
    text, notes = _pasted(app) if source == _CURL else (_template(app, key, source, asked), ())
    _write(directory, path, text)
    app.console.say("\n".join([f"Made {key}.yaml", *notes]))
    return _outcome(app, directory, key)


def _check_key(key: str) -> None:
    """Refuse what is no key. Raises UsageError."""
    from campaignctl.manifest.document import KEY
    from campaignctl.project.loader import PROJECT_FILE

    if key.endswith(_SUFFIXES):
        raise UsageError(
            f"{key} is a file, not a key",
            hint=f"the key is the path without suffix: {key.rpartition('.')[0]}",
        )
    if not KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} is no key",
            detail="Letters, digits, `.`, `_` and `-` in parts joined by `/`, each of which begins with a "
            "letter or digit; at most 128 characters.",
            hint="as in push/welcome",
        )
    if f"{key.rpartition('/')[2]}.yaml" == PROJECT_FILE:
        raise UsageError(f"{key}.yaml would be a project file", hint="choose another key")


def _checked(app: App, directory: Path) -> tuple[DesiredState | None, tuple[Finding, ...]]:
    """The project's desired state, or None if it has errors, and its findings."""
    from campaignctl.manifest.load import check

    settings = app.settings
    return check(
        directory,
        environment=settings.environment,
        environ=settings.environ,
        tool_version=__version__,
        variables=settings.variables,
        now=app.console.now(),
    )


def _taken(desired: DesiredState | None) -> Iterator[tuple[str, Source]]:
    """The keys that are declared, also as Removed, and where."""
    if desired is not None:
        yield from ((one.key, one.source) for one in desired.campaigns.values())
        yield from ((one.key, one.source) for one in desired.removed.values())


def _free_path(directory: Path, key: str, desired: DesiredState | None) -> Path:
    """The path of a new manifest. Raises CampaignctlError where a file or a campaign is already."""
    for suffix in _SUFFIXES:
        if (directory / f"{key}{suffix}").exists():
            raise CampaignctlError(
                f"{key}{suffix} is there already", detail="Nothing was changed.", hint="choose another key"
            )
    for taken, source in _taken(desired):
        if taken.casefold() == key.casefold():
            raise CampaignctlError(
                f"The key {taken} is taken",
                detail=f"{source.file} declares it. Nothing was changed.",
                hint="choose another key",
            )
    path = directory / f"{key}.yaml"
    if not path.resolve().is_relative_to(directory.resolve()):
        raise CampaignctlError(f"{key}.yaml would lie outside of the project", hint="choose another key")
    return path


def _ask_source(app: App) -> str:
    """Ask where to begin. Raises UsageError where nobody can be asked."""
    if not app.console.interactive:
        raise UsageError(
            "--from is missing",
            hint=Sentence(
                Command("new", "KEY", "--from", "push"),
                f" (or {', '.join(_SOURCES[1:])}), or run it on a terminal",
            ),
        )
    answer = click.prompt("Channel, or curl to paste a request", type=click.Choice(_SOURCES), err=True)
    return str(answer)


def _template(app: App, key: str, source: str, asked: bool) -> str:
    """The template of a channel; a name is asked for where the channel was."""
    from campaignctl.cli.wiring import read_project
    from campaignctl.manifest.new import CHANNELS, draft

    name = re.sub(r"[-_.]+", " ", key.rpartition("/")[2]).strip().capitalize() or key
    if asked:
        name = str(click.prompt("Name of the campaign", default=name, err=True))
    channel = next(channel for channel in CHANNELS if channel == source)
    return draft(channel, name, read_project(app).variables)


def _pasted(app: App) -> tuple[str, tuple[str, ...]]:
    """The manifest of a pasted request, and what is to be said about it."""
    from campaignctl.cli.pasting import read_pasted
    from campaignctl.manifest.new import of_body, pasted

    request = pasted(read_pasted(app.console, _PASTE))
    notes = list(request.notes)
    if request.body.get("run_immediately") is True and request.body.get("is_draft") is not True:
        notes.append(
            "Warning: it has `run_immediately: true`, so the apply that creates it sends it at once."
        )
    return of_body(request.body), tuple(notes)


def _write(directory: Path, path: Path, text: str) -> None:
    """Write the manifest with its modeline. Raises CampaignctlError for a file that appeared meanwhile."""
    from campaignctl.manifest.schema import modeline_if_served

    relative = path.relative_to(directory).as_posix()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(modeline_if_served(directory, relative) + text)
    except FileExistsError:
        raise CampaignctlError(f"{relative} is there already", detail="Nothing was changed.") from None


def _outcome(app: App, directory: Path, key: str) -> int:
    """Say what the new manifest is like, and what comes next."""
    from campaignctl.render.errors import findings_text
    from campaignctl.yamlio.files import shown

    console = app.console
    desired, findings = _checked(app, directory)
    name = f"{shown(directory)}{key}.yaml"
    own = [found for found in findings if found.source.file == name]
    if own:
        console.say(findings_text(own, color=console.colored(console.out)))
    if any(found.severity == "error" for found in own):
        return 1
    if desired is None:
        console.say(f"There are errors in other files:\n  {Command('validate').at(app.settings.place())}")
    elif key not in desired.campaigns:
        console.say("It is not read: `manifests` and `ignore` of the project file leave it out.")
    elif console.verbosity != "quiet":
        console.say(f"Next: edit it, then\n  {Command('plan', '--target', key).at(app.settings.place())}")
    return 0
