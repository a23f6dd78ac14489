"""Shell completion, by click; it never prints an error.

The script that `_CAMPAIGNCTL_COMPLETE=bash_source campaignctl` prints (zsh_source, fish_source) sets up a
shell, which then runs the command with the variable set to `bash_complete`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import click
from click.shell_completion import BashComplete, CompletionItem, get_completion_class

from campaignctl.errors import UsageError

PROGRAM: Final = "campaignctl"
VARIABLE: Final = "_CAMPAIGNCTL_COMPLETE"
_SHELLS: Final = ("bash", "zsh", "fish")


def complete(root: click.Group, environ: Mapping[str, str]) -> int:
    """Print the requested script or completions, and return the exit status.

    After any error there are no completions: a message would be written over the line being typed.
    """
    shell, _, wanted = environ[VARIABLE].partition("_")
    if shell not in _SHELLS or wanted not in ("source", "complete"):
        sys.stderr.write(f"{VARIABLE} must be one of: {', '.join(f'{name}_source' for name in _SHELLS)}\n")
        return UsageError.exit_code
    completer_class = _Bash if shell == "bash" else get_completion_class(shell)
    if completer_class is None:
        raise LookupError(f"click does not complete {shell}")
    completer = completer_class(root, {}, PROGRAM, VARIABLE)
    if wanted == "source":
        sys.stdout.write(completer.source())
        return 0
    try:
        sys.stdout.buffer.write(completer.complete().encode("utf-8", "surrogateescape") + b"\n")
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - TAB gets completions or nothing, never an error
        return 1
    return 0


class _Bash(BashComplete):
    """Bash ends a word at `=`, and expects only the text after it."""

    _before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Join the words that bash split: `--format=json` into two, a key with `=` into one."""
        args, incomplete = super().get_completion_args()
        *whole, last = _joined([*args, incomplete])
        replaced = "" if incomplete == "=" else incomplete
        self._before = last.removesuffix(replaced)
        return whole, last

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Leave out the part that bash counts as earlier words."""
        return f"{item.type},{str(item.value).removeprefix(self._before)}"


def _joined(words: list[str]) -> list[str]:
    """Join words around a `=`; after a long option and `=`, the value is a separate word."""
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
