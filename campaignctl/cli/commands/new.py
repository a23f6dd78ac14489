"""`new`: a first manifest, from a template or from a pasted request."""

from __future__ import annotations

import os
import re
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaignctl.cli.group import NearestChoice
from campaignctl.cli.settings import App
from campaignctl.cli.wiring import check_manifests, project_directory
from campaignctl.errors import CampaignctlError, Command, Sentence, UsageError

if TYPE_CHECKING:
    from campaignctl.cli.console import Console
    from campaignctl.errors import Finding
    from campaignctl.manifest.model import DesiredState

_CURL = "curl"
_SOURCES = ("push", "email", "sms", _CURL)
_PASTE = "a curl command or a JSON body"
_SUFFIXES = (".yaml", ".yml")
_LARGEST = 1 << 20
_PIECE = 1 << 16
_END = b"\x04"


@click.command(name="new")
@click.argument("key", metavar="KEY")
@click.option(
    "--from",
    "source",
    type=NearestChoice(_SOURCES),
    help="The template of a channel; or curl, for a request or an answer of the API on standard input.",
)
@click.pass_obj
def command(app: App, *, key: str, source: str | None) -> int:
    """Create the manifest KEY.yaml; never overwrites a file.

    A template is a draft, which cannot send. With --from curl, the body of a pasted curl command (or of a
    JavaScript fetch call, a PHP array, or the JSON alone) becomes the manifest, unchanged; credentials are
    dropped. Of an answer of the API, the fields that only answers have are left out. Without --from, the
    command asks. Exits with status 1 if the new manifest has an error.
    """
    directory = project_directory(app.settings)
    _check_key(key)
    before, _ = check_manifests(app)
    path = _free_path(directory, key, before)
    asked = source is None
    source = source or _ask_source(app, key)
    answer, notes = False, tuple[str, ...]()
    if source == _CURL:
        text, notes, answer = _pasted(app)
    else:
        text = _template(app, key, source, asked)
    _write(directory, path, text)
    if answer and _has_error(app, directory, key):
        return _taken_back(app, directory, path, key)
    app.console.say("\n".join([f"Created {key}.yaml", *notes]))
    return _outcome(app, directory, key)


def _check_key(key: str) -> None:
    """Raise UsageError for an invalid key."""
    from campaignctl.manifest.document import KEY
    from campaignctl.project.find import PROJECT_FILE

    if key.endswith(_SUFFIXES):
        raise UsageError(
            f"{key} is a file, not a key",
            hint=f"use the path without its suffix: {key.rpartition('.')[0]}",
        )
    if not KEY.fullmatch(key):
        raise UsageError(
            f"{key!r} is not a valid key",
            detail="A key has letters, digits, `.`, `_` and `-`, in parts joined by `/` that each begin with"
            " a letter or digit; at most 128 characters.",
            hint="for example push/welcome",
        )
    if f"{key.rpartition('/')[2]}.yaml" == PROJECT_FILE:
        raise UsageError(f"{key}.yaml would be a project file", hint="choose another key")


def _free_path(directory: Path, key: str, desired: DesiredState | None) -> Path:
    """The path of a new manifest. Raises CampaignctlError if the file or the key exists."""
    for suffix in _SUFFIXES:
        if (directory / f"{key}{suffix}").exists():
            raise CampaignctlError(
                f"{key}{suffix} already exists", detail="Nothing was changed.", hint="choose another key"
            )
    declared = [(one.key, one.source) for one in desired.campaigns.values()] if desired else []
    declared += [(one.key, one.source) for one in desired.removed.values()] if desired else []
    for used, source in declared:
        if used.casefold() == key.casefold():
            raise CampaignctlError(
                f"The key {used} is in use",
                detail=f"{source.file} declares it. Nothing was changed.",
                hint="choose another key",
            )
    path = directory / f"{key}.yaml"
    if not Path(os.path.realpath(path)).is_relative_to(directory.resolve()):
        raise CampaignctlError(f"{key}.yaml would be outside the project", hint="choose another key")
    return path


def _ask_source(app: App, key: str) -> str:
    """Ask what to start from. Raises UsageError without a terminal."""
    if not app.console.interactive:
        raise UsageError(
            "--from is missing",
            hint=Sentence(
                f"choose one of {', '.join(_SOURCES)}, or run it on a terminal: ",
                Command("new", key, "--from", "push"),
            ),
        )
    answer = click.prompt("Channel, or curl to paste a request", type=click.Choice(_SOURCES), err=True)
    return str(answer)


def _template(app: App, key: str, source: str, asked: bool) -> str:
    """The template of a channel; asks for a name if the channel was asked for."""
    from campaignctl.cli.wiring import read_project
    from campaignctl.manifest.new import CHANNELS, draft

    name = re.sub(r"[-_.]+", " ", key.rpartition("/")[2]).strip().capitalize() or key
    if asked:
        name = str(click.prompt("Name of the campaign", default=name, err=True))
    channel = next(channel for channel in CHANNELS if channel == source)
    return draft(channel, name, read_project(app).variables)


def _pasted(app: App) -> tuple[str, tuple[str, ...], bool]:
    """The manifest of a pasted request, notes about it, and whether it comes from an answer of the API."""
    from campaignctl.manifest.new import of_body, pasted

    found = pasted(_read_pasted(app.console))
    body, notes = _again(found.body) if found.answer else (found.body, found.notes)
    if body.get("run_immediately") in (True, 1) and body.get("is_draft") is not True:
        warning = "Warning: it has `run_immediately: true`, so the apply that creates it sends it at once."
        notes = (*notes, warning)
    return of_body(body), notes, found.answer


def _again(answer: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a campaign like that of an answer of the API, and notes about it."""
    from campaignctl.campaign.live import Live
    from campaignctl.diff import request_of
    from campaignctl.manifest.answer import again

    return again(answer, request_of(Live(str(answer.get("id", "")), answer, complete=True)))


def _read_pasted(console: Console) -> str:
    """The text on standard input; on a terminal, after a prompt, up to an empty line or Ctrl-D.

    Raises CampaignctlError for a text that is too large or not UTF-8, UsageError for an empty one.
    """
    if console.interactive:
        console.tell(f"Paste {_PASTE}, then press Enter on an empty line (or Ctrl-D):\n")
        data = _from_terminal(sys.stdin.fileno())
    else:
        data = sys.stdin.buffer.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise CampaignctlError("The pasted text is too large", detail="The limit is 1 MiB.")
    try:
        text = data.decode()
    except UnicodeDecodeError as wrong:
        raise CampaignctlError("The pasted text is not UTF-8") from wrong
    if not text.strip():
        raise UsageError("Nothing was pasted", hint=f"give {_PASTE} on standard input")
    return text


def _from_terminal(descriptor: int) -> bytes:
    before = termios.tcgetattr(descriptor)
    # A terminal that edits lines cuts those of more than 4,095 bytes.
    during = termios.tcgetattr(descriptor)
    during[3] &= ~termios.ICANON
    during[6][termios.VMIN], during[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, during)
    data = b""
    try:
        while len(data) <= _LARGEST:
            piece = os.read(descriptor, _PIECE)
            data += piece.partition(_END)[0]
            if not piece or _END in piece or data.endswith(b"\n\n"):
                break
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
    return data


def _write(directory: Path, path: Path, text: str) -> None:
    """Write the manifest with its modeline. Raises CampaignctlError if the file has appeared meanwhile."""
    from campaignctl.manifest.schema import modeline_if_served

    relative = path.relative_to(directory).as_posix()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(modeline_if_served(directory, relative) + text)
    except FileExistsError:
        raise CampaignctlError(f"{relative} already exists", detail="Nothing was changed.") from None


def _own_findings(app: App, directory: Path, key: str) -> tuple[DesiredState | None, list[Finding]]:
    """The desired state, and the findings of the new manifest."""
    from campaignctl.yamlio.files import shown

    desired, findings = check_manifests(app)
    name = f"{shown(directory)}{key}.yaml"
    return desired, [found for found in findings if found.source.file == name and found.severity != "info"]


def _has_error(app: App, directory: Path, key: str) -> bool:
    return any(found.severity == "error" for found in _own_findings(app, directory, key)[1])


def _taken_back(app: App, directory: Path, path: Path, key: str) -> int:
    """Show why an answer of the API makes no manifest, and remove what was written."""
    from campaignctl.render.errors import findings_text

    _, own = _own_findings(app, directory, key)
    app.console.say(findings_text(own, color=app.console.colored(app.console.out)))
    path.unlink()
    app.console.say(f"{key}.yaml was not created: correct the pasted answer, and paste it again.")
    return 1


def _outcome(app: App, directory: Path, key: str) -> int:
    """Show the findings of the new manifest, and what to do next."""
    from campaignctl.render.errors import findings_text

    console = app.console
    desired, own = _own_findings(app, directory, key)
    if own:
        console.say(findings_text(own, color=console.colored(console.out)))
    if any(found.severity == "error" for found in own):
        return 1
    if desired is None:
        console.say(f"Other files have errors:\n  {Command('validate').at(app.settings.place())}")
    elif key not in desired.campaigns:
        console.say("Warning: `manifests` and `ignore` of the project file exclude it, so it is not read.")
    elif console.verbosity != "quiet":
        console.say(f"Next: edit it, then\n  {Command('plan', '--target', key).at(app.settings.place())}")
    return 0
