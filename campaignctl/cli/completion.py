"""Shell completion: what the shells' completion functions ask, answered by click and never with an error.

A shell learns them from the script that `_CAMPAIGNCTL_COMPLETE=bash_source campaignctl` prints (zsh_source,
fish_source), and asks by running the command with the same variable set to `bash_complete`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import click
from click.shell_completion import BashComplete, CompletionItem, ShellComplete, get_completion_class

from campaignctl.errors import UsageError

PROGRAM: Final = "campaignctl"
VARIABLE: Final = "_CAMPAIGNCTL_COMPLETE"
_SHELLS: Final = ("bash", "zsh", "fish")


def complete(root: click.Group, environ: Mapping[str, str]) -> int:
    """Print the script, or the completions, that VARIABLE asks for, and return the exit status.

    A broken project, a wrong word on the line, a pipe that closed: the answer is then no completions, as
    anything else would be written over the line that somebody types.
    """
    shell, _, wanted = environ[VARIABLE].partition("_")
    if shell not in _SHELLS or wanted not in ("source", "complete"):
        sys.stderr.write(f"{VARIABLE} is one of: {', '.join(f'{name}_source' for name in _SHELLS)}\n")
        return UsageError.exit_code
    completer = _completer(shell)(root, {}, PROGRAM, VARIABLE)
    if wanted == "source":
        sys.stdout.write(completer.source())
        return 0
    try:
        sys.stdout.buffer.write(completer.complete().encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - a key press gets completions or nothing, never an error
        return 1
    return 0


def _completer(shell: str) -> type[ShellComplete]:
    """Return click's class for a shell; bash has one of ours."""
    if shell == "bash":
        return _Bash
    found = get_completion_class(shell)
    if found is None:
        raise LookupError(f"click completes nothing in {shell}")
    return found


class _Bash(BashComplete):
    """Bash takes `=` for the end of a word, and wants back only what stands behind it."""

    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Join what bash took apart: `--format=json` as two words, a key with `=` in it as one."""
        args, incomplete = super().get_completion_args()
        *whole, last = _joined([*args, incomplete])
        replaced = "" if incomplete == "=" else incomplete
        self._before = last.removesuffix(replaced)
        return whole, last

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Leave out what bash counts as words before this one."""
        return f"{item.type},{str(item.value).removeprefix(self._before)}"


def _joined(words: list[str]) -> list[str]:
    """Put words around a `=` together again; what follows a long option and `=` is a word of its own."""
    joined: list[str] = []
    glued = False
    for word in words:
        if word == "=" and joined and joined[-1].startswith("--"):
            joined.append("")
            glued = True
        elif joined and (glued or word == "="):
            joined[-1] += word
            glued = word == "="
        else:
            joined.append(word)
    return joined
