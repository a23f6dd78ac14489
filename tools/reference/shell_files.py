"""The man page, from the command line itself, and the completions of three shells: the wheel carries them.

One page, as people search it: the commands are its sections. What it writes is roff with the `man` macros.
"""

from __future__ import annotations

import inspect
import io
import os
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import click

from campaignctl.cli.completion import PROGRAM, VARIABLE, complete
from campaignctl.cli.main import root
from tools.reference.commands import context, walk

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "shell"
_COMPLETIONS = {"bash": "campaignctl", "zsh": "_campaignctl", "fish": "campaignctl.fish"}
#: The exit statuses and the variables are those of docs/command-line.md and docs/guide.md.
_ENDING = """\
.SH EXIT STATUS
.TP
0
Done; with \\fBplan \\-\\-detailed\\-exitcode\\fR: no changes.
.TP
1
Failed, refused by a guardrail, or changes are blocked; all others were made.
.TP
2
\\fBplan \\-\\-detailed\\-exitcode\\fR only: there are changes, to campaigns or settings.
.TP
64
Wrong usage; nothing was done.
.TP
130
Interrupted; finished changes are in the state.
"""


def shell_files() -> dict[Path, str]:
    """The files of `docs/shell`, with what belongs in them."""
    return {
        FOLDER / f"{PROGRAM}.1": "\n".join(_man_page()) + f"\n{_ENDING}",
        **{FOLDER / name: _completion(shell) for shell, name in _COMPLETIONS.items()},
    }


def _completion(shell: str) -> str:
    written = io.StringIO()
    with redirect_stdout(written):
        complete(root, {**os.environ, VARIABLE: f"{shell}_source"})
    return written.getvalue()


def _man_page() -> Iterator[str]:
    first, _, rest = inspect.cleandoc(root.help or "").partition("\n\n")
    yield f'.TH {PROGRAM.upper()} 1 "" "" "User Commands"'
    yield f".SH NAME\n{PROGRAM} \\- {_roff(first).rstrip('.')}"
    yield f".SH SYNOPSIS\n\\fB{PROGRAM}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]..."
    yield ".SH DESCRIPTION"
    yield from _paragraphs(rest)
    yield ".SH OPTIONS"
    yield from _options(root)
    yield ".SH COMMANDS"
    for names, command in walk(root, ()):
        usage = " ".join(command.collect_usage_pieces(context(command))[1:])
        yield f".SS \\fB{_roff(' '.join(names))}\\fR {_roff(usage)}".rstrip()
        yield from _paragraphs(inspect.cleandoc(command.help or ""))
        yield from _options(command)


def _options(command: click.Command) -> Iterator[str]:
    for each in command.params:
        record = each.get_help_record(context(command)) if isinstance(each, click.Option) else None
        if record:
            yield f".TP\n\\fB{_roff(record[0])}\\fR\n{_roff(' '.join(record[1].split()))}"


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs are filled; one that is indented, or that click leaves as it is, keeps its lines."""
    for number, paragraph in enumerate(filter(None, re.split(r"\n\s*\n", text))):
        if number:
            yield ".PP"
        if paragraph.startswith(("\b", "  ")):
            yield f".EX\n{_lines(inspect.cleandoc(paragraph.removeprefix(chr(8)).lstrip(chr(10))))}\n.EE"
        else:
            yield _lines(" ".join(paragraph.split()))


def _lines(text: str) -> str:
    return "\n".join(map(_roff, text.splitlines()))


def _roff(text: str) -> str:
    """Text that roff prints as it is: a hyphen can be copied, and no line is a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
