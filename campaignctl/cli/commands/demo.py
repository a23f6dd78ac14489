"""`demo`: a tour of the real commands against a sandbox, in a few seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import campaignctl
from campaignctl.cli.commands.sandbox import drawing, opened
from campaignctl.cli.settings import TOKEN_VARIABLE, URL_VARIABLE, App
from campaignctl.errors import CampaignctlError, Command

_EDITED = "push/spring-launch.yaml"
_BEFORE = "  scheduled_time: 2036-03-22 10:00:00"
_AFTER = "  scheduled_time: 2036-03-23 10:00:00"
_SHOWN = 4

_WELCOME = """
    campaignctl keeps campaigns as files. This demo runs a sample project against a
    sandbox, a local Ocamba: nothing leaves this machine, and nothing is sent.
    Until the demo ends, a browser shows the account at {url}
"""
_PREVIEW = """
    The project declares eleven campaigns: push, email and SMS. What will people
    see of one of them, and where do their devices cut it? This needs no account:
"""
_PLAN = """
    A plan shows what would be created, who gets it, when it sends and until when
    it can be undone. It changes nothing; -o saves it for review. This is its
    beginning and its end:
"""
_APPLY = """
    A saved plan is applied exactly as it was reviewed, or not at all:
"""
_AGAIN = """
    Plan again. What is declared is live, so there is nothing to do: an apply can
    be repeated, and no campaign is ever created or sent twice.
"""
_EDIT = """
    Marketing wants the spring launch a day later. That is one line in one file, in
    a pull request that a colleague can review:
"""
_PLAN_EDIT = """
    The plan shows that line and nothing else: the request will contain the time
    and no other field.
"""
_APPLY_EDIT = """
    Without a file, apply makes a plan, shows it and asks. Here --auto-approve
    answers.
"""
_REPORT = """
    A plan is a page, too: for a browser, and to keep with a review. It shows what
    recipients see of each campaign. This is the first plan:
"""
_END = """
    That is all: edit, plan, review, apply. Next:

      campaignctl init my-campaigns  a project of your own, with a draft that
                                     cannot send
      campaignctl sandbox            a local Ocamba like this one, to try it on:
                                     its page has a clock that sends what is due
      campaignctl --help             all commands
"""


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the demo runs: its application, project directory and the environment of its commands.

    `pages` is where pages are kept for the user; everything else is gone at the end.
    """

    app: App
    project: Path
    pages: Path
    environ: Mapping[str, str]

    def tell(self, text: str) -> None:
        """Print a paragraph."""
        self.app.console.say("\n" + textwrap.dedent(text).strip("\n"))

    def run(self, *words: str) -> None:
        """Show a command, and run it. Raises CampaignctlError if it fails."""
        self._show(words)
        self._check(words, subprocess.run(self._command(words), **self._surroundings, check=False))  # noqa: S603 - our own program

    def run_abridged(self, abridged: Callable[[str], str], *words: str) -> None:
        """Do the same, but show only a part of its output."""
        self._show(words)
        done = subprocess.run(self._command(words), **self._surroundings, capture_output=True, check=False)  # noqa: S603 - our own program
        self.app.console.say(abridged(done.stdout.decode()))
        self.app.console.tell(done.stderr.decode())
        self._check(words, done)

    def page(self, name: str, *words: str) -> None:
        """Do the same with a command that prints a page, and keep the page."""
        words = (*words, "--format", "html")
        self._show(words, f" > {name}")
        path = self.pages / name
        with path.open("wb") as file:
            done = subprocess.run(self._command(words), **self._surroundings, stdout=file, check=False)  # noqa: S603 - our own program
        self._check(words, done)
        self.app.console.say(f"The page is kept: {path}")

    @property
    def _surroundings(self) -> dict[str, Any]:
        return {"cwd": self.project, "env": self.environ, "stdin": subprocess.DEVNULL}

    def _command(self, words: tuple[str, ...]) -> list[str]:
        color = "always" if self.app.console.colored(self.app.console.out) else "never"
        return [sys.executable, "-P", "-m", "campaignctl", "--color", color, *words]

    def _show(self, words: tuple[str, ...], into: str = "") -> None:
        line = f"{Command(*words)}{into}"
        console = self.app.console
        console.say("\n$ " + (click.style(line, bold=True) if console.colored(console.out) else line))

    def _check(self, words: tuple[str, ...], done: subprocess.CompletedProcess[bytes]) -> None:
        if done.returncode:
            raise CampaignctlError(
                f"The demo stopped: campaignctl {words[0]} exited with status {done.returncode}",
                hint="see its messages above",
            )


def _ends(text: str) -> str:
    """The first and the last paragraphs."""
    paragraphs = text.strip("\n").split("\n\n")
    left_out = len(paragraphs) - _SHOWN
    if left_out > 0:
        paragraphs[2:-2] = [f"      ... {left_out} more, not shown here ..."]
    return "\n\n".join(paragraphs)


def _first_boxes(text: str) -> str:
    """Everything until the first row of boxes is closed."""
    lines, opened_boxes = text.strip("\n").split("\n"), 0
    for number, line in enumerate(lines, start=1):
        opened_boxes += line.count("╭") - line.count("╰")
        if "╰" in line and not opened_boxes and number < len(lines):
            return "\n".join((*lines[:number], f"... {len(lines) - number} more lines, not shown here ..."))
    return "\n".join(lines)


@click.command(name="demo")
@click.pass_obj
def command(app: App) -> int:
    """See it work in a few seconds: preview, plan, apply, plan again, change one line, plan, apply.

    It uses a sandbox on a free port, a copy of the sample project, and its own token; your token and account
    are not used. It leaves a plan as a page in the folder for temporary files, and says where.
    """
    with (
        tempfile.TemporaryDirectory(prefix="campaignctl-demo-project-") as folder,
        opened("127.0.0.1", 0, draw=drawing({})) as sandbox,
    ):
        project = Path(folder) / "campaigns"
        shutil.copytree(_sample(), project, ignore=shutil.ignore_patterns(".campaignctl"))
        pages = Path(tempfile.mkdtemp(prefix="campaignctl-demo-"))
        environ = _environ(app.settings.environ, sandbox.url) | {"COLUMNS": str(app.console.columns)}
        stage = _Stage(app, project, pages, environ)
        stage.tell(_WELCOME.format(url=sandbox.url))
        _play(stage)
    return 0


def _play(stage: _Stage) -> None:
    stage.tell(_PREVIEW)
    stage.run_abridged(_first_boxes, "preview", _EDITED.removesuffix(".yaml"))
    stage.tell(_PLAN)
    stage.run_abridged(_ends, "plan", "-o", "plan.json")
    stage.tell(_APPLY)
    stage.run("apply", "plan.json")
    stage.tell(_AGAIN)
    stage.run("plan")
    stage.tell(_EDIT)
    _edit(stage)
    stage.tell(_PLAN_EDIT)
    stage.run("plan")
    stage.tell(_APPLY_EDIT)
    stage.run("apply", "--auto-approve")
    stage.tell(_REPORT)
    stage.page("report.html", "show", "plan.json")
    stage.tell(_END)


def _edit(stage: _Stage) -> None:
    """Change one line of one manifest, and show it as a diff."""
    path = stage.project / _EDITED
    text = path.read_text(encoding="utf-8")
    if _BEFORE not in text:
        raise CampaignctlError(f"The sample project has changed, and the demo cannot edit it: {_EDITED}")
    path.write_text(text.replace(_BEFORE, _AFTER), encoding="utf-8")
    colored = stage.app.console.colored(stage.app.console.out)
    removed, added = (click.style(f"  -{_BEFORE}", fg="red"), click.style(f"  +{_AFTER}", fg="green"))
    text = "\n".join((f"  {_EDITED}", removed, added))
    stage.app.console.say(text if colored else click.unstyle(text))


def _sample() -> Path:
    """Find the sample project: inside the installed package, or at the top of the repository."""
    package = Path(campaignctl.__file__).parent
    for place in (package / "_sample", package.parent / "campaigns"):
        if (place / "campaignctl.yaml").is_file():
            return place
    raise CampaignctlError("The sample project is missing", hint="reinstall campaignctl")


def _environ(environ: Mapping[str, str], url: str) -> dict[str, str]:
    """Return the user's environment without our variables, and with the demo's URL and token."""
    kept = {
        name: value for name, value in environ.items() if not name.startswith(("CAMPAIGNCTL_", "OCAMBA_"))
    }
    code = str(Path(campaignctl.__file__).parent.parent)
    path = os.pathsep.join(part for part in (code, kept.get("PYTHONPATH")) if part)
    return kept | {URL_VARIABLE: url, TOKEN_VARIABLE: "demo", "PYTHONPATH": path}
